//! A draft as Markdown, CSV, HTML and Excel.

use std::fmt::Write as _;

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use super::words::{facts, headings, kind, level};
use super::{Draft, DraftRow, DraftSection};
use crate::rfp::list::field;
use crate::rfp::output::{Book, Look, OutputError};
use crate::text::Lang;

const STYLE: &str = include_str!("../../../reports/style/report.css");
const OWN_STYLE: &str = include_str!("../../../reports/style/rfp.css");

impl Draft {
    /// Requirements in it.
    pub fn requirements(&self) -> usize {
        self.sections.iter().map(|section| section.rows.len()).sum()
    }

    /// Markdown with one table a profile.
    pub fn markdown(&self, lang: Lang) -> String {
        let mut out = format!("# {}\n\n", self.title.get(lang));
        for (heading, text) in &self.preamble {
            let _ = write!(out, "## {}\n\n{}\n\n", heading.get(lang), text.get(lang));
        }
        for section in &self.sections {
            let _ = write!(out, "## {} (`{}`)\n\n", section.title.get(lang), section.profile);
            for (index, cells) in std::iter::once(headings(lang).map(str::to_owned).to_vec())
                .chain(section.rows.iter().map(|row| cells(section, row, lang)))
                .enumerate()
            {
                let cells: Vec<String> = cells
                    .iter()
                    .map(|cell| cell.replace('\\', "\\\\").replace('|', "\\|").replace('\n', " "))
                    .collect();
                let _ = writeln!(out, "| {} |", cells.join(" | "));
                if index == 0 {
                    let _ = writeln!(out, "|{}", "---|".repeat(cells.len()));
                }
            }
            out.push('\n');
        }
        out
    }

    /// CSV in UTF-8 with a byte order mark, as spreadsheet programs in Japan open it; no cell is taken for a formula.
    pub fn csv(&self, lang: Lang) -> String {
        let mut out = String::from("\u{FEFF}");
        let mut line = |cells: &[&str]| {
            let cells: Vec<String> = cells.iter().map(|cell| field(cell)).collect();
            let _ = write!(out, "{}\r\n", cells.join(","));
        };
        line(&[self.title.get(lang)]);
        for (heading, text) in &self.preamble {
            line(&[&format!("■{}　{}", heading.get(lang), text.get(lang))]);
        }
        for fact in facts(lang) {
            line(&[fact, ""]);
        }
        line(&headings(lang));
        for section in &self.sections {
            for row in &section.rows {
                let cells = cells(section, row, lang);
                line(&cells.iter().map(String::as_str).collect::<Vec<_>>());
            }
        }
        out
    }

    /// An Excel workbook: the same bytes for the same draft.
    ///
    /// # Errors
    /// If the workbook cannot be written.
    pub fn xlsx(&self, lang: Lang) -> Result<Vec<u8>, OutputError> {
        let mut book = Book::new(self.title.get(lang))?;
        {
            let mut sheet = book.sheet(lang.pick("はじめに", "Read me"), &[24.0, 110.0])?;
            sheet.row(&[(self.title.get(lang), Look::Title)])?;
            for (heading, text) in &self.preamble {
                sheet.row(&[(heading.get(lang), Look::Heading), (text.get(lang), Look::Text)])?;
            }
        }
        let widths = [8.0, 28.0, 60.0, 26.0, 12.0, 34.0, 16.0, 14.0, 24.0, 30.0];
        let mut sheet = book.sheet(lang.pick("要件と回答", "Requirements"), &widths)?;
        for fact in facts(lang) {
            sheet.row(&[(fact, Look::Heading), ("", Look::Open)])?;
        }
        let heading = sheet.at();
        sheet.headings(&headings(lang))?;
        for section in &self.sections {
            for row in &section.rows {
                let cells = cells(section, row, lang);
                let looks: Vec<(&str, Look)> = cells
                    .iter()
                    .enumerate()
                    .map(|(at, cell)| (cell.as_str(), if at < 7 { Look::Text } else { Look::Open }))
                    .collect();
                sheet.row(&looks)?;
            }
        }
        sheet.filter(heading, widths.len())?;
        book.bytes()
    }

    /// A page to print or to paste into a word processor.
    ///
    /// # Errors
    /// If the template fails, which it does not for any draft.
    pub fn html(&self, lang: Lang) -> Result<String, OutputError> {
        let style = format!("{STYLE}\n{OWN_STYLE}");
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
            STANDARD.encode(Sha256::digest(style.as_bytes()))
        );
        let page = Page {
            draft: self,
            lang,
            style,
            policy,
        };
        Ok(page.render()?)
    }
}

/// The cells of a row; the last three are for the vendor.
fn cells(section: &DraftSection, row: &DraftRow, lang: Lang) -> Vec<String> {
    let untested = lang.pick("（試験の対象外）", " (not tested)");
    vec![
        row.number.clone(),
        section.title.get(lang).to_owned(),
        row.text.get(lang).to_owned(),
        row.id.clone(),
        level(row.level, lang).to_owned(),
        row.source.get(lang).to_owned(),
        format!(
            "{}{}",
            kind(row.kind, lang),
            if row.is_untested { untested } else { "" }
        ),
        String::new(),
        String::new(),
        String::new(),
    ]
}

#[derive(Template)]
#[template(ext = "html", source = r#"{% include "reports/templates/rfp/draft.html" %}"#)]
struct Page<'a> {
    draft: &'a Draft,
    lang: Lang,
    style: String,
    policy: String,
}

impl Page<'_> {
    fn t<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        self.lang.pick(ja, en)
    }

    fn headings(&self) -> [&'static str; 10] {
        headings(self.lang)
    }

    fn facts(&self) -> [&'static str; 4] {
        facts(self.lang)
    }

    fn cells(&self, section: &DraftSection, row: &DraftRow) -> Vec<String> {
        cells(section, row, self.lang)
    }
}
