//! DSSE: signed bytes with their type, one JSON line (<https://github.com/secure-systems-lab/dsse>, version 1.0).
//!
//! A signature covers the payload's exact bytes and its type, never the JSON around them. So the identity of a signed
//! document is the digest of its payload: envelope and signatures can be written in many ways, and ECDSA signatures are
//! not even unique. Key ids are hints for people: a signature counts for the trusted key that verifies it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use serde_json::{Value, json};
use thiserror::Error;

use super::Digest;
use super::canonical::{self, StrictError};
use super::key::{KeyId, PublicKey, SignError, Signer};

/// The only payload type that we sign and take.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// Largest envelope that is read, bytes.
pub const MAX_ENVELOPE: usize = 16 << 20;

/// Most signatures of one envelope.
pub const MAX_SIGNATURES: usize = 64;

/// Signed bytes with their type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Envelope {
    /// What is signed.
    pub payload: Vec<u8>,
    /// What it is; [`PAYLOAD_TYPE`].
    pub payload_type: String,
    /// Who signed.
    pub signatures: Vec<Signature>,
}

/// One signature.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Signature {
    /// Whose it claims to be.
    pub key: KeyId,
    /// Ed25519: 64 bytes. P-256: DER.
    pub bytes: Vec<u8>,
}

/// Why an envelope cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Larger than any envelope of ours.
    #[error("the envelope has {0} bytes; at most {MAX_ENVELOPE} are read")]
    TooLarge(usize),
    /// Not strict JSON.
    #[error("the envelope is {0}")]
    Json(#[from] StrictError),
    /// JSON of another form.
    #[error("no DSSE envelope: {0}")]
    Form(String),
    /// Something else than an in-toto statement.
    #[error("the payload type is `{0}`; `{PAYLOAD_TYPE}` is expected")]
    Type(String),
}

/// The bytes that are signed: pre-authentication encoding of DSSE.
pub fn pre_authentication_encoding(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut encoded = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    encoded.extend_from_slice(payload);
    encoded
}

impl Envelope {
    /// An envelope around a statement, signed by each of the keys.
    ///
    /// # Errors
    /// When a key cannot sign.
    pub fn sign(payload: &[u8], signers: &[&dyn Signer]) -> Result<Self, SignError> {
        let mut envelope = Self {
            payload: payload.to_owned(),
            payload_type: PAYLOAD_TYPE.to_owned(),
            signatures: Vec::new(),
        };
        for signer in signers {
            envelope.add_signature(*signer)?;
        }
        Ok(envelope)
    }

    /// Adds a signature; one that the same key made before is replaced.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn add_signature(&mut self, signer: &dyn Signer) -> Result<(), SignError> {
        let bytes = signer.sign(&self.signed_bytes())?;
        let key = signer.public().id();
        match self.signatures.iter_mut().find(|signature| signature.key == key) {
            Some(signature) => signature.bytes = bytes,
            None => self.signatures.push(Signature { key, bytes }),
        }
        Ok(())
    }

    /// Reads one line (a line feed at its end is allowed).
    ///
    /// # Errors
    /// When it is no envelope around an in-toto statement.
    pub fn parse(line: &[u8]) -> Result<Self, EnvelopeError> {
        if line.len() > MAX_ENVELOPE {
            return Err(EnvelopeError::TooLarge(line.len()));
        }
        let mut value = canonical::parse(line)?;
        let form = |what: &str| EnvelopeError::Form(what.to_owned());
        let members = value.as_object_mut().ok_or_else(|| form("not an object"))?;
        let payload = base64_member(members.remove("payload"), "payload")?;
        let Some(Value::String(payload_type)) = members.remove("payloadType") else {
            return Err(form("`payloadType` is missing or no text"));
        };
        let Some(Value::Array(entries)) = members.remove("signatures") else {
            return Err(form("`signatures` is missing or no list"));
        };
        if let Some((other, _)) = members.iter().next() {
            return Err(EnvelopeError::Form(format!("unknown member `{other}`")));
        }
        if payload_type != PAYLOAD_TYPE {
            return Err(EnvelopeError::Type(payload_type));
        }
        if entries.is_empty() || entries.len() > MAX_SIGNATURES {
            return Err(EnvelopeError::Form(format!(
                "{} signatures; 1 to {MAX_SIGNATURES} are expected",
                entries.len()
            )));
        }
        let signatures = entries.into_iter().map(signature).collect::<Result<_, _>>()?;
        Ok(Self {
            payload,
            payload_type,
            signatures,
        })
    }

    /// The envelope as one line with its line feed.
    pub fn to_line(&self) -> String {
        let signatures: Vec<Value> = self
            .signatures
            .iter()
            .map(|signature| json!({"keyid": signature.key.0, "sig": STANDARD.encode(&signature.bytes)}))
            .collect();
        let line = json!({
            "payload": STANDARD.encode(&self.payload),
            "payloadType": self.payload_type,
            "signatures": signatures,
        });
        format!("{line}\n")
    }

    /// Identity of the signed document.
    pub fn payload_digest(&self) -> Digest {
        Digest::of(&self.payload)
    }

    /// The bytes that signatures cover.
    pub fn signed_bytes(&self) -> Vec<u8> {
        pre_authentication_encoding(&self.payload_type, &self.payload)
    }

    /// Those of the trusted keys that signed, each once, whatever the signatures claim about themselves.
    pub fn signers(&self, trusted: &[PublicKey]) -> Vec<KeyId> {
        let message = self.signed_bytes();
        let mut found: Vec<KeyId> = Vec::new();
        for key in trusted {
            let id = key.id();
            let signed = || {
                self.signatures
                    .iter()
                    .any(|signature| key.verify(&message, &signature.bytes))
            };
            if !found.contains(&id) && signed() {
                found.push(id);
            }
        }
        found
    }
}

fn signature(entry: Value) -> Result<Signature, EnvelopeError> {
    let Value::Object(mut members) = entry else {
        return Err(EnvelopeError::Form("a signature is no object".into()));
    };
    let bytes = base64_member(members.remove("sig"), "sig")?;
    let key = match members.remove("keyid") {
        None => KeyId(String::new()),
        Some(Value::String(id)) if id.len() <= 256 => KeyId(id),
        Some(_) => return Err(EnvelopeError::Form("`keyid` is no short text".into())),
    };
    match members.iter().next() {
        Some((other, _)) => Err(EnvelopeError::Form(format!("unknown member `{other}` of a signature"))),
        None => Ok(Signature { key, bytes }),
    }
}

/// Standard or URL-safe base64, both as DSSE demands; always with padding.
fn base64_member(value: Option<Value>, name: &str) -> Result<Vec<u8>, EnvelopeError> {
    let Some(Value::String(text)) = value else {
        return Err(EnvelopeError::Form(format!("`{name}` is missing or no text")));
    };
    STANDARD
        .decode(&text)
        .or_else(|_| URL_SAFE.decode(&text))
        .map_err(|error| EnvelopeError::Form(format!("`{name}` is no base64: {error}")))
}

#[cfg(test)]
mod tests {
    use super::super::key::{Algorithm, FileKey};
    use super::*;

    fn keys() -> (FileKey, FileKey) {
        (
            FileKey::from_secret(Algorithm::Ed25519, &[0x0b; 32]).expect("a key"),
            FileKey::from_secret(Algorithm::P256, &[0x0c; 32]).expect("a key"),
        )
    }

    #[test]
    fn the_encoding_is_that_of_the_specification() {
        assert_eq!(
            pre_authentication_encoding("http://example.com/HelloWorld", b"hello world"),
            b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
        );
        // Lengths are bytes, not characters.
        assert_eq!(
            pre_authentication_encoding("型", "値".as_bytes()),
            "DSSEv1 3 型 3 値".as_bytes()
        );
    }

    #[test]
    fn signatures_count_for_distinct_trusted_keys() {
        let (one, two) = keys();
        let mut envelope = Envelope::sign(b"{}", &[&one, &two, &one]).expect("signed");
        assert_eq!(envelope.signatures.len(), 2);
        let trusted = [one.public().clone(), two.public().clone(), one.public().clone()];
        assert_eq!(envelope.signers(&trusted), [one.public().id(), two.public().id()]);
        // The same signature twice under other names is still one key.
        envelope.signatures[1] = Signature {
            key: two.public().id(),
            bytes: envelope.signatures[0].bytes.clone(),
        };
        assert_eq!(envelope.signers(&trusted), [one.public().id()]);
        envelope.payload.push(b' ');
        assert!(envelope.signers(&trusted).is_empty());
    }

    #[test]
    fn a_key_id_proves_nothing() {
        let (one, two) = keys();
        let mut envelope = Envelope::sign(b"{}", &[&one]).expect("signed");
        envelope.signatures[0].key = two.public().id();
        assert!(envelope.signers(&[two.public().clone()]).is_empty());
        assert_eq!(envelope.signers(&[one.public().clone()]), [one.public().id()]);
    }

    #[test]
    fn lines_are_read_back_and_bad_ones_refused() {
        let (one, two) = keys();
        let envelope = Envelope::sign("{\"名\":1}".as_bytes(), &[&one, &two]).expect("signed");
        let line = envelope.to_line();
        assert_eq!(Envelope::parse(line.as_bytes()).expect("an envelope"), envelope);
        for (from, to) in [
            ("{\"payload\"", "{\"payload\":\"\",\"payload\""),
            ("\"payloadType\"", "\"type\""),
            ("in-toto", "in-tot0"),
            ("\"signatures\":[", "\"signatures\":[[],"),
            ("\"keyid\"", "\"kid\""),
            ("\"sig\":\"", "\"sig\":\"*"),
            ("}]}", "}],\"x\":1}"),
        ] {
            let bad = line.replacen(from, to, 1);
            assert_ne!(bad, line, "{from}");
            assert!(Envelope::parse(bad.as_bytes()).is_err(), "{to}");
        }
        assert!(
            Envelope::parse(br#"{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[]}"#)
                .is_err()
        );
    }
}
