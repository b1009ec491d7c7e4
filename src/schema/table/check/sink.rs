//! Where findings go: all are counted, few are kept.

use std::collections::HashMap;

use super::super::explain::Fault;
use super::super::model::{Level, Table};
use super::super::report::{Finding, FindingRule, RuleCount};
use super::Watch;

/// Where something was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Index of the file.
    pub(super) file: usize,
    pub(super) record: u64,
    pub(super) line: u64,
    /// From 0.
    pub(super) column: Option<usize>,
}

/// What a finding is about.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
pub(super) struct Subject {
    /// Index of the group.
    pub(super) group: Option<usize>,
    /// Index of the item.
    pub(super) item: Option<usize>,
    /// Index of the rule of the group.
    pub(super) rule: Option<usize>,
}

struct Tally {
    level: Level,
    count: u64,
}

struct Kept {
    place: Place,
    order: usize,
    subject: Subject,
    level: Level,
    name: String,
    fault: Fault,
    value: Option<String>,
}

impl Kept {
    fn finding(&self, table: &Table) -> Finding {
        let group = self.subject.group.and_then(|group| table.group.get(group));
        let item = group
            .zip(self.subject.item)
            .and_then(|(group, item)| group.item.get(item));
        let rule = group
            .zip(self.subject.rule)
            .and_then(|(group, rule)| group.rule.get(rule));
        Finding {
            rule: self.fault.rule,
            id: rule.map(|rule| rule.id.clone()),
            level: self.level,
            file: self.name.clone(),
            record: self.place.record,
            line: self.place.line,
            column: self.place.column.map(|column| column as u64 + 1),
            item_id: item.map(|item| item.id.clone()).filter(|id| !id.is_empty()),
            item: item.map(|item| item.name.clone()),
            expected: self.fault.expected.clone(),
            found: self.fault.found.clone(),
            value: self.value.clone(),
            hint: self.fault.hint.clone(),
        }
    }
}

/// Counts and keeps findings.
pub(super) struct Sink {
    most: usize,
    show_values: bool,
    counts: HashMap<(FindingRule, Subject), Tally>,
    by_file: Vec<(u64, u64)>,
    kept: Vec<Kept>,
    listed: usize,
}

impl Sink {
    pub(super) fn new(most: usize, show_values: bool) -> Self {
        Self {
            most,
            show_values,
            counts: HashMap::new(),
            by_file: Vec::new(),
            kept: Vec::new(),
            listed: 0,
        }
    }

    pub(super) fn add(
        &mut self,
        name: &str,
        place: Place,
        subject: Subject,
        level: Level,
        fault: Fault,
        value: Option<&[u8]>,
    ) {
        if self.by_file.len() <= place.file {
            self.by_file.resize(place.file + 1, (0, 0));
        }
        match level {
            Level::Must => self.by_file[place.file].0 += 1,
            Level::Should => self.by_file[place.file].1 += 1,
        }
        let tally = self
            .counts
            .entry((fault.rule, subject))
            .or_insert(Tally { level, count: 0 });
        tally.count += 1;
        let is_first = tally.count == 1;
        if !is_first && self.listed >= self.most {
            return;
        }
        self.listed += 1;
        let value = value.filter(|_| self.show_values).map(shown);
        self.kept.push(Kept {
            place,
            order: self.kept.len(),
            subject,
            level,
            name: name.to_owned(),
            fault,
            value,
        });
    }

    /// Findings of a file: of level `must`, and of level `should`.
    pub(super) fn of_file(&self, file: usize) -> (u64, u64) {
        self.by_file.get(file).copied().unwrap_or_default()
    }

    pub(super) fn has(&self, level: Level) -> bool {
        self.counts.values().any(|tally| tally.level == level)
    }

    /// Tells of findings that were kept since the last call.
    pub(super) fn tell(&self, from: usize, table: &Table, watch: &mut dyn Watch) -> usize {
        for kept in &self.kept[from..] {
            watch.finding(&kept.finding(table));
        }
        self.kept.len()
    }

    pub(super) fn into_parts(mut self, table: &Table) -> (Vec<RuleCount>, Vec<Finding>) {
        let mut counts: Vec<RuleCount> = self
            .counts
            .iter()
            .map(|((rule, subject), tally)| {
                let group = subject.group.and_then(|group| table.group.get(group));
                let item = group.zip(subject.item).and_then(|(group, item)| group.item.get(item));
                let own = group.zip(subject.rule).and_then(|(group, rule)| group.rule.get(rule));
                RuleCount {
                    rule: *rule,
                    id: own.map(|rule| rule.id.clone()),
                    item: item.map(|item| item.name.clone()),
                    level: tally.level,
                    count: tally.count,
                }
            })
            .collect();
        counts.sort_by(|a, b| (b.count, a.rule, &a.id, &a.item).cmp(&(a.count, b.rule, &b.id, &b.item)));
        self.kept
            .sort_by_key(|kept| (kept.place.file, kept.place.record, kept.order));
        let findings = self.kept.iter().map(|kept| kept.finding(table)).collect();
        (counts, findings)
    }
}

/// A value for people who asked for it; long ones are cut.
fn shown(value: &[u8]) -> String {
    const MOST: usize = 200;
    let text = String::from_utf8_lossy(value);
    let mut short: String = text.chars().take(MOST).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}
