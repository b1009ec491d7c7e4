//! The statement about a run, from its `report.json` and the manifest of its bundle.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;
use thiserror::Error;

use super::documents::SUITE_ID;
use super::{
    ChallengeRef, ConformanceReport, Evidence, Harness, Product, ProfileOutcome, ReadingChoice, RequirementResult,
    RunClaim, Statement, SuiteRef,
};
use crate::attest::canonical::{self, CanonicalError, StrictError};
use crate::attest::{Digest, DigestError};
use crate::text::Text;

/// Format of the report that can be signed.
const REPORT: &str = "junkyo-report/v1";

/// Why no statement follows from a report.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FromReportError {
    /// Not strict JSON.
    #[error("report.json is {0}")]
    Json(#[from] StrictError),
    /// Another form.
    #[error("report.json does not have the form of {REPORT}: {0}")]
    Form(String),
    /// A digest in it is none.
    #[error("report.json: {0}")]
    Digest(#[from] DigestError),
    /// The product has no name or no version.
    #[error("report.json names no {0} of the product; write it into [product] of the target file and run again")]
    Product(&'static str),
    /// A requirement stands twice in a profile.
    #[error("report.json lists {requirement} twice in {profile}")]
    Twice {
        /// The requirement.
        requirement: String,
        /// The profile.
        profile: String,
    },
    /// A number without canonical form.
    #[error("report.json: {0}")]
    Canonical(#[from] CanonicalError),
}

/// The statement that follows from a report, and nothing else does. `manifest` and `tree` are those of the bundle.
///
/// # Errors
/// When the report is no `junkyo-report/v1`, or does not say whose it is.
pub fn report_statement(
    report: &[u8],
    manifest: Digest,
    tree: Digest,
) -> Result<Statement<ConformanceReport>, FromReportError> {
    let view = read(report)?;
    let product = product(&view.product)?;
    let results = results(&view.profiles)?;
    let target = match view.run.target_sha256.as_str() {
        "" => None,
        digest => Some(digest.parse::<Digest>()?.into()),
    };
    let predicate = ConformanceReport {
        counts: view.requirements_by_verdict,
        evidence: Evidence {
            manifest: manifest.into(),
            tree: tree.into(),
        },
        profiles: view
            .profiles
            .into_iter()
            .map(|profile| ProfileOutcome {
                id: profile.id,
                outcome: profile.outcome,
            })
            .collect(),
        outcome: view.outcome,
        readings: view
            .readings
            .into_iter()
            .filter(|reading| !reading.is_default)
            .map(|reading| ReadingChoice {
                id: reading.id,
                option: reading.option,
            })
            .collect(),
        results,
        run: RunClaim {
            attempts: view.scenarios.iter().map(|scenario| scenario.attempts).sum(),
            challenge: view.run.challenge,
            duration_ms: view.run.duration_ms,
            exchanges: view.run.exchanges,
            interrupted: view.run.interrupted,
            partial: view.run.partial,
            retried: view.run.retried,
            seed: view.run.seed,
            started_at: view.run.started,
        },
        suite: SuiteRef {
            digest: view.corpus.sha256.parse::<Digest>()?.into(),
            uri: format!("pkg:generic/{SUITE_ID}@{}", view.tool),
        },
        harness: Harness { version: view.tool },
        target,
    };
    Ok(Statement {
        subject: vec![product.subject()?],
        predicate,
    })
}

/// The product that a report is about.
///
/// # Errors
/// As [`report_statement`].
pub fn product_of_report(report: &[u8]) -> Result<Product, FromReportError> {
    product(&read(report)?.product)
}

fn read(report: &[u8]) -> Result<ReportView, FromReportError> {
    let value = canonical::parse(report)?;
    let view: ReportView = serde_json::from_value(value).map_err(|error| FromReportError::Form(error.to_string()))?;
    if view.schema != REPORT {
        return Err(FromReportError::Form(format!("its format is `{}`", view.schema)));
    }
    Ok(view)
}

fn product(facts: &BTreeMap<String, String>) -> Result<Product, FromReportError> {
    let named = |key: &str| {
        facts
            .get(key)
            .map(String::as_str)
            .filter(|text| !text.trim().is_empty())
    };
    let name = named("name").ok_or(FromReportError::Product("name"))?;
    let version = named("version").ok_or(FromReportError::Product("version"))?;
    let vendor = named("vendor").ok_or(FromReportError::Product("vendor"))?;
    Ok(Product::new(vendor, named("corporate-number"), name, version))
}

fn results(profiles: &[ProfileView]) -> Result<Vec<RequirementResult>, FromReportError> {
    let mut seen = HashSet::new();
    let mut results = Vec::new();
    for profile in profiles {
        for requirement in &profile.requirements {
            if !seen.insert((&*profile.id, &*requirement.id)) {
                return Err(FromReportError::Twice {
                    requirement: requirement.id.clone(),
                    profile: profile.id.clone(),
                });
            }
            results.push(RequirementResult {
                held: requirement.held,
                id: requirement.id.clone(),
                judged: requirement.judged,
                profile: profile.id.clone(),
                reason: requirement.reason.clone(),
                verdict: requirement.verdict.clone(),
            });
        }
    }
    Ok(results)
}

/// What of a report is signed. The report's own type lives in a room that this one need not know.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct ReportView {
    schema: String,
    tool: String,
    corpus: CorpusView,
    product: BTreeMap<String, String>,
    run: RunView,
    outcome: String,
    requirements_by_verdict: BTreeMap<String, u64>,
    readings: Vec<ReadingView>,
    profiles: Vec<ProfileView>,
    scenarios: Vec<ScenarioView>,
}

#[derive(Deserialize)]
struct CorpusView {
    sha256: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct RunView {
    started: String,
    duration_ms: u64,
    seed: u64,
    target_sha256: String,
    partial: bool,
    interrupted: bool,
    exchanges: u64,
    retried: u64,
    #[serde(default)]
    challenge: Option<ChallengeRef>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct ReadingView {
    id: String,
    option: String,
    is_default: bool,
}

#[derive(Deserialize)]
struct ProfileView {
    id: String,
    outcome: String,
    requirements: Vec<RequirementView>,
}

#[derive(Deserialize)]
struct RequirementView {
    id: String,
    verdict: String,
    held: u64,
    judged: u64,
    #[serde(default)]
    reason: Option<Text>,
}

#[derive(Deserialize)]
struct ScenarioView {
    /// Not there where the scenario was withheld.
    #[serde(default)]
    attempts: u64,
}
