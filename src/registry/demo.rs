//! A register to look at: people, vendors and products that do not exist, with bundles of real runs against the reference
//! platform, each through the whole procedure.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::Registry;
use super::accounts::{Accounts, NewAccount};
use super::model::state::RegistrationEvent;
use super::model::{
    Account, Actor, Cloud, Decision, Moment, MunicipalitySize, ProductFacts, PublicReason, RegistrationNumber, Role,
    SubmissionId,
};
use super::service::{Order, ProductForm, ServiceError, SignUp, VersionForm};
use crate::attest::key::{Algorithm, FileKey, Signer as _};
use crate::attest::sign::sign_bundle;
use crate::text::Text;
use crate::text::identifiers::corporate_check_digit;

/// What was made.
#[derive(Clone, Debug, Default)]
pub struct Demo {
    /// One account of each role, and one of each vendor.
    pub people: Vec<Account>,
    /// Registrations in the order in which they were made.
    pub registrations: Vec<RegistrationNumber>,
    /// The case that waits for an examiner.
    pub open: Vec<SubmissionId>,
}

/// A product of the demonstration.
struct Entry {
    vendor: &'static str,
    kana: &'static str,
    serial: u32,
    product: &'static str,
    product_kana: &'static str,
    version: &'static str,
    unit: &'static str,
    cloud: Cloud,
    sizes: &'static [MunicipalitySize],
    ends: End,
}

/// How far a product of the demonstration gets.
#[derive(Clone, Copy, Eq, PartialEq)]
enum End {
    Registered,
    Suspended,
    UnderReview,
}

const ENTRIES: [Entry; 4] = [
    Entry {
        vendor: "株式会社架空システム",
        kana: "カクウシステム",
        serial: 101,
        product: "架空住民記録",
        product_kana: "カクウジュウミンキロク",
        version: "3.2.1",
        unit: "01",
        cloud: Cloud::Government,
        sizes: &[MunicipalitySize::Large, MunicipalitySize::Medium],
        ends: End::Registered,
    },
    Entry {
        vendor: "見本情報株式会社",
        kana: "ミホンジョウホウ",
        serial: 102,
        product: "見本国民健康保険",
        product_kana: "ミホンコクミンケンコウホケン",
        version: "2.0.0",
        unit: "10",
        cloud: Cloud::Shared,
        sizes: &[MunicipalitySize::Medium, MunicipalitySize::Small],
        ends: End::Registered,
    },
    Entry {
        vendor: "例示ソフトウェア合同会社",
        kana: "レイジソフトウェア",
        serial: 103,
        product: "例示介護保険",
        product_kana: "レイジカイゴホケン",
        version: "1.4",
        unit: "14",
        cloud: Cloud::Private,
        sizes: &[MunicipalitySize::Small],
        ends: End::Suspended,
    },
    Entry {
        vendor: "髙見架空電算株式会社",
        kana: "タカミカクウデンサン",
        serial: 104,
        product: "髙見児童手当",
        product_kana: "タカミジドウテアテ",
        version: "5.0",
        unit: "17",
        cloud: Cloud::Government,
        sizes: &[MunicipalitySize::Designated],
        ends: End::UnderReview,
    },
];

impl Registry {
    /// Fills an empty register with a demonstration. `program` is a built `junkyo`: it plays the products and runs the tests.
    /// Nothing is done in a register that has vendors.
    ///
    /// # Errors
    /// If a run fails, or anything of the procedure does.
    pub fn demo(&self, program: &Path) -> Result<Demo, ServiceError> {
        let mut demo = Demo::default();
        if !self.vendors(&Actor::system(), None)?.is_empty() {
            return Ok(demo);
        }
        let folder = self.data().join("demo");
        fs::create_dir_all(&folder).map_err(fault)?;
        let mut person = |name: &str, role| -> Result<Actor, ServiceError> {
            let account = self.person(name, role)?;
            let actor = acting(&account);
            demo.people.push(account);
            Ok(actor)
        };
        let examiner = person("審査 花子（架空）", Role::Examiner)?;
        let approver = person("承認 太郎（架空）", Role::Approver)?;
        person("監査 次郎（架空）", Role::Auditor)?;
        person("架空市 情報政策課", Role::Municipality)?;
        let platform = Platform::start(program, &folder.join("platform"))?;
        for entry in &ENTRIES {
            let account = self.person(&format!("{} 担当者", entry.vendor), Role::Vendor)?;
            let submission = self.submitted(entry, &acting(&account), &examiner, &platform, &folder)?;
            demo.people.push(account);
            if entry.ends == End::UnderReview {
                demo.open.push(submission);
                continue;
            }
            let number = self.registered(&submission, &examiner, &approver)?;
            if entry.ends == End::Suspended {
                self.suspended(number, &examiner, &approver)?;
            }
            demo.registrations.push(number);
        }
        self.snapshot_now()?;
        Ok(demo)
    }

    fn person(&self, name: &str, role: Role) -> Result<Account, ServiceError> {
        let new = NewAccount {
            name: name.to_owned(),
            email: String::new(),
            role,
            vendor: None,
        };
        Accounts::new(self)
            .add(&new, Some(&Actor::system().account))
            .map_err(fault)
    }

    /// A vendor's way from sign-up to a submission that was judged again.
    fn submitted(
        &self,
        entry: &Entry,
        actor: &Actor,
        examiner: &Actor,
        platform: &Platform,
        folder: &Path,
    ) -> Result<SubmissionId, ServiceError> {
        let body = format!("{:012}", entry.serial);
        let number = format!("{}{body}", corporate_check_digit(&body).map_err(fault)?);
        let vendor = self.sign_up(
            actor,
            &SignUp {
                corporate_number: number.clone(),
                name: entry.vendor.to_owned(),
                name_kana: entry.kana.to_owned(),
                email: format!("info{}@example.jp", entry.serial),
                url: String::new(),
            },
        )?;
        self.admit_vendor(examiner, &vendor.id)?;
        let actor = Actor {
            vendor: Some(vendor.id),
            ..actor.clone()
        };
        let key = FileKey::generate(Algorithm::Ed25519).map_err(fault)?;
        let proof = self.begin_key(&actor, &key.public().to_pem(), "CI")?;
        let signature = key.sign(proof.text.as_bytes()).map_err(fault)?;
        self.register_key(&actor, &proof.key.0, &BASE64_STANDARD.encode(signature))?;
        let product = self.add_product(
            &actor,
            &ProductForm {
                name: entry.product.to_owned(),
                name_kana: entry.product_kana.to_owned(),
                summary: "デモ用の架空の製品です。".to_owned(),
                units: vec![entry.unit.to_owned()],
                facts: ProductFacts {
                    clouds: vec![entry.cloud],
                    sizes: entry.sizes.to_vec(),
                    ..ProductFacts::default()
                },
            },
        )?;
        let form = VersionForm {
            version: entry.version.to_owned(),
            ..VersionForm::default()
        };
        let version = self.add_version(&actor, &product.id, &form)?;
        let profiles = [format!("unit.{}.provider", entry.unit)];
        let challenge = self.open_challenge(&actor, &version.id, &profiles)?;
        let file = folder.join(format!("challenge-{}.json", entry.unit));
        fs::write(&file, &challenge.file).map_err(fault)?;
        let words = [entry.vendor, &number, entry.product, entry.version];
        let bundle = platform.run(words, &profiles[0], &file, &folder.join(format!("run-{}", entry.unit)))?;
        sign_bundle(&bundle, &key).map_err(fault)?;
        let receipt = self.submit(&actor, &bundle)?;
        while self.work_once("demo")? {}
        Ok(receipt.submission)
    }

    fn registered(
        &self,
        submission: &SubmissionId,
        examiner: &Actor,
        approver: &Actor,
    ) -> Result<RegistrationNumber, ServiceError> {
        let today = self.now().day();
        let decision = Decision::Register {
            valid_from: today,
            valid_until: today.add_months(self.rules().validity_months).unwrap_or(today),
            step: Some(1),
            features: Vec::new(),
            waivers: Vec::new(),
        };
        self.propose(examiner, submission, decision, "")?;
        let approved = self.approve(approver, submission)?;
        approved
            .registration
            .ok_or_else(|| fault("the decision gave no number"))
    }

    fn suspended(&self, number: RegistrationNumber, examiner: &Actor, approver: &Actor) -> Result<(), ServiceError> {
        let reason = PublicReason {
            code: "nonconformity".to_owned(),
            public: Text::new(
                "登録後の確認で不適合が見つかったため（デモ）",
                "A nonconformity was found after registration (demonstration)",
            ),
        };
        let recommended = self.recommend(examiner, number, RegistrationEvent::Suspend, &reason)?;
        let order = Order {
            reason,
            proposed_by: Some(recommended.by),
            review_by: Moment(self.now().0).add_days(90).day().into(),
        };
        self.suspend(approver, number, &order).map(|_| ())
    }
}

fn acting(account: &Account) -> Actor {
    Actor {
        account: account.id.clone(),
        name: account.name.clone(),
        role: account.role,
        vendor: account.vendor.clone(),
    }
}

fn fault(error: impl std::fmt::Display) -> ServiceError {
    ServiceError::internal("demonstration", error)
}

/// The reference platform in a process of its own, as if it were each of the products.
struct Platform {
    program: PathBuf,
    folder: PathBuf,
    process: Child,
}

impl Platform {
    fn start(program: &Path, folder: &Path) -> Result<Self, ServiceError> {
        let process = Command::new(program)
            .args(["mock", "--listen", "127.0.0.1:0", "--out"])
            .arg(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(fault)?;
        let mut platform = Self {
            program: program.to_owned(),
            folder: folder.to_owned(),
            process,
        };
        let out = platform
            .process
            .stdout
            .take()
            .ok_or_else(|| fault("no output of the platform"))?;
        let lines = BufReader::new(out).lines();
        // Its last line: from then on the target files are there.
        for line in lines {
            if line.map_err(fault)?.starts_with("try ") {
                return Ok(platform);
            }
        }
        Err(fault("the reference platform did not start"))
    }

    /// A run of one profile, under the name of a product: vendor, 法人番号, name, version. The bundle.
    fn run(&self, product: [&str; 4], profile: &str, challenge: &Path, out: &Path) -> Result<PathBuf, ServiceError> {
        let text = fs::read_to_string(self.folder.join("target-units.toml")).map_err(fault)?;
        let mut target: toml::Table = text.parse().map_err(fault)?;
        let mut section = toml::Table::new();
        for (key, value) in ["vendor", "corporate-number", "name", "version"]
            .into_iter()
            .zip(product)
        {
            section.insert(key.to_owned(), value.into());
        }
        section.insert("claims".to_owned(), vec![profile].into());
        target.insert("product".to_owned(), section.into());
        let file = self.folder.join(format!("target-{profile}.toml"));
        fs::write(&file, toml::to_string(&target).map_err(fault)?).map_err(fault)?;
        let done = Command::new(&self.program)
            .args(["run", "--target"])
            .arg(&file)
            .arg("--challenge")
            .arg(challenge)
            .arg("--out")
            .arg(out)
            .stdin(Stdio::null())
            .output()
            .map_err(fault)?;
        if !done.status.success() {
            let said = String::from_utf8_lossy(&done.stderr);
            let shown = String::from_utf8_lossy(&done.stdout);
            return Err(fault(format!(
                "the run of {profile} ended with {}: {shown}{said}",
                done.status
            )));
        }
        Ok(out.join("bundle.junkyo"))
    }
}

impl Drop for Platform {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
