//! The API from outside.

use junkyo::registry::model::{Role, TokenScope};

use crate::house::House;

#[test]
fn the_description_of_the_api_is_served_and_its_paths_exist() {
    let house = House::new();
    let answer = house.get("/api/v1/openapi.json", &[]);
    assert_eq!(answer.status, 200);
    let document = answer.json();
    assert_eq!(document["openapi"], "3.1.1");
    for (path, operations) in document["paths"].as_object().unwrap() {
        let there = path
            .replace("{number}", "JK-2026-000001-00")
            .replace("{id}", "x")
            .replace("{file}", "x");
        let verb = if operations.get("get").is_some() { "GET" } else { "POST" };
        let answer = house.send(verb, &there, &[], b"");
        assert_ne!(answer.status, 405, "{verb} {there}");
        if answer.status == 404 {
            assert_eq!(answer.header("content-type"), "application/problem+json", "{there}");
        }
    }
}

#[test]
fn problems_are_told_in_the_language_asked_for_and_in_both() {
    let house = House::new();
    let answer = house.get("/api/v1/registrations/JK-2026-999999-99", &[("Accept-Language", "en")]);
    assert_eq!(answer.status, 404);
    let problem = answer.json();
    assert_eq!(problem["title"], "Not found");
    assert_eq!(problem["texts"]["title"]["ja"], "見つかりません");
    assert_eq!(problem["status"], 404);
    let answer = house.get("/api/v1/products?as-of=yesterday", &[]);
    assert_eq!(answer.status, 400, "{}", answer.text());
}

#[test]
fn an_empty_catalog_is_a_catalog() {
    let house = House::new();
    let page = house.get("/api/v1/products?q=%E4%BD%8F%E6%B0%91", &[]).json();
    assert_eq!((&page["total"], &page["items"]), (&0.into(), &serde_json::json!([])));
    let csv = house.get("/api/v1/catalog.csv", &[]);
    assert!(
        csv.body.starts_with("\u{feff}registration,".as_bytes()),
        "{}",
        csv.text()
    );
    assert_eq!(csv.header("content-type"), "text/csv; charset=utf-8");
    assert_eq!(house.get("/api/v1/suites", &[]).status, 200);
    assert_eq!(
        house.get("/api/v1/changes", &[]).json()["events"],
        serde_json::json!([])
    );
}

#[test]
fn of_others_nobody_learns_whether_something_exists() {
    let house = House::new();
    let (one, other) = (house.account(Role::Vendor), house.account(Role::Vendor));
    let bearer = |account| format!("Bearer {}", house.token(account, TokenScope::Submit));
    for account in [&one, &other] {
        for path in [
            "/api/v1/submissions/sub_00000000000000000000000000",
            "/api/v1/challenges/x",
            "/api/v1/submissions/%2e%2e",
        ] {
            let answer = house.get(path, &[("Authorization", &bearer(account))]);
            assert_eq!(answer.status, 404, "{path}");
            assert_eq!(answer.json()["type"], "urn:junkyo:problem:not-found");
        }
    }
}

#[test]
fn a_challenge_for_an_unknown_product_says_what_to_do() {
    let house = House::new();
    let vendor = house.account(Role::Vendor);
    let bearer = format!("Bearer {}", house.token(&vendor, TokenScope::Submit));
    let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
    let ask = |body: &str| house.send("POST", "/api/v1/challenges", &headers, body.as_bytes());
    let answer = ask(r#"{"product":"ない製品","version":"1","profiles":["unit.01.provider"]}"#);
    assert_eq!(answer.status, 422, "{}", answer.text());
    assert_eq!(answer.json()["reasons"][0]["code"], "product");
    for broken in [
        "",
        "{",
        "[]",
        r#"{"product":1}"#,
        r#"{"product":"a","product":"b","version":"1","profiles":[]}"#,
        r#"{"product":"a","version":"1","profiles":[],"x":1}"#,
    ] {
        assert_eq!(ask(broken).status, 400, "{broken}");
    }
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(ask(&deep).status, 400);
}

#[test]
fn claims_are_checked_without_an_account_and_broken_ones_are_told() {
    let house = House::new();
    let check = |media_type: &str, body: &[u8]| {
        house.send("POST", "/api/v1/claims:check", &[("Content-Type", media_type)], body)
    };
    let csv = "番号,要求事項,回答\n1,住民記録の異動を通知できること,可\n";
    let answer = check("text/csv", csv.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.json().is_object());
    for (media_type, body) in [
        ("application/json", &b"{"[..]),
        ("text/csv", b"\xff\xfe\x00"),
        (
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            b"PK\x03\x04",
        ),
    ] {
        let answer = check(media_type, body);
        assert!(
            (400..500).contains(&answer.status),
            "{media_type}: {} {}",
            answer.status,
            answer.text()
        );
        assert_eq!(answer.header("content-type"), "application/problem+json");
    }
    assert_eq!(check("text/html", b"x").status, 415);
    assert_eq!(house.uploads(), 0);
}
