//! `junkyo catalog`: what municipalities and everybody else do with the catalog.

mod args;
mod list;
mod show;
mod verify;

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::error::CliError;
use super::{Exit, unless_closed};
use crate::catalog::{Catalog, FeedOptions, Source, SourceError, data_dictionary};
use crate::text::date::{Day, day_and_time_in_japan, timestamp};
use crate::text::{Lang, Text};

pub(super) use args::CatalogCommand;
use args::{Action, Export, From};

/// Entries of a feed.
const FEED_LENGTH: usize = 100;

/// Does what was typed.
pub(super) fn main(args: &CatalogCommand, lang: Lang) -> Result<Exit, CliError> {
    match &args.action {
        Action::Search(search) => list::search(search, lang),
        Action::Show(args) => show::show(args, lang),
        Action::Compare(compare) => show::compare(compare, lang),
        Action::Matrix(matrix) => list::matrix(matrix, lang),
        Action::Verify(args) => verify::verify(args, lang),
        Action::Export(args) => export(args, lang),
    }
}

fn export(args: &Export, lang: Lang) -> Result<Exit, CliError> {
    let (catalog, day) = open(&args.from, lang)?;
    let bytes = match args.out.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => catalog.to_csv(day).into_bytes(),
        Some("json") => catalog.to_json().map_err(usage)?,
        Some("atom" | "xml") => {
            let base = if args.from.from.starts_with("http") {
                &*args.from.from
            } else {
                ""
            };
            let now = timestamp(now());
            let head = catalog.head();
            let options = FeedOptions {
                base: base.trim_end_matches('/'),
                title: head.map_or("", |head| &head.catalog),
                updated: head.map_or(&now, |head| &head.issued_at),
                lang,
            };
            catalog.atom(&options, FEED_LENGTH).into_bytes()
        }
        _ => return Err(usage("--out: expected a name that ends with .csv, .json or .atom")),
    };
    write_file(&args.out, &bytes)?;
    if let Some(path) = &args.dictionary {
        write_file(path, data_dictionary().as_bytes())?;
    }
    Ok(Exit::Success)
}

/// The catalog, and the day that is asked for. Tells if the catalog cannot know that day.
fn open(from: &From, lang: Lang) -> Result<(Catalog, Day), CliError> {
    let today = day_and_time_in_japan(now()).0;
    let text = from.as_of.as_deref().unwrap_or(&today);
    let day = Day::parse(text).map_err(|error| usage(format!("--as-of: {error}")))?;
    let source = Source::open(&from.from).map_err(unreachable)?;
    let (catalog, _) = source.catalog().map_err(unreachable)?;
    if let Some(head) = catalog
        .head()
        .filter(|head| *head.next_update.as_str() < *timestamp(now()))
    {
        let stale = Text::new(
            format!(
                "注意：このカタログは {} 現在のものです。その後の状態は分かりません。",
                head.issued_at
            ),
            format!(
                "Note: this catalog is of {}; what happened since is unknown.",
                head.issued_at
            ),
        );
        eprintln!("{}", stale.get(lang));
    }
    Ok((catalog, day))
}

/// Unix milliseconds.
fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

fn usage(error: impl std::fmt::Display) -> CliError {
    CliError::Usage(error.to_string())
}

/// What cannot be reached may be there in a minute; what is no catalog will not be one.
fn unreachable(error: SourceError) -> CliError {
    match error {
        SourceError::Web { .. } => CliError::Unfinished(error.to_string()),
        _ => usage(error),
    }
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    fs::write(path, bytes).map_err(|source| CliError::Write {
        path: path.to_owned(),
        source,
    })
}

fn print(text: &str) -> Result<(), CliError> {
    Ok(unless_closed(io::stdout().lock().write_all(text.as_bytes()))?)
}

fn print_json(value: &impl serde::Serialize) -> Result<(), CliError> {
    let text = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
    print(&format!("{text}\n"))
}

/// Names are the vendors': a terminal gets text only.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect()
}
