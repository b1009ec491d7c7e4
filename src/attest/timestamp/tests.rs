//! Our authority and our verifier, each against the other, and every changed byte.

use std::sync::Arc;

use time::Duration;
use time::macros::datetime;

use super::authority::{Authority, CertificateFacts, issue_authority, issue_root};
use super::token::Token;
use super::*;
use crate::attest::Digest;
use crate::attest::key::{Algorithm, FileKey, Signer as _};

const NOW: OffsetDateTime = datetime!(2026-11-22 1:09:11 UTC);
const POLICY: &str = "1.2.392.200000.1";

struct Place {
    authority: Authority,
    root: TsaRoot,
}

fn facts(name: &str) -> CertificateFacts<'_> {
    CertificateFacts {
        name,
        not_before: NOW - Duration::days(1),
        not_after: NOW + Duration::days(365),
        serial: &[7, 1],
        policies: &[],
    }
}

fn place(facts_of_authority: &CertificateFacts<'_>) -> Place {
    let root_key = FileKey::from_secret(Algorithm::P256, &[1; 32]).expect("a key");
    let key = FileKey::from_secret(Algorithm::P256, &[2; 32]).expect("a key");
    let root = issue_root(&facts("test root"), &root_key).expect("a root");
    let certificate = issue_authority(facts_of_authority, key.public(), &root, &root_key).expect("a certificate");
    Place {
        authority: Authority::new(certificate, Arc::new(key), POLICY).expect("an authority"),
        root: TsaRoot::new(root),
    }
}

fn asked(place: &Place) -> (Request, Vec<u8>) {
    let request = Request::new(Digest::of(b"data"), [0x80, 2, 3, 4, 5, 6, 7, 8]);
    let response = place
        .authority
        .answer(&request.bytes, NOW, &[1, 2, 3])
        .expect("answered");
    (request, response)
}

#[test]
fn a_token_says_when_and_who() {
    let place = place(&facts("時刻認証局 試験"));
    let (request, response) = asked(&place);
    let stamp = request
        .check(&response, std::slice::from_ref(&place.root))
        .expect("valid");
    assert_eq!(stamp.time, NOW);
    assert_eq!(stamp.policy, POLICY);
    assert_eq!(stamp.serial, "010203");
    assert_eq!(stamp.accuracy_ms, Some(1000));
    assert_eq!(stamp.authority, "時刻認証局 試験");
    assert_eq!(verify(&response, Digest::of(b"data"), &[place.root]), Ok(stamp));
}

#[test]
fn tokens_of_something_else_are_refused() {
    let place = place(&facts("authority"));
    let (_, response) = asked(&place);
    let roots = [place.root.clone()];
    assert_eq!(
        verify(&response, Digest::of(b"Data"), &roots),
        Err(TimestampError::Imprint)
    );
    let other = Request::new(Digest::of(b"data"), [9; 8]);
    assert_eq!(other.check(&response, &roots), Err(TimestampError::Nonce));
    assert!(matches!(
        verify(&response, Digest::of(b"data"), &[]),
        Err(TimestampError::NoPath(_))
    ));
    let foreign_key = FileKey::from_secret(Algorithm::P256, &[3; 32]).expect("a key");
    let foreign = TsaRoot::new(issue_root(&facts("test root"), &foreign_key).expect("a root"));
    assert!(matches!(
        verify(&response, Digest::of(b"data"), &[foreign]),
        Err(TimestampError::NoPath(_))
    ));
}

#[test]
fn policies_count_when_listed() {
    let place = place(&CertificateFacts {
        policies: &["1.2.392.200000.9"],
        ..facts("authority")
    });
    let (_, response) = asked(&place);
    let verdict = |policies: &[&str], certificate_policies: &[&str]| {
        let owned = |list: &[&str]| list.iter().map(|policy| (*policy).to_owned()).collect();
        let root = TsaRoot {
            policies: owned(policies),
            certificate_policies: owned(certificate_policies),
            ..place.root.clone()
        };
        verify(&response, Digest::of(b"data"), &[root])
    };
    assert!(verdict(&[], &[]).is_ok());
    assert!(verdict(&[POLICY], &["1.2.392.200000.9"]).is_ok());
    assert!(matches!(verdict(&["1.2.3"], &[]), Err(TimestampError::Policy(_))));
    assert!(matches!(verdict(&[], &["1.2.3"]), Err(TimestampError::NoPath(_))));
}

#[test]
fn validity_is_asked_at_the_time_of_the_token() {
    let place = place(&CertificateFacts {
        not_after: NOW + Duration::hours(1),
        ..facts("authority")
    });
    let request = Request::new(Digest::of(b"data"), [1; 8]);
    let at = |time| {
        let response = place.authority.answer(&request.bytes, time, &[1]).expect("answered");
        verify(&response, Digest::of(b"data"), std::slice::from_ref(&place.root))
    };
    assert!(at(NOW).is_ok(), "expired today, valid then");
    assert!(matches!(
        at(NOW + Duration::hours(2)),
        Err(TimestampError::NotValidThen(_))
    ));
    assert!(matches!(
        at(NOW - Duration::days(2)),
        Err(TimestampError::NotValidThen(_))
    ));
    let ended = TsaRoot {
        not_after: Some(NOW - Duration::seconds(1)),
        ..place.root.clone()
    };
    let (_, response) = asked(&place);
    assert!(matches!(
        verify(&response, Digest::of(b"data"), &[ended]),
        Err(TimestampError::NotValidThen(_))
    ));
}

#[test]
fn a_root_is_no_authority_and_an_authority_no_root() {
    let key = FileKey::from_secret(Algorithm::P256, &[4; 32]).expect("a key");
    let root = issue_root(&facts("root"), &key).expect("a root");
    let authority = Authority::new(root.clone(), Arc::new(key), POLICY).expect("an authority");
    let request = Request::new(Digest::of(b"data"), [1; 8]);
    let response = authority.answer(&request.bytes, NOW, &[1]).expect("answered");
    assert!(matches!(
        request.check(&response, &[TsaRoot::new(root)]),
        Err(TimestampError::Usage(_))
    ));
    let signer = FileKey::from_secret(Algorithm::Ed25519, &[4; 32]).expect("a key");
    assert!(matches!(
        Authority::new(Vec::new(), Arc::new(signer), POLICY),
        Err(authority::AuthorityError::Key)
    ));
}

#[test]
fn bad_requests_get_a_refusal_that_says_why() {
    let place = place(&facts("authority"));
    let (request, _) = asked(&place);
    let mut other_algorithm = request.bytes.clone();
    let place_of_digest = other_algorithm
        .windows(2)
        .position(|pair| pair == [4, 2])
        .expect("the OID of SHA-256");
    other_algorithm[place_of_digest + 2] = 2;
    for (bytes, words) in [(&b"no request"[..], "TimeStampReq"), (&other_algorithm, "SHA-256")] {
        let response = place.authority.answer(bytes, NOW, &[1]).expect("answered");
        let found = verify(&response, Digest::of(b"data"), std::slice::from_ref(&place.root));
        assert!(
            matches!(&found, Err(TimestampError::Refused(2, said)) if said.contains(words)),
            "{found:?}"
        );
    }
}

/// Every changed byte of a response is refused, or leaves what it says unchanged.
#[test]
fn changed_bytes_never_change_what_a_token_says() {
    let place = place(&facts("authority"));
    let (_, response) = asked(&place);
    let roots = [place.root.clone()];
    let said = verify(&response, Digest::of(b"data"), &roots).expect("valid");
    let mut harmless = Vec::new();
    for index in 0..response.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut changed = response.clone();
            changed[index] ^= flip;
            if let Ok(stamp) = verify(&changed, Digest::of(b"data"), &roots) {
                assert_eq!(stamp, said, "byte {index}");
                harmless.push(index);
            }
        }
    }
    // The status may also be "granted with changes", and the list of digest algorithms decides nothing.
    harmless.dedup();
    assert!(harmless.len() < 20, "{harmless:?}");
    for length in 0..response.len() {
        assert!(
            verify(&response[..length], Digest::of(b"data"), &roots).is_err(),
            "{length} bytes"
        );
    }
}

/// Bytes that somebody has thrown dice for, and a good token with pieces of itself in other places: a refusal, no panic.
#[test]
fn nothing_that_is_thrown_at_the_reader_makes_it_panic() {
    let place = place(&facts("authority"));
    let (_, response) = asked(&place);
    let roots = [place.root.clone()];
    let said = verify(&response, Digest::of(b"data"), &roots).expect("valid");
    let mut state = 20_260_401_u64;
    let mut dice = |most: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % most
    };
    for _ in 0..4000 {
        let mut bytes = response.clone();
        let (from, to, length) = (dice(bytes.len()), dice(bytes.len()), dice(40));
        let piece: Vec<u8> = bytes.iter().skip(from).take(length).copied().collect();
        let end = (to + dice(40)).min(bytes.len());
        bytes.splice(to..end, piece);
        if let Ok(stamp) = verify(&bytes, Digest::of(b"data"), &roots) {
            assert_eq!(stamp, said);
        }
        let noise: Vec<u8> = (0..dice(80)).map(|_| dice(256) as u8).collect();
        assert!(verify(&noise, Digest::of(b"data"), &roots).is_err());
        assert!(TsaRoot::from_pem(&String::from_utf8_lossy(&noise)).is_err());
        place.authority.answer(&noise, NOW, &[1]).expect("a refusal");
    }
}

/// Certificates that all sign one another have more paths than anybody can walk.
#[test]
fn a_tangle_of_certificates_ends() {
    let place = place(&facts("authority"));
    let (_, response) = asked(&place);
    let key = FileKey::from_secret(Algorithm::P256, &[1; 32]).expect("a key");
    let tangle: Vec<Vec<u8>> = (0..15_u8)
        .map(|serial| {
            let facts = CertificateFacts {
                serial: &[0x20, serial],
                ..facts("test root")
            };
            issue_root(&facts, &key).expect("a root")
        })
        .collect();
    let leaf = {
        let token = Token::parse(&response).expect("a token");
        token.certificate_bytes(0).to_vec()
    };
    let all: Vec<Vec<u8>> = [leaf].into_iter().chain(tangle).collect();
    let read: Vec<Certificate<'_>> = all
        .iter()
        .map(|certificate| Certificate::parse(certificate).expect("a certificate"))
        .collect();
    let stranger = FileKey::from_secret(Algorithm::P256, &[9; 32]).expect("a key");
    let other = TsaRoot::new(issue_root(&facts("test root"), &stranger).expect("a root"));
    let anchors = [other.anchor().expect("a root")];
    let found = certificate::path(&read[0], &read[1..], &anchors, NOW);
    assert!(matches!(found, Err(TimestampError::NoPath(_))));
}
