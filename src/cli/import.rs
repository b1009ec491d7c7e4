//! `junkyo import FILE --out DIR`.

use std::io::Write as _;

use super::Exit;
use super::args::Import;
use super::error::CliError;
use crate::import::{ImportError, ImportOptions, import};
use crate::text::Lang;

/// Notes that are printed; all of them stand in the README of the folder.
const SHOWN_NOTES: usize = 20;

pub(super) fn main(args: &Import, lang: Lang) -> Result<Exit, CliError> {
    let options = ImportOptions {
        file: args.file.clone(),
        out: args.out.clone(),
        id: args.id.clone(),
        seed: args.seed,
        force: args.force,
    };
    let imported = import(&options).map_err(|error| match error {
        ImportError::Write { path, source } => CliError::Write { path, source },
        other => CliError::Usage(other.to_string()),
    })?;
    let mut out = std::io::stdout();
    let (valid, invalid, operations) = (imported.valid, imported.invalid, imported.operations);
    let folder = args.out.display();
    match (lang, imported.is_service) {
        (Lang::En, true) => writeln!(
            out,
            "{}: {operations} operations, {valid} valid and {invalid} invalid messages, {} scenarios, {} requirements\n{folder}",
            imported.id, imported.scenarios, imported.requirements
        ),
        (Lang::Ja, true) => writeln!(
            out,
            "{}: 操作 {operations}、妥当な電文 {valid}、違反する電文 {invalid}、シナリオ {}、要件 {}\n{folder}",
            imported.id, imported.scenarios, imported.requirements
        ),
        (Lang::En, false) => writeln!(
            out,
            "{}: {operations} elements, {valid} valid and {invalid} invalid messages\n{folder}",
            imported.id
        ),
        (Lang::Ja, false) => writeln!(
            out,
            "{}: 要素 {operations}、妥当な電文 {valid}、違反する電文 {invalid}\n{folder}",
            imported.id
        ),
    }?;
    for note in imported.notes.iter().take(SHOWN_NOTES) {
        eprintln!("note: {}", note.get(lang));
    }
    if let Some(more) = imported.notes.len().checked_sub(SHOWN_NOTES).filter(|more| *more > 0) {
        match lang {
            Lang::En => eprintln!("note: {more} more, see README.md of the folder"),
            Lang::Ja => eprintln!("note: 他 {more} 件はフォルダの README.md にあります"),
        }
    }
    Ok(Exit::Success)
}
