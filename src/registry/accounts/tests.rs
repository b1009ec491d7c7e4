use super::*;
use crate::registry::RegistryConfig;
use crate::registry::model::{Account, Role, TokenScope};

struct House {
    folder: std::path::PathBuf,
    clock: Clock,
    accounts: Accounts,
}

const START: i64 = 1_800_000_000_000;
const HOUR: i64 = 3_600_000;

impl House {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("junkyo-accounts-{}-{name}", std::process::id()));
        std::fs::remove_dir_all(&folder).ok();
        std::fs::create_dir_all(&folder).expect("writable");
        let clock = Clock::at(START);
        let config = RegistryConfig {
            clock: clock.clone(),
            ..RegistryConfig::in_folder(&folder)
        };
        let registry = Registry::open(config).expect("a register");
        Self {
            accounts: Accounts::new(&registry),
            folder,
            clock,
        }
    }

    fn account(&self, name: &str, role: Role) -> Account {
        let new = NewAccount {
            name: name.to_owned(),
            email: String::new(),
            role,
            vendor: None,
        };
        self.accounts.add(&new, None).expect("an account")
    }
}

impl Drop for House {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

#[test]
fn a_session_ends_when_idle_and_in_any_case_after_a_day_of_work() {
    let house = House::new("sessions");
    let account = house.account("a", Role::Examiner);
    let hash = secret::hash_of(&house.accounts.open_session(&account, "code", "n").expect("a session"));
    let alive = || house.accounts.session(&hash).expect("the database").is_some();
    house.clock.advance(2 * HOUR - 1);
    assert!(alive());
    house.clock.advance(2 * HOUR - 1);
    assert!(alive(), "each request counts");
    house.clock.advance(2 * HOUR);
    assert!(!alive());
    let hash = secret::hash_of(&house.accounts.open_session(&account, "code", "n").expect("a session"));
    for _ in 0..11 {
        house.clock.advance(HOUR);
        assert!(house.accounts.session(&hash).expect("the database").is_some());
    }
    house.clock.advance(HOUR);
    assert!(house.accounts.session(&hash).expect("the database").is_none());
    // A clock that jumps back does not bring a session beyond its end.
    house.accounts.tidy().expect("the database");
    house.clock.advance(-6 * HOUR);
    assert!(house.accounts.session(&hash).expect("the database").is_none());
}

#[test]
fn a_code_ends_after_its_hours_and_its_first_use() {
    let house = House::new("codes");
    let account = house.account("a", Role::Examiner);
    let code = || house.accounts.make_code(&account.id, 24, &account.id).expect("a code");
    let (late, good) = (code(), code());
    assert_ne!(late, good);
    let used = house.accounts.use_code(&good).expect("the database");
    assert_eq!(used.map(|account| account.id), Some(account.id.clone()));
    assert!(house.accounts.use_code(&good).expect("the database").is_none());
    house.clock.advance(24 * HOUR);
    assert!(house.accounts.use_code(&late).expect("the database").is_none());
    assert!(house.accounts.use_code("").expect("the database").is_none());
}

#[test]
fn of_secrets_nothing_readable_is_kept() {
    let house = House::new("secrets");
    let account = house.account("a", Role::Vendor);
    let code = house.accounts.make_code(&account.id, 24, &account.id).expect("a code");
    let session = house.accounts.open_session(&account, "code", "n").expect("a session");
    let new = NewToken {
        name: "CI".to_owned(),
        scope: TokenScope::Submit,
        product: None,
        days: 30,
    };
    let (_, token) = house.accounts.make_token(&account.id, &new).expect("a token");
    let mut read = 0;
    for entry in std::fs::read_dir(&house.folder).expect("readable").flatten() {
        let Ok(bytes) = std::fs::read(entry.path()) else {
            continue;
        };
        read += bytes.len();
        for secret in [&code, &secret::plain_code(&code), &session, &token] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{secret} in {}", entry.path().display());
        }
    }
    assert!(read > 10_000, "{read}");
}

#[test]
fn what_was_asked_of_a_browser_comes_back_once_and_in_time() {
    let house = House::new("ceremonies");
    let take = |session: &str| house.accounts.take(session, "k").expect("the database");
    house.accounts.begin("s", "k", "old", 60).expect("the database");
    house.accounts.begin("s", "k", "new", 60).expect("the database");
    assert_eq!(take("other"), None);
    assert_eq!(take("s").as_deref(), Some("new"));
    assert_eq!(take("s"), None);
    house.accounts.begin("s", "k", "late", 60).expect("the database");
    house.clock.advance(60_000);
    assert_eq!(take("s"), None);
}

#[test]
fn a_token_ends_on_its_day_and_by_revocation_of_its_owner_only() {
    let house = House::new("tokens");
    let (account, other) = (house.account("a", Role::Vendor), house.account("b", Role::Vendor));
    let new = NewToken {
        name: "CI".to_owned(),
        scope: TokenScope::Submit,
        product: Some("prd_x".into()),
        days: 30,
    };
    let (token, secret) = house.accounts.make_token(&account.id, &new).expect("a token");
    let known = || house.accounts.token(&secret::hash_of(&secret)).expect("the database");
    let (actor, found) = known().expect("known");
    assert_eq!(
        (actor.account, found.product),
        (account.id.clone(), Some("prd_x".into()))
    );
    assert!(!house.accounts.revoke_token(&other.id, &token.id).expect("the database"));
    assert!(known().is_some());
    house.clock.advance(30 * 24 * HOUR);
    assert!(known().is_none());
    house.clock.advance(-HOUR);
    assert!(known().is_some());
    assert!(
        house
            .accounts
            .revoke_token(&account.id, &token.id)
            .expect("the database")
    );
    assert!(known().is_none());
}

#[test]
fn accounts_are_found_by_what_only_they_have() {
    let house = House::new("people");
    let one = house.account("同じ名前", Role::Examiner);
    house.account("同じ名前", Role::Examiner);
    assert!(matches!(house.accounts.find("同じ名前"), Err(AccountError::Unknown(_))));
    assert_eq!(house.accounts.find(one.id.as_str()).expect("found").id, one.id);
    let wrong = |name: &str, email: &str, role: Role| {
        let new = NewAccount {
            name: name.to_owned(),
            email: email.to_owned(),
            role,
            vendor: None,
        };
        matches!(house.accounts.add(&new, None), Err(AccountError::Field { .. }))
    };
    assert!(
        wrong("", "", Role::Auditor) && wrong("a\nb", "", Role::Auditor) && wrong(&"a".repeat(201), "", Role::Auditor)
    );
    assert!(
        wrong("a", "x", Role::Auditor)
            && wrong("a", "x@y", Role::Auditor)
            && wrong("a", "<x@y.example>", Role::Auditor)
    );
    assert!(wrong("a", "", Role::Public));
}

#[test]
fn staff_keep_their_numbers() {
    let house = House::new("staff");
    let (one, other) = (house.account("a", Role::Examiner), house.account("b", Role::Approver));
    let number = |account: &Account| {
        let id = account.id.clone();
        house
            .accounts
            .store
            .write(|tx| staff_number(tx, &id))
            .expect("the database")
    };
    let first = number(&one);
    assert_ne!(number(&other), first);
    assert_eq!(number(&one), first);
}

#[test]
fn another_role_or_no_account_ends_what_was_open() {
    let house = House::new("roles");
    let account = house.account("a", Role::Examiner);
    let hash = secret::hash_of(&house.accounts.open_session(&account, "code", "n").expect("a session"));
    house
        .accounts
        .set_role(&account.id, Role::Approver, &account.id)
        .expect("the database");
    assert!(house.accounts.session(&hash).expect("the database").is_none());
    assert_eq!(
        house.accounts.find(account.id.as_str()).expect("found").role,
        Role::Approver
    );
    assert!(
        house
            .accounts
            .set_active(&"acc_none".into(), false, &account.id)
            .is_err()
    );
}

#[test]
fn an_identity_belongs_to_one_account() {
    let house = House::new("identities");
    let (one, other) = (house.account("a", Role::Vendor), house.account("b", Role::Vendor));
    let who = Provider {
        issuer: "https://id.example",
        subject: "s",
    };
    assert!(house.accounts.by_provider(who).expect("the database").is_none());
    assert!(house.accounts.bind_provider(who, &one.id).expect("the database"));
    assert!(!house.accounts.bind_provider(who, &other.id).expect("the database"));
    assert_eq!(
        house
            .accounts
            .by_provider(who)
            .expect("the database")
            .map(|account| account.id),
        Some(one.id.clone())
    );
    house
        .accounts
        .set_active(&one.id, false, &one.id)
        .expect("the database");
    assert!(house.accounts.by_provider(who).expect("the database").is_none());
    // A disabled account does not come back as a new one.
    let new = NewAccount {
        name: "c".to_owned(),
        email: String::new(),
        role: Role::Vendor,
        vendor: None,
    };
    let before = house.accounts.count().expect("the database");
    assert!(house.accounts.add_bound(&new, who).expect("the database").is_none());
    assert_eq!(house.accounts.count().expect("the database"), before);
}
