//! `junkyo rfp board`: notices, and the products that fit.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use serde::Serialize;

use super::args::Board;
use super::day;
use crate::catalog::{Catalog, Source};
use crate::cli::error::CliError;
use crate::cli::{Exit, unless_closed};
use crate::rfp::board::{BOARD_SCHEMA, BoardFile, Fit, Notice, fits};
use crate::rfp::visible;
use crate::text::Lang;

/// Name of the board in a folder or below an address.
const FILE: &str = "board.json";

#[derive(Serialize)]
struct Listed<'a> {
    notice: &'a Notice,
    #[serde(skip_serializing_if = "Option::is_none")]
    fits: Option<Vec<Fit>>,
}

pub(super) fn main(args: &Board, lang: Lang) -> Result<Exit, CliError> {
    let today = day(args.as_of.as_deref())?;
    let board = read(&args.board)?;
    let catalog = args.catalog.as_deref().map(open).transpose()?;
    let listed: Vec<Listed<'_>> = board
        .notices
        .iter()
        .filter(|notice| args.all || notice.is_open(today))
        .map(|notice| Listed {
            notice,
            fits: catalog.as_ref().map(|catalog| fits(notice, catalog, today)),
        })
        .collect();
    let mut out = io::stdout().lock();
    if args.json {
        let written = serde_json::to_writer_pretty(&mut out, &listed).map_err(io::Error::from);
        unless_closed(written.and_then(|()| writeln!(out)))?;
    } else {
        for one in &listed {
            unless_closed(print(one, lang, &mut out))?;
        }
    }
    Ok(if listed.is_empty() {
        Exit::Nothing
    } else {
        Exit::Success
    })
}

fn open(place: &str) -> Result<Catalog, CliError> {
    let usage = |error: crate::catalog::SourceError| CliError::Usage(error.to_string());
    let (catalog, _) = Source::open(place).map_err(usage)?.catalog().map_err(usage)?;
    Ok(catalog)
}

fn read(place: &str) -> Result<BoardFile, CliError> {
    let source = Source::open(place).map_err(|error| CliError::Usage(error.to_string()))?;
    let bytes = if source.is_file() {
        Some(fs::read(Path::new(place)).map_err(|error| CliError::Usage(format!("{place}: {error}")))?)
    } else {
        source.get(FILE).map_err(|error| CliError::Usage(error.to_string()))?
    };
    let bytes = bytes.ok_or_else(|| CliError::Usage(format!("{place}: there is no {FILE}")))?;
    let board: BoardFile = serde_json::from_slice(&bytes)
        .map_err(|error| CliError::Usage(format!("{place}: expected {BOARD_SCHEMA}, found: {error}")))?;
    if board.schema == BOARD_SCHEMA {
        Ok(board)
    } else {
        Err(CliError::Usage(format!(
            "{place}: expected {BOARD_SCHEMA}, found {}",
            board.schema
        )))
    }
}

fn print(listed: &Listed<'_>, lang: Lang, out: &mut impl io::Write) -> io::Result<()> {
    let Notice {
        id, said, is_withdrawn, ..
    } = listed.notice;
    let withdrawn = if *is_withdrawn {
        lang.pick("【取消】", "[withdrawn] ")
    } else {
        ""
    };
    writeln!(
        out,
        "{}  {withdrawn}{}  {}  ({} {}, {} {})",
        visible(id),
        visible(&said.municipality),
        visible(&said.title),
        said.kind.title().get(lang),
        said.published,
        lang.pick("締切", "deadline"),
        said.deadline
    )?;
    let mut asked: Vec<String> = said.units.iter().map(|unit| format!("unit {unit}")).collect();
    asked.extend(said.profiles.iter().cloned());
    asked.extend(said.step.map(|step| format!("STEP {step}")));
    writeln!(out, "    {}", asked.join(", "))?;
    if !said.link.is_empty() {
        writeln!(out, "    {}", visible(&said.link))?;
    }
    for fit in listed.fits.iter().flatten() {
        let missing = if fit.is_whole() {
            String::new()
        } else {
            format!("  {} {}", lang.pick("不足:", "lacks:"), fit.missing.join(", "))
        };
        let until = fit.valid_until.map(|day| day.to_string()).unwrap_or_default();
        writeln!(
            out,
            "    {} {}  {} {}  {}  {until}{missing}",
            if fit.is_whole() { "○" } else { "△" },
            fit.registration,
            visible(&fit.product),
            visible(&fit.version),
            visible(&fit.vendor)
        )?;
    }
    writeln!(out)
}
