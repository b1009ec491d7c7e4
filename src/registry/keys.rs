//! The keys of the register, each in a file of its own that only the service may read.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use thiserror::Error;

use crate::attest::key::{Algorithm, FileKey, KeyFileError, Signer};

/// Why the keys cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeysError {
    /// A key file.
    #[error(transparent)]
    File(#[from] KeyFileError),
    /// The folder.
    #[error("{path}: {source}")]
    Io {
        /// The folder.
        path: std::path::PathBuf,
        /// The cause.
        source: std::io::Error,
    },
}

/// Signers by duty. A key has one duty, so that losing one does not give away the others.
pub struct Keys {
    /// Decisions: events of registrations, keys of vendors, receipts (P-256).
    pub decision: Arc<dyn Signer>,
    /// Releases of suites (P-256).
    pub suite: Arc<dyn Signer>,
    /// Snapshots of the catalog (P-256).
    pub snapshot: Arc<dyn Signer>,
    /// Checkpoints of the log (Ed25519).
    pub log: Arc<dyn Signer>,
    /// The trust bundle: says which of the others count (P-256).
    pub root: Arc<dyn Signer>,
    /// The root of the built-in time stamping authority (P-256).
    pub stamp_root: Arc<dyn Signer>,
    /// The built-in time stamping authority (P-256).
    pub stamp: Arc<dyn Signer>,
}

impl Keys {
    /// Reads the key files of a folder and makes those that are not there.
    ///
    /// # Errors
    /// If a file cannot be read, is readable by others, or needs another passphrase.
    pub fn open(folder: &Path, passphrase: Option<&[u8]>) -> Result<Self, KeysError> {
        fs::create_dir_all(folder).map_err(|source| KeysError::Io {
            path: folder.to_owned(),
            source,
        })?;
        let key = |name: &str, algorithm| file_key(folder, name, algorithm, passphrase);
        let shared = |name: &str| -> Result<Arc<dyn Signer>, KeysError> { Ok(Arc::new(key(name, Algorithm::P256)?)) };
        Ok(Self {
            decision: shared("decision")?,
            suite: shared("suite")?,
            snapshot: shared("snapshot")?,
            log: Arc::new(key("log", Algorithm::Ed25519)?),
            root: shared("root")?,
            stamp_root: shared("stamp-root")?,
            stamp: shared("stamp")?,
        })
    }
}

fn file_key(folder: &Path, name: &str, algorithm: Algorithm, passphrase: Option<&[u8]>) -> Result<FileKey, KeysError> {
    let path = folder.join(format!("{name}.pem"));
    if path.exists() {
        return Ok(FileKey::load(&path, passphrase)?);
    }
    let key = FileKey::generate(algorithm)?;
    match key.store(&path, passphrase) {
        Ok(()) => Ok(key),
        // Another instance on the same folder was faster.
        Err(KeyFileError::Exists(_)) => Ok(FileKey::load(&path, passphrase)?),
        Err(error) => Err(error.into()),
    }
}
