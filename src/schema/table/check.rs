//! Streaming files against a table.

mod file;
mod group;
mod sink;

use std::io::{self, Read};

use super::header::recognise;
use super::input::Blocks;
use super::keys::{KeyHasher, Keys};
use super::model::{Level, Quoting, Table};
use super::read::TableError;
use super::record::Record;
use super::report::{FileResult, Finding, Outcome, TableResult};
use super::split::{MOST_FIELDS, Split, Splitter};
use file::{FileCheck, Scene, TooLong};
use group::{GroupState, KeyRoom, Pending};
use sink::Sink;

/// A record may be so many times as long as a field at the most.
const FIELDS_OF_A_RECORD: usize = 16;

/// How files are checked.
#[derive(Clone, Debug)]
pub struct CheckOptions {
    /// Findings that are listed, beside the first of each rule and item; all are counted.
    pub max_findings: usize,
    /// Whether findings hold values. They are personal data then.
    pub show_values: bool,
    /// Bytes that keys may take in memory (72 for each key at the worst moment).
    pub key_memory: u64,
    /// Bytes of one field at the most.
    pub field_limit: usize,
    /// Group that every file is of; told from the headers if absent.
    pub group: Option<String>,
}

impl Default for CheckOptions {
    fn default() -> Self {
        Self {
            max_findings: 100,
            show_values: false,
            key_memory: 1 << 30,
            field_limit: 1 << 20,
            group: None,
        }
    }
}

/// A file to check.
pub struct DataFile<'r> {
    /// What to call it.
    pub name: String,
    /// Its bytes; a pipe will do.
    pub reader: Box<dyn Read + 'r>,
}

/// Who wants to know how far a check is.
pub trait Watch {
    /// So many bytes and records of the file were read.
    fn progress(&mut self, _bytes: u64, _records: u64) {}
    /// Something was found that will be listed.
    fn finding(&mut self, _finding: &Finding) {}
}

/// Nobody does.
pub struct Silent;

impl Watch for Silent {}

/// Checks files against a table.
///
/// # Examples
/// ```
/// use junkyo::schema::table::{CheckOptions, DataFile, Outcome, Silent, Table, TableChecker};
///
/// let table: Table = serde_json::from_str(
///     r#"{"format": 1, "id": "t", "title": "t", "group": [{"name": "g", "item": [
///         {"name": "番号", "type": "X", "length": 3, "key": true}, {"name": "名", "type": "N"}]}]}"#,
/// )?;
/// let mut checker = TableChecker::new(&table, CheckOptions::default())?;
/// let reader = Box::new("番号,名\n001,佐藤\n001,鈴木\n".as_bytes());
/// checker.check(DataFile { name: "g.csv".into(), reader }, &mut Silent)?;
/// let result = checker.finish();
/// assert_eq!(result.outcome, Outcome::Failed);
/// assert_eq!(result.findings[0].found.en, "the key of record 1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TableChecker<'t> {
    table: &'t Table,
    options: CheckOptions,
    wanted: Option<usize>,
    splitter: Splitter,
    groups: Vec<GroupState<'t>>,
    hasher: KeyHasher,
    keys_left: usize,
    pending: Vec<Pending>,
    sink: Sink,
    files: Vec<FileResult>,
    /// Findings that the watcher knows of.
    told: usize,
}

impl<'t> TableChecker<'t> {
    /// Makes a table ready.
    ///
    /// # Errors
    /// [`TableError::Faults`] and [`TableError::NoGroup`].
    pub fn new(table: &'t Table, options: CheckOptions) -> Result<Self, TableError> {
        let faults = table.faults();
        if !faults.is_empty() {
            return Err(TableError::Faults {
                path: table.id.clone().into(),
                faults,
            });
        }
        let wanted = match &options.group {
            None => None,
            Some(wanted) => {
                let found = table.group.iter().position(|group| group.name == *wanted);
                Some(found.ok_or_else(|| TableError::NoGroup {
                    wanted: wanted.clone(),
                    known: table.group.iter().map(|group| group.name.clone()).collect(),
                })?)
            }
        };
        // The linter has seen that both are ASCII.
        let ascii = |c: char| u8::try_from(c).unwrap_or(b',');
        let quote = (table.dialect.quoting != Quoting::Never).then(|| ascii(table.dialect.quote));
        Ok(Self {
            table,
            wanted,
            splitter: Splitter::new(ascii(table.dialect.separator), quote),
            groups: group::all(table),
            hasher: KeyHasher::new(),
            keys_left: Keys::room(options.key_memory),
            pending: Vec::new(),
            sink: Sink::new(options.max_findings, options.show_values),
            files: Vec::new(),
            told: 0,
            options,
        })
    }

    /// Checks one file.
    ///
    /// # Errors
    /// Only those of reading; everything else is a finding.
    pub fn check(&mut self, file: DataFile<'_>, watch: &mut dyn Watch) -> io::Result<()> {
        let mut blocks = Blocks::new(file.reader, self.table.dialect.encoding);
        let mut facts = FileCheck::new(self.files.len(), file.name, &self.table.dialect);
        let beginning = blocks.begin()?;
        if facts.beginning(&beginning, &mut self.sink) {
            self.records(&mut blocks, &mut facts, watch)?;
        }
        self.tell(&blocks, &facts, watch);
        if let Some(index) = facts.group {
            self.groups[index].files.push((facts.index, facts.records));
            self.groups[index].records += facts.records;
        }
        let findings = self.sink.of_file(facts.index);
        self.files.push(facts.result(self.table, blocks.read(), findings));
        Ok(())
    }

    fn records<R: Read>(
        &mut self,
        blocks: &mut Blocks<R>,
        facts: &mut FileCheck<'t>,
        watch: &mut dyn Watch,
    ) -> io::Result<()> {
        let mut record = Record::new();
        let mut at = 0;
        let mut literal = false;
        let mut first = true;
        loop {
            let split = self
                .splitter
                .split(blocks.bytes(), at, blocks.is_last(), literal, &mut record);
            let next = match split {
                Split::End => return Ok(()),
                Split::Record(next) => next,
                Split::TooWide => {
                    facts.too_long(&record, TooLong::Fields(MOST_FIELDS), &mut self.sink);
                    return Ok(());
                }
                Split::Incomplete(field) => {
                    let limit = self.options.field_limit;
                    let (in_field, in_record) = (blocks.bytes().len() - field, blocks.bytes().len() - at);
                    if in_field > limit || in_record > limit.saturating_mul(FIELDS_OF_A_RECORD) {
                        facts.too_long(&record, TooLong::Bytes(limit), &mut self.sink);
                        return Ok(());
                    }
                    blocks.more(at)?;
                    at = 0;
                    self.tell(blocks, facts, watch);
                    continue;
                }
            };
            if !record.faults.is_empty() && !literal && facts.recover(&record, &mut self.sink) {
                // The quote that is never closed would swallow the rest: this one record is read without quotes.
                literal = true;
                continue;
            }
            literal = false;
            at = next;
            let line = facts.next_line(&record);
            facts.check_line_end(&record, line, &mut self.sink);
            if first {
                first = false;
                let is_header = self.header(blocks.bytes(), &record, facts);
                if facts.group.is_none() {
                    return Ok(());
                }
                if is_header {
                    continue;
                }
            }
            self.record(blocks.bytes(), &record, line, facts);
        }
    }

    #[inline]
    fn record(&mut self, block: &[u8], record: &Record, line: u64, facts: &mut FileCheck<'t>) {
        let Some(index) = facts.group else { return };
        facts.records += 1;
        let mut scene = Scene {
            block,
            record,
            line,
            sink: &mut self.sink,
        };
        let group = &self.groups[index];
        if !facts.fields(&mut scene, group) {
            return;
        }
        facts.whole(&mut scene, group);
        if group.has_keys() {
            let room = KeyRoom {
                hasher: &self.hasher,
                left: &mut self.keys_left,
                pending: &mut self.pending,
                show_values: self.options.show_values,
            };
            group::keys(&mut self.groups, index, facts, &mut scene, &self.files, room);
        }
    }

    /// Reads the first record; gives whether it is a header and no data.
    fn header(&mut self, block: &[u8], record: &Record, facts: &mut FileCheck<'t>) -> bool {
        let cells: Vec<String> = record
            .fields
            .iter()
            .map(|field| String::from_utf8_lossy(record.bytes(block, *field)).into_owned())
            .collect();
        let header = recognise(&cells, self.table, self.wanted);
        facts.take_header(&header, self.table, &mut self.sink);
        header.is_header
    }

    fn tell<R: Read>(&mut self, blocks: &Blocks<R>, facts: &FileCheck<'t>, watch: &mut dyn Watch) {
        self.told = self.sink.tell(self.told, self.table, watch);
        watch.progress(blocks.read(), facts.records);
    }

    /// What all files together show.
    pub fn finish(mut self) -> TableResult {
        for pending in std::mem::take(&mut self.pending) {
            let target = &self.groups[pending.target];
            // Without a file of the group, or with some of its keys forgotten, nothing can be said.
            if !target.files.is_empty() && !target.is_full() && !target.has(pending.set, pending.key) {
                group::dangling(&pending, &self.groups, &self.files, &mut self.sink);
            }
        }
        for (index, file) in self.files.iter_mut().enumerate() {
            (file.violations, file.warnings) = self.sink.of_file(index);
        }
        let no_room = self.keys_left == 0;
        let all_read = self.files.iter().all(|file| file.complete);
        let outcome = if self.sink.has(Level::Must) {
            Outcome::Failed
        } else if no_room || !all_read || self.files.is_empty() {
            Outcome::Incomplete
        } else {
            Outcome::Passed
        };
        let notes = group::notes(&self.groups, self.table, no_room);
        let (counts, findings) = self.sink.into_parts(self.table);
        TableResult {
            format: 1,
            tool: concat!("junkyo ", env!("CARGO_PKG_VERSION")).to_owned(),
            table: self.table.id.clone(),
            title: self.table.title.clone(),
            outcome,
            files: self.files,
            counts,
            findings,
            notes,
        }
    }
}
