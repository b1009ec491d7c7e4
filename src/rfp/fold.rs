//! Texts made comparable: widths, letter case, dashes, spaces, and the forms of company names.

use unicode_normalization::UnicodeNormalization;

use crate::text::characters::is_variation_selector;

/// Width, compatibility forms and letter case made equal; dashes become `-`; nothing else is lost.
pub(super) fn plain(text: &str) -> String {
    text.nfkc()
        .filter(|&c| !is_variation_selector(c) && !is_invisible(c))
        .map(dash)
        .flat_map(char::to_lowercase)
        .collect()
}

/// The same without any space: for words of headings and answers.
pub(super) fn tight(text: &str) -> String {
    plain(text).chars().filter(|c| !c.is_whitespace()).collect()
}

/// A name of a company or product, so that ways of writing it are equal: `（株）架空システム` is `株式会社 架空システム`.
pub(super) fn name(text: &str) -> String {
    const FORMS: [&str; 14] = [
        "株式会社",
        "有限会社",
        "合同会社",
        "合資会社",
        "合名会社",
        "(株)",
        "(有)",
        "(同)",
        "co.,ltd.",
        "co., ltd.",
        "inc.",
        "ltd.",
        "kk",
        "corporation",
    ];
    let mut folded = tight(text);
    for form in FORMS {
        // A short Latin form counts at the end only: it may be part of a name elsewhere.
        if form.is_ascii() && !form.starts_with('(') {
            if let Some(rest) = folded.strip_suffix(form) {
                folded = rest.trim_end_matches([',', '.']).to_owned();
            }
        } else {
            folded = folded.replace(form, "");
        }
    }
    folded
        .chars()
        .filter(|c| c.is_alphanumeric() || *c == 'ー' || *c == '+')
        .map(katakana)
        .map(variant)
        .collect()
}

/// A version, so that `第3.2.1版`, `Ver.3.2.1` and `v3.2.1` are equal.
pub(super) fn version(text: &str) -> String {
    let folded = tight(text);
    let trimmed = folded.trim_start_matches("第").trim_end_matches("版");
    for head in ["version", "バージョン", "ver.", "ver", "v.", "v"] {
        if let Some(rest) = trimmed.strip_prefix(head)
            && rest.starts_with(|c: char| c.is_ascii_digit())
        {
            return rest.to_owned();
        }
    }
    trimmed.to_owned()
}

/// Hiragana as katakana.
pub(super) fn katakana(c: char) -> char {
    match c {
        'ぁ'..='ゖ' => char::from_u32(c as u32 + 0x60).unwrap_or(c),
        other => other,
    }
}

/// The common form of a kanji that names of companies and places write in several ways.
fn variant(c: char) -> char {
    match c {
        '髙' => '高',
        '﨑' | '碕' => '崎',
        '邊' | '邉' => '辺',
        '齋' | '齊' | '斎' => '斉',
        '澤' => '沢',
        '濵' | '濱' => '浜',
        '德' => '徳',
        '廣' => '広',
        '國' => '国',
        '𠮷' => '吉',
        other => other,
    }
}

fn dash(c: char) -> char {
    match c {
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' => '-',
        other => other,
    }
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{FEFF}' | '\u{AD}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_companies() {
        for other in [
            "（株）架空システム",
            "株式会社　架空システム",
            "架空システム㈱",
            "架空ｼｽﾃﾑ",
        ] {
            assert_eq!(name(other), name("株式会社架空システム"), "{other}");
        }
        assert_eq!(name("Kakuu Co., Ltd."), name("KAKUU"));
        assert_eq!(name("髙島ソフト"), name("高島ソフト"));
        assert_ne!(name("架空システム"), name("架空システムズ"));
    }

    #[test]
    fn versions() {
        for other in ["v3.2.1", "Ver.3.2.1", "第３．２．１版", "バージョン 3.2.1"] {
            assert_eq!(version(other), "3.2.1", "{other}");
        }
        assert_eq!(version("vista"), "vista");
        assert_ne!(version("3.2.1"), version("3.2.10"));
    }

    #[test]
    fn ids_in_any_width() {
        assert_eq!(tight("ＣＦ－０３１−ＥＲＲ‐００１"), "cf-031-err-001");
        assert_eq!(plain("a\u{200B}b\u{202E}c"), "abc");
    }
}
