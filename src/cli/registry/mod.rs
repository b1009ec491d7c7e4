//! `junkyo registry`: the server, its upkeep, and what vendors do with it.

mod account;
mod args;
mod moving;
mod offline;
mod remote;
mod serve;
mod upkeep;
mod witness;

use std::io::{self, Write as _};
use std::path::Path;

use super::Exit;
use super::error::CliError;
use crate::registry::Registry;
use crate::registry::config::RegistryFile;
use crate::text::{Lang, Text};

pub(super) use args::RegistryCommand;
use args::{Action, Data};

/// Does what was typed.
pub(super) fn main(args: &RegistryCommand, lang: Lang) -> Result<Exit, CliError> {
    match &args.action {
        Action::Serve(serve) => serve::serve(serve, lang),
        Action::Worker(worker) => serve::work(worker, lang),
        Action::Account(account) => account::main(&account.action, lang),
        Action::Suite(suite) => upkeep::suite(&suite.action, lang),
        Action::Snapshot(data) => upkeep::snapshot(data, lang),
        Action::Expire(data) => upkeep::expire(data, lang),
        Action::Check(data) => upkeep::check(data, lang),
        Action::Export(args) => moving::export(args, lang),
        Action::ExportStatic(args) => offline::export(args, lang),
        Action::Import(args) => moving::import(args, lang),
        Action::Backup(args) => moving::backup(args, lang),
        Action::Challenge(challenge) => remote::challenge(challenge, lang),
        Action::Submit(submit) => remote::submit(submit, lang),
        Action::Status(status) => remote::status(status, lang),
        Action::Witness(args) => witness::main(args, lang),
    }
}

/// The configuration and the register of `--data` and `--config`.
fn open(data: &Data) -> Result<(RegistryFile, Registry), CliError> {
    let config = RegistryFile::load(&data.data, data.config.as_deref()).map_err(usage)?;
    let registry = Registry::open(config.registry()).map_err(|error| CliError::Unfinished(error.to_string()))?;
    Ok((config, registry))
}

/// Like [`open`], for commands that must not make a register by a slip of the keyboard.
fn open_existing(data: &Data, lang: Lang) -> Result<(RegistryFile, Registry), CliError> {
    if !data.data.is_dir() {
        let text = Text::new(
            format!("{}: 登録システムのフォルダーがありません。", data.data.display()),
            format!(
                "{}: there is no such folder of a register; `junkyo registry serve` makes one",
                data.data.display()
            ),
        );
        return Err(CliError::Usage(text.get(lang).to_owned()));
    }
    open(data)
}

fn usage(error: impl std::fmt::Display) -> CliError {
    CliError::Usage(error.to_string())
}

fn unfinished(error: impl std::fmt::Display) -> CliError {
    CliError::Unfinished(error.to_string())
}

fn say(text: &Text, lang: Lang) -> Result<(), CliError> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", text.get(lang))?;
    out.flush()?;
    Ok(())
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    std::fs::write(path, bytes).map_err(|source| CliError::Write {
        path: path.to_path_buf(),
        source,
    })
}
