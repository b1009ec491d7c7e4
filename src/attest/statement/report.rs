//! `conformance-report/v1`: what a vendor signs about a run.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Predicate, predicate_type};
use crate::attest::DigestSet;
use crate::text::Text;

/// What a run found. Everything in it follows from `report.json` and the manifest of the bundle.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ConformanceReport {
    /// Requirements by verdict.
    pub counts: BTreeMap<String, u64>,
    /// The evidence behind it.
    pub evidence: Evidence,
    /// What judged.
    pub harness: Harness,
    /// `conformant`, `non-conformant` or `incomplete`.
    pub outcome: String,
    /// Profiles with their outcomes.
    pub profiles: Vec<ProfileOutcome>,
    /// Readings that were switched away from their default.
    pub readings: Vec<ReadingChoice>,
    /// Requirements with their verdicts, in the order of the report; each at most once in a profile.
    pub results: Vec<RequirementResult>,
    /// The run.
    pub run: RunClaim,
    /// What it was judged against.
    pub suite: SuiteRef,
    /// SHA-256 of the target file; absent for the reference platform.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<DigestSet>,
}

impl Predicate for ConformanceReport {
    const TYPE: &'static str = predicate_type!("conformance-report/v1");
}

/// The evidence of a run.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// SHA-256 of `manifest.json`: the identity of the bundle.
    pub manifest: DigestSet,
    /// Root of the Merkle tree over its files.
    pub tree: DigestSet,
}

/// The program that ran and judged.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Harness {
    /// Its version.
    pub version: String,
}

/// Outcome for one profile.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProfileOutcome {
    /// Profile id.
    pub id: String,
    /// `conformant`, `non-conformant` or `incomplete`.
    pub outcome: String,
}

/// An option taken for a reading.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadingChoice {
    /// Reading id.
    pub id: String,
    /// Option.
    pub option: String,
}

/// What became of a requirement.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequirementResult {
    /// Checks that held.
    pub held: u64,
    /// Requirement id.
    pub id: String,
    /// Checks that were judged.
    pub judged: u64,
    /// Profile in which it was asked.
    pub profile: String,
    /// Why it was not judged or does not apply.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// Verdict word of the report.
    pub verdict: String,
}

/// What is said of the run.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunClaim {
    /// Attempts at scenarios, repetitions included.
    pub attempts: u64,
    /// The challenge that seeded the data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<ChallengeRef>,
    /// Milliseconds from the first request to the last response.
    pub duration_ms: u64,
    /// Exchanges recorded.
    pub exchanges: u64,
    /// Whether it was interrupted.
    pub interrupted: bool,
    /// Whether only a selection was run.
    pub partial: bool,
    /// Scenarios that needed more than one attempt.
    pub retried: u64,
    /// Seed of the synthetic data.
    pub seed: u64,
    /// Start, RFC 3339, UTC; the vendor's clock.
    pub started_at: String,
}

/// A challenge of the register.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChallengeRef {
    /// Its id.
    pub id: String,
    /// Its nonce, base64.
    pub nonce: String,
}

/// The suite that was run.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SuiteRef {
    /// SHA-256 of the corpus.
    pub digest: DigestSet,
    /// Name and version as a package URL.
    pub uri: String,
}
