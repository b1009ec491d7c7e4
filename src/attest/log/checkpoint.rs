//! Checkpoints (C2SP tlog-checkpoint): origin, size and root of a log.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use super::Hash;
use super::note::{Note, NoteSigner, SignerError, VerifierKey};

/// What a log says of itself.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Checkpoint {
    /// Name of the log, also that of its key.
    pub origin: String,
    /// Number of entries.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hash,
}

/// Why a text is no checkpoint, or none of this log.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum CheckpointError {
    /// Not three lines of a checkpoint.
    #[error("checkpoint, line {line}: expected {expected}, found {found:?}")]
    Form {
        /// Line, from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// Of another log.
    #[error("the checkpoint is of the log {found:?}, expected {expected:?}")]
    OtherLog {
        /// The log that was asked.
        expected: String,
        /// The log that it is of.
        found: String,
    },
    /// Not signed by the key of the log.
    #[error("the checkpoint of {origin} is not signed by the key {key}")]
    NotSigned {
        /// The log.
        origin: String,
        /// The key that should have signed.
        key: String,
    },
}

impl Checkpoint {
    /// Reads the text of a note. Lines after the third are extensions, which are signed, but say nothing to us.
    ///
    /// # Errors
    /// If it is no checkpoint.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        let line = |index: usize, expected| {
            let found = lines.get(index).copied().unwrap_or_default();
            match found.strip_suffix('\n') {
                Some(line) if !line.is_empty() => Ok(line),
                _ => Err(form(index, expected, found)),
            }
        };
        let origin = line(0, "the name of the log")?;
        let size = line(1, "the size in decimal")?;
        let root = line(2, "the root in base64, 32 bytes")?;
        for index in 3..lines.len() {
            line(index, "an extension that is not empty")?;
        }
        Ok(Self {
            origin: origin.to_owned(),
            size: decimal(size).ok_or_else(|| form(1, "the size in decimal", size))?,
            root: decode_hash(root).ok_or_else(|| form(2, "the root in base64, 32 bytes", root))?,
        })
    }

    /// Reads a note that the key of a log has signed. The name of the key is the origin of the log.
    ///
    /// # Errors
    /// If it is no checkpoint, of another log, or not signed by that key.
    pub fn open(note: &Note, key: &VerifierKey) -> Result<Self, CheckpointError> {
        let checkpoint = Self::parse(note.text())?;
        if checkpoint.origin != key.name() {
            return Err(CheckpointError::OtherLog {
                expected: key.name().to_owned(),
                found: checkpoint.origin,
            });
        }
        if !key.signed(note) {
            return Err(CheckpointError::NotSigned {
                origin: checkpoint.origin,
                key: key.to_string(),
            });
        }
        Ok(checkpoint)
    }

    /// Signs it with the key of the log.
    ///
    /// # Errors
    /// When the key does not sign.
    pub fn sign(&self, signer: &NoteSigner) -> Result<Note, SignerError> {
        signer.sign(&self.to_string())
    }
}

/// The text that is signed.
impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }
}

fn form(index: usize, expected: &'static str, found: &str) -> CheckpointError {
    CheckpointError::Form {
        line: index + 1,
        expected,
        found: found.chars().take(120).collect(),
    }
}

/// A number without sign and leading zeros, so that it is written in one way only.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let value: u64 = text.parse().ok()?;
    (value.to_string() == text).then_some(value)
}

/// 32 bytes in base64.
pub(super) fn decode_hash(text: &str) -> Option<Hash> {
    STANDARD.decode(text).ok()?.try_into().ok()
}
