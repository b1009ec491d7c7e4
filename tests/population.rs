//! The synthetic municipality from outside: XML that is valid under the units' own schemas, and the command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::AtomicBool;

use junkyo::population::Municipality;
use junkyo::population::municipality::{ExportOptions, Format, export};
use junkyo::scenario::Corpus;
use junkyo::schema::wsdl::Description;
use junkyo::schema::{Against, CompiledSchema, DocumentSet, SchemaEngine};
use junkyo::standard::CorpusFiles;
use junkyo::standard::unit::description;
use junkyo::text::date::Day;
use junkyo::xml::{Limits, parse_bytes};

/// A folder of one test, removed at its end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("junkyo-{name}-{}", std::process::id()));
        fs::remove_dir_all(&path).ok();
        Self(path)
    }

    fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

fn junkyo(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_junkyo"));
    command.args(["--lang", "en", "population"]).args(arguments);
    command.output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn every_exported_record_is_valid_under_the_schema_of_its_unit() {
    let folder = Folder::new("population-xml");
    let units = Corpus::load(&CorpusFiles::embedded()).expect("a corpus").units;
    let city = Municipality::new(7, 1_500, Day::parse("2026-10-01").expect("a day")).expect("a municipality");
    let options = ExportOptions {
        out: Some(folder.path().to_owned()),
        units: Vec::new(),
        format: Format::Xml,
        jobs: 2,
        individual_numbers: false,
    };
    let manifest = export(&city, &units, &options, &mut |_| {}, &AtomicBool::new(false)).expect("an export");
    for unit in units.iter() {
        let documents = DocumentSet::new("unit.wsdl", [("unit.wsdl".to_owned(), description(unit).into_bytes())]);
        let described = Description::read(documents).expect("a description");
        let schema = CompiledSchema::compile(&described.schemas).expect("a schema");
        for file in manifest.files.iter().filter(|file| file.unit == Some(unit.id())) {
            let bytes = fs::read(folder.path().join(&file.name)).expect("readable");
            assert_eq!(bytes.len() as u64, file.bytes);
            let document = parse_bytes(&bytes, None, &Limits::default()).expect("well-formed");
            let errors = schema.validate(document.root(), Against::Declaration);
            assert!(
                errors.is_empty(),
                "{}: {:#?}",
                file.name,
                &errors[..errors.len().min(3)]
            );
        }
    }
}

#[test]
fn an_export_is_complete_with_its_manifest() {
    let folder = Folder::new("population-export");
    let out = folder.path().to_str().expect("UTF-8");
    let done = junkyo(&[
        "export", "--size", "300", "--seed", "5", "--units", "01,10", "--out", out,
    ]);
    assert_eq!(done.status.code(), Some(0), "{}", text(&done.stderr));
    let manifest: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.path().join("manifest.json")).expect("a manifest")).expect("JSON");
    let files = manifest["files"].as_array().expect("files");
    assert_eq!(manifest["size"], 300);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), files.len() + 1);
    for file in files {
        let content = fs::read_to_string(folder.path().join(file["name"].as_str().expect("a name"))).expect("UTF-8");
        let rows = content.strip_suffix("\r\n").expect("CRLF").split("\r\n").count() as u64;
        assert_eq!(rows - 1, file["rows"].as_u64().expect("a count"));
    }
    let residents = fs::read_to_string(folder.path().join("01_resident.csv")).expect("UTF-8");
    assert!(residents.starts_with("atenabango,rirekibango,jumin_jotai,"));
    let number = residents
        .lines()
        .nth(1)
        .and_then(|line| line.split(',').next())
        .expect("a resident");
    let shown = junkyo(&["show", number, "--size", "300", "--seed", "5"]);
    assert_eq!(shown.status.code(), Some(0));
    assert!(text(&shown.stdout).contains("01 Resident register"));
    assert!(text(&shown.stdout).contains(number));
}

#[test]
fn wrong_questions_have_a_clear_answer() {
    let out = std::env::temp_dir().join("junkyo-population-never");
    let out = out.to_str().expect("UTF-8");
    for size in ["0", "99", "3800001"] {
        let refused = junkyo(&["export", "--size", size, "--out", out]);
        assert_eq!(refused.status.code(), Some(2));
        assert!(
            text(&refused.stderr).contains("100 to 3800000 residents"),
            "{}",
            text(&refused.stderr)
        );
    }
    let wrong: &[(&[&str], i32, &str)] = &[
        (&["export", "--units", "27", "--out", out], 2, "there is no unit 27"),
        (&["export", "--as-of", "2026-02-30", "--out", out], 2, "2026-02"),
        (
            &["export", "--size", "100001", "--with-individual-numbers", "--out", out],
            2,
            "100000",
        ),
        (&["export"], 2, "--out"),
        (&["export", "--out", "/dev/null/x"], 3, "cannot write /dev/null/x"),
        (&["show", "812345678901234"], 2, "nobody in this municipality"),
    ];
    for (arguments, code, words) in wrong {
        let refused = junkyo(arguments);
        assert_eq!(refused.status.code(), Some(*code), "{arguments:?}");
        assert!(
            text(&refused.stderr).contains(words),
            "{arguments:?}: {}",
            text(&refused.stderr)
        );
    }
    assert!(!Path::new(out).exists());
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_leaves_no_complete_looking_export() {
    // Whatever is written to /dev/full fails with "No space left on device".
    let folder = Folder::new("population-full");
    fs::create_dir_all(folder.path()).expect("a folder");
    std::os::unix::fs::symlink("/dev/full", folder.path().join("01_household.csv.part")).expect("a link");
    let out = folder.path().to_str().expect("UTF-8");
    let failed = junkyo(&["export", "--size", "100", "--units", "01", "--out", out]);
    assert_eq!(failed.status.code(), Some(3));
    assert!(
        text(&failed.stderr).contains("No space left on device"),
        "{}",
        text(&failed.stderr)
    );
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
}
