//! A small certifying body: keys, a log with witnesses, a timestamp authority, and the proof pack of one registration.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use junkyo::attest::canonical;
use junkyo::attest::envelope::Envelope;
use junkyo::attest::key::{Algorithm, FileKey, Signer};
use junkyo::attest::log::{
    Checkpoint, LeafEntry, LogProof, Note, NoteSigner, SignatureKind, Tree, VerifierKey, cosign, prove_inclusion,
};
use junkyo::attest::statement::{
    Basis, CatalogSnapshot, ConformanceReport, EventKind, Evidence, Harness, KeyEvent, KeyEventKind, KeyFacts,
    LogFacts, ManifestProfile, Predicate, Product, ProfileOutcome, RegistrationEvent, RequirementResult, Review,
    RunClaim, Scope, Statement, Subject, SuiteManifest, SuiteRef, SuiteRelease, SuiteStatus,
};
use junkyo::attest::timestamp::Request;
use junkyo::attest::timestamp::authority::{Authority, CertificateFacts, issue_authority, issue_root};
use junkyo::attest::verify::pack::{self, ProofPack};
use junkyo::attest::verify::trust::{BundleKey, BundleTsa, Role, TRUST_BUNDLE, TrustBundle};
use junkyo::attest::{Digest, DigestSet};
use junkyo::text::Text;
use serde_json::{Value, json};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

pub(crate) const NUMBER: &str = "JK-2026-000421-39";
pub(crate) const ORIGIN: &str = "junkyo.example/log";
pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-22 12:00 UTC);
pub(crate) const POLICY: &str = "1.2.392.200000.1";
const DECIDED: OffsetDateTime = datetime!(2026-11-22 7:29:00 UTC);
const WITNESSED: u64 = 1_795_345_800;
const OTHERS_BEFORE: u64 = 37;
const OTHERS_AFTER: u64 = 4;

pub(crate) fn key(algorithm: Algorithm, byte: u8) -> FileKey {
    FileKey::from_secret(algorithm, &[byte; 32]).expect("a key")
}

pub(crate) fn p256(byte: u8) -> FileKey {
    key(Algorithm::P256, byte)
}

/// Everybody's keys.
pub(crate) struct World {
    pub(crate) vendor: FileKey,
    /// Decides, and signs snapshots.
    pub(crate) decision: FileKey,
    pub(crate) suite: FileKey,
    pub(crate) roots: [FileKey; 3],
    pub(crate) log: NoteSigner,
    pub(crate) witnesses: [NoteSigner; 2],
    pub(crate) authority: Authority,
    pub(crate) tsa_root: Vec<u8>,
}

impl World {
    pub(crate) fn new() -> Self {
        let facts = |name| CertificateFacts {
            name,
            not_before: DECIDED - Duration::days(30),
            not_after: DECIDED + Duration::days(3650),
            serial: &[1, 2, 3],
            policies: &[],
        };
        let (root_key, tsa_key) = (p256(0x31), p256(0x32));
        let tsa_root = issue_root(&facts("時刻認証局ルート"), &root_key).expect("a root");
        let certificate =
            issue_authority(&facts("時刻認証局"), tsa_key.public(), &tsa_root, &root_key).expect("a certificate");
        let note_key = |name, kind, byte| NoteSigner::from_seed(name, kind, &[byte; 32]).expect("a key");
        Self {
            vendor: key(Algorithm::Ed25519, 0x0b),
            decision: p256(0x0c),
            suite: p256(0x0d),
            roots: [p256(1), p256(2), key(Algorithm::Ed25519, 3)],
            log: note_key(ORIGIN, SignatureKind::Log, 0x15),
            witnesses: [
                note_key("w1.example/witness", SignatureKind::Cosignature, 0x16),
                note_key("w2.example/witness", SignatureKind::Cosignature, 0x17),
            ],
            authority: Authority::new(certificate, Arc::new(tsa_key), POLICY).expect("an authority"),
            tsa_root,
        }
    }

    pub(crate) fn trust(&self) -> TrustBundle {
        let mut keys: Vec<BundleKey> = self
            .roots
            .iter()
            .map(|root| BundleKey::new(Role::Root, root.public()))
            .collect();
        for (role, key) in [
            (Role::Decision, &self.decision),
            (Role::Snapshot, &self.decision),
            (Role::Suite, &self.suite),
        ] {
            keys.push(BundleKey {
                not_before: Some("2026-04-01".into()),
                not_after: Some("2029-03-31".into()),
                ..BundleKey::new(role, key.public())
            });
        }
        let [one, two] = &self.witnesses;
        TrustBundle {
            issuer: "試験登録機関".into(),
            keys,
            log: Some(format!(
                "log {}\nwitness w1 {}\nwitness w2 {}\ngroup W any w1 w2\nquorum W\n",
                self.log.key(),
                one.key(),
                two.key()
            )),
            schema: TRUST_BUNDLE.into(),
            threshold: 2,
            tsa: vec![BundleTsa {
                certificate_policies: Vec::new(),
                not_after: None,
                policies: vec![POLICY.into()],
                root: STANDARD.encode(&self.tsa_root),
            }],
            version: 1,
        }
    }

    /// The trust bundle as it is handed out.
    pub(crate) fn trust_file(&self) -> String {
        self.signed_trust(&self.trust(), &[0, 1])
    }

    pub(crate) fn signed_trust(&self, bundle: &TrustBundle, roots: &[usize]) -> String {
        let signers: Vec<&dyn Signer> = roots.iter().map(|index| &self.roots[*index] as &dyn Signer).collect();
        bundle.sign(&signers).expect("signed")
    }

    /// Key of another log of the same name.
    pub(crate) fn another_log(&self) -> VerifierKey {
        VerifierKey::new(ORIGIN, SignatureKind::Log, &self.witnesses[0].key().bytes()).expect("a key")
    }

    pub(crate) fn stamp(&self, data: &[u8], at: OffsetDateTime) -> Vec<u8> {
        let request = Request::new(Digest::of(data), [7; 8]);
        self.authority.answer(&request.bytes, at, &[9]).expect("answered")
    }
}

/// Everything that goes into a pack, before it is signed: an attack changes it here, or the files afterwards.
pub(crate) struct Draft {
    pub(crate) product: Product,
    pub(crate) manifest: SuiteManifest,
    pub(crate) report: Statement<ConformanceReport>,
    pub(crate) events: Vec<RegistrationEvent>,
    /// Events that are in the log and in the pack; the catalog knows all of them.
    pub(crate) shown: usize,
    pub(crate) stamped: OffsetDateTime,
    pub(crate) witnesses: usize,
    /// The vendor's key was revoked, and is void since.
    pub(crate) compromised_since: Option<String>,
}

fn suite() -> DigestSet {
    DigestSet::of(b"corpus")
}

fn result(id: &str, verdict: &str) -> RequirementResult {
    RequirementResult {
        held: 3,
        id: id.into(),
        judged: 3,
        profile: "unit.01.provider".into(),
        reason: (verdict == "skip").then(|| Text::new("対象外", "does not apply")),
        verdict: verdict.into(),
    }
}

impl Draft {
    pub(crate) fn new() -> Self {
        let product = Product::new("株式会社架空システム", Some("9000000000000"), "架空住民記録", "3.2.1");
        let report = Statement {
            subject: vec![product.subject().expect("a subject")],
            predicate: ConformanceReport {
                counts: [("pass".to_owned(), 4), ("skip".to_owned(), 1)].into(),
                evidence: Evidence {
                    manifest: DigestSet::of(b"manifest"),
                    tree: DigestSet::of(b"tree"),
                },
                harness: Harness {
                    version: "0.1.0".into(),
                },
                outcome: "conformant".into(),
                profiles: vec![ProfileOutcome {
                    id: "unit.01.provider".into(),
                    outcome: "conformant".into(),
                }],
                readings: Vec::new(),
                results: vec![
                    result("JR-001", "pass"),
                    result("JR-002", "pass"),
                    result("JR-003", "skip"),
                    result("JR-004", "pass"),
                    result("JR-101", "warn"),
                ],
                run: RunClaim {
                    attempts: 5,
                    challenge: None,
                    duration_ms: 287,
                    exchanges: 286,
                    interrupted: false,
                    partial: false,
                    retried: 0,
                    seed: 20_260_401,
                    started_at: "2026-11-20T01:02:03Z".into(),
                },
                suite: SuiteRef {
                    digest: suite(),
                    uri: "pkg:generic/junkyo-corpus@0.1.0".into(),
                },
                target: Some(DigestSet::of(b"product.toml")),
            },
        };
        let manifest = SuiteManifest {
            corpus: suite(),
            id: "junkyo-corpus".into(),
            profiles: vec![ManifestProfile {
                id: "unit.01.provider".into(),
                other: vec!["JR-101".into()],
                required: ["JR-001", "JR-002", "JR-003", "JR-004"].map(str::to_owned).into(),
            }],
            schema: "suite-manifest/v1".into(),
            version: "0.1.0".into(),
        };
        let registered = RegistrationEvent {
            affects: Vec::new(),
            basis: Some(Basis {
                documents: Vec::new(),
                report: DigestSet::of(&report.to_bytes().expect("canonical")),
                review: Review {
                    approver: "apr:3".into(),
                    examiners: vec!["exm:7".into()],
                },
                waivers: Vec::new(),
            }),
            event: EventKind::Registered,
            previous: None,
            reason: None,
            registration_number: NUMBER.into(),
            review_by: None,
            scope: Some(Scope {
                features: Vec::new(),
                profiles: vec!["unit.01.provider".into()],
                step: None,
                suite: suite(),
                units: vec!["01".into()],
            }),
            sequence: 1,
            successor: None,
            valid_from: "2026-11-22".into(),
            valid_until: Some("2028-03-31".into()),
        };
        Self {
            product,
            manifest,
            report,
            events: vec![registered],
            shown: usize::MAX,
            stamped: DECIDED,
            witnesses: 2,
            compromised_since: None,
        }
    }

    /// The decision rests on the report as it is now.
    pub(crate) fn decide_again(&mut self) {
        let digest = DigestSet::of(&self.report.to_bytes().expect("canonical"));
        self.events[0].basis.as_mut().expect("a basis").report = digest;
    }

    /// A later event.
    pub(crate) fn then(&mut self, event: EventKind, from: &str) {
        let last = self.events.last().expect("an event");
        let payload = statement(&self.product, last.clone()).to_bytes().expect("canonical");
        self.events.push(RegistrationEvent {
            basis: None,
            event,
            previous: Some(DigestSet::of(&payload)),
            scope: None,
            sequence: last.sequence + 1,
            valid_from: from.into(),
            valid_until: None,
            ..last.clone()
        });
    }

    pub(crate) fn pack(&self, world: &World) -> ProofPack {
        let mut out = ProofPack::new();
        let events: Vec<Envelope> = self
            .events
            .iter()
            .map(|event| signed(&statement(&self.product, event.clone()), &world.decision))
            .collect();
        let shown = events.len().min(self.shown);
        let (note, tree) = self.log(world, &events);
        let lines: String = events[..shown].iter().map(Envelope::to_line).collect();
        out.insert(pack::REGISTRATION, lines);
        for (index, envelope) in events[..shown].iter().enumerate() {
            let sequence = index as u64 + 1;
            let place = place_of(index);
            let proof = LogProof {
                entry: self.entry(index, envelope),
                index: place,
                inclusion: prove_inclusion(&tree, place, tree.size()).expect("a proof"),
                checkpoint: note.clone(),
            };
            out.insert(pack::proof_name(sequence), proof.to_string());
            out.insert(pack::token_name(sequence), world.stamp(&envelope.payload, self.stamped));
        }
        out.insert(pack::REPORT, signed(&self.report, &world.vendor).to_line());
        let mut key = signed(&vendor_key(world), &world.decision).to_line();
        if let Some(since) = &self.compromised_since {
            let mut revoked = vendor_key(world);
            revoked.predicate.event = KeyEventKind::Revoked;
            revoked.predicate.compromised_since = Some(since.clone());
            key += &signed(&revoked, &world.decision).to_line();
        }
        out.insert(pack::KEY, key);
        let manifest = self.manifest.to_bytes().expect("canonical");
        out.insert(pack::SUITE, signed(&release(&manifest), &world.suite).to_line());
        out.insert(pack::SUITE_MANIFEST, manifest);
        out.insert(pack::PRODUCT, self.product.to_bytes().expect("canonical"));
        let latest = events.last().expect("an event").payload_digest();
        let (catalog, snapshot) = catalog(&tree, latest);
        out.insert(pack::CATALOG, catalog);
        out.insert(pack::CATALOG_STATEMENT, signed(&snapshot, &world.decision).to_line());
        out.insert(pack::CHECKPOINT_TOKEN, world.stamp(note.to_string().as_bytes(), NOW));
        out.insert_help();
        out
    }

    fn entry(&self, index: usize, envelope: &Envelope) -> Vec<u8> {
        LeafEntry {
            kind: self.events[index].event.word().into(),
            payload: envelope.payload_digest().0,
            registration: Some(NUMBER.into()),
        }
        .to_bytes()
    }

    fn log(&self, world: &World, events: &[Envelope]) -> (Note, Tree) {
        let other = |number: u64| LeafEntry {
            kind: "registered".into(),
            payload: Digest::of(format!("p{number}").as_bytes()).0,
            registration: Some(format!("JK-2026-{number:06}-00")),
        };
        let mut tree: Tree = (0..OTHERS_BEFORE).map(|number| other(number).hash()).collect();
        for (index, envelope) in events.iter().enumerate() {
            tree.append(junkyo::attest::log::leaf_hash(&self.entry(index, envelope)));
        }
        for number in 0..OTHERS_AFTER {
            tree.append(other(1000 + number).hash());
        }
        let checkpoint = Checkpoint {
            origin: ORIGIN.into(),
            size: tree.size(),
            root: tree.root(),
        };
        let mut note = checkpoint.sign(&world.log).expect("signed");
        for witness in &world.witnesses[..self.witnesses] {
            note.add(cosign(witness, &note, WITNESSED).expect("cosigned"));
        }
        (note, tree)
    }
}

fn place_of(index: usize) -> u64 {
    OTHERS_BEFORE + index as u64
}

pub(crate) fn statement(product: &Product, event: RegistrationEvent) -> Statement<RegistrationEvent> {
    Statement {
        subject: vec![product.subject().expect("a subject")],
        predicate: event,
    }
}

pub(crate) fn signed<P: Predicate>(statement: &Statement<P>, key: &FileKey) -> Envelope {
    Envelope::sign(&statement.to_bytes().expect("canonical"), &[key]).expect("signed")
}

fn vendor_key(world: &World) -> Statement<KeyEvent> {
    let public = world.vendor.public();
    Statement {
        subject: vec![Subject::new("株式会社架空システム", Digest::of(public.to_spki_der()))],
        predicate: KeyEvent {
            compromised_since: None,
            event: KeyEventKind::Registered,
            key: KeyFacts {
                alg: public.algorithm().word().into(),
                spki: STANDARD.encode(public.to_spki_der()),
            },
            not_after: None,
            proof_of_possession: None,
            reason: None,
            since: "2026-11-01T00:00:00Z".into(),
            vendor: "9000000000000".into(),
        },
    }
}

fn release(manifest: &[u8]) -> Statement<SuiteRelease> {
    Statement {
        subject: vec![Subject::new("junkyo-corpus 0.1.0", suite().sha256)],
        predicate: SuiteRelease {
            affects: Vec::new(),
            manifest: DigestSet::of(manifest),
            status: SuiteStatus::Active,
            valid_from: "2026-04-01".into(),
            valid_until: "2028-03-31".into(),
        },
    }
}

fn catalog(tree: &Tree, latest: Digest) -> (Vec<u8>, Statement<CatalogSnapshot>) {
    let facts = CatalogSnapshot {
        issued_at: "2026-11-22T10:00:00Z".into(),
        log: LogFacts {
            root: Digest(tree.root()).into(),
            size: tree.size(),
        },
        next_update: "2026-11-23T10:00:00Z".into(),
        no: 318,
    };
    let mut file: Value = serde_json::to_value(&facts).expect("JSON");
    file["catalog"] = json!("junkyo.example");
    file["schema"] = json!("catalog/v1");
    file["records"] = json!([{
        "registration": NUMBER,
        "status": "active",
        "latestEvent": {"index": 37, "sha256": latest},
    }]);
    let bytes = canonical::to_bytes(&file).expect("canonical");
    let snapshot = Statement {
        subject: vec![Subject::new("catalog-318.json", Digest::of(&bytes))],
        predicate: facts,
    };
    (bytes, snapshot)
}
