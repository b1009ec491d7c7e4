//! Why the log could not be written, or must not be.

use thiserror::Error;

use crate::attest::log::{CheckpointError, LeafError, NoteError, PolicyError, SignerError, TileError};
use crate::registry::store::StoreError;
use crate::registry::witness::AskError;

/// Why the log could not be written, or must not be.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LogError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file of the published log.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        why: String,
    },
    /// A published checkpoint, or one in the database, that is none.
    #[error("{place}: {source}")]
    Note {
        /// Where it stands.
        place: String,
        /// The cause.
        source: NoteError,
    },
    /// A published checkpoint of another log, or not signed by our key.
    #[error("{place}: {source}; if the key of the log was changed, this is a new log and needs a new name")]
    Checkpoint {
        /// Where it stands.
        place: String,
        /// The cause.
        source: CheckpointError,
    },
    /// The witnesses and the quorum make no policy.
    #[error("witnesses of the log: {0}")]
    Policy(#[from] PolicyError),
    /// The key did not sign.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// A published tile.
    #[error(transparent)]
    Tile(#[from] TileError),
    /// An entry that is none of ours.
    #[error("entry {position} of the log in the database: {source}")]
    Leaf {
        /// Its number, from 0.
        position: u64,
        /// The cause.
        source: LeafError,
    },
    /// Entries are missing in the database.
    #[error(
        "the database ends with entry {found} of the log, {place} has {expected}: a backup was restored. Nothing is signed, or the log would fork: bring back the newest state of the database"
    )]
    Behind {
        /// Who knows more.
        place: String,
        /// Entries there.
        expected: u64,
        /// Entries in the database.
        found: u64,
    },
    /// An entry was changed, or one is missing in the middle.
    #[error(
        "the database was changed: entry {position} of the log {what}. Nothing is signed: find out who, and restore a backup"
    )]
    Changed {
        /// Its number, from 0.
        position: u64,
        /// How it differs.
        what: &'static str,
    },
    /// The entries lead to another root than was signed.
    #[error(
        "the first {size} entries of the log in the database do not lead to the root that {place} has: the database was changed, or this is another one. Nothing is signed, or the log would fork"
    )]
    Root {
        /// Number of entries.
        size: u64,
        /// Where the other root stands.
        place: String,
    },
    /// A published tile differs from the database.
    #[error("the published file {path} is not what the database leads to: one of them was changed. Nothing is signed")]
    Tiles {
        /// The file, below the folder of the log.
        path: String,
    },
    /// Not enough witnesses have cosigned. The entries are safe; the checkpoint is published as soon as they have.
    #[error("the checkpoint of size {size} has {found} cosignature(s), not enough to be published; {why}")]
    Quorum {
        /// Its size.
        size: u64,
        /// Witnesses that cosigned.
        found: usize,
        /// What the others said.
        why: String,
    },
    /// A witness has another root for a size: it, or we, were deceived.
    #[error("witness {name}: {source}")]
    Witness {
        /// Its name.
        name: String,
        /// The cause.
        source: AskError,
    },
    /// Another process is publishing for a long time.
    #[error("another process has been publishing the log for too long; try again later")]
    Busy,
    /// No such entry is published.
    #[error("entry {position} is not published; the log has {size} entries")]
    NotPublished {
        /// The entry.
        position: u64,
        /// Size of the published log.
        size: u64,
    },
    /// Stopped on purpose, in a test.
    #[error("stopped before the step {0:?}")]
    Stopped(super::Step),
}
