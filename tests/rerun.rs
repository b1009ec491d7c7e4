//! A run that is killed in the middle: its journal can be read, `--rerun` completes it without
//! sending again what was finished, and judging gives the same verdicts as often as it is done.

#[path = "hostile/attended.rs"]
mod attended;
#[path = "hostile/process.rs"]
mod process;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use process::{Mock, Scratch, junkyo};

/// Stands before the reference platform and counts what is sent to it. The connections are
/// encrypted, but the TLS records tell: each request is one record of application data. The end of
/// a handshake looks the same, so the number is a little high, in every run alike.
struct Counter {
    address: SocketAddr,
    sent: Arc<AtomicUsize>,
}

impl Counter {
    fn before(product: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let sent = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&sent);
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let counted = Arc::clone(&counted);
                std::thread::spawn(move || pass_on(client, product, &counted));
            }
        });
        Self { address, sent }
    }

    /// Requests since it was last asked.
    fn take(&self) -> usize {
        self.sent.swap(0, Ordering::Relaxed)
    }
}

fn pass_on(mut client: TcpStream, product: SocketAddr, sent: &AtomicUsize) -> Option<()> {
    let mut server = TcpStream::connect(product).ok()?;
    client.set_nodelay(true).ok()?;
    server.set_nodelay(true).ok()?;
    let (mut from, mut to) = (server.try_clone().ok()?, client.try_clone().ok()?);
    std::thread::spawn(move || {
        std::io::copy(&mut from, &mut to).ok();
        to.shutdown(Shutdown::Write).ok();
    });
    // Record by record. What is no TLS, a probe with plain HTTP, passes as it is.
    let mut first = [0];
    if client.peek(&mut first).ok()? == 0 || first[0] != HANDSHAKE {
        std::io::copy(&mut client, &mut server).ok();
    }
    let mut record = [0; 5];
    while client.read_exact(&mut record).is_ok() {
        let mut body = vec![0; usize::from(u16::from_be_bytes([record[3], record[4]]))];
        client.read_exact(&mut body).ok()?;
        sent.fetch_add(usize::from(record[0] == APPLICATION_DATA), Ordering::Relaxed);
        server.write_all(&[&record[..], &body].concat()).ok()?;
    }
    server.shutdown(Shutdown::Write).ok()
}

const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// The reference platform behind a counter, and the target file that leads there.
fn product(scratch: &Scratch, name: &str) -> (Mock, Counter) {
    let mock = Mock::start(scratch, name);
    let target = mock.target();
    let token = value_of(&target, "token-endpoint");
    let address = token.split('/').nth(2).expect("a host and a port").to_owned();
    let counter = Counter::before(address.parse().expect("an address"));
    let target = target
        .replace(&address, &counter.address.to_string())
        // The authorization server knows itself by its own address.
        .replace("[auth]", &format!("[auth]\naudience = \"{token}\""));
    scratch.write(&format!("{name}/target.toml"), &target);
    (mock, counter)
}

fn value_of(target: &str, key: &str) -> String {
    let line = target
        .lines()
        .find(|line| line.starts_with(key))
        .expect("written by the mock");
    line.split('"').nth(1).expect("a text").to_owned()
}

const RUN: [&str; 5] = ["run", "--target", "mock/target.toml", "--out", "run"];
const RERUN: [&str; 5] = ["run", "--target", "mock/target.toml", "--rerun", "run"];

fn records(journal: &Path) -> Vec<Value> {
    let text = fs::read_to_string(journal).unwrap_or_default();
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}

/// Scenarios with a record of this kind.
fn scenarios(records: &[Value], kind: &str) -> BTreeSet<String> {
    records
        .iter()
        .filter(|record| record["record"] == kind)
        .filter_map(|record| Some(record["scenario"].as_str()?.to_owned()))
        .collect()
}

fn verdicts(report: &Path) -> BTreeMap<String, String> {
    let report: Value = serde_json::from_slice(&fs::read(report).expect("a report")).expect("JSON");
    let views = report["scenarios"].as_array().expect("scenarios");
    let word = |value: &Value| value.as_str().expect("a text").to_owned();
    views
        .iter()
        .map(|view| (word(&view["id"]), word(&view["verdict"])))
        .collect()
}

/// Starts a run and kills it without warning once so many scenarios are finished.
fn kill_after(scratch: &Scratch, finished: usize) {
    let journal = scratch.join("run/evidence/journal.jsonl");
    let mut running = junkyo(scratch, &RUN).start();
    let ends = || fs::read_to_string(&journal).map_or(0, |text| text.matches("\"record\":\"end\"").count());
    assert!(running.wait_until(|| ends() >= finished), "it was over too early");
    running.signal("KILL");
    let ended = running.wait();
    assert_eq!(ended.code, None, "{ended}");
    assert!(
        !scratch.join("run/report.json").exists(),
        "it was over before it was killed"
    );
}

#[test]
fn killed_and_completed() {
    let scratch = Scratch::new("killed");
    let (_mock, counter) = product(&scratch, "mock");
    let journal = scratch.join("run/evidence/journal.jsonl");

    kill_after(&scratch, 250);
    let first = counter.take();
    let before = records(&journal);
    let finished = scenarios(&before, "end");
    // Readable as it is: what was finished is judged, the rest is open.
    junkyo(&scratch, &["judge", "run", "--out", "half"])
        .run()
        .expect(3, &["Outcome: incomplete", "--rerun"]);
    let half = verdicts(&scratch.join("half/report.json"));
    assert_eq!(
        half.values().filter(|verdict| *verdict == "pass").count(),
        finished.len()
    );

    junkyo(&scratch, &RERUN).run().expect(0, &["Outcome: conformant"]);
    let second = counter.take();
    let after = records(&journal);
    let planned = after[0]["planned"].as_array().expect("the plan").len();
    assert!(planned > 600);
    assert_eq!(verdicts(&scratch.join("run/report.json")).len(), planned);
    assert_eq!(scenarios(&after, "end").len(), planned);
    // What was written stays, and nothing that was finished is done again.
    assert_eq!(after[..before.len()], before[..]);
    let again = scenarios(&after[before.len()..], "begin");
    assert!(again.is_disjoint(&finished), "{:?}", again.intersection(&finished));
    assert_eq!(again.len(), planned - finished.len());

    // The product sees the same: both runs together are one, and what was under way.
    let (_fresh, undisturbed) = product(&scratch, "fresh");
    let run = ["run", "--target", "fresh/target.toml", "--out", "whole"];
    junkyo(&scratch, &run).run().expect(0, &["Outcome: conformant"]);
    let whole = undisturbed.take();
    assert!(second < whole, "{first} and {second} requests, {whole} in a whole run");
    let under_way = scenarios(&before, "begin").len() - finished.len();
    assert!(
        first + second <= whole + 6 * under_way + 20,
        "{first} and {second} requests, {whole} in a whole run, {under_way} scenarios under way"
    );

    judged_alike(&scratch);
}

/// Folder and bundle, once and twice: the same verdicts, the same bytes.
fn judged_alike(scratch: &Scratch) {
    let report = |folder: &str| scratch.join(folder).join("report.json");
    for (source, folder) in [
        ("run", "a"),
        ("run", "b"),
        ("run/bundle.junkyo", "c"),
        ("run/bundle.junkyo", "d"),
    ] {
        junkyo(scratch, &["judge", source, "--out", folder])
            .run()
            .expect(0, &["Outcome: conformant"]);
        assert_eq!(verdicts(&report(folder)), verdicts(&report("run")), "{source}");
    }
    let bytes = |folder: &str| fs::read(report(folder)).expect("a report");
    assert_eq!(bytes("a"), bytes("b"));
    assert_eq!(bytes("a"), bytes("c"), "folder and bundle differ");
    assert_eq!(bytes("c"), bytes("d"));
}

/// A second run right after the first: nothing has changed, so nothing may be told otherwise.
#[test]
fn second_run_right_after_the_first() {
    let scratch = Scratch::new("second");
    let (_mock, _counter) = product(&scratch, "mock");
    for _ in 0..2 {
        junkyo(&scratch, &[&RUN[..], &["--filter", "role(authorization)"]].concat())
            .run()
            .expect(0, &["passed"]);
    }
}

/// A finished run whose journal is cut as a kill in the middle of a write would cut it.
fn cut(name: &str, at: impl FnOnce(&[u8]) -> usize) -> Scratch {
    let scratch = Scratch::new(name);
    junkyo(
        &scratch,
        &["run", "--filter", "tag(smoke) | tag(token)", "--out", "run"],
    )
    .run()
    .expect(0, &["passed"]);
    let journal = scratch.join("run/evidence/journal.jsonl");
    let whole = fs::read(&journal).expect("a journal");
    fs::write(&journal, &whole[..at(&whole)]).expect("written");
    scratch
}

/// Offsets of the ends of lines.
fn line_ends(journal: &[u8]) -> Vec<usize> {
    (0..journal.len()).filter(|at| journal[*at] == b'\n').collect()
}

/// After `--rerun` everything is there, on lines of its own, and judged as if nothing had happened.
fn completes(scratch: &Scratch) {
    junkyo(scratch, &["run", "--rerun", "run"]).run().expect(0, &["passed"]);
    let text = fs::read_to_string(scratch.join("run/evidence/journal.jsonl")).expect("a journal");
    assert!(text.lines().all(|line| serde_json::from_str::<Value>(line).is_ok()));
    junkyo(scratch, &["judge", "run", "--out", "again"])
        .run()
        .expect(0, &["Only a selection"]);
    let again = verdicts(&scratch.join("again/report.json"));
    assert_eq!(again, verdicts(&scratch.join("run/report.json")));
    assert!(again.values().all(|verdict| verdict == "pass"), "{again:?}");
}

#[test]
fn journal_cut_in_its_last_line() {
    let scratch = cut("cut", |journal| {
        let ends = line_ends(journal);
        ends[ends.len() / 2] + 40
    });
    junkyo(&scratch, &["judge", "run"])
        .run()
        .expect(3, &["Outcome: incomplete", "The run was interrupted"]);
    completes(&scratch);
}

/// The last record is whole; only the end of its line is missing.
#[test]
fn journal_cut_before_the_end_of_its_last_line() {
    let scratch = cut("cut-end", |journal| journal.len() - 1);
    junkyo(&scratch, &["judge", "run"]).run().expect(3, &["passed"]);
    completes(&scratch);
}

/// Not even the facts of the run were written: there is nothing to go on with.
#[test]
fn journal_cut_in_its_first_line() {
    let scratch = cut("cut-first", |journal| line_ends(journal)[0] / 2);
    junkyo(&scratch, &["judge", "run"])
        .run()
        .expect(2, &["journal.jsonl", "no journal of junkyo"]);
    junkyo(&scratch, &["run", "--rerun", "run"])
        .run()
        .expect(2, &["journal.jsonl", "no journal of junkyo"]);
}

#[test]
fn journal_cut_inside_of_a_letter() {
    let scratch = cut("cut-letter", |journal| {
        let letter = journal.iter().rposition(|byte| *byte >= 0xE0).expect("Japanese");
        letter + 1
    });
    junkyo(&scratch, &["judge", "run"])
        .run()
        .expect(3, &["The run was interrupted"]);
    completes(&scratch);
}
