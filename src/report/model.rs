//! The report: what a run found, in one value that every rendering reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::evidence::{ChallengeFacts, RealLooking};
use crate::judge::{Blame, CheckResult, Outcome, Verdict};
use crate::standard::{Kind, Level, Subject};
use crate::text::Text;

/// Name and version of the format of `report.json`.
pub const SCHEMA: &str = "junkyo-report/v1";

/// A whole report. `report.json` is this value.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// Format: `junkyo-report/v1`.
    pub schema: String,
    /// Version of junkyo that judged.
    pub tool: String,
    /// The corpus that was used.
    pub corpus: CorpusFacts,
    /// Vendor, corporate number, name and version of the product.
    pub product: BTreeMap<String, String>,
    /// The run.
    pub run: RunView,
    /// Outcome.
    pub outcome: Outcome,
    /// Why it is not `conformant`.
    pub reasons: Vec<Text>,
    /// Scenarios by verdict.
    pub scenarios_by_verdict: Counts,
    /// Checks by verdict.
    pub checks_by_verdict: Counts,
    /// Requirements of the claimed profiles by verdict.
    pub requirements_by_verdict: Counts,
    /// Numbers of people who may be real, that were seen in the run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub real_data: Option<RealDataView>,
    /// How stable the verdicts are; only where there was more than one run or attempt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stability: Option<StabilityView>,
    /// Options taken for the readings that bear on what was run.
    pub readings: Vec<ReadingView>,
    /// Claimed profiles with their requirements.
    pub profiles: Vec<ProfileView>,
    /// Scenarios in the order of the corpus.
    #[serde(deserialize_with = "super::withheld::scenarios")]
    pub scenarios: Vec<ScenarioView>,
}

/// Which corpus judged.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct CorpusFacts {
    /// SHA-256 over all its files.
    pub sha256: String,
    /// Requirements in it.
    pub requirements: usize,
    /// Scenarios in it.
    pub scenarios: usize,
}

/// Numbers by verdict, worst first.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Counts(pub BTreeMap<String, usize>);

impl Counts {
    /// Counts verdicts.
    pub fn of(verdicts: impl Iterator<Item = Verdict>) -> Self {
        let mut counts = Self::default();
        for verdict in verdicts {
            *counts.0.entry(verdict.word().to_owned()).or_default() += 1;
        }
        counts
    }

    /// How many of one verdict.
    pub fn get(&self, verdict: Verdict) -> usize {
        self.0.get(verdict.word()).copied().unwrap_or_default()
    }

    /// All together.
    pub fn total(&self) -> usize {
        self.0.values().sum()
    }
}

/// Facts about the run.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct RunView {
    /// Start, RFC 3339, UTC.
    pub started: String,
    /// From the first request to the last response, milliseconds.
    pub duration_ms: u64,
    /// Seed of the synthetic data.
    pub seed: u64,
    /// SHA-256 of the target file; empty for the reference platform.
    pub target_sha256: String,
    /// Whether only a selection was run.
    pub partial: bool,
    /// Whether it was interrupted.
    pub interrupted: bool,
    /// HTTP exchanges and TLS probes recorded.
    pub exchanges: usize,
    /// Scenarios that needed more than one attempt.
    pub retried: usize,
    /// The challenge of a registry that the run answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub challenge: Option<ChallengeFacts>,
    /// Recordings that this one was put together of.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub parts: usize,
}

fn one() -> usize {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_one(parts: &usize) -> bool {
    *parts == 1
}

/// How stable the verdicts are.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct StabilityView {
    /// Runs of the whole plan; the worst verdict counts.
    pub runs: usize,
    /// Scenarios that needed more than one attempt in a run.
    pub retried: usize,
    /// Scenarios that did not have the same verdict in all runs, or needed more than one attempt.
    pub unstable: Vec<UnstableView>,
}

/// A scenario whose verdict is not stable.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct UnstableView {
    /// Scenario id.
    pub id: Arc<str>,
    /// Its verdict in each run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub verdicts: Vec<Verdict>,
    /// Attempts in the run that counts.
    pub attempts: u32,
}

/// Numbers of people who may be real, that were seen in a run. The numbers themselves are nowhere.
#[derive(Clone, Debug, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct RealDataView {
    /// Why the target file allows them to be recorded; absent: they were masked, and the run is no statement of
    /// conformance.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<String>,
    /// How many.
    pub count: u32,
    /// Where, at most the first hundred places.
    pub places: Vec<RealDataPlace>,
}

/// Where numbers of people who may be real were seen.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct RealDataPlace {
    /// Scenario.
    pub scenario: Arc<str>,
    /// What was seen.
    #[serde(flatten)]
    pub seen: RealLooking,
}

/// A reading and the option taken.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ReadingView {
    /// Reading id.
    pub id: String,
    /// Subject.
    pub title: Text,
    /// Option taken.
    pub option: String,
    /// What the option means.
    pub meaning: Text,
    /// Whether it is the default of the corpus.
    pub is_default: bool,
}

/// A claimed profile.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ProfileView {
    /// Profile id.
    pub id: String,
    /// Name.
    pub title: Text,
    /// Outcome for this profile alone.
    pub outcome: Outcome,
    /// Its requirements.
    pub requirements: Vec<RequirementView>,
}

/// One row of the requirement table.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct RequirementView {
    /// Requirement id.
    pub id: String,
    /// What must hold.
    pub text: Text,
    /// How binding.
    pub level: Level,
    /// How we know it.
    pub kind: Kind,
    /// Source document and clause, e.g. `API リクエスト_API仕様!A9`.
    pub clause: String,
    /// Verdict.
    pub verdict: Verdict,
    /// Checks that held.
    pub held: usize,
    /// Checks that were judged.
    pub judged: usize,
    /// Scenarios that did not pass, at most the first ten.
    pub scenarios: Vec<Arc<str>>,
    /// Why it was not judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// What to do; only where the verdict is neither pass, info nor skip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub know_how: Option<Text>,
}

/// One scenario.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ScenarioView {
    /// Scenario id.
    pub id: Arc<str>,
    /// Title.
    pub title: Text,
    /// Role of the product.
    pub role: Subject,
    /// Family that generated it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<Arc<str>>,
    /// Verdict.
    pub verdict: Verdict,
    /// Attempts.
    pub attempts: u32,
    /// Time spent in exchanges, microseconds.
    pub elapsed_us: u64,
    /// Why it was skipped, blocked or could not be judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// Who has to act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blame: Option<Blame>,
    /// Checks.
    pub checks: Vec<CheckResult>,
    /// Exchanges as readable text; only for scenarios that did not pass, and not for all of very
    /// many. The exact bytes are in `evidence/`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exchanges: Vec<ExchangeView>,
    /// Random, so that from the hash of a line that was withheld nobody can find out what it said by trying; only where
    /// something is told of what was exchanged.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub salt: String,
    /// The command that repeats just this scenario; only where it did not pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<String>,
}

/// An exchange as readable text, cut at a limit.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ExchangeView {
    /// Index among the exchanges of the scenario; checks refer to it.
    pub index: usize,
    /// Step.
    pub step: Arc<str>,
    /// `api`, `token`, `introspection`, `probe` or `elsewhere`.
    pub channel: String,
    /// Whether the product opened it.
    pub by_product: bool,
    /// Milliseconds from the start of the run.
    pub started_ms: u64,
    /// Milliseconds until it was over.
    pub elapsed_ms: u64,
    /// TLS version, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<String>,
    /// Request as text; other bytes as hexadecimal.
    pub request: String,
    /// Response as text; other bytes as hexadecimal.
    pub response: String,
    /// What went wrong below HTTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Text>,
}
