use super::super::tests::Scratch;
use super::super::{Store, refer, values};
use super::*;

/// A store with something of everything.
fn filled(scratch: &Scratch) -> Store {
    let store = scratch.store();
    let digest = store.blobs().put(b"a bundle").unwrap();
    store.blobs().put(b"a refused one").unwrap();
    let detail = serde_json::json!({"理由": "試験"});
    for object in ["a", "b"] {
        let entry = audit::AuditEntry {
            at: 5,
            actor: "acc_1",
            action: "test",
            object,
            detail: &detail,
        };
        store.write(|tx| audit::record(tx, &entry)).unwrap();
    }
    store.jobs().enqueue("judge", &1, "k").unwrap();
    let leaf = "{}";
    let hash = crate::attest::log::leaf_hash(leaf.as_bytes()).to_vec();
    let written = store.write(|tx| {
        refer(tx, &digest, 8, "bundle", "sub_1", 5)?;
        tx.execute(
            "INSERT INTO log_leaf (position, hash, leaf, at) VALUES (0, ?1, ?2, 5)",
            &values![&hash, leaf],
        )
    });
    written.unwrap();
    store
}

fn is_different(error: &MovingError) -> bool {
    matches!(error, MovingError::Differs { .. })
}

fn is_damaged(error: &MovingError) -> bool {
    matches!(error, MovingError::Store(StoreError::DamagedBlob { .. }))
}

#[test]
fn an_export_fills_an_empty_store_and_no_other() {
    let (here, there) = (Scratch::new("move-here"), Scratch::new("move-there"));
    let store = filled(&here);
    let folder = here.0.join("export");
    let exported = export(&store, &folder).unwrap();
    assert_eq!((exported.blobs.count, exported.blobs.bytes), (2, 21));
    let again = export(&store, &folder).unwrap_err();
    assert!(matches!(again, MovingError::NotEmpty { .. }), "{again}");
    let other = there.store();
    assert_eq!(import(&other, &folder).unwrap(), exported);
    let report = check(&other, std::slice::from_ref(&exported.audit)).unwrap();
    assert_eq!(report.faults, []);
    assert_eq!(
        (report.audit_rows, report.log_leaves, report.blobs, report.unreferenced),
        (2, 1, 2, 1)
    );
    let full = import(&other, &folder).unwrap_err();
    assert!(
        matches!(&full, MovingError::NotEmpty { found, .. } if found == "rows in audit"),
        "{full}"
    );
    let back = export(&other, &there.0.join("export")).unwrap();
    assert_eq!(back.tables, exported.tables);
}

#[test]
fn an_export_that_was_changed_is_refused_and_leaves_nothing() {
    let here = Scratch::new("tamper-here");
    let store = filled(&here);
    type Tamper = fn(&Path);
    type Expected = fn(&MovingError) -> bool;
    let cases: [(&str, Tamper, Expected); 6] = [
        (
            "row",
            |folder| edit(&folder.join("tables/job.jsonl"), "judge", "jndge"),
            is_different,
        ),
        (
            "chain",
            |folder| edit(&folder.join("tables/audit.jsonl"), "acc_1", "acc_2"),
            is_different,
        ),
        (
            "columns",
            |folder| edit(&folder.join("tables/job.jsonl"), "[1,", "["),
            |error| matches!(error, MovingError::Format { line: 1, .. }),
        ),
        (
            "table",
            |folder| edit(&folder.join(EXPORT), "\"job\"", "\"job; DROP TABLE job\""),
            |error| matches!(error, MovingError::Format { line: 0, .. }),
        ),
        (
            "migration",
            |folder| edit(&folder.join(EXPORT), "\"base\"", "\"other\""),
            |error| matches!(error, MovingError::OtherMigrations { .. }),
        ),
        (
            "blob",
            |folder| {
                let digest = Digest::of(b"a bundle").to_string();
                fs::remove_file(folder.join("blobs").join(&digest[..2]).join(&digest[2..])).unwrap();
            },
            is_different,
        ),
    ];
    for (name, tamper, expected) in cases {
        let folder = here.0.join(name);
        export(&store, &folder).unwrap();
        tamper(&folder);
        let there = Scratch::new(&format!("tamper-{name}"));
        let other = there.store();
        let error = import(&other, &folder).unwrap_err();
        assert!(expected(&error), "{name}: {error}");
        let rows = other.read(|tx| tx.query("SELECT id FROM job", &[])).unwrap();
        assert!(rows.is_empty(), "{name}");
    }
}

fn edit(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{}: {text}", path.display());
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

#[test]
fn a_backup_is_a_store() {
    let (here, there) = (Scratch::new("backup-here"), Scratch::new("backup-there"));
    let store = filled(&here);
    let file = backup(&store, &there.0).unwrap();
    assert_eq!(
        (file.kind.as_str(), file.blobs.count, file.audit.count),
        ("sqlite", 2, 2)
    );
    let copy = there.store();
    assert_eq!(check(&copy, &[file.audit]).unwrap().faults, []);
    assert!(matches!(backup(&store, &there.0), Err(MovingError::NotEmpty { .. })));
    // A copy of what is not whole is none.
    store
        .write(|tx| refer(tx, &Digest::of(b"lost"), 4, "bundle", "sub_2", 5))
        .unwrap();
    let third = Scratch::new("backup-third");
    let error = backup(&store, &third.0).unwrap_err();
    assert!(is_different(&error) && error.to_string().contains("sub_2"), "{error}");
}

#[test]
fn what_is_wrong_is_found() {
    let scratch = Scratch::new("check");
    let store = filled(&scratch);
    let lost = Digest::of(b"lost");
    store.write(|tx| refer(tx, &lost, 4, "bundle", "sub_2", 5)).unwrap();
    let name = Digest::of(b"a bundle").to_string();
    fs::write(scratch.0.join("blobs").join(&name[..2]).join(&name[2..]), b"a bundlf").unwrap();
    let connection = rusqlite::Connection::open(scratch.0.join("registry.sqlite3")).unwrap();
    let attack = "DROP TRIGGER log_leaf_no_update; UPDATE log_leaf SET leaf = '[]', position = 1; \
                  PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; \
                  UPDATE job SET state = 'nowhere';";
    connection.execute_batch(attack).unwrap();
    let report = check(&store, &[]).unwrap();
    let said: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
    let expected = [
        "CHECK constraint failed in job",
        "rows of log_leaf can be changed",
        "expected leaf 0, found leaf 1",
        "leaf 1 is not what its hash says",
        &format!("blob {lost} of sub_2 is not there"),
        &format!("blob {name} is damaged"),
    ];
    let there = Scratch::new("check-backup");
    let error = backup(&store, &there.0).unwrap_err();
    assert!(is_damaged(&error), "{error}");
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    for (said, expected) in said.iter().zip(expected) {
        assert!(said.contains(expected), "{said} ≠ {expected}");
    }
}
