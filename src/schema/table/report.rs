//! What a check found, as data; the JSON form is published as a schema.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::model::Level;
use crate::text::Text;

/// The result of checking files against a table.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TableResult {
    /// Version of this format: 1.
    pub format: u32,
    /// Program and version.
    pub tool: String,
    /// Id of the table.
    pub table: String,
    /// Title of the table.
    pub title: String,
    /// The whole result.
    pub outcome: Outcome,
    /// Files in the order in which they were given.
    pub files: Vec<FileResult>,
    /// Findings counted by rule and item, the most frequent first.
    pub counts: Vec<RuleCount>,
    /// Findings in the order of files and records: the first of each rule and item, and as many others as asked for.
    pub findings: Vec<Finding>,
    /// What was not checked, and why.
    pub notes: Vec<Text>,
}

impl TableResult {
    /// Findings of a level.
    pub fn count(&self, level: Level) -> u64 {
        let of_level = self.counts.iter().filter(|count| count.level == level);
        of_level.map(|count| count.count).sum()
    }
}

/// The whole result.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Nothing of level `must` was found, and everything was looked at.
    Passed,
    /// Something of level `must` was found.
    Failed,
    /// Nothing of level `must` was found, but something could not be looked at; the notes say what.
    Incomplete,
}

/// One file.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FileResult {
    /// Name as given.
    pub name: String,
    /// Group that it was taken for; absent if none was recognised.
    pub group: Option<String>,
    /// Records read, without the header.
    pub records: u64,
    /// Lines read.
    pub lines: u64,
    /// Bytes read.
    pub bytes: u64,
    /// End of most of its records: `CRLF`, `LF`, `CR`; `none` for a file of one record without line end.
    pub line_end: String,
    /// Whether it begins with a byte order mark.
    pub bom: bool,
    /// Findings of level `must` in it.
    pub violations: u64,
    /// Findings of level `should` in it.
    pub warnings: u64,
    /// Whether it was read to its end.
    pub complete: bool,
}

/// How often a rule was broken at an item.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RuleCount {
    /// The rule.
    pub rule: FindingRule,
    /// Id of the rule of the table, if it is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// Name of the item; absent for findings about records and files.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub item: Option<String>,
    /// How bad it is.
    pub level: Level,
    /// How often.
    pub count: u64,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Finding {
    /// The rule.
    pub rule: FindingRule,
    /// Id of the rule of the table, if it is one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// How bad it is.
    pub level: Level,
    /// File as given.
    pub file: String,
    /// Record, from 1, the header not counted; 0 for the header and the file as a whole.
    pub record: u64,
    /// Line on which the record begins, from 1.
    pub line: u64,
    /// Column, from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub column: Option<u64>,
    /// Id of the item.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub item_id: Option<String>,
    /// Name of the item.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub item: Option<String>,
    /// What the table demands.
    pub expected: Text,
    /// What stands there: the class of the value, never the value.
    pub found: Text,
    /// The value itself, only if it was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<String>,
    /// What probably happened, and what to do.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<Text>,
}

/// The rules that every table has.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingRule {
    /// The file is no delimited text, or holds nothing.
    File,
    /// Bytes that are none of the encoding.
    Encoding,
    /// A byte order mark where none may be, or none where one has to be.
    Bom,
    /// Another line end than the table or the rest of the file has.
    LineEnd,
    /// Quoting.
    Quote,
    /// A NUL character.
    Nul,
    /// The header.
    Header,
    /// More or fewer fields than columns.
    ColumnCount,
    /// A line with nothing on it.
    BlankLine,
    /// The file ends in the middle of a record.
    Truncated,
    /// A field longer than the limit; the file was not read further.
    FieldLimit,
    /// No value where one has to be.
    Required,
    /// No value where the condition of the item holds.
    Condition,
    /// Not of the form of its type: number, date, time.
    Type,
    /// Characters that the type or the item does not allow.
    Characters,
    /// Characters outside the repertoire of the table.
    Repertoire,
    /// Longer than the table, or of another length where it is exact.
    Length,
    /// Leading zeros are gone.
    LeadingZero,
    /// Not a value of the code list.
    Code,
    /// A wrong check digit.
    CheckDigit,
    /// More values than the item may have.
    Repeat,
    /// A primary key that was there before.
    KeyUnique,
    /// A primary key without value.
    KeyEmpty,
    /// No record of the other group has this key.
    ForeignKey,
    /// A rule of the table.
    Rule,
}

impl FindingRule {
    /// The id of the rule.
    pub fn id(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Encoding => "encoding",
            Self::Bom => "bom",
            Self::LineEnd => "line-end",
            Self::Quote => "quote",
            Self::Nul => "nul",
            Self::Header => "header",
            Self::ColumnCount => "column-count",
            Self::BlankLine => "blank-line",
            Self::Truncated => "truncated",
            Self::FieldLimit => "field-limit",
            Self::Required => "required",
            Self::Condition => "condition",
            Self::Type => "type",
            Self::Characters => "characters",
            Self::Repertoire => "repertoire",
            Self::Length => "length",
            Self::LeadingZero => "leading-zero",
            Self::Code => "code",
            Self::CheckDigit => "check-digit",
            Self::Repeat => "repeat",
            Self::KeyUnique => "key-unique",
            Self::KeyEmpty => "key-empty",
            Self::ForeignKey => "foreign-key",
            Self::Rule => "rule",
        }
    }
}
