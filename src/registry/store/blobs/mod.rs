//! Files by their digest: bundles, documents, statements. A blob never changes and is written once.

mod folder;

use std::path::Path;

use folder::Folder;

use super::{StoreError, Tx, values};
use crate::attest::Digest;

/// Where blobs are kept.
pub struct Blobs(Kind);

enum Kind {
    Folder(Folder),
}

impl Blobs {
    /// Blobs in a folder, which is made if it is not there.
    pub(super) fn folder(path: &Path) -> Result<Self, StoreError> {
        Folder::open(path).map(|folder| Self(Kind::Folder(folder)))
    }

    /// What to call the place in errors; no secret in it.
    pub fn describe(&self) -> String {
        match &self.0 {
            Kind::Folder(folder) => folder.describe(),
        }
    }

    /// Keeps bytes. When it returns they are on disk, or with the object store; nothing is written if they were there.
    ///
    /// # Errors
    /// [`StoreError::Full`], [`StoreError::Io`], [`StoreError::Place`].
    pub fn put(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        match &self.0 {
            Kind::Folder(folder) => folder.put(&mut &bytes[..]),
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
        }
    }

    /// The bytes of a digest; they were compared with it.
    ///
    /// # Errors
    /// [`StoreError::NoBlob`], [`StoreError::DamagedBlob`], [`StoreError::Io`], [`StoreError::Place`].
    pub fn get(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let bytes = match &self.0 {
            Kind::Folder(folder) => folder.get(digest)?,
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
        }
    }

    /// Bytes of a blob; `None` if it is not there.
    ///
    /// # Errors
    /// [`StoreError::Io`], [`StoreError::Place`].
    pub fn size(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        match &self.0 {
            Kind::Folder(folder) => folder.size(digest),
        }
    }

    /// Whether a blob is there.
    ///
    /// # Errors
    /// As [`Blobs::size`].
    pub fn exists(&self, digest: &Digest) -> Result<bool, StoreError> {
        self.size(digest).map(|size| size.is_some())
    }

    /// Digests of all blobs, sorted.
    ///
    /// # Errors
    /// As [`Blobs::size`].
    pub fn list(&self) -> Result<Vec<Digest>, StoreError> {
        match &self.0 {
            Kind::Folder(folder) => folder.list(),
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
