//! `junkyo judge` and `junkyo report`.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use super::args::{Common, Format, Judge as JudgeArgs, Report as ReportArgs};
use super::error::CliError;
use super::output::exit_of;
use super::{Exit, unless_closed};
use crate::attest::bundle::{Bundle, Limits};
use crate::report::{judge_folder, read_json, write_html, write_json, write_junit, write_summary};
use crate::text::Lang;

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

    fn withheld(&self) -> BTreeSet<String> {
        self.bundle.as_ref().map(Bundle::withheld_files).unwrap_or_default()
    }
}

/// Judges recorded evidence with the corpus at hand.
pub(super) fn main(args: &JudgeArgs, common: &Common, lang: Lang) -> Result<Exit, CliError> {
    let corpus = common.load_corpus()?;
    let source = Source::open(&args.path)?;
    let (report, recording) = judge_folder(&corpus, &source.folder, &source.withheld())?;
    if recording.facts.corpus != corpus.digest {
        eprintln!(
            "note: recorded with corpus {}, judged with {}",
            &recording.facts.corpus[..recording.facts.corpus.len().min(12)],
            &corpus.digest[..12]
        );
    }
    let mut out = std::io::stdout().lock();
    unless_closed(write_summary(&report, lang, out.is_terminal(), &[], &mut out))?;
    if let Some(folder) = &args.out {
        let path = folder.join("report.json");
        let written = fs::create_dir_all(folder)
            .and_then(|()| File::create(&path))
            .and_then(|mut file| write_json(&report, &mut file));
        written.map_err(|source| CliError::Write {
            path: path.clone(),
            source,
        })?;
        unless_closed(writeln!(out, "{}", path.display()))?;
    }
    Ok(exit_of(&report, !report.run.interrupted, false))
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
