//! Floor 2: SOAP 1.1 envelopes: writing and reading them, WS-Addressing 1.0 and WS-Security 1.0.
//!
//! Writing makes text, so that a peer of ours can send exactly what it means to, also what is wrong. Reading looks at
//! the tree of [`crate::xml`] and never decides anything by an id alone. All rules are pure: the time is a parameter.

pub mod addressing;
mod fault;
mod read;
pub mod security;
mod violation;
mod write;

pub use crate::xml::{escape_attribute, escape_text};
pub use fault::{Fault, FaultCode, QualifiedName};
pub use read::{FaultView, HeaderBlock, Message, NotSoap, SoapVersion, same_content, self_contained};
pub use violation::{Charset, Edit, EditFault, Message as EditableMessage, MessageKind, Violation};
pub use write::{Encoding, Envelope, http_body};

/// Namespace of SOAP 1.1 envelopes.
pub const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";
/// Namespace of SOAP 1.2 envelopes.
pub const ENVELOPE_12: &str = "http://www.w3.org/2003/05/soap-envelope";
/// The SOAP 1.1 actor that every node plays (SOAP 1.1 clause 4.2.2).
pub const ACTOR_NEXT: &str = "http://schemas.xmlsoap.org/soap/actor/next";
/// The SOAP 1.2 role that every node plays (SOAP 1.2 part 1 clause 2.2).
pub const ROLE_NEXT: &str = "http://www.w3.org/2003/05/soap-envelope/role/next";
/// The SOAP 1.2 role of the last node.
pub const ROLE_ULTIMATE: &str = "http://www.w3.org/2003/05/soap-envelope/role/ultimateReceiver";

#[cfg(test)]
mod tests;
