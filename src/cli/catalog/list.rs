//! `junkyo catalog search` and `matrix`.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::args::{Matrix, Search};
use super::{Exit, open, plain, print, print_json, usage};
use crate::catalog::{Cell, Hits, Query, units};
use crate::cli::error::CliError;
use crate::text::{Lang, Text};

/// Finds registrations. Exit code 4: nothing was found.
pub(super) fn search(args: &Search, lang: Lang) -> Result<Exit, CliError> {
    let query = query(args)?;
    let (catalog, day) = open(&args.from, lang)?;
    let hits = catalog.search(&query, day);
    if args.json {
        print_json(&as_json(&hits))?;
    } else {
        print(&as_text(&hits, args.facet_counts, lang))?;
    }
    Ok(if hits.total == 0 { Exit::Nothing } else { Exit::Success })
}

fn query(args: &Search) -> Result<Query, CliError> {
    let words = args.words.join(" ");
    let mut pairs = vec![("q", &*words)];
    for facet in &args.facets {
        let pair = facet.split_once('=');
        let (name, value) = pair.ok_or_else(|| usage(format!("--where {facet}: expected FACET=VALUE")))?;
        if crate::catalog::FacetName::from_word(name).is_none() {
            let known: Vec<&str> = crate::catalog::FacetName::ALL
                .iter()
                .map(|facet| facet.word())
                .collect();
            return Err(usage(format!("--where {facet}: expected one of {}", known.join(", "))));
        }
        pairs.push((name, value));
    }
    for (name, value) in [
        ("expires-within", &args.expires_within),
        ("sort", &args.sort),
        ("page", &args.page),
        ("per-page", &args.per_page),
    ] {
        pairs.extend(value.as_deref().map(|value| (name, value)));
    }
    Query::from_pairs(pairs).map_err(usage)
}

fn as_json(hits: &Hits<'_>) -> Json {
    let records = hits.records.iter().map(|hit| {
        json!({
            "registration": hit.record.registration,
            "status": hit.status,
            "validUntil": hit.valid_until,
            "product": hit.record.product,
            "vendor": hit.record.vendor,
            "scope": hit.record.scope,
        })
    });
    let facets = hits.facets.iter().map(|facet| {
        let values = facet
            .values
            .iter()
            .map(|value| json!({"value": value.value, "label": value.label, "count": value.count}));
        (facet.name.word().to_owned(), values.collect::<Vec<_>>().into())
    });
    json!({
        "total": hits.total,
        "page": hits.page,
        "pages": hits.pages,
        "records": records.collect::<Vec<_>>(),
        "facets": facets.collect::<serde_json::Map<String, Json>>(),
    })
}

fn as_text(hits: &Hits<'_>, with_facets: bool, lang: Lang) -> String {
    let mut out = String::new();
    for hit in &hits.records {
        let record = hit.record;
        let until = hit.valid_until.map_or_else(String::new, |day| format!(" – {day}"));
        let _ = writeln!(
            out,
            "{}  {}  {} {}  {}{until}",
            record.registration,
            hit.status.title().get(lang),
            plain(&record.product.name),
            plain(&record.product.version),
            plain(&record.vendor.name),
        );
        let _ = writeln!(out, "    {}", record.scope.profiles.join(", "));
    }
    let count = Text::new(
        format!("{} 件（{} / {} ページ）", hits.total, hits.page, hits.pages),
        format!("{} found (page {} of {})", hits.total, hits.page, hits.pages),
    );
    let _ = writeln!(out, "{}", count.get(lang));
    if !with_facets {
        return out;
    }
    for facet in hits.facets.iter().filter(|facet| !facet.values.is_empty()) {
        let _ = writeln!(out, "{} ({})", facet.name.title().get(lang), facet.name);
        for value in &facet.values {
            let label = value
                .label
                .as_ref()
                .map_or_else(String::new, |label| format!("  {}", plain(label.get(lang))));
            let _ = writeln!(out, "  {:>6}  {}{label}", value.count, plain(&value.value));
        }
    }
    out
}

/// Who was seen to work with whom.
pub(super) fn matrix(args: &Matrix, lang: Lang) -> Result<Exit, CliError> {
    let Some(unit) = units::title(&args.unit) else {
        return Err(usage(format!("{}: expected a business unit, 01 to 26", args.unit)));
    };
    let (catalog, day) = open(&args.from, lang)?;
    let matrix = catalog.matrix(&args.unit, day);
    let mut out = format!("{} {} ({day})\n", args.unit, unit.get(lang));
    for (number, record) in (1..).zip(&matrix.products) {
        let _ = writeln!(
            out,
            "{number:>4}  {}  {} {}",
            record.registration,
            plain(&record.product.name),
            plain(&record.product.version)
        );
    }
    for cell in [Cell::Live, Cell::Replayed, Cell::Failed] {
        let _ = writeln!(out, "{} ({}): {}", cell.title().get(lang), cell, matrix.count(cell));
    }
    let count = matrix.products.len();
    for sender in 0..count {
        for receiver in (0..count).filter(|receiver| *receiver != sender) {
            if let Some(known) = matrix.known(sender, receiver) {
                let _ = writeln!(
                    out,
                    "  {} → {}  {}  {}  {}",
                    sender + 1,
                    receiver + 1,
                    known.cell.title().get(lang),
                    known.day,
                    known.report
                );
            }
        }
    }
    print(&out)?;
    Ok(if count == 0 { Exit::Nothing } else { Exit::Success })
}
