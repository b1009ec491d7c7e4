//! What happened to a text between sending and getting back: every changed character with the name of the change.
//!
//! Normalisation destroys names silently: NFC and NFKC replace compatibility ideographs, NFKC folds widths and signs, a
//! filter drops variation selectors, an old code page leaves question marks. [`compare`] names which it was.

use similar::{Algorithm, DiffOp, capture_diff_slices};
use unicode_normalization::UnicodeNormalization;

use super::class::{CharacterClass, Unit, class_of, code_points, units};
use super::shrink::{Map, candidates};
use crate::text::Text;

/// What happened to a character.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum ChangeKind {
    /// The variation selector is gone: 葛 in another glyph.
    SelectorStripped,
    /// Another variation selector, or one that was not there.
    SelectorChanged,
    /// Half-width kana became full-width, as NFKC does.
    HalfWidthKanaFolded,
    /// Another width of the same letter, digit, sign or space.
    WidthChanged,
    /// NFC or NFD: another way to write a character with marks, or a compatibility ideograph (神 U+FA19 → U+795E).
    CanonicalFolded,
    /// NFKC: a sign became what it stands for (㈱ → (株), ① → 1).
    CompatibilityFolded,
    /// 縮退: one of the targets of MJ縮退マップ or 国税庁 JIS縮退マップ.
    Shrunk,
    /// `?`, 〓, □ or U+FFFD stands where a character was: the conversion failed.
    Unconverted,
    /// Nothing stands where it was.
    Dropped,
    /// Something stands that was not there.
    Added,
    /// Another character for no reason known here.
    Substituted,
}

impl ChangeKind {
    /// Id, as `--json` writes it.
    pub const fn id(self) -> &'static str {
        match self {
            Self::SelectorStripped => "selector-stripped",
            Self::SelectorChanged => "selector-changed",
            Self::HalfWidthKanaFolded => "half-width-kana-folded",
            Self::WidthChanged => "width-changed",
            Self::CanonicalFolded => "canonical-folded",
            Self::CompatibilityFolded => "compatibility-folded",
            Self::Shrunk => "shrunk",
            Self::Unconverted => "unconverted",
            Self::Dropped => "dropped",
            Self::Added => "added",
            Self::Substituted => "substituted",
        }
    }

    fn name(self) -> (&'static str, &'static str) {
        match self {
            Self::SelectorStripped => ("異体字セレクタが失われました", "lost its variation selector"),
            Self::SelectorChanged => ("異体字セレクタが変わりました", "got another variation selector"),
            Self::HalfWidthKanaFolded => ("半角カナが全角になりました", "was folded from half-width kana"),
            Self::WidthChanged => ("全角・半角が変わりました", "changed its width"),
            Self::CanonicalFolded => (
                "正規化（NFC/NFD）で別の符号になりました",
                "was changed by canonical normalisation (NFC or NFD)",
            ),
            Self::CompatibilityFolded => (
                "互換正規化（NFKC）で別の文字になりました",
                "was changed by compatibility normalisation (NFKC)",
            ),
            Self::Shrunk => ("縮退されました", "was reduced (縮退)"),
            Self::Unconverted => (
                "変換できない文字の記号になりました",
                "became a sign of a failed conversion",
            ),
            Self::Dropped => ("失われました", "was dropped"),
            Self::Added => ("元にない文字です", "was not in the original"),
            Self::Substituted => ("別の文字になりました", "became another character"),
        }
    }
}

/// One change.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// What happened.
    pub kind: ChangeKind,
    /// Place in the original, in code points from 1; where something was added, the place before which it stands.
    pub position: usize,
    /// The characters of the original; empty if added.
    pub original: String,
    /// The characters that came back; empty if dropped.
    pub returned: String,
}

impl Change {
    /// The change in both languages, with code points.
    pub fn text(&self) -> Text {
        let show = |text: &str| {
            if text.is_empty() {
                "—".to_owned()
            } else {
                format!("{text} ({})", code_points(text))
            }
        };
        let (ja, en) = self.kind.name();
        let (original, returned) = (show(&self.original), show(&self.returned));
        Text::new(
            format!("{} 文字目 {original} → {returned}: {ja}", self.position),
            format!("character {} {original} → {returned}: {en}", self.position),
        )
    }
}

/// Every change between a text and what came back of it. Empty if and only if the two are the same code points.
pub fn compare(original: &str, returned: &str) -> Vec<Change> {
    let (before, after) = (units(original), units(returned));
    let texts = |units: &[Unit<'_>]| units.iter().map(|unit| unit.text.to_owned()).collect::<Vec<_>>();
    let (old, new) = (texts(&before), texts(&after));
    let end = original.chars().count() + 1;
    let mut changes = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &old, &new) {
        if !matches!(op, DiffOp::Equal { .. }) {
            explain(
                &before[op.old_range()],
                &new[op.new_range()],
                position(&before, op.old_range().start, end),
                &mut changes,
            );
        }
    }
    changes
}

fn position(units: &[Unit<'_>], index: usize, end: usize) -> usize {
    units.get(index).map_or(end, |unit| unit.position)
}

/// Explains a stretch that differs, character by character from the left.
fn explain(before: &[Unit<'_>], after: &[String], start: usize, changes: &mut Vec<Change>) {
    let (mut old, mut new) = (0, 0);
    while old < before.len() {
        let step = known(&before[old..], &after[new..]).unwrap_or_else(|| {
            // One for one while both sides last; what is left over was dropped.
            let kind = if new < after.len() {
                ChangeKind::Substituted
            } else {
                ChangeKind::Dropped
            };
            Step {
                kind,
                old: 1,
                new: usize::from(new < after.len()),
            }
        });
        changes.push(Change {
            kind: step.kind,
            position: before[old].position,
            original: before[old..old + step.old].iter().map(|unit| unit.text).collect(),
            returned: after[new..new + step.new].concat(),
        });
        (old, new) = (old + step.old, new + step.new);
    }
    if new < after.len() {
        let position = before
            .last()
            .map_or(start, |unit| unit.position + unit.text.chars().count());
        changes.push(Change {
            kind: ChangeKind::Added,
            position,
            original: String::new(),
            returned: after[new..].concat(),
        });
    }
}

/// A change that takes so many characters of both sides.
struct Step {
    kind: ChangeKind,
    old: usize,
    new: usize,
}

/// The change that leads from the next one or two characters to what came back, if it is one of those known.
fn known(before: &[Unit<'_>], after: &[String]) -> Option<Step> {
    // Two characters may become one: ｶﾞ → ガ.
    for old in [2, 1].into_iter().filter(|&old| old <= before.len()) {
        let from: String = before[..old].iter().map(|unit| unit.text).collect();
        for new in (1..=after.len().min(5)).rev() {
            let to = after[..new].concat();
            if let Some(kind) = pair(&from, &to, old) {
                return Some(Step { kind, old, new });
            }
        }
    }
    None
}

fn pair(from: &str, to: &str, characters: usize) -> Option<ChangeKind> {
    let bare = |text: &str| -> String { text.chars().filter(|&c| !super::is_variation_selector(c)).collect() };
    let has_selector = |text: &str| text.chars().any(super::is_variation_selector);
    if characters == 1 && from != to && bare(from) == bare(to) {
        return Some(if has_selector(to) {
            ChangeKind::SelectorChanged
        } else {
            ChangeKind::SelectorStripped
        });
    }
    // The selector may be lost together with another change: what is said then is the other change.
    let from = bare(from);
    let kana = from.chars().all(|c| class_of(c) == CharacterClass::HalfWidthKana);
    if characters == 2 {
        // Two characters together only where they make one.
        return (kana && to.chars().count() == 1 && from.nfkc().eq(to.chars()))
            .then_some(ChangeKind::HalfWidthKanaFolded);
    }
    let first = from.chars().next()?;
    if from.nfc().eq(to.chars()) || from.nfd().eq(to.chars()) || from.nfc().eq(to.nfc()) {
        return Some(ChangeKind::CanonicalFolded);
    }
    if from.nfkc().eq(to.chars()) || from.nfkd().eq(to.chars()) {
        return Some(match class_of(first) {
            CharacterClass::HalfWidthKana => ChangeKind::HalfWidthKanaFolded,
            _ if is_wide_form(first) => ChangeKind::WidthChanged,
            _ => ChangeKind::CompatibilityFolded,
        });
    }
    // The other way: half-width became full-width.
    if to.nfkc().eq(from.chars()) && to.chars().next().is_some_and(is_wide_form) {
        return Some(ChangeKind::WidthChanged);
    }
    if matches!(to, "?" | "？" | "〓" | "□" | "\u{FFFD}" | "??" | "\u{FFFD}\u{FFFD}") && first != '?' {
        return Some(ChangeKind::Unconverted);
    }
    let is_target = |map| candidates(&from, map).iter().any(|target| target == to);
    (is_target(Map::Mj) || is_target(Map::Nta)).then_some(ChangeKind::Shrunk)
}

/// Full-width ASCII, the full-width space, and half-width signs with a full-width twin.
fn is_wide_form(c: char) -> bool {
    matches!(c, '\u{3000}' | '\u{FF01}'..='\u{FF60}' | '\u{FFE0}'..='\u{FFEE}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(original: &str, returned: &str) -> Vec<(ChangeKind, usize)> {
        compare(original, returned)
            .iter()
            .map(|change| (change.kind, change.position))
            .collect()
    }

    #[test]
    fn each_change_has_its_name() {
        use ChangeKind as K;
        for (original, returned, expected) in [
            ("葛\u{E0101}城", "葛城", K::SelectorStripped),
            ("葛\u{E0101}城", "葛\u{E0100}城", K::SelectorChanged),
            ("葛城", "葛\u{E0100}城", K::SelectorChanged),
            ("ｱ", "ア", K::HalfWidthKanaFolded),
            ("ｶﾞ", "ガ", K::HalfWidthKanaFolded),
            ("Ａ", "A", K::WidthChanged),
            ("A", "Ａ", K::WidthChanged),
            ("　", " ", K::WidthChanged),
            ("\u{FA19}", "神", K::CanonicalFolded),
            ("が", "か\u{3099}", K::CanonicalFolded),
            ("か\u{3099}", "が", K::CanonicalFolded),
            ("①", "1", K::CompatibilityFolded),
            ("㈱", "(株)", K::CompatibilityFolded),
            ("髙", "高", K::Shrunk),
            ("邉", "辺", K::Shrunk),
            ("邉", "邊", K::Shrunk),
            ("偀", "英", K::Shrunk),
            ("䶒", "?", K::Unconverted),
            ("𠮷", "??", K::Unconverted),
            ("𠮷", "\u{FFFD}", K::Unconverted),
            ("\u{E000}", "〓", K::Unconverted),
            ("か", "", K::Dropped),
            ("", "か", K::Added),
            ("高", "低", K::Substituted),
        ] {
            assert_eq!(kinds(original, returned), [(expected, 1)], "{original} {returned}");
        }
    }

    #[test]
    fn places_are_those_of_the_original() {
        assert_eq!(
            kinds("葛\u{E0101}城　𠮷子", "葛城 吉子"),
            [
                (ChangeKind::SelectorStripped, 1),
                (ChangeKind::WidthChanged, 4),
                (ChangeKind::Shrunk, 5)
            ]
        );
        assert_eq!(kinds("山田太郎", "山田郎"), [(ChangeKind::Dropped, 3)]);
        assert_eq!(kinds("山田郎", "山田太郎"), [(ChangeKind::Added, 3)]);
        assert_eq!(kinds("山田", "山田太郎"), [(ChangeKind::Added, 3)]);
    }

    #[test]
    fn nfkc_of_a_name_is_named_throughout() {
        let original = "ｻﾄｳ㈱Ⅲ﨑\u{FA19}";
        let returned: String = original.nfkc().collect();
        let changes = compare(original, &returned);
        assert!(changes.iter().all(|change| matches!(
            change.kind,
            ChangeKind::HalfWidthKanaFolded | ChangeKind::CompatibilityFolded | ChangeKind::CanonicalFolded
        )));
        assert_eq!(changes.len(), 6);
        assert_eq!(
            changes[3].text().en,
            "character 4 ㈱ (U+3231) → (株) (U+0028 U+682A U+0029): was changed by compatibility normalisation (NFKC)"
        );
    }

    #[test]
    fn the_same_is_no_change_and_anything_else_is_one() {
        assert_eq!(compare("葛\u{E0101}城", "葛\u{E0101}城"), []);
        let texts = [
            "",
            "か",
            "がき",
            "か\u{3099}",
            "葛\u{E0101}",
            "葛",
            "ｶﾞｷﾞ",
            "ガギ",
            "?",
            "??",
            "𠮷",
            "A　b",
        ];
        for one in texts {
            for two in texts {
                let changes = compare(one, two);
                assert_eq!(changes.is_empty(), one == two, "{one} {two}");
                // What is changed, put together with what is not, is the other text: nothing is lost on the way.
                let length = |part: fn(&Change) -> &str| changes.iter().map(|c| part(c).chars().count()).sum::<usize>();
                let grown = two.chars().count() as isize - one.chars().count() as isize;
                let told = length(|c| &c.returned) as isize - length(|c| &c.original) as isize;
                assert_eq!(told, grown, "{one} {two}");
            }
        }
    }

    #[test]
    fn what_the_python_package_loses_is_dropped() {
        assert_eq!(kinds("たか", "た"), [(ChangeKind::Dropped, 2)]);
        assert_eq!(kinds("かき", ""), [(ChangeKind::Dropped, 1), (ChangeKind::Dropped, 2)]);
    }
}
