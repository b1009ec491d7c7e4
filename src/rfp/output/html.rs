//! The result as HTML: one page to read and to print, and the same table for pages of the register. No script, nothing
//! loaded from anywhere.

use std::collections::BTreeMap;

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::OutputError;
use super::words::{basis, class, clean, evidence, grouped, necessity, offer, sign};
use crate::rfp::result::{Cell, Evidence, Finding, OfferView, Outcome, RfpResult, Row};
use crate::text::{Lang, Text};

const STYLE: &str = include_str!("../../../reports/style/report.css");
const OWN_STYLE: &str = include_str!("../../../reports/style/rfp.css");
/// Lines of evidence for one claim; the rest is in the Excel file and in result.json.
const LINES: usize = 6;
/// Requirement ids of one clause.
const IDS: usize = 8;

/// The result as a page of its own. `other` is the address of the same page in the other language, if there is one.
///
/// # Errors
/// If the template fails, which it does not for any result.
pub fn html_page(result: &RfpResult, lang: Lang, other: Option<&str>) -> Result<String, OutputError> {
    let style = format!("{STYLE}\n{OWN_STYLE}");
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        STANDARD.encode(Sha256::digest(style.as_bytes()))
    );
    let body = html_fragment(result, lang)?;
    let page = Page {
        lang,
        title: clean(&result.title),
        policy,
        style,
        body,
        other,
        tool: format!("junkyo {}", result.tool),
    };
    Ok(page.render()?)
}

/// The table with its summary, without the page around it: for pages of the register. It expects their style sheet to
/// have the classes of `reports/style/rfp.css`.
///
/// # Errors
/// As [`html_page`].
pub fn html_fragment(result: &RfpResult, lang: Lang) -> Result<String, OutputError> {
    Ok(Fragment { result, lang }.render()?)
}

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/rfp/page.html" %}"#)]
struct Page<'a> {
    lang: Lang,
    title: String,
    policy: String,
    style: String,
    body: String,
    other: Option<&'a str>,
    tool: String,
}

impl Page<'_> {
    fn t<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        self.lang.pick(ja, en)
    }
}

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/rfp/result.html" %}"#)]
struct Fragment<'a> {
    result: &'a RfpResult,
    lang: Lang,
}

/// A registration in the list of evidence at the end.
struct Rested {
    registration: String,
    product: String,
    report: String,
    decision: String,
    log: String,
}

impl Fragment<'_> {
    fn t<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        self.lang.pick(ja, en)
    }

    fn text(&self, text: &Text) -> String {
        clean(text.get(self.lang))
    }

    fn clean(&self, text: &str) -> String {
        clean(text)
    }

    fn offer(&self, view: &OfferView) -> String {
        offer(view, self.lang)
    }

    fn finding(&self, finding: &Finding) -> String {
        finding.text().get(self.lang).to_owned()
    }

    fn meaning(&self, finding: &Finding) -> String {
        finding.meaning().get(self.lang).to_owned()
    }

    fn sign(&self, finding: &Finding) -> &'static str {
        sign(*finding)
    }

    fn class(&self, finding: &Finding) -> &'static str {
        class(*finding)
    }

    fn necessity(&self, row: &Row) -> &'static str {
        necessity(row.clause.necessity, self.lang)
    }

    fn basis(&self, row: &Row) -> String {
        basis(row.found.basis).get(self.lang).to_owned()
    }

    fn ids(&self, row: &Row) -> String {
        let all = &row.found.requirements;
        let mut shown = all.iter().take(IDS).cloned().collect::<Vec<_>>().join(" ");
        if all.len() > IDS {
            let more = all.len() - IDS;
            shown.push_str(&self.lang.pick(format!(" ほか{more}件"), format!(" and {more} more")));
        }
        shown
    }

    fn counts(&self, view: &OfferView) -> Vec<(Finding, u64)> {
        Finding::ALL
            .into_iter()
            .map(|finding| (finding, view.counts.get(finding.word()).copied().unwrap_or(0)))
            .collect()
    }

    fn all(&self) -> [Finding; 8] {
        Finding::ALL
    }

    /// Lines of evidence: what is open first.
    fn lines(&self, cell: &Cell) -> Vec<String> {
        let mut all: Vec<&Evidence> = cell.evidence.iter().filter(|one| one.registration.is_some()).collect();
        all.sort_by_key(|one| one.finding == Finding::Substantiated);
        let mut lines: Vec<String> = all.iter().take(LINES).map(|one| evidence(one, self.lang)).collect();
        if all.len() > LINES {
            let more = all.len() - LINES;
            lines.push(self.lang.pick(format!("ほか{more}件"), format!("and {more} more")));
        }
        lines
    }

    fn outcome(&self) -> (&'static str, &'static str) {
        match self.result.outcome() {
            Outcome::Clear => (
                "pass",
                self.t(
                    "すべての主張に裏づけがあるか、試験の対象外です。",
                    "Every claim is substantiated, or out of the scope of the tests.",
                ),
            ),
            Outcome::Open => (
                "fail",
                self.t(
                    "裏づけのない主張があります。",
                    "There are claims without substantiation.",
                ),
            ),
            Outcome::Undetermined => (
                "review",
                self.t("判定に足りないものがあります。", "Something is missing for a decision."),
            ),
        }
    }

    /// The registrations that the findings rest on, once each.
    fn rested(&self) -> Vec<Rested> {
        let mut all = BTreeMap::new();
        for one in self
            .result
            .rows
            .iter()
            .flat_map(|row| &row.cells)
            .flat_map(|cell| &cell.evidence)
        {
            let Some(registration) = &one.registration else {
                continue;
            };
            all.entry(registration.clone()).or_insert_with(|| Rested {
                registration: registration.clone(),
                product: clean(&format!("{} {}", one.product, one.version)),
                report: one
                    .report
                    .map(|digest| grouped(&digest.to_string()))
                    .unwrap_or_default(),
                decision: one
                    .decision
                    .map(|digest| grouped(&digest.to_string()))
                    .unwrap_or_default(),
                log: one.log_index.map(|index| index.to_string()).unwrap_or_default(),
            });
        }
        all.into_values().collect()
    }

    fn digest(&self) -> String {
        self.result
            .catalog
            .sha256
            .map(|digest| grouped(&digest.to_string()))
            .unwrap_or_default()
    }

    fn is_first(&self, index: &usize) -> bool {
        *index == 0
    }
}
