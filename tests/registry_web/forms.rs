//! Forms of others: CSRF, session fixation, redirects, and text that wants to be a script.

use junkyo::registry::model::Role;
use junkyo::registry::web::route::{Guard, routes};

use crate::house::{House, hidden};

#[test]
fn a_form_without_its_token_changes_nothing() {
    let house = House::new();
    let account = house.account(Role::Administrator);
    let cookie = house.session_of(&account);
    let other = house.session(Role::Administrator).unwrap();
    let visit = house.visit();
    let wrong = [
        String::new(),
        "0".repeat(64),
        house.csrf(&other),
        house.csrf(&visit),
        house
            .csrf(&cookie)
            .to_uppercase()
            .replace(|c: char| c.is_ascii_digit(), "A"),
    ];
    let before = house.accounts.count().unwrap();
    for route in routes().filter(|route| route.guard == Guard::Form && route.allows(Role::Administrator)) {
        let path = route.path.replace(['{', '}'], "");
        for token in &wrong {
            let fields = [("csrf", token.as_str()), ("name", "x"), ("role", "approver")];
            let answer = house.post_form(&path, &[("Cookie", &cookie)], &fields);
            assert_eq!(answer.status, 403, "{path} with {token:?}");
        }
        let answer = house.post_form(&path, &[("Cookie", &cookie)], &[("name", "x")]);
        assert_eq!(answer.status, 403, "{path} without");
    }
    assert_eq!(house.accounts.count().unwrap(), before);
    // The token in the address counts as little.
    let csrf = house.csrf(&cookie);
    let answer = house.post_form(
        &format!("/admin/accounts?csrf={csrf}"),
        &[("Cookie", &cookie)],
        &[("name", "x")],
    );
    assert_eq!(answer.status, 403);
}

#[test]
fn a_browser_that_says_where_it_comes_from_is_believed() {
    let house = House::new();
    let cookie = house.session(Role::Administrator).unwrap();
    let csrf = house.csrf(&cookie);
    let origin = house.origin();
    let fields = [("csrf", csrf.as_str()), ("name", "新しい人"), ("role", "auditor")];
    for (header, value, status) in [
        ("Origin", "https://evil.example", 403),
        ("Origin", "null", 403),
        ("Sec-Fetch-Site", "cross-site", 403),
        ("Sec-Fetch-Site", "same-site", 403),
        ("Origin", origin.as_str(), 200),
        ("Sec-Fetch-Site", "same-origin", 200),
    ] {
        let answer = house.post_form("/admin/accounts", &[("Cookie", &cookie), (header, value)], &fields);
        assert_eq!(answer.status, status, "{header}: {value}: {}", answer.text());
    }
}

#[test]
fn signing_in_makes_a_new_session_and_ends_the_old_one() {
    let house = House::new();
    let account = house.account(Role::Examiner);
    let planted = format!("junkyo={}", "A".repeat(43));
    let visit = house.visit();
    let both = format!("{planted}; {visit}");
    let code = house.accounts.make_code(&account.id, 1, &account.id).unwrap();
    let answer = house.post("/sign-in", &both, &[("code", &code)]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let cookies = answer.all("set-cookie");
    let sessions: Vec<_> = cookies.iter().filter(|cookie| cookie.starts_with("junkyo=")).collect();
    assert_eq!(sessions.len(), 1, "{cookies:?}");
    let session = sessions[0];
    assert!(
        session.ends_with("; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax"),
        "{session}"
    );
    let secret = session.split(';').next().unwrap();
    assert_ne!(secret, planted);
    assert!(
        cookies.iter().any(|cookie| cookie.starts_with("junkyo-visit=;")),
        "{cookies:?}"
    );
    assert_eq!(house.get("/account", &[("Cookie", &planted)]).status, 303);
    assert_eq!(house.get("/account", &[("Cookie", secret)]).status, 200);
    // A second sign-in from the same browser ends the first session.
    let code = house.accounts.make_code(&account.id, 1, &account.id).unwrap();
    let answer = house.post("/sign-in", secret, &[("code", &code)]);
    assert_eq!(answer.status, 303);
    assert_eq!(house.get("/account", &[("Cookie", secret)]).status, 303);
}

#[test]
fn a_code_works_once_and_says_nothing_when_it_does_not() {
    let house = House::new();
    let account = house.account(Role::Examiner);
    let code = house.accounts.make_code(&account.id, 1, &account.id).unwrap();
    let sign_in = |code: &str| {
        let visit = house.visit();
        house.post("/sign-in", &visit, &[("code", code), ("next", "/account")])
    };
    let first = sign_in(&code.to_lowercase());
    assert_eq!((first.status, first.header("location")), (303, "/account"));
    let again = sign_in(&code);
    let unknown = sign_in("00000-00000-00000-00000-00000");
    let disabled = house.account(Role::Examiner);
    let kept = house.accounts.make_code(&disabled.id, 1, &disabled.id).unwrap();
    house.accounts.set_active(&disabled.id, false, &account.id).unwrap();
    let disabled = sign_in(&kept);
    let text = |answer: &crate::house::Answer| answer.text().replace(&hidden(&answer.text(), "csrf"), "");
    assert_eq!(again.status, 422);
    assert_eq!((unknown.status, disabled.status), (422, 422));
    assert_eq!(text(&again), text(&unknown));
    assert_eq!(text(&again), text(&disabled));
}

#[test]
fn sessions_end_with_the_account_and_with_signing_out() {
    let house = House::new();
    let account = house.account(Role::Auditor);
    let (one, other) = (house.session_of(&account), house.session_of(&account));
    assert_eq!(house.post("/sign-out", &one, &[]).status, 303);
    assert_eq!(house.get("/account", &[("Cookie", &one)]).status, 303);
    assert_eq!(house.get("/account", &[("Cookie", &other)]).status, 200);
    let third = house.session_of(&account);
    assert_eq!(house.post("/account/sessions/close", &third, &[]).status, 303);
    assert_eq!(house.get("/account", &[("Cookie", &other)]).status, 303);
    house.accounts.set_active(&account.id, false, &account.id).unwrap();
    assert_eq!(house.get("/account", &[("Cookie", &third)]).status, 303);
}

#[test]
fn nobody_is_sent_to_another_site() {
    let house = House::new();
    let account = house.account(Role::Auditor);
    for next in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/%0d%0aLocation: x",
        "\tjavascript:alert(1)",
    ] {
        let code = house.accounts.make_code(&account.id, 1, &account.id).unwrap();
        let answer = house.post("/sign-in", &house.visit(), &[("code", &code), ("next", next)]);
        let location = answer.header("location");
        assert_eq!(answer.status, 303, "{next}");
        assert!(
            location.starts_with('/') && !location.starts_with("//") && !location.contains('\\'),
            "{next}: {location}"
        );
        let page = house.get(&format!("/sign-in?next={}", junkyo::wire::percent_encode(next)), &[]);
        let text = page.text();
        assert!(!hidden(&text, "next").contains("evil.example"), "{next}");
        let leads_away =
            |quote: &str| text.contains(&format!("{quote}//evil")) || text.contains(&format!("{quote}https://evil"));
        assert!(!leads_away("href=\"") && !leads_away("action=\""), "{next}: {text}");
    }
}

#[test]
fn text_stays_text() {
    let house = House::new();
    let cookie = house.session(Role::Administrator).unwrap();
    let script = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";
    let made = house.post(
        "/admin/accounts",
        &cookie,
        &[("name", script), ("role", "auditor"), ("email", "")],
    );
    assert_eq!(made.status, 200, "{}", made.text());
    let list = house.get("/admin/accounts", &[("Cookie", &cookie)]);
    let refused = house.post(
        "/admin/accounts",
        &cookie,
        &[("name", script), ("role", "nobody"), ("email", script)],
    );
    assert_eq!(refused.status, 422);
    let visit = house.visit();
    let sign_up = house.post(
        "/sign-up",
        &visit,
        &[
            ("person", script),
            ("email", script),
            ("corporateNumber", script),
            ("name", script),
            ("url", script),
        ],
    );
    assert_eq!(sign_up.status, 422);
    let search = house.get(&format!("/nothing/{}", junkyo::wire::percent_encode(script)), &[]);
    let next = house.get(&format!("/sign-in?next=/{}", junkyo::wire::percent_encode(script)), &[]);
    for answer in [made, list, refused, sign_up, search, next] {
        let text = answer.text();
        assert!(
            !text.contains("<script>alert") && !text.contains("<img src=x"),
            "{text}"
        );
    }
}
