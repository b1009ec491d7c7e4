//! Why a list of clauses was not read: file, sheet, cell, what was expected, what was found, what to do.

use std::fmt;

use crate::import::WorkbookError;
use crate::text::{Lang, Text};

/// Why a list was not read.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ListError {
    /// Name of the file.
    pub file: String,
    /// Which kind of failure.
    pub fault: ListFault,
    /// Sheet, if it is about one.
    pub sheet: Option<String>,
    /// Cell (`B12`) or line, if it is about one.
    pub cell: Option<String>,
    /// What was expected and what was found.
    pub message: Text,
    /// What to do.
    pub remedy: Text,
}

/// Kinds of failures.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ListFault {
    /// The file cannot be read.
    Unreadable,
    /// It is neither CSV nor a workbook (xlsx).
    OtherKind,
    /// The workbook is damaged, encrypted, or unpacks to too much.
    Workbook,
    /// The text is in no encoding that is read.
    Encoding,
    /// The CSV form is broken.
    Csv,
    /// More rows, columns or bytes than are read.
    TooLarge,
    /// No sheet has the headings of a clause list.
    NoTable,
    /// There is a table, but no clause in it.
    NoClauses,
    /// A set of claims (JSON) that contradicts itself.
    Claims,
}

impl ListError {
    pub(crate) fn new(fault: ListFault, message: Text, remedy: Text) -> Box<Self> {
        Box::new(Self {
            file: String::new(),
            fault,
            sheet: None,
            cell: None,
            message,
            remedy,
        })
    }

    pub(super) fn at(mut self: Box<Self>, sheet: Option<&str>, cell: impl Into<String>) -> Box<Self> {
        self.sheet = sheet.map(str::to_owned);
        self.cell = Some(cell.into());
        self
    }

    pub(super) fn of(mut self: Box<Self>, file: &str) -> Box<Self> {
        file.clone_into(&mut self.file);
        self
    }

    /// The failure in words of one language, with its place and the remedy.
    pub fn describe(&self, lang: Lang) -> String {
        let mut place = self.file.clone();
        if let Some(sheet) = &self.sheet {
            place.push_str(&lang.pick(format!(": シート「{sheet}」"), format!(": sheet {sheet}")));
        }
        if let Some(cell) = &self.cell {
            place.push_str(&lang.pick(format!(" {cell}"), format!(", {cell}")));
        }
        lang.pick(
            format!("{place}: {}。{}", self.message.ja, self.remedy.ja),
            format!("{place}: {}; {}", self.message.en, self.remedy.en),
        )
    }
}

impl fmt::Display for ListError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe(Lang::En))
    }
}

impl std::error::Error for ListError {}

impl From<Box<WorkbookError>> for Box<ListError> {
    fn from(error: Box<WorkbookError>) -> Self {
        let mut own = ListError::new(ListFault::Workbook, error.message, error.remedy);
        own.sheet = error.sheet;
        own.cell = error.cell;
        own
    }
}
