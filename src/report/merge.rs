//! Putting recordings together: the parts of one plan, or several runs of it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::again::differs;
use crate::drive::{Plan, Selection};
use crate::evidence::{JournalError, MergedFacts, Record, Recording, RunEnd, RunFacts, read_journal};
use crate::scenario::Corpus;

/// Why recordings cannot be one.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum MergeError {
    /// They do not belong together; all reasons.
    #[error("these recordings are not parts of one run:\n{}", .0.iter().map(|reason| format!("  {reason}")).collect::<Vec<_>>().join("\n"))]
    Apart(Vec<String>),
    /// A journal cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
}

/// One recording that is to be merged.
struct Source<'a> {
    name: &'a str,
    folder: &'a Path,
    recording: Recording,
}

/// Writes the recordings that lie in folders (name for messages, folder of a run or of an unpacked bundle) as one into
/// the folder `out`: journal, payloads, and the copy of the target file.
///
/// # Errors
/// [`MergeError::Apart`] with all reasons where they are not parts of one plan, or runs of the same.
pub fn merge(corpus: &Corpus, folders: &[(String, PathBuf)], out: &Path) -> Result<(), MergeError> {
    let mut sources = Vec::with_capacity(folders.len());
    for (name, folder) in folders {
        sources.push(Source {
            name,
            folder,
            recording: read_journal(&folder.join("evidence"))?,
        });
    }
    // The same parts give the same file, in whatever order they are named.
    sources.sort_by(|a, b| {
        let key = |source: &Source<'_>| {
            (
                source.recording.facts.started_unix_ms,
                source.recording.facts.planned.clone(),
            )
        };
        key(a).cmp(&key(b))
    });
    let repeated = is_repetition(&sources);
    let reasons = reasons_against(corpus, &sources, repeated);
    if !reasons.is_empty() {
        return Err(MergeError::Apart(reasons));
    }
    let Some(facts) = merged_facts(corpus, &sources, repeated) else {
        return Err(MergeError::Apart(vec!["there is nothing to merge".into()]));
    };
    write(&sources, &facts, out)
}

/// Whether all of them carried out the same plan.
fn is_repetition(sources: &[Source<'_>]) -> bool {
    sources.len() > 1
        && sources
            .iter()
            .all(|source| source.recording.facts.planned == sources[0].recording.facts.planned)
}

fn reasons_against(corpus: &Corpus, sources: &[Source<'_>], repeated: bool) -> Vec<String> {
    let mut reasons = Vec::new();
    let Some(first) = sources.first() else {
        return reasons;
    };
    if first.recording.facts.corpus != corpus.digest {
        reasons.push(format!(
            "{}: recorded with corpus {}, this junkyo has {}; merge with the version that recorded",
            first.name,
            short(&first.recording.facts.corpus),
            short(&corpus.digest)
        ));
    }
    for other in &sources[1..] {
        let (one, two) = (&first.recording.facts, &other.recording.facts);
        // Which defects the reference platform has stands in its command only.
        let other_reference = one.target.is_empty() && one.repeat != two.repeat;
        if let Some(what) = differs(one, two).or_else(|| other_reference.then_some("command")) {
            reasons.push(format!("{} and {}: another {what}", first.name, other.name));
        }
    }
    for source in sources {
        let recording = &source.recording;
        if recording.facts.monitor {
            reasons.push(format!("{}: a recording of a monitor is no run", source.name));
        }
        if recording.facts.merged.is_some_and(|merged| merged.repeated) {
            reasons.push(format!("{}: it is made of several runs already", source.name));
        }
        if recording.truncated || recording.runs().any(|run| run.end != Some(RunEnd::Complete)) {
            reasons.push(format!(
                "{}: it did not come to its end; complete it with --rerun",
                source.name
            ));
        }
        if recording
            .runs()
            .any(|run| run.scenarios.values().any(|evidence| evidence.withheld > 0))
        {
            reasons.push(format!("{}: evidence was withheld from it", source.name));
        }
    }
    for pair in sources.windows(2) {
        // They are in the order of their starts.
        if repeated && pair[0].recording.facts.started_unix_ms == pair[1].recording.facts.started_unix_ms {
            reasons.push(format!(
                "{} and {}: the same recording twice",
                pair[0].name, pair[1].name
            ));
        }
    }
    if !repeated {
        let mut known: HashMap<&str, &str> = HashMap::new();
        for source in sources {
            let twice = source
                .recording
                .facts
                .planned
                .iter()
                .find_map(|id| known.get(id.as_str()).map(|name| (id, *name)));
            if let Some((id, name)) = twice {
                reasons.push(format!("{name} and {}: scenario {id} is in both", source.name));
            }
            known.extend(
                source
                    .recording
                    .facts
                    .planned
                    .iter()
                    .map(|id| (id.as_str(), source.name)),
            );
        }
    }
    reasons
}

fn short(digest: &str) -> &str {
    digest.get(..12).unwrap_or(digest)
}

fn merged_facts(corpus: &Corpus, sources: &[Source<'_>], repeated: bool) -> Option<RunFacts> {
    let first = &sources.first()?.recording.facts;
    let planned: HashSet<&str> = sources
        .iter()
        .flat_map(|source| source.recording.facts.planned.iter().map(String::as_str))
        .collect();
    let selection = Selection {
        profiles: first.profiles.clone(),
        ..Selection::default()
    };
    let whole = Plan::new(corpus, &selection).ok()?;
    let in_order = corpus
        .scenarios
        .iter()
        .filter(|scenario| planned.contains(&*scenario.id));
    Some(RunFacts {
        partial: whole.scenarios.iter().any(|scenario| !planned.contains(&*scenario.id)),
        planned: in_order.map(|scenario| scenario.id.to_string()).collect(),
        merged: Some(MergedFacts {
            parts: sources.iter().map(|source| source.recording.runs().count()).sum(),
            repeated,
        }),
        ..first.clone()
    })
}

fn write(sources: &[Source<'_>], facts: &RunFacts, out: &Path) -> Result<(), MergeError> {
    let io_error = |path: &Path| {
        let path = path.to_owned();
        move |source| MergeError::Io { path, source }
    };
    let evidence = out.join("evidence");
    let blobs = evidence.join("blobs");
    if blobs.is_dir() {
        fs::remove_dir_all(&blobs).map_err(io_error(&blobs))?;
    }
    fs::create_dir_all(&evidence).map_err(io_error(&evidence))?;
    let path = evidence.join("journal.jsonl");
    let mut journal = BufWriter::new(File::create(&path).map_err(io_error(&path))?);
    let head = serde_json::to_vec(&Record::Run(Box::new(facts.clone()))).map_err(io::Error::from);
    head.and_then(|head| journal.write_all(&head))
        .and_then(|()| journal.write_all(b"\n"))
        .map_err(io_error(&path))?;
    for source in sources {
        let from = source.folder.join("evidence/journal.jsonl");
        let mut lines = BufReader::new(File::open(&from).map_err(io_error(&from))?);
        if !source.recording.parts.is_empty() {
            // Its own head is replaced by ours.
            lines.skip_until(b'\n').map_err(io_error(&from))?;
        }
        io::copy(&mut lines, &mut journal).map_err(io_error(&path))?;
        copy_payloads(&source.folder.join("evidence/blobs"), &blobs).map_err(io_error(&blobs))?;
    }
    journal.flush().map_err(io_error(&path))?;
    let target = sources.first().map(|source| source.folder.join("target.toml"));
    match target.filter(|target| target.is_file()) {
        Some(target) => fs::copy(&target, out.join("target.toml"))
            .map(|_| ())
            .map_err(io_error(&target)),
        None => Ok(()),
    }
}

fn copy_payloads(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(to)?;
    let names: BTreeSet<_> = fs::read_dir(from)?
        .filter_map(|entry| Some(entry.ok()?.file_name()))
        .collect();
    for name in names {
        let path = to.join(&name);
        if !path.exists() {
            fs::copy(from.join(&name), path)?;
        }
    }
    Ok(())
}
