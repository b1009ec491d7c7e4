//! Which requirements of the corpus a clause asks for: by the ids it names, by the clause of an official document that it
//! cites, or by its words. What is found by words is a suggestion until a person confirms it.

mod concepts;
mod confirm;
mod index;
mod named;
mod terms;

use serde::{Deserialize, Serialize};

pub use confirm::{CONFIRMATIONS_SCHEMA, ConfirmError, Confirmation, Confirmations};

use super::fold::tight;
use super::list::{Clause, ClauseList};
use crate::scenario::Corpus;
use crate::text::Text;
use index::{Hit, Index};
use named::Names;

/// Suggestions for a clause.
const SUGGESTIONS: usize = 5;
/// Requirements that are looked at for them: a few fall behind for having one word in common only.
const CANDIDATES: usize = 12;
/// Score (of 1000) below which a requirement is not worth a look.
const NEAR: u16 = 200;
/// Suggestions for a clause that nothing is near to: shown, so that a person can see what was thought of.
const FAR_SUGGESTIONS: usize = 2;

/// Finds the requirements of clauses. Build it once for a corpus.
#[derive(Debug)]
pub struct Matcher {
    index: Index,
    names: Names,
    ids: Vec<String>,
    texts: Vec<Text>,
}

/// What a clause asks for, as far as we know.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClauseMatch {
    /// How we know it.
    pub basis: Basis,
    /// The requirements; all of them have to hold. Empty unless the basis is certain.
    pub requirements: Vec<String>,
    /// What it may ask for, best first; only where nothing is certain. With [`Basis::None`]: what was thought of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suggestions: Vec<Suggestion>,
    /// Who confirmed it, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed: Option<Confirmed>,
    /// What has to be known about it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Text>,
}

/// How we know what a clause asks for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// It names the ids.
    Id,
    /// It cites the clause of the official document, and nothing besides.
    Clause,
    /// A person confirmed it.
    Confirmed,
    /// A person decided that the corpus tests nothing of it.
    OutOfScope,
    /// There are suggestions, and nobody has confirmed any.
    Suggested,
    /// Nothing in the corpus is near.
    None,
}

/// A requirement that a clause may ask for.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Suggestion {
    /// Its id.
    pub requirement: String,
    /// How near it is, 0 to 1000.
    pub score: u16,
    /// Why: the clause that is cited, or the words in common.
    pub reason: Text,
    /// What the requirement says.
    pub text: Text,
}

/// Who confirmed a match.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Confirmed {
    /// Name or role.
    pub by: String,
    /// Day, YYYY-MM-DD.
    pub on: String,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

impl Matcher {
    /// A matcher for the requirements of a corpus.
    pub fn new(corpus: &Corpus) -> Self {
        Self {
            index: Index::new(corpus),
            names: Names::new(corpus),
            ids: corpus
                .requirements
                .iter()
                .map(|requirement| requirement.id.clone())
                .collect(),
            texts: corpus
                .requirements
                .iter()
                .map(|requirement| requirement.text.clone())
                .collect(),
        }
    }

    /// What each clause of a list asks for, in the order of the list.
    pub fn matches(&self, list: &ClauseList, confirmations: &Confirmations) -> Vec<ClauseMatch> {
        let clauses = list.clauses.iter();
        clauses
            .map(|clause| self.one(clause, &list.title, confirmations.of(&clause.key)))
            .collect()
    }

    /// The requirements that a text may be about, best first.
    pub fn suggest(&self, text: &str, context: &str, most: usize) -> Vec<Suggestion> {
        let hits = self.index.search(text, context, most);
        hits.into_iter().map(|hit| self.by_words(hit, text)).collect()
    }

    fn one(&self, clause: &Clause, title: &str, confirmation: Option<&Confirmation>) -> ClauseMatch {
        let mut notes = Vec::new();
        if let Some(decided) = confirmation.and_then(|known| self.confirmed(clause, known, &mut notes)) {
            return decided;
        }
        let mut found = self
            .named(clause, &mut notes)
            .unwrap_or_else(|| self.suggested(clause, title));
        notes.append(&mut found.notes);
        found.notes = notes;
        found
    }

    /// The decision of a person, if it is about this text and about requirements of this corpus.
    fn confirmed(&self, clause: &Clause, known: &Confirmation, notes: &mut Vec<Text>) -> Option<ClauseMatch> {
        if !known.is_decided() {
            return None;
        }
        if known.fingerprint != clause.fingerprint() {
            notes.push(Text::new(
                "確認の後に条項の文が変わったため、確認を使いませんでした。もう一度確認してください",
                "the clause was changed after it was confirmed; the confirmation was not used, confirm it again",
            ));
            return None;
        }
        let unknown: Vec<&str> = known
            .requirements
            .iter()
            .filter(|id| !self.ids.contains(id))
            .map(String::as_str)
            .collect();
        if !unknown.is_empty() {
            let unknown = unknown.join(", ");
            notes.push(Text::new(
                format!("確認された要件 {unknown} が要件集にないため、確認を使いませんでした"),
                format!("the corpus has no requirement {unknown}; the confirmation was not used"),
            ));
            return None;
        }
        Some(ClauseMatch {
            basis: if known.out_of_scope {
                Basis::OutOfScope
            } else {
                Basis::Confirmed
            },
            requirements: known.requirements.clone(),
            suggestions: Vec::new(),
            confirmed: Some(Confirmed {
                by: known.by.clone(),
                on: known.on.clone(),
                note: known.note.clone(),
            }),
            notes: std::mem::take(notes),
        })
    }

    /// What a clause names by itself.
    fn named(&self, clause: &Clause, notes: &mut Vec<Text>) -> Option<ClauseMatch> {
        let mut in_columns = self.names.ids_in(&clause.requirement);
        let in_reference = self.names.ids_in(&clause.reference);
        in_columns.known.extend(in_reference.known);
        in_columns.unknown.extend(in_reference.unknown);
        let in_text = self.names.ids_in(&clause.text);
        if !in_columns.unknown.is_empty() || !in_text.unknown.is_empty() {
            let unknown = [in_columns.unknown, in_text.unknown].concat().join(", ");
            notes.push(Text::new(
                format!("「{unknown}」という要件は要件集にありません"),
                format!("the corpus has no requirement {unknown}"),
            ));
        }
        let excepts = ["除く", "除き", "除外", "except", "excluding", "otherthan"];
        let folded = tight(&clause.text);
        let has_exception = excepts.iter().any(|word| folded.contains(word));
        if in_columns.known.is_empty() && in_text.known.is_empty() {
            return None;
        }
        if in_columns.known.is_empty() && has_exception {
            notes.push(Text::new(
                "条項が要件IDを挙げて除外しているため、人の確認が必要です",
                "the clause names ids and makes an exception; a person has to confirm what it asks for",
            ));
            return None;
        }
        // The column of ids says what is asked; the text may name others for comparison.
        let mut all = if in_columns.known.is_empty() {
            in_text.known
        } else {
            in_columns.known
        };
        all.sort_unstable();
        all.dedup();
        Some(self.certain(Basis::Id, &all))
    }

    fn certain(&self, basis: Basis, requirements: &[usize]) -> ClauseMatch {
        ClauseMatch {
            basis,
            requirements: requirements.iter().map(|&index| self.ids[index].clone()).collect(),
            suggestions: Vec::new(),
            confirmed: None,
            notes: Vec::new(),
        }
    }

    /// What a clause cites, or is near by its words.
    fn suggested(&self, clause: &Clause, title: &str) -> ClauseMatch {
        let context = format!(
            "{}\n{}\n{title}",
            clause.item,
            clause.place.sheet.as_deref().unwrap_or_default()
        );
        let cited = self.names.cited_in(&format!("{}\n{}", clause.reference, clause.text));
        if let Some(cited) = &cited
            && (cited.requirements.len() == 1 && is_citation_only(&clause.text) || is_mere_conformity(&clause.text))
        {
            return self.certain(Basis::Clause, &cited.requirements);
        }
        let hits = self
            .index
            .search(&clause.text, &context, if cited.is_some() { 200 } else { CANDIDATES });
        let mut suggestions: Vec<Suggestion> = Vec::new();
        if let Some(cited) = &cited {
            suggestions.extend(self.cited_first(&hits, cited, &clause.text));
        }
        for hit in hits.into_iter().take(CANDIDATES) {
            let suggestion = self.by_words(hit, &clause.text);
            let is_new = suggestions
                .iter()
                .all(|known| known.requirement != suggestion.requirement);
            if is_new {
                suggestions.push(suggestion);
            }
        }
        suggestions.sort_by_key(|known| std::cmp::Reverse(known.score));
        let is_near = suggestions.first().is_some_and(|best| best.score >= NEAR);
        suggestions.retain(|suggestion| !is_near || suggestion.score >= NEAR);
        suggestions.truncate(if is_near { SUGGESTIONS } else { FAR_SUGGESTIONS });
        ClauseMatch {
            basis: if !is_near { Basis::None } else { Basis::Suggested },
            requirements: Vec::new(),
            suggestions,
            confirmed: None,
            notes: Vec::new(),
        }
    }

    /// Requirements of the cited clause count more than others with the same words.
    fn cited_first(&self, hits: &[Hit], cited: &named::Cited, text: &str) -> Vec<Suggestion> {
        let mut all: Vec<Suggestion> = cited
            .requirements
            .iter()
            .map(|&requirement| {
                let near = hits.iter().find(|hit| hit.requirement == requirement);
                let words = self.by_words(
                    Hit {
                        requirement,
                        score: near.map_or(0.0, |hit| hit.score),
                    },
                    text,
                );
                Suggestion {
                    score: (words.score + 350).min(1000),
                    reason: Text::new(
                        format!("引用された箇条: {}／{}", cited.shown, words.reason.ja),
                        format!("cited clause: {}; {}", cited.shown, words.reason.en),
                    ),
                    ..words
                }
            })
            .collect();
        all.sort_by_key(|known| std::cmp::Reverse(known.score));
        all.truncate(SUGGESTIONS);
        all
    }

    fn by_words(&self, hit: Hit, text: &str) -> Suggestion {
        let mut words = self.index.common_words(text, hit.requirement);
        // One word, or a number, is met by chance.
        let telling = words.iter().filter(|word| is_telling(word)).count();
        let share = if telling < 2 { 0.5 } else { 1.0 };
        words.truncate(8);
        let words = words.join(", ");
        Suggestion {
            requirement: self.ids[hit.requirement].clone(),
            // The score is between 0 and a little more than 1.
            score: (hit.score.clamp(0.0, 1.0) * share * 1000.0) as u16,
            reason: Text::new(format!("共通の語: {words}"), format!("words in common: {words}")),
            text: self.texts[hit.requirement].clone(),
        }
    }
}

/// Whether a word in common says something: no number, and more than one character.
fn is_telling(word: &str) -> bool {
    word.chars().nth(1).is_some() && !word.chars().all(|c| c.is_ascii_digit())
}

/// `共通機能標準仕様書 2.2.5 に準拠すること。`: nothing but a citation and a demand to conform.
fn is_mere_conformity(text: &str) -> bool {
    const DEMANDS: [&str; 12] = [
        "準拠",
        "適合",
        "満たす",
        "満たし",
        "従う",
        "従い",
        "沿った",
        "に沿",
        "とおり",
        "conform",
        "comply",
        "meet",
    ];
    let folded = tight(text);
    let has_demand = DEMANDS.iter().any(|word| folded.contains(word));
    // What is left besides the citation is short.
    has_demand
        && folded
            .chars()
            .filter(|c| !c.is_ascii_digit() && !".()第版条項号章節「」、。".contains(*c))
            .count()
            <= 40
        && !folded.contains("場合")
}

/// Whether a text is so short that it only points at the cited clause.
fn is_citation_only(text: &str) -> bool {
    tight(text).chars().count() <= 20
}

#[cfg(test)]
mod tests;
