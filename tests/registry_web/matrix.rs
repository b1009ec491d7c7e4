//! Every route × every role, from the one table.

use junkyo::registry::model::{Role, TokenScope};
use junkyo::registry::web::route::{Body, Guard, Route, Verb, routes};

use crate::house::{Answer, House};

/// A path of a route with ids that do not exist.
fn path(route: &Route) -> String {
    route
        .path
        .split('/')
        .map(|segment| {
            if segment.starts_with('{') {
                "prd_00000000000000000000000000"
            } else {
                segment
            }
        })
        .collect::<Vec<_>>()
        .join("/")
}

/// Asks for a route with the best credentials that its guard takes.
fn ask(house: &House, route: &Route, cookie: Option<&str>, csrf: Option<&str>, token: Option<&str>) -> Answer {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = Vec::new();
    if let Some(cookie) = cookie {
        headers.push(("Cookie", cookie));
    }
    if let Some(bearer) = &bearer {
        headers.push(("Authorization", bearer.as_str()));
    }
    let verb = match route.verb {
        Verb::Get => "GET",
        Verb::Post => "POST",
    };
    let body = csrf.map(|csrf| format!("csrf={csrf}")).unwrap_or_default();
    match route.body {
        Body::None => house.send(verb, &path(route), &headers, b""),
        Body::Form { .. } => {
            headers.push(("Content-Type", "application/x-www-form-urlencoded"));
            headers.push(("Content-Length", ""));
            headers.pop();
            house.send(
                verb,
                &path(route),
                &headers,
                if body.is_empty() { b"x=" } else { body.as_bytes() },
            )
        }
        Body::Json => {
            headers.push(("Content-Type", "application/json"));
            house.send(verb, &path(route), &headers, b"{}")
        }
        Body::File { types, .. } => {
            headers.push(("Content-Type", types[0]));
            house.send(verb, &path(route), &headers, b"x")
        }
    }
}

/// Whether an answer is a refusal because of who asks.
fn is_turned_away(answer: &Answer) -> bool {
    let to_sign_in = answer.status == 303 && answer.header("location").starts_with("/sign-in?next=");
    let text = answer.text();
    let forbidden =
        answer.status == 403 && (text.contains("権限がありません") || text.contains("urn:junkyo:problem:forbidden"));
    to_sign_in || answer.status == 401 || forbidden
}

#[test]
fn every_route_lets_in_exactly_the_roles_of_the_table() {
    let house = House::new();
    let mut asked = 0;
    for &role in Role::ALL {
        let account = (role != Role::Public).then(|| house.account(role));
        for route in routes() {
            // Signing out ends the session: every request gets one of its own.
            let cookie = match &account {
                Some(account) => house.session_of(account),
                None => house.visit(),
            };
            let csrf = (route.guard == Guard::Form).then(|| house.csrf(&cookie));
            let token = account.as_ref().map(|account| house.token(account, TokenScope::Submit));
            let answer = ask(&house, route, Some(&cookie), csrf.as_deref(), token.as_deref());
            let what = format!(
                "{} {} as {role}: {} {}",
                route.verb.name(),
                route.path,
                answer.status,
                answer.text()
            );
            assert_eq!(is_turned_away(&answer), !route.allows(role), "{what}");
            assert_ne!(answer.status, 405, "{what}");
            // A page of the register itself never breaks down on ids that do not exist.
            if route.allows(role) {
                assert!(!what.contains("panic"), "{what}");
            }
            asked += 1;
        }
    }
    assert!(asked >= 7 * 30, "{asked}");
}

#[test]
fn nobody_without_credentials_gets_past_the_public_routes() {
    let house = House::new();
    for route in routes() {
        let answer = ask(&house, route, None, None, None);
        let what = format!("{} {}: {}", route.verb.name(), route.path, answer.status);
        if !route.allows(Role::Public) || matches!(route.guard, Guard::Token(_)) {
            assert!(is_turned_away(&answer) || answer.status == 403, "{what}");
        }
    }
}

#[test]
fn a_session_does_not_open_the_api_and_a_token_opens_no_page() {
    let house = House::new();
    let vendor = house.account(Role::Vendor);
    let cookie = house.session_of(&vendor);
    let token = house.token(&vendor, TokenScope::Submit);
    for route in routes() {
        match route.guard {
            Guard::Token(_) => {
                let answer = ask(&house, route, Some(&cookie), None, None);
                assert_eq!(answer.status, 401, "{}", route.path);
            }
            Guard::Form | Guard::Read if !route.allows(Role::Public) => {
                let answer = ask(&house, route, None, None, Some(&token));
                assert!(is_turned_away(&answer), "{}: {}", route.path, answer.status);
            }
            _ => {}
        }
    }
}

#[test]
fn a_token_that_reads_does_not_submit() {
    let house = House::new();
    let vendor = house.account(Role::Vendor);
    let token = house.token(&vendor, TokenScope::Read);
    for route in routes() {
        if let Guard::Token(scope) = route.guard {
            let answer = ask(&house, route, None, None, Some(&token));
            assert_eq!(
                answer.status == 403,
                scope == TokenScope::Submit,
                "{}: {}",
                route.path,
                answer.text()
            );
        }
    }
}

#[test]
fn no_route_that_changes_something_goes_without_protection() {
    for route in routes() {
        if route.verb == Verb::Post {
            assert!(
                matches!(route.guard, Guard::Form | Guard::Token(_)) || route.is_api(),
                "{}",
                route.path
            );
        } else {
            assert_ne!(route.guard, Guard::Form, "{}", route.path);
        }
        assert!(
            !route.roles.is_empty() && !route.title.0.is_empty() && !route.title.1.is_empty(),
            "{}",
            route.path
        );
    }
}
