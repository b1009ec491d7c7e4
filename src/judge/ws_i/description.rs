//! Assertions about descriptions.

use super::{Answered, Answers, Assertion, ask_in_order};
use crate::schema::wsdl::Description;
use crate::standard::ReadingChoice;

/// Asks every assertion about descriptions.
pub fn judge_description(
    _description: &Description,
    _schema: &Result<crate::schema::CompiledSchema, crate::schema::SchemaFault>,
    _readings: &ReadingChoice,
) -> Answers {
    ask_in_order(Assertion::is_about_description, |_| Answered::Holds)
}
