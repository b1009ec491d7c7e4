//! Readings: our stated position where an official text contradicts itself or is silent.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::text::Text;

/// One position that a run can take.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadingOption {
    /// Identifier inside the reading; `record` means observe without a verdict.
    pub id: String,
    /// What it means.
    pub text: Text,
}

/// A contradiction or a silence of the official text, with both sides.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Reading {
    /// Identifier, e.g. `SF-08`.
    pub id: String,
    /// Subject.
    pub title: Text,
    /// What one text says.
    pub side_a: Text,
    /// What the other says, or what is missing.
    pub side_b: Text,
    /// Where both can be read.
    pub source: Vec<String>,
    /// The option taken unless a target file says otherwise.
    pub default: String,
    /// Why this default.
    pub why: Text,
    /// The options.
    pub option: Vec<ReadingOption>,
}

/// `readings.toml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadingFile {
    /// The readings.
    pub reading: Vec<Reading>,
}

/// A switched reading that the corpus does not know.
#[derive(Debug, Error, Eq, PartialEq)]
#[error("reading {id} = \"{option}\" is not known; {help}")]
pub struct UnknownReading {
    /// The reading that was named.
    pub id: String,
    /// The option that was named.
    pub option: String,
    /// What is known.
    pub help: String,
}

/// The option taken for every reading in one run.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ReadingChoice(BTreeMap<String, String>);

impl ReadingChoice {
    /// The defaults of the corpus, with the switches of a target file applied.
    ///
    /// # Errors
    /// [`UnknownReading`] for a reading or an option that the corpus does not have.
    pub fn new(readings: &[Reading], switched: &BTreeMap<String, String>) -> Result<Self, UnknownReading> {
        let mut choice: BTreeMap<String, String> = readings
            .iter()
            .map(|reading| (reading.id.clone(), reading.default.clone()))
            .collect();
        for (id, option) in switched {
            let unknown = |help: String| UnknownReading {
                id: id.clone(),
                option: option.clone(),
                help,
            };
            let reading = readings
                .iter()
                .find(|reading| reading.id == *id)
                .ok_or_else(|| unknown("`junkyo list --readings` names them all".into()))?;
            if !reading.option.iter().any(|known| known.id == *option) {
                let names: Vec<&str> = reading.option.iter().map(|known| known.id.as_str()).collect();
                return Err(unknown(format!("its options are {}", names.join(", "))));
            }
            choice.insert(id.clone(), option.clone());
        }
        Ok(Self(choice))
    }

    /// The option taken for a reading.
    pub fn get(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }

    /// All readings and the options taken.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(id, option)| (id.as_str(), option.as_str()))
    }
}
