//! The result as text.

use std::io;

use super::words::{basis, clean, evidence, offer, sign};
use crate::rfp::result::{Cell, Finding, RfpResult, Row};
use crate::text::Lang;

/// Characters of a clause that are shown.
const SHORT: usize = 72;
/// Lines of reasons and evidence for one claim.
const LINES: usize = 4;

/// Writes a result as text: what is open in full, then the counts.
///
/// # Errors
/// If the output cannot be written.
pub fn write_terminal(result: &RfpResult, lang: Lang, out: &mut impl io::Write) -> io::Result<()> {
    writeln!(out, "{}", clean(&result.title))?;
    let catalog = &result.catalog;
    if catalog.no > 0 {
        writeln!(
            out,
            "{}",
            lang.pick(
                format!(
                    "基準日 {}、カタログ {} 第{}号（{}、次回更新 {}）",
                    result.as_of, catalog.name, catalog.no, catalog.issued_at, catalog.next_update
                ),
                format!(
                    "as of {}, catalog {} no. {} ({}, next update {})",
                    result.as_of, catalog.name, catalog.no, catalog.issued_at, catalog.next_update
                ),
            )
        )?;
    }
    match &catalog.verified {
        Some(verified) => writeln!(out, "{}", verified.get(lang))?,
        None => writeln!(
            out,
            "{}",
            lang.pick(
                "カタログの署名は確認していません",
                "the signature of the catalog was not verified"
            )
        )?,
    }
    for row in &result.rows {
        write_row(result, row, lang, out)?;
    }
    for note in &result.notes {
        let sheet = note.place.sheet.as_deref().unwrap_or_default();
        writeln!(
            out,
            "{} {sheet} {}: {}",
            lang.pick("注", "note"),
            note.place.cell,
            clean(note.text.get(lang))
        )?;
    }
    writeln!(out)?;
    for view in &result.offers {
        let counts: Vec<String> = Finding::ALL
            .iter()
            .filter_map(|finding| {
                let count = view.counts.get(finding.word())?;
                Some(format!("{} {count}", finding.text().get(lang)))
            })
            .collect();
        writeln!(out, "{}: {}", offer(view, lang), counts.join(lang.pick("、", ", ")))?;
    }
    Ok(())
}

fn write_row(result: &RfpResult, row: &Row, lang: Lang, out: &mut impl io::Write) -> io::Result<()> {
    let text = clean(&row.clause.text).replace(['\n', '\t'], " ");
    let mut short: String = text.chars().take(SHORT).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    writeln!(out, "\n{}  {short}", clean(&row.clause.key))?;
    let mut ids = row
        .found
        .requirements
        .iter()
        .take(4)
        .cloned()
        .collect::<Vec<_>>()
        .join(" ");
    if row.found.requirements.len() > 4 {
        ids.push_str(&format!(" +{}", row.found.requirements.len() - 4));
    }
    writeln!(out, "    {} {ids}", basis(row.found.basis).get(lang))?;
    for suggestion in row.found.suggestions.iter().take(3) {
        writeln!(
            out,
            "      {} {} {} ({})",
            lang.pick("候補", "suggestion"),
            suggestion.requirement,
            suggestion.score,
            clean(suggestion.reason.get(lang))
        )?;
    }
    for note in &row.found.notes {
        writeln!(out, "      {}", clean(note.get(lang)))?;
    }
    for (cell, view) in row.cells.iter().zip(&result.offers) {
        let who = if result.offers.len() > 1 {
            offer(view, lang)
        } else {
            String::new()
        };
        writeln!(
            out,
            "  {} {}  {who} [{}]",
            sign(cell.finding),
            cell.finding.text().get(lang),
            clean(&cell.written).replace('\n', " ")
        )?;
        write_why(cell, lang, out)?;
    }
    Ok(())
}

fn write_why(cell: &Cell, lang: Lang, out: &mut impl io::Write) -> io::Result<()> {
    for reason in cell.reasons.iter().take(LINES) {
        writeln!(out, "      {}", clean(reason.get(lang)))?;
    }
    let mut rest: Vec<_> = cell.evidence.iter().filter(|one| one.registration.is_some()).collect();
    rest.sort_by_key(|one| one.finding == Finding::Substantiated);
    for one in rest.iter().take(LINES) {
        writeln!(out, "      {}", evidence(one, lang))?;
    }
    if rest.len() > LINES {
        writeln!(out, "      +{}", rest.len() - LINES)?;
    }
    if let Some(provisional) = &cell.provisional {
        writeln!(
            out,
            "      ({}: {})",
            clean(provisional.condition.get(lang)),
            provisional.finding.text().get(lang)
        )?;
    }
    Ok(())
}
