//! Why the store could not do what it was asked for.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::attest::Digest;
use crate::wire::place::PlaceError;

/// Which rule of the database a statement broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstraintKind {
    /// There is a row of the key already.
    Unique,
    /// A row that is referred to is not there, or a row that others refer to would go.
    ForeignKey,
    /// A column that needs a value has none.
    NotNull,
    /// A CHECK, or the type of a column.
    Check,
    /// Rows of the table are never changed and never go.
    AppendOnly,
}

/// Why the store could not do what it was asked for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The configuration cannot be used.
    #[error("[store] {key} = {value:?}: {why}")]
    Config {
        /// The key.
        key: &'static str,
        /// As written, without a password.
        value: String,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// The database cannot be opened or reached.
    #[error("{database}: cannot open the database: {why}")]
    Unreached {
        /// Where it is; no password in it.
        database: String,
        /// The cause.
        why: String,
    },
    /// The database was made by a newer junkyo.
    #[error(
        "{database}: the database has migration {found}, and this junkyo knows {known} as the last one; use the junkyo that wrote it, or a newer one"
    )]
    Newer {
        /// Where it is.
        database: String,
        /// The migration that is unknown.
        found: i64,
        /// The last one that is known.
        known: i64,
    },
    /// A migration is not what was applied.
    #[error(
        "{database}: migration {number} was applied with digest {applied}, and this junkyo has {ours}; the database belongs to another build of junkyo"
    )]
    OtherMigration {
        /// Where it is.
        database: String,
        /// Its number.
        number: i64,
        /// As recorded in the database.
        applied: String,
        /// Of the embedded file.
        ours: String,
    },
    /// A migration could not be applied.
    #[error("{database}: migration {number} failed, nothing of it was applied: {source}")]
    Migration {
        /// Where it is.
        database: String,
        /// Its number.
        number: i64,
        /// The cause.
        source: Box<Self>,
    },
    /// Others write all the time.
    #[error("the database was busy {attempts} times; try again later ({why})")]
    Busy {
        /// How often it was tried.
        attempts: u32,
        /// What the database says.
        why: String,
    },
    /// No space is left, or a file would be larger than it may be.
    #[error("no space is left for {what}: {why}; make room, nothing was changed")]
    Full {
        /// What was written.
        what: String,
        /// What the system says.
        why: String,
    },
    /// The database file is damaged.
    #[error("the database is damaged: {why}; restore a backup")]
    Damaged {
        /// What the database says.
        why: String,
    },
    /// A rule of the database was broken.
    #[error("the database refuses ({kind:?}): {why}")]
    Constraint {
        /// Which rule.
        kind: ConstraintKind,
        /// What the database says.
        why: String,
    },
    /// A statement that the database does not carry out.
    #[error("{why} in `{statement}`")]
    Statement {
        /// What the database says.
        why: String,
        /// Its beginning.
        statement: String,
    },
    /// A column is not what was expected.
    #[error("column {number}: expected {expected}, found {found}")]
    Column {
        /// Counted from 0.
        number: usize,
        /// What was expected.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A statement after one that failed.
    #[error("a statement of this transaction failed before; nothing more can be done in it")]
    Aborted,
    /// A transaction inside a transaction of the same thread.
    #[error("a transaction was begun inside another one of the same thread")]
    Nested,
    /// A text with a NUL character, which PostgreSQL cannot hold.
    #[error("value {number} has a NUL character, which no column can hold")]
    Nul {
        /// Of the placeholder, from 1.
        number: usize,
    },
    /// There is no blob of the digest.
    #[error("{place}: there is no blob {digest}")]
    NoBlob {
        /// The place.
        place: String,
        /// Its digest.
        digest: Digest,
    },
    /// A blob is not what its name says.
    #[error("{place}: blob {digest} is damaged: its content has digest {found}; restore it from a backup")]
    DamagedBlob {
        /// The place.
        place: String,
        /// Its name.
        digest: Digest,
        /// Digest of what is there.
        found: Digest,
    },
    /// An object store refused or was not reached.
    #[error(transparent)]
    Place(#[from] PlaceError),
    /// Reading or writing a file.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A job whose lease is not held any more: another worker has it, or it is done.
    #[error("job {id} is not held under this lease any more")]
    LeaseLost {
        /// Its number.
        id: i64,
    },
    /// A value that cannot be written as JSON.
    #[error("cannot be written as JSON: {why}")]
    Json {
        /// The cause.
        why: String,
    },
}

impl StoreError {
    /// Whether a row of the key was there already.
    pub fn is_unique(&self) -> bool {
        matches!(
            self,
            Self::Constraint {
                kind: ConstraintKind::Unique,
                ..
            }
        )
    }

    /// The error of a file: a full disk is told apart.
    pub(super) fn io(path: &Path, source: std::io::Error) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match source.kind() {
            StorageFull | QuotaExceeded | FileTooLarge => Self::Full {
                what: path.display().to_string(),
                why: source.to_string(),
            },
            _ => Self::Io {
                path: path.to_owned(),
                source,
            },
        }
    }

    pub(super) fn statement(sql: &str, why: impl ToString) -> Self {
        let mut statement: String = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        if let Some((at, _)) = statement.char_indices().nth(160) {
            statement.truncate(at);
            statement.push('…');
        }
        Self::Statement {
            why: why.to_string(),
            statement,
        }
    }
}
