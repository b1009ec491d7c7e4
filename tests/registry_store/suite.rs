//! What every store has to do, whatever it is made of.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::scope;

use junkyo::attest::Digest;
use junkyo::registry::store::audit::{self, AuditEntry};
use junkyo::registry::store::{ConstraintKind, Dialect, Store, StoreError, Tx, Value, refer};
use libtest_mimic::Trial;

use super::harness::Folder;
use super::place::{Ground, Kind};
use super::{ensure, text, trial, values};

/// A trial on a fresh store.
type Run = fn(&Ground, &Store, &Folder) -> Result<(), String>;

const TRIALS: &[(&str, Run)] = &[
    ("whole-or-nothing", whole_or_nothing),
    ("one-state", one_state),
    ("rules", rules),
    ("same-sql", same_sql),
    ("append-only", append_only),
    ("lost-updates", lost_updates),
    ("sequences", sequences),
    ("workers", workers),
    ("audit", audit_chain),
    ("alone", alone),
    ("many-rows", many_rows),
    ("blobs", blobs),
    ("opened-twice-at-once", opened_at_once),
    ("newer", newer),
    ("cut-connections", cut_connections),
    ("dropped-on-a-runtime", dropped_on_a_runtime),
];

pub(crate) fn trials(skip: bool) -> Vec<Trial> {
    let all = Kind::ALL
        .into_iter()
        .flat_map(|kind| TRIALS.iter().map(move |(name, run)| (kind, *name, *run)));
    all.map(|(kind, name, run)| {
        let act = move |folder: &Folder| {
            let ground = Ground::new(kind, folder)?;
            run(&ground, &ground.open()?, folder)
        };
        trial(format!("{}::{name}", kind.name()), act).with_ignored_flag(skip && kind != Kind::Local)
    })
    .collect()
}

fn put(tx: &mut dyn Tx, object: &str) -> Result<(), StoreError> {
    refer(tx, &Digest::of(object.as_bytes()), 1, "trial", object, 1)
}

fn objects(store: &Store) -> Result<Vec<String>, String> {
    let read = |tx: &mut dyn Tx| tx.query("SELECT object FROM blob_ref ORDER BY object", &[]);
    let rows = store.read(read).map_err(text)?;
    rows.iter().map(|row| row.text(0).map_err(text)).collect()
}

fn whole_or_nothing(ground: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
    store.write(|tx| put(tx, "a")).map_err(text)?;
    let failed = store.write(|tx| {
        put(tx, "b")?;
        tx.execute("INSERT INTO absent (a) VALUES (1)", &[])
    });
    ensure(
        matches!(failed, Err(StoreError::Statement { .. })),
        format!("{failed:?}"),
    )?;
    let swallowed = store.write(|tx| {
        put(tx, "c")?;
        tx.execute("SELECT absent", &[]).ok();
        let after = put(tx, "d");
        Ok::<_, StoreError>(matches!(after, Err(StoreError::Aborted)))
    });
    ensure(matches!(swallowed, Err(StoreError::Aborted)), format!("{swallowed:?}"))?;
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        store.write(|tx| {
            put(tx, "e")?;
            if std::hint::black_box(true) {
                std::panic::resume_unwind(Box::new("in the middle"));
            }
            Ok::<_, StoreError>(())
        })
    }));
    ensure(panicked.is_err(), "no panic")?;
    store.write(|tx| put(tx, "f")).map_err(text)?;
    ensure(objects(store)? == ["a", "f"], format!("{:?}", objects(store)))?;
    let other = ground.open()?;
    ensure(objects(&other)? == ["a", "f"], "another handle sees something else")
}

fn one_state(ground: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
    let written = store.read(|tx| put(tx, "a"));
    ensure(written.is_err(), "a reader wrote")?;
    let other = ground.open()?;
    let count = |tx: &mut dyn Tx| tx.query("SELECT digest FROM blob_ref", &[]).map(|rows| rows.len());
    let seen = store.read(|tx| {
        let before = count(tx)?;
        let written = scope(|scope| scope.spawn(|| other.write(|tx| put(tx, "b"))).join());
        written.map_err(|_| StoreError::Aborted)??;
        Ok::<_, StoreError>((before, count(tx)?))
    });
    ensure(seen.map_err(text)? == (0, 0), "a reader saw two states")?;
    ensure(store.read(count).map_err(text)? == 1, "a new reader sees the old state")?;
    let nested = store.write(|_| store.read(count));
    ensure(matches!(nested, Err(StoreError::Nested)), format!("{nested:?}"))
}

fn rules(_: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
    let insert = |digest: Value, size: Value| {
        store.write(|tx| {
            tx.execute(
                "INSERT INTO blob_ref (digest, kind, object, size, at) VALUES (?1, 'a', 'b', ?2, 1)",
                &[digest.clone(), size.clone()],
            )
        })
    };
    let digest = Value::from(Digest::of(b"a"));
    insert(digest.clone(), 1_i64.into()).map_err(text)?;
    for (what, digest, size, expected) in [
        ("twice", digest.clone(), Value::Int(1), ConstraintKind::Unique),
        ("nothing", digest.clone(), Value::Null, ConstraintKind::NotNull),
        ("short", "abc".into(), Value::Int(1), ConstraintKind::Check),
        (
            "text",
            Value::from(Digest::of(b"b")),
            "many".into(),
            ConstraintKind::Check,
        ),
        (
            "bytes",
            Value::Bytes(vec![b'a'; 64]),
            Value::Int(1),
            ConstraintKind::Check,
        ),
    ] {
        let found = insert(digest, size);
        let right = matches!(&found, Err(StoreError::Constraint { kind, .. }) if *kind == expected);
        ensure(right, format!("{what}: expected {expected:?}, found {found:?}"))?;
    }
    let nul = insert("a\0".into(), Value::Int(1));
    ensure(matches!(nul, Err(StoreError::Nul { number: 1 })), format!("{nul:?}"))?;
    let typo = store.read(|tx| tx.one("SELECT absent FROM sequence", &[])).map(|_| ());
    let said = typo.map_or_else(text, |()| "nothing".into());
    ensure(said.contains("absent") && said.contains("FROM sequence"), said)
}

fn same_sql(_: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
    let names = ["b", "A", "a", "税", "高", "髙", "100%", "1000", "_", "é", "ア"];
    store
        .write(|tx| {
            for (at, name) in names.iter().enumerate() {
                tx.execute(
                    "INSERT INTO sequence (name, value) VALUES (?1, ?2)",
                    &values![*name, at as u32],
                )?;
            }
            Ok::<_, StoreError>(())
        })
        .map_err(text)?;
    let query = |sql: &str, values: &[Value]| -> Result<Vec<Vec<Value>>, String> {
        let rows = store
            .read(|tx| tx.query(sql, values))
            .map_err(|error| format!("{sql}: {error}"))?;
        Ok(rows.iter().map(|row| row.values().to_vec()).collect())
    };
    let one = |text: &str| vec![Value::from(text)];
    let mut sorted = names;
    sorted.sort_unstable();
    let expected: Vec<_> = sorted.iter().map(|name| one(name)).collect();
    ensure(
        query("SELECT name FROM sequence ORDER BY name", &[])? == expected,
        "not sorted by bytes",
    )?;
    let like = "SELECT name FROM sequence WHERE name LIKE ?1 ESCAPE '\\' ORDER BY name";
    ensure(
        query(like, &values!["a%"])? == [one("a")],
        "LIKE does not tell cases apart",
    )?;
    ensure(
        query(like, &values!["100\\%"])? == [one("100%")],
        "LIKE does not escape",
    )?;
    ensure(query(like, &values!["\\_"])? == [one("_")], "LIKE does not escape")?;
    let null = query(
        "SELECT name, NULLIF(value, 0) FROM sequence WHERE value < ?1 ORDER BY NULLIF(value, 0) NULLS LAST, name LIMIT ?2",
        &values![2, 5],
    )?;
    ensure(
        null == [values!["A", 1].to_vec(), values!["b", None::<i64>].to_vec()],
        format!("{null:?}"),
    )?;
    let sums = query(
        "SELECT COUNT(*), CAST(SUM(value) AS BIGINT), MAX(value), CASE WHEN COUNT(*) > 3 THEN 'many' ELSE 'few' END, \
         COALESCE(MIN(NULLIF(value, value)), -1), LENGTH('税務'), SUBSTR('税務課', 2, 1), 1 = 1 FROM sequence",
        &[],
    )?;
    let expected = values![11, 55, 10, "many", -1, 2, "務", true].to_vec();
    ensure(sums == [expected], format!("{sums:?}"))?;
    let optional = "SELECT name FROM sequence WHERE (?1 = '' OR name = ?1) AND value IN (?2, ?3) ORDER BY value DESC";
    ensure(
        query(optional, &values!["", 0, 3])? == [one("税"), one("b")],
        "an optional condition",
    )?;
    let upsert = "INSERT INTO sequence (name, value) VALUES ('a', 7) ON CONFLICT (name) DO UPDATE \
                  SET value = excluded.value + sequence.value RETURNING value";
    let row = store.write(|tx| tx.one(upsert, &[])).map_err(text)?;
    ensure(
        row.map(|row| row.values().to_vec()) == Some(values![9].to_vec()),
        "RETURNING",
    )?;
    let nothing = "INSERT INTO sequence (name, value) VALUES ('a', 7) ON CONFLICT DO NOTHING";
    ensure(
        store.write(|tx| tx.execute(nothing, &[])).map_err(text)? == 0,
        "ON CONFLICT DO NOTHING",
    )?;
    let bytes: Vec<u8> = (0..=255).collect();
    let insert = "INSERT INTO log_leaf (position, hash, leaf, at) VALUES (?1, ?2, ?3, ?4)";
    store
        .write(|tx| tx.execute(insert, &values![i64::MAX, &bytes, "𠮟\u{1F363}\n", i64::MIN]))
        .map_err(text)?;
    let back = query("SELECT position, hash, leaf, at, LENGTH(hash) FROM log_leaf", &[])?;
    ensure(
        back == [values![i64::MAX, bytes, "𠮟\u{1F363}\n", i64::MIN, 256].to_vec()],
        format!("{back:?}"),
    )?;
    let deleted = store
        .write(|tx| tx.execute("DELETE FROM sequence WHERE value >= ?1", &values![8]))
        .map_err(text)?;
    ensure(deleted == 4, format!("{deleted} rows were deleted"))
}

fn append_only(_: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
    let tables = [
        (
            "audit",
            "INSERT INTO audit (sequence, at, actor, action, object, detail, previous, hash) VALUES (1, 1, '', '', '', '', '', 'h')",
            "at = 2",
            "sequence",
        ),
        (
            "log_leaf",
            "INSERT INTO log_leaf (position, hash, leaf, at) VALUES (1, ?1, 'l', 1)",
            "at = 2",
            "position",
        ),
        (
            "log_checkpoint",
            "INSERT INTO log_checkpoint (size, root, note, at) VALUES (1, ?1, 'n', 1)",
            "at = 2",
            "size",
        ),
    ];
    for (table, insert, change, key) in tables {
        let parameters = if insert.contains("?1") {
            values![vec![1_u8]].to_vec()
        } else {
            Vec::new()
        };
        store.write(|tx| tx.execute(insert, &parameters)).map_err(text)?;
        let dialect = store.read(|tx| Ok::<_, StoreError>(tx.dialect())).map_err(text)?;
        let mut attacks = vec![
            format!("UPDATE {table} SET {change}"),
            format!("DELETE FROM {table}"),
            format!("{insert} ON CONFLICT ({key}) DO UPDATE SET {change}"),
        ];
        match dialect {
            Dialect::Sqlite => {
                attacks.push(insert.replace("INSERT INTO", "INSERT OR REPLACE INTO"));
                attacks.push(insert.replace("INSERT INTO", "REPLACE INTO"));
                attacks.push(format!("UPDATE OR REPLACE {table} SET {change}"));
            }
            Dialect::Postgres => attacks.push(format!("TRUNCATE {table}")),
        }
        for attack in attacks {
            let parameters = if attack.contains("?1") {
                parameters.as_slice()
            } else {
                &[]
            };
            let found = store.write(|tx| tx.execute(&attack, parameters));
            let kind = ConstraintKind::AppendOnly;
            let right = matches!(&found, Err(StoreError::Constraint { kind: found, .. }) if *found == kind);
            ensure(right, format!("{attack}: {found:?}"))?;
        }
        let count = store
            .read(|tx| tx.one(&format!("SELECT COUNT(*), MAX(at) FROM {table}"), &[]))
            .map_err(text)?;
        let count = count.map(|row| row.values().to_vec());
        ensure(count == Some(values![1, 1].to_vec()), format!("{table}: {count:?}"))?;
    }
    Ok(())
}

fn lost_updates(ground: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
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

fn sequences(ground: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
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

fn workers(ground: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
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

fn audit_chain(ground: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
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

fn alone(ground: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
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

fn many_rows(_: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
    let insert = "INSERT INTO sequence (name, value) VALUES (?1, ?2)";
    let written = store.write(|tx| {
        (0..5_000_u32).try_for_each(|number| {
            tx.execute(insert, &values![format!("s{number:05}"), number])
                .map(|_| ())
        })
    });
    written.map_err(text)?;
    let mut seen = Vec::new();
    let read = store.read(|tx| {
        seen.clear();
        tx.each("SELECT value FROM sequence ORDER BY name", &[], &mut |row| {
            seen.push(row.int(0)?);
            Ok(())
        })
    });
    read.map_err(text)?;
    ensure(seen == (0..5_000).collect::<Vec<_>>(), "rows are missing")?;
    // What takes the rows may stop in the middle, and the store goes on.
    let stopped = store.read(|tx| tx.each("SELECT value FROM sequence", &[], &mut |_| Err(StoreError::Aborted)));
    ensure(matches!(stopped, Err(StoreError::Aborted)), format!("{stopped:?}"))?;
    let count = store
        .read(|tx| tx.one("SELECT COUNT(*) FROM sequence", &[]))
        .map_err(text)?;
    ensure(
        count.map(|row| row.values().to_vec()) == Some(values![5_000].to_vec()),
        "the store does not go on",
    )
}

fn blobs(ground: &Ground, store: &Store, folder: &Folder) -> Result<(), String> {
    let large: Vec<u8> = (0..5 * 1024 * 1024_u32).map(|at| (at % 251) as u8).collect();
    let contents: [&[u8]; 3] = [b"", b"small", &large];
    let mut kept = BTreeSet::new();
    for content in contents {
        let digest = store.blobs().put(content).map_err(text)?;
        ensure(digest == Digest::of(content), "another digest")?;
        ensure(
            store.blobs().put(content).map_err(text)? == digest,
            "not the same the second time",
        )?;
        ensure(
            store.blobs().get(&digest).map_err(text)? == content,
            "something else comes back",
        )?;
        let size = store.blobs().size(&digest).map_err(text)?;
        ensure(size == Some(content.len() as u64), format!("size {size:?}"))?;
        kept.insert(digest);
    }
    let file = folder.write("a document.pdf", "content")?;
    let digest = store.blobs().put_file(&file).map_err(text)?;
    kept.insert(digest);
    let copy = folder.at("copy.pdf");
    store.blobs().copy_to(&digest, &copy).map_err(text)?;
    ensure(
        std::fs::read(&copy).map_err(text)? == b"content",
        "the copy is something else",
    )?;
    let listed = store.blobs().list().map_err(text)?;
    ensure(
        listed == kept.iter().copied().collect::<Vec<_>>(),
        format!("{listed:?}"),
    )?;
    let none = Digest::of(b"none");
    let missing = store.blobs().get(&none);
    ensure(
        matches!(missing, Err(StoreError::NoBlob { .. })),
        format!("{missing:?}"),
    )?;
    ensure(
        !store.blobs().exists(&none).map_err(text)?,
        "there is what is not there",
    )?;
    let other = ground.open()?;
    ensure(
        other.blobs().get(&digest).map_err(text)? == b"content",
        "another handle does not find it",
    )?;
    // Many at once, the same ones too.
    scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    (0..10_u8)
                        .map(|at| store.blobs().put(&[at]).map_err(text))
                        .collect::<Result<Vec<_>, _>>()
                })
            })
            .collect();
        let results: Vec<_> = threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| "panicked"))
            .collect();
        results.into_iter().try_for_each(|result| result?.map(|_| ()))
    })
}

fn opened_at_once(_: &Ground, _: &Store, folder: &Folder) -> Result<(), String> {
    // A second place of the same kind would need another server: two processes that begin with an empty folder.
    let config = junkyo::registry::store::StoreConfig::in_folder(folder.at("fresh"));
    let clock = junkyo::registry::clock::Clock::system();
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

fn newer(ground: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
    let insert = "INSERT INTO migration (number, name, digest, at) VALUES (9999, 'later', 'x', 1)";
    store.write(|tx| tx.execute(insert, &[])).map_err(text)?;
    let refused = Store::open(&ground.config, &ground.clock);
    let right = matches!(refused, Err(StoreError::Newer { found: 9999, .. }));
    ensure(right, format!("{refused:?}"))
}

fn cut_connections(ground: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
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
    let address = super::server::beside(address)?;
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

fn dropped_on_a_runtime(_: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
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
