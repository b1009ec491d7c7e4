//! What can be done in the register, and by whom: one file a subject. Every operation asks who acts, writes an audit row,
//! and does all of its change in one transaction.

mod error;
mod input;
mod skeleton;

pub use error::{FieldError, ServiceError};
pub use input::{InterconnectionForm, Order, ProductForm, SignUp, TestChallengeForm, Upload, VersionForm, WaiverForm};
