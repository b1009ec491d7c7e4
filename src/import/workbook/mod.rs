//! Item tables from official workbooks (項目定義書, 基本データリスト).
//!
//! The layout is found by its headings, not by fixed cells, since headings move between editions. Ids are taken as
//! their cells print them. The reader of workbooks is our own, over `zip` and [`crate::xml`]: what the libraries give
//! (calamine 0.38) has values and merged cells, but not the number formats that make `00001` of 1, and nothing that
//! bounds what a part unpacks to.

mod book;
mod codes;
mod compare;
mod error;
mod items;
mod layout;
mod number;
mod package;
mod slips;

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::schema::table::{Dialect, Slip, Source, Table};
use crate::text::{Text, hex};
pub use error::{WorkbookError, WorkbookFault};

pub(crate) use book::{Held, Sheet, cell_name};
use error::Fault;
use layout::Layout;
use package::Package;
use slips::Slips;

/// What to import, and where to.
#[derive(Clone, Debug)]
pub struct WorkbookOptions {
    /// Workbook (xlsx).
    pub file: PathBuf,
    /// Folder for table.toml and slips.txt.
    pub out: PathBuf,
    /// Id of the table; from its items, or the name of the file, if absent.
    pub id: Option<String>,
    /// Write into a folder that is not empty.
    pub force: bool,
}

/// Reads a workbook and writes a folder with `table.toml` and `slips.txt`.
///
/// # Errors
/// See [`WorkbookFault`]; nothing was written then, unless writing itself failed.
pub fn import_workbook(options: &WorkbookOptions) -> Result<Table, Box<WorkbookError>> {
    let of = |fault: Fault| fault.of(&options.file);
    let out_of = |fault: Fault| fault.of(&options.out);
    let holds_something = fs::read_dir(&options.out).is_ok_and(|mut entries| entries.next().is_some());
    if options.out.is_file() || (holds_something && !options.force) {
        return Err(out_of(WorkbookError::new(
            WorkbookFault::Output,
            Text::new("空のフォルダではありません", "it is no empty folder"),
            Text::new(
                "別のフォルダか --force を指定してください",
                "give another folder, or --force to write into it",
            ),
        )));
    }
    let table = read_workbook(&options.file, options.id.as_deref())?;
    let text = toml::to_string_pretty(&table).map_err(|error| {
        of(WorkbookError::new(
            WorkbookFault::Output,
            Text::neutral(error),
            Text::new("開発元に知らせてください", "please tell the developers"),
        ))
    })?;
    let file = options.file.file_name().unwrap_or_default().to_string_lossy();
    let write = |name: &str, content: &str| {
        fs::write(options.out.join(name), content).map_err(|error| out_of(WorkbookError::output(&error)))
    };
    fs::create_dir_all(&options.out).map_err(|error| out_of(WorkbookError::output(&error)))?;
    write("table.toml", &format!("{}{text}", heading(&file)))?;
    write("slips.txt", &slips::listed(&table.slip, &file))?;
    Ok(table)
}

fn heading(file: &str) -> String {
    format!(
        "# Made by junkyo import from {file}.\n\
         # [dialect] says how files are written; rules between items go under [[group.rule]]: see ci/TABLE.md.\n\n"
    )
}

/// Reads a workbook without writing anything.
///
/// # Errors
/// See [`WorkbookFault`].
pub fn read_workbook(file: &Path, id: Option<&str>) -> Result<Table, Box<WorkbookError>> {
    let of = |fault: Fault| fault.of(file);
    let (mut package, bytes) = Package::open(file).map_err(of)?;
    let sheets = book::read(&mut package).map_err(of)?;
    let source = Source {
        file: file.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        sha256: hex(&Sha256::digest(&bytes)),
    };
    let mut table = table(&sheets, source).map_err(of)?;
    if let Some(id) = id {
        table.id = id.to_owned();
    }
    Ok(table)
}

/// The cells of a workbook, sheet by sheet, with the limits of every workbook that is read here.
///
/// # Errors
/// See [`WorkbookFault`]; the file has no name in it yet.
pub(crate) fn read_sheets(bytes: Vec<u8>) -> Result<Vec<Sheet>, Box<WorkbookError>> {
    book::read(&mut Package::read(bytes)?)
}

/// The table of the sheets of a workbook.
fn table(sheets: &[Sheet], source: Source) -> Result<Table, Fault> {
    let mut slips = Slips::default();
    let (mut rows, mut lists, mut references) = (Vec::new(), Vec::new(), Vec::new());
    let mut title = None;
    for sheet in sheets {
        let items = match Layout::of_items(sheet) {
            Err(_) if sheet.is_hidden => None,
            other => other?,
        };
        let codes = Layout::of_codes(sheet);
        if sheet.is_hidden {
            if items.is_some() || codes.is_some() {
                slips.add(
                    "hidden-sheet",
                    &sheet.name,
                    "A1".to_owned(),
                    "非表示のシートに表がある。読まなかった",
                    "a hidden sheet holds a table; it was not read",
                );
            }
            continue;
        }
        if let Some(layout) = items {
            title = title.or_else(|| title_of(sheet, &layout));
            rows.extend(items::read(sheet, &layout, &mut references, &mut slips)?);
        } else if let Some(layout) = codes {
            codes::read(sheet, &layout, &mut lists, &mut references, &mut slips);
        }
    }
    if rows.is_empty() {
        return Err(no_items(sheets));
    }
    codes::compare(&lists, &references, &mut slips);
    compare::rows(&rows, &lists, &mut slips);
    let mut group = items::groups(&rows);
    compare::foreign_keys(&mut group, &rows, &mut slips);
    Ok(Table {
        format: 1,
        id: id_of(&rows, &source.file),
        title: title.unwrap_or_else(|| source.file.clone()),
        source: vec![source],
        dialect: Dialect::default(),
        code: lists,
        group,
        slip: sorted(slips, sheets),
    })
}

/// The first text above the heading.
fn title_of(sheet: &Sheet, layout: &Layout) -> Option<String> {
    let (_, cell) = sheet.cells.range(..(layout.heading, 0)).next()?;
    Some(cell.text.trim_start_matches('■').trim().to_owned())
}

/// Business code of the items, or the name of the file.
fn id_of(rows: &[items::Row], file: &str) -> String {
    let business = rows.first().and_then(|row| row.item.id.get(..3));
    match business.filter(|code| code.bytes().all(|byte| byte.is_ascii_digit())) {
        Some(code) => code.to_owned(),
        None => file.rsplit_once('.').map_or(file, |(stem, _)| stem).to_owned(),
    }
}

/// Slips in the order of sheets and rows.
fn sorted(slips: Slips, sheets: &[Sheet]) -> Vec<Slip> {
    let mut all = slips.into_inner();
    let row = |cell: &str| -> u32 {
        let digits = cell.trim_start_matches(|c: char| c.is_ascii_alphabetic());
        digits.parse().unwrap_or(0)
    };
    all.sort_by_key(|slip| {
        let sheet = sheets.iter().position(|sheet| sheet.name == slip.sheet);
        (sheet, row(&slip.cell))
    });
    all
}

fn no_items(sheets: &[Sheet]) -> Fault {
    let names: Vec<&str> = sheets.iter().map(|sheet| sheet.name.as_str()).collect();
    let names = names.join(", ");
    WorkbookError::new(
        WorkbookFault::NoItems,
        Text::new(
            format!("データ項目・データ型・桁数などの見出しのある表がありません（シート: {names}）"),
            format!("no sheet has a table with the headings データ項目, データ型, 桁数 and others (sheets: {names})"),
        ),
        Text::new(
            "項目定義書・基本データリストのブックを指定してください",
            "give a workbook of items (項目定義書, 基本データリスト)",
        ),
    )
}
