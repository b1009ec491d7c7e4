//! Floor 6: clauses of a request for proposals against registered evidence.

mod fold;
pub mod list;
