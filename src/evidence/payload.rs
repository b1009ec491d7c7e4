//! Bytes inside JSON: text as text, other bytes as base64, large ones in a content-addressed store.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::text::hex;

/// Payloads above this size go to the store.
const INLINE: usize = 16 * 1024;

/// Bytes as they stand in the journal.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Payload {
    /// Valid UTF-8.
    Text(String),
    /// Other bytes, base64.
    Base64(String),
    /// SHA-256 of bytes that lie in `blobs/`.
    Blob(String),
}

/// The content-addressed store beside a journal.
#[derive(Clone, Debug)]
pub struct BlobStore {
    folder: PathBuf,
}

impl BlobStore {
    /// The store below an evidence folder.
    pub fn below(evidence: &Path) -> Self {
        Self {
            folder: evidence.join("blobs"),
        }
    }

    /// Turns bytes into what the journal holds.
    ///
    /// # Errors
    /// When a large payload cannot be written.
    pub fn put(&self, bytes: &[u8]) -> io::Result<Payload> {
        if bytes.len() > INLINE {
            let name = hex(&Sha256::digest(bytes));
            let path = self.folder.join(&name);
            if !path.exists() {
                fs::create_dir_all(&self.folder)?;
                fs::write(path, bytes)?;
            }
            return Ok(Payload::Blob(name));
        }
        Ok(match std::str::from_utf8(bytes) {
            Ok(text) => Payload::Text(text.to_owned()),
            Err(_) => Payload::Base64(STANDARD.encode(bytes)),
        })
    }

    /// Turns what the journal holds back into bytes.
    ///
    /// # Errors
    /// When a blob is missing or changed, or base64 is broken.
    pub fn get(&self, payload: &Payload) -> io::Result<Vec<u8>> {
        match payload {
            Payload::Text(text) => Ok(text.clone().into_bytes()),
            Payload::Base64(text) => STANDARD.decode(text).map_err(io::Error::other),
            Payload::Blob(name) => {
                let sound_name = name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
                if !sound_name {
                    return Err(io::Error::other(format!("`{name}` is no SHA-256")));
                }
                let bytes = fs::read(self.folder.join(name))?;
                if hex(&Sha256::digest(&bytes)) != *name {
                    return Err(io::Error::other(format!(
                        "blob {name} was changed after it was recorded"
                    )));
                }
                Ok(bytes)
            }
        }
    }
}
