//! What a vendor does with submissions and registrations.

use askama::Template;

use super::form::{Form, fault, faults_of};
use super::review::{Judgement, attempt_of, product_name};
use super::vendor::vendor_of;
use super::view::Words;
use super::{choices, number_of, page};
use crate::registry::Registry;
use crate::registry::model::state::{RegistrationEvent, SubmissionEvent};
use crate::registry::model::{
    Document, DocumentKind, Finding, FindingState, PublicReason, Refusal, Registration, Remark, RemarkKind, Submission,
    SubmissionId, SubmissionState,
};
use crate::registry::service::{Order, ServiceError, TestChallengeForm, Upload};
use crate::registry::web::{PageError, Params, Reply, Visitor};
use crate::scenario::Corpus;
use crate::text::Text;
use crate::text::date::Day;

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% include "reports/templates/registry/vendor_submit.html" %}"#
)]
struct Submit<'a> {
    visitor: &'a Visitor,
    refusals: Vec<Refusal>,
    form: Form<'a>,
}

pub(super) fn submit_page(_: &Registry, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    submit_form(visitor, Vec::new(), Form::new(visitor, &[]))
}

fn submit_form(visitor: &Visitor, refusals: Vec<Refusal>, form: Form<'_>) -> Result<Reply, PageError> {
    let status = if refusals.is_empty() { form.status() } else { 422 };
    let body = Submit {
        visitor,
        refusals,
        form,
    };
    page(visitor, visitor.title, &body).map(|reply| reply.status(status))
}

pub(super) fn submit(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let Some(file) = params.file("bundle").filter(|file| file.size > 0) else {
        let faults = fault("bundle", "バンドルを選んでください。", "Choose a bundle.");
        return submit_form(visitor, Vec::new(), Form::again(visitor, &[], faults));
    };
    match registry.submit(&visitor.actor, file.path()) {
        Ok(receipt) => Ok(Reply::see_other(&format!("/vendor/submissions/{}", receipt.submission))),
        Err(ServiceError::Refused(refusals)) => submit_form(visitor, refusals, Form::new(visitor, &[])),
        Err(error) => {
            let form = Form::again(visitor, &[], faults_of(error)?);
            submit_form(visitor, Vec::new(), form)
        }
    }
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% include "reports/templates/registry/vendor_submission.html" %}"#
)]
struct Case<'a> {
    visitor: &'a Visitor,
    corpus: &'a Corpus,
    name: String,
    submission: Submission,
    attempt: u32,
    remarks: Vec<Remark>,
    documents: Vec<Document>,
    kinds: Vec<(String, String)>,
    can_answer: bool,
    can_retract: bool,
    is_open: bool,
    form: Form<'a>,
    attaching: Form<'a>,
    arguing: Form<'a>,
}

impl Judgement for Case<'_> {
    fn submission(&self) -> &Submission {
        &self.submission
    }
    fn words(&self) -> (&Visitor, &Corpus) {
        (self.visitor, self.corpus)
    }
}

/// The three forms of the page; what is not sent is empty.
#[derive(Default)]
struct Forms<'a> {
    answer: Option<Form<'a>>,
    attach: Option<Form<'a>>,
    argue: Option<Form<'a>>,
}

fn page_of(registry: &Registry, visitor: &Visitor, params: &Params, forms: Forms<'_>) -> Result<Reply, PageError> {
    let actor = &visitor.actor;
    let id = SubmissionId::from(params.path("id"));
    let submission = registry.submission(actor, &id)?;
    let actions = registry.submission_actions(actor, &submission);
    let blank = || Form::new(visitor, &[]);
    let (form, attaching, arguing) = (
        forms.answer.unwrap_or_else(blank),
        forms.attach.unwrap_or_else(blank),
        forms.argue.unwrap_or_else(blank),
    );
    let status = form.status().max(attaching.status()).max(arguing.status());
    let name = product_name(registry, visitor, &submission)?;
    let body = Case {
        visitor,
        corpus: registry.corpus(),
        name: name.clone(),
        attempt: attempt_of(registry, visitor, &submission),
        remarks: registry
            .remarks(actor, &id)?
            .into_iter()
            .filter(|remark| remark.kind != RemarkKind::Internal)
            .collect(),
        documents: registry.documents(actor, &id)?,
        kinds: choices(visitor, DocumentKind::ALL, |kind| (kind.word(), kind.title())),
        can_answer: actions.contains(&SubmissionEvent::Answer),
        can_retract: actions.contains(&SubmissionEvent::Retract),
        is_open: matches!(
            submission.state,
            SubmissionState::UnderReview | SubmissionState::ChangesRequested
        ),
        submission,
        form,
        attaching,
        arguing,
    };
    page(visitor, &name, &body).map(|reply| reply.status(status))
}

pub(super) fn show(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    page_of(registry, visitor, params, Forms::default())
}

fn here(params: &Params) -> Reply {
    Reply::see_other(&format!("/vendor/submissions/{}", params.path("id")))
}

pub(super) fn answer(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    match registry.answer(&visitor.actor, &params.path("id").into(), params.text("text")) {
        Ok(_) => Ok(here(params)),
        Err(error) => {
            let answer = Some(Form::again(visitor, params.form_pairs(), faults_of(error)?));
            page_of(
                registry,
                visitor,
                params,
                Forms {
                    answer,
                    ..Forms::default()
                },
            )
        }
    }
}

pub(super) fn retract(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    registry.retract(&visitor.actor, &params.path("id").into())?;
    Ok(here(params))
}

pub(super) fn attach(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let faults = match params.file("file").filter(|file| file.size > 0) {
        None => fault("file", "ファイルを選んでください。", "Choose a file."),
        Some(file) => {
            let bytes = file.read().map_err(PageError::internal)?;
            let upload = Upload {
                name: &file.name,
                media_type: &file.media_type,
                bytes: &bytes,
            };
            let kind = DocumentKind::from_word(params.text("kind")).unwrap_or(DocumentKind::Other);
            let expires = params.form("expires").and_then(|text| Day::parse(text).ok());
            match registry.attach_document(&visitor.actor, &params.path("id").into(), kind, expires, &upload) {
                Ok(_) => return Ok(here(params)),
                Err(error) => faults_of(error)?,
            }
        }
    };
    let attach = Some(Form::again(visitor, params.form_pairs(), faults));
    page_of(
        registry,
        visitor,
        params,
        Forms {
            attach,
            ..Forms::default()
        },
    )
}

pub(super) fn challenge_test(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let form = TestChallengeForm {
        test: params.text("test").to_owned(),
        argument: params.text("argument").to_owned(),
        submission: Some(params.path("id").into()),
    };
    match registry.challenge_test(&visitor.actor, &form) {
        Ok(_) => Ok(here(params)),
        Err(error) => {
            let argue = Some(Form::again(visitor, params.form_pairs(), faults_of(error)?));
            page_of(
                registry,
                visitor,
                params,
                Forms {
                    argue,
                    ..Forms::default()
                },
            )
        }
    }
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% include "reports/templates/registry/vendor_registration.html" %}"#
)]
struct RegistrationPage<'a> {
    visitor: &'a Visitor,
    registration: Registration,
    name: String,
    findings: Vec<Finding>,
    can_give_back: bool,
    form: Form<'a>,
    today: Day,
}

pub(super) fn registration(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    registration_page(registry, visitor, params, Form::new(visitor, &[]))
}

fn registration_page(
    registry: &Registry,
    visitor: &Visitor,
    params: &Params,
    form: Form<'_>,
) -> Result<Reply, PageError> {
    let number = number_of(params)?;
    let registration = registry.registration(number)?;
    if registration.vendor != *vendor_of(visitor)? {
        return Err(PageError::NotFound);
    }
    let (_, product, version) = registry.registered_product(number)?;
    let status = form.status();
    let body = RegistrationPage {
        visitor,
        name: format!("{} {}", product.name, version.version),
        findings: registry.findings(number)?,
        can_give_back: registry
            .registration_actions(&visitor.actor, &registration)
            .contains(&RegistrationEvent::GiveBack),
        registration,
        form,
        today: registry.now().day(),
    };
    page(visitor, &number.to_string(), &body).map(|reply| reply.status(status))
}

pub(super) fn give_back(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let number = number_of(params)?;
    let order = Order {
        reason: PublicReason {
            code: "vendor-request".to_owned(),
            public: Text::new(params.text("ja"), params.text("en")),
        },
        proposed_by: None,
        review_by: None,
    };
    match registry.withdraw(&visitor.actor, number, &order) {
        Ok(_) => Ok(Reply::see_other(&format!("/vendor/registrations/{number}"))),
        Err(error) => {
            let form = Form::again(visitor, params.form_pairs(), faults_of(error)?);
            registration_page(registry, visitor, params, form)
        }
    }
}

pub(super) fn answer_finding(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    registry.answer_finding(&visitor.actor, &params.text("finding").into(), params.text("text"))?;
    Ok(Reply::see_other(&format!(
        "/vendor/registrations/{}",
        number_of(params)?
    )))
}
