//! Keys: who signs, and whose signatures count.
//!
//! A public key is known by the SHA-256 of its SPKI (DER), which is what `openssl pkey -pubin -outform DER | sha256sum`
//! prints. Two algorithms: Ed25519 over the message (checked strictly), ECDSA on P-256 over its SHA-256 (DER).

mod file;
mod token;

use std::fmt;
use std::path::Path;

use ed25519_dalek::VerifyingKey as Ed25519Key;
use p256::ecdsa::signature::Verifier as _;
use p256::ecdsa::{DerSignature, VerifyingKey as P256Key};
use pkcs8::der::pem::{self, LineEnding};
use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use file::{FileKey, KeyFileError, read_passphrase};
pub use token::{TokenError, TokenKey};

use super::Digest;

/// SPKI of an Ed25519 key up to its 32 bytes.
const ED25519_SPKI: &[u8] = &[0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// SPKI of a P-256 key up to its uncompressed point (65 bytes).
const P256_SPKI: &[u8] = &[
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// Label of a public key in PEM.
const PUBLIC_KEY: &str = "PUBLIC KEY";

/// What a key signs with.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Algorithm {
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ECDSA on P-256 with SHA-256.
    P256,
}

impl Algorithm {
    /// The word in command lines and trust bundles.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::P256 => "p256",
        }
    }
}

/// Name of a key: SHA-256 of its SPKI as lower-case hexadecimal digits, or whatever an envelope claims.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeyId(pub String);

impl fmt::Display for KeyId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Why bytes are no public key of ours.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum KeyError {
    /// No PEM, or PEM of something else.
    #[error("no public key in PEM (`-----BEGIN PUBLIC KEY-----`): {0}")]
    Pem(String),
    /// Another kind of key.
    #[error("no public key that is supported: Ed25519, or P-256 with an uncompressed point, as SPKI")]
    Unsupported,
    /// A point that is not on the curve, or a weak one.
    #[error("the public key is no valid point of its curve")]
    Point,
}

/// Why nothing was signed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignError {
    /// The key refused.
    #[error("the key {key} cannot sign: {detail}")]
    Refused {
        /// Which key.
        key: KeyId,
        /// What it or its device said.
        detail: String,
    },
}

/// Whoever can sign: a key in a file, a token, a device.
pub trait Signer: Send + Sync {
    /// The public half.
    fn public(&self) -> &PublicKey;

    /// Signs a message. Ed25519: 64 bytes; P-256: DER over the message's SHA-256.
    ///
    /// # Errors
    /// When the key or its device refuses.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError>;
}

/// Opens a key by what a command line says: a file, or a PKCS#11 URI.
///
/// # Errors
/// When there is no such key, or it cannot be used.
pub fn open(reference: &str, passphrase: Option<&[u8]>) -> Result<Box<dyn Signer>, KeyFileError> {
    if reference.starts_with(token::SCHEME) {
        return Ok(Box::new(TokenKey::open(reference)?));
    }
    Ok(Box::new(FileKey::load(Path::new(reference), passphrase)?))
}

/// A public key.
#[derive(Clone, Eq, PartialEq)]
pub struct PublicKey {
    key: Key,
    spki: Vec<u8>,
}

#[derive(Clone, Eq, PartialEq)]
enum Key {
    Ed25519(Ed25519Key),
    P256(P256Key),
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "PublicKey({} {})", self.algorithm().word(), self.id())
    }
}

impl PublicKey {
    /// Reads a SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// When it is neither Ed25519 nor P-256, or the point is invalid or weak.
    pub fn from_spki_der(spki: &[u8]) -> Result<Self, KeyError> {
        if let Some(bytes) = spki.strip_prefix(ED25519_SPKI) {
            let bytes: &[u8; 32] = bytes.try_into().map_err(|_| KeyError::Unsupported)?;
            return Self::from_ed25519(bytes);
        }
        let point = spki.strip_prefix(P256_SPKI).ok_or(KeyError::Unsupported)?;
        Self::from_p256_point(point)
    }

    /// From the 32 bytes of an Ed25519 key.
    ///
    /// # Errors
    /// When they are no point, or one of small order.
    pub fn from_ed25519(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = Ed25519Key::from_bytes(bytes).map_err(|_| KeyError::Point)?;
        if key.is_weak() {
            return Err(KeyError::Point);
        }
        Ok(Self {
            key: Key::Ed25519(key),
            spki: [ED25519_SPKI, bytes].concat(),
        })
    }

    /// From an uncompressed P-256 point (65 bytes beginning with 04).
    ///
    /// # Errors
    /// When it has another form or is not on the curve.
    pub fn from_p256_point(point: &[u8]) -> Result<Self, KeyError> {
        if point.len() != 65 || point[0] != 4 {
            return Err(KeyError::Unsupported);
        }
        let key = P256Key::from_sec1_bytes(point).map_err(|_| KeyError::Point)?;
        Ok(Self {
            key: Key::P256(key),
            spki: [P256_SPKI, point].concat(),
        })
    }

    /// Reads PEM (`-----BEGIN PUBLIC KEY-----`).
    ///
    /// # Errors
    /// When it is no PEM of a supported public key.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let (label, spki) =
            pem::decode_vec(text.trim().as_bytes()).map_err(|error| KeyError::Pem(error.to_string()))?;
        if label != PUBLIC_KEY {
            return Err(KeyError::Pem(format!("it is labelled `{label}`")));
        }
        Self::from_spki_der(&spki)
    }

    /// The SubjectPublicKeyInfo, DER.
    pub fn to_spki_der(&self) -> &[u8] {
        &self.spki
    }

    /// As PEM, as `openssl pkey -pubout` writes it.
    pub fn to_pem(&self) -> String {
        // A public key of 44 or 91 bytes has always a PEM form.
        pem::encode_string(PUBLIC_KEY, LineEnding::LF, &self.spki).unwrap_or_default()
    }

    /// Its name: the SHA-256 of its SPKI.
    pub fn id(&self) -> KeyId {
        KeyId(Digest::of(&self.spki).to_string())
    }

    /// What it verifies.
    pub fn algorithm(&self) -> Algorithm {
        match self.key {
            Key::Ed25519(_) => Algorithm::Ed25519,
            Key::P256(_) => Algorithm::P256,
        }
    }

    /// The raw 32 bytes of an Ed25519 key.
    pub fn ed25519_bytes(&self) -> Option<[u8; 32]> {
        match &self.key {
            Key::Ed25519(key) => Some(key.to_bytes()),
            Key::P256(_) => None,
        }
    }

    /// Whether this key made that signature over that message.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.key {
            Key::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            Key::P256(key) => {
                DerSignature::from_bytes(signature).is_ok_and(|signature| key.verify(message, &signature).is_ok())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_the_recipe() {
        for (algorithm, byte, begin, end) in [
            (Algorithm::Ed25519, 0x0b, "a554e4a7", "4a4f"),
            (Algorithm::P256, 0x0c, "2f77c6c4", "beb3"),
            (Algorithm::P256, 0x0d, "2719bd15", "84fc"),
        ] {
            let key = FileKey::from_secret(algorithm, &[byte; 32]).expect("a key");
            let id = key.public().id().0;
            assert!(id.starts_with(begin) && id.ends_with(end), "{id}");
        }
    }

    #[test]
    fn public_keys_go_to_pem_and_back() {
        for algorithm in [Algorithm::Ed25519, Algorithm::P256] {
            let key = FileKey::generate(algorithm).expect("a key");
            let public = key.public();
            assert_eq!(&PublicKey::from_pem(&public.to_pem()).expect("PEM"), public);
            assert_eq!(&PublicKey::from_spki_der(public.to_spki_der()).expect("SPKI"), public);
        }
    }

    #[test]
    fn other_keys_and_bad_points_are_refused() {
        let key = FileKey::from_secret(Algorithm::P256, &[7; 32]).expect("a key");
        let mut spki = key.public().to_spki_der().to_vec();
        *spki.last_mut().expect("bytes") ^= 1;
        assert_eq!(PublicKey::from_spki_der(&spki), Err(KeyError::Point));
        spki.push(0);
        assert_eq!(PublicKey::from_spki_der(&spki), Err(KeyError::Unsupported));
        let weak = [ED25519_SPKI, &[0; 32]].concat();
        assert_eq!(PublicKey::from_spki_der(&weak), Err(KeyError::Point));
        let private = key.to_pem(None).expect("PEM");
        assert!(matches!(PublicKey::from_pem(&private), Err(KeyError::Pem(_))));
    }

    #[test]
    fn every_flipped_byte_of_a_signature_is_noticed() {
        for algorithm in [Algorithm::Ed25519, Algorithm::P256] {
            let key = FileKey::from_secret(algorithm, &[9; 32]).expect("a key");
            let signature = key.sign(b"message").expect("signed");
            assert!(key.public().verify(b"message", &signature));
            assert!(!key.public().verify(b"Message", &signature));
            for place in 0..signature.len() {
                let mut changed = signature.clone();
                changed[place] ^= 1;
                assert!(!key.public().verify(b"message", &changed), "byte {place}");
            }
        }
    }
}
