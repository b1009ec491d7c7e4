//! Characters: widths and lengths, classes and repertoires, 縮退, and what a system did to a text.
//!
//! The item tables of the Digital Agency know two kinds of text: X (半角文字列) and Ｎ (全角文字列).
//! Lengths are *characters*, not bytes (項目定義書, 桁数). The character list itself (文字要件) is
//! not public, so the classes below are our reading RD-29: half-width is printable ASCII and
//! half-width katakana, full-width is every other character that is not a control character.

mod class;
mod compare;
mod jisx0213;
mod shrink;

pub use class::{CharacterClass, Unit, class_of, code_points, is_combining, units};
pub use compare::{Change, ChangeKind, compare};
pub use jisx0213::{is_jis_x_0208, is_jis_x_0213, is_jis_x_0213_sequence};
pub use shrink::{Choice, Loss, Map, Shrunk, Step, candidates, shrink};

/// Whether a character counts as half-width.
pub fn is_half_width(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{FF61}'..='\u{FF9F}')
}

/// Whether a character counts as full-width. Variation selectors belong to the character before.
pub fn is_full_width(c: char) -> bool {
    !is_half_width(c) && !c.is_control()
}

/// Whether a character selects a glyph of the character before it (IVS or standardised variant).
pub fn is_variation_selector(c: char) -> bool {
    matches!(c, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}')
}

/// The half-width digit of a half- or full-width one.
pub fn ascii_digit(c: char) -> Option<char> {
    match c {
        '0'..='9' => Some(c),
        '０'..='９' => char::from_u32(c as u32 - '０' as u32 + '0' as u32),
        _ => None,
    }
}

/// Length in characters: code points without variation selectors (reading RD-30).
pub fn length(text: &str) -> usize {
    text.chars().filter(|&c| !is_variation_selector(c)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_not_bytes_nor_utf16_units() {
        assert_eq!(length("𠮷野"), 2);
        assert_eq!(length("葛\u{E0100}城"), 2);
        assert_eq!(length(""), 0);
    }

    #[test]
    fn widths() {
        assert!("ＡＢ　漢字カナ𠮷".chars().all(is_full_width));
        assert!("AB 12-ｱ".chars().all(is_half_width));
        assert!(!is_full_width('\n'));
    }
}
