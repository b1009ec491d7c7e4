//! Search, products, the interconnection matrix and the table as CSV.

use askama::Template;
use askama::filters::Safe;

use super::page;
use super::view::{Html, Words, escape};
use crate::catalog::{Cell, Declared, FacetName, Matrix, Query, Record, Sort, Status, StatusChange, units};
use crate::registry::Registry;
use crate::registry::web::{PageError, Params, Reply, Visitor};
use crate::text::date::Day;
use crate::wire::form_encode;

/// Values of a facet that are listed at most.
const VALUES: usize = 40;

struct Entry<'a> {
    number: &'a str,
    name: &'a str,
    version: &'a str,
    vendor: &'a str,
    units: &'a [String],
    step: Option<&'a String>,
    status: Status,
    until: Option<Day>,
}

struct FacetView {
    title: String,
    open: bool,
    values: Vec<ValueView>,
}

struct ValueView {
    label: String,
    href: String,
    count: usize,
    selected: bool,
}

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/registry/catalog.html" %}"#)]
struct List<'a> {
    visitor: &'a Visitor,
    query: &'a Query,
    fault: Option<String>,
    /// What the search form keeps: everything but the words and the page.
    kept: Vec<(&'static str, String)>,
    facets: Vec<FacetView>,
    entries: Vec<Entry<'a>>,
    total: usize,
    pages: usize,
    page_links: Vec<(usize, String, bool)>,
    today: Day,
}

impl List<'_> {
    fn sorts_by(&self, sort: &Sort) -> bool {
        self.query.sort == Some(*sort)
    }
}

/// The address of a query.
fn href(query: &Query) -> String {
    let pairs = query.to_pairs();
    if pairs.is_empty() {
        return "/catalog".to_owned();
    }
    format!(
        "/catalog?{}",
        form_encode(pairs.iter().map(|(name, value)| (*name, value.as_str())))
    )
}

pub(super) fn list(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let pairs = params
        .query_pairs()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()));
    let (query, fault) = match Query::from_pairs(pairs) {
        Ok(query) => (query, None),
        Err(error) => (Query::default(), Some(error.to_string())),
    };
    let catalog = registry.catalog()?;
    let today = registry.now().day();
    let hits = catalog.search(&query, today);
    let facets = hits
        .facets
        .iter()
        .filter(|facet| !facet.values.is_empty())
        .map(|facet| FacetView {
            title: visitor.word(facet.name.title()),
            open: facet.values.iter().any(|value| value.selected)
                || matches!(facet.name, FacetName::Unit | FacetName::Status),
            values: facet
                .values
                .iter()
                .take(VALUES)
                .map(|value| ValueView {
                    label: match (&value.label, facet.name) {
                        (Some(label), _) => visitor.say(label).to_owned(),
                        (None, FacetName::Profile) => visitor.profile(registry.corpus(), &value.value),
                        (None, _) => value.value.clone(),
                    },
                    href: href(&query.toggled(facet.name, &value.value)),
                    count: value.count,
                    selected: value.selected,
                })
                .collect(),
        })
        .collect();
    let entries = hits
        .records
        .iter()
        .map(|hit| Entry {
            number: &hit.record.registration,
            name: &hit.record.product.name,
            version: &hit.record.product.version,
            vendor: &hit.record.vendor.name,
            units: &hit.record.scope.units,
            step: hit.record.scope.step.as_ref(),
            status: hit.status,
            until: hit.valid_until,
        })
        .collect();
    let page_links = near(hits.page, hits.pages)
        .map(|at| (at, href(&query.on_page(at)), at == hits.page))
        .collect();
    let kept = query
        .to_pairs()
        .into_iter()
        .filter(|(name, _)| !matches!(*name, "q" | "page"))
        .collect();
    let status = if fault.is_some() { 422 } else { 200 };
    let body = List {
        visitor,
        query: &query,
        fault,
        kept,
        facets,
        entries,
        total: hits.total,
        pages: hits.pages,
        page_links,
        today,
    };
    page(visitor, visitor.title, &body).map(|reply| reply.status(status))
}

/// Pages that are linked: the first, the last, and those around.
fn near(page: usize, pages: usize) -> impl Iterator<Item = usize> {
    (1..=pages).filter(move |at| *at == 1 || *at == pages || at.abs_diff(page) <= 2)
}

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/registry/product.html" %}"#)]
struct Product<'a> {
    visitor: &'a Visitor,
    name: &'a str,
    vendor: &'a str,
    declared: &'a Declared,
    records: Vec<&'a Record>,
    today: Day,
}

impl Product<'_> {
    fn status(&self, record: &Record) -> Html {
        let status = record.status_at(self.today).unwrap_or(record.status);
        self.visitor.registration_state(&status)
    }

    /// Addresses that a browser may follow.
    fn links(&self) -> Vec<(&str, &str)> {
        [
            ("ウェブサイト", "Web site", &self.declared.url),
            (
                "デジタルマーケットプレイス",
                "Digital marketplace",
                &self.declared.dmp_url,
            ),
            (
                "アクセシビリティの宣言",
                "Accessibility statement",
                &self.declared.accessibility_url,
            ),
        ]
        .into_iter()
        .filter(|(.., url)| url.starts_with("https://") || url.starts_with("http://"))
        .map(|(ja, en, url)| (self.visitor.t(ja, en), url.as_str()))
        .collect()
    }

    fn history(&self) -> Vec<(&StatusChange, &Record)> {
        let mut all: Vec<(&StatusChange, &Record)> = self
            .records
            .iter()
            .flat_map(|record| record.history.iter().map(|change| (change, *record)))
            .collect();
        all.sort_by_key(|(change, _)| std::cmp::Reverse(change.log.index));
        all
    }
}

pub(super) fn product(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let catalog = registry.catalog()?;
    let id = params.path("id");
    let mut records: Vec<&Record> = catalog
        .records()
        .iter()
        .filter(|record| record.product.id == id)
        .collect();
    records.sort_by_key(|record| std::cmp::Reverse(record.decision.index));
    let newest = records.first().ok_or(PageError::NotFound)?;
    let body = Product {
        visitor,
        name: &newest.product.name,
        vendor: &newest.vendor.name,
        declared: &newest.declared,
        today: registry.now().day(),
        records: records.clone(),
    };
    page(visitor, &newest.product.name, &body)
}

pub(super) fn csv(registry: &Registry, _: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let day = as_of(registry, params);
    let csv = registry.catalog()?.to_csv(day);
    Ok(Reply::file(csv.into_bytes(), "text/csv; charset=utf-8", "catalog.csv"))
}

/// The day that a page speaks of: `as-of`, or today.
pub(super) fn as_of(registry: &Registry, params: &Params) -> Day {
    params
        .query("as-of")
        .and_then(|text| Day::parse(text).ok())
        .unwrap_or_else(|| registry.now().day())
}

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/registry/matrix.html" %}"#)]
struct MatrixPage<'a> {
    visitor: &'a Visitor,
    unit: &'static str,
    units: Vec<&'static str>,
    as_of: Day,
    matrix: Matrix<'a>,
}

impl MatrixPage<'_> {
    fn is_shown(&self, unit: &str) -> bool {
        self.unit == unit
    }

    fn cell(&self, cell: &Cell) -> Html {
        let (class, sign) = match cell {
            Cell::Live => ("pass", "○"),
            Cell::Replayed => ("info", "◇"),
            Cell::Failed => ("fail", "×"),
            Cell::NotYet => ("skip", "－"),
        };
        Safe(format!(
            "<span class=\"v {class}\"><i aria-hidden=\"true\">{sign}</i>{}</span>",
            escape(&self.visitor.word(cell.title()))
        ))
    }

    fn count(&self, cell: &Cell) -> String {
        match cell {
            Cell::NotYet => String::new(),
            seen => self.matrix.count(*seen).to_string(),
        }
    }

    fn known(&self, from: &usize, to: &usize) -> Html {
        let (from, to) = (*from, *to);
        if from == to {
            return Safe("—".to_owned());
        }
        let cell = self.cell(&self.matrix.cell(from, to));
        match self.matrix.known(from, to) {
            Some(known) => Safe(format!(
                "{}<span class=\"sub\">{}</span>",
                cell.0,
                self.visitor.day(&known.day)
            )),
            None => cell,
        }
    }
}

pub(super) fn matrix(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let catalog = registry.catalog()?;
    let units: Vec<&'static str> = units::all().collect();
    let served = |unit: &&str| {
        catalog
            .records()
            .iter()
            .any(|record| record.scope.units.iter().any(|own| own == unit))
    };
    let unit = params
        .query("unit")
        .and_then(|asked| units.iter().copied().find(|unit| *unit == asked))
        .or_else(|| units.iter().copied().find(served))
        .unwrap_or("01");
    let as_of = as_of(registry, params);
    let body = MatrixPage {
        visitor,
        unit,
        units,
        as_of,
        matrix: catalog.matrix(unit, as_of),
    };
    page(visitor, visitor.title, &body)
}
