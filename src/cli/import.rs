//! `junkyo import FILE --out DIR`.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;

use super::Exit;
use super::args::Import;
use super::error::CliError;
use crate::import::{ImportError, ImportOptions, WorkbookOptions, import, import_workbook};
use crate::text::Lang;

/// Notes that are printed; all of them stand in the README of the folder.
const SHOWN_NOTES: usize = 20;

pub(super) fn main(args: &Import, lang: Lang) -> Result<Exit, CliError> {
    if is_workbook(&args.file) {
        return workbook(args, lang);
    }
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

/// Whether a file is a workbook, or was meant to be one: by its name, and by its first bytes (ZIP, old Office file).
fn is_workbook(path: &Path) -> bool {
    let named = path.extension().is_some_and(|extension| {
        ["xlsx", "xlsm", "xls", "xlsb"]
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    });
    let mut first = [0; 4];
    let is_file = path.is_file();
    let begins = is_file
        && File::open(path)
            .and_then(|mut file| file.read_exact(&mut first))
            .is_ok();
    named || (begins && (first == *b"PK\x03\x04" || first == [0xD0, 0xCF, 0x11, 0xE0]))
}

/// An item table from a workbook.
fn workbook(args: &Import, lang: Lang) -> Result<Exit, CliError> {
    let options = WorkbookOptions {
        file: args.file.clone(),
        out: args.out.clone(),
        id: args.id.clone(),
        force: args.force,
    };
    let table = import_workbook(&options).map_err(|error| CliError::Usage(error.describe(lang)))?;
    let items: usize = table.group.iter().map(|group| group.item.len()).sum();
    let (groups, lists, slips) = (table.group.len(), table.code.len(), table.slip.len());
    let folder = args.out.display();
    let words = lang.pick(
        format!(
            "{}: グループ {groups}、項目 {items}、コード一覧 {lists}、食い違い {slips}\n{folder}",
            table.id
        ),
        format!(
            "{}: {groups} groups, {items} items, {lists} code lists, {slips} slips\n{folder}",
            table.id
        ),
    );
    writeln!(std::io::stdout(), "{words}")?;
    for slip in table.slip.iter().take(SHOWN_NOTES) {
        eprintln!(
            "note: {}!{} {}: {}",
            slip.sheet,
            slip.cell,
            slip.kind,
            slip.text.get(lang)
        );
    }
    if let Some(more) = slips.checked_sub(SHOWN_NOTES).filter(|more| *more > 0) {
        eprintln!(
            "{}",
            lang.pick(
                format!("note: 他 {more} 件は slips.txt にあります"),
                format!("note: {more} more, see slips.txt"),
            )
        );
    }
    Ok(Exit::Success)
}
