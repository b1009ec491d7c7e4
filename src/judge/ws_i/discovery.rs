//! Assertions about UDDI documents.

use super::Answers;
use crate::xml::Document;

/// Asks the assertions about discovery of every tModel and bindingTemplate of a UDDI document.
pub fn judge_discovery(
    _document: &Document,
    _description: Option<&crate::schema::wsdl::Description>,
) -> Answers {
    Vec::new()
}
