//! What the same thing is called: by municipal people, by engineers, by the standards, in Japanese and English; and what
//! says nothing. Both are data, in the two text files beside this one.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

/// Names of concepts by their first character, so that a text is looked through once.
pub(super) struct Concepts {
    by_first: HashMap<char, Vec<Name>>,
}

struct Name {
    name: &'static str,
    /// The term that a text gets for it.
    term: &'static str,
}

/// All concepts.
pub(super) static CONCEPTS: LazyLock<Concepts> = LazyLock::new(|| {
    let mut by_first: HashMap<char, Vec<Name>> = HashMap::new();
    for (term, names) in entries() {
        for name in names {
            if let Some(first) = name.chars().next() {
                by_first.entry(first).or_default().push(Name { name, term });
            }
        }
    }
    Concepts { by_first }
});

impl Concepts {
    /// Terms of the concepts that a folded text names. Japanese names count anywhere, Latin ones as whole words.
    pub(super) fn of(&self, text: &str) -> Vec<&'static str> {
        let mut found = Vec::new();
        let mut before = None;
        for (at, c) in text.char_indices() {
            for name in self.by_first.get(&c).into_iter().flatten() {
                if found.contains(&name.term) || !text[at..].starts_with(name.name) {
                    continue;
                }
                let goes_on = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
                let after = text[at + name.name.len()..].chars().next();
                if !name.name.is_ascii() || !goes_on(before) && !goes_on(after) {
                    found.push(name.term);
                }
            }
            before = Some(c);
        }
        found
    }
}

/// The lines of the file: a term, and its names.
fn entries() -> impl Iterator<Item = (&'static str, impl Iterator<Item = &'static str>)> {
    lines(include_str!("concepts.txt")).filter_map(|line| {
        let (term, names) = line.split_once(':')?;
        Some((term, names.split(',').map(str::trim)))
    })
}

/// Terms that say nothing in a request for proposals.
pub(super) static STOP: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    lines(include_str!("stop.txt"))
        .flat_map(str::split_whitespace)
        .collect()
});

fn lines(file: &'static str) -> impl Iterator<Item = &'static str> {
    file.lines().filter(|line| !line.starts_with(';') && !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rfp::fold::plain;

    #[test]
    fn names_are_written_as_texts_are_folded() {
        let mut terms = HashSet::new();
        for (term, names) in entries() {
            assert!(terms.insert(term), "{term}");
            assert!(term.starts_with('#'), "a term of a concept is told from words");
            let names: Vec<&str> = names.collect();
            for name in &names {
                assert_eq!(*name, plain(name), "{term}");
            }
            assert!(names.iter().any(|name| name.is_ascii()), "{term} has no Latin name");
            assert!(names.iter().any(|name| !name.is_ascii()), "{term} has no Japanese name");
        }
        assert!(STOP.contains("the"));
    }

    #[test]
    fn latin_names_are_whole_words() {
        assert_eq!(CONCEPTS.of("the token"), ["#token"]);
        assert!(CONCEPTS.of("tokenizer").is_empty());
        assert_eq!(CONCEPTS.of("再送の要求"), ["#repeat", "#request"]);
    }
}
