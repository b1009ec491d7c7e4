//! From checks to requirements, profiles and the outcome of a run.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::outcome::{Blame, CheckResult, Outcome, Verdict};
use crate::scenario::Corpus;
use crate::standard::{Level, Profile, Requirement};
use crate::text::Text;

/// An expected failure of the target file.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Waiver {
    /// Scenario id, `*` stands for any characters.
    pub scenario: String,
    /// Why the failure is expected.
    pub reason: String,
    /// Last day (YYYY-MM-DD) on which it is.
    pub until: String,
}

/// A judged scenario, as rolling up looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Judged<'a> {
    /// Scenario id.
    pub id: &'a Arc<str>,
    /// Its verdict.
    pub verdict: Verdict,
    /// Why there are no checks, if there are none.
    pub reason: Option<&'a Text>,
    /// Its checks.
    pub checks: &'a [CheckResult],
}

/// What became of one requirement in one profile.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct RequirementResult {
    /// Requirement id.
    pub id: String,
    /// Verdict; `skip` where no scenario can test it.
    pub verdict: Verdict,
    /// Checks that held.
    pub held: usize,
    /// Checks that were judged.
    pub judged: usize,
    /// Scenarios with a check that did not pass, at most the first ten.
    pub scenarios: Vec<Arc<str>>,
    /// It was asked, and does not apply to this product: nothing stays open.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inapplicable: bool,
    /// Why it was not judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
}

/// What became of one claimed profile.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ProfileResult {
    /// Profile id.
    pub id: String,
    /// Outcome for this profile alone.
    pub outcome: Outcome,
    /// Its requirements in the order of the corpus.
    pub requirements: Vec<RequirementResult>,
}

/// Outcome of a run with its reasons.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct RollUp {
    /// The outcome.
    pub outcome: Outcome,
    /// Why it is not `conformant`.
    pub reasons: Vec<Text>,
    /// Every claimed profile.
    pub profiles: Vec<ProfileResult>,
}

/// Tally of one requirement while scenarios are gone through.
#[derive(Clone, Default)]
struct Tally {
    worst: Option<Verdict>,
    held: usize,
    judged: usize,
    scenarios: Vec<Arc<str>>,
    /// Why it does not apply, where a check or a scenario said so.
    inapplicable: Option<Text>,
    /// Something that was to be asked was prevented by another fault.
    prevented: bool,
}

/// Rolls the results of scenarios up. `partial` tells that only a selection was run.
pub fn roll_up(corpus: &Corpus, profiles: &[String], results: &[Judged<'_>], partial: bool) -> RollUp {
    let roles: HashMap<&str, _> = corpus
        .scenarios
        .iter()
        .map(|scenario| (&*scenario.id, scenario.role))
        .collect();
    let mut claimed: Vec<&Profile> = Vec::new();
    for id in profiles {
        for profile in corpus.expand_profile(id) {
            if !claimed.iter().any(|known| known.id == profile.id) {
                claimed.push(profile);
            }
        }
    }
    // Scenarios end in any order; what is told of them has one.
    let mut in_order: Vec<&Judged<'_>> = results.iter().collect();
    in_order.sort_by_key(|result| corpus.position(result.id));
    let profiles: Vec<ProfileResult> = claimed
        .iter()
        .map(|profile| {
            let of_role = in_order
                .iter()
                .copied()
                .filter(|result| profile.subject.as_ref() == roles.get(&**result.id));
            profile_result(corpus, profile, of_role)
        })
        .collect();
    let (outcome, reasons) = conclude(corpus, &profiles, results, partial);
    RollUp {
        outcome,
        reasons,
        profiles,
    }
}

fn profile_result<'a>(
    corpus: &Corpus,
    profile: &Profile,
    results: impl Iterator<Item = &'a Judged<'a>>,
) -> ProfileResult {
    let mut tallies: BTreeMap<&str, Tally> = BTreeMap::new();
    for result in results {
        if result.checks.is_empty() {
            // Skipped, blocked or never run: what it would have tested stays unjudged.
            let Some(scenario) = corpus.scenario(result.id) else {
                continue;
            };
            for id in scenario.requirements() {
                let tally = tallies.entry(id).or_default();
                count(tally, result, result.verdict, None);
                if result.verdict == Verdict::Skip {
                    note_skip(tally, result.reason, None);
                }
            }
        }
        for check in result.checks {
            for id in check.requirements.iter() {
                let Some(requirement) = corpus.requirement(id) else {
                    continue;
                };
                let verdict = verdict_at(requirement.level, check.verdict, check.held);
                let tally = tallies.entry(&requirement.id).or_default();
                count(tally, result, verdict, check.held);
                if verdict == Verdict::Skip {
                    note_skip(tally, check.found.as_deref(), check.blame);
                }
            }
        }
    }
    let requirements: Vec<RequirementResult> = corpus
        .requirements
        .iter()
        .filter(|requirement| profile.holds(requirement))
        .map(|requirement| conclude_requirement(requirement, tallies.remove(requirement.id.as_str())))
        .collect();
    let binding = |id: &str| {
        corpus
            .requirement(id)
            .is_some_and(|requirement| requirement.level.is_binding())
    };
    let outcome = if requirements
        .iter()
        .any(|result| binding(&result.id) && matches!(result.verdict, Verdict::Fail | Verdict::Waived))
    {
        Outcome::NonConformant
    } else if requirements
        .iter()
        .any(|result| binding(&result.id) && is_open(corpus, result))
    {
        Outcome::Incomplete
    } else {
        Outcome::Conformant
    };
    ProfileResult {
        id: profile.id.clone(),
        outcome,
        requirements,
    }
}

/// A requirement that a scenario could judge and none did. `info` alone judges nothing.
fn is_open(corpus: &Corpus, result: &RequirementResult) -> bool {
    let testable = corpus
        .requirement(&result.id)
        .is_some_and(|requirement| requirement.not_tested.is_none());
    testable
        && !result.inapplicable
        && matches!(
            result.verdict,
            Verdict::Error | Verdict::Blocked | Verdict::Review | Verdict::Skip
        )
}

/// The verdict of a check for a requirement of a given level.
pub(super) fn verdict_at(level: Level, verdict: Verdict, held: Option<bool>) -> Verdict {
    match (verdict, held) {
        (Verdict::Fail | Verdict::Warn | Verdict::Info, Some(false))
            if verdict != Verdict::Info || level == Level::May =>
        {
            broken_at(level)
        }
        _ => verdict,
    }
}

/// What a broken requirement of a level amounts to.
pub(super) fn broken_at(level: Level) -> Verdict {
    match level {
        Level::Must | Level::MustNot => Verdict::Fail,
        Level::Should => Verdict::Warn,
        Level::May => Verdict::Info,
    }
}

fn count(tally: &mut Tally, result: &Judged<'_>, verdict: Verdict, held: Option<bool>) {
    tally.worst = tally.worst.max(Some(verdict));
    tally.held += usize::from(held == Some(true));
    tally.judged += usize::from(held.is_some());
    let passed = matches!(verdict, Verdict::Pass | Verdict::Info | Verdict::Skip);
    if !passed && tally.scenarios.len() < 10 && !tally.scenarios.contains(result.id) {
        tally.scenarios.push(Arc::clone(result.id));
    }
}

/// Remembers why a question was not asked: because it does not arise, or because something else is broken.
fn note_skip(tally: &mut Tally, reason: Option<&Text>, blame: Option<Blame>) {
    if blame.is_some() {
        tally.prevented = true;
    } else if let Some(reason) = reason {
        tally.inapplicable.get_or_insert_with(|| reason.clone());
    }
}

fn conclude_requirement(requirement: &Requirement, tally: Option<Tally>) -> RequirementResult {
    let tally = tally.unwrap_or_default();
    let is_skip = tally.worst == Some(Verdict::Skip);
    let inapplicable = tally.inapplicable.filter(|_| is_skip && !tally.prevented);
    let reason = match (&requirement.not_tested, tally.worst) {
        _ if inapplicable.is_some() => inapplicable.clone(),
        (Some(reason), None) => Some(reason.clone()),
        (None, None) => Some(Text::new(
            "この要件を判定するシナリオが実行されていません。",
            "No scenario that judges this requirement was run.",
        )),
        _ => None,
    };
    RequirementResult {
        id: requirement.id.clone(),
        verdict: tally.worst.unwrap_or(Verdict::Skip),
        held: tally.held,
        judged: tally.judged,
        scenarios: tally.scenarios,
        inapplicable: inapplicable.is_some(),
        reason,
    }
}

fn plural(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

fn conclude(
    corpus: &Corpus,
    profiles: &[ProfileResult],
    results: &[Judged<'_>],
    partial: bool,
) -> (Outcome, Vec<Text>) {
    let mut reasons = Vec::new();
    let all = || {
        profiles
            .iter()
            .flat_map(|profile| &profile.requirements)
            .filter(|result| {
                corpus
                    .requirement(&result.id)
                    .is_some_and(|requirement| requirement.level.is_binding())
            })
    };
    let broken = all().filter(|result| result.verdict == Verdict::Fail).count();
    let waived = all().filter(|result| result.verdict == Verdict::Waived).count();
    let open = all().filter(|result| is_open(corpus, result)).count();
    if broken > 0 {
        reasons.push(Text::new(
            format!("必須要件 {broken} 件が満たされていません。"),
            plural(
                broken,
                "binding requirement does not hold.",
                "binding requirements do not hold.",
            ),
        ));
    }
    if waived > 0 {
        reasons.push(Text::new(
            format!("必須要件 {waived} 件は想定済みの不合格です（猶予は認証ではありません）。"),
            plural(
                waived,
                "binding requirement fails as expected (an expected failure is no certificate).",
                "binding requirements fail as expected (an expected failure is no certificate).",
            ),
        ));
    }
    if open > 0 {
        reasons.push(Text::new(
            format!("必須要件 {open} 件が判定されていません。"),
            plural(
                open,
                "binding requirement was not judged.",
                "binding requirements were not judged.",
            ),
        ));
    }
    if partial {
        reasons.push(Text::new(
            "一部のシナリオのみを選んだ実行であり、準拠の判定ではありません。",
            "Only a selection of scenarios was run: this is no statement of conformance.",
        ));
    }
    let unjudged = results.iter().any(|result| result.verdict == Verdict::Error);
    if unjudged {
        reasons.push(Text::new(
            "判定できなかったシナリオがあります。",
            "Some scenarios could not be judged.",
        ));
    }
    let outcome = if broken + waived > 0 {
        Outcome::NonConformant
    } else if open > 0 || partial || unjudged || profiles.is_empty() {
        Outcome::Incomplete
    } else {
        Outcome::Conformant
    };
    (outcome, reasons)
}
