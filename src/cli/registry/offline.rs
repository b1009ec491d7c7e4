//! `junkyo registry export-static`: the public side as files, for a closed network.

use super::args::ExportStatic;
use super::{Exit, open_existing, say, unfinished};
use crate::cli::error::CliError;
use crate::registry::export_static;
use crate::text::{Lang, Text};

pub(super) fn export(args: &ExportStatic, lang: Lang) -> Result<Exit, CliError> {
    let (_, registry) = open_existing(&args.data, lang)?;
    let done = export_static(&registry, &args.out, args.public_url.trim_end_matches('/')).map_err(unfinished)?;
    let text = Text::new(
        format!(
            "書き出しました: 頁 {}、登録 {}、その他のファイル {}。",
            done.pages, done.registrations, done.files
        ),
        format!(
            "exported: {} pages, {} registrations, {} other files",
            done.pages, done.registrations, done.files
        ),
    );
    say(&text, lang)?;
    Ok(Exit::Success)
}
