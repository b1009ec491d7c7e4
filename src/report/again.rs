//! Judging again: verdicts and report from a recording alone.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::build::{RepeatCommand, ReportBuilder, interruption};
use super::model::Report;
use crate::drive::{Plan, Selection};
use crate::evidence::{JournalError, Recording, RunEnd, RunFacts, read_journal_without};
use crate::judge::{Blame, Judge, Verdict, Waiver, not_run, roll_up};
use crate::scenario::Corpus;
use crate::text::hex;
use sha2::{Digest as _, Sha256};

/// Why a recording cannot be judged again.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AgainError {
    /// The journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The journal was withheld.
    #[error("the journal was withheld from this bundle, so nothing in it can be judged again")]
    Withheld,
    /// The parts of a merged recording belong to different runs.
    #[error("the recording is put together of runs that differ in their {what}; it proves nothing")]
    Parts {
        /// What differs.
        what: &'static str,
    },
    /// The copy of the target file cannot be read.
    #[error("{path}: {detail}")]
    Target {
        /// The file.
        path: PathBuf,
        /// What was wrong.
        detail: String,
    },
    /// The copy of the target file is not the one that the run used.
    #[error("{path} is not the target file of the run (SHA-256 {expected} was recorded); it was changed")]
    OtherTarget {
        /// The file.
        path: PathBuf,
        /// Digest in the facts of the run.
        expected: String,
    },
}

/// Judges what lies in the folder of a run, or in an unpacked bundle, with this corpus. `withheld` are paths of files
/// that were withheld from the bundle.
///
/// # Errors
/// When the journal or the copy of the target file cannot be used.
pub fn judge_folder(
    corpus: &Corpus,
    folder: &Path,
    withheld: &BTreeSet<String>,
) -> Result<(Report, Recording), AgainError> {
    let blobs = withheld
        .iter()
        .filter_map(|path| Some(path.strip_prefix("evidence/blobs/")?.to_owned()));
    if withheld.contains("evidence/journal.jsonl") {
        return Err(AgainError::Withheld);
    }
    let recording = read_journal_without(&folder.join("evidence"), &blobs.collect())?;
    if let Some(what) = recording
        .parts
        .iter()
        .find_map(|part| differs(&recording.facts, &part.facts))
    {
        return Err(AgainError::Parts { what });
    }
    let waivers = waivers_of(folder, &recording)?;
    let report = judge_again(corpus, &recording, &waivers);
    Ok((report, recording))
}

/// Verdicts and report from a recording alone: the same as the run itself found, byte for byte, if the corpus is the
/// same. Of several runs of a scenario the worst one counts.
pub fn judge_again(corpus: &Corpus, recording: &Recording, waivers: &[Waiver]) -> Report {
    let facts = &recording.facts;
    let runs: Vec<(&Recording, Judge<'_>)> = recording
        .runs()
        .map(|run| (run, Judge::new(corpus, &run.facts, waivers)))
        .collect();
    let mut builder = ReportBuilder::new(RepeatCommand::of(facts));
    let ended = |run: &Recording| run.end.is_none_or(|end| end == RunEnd::Complete);
    let mut interrupted = recording.truncated || !recording.runs().all(ended);
    for scenario in facts.planned.iter().filter_map(|id| corpus.scenario(id)) {
        let mut results = Vec::with_capacity(runs.len());
        for (run, judge) in &runs {
            if let Some(evidence) = run.scenarios.get(&scenario.id) {
                results.push((judge.scenario(scenario, evidence), evidence));
            }
        }
        let expected = facts
            .merged
            .filter(|merged| merged.repeated)
            .map_or(1, |merged| merged.parts);
        interrupted |= results.len() < expected;
        builder.judged_as(scenario, results.iter().map(|(result, _)| result.verdict).collect());
        let worst = (0..results.len()).max_by_key(|at| results[*at].0.verdict);
        for (at, (_, evidence)) in results.iter().enumerate() {
            if Some(at) != worst {
                builder.count(scenario, evidence);
            }
        }
        match worst.map(|at| results.swap_remove(at)) {
            Some((result, evidence)) => builder.add(scenario, result, Some(evidence)),
            None => {
                let (reason, blame) = not_carried_out(recording.end);
                builder.add(scenario, not_run(scenario, Verdict::Error, reason, Some(blame)), None);
            }
        }
    }
    let facts = RunFacts {
        partial: facts.partial || leaves_out(corpus, facts),
        ..facts.clone()
    };
    let rolled = roll_up(corpus, &facts.profiles, &builder.judged(), facts.partial);
    builder.finish(corpus, &facts, rolled, interrupted)
}

/// Whether the plan of a run lacks scenarios of its profiles: what the facts say of themselves is not believed.
fn leaves_out(corpus: &Corpus, facts: &RunFacts) -> bool {
    let selection = Selection {
        profiles: facts.profiles.clone(),
        ..Selection::default()
    };
    let planned: HashSet<&str> = facts.planned.iter().map(String::as_str).collect();
    let whole = Plan::new(corpus, &selection);
    !facts.monitor && whole.is_ok_and(|plan| plan.scenarios.iter().any(|scenario| !planned.contains(&*scenario.id)))
}

/// What runs that are to be one may not differ in.
pub(super) fn differs(one: &RunFacts, other: &RunFacts) -> Option<&'static str> {
    let same = [
        ("version of junkyo", one.tool == other.tool),
        ("corpus", one.corpus == other.corpus),
        ("target file", one.target == other.target),
        ("product", one.product == other.product),
        ("profiles", one.profiles == other.profiles),
        ("readings", one.readings == other.readings),
        ("seed", one.seed == other.seed),
        ("challenge", one.challenge == other.challenge),
        ("municipality", one.municipality == other.municipality),
        ("residents", one.residents == other.residents),
        ("time scale", one.time_scale == other.time_scale),
        ("rule about real data", one.real_looking_data == other.real_looking_data),
        ("kind of recording", one.monitor == other.monitor),
    ];
    same.into_iter().find(|(_, same)| !same).map(|(what, _)| what)
}

/// Why a scenario was not carried out, and who has to act.
pub fn not_carried_out(end: Option<RunEnd>) -> (crate::text::Text, Blame) {
    let unreachable = end == Some(RunEnd::Unreachable);
    let blame = if unreachable {
        Blame::Network
    } else {
        Blame::Configuration
    };
    (interruption(unreachable), blame)
}

/// The expected failures of the target file that lies beside the evidence.
fn waivers_of(folder: &Path, recording: &Recording) -> Result<Vec<Waiver>, AgainError> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Waivers {
        #[serde(default)]
        expected_failures: Vec<Waiver>,
    }
    let path = folder.join("target.toml");
    let Ok(bytes) = fs::read(&path) else {
        return Ok(Vec::new());
    };
    let expected = &recording.facts.target;
    if *expected != hex(&Sha256::digest(&bytes)) {
        return Err(AgainError::OtherTarget {
            path,
            expected: expected.clone(),
        });
    }
    let fault = |detail: String| AgainError::Target {
        path: path.clone(),
        detail,
    };
    let text = std::str::from_utf8(&bytes).map_err(|error| fault(error.to_string()))?;
    toml::from_str::<Waivers>(text)
        .map(|waivers| waivers.expected_failures)
        .map_err(|error| fault(error.message().to_owned()))
}
