//! Which requirements a text is about: BM25 over the terms of their texts, with weights by field.

use std::collections::HashMap;

use super::terms::{readable, terms};
use crate::scenario::Corpus;
use crate::standard::Requirement;

/// How fast a term that occurs often stops to count more.
const SATURATION: f32 = 1.2;
/// How much long texts are held back.
const LENGTH: f32 = 0.4;
/// Weight of the headings above a clause, against its text.
const CONTEXT: f32 = 0.35;

/// The index. Built once for a corpus; asked without changing it.
#[derive(Debug)]
pub(super) struct Index {
    vocabulary: HashMap<String, u32>,
    /// For each term: documents and weights that are saturated already.
    postings: Vec<Vec<(u32, f32)>>,
    rarity: Vec<f32>,
    unseen: f32,
    units: Vec<Option<u8>>,
    unit_names: Vec<(u8, Vec<String>)>,
}

/// A requirement that a text may be about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub(super) requirement: usize,
    /// Share of what the text says that the requirement says, too; 0 to 1 or a little more.
    pub(super) score: f32,
}

impl Index {
    pub(super) fn new(corpus: &Corpus) -> Self {
        let mut vocabulary: HashMap<String, u32> = HashMap::new();
        let mut documents: Vec<HashMap<u32, f32>> = Vec::with_capacity(corpus.requirements.len());
        for requirement in &corpus.requirements {
            let mut weights: HashMap<u32, f32> = HashMap::new();
            for (text, weight) in fields(requirement, corpus) {
                for term in terms(&text) {
                    let next = vocabulary.len() as u32;
                    let id = *vocabulary.entry(term).or_insert(next);
                    *weights.entry(id).or_default() += weight;
                }
            }
            documents.push(weights);
        }
        let count = documents.len().max(1) as f32;
        let lengths: Vec<f32> = documents.iter().map(|weights| weights.values().sum()).collect();
        let mean = (lengths.iter().sum::<f32>() / count).max(1.0);
        let mut postings = vec![Vec::new(); vocabulary.len()];
        for (document, weights) in documents.iter().enumerate() {
            let held_back = SATURATION * (1.0 - LENGTH + LENGTH * lengths[document] / mean);
            for (&term, &weight) in weights {
                let saturated = weight * (SATURATION + 1.0) / (weight + held_back);
                postings[term as usize].push((document as u32, saturated));
            }
        }
        let rarity = postings.iter().map(|list| rarity(count, list.len() as f32)).collect();
        Self {
            vocabulary,
            postings,
            rarity,
            unseen: rarity_of_unseen(count),
            units: corpus
                .requirements
                .iter()
                .map(|requirement| unit_of(&requirement.id))
                .collect(),
            unit_names: unit_names(corpus),
        }
    }

    /// The best requirements for a text below headings, best first.
    pub(super) fn search(&self, text: &str, context: &str, most: usize) -> Vec<Hit> {
        let mut weights: HashMap<u32, f32> = HashMap::new();
        let mut ideal = 0.0;
        let mut own: Vec<String> = terms(text);
        own.sort_unstable();
        own.dedup();
        for term in &own {
            match self.vocabulary.get(term) {
                Some(&id) => {
                    weights.insert(id, 1.0);
                    ideal += self.rarity[id as usize];
                }
                None => ideal += self.unseen * 0.5,
            }
        }
        if own.is_empty() {
            return Vec::new();
        }
        for term in terms(context) {
            if let Some(&id) = self.vocabulary.get(&term) {
                weights.entry(id).or_insert(CONTEXT);
            }
        }
        let mut scores = vec![0.0_f32; self.units.len()];
        // In a fixed order: sums of floating point numbers must not depend on the order of a hash map.
        let mut ordered: Vec<(u32, f32)> = weights.into_iter().collect();
        ordered.sort_unstable_by_key(|(term, _)| *term);
        for (term, weight) in ordered {
            let rarity = self.rarity[term as usize];
            for &(document, saturated) in &self.postings[term as usize] {
                scores[document as usize] += weight * rarity * saturated;
            }
        }
        let strong = self.units_named(context);
        let weak = self.units_named(text);
        let scale = 1.0 / (ideal.max(f32::MIN_POSITIVE) * (SATURATION + 1.0));
        let mut hits: Vec<Hit> = scores
            .into_iter()
            .enumerate()
            .filter(|(_, score)| *score > 0.0)
            .map(|(requirement, score)| Hit {
                requirement,
                score: score * scale * self.of_unit(requirement, &strong, &weak),
            })
            .collect();
        let better = |a: &Hit, b: &Hit| b.score.total_cmp(&a.score).then(a.requirement.cmp(&b.requirement));
        if hits.len() > most {
            hits.select_nth_unstable_by(most, better);
            hits.truncate(most);
        }
        hits.sort_by(better);
        hits
    }

    /// A requirement of a unit that is named counts more; one of another unit less.
    fn of_unit(&self, requirement: usize, strong: &[u8], weak: &[u8]) -> f32 {
        let Some(unit) = self.units[requirement] else {
            return 1.0;
        };
        let by = |named: &[u8], more: f32, less: f32| match named {
            [] => 1.0,
            _ if named.contains(&unit) => more,
            _ => less,
        };
        by(strong, 1.35, 0.8) * by(weak, 1.15, 0.92)
    }

    fn units_named(&self, text: &str) -> Vec<u8> {
        let folded = crate::rfp::fold::tight(text);
        let mut found = Vec::new();
        for (unit, names) in &self.unit_names {
            if names.iter().any(|name| folded.contains(name.as_str())) {
                found.push(*unit);
            }
        }
        found
    }

    /// Words of a text that a requirement has, too.
    pub(super) fn common_words(&self, text: &str, requirement: usize) -> Vec<String> {
        let own = terms(text);
        let common: Vec<&str> = own
            .iter()
            .filter(|term| {
                self.vocabulary.get(*term).is_some_and(|&id| {
                    let list = &self.postings[id as usize];
                    list.binary_search_by_key(&(requirement as u32), |(document, _)| *document)
                        .is_ok()
                })
            })
            .map(String::as_str)
            .collect();
        readable(text, &common)
    }
}

fn rarity(count: f32, with: f32) -> f32 {
    (1.0 + (count - with + 0.5) / (with + 0.5)).ln()
}

/// A term that no requirement has counts like one that a single requirement has.
fn rarity_of_unseen(count: f32) -> f32 {
    rarity(count, 1.0)
}

/// The texts of a requirement with their weights.
fn fields(requirement: &Requirement, corpus: &Corpus) -> Vec<(String, f32)> {
    let mut fields = vec![
        (requirement.text.ja.clone(), 3.0),
        (requirement.text.en.clone(), 3.0),
        (requirement.know_how.ja.clone(), 0.7),
        (requirement.know_how.en.clone(), 0.7),
        (requirement.clause.clone(), 0.6),
    ];
    let unit = unit_of(&requirement.id).and_then(|number| corpus.units.iter().find(|unit| unit.file.number == number));
    if let Some(unit) = unit {
        fields.push((unit.file.name.ja.clone(), 1.2));
        fields.push((unit.file.name.en.clone(), 1.2));
    } else if let Some(source) = corpus.sources.iter().find(|source| source.id == requirement.source) {
        fields.push((source.title.ja.clone(), 0.3));
        fields.push((source.title.en.clone(), 0.3));
    }
    fields
}

/// The unit of a requirement: `UNIT-10-R01` → 10.
fn unit_of(id: &str) -> Option<u8> {
    id.strip_prefix("UNIT-")?.get(..2)?.parse().ok()
}

/// What units are called besides their names.
const ALIASES: [(u8, &[&str]); 26] = [
    (1, &["住民記録", "住民基本台帳", "住記"]),
    (2, &["印鑑"]),
    (3, &["戸籍"]),
    (4, &["選挙人名簿", "選挙"]),
    (5, &["固定資産税", "固定資産"]),
    (6, &["個人住民税", "個人市民税"]),
    (7, &["法人住民税", "法人市民税"]),
    (8, &["軽自動車税", "軽自動車"]),
    (9, &["収滞納", "収納管理", "滞納管理"]),
    (10, &["国民健康保険", "国保"]),
    (11, &["国民年金"]),
    (12, &["障害者福祉", "障がい者福祉", "障がい福祉"]),
    (13, &["後期高齢者医療"]),
    (14, &["介護保険"]),
    (15, &["児童手当"]),
    (16, &["生活保護", "生保"]),
    (17, &["乳幼児医療", "子ども医療", "こども医療"]),
    (18, &["ひとり親"]),
    (19, &["健康管理"]),
    (20, &["就学"]),
    (21, &["児童扶養手当"]),
    (22, &["住登外者", "住登外"]),
    (23, &["財務会計"]),
    (24, &["庶務事務", "庶務"]),
    (25, &["人事給与", "人事・給与"]),
    (26, &["文書管理"]),
];

fn unit_names(corpus: &Corpus) -> Vec<(u8, Vec<String>)> {
    let names = |number: u8, ja: &str, en: &str| {
        let aliases = ALIASES
            .iter()
            .find(|(unit, _)| *unit == number)
            .map_or(&[][..], |(_, names)| names);
        let mut all: Vec<String> = aliases.iter().map(|name| (*name).to_owned()).collect();
        all.push(crate::rfp::fold::tight(ja));
        all.push(crate::rfp::fold::tight(en));
        all
    };
    corpus
        .units
        .iter()
        .map(|unit| {
            (
                unit.file.number,
                names(unit.file.number, &unit.file.name.ja, &unit.file.name.en),
            )
        })
        .collect()
}
