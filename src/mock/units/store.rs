//! What the units know: rows of their records, notes for themselves, and what they have told.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::files::Shelf;

/// Items of a row with their values.
pub(in crate::mock) type Row = BTreeMap<String, String>;

/// An event that a unit has told.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) serial: u64,
    pub(super) event: String,
    pub(super) to: Vec<u8>,
    pub(super) content: Row,
    pub(super) at_unix_ms: u64,
}

/// What one unit knows of one subject.
#[derive(Debug, Default)]
pub(super) struct File {
    /// Rows by record id, oldest first.
    pub(super) rows: BTreeMap<String, Vec<Row>>,
    /// Facts that stand in no record: what notices told.
    pub(super) notes: Row,
    pub(super) told: Vec<Told>,
    /// Serial numbers of notices that were taken, with the event.
    pub(super) notices: BTreeSet<(String, String)>,
}

/// What one unit knows.
#[derive(Debug, Default)]
pub(super) struct Store {
    pub(super) files: HashMap<String, File>,
    /// Subjects whose rows or notes hold a value: (item, value) → subjects. It may name subjects whose value has changed.
    index: HashMap<(String, String), BTreeSet<String>>,
    /// Files of each group, by record id.
    pub(super) shelves: BTreeMap<String, Shelf>,
    pub(super) receipts: u64,
    pub(super) serial: u64,
}

impl Store {
    pub(super) fn file(&self, subject: &str) -> Option<&File> {
        self.files.get(subject)
    }

    pub(super) fn file_mut(&mut self, subject: &str) -> &mut File {
        self.files.entry(subject.to_owned()).or_default()
    }

    /// Remembers where values can be found. Only numbers are looked for.
    pub(super) fn index(&mut self, subject: &str, row: &Row) {
        for (item, value) in row.iter().filter(|(item, _)| item.contains("bango")) {
            self.index
                .entry((item.clone(), value.clone()))
                .or_default()
                .insert(subject.to_owned());
        }
    }

    /// Subjects that had a value in some row or note.
    pub(super) fn candidates(&self, item: &str, value: &str) -> Vec<String> {
        self.index
            .get(&(item.to_owned(), value.to_owned()))
            .map_or_else(Vec::new, |subjects| subjects.iter().cloned().collect())
    }
}
