//! `junkyo judge` and `junkyo report`.

use std::fs::{self, File};
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use super::args::{Common, Format, Judge as JudgeArgs, Report as ReportArgs};
use super::error::CliError;
use super::output::exit_of;
use super::{Exit, unless_closed};
use crate::attest::OpenBundle;
use crate::evidence::{Recording, read_journal};
use crate::judge::{Judge, Verdict, Waiver, not_run, roll_up};
use crate::report::{
    RepeatCommand, Report, ReportBuilder, interruption, read_json, write_html, write_json, write_junit, write_summary,
};
use crate::scenario::Corpus;
use crate::text::Lang;

/// A bundle or a folder of a run, opened.
struct Source {
    folder: PathBuf,
    /// Keeps the unpacked files until we are done.
    _bundle: Option<OpenBundle>,
}

impl Source {
    fn open(path: &Path) -> Result<Self, CliError> {
        if path.is_dir() {
            return Ok(Self {
                folder: path.to_owned(),
                _bundle: None,
            });
        }
        let bundle = OpenBundle::open(path)?;
        Ok(Self {
            folder: bundle.folder().to_owned(),
            _bundle: Some(bundle),
        })
    }
}

/// Judges recorded evidence with the corpus at hand.
pub(super) fn main(args: &JudgeArgs, common: &Common, lang: Lang) -> Result<Exit, CliError> {
    let corpus = common.load_corpus()?;
    let source = Source::open(&args.path)?;
    let recording = read_journal(&source.folder.join("evidence"))?;
    let waivers = waivers_of(&source.folder)?;
    let report = judge_again(&corpus, &recording, &waivers);
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

/// Verdicts and report from a recording alone.
pub(super) fn judge_again(corpus: &Corpus, recording: &Recording, waivers: &[Waiver]) -> Report {
    let facts = &recording.facts;
    let judge = Judge::new(corpus, facts, waivers);
    let mut builder = ReportBuilder::new(RepeatCommand {
        prefix: "junkyo run".into(),
    });
    let mut interrupted = recording.truncated;
    for scenario in facts.planned.iter().filter_map(|id| corpus.scenario(id)) {
        match recording.scenarios.get(&scenario.id) {
            Some(evidence) => builder.add(scenario, judge.scenario(scenario, evidence), Some(evidence)),
            None => {
                interrupted = true;
                builder.add(
                    scenario,
                    not_run(scenario, Verdict::Error, interruption(false), None),
                    None,
                );
            }
        }
    }
    let rolled = roll_up(corpus, &facts.profiles, &builder.judged(), facts.partial);
    builder.finish(corpus, facts, rolled, interrupted)
}

/// The expected failures of the target file that lies beside the evidence.
fn waivers_of(folder: &Path) -> Result<Vec<Waiver>, CliError> {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Waivers {
        #[serde(default)]
        expected_failures: Vec<Waiver>,
    }
    let path = folder.join("target.toml");
    let Ok(text) = fs::read_to_string(&path) else {
        return Ok(Vec::new());
    };
    toml::from_str::<Waivers>(&text)
        .map(|waivers| waivers.expected_failures)
        .map_err(|error| CliError::Usage(format!("{}: {}", path.display(), error.message())))
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
