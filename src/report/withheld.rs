//! Scenarios that were withheld from a report, as its readers see them.

use std::sync::Arc;

use serde::{Deserialize, Deserializer};

use super::model::ScenarioView;
use crate::judge::{Blame, Verdict};
use crate::standard::Subject;
use crate::text::Text;

/// What stands in the list of scenarios: one, or the mark that one was withheld.
#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Scenario(Box<ScenarioView>),
    Withheld(Mark),
}

/// The line of a redacted bundle, as far as it matters here.
#[derive(Deserialize)]
struct Mark {
    #[serde(rename = "record")]
    _record: Redacted,
    reason: String,
    #[serde(default)]
    scenario: Option<Arc<str>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Redacted {
    Redacted,
}

/// Reads the scenarios of a report. What was withheld is shown as not judged, never as passed.
pub(super) fn scenarios<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<ScenarioView>, D::Error> {
    let entries = Vec::<Entry>::deserialize(deserializer)?;
    Ok(entries
        .into_iter()
        .map(|entry| match entry {
            Entry::Scenario(view) => *view,
            Entry::Withheld(mark) => mark.shown(),
        })
        .collect())
}

impl Mark {
    fn shown(self) -> ScenarioView {
        ScenarioView {
            id: self.scenario.unwrap_or_else(|| "?".into()),
            title: Text::new("（秘匿）", "(withheld)"),
            role: Subject::Provider,
            family: None,
            verdict: Verdict::Error,
            attempts: 0,
            elapsed_us: 0,
            reason: Some(Text::new(
                format!("このバンドルでは秘匿されています: {}", self.reason),
                format!("Withheld from this bundle: {}", self.reason),
            )),
            blame: Some(Blame::Suite),
            checks: Vec::new(),
            exchanges: Vec::new(),
            salt: String::new(),
            repeat: None,
        }
    }
}
