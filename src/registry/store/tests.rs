use std::path::PathBuf;

use super::*;

/// A store in a fresh folder, which goes at the end.
pub(super) struct Scratch(pub(super) PathBuf);

impl Scratch {
    pub(super) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("junkyo-store-{name}-{}", std::process::id()));
        std::fs::remove_dir_all(&path).ok();
        Self(path)
    }

    pub(super) fn store(&self) -> Store {
        Store::open(&StoreConfig::in_folder(&self.0), &Clock::at(1_000)).unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn refer(tx: &mut dyn Tx, object: &str) -> Result<u64, StoreError> {
    tx.execute(
        "INSERT INTO blob_ref (digest, kind, object, size, at) VALUES (?1, 'test', ?2, 1, 1)",
        &values![Digest::of(object.as_bytes()), object],
    )
}

fn objects(store: &Store) -> Vec<String> {
    let read = |tx: &mut dyn Tx| tx.query("SELECT object FROM blob_ref ORDER BY object", &[]);
    let rows = store.read(read).unwrap();
    rows.iter().map(|row| row.text(0).unwrap()).collect()
}

use crate::attest::Digest;

#[test]
fn a_transaction_happens_whole_or_not_at_all() {
    let scratch = Scratch::new("whole");
    let store = scratch.store();
    store.write(|tx| refer(tx, "a")).unwrap();
    let failed = store.write(|tx| {
        refer(tx, "b")?;
        Err::<(), _>(StoreError::Aborted)
    });
    assert!(matches!(failed, Err(StoreError::Aborted)));
    // An error that is not handed on does not commit half of it.
    let swallowed = store.write(|tx| {
        refer(tx, "c")?;
        assert!(refer(tx, "c").unwrap_err().is_unique());
        assert!(matches!(refer(tx, "d"), Err(StoreError::Aborted)));
        Ok::<_, StoreError>(())
    });
    assert!(matches!(swallowed, Err(StoreError::Aborted)));
    assert_eq!(objects(&store), ["a"]);
    drop(store);
    assert_eq!(objects(&scratch.store()), ["a"]);
}

#[test]
fn readers_do_not_write_and_see_one_state() {
    let scratch = Scratch::new("readers");
    let store = scratch.store();
    assert!(store.read(|tx| refer(tx, "a")).is_err());
    let other = store.clone();
    let seen = store.read(|tx| {
        let before = tx.query("SELECT * FROM blob_ref", &[])?.len();
        std::thread::scope(|scope| scope.spawn(|| other.write(|tx| refer(tx, "b"))).join().unwrap())?;
        Ok::<_, StoreError>((before, tx.query("SELECT * FROM blob_ref", &[])?.len()))
    });
    assert_eq!(seen.unwrap(), (0, 0));
    assert_eq!(objects(&store), ["b"]);
}

#[test]
fn one_inside_another_is_refused() {
    let scratch = Scratch::new("nested");
    let store = scratch.store();
    let nested = store.write(|_| store.read(|tx| tx.one("SELECT 1", &[])));
    assert!(matches!(nested, Err(StoreError::Nested)));
    store.write(|tx| refer(tx, "after")).unwrap();
}

#[test]
fn a_sequence_gives_each_number_once() {
    let scratch = Scratch::new("sequence");
    let store = scratch.store();
    assert_eq!(store.write(|tx| tx.next("a")).unwrap(), 1);
    let taken_back = store.write(|tx| {
        assert_eq!(tx.next("a")?, 2);
        Err::<(), _>(StoreError::Aborted)
    });
    assert!(taken_back.is_err());
    assert_eq!(
        store
            .write(|tx| Ok::<_, StoreError>((tx.next("a")?, tx.next("b")?)))
            .unwrap(),
        (2, 1)
    );
}

#[test]
fn values_of_another_type_nul_and_broken_rules_are_told_apart() {
    let scratch = Scratch::new("rules");
    let store = scratch.store();
    let insert = |name: Value, value: Value| {
        store.write(|tx| {
            tx.execute(
                "INSERT INTO sequence (name, value) VALUES (?1, ?2)",
                &[name.clone(), value.clone()],
            )
        })
    };
    let kind = |result: Result<u64, StoreError>| match result {
        Err(StoreError::Constraint { kind, .. }) => kind,
        other => panic!("{other:?}"),
    };
    insert("a".into(), 1_i64.into()).unwrap();
    assert_eq!(kind(insert("a".into(), 1_i64.into())), ConstraintKind::Unique);
    assert_eq!(kind(insert("b".into(), Value::Null)), ConstraintKind::NotNull);
    assert_eq!(kind(insert("b".into(), "x".into())), ConstraintKind::Check);
    assert!(matches!(
        insert("a\0".into(), 1_i64.into()),
        Err(StoreError::Nul { number: 1 })
    ));
    let typo = store
        .read(|tx| tx.one("SELECT absent FROM sequence", &[]))
        .unwrap_err()
        .to_string();
    assert!(
        typo.contains("no such column") && typo.contains("SELECT absent FROM sequence"),
        "{typo}"
    );
}

#[test]
fn a_database_of_a_newer_junkyo_is_left_alone() {
    let scratch = Scratch::new("newer");
    let insert = "INSERT INTO migration (number, name, digest, at) VALUES (9999, 'later', 'x', 1)";
    scratch.store().write(|tx| tx.execute(insert, &[])).unwrap();
    let error = Store::open(&StoreConfig::in_folder(&scratch.0), &Clock::system()).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 9999, .. }), "{error}");
    assert!(error.to_string().contains("registry.sqlite3"), "{error}");
}

#[test]
fn a_changed_migration_is_found() {
    let scratch = Scratch::new("changed");
    let update = "UPDATE migration SET digest = 'other' WHERE number = 1";
    scratch.store().write(|tx| tx.execute(update, &[])).unwrap();
    let error = Store::open(&StoreConfig::in_folder(&scratch.0), &Clock::system()).unwrap_err();
    assert!(matches!(error, StoreError::OtherMigration { number: 1, .. }), "{error}");
}

#[test]
fn rows_of_append_only_tables_stay() {
    let scratch = Scratch::new("append");
    let store = scratch.store();
    store
        .write(|tx| {
            tx.execute(
                "INSERT INTO log_checkpoint (size, root, note, at) VALUES (1, ?1, 'n', 1)",
                &values![vec![1_u8]],
            )
        })
        .unwrap();
    for sql in [
        "UPDATE log_checkpoint SET note = 'other'",
        "DELETE FROM log_checkpoint",
        "INSERT OR REPLACE INTO log_checkpoint (size, root, note, at) VALUES (1, x'02', 'other', 2)",
        "REPLACE INTO log_checkpoint (size, root, note, at) VALUES (1, x'02', 'other', 2)",
        "INSERT INTO log_checkpoint (size, root, note, at) VALUES (1, x'02', 'other', 2) ON CONFLICT (size) DO UPDATE SET note = 'other'",
        "UPDATE OR REPLACE log_checkpoint SET note = 'other'",
    ] {
        let refused = store.write(|tx| tx.execute(sql, &[]));
        let kind = ConstraintKind::AppendOnly;
        assert!(
            matches!(refused, Err(StoreError::Constraint { kind: found, .. }) if found == kind),
            "{sql}: {refused:?}"
        );
    }
    let row = store
        .read(|tx| tx.one("SELECT note FROM log_checkpoint", &[]))
        .unwrap()
        .unwrap();
    assert_eq!(row.text(0).unwrap(), "n");
}

#[test]
fn no_database_and_no_address_are_told() {
    let scratch = Scratch::new("address");
    std::fs::create_dir_all(&scratch.0).unwrap();
    let mut config = StoreConfig::in_folder(&scratch.0);
    std::fs::write(
        scratch.0.join("registry.sqlite3"),
        "no database at all, but long enough to be read as one\n".repeat(40),
    )
    .unwrap();
    assert!(matches!(
        Store::open(&config, &Clock::system()),
        Err(StoreError::Damaged { .. })
    ));
    config.database = Some("mysql://host/name".into());
    let error = Store::open(&config, &Clock::system()).unwrap_err().to_string();
    assert!(
        error.contains("mysql") && error.contains("expected sqlite:PATH"),
        "{error}"
    );
}

#[cfg(unix)]
#[test]
fn what_is_written_is_for_this_user_only() {
    use std::os::unix::fs::PermissionsExt;
    let scratch = Scratch::new("modes");
    let store = scratch.store();
    store.write(|tx| refer(tx, "a")).unwrap();
    for (name, mode) in [
        ("registry.sqlite3", 0o600),
        ("registry.sqlite3-wal", 0o600),
        ("blobs", 0o700),
    ] {
        let found = std::fs::metadata(scratch.0.join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(found, mode, "{name}: {found:o}");
    }
}
