//! Secrets of the product never reach the disk: they are replaced by a mask of the same length.
//!
//! The mask is derived from the secret and a salt of the run, so that equal secrets give equal
//! masks (a check can still see that two tokens are the same) and no length changes.

use std::sync::RwLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem::Finder;
use sha2::{Digest, Sha256};

use crate::wire::percent_encode;

/// Replaces known secrets in recorded bytes.
#[derive(Default)]
pub struct Masker {
    salt: [u8; 32],
    secrets: RwLock<Vec<(Finder<'static>, Vec<u8>)>>,
}

impl Masker {
    /// A masker that knows no secret yet.
    pub fn new(salt: [u8; 32]) -> Self {
        Self {
            salt,
            secrets: RwLock::default(),
        }
    }

    /// Adds a secret, as it is and as it stands in forms, in JSON and in base64. Short words are no secrets.
    pub fn learn(&self, secret: &str) {
        if secret.len() < 8 {
            return;
        }
        self.learn_form(secret);
        self.learn_form(&percent_encode(secret));
        let quoted = serde_json::Value::from(secret).to_string();
        self.learn_form(quoted.trim_matches('"'));
        self.learn_form(STANDARD.encode(secret).trim_end_matches('='));
    }

    fn learn_form(&self, secret: &str) {
        let mut secrets = self.secrets.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if !secrets.iter().any(|(finder, _)| finder.needle() == secret.as_bytes()) {
            secrets.push((Finder::new(secret.as_bytes()).into_owned(), self.mask(secret)));
        }
    }

    /// Adds the Basic form (RFC 7617) of a client's id and secret.
    pub fn learn_basic(&self, id: &str, secret: &str) {
        self.learn_form(&STANDARD.encode(format!("{id}:{secret}")));
        self.learn_form(&STANDARD.encode(format!("{}:{}", percent_encode(id), percent_encode(secret))));
    }

    fn mask(&self, secret: &str) -> Vec<u8> {
        let mut hash = Sha256::new();
        hash.update(self.salt);
        hash.update(secret.as_bytes());
        let name = format!("masked-{}-", &crate::text::hex(&hash.finalize())[..16]);
        name.bytes().cycle().take(secret.len()).collect()
    }

    /// The bytes with every known secret replaced.
    pub fn apply(&self, mut bytes: Vec<u8>) -> Vec<u8> {
        let secrets = self.secrets.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (finder, mask) in secrets.iter() {
            let mut from = 0;
            while let Some(at) = finder.find(&bytes[from..]) {
                let start = from + at;
                bytes[start..start + mask.len()].copy_from_slice(mask);
                from = start + mask.len();
            }
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_length_same_mask_no_secret() {
        let masker = Masker::new([7; 32]);
        masker.learn("correct-horse-battery");
        let masked = masker.apply(b"a=correct-horse-battery&b=correct-horse-battery".to_vec());
        let text = String::from_utf8(masked).expect("ascii");
        assert_eq!(text.len(), "a=correct-horse-battery&b=correct-horse-battery".len());
        assert!(!text.contains("horse"));
        let (a, b) = text.split_once("&b=").expect("unchanged");
        assert_eq!(&a[2..], b);
    }

    #[test]
    fn secrets_are_known_in_every_dress() {
        let secret = "p\"ss/wörd&+=";
        let masker = Masker::new([7; 32]);
        masker.learn(secret);
        masker.learn_basic("id", secret);
        for text in [
            secret.to_owned(),
            format!("client_secret={}&x", percent_encode(secret)),
            serde_json::json!({"secret": secret}).to_string(),
            format!("Basic {}", STANDARD.encode(format!("id:{secret}"))),
            format!("Basic {}", STANDARD.encode(format!("id:{}", percent_encode(secret)))),
            format!("<binarySecret>{}</binarySecret>", STANDARD.encode(secret)),
        ] {
            let masked = String::from_utf8(masker.apply(text.clone().into_bytes())).expect("text");
            assert_eq!(masked.len(), text.len());
            assert!(masked.contains("masked-"), "{text} → {masked}");
        }
    }
}
