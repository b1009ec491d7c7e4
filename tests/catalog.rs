//! `junkyo catalog` and `junkyo registry witness` as people use them: from a folder, a file, an address; exit codes.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;

use junkyo::attest::envelope::Envelope;
use junkyo::attest::key::{Algorithm, FileKey, Signer};
use junkyo::attest::log::{
    Checkpoint, ConsistencyProof, LeafEntry, NoteSigner, SignatureKind, Tree, VerifierKey, cosignature_of,
};
use junkyo::attest::statement::{Basis, EventKind, RegistrationEvent, Review, Scope, Statement, Subject};
use junkyo::attest::verify::trust::{BundleKey, Role, TrustBundle};
use junkyo::attest::{Digest, DigestSet};
use junkyo::catalog::{CATALOG, Catalog, Cloud, Declared, Head, Listing, LogHead, PublicEvent, STATEMENT, VendorFacts};
use junkyo::registry::clock::Clock;
use junkyo::registry::log::{LogConfig, LogWriter};
use junkyo::registry::store::{Store, StoreConfig, StoreError};
use junkyo::registry::witness::{Asked, ask};
use junkyo::wire::{Answer, Handler, Server, ServerOptions, response_bytes};

const FIRST: &str = "JK-2026-000001-00";
const SECOND: &str = "JK-2026-000002-00";

/// A folder that goes with the test.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}

fn junkyo(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_junkyo"))
        .args(["--lang", "en"])
        .args(arguments)
        .output()
        .expect("junkyo starts")
}

/// Output and exit code.
fn run(arguments: &[&str]) -> (String, i32) {
    let output = junkyo(arguments);
    let text = String::from_utf8(output.stdout).expect("text");
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    (format!("{text}{errors}"), output.status.code().expect("an exit code"))
}

fn key(byte: u8) -> FileKey {
    FileKey::from_secret(Algorithm::Ed25519, &[byte; 32]).expect("a key")
}

/// The published site of a register with two products, as a static export has it.
struct Site {
    scratch: Scratch,
    store: Store,
    log: LogWriter,
    events: Vec<PublicEvent>,
}

impl Site {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("junkyo-catalog-{name}-{}", std::process::id()));
        std::fs::remove_dir_all(&path).ok();
        let store = Store::open(&StoreConfig::in_folder(path.join("data")), &Clock::system()).expect("a store");
        let signer = NoteSigner::of_key("junkyo.example/log", SignatureKind::Log, Arc::new(key(1))).expect("a signer");
        let log = LogWriter::open(store.clone(), &LogConfig::in_folder(path.join("site/log")), signer).expect("a log");
        let mut site = Self {
            scratch: Scratch(path),
            store,
            log,
            events: Vec::new(),
        };
        let roles = [(Role::Root, 2), (Role::Decision, 3), (Role::Snapshot, 4)];
        let bundle = TrustBundle {
            issuer: "架空の登録機関".into(),
            keys: roles
                .map(|(role, byte)| BundleKey::new(role, key(byte).public()))
                .into(),
            log: Some(site.log.policy().to_string()),
            schema: "trust-bundle/v1".into(),
            threshold: 1,
            tsa: Vec::new(),
            version: 1,
        };
        let line = bundle.sign(&[&key(2)]).expect("signed");
        site.write("trust/trust-bundle.intoto.jsonl", line.as_bytes());
        std::fs::write(site.scratch.0.join("trust"), line).expect("writable");
        site.event(FIRST, EventKind::Registered, "2026-04-01");
        site.event(SECOND, EventKind::Registered, "2026-05-01");
        site.event(SECOND, EventKind::Suspended, "2026-06-01");
        site.publish(1);
        site
    }

    fn folder(&self) -> String {
        self.scratch.0.join("site").display().to_string()
    }

    fn file(&self, name: &str) -> String {
        self.scratch.0.join(name).display().to_string()
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let file = Path::new(&self.folder()).join(path);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("writable");
        std::fs::write(file, bytes).expect("writable");
    }

    fn event(&mut self, number: &str, event: EventKind, since: &str) {
        let before = self.events.iter().rev().find(|event| event.registration == number);
        let first = before.is_none();
        let statement = Statement {
            subject: vec![Subject::new("髙島住民記録 3.2.1", Digest::of(number.as_bytes()))],
            predicate: RegistrationEvent {
                affects: Vec::new(),
                basis: first.then(|| Basis {
                    documents: Vec::new(),
                    report: DigestSet::of(b"report"),
                    review: Review {
                        approver: "apr:3".into(),
                        examiners: vec!["exm:7".into()],
                    },
                    waivers: Vec::new(),
                }),
                event,
                previous: before.map(|before| before.sha256.into()),
                reason: None,
                registration_number: number.to_owned(),
                review_by: None,
                scope: first.then(|| Scope {
                    features: Vec::new(),
                    profiles: vec!["unit.01.provider".into()],
                    step: None,
                    suite: DigestSet::of(b"corpus"),
                    units: vec!["01".into()],
                }),
                sequence: before.map_or(1, |before| before.sequence + 1),
                successor: None,
                valid_from: since.to_owned(),
                valid_until: first.then(|| "2099-03-31".to_owned()),
            },
        };
        let payload = statement.to_bytes().expect("canonical");
        let envelope = Envelope::sign(&payload, &[&key(3)]).expect("signed");
        let entry = LeafEntry {
            kind: event.word().into(),
            payload: envelope.payload_digest().0,
            registration: Some(number.to_owned()),
        };
        let line = envelope.to_line();
        let index = self.store.write(|tx| LogWriter::append(tx, &entry, Some(&line), 0));
        let index = index.map_err(|error: StoreError| error).expect("appended");
        self.events
            .push(PublicEvent::of(index, envelope.payload_digest(), &statement).expect("an event"));
    }

    fn publish(&self, no: u64) {
        let listings = [(FIRST, "髙島住民記録"), (SECOND, "渡邉国保\u{1b}[31m")].map(|(number, name)| Listing {
            digest: Digest::of(number.as_bytes()),
            id: format!("prd_{number}"),
            name: name.into(),
            name_kana: String::new(),
            version: "3.2.1".into(),
            build: String::new(),
            vendor: VendorFacts {
                corporate_number: "9000000000000".into(),
                name: "株式会社架空システム".into(),
                name_kana: String::new(),
            },
            declared: Declared {
                clouds: vec![Cloud::Government],
                ..Declared::default()
            },
        });
        let checkpoint = self.log.publish().expect("published");
        let head = Head {
            catalog: "junkyo.example".into(),
            no,
            issued_at: "2026-11-22T00:00:00Z".into(),
            next_update: "2099-11-23T00:00:00Z".into(),
            log: LogHead {
                root: Digest(checkpoint.root).into(),
                size: checkpoint.size,
            },
        };
        let catalog = Catalog::fold(self.events.clone(), listings)
            .expect("a catalog")
            .with_head(head.clone());
        let bytes = catalog.to_json().expect("JSON");
        let statement = head.statement(Digest::of(&bytes)).to_bytes().expect("canonical");
        self.write(CATALOG, &bytes);
        let line = Envelope::sign(&statement, &[&key(4)]).expect("signed").to_line();
        self.write(STATEMENT, line.as_bytes());
    }

    /// Serves the site as any web server would.
    fn serve(&self, runtime: &tokio::runtime::Runtime) -> (Server, String) {
        let folder = PathBuf::from(self.folder());
        let handler: Handler = Arc::new(move |request, _| {
            let file = folder.join(request.path().trim_start_matches('/'));
            Box::pin(async move {
                let bytes = match std::fs::read(file) {
                    Ok(body) => response_bytes(200, &[("Content-Type", "application/octet-stream")], &body),
                    Err(_) => response_bytes(404, &[], b""),
                };
                Answer::Send { bytes, close: false }
            })
        });
        let server = runtime
            .block_on(Server::start("127.0.0.1:0", ServerOptions::default(), handler))
            .expect("listening");
        let url = format!("http://{}", server.address());
        (server, url)
    }
}

#[test]
fn people_find_show_and_compare() {
    let site = Site::new("find");
    let folder = site.folder();
    let from = ["--from", &folder];
    let search = |arguments: &[&str]| run(&[&["catalog", "search"], arguments, &from].concat());
    let (text, exit) = search(&["高島", "--facet-counts"]);
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains(FIRST) && !text.contains(SECOND), "{text}");
    assert!(text.contains("Resident register"), "{text}");
    let (text, exit) = search(&["渡辺", "--where", "status=suspended", "--json"]);
    assert_eq!(exit, 0, "{text}");
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(
        (&value["total"], &value["records"][0]["registration"]),
        (&1.into(), &SECOND.into())
    );
    let (text, exit) = search(&[]);
    assert_eq!(exit, 0);
    assert!(!text.contains('\u{1b}'), "no control characters of vendors");
    assert_eq!(search(&["渡辺", "--where", "status=active"]).1, 4, "nothing found");
    for wrong in [
        &["--where", "color=red"][..],
        &["--where", "status"],
        &["--where", "status=gone"],
        &["--sort", "price"],
        &["--as-of", "2026-02-30"],
        &["--page", "0"],
    ] {
        assert_eq!(search(wrong).1, 2, "{wrong:?}");
    }

    let show = |number: &str, more: &[&str]| run(&[&["catalog", "show", number], &from[..], more].concat());
    let (text, exit) = show(FIRST, &[]);
    assert_eq!(exit, 0, "{text}");
    assert!(
        text.contains("Status: registered") && text.contains("01 Resident register"),
        "{text}"
    );
    assert_eq!(show(SECOND, &[]).1, 1, "suspended");
    assert_eq!(show(SECOND, &["--as-of", "2026-05-31"]).1, 0, "not yet suspended");
    assert_eq!(show(SECOND, &["--as-of", "2026-04-30"]).1, 4, "not yet registered");
    assert_eq!(show("JK-2026-000009-00", &[]).1, 4);
    let (text, _) = show(SECOND, &["--json"]);
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(value["status"], "suspended");

    let (text, exit) = run(&["catalog", "compare", FIRST, SECOND, "--from", &folder]);
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains("Status  *") && text.contains("Vendor\n"), "{text}");
    assert_eq!(
        run(&["catalog", "compare", FIRST, "--from", &folder]).1,
        2,
        "with what?"
    );
    let (text, exit) = run(&["catalog", "matrix", "01", "--from", &folder]);
    assert_eq!(exit, 0, "{text}");
    assert_eq!(run(&["catalog", "matrix", "99", "--from", &folder]).1, 2);
    // The file alone is enough, also where there is no network.
    let file = format!("{folder}/{CATALOG}");
    assert_eq!(run(&["catalog", "show", FIRST, "--from", &file]).1, 0);
    assert_eq!(run(&["catalog", "show", FIRST, "--from", &site.file("nowhere")]).1, 2);
}

#[test]
fn people_take_it_home() {
    let site = Site::new("export");
    for (name, begins) in [
        ("c.csv", "\u{feff}registration,"),
        ("c.atom", "<?xml"),
        ("c.json", "{\"catalog\""),
    ] {
        let out = site.file(name);
        let (text, exit) = run(&["catalog", "export", "--from", &site.folder(), "--out", &out]);
        assert_eq!(exit, 0, "{text}");
        assert!(
            std::fs::read_to_string(&out).expect("written").starts_with(begins),
            "{name}"
        );
    }
    let published = std::fs::read(Path::new(&site.folder()).join(CATALOG)).expect("published");
    assert_eq!(
        std::fs::read(site.file("c.json")).expect("written"),
        published,
        "byte for byte"
    );
    let dictionary = site.file("columns.csv");
    let out = site.file("d.csv");
    let (_, exit) = run(&[
        "catalog",
        "export",
        "--from",
        &site.folder(),
        "--out",
        &out,
        "--dictionary",
        &dictionary,
    ]);
    assert_eq!(exit, 0);
    let columns = std::fs::read_to_string(&dictionary).expect("written").lines().count() - 1;
    let first = std::fs::read_to_string(&out)
        .expect("written")
        .lines()
        .next()
        .map(|line| line.split(',').count());
    assert_eq!(first, Some(columns));
    assert_eq!(
        run(&[
            "catalog",
            "export",
            "--from",
            &site.folder(),
            "--out",
            &site.file("c.doc")
        ])
        .1,
        2
    );
}

#[test]
fn the_monitor_and_its_exit_codes() {
    let mut site = Site::new("monitor");
    let (folder, trust, state) = (site.folder(), site.file("trust"), site.file("state.json"));
    let verify = |more: &[&str]| run(&[&["catalog", "verify", &folder, "--trust", &trust], more].concat());
    let (text, exit) = verify(&[]);
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains("VALID") && text.contains("C6-replay"), "{text}");
    assert_eq!(
        run(&["catalog", "verify", &folder]).1,
        3,
        "the site's own keys prove little"
    );
    let watch = ["--state", &*state, "--watch", FIRST];
    assert_eq!(verify(&watch).1, 0);
    assert_eq!(verify(&watch).1, 0);
    assert_eq!(verify(&["--watch", FIRST]).1, 2, "watching needs a memory");
    site.event(FIRST, EventKind::Suspended, "2026-11-20");
    site.publish(2);
    let (text, exit) = verify(&watch);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("C8-watched"), "{text}");
    assert_eq!(verify(&watch).1, 0, "told once");
    let quick = [&watch[..], &["--quick", "--json"]].concat();
    let (text, exit) = verify(&quick);
    assert_eq!(exit, 0, "{text}");
    assert!(text.contains("\"conclusion\": \"VALID\""), "{text}");

    // Over the network the same; and what is not there cannot be decided.
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (server, url) = site.serve(&runtime);
    let (text, exit) = run(&["catalog", "verify", &url, "--trust", &trust, "--state", &state]);
    assert_eq!(exit, 0, "{text}");
    assert_eq!(run(&["catalog", "search", "高島", "--from", &url]).1, 0);
    drop(server);
    assert_eq!(run(&["catalog", "verify", &url, "--trust", &trust]).1, 3);
    assert_eq!(run(&["catalog", "search", "高島", "--from", &url]).1, 3);

    // Somebody changes the published catalog.
    let catalog = std::fs::read_to_string(Path::new(&folder).join(CATALOG)).expect("published");
    site.write(CATALOG, catalog.replace("2099-03-31", "2199-03-31").as_bytes());
    let (text, exit) = verify(&watch);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("C5-snapshot"), "{text}");
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

#[test]
fn a_witness_as_a_program() {
    let scratch = Scratch(std::env::temp_dir().join(format!("junkyo-catalog-witness-{}", std::process::id())));
    std::fs::remove_dir_all(&scratch.0).ok();
    let log = NoteSigner::from_seed("junkyo.example/log", SignatureKind::Log, &[1; 32]).expect("a key");
    let tree: Tree = (0..5_u8).map(|number| [number; 32]).collect();
    let checkpoint = Checkpoint {
        origin: log.key().name().to_owned(),
        size: 5,
        root: tree.root(),
    };
    let note = checkpoint.sign(&log).expect("signed");
    let vkey = log.key().to_string();
    let start = || {
        let folder = scratch.0.display().to_string();
        let arguments = [
            "--lang",
            "en",
            "registry",
            "witness",
            "serve",
            "--data",
            &folder,
            "--name",
            "w.example/one",
            "--log",
            &vkey,
            "--listen",
            "127.0.0.1:0",
        ];
        let mut child = Command::new(env!("CARGO_BIN_EXE_junkyo"))
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .expect("junkyo starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let mut after = |what: &str| {
            let line = lines.next().expect("a line").expect("text");
            let at = line.find(what).unwrap_or_else(|| panic!("{what} in {line}"));
            line[at + what.len()..].to_owned()
        };
        let url = format!("http://{}", after("http://").trim_end_matches('.'));
        let key: VerifierKey = after("key: ").parse().expect("a key");
        (Running(child), url, key)
    };
    let none = ConsistencyProof { hashes: Vec::new() };
    let (first, url, key) = start();
    let Ok(Asked::Cosigned(line)) = ask(&url, &note, 0, &none, &key) else {
        panic!("not cosigned")
    };
    let mut cosigned = note.clone();
    cosigned.add(line);
    assert!(cosignature_of(&cosigned, &key).is_some());
    drop(first);
    // The same key, and the same memory, after it was stopped.
    let (_second, url, again) = start();
    assert_eq!(again, key);
    assert_eq!(ask(&url, &note, 0, &none, &key).expect("an answer"), Asked::Seen(5));
    assert_eq!(
        run(&[
            "registry", "witness", "serve", "--data", "x", "--name", "a b", "--log", "nonsense"
        ])
        .1,
        2
    );
}
