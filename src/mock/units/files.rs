//! Files of the units: what a unit lays down, and what it takes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Row;
use super::form::check_value;
use super::service::UnitService;
use super::store::Store;
use crate::mock::{Defect, DefectSet};
use crate::standard::unit::exchange_file::{CHANGE, FileKind, FileName, Marker, columns, read_csv, write_csv};
use crate::standard::unit::{Record, Unit};
use crate::text::characters::is_variation_selector;
use crate::text::date::day_and_time_in_japan;
use crate::wire::place::Place;

/// What one unit knows of the files of one group.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// Number of the last file that was laid down.
    exported: u32,
    /// Rows as they were in that file, by key.
    before: BTreeMap<Vec<String>, Row>,
    /// Number of the last file that was taken.
    imported: u32,
    /// Names of files that were taken.
    taken: BTreeSet<String>,
}

/// Why a file was not taken.
enum Refused {
    /// It is not there in full yet, or another one has to come first.
    Waiting(&'static str),
    /// It is wrong.
    Wrong(String),
}

fn wrong<T>(why: impl Into<String>) -> Result<T, Refused> {
    Err(Refused::Wrong(why.into()))
}

/// Key of a row.
fn key(record: &Record, row: &Row) -> Vec<String> {
    let fields = record.fields.iter().filter(|field| field.key);
    fields
        .map(|field| row.get(&field.item.id).cloned().unwrap_or_default())
        .collect()
}

/// All rows of a record, by key.
fn all_rows(store: &Store, record: &Record) -> BTreeMap<Vec<String>, Row> {
    let rows = store
        .files
        .values()
        .filter_map(|file| file.rows.get(&record.id))
        .flatten();
    rows.map(|row| (key(record, row), row.clone())).collect()
}

impl UnitService {
    /// Does what the control hook is asked for with a file: `export-group` or `import-group`. The report is for the
    /// driver; `None` if there is no such unit, group or place.
    pub async fn file_act(&self, action: &str, order: &Value) -> Option<Value> {
        let text = |name: &str| order.get(name).and_then(Value::as_str).unwrap_or_default();
        let unit = self.units().iter().find(|unit| unit.interface() == text("unit"))?;
        let record = unit.record(text("group"))?;
        let place = self.place()?;
        if action == "export-group" {
            let kind = if text("kind") == "delta" {
                FileKind::Delta
            } else {
                FileKind::Full
            };
            return Some(self.export(unit, record, kind, place).await);
        }
        let outcome = match self.import(unit, record, text("file"), place).await {
            Ok(Some(rows)) => json!({ "outcome": "imported", "rows": rows }),
            Ok(None) => json!({ "outcome": "ignored", "reason": "taken before" }),
            Err(Refused::Waiting(why)) => json!({ "outcome": "waiting", "reason": why }),
            Err(Refused::Wrong(why)) => json!({ "outcome": "refused", "reason": why }),
        };
        if self.defects().has(Defect::FileOutcomeUnknown) {
            return Some(json!({ "outcome": "processed" }));
        }
        Some(outcome)
    }

    async fn export(&self, unit: &Unit, record: &Record, kind: FileKind, place: &Place) -> Value {
        let defects = *self.defects();
        let (name, rows) = {
            let Some(mut store) = self.store(unit.file.number) else {
                return json!({ "outcome": "failed" });
            };
            let now = all_rows(&store, record);
            let shelf = store.shelves.entry(record.id.clone()).or_default();
            if !defects.has(Defect::FileSequenceStuck) {
                shelf.exported += 1;
            }
            let sequence = shelf.exported.max(1);
            let mut rows = match kind {
                FileKind::Delta if !defects.has(Defect::FileDeltaIsFull) => changes(&shelf.before, &now, &defects),
                FileKind::Delta => marked(now.values(), "1"),
                FileKind::Full => now.values().cloned().collect(),
            };
            shelf.before = now;
            // The one that others lead to, and that leads nowhere itself.
            let is_target = record.references.is_empty()
                && unit
                    .records
                    .iter()
                    .flat_map(|other| &other.references)
                    .any(|reference| reference.record == record.id);
            if is_target && defects.has(Defect::FileReferenceDangling) {
                rows.pop();
            }
            (
                export_name(unit, record, kind, sequence, self.municipality(), &defects),
                rows,
            )
        };
        let content = written(record, kind, &rows, &defects);
        let mut marker = Marker::of(&name, &content, rows.len() as u64);
        if defects.has(Defect::FileMarkerWrong) {
            marker.rows += 1;
        }
        if defects.has(Defect::FileNotLaidDown) {
            return json!({ "outcome": "exported", "file": name, "rows": rows.len() });
        }
        let mut laid = place.put(&name, &content).await;
        if laid.is_ok() && !defects.has(Defect::FileMarkerMissing) {
            let text = serde_json::to_vec(&marker).unwrap_or_default();
            laid = place.put(&Marker::name(&name), &text).await;
        }
        match laid {
            Ok(()) => json!({ "outcome": "exported", "file": name, "rows": rows.len() }),
            Err(error) => json!({ "outcome": "failed", "reason": error.to_string() }),
        }
    }

    async fn import(&self, unit: &Unit, record: &Record, name: &str, place: &Place) -> Result<Option<usize>, Refused> {
        let defects = *self.defects();
        let parsed = FileName::parse(name);
        let own = parsed.filter(|parsed| {
            let municipality =
                parsed.municipality == self.municipality() || defects.has(Defect::FileOtherMunicipalityTaken);
            municipality && parsed.unit == unit.file.number && parsed.record == record.id
        });
        let Some(parsed) = own else {
            return wrong("the name is not one of this group");
        };
        let content = place
            .get(name)
            .await
            .map_err(|error| Refused::Wrong(error.to_string()))?;
        let marker = place.get(&Marker::name(name)).await.ok();
        is_whole(name, &content, marker.as_deref(), &defects)?;
        let rows = read(record, parsed.kind, &content, &defects)?;
        let Some(mut store) = self.store(unit.file.number) else {
            return wrong("no such unit");
        };
        let known = all_rows(&store, record);
        let shelf = store.shelves.entry(record.id.clone()).or_default();
        if shelf.taken.contains(name) && !defects.has(Defect::FileTakenTwice) {
            return Ok(None);
        }
        let in_order = parsed.kind == FileKind::Full || parsed.sequence == shelf.imported + 1;
        if !in_order && !shelf.taken.contains(name) && !defects.has(Defect::FileOrderIgnored) {
            return Err(Refused::Waiting("a file before it has not come yet"));
        }
        let taken_before = !shelf.taken.insert(name.to_owned());
        shelf.imported = parsed.sequence;
        apply(&mut store, record, parsed.kind, rows, &known, taken_before, &defects)
    }
}

fn export_name(
    unit: &Unit,
    record: &Record,
    kind: FileKind,
    sequence: u32,
    municipality: &str,
    defects: &DefectSet,
) -> String {
    let (day, time) = day_and_time_in_japan(crate::mock::exchange::now_ms());
    let at: String = (day + &time).chars().filter(char::is_ascii_digit).take(14).collect();
    if defects.has(Defect::FileNameFree) {
        return format!("{}_{at}_{sequence}.csv", record.id.to_uppercase());
    }
    FileName {
        municipality: municipality.to_owned(),
        unit: unit.file.number,
        record: record.id.clone(),
        kind,
        at,
        sequence,
    }
    .to_string()
}

/// Rows with the same mark of change.
fn marked<'r>(rows: impl Iterator<Item = &'r Row>, mark: &str) -> Vec<Row> {
    rows.map(|row| {
        let mut row = row.clone();
        row.insert(CHANGE.to_owned(), mark.to_owned());
        row
    })
    .collect()
}

/// What has changed, with the mark of each change.
fn changes(before: &BTreeMap<Vec<String>, Row>, now: &BTreeMap<Vec<String>, Row>, defects: &DefectSet) -> Vec<Row> {
    let added = now.iter().filter(|(key, _)| !before.contains_key(*key));
    let changed = now
        .iter()
        .filter(|(key, row)| before.get(*key).is_some_and(|old| old != *row));
    let deleted = before.iter().filter(|(key, _)| !now.contains_key(*key));
    let mut rows = marked(added.map(|(_, row)| row), "1");
    rows.extend(marked(changed.map(|(_, row)| row), "2"));
    if !defects.has(Defect::FileDeltaForgetsDeleted) {
        rows.extend(marked(deleted.map(|(_, row)| row), "3"));
    }
    rows
}

/// The bytes of a file.
fn written(record: &Record, kind: FileKind, rows: &[Row], defects: &DefectSet) -> Vec<u8> {
    let columns = columns(record, kind);
    let spoiled: Vec<Row> = rows.iter().map(|row| spoiled(row, defects)).collect();
    let mut text = write_csv(&columns, spoiled.iter());
    if defects.has(Defect::FileHeaderMissing) {
        text = text
            .split_once("\r\n")
            .map_or_else(String::new, |(_, rest)| rest.to_owned());
    }
    if defects.has(Defect::FileLineFeedOnly) {
        text = text.replace("\r\n", "\n");
    }
    if defects.has(Defect::FileQuotesForgotten) {
        text = text.replace('"', "");
    }
    if defects.has(Defect::FileInShiftJis) {
        return encoding_rs::SHIFT_JIS.encode(&text).0.into_owned();
    }
    text.into_bytes()
}

fn spoiled(row: &Row, defects: &DefectSet) -> Row {
    let value = |(id, value): (&String, &String)| {
        let mut value = value.clone();
        if defects.has(Defect::FileLeadingZeroLost) && value.bytes().all(|byte| byte.is_ascii_digit()) {
            value = value.trim_start_matches('0').to_owned();
        }
        if defects.has(Defect::FileVariationLost) {
            value.retain(|c| !is_variation_selector(c));
        }
        (id.clone(), value)
    };
    row.iter().map(value).collect()
}

/// The marker is there and says what the file is.
fn is_whole(name: &str, content: &[u8], marker: Option<&[u8]>, defects: &DefectSet) -> Result<(), Refused> {
    let Some(marker) = marker else {
        return if defects.has(Defect::FileTakenUnmarked) {
            Ok(())
        } else {
            Err(Refused::Waiting("the marker has not come yet"))
        };
    };
    let Ok(told) = serde_json::from_slice::<Marker>(marker) else {
        return wrong("the marker cannot be read");
    };
    let truth = Marker::of(name, content, told.rows);
    if truth != told && !defects.has(Defect::FileSumUnchecked) {
        return wrong("the marker has another length or checksum");
    }
    let rows = std::str::from_utf8(content)
        .ok()
        .and_then(read_csv)
        .map(|(_, rows)| rows.len() as u64);
    if rows.is_some_and(|rows| rows != told.rows) && !defects.has(Defect::FileSumUnchecked) {
        return wrong("the marker has another number of rows");
    }
    Ok(())
}

/// The rows of a file, if all of them are as the table has them.
fn read(record: &Record, kind: FileKind, content: &[u8], defects: &DefectSet) -> Result<Vec<Row>, Refused> {
    let text = match std::str::from_utf8(content) {
        Ok(text) => text.to_owned(),
        Err(_) if defects.has(Defect::FileEncodingGuessed) => encoding_rs::SHIFT_JIS.decode(content).0.into_owned(),
        Err(_) => return wrong("not UTF-8"),
    };
    if text.starts_with('\u{FEFF}') && !defects.has(Defect::FileEncodingGuessed) {
        return wrong("a byte order mark");
    }
    let text = text.trim_start_matches('\u{FEFF}');
    // A program that skips the first line takes the columns as they come.
    let skipped = text
        .split_once("\r\n")
        .filter(|_| defects.has(Defect::FileHeaderUnchecked));
    let by_place = skipped.map(|(_, rest)| format!("{}\r\n{rest}", columns(record, kind).join(",")));
    let text = by_place.as_deref().unwrap_or(text);
    let Some((header, rows)) = read_csv(text) else {
        return wrong("broken quotes, or a row with another number of fields");
    };
    let is_header = header.iter().map(String::as_str).eq(columns(record, kind));
    if !is_header {
        return wrong("the header is not that of this group");
    }
    let mut seen = BTreeSet::new();
    let mut good = Vec::with_capacity(rows.len());
    for (number, row) in (1..).zip(rows) {
        let unique = seen.insert(key(record, &row)) || defects.has(Defect::FileDuplicatesTaken);
        match row_fault(record, &row).filter(|_| !defects.has(Defect::FileRowsUnchecked)) {
            None if unique => good.push(row),
            None => return wrong(format!("row {number}: its key is there twice")),
            // A program that takes row by row leaves half of a file behind.
            Some(_) if defects.has(Defect::FileTakenInPart) => {}
            Some(why) => return wrong(format!("row {number}: {why}")),
        }
    }
    Ok(good)
}

fn row_fault(record: &Record, row: &Row) -> Option<String> {
    let deleted = row.get(CHANGE).is_some_and(|change| change == "3");
    record.fields.iter().find_map(|field| {
        let id = &field.item.id;
        match row.get(id) {
            None => (field.key || field.required && !deleted).then(|| format!("{id} is missing")),
            Some(value) => check_value(&field.item, value)
                .err()
                .map(|refusal| format!("{id}: {}", refusal.why)),
        }
    })
}

fn apply(
    store: &mut Store,
    record: &Record,
    kind: FileKind,
    rows: Vec<Row>,
    known: &BTreeMap<Vec<String>, Row>,
    again: bool,
    defects: &DefectSet,
) -> Result<Option<usize>, Refused> {
    let count = rows.len();
    let mut state = if kind == FileKind::Full {
        BTreeMap::new()
    } else {
        known.clone()
    };
    let mut twice = Vec::new();
    for mut row in rows {
        let key = key(record, &row);
        let change = row.remove(CHANGE).unwrap_or_else(|| "1".to_owned());
        let is_known = known.contains_key(&key);
        let fits = kind == FileKind::Full || (change == "1") != is_known;
        if !fits && !defects.has(Defect::FileChangesUnchecked) {
            return wrong("a change of a row that is not known, or the addition of one that is");
        }
        if change == "3" {
            state.remove(&key);
        } else if again {
            twice.push(row);
        } else {
            state.insert(key, row);
        }
    }
    for file in store.files.values_mut() {
        file.rows.remove(&record.id);
    }
    for row in state.into_values().chain(twice) {
        let subject = row.get(record.subject()).cloned().unwrap_or_default();
        store.index(&subject, &row);
        let rows = store.file_mut(&subject).rows.entry(record.id.clone()).or_default();
        rows.push(row);
    }
    Ok(Some(count))
}
