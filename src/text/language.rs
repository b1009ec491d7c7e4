//! The two languages of everything a user sees.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Language of a message.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// English, the default of the command line.
    #[default]
    En,
    /// Japanese.
    Ja,
}

impl Lang {
    /// The Japanese or the English of two values.
    pub fn pick<T>(self, ja: T, en: T) -> T {
        match self {
            Self::Ja => ja,
            Self::En => en,
        }
    }

    /// Reads the language from locale variables, in the order of POSIX.
    pub fn from_locale() -> Self {
        ["LC_ALL", "LC_MESSAGES", "LANG"]
            .iter()
            .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
            .map_or(
                Self::En,
                |locale| {
                    if locale.starts_with("ja") { Self::Ja } else { Self::En }
                },
            )
    }
}

/// One text in both languages. Neither may be empty in the corpus.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// Japanese wording.
    pub ja: String,
    /// English wording.
    pub en: String,
}

impl Text {
    /// Builds a text from its two wordings.
    pub fn new(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            ja: ja.into(),
            en: en.into(),
        }
    }

    /// A value that reads the same in both languages, such as a code or a number.
    pub fn neutral(value: impl fmt::Display) -> Self {
        let value = value.to_string();
        Self {
            ja: value.clone(),
            en: value,
        }
    }

    /// The wording in one language.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Ja => &self.ja,
        }
    }

    /// Whether both wordings are there.
    pub fn is_complete(&self) -> bool {
        !self.ja.trim().is_empty() && !self.en.trim().is_empty()
    }

    /// Applies the same edit to both wordings.
    pub fn map(&self, edit: impl Fn(&str) -> String) -> Self {
        Self {
            ja: edit(&self.ja),
            en: edit(&self.en),
        }
    }
}
