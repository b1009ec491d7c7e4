//! What tables a database has.

use super::dialect::script;
use super::migrations::MIGRATIONS;
use super::{Dialect, Row, StoreError, Tx, values};

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    /// What its rows are sorted by: the primary key, all columns if it has none.
    pub(super) order: Vec<String>,
}

impl Table {
    /// All rows, in an order that is the same in both databases.
    pub(super) fn select(&self) -> String {
        format!(
            "SELECT {} FROM {} ORDER BY {}",
            self.columns.join(", "),
            self.name,
            self.order.join(", ")
        )
    }
}

/// Tables with our data, sorted by name; the one of migrations is about the database itself.
pub(super) fn tables(tx: &mut dyn Tx) -> Result<Vec<Table>, StoreError> {
    let names = match tx.dialect() {
        Dialect::Sqlite => {
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' \
             AND name <> 'migration' ORDER BY name"
        }
        Dialect::Postgres => {
            "SELECT tablename::text COLLATE \"C\" AS name FROM pg_tables WHERE schemaname = current_schema() \
             AND tablename <> 'migration' ORDER BY name"
        }
    };
    let names = tx.query(names, &[])?;
    names.iter().map(|row| table(tx, row.text(0)?)).collect()
}

fn table(tx: &mut dyn Tx, name: String) -> Result<Table, StoreError> {
    let (columns, order) = match tx.dialect() {
        Dialect::Sqlite => (
            "SELECT name FROM pragma_table_info(?1) ORDER BY cid",
            "SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk",
        ),
        Dialect::Postgres => (
            "SELECT column_name::text FROM information_schema.columns \
             WHERE table_schema = current_schema() AND table_name = ?1 ORDER BY ordinal_position",
            "SELECT a.attname::text FROM pg_index i \
             JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey) \
             WHERE i.indrelid = CAST(?1::text AS regclass) AND i.indisprimary \
             ORDER BY array_position(i.indkey::int2[], a.attnum)",
        ),
    };
    let columns = texts(&tx.query(columns, &values![&name])?)?;
    let key = texts(&tx.query(order, &values![&name])?)?;
    Ok(Table {
        order: if key.is_empty() { columns.clone() } else { key },
        name,
        columns,
    })
}

/// Lets rows come before those that they refer to, until the transaction ends or [`check_references`].
pub(super) fn defer_references(tx: &mut dyn Tx) -> Result<(), StoreError> {
    match tx.dialect() {
        Dialect::Sqlite => tx.execute("PRAGMA defer_foreign_keys = ON", &[]).map(|_| ()),
        Dialect::Postgres => {
            alter_references(tx, "DEFERRABLE INITIALLY DEFERRED")?;
            tx.execute("SET CONSTRAINTS ALL DEFERRED", &[]).map(|_| ())
        }
    }
}

/// Looks at what was put off.
pub(super) fn check_references(tx: &mut dyn Tx) -> Result<(), StoreError> {
    match tx.dialect() {
        // COMMIT does it.
        Dialect::Sqlite => Ok(()),
        Dialect::Postgres => {
            tx.execute("SET CONSTRAINTS ALL IMMEDIATE", &[])?;
            alter_references(tx, "NOT DEFERRABLE")
        }
    }
}

fn alter_references(tx: &mut dyn Tx, how: &str) -> Result<(), StoreError> {
    let references = "SELECT conrelid::regclass::text, quote_ident(conname) FROM pg_constraint \
                      WHERE contype = 'f' AND connamespace = current_schema()::regnamespace";
    for row in tx.query(references, &[])? {
        let (table, name) = (row.text(0)?, row.text(1)?);
        tx.execute(&format!("ALTER TABLE {table} ALTER CONSTRAINT {name} {how}"), &[])?;
    }
    Ok(())
}

/// Append-only tables that are not guarded any more: somebody took their triggers away.
pub(super) fn unguarded(tx: &mut dyn Tx) -> Result<Vec<String>, StoreError> {
    let dialect = tx.dialect();
    let (triggers, expected) = match dialect {
        Dialect::Sqlite => (
            "SELECT name FROM sqlite_schema WHERE type = 'trigger'",
            ["_no_update", "_no_delete"],
        ),
        Dialect::Postgres => (
            "SELECT tgname::text FROM pg_trigger WHERE tgenabled IN ('O', 'A')",
            ["_no_change", "_no_truncate"],
        ),
    };
    let triggers = texts(&tx.query(triggers, &[])?)?;
    let tables = MIGRATIONS
        .iter()
        .flat_map(|migration| script(migration.sql, dialect).append_only);
    let guarded = |table: &String| expected.iter().all(|end| triggers.contains(&format!("{table}{end}")));
    Ok(tables.filter(|table| !guarded(table)).collect())
}

fn texts(rows: &[Row]) -> Result<Vec<String>, StoreError> {
    rows.iter().map(|row| row.text(0)).collect()
}
