//! What the same thing is called: by municipal people, by engineers, by the standards, in Japanese and English; and what
//! says nothing. Both are data, in the two text files beside this one.

use std::collections::HashSet;
use std::sync::LazyLock;

/// A concept and its names.
pub(super) struct Concept {
    /// The term that a text gets for it.
    pub(super) term: String,
    /// Names of more than ASCII letters: looked for anywhere in a text without spaces.
    pub(super) anywhere: Vec<&'static str>,
    /// Latin names: looked for as whole words.
    pub(super) words: Vec<&'static str>,
}

/// All concepts.
pub(super) static CONCEPTS: LazyLock<Vec<Concept>> = LazyLock::new(|| {
    lines(include_str!("concepts.txt"))
        .filter_map(|line| {
            let (name, names) = line.split_once(':')?;
            let (words, anywhere) = names.split(',').map(str::trim).partition(|name| name.is_ascii());
            Some(Concept {
                term: format!("#{name}"),
                anywhere,
                words,
            })
        })
        .collect()
});

/// Terms that say nothing in a request for proposals.
pub(super) static STOP: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    lines(include_str!("stop.txt"))
        .flat_map(str::split_whitespace)
        .collect()
});

fn lines(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rfp::fold::plain;

    #[test]
    fn names_are_written_as_texts_are_folded() {
        let mut terms = HashSet::new();
        for concept in CONCEPTS.iter() {
            assert!(terms.insert(&concept.term), "{}", concept.term);
            assert!(
                !concept.anywhere.is_empty() && !concept.words.is_empty(),
                "{}",
                concept.term
            );
            for name in concept.anywhere.iter().chain(&concept.words) {
                assert_eq!(*name, plain(name), "{}", concept.term);
            }
        }
        assert!(STOP.contains("the"));
    }
}
