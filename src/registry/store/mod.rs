//! Where the register keeps its data: a database (SQLite or PostgreSQL) and blobs (a folder or an object store).
//!
//! Everything waits for the disk or the network: callers on an async runtime use `spawn_blocking`.

pub mod audit;
mod blobs;
mod config;
mod database;
mod dialect;
mod error;
mod ids;
pub mod jobs;
mod migrate;
mod migrations;
pub mod moving;
mod pool;
mod postgres;
mod schema;
mod sqlite;
mod tx;
mod value;

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

pub use blobs::{Blobs, refer};
pub use config::{BlobsConfig, StoreConfig};
pub use database::Alone;
use database::Database;
pub use dialect::Dialect;
pub use error::{ConstraintKind, StoreError};
pub use ids::fresh_id;
pub use tx::Tx;
pub(crate) use value::values;
pub use value::{Row, Value};

use super::clock::Clock;

/// A database and blobs. Clones are the same store.
#[derive(Clone)]
pub struct Store(Arc<Inner>);

struct Inner {
    database: Database,
    blobs: Blobs,
    clock: Clock,
}

thread_local! {
    /// Whether this thread is inside a transaction: one inside it would wait for itself.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({}, {})", self.describe(), self.0.blobs.describe())
    }
}

impl Store {
    /// Opens the database and the blobs, makes what is not there, and applies migrations.
    ///
    /// # Errors
    /// [`StoreError::Config`], [`StoreError::Unreached`], [`StoreError::Newer`], [`StoreError::OtherMigration`],
    /// [`StoreError::Migration`], [`StoreError::Damaged`], [`StoreError::Full`], [`StoreError::Io`].
    pub fn open(config: &StoreConfig, clock: &Clock) -> Result<Self, StoreError> {
        std::fs::create_dir_all(&config.data).map_err(|error| StoreError::io(&config.data, error))?;
        let store = Self(Arc::new(Inner {
            database: Database::open(config)?,
            blobs: Blobs::open(config)?,
            clock: clock.clone(),
        }));
        migrate::migrate(&store, clock.now())?;
        Ok(store)
    }

    /// The blobs.
    pub fn blobs(&self) -> &Blobs {
        &self.0.blobs
    }

    /// The clock that the store was opened with.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Where the database is; no password in it.
    pub fn describe(&self) -> String {
        self.0.database.describe()
    }

    /// Reads one state of the database. What is written inside is refused.
    ///
    /// # Errors
    /// Those of `act`; [`StoreError::Nested`], [`StoreError::Busy`], [`StoreError::Unreached`].
    pub fn read<T, E: From<StoreError>>(&self, mut act: impl FnMut(&mut dyn Tx) -> Result<T, E>) -> Result<T, E> {
        let _inside = Inside::enter()?;
        self.0.database.read(&mut act)?
    }

    /// Changes the database: everything that `act` does when it succeeds, nothing when it fails. It is on disk when this
    /// returns. `act` may be carried out more than once, so it changes nothing but the database.
    ///
    /// # Errors
    /// Those of `act`; [`StoreError::Nested`], [`StoreError::Busy`], [`StoreError::Full`], [`StoreError::Unreached`].
    pub fn write<T, E: From<StoreError>>(&self, mut act: impl FnMut(&mut dyn Tx) -> Result<T, E>) -> Result<T, E> {
        let _inside = Inside::enter()?;
        let (result, committed) = self.0.database.write(&mut act)?;
        if result.is_ok() && !committed {
            return Err(StoreError::Aborted.into());
        }
        result
    }

    /// Writes a copy of the database into a file that is not there; `false` if it is not one of a single file.
    fn copy_database(&self, to: &Path) -> Result<bool, StoreError> {
        self.0.database.copy_to(to)
    }

    /// What the database itself finds wrong.
    fn integrity(&self) -> Result<Vec<String>, StoreError> {
        self.0.database.integrity()
    }

    /// Takes the place of the only one who does a task, on this machine and, with PostgreSQL, on all that share the
    /// database; `None` while somebody else has it. It is given back when it is dropped, and when its holder dies.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::Unreached`].
    pub fn alone(&self, task: &str) -> Result<Option<Alone>, StoreError> {
        self.0.database.alone(task)
    }
}

/// Marks that this thread is inside a transaction until it is dropped.
struct Inside;

impl Inside {
    fn enter() -> Result<Self, StoreError> {
        if INSIDE.replace(true) {
            return Err(StoreError::Nested);
        }
        Ok(Self)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.set(false);
    }
}

#[cfg(test)]
mod tests;
