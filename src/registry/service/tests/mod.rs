//! A register in a scratch folder with people, products and bundles made by hand; judging again is a stand-in.

mod attacks;
mod decisions;
mod flow;
mod later;
mod rfp;
mod states;

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value as Json, json};

use super::*;
use crate::attest::bundle::{Bundle, Limits, write_bundle};
use crate::attest::key::{Algorithm, FileKey, Signer as _};
use crate::attest::sign::sign_bundle;
use crate::attest::statement::SuiteManifest;
use crate::registry::accounts::{Accounts, NewAccount};
use crate::registry::clock::Clock;
use crate::registry::intake::Judging;
use crate::registry::model::*;
use crate::registry::{Registry, RegistryConfig};
use crate::scenario::Corpus;
use crate::text::Text;
use crate::text::date::Day;

pub(super) static CORPUS: LazyLock<Arc<Corpus>> = LazyLock::new(|| Arc::new(Corpus::embedded().expect("corpus")));

/// 2026-11-22T01:00:00Z.
const BEGIN: i64 = 1_795_309_200_000;

/// Gives the report of the bundle again, after an edit.
#[derive(Default)]
pub(super) struct StandIn {
    edit: Mutex<Option<fn(&mut Json)>>,
    pub(super) fails: Mutex<bool>,
}

impl StandIn {
    pub(super) fn edit(&self, edit: fn(&mut Json)) {
        *self.edit.lock().expect("lock") = Some(edit);
    }
}

impl Judging for StandIn {
    fn judge(&self, bundle: &Path) -> Result<Vec<u8>, String> {
        if *self.fails.lock().expect("lock") {
            return Err("the journal cannot be read".into());
        }
        let bundle = Bundle::open(bundle, &Limits::OWN).map_err(|error| error.to_string())?;
        let report = bundle.read("report.json").map_err(|error| error.to_string())?;
        let Some(edit) = *self.edit.lock().expect("lock") else {
            return Ok(report);
        };
        let mut value: Json = serde_json::from_slice(&report).expect("JSON");
        edit(&mut value);
        Ok(serde_json::to_vec(&value).expect("JSON"))
    }
}

pub(super) struct World {
    pub(super) folder: PathBuf,
    pub(super) clock: Clock,
    pub(super) registry: Registry,
    pub(super) judging: Arc<StandIn>,
    pub(super) admin: Actor,
    pub(super) examiner: Actor,
    pub(super) approver: Actor,
    pub(super) auditor: Actor,
}

impl Drop for World {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// A vendor with everything that it needs to submit.
pub(super) struct Maker {
    pub(super) actor: Actor,
    pub(super) vendor: Vendor,
    pub(super) key: FileKey,
    pub(super) product: Product,
    pub(super) version: ProductVersion,
}

pub(super) fn day(text: &str) -> Day {
    Day::parse(text).expect("a day")
}

pub(super) fn both(text: &str) -> Text {
    Text::new(format!("{text}（日本語）"), text)
}

pub(super) fn codes(error: &ServiceError) -> Vec<&'static str> {
    match error {
        ServiceError::Refused(refusals) => refusals.iter().map(|refusal| refusal.code.word()).collect(),
        other => panic!("{other}"),
    }
}

impl World {
    pub(super) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("junkyo-registry-{name}-{}", std::process::id()));
        std::fs::remove_dir_all(&folder).ok();
        let clock = Clock::at(BEGIN);
        let judging = Arc::new(StandIn::default());
        let registry = open(&folder, &clock, &judging);
        let account = |name: &str, role| staff(&registry, name, role);
        Self {
            admin: account("admin", Role::Administrator),
            examiner: account("examiner", Role::Examiner),
            approver: account("approver", Role::Approver),
            auditor: account("auditor", Role::Auditor),
            folder,
            clock,
            registry,
            judging,
        }
    }

    /// The same folder, opened again: what a restart sees.
    pub(super) fn reopen(&mut self) {
        self.registry = open(&self.folder, &self.clock, &self.judging);
    }

    pub(super) fn hours(&self, hours: i64) {
        self.clock.advance(hours * 3_600_000);
    }

    pub(super) fn maker(&self, name: &str) -> Maker {
        let registry = &self.registry;
        let mut actor = staff(registry, name, Role::Vendor);
        let vendor = registry
            .sign_up(
                &actor,
                &SignUp {
                    corporate_number: corporate_number(name),
                    name: format!("株式会社架空{name}"),
                    name_kana: String::new(),
                    email: "test@example.jp".into(),
                    url: String::new(),
                },
            )
            .expect("sign-up");
        actor.vendor = Some(vendor.id.clone());
        let vendor = registry.admit_vendor(&self.examiner, &vendor.id).expect("admitted");
        let key = self.new_key(&actor);
        let form = ProductForm {
            name: format!("架空{name}"),
            units: vec!["01".into()],
            ..ProductForm::default()
        };
        let product = registry.add_product(&actor, &form).expect("product");
        let version = self.version(&actor, &product, "1.0.0");
        Maker {
            actor,
            vendor,
            key,
            product,
            version,
        }
    }

    pub(super) fn new_key(&self, actor: &Actor) -> FileKey {
        let key = FileKey::generate(Algorithm::Ed25519).expect("key");
        let proof = self
            .registry
            .begin_key(actor, &key.public().to_pem(), "CI")
            .expect("proof");
        let signature = BASE64_STANDARD.encode(key.sign(proof.text.as_bytes()).expect("signed"));
        self.registry
            .register_key(actor, &proof.key.0, &signature)
            .expect("registered");
        key
    }

    pub(super) fn version(&self, actor: &Actor, product: &Product, version: &str) -> ProductVersion {
        let form = VersionForm {
            version: version.into(),
            ..VersionForm::default()
        };
        self.registry.add_version(actor, &product.id, &form).expect("version")
    }

    pub(super) fn challenge(&self, maker: &Maker) -> Challenge {
        self.registry
            .open_challenge(&maker.actor, &maker.version.id, &[profile().0])
            .expect("challenge")
    }

    /// The report of a run that answers a challenge and passes.
    pub(super) fn report(&self, maker: &Maker, challenge: &Challenge) -> Json {
        let (profile, required) = profile();
        let requirements: Vec<Json> = required
            .iter()
            .map(|id| json!({"id": id, "verdict": "pass", "held": 1, "judged": 1}))
            .collect();
        json!({
            "schema": "junkyo-report/v1",
            "tool": env!("CARGO_PKG_VERSION"),
            "corpus": {"sha256": CORPUS.digest},
            "product": {
                "vendor": maker.vendor.name,
                "corporate-number": maker.vendor.corporate_number,
                "name": maker.product.name,
                "version": maker.version.version,
            },
            "run": {
                "started": Moment(challenge.opened.0 + 60_000).to_string(),
                "duration-ms": 1000, "seed": challenge.seed, "target-sha256": "", "partial": false,
                "interrupted": false, "exchanges": 1, "retried": 0,
                "challenge": {"id": challenge.id, "nonce": challenge.nonce},
            },
            "outcome": "conformant",
            "requirements-by-verdict": {"pass": requirements.len()},
            "readings": [],
            "profiles": [{"id": profile, "outcome": "conformant", "requirements": requirements}],
            "scenarios": [],
        })
    }

    /// A bundle of a report, unsigned.
    pub(super) fn bundle(&self, report: &Json) -> PathBuf {
        let place = self.folder.join(crate::registry::store::fresh_id("run"));
        std::fs::create_dir_all(place.join("evidence")).expect("folder");
        std::fs::write(place.join("report.json"), serde_json::to_vec(report).expect("JSON")).expect("written");
        std::fs::write(place.join("evidence/journal.jsonl"), "{\"record\":\"run\"}\n").expect("written");
        let out = place.join("bundle.junkyo");
        let files = ["report.json".to_owned(), "evidence/journal.jsonl".to_owned()];
        write_bundle(&place, &files, &out).expect("bundle");
        out
    }

    pub(super) fn signed(&self, report: &Json, key: &FileKey) -> PathBuf {
        let bundle = self.bundle(report);
        sign_bundle(&bundle, key).expect("signed");
        bundle
    }

    /// A good bundle for a new challenge.
    pub(super) fn good(&self, maker: &Maker) -> PathBuf {
        let challenge = self.challenge(maker);
        self.hours(1);
        self.signed(&self.report(maker, &challenge), &maker.key)
    }

    pub(super) fn work(&self) {
        while self.registry.work_once("test").expect("work") {}
    }

    /// A submission that waits for review.
    pub(super) fn submitted(&self, maker: &Maker) -> SubmissionId {
        let receipt = self.registry.submit(&maker.actor, &self.good(maker)).expect("taken");
        self.work();
        receipt.submission
    }

    pub(super) fn accept(&self) -> Decision {
        let today = self.registry.now().day();
        Decision::Register {
            valid_from: today,
            valid_until: today.add_years(2).expect("a day"),
            step: Some(1),
            features: vec![],
            waivers: vec![],
        }
    }

    pub(super) fn registered(&self, maker: &Maker) -> RegistrationNumber {
        let id = self.submitted(maker);
        self.registry
            .propose(&self.examiner, &id, self.accept(), "")
            .expect("proposed");
        let submission = self.registry.approve(&self.approver, &id).expect("approved");
        submission.registration.expect("a number")
    }

    pub(super) fn order(&self, number: RegistrationNumber, event: state::RegistrationEvent) -> Order {
        let reason = PublicReason {
            code: "nonconformity".into(),
            public: both("reason"),
        };
        let recommended = self
            .registry
            .recommend(&self.examiner, number, event, &reason)
            .expect("recommended");
        Order {
            reason,
            proposed_by: Some(recommended.by),
            review_by: None,
        }
    }
}

fn open(folder: &Path, clock: &Clock, judging: &Arc<StandIn>) -> Registry {
    let config = RegistryConfig {
        clock: clock.clone(),
        corpus: Some(CORPUS.clone()),
        judging: Some(judging.clone()),
        ..RegistryConfig::in_folder(folder)
    };
    Registry::open(config).expect("register")
}

fn staff(registry: &Registry, name: &str, role: Role) -> Actor {
    let account = Accounts::new(registry)
        .add(
            &NewAccount {
                name: name.into(),
                email: String::new(),
                role,
                vendor: None,
            },
            None,
        )
        .expect("account");
    Actor {
        account: account.id,
        name: account.name,
        role,
        vendor: None,
    }
}

/// Profile with the fewest requirements, and these.
pub(super) fn profile() -> (String, Vec<String>) {
    let manifest = SuiteManifest::of(&CORPUS).expect("manifest");
    let smallest = manifest
        .profiles
        .iter()
        .filter(|profile| profile.id.starts_with("unit.01") && !profile.required.is_empty())
        .min_by_key(|profile| profile.required.len())
        .expect("a profile");
    (smallest.id.clone(), smallest.required.clone())
}

/// A number with a right check digit over a base of zeros and a few digits from the name.
fn corporate_number(name: &str) -> String {
    let sum: u32 = name.bytes().map(u32::from).sum();
    let body = format!("{:012}", sum % 1000);
    let check = crate::text::identifiers::corporate_check_digit(&body).expect("twelve digits");
    format!("{check}{body}")
}
