//! The result as a workbook. The same result gives the same bytes: the one time in it is fixed, and every text is written
//! as a text, never as a formula.

use rust_xlsxwriter::{Color, DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet};

use super::OutputError;
use super::words::{basis, clean, evidence, necessity, offer};
use crate::rfp::result::{Finding, RfpResult};
use crate::text::Lang;

/// Characters that a cell of Excel can hold.
const MOST_CHARS: usize = 32_767;

/// A workbook that is the same at any time and on any machine.
pub(in crate::rfp) struct Book {
    workbook: Workbook,
}

/// How a cell looks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::rfp) enum Look {
    Heading,
    Text,
    Title,
    /// A cell that somebody is to fill in.
    Open,
    Finding(Finding),
}

impl Book {
    pub(in crate::rfp) fn new(title: &str) -> Result<Self, OutputError> {
        let mut workbook = Workbook::new();
        let fixed = ExcelDateTime::from_ymd(2026, 1, 1)?;
        let title: String = clean(title).chars().take(200).collect();
        workbook.set_properties(
            &DocProperties::new()
                .set_title(title)
                .set_author("junkyo")
                .set_creation_datetime(&fixed),
        );
        Ok(Self { workbook })
    }

    /// A sheet with widths of columns in characters.
    pub(in crate::rfp) fn sheet(&mut self, name: &str, widths: &[f64]) -> Result<Sheet<'_>, OutputError> {
        let sheet = self.workbook.add_worksheet();
        sheet.set_name(name)?;
        for (column, width) in widths.iter().enumerate() {
            sheet.set_column_width(column as u16, *width)?;
        }
        sheet.set_landscape();
        sheet.set_paper_size(9);
        sheet.set_print_fit_to_pages(1, 0);
        Ok(Sheet { sheet, row: 0 })
    }

    pub(in crate::rfp) fn bytes(mut self) -> Result<Vec<u8>, OutputError> {
        Ok(self.workbook.save_to_buffer()?)
    }
}

/// A sheet that is written row by row.
pub(in crate::rfp) struct Sheet<'a> {
    sheet: &'a mut Worksheet,
    row: u32,
}

impl Sheet<'_> {
    /// One row of texts, each with its look.
    pub(in crate::rfp) fn row(&mut self, cells: &[(&str, Look)]) -> Result<(), OutputError> {
        for (column, (text, look)) in cells.iter().enumerate() {
            let text: String = clean(text).chars().take(MOST_CHARS).collect();
            let format = format(*look);
            if text.is_empty() {
                self.sheet.write_blank(self.row, column as u16, &format)?;
            } else {
                self.sheet
                    .write_string_with_format(self.row, column as u16, text, &format)?;
            }
        }
        self.row += 1;
        Ok(())
    }

    /// A row of headings that stays in view and is repeated in print.
    pub(in crate::rfp) fn headings(&mut self, headings: &[&str]) -> Result<(), OutputError> {
        let at = self.row;
        let cells: Vec<(&str, Look)> = headings.iter().map(|heading| (*heading, Look::Heading)).collect();
        self.row(&cells)?;
        self.sheet.set_freeze_panes(at + 1, 0)?;
        self.sheet.set_repeat_rows(at, at)?;
        Ok(())
    }

    pub(in crate::rfp) fn filter(&mut self, heading: u32, columns: usize) -> Result<(), OutputError> {
        if self.row > heading + 1 && columns > 0 {
            self.sheet.autofilter(heading, 0, self.row - 1, columns as u16 - 1)?;
        }
        Ok(())
    }

    pub(in crate::rfp) fn at(&self) -> u32 {
        self.row
    }
}

fn format(look: Look) -> Format {
    let base = Format::new()
        .set_text_wrap()
        .set_align(FormatAlign::Top)
        .set_num_format("@");
    let framed = base
        .clone()
        .set_border(FormatBorder::Thin)
        .set_border_color(Color::RGB(0x00B8_B7B0));
    match look {
        Look::Title => base.set_bold().set_font_size(14).set_text_wrap(),
        Look::Heading => framed.set_bold().set_background_color(Color::RGB(0x00EC_EBE6)),
        Look::Text => framed,
        Look::Open => framed.set_background_color(Color::RGB(0x00FB_F0DA)),
        Look::Finding(finding) => framed.set_bold().set_background_color(Color::RGB(match finding {
            Finding::Substantiated => 0x00E2_F1ED,
            Finding::Contradicted => 0x00FB_EAE6,
            Finding::Suspended => 0x00EB_EBF3,
            Finding::Expired => 0x00FB_F0DA,
            Finding::NotSubstantiated => 0x00F3_EFDB,
            Finding::Undetermined => 0x00F0_E9FA,
            Finding::NotClaimed => 0x00EE_F0F1,
            Finding::OutOfScope => 0x00E5_EFF5,
        })),
    }
}

/// The result as a workbook (xlsx).
///
/// # Errors
/// If the workbook cannot be written.
pub fn result_xlsx(result: &RfpResult, lang: Lang) -> Result<Vec<u8>, OutputError> {
    let mut book = Book::new(&result.title)?;
    summary(&mut book, result, lang)?;
    table(&mut book, result, lang)?;
    evidence_sheet(&mut book, result, lang)?;
    suggestions(&mut book, result, lang)?;
    book.bytes()
}

fn summary(book: &mut Book, result: &RfpResult, lang: Lang) -> Result<(), OutputError> {
    let mut sheet = book.sheet(
        lang.pick("要約", "Summary"),
        &[34.0, 30.0, 16.0, 16.0, 16.0, 16.0, 16.0, 16.0, 16.0],
    )?;
    sheet.row(&[(&result.title, Look::Title)])?;
    let catalog = &result.catalog;
    let digest = catalog.sha256.map(|digest| digest.to_string()).unwrap_or_default();
    let verified = catalog.verified.as_ref().map_or_else(
        || {
            lang.pick("カタログの署名は確認していない", "signature not verified")
                .to_owned()
        },
        |verified| verified.get(lang).to_owned(),
    );
    let facts = [
        (lang.pick("基準日", "As of"), result.as_of.to_string()),
        (
            lang.pick("カタログ", "Catalog"),
            format!("{} {} {}", catalog.name, catalog.no, catalog.issued_at),
        ),
        (lang.pick("次回更新", "Next update"), catalog.next_update.clone()),
        (lang.pick("カタログの SHA-256", "SHA-256 of the catalog"), digest),
        (lang.pick("カタログの検証", "Verification"), verified),
        (
            lang.pick("要件集", "Corpus"),
            format!("{} {}", result.suite.uri, result.suite.digest),
        ),
    ];
    for (name, value) in &facts {
        sheet.row(&[(name, Look::Heading), (value, Look::Text)])?;
    }
    for source in &result.sources {
        sheet.row(&[
            (&source.file, Look::Heading),
            (&format!("{} {}", source.form, source.sha256), Look::Text),
        ])?;
    }
    sheet.row(&[])?;
    let words: Vec<String> = Finding::ALL
        .iter()
        .map(|finding| finding.text().get(lang).to_owned())
        .collect();
    let mut headings = vec![(lang.pick("提案", "Offer"), Look::Heading)];
    headings.extend(words.iter().map(|word| (word.as_str(), Look::Heading)));
    sheet.row(&headings)?;
    for view in &result.offers {
        let name = offer(view, lang);
        let counts: Vec<String> = Finding::ALL
            .iter()
            .map(|finding| view.counts.get(finding.word()).copied().unwrap_or(0).to_string())
            .collect();
        let mut cells = vec![(name.as_str(), Look::Text)];
        cells.extend(
            counts
                .iter()
                .zip(Finding::ALL)
                .map(|(count, finding)| (count.as_str(), Look::Finding(finding))),
        );
        sheet.row(&cells)?;
    }
    sheet.row(&[])?;
    for finding in Finding::ALL {
        sheet.row(&[
            (finding.text().get(lang), Look::Finding(finding)),
            (finding.meaning().get(lang), Look::Text),
        ])?;
    }
    Ok(())
}

fn table(book: &mut Book, result: &RfpResult, lang: Lang) -> Result<(), OutputError> {
    let widths = [10.0, 22.0, 50.0, 9.0, 26.0, 22.0, 24.0, 14.0, 14.0, 60.0];
    let mut sheet = book.sheet(lang.pick("判定表", "Findings"), &widths)?;
    let headings = lang.pick(
        [
            "番号",
            "項目",
            "要求事項",
            "必須/任意",
            "要件",
            "対応づけ",
            "提案",
            "回答",
            "判定",
            "理由と証拠",
        ],
        [
            "No.",
            "Item",
            "Clause",
            "Level",
            "Requirements",
            "Match",
            "Offer",
            "Answer",
            "Finding",
            "Reasons and evidence",
        ],
    );
    sheet.headings(&headings)?;
    for row in &result.rows {
        let ids = row.found.requirements.join(" ");
        let matched = basis(row.found.basis);
        for (cell, view) in row.cells.iter().zip(&result.offers) {
            let who = offer(view, lang);
            let mut why: Vec<String> = cell.reasons.iter().map(|reason| reason.get(lang).to_owned()).collect();
            why.extend(
                cell.evidence
                    .iter()
                    .filter(|one| one.registration.is_some())
                    .take(12)
                    .map(|one| evidence(one, lang)),
            );
            sheet.row(&[
                (&row.clause.number, Look::Text),
                (&row.clause.item, Look::Text),
                (&row.clause.text, Look::Text),
                (necessity(row.clause.necessity, lang), Look::Text),
                (&ids, Look::Text),
                (matched.get(lang), Look::Text),
                (&who, Look::Text),
                (&cell.written, Look::Text),
                (cell.finding.text().get(lang), Look::Finding(cell.finding)),
                (&why.join("\n"), Look::Text),
            ])?;
        }
    }
    sheet.filter(0, headings.len())
}

fn evidence_sheet(book: &mut Book, result: &RfpResult, lang: Lang) -> Result<(), OutputError> {
    let widths = [
        10.0, 24.0, 26.0, 14.0, 22.0, 26.0, 12.0, 14.0, 14.0, 12.0, 68.0, 68.0, 10.0,
    ];
    let mut sheet = book.sheet(lang.pick("証拠", "Evidence"), &widths)?;
    let headings = lang.pick(
        [
            "番号",
            "提案",
            "要件",
            "判定",
            "登録番号",
            "製品",
            "版",
            "状態",
            "有効期限",
            "試験結果",
            "報告書 SHA-256",
            "決定 SHA-256",
            "ログ",
        ],
        [
            "No.",
            "Offer",
            "Requirement",
            "Finding",
            "Registration",
            "Product",
            "Version",
            "Status",
            "Valid until",
            "Verdict",
            "Report SHA-256",
            "Decision SHA-256",
            "Log",
        ],
    );
    sheet.headings(&headings)?;
    for row in &result.rows {
        for (cell, view) in row.cells.iter().zip(&result.offers) {
            let who = offer(view, lang);
            for one in &cell.evidence {
                let verdict = one
                    .verdict
                    .as_ref()
                    .map(|word| format!("{word} {}/{}", one.held, one.judged))
                    .unwrap_or_default();
                let day = one.valid_until.map(|day| day.to_string()).unwrap_or_default();
                let report = one.report.map(|digest| digest.to_string()).unwrap_or_default();
                let decision = one.decision.map(|digest| digest.to_string()).unwrap_or_default();
                let index = one.log_index.map(|index| index.to_string()).unwrap_or_default();
                sheet.row(&[
                    (&row.clause.number, Look::Text),
                    (&who, Look::Text),
                    (&one.requirement, Look::Text),
                    (one.finding.text().get(lang), Look::Finding(one.finding)),
                    (one.registration.as_deref().unwrap_or_default(), Look::Text),
                    (&one.product, Look::Text),
                    (&one.version, Look::Text),
                    (one.status.as_deref().unwrap_or_default(), Look::Text),
                    (&day, Look::Text),
                    (&verdict, Look::Text),
                    (&report, Look::Text),
                    (&decision, Look::Text),
                    (&index, Look::Text),
                ])?;
            }
        }
    }
    sheet.filter(0, headings.len())
}

fn suggestions(book: &mut Book, result: &RfpResult, lang: Lang) -> Result<(), OutputError> {
    let mut sheet = book.sheet(
        lang.pick("候補（未確認）", "Suggestions"),
        &[10.0, 50.0, 26.0, 8.0, 44.0, 60.0],
    )?;
    let headings = lang.pick(
        ["番号", "要求事項", "候補の要件", "点", "理由", "要件の文"],
        [
            "No.",
            "Clause",
            "Suggested requirement",
            "Score",
            "Reason",
            "Text of the requirement",
        ],
    );
    sheet.headings(&headings)?;
    for row in &result.rows {
        for suggestion in &row.found.suggestions {
            sheet.row(&[
                (&row.clause.number, Look::Text),
                (&row.clause.text, Look::Text),
                (&suggestion.requirement, Look::Text),
                (&suggestion.score.to_string(), Look::Text),
                (suggestion.reason.get(lang), Look::Text),
                (suggestion.text.get(lang), Look::Text),
            ])?;
        }
    }
    sheet.filter(0, headings.len())
}
