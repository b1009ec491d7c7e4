//! The journal: one JSON record a line, appended as things happen, readable after a kill -9.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::payload::{BlobStore, Payload};
use super::{Blocked, Channel, DescriptionFiles, Exchange, Fault, Initiator, Note, ScenarioEvidence, TlsFacts};
use crate::standard::ReadingChoice;
use crate::text::hex;

/// Name of the journal inside an evidence folder.
pub(super) const JOURNAL: &str = "journal.jsonl";

/// Version of the record format.
const FORMAT: u32 = 1;

/// Why a journal could not be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum JournalError {
    /// Writing failed, e.g. because the disk is full.
    #[error("cannot write evidence to {path}: {source}; what was recorded before is safe")]
    Write {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Reading failed.
    #[error("cannot read evidence from {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A line in the middle is no record.
    #[error("{path}:{line}: not a record of this journal format: {detail}")]
    Line {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// What was wrong.
        detail: String,
    },
    /// Another version of the format.
    #[error("{path} has journal format {format}, this junkyo reads {FORMAT}; use the version that recorded it")]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: u32,
    },
    /// The journal does not begin with the facts of a run.
    #[error("{path} does not begin with the facts of a run; it is no journal of junkyo")]
    NoFacts {
        /// The file.
        path: PathBuf,
    },
}

/// Facts about the place for files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default)]
pub struct FilePlaceFacts {
    /// The place, in words.
    pub place: String,
    /// Whether files cross the network encrypted; absent where they cross none.
    pub encrypted: Option<bool>,
}

/// The challenge of a registry that a run answers.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ChallengeFacts {
    /// Its id at the registry.
    pub id: String,
    /// Its nonce, base64.
    pub nonce: String,
}

impl ChallengeFacts {
    /// The seed of a run that answers it: the first 53 bits that SHA-256 of the nonce can give as a number that JSON
    /// keeps exactly. So nobody knows the data of the test before the challenge is given.
    pub fn seed(&self) -> u64 {
        let nonce = STANDARD
            .decode(&self.nonce)
            .unwrap_or_else(|_| self.nonce.clone().into_bytes());
        let digest = Sha256::digest(&nonce);
        let first = digest.iter().take(8).fold(0, |seed, byte| seed << 8 | u64::from(*byte));
        first & ((1 << 53) - 1)
    }
}

/// How a run ended.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunEnd {
    /// Every planned scenario was carried out.
    Complete,
    /// Somebody interrupted it.
    Interrupted,
    /// The product was out of reach again and again.
    Unreachable,
}

/// What judging has to know of a run besides the exchanges. Everything a verdict depends on is here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", default)]
pub struct RunFacts {
    /// Version of the record format.
    pub format: u32,
    /// Version of junkyo.
    pub tool: String,
    /// SHA-256 of the corpus.
    pub corpus: String,
    /// SHA-256 of the target file; empty for the reference platform.
    pub target: String,
    /// Start of the run, Unix milliseconds.
    pub started_unix_ms: u64,
    /// Seed of the synthetic data.
    pub seed: u64,
    /// 市区町村コード of the municipality under test.
    pub municipality: String,
    /// 宛名番号 of residents.
    pub residents: Vec<String>,
    /// Vendor, name and version of the product.
    pub product: BTreeMap<String, String>,
    /// Profiles claimed and selected.
    pub profiles: Vec<String>,
    /// Ids of the scenarios that were planned.
    pub planned: Vec<String>,
    /// Whether the plan is the whole of the profiles, or a selection.
    pub partial: bool,
    /// Options of the readings.
    pub readings: ReadingChoice,
    /// Driver actions that the product offers.
    pub offers: Vec<String>,
    /// Client id that the harness gives to a consumer product.
    pub consumer_client_id: String,
    /// Secret that the harness gives to a consumer product; made for the test, no secret of anyone.
    pub consumer_client_secret: String,
    /// Client id that the harness uses towards a provider product.
    pub client_id: String,
    /// Milliseconds that a consumer product is told to wait before it sends again.
    pub retry_wait_ms: u64,
    /// Length of the client secret that the harness uses, in characters.
    pub client_secret_length: usize,
    /// Descriptions of the SOAP services that were agreed on, by interface id: messages are judged against these.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub descriptions: BTreeMap<String, DescriptionFiles>,
    /// Certificates (PEM) that signatures of the product have to lead to.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub signature_authorities: String,
    /// Where files are laid down, in words, and whether they cross the network encrypted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<FilePlaceFacts>,
    /// The exchanges are traffic between two systems that a monitor recorded: there is no end but that of the recording.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub monitor: bool,
    /// The command that repeats the run, without a filter; reports name it where something did not pass.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub repeat: String,
    /// The challenge of a registry that the run answers; the seed follows from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub challenge: Option<ChallengeFacts>,
    /// Why data that look like those of real people may be recorded; absent: they may not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub real_looking_data: Option<String>,
    /// Time limits of checks are this part of what they say. Only the reference platform, which
    /// lives faster than a product, has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time_scale: Option<f64>,
}

/// One line of the journal.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "record", rename_all = "kebab-case")]
pub enum Record {
    /// First line: the facts of the run.
    Run(Box<RunFacts>),
    /// A scenario begins.
    Begin {
        /// Scenario.
        scenario: Arc<str>,
        /// Attempt.
        attempt: u32,
    },
    /// An exchange of a scenario.
    Exchange(Box<ExchangeRecord>),
    /// Something beside the exchanges.
    Note {
        /// Scenario.
        scenario: Arc<str>,
        /// Attempt.
        attempt: u32,
        /// The note.
        note: Note,
        /// See [`ExchangeRecord`].
        #[serde(default, skip_serializing_if = "String::is_empty")]
        salt: String,
    },
    /// A scenario came to its end.
    End {
        /// Scenario.
        scenario: Arc<str>,
        /// Attempt.
        attempt: u32,
        /// Why it was cut short.
        blocked: Option<Blocked>,
    },
    /// The run came to its end; where it was gone on with, once more.
    Close {
        /// How.
        end: RunEnd,
    },
    /// Stands where a record was withheld after the run.
    Redacted {
        /// RFC 6962 leaf hash of the record, without its line feed.
        leaf: String,
        /// Why it was withheld.
        reason: String,
        /// The scenario that it belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scenario: Option<Arc<str>>,
        /// The word in `record` of what was there.
        was: String,
    },
}

/// An exchange as it stands in the journal.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ExchangeRecord {
    scenario: Arc<str>,
    attempt: u32,
    step: Arc<str>,
    index: u32,
    channel: Channel,
    initiator: Initiator,
    started_us: u64,
    elapsed_us: u64,
    connection: u64,
    peer: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tls: Option<TlsFacts>,
    request: Payload,
    response: Payload,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fault: Option<Fault>,
    /// 128 random bits: from the hash of a record that was withheld nobody can find out what it said by trying.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    salt: String,
}

/// Writes a journal.
pub struct Journal {
    path: PathBuf,
    file: File,
    blobs: BlobStore,
    line: Vec<u8>,
}

impl Journal {
    /// Starts a journal in an evidence folder; an old one there is removed.
    ///
    /// # Errors
    /// When the folder or the file cannot be written.
    pub fn create(evidence: &Path, facts: RunFacts) -> Result<Self, JournalError> {
        let path = evidence.join(JOURNAL);
        let write_error = |source| JournalError::Write {
            path: path.clone(),
            source,
        };
        std::fs::create_dir_all(evidence).map_err(write_error)?;
        let blobs = evidence.join("blobs");
        if blobs.is_dir() {
            std::fs::remove_dir_all(&blobs).map_err(write_error)?;
        }
        let file = File::create(&path).map_err(write_error)?;
        let mut journal = Self {
            path,
            file,
            blobs: BlobStore::below(evidence),
            line: Vec::new(),
        };
        let facts = RunFacts {
            format: FORMAT,
            ..facts
        };
        journal.append(&Record::Run(Box::new(facts)))?;
        Ok(journal)
    }

    /// Goes on with a journal. A last line that a kill cut off is ended, so that what follows
    /// stands on lines of its own.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn reopen(evidence: &Path) -> Result<Self, JournalError> {
        let path = evidence.join(JOURNAL);
        let write_error = |source| JournalError::Write {
            path: path.clone(),
            source,
        };
        let whole = std::fs::read(&path).map_err(write_error)?;
        let keep = whole.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let file = OpenOptions::new().append(true).open(&path).map_err(write_error)?;
        file.set_len(keep as u64).map_err(write_error)?;
        Ok(Self {
            path,
            file,
            blobs: BlobStore::below(evidence),
            line: Vec::new(),
        })
    }

    /// Writes an exchange of a scenario as soon as it is over, and its salt into `evidence`.
    ///
    /// # Errors
    /// When the disk refuses; records written before stay.
    pub fn exchange(&mut self, evidence: &mut ScenarioEvidence, exchange: &Exchange) -> Result<(), JournalError> {
        let salt = self.fresh_salt()?;
        evidence.mix_salt(&salt);
        let record = self.record_of(evidence, exchange, salt)?;
        self.append(&Record::Exchange(Box::new(record)))
    }

    /// Writes a note of a scenario, and its salt into `evidence`.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn note(&mut self, evidence: &mut ScenarioEvidence, note: &Note) -> Result<(), JournalError> {
        let salt = self.fresh_salt()?;
        evidence.mix_salt(&salt);
        self.append(&Record::Note {
            scenario: Arc::clone(&evidence.scenario),
            attempt: evidence.attempt,
            note: note.clone(),
            salt,
        })
    }

    fn fresh_salt(&self) -> Result<String, JournalError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|error| JournalError::Write {
            path: self.path.clone(),
            source: io::Error::other(format!("the system gives no random numbers: {error}")),
        })?;
        Ok(hex(&bytes))
    }

    /// Writes one record.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn append(&mut self, record: &Record) -> Result<(), JournalError> {
        self.line.clear();
        let written = serde_json::to_writer(&mut self.line, record)
            .map_err(io::Error::from)
            .and_then(|()| {
                self.line.push(b'\n');
                self.file.write_all(&self.line)
            });
        written.map_err(|source| JournalError::Write {
            path: self.path.clone(),
            source,
        })
    }

    fn record_of(
        &self,
        evidence: &ScenarioEvidence,
        exchange: &Exchange,
        salt: String,
    ) -> Result<ExchangeRecord, JournalError> {
        let store = |bytes: &[u8]| {
            self.blobs.put(bytes).map_err(|source| JournalError::Write {
                path: self.path.clone(),
                source,
            })
        };
        Ok(ExchangeRecord {
            scenario: Arc::clone(&evidence.scenario),
            attempt: evidence.attempt,
            step: Arc::clone(&exchange.step),
            index: exchange.index,
            channel: exchange.channel,
            initiator: exchange.initiator,
            started_us: exchange.started_us,
            elapsed_us: exchange.elapsed_us,
            connection: exchange.connection,
            peer: exchange.peer.clone(),
            tls: exchange.tls.clone(),
            request: store(&exchange.request)?,
            response: store(&exchange.response)?,
            fault: exchange.fault.clone(),
            salt,
        })
    }
}

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
}

impl Recording {
    /// The evidence of a scenario that came to its end.
    pub fn finished(&self, id: &str) -> Option<&ScenarioEvidence> {
        self.scenarios.get(id).filter(|evidence| evidence.finished)
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
    let mut facts = None;
    let mut truncated = false;
    let mut end = None;
    let mut open: BTreeMap<(Arc<str>, u32), ScenarioEvidence> = BTreeMap::new();
    let mut ended: HashMap<Arc<str>, ScenarioEvidence> = HashMap::new();
    let mut line = String::new();
    for number in 1.. {
        line.clear();
        let read = reader.read_line(&mut line);
        if matches!(read, Ok(0)) {
            break;
        }
        let cut = !line.ends_with('\n');
        let record = read
            .map_err(|error| error.to_string())
            .and_then(|_| serde_json::from_str(&line).map_err(|error| error.to_string()));
        let record: Record = match record {
            // A line without its end was cut off by a kill, even if what is there can be read:
            // going on with the journal drops it too.
            _ if cut => {
                truncated = true;
                break;
            }
            Ok(record) => record,
            Err(detail) => {
                return Err(JournalError::Line {
                    path,
                    line: number,
                    detail,
                });
            }
        };
        let evidence = match record {
            Record::Run(run) if run.format != FORMAT => {
                return Err(JournalError::Format {
                    path,
                    format: run.format,
                });
            }
            Record::Run(run) => {
                facts.get_or_insert(*run);
                continue;
            }
            Record::Begin { scenario, attempt } => of_scenario(&mut open, &scenario, attempt),
            Record::Note {
                scenario,
                attempt,
                note,
                salt,
            } => {
                let mut evidence = of_scenario(&mut open, &scenario, attempt);
                evidence.mix_salt(&salt);
                evidence.notes.push(note);
                evidence
            }
            Record::Exchange(exchange) => {
                let mut evidence = of_scenario(&mut open, &exchange.scenario, exchange.attempt);
                evidence.mix_salt(&exchange.salt);
                if exchange.needs(withheld) {
                    evidence.withheld += 1;
                } else {
                    evidence.exchanges.push(exchange.restore(&blobs).map_err(read_error)?);
                }
                evidence
            }
            Record::Close { end: how } => {
                end = Some(how);
                continue;
            }
            Record::Redacted { scenario, .. } => {
                let Some(scenario) = scenario else {
                    continue;
                };
                // It belongs to the attempt that is under way.
                let under_way = open.range((Arc::clone(&scenario), 0)..).next();
                let attempt = under_way
                    .filter(|((id, _), _)| *id == scenario)
                    .map_or(1, |((_, attempt), _)| *attempt);
                let mut evidence = of_scenario(&mut open, &scenario, attempt);
                evidence.withheld += 1;
                evidence
            }
            Record::End {
                scenario,
                attempt,
                blocked,
            } => {
                let mut evidence = of_scenario(&mut open, &scenario, attempt);
                evidence.blocked = blocked;
                evidence.finished = true;
                ended.insert(Arc::clone(&evidence.scenario), evidence);
                continue;
            }
        };
        open.insert((Arc::clone(&evidence.scenario), evidence.attempt), evidence);
    }
    // What was begun and not ended counts only where no attempt ever ended.
    let mut scenarios: HashMap<_, _> = open
        .into_values()
        .map(|left| (Arc::clone(&left.scenario), left))
        .collect();
    scenarios.extend(ended);
    Ok(Recording {
        facts: facts.ok_or(JournalError::NoFacts { path })?,
        scenarios,
        truncated,
        end,
    })
}

/// The evidence of an attempt under way, taken out.
fn of_scenario(
    open: &mut BTreeMap<(Arc<str>, u32), ScenarioEvidence>,
    scenario: &Arc<str>,
    attempt: u32,
) -> ScenarioEvidence {
    let known = open.remove(&(Arc::clone(scenario), attempt));
    known.unwrap_or_else(|| ScenarioEvidence {
        scenario: Arc::clone(scenario),
        attempt,
        ..ScenarioEvidence::default()
    })
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
