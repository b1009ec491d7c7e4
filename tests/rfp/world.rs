//! A static export with a catalog, reports and a trust bundle, all fictional and signed here.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use junkyo::attest::envelope::Envelope;
use junkyo::attest::key::{Algorithm, FileKey, Signer};
use junkyo::attest::statement::{
    ConformanceReport, Evidence, Harness, ProfileOutcome, RequirementResult, RunClaim, Statement, Subject, SuiteRef,
};
use junkyo::attest::verify::trust::{BundleKey, Role, TRUST_BUNDLE, TrustBundle};
use junkyo::attest::{Digest, DigestSet};
use junkyo::catalog::{
    Catalog, Declared, EventKind, EventRef, Head, Kind, LogHead, ProductFacts, Record, Scope, Status, StatusChange,
    SuiteFacts, VendorFacts,
};
use junkyo::text::date::Day;

pub(crate) const NUMBER: &str = "JK-2026-000001-05";
pub(crate) const PROFILE: &str = "unit.02.provider";

pub(crate) struct World {
    pub(crate) folder: PathBuf,
}

impl Drop for World {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

pub(crate) fn day(text: &str) -> Day {
    Day::parse(text).expect("a day")
}

impl World {
    /// An export in which one product is registered: everything of its profile passed but one requirement.
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("junkyo-rfp-{name}-{}", std::process::id()));
        std::fs::remove_dir_all(&folder).ok();
        let world = Self { folder };
        world.export("export", 1, &[]);
        world
    }

    /// Writes an export with what happened after the registration.
    pub(crate) fn export(&self, name: &str, no: u64, events: &[(&str, EventKind, Status)]) {
        let place = self.folder.join(name);
        std::fs::create_dir_all(place.join("reports")).expect("folder");
        let key = FileKey::generate(Algorithm::Ed25519).expect("key");
        let line = report(&key);
        let digest = Envelope::parse(line.trim_end().as_bytes())
            .expect("envelope")
            .payload_digest();
        std::fs::write(place.join(format!("reports/{digest}.intoto.jsonl")), &line).expect("written");
        let head = Head {
            catalog: "junkyo.example".into(),
            no,
            issued_at: "2026-11-22T00:00:00Z".into(),
            next_update: "2026-11-30T00:00:00Z".into(),
            log: LogHead {
                root: DigestSet {
                    sha256: Digest::of(b"root"),
                },
                size: 42,
            },
        };
        let catalog = Catalog::from_records(vec![record(digest, events)], Some(head.clone())).expect("catalog");
        let bytes = catalog.to_json().expect("catalog.json");
        std::fs::write(place.join("catalog.json"), &bytes).expect("written");
        let payload = head.statement(Digest::of(&bytes)).to_bytes().expect("statement");
        let envelope = Envelope::sign(&payload, &[&key as &dyn Signer]).expect("signed");
        std::fs::write(place.join("catalog.intoto.jsonl"), envelope.to_line()).expect("written");
        let trust = TrustBundle {
            issuer: "junkyo.example".into(),
            keys: vec![
                BundleKey::new(Role::Root, key.public()),
                BundleKey::new(Role::Snapshot, key.public()),
            ],
            log: None,
            schema: TRUST_BUNDLE.into(),
            threshold: 1,
            tsa: Vec::new(),
            version: 1,
        };
        let trusted = trust.sign(&[&key as &dyn Signer]).expect("trust");
        std::fs::write(place.join("trust.jsonl"), trusted).expect("written");
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.join(name);
        std::fs::write(&path, bytes).expect("written");
        path
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.join(name).display().to_string()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_junkyo"))
            .args(["--lang", "ja", "rfp"])
            .args(arguments)
            .output()
            .expect("junkyo runs");
        Run::of(&output)
    }
}

pub(crate) struct Run {
    pub(crate) exit: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    fn of(output: &Output) -> Self {
        Self {
            exit: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

pub(crate) fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Requirements of the profile, as the corpus has them.
pub(crate) fn requirements() -> Vec<String> {
    let corpus = junkyo::scenario::Corpus::embedded().expect("corpus");
    let profile = corpus.profile(PROFILE).expect("profile");
    let held = corpus
        .requirements
        .iter()
        .filter(|requirement| profile.holds(requirement));
    held.map(|requirement| requirement.id.clone()).collect()
}

fn report(key: &FileKey) -> String {
    let results = requirements()
        .into_iter()
        .enumerate()
        .map(|(index, id)| RequirementResult {
            held: u64::from(index != 1),
            id,
            judged: 1,
            profile: PROFILE.into(),
            reason: None,
            verdict: if index == 1 { "fail" } else { "pass" }.into(),
        })
        .collect();
    let set = |text: &str| DigestSet {
        sha256: Digest::of(text.as_bytes()),
    };
    let predicate = ConformanceReport {
        counts: std::collections::BTreeMap::new(),
        evidence: Evidence {
            manifest: set("manifest"),
            tree: set("tree"),
        },
        harness: Harness {
            version: "0.1.0".into(),
        },
        outcome: "conformant".into(),
        profiles: vec![ProfileOutcome {
            id: PROFILE.into(),
            outcome: "conformant".into(),
        }],
        readings: Vec::new(),
        results,
        run: RunClaim {
            attempts: 1,
            challenge: None,
            duration_ms: 1,
            exchanges: 1,
            interrupted: false,
            partial: false,
            retried: 0,
            seed: 1,
            started_at: "2026-03-01T00:00:00Z".into(),
        },
        suite: SuiteRef {
            digest: set("corpus"),
            uri: "pkg:generic/junkyo-corpus@0.1.0".into(),
        },
        target: None,
    };
    let statement = Statement {
        subject: vec![Subject::new("架空印鑑 3.2.1", Digest::of(b"product"))],
        predicate,
    };
    let payload = statement.to_bytes().expect("statement");
    Envelope::sign(&payload, &[key as &dyn Signer])
        .expect("signed")
        .to_line()
}

fn record(report: Digest, events: &[(&str, EventKind, Status)]) -> Record {
    let reference = |index: u64| EventRef {
        index,
        sha256: Digest::of(&index.to_be_bytes()),
    };
    let until = Some(day("2028-03-31"));
    let mut history = vec![StatusChange {
        event: EventKind::Registered,
        since: day("2026-04-01"),
        status: Status::Active,
        valid_until: until,
        report: Some(report),
        reason: None,
        log: reference(7),
    }];
    for (index, (since, event, status)) in (8..).zip(events) {
        history.push(StatusChange {
            event: *event,
            since: day(since),
            status: *status,
            valid_until: until,
            report: None,
            reason: None,
            log: reference(index),
        });
    }
    let last = history[history.len() - 1].clone();
    Record {
        registration: NUMBER.into(),
        kind: Kind::Conformance,
        status: last.status,
        status_since: last.since,
        valid_from: day("2026-04-01"),
        valid_until: until,
        evidence_level: "vendor-run".into(),
        product: ProductFacts {
            name: "架空印鑑".into(),
            version: "3.2.1".into(),
            ..ProductFacts::default()
        },
        vendor: VendorFacts {
            name: "株式会社架空システム".into(),
            ..VendorFacts::default()
        },
        scope: Scope {
            profiles: vec![PROFILE.into()],
            units: vec!["02".into()],
            step: None,
            features: Vec::new(),
            suite: SuiteFacts::default(),
        },
        declared: Declared::default(),
        counts: std::collections::BTreeMap::new(),
        results_digest: Some(report),
        decision: reference(7),
        latest_event: last.log,
        history,
        partners: Vec::new(),
        flags: Vec::new(),
        successor: None,
        predecessor: None,
    }
}
