//! Floor 2: what was recorded: exchanges with their exact bytes, and the journal that keeps them.

mod exchange;
mod journal;
mod mask;
mod payload;

pub use exchange::{
    Blocked, Channel, DescriptionFiles, Exchange, Fault, Initiator, NOT_APPLICABLE, Note, ScenarioEvidence, TlsFacts,
};
pub use journal::{
    ChallengeFacts, FilePlaceFacts, Journal, JournalError, Record, Recording, RunEnd, RunFacts, read_journal,
    read_journal_without,
};
pub use mask::Masker;
pub use payload::{BlobStore, Payload};
