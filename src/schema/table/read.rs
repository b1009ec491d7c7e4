//! Reading and writing table files.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::model::Table;
use crate::schema::read_regular;

/// Bytes of a table file that are read at the most.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// Names of a table file in its folder, in the order in which they are looked for.
const NAMES: [&str; 2] = ["table.toml", "table.json"];

/// Why a table cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TableError {
    /// The file cannot be read.
    #[error("cannot read the table {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The folder has no table.
    #[error(
        "{path}: expected a folder with table.toml or table.json, found neither; make one with junkyo import WORKBOOK.xlsx --out DIR"
    )]
    NoTable {
        /// The folder.
        path: PathBuf,
    },
    /// The file is no TOML or JSON, or has other keys than a table.
    #[error("{path}: {message}")]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its place.
        message: String,
    },
    /// The table contradicts itself.
    #[error("{path}: the table cannot be used:\n{}", .faults.iter().map(|fault| format!("  {fault}")).collect::<Vec<_>>().join("\n"))]
    Faults {
        /// The file, or the id of a table that was made in memory.
        path: PathBuf,
        /// One sentence each.
        faults: Vec<String>,
    },
    /// A group that the table does not have.
    #[error("the table has no group {wanted}; it has: {}", .known.join(", "))]
    NoGroup {
        /// What was asked for.
        wanted: String,
        /// Groups that there are.
        known: Vec<String>,
    },
}

impl Table {
    /// Reads a table from a file (TOML, or JSON by its extension), or from the folder that holds it.
    ///
    /// # Errors
    /// See [`TableError`].
    pub fn from_path(path: &Path) -> Result<Self, TableError> {
        let file = if path.is_dir() {
            NAMES
                .iter()
                .map(|name| path.join(name))
                .find(|file| file.is_file())
                .ok_or_else(|| TableError::NoTable { path: path.to_owned() })?
        } else {
            path.to_owned()
        };
        let read = |source| TableError::Read {
            path: file.clone(),
            source,
        };
        let form = |message| TableError::Form {
            path: file.clone(),
            message,
        };
        let bytes = read_regular(&file, MOST_BYTES).map_err(read)?;
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            form(format!(
                "expected UTF-8, found other bytes after byte {}",
                error.valid_up_to()
            ))
        })?;
        let is_json = file
            .extension()
            .is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let table: Self = if is_json {
            serde_json::from_str(text).map_err(|error| form(error.to_string()))?
        } else {
            toml::from_str(text).map_err(|error| form(error.to_string()))?
        };
        let faults = table.faults();
        if faults.is_empty() {
            Ok(table)
        } else {
            Err(TableError::Faults { path: file, faults })
        }
    }
}
