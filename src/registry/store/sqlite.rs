//! The database in one file.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, OpenFlags, ToSql, Transaction, TransactionBehavior, ffi, params_from_iter};

use super::dialect::{APPEND_ONLY, Dialect};
use super::pool::Pool;
use super::tx::without_nul;
use super::{ConstraintKind, Row, StoreError, Tx, Value};

/// Statements that a connection keeps prepared.
const PREPARED: usize = 256;

/// One writer and a few readers of one file.
pub(super) struct Sqlite {
    path: PathBuf,
    patience: Duration,
    /// The one that writes; `None` until it is needed, and after an error that may have broken it.
    writer: Mutex<Option<Connection>>,
    readers: Pool<Connection>,
}

impl Sqlite {
    /// Opens the file, which is made if it is not there.
    pub(super) fn open(path: &Path, readers: usize, patience: Duration) -> Result<Self, StoreError> {
        let database = Self {
            path: path.to_owned(),
            patience,
            writer: Mutex::new(None),
            readers: Pool::new(readers, patience),
        };
        make(path)?;
        let writer = database.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        *database.writer.lock().unwrap_or_else(PoisonError::into_inner) = Some(writer);
        Ok(database)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn describe(&self) -> String {
        self.path.display().to_string()
    }

    /// Carries out `act` with a transaction of the writer and commits it if it says so.
    pub(super) fn write<R>(&self, act: impl FnOnce(&mut SqliteTx<'_>) -> (R, bool)) -> Result<(R, bool), StoreError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = match writer.take() {
            Some(connection) => connection,
            None => self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?,
        };
        let connection = writer.insert(connection);
        let outcome = within(connection, TransactionBehavior::Immediate, act);
        if matches!(outcome, Err(StoreError::Damaged { .. } | StoreError::Full { .. })) {
            *writer = None;
        }
        outcome
    }

    /// Carries out `act` with a transaction that sees one state of the database.
    pub(super) fn read<R>(&self, act: impl FnOnce(&mut SqliteTx<'_>) -> (R, bool)) -> Result<R, StoreError> {
        let mut lent = self.readers.lend(|| {
            let connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            connection
                .pragma_update(None, "query_only", true)
                .map_err(|error| self.unreached(&error))?;
            Ok(connection)
        })?;
        let connection = lent.get().ok_or(StoreError::Aborted)?;
        within(connection, TransactionBehavior::Deferred, act).map(|(result, _)| result)
    }

    /// Writes a consistent copy of the database into a new file while others go on.
    pub(super) fn copy_to(&self, file: &Path) -> Result<(), StoreError> {
        let connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let name = file.to_string_lossy();
        let copied = connection.execute("VACUUM INTO ?1", [&name]);
        copied.map(|_| ()).map_err(|error| failed("VACUUM INTO", error))
    }

    /// What SQLite itself finds wrong with the file.
    pub(super) fn integrity(&self) -> Result<Vec<String>, StoreError> {
        let connection = self.connect(OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let told = |sql: &str| -> Result<Vec<String>, StoreError> {
            let mut statement = connection.prepare(sql).map_err(|error| failed(sql, error))?;
            let rows = statement.query_map([], |row| {
                let columns = (0..row.as_ref().column_count()).map(|at| row.get_ref(at).map(written));
                columns.collect::<Result<Vec<_>, _>>().map(|columns| columns.join(" "))
            });
            let rows = rows.map_err(|error| failed(sql, error))?;
            rows.collect::<Result<_, _>>().map_err(|error| failed(sql, error))
        };
        let mut found = told("PRAGMA integrity_check")?;
        found.retain(|line| line != "ok");
        let loose = told("PRAGMA foreign_key_check")?;
        found.extend(
            loose
                .into_iter()
                .map(|row| format!("a row refers to one that is not there: {row}")),
        );
        Ok(found)
    }

    fn connect(&self, flags: OpenFlags) -> Result<Connection, StoreError> {
        let connection = Connection::open_with_flags(&self.path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(|error| self.unreached(&error))?;
        // `recursive_triggers`: without it INSERT OR REPLACE goes past the triggers of append-only tables.
        let settings = [
            ("foreign_keys", "ON"),
            ("recursive_triggers", "ON"),
            ("case_sensitive_like", "ON"),
            ("trusted_schema", "OFF"),
            ("synchronous", "FULL"),
            ("temp_store", "MEMORY"),
            ("cache_size", "-32768"),
            // Bytes that the log keeps after a long reader let it grow.
            ("journal_size_limit", "67108864"),
        ];
        let set = || {
            connection.busy_timeout(self.patience)?;
            connection.set_prepared_statement_cache_capacity(PREPARED);
            connection.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
            connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
            settings
                .iter()
                .try_for_each(|(name, value)| connection.pragma_update(None, name, value))
        };
        set().map_err(|error| self.unreached(&error))?;
        Ok(connection)
    }

    fn unreached(&self, error: &rusqlite::Error) -> StoreError {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => StoreError::Damaged {
                why: format!("{}: {error}", self.describe()),
            },
            Some(ErrorCode::DiskFull) => StoreError::Full {
                what: self.describe(),
                why: error.to_string(),
            },
            _ => StoreError::Unreached {
                database: self.describe(),
                why: error.to_string(),
            },
        }
    }
}

/// Makes an empty file, which SQLite takes for an empty database: for this user only, and so are the files beside it.
fn make(path: &Path) -> Result<(), StoreError> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .map(|_| ())
        .map_err(|error| StoreError::io(path, error))
}

fn within<R>(
    connection: &mut Connection,
    behavior: TransactionBehavior,
    act: impl FnOnce(&mut SqliteTx<'_>) -> (R, bool),
) -> Result<(R, bool), StoreError> {
    let begun = connection.transaction_with_behavior(behavior);
    let mut tx = SqliteTx {
        inner: begun.map_err(|error| failed("BEGIN", error))?,
        failed: false,
    };
    let (result, commit) = act(&mut tx);
    // Dropped without a commit, it is rolled back.
    if commit && !tx.failed {
        tx.inner.commit().map_err(|error| failed("COMMIT", error))?;
        return Ok((result, true));
    }
    Ok((result, false))
}

/// A transaction.
pub(super) struct SqliteTx<'a> {
    inner: Transaction<'a>,
    failed: bool,
}

impl SqliteTx<'_> {
    fn guarded<T>(&mut self, act: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        if self.failed {
            return Err(StoreError::Aborted);
        }
        let done = act(&self.inner);
        self.failed = done.is_err();
        done
    }
}

impl Tx for SqliteTx<'_> {
    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        self.guarded(|tx| {
            without_nul(values)?;
            let mut statement = tx.prepare_cached(sql).map_err(|error| failed(sql, error))?;
            let touched = statement.execute(params_from_iter(values));
            touched.map(|rows| rows as u64).map_err(|error| failed(sql, error))
        })
    }

    fn each(
        &mut self,
        sql: &str,
        values: &[Value],
        take: &mut dyn FnMut(Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        self.guarded(|tx| {
            without_nul(values)?;
            let mut statement = tx.prepare_cached(sql).map_err(|error| failed(sql, error))?;
            let columns = statement.column_count();
            let mut rows = statement
                .query(params_from_iter(values))
                .map_err(|error| failed(sql, error))?;
            while let Some(row) = rows.next().map_err(|error| failed(sql, error))? {
                let values = (0..columns).map(|at| {
                    let value = row.get_ref(at).map_err(|error| failed(sql, error))?;
                    owned(value).ok_or_else(|| StoreError::statement(sql, format!("column {at} is a fraction")))
                });
                take(Row(values.collect::<Result<_, _>>()?))?;
            }
            Ok(())
        })
    }

    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn owned(value: ValueRef<'_>) -> Option<Value> {
    Some(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Int(number),
        ValueRef::Text(text) => Value::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_owned()),
        ValueRef::Real(_) => return None,
    })
}

fn written(value: ValueRef<'_>) -> String {
    match owned(value) {
        Some(Value::Text(text)) => text,
        Some(Value::Int(number)) => number.to_string(),
        _ => "-".to_owned(),
    }
}

/// The error of a statement, sorted by what the caller can do about it.
fn failed(sql: &str, error: rusqlite::Error) -> StoreError {
    let why = error.to_string();
    let rusqlite::Error::SqliteFailure(code, _) = &error else {
        return StoreError::statement(sql, why);
    };
    match code.code {
        ErrorCode::ConstraintViolation => StoreError::Constraint {
            kind: match code.extended_code {
                ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID => {
                    ConstraintKind::Unique
                }
                ffi::SQLITE_CONSTRAINT_FOREIGNKEY => ConstraintKind::ForeignKey,
                ffi::SQLITE_CONSTRAINT_NOTNULL => ConstraintKind::NotNull,
                _ if why.contains(APPEND_ONLY) => ConstraintKind::AppendOnly,
                _ => ConstraintKind::Check,
            },
            why,
        },
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Busy { attempts: 1, why },
        ErrorCode::DiskFull => StoreError::Full {
            what: "the database".into(),
            why,
        },
        // A file that may not grow (quota, `ulimit -f`) is no full disk to SQLite, but a write that fails.
        ErrorCode::SystemIoFailure if is_write(code.extended_code) => StoreError::Full {
            what: "the database".into(),
            why,
        },
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Damaged { why },
        _ => StoreError::statement(sql, why),
    }
}

fn is_write(extended: i32) -> bool {
    matches!(
        extended,
        ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_TRUNCATE | ffi::SQLITE_IOERR_SHMSIZE
    )
}
