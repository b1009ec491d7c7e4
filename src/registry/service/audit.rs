//! The audit log, and the register's check of itself: what was changed behind the back of the service.

use super::ServiceError;
use super::act::{Done, only};
use super::events::StoredEvent;
use super::row::list;
use crate::attest::Digest;
use crate::attest::envelope::Envelope;
use crate::attest::log::LeafEntry;
use crate::attest::statement::{RegistrationEvent, Statement};
use crate::registry::Registry;
use crate::registry::model::{
    Actor, AuditRow, Check, CheckFault, EventKind, Moment, Registration, RegistrationState, Role, Submission,
};
use crate::registry::store::audit::{self, AuditHead};
use crate::registry::store::moving::{self, Fault};
use crate::registry::store::{StoreError, Tx};
use crate::text::Text;

impl Registry {
    /// Rows of the audit log, newest first, below a row number, so many at most.
    ///
    /// # Errors
    /// `Forbidden` but for auditors and administrators.
    pub fn audit_rows(&self, actor: &Actor, before: Option<u64>, count: usize) -> Done<Vec<AuditRow>> {
        only(actor, &[Role::Auditor, Role::Administrator])?;
        let before = before.and_then(|before| i64::try_from(before).ok());
        let count = i64::try_from(count.min(1000)).unwrap_or(1000);
        let rows = self.store().read(|tx| audit::newest(tx, before, count))?;
        rows.into_iter()
            .map(|row| {
                Ok(AuditRow {
                    number: u64::try_from(row.sequence).unwrap_or(0),
                    at: Moment(row.at),
                    actor: row.actor,
                    action: row.action,
                    object: row.object,
                    detail: row.detail.to_string(),
                    hash: row
                        .hash
                        .parse()
                        .map_err(|error| ServiceError::internal("audit", error))?,
                })
            })
            .collect()
    }

    /// Looks for what was changed behind the service's back: the audit chain, the log, every signed event, the tables that
    /// follow from them, the bundles. Empty: all is well.
    ///
    /// # Errors
    /// Those of the database.
    pub fn check(&self) -> Done<Vec<Check>> {
        let mut faults = Vec::new();
        self.check_store(&mut faults)?;
        if let Err(error) = self.log().check_files() {
            faults.push(fault(CheckFault::LogRoot, "log", &error.to_string()));
        }
        let (registrations, stored, leaves) = self.store().read(|tx| {
            let registrations: Vec<Registration> = list(tx, "1 = 1", &[])?;
            let events: Vec<StoredEvent> = list(tx, "1 = 1", &[])?;
            Ok::<_, ServiceError>((registrations, events, registration_leaves(tx)?))
        })?;
        for registration in &registrations {
            let number = registration.number.to_string();
            let own: Vec<&StoredEvent> = stored
                .iter()
                .filter(|stored| stored.event.registration == registration.number)
                .collect();
            self.check_events(registration, &own, &leaves, &mut faults);
            if own.is_empty() {
                faults.push(fault(
                    CheckFault::EventChain,
                    &number,
                    "a registration without any event",
                ));
            }
        }
        let known: Vec<u64> = stored.iter().map(|stored| stored.event.log_index).collect();
        for (index, entry) in &leaves {
            if !known.contains(index) {
                let number = entry.registration.clone().unwrap_or_default();
                let detail = format!("entry {index} of the log is a {} that is not in the tables", entry.kind);
                faults.push(fault(CheckFault::NotInDatabase, &number, &detail));
            }
        }
        self.check_submissions(&registrations, &mut faults)?;
        Ok(faults)
    }

    fn check_store(&self, faults: &mut Vec<Check>) -> Done<()> {
        let published = self.store().read(|tx| {
            let rows = tx.query(
                "SELECT object, id FROM signed_statement WHERE kind = 'audit-head' ORDER BY log_index",
                &[],
            )?;
            rows.iter()
                .map(|row| {
                    Ok::<_, StoreError>(AuditHead {
                        count: row.text(0)?.parse().unwrap_or(i64::MAX),
                        hash: row.text(1)?,
                    })
                })
                .collect::<Result<Vec<_>, _>>()
        })?;
        for found in moving::check(self.store(), &published)?.faults {
            let kind = match &found {
                Fault::Audit(_) => CheckFault::AuditChain,
                Fault::NoBlob { .. } | Fault::DamagedBlob { .. } => CheckFault::Blob,
                Fault::Log(_) => CheckFault::LogRoot,
                _ => CheckFault::Database,
            };
            faults.push(fault(kind, "store", &found.to_string()));
        }
        Ok(())
    }

    fn check_events(
        &self,
        registration: &Registration,
        own: &[&StoredEvent],
        leaves: &[(u64, LeafEntry)],
        faults: &mut Vec<Check>,
    ) {
        let number = registration.number.to_string();
        let mut folded = Folded::default();
        for (at, stored) in own.iter().enumerate() {
            let event = &stored.event;
            let object = format!("{number} {}", at + 1);
            let statement = match self.genuine(&event.envelope, &event.payload) {
                Ok(statement) => statement,
                Err(detail) => {
                    faults.push(fault(CheckFault::EventSignature, &object, &detail));
                    continue;
                }
            };
            let says = &statement.predicate;
            let expected = u64::try_from(at).unwrap_or(u64::MAX).saturating_add(1);
            let previous = says.previous.map(|previous| previous.sha256);
            if says.registration_number != number || says.sequence != expected || previous != folded.last {
                faults.push(fault(
                    CheckFault::EventChain,
                    &object,
                    &format!(
                        "the signed event says number {} of {}",
                        says.sequence, says.registration_number
                    ),
                ));
            }
            let leaf = leaves.iter().find(|(index, _)| *index == event.log_index);
            let right = leaf.is_some_and(|(_, entry)| {
                entry.payload == event.payload.0
                    && entry.kind == event.kind.word()
                    && entry.registration.as_deref() == Some(&number)
            });
            if !right {
                let detail = format!("entry {} of the log is not this event", event.log_index);
                faults.push(fault(CheckFault::NotInLog, &object, &detail));
            }
            if says.event.word() != event.kind.word() {
                let detail = format!("signed: {}, table: {}", says.event.word(), event.kind);
                faults.push(fault(CheckFault::TableDiffers, &object, &detail));
            }
            folded.follow(event.payload, says);
        }
        for (what, signed, table) in folded.differences(registration) {
            let detail = format!("{what}: {signed} follows from the signed events, the table says {table}");
            faults.push(fault(CheckFault::TableDiffers, &number, &detail));
        }
    }

    fn genuine(&self, line: &str, payload: &Digest) -> Result<Statement<RegistrationEvent>, String> {
        let envelope = Envelope::parse(line.as_bytes()).map_err(|error| error.to_string())?;
        if envelope.payload_digest() != *payload {
            return Err(format!(
                "its payload has the digest {}, not {payload}",
                envelope.payload_digest()
            ));
        }
        let keys = [self.keys().decision.public().clone()];
        if envelope.signers(&keys).is_empty() {
            return Err("it is not signed by the decision key".into());
        }
        Statement::parse(&envelope.payload).map_err(|error| error.to_string())
    }

    fn check_submissions(&self, registrations: &[Registration], faults: &mut Vec<Check>) -> Done<()> {
        for registration in registrations {
            let submission: Option<Submission> = self
                .store()
                .read(|tx| super::row::find(tx, registration.submission.as_str()))?;
            let number = registration.number.to_string();
            let Some(submission) = submission else {
                faults.push(fault(CheckFault::TableDiffers, &number, "its submission is not there"));
                continue;
            };
            if submission.statement != registration.results {
                faults.push(fault(
                    CheckFault::TableDiffers,
                    &number,
                    "its submission is about another report",
                ));
            }
        }
        Ok(())
    }
}

fn fault(fault: CheckFault, object: &str, detail: &str) -> Check {
    let title = fault.title();
    Check {
        fault,
        object: object.to_owned(),
        detail: Text::new(format!("{}: {detail}", title.ja), format!("{}: {detail}", title.en)),
    }
}

fn registration_leaves(tx: &mut dyn Tx) -> Done<Vec<(u64, LeafEntry)>> {
    let rows = tx.query("SELECT position, leaf FROM log_leaf ORDER BY position", &[])?;
    let mut leaves = Vec::new();
    for row in rows {
        let entry = LeafEntry::parse(row.str(1)?.as_bytes()).map_err(|error| ServiceError::internal("log", error))?;
        if entry.registration.is_some() {
            leaves.push((u64::try_from(row.int(0)?).unwrap_or(u64::MAX), entry));
        }
    }
    Ok(leaves)
}

/// What the signed events of a registration fold to.
#[derive(Default)]
struct Folded {
    sequence: u64,
    last: Option<Digest>,
    state: Option<RegistrationState>,
    valid_from: String,
    valid_until: String,
    profiles: Vec<String>,
    units: Vec<String>,
    step: Option<String>,
    features: Vec<String>,
    suite: Option<Digest>,
    report: Option<Digest>,
    successor: Option<String>,
    flags: Vec<String>,
}

impl Folded {
    fn follow(&mut self, payload: Digest, event: &RegistrationEvent) {
        self.sequence = event.sequence;
        self.last = Some(payload);
        if event.sequence == 1 {
            self.valid_from.clone_from(&event.valid_from);
        }
        if let Some(until) = &event.valid_until {
            self.valid_until.clone_from(until);
        }
        if let Some(scope) = &event.scope {
            self.profiles.clone_from(&scope.profiles);
            self.units.clone_from(&scope.units);
            self.step.clone_from(&scope.step);
            self.features.clone_from(&scope.features);
            self.suite = Some(scope.suite.sha256);
        }
        if let Some(basis) = &event.basis {
            self.report = Some(basis.report.sha256);
            self.flags.clear();
        }
        if event.successor.is_some() {
            self.successor.clone_from(&event.successor);
        }
        let by_vendor = event
            .reason
            .as_ref()
            .is_some_and(|reason| reason.code == "vendor-request");
        match EventKind::from_word(event.event.word()) {
            Some(EventKind::Registered | EventKind::Reinstated | EventKind::Extended) => {
                self.state = Some(RegistrationState::Active);
            }
            Some(EventKind::Suspended) => self.state = Some(RegistrationState::Suspended),
            Some(EventKind::Withdrawn) if by_vendor => self.state = Some(RegistrationState::WithdrawnByVendor),
            Some(EventKind::Withdrawn) => self.state = Some(RegistrationState::WithdrawnByBody),
            Some(EventKind::Superseded) => self.state = Some(RegistrationState::Superseded),
            Some(EventKind::Expired) => self.state = Some(RegistrationState::Expired),
            Some(EventKind::SuiteFlagged) => self.flags.clone_from(&event.affects),
            Some(EventKind::Interconnected) | None => {}
        }
    }

    /// What differs from the row: what, as signed, as in the table.
    fn differences(&self, row: &Registration) -> Vec<(&'static str, String, String)> {
        let list = |ids: &[String]| ids.join(" ");
        let digest = |digest: Option<Digest>| digest.map(|digest| digest.to_string()).unwrap_or_default();
        let pairs = [
            (
                "state",
                self.state.map(|state| state.to_string()).unwrap_or_default(),
                row.state.to_string(),
            ),
            ("sequence", self.sequence.to_string(), row.sequence.to_string()),
            ("last event", digest(self.last), row.last_event.to_string()),
            ("valid from", self.valid_from.clone(), row.valid_from.to_string()),
            ("valid until", self.valid_until.clone(), row.valid_until.to_string()),
            ("profiles", list(&self.profiles), list(&row.scope.profiles)),
            ("units", list(&self.units), list(&row.scope.units)),
            ("features", list(&self.features), list(&row.scope.features)),
            (
                "step",
                self.step.clone().unwrap_or_default(),
                row.scope.step.map(|step| format!("step{step}")).unwrap_or_default(),
            ),
            ("suite", digest(self.suite), digest(row.scope.suite)),
            ("report", digest(self.report), row.results.to_string()),
            (
                "successor",
                self.successor.clone().unwrap_or_default(),
                row.successor.map(|number| number.to_string()).unwrap_or_default(),
            ),
            ("flags", list(&self.flags), list(&row.suite_flags)),
        ];
        pairs.into_iter().filter(|(_, signed, table)| signed != table).collect()
    }
}
