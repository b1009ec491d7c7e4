//! Reading a description.

use super::{Description, DescriptionError};
use crate::schema::DocumentSet;

impl Description {
    /// Reads the description that a set of documents starts with.
    ///
    /// # Errors
    /// When its root document is no WSDL 1.1.
    pub fn read(_documents: DocumentSet) -> Result<Self, DescriptionError> {
        Err(DescriptionError {
            location: String::new(),
            at: crate::xml::Position::default(),
            message: crate::text::Text::default(),
        })
    }
}
