//! `junkyo mock --files`: the place where the units of the reference platform lay down files.

use std::fs;
use std::path::Path;

use toml::{Table, Value};

use super::error::CliError;
use crate::drive::RunError;
use crate::wire::place::{Place, PlaceFile};

/// Keys of the file that name files beside it. The folder of an SFTP server is not among them.
const PATHS: [(&str, &str); 4] = [
    ("", "folder"),
    ("s3", "authorities"),
    ("sftp", "identity"),
    ("sftp", "known-hosts"),
];

/// Opens the place that a file names.
///
/// # Errors
/// [`CliError::Usage`] if the file cannot be read, and what a place says that cannot be used.
pub(super) fn open(path: &Path) -> Result<Place, CliError> {
    let wrong = |why: String| CliError::Usage(format!("--files {}: {why}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let file: PlaceFile = toml::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    Ok(Place::open(&file, path, None).map_err(RunError::from)?)
}

/// The section `[files]` of a target file elsewhere that names the same place.
///
/// # Errors
/// [`CliError::Usage`] if the file cannot be read.
pub(super) fn section(path: &Path) -> Result<String, CliError> {
    let wrong = |why: String| CliError::Usage(format!("--files {}: {why}", path.display()));
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let mut keys: Table = text
        .parse()
        .map_err(|error: toml::de::Error| wrong(error.to_string()))?;
    let beside = path.parent().unwrap_or_else(|| Path::new(""));
    let beside = std::path::absolute(beside).map_err(|error| wrong(error.to_string()))?;
    from_anywhere(&mut keys, &beside);
    let files = Table::from_iter([("files".to_owned(), Value::Table(keys))]);
    Ok(files.to_string())
}

/// Makes paths absolute.
fn from_anywhere(keys: &mut Table, beside: &Path) {
    for (section, key) in PATHS {
        let table = match section {
            "" => Some(&mut *keys),
            section => keys.get_mut(section).and_then(Value::as_table_mut),
        };
        if let Some(Value::String(text)) = table.and_then(|table| table.get_mut(key)) {
            // A path that is absolute already stays.
            *text = beside.join(&*text).display().to_string();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_names_the_same_files_from_elsewhere() {
        let mut keys: Table = "[sftp]\nfolder = \"in\"\nidentity = \"id\"\nuser = \"u\""
            .parse()
            .unwrap();
        from_anywhere(&mut keys, Path::new("/somewhere"));
        assert_eq!(keys["sftp"]["identity"].as_str(), Some("/somewhere/id"));
        assert_eq!(keys["sftp"]["folder"].as_str(), Some("in"));
        assert_eq!(keys["sftp"]["user"].as_str(), Some("u"));
    }
}
