//! Floor 1: scenarios as typed values: what is done (steps) and what is asked about it (checks);
//! families generated from interface tables; the corpus as a whole; selection.

mod act;
mod act_soap;
mod act_unit;
pub mod check;
mod check_names;
mod check_rules;
mod corpus;
mod error;
mod family;
mod file;
mod filter;
mod lint;
mod model;
mod unit_checks;
mod unit_family;
mod unit_file_values;
mod unit_files;
mod units;

pub use act::{
    Act, Assertion, Call, ClientAuth, Consume, DriverAct, Http, HttpVersion, Introspect, Key, Persons, Reply, TlsProbe,
    Token, TokenPlace, TokenUse, Trust, Wait,
};
pub use act_soap::{
    AddressingAct, Attack, Describe, Encoding, Observe, ReplyKind, SecurityAct, SignedBy, Soap, SoapConsume, SoapReply,
    TextEdit, TimestampUse,
};
pub use act_unit::{Deliver, FileDeposit, FileExport, MarkerUse};
pub use check::{Check, Message, check_docs};
pub use check_names::CheckDoc;
pub use check_rules::{AddressingRule, FileRule, Place, SecurityRule};
pub use corpus::{Corpus, CoverageRow};
pub use error::CorpusError;
pub(crate) use error::did_you_mean;
pub use file::{ExpectationFile, FamilyFile, ScenarioFile};
pub use filter::{Filter, FilterError};
pub use lint::{lint, lock_text};
pub use model::{CheckSpec, ReadingCase, Scenario, Step};
