//! A folder as a place for files.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::{MOST_BYTES, PlaceError};

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> PlaceError {
    let path = path.to_owned();
    move |source| PlaceError::Io { path, source }
}

/// Files that are being written have a dot before their name.
fn unfinished(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!(".{name}.part"))
}

pub(super) fn list(folder: &Path) -> Result<Vec<String>, PlaceError> {
    if !folder.exists() {
        return Ok(Vec::new());
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed(folder))? {
        let entry = entry.map_err(failed(folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_file = entry.file_type().map_err(failed(folder))?.is_file();
        if is_file && !name.starts_with('.') {
            names.push(name);
        }
    }
    Ok(names)
}

pub(super) fn get(folder: &Path, name: &str) -> Result<Vec<u8>, PlaceError> {
    let path = folder.join(name);
    let file = fs::File::open(&path).map_err(failed(&path))?;
    let mut content = Vec::new();
    file.take(MOST_BYTES + 1)
        .read_to_end(&mut content)
        .map_err(failed(&path))?;
    if content.len() as u64 > MOST_BYTES {
        return Err(PlaceError::TooLarge { name: name.to_owned() });
    }
    Ok(content)
}

pub(super) fn put(folder: &Path, name: &str, content: &[u8]) -> Result<(), PlaceError> {
    fs::create_dir_all(folder).map_err(failed(folder))?;
    let part = unfinished(folder, name);
    fs::write(&part, content).map_err(failed(&part))?;
    let path = folder.join(name);
    fs::rename(&part, &path).map_err(failed(&path))
}

pub(super) fn remove(folder: &Path, name: &str) -> Result<(), PlaceError> {
    let path = folder.join(name);
    match fs::remove_file(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other.map_err(failed(&path)),
    }
}
