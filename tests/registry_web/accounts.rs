//! Accounts, tokens and sign-up, from outside.

use junkyo::registry::accounts::NewToken;
use junkyo::registry::model::{Role, TokenScope};

use crate::house::{House, hidden};

#[test]
fn an_administrator_makes_an_account_whose_code_works() {
    let house = House::new();
    let cookie = house.session(Role::Administrator).unwrap();
    let page = house.post(
        "/admin/accounts",
        &cookie,
        &[("name", "審査 花子"), ("role", "examiner"), ("email", "")],
    );
    assert_eq!(page.status, 200, "{}", page.text());
    let text = page.text();
    let code = text.split("<code>").nth(1).unwrap().split("</code>").next().unwrap();
    let answer = house.post("/sign-in", &house.visit(), &[("code", code)]);
    assert_eq!(answer.status, 303);
    let account = house.accounts.find("審査 花子").unwrap();
    assert_eq!(account.role, Role::Examiner);
    let disable = house.post(
        "/admin/accounts/active",
        &cookie,
        &[("id", account.id.as_str()), ("active", "false")],
    );
    assert_eq!(disable.status, 303);
    assert!(!house.accounts.find(account.id.as_str()).unwrap().active);
}

#[test]
fn an_administrator_cannot_lock_everybody_out() {
    let house = House::new();
    let account = house.account(Role::Administrator);
    let cookie = house.session_of(&account);
    let answer = house.post(
        "/admin/accounts/active",
        &cookie,
        &[("id", account.id.as_str()), ("active", "false")],
    );
    assert_eq!(answer.status, 409, "{}", answer.text());
}

#[test]
fn a_vendor_signs_up_and_is_signed_in() {
    let house = House::new();
    let visit = house.visit();
    let fields = [
        ("person", "架空 太郎"),
        ("email", "taro@vendor.example"),
        ("corporateNumber", "1234567890123"),
        ("name", "架空ソフト"),
    ];
    // The number does not hold its check digit: told beside the field, and no account is left behind.
    let before = house.accounts.count().unwrap();
    let refused = house.post("/sign-up", &visit, &fields);
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert!(
        refused.text().contains("href=\"#corporateNumber\""),
        "{}",
        refused.text()
    );
    assert!(refused.text().contains("value=\"架空ソフト\""));
    assert_eq!(house.accounts.count().unwrap(), before);
}

#[test]
fn a_token_is_shown_once_and_can_be_revoked() {
    let house = House::new();
    let account = house.account(Role::Vendor);
    let cookie = house.session_of(&account);
    let fields = [("name", "CI"), ("scope", "submit"), ("product", ""), ("days", "30")];
    let page = house.post("/account/tokens", &cookie, &fields);
    assert_eq!(page.status, 200, "{}", page.text());
    let text = page.text();
    let secret = text
        .split("class=\"secret\">")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    assert!(secret.starts_with("junkyo_"), "{secret}");
    let bearer = format!("Bearer {secret}");
    assert_eq!(
        house.get("/api/v1/submissions", &[("Authorization", &bearer)]).status,
        200
    );
    let list = house.get("/account", &[("Cookie", &cookie)]).text();
    assert!(!list.contains(secret));
    // Another vendor cannot revoke it.
    let other = house.session(Role::Vendor).unwrap();
    let id = house.accounts.tokens(&account.id).unwrap()[0].id.to_string();
    assert_eq!(house.post("/account/tokens/revoke", &other, &[("id", &id)]).status, 404);
    assert_eq!(
        house.get("/api/v1/submissions", &[("Authorization", &bearer)]).status,
        200
    );
    assert_eq!(
        house.post("/account/tokens/revoke", &cookie, &[("id", &id)]).status,
        303
    );
    assert_eq!(
        house.get("/api/v1/submissions", &[("Authorization", &bearer)]).status,
        401
    );
}

#[test]
fn a_token_ends_with_its_account_and_its_days() {
    let house = House::new();
    let account = house.account(Role::Vendor);
    let bearer = format!("Bearer {}", house.token(&account, TokenScope::Read));
    assert_eq!(
        house.get("/api/v1/submissions", &[("Authorization", &bearer)]).status,
        200
    );
    house.accounts.set_active(&account.id, false, &account.id).unwrap();
    assert_eq!(
        house.get("/api/v1/submissions", &[("Authorization", &bearer)]).status,
        401
    );
    for days in [0, -1, 367] {
        let new = NewToken {
            name: "x".to_owned(),
            scope: TokenScope::Read,
            product: None,
            days,
        };
        assert!(house.accounts.make_token(&account.id, &new).is_err(), "{days}");
    }
}

#[test]
fn a_token_for_a_product_of_another_vendor_cannot_be_made() {
    let house = House::new();
    let cookie = house.session(Role::Vendor).unwrap();
    let fields = [
        ("name", "CI"),
        ("scope", "submit"),
        ("product", "prd_00000000000000000000000000"),
        ("days", "30"),
    ];
    assert_eq!(house.post("/account/tokens", &cookie, &fields).status, 404);
}

#[test]
fn pages_speak_two_languages() {
    let house = House::new();
    let ja = house.get("/sign-in", &[]);
    assert!(ja.text().contains("<html lang=\"ja\""), "{}", ja.text());
    let en = house.get("/sign-in", &[("Accept-Language", "en")]);
    assert!(en.text().contains("<html lang=\"en\"") && en.text().contains("One-time code"));
    let chosen = house.get("/sign-in?lang=en", &[("Accept-Language", "ja")]);
    assert!(chosen.text().contains("<html lang=\"en\""));
    assert!(
        chosen
            .all("set-cookie")
            .iter()
            .any(|cookie| cookie.starts_with("junkyo-lang=en"))
    );
    assert!(!hidden(&chosen.text(), "csrf").is_empty());
}
