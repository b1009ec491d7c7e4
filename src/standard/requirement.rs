//! Requirements and the documents they come from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::Text;

/// How we know a requirement.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// We saw the official text and name its clause.
    Official,
    /// It follows from official text or a cited open standard; `derivation` says how.
    Derived,
    /// Our own profile, where no official text is public.
    Reference,
}

impl Kind {
    /// The word used in data files and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Official => "official",
            Self::Derived => "derived",
            Self::Reference => "reference",
        }
    }
}

/// How binding a requirement is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Has to hold.
    Must,
    /// Has to hold, and is worded as a prohibition.
    MustNot,
    /// Should hold; a product that does otherwise gets a warning.
    Should,
    /// Is allowed; observed and reported only.
    May,
}

impl Level {
    /// Whether a broken requirement of this level makes a product non-conformant.
    pub fn is_binding(self) -> bool {
        matches!(self, Self::Must | Self::MustNot)
    }

    /// The word used in data files and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Must => "must",
            Self::MustNot => "must-not",
            Self::Should => "should",
            Self::May => "may",
        }
    }
}

/// Who has to fulfil a requirement; also the role a product plays in a scenario.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Ord, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Subject {
    /// The system that answers calls (提供側業務システム).
    Provider,
    /// The authorization server beside the provider (認証認可サーバ).
    Authorization,
    /// The system that calls (利用側業務システム).
    Consumer,
}

impl Subject {
    /// The word used in data files and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Authorization => "authorization",
            Self::Consumer => "consumer",
        }
    }
}

/// A document that requirements are taken from.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Source {
    /// Key used by requirements.
    pub id: String,
    /// Title of the document.
    pub title: Text,
    /// Edition as printed on the document.
    pub edition: String,
    /// Official address.
    #[serde(default)]
    pub address: Option<String>,
    /// SHA-256 of the file that was read, where the edition is not printed unambiguously.
    #[serde(default)]
    pub file_sha256: Option<String>,
    /// Licence of the document.
    #[serde(default)]
    pub licence: Option<String>,
}

/// `sources.toml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceFileList {
    /// The documents.
    pub source: Vec<Source>,
}

/// One thing that must, should or must not hold. Its id never changes its meaning.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Requirement {
    /// Identifier, e.g. `CF-031-ERR-001`.
    pub id: String,
    /// Key of the source document.
    pub source: String,
    /// Clause inside the source: sheet and cell, section, or paragraph.
    pub clause: String,
    /// How we know it.
    pub kind: Kind,
    /// For derived and reference requirements: from what it follows, and how.
    #[serde(default)]
    pub derivation: Option<Text>,
    /// How binding it is.
    pub level: Level,
    /// Cloud STEP (1 to 5) it belongs to.
    #[schemars(range(min = 1, max = 5))]
    pub step: u8,
    /// Who has to fulfil it.
    pub subject: Vec<Subject>,
    /// What must hold, in our words.
    pub text: Text,
    /// What to do when it does not hold.
    pub know_how: Text,
    /// Readings that bear on it.
    #[serde(default)]
    pub readings: Vec<String>,
    /// Why no scenario tests it, where none does.
    #[serde(default)]
    pub not_tested: Option<Text>,
}

/// A file below `requirements/`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequirementFile {
    /// The requirements.
    pub requirement: Vec<Requirement>,
}

/// Whether a pattern with `*` (any characters) matches a whole word.
pub(crate) fn glob_matches(pattern: &str, word: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return pattern == word;
    };
    let Some(word) = word.strip_prefix(head) else {
        return false;
    };
    (0..=word.len())
        .filter(|&at| word.is_char_boundary(at))
        .any(|at| glob_matches(rest, &word[at..]))
}

#[cfg(test)]
mod tests {
    use super::glob_matches;

    #[test]
    fn globs() {
        assert!(glob_matches("CF-031-*", "CF-031-ERR-001"));
        assert!(glob_matches("*-ERR-*", "CF-031-ERR-001"));
        assert!(glob_matches("CF-031-ERR-001", "CF-031-ERR-001"));
        assert!(!glob_matches("CF-031-*", "CF-AUT-001"));
        assert!(!glob_matches("CF-031", "CF-031-ERR-001"));
        assert!(glob_matches("*", ""));
    }
}
