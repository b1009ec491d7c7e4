//! Events of registrations: each signed, chained to the one before, in the log and in the tables with one transaction.

use serde_json::json;

use super::ServiceError;
use super::act::{Act, Done};
use super::row::{Stored, insert, list, stored, update};
use super::signed::{self, Signed, sign_statement, stamp_later};
use crate::attest::Digest;
use crate::attest::statement::{
    Basis, ConformanceReport, EventKind as SignedKind, InterconnectionReport, Product as Descriptor, Reason,
    RegistrationEvent, Scope as SignedScope, Statement,
};
use crate::catalog::PublicEvent;
use crate::registry::Registry;
use crate::registry::model::{
    Event, EventKind, InterconnectionId, ProductVersion, PublicReason, Registration, RegistrationNumber, Scope,
};
use crate::registry::store::{StoreError, Tx, Value, values};
use crate::text::date::Day;

/// An event with what belongs to it.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct StoredEvent {
    pub(super) event: Event,
    pub(super) interconnection: Option<InterconnectionId>,
    /// What the catalog is folded from: follows from the signed event and the signed report.
    pub(super) public: PublicEvent,
}

stored! {
    StoredEvent, "registration_event", "log_index", |it| it.event.payload, {
        "registration": it.event.registration.to_string(),
        "sequence": number(it.event.sequence),
        "log_index": number(it.event.log_index),
        "at": it.event.at.0,
    };
    Registration, "registration", "serial DESC", |it| it.number, {
        "serial": it.number.serial(),
        "vendor": it.vendor.as_str(),
        "product": it.product.as_str(),
        "version": it.version.as_str(),
        "state": it.state.word(),
        "valid_until": it.valid_until.to_string(),
    };
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// What an event says beside what follows from the registration.
pub(super) struct NewEvent {
    pub(super) kind: EventKind,
    pub(super) basis: Option<Basis>,
    pub(super) scope: bool,
    pub(super) reason: Option<PublicReason>,
    pub(super) review_by: Option<Day>,
    pub(super) successor: Option<RegistrationNumber>,
    pub(super) affects: Vec<String>,
    pub(super) interconnection: Option<InterconnectionId>,
    pub(super) shown: Shown,
}

/// The signed report that an event shows something of.
pub(super) enum Shown {
    /// None.
    Nothing,
    /// A conformance report: counts and suite.
    Report(Box<Statement<ConformanceReport>>),
    /// An interconnection: the other product, with its registration.
    Interconnection {
        /// The report.
        report: Box<Statement<InterconnectionReport>>,
        /// Digest of its payload.
        payload: Digest,
        /// Registrations of the products by digest.
        numbers: Vec<(Digest, RegistrationNumber)>,
    },
}

impl NewEvent {
    /// An event of a kind, with nothing more to say.
    pub(super) fn of(kind: EventKind) -> Self {
        Self {
            kind,
            basis: None,
            scope: false,
            reason: None,
            review_by: None,
            successor: None,
            affects: Vec::new(),
            interconnection: None,
            shown: Shown::Nothing,
        }
    }
}

/// Signs an event, puts it into the log and the tables, and brings the registration up to it. The registration holds what
/// it is after the event but for sequence and last event.
pub(super) fn record(
    registry: &Registry,
    act: &mut Act<'_>,
    registration: &mut Registration,
    version: &ProductVersion,
    new: &NewEvent,
) -> Done<Event> {
    let first = registration.sequence == 0;
    let today = act.now.day();
    let reason = new.reason.as_ref().map(|reason| Reason {
        code: reason.code.clone(),
        public: reason.public.clone(),
    });
    let predicate = RegistrationEvent {
        affects: new.affects.clone(),
        basis: new.basis.clone(),
        event: signed_kind(new.kind),
        previous: (!first).then(|| registration.last_event.into()),
        reason,
        registration_number: registration.number.to_string(),
        review_by: new.review_by.map(|day| day.to_string()),
        scope: new.scope.then(|| signed_scope(&registration.scope)),
        sequence: registration.sequence + 1,
        successor: new.successor.map(|number| number.to_string()),
        valid_from: if first { registration.valid_from } else { today }.to_string(),
        valid_until: matches!(new.kind, EventKind::Registered | EventKind::Extended)
            .then(|| registration.valid_until.to_string()),
    };
    let statement = Statement {
        subject: vec![subject(version)?],
        predicate,
    };
    let line = sign_statement(&statement, &registry.keys().decision)?;
    let text = registration.number.to_string();
    let what = Signed {
        kind: new.kind.word(),
        object: &text,
        registration: Some(&text),
    };
    let log_index = signed::log(act, &what, &line)?;
    registration.sequence += 1;
    registration.last_event = line.payload;
    if first {
        insert(act.tx, registration)?;
    } else {
        update(act.tx, registration)?;
    }
    let event = Event {
        registration: registration.number,
        sequence: registration.sequence,
        kind: new.kind,
        day: if first { registration.valid_from } else { today },
        valid_until: Some(registration.valid_until),
        reason: new.reason.clone(),
        payload: line.payload,
        envelope: line.envelope,
        token: None,
        log_index,
        at: act.now,
    };
    let stored = StoredEvent {
        event: event.clone(),
        interconnection: new.interconnection.clone(),
        public: public(&event, &statement, &new.shown)?,
    };
    insert(act.tx, &stored)?;
    stamp_later(act, &event.payload)?;
    let detail = json!({"event": event.payload, "sequence": event.sequence, "logIndex": log_index});
    act.audit(&format!("registration.{}", new.kind), &text, &detail)?;
    Ok(event)
}

fn public(event: &Event, statement: &Statement<RegistrationEvent>, shown: &Shown) -> Done<PublicEvent> {
    let public = PublicEvent::of(event.log_index, event.payload, statement)
        .map_err(|error| ServiceError::internal("event", error))?;
    Ok(match shown {
        Shown::Nothing => public,
        Shown::Report(report) => public.with_report(report),
        Shown::Interconnection {
            report,
            payload,
            numbers,
        } => public.with_interconnection(report, *payload, |product| {
            let found = numbers.iter().find(|(digest, _)| *digest == product);
            found.map(|(_, number)| number.to_string())
        }),
    })
}

fn subject(version: &ProductVersion) -> Done<crate::attest::statement::Subject> {
    let product: Descriptor =
        serde_json::from_str(&version.descriptor).map_err(|error| ServiceError::internal("descriptor", error))?;
    product
        .subject()
        .map_err(|error| ServiceError::internal("descriptor", error))
}

fn signed_kind(kind: EventKind) -> SignedKind {
    match kind {
        EventKind::Registered => SignedKind::Registered,
        EventKind::Suspended => SignedKind::Suspended,
        EventKind::Reinstated => SignedKind::Reinstated,
        EventKind::Withdrawn => SignedKind::Withdrawn,
        EventKind::Superseded => SignedKind::Superseded,
        EventKind::Extended => SignedKind::Extended,
        EventKind::Expired => SignedKind::Expired,
        EventKind::Interconnected => SignedKind::Interconnected,
        EventKind::SuiteFlagged => SignedKind::SuiteFlagged,
    }
}

fn signed_scope(scope: &Scope) -> SignedScope {
    SignedScope {
        features: scope.features.clone(),
        profiles: scope.profiles.clone(),
        step: scope.step.map(|step| format!("step{step}")),
        suite: scope.suite.unwrap_or(Digest([0; 32])).into(),
        units: scope.units.clone(),
    }
}

/// Events of a registration in order, with their time stamps.
pub(super) fn of_registration(tx: &mut dyn Tx, number: RegistrationNumber) -> Result<Vec<StoredEvent>, StoreError> {
    let mut events: Vec<StoredEvent> = list(tx, "registration = ?1", &values![number.to_string()])?;
    for stored in &mut events {
        stored.event.token = token(tx, &stored.event.payload)?;
    }
    Ok(events)
}

/// Digest of the time stamp of a payload.
pub(super) fn token(tx: &mut dyn Tx, payload: &Digest) -> Result<Option<Digest>, StoreError> {
    let row = tx.one("SELECT token FROM time_stamp WHERE id = ?1", &values![payload])?;
    row.map(|row| row.digest(0)).transpose()
}
