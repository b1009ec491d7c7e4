//! The class of a value: enough to find a mistake, nothing that tells who it is.

use crate::text::Text;
use crate::text::characters::{is_half_width, is_variation_selector};

/// Kinds of characters, in the order in which they are told.
const KINDS: &[(&str, &str, &str)] = &[
    ("数字", "digit", "digits"),
    ("英字", "letter", "letters"),
    ("空白", "space", "spaces"),
    ("半角記号", "sign", "signs"),
    ("半角カナ", "half-width kana", "half-width kana"),
    ("漢字", "kanji", "kanji"),
    ("ひらがな", "hiragana", "hiragana"),
    ("カタカナ", "katakana", "katakana"),
    ("全角数字", "full-width digit", "full-width digits"),
    ("全角英字", "full-width letter", "full-width letters"),
    ("全角空白", "full-width space", "full-width spaces"),
    ("制御文字", "control character", "control characters"),
    ("外字領域の文字", "private-use character", "private-use characters"),
    ("読めない文字", "undecodable character", "undecodable characters"),
    ("その他の文字", "other character", "other characters"),
];

fn kind_of(c: char) -> usize {
    match c {
        '0'..='9' => 0,
        'a'..='z' | 'A'..='Z' => 1,
        ' ' => 2,
        '!'..='~' => 3,
        c if is_half_width(c) => 4,
        '々' | '〆' | '〇' | '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' => 5,
        '\u{3041}'..='\u{309F}' => 6,
        '\u{30A0}'..='\u{30FF}' => 7,
        '０'..='９' => 8,
        'Ａ'..='Ｚ' | 'ａ'..='ｚ' => 9,
        '\u{3000}' => 10,
        c if c.is_control() => 11,
        '\u{E000}'..='\u{F8FF}' | '\u{F0000}'..='\u{10FFFF}' => 12,
        '\u{FFFD}' => 13,
        _ => 14,
    }
}

/// What kinds of characters a value holds, and how many: `13 digits`, `3 kanji + 1 full-width space`.
///
/// Variation selectors belong to the character before them and are not counted.
pub fn value_class(value: &str) -> Text {
    let mut counts = [0_usize; 15];
    for c in value.chars().filter(|c| !is_variation_selector(*c)) {
        counts[kind_of(c)] += 1;
    }
    let mut ja = Vec::new();
    let mut en = Vec::new();
    for ((in_japanese, one, many), count) in KINDS.iter().zip(counts).filter(|(_, count)| *count > 0) {
        ja.push(format!("{in_japanese} {count}"));
        en.push(format!("{count} {}", if count == 1 { one } else { many }));
    }
    if ja.is_empty() {
        return Text::new("（空）", "(empty)");
    }
    Text::new(ja.join("＋"), en.join(" + "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_tell_kinds_and_never_values() {
        for (value, class) in [
            ("1234567890123", "13 digits"),
            ("佐藤　一郎", "4 kanji + 1 full-width space"),
            ("葛\u{E0100}城", "2 kanji"),
            ("さとうイチロウ", "3 hiragana + 4 katakana"),
            ("A-1", "1 digit + 1 letter + 1 sign"),
            ("ｻﾄｳ", "3 half-width kana"),
            ("\u{E000}\u{FFFD}", "1 private-use character + 1 undecodable character"),
            ("", "(empty)"),
        ] {
            assert_eq!(value_class(value).en, class);
        }
    }
}
