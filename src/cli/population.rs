//! `junkyo population`.

use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::Exit;
use super::args::{
    Common, MunicipalityArgs, Population, PopulationAction, PopulationExport, PopulationFormat, PopulationShow,
};
use super::error::CliError;
use crate::population::municipality::{ExportError, ExportOptions, Format, Manifest, Municipality, Parameters, export};
use crate::text::date::Day;
use crate::text::{Lang, Text};

pub(super) fn main(args: &Population, common: &Common, lang: Lang) -> Result<Exit, CliError> {
    match &args.action {
        PopulationAction::Export(export) => write(export, common, lang),
        PopulationAction::Show(show) => tell(show, common, lang),
    }
}

fn municipality(args: &MunicipalityArgs, lang: Lang) -> Result<Municipality, CliError> {
    let default = Parameters::default();
    let as_of = args.as_of.as_deref().unwrap_or(&default.as_of);
    let as_of = Day::parse(as_of).map_err(|error| {
        let text = Text::new(
            format!("--as-of はYYYY-MM-DDで指定する: {error}"),
            format!("--as-of: {error}"),
        );
        CliError::Usage(text.get(lang).to_owned())
    })?;
    let (seed, size) = (args.seed.unwrap_or(default.seed), args.size.unwrap_or(default.size));
    Municipality::new(seed, size, as_of).map_err(|error| CliError::Usage(error.text().get(lang).to_owned()))
}

fn write(args: &PopulationExport, common: &Common, lang: Lang) -> Result<Exit, CliError> {
    let city = municipality(&args.municipality, lang)?;
    let units = common.load_corpus()?.units;
    let options = ExportOptions {
        out: args.out.clone().filter(|_| !args.dry_run),
        units: args.units.clone(),
        format: match args.format {
            PopulationFormat::Csv => Format::Csv,
            PopulationFormat::Xml => Format::Xml,
        },
        jobs: args
            .jobs
            .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
        individual_numbers: args.with_individual_numbers,
    };
    let stop = stop_at_interrupt()?;
    let mut progress = Progress::new(city.household_count(), lang);
    let manifest = export(&city, &units, &options, &mut |done| progress.at(done), &stop);
    progress.end();
    let manifest = manifest.map_err(|error| fault(error, lang))?;
    summary(&manifest, &options, lang)?;
    Ok(Exit::Success)
}

fn fault(error: ExportError, lang: Lang) -> CliError {
    let text = error.text().get(lang).to_owned();
    match error {
        ExportError::Write { .. } | ExportError::Stopped => CliError::Unfinished(text),
        ExportError::Unit { .. } | ExportError::IndividualNumbers { .. } => CliError::Usage(text),
    }
}

/// Set by Ctrl-C: the export then ends by itself and removes what it began.
fn stop_at_interrupt() -> Result<Arc<AtomicBool>, CliError> {
    let stop = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let seen = Arc::clone(&stop);
    std::thread::spawn(move || {
        if runtime.block_on(tokio::signal::ctrl_c()).is_ok() {
            seen.store(true, Ordering::Relaxed);
        }
    });
    Ok(stop)
}

fn summary(manifest: &Manifest, options: &ExportOptions, lang: Lang) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    for file in &manifest.files {
        writeln!(out, "{:>12}  {:>14}  {}", file.rows, file.bytes, file.name)?;
    }
    let (rows, bytes) = manifest
        .files
        .iter()
        .fold((0, 0), |sum, file| (sum.0 + file.rows, sum.1 + file.bytes));
    let (files, size, households) = (manifest.files.len(), manifest.size, manifest.households);
    let text = match &options.out {
        Some(folder) => Text::new(
            format!(
                "{size}人、{households}世帯、{rows}行、{bytes}バイト、{files}ファイル: {}",
                folder.display()
            ),
            format!(
                "{size} residents, {households} households, {rows} rows, {bytes} bytes, {files} files: {}",
                folder.display()
            ),
        ),
        None => Text::new(
            format!("{size}人、{households}世帯、{rows}行、{bytes}バイト、{files}ファイル（書き出していない）"),
            format!(
                "{size} residents, {households} households, {rows} rows, {bytes} bytes, {files} files (nothing was written)"
            ),
        ),
    };
    writeln!(out, "{}", text.get(lang))?;
    out.flush()
}

/// Items that name somebody in rows about a relative.
const RELATIVES: &[&str] = &[
    "setainushi_atenabango",
    "chichi_atenabango",
    "haha_atenabango",
    "aite_atenabango",
];

/// Prints what all units know of a number: every row in which it stands.
fn tell(args: &PopulationShow, common: &Common, lang: Lang) -> Result<Exit, CliError> {
    let city = municipality(&args.municipality, lang)?;
    let units = common.load_corpus()?.units;
    let number = args.number.as_str();
    let Some(household) = city.holder(number) else {
        let text = Text::new(
            format!(
                "{number} を持つ者は、この自治体（seed {}、{}人）にいない。",
                city.seed(),
                city.size()
            ),
            format!(
                "nobody in this municipality (seed {}, {} residents) has the number {number}",
                city.seed(),
                city.size()
            ),
        );
        return Err(CliError::Usage(text.get(lang).to_owned()));
    };
    // An employee is known by a number of their own.
    let staff = household
        .staff_number()
        .filter(|_| household.head().number.to_string() == number);
    let mut out = BufWriter::new(io::stdout().lock());
    let mut all = Vec::new();
    for unit in units.iter() {
        for record in &unit.records {
            let mut rows = city.rows(unit, record, &household);
            rows.retain(|row| {
                let told = row.iter().filter(|(id, _)| !RELATIVES.contains(&id.as_str()));
                told.into_iter()
                    .any(|(_, value)| value == number || staff.as_ref() == Some(value))
            });
            if args.json {
                all.extend(
                    rows.iter()
                        .map(|row| json!({"unit": unit.id(), "record": record.id, "row": row})),
                );
                continue;
            }
            for row in rows {
                writeln!(
                    out,
                    "{} {}  {} ({})",
                    unit.id(),
                    unit.file.name.get(lang),
                    record.name.get(lang),
                    record.id
                )?;
                for field in &record.fields {
                    if let Some(value) = row.get(&field.item.id) {
                        writeln!(out, "    {:28} {value}  {}", field.item.id, field.item.name.get(lang))?;
                    }
                }
            }
        }
    }
    if args.json {
        serde_json::to_writer_pretty(&mut out, &all).map_err(io::Error::from)?;
        writeln!(out)?;
    }
    out.flush()?;
    Ok(Exit::Success)
}

/// Progress on standard error: a bar on a terminal, plain lines elsewhere.
struct Progress {
    bar: Option<ProgressBar>,
    total: u64,
    lang: Lang,
    last_line: Instant,
}

impl Progress {
    /// Plain lines come at most this often.
    const PACE: Duration = Duration::from_secs(2);

    fn new(total: u64, lang: Lang) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total);
            if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed} ({eta})") {
                bar.set_style(style);
            }
            bar
        });
        let last_line = Instant::now();
        Self {
            bar,
            total,
            lang,
            last_line,
        }
    }

    fn at(&mut self, done: u64) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
        } else if self.last_line.elapsed() >= Self::PACE {
            self.last_line = Instant::now();
            let total = self.total;
            let text = Text::new(format!("{done}/{total} 世帯"), format!("{done}/{total} households"));
            eprintln!("{}", text.get(self.lang));
        }
    }

    fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
