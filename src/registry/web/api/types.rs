//! What the API takes and answers. Apart from the types of the register, so that those can change without breaking
//! programs of others.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::catalog::{Hit, Hits};
use crate::registry::model::{Challenge, Document, Event, Interconnection, Receipt, Refusal, Submission, Suite};
use crate::registry::web::reply::PageError;
use crate::text::Text;
use crate::text::date::Day;

/// A record of the catalog, as in catalog.json.
pub(super) type RecordObject = Map<String, Json>;

/// A page of records.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProductPage {
    /// Day that was asked for.
    pub(super) as_of: String,
    /// Records found.
    pub(super) total: usize,
    /// This page, from 1.
    pub(super) page: usize,
    /// Pages.
    pub(super) pages: usize,
    /// Records of this page.
    pub(super) items: Vec<ProductItem>,
    /// Counts.
    pub(super) facets: Vec<FacetCounts>,
}

/// A record that was found.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ProductItem {
    /// Status on the day asked for.
    pub(super) status: String,
    /// Last day, as known on that day.
    pub(super) valid_until: Option<String>,
    /// The record.
    pub(super) record: RecordObject,
    /// Where more is.
    #[serde(rename = "_links")]
    pub(super) links: Links,
}

/// Where more of a registration is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Links {
    /// Page for people.
    pub(super) page: String,
    /// This record alone.
    pub(super) registration: String,
    /// Its events.
    pub(super) history: String,
    /// Its proof pack.
    pub(super) proof: String,
    /// The signed report that it rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) report: Option<String>,
}

impl Links {
    pub(super) fn new(origin: &str, number: &str, results: Option<String>) -> Self {
        let api = format!("{origin}/api/v1/registrations/{number}");
        Self {
            page: format!("{origin}/r/{number}"),
            history: format!("{api}/history"),
            proof: format!("{api}/proof.zip"),
            registration: api,
            report: results.map(|digest| format!("{origin}/reports/{digest}.intoto.jsonl")),
        }
    }
}

/// Counts of a facet.
#[derive(Serialize, JsonSchema)]
pub(super) struct FacetCounts {
    /// Parameter that selects by it.
    pub(super) name: String,
    /// Its values.
    pub(super) values: Vec<FacetCount>,
}

/// Count of a value.
#[derive(Serialize, JsonSchema)]
pub(super) struct FacetCount {
    /// Value of the parameter.
    pub(super) value: String,
    /// What it is called.
    pub(super) label: Option<Text>,
    /// Records that have it.
    pub(super) count: usize,
    /// Whether it was asked for.
    pub(super) selected: bool,
}

impl ProductPage {
    pub(super) fn new(hits: &Hits<'_>, as_of: Day, origin: &str) -> Result<Self, PageError> {
        Ok(Self {
            as_of: as_of.to_string(),
            total: hits.total,
            page: hits.page,
            pages: hits.pages,
            items: hits
                .records
                .iter()
                .map(|hit| ProductItem::new(hit, origin))
                .collect::<Result<_, _>>()?,
            facets: hits
                .facets
                .iter()
                .map(|facet| FacetCounts {
                    name: facet.name.word().to_owned(),
                    values: facet
                        .values
                        .iter()
                        .map(|value| FacetCount {
                            value: value.value.clone(),
                            label: value.label.clone(),
                            count: value.count,
                            selected: value.selected,
                        })
                        .collect(),
                })
                .collect(),
        })
    }
}

impl ProductItem {
    fn new(hit: &Hit<'_>, origin: &str) -> Result<Self, PageError> {
        Ok(Self {
            status: hit.status.word().to_owned(),
            valid_until: hit.valid_until.map(|day| day.to_string()),
            links: Links::new(
                origin,
                &hit.record.registration,
                hit.record.results_digest.map(|d| d.to_string()),
            ),
            record: object(hit.record)?,
        })
    }
}

/// A value that is written as a JSON object.
pub(super) fn object(value: &impl Serialize) -> Result<RecordObject, PageError> {
    match serde_json::to_value(value).map_err(PageError::internal)? {
        Json::Object(object) => Ok(object),
        _ => Err(PageError::internal("a record is no JSON object")),
    }
}

/// A registration on a day.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct RegistrationAnswer {
    /// Day that was asked for.
    pub(super) as_of: String,
    /// Status on that day.
    pub(super) status: String,
    /// The record as of that day.
    pub(super) record: RecordObject,
    /// Where more is.
    #[serde(rename = "_links")]
    pub(super) links: Links,
}

/// An event of a registration.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct EventAnswer {
    /// Registration.
    registration: String,
    /// 1, 2, 3 … within the registration.
    sequence: u64,
    /// What happened.
    event: String,
    /// Day on which it takes effect.
    day: String,
    /// Last day of validity as of this event.
    #[serde(skip_serializing_if = "Option::is_none")]
    valid_until: Option<String>,
    /// Code of the reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason_code: Option<String>,
    /// The reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Text>,
    /// SHA-256 of the signed payload: its identity.
    payload: String,
    /// DSSE line.
    envelope: String,
    /// Index in the log.
    log_index: u64,
    /// When it was signed.
    at: String,
}

impl From<&Event> for EventAnswer {
    fn from(event: &Event) -> Self {
        Self {
            registration: event.registration.to_string(),
            sequence: event.sequence,
            event: event.kind.word().to_owned(),
            day: event.day.to_string(),
            valid_until: event.valid_until.map(|day| day.to_string()),
            reason_code: event.reason.as_ref().map(|reason| reason.code.clone()),
            reason: event.reason.as_ref().map(|reason| reason.public.clone()),
            payload: event.payload.to_string(),
            envelope: event.envelope.clone(),
            log_index: event.log_index,
            at: event.at.to_string(),
        }
    }
}

/// Events of a registration.
#[derive(Serialize, JsonSchema)]
pub(super) struct EventList {
    /// Oldest first.
    pub(super) events: Vec<EventAnswer>,
}

/// Events of all registrations.
#[derive(Serialize, JsonSchema)]
pub(super) struct ChangePage {
    /// In the order of the log.
    pub(super) events: Vec<EventAnswer>,
    /// Value of `since` for the events that follow.
    pub(super) next: u64,
}

/// Interconnections.
#[derive(Serialize, JsonSchema)]
pub(super) struct InterconnectionList {
    /// All that were asked for.
    pub(super) interconnections: Vec<InterconnectionAnswer>,
}

/// A result of an interconnection.
#[derive(Serialize, JsonSchema)]
pub(super) struct InterconnectionAnswer {
    /// Business unit or profile that joins them.
    unit: String,
    /// Registration of the sending side.
    first: String,
    /// Registration of the receiving side.
    second: String,
    /// How it was shown.
    kind: String,
    /// Whether all of it held.
    held: bool,
    /// What was shown.
    summary: Text,
    /// SHA-256 of the signed report's payload.
    statement: String,
    /// When.
    at: String,
}

impl From<&Interconnection> for InterconnectionAnswer {
    fn from(one: &Interconnection) -> Self {
        Self {
            unit: one.unit.clone(),
            first: one.first.to_string(),
            second: one.second.to_string(),
            kind: one.kind.word().to_owned(),
            held: one.held,
            summary: one.summary.clone(),
            statement: one.statement.to_string(),
            at: one.at.to_string(),
        }
    }
}

/// Test suites.
#[derive(Serialize, JsonSchema)]
pub(super) struct SuiteList {
    /// Newest first.
    pub(super) suites: Vec<SuiteAnswer>,
}

/// A test suite.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SuiteAnswer {
    /// SHA-256 of the corpus.
    digest: String,
    /// Version.
    version: String,
    /// Package address.
    uri: String,
    /// current, retired or withdrawn.
    state: String,
    /// First day.
    valid_from: String,
    /// Last day on which runs with it are taken.
    valid_until: Option<String>,
    /// Why it was withdrawn or retired.
    reason: Option<Text>,
}

impl From<&Suite> for SuiteAnswer {
    fn from(suite: &Suite) -> Self {
        Self {
            digest: suite.digest.to_string(),
            version: suite.version.clone(),
            uri: suite.uri.clone(),
            state: suite.state.word().to_owned(),
            valid_from: suite.valid_from.to_string(),
            valid_until: suite.valid_until.map(|day| day.to_string()),
            reason: suite.reason.clone(),
        }
    }
}

/// What a challenge is asked for.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ChallengeRequest {
    /// Name of the product, exactly as registered.
    pub(super) product: String,
    /// Version, exactly as registered.
    pub(super) version: String,
    /// Profiles that the run will claim.
    pub(super) profiles: Vec<String>,
}

/// A challenge.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct ChallengeAnswer {
    /// Id.
    id: String,
    /// Profiles.
    profiles: Vec<String>,
    /// SHA-256 of the corpus that the run has to use.
    suite: String,
    /// The how-manieth challenge of this version.
    attempt: u32,
    /// State.
    state: String,
    /// When it was opened.
    opened: String,
    /// Until when it can be used.
    expires: String,
    /// Submission that used it.
    submission: Option<String>,
    /// The file for `junkyo run --challenge`.
    file: String,
}

impl From<&Challenge> for ChallengeAnswer {
    fn from(challenge: &Challenge) -> Self {
        Self {
            id: challenge.id.to_string(),
            profiles: challenge.profiles.clone(),
            suite: challenge.suite.to_string(),
            attempt: challenge.attempt,
            state: challenge.state.word().to_owned(),
            opened: challenge.opened.to_string(),
            expires: challenge.expires.to_string(),
            submission: challenge.submission.as_ref().map(ToString::to_string),
            file: challenge.file.clone(),
        }
    }
}

/// A receipt.
#[derive(Serialize, JsonSchema)]
pub(super) struct ReceiptAnswer {
    /// Id of the submission.
    submission: String,
    /// SHA-256 of the bundle's manifest.
    manifest: String,
    /// When it was taken.
    received: String,
    /// DSSE line, signed by the register.
    envelope: String,
    /// Whether this very bundle had been taken before.
    again: bool,
}

impl From<&Receipt> for ReceiptAnswer {
    fn from(receipt: &Receipt) -> Self {
        Self {
            submission: receipt.submission.to_string(),
            manifest: receipt.manifest.to_string(),
            received: receipt.received.to_string(),
            envelope: receipt.envelope.clone(),
            again: receipt.again,
        }
    }
}

/// Submissions.
#[derive(Serialize, JsonSchema)]
pub(super) struct SubmissionList {
    /// Newest first.
    pub(super) submissions: Vec<SubmissionAnswer>,
}

/// A submission.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SubmissionAnswer {
    /// Id.
    id: String,
    /// State.
    state: String,
    /// State, for people.
    state_title: Text,
    /// When it was taken.
    received: String,
    /// When its state last changed.
    changed: String,
    /// SHA-256 of the bundle's manifest.
    manifest: String,
    /// Challenge.
    challenge: String,
    /// Profiles.
    profiles: Vec<String>,
    /// Reasons found by judging again.
    refusals: Vec<RefusalAnswer>,
    /// Registration number, once registered.
    registration: Option<String>,
}

/// A reason.
#[derive(Serialize, JsonSchema)]
struct RefusalAnswer {
    /// Stable code.
    code: String,
    /// What was expected and what was found.
    text: Text,
    /// What to do.
    remedy: Text,
}

impl From<&Refusal> for RefusalAnswer {
    fn from(refusal: &Refusal) -> Self {
        Self {
            code: refusal.code.word().to_owned(),
            text: refusal.detail.clone(),
            remedy: refusal.remedy.clone(),
        }
    }
}

impl From<&Submission> for SubmissionAnswer {
    fn from(submission: &Submission) -> Self {
        Self {
            id: submission.id.to_string(),
            state: submission.state.word().to_owned(),
            state_title: submission.state.title(),
            received: submission.received.to_string(),
            changed: submission.changed.to_string(),
            manifest: submission.manifest.to_string(),
            challenge: submission.challenge.to_string(),
            profiles: submission.profiles.clone(),
            refusals: submission.refusals.iter().map(RefusalAnswer::from).collect(),
            registration: submission.registration.map(|number| number.to_string()),
        }
    }
}

/// A document.
#[derive(Serialize, JsonSchema)]
pub(super) struct DocumentAnswer {
    /// Id.
    id: String,
    /// What it shows.
    kind: String,
    /// File name.
    name: String,
    /// Bytes.
    size: u64,
    /// SHA-256.
    sha256: String,
    /// State.
    state: String,
    /// Last day on which it counts.
    expires: Option<String>,
}

impl From<&Document> for DocumentAnswer {
    fn from(document: &Document) -> Self {
        Self {
            id: document.id.to_string(),
            kind: document.kind.word().to_owned(),
            name: document.name.clone(),
            size: document.size,
            sha256: document.digest.to_string(),
            state: document.state.word().to_owned(),
            expires: document.expires.map(|day| day.to_string()),
        }
    }
}
