//! What validation finds.

use std::ops::Range;

use crate::text::Text;
use crate::xml::Position;

/// One violation of a schema.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SchemaError {
    /// Rule of XML Schema 1.0 Part 1 or 2 that is broken, such as `cvc-enumeration-valid`.
    pub code: String,
    /// What is wrong, both languages.
    pub message: Text,
    /// What the schema allows here, if that can be said.
    pub expected: Option<Text>,
    /// Path of the element or attribute, as [`crate::xml::Element::path`] writes it.
    pub path: String,
    /// Where it begins.
    pub at: Position,
    /// Its bytes in the document's text.
    pub range: Range<usize>,
}
