//! The rules V1 to V12 about a proof pack, in their order. The first that fails ends the check: what comes after rests
//! on it.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;
use time::{Date, OffsetDateTime};

use super::clock;
use super::finding::{Standing, Verification};
use super::pack::{
    CATALOG, CATALOG_STATEMENT, CHECKPOINT_TOKEN, KEY, PRODUCT, ProofPack, REGISTRATION, REPORT, SUITE, SUITE_MANIFEST,
    TRUST, proof_name, token_name,
};
use super::status::{Status, fold};
use super::trust::{Role, Trust};
use crate::attest::Digest;
use crate::attest::canonical;
use crate::attest::envelope::Envelope;
use crate::attest::key::PublicKey;
use crate::attest::log::{Checkpoint, LeafEntry, LogProof, Note, Seen};
use crate::attest::statement::{
    CatalogSnapshot, ConformanceReport, KeyEvent, KeyEventKind, Predicate, Product, RegistrationEvent, Statement,
    SuiteManifest, SuiteRelease, SuiteStatus,
};
use crate::attest::timestamp::{self, Timestamp, TimestampError};
use crate::text::Text;

/// A token may be so much later than a witness' clock, seconds.
const CLOCK_TOLERANCE: i64 = 300;

/// What a check of a proof pack needs beside the pack and the trust.
#[derive(Clone, Debug)]
pub struct PackOptions {
    /// The time at which the status is asked.
    pub now: OffsetDateTime,
    /// The newest checkpoint (signed note) that the checker has seen.
    pub seen: Option<Vec<u8>>,
}

impl PackOptions {
    /// A day (its last second) or a time, as a command line gives it.
    pub fn moment(text: &str) -> Option<OffsetDateTime> {
        clock::day(text).map(clock::end_of).or_else(|| clock::moment(text))
    }
}

/// Verifies a proof pack.
pub fn verify_pack(pack: &ProofPack, trust: &Trust, options: &PackOptions) -> Verification {
    let mut check = Check {
        pack,
        trust: trust.clone(),
        options,
        found: Verification::new("proof-pack"),
    };
    if let Err(Stop { code, standing, text }) = check.all() {
        check.found.note(standing, code, text.ja, text.en);
    }
    check.found.concluded()
}

/// The rule that does not hold, or cannot be decided.
struct Stop {
    code: &'static str,
    standing: Standing,
    text: Text,
}

fn wrong<T>(code: &'static str, ja: impl Into<String>, en: impl Into<String>) -> Result<T, Stop> {
    Err(Stop {
        code,
        standing: Standing::Wrong,
        text: Text::new(ja, en),
    })
}

/// A rule whose fault has technical words.
fn broken(code: &'static str, what: &str, error: impl std::fmt::Display) -> Stop {
    Stop {
        code,
        standing: Standing::Wrong,
        text: Text::new(format!("{what}：{error}"), format!("{what}: {error}")),
    }
}

struct Check<'a> {
    pack: &'a ProofPack,
    trust: Trust,
    options: &'a PackOptions,
    found: Verification,
}

/// One event with everything around it.
struct Event {
    digest: Digest,
    statement: Statement<RegistrationEvent>,
    token: Option<Result<Timestamp, TimestampError>>,
}

/// What V1 and V3 have read.
struct Documents {
    events: Vec<Event>,
    report: Envelope,
    report_statement: Statement<ConformanceReport>,
    suite_statement: Statement<SuiteRelease>,
    product: Product,
    product_digest: Digest,
}

impl Documents {
    /// The last event that decided on results.
    fn decision(&self) -> Option<&Event> {
        self.events
            .iter()
            .rev()
            .find(|event| event.statement.predicate.basis.is_some())
    }
}

impl Check<'_> {
    fn all(&mut self) -> Result<(), Stop> {
        self.read_all()?;
        self.trust_from_outside()?;
        let documents = self.signatures()?;
        self.subject(&documents)?;
        self.report_of_the_decision(&documents)?;
        let manifest = self.suite(&documents)?;
        self.completeness(&documents, &manifest)?;
        let seen = self.log(&documents)?;
        self.time(&documents, &seen)?;
        self.status(&documents, &seen)?;
        self.monotonic(&seen)
    }

    fn file(&self, name: &'static str) -> Result<&[u8], Stop> {
        self.pack.get(name).map_or_else(
            || {
                wrong(
                    "V1-missing",
                    format!("{name} がありません。"),
                    format!("{name} is missing."),
                )
            },
            Ok,
        )
    }

    /// V1: nothing ambiguous, nothing missing, nothing that does not belong there.
    fn read_all(&mut self) -> Result<(), Stop> {
        if let Some(stray) = self.pack.stray() {
            return wrong(
                "V1-stray",
                format!("証明パックにないはずのファイル {stray} があります。"),
                format!("{stray} does not belong into a proof pack."),
            );
        }
        for name in [REGISTRATION, REPORT, SUITE] {
            for line in lines(self.file(name)?) {
                Envelope::parse(line).map_err(|error| broken("V1-parse", name, error))?;
            }
        }
        for name in [PRODUCT, SUITE_MANIFEST] {
            canonical::parse(self.file(name)?).map_err(|error| broken("V1-parse", name, error))?;
        }
        if lines(self.file(REGISTRATION)?).next().is_none() {
            return wrong(
                "V1-missing",
                "登録の決定がありません。",
                "There is no decision in the pack.",
            );
        }
        self.found.proven(
            "V1-form",
            "すべてのファイルは一通りにしか読めない形です。",
            "Every file can be read in one way only.",
        );
        Ok(())
    }

    /// V2: whom to trust is what the checker brought; the pack may only lead from there to a later version.
    fn trust_from_outside(&mut self) -> Result<(), Stop> {
        if self.trust.version().is_none() {
            return Err(Stop {
                code: "V2-trust",
                standing: Standing::Open,
                text: Text::new(
                    "登録機関の信頼情報（trust bundle）が与えられていません（--trust）。パックの中の鍵は何も証明しません。",
                    "No trust bundle of the register was given (--trust); keys inside the pack prove nothing.",
                ),
            });
        }
        if let Some(lines) = self.pack.get(TRUST) {
            self.trust
                .walk(lines)
                .map_err(|error| broken("V2-trust", TRUST, error))?;
        }
        let version = self.trust.version().unwrap_or_default();
        self.found.proven(
            "V2-trust",
            format!("登録機関の信頼情報 第{version}版を、手元のものから辿って使いました。"),
            format!("Version {version} of the register's trust bundle, reached from your own copy, was used."),
        );
        Ok(())
    }

    /// V3: decision, report, suite: right type, right signer.
    fn signatures(&mut self) -> Result<Documents, Stop> {
        let code = "V3-signature";
        let mut events = Vec::new();
        for (index, line) in lines(self.file(REGISTRATION)?).enumerate() {
            let envelope = Envelope::parse(line).map_err(|error| broken("V1-parse", REGISTRATION, error))?;
            let statement = statement::<RegistrationEvent>(&envelope, REGISTRATION)?;
            let token = self
                .pack
                .get(&token_name(index as u64 + 1))
                .map(|token| timestamp::verify(token, envelope.payload_digest(), self.trust.tsa()));
            let at = token
                .as_ref()
                .and_then(|token| token.as_ref().ok())
                .map(|stamp| stamp.time);
            self.by(Role::Decision, &envelope, at, "登録の決定", "the decision")?;
            events.push(Event {
                digest: envelope.payload_digest(),
                statement,
                token,
            });
        }
        let report = one(self.file(REPORT)?, REPORT)?;
        let report_statement = statement::<ConformanceReport>(&report, REPORT)?;
        let suite = one(self.file(SUITE)?, SUITE)?;
        let suite_statement = statement::<SuiteRelease>(&suite, SUITE)?;
        self.by(Role::Suite, &suite, None, "試験スイート", "the suite")?;
        let product_bytes = self.file(PRODUCT)?;
        let product: Product = canonical::parse(product_bytes)
            .ok()
            .and_then(|value| serde_json::from_value(value).ok())
            .ok_or_else(|| broken("V1-parse", PRODUCT, "no product descriptor (product/v1)"))?;
        let product_digest = Digest::of(product_bytes);
        let decided = events
            .iter()
            .rev()
            .find(|event| event.statement.predicate.basis.is_some());
        let decided = decided
            .and_then(|event| event.token.as_ref()?.as_ref().ok())
            .map(|stamp| stamp.time);
        let keys = self.vendor_keys(&product, decided)?;
        let signers = report.signers(&keys);
        if signers.is_empty() {
            return wrong(
                code,
                "試験結果は、このベンダーの鍵で署名されていません。",
                "The report is not signed by a key of this vendor.",
            );
        }
        self.found.signers = signers.into_iter().map(|id| id.0).collect();
        let ids = self.found.signers.join(", ");
        self.found.proven(
            code,
            format!("登録機関が決定に、ベンダーが試験結果に、スイートの発行者がスイートに署名しています（ベンダーの鍵：{ids}）。"),
            format!("Signed: the decision by the register, the report by the vendor ({ids}), the suite by its publisher."),
        );
        Ok(Documents {
            events,
            report,
            report_statement,
            suite_statement,
            product,
            product_digest,
        })
    }

    fn by(&self, role: Role, envelope: &Envelope, at: Option<OffsetDateTime>, ja: &str, en: &str) -> Result<(), Stop> {
        if envelope.signers(&self.trust.keys(role, at)).is_empty() {
            return wrong(
                "V3-signature",
                format!("{ja}に、その役割を持つ信頼する鍵の署名がありません。"),
                format!("No trusted key that may do so signed {en}."),
            );
        }
        Ok(())
    }

    /// Keys that were given for the vendor, and those that the register says are the vendor's.
    fn vendor_keys(&self, product: &Product, decided: Option<OffsetDateTime>) -> Result<Vec<PublicKey>, Stop> {
        let mut keys = self.trust.keys(Role::Vendor, None);
        for line in lines(self.pack.get(KEY).unwrap_or_default()) {
            let envelope = one(line, KEY)?;
            let event = statement::<KeyEvent>(&envelope, KEY)?;
            self.by(
                Role::Decision,
                &envelope,
                None,
                "鍵の登録",
                "the registration of the vendor's key",
            )?;
            let facts = &event.predicate;
            let spki = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, &facts.key.spki)
                .map_err(|error| broken("V1-parse", KEY, error))?;
            let key = PublicKey::from_spki_der(&spki).map_err(|error| broken("V1-parse", KEY, error))?;
            let its_own = event.subject.len() == 1
                && event.subject[0].digest.sha256 == Digest::of(&spki)
                && product
                    .vendor
                    .corporate_number
                    .as_ref()
                    .is_none_or(|number| *number == facts.vendor);
            if !its_own {
                return wrong(
                    "V3-key",
                    "鍵の登録は、この製品のベンダーのものではありません。",
                    "The registered key is not one of this product's vendor.",
                );
            }
            match (facts.event, &facts.compromised_since) {
                (KeyEventKind::Registered, _) => keys.push(key),
                // What was decided while it was still sound stands.
                (KeyEventKind::Revoked, None) => {}
                (KeyEventKind::Revoked, Some(since)) => {
                    let since = moment(since, KEY)?;
                    if decided.is_none_or(|decided| decided >= since) {
                        keys.retain(|known| *known != key);
                    }
                }
            }
        }
        Ok(keys)
    }

    /// V4: everything is about one product in one version.
    fn subject(&mut self, documents: &Documents) -> Result<(), Stop> {
        let subjects = documents
            .events
            .iter()
            .map(|event| event.statement.subject.as_slice())
            .chain([documents.report_statement.subject.as_slice()]);
        for subject in subjects {
            if subject.len() != 1 || subject[0].digest.sha256 != documents.product_digest {
                return wrong(
                    "V4-subject",
                    "署名された文書は、product.json の製品についてのものではありません。",
                    "What is signed is not about the product of product.json.",
                );
            }
        }
        let title = documents.product.title();
        self.found.proven(
            "V4-subject",
            format!(
                "すべて「{title}」（{}）についてのものです。",
                documents.product.vendor.name
            ),
            format!("All of it is about {title} of {}.", documents.product.vendor.name),
        );
        self.found.product = Some(title);
        Ok(())
    }

    /// V5: the decision rests on this report; the events form one chain.
    fn report_of_the_decision(&mut self, documents: &Documents) -> Result<(), Stop> {
        let basis = documents
            .decision()
            .and_then(|event| event.statement.predicate.basis.as_ref());
        if basis.is_none_or(|basis| basis.report.sha256 != documents.report.payload_digest()) {
            return wrong(
                "V5-report",
                "登録の決定は、このパックの試験結果に基づくものではありません。",
                "The decision does not rest on the report in this pack.",
            );
        }
        let number = documents.events[0].statement.predicate.registration_number.clone();
        let mut before = None;
        for (index, event) in documents.events.iter().enumerate() {
            let facts = &event.statement.predicate;
            let chained = facts.sequence == index as u64 + 1
                && facts.previous.map(|previous| previous.sha256) == before
                && facts.registration_number == number;
            if !chained {
                return wrong(
                    "V5-chain",
                    format!("{} 番目の出来事が前の出来事に続いていません。", index + 1),
                    format!("Event {} does not follow the one before it.", index + 1),
                );
            }
            before = Some(event.digest);
        }
        self.found.proven(
            "V5-report",
            "登録の決定はこの試験結果に基づいています。",
            "The decision rests on this report.",
        );
        self.found.registration = Some(number);
        self.found.statement = documents.decision().map(|event| event.digest.to_string());
        Ok(())
    }

    /// V6: report, decision and publisher speak of the same suite.
    fn suite(&mut self, documents: &Documents) -> Result<SuiteManifest, Stop> {
        let suite = documents.report_statement.predicate.suite.digest.sha256;
        let release = &documents.suite_statement;
        let decided = documents
            .decision()
            .and_then(|event| event.statement.predicate.scope.as_ref())
            .map(|scope| scope.suite.sha256);
        let bytes = self.file(SUITE_MANIFEST)?;
        let manifest: SuiteManifest = canonical::parse(bytes)
            .ok()
            .and_then(|value| serde_json::from_value(value).ok())
            .ok_or_else(|| broken("V1-parse", SUITE_MANIFEST, "no suite manifest (suite-manifest/v1)"))?;
        let agree = release.subject.len() == 1
            && release.subject[0].digest.sha256 == suite
            && decided == Some(suite)
            && manifest.corpus.sha256 == suite
            && release.predicate.manifest.sha256 == Digest::of(bytes)
            && release.predicate.status == SuiteStatus::Active;
        if !agree {
            return wrong(
                "V6-suite",
                "試験結果、決定、スイートの目録が同じ試験スイートを指していません。",
                "Report, decision and suite manifest do not speak of the same, active suite.",
            );
        }
        self.found.proven(
            "V6-suite",
            format!("試験スイートは {} {} です。", manifest.id, manifest.version),
            format!("The suite is {} {}.", manifest.id, manifest.version),
        );
        Ok(manifest)
    }

    /// V7: every binding requirement of every registered profile is in the report, and holds.
    fn completeness(&mut self, documents: &Documents, manifest: &SuiteManifest) -> Result<(), Stop> {
        let code = "V7-complete";
        let report = &documents.report_statement.predicate;
        let event = documents.decision().map(|event| &event.statement.predicate);
        let profiles = event
            .and_then(|event| event.scope.as_ref())
            .map(|scope| scope.profiles.as_slice());
        let waivers = event
            .and_then(|event| event.basis.as_ref())
            .map(|basis| basis.waivers.as_slice());
        let (profiles, waivers) = (profiles.unwrap_or_default(), waivers.unwrap_or_default());
        if report.run.partial || report.run.interrupted || profiles.is_empty() {
            return wrong(code, "一部だけの実行です。", "Only a part was run.");
        }
        let mut seen = HashSet::new();
        for result in &report.results {
            if !seen.insert((&result.profile, &result.id)) {
                return wrong(
                    code,
                    format!("{} の結果が二つあります。", result.id),
                    format!("There are two results of {}.", result.id),
                );
            }
        }
        let (mut held, mut inapplicable, mut waived) = (0_usize, 0_usize, 0_usize);
        for profile in profiles {
            let Some(asked) = manifest.profile(profile) else {
                return wrong(
                    code,
                    format!("スイートにプロファイル {profile} がありません。"),
                    format!("The suite has no profile {profile}."),
                );
            };
            for id in &asked.required {
                let result = report
                    .results
                    .iter()
                    .find(|result| result.profile == *profile && result.id == *id);
                match result.map(|result| (result.verdict.as_str(), result.reason.is_some())) {
                    Some(("pass" | "info", _)) => held += 1,
                    Some(("skip", true)) => inapplicable += 1,
                    _ if waivers.iter().any(|waiver| waiver.requirement == *id) => waived += 1,
                    found => {
                        let verdict = found.map_or("-", |(verdict, _)| verdict);
                        return wrong(
                            code,
                            format!("必須要件 {id}（{profile}）が満たされていません（判定：{verdict}）。"),
                            format!("The binding requirement {id} ({profile}) is missing or does not hold: {verdict}"),
                        );
                    }
                }
            }
        }
        self.found.proven(
            code,
            format!("必須要件はすべて判定され、{held} 件が成立、{inapplicable} 件が対象外です。"),
            format!("Every binding requirement was judged: {held} hold, {inapplicable} do not apply."),
        );
        if waived > 0 {
            self.found.note(
                Standing::Unclaimed,
                "V7-waived",
                format!("{waived} 件の要件は、決定が名指しする免除によるものです。"),
                format!("{waived} requirements do not hold and are waived by name in the decision."),
            );
        }
        Ok(())
    }

    /// V8: every event stands in the log.
    fn log(&mut self, documents: &Documents) -> Result<Seen, Stop> {
        let code = "V8-log";
        let Some(policy) = self.trust.policy() else {
            return wrong(
                code,
                "信頼情報にログの方針がありません。",
                "The trust bundle has no policy of a log.",
            );
        };
        let mut newest: Option<Seen> = None;
        for event in &documents.events {
            let facts = &event.statement.predicate;
            let name = proof_name(facts.sequence);
            let Some(bytes) = self.pack.get(&name) else {
                return wrong(
                    "V1-missing",
                    format!("{name} がありません。"),
                    format!("{name} is missing."),
                );
            };
            let proof = LogProof::parse(bytes).map_err(|error| broken(code, &name, error))?;
            let entry = LeafEntry::parse(&proof.entry).map_err(|error| broken(code, &name, error))?;
            let commits = entry.payload == event.digest.0
                && entry.kind == facts.event.word()
                && entry.registration.as_ref() == Some(&facts.registration_number);
            if !commits {
                return wrong(
                    code,
                    format!("{name} のログ項目は、この決定のものではありません。"),
                    format!("The log entry of {name} is not about this decision."),
                );
            }
            let seen = proof.verify(policy).map_err(|error| broken(code, &name, error))?;
            if newest
                .as_ref()
                .is_none_or(|known| known.checkpoint.size <= seen.checkpoint.size)
            {
                self.found.checkpoint = Some(proof.checkpoint.to_string());
                newest = Some(seen);
            }
        }
        let Some(seen) = newest else {
            return wrong(code, "登録の決定がありません。", "There is no decision.");
        };
        let size = seen.checkpoint.size;
        self.found.proven(
            code,
            format!("公開ログ（{size} 件）に載っています。後から消すことはできません。"),
            format!("It stands in the public log of {size} entries, from which nothing can be taken away."),
        );
        let names: Vec<&str> = seen.witnesses.iter().map(|(name, _)| name.as_str()).collect();
        if names.is_empty() {
            self.found.note(
                Standing::Unclaimed,
                "V8-witness",
                "ログについて第三者による確認はありません。",
                "No third party has seen this state of the log.",
            );
        } else {
            let names = names.join(", ");
            self.found.proven(
                "V8-witness",
                format!("第三者がこのログを確認しています（{names}）。"),
                format!("Third parties have seen this state of the log: {names}"),
            );
        }
        Ok(seen)
    }

    /// V9: when it was decided.
    fn time(&mut self, documents: &Documents, seen: &Seen) -> Result<(), Stop> {
        let code = "V9-timestamp";
        for event in &documents.events {
            let facts = &event.statement.predicate;
            let name = token_name(facts.sequence);
            let needed = facts.basis.is_some();
            let stamp = match &event.token {
                Some(Ok(stamp)) => stamp,
                Some(Err(error)) => return Err(broken(code, &name, error)),
                None if needed => {
                    return wrong(code, format!("{name} がありません。"), format!("{name} is missing."));
                }
                None => continue,
            };
            let witness = seen.witnesses.iter().map(|(_, time)| *time).min();
            let latest = witness
                .and_then(|time| i64::try_from(time).ok())
                .map(|time| time + CLOCK_TOLERANCE);
            if latest.is_some_and(|latest| stamp.time.unix_timestamp() > latest) {
                return wrong(
                    code,
                    "タイムスタンプが、ログの確認より後の時刻です。",
                    "The timestamp is later than a witness saw the entry in the log.",
                );
            }
            if needed {
                let at = clock::written(stamp.time);
                self.found.proven(
                    code,
                    format!("決定は {at} に存在しました（時刻認証：{}）。", stamp.authority),
                    format!(
                        "The decision existed at {at}, says the timestamp authority {}.",
                        stamp.authority
                    ),
                );
            }
        }
        let archive = self.pack.get(CHECKPOINT_TOKEN).zip(self.found.checkpoint.as_ref());
        if let Some((token, note)) = archive {
            let digest = Digest::of(note.as_bytes());
            timestamp::verify(token, digest, self.trust.tsa())
                .map_err(|error| broken(code, CHECKPOINT_TOKEN, error))?;
        }
        Ok(())
    }

    /// V10: what became of the registration since.
    fn status(&mut self, documents: &Documents, seen: &Seen) -> Result<(), Stop> {
        let code = "V10-status";
        let number = documents.events[0].statement.predicate.registration_number.as_str();
        let (Some(bytes), Some(line)) = (self.pack.get(CATALOG), self.pack.get(CATALOG_STATEMENT)) else {
            return Err(Stop {
                code,
                standing: Standing::Open,
                text: Text::new(
                    "状態の証明（catalog.json）がありません。その後に停止や取消しがあったかは分かりません。",
                    "The pack has no catalog.json: whether it was suspended or withdrawn since is unknown.",
                ),
            });
        };
        let envelope = one(line, CATALOG_STATEMENT)?;
        let snapshot = statement::<CatalogSnapshot>(&envelope, CATALOG_STATEMENT)?;
        let facts = &snapshot.predicate;
        let issued = moment(&facts.issued_at, CATALOG_STATEMENT)?;
        let next = moment(&facts.next_update, CATALOG_STATEMENT)?;
        if envelope
            .signers(&self.trust.keys(Role::Snapshot, Some(issued)))
            .is_empty()
        {
            return wrong(
                code,
                "カタログに、信頼する鍵の署名がありません。",
                "The catalog is not signed by a trusted key.",
            );
        }
        let catalog: CatalogView = canonical::parse(bytes)
            .map_err(|error| broken("V1-parse", CATALOG, error))
            .and_then(|value| serde_json::from_value(value).map_err(|error| broken("V1-parse", CATALOG, error)))?;
        let one_catalog = snapshot.subject.len() == 1
            && snapshot.subject[0].digest.sha256 == Digest::of(bytes)
            && catalog.agrees(facts);
        if !one_catalog {
            return wrong(
                code,
                "catalog.json は署名されたカタログではありません。",
                "catalog.json is not the catalog that was signed.",
            );
        }
        if facts.log.size != seen.checkpoint.size || facts.log.root.sha256.0 != seen.checkpoint.root {
            return wrong(
                "V10-log",
                "カタログは、ログの別の状態から作られています。",
                "The catalog follows from another state of the log than the proof.",
            );
        }
        let last = documents.events.last().map(|event| event.digest);
        let record = catalog.records.iter().find(|record| record.registration == number);
        if record.map(|record| record.latest_event.sha256) != last {
            return wrong(
                code,
                "カタログが示す最後の出来事は、このパックのものではありません。",
                "The last event that the catalog names is not the last of this pack.",
            );
        }
        self.found.status_as_of = Some(clock::written(self.options.now.min(issued)));
        let day = self.options.now.date();
        let folded = fold(documents.events.iter().map(|event| &event.statement.predicate), day);
        self.judge_status(
            folded.ok_or_else(|| broken(code, REGISTRATION, "a day that is none"))?,
            day,
        )?;
        if self.options.now > next {
            return Err(Stop {
                code: "V10-stale",
                standing: Standing::Open,
                text: Text::new(
                    format!(
                        "状態の証明は {} までのものです。新しい証明パックを入手してください。",
                        facts.next_update
                    ),
                    format!(
                        "The status was known until {}; get a newer proof pack.",
                        facts.next_update
                    ),
                ),
            });
        }
        Ok(())
    }

    fn judge_status(&mut self, status: Status, day: Date) -> Result<(), Stop> {
        self.found.status = Some(status.state.to_owned());
        let since = &status.since;
        if !status.in_force {
            return wrong(
                "V10-status",
                format!("登録は有効ではありません：{}（{since} から）。", status.state),
                format!("The registration is not in force: {} since {since}.", status.state),
            );
        }
        let until = status.valid_until.as_deref().unwrap_or("-");
        self.found.proven(
            "V10-status",
            format!("登録は {day} に有効です（{since} から、期限 {until}）。"),
            format!("The registration is in force on {day}: since {since}, until {until}."),
        );
        if status.flagged {
            self.found.note(
                Standing::Unclaimed,
                "V10-flagged",
                "登録の後で、試験スイートの一部に誤りが見つかっています。",
                "Parts of the suite were found to be wrong after the registration.",
            );
        }
        Ok(())
    }

    /// V11: not older than what the checker has seen before.
    fn monotonic(&mut self, seen: &Seen) -> Result<(), Stop> {
        let code = "V11-older";
        let Some(bytes) = &self.options.seen else {
            return Ok(());
        };
        let note = Note::parse(bytes).map_err(|error| broken(code, "--seen", error))?;
        let known = Checkpoint::parse(note.text()).map_err(|error| broken(code, "--seen", error))?;
        let now = &seen.checkpoint;
        let contradicts =
            known.origin == now.origin && (now.size < known.size || (now.size == known.size && now.root != known.root));
        if contradicts {
            return wrong(
                code,
                format!(
                    "ログは以前に見た状態（{} 件）より古いか、食い違っています（{} 件）。",
                    known.size, now.size
                ),
                format!(
                    "The log is older than, or contradicts, what you have seen: {} entries, {} then.",
                    now.size, known.size
                ),
            );
        }
        self.found.proven(
            "V11-seen",
            format!("以前に見たログ（{} 件）より古くありません。", known.size),
            format!("The log is not older than what you have seen ({} entries).", known.size),
        );
        Ok(())
    }
}

fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

/// The only envelope of a file.
fn one(bytes: &[u8], name: &str) -> Result<Envelope, Stop> {
    Envelope::parse(bytes).map_err(|error| broken("V1-parse", name, error))
}

fn statement<P: Predicate>(envelope: &Envelope, name: &str) -> Result<Statement<P>, Stop> {
    Statement::parse(&envelope.payload).map_err(|error| broken("V3-type", name, error))
}

fn moment(text: &str, name: &str) -> Result<OffsetDateTime, Stop> {
    clock::moment(text).ok_or_else(|| broken("V1-parse", name, format!("`{text}` is no time")))
}

/// What of a catalog decides. Its other members are for people.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CatalogView {
    issued_at: String,
    next_update: String,
    no: u64,
    log: Value,
    records: Vec<RecordView>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordView {
    registration: String,
    latest_event: EventView,
}

#[derive(Deserialize)]
struct EventView {
    sha256: Digest,
}

impl CatalogView {
    fn agrees(&self, facts: &CatalogSnapshot) -> bool {
        self.issued_at == facts.issued_at
            && self.next_update == facts.next_update
            && self.no == facts.no
            && serde_json::to_value(facts.log).is_ok_and(|log| log == self.log)
    }
}
