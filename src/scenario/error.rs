//! What can be wrong with a corpus. Every message names the file and the line.

use thiserror::Error;

use crate::standard::unit::UnitError;
use crate::standard::{FileError, Location};

/// One fault of a corpus.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CorpusError {
    /// A file could not be read or parsed.
    #[error(transparent)]
    File(#[from] FileError),
    /// The files of the business units contradict each other.
    #[error(transparent)]
    Unit(#[from] UnitError),
    /// A name that nothing defines.
    #[error("{location}: {user} refers to {what} `{name}`, which does not exist{hint}")]
    Unknown {
        /// Where it is used.
        location: Location,
        /// Who uses it.
        user: String,
        /// Kind of thing: requirement, check, reading …
        what: &'static str,
        /// The name.
        name: String,
        /// `; did you mean …?`, or nothing.
        hint: String,
    },
    /// The same id twice.
    #[error("{location}: {what} id `{id}` is already used at {first}; ids are unique and never change their meaning")]
    Duplicate {
        /// The second place.
        location: Location,
        /// Kind of thing.
        what: &'static str,
        /// The id.
        id: String,
        /// The first place.
        first: Location,
    },
    /// A check, a step or a family is not formed as it has to be.
    #[error("{location}: {user}: {message}")]
    Form {
        /// Where.
        location: Location,
        /// Scenario, family or requirement.
        user: String,
        /// What was expected and found.
        message: String,
    },
    /// A text lacks one of the languages.
    #[error("{location}: {user} lacks its {language} {what}; every text exists in Japanese and English")]
    MissingText {
        /// Where.
        location: Location,
        /// Whose text.
        user: String,
        /// `Japanese` or `English`.
        language: &'static str,
        /// Which text.
        what: &'static str,
    },
    /// An id of the lock file is gone or has another meaning.
    #[error("{location}: {message}")]
    Lock {
        /// Where.
        location: Location,
        /// What happened and what to do.
        message: String,
    },
}

/// `; did you mean …?` for the closest known name.
pub(crate) fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    similar::get_close_matches(name, &known, 1, 0.6)
        .first()
        .map_or_else(String::new, |close| format!("; did you mean `{close}`?"))
}
