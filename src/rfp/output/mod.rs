//! Renderings of a result: terminal, HTML to print, Excel, signed JSON. Each reads the result and nothing else.

mod difference;
mod html;
mod statement;
mod terminal;
mod words;
mod xlsx;

use thiserror::Error;

pub use difference::{Change, differences};
pub use html::{html_fragment, html_page};
pub use statement::result_statement;
pub use terminal::write_terminal;
pub(super) use words::clean;
pub use xlsx::result_xlsx;
pub(super) use xlsx::{Book, Look};

/// Why a rendering was not made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OutputError {
    /// The workbook.
    #[error("the workbook cannot be written: {0}")]
    Workbook(#[from] rust_xlsxwriter::XlsxError),
    /// The page.
    #[error("the page cannot be written: {0}")]
    Page(#[from] askama::Error),
    /// The statement.
    #[error("the statement cannot be written: {0}")]
    Statement(#[from] crate::attest::canonical::CanonicalError),
    /// A digest in the result is none.
    #[error("the result names a suite whose digest is none: {0}")]
    Digest(#[from] crate::attest::DigestError),
}
