//! `catalog.json`: the whole catalog as one file, with its number, its time and its place in the log.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::fold::{Catalog, FoldError};
use super::record::Record;
use crate::attest::canonical::{self, CanonicalError, StrictError};
use crate::attest::statement::{CatalogSnapshot, LogFacts, Statement, Subject};
use crate::attest::{Digest, DigestSet};

/// Word that says which form the file has.
const SCHEMA: &str = "catalog/v1";

/// Largest file that is read, in bytes.
const MAX_FILE: usize = 256 << 20;

/// Number, time and place in the log of a published catalog.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Head {
    /// Name of the register.
    pub catalog: String,
    /// 1 for the first snapshot, and more for each later one.
    pub no: u64,
    /// When it was made (RFC 3339, UTC).
    pub issued_at: String,
    /// When the next one comes at the latest: after that, this one is stale.
    pub next_update: String,
    /// The log that it was folded from.
    pub log: LogHead,
}

/// Size and root of the log.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LogHead {
    /// Root.
    pub root: DigestSet,
    /// Entries.
    pub size: u64,
}

/// The form of the file. Its fields stand in the order of RFC 8785.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CatalogFile {
    catalog: String,
    issued_at: String,
    log: LogHead,
    next_update: String,
    no: u64,
    records: Vec<Record>,
    schema: String,
}

/// Why a file is no catalog.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CatalogFileError {
    /// Larger than any catalog of ours.
    #[error("the catalog has {0} bytes; at most {MAX_FILE} are read")]
    TooLarge(usize),
    /// Not strict JSON.
    #[error("the catalog is {0}")]
    Json(#[from] StrictError),
    /// JSON of another form.
    #[error("no catalog ({SCHEMA}): {0}")]
    Form(String),
    /// Records that cannot stand together.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// It cannot be written.
    #[error("the catalog cannot be written: {0}")]
    Write(#[from] CanonicalError),
    /// It has no number and no place in the log yet.
    #[error("the catalog was not published: it has no number and no place in the log")]
    NoHead,
}

impl Head {
    /// What the body signs: number and place in the log of a file with this digest.
    pub fn statement(&self, file: Digest) -> Statement<CatalogSnapshot> {
        Statement {
            subject: vec![Subject::new(format!("catalog-{}.json", self.no), file)],
            predicate: CatalogSnapshot {
                issued_at: self.issued_at.clone(),
                log: LogFacts {
                    root: self.log.root,
                    size: self.log.size,
                },
                next_update: self.next_update.clone(),
                no: self.no,
            },
        }
    }
}

impl Catalog {
    /// The file, in canonical JSON.
    ///
    /// # Errors
    /// If it has no [`Head`].
    pub fn to_json(&self) -> Result<Vec<u8>, CatalogFileError> {
        let head = self.head().ok_or(CatalogFileError::NoHead)?.clone();
        let file = CatalogFile {
            catalog: head.catalog,
            issued_at: head.issued_at,
            log: head.log,
            next_update: head.next_update,
            no: head.no,
            records: self.records().to_vec(),
            schema: SCHEMA.to_owned(),
        };
        Ok(canonical::to_bytes(&file)?)
    }

    /// Reads the file. Returns the catalog and the digest that a signed snapshot names.
    ///
    /// # Errors
    /// If it is none.
    pub fn from_json(bytes: &[u8]) -> Result<(Self, Digest), CatalogFileError> {
        if bytes.len() > MAX_FILE {
            return Err(CatalogFileError::TooLarge(bytes.len()));
        }
        let value = canonical::parse(bytes)?;
        let file: CatalogFile =
            serde_json::from_value(value).map_err(|error| CatalogFileError::Form(error.to_string()))?;
        if file.schema != SCHEMA {
            return Err(CatalogFileError::Form(format!("its schema is {:?}", file.schema)));
        }
        let head = Head {
            catalog: file.catalog,
            no: file.no,
            issued_at: file.issued_at,
            next_update: file.next_update,
            log: file.log,
        };
        Ok((Self::from_records(file.records, Some(head))?, Digest::of(bytes)))
    }
}
