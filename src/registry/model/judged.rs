//! What judging a bundle gave, as far as the register keeps it in its tables.

use serde::{Deserialize, Serialize};

use crate::attest::Digest;
use crate::text::Text;

/// A requirement and its verdict.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequirementResult {
    /// Profile.
    pub profile: String,
    /// Requirement id.
    pub id: String,
    /// Verdict word: `pass`, `fail`, `warn`, `info`, `skip`, `blocked`, `review`, `waived`, `error`.
    pub verdict: String,
    /// Checks that held.
    pub held: u64,
    /// Checks that were judged.
    pub judged: u64,
    /// Why it is not `pass`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// A profile and its outcome.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileResult {
    /// Profile id.
    pub id: String,
    /// Outcome word: `conformant`, `not-conformant`, `incomplete` …
    pub outcome: String,
}

/// What the evidence gives with one corpus.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JudgedReport {
    /// Digest of the corpus that judged, 64 hexadecimal digits.
    pub corpus: String,
    /// Outcome word over all profiles.
    pub outcome: String,
    /// Profiles in the order of the report.
    pub profiles: Vec<ProfileResult>,
    /// Requirements by profile and id.
    pub results: Vec<RequirementResult>,
    /// SHA-256 of `report.json`.
    pub report: Option<Digest>,
}

/// A requirement whose verdict is another one than before.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Requirement id.
    pub id: String,
    /// Verdict before; none: it was not asked.
    pub before: Option<String>,
    /// Verdict now; none: it is no longer asked.
    pub now: Option<String>,
}

impl JudgedReport {
    /// Requirements whose verdicts differ from an earlier judgement, by id.
    pub fn changes_since(&self, before: &Self) -> Vec<Change> {
        let of = |report: &Self| -> std::collections::BTreeMap<String, String> {
            report
                .results
                .iter()
                .map(|result| (result.id.clone(), result.verdict.clone()))
                .collect()
        };
        let (old, new) = (of(before), of(self));
        let ids: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
        ids.into_iter()
            .filter(|id| old.get(*id) != new.get(*id))
            .map(|id| Change {
                id: id.clone(),
                before: old.get(id).cloned(),
                now: new.get(id).cloned(),
            })
            .collect()
    }
}
