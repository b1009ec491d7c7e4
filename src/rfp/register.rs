//! What the check asks of the register: records of the catalog, found by number or by names, and the vendors' signed
//! reports behind them.

use std::collections::HashMap;

use thiserror::Error;

use super::fold;
use crate::attest::Digest;
use crate::attest::envelope::Envelope;
use crate::attest::statement::{ConformanceReport, Statement};
use crate::catalog::{Catalog, EventKind, Record, StatusChange};
use crate::text::date::Day;

/// Reports by the digest that the catalog names.
#[derive(Debug, Default)]
pub struct Reports {
    by_digest: HashMap<Digest, Results>,
}

/// Results of one report: verdicts by requirement, in each profile.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Results {
    by_requirement: HashMap<String, Vec<Verdict>>,
    /// SHA-256 of the corpus that it was judged against.
    pub suite: Option<Digest>,
}

/// What became of a requirement in one profile.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Verdict {
    /// Profile.
    pub profile: String,
    /// Word of the report: `pass`, `fail` …
    pub word: String,
    /// Checks that held.
    pub held: u64,
    /// Checks that were judged.
    pub judged: u64,
}

/// Why a report cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReportError {
    /// It is no signed statement.
    #[error("expected a DSSE envelope with a conformance report, found: {0}")]
    Form(String),
    /// It is another one than the catalog names.
    #[error("the report has the digest {found}, the catalog names {expected}: fetch both again")]
    Other {
        /// The digest in the catalog.
        expected: Digest,
        /// That of the payload.
        found: Digest,
    },
}

impl Reports {
    /// Adds a report: a line of `report.intoto.jsonl`. That it is the registered one follows from its digest, which the
    /// catalog names; the catalog is what has to be trusted.
    ///
    /// # Errors
    /// If it is another report, or none.
    pub fn add(&mut self, expected: Digest, envelope: &[u8]) -> Result<(), ReportError> {
        let first = envelope
            .split(|byte| *byte == b'\n')
            .find(|line| !line.trim_ascii().is_empty());
        let line = first.unwrap_or_default();
        let envelope = Envelope::parse(line).map_err(|error| ReportError::Form(error.to_string()))?;
        let found = envelope.payload_digest();
        if found != expected {
            return Err(ReportError::Other { expected, found });
        }
        let statement = Statement::<ConformanceReport>::parse(&envelope.payload)
            .map_err(|error| ReportError::Form(error.to_string()))?;
        self.insert(expected, Results::of(&statement.predicate));
        Ok(())
    }

    /// Adds results that were read from elsewhere, such as the database of the register.
    pub fn insert(&mut self, digest: Digest, results: Results) {
        self.by_digest.insert(digest, results);
    }

    /// Results of a report.
    pub fn of(&self, digest: Digest) -> Option<&Results> {
        self.by_digest.get(&digest)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_digest.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_digest.is_empty()
    }
}

impl Results {
    /// Results of a report statement.
    pub fn of(report: &ConformanceReport) -> Self {
        let mut results = Self {
            by_requirement: HashMap::new(),
            suite: Some(report.suite.digest.sha256),
        };
        for result in &report.results {
            let verdict = Verdict {
                profile: result.profile.clone(),
                word: result.verdict.clone(),
                held: result.held,
                judged: result.judged,
            };
            results.push(&result.id, verdict);
        }
        results
    }

    /// Adds a verdict.
    pub fn push(&mut self, requirement: &str, verdict: Verdict) {
        self.by_requirement
            .entry(requirement.to_owned())
            .or_default()
            .push(verdict);
    }

    /// The verdict on a requirement in the profiles of a registration; of several, the one that is hardest to rely on.
    pub(super) fn verdict(&self, requirement: &str, profiles: &[String]) -> Option<&Verdict> {
        let all = self.by_requirement.get(requirement)?;
        all.iter()
            .filter(|verdict| profiles.is_empty() || profiles.contains(&verdict.profile))
            .max_by_key(|verdict| weight(&verdict.word))
    }
}

/// How much a verdict stands against reliance; pass is the least.
fn weight(word: &str) -> u8 {
    match word {
        "pass" => 0,
        "info" => 1,
        "skip" => 2,
        "review" => 3,
        "blocked" => 4,
        "error" => 5,
        "warn" => 6,
        "waived" => 7,
        _ => 8,
    }
}

/// The catalog, with ways to find a product by what a vendor wrote.
#[derive(Debug)]
pub struct Register<'a> {
    pub(super) catalog: &'a Catalog,
    /// SHA-256 of `catalog.json`, if it came as a file.
    pub(super) digest: Option<Digest>,
    pub(super) reports: &'a Reports,
    by_product: HashMap<String, Vec<usize>>,
    by_vendor: HashMap<String, Vec<usize>>,
}

impl<'a> Register<'a> {
    /// A register of a catalog and reports.
    pub fn new(catalog: &'a Catalog, digest: Option<Digest>, reports: &'a Reports) -> Self {
        let mut by_product: HashMap<String, Vec<usize>> = HashMap::new();
        let mut by_vendor: HashMap<String, Vec<usize>> = HashMap::new();
        for (index, record) in catalog.records().iter().enumerate() {
            by_product
                .entry(fold::name(&record.product.name))
                .or_default()
                .push(index);
            by_vendor
                .entry(fold::name(&record.vendor.name))
                .or_default()
                .push(index);
        }
        Self {
            catalog,
            digest,
            reports,
            by_product,
            by_vendor,
        }
    }

    /// The report that a registration rested on, on a day: an extension brings a new one.
    pub(super) fn report_at(record: &Record, day: Day) -> Option<Digest> {
        let renewed = |change: &&StatusChange| {
            change.since <= day && matches!(change.event, EventKind::Registered | EventKind::Extended)
        };
        let mut reports = record.history.iter().filter(renewed).filter_map(|change| change.report);
        reports.next_back().or(record.results_digest)
    }

    pub(super) fn results(&self, record: &Record, day: Day) -> Option<&'a Results> {
        self.reports.of(Self::report_at(record, day)?)
    }

    /// Registrations of a product by the names of vendor and product; a vendor is compared only where both are known.
    pub(super) fn named(&self, vendor: &str, product: &str) -> Vec<&'a Record> {
        let vendor = fold::name(vendor);
        let records = self.by_product.get(&fold::name(product)).into_iter().flatten();
        records
            .map(|&index| &self.catalog.records()[index])
            .filter(|record| {
                vendor.is_empty() || record.vendor.name.is_empty() || fold::name(&record.vendor.name) == vendor
            })
            .collect()
    }

    /// Registrations of a vendor.
    pub(super) fn of_vendor(&self, vendor: &str) -> Vec<&'a Record> {
        let records = self.by_vendor.get(&fold::name(vendor)).into_iter().flatten();
        records.map(|&index| &self.catalog.records()[index]).collect()
    }
}
