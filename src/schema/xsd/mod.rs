//! XML Schema 1.0: compiled sets and validation of elements of a parsed document.

mod compiled;
mod error;

pub use compiled::{CompiledSchema, SchemaFault, SchemaSource};
pub use error::SchemaError;

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
    /// Its declaration if there is one; otherwise only what inside it is declared.
    Lax,
}

/// A validator of XML Schema 1.0. Behind a trait, so that the fast engine can take its place where it applies.
pub trait SchemaEngine {
    /// All errors of an element and what is inside it, in document order; an empty list means valid.
    fn validate(&self, element: Element<'_>, against: Against<'_>) -> Vec<SchemaError>;
    /// Whether there is a top-level element declaration of this name.
    fn declares_element(&self, name: Name<'_>) -> bool;
    /// Whether there is a type definition of this name (built-in types included).
    fn defines_type(&self, name: Name<'_>) -> bool;
}
