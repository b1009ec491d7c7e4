//! After registration: surveillance findings, and results of testing two registered products together.

use serde_json::json;

use super::act::{Done, Faults, only, own};
use super::events::{self, NewEvent, Shown};
use super::notices::{Notify, notify};
use super::registrations::{as_of, found, next};
use super::row::{Stored, find, insert, list, stored, update};
use super::{InterconnectionForm, ServiceError};
use crate::attest::Digest;
use crate::attest::envelope::Envelope;
use crate::attest::key::PublicKey;
use crate::attest::statement::{InterconnectionReport, Statement};
use crate::registry::Registry;
use crate::registry::model::state::{By, RegistrationEvent};
use crate::registry::model::{
    Actor, EventKind, Finding, FindingId, FindingState, Interconnection, InterconnectionId, InterconnectionKind,
    ProductVersion, Registration, RegistrationNumber, Role, VendorKey,
};
use crate::registry::store::{Tx, Value, fresh_id, values};
use crate::text::Text;
use crate::text::date::Day;

/// An interconnection with its signed report.
#[derive(serde::Serialize, serde::Deserialize)]
pub(super) struct StoredInterconnection {
    pub(super) interconnection: Interconnection,
    pub(super) envelope: String,
}

stored! {
    Finding, "finding", "opened DESC, id DESC", |it| it.id, {
        "registration": it.registration.to_string(),
        "state": it.state.word(),
        "opened": it.opened.0,
    };
    StoredInterconnection, "interconnection", "at DESC, id DESC", |it| it.interconnection.id, {
        "sender": it.interconnection.first.to_string(),
        "receiver": it.interconnection.second.to_string(),
        "at": it.interconnection.at.0,
    };
}

impl Registry {
    /// Writes down a finding about a registered product; its summary is published.
    ///
    /// # Errors
    /// `Forbidden` but for examiners; `NotFound`, `Invalid`; `Conflict` if the registration is over.
    pub fn add_finding(
        &self,
        actor: &Actor,
        number: RegistrationNumber,
        summary: &Text,
        due: Option<Day>,
    ) -> Done<Finding> {
        only(actor, &[Role::Examiner])?;
        let mut faults = Faults::default();
        faults.both("summary", summary, 2000);
        if due.is_some_and(|due| due < self.now().day()) {
            faults.add("due", "今日以降の日付にしてください。", "It cannot lie in the past.");
        }
        faults.done()?;
        let id = FindingId::from(fresh_id(FindingId::PREFIX));
        self.act(actor, |act| {
            let registration = found(act.tx, number)?;
            if registration.state.is_final() {
                return Err(ServiceError::conflict(
                    "この登録は終了しています。",
                    "This registration is over.",
                ));
            }
            let finding = Finding {
                id: id.clone(),
                registration: number,
                summary: summary.clone(),
                state: FindingState::Open,
                opened: act.now,
                due,
                corrective_action: String::new(),
                closed: None,
            };
            insert(act.tx, &finding)?;
            act.audit(
                "finding.add",
                id.as_str(),
                &json!({"registration": number, "summary": summary}),
            )?;
            let text = Text::new(
                format!("{number}: 登録後の指摘があります。是正の計画を回答してください。"),
                format!("{number}: there is a finding. Answer with your corrective action."),
            );
            notify(
                act,
                &Notify::vendor(&registration.vendor, "finding.add", id.as_str(), text),
            )?;
            Ok(finding)
        })
    }

    /// The vendor's corrective action.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Invalid`; `Conflict` if it is closed.
    pub fn answer_finding(&self, actor: &Actor, id: &FindingId, text: &str) -> Done<Finding> {
        only(actor, &[Role::Vendor])?;
        let mut faults = Faults::default();
        faults.text("text", text, 10_000);
        faults.done()?;
        self.act(actor, |act| {
            let mut finding: Finding = find(act.tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
            own(act.actor, &found(act.tx, finding.registration)?.vendor)?;
            open(&finding)?;
            finding.corrective_action = text.trim().to_owned();
            update(act.tx, &finding)?;
            act.audit(
                "finding.answer",
                id.as_str(),
                &json!({"text": finding.corrective_action}),
            )?;
            let text = Text::new("指摘への回答がありました。", "A finding was answered.");
            notify(act, &Notify::role(Role::Examiner, "finding.answer", id.as_str(), text))?;
            Ok(finding)
        })
    }

    /// Closes a finding.
    ///
    /// # Errors
    /// `Forbidden` but for examiners; `NotFound`; `Conflict` if it is closed.
    pub fn close_finding(&self, actor: &Actor, id: &FindingId) -> Done<Finding> {
        only(actor, &[Role::Examiner])?;
        self.act(actor, |act| {
            let mut finding: Finding = find(act.tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
            open(&finding)?;
            finding.state = FindingState::Closed;
            finding.closed = Some(act.now);
            update(act.tx, &finding)?;
            act.audit("finding.close", id.as_str(), &json!({}))?;
            Ok(finding)
        })
    }

    /// Findings about a registration, newest first; public. Corrective actions are not shown to the public.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn findings(&self, number: RegistrationNumber) -> Done<Vec<Finding>> {
        self.store().read(|tx| {
            found(tx, number)?;
            Ok(list(tx, "registration = ?1", &values![number.to_string()])?)
        })
    }

    /// Records a result of testing two registered products together: the signed report names both, and its signature is by a
    /// key of either vendor. Both registrations get an event.
    ///
    /// # Errors
    /// `Forbidden` but for examiners; `NotFound`, `Invalid`; `Conflict` if one of them is not in force.
    pub fn record_interconnection(&self, actor: &Actor, form: &InterconnectionForm) -> Done<Interconnection> {
        only(actor, &[Role::Examiner])?;
        let mut faults = Faults::default();
        faults.both("summary", &form.summary, 2000);
        faults.text("unit", &form.unit, 100);
        if form.first == form.second {
            faults.add(
                "second",
                "別の登録を指定してください。",
                "Another registration is needed.",
            );
        }
        faults.done()?;
        let (line, report) = read_report(&form.envelope)?;
        let id = InterconnectionId::from(fresh_id(InterconnectionId::PREFIX));
        let recorded = self.act(actor, |act| {
            let mut sides = Vec::new();
            for number in [form.first, form.second] {
                let mut registration = found(act.tx, number)?;
                let state = as_of(registration.clone(), act.now).state;
                registration.state = next(state, RegistrationEvent::Interconnect, By::Role(Role::Examiner))?;
                let version: ProductVersion =
                    find(act.tx, registration.version.as_str())?.ok_or(ServiceError::NotFound)?;
                sides.push((registration, version));
            }
            agrees(act.tx, form, &line, &report, &sides)?;
            let interconnection = Interconnection {
                id: id.clone(),
                unit: form.unit.clone(),
                first: form.first,
                second: form.second,
                kind: form.kind,
                held: form.held,
                summary: form.summary.clone(),
                statement: line.payload_digest(),
                at: act.now,
            };
            insert(
                act.tx,
                &StoredInterconnection {
                    interconnection: interconnection.clone(),
                    envelope: line.to_line(),
                },
            )?;
            act.audit(
                "interconnection.record",
                id.as_str(),
                &json!({"interconnection": interconnection}),
            )?;
            let numbers: Vec<(Digest, RegistrationNumber)> = sides
                .iter()
                .map(|(registration, version)| (version.digest, registration.number))
                .collect();
            for (registration, version) in &mut sides {
                let new = NewEvent {
                    interconnection: Some(id.clone()),
                    shown: Shown::Interconnection {
                        report: Box::new(report.clone()),
                        payload: interconnection.statement,
                        numbers: numbers.clone(),
                    },
                    ..NewEvent::of(EventKind::Interconnected)
                };
                events::record(self, act, registration, version, &new)?;
            }
            Ok(interconnection)
        })?;
        self.publish_soon();
        Ok(recorded)
    }

    /// Results of interconnections, newest first: of one registration, or all; public.
    ///
    /// # Errors
    /// Those of the store.
    pub fn interconnections(&self, number: Option<RegistrationNumber>) -> Done<Vec<Interconnection>> {
        self.store().read(|tx| {
            let all: Vec<StoredInterconnection> = match number {
                Some(number) => list(tx, "sender = ?1 OR receiver = ?1", &values![number.to_string()])?,
                None => list(tx, "1 = 1", &[])?,
            };
            Ok(all.into_iter().map(|stored| stored.interconnection).collect())
        })
    }
}

fn open(finding: &Finding) -> Done<()> {
    match finding.state {
        FindingState::Open => Ok(()),
        FindingState::Closed => Err(ServiceError::conflict(
            "この指摘は解決済みです。",
            "This finding is closed already.",
        )),
    }
}

fn read_report(lines: &str) -> Done<(Envelope, Statement<InterconnectionReport>)> {
    let fault = |error: &dyn std::fmt::Display| {
        ServiceError::field(
            "envelope",
            format!("署名された相互接続レポートとして読めません: {error}"),
            format!("This is no signed interconnection report: {error}"),
        )
    };
    let line = lines.lines().next().unwrap_or_default();
    let envelope = Envelope::parse(line.as_bytes()).map_err(|error| fault(&error))?;
    let statement = Statement::parse(&envelope.payload).map_err(|error| fault(&error))?;
    Ok((envelope, statement))
}

fn agrees(
    tx: &mut dyn Tx,
    form: &InterconnectionForm,
    line: &Envelope,
    report: &Statement<InterconnectionReport>,
    sides: &[(Registration, ProductVersion)],
) -> Done<()> {
    let mut faults = Faults::default();
    let mut named: Vec<Digest> = report.subject.iter().map(|subject| subject.digest.sha256).collect();
    let mut expected: Vec<Digest> = sides.iter().map(|(_, version)| version.digest).collect();
    named.sort();
    expected.sort();
    if named != expected {
        faults.add(
            "envelope",
            "レポートの対象が、指定した2つの登録の製品と一致しません。",
            "The report is not about the products of these two registrations.",
        );
    }
    let live = matches!(
        report.predicate.mode,
        crate::attest::statement::InterconnectionMode::Live
    );
    if live != (form.kind == InterconnectionKind::Live) {
        faults.add(
            "kind",
            "方式がレポートと一致しません。",
            "The report says another way of testing.",
        );
    }
    if (report.predicate.outcome == "conformant") != form.held {
        faults.add(
            "held",
            "結果がレポートと一致しません。",
            "The report says another outcome.",
        );
    }
    let mut keys = Vec::new();
    for (registration, _) in sides {
        let of: Vec<VendorKey> = list(
            tx,
            "vendor = ?1 AND state = 'active'",
            &values![registration.vendor.as_str()],
        )?;
        keys.extend(of.iter().filter_map(|key| PublicKey::from_pem(&key.pem).ok()));
    }
    if line.signers(&keys).is_empty() {
        faults.add(
            "envelope",
            "どちらのベンダーの有効な鍵でも署名されていません。",
            "It is not signed with a valid key of either vendor.",
        );
    }
    faults.done()
}
