//! Where the columns of an item sheet and of a code sheet are.

use std::collections::BTreeMap;

use super::book::{Sheet, cell_name};
use super::error::{Fault, WorkbookError, WorkbookFault};
use crate::text::Text;

/// Rows at the top of a sheet in which the heading is looked for.
const HEADING_ROWS: u32 = 60;

/// Columns of an item sheet.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Column {
    Id,
    Name,
    Field,
    Group,
    Key,
    Foreign,
    Type,
    Length,
    Code,
    Repeat,
    Presence,
    Definition,
    Explanation,
    Output,
    Sample,
    Remark,
    /// Columns of a code sheet.
    CodeId,
    CodeName,
    CodeValue,
    CodeMeaning,
}

/// Headings, without spaces and in half width; the first of a column is the official one.
const ITEM_HEADINGS: &[(Column, &[&str])] = &[
    (Column::Id, &["データ項目ID", "項目ID", "項目番号"]),
    (
        Column::Name,
        &["データ項目", "データ項目名", "項目名", "項目名称", "データ項目名称"],
    ),
    (
        Column::Field,
        &["データ項目(ローマ字)", "ローマ字", "項目名(ローマ字)", "フィールド名"],
    ),
    (Column::Group, &["グループ", "グループ名", "グループ名称", "名称"]),
    (Column::Key, &["主キー"]),
    (Column::Foreign, &["外部キー"]),
    (Column::Type, &["データ型", "型", "属性"]),
    (Column::Length, &["桁数", "最大桁数", "桁"]),
    (Column::Code, &["コード", "コードID"]),
    (Column::Repeat, &["繰り返し", "繰返し", "繰返", "最大繰り返し数"]),
    (Column::Presence, &["データ出力条件", "出力条件"]),
    (Column::Definition, &["項目定義", "定義"]),
    (Column::Explanation, &["項目説明", "説明"]),
    (Column::Output, &["実装類型"]),
    (Column::Sample, &["サンプル値", "サンプル", "例"]),
    (Column::Remark, &["備考"]),
];

const CODE_HEADINGS: &[(Column, &[&str])] = &[
    (Column::CodeId, &["コードID", "コード一覧ID"]),
    (Column::CodeName, &["コード名", "コード名称"]),
    (Column::CodeValue, &["コード値", "値"]),
    (Column::CodeMeaning, &["コード値の内容", "内容", "意味"]),
    (Column::Remark, &["備考"]),
];

/// The columns of a sheet.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// First and last column of each.
    pub(super) columns: BTreeMap<Column, (u32, u32)>,
    /// First row below the heading.
    pub(super) first_row: u32,
    /// Row of the heading.
    pub(super) heading: u32,
}

/// A heading without what often differs: spaces, line ends, width.
pub(super) fn squeezed(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            other => other,
        })
        .filter(|c| !c.is_whitespace())
        .collect()
}

impl Layout {
    /// The columns of an item sheet; `None` if it is none.
    ///
    /// # Errors
    /// A sheet that plainly is an item sheet, but without a column that has to be there.
    pub(super) fn of_items(sheet: &Sheet) -> Result<Option<Self>, Fault> {
        let Some(layout) = Self::find(sheet, ITEM_HEADINGS, 4) else {
            return Ok(None);
        };
        for needed in [Column::Name, Column::Type, Column::Length] {
            if !layout.columns.contains_key(&needed) {
                return Err(missing_column(sheet, &layout, needed));
            }
        }
        Ok(Some(layout))
    }

    /// The columns of a code sheet; `None` if it is none.
    pub(super) fn of_codes(sheet: &Sheet) -> Option<Self> {
        let layout = Self::find(sheet, CODE_HEADINGS, 3)?;
        let is_code_sheet =
            layout.columns.contains_key(&Column::CodeId) && layout.columns.contains_key(&Column::CodeValue);
        is_code_sheet.then_some(layout)
    }

    /// Looks for the row with the most headings, at least so many of them; a second row below it may hold more.
    fn find(sheet: &Sheet, headings: &[(Column, &[&str])], least: usize) -> Option<Self> {
        let mut best: Option<(usize, u32)> = None;
        for row in 0..HEADING_ROWS.min(sheet.last_row() + 1) {
            let count = Self::row(sheet, row, headings).len();
            if count >= least && best.is_none_or(|(most, _)| count > most) {
                best = Some((count, row));
            }
        }
        let (_, heading) = best?;
        let mut columns = Self::row(sheet, heading, headings);
        // The row of names above is often merged with the one below, where グループ is divided.
        let below = Self::row(sheet, heading + 1, headings);
        let has_second = below
            .keys()
            .any(|column| matches!(column, Column::Group | Column::Key | Column::Foreign));
        if has_second {
            for (column, place) in below {
                columns.insert(column, place);
            }
        }
        let merged_down = sheet
            .merged
            .iter()
            .filter(|(first, last)| first.0 == heading && last.0 > heading && last.0 <= heading + 3)
            .map(|(_, last)| last.0)
            .max();
        let last = merged_down
            .unwrap_or(heading)
            .max(if has_second { heading + 1 } else { heading });
        Some(Self {
            columns,
            first_row: last + 1,
            heading,
        })
    }

    fn row(sheet: &Sheet, row: u32, headings: &[(Column, &[&str])]) -> BTreeMap<Column, (u32, u32)> {
        let mut found = BTreeMap::new();
        let mut cells = sheet.cells.range((row, 0)..(row + 1, 0)).peekable();
        while let Some((at, cell)) = cells.next() {
            let name = squeezed(&cell.text);
            let known = headings.iter().find(|(_, names)| names.contains(&name.as_str()));
            let Some((column, _)) = known else { continue };
            // Up to the next heading, where the merge of the heading is gone.
            let next = cells.peek().map(|(next, _)| next.1);
            let merged = sheet.last_column(*at);
            let last = match (column, merged, next) {
                (Column::Id, None, Some(next)) => next - 1,
                (_, Some(last), _) => last,
                _ => at.1,
            };
            found.entry(*column).or_insert((at.1, last));
        }
        found
    }
}

fn missing_column(sheet: &Sheet, layout: &Layout, needed: Column) -> Fault {
    let official = ITEM_HEADINGS
        .iter()
        .find(|(column, _)| *column == needed)
        .map_or("", |(_, names)| names[0]);
    let headings: Vec<String> = sheet
        .cells
        .range((layout.heading, 0)..(layout.first_row, 0))
        .map(|(at, cell)| format!("{} {}", cell_name(*at), squeezed(&cell.text)))
        .collect();
    let headings = headings.join(", ");
    let row = layout.heading + 1;
    WorkbookError::new(
        WorkbookFault::MissingColumn,
        Text::new(
            format!("{row} 行目の見出しに列「{official}」がありません（見出し: {headings}）"),
            format!("no column {official} in the heading of row {row} (headings: {headings})"),
        ),
        Text::new(
            format!("写しを作り、その列の見出しを「{official}」にしてください"),
            format!("make a copy and name the heading of that column {official}"),
        ),
    )
    .at(&sheet.name, Some(cell_name((layout.heading, 0))))
}
