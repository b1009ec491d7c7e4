//! Where the table of a sheet begins, and what its columns hold. Headings move from list to list, so they are looked
//! for; vendors stand in headings (`回答（A社）`), above them, or below a common heading 回答.

use super::answer::Answer;
use super::grid::{Grid, GridRow};
use super::heading::{Role, role_of, told_fact, vendor_answer};

/// Rows in which a heading is looked for.
const HEADING_WITHIN: usize = 60;
/// Rows that tell what an unnamed column holds.
const SAMPLE: usize = 200;

/// The columns of a table.
#[derive(Debug)]
pub(super) struct Layout {
    /// Index of the row in which the heading begins.
    pub(super) heading: usize,
    /// Index of the first row below it.
    pub(super) body: usize,
    /// Columns by place.
    pub(super) columns: Vec<Column>,
}

/// A column.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) at: usize,
    pub(super) role: Role,
    /// The vendor whose column it is.
    pub(super) vendor: Option<String>,
}

impl Layout {
    /// The table of a sheet, if it has one.
    pub(super) fn of(grid: &Grid) -> Option<Self> {
        let heading = (0..grid.rows.len().min(HEADING_WITHIN))
            .map(|index| (score(&grid.rows[index]), index))
            .filter(|(score, _)| *score > 0)
            // The first of equals.
            .max_by_key(|(score, index)| (*score, std::cmp::Reverse(*index)))?
            .1;
        let below = grid
            .rows
            .get(heading + 1)
            .filter(|row| is_second_row(&grid.rows[heading], row));
        let above = heading.checked_sub(1).map(|index| &grid.rows[index]);
        let body = heading + 1 + usize::from(below.is_some());
        let mut columns = named(&grid.rows[heading], above, below);
        columns.extend(unnamed(grid, heading, body, &columns));
        columns.sort_by_key(|column| column.at);
        Some(Self { heading, body, columns })
    }

    /// Columns of a role that belong to clauses.
    pub(super) fn of_role(&self, role: Role) -> impl Iterator<Item = &Column> {
        self.columns.iter().filter(move |column| column.role == role)
    }

    /// Names of the vendors with columns of their own.
    pub(super) fn vendors(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for name in self.columns.iter().filter_map(|column| column.vendor.as_deref()) {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// How much a row looks like the heading of a list of clauses; 0 if it cannot be one.
fn score(row: &GridRow) -> usize {
    let mut roles: Vec<Role> = Vec::new();
    for (_, text) in own_cells(row) {
        let role = role_of(text).or_else(|| vendor_answer(text).map(|(role, _)| role));
        if let Some(role) = role.filter(|role| !roles.contains(role)) {
            roles.push(role);
        }
    }
    let has = |role| roles.contains(&role);
    let of_clauses = has(Role::Text) || has(Role::Requirement) || has(Role::Item) && has(Role::Answer);
    let of_answers = has(Role::Number) && (has(Role::Answer) || has(Role::Registration));
    if roles.len() < 2 || !(of_clauses || of_answers) {
        // A single column of texts under the heading 要求事項 is a list, too.
        let is_only = roles == [Role::Text] && own_cells(row).count() == 1;
        return usize::from(is_only);
    }
    roles.len() + 3 * usize::from(has(Role::Text))
}

/// Cells that hold something of their own, not of a merged range.
fn own_cells(row: &GridRow) -> impl Iterator<Item = (usize, &str)> {
    row.cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| !cell.text.is_empty() && !cell.is_widened && !cell.is_continued)
        .map(|(at, cell)| (at, cell.text.as_str()))
}

/// Whether a row continues the heading: where the heading has numbers and texts it holds nothing of its own, and it
/// names columns.
fn is_second_row(first: &GridRow, second: &GridRow) -> bool {
    let mut is_free = true;
    for (at, text) in own_cells(first) {
        let is_of_clause = matches!(role_of(text), Some(Role::Number | Role::Text | Role::Requirement));
        let own = second
            .cells
            .get(at)
            .is_some_and(|cell| !cell.is_continued && !cell.text.is_empty());
        is_free &= !(is_of_clause && own);
    }
    let group = |at: usize| role_of(group_text(first, at).unwrap_or_default()) == Some(Role::Answer);
    is_free
        && own_cells(second)
            .any(|(at, text)| role_of(text).is_some() || group(at) && Answer::read(text) == Answer::Unclear)
}

/// The text above a column: of the merged range, or of the next cell to the left that is not empty.
fn group_text(row: &GridRow, at: usize) -> Option<&str> {
    (0..=at.min(row.cells.len().checked_sub(1)?))
        .rev()
        .map(|column| row.text(column))
        .find(|text| !text.is_empty())
}

/// Columns whose heading is known.
fn named(heading: &GridRow, above: Option<&GridRow>, below: Option<&GridRow>) -> Vec<Column> {
    let width = heading.cells.len().max(below.map_or(0, |row| row.cells.len()));
    let mut columns: Vec<Column> = Vec::new();
    for at in 0..width {
        let lower = below.map(|row| row.text(at)).filter(|text| !text.is_empty());
        let upper = Some(heading.text(at)).filter(|text| !text.is_empty());
        let is_widened = heading.cells.get(at).is_some_and(|cell| cell.is_widened);
        let column = match (upper, lower) {
            // 回答 above, vendors below; vendors above, 回答 and 備考 below.
            (_, Some(lower)) if Some(lower) != upper => sub_column(at, heading, lower),
            (Some(text), _) if !is_widened => of_text(at, text),
            _ => None,
        };
        columns.extend(column);
    }
    if let Some(above) = above {
        vendors_from_above(&mut columns, above);
    }
    columns
}

fn of_text(at: usize, text: &str) -> Option<Column> {
    if let Some((role, name)) = vendor_answer(text) {
        return Some(Column {
            at,
            role,
            vendor: Some(name),
        });
    }
    role_of(text).map(|role| Column { at, role, vendor: None })
}

fn sub_column(at: usize, heading: &GridRow, lower: &str) -> Option<Column> {
    let group = group_text(heading, at);
    let group_role = group.and_then(role_of);
    let column = of_text(at, lower);
    match (column, group, group_role) {
        // A vendor's name above 回答, 備考 …
        (Some(mut column), Some(group), None) if column.vendor.is_none() && column.role.is_of_offer() => {
            column.vendor = Some(vendor_answer(group).map_or_else(|| group.to_owned(), |(_, name)| name));
            Some(column)
        }
        (Some(column), ..) => Some(column),
        // A vendor's name below 回答.
        (None, Some(_), Some(Role::Answer)) => Some(Column {
            at,
            role: Role::Answer,
            vendor: Some(lower.to_owned()),
        }),
        _ => None,
    }
}

/// Vendors in the row above the heading, over their columns.
fn vendors_from_above(columns: &mut [Column], above: &GridRow) {
    let Some(first) = columns
        .iter()
        .filter(|column| column.role.is_of_offer() && column.role != Role::Vendor)
        .map(|column| column.at)
        .min()
    else {
        return;
    };
    for column in columns
        .iter_mut()
        .filter(|column| column.at >= first && column.role.is_of_offer())
    {
        let origin = (first..=column.at).rev().find(|&at| {
            let cell = above.cells.get(at);
            cell.is_some_and(|cell| !cell.text.is_empty() && !cell.is_widened)
        });
        let name = origin.map(|at| above.text(at)).filter(|name| {
            role_of(name).is_none()
                && told_fact(name).is_none()
                && Answer::read(name) == Answer::Unclear
                && name.chars().count() <= 60
        });
        if let (None, Some(name)) = (&column.vendor, name) {
            column.vendor = Some(name.to_owned());
        }
    }
}

/// Columns under the name of a company that hold nothing but answers.
fn unnamed(grid: &Grid, heading: usize, body: usize, named: &[Column]) -> Vec<Column> {
    let row = &grid.rows[heading];
    let is_known = |at: usize| named.iter().any(|column| column.at == at);
    let mut columns = Vec::new();
    for (at, text) in own_cells(row) {
        if is_known(at) || !is_name(text) {
            continue;
        }
        let sample = grid.rows[body.min(grid.rows.len())..].iter().take(SAMPLE);
        let answers: Vec<Answer> = sample
            .map(|row| Answer::read(row.text(at)))
            .filter(|answer| *answer != Answer::Empty)
            .collect();
        let clear = answers.iter().filter(|answer| **answer != Answer::Unclear).count();
        if clear > 0 && clear * 5 >= answers.len() * 4 {
            columns.push(Column {
                at,
                role: Role::Answer,
                vendor: Some(text.to_owned()),
            });
        }
    }
    columns
}

/// Whether a heading looks like the name of a company or a product.
fn is_name(text: &str) -> bool {
    const PARTS: [&str; 14] = [
        "株式会社",
        "㈱",
        "(株)",
        "（株）",
        "社",
        "有限会社",
        "合同会社",
        "システム",
        "ソフト",
        "データ",
        "Inc",
        "Ltd",
        "Vendor",
        "Co.",
    ];
    text.chars().count() <= 60 && PARTS.iter().any(|part| text.contains(part))
}
