//! XML 1.0 with namespaces: a strict reader that keeps every place, and refuses what could harm it.
//!
//! Everything that junkyo says about an XML document has to name the line, the column and the path, has to be bounded in
//! time and memory whatever comes in, and must never fetch anything. So this room reads a document once into a flat
//! tree; WSDL, schema validation, SOAP checks and signatures all look at that tree.

mod encoding;
mod error;
mod escape;
mod limits;
mod names;
mod parse;
mod place;
#[cfg(test)]
mod tests;
mod tree;

pub use encoding::{ByteOrderMark, EncodingFacts, decode};
pub use error::{Position, XmlError, XmlFault};
pub use escape::{escape_attribute, escape_text};
pub use limits::{Doctype, Limits};
pub(crate) use names::is_ncname;
pub use parse::{parse, parse_bytes};
pub use place::{Excerpt, Place};
pub use tree::{Attribute, Declaration, Document, Element, Name, Namespace, Node, NodeKind};

/// Namespace of the `xml` prefix.
pub const XML_NAMESPACE: &str = "http://www.w3.org/XML/1998/namespace";
/// Namespace of namespace declarations.
pub const XMLNS_NAMESPACE: &str = "http://www.w3.org/2000/xmlns/";
