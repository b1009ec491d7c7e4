//! Files by their digest: bundles, documents, statements. A blob never changes and is written once.

mod folder;
mod object_store;

use std::path::Path;

use folder::Folder;
use object_store::ObjectStore;

use super::{StoreConfig, StoreError, Tx, values};
use crate::attest::Digest;

/// Where blobs are kept.
pub struct Blobs(Kind);

enum Kind {
    Folder(Folder),
    ObjectStore(ObjectStore),
}

impl Blobs {
    /// Blobs in a folder, which is made if it is not there.
    pub(super) fn folder(path: &Path) -> Result<Self, StoreError> {
        Folder::open(path).map(|folder| Self(Kind::Folder(folder)))
    }

    /// Blobs of an export, which is only read.
    pub(super) fn existing(path: &Path) -> Self {
        Self(Kind::Folder(Folder::existing(path)))
    }

    /// The place that a configuration names.
    pub(super) fn open(config: &StoreConfig) -> Result<Self, StoreError> {
        match (&config.blobs.folder, &config.blobs.s3) {
            (None, Some(s3)) => ObjectStore::open(s3, config).map(|store| Self(Kind::ObjectStore(store))),
            (Some(folder), None) => Self::folder(&config.path(folder)),
            (None, None) => Self::folder(&config.path(Path::new("blobs"))),
            (Some(folder), Some(_)) => Err(StoreError::Config {
                key: "blobs",
                value: folder.display().to_string(),
                why: "names a folder and an object store; name one of them".into(),
            }),
        }
    }

    /// What to call the place in errors; no secret in it.
    pub fn describe(&self) -> String {
        match &self.0 {
            Kind::Folder(folder) => folder.describe(),
            Kind::ObjectStore(store) => store.describe(),
        }
    }

    /// Keeps bytes. When it returns they are on disk, or with the object store; nothing is written if they were there.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Io`], [`StoreError::Place`].
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        match &self.0 {
            Kind::Folder(folder) => folder.put(&mut &bytes[..]),
            Kind::ObjectStore(store) => store.put(bytes),
        }
    }

    /// Keeps the content of a file of any size.
    ///
    /// # Errors
    /// As [`Blobs::put`].
    pub fn put_file(&self, file: &Path) -> Result<Digest, StoreError> {
        match &self.0 {
            Kind::Folder(folder) => {
                let mut source = std::fs::File::open(file).map_err(|error| StoreError::io(file, error))?;
                folder.put(&mut source)
            }
            Kind::ObjectStore(store) => store.put_file(file),
        }
    }

    /// The bytes of a digest; they were compared with it.
    ///
    /// # Errors
    /// [`StoreError::NoBlob`], [`StoreError::DamagedBlob`], [`StoreError::Io`], [`StoreError::Place`].
    pub fn get(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let bytes = match &self.0 {
            Kind::Folder(folder) => folder.get(digest)?,
            Kind::ObjectStore(store) => store.get(digest)?,
        };
        let found = Digest::of(&bytes);
        if found != *digest {
            return Err(StoreError::DamagedBlob {
                place: self.describe(),
                digest: *digest,
                found,
            });
        }
        Ok(bytes)
    }

    /// Writes the bytes of a digest into a file, which is replaced; it is not there if they are damaged.
    ///
    /// # Errors
    /// As [`Blobs::get`].
    pub fn copy_to(&self, digest: &Digest, file: &Path) -> Result<(), StoreError> {
        match &self.0 {
            Kind::Folder(folder) => folder.copy_to(digest, file),
            Kind::ObjectStore(store) => store.copy_to(&self.get(digest)?, file),
        }
    }

    /// Bytes of a blob; `None` if it is not there.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::Place`].
    pub fn size(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        match &self.0 {
            Kind::Folder(folder) => folder.size(digest),
            Kind::ObjectStore(store) => store.size(digest),
        }
    }

    /// Whether a blob is there.
    ///
    /// # Errors
    /// As [`Blobs::size`].
    pub fn exists(&self, digest: &Digest) -> Result<bool, StoreError> {
        self.size(digest).map(|size| size.is_some())
    }

    /// Reads a blob and compares it with its digest.
    ///
    /// # Errors
    /// As [`Blobs::get`].
    pub fn verify(&self, digest: &Digest) -> Result<(), StoreError> {
        match &self.0 {
            Kind::Folder(folder) => folder.verify(digest),
            Kind::ObjectStore(_) => self.get(digest).map(|_| ()),
        }
    }

    /// Keeps a blob of another place, compared with its digest on the way.
    ///
    /// # Errors
    /// As [`Blobs::get`] and [`Blobs::put`].
    pub fn take_from(&self, other: &Self, digest: &Digest) -> Result<(), StoreError> {
        let kept = match (&self.0, &other.0) {
            (Kind::Folder(to), Kind::Folder(from)) => to.put(&mut from.source(digest)?)?,
            _ => self.put(&other.get(digest)?)?,
        };
        if kept != *digest {
            return Err(StoreError::DamagedBlob {
                place: other.describe(),
                digest: *digest,
                found: kept,
            });
        }
        Ok(())
    }

    /// Digests of all blobs, sorted.
    ///
    /// # Errors
    /// As [`Blobs::size`].
    pub fn list(&self) -> Result<Vec<Digest>, StoreError> {
        match &self.0 {
            Kind::Folder(folder) => folder.list(),
            Kind::ObjectStore(store) => store.list(),
        }
    }
}

/// Says that a blob belongs to something, in the transaction that needs it; the blob was kept before. Said twice, it is
/// said once.
///
/// # Errors
/// Those of the database.
pub fn refer(tx: &mut dyn Tx, digest: &Digest, size: u64, kind: &str, object: &str, at: i64) -> Result<(), StoreError> {
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    tx.execute(
        "INSERT INTO blob_ref (digest, kind, object, size, at) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        &values![digest, kind, object, size, at],
    )
    .map(|_| ())
}

#[cfg(test)]
mod tests;
