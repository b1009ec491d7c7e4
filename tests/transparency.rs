//! The transparency log against the reference: Go's `golang.org/x/mod/sumdb` reads what our writer has published.
//!
//! `ci/install-peers` installs Go and the package (Debian); with `JUNKYO_SKIP_PEERS=1` the tests are ignored.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use junkyo::attest::log::{Hash, LeafEntry, NoteSigner, SignatureKind, prove_consistency, prove_inclusion, root_of};
use junkyo::registry::clock::Clock;
use junkyo::registry::log::{LogConfig, LogWriter, WitnessPeer};
use junkyo::registry::store::{Store, StoreConfig, StoreError};
use junkyo::registry::witness::{Witness, serve};

/// Entries of the published log: three levels of tiles would need 16 million; two, with a part of each, is what we have.
const SIZES: [u64; 4] = [1, 257, 12_345, 13_000];

fn skipped() -> bool {
    std::env::var("JUNKYO_SKIP_PEERS").is_ok_and(|value| value == "1")
}

/// A folder that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("junkyo-transparency-{name}-{}", std::process::id()));
        std::fs::remove_dir_all(&path).ok();
        std::fs::create_dir_all(&path).expect("writable");
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// The Go program, built once.
fn logcheck() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        let folder = target.join("peers/transparency");
        std::fs::create_dir_all(&folder).expect("writable");
        let program = folder.join("logcheck");
        let built = Command::new("go")
            .args(["build", "-o"])
            .arg(&program)
            .arg(root.join("tests/peers/transparency/main.go"))
            .env("GO111MODULE", "off")
            .env("GOPATH", "/usr/share/gocode")
            .env("GOCACHE", folder.join("cache"))
            .env("CGO_ENABLED", "0")
            .output()
            .expect("Go is not installed: run ci/install-peers (or set JUNKYO_SKIP_PEERS=1)");
        assert!(
            built.status.success(),
            "{}\ngolang-golang-x-mod-dev is needed: run ci/install-peers (or set JUNKYO_SKIP_PEERS=1)",
            String::from_utf8_lossy(&built.stderr)
        );
        program
    })
}

fn entry(number: u64) -> LeafEntry {
    let mut payload = [0; 32];
    payload[..8].copy_from_slice(&number.to_be_bytes());
    LeafEntry {
        kind: "registered".into(),
        payload,
        registration: Some(format!("JK-2026-{number:06}-00")),
    }
}

/// A log that grew in several steps, with two witnesses; the keys in the order in which the checker takes them.
struct Published {
    scratch: Scratch,
    writer: LogWriter,
    keys: Vec<String>,
}

impl Published {
    fn new(name: &str, sizes: &[u64]) -> Self {
        let scratch = Scratch::new(name);
        let runtime = tokio::runtime::Runtime::new().expect("a runtime");
        let log = NoteSigner::from_seed("junkyo.example/log", SignatureKind::Log, &[0x15; 32]).expect("a key");
        let mut keys = vec![log.key().to_string()];
        let mut servers = Vec::new();
        let mut witnesses = Vec::new();
        for (witness, byte) in [("w1.example/witness", 0x16), ("w2.example/witness", 0x17)] {
            let signer = NoteSigner::from_seed(witness, SignatureKind::Cosignature, &[byte; 32]).expect("a key");
            let folder = scratch.0.join(format!("witness-{byte}"));
            let witness = Witness::open(&folder, signer, vec![log.key().clone()]).expect("a witness");
            keys.push(witness.key().to_string());
            let key = witness.key().clone();
            let server = runtime
                .block_on(serve("127.0.0.1:0", Arc::new(witness)))
                .expect("listening");
            let url = format!("http://{}", server.address());
            witnesses.push(WitnessPeer { key, url });
            servers.push(server);
        }
        let clock = Clock::at(1_795_300_000_000);
        let store = Store::open(&StoreConfig::in_folder(scratch.0.join("data")), &clock).expect("a store");
        let config = LogConfig {
            witnesses,
            quorum: 2,
            ..LogConfig::in_folder(scratch.0.join("log"))
        };
        let writer = LogWriter::open(store.clone(), &config, log).expect("a log");
        let mut from = 0;
        for &size in sizes {
            store
                .write(|tx| {
                    (from..size).try_for_each(|number| LogWriter::append(tx, &entry(number), None, 0).map(|_| ()))
                })
                .map_err(|error: StoreError| error)
                .expect("appended");
            assert_eq!(writer.publish().expect("published").size, size);
            from = size;
        }
        Self { scratch, writer, keys }
    }

    fn folder(&self) -> PathBuf {
        self.scratch.0.join("log")
    }

    fn ask(&self, commands: &str) -> Output {
        let mut peer = Command::new(logcheck())
            .arg(self.folder())
            .args(&self.keys)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the checker starts");
        let mut input = peer.stdin.take().expect("piped");
        let commands = commands.to_owned();
        // It may refuse before it has read everything.
        let writing = std::thread::spawn(move || input.write_all(commands.as_bytes()).ok());
        let output = peer.wait_with_output().expect("it ends");
        writing.join().expect("written");
        output
    }

    fn refused(&self) -> String {
        let output = self.ask("record 5\n");
        assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        String::from_utf8_lossy(&output.stderr).into_owned()
    }
}

fn line(command: &str, hashes: impl IntoIterator<Item = Hash>) -> String {
    hashes.into_iter().fold(command.to_owned(), |line, hash| {
        format!("{line} {}", STANDARD.encode(hash))
    })
}

#[test]
fn go_reads_our_log_and_makes_the_same_proofs() {
    if skipped() {
        return;
    }
    let published = Published::new("same", &SIZES);
    let size = SIZES[3];
    let reader = published.writer.folder().reader(size);
    let root = reader.root().expect("tiles");
    let mut commands = String::new();
    let mut expected = vec![format!("log {size} {}", STANDARD.encode(root))];
    let sampled = (0..size).step_by(97).chain([255, 256, 257, 12_287, 12_288, size - 1]);
    for number in sampled {
        commands.push_str(&format!("record {number}\n"));
        let proof = prove_inclusion(&reader, number, size).expect("tiles");
        proof
            .verify(&entry(number).hash(), number, size, &root)
            .expect("it holds");
        expected.push(line("record", proof.hashes));
    }
    for old in (1..size).step_by(211).chain(SIZES) {
        commands.push_str(&format!("tree {old}\n"));
        let old_root = root_of(&reader, old).expect("tiles");
        let proof = prove_consistency(&reader, old, size).expect("tiles");
        proof.verify(old, &old_root, size, &root).expect("it holds");
        expected.push(line("tree", std::iter::once(old_root).chain(proof.hashes)));
    }
    let output = published.ask(&commands);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers = String::from_utf8(output.stdout).expect("text");
    for (answer, expected) in answers.lines().zip(&expected) {
        assert_eq!(answer, expected);
    }
    assert_eq!(answers.lines().count(), expected.len());
}

/// The checker is one that can say no.
#[test]
fn go_refuses_what_was_changed() {
    if skipped() {
        return;
    }
    let published = Published::new("changed", &[300]);
    let change = |path: &str, edit: fn(&mut Vec<u8>)| {
        let file = published.folder().join(path);
        let before = std::fs::read(&file).expect("published");
        let mut bytes = before.clone();
        edit(&mut bytes);
        std::fs::write(&file, bytes).expect("writable");
        let why = published.refused();
        std::fs::write(&file, before).expect("writable");
        why
    };
    let why = change("checkpoint", |bytes| bytes[20] ^= 1);
    assert!(why.contains("refused"), "{why}");
    // The hash beside entry 5, so the first one of its proof.
    let why = change("tile/0/000", |bytes| bytes[32 * 4] ^= 1);
    assert!(why.contains("refused"), "{why}");
    let why = change("tile/entries/000", |bytes| {
        let at = bytes
            .windows(6)
            .position(|window| window == b"000005")
            .expect("entry 5");
        bytes[at + 5] = b'6';
    });
    assert!(why.contains("entry 5"), "{why}");
    let output = published.ask("record 5\n");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
