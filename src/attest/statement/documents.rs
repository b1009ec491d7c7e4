//! The other statements: suites, keys, snapshots of the catalog, interconnection, results of RFP checks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Harness, Predicate, RequirementResult, SuiteRef, predicate_type};
use crate::attest::canonical::{self, CanonicalError};
use crate::attest::{Digest, DigestSet};
use crate::scenario::Corpus;
use crate::text::Text;

/// `suite-release/v1`: the body publishes a corpus, or takes it back. Subject: the digest of the corpus.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SuiteRelease {
    /// Requirements that a withdrawn suite got wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub affects: Vec<String>,
    /// SHA-256 of `suite-manifest.json`.
    pub manifest: DigestSet,
    /// Whether it may be used.
    pub status: SuiteStatus,
    /// First day, YYYY-MM-DD.
    pub valid_from: String,
    /// Last day, YYYY-MM-DD.
    pub valid_until: String,
}

impl Predicate for SuiteRelease {
    const TYPE: &'static str = predicate_type!("suite-release/v1");
}

/// Whether a suite may be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SuiteStatus {
    /// In use.
    Active,
    /// Taken back.
    Withdrawn,
}

/// `suite-manifest.json`: which requirements a profile asks for.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuiteManifest {
    /// SHA-256 of the corpus.
    pub corpus: DigestSet,
    /// Name of the suite.
    pub id: String,
    /// Its profiles, by id.
    pub profiles: Vec<ManifestProfile>,
    /// `suite-manifest/v1`.
    pub schema: String,
    /// Its version.
    pub version: String,
}

/// What a profile asks for.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestProfile {
    /// Profile id.
    pub id: String,
    /// Requirements that have to be in a report and do not decide: recommended, or not tested (`junkyo list --coverage`).
    pub other: Vec<String>,
    /// Binding requirements that are tested: each has to hold, or to say why it does not apply.
    pub required: Vec<String>,
}

/// Form of [`SuiteManifest`].
pub const SUITE_MANIFEST_SCHEMA: &str = "suite-manifest/v1";

/// Name of the corpus that ships with junkyo.
pub const SUITE_ID: &str = "junkyo-corpus";

impl SuiteManifest {
    /// The manifest of a corpus.
    ///
    /// # Errors
    /// When the corpus has no digest.
    pub fn of(corpus: &Corpus) -> Result<Self, crate::attest::DigestError> {
        let mut profiles: Vec<ManifestProfile> = corpus
            .profiles
            .iter()
            .filter(|profile| profile.subject.is_some())
            .map(|profile| {
                let (required, other): (Vec<_>, Vec<_>) = corpus
                    .requirements
                    .iter()
                    .filter(|requirement| profile.holds(requirement))
                    .partition(|requirement| requirement.level.is_binding() && requirement.not_tested.is_none());
                let ids = |requirements: Vec<&crate::standard::Requirement>| {
                    requirements
                        .into_iter()
                        .map(|requirement| requirement.id.clone())
                        .collect()
                };
                ManifestProfile {
                    id: profile.id.clone(),
                    other: ids(other),
                    required: ids(required),
                }
            })
            .collect();
        profiles.sort_by(|one, other| one.id.cmp(&other.id));
        Ok(Self {
            corpus: corpus.digest.parse::<Digest>()?.into(),
            id: SUITE_ID.into(),
            profiles,
            schema: SUITE_MANIFEST_SCHEMA.into(),
            version: env!("CARGO_PKG_VERSION").into(),
        })
    }

    /// The canonical bytes: `suite-manifest.json`.
    ///
    /// # Errors
    /// Never in practice: there is no number in it.
    pub fn to_bytes(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_bytes(self)
    }

    /// What a profile asks for.
    pub fn profile(&self, id: &str) -> Option<&ManifestProfile> {
        self.profiles.iter().find(|profile| profile.id == id)
    }
}

/// `key-event/v1`: a key begins or ends to count for a vendor. Subject: the SPKI of the key.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct KeyEvent {
    /// Since when (RFC 3339) signatures of a revoked key are void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compromised_since: Option<String>,
    /// What happened.
    pub event: KeyEventKind,
    /// The key.
    pub key: KeyFacts,
    /// Last day, YYYY-MM-DD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
    /// Signature of the new key over what it was asked to sign, base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof_of_possession: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// When it counts from, RFC 3339.
    pub since: String,
    /// 法人番号 of the vendor.
    pub vendor: String,
}

impl Predicate for KeyEvent {
    const TYPE: &'static str = predicate_type!("key-event/v1");
}

/// What can happen to a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyEventKind {
    /// It counts.
    Registered,
    /// It counts no longer.
    Revoked,
}

/// A public key in a statement.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyFacts {
    /// `ed25519` or `p256`.
    pub alg: String,
    /// SPKI, base64.
    pub spki: String,
}

/// `catalog-snapshot/v1`: the catalog of one day. Subject: the digest of `catalog.json`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CatalogSnapshot {
    /// When it was made, RFC 3339.
    pub issued_at: String,
    /// The log that it follows from.
    pub log: LogFacts,
    /// By when the next one comes, RFC 3339. After that a verdict on the status is undetermined.
    pub next_update: String,
    /// Its number; 1 more than that of the one before.
    pub no: u64,
}

impl Predicate for CatalogSnapshot {
    const TYPE: &'static str = predicate_type!("catalog-snapshot/v1");
}

/// A state of the log.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogFacts {
    /// Root of its tree.
    pub root: DigestSet,
    /// Its entries.
    pub size: u64,
}

/// `interconnection-report/v1`: two products with each other. Subjects: both products, in the order of `sides`.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InterconnectionReport {
    /// What ran and judged.
    pub harness: Harness,
    /// How they met.
    pub mode: InterconnectionMode,
    /// `conformant`, `non-conformant` or `incomplete`.
    pub outcome: String,
    /// What was judged.
    pub results: Vec<RequirementResult>,
    /// Where the evidence of each side is.
    pub sides: Vec<InterconnectionSide>,
    /// Start, RFC 3339, UTC.
    pub started_at: String,
    /// The suite.
    pub suite: SuiteRef,
    /// Business units that were connected, two digits each.
    pub units: Vec<String>,
}

impl Predicate for InterconnectionReport {
    const TYPE: &'static str = predicate_type!("interconnection-report/v1");
}

/// How two products met.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InterconnectionMode {
    /// Both were running.
    Live,
    /// What one sent in its recorded run was replayed to the other.
    Replayed,
}

/// One of two connected products.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InterconnectionSide {
    /// SHA-256 of the manifest of its bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<DigestSet>,
    /// Digest of the product.
    pub product: DigestSet,
    /// `sender`, `receiver` or `both`.
    pub role: String,
}

/// `rfp-result/v1`: a municipality's check of claims. Subject: the digest of the result file.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RfpSummary {
    /// Day on which the findings hold, YYYY-MM-DD.
    pub as_of: String,
    /// SHA-256 of the catalog that was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catalog: Option<DigestSet>,
    /// Claims by finding.
    pub counts: BTreeMap<String, u64>,
    /// The suite whose requirements were matched.
    pub suite: SuiteRef,
}

impl Predicate for RfpSummary {
    const TYPE: &'static str = predicate_type!("rfp-result/v1");
}
