//! Places where systems lay files for each other: a folder, an S3-compatible object store, or an SFTP server.
//!
//! File linkage of 共通機能標準仕様書 2.1 §2.2.2 goes through object storage over encrypted transport, with SFTP as the
//! fall-back. All places are flat: names without folders, below one prefix.

mod error;
mod folder;
mod object_store;
mod sftp;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

pub use error::PlaceError;
use object_store::ObjectStore;
use sftp::Sftp;

/// Bytes of one file that are read at the most.
pub const MOST_BYTES: u64 = 256 * 1024 * 1024;
/// Names of one listing that are read at the most.
const MOST_NAMES: usize = 1_000_000;

/// `[files]` of a target file: exactly one of the three.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PlaceFile {
    /// A folder that both sides see, relative to the file.
    pub folder: Option<PathBuf>,
    /// An S3-compatible object store.
    pub s3: Option<S3File>,
    /// An SFTP server.
    pub sftp: Option<SftpFile>,
    /// Milliseconds that one act on a file may take (60 s).
    pub timeout_ms: Option<u64>,
}

impl PlaceFile {
    fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms.unwrap_or(60_000))
    }
}

/// `[files.s3]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct S3File {
    /// Address of the service.
    pub endpoint: String,
    /// Bucket; addressed by path.
    pub bucket: String,
    /// Region.
    #[serde(default = "region")]
    pub region: String,
    /// Before every name, with `/` at its end.
    #[serde(default)]
    pub prefix: String,
    /// Environment variable with the access key id.
    pub access_key_env: String,
    /// Environment variable with the secret access key.
    pub secret_key_env: String,
    /// PEM file with the authorities to trust, relative to the file; those of the product if absent.
    #[serde(default)]
    pub authorities: Option<PathBuf>,
}

fn region() -> String {
    "ap-northeast-1".into()
}

/// `[files.sftp]`. The `sftp` command of OpenSSH is used, with keys only.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SftpFile {
    /// Host.
    pub host: String,
    /// Port.
    #[serde(default = "ssh_port")]
    pub port: u16,
    /// User.
    pub user: String,
    /// Folder on the server.
    pub folder: String,
    /// Private key file, relative to the file.
    pub identity: PathBuf,
    /// Known hosts file, relative to the file: the server's key has to stand in it.
    pub known_hosts: PathBuf,
}

fn ssh_port() -> u16 {
    22
}

/// A place for files.
#[derive(Clone, Debug)]
pub struct Place(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Memory(Arc<Mutex<BTreeMap<String, Vec<u8>>>>),
    Folder(PathBuf),
    S3(Arc<ObjectStore>),
    Sftp(Arc<Sftp>),
}

impl Place {
    /// A place inside the process.
    pub fn memory() -> Self {
        Self(Kind::Memory(Arc::default()))
    }

    /// A folder.
    pub fn folder(path: impl Into<PathBuf>) -> Self {
        Self(Kind::Folder(path.into()))
    }

    /// The place that a file names; paths are relative to `beside`. `tls` is for object stores.
    ///
    /// # Errors
    /// [`PlaceError::NotOne`], [`PlaceError::NoSecret`], [`PlaceError::Address`], [`PlaceError::Key`],
    /// [`PlaceError::Io`] for files that it names.
    pub fn open(file: &PlaceFile, beside: &Path, tls: Option<Arc<rustls::ClientConfig>>) -> Result<Self, PlaceError> {
        let beside = beside.parent().unwrap_or_else(|| Path::new(""));
        let timeout = file.timeout();
        match (&file.folder, &file.s3, &file.sftp) {
            (Some(folder), None, None) => Ok(Self::folder(beside.join(folder))),
            (None, Some(s3), None) => Ok(Self(Kind::S3(Arc::new(ObjectStore::new(s3, beside, tls, timeout)?)))),
            (None, None, Some(sftp)) => Ok(Self(Kind::Sftp(Arc::new(Sftp::new(sftp, beside, timeout)?)))),
            (folder, s3, sftp) => {
                let found = [folder.is_some(), s3.is_some(), sftp.is_some()];
                Err(PlaceError::NotOne {
                    found: found.into_iter().filter(|is| *is).count(),
                })
            }
        }
    }

    /// Whether files cross the network encrypted; `None` where they cross none.
    pub fn is_encrypted(&self) -> Option<bool> {
        match &self.0 {
            Kind::Memory(_) | Kind::Folder(_) => None,
            Kind::S3(store) => Some(store.is_encrypted()),
            Kind::Sftp(_) => Some(true),
        }
    }

    /// What to call it in reports; no secret in it.
    pub fn describe(&self) -> String {
        match &self.0 {
            Kind::Memory(_) => "memory".into(),
            Kind::Folder(path) => format!("folder {}", path.file_name().unwrap_or_default().to_string_lossy()),
            Kind::S3(store) => store.describe(),
            Kind::Sftp(sftp) => sftp.describe(),
        }
    }

    /// Names of all files, sorted. They come from the other side too: one that no file may have is listed, but cannot
    /// be read.
    ///
    /// # Errors
    /// When the place cannot be read.
    pub async fn list(&self) -> Result<Vec<String>, PlaceError> {
        let mut names = match &self.0 {
            Kind::Memory(files) => lock(files).keys().cloned().collect(),
            Kind::Folder(path) => folder::list(path)?,
            Kind::S3(store) => store.list().await?,
            Kind::Sftp(sftp) => sftp.list().await?,
        };
        names.sort();
        Ok(names)
    }

    /// A file's content, at most [`MOST_BYTES`] of it.
    ///
    /// # Errors
    /// When it is not there, too large, or cannot be read.
    pub async fn get(&self, name: &str) -> Result<Vec<u8>, PlaceError> {
        self.get_at_most(name, MOST_BYTES).await
    }

    /// A file's content, if it has no more bytes than `most`.
    ///
    /// # Errors
    /// When it is not there, too large, or cannot be read.
    pub async fn get_at_most(&self, name: &str, most: u64) -> Result<Vec<u8>, PlaceError> {
        let name = checked(name)?;
        let missing = || PlaceError::Missing {
            place: self.describe(),
            name: name.to_owned(),
        };
        let content = match &self.0 {
            Kind::Memory(files) => lock(files).get(name).cloned(),
            Kind::Folder(path) => folder::get(path, name, most)?,
            Kind::S3(store) => store.get(name, most).await?,
            Kind::Sftp(sftp) => sftp.get(name, most).await?,
        };
        let content = content.ok_or_else(missing)?;
        if content.len() as u64 > most {
            return Err(too_large(name, most));
        }
        Ok(content)
    }

    /// Bytes of a file; `None` when it is not there. An object store tells it without sending the file; elsewhere it is
    /// read.
    ///
    /// # Errors
    /// When the place cannot be read.
    pub async fn size(&self, name: &str) -> Result<Option<u64>, PlaceError> {
        if let Kind::S3(store) = &self.0 {
            return store.size(checked(name)?).await;
        }
        match self.get(name).await {
            Ok(content) => Ok(Some(content.len() as u64)),
            Err(PlaceError::Missing { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Lays down a file; one of the same name is replaced.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn put(&self, name: &str, content: &[u8]) -> Result<(), PlaceError> {
        let name = checked(name)?;
        match &self.0 {
            Kind::Memory(files) => {
                lock(files).insert(name.to_owned(), content.to_vec());
                Ok(())
            }
            Kind::Folder(path) => folder::put(path, name, content),
            Kind::S3(store) => store.put(name, content).await,
            Kind::Sftp(sftp) => sftp.put(name, content).await,
        }
    }

    /// Takes a file away; one that is not there is no error.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub async fn remove(&self, name: &str) -> Result<(), PlaceError> {
        let name = checked(name)?;
        match &self.0 {
            Kind::Memory(files) => {
                lock(files).remove(name);
                Ok(())
            }
            Kind::Folder(path) => folder::remove(path, name),
            Kind::S3(store) => store.remove(name).await,
            Kind::Sftp(sftp) => sftp.remove(name).await,
        }
    }
}

fn lock(files: &Mutex<BTreeMap<String, Vec<u8>>>) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
    files.lock().unwrap_or_else(PoisonError::into_inner)
}

fn too_large(name: &str, most: u64) -> PlaceError {
    PlaceError::TooLarge {
        name: name.to_owned(),
        most,
    }
}

/// Names come from the other side too: none may leave the place, or mean something to the commands of `sftp`.
fn checked(name: &str) -> Result<&str, PlaceError> {
    let wrong = name.is_empty()
        || name.starts_with(['.', '-'])
        || name.contains(['/', '\\', '"', '*', '?', '[', ']', char::REPLACEMENT_CHARACTER])
        || name.contains(char::is_control);
    if wrong {
        return Err(PlaceError::Name { name: name.to_owned() });
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_laid_down_comes_back() {
        let folder = std::env::temp_dir().join(format!("junkyo-place-{}", std::process::id()));
        for place in [Place::memory(), Place::folder(&folder)] {
            place.put("b.csv", b"2").await.unwrap();
            place.put("a.csv", b"1").await.unwrap();
            assert_eq!(place.list().await.unwrap(), ["a.csv", "b.csv"]);
            assert_eq!(place.get("a.csv").await.unwrap(), b"1");
            assert_eq!(place.size("a.csv").await.unwrap(), Some(1));
            assert_eq!(place.size("c.csv").await.unwrap(), None);
            place.remove("a.csv").await.unwrap();
            place.remove("a.csv").await.unwrap();
            assert_eq!(place.list().await.unwrap(), ["b.csv"]);
            assert!(place.get("a.csv").await.is_err());
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[tokio::test]
    async fn no_name_leaves_the_place() {
        for name in [
            "../x",
            "/etc/passwd",
            "a/b",
            "a\\b",
            ".ssh",
            "",
            "-rf",
            "a\nput b",
            "a\"b",
            "*",
            "\u{FFFD}",
        ] {
            let put = Place::memory().put(name, b"").await;
            assert!(matches!(put, Err(PlaceError::Name { .. })), "{name:?}");
        }
    }

    #[test]
    fn exactly_one_place_is_named() {
        let none = Place::open(&PlaceFile::default(), Path::new("t.toml"), None);
        assert!(matches!(none, Err(PlaceError::NotOne { found: 0 })));
    }
}
