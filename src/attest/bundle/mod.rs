//! `bundle.junkyo`: a deterministic ZIP of report and evidence, named by the digest of its manifest.
//!
//! The same files give the same bytes on every machine: entries sorted by name, stored without
//! compression, the time of the ZIP format's epoch, no extra fields. `manifest.json` (canonical
//! JSON) lists every other file with its size and SHA-256.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use serde_json::json;
use sha2::{Digest, Sha256};
use thiserror::Error;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use crate::text::hex;

/// Largest total size that is unpacked.
const MAX_TOTAL: u64 = 1 << 30;

/// Largest number of entries that are unpacked.
const MAX_ENTRIES: usize = 200_000;

/// Why a bundle could not be written or opened.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BundleError {
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// Not a ZIP, or a damaged one.
    #[error("{path} is no bundle: {detail}")]
    NotABundle {
        /// The file.
        path: PathBuf,
        /// What was wrong.
        detail: String,
    },
    /// A file does not match the manifest.
    #[error("{path}: `{entry}` {what}; the bundle was changed after it was written")]
    Changed {
        /// The bundle.
        path: PathBuf,
        /// The entry.
        entry: String,
        /// How it differs.
        what: &'static str,
    },
}

/// Writes a bundle of files below a folder. Returns the SHA-256 of its manifest, the bundle's name.
///
/// # Errors
/// When a file cannot be read or the bundle not be written.
pub fn write_bundle(folder: &Path, files: &[String], out: &Path) -> Result<String, BundleError> {
    let io_error = |path: &Path| {
        let path = path.to_owned();
        move |source| BundleError::Io { path, source }
    };
    let mut names: Vec<&String> = files.iter().collect();
    names.sort();
    let mut entries = Vec::with_capacity(names.len());
    for name in &names {
        let path = folder.join(name);
        let (size, digest) = digest_file(&path).map_err(io_error(&path))?;
        entries.push(json!({"path": name, "sha256": digest, "size": size}));
    }
    // Keys in order and no spaces: canonical JSON (RFC 8785) for texts and small numbers.
    let manifest = json!({"files": entries, "schema": "bundle-manifest/v1"}).to_string();
    let written = || -> zip::result::ZipResult<()> {
        let mut zip = ZipWriter::new(BufWriter::new(File::create(out)?));
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .last_modified_time(DateTime::default())
            .unix_permissions(0o644)
            .large_file(false);
        let manifest_name = "manifest.json".to_owned();
        let mut all: Vec<&String> = names.clone();
        all.push(&manifest_name);
        all.sort();
        for name in all {
            zip.start_file(name.as_str(), options)?;
            if *name == manifest_name {
                zip.write_all(manifest.as_bytes())?;
            } else {
                io::copy(&mut File::open(folder.join(name))?, &mut zip)?;
            }
        }
        zip.finish()?.flush()?;
        Ok(())
    };
    written().map_err(|error| BundleError::Io {
        path: out.to_owned(),
        source: io::Error::other(error),
    })?;
    Ok(hex(&Sha256::digest(manifest.as_bytes())))
}

fn digest_file(path: &Path) -> io::Result<(u64, String)> {
    let mut hash = Sha256::new();
    let mut file = File::open(path)?;
    let mut chunk = vec![0; 64 * 1024];
    let mut size = 0;
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            return Ok((size, hex(&hash.finalize())));
        }
        hash.update(&chunk[..read]);
        size += read as u64;
    }
}

/// A bundle whose files agree with its manifest, unpacked into a temporary folder that goes with it.
#[derive(Debug)]
pub struct OpenBundle {
    folder: PathBuf,
    /// SHA-256 of the manifest.
    pub name: String,
}

impl Drop for OpenBundle {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

impl OpenBundle {
    /// Opens and checks a bundle.
    ///
    /// # Errors
    /// [`BundleError`] for what is no bundle, or was changed.
    pub fn open(path: &Path) -> Result<Self, BundleError> {
        let io_error = |source| BundleError::Io {
            path: path.to_owned(),
            source,
        };
        let not_a_bundle = |detail: String| BundleError::NotABundle {
            path: path.to_owned(),
            detail,
        };
        // Opening a pipe may never end.
        let facts = fs::metadata(path).map_err(io_error)?;
        if !facts.is_file() {
            let message = "expected a file, found a pipe or a device";
            return Err(io_error(io::Error::new(io::ErrorKind::InvalidInput, message)));
        }
        let file = File::open(path).map_err(io_error)?;
        let mut zip = ZipArchive::new(file).map_err(|error| not_a_bundle(error.to_string()))?;
        if zip.len() > MAX_ENTRIES {
            return Err(not_a_bundle(format!(
                "it has {} entries, more than {MAX_ENTRIES}",
                zip.len()
            )));
        }
        let mut manifest = Vec::new();
        zip.by_name("manifest.json")
            .map_err(|_| not_a_bundle("it has no manifest.json".into()))?
            .take(MAX_TOTAL)
            .read_to_end(&mut manifest)
            .map_err(io_error)?;
        let listed: Manifest = serde_json::from_slice(&manifest).map_err(|error| not_a_bundle(error.to_string()))?;
        let bundle = Self {
            folder: temporary_folder().map_err(io_error)?,
            name: hex(&Sha256::digest(&manifest)),
        };
        let changed = |entry: &str, what| BundleError::Changed {
            path: path.to_owned(),
            entry: entry.to_owned(),
            what,
        };
        if zip.len() != listed.files.len() + 1 {
            return Err(changed(
                "manifest.json",
                "does not list exactly the files that are there",
            ));
        }
        let mut budget = MAX_TOTAL;
        for entry in &listed.files {
            let safe =
                !entry.path.starts_with('/') && entry.path.split('/').all(|part| !matches!(part, "" | "." | ".."));
            if !safe || entry.path.contains('\\') {
                return Err(not_a_bundle(format!("`{}` is no safe name", entry.path)));
            }
            let inside = zip
                .by_name(&entry.path)
                .map_err(|_| changed(&entry.path, "is missing"))?;
            let out = bundle.folder.join(&entry.path);
            if let Some(parent) = out.parent() {
                fs::create_dir_all(parent).map_err(io_error)?;
            }
            let copied = File::create(&out).map_err(io_error).and_then(|mut out| {
                io::copy(&mut inside.take(budget), &mut out).map_err(|_| changed(&entry.path, "is damaged"))
            })?;
            budget = budget.saturating_sub(copied);
            let (size, digest) = digest_file(&out).map_err(io_error)?;
            if size != entry.size || digest != entry.sha256 {
                return Err(changed(&entry.path, "differs from the manifest"));
            }
        }
        Ok(bundle)
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    files: Vec<ManifestEntry>,
    #[serde(rename = "schema")]
    _schema: String,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ManifestEntry {
    path: String,
    sha256: String,
    size: u64,
}

fn temporary_folder() -> io::Result<PathBuf> {
    static COUNTER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    for _ in 0..1000 {
        let number = COUNTER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("junkyo-{}-{number}", std::process::id()));
        match fs::create_dir(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("no free name for a temporary folder"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_files_same_bytes_and_changes_are_seen() {
        let folder = temporary_folder().expect("a folder");
        fs::create_dir(folder.join("evidence")).expect("a folder");
        fs::write(folder.join("report.json"), "{}").expect("written");
        fs::write(folder.join("evidence/journal.jsonl"), "あ\n").expect("written");
        let files = ["report.json".to_owned(), "evidence/journal.jsonl".to_owned()];
        let (a, b) = (folder.join("a.junkyo"), folder.join("b.junkyo"));
        let name = write_bundle(&folder, &files, &a).expect("written");
        let turned: Vec<String> = files.iter().rev().cloned().collect();
        assert_eq!(write_bundle(&folder, &turned, &b).expect("written"), name);
        let bytes = fs::read(&a).expect("there");
        assert_eq!(bytes, fs::read(&b).expect("there"));

        let open = OpenBundle::open(&a).expect("sound");
        assert_eq!(open.name, name);
        assert_eq!(
            fs::read_to_string(open.folder().join("report.json")).expect("there"),
            "{}"
        );

        let at = bytes.windows(3).position(|w| w == "あ".as_bytes()).expect("stored");
        let mut changed = bytes.clone();
        changed[at + 2] ^= 1;
        fs::write(&b, &changed).expect("written");
        assert!(OpenBundle::open(&b).is_err());
        fs::write(&b, &bytes[..bytes.len() / 2]).expect("written");
        assert!(matches!(OpenBundle::open(&b), Err(BundleError::NotABundle { .. })));
        fs::remove_dir_all(folder).ok();
    }
}
