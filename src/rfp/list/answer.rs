//! What a vendor answered to a clause: the marks and words that Japanese and English answer sheets use.

use serde::{Deserialize, Serialize};

use crate::rfp::fold::tight;
use crate::text::Text;

/// What a vendor says about a clause. Ordered from the strongest promise to none.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The product as it is does it (○, 対応可).
    Yes,
    /// In part, under a condition, or by an option (△, 一部対応, オプション).
    Partly,
    /// After a change for this customer (カスタマイズ).
    Customised,
    /// In another way than asked (代替, 運用対応).
    Alternative,
    /// Later (対応予定).
    Planned,
    /// Not (×, 対応不可).
    No,
    /// The vendor says that the clause does not concern it (対象外, －).
    NotApplicable,
    /// Something is written that cannot be read as an answer.
    Unclear,
    /// Nothing is written.
    Empty,
}

impl Answer {
    /// Whether the vendor promises something now that evidence can bear on.
    pub fn is_claim(self) -> bool {
        matches!(self, Self::Yes | Self::Partly | Self::Customised | Self::Alternative)
    }

    /// The word that people read.
    pub fn text(self) -> Text {
        match self {
            Self::Yes => Text::new("対応", "yes"),
            Self::Partly => Text::new("一部・条件つき", "partly"),
            Self::Customised => Text::new("カスタマイズ", "customised"),
            Self::Alternative => Text::new("代替", "alternative"),
            Self::Planned => Text::new("対応予定", "planned"),
            Self::No => Text::new("対応しない", "no"),
            Self::NotApplicable => Text::new("対象外との回答", "not applicable"),
            Self::Unclear => Text::new("読み取れない回答", "unclear"),
            Self::Empty => Text::new("回答なし", "no answer"),
        }
    }

    /// Reads an answer as it is written in a cell.
    pub fn read(written: &str) -> Self {
        let folded = tight(written);
        let bare = folded.trim_matches(['(', ')', '[', ']', '.', '。', '、', ',', ':', '「', '」']);
        if bare.is_empty() {
            return Self::Empty;
        }
        if let Some((_, answer)) = WORDS.iter().find(|(word, _)| *word == bare) {
            return *answer;
        }
        if bare.chars().count() == 1 || bare.starts_with(|c| mark(c).is_some()) {
            return Self::by_mark(bare);
        }
        let found = words_in(bare);
        found.into_iter().max().unwrap_or(Self::Unclear)
    }

    /// A mark, and words behind it that can only make the promise weaker.
    fn by_mark(bare: &str) -> Self {
        let Some(first) = bare.chars().next().and_then(mark) else {
            return Self::Unclear;
        };
        let rest: String = bare.chars().skip(1).collect();
        let weaker = words_in(&rest).into_iter().max();
        weaker.map_or(first, |weaker| weaker.max(first))
    }
}

/// What a single mark stands for.
fn mark(c: char) -> Option<Answer> {
    Some(match c {
        '○' | '◯' | '〇' | '◎' | '●' | '✓' | '✔' | '☑' | '✅' | '⭕' | '🙆' => Answer::Yes,
        '△' | '▲' | '▵' => Answer::Partly,
        '×' | '✕' | '✗' | '✖' | '☓' | '╳' | '❌' | '✘' => Answer::No,
        _ => return None,
    })
}

/// All answers whose words occur in a text; a long word hides the shorter one inside it (対応不可 hides 対応).
fn words_in(text: &str) -> Vec<Answer> {
    let mut rest = text.to_owned();
    let mut words: Vec<&(&str, Answer)> = WORDS.iter().filter(|(word, _)| word.chars().count() > 1).collect();
    words.sort_by_key(|(word, _)| std::cmp::Reverse(word.len()));
    let mut found = Vec::new();
    for (word, answer) in words {
        let occurs = if word.is_ascii() {
            holds_word(&rest, word)
        } else {
            rest.contains(word)
        };
        if occurs {
            rest = rest.replace(word, "\u{0}");
            found.push(*answer);
        }
    }
    found
}

/// Whether a Latin word stands in a text by itself.
fn holds_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        [before, after]
            .iter()
            .all(|c| c.is_none_or(|c| !c.is_ascii_alphanumeric()))
    })
}

/// Words in the form of [`tight`].
const WORDS: &[(&str, Answer)] = &[
    ("可", Answer::Yes),
    ("可能", Answer::Yes),
    ("対応", Answer::Yes),
    ("対応可", Answer::Yes),
    ("対応可能", Answer::Yes),
    ("対応済", Answer::Yes),
    ("対応する", Answer::Yes),
    ("実装済", Answer::Yes),
    ("実現可", Answer::Yes),
    ("標準", Answer::Yes),
    ("標準対応", Answer::Yes),
    ("標準機能", Answer::Yes),
    ("パッケージ標準", Answer::Yes),
    ("適合", Answer::Yes),
    ("準拠", Answer::Yes),
    ("満たす", Answer::Yes),
    ("遵守", Answer::Yes),
    ("はい", Answer::Yes),
    ("有", Answer::Yes),
    ("有り", Answer::Yes),
    ("あり", Answer::Yes),
    ("yes", Answer::Yes),
    ("y", Answer::Yes),
    ("ok", Answer::Yes),
    ("true", Answer::Yes),
    ("full", Answer::Yes),
    ("supported", Answer::Yes),
    ("compliant", Answer::Yes),
    ("fullycompliant", Answer::Yes),
    ("standard", Answer::Yes),
    ("o", Answer::Yes),
    ("一部", Answer::Partly),
    ("一部対応", Answer::Partly),
    ("部分", Answer::Partly),
    ("部分対応", Answer::Partly),
    ("一部可", Answer::Partly),
    ("条件付", Answer::Partly),
    ("条件つき", Answer::Partly),
    ("オプション", Answer::Partly),
    ("option", Answer::Partly),
    ("partial", Answer::Partly),
    ("partly", Answer::Partly),
    ("partiallycompliant", Answer::Partly),
    ("カスタマイズ", Answer::Customised),
    ("カスタマイズ対応", Answer::Customised),
    ("カスタマイズ可", Answer::Customised),
    ("個別対応", Answer::Customised),
    ("個別開発", Answer::Customised),
    ("追加開発", Answer::Customised),
    ("改修", Answer::Customised),
    ("改修対応", Answer::Customised),
    ("有償対応", Answer::Customised),
    ("customise", Answer::Customised),
    ("customize", Answer::Customised),
    ("customised", Answer::Customised),
    ("customized", Answer::Customised),
    ("customisation", Answer::Customised),
    ("customization", Answer::Customised),
    ("代替", Answer::Alternative),
    ("代替案", Answer::Alternative),
    ("代替手段", Answer::Alternative),
    ("代替対応", Answer::Alternative),
    ("代替可", Answer::Alternative),
    ("運用対応", Answer::Alternative),
    ("運用で対応", Answer::Alternative),
    ("運用代替", Answer::Alternative),
    ("運用回避", Answer::Alternative),
    ("alternative", Answer::Alternative),
    ("workaround", Answer::Alternative),
    ("予定", Answer::Planned),
    ("対応予定", Answer::Planned),
    ("実装予定", Answer::Planned),
    ("開発中", Answer::Planned),
    ("今後対応", Answer::Planned),
    ("次期対応", Answer::Planned),
    ("planned", Answer::Planned),
    ("roadmap", Answer::Planned),
    ("不可", Answer::No),
    ("対応不可", Answer::No),
    ("対応不可能", Answer::No),
    ("対応できない", Answer::No),
    ("対応しない", Answer::No),
    ("対応していない", Answer::No),
    ("対応なし", Answer::No),
    ("対応無し", Answer::No),
    ("実現不可", Answer::No),
    ("未対応", Answer::No),
    ("非対応", Answer::No),
    ("未実装", Answer::No),
    ("不適合", Answer::No),
    ("非準拠", Answer::No),
    ("満たさない", Answer::No),
    ("否", Answer::No),
    ("無", Answer::No),
    ("無し", Answer::No),
    ("なし", Answer::No),
    ("いいえ", Answer::No),
    ("no", Answer::No),
    ("n", Answer::No),
    ("x", Answer::No),
    ("false", Answer::No),
    ("notsupported", Answer::No),
    ("unsupported", Answer::No),
    ("notcompliant", Answer::No),
    ("noncompliant", Answer::No),
    ("non-compliant", Answer::No),
    ("-", Answer::NotApplicable),
    ("ー", Answer::NotApplicable),
    ("--", Answer::NotApplicable),
    ("対象外", Answer::NotApplicable),
    ("該当なし", Answer::NotApplicable),
    ("n/a", Answer::NotApplicable),
    ("na", Answer::NotApplicable),
    ("notapplicable", Answer::NotApplicable),
];

#[cfg(test)]
mod tests {
    use super::Answer::{self, *};

    #[test]
    fn marks_and_words() {
        for (written, answer) in [
            ("○", Yes),
            ("◎", Yes),
            (" 対応可 ", Yes),
            ("標準機能で対応", Yes),
            ("Yes", Yes),
            ("ＯＫ", Yes),
            ("△", Partly),
            ("一部対応", Partly),
            ("△（代替案あり）", Alternative),
            ("カスタマイズで対応", Customised),
            ("代替", Alternative),
            ("対応予定（令和9年度）", Planned),
            ("×", No),
            ("✕", No),
            ("対応不可", No),
            ("未対応", No),
            ("x", No),
            ("－", NotApplicable),
            ("対象外", NotApplicable),
            ("n/a", NotApplicable),
            ("", Empty),
            ("　", Empty),
            ("別紙のとおり", Unclear),
            ("1", Unclear),
            ("note", Unclear),
        ] {
            assert_eq!(Answer::read(written), answer, "{written}");
        }
    }

    #[test]
    fn words_behind_a_mark_only_make_it_weaker() {
        assert_eq!(Answer::read("○（カスタマイズ）"), Customised);
        assert_eq!(Answer::read("○ ただし対応予定"), Planned);
        assert_eq!(Answer::read("× 標準機能では対応"), No);
        assert_eq!(Answer::read("○：標準"), Yes);
    }
}
