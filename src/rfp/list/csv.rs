//! Comma-separated values as spreadsheet programs write them (RFC 4180; also tabs and semicolons).

use super::error::{ListError, ListFault};
use super::grid::{GridCell, GridRow, MOST_COLUMNS, MOST_ROWS, check_length};
use crate::text::Text;

/// The rows that hold something, with the line on which each begins.
pub(super) fn rows(text: &str) -> Result<Vec<GridRow>, Box<ListError>> {
    let (text, first_line, separator) = match told_separator(text) {
        Some((separator, rest)) => (rest, 2, separator),
        None => (text, 1, guessed_separator(text)),
    };
    let mut reader = Reader {
        chars: text.chars().peekable(),
        line: first_line,
        separator,
    };
    let mut rows = Vec::new();
    while reader.chars.peek().is_some() {
        let number = reader.line;
        let cells = reader.record(number)?;
        if cells.iter().all(|cell| cell.text.is_empty()) {
            continue;
        }
        if rows.len() > MOST_ROWS {
            return Err(ListError::new(
                ListFault::TooLarge,
                Text::new(
                    format!("{MOST_ROWS} 行を超えます"),
                    format!("it has more than {MOST_ROWS} rows"),
                ),
                Text::new(
                    "条項の表だけを残すか、業務ごとのファイルに分けてください",
                    "keep the table of clauses only, or split it by business",
                ),
            )
            .at(None, number.to_string()));
        }
        rows.push(GridRow { number, cells });
    }
    Ok(rows)
}

/// The rows of Markdown: the cells of its tables, other lines as one cell.
pub(super) fn markdown_rows(text: &str) -> Result<Vec<GridRow>, Box<ListError>> {
    let mut rows = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        let texts = match line.strip_prefix('|') {
            Some(cells) => markdown_cells(cells),
            None => vec![line.trim_start_matches('#').trim().to_owned()],
        };
        let is_rule = line.starts_with('|') && texts.iter().all(|cell| cell.chars().all(|c| c == '-' || c == ':'));
        if is_rule || texts.iter().all(String::is_empty) {
            continue;
        }
        let mut cells = Vec::new();
        for text in texts.into_iter().take(MOST_COLUMNS) {
            check_length(&text).map_err(|error| error.at(None, number.to_string()))?;
            cells.push(GridCell {
                text,
                ..GridCell::default()
            });
        }
        rows.push(GridRow { number, cells });
    }
    Ok(rows)
}

/// Whether a text is Markdown with a table: a row of cells above a row of dashes.
pub(super) fn is_markdown(text: &str) -> bool {
    let lines = text.lines().map(str::trim);
    let below = text.lines().map(str::trim).skip(1);
    lines
        .zip(below)
        .any(|(row, rule)| row.starts_with('|') && rule.starts_with("|-") && rule.chars().all(|c| "|-: ".contains(c)))
}

fn markdown_cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        let last = cells.len() - 1;
        match c {
            '\\' => cells[last].extend(chars.next()),
            '|' => cells.push(String::new()),
            other => cells[last].push(other),
        }
    }
    // What stands behind the last bar.
    if cells.last().is_some_and(|cell| cell.trim().is_empty()) {
        cells.pop();
    }
    cells.into_iter().map(|cell| cell.trim().to_owned()).collect()
}

/// `sep=;` in the first line, as Excel reads it.
fn told_separator(text: &str) -> Option<(char, &str)> {
    let (first, rest) = text.split_once('\n')?;
    let told = first.trim_end_matches('\r').strip_prefix("sep=")?;
    let mut chars = told.chars();
    let separator = chars.next().filter(|_| chars.next().is_none())?;
    Some((separator, rest))
}

/// The separator that occurs most often in the first lines, outside quotes.
fn guessed_separator(text: &str) -> char {
    let mut counts = [(',', 0_usize), ('\t', 0), (';', 0)];
    let mut quoted = false;
    for c in text.chars().take(20_000) {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            _ => {
                for (separator, count) in &mut counts {
                    *count += usize::from(*separator == c);
                }
            }
        }
    }
    // The first of equals: a comma.
    counts
        .into_iter()
        .rev()
        .max_by_key(|(_, count)| *count)
        .map_or(',', |(separator, _)| separator)
}

struct Reader<'a> {
    chars: std::iter::Peekable<std::str::Chars<'a>>,
    line: u32,
    separator: char,
}

impl Reader<'_> {
    /// One record, which may go over several lines.
    fn record(&mut self, begin: u32) -> Result<Vec<GridCell>, Box<ListError>> {
        let mut cells = Vec::new();
        loop {
            let text = if self.chars.peek() == Some(&'"') {
                self.chars.next();
                self.quoted(begin, cells.len())?
            } else {
                self.bare()
            };
            check_length(&text).map_err(|error| error.at(None, format!("{begin}:{}", cells.len() + 1)))?;
            if cells.len() < MOST_COLUMNS {
                cells.push(GridCell {
                    text: unescaped(text.trim()).to_owned(),
                    ..GridCell::default()
                });
            }
            match self.chars.next() {
                Some(c) if c == self.separator => {}
                Some('\r') => {
                    self.chars.next_if_eq(&'\n');
                    self.line += 1;
                    return Ok(cells);
                }
                Some('\n') => {
                    self.line += 1;
                    return Ok(cells);
                }
                _ => return Ok(cells),
            }
        }
    }

    fn bare(&mut self) -> String {
        let separator = self.separator;
        let mut text = String::new();
        while let Some(c) = self.chars.next_if(|&c| c != separator && c != '\n' && c != '\r') {
            text.push(c);
        }
        text
    }

    fn quoted(&mut self, begin: u32, column: usize) -> Result<String, Box<ListError>> {
        let mut text = String::new();
        loop {
            match self.chars.next() {
                Some('"') if self.chars.next_if_eq(&'"').is_some() => text.push('"'),
                Some('"') => break,
                Some(c) => {
                    self.line += u32::from(c == '\n');
                    text.push(c);
                }
                None => {
                    return Err(ListError::new(
                        ListFault::Csv,
                        Text::new(
                            "引用符「\"」が閉じていません。ファイルの終わりまで一つのセルになります",
                            "expected a closing quote (\"), found the end of the file",
                        ),
                        Text::new(
                            "このセルの引用符を閉じ、セルの中の「\"」は「\"\"」と書いてください",
                            "close the quote of this cell, and write a quote inside a cell twice",
                        ),
                    )
                    .at(None, format!("{begin}:{}", column + 1)));
                }
            }
        }
        // Something behind a closing quote is kept, as spreadsheet programs do.
        text.push_str(&self.bare());
        Ok(text)
    }
}

/// A cell without the apostrophe that keeps spreadsheet programs from taking it for a formula; we write it ourselves.
fn unescaped(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if rest.starts_with(FORMULA_STARTS) => rest,
        _ => text,
    }
}

/// What makes a spreadsheet program take a cell of a CSV file for a formula.
pub(crate) const FORMULA_STARTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell of CSV that no spreadsheet program takes for a formula.
pub(crate) fn field(text: &str) -> String {
    let escaped = if text.starts_with(FORMULA_STARTS) {
        format!("'{text}")
    } else {
        text.to_owned()
    };
    if escaped.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", escaped.replace('"', "\"\""))
    } else {
        escaped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(csv: &str) -> Vec<(u32, Vec<String>)> {
        let rows = rows(csv).unwrap();
        rows.into_iter()
            .map(|row| (row.number, row.cells.into_iter().map(|cell| cell.text).collect()))
            .collect()
    }

    #[test]
    fn quotes_lines_and_separators() {
        assert_eq!(
            texts("a,\"b\"\"c\nd\",e\r\n\r\nf;g,h"),
            [
                (1, vec!["a".to_owned(), "b\"c\nd".into(), "e".into()]),
                (4, vec!["f;g".to_owned(), "h".into()])
            ]
        );
        assert_eq!(texts("a\tb\tc,d\n")[0].1, ["a", "b", "c,d"]);
        assert_eq!(texts("sep=;\nx;y")[0], (2, vec!["x".to_owned(), "y".into()]));
        assert_eq!(texts("a,b\rc,d").len(), 2);
    }

    #[test]
    fn a_quote_that_is_not_closed_is_told_with_its_place() {
        let error = rows("a,b\nc,\"d\n").unwrap_err();
        assert_eq!(error.fault, ListFault::Csv);
        assert_eq!(error.cell.as_deref(), Some("2:2"));
    }

    #[test]
    fn formulas_are_kept_from_running_and_read_back() {
        for formula in ["=cmd|'/C calc'!A0", "+1+1", "-1", "@SUM(A1)", "=HYPERLINK(\"x\",\"y\")"] {
            let written = field(formula);
            assert!(written.starts_with('\'') || written.starts_with("\"'"), "{written}");
            assert_eq!(texts(&format!("{written},b"))[0].1[0], formula);
        }
        assert_eq!(field("plain"), "plain");
    }
}
