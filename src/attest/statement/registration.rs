//! `registration-event/v1`: what the certifying body decides about a product.

use serde::{Deserialize, Serialize};

use super::{Predicate, predicate_type};
use crate::attest::{Digest, DigestSet};
use crate::text::Text;

/// One event in the life of a registration. `previous` and `sequence` chain the events of a registration.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegistrationEvent {
    /// Requirements that a flagged suite got wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub affects: Vec<String>,
    /// What the decision rests on; of `registered`, `extended` and `interconnected`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basis: Option<Basis>,
    /// What happened.
    pub event: EventKind,
    /// Digest of the payload of the event before; `null` for the first.
    pub previous: Option<DigestSet>,
    /// Why, in public words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Number, e.g. `JK-2026-000421-17`.
    pub registration_number: String,
    /// Day by which a suspension is looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_by: Option<String>,
    /// What is registered; of `registered` and `extended`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// 1 for the first event of a registration.
    pub sequence: u64,
    /// Number of the registration that takes its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
    /// First day, YYYY-MM-DD, on which the event counts.
    pub valid_from: String,
    /// Last day of the registration, YYYY-MM-DD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
}

impl Predicate for RegistrationEvent {
    const TYPE: &'static str = predicate_type!("registration-event/v1");
}

/// What can happen to a registration.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// Entered into the register.
    Registered,
    /// Not to be relied upon for now.
    Suspended,
    /// A suspension has ended.
    Reinstated,
    /// Taken back for good.
    Withdrawn,
    /// A newer version took its place.
    Superseded,
    /// Valid for longer.
    Extended,
    /// The last day of validity has passed.
    Expired,
    /// Interconnection with another product was confirmed.
    Interconnected,
    /// The suite behind it was found to be wrong in places.
    SuiteFlagged,
}

impl EventKind {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Registered,
        Self::Suspended,
        Self::Reinstated,
        Self::Withdrawn,
        Self::Superseded,
        Self::Extended,
        Self::Expired,
        Self::Interconnected,
        Self::SuiteFlagged,
    ];

    /// The word in statements and log entries.
    pub fn word(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Suspended => "suspended",
            Self::Reinstated => "reinstated",
            Self::Withdrawn => "withdrawn",
            Self::Superseded => "superseded",
            Self::Extended => "extended",
            Self::Expired => "expired",
            Self::Interconnected => "interconnected",
            Self::SuiteFlagged => "suite-flagged",
        }
    }
}

/// What is registered.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Declared features.
    pub features: Vec<String>,
    /// Profiles.
    pub profiles: Vec<String>,
    /// STEP, where the body grades.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// SHA-256 of the corpus.
    pub suite: DigestSet,
    /// Business units, two digits each.
    pub units: Vec<String>,
}

/// What a decision rests on.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// Digests of documents that were looked at.
    pub documents: Vec<DigestSet>,
    /// Digest of the payload of the signed report.
    pub report: DigestSet,
    /// Who looked and who decided.
    pub review: Review,
    /// Waivers that count.
    pub waivers: Vec<WaiverRef>,
}

/// A waiver that a decision names.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaiverRef {
    /// Requirement that it is about.
    pub requirement: String,
    /// SHA-256 of the waiver's canonical JSON.
    pub sha256: Digest,
}

/// Four eyes, without names: `exm:7`, `apr:3`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    /// Who decided.
    pub approver: String,
    /// Who examined.
    pub examiners: Vec<String>,
}

/// Why something was decided.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Code, e.g. `nonconformity`.
    pub code: String,
    /// Words for the public.
    pub public: Text,
}
