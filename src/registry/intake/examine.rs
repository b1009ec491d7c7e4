//! The bundle against the register: every reason for which it cannot be taken, all at once.

use super::Rules;
use super::contents::{Contents, sign_again};
use super::refuse::{REPORT_AGAIN, refusal, some};
use crate::attest::key::PublicKey;
use crate::attest::statement::SuiteManifest;
use crate::registry::model::{
    Challenge, ChallengeState, KeyState, Moment, Product, ProductVersion, Refusal, RefusalCode, Suite, SuiteState,
    Vendor, VendorKey, VendorState, Waiver, WaiverState,
};
use crate::text::Text;

/// What the register knows that bears on a bundle.
pub(in crate::registry) struct Known {
    pub(in crate::registry) now: Moment,
    /// The vendor that submits.
    pub(in crate::registry) vendor: Vendor,
    /// Its products.
    pub(in crate::registry) products: Vec<Product>,
    /// Their versions.
    pub(in crate::registry) versions: Vec<ProductVersion>,
    /// The version with the subject of the report.
    pub(in crate::registry) version: Option<ProductVersion>,
    /// Keys of the vendor.
    pub(in crate::registry) keys: Vec<VendorKey>,
    /// Keys of other vendors that the signatures name.
    pub(in crate::registry) foreign_keys: Vec<VendorKey>,
    /// The challenge that the run names, as it stands now.
    pub(in crate::registry) challenge: Option<Challenge>,
    /// The suite that the report names, with its manifest.
    pub(in crate::registry) suite: Option<(Suite, SuiteManifest)>,
    /// Waivers for the product, and those for all.
    pub(in crate::registry) waivers: Vec<Waiver>,
    /// Whether this very bundle was submitted, by whomever.
    pub(in crate::registry) submitted: bool,
}

/// A bundle that can be taken.
pub(in crate::registry) struct Accepted {
    pub(in crate::registry) version: ProductVersion,
    pub(in crate::registry) challenge: Challenge,
    pub(in crate::registry) key: VendorKey,
}

/// Compares a bundle with the register.
///
/// # Errors
/// All reasons for which it is refused.
pub(in crate::registry) fn examine(
    contents: &Contents,
    known: &Known,
    rules: &Rules,
) -> Result<Accepted, Vec<Refusal>> {
    let mut case = Case {
        contents,
        known,
        rules,
        refusals: Vec::new(),
    };
    case.vendor();
    case.redactions();
    case.real_data();
    let key = case.key();
    let version = case.product();
    let challenge = case.challenge(version.as_ref());
    case.suite();
    case.run();
    case.results();
    if known.submitted {
        case.refuse(
            RefusalCode::Replayed,
            (
                "このバンドルはすでに提出されています。",
                "This bundle was submitted before.",
            ),
            REPORT_AGAIN.clone(),
        );
    }
    match (key, version, challenge) {
        (Some(key), Some(version), Some(challenge)) if case.refusals.is_empty() => Ok(Accepted {
            version,
            challenge,
            key,
        }),
        _ => Err(case.refusals),
    }
}

struct Case<'a> {
    contents: &'a Contents,
    known: &'a Known,
    rules: &'a Rules,
    refusals: Vec<Refusal>,
}

impl Case<'_> {
    fn refuse<J: Into<String>, E: Into<String>>(&mut self, code: RefusalCode, detail: (J, E), remedy: Text) {
        self.refusals.push(refusal(code, Text::new(detail.0, detail.1), remedy));
    }

    fn vendor(&mut self) {
        if self.known.vendor.state != VendorState::Admitted {
            self.refuse(
                RefusalCode::VendorNotAdmitted,
                ("利用登録がまだ承認されていません。", "Your sign-up is not admitted."),
                Text::new("承認の通知をお待ちください。", "Wait for the notice."),
            );
        }
    }

    fn redactions(&mut self) {
        let withheld = self.contents.withheld;
        if withheld > 0 {
            self.refuse(
                RefusalCode::RedactedEvidence,
                (
                    format!("証拠のうち{withheld}件が取り除かれており、再判定できません。"),
                    format!("{withheld} parts of the evidence were withheld, so it cannot be judged again."),
                ),
                Text::new(
                    "何も取り除いていない元のバンドルを提出してください。",
                    "Submit the bundle that nothing was withheld from.",
                ),
            );
        }
    }

    fn real_data(&mut self) {
        let count = self.contents.real_data;
        if count > 0 {
            self.refuse(
                RefusalCode::RealData,
                (
                    format!("実在する個人の番号と思われる値が{count}件見つかっています。"),
                    format!("{count} numbers that may be those of real persons were seen."),
                ),
                Text::new(
                    "試験環境から実データを取り除き、新しいチャレンジで実行し直してください。",
                    "Remove real data from the test system, and run again with a new challenge.",
                ),
            );
        }
    }

    /// The registered key that signed, or why none did.
    fn key(&mut self) -> Option<VendorKey> {
        let signed_by = |keys: &[VendorKey]| {
            keys.iter()
                .find(|key| {
                    let public = PublicKey::from_pem(&key.pem);
                    public.is_ok_and(|public| {
                        let trusted = [public];
                        self.contents
                            .envelopes
                            .iter()
                            .any(|line| !line.signers(&trusted).is_empty())
                    })
                })
                .cloned()
        };
        let now = self.known.now;
        let counts = |key: &VendorKey| key.state == KeyState::Active && key.not_after.is_none_or(|end| now <= end);
        let (valid, ended): (Vec<VendorKey>, Vec<VendorKey>) = self.known.keys.iter().cloned().partition(counts);
        if let Some(key) = signed_by(&valid) {
            return Some(key);
        }
        if let Some(key) = signed_by(&ended) {
            let at = key.revoked.or(key.not_after).unwrap_or(now);
            self.refuse(
                RefusalCode::KeyRevoked,
                (
                    format!("鍵「{}」は {at} に失効しています。", key.label),
                    format!("The key {} ended at {at}.", key.label),
                ),
                Text::new(
                    "新しい鍵を登録し、`junkyo sign` で署名し直してください。",
                    "Register a new key and sign again with `junkyo sign`.",
                ),
            );
            return None;
        }
        if signed_by(&self.known.foreign_keys).is_some() {
            self.refuse(
                RefusalCode::OtherVendor,
                (
                    "別のベンダーの鍵で署名されています。",
                    "It is signed with a key of another vendor.",
                ),
                sign_again(),
            );
            return None;
        }
        let named: Vec<String> = self
            .contents
            .envelopes
            .iter()
            .flat_map(|line| line.signatures.iter().map(|signature| signature.key.0.clone()))
            .collect();
        if self.known.keys.iter().any(|key| named.contains(&key.id.0)) {
            self.refuse(
                RefusalCode::SignatureInvalid,
                (
                    "登録済みの鍵の名前がありますが、署名はその鍵によるものではありません。",
                    "A registered key is named, but the signature is not by it.",
                ),
                sign_again(),
            );
        } else if named.is_empty() {
            self.refuse(
                RefusalCode::KeyUnknown,
                ("バンドルに署名がありません。", "The bundle is not signed."),
                Text::new(
                    "`junkyo sign --key KEY.pem bundle.junkyo` で署名してください。",
                    "Sign it: `junkyo sign --key KEY.pem bundle.junkyo`.",
                ),
            );
        } else {
            let named = some(&named);
            self.refuse(
                RefusalCode::KeyUnknown,
                (
                    format!("署名した鍵（{}）は登録されていません。", named.ja),
                    format!("The key that signed ({}) is not registered.", named.en),
                ),
                Text::new(
                    "その鍵を登録するか、登録済みの鍵で署名し直してください。",
                    "Register that key, or sign with a registered one.",
                ),
            );
        }
        None
    }

    /// The version that the report is about, or how it differs from all of the vendor's.
    fn product(&mut self) -> Option<ProductVersion> {
        if let Some(version) = &self.known.version {
            if version.vendor == self.known.vendor.id {
                return Some(version.clone());
            }
            self.refuse(
                RefusalCode::OtherVendor,
                (
                    "別のベンダーの製品のレポートです。",
                    "The report is about another vendor's product.",
                ),
                target_file(),
            );
            return None;
        }
        let (said, vendor) = (&self.contents.product, &self.known.vendor);
        let number = said.vendor.corporate_number.as_deref().unwrap_or("");
        if number != vendor.corporate_number || said.vendor.name != vendor.name {
            let found = format!(
                "{} ({})",
                said.vendor.name,
                if number.is_empty() { "-" } else { number }
            );
            let expected = format!("{} ({})", vendor.name, vendor.corporate_number);
            self.refuse(
                RefusalCode::OtherVendor,
                (
                    format!("レポートのベンダーは「{found}」ですが、登録では「{expected}」です。"),
                    format!("The vendor in the report is {found}; the register has {expected}."),
                ),
                target_file(),
            );
        }
        let Some(product) = self.known.products.iter().find(|product| product.name == said.name) else {
            self.refuse(
                RefusalCode::OtherProduct,
                (
                    format!("「{}」という製品は登録されていません。", said.name),
                    format!("There is no product {} of yours in the register.", said.name),
                ),
                target_file(),
            );
            return None;
        };
        let mut versions = self.known.versions.iter();
        if !versions.any(|version| version.product == product.id && version.version == said.version) {
            self.refuse(
                RefusalCode::OtherVersion,
                (
                    format!("「{}」のバージョン {} は登録されていません。", said.name, said.version),
                    format!("{} has no version {} in the register.", said.name, said.version),
                ),
                Text::new(
                    "このバージョンを追加してチャレンジを開くか、[product] の version を直して実行し直してください。",
                    "Add this version and open a challenge for it, or mend `version` in [product] and run again.",
                ),
            );
        }
        None
    }

    fn challenge(&mut self, version: Option<&ProductVersion>) -> Option<Challenge> {
        let run = &self.contents.statement.predicate.run;
        let Some(named) = &run.challenge else {
            self.refuse(
                RefusalCode::ChallengeUnknown,
                ("チャレンジを使わない実行です。", "The run used no challenge."),
                REPORT_AGAIN.clone(),
            );
            return None;
        };
        let known = self.known.challenge.as_ref();
        let Some(challenge) = known.filter(|challenge| challenge.vendor == self.known.vendor.id) else {
            let id: String = named.id.chars().take(60).collect();
            self.refuse(
                RefusalCode::ChallengeUnknown,
                (
                    format!("チャレンジ {id} はこのベンダーのものとして登録されていません。"),
                    format!("There is no challenge {id} of this vendor."),
                ),
                REPORT_AGAIN.clone(),
            );
            return None;
        };
        let before = self.refusals.len();
        self.challenge_state(challenge);
        self.challenge_scope(challenge, version);
        if named.nonce != challenge.nonce || run.seed != challenge.seed {
            self.refuse(
                RefusalCode::SeedMismatch,
                (
                    format!("シードは {} のはずですが {} です。", challenge.seed, run.seed),
                    format!("The seed should be {}, it is {}.", challenge.seed, run.seed),
                ),
                REPORT_AGAIN.clone(),
            );
        }
        let challenge = challenge.clone();
        (self.refusals.len() == before).then_some(challenge)
    }

    fn challenge_state(&mut self, challenge: &Challenge) {
        match challenge.state {
            ChallengeState::Open => {}
            ChallengeState::Expired => self.refuse(
                RefusalCode::ChallengeExpired,
                (
                    format!("チャレンジの期限は {} でした。", challenge.expires),
                    format!("The challenge ended at {}.", challenge.expires),
                ),
                REPORT_AGAIN.clone(),
            ),
            ChallengeState::Used | ChallengeState::Abandoned => {
                let title = challenge.state.title();
                self.refuse(
                    RefusalCode::ChallengeUsed,
                    (
                        format!(
                            "このチャレンジは「{}」です。1つのチャレンジは1回だけ使えます。",
                            title.ja
                        ),
                        format!("This challenge is {}. A challenge can be used once.", title.en),
                    ),
                    REPORT_AGAIN.clone(),
                );
            }
        }
    }

    fn challenge_scope(&mut self, challenge: &Challenge, version: Option<&ProductVersion>) {
        let says = &self.contents.statement.predicate;
        let mut profiles: Vec<String> = says.profiles.iter().map(|profile| profile.id.clone()).collect();
        profiles.sort();
        let mut differs = Vec::new();
        if version.is_some_and(|version| version.id != challenge.version) {
            differs.push(("製品またはバージョン", "product or version"));
        }
        if profiles != challenge.profiles {
            differs.push(("プロファイル", "profiles"));
        }
        if says.suite.digest.sha256 != challenge.suite {
            differs.push(("試験スイート", "suite"));
        }
        if !differs.is_empty() {
            let ja: Vec<&str> = differs.iter().map(|(ja, _)| *ja).collect();
            let en: Vec<&str> = differs.iter().map(|(_, en)| *en).collect();
            self.refuse(
                RefusalCode::ChallengeOther,
                (
                    format!("チャレンジと異なるもの: {}", ja.join("、")),
                    format!("Other than the challenge says: {}", en.join(", ")),
                ),
                REPORT_AGAIN.clone(),
            );
        }
    }

    fn suite(&mut self) {
        let today = self.known.now.day();
        let Some((suite, _)) = &self.known.suite else {
            let digest = self.contents.statement.predicate.suite.digest.sha256;
            self.refuse(
                RefusalCode::WrongSuite,
                (
                    format!("コーパス {digest} は公開された試験スイートではありません。"),
                    format!("The corpus {digest} is no released suite."),
                ),
                Text::new(
                    "公式に公開された junkyo を、コーパスを変えずに（--corpus なしで）使ってください。",
                    "Use an official release of junkyo with its own corpus (without --corpus).",
                ),
            );
            return;
        };
        let ended = suite.valid_until.is_some_and(|last| today > last);
        if suite.state != SuiteState::Active || ended {
            let version = suite.version.clone();
            self.refuse(
                RefusalCode::SuiteWithdrawn,
                (
                    format!("試験スイート {version} は新しい登録に使えません。"),
                    format!("The suite {version} cannot be used for new registrations."),
                ),
                REPORT_AGAIN.clone(),
            );
        }
    }

    fn run(&mut self) {
        let says = &self.contents.statement.predicate;
        if says.profiles.is_empty() {
            self.refuse(
                RefusalCode::NoProfile,
                ("プロファイルが申告されていません。", "No profile is claimed."),
                Text::new(
                    "[product] の claims にプロファイルを書いて実行し直してください。",
                    "Name the profiles in `claims` of [product] and run again.",
                ),
            );
        }
        if says.run.partial || says.run.interrupted {
            self.refuse(
                RefusalCode::PartialRun,
                (
                    "シナリオの一部だけの実行、または中断された実行です。",
                    "Only a selection was run, or the run was interrupted.",
                ),
                REPORT_AGAIN.clone(),
            );
        }
        let started = Moment::parse(&says.run.started_at);
        let ahead = Moment(self.known.now.0.saturating_add(self.rules.ahead_minutes * 60_000));
        let oldest = self.known.now.add_days(-self.rules.run_days);
        let opened = self.known.challenge.as_ref().map(|challenge| challenge.opened);
        let early = |started: Moment| {
            opened.is_some_and(|opened| started.0.saturating_add(self.rules.ahead_minutes * 60_000) < opened.0)
        };
        match started {
            Some(started) if started > ahead => self.refuse(
                RefusalCode::ClockAhead,
                (
                    format!("実行日時 {started} が受付日時 {} より後です。", self.known.now),
                    format!(
                        "The run began at {started}, after it was received ({}).",
                        self.known.now
                    ),
                ),
                clock(),
            ),
            Some(started) if started < oldest => self.refuse(
                RefusalCode::TooOld,
                (
                    format!("実行日時 {started} は{}日より前です。", self.rules.run_days),
                    format!(
                        "The run began at {started}, more than {} days ago.",
                        self.rules.run_days
                    ),
                ),
                REPORT_AGAIN.clone(),
            ),
            Some(started) if early(started) => self.refuse(
                RefusalCode::TooOld,
                (
                    format!("実行日時 {started} がチャレンジの発行より前です。"),
                    format!("The run began at {started}, before its challenge was opened."),
                ),
                clock(),
            ),
            Some(_) => {}
            None => self.refuse(
                RefusalCode::ClockAhead,
                ("実行日時が読めません。", "The time of the run cannot be read."),
                clock(),
            ),
        }
    }

    fn results(&mut self) {
        let says = &self.contents.statement.predicate;
        let waived: Vec<String> = says
            .results
            .iter()
            .filter(|result| result.verdict == "waived" && !self.is_waived(&result.id))
            .map(|result| result.id.clone())
            .collect();
        if !waived.is_empty() {
            let shown = some(&waived);
            self.refuse(
                RefusalCode::WaiverUnknown,
                (
                    format!("承認されていない例外（expected-failures）: {}", shown.ja),
                    format!("Waivers (expected-failures) without approval: {}", shown.en),
                ),
                Text::new(
                    "不具合を直すか、要件への例外または試験への異議を申し立ててください。",
                    "Mend the product, ask for a waiver, or challenge the test.",
                ),
            );
        }
        let (missing, failing) = self.open_requirements();
        if !missing.is_empty() {
            let shown = some(&missing);
            self.refuse(
                RefusalCode::NotComplete,
                (
                    format!("判定されていない必須の要件: {}", shown.ja),
                    format!("Required and not judged: {}", shown.en),
                ),
                REPORT_AGAIN.clone(),
            );
        }
        if !failing.is_empty() || says.outcome == "non-conformant" {
            let shown = some(&failing);
            self.refuse(
                RefusalCode::NotConformant,
                (
                    format!("満たしていない必須の要件: {}", shown.ja),
                    format!("Required and not met: {}", shown.en),
                ),
                Text::new(
                    "レポートの説明に従って製品を直し、新しいチャレンジで実行し直してください。",
                    "Mend the product as the report says, and run again with a new challenge.",
                ),
            );
        } else if missing.is_empty() && says.outcome != "conformant" && waived.is_empty() && !self.has_waived() {
            let outcome = says.outcome.clone();
            self.refuse(
                RefusalCode::NotComplete,
                (
                    format!("総合判定が「準拠」ではありません（{outcome}）。"),
                    format!("The outcome is {outcome}, not conformant."),
                ),
                REPORT_AGAIN.clone(),
            );
        }
    }

    fn has_waived(&self) -> bool {
        self.contents
            .statement
            .predicate
            .results
            .iter()
            .any(|result| result.verdict == "waived")
    }

    /// Required requirements that were not judged, and those that do not hold.
    fn open_requirements(&self) -> (Vec<String>, Vec<String>) {
        let Some((_, manifest)) = &self.known.suite else {
            return (Vec::new(), Vec::new());
        };
        let says = &self.contents.statement.predicate;
        let (mut missing, mut failing) = (Vec::new(), Vec::new());
        for profile in &says.profiles {
            let Some(wanted) = manifest.profile(&profile.id) else {
                continue;
            };
            for id in &wanted.required {
                let result = says
                    .results
                    .iter()
                    .find(|result| result.profile == profile.id && result.id == *id);
                match result.map(|result| result.verdict.as_str()) {
                    Some("pass" | "info") => {}
                    // A condition of the suite says that it does not apply, and the reason stands in the report.
                    Some("skip") if result.is_some_and(|result| result.reason.is_some()) => {}
                    Some("fail" | "warn" | "waived") if self.is_waived(id) => {}
                    Some("waived") => {}
                    Some("fail" | "warn") => failing.push(id.clone()),
                    _ => missing.push(id.clone()),
                }
            }
        }
        for ids in [&mut missing, &mut failing] {
            ids.sort();
            ids.dedup();
        }
        (missing, failing)
    }

    fn is_waived(&self, requirement: &str) -> bool {
        let today = self.known.now.day();
        self.known.waivers.iter().any(|waiver| {
            waiver.requirement == requirement && waiver.state == WaiverState::Approved && today <= waiver.expires
        })
    }
}

fn target_file() -> Text {
    Text::new(
        "対象ファイルの [product]（vendor、corporate-number、name、version）を登録と同じにして実行し直してください。",
        "Make [product] of the target file (vendor, corporate-number, name, version) say the same as the register, and run again.",
    )
}

fn clock() -> Text {
    Text::new(
        "実行する機器の時計を合わせて、実行し直してください。",
        "Set the clock of the machine that runs the tests, and run again.",
    )
}
