//! Passkeys: what a browser brings back, checked by hand (Web Authentication, sections 7.1 and 7.2).
//!
//! Attestation is not asked for and not looked at: any authenticator will do. The user has to be verified by it, since
//! nothing but the passkey is asked.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ciborium::Value as Cbor;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::attest::key::PublicKey;

/// Largest part of a ceremony in bytes.
const LARGEST: usize = 64 * 1024;
/// Longest id of a credential in bytes, by the standard.
const LONGEST_ID: usize = 1023;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const HAS_CREDENTIAL: u8 = 0x40;
const HAS_EXTENSIONS: u8 = 0x80;

/// Why a ceremony is refused. For the audit log: people are told that it did not work.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(super) enum CeremonyError {
    #[error("a part is missing, too large or no base64url")]
    Form,
    #[error("the client data is no JSON of its kind")]
    ClientData,
    #[error("the client data is of another ceremony")]
    Type,
    #[error("the challenge is another one")]
    Challenge,
    #[error("the origin is another one")]
    Origin,
    #[error("the page stood in a frame of another origin")]
    Framed,
    #[error("the relying party is another one")]
    RelyingParty,
    #[error("the user was not present or not verified")]
    User,
    #[error("the flags contradict each other")]
    Flags,
    #[error("the authenticator data is malformed")]
    Authenticator,
    #[error("the key is of a kind that was not asked for, or invalid")]
    Key,
    #[error("the id is another one than the authenticator's")]
    Id,
    #[error("the signature is not of this key")]
    Signature,
    #[error("the counter did not go on: the key was copied or this is a replay")]
    Counter,
}

/// What a ceremony has to be about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    /// Challenge as it was sent: base64url.
    pub(super) challenge: &'a str,
    /// Origin of the page.
    pub(super) origin: &'a str,
    /// Host of the origin.
    pub(super) relying_party: &'a str,
}

/// A new credential.
#[derive(Clone, Debug)]
pub(super) struct NewCredential {
    pub(super) id: String,
    pub(super) key: PublicKey,
    pub(super) counter: u32,
}

/// Parts of an assertion, base64url as the browser sends them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Assertion<'a> {
    pub(super) client_data: &'a str,
    pub(super) authenticator_data: &'a str,
    pub(super) signature: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    #[serde(default)]
    top_origin: Option<String>,
}

/// Checks what `navigator.credentials.create` gave.
pub(super) fn check_registration(
    expected: Expected<'_>,
    id: &str,
    client_data: &str,
    attestation: &str,
) -> Result<NewCredential, CeremonyError> {
    check_client_data(expected, &unbase64(client_data)?, "webauthn.create")?;
    let attestation: Cbor = cbor(&mut &unbase64(attestation)?[..])?;
    let data = member(&attestation, "authData")
        .and_then(Cbor::as_bytes)
        .ok_or(CeremonyError::Authenticator)?;
    let parsed = parse_authenticator_data(data, expected.relying_party)?;
    let (credential, key) = parsed.credential.ok_or(CeremonyError::Authenticator)?;
    let own = URL_SAFE_NO_PAD.encode(&credential);
    if own != id {
        return Err(CeremonyError::Id);
    }
    Ok(NewCredential {
        id: own,
        key,
        counter: parsed.counter,
    })
}

/// Checks what `navigator.credentials.get` gave, for a credential that is known; gives its new counter.
pub(super) fn check_assertion(
    expected: Expected<'_>,
    key: &PublicKey,
    known_counter: u32,
    assertion: Assertion<'_>,
) -> Result<u32, CeremonyError> {
    let client_data = unbase64(assertion.client_data)?;
    check_client_data(expected, &client_data, "webauthn.get")?;
    let mut signed = unbase64(assertion.authenticator_data)?;
    let parsed = parse_authenticator_data(&signed, expected.relying_party)?;
    signed.extend_from_slice(&Sha256::digest(&client_data));
    if !key.verify(&signed, &unbase64(assertion.signature)?) {
        return Err(CeremonyError::Signature);
    }
    let counts = parsed.counter != 0 || known_counter != 0;
    if counts && parsed.counter <= known_counter {
        return Err(CeremonyError::Counter);
    }
    Ok(parsed.counter)
}

fn check_client_data(expected: Expected<'_>, bytes: &[u8], kind: &str) -> Result<(), CeremonyError> {
    let data: ClientData = serde_json::from_slice(bytes).map_err(|_| CeremonyError::ClientData)?;
    if data.r#type != kind {
        return Err(CeremonyError::Type);
    }
    if data.challenge != expected.challenge {
        return Err(CeremonyError::Challenge);
    }
    if data.origin != expected.origin {
        return Err(CeremonyError::Origin);
    }
    if data.cross_origin || data.top_origin.is_some() {
        return Err(CeremonyError::Framed);
    }
    Ok(())
}

struct AuthenticatorData {
    counter: u32,
    credential: Option<(Vec<u8>, PublicKey)>,
}

fn parse_authenticator_data(data: &[u8], relying_party: &str) -> Result<AuthenticatorData, CeremonyError> {
    let mut rest = data;
    let mut take = |count: usize| {
        let (taken, left) = rest.split_at_checked(count).ok_or(CeremonyError::Authenticator)?;
        rest = left;
        Ok::<&[u8], CeremonyError>(taken)
    };
    if take(32)? != &Sha256::digest(relying_party.as_bytes())[..] {
        return Err(CeremonyError::RelyingParty);
    }
    let flags = take(1)?[0];
    if flags & USER_PRESENT == 0 || flags & USER_VERIFIED == 0 {
        return Err(CeremonyError::User);
    }
    if flags & BACKED_UP != 0 && flags & BACKUP_ELIGIBLE == 0 {
        return Err(CeremonyError::Flags);
    }
    let counter = take(4)?.iter().fold(0, |number, byte| number << 8 | u32::from(*byte));
    let mut credential = None;
    if flags & HAS_CREDENTIAL != 0 {
        take(16)?; // which model of authenticator: not asked
        let length = take(2)?;
        let length = usize::from(length[0]) << 8 | usize::from(length[1]);
        if length == 0 || length > LONGEST_ID {
            return Err(CeremonyError::Authenticator);
        }
        let id = take(length)?.to_vec();
        let key = public_key(&cbor(&mut rest)?)?;
        credential = Some((id, key));
    }
    if flags & HAS_EXTENSIONS != 0 {
        cbor(&mut rest)?;
    }
    if !rest.is_empty() {
        return Err(CeremonyError::Authenticator);
    }
    Ok(AuthenticatorData { counter, credential })
}

/// A COSE key (RFC 9053): EdDSA on Ed25519, or ES256 on P-256.
fn public_key(cose: &Cbor) -> Result<PublicKey, CeremonyError> {
    let number = |label: i64| {
        labelled(cose, label)
            .and_then(Cbor::as_integer)
            .and_then(|n| i64::try_from(n).ok())
    };
    let coordinate = |label: i64| -> Result<[u8; 32], CeremonyError> {
        let bytes = labelled(cose, label)
            .and_then(Cbor::as_bytes)
            .ok_or(CeremonyError::Key)?;
        bytes[..].try_into().map_err(|_| CeremonyError::Key)
    };
    match (number(1), number(3), number(-1)) {
        (Some(1), Some(-8), Some(6)) => PublicKey::from_ed25519(&coordinate(-2)?).map_err(|_| CeremonyError::Key),
        (Some(2), Some(-7), Some(1)) => {
            let point = [&[4][..], &coordinate(-2)?, &coordinate(-3)?].concat();
            PublicKey::from_p256_point(&point).map_err(|_| CeremonyError::Key)
        }
        _ => Err(CeremonyError::Key),
    }
}

fn cbor(bytes: &mut &[u8]) -> Result<Cbor, CeremonyError> {
    ciborium::de::from_reader_with_recursion_limit(bytes, 16).map_err(|_| CeremonyError::Authenticator)
}

fn member<'a>(map: &'a Cbor, name: &str) -> Option<&'a Cbor> {
    map.as_map()?
        .iter()
        .find(|(key, _)| key.as_text() == Some(name))
        .map(|(_, value)| value)
}

fn labelled(map: &Cbor, label: i64) -> Option<&Cbor> {
    let wanted = ciborium::value::Integer::from(label);
    map.as_map()?
        .iter()
        .find(|(key, _)| key.as_integer() == Some(wanted))
        .map(|(_, value)| value)
}

fn unbase64(text: &str) -> Result<Vec<u8>, CeremonyError> {
    if text.is_empty() || text.len() > LARGEST {
        return Err(CeremonyError::Form);
    }
    URL_SAFE_NO_PAD.decode(text).map_err(|_| CeremonyError::Form)
}

/// Host of an origin, if it can be a relying party: a name, over `https` or on this machine.
pub(super) fn relying_party(origin: &str) -> Option<&str> {
    let (scheme, authority) = origin.split_once("://")?;
    let host = authority.split(':').next().unwrap_or_default();
    let is_name = host.contains(|c: char| c.is_ascii_alphabetic()) && !authority.starts_with('[');
    (is_name && (scheme == "https" || host == "localhost")).then_some(host)
}

#[cfg(test)]
mod tests;
