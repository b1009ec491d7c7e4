//! The journal: one JSON record a line, appended as things happen, readable after a kill -9.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::payload::{BlobStore, Payload};
use super::{
    Blocked, Channel, Exchange, Fault, Initiator, Note, RealLooking, RunEnd, RunFacts, ScenarioEvidence, TlsFacts,
};
use crate::text::hex;

/// Name of the journal inside an evidence folder.
pub(super) const JOURNAL: &str = "journal.jsonl";

/// Version of the record format.
pub(super) const FORMAT: u32 = 1;

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
        /// See the record of an exchange.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        salt: String,
        /// See the record of an exchange.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        real_looking: Vec<RealLooking>,
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
    pub(super) scenario: Arc<str>,
    pub(super) attempt: u32,
    pub(super) step: Arc<str>,
    pub(super) index: u32,
    pub(super) channel: Channel,
    pub(super) initiator: Initiator,
    pub(super) started_us: u64,
    pub(super) elapsed_us: u64,
    pub(super) connection: u64,
    pub(super) peer: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) tls: Option<TlsFacts>,
    pub(super) request: Payload,
    pub(super) response: Payload,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) fault: Option<Fault>,
    /// 128 random bits: from the hash of a record that was withheld nobody can find out what it said by trying.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) salt: String,
    /// Numbers of people who may be real; masked, unless the target file allows them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) real_looking: Vec<RealLooking>,
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
    pub fn exchange(
        &mut self,
        evidence: &mut ScenarioEvidence,
        exchange: &Exchange,
        real_looking: &[RealLooking],
    ) -> Result<(), JournalError> {
        let salt = self.fresh_salt()?;
        evidence.mix_salt(&salt);
        let mut record = self.record_of(evidence, exchange, salt)?;
        record.real_looking = real_looking.to_vec();
        self.append(&Record::Exchange(Box::new(record)))
    }

    /// Writes a note of a scenario, and its salt into `evidence`.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn note(
        &mut self,
        evidence: &mut ScenarioEvidence,
        note: &Note,
        real_looking: &[RealLooking],
    ) -> Result<(), JournalError> {
        let salt = self.fresh_salt()?;
        evidence.mix_salt(&salt);
        self.append(&Record::Note {
            scenario: Arc::clone(&evidence.scenario),
            attempt: evidence.attempt,
            note: note.clone(),
            salt,
            real_looking: real_looking.to_vec(),
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
            real_looking: Vec::new(),
        })
    }
}
