//! Why a command could not be done, and the exit code of that.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::Exit;
use crate::attest::BundleError;
use crate::attest::challenge::ChallengeError;
use crate::drive::{MonitorError, PlanError, RunError, TargetError};
use crate::evidence::JournalError;
use crate::report::{AgainError, MergeError};
use crate::scenario::{CorpusError, FilterError};

/// Why a command could not be done.
#[derive(Debug, Error)]
pub(super) enum CliError {
    /// Faults of the corpus, one a line.
    #[error("the corpus cannot be used:\n{}", .0.iter().map(|error| format!("  {error}")).collect::<Vec<_>>().join("\n"))]
    Corpus(Vec<CorpusError>),
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Filter(#[from] FilterError),
    #[error(transparent)]
    Run(#[from] RunError),
    #[error(transparent)]
    Monitor(#[from] MonitorError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Bundle(#[from] BundleError),
    #[error(transparent)]
    Again(#[from] AgainError),
    #[error(transparent)]
    Challenge(#[from] ChallengeError),
    #[error(transparent)]
    Merge(#[from] MergeError),
    /// Writing to standard output failed.
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
    /// A file could not be written.
    #[error("cannot write {path}: {source}")]
    Write { path: PathBuf, source: io::Error },
    /// Begun and not finished; the text says why.
    #[error("{0}")]
    Unfinished(String),
    /// Anything else that the user can mend.
    #[error("{0}")]
    Usage(String),
}

impl CliError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Run(RunError::Journal(_)) | Self::Journal(JournalError::Write { .. }) => Exit::Incomplete,
            Self::Output(_) | Self::Write { .. } | Self::Unfinished(_) => Exit::Incomplete,
            Self::Bundle(BundleError::Changed { .. } | BundleError::NotCanonical { .. })
            | Self::Again(AgainError::OtherTarget { .. }) => Exit::NonConformant,
            _ => Exit::Usage,
        }
    }
}
