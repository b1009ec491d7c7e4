//! Where evidence goes while a scenario runs: masked, into the journal at once, and kept for judging.

use std::sync::{Arc, Mutex, PoisonError};

use crate::evidence::{
    Blocked, Exchange, Journal, JournalError, Masker, Note, RealLooking, Record, RunEnd, RunFacts, ScenarioEvidence,
    Side, guard,
};

/// Shared by all scenarios of a run.
pub(super) struct Recorder {
    journal: Option<Mutex<Journal>>,
    /// The first failure to write: the run ends on it, since evidence would be lost.
    failed: Mutex<Option<JournalError>>,
    pub(super) masker: Masker,
    /// Whether numbers that look like those of real people are masked.
    masks_people: bool,
}

impl Recorder {
    pub(super) fn new(journal: Option<Journal>, salt: [u8; 32], facts: &RunFacts) -> Self {
        Self {
            journal: journal.map(Mutex::new),
            failed: Mutex::new(None),
            masker: Masker::new(salt),
            masks_people: facts.real_looking_data.is_none(),
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

    /// A note without secrets. Masks are letters and digits, so what is JSON stays JSON.
    fn masked(&self, note: Note) -> (Note, Vec<RealLooking>) {
        let Ok(bytes) = serde_json::to_vec(&note) else {
            return (note, Vec::new());
        };
        let mut bytes = self.masker.apply(bytes);
        let seen = guard(&mut bytes, Side::Note, self.masks_people);
        (serde_json::from_slice(&bytes).unwrap_or(note), seen)
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
    /// Records an exchange; secrets, and numbers of people who may be real, are masked first.
    pub(super) fn exchange(&self, mut exchange: Exchange) {
        let recorder = &self.recorder;
        exchange.request = recorder.masker.apply(exchange.request);
        exchange.response = recorder.masker.apply(exchange.response);
        let mut seen = guard(&mut exchange.request, Side::Request, recorder.masks_people);
        seen.extend(guard(&mut exchange.response, Side::Response, recorder.masks_people));
        let mut evidence = self.lock();
        recorder.write(|journal| journal.exchange(&mut evidence, &exchange, &seen));
        evidence.real_looking.extend(seen);
        evidence.exchanges.push(exchange);
    }

    /// Records something beside the exchanges; masked as they are.
    pub(super) fn note(&self, note: Note) {
        let (note, seen) = self.recorder.masked(note);
        let mut evidence = self.lock();
        self.recorder.write(|journal| journal.note(&mut evidence, &note, &seen));
        evidence.real_looking.extend(seen);
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
