//! Registrations as staff see them: recommendations, decisions, findings.

use askama::Template;

use super::form::{Form, faults_of};
use super::view::Words;
use super::{number_of, page};
use crate::registry::Registry;
use crate::registry::model::state::RegistrationEvent;
use crate::registry::model::{
    Finding, FindingState, PublicReason, Recommendation, Registration, RegistrationFilter, Role,
};
use crate::registry::service::{Order, ServiceError};
use crate::registry::web::{PageError, Params, Reply, Visitor};
use crate::text::Text;
use crate::text::date::Day;

/// What an examiner may recommend.
const RECOMMENDED: &[RegistrationEvent] = &[
    RegistrationEvent::Suspend,
    RegistrationEvent::Reinstate,
    RegistrationEvent::Withdraw,
    RegistrationEvent::Supersede,
];

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% include "reports/templates/registry/registrations.html" %}"#
)]
struct List<'a> {
    visitor: &'a Visitor,
    open: Vec<Recommendation>,
    rows: Vec<(Registration, String)>,
    today: Day,
}

pub(super) fn list(registry: &Registry, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    let mut all = registry.registrations(&RegistrationFilter::default())?;
    all.sort_by_key(|registration| (registration.state, registration.valid_until));
    let mut rows = Vec::new();
    for registration in all {
        let (_, product, version) = registry.registered_product(registration.number)?;
        rows.push((registration, format!("{} {}", product.name, version.version)));
    }
    let mut open = registry.recommendations(&visitor.actor, None)?;
    open.retain(|recommendation| recommendation.open);
    let body = List {
        visitor,
        open,
        rows,
        today: registry.now().day(),
    };
    page(visitor, visitor.title, &body)
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% include "reports/templates/registry/registration_staff.html" %}"#
)]
struct Page<'a> {
    visitor: &'a Visitor,
    registration: Registration,
    name: String,
    vendor: String,
    recommendations: Vec<Recommendation>,
    possible: Vec<RegistrationEvent>,
    events: Vec<(String, String)>,
    findings: Vec<Finding>,
    is_examiner: bool,
    conflict: Option<Text>,
    form: Form<'a>,
    finding_form: Form<'a>,
    today: Day,
}

impl Page<'_> {
    fn may_decide(&self, event: &RegistrationEvent) -> bool {
        self.possible.contains(event)
    }
}

/// What went wrong with one of the forms.
#[derive(Default)]
struct Wrong<'a> {
    form: Option<Form<'a>>,
    finding: Option<Form<'a>>,
    conflict: Option<Text>,
}

pub(super) fn show(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    page_of(registry, visitor, params, Wrong::default())
}

fn page_of(registry: &Registry, visitor: &Visitor, params: &Params, wrong: Wrong<'_>) -> Result<Reply, PageError> {
    let number = number_of(params)?;
    let registration = registry.registration(number)?;
    let (vendor, product, version) = registry.registered_product(number)?;
    let form = wrong.form.unwrap_or_else(|| Form::new(visitor, &[]));
    let finding_form = wrong.finding.unwrap_or_else(|| Form::new(visitor, &[]));
    let status = if wrong.conflict.is_some() {
        409
    } else {
        form.status().max(finding_form.status())
    };
    let events = RECOMMENDED
        .iter()
        .filter(|event| can_follow(&registration, **event))
        .map(|event| (event.to_string(), visitor.word(event.title())))
        .collect();
    let body = Page {
        visitor,
        name: format!("{} {}", product.name, version.version),
        vendor: vendor.name,
        recommendations: registry.recommendations(&visitor.actor, Some(number))?,
        possible: registry.registration_actions(&visitor.actor, &registration),
        events,
        findings: registry.findings(number)?,
        is_examiner: visitor.actor.role == Role::Examiner,
        registration,
        conflict: wrong.conflict,
        form,
        finding_form,
        today: registry.now().day(),
    };
    page(visitor, &number.to_string(), &body).map(|reply| reply.status(status))
}

/// Whether an approver could do it in the state of now.
fn can_follow(registration: &Registration, event: RegistrationEvent) -> bool {
    use crate::registry::model::state::{By, REGISTRATION, next};
    next(REGISTRATION, registration.state, event, By::Role(Role::Approver)).is_some()
}

fn reason_of(params: &Params) -> PublicReason {
    PublicReason {
        code: params.text("code").to_owned(),
        public: Text::new(params.text("ja"), params.text("en")),
    }
}

fn here(params: &Params) -> Result<Reply, PageError> {
    Ok(Reply::see_other(&format!("/registrations/{}", number_of(params)?)))
}

pub(super) fn recommend(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let event = RegistrationEvent::from_word(params.text("event")).ok_or(PageError::NotFound)?;
    match registry.recommend(&visitor.actor, number_of(params)?, event, &reason_of(params)) {
        Ok(_) => here(params),
        Err(error) => {
            let form = Some(Form::again(visitor, params.form_pairs(), faults_of(error)?));
            page_of(
                registry,
                visitor,
                params,
                Wrong {
                    form,
                    ..Wrong::default()
                },
            )
        }
    }
}

pub(super) fn decide(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let (actor, number) = (&visitor.actor, number_of(params)?);
    let order = Order {
        reason: reason_of(params),
        proposed_by: None,
        review_by: params.form("reviewBy").and_then(|text| Day::parse(text).ok()),
    };
    let result = match RegistrationEvent::from_word(params.text("event")) {
        Some(RegistrationEvent::Suspend) => registry.suspend(actor, number, &order),
        Some(RegistrationEvent::Reinstate) => registry.reinstate(actor, number, &order),
        Some(RegistrationEvent::Withdraw) => registry.withdraw(actor, number, &order),
        Some(RegistrationEvent::Supersede) => match params.text("successor").parse() {
            Ok(successor) => registry.supersede(actor, number, successor, &order),
            Err(fault) => Err(ServiceError::from(fault)),
        },
        _ => return Err(PageError::NotFound),
    };
    match result {
        Ok(_) => here(params),
        Err(error @ (ServiceError::Conflict(_) | ServiceError::Invalid(_))) => {
            let conflict = Some(error.text());
            page_of(
                registry,
                visitor,
                params,
                Wrong {
                    conflict,
                    ..Wrong::default()
                },
            )
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) fn add_finding(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let summary = Text::new(params.text("summaryJa"), params.text("summaryEn"));
    let due = params.form("due").and_then(|text| Day::parse(text).ok());
    match registry.add_finding(&visitor.actor, number_of(params)?, &summary, due) {
        Ok(_) => here(params),
        Err(error) => {
            let finding = Some(Form::again(visitor, params.form_pairs(), faults_of(error)?));
            page_of(
                registry,
                visitor,
                params,
                Wrong {
                    finding,
                    ..Wrong::default()
                },
            )
        }
    }
}

pub(super) fn close_finding(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    registry.close_finding(&visitor.actor, &params.text("finding").into())?;
    here(params)
}
