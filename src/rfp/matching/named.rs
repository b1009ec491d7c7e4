//! Requirements that a clause names: by their ids, by profiles, or by the clause of the official document.

use std::collections::HashMap;

use crate::rfp::fold::{plain, tight};
use crate::scenario::Corpus;
use crate::standard::glob_matches;

/// Requirements that a pattern with `*` may stand for, at the most.
const MOST_OF_A_PATTERN: usize = 600;

/// What can be named, in folded form.
#[derive(Debug)]
pub(super) struct Names {
    ids: HashMap<String, usize>,
    profiles: HashMap<String, Vec<usize>>,
    references: Vec<Reference>,
}

/// How a requirement is cited.
#[derive(Debug)]
struct Reference {
    requirement: usize,
    /// Names of the document, any of which has to stand in the text; none if the mark alone says which it is.
    documents: Vec<String>,
    /// The place in it.
    mark: String,
    /// What is told of it in a reason.
    shown: String,
}

/// Ids in a text.
#[derive(Debug, Default, Eq, PartialEq)]
pub(super) struct NamedIds {
    /// Requirements, in the order of the corpus.
    pub(super) known: Vec<usize>,
    /// Words that look like ids of this corpus, but are none.
    pub(super) unknown: Vec<String>,
}

/// A citation that was found.
#[derive(Debug)]
pub(super) struct Cited {
    pub(super) requirements: Vec<usize>,
    pub(super) shown: String,
}

impl Names {
    pub(super) fn new(corpus: &Corpus) -> Self {
        let ids = corpus
            .requirements
            .iter()
            .enumerate()
            .map(|(index, requirement)| (tight(&requirement.id), index))
            .collect();
        let profiles = corpus
            .profiles
            .iter()
            .map(|profile| {
                let held = corpus.expand_profile(&profile.id);
                let requirements = corpus.requirements.iter().enumerate();
                let of = requirements
                    .filter(|(_, requirement)| held.iter().any(|profile| profile.holds(requirement)))
                    .map(|(index, _)| index)
                    .collect();
                (tight(&profile.id), of)
            })
            .collect();
        Self {
            ids,
            profiles,
            references: references(corpus),
        }
    }

    /// Ids of requirements and profiles in a text.
    pub(super) fn ids_in(&self, text: &str) -> NamedIds {
        let folded = plain(text);
        let mut named = NamedIds::default();
        for word in folded.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.*".contains(c))) {
            let word = word.trim_matches(['-', '.', '_']);
            if word.len() < 3 {
                continue;
            }
            if let Some(&index) = self.ids.get(word) {
                named.known.push(index);
            } else if let Some(of) = self.profiles.get(word) {
                named.known.extend(of);
            } else if word.contains('*') && word.len() > 4 {
                let mut of: Vec<usize> = self
                    .ids
                    .iter()
                    .filter(|(id, _)| glob_matches(word, id))
                    .map(|(_, &index)| index)
                    .collect();
                if of.is_empty() || of.len() > MOST_OF_A_PATTERN {
                    named.unknown.push(word.to_owned());
                } else {
                    named.known.append(&mut of);
                }
            } else if looks_like_id(word) {
                named.unknown.push(word.to_owned());
            }
        }
        named.known.sort_unstable();
        named.known.dedup();
        named
    }

    /// Clauses of official documents that a text cites.
    pub(super) fn cited_in(&self, text: &str) -> Option<Cited> {
        let folded = tight(text);
        if !folded.chars().any(|c| c.is_ascii_digit()) {
            return None;
        }
        let mut shown: Vec<&str> = Vec::new();
        let mut requirements = Vec::new();
        for reference in &self.references {
            let names_document = reference.documents.is_empty()
                || reference
                    .documents
                    .iter()
                    .any(|document| folded.contains(document.as_str()));
            if names_document && holds_mark(&folded, &reference.mark) {
                requirements.push(reference.requirement);
                if !shown.contains(&reference.shown.as_str()) {
                    shown.push(&reference.shown);
                }
            }
        }
        requirements.sort_unstable();
        requirements.dedup();
        (!requirements.is_empty()).then(|| Cited {
            requirements,
            shown: shown.join(", "),
        })
    }
}

/// Whether a word has the form of an id of ours.
fn looks_like_id(word: &str) -> bool {
    const HEADS: [&str; 11] = [
        "cf-", "bp", "ssbp", "unit-", "unit.", "le-", "fl-", "pc-", "wsa-", "wss-", "rd-",
    ];
    let head = HEADS.iter().find(|head| word.starts_with(**head));
    let rest = head.map_or("", |head| &word[head.len()..]);
    match head {
        Some(&("bp" | "ssbp")) => rest.len() == 4 && rest.bytes().all(|byte| byte.is_ascii_digit()),
        Some(_) => rest.bytes().any(|byte| byte.is_ascii_digit()),
        None => false,
    }
}

/// Whether a place stands in a text, and not as the beginning of a longer one: 2.2 is not in 2.2.5.
fn holds_mark(text: &str, mark: &str) -> bool {
    text.match_indices(mark).any(|(at, _)| {
        let mut after = text[at + mark.len()..].chars();
        let next = after.next();
        let goes_on = match next {
            Some(c) if c.is_ascii_digit() => true,
            Some('.') => after.next().is_some_and(|c| c.is_ascii_digit()),
            Some(c) if mark.ends_with('条') => c == 'の',
            _ => false,
        };
        let before = text[..at].chars().next_back();
        let began = before.is_some_and(|c| {
            c.is_ascii_digit()
                || c == '.'
                || mark.starts_with(|c: char| c.is_ascii_alphabetic()) && c.is_ascii_alphanumeric()
        });
        !goes_on && !began
    })
}

fn references(corpus: &Corpus) -> Vec<Reference> {
    let mut all = Vec::new();
    for (index, requirement) in corpus.requirements.iter().enumerate() {
        let source = corpus.sources.iter().find(|source| source.id == requirement.source);
        let mut documents = vec![tight(&requirement.source)];
        if let Some(source) = source {
            documents.extend(titles(&source.title.ja));
            documents.extend(titles(&source.title.en));
        }
        let mut add = |documents: Vec<String>, mark: String, shown: String| {
            all.push(Reference {
                requirement: index,
                documents,
                mark,
                shown,
            });
        };
        let clause = tight(&requirement.clause);
        let title = source.map_or(requirement.source.as_str(), |source| source.title.ja.as_str());
        // Sheet and cell of an official workbook.
        if let Some((sheet, cell)) = clause.split_once('!')
            && !cell.is_empty()
        {
            let cell: String = cell.chars().take_while(char::is_ascii_alphanumeric).collect();
            add(Vec::new(), format!("{sheet}!{cell}"), requirement.clause.clone());
            continue;
        }
        // Numbers of WS-I.
        if requirement.source.starts_with("BP1") || requirement.source.starts_with("SSBP") {
            let verified = clause.split('(').next().unwrap_or_default();
            for number in verified.split(',').filter(|number| is_ws_i_number(number)) {
                add(Vec::new(), number.to_owned(), number.to_uppercase());
            }
            continue;
        }
        // Articles of a law: the law is named in the clause itself.
        if let Some((law, articles)) = law_of(&requirement.clause) {
            for article in articles {
                add(vec![tight(&law)], tight(&article), format!("{law}{article}"));
            }
            continue;
        }
        // Sections: `§2.2.5 通信プロトコル`.
        if let Some(section) = clause.split('§').nth(1) {
            let number: String = section
                .chars()
                .take_while(|c| c.is_ascii_digit() || *c == '.')
                .collect();
            let number = number.trim_end_matches('.').to_owned();
            // A section of one digit is too easily met by chance.
            if number.contains('.') {
                add(documents, number.clone(), format!("{title} {number}"));
            }
        }
    }
    all
}

fn is_ws_i_number(number: &str) -> bool {
    number.len() == 5 && number.starts_with(['r', 'e']) && number[1..].bytes().all(|byte| byte.is_ascii_digit())
}

/// Ways in which people write the title of a document: with and without 地方公共団体情報システム and what is in brackets.
fn titles(title: &str) -> Vec<String> {
    let folded = tight(title);
    let bare: String = folded.split('(').next().unwrap_or_default().to_owned();
    let mut all = vec![folded, bare.clone()];
    if let Some(short) = bare.strip_prefix("地方公共団体情報システム") {
        all.push(short.to_owned());
    }
    all.retain(|name| name.chars().count() >= 4);
    all.dedup();
    all
}

/// `unit 10 国民健康保険法（昭和33年法律第192号）第8条第1項、第9条` → the law and its articles.
fn law_of(clause: &str) -> Option<(String, Vec<String>)> {
    let rest = clause.strip_prefix("unit ")?.get(3..)?;
    let (law, rest) = rest.split_once('（')?;
    let (_, articles) = rest.split_once('）')?;
    let articles: Vec<String> = articles
        .split(['、', '；', ','])
        .map(str::trim)
        .filter(|article| article.starts_with('第') && article.contains('条'))
        .map(str::to_owned)
        .collect();
    (!articles.is_empty() && !law.is_empty()).then(|| (law.trim().to_owned(), articles))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_whole() {
        assert!(holds_mark("標準仕様書2.2.5に", "2.2.5"));
        assert!(!holds_mark("標準仕様書2.2.5に", "2.2"));
        assert!(!holds_mark("標準仕様書12.2に", "2.2"));
        assert!(holds_mark("2.2.", "2.2"));
        assert!(!holds_mark("第8条の2", "第8条"));
        assert!(holds_mark("第8条に", "第8条"));
        assert!(!holds_mark("xr1109", "r1109"));
    }

    #[test]
    fn laws_and_their_articles() {
        let (law, articles) = law_of("unit 10 国民健康保険法（昭和33年法律第192号）第7条、第9条").unwrap();
        assert_eq!(law, "国民健康保険法");
        assert_eq!(articles, ["第7条", "第9条"]);
        assert!(law_of("unit 01").is_none());
    }
}
