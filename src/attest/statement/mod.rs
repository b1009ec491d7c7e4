//! Statements: what is signed, said about whom (in-toto Statement v1).
//!
//! A statement binds a *predicate* (what is said) to *subjects* (about whom, by digest). It is written as canonical JSON,
//! but signatures cover the bytes as they are: nothing is canonicalised when verifying. Every predicate refuses members
//! that it does not know, and its type is compared whole, so that no statement passes for another one.

mod documents;
mod from_report;
mod product;
mod registration;
mod report;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use thiserror::Error;

use super::canonical::{self, CanonicalError, StrictError};
use super::{Digest, DigestSet};

pub use documents::{
    CatalogSnapshot, InterconnectionMode, InterconnectionReport, InterconnectionSide, KeyEvent, KeyEventKind, KeyFacts,
    LogFacts, ManifestProfile, RfpSummary, SUITE_ID, SUITE_MANIFEST_SCHEMA, SuiteManifest, SuiteRelease, SuiteStatus,
};
pub use from_report::{FromReportError, product_of_report, report_statement};
pub use product::{Artifact, Product, ProductSchema, Vendor};
pub use registration::{Basis, EventKind, Reason, RegistrationEvent, Review, Scope, WaiverRef};
pub use report::{
    ChallengeRef, ConformanceReport, Evidence, Harness, ProfileOutcome, ReadingChoice, RequirementResult, RunClaim,
    SuiteRef,
};

/// Version of the statement form.
pub const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";

/// Type of one of our predicates. The domain is a placeholder: it is replaced before the first official release by one
/// that the certifying body keeps for ten years and more, which changes every digest and signature.
macro_rules! predicate_type {
    ($name:literal) => {
        concat!("https://junkyo.example/attestation/", $name)
    };
}
pub(crate) use predicate_type;

/// What can be said about a subject.
pub trait Predicate: Serialize + DeserializeOwned {
    /// Its type, the whole URI.
    const TYPE: &'static str;
}

/// What a statement is about.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Digest of its descriptor or bytes.
    pub digest: DigestSet,
    /// Name for people.
    pub name: String,
}

impl Subject {
    /// A subject by name and digest.
    pub fn new(name: impl Into<String>, digest: Digest) -> Self {
        Self {
            digest: digest.into(),
            name: name.into(),
        }
    }
}

/// A statement about subjects.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Statement<P> {
    /// About whom.
    pub subject: Vec<Subject>,
    /// What is said.
    pub predicate: P,
}

/// Why bytes are not the statement that was expected.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StatementError {
    /// Not strict JSON.
    #[error("the statement is {0}")]
    Json(#[from] StrictError),
    /// No in-toto statement v1.
    #[error("no in-toto statement: `_type` is {0}, `{STATEMENT_TYPE}` is expected")]
    NoStatement(String),
    /// A statement of another type.
    #[error("the statement is of type {found}; {expected} is expected")]
    Type {
        /// What was asked for.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// The right type, another form.
    #[error("the statement does not have the form of {kind}: {detail}")]
    Form {
        /// The predicate type.
        kind: &'static str,
        /// Where it differs.
        detail: String,
    },
}

impl<P: Predicate> Statement<P> {
    /// The canonical bytes, to be signed.
    ///
    /// # Errors
    /// When the predicate holds a number that has no canonical form.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_bytes(&json!({
            "_type": STATEMENT_TYPE,
            "predicate": serde_json::to_value(&self.predicate)?,
            "predicateType": P::TYPE,
            "subject": serde_json::to_value(&self.subject)?,
        }))
    }

    /// Reads a statement of exactly this type.
    ///
    /// # Errors
    /// When it is ambiguous JSON, another type, or has unknown or missing members.
    pub fn parse(bytes: &[u8]) -> Result<Self, StatementError> {
        let mut value = canonical::parse(bytes)?;
        let kind = predicate_type_of(&value)?;
        if kind != P::TYPE {
            return Err(StatementError::Type {
                expected: P::TYPE,
                found: kind.to_owned(),
            });
        }
        let form = |detail: String| StatementError::Form { kind: P::TYPE, detail };
        let members = value.as_object_mut().ok_or_else(|| form("not an object".into()))?;
        members.remove("_type");
        members.remove("predicateType");
        let mut take = |name: &str| members.remove(name).ok_or_else(|| form(format!("`{name}` is missing")));
        let (subject, predicate) = (take("subject")?, take("predicate")?);
        if let Some((other, _)) = members.iter().next() {
            return Err(form(format!("unknown member `{other}`")));
        }
        let subject: Vec<Subject> = serde_json::from_value(subject).map_err(|error| form(error.to_string()))?;
        if subject.is_empty() {
            return Err(form("no subject".into()));
        }
        let predicate = serde_json::from_value(predicate).map_err(|error| form(error.to_string()))?;
        Ok(Self { subject, predicate })
    }
}

/// The predicate type of a statement that was read strictly.
///
/// # Errors
/// When it is no in-toto statement.
pub fn predicate_type_of(statement: &Value) -> Result<&str, StatementError> {
    let member = |name: &str| statement.get(name).and_then(Value::as_str);
    if member("_type") != Some(STATEMENT_TYPE) {
        let found = statement
            .get("_type")
            .map_or_else(|| "missing".to_owned(), Value::to_string);
        return Err(StatementError::NoStatement(found));
    }
    member("predicateType").ok_or_else(|| StatementError::NoStatement("right, but `predicateType` is missing".into()))
}

#[cfg(test)]
mod tests;
