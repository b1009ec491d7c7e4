//! Headers: what every answer has, and what a client cannot make the server believe.

use junkyo::registry::model::Role;
use junkyo::registry::web::{Proxies, Rates};

use crate::house::{GENEROUS, House, Plan};

#[test]
fn every_answer_keeps_browsers_from_doing_more_than_it_needs() {
    let house = House::new();
    let cookie = house.session(Role::Vendor).unwrap();
    for path in [
        "/",
        "/sign-in",
        "/account",
        "/nothing",
        "/style.css",
        "/api/v1/nothing",
        "/admin/accounts",
    ] {
        let answer = house.get(path, &[("Cookie", &cookie)]);
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{path}: {policy}");
        let scripted = matches!(path, "/sign-in" | "/account");
        assert_eq!(policy.contains("script-src 'self'"), scripted, "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
        assert_eq!(answer.header("server"), "", "{path}");
    }
    // What belongs to somebody is kept by nobody.
    assert_eq!(
        house.get("/", &[("Cookie", &cookie)]).header("cache-control"),
        "no-store"
    );
    assert_eq!(house.get("/", &[("Cookie", &cookie)]).all("set-cookie").len(), 0);
    assert_eq!(
        house.get("/account", &[("Cookie", &cookie)]).header("cache-control"),
        "no-store"
    );
}

#[test]
fn another_host_is_not_answered() {
    let house = House::new();
    let own = house.address.to_string();
    for (host, status) in [
        (own.as_str(), 200),
        ("evil.example", 421),
        (&format!("{own}.evil.example"), 421),
        ("", 421),
    ] {
        let answer = house.get("/sign-in", &[("Host", host)]);
        assert_eq!(answer.status, status, "{host}");
        assert!(!answer.text().contains("evil.example"), "{host}");
    }
    let answer = house.get("/sign-in", &[("Host", &own), ("Host", "evil.example")]);
    assert!(matches!(answer.status, 400 | 421), "{}", answer.status);
    let answer = house.get(
        "/sign-in",
        &[("X-Forwarded-Host", "evil.example"), ("Forwarded", "host=evil.example")],
    );
    assert!(!answer.text().contains("evil.example"));
    let answer = house.get("http://evil.example/sign-in", &[]);
    assert_eq!(answer.status, 421);
}

#[test]
fn cookies_of_a_public_site_are_bound_to_it() {
    let plan = Plan {
        public_url: Some("https://registry.example".to_owned()),
        ..Plan::default()
    };
    let house = House::with(plan);
    let answer = house.get("/sign-in", &[("Host", "registry.example")]);
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-junkyo-visit="), "{cookie}");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
    assert!(answer.header("strict-transport-security").starts_with("max-age="));
    assert_eq!(house.get("/sign-in", &[]).status, 421);
    // Load balancers ask under addresses of their own.
    assert_eq!(house.get("/healthz", &[]).status, 200);
}

fn few() -> Rates {
    Rates { sign_in: 5, ..GENEROUS }
}

/// How many of twenty sign-ins get past the limit.
fn passed(house: &House, header: impl Fn(usize) -> (&'static str, String)) -> usize {
    let visit = house.visit();
    let csrf = house.csrf(&visit);
    (0..20)
        .filter(|number| {
            let (name, value) = header(*number);
            let answer = house.post_form(
                "/sign-in",
                &[("Cookie", &visit), (name, &value)],
                &[("csrf", &csrf), ("code", "x")],
            );
            if answer.status == 429 {
                let seconds: u64 = answer.header("retry-after").parse().unwrap();
                assert!((1..=60).contains(&seconds), "{seconds}");
            }
            answer.status != 429
        })
        .count()
}

#[test]
fn a_rate_limit_is_not_passed_by_inventing_addresses() {
    for name in [
        "X-Forwarded-For",
        "X-Real-IP",
        "Forwarded",
        "CF-Connecting-IP",
        "True-Client-IP",
    ] {
        let house = House::with(Plan {
            rates: few(),
            ..Plan::default()
        });
        let passed = passed(&house, |number| (name, format!("198.51.100.{number}")));
        assert!((5..=7).contains(&passed), "{name}: {passed}");
    }
}

#[test]
fn behind_a_proxy_the_address_it_wrote_counts() {
    let plan = || Plan {
        rates: few(),
        proxies: Proxies {
            addresses: vec!["127.0.0.1".to_owned()],
            hops: 1,
        },
        ..Plan::default()
    };
    // The client writes something new each time; the proxy adds the true address.
    let house = House::with(plan());
    let held = passed(&house, |number| {
        ("X-Forwarded-For", format!("198.51.100.{number}, 203.0.113.7"))
    });
    assert!((5..=7).contains(&held), "{held}");
    // Different clients do not share a bucket.
    let house = House::with(plan());
    let apart = passed(&house, |number| ("X-Forwarded-For", format!("203.0.113.{number}")));
    assert_eq!(apart, 20);
}

#[test]
fn guessing_tokens_is_limited_like_guessing_codes() {
    let house = House::with(Plan {
        rates: few(),
        ..Plan::default()
    });
    let statuses: Vec<u16> = (0..20)
        .map(|number| {
            let bearer = format!("Bearer junkyo_{number}");
            house.get("/api/v1/submissions", &[("Authorization", &bearer)]).status
        })
        .collect();
    assert!(
        statuses.contains(&401) && statuses.ends_with(&[429, 429]),
        "{statuses:?}"
    );
}

#[test]
fn odd_requests_get_an_answer_or_a_closed_connection() {
    let house = House::new();
    let long = format!("/sign-in?next={}", "a".repeat(9_000));
    assert_eq!(house.get(&long, &[]).status, 400);
    let huge = "x".repeat(64 * 1024);
    assert_eq!(house.get("/", &[("X-Huge", &huge)]).status, 431);
    assert_eq!(house.send("DELETE", "/", &[], b"").status, 405);
    assert_eq!(house.send("POST", "/", &[], b"").status, 405);
    assert_eq!(house.get("/log/../registry.sqlite3", &[]).status, 404);
    assert_eq!(house.get("/log/%2e%2e/registry.sqlite3", &[]).status, 404);
    assert_eq!(house.get("/trust/..%2fregistry.sqlite3", &[]).status, 404);
    assert_eq!(house.get("/%00", &[]).status, 404);
    assert_eq!(house.get("/?lang=%ff", &[]).status, 200);
    // Two lengths, or a length beside chunks: nobody in front may read it differently.
    for smuggled in [
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
    ] {
        let request = format!(
            "POST /sign-in HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n{smuggled}\r\n0\r\n\r\n",
            house.address
        );
        let answer = house.raw(request.as_bytes());
        assert!(answer.status >= 400, "{smuggled}: {}", answer.status);
    }
}
