//! The rules V1 to V12 about a proof pack, in their order. The first that fails ends the check: what comes after rests
//! on it.

mod content;
mod history;

use time::OffsetDateTime;

use super::clock;
use super::finding::{Standing, Verification};
use super::pack::{KEY, PRODUCT, ProofPack, REGISTRATION, REPORT, SUITE, SUITE_MANIFEST, TRUST, token_name};
use super::trust::{Role, Trust};
use crate::attest::Digest;
use crate::attest::canonical;
use crate::attest::envelope::Envelope;
use crate::attest::key::PublicKey;
use crate::attest::statement::{
    ConformanceReport, KeyEvent, KeyEventKind, Predicate, Product, RegistrationEvent, Statement, SuiteRelease,
};
use crate::attest::timestamp::{self, Timestamp, TimestampError};
use crate::text::Text;

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
