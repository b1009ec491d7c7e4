//! `junkyo registry export|import|backup`: all data of a register from one place to another.

use super::args::{Data, Export, Import};
use super::{Exit, say, unfinished, usage};
use crate::cli::error::CliError;
use crate::registry::clock::Clock;
use crate::registry::config::RegistryFile;
use crate::registry::store::Store;
use crate::registry::store::moving::{self, ExportFile};
use crate::text::{Lang, Text};

pub(super) fn export(args: &Export, lang: Lang) -> Result<Exit, CliError> {
    let exported = moving::export(&existing(&args.data, lang)?, &args.out).map_err(unfinished)?;
    say(&summary(&exported, ("書き出しました", "exported")), lang)?;
    Ok(Exit::Success)
}

/// The store is opened without the register, which would put its first rows into it.
pub(super) fn import(args: &Import, lang: Lang) -> Result<Exit, CliError> {
    let imported = moving::import(&open(&args.data)?, &args.from).map_err(unfinished)?;
    say(
        &summary(&imported, ("取り込み、照合しました", "imported and compared")),
        lang,
    )?;
    Ok(Exit::Success)
}

pub(super) fn backup(args: &Export, lang: Lang) -> Result<Exit, CliError> {
    let made = moving::backup(&existing(&args.data, lang)?, &args.out).map_err(unfinished)?;
    let text = Text::new(
        format!(
            "バックアップを作りました: 監査記録 {} 行、ファイル {} 個（{} バイト）。",
            made.audit.count, made.blobs.count, made.blobs.bytes
        ),
        format!(
            "backed up: {} rows of the audit chain, {} files ({} bytes)",
            made.audit.count, made.blobs.count, made.blobs.bytes
        ),
    );
    say(&text, lang)?;
    Ok(Exit::Success)
}

fn summary(file: &ExportFile, (ja, en): (&str, &str)) -> Text {
    let rows: u64 = file.tables.iter().map(|table| table.rows).sum();
    let (tables, blobs, bytes) = (file.tables.len(), file.blobs.count, file.blobs.bytes);
    Text::new(
        format!("{ja}: 表 {tables} 個の {rows} 行、ファイル {blobs} 個（{bytes} バイト）。"),
        format!("{en}: {rows} rows of {tables} tables, {blobs} files ({bytes} bytes)"),
    )
}

/// Not a new store by a slip of the keyboard.
fn existing(data: &Data, lang: Lang) -> Result<Store, CliError> {
    if !data.data.is_dir() {
        let folder = data.data.display();
        let text = Text::new(
            format!("{folder}: 登録システムのフォルダーがありません。"),
            format!("{folder}: there is no such folder of a register"),
        );
        return Err(CliError::Usage(text.get(lang).to_owned()));
    }
    open(data)
}

fn open(data: &Data) -> Result<Store, CliError> {
    let config = RegistryFile::load(&data.data, data.config.as_deref()).map_err(usage)?;
    Store::open(&config.store, &Clock::system()).map_err(unfinished)
}
