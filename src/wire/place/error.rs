//! Why a place could not be used, and who has to act.

use std::path::PathBuf;

use thiserror::Error;

/// Why a place could not be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// Not exactly one kind of place is named.
    #[error("[files] names {found} places; name exactly one of `folder`, `[files.s3]`, `[files.sftp]`")]
    NotOne {
        /// How many.
        found: usize,
    },
    /// A secret is missing.
    #[error("[files] needs the environment variable {name}, which is not set")]
    NoSecret {
        /// Name of the variable.
        name: String,
    },
    /// The address of the object store.
    #[error("[files.s3] endpoint `{address}`: {why}")]
    Address {
        /// As written.
        address: String,
        /// What is wrong with it.
        why: String,
    },
    /// A key of the file that cannot be used.
    #[error("[files] {key} = {value:?}: {why}")]
    Key {
        /// The key.
        key: &'static str,
        /// As written.
        value: String,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// Reading or writing a file of this machine.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The other side was reached and refused.
    #[error("{place}: cannot {what}: {why}")]
    Refused {
        /// The place.
        place: String,
        /// What was to be done.
        what: String,
        /// What it said.
        why: String,
    },
    /// The other side could not be reached, or did not do in time what it was asked for.
    #[error("{place}: cannot {what}: {why}")]
    Unreached {
        /// The place.
        place: String,
        /// What was to be done.
        what: String,
        /// What happened.
        why: String,
    },
    /// There is no file of the name.
    #[error("{place}: there is no file `{name}`")]
    Missing {
        /// The place.
        place: String,
        /// The name.
        name: String,
    },
    /// A name that no file of a place can have.
    #[error(
        "`{name}` is no name of a file: a name has no folder, quote, wildcard or control character, and does not begin with a dot or a hyphen"
    )]
    Name {
        /// The name.
        name: String,
    },
    /// A file is larger than what is read.
    #[error("`{name}` is larger than {most} bytes")]
    TooLarge {
        /// The name.
        name: String,
        /// Bytes that are read at the most.
        most: u64,
    },
    /// A listing does not end.
    #[error("{place}: the listing does not end ({found} names so far): {why}")]
    Endless {
        /// The place.
        place: String,
        /// Names so far.
        found: usize,
        /// How it is seen.
        why: &'static str,
    },
}

impl PlaceError {
    /// Who has to act: `network`, `product` for what was laid down, else `configuration`.
    pub fn blame(&self) -> &'static str {
        match self {
            Self::Unreached { .. } => "network",
            Self::Name { .. } | Self::TooLarge { .. } | Self::Missing { .. } => "product",
            _ => "configuration",
        }
    }
}
