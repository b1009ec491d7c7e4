//! Building the report from verdicts and evidence.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::model::{
    CorpusFacts, Counts, ExchangeView, ProfileView, ReadingView, RealDataPlace, RealDataView, Report, RequirementView,
    RunView, SCHEMA, ScenarioView, StabilityView, UnstableView,
};
use crate::evidence::{Exchange, Initiator, RunFacts, ScenarioEvidence};
use crate::judge::{CheckResult, Judged, Outcome, RequirementResult, RollUp, ScenarioResult, Verdict};
use crate::scenario::{Corpus, Scenario};
use crate::text::date::timestamp;
use crate::text::{Text, hex};

/// Characters of a request or a response that the report shows.
const SHOWN: usize = 6 * 1024;

/// Scenarios whose exchanges the report shows. The others are in the evidence.
const WITH_EXCHANGES: usize = 400;

/// How a single scenario is repeated.
#[derive(Clone, Debug, Default)]
pub struct RepeatCommand {
    /// Everything before the filter, e.g. `junkyo run --target product.toml`.
    pub prefix: String,
}

impl RepeatCommand {
    /// The command that the facts of a run name.
    pub fn of(facts: &RunFacts) -> Self {
        let known = Some(&facts.repeat).filter(|command| !command.is_empty());
        Self {
            prefix: known.cloned().unwrap_or_else(|| "junkyo run".into()),
        }
    }
}

/// Collects the scenarios of a report while they are judged, so that evidence need not be kept.
#[derive(Debug, Default)]
pub struct ReportBuilder {
    scenarios: Vec<ScenarioView>,
    /// Those that show their exchanges, by id: the first ones, in whatever order they come.
    with_exchanges: BTreeMap<Arc<str>, usize>,
    exchanges: usize,
    last_us: u64,
    repeat: RepeatCommand,
    real_looking: BTreeSet<RealDataPlace>,
    /// Verdicts of scenarios that were carried out more than once.
    several: BTreeMap<Arc<str>, Vec<Verdict>>,
}

impl ReportBuilder {
    /// An empty report.
    pub fn new(repeat: RepeatCommand) -> Self {
        Self {
            repeat,
            ..Self::default()
        }
    }

    /// Adds a scenario with its verdict.
    pub fn add(&mut self, scenario: &Scenario, result: ScenarioResult, evidence: Option<&ScenarioEvidence>) {
        let mut exchanges = Vec::new();
        if let Some(evidence) = evidence {
            self.count(scenario, evidence);
            let wanted = !matches!(result.verdict, Verdict::Pass | Verdict::Info | Verdict::Skip);
            if wanted && !evidence.exchanges.is_empty() && self.shows_exchanges(&scenario.id) {
                exchanges = evidence
                    .exchanges
                    .iter()
                    .take(32)
                    .enumerate()
                    .map(|(i, e)| view(i, e))
                    .collect();
            }
        }
        let passed = matches!(result.verdict, Verdict::Pass | Verdict::Info);
        let tells = |check: &CheckResult| check.found.is_some() || check.expected.is_some();
        let salted = !exchanges.is_empty() || result.checks.iter().any(tells);
        self.scenarios.push(ScenarioView {
            id: Arc::clone(&scenario.id),
            title: scenario.title.clone(),
            role: scenario.role,
            family: scenario.family.clone(),
            verdict: result.verdict,
            attempts: result.attempt,
            elapsed_us: result.elapsed_us,
            reason: result.reason,
            blame: result.blame,
            checks: result.checks,
            exchanges,
            salt: evidence
                .filter(|_| salted)
                .map(|evidence| evidence.salt.clone())
                .unwrap_or_default(),
            repeat: (!passed && !scenario.is_observation())
                .then(|| format!("{} --filter 'id({})'", self.repeat.prefix, scenario.id)),
        });
    }

    /// Counts what was recorded, without a verdict.
    pub fn count(&mut self, scenario: &Scenario, evidence: &ScenarioEvidence) {
        self.exchanges += evidence.exchanges.len();
        let ends = evidence.exchanges.iter();
        let last = ends.map(|exchange| exchange.started_us + exchange.elapsed_us).max();
        self.last_us = self.last_us.max(last.unwrap_or_default());
        let seen = evidence.real_looking.iter().map(|seen| RealDataPlace {
            scenario: Arc::clone(&scenario.id),
            seen: seen.clone(),
        });
        self.real_looking.extend(seen);
    }

    /// Notes the verdicts of all runs of a scenario, in the order of the runs.
    pub fn judged_as(&mut self, scenario: &Scenario, verdicts: Vec<Verdict>) {
        if verdicts.len() > 1 {
            self.several.insert(Arc::clone(&scenario.id), verdicts);
        }
    }

    /// How stable the verdicts are, if there is anything to tell.
    fn stability(&self, facts: &RunFacts) -> Option<StabilityView> {
        let retried = self.scenarios.iter().filter(|view| view.attempts > 1).count();
        let runs = facts
            .merged
            .filter(|merged| merged.repeated)
            .map_or(1, |merged| merged.parts);
        (runs > 1 || retried > 0).then(|| StabilityView {
            runs,
            retried,
            unstable: self
                .scenarios
                .iter()
                .filter_map(|view| {
                    let verdicts = self.several.get(&view.id).cloned().unwrap_or_default();
                    let flaky = verdicts.iter().any(|verdict| *verdict != verdicts[0]);
                    (flaky || view.attempts > 1).then(|| UnstableView {
                        id: Arc::clone(&view.id),
                        verdicts,
                        attempts: view.attempts,
                    })
                })
                .collect(),
        })
    }

    /// Whether a scenario is among the first that show their exchanges; if so, another may have to give way. So the
    /// report is the same in whatever order scenarios come to their end.
    fn shows_exchanges(&mut self, id: &Arc<str>) -> bool {
        self.with_exchanges.insert(Arc::clone(id), self.scenarios.len());
        if self.with_exchanges.len() <= WITH_EXCHANGES {
            return true;
        }
        match self.with_exchanges.pop_last() {
            Some((last, _)) if last == *id => false,
            Some((_, at)) => {
                self.scenarios[at].exchanges = Vec::new();
                true
            }
            None => false,
        }
    }

    /// What has been added so far, as rolling up looks at it.
    pub fn judged(&self) -> Vec<Judged<'_>> {
        self.scenarios
            .iter()
            .map(|view| Judged {
                reason: view.reason.as_ref(),
                id: &view.id,
                verdict: view.verdict,
                checks: &view.checks,
            })
            .collect()
    }

    /// Puts the report together.
    pub fn finish(mut self, corpus: &Corpus, facts: &RunFacts, mut roll_up: RollUp, interrupted: bool) -> Report {
        let real_data = real_data(&self.real_looking, facts);
        if let Some(seen) = real_data.as_ref().filter(|seen| seen.allowed.is_none()) {
            never_conformant(&mut roll_up, seen);
        }
        let order: std::collections::HashMap<&str, usize> = corpus
            .scenarios
            .iter()
            .enumerate()
            .map(|(index, scenario)| (&*scenario.id, index))
            .collect();
        self.scenarios
            .sort_by_key(|view| order.get(&*view.id).copied().unwrap_or(usize::MAX));
        let stability = self.stability(facts);
        let requirements = || roll_up.profiles.iter().flat_map(|profile| &profile.requirements);
        let checks = self.scenarios.iter().flat_map(|view| &view.checks);
        Report {
            schema: SCHEMA.into(),
            tool: env!("CARGO_PKG_VERSION").into(),
            corpus: CorpusFacts {
                sha256: corpus.digest.clone(),
                requirements: corpus.requirements.len(),
                scenarios: corpus.scenarios.len(),
            },
            product: facts.product.clone(),
            run: RunView {
                started: timestamp(facts.started_unix_ms),
                duration_ms: self.last_us / 1000,
                seed: facts.seed,
                target_sha256: facts.target.clone(),
                partial: facts.partial,
                interrupted,
                exchanges: self.exchanges,
                challenge: facts.challenge.clone(),
                parts: facts.merged.map_or(1, |merged| merged.parts),
                retried: self.scenarios.iter().filter(|view| view.attempts > 1).count(),
            },
            outcome: roll_up.outcome,
            reasons: roll_up.reasons.clone(),
            scenarios_by_verdict: Counts::of(self.scenarios.iter().map(|view| view.verdict)),
            checks_by_verdict: Counts::of(checks.map(|check| check.verdict)),
            requirements_by_verdict: Counts::of(requirements().map(|result| result.verdict)),
            real_data,
            stability,
            readings: readings(corpus, facts, &self.scenarios),
            profiles: roll_up
                .profiles
                .iter()
                .map(|profile| ProfileView {
                    id: profile.id.clone(),
                    title: corpus
                        .profile(&profile.id)
                        .map(|known| known.title.clone())
                        .unwrap_or_default(),
                    outcome: profile.outcome,
                    requirements: profile
                        .requirements
                        .iter()
                        .map(|result| requirement(corpus, result))
                        .collect(),
                })
                .collect(),
            scenarios: self.scenarios,
        }
    }
}

/// Places with numbers of people who may be real, that a report names.
const PLACES: usize = 100;

fn real_data(seen: &BTreeSet<RealDataPlace>, facts: &RunFacts) -> Option<RealDataView> {
    (!seen.is_empty()).then(|| RealDataView {
        allowed: facts.real_looking_data.clone(),
        count: seen.iter().map(|place| place.seen.count).sum(),
        places: seen.iter().take(PLACES).cloned().collect(),
    })
}

/// What was recorded is not what was exchanged, so it proves nothing.
fn never_conformant(roll_up: &mut RollUp, seen: &RealDataView) {
    let outcomes = roll_up.profiles.iter_mut().map(|profile| &mut profile.outcome);
    for outcome in outcomes.chain([&mut roll_up.outcome]) {
        if *outcome == Outcome::Conformant {
            *outcome = Outcome::Incomplete;
        }
    }
    roll_up.reasons.push(Text::new(
        format!(
            "実在の人のものに見える番号が {} 件やり取りされました（伏せ字にして記録）。合成データで実行し直してください。",
            seen.count
        ),
        format!(
            "{} number(s) that look like those of real people were exchanged, and masked in the evidence. Run again with synthetic data.",
            seen.count
        ),
    ));
}

fn requirement(corpus: &Corpus, result: &RequirementResult) -> RequirementView {
    let known = corpus.requirement(&result.id);
    let passed = matches!(result.verdict, Verdict::Pass | Verdict::Info | Verdict::Skip);
    RequirementView {
        id: result.id.clone(),
        text: known.map(|known| known.text.clone()).unwrap_or_default(),
        level: known.map_or(crate::standard::Level::Must, |known| known.level),
        kind: known.map_or(crate::standard::Kind::Reference, |known| known.kind),
        clause: known
            .map(|known| format!("{} {}", known.source, known.clause))
            .unwrap_or_default(),
        verdict: result.verdict,
        held: result.held,
        judged: result.judged,
        scenarios: result.scenarios.clone(),
        reason: result.reason.clone(),
        know_how: known.filter(|_| !passed).map(|known| known.know_how.clone()),
    }
}

/// The readings that shaped a check of this run, or that a target file switched.
fn readings(corpus: &Corpus, facts: &RunFacts, scenarios: &[ScenarioView]) -> Vec<ReadingView> {
    let used: std::collections::HashSet<&str> = scenarios
        .iter()
        .flat_map(|view| &view.checks)
        .filter_map(|check| check.reading.as_deref()?.split('=').next())
        .collect();
    corpus
        .readings
        .iter()
        .filter_map(|reading| {
            let option = facts.readings.get(&reading.id)?;
            let is_default = option == reading.default;
            if is_default && !used.contains(reading.id.as_str()) {
                return None;
            }
            let meaning = reading.option.iter().find(|known| known.id == option)?.text.clone();
            Some(ReadingView {
                id: reading.id.clone(),
                title: reading.title.clone(),
                option: option.to_owned(),
                meaning,
                is_default,
            })
        })
        .collect()
}

fn view(index: usize, exchange: &Exchange) -> ExchangeView {
    ExchangeView {
        index,
        step: Arc::clone(&exchange.step),
        channel: exchange.channel.word().into(),
        by_product: exchange.initiator == Initiator::Product,
        started_ms: exchange.started_us / 1000,
        elapsed_ms: exchange.elapsed_us / 1000,
        tls: exchange.tls.as_ref().map(|tls| tls.version.clone()),
        request: readable(&exchange.request),
        response: readable(&exchange.response),
        fault: exchange.fault.as_ref().map(crate::evidence::Fault::describe),
    }
}

/// Bytes as text, or as hexadecimal if they are no text; cut at a limit.
fn readable(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.contains(is_binary) => {
            let mut shown: String = text.chars().take(SHOWN).collect();
            if shown.len() < text.len() {
                shown.push_str(&format!("\n… ({} bytes in all)", bytes.len()));
            }
            shown
        }
        _ => {
            let cut = &bytes[..bytes.len().min(SHOWN / 2)];
            let lossy = String::from_utf8_lossy(cut);
            let printable = lossy.chars().filter(|c| !is_binary(*c) && *c != '\u{FFFD}').count();
            // A text in another encoding is still easier to read than its bytes.
            let mut shown = if printable * 4 < cut.len() * 3 {
                hex(cut)
            } else {
                lossy.into_owned()
            };
            if cut.len() < bytes.len() {
                shown.push_str(&format!("\n… ({} bytes in all)", bytes.len()));
            }
            shown
        }
    }
}

/// A control character that no HTTP message in text form holds.
fn is_binary(c: char) -> bool {
    c.is_control() && !matches!(c, '\r' | '\n' | '\t')
}

/// What an interrupted or hopeless run tells besides.
pub fn interruption(unreachable: bool) -> Text {
    if unreachable {
        Text::new(
            "製品に続けて接続できなかったため、実行を中止しました。",
            "The run was given up: the product was out of reach again and again.",
        )
    } else {
        Text::new(
            "実行が中断されました。--rerun で続きから実行できます。",
            "The run was interrupted; --rerun goes on from here.",
        )
    }
}
