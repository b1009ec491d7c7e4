//! How fast the store of the register is with 20,000 products and 1,000,000 entries of the log: figures for
//! `ci/bench/README.md`, not a test. Run it with `ci/bench/registry`.
//!
//! Environment: `BENCH_DIR` (an empty or absent folder), `BENCH_DATABASE` (`postgres://…`; SQLite in the folder if absent),
//! `BENCH_PRODUCTS` (20000), `BENCH_LEAVES` (1000000), `BENCH_CLIENTS` (200).

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::scope;
use std::time::{Duration, Instant};

use junkyo::attest::Digest;
use junkyo::attest::log::leaf_hash;
use junkyo::registry::clock::Clock;
use junkyo::registry::store::audit::{self, AuditEntry};
use junkyo::registry::store::{Store, StoreConfig, StoreError, Tx, Value, jobs, moving, refer};

/// Rows of one transaction while the store is filled.
const BATCH: u64 = 10_000;
/// A blob that everything refers to.
const BUNDLE: &[u8] = b"a bundle";
/// Queries of each client.
const QUERIES: u64 = 200;
/// What a row of a product or an event holds besides its columns: about as much as the real ones.
const DATA: &str = r#"{"profiles":["resident-record","certificate"],"units":["01","05"],"step":"2","suite":"0.1.0","reason":{"ja":"試験の報告を確認し、登録した。","en":"registered after review of the report"},"basis":{"documents":[],"review":{"approver":"apr:1","examiners":["exm:2"]}},"validFrom":"2026-11-22","validUntil":"2028-11-21","text":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}"#;

type Outcome<T> = Result<T, Box<dyn Error>>;

macro_rules! values {
    ($($value:expr),* $(,)?) => {
        [$(Value::from($value)),*]
    };
}

/// What is asked for, and how much there is of it.
struct Scale {
    folder: PathBuf,
    products: u64,
    leaves: u64,
    clients: u64,
}

fn main() -> Outcome<()> {
    let number = |name: &str, default: u64| std::env::var(name).map_or(Ok(default), |text| text.parse());
    let scale = Scale {
        folder: std::env::var_os("BENCH_DIR").map_or_else(|| "target/bench/registry".into(), PathBuf::from),
        products: number("BENCH_PRODUCTS", 20_000)?,
        leaves: number("BENCH_LEAVES", 1_000_000)?,
        clients: number("BENCH_CLIENTS", 200)?,
    };
    let mut config = StoreConfig::in_folder(scale.folder.join("data"));
    config.database = std::env::var("BENCH_DATABASE").ok();
    config.patience_ms = Some(120_000);
    let store = Store::open(&config, &Clock::system())?;
    println!("store: {}", store.describe());
    single(&store)?;
    fill(&store, &scale)?;
    queries(&store, &scale)?;
    mixed(&store, &scale)?;
    whole(&store, &scale)
}

/// Tells how long it took, for how many.
fn timed<T>(what: &str, count: u64, act: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    let start = Instant::now();
    let done = act()?;
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{what:<64} {count:>9} in {seconds:>8.2} s  {:>9.0}/s",
        count as f64 / seconds
    );
    Ok(done)
}

/// As a decision is written: a blob, and one transaction with an event of the log, a row of the audit chain and a job.
fn single(store: &Store) -> Outcome<()> {
    let detail = serde_json::json!({});
    let bundle = store.blobs().put(BUNDLE)?;
    timed("transactions: reference, audit row, job; each on disk", 1_000, || {
        for number in 0..1_000_u64 {
            let object = format!("sub_{number}");
            store.write(|tx| {
                refer(tx, &bundle, BUNDLE.len() as u64, "bundle", &object, 1)?;
                let entry = AuditEntry {
                    at: 1,
                    actor: "acc_1",
                    action: "submission.receive",
                    object: &object,
                    detail: &detail,
                };
                audit::record(tx, &entry)?;
                jobs::enqueue(tx, "judge", &number, &object, 1)
            })?;
        }
        Ok(())
    })?;
    timed("jobs: claimed and finished, one worker", 500, || {
        for _ in 0..500 {
            if let Some(job) = store.jobs().claim("bench", &["judge"], 60_000)? {
                store.jobs().finish(&job, &"done")?;
            }
        }
        Ok(())
    })?;
    let bundle = vec![b'x'; 200_000];
    timed("blobs of 200 kB: kept, each on disk", 200, || {
        for number in 0..200_u64 {
            let mut bundle = bundle.clone();
            bundle[..8].copy_from_slice(&number.to_be_bytes());
            store.blobs().put(&bundle)?;
        }
        Ok(())
    })
}

fn fill(store: &Store, scale: &Scale) -> Outcome<()> {
    timed(
        "products, versions, registrations, 5 events each: filled",
        scale.products * 8,
        || batches(scale.products, |tx, number| product(tx, number), store),
    )?;
    timed("entries of the log: filled", scale.leaves, || {
        batches(scale.leaves, |tx, number| leaf(tx, number), store)
    })
}

fn batches(count: u64, row: impl Fn(&mut dyn Tx, u64) -> Result<(), StoreError>, store: &Store) -> Outcome<()> {
    for start in (0..count).step_by(BATCH as usize) {
        store.write(|tx| (start..count.min(start + BATCH)).try_for_each(|number| row(tx, number)))?;
    }
    Ok(())
}

fn product(tx: &mut dyn Tx, number: u64) -> Result<(), StoreError> {
    let at = number as i64;
    let vendor = format!("ven_{:05}", number / 10);
    if number.is_multiple_of(10) {
        let sql = "INSERT INTO vendor (id, corporate_number, state, created, data) VALUES (?1, ?2, 'admitted', ?3, ?4)";
        tx.execute(sql, &values![&vendor, format!("{number:013}"), at, DATA])?;
    }
    let (product, version, registration) = (
        format!("prd_{number:06}"),
        format!("ver_{number:06}"),
        format!("JK-2026-{number:06}-00"),
    );
    let sql = "INSERT INTO product (id, vendor, name, created, data) VALUES (?1, ?2, ?3, ?4, ?5)";
    tx.execute(
        sql,
        &values![&product, &vendor, format!("住民記録システム {number}"), at, DATA],
    )?;
    let sql =
        "INSERT INTO product_version (id, product, vendor, digest, created, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    tx.execute(
        sql,
        &values![&version, &product, &vendor, Digest::of(version.as_bytes()), at, DATA],
    )?;
    let sql = "INSERT INTO registration (id, serial, vendor, product, version, state, valid_until, data) \
               VALUES (?1, ?2, ?3, ?4, ?5, 'active', '2028-11-21', ?6)";
    tx.execute(sql, &values![&registration, at, &vendor, &product, &version, DATA])?;
    for event in 0..5_i64 {
        let sql = "INSERT INTO registration_event (id, registration, sequence, log_index, at, data) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
        let id = format!("evt_{number:06}_{event}");
        tx.execute(sql, &values![id, &registration, event, at * 5 + event, at, DATA])?;
    }
    Ok(())
}

fn leaf(tx: &mut dyn Tx, number: u64) -> Result<(), StoreError> {
    let leaf = format!(
        r#"{{"payload":{{"sha256":"{}"}},"registration":"JK-2026-{:06}-00","type":"registered","v":1}}"#,
        Digest::of(&number.to_be_bytes()),
        number / 50
    );
    let hash = leaf_hash(leaf.as_bytes()).to_vec();
    let sql = "INSERT INTO log_leaf (position, hash, leaf, at) VALUES (?1, ?2, ?3, 1)";
    tx.execute(sql, &values![number as i64, hash, leaf]).map(|_| ())
}

/// A query and its parameters, of the client's own choice.
type Query = (&'static str, fn(u64, &Scale) -> (&'static str, Vec<Value>));

const QUERY: &[Query] = &[
    ("a registration by its number", |random, scale| {
        let number = format!("JK-2026-{:06}-00", random % scale.products);
        ("SELECT data FROM registration WHERE id = ?1", values![number].to_vec())
    }),
    ("its events", |random, scale| {
        let number = format!("JK-2026-{:06}-00", random % scale.products);
        (
            "SELECT data FROM registration_event WHERE registration = ?1 ORDER BY sequence",
            values![number].to_vec(),
        )
    }),
    ("products of a vendor", |random, scale| {
        let vendor = format!("ven_{:05}", random % scale.products / 10);
        (
            "SELECT id, name, data FROM product WHERE vendor = ?1 ORDER BY name",
            values![vendor].to_vec(),
        )
    }),
    ("256 hashes of the log", |random, scale| {
        let start = (random % scale.leaves) as i64;
        (
            "SELECT hash FROM log_leaf WHERE position >= ?1 ORDER BY position LIMIT 256",
            values![start].to_vec(),
        )
    }),
    ("the newest 50 registrations", |_, _| {
        (
            "SELECT id, data FROM registration ORDER BY serial DESC LIMIT 50",
            Vec::new(),
        )
    }),
];

fn queries(store: &Store, scale: &Scale) -> Outcome<()> {
    for (what, make) in QUERY {
        for clients in [1, 8, scale.clients] {
            let each = if clients > 8 { QUERIES / 4 } else { QUERIES * 5 };
            let took = ask(store, scale, clients, each, *make)?;
            report(&format!("{what}, {clients} at a time"), &took);
        }
    }
    Ok(())
}

/// Latencies of all queries, sorted, and how long all of it took.
struct Took {
    each: Vec<Duration>,
    all: Duration,
}

fn ask(
    store: &Store,
    scale: &Scale,
    clients: u64,
    queries: u64,
    make: fn(u64, &Scale) -> (&'static str, Vec<Value>),
) -> Outcome<Took> {
    let all = Mutex::new(Vec::new());
    let failed = Mutex::new(None);
    let start = Instant::now();
    scope(|scope| {
        for client in 0..clients {
            let (all, failed) = (&all, &failed);
            scope.spawn(move || {
                let mut random = client + 1;
                let mut own = Vec::new();
                for _ in 0..queries {
                    // A generator of Knuth's: the same order in every run.
                    random = random
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    let (sql, values) = make(random >> 20, scale);
                    let start = Instant::now();
                    if let Err(error) = store.read(|tx| tx.query(sql, &values)) {
                        *lock(failed) = Some(error);
                        return;
                    }
                    own.push(start.elapsed());
                }
                lock(all).extend(own);
            });
        }
    });
    if let Some(error) = lock(&failed).take() {
        return Err(error.into());
    }
    let mut each = std::mem::take(&mut *lock(&all));
    each.sort_unstable();
    Ok(Took {
        each,
        all: start.elapsed(),
    })
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn report(what: &str, took: &Took) {
    let at = |percent: usize| took.each[(took.each.len() - 1) * percent / 100].as_secs_f64() * 1_000.0;
    let rate = took.each.len() as f64 / took.all.as_secs_f64();
    println!(
        "{what:<64} {:>9.0}/s  median {:>7.2} ms  95 % {:>7.2} ms  worst {:>7.2} ms",
        rate,
        at(50),
        at(95),
        at(100)
    );
}

/// Many read while one writes all the time.
fn mixed(store: &Store, scale: &Scale) -> Outcome<()> {
    let stop = AtomicBool::new(false);
    let (took, written) = scope(|scope| {
        let writer = scope.spawn(|| {
            let mut written = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                let object = format!("late_{written}");
                store.write(|tx| refer(tx, &Digest::of(BUNDLE), BUNDLE.len() as u64, "late", &object, 1))?;
                written += 1;
            }
            Ok::<_, StoreError>(written)
        });
        let took = ask(store, scale, scale.clients, QUERIES / 4, QUERY[1].1);
        stop.store(true, Ordering::Relaxed);
        (took, writer.join())
    });
    let (took, written) = (took?, written.map_err(|_| "the writer panicked")??);
    report(
        &format!("events of a registration, {} at a time, beside a writer", scale.clients),
        &took,
    );
    println!(
        "{:<64} {:>9.0}/s",
        "  the writer meanwhile",
        written as f64 / took.all.as_secs_f64()
    );
    Ok(())
}

/// What is done with all of it.
fn whole(store: &Store, scale: &Scale) -> Outcome<()> {
    let rows = scale.products * 8 + scale.leaves;
    timed("check: database, audit chain, log, blobs", rows, || {
        let report = moving::check(store, &[])?;
        // The references of this benchmark lead nowhere.
        let other = report
            .faults
            .iter()
            .find(|fault| !matches!(fault, moving::Fault::NoBlob { .. }));
        other.map_or(Ok(()), |fault| Err(fault.to_string().into()))
    })?;
    timed("export", rows, || {
        Ok(moving::export(store, &scale.folder.join("export"))?)
    })?;
    timed("backup", rows, || {
        Ok(moving::backup(store, &scale.folder.join("backup"))?)
    })?;
    let target = Store::open(&StoreConfig::in_folder(scale.folder.join("imported")), &Clock::system())?;
    timed("import into SQLite, read back and compared", rows, || {
        Ok(moving::import(&target, &scale.folder.join("export"))?)
    })?;
    for name in ["data", "export", "backup", "imported"] {
        println!("{name:<64} {:>9.1} MB", size(&scale.folder.join(name)) as f64 / 1e6);
    }
    Ok(())
}

fn size(path: &Path) -> u64 {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}
