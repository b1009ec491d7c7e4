//! Why a bundle is not taken.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a bundle could not be written or opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BundleError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Not a bundle at all.
    #[error("{path} is no bundle: {detail}")]
    NotABundle {
        /// The file.
        path: PathBuf,
        /// What was wrong.
        detail: String,
    },
    /// A ZIP, but not the one that junkyo would have written of the same files.
    #[error(
        "{path}: {fault}{}; a bundle is taken only byte for byte as `junkyo` wrote it: do not pack it again, send it as it is",
        of_entry(entry)
    )]
    NotCanonical {
        /// The file.
        path: PathBuf,
        /// The entry where it was seen; empty where it is none.
        entry: String,
        /// What was wrong.
        fault: ZipFault,
    },
    /// Beyond a limit.
    #[error("{path}: {what} {found}, at most {limit} are taken")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// What there is too much of, e.g. `bytes in all:`.
        what: &'static str,
        /// How much was found (so far).
        found: u64,
        /// The limit.
        limit: u64,
    },
    /// A file does not match the manifest.
    #[error("{path}: `{entry}` {what}; the bundle was changed after it was written")]
    Changed {
        /// The bundle.
        path: PathBuf,
        /// The entry.
        entry: String,
        /// How it differs.
        what: &'static str,
    },
    /// What should be withheld cannot be.
    #[error("{path}: {detail}")]
    Redaction {
        /// The bundle.
        path: PathBuf,
        /// What was expected, what was found.
        detail: String,
    },
}

fn of_entry(entry: &str) -> String {
    if entry.is_empty() {
        String::new()
    } else {
        format!(" (at `{entry}`)")
    }
}

impl BundleError {
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io {
            path: path.to_owned(),
            source,
        }
    }

    pub(super) fn not_a_bundle(path: &Path, detail: impl Into<String>) -> Self {
        Self::NotABundle {
            path: path.to_owned(),
            detail: detail.into(),
        }
    }

    pub(super) fn changed(path: &Path, entry: &str, what: &'static str) -> Self {
        Self::Changed {
            path: path.to_owned(),
            entry: entry.to_owned(),
            what,
        }
    }

    /// The code by which machines tell the refusal: `not-a-bundle`, `not-canonical`, `too-large`, `manifest-mismatch`,
    /// `redaction-impossible` or `unreadable`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io { .. } => "unreadable",
            Self::NotABundle { .. } => "not-a-bundle",
            Self::NotCanonical { .. } => "not-canonical",
            Self::TooLarge { .. } => "too-large",
            Self::Changed { .. } => "manifest-mismatch",
            Self::Redaction { .. } => "redaction-impossible",
        }
    }
}

/// How a ZIP differs from the canonical one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ZipFault {
    /// Bytes before the first entry.
    Prefix,
    /// Bytes between entries, or entries that overlap.
    Gap,
    /// Bytes after the end.
    Trailer,
    /// The file ends too early.
    Truncated,
    /// Two entries of the same name.
    DuplicateName,
    /// Two names that differ only in upper and lower case.
    CaseDuplicate,
    /// Entries not in the order of their names.
    Order,
    /// A name that leads out of the folder, or is no clean relative path in NFC.
    UnsafeName,
    /// Compressed data.
    Compressed,
    /// Encrypted data.
    Encrypted,
    /// Sizes after the data instead of before.
    Descriptor,
    /// Two sizes that contradict each other.
    Sizes,
    /// Data that does not fit its checksum.
    Checksum,
    /// A symbolic link, a folder or another special file.
    SpecialFile,
    /// A field of an entry's head with another value than the canonical one.
    Header,
    /// Extra fields or comments.
    Extra,
    /// The directory at the end does not list exactly the entries that stand before it.
    Directory,
}

impl fmt::Display for ZipFault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Prefix => "something stands before the first entry",
            Self::Gap => "something stands between two entries, or they overlap",
            Self::Trailer => "something stands after the end of the archive",
            Self::Truncated => "it ends too early",
            Self::DuplicateName => "two entries have the same name",
            Self::CaseDuplicate => "two names differ only in upper and lower case",
            Self::Order => "the entries are not in the order of their names",
            Self::UnsafeName => "a name is no clean relative path",
            Self::Compressed => "an entry is compressed",
            Self::Encrypted => "an entry is encrypted",
            Self::Descriptor => "an entry tells its size after its data",
            Self::Sizes => "an entry tells two sizes",
            Self::Checksum => "an entry does not fit its checksum",
            Self::SpecialFile => "an entry is a link or another special file",
            Self::Header => "the head of an entry differs from the canonical one",
            Self::Extra => "there are extra fields or comments",
            Self::Directory => "the directory does not list exactly the entries that are there",
        })
    }
}
