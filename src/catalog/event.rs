//! What the catalog is made of: published events, and what vendors say of their products.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::record::{Declared, EventKind, Reason, Scope, SuiteFacts, VendorFacts};
use crate::attest::Digest;
use crate::attest::statement::{ConformanceReport, InterconnectionReport, RegistrationEvent, Statement};
pub use crate::registry::model::InterconnectionKind as Mode;
use crate::text::date::Day;

/// A published event with its place in the log.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PublicEvent {
    /// Number of the entry in the log, from 0.
    pub index: u64,
    /// SHA-256 of the payload of the signed event.
    pub sha256: Digest,
    /// What happened.
    pub event: EventKind,
    /// To which registration.
    pub registration: String,
    /// 1 for the first event of a registration, and one more for each.
    pub sequence: u64,
    /// SHA-256 of the payload of the event before, none for the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Digest>,
    /// Descriptor of the product that it is about.
    pub product: Digest,
    /// Name and version of the product.
    pub product_name: String,
    /// First day on which it counts.
    pub since: Day,
    /// Last day of the registration after it. None: as it was (first event: until further notice).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Day>,
    /// Why, in public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Only of `registered`, and others that change it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    /// Who made the run; `vendor-run` if it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_level: Option<String>,
    /// SHA-256 of the payload of the report that it rests on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Digest>,
    /// Results by verdict of that report.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<String, u64>,
    /// Only of `interconnected`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partners: Vec<Partner>,
    /// Only of `superseded`: the registration that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
}

/// A product that another one was seen to work with.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Partner {
    /// Its registration number, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
    /// SHA-256 of its descriptor.
    pub product: Digest,
    /// Name and version.
    pub name: String,
    /// Business unit that was served, two digits.
    pub unit: String,
    /// What the other one did: `sender`, `receiver` or `both`.
    pub role: String,
    /// How.
    pub mode: Mode,
    /// `conformant`, `non-conformant` or `incomplete`.
    pub outcome: String,
    /// When.
    pub day: Day,
    /// SHA-256 of the payload of the signed report.
    pub report: Digest,
}

/// What a vendor says of a product in one version; found by the digest of its descriptor.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Listing {
    /// SHA-256 of the descriptor.
    pub digest: Digest,
    /// Id of the product in the register.
    pub id: String,
    /// Name.
    pub name: String,
    /// Reading, in katakana.
    pub name_kana: String,
    /// Version.
    pub version: String,
    /// Build.
    pub build: String,
    /// Its vendor.
    pub vendor: VendorFacts,
    /// What nobody has checked.
    pub declared: Declared,
}

/// Why a signed event is none of a catalog.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("event {index} of the log: {what}: {found:?}")]
pub struct EventError {
    /// Entry of the log.
    pub index: u64,
    /// What should stand there.
    pub what: &'static str,
    /// What stands there.
    pub found: String,
}

impl PublicEvent {
    /// The event of a signed statement: `sha256` is the digest of its payload, `index` its entry in the log.
    ///
    /// # Errors
    /// If it has a day that is none, or not exactly one subject.
    pub fn of(index: u64, sha256: Digest, statement: &Statement<RegistrationEvent>) -> Result<Self, EventError> {
        let fault = |what, found: &str| EventError {
            index,
            what,
            found: found.to_owned(),
        };
        let day = |text: &str| Day::parse(text).map_err(|_| fault("expected a day", text));
        let [subject] = &statement.subject[..] else {
            return Err(fault(
                "expected one subject",
                &format!("{} subjects", statement.subject.len()),
            ));
        };
        let event = &statement.predicate;
        let word = event.event.word();
        Ok(Self {
            index,
            sha256,
            event: EventKind::from_word(word).ok_or_else(|| fault("expected an event of a registration", word))?,
            registration: event.registration_number.clone(),
            sequence: event.sequence,
            previous: event.previous.map(|previous| previous.sha256),
            product: subject.digest.sha256,
            product_name: subject.name.clone(),
            since: day(&event.valid_from)?,
            valid_until: event.valid_until.as_deref().map(day).transpose()?,
            reason: event.reason.as_ref().map(|reason| Reason {
                code: reason.code.clone(),
                public: reason.public.clone(),
            }),
            scope: event.scope.as_ref().map(|scope| Scope {
                profiles: scope.profiles.clone(),
                units: scope.units.clone(),
                step: scope.step.clone(),
                features: scope.features.clone(),
                suite: SuiteFacts {
                    name: String::new(),
                    digest: Some(scope.suite.sha256),
                },
            }),
            evidence_level: None,
            report: event.basis.as_ref().map(|basis| basis.report.sha256),
            counts: BTreeMap::new(),
            partners: Vec::new(),
            successor: event.successor.clone(),
        })
    }

    /// With the counts and the suite's name of the report that it rests on.
    #[must_use]
    pub fn with_report(mut self, report: &Statement<ConformanceReport>) -> Self {
        self.counts.clone_from(&report.predicate.counts);
        if let Some(scope) = &mut self.scope {
            scope.suite.name = suite_name(&report.predicate.suite.uri);
        }
        self
    }

    /// With the other product of an interconnection. `number_of` knows the registration of a product by its digest.
    #[must_use]
    pub fn with_interconnection(
        mut self,
        report: &Statement<InterconnectionReport>,
        sha256: Digest,
        number_of: impl Fn(Digest) -> Option<String>,
    ) -> Self {
        let facts = &report.predicate;
        let others = report
            .subject
            .iter()
            .filter(|subject| subject.digest.sha256 != self.product);
        for other in others {
            let product = other.digest.sha256;
            let side = facts.sides.iter().find(|side| side.product.sha256 == product);
            for unit in &facts.units {
                self.partners.push(Partner {
                    registration: number_of(product),
                    product,
                    name: other.name.clone(),
                    unit: unit.clone(),
                    role: side.map(|side| side.role.clone()).unwrap_or_default(),
                    mode: Mode::from_word(mode_word(facts.mode)).unwrap_or(Mode::Replayed),
                    outcome: facts.outcome.clone(),
                    day: self.since,
                    report: sha256,
                });
            }
        }
        self
    }
}

fn mode_word(mode: crate::attest::statement::InterconnectionMode) -> &'static str {
    use crate::attest::statement::InterconnectionMode as M;
    match mode {
        M::Live => "live",
        M::Replayed => "replayed",
    }
}

/// `pkg:generic/junkyo-corpus@0.1.0` → `junkyo-corpus 0.1.0`.
fn suite_name(uri: &str) -> String {
    let name = uri.rsplit_once('/').map_or(uri, |(_, name)| name);
    name.replacen('@', " ", 1)
}
