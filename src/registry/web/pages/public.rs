//! Front page, help, data, log, accessibility.

use askama::Template;

use super::view::Words;
use super::{page, registration};
use crate::catalog::{Change, EventKind, Head, Status};
use crate::registry::Registry;
use crate::registry::model::RegistrationState;
use crate::registry::web::{PageError, Params, Reply, Visitor};
use crate::text::date::Day;

/// Entries of the front page.
const LATEST: usize = 8;
/// Entries of the page of the log.
const NEWEST: usize = 100;

/// One line of a list of events.
struct Latest {
    number: String,
    name: String,
    version: String,
    vendor: String,
    kind: EventKind,
    day: Day,
    status: Status,
    index: u64,
}

impl Latest {
    fn of(change: &Change<'_>) -> Self {
        let record = change.record;
        Self {
            number: record.registration.clone(),
            name: record.product.name.clone(),
            version: record.product.version.clone(),
            vendor: record.vendor.name.clone(),
            kind: change.change.event,
            day: change.change.since,
            status: change.change.status,
            index: change.change.log.index,
        }
    }
}

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/registry/home.html" %}"#)]
struct Home<'a> {
    visitor: &'a Visitor,
    latest: Vec<Latest>,
}

pub(super) fn front(registry: &Registry, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    let catalog = registry.catalog()?;
    let latest = catalog.newest_changes(LATEST).iter().map(Latest::of).collect();
    page(visitor, visitor.t("トップ", "Front page"), &Home { visitor, latest })
}

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/registry/log.html" %}"#)]
struct Log<'a> {
    visitor: &'a Visitor,
    head: Option<&'a Head>,
    changes: Vec<Latest>,
}

pub(super) fn log(registry: &Registry, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    let catalog = registry.catalog()?;
    let body = Log {
        visitor,
        head: catalog.head(),
        changes: catalog.newest_changes(NEWEST).iter().map(Latest::of).collect(),
    };
    page(visitor, visitor.title, &body)
}

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/registry/help.html" %}"#)]
struct Help<'a> {
    visitor: &'a Visitor,
}

impl Help<'_> {
    fn meaning(&self, state: &RegistrationState) -> &'static str {
        registration::meaning(self.visitor, *state)
    }
}

pub(super) fn help(_: &Registry, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    page(visitor, visitor.title, &Help { visitor })
}

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/registry/data.html" %}"#)]
struct Data<'a> {
    visitor: &'a Visitor,
}

pub(super) fn data(_: &Registry, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    page(visitor, visitor.title, &Data { visitor })
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% include "reports/templates/registry/accessibility.html" %}"#
)]
struct Accessibility<'a> {
    visitor: &'a Visitor,
}

pub(super) fn accessibility(_: &Registry, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    page(visitor, visitor.title, &Accessibility { visitor })
}
