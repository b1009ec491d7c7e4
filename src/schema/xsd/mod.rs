//! XML Schema 1.0: compiled sets and validation of elements of a parsed document.
//!
//! Schemas are compiled by the crate `xsd-schema`, which also judges; this room gives it documents from memory only,
//! drives it from our tree so that every error has a place, and says in two languages what is wrong.

mod compiled;
mod costs;
mod error;
mod expected;
mod messages;
mod recovery;
mod sources;
mod walk;

pub use compiled::{CompiledSchema, SchemaFault};
pub use error::SchemaError;
pub use sources::{DanglingReference, SchemaSource};

use crate::xml::{Element, Name};

/// What an element is validated against.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Against<'n> {
    /// The top-level declaration of its own name; an element without one is an error.
    Declaration,
    /// This top-level element declaration; an element of another name is an error.
    Element(Name<'n>),
    /// This type definition, whatever the element's name (an rpc/literal part accessor).
    Type(Name<'n>),
    /// Its declaration or the type that its `xsi:type` names, if there is one; otherwise only what inside it is
    /// declared.
    Lax,
}

/// A validator of XML Schema 1.0. Behind a trait, so that the fast engine can take its place where it applies.
pub trait SchemaEngine {
    /// The errors of an element and what is inside it, in document order, at most [`CompiledSchema::MAX_ERRORS`]; an
    /// empty list means valid.
    fn validate(&self, element: Element<'_>, against: Against<'_>) -> Vec<SchemaError>;
    /// Whether there is a top-level element declaration of this name.
    fn declares_element(&self, name: Name<'_>) -> bool;
    /// Whether there is a type definition of this name (built-in types included).
    fn defines_type(&self, name: Name<'_>) -> bool;
}
