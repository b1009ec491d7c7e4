//! Reading a journal back.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;

use super::journal::{ExchangeRecord, FORMAT, JOURNAL, JournalError, Record};
use super::payload::{BlobStore, Payload};
use super::{Exchange, RunEnd, RunFacts, ScenarioEvidence};

/// A journal, read back.
#[derive(Debug, Default)]
pub struct Recording {
    /// The facts of the run.
    pub facts: RunFacts,
    /// The last attempt at each scenario.
    pub scenarios: HashMap<Arc<str>, ScenarioEvidence>,
    /// Whether the last line was cut off.
    pub truncated: bool,
    /// How the run ended; absent where it was killed.
    pub end: Option<RunEnd>,
    /// Of a merged one: what it was put together of. Then it has no scenarios of its own.
    pub parts: Vec<Self>,
}

impl Recording {
    /// The evidence of a scenario that came to its end.
    pub fn finished(&self, id: &str) -> Option<&ScenarioEvidence> {
        self.scenarios.get(id).filter(|evidence| evidence.finished)
    }

    /// The recordings of single runs: itself, or its parts.
    pub fn runs(&self) -> impl Iterator<Item = &Self> {
        let own = self.parts.is_empty().then_some(self);
        own.into_iter().chain(&self.parts)
    }
}

/// Reads a journal, whole or cut off by a kill.
///
/// # Errors
/// When the file cannot be read or a line in the middle is damaged.
pub fn read_journal(evidence: &Path) -> Result<Recording, JournalError> {
    read_journal_without(evidence, &BTreeSet::new())
}

/// The same, of which some payloads were withheld.
///
/// # Errors
/// As [`read_journal`].
pub fn read_journal_without(evidence: &Path, withheld: &BTreeSet<String>) -> Result<Recording, JournalError> {
    let path = evidence.join(JOURNAL);
    let read_error = |source| JournalError::Read {
        path: path.clone(),
        source,
    };
    let blobs = BlobStore::below(evidence);
    let mut reader = BufReader::new(File::open(&path).map_err(read_error)?);
    let mut runs: Vec<Run> = Vec::new();
    let mut truncated = false;
    let mut line = String::new();
    for number in 1.. {
        line.clear();
        let read = reader.read_line(&mut line);
        if matches!(read, Ok(0)) {
            break;
        }
        // A line without its end was cut off by a kill, even if what is there can be read: going on with the journal
        // drops it too.
        if !line.ends_with('\n') {
            truncated = true;
            break;
        }
        let record = read
            .map_err(|error| error.to_string())
            .and_then(|_| serde_json::from_str(&line).map_err(|error| error.to_string()));
        let record: Record = record.map_err(|detail| JournalError::Line {
            path: path.clone(),
            line: number,
            detail,
        })?;
        match (record, runs.last_mut()) {
            (Record::Run(facts), _) if facts.format != FORMAT => {
                let format = facts.format;
                return Err(JournalError::Format { path, format });
            }
            (Record::Run(facts), _) => runs.push(Run::of(*facts)),
            (_, None) => return Err(JournalError::NoFacts { path }),
            (record, Some(run)) => run.take(record, &blobs, withheld).map_err(read_error)?,
        }
    }
    let mut recordings = runs.into_iter().map(Run::end);
    let first = recordings.next().ok_or(JournalError::NoFacts { path })?;
    Ok(Recording {
        truncated,
        parts: recordings.collect(),
        ..first
    })
}

/// A run, while its records are read.
struct Run {
    facts: RunFacts,
    end: Option<RunEnd>,
    open: BTreeMap<(Arc<str>, u32), ScenarioEvidence>,
    ended: HashMap<Arc<str>, ScenarioEvidence>,
}

impl Run {
    fn of(facts: RunFacts) -> Self {
        Self {
            facts,
            end: None,
            open: BTreeMap::new(),
            ended: HashMap::new(),
        }
    }

    fn take(&mut self, record: Record, blobs: &BlobStore, withheld: &BTreeSet<String>) -> io::Result<()> {
        match record {
            Record::Run(_) => {}
            Record::Begin { scenario, attempt } => {
                self.attempt(&scenario, attempt);
            }
            Record::Note {
                scenario,
                attempt,
                note,
                salt,
                real_looking,
            } => {
                let evidence = self.attempt(&scenario, attempt);
                evidence.mix_salt(&salt);
                evidence.real_looking.extend(real_looking);
                evidence.notes.push(note);
            }
            Record::Exchange(exchange) => {
                let evidence = self.attempt(&exchange.scenario, exchange.attempt);
                evidence.mix_salt(&exchange.salt);
                evidence.real_looking.extend(exchange.real_looking.iter().cloned());
                if exchange.needs(withheld) {
                    evidence.withheld += 1;
                } else {
                    evidence.exchanges.push(exchange.restore(blobs)?);
                }
            }
            Record::End {
                scenario,
                attempt,
                blocked,
            } => {
                self.attempt(&scenario, attempt);
                if let Some(mut evidence) = self.open.remove(&(Arc::clone(&scenario), attempt)) {
                    evidence.blocked = blocked;
                    evidence.finished = true;
                    self.ended.insert(scenario, evidence);
                }
            }
            Record::Close { end } => self.end = Some(end),
            Record::Redacted {
                scenario: Some(scenario),
                ..
            } => {
                // It belongs to the attempt that is under way.
                let under_way = self.open.range((Arc::clone(&scenario), 0)..).next();
                let attempt = under_way.filter(|((id, _), _)| *id == scenario);
                let attempt = attempt.map_or(1, |((_, attempt), _)| *attempt);
                self.attempt(&scenario, attempt).withheld += 1;
            }
            Record::Redacted { scenario: None, .. } => {}
        }
        Ok(())
    }

    /// The evidence of an attempt under way.
    fn attempt(&mut self, scenario: &Arc<str>, attempt: u32) -> &mut ScenarioEvidence {
        let key = (Arc::clone(scenario), attempt);
        self.open.entry(key).or_insert_with(|| ScenarioEvidence {
            scenario: Arc::clone(scenario),
            attempt,
            ..ScenarioEvidence::default()
        })
    }

    fn end(self) -> Recording {
        // What was begun and not ended counts only where no attempt ever ended.
        let mut scenarios: HashMap<_, _> = self
            .open
            .into_values()
            .map(|left| (Arc::clone(&left.scenario), left))
            .collect();
        scenarios.extend(self.ended);
        Recording {
            facts: self.facts,
            scenarios,
            end: self.end,
            ..Recording::default()
        }
    }
}

impl ExchangeRecord {
    /// Whether one of its payloads was withheld.
    fn needs(&self, withheld: &BTreeSet<String>) -> bool {
        let is_withheld = |payload: &Payload| matches!(payload, Payload::Blob(name) if withheld.contains(name));
        is_withheld(&self.request) || is_withheld(&self.response)
    }

    fn restore(self, blobs: &BlobStore) -> io::Result<Exchange> {
        Ok(Exchange {
            step: self.step,
            index: self.index,
            channel: self.channel,
            initiator: self.initiator,
            started_us: self.started_us,
            elapsed_us: self.elapsed_us,
            connection: self.connection,
            peer: self.peer,
            tls: self.tls,
            request: blobs.get(&self.request)?,
            response: blobs.get(&self.response)?,
            fault: self.fault,
        })
    }
}
