//! Planted mistakes of the independent peers, and how a run has to show them.

use std::collections::BTreeSet;
use std::process::Command;

use super::harness::{Folder, Outcome, converse, repository};

/// How a mistake shows.
pub(crate) enum Caught {
    /// This requirement fails, and the run ends with 1.
    Must(&'static str),
    /// This requirement is a `should`: a warning.
    Should(&'static str),
    /// Our reading only records it: a check of this requirement is written down as not held.
    Recorded(&'static str),
    /// It does not show, although this requirement is about it; the reason stands beside it.
    Unseen(&'static str, &'static str),
}

/// One planted mistake.
pub(crate) struct Mistake {
    pub(crate) name: &'static str,
    pub(crate) caught: Caught,
    /// More lines for the target file.
    pub(crate) target: &'static str,
}

pub(crate) const fn must(name: &'static str, requirement: &'static str) -> Mistake {
    mistake(name, Caught::Must(requirement))
}

pub(crate) const fn should(name: &'static str, requirement: &'static str) -> Mistake {
    mistake(name, Caught::Should(requirement))
}

pub(crate) const fn mistake(name: &'static str, caught: Caught) -> Mistake {
    Mistake {
        name,
        caught,
        target: "",
    }
}

impl Mistake {
    /// The same with more lines for the target file.
    pub(crate) const fn with(self, target: &'static str) -> Self {
        Self { target, ..self }
    }

    /// The requirement that the mistake is about.
    pub(crate) const fn requirement(&self) -> &'static str {
        match self.caught {
            Caught::Must(id) | Caught::Should(id) | Caught::Recorded(id) | Caught::Unseen(id, _) => id,
        }
    }

    /// Selects the scenarios of that requirement.
    pub(crate) fn filter(&self) -> String {
        format!("requirement({})", self.requirement())
    }

    /// Whether a run with the mistake said what it has to say.
    pub(crate) fn judge(&self, outcome: &Outcome) -> Result<(), String> {
        let requirement = self.requirement();
        let verdict = outcome.not_held().get(requirement).copied().unwrap_or("held");
        let (right, expected) = match &self.caught {
            Caught::Must(_) => (outcome.exit == 1 && verdict == "fail", "exit 1 and `fail`".to_owned()),
            Caught::Should(_) => (verdict == "warn", "`warn`".to_owned()),
            Caught::Recorded(_) => (
                outcome.exit == 0 && outcome.recorded(requirement),
                "exit 0 and a recorded check that does not hold".to_owned(),
            ),
            Caught::Unseen(_, reason) => (
                outcome.exit == 0 && verdict == "held",
                format!("exit 0 and nothing, because {reason}; if it is caught now, correct its row"),
            ),
        };
        if right && outcome.count() > 0 {
            return Ok(());
        }
        Err(format!(
            "mistake `{}`, requirement {requirement}: expected {expected}; found exit {}, `{verdict}`, {} scenarios, not passed: {:#?}",
            self.name,
            outcome.exit,
            outcome.count(),
            outcome.not_passed()
        ))
    }
}

/// The table names exactly the mistakes that the peer lists.
pub(crate) fn table_is_complete(folder: &Folder, peer: &str, table: &[Mistake]) -> Result<(), String> {
    let mut list = Command::new("python3");
    list.arg(repository(peer)).arg("--list-mistakes");
    let listed = converse(&mut list, folder, &serde_json::Value::Null)?;
    let listed: BTreeSet<_> = listed
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|mistake| mistake["name"].as_str())
        .collect();
    let known: BTreeSet<_> = table.iter().map(|mistake| mistake.name).collect();
    if listed == known && known.len() == table.len() {
        return Ok(());
    }
    Err(format!(
        "without a row: {:?}; row without a mistake: {:?}; rows: {}",
        listed.difference(&known).collect::<Vec<_>>(),
        known.difference(&listed).collect::<Vec<_>>(),
        table.len()
    ))
}
