//! Floor 2: item tables: what a message has to look like, and where it does not.

mod item_table;
mod json;

pub use item_table::{Rule, Violation, check_parameter, check_request, check_response, check_response_row};
pub use json::{JsonFault, parse_object, pointer_values};
