//! `junkyo import`: every message that it calls valid is valid, and every message that it calls invalid is not, for our
//! engine and for two of other projects (libxml2 and Xerces); the folders load, and the same seed makes the same folder.
//!
//! `ci/install-peers` installs the other validators; with `JUNKYO_SKIP_PEERS=1` they are not asked. Schemas of other
//! people are looked for in `JUNKYO_REFERENCE` (default `../shared/reference`); without them those tests say so.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use junkyo::import::{ImportError, ImportOptions, Imported, import};
use junkyo::schema::wsdl::{Description, Style};
use junkyo::schema::{Against, CompiledSchema, DocumentSet, SchemaEngine as _, SchemaSource};
use junkyo::xml;

/// Messages that libxml2 takes although they are invalid: it does not ask for an item in NMTOKENS and IDREFS (XML Schema
/// Part 2, 3.3.5 and 3.3.10: minLength 1).
const LENIENT_IN_LIBXML2: [&str; 2] = [
    "invalid-min-length-nmtokens.xml",
    "invalid-min-length-refers-to-all.xml",
];

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn fresh(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("import").join(name);
    if path.is_file() {
        fs::remove_file(&path).unwrap();
    } else if path.exists() {
        fs::remove_dir_all(&path).unwrap();
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    path
}

fn options(file: &Path, out: &Path, seed: u64) -> ImportOptions {
    ImportOptions {
        file: file.to_owned(),
        out: out.to_owned(),
        id: None,
        seed,
        force: false,
    }
}

fn imported(file: &Path, name: &str) -> (PathBuf, Imported) {
    let out = fresh(name);
    let imported = import(&options(file, &out, 7)).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    (out, imported)
}

/// All files below a folder, by their path relative to it.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut open = vec![folder.to_owned()];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(&at).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else {
                let inside = path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/");
                found.insert(inside, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// A message with what it should be: whether it is valid.
type Labelled = (PathBuf, bool);

/// Messages below a folder, labelled by their names.
fn labelled(folder: &Path) -> Vec<Labelled> {
    let names: Vec<String> = files(folder)
        .into_keys()
        .filter(|name| name.ends_with(".xml"))
        .collect();
    let is_valid = |name: &str| name.rsplit('/').next().is_some_and(|file| file.starts_with("valid-"));
    names.iter().map(|name| (folder.join(name), is_valid(name))).collect()
}

/// What our engine says otherwise than the label.
fn disagreements_of_ours(sources: &[SchemaSource], messages: &[Labelled]) -> Vec<String> {
    let schema = CompiledSchema::compile_partial(sources).unwrap();
    let mut found = Vec::new();
    for (path, valid) in messages {
        let bytes = fs::read(path).unwrap();
        let document = xml::parse_bytes(&bytes, None, &xml::Limits::default()).unwrap();
        let errors = schema.validate(document.root(), Against::Declaration);
        if errors.is_empty() != *valid {
            found.push(format!("junkyo: {} {:?}", path.display(), errors.first()));
        }
    }
    found
}

/// What a validator of another project says otherwise than the label; `None` where peers are not asked.
fn disagreements_of(peer: &str, schema: &Path, messages: &[Labelled]) -> Option<Vec<String>> {
    if std::env::var("JUNKYO_SKIP_PEERS").is_ok_and(|value| value == "1") {
        eprintln!("SKIPPED: {peer} is not asked (JUNKYO_SKIP_PEERS=1)");
        return None;
    }
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let program = target.join("peers/xsd").join(peer);
    assert!(
        program.is_file(),
        "{} is not installed: run ci/install-peers (or set JUNKYO_SKIP_PEERS=1)",
        program.display()
    );
    let mut child = Command::new(&program)
        .arg("--pairs")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let pairs: String = messages
        .iter()
        .map(|(path, _)| format!("{}\t{}\n", schema.display(), path.display()))
        .collect();
    let writer = std::thread::spawn(move || input.write_all(pairs.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success(), "{peer}: {}", output.status);
    let lines: Vec<serde_json::Value> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), messages.len(), "{peer} answered for every message");
    let mut found = Vec::new();
    for (line, (path, valid)) in lines.iter().zip(messages) {
        let name = path.file_name().unwrap().to_string_lossy();
        let is_known = peer == "lxml" && LENIENT_IN_LIBXML2.contains(&name.as_ref());
        if line["valid"].as_bool() != Some(*valid) && !is_known {
            found.push(format!("{peer}: {} {}", path.display(), line["error"]));
        }
    }
    Some(found)
}

/// All three engines agree with all labels.
fn agree(what: &str, sources: &[SchemaSource], schema: &Path, messages: &[Labelled]) {
    let mut found = disagreements_of_ours(sources, messages);
    for peer in ["lxml", "xerces"] {
        found.extend(disagreements_of(peer, schema, messages).unwrap_or_default());
    }
    let valid = messages.iter().filter(|(_, valid)| *valid).count();
    eprintln!("{what}: {valid} valid and {} invalid messages", messages.len() - valid);
    assert!(
        found.is_empty(),
        "{what}: {} disagreements\n{}",
        found.len(),
        found.join("\n")
    );
    assert!(valid > 0, "{what}: no valid message");
}

fn schema_agrees(file: &Path, name: &str) {
    let (out, imported) = imported(file, name);
    let messages = labelled(&out.join("messages"));
    assert_eq!(messages.len(), imported.valid + imported.invalid);
    let documents = DocumentSet::from_file(&out.join(file.file_name().unwrap())).unwrap();
    let mut sources: Vec<SchemaSource> = documents
        .iter()
        .filter(|(location, _)| location.ends_with(".xsd"))
        .map(|(location, bytes)| SchemaSource {
            location: location.to_owned(),
            text: String::from_utf8(bytes.to_vec())
                .unwrap()
                .trim_start_matches('\u{feff}')
                .to_owned(),
        })
        .collect();
    sources.sort_by_key(|source| source.location != documents.root());
    agree(name, &sources, &out.join(documents.root()), &messages);
}

/// A file of other people's data, unpacked; `None`, said loudly, where it is not there.
fn reference_data(archive: &str, name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("JUNKYO_REFERENCE").map_or_else(|| repository("../shared/reference"), PathBuf::from);
    let archive = folder.join("data").join(archive);
    if !archive.is_file() {
        eprintln!("SKIPPED: {} is not there (set JUNKYO_REFERENCE)", archive.display());
        return None;
    }
    let out = fresh(name);
    fs::create_dir_all(&out).unwrap();
    let status = Command::new("tar")
        .arg("xJf")
        .arg(&archive)
        .arg("-C")
        .arg(&out)
        .status()
        .unwrap();
    assert!(status.success(), "cannot unpack {}", archive.display());
    Some(out)
}

#[test]
fn every_construct_agrees() {
    schema_agrees(&repository("tests/import/everything.xsd"), "everything");
}

#[test]
fn reference_service_schemas_agree() {
    schema_agrees(
        &repository("conformance/platform-communication/service/messages.xsd"),
        "reference-schema",
    );
}

#[test]
fn weather_schemas_agree() {
    let Some(data) = reference_data("jma/jma_xsd_and_telegrams.tar.xz", "jma-data") else {
        return;
    };
    schema_agrees(&data.join("schema/jmx.xsd"), "jma");
}

#[test]
fn services_of_others_agree() {
    let Some(data) = reference_data("wsdl-corpus/corpus.tar.xz", "wsdl-data") else {
        return;
    };
    for (number, path) in OTHERS.iter().enumerate() {
        let file = data.join(path);
        let name = format!("other-{number}");
        let (out, found) = imported(&file, &name);
        assert!(found.is_service && found.scenarios > 0, "{path}");
        let description = Description::read(DocumentSet::from_file(&file).unwrap()).unwrap();
        let [source] = description.schemas.as_slice() else {
            panic!("{path}: {} schemas, expected one", description.schemas.len());
        };
        let schema = fresh(&format!("other-{number}.xsd"));
        fs::write(&schema, &source.text).unwrap();
        let mut messages = Vec::new();
        for (_, operation) in description.operations() {
            assert_eq!(operation.style, Style::Document, "{path}");
            messages.extend(labelled(&out.join("messages").join(&operation.name)));
        }
        messages.sort();
        messages.dedup();
        messages.retain(|(path, _)| !path.file_name().unwrap().to_string_lossy().starts_with("header-"));
        agree(path, &description.schemas, &schema, &messages);
    }
}

/// Services with one embedded schema that stands alone, document/literal.
const OTHERS: [&str; 3] = [
    "apache+cxf/tools/wsdlto/test/src/test/resources/wsdl2java_wsdl/hello_world.wsdl",
    "apache+cxf/rt/bindings/soap/src/test/resources/wsdl_soap/hello_world.wsdl",
    "mvantellingen+python-zeep/tests/wsdl_files/soap.wsdl",
];

#[test]
fn the_folder_of_a_service_loads_on_top_of_the_corpus() {
    let wsdl = repository("conformance/platform-communication/service/exchange.wsdl");
    let (out, found) = imported(&wsdl, "service");
    assert_eq!(found.operations, 7);
    let listed = Command::new(env!("CARGO_BIN_EXE_junkyo"))
        .args(["--lang", "en", "--with"])
        .arg(&out)
        .args(["list", "--profile", "imported.exchange"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&listed.stdout);
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    assert_eq!(text.matches("IMP-EXCHANGE-P-").count(), found.scenarios);
    let scenarios = fs::read_to_string(out.join("scenarios-GetResident.toml")).unwrap();
    for part in scenarios.split("message = \"").skip(1) {
        let message = part.split('"').next().unwrap();
        assert!(out.join(message).is_file(), "{message} is not there");
    }
    let wrapper = fs::read_to_string(out.join("messages/CountResidents/valid-001.xml")).unwrap();
    assert!(
        wrapper.starts_with("<w:CountResidents xmlns:w=\"http://junkyo.example/exchange/1/rpc\">"),
        "{wrapper}"
    );
    assert!(wrapper.contains("<area>") && wrapper.contains("<asOf>"), "{wrapper}");
}

#[test]
fn the_same_seed_makes_the_same_folder() {
    let wsdl = repository("conformance/platform-communication/service/exchange.wsdl");
    let made = |name: &str, seed| {
        let out = fresh(name);
        import(&options(&wsdl, &out, seed)).unwrap();
        files(&out)
    };
    let first = made("seed-1", 1);
    assert!(first == made("seed-1-again", 1), "the same seed makes the same bytes");
    let other = made("seed-2", 2);
    assert!(first != other, "another seed makes other texts");
    assert!(first.keys().eq(other.keys()), "another seed makes the same files");
}

#[test]
fn what_cannot_be_imported_is_refused_with_its_place() {
    let folder = fresh("refused");
    fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let out = folder.join("out");
    let refused = |path: &Path| import(&options(path, &out, 1)).unwrap_err();

    let page = write("page.xml", "<html/>");
    let error = refused(&page);
    assert!(matches!(error, ImportError::NotADescription { .. }), "{error}");
    assert!(error.to_string().contains("page.xml:1:1"), "{error}");

    let broken = write("broken.wsdl", "<a>\n<b>");
    let error = refused(&broken);
    assert!(error.to_string().contains("broken.wsdl:2:"), "{error}");

    let xsd = "xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\"";
    let empty = write("empty.xsd", &format!("<xsd:schema {xsd}/>"));
    assert!(matches!(refused(&empty), ImportError::Nothing { .. }));

    // A reference that leads nowhere is named, and what does not need it is made.
    let dangling = write(
        "dangling.xsd",
        &format!(
            "<xsd:schema {xsd}>\n<xsd:import namespace=\"urn:gone\" schemaLocation=\"gone.xsd\"/>\n<xsd:element name=\"a\" type=\"xsd:int\"/></xsd:schema>"
        ),
    );
    let found = import(&options(&dangling, &out, 1)).unwrap();
    assert!(found.valid > 0);
    assert!(
        found
            .notes
            .iter()
            .any(|note| note.en.contains("dangling.xsd:2:1") && note.en.contains("gone.xsd")),
        "{:?}",
        found.notes
    );

    let error = refused(&dangling);
    assert!(matches!(error, ImportError::NotEmpty { .. }), "{error}");
    let forced = ImportOptions {
        force: true,
        ..options(&dangling, &out, 1)
    };
    assert!(import(&forced).is_ok());
    let bad_id = ImportOptions {
        id: Some("Not an id".to_owned()),
        ..options(&dangling, &folder.join("other"), 1)
    };
    assert!(matches!(import(&bad_id), Err(ImportError::Id { .. })));
    assert!(!folder.join("other").exists(), "nothing is written on a fault");
}
