//! Floor 2: what messages have to look like, and where they do not: item tables, XML Schema, WSDL.

mod documents;
pub mod generate;
mod item_table;
mod json;
pub mod table;
pub mod unit_table;
mod watch;
pub mod wsdl;
mod xsd;

pub use documents::{DocumentSet, DocumentsError, ReferenceFault, read_regular};
pub(crate) use documents::{has_scheme, join_address};
pub use item_table::{Rule, Violation, check_parameter, check_request, check_response, check_response_row};
pub use json::{JsonFault, parse_object, pointer_values};
pub use watch::watch;
pub use xsd::{Against, CompiledSchema, DanglingReference, SchemaEngine, SchemaError, SchemaFault, SchemaSource};
