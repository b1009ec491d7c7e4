//! Item tables of files (基本データリスト, 項目定義書): what a CSV file has to look like, and where it does not.
//!
//! A [`Table`] is read from a file that `junkyo import` wrote, or built in memory; a [`TableChecker`] streams CSV files
//! against it with bounded memory. Values never reach a report unless asked for: findings tell the class of a value.

mod check;
mod column;
mod dates;
mod explain;
mod header;
mod input;
mod keys;
mod lint;
mod mask;
mod model;
mod read;
mod record;
mod report;
mod rules;
mod split;

#[cfg(test)]
mod tests;

pub use check::{CheckOptions, DataFile, Silent, TableChecker, Watch};
pub use mask::value_class;
pub use model::{
    Bom, Characters, CheckDigit, Code, CodeList, Comparison, Condition, Dialect, Encoding, ForeignKey, Group,
    HeaderForm, Item, Level, LineEnds, Presence, Quoting, Relation, Repertoire, Rule, Slip, Source, Table, Type,
};
pub use read::TableError;
pub use report::{FileResult, Finding, FindingRule, Outcome, RuleCount, TableResult};
