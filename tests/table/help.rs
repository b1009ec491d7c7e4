//! What all tests need.

use std::fs;
use std::io::{Cursor, Read, Write as _};
use std::path::{Path, PathBuf};

use junkyo::schema::table::{CheckOptions, DataFile, Finding, Silent, Table, TableChecker, TableResult};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A table from TOML; format, id and title are added.
pub(crate) fn table(text: &str) -> Table {
    let whole = format!("format = 1\nid = \"t\"\ntitle = \"t\"\n{text}");
    let path = fresh("table").join("table.toml");
    fs::write(&path, whole).unwrap();
    Table::from_path(&path).unwrap_or_else(|error| panic!("{error}"))
}

/// A table of one group 住民 with these items (inline tables) and a dialect.
pub(crate) fn one_group(dialect: &str, items: &str) -> Table {
    table(&format!(
        "[dialect]\n{dialect}\n[[group]]\nname = \"住民\"\nitem = [{items}]"
    ))
}

/// The result of checking readers.
pub(crate) fn check_readers(table: &Table, options: CheckOptions, files: Vec<(&str, Box<dyn Read>)>) -> TableResult {
    let mut checker = TableChecker::new(table, options).unwrap_or_else(|error| panic!("{error}"));
    for (name, reader) in files {
        let name = name.to_owned();
        checker.check(DataFile { name, reader }, &mut Silent).unwrap();
    }
    checker.finish()
}

/// The result of checking bytes.
pub(crate) fn check(table: &Table, bytes: &[u8]) -> TableResult {
    let reader = Box::new(Cursor::new(bytes.to_vec()));
    check_readers(table, CheckOptions::default(), vec![("a.csv", reader)])
}

/// `rule record/column` of every finding.
pub(crate) fn places(result: &TableResult) -> Vec<String> {
    let place = |finding: &Finding| {
        let column = finding
            .column
            .map_or_else(|| "-".to_owned(), |column| column.to_string());
        format!(
            "{} {}/{column}",
            finding.id.as_deref().unwrap_or_else(|| finding.rule.id()),
            finding.record
        )
    };
    result.findings.iter().map(place).collect()
}

/// A folder of its own.
pub(crate) fn fresh(name: &str) -> PathBuf {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NUMBER: AtomicUsize = AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("table")
        .join(format!("{name}-{number}"));
    if path.exists() {
        fs::remove_dir_all(&path).unwrap();
    }
    fs::create_dir_all(&path).unwrap();
    path
}

/// A file of the reference folder; says so and gives `None` where there is none.
pub(crate) fn reference(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("JUNKYO_REFERENCE").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/reference"),
        PathBuf::from,
    );
    let file = root.join(path);
    if file.exists() {
        return Some(file);
    }
    eprintln!("SKIPPED: {path} is not in the reference folder; name it with JUNKYO_REFERENCE");
    None
}

/// Records of a small CSV file without line ends in its values.
pub(crate) fn csv(path: &Path) -> Vec<Vec<String>> {
    let text = fs::read_to_string(path).unwrap();
    let fields = |line: &str| {
        let mut fields = vec![String::new()];
        let mut quoted = false;
        for c in line.chars() {
            match c {
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(String::new()),
                other => fields.last_mut().unwrap().push(other),
            }
        }
        fields
    };
    text.trim_start_matches('\u{FEFF}').lines().map(fields).collect()
}

/// A ZIP file.
pub(crate) fn zip(parts: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, content) in parts {
        zip.start_file(*name, options).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
