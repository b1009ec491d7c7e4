//! Blobs in a folder: `ab/cdef…` of the digest `abcdef…`, written beside and renamed.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::attest::Digest;
use crate::registry::store::{StoreError, fresh_id};

/// Unfinished files; what is left after a crash is removed when it is a day old.
const UNFINISHED: &str = "unfinished";
const DAY: std::time::Duration = std::time::Duration::from_secs(86_400);

pub(super) struct Folder(PathBuf);

impl Folder {
    /// A folder that is made if it is not there.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let unfinished = path.join(UNFINISHED);
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        // Evidence is for this user only.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(&unfinished)
            .map_err(|error| StoreError::io(&unfinished, error))?;
        let folder = Self(path.to_owned());
        folder.sweep();
        Ok(folder)
    }

    /// A folder that is only read.
    pub(super) fn existing(path: &Path) -> Self {
        Self(path.to_owned())
    }

    pub(super) fn describe(&self) -> String {
        self.0.display().to_string()
    }

    /// Writes beside, and renames to the digest of what was written.
    pub(super) fn put(&self, source: &mut dyn Read) -> Result<Digest, StoreError> {
        let beside = Unfinished(self.0.join(UNFINISHED).join(fresh_id("put")));
        let io = |error| StoreError::io(&beside.0, error);
        let mut file = File::create_new(&beside.0).map_err(io)?;
        let digest = pour(source, &mut file).map_err(io)?;
        let to = self.path(&digest);
        // One that is there and damaged is replaced by the good one.
        if fs::metadata(&to).is_ok() && digest_of_file(&to)? == digest {
            return Ok(digest);
        }
        file.sync_all().map_err(io)?;
        drop(file);
        let parent = to.parent().unwrap_or(&self.0);
        if !parent.is_dir() {
            fs::create_dir_all(parent).map_err(|error| StoreError::io(parent, error))?;
            sync_folder(&self.0)?;
        }
        fs::rename(&beside.0, &to).map_err(|error| StoreError::io(&to, error))?;
        sync_folder(parent)?;
        Ok(digest)
    }

    pub(super) fn get(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let path = self.path(digest);
        fs::read(&path).map_err(|error| self.missing(digest, &path, error))
    }

    /// The file of a blob.
    pub(super) fn source(&self, digest: &Digest) -> Result<File, StoreError> {
        let path = self.path(digest);
        File::open(&path).map_err(|error| self.missing(digest, &path, error))
    }

    pub(super) fn verify(&self, digest: &Digest) -> Result<(), StoreError> {
        let mut source = self.source(digest)?;
        let found =
            pour(&mut source, &mut std::io::sink()).map_err(|error| StoreError::io(&self.path(digest), error))?;
        self.compared(digest, found)
    }

    pub(super) fn copy_to(&self, digest: &Digest, file: &Path) -> Result<(), StoreError> {
        let mut source = self.source(digest)?;
        let io = |error| StoreError::io(file, error);
        let mut target = File::create(file).map_err(io)?;
        let found = pour(&mut source, &mut target).map_err(io)?;
        if found != *digest {
            fs::remove_file(file).map_err(io)?;
        }
        self.compared(digest, found)?;
        target.sync_all().map_err(io)
    }

    pub(super) fn size(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        let path = self.path(digest);
        match fs::metadata(&path) {
            Ok(metadata) => Ok(Some(metadata.len())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io(&path, error)),
        }
    }

    pub(super) fn list(&self) -> Result<Vec<Digest>, StoreError> {
        let mut digests = Vec::new();
        for folder in names(&self.0)? {
            if folder.len() == 2 {
                let rest = names(&self.0.join(&folder))?;
                digests.extend(
                    rest.iter()
                        .filter_map(|rest| format!("{folder}{rest}").parse::<Digest>().ok()),
                );
            }
        }
        digests.sort_by_key(ToString::to_string);
        Ok(digests)
    }

    fn path(&self, digest: &Digest) -> PathBuf {
        let digest = digest.to_string();
        let (folder, rest) = digest.split_at(2);
        self.0.join(folder).join(rest)
    }

    fn missing(&self, digest: &Digest, path: &Path, error: std::io::Error) -> StoreError {
        match error.kind() {
            std::io::ErrorKind::NotFound => StoreError::NoBlob {
                place: self.describe(),
                digest: *digest,
            },
            _ => StoreError::io(path, error),
        }
    }

    fn compared(&self, digest: &Digest, found: Digest) -> Result<(), StoreError> {
        if found == *digest {
            return Ok(());
        }
        Err(StoreError::DamagedBlob {
            place: self.describe(),
            digest: *digest,
            found,
        })
    }

    /// Removes what crashes left; another process may be writing the young ones.
    fn sweep(&self) {
        let Ok(entries) = fs::read_dir(self.0.join(UNFINISHED)) else {
            return;
        };
        for entry in entries.flatten() {
            let age = entry
                .metadata()
                .and_then(|metadata| metadata.modified())
                .map(|time| time.elapsed());
            if matches!(age, Ok(Ok(age)) if age > DAY) {
                fs::remove_file(entry.path()).ok();
            }
        }
    }
}

/// An unfinished file, which goes when it was not renamed.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

/// The digest of a file's content, however large.
pub(super) fn digest_of_file(path: &Path) -> Result<Digest, StoreError> {
    let io = |error| StoreError::io(path, error);
    pour(&mut File::open(path).map_err(io)?, &mut std::io::sink()).map_err(io)
}

/// Copies everything and tells its digest.
fn pour(source: &mut dyn Read, target: &mut dyn Write) -> std::io::Result<Digest> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 128 * 1024];
    loop {
        match source.read(&mut buffer) {
            Ok(0) => return Ok(Digest(hasher.finalize().into())),
            Ok(read) => {
                hasher.update(&buffer[..read]);
                target.write_all(&buffer[..read])?;
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// A renamed file is there after a crash only once its folder is on disk.
fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let synced = File::open(path).and_then(|folder| folder.sync_all());
    synced.map_err(|error| StoreError::io(path, error))
}

fn names(folder: &Path) -> Result<Vec<String>, StoreError> {
    let io = |error| StoreError::io(folder, error);
    let entries = fs::read_dir(folder).map_err(io)?;
    entries
        .map(|entry| {
            entry
                .map(|entry| entry.file_name().to_string_lossy().into_owned())
                .map_err(io)
        })
        .collect()
}
