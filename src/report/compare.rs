//! What differs between two reports: requirements, scenarios and checks, each with the reason.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::model::{Report, ScenarioView};
use crate::judge::{CheckResult, Verdict};
use crate::text::Text;

/// What two reports differ in, regressions first.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Comparison {
    /// Facts of the runs that differ.
    pub facts: Vec<FactChange>,
    /// Requirements with another verdict; `profile id`.
    pub requirements: Vec<Change>,
    /// Scenarios with another verdict.
    pub scenarios: Vec<Change>,
    /// Checks with another verdict; `scenario · step · check`.
    pub checks: Vec<Change>,
}

/// A fact of the runs that differs.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct FactChange {
    /// Which.
    pub fact: &'static str,
    /// In the first report.
    pub before: String,
    /// In the second report.
    pub after: String,
}

/// Something with another verdict.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Change {
    /// For the better or the worse.
    pub direction: Direction,
    /// Profile and requirement, scenario, or scenario with step and check.
    pub id: String,
    /// Verdict in the first report; absent where it is not in there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Verdict>,
    /// Verdict in the second report; absent where it is not in there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Verdict>,
    /// Why, as far as the reports tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
}

/// For the better or the worse.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// It was in order, or was not there, and is not now.
    Regression,
    /// It was not judged, or only skipped, and is so in another way.
    Other,
    /// It is new, and in order.
    New,
    /// It is not there any more.
    Gone,
    /// It was not in order, and is now.
    Improvement,
}

/// Why a verdict is another one.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Why {
    /// The second corpus does not have the check.
    CheckGone,
    /// The first corpus does not have the check.
    CheckNew,
    /// Another option of a reading.
    Reading {
        /// Reading and option before.
        before: Option<String>,
        /// Reading and option now.
        after: Option<String>,
    },
    /// It decides other requirements.
    Requirements {
        /// Before.
        before: Vec<Arc<str>>,
        /// Now.
        after: Vec<Arc<str>>,
    },
    /// Something else is expected: the parameters of the check are others.
    Parameters {
        /// Before.
        before: Text,
        /// Now.
        after: Text,
    },
    /// The same evidence is read in another way.
    Rule {
        /// What was found before.
        before: Option<Text>,
        /// What is found now.
        after: Option<Text>,
    },
    /// The product did something else.
    Product {
        /// What was found before.
        before: Option<Text>,
        /// What is found now.
        after: Option<Text>,
    },
    /// The scenario as a whole could not be judged, for this reason.
    Scenario {
        /// Reason before.
        before: Option<Text>,
        /// Reason now.
        after: Option<Text>,
    },
    /// Another level, or another waiver.
    Weight,
}

impl Why {
    /// In words.
    pub fn describe(&self) -> Text {
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "—".into());
        let both = |ja: &str, en: &str, before: &Option<Text>, after: &Option<Text>| {
            let nothing = Text::new("記載なし", "nothing told");
            let (before, after) = (before.as_ref().unwrap_or(&nothing), after.as_ref().unwrap_or(&nothing));
            Text::new(
                format!("{ja}（前: {}、今: {}）", before.ja, after.ja),
                format!("{en} (before: {}; now: {})", before.en, after.en),
            )
        };
        match self {
            Self::CheckGone => Text::new("このコーパスにはない検査", "the check is not in this corpus"),
            Self::CheckNew => Text::new("新しい検査", "the check is new"),
            Self::Reading { before, after } => Text::new(
                format!("読みの選択が違う（{} → {}）", or_dash(before), or_dash(after)),
                format!(
                    "another option of the reading ({} → {})",
                    or_dash(before),
                    or_dash(after)
                ),
            ),
            Self::Requirements { before, after } => Text::new(
                format!("対応する要件が違う（{} → {}）", before.join(", "), after.join(", ")),
                format!(
                    "it decides other requirements ({} → {})",
                    before.join(", "),
                    after.join(", ")
                ),
            ),
            Self::Parameters { before, after } => both(
                "期待値（検査のパラメータ）が違う",
                "something else is expected: the parameters of the check changed",
                &Some(before.clone()),
                &Some(after.clone()),
            ),
            Self::Rule { before, after } => both(
                "同じ証拠を別の規則で判定",
                "the same evidence is judged by another rule",
                before,
                after,
            ),
            Self::Product { before, after } => {
                both("製品の応答が違う", "the product answered otherwise", before, after)
            }
            Self::Scenario { before, after } => both(
                "シナリオ全体の状況が違う",
                "the scenario as a whole went otherwise",
                before,
                after,
            ),
            Self::Weight => Text::new(
                "要件の拘束力か猶予が違う",
                "another level of the requirement, or another waiver",
            ),
        }
    }
}

impl Comparison {
    /// Whether no verdict differs.
    pub fn is_same(&self) -> bool {
        self.requirements.is_empty() && self.scenarios.is_empty() && self.checks.is_empty()
    }

    /// How many regressions, improvements, and others there are among requirements, scenarios and checks.
    pub fn count(&self, direction: Direction) -> usize {
        let all = [&self.requirements, &self.scenarios, &self.checks];
        all.into_iter()
            .flatten()
            .filter(|change| change.direction == direction)
            .count()
    }
}

/// Compares two reports. `same_evidence`: they are about the same recording, so that every difference is one of judging.
pub fn compare(before: &Report, after: &Report, same_evidence: bool) -> Comparison {
    let mut comparison = Comparison {
        facts: facts(before, after),
        requirements: requirements(before, after),
        ..Comparison::default()
    };
    let known: HashMap<&str, &ScenarioView> = after.scenarios.iter().map(|view| (&*view.id, view)).collect();
    let were: HashMap<&str, &ScenarioView> = before.scenarios.iter().map(|view| (&*view.id, view)).collect();
    for old in &before.scenarios {
        let new = known.get(&*old.id).copied();
        comparison.scenario(Some(old), new, same_evidence);
    }
    for new in after.scenarios.iter().filter(|view| !were.contains_key(&*view.id)) {
        comparison.scenario(None, Some(new), same_evidence);
    }
    for changes in [
        &mut comparison.requirements,
        &mut comparison.scenarios,
        &mut comparison.checks,
    ] {
        changes.sort_by_key(|change| change.direction);
    }
    comparison
}

impl Comparison {
    fn scenario(&mut self, old: Option<&ScenarioView>, new: Option<&ScenarioView>, same_evidence: bool) {
        let Some(id) = old.or(new).map(|view| &*view.id) else {
            return;
        };
        let reason = |view: Option<&ScenarioView>| view.and_then(|view| view.reason.clone());
        let why = (reason(old) != reason(new)).then(|| Why::Scenario {
            before: reason(old),
            after: reason(new),
        });
        let verdicts = (old.map(|view| view.verdict), new.map(|view| view.verdict));
        self.scenarios.extend(change(id.to_owned(), verdicts, why));
        let (Some(old), Some(new)) = (old, new) else {
            return;
        };
        // Where the whole could not be judged there are no checks, and that is told already.
        if old.checks.is_empty() || new.checks.is_empty() {
            return;
        }
        let mut rest = keyed(&new.checks);
        for (key, check) in keyed(&old.checks) {
            let now = rest.remove(&key);
            let verdicts = (Some(check.verdict), now.map(|now| now.verdict));
            let why = now.map_or(Why::CheckGone, |now| why_of(check, now, same_evidence));
            self.checks.extend(change(named(id, check, key.2), verdicts, Some(why)));
        }
        for (key, check) in rest {
            let verdicts = (None, Some(check.verdict));
            self.checks
                .extend(change(named(id, check, key.2), verdicts, Some(Why::CheckNew)));
        }
    }
}

/// Checks by step, name, and which of those of the same name.
fn keyed(checks: &[CheckResult]) -> BTreeMap<(&str, &str, usize), &CheckResult> {
    let mut seen: HashMap<(&str, &str), usize> = HashMap::new();
    let keyed = checks.iter().map(|check| {
        let count = seen.entry((&*check.step, &*check.check)).or_default();
        *count += 1;
        ((&*check.step, &*check.check, *count), check)
    });
    keyed.collect()
}

fn named(scenario: &str, check: &CheckResult, which: usize) -> String {
    let which = if which > 1 {
        format!(" ({which})")
    } else {
        String::new()
    };
    format!("{scenario} · {} · {}{which}", check.step, check.check)
}

fn change(id: String, (before, after): (Option<Verdict>, Option<Verdict>), why: Option<Why>) -> Option<Change> {
    if before == after {
        return None;
    }
    let bad = |verdict: Option<Verdict>| verdict.is_some_and(|verdict| verdict > Verdict::Pass);
    let direction = match (before, after) {
        (_, None) => Direction::Gone,
        (None, Some(_)) if !bad(after) => Direction::New,
        _ if bad(after) && (before < after || !bad(before)) => Direction::Regression,
        _ if bad(before) => Direction::Improvement,
        _ => Direction::Other,
    };
    Some(Change {
        direction,
        id,
        before,
        after,
        why,
    })
}

fn why_of(before: &CheckResult, after: &CheckResult, same_evidence: bool) -> Why {
    let text = |text: &Option<Box<Text>>| text.as_deref().cloned();
    if before.reading != after.reading {
        return Why::Reading {
            before: before.reading.clone(),
            after: after.reading.clone(),
        };
    }
    if before.requirements != after.requirements {
        return Why::Requirements {
            before: before.requirements.to_vec(),
            after: after.requirements.to_vec(),
        };
    }
    if let (Some(old), Some(new)) = (text(&before.expected), text(&after.expected))
        && old != new
    {
        return Why::Parameters {
            before: old,
            after: new,
        };
    }
    if before.held == after.held && before.found == after.found {
        return Why::Weight;
    }
    let (before, after) = (text(&before.found), text(&after.found));
    if same_evidence {
        Why::Rule { before, after }
    } else {
        Why::Product { before, after }
    }
}

fn requirements(before: &Report, after: &Report) -> Vec<Change> {
    let of = |report: &Report| -> BTreeMap<String, Verdict> {
        let profiles = report.profiles.iter();
        let all = profiles.flat_map(|profile| {
            let one = |requirement: &super::model::RequirementView| {
                (format!("{} {}", profile.id, requirement.id), requirement.verdict)
            };
            profile.requirements.iter().map(one)
        });
        all.collect()
    };
    let (old, new) = (of(before), of(after));
    let gone = old
        .iter()
        .map(|(id, verdict)| (id, Some(*verdict), new.get(id).copied()));
    let added = new.iter().filter(|(id, _)| !old.contains_key(*id));
    gone.chain(added.map(|(id, verdict)| (id, None, Some(*verdict))))
        .filter_map(|(id, before, after)| change(id.clone(), (before, after), None))
        .collect()
}

fn facts(before: &Report, after: &Report) -> Vec<FactChange> {
    let of = |report: &Report| {
        let product = |key: &str| report.product.get(key).cloned().unwrap_or_default();
        let readings = report.readings.iter().filter(|reading| !reading.is_default);
        let profiles = report.profiles.iter().map(|profile| profile.id.as_str());
        [
            ("vendor", product("vendor")),
            ("product", product("name")),
            ("version", product("version")),
            ("outcome", report.outcome.word().to_owned()),
            ("junkyo", report.tool.clone()),
            ("corpus", report.corpus.sha256.clone()),
            ("target file", report.run.target_sha256.clone()),
            ("seed", report.run.seed.to_string()),
            ("profiles", profiles.collect::<Vec<_>>().join(", ")),
            (
                "readings",
                readings
                    .map(|reading| format!("{}={}", reading.id, reading.option))
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
        ]
    };
    let both = of(before).into_iter().zip(of(after));
    both.filter(|((_, before), (_, after))| before != after)
        .map(|((fact, before), (_, after))| FactChange { fact, before, after })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn a_report_does_not_differ_from_itself() {
        let report = sample::report();
        let comparison = compare(&report, &report, false);
        assert!(comparison.is_same() && comparison.facts.is_empty());
    }

    #[test]
    fn regressions_come_first_and_say_why() {
        let before = sample::report();
        let mut after = before.clone();
        after.product.insert("version".into(), "3.2.2".into());
        let with_checks = |report: &Report, bad: bool| {
            let fits = |check: &CheckResult| (check.verdict == Verdict::Fail) == bad && check.verdict >= Verdict::Pass;
            report
                .scenarios
                .iter()
                .position(|view| view.checks.first().is_some_and(fits))
                .expect("in the sample")
        };
        let (good, bad) = (with_checks(&before, false), with_checks(&before, true));
        let (worse, better) = (&mut after.scenarios[good].clone(), &mut after.scenarios[bad].clone());
        worse.verdict = Verdict::Fail;
        worse.checks[0].verdict = Verdict::Fail;
        worse.checks[0].held = Some(false);
        worse.checks[0].found = Some(Box::new(Text::new("二", "two")));
        better.verdict = Verdict::Pass;
        better.checks[0].verdict = Verdict::Pass;
        better.checks[0].reading = Some("SF-08=other".into());
        let gone = worse.checks.len() > 1;
        after.scenarios[good] = worse.clone();
        after.scenarios[bad] = better.clone();

        let comparison = compare(&before, &after, false);
        assert_eq!(comparison.facts.len(), 1);
        assert_eq!(comparison.scenarios[0].direction, Direction::Regression);
        assert_eq!(comparison.scenarios[0].id, *worse.id);
        assert_eq!(
            comparison.scenarios.last().map(|change| change.direction),
            Some(Direction::Improvement)
        );
        assert!(matches!(comparison.checks[0].why, Some(Why::Product { .. })));
        assert!(matches!(
            comparison.checks.last().and_then(|change| change.why.clone()),
            Some(Why::Reading { .. })
        ));
        let again = compare(&before, &after, true);
        assert!(matches!(again.checks[0].why, Some(Why::Rule { .. })));

        if gone {
            after.scenarios[good].checks.remove(0);
            let comparison = compare(&before, &after, true);
            assert!(
                comparison
                    .checks
                    .iter()
                    .any(|change| change.why == Some(Why::CheckGone))
            );
        }
    }

    #[test]
    fn scenarios_come_and_go() {
        let before = sample::report();
        let mut after = before.clone();
        let first = after.scenarios.remove(0);
        let comparison = compare(&before, &after, false);
        assert_eq!(comparison.scenarios.len(), 1);
        assert_eq!(
            (comparison.scenarios[0].direction, comparison.scenarios[0].id.as_str()),
            (Direction::Gone, &*first.id)
        );
        let comparison = compare(&after, &before, false);
        assert!(matches!(
            comparison.scenarios[0].direction,
            Direction::New | Direction::Regression
        ));
    }
}
