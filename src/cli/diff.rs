//! `junkyo diff`: two reports, or many runs of the same.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::Path;

use serde_json::json;

use super::args::Diff;
use super::error::CliError;
use super::judge::Source;
use super::{Exit, unless_closed};
use crate::judge::Verdict;
use crate::report::{Change, Comparison, Direction, Report, compare, read_json};
use crate::text::{Lang, Text};

pub(super) fn main(args: &Diff, lang: Lang) -> Result<Exit, CliError> {
    let reports = args
        .reports
        .iter()
        .map(|path| report_of(path))
        .collect::<Result<Vec<_>, _>>()?;
    let mut out = io::stdout().lock();
    if args.stability {
        let unstable = unstable(&reports);
        unless_closed(tell_stability(&reports, &unstable, args.json, lang, &mut out))?;
        return Ok(exit(unstable.is_empty()));
    }
    let [before, after] = &reports[..] else {
        let text = format!("expected two reports, found {}; --stability takes more", reports.len());
        return Err(CliError::Usage(text));
    };
    let comparison = compare(before, after, false);
    if args.json {
        let text = serde_json::to_string_pretty(&comparison).map_err(io::Error::from)?;
        unless_closed(writeln!(out, "{text}"))?;
    } else {
        unless_closed(tell(&comparison, lang, &mut out))?;
    }
    Ok(exit(comparison.is_same()))
}

fn exit(same: bool) -> Exit {
    if same { Exit::Success } else { Exit::NonConformant }
}

/// The report of a bundle, of a folder of a run, or as a file.
pub(super) fn report_of(path: &Path) -> Result<Report, CliError> {
    let named = |error: &dyn std::fmt::Display| CliError::Usage(format!("{}: {error}", path.display()));
    if path.extension().is_some_and(|extension| extension == "json") {
        let file = File::open(path).map_err(|error| named(&error))?;
        return read_json(BufReader::new(file)).map_err(|error| named(&error));
    }
    let source = Source::open(path)?;
    let bytes = source.report().map_err(|error| named(&error))?;
    read_json(&bytes[..]).map_err(|error| named(&error))
}

/// Lines of one kind of change that are printed.
const LISTED: usize = 200;

/// Writes a comparison in words.
pub(super) fn tell(comparison: &Comparison, lang: Lang, out: &mut impl Write) -> io::Result<()> {
    for fact in &comparison.facts {
        writeln!(out, "{}: {} → {}", fact.fact, dash(&fact.before), dash(&fact.after))?;
    }
    let kinds = [
        (Text::new("要件", "Requirements"), &comparison.requirements),
        (Text::new("シナリオ", "Scenarios"), &comparison.scenarios),
        (Text::new("検査", "Checks"), &comparison.checks),
    ];
    for (title, changes) in kinds.iter().filter(|(_, changes)| !changes.is_empty()) {
        writeln!(out, "\n{} ({})", title.get(lang), changes.len())?;
        for change in changes.iter().take(LISTED) {
            one(change, lang, out)?;
        }
        if changes.len() > LISTED {
            writeln!(out, "  … {} (--json)", changes.len() - LISTED)?;
        }
    }
    let count = |direction| comparison.count(direction);
    let text = if comparison.is_same() {
        Text::new("判定に違いはありません。", "No verdict differs.")
    } else {
        let (worse, better) = (count(Direction::Regression), count(Direction::Improvement));
        let other = count(Direction::Other) + count(Direction::New) + count(Direction::Gone);
        Text::new(
            format!("\n悪化 {worse}、改善 {better}、その他 {other}"),
            format!("\n{worse} worse, {better} better, {other} otherwise different"),
        )
    };
    writeln!(out, "{}", text.get(lang))
}

fn one(change: &Change, lang: Lang, out: &mut impl Write) -> io::Result<()> {
    let sign = match change.direction {
        Direction::Regression => '↓',
        Direction::Improvement => '↑',
        Direction::New => '+',
        Direction::Gone => '-',
        Direction::Other => '~',
    };
    let word = |verdict: Option<Verdict>| {
        verdict.map_or_else(|| "—".to_owned(), |verdict| verdict.text().get(lang).to_owned())
    };
    writeln!(
        out,
        "  {sign} {}  {} → {}",
        change.id,
        word(change.before),
        word(change.after)
    )?;
    match &change.why {
        Some(why) => writeln!(out, "      {}", why.describe().get(lang)),
        None => Ok(()),
    }
}

fn dash(text: &str) -> &str {
    if text.is_empty() { "—" } else { text }
}

/// Scenarios that do not have the same verdict everywhere, or needed more than one attempt.
fn unstable(reports: &[Report]) -> BTreeMap<String, Vec<(Option<Verdict>, u32)>> {
    let mut all: BTreeMap<String, Vec<(Option<Verdict>, u32)>> = BTreeMap::new();
    for (at, report) in reports.iter().enumerate() {
        for view in &report.scenarios {
            let runs = all.entry(view.id.to_string()).or_default();
            runs.resize(at, (None, 0));
            runs.push((Some(view.verdict), view.attempts));
        }
    }
    for runs in all.values_mut() {
        runs.resize(reports.len(), (None, 0));
    }
    all.retain(|_, runs| runs.iter().any(|run| run.0 != runs[0].0 || run.1 > 1));
    all
}

fn tell_stability(
    reports: &[Report],
    unstable: &BTreeMap<String, Vec<(Option<Verdict>, u32)>>,
    as_json: bool,
    lang: Lang,
    out: &mut impl Write,
) -> io::Result<()> {
    let retried = unstable
        .values()
        .flatten()
        .filter(|(_, attempts)| *attempts > 1)
        .count();
    if as_json {
        let list: Vec<_> = unstable
            .iter()
            .map(|(id, runs)| {
                let verdicts: Vec<_> = runs.iter().map(|(verdict, _)| verdict).collect();
                let attempts: Vec<_> = runs.iter().map(|(_, attempts)| attempts).collect();
                json!({"id": id, "verdicts": verdicts, "attempts": attempts})
            })
            .collect();
        return writeln!(
            out,
            "{:#}",
            json!({"runs": reports.len(), "retried": retried, "unstable": list})
        );
    }
    for (id, runs) in unstable {
        let words: Vec<String> = runs
            .iter()
            .map(|(verdict, attempts)| {
                let word = verdict.map_or("—", Verdict::word);
                if *attempts > 1 {
                    format!("{word} ({attempts})")
                } else {
                    word.to_owned()
                }
            })
            .collect();
        writeln!(out, "  {id}  {}", words.join(", "))?;
    }
    let text = Text::new(
        format!(
            "実行 {} 回、再試行 {retried} 件、判定が揺れたシナリオ {} 件",
            reports.len(),
            unstable.len()
        ),
        format!(
            "{} runs, {retried} retried, {} unstable scenarios",
            reports.len(),
            unstable.len()
        ),
    );
    writeln!(out, "{}", text.get(lang))
}
