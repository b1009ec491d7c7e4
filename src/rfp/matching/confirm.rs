//! What a person decided about clauses: kept beside the list as TOML, or in the database of the register.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Basis, ClauseMatch};
use crate::rfp::list::ClauseList;
use crate::text::{Lang, Text};

/// Name and version of the format.
pub const CONFIRMATIONS_SCHEMA: &str = "rfp-confirmations/v1";
/// Entries at the most.
const MOST: usize = 50_000;

/// Decisions by key of the clause.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Confirmations {
    by_key: BTreeMap<String, Confirmation>,
}

/// A decision about one clause.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Confirmation {
    /// Key of the clause ([`crate::rfp::Clause::key`]).
    pub clause: String,
    /// [`crate::rfp::Clause::fingerprint`]: the decision holds for this text only.
    pub fingerprint: String,
    /// Requirements that the clause asks for; all of them have to hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requirements: Vec<String>,
    /// The clause asks for nothing that the corpus tests.
    #[serde(default, skip_serializing_if = "is_false")]
    pub out_of_scope: bool,
    /// Who decided.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// On which day, YYYY-MM-DD.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub on: String,
    /// Why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

fn is_false(value: &bool) -> bool {
    !value
}

impl Confirmation {
    /// Whether anything was decided: the proposals that we write are empty until a person fills them in.
    pub fn is_decided(&self) -> bool {
        self.out_of_scope || !self.requirements.is_empty()
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    #[serde(default)]
    clause: Vec<Confirmation>,
}

/// Why decisions cannot be used.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ConfirmError {
    /// No TOML of this form.
    #[error(
        "expected {CONFIRMATIONS_SCHEMA}, found: {0}; let `junkyo rfp check --confirm FILE` write a new file, and copy the decisions"
    )]
    Form(String),
    /// The same clause was decided in two ways.
    #[error("clause {key} is decided twice, as {first} and as {second}; keep one of them")]
    Contradictory {
        /// Key of the clause.
        key: String,
        /// One decision.
        first: String,
        /// The other.
        second: String,
    },
    /// Requirements and out of scope at once.
    #[error("clause {0} names requirements and says out-of-scope; keep one of them")]
    Both(String),
    /// Too many.
    #[error("it has more than {MOST} decisions; split the list")]
    TooMany,
}

impl ConfirmError {
    /// The failure in both languages.
    pub fn text(&self) -> Text {
        let ja = match self {
            Self::Form(why) => format!("{CONFIRMATIONS_SCHEMA} の形を期待しました: {why}"),
            Self::Contradictory { key, first, second } => {
                format!("条項「{key}」に、{first} と {second} の二つの判断があります。一つだけを残してください")
            }
            Self::Both(key) => {
                format!("条項「{key}」に requirements と out-of-scope の両方があります。一方だけを残してください")
            }
            Self::TooMany => format!("判断が {MOST} 件を超えます。一覧を分けてください"),
        };
        Text::new(ja, self.to_string())
    }
}

impl Confirmations {
    /// Reads the file.
    ///
    /// # Errors
    /// See [`ConfirmError`].
    pub fn from_toml(text: &str) -> Result<Self, ConfirmError> {
        let file: File =
            toml::from_str(text).map_err(|error| ConfirmError::Form(error.to_string().trim().to_owned()))?;
        if file.schema != CONFIRMATIONS_SCHEMA {
            return Err(ConfirmError::Form(format!("schema {:?}", file.schema)));
        }
        let mut all = Self::default();
        for confirmation in file.clause {
            all.add(confirmation)?;
        }
        Ok(all)
    }

    /// Adds a decision; the same decision twice is one.
    ///
    /// # Errors
    /// If it contradicts one that is there, or itself.
    pub fn add(&mut self, confirmation: Confirmation) -> Result<(), ConfirmError> {
        if confirmation.out_of_scope && !confirmation.requirements.is_empty() {
            return Err(ConfirmError::Both(confirmation.clause));
        }
        if self.by_key.len() >= MOST {
            return Err(ConfirmError::TooMany);
        }
        match self.by_key.get(&confirmation.clause) {
            Some(known) if known.is_decided() && confirmation.is_decided() && !same(known, &confirmation) => {
                Err(ConfirmError::Contradictory {
                    key: confirmation.clause.clone(),
                    first: shown(known),
                    second: shown(&confirmation),
                })
            }
            Some(known) if known.is_decided() => Ok(()),
            _ => {
                self.set(confirmation);
                Ok(())
            }
        }
    }

    /// Sets a decision, in place of an earlier one.
    pub fn set(&mut self, confirmation: Confirmation) {
        self.by_key.insert(confirmation.clause.clone(), confirmation);
    }

    /// Takes a decision back.
    pub fn remove(&mut self, key: &str) -> Option<Confirmation> {
        self.by_key.remove(key)
    }

    /// The decision about a clause.
    pub fn of(&self, key: &str) -> Option<&Confirmation> {
        self.by_key.get(key)
    }

    /// All decisions, by key.
    pub fn all(&self) -> impl Iterator<Item = &Confirmation> {
        self.by_key.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// The file: the decisions, and for what is open the suggestions as comments that a person turns into a decision.
    pub fn to_toml(&self, list: &ClauseList, matches: &[ClauseMatch], lang: Lang) -> String {
        let mut out = format!("# {}\n", list.title.replace(['\n', '\r'], " "));
        out.push_str(lang.pick(
            "# 条項が求める要件についての判断。requirements に要件IDを書くか、out-of-scope = true とし、by と on を記入してください。\n# 推奨（# で始まる行）は、人が確認するまで根拠になりません。\n",
            "# Decisions about what clauses ask for. Write requirement ids into requirements, or out-of-scope = true; fill in by and on.\n# Suggestions (lines with #) substantiate nothing until a person confirms them.\n",
        ));
        let _ = writeln!(out, "schema = \"{CONFIRMATIONS_SCHEMA}\"");
        for (clause, found) in list.clauses.iter().zip(matches) {
            let decided = self
                .of(&clause.key)
                .filter(|known| known.is_decided() && known.fingerprint == clause.fingerprint());
            let is_open = matches!(found.basis, Basis::Suggested | Basis::None);
            if decided.is_none() && !is_open {
                continue;
            }
            let text: String = clause.text.replace(['\n', '\r'], " ").chars().take(120).collect();
            let _ = write!(
                out,
                "\n# {text}\n[[clause]]\nclause = {}\nfingerprint = \"{}\"\n",
                quoted(&clause.key),
                clause.fingerprint()
            );
            match decided {
                Some(known) => write_decision(&mut out, known),
                None => {
                    for suggestion in &found.suggestions {
                        let text: String = suggestion
                            .text
                            .get(lang)
                            .replace(['\n', '\r'], " ")
                            .chars()
                            .take(100)
                            .collect();
                        let _ = writeln!(out, "#   {} ({}) {text}", suggestion.requirement, suggestion.score);
                    }
                    out.push_str("requirements = []\n# out-of-scope = true\nby = \"\"\non = \"\"\n");
                }
            }
        }
        out
    }
}

fn write_decision(out: &mut String, known: &Confirmation) {
    if known.out_of_scope {
        out.push_str("out-of-scope = true\n");
    } else {
        let ids: Vec<String> = known.requirements.iter().map(|id| quoted(id)).collect();
        let _ = writeln!(out, "requirements = [{}]", ids.join(", "));
    }
    let _ = write!(out, "by = {}\non = {}\n", quoted(&known.by), quoted(&known.on));
    if !known.note.is_empty() {
        let _ = writeln!(out, "note = {}", quoted(&known.note));
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    toml::Value::String(text.replace(['\n', '\r'], " ")).to_string()
}

fn same(one: &Confirmation, other: &Confirmation) -> bool {
    let sorted = |confirmation: &Confirmation| {
        let mut ids = confirmation.requirements.clone();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    one.out_of_scope == other.out_of_scope && sorted(one) == sorted(other) && one.fingerprint == other.fingerprint
}

fn shown(confirmation: &Confirmation) -> String {
    if confirmation.out_of_scope {
        "out-of-scope".to_owned()
    } else {
        confirmation.requirements.join(" ")
    }
}
