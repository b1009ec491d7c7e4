//! `junkyo judge` and `junkyo report`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use super::args::{Common, Format, Judge as JudgeArgs, Report as ReportArgs};
use super::error::CliError;
use super::output::exit_of;
use super::{Exit, diff, unless_closed};
use crate::attest::bundle::{Bundle, Limits};
use crate::report::{Report, compare, judge_folder, read_json, write_html, write_json, write_junit, write_summary};
use crate::text::{Lang, Text};

/// A bundle or a folder of a run, opened.
pub(super) struct Source {
    folder: PathBuf,
    /// Keeps the unpacked files until we are done.
    bundle: Option<Bundle>,
}

impl Source {
    pub(super) fn open(path: &Path) -> Result<Self, CliError> {
        if path.is_dir() {
            return Ok(Self {
                folder: path.to_owned(),
                bundle: None,
            });
        }
        let bundle = Bundle::open(path, &Limits::OWN)?;
        Ok(Self {
            folder: bundle.folder()?.to_owned(),
            bundle: Some(bundle),
        })
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The bundle, if it is one.
    pub(super) fn bundle(&self) -> Option<&Bundle> {
        self.bundle.as_ref()
    }

    /// The report as it was recorded.
    pub(super) fn report(&self) -> std::io::Result<Vec<u8>> {
        fs::read(self.folder.join("report.json"))
    }

    fn withheld(&self) -> BTreeSet<String> {
        self.bundle.as_ref().map(Bundle::withheld_files).unwrap_or_default()
    }
}

/// Judges recorded evidence with the corpus at hand.
pub(super) fn main(args: &JudgeArgs, common: &Common, lang: Lang) -> Result<Exit, CliError> {
    let corpus = common.load_corpus()?;
    let source = Source::open(&args.path)?;
    let (report, recording) = judge_folder(&corpus, &source.folder, &source.withheld())?;
    let mut bytes = Vec::new();
    write_json(&report, &mut bytes)?;
    let mut out = std::io::stdout().lock();
    if !args.json {
        unless_closed(write_summary(&report, lang, out.is_terminal(), &[], &mut out))?;
    }
    let told = Recorded::of(&source, &report, &bytes, args.json, lang, &mut out)?;
    if let Some(folder) = &args.out {
        let path = folder.join("report.json");
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&path, &bytes));
        written.map_err(|source| CliError::Write {
            path: path.clone(),
            source,
        })?;
        if !args.json {
            unless_closed(writeln!(out, "{}", path.display()))?;
        }
    }
    // Of a recording that was cut off, the rest is missing: that it differs is no wonder.
    if told == Recorded::Differs && !recording.truncated {
        return Ok(Exit::NonConformant);
    }
    Ok(exit_of(&report, !report.run.interrupted, false))
}

/// How the new report stands to the one that was recorded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Recorded {
    /// There is none.
    Nothing,
    /// The same verdicts.
    Same,
    /// Other verdicts.
    Differs,
}

impl Recorded {
    /// Compares, and tells what differs.
    fn of(
        source: &Source,
        report: &Report,
        bytes: &[u8],
        as_json: bool,
        lang: Lang,
        out: &mut impl std::io::Write,
    ) -> Result<Self, CliError> {
        let Ok(recorded) = source.report() else {
            return Ok(Self::Nothing);
        };
        if recorded == bytes {
            let text = Text::new(
                "記録された報告書とバイト単位で一致します。",
                "Byte for byte the report that was recorded.",
            );
            if as_json {
                unless_closed(writeln!(out, "{}", serde_json::json!({"identical": true})))?;
            } else {
                unless_closed(writeln!(out, "{}", text.get(lang)))?;
            }
            return Ok(Self::Same);
        }
        let path = source.folder.join("report.json");
        let recorded =
            read_json(&recorded[..]).map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))?;
        let comparison = compare(&recorded, report, true);
        if as_json {
            let text = serde_json::to_string_pretty(&comparison).map_err(std::io::Error::from)?;
            unless_closed(writeln!(out, "{text}"))?;
        } else {
            let text = Text::new(
                "\n記録された報告書との違い:",
                "\nWhat differs from the report that was recorded:",
            );
            unless_closed(writeln!(out, "{}", text.get(lang)))?;
            unless_closed(diff::tell(&comparison, lang, out))?;
        }
        Ok(if comparison.is_same() {
            Self::Same
        } else {
            Self::Differs
        })
    }
}

/// Renders a stored report.
pub(super) fn report(args: &ReportArgs, lang: Lang) -> Result<Exit, CliError> {
    let is_json = args.path.extension().is_some_and(|extension| extension == "json");
    let source;
    let path = if is_json {
        args.path.clone()
    } else {
        source = Source::open(&args.path)?;
        source.folder.join("report.json")
    };
    let report = File::open(&path)
        .and_then(|file| read_json(std::io::BufReader::new(file)))
        .map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match args.format {
        Format::Text => write_summary(&report, lang, false, &[], &mut out)?,
        Format::Html => write_html(&report, lang, &mut out)?,
        Format::Json => write_json(&report, &mut out)?,
        Format::Junit => write_junit(&report, lang, &mut out)?,
    }
    out.flush()?;
    Ok(Exit::Success)
}
