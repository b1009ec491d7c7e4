use std::path::{Path, PathBuf};

use super::*;
use crate::attest::Digest;
use crate::attest::log::{LeafEntry, NoteSigner, SignatureKind, TileId, prove_consistency, root_of, tiles_between};
use crate::registry::clock::Clock;
use crate::registry::store::{Store, StoreConfig, StoreError, values};

/// A folder that goes when it is no longer needed.
pub(in crate::registry) struct Scratch(PathBuf);

impl Scratch {
    pub(in crate::registry) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("junkyo-log-{name}-{}", std::process::id()));
        std::fs::remove_dir_all(&path).ok();
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(in crate::registry) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn store(folder: &Path) -> Store {
    Store::open(&StoreConfig::in_folder(folder), &Clock::at(1_800_000_000_000)).unwrap()
}

fn signer() -> NoteSigner {
    NoteSigner::from_seed("junkyo.example/log", SignatureKind::Log, &[0x15; 32]).unwrap()
}

fn open(folder: &Path) -> Result<LogWriter, LogError> {
    LogWriter::open(store(folder), &LogConfig::in_folder(folder.join("log")), signer())
}

fn entry(number: u64) -> LeafEntry {
    LeafEntry {
        kind: "registered".into(),
        payload: Digest::of(&number.to_be_bytes()).0,
        registration: Some(format!("JK-2026-{number:06}-00")),
    }
}

fn append(store: &Store, from: u64, count: u64) {
    store
        .write(|tx| {
            for number in from..from + count {
                let statement = (number % 3 == 0).then(|| format!("{{\"payload\":\"{number}\"}}"));
                let position = LogWriter::append(tx, &entry(number), statement.as_deref(), 0)?;
                assert_eq!(position, number);
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

/// Everything that is published fits together, up to a size.
fn assert_published(writer: &LogWriter, size: u64) {
    let (note, checkpoint) = writer.published().unwrap().unwrap();
    assert_eq!(checkpoint.size, size);
    assert!(writer.policy().check(&note).unwrap().quorum);
    let reader = writer.folder().reader(size);
    assert_eq!(reader.root().unwrap(), checkpoint.root);
    for number in [0, size / 2, size - 1] {
        let proof = writer.proof(number).unwrap();
        assert_eq!(proof.entry, entry(number).to_bytes());
        proof.verify(writer.policy()).unwrap();
    }
    let check = writer.check_files().unwrap();
    assert_eq!((check.entries, check.root), (size, checkpoint.root));
    for id in tiles_between(0, size) {
        assert!(writer.folder().file(&id.to_string()).unwrap().is_some(), "{id}");
    }
}

#[test]
fn a_log_grows() {
    let scratch = Scratch::new("grows");
    let writer = open(scratch.path()).unwrap();
    assert!(writer.published().unwrap().is_none());
    let store = store(scratch.path());
    let mut size = 0;
    let mut before: Option<crate::attest::log::Checkpoint> = None;
    for count in [1, 41, 213, 1, 1, 600] {
        append(&store, size, count);
        size += count;
        let checkpoint = writer.publish().unwrap();
        assert_published(&writer, size);
        if let Some(before) = before {
            let proof = prove_consistency(&writer.folder().reader(size), before.size, size).unwrap();
            proof.verify(before.size, &before.root, size, &checkpoint.root).unwrap();
        }
        before = Some(checkpoint);
    }
    assert_eq!(writer.publish().unwrap().size, size, "nothing new");
    assert!(matches!(writer.proof(size), Err(LogError::NotPublished { .. })));
    let statements = writer.folder().file(&statement_path(0, 256)).unwrap().unwrap();
    let lines: Vec<&str> = std::str::from_utf8(&statements.bytes).unwrap().lines().collect();
    assert_eq!((lines.len(), lines[0], lines[1]), (256, "{\"payload\":\"0\"}", "null"));
    // Opened again, it goes on.
    drop(writer);
    let writer = open(scratch.path()).unwrap();
    append(&store, size, 5);
    writer.publish().unwrap();
    assert_published(&writer, size + 5);
}

#[test]
fn a_crash_before_any_step_is_made_good() {
    for (at, step) in [
        Step::FullTiles,
        Step::PartialTiles,
        Step::Sign,
        Step::Witness,
        Step::Publish,
    ]
    .into_iter()
    .enumerate()
    {
        let scratch = Scratch::new(&format!("crash-{at}"));
        let store = store(scratch.path());
        append(&store, 0, 300);
        open(scratch.path()).unwrap().publish().unwrap();
        append(&store, 300, 300);
        let crashed = open(scratch.path()).unwrap().publish_observed(&mut |reached| {
            if reached == step {
                Err(LogError::Stopped(step))
            } else {
                Ok(())
            }
        });
        assert!(matches!(crashed, Err(LogError::Stopped(_))));
        // What is published is still the old state, whole.
        let writer = open(scratch.path()).unwrap();
        let (_, checkpoint) = writer.published().unwrap().unwrap();
        assert_eq!(checkpoint.size, 300);
        assert_eq!(writer.folder().reader(300).root().unwrap(), checkpoint.root);
        // More comes before it is published again.
        append(&store, 600, 1);
        writer.publish().unwrap();
        assert_published(&writer, 601);
    }
}

#[test]
fn a_restored_backup_signs_nothing() {
    let scratch = Scratch::new("backup");
    let live = scratch.path().join("live");
    let store = store(&live);
    append(&store, 0, 10);
    let writer = open(&live).unwrap();
    writer.publish().unwrap();
    let backup = scratch.path().join("backup.sqlite3");
    drop((store, writer));
    std::fs::copy(live.join("registry.sqlite3"), &backup).unwrap();

    let store = self::store(&live);
    append(&store, 10, 5);
    open(&live).unwrap().publish().unwrap();
    drop(store);
    for file in ["registry.sqlite3-wal", "registry.sqlite3-shm"] {
        std::fs::remove_file(live.join(file)).ok();
    }
    std::fs::copy(&backup, live.join("registry.sqlite3")).unwrap();
    let refused = |result: Result<LogWriter, LogError>| match result {
        Err(LogError::Behind {
            expected: 15,
            found: 10,
            ..
        }) => {}
        other => panic!("{other:?}"),
    };
    refused(open(&live));
    // Other entries in place of the lost ones are a fork.
    let store = self::store(&live);
    store
        .write(|tx| {
            for number in 0..7 {
                LogWriter::append(tx, &entry(1000 + number), None, 0)?;
            }
            Ok::<_, StoreError>(())
        })
        .unwrap();
    assert!(matches!(open(&live), Err(LogError::Root { size: 15, .. })));
}

/// What is changed, and how.
type Case = (&'static str, fn(&Store));

#[test]
fn a_changed_database_is_noticed() {
    let cases: [Case; 4] = [
        ("text", |store| {
            tamper(
                store,
                "UPDATE log_leaf SET leaf = REPLACE(leaf, 'registered', 'suspended') WHERE position = 3",
            )
        }),
        ("both", |store| {
            let other = entry(77);
            let hash = other.hash().to_vec();
            let leaf = String::from_utf8(other.to_bytes()).unwrap();
            unlocked(store, |tx| {
                tx.execute(
                    "UPDATE log_leaf SET leaf = ?1, hash = ?2 WHERE position = 3",
                    &values![&leaf, &hash],
                )
            });
        }),
        ("gone", |store| tamper(store, "DELETE FROM log_leaf WHERE position = 4")),
        ("end", |store| {
            tamper(store, "DELETE FROM log_statement WHERE position = 9");
            unlocked(store, |tx| tx.execute("DELETE FROM log_leaf WHERE position = 9", &[]));
        }),
    ];
    for (name, change) in cases {
        let scratch = Scratch::new(&format!("tamper-{name}"));
        let store = store(scratch.path());
        append(&store, 0, 10);
        let writer = open(scratch.path()).unwrap();
        writer.publish().unwrap();
        change(&store);
        let error = open(scratch.path()).unwrap_err();
        assert!(
            matches!(
                error,
                LogError::Changed { .. } | LogError::Root { .. } | LogError::Behind { .. }
            ),
            "{name}: {error}"
        );
        // A register that is running notices it with the next publication.
        if name != "end" {
            store.write(|tx| LogWriter::append(tx, &entry(500), None, 0)).unwrap();
        }
        let error = writer.publish().unwrap_err();
        assert!(
            matches!(
                error,
                LogError::Changed { .. } | LogError::Root { .. } | LogError::Behind { .. }
            ),
            "{name}: {error}"
        );
        assert_eq!(writer.published().unwrap().unwrap().1.size, 10);
    }
}

fn tamper(store: &Store, sql: &str) {
    unlocked(store, |tx| tx.execute(sql, &[]));
}

/// An insider with the database file takes the triggers away first.
fn unlocked(store: &Store, change: impl Fn(&mut dyn crate::registry::store::Tx) -> Result<u64, StoreError>) {
    store
        .write(|tx| {
            let triggers = tx.query(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('log_leaf', 'log_checkpoint', 'log_statement')",
                &[],
            )?;
            for trigger in triggers {
                tx.execute(&format!("DROP TRIGGER {}", trigger.text(0)?), &[])?;
            }
            assert!(change(tx)? > 0);
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn log_tables_only_grow() {
    let scratch = Scratch::new("append-only");
    let store = store(scratch.path());
    append(&store, 0, 3);
    open(scratch.path()).unwrap().publish().unwrap();
    for sql in [
        "UPDATE log_leaf SET at = 1",
        "DELETE FROM log_leaf",
        "INSERT OR REPLACE INTO log_leaf (position, hash, leaf, at) SELECT position, hash, 'x', 0 FROM log_leaf",
        "UPDATE log_checkpoint SET note = 'x'",
        "INSERT OR REPLACE INTO log_checkpoint (size, root, note, at) SELECT size, root, 'x', 0 FROM log_checkpoint",
        "DELETE FROM log_statement",
    ] {
        assert!(store.write(|tx| tx.execute(sql, &[])).is_err(), "{sql}");
    }
}

#[test]
fn a_changed_tile_stops_the_log() {
    let scratch = Scratch::new("tiles");
    let store = store(scratch.path());
    append(&store, 0, 300);
    let writer = open(scratch.path()).unwrap();
    writer.publish().unwrap();
    let tile = writer.folder().path().join("tile/0/000");
    let mut bytes = std::fs::read(&tile).unwrap();
    bytes[0] ^= 1;
    std::fs::write(&tile, &bytes).unwrap();
    assert!(matches!(writer.check_files(), Err(LogError::Tiles { .. })));
    let partial = writer.folder().path().join("tile/0/001.p/44");
    let mut bytes = std::fs::read(&partial).unwrap();
    bytes[0] ^= 1;
    std::fs::write(&partial, &bytes).unwrap();
    append(&store, 300, 1);
    assert!(matches!(writer.publish(), Err(LogError::Root { size: 300, .. })));
}

#[test]
fn two_processes_publish_one_log() {
    let scratch = Scratch::new("two");
    let store = store(scratch.path());
    let first = open(scratch.path()).unwrap();
    let second = open(scratch.path()).unwrap();
    std::thread::scope(|scope| {
        for (at, writer) in [&first, &second].into_iter().enumerate() {
            let store = store.clone();
            scope.spawn(move || {
                for turn in 0..8 {
                    let number = at as u64 * 1_000 + turn;
                    store
                        .write(|tx| LogWriter::append(tx, &entry(number), None, 0))
                        .unwrap();
                    writer.publish().unwrap();
                }
            });
        }
    });
    let (_, checkpoint) = first.published().unwrap().unwrap();
    assert_eq!(checkpoint.size, 16);
    assert_eq!(second.check_files().unwrap().root, checkpoint.root);
}

#[test]
fn only_files_of_the_log_are_served() {
    let scratch = Scratch::new("served");
    let store = store(scratch.path());
    append(&store, 0, 300);
    let writer = open(scratch.path()).unwrap();
    writer.publish().unwrap();
    let folder = writer.folder();
    std::fs::write(folder.path().join("secret"), "x").unwrap();
    for path in [
        "checkpoint",
        "policy",
        "tile/0/000",
        "tile/0/001.p/44",
        "tile/1/000.p/1",
        "tile/entries/000",
        "statement/001.p/44",
    ] {
        let file = folder.file(path).unwrap().unwrap_or_else(|| panic!("{path}"));
        assert_eq!(file.cache.contains("immutable"), path.contains('/'), "{path}");
    }
    for path in [
        "secret",
        "",
        "../registry.sqlite3",
        "tile/../checkpoint",
        "tile/0/0",
        "statement/../secret",
        "/checkpoint",
        "tile/0/001.p/45",
    ] {
        assert_eq!(folder.file(path).unwrap(), None, "{path}");
    }
    let id = TileId::from_path("tile/0/000").unwrap();
    let reader = folder.reader(300);
    let hashes = id.hashes(&folder.file("tile/0/000").unwrap().unwrap().bytes).unwrap();
    assert_eq!(root_of(&reader, 256).unwrap(), {
        let tree: crate::attest::log::Tree = hashes.into_iter().collect();
        tree.root()
    });
}

#[test]
fn the_configuration_names_witnesses() {
    let text = r#"
        quorum = 1
        [[witness]]
        key = "w1.example/witness+8176e40e+BFEcNKGiy1Id8WuyRrjejnmXziNcfnayKj11A6JIGd2K"
        url = "https://w1.example"
    "#;
    let config: LogConfig = toml::from_str(text).unwrap();
    assert_eq!(config.witnesses[0].key.name(), "w1.example/witness");
    assert_eq!(config.in_data(Path::new("/data")).folder, Path::new("/data/public/log"));
    for hostile in [
        "",
        "quorum = -1",
        "quorum = 1\nwitness = [{key = \"w1+0+0\", url = \"x\"}]",
        "quorum = 1\nfolders = \"x\"",
    ] {
        assert!(toml::from_str::<LogConfig>(hostile).is_err(), "{hostile}");
    }
    // More than there are is no quorum.
    let scratch = Scratch::new("quorum");
    let config = LogConfig {
        quorum: 1,
        ..LogConfig::in_folder(scratch.path().join("log"))
    };
    assert!(matches!(
        LogWriter::open(store(scratch.path()), &config, signer()),
        Err(LogError::Policy(_))
    ));
}

mod with_witnesses {
    use std::sync::Arc;

    use super::*;
    use crate::registry::witness::{Witness, serve};
    use crate::wire::Server;

    /// Two witnesses, listening, with their folders below a scratch folder.
    async fn witnesses(folder: &Path) -> (Vec<Server>, Vec<WitnessPeer>) {
        let mut servers = Vec::new();
        let mut peers = Vec::new();
        for (number, byte) in [(1, 0x16), (2, 0x17)] {
            let key = NoteSigner::from_seed(
                &format!("w{number}.example/witness"),
                SignatureKind::Cosignature,
                &[byte; 32],
            )
            .unwrap();
            let logs = vec![signer().key().clone()];
            let witness = Witness::open(&folder.join(format!("w{number}")), key, logs).unwrap();
            let key = witness.key().clone();
            let server = serve("127.0.0.1:0", Arc::new(witness)).await.unwrap();
            peers.push(WitnessPeer {
                key,
                url: format!("http://{}", server.address()),
            });
            servers.push(server);
        }
        (servers, peers)
    }

    fn open(folder: &Path, witnesses: &[WitnessPeer], quorum: usize) -> Result<LogWriter, LogError> {
        let config = LogConfig {
            witnesses: witnesses.to_vec(),
            quorum,
            ..LogConfig::in_folder(folder.join("log"))
        };
        LogWriter::open(store(folder), &config, signer())
    }

    async fn blocking<T: Send + 'static>(act: impl FnOnce() -> T + Send + 'static) -> T {
        tokio::task::spawn_blocking(act).await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn they_cosign_and_an_outage_is_waited_for() {
        let scratch = Scratch::new("witnessed");
        let folder = scratch.path().to_owned();
        let (mut servers, peers) = witnesses(&folder).await;
        let (folder, peers) = blocking(move || {
            let writer = open(&folder, &peers, 2).unwrap();
            let store = store(&folder);
            append(&store, 0, 10);
            writer.publish().unwrap();
            append(&store, 10, 300);
            writer.publish().unwrap();
            assert_published(&writer, 310);
            let (note, _) = writer.published().unwrap().unwrap();
            assert_eq!(writer.policy().check(&note).unwrap().witnesses.len(), 2);
            append(&store, 310, 1);
            (folder, peers)
        })
        .await;
        servers.pop();
        blocking(move || {
            let writer = open(&folder, &peers, 2).unwrap();
            assert!(matches!(
                writer.publish(),
                Err(LogError::Quorum {
                    size: 311,
                    found: 1,
                    ..
                })
            ));
            assert_eq!(
                writer.published().unwrap().unwrap().1.size,
                310,
                "nothing is published without them"
            );
            // With one of two as quorum, it goes on.
            let writer = open(&folder, &peers, 1).unwrap();
            writer.publish().unwrap();
            assert_published(&writer, 311);
        })
        .await;
        drop(servers);
    }

    /// The whole folder of the register is restored, published files too: only a witness knows better.
    #[tokio::test(flavor = "multi_thread")]
    async fn a_witness_that_is_ahead_stops_a_restored_register() {
        let scratch = Scratch::new("ahead");
        let folder = scratch.path().to_owned();
        let (servers, peers) = witnesses(&folder).await;
        blocking(move || {
            let [live, old] = ["live", "old"].map(|name| folder.join(name));
            for register in [&live, &old] {
                let store = store(register);
                append(&store, 0, 10);
                open(register, &peers, 1).unwrap().publish().unwrap();
            }
            append(&store(&live), 10, 5);
            open(&live, &peers, 1).unwrap().publish().unwrap();

            let store = store(&old);
            append(&store, 10, 2);
            let error = open(&old, &peers, 1).unwrap().publish().unwrap_err();
            assert!(
                matches!(
                    error,
                    LogError::Behind {
                        expected: 15,
                        found: 12,
                        ..
                    }
                ),
                "{error}"
            );
            let signed = store
                .read(|tx| Ok::<_, StoreError>(tx.query("SELECT size FROM log_checkpoint", &[])?.len()))
                .unwrap();
            assert_eq!(signed, 1, "nothing was signed");
            // It catches up with other entries: a fork, which the witness sees.
            append(&store, 12, 1);
            store
                .write(|tx| {
                    for number in 0..5 {
                        LogWriter::append(tx, &entry(900 + number), None, 0)?;
                    }
                    Ok::<_, StoreError>(())
                })
                .unwrap();
            let error = open(&old, &peers, 1).unwrap().publish().unwrap_err();
            assert!(matches!(error, LogError::Witness { .. }), "{error}");
            // It catches up with the same entries, and goes on.
        })
        .await;
        drop(servers);
    }
}
