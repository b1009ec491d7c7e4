//! What was withheld from a bundle after it was written, and the lines that stand in its place.

use serde::{Deserialize, Serialize};

use crate::attest::Digest;

/// Name and version of the format of `redactions.json`.
pub const REDACTIONS_SCHEMA: &str = "redactions/v1";

/// Name of the list of what was withheld.
pub(super) const REDACTIONS: &str = "redactions.json";

/// `redactions.json`: unsigned, since it says less than what was signed, never more.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redactions {
    /// What was withheld, by path and line.
    pub redactions: Vec<Redaction>,
    /// [`REDACTIONS_SCHEMA`].
    pub schema: String,
}

/// A file or a line that was withheld.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redaction {
    /// The file.
    pub path: String,
    /// The line, from 1; absent where the whole file was withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The scenario that the line belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// What it was: `file`, or the kind of the record.
    pub was: String,
    /// Why it was withheld, in the words of who did it.
    pub reason: String,
}

/// The line that stands where another was.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedactedLine {
    /// Always `redacted`.
    pub record: String,
    /// RFC 6962 leaf hash of the line that was there, without its line feed.
    pub leaf: Digest,
    /// Why it was withheld.
    pub reason: String,
    /// The scenario that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scenario: Option<String>,
    /// What the line was.
    pub was: String,
}

impl RedactedLine {
    /// Reads a line; `None` if it is an ordinary one. The comma after an element of a list may follow.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let line = line.strip_suffix(b",").unwrap_or(line);
        if !line.starts_with(b"{\"record\":\"redacted\"") {
            return None;
        }
        serde_json::from_slice(line).ok()
    }
}
