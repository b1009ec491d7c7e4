//! Item tables: from an official workbook to a checked file.
//!
//! Official workbooks and other people's data are not in the repository. They are looked for in `$JUNKYO_REFERENCE` (by
//! default `../shared/reference` beside the repository); tests that need them say so and pass where they are absent.

#[path = "table/help.rs"]
mod help;

#[path = "table/addresses.rs"]
mod addresses;
#[path = "table/command.rs"]
mod command;
#[path = "table/fields.rs"]
mod fields;
#[path = "table/form.rs"]
mod form;
#[path = "table/headers.rs"]
mod headers;
#[path = "table/keys.rs"]
mod keys;
#[path = "table/official.rs"]
mod official;
#[path = "table/town.rs"]
mod town;
#[path = "table/workbook.rs"]
mod workbook;
