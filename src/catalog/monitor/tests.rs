use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::attest::DigestSet;
use crate::attest::key::{Algorithm, FileKey, Signer};
use crate::attest::log::{LeafEntry, NoteSigner, SignatureKind};
use crate::attest::statement::{Basis, EventKind, RegistrationEvent, Review, Scope, Subject};
use crate::attest::verify::trust::{BundleKey, TrustBundle};
use crate::catalog::{CATALOG, Catalog, LogHead, PublicEvent};
use crate::registry::clock::Clock;
use crate::registry::log::{LogConfig, LogWriter};
use crate::registry::store::{Store, StoreConfig};

const NOW: u64 = 1_795_300_000_000;

struct Scratch(std::path::PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn key(algorithm: Algorithm, byte: u8) -> FileKey {
    FileKey::from_secret(algorithm, &[byte; 32]).unwrap()
}

/// What a register does, in a few lines: signs events, logs them, publishes the catalog.
struct Register {
    scratch: Scratch,
    store: Store,
    log: LogWriter,
    decision: FileKey,
    snapshot: FileKey,
    root: FileKey,
    events: Vec<PublicEvent>,
    /// Sequence and last digest of each registration.
    heads: BTreeMap<String, (u64, Digest)>,
}

impl Register {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("junkyo-monitor-{name}-{}", std::process::id()));
        std::fs::remove_dir_all(&path).ok();
        let scratch = Scratch(path.clone());
        let clock = Clock::at(i64::try_from(NOW).unwrap());
        let store = Store::open(&StoreConfig::in_folder(path.join("data")), &clock).unwrap();
        let log_key = Arc::new(key(Algorithm::Ed25519, 0x15));
        let signer = NoteSigner::of_key("junkyo.example/log", SignatureKind::Log, log_key).unwrap();
        let log = LogWriter::open(store.clone(), &LogConfig::in_folder(path.join("site/log")), signer).unwrap();
        let register = Self {
            scratch,
            store,
            log,
            decision: key(Algorithm::P256, 0x0c),
            snapshot: key(Algorithm::Ed25519, 0x0d),
            root: key(Algorithm::Ed25519, 0x0e),
            events: Vec::new(),
            heads: BTreeMap::new(),
        };
        register.write("trust/trust-bundle.intoto.jsonl", register.trust_bundle().as_bytes());
        register
    }

    fn trust_bundle(&self) -> String {
        let roles: [(Role, &dyn Signer); 3] = [
            (Role::Root, &self.root),
            (Role::Decision, &self.decision),
            (Role::Snapshot, &self.snapshot),
        ];
        let bundle = TrustBundle {
            issuer: "架空の登録機関".into(),
            keys: roles.map(|(role, key)| BundleKey::new(role, key.public())).into(),
            log: Some(self.log.policy().to_string()),
            schema: "trust-bundle/v1".into(),
            threshold: 1,
            tsa: Vec::new(),
            version: 1,
        };
        bundle.sign(&[&self.root]).unwrap()
    }

    fn site(&self) -> std::path::PathBuf {
        self.scratch.0.join("site")
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let file = self.site().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }

    fn event(&mut self, number: &str, event: EventKind) {
        self.event_by(number, event, key(Algorithm::P256, 0x0c));
    }

    fn event_by(&mut self, number: &str, event: EventKind, decision: FileKey) {
        let head = self.heads.get(number).copied();
        let first = head.is_none();
        let statement = Statement {
            subject: vec![Subject::new(
                format!("架空住民記録{number} 3.2.1"),
                Digest::of(number.as_bytes()),
            )],
            predicate: RegistrationEvent {
                affects: Vec::new(),
                basis: first.then(|| Basis {
                    documents: Vec::new(),
                    report: DigestSet::of(b"report"),
                    review: Review {
                        approver: "apr:3".into(),
                        examiners: vec!["exm:7".into()],
                    },
                    waivers: Vec::new(),
                }),
                event,
                previous: head.map(|(_, digest)| digest.into()),
                reason: None,
                registration_number: number.to_owned(),
                review_by: None,
                scope: first.then(|| Scope {
                    features: Vec::new(),
                    profiles: vec!["unit.01.provider".into()],
                    step: None,
                    suite: DigestSet::of(b"corpus"),
                    units: vec!["01".into()],
                }),
                sequence: head.map_or(1, |(sequence, _)| sequence + 1),
                successor: None,
                valid_from: "2026-11-22".into(),
                valid_until: first.then(|| "2028-03-31".to_owned()),
            },
        };
        let envelope = Envelope::sign(&statement.to_bytes().unwrap(), &[&decision]).unwrap();
        let digest = envelope.payload_digest();
        let entry = LeafEntry {
            kind: event.word().into(),
            payload: digest.0,
            registration: Some(number.to_owned()),
        };
        let line = envelope.to_line();
        let index = self
            .store
            .write(|tx| LogWriter::append(tx, &entry, Some(&line), 0))
            .unwrap();
        self.events.push(PublicEvent::of(index, digest, &statement).unwrap());
        self.heads
            .insert(number.to_owned(), (statement.predicate.sequence, digest));
    }

    /// An entry that is about no registration, without a public statement.
    fn other_entry(&self) {
        let entry = LeafEntry {
            kind: "audit-head".into(),
            payload: [7; 32],
            registration: None,
        };
        self.store.write(|tx| LogWriter::append(tx, &entry, None, 0)).unwrap();
    }

    fn publish(&self, no: u64) {
        let catalog = Catalog::fold(self.events.clone(), []).unwrap();
        self.publish_catalog(catalog, no);
    }

    fn publish_catalog(&self, catalog: Catalog, no: u64) {
        let checkpoint = self.log.publish().unwrap();
        let catalog = catalog.with_head(Head {
            catalog: "junkyo.example".into(),
            no,
            issued_at: "2026-11-22T00:00:00Z".into(),
            next_update: "2026-11-23T00:00:00Z".into(),
            log: LogHead {
                root: Digest(checkpoint.root).into(),
                size: checkpoint.size,
            },
        });
        let bytes = catalog.to_json().unwrap();
        let statement = catalog.head().unwrap().statement(Digest::of(&bytes));
        let line = Envelope::sign(&statement.to_bytes().unwrap(), &[&self.snapshot])
            .unwrap()
            .to_line();
        self.write(CATALOG, &bytes);
        self.write(STATEMENT, line.as_bytes());
    }

    fn options(&self) -> MonitorOptions {
        let mut trust = Trust::none();
        trust.add(self.trust_bundle().as_bytes()).unwrap();
        MonitorOptions {
            trust,
            state: None,
            watch: Vec::new(),
            quick: false,
            now: NOW,
        }
    }

    fn look(&self, options: MonitorOptions) -> MonitorReport {
        monitor(&Source::open(&self.site().display().to_string()).unwrap(), options)
    }
}

/// Code of what is wrong.
fn wrong(report: &MonitorReport) -> &'static str {
    assert_eq!(report.conclusion, Conclusion::Invalid, "{:#?}", report.findings);
    let finding = report
        .findings
        .iter()
        .find(|finding| finding.standing == Standing::Wrong);
    finding.unwrap().code
}

/// Two registrations, one of them suspended.
fn register(name: &str) -> Register {
    let mut register = Register::new(name);
    register.event("JK-2026-000001-00", EventKind::Registered);
    register.other_entry();
    register.event("JK-2026-000002-00", EventKind::Registered);
    register.event("JK-2026-000001-00", EventKind::Suspended);
    register.publish(1);
    register
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).unwrap();
        }
    }
}

#[test]
fn a_sound_catalog_and_its_next_state() {
    let mut register = register("sound");
    let report = register.look(register.options());
    assert_eq!(report.conclusion, Conclusion::Valid, "{:#?}", report.findings);
    assert_eq!(
        (report.log_size, report.records, report.snapshot),
        (Some(4), Some(2), Some(1))
    );
    let state = report.state.unwrap();
    register.event("JK-2026-000001-00", EventKind::Reinstated);
    register.publish(2);
    for quick in [false, true] {
        let mut options = register.options();
        options.state = Some(state.clone());
        options.quick = quick;
        options.watch = vec!["JK-2026-000001-00".into()];
        let report = register.look(options);
        assert_eq!(report.conclusion, Conclusion::Valid, "{:#?}", report.findings);
        assert!(report.findings.iter().any(|finding| finding.code == "C3-consistency"));
    }
    // The next change of what is watched is told once.
    let mut options = register.options();
    options.watch = vec!["JK-2026-000001-00".into()];
    let state = register.look(options.clone()).state;
    register.event("JK-2026-000001-00", EventKind::Withdrawn);
    register.publish(3);
    options.state = state;
    let report = register.look(options.clone());
    assert_eq!(wrong(&report), WATCHED);
    options.state = report.state;
    assert_eq!(register.look(options).conclusion, Conclusion::Valid);
}

#[test]
fn what_cannot_be_decided_is_not_called_valid() {
    let register = register("open");
    let mut options = register.options();
    options.now = NOW + 40 * 3_600_000;
    assert_eq!(register.look(options).conclusion, Conclusion::Undetermined, "stale");
    let mut options = register.options();
    options.trust = Trust::none();
    assert_eq!(
        register.look(options).conclusion,
        Conclusion::Undetermined,
        "keys of the site"
    );
    std::fs::remove_file(register.site().join("log/checkpoint")).unwrap();
    assert_eq!(
        register.look(register.options()).conclusion,
        Conclusion::Undetermined,
        "no log"
    );
    let file = register.site().join(CATALOG).display().to_string();
    let report = monitor(&Source::open(&file).unwrap(), register.options());
    assert_eq!(report.conclusion, Conclusion::Undetermined, "the file alone");
}

#[test]
fn an_event_after_the_snapshot_is_told() {
    let mut register = register("later");
    register.event("JK-2026-000002-00", EventKind::Withdrawn);
    register.log.publish().unwrap();
    let report = register.look(register.options());
    assert_eq!(report.conclusion, Conclusion::Valid);
    assert!(report.findings.iter().any(|finding| finding.code == "C6-later"));
    let mut options = register.options();
    options.watch = vec!["JK-2026-000002-00".into()];
    assert_eq!(wrong(&register.look(options)), WATCHED);
}

#[test]
fn a_catalog_that_the_events_do_not_lead_to() {
    // The body's own snapshot key signs a catalog in which a suspension is missing.
    let register = register("whitewashed");
    let honest = Catalog::fold(register.events[..2].to_vec(), []).unwrap();
    register.publish_catalog(honest, 2);
    assert_eq!(wrong(&register.look(register.options())), "C6-replay");
    // … or a registration that no event explains, or a longer one.
    let mut records = Catalog::fold(register.events.clone(), []).unwrap().records().to_vec();
    let mut invented = records[1].clone();
    invented.registration = "JK-2026-000003-00".into();
    records.push(invented);
    register.publish_catalog(Catalog::from_records(records.clone(), None).unwrap(), 3);
    assert_eq!(wrong(&register.look(register.options())), "C6-replay");
    records.pop();
    records[1].valid_until = None;
    register.publish_catalog(Catalog::from_records(records, None).unwrap(), 4);
    assert_eq!(wrong(&register.look(register.options())), "C6-replay");
}

#[test]
fn an_event_by_a_foreign_key() {
    let mut register = register("foreign");
    register.event_by("JK-2026-000009-00", EventKind::Registered, key(Algorithm::P256, 0x77));
    register.publish(2);
    assert_eq!(wrong(&register.look(register.options())), "C6-replay");
}

#[test]
fn changed_files_are_noticed() {
    let cases = [
        (CATALOG, "suspended", "active...", "C5-snapshot"),
        (STATEMENT, "payload\":\"ey", "payload\":\"fy", "C5-snapshot"),
        ("log/checkpoint", "\n4\n", "\n3\n", "C2-checkpoint"),
        ("log/tile/entries/000.p/4", "suspended", "suspendee", "C4-entries"),
        ("log/tile/entries/000.p/4", "audit-head", "audit-feet", "C4-entries"),
        ("log/statement/000.p/4", "payload\":\"ey", "payload\":\"fy", "C6-replay"),
    ];
    for (at, (path, from, to, code)) in cases.into_iter().enumerate() {
        let register = register(&format!("changed-{at}"));
        let bytes = std::fs::read(register.site().join(path)).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(text.contains(from), "{path}");
        // The lengths in a tile are binary, and stay.
        let at = bytes
            .windows(from.len())
            .position(|window| window == from.as_bytes())
            .unwrap();
        let changed = [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat();
        register.write(path, &changed);
        assert_eq!(wrong(&register.look(register.options())), code, "{path}");
    }
}

#[test]
fn rollback_and_fork() {
    let mut register = register("rollback");
    let old = register.scratch.0.join("old");
    copy(&register.site(), &old);
    register.event("JK-2026-000001-00", EventKind::Withdrawn);
    register.publish(2);
    let state = register.look(register.options()).state;
    // The site of yesterday is shown again.
    let mut options = register.options();
    options.state = state.clone();
    let source = Source::open(&old.display().to_string()).unwrap();
    assert_eq!(wrong(&monitor(&source, options.clone())), "C5-snapshot");
    let mut state = state.unwrap();
    state.no = 1;
    options.state = Some(state.clone());
    assert_eq!(wrong(&monitor(&source, options.clone())), "C3-consistency");
    options.quick = true;
    assert_eq!(wrong(&monitor(&source, options.clone())), "C3-consistency");
    // A log with another history, signed by the same key.
    let mut fork = Register::new("fork");
    fork.event("JK-2026-000001-00", EventKind::Registered);
    for _ in 0..6 {
        fork.other_entry();
    }
    fork.publish(3);
    for quick in [false, true] {
        options.quick = quick;
        let source = Source::open(&fork.site().display().to_string()).unwrap();
        assert_eq!(wrong(&monitor(&source, options.clone())), "C3-consistency");
    }
}
