//! CSV and workbooks as the same thing: grids of texts that know their place.

use encoding_rs::{SHIFT_JIS, UTF_16BE, UTF_16LE};

use super::csv;
use super::error::{ListError, ListFault};
use crate::import::{Held, Sheet, cell_name, read_sheets};
use crate::text::Text;

/// Bytes of a file at the most.
pub(crate) const MOST_BYTES: usize = 32 << 20;
/// Rows that hold something, over all sheets.
pub(super) const MOST_ROWS: usize = 60_000;
/// Columns of a table.
pub(super) const MOST_COLUMNS: usize = 400;
/// Characters of a cell; what a cell of Excel can hold.
pub(super) const MOST_CHARS: usize = 32_767;

/// A sheet of texts.
#[derive(Debug, Default)]
pub(super) struct Grid {
    /// Name of the sheet; none for CSV.
    pub(super) sheet: Option<String>,
    /// Hidden sheets are told of, but not read.
    pub(super) is_hidden: bool,
    /// Rows that hold something, in order.
    pub(super) rows: Vec<GridRow>,
}

/// A row.
#[derive(Debug, Default)]
pub(super) struct GridRow {
    /// Row of the sheet or line of the file, from 1.
    pub(super) number: u32,
    /// Texts by column from 0, trimmed; cells of a merged range repeat its first one.
    pub(super) cells: Vec<GridCell>,
}

/// A cell.
#[derive(Clone, Debug, Default)]
pub(super) struct GridCell {
    pub(super) text: String,
    /// The row above holds this text: a range merged over rows.
    pub(super) is_continued: bool,
    /// The column before holds this text: a range merged over columns.
    pub(super) is_widened: bool,
    /// A formula whose value was not stored.
    pub(super) lacks_value: bool,
}

impl GridRow {
    pub(super) fn text(&self, column: usize) -> &str {
        self.cells.get(column).map_or("", |cell| cell.text.as_str())
    }
}

impl Grid {
    /// Name of a cell: `B12` in a sheet, `行12 列2` in CSV.
    pub(super) fn place(&self, row: &GridRow, column: usize) -> String {
        let at = (row.number - 1, u32::try_from(column).unwrap_or(u32::MAX - 1));
        match self.sheet {
            Some(_) => cell_name(at),
            None => format!("{}:{}", row.number, column + 1),
        }
    }
}

/// How a file was read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    Xlsx,
    Csv(&'static str),
}

/// Reads a file, told by its bytes.
pub(super) fn read(bytes: &[u8]) -> Result<(Form, Vec<Grid>), Box<ListError>> {
    if bytes.len() > MOST_BYTES {
        return Err(too_large(&Text::new(
            format!("{} バイトあります。{MOST_BYTES} バイトまで読みます", bytes.len()),
            format!(
                "it has {} bytes; files of up to {MOST_BYTES} bytes are read",
                bytes.len()
            ),
        )));
    }
    let is_package = bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06");
    if is_package || bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        let sheets = read_sheets(bytes.to_vec())?;
        let grids: Vec<Grid> = sheets.into_iter().map(of_sheet).collect::<Result<_, _>>()?;
        limit_rows(&grids)?;
        return Ok((Form::Xlsx, grids));
    }
    let (encoding, text) = decode(bytes)?;
    let rows = if csv::is_markdown(&text) {
        csv::markdown_rows(&text)?
    } else {
        csv::rows(&text)?
    };
    let grid = Grid {
        sheet: None,
        is_hidden: false,
        rows,
    };
    let grids = vec![grid];
    limit_rows(&grids)?;
    Ok((Form::Csv(encoding), grids))
}

fn limit_rows(grids: &[Grid]) -> Result<(), Box<ListError>> {
    let rows: usize = grids.iter().map(|grid| grid.rows.len()).sum();
    if rows <= MOST_ROWS {
        return Ok(());
    }
    Err(too_large(&Text::new(
        format!("{rows} 行あります。{MOST_ROWS} 行まで読みます"),
        format!("it has {rows} rows; up to {MOST_ROWS} are read"),
    )))
}

fn too_large(message: &Text) -> Box<ListError> {
    ListError::new(
        ListFault::TooLarge,
        message.clone(),
        Text::new(
            "条項の表だけを残すか、業務ごとのファイルに分けてください",
            "keep the table of clauses only, or split it by business",
        ),
    )
}

/// The text of a CSV file and the name of its encoding.
fn decode(bytes: &[u8]) -> Result<(&'static str, String), Box<ListError>> {
    if bytes.is_empty() {
        return Err(ListError::new(
            ListFault::OtherKind,
            Text::new("空のファイルです", "expected CSV or xlsx, found an empty file"),
            save_again(),
        ));
    }
    let wide = match bytes {
        [0xFF, 0xFE, ..] => Some((UTF_16LE, "UTF-16LE")),
        [0xFE, 0xFF, ..] => Some((UTF_16BE, "UTF-16BE")),
        _ => None,
    };
    if let Some((encoding, name)) = wide {
        let (text, had_errors) = encoding.decode_with_bom_removal(bytes);
        return if had_errors {
            Err(wrong_encoding(bytes, name, 0))
        } else {
            Ok((name, text.into_owned()))
        };
    }
    if let Some(at) = bytes.iter().position(|&byte| byte == 0) {
        return Err(ListError::new(
            ListFault::OtherKind,
            Text::new(
                format!("CSV でも xlsx でもありません（{at} バイト目に 0x00）"),
                format!("expected CSV or xlsx, found other binary data (0x00 at byte {at})"),
            ),
            save_again(),
        ));
    }
    let (name, body) = match bytes.strip_prefix(&[0xEF, 0xBB, 0xBF]) {
        Some(body) => ("UTF-8 (BOM)", body),
        None => ("UTF-8", bytes),
    };
    match std::str::from_utf8(body) {
        Ok(text) => Ok((name, text.to_owned())),
        Err(error) => {
            let decoded = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(body);
            match decoded {
                Some(text) if name == "UTF-8" => Ok(("CP932", text.into_owned())),
                _ => Err(wrong_encoding(body, name, error.valid_up_to())),
            }
        }
    }
}

fn wrong_encoding(bytes: &[u8], name: &str, at: usize) -> Box<ListError> {
    let line = bytes[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
    ListError::new(
        ListFault::Encoding,
        Text::new(
            format!(
                "UTF-8・CP932（Shift_JIS）・UTF-16 のいずれとしても読めません（{name} としては {at} バイト目まで）"
            ),
            format!(
                "expected UTF-8, CP932 (Shift_JIS) or UTF-16, found none of them (as {name} valid up to byte {at})"
            ),
        ),
        save_again(),
    )
    .at(None, line.to_string())
}

fn save_again() -> Text {
    Text::new(
        "表計算ソフトで開き、「Excel ブック (.xlsx)」か「CSV UTF-8」として保存し直してください",
        "open it in a spreadsheet program and save it as Excel workbook (.xlsx) or CSV UTF-8",
    )
}

/// A sheet of a workbook. Merged ranges repeat their first cell, so that a heading above several columns or an item
/// beside several rows belongs to each of them.
fn of_sheet(sheet: Sheet) -> Result<Grid, Box<ListError>> {
    let mut grid = Grid {
        sheet: Some(sheet.name.clone()),
        is_hidden: sheet.is_hidden,
        rows: Vec::new(),
    };
    if sheet.is_hidden {
        return Ok(grid);
    }
    for (&(row, column), cell) in &sheet.cells {
        let column = column as usize;
        if column >= MOST_COLUMNS {
            continue;
        }
        let text = cell.text.trim();
        check_length(text).map_err(|error| error.at(Some(&sheet.name), cell_name((row, column as u32))))?;
        let target = grid.row_mut(row + 1);
        target.put(
            column,
            GridCell {
                text: text.to_owned(),
                lacks_value: cell.held == Held::Nothing,
                ..GridCell::default()
            },
        );
    }
    // A merged range may be as large as the sheet: what it repeats is bounded by the rows that hold something.
    let mut budget = 4 * MOST_ROWS;
    for &((top, left), (bottom, right)) in &sheet.merged {
        let Some(first) = sheet.cells.get(&(top, left)) else {
            continue;
        };
        let text = first.text.trim().to_owned();
        let last_column = (right as usize).min(MOST_COLUMNS - 1);
        let from = grid.rows.partition_point(|row| row.number < top + 1);
        for row in grid.rows[from..]
            .iter_mut()
            .take_while(|row| row.number <= bottom.saturating_add(1))
        {
            for column in left as usize..=last_column {
                if (row.number, column) == (top + 1, left as usize) {
                    continue;
                }
                let Some(left_over) = budget.checked_sub(1) else {
                    return Ok(grid);
                };
                budget = left_over;
                row.put(
                    column,
                    GridCell {
                        text: text.clone(),
                        is_continued: row.number > top + 1,
                        is_widened: column > left as usize,
                        lacks_value: false,
                    },
                );
            }
        }
    }
    Ok(grid)
}

impl Grid {
    /// The row with a number; cells come in order, so it is the last one or a new one.
    fn row_mut(&mut self, number: u32) -> &mut GridRow {
        if self.rows.last().is_none_or(|row| row.number != number) {
            self.rows.push(GridRow {
                number,
                cells: Vec::new(),
            });
        }
        let last = self.rows.len() - 1;
        &mut self.rows[last]
    }
}

impl GridRow {
    fn put(&mut self, column: usize, cell: GridCell) {
        if self.cells.len() <= column {
            self.cells.resize(column + 1, GridCell::default());
        }
        self.cells[column] = cell;
    }
}

/// Refuses a cell that no spreadsheet program could hold.
pub(super) fn check_length(text: &str) -> Result<(), Box<ListError>> {
    let chars = text.chars().count();
    if chars <= MOST_CHARS {
        return Ok(());
    }
    Err(ListError::new(
        ListFault::TooLarge,
        Text::new(
            format!("セルに {chars} 文字あります。{MOST_CHARS} 文字まで読みます"),
            format!("the cell has {chars} characters; up to {MOST_CHARS} are read"),
        ),
        Text::new(
            "引用符の閉じ忘れがないかを確かめ、長い説明は別紙にしてください",
            "look for a quote that is not closed; put long explanations into an annex",
        ),
    ))
}
