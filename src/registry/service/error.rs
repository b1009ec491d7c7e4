//! Why the register did not do what it was asked for.

use thiserror::Error;

use crate::registry::model::{Fault, Refusal};
use crate::registry::store::StoreError;
use crate::text::Text;

/// A field of a form, and what is wrong with it.
#[derive(Clone, Debug, Eq, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct FieldError {
    /// Name of the field, as in JSON.
    pub field: String,
    /// What was expected, what was found, what to do.
    pub text: Text,
}

impl FieldError {
    /// A fault of a field.
    pub fn new(field: &str, text: Text) -> Self {
        Self {
            field: field.to_owned(),
            text,
        }
    }
}

/// Why an operation was not done. Nothing was changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The actor may not.
    #[error("this account may not do that")]
    Forbidden,
    /// There is no such thing, or the actor may not know that there is.
    #[error("there is no such thing")]
    NotFound,
    /// It cannot be done in this state.
    #[error("{}", .0.en)]
    Conflict(Text),
    /// Values are wrong; all of them.
    #[error("{}", .0.iter().map(|fault| format!("{}: {}", fault.field, fault.text.en)).collect::<Vec<_>>().join("; "))]
    Invalid(Vec<FieldError>),
    /// A bundle was refused; all reasons.
    #[error("{}", .0.iter().map(|refusal| format!("{}: {}", refusal.code, refusal.detail.en)).collect::<Vec<_>>().join("; "))]
    Refused(Vec<Refusal>),
    /// The database or the blobs failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Signing, time stamp, log or a file of the service failed: the operator has to act.
    #[error("{place}: {detail}")]
    Internal {
        /// Which part.
        place: &'static str,
        /// What happened.
        detail: String,
    },
}

impl ServiceError {
    /// A conflict with a text in both languages.
    pub fn conflict(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Conflict(Text::new(ja, en))
    }

    /// One wrong field.
    pub fn field(field: &str, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError::new(field, Text::new(ja, en))])
    }

    /// A fault of the service itself.
    pub fn internal(place: &'static str, error: impl std::fmt::Display) -> Self {
        Self::Internal {
            place,
            detail: error.to_string(),
        }
    }

    /// What a person reads.
    pub fn text(&self) -> Text {
        match self {
            Self::Forbidden => Text::new("この操作をする権限がありません。", "This account may not do that."),
            Self::NotFound => Text::new("見つかりません。", "There is no such thing."),
            Self::Conflict(text) => text.clone(),
            Self::Invalid(faults) => joined(faults.iter().map(|fault| &fault.text)),
            Self::Refused(refusals) => joined(refusals.iter().map(|refusal| &refusal.detail)),
            Self::Store(_) | Self::Internal { .. } => Text::new(
                "システムの障害により処理できませんでした。変更は行われていません。しばらくしてからもう一度お試しください。",
                "The service could not do it because of a fault of its own. Nothing was changed. Try again later.",
            ),
        }
    }
}

fn joined<'a>(texts: impl Iterator<Item = &'a Text>) -> Text {
    let all: Vec<&Text> = texts.collect();
    let of = |pick: fn(&Text) -> &str| all.iter().map(|text| pick(text)).collect::<Vec<_>>().join(" ");
    Text::new(of(|text| &text.ja), of(|text| &text.en))
}

impl From<Fault> for ServiceError {
    fn from(fault: Fault) -> Self {
        Self::Conflict(fault.0)
    }
}
