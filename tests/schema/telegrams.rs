//! All sample telegrams of the Japan Meteorological Agency are valid; each with one certain mistake is not.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::{env, fs};

use junkyo::schema::{Against, CompiledSchema, SchemaEngine, SchemaSource};
use junkyo::xml::{Document, Element, Limits, parse_bytes};

use crate::help::Numbers;

/// Where the telegrams are, unpacked; `None` where there are none.
fn folder() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOLDER.get_or_init(unpack).as_deref()
}

fn unpack() -> Option<PathBuf> {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference");
    let reference = env::var_os("JUNKYO_REFERENCE").map_or(default, PathBuf::from);
    let archive = reference.join("data/jma/jma_xsd_and_telegrams.tar.xz");
    if !archive.exists() {
        eprintln!("SKIPPED: no telegrams at {} (set JUNKYO_REFERENCE)", archive.display());
        return None;
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("telegrams-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder for the telegrams");
    let done = Command::new("tar")
        .arg("-xJf")
        .arg(&archive)
        .arg("-C")
        .arg(&folder)
        .status()
        .expect("tar is there");
    assert!(done.success(), "the archive unpacks");
    Some(folder)
}

fn compiled(folder: &Path) -> CompiledSchema {
    let sources: Vec<SchemaSource> = files(&folder.join("schema"))
        .map(|path| SchemaSource {
            location: path.file_name().expect("a name").to_string_lossy().into_owned(),
            text: fs::read_to_string(path).expect("a schema"),
        })
        .collect();
    CompiledSchema::compile(&sources).unwrap_or_else(|fault| panic!("{fault}"))
}

fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| entry.expect("a file").path())
        .collect();
    files.sort();
    files.into_iter()
}

fn telegrams(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    files(&folder.join("sample_xmls"))
        .map(|path| {
            (
                path.file_name().expect("a name").to_string_lossy().into_owned(),
                fs::read(&path).expect("a telegram"),
            )
        })
        .collect()
}

#[test]
fn every_telegram_is_valid() {
    let Some(folder) = folder() else { return };
    let schema = compiled(folder);
    let telegrams = telegrams(folder);
    assert_eq!(telegrams.len(), 546);
    for (name, bytes) in &telegrams {
        let document = parse_bytes(bytes, None, &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let errors = schema.validate(document.root(), Against::Declaration);
        assert!(errors.is_empty(), "{name}: {errors:#?}");
    }
}

#[test]
fn every_telegram_with_a_mistake_is_invalid() {
    let Some(folder) = folder() else { return };
    let schema = compiled(folder);
    let mut numbers = Numbers(20_261_122);
    let mut kinds = BTreeMap::new();
    for (name, bytes) in &telegrams(folder) {
        let document = parse_bytes(bytes, None, &Limits::default()).expect("well-formed");
        let (kind, broken, place) = mutate(&document, &mut numbers);
        let changed = parse_bytes(broken.as_bytes(), None, &Limits::default())
            .unwrap_or_else(|error| panic!("{name}: {kind} is not well-formed: {error}"));
        let errors = schema.validate(changed.root(), Against::Declaration);
        assert!(!errors.is_empty(), "{name}: {kind} at {place} is valid");
        assert!(
            errors.len() <= 3,
            "{name}: {kind} at {place} is one mistake, but {errors:#?}"
        );
        *kinds.entry(kind).or_insert(0) += 1;
    }
    assert_eq!(kinds.len(), 6, "every kind was drawn: {kinds:?}");
}

/// One change that no schema of these telegrams allows. Gives its kind, the text, and where.
fn mutate(document: &Document, numbers: &mut Numbers) -> (&'static str, String, String) {
    let elements: Vec<Element<'_>> = document.elements().collect();
    // The head of a telegram is the same for all: Control and Head hold nothing optional but their ends.
    let required = ["Title", "DateTime", "Status", "EditorialOffice", "PublishingOffice"];
    let of_control: Vec<Element<'_>> = elements
        .iter()
        .copied()
        .filter(|element| {
            element.parent().is_some_and(|parent| parent.local() == "Control") && required.contains(&element.local())
        })
        .collect();
    let any = elements[numbers.below(elements.len())];
    let required = of_control[numbers.below(of_control.len())];
    let text = document.text();
    let (kind, element, range, new) = match numbers.below(6) {
        0 => ("deleted", required, required.range(), String::new()),
        1 => {
            let tag = required.local();
            let new = text[required.range()].replace(&format!("{tag}>"), &format!("{tag}X>"));
            ("renamed", required, required.range(), new)
        }
        2 => ("repeated", required, required.range(), text[required.range()].repeat(2)),
        3 => {
            let date = of_control
                .iter()
                .copied()
                .find(|element| element.local() == "DateTime")
                .expect("always there");
            ("retyped", date, date.range(), "<DateTime>令和8年</DateTime>".to_owned())
        }
        4 => {
            let tag = any.tag_range();
            let end = tag.end - if text[tag.clone()].ends_with("/>") { 2 } else { 1 };
            ("attribute", any, end..end, " junkyo=\"1\"".to_owned())
        }
        _ => {
            let control = required.parent().expect("inside Control");
            let end = control.tag_range().end;
            ("text", control, end..end, "　".to_owned())
        }
    };
    let mut broken = text.to_owned();
    broken.replace_range(range, &new);
    // The bytes are UTF-8 now, whatever they were.
    (kind, broken, element.path())
}
