use ed25519_dalek::{Signer as _, SigningKey};

use super::*;

const ORIGIN: &str = "https://registry.example";
const CHALLENGE: &str = "Y2hhbGxlbmdlLWNoYWxsZW5nZS1jaGFsbGVuZ2UtISE";

fn expected() -> Expected<'static> {
    Expected {
        challenge: CHALLENGE,
        origin: ORIGIN,
        relying_party: "registry.example",
    }
}

/// An authenticator as the tests need it: everything can be bent.
struct Authenticator {
    key: SigningKey,
    p256: p256::ecdsa::SigningKey,
    uses_p256: bool,
    flags: u8,
    counter: u32,
    relying_party: &'static str,
    client: serde_json::Value,
}

impl Authenticator {
    fn new(kind: &str) -> Self {
        Self {
            key: SigningKey::from_bytes(&[9; 32]),
            p256: p256::ecdsa::SigningKey::from_slice(&[9; 32]).expect("a scalar"),
            uses_p256: false,
            flags: USER_PRESENT | USER_VERIFIED,
            counter: 0,
            relying_party: "registry.example",
            client: serde_json::json!({"type": kind, "challenge": CHALLENGE, "origin": ORIGIN, "crossOrigin": false}),
        }
    }

    fn data(&self, credential: Option<&[u8]>) -> Vec<u8> {
        let mut data = Sha256::digest(self.relying_party.as_bytes()).to_vec();
        data.push(self.flags | if credential.is_some() { HAS_CREDENTIAL } else { 0 });
        data.extend_from_slice(&self.counter.to_be_bytes());
        if let Some(cose) = credential {
            data.extend_from_slice(&[0; 16]);
            data.extend_from_slice(&[0, 4]);
            data.extend_from_slice(b"cred");
            data.extend_from_slice(cose);
        }
        data
    }

    fn cose(&self) -> Vec<u8> {
        let int = |number: i64| Cbor::Integer(number.into());
        let pairs = if self.uses_p256 {
            let point = p256::PublicKey::from(self.p256.verifying_key()).to_sec1_bytes();
            vec![
                (int(1), int(2)),
                (int(3), int(-7)),
                (int(-1), int(1)),
                (int(-2), Cbor::Bytes(point[1..33].to_vec())),
                (int(-3), Cbor::Bytes(point[33..].to_vec())),
            ]
        } else {
            vec![
                (int(1), int(1)),
                (int(3), int(-8)),
                (int(-1), int(6)),
                (int(-2), Cbor::Bytes(self.key.verifying_key().to_bytes().to_vec())),
            ]
        };
        written(&Cbor::Map(pairs))
    }

    fn attestation(&self, data: Vec<u8>) -> String {
        let text = |text: &str| Cbor::Text(text.to_owned());
        let map = Cbor::Map(vec![
            (text("fmt"), text("none")),
            (text("attStmt"), Cbor::Map(Vec::new())),
            (text("authData"), Cbor::Bytes(data)),
        ]);
        URL_SAFE_NO_PAD.encode(written(&map))
    }

    fn client_data(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.client.to_string())
    }

    fn register(&self) -> Result<NewCredential, CeremonyError> {
        let id = URL_SAFE_NO_PAD.encode("cred");
        let attestation = self.attestation(self.data(Some(&self.cose())));
        check_registration(expected(), &id, &self.client_data(), &attestation)
    }

    fn assert(&self, key: &PublicKey, known: u32) -> Result<u32, CeremonyError> {
        let data = self.data(None);
        let client = self.client.to_string();
        let signed = [&data[..], &Sha256::digest(client.as_bytes())].concat();
        let signature = if self.uses_p256 {
            let signature: p256::ecdsa::DerSignature = self.p256.sign(&signed);
            signature.as_bytes().to_vec()
        } else {
            self.key.sign(&signed).to_bytes().to_vec()
        };
        let assertion = Assertion {
            client_data: &self.client_data(),
            authenticator_data: &URL_SAFE_NO_PAD.encode(data),
            signature: &URL_SAFE_NO_PAD.encode(signature),
        };
        check_assertion(expected(), key, known, assertion)
    }
}

fn written(value: &Cbor) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).expect("memory");
    bytes
}

#[test]
fn a_passkey_of_either_kind_is_added_and_used() {
    for uses_p256 in [false, true] {
        let mut authenticator = Authenticator::new("webauthn.create");
        authenticator.uses_p256 = uses_p256;
        let added = authenticator.register().expect("a credential");
        assert_eq!((added.id.as_str(), added.counter), ("Y3JlZA", 0));
        authenticator.client["type"] = "webauthn.get".into();
        assert_eq!(authenticator.assert(&added.key, 0), Ok(0));
        authenticator.counter = 5;
        assert_eq!(authenticator.assert(&added.key, 4), Ok(5));
        assert_eq!(authenticator.assert(&added.key, 5), Err(CeremonyError::Counter));
        authenticator.counter = 0;
        assert_eq!(authenticator.assert(&added.key, 5), Err(CeremonyError::Counter));
    }
}

#[test]
fn every_part_of_an_assertion_counts() {
    let key = Authenticator::new("webauthn.create")
        .register()
        .expect("a credential")
        .key;
    type Bend = fn(&mut Authenticator);
    let cases: &[(Bend, CeremonyError)] = &[
        (|a| a.client["type"] = "webauthn.create".into(), CeremonyError::Type),
        (|a| a.client["challenge"] = "b3RoZXI".into(), CeremonyError::Challenge),
        (
            |a| a.client["origin"] = "https://registry.example.evil.example".into(),
            CeremonyError::Origin,
        ),
        (
            |a| a.client["origin"] = "http://registry.example".into(),
            CeremonyError::Origin,
        ),
        (|a| a.client["crossOrigin"] = true.into(), CeremonyError::Framed),
        (
            |a| a.client["topOrigin"] = "https://evil.example".into(),
            CeremonyError::Framed,
        ),
        (|a| a.client = "x".into(), CeremonyError::ClientData),
        (|a| a.relying_party = "evil.example", CeremonyError::RelyingParty),
        (|a| a.flags = USER_VERIFIED, CeremonyError::User),
        (|a| a.flags = USER_PRESENT, CeremonyError::User),
        (|a| a.flags |= BACKED_UP, CeremonyError::Flags),
        (|a| a.flags |= HAS_EXTENSIONS, CeremonyError::Authenticator),
        (|a| a.key = SigningKey::from_bytes(&[8; 32]), CeremonyError::Signature),
    ];
    for (bend, wanted) in cases {
        let mut authenticator = Authenticator::new("webauthn.get");
        bend(&mut authenticator);
        assert_eq!(authenticator.assert(&key, 0), Err(*wanted));
    }
}

#[test]
fn a_malformed_registration_is_refused_and_never_panics() {
    let authenticator = Authenticator::new("webauthn.create");
    let id = URL_SAFE_NO_PAD.encode("cred");
    let whole = authenticator.data(Some(&authenticator.cose()));
    let check = |data: Vec<u8>| {
        check_registration(
            expected(),
            &id,
            &authenticator.client_data(),
            &authenticator.attestation(data),
        )
    };
    assert!(check(whole.clone()).is_ok());
    for length in 0..whole.len() {
        assert!(check(whole[..length].to_vec()).is_err(), "{length} bytes");
    }
    assert_eq!(
        check([&whole[..], b"x"].concat()).err(),
        Some(CeremonyError::Authenticator)
    );
    let client = authenticator.client_data();
    let good = authenticator.attestation(whole.clone());
    assert_eq!(
        check_registration(expected(), "b3RoZXI", &client, &good).err(),
        Some(CeremonyError::Id)
    );
    for bad in ["", "+/=", "AAAA", "oA", "_____________"] {
        assert!(check_registration(expected(), &id, &client, bad).is_err(), "{bad}");
        assert!(check_registration(expected(), &id, bad, &good).is_err(), "{bad}");
    }
    // A key of another kind, and a point that is not on the curve.
    let int = |number: i64| Cbor::Integer(number.into());
    for cose in [
        vec![(int(1), int(3)), (int(3), int(-257))],
        vec![
            (int(1), int(2)),
            (int(3), int(-7)),
            (int(-1), int(1)),
            (int(-2), Cbor::Bytes(vec![1; 32])),
            (int(-3), Cbor::Bytes(vec![1; 32])),
        ],
        vec![
            (int(1), int(1)),
            (int(3), int(-8)),
            (int(-1), int(6)),
            (int(-2), Cbor::Bytes(vec![0; 32])),
        ],
    ] {
        let data = authenticator.data(Some(&written(&Cbor::Map(cose))));
        assert_eq!(check(data).err(), Some(CeremonyError::Key));
    }
    // Depth is limited.
    let deep = [vec![0x81; 10_000], vec![0x00]].concat();
    assert!(check(authenticator.data(Some(&deep))).is_err());
}

#[test]
fn only_names_can_be_relying_parties() {
    for (origin, wanted) in [
        ("https://registry.example", Some("registry.example")),
        ("https://registry.example:8443", Some("registry.example")),
        ("http://localhost:8480", Some("localhost")),
        ("http://127.0.0.1:8480", None),
        ("http://registry.example", None),
        ("https://[::1]:8480", None),
        ("https://192.0.2.1", None),
    ] {
        assert_eq!(relying_party(origin), wanted, "{origin}");
    }
}
