//! Floor 2: what was recorded: exchanges with their exact bytes, and the journal that keeps them.

mod exchange;
mod facts;
mod guard;
mod journal;
mod mask;
mod payload;
mod read;

pub use exchange::{
    Blocked, Channel, DescriptionFiles, Exchange, Fault, Initiator, NOT_APPLICABLE, Note, ScenarioEvidence, TlsFacts,
};
pub use facts::{ChallengeFacts, FilePlaceFacts, MergedFacts, RunEnd, RunFacts};
pub use guard::{PersonalNumber, RealLooking, Side, first_line, guard};
pub use journal::{Journal, JournalError, Record};
pub use mask::Masker;
pub use payload::{BlobStore, Payload};
pub use read::{Recording, read_journal, read_journal_without};
