//! What can be done in the register, and by whom: one file a subject. Every operation asks who acts, writes an audit row,
//! and does all of its change in one transaction.

mod act;
mod audit;
mod board;
mod challenges;
mod documents;
mod error;
mod events;
mod findings;
mod input;
mod keys;
mod notices;
mod products;
mod publish;
mod registrations;
mod review;
mod rfp;
mod row;
mod signed;
mod submissions;
mod suites;
#[cfg(test)]
mod tests;
mod vendors;
mod waivers;
mod work;

pub use board::BoardFilter;
pub use error::{FieldError, ServiceError};
pub use input::{InterconnectionForm, Order, ProductForm, SignUp, TestChallengeForm, Upload, VersionForm, WaiverForm};
pub use rfp::{ClauseDecision, SavedFile, SavedList};
pub use submissions::{RefusedBundle, SubmissionReceipt};
