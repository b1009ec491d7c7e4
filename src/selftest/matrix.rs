//! The kill matrix.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream;
use serde::Serialize;

use crate::drive::{Plan, Reference, RunError, RunOptions, Runner, Selection};
use crate::judge::ws_i::Assertion;
use crate::judge::{CheckResult, Judge, ScenarioResult, Verdict};
use crate::mock::{Defect, DefectSet};
use crate::scenario::{Act, Corpus, Scenario};

/// One question of one scenario.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cell {
    /// Scenario.
    pub scenario: String,
    /// Step.
    pub step: String,
    /// Position among the checks of the scenario.
    pub position: usize,
    /// Check.
    pub check: String,
    /// Whether it is only recorded, so that no defect can make it fail.
    pub recorded: bool,
}

/// Which defect makes which check fail.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct KillMatrix {
    /// Every check that was asked of the clean platform, with the defects that made it fail.
    pub checks: BTreeMap<String, Vec<String>>,
    /// Every defect, with the scenarios that failed on it.
    pub defects: BTreeMap<String, Vec<String>>,
    /// Checks that failed, or could not be judged, without a defect.
    pub false_alarms: Vec<String>,
    /// Checks that no defect made fail.
    pub survivors: Vec<Cell>,
    /// Requirements with at least one check that failed on a defect.
    pub proven_requirements: BTreeSet<String>,
    /// Requirements that are tested, but of which no check ever failed.
    pub unproven_requirements: BTreeSet<String>,
    /// Scenarios that never failed, though they have checks that could.
    pub unproven_scenarios: Vec<String>,
}

impl KillMatrix {
    /// Defects that nothing catches.
    pub fn missed(&self) -> Vec<&str> {
        let missed = self.defects.iter().filter(|(_, scenarios)| scenarios.is_empty());
        missed.map(|(defect, _)| defect.as_str()).collect()
    }

    /// Named checks that no defect makes fail anywhere.
    pub fn unproven_names(&self) -> BTreeSet<&str> {
        let mut proven = BTreeSet::new();
        let mut all = BTreeSet::new();
        for (key, defects) in &self.checks {
            let name = key.rsplit(' ').next().unwrap_or_default();
            all.insert(name);
            if !defects.is_empty() {
                proven.insert(name);
            }
        }
        all.difference(&proven).copied().collect()
    }
}

impl KillMatrix {
    /// Notes which checks failed in the run of a defect, and returns the scenarios that they are of.
    fn note(
        &mut self,
        defect: Defect,
        results: &[ScenarioResult],
        was_held: &BTreeMap<String, Option<bool>>,
    ) -> Vec<Arc<str>> {
        let mut caught = Vec::new();
        for result in results {
            let mut seen = false;
            for (position, check) in result.checks.iter().enumerate() {
                let key = key_of(result, position);
                // What is only recorded catches a defect too, if another answer is recorded.
                let broken = check.held == Some(false) && was_held.get(&key) != Some(&Some(false));
                if broken || check.verdict == Verdict::Error {
                    seen = true;
                    self.proven_requirements
                        .extend(check.requirements.iter().map(ToString::to_string));
                    self.checks.entry(key).or_default().push(defect.name().to_owned());
                }
            }
            if seen {
                caught.push(Arc::clone(&result.id));
            }
        }
        let names = caught.iter().map(ToString::to_string).collect();
        self.defects.insert(defect.name().to_owned(), names);
        caught
    }
}

/// Runs at the same time. They wait more than they compute.
const AT_ONCE: usize = 6;

/// Runs the whole corpus against the clean platform and against every defect. `on_progress` gets the name of each
/// defect when its run is over, the number of scenarios that caught it, and how long the run took.
///
/// # Errors
/// When the reference platform cannot be started.
pub async fn kill_matrix(
    corpus: &Corpus,
    defects: &[Defect],
    mut on_progress: impl FnMut(&str, usize, Duration),
) -> Result<KillMatrix, RunError> {
    // Where only some defects are asked for, the clean platform is asked only what they could change.
    let is_whole = Defect::all().iter().all(|doc| defects.contains(&doc.id));
    let parts: Vec<Part> = if is_whole {
        Vec::new()
    } else {
        defects.iter().copied().map(Part::of).collect()
    };
    let plan = whole_plan(corpus);
    let plan = &plan;
    let clean = run(corpus, plan, DefectSet::default(), &parts).await?;
    let mut matrix = KillMatrix::default();
    let mut cells: BTreeMap<String, Cell> = BTreeMap::new();
    for result in &clean {
        if !matches!(result.verdict, Verdict::Pass | Verdict::Info) {
            let reason = result.reason.as_ref().map_or("", |reason| reason.en.as_str());
            matrix
                .false_alarms
                .push(format!("{} {}: {reason}", result.id, result.verdict.word()));
        }
        for (position, check) in result.checks.iter().enumerate() {
            let key = key_of(result, position);
            matrix.checks.insert(key.clone(), Vec::new());
            cells.insert(
                key,
                Cell {
                    scenario: result.id.to_string(),
                    step: check.step.to_string(),
                    position,
                    check: check.check.to_string(),
                    // A question that does not arise on the clean platform cannot be broken there either.
                    recorded: matches!(check.verdict, Verdict::Info | Verdict::Skip),
                },
            );
        }
    }
    let was_held: BTreeMap<String, Option<bool>> = clean
        .iter()
        .flat_map(|result| {
            result
                .checks
                .iter()
                .enumerate()
                .map(move |(position, check)| (result, position, check))
        })
        .map(|(result, position, check)| (key_of(result, position), check.held))
        .collect();
    let mut failed_scenarios: BTreeSet<Arc<str>> = BTreeSet::new();
    let run_one = |defect: &Defect| {
        let defect = *defect;
        async move {
            let begun = Instant::now();
            let results = run(corpus, plan, DefectSet::from(defect), &[Part::of(defect)]).await;
            (defect, results, begun.elapsed())
        }
    };
    let mut missed = Vec::new();
    let mut runs = stream::iter(defects).map(run_one).buffered(AT_ONCE);
    while let Some((defect, results, took)) = runs.next().await {
        let caught = matrix.note(defect, &results?, &was_held);
        failed_scenarios.extend(caught.iter().map(Arc::clone));
        on_progress(defect.name(), caught.len(), took);
        if caught.is_empty() {
            missed.push(defect);
        }
    }
    drop(runs);
    // On a busy machine, runs beside each other can starve until scenarios are blocked by time-outs; then nothing could
    // fail. What was missed is run once more, alone.
    for defect in &missed {
        let (defect, results, took) = run_one(defect).await;
        let caught = matrix.note(defect, &results?, &was_held);
        failed_scenarios.extend(caught.iter().map(Arc::clone));
        on_progress(defect.name(), caught.len(), took);
    }
    let proven_assertions: BTreeSet<&str> = matrix
        .checks
        .iter()
        .filter(|(_, killers)| !killers.is_empty())
        .filter_map(|(key, _)| key.rsplit(' ').next())
        .filter(|name| is_assertion(name))
        .collect();
    for (key, killers) in &matrix.checks {
        let Some(cell) = cells.get(key).filter(|cell| killers.is_empty() && !cell.recorded) else {
            continue;
        };
        // An assertion of WS-I is the same function in every scenario: it is proven where one of them fails on it.
        if !is_assertion(&cell.check) || !proven_assertions.contains(cell.check.as_str()) {
            matrix.survivors.push(cell.clone());
        }
    }
    let judged: BTreeSet<&str> = clean
        .iter()
        .flat_map(|result| &result.checks)
        .filter(|check| !matches!(check.verdict, Verdict::Info | Verdict::Skip))
        .flat_map(|check| check.requirements.iter().map(AsRef::as_ref))
        .collect();
    for row in corpus.coverage() {
        // What is only ever recorded has no verdict that could be wrong.
        let is_judged = judged.contains(row.requirement.id.as_str());
        if is_judged && !matrix.proven_requirements.contains(&row.requirement.id) {
            matrix.unproven_requirements.insert(row.requirement.id.clone());
        }
    }
    let unproven = clean.iter().filter(|result| {
        let provable = |check: &CheckResult| !matches!(check.verdict, Verdict::Info | Verdict::Skip);
        !failed_scenarios.contains(&result.id) && result.checks.iter().any(provable)
    });
    matrix.unproven_scenarios = unproven.map(|result| result.id.to_string()).collect();
    Ok(matrix)
}

fn key_of(result: &ScenarioResult, position: usize) -> String {
    let check = &result.checks[position];
    format!("{} {} {position} {}", result.id, check.step, check.check)
}

/// Whether the name of a check in results is the id of a WS-I assertion.
fn is_assertion(name: &str) -> bool {
    Assertion::of(name).is_some()
}

/// A part of the corpus. The numbering API, the exchange service and the business units share no code that a defect
/// could change, so a defect of one is looked for only in its scenarios; that of a unit's rule, in those of the unit.
enum Part {
    Api,
    Exchange,
    Units,
    Files,
    Unit(String),
}

impl Part {
    fn of(defect: Defect) -> Self {
        let Some(doc) = defect.doc() else { return Self::Api };
        if doc.side.is_exchange() {
            return Self::Exchange;
        }
        if !doc.side.is_unit() {
            return Self::Api;
        }
        if defect.name().starts_with("file-") {
            return Self::Files;
        }
        // `unit-10-r03`
        let number = defect
            .name()
            .split('-')
            .nth(1)
            .filter(|number| number.parse::<u8>().is_ok());
        number.map_or(Self::Units, |number| Self::Unit(format!("unit.{number}")))
    }

    fn holds(&self, scenario: &Scenario, corpus: &Corpus) -> bool {
        let interface = scenario.interface.as_deref();
        let is_unit = interface.is_some_and(|id| id.starts_with("unit."))
            || scenario.interface.is_none() && calls_units(scenario);
        match self {
            Self::Unit(unit) => interface == Some(unit),
            Self::Units => is_unit,
            Self::Files => scenario.applies.iter().any(|word| word == "files"),
            Self::Exchange => !is_unit && interface.is_some_and(|id| corpus.services.contains_key(id)),
            Self::Api => !is_unit && interface.is_none_or(|id| !corpus.services.contains_key(id)),
        }
    }
}

fn calls_units(scenario: &Scenario) -> bool {
    let calls = |act: &Act| act.service().is_some() || matches!(act, Act::Deliver(_));
    scenario.steps.iter().any(|step| calls(&step.act))
}

/// Every scenario of every profile.
fn whole_plan(corpus: &Corpus) -> Plan {
    let profiles = corpus.profiles.iter().filter(|profile| profile.subject.is_some());
    let selection = Selection {
        profiles: profiles.map(|profile| profile.id.clone()).collect(),
        ..Selection::default()
    };
    Plan::new(corpus, &selection).unwrap_or_else(|_| Plan {
        profiles: Vec::new(),
        scenarios: corpus.scenarios.clone(),
        partial: false,
    })
}

/// One run of parts of a plan (none: of all) against the reference platform, nothing written to disk.
async fn run(
    corpus: &Corpus,
    plan: &Plan,
    defects: DefectSet,
    parts: &[Part],
) -> Result<Vec<ScenarioResult>, RunError> {
    let mut plan = plan.clone();
    if !parts.is_empty() {
        plan.scenarios
            .retain(|scenario| parts.iter().any(|part| part.holds(scenario, corpus)));
    }
    let reference = Reference::start(corpus, 20_260_401, defects).await?;
    let options = RunOptions {
        jobs: 16,
        ..RunOptions::default()
    };
    let runner = Runner::against_reference(corpus, &plan, &reference, options).await?;
    let judge = Judge::new(corpus, runner.facts(), &[]);
    let mut results = Vec::with_capacity(plan.scenarios.len());
    runner
        .carry_out(&plan.scenarios, |scenario, evidence| {
            results.push(judge.scenario(scenario, &evidence));
        })
        .await?;
    results.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(results)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(held: &[Option<bool>]) -> ScenarioResult {
        let check = |held: &Option<bool>| CheckResult {
            step: "call".into(),
            check: "status".into(),
            verdict: match held {
                Some(true) => Verdict::Pass,
                Some(false) => Verdict::Fail,
                None => Verdict::Blocked,
            },
            held: *held,
            requirements: ["R-1".into()].into(),
            expected: None,
            found: None,
            place: None,
            excerpt: None,
            exchange: None,
            reading: None,
            blame: None,
        };
        ScenarioResult {
            id: "S-1".into(),
            attempt: 1,
            verdict: Verdict::Fail,
            reason: None,
            blame: None,
            elapsed_us: 0,
            checks: held.iter().map(check).collect(),
        }
    }

    #[test]
    fn only_an_answer_that_changed_catches() {
        let clean = result(&[Some(true), Some(false), Some(true)]);
        let was_held: BTreeMap<_, _> = (0..3).map(|at| (key_of(&clean, at), clean.checks[at].held)).collect();
        let mut matrix = KillMatrix::default();
        // What could not be asked proves nothing, nor does what did not hold before either.
        let blocked = result(&[None, Some(false), None]);
        assert!(matrix.note(Defect::SoapErrorPage, &[blocked], &was_held).is_empty());
        assert_eq!(matrix.missed(), ["soap-error-page-200"]);
        assert!(matrix.proven_requirements.is_empty());
        // Asked again, it is caught by the check that changed.
        let broken = result(&[Some(true), Some(false), Some(false)]);
        assert_eq!(matrix.note(Defect::SoapErrorPage, &[broken], &was_held).len(), 1);
        assert!(matrix.missed().is_empty());
        assert_eq!(matrix.checks.len(), 1);
        assert_eq!(matrix.checks["S-1 call 2 status"], ["soap-error-page-200"]);
        assert!(matrix.proven_requirements.contains("R-1"));
    }
}
