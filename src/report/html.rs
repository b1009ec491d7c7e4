//! `report.html`: one file for the officer, the tester and the developer. It opens offline, in
//! Japanese and English, and without JavaScript; only search and copy buttons need that.
//!
//! The file is not allowed to load or run anything but its own style sheet and script: their
//! digests stand in its content security policy.

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::io;
use std::sync::Arc;

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::excerpt::{ExcerptLine, excerpt_lines};
use super::markup::{Both, Compared, Mark, Own, Shown, Side};
use super::model::{Counts, ExchangeView, Report, RequirementView, ScenarioView};
use super::words::{self, Group};
use crate::judge::{CheckResult, Outcome, Verdict};
use crate::standard::{Kind, Level, Subject};
use crate::text::{Lang, Text};
use crate::xml::Excerpt;

/// The style sheet.
const STYLE: &str = include_str!("../../reports/style/report.css");
/// The script: search, copy buttons, language of the document.
const SCRIPT: &str = include_str!("../../reports/style/report.js");
/// Findings that are told in full; the others keep their line in the list of scenarios.
const IN_FULL: usize = 300;
/// Broken checks after which no further finding is told in full, so that the page opens at once
/// even if everything is broken.
const CHECKS_IN_FULL: usize = 2_000;

/// Writes a report as one HTML file. `lang` is the language that it opens in.
pub fn write_html(report: &Report, lang: Lang, out: &mut impl io::Write) -> io::Result<()> {
    let mut buffered = io::BufWriter::with_capacity(1 << 16, out);
    Page::new(report, lang).write_into(&mut buffered)?;
    io::Write::flush(&mut buffered)
}

/// The whole page. The templates are in `reports/templates/`; askama would look for them in
/// `templates/`, so the page is a single include, which is found from the root of the package.
#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/report.html" %}"#)]
struct Page<'a> {
    report: &'a Report,
    lang: Lang,
    groups: Vec<Group<'a>>,
    findings: Vec<Finding<'a>>,
    /// Number of findings, told in full or not.
    open: usize,
    /// Indices of the scenarios that are told in full.
    in_full: HashSet<usize>,
    requirement_places: HashMap<&'a str, (usize, usize)>,
    scenario_places: HashMap<&'a str, Place>,
}

/// Where a scenario stands on the page.
#[derive(Clone, Copy)]
enum Place {
    Finding(usize),
    Row(usize),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Finding(at) => write!(f, "f{at}"),
            Self::Row(at) => write!(f, "s{at}"),
        }
    }
}

/// A scenario that somebody has to do something about.
struct Finding<'a> {
    at: usize,
    scenario: &'a ScenarioView,
    checks: Vec<OpenCheck<'a>>,
}

/// A check that did not pass, with what it needs to be understood.
struct OpenCheck<'a> {
    result: &'a CheckResult,
    /// Requirements that no check before has explained in this scenario.
    explained: Vec<&'a RequirementView>,
    exchange: Option<&'a ExchangeView>,
}

/// A part of a bar of counts.
struct Segment {
    verdict: Verdict,
    x: usize,
    width: usize,
}

/// How one requirement table or group of scenarios may be narrowed down.
struct Choice {
    verdict: Verdict,
    count: usize,
}

impl<'a> Page<'a> {
    fn new(report: &'a Report, lang: Lang) -> Self {
        let requirements = words::requirements(report);
        let order = words::findings(report);
        let open = order.len();
        let mut checks = 0;
        let findings: Vec<Finding<'a>> = order
            .into_iter()
            .take(IN_FULL)
            .map(|at| Finding::new(at, &report.scenarios[at], &requirements))
            .take_while(|finding| {
                let enough = checks >= CHECKS_IN_FULL;
                checks += finding.checks.len();
                !enough
            })
            .collect();
        let mut requirement_places = HashMap::new();
        for (profile, view) in report.profiles.iter().enumerate() {
            for (row, requirement) in view.requirements.iter().enumerate() {
                requirement_places
                    .entry(requirement.id.as_str())
                    .or_insert((profile, row));
            }
        }
        let in_full: HashSet<usize> = findings.iter().map(|finding| finding.at).collect();
        let linked: HashSet<&str> = report
            .profiles
            .iter()
            .flat_map(|profile| &profile.requirements)
            .flat_map(|requirement| requirement.scenarios.iter().map(|id| &**id))
            .collect();
        let scenario_places = report
            .scenarios
            .iter()
            .enumerate()
            .filter(|(_, scenario)| linked.contains(&*scenario.id))
            .map(|(at, scenario)| {
                let place = if in_full.contains(&at) {
                    Place::Finding(at)
                } else {
                    Place::Row(at)
                };
                (&*scenario.id, place)
            })
            .collect();
        Self {
            report,
            lang,
            groups: words::groups(report),
            findings,
            open,
            in_full,
            requirement_places,
            scenario_places,
        }
    }

    fn t<'b>(&self, ja: &'b str, en: &'b str) -> Both<'b> {
        Both::new(ja, en)
    }

    fn text<'b>(&self, text: &'b Text) -> Both<'b> {
        Both::of(text)
    }

    fn shown<'b>(&self, text: &'b str) -> Shown<'b> {
        Shown(text)
    }

    /// Lines of a message, the marked one in three parts.
    fn lines<'b>(&self, excerpt: &'b Excerpt) -> Vec<ExcerptLine<'b>> {
        excerpt_lines(excerpt)
    }

    fn mark(&self, verdict: &Verdict) -> Mark {
        Mark(*verdict)
    }

    fn number(&self, value: impl Borrow<usize>) -> String {
        words::number(*value.borrow())
    }

    /// The language that the page opens in.
    fn language(&self) -> &'static str {
        match self.lang {
            Lang::Ja => "ja",
            Lang::En => "en",
        }
    }

    fn is_japanese(&self) -> bool {
        self.lang == Lang::Ja
    }

    /// A title of the document in a language.
    fn title(&self, ja: bool) -> String {
        let product = words::product_name(self.report);
        if ja {
            format!("{} 準拠試験報告書", words::visible(&product.ja))
        } else {
            format!("{}: conformance test report", words::visible(&product.en))
        }
    }

    fn policy(&self) -> String {
        let hash = |text: &str| STANDARD.encode(Sha256::digest(text));
        let (style, script) = (hash(STYLE), hash(SCRIPT));
        format!(
            "default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; base-uri 'none'; form-action 'none'"
        )
    }

    fn style(&self) -> &'static str {
        STYLE
    }

    fn script(&self) -> &'static str {
        SCRIPT
    }

    fn product(&self) -> Own {
        Own(words::product_name(self.report))
    }

    fn product_facts(&self) -> impl Iterator<Item = (Own, &'a str)> {
        let report = self.report;
        ["vendor", "corporate-number", "name", "version"]
            .into_iter()
            .filter(|key| report.product.contains_key(*key))
            .chain(
                report
                    .product
                    .keys()
                    .map(String::as_str)
                    .filter(|key| !matches!(*key, "vendor" | "corporate-number" | "name" | "version")),
            )
            .map(|key| (Own(words::product_key(key)), report.product[key].as_str()))
    }

    fn tool(&self) -> String {
        words::tool(self.report)
    }

    fn outcome(&self, outcome: &Outcome) -> Own {
        Own(outcome.text())
    }

    /// The verdict whose sign and colour an outcome borrows.
    fn outcome_verdict(&self, outcome: &Outcome) -> Verdict {
        match outcome {
            Outcome::Conformant => Verdict::Pass,
            Outcome::NonConformant => Verdict::Fail,
            Outcome::Incomplete => Verdict::Review,
        }
    }

    fn sign(&self, verdict: &Verdict) -> &'static str {
        words::sign(*verdict)
    }

    fn meaning(&self) -> Own {
        Own(words::meaning(self.report.outcome))
    }

    fn limits(&self) -> Own {
        Own(words::limits(self.report.outcome))
    }

    fn explanation(&self, verdict: &Verdict) -> Own {
        Own(words::explanation(*verdict))
    }

    fn verdicts(&self) -> [Verdict; 9] {
        Verdict::ALL
    }

    fn duration(&self, ms: &u64) -> Own {
        Own(words::duration(*ms))
    }

    fn started(&self) -> Own {
        Own(words::japanese_time(&self.report.run.started))
    }

    fn counts(&self) -> [(Both<'static>, &'a Counts); 3] {
        [
            (Both::new("要件", "Requirements"), &self.report.requirements_by_verdict),
            (Both::new("シナリオ", "Scenarios"), &self.report.scenarios_by_verdict),
            (Both::new("検査", "Checks"), &self.report.checks_by_verdict),
        ]
    }

    /// The verdicts that occur, worst first.
    fn choices(&self, counts: &Counts) -> Vec<Choice> {
        Verdict::ALL
            .into_iter()
            .map(|verdict| Choice {
                verdict,
                count: counts.get(verdict),
            })
            .filter(|choice| choice.count > 0)
            .collect()
    }

    /// A bar of a thousand units; even a single verdict among many stays visible.
    fn segments(&self, counts: &Counts) -> Vec<Segment> {
        const SMALLEST: usize = 8;
        const GAP: usize = 3;
        let choices = self.choices(counts);
        let free = 1_000_usize.saturating_sub(choices.len() * (SMALLEST + GAP));
        let total = counts.total().max(1);
        let mut x = 0;
        choices
            .into_iter()
            .map(|choice| {
                let width = SMALLEST + free * choice.count / total;
                let segment = Segment {
                    verdict: choice.verdict,
                    x,
                    width,
                };
                x += width + GAP;
                segment
            })
            .collect()
    }

    fn group_counts(&self, group: &Group<'a>) -> Counts {
        Counts::of(group.members.iter().map(|&at| self.report.scenarios[at].verdict))
    }

    fn scenario(&self, at: &usize) -> &'a ScenarioView {
        &self.report.scenarios[*at]
    }

    fn level(&self, level: &Level) -> Own {
        Own(words::level(*level))
    }

    fn kind(&self, kind: &Kind) -> Own {
        Own(words::kind(*kind))
    }

    fn role(&self, role: &Subject) -> Own {
        Own(words::role(*role))
    }

    /// The anchor of a requirement row; empty where it has none.
    fn requirement_anchor(&self, id: &str) -> String {
        self.requirement_places
            .get(id)
            .map(|(profile, row)| format!("r{profile}-{row}"))
            .unwrap_or_default()
    }

    /// Whether a row is the one that links lead to: a requirement may be part of several profiles.
    fn is_anchor(&self, id: &str, profile: &usize) -> bool {
        self.requirement_places.get(id).is_some_and(|place| place.0 == *profile)
    }

    fn scenario_anchor(&self, id: &Arc<str>) -> String {
        self.scenario_places
            .get(&**id)
            .map(Place::to_string)
            .unwrap_or_default()
    }

    /// Whether a scenario is told in full.
    fn is_finding(&self, at: &usize) -> bool {
        self.in_full.contains(at)
    }

    fn check_names(&self, scenario: &ScenarioView) -> String {
        words::check_names(scenario)
    }

    /// Findings that are not told in full.
    fn untold(&self) -> usize {
        self.open - self.findings.len()
    }

    fn exchange_line(&self, exchange: &ExchangeView) -> Own {
        Own(words::exchange_line(exchange))
    }

    /// The scenario that examples of commands name.
    fn example(&self) -> &'a str {
        let finding = self.findings.first().map(|finding| &*finding.scenario.id);
        finding
            .or_else(|| self.report.scenarios.first().map(|scenario| &*scenario.id))
            .unwrap_or_default()
    }
}

impl<'a> Finding<'a> {
    fn new(at: usize, scenario: &'a ScenarioView, requirements: &HashMap<&'a str, &'a RequirementView>) -> Self {
        let mut explained = HashSet::new();
        let checks = words::open_checks(scenario)
            .map(|result| OpenCheck {
                result,
                explained: result
                    .requirements
                    .iter()
                    .filter(|id| explained.insert(&***id))
                    .filter_map(|id| requirements.get(&**id).copied())
                    .collect(),
                exchange: result
                    .exchange
                    .and_then(|index| scenario.exchanges.iter().find(|one| one.index == index)),
            })
            .collect();
        Self { at, scenario, checks }
    }

    /// Whose turn it is: of the scenario, or of its first check that says so.
    fn blame(&self) -> Option<Own> {
        let of_check = || self.checks.iter().find_map(|check| check.result.blame);
        self.scenario.blame.or_else(of_check).map(|blame| Own(blame.text()))
    }
}

impl OpenCheck<'_> {
    fn is_compared(&self) -> bool {
        self.result.expected.is_some() || self.result.found.is_some()
    }

    fn expected(&self) -> Compared<'_> {
        self.compared(Side::Expected)
    }

    fn found(&self) -> Compared<'_> {
        self.compared(Side::Found)
    }

    fn compared(&self, side: Side) -> Compared<'_> {
        Compared {
            expected: self.result.expected.as_deref(),
            found: self.result.found.as_deref(),
            side,
        }
    }
}

#[cfg(test)]
mod tests;
