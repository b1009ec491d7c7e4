//! What kind of character something is, and which code points belong together.

use unicode_normalization::char::is_combining_mark;

use super::jisx0213::{is_jis_x_0208, is_jis_x_0213};
use super::{is_half_width, is_variation_selector};
use crate::text::Text;

/// Where a character stands among the repertoires that municipal systems know.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum CharacterClass {
    /// Printable ASCII: X.
    HalfWidth,
    /// U+FF61 to U+FF9F: X in our reading RD-29, and folded by every NFKC.
    HalfWidthKana,
    /// A cell of JIS X 0208: every system has it.
    JisX0208,
    /// A cell of JIS X 0213 only (third and fourth level and its signs).
    JisX0213,
    /// Neither, but a character of the basic plane.
    OutsideJis,
    /// Neither, and beyond the basic plane: four bytes in UTF-8, two units in UTF-16.
    NonBmpOutsideJis,
    /// Selects a glyph of the character before it: U+E0100 to U+E01EF (IVS) or U+FE00 to U+FE0F.
    VariationSelector,
    /// Combines with the character before it.
    Combining,
    /// Private use: 外字. No other system knows what it is; parts of 行政事務標準文字 stand there too.
    PrivateUse,
    /// Control character, line break, byte order mark or another that shows nothing.
    Control,
    /// U+FFFD or a noncharacter: what is left of a broken conversion.
    Broken,
}

impl CharacterClass {
    /// Name in both languages.
    pub fn name(self) -> Text {
        let (ja, en) = match self {
            Self::HalfWidth => ("半角", "half-width"),
            Self::HalfWidthKana => ("半角カナ", "half-width kana"),
            Self::JisX0208 => ("JIS X 0208", "JIS X 0208"),
            Self::JisX0213 => ("JIS X 0213（第3・第4水準など）", "JIS X 0213 only"),
            Self::OutsideJis => ("JIS X 0213 外", "outside JIS X 0213"),
            Self::NonBmpOutsideJis => ("JIS X 0213 外（BMP 外）", "outside JIS X 0213 and the basic plane"),
            Self::VariationSelector => ("異体字セレクタ", "variation selector"),
            Self::Combining => ("結合文字", "combining character"),
            Self::PrivateUse => ("私用領域（外字）", "private use"),
            Self::Control => ("制御文字", "control character"),
            Self::Broken => ("変換に失敗した跡", "left by a broken conversion"),
        };
        Text::new(ja, en)
    }

    /// Whether every system that keeps to JIS X 0213 (文字環境導入実践ガイドブック 1014) can hold it.
    pub const fn is_safe(self) -> bool {
        matches!(
            self,
            Self::HalfWidth | Self::HalfWidthKana | Self::JisX0208 | Self::JisX0213
        )
    }
}

/// Whether a character combines with the one before it.
pub fn is_combining(c: char) -> bool {
    is_combining_mark(c) && !is_variation_selector(c)
}

/// The class of a character.
pub fn class_of(c: char) -> CharacterClass {
    let code = c as u32;
    match c {
        '\u{FFFD}' => CharacterClass::Broken,
        _ if code & 0xFFFE == 0xFFFE || (0xFDD0..=0xFDEF).contains(&code) => CharacterClass::Broken,
        '\u{FF61}'..='\u{FF9F}' => CharacterClass::HalfWidthKana,
        _ if is_half_width(c) => CharacterClass::HalfWidth,
        _ if is_variation_selector(c) => CharacterClass::VariationSelector,
        '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}' => CharacterClass::PrivateUse,
        _ if c.is_control() => CharacterClass::Control,
        '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' => {
            CharacterClass::Control
        }
        _ if is_jis_x_0208(c) => CharacterClass::JisX0208,
        _ if is_combining(c) => CharacterClass::Combining,
        _ if is_jis_x_0213(c) => CharacterClass::JisX0213,
        _ if code > 0xFFFF => CharacterClass::NonBmpOutsideJis,
        _ => CharacterClass::OutsideJis,
    }
}

/// A character with the selector and the marks that belong to it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub struct Unit<'a> {
    /// Place of its first code point, counted in code points from 1.
    pub position: usize,
    /// All its code points.
    pub text: &'a str,
}

impl Unit<'_> {
    /// Its first code point.
    pub fn base(&self) -> char {
        self.text.chars().next().unwrap_or('\u{FFFD}')
    }

    /// Its variation selector, if it has one.
    pub fn selector(&self) -> Option<char> {
        self.text.chars().find(|&c| is_variation_selector(c))
    }

    /// It without its variation selector.
    pub fn without_selector(&self) -> String {
        self.text.chars().filter(|&c| !is_variation_selector(c)).collect()
    }
}

/// A text as characters with what belongs to them: 葛 with its selector is one, か with U+309A too, and ｶ with ﾞ are two.
pub fn units(text: &str) -> Vec<Unit<'_>> {
    let mut starts: Vec<(usize, usize)> = Vec::new();
    for (position, (at, c)) in text.char_indices().enumerate() {
        // A mark at the beginning has nothing to belong to.
        if starts.is_empty() || !(is_combining(c) || is_variation_selector(c)) {
            starts.push((position + 1, at));
        }
    }
    let ends = starts.iter().skip(1).map(|&(_, at)| at).chain([text.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(&(position, at), end)| Unit {
            position,
            text: &text[at..end],
        })
        .collect()
}

/// Code points of a text as they are usually written: U+845B U+E0100.
pub fn code_points(text: &str) -> String {
    let all: Vec<String> = text.chars().map(|c| format!("U+{:04X}", c as u32)).collect();
    all.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes() {
        for (c, class) in [
            ('A', CharacterClass::HalfWidth),
            ('ｱ', CharacterClass::HalfWidthKana),
            ('Ａ', CharacterClass::JisX0208),
            ('邉', CharacterClass::JisX0208),
            ('①', CharacterClass::JisX0213),
            ('𠮟', CharacterClass::JisX0213),
            ('髙', CharacterClass::OutsideJis),
            ('𠮷', CharacterClass::NonBmpOutsideJis),
            ('䶒', CharacterClass::OutsideJis),
            ('\u{E0100}', CharacterClass::VariationSelector),
            ('\u{3099}', CharacterClass::Combining),
            ('\u{E000}', CharacterClass::PrivateUse),
            ('\u{F0000}', CharacterClass::PrivateUse),
            ('\n', CharacterClass::Control),
            ('\u{FEFF}', CharacterClass::Control),
            ('\u{FFFD}', CharacterClass::Broken),
            ('\u{FFFF}', CharacterClass::Broken),
        ] {
            assert_eq!(class_of(c), class, "{}", code_points(&c.to_string()));
        }
    }

    #[test]
    fn what_belongs_together() {
        let text = "葛\u{E0100}城か\u{309A}𠮷ｶﾞ";
        let found: Vec<(usize, &str)> = units(text).iter().map(|unit| (unit.position, unit.text)).collect();
        assert_eq!(
            found,
            [
                (1, "葛\u{E0100}"),
                (3, "城"),
                (4, "か\u{309A}"),
                (6, "𠮷"),
                (7, "ｶ"),
                (8, "ﾞ")
            ]
        );
        assert_eq!(units(text)[0].selector(), Some('\u{E0100}'));
        assert_eq!(units("\u{3099}か").len(), 2);
        assert!(units("").is_empty());
        assert_eq!(code_points("葛\u{E0100}"), "U+845B U+E0100");
    }
}
