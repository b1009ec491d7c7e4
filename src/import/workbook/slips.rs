//! Slips: contradictions and gaps of a workbook, with their cells.

use crate::schema::table::Slip;
use crate::text::Text;

/// Slips of one workbook.
#[derive(Debug, Default)]
pub(super) struct Slips(Vec<Slip>);

impl Slips {
    pub(super) fn add(&mut self, kind: &str, sheet: &str, cell: String, ja: impl Into<String>, en: impl Into<String>) {
        self.0.push(Slip {
            kind: kind.to_owned(),
            sheet: sheet.to_owned(),
            cell,
            text: Text::new(ja, en),
        });
    }

    pub(super) fn into_inner(self) -> Vec<Slip> {
        self.0
    }
}

/// The list for people: Japanese first, English below, one slip a paragraph.
pub(super) fn listed(slips: &[Slip], file: &str) -> String {
    let mut text = format!("{file}: {} slips\n", slips.len());
    for (number, slip) in slips.iter().enumerate() {
        text.push_str(&format!(
            "\n{}. {} {}!{}\n   {}\n   {}\n",
            number + 1,
            slip.kind,
            slip.sheet,
            slip.cell,
            slip.text.ja,
            slip.text.en
        ));
    }
    text
}
