//! A folder as a place for files.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::{PlaceError, too_large};

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

/// `None` if there is no such file. A file that grows while it is read is read to the end that it has then; whether
/// that is the whole file is what its marker says.
pub(super) fn get(folder: &Path, name: &str, most: u64) -> Result<Option<Vec<u8>>, PlaceError> {
    let path = folder.join(name);
    match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(&path)(error)),
        // A link may lead out of the place, and a pipe has no end.
        Ok(what) if !what.is_file() => return Ok(None),
        Ok(_) => {}
    }
    let file = fs::File::open(&path).map_err(failed(&path))?;
    let mut content = Vec::new();
    file.take(most.saturating_add(1))
        .read_to_end(&mut content)
        .map_err(failed(&path))?;
    if content.len() as u64 > most {
        return Err(too_large(name, most));
    }
    Ok(Some(content))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn neither_a_link_nor_a_large_file_is_read() {
        let folder = std::env::temp_dir().join(format!("junkyo-folder-{}", std::process::id()));
        put(&folder, "file.csv", b"12345").unwrap();
        std::os::unix::fs::symlink("/etc/hostname", folder.join("link.csv")).unwrap();
        assert_eq!(list(&folder).unwrap(), ["file.csv"]);
        assert_eq!(get(&folder, "link.csv", 10).unwrap(), None);
        assert_eq!(get(&folder, "none.csv", 10).unwrap(), None);
        assert_eq!(get(&folder, "file.csv", 5).unwrap().unwrap(), b"12345");
        let refused = get(&folder, "file.csv", 4);
        assert!(
            matches!(refused, Err(PlaceError::TooLarge { most: 4, .. })),
            "{refused:?}"
        );
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn a_file_that_is_being_written_is_not_listed() {
        let folder = std::env::temp_dir().join(format!("junkyo-unfinished-{}", std::process::id()));
        put(&folder, "whole.csv", b"1").unwrap();
        fs::write(unfinished(&folder, "half.csv"), b"1").unwrap();
        assert_eq!(list(&folder).unwrap(), ["whole.csv"]);
        fs::remove_dir_all(&folder).unwrap();
    }
}
