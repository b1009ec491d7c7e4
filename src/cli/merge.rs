//! `junkyo merge`: the parts of a run, or several runs, as one.

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

use super::args::{Common, Merge};
use super::error::CliError;
use super::judge::Source;
use super::output::{RunFolder, exit_of};
use super::{Exit, unless_closed};
use crate::report::{Report, judge_folder, merge, write_summary};
use crate::scenario::Corpus;
use crate::text::Lang;

pub(super) fn main(args: &Merge, common: &Common, lang: Lang) -> Result<Exit, CliError> {
    let corpus = common.load_corpus()?;
    let sources = args
        .runs
        .iter()
        .map(|path| Source::open(path))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(inside) = args.runs.iter().find(|path| same_folder(path, &args.out)) {
        let text = format!("--out is {} itself; choose another folder", inside.display());
        return Err(CliError::Usage(text));
    }
    let named = args.runs.iter().map(|path| path.display().to_string());
    let folders: Vec<(String, PathBuf)> = named
        .zip(sources.iter().map(|source| source.folder().to_owned()))
        .collect();
    let report = together(&corpus, &folders, &args.out)?;
    let folder = RunFolder::new(&args.out);
    let files = folder.files();
    let mut out = std::io::stdout().lock();
    unless_closed(write_summary(&report, lang, out.is_terminal(), &files, &mut out))?;
    out.flush()?;
    Ok(exit_of(&report, !report.run.interrupted, false))
}

fn same_folder(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).ok();
    real(one).is_some_and(|one| real(other).is_some_and(|other| one == other))
}

/// Merges folders of runs into one, and writes the files of a run there.
pub(super) fn together(corpus: &Corpus, folders: &[(String, PathBuf)], out: &Path) -> Result<Report, CliError> {
    merge(corpus, folders, out)?;
    let (report, _) = judge_folder(corpus, out, &BTreeSet::new())?;
    let target = std::fs::read_to_string(out.join("target.toml")).ok();
    RunFolder::new(out).write(&report, target.as_deref())?;
    Ok(report)
}
