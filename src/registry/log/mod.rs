//! The writer of the transparency log: entries in the transaction of what they are about, published as static files.
//!
//! The order of steps is that of the reference (signing.md 5.1): entry and event in one transaction, tiles, checkpoint
//! signed and kept, witnesses, checkpoint published. Each step can be done again with the same result, so after a crash
//! the next publication goes on wherever the last one stopped. What must never happen is two roots for one size: that is
//! the fork of a log, and nobody would believe it any more. So the database keeps every size that was signed once, and
//! nothing is signed while the published checkpoint, a witness, or an entry says something else than the database.

mod check;
mod edge;
mod error;
mod folder;
#[cfg(test)]
pub(in crate::registry) mod tests;
mod writer;

pub use check::LogCheck;
pub use error::LogError;
pub use folder::{LogFile, LogFolder, statement_path};
pub use writer::{LogConfig, LogWriter, Step, WitnessPeer};
