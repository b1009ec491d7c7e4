//! Where evidence goes while a scenario runs: masked, into the journal at once, and kept for judging.

use std::sync::{Arc, Mutex, PoisonError};

use crate::evidence::{Blocked, Exchange, Journal, JournalError, Masker, Note, Record, RunEnd, ScenarioEvidence};

/// Shared by all scenarios of a run.
pub(super) struct Recorder {
    journal: Option<Mutex<Journal>>,
    /// The first failure to write: the run ends on it, since evidence would be lost.
    failed: Mutex<Option<JournalError>>,
    pub(super) masker: Masker,
}

impl Recorder {
    pub(super) fn new(journal: Option<Journal>, salt: [u8; 32]) -> Self {
        Self {
            journal: journal.map(Mutex::new),
            failed: Mutex::new(None),
            masker: Masker::new(salt),
        }
    }

    /// Begins an attempt at a scenario.
    pub(super) fn begin(self: &Arc<Self>, scenario: Arc<str>, attempt: u32) -> Attempt {
        self.write(|journal| {
            journal.append(&Record::Begin {
                scenario: Arc::clone(&scenario),
                attempt,
            })
        });
        Attempt {
            recorder: Arc::clone(self),
            evidence: Mutex::new(ScenarioEvidence {
                scenario,
                attempt,
                ..ScenarioEvidence::default()
            }),
        }
    }

    /// Writes down how the run ended.
    pub(super) fn close(&self, end: RunEnd) {
        self.write(|journal| journal.append(&Record::Close { end }));
    }

    /// Why writing failed, if it did; told once.
    pub(super) fn take_failure(&self) -> Option<JournalError> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn write(&self, write: impl FnOnce(&mut Journal) -> Result<(), JournalError>) {
        let Some(journal) = &self.journal else {
            return;
        };
        let result = write(&mut journal.lock().unwrap_or_else(PoisonError::into_inner));
        if let Err(error) = result {
            self.failed
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get_or_insert(error);
        }
    }
}

/// One attempt at a scenario, being recorded.
pub(super) struct Attempt {
    recorder: Arc<Recorder>,
    evidence: Mutex<ScenarioEvidence>,
}

impl Attempt {
    /// Records an exchange; secrets are masked first.
    pub(super) fn exchange(&self, mut exchange: Exchange) {
        exchange.request = self.recorder.masker.apply(exchange.request);
        exchange.response = self.recorder.masker.apply(exchange.response);
        let mut evidence = self.lock();
        self.recorder
            .write(|journal| journal.exchange(&mut evidence, &exchange));
        evidence.exchanges.push(exchange);
    }

    /// Records something beside the exchanges.
    pub(super) fn note(&self, note: Note) {
        let mut evidence = self.lock();
        self.recorder.write(|journal| journal.note(&mut evidence, &note));
        evidence.notes.push(note);
    }

    /// Ends the attempt and hands out what was recorded.
    pub(super) fn end(self, blocked: Option<Blocked>) -> ScenarioEvidence {
        let mut evidence = self.evidence.into_inner().unwrap_or_else(PoisonError::into_inner);
        self.recorder.write(|journal| {
            journal.append(&Record::End {
                scenario: Arc::clone(&evidence.scenario),
                attempt: evidence.attempt,
                blocked: blocked.clone(),
            })
        });
        evidence.blocked = blocked;
        evidence.finished = true;
        evidence
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, ScenarioEvidence> {
        self.evidence.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
