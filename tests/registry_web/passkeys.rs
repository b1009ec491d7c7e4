//! Passkeys over the wire, with an authenticator made here.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use junkyo::registry::model::{Account, Role};
use sha2::{Digest, Sha256};

use crate::house::{Answer, House};

struct Authenticator {
    key: SigningKey,
    counter: u32,
}

impl Authenticator {
    fn data(&self, registers: bool) -> Vec<u8> {
        let mut data = Sha256::digest(b"localhost").to_vec();
        data.push(if registers { 0x45 } else { 0x05 });
        data.extend_from_slice(&self.counter.to_be_bytes());
        if registers {
            data.extend_from_slice(&[0; 16]);
            data.extend_from_slice(&[0, 3]);
            data.extend_from_slice(b"key");
            // {1: 1, 3: -8, -1: 6, -2: key}
            data.extend_from_slice(&[0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20]);
            data.extend_from_slice(self.key.verifying_key().as_bytes());
        }
        data
    }

    fn attestation(&self) -> String {
        let data = self.data(true);
        let mut cbor = vec![0xa3, 0x63];
        cbor.extend_from_slice(b"fmt\x64none\x67attStmt\xa0\x68authData\x58");
        cbor.push(u8::try_from(data.len()).unwrap());
        cbor.extend_from_slice(&data);
        URL_SAFE_NO_PAD.encode(cbor)
    }

    fn client_data(house: &House, kind: &str, challenge: &str) -> String {
        let origin = format!("http://localhost:{}", house.address.port());
        serde_json::json!({"type": kind, "challenge": challenge, "origin": origin}).to_string()
    }
}

fn host(house: &House) -> String {
    format!("localhost:{}", house.address.port())
}

/// Sends a form under the name `localhost`, as passkeys need a name.
fn post(house: &House, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
    let csrf = house.csrf(cookie);
    let mut all = vec![("csrf", csrf.as_str())];
    all.extend_from_slice(fields);
    house.post_form(path, &[("Cookie", cookie), ("Host", &host(house))], &all)
}

fn add(house: &House, account: &Account, authenticator: &Authenticator) -> Answer {
    let cookie = house.session_of(account);
    let options = post(house, "/account/passkeys/options", &cookie, &[]).json();
    assert_eq!(options["relyingParty"], "localhost");
    let client = Authenticator::client_data(house, "webauthn.create", options["challenge"].as_str().unwrap());
    let fields = [
        ("id", URL_SAFE_NO_PAD.encode("key")),
        ("clientData", URL_SAFE_NO_PAD.encode(client)),
        ("attestation", authenticator.attestation()),
        ("name", "鍵".to_owned()),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    post(house, "/account/passkeys", &cookie, &fields)
}

fn assertion(house: &House, authenticator: &Authenticator, challenge: &str) -> Vec<(&'static str, String)> {
    let client = Authenticator::client_data(house, "webauthn.get", challenge);
    let data = authenticator.data(false);
    let signed = [&data[..], &Sha256::digest(client.as_bytes())].concat();
    vec![
        ("id", URL_SAFE_NO_PAD.encode("key")),
        ("clientData", URL_SAFE_NO_PAD.encode(client)),
        ("authenticatorData", URL_SAFE_NO_PAD.encode(data)),
        (
            "signature",
            URL_SAFE_NO_PAD.encode(authenticator.key.sign(&signed).to_bytes()),
        ),
    ]
}

fn borrowed<'a>(fields: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
}

#[test]
fn a_passkey_signs_in_once_for_each_challenge() {
    let house = House::new();
    let account = house.account(Role::Approver);
    let mut authenticator = Authenticator {
        key: SigningKey::from_bytes(&[3; 32]),
        counter: 1,
    };
    let added = add(&house, &account, &authenticator);
    assert_eq!(added.status, 303, "{}", added.text());
    assert_eq!(house.accounts.passkeys(&account.id).unwrap()[0].name, "鍵");
    // The same credential cannot be added to another account.
    assert_eq!(add(&house, &house.account(Role::Auditor), &authenticator).status, 422);

    authenticator.counter = 2;
    let visit = house.visit();
    let options = post(&house, "/sign-in/passkey/options", &visit, &[]).json();
    let fields = assertion(&house, &authenticator, options["challenge"].as_str().unwrap());
    let answer = post(&house, "/sign-in/passkey", &visit, &borrowed(&fields));
    assert_eq!(answer.status, 303, "{}", answer.text());
    let session = answer
        .all("set-cookie")
        .into_iter()
        .find(|cookie| cookie.starts_with("junkyo="))
        .unwrap();
    let session = session.split(';').next().unwrap();
    assert_eq!(house.get("/account", &[("Cookie", session)]).status, 200);

    // Sent again: the challenge is used up, and the counter stands still.
    assert_eq!(post(&house, "/sign-in/passkey", &visit, &borrowed(&fields)).status, 422);
    let other = house.visit();
    let options = post(&house, "/sign-in/passkey/options", &other, &[]).json();
    let still = assertion(&house, &authenticator, options["challenge"].as_str().unwrap());
    assert_eq!(post(&house, "/sign-in/passkey", &other, &borrowed(&still)).status, 422);
}

#[test]
fn a_challenge_belongs_to_its_visit() {
    let house = House::new();
    let account = house.account(Role::Approver);
    let mut authenticator = Authenticator {
        key: SigningKey::from_bytes(&[4; 32]),
        counter: 1,
    };
    assert_eq!(add(&house, &account, &authenticator).status, 303);
    authenticator.counter = 2;
    let (one, other) = (house.visit(), house.visit());
    let options = post(&house, "/sign-in/passkey/options", &one, &[]).json();
    let fields = assertion(&house, &authenticator, options["challenge"].as_str().unwrap());
    assert_eq!(post(&house, "/sign-in/passkey", &other, &borrowed(&fields)).status, 422);
    // Disabled accounts do not come in by passkey either.
    house.accounts.set_active(&account.id, false, &account.id).unwrap();
    assert_eq!(post(&house, "/sign-in/passkey", &one, &borrowed(&fields)).status, 422);
}

#[test]
fn an_address_without_a_name_offers_no_passkeys() {
    let house = House::new();
    let page = house.get("/sign-in", &[]).text();
    assert!(!page.contains("data-passkey"), "{page}");
    let page = house.get("/sign-in", &[("Host", &host(&house))]).text();
    assert!(page.contains("data-passkey=\"get\""), "{page}");
    assert!(!page.contains("onclick") && !page.contains("<script>"), "{page}");
}
