//! Data on the move: export, import, backup, and whether all of it is whole.
//!
//! An export is a folder that any database and any place for blobs can be filled from:
//!
//! ```text
//! export.json            what is in it: tables with rows and digests, blobs, migrations
//! tables/NAME.jsonl      one row a line: an array of texts, numbers, nulls, {"bytes": base64}, {"int": "…"} beyond 2^53
//! blobs/ab/cdef…         each under its SHA-256
//! ```

mod backup;
mod check;
mod export;
mod import;
mod line;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use backup::{BackupFile, backup};
pub use check::{CheckReport, Fault, check};
pub use export::export;
pub use import::import;

use super::migrations::MIGRATIONS;
use super::{StoreError, audit};
use crate::attest::{Digest, canonical};

/// Name of the file that tells what is in an export.
const EXPORT: &str = "export.json";
const SCHEMA: &str = "registry-export/v1";

/// `export.json`.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ExportFile {
    schema: String,
    /// Unix milliseconds.
    pub at: i64,
    migrations: Vec<MigrationFile>,
    /// Tables, sorted by name.
    pub tables: Vec<TableFile>,
    /// Blobs.
    pub blobs: BlobsFile,
    /// The end of the audit chain.
    pub audit: audit::AuditHead,
}

/// A migration that the data went through.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
struct MigrationFile {
    number: i64,
    name: String,
    sha256: Digest,
}

/// A table of an export.
#[derive(Clone, Debug, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct TableFile {
    /// Its name.
    pub name: String,
    /// Its columns, in order.
    pub columns: Vec<String>,
    /// Number of rows.
    pub rows: u64,
    /// Digest of its file.
    pub sha256: Digest,
}

/// Blobs of an export.
#[derive(Clone, Debug, Default, Serialize, Deserialize, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct BlobsFile {
    /// How many.
    pub count: u64,
    /// Bytes of all.
    pub bytes: u64,
}

/// Why data could not be moved.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MovingError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is something already where the data is to go.
    #[error("{what} is not empty ({found}); nothing was changed: name an empty one")]
    NotEmpty {
        /// A folder or a database.
        what: String,
        /// What is there.
        found: String,
    },
    /// A file of an export that cannot be read.
    #[error("{}:{line}: {why}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Counted from 1; 0 for the whole file.
        line: u64,
        /// What was expected and what was found.
        why: String,
    },
    /// The export has been through other migrations.
    #[error(
        "{}: the export ends with migration {theirs}, and this junkyo with {ours}; import it with the junkyo that made it, then open the data with this one",
        path.display()
    )]
    OtherMigrations {
        /// `export.json`.
        path: PathBuf,
        /// The last migration of the export.
        theirs: i64,
        /// The last one known.
        ours: i64,
    },
    /// What is there after the move is not what was moved.
    #[error("{what}: expected {expected}, found {found}; the data is not what was exported")]
    Differs {
        /// A table or a blob.
        what: String,
        /// As the export says.
        expected: String,
        /// As it is.
        found: String,
    },
}

impl MovingError {
    fn io(path: &Path, source: io::Error) -> Self {
        Self::Store(StoreError::io(path, source))
    }
}

fn migrations() -> Vec<MigrationFile> {
    let all = MIGRATIONS.iter().map(|migration| MigrationFile {
        number: migration.number,
        name: migration.name.to_owned(),
        sha256: Digest::of(migration.sql.as_bytes()),
    });
    all.collect()
}

/// Makes a folder, which may be there if it is empty.
fn empty_folder(path: &Path) -> Result<(), MovingError> {
    fs::create_dir_all(path).map_err(|error| MovingError::io(path, error))?;
    let mut entries = fs::read_dir(path).map_err(|error| MovingError::io(path, error))?;
    match entries.next() {
        None => Ok(()),
        Some(entry) => Err(MovingError::NotEmpty {
            what: path.display().to_string(),
            found: entry.map_or_else(
                |_| "something".into(),
                |entry| entry.file_name().to_string_lossy().into_owned(),
            ),
        }),
    }
}

/// Writes canonical JSON and waits until it is on disk.
fn write_json(path: &Path, value: &impl Serialize) -> Result<(), MovingError> {
    let bytes = canonical::to_bytes(value).map_err(|error| StoreError::Json { why: error.to_string() })?;
    let written = fs::write(path, bytes).and_then(|()| fs::File::open(path)?.sync_all());
    written.map_err(|error| MovingError::io(path, error))
}

#[cfg(test)]
mod tests;
