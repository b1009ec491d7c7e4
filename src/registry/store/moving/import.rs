//! A folder into an empty store.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::export::digest_rows;
use super::{EXPORT, ExportFile, MovingError, SCHEMA, TableFile, migrations};
use crate::attest::canonical;
use crate::registry::store::schema::{self, Table, tables};
use crate::registry::store::{Blobs, Store, StoreError, Tx, Value, audit};

/// Values of one INSERT at the most; SQLite takes 32,766, PostgreSQL 65,535.
const MOST_VALUES: usize = 4_000;
/// Bytes of a line that are read at the most.
const MOST_LINE: u64 = 64 * 1024 * 1024;

/// Fills an empty store from an export and looks at all of it again: tables, blobs, audit chain. All rows come in one
/// transaction, so after a failure the store is as empty as before.
///
/// # Errors
/// [`MovingError::NotEmpty`], [`MovingError::Format`], [`MovingError::OtherMigrations`], [`MovingError::Differs`],
/// [`MovingError::Store`].
pub fn import(store: &Store, from: &Path) -> Result<ExportFile, MovingError> {
    let file = read_file(&from.join(EXPORT))?;
    let ours = store.read(|tx| nothing_in(store, tx))?;
    known(&file, &ours, &from.join(EXPORT))?;
    copy_blobs(store, &file, &from.join("blobs"))?;
    store.write(|tx| {
        nothing_in(store, tx)?;
        schema::defer_references(tx)?;
        for table in &file.tables {
            read_table(tx, table, &from.join("tables").join(format!("{}.jsonl", table.name)))?;
        }
        schema::check_references(tx)?;
        compare(tx, &file.tables, &ours)
    })?;
    let faults = audit::verify(store, std::slice::from_ref(&file.audit))?;
    match faults.first() {
        None => Ok(file),
        Some(fault) => Err(MovingError::Differs {
            what: "the audit chain".into(),
            expected: format!("{} whole rows", file.audit.count),
            found: fault.to_string(),
        }),
    }
}

fn read_file(path: &Path) -> Result<ExportFile, MovingError> {
    let format = |why: String| MovingError::Format {
        path: path.to_owned(),
        line: 0,
        why,
    };
    let bytes = fs::read(path).map_err(|error| MovingError::io(path, error))?;
    let value = canonical::parse(&bytes).map_err(|error| format(error.to_string()))?;
    let file: ExportFile = serde_json::from_value(value).map_err(|error| format(error.to_string()))?;
    if file.schema != SCHEMA {
        return Err(format(format!("expected schema {SCHEMA}, found {}", file.schema)));
    }
    Ok(file)
}

/// The tables, if none has a row.
fn nothing_in(store: &Store, tx: &mut dyn Tx) -> Result<Vec<Table>, MovingError> {
    let tables = tables(tx)?;
    for table in &tables {
        if tx.one(&format!("SELECT 1 FROM {} LIMIT 1", table.name), &[])?.is_some() {
            return Err(MovingError::NotEmpty {
                what: store.describe(),
                found: format!("rows in {}", table.name),
            });
        }
    }
    Ok(tables)
}

/// Names in the file go into statements: only those that the database has.
fn known(file: &ExportFile, ours: &[Table], path: &Path) -> Result<(), MovingError> {
    let last = |migrations: &[super::MigrationFile]| migrations.last().map_or(0, |migration| migration.number);
    if file.migrations != migrations() {
        return Err(MovingError::OtherMigrations {
            path: path.to_owned(),
            theirs: last(&file.migrations),
            ours: last(&migrations()),
        });
    }
    let theirs: Vec<_> = file.tables.iter().map(|table| (&table.name, &table.columns)).collect();
    let ours: Vec<_> = ours.iter().map(|table| (&table.name, &table.columns)).collect();
    if theirs != ours {
        let names = |tables: &[(&String, &Vec<String>)]| {
            let names = tables
                .iter()
                .map(|(name, columns)| format!("{name}({})", columns.join(",")));
            names.collect::<Vec<_>>().join(" ")
        };
        return Err(MovingError::Format {
            path: path.to_owned(),
            line: 0,
            why: format!("expected the tables {}, found {}", names(&ours), names(&theirs)),
        });
    }
    Ok(())
}

fn copy_blobs(store: &Store, file: &ExportFile, folder: &Path) -> Result<(), MovingError> {
    let source = Blobs::existing(folder);
    let digests = source.list()?;
    if digests.len() as u64 != file.blobs.count {
        return Err(MovingError::Differs {
            what: folder.display().to_string(),
            expected: format!("{} blobs", file.blobs.count),
            found: format!("{} blobs", digests.len()),
        });
    }
    for digest in digests {
        store.blobs().take_from(&source, &digest)?;
    }
    Ok(())
}

fn read_table(tx: &mut dyn Tx, table: &TableFile, path: &Path) -> Result<(), MovingError> {
    let columns = table.columns.len();
    let batch = (MOST_VALUES / columns.max(1)).max(1);
    let file = File::open(path).map_err(|error| MovingError::io(path, error))?;
    let mut lines = BufReader::new(file);
    let (mut number, mut text) = (0_u64, String::new());
    let mut values: Vec<Value> = Vec::with_capacity(batch * columns);
    let mut rows = 0;
    loop {
        text.clear();
        let read = std::io::Read::take(&mut lines, MOST_LINE).read_line(&mut text);
        if read.map_err(|error| MovingError::io(path, error))? == 0 {
            break;
        }
        number += 1;
        let format = |why| MovingError::Format {
            path: path.to_owned(),
            line: number,
            why,
        };
        values.extend(super::line::read(&text, columns).map_err(format)?);
        rows += 1;
        if rows == batch {
            insert(tx, table, rows, &values)?;
            (rows, values) = (0, Vec::with_capacity(batch * columns));
        }
    }
    if rows > 0 {
        insert(tx, table, rows, &values)?;
    }
    Ok(())
}

fn insert(tx: &mut dyn Tx, table: &TableFile, rows: usize, values: &[Value]) -> Result<(), StoreError> {
    let columns = table.columns.len();
    let row = |row: usize| {
        let marks: Vec<_> = (1..=columns)
            .map(|column| format!("?{}", row * columns + column))
            .collect();
        format!("({})", marks.join(", "))
    };
    let rows: Vec<_> = (0..rows).map(row).collect();
    let names = table.columns.join(", ");
    tx.execute(
        &format!("INSERT INTO {} ({names}) VALUES {}", table.name, rows.join(", ")),
        values,
    )
    .map(|_| ())
}

/// Reads back what was written and compares it with what the export says.
fn compare(tx: &mut dyn Tx, expected: &[TableFile], ours: &[Table]) -> Result<(), MovingError> {
    for (expected, table) in expected.iter().zip(ours) {
        let (sha256, rows) = digest_rows(tx, table, &mut |_| Ok(()))?;
        if (sha256, rows) != (expected.sha256, expected.rows) {
            return Err(MovingError::Differs {
                what: format!("table {}", table.name),
                expected: format!("{} rows with digest {}", expected.rows, expected.sha256),
                found: format!("{rows} rows with digest {sha256}"),
            });
        }
    }
    Ok(())
}
