//! What is written into the log: digests only, never a name.

use thiserror::Error;

use super::{Hash, leaf_hash};
use crate::text::hex;

/// Largest entry in bytes: the length stands in two bytes before it (C2SP tlog-tiles).
pub const MAX_ENTRY: usize = 65_535;

/// One entry of our log.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct LeafEntry {
    /// What happened: the event of a registration (`registered`, `suspended`, …), or `audit-head`, `key-event`, `suite`,
    /// `snapshot`.
    pub kind: String,
    /// SHA-256 of the payload of the signed statement.
    pub payload: Hash,
    /// Registration number, if it is about one.
    pub registration: Option<String>,
}

/// Why bytes are no entry of ours.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum LeafError {
    /// Not the JSON that an entry is.
    #[error(
        "the log entry is not an entry of version 1: {found}; expected {{\"payload\":…,\"registration\":…,\"type\":…,\"v\":1}}"
    )]
    Form {
        /// What stands there, cut short.
        found: String,
    },
    /// The same entry written in another way has another hash.
    #[error("the log entry is not in canonical form (RFC 8785): {found}")]
    NotCanonical {
        /// What stands there, cut short.
        found: String,
    },
}

impl LeafEntry {
    /// Canonical JSON, the bytes that are hashed.
    pub fn to_bytes(&self) -> Vec<u8> {
        let registration = self
            .registration
            .as_ref()
            .map_or_else(|| "null".to_owned(), |number| json_string(number));
        format!(
            "{{\"payload\":{{\"sha256\":\"{}\"}},\"registration\":{registration},\"type\":{},\"v\":1}}",
            hex(&self.payload),
            json_string(&self.kind),
        )
        .into_bytes()
    }

    /// Leaf hash of the entry.
    pub fn hash(&self) -> Hash {
        leaf_hash(&self.to_bytes())
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// If the bytes are not exactly what [`LeafEntry::to_bytes`] writes.
    pub fn parse(bytes: &[u8]) -> Result<Self, LeafError> {
        let found = || String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).into_owned();
        let form = || LeafError::Form { found: found() };
        let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|_| form())?;
        let registration = match value.get("registration").ok_or_else(form)? {
            serde_json::Value::Null => None,
            serde_json::Value::String(number) => Some(number.clone()),
            _ => return Err(form()),
        };
        let entry = Self {
            kind: value["type"].as_str().ok_or_else(form)?.to_owned(),
            payload: value["payload"]["sha256"].as_str().and_then(unhex).ok_or_else(form)?,
            registration,
        };
        if value["v"] != 1 {
            return Err(form());
        }
        if entry.to_bytes() != bytes {
            return Err(LeafError::NotCanonical { found: found() });
        }
        Ok(entry)
    }
}

/// A JSON string as RFC 8785 writes it, which is as `serde_json` writes it.
fn json_string(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// 64 lower-case hexadecimal digits.
fn unhex(text: &str) -> Option<Hash> {
    let digits = text.as_bytes();
    if digits.len() != 64 {
        return None;
    }
    let value = |digit: u8| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    };
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks(2)) {
        *byte = value(pair[0])? << 4 | value(pair[1])?;
    }
    Some(hash)
}
