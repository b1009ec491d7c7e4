//! The same canonical ZIP for small things that are held in memory: proof packs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;

use super::error::BundleError;
use super::zip::{Limits, Writer, scan};

/// The one archive of these files.
///
/// # Errors
/// When a name cannot stand in an archive.
pub fn archive(files: &BTreeMap<String, Vec<u8>>) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out);
    for (name, bytes) in files {
        writer.entry(name, bytes.len() as u64, crc32fast::hash(bytes), &mut bytes.as_slice())?;
    }
    writer.finish()?;
    Ok(out)
}

/// All files of an archive.
///
/// # Errors
/// When it is none, is not canonical, or is too large.
pub fn read_archive(path: &Path, limits: &Limits) -> Result<BTreeMap<String, Vec<u8>>, BundleError> {
    let file = File::open(path).map_err(|error| BundleError::io(path, error))?;
    let mut files = BTreeMap::new();
    scan(path, &file, limits, |name, _, data| {
        let mut bytes = Vec::new();
        data.read_to_end(&mut bytes)
            .map_err(|error| BundleError::io(path, error))?;
        files.insert(name.to_owned(), bytes);
        Ok(())
    })?;
    Ok(files)
}
