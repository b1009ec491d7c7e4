//! The whole municipality as files: one for each record, computed on all cores, written in the order of the households.
//!
//! Files have temporary names until all of them are complete; `manifest.json` comes last. A folder without it is not
//! complete, whatever happened.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use super::records::{Cells, Value, each_row, has_rows};
use super::{Household, MOST_INDIVIDUAL_NUMBERS, Municipality};
use crate::standard::unit::{Record, Unit, namespace};
use crate::text::{Text, hex};

/// Households that are computed together: a thousand residents, some megabytes.
const CHUNK: u64 = 470;
/// Chunks that a worker may be ahead of the writer.
const AHEAD: usize = 2;
/// Name of what is written last.
const MANIFEST: &str = "manifest.json";
/// Ending of what is not complete.
const PART: &str = "part";

/// How rows are written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// RFC 4180, UTF-8 without a mark, CRLF, header of item ids.
    Csv,
    /// One answer of the unit's inquiry with all rows: valid under the unit's schema.
    Xml,
}

/// What is exported, and where to.
#[derive(Clone, Debug)]
pub struct ExportOptions {
    /// Folder; `None`: everything is computed and counted, nothing is written.
    pub out: Option<PathBuf>,
    /// Units by number; empty: all.
    pub units: Vec<u8>,
    /// How rows are written.
    pub format: Format,
    /// Threads that compute; at least one.
    pub jobs: usize,
    /// Also a file of synthetic 個人番号.
    pub individual_numbers: bool,
}

/// A file of an export.
#[derive(Clone, Debug, Serialize)]
pub struct Exported {
    /// Name in the folder.
    pub name: String,
    /// Number of the unit, two digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Id of the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Rows, the header not counted.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
    /// SHA-256 of the bytes.
    pub sha256: String,
}

/// What an export consists of, and from what it can be made again.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Manifest {
    /// Always `junkyo`.
    pub tool: &'static str,
    /// Its version.
    pub version: &'static str,
    /// That nobody here exists.
    pub notice: &'static str,
    /// Seed.
    pub seed: u64,
    /// Residents.
    pub size: u64,
    /// Reference day.
    pub as_of: String,
    /// Households.
    pub households: u64,
    /// How rows are written.
    pub format: Format,
    /// All files, by unit and record.
    pub files: Vec<Exported>,
}

/// Why there is no complete export.
#[derive(Debug, Error)]
pub enum ExportError {
    /// A file or folder cannot be written.
    #[error("cannot write {path}: {source}; the export is not complete, and its unfinished files were removed")]
    Write {
        /// Where.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// No unit has that number.
    #[error("there is no unit {number:02}; units are 01 to {last:02}")]
    Unit {
        /// What was asked for.
        number: u8,
        /// The last one.
        last: u8,
    },
    /// Too many residents for synthetic 個人番号.
    #[error("synthetic individual numbers exist for at most {MOST_INDIVIDUAL_NUMBERS} residents, not for {size}")]
    IndividualNumbers {
        /// Residents.
        size: u64,
    },
    /// Somebody asked to stop.
    #[error("stopped; the export is not complete, and its unfinished files were removed")]
    Stopped,
}

impl ExportError {
    /// The same in both languages.
    pub fn text(&self) -> Text {
        let ja = match self {
            Self::Write { path, source } => {
                format!(
                    "{} に書き込めない: {source}。出力は完了しておらず、途中のファイルは削除した。",
                    path.display()
                )
            }
            Self::Unit { number, last } => format!("ユニット {number:02} はない。01から{last:02}までである。"),
            Self::IndividualNumbers { size } => {
                format!("合成の個人番号を振れるのは{MOST_INDIVIDUAL_NUMBERS}人までである（指定は{size}人）。")
            }
            Self::Stopped => "中断した。出力は完了しておらず、途中のファイルは削除した。".to_owned(),
        };
        Text::new(ja, self.to_string())
    }
}

/// A file to be made.
enum Kind<'u> {
    Record(&'u Unit, &'u Record),
    IndividualNumbers,
}

struct Output<'u> {
    name: String,
    kind: Kind<'u>,
}

/// What a worker made of a chunk: for each output its bytes and rows.
type Made = Vec<(Vec<u8>, u64)>;

/// Exports the municipality.
///
/// `progress` is told how many households are done. When `stop` becomes true the export ends, without a manifest.
///
/// # Errors
/// If something cannot be written, does not exist, or `stop` was set.
pub fn export(
    city: &Municipality,
    units: &[Unit],
    options: &ExportOptions,
    progress: &mut dyn FnMut(u64),
    stop: &AtomicBool,
) -> Result<Manifest, ExportError> {
    let outputs = outputs(city, units, options)?;
    if let Some(folder) = &options.out {
        prepare(folder)?;
    }
    let mut files = Files::create(&outputs, options)?;
    let written = compute_and_write(city, &outputs, options, &mut files, progress, stop);
    let finished = written.and_then(|()| files.finish(&outputs, options.format));
    let exported = match finished {
        Ok(exported) => exported,
        Err(error) => {
            files.remove();
            return Err(error);
        }
    };
    let manifest = Manifest {
        tool: "junkyo",
        version: env!("CARGO_PKG_VERSION"),
        notice: "架空のデータであり、実在の人物・団体とは関係がない。 / Synthetic data: nobody here exists.",
        seed: city.seed(),
        size: city.size(),
        as_of: city.as_of().to_string(),
        households: city.household_count(),
        format: options.format,
        files: exported,
    };
    if let Some(folder) = &options.out {
        write_manifest(folder, &manifest)?;
    }
    Ok(manifest)
}

fn outputs<'u>(
    city: &Municipality,
    units: &'u [Unit],
    options: &ExportOptions,
) -> Result<Vec<Output<'u>>, ExportError> {
    let last = units.iter().map(|unit| unit.file.number).max().unwrap_or(0);
    let known = |number: &u8| units.iter().any(|unit| unit.file.number == *number);
    if let Some(number) = options.units.iter().find(|number| !known(number)) {
        return Err(ExportError::Unit { number: *number, last });
    }
    if options.individual_numbers && city.size() > MOST_INDIVIDUAL_NUMBERS {
        return Err(ExportError::IndividualNumbers { size: city.size() });
    }
    let ending = match options.format {
        Format::Csv => "csv",
        Format::Xml => "xml",
    };
    let wanted = |unit: &&Unit| options.units.is_empty() || options.units.contains(&unit.file.number);
    let records = units
        .iter()
        .filter(wanted)
        .flat_map(|unit| unit.records.iter().map(move |record| (unit, record)));
    let mut outputs: Vec<Output<'u>> = records
        .filter(|(unit, record)| has_rows(unit.file.number, &record.id))
        .map(|(unit, record)| Output {
            name: format!("{:02}_{}.{ending}", unit.file.number, record.id),
            kind: Kind::Record(unit, record),
        })
        .collect();
    if options.individual_numbers {
        outputs.push(Output {
            name: "individual-numbers.csv".into(),
            kind: Kind::IndividualNumbers,
        });
    }
    Ok(outputs)
}

/// An older manifest goes first: from here on the folder is not complete.
fn prepare(folder: &Path) -> Result<(), ExportError> {
    let fault = |path: &Path, source| ExportError::Write {
        path: path.to_owned(),
        source,
    };
    fs::create_dir_all(folder).map_err(|source| fault(folder, source))?;
    let manifest = folder.join(MANIFEST);
    match fs::remove_file(&manifest) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(fault(&manifest, error)),
        _ => Ok(()),
    }
}

fn write_manifest(folder: &Path, manifest: &Manifest) -> Result<(), ExportError> {
    let path = folder.join(MANIFEST);
    let part = folder.join(format!("{MANIFEST}.{PART}"));
    let text = serde_json::to_string_pretty(manifest).map_err(io::Error::from);
    text.and_then(|text| fs::write(&part, text + "\n"))
        .and_then(|()| fs::rename(&part, &path))
        .map_err(|source| {
            fs::remove_file(&part).ok();
            ExportError::Write { path, source }
        })
}

fn compute_and_write(
    city: &Municipality,
    outputs: &[Output<'_>],
    options: &ExportOptions,
    files: &mut Files,
    progress: &mut dyn FnMut(u64),
    stop: &AtomicBool,
) -> Result<(), ExportError> {
    let chunks = city.household_count().div_ceil(CHUNK);
    let jobs = (options.jobs.max(1) as u64).min(chunks.max(1));
    std::thread::scope(|scope| {
        // Every worker takes every jobs-th chunk and has a queue of its own: the order is that of the chunks, and
        // nobody runs far ahead.
        let mut queues: Vec<Receiver<Made>> = Vec::new();
        for worker in 0..jobs {
            let (sender, receiver) = sync_channel(AHEAD);
            queues.push(receiver);
            scope.spawn(move || {
                work(
                    city,
                    outputs,
                    options.format,
                    (worker..chunks).step_by(jobs as usize),
                    &sender,
                )
            });
        }
        for chunk in 0..chunks {
            if stop.load(Ordering::Relaxed) {
                return Err(ExportError::Stopped);
            }
            let Some(made) = queues.get((chunk % jobs) as usize).and_then(|queue| queue.recv().ok()) else {
                return Err(ExportError::Stopped);
            };
            files.append(made)?;
            progress(((chunk + 1) * CHUNK).min(city.household_count()));
        }
        Ok(())
    })
}

/// Computes chunks until nobody takes them any more.
fn work(
    city: &Municipality,
    outputs: &[Output<'_>],
    format: Format,
    chunks: impl Iterator<Item = u64>,
    sender: &SyncSender<Made>,
) {
    let mut sizes = vec![0; outputs.len()];
    for chunk in chunks {
        let mut made: Made = sizes.iter().map(|size| (Vec::with_capacity(size * 9 / 8), 0)).collect();
        for index in chunk * CHUNK..(chunk + 1) * CHUNK {
            let Some(household) = city.household(index) else {
                break;
            };
            for (output, (bytes, rows)) in outputs.iter().zip(&mut made) {
                append(city, output, format, &household, bytes, rows);
            }
        }
        for (size, (bytes, _)) in sizes.iter_mut().zip(&made) {
            *size = bytes.len();
        }
        if sender.send(made).is_err() {
            return;
        }
    }
}

fn append(
    city: &Municipality,
    output: &Output<'_>,
    format: Format,
    household: &Household,
    bytes: &mut Vec<u8>,
    rows: &mut u64,
) {
    match output.kind {
        Kind::Record(unit, record) => each_row(city, unit.file.number, record, household, &mut |cells| {
            *rows += 1;
            match format {
                Format::Csv => csv_row(cells, bytes),
                Format::Xml => xml_row(record, cells, bytes),
            }
        }),
        Kind::IndividualNumbers => {
            for (place, person) in household.members.iter().enumerate() {
                if let Some(number) = city.individual_number(household, place) {
                    *rows += 1;
                    bytes.extend_from_slice(format!("{},{number}\r\n", person.number).as_bytes());
                }
            }
        }
    }
}

fn csv_row(cells: &Cells<'_>, out: &mut Vec<u8>) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        match cell.text() {
            Some(text) if text.contains(['"', ',', '\r', '\n']) => {
                out.push(b'"');
                out.extend_from_slice(text.replace('"', "\"\"").as_bytes());
                out.push(b'"');
            }
            _ => cell.write(out),
        }
    }
    out.extend_from_slice(b"\r\n");
}

fn xml_row(record: &Record, cells: &Cells<'_>, out: &mut Vec<u8>) {
    let tag = |name: &str, open: &[u8], out: &mut Vec<u8>| {
        out.extend_from_slice(open);
        out.extend_from_slice(name.as_bytes());
        out.push(b'>');
    };
    tag(&record.element, b"  <", out);
    for (field, cell) in record.fields.iter().zip(cells) {
        if matches!(cell, Value::Absent) {
            continue;
        }
        tag(&field.item.id, b"<", out);
        match cell.text() {
            Some(text) if text.contains(['&', '<', '>']) => {
                let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
                out.extend_from_slice(escaped.as_bytes());
            }
            _ => cell.write(out),
        }
        tag(&field.item.id, b"</", out);
    }
    tag(&record.element, b"</", out);
    out.push(b'\n');
}

/// What stands before and after the rows of a file.
fn frame(output: &Output<'_>, format: Format) -> (String, String) {
    match (&output.kind, format) {
        (Kind::IndividualNumbers, _) => ("atenabango,kojinbango\r\n".into(), String::new()),
        (Kind::Record(_, record), Format::Csv) => {
            let ids: Vec<&str> = record.fields.iter().map(|field| field.item.id.as_str()).collect();
            (ids.join(",") + "\r\n", String::new())
        }
        (Kind::Record(unit, record), Format::Xml) => {
            let root = format!("Inquire{}Response", record.element);
            let namespace = namespace(unit.file.number);
            (
                format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root} xmlns=\"{namespace}\">\n"),
                format!("</{root}>\n"),
            )
        }
    }
}

/// A file that is being written, or only counted.
struct Open {
    file: Option<(File, PathBuf)>,
    digest: Sha256,
    bytes: u64,
    rows: u64,
}

impl Open {
    fn append(&mut self, bytes: &[u8]) -> Result<(), ExportError> {
        self.bytes += bytes.len() as u64;
        if let Some((file, path)) = &mut self.file {
            self.digest.update(bytes);
            file.write_all(bytes).map_err(|source| ExportError::Write {
                path: path.clone(),
                source,
            })?;
        }
        Ok(())
    }
}

struct Files {
    open: Vec<Open>,
}

impl Files {
    fn create(outputs: &[Output<'_>], options: &ExportOptions) -> Result<Self, ExportError> {
        let mut files = Self {
            open: Vec::with_capacity(outputs.len()),
        };
        for output in outputs {
            let made = options.out.as_ref().map(|folder| {
                let path = folder.join(format!("{}.{PART}", output.name));
                match File::create(&path) {
                    Ok(file) => Ok((file, path)),
                    Err(source) => Err(ExportError::Write { path, source }),
                }
            });
            let begun = made.transpose().and_then(|file| {
                let mut open = Open {
                    file,
                    digest: Sha256::new(),
                    bytes: 0,
                    rows: 0,
                };
                let begun = open.append(frame(output, options.format).0.as_bytes());
                files.open.push(open);
                begun
            });
            if let Err(error) = begun {
                files.remove();
                return Err(error);
            }
        }
        Ok(files)
    }

    fn append(&mut self, made: Made) -> Result<(), ExportError> {
        for (open, (bytes, rows)) in self.open.iter_mut().zip(made) {
            open.append(&bytes)?;
            open.rows += rows;
        }
        Ok(())
    }

    /// Ends all files, and only then gives them their names.
    fn finish(&mut self, outputs: &[Output<'_>], format: Format) -> Result<Vec<Exported>, ExportError> {
        for (open, output) in self.open.iter_mut().zip(outputs) {
            open.append(frame(output, format).1.as_bytes())?;
        }
        let mut exported = Vec::with_capacity(outputs.len());
        for (open, output) in self.open.iter_mut().zip(outputs) {
            if let Some((_, part)) = &open.file {
                let path = part.with_extension("");
                fs::rename(part, &path).map_err(|source| ExportError::Write { path, source })?;
            }
            let (unit, record) = match output.kind {
                Kind::Record(unit, record) => (Some(unit.id()), Some(record.id.clone())),
                Kind::IndividualNumbers => (None, None),
            };
            exported.push(Exported {
                name: output.name.clone(),
                unit,
                record,
                rows: open.rows,
                bytes: open.bytes,
                sha256: if open.file.is_some() {
                    hex(&open.digest.clone().finalize())
                } else {
                    String::new()
                },
            });
        }
        Ok(exported)
    }

    /// Removes what is not complete.
    fn remove(&mut self) {
        for (_, path) in self.open.drain(..).filter_map(|open| open.file) {
            fs::remove_file(path).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::standard::CorpusFiles;

    #[test]
    fn characters_with_a_meaning_are_escaped() {
        let cells = [
            Value::Str("a,b"),
            Value::Absent,
            Value::Str("\"q\""),
            Value::Int(-7),
            Value::Str("x\r\ny"),
        ];
        let mut csv = Vec::new();
        csv_row(&cells, &mut csv);
        assert_eq!(
            String::from_utf8(csv).unwrap(),
            "\"a,b\",,\"\"\"q\"\"\",-7,\"x\r\ny\"\r\n"
        );
        let corpus = crate::scenario::Corpus::load(&CorpusFiles::embedded()).unwrap();
        let record = corpus.units[0].record("support-measure").unwrap();
        let mut xml = Vec::new();
        xml_row(record, &[Value::Str("<&>"), Value::Absent], &mut xml);
        let xml = String::from_utf8(xml).unwrap();
        assert_eq!(
            xml,
            "  <SupportMeasure><atenabango>&lt;&amp;&gt;</atenabango></SupportMeasure>\n"
        );
    }
}
