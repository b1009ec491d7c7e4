//! The database on a server, which several machines share.

mod tls;
mod types;

use std::collections::HashMap;
use std::time::Duration;

use postgres::config::{Host, SslMode};
use postgres::error::SqlState;
use postgres::fallible_iterator::FallibleIterator;
use postgres::{Client, Config, IsolationLevel, NoTls, Statement, Transaction};
use tls::Encrypting;
use types::WrongType;

use super::config::StoreConfig;
use super::dialect::{Dialect, postgres_statement};
use super::pool::{Lent, Pool};
use super::tx::without_nul;
use super::{ConstraintKind, Row, StoreError, Tx, Value};
use crate::wire::certificate::client_from_pem;

/// Statements that a connection keeps prepared.
const PREPARED: usize = 512;
/// How often a transaction is tried that another one got in the way of.
const MOST_ATTEMPTS: u32 = 12;
/// Connections that do not answer, one after the other, before it is given up; more than a pool has.
const MOST_DEAD: u32 = 64;
/// The advisory lock of those who write.
const WRITERS: i64 = 0x6a75_6e6b_796f;

/// A server.
pub(super) struct Postgres {
    config: Config,
    tls: Option<Encrypting>,
    name: String,
    /// What every connection is told first.
    settings: String,
    /// A field of its own, as clients must not be dropped on a thread of an async runtime.
    pool: Option<Pool<Connection>>,
}

/// A connection and the statements that it knows.
pub(super) struct Connection {
    client: Client,
    statements: HashMap<String, Statement>,
}

/// How an attempt to write ended.
enum Attempt<R> {
    Done(R, bool),
    /// Another transaction got in the way.
    Again(String),
}

impl Postgres {
    /// Connects to `postgres://user@host:port/name` once, to see that it can be done.
    pub(super) fn open(store: &StoreConfig) -> Result<Self, StoreError> {
        let patience = store.patience();
        let (mut config, name) = address(store)?;
        config.application_name("junkyo registry");
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(patience);
        }
        let tls = encryption(store, &mut config)?;
        let server = Self {
            config,
            tls,
            name,
            // A writer that hangs does not hold up the others for good.
            settings: format!(
                "SET lock_timeout = {0}; SET idle_in_transaction_session_timeout = {1}; SET client_min_messages = warning",
                patience.as_millis(),
                patience.as_millis().saturating_mul(6)
            ),
            pool: Some(Pool::new(store.readers() + 2, patience)),
        };
        drop(server.healthy()?);
        Ok(server)
    }

    pub(super) fn describe(&self) -> String {
        self.name.clone()
    }

    /// Carries out `act` with a transaction and commits it if it says so. Those who write do it one after the other, as
    /// with SQLite: each takes a lock before its transaction begins, and so sees what the one before it did. Transactions
    /// are serialisable all the same, should somebody write without the lock.
    pub(super) fn write<R>(
        &self,
        mut act: impl FnMut(&mut PostgresTx<'_>) -> (R, bool),
    ) -> Result<(R, bool), StoreError> {
        let mut why = String::new();
        for attempt in 0..MOST_ATTEMPTS {
            if attempt > 0 {
                std::thread::sleep(pause(attempt));
            }
            let mut lent = self.healthy()?;
            let lock = format!("SELECT pg_advisory_lock({WRITERS})");
            self.checked(&mut lent, |connection| connection.client.batch_execute(&lock))?;
            let ended = self.attempt(&mut lent, &mut act);
            // A lock that cannot be given back goes with its connection.
            let unlock = format!("SELECT pg_advisory_unlock({WRITERS})");
            let unlocked = lent.get().map(|connection| connection.client.batch_execute(&unlock));
            if !matches!(unlocked, Some(Ok(()))) {
                lent.discard();
            }
            match ended? {
                Attempt::Done(result, committed) => return Ok((result, committed)),
                Attempt::Again(reason) => why = reason,
            }
        }
        Err(StoreError::Busy {
            attempts: MOST_ATTEMPTS,
            why,
        })
    }

    fn attempt<R>(
        &self,
        lent: &mut Lent<'_, Connection>,
        act: &mut impl FnMut(&mut PostgresTx<'_>) -> (R, bool),
    ) -> Result<Attempt<R>, StoreError> {
        let connection = lent.get().ok_or(StoreError::Aborted)?;
        let builder = connection
            .client
            .build_transaction()
            .isolation_level(IsolationLevel::Serializable);
        let inner = builder.start().map_err(|error| self.failed("BEGIN", &error))?;
        let mut tx = PostgresTx {
            server: self,
            inner,
            statements: &mut connection.statements,
            failed: false,
            again: None,
        };
        let (result, commit) = act(&mut tx);
        if let Some(reason) = tx.again {
            tx.inner.rollback().map_err(|error| self.failed("ROLLBACK", &error))?;
            return Ok(Attempt::Again(reason));
        }
        if !commit || tx.failed {
            // The connection may be what failed: then there is nothing to roll back.
            tx.inner.rollback().ok();
            return Ok(Attempt::Done(result, false));
        }
        match tx.inner.commit() {
            Ok(()) => Ok(Attempt::Done(result, true)),
            Err(error) if is_conflict(&error) => Ok(Attempt::Again(error.to_string())),
            Err(error) => Err(self.failed("COMMIT", &error)),
        }
    }

    /// Carries out `act` with a transaction that sees one state of the database.
    pub(super) fn read<R>(&self, act: impl FnOnce(&mut PostgresTx<'_>) -> (R, bool)) -> Result<R, StoreError> {
        let mut lent = self.healthy()?;
        let connection = lent.get().ok_or(StoreError::Aborted)?;
        let builder = connection.client.build_transaction();
        let builder = builder.isolation_level(IsolationLevel::RepeatableRead).read_only(true);
        let inner = builder.start().map_err(|error| self.failed("BEGIN", &error))?;
        let mut tx = PostgresTx {
            server: self,
            inner,
            statements: &mut connection.statements,
            failed: false,
            again: None,
        };
        let (result, _) = act(&mut tx);
        // A connection that is broken is found by the next one who gets it.
        tx.inner.rollback().ok();
        Ok(result)
    }

    /// Takes the advisory lock of a task, if nobody has it. It is held as long as the connection is.
    pub(super) fn try_lock(&self, key: i64) -> Result<Option<Held>, StoreError> {
        let mut connection = self.connect()?;
        let taken = connection.client.query_one("SELECT pg_try_advisory_lock($1)", &[&key]);
        let taken: bool = taken
            .map_err(|error| self.failed("pg_try_advisory_lock", &error))?
            .get(0);
        let held = Held(Some(connection));
        Ok(taken.then_some(held))
    }

    /// A connection that answers. After a restart of the server every idle one is dead, and a new one is the last resort.
    fn healthy(&self) -> Result<Lent<'_, Connection>, StoreError> {
        for _ in 0..MOST_DEAD {
            let mut lent = self.lend()?;
            let alive = lent.get().is_some_and(|connection| {
                !connection.client.is_closed() && connection.client.batch_execute("").is_ok()
            });
            if alive {
                return Ok(lent);
            }
            lent.discard();
        }
        Err(StoreError::Unreached {
            database: self.name.clone(),
            why: format!("{MOST_DEAD} connections ended as soon as they were made"),
        })
    }

    fn lend(&self) -> Result<Lent<'_, Connection>, StoreError> {
        let pool = self.pool.as_ref().ok_or(StoreError::Aborted)?;
        pool.lend(|| self.connect())
    }

    fn connect(&self) -> Result<Connection, StoreError> {
        let client = match &self.tls {
            Some(tls) => self.config.connect(tls.clone()),
            None => self.config.connect(NoTls),
        };
        let mut client = client.map_err(|error| self.unreached(&error))?;
        let set = client.batch_execute(&self.settings);
        set.map_err(|error| self.unreached(&error))?;
        Ok(Connection {
            client,
            statements: HashMap::new(),
        })
    }

    fn checked<T>(
        &self,
        lent: &mut Lent<'_, Connection>,
        act: impl FnOnce(&mut Connection) -> Result<T, postgres::Error>,
    ) -> Result<T, StoreError> {
        let connection = lent.get().ok_or(StoreError::Aborted)?;
        let done = act(connection).map_err(|error| self.failed("the connection", &error));
        if matches!(done, Err(StoreError::Unreached { .. })) {
            lent.discard();
        }
        done
    }

    fn unreached(&self, error: &postgres::Error) -> StoreError {
        StoreError::Unreached {
            database: self.name.clone(),
            why: words(error),
        }
    }

    /// The error of a statement, sorted by what the caller can do about it.
    fn failed(&self, sql: &str, error: &postgres::Error) -> StoreError {
        let why = words(error);
        let constraint = |kind| StoreError::Constraint { kind, why: why.clone() };
        if std::error::Error::source(error).is_some_and(|source| source.is::<WrongType>()) {
            return constraint(ConstraintKind::Check);
        }
        let Some(code) = error.code() else {
            return match error.is_closed()
                || std::error::Error::source(error).is_some_and(|it| it.is::<std::io::Error>())
            {
                true => self.unreached(error),
                false => StoreError::statement(sql, why),
            };
        };
        match code.code() {
            "23505" => constraint(ConstraintKind::Unique),
            "23503" => constraint(ConstraintKind::ForeignKey),
            "23502" => constraint(ConstraintKind::NotNull),
            "23514" | "42804" | "22P02" | "22003" => constraint(ConstraintKind::Check),
            "JK001" => constraint(ConstraintKind::AppendOnly),
            "40001" | "40P01" | "55P03" => StoreError::Busy { attempts: 1, why },
            "53100" | "53200" => StoreError::Full {
                what: self.name.clone(),
                why,
            },
            "XX001" | "XX002" => StoreError::Damaged { why },
            class if class.starts_with("08") || class.starts_with("57P") || class.starts_with("53") => {
                self.unreached(error)
            }
            _ => StoreError::statement(sql, why),
        }
    }
}

impl Drop for Postgres {
    /// A client waits for its connection to end, which is refused on a thread of an async runtime.
    fn drop(&mut self) {
        if let Some(pool) = self.pool.take() {
            let idle = pool.drain();
            std::thread::spawn(move || drop(idle)).join().ok();
        }
    }
}

/// A lock that is held until this is dropped.
pub(super) struct Held(Option<Connection>);

impl Drop for Held {
    fn drop(&mut self) {
        let connection = self.0.take();
        let give_back = move || {
            if let Some(mut connection) = connection {
                // A server notices the end of a connection only a little later.
                connection.client.batch_execute("SELECT pg_advisory_unlock_all()").ok();
            }
        };
        std::thread::spawn(give_back).join().ok();
    }
}

/// A transaction.
pub(super) struct PostgresTx<'a> {
    server: &'a Postgres,
    inner: Transaction<'a>,
    statements: &'a mut HashMap<String, Statement>,
    failed: bool,
    /// Why it has to be tried again.
    again: Option<String>,
}

impl PostgresTx<'_> {
    fn guarded<T>(&mut self, act: impl FnOnce(&mut Self) -> Result<T, Failure>, sql: &str) -> Result<T, StoreError> {
        if self.failed {
            return Err(StoreError::Aborted);
        }
        act(self).map_err(|failure| {
            self.failed = true;
            match failure {
                Failure::Ours(error) => error,
                Failure::Theirs(error) => {
                    if is_conflict(&error) {
                        self.again = Some(error.to_string());
                    }
                    self.server.failed(sql, &error)
                }
            }
        })
    }

    fn prepare(&mut self, sql: &str) -> Result<Statement, postgres::Error> {
        if let Some(statement) = self.statements.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.inner.prepare(&postgres_statement(sql))?;
        if self.statements.len() >= PREPARED {
            self.statements.clear();
        }
        self.statements.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }
}

enum Failure {
    Ours(StoreError),
    Theirs(postgres::Error),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Ours(error)
    }
}

impl From<postgres::Error> for Failure {
    fn from(error: postgres::Error) -> Self {
        Self::Theirs(error)
    }
}

impl Tx for PostgresTx<'_> {
    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, StoreError> {
        let act = |tx: &mut Self| {
            without_nul(values)?;
            let statement = tx.prepare(sql)?;
            Ok(tx.inner.execute(&statement, &types::parameters(values))?)
        };
        self.guarded(act, sql)
    }

    fn each(
        &mut self,
        sql: &str,
        values: &[Value],
        take: &mut dyn FnMut(Row) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let act = |tx: &mut Self| {
            without_nul(values)?;
            let statement = tx.prepare(sql)?;
            let mut rows = tx.inner.query_raw(&statement, types::parameters(values))?;
            while let Some(row) = rows.next()? {
                take(types::row(&row).map_err(|why| StoreError::statement(sql, why))?)?;
            }
            Ok(())
        };
        self.guarded(act, sql)
    }

    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }
}

/// Another transaction got in the way; the same one may succeed now.
fn is_conflict(error: &postgres::Error) -> bool {
    matches!(
        error.code(),
        Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED)
    )
}

/// What the server says, with what it says more about it.
fn words(error: &postgres::Error) -> String {
    let Some(told) = error.as_db_error() else {
        let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
        return format!("{error}{}", cause.unwrap_or_default());
    };
    let more = [told.detail(), told.hint()].into_iter().flatten();
    let more: String = more.map(|more| format!("; {more}")).collect();
    format!("{} ({}){more}", told.message(), told.code().code())
}

/// Longer with each attempt, and not the same for two that met.
fn pause(attempt: u32) -> Duration {
    let mut random = [0; 1];
    getrandom::fill(&mut random).ok();
    Duration::from_millis(u64::from(attempt.min(6) * 5) + u64::from(random[0] / 8))
}

/// What to connect to, and its name without the password.
fn address(store: &StoreConfig) -> Result<(Config, String), StoreError> {
    let wrong = |why: String| StoreError::Config {
        key: "database",
        value: "postgres://…".into(),
        why,
    };
    let mut config: Config = store.database().parse().map_err(|error: postgres::Error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        wrong(format!(
            "{}; expected postgres://user@host/name",
            cause.unwrap_or_default()
        ))
    })?;
    if let Some(name) = &store.database_password_env {
        let password = std::env::var(name).map_err(|_| {
            wrong(format!(
                "needs the password in the environment variable {name}, which is not set"
            ))
        })?;
        config.password(password);
    }
    let hosts = config.get_hosts().iter().map(|host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    });
    let hosts = hosts.collect::<Vec<_>>().join(",");
    let name = format!(
        "postgres {}@{hosts}/{}",
        config.get_user().unwrap_or("-"),
        config.get_dbname().unwrap_or("-")
    );
    Ok((config, name))
}

/// TLS where the connection leaves the machine, unless the address says `sslmode=disable`. Certificate and name of the
/// server are always looked at.
fn encryption(store: &StoreConfig, config: &mut Config) -> Result<Option<Encrypting>, StoreError> {
    let here = config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    });
    let asked = store.database_authorities.is_some() || config.get_ssl_mode() == SslMode::Require;
    if config.get_ssl_mode() == SslMode::Disable || (here && !asked) {
        config.ssl_mode(SslMode::Disable);
        return Ok(None);
    }
    config.ssl_mode(SslMode::Require);
    let wrong = |value: String, why: String| StoreError::Config {
        key: "database-authorities",
        value,
        why,
    };
    let pem = store.database_authorities.as_ref().map(|path| {
        let path = store.path(path);
        std::fs::read_to_string(&path).map_err(|error| StoreError::io(&path, error))
    });
    let pem = pem.transpose()?;
    let tls = client_from_pem(pem.as_deref(), None);
    let shown = store
        .database_authorities
        .as_ref()
        .map_or(String::new(), |path| path.display().to_string());
    tls.map(|tls| Some(Encrypting::new(tls)))
        .map_err(|error| wrong(shown, error.to_string()))
}
