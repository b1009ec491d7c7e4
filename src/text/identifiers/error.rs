//! Why a text is not the identifier it is taken for.

use crate::text::Text;
use crate::text::characters::{ascii_digit, is_half_width};

/// What is wrong with an identifier. No message repeats the identifier itself: it may be a secret.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum IdentifierError {
    /// A character that has no place there.
    #[error("character {position}: expected {expected}, found {} ({found:?}, U+{:04X})", .kind.english(), *.found as u32)]
    Character {
        /// Place, counted in characters from 1.
        position: usize,
        /// What may stand there.
        expected: &'static str,
        /// What stands there.
        found: char,
        /// What kind of mistake that is.
        kind: Foreign,
    },
    /// Too long or too short.
    #[error("expected {expected} characters, found {found}")]
    Length {
        /// The length, or the lengths.
        expected: &'static str,
        /// Length in characters.
        found: usize,
    },
    /// A number was read as a number and lost its zero: 016373 became 16373.
    #[error("expected 6 digits, found 5: with its leading zero it is {restored}; it was read as a number somewhere")]
    LeadingZeroLost {
        /// The value with its zero.
        restored: String,
    },
    /// The check digit does not fit the rest.
    #[error("expected check digit {expected} as character {position}, found {found}")]
    CheckDigit {
        /// Place, counted from 1.
        position: usize,
        /// The digit that the rest asks for; two where the sources leave it open.
        expected: String,
        /// The digit that stands there.
        found: char,
    },
    /// The rest has no check digit at all, so it is never issued (宛名番号 with remainder 1 in reading B of RD-15).
    #[error("a serial with remainder 1 has no check digit in this reading, so no such number is issued (RD-15)")]
    NoCheckDigit,
    /// The form is right, but not this value.
    #[error("{part}: expected {expected}, found {found}")]
    Value {
        /// Which part.
        part: &'static str,
        /// What may stand there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
}

/// What a character is that has no place in an identifier.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Foreign {
    /// A full-width digit or letter.
    FullWidth,
    /// A half- or full-width space, a tab, a line break.
    Space,
    /// A hyphen or one of its look-alikes.
    Hyphen,
    /// A letter.
    Letter,
    /// A digit where a letter belongs.
    Digit,
    /// Anything else.
    Other,
}

impl Foreign {
    /// What kind of mistake a character is.
    pub fn of(c: char) -> Self {
        match c {
            _ if c.is_whitespace() => Self::Space,
            '-' | '‐' | '‑' | '–' | '—' | '―' | '−' | 'ー' | '－' | 'ｰ' => Self::Hyphen,
            '0'..='9' => Self::Digit,
            _ if c.is_ascii_alphabetic() => Self::Letter,
            _ if !is_half_width(c) && (ascii_digit(c).is_some() || matches!(c, 'Ａ'..='Ｚ' | 'ａ'..='ｚ')) => {
                Self::FullWidth
            }
            _ if c.is_alphabetic() => Self::Letter,
            _ => Self::Other,
        }
    }

    const fn english(self) -> &'static str {
        match self {
            Self::FullWidth => "a full-width character",
            Self::Space => "a space",
            Self::Hyphen => "a hyphen",
            Self::Letter => "a letter",
            Self::Digit => "a digit",
            Self::Other => "a character",
        }
    }

    const fn japanese(self) -> &'static str {
        match self {
            Self::FullWidth => "全角文字",
            Self::Space => "空白",
            Self::Hyphen => "ハイフン",
            Self::Letter => "文字",
            Self::Digit => "数字",
            Self::Other => "文字",
        }
    }
}

impl IdentifierError {
    /// Short name of the failure, as vector files write it.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Character { kind, .. } => match kind {
                Foreign::FullWidth => "full-width",
                Foreign::Space => "space",
                Foreign::Hyphen => "hyphen",
                Foreign::Letter => "letter",
                Foreign::Digit => "digit",
                Foreign::Other => "character",
            },
            Self::Length { .. } => "length",
            Self::LeadingZeroLost { .. } => "leading-zero",
            Self::CheckDigit { .. } => "check-digit",
            Self::NoCheckDigit => "no-check-digit",
            Self::Value { .. } => "value",
        }
    }

    /// The message in both languages.
    pub fn text(&self) -> Text {
        let japanese = match self {
            Self::Character {
                position, found, kind, ..
            } => format!(
                "{position} 文字目が{} {found:?}（U+{:04X}）です",
                kind.japanese(),
                *found as u32
            ),
            Self::Length { expected, found } => {
                format!(
                    "{} 文字であるべきところ {found} 文字です",
                    expected.replace(" or ", " または ")
                )
            }
            Self::LeadingZeroLost { restored } => {
                format!(
                    "6 桁であるべきところ 5 桁です。先頭の 0 を補うと {restored} になり、どこかで数値として読まれています"
                )
            }
            Self::CheckDigit {
                position,
                expected,
                found,
            } => format!(
                "{position} 文字目の検査数字は {} であるべきところ {found} です",
                expected.replace(" or ", " または ")
            ),
            Self::NoCheckDigit => "余りが 1 の連番には検査数字がなく、この読み方では付番されません（RD-15）".into(),
            Self::Value { part, found, .. } => format!("{part}: {found} は使えません"),
        };
        Text::new(japanese, self.to_string())
    }
}
