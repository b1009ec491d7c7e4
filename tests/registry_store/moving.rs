//! From one kind of store to another, and back, without a bit lost.

use std::fs;
use std::path::Path;

use junkyo::attest::Digest;
use junkyo::registry::store::audit::{self, AuditEntry};
use junkyo::registry::store::moving::{MovingError, backup, check, export, import};
use junkyo::registry::store::{Store, StoreError, refer};
use libtest_mimic::Trial;

use super::harness::Folder;
use super::place::{Ground, Kind};
use super::{ensure, text, trial, values};

pub(crate) fn trials(skip: bool) -> Vec<Trial> {
    let ways = [
        (Kind::Local, Kind::Servers),
        (Kind::Local, Kind::Postgres),
        (Kind::Postgres, Kind::Objects),
        (Kind::Servers, Kind::Local),
    ];
    let moves = ways.into_iter().map(|(from, to)| {
        let act = move |folder: &Folder| there_and_back(from, to, folder);
        trial(format!("move::{}-to-{}", from.name(), to.name()), act)
    });
    let backups = [Kind::Local, Kind::Postgres, Kind::Objects].into_iter().map(|kind| {
        let act = move |folder: &Folder| backed_up(kind, folder);
        let skip = skip && kind != Kind::Local;
        trial(format!("backup::{}", kind.name()), act).with_ignored_flag(skip)
    });
    moves
        .map(|trial| trial.with_ignored_flag(skip))
        .chain(backups)
        .collect()
}

/// Rows of all tables that rest on nothing else, with everything that is hard to move.
fn fill(store: &Store) -> Result<(), String> {
    let detail = serde_json::json!({"理由": "\u{1F363}\u{FFFD}\n\"'\\"});
    for number in 0..30_u8 {
        let digest = store.blobs().put(&[number]).map_err(text)?;
        let written = store.write(|tx| {
            refer(tx, &digest, 1, "trial", &format!("髙{number}"), i64::from(number))?;
            let entry = AuditEntry {
                at: i64::MAX - 1,
                actor: "acc",
                action: "trial",
                object: "",
                detail: &detail,
            };
            audit::record(tx, &entry)?;
            let leaf = format!("{{\"n\":{number}}}");
            let hash = junkyo::attest::log::leaf_hash(leaf.as_bytes()).to_vec();
            let insert = "INSERT INTO log_leaf (position, hash, leaf, at) VALUES (?1, ?2, ?3, ?4)";
            tx.execute(insert, &values![u32::from(number), hash, leaf, i64::MIN])
        });
        written.map_err(text)?;
        store
            .jobs()
            .enqueue("trial", &number, &number.to_string())
            .map_err(text)?;
    }
    // Rows that refer to later ones of the order of names.
    let linked = store.write(|tx| {
        tx.execute(
            "INSERT INTO vendor (id, corporate_number, state, created, data) VALUES ('ven_1', '', 'admitted', 1, '{}')",
            &[],
        )?;
        tx.execute(
            "INSERT INTO product (id, vendor, name, created, data) VALUES ('prd_1', 'ven_1', '住記', 1, '{}')",
            &[],
        )
    });
    linked.map(|_| ()).map_err(text)
}

fn there_and_back(from: Kind, to: Kind, folder: &Folder) -> Result<(), String> {
    let (one, two) = (Ground::new(from, folder, "one")?, Ground::new(to, folder, "two")?);
    let (source, target) = (one.open()?, two.open()?);
    fill(&source)?;
    let exported = export(&source, &folder.at("first")).map_err(text)?;
    let imported = import(&target, &folder.at("first")).map_err(text)?;
    ensure(imported == exported, "another summary")?;
    export(&target, &folder.at("second")).map_err(text)?;
    same(&folder.at("first"), &folder.at("second"))?;
    let report = check(&target, &[exported.audit]).map_err(text)?;
    ensure(
        report.faults.is_empty() && report.blobs == 30 && report.log_leaves == 30,
        format!("{report:?}"),
    )?;
    // It goes on where the other one was.
    let after = target.write(|tx| tx.next("job")).map_err(text)?;
    ensure(after == 31, format!("the next job has number {after}"))?;
    // References are looked at as before.
    let loose = "INSERT INTO product (id, vendor, name, created, data) VALUES ('prd_2', 'absent', '', 1, '{}')";
    let refused = target.write(|tx| tx.execute(loose, &[]));
    ensure(
        matches!(refused, Err(StoreError::Constraint { .. })),
        format!("{refused:?}"),
    )?;
    let again = import(&target, &folder.at("first"));
    ensure(matches!(again, Err(MovingError::NotEmpty { .. })), format!("{again:?}"))?;
    // A row whose reference is not there comes to no store.
    let fresh = Ground::new(to, folder, "three")?;
    let broken = folder.at("first/tables/vendor.jsonl");
    fs::write(&broken, "").map_err(text)?;
    let refused = import(&fresh.open()?, &folder.at("first"));
    ensure(
        matches!(
            refused,
            Err(MovingError::Store(StoreError::Constraint { .. }) | MovingError::Differs { .. })
        ),
        format!("{refused:?}"),
    )
}

/// All files of two exports are the same, but for the time.
fn same(one: &Path, two: &Path) -> Result<(), String> {
    let names = |folder: &Path| -> Result<Vec<_>, String> {
        let mut names: Vec<_> = fs::read_dir(folder)
            .map_err(text)?
            .flatten()
            .map(|entry| entry.file_name())
            .collect();
        names.sort();
        Ok(names)
    };
    let (one, two) = (one.join("tables"), two.join("tables"));
    let tables = names(&one)?;
    ensure(tables == names(&two)? && tables.len() > 5, format!("{tables:?}"))?;
    for name in tables {
        let (left, right) = (
            fs::read(one.join(&name)).map_err(text)?,
            fs::read(two.join(&name)).map_err(text)?,
        );
        ensure(left == right, format!("{} differs", name.display()))?;
    }
    Ok(())
}

fn backed_up(kind: Kind, folder: &Folder) -> Result<(), String> {
    let ground = Ground::new(kind, folder, "data")?;
    let store = ground.open()?;
    fill(&store)?;
    // Others go on writing.
    let made = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for number in 0..20_u32 {
                let digest = store.blobs().put(format!("late {number}").as_bytes()).map_err(text)?;
                store
                    .write(|tx| refer(tx, &digest, 1, "late", &number.to_string(), 1))
                    .map_err(text)?;
            }
            Ok::<_, String>(())
        });
        let made = backup(&store, &folder.at("backup")).map_err(text);
        writer.join().map_err(|_| "panicked".to_owned())??;
        made
    })?;
    ensure(made.audit.count == 30, format!("{made:?}"))?;
    let copy = if kind.is_postgres() {
        let copy = Store::open(
            &junkyo::registry::store::StoreConfig::in_folder(folder.at("copy")),
            &ground.clock,
        );
        let copy = copy.map_err(text)?;
        import(&copy, &folder.at("backup/export")).map_err(text)?;
        copy
    } else {
        let config = junkyo::registry::store::StoreConfig::in_folder(folder.at("backup"));
        Store::open(&config, &ground.clock).map_err(text)?
    };
    let report = check(&copy, &[made.audit]).map_err(text)?;
    ensure(report.faults.is_empty() && report.blobs >= 30, format!("{report:?}"))?;
    let first = copy.blobs().get(&Digest::of(&[0])).map_err(text)?;
    ensure(first == [0], "another blob")
}
