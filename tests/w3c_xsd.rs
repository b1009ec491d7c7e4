//! The W3C XML Schema Test Suite (XSD 1.0 part), through our parser, our tree and our engine.
//!
//! Runs only where `JUNKYO_XSDTESTS` names a checkout of it; `ci/bench/README.md` says how. Prints every disagreement
//! and a table, and writes nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Component, Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{env, fs, thread};

use junkyo::schema::{Against, CompiledSchema, SchemaEngine, SchemaSource};
use junkyo::xml::{Doctype, Document, Element, Limits, decode, parse_bytes};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
const XLINK: &str = "http://www.w3.org/1999/xlink";
/// Time for one schema or instance.
const TIME_LIMIT: Duration = Duration::from_secs(20);
const WORKERS: usize = 2;
/// Schemas of NIST whose instances are not what their file names say.
const MISNAMED: [&str; 4] = [
    "nist/NISTSchema-SV-II-atomic-gDay-maxInclusive-2",
    "nist/NISTSchema-SV-IV-atomic-gDay-maxInclusive-3",
    "nist/NISTSchema-SV-IV-atomic-gMonth-maxExclusive-2",
    "nist/NISTSchema-SV-II-atomic-gMonth-minExclusive-3",
];

/// Schemas and the documents that are validated against them.
struct Group {
    name: String,
    schemas: Vec<PathBuf>,
    /// Whether the schema is valid, if that is a test.
    schema_valid: Option<bool>,
    /// Document, and whether it is valid.
    instances: Vec<(PathBuf, bool)>,
}

/// What came out of one test.
struct Outcome {
    test: String,
    is_schema: bool,
    expected: bool,
    /// `None`: no verdict.
    found: Option<bool>,
    why: String,
}

enum Report {
    Begins(usize, String),
    Done(Outcome),
    Ends(usize),
}

#[test]
fn agrees_with_the_suite() {
    let Some(root) = env::var_os("JUNKYO_XSDTESTS").map(PathBuf::from) else {
        eprintln!("SKIPPED: JUNKYO_XSDTESTS names no checkout of the W3C XML Schema Test Suite");
        return;
    };
    let only = env::var("JUNKYO_XSDTESTS_ONLY").unwrap_or_default();
    let mut groups = groups(&root);
    groups.extend(nist(&root));
    groups.retain(|group| group.name.contains(&only));
    let outcomes = run(&Arc::new(root), groups);
    let mut table: BTreeMap<(bool, bool), (usize, usize)> = BTreeMap::new();
    let mut none = 0;
    for outcome in &outcomes {
        let (agreed, all) = table.entry((outcome.is_schema, outcome.expected)).or_default();
        *all += 1;
        *agreed += usize::from(outcome.found == Some(outcome.expected));
        none += usize::from(outcome.found.is_none());
        if outcome.found != Some(outcome.expected) {
            let kind = if outcome.is_schema { "schema" } else { "instance" };
            let expected = if outcome.expected { "valid" } else { "invalid" };
            println!("DISAGREES {kind} {} expected {expected}: {}", outcome.test, outcome.why);
        }
    }
    let (mut agreed, mut all) = (0, 0);
    for ((is_schema, valid), (good, count)) in &table {
        let kind = if *is_schema { "schemas" } else { "instances" };
        let expected = if *valid { "valid" } else { "invalid" };
        println!("{expected} {kind}: {good}/{count}");
        agreed += good;
        all += count;
    }
    println!("all: {agreed}/{all}, no verdict {none}");
    assert!(all > 0, "no tests under the folder");
    assert!(
        all < 30_000 || (all - agreed) * 1_000 < all * 2,
        "less than 99.8 % agreement"
    );
}

/// Runs groups in threads; a thread that takes too long for one test is left alone and replaced.
fn run(root: &Arc<PathBuf>, groups: Vec<Group>) -> Vec<Outcome> {
    let queue = Arc::new(Mutex::new(VecDeque::from(groups)));
    let (sender, receiver): (Sender<Report>, Receiver<Report>) = channel();
    let mut next = 0;
    let mut busy: BTreeMap<usize, (String, Instant)> = BTreeMap::new();
    let mut start = |busy: &mut BTreeMap<usize, (String, Instant)>| {
        let (worker, root, queue, sender) = (next, Arc::clone(root), Arc::clone(&queue), sender.clone());
        next += 1;
        busy.insert(worker, (String::new(), Instant::now()));
        thread::spawn(move || {
            loop {
                let group = queue.lock().expect("no worker panics with the lock").pop_front();
                let Some(group) = group else { break };
                run_group(&root, &group, worker, &sender);
            }
            let _ = sender.send(Report::Ends(worker));
        });
    };
    for _ in 0..WORKERS {
        start(&mut busy);
    }
    let mut outcomes = Vec::new();
    while !busy.is_empty() {
        match receiver.recv_timeout(Duration::from_secs(1)) {
            Ok(Report::Begins(worker, test)) if busy.contains_key(&worker) => {
                busy.insert(worker, (test, Instant::now()));
            }
            Ok(Report::Begins(..)) => {}
            Ok(Report::Done(outcome)) => outcomes.push(outcome),
            Ok(Report::Ends(worker)) => {
                busy.remove(&worker);
            }
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        let late: Vec<_> = busy
            .iter()
            .filter(|(_, (_, since))| since.elapsed() > TIME_LIMIT)
            .map(|(worker, _)| *worker)
            .collect();
        for worker in late {
            let (test, _) = busy.remove(&worker).expect("it is there");
            println!("TIME LIMIT {test}; the rest of its group is left out");
            start(&mut busy);
        }
    }
    outcomes
}

fn run_group(root: &Path, group: &Group, worker: usize, sender: &Sender<Report>) {
    let say = |report| {
        let _ = sender.send(report);
    };
    say(Report::Begins(worker, group.name.clone()));
    let compiled = compile(root, &group.schemas);
    if let Some(expected) = group.schema_valid {
        say(Report::Done(Outcome {
            test: group.name.clone(),
            is_schema: true,
            expected,
            found: Some(compiled.is_ok()),
            why: compiled.as_ref().err().cloned().unwrap_or_else(|| "accepted".into()),
        }));
    }
    for (path, expected) in &group.instances {
        let test = format!("{} {}", group.name, path.strip_prefix(root).unwrap_or(path).display());
        say(Report::Begins(worker, test.clone()));
        let result = catch_unwind(AssertUnwindSafe(|| validate(root, group, &compiled, path)));
        let result = result.unwrap_or_else(|_| Err("panicked".into()));
        let (found, why) = match result {
            Ok(errors) if errors.is_empty() => (Some(true), "accepted".to_owned()),
            Ok(errors) => (Some(false), errors),
            Err(why) => (None, why),
        };
        say(Report::Done(Outcome {
            test,
            is_schema: false,
            expected: *expected,
            found,
            why,
        }));
    }
}

/// Errors of an instance, empty if there are none; or why there is no verdict.
fn validate(
    root: &Path,
    group: &Group,
    compiled: &Result<CompiledSchema, String>,
    path: &Path,
) -> Result<String, String> {
    let bytes = fs::read(path).map_err(|error| error.to_string())?;
    let document = match parse_bytes(&bytes, None, &limits()) {
        Ok(document) => document,
        // Not well-formed is not valid.
        Err(error) => return Ok(error.to_string()),
    };
    let own;
    let hints: BTreeSet<PathBuf> = hints(&document, path)
        .into_iter()
        .filter(|hint| hint.is_file())
        .collect();
    let all: BTreeSet<PathBuf> = hints.union(&group.schemas.iter().cloned().collect()).cloned().collect();
    let schema = if all.len() > group.schemas.len() {
        own = compile(root, &all.into_iter().collect::<Vec<_>>());
        // A hint that leads to something that does not fit is a hint not taken.
        if own.is_ok() || group.schemas.is_empty() {
            &own
        } else {
            compiled
        }
    } else {
        compiled
    };
    let schema = schema.as_ref().map_err(|why| format!("no schema: {why}"))?;
    let element = document.root();
    let typed = !schema.declares_element(element.name()) && element.attribute(XSI, "type").is_some();
    let errors = schema.validate(element, if typed { Against::Lax } else { Against::Declaration });
    let errors: Vec<_> = errors
        .iter()
        .map(|error| format!("{} {} {}", error.at, error.code, error.message.en))
        .collect();
    Ok(errors.join("; "))
}

/// The suite has documents with declared entities and with thousands of attributes.
fn limits() -> Limits {
    let limits = Limits::default().with_doctype(Doctype::Skip);
    Limits {
        attributes: 65_536,
        ..limits
    }
}

/// Schemas that an instance names.
fn hints(document: &Document, path: &Path) -> Vec<PathBuf> {
    let mut hints = Vec::new();
    for element in document.elements() {
        let pairs = element.attribute(XSI, "schemaLocation").unwrap_or_default();
        hints.extend(
            pairs
                .split_ascii_whitespace()
                .skip(1)
                .step_by(2)
                .map(|hint| beside(path, hint)),
        );
        hints.extend(
            element
                .attribute(XSI, "noNamespaceSchemaLocation")
                .map(|hint| beside(path, hint.trim())),
        );
    }
    hints
}

fn beside(path: &Path, reference: &str) -> PathBuf {
    let joined = path.with_file_name("").join(reference);
    let mut plain = PathBuf::new();
    for component in joined.components() {
        match component {
            Component::ParentDir => {
                plain.pop();
            }
            Component::CurDir => {}
            other => plain.push(other),
        }
    }
    plain
}

/// Compiles schema documents with all that they refer to inside the suite.
fn compile(root: &Path, schemas: &[PathBuf]) -> Result<CompiledSchema, String> {
    let mut sources: Vec<SchemaSource> = Vec::new();
    let mut seen: BTreeSet<PathBuf> = BTreeSet::new();
    let mut wanted: VecDeque<PathBuf> = schemas.iter().cloned().collect();
    while let Some(path) = wanted.pop_front() {
        if !path.starts_with(root) || !seen.insert(path.clone()) {
            continue;
        }
        let Ok(bytes) = fs::read(&path) else { continue };
        let location = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().into_owned();
        let (text, _) = decode(&bytes, None, &limits()).map_err(|error| format!("{location}: {error}"))?;
        if let Ok(document) = parse_bytes(&bytes, None, &limits()) {
            let references = document
                .root()
                .children()
                .filter_map(|child| child.attribute("", "schemaLocation"));
            wanted.extend(references.map(|reference| beside(&path, reference.trim())));
        }
        sources.push(SchemaSource { location, text });
    }
    let compiled = catch_unwind(|| CompiledSchema::compile_partial(&sources));
    compiled
        .map_err(|_| "panicked".to_owned())?
        .map_err(|fault| fault.to_string())
}

/// Groups of all test sets of XSD 1.0.
fn groups(root: &Path) -> Vec<Group> {
    let mut groups = Vec::new();
    let suite = root.join("suite.xml");
    for set in references(&read(&suite).expect("suite.xml"), &suite, "testSetRef") {
        let Some(document) = read(&set).filter(|_| !set.ends_with("introspection.testSet")) else {
            println!("left out: {}", set.display());
            continue;
        };
        let root = document.root();
        if !is_of_1_0(root) {
            continue;
        }
        let set_name = root.attribute("", "name").unwrap_or_default();
        for group in root
            .children()
            .filter(|child| child.local() == "testGroup" && is_of_1_0(*child))
        {
            groups.extend(read_group(group, &set, set_name));
        }
    }
    groups
}

fn read_group(group: Element<'_>, set: &Path, set_name: &str) -> Option<Group> {
    let tests = |name: &'static str| {
        group
            .children()
            .filter(move |child| child.local() == name && is_of_1_0(*child))
    };
    let files = |test: Element<'_>, name: &str| -> Vec<PathBuf> {
        let children = test.children().filter(|child| child.local() == name);
        children
            .filter_map(|child| Some(beside(set, child.attribute(XLINK, "href")?)))
            .collect()
    };
    let schema = tests("schemaTest").next();
    let instances = tests("instanceTest")
        .filter_map(|test| Some((files(test, "instanceDocument").into_iter().next()?, expected(test)?)));
    Some(Group {
        name: format!("{set_name}/{}", group.attribute("", "name")?),
        schemas: schema.map(|test| files(test, "schemaDocument")).unwrap_or_default(),
        schema_valid: schema.and_then(expected),
        instances: instances.collect(),
    })
}

fn is_of_1_0(element: Element<'_>) -> bool {
    element
        .attribute("", "version")
        .is_none_or(|versions| versions.split_ascii_whitespace().any(|version| version == "1.0"))
}

fn expected(test: Element<'_>) -> Option<bool> {
    let expected = test
        .children()
        .find(|child| child.local() == "expected" && is_of_1_0(*child))?;
    match expected.attribute("", "validity")? {
        "valid" => Some(true),
        "invalid" => Some(false),
        _ => None,
    }
}

fn read(path: &Path) -> Option<Document> {
    parse_bytes(&fs::read(path).ok()?, None, &limits()).ok()
}

fn references(document: &Document, path: &Path, name: &str) -> Vec<PathBuf> {
    let found = document.elements().filter(|element| element.local() == name);
    found
        .filter_map(|element| Some(beside(path, element.attribute(XLINK, "href")?)))
        .collect()
}

/// The tests of NIST, whose list is missing from some checkouts: their file names say what is expected.
fn nist(root: &Path) -> Vec<Group> {
    if root.join("nistMeta/NISTXMLSchemaDatatypes.testSet").is_file() {
        return Vec::new();
    }
    let mut groups: BTreeMap<PathBuf, Group> = BTreeMap::new();
    let mut folders = vec![root.join("nistData")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let (schema, instance) = if name.ends_with(".xsd") {
                (path, None)
            } else if name.starts_with("NISTXML-SV-") {
                let Some(schema) = read(&path).and_then(|document| hints(&document, &path).into_iter().next()) else {
                    continue;
                };
                (schema, Some((path, name.starts_with("NISTXML-SV-IV-"))))
            } else {
                continue;
            };
            let group = groups.entry(schema.clone()).or_insert_with(|| Group {
                name: format!("nist/{}", schema.file_stem().unwrap_or_default().to_string_lossy()),
                schemas: vec![schema],
                schema_valid: Some(true),
                instances: Vec::new(),
            });
            group.instances.extend(instance);
        }
    }
    for group in groups
        .values_mut()
        .filter(|group| MISNAMED.contains(&group.name.as_str()))
    {
        group.instances.clear();
    }
    groups.into_values().collect()
}
