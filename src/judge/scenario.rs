//! Judging one scenario.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::Arc;

use super::checks;
use super::context::{Answer, Context};
use super::described::{Described, document_set};
use super::outcome::{Blame, CheckResult, ScenarioResult, Verdict};
use super::roll_up::{Waiver, broken_at};
use crate::evidence::{Exchange, Initiator, NOT_APPLICABLE, RunFacts, ScenarioEvidence};
use crate::scenario::{Check, CheckSpec, Corpus, Scenario, Step};
use crate::schema::DocumentSet;
use crate::standard::{Level, Subject, glob_matches};
use crate::text::{Text, date};

/// Descriptions by interface id and whether the consumer is the product.
type Descriptions = HashMap<(String, bool), Option<Rc<Described>>>;

/// Judges scenarios of one run.
pub struct Judge<'a> {
    corpus: &'a Corpus,
    facts: &'a RunFacts,
    waivers: &'a [Waiver],
    /// By interface, and whether it is that of the corpus.
    described: RefCell<Descriptions>,
}

/// The result of a scenario of which nothing was recorded.
pub fn not_run(scenario: &Scenario, verdict: Verdict, reason: Text, blame: Option<Blame>) -> ScenarioResult {
    ScenarioResult {
        id: Arc::clone(&scenario.id),
        attempt: 0,
        verdict,
        reason: Some(reason),
        blame,
        elapsed_us: 0,
        checks: Vec::new(),
    }
}

impl<'a> Judge<'a> {
    /// A judge for one run.
    pub fn new(corpus: &'a Corpus, facts: &'a RunFacts, waivers: &'a [Waiver]) -> Self {
        Self {
            corpus,
            facts,
            waivers,
            described: RefCell::default(),
        }
    }

    /// Judges what was recorded for a scenario.
    pub fn scenario(&self, scenario: &Scenario, evidence: &ScenarioEvidence) -> ScenarioResult {
        let elapsed_us = evidence.exchanges.iter().map(|exchange| exchange.elapsed_us).sum();
        let base = |verdict, reason, blame| ScenarioResult {
            attempt: evidence.attempt,
            elapsed_us,
            ..not_run(scenario, verdict, reason, blame)
        };
        if evidence.withheld > 0 {
            return base(
                Verdict::Error,
                Text::new(
                    format!(
                        "証拠 {} 件が秘匿されているため、判定をやり直せません。",
                        evidence.withheld
                    ),
                    format!(
                        "Cannot be judged again: {} record(s) of its evidence were withheld from this bundle.",
                        evidence.withheld
                    ),
                ),
                Some(Blame::Suite),
            );
        }
        if !evidence.finished && !self.facts.monitor {
            return base(
                Verdict::Error,
                Text::new("実行が途中で終わりました。", "The run ended in the middle of it."),
                Some(Blame::Suite),
            );
        }
        if let Some(unreached) = evidence.exchanges.iter().find(|exchange| is_unreached(exchange)) {
            let what = unreached
                .fault
                .as_ref()
                .map(crate::evidence::Fault::describe)
                .unwrap_or_default();
            return base(Verdict::Error, what, Some(Blame::Network));
        }
        let interface = scenario
            .interface
            .as_deref()
            .and_then(|id| self.corpus.interfaces.get(id))
            .cloned();
        let context_of = |service: Option<&str>| {
            let described = self.described(scenario, service.or(scenario.interface.as_deref()));
            Context::new(self.facts, interface.clone(), described, &self.corpus.units, evidence)
        };
        let mut contexts: BTreeMap<Option<&str>, Context<'_>> = BTreeMap::new();
        let reached = scenario.steps.iter().take_while(|step| {
            evidence
                .blocked
                .as_ref()
                .is_none_or(|blocked| *blocked.step != *step.id)
        });
        let mut checks: Vec<CheckResult> = Vec::new();
        for step in reached {
            let service = step.act.service();
            let context = contexts.entry(service).or_insert_with(|| context_of(service));
            checks.extend(self.step(context, step));
        }
        if let Some(blocked) = &evidence.blocked {
            if blocked.blame == NOT_APPLICABLE {
                return base(Verdict::Skip, blocked.reason.clone(), None);
            }
            let blame = Blame::from_word(&blocked.blame);
            // What was judged before stands; the rest of the scenario is open.
            let broken = checks.iter().any(|check| check.verdict == Verdict::Fail);
            if !broken {
                return base(Verdict::Blocked, blocked.reason.clone(), Some(blame));
            }
        }
        self.waive(scenario, &mut checks);
        ScenarioResult {
            verdict: checks.iter().map(|check| check.verdict).max().unwrap_or(Verdict::Skip),
            reason: None,
            blame: checks
                .iter()
                .filter(|check| check.verdict > Verdict::Pass)
                .max_by_key(|check| check.verdict)
                .and_then(|check| check.blame),
            checks,
            ..base(Verdict::Pass, Text::default(), None)
        }
    }

    /// The description that messages of a scenario to a service follow, compiled on first use: a judge belongs to one thread, and
    /// so do compiled schemas.
    fn described(&self, scenario: &Scenario, id: Option<&str>) -> Option<Rc<Described>> {
        let id = id?;
        // A consumer under test calls the service of the corpus, whatever service the product offers itself.
        let of_corpus = scenario.role == Subject::Consumer && !self.facts.monitor;
        let key = (id.to_owned(), of_corpus);
        let known = self.described.borrow().get(&key).cloned();
        known.unwrap_or_else(|| {
            let service = self.corpus.services.get(id);
            let documents = if of_corpus {
                service.map(|service| DocumentSet::of_service(service))
            } else {
                self.facts.descriptions.get(id).map(document_set)
            };
            let prefixes = service.map(|service| service.file.prefixes.clone());
            let described = documents
                .and_then(|documents| Described::new(documents, prefixes.unwrap_or_default()).ok())
                .map(Rc::new);
            self.described.borrow_mut().insert(key, described.clone());
            described
        })
    }

    /// The checks of one step. Where the status is wrong already, the tables of the expected status
    /// cannot be asked: those checks are skipped, so that one mistake is not charged ten times.
    fn step(&self, context: &Context<'_>, step: &Step) -> Vec<CheckResult> {
        if step.optional && context.of_step(&step.id).is_empty() {
            let why = Text::new(
                "前の手順がこの手順に要る値を返さなかったため問わない",
                "not asked: an earlier step gave nothing to go on with",
            );
            return step
                .checks
                .iter()
                .map(|spec| self.skipped(step, spec, why.clone()))
                .collect();
        }
        let status_is_wrong = step
            .checks
            .iter()
            .filter(|spec| matches!(spec.check, Check::Status(_)))
            .map(|spec| self.check(context, step, spec))
            .any(|result| result.held == Some(false) && result.verdict != Verdict::Info);
        let ask = |spec: &CheckSpec| {
            if status_is_wrong && spec.check.needs_the_expected_status() {
                let why = Text::new(
                    "前提（期待した HTTP ステータス）が成り立たないため問わない",
                    "not asked: its prerequisite, the expected HTTP status, does not hold",
                );
                return self.skipped(step, spec, why);
            }
            self.check(context, step, spec)
        };
        step.checks.iter().map(ask).collect()
    }

    fn skipped(&self, step: &Step, spec: &CheckSpec, why: Text) -> CheckResult {
        CheckResult {
            step: Arc::clone(&step.id),
            check: spec.check.report_name(),
            verdict: Verdict::Skip,
            held: None,
            requirements: Arc::clone(&spec.requirements),
            expected: None,
            found: Some(Box::new(why)),
            place: None,
            exchange: None,
            excerpt: None,
            reading: None,
            // It stays open because of a fault of the product, not because it does not arise.
            blame: Some(Blame::Product),
        }
    }

    fn check(&self, context: &Context<'_>, step: &Step, spec: &CheckSpec) -> CheckResult {
        let (check, recorded) = spec.under(|reading| self.facts.readings.get(reading));
        let answer = checks::ask(check, context, step);
        let mut result = CheckResult {
            step: Arc::clone(&step.id),
            check: check.report_name(),
            verdict: Verdict::Pass,
            held: Some(true),
            requirements: Arc::clone(&spec.requirements),
            expected: None,
            found: None,
            place: None,
            exchange: None,
            excerpt: None,
            reading: spec
                .reading
                .as_deref()
                .and_then(|(id, _)| Some(format!("{id}={}", self.facts.readings.get(id)?))),
            blame: None,
        };
        match answer {
            Answer::Holds if recorded => result.verdict = Verdict::Info,
            Answer::Holds => {}
            Answer::NotApplicable { reason } => {
                result.held = None;
                result.verdict = Verdict::Skip;
                result.found = Some(Box::new(reason));
            }
            Answer::Prevented { reason } => {
                result.held = None;
                result.verdict = Verdict::Skip;
                result.blame = Some(Blame::Product);
                result.found = Some(Box::new(reason));
            }
            Answer::Unanswered { reason } => {
                result.held = None;
                result.verdict = if recorded { Verdict::Info } else { Verdict::Error };
                result.blame = (!recorded).then_some(Blame::Product);
                result.found = Some(Box::new(reason));
            }
            Answer::Broken(finding) => {
                result.held = Some(false);
                result.verdict = if recorded {
                    Verdict::Info
                } else {
                    self.worst_level(spec)
                };
                result.blame = (!recorded).then_some(Blame::Product);
                result.expected = Some(Box::new(finding.expected));
                result.found = Some(Box::new(finding.found));
                result.place = finding.place;
                result.exchange = finding.exchange;
                result.excerpt = finding.excerpt;
            }
        }
        result
    }

    /// What a broken check amounts to: the most binding of its requirements decides.
    fn worst_level(&self, spec: &CheckSpec) -> Verdict {
        spec.requirements
            .iter()
            .filter_map(|id| self.corpus.requirement(id))
            .map(|requirement| broken_at(requirement.level))
            .max()
            .unwrap_or_else(|| broken_at(Level::Must))
    }

    fn waive(&self, scenario: &Scenario, checks: &mut [CheckResult]) {
        let covered = self.waivers.iter().any(|waiver| {
            glob_matches(&waiver.scenario, &scenario.id) && !date::is_past(&waiver.until, self.facts.started_unix_ms)
        });
        if covered {
            for check in checks.iter_mut().filter(|check| check.verdict == Verdict::Fail) {
                check.verdict = Verdict::Waived;
            }
        }
    }
}

fn is_unreached(exchange: &Exchange) -> bool {
    exchange.initiator == Initiator::Harness
        && exchange
            .fault
            .as_ref()
            .is_some_and(crate::evidence::Fault::is_unreached)
}
