//! Vendors, waivers, challenges against tests, suites, the audit log.

use askama::Template;

use super::form::{Form, faults_of};
use super::page;
use super::view::Words;
use crate::attest::Digest;
use crate::registry::Registry;
use crate::registry::model::{
    AuditRow, Role, Suite, SuiteState, TestChallenge, TestChallengeState, Vendor, VendorState, Waiver, WaiverState,
};
use crate::registry::service::WaiverForm;
use crate::registry::web::{PageError, Params, Reply, Visitor};
use crate::text::Text;
use crate::text::date::Day;

/// Rows of a page of the audit log.
const ROWS: usize = 100;

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/registry/admin.html" %}"#)]
struct Admin<'a> {
    visitor: &'a Visitor,
    pending: usize,
    fault: Option<String>,
}

pub(super) fn admin(registry: &Registry, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    let body = Admin {
        visitor,
        pending: registry.vendors(&visitor.actor, Some(VendorState::Pending))?.len(),
        fault: registry.last_fault(),
    };
    page(visitor, visitor.title, &body)
}

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/registry/vendors.html" %}"#)]
struct Vendors<'a> {
    visitor: &'a Visitor,
    vendors: Vec<Vendor>,
    may_admit: bool,
}

pub(super) fn vendors(registry: &Registry, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    let mut vendors = registry.vendors(&visitor.actor, None)?;
    vendors.sort_by_key(|vendor| (vendor.state != VendorState::Pending, std::cmp::Reverse(vendor.created)));
    let body = Vendors {
        visitor,
        vendors,
        may_admit: super::ADMITTERS.contains(&visitor.actor.role),
    };
    page(visitor, visitor.title, &body)
}

pub(super) fn decide_vendor(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let id = params.text("vendor").into();
    if params.text("admit") == "true" {
        registry.admit_vendor(&visitor.actor, &id)?;
    } else {
        registry.refuse_vendor(&visitor.actor, &id, params.text("note"))?;
    }
    Ok(Reply::see_other("/vendors"))
}

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/registry/waivers.html" %}"#)]
struct Waivers<'a> {
    visitor: &'a Visitor,
    waivers: Vec<Waiver>,
    is_examiner: bool,
    is_approver: bool,
    form: Form<'a>,
    today: Day,
}

pub(super) fn waivers(registry: &Registry, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    waivers_page(registry, visitor, Form::new(visitor, &[]))
}

fn waivers_page(registry: &Registry, visitor: &Visitor, form: Form<'_>) -> Result<Reply, PageError> {
    let status = form.status();
    let body = Waivers {
        visitor,
        waivers: registry.waivers(&visitor.actor, None)?,
        is_examiner: visitor.actor.role == Role::Examiner,
        is_approver: visitor.actor.role == Role::Approver,
        form,
        today: registry.now().day(),
    };
    page(visitor, visitor.title, &body).map(|reply| reply.status(status))
}

pub(super) fn add_waiver(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let again = |faults| waivers_page(registry, visitor, Form::again(visitor, params.form_pairs(), faults));
    let Ok(expires) = Day::parse(params.text("expires")) else {
        return again(super::form::fault("expires", "日付を入れてください。", "Enter a day."));
    };
    let form = WaiverForm {
        product: params.form("product").map(Into::into),
        requirement: params.text("requirement").to_owned(),
        reason: Text::new(params.text("ja"), params.text("en")),
        expires,
    };
    match registry.add_waiver(&visitor.actor, &form) {
        Ok(_) => Ok(Reply::see_other("/waivers")),
        Err(error) => again(faults_of(error)?),
    }
}

pub(super) fn decide_waiver(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let approve = params.text("approve") == "true";
    registry.decide_waiver(&visitor.actor, &params.text("waiver").into(), approve)?;
    Ok(Reply::see_other("/waivers"))
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% include "reports/templates/registry/test_challenges.html" %}"#
)]
struct TestChallenges<'a> {
    visitor: &'a Visitor,
    challenges: Vec<TestChallenge>,
    is_approver: bool,
}

pub(super) fn test_challenges(registry: &Registry, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    let body = TestChallenges {
        visitor,
        challenges: registry.test_challenges(&visitor.actor, None)?,
        is_approver: visitor.actor.role == Role::Approver,
    };
    page(visitor, visitor.title, &body)
}

pub(super) fn resolve_test_challenge(
    registry: &Registry,
    visitor: &Visitor,
    params: &Params,
) -> Result<Reply, PageError> {
    let resolution = Text::new(params.text("ja"), params.text("en"));
    let expires = params.form("expires").and_then(|text| Day::parse(text).ok());
    let accept = params.text("accept") == "true";
    let id = params.text("challenge").into();
    registry.resolve_test_challenge(&visitor.actor, &id, accept, &resolution, expires)?;
    Ok(Reply::see_other("/test-challenges"))
}

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/registry/suites.html" %}"#)]
struct Suites<'a> {
    visitor: &'a Visitor,
    suites: Vec<Suite>,
    is_admin: bool,
    form: Form<'a>,
}

pub(super) fn suites(registry: &Registry, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    let body = Suites {
        visitor,
        suites: registry.suites()?,
        is_admin: visitor.actor.role == Role::Administrator,
        form: Form::new(visitor, &[]),
    };
    page(visitor, visitor.title, &body)
}

pub(super) fn release_suite(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let until = params.form("validUntil").and_then(|text| Day::parse(text).ok());
    registry.release_suite(&visitor.actor, until)?;
    Ok(Reply::see_other("/suites"))
}

pub(super) fn end_suite(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let digest: Digest = params.text("digest").parse().map_err(|_| PageError::NotFound)?;
    let reason = Text::new(params.text("ja"), params.text("en"));
    if params.text("how") == "withdraw" {
        let affects: Vec<String> = params.text("affects").split_whitespace().map(str::to_owned).collect();
        registry.withdraw_suite(&visitor.actor, &digest, reason, &affects)?;
    } else {
        registry.retire_suite(&visitor.actor, &digest, reason)?;
    }
    Ok(Reply::see_other("/suites"))
}

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/registry/audit.html" %}"#)]
struct Audit<'a> {
    visitor: &'a Visitor,
    rows: Vec<AuditRow>,
    before: Option<u64>,
}

pub(super) fn audit(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let before = params.query("before").and_then(|text| text.parse().ok());
    let rows = registry.audit_rows(&visitor.actor, before, ROWS)?;
    let before = rows
        .last()
        .filter(|row| rows.len() == ROWS && row.number > 1)
        .map(|row| row.number);
    page(visitor, visitor.title, &Audit { visitor, rows, before })
}
