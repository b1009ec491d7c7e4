//! A copy that can be opened at once.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::export::{copy_blobs, export};
use super::{BlobsFile, MovingError, empty_folder, write_json};
use crate::registry::store::{Store, audit};

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

/// Writes a copy into an empty folder while others go on. Of SQLite it is a data folder (`registry.sqlite3`, `blobs/`) that
/// a register can be started on; of PostgreSQL an export, as its own tools make better copies of the server.
///
/// A register that is started on an old copy must not sign its log before it has caught up with what was published.
///
/// # Errors
/// [`MovingError::NotEmpty`], [`MovingError::Store`].
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
        let audit = store.read(audit::head)?;
        file("sqlite", audit, copy_blobs(store, &to.join("blobs"))?)
    } else {
        let exported = export(store, &to.join("export"))?;
        file("export", exported.audit, exported.blobs)
    };
    write_json(&to.join("backup.json"), &file)?;
    Ok(file)
}
