//! A scenario after parsing: everything resolved, nothing left to look up by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Act, Check};
use crate::standard::{Location, Subject};
use crate::text::Text;

/// A small story that exercises requirements.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Identifier; never changes its meaning.
    pub id: Arc<str>,
    /// What the story is.
    pub title: Text,
    /// Role of the product in it.
    pub role: Subject,
    /// Interface it speaks (e.g. `031.numbering`), if any.
    pub interface: Option<Arc<str>>,
    /// Driver actions the product has to offer for it.
    pub needs: Vec<String>,
    /// Features that the SOAP service has to have; without them the scenario does not apply.
    pub applies: Vec<String>,
    /// Whether it changes the state of the whole product and must run alone.
    pub exclusive: bool,
    /// Words to select it by.
    pub tags: Vec<String>,
    /// The family that generated it.
    pub family: Option<Arc<str>>,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// Where it is written.
    pub location: Location,
}

impl Scenario {
    /// Ids of all requirements that its checks bear on, sorted.
    pub fn requirements(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self
            .checks()
            .flat_map(|check| check.requirements.iter().map(AsRef::as_ref))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Whether it is about recorded traffic, so that no run can carry it out.
    pub fn is_observation(&self) -> bool {
        self.steps.iter().any(|step| matches!(step.act, Act::Observe(_)))
    }

    /// All checks of all steps.
    pub fn checks(&self) -> impl Iterator<Item = &CheckSpec> {
        self.steps.iter().flat_map(|step| &step.checks)
    }
}

/// One act and the questions about it.
#[derive(Clone, Debug)]
pub struct Step {
    /// Identifier inside the scenario.
    pub id: Arc<str>,
    /// What is done.
    pub act: Act,
    /// Left out where an earlier step gave nothing to go on with.
    pub optional: bool,
    /// What is asked about the recorded evidence.
    pub checks: Vec<CheckSpec>,
}

/// One named question with its parameters, tied to requirements.
#[derive(Clone, Debug)]
pub struct CheckSpec {
    /// The question.
    pub check: Check,
    /// Requirements that it decides.
    pub requirements: Arc<[Arc<str>]>,
    /// Other forms of the question under other options of a reading.
    pub reading: Option<Box<(String, BTreeMap<String, ReadingCase>)>>,
    /// Only observed: never more than `info`.
    pub record: bool,
}

/// What a reading makes of a check.
#[derive(Clone, Debug)]
pub enum ReadingCase {
    /// Observe, without a verdict.
    Record,
    /// Ask in this form.
    Ask(Check),
}

impl CheckSpec {
    /// The form of the question under the readings of a run, and whether it is only observed.
    pub fn under<'a>(&'a self, option_of: impl Fn(&str) -> Option<&'a str>) -> (&'a Check, bool) {
        let case = self
            .reading
            .as_deref()
            .and_then(|(id, cases)| cases.get(option_of(id)?));
        match case {
            None => (&self.check, self.record),
            Some(ReadingCase::Record) => (&self.check, true),
            Some(ReadingCase::Ask(check)) => (check, self.record),
        }
    }
}
