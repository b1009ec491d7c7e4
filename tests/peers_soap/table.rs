//! `tests/peers/soap/findings.toml`: what the stacks really break, and what shows each planted mistake.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use serde::Deserialize;
use serde_json::Value;

use super::harness::{Outcome, installed, repository};

/// A scenario and a requirement that it asks for.
pub(crate) type Place = (String, String);

/// The table.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    finding: Vec<Finding>,
    mistake: Vec<Mistake>,
}

/// Something that a peer breaks without being told to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Finding {
    peers: Vec<String>,
    /// Scenario → requirements that do not hold in it.
    at: BTreeMap<String, Vec<String>>,
    what: Words,
    why: Words,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Words {
    ja: String,
    en: String,
}

/// A planted mistake of some peers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Mistake {
    pub(crate) name: String,
    pub(crate) peers: Vec<String>,
    /// The scenario that shows it.
    #[serde(default)]
    pub(crate) scenario: String,
    /// A binding requirement that it breaks: the run ends with 1.
    #[serde(default)]
    pub(crate) fails: Option<String>,
    /// A recommendation that it does not keep: a warning.
    #[serde(default)]
    pub(crate) warns: Option<String>,
    /// Path of another port.
    #[serde(default)]
    pub(crate) port: Option<String>,
    /// Number of the resident in the sample message.
    #[serde(default)]
    pub(crate) resident: Option<String>,
    /// Why no run can show it.
    #[serde(default)]
    pub(crate) unseen: Option<String>,
}

impl Table {
    /// Reads it.
    ///
    /// # Panics
    /// When it cannot be read: then no test of this file says anything.
    pub(crate) fn read() -> Self {
        let path = repository("tests/peers/soap/findings.toml");
        let text = fs::read_to_string(&path).expect("findings.toml");
        toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// What a peer breaks without being told to.
    pub(crate) fn clean(&self, peer: &str) -> BTreeSet<Place> {
        let of_peer = self
            .finding
            .iter()
            .filter(|finding| finding.peers.iter().any(|one| one == peer));
        of_peer
            .flat_map(|finding| &finding.at)
            .flat_map(|(scenario, broken)| broken.iter().map(move |id| (scenario.clone(), id.clone())))
            .collect()
    }

    /// The mistakes of a peer.
    pub(crate) fn mistakes<'t>(&'t self, peer: &'t str) -> impl Iterator<Item = &'t Mistake> {
        self.mistake
            .iter()
            .filter(move |row| row.peers.iter().any(|one| one == peer))
    }

    /// Every finding is explained in both languages, and every mistake that the peer lists has one row.
    pub(crate) fn is_complete(&self, peer: &str) -> Result<(), String> {
        let speechless = |words: &Words| words.ja.is_empty() || words.en.is_empty();
        if let Some(finding) = self
            .finding
            .iter()
            .find(|finding| speechless(&finding.what) || speechless(&finding.why))
        {
            return Err(format!("a finding without words: {finding:?}"));
        }
        let output = Command::new(installed(&format!("soap/{peer}"))?)
            .arg("--mistakes")
            .output();
        let listed = output.map_err(|error| format!("{peer}: {error}"))?.stdout;
        let mut listed: Vec<_> = String::from_utf8_lossy(&listed)
            .split_whitespace()
            .map(ToOwned::to_owned)
            .collect();
        let mut known: Vec<_> = self.mistakes(peer).map(|row| row.name.clone()).collect();
        listed.sort();
        known.sort();
        if listed == known {
            return Ok(());
        }
        Err(format!("{peer} lists {listed:?}\nthe table has {known:?}"))
    }
}

impl Mistake {
    /// Whether a run of its scenario has shown it: something that the peer does not break by itself.
    pub(crate) fn judge(&self, outcome: &Outcome, clean: &BTreeSet<Place>) -> Result<(), String> {
        let (id, verdict) = match (&self.fails, &self.warns) {
            (Some(id), None) => (id, "fail"),
            (None, Some(id)) => (id, "warn"),
            _ => return Err(format!("the row of {} needs `fails` or `warns`", self.name)),
        };
        let place = (self.scenario.clone(), id.clone());
        if clean.contains(&place) {
            return Err(format!(
                "{place:?} is broken without {} too, so it shows nothing",
                self.name
            ));
        }
        let broken = broken(outcome);
        let exit = i32::from(broken.values().any(|verdict| verdict == "fail"));
        if broken.get(&place).is_some_and(|found| found == verdict) && outcome.exit == exit {
            return Ok(());
        }
        let exit = outcome.exit;
        Err(format!(
            "{}: expected {place:?} to {verdict}; exit {exit}, broken: {broken:#?}",
            self.name
        ))
    }
}

/// What did not hold in a run, with the verdict of its check.
pub(crate) fn broken(outcome: &Outcome) -> BTreeMap<Place, String> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let mut broken = BTreeMap::new();
    for scenario in list(&outcome.report["scenarios"]) {
        let id = scenario["id"].as_str().unwrap_or_default().to_owned();
        let verdict = scenario["verdict"].as_str().unwrap_or_default();
        if matches!(verdict, "blocked" | "error") {
            broken.insert((id.clone(), "scenario".to_owned()), verdict.to_owned());
        }
        for check in list(&scenario["checks"]) {
            let verdict = check["verdict"].as_str().unwrap_or_default();
            if matches!(verdict, "pass" | "info" | "skip") {
                continue;
            }
            for requirement in list(&check["requirements"]) {
                let place = (id.clone(), requirement.as_str().unwrap_or_default().to_owned());
                broken.insert(place, verdict.to_owned());
            }
        }
    }
    broken
}

/// Whether a whole run found exactly what the table says.
pub(crate) fn exactly(outcome: &Outcome, clean: &BTreeSet<Place>) -> Result<(), String> {
    let broken = broken(outcome);
    let found: BTreeSet<Place> = broken.keys().cloned().collect();
    let listing = |places: Vec<&Place>| {
        let lines = places.into_iter().map(|(scenario, id)| format!("  {scenario}: {id}\n"));
        lines.collect::<String>()
    };
    let more = listing(found.difference(clean).collect());
    let less = listing(clean.difference(&found).collect());
    let exit = i32::from(broken.values().any(|verdict| verdict == "fail"));
    if more.is_empty() && less.is_empty() && outcome.exit == exit && outcome.count() > 0 {
        return Ok(());
    }
    Err(format!(
        "exit {}, {} scenarios\nnot in findings.toml:\n{more}in findings.toml, but not found:\n{less}",
        outcome.exit,
        outcome.count()
    ))
}
