//! Why a workbook was not imported.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::text::{Lang, Text};

/// Why a workbook was not imported: what, where, and what to do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WorkbookError {
    /// The file.
    pub file: PathBuf,
    /// Which kind of failure.
    pub fault: WorkbookFault,
    /// Sheet, if it is about one.
    pub sheet: Option<String>,
    /// Cell, if it is about one.
    pub cell: Option<String>,
    /// What was expected and what was found.
    pub message: Text,
    /// What to do.
    pub remedy: Text,
}

/// Kinds of failures.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum WorkbookFault {
    /// The file cannot be read.
    Unreadable,
    /// An old workbook (xls).
    OldFormat,
    /// A workbook with a password.
    Encrypted,
    /// A ZIP file, but no workbook; or a workbook of another kind.
    OtherKind,
    /// Something else.
    NotAWorkbook,
    /// The ZIP file or one of its parts is damaged.
    Damaged,
    /// A part that has to be there is missing.
    MissingPart,
    /// A part, or all of them, unpack to more than is read.
    TooLarge,
    /// No sheet has the columns of an item table.
    NoItems,
    /// A column that has to be there is missing or has another name.
    MissingColumn,
    /// A formula without a stored value.
    NoValue,
    /// The folder holds something, or cannot be written.
    Output,
}

impl WorkbookError {
    /// The failure in words of one language, with its place and the remedy.
    pub fn describe(&self, lang: Lang) -> String {
        let mut place = self.file.display().to_string();
        if let Some(sheet) = &self.sheet {
            place.push_str(&lang.pick(format!(": シート「{sheet}」"), format!(": sheet {sheet}")));
        }
        if let Some(cell) = &self.cell {
            place.push_str(&lang.pick(format!(" セル {cell}"), format!(", cell {cell}")));
        }
        lang.pick(
            format!("{place}: {}。{}", self.message.ja, self.remedy.ja),
            format!("{place}: {}; {}", self.message.en, self.remedy.en),
        )
    }
}

impl fmt::Display for WorkbookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe(Lang::En))
    }
}

impl std::error::Error for WorkbookError {}

/// A failure; its file is named by [`WorkbookError::of`], where it is known.
pub(super) type Fault = Box<WorkbookError>;

impl WorkbookError {
    pub(super) fn new(fault: WorkbookFault, message: Text, remedy: Text) -> Fault {
        Box::new(Self {
            file: PathBuf::new(),
            fault,
            sheet: None,
            cell: None,
            message,
            remedy,
        })
    }

    pub(super) fn at(mut self: Box<Self>, sheet: &str, cell: Option<String>) -> Fault {
        self.sheet = Some(sheet.to_owned());
        self.cell = cell;
        self
    }

    /// A failure of writing.
    pub(super) fn output(error: &io::Error) -> Fault {
        Self::new(
            WorkbookFault::Output,
            Text::neutral(error),
            Text::new("--out を確かめてください", "look at --out"),
        )
    }

    pub(super) fn of(mut self: Box<Self>, file: &Path) -> Fault {
        file.clone_into(&mut self.file);
        self
    }
}
