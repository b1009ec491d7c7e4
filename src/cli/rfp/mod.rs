//! `junkyo rfp`: requests for proposals: checking answers, writing requirement text, the procurement board.

mod args;
mod board;
mod check;

use std::fs;
use std::io::Write as _;
use std::path::Path;

use time::OffsetDateTime;

pub(super) use args::Rfp;
use args::{Action, Draft, Format};

use super::args::Common;
use super::error::CliError;
use super::{Exit, unless_closed};
use crate::registry::model::Moment;
use crate::rfp::draft::{DraftOptions, draft};
use crate::text::Lang;
use crate::text::date::Day;

pub(super) fn main(rfp: &Rfp, common: &Common, lang: Lang) -> Result<Exit, CliError> {
    match &rfp.action {
        Action::Check(check) => check::main(check, common, lang),
        Action::Draft(draft) => write_draft(draft, common, lang),
        Action::Board(board) => board::main(board, lang),
    }
}

fn write_draft(args: &Draft, common: &Common, lang: Lang) -> Result<Exit, CliError> {
    let corpus = common.load_corpus()?;
    let options = DraftOptions {
        units: args.unit.clone(),
        profiles: args.profile.clone(),
        step: args.step,
        with_untested: args.with_untested,
    };
    let usage = |text: crate::text::Text| CliError::Usage(text.get(lang).to_owned());
    let draft = draft(&corpus, &options).map_err(|error| usage(error.text()))?;
    let wrong = |error: crate::rfp::output::OutputError| CliError::Unfinished(error.to_string());
    let bytes = match args.format {
        Format::Md => draft.markdown(lang).into_bytes(),
        Format::Csv => draft.csv(lang).into_bytes(),
        Format::Html => draft.html(lang).map_err(wrong)?.into_bytes(),
        Format::Xlsx if args.out.is_none() => {
            return Err(CliError::Usage("--format xlsx needs --out FILE".into()));
        }
        Format::Xlsx => draft.xlsx(lang).map_err(wrong)?,
    };
    match &args.out {
        Some(path) => {
            write(path, &bytes)?;
            println_requirements(draft.requirements(), path, lang)?;
        }
        None => unless_closed(std::io::stdout().lock().write_all(&bytes))?,
    }
    Ok(Exit::Success)
}

fn println_requirements(count: usize, path: &Path, lang: Lang) -> Result<(), CliError> {
    let told = lang.pick(
        format!("{count} 要件を {} に書きました", path.display()),
        format!("{count} requirements written to {}", path.display()),
    );
    Ok(unless_closed(writeln!(std::io::stdout().lock(), "{told}"))?)
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    fs::write(path, bytes).map_err(|source| CliError::Write {
        path: path.to_owned(),
        source,
    })
}

/// A day that was given, or today in Japan.
fn day(given: Option<&str>) -> Result<Day, CliError> {
    match given {
        Some(text) => Day::parse(text).map_err(|error| CliError::Usage(format!("--as-of {text}: {}", error.text().en))),
        None => {
            let milliseconds = OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000;
            Ok(Moment(i64::try_from(milliseconds).unwrap_or_default()).day())
        }
    }
}
