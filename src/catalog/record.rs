//! What the catalog says of one registration.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::Partner;
use crate::attest::Digest;
use crate::registry::model::words;
pub use crate::registry::model::{
    Cloud, EventKind, MunicipalitySize, PublicReason as Reason, RegistrationState as Status,
};
use crate::text::date::Day;

words! {
    /// What was registered.
    Kind {
        /// Conformance with profiles (準拠確認).
        Conformance = "conformance", "準拠確認", "Conformance";
        /// Interconnection with other products as well (相互接続確認).
        Interconnection = "interconnection", "相互接続確認", "Interconnection";
    }
}

/// One registration.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    /// Registration number, never given twice.
    pub registration: String,
    /// What was registered.
    pub kind: Kind,
    /// Status after the last event; see [`Record::status_at`] for that of a day.
    pub status: Status,
    /// Since when.
    pub status_since: Day,
    /// First day.
    pub valid_from: Day,
    /// Last day, included. None: until further notice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Day>,
    /// Who made the run that it rests on, e.g. `vendor-run`: the vendor, and the register judged its evidence again.
    pub evidence_level: String,
    /// The product, in exactly this version.
    pub product: ProductFacts,
    /// Its vendor.
    pub vendor: VendorFacts,
    /// What it is registered for.
    pub scope: Scope,
    /// What the vendor says of it; nobody has checked this.
    #[serde(default, skip_serializing_if = "Declared::is_empty")]
    pub declared: Declared,
    /// Results by verdict, by requirement.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub counts: BTreeMap<String, u64>,
    /// Digest of the payload of the vendor's signed report, which holds the result of each requirement.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub results_digest: Option<Digest>,
    /// The event that registered it.
    pub decision: EventRef,
    /// The last event.
    pub latest_event: EventRef,
    /// Everything that happened, in order.
    pub history: Vec<StatusChange>,
    /// Products that it was seen to work with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partners: Vec<Partner>,
    /// What a reader has to know beside the status.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
    /// The registration that took its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<String>,
    /// The registration whose place it took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<String>,
}

/// A product in one version.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProductFacts {
    /// Its id in the register.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Name.
    pub name: String,
    /// Reading, in katakana.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name_kana: String,
    /// Version.
    pub version: String,
    /// Build.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub build: String,
    /// SHA-256 of its descriptor, the subject of every statement about it.
    pub digest: Option<Digest>,
}

/// A vendor.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VendorFacts {
    /// 法人番号.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub corporate_number: String,
    /// Name.
    pub name: String,
    /// Reading, in katakana.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name_kana: String,
}

/// What a registration covers, as decided.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scope {
    /// Profiles, e.g. `unit.01.provider`.
    pub profiles: Vec<String>,
    /// Business units (業務ユニット), two digits.
    pub units: Vec<String>,
    /// STEP, e.g. `step1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Optional features that were declared, and so tested.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// The suite it was tested with.
    pub suite: SuiteFacts,
}

/// A suite.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SuiteFacts {
    /// Name and version.
    pub name: String,
    /// SHA-256 of its corpus.
    pub digest: Option<Digest>,
}

/// What a vendor says of its product, unchecked.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Declared {
    /// Where it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clouds: Vec<Cloud>,
    /// Name of the cloud service.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cloud_service: String,
    /// Municipalities that it is made for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<MunicipalitySize>,
    /// Page of the product.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub url: String,
    /// Page in the デジタルマーケットプレイス.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub dmp_url: String,
    /// Accessibility statement.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub accessibility_url: String,
    /// Municipalities that use it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installations: Option<u32>,
    /// Whom to ask: an office, never a person.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub contact: String,
    /// End of its support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_until: Option<Day>,
    /// In a few words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
}

impl Declared {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Where an event stands in the log.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EventRef {
    /// Number of the entry in the log, from 0.
    pub index: u64,
    /// SHA-256 of the payload of the signed event.
    pub sha256: Digest,
}

/// One event of a registration.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StatusChange {
    /// What happened.
    pub event: EventKind,
    /// The first day on which it counts.
    pub since: Day,
    /// Status after it.
    pub status: Status,
    /// Last day of the registration as it stood after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Day>,
    /// Why, in public.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Digest of the payload of the signed report that it rests on; for `interconnected`, of that of the interconnection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub report: Option<Digest>,
    /// Its entry in the log.
    pub log: EventRef,
}

/// Something to know beside the status.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Flag {
    /// What, e.g. `suite-flagged`.
    pub code: String,
    /// Since when.
    pub since: Day,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
}

impl Record {
    /// Status on a day, with the events up to that day. None: not yet registered.
    pub fn status_at(&self, day: Day) -> Option<Status> {
        let last = self.history.iter().rfind(|change| change.since <= day)?;
        let over = last.valid_until.is_some_and(|until| until < day);
        if over && !last.status.is_final() {
            return Some(Status::Expired);
        }
        Some(last.status)
    }

    /// Last day as it stood on a day.
    pub fn valid_until_at(&self, day: Day) -> Option<Day> {
        self.history
            .iter()
            .rfind(|change| change.since <= day)
            .and_then(|change| change.valid_until)
    }

    /// The record as it was on a day. None: not yet registered.
    pub fn at(&self, day: Day) -> Option<Self> {
        let status = self.status_at(day)?;
        let mut record = self.clone();
        record.history.retain(|change| change.since <= day);
        let last = record.history.last()?;
        record.status = status;
        record.latest_event = last.log;
        record.valid_until = last.valid_until;
        record.status_since = match (status, last.valid_until) {
            (Status::Expired, Some(until)) if last.status != Status::Expired => until.next().unwrap_or(until),
            _ => since_of(&record.history)?,
        };
        let results = record
            .history
            .iter()
            .rev()
            .find(|change| change.renews())
            .and_then(|change| change.report);
        if results != record.results_digest {
            // The counts are those of the newest report.
            record.counts.clear();
            record.results_digest = results;
        }
        record.partners.retain(|partner| partner.day <= day);
        record.flags.retain(|flag| flag.since <= day);
        if status != Status::Superseded {
            record.successor = None;
        }
        Some(record)
    }
}

impl StatusChange {
    /// Whether the results of its report are those of the registration from then on.
    pub(super) fn renews(&self) -> bool {
        self.report.is_some() && matches!(self.event, EventKind::Registered | EventKind::Extended)
    }
}

/// First day of the last run of equal statuses.
pub(super) fn since_of(history: &[StatusChange]) -> Option<Day> {
    let last = history.last()?;
    history
        .iter()
        .rev()
        .take_while(|change| change.status == last.status)
        .last()
        .map(|change| change.since)
}
