//! Many at once: threads, handles that stand for machines, connections that end.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::scope;

use junkyo::registry::clock::Clock;
use junkyo::registry::store::audit::{self, AuditEntry};
use junkyo::registry::store::{Store, StoreConfig, StoreError};

use super::harness::Folder;
use super::place::Ground;
use super::suite::{objects, put};
use super::{ensure, server, text, values};

pub(crate) fn lost_updates(ground: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
    let insert = "INSERT INTO sequence (name, value) VALUES ('counter', 0)";
    store.write(|tx| tx.execute(insert, &[])).map_err(text)?;
    let stores = [store.clone(), ground.open()?];
    let failures: Mutex<Vec<String>> = Mutex::new(Vec::new());
    scope(|scope| {
        for thread in 0..6 {
            let (store, failures) = (&stores[thread % 2], &failures);
            scope.spawn(move || {
                for _ in 0..20 {
                    let done = store.write(|tx| {
                        let row = tx.one("SELECT value FROM sequence WHERE name = 'counter'", &[])?;
                        let value = row.map_or(Ok(-1), |row| row.int(0))?;
                        tx.execute(
                            "UPDATE sequence SET value = ?1 WHERE name = 'counter'",
                            &values![value + 1],
                        )
                    });
                    if let Err(error) = done {
                        failures.lock().unwrap().push(text(error));
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().map_err(text)?;
    ensure(failures.is_empty(), format!("{failures:?}"))?;
    let row = store
        .read(|tx| tx.one("SELECT value FROM sequence WHERE name = 'counter'", &[]))
        .map_err(text)?;
    let value = row.map(|row| row.int(0)).transpose().map_err(text)?;
    ensure(value == Some(120), format!("{value:?} instead of 120"))
}

pub(crate) fn sequences(ground: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
    let stores = [store.clone(), ground.open()?];
    let given = Mutex::new(Vec::new());
    scope(|scope| {
        for thread in 0..4 {
            let (store, given) = (&stores[thread % 2], &given);
            scope.spawn(move || {
                for round in 0..10 {
                    let number = store.write(|tx| {
                        let number = tx.next("registration")?;
                        // Every third one is taken back.
                        if round % 3 == 2 {
                            Err(StoreError::Aborted)
                        } else {
                            Ok(number)
                        }
                    });
                    given.lock().unwrap().extend(number.ok());
                }
            });
        }
    });
    let mut given = given.into_inner().map_err(text)?;
    given.sort_unstable();
    ensure(given == (1..=28).collect::<Vec<_>>(), format!("{given:?}"))
}

pub(crate) fn workers(ground: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
    for number in 0..40 {
        store
            .jobs()
            .enqueue("judge", &number, &format!("job {number}"))
            .map_err(text)?;
    }
    let stores = [store.clone(), ground.open()?];
    let done = Mutex::new(Vec::new());
    let failed_once = AtomicUsize::new(0);
    let trouble = Mutex::new(Vec::new());
    scope(|scope| {
        for thread in 0..4 {
            let (store, done, failed_once, trouble) = (&stores[thread % 2], &done, &failed_once, &trouble);
            scope.spawn(move || {
                let work = || -> Result<(), StoreError> {
                    while let Some(job) = store.jobs().claim(&format!("worker {thread}"), &["judge"], 60_000)? {
                        let number: i64 = job.payload()?;
                        if number % 10 == 3 && job.attempts == 1 {
                            failed_once.fetch_add(1, Ordering::SeqCst);
                            store.jobs().fail(&job, "the first time", false)?;
                            store.clock().advance(10_000);
                            continue;
                        }
                        store.jobs().finish(&job, &number)?;
                        done.lock().unwrap().push(number);
                    }
                    Ok(())
                };
                if let Err(error) = work() {
                    trouble.lock().unwrap().push(text(error));
                }
            });
        }
    });
    let trouble = trouble.into_inner().map_err(text)?;
    ensure(trouble.is_empty(), format!("{trouble:?}"))?;
    let mut done = done.into_inner().map_err(text)?;
    done.sort_unstable();
    ensure(done == (0..40).collect::<Vec<_>>(), format!("done {done:?}"))?;
    let counts = store.jobs().counts().map_err(text)?;
    ensure(
        failed_once.into_inner() == 4 && counts == [0, 0, 40, 0],
        format!("{counts:?}"),
    )
}

pub(crate) fn audit_chain(ground: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
    let stores = [store.clone(), ground.open()?];
    let trouble = Mutex::new(Vec::new());
    scope(|scope| {
        for thread in 0..4 {
            let (store, trouble) = (&stores[thread % 2], &trouble);
            scope.spawn(move || {
                let detail = serde_json::json!({"理由": "テスト"});
                for round in 0..10 {
                    let (actor, object) = (format!("acc_{thread}"), format!("prd_{round}"));
                    let entry = AuditEntry {
                        at: 1,
                        actor: &actor,
                        action: "product.read",
                        object: &object,
                        detail: &detail,
                    };
                    if let Err(error) = store.write(|tx| audit::record(tx, &entry)) {
                        trouble.lock().unwrap().push(text(error));
                    }
                }
            });
        }
    });
    let trouble = trouble.into_inner().map_err(text)?;
    ensure(trouble.is_empty(), format!("{trouble:?}"))?;
    let head = store.read(audit::head).map_err(text)?;
    ensure(head.count == 40, format!("{} rows", head.count))?;
    let faults = audit::verify(store, &[head]).map_err(text)?;
    ensure(faults.is_empty(), format!("{faults:?}"))?;
    let own = store
        .read(|tx| audit::rows(tx, 0, 100, Some("acc_1"), None))
        .map_err(text)?;
    ensure(own.len() == 10, format!("{} rows of an actor", own.len()))
}

pub(crate) fn alone(ground: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
    let other = ground.open()?;
    let held = store.alone("log").map_err(text)?;
    ensure(held.is_some(), "nobody has it, and it is not given")?;
    ensure(other.alone("log").map_err(text)?.is_none(), "two are alone")?;
    ensure(
        other.alone("mail").map_err(text)?.is_some(),
        "one task holds up another",
    )?;
    drop(held);
    ensure(other.alone("log").map_err(text)?.is_some(), "it was not given back")
}

pub(crate) fn opened_at_once(_: &Ground, _: &Store, folder: &Folder) -> Result<(), String> {
    // A second place of the same kind would need another server: two processes that begin with an empty folder.
    let config = StoreConfig::in_folder(folder.at("fresh"));
    let clock = Clock::system();
    let opened = scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| Store::open(&config, &clock).map_err(text)))
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| "panicked".to_owned())?)
            .collect::<Result<Vec<_>, _>>()
    });
    ensure(opened?.len() == 4, "not all were opened")
}

pub(crate) fn cut_connections(ground: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
    let Some(address) = ground
        .config
        .database
        .as_deref()
        .filter(|address| address.starts_with("postgres"))
    else {
        return Ok(());
    };
    store.write(|tx| put(tx, "before")).map_err(text)?;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let address = server::beside(address)?;
    let mut other = postgres::Client::connect(&address, postgres::NoTls).map_err(text)?;
    other.batch_execute(cut).map_err(text)?;
    store.write(|tx| put(tx, "after")).map_err(text)?;
    ensure(objects(store)? == ["after", "before"], format!("{:?}", objects(store)))?;
    // In the middle of a transaction: an error that says so, and nothing of it stays.
    let failed = store.write(|tx| {
        put(tx, "lost")?;
        other.batch_execute(cut).map_err(|_| StoreError::Aborted)?;
        put(tx, "lost too")
    });
    ensure(
        matches!(failed, Err(StoreError::Unreached { .. })),
        format!("{failed:?}"),
    )?;
    ensure(objects(store)? == ["after", "before"], format!("{:?}", objects(store)))
}

pub(crate) fn dropped_on_a_runtime(_: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(text)?;
    let store = store.clone();
    runtime.block_on(async move {
        let inside = store.clone();
        let read = move || inside.read(|tx| tx.one("SELECT 1", &[])).map_err(text);
        tokio::task::spawn_blocking(read).await.map_err(text)??;
        drop(store);
        Ok(())
    })
}
