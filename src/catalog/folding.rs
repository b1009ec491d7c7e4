//! Texts as a search sees them: one form for what people do not tell apart when they type.
//!
//! NFKC, hiragana as katakana, all dashes as `-`, lower case, one blank for many, and each kanji as the plainest of its
//! variants after MJ縮退マップ (髙 → 高, 邉 and 邊 → 辺), so that a name is found in whichever form it was written.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization as _;

use crate::text::characters::{self, Map};

/// Longest chain of variants: 邉 → 邊 → 辺.
const MAX_STEPS: usize = 4;

/// Folds texts, and remembers the kanji that it has looked up.
#[derive(Debug, Default)]
pub struct Folder {
    variants: HashMap<char, char>,
}

impl Folder {
    /// One that has looked up nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A text as a search sees it.
    pub fn fold(&mut self, text: &str) -> String {
        let mut folded = String::with_capacity(text.len());
        let mut blank = false;
        for c in text.chars().filter(|&c| !characters::is_variation_selector(c)).nfkc() {
            if c.is_whitespace() {
                blank = !folded.is_empty();
                continue;
            }
            if c.is_control() {
                continue;
            }
            if blank {
                folded.push(' ');
                blank = false;
            }
            match c {
                // The long vowel mark is often typed as a dash.
                '\u{2010}'..='\u{2015}' | '\u{2212}' | 'ー' => folded.push('-'),
                'ぁ'..='ゖ' => folded.push(char::from_u32(u32::from(c) + 0x60).unwrap_or(c)),
                c if is_kanji(c) => folded.push(self.plainest(c)),
                c => folded.extend(c.to_lowercase()),
            }
        }
        folded
    }

    fn plainest(&mut self, kanji: char) -> char {
        if let Some(&known) = self.variants.get(&kanji) {
            return known;
        }
        let mut plain = kanji;
        for _ in 0..MAX_STEPS {
            match next(plain) {
                Some(other) if other != kanji => plain = other,
                _ => break,
            }
        }
        self.variants.insert(kanji, plain);
        plain
    }
}

/// A text as a search sees it.
pub fn fold(text: &str) -> String {
    Folder::new().fold(text)
}

fn is_kanji(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// The first plainer form of one character that is one character again; one without a plainer form itself if there is.
fn next(kanji: char) -> Option<char> {
    let forms: Vec<char> = characters::candidates(kanji.encode_utf8(&mut [0; 4]), Map::Mj)
        .iter()
        .filter_map(|target| {
            let mut chars = target.chars();
            let only = chars.next()?;
            chars.next().is_none().then_some(only)
        })
        .collect();
    let last = |form: &&char| characters::candidates(form.encode_utf8(&mut [0; 4]), Map::Mj).is_empty();
    forms.iter().find(last).or_else(|| forms.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_do_not_tell_apart_is_one() {
        for (one, other) in [
            ("髙島", "高島"),
            ("高嶋", "高島"),
            ("渡邉", "渡辺"),
            ("渡邊", "渡辺"),
            ("山﨑", "山崎"),
            ("齋藤", "斎藤"),
            ("葛󠄀城", "葛城"),
            ("じゅうみん", "ジュウミン"),
            ("ｼﾞｭｳﾐﾝ", "ジュウミン"),
            ("ＭＩＳＡＬＩＯ", "misalio"),
            ("サーバー", "サ－バ－"),
            ("1‐2", "1-2"),
            ("㈱架空", "(株)架空"),
            ("　住民\n 記録 ", "住民 記録"),
            ("國民健康保險", "国民健康保険"),
        ] {
            assert_eq!(fold(one), fold(other), "{one} {other}");
        }
    }

    #[test]
    fn different_words_stay_different() {
        for (one, other) in [
            ("住民", "住氏"),
            ("税", "説"),
            ("はは", "ばば"),
            ("斉藤", "斎藤"),
            ("v3.1", "v31"),
        ] {
            assert_ne!(fold(one), fold(other));
        }
    }
}
