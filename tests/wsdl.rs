//! The WSDL reader and the assertions about descriptions on real files, against other readers of the same files.
//!
//! The corpus of 719 files lies outside this repository (`JUNKYO_REFERENCE`, by default `../shared/reference`). Where it
//! is not there, only the samples in `fixtures/ws-i/corpus` are looked at, and the tests say so. Every disagreement with
//! another reader stands in `tests/wsdl-differences.toml`, with the sentence that decides; one that does not stand there
//! fails, and so does a row there that no longer holds.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Instant;

use junkyo::judge::ws_i::{Answered, Answers, Grade, judge_description};
use junkyo::schema::wsdl::{Description, SOAPBIND, SOAPBIND12, WSDL, written_references};
use junkyo::schema::{CompiledSchema, DocumentSet};
use junkyo::standard::ReadingChoice;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Differences {
    class: Vec<Class>,
    cxf: Vec<CxfRow>,
}

/// Differences of one cause.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Class {
    id: String,
    /// What is compared: a flag of the manifest, or `root`, `soap11`, `soap12`, `styles`.
    of: Vec<String>,
    theirs: String,
    ours: String,
    /// Ends of the paths, where the class is of these files only.
    #[serde(default)]
    paths: Vec<String>,
    /// Number of differences.
    count: usize,
    /// Why the readers differ.
    cause: String,
    /// What the profile says, in our words.
    sentence: String,
}

/// One input of the validator test of Apache CXF.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CxfRow {
    file: String,
    /// The assertion that CXF expects to be broken; empty for a valid file.
    theirs: String,
    /// Required assertions that are broken for us.
    ours: Vec<String>,
    /// Questions that stay open because a file is not there.
    #[serde(default)]
    open: Vec<String>,
    agrees: bool,
    sentence: String,
}

/// Flags of the manifest and the assertions of the same rule.
const FLAGS: &[(&str, &str)] = &[
    ("R9801", "SSBP2403"),
    ("R2710", "BP2120"),
    ("R2702", "BP2404"),
    ("R2210", "BP2119"),
    ("R2717", "BP2020"),
    ("R2718", "BP2118"),
    ("R2205", "BP2113"),
    ("R2203", "BP2013"),
    ("R2204", "BP2012"),
    ("R4003", "BP2201"),
    ("R2716", "BP2019"),
    ("R2705", "BP2017"),
    ("R2754", "BP2032"),
    ("R2803", "BP2803"),
    ("R2303", "BP2208"),
    ("R2706", "BP2406"),
    ("(R2209)", "SSBP2209"),
    ("XML", "BP2700"),
    ("NO-soap:binding", "BP2402"),
];

fn home() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn differences() -> Differences {
    let text = std::fs::read_to_string(home().join("tests/wsdl-differences.toml")).expect("the table is there");
    toml::from_str(&text).expect("the table can be read")
}

/// The reference folder of the corpus, if it is there.
fn reference() -> Option<PathBuf> {
    let reference =
        std::env::var_os("JUNKYO_REFERENCE").map_or_else(|| home().join("../shared/reference"), PathBuf::from);
    let corpus = reference.join("data/wsdl-corpus");
    if corpus.join("corpus.tar.xz").is_file() {
        return Some(corpus);
    }
    eprintln!(
        "!!! THE WSDL CORPUS IS NOT THERE ({}): only the committed samples are tested. Name its folder in JUNKYO_REFERENCE.",
        corpus.display()
    );
    None
}

/// All files of the corpus, by path; unpacked once for all tests.
fn unpack(corpus: &Path) -> &'static BTreeMap<String, Vec<u8>> {
    static FILES: OnceLock<BTreeMap<String, Vec<u8>>> = OnceLock::new();
    FILES.get_or_init(|| {
        let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("wsdl-corpus-{}", std::process::id()));
        std::fs::create_dir_all(&target).expect("a folder to unpack to");
        let mut tar = Command::new("tar");
        let status = tar
            .arg("-xJf")
            .arg(corpus.join("corpus.tar.xz"))
            .arg("-C")
            .arg(&target)
            .status();
        assert!(status.expect("tar runs").success(), "tar unpacks the corpus");
        let mut files = BTreeMap::new();
        collect(&target, &target, &mut files);
        std::fs::remove_dir_all(&target).expect("the folder can be removed");
        files
    })
}

fn collect(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let location = path.strip_prefix(root).expect("inside").to_string_lossy().into_owned();
            files.insert(location, std::fs::read(&path).expect("readable"));
        }
    }
}

/// Rows of a CSV file by the names in its first line.
fn csv(path: &Path) -> Vec<HashMap<String, String>> {
    let text = std::fs::read_to_string(path).expect("readable");
    let mut lines = text.lines().map(fields);
    let names = lines.next().expect("a line of names");
    lines
        .map(|values| names.iter().cloned().zip(values).collect())
        .collect()
}

fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut quoted) = (vec![String::new()], false);
    for character in line.chars() {
        match character {
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            other => fields.last_mut().expect("one at least").push(other),
        }
    }
    fields
}

fn judge(documents: DocumentSet) -> (Description, Answers) {
    let description = Description::read(documents).expect("the root is there");
    let schema = CompiledSchema::compile(&description.schemas);
    let answers = judge_description(&description, &schema, &ReadingChoice::default());
    (description, answers)
}

fn word(answer: &Answered) -> &'static str {
    match answer {
        Answered::Holds => "holds",
        Answered::Broken(_) => "broken",
        Answered::NotApplicable { .. } => "not-applicable",
        Answered::Blocked { .. } => "blocked",
        Answered::Unanswered { .. } => "open",
    }
}

/// A file with what it refers to, as far as the corpus has it.
fn with_references(corpus: &BTreeMap<String, Vec<u8>>, root: &str) -> DocumentSet {
    let mut set = BTreeMap::from([(root.to_owned(), corpus[root].clone())]);
    let mut open = vec![root.to_owned()];
    while let Some(from) = open.pop() {
        for reference in written_references(&corpus[&from]) {
            let mut parts: Vec<&str> = from.split('/').collect();
            parts.pop();
            for part in reference.split('/') {
                match part {
                    "." => {}
                    ".." => drop(parts.pop()),
                    part => parts.push(part),
                }
            }
            let target = parts.join("/");
            if let Some(bytes) = corpus.get(&target).filter(|_| !set.contains_key(&target)) {
                set.insert(target.clone(), bytes.clone());
                open.push(target);
            }
        }
    }
    DocumentSet::new(root, set)
}

/// What the manifest says of a file and what we say: subject, theirs, ours.
fn compared(
    row: &HashMap<String, String>,
    description: &Description,
    answers: &Answers,
) -> Vec<(String, String, String)> {
    let definitions: Vec<_> = description.definitions().collect();
    let bindings = || definitions.iter().flat_map(|root| root.children_named(WSDL, "binding"));
    let count = |namespace: &str| {
        bindings()
            .filter(|binding| binding.child(namespace, "binding").is_some())
            .count()
    };
    let mut styles: BTreeSet<&str> = BTreeSet::new();
    for binding in bindings() {
        let Some(soap) = binding.child(SOAPBIND, "binding") else {
            continue;
        };
        for operation in binding.children_named(WSDL, "operation") {
            let own = operation
                .child(SOAPBIND, "operation")
                .and_then(|own| own.attribute("", "style"));
            styles.insert(own.or_else(|| soap.attribute("", "style")).unwrap_or("document"));
        }
    }
    let root = match description.files[0].root() {
        None => "not-wellformed".to_owned(),
        Some(root) if root.is(WSDL, "definitions") => "wsdl11".to_owned(),
        Some(root) => root.name().to_string(),
    };
    let styles = styles.into_iter().collect::<Vec<_>>().join("+");
    let mut all = vec![("root".to_owned(), row["root"].clone(), root)];
    // Of what is not well-formed the manifest says nothing more.
    if !row["soap11_bindings"].is_empty() {
        all.push((
            "soap11".to_owned(),
            row["soap11_bindings"].clone(),
            count(SOAPBIND).to_string(),
        ));
        all.push((
            "soap12".to_owned(),
            row["soap12_bindings"].clone(),
            count(SOAPBIND12).to_string(),
        ));
        all.push(("styles".to_owned(), row["styles"].clone(), styles));
    }
    let flags: Vec<&str> = row["flags"].split_whitespace().collect();
    for (flag, id) in FLAGS {
        let answer = answers
            .iter()
            .find(|(assertion, _)| assertion.id == *id)
            .map(|(_, answer)| word(answer));
        let theirs = if flags.contains(flag) { "broken" } else { "silent" };
        // Theirs only speaks where something is wrong: all our answers but one mean the same to it.
        let ours = match answer.expect("asked") {
            "broken" => "broken",
            _ if theirs == "silent" => "silent",
            other => other,
        };
        all.push(((*flag).to_owned(), theirs.to_owned(), ours.to_owned()));
    }
    all
}

#[test]
fn the_corpus_is_read_as_others_read_it() {
    let Some(folder) = reference() else { return };
    let corpus = unpack(&folder);
    let table = differences();
    let mut met: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unexplained = Vec::new();
    let mut agreements = 0;
    let rows = csv(&folder.join("wsdl_manifest.csv"));
    let started = Instant::now();
    for row in &rows {
        let path = format!("{}/{}", row["repo"].replace('/', "+"), row["path"]);
        // Theirs looks at single files, so what is compared is a single file too.
        let (description, answers) = judge(DocumentSet::new(
            "a.wsdl",
            [("a.wsdl".to_owned(), corpus[&path].clone())],
        ));
        for (of, theirs, ours) in compared(row, &description, &answers) {
            if theirs == ours {
                agreements += 1;
                continue;
            }
            let class = table.class.iter().find(|class| {
                class.of.contains(&of)
                    && class.theirs == theirs
                    && class.ours == ours
                    && (class.paths.is_empty() || class.paths.iter().any(|end| path.ends_with(end.as_str())))
            });
            match class {
                Some(class) => *met.entry(&class.id).or_default() += 1,
                None => unexplained.push(format!("{path}: {of}: theirs {theirs}, ours {ours}")),
            }
        }
    }
    println!(
        "{} files, {agreements} agreements, {:?}: {met:?}",
        rows.len(),
        started.elapsed()
    );
    assert_eq!(rows.len(), 719);
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    for class in &table.class {
        assert_eq!(met.get(class.id.as_str()), Some(&class.count), "{}", class.id);
        assert!(!class.cause.is_empty() && !class.sentence.is_empty(), "{}", class.id);
    }
}

#[test]
fn the_corpus_is_read_with_its_imports() {
    let Some(folder) = reference() else { return };
    let corpus = unpack(&folder);
    let started = Instant::now();
    let (mut files, mut dangling, mut answered) = (0, 0, BTreeMap::new());
    for path in corpus.keys().filter(|path| path.ends_with(".wsdl")) {
        let documents = with_references(corpus, path);
        let given = documents.iter().count();
        let (description, answers) = judge(documents);
        assert!(description.files.len() <= given, "{path}: a file is read once");
        files += description.files.len();
        dangling += description.dangling.len();
        for (_, answer) in &answers {
            *answered.entry(word(answer)).or_insert(0) += 1;
        }
        for (assertion, answer) in &answers {
            if let Answered::Broken(breach) = answer {
                let place = breach
                    .place
                    .as_ref()
                    .unwrap_or_else(|| panic!("{path}: {} has no place", assertion.id));
                assert!(
                    !place.file.is_empty() && breach.found.is_complete(),
                    "{path}: {breach:?}"
                );
            }
        }
    }
    println!(
        "{files} files, {dangling} dangling references, {:?}: {answered:?}",
        started.elapsed()
    );
    assert!(files > 719, "imports are followed");
}

/// Runs on the committed samples, so everywhere.
#[test]
fn cxf_expects_the_same_but_where_the_table_says_why_not() {
    let folder = home().join("fixtures/ws-i/corpus/apache+cxf/tools/validator/src/test/resources/validator_wsdl");
    let table = differences();
    assert_eq!(table.cxf.len(), 10);
    for row in &table.cxf {
        let (_, answers) = judge(DocumentSet::from_file(&folder.join(&row.file)).expect("the sample is there"));
        let of = |wanted: &str, grade: Option<Grade>| -> Vec<&str> {
            answers
                .iter()
                .filter(|(assertion, answer)| {
                    word(answer) == wanted && grade.is_none_or(|grade| assertion.grade == grade)
                })
                .map(|(assertion, _)| assertion.id)
                .collect()
        };
        assert_eq!(of("broken", Some(Grade::Required)), row.ours, "{}", row.file);
        assert_eq!(of("open", None), row.open, "{}", row.file);
        let agrees = match row.theirs.as_str() {
            "" => row.ours.is_empty(),
            theirs => of("broken", None).contains(&theirs),
        };
        assert_eq!(agrees, row.agrees, "{}", row.file);
        assert!(!row.sentence.is_empty(), "{}", row.file);
    }
}

#[test]
fn hostile_files_are_refused_with_a_reason() {
    let folder = home().join(
        "fixtures/ws-i/corpus/eclipse-ee4j+metro-jax-ws/jaxws-ri/tools/wscompile/src/test/resources/com/sun/tools/ws/test/\
         wsdl/parser",
    );
    for (file, entity) in [
        ("wsimport_2.wsdl", "&xxe;"),
        ("wsimport_4.wsdl", "&foo;"),
        ("wsimport_5.wsdl", "&ha16;"),
    ] {
        let bytes = std::fs::read(folder.join(file)).expect("the sample is there");
        let (description, answers) = judge(DocumentSet::new(file, [(file.to_owned(), bytes)]));
        let error = description.files[0].document.as_ref().expect_err("refused");
        assert!(
            error.fault.is_limit() && error.to_string().contains(entity),
            "{file}: {error}"
        );
        let named: Vec<&Answered> = answers
            .iter()
            .filter(|(assertion, _)| assertion.id == "BP2700")
            .map(|(_, answer)| answer)
            .collect();
        assert!(
            matches!(named[..], [Answered::Unanswered { reason }] if reason.en.contains(entity)),
            "{file}"
        );
    }
}
