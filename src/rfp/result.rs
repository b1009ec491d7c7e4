//! The result of a check: one value that every rendering reads. `result.json` is this value in canonical JSON.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::list::{Answer, Clause, ListNote, ListSource, Offer, Place};
use super::matching::ClauseMatch;
use crate::attest::canonical::{self, CanonicalError};
use crate::attest::{Digest, DigestSet};
use crate::text::Text;
use crate::text::date::Day;

/// Name and version of the format.
pub const RESULT_SCHEMA: &str = "rfp-result/v1";

/// What became of a claim.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Finding {
    /// Registered, valid, verified evidence for exactly these requirements and this version says so.
    Substantiated,
    /// The evidence, or the withdrawal of the registration, says the contrary.
    Contradicted,
    /// The registration that would substantiate it is suspended.
    Suspended,
    /// The registration that would substantiate it has expired.
    Expired,
    /// There is no such evidence.
    NotSubstantiated,
    /// It cannot be told: unconfirmed match, stale catalog, missing report, version not told.
    Undetermined,
    /// The vendor makes no claim that evidence could bear on now.
    NotClaimed,
    /// The corpus tests nothing of the clause.
    OutOfScope,
}

impl Finding {
    /// All, in the order in which they are counted and shown.
    pub const ALL: [Self; 8] = [
        Self::Contradicted,
        Self::Suspended,
        Self::Expired,
        Self::NotSubstantiated,
        Self::Undetermined,
        Self::Substantiated,
        Self::NotClaimed,
        Self::OutOfScope,
    ];

    /// The word of data files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Substantiated => "substantiated",
            Self::Contradicted => "contradicted",
            Self::Suspended => "suspended",
            Self::Expired => "expired",
            Self::NotSubstantiated => "not-substantiated",
            Self::Undetermined => "undetermined",
            Self::NotClaimed => "not-claimed",
            Self::OutOfScope => "out-of-scope",
        }
    }

    /// The word that people read.
    pub fn text(self) -> Text {
        match self {
            Self::Substantiated => Text::new("裏づけあり", "substantiated"),
            Self::Contradicted => Text::new("矛盾", "contradicted"),
            Self::Suspended => Text::new("停止中", "suspended"),
            Self::Expired => Text::new("期限切れ", "expired"),
            Self::NotSubstantiated => Text::new("裏づけなし", "not substantiated"),
            Self::Undetermined => Text::new("判定不能", "undetermined"),
            Self::NotClaimed => Text::new("主張なし", "not claimed"),
            Self::OutOfScope => Text::new("対象外", "out of scope"),
        }
    }

    /// What it means, in a sentence.
    pub fn meaning(self) -> Text {
        match self {
            Self::Substantiated => Text::new(
                "提案された版について、基準日に有効な登録の検証済みの証拠が、この要件のすべてに合格したことを示している。",
                "A registration in force on the day, for the version offered, shows with verified evidence that every one of these requirements passed.",
            ),
            Self::Contradicted => Text::new(
                "登録された試験結果又は登録の取消しが、回答と反対のことを示している。",
                "The registered result, or the withdrawal of the registration, says the contrary of the answer.",
            ),
            Self::Suspended => Text::new(
                "裏づけとなる登録が、基準日に停止されている。",
                "The registration that would substantiate it is suspended on the day.",
            ),
            Self::Expired => Text::new(
                "裏づけとなる登録の有効期限が、基準日までに過ぎている。",
                "The registration that would substantiate it has expired on the day.",
            ),
            Self::NotSubstantiated => Text::new(
                "提案された製品と版について、この要件に合格した有効な登録がない。虚偽という意味ではない。",
                "No valid registration of the offered product and version shows it. This does not mean that the answer is false.",
            ),
            Self::Undetermined => Text::new(
                "判断に必要なもの（対応づけの確認、新しいカタログ、版の記載など）が足りない。",
                "Something that is needed is missing: a confirmed match, a fresh catalog, the version …",
            ),
            Self::NotClaimed => Text::new(
                "現時点で対応するという回答ではない（不可・予定・対象外・未回答）。",
                "The answer does not say that the product does it now (no, planned, not applicable, empty).",
            ),
            Self::OutOfScope => Text::new(
                "準拠試験の対象となる要件がない（価格、体制、研修など）。別の方法で評価する。",
                "The conformance tests have no requirement for it (prices, staff, training …); it has to be judged in another way.",
            ),
        }
    }

    /// Whether a reader has to act on it.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Substantiated | Self::NotClaimed | Self::OutOfScope)
    }

    /// The graver of two findings about parts of one claim.
    pub(super) fn graver(self, other: Self) -> Self {
        let rank = |finding: Self| match finding {
            Self::Contradicted => 6,
            Self::Suspended => 5,
            Self::Expired => 4,
            Self::Undetermined => 3,
            Self::NotSubstantiated => 2,
            _ => 1,
        };
        if rank(other) > rank(self) { other } else { self }
    }
}

/// The whole result.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RfpResult {
    /// `rfp-result/v1`.
    pub schema: String,
    /// Version of junkyo.
    pub tool: String,
    /// Day on which the findings hold.
    pub as_of: Day,
    /// Title of the list.
    pub title: String,
    /// Files of the list and the answers.
    pub sources: Vec<ListSource>,
    /// SHA-256 of the decisions that were used, by clause: absent if there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmations: Option<Digest>,
    /// The requirements that clauses were matched to.
    pub suite: SuiteRef,
    /// The catalog that was asked.
    pub catalog: CatalogRef,
    /// Who offers what.
    pub offers: Vec<OfferView>,
    /// Clauses in the order of the list.
    pub rows: Vec<Row>,
    /// What a reader should know about the reading of the list.
    pub notes: Vec<ListNote>,
}

/// A corpus.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SuiteRef {
    /// Name and version.
    pub uri: String,
    /// SHA-256 of its files.
    pub digest: String,
}

/// A catalog.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CatalogRef {
    /// Name of the register.
    pub name: String,
    /// Number of the snapshot.
    pub no: u64,
    /// When it was made.
    pub issued_at: String,
    /// By when the next one comes.
    pub next_update: String,
    /// Entries of the log.
    pub log_size: u64,
    /// Root of the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_root: Option<DigestSet>,
    /// SHA-256 of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Digest>,
    /// The day of the result lies after `nextUpdate`: nothing in it can be relied on.
    pub is_stale: bool,
    /// What was verified of it: signature of the snapshot and by which key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<Text>,
}

/// An offer.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfferView {
    /// As the vendor wrote it.
    pub offer: Offer,
    /// Registrations that were looked at, with their status on the day.
    pub registrations: Vec<RegistrationView>,
    /// Claims by finding.
    pub counts: BTreeMap<String, u64>,
}

/// A registration on the day.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RegistrationView {
    /// Number.
    pub registration: String,
    /// Product.
    pub product: String,
    /// Version.
    pub version: String,
    /// Vendor.
    pub vendor: String,
    /// Status on the day; absent if it was not registered yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// First day.
    pub valid_from: Day,
    /// Last day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Day>,
}

/// A clause with what became of the claims about it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Row {
    /// The clause.
    pub clause: Clause,
    /// What it asks for.
    pub found: ClauseMatch,
    /// One for each offer, in their order.
    pub cells: Vec<Cell>,
}

/// A claim and what became of it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Cell {
    /// What is promised.
    pub answer: Answer,
    /// As written.
    pub written: String,
    /// Remark of the vendor.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub remark: String,
    /// Where the answer stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What became of it.
    pub finding: Finding,
    /// Why, one sentence each.
    pub reasons: Vec<Text>,
    /// Evidence, one for each requirement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// What it would be if the first suggestion were confirmed, or the catalog fresh. It counts for nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provisional: Option<Provisional>,
}

/// What a claim would be.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Provisional {
    /// Finding.
    pub finding: Finding,
    /// Under which condition.
    pub condition: Text,
}

/// What is known about one requirement.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Evidence {
    /// Requirement.
    pub requirement: String,
    /// What it amounts to.
    pub finding: Finding,
    /// The registration that it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
    /// Product of that registration.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub product: String,
    /// Its version.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub version: String,
    /// Status of the registration on the day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Last day of the registration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Day>,
    /// Verdict of the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// Checks that held.
    #[serde(default)]
    pub held: u64,
    /// Checks that were judged.
    #[serde(default)]
    pub judged: u64,
    /// SHA-256 of the payload of the report.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Digest>,
    /// SHA-256 of the payload of the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<Digest>,
    /// Entry of the decision in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log_index: Option<u64>,
    /// Why it is not substantiated, or what has to be known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// What the whole result amounts to; the exit code of the command follows from it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// Every claim is substantiated or out of scope.
    Clear,
    /// A claim is contradicted, suspended, expired or not substantiated.
    Open,
    /// Nothing of that kind, but something cannot be told.
    Undetermined,
}

impl RfpResult {
    /// Claims by finding, over all offers.
    pub fn counts(&self) -> BTreeMap<String, u64> {
        let mut counts = BTreeMap::new();
        for cell in self.rows.iter().flat_map(|row| &row.cells) {
            *counts.entry(cell.finding.word().to_owned()).or_default() += 1;
        }
        counts
    }

    /// What it amounts to.
    pub fn outcome(&self) -> Outcome {
        let findings = || self.rows.iter().flat_map(|row| &row.cells).map(|cell| cell.finding);
        if findings().any(|finding| finding.is_open() && finding != Finding::Undetermined) {
            Outcome::Open
        } else if findings().any(|finding| finding == Finding::Undetermined) || findings().next().is_none() {
            Outcome::Undetermined
        } else {
            Outcome::Clear
        }
    }

    /// `result.json`: canonical JSON, the same bytes for the same inputs on any machine.
    ///
    /// # Errors
    /// Never in practice: there is no number in it that canonical JSON cannot hold.
    pub fn to_json(&self) -> Result<Vec<u8>, CanonicalError> {
        canonical::to_bytes(self)
    }

    /// Reads `result.json`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn from_json(bytes: &[u8]) -> Result<Self, String> {
        let value = canonical::parse(bytes).map_err(|error| error.to_string())?;
        let result: Self = serde_json::from_value(value).map_err(|error| error.to_string())?;
        if result.schema == RESULT_SCHEMA {
            Ok(result)
        } else {
            Err(format!("expected schema {RESULT_SCHEMA}, found {:?}", result.schema))
        }
    }
}
