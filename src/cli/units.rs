//! Business units on the command line: what a unit is, what follows from it, and who asks and tells whom.

use std::fmt::Write as _;
use std::io::{self, Write};

use serde_json::{Value, json};

use crate::scenario::Corpus;
use crate::standard::unit::{Field, OperationKind, Unit};
use crate::text::{Lang, Text};

/// Writes what a unit is.
pub(super) fn describe(unit: &Unit, corpus: &Corpus, lang: Lang, out: &mut impl Write) -> io::Result<()> {
    let word = |ja: &'static str, en: &'static str| match lang {
        Lang::Ja => ja,
        Lang::En => en,
    };
    writeln!(out, "{}\n  {}", unit.interface(), unit.file.name.get(lang))?;
    writeln!(out, "  {}", unit.file.purpose.get(lang))?;
    writeln!(
        out,
        "  {}",
        word(
            "本スイート独自の基準プロファイル（APPLIC のインタフェースではない）",
            "our own reference profile, no interface of APPLIC"
        )
    )?;
    if !unit.file.business_ids.is_empty() {
        let ids = unit.file.business_ids.join(", ");
        writeln!(out, "  {}: {ids}", word("今日の業務ID", "today's business codes"))?;
    }
    for law in &unit.file.law {
        let articles = law.articles.words().join(", ");
        writeln!(out, "  {} ({}) {articles}", law.name.get(lang), law.number)?;
    }
    for record in &unit.records {
        let consumers: Vec<String> = record.consumers.iter().map(|number| format!("{number:02}")).collect();
        let asked = word("照会するユニット", "asked by");
        writeln!(
            out,
            "\n{} {} {} ({asked}: {})",
            word("記録", "record"),
            record.id,
            record.name.get(lang),
            consumers.join(", ")
        )?;
        fields(&record.fields, lang, out)?;
    }
    for operation in &unit.operations {
        if matches!(operation.kind, OperationKind::Procedure) {
            writeln!(
                out,
                "\n{} {} {}",
                word("手続", "procedure"),
                operation.name,
                operation.title.get(lang)
            )?;
            fields(&operation.fields, lang, out)?;
        }
    }
    for event in &unit.events {
        let to: Vec<String> = event.to.iter().map(|number| format!("{number:02}")).collect();
        writeln!(
            out,
            "\n{} {} {} → {}",
            word("知らせ", "event"),
            event.id,
            event.name.get(lang),
            to.join(", ")
        )?;
        fields(&event.fields, lang, out)?;
    }
    let notices = unit.operations.iter().filter_map(|operation| match &operation.kind {
        OperationKind::Notice(event) => Some(format!("{:02} {}", event.from, event.id)),
        _ => None,
    });
    let notices: Vec<String> = notices.collect();
    if !notices.is_empty() {
        writeln!(out, "\n{}: {}", word("受ける知らせ", "receives"), notices.join(", "))?;
    }
    for row in &unit.file.consumes {
        writeln!(
            out,
            "{} {} {}: {}",
            word("照会先", "asks"),
            row.unit,
            row.record,
            row.why.get(lang)
        )?;
    }
    writeln!(out)?;
    for rule in &unit.file.rule {
        let requirement = corpus.requirement(&rule.id);
        let clause = requirement.map_or("", |requirement| requirement.clause.as_str());
        writeln!(out, "{}  {}  [{clause}]", rule.id, rule.text.get(lang))?;
    }
    Ok(())
}

fn fields(fields: &[Field], lang: Lang, out: &mut impl Write) -> io::Result<()> {
    for field in fields {
        let item = &field.item;
        let mark = if field.key {
            "#"
        } else if field.required {
            "◎"
        } else {
            " "
        };
        let size = format!("{}{}", item.item_type.printed(), item.length);
        let codes = if item.codes.is_empty() {
            String::new()
        } else {
            format!(" [{}]", item.codes.join(" "))
        };
        writeln!(out, "  {mark} {:32} {size:8} {}{codes}", item.id, item.name.get(lang))?;
    }
    Ok(())
}

/// What one unit gets from another.
#[derive(Default)]
struct Cell {
    records: Vec<String>,
    events: Vec<String>,
}

impl Cell {
    fn mark(&self) -> &'static str {
        match (self.records.is_empty(), self.events.is_empty()) {
            (true, true) => "·",
            (false, true) => "R",
            (true, false) => "E",
            (false, false) => "B",
        }
    }
}

/// What `consumer` gets from `provider`.
fn cell(provider: &Unit, consumer: &Unit) -> Cell {
    let number = consumer.file.number;
    let records = provider
        .records
        .iter()
        .filter(|record| record.consumers.contains(&number));
    let events = provider.events.iter().filter(|event| event.to.contains(&number));
    Cell {
        records: records.map(|record| record.id.clone()).collect(),
        events: events.map(|event| event.id.clone()).collect(),
    }
}

/// The matrix as a table of characters.
pub(super) fn matrix(corpus: &Corpus, lang: Lang, out: &mut impl Write) -> io::Result<()> {
    let units = corpus.units.as_slice();
    let legend = Text::new(
        "行: 提供側、列: 利用側。R 照会、E 知らせ、B 両方、· なし（本スイート独自の基準プロファイル）",
        "rows: provider, columns: consumer. R inquiry, E notice, B both, · nothing (our own reference profile)",
    );
    writeln!(out, "{}", legend.get(lang))?;
    let head: String = units.iter().fold(String::new(), |mut head, unit| {
        let _ = write!(head, " {:02}", unit.file.number);
        head
    });
    writeln!(out, "   {head}")?;
    for provider in units {
        write!(out, "{:02} ", provider.file.number)?;
        for consumer in units {
            write!(out, "  {}", cell(provider, consumer).mark())?;
        }
        writeln!(out, "  {}", provider.file.name.get(lang))?;
    }
    Ok(())
}

/// The matrix as JSON: one object for every pair that exchanges something.
pub(super) fn matrix_json(corpus: &Corpus) -> Value {
    let mut pairs = Vec::new();
    for provider in corpus.units.iter() {
        for consumer in corpus.units.iter() {
            let cell = cell(provider, consumer);
            if cell.mark() != "·" {
                pairs.push(json!({
                    "provider": provider.id(),
                    "consumer": consumer.id(),
                    "records": cell.records,
                    "events": cell.events,
                }));
            }
        }
    }
    json!(pairs)
}

/// Side of a square of the drawing, in pixels.
const SIDE: usize = 24;
/// Room for the names of units.
const NAMES: usize = 190;

/// The matrix as a drawing.
pub(super) fn matrix_svg(corpus: &Corpus) -> String {
    let units = corpus.units.as_slice();
    let grid = SIDE * units.len();
    let (width, height) = (NAMES + grid + 10, NAMES + grid + 76);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<title>提供側（行）から利用側（列）へ / from provider (row) to consumer \
         (column)</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n"
    );
    for (index, unit) in units.iter().enumerate() {
        let (at, middle) = (NAMES + index * SIDE, NAMES + index * SIDE + SIDE / 2);
        let name = format!("{} {}", unit.id(), unit.file.name.ja);
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#1f2933\">{name}</text>\n\
             <text transform=\"translate({},{}) rotate(-90)\" fill=\"#1f2933\">{name}</text>",
            NAMES - 6,
            at + 16,
            middle + 4,
            NAMES - 6,
        );
    }
    for (row, provider) in units.iter().enumerate() {
        for (column, consumer) in units.iter().enumerate() {
            let cell = cell(provider, consumer);
            let fill = match (cell.mark(), row == column) {
                ("R", _) => "#2f6f9f",
                ("E", _) => "#d98e32",
                ("B", _) => "#3f7d4e",
                (_, true) => "#d5dbe1",
                _ => "#f3f5f7",
            };
            let (x, y) = (NAMES + column * SIDE, NAMES + row * SIDE);
            let what: Vec<String> = cell.records.into_iter().chain(cell.events).collect();
            let _ = writeln!(
                svg,
                "<rect x=\"{x}\" y=\"{y}\" width=\"{0}\" height=\"{0}\" fill=\"{fill}\"><title>{1} → {2}: {3}</title></rect>",
                SIDE - 2,
                provider.id(),
                consumer.id(),
                what.join(", "),
            );
        }
    }
    let legend = [
        ("#2f6f9f", "照会 inquiry"),
        ("#d98e32", "知らせ notice"),
        ("#3f7d4e", "両方 both"),
    ];
    for (index, (fill, words)) in legend.into_iter().enumerate() {
        let (x, y) = (NAMES + index * 150, NAMES + grid + 16);
        let _ = writeln!(
            svg,
            "<rect x=\"{x}\" y=\"{y}\" width=\"16\" height=\"16\" fill=\"{fill}\"/>\
             <text x=\"{}\" y=\"{}\" fill=\"#1f2933\">{words}</text>",
            x + 22,
            y + 13,
        );
    }
    let _ = writeln!(
        svg,
        "<text x=\"{NAMES}\" y=\"{}\" fill=\"#52606d\">行: 提供側、列: 利用側。本スイート独自の基準プロファイル</text>\n\
         <text x=\"{NAMES}\" y=\"{}\" fill=\"#52606d\">rows: provider, columns: consumer; our own reference profile</text>\n</svg>",
        NAMES + grid + 50,
        NAMES + grid + 66
    );
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drawing_shows_the_corpus() {
        let drawn = include_str!("../../reports/matrix.svg");
        let corpus = Corpus::embedded().unwrap();
        assert!(
            drawn == matrix_svg(&corpus),
            "make it anew: junkyo list --matrix --svg > reports/matrix.svg"
        );
    }

    #[test]
    fn every_unit_is_told_or_asked_something() {
        let corpus = Corpus::embedded().unwrap();
        assert_eq!(corpus.units.len(), 26);
        let pairs = matrix_json(&corpus);
        for unit in corpus.units.iter() {
            let takes_part = |pair: &Value| pair["provider"] == unit.id() || pair["consumer"] == unit.id();
            assert!(pairs.as_array().unwrap().iter().any(takes_part), "unit {}", unit.id());
        }
    }
}
