//! Files that units lay down for each other: names, markers, CSV. Our own profile: the official detail
//! (別紙8_ファイル連携に関する詳細技術仕様書) is not public.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Field, Record};

/// Column of delta files before all others: what happened to the row.
pub const CHANGE: &str = "koshinkubun";
/// Values of [`CHANGE`]: added, changed, deleted.
pub const CHANGES: [&str; 3] = ["1", "2", "3"];

/// Whether a file holds everything or what has changed.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// All rows.
    #[default]
    Full,
    /// What has changed since the file before.
    Delta,
}

impl FileKind {
    /// The word in names of files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Delta => "delta",
        }
    }
}

/// The name of a file: `999997_10_qualification_full_20260401120000_0001.csv`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FileName {
    /// 団体コード.
    pub municipality: String,
    /// Number of the unit.
    pub unit: u8,
    /// Id of the record.
    pub record: String,
    /// Full or delta.
    pub kind: FileKind,
    /// YYYYMMDDhhmmss.
    pub at: String,
    /// Number of the file among those of its group and kind, from 1.
    pub sequence: u32,
}

impl FileName {
    /// Reads a name; `None` if it is none of ours.
    pub fn parse(name: &str) -> Option<Self> {
        let stem = name.strip_suffix(".csv")?;
        let parts: Vec<&str> = stem.split('_').collect();
        let [municipality, unit, record, kind, at, sequence] = parts.as_slice() else {
            return None;
        };
        let digits = |text: &str, length: usize| text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
        let fits = digits(municipality, 6) && digits(unit, 2) && digits(at, 14) && digits(sequence, 4);
        let kind = match *kind {
            "full" => FileKind::Full,
            "delta" => FileKind::Delta,
            _ => return None,
        };
        fits.then(|| Self {
            municipality: (*municipality).to_owned(),
            unit: unit.parse().unwrap_or_default(),
            record: (*record).to_owned(),
            kind,
            at: (*at).to_owned(),
            sequence: sequence.parse().unwrap_or_default(),
        })
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}_{:02}_{}_{}_{}_{:04}.csv",
            self.municipality,
            self.unit,
            self.record,
            self.kind.word(),
            self.at,
            self.sequence
        )
    }
}

/// The file beside a file that says that it is whole: its name with `.done`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Marker {
    /// Name of the file.
    pub file: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Its length.
    pub bytes: u64,
    /// Rows in it, without the header.
    pub rows: u64,
}

impl Marker {
    /// The marker of a file.
    pub fn of(name: &str, content: &[u8], rows: u64) -> Self {
        Self {
            file: name.to_owned(),
            sha256: crate::text::hex(&Sha256::digest(content)),
            bytes: content.len() as u64,
            rows,
        }
    }

    /// Name of the marker of a file.
    pub fn name(file: &str) -> String {
        format!("{file}.done")
    }
}

/// Columns of a file of a record.
pub fn columns(record: &Record, kind: FileKind) -> Vec<&str> {
    let change = (kind == FileKind::Delta).then_some(CHANGE);
    let items = record.fields.iter().map(|Field { item, .. }| item.id.as_str());
    change.into_iter().chain(items).collect()
}

/// Rows as CSV: UTF-8, CRLF, a header, quotes where needed.
pub fn write_csv<'r>(columns: &[&str], rows: impl Iterator<Item = &'r BTreeMap<String, String>>) -> String {
    let mut out = columns.join(",");
    out.push_str("\r\n");
    for row in rows {
        for (index, column) in columns.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            out.push_str(&quoted(row.get(*column).map_or("", String::as_str)));
        }
        out.push_str("\r\n");
    }
    out
}

fn quoted(value: &str) -> String {
    if value.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", value.replace('"', "\"\""))
    } else {
        value.to_owned()
    }
}

/// A row by the names of its columns.
pub type CsvRow = BTreeMap<String, String>;

/// Reads CSV into rows by the names of the header. `None` where quotes are broken or a row has another number of fields.
pub fn read_csv(text: &str) -> Option<(Vec<String>, Vec<CsvRow>)> {
    let mut records = split(text)?.into_iter();
    let header = records.next()?;
    let mut rows = Vec::new();
    for record in records {
        if record.len() != header.len() {
            return None;
        }
        let values = header.iter().cloned().zip(record);
        rows.push(values.filter(|(_, value)| !value.is_empty()).collect());
    }
    Some((header, rows))
}

fn split(text: &str) -> Option<Vec<Vec<String>>> {
    let mut records = Vec::new();
    let mut record: Vec<String> = Vec::new();
    let mut field = String::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if field.is_empty() => loop {
                match letters.next()? {
                    '"' if letters.peek() == Some(&'"') => {
                        letters.next();
                        field.push('"');
                    }
                    '"' => break,
                    other => field.push(other),
                }
            },
            '"' => return None,
            ',' => record.push(std::mem::take(&mut field)),
            '\r' if letters.peek() == Some(&'\n') => {}
            '\n' => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            other => field.push(other),
        }
    }
    if !field.is_empty() || !record.is_empty() {
        record.push(field);
        records.push(record);
    }
    Some(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        let name = "999997_10_nhi-premium_delta_20260401120000_0012.csv";
        let parsed = FileName::parse(name).unwrap();
        assert_eq!(
            (parsed.unit, parsed.record.as_str(), parsed.sequence),
            (10, "nhi-premium", 12)
        );
        assert_eq!(parsed.to_string(), name);
        for wrong in [
            "x.csv",
            "999997_10_a_all_20260401120000_0001.csv",
            "99999_10_a_full_20260401120000_0001.csv",
        ] {
            assert_eq!(FileName::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn csv_comes_back() {
        let row = BTreeMap::from([
            ("a".to_owned(), "1,\"2\"\r\n3".to_owned()),
            ("b".to_owned(), "葛\u{E0100}".to_owned()),
        ]);
        let text = write_csv(&["a", "b", "c"], [&row].into_iter());
        let (header, rows) = read_csv(&text).unwrap();
        assert_eq!(header, ["a", "b", "c"]);
        assert_eq!(rows, [row]);
        assert_eq!(read_csv("a,b\r\n\"1,2\r\n"), None);
        assert_eq!(read_csv("a,b\r\n1\r\n"), None);
        assert_eq!(read_csv("a\r\n1\"2\r\n"), None);
    }
}
