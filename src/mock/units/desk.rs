//! Where the rules of a unit work: the request on the one hand, what the unit knows on the other.

use super::store::{File, Row, Store, Told};
use crate::mock::{Defect, DefectSet};
use crate::standard::unit::Unit;
use crate::text::date::Day;

/// Why a unit refuses a request.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(in crate::mock) struct Refusal {
    pub(super) code: String,
    pub(super) why: String,
}

/// A request in work.
pub(in crate::mock) struct Desk<'a> {
    pub(super) unit: &'a Unit,
    pub(super) store: &'a mut Store,
    pub(super) defects: &'a DefectSet,
    /// Item that names the subject.
    pub(super) subject_item: String,
    pub(super) input: Row,
    pub(super) now_unix_ms: u64,
    pub(super) receipt: String,
}

impl Desk<'_> {
    // --- the request ---

    /// Value of an item of the request; empty if it is not there.
    pub(super) fn text(&self, item: &str) -> &str {
        self.input.get(item).map_or("", String::as_str)
    }

    /// Whether an item is in the request.
    pub(super) fn has(&self, item: &str) -> bool {
        self.input.get(item).is_some_and(|value| !value.is_empty())
    }

    /// An item of the request as a day; `None` if it is absent or unknown.
    pub(super) fn day(&self, item: &str) -> Option<Day> {
        Day::parse(self.text(item)).ok()
    }

    /// An item of the request as a number; 0 if it is absent.
    pub(super) fn number(&self, item: &str) -> i64 {
        self.text(item).parse().unwrap_or(0)
    }

    /// The number of whom the request is about.
    pub(super) fn subject(&self) -> String {
        self.text(&self.subject_item.clone()).to_owned()
    }

    /// The items of the request that a record has, as the beginning of a row.
    pub(super) fn row_for(&self, record: &str) -> Row {
        let Some(record) = self.unit.record(record) else {
            return Row::new();
        };
        let known = record.fields.iter().filter_map(|field| {
            let id = &field.item.id;
            Some((id.clone(), self.input.get(id)?.clone()))
        });
        known.collect()
    }

    /// Number of this request's receipt; cancellations name it.
    pub(super) fn receipt(&self) -> String {
        self.receipt.clone()
    }

    // --- rules ---

    /// Whether the unit obeys a rule; with the rule's defect it does not.
    pub(super) fn obeys(&self, rule: &str) -> bool {
        Defect::of_rule(rule).is_none_or(|defect| !self.defects.has(defect))
    }

    /// Whether a general rule of all units is obeyed: `access` or `twice`.
    pub(super) fn obeys_general(&self, rule: &str) -> bool {
        let defect = match rule {
            "access" => Defect::UnitAnswersStrangers,
            _ => Defect::UnitNoticeRefusedTwice,
        };
        !self.defects.has(defect)
    }

    /// A refusal with the code of a rule (`ENNRR`) or a general one (`E0005`).
    pub(super) fn refuse<T>(&self, code: &str, why: &str) -> Result<T, Refusal> {
        Err(Refusal {
            code: code.to_owned(),
            why: why.to_owned(),
        })
    }

    /// Refuses with the code of a rule if it is broken, unless the rule's defect is switched on.
    pub(super) fn demand(&self, rule: &str, holds: bool, why: &str) -> Result<(), Refusal> {
        if holds || !self.obeys(rule) {
            return Ok(());
        }
        let code = self.unit.rule(rule).and_then(|rule| rule.refusal.clone());
        self.refuse(code.as_deref().unwrap_or("E0004"), why)
    }

    // --- what is known ---

    /// Whether the unit knows somebody.
    pub(super) fn knows(&self, subject: &str) -> bool {
        self.store
            .file(subject)
            .is_some_and(|file| !file.notes.is_empty() || file.rows.values().any(|rows| !rows.is_empty()))
    }

    /// Rows of somebody, oldest first.
    pub(super) fn rows(&self, record: &str, subject: &str) -> &[Row] {
        self.store
            .file(subject)
            .and_then(|file| file.rows.get(record))
            .map_or(&[], Vec::as_slice)
    }

    /// The newest row of somebody.
    pub(super) fn last(&self, record: &str, subject: &str) -> Option<&Row> {
        self.rows(record, subject).last()
    }

    /// Rows of everybody with this value of an item whose name contains `bango`; with the subject of each.
    pub(super) fn find(&self, record: &str, item: &str, value: &str) -> Vec<(String, Row)> {
        let mut found = Vec::new();
        for subject in self.store.candidates(item, value) {
            for row in self.rows(record, &subject) {
                if row.get(item).is_some_and(|known| known == value) {
                    found.push((subject.clone(), row.clone()));
                }
            }
        }
        found
    }

    /// Everybody whose note has this value; the note's name contains `bango`.
    pub(super) fn noted_by(&self, note: &str, value: &str) -> Vec<String> {
        let mut subjects = self.store.candidates(note, value);
        subjects.retain(|subject| self.note(subject, note) == value);
        subjects
    }

    /// A fact about somebody that stands in no record; empty if there is none.
    pub(super) fn note(&self, subject: &str, name: &str) -> &str {
        self.store
            .file(subject)
            .and_then(|file| file.notes.get(name))
            .map_or("", String::as_str)
    }

    /// A note as a day.
    pub(super) fn note_day(&self, subject: &str, name: &str) -> Option<Day> {
        Day::parse(self.note(subject, name)).ok()
    }

    // --- changes ---

    /// Adds a row.
    pub(super) fn add(&mut self, record: &str, subject: &str, row: Row) {
        self.store.index(subject, &row);
        let file = self.store.file_mut(subject);
        file.rows.entry(record.to_owned()).or_default().push(row);
    }

    /// Changes rows of somebody.
    pub(super) fn change(&mut self, record: &str, subject: &str, mut change: impl FnMut(&mut Row)) {
        let mut changed = Vec::new();
        if let Some(rows) = self.file_mut(subject).rows.get_mut(record) {
            for row in rows.iter_mut() {
                change(row);
                changed.push(row.clone());
            }
        }
        for row in changed {
            self.store.index(subject, &row);
        }
    }

    /// Changes the newest row of somebody.
    pub(super) fn change_last(&mut self, record: &str, subject: &str, change: impl FnOnce(&mut Row)) {
        let mut changed = None;
        if let Some(row) = self
            .file_mut(subject)
            .rows
            .get_mut(record)
            .and_then(|rows| rows.last_mut())
        {
            change(row);
            changed = Some(row.clone());
        }
        if let Some(row) = changed {
            self.store.index(subject, &row);
        }
    }

    /// Keeps only the rows that a condition holds for.
    pub(super) fn retain(&mut self, record: &str, subject: &str, keep: impl FnMut(&Row) -> bool) {
        if let Some(rows) = self.file_mut(subject).rows.get_mut(record) {
            rows.retain(keep);
        }
    }

    /// Notes a fact; an empty value takes it away.
    pub(super) fn set_note(&mut self, subject: &str, name: &str, value: impl Into<String>) {
        let value = value.into();
        if value.is_empty() {
            self.file_mut(subject).notes.remove(name);
            return;
        }
        self.store
            .index(subject, &Row::from([(name.to_owned(), value.clone())]));
        self.file_mut(subject).notes.insert(name.to_owned(), value);
    }

    /// Notes every item of the request about its subject, under the items' names.
    pub(super) fn note_all(&mut self) {
        let subject = self.subject();
        for (item, value) in self.input.clone() {
            if item != "tsuban" && item != self.subject_item {
                self.set_note(&subject, &item, value);
            }
        }
    }

    /// Tells an event to all units that its definition names.
    pub(super) fn tell(&mut self, event: &str, subject: &str, content: Row) {
        let to = self.receivers(event);
        self.tell_to(event, subject, content, &to);
    }

    /// Units that an event's definition names.
    pub(super) fn receivers(&self, event: &str) -> Vec<u8> {
        let known = self.unit.events.iter().find(|known| known.id == event);
        known.map_or_else(Vec::new, |event| event.to.clone())
    }

    /// Tells an event to some units. Items that the event does not have are left out, except by the defect that the
    /// caller puts in; its subject is filled in.
    pub(super) fn tell_to(&mut self, event: &str, subject: &str, content: Row, to: &[u8]) {
        let Some(definition) = self.unit.events.iter().find(|known| known.id == event).cloned() else {
            return;
        };
        let mut content = content;
        if let Some(first) = definition.fields.first() {
            content
                .entry(first.item.id.clone())
                .or_insert_with(|| subject.to_owned());
        }
        content.retain(|item, value| !value.is_empty() && definition.fields.iter().any(|field| field.item.id == *item));
        if to.is_empty() || self.defects.has(Defect::UnitTellsNobody) {
            return;
        }
        let own = self.unit.file.number;
        let to = match self.defects.has(Defect::UnitTellsEverybody) {
            true => (1..=26).filter(|unit| *unit != own).collect(),
            false => to.to_vec(),
        };
        let times = if self.defects.has(Defect::UnitTellsTwice) { 2 } else { 1 };
        for _ in 0..times {
            let told = Told {
                serial: self.next_serial(subject),
                event: event.to_owned(),
                to: to.clone(),
                content: content.clone(),
                at_unix_ms: self.now_unix_ms,
            };
            self.file_mut(subject).told.push(told);
        }
    }

    fn next_serial(&mut self, subject: &str) -> u64 {
        let last = self.store.file(subject).and_then(|file| file.told.last());
        match last.filter(|_| self.defects.has(Defect::UnitSerialReused)) {
            Some(last) => last.serial,
            None => {
                self.store.serial += 1;
                self.store.serial
            }
        }
    }

    fn file_mut(&mut self, subject: &str) -> &mut File {
        self.store.file_mut(subject)
    }
}

/// A row from pairs; empty values are left out.
pub(in crate::mock) fn row<const N: usize>(pairs: [(&str, String); N]) -> Row {
    pairs
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(item, value)| (item.to_owned(), value))
        .collect()
}
