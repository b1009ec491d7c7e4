//! Floor 6: the corpus as tests of a cargo project: every scenario one test, listed, filtered and
//! run by `cargo test`.
//!
//! A vendor adds one file to his own crate, `tests/conformance.rs`, that [`main!`](crate::embed::main)
//! fills:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     junkyo::embed::main!(junkyo::embed::target("product.toml"))
//! }
//! ```
//!
//! and to `Cargo.toml`:
//!
//! ```toml
//! [dev-dependencies]
//! junkyo = "0.1"
//! libtest-mimic = "0.8"
//!
//! [[test]]
//! name = "conformance"
//! harness = false
//! ```
//!
//! Then the usual ways of cargo work: `cargo test --test conformance -- missing-shorikubun`,
//! `--list`, `--exact`, `--skip`, `--ignored`, `--test-threads`, `--format`. Nothing is sent to the
//! product before the first test runs. All tests of one process share one run: one token, one
//! budget of requests, one journal in `target/junkyo/embed/evidence`.
//!
//! A test fails on the verdicts `fail`, `error`, `blocked` and `review`, with what the report of
//! `junkyo run` tells about the scenario. An expected failure of the target file passes; one that
//! does not fail any more does not pass, so that the list stays true. A green `cargo test` is no
//! attestation of conformance: that is the outcome of a whole `junkyo run`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use thiserror::Error;
use tokio::runtime::Runtime;

use crate::drive::{
    Finding, Plan, PlanError, Reference, RunError, RunOptions, Runner, Selection, Severity, Target, TargetError,
    preflight,
};
use crate::judge::{Judge, ScenarioResult, Verdict, Waiver, roll_up};
use crate::mock::{DefectSet, UnknownDefect};
use crate::report::{RepeatCommand, ReportBuilder, write_summary};
use crate::scenario::{Corpus, CorpusError, Filter, FilterError, Scenario};
use crate::standard::Subject;
use crate::text::Lang;

#[doc(inline)]
pub use crate::__embed_main as main;

/// How many tests wait for the product at the same time, unless `--test-threads` tells. Scenarios
/// wait far more than they compute, so this follows latency, not cores.
pub const THREADS: usize = 16;

/// Seed of the reference platform, the one that `junkyo run` uses.
const SEED: u64 = 20_260_401;

/// Tests of the product that a target file describes. The path is relative to the package, as
/// `cargo test` runs there.
pub fn target(path: impl Into<PathBuf>) -> Suite {
    Suite {
        evidence: Some(PathBuf::from("target/junkyo/embed/evidence")),
        ..Suite::of(Product::Target(path.into()))
    }
}

/// Tests of the reference platform inside the process: our own corpus against our own platform.
pub fn reference() -> Suite {
    Suite::of(Product::Reference(Vec::new()))
}

/// Why no tests could be made of the corpus.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EmbedError {
    /// Faults of the corpus, one a line.
    #[error("the corpus cannot be used:\n{}", .0.iter().map(|error| format!("  {error}")).collect::<Vec<_>>().join("\n"))]
    Corpus(Vec<CorpusError>),
    /// The target file cannot be used.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// A profile that the corpus does not have.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A filter expression that cannot be read.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// A defect that the reference platform does not have.
    #[error(transparent)]
    Defect(#[from] UnknownDefect),
}

impl EmbedError {
    /// Tells the error on standard error; the exit code of a wrong corpus or target file.
    pub fn report(&self) -> ExitCode {
        eprintln!("error: {self}");
        ExitCode::from(2)
    }
}

/// What is tested.
#[derive(Clone, Debug)]
enum Product {
    Target(PathBuf),
    Reference(Vec<String>),
}

/// Which tests there are, and against what.
#[derive(Clone, Debug)]
pub struct Suite {
    product: Product,
    profiles: Vec<String>,
    only: Option<String>,
    ignored: Option<String>,
    evidence: Option<PathBuf>,
}

impl Suite {
    fn of(product: Product) -> Self {
        Self {
            product,
            profiles: Vec::new(),
            only: None,
            ignored: None,
            evidence: None,
        }
    }

    /// Tests this profile; repeatable. The claims of the target file otherwise.
    #[must_use]
    pub fn profile(mut self, id: impl Into<String>) -> Self {
        self.profiles.push(id.into());
        self
    }

    /// Makes tests only of scenarios that match this filter expression.
    #[must_use]
    pub fn only(mut self, filter: impl Into<String>) -> Self {
        self.only = Some(filter.into());
        self
    }

    /// Scenarios that match this filter expression run only with `--ignored` or `--include-ignored`.
    #[must_use]
    pub fn ignore(mut self, filter: impl Into<String>) -> Self {
        self.ignored = Some(filter.into());
        self
    }

    /// Where evidence goes.
    #[must_use]
    pub fn evidence(mut self, folder: impl Into<PathBuf>) -> Self {
        self.evidence = Some(folder.into());
        self
    }

    /// Switches a defect of the reference platform on, to see the tests fail. Without effect on a
    /// target.
    #[must_use]
    pub fn defect(mut self, id: impl Into<String>) -> Self {
        if let Product::Reference(defects) = &mut self.product {
            defects.push(id.into());
        }
        self
    }

    /// The tests, in the order in which they are best run. Nothing is started yet.
    ///
    /// # Errors
    /// See [`EmbedError`].
    pub fn cases(self) -> Result<Vec<Case>, EmbedError> {
        let corpus = Corpus::embedded().map_err(EmbedError::Corpus)?;
        let product = match &self.product {
            Product::Target(path) => Opened::Target(Box::new(Target::read(path)?)),
            Product::Reference(ids) => Opened::Reference(Box::new(DefectSet::parse(ids)?)),
        };
        let profiles = match &product {
            _ if !self.profiles.is_empty() => self.profiles,
            Opened::Target(target) => target.file.product.claims.clone(),
            Opened::Reference(_) => {
                let testable = corpus.profiles.iter().filter(|profile| profile.subject.is_some());
                testable.map(|profile| profile.id.clone()).collect()
            }
        };
        let filter = self.only.as_deref().map(Filter::parse).transpose()?;
        let ignored = self.ignored.as_deref().map(Filter::parse).transpose()?;
        let selection = Selection {
            profiles,
            filter,
            partition: None,
        };
        let plan = Plan::new(&corpus, &selection)?;
        let scenarios = in_order(&plan.scenarios);
        let run = Arc::new(Run {
            corpus,
            plan,
            product,
            evidence: self.evidence,
            stage: OnceLock::new(),
            told: AtomicBool::new(false),
            state: RwLock::new(()),
            consumer: Mutex::new(()),
        });
        let case = |scenario: Arc<Scenario>| Case {
            ignored: ignored.as_ref().is_some_and(|filter| filter.selects(&scenario)),
            run: Arc::clone(&run),
            scenario,
        };
        Ok(scenarios.into_iter().map(case).collect())
    }
}

/// Consumer scenarios wait for each other, so they are spread over the whole run; those that must
/// be alone come last, as in `junkyo run`.
fn in_order(scenarios: &[Arc<Scenario>]) -> Vec<Arc<Scenario>> {
    let (consumer, calls): (Vec<_>, Vec<_>) = scenarios.iter().cloned().partition(|one| is_consumer(one));
    let (alone, together): (Vec<_>, Vec<_>) = calls.into_iter().partition(|scenario| scenario.exclusive);
    let spacing = together.len() / (consumer.len() + 1) + 1;
    let mut consumer = consumer.into_iter();
    let mut ordered = Vec::with_capacity(scenarios.len());
    for group in together.chunks(spacing) {
        ordered.extend(consumer.next());
        ordered.extend_from_slice(group);
    }
    ordered.extend(consumer);
    ordered.extend(alone);
    ordered
}

fn is_consumer(scenario: &Scenario) -> bool {
    scenario.role == Subject::Consumer
}

/// One scenario as a test.
pub struct Case {
    run: Arc<Run>,
    scenario: Arc<Scenario>,
    ignored: bool,
}

impl Case {
    /// Name of the test: the id of the scenario.
    pub fn name(&self) -> &str {
        &self.scenario.id
    }

    /// Whether it runs only when asked for.
    pub fn is_ignored(&self) -> bool {
        self.ignored
    }

    /// Carries the scenario out and judges it.
    ///
    /// # Errors
    /// What a person has to know when it does not pass.
    pub fn run(self) -> Result<(), String> {
        let stage = self.run.stage()?;
        let scenario = &self.scenario;
        // A product acts as one consumer only. A scenario that changes the state of the whole
        // product keeps all others away from it.
        let locks = &*self.run;
        let (_consumer, _alone, _together);
        if is_consumer(scenario) {
            _consumer = locks.consumer.lock().unwrap_or_else(PoisonError::into_inner);
        } else if scenario.exclusive {
            _alone = locks.state.write().unwrap_or_else(PoisonError::into_inner);
        } else {
            _together = locks.state.read().unwrap_or_else(PoisonError::into_inner);
        }
        self.run.test(stage, scenario)
    }
}

enum Opened {
    Target(Box<Target>),
    Reference(Box<DefectSet>),
}

/// What all tests of a process share.
struct Run {
    corpus: Corpus,
    plan: Plan,
    product: Opened,
    evidence: Option<PathBuf>,
    stage: OnceLock<Result<Stage, String>>,
    /// Whether it was told already why nothing can be tested.
    told: AtomicBool,
    /// Held for reading by scenarios that can be together, for writing by one that must be alone.
    state: RwLock<()>,
    /// Held by the scenario in which the product acts.
    consumer: Mutex<()>,
}

/// What is started by the first test.
struct Stage {
    runner: Runner,
    /// The reference platform lives until the process ends.
    _reference: Option<Reference>,
    runtime: Runtime,
}

impl Run {
    fn stage(&self) -> Result<&Stage, String> {
        let stage = self.stage.get_or_init(|| self.start());
        stage.as_ref().map_err(|why| {
            // Seven hundred times the same text would bury it.
            if self.told.swap(true, Ordering::Relaxed) {
                "nothing can be tested, for the reason that another test gives".to_owned()
            } else {
                why.clone()
            }
        })
    }

    fn start(&self) -> Result<Stage, String> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .map_err(|error| format!("no threads could be started: {error}"))?;
        let options = RunOptions {
            jobs: 1,
            evidence: self.evidence.clone(),
            ..RunOptions::default()
        };
        let started = runtime.block_on(async {
            match &self.product {
                Opened::Target(target) => {
                    may_start(&preflight(&self.corpus, target).await)?;
                    let runner = Runner::against_target(&self.corpus, &self.plan, target, options).await;
                    runner.map(|runner| (runner, None)).map_err(|error| error.to_string())
                }
                Opened::Reference(defects) => {
                    let started = self.start_reference(**defects, options).await;
                    started
                        .map(|(runner, reference)| (runner, Some(reference)))
                        .map_err(|error| error.to_string())
                }
            }
        });
        let (runner, reference) = started?;
        Ok(Stage {
            runner,
            _reference: reference,
            runtime,
        })
    }

    async fn start_reference(&self, defects: DefectSet, options: RunOptions) -> Result<(Runner, Reference), RunError> {
        let reference = Reference::start(&self.corpus, SEED, defects).await?;
        let runner = Runner::against_reference(&self.corpus, &self.plan, &reference, options).await?;
        Ok((runner, reference))
    }

    fn waivers(&self) -> &[Waiver] {
        match &self.product {
            Opened::Target(target) => &target.file.expected_failures,
            Opened::Reference(_) => &[],
        }
    }

    fn test(&self, stage: &Stage, scenario: &Arc<Scenario>) -> Result<(), String> {
        let mut recorded = None;
        let carried_out = stage.runner.carry_out(std::slice::from_ref(scenario), |_, evidence| {
            recorded = Some(evidence);
        });
        let end = stage.runtime.block_on(carried_out).map_err(|error| error.to_string())?;
        let Some(evidence) = recorded else {
            return Err(crate::report::interruption(end == crate::evidence::RunEnd::Unreachable)
                .get(language())
                .to_owned());
        };
        let judge = Judge::new(&self.corpus, stage.runner.facts(), self.waivers());
        let result = judge.scenario(scenario, &evidence);
        if has_passed(result.verdict) {
            return self.still_expected(scenario, &result);
        }
        let mut builder = ReportBuilder::new(RepeatCommand::default());
        builder.add(scenario, result, Some(&evidence));
        let facts = stage.runner.facts();
        let rolled = roll_up(&self.corpus, &self.plan.profiles, &builder.judged(), true);
        let mut report = builder.finish(&self.corpus, facts, rolled, false);
        for view in &mut report.scenarios {
            view.repeat = Some(repeat_command(&view.id));
        }
        let mut bytes = Vec::new();
        write_summary(&report, language(), false, &[], &mut bytes).map_err(|error| error.to_string())?;
        Err(finding_of(&String::from_utf8_lossy(&bytes)).to_owned())
    }

    /// A failure that is expected by name and does not come has to leave the target file.
    fn still_expected(&self, scenario: &Scenario, result: &ScenarioResult) -> Result<(), String> {
        let named = self.waivers().iter().any(|waiver| *waiver.scenario == *scenario.id);
        if named && result.verdict != Verdict::Waived {
            return Err(format!(
                "expected-failures: {} does not fail any more; remove it from the target file",
                scenario.id
            ));
        }
        Ok(())
    }
}

fn has_passed(verdict: Verdict) -> bool {
    !matches!(
        verdict,
        Verdict::Fail | Verdict::Error | Verdict::Blocked | Verdict::Review
    )
}

fn language() -> Lang {
    Lang::from_locale()
}

/// What preflight found, if the run cannot start.
fn may_start(findings: &[Finding]) -> Result<(), String> {
    let bad: Vec<String> = findings
        .iter()
        .filter(|finding| matches!(finding.severity, Severity::Fault | Severity::Unreachable))
        .map(|finding| {
            let remedy = finding.remedy.as_ref().map_or("", |remedy| remedy.get(language()));
            format!("{}: {}\n  → {remedy}", finding.key, finding.found.get(language()))
        })
        .collect();
    if bad.is_empty() {
        return Ok(());
    }
    Err(format!(
        "nothing was tested, since preflight found faults:\n{}",
        bad.join("\n")
    ))
}

/// The finding alone, without the closing lines of a whole run.
fn finding_of(summary: &str) -> &str {
    let last = summary.find("\n   └").map_or(0, |at| at + 1);
    let end = summary[last..].find('\n').map_or(summary.len(), |at| last + at);
    &summary[..end]
}

/// The command that repeats one test. Cargo names a test binary `name-0123456789abcdef`.
fn repeat_command(id: &str) -> String {
    let binary = std::env::current_exe().ok();
    let name = binary
        .as_deref()
        .and_then(|path| path.file_stem()?.to_str()?.rsplit_once('-'))
        .map(|(name, _)| format!(" --test {name}"))
        .unwrap_or_default();
    format!("cargo test{name} -- --exact {id}")
}

/// The body of `main` of a test target without a harness: `junkyo::embed::main!(suite)` gives an
/// [`ExitCode`](std::process::ExitCode).
///
/// A macro, because the test harness `libtest-mimic` belongs to the crate that tests: so it is no
/// part of the `junkyo` command, and every crate chooses its version.
#[doc(hidden)]
#[macro_export]
macro_rules! __embed_main {
    ($suite:expr) => {{
        let mut arguments = ::libtest_mimic::Arguments::from_args();
        arguments.test_threads.get_or_insert($crate::embed::THREADS);
        match $crate::embed::Suite::cases($suite) {
            Err(error) => error.report(),
            Ok(cases) => {
                let trials = cases.into_iter().map(|case| {
                    let (name, ignored) = (case.name().to_owned(), case.is_ignored());
                    ::libtest_mimic::Trial::test(name, move || case.run().map_err(::libtest_mimic::Failed::from))
                        .with_ignored_flag(ignored)
                });
                ::libtest_mimic::run(&arguments, trials.collect()).exit_code()
            }
        }
    }};
}

#[cfg(test)]
mod tests {
    use super::*;

    fn only(suite: Suite, filter: &str) -> Vec<Case> {
        suite.only(filter).cases().expect("a sound corpus")
    }

    #[test]
    fn every_scenario_is_a_test_and_those_that_must_be_alone_come_last() {
        let cases = reference().ignore("tag(slow)").cases().expect("a sound corpus");
        let corpus = Corpus::embedded().expect("a sound corpus");
        let carried_out = corpus.scenarios.iter().filter(|scenario| !scenario.is_observation());
        assert_eq!(cases.len(), carried_out.count());
        let mut names: Vec<&str> = cases.iter().map(Case::name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), cases.len());
        let first = cases
            .iter()
            .position(|case| case.scenario.exclusive && !is_consumer(&case.scenario));
        let first = first.expect("some must be alone");
        assert!(cases[first..].iter().all(|case| case.scenario.exclusive));
        assert!(cases.iter().any(Case::is_ignored) && !cases.iter().all(Case::is_ignored));
    }

    #[test]
    fn a_failing_test_tells_what_the_report_tells() {
        let cases = only(reference().defect("token-optional"), "id(CF-031-P-token-none)");
        let told = cases
            .into_iter()
            .next()
            .expect("one")
            .run()
            .expect_err("the defect is seen");
        for part in ["CF-031-P-token-none", "CF-AUT-050", "401", "200", "repeat: cargo test"] {
            assert!(told.contains(part), "{part}\n{told}");
        }
        assert!(
            !told.contains("bundle") && !told.contains("seed"),
            "no closing lines\n{told}"
        );
    }

    #[test]
    fn a_product_out_of_reach_is_told_once_in_full() {
        let folder = std::env::temp_dir().join(format!("junkyo-embed-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let path = folder.join("product.toml");
        let text = "[product]\nvendor = \"v\"\nname = \"n\"\nversion = \"1\"\nclaims = [\"common-function.031.provider\"]\n\
                    [endpoints.\"031.numbering\"]\nurl = \"http://127.0.0.1:9/\"\n";
        std::fs::write(&path, text).expect("written");
        let mut told = only(target(&path), "tag(smoke)")
            .into_iter()
            .map(|case| case.run().expect_err("out of reach"));
        let (first, second) = (told.next().expect("several"), told.next().expect("several"));
        assert!(first.contains("127.0.0.1:9") && first.contains('→'), "{first}");
        assert!(!second.contains("127.0.0.1:9"), "{second}");
        std::fs::remove_dir_all(folder).ok();
    }

    #[test]
    fn what_cannot_be_tested_is_an_error_before_the_first_test() {
        assert!(matches!(
            target("no/such/file.toml").cases(),
            Err(EmbedError::Target(_))
        ));
        assert!(matches!(reference().only("id(").cases(), Err(EmbedError::Filter(_))));
        assert!(matches!(reference().ignore("id(").cases(), Err(EmbedError::Filter(_))));
        assert!(matches!(
            reference().profile("nobody").cases(),
            Err(EmbedError::Plan(_))
        ));
        assert!(matches!(reference().defect("none").cases(), Err(EmbedError::Defect(_))));
    }
}
