//! Judging again: verdicts and report from a recording alone.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::build::{RepeatCommand, ReportBuilder, interruption};
use super::model::Report;
use crate::evidence::{JournalError, Recording, RunEnd, read_journal_without};
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
    let recording = read_journal_without(&folder.join("evidence"), &blobs.collect())?;
    let waivers = waivers_of(folder, &recording)?;
    let report = judge_again(corpus, &recording, &waivers);
    Ok((report, recording))
}

/// Verdicts and report from a recording alone: the same as the run itself found, byte for byte, if the corpus is the
/// same.
pub fn judge_again(corpus: &Corpus, recording: &Recording, waivers: &[Waiver]) -> Report {
    let facts = &recording.facts;
    let judge = Judge::new(corpus, facts, waivers);
    let mut builder = ReportBuilder::new(RepeatCommand::of(facts));
    let mut interrupted = recording.truncated || recording.end.is_some_and(|end| end != RunEnd::Complete);
    for scenario in facts.planned.iter().filter_map(|id| corpus.scenario(id)) {
        match recording.scenarios.get(&scenario.id) {
            Some(evidence) => builder.add(scenario, judge.scenario(scenario, evidence), Some(evidence)),
            None => {
                interrupted = true;
                let (reason, blame) = not_carried_out(recording.end);
                builder.add(scenario, not_run(scenario, Verdict::Error, reason, Some(blame)), None);
            }
        }
    }
    let rolled = roll_up(corpus, &facts.profiles, &builder.judged(), facts.partial);
    builder.finish(corpus, facts, rolled, interrupted)
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
