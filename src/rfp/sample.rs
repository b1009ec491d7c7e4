//! A small catalog for tests: fictional vendors and products, with reports.

use crate::attest::{Digest, DigestSet};
use crate::catalog::{
    Catalog, Declared, EventKind, EventRef, Head, Kind, LogHead, ProductFacts, Reason, Record, Scope, Status,
    StatusChange, SuiteFacts, VendorFacts,
};
use crate::rfp::{Reports, Results, Verdict};
use crate::text::Text;
use crate::text::date::Day;

pub(crate) const VENDOR: &str = "株式会社架空システム";

pub(crate) fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// One registration: number, product, version, profiles, results, and what happened after it was registered.
pub(crate) struct Sample {
    pub(crate) number: &'static str,
    pub(crate) product: &'static str,
    pub(crate) version: &'static str,
    pub(crate) profiles: &'static [&'static str],
    /// Requirement and verdict; all in the first profile.
    pub(crate) results: Vec<(&'static str, &'static str)>,
    pub(crate) events: Vec<(&'static str, EventKind, Status)>,
}

impl Sample {
    pub(crate) fn new(number: &'static str, product: &'static str, version: &'static str) -> Self {
        Self {
            number,
            product,
            version,
            profiles: &["common-function.031.provider"],
            results: vec![
                ("CF-031-REQ-001", "pass"),
                ("CF-031-REQ-002", "fail"),
                ("CF-031-REQ-003", "waived"),
                ("CF-031-REQ-004", "pass"),
                ("CF-031-REQ-013", "skip"),
                ("CF-AUT-052", "pass"),
            ],
            events: Vec::new(),
        }
    }

    pub(crate) fn then(mut self, since: &'static str, event: EventKind, status: Status) -> Self {
        self.events.push((since, event, status));
        self
    }

    fn record(&self, index: usize) -> Record {
        let reference = |at: u64| EventRef {
            index: at,
            sha256: Digest::of(format!("{} {at}", self.number).as_bytes()),
        };
        let first = reference(10 * index as u64);
        let until = day("2028-03-31");
        let mut history = vec![StatusChange {
            event: EventKind::Registered,
            since: day("2026-04-01"),
            status: Status::Active,
            valid_until: Some(until),
            reason: None,
            report: None,
            log: first,
        }];
        for (at, (since, event, status)) in self.events.iter().enumerate() {
            history.push(StatusChange {
                event: *event,
                since: day(since),
                status: *status,
                valid_until: Some(until),
                reason: Some(Reason {
                    code: "nonconformity".into(),
                    public: Text::new("不適合", "nonconformity"),
                }),
                report: None,
                log: reference(10 * index as u64 + at as u64 + 1),
            });
        }
        let last = history.last().unwrap().clone();
        Record {
            registration: self.number.into(),
            kind: Kind::Conformance,
            status: last.status,
            status_since: last.since,
            valid_from: day("2026-04-01"),
            valid_until: Some(until),
            evidence_level: "vendor-run".into(),
            product: ProductFacts {
                name: self.product.into(),
                version: self.version.into(),
                ..ProductFacts::default()
            },
            vendor: VendorFacts {
                name: VENDOR.into(),
                ..VendorFacts::default()
            },
            scope: Scope {
                profiles: self.profiles.iter().map(|id| (*id).to_owned()).collect(),
                units: Vec::new(),
                step: None,
                features: Vec::new(),
                suite: SuiteFacts::default(),
            },
            declared: Declared::default(),
            counts: std::collections::BTreeMap::new(),
            results_digest: Some(Digest::of(self.number.as_bytes())),
            decision: first,
            latest_event: last.log,
            history,
            partners: Vec::new(),
            flags: Vec::new(),
            successor: None,
            predecessor: None,
        }
    }
}

/// The catalog of some registrations, with their reports.
pub(crate) fn catalog(samples: &[Sample]) -> (Catalog, Reports) {
    let mut reports = Reports::default();
    for sample in samples {
        let mut results = Results::default();
        for (id, word) in &sample.results {
            let verdict = Verdict {
                profile: sample.profiles[0].to_owned(),
                word: (*word).to_owned(),
                held: u64::from(*word == "pass"),
                judged: 1,
            };
            results.push(id, verdict);
        }
        reports.insert(Digest::of(sample.number.as_bytes()), results);
    }
    let records = samples
        .iter()
        .enumerate()
        .map(|(index, sample)| sample.record(index))
        .collect();
    let head = Head {
        catalog: "junkyo.example".into(),
        no: 318,
        issued_at: "2026-11-22T00:00:00Z".into(),
        next_update: "2026-11-30T00:00:00Z".into(),
        log: LogHead {
            root: DigestSet {
                sha256: Digest::of(b"root"),
            },
            size: 42,
        },
    };
    (Catalog::from_records(records, Some(head)).unwrap(), reports)
}
