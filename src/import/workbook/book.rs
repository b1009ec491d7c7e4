//! A workbook as cells: what they print, how they hold it, and where they are merged.

use std::collections::{BTreeMap, HashMap};

use super::error::{Fault, WorkbookError, WorkbookFault};
use super::number;
use super::package::Package;
use crate::text::Text;
use crate::xml::Element;

/// Cells of one sheet that hold something, at the most.
const MOST_CELLS: usize = 1_000_000;
/// Rows and columns of a sheet, as the format has them.
const MOST_ROWS: u32 = 1_048_576;
const MOST_COLUMNS: u32 = 16_384;

/// Row and column, from 0.
pub(crate) type At = (u32, u32);

/// How a cell holds its value.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Held {
    Text,
    /// A number without a format of its own.
    Number,
    /// A number whose format changes what is printed.
    Formatted,
    /// TRUE, FALSE.
    Logical,
    /// #REF! and the like.
    Error,
    /// A formula whose value was not stored.
    Nothing,
}

/// A cell that holds something.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) text: String,
    pub(crate) held: Held,
    pub(crate) is_formula: bool,
}

/// A sheet.
#[derive(Debug)]
pub(crate) struct Sheet {
    pub(crate) name: String,
    pub(crate) is_hidden: bool,
    pub(crate) cells: BTreeMap<At, Cell>,
    /// Merged ranges: first and last cell.
    pub(crate) merged: Vec<(At, At)>,
    pub(super) hidden_rows: Vec<u32>,
}

impl Sheet {
    /// The cell at a place; for every cell of a merged range the first one of it.
    pub(crate) fn get(&self, (row, column): At) -> Option<(&Cell, At)> {
        if let Some(cell) = self.cells.get(&(row, column)) {
            return Some((cell, (row, column)));
        }
        let (first, _) = self
            .merged
            .iter()
            .find(|(first, last)| (first.0..=last.0).contains(&row) && (first.1..=last.1).contains(&column))?;
        self.cells.get(first).map(|cell| (cell, *first))
    }

    /// Last column of the merged range that begins at a cell.
    pub(super) fn last_column(&self, at: At) -> Option<u32> {
        let range = self.merged.iter().find(|(first, _)| *first == at);
        range.map(|(_, last)| last.1)
    }

    /// Last row that holds something.
    pub(crate) fn last_row(&self) -> u32 {
        self.cells.last_key_value().map_or(0, |((row, _), _)| *row)
    }
}

/// `(2, 13)` → `N3`.
pub(crate) fn cell_name((row, column): At) -> String {
    let mut letters = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        letters.push(char::from(b'A' + ((rest - 1) % 26) as u8));
        rest = (rest - 1) / 26;
    }
    let letters: String = letters.into_iter().rev().collect();
    format!("{letters}{}", row + 1)
}

/// `N3` → `(2, 13)`.
fn cell_at(name: &str) -> Option<At> {
    let name = name.replace('$', "");
    let digits = name.find(|c: char| c.is_ascii_digit())?;
    let (letters, row) = name.split_at(digits);
    let mut column = 0_u32;
    for letter in letters.bytes() {
        if !letter.is_ascii_alphabetic() {
            return None;
        }
        column = column
            .checked_mul(26)?
            .checked_add(u32::from(letter.to_ascii_uppercase() - b'A') + 1)?;
    }
    let row: u32 = row.parse().ok()?;
    let known = (1..=MOST_ROWS).contains(&row) && (1..=MOST_COLUMNS).contains(&column);
    known.then(|| (row - 1, column - 1))
}

/// Reads every worksheet, in the order of the tabs.
pub(super) fn read(package: &mut Package) -> Result<Vec<Sheet>, Fault> {
    let root = package.relationships("")?;
    let main = root.values().find(|(kind, _)| kind == "officeDocument");
    let main = main.map_or_else(|| "xl/workbook.xml".to_owned(), |(_, target)| target.clone());
    let book = package.needed(&main)?;
    let parts = package.relationships(&main)?;
    let part = |kind: &str| {
        parts
            .values()
            .find(|(other, _)| other == kind)
            .map(|(_, target)| target.clone())
    };
    let strings = match part("sharedStrings") {
        Some(name) => shared_strings(package.needed(&name)?.root()),
        None => Vec::new(),
    };
    let formats = match part("styles") {
        Some(name) => formats(package.needed(&name)?.root()),
        None => Vec::new(),
    };
    let sheets = book.root().children().find(|element| element.local() == "sheets");
    let mut all = Vec::new();
    for sheet in sheets.iter().flat_map(|sheets| sheets.children()) {
        let name = sheet.attribute("", "name").unwrap_or_default().to_owned();
        let id = sheet
            .attributes()
            .find(|attribute| attribute.name().local == "id" && !attribute.prefix().is_empty());
        let target = id.and_then(|id| parts.get(id.value()));
        let Some((kind, target)) = target else {
            return Err(missing_sheet(&name));
        };
        if kind != "worksheet" {
            continue; // A chart or dialog has no cells.
        }
        let is_hidden = sheet.attribute("", "state").is_some_and(|state| state != "visible");
        let document = package.needed(target).map_err(|fault| fault.at(&name, None))?;
        all.push(worksheet(name, is_hidden, document.root(), &strings, &formats)?);
    }
    Ok(all)
}

fn missing_sheet(name: &str) -> Fault {
    WorkbookError::new(
        WorkbookFault::MissingPart,
        Text::new("シートの中身がありません", "the sheet has no part"),
        Text::new(
            "表計算ソフトで開き、保存し直してください",
            "open it in a spreadsheet program and save it again",
        ),
    )
    .at(name, None)
}

/// Text of a string item: plain, or in runs; reading aids (rPh) are no part of it.
fn string_of(item: Element<'_>) -> String {
    let mut text = String::new();
    for child in item.children() {
        match child.local() {
            "t" => text.push_str(&child.text()),
            "r" => {
                for part in child.children().filter(|part| part.local() == "t") {
                    text.push_str(&part.text());
                }
            }
            _ => {}
        }
    }
    unescape(&text)
}

/// `_x000D_` and the like stand for characters that XML cannot hold.
fn unescape(text: &str) -> String {
    if !text.contains("_x") {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("_x") {
        let code = rest
            .get(at + 2..at + 6)
            .filter(|_| rest.get(at + 6..at + 7) == Some("_"));
        let decoded = code
            .and_then(|code| u32::from_str_radix(code, 16).ok())
            .and_then(char::from_u32);
        match decoded {
            Some(c) => {
                out.push_str(&rest[..at]);
                out.push(c);
                rest = &rest[at + 7..];
            }
            None => {
                out.push_str(&rest[..at + 2]);
                rest = &rest[at + 2..];
            }
        }
    }
    out.push_str(rest);
    out
}

fn shared_strings(root: Element<'_>) -> Vec<String> {
    root.children()
        .filter(|item| item.local() == "si")
        .map(string_of)
        .collect()
}

/// Format code of every cell style.
fn formats(root: Element<'_>) -> Vec<String> {
    let mut own: HashMap<u32, String> = HashMap::new();
    let number = |element: Element<'_>, name: &str| element.attribute("", name).and_then(|id| id.parse::<u32>().ok());
    for format in root
        .children()
        .filter(|child| child.local() == "numFmts")
        .flat_map(Element::children)
    {
        if let (Some(id), Some(code)) = (number(format, "numFmtId"), format.attribute("", "formatCode")) {
            own.insert(id, code.to_owned());
        }
    }
    root.children()
        .filter(|child| child.local() == "cellXfs")
        .flat_map(Element::children)
        .map(|style| {
            let id = number(style, "numFmtId").unwrap_or(0);
            let code = own.get(&id).map(String::as_str).or_else(|| number::built_in(id));
            code.unwrap_or("General").to_owned()
        })
        .collect()
}

fn worksheet(
    name: String,
    is_hidden: bool,
    root: Element<'_>,
    strings: &[String],
    formats: &[String],
) -> Result<Sheet, Fault> {
    let mut sheet = Sheet {
        name,
        is_hidden,
        cells: BTreeMap::new(),
        merged: Vec::new(),
        hidden_rows: Vec::new(),
    };
    let part = |wanted: &'static str| root.children().filter(move |child| child.local() == wanted);
    let mut row = 0;
    for element in part("sheetData").flat_map(Element::children) {
        let told = element.attribute("", "r").and_then(|row| row.parse::<u32>().ok());
        row = told.filter(|row| *row > 0).map_or(row, |row| row - 1);
        if element
            .attribute("", "hidden")
            .is_some_and(|hidden| hidden == "1" || hidden == "true")
        {
            sheet.hidden_rows.push(row);
        }
        let mut column = 0;
        for cell in element.children().filter(|cell| cell.local() == "c") {
            let at = cell.attribute("", "r").and_then(cell_at).unwrap_or((row, column));
            column = at.1 + 1;
            if let Some(content) = content(cell, strings, formats) {
                sheet.cells.insert(at, content);
            }
        }
        row += 1;
        if sheet.cells.len() > MOST_CELLS || row > MOST_ROWS {
            return Err(WorkbookError::new(
                WorkbookFault::TooLarge,
                Text::new(
                    format!("{MOST_CELLS} を超えるセルがあります"),
                    format!("it has more than {MOST_CELLS} cells"),
                ),
                Text::new("表でないデータのシートを除いてください", "remove sheets of data"),
            )
            .at(&sheet.name, None));
        }
    }
    for range in part("mergeCells").flat_map(Element::children) {
        let range = range.attribute("", "ref").and_then(|range| {
            let (first, last) = range.split_once(':')?;
            Some((cell_at(first)?, cell_at(last)?))
        });
        sheet.merged.extend(range);
    }
    Ok(sheet)
}

fn content(cell: Element<'_>, strings: &[String], formats: &[String]) -> Option<Cell> {
    let child = |name: &str| cell.children().find(|child| child.local() == name);
    let is_formula = child("f").is_some();
    let value = child("v").map(|value| value.text().into_owned());
    let (text, held) = match (cell.attribute("", "t").unwrap_or("n"), value) {
        ("inlineStr", _) => (child("is").map(string_of)?, Held::Text),
        (_, None) if is_formula => (String::new(), Held::Nothing),
        (_, None) => return None,
        ("s", Some(index)) => (strings.get(index.trim().parse::<usize>().ok()?)?.clone(), Held::Text),
        ("str", Some(text)) => (unescape(&text), Held::Text),
        ("d", Some(text)) => (text, Held::Text),
        ("b", Some(text)) => ((if text == "1" { "TRUE" } else { "FALSE" }).to_owned(), Held::Logical),
        ("e", Some(text)) => (text, Held::Error),
        (_, Some(raw)) => {
            let style = cell
                .attribute("", "s")
                .and_then(|style| style.parse::<usize>().ok())
                .unwrap_or(0);
            let format = formats.get(style).map_or("General", String::as_str);
            let text = number::printed(&raw, format);
            let plain = number::printed(&raw, "General");
            let held = if text == plain { Held::Number } else { Held::Formatted };
            (text, held)
        }
    };
    let kept = !text.trim().is_empty() || held == Held::Nothing;
    kept.then_some(Cell { text, held, is_formula })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_names() {
        for (name, at) in [
            ("A1", (0, 0)),
            ("N31", (30, 13)),
            ("AA10", (9, 26)),
            ("XFD1048576", (1_048_575, 16_383)),
        ] {
            assert_eq!(cell_at(name), Some(at));
            assert_eq!(cell_name(at), name);
        }
        for wrong in ["", "A", "1", "A0", "XFE1", "A1048577", "AAAAAAAAAA1", "1A"] {
            assert_eq!(cell_at(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn escaped_characters() {
        assert_eq!(unescape("a_x000D_b_x5F_c_xZZZZ_"), "a\rb_x5F_c_xZZZZ_");
    }
}
