//! Processes that are killed while they write: what they said was done is there, and nothing is there by half.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use junkyo::attest::Digest;
use junkyo::registry::clock::Clock;
use junkyo::registry::store::audit::{self, AuditEntry};
use junkyo::registry::store::moving::check;
use junkyo::registry::store::{Store, StoreConfig, StoreError, jobs, refer};
use libtest_mimic::Trial;

use super::harness::Folder;
use super::place::{Ground, Kind};
use super::{ensure, text, trial, values};

/// Names what a child does.
pub(crate) const ROLE: &str = "JUNKYO_STORE_CHILD";
const DATA: &str = "JUNKYO_STORE_DATA";
const DATABASE: &str = "JUNKYO_STORE_DATABASE";
/// How often a writer is killed.
const ROUNDS: u64 = 15;

pub(crate) fn trials(skip: bool) -> Vec<Trial> {
    let kinds = [Kind::Local, Kind::Postgres].into_iter();
    kinds
        .map(|kind| {
            let act = move |folder: &Folder| killed(kind, folder);
            trial(format!("crash::{}", kind.name()), act).with_ignored_flag(skip && kind != Kind::Local)
        })
        .collect()
}

/// This program again, in a role.
pub(crate) fn start(role: &str, config: &StoreConfig, through: Option<&str>) -> Result<Child, String> {
    let program = std::env::current_exe().map_err(text)?;
    let mut command = match through {
        None => Command::new(program),
        Some(script) => {
            let mut shell = Command::new("bash");
            shell.args(["-c", script, "bash"]).arg(program);
            shell
        }
    };
    command
        .env(ROLE, role)
        .env(DATA, &config.data)
        .env(DATABASE, config.database.as_deref().unwrap_or_default())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(text)
}

/// What a child does; its exit code.
pub(crate) fn child(role: &str) -> i32 {
    let mut config = StoreConfig::in_folder(std::env::var_os(DATA).unwrap_or_default());
    config.database = std::env::var(DATABASE).ok().filter(|address| !address.is_empty());
    let done = Store::open(&config, &Clock::system()).and_then(|store| match role {
        "full" => super::full::child(&store),
        _ => endless(&store),
    });
    match done {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("{error}");
            1
        }
    }
}

/// Writes until it is killed, and says what is done once it is done.
fn endless(store: &Store) -> Result<(), StoreError> {
    loop {
        let said = event(store)?;
        say(&said);
        if let Some(job) = store.jobs().claim("child", &["trial"], 3_600_000)? {
            // Sometimes it is killed with a job in hand.
            store.jobs().finish(&job, &"child")?;
            say(&format!("job {}", job.id));
        }
    }
}

/// A blob, and one transaction with an event, a reference, a row of the audit chain and a job.
pub(crate) fn event(store: &Store) -> Result<String, StoreError> {
    let mut content = format!("{:?}", std::time::SystemTime::now()).into_bytes();
    content.resize(20_000 + content[content.len() / 2] as usize * 100, b'.');
    let digest = store.blobs().put(&content)?;
    let detail = serde_json::json!({});
    store.write(|tx| {
        let number = tx.next("event")?;
        let object = number.to_string();
        refer(tx, &digest, content.len() as u64, "bundle", &object, 1)?;
        let hash = junkyo::attest::log::leaf_hash(object.as_bytes()).to_vec();
        let insert = "INSERT INTO log_leaf (position, hash, leaf, at) VALUES (?1, ?2, ?3, 1)";
        tx.execute(insert, &values![number - 1, hash, &object])?;
        let entry = AuditEntry {
            at: 1,
            actor: "child",
            action: "event",
            object: &object,
            detail: &detail,
        };
        audit::record(tx, &entry)?;
        jobs::enqueue(tx, "trial", &number, &object, 1)?;
        Ok(format!("event {number} {digest}"))
    })
}

pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).ok();
}

fn killed(kind: Kind, folder: &Folder) -> Result<(), String> {
    let ground = Ground::new(kind, folder, "data")?;
    drop(ground.open()?);
    let mut told = Told::default();
    for round in 0..ROUNDS {
        let mut child = start("endless", &ground.config, None)?;
        let out = child.stdout.take().ok_or("no output")?;
        let reader = std::thread::spawn(move || BufReader::new(out).lines().map_while(Result::ok).collect::<Vec<_>>());
        // Not always at the same point: from before the first transaction to long after it.
        sleep(Duration::from_millis(40 + round * 37 % 400));
        child.kill().map_err(text)?;
        child.wait().map_err(text)?;
        told.take(&reader.join().map_err(|_| "panicked")?)?;
        all_there(&ground.open()?, &told)?;
    }
    ensure(
        told.events.len() > 20 && !told.jobs.is_empty(),
        "hardly anything was written",
    )?;
    last_jobs(&ground, &told)
}

/// What children said was done.
#[derive(Default)]
pub(crate) struct Told {
    pub(crate) events: BTreeMap<i64, Digest>,
    jobs: Vec<i64>,
}

impl Told {
    /// The last line may have been cut off in the middle.
    pub(crate) fn take(&mut self, lines: &[String]) -> Result<(), String> {
        for (at, line) in lines.iter().enumerate() {
            let words: Vec<_> = line.split(' ').collect();
            match words[..] {
                ["event", number, digest] if digest.len() == 64 => {
                    let twice = self
                        .events
                        .insert(number.parse().map_err(text)?, digest.parse().map_err(text)?);
                    ensure(twice.is_none(), format!("number {number} was given twice"))?;
                }
                ["job", id] if at + 1 < lines.len() => self.jobs.push(id.parse().map_err(text)?),
                _ if at + 1 == lines.len() => {}
                _ => return Err(format!("a child said {line}")),
            }
        }
        Ok(())
    }
}

/// Everything that was told is there, and every event is there whole.
pub(crate) fn all_there(store: &Store, told: &Told) -> Result<(), String> {
    let report = check(store, &[]).map_err(text)?;
    ensure(report.faults.is_empty(), format!("{:?}", report.faults))?;
    let rows = store
        .read(|tx| tx.query("SELECT digest, object FROM blob_ref WHERE kind = 'bundle'", &[]))
        .map_err(text)?;
    let mut there = BTreeMap::new();
    for row in &rows {
        let number: i64 = row.str(1).map_err(text)?.parse().map_err(text)?;
        there.insert(number, row.digest(0).map_err(text)?);
    }
    for (number, digest) in &told.events {
        ensure(there.get(number) == Some(digest), format!("event {number} is lost"))?;
    }
    let counts = store.jobs().counts().map_err(text)?;
    let counts = [
        counts.iter().sum(),
        report.audit_rows,
        report.log_leaves,
        rows.len() as i64,
    ];
    ensure(
        counts.iter().all(|count| *count == counts[0]),
        format!("by half: {counts:?}"),
    )?;
    let done = store
        .read(|tx| tx.query("SELECT id FROM job WHERE state = 'done'", &[]))
        .map_err(text)?;
    let done: Vec<i64> = done
        .iter()
        .map(|row| row.int(0))
        .collect::<Result<_, _>>()
        .map_err(text)?;
    match told.jobs.iter().find(|id| !done.contains(id)) {
        Some(id) => Err(format!("job {id} was done and is not")),
        None => Ok(()),
    }
}

/// Jobs that the killed held are done by another, an hour later.
fn last_jobs(ground: &Ground, told: &Told) -> Result<(), String> {
    let now = Clock::system().now();
    let store = Store::open(&ground.config, &Clock::at(now + 3_700_000)).map_err(text)?;
    while let Some(job) = store.jobs().claim("last", &["trial"], 1_000).map_err(text)? {
        ensure(!told.jobs.contains(&job.id), format!("job {} is done twice", job.id))?;
        store.jobs().finish(&job, &"last").map_err(text)?;
    }
    let [waiting, running, _, failed] = store.jobs().counts().map_err(text)?;
    ensure(
        [waiting, running, failed] == [0; 3],
        format!("{waiting} wait, {running} run, {failed} failed"),
    )
}
