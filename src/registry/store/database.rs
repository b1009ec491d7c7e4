//! One of the two databases.

use std::fs::{self, File, TryLockError};
use std::path::Path;

use super::postgres::{Held, Postgres};
use super::sqlite::Sqlite;
use super::{StoreConfig, StoreError, Tx};
use crate::attest::Digest;

/// One of the two databases.
pub(super) enum Database {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

type Act<'a, T, E> = &'a mut dyn FnMut(&mut dyn Tx) -> Result<T, E>;

impl Database {
    pub(super) fn open(config: &StoreConfig) -> Result<Self, StoreError> {
        let address = config.database();
        match address.split_once(':') {
            Some(("sqlite", path)) => {
                let path = config.path(Path::new(path));
                Sqlite::open(&path, config.readers(), config.patience()).map(Self::Sqlite)
            }
            Some(("postgres" | "postgresql", _)) => Postgres::open(config).map(Self::Postgres),
            _ => Err(StoreError::Config {
                key: "database",
                value: address.to_owned(),
                why: "expected sqlite:PATH or postgres://user@host/name".into(),
            }),
        }
    }

    pub(super) fn describe(&self) -> String {
        match self {
            Self::Sqlite(file) => file.describe(),
            Self::Postgres(server) => server.describe(),
        }
    }

    pub(super) fn read<T, E>(&self, act: Act<'_, T, E>) -> Result<Result<T, E>, StoreError> {
        match self {
            Self::Sqlite(file) => file.read(|tx| (act(tx), false)),
            Self::Postgres(server) => server.read(|tx| (act(tx), false)),
        }
    }

    /// What came out, and whether it was committed.
    pub(super) fn write<T, E>(&self, act: Act<'_, T, E>) -> Result<(Result<T, E>, bool), StoreError> {
        let mut done = |tx: &mut dyn Tx| {
            let result = act(tx);
            let commit = result.is_ok();
            (result, commit)
        };
        match self {
            Self::Sqlite(file) => file.write(|tx| done(tx)),
            Self::Postgres(server) => server.write(|tx| done(tx)),
        }
    }

    /// Whether it could be copied: a server has tools of its own.
    pub(super) fn copy_to(&self, file: &Path) -> Result<bool, StoreError> {
        match self {
            Self::Sqlite(from) => from.copy_to(file).map(|()| true),
            Self::Postgres(_) => Ok(false),
        }
    }

    /// What it finds wrong with itself; a server sees to that all the time.
    pub(super) fn integrity(&self) -> Result<Vec<String>, StoreError> {
        match self {
            Self::Sqlite(file) => file.integrity(),
            Self::Postgres(_) => Ok(Vec::new()),
        }
    }

    pub(super) fn alone(&self, task: &str) -> Result<Option<Alone>, StoreError> {
        let digest = Digest::of(task.as_bytes());
        match self {
            Self::Sqlite(file) => {
                let path = file
                    .path()
                    .with_extension(format!("lock-{}", &digest.to_string()[..16]));
                lock(&path)
            }
            Self::Postgres(server) => {
                let mut key = [0; 8];
                key.copy_from_slice(&digest.as_bytes()[..8]);
                let held = server.try_lock(i64::from_be_bytes(key))?;
                Ok(held.map(|held| Alone {
                    _kept: Kept::Server(Box::new(held)),
                }))
            }
        }
    }
}

/// The place of the only one who does a task.
pub struct Alone {
    _kept: Kept,
}

#[expect(
    dead_code,
    reason = "held, not read: what is locked is given back when it is dropped"
)]
enum Kept {
    File(File),
    Server(Box<Held>),
}

fn lock(path: &Path) -> Result<Option<Alone>, StoreError> {
    let io = |error| StoreError::io(path, error);
    let file = fs::OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Alone {
            _kept: Kept::File(file),
        })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(io(error)),
    }
}
