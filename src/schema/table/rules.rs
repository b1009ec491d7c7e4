//! Rules between items of one record.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::dates;
use super::explain::Fault;
use super::model::{Comparison, Condition, Group, Item, Relation, Rule, Type};
use super::report::FindingRule;
use crate::text::Text;

/// Values of a record by item, absent columns as empty.
pub(super) trait Values {
    fn value(&self, item: usize) -> &[u8];
}

/// A condition with its item resolved.
#[derive(Debug)]
pub(super) struct Ready<'t> {
    item: usize,
    condition: &'t Condition,
}

impl<'t> Ready<'t> {
    pub(super) fn all(conditions: &'t [Condition], group: &Group) -> Vec<Self> {
        let ready = |condition: &'t Condition| {
            let (item, _) = group.find(&condition.item)?;
            Some(Self { item, condition })
        };
        conditions.iter().filter_map(ready).collect()
    }

    pub(super) fn holds(&self, values: &impl Values) -> bool {
        let value = values.value(self.item);
        let condition = self.condition;
        let is = |other: &String| other.as_bytes() == value;
        condition.filled.is_none_or(|filled| filled != value.is_empty())
            && (condition.is.is_empty() || condition.is.iter().any(is))
            && !condition.is_not.iter().any(is)
            && (value.is_empty() || condition.from.as_ref().is_none_or(|from| value >= from.as_bytes()))
            && (value.is_empty() || condition.to.as_ref().is_none_or(|to| value <= to.as_bytes()))
    }
}

/// A rule made ready.
#[derive(Debug)]
pub(super) struct ReadyRule<'t> {
    pub(super) rule: &'t Rule,
    when: Vec<Ready<'t>>,
    compare: Option<(usize, usize, Kind, &'t Comparison)>,
    then: Vec<Ready<'t>>,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Day,
    Number,
    Text,
}

fn kind(item: &Item) -> Kind {
    match item.item_type {
        Some(Type::Date) => Kind::Day,
        Some(Type::Integer | Type::Signed) => Kind::Number,
        _ => Kind::Text,
    }
}

impl<'t> ReadyRule<'t> {
    pub(super) fn new(rule: &'t Rule, group: &Group) -> Self {
        let compare = rule.compare.as_ref().and_then(|comparison| {
            let (left, item) = group.find(&comparison.left)?;
            let (right, _) = group.find(&comparison.right)?;
            Some((left, right, kind(item), comparison))
        });
        Self {
            rule,
            when: Ready::all(&rule.when, group),
            compare,
            then: Ready::all(&rule.then, group),
        }
    }

    /// Items whose columns the rule reads.
    pub(super) fn items(&self) -> impl Iterator<Item = usize> {
        let conditions = self.when.iter().chain(&self.then).map(|ready| ready.item);
        conditions.chain(self.compare.iter().flat_map(|(left, right, ..)| [*left, *right]))
    }

    /// The item that breaks the rule, and how.
    pub(super) fn broken(&self, values: &impl Values, group: &Group) -> Option<(usize, Fault)> {
        if !self.when.iter().all(|ready| ready.holds(values)) {
            return None;
        }
        if let Some((left, right, kind, comparison)) = self.compare
            && let Some(found) = compare(values.value(left), values.value(right), kind, comparison.years)
            && !fits(comparison.relation, found)
        {
            let names = (&*group.item[left].name, &*group.item[right].name);
            return Some((left, comparison_fault(self.rule, comparison, names, found)));
        }
        let wrong = self.then.iter().find(|ready| !ready.holds(values))?;
        let name = &group.item[wrong.item].name;
        let expected = self.rule.text.clone().unwrap_or_else(|| {
            Text::new(
                format!("規則 {} の条件（{name}）", self.rule.id),
                format!("what rule {} demands of {name}", self.rule.id),
            )
        });
        let found = if values.value(wrong.item).is_empty() {
            Text::new(format!("{name} が空"), format!("{name} is empty"))
        } else {
            Text::new(format!("{name} が条件に合わない"), format!("{name} does not fit"))
        };
        Some((wrong.item, Fault::new(FindingRule::Rule, expected, found)))
    }
}

/// How left stands to right; `None` where they cannot be compared.
fn compare(left: &[u8], right: &[u8], kind: Kind, years: i32) -> Option<Ordering> {
    if left.is_empty() || right.is_empty() {
        return None;
    }
    match kind {
        Kind::Day => Some(dates::ordinal(left, 0)?.cmp(&dates::ordinal(right, years)?)),
        Kind::Number => Some(number(left)?.cmp(&number(right)?)),
        Kind::Text => Some(left.cmp(right)),
    }
}

fn number(bytes: &[u8]) -> Option<i128> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

fn fits(relation: Relation, found: Ordering) -> bool {
    match relation {
        Relation::Before => found.is_lt(),
        Relation::NotAfter => found.is_le(),
        Relation::Equal => found.is_eq(),
        Relation::NotEqual => found.is_ne(),
        Relation::NotBefore => found.is_ge(),
        Relation::After => found.is_gt(),
    }
}

fn comparison_fault(rule: &Rule, comparison: &Comparison, names: (&str, &str), found: Ordering) -> Fault {
    let (left, right) = names;
    let (right_ja, right_en) = match comparison.years {
        0 => (Cow::Borrowed(right), Cow::Borrowed(right)),
        years => (
            Cow::Owned(format!("{right}＋{years}年")),
            Cow::Owned(format!("{right} + {years} years")),
        ),
    };
    let sign = match comparison.relation {
        Relation::Before => "<",
        Relation::NotAfter => "≤",
        Relation::Equal => "=",
        Relation::NotEqual => "≠",
        Relation::NotBefore => "≥",
        Relation::After => ">",
    };
    let stands = match found {
        Ordering::Less => "<",
        Ordering::Equal => "=",
        Ordering::Greater => ">",
    };
    let expected = rule
        .text
        .clone()
        .unwrap_or_else(|| Text::new(format!("{left} {sign} {right_ja}"), format!("{left} {sign} {right_en}")));
    let found = Text::new(
        format!("{left} {stands} {right_ja}"),
        format!("{left} {stands} {right_en}"),
    );
    Fault::new(FindingRule::Rule, expected, found)
}
