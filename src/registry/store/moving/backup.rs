//! A copy that can be opened at once.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::export::{copy_blobs, export};
use super::{BlobsFile, MovingError, check, empty_folder, write_json};
use crate::registry::store::{Store, StoreConfig, audit};

/// `backup.json`: what a copy holds, so that somebody can see how old it is.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub struct BackupFile {
    schema: String,
    /// Unix milliseconds.
    pub at: i64,
    /// `sqlite`: the folder is one to open; `export`: one to import.
    pub kind: String,
    /// The end of the audit chain.
    pub audit: audit::AuditHead,
    /// Blobs.
    pub blobs: BlobsFile,
}

/// Opens a copy and looks at everything in it; the end of its audit chain.
fn compared(store: &Store, to: &Path) -> Result<audit::AuditHead, MovingError> {
    let copy = Store::open(&StoreConfig::in_folder(to), store.clock())?;
    match check(&copy, &[])?.faults.first() {
        None => Ok(copy.read(audit::head)?),
        Some(fault) => Err(MovingError::Differs {
            what: to.display().to_string(),
            expected: "a whole copy".into(),
            found: fault.to_string(),
        }),
    }
}

/// Writes a copy into an empty folder while others go on. Of SQLite it is a data folder (`registry.sqlite3`, `blobs/`) that
/// a register can be started on, and everything in it was looked at; of PostgreSQL an export, as its own tools make better copies of the server.
///
/// A register that is started on an old copy must not sign its log before it has caught up with what was published.
///
/// # Errors
/// [`MovingError::NotEmpty`], [`MovingError::Differs`] when the store has faults, [`MovingError::Store`].
pub fn backup(store: &Store, to: &Path) -> Result<BackupFile, MovingError> {
    empty_folder(to)?;
    let file = |kind: &str, audit, blobs| BackupFile {
        schema: "registry-backup/v1".to_owned(),
        at: store.clock().now(),
        kind: kind.to_owned(),
        audit,
        blobs,
    };
    let file = if store.copy_database(&to.join("registry.sqlite3"))? {
        // Before the blobs: a blob is kept before a row refers to it, so none is missing.
        let blobs = copy_blobs(store, &to.join("blobs"))?;
        file("sqlite", compared(store, to)?, blobs)
    } else {
        let exported = export(store, &to.join("export"))?;
        file("export", exported.audit, exported.blobs)
    };
    write_json(&to.join("backup.json"), &file)?;
    Ok(file)
}
