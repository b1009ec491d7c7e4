//! Brings the tables of a database to what this junkyo knows.

use super::dialect::{append_only, script};
use super::migrations::{MIGRATIONS, Migration};
use super::{Store, StoreError, Tx, values};
use crate::attest::Digest;

const OURS: &str = "CREATE TABLE IF NOT EXISTS migration (number BIGINT PRIMARY KEY, name TEXT NOT NULL, \
                    digest TEXT NOT NULL, at BIGINT NOT NULL)";

/// Applies what is missing: each migration in a transaction of its own.
pub(super) fn migrate(store: &Store, at: i64) -> Result<(), StoreError> {
    store.write(|tx| {
        let script = script(OURS, tx.dialect());
        script
            .statements
            .iter()
            .try_for_each(|statement| tx.execute(statement, &[]).map(|_| ()))
    })?;
    let applied = store.read(check(store.describe(), MIGRATIONS))?;
    for migration in MIGRATIONS
        .iter()
        .filter(|migration| !applied.contains(&migration.number))
    {
        let done: Result<(), StoreError> = store.write(|tx| apply(tx, migration, at));
        done.map_err(|source| StoreError::Migration {
            database: store.describe(),
            number: migration.number,
            source: Box::new(source),
        })?;
    }
    Ok(())
}

/// Numbers that were applied, if all of them are ours.
fn check(database: String, ours: &[Migration]) -> impl FnMut(&mut dyn Tx) -> Result<Vec<i64>, StoreError> {
    let last = ours.last().map_or(0, |migration| migration.number);
    move |tx| {
        let mut numbers = Vec::new();
        for row in tx.query("SELECT number, digest FROM migration ORDER BY number", &[])? {
            let (number, applied) = (row.int(0)?, row.text(1)?);
            let known = ours.iter().find(|migration| migration.number == number);
            let known = known.ok_or_else(|| StoreError::Newer {
                database: database.clone(),
                found: number,
                known: last,
            })?;
            let digest = Digest::of(known.sql.as_bytes()).to_string();
            if digest != applied {
                return Err(StoreError::OtherMigration {
                    database: database.clone(),
                    number,
                    applied,
                    ours: digest,
                });
            }
            numbers.push(number);
        }
        Ok(numbers)
    }
}

fn apply(tx: &mut dyn Tx, migration: &Migration, at: i64) -> Result<(), StoreError> {
    // Another process may have been faster.
    let there = tx.one("SELECT 1 FROM migration WHERE number = ?1", &values![migration.number])?;
    if there.is_some() {
        return Ok(());
    }
    let dialect = tx.dialect();
    let script = script(migration.sql, dialect);
    let triggers = script.append_only.iter().flat_map(|table| append_only(table, dialect));
    for statement in script.statements.iter().cloned().chain(triggers) {
        tx.execute(&statement, &[])?;
    }
    let digest = Digest::of(migration.sql.as_bytes());
    tx.execute(
        "INSERT INTO migration (number, name, digest, at) VALUES (?1, ?2, ?3, ?4)",
        &values![migration.number, migration.name, digest, at],
    )?;
    Ok(())
}
