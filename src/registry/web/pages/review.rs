//! Cases as staff see them: queue, case, decision.

use std::collections::BTreeMap;

use askama::Template;

use super::form::{Form, fault, faults_of};
use super::view::Words;
use super::{choices, page};
use crate::registry::Registry;
use crate::registry::model::state::SubmissionEvent;
use crate::registry::model::{
    Change, Decision, Document, Remark, RemarkKind, RequirementResult, Role, Submission, SubmissionFilter,
    SubmissionId, SubmissionState, Vendor, Waiver, WaiverState,
};
use crate::registry::service::FieldError;
use crate::registry::web::{PageError, Params, Reply, Visitor};
use crate::scenario::Corpus;
use crate::text::Text;
use crate::text::date::Day;

/// Done cases of the queue.
const DONE: usize = 30;
/// Years that a registration is proposed for.
const YEARS: i32 = 2;

/// Name and version of what was submitted.
pub(super) fn product_name(
    registry: &Registry,
    visitor: &Visitor,
    submission: &Submission,
) -> Result<String, PageError> {
    let product = registry.product(&visitor.actor, &submission.product)?;
    let version = registry.version(&visitor.actor, &submission.version)?;
    Ok(format!("{} {}", product.name, version.version))
}

/// Which attempt it was; 0 if the visitor may not see the challenge.
pub(super) fn attempt_of(registry: &Registry, visitor: &Visitor, submission: &Submission) -> u32 {
    registry
        .challenge(&visitor.actor, &submission.challenge)
        .map_or(0, |challenge| challenge.attempt)
}

/// What pages about a case say of its verdicts.
pub(super) trait Judgement {
    /// The case.
    fn submission(&self) -> &Submission;
    /// Language and the words of requirements.
    fn words(&self) -> (&Visitor, &Corpus);

    /// Results as they count: of judging again, or as submitted until that is done.
    fn results(&self) -> &[RequirementResult] {
        let submission = self.submission();
        &submission.judged.as_ref().unwrap_or(&submission.claimed).results
    }

    /// Number of results by verdict.
    fn counts(&self) -> Vec<(&str, usize)> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for result in self.results() {
            *counts.entry(&result.verdict).or_default() += 1;
        }
        counts.into_iter().collect()
    }

    /// Results that somebody has to look at.
    fn human(&self) -> Vec<&RequirementResult> {
        let plain = |result: &&RequirementResult| !matches!(&*result.verdict, "pass" | "skip" | "info");
        self.results().iter().filter(plain).collect()
    }

    /// Text of a requirement.
    fn requirement(&self, id: &str) -> &str {
        let (visitor, corpus) = self.words();
        corpus
            .requirement(id)
            .map_or("", |requirement| visitor.say(&requirement.text))
    }
}

/// A case in a list: itself, product and version, vendor.
type Row = (Submission, String, String);

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/registry/queue.html" %}"#)]
struct Queue<'a> {
    visitor: &'a Visitor,
    title: &'a str,
    rows: Vec<Row>,
    done: Vec<Row>,
}

fn rows(registry: &Registry, visitor: &Visitor, states: &[SubmissionState]) -> Result<Vec<Row>, PageError> {
    let filter = SubmissionFilter {
        states: states.to_vec(),
        ..SubmissionFilter::default()
    };
    let mut rows = Vec::new();
    for submission in registry.submissions(&visitor.actor, &filter)? {
        let name = product_name(registry, visitor, &submission)?;
        let vendor = registry.vendor(&visitor.actor, &submission.vendor)?.name;
        rows.push((submission, name, vendor));
    }
    rows.sort_by_key(|(submission, ..)| submission.received);
    Ok(rows)
}

pub(super) fn queue(registry: &Registry, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    use SubmissionState as S;
    let waiting = [S::UnderReview, S::ChangesRequested, S::Proposed, S::Judging];
    list(registry, visitor, &waiting)
}

pub(super) fn decisions(registry: &Registry, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    list(registry, visitor, &[SubmissionState::Proposed])
}

fn list(registry: &Registry, visitor: &Visitor, waiting: &[SubmissionState]) -> Result<Reply, PageError> {
    use SubmissionState as S;
    let mut done = rows(
        registry,
        visitor,
        &[S::Registered, S::Rejected, S::Refused, S::Retracted],
    )?;
    done.reverse();
    done.truncate(DONE);
    let body = Queue {
        visitor,
        title: visitor.title,
        rows: rows(registry, visitor, waiting)?,
        done,
    };
    page(visitor, visitor.title, &body)
}

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/registry/case.html" %}"#)]
struct Case<'a> {
    visitor: &'a Visitor,
    corpus: &'a Corpus,
    name: String,
    vendor: Vendor,
    submission: Submission,
    attempt: u32,
    remarks: Vec<Remark>,
    documents: Vec<Document>,
    waivers: Vec<Waiver>,
    /// Approved waivers, for the proposal.
    approved: Vec<(String, String)>,
    kinds: Vec<(String, String)>,
    is_examiner: bool,
    is_open: bool,
    may_remark: bool,
    can_ask: bool,
    can_propose: bool,
    can_decide: bool,
    form: Form<'a>,
    approving: Form<'a>,
    remarking: Form<'a>,
    asking: Form<'a>,
    proposing: Form<'a>,
    rejecting: Form<'a>,
}

impl Judgement for Case<'_> {
    fn submission(&self) -> &Submission {
        &self.submission
    }
    fn words(&self) -> (&Visitor, &Corpus) {
        (self.visitor, self.corpus)
    }
}

impl Case<'_> {
    fn differing(&self) -> Vec<Change> {
        match &self.submission.judged {
            Some(judged) => judged.changes_since(&self.submission.claimed),
            None => Vec::new(),
        }
    }
}

/// Which form of the page was sent and has faults.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Sent {
    Nothing,
    SendBack,
    Approve,
    Remark,
    Ask,
    Propose,
}

pub(super) fn case(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    case_page(registry, visitor, params, Sent::Nothing, Vec::new())
}

fn case_page(
    registry: &Registry,
    visitor: &Visitor,
    params: &Params,
    sent: Sent,
    faults: Vec<FieldError>,
) -> Result<Reply, PageError> {
    let actor = &visitor.actor;
    let id = SubmissionId::from(params.path("id"));
    let submission = registry.submission(actor, &id)?;
    let actions = registry.submission_actions(actor, &submission);
    let status = if faults.is_empty() { 200 } else { 422 };
    let form = |which: Sent, values: &[(&str, &str)]| {
        if which == sent {
            Form::again(visitor, params.form_pairs(), faults.clone())
        } else {
            Form::new(visitor, values)
        }
    };
    let today = registry.now().day();
    let until = today.add_years(YEARS).and_then(Day::previous).unwrap_or(today);
    let waivers = registry.waivers(actor, Some(&submission.product))?;
    let name = product_name(registry, visitor, &submission)?;
    let body = Case {
        visitor,
        corpus: registry.corpus(),
        vendor: registry.vendor(actor, &submission.vendor)?,
        attempt: attempt_of(registry, visitor, &submission),
        remarks: registry.remarks(actor, &id)?,
        documents: registry.documents(actor, &id)?,
        approved: waivers
            .iter()
            .filter(|waiver| waiver.state == WaiverState::Approved)
            .map(|waiver| {
                (
                    waiver.id.to_string(),
                    format!("{} {}", waiver.requirement, visitor.say(&waiver.reason)),
                )
            })
            .collect(),
        waivers,
        kinds: choices(visitor, &[RemarkKind::Internal, RemarkKind::ToVendor], |kind| {
            (kind.word(), kind.title())
        }),
        is_examiner: actor.role == Role::Examiner,
        is_open: matches!(
            submission.state,
            SubmissionState::UnderReview | SubmissionState::ChangesRequested
        ),
        may_remark: matches!(actor.role, Role::Examiner | Role::Approver),
        can_ask: actions.contains(&SubmissionEvent::AskBack),
        can_propose: actions.contains(&SubmissionEvent::Propose),
        can_decide: actions.contains(&SubmissionEvent::Register),
        form: form(Sent::SendBack, &[]),
        approving: form(Sent::Approve, &[]),
        remarking: form(Sent::Remark, &[]),
        asking: form(Sent::Ask, &[]),
        proposing: form(
            Sent::Propose,
            &[("validFrom", &today.to_string()), ("validUntil", &until.to_string())],
        ),
        rejecting: form(Sent::Nothing, &[]),
        name: name.clone(),
        submission,
    };
    page(visitor, &name, &body).map(|reply| reply.status(status))
}

/// Back to the case, or the case with what is wrong.
fn done<T>(
    registry: &Registry,
    visitor: &Visitor,
    params: &Params,
    sent: Sent,
    result: Result<T, crate::registry::service::ServiceError>,
) -> Result<Reply, PageError> {
    match result {
        Ok(_) => Ok(Reply::see_other(&format!("/review/{}", params.path("id")))),
        Err(error) => case_page(registry, visitor, params, sent, faults_of(error)?),
    }
}

fn id_of(params: &Params) -> SubmissionId {
    params.path("id").into()
}

pub(super) fn remark(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let kind = RemarkKind::from_word(params.text("kind")).unwrap_or(RemarkKind::Internal);
    let (requirement, text) = (params.form("requirement"), params.text("text"));
    let result = registry.remark(&visitor.actor, &id_of(params), kind, requirement, text);
    done(registry, visitor, params, Sent::Remark, result)
}

pub(super) fn ask_back(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let result = registry.ask_back(&visitor.actor, &id_of(params), params.text("question"));
    done(registry, visitor, params, Sent::Ask, result)
}

pub(super) fn judge_document(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let accept = params.text("accept") == "true";
    registry.judge_document(
        &visitor.actor,
        &params.text("document").into(),
        accept,
        params.text("note"),
    )?;
    Ok(Reply::see_other(&format!("/review/{}", params.path("id"))))
}

/// A decision as it was entered.
fn decision(params: &Params) -> Result<Decision, Vec<FieldError>> {
    if params.text("decision") == "reject" {
        return Ok(Decision::Reject {
            reason: Text::new(params.text("ja"), params.text("en")),
        });
    }
    let day =
        |name: &str| Day::parse(params.text(name)).map_err(|_| fault(name, "日付を入れてください。", "Enter a day."));
    Ok(Decision::Register {
        valid_from: day("validFrom")?,
        valid_until: day("validUntil")?,
        step: params.form("step").and_then(|text| text.parse().ok()),
        features: params
            .text("features")
            .split([',', '、'])
            .map(str::trim)
            .filter(|feature| !feature.is_empty())
            .map(str::to_owned)
            .collect(),
        waivers: params.forms("waivers").map(Into::into).collect(),
    })
}

pub(super) fn propose(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    match decision(params) {
        Ok(decision) => {
            let result = registry.propose(&visitor.actor, &id_of(params), decision, params.text("note"));
            done(registry, visitor, params, Sent::Propose, result)
        }
        Err(faults) => case_page(registry, visitor, params, Sent::Propose, faults),
    }
}

pub(super) fn approve(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let result = registry.approve(&visitor.actor, &id_of(params));
    done(registry, visitor, params, Sent::Approve, result)
}

pub(super) fn send_back(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let result = registry.send_back(&visitor.actor, &id_of(params), params.text("text"));
    done(registry, visitor, params, Sent::SendBack, result)
}

pub(super) fn document(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let (document, bytes) = registry.document_bytes(&visitor.actor, &params.path("document").into())?;
    // Always a download: what vendors send is never shown as a page of ours.
    Ok(Reply::file(bytes, "application/octet-stream", &document.name))
}

pub(super) fn report(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let report = registry.report_json(&visitor.actor, &id_of(params))?;
    Ok(Reply::file(report, "application/json", "report.json"))
}

pub(super) fn bundle(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let bundle = registry.bundle(&visitor.actor, &id_of(params))?;
    Ok(Reply::file(bundle, "application/octet-stream", "bundle.junkyo"))
}
