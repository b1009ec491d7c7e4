//! What every store has to do, whatever it is made of.

use std::collections::BTreeSet;
use std::thread::scope;

use junkyo::attest::Digest;
use junkyo::registry::store::audit::{self, AuditEntry};
use junkyo::registry::store::{ConstraintKind, Dialect, Store, StoreError, Tx, Value, refer};
use libtest_mimic::Trial;

use super::harness::Folder;
use super::place::{Ground, Kind};
use super::{ensure, many, text, trial, values};

/// A trial on a fresh store.
type Run = fn(&Ground, &Store, &Folder) -> Result<(), String>;

const TRIALS: &[(&str, Run)] = &[
    ("whole-or-nothing", whole_or_nothing),
    ("one-state", one_state),
    ("rules", rules),
    ("same-sql", same_sql),
    ("append-only", append_only),
    ("lost-updates", many::lost_updates),
    ("sequences", many::sequences),
    ("workers", many::workers),
    ("audit", many::audit_chain),
    ("alone", many::alone),
    ("clocks", clocks),
    ("many-rows", many_rows),
    ("blobs", blobs),
    ("opened-twice-at-once", many::opened_at_once),
    ("newer", newer),
    ("cut-connections", many::cut_connections),
    ("dropped-on-a-runtime", many::dropped_on_a_runtime),
];

pub(crate) fn trials(skip: bool) -> Vec<Trial> {
    let all = Kind::ALL
        .into_iter()
        .flat_map(|kind| TRIALS.iter().map(move |(name, run)| (kind, *name, *run)));
    all.map(|(kind, name, run)| {
        let act = move |folder: &Folder| {
            let ground = Ground::new(kind, folder, "data")?;
            run(&ground, &ground.open()?, folder)
        };
        trial(format!("{}::{name}", kind.name()), act).with_ignored_flag(skip && kind != Kind::Local)
    })
    .collect()
}

pub(crate) fn put(tx: &mut dyn Tx, object: &str) -> Result<(), StoreError> {
    refer(tx, &Digest::of(object.as_bytes()), 1, "trial", object, 1)
}

pub(crate) fn objects(store: &Store) -> Result<Vec<String>, String> {
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
            Dialect::Postgres => attacks.push(format!("TRUNCATE {table} CASCADE")),
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

fn newer(ground: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
    let insert = "INSERT INTO migration (number, name, digest, at) VALUES (9999, 'later', 'x', 1)";
    store.write(|tx| tx.execute(insert, &[])).map_err(text)?;
    let refused = Store::open(&ground.config, &ground.clock);
    let right = matches!(refused, Err(StoreError::Newer { found: 9999, .. }));
    ensure(right, format!("{refused:?}"))
}

fn clocks(_: &Ground, store: &Store, _: &Folder) -> Result<(), String> {
    let detail = serde_json::json!({});
    for (at, object) in [
        (5_000, "first"),
        (-1, "second"),
        (9_000_000_000_000, "third"),
        (0, "fourth"),
    ] {
        store.clock().set(at);
        let entry = AuditEntry {
            at,
            actor: "acc",
            action: "trial",
            object,
            detail: &detail,
        };
        store.write(|tx| audit::record(tx, &entry)).map_err(text)?;
        store.jobs().enqueue("trial", &at, object).map_err(text)?;
    }
    let rows = store.read(|tx| audit::rows(tx, 0, 10, None, None)).map_err(text)?;
    let objects: Vec<_> = rows.iter().map(|row| row.object.as_str()).collect();
    ensure(
        objects == ["first", "second", "third", "fourth"],
        format!("{objects:?}"),
    )?;
    let mut keys = Vec::new();
    while let Some(job) = store.jobs().claim("w", &["trial"], 1_000).map_err(text)? {
        store.jobs().finish(&job, &()).map_err(text)?;
        keys.push(job.key);
    }
    ensure(keys == objects, format!("{keys:?}"))?;
    let faults = audit::verify(store, &[]).map_err(text)?;
    ensure(faults.is_empty(), format!("{faults:?}"))
}
