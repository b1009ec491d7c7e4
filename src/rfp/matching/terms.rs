//! Texts as terms: bigrams of kanji, words of katakana and Latin letters, numbers, and concepts that municipal people
//! and engineers call by different names. Hiragana is grammar here and carries nothing.

use unicode_normalization::char::is_combining_mark;

use super::concepts::{CONCEPTS, STOP};
use crate::rfp::fold::plain;

/// Terms of a text, with repetition.
pub(super) fn terms(text: &str) -> Vec<String> {
    let folded = plain(text);
    let mut all = Vec::new();
    for (kind, run) in runs(&folded) {
        match kind {
            Kind::Kanji => bigrams(run, &mut all),
            Kind::Katakana => {
                let word = run.trim_end_matches('ー');
                if word.chars().count() >= 3 {
                    all.push(word.to_owned());
                }
                bigrams(word, &mut all);
            }
            Kind::Latin => latin(run, &mut all),
            Kind::Other => {}
        }
    }
    let tight: String = folded.chars().filter(|c| *c != '\n' && *c != '\u{3000}').collect();
    all.extend(CONCEPTS.of(&tight).into_iter().map(str::to_owned));
    all.retain(|term| !STOP.contains(term.as_str()));
    all
}

#[derive(Clone, Copy, Eq, PartialEq)]
enum Kind {
    Kanji,
    Katakana,
    Latin,
    Other,
}

fn kind(c: char) -> Kind {
    match c {
        '\u{3400}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}' | '々' | '〆' => Kind::Kanji,
        'ァ'..='ヺ' | 'ー' => Kind::Katakana,
        'a'..='z' | '0'..='9' | '_' => Kind::Latin,
        other if other.is_alphanumeric() && !('\u{3000}'..='\u{30FF}').contains(&other) => Kind::Latin,
        _ => Kind::Other,
    }
}

/// Maximal runs of one kind.
fn runs(text: &str) -> impl Iterator<Item = (Kind, &str)> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let kind_of_run = kind(first);
        let end = rest
            .char_indices()
            .find(|(_, c)| kind(*c) != kind_of_run && !is_combining_mark(*c))
            .map_or(rest.len(), |(at, _)| at);
        let (run, after) = rest.split_at(end.max(first.len_utf8()));
        rest = after;
        Some((kind_of_run, run))
    })
}

fn bigrams(run: &str, all: &mut Vec<String>) {
    let chars: Vec<char> = run.chars().collect();
    match chars.as_slice() {
        [] => {}
        [only] => all.push(only.to_string()),
        many => all.extend(many.windows(2).map(|pair| pair.iter().collect::<String>())),
    }
}

/// A Latin word without its English ending; numbers as they are.
fn latin(run: &str, all: &mut Vec<String>) {
    if run.bytes().all(|byte| byte.is_ascii_digit()) {
        all.push(run.to_owned());
        return;
    }
    all.push(stem(run).to_owned());
    // Parts of names such as client_secret_jwt.
    if run.contains('_') {
        all.extend(
            run.split('_')
                .filter(|part| part.len() > 2)
                .map(|part| stem(part).to_owned()),
        );
    }
}

fn stem(word: &str) -> &str {
    if !word.is_ascii() || word.len() < 5 {
        return word;
    }
    for ending in [
        "ations", "ation", "ments", "ment", "ings", "ing", "ies", "ied", "es", "ed", "s", "e", "y",
    ] {
        if let Some(stem) = word.strip_suffix(ending)
            && stem.len() >= 4
        {
            return stem;
        }
    }
    word
}

/// Terms as words that a person can read: neighbouring bigrams joined, in the order of the text.
pub(super) fn readable(text: &str, common: &[&str]) -> Vec<String> {
    let folded = plain(text);
    let mut words: Vec<String> = Vec::new();
    for (kind, run) in runs(&folded) {
        let found: Vec<String> = match kind {
            Kind::Kanji | Kind::Katakana => joined(run, common),
            Kind::Latin => {
                let mut own = Vec::new();
                latin(run, &mut own);
                let is_common = own.iter().any(|term| common.contains(&term.as_str()));
                is_common.then(|| run.to_owned()).into_iter().collect()
            }
            Kind::Other => Vec::new(),
        };
        for word in found {
            if !words.contains(&word) {
                words.push(word);
            }
        }
    }
    words
}

/// The longest stretches of a run all of whose bigrams are common.
fn joined(run: &str, common: &[&str]) -> Vec<String> {
    let chars: Vec<char> = run.chars().collect();
    if let [only] = chars.as_slice() {
        let word = only.to_string();
        return common.contains(&word.as_str()).then_some(word).into_iter().collect();
    }
    let mut words = Vec::new();
    let mut word = String::new();
    for pair in chars.windows(2) {
        let bigram: String = pair.iter().collect();
        if common.contains(&bigram.as_str()) {
            if word.is_empty() {
                word.push(pair[0]);
            }
            word.push(pair[1]);
        } else if !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_of_both_languages() {
        let terms = terms("国外転出の翌日に、ＡＰＩのトークンを拒否すること。Refused registrations: 401");
        for term in [
            "国外",
            "外転",
            "転出",
            "翌日",
            "api",
            "トークン",
            "拒否",
            "#refuse",
            "refus",
            "registr",
            "401",
        ] {
            assert!(terms.iter().any(|known| known == term), "{term}: {terms:?}");
        }
        assert!(!terms.iter().any(|term| term.contains('の')));
    }

    #[test]
    fn reasons_are_words() {
        assert_eq!(
            readable("国外転出の翌日 token", &["国外", "外転", "転出", "token"]),
            ["国外転出", "token"]
        );
    }
}
