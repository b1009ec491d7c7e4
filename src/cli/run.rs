//! `junkyo run`.

use std::collections::HashMap;
use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use super::args::{Common, Run};
use super::error::CliError;
use super::merge::together;
use super::output::{RunFolder, exit_of};
use super::progress::Progress;
use super::{Exit, preflight, unless_closed};
use crate::attest::challenge::Challenge;
use crate::drive::{Plan, Reference, RunError, RunOptions, Runner, Selection, Target, product_words};
use crate::evidence::{Recording, RunEnd, RunFacts, ScenarioEvidence, read_journal};
use crate::judge::{Judge, Verdict, Waiver, not_run, roll_up};
use crate::mock::DefectSet;
use crate::report::{RepeatCommand, Report, ReportBuilder, not_carried_out, write_summary};
use crate::scenario::{Corpus, Filter, Scenario};
use crate::standard::glob_matches;
use crate::text::{Lang, Text};

/// Seed of the reference platform.
const SEED: u64 = 20_260_401;

pub(super) fn main(args: &Run, common: &Common, lang: Lang) -> Result<Exit, CliError> {
    let corpus = common.load_corpus()?;
    let target = args.target.as_deref().map(Target::read).transpose()?;
    let defects = DefectSet::parse(&args.defect)
        .map_err(|error| CliError::Usage(format!("{error}; `junkyo list --defects` names them all")))?;
    let folder = RunFolder::new(args.rerun.as_deref().unwrap_or(&args.out));
    let earlier = match &args.rerun {
        None => None,
        Some(_) => Some(earlier_run(&folder, &corpus, target.as_ref())?),
    };
    let challenge = args.challenge.as_deref().map(read_challenge).transpose()?;
    let plan = make_plan(args, &corpus, target.as_ref(), earlier.as_ref(), challenge.as_ref())?;
    if plan.scenarios.is_empty() {
        eprintln!("error: no scenario matches the profiles, filter and partition; `junkyo list` shows what there is");
        return Ok(Exit::Nothing);
    }
    if let Some(challenge) = &challenge {
        let facts = RunFacts {
            corpus: corpus.digest.clone(),
            product: product_words(target.as_ref()),
            profiles: plan.profiles.clone(),
            ..RunFacts::default()
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        challenge.fits(&facts, now.as_secs() as i64)?;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(CliError::Output)?;
    let waivers = target.as_ref().map_or(&[][..], |target| &target.file.expected_failures);
    if let (Some(target), Some(file), false) = (&target, &args.target, args.no_preflight)
        && let Some(exit) = runtime.block_on(preflight::before_run(&corpus, target, file, lang))
    {
        return Ok(exit);
    }
    let single: Vec<RunFolder> = (1..=args.repeat)
        .map(|run| RunFolder::new(&folder.root.join(format!("run-{run}"))))
        .collect();
    let mut setting = Setting {
        args,
        corpus: &corpus,
        plan: &plan,
        folder: &folder,
        waivers,
        earlier: earlier.as_ref(),
        repeat: repeat_command(args, common),
        challenge: challenge.as_ref(),
    };
    let text = target.as_ref().map(|target| target.text.as_str());
    let (report, end) = if args.repeat > 1 {
        let mut folders = Vec::new();
        let mut last = None;
        for (one, run) in single.iter().zip(1..) {
            eprintln!("run {run} of {}", args.repeat);
            setting.folder = one;
            let (report, end) = runtime.block_on(setting.run(target.as_ref(), defects))?;
            one.write(&report, text)?;
            folders.push((one.root.display().to_string(), one.root.clone()));
            last = Some((report, end));
            if end != RunEnd::Complete {
                break;
            }
        }
        match last {
            Some((_, RunEnd::Complete)) => (together(&corpus, &folders, &folder.root)?, RunEnd::Complete),
            // What was cut short is told as it is; the runs before it are complete in their folders.
            Some((report, end)) => (report, end),
            None => return Ok(Exit::Nothing),
        }
    } else {
        let (report, end) = runtime.block_on(setting.run(target.as_ref(), defects))?;
        folder.write(&report, text)?;
        (report, end)
    };
    // Dropping the runtime would wait for a driver that waits for a person.
    runtime.shutdown_background();
    conclude(&report, end, waivers, &folder, lang)
}

fn read_challenge(path: &Path) -> Result<Challenge, CliError> {
    let named = |error: &dyn std::fmt::Display| CliError::Usage(format!("{}: {error}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| named(&error))?;
    Challenge::parse(&bytes).map_err(|error| named(&error))
}

/// Everything a run needs besides the product.
struct Setting<'a> {
    args: &'a Run,
    corpus: &'a Corpus,
    plan: &'a Plan,
    folder: &'a RunFolder,
    waivers: &'a [Waiver],
    earlier: Option<&'a Recording>,
    repeat: String,
    challenge: Option<&'a Challenge>,
}

impl Setting<'_> {
    async fn run(&self, target: Option<&Target>, defects: DefectSet) -> Result<(Report, RunEnd), CliError> {
        let options = RunOptions {
            jobs: usize::from(self.args.jobs),
            evidence: Some(self.folder.evidence()),
            resume: self.earlier.map(|earlier| Box::new(earlier.facts.clone())),
            attempts: attempts(self.earlier),
            repeat: self.repeat.clone(),
            challenge: self.challenge.map(Challenge::facts),
        };
        // The reference platform lives until the run is over.
        let reference;
        let runner = match target {
            Some(target) => Runner::against_target(self.corpus, self.plan, target, options).await?,
            None => {
                reference = Reference::start(self.corpus, SEED, defects).await?;
                Runner::against_reference(self.corpus, self.plan, &reference, options).await?
            }
        };
        watch_for_interrupt(runner.stop_flag());
        let judge = Judge::new(self.corpus, runner.facts(), self.waivers);
        let mut builder = ReportBuilder::new(RepeatCommand::of(runner.facts()));
        let mut done: HashMap<Arc<str>, ()> = HashMap::new();
        let pending = self.carry_over(&judge, &mut builder, &mut done);
        let mut progress = Progress::new(self.args.message_format, pending.len());
        let mut warned = false;
        let end = runner
            .carry_out(&pending, |scenario, evidence| {
                warned |= warn_of_real_data(scenario, &evidence, runner.facts(), warned);
                let result = judge.scenario(scenario, &evidence);
                progress.finished(scenario, &result);
                builder.add(scenario, result, Some(&evidence));
                done.insert(Arc::clone(&scenario.id), ());
            })
            .await?;
        progress.end();
        let interrupted = end != RunEnd::Complete;
        for scenario in self
            .plan
            .scenarios
            .iter()
            .filter(|scenario| !done.contains_key(&scenario.id))
        {
            // An attempt that an earlier run finished still stands.
            if let Some(evidence) = self.earlier.and_then(|earlier| earlier.finished(&scenario.id)) {
                builder.add(scenario, judge.scenario(scenario, evidence), Some(evidence));
                continue;
            }
            let (reason, blame) = not_carried_out(Some(end));
            builder.add(scenario, not_run(scenario, Verdict::Error, reason, Some(blame)), None);
        }
        let facts = runner.facts();
        let rolled = roll_up(self.corpus, &self.plan.profiles, &builder.judged(), facts.partial);
        Ok((builder.finish(self.corpus, facts, rolled, interrupted), end))
    }

    /// Takes over what an earlier run finished and passed; returns what is left to do.
    fn carry_over(
        &self,
        judge: &Judge<'_>,
        builder: &mut ReportBuilder,
        done: &mut HashMap<Arc<str>, ()>,
    ) -> Vec<Arc<Scenario>> {
        let Some(earlier) = self.earlier else {
            return self.plan.scenarios.clone();
        };
        let mut pending = Vec::new();
        for scenario in &self.plan.scenarios {
            let passed = earlier.finished(&scenario.id).and_then(|evidence| {
                let result = judge.scenario(scenario, evidence);
                matches!(
                    result.verdict,
                    Verdict::Pass | Verdict::Info | Verdict::Skip | Verdict::Warn | Verdict::Waived
                )
                .then_some((result, evidence))
            });
            match passed {
                None => pending.push(Arc::clone(scenario)),
                Some((result, evidence)) => {
                    builder.add(scenario, result, Some(evidence));
                    done.insert(Arc::clone(&scenario.id), ());
                }
            }
        }
        pending
    }
}

/// Tells once, as soon as it is seen, that numbers look like those of real people.
fn warn_of_real_data(scenario: &Scenario, evidence: &ScenarioEvidence, facts: &RunFacts, warned: bool) -> bool {
    let Some(first) = evidence
        .real_looking
        .first()
        .filter(|_| !warned && facts.real_looking_data.is_none())
    else {
        return false;
    };
    eprintln!(
        "warning: {}: `{}` looks like the number of a real person; such numbers are masked in the evidence, and this run \
         cannot be a statement of conformance (ci/TARGET.md, [evidence])",
        scenario.id, first.named
    );
    true
}

fn attempts(earlier: Option<&Recording>) -> HashMap<String, u32> {
    let mut attempts = HashMap::new();
    for evidence in earlier.iter().flat_map(|earlier| earlier.scenarios.values()) {
        let known: &mut u32 = attempts.entry(evidence.scenario.to_string()).or_default();
        *known = (*known).max(evidence.attempt);
    }
    attempts
}

/// The run to go on with: same corpus, same target.
fn earlier_run(folder: &RunFolder, corpus: &Corpus, target: Option<&Target>) -> Result<Recording, CliError> {
    let recording = read_journal(&folder.evidence())?;
    let other = |what| {
        CliError::Run(RunError::OtherRun {
            path: folder.evidence(),
            what,
        })
    };
    if recording.facts.corpus != corpus.digest {
        return Err(other("with another corpus"));
    }
    if recording.facts.target != target.map_or("", |target| &target.digest) {
        return Err(other("against another target file"));
    }
    Ok(recording)
}

fn make_plan(
    args: &Run,
    corpus: &Corpus,
    target: Option<&Target>,
    earlier: Option<&Recording>,
    challenge: Option<&Challenge>,
) -> Result<Plan, CliError> {
    if let Some(earlier) = earlier {
        let facts = &earlier.facts;
        return Ok(Plan {
            profiles: facts.profiles.clone(),
            scenarios: facts
                .planned
                .iter()
                .filter_map(|id| corpus.scenario(id))
                .cloned()
                .collect(),
            partial: facts.partial,
        });
    }
    let profiles = if !args.profile.is_empty() {
        args.profile.clone()
    } else if let Some(challenge) = challenge {
        challenge.profiles.clone()
    } else if let Some(target) = target {
        target.file.product.claims.clone()
    } else {
        let subjects = corpus.profiles.iter().filter(|profile| profile.subject.is_some());
        subjects.map(|profile| profile.id.clone()).collect()
    };
    let selection = Selection {
        profiles,
        filter: args.filter.as_deref().map(Filter::parse).transpose()?,
        partition: args.partition,
    };
    Ok(Plan::new(corpus, &selection)?)
}

fn repeat_command(args: &Run, common: &Common) -> String {
    let mut command = "junkyo run".to_owned();
    let mut add = |name: &str, path: &Path| command.push_str(&format!(" --{name} {}", path.display()));
    if let Some(target) = &args.target {
        add("target", target);
    }
    if let Some(corpus) = &common.corpus {
        add("corpus", corpus);
    }
    for defect in &args.defect {
        command.push_str(&format!(" --defect {defect}"));
    }
    if let Some(challenge) = &args.challenge {
        command.push_str(&format!(" --challenge {}", challenge.display()));
    }
    command
}

/// First Ctrl-C: finish what is under way and report. Second: end at once; the journal is safe.
fn watch_for_interrupt(stop: Arc<AtomicBool>) {
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if stop.swap(true, Ordering::Relaxed) {
                std::process::exit(i32::from(Exit::Incomplete as u8));
            }
            eprintln!("\ninterrupted: finishing the scenarios under way (Ctrl-C again to end at once)");
        }
    });
}

/// Prints the summary and chooses the exit code.
fn conclude(
    report: &Report,
    end: RunEnd,
    waivers: &[Waiver],
    folder: &RunFolder,
    lang: Lang,
) -> Result<Exit, CliError> {
    let mut out = std::io::stdout().lock();
    let files = folder.files();
    unless_closed(write_summary(report, lang, out.is_terminal(), &files, &mut out))?;
    let stale: Vec<&Waiver> = waivers.iter().filter(|waiver| is_stale(waiver, report)).collect();
    for waiver in &stale {
        let text = Text::new(
            format!(
                "expected-failures の {} は期限切れか、もう不合格ではありません。削除してください。",
                waiver.scenario
            ),
            format!(
                "expected-failures: {} has expired or does not fail any more; remove it",
                waiver.scenario
            ),
        );
        eprintln!("error: {}", text.get(lang));
    }
    Ok(exit_of(report, end == RunEnd::Complete, !stale.is_empty()))
}

/// A waiver that covers nothing of what was run, although its scenario was.
fn is_stale(waiver: &Waiver, report: &Report) -> bool {
    let mut covered = report
        .scenarios
        .iter()
        .filter(|view| glob_matches(&waiver.scenario, &view.id))
        .peekable();
    let was_run = covered.peek().is_some() || !report.run.partial;
    was_run && !covered.any(|view| view.verdict == Verdict::Waived)
}
