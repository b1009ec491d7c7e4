//! What differs between what was expected and what was found, marked at render time.

use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Longest text, in bytes, that is compared; longer ones are shown without marks.
const LONGEST: usize = 600;

/// The parts of two texts, each with a flag that says whether the other lacks it. `None` where
/// marks would not help: long texts, and texts with little in common.
pub(super) fn parts<'a>(expected: &'a str, found: &'a str) -> Option<(Vec<Part<'a>>, Vec<Part<'a>>)> {
    if expected.len() > LONGEST || found.len() > LONGEST {
        return None;
    }
    let (old, new) = (tokens(expected), tokens(found));
    let [mut left, mut right] = [Vec::new(), Vec::new()];
    let (mut expected_rest, mut found_rest) = (expected, found);
    let mut common = 0;
    for operation in capture_diff_slices(Algorithm::Myers, &old, &new) {
        let differs = !matches!(operation, DiffOp::Equal { .. });
        if !differs {
            common += old[operation.old_range()]
                .iter()
                .map(|token| token.len())
                .sum::<usize>();
        }
        push(&mut left, &mut expected_rest, &old[operation.old_range()], differs);
        push(&mut right, &mut found_rest, &new[operation.new_range()], differs);
    }
    let longer = expected.len().max(found.len());
    (common * 3 >= longer && common < longer).then_some((left, right))
}

/// A piece of a text, and whether the other text lacks it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Part<'a> {
    /// The piece.
    pub(super) text: &'a str,
    /// Whether the other text lacks it.
    pub(super) differs: bool,
}

fn push<'a>(parts: &mut Vec<Part<'a>>, rest: &mut &'a str, tokens: &[&str], differs: bool) {
    let (text, tail) = rest.split_at(tokens.iter().map(|token| token.len()).sum());
    *rest = tail;
    if !text.is_empty() {
        parts.push(Part { text, differs });
    }
}

/// Words of letters and short numbers stay whole; long numbers, kana and kanji are compared one by
/// one.
fn tokens(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (word, tail) = rest.split_at(letters.max(digits).max(first.len_utf8()));
        rest = tail;
        if digits > 4 {
            tokens.extend(word.split_inclusive(|_: char| true));
        } else {
            tokens.push(word);
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(parts: &[Part<'_>]) -> String {
        parts
            .iter()
            .map(|part| {
                let text = part.text;
                if part.differs {
                    format!("[{text}]")
                } else {
                    text.to_owned()
                }
            })
            .collect()
    }

    fn both(expected: &str, found: &str) -> Option<(String, String)> {
        parts(expected, found).map(|(left, right)| (marked(&left), marked(&right)))
    }

    #[test]
    fn marks_what_differs() {
        let (left, right) = both("error code \"E0001\"", "error code \"E1001\"").unwrap();
        assert_eq!(
            (left.as_str(), right.as_str()),
            ("error code \"E[0001]\"", "error code \"E[1001]\"")
        );
        let (left, right) = both("架空　太郎", "架空 太郎").unwrap();
        assert_eq!((left.as_str(), right.as_str()), ("架空[　]太郎", "架空[ ]太郎"));
        let (left, right) = both("900000000000012", "900000000000017").unwrap();
        assert_eq!(
            (left.as_str(), right.as_str()),
            ("90000000000001[2]", "90000000000001[7]")
        );
    }

    #[test]
    fn stays_silent_where_marks_do_not_help() {
        assert_eq!(both("400", "200"), None);
        assert_eq!(both("the connection stays open", "応答の後に閉じられた"), None);
        assert_eq!(both("same", "same"), None);
        assert_eq!(both(&"a ".repeat(400), "a"), None);
    }
}
