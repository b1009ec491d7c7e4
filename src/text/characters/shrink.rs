//! 縮退: writing a text with fewer characters, with every loss recorded.
//!
//! Two maps, both through the crate `jntajis`, which holds their data: 国税庁 JIS縮退マップ (CC BY 4.0; JIS X 0213 → JIS X 0208),
//! and MJ縮退マップ (文字情報技術促進協議会 / IPA, CC BY-SA 2.1 JP; MJ → JIS X 0213). The crate is asked for one character at a time
//! and what it says is checked against our own table of JIS X 0213: a target that is outside is no target, a character
//! without a target stays and is recorded, and one of several targets is a choice that is recorded as one.

use jntajis::codec::mj_shrink::{MJShrinkSchemes, mj_shrink_candidates};
use jntajis::jnta_shrink_translit;

use super::class::{Unit, units};
use super::is_half_width;
use super::jisx0213::{is_jis_x_0208, is_jis_x_0213, is_jis_x_0213_sequence};

/// Which map, and so which repertoire is left.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum Map {
    /// MJ縮退マップ: into JIS X 0213.
    Mj,
    /// 国税庁 JIS縮退マップ: from JIS X 0213 into JIS X 0208. It knows no character outside JIS X 0213.
    Nta,
}

/// What to do where there are several targets.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum Choice {
    /// Take the first in the order of code points, and record the others.
    First,
    /// Leave the character as it is, and record that somebody has to choose.
    Leave,
}

/// What happened to a character.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum Loss {
    /// It has one target.
    Replaced,
    /// It has several; the first one was taken.
    Chosen,
    /// It has several; none was taken.
    Undecided,
    /// Only its variation selector is gone: the glyph is no longer the one that was meant.
    SelectorLost,
    /// It has no target and stays: the text is not within the repertoire.
    NoTarget,
}

/// One recorded loss.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    /// Place in the original, in code points from 1.
    pub position: usize,
    /// The character with its selector and marks.
    pub from: String,
    /// What stands in the result.
    pub to: String,
    /// What happened.
    pub loss: Loss,
    /// Every target, in the order of code points.
    pub candidates: Vec<String>,
}

/// A text after 縮退.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Shrunk {
    /// The result. Characters without a target stand in it unchanged.
    pub text: String,
    /// Every character that is not as it was, or should not be as it is.
    pub steps: Vec<Step>,
}

impl Shrunk {
    /// Whether the result lies within the repertoire of the map.
    pub fn is_complete(&self) -> bool {
        self.steps
            .iter()
            .all(|step| !matches!(step.loss, Loss::NoTarget | Loss::Undecided))
    }
}

/// Writes a text with the characters that a map leaves. Half-width characters stay.
pub fn shrink(text: &str, map: Map, choice: Choice) -> Shrunk {
    let mut shrunk = Shrunk {
        text: String::with_capacity(text.len()),
        steps: Vec::new(),
    };
    for unit in units(text) {
        if is_within(unit.text, map) {
            shrunk.text.push_str(unit.text);
            continue;
        }
        let step = step(&unit, map, choice);
        shrunk.text.push_str(&step.to);
        shrunk.steps.push(step);
    }
    shrunk
}

fn step(unit: &Unit<'_>, map: Map, choice: Choice) -> Step {
    let candidates = candidates(unit.text, map);
    let (loss, to) = match (&candidates[..], choice) {
        ([], _) => (Loss::NoTarget, unit.text.to_owned()),
        ([only], _) if unit.selector().is_some() && *only == unit.without_selector() => {
            (Loss::SelectorLost, only.clone())
        }
        ([only], _) => (Loss::Replaced, only.clone()),
        ([first, ..], Choice::First) => (Loss::Chosen, first.clone()),
        (_, Choice::Leave) => (Loss::Undecided, unit.text.to_owned()),
    };
    Step {
        position: unit.position,
        from: unit.text.to_owned(),
        to,
        loss,
        candidates,
    }
}

/// Whether a character with what belongs to it lies within the repertoire of a map.
fn is_within(text: &str, map: Map) -> bool {
    let mut chars = text.chars();
    match (chars.next(), chars.next(), chars.next()) {
        (Some(c), None, _) => is_half_width(c) || member(c, map),
        (Some(first), Some(second), None) => map == Map::Mj && is_jis_x_0213_sequence(first, second),
        _ => false,
    }
}

fn member(c: char, map: Map) -> bool {
    match map {
        Map::Mj => is_jis_x_0213(c),
        Map::Nta => is_jis_x_0208(c),
    }
}

/// The targets of one character (with its selector and marks) within the repertoire of a map, without the character
/// itself, in the order of code points.
pub fn candidates(unit: &str, map: Map) -> Vec<String> {
    let bare: String = unit.chars().filter(|&c| !super::is_variation_selector(c)).collect();
    let mut found: Vec<String> = match map {
        Map::Mj => mj_shrink_candidates(unit, MJShrinkSchemes::ALL).collect(),
        Map::Nta => jnta_shrink_translit(&bare, Some("")).into_iter().collect(),
    };
    found.retain(|target| target != unit && !target.is_empty() && target.chars().all(|c| member(c, map)));
    found.sort_unstable();
    found.dedup();
    // A selector may always be dropped where the character itself is within: a loss of the glyph, not of the character.
    if found.is_empty() && bare != unit && is_within(&bare, map) {
        found.push(bare);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn losses(text: &str, map: Map, choice: Choice) -> (String, Vec<Loss>) {
        let shrunk = shrink(text, map, choice);
        (shrunk.text, shrunk.steps.into_iter().map(|step| step.loss).collect())
    }

    #[test]
    fn one_target_is_taken_and_recorded() {
        let shrunk = shrink("髙橋", Map::Mj, Choice::First);
        assert_eq!(shrunk.text, "高橋");
        assert_eq!(
            shrunk.steps,
            [Step {
                position: 1,
                from: "髙".into(),
                to: "高".into(),
                loss: Loss::Replaced,
                candidates: vec!["高".into()]
            }]
        );
        assert!(shrunk.is_complete());
        assert_eq!(
            losses("𠮷野", Map::Mj, Choice::First),
            ("吉野".into(), vec![Loss::Replaced])
        );
    }

    #[test]
    fn one_of_several_is_a_choice() {
        assert_eq!(candidates("邉", Map::Mj), ["辺", "邊"]);
        // 邉 is within JIS X 0213 itself, so nothing has to happen to it; 㑹 is not.
        assert_eq!(losses("渡邉", Map::Mj, Choice::First), ("渡邉".into(), vec![]));
        assert_eq!(candidates("㑹", Map::Mj), ["会", "會"]);
        assert_eq!(losses("㑹", Map::Mj, Choice::First), ("会".into(), vec![Loss::Chosen]));
        let left = shrink("㑹", Map::Mj, Choice::Leave);
        assert_eq!((&*left.text, left.steps[0].loss), ("㑹", Loss::Undecided));
        assert!(!left.is_complete());
    }

    #[test]
    fn what_has_no_target_stays_and_is_recorded() {
        for text in ["\u{E000}", "\u{F0123}", "😀", "\u{FFFD}"] {
            assert_eq!(
                losses(text, Map::Mj, Choice::First),
                (text.into(), vec![Loss::NoTarget])
            );
        }
        // 国税庁's map has no target for these two of JIS X 0213.
        for text in ["⦅", "⦆"] {
            assert_eq!(
                losses(text, Map::Nta, Choice::First),
                (text.into(), vec![Loss::NoTarget])
            );
        }
        assert_eq!(losses("〜‖−", Map::Nta, Choice::First), ("〜‖−".into(), vec![]));
    }

    #[test]
    fn one_to_many() {
        assert_eq!(
            losses("⓾", Map::Nta, Choice::First),
            ("１０".into(), vec![Loss::Replaced])
        );
        assert_eq!(
            losses("㈱", Map::Nta, Choice::First),
            ("（株）".into(), vec![Loss::Replaced])
        );
    }

    #[test]
    fn half_width_space_and_a_character_outside_survive_the_map_of_the_tax_agency() {
        // With a replacement, the crate turns both into U+FFFD.
        assert_eq!(
            jnta_shrink_translit("髙 ", Some("\u{FFFD}")).as_deref(),
            Ok("\u{FFFD}\u{FFFD}")
        );
        assert_eq!(
            losses("髙 橋", Map::Nta, Choice::First),
            ("髙 橋".into(), vec![Loss::NoTarget])
        );
    }

    #[test]
    fn characters_that_can_start_a_sequence_are_not_lost() {
        // jntajis-python 0.1.0 loses these at the end of a text and beside each other.
        let starters = "かきくけこカキクケコセツトㇷæəʌɔɚ˥˩";
        assert_eq!(losses(starters, Map::Mj, Choice::First), (starters.into(), vec![]));
        for text in ["かき", "たか", "か", "ト\u{309A}", "か\u{309A}き"] {
            assert_eq!(losses(text, Map::Mj, Choice::First).0, text);
        }
    }

    #[test]
    fn a_lost_selector_is_a_loss() {
        let (text, found) = losses("葛\u{E0101}城", Map::Mj, Choice::First);
        assert_eq!((&*text, &found[..]), ("葛城", &[Loss::SelectorLost][..]));
        assert_eq!(losses("葛\u{FE00}", Map::Nta, Choice::First).1, [Loss::SelectorLost]);
    }

    #[test]
    fn nothing_is_ever_silent() {
        // Every character of the basic plane and of the two ideographic planes.
        for map in [Map::Mj, Map::Nta] {
            for c in ('\u{20}'..='\u{323AF}').filter(|&c| !super::super::is_combining(c)) {
                let text = c.to_string();
                let shrunk = shrink(&text, map, Choice::First);
                assert_eq!(
                    shrunk.text != text,
                    shrunk.steps.iter().any(|step| step.from != step.to)
                );
                assert!(!shrunk.text.is_empty(), "{}", super::super::code_points(&text));
                assert_eq!(
                    shrunk.is_complete(),
                    shrunk.text.chars().all(|c| is_half_width(c) || member(c, map))
                );
            }
        }
    }
}
