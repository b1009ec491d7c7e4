//! Review: remarks, questions, proposals, and the decision by another person.

use serde_json::json;

use super::act::{Act, Done, Faults, only, own};
use super::events::{self, NewEvent, Shown};
use super::notices::{Notify, notify};
use super::registrations::{as_of, next};
use super::row::{Stored, find, insert, list, stored};
use super::submissions::{readable, step};
use super::{ServiceError, suites};
use crate::attest::envelope::Envelope;
use crate::attest::statement::{Basis, ConformanceReport, Review, Statement, WaiverRef};
use crate::attest::{Digest, DigestSet};
use crate::registry::Registry;
use crate::registry::model::state::{By, RegistrationEvent, SubmissionEvent};
use crate::registry::model::{
    Actor, Decision, Document, DocumentState, EventKind, Product, ProductVersion, Proposal, Registration,
    RegistrationNumber, Remark, RemarkId, RemarkKind, Role, Scope, Submission, SubmissionId, SubmissionState,
    SuiteState, Vendor, VendorKey, Waiver, WaiverId, WaiverState,
};
use crate::registry::store::{StoreError, Tx, Value, fresh_id, values};
use crate::text::Text;
use crate::text::date::Day;

/// A remark with its place in the case.
#[derive(serde::Serialize, serde::Deserialize)]
struct StoredRemark {
    remark: Remark,
    position: i64,
}

stored! {
    StoredRemark, "remark", "position", |it| it.remark.id, {
        "submission": it.remark.submission.as_str(),
        "position": it.position,
    };
}

/// What a decision to register counts.
pub(super) struct Decided<'a> {
    pub(super) waivers: &'a [WaiverId],
}

/// What was decided about a registered submission.
pub(super) fn decided(submission: &Submission) -> Option<Decided<'_>> {
    match submission.proposal.as_ref().map(|proposal| &proposal.decision) {
        Some(Decision::Register { waivers, .. }) => Some(Decided { waivers }),
        _ => None,
    }
}

impl Registry {
    /// What was said in a case, oldest first. Vendors do not see what is internal.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub fn remarks(&self, actor: &Actor, id: &SubmissionId) -> Done<Vec<Remark>> {
        self.read_unpublished(actor, "submission.remarks", id.as_str(), |tx| {
            readable(tx, actor, id)?;
            let all: Vec<StoredRemark> = list(tx, "submission = ?1", &values![id.as_str()])?;
            let shown = all.into_iter().map(|stored| stored.remark);
            Ok(shown
                .filter(|remark| actor.role != Role::Vendor || remark.kind != RemarkKind::Internal)
                .collect())
        })
    }

    /// Writes a remark: internal, or to the vendor. Questions are asked with [`Registry::ask_back`].
    ///
    /// # Errors
    /// `Forbidden` but for examiners and approvers; `NotFound`, `Invalid`.
    pub fn remark(
        &self,
        actor: &Actor,
        id: &SubmissionId,
        kind: RemarkKind,
        requirement: Option<&str>,
        text: &str,
    ) -> Done<Remark> {
        only(actor, &[Role::Examiner, Role::Approver])?;
        let mut faults = Faults::default();
        faults.text("text", text, 10_000);
        if matches!(kind, RemarkKind::Question | RemarkKind::Answer) {
            faults.add(
                "kind",
                "照会と回答には、それぞれの操作を使ってください。",
                "Questions and answers have operations of their own.",
            );
        }
        faults.done()?;
        self.act(actor, |act| {
            let submission: Submission = find(act.tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
            if act.actor.role == Role::Examiner {
                examining(act, id)?;
            }
            let remark = say(act, &submission, kind, requirement, text)?;
            if kind == RemarkKind::ToVendor {
                let text = Text::new("審査の連絡があります。", "There is a remark about your submission.");
                notify(
                    act,
                    &Notify::vendor(&submission.vendor, "submission.remark", id.as_str(), text),
                )?;
            }
            Ok(remark)
        })
    }

    /// Asks the vendor: the case waits for the answer.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Invalid`; `Conflict` in another state.
    pub fn ask_back(&self, actor: &Actor, id: &SubmissionId, text: &str) -> Done<Submission> {
        only(actor, &[Role::Examiner])?;
        let mut faults = Faults::default();
        faults.text("text", text, 10_000);
        faults.done()?;
        self.act(actor, |act| {
            let mut submission: Submission = find(act.tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
            submission.examiner = Some(examining(act, id)?);
            step(act, &mut submission, SubmissionEvent::AskBack, By::Role(Role::Examiner))?;
            say(act, &submission, RemarkKind::Question, None, text)?;
            let notice = Text::new(
                "審査の照会があります。回答してください。",
                "The examiner asks you something. Please answer.",
            );
            notify(
                act,
                &Notify::vendor(&submission.vendor, "submission.ask", id.as_str(), notice),
            )?;
            Ok(submission)
        })
    }

    /// Answers the examiner's question.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`, `Invalid`; `Conflict` if nothing was asked.
    pub fn answer(&self, actor: &Actor, id: &SubmissionId, text: &str) -> Done<Submission> {
        only(actor, &[Role::Vendor])?;
        let mut faults = Faults::default();
        faults.text("text", text, 10_000);
        faults.done()?;
        self.act(actor, |act| {
            let mut submission: Submission = find(act.tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
            own(act.actor, &submission.vendor)?;
            step(act, &mut submission, SubmissionEvent::Answer, By::Role(Role::Vendor))?;
            say(act, &submission, RemarkKind::Answer, None, text)?;
            let notice = Text::new("照会への回答がありました。", "The vendor has answered.");
            notify(
                act,
                &Notify::role(Role::Examiner, "submission.answer", id.as_str(), notice),
            )?;
            Ok(submission)
        })
    }

    /// Proposes a decision.
    ///
    /// # Errors
    /// `Forbidden` but for examiners; `NotFound`, `Invalid`; `Conflict` in another state, or if a document is not judged.
    pub fn propose(&self, actor: &Actor, id: &SubmissionId, decision: Decision, note: &str) -> Done<Submission> {
        only(actor, &[Role::Examiner])?;
        self.act(actor, |act| {
            let mut submission: Submission = find(act.tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
            checked(act, &submission, &decision, note)?;
            let label = examining(act, id)?;
            submission.examiner = Some(label.clone());
            submission.proposal = Some(Proposal {
                decision: decision.clone(),
                by: label,
                at: act.now,
                note: note.trim().to_owned(),
            });
            step(act, &mut submission, SubmissionEvent::Propose, By::Role(Role::Examiner))?;
            let text = Text::new("承認待ちの提案があります。", "A proposal waits for approval.");
            notify(
                act,
                &Notify::role(Role::Approver, "submission.propose", id.as_str(), text),
            )?;
            Ok(submission)
        })
    }

    /// Carries out the proposal: registers (or extends the registration of the same version), or rejects. Never by a person
    /// that examined the case. Signed event, log, tables: one transaction.
    ///
    /// # Errors
    /// `Forbidden` but for approvers, and for one that examined this case; `NotFound`; `Conflict` in another state, or if
    /// what the proposal rests on no longer holds.
    pub fn approve(&self, actor: &Actor, id: &SubmissionId) -> Done<Submission> {
        only(actor, &[Role::Approver])?;
        let submission = self.act(actor, |act| {
            let mut submission: Submission = find(act.tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
            not_examined(act, id)?;
            let proposal = proposal(&submission)?;
            match &proposal.decision {
                Decision::Reject { reason } => {
                    step(act, &mut submission, SubmissionEvent::Reject, By::Role(Role::Approver))?;
                    let text = Text::new(
                        format!("登録されませんでした: {}", reason.ja),
                        format!("Not registered: {}", reason.en),
                    );
                    notify(
                        act,
                        &Notify::vendor(&submission.vendor, "submission.reject", id.as_str(), text),
                    )?;
                }
                Decision::Register { .. } => self.register(act, &mut submission, &proposal)?,
            }
            Ok(submission)
        })?;
        self.publish_soon();
        Ok(submission)
    }

    /// Gives a proposal back to the examiner.
    ///
    /// # Errors
    /// `Forbidden` but for approvers, and for one that examined this case; `NotFound`, `Invalid`; `Conflict` in another
    /// state.
    pub fn send_back(&self, actor: &Actor, id: &SubmissionId, text: &str) -> Done<Submission> {
        only(actor, &[Role::Approver])?;
        let mut faults = Faults::default();
        faults.text("text", text, 10_000);
        faults.done()?;
        self.act(actor, |act| {
            let mut submission: Submission = find(act.tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
            not_examined(act, id)?;
            step(
                act,
                &mut submission,
                SubmissionEvent::SendBack,
                By::Role(Role::Approver),
            )?;
            say(act, &submission, RemarkKind::Internal, None, text)?;
            let notice = Text::new("提案が差し戻されました。", "A proposal was sent back.");
            notify(
                act,
                &Notify::role(Role::Examiner, "submission.send-back", id.as_str(), notice),
            )?;
            Ok(submission)
        })
    }

    fn register(&self, act: &mut Act<'_>, submission: &mut Submission, proposal: &Proposal) -> Done<()> {
        let Decision::Register {
            valid_from,
            valid_until,
            step: cloud_step,
            features,
            waivers,
        } = &proposal.decision
        else {
            return Err(ServiceError::NotFound);
        };
        still_good(act, submission)?;
        let counted = counted_waivers(act.tx, submission, waivers, act.now.day())?;
        let basis = basis(act, submission, &counted)?;
        let product: Product = find(act.tx, submission.product.as_str())?.ok_or(ServiceError::NotFound)?;
        let version: ProductVersion = find(act.tx, submission.version.as_str())?.ok_or(ServiceError::NotFound)?;
        let scope = Scope {
            profiles: submission.profiles.clone(),
            units: units(&product, &submission.profiles),
            step: *cloud_step,
            suite: Some(submission.suite),
            features: features.clone(),
        };
        let before = renewed(act, submission)?;
        let (mut registration, kind) = match before {
            Some(registration) => {
                let state = next(
                    as_of(registration.clone(), act.now).state,
                    RegistrationEvent::Extend,
                    By::Role(Role::Approver),
                )?;
                let renewed = Registration {
                    state,
                    since: if state == registration.state {
                        registration.since
                    } else {
                        act.now.day()
                    },
                    scope,
                    valid_until: *valid_until,
                    submission: submission.id.clone(),
                    results: submission.statement,
                    suite_flags: Vec::new(),
                    ..registration
                };
                (renewed, EventKind::Extended)
            }
            None => (
                Registration {
                    number: fresh_number(act)?,
                    state: crate::registry::model::RegistrationState::Active,
                    since: *valid_from,
                    vendor: submission.vendor.clone(),
                    product: submission.product.clone(),
                    version: submission.version.clone(),
                    submission: submission.id.clone(),
                    scope,
                    valid_from: *valid_from,
                    valid_until: *valid_until,
                    evidence_level: "vendor-run".into(),
                    results: submission.statement,
                    predecessor: None,
                    successor: None,
                    suite_flags: Vec::new(),
                    sequence: 0,
                    last_event: Digest([0; 32]),
                },
                EventKind::Registered,
            ),
        };
        submission.registration = Some(registration.number);
        step(act, submission, SubmissionEvent::Register, By::Role(Role::Approver))?;
        let new = NewEvent {
            basis: Some(basis),
            scope: true,
            shown: Shown::Report(Box::new(signed_report(submission)?)),
            ..NewEvent::of(kind)
        };
        events::record(self, act, &mut registration, &version, &new)?;
        publish_report(act, submission)?;
        let number = registration.number;
        let text = Text::new(
            format!("登録されました: {number}（有効期限 {valid_until}）"),
            format!("Registered: {number} (valid until {valid_until})."),
        );
        notify(
            act,
            &Notify::vendor(&submission.vendor, "registration.event", &number.to_string(), text),
        )?;
        Ok(())
    }
}

fn proposal(submission: &Submission) -> Done<Proposal> {
    let proposed = submission.proposal.clone();
    proposed
        .filter(|_| submission.state == SubmissionState::Proposed)
        .ok_or_else(|| ServiceError::conflict("承認待ちの提案がありません。", "There is no proposal to decide on."))
}

/// Marks the actor as an examiner of a case; the label for documents.
pub(super) fn examining(act: &mut Act<'_>, id: &SubmissionId) -> Result<String, StoreError> {
    let label = act.label()?;
    act.tx.execute(
        "INSERT INTO case_examiner (submission, account, label, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        &values![id.as_str(), act.actor.account.as_str(), &label, act.now.0],
    )?;
    Ok(label)
}

fn examiners(tx: &mut dyn Tx, id: &SubmissionId) -> Result<Vec<(String, String)>, StoreError> {
    let rows = tx.query(
        "SELECT account, label FROM case_examiner WHERE submission = ?1 ORDER BY at, label",
        &values![id.as_str()],
    )?;
    rows.iter().map(|row| Ok((row.text(0)?, row.text(1)?))).collect()
}

fn not_examined(act: &mut Act<'_>, id: &SubmissionId) -> Done<()> {
    let examined = examiners(act.tx, id)?;
    if examined
        .iter()
        .any(|(account, _)| account == act.actor.account.as_str())
    {
        return Err(ServiceError::Forbidden);
    }
    Ok(())
}

fn say(
    act: &mut Act<'_>,
    submission: &Submission,
    kind: RemarkKind,
    requirement: Option<&str>,
    text: &str,
) -> Done<Remark> {
    let author = if act.actor.role == Role::Vendor {
        let vendor: Vendor = find(act.tx, submission.vendor.as_str())?.ok_or(ServiceError::NotFound)?;
        vendor.name
    } else {
        act.label()?
    };
    let last = act.tx.one(
        "SELECT position FROM remark WHERE submission = ?1 ORDER BY position DESC LIMIT 1",
        &values![submission.id.as_str()],
    )?;
    let position = last.map_or(Ok(0), |row| row.int(0))? + 1;
    let remark = Remark {
        id: RemarkId::from(fresh_id(RemarkId::PREFIX)),
        submission: submission.id.clone(),
        author,
        at: act.now,
        kind,
        requirement: requirement.map(str::to_owned).filter(|id| !id.is_empty()),
        text: text.trim().to_owned(),
    };
    insert(
        act.tx,
        &StoredRemark {
            remark: remark.clone(),
            position,
        },
    )?;
    act.audit(
        "submission.remark",
        submission.id.as_str(),
        &json!({"kind": kind, "remark": remark.id}),
    )?;
    Ok(remark)
}

fn checked(act: &mut Act<'_>, submission: &Submission, decision: &Decision, note: &str) -> Done<()> {
    let mut faults = Faults::default();
    faults.optional("note", note, 10_000);
    match decision {
        Decision::Reject { reason } => faults.both("reason", reason, 2000),
        Decision::Register {
            valid_from,
            valid_until,
            step,
            waivers,
            ..
        } => {
            let today = act.now.day();
            if *valid_from < today {
                faults.add(
                    "validFrom",
                    "今日以降の日付にしてください。",
                    "It cannot begin before today.",
                );
            }
            if valid_until <= valid_from {
                faults.add(
                    "validUntil",
                    "開始日より後の日付にしてください。",
                    "It has to end after it begins.",
                );
            }
            if valid_from.add_years(5).is_some_and(|most| *valid_until > most) {
                faults.add(
                    "validUntil",
                    "5年以内の日付にしてください。",
                    "At most five years are possible.",
                );
            }
            if step.is_some_and(|step| !(1..=5).contains(&step)) {
                faults.add("step", "1〜5で指定してください。", "1 to 5 are possible.");
            }
            for id in unusable(act.tx, submission, waivers, today)? {
                faults.add(
                    "waivers",
                    format!("例外 {id} は承認されていないか、この製品のものではありません。"),
                    format!("The waiver {id} is not approved, or not for this product."),
                );
            }
            let documents = documents(act.tx, &submission.id)?;
            if documents
                .iter()
                .any(|document| document.state == DocumentState::Pending)
            {
                return Err(ServiceError::conflict(
                    "確認していない証拠書類があります。先に確認してください。",
                    "A document is not judged yet. Judge it first.",
                ));
            }
        }
    }
    faults.done()
}

fn documents(tx: &mut dyn Tx, id: &SubmissionId) -> Result<Vec<Document>, StoreError> {
    list(tx, "submission = ?1", &values![id.as_str()])
}

fn usable(waiver: &Waiver, submission: &Submission, today: Day) -> bool {
    let fits = waiver
        .product
        .as_ref()
        .is_none_or(|product| *product == submission.product);
    fits && waiver.state == WaiverState::Approved && today <= waiver.expires
}

fn unusable(tx: &mut dyn Tx, submission: &Submission, ids: &[WaiverId], today: Day) -> Done<Vec<WaiverId>> {
    let mut bad = Vec::new();
    for id in ids {
        let waiver: Option<Waiver> = find(tx, id.as_str())?;
        if !waiver.is_some_and(|waiver| usable(&waiver, submission, today)) {
            bad.push(id.clone());
        }
    }
    Ok(bad)
}

/// The waivers that a decision names; each required requirement that is not met has to be among them.
fn counted_waivers(tx: &mut dyn Tx, submission: &Submission, ids: &[WaiverId], today: Day) -> Done<Vec<Waiver>> {
    if let Some(id) = unusable(tx, submission, ids, today)?.first() {
        return Err(ServiceError::conflict(
            format!("例外 {id} はもう有効ではありません。"),
            format!("The waiver {id} is no longer valid."),
        ));
    }
    let mut waivers = Vec::new();
    for id in ids {
        waivers.extend(find::<Waiver>(tx, id.as_str())?);
    }
    let judged = submission.judged.as_ref().unwrap_or(&submission.claimed);
    let release = suites::release(tx, &submission.suite)?.ok_or(ServiceError::NotFound)?;
    let open: Vec<String> = judged
        .results
        .iter()
        .filter(|result| matches!(result.verdict.as_str(), "fail" | "warn" | "waived"))
        .filter(|result| {
            let profile = release.contents.profile(&result.profile);
            profile.is_some_and(|profile| profile.required.contains(&result.id))
        })
        .map(|result| result.id.clone())
        .filter(|id| !waivers.iter().any(|waiver| waiver.requirement == *id))
        .collect();
    if open.is_empty() {
        return Ok(waivers);
    }
    let shown = crate::registry::intake::some(&open);
    Err(ServiceError::conflict(
        format!("満たしていない要件に例外が指定されていません: {}", shown.ja),
        format!("Requirements that are not met and that no waiver covers: {}", shown.en),
    ))
}

/// Suite, key and judgement have to hold at the moment of the decision as well.
fn still_good(act: &mut Act<'_>, submission: &Submission) -> Done<()> {
    if submission.judged.is_none() {
        return Err(ServiceError::conflict(
            "再判定が終わっていません。",
            "It was not judged again yet.",
        ));
    }
    let release = suites::release(act.tx, &submission.suite)?;
    if release.is_none_or(|release| release.suite.state == SuiteState::Withdrawn) {
        return Err(ServiceError::conflict(
            "試験スイートが取り下げられました。",
            "The suite was withdrawn in the meantime.",
        ));
    }
    let key: VendorKey = find(act.tx, &submission.key.0)?.ok_or(ServiceError::NotFound)?;
    if key.compromised_since.is_some_and(|since| submission.received >= since) {
        return Err(ServiceError::conflict(
            "署名した鍵が漏えいしていました。",
            "The key that signed was in other hands.",
        ));
    }
    Ok(())
}

fn basis(act: &mut Act<'_>, submission: &Submission, waivers: &[Waiver]) -> Done<Basis> {
    let today = act.now.day();
    let accepted = documents(act.tx, &submission.id)?.into_iter().filter(|document| {
        document.state == DocumentState::Accepted && document.expires.is_none_or(|last| today <= last)
    });
    let mut documents: Vec<Digest> = accepted.map(|document| document.digest).collect();
    documents.sort();
    documents.dedup();
    let mut labels: Vec<String> = examiners(act.tx, &submission.id)?
        .into_iter()
        .map(|(_, label)| label)
        .collect();
    labels.sort();
    labels.dedup();
    Ok(Basis {
        documents: documents.into_iter().map(DigestSet::from).collect(),
        report: submission.statement.into(),
        review: Review {
            approver: act.label()?,
            examiners: labels,
        },
        waivers: waivers
            .iter()
            .map(|waiver| WaiverRef {
                requirement: waiver.requirement.clone(),
                sha256: waiver.digest,
            })
            .collect(),
    })
}

/// The registration of the same version that a new run renews.
fn renewed(act: &mut Act<'_>, submission: &Submission) -> Done<Option<Registration>> {
    let same: Vec<Registration> = list(act.tx, "version = ?1", &values![submission.version.as_str()])?;
    Ok(same.into_iter().find(|registration| !registration.state.is_final()))
}

fn fresh_number(act: &mut Act<'_>) -> Done<RegistrationNumber> {
    let serial = act.tx.next("registration")?;
    let serial = u32::try_from(serial).map_err(|error| ServiceError::internal("registration number", error))?;
    Ok(RegistrationNumber::new(act.now.day().year(), serial)?)
}

/// Business units of a product that its profiles were shown for: those in the names of the profiles, and where these name
/// none, those of the product.
fn units(product: &Product, profiles: &[String]) -> Vec<String> {
    let mut named: Vec<String> = profiles
        .iter()
        .filter_map(|profile| profile.strip_prefix("unit."))
        .filter_map(|rest| rest.split('.').next())
        .map(str::to_owned)
        .collect();
    named.sort();
    named.dedup();
    if named.is_empty() { product.units.clone() } else { named }
}

/// From now on everybody may read the signed report.
fn publish_report(act: &mut Act<'_>, submission: &Submission) -> Result<(), StoreError> {
    let line = submission.envelope.lines().next().unwrap_or_default();
    act.tx
        .execute(
            "INSERT INTO public_report (id, envelope, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
            &values![submission.statement, format!("{line}\n"), act.now.0],
        )
        .map(|_| ())
}

fn signed_report(submission: &Submission) -> Done<Statement<ConformanceReport>> {
    let line = submission.envelope.lines().next().unwrap_or_default();
    let fault = |error: &dyn std::fmt::Display| ServiceError::internal("report", error);
    let envelope = Envelope::parse(line.as_bytes()).map_err(|error| fault(&error))?;
    Statement::parse(&envelope.payload).map_err(|error| fault(&error))
}
