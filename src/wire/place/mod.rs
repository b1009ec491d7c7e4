//! Places where systems lay files for each other: a folder, an S3-compatible object store, or an SFTP server.
//!
//! File linkage of 共通機能標準仕様書 2.1 §2.2.2 goes through object storage over encrypted transport, with SFTP as the
//! fall-back. All places are flat: names without folders, below one prefix.

mod folder;
mod object_store;
mod sftp;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use schemars::JsonSchema;
use serde::Deserialize;
use thiserror::Error;

use object_store::ObjectStore;
use sftp::Sftp;

/// Bytes of one file that are read at the most.
pub(super) const MOST_BYTES: u64 = 256 * 1024 * 1024;

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

/// Why a place could not be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PlaceError {
    /// Not exactly one kind of place is named.
    #[error("[files] names {found} places; name exactly one of `folder`, `[files.s3]`, `[files.sftp]`")]
    NotOne {
        /// How many.
        found: usize,
    },
    /// A secret is missing.
    #[error("[files] needs the environment variable {name}, which is not set")]
    NoSecret {
        /// Name of the variable.
        name: String,
    },
    /// The address of the object store.
    #[error("[files.s3] endpoint `{address}`: {why}")]
    Address {
        /// As written.
        address: String,
        /// What is wrong with it.
        why: String,
    },
    /// Reading or writing a file of a folder.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The other side refused or could not be reached.
    #[error("{place}: cannot {what}: {why}")]
    Refused {
        /// The place.
        place: String,
        /// What was to be done.
        what: String,
        /// What it said.
        why: String,
    },
    /// A name that no file of a place can have.
    #[error("`{name}` is no name of a file: a name has no folder and does not begin with a dot")]
    Name {
        /// The name.
        name: String,
    },
    /// A file is larger than what is read.
    #[error("`{name}` is larger than {MOST_BYTES} bytes")]
    TooLarge {
        /// The name.
        name: String,
    },
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
    /// [`PlaceError::NotOne`], [`PlaceError::NoSecret`], [`PlaceError::Address`].
    pub fn open(file: &PlaceFile, beside: &Path, tls: Option<Arc<rustls::ClientConfig>>) -> Result<Self, PlaceError> {
        let beside = beside.parent().unwrap_or(Path::new(""));
        match (&file.folder, &file.s3, &file.sftp) {
            (Some(folder), None, None) => Ok(Self::folder(beside.join(folder))),
            (None, Some(s3), None) => Ok(Self(Kind::S3(Arc::new(ObjectStore::new(s3, tls)?)))),
            (None, None, Some(sftp)) => Ok(Self(Kind::Sftp(Arc::new(Sftp::new(sftp, beside))))),
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

    /// Names of all files, sorted.
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

    /// A file's content.
    ///
    /// # Errors
    /// When it is not there, too large, or cannot be read.
    pub async fn get(&self, name: &str) -> Result<Vec<u8>, PlaceError> {
        let name = checked(name)?;
        match &self.0 {
            Kind::Memory(files) => lock(files).get(name).cloned().ok_or_else(|| PlaceError::Refused {
                place: self.describe(),
                what: format!("read {name}"),
                why: "no such file".into(),
            }),
            Kind::Folder(path) => folder::get(path, name),
            Kind::S3(store) => store.get(name).await,
            Kind::Sftp(sftp) => sftp.get(name).await,
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

/// Names come from the other side too: none may leave the place.
fn checked(name: &str) -> Result<&str, PlaceError> {
    let wrong = name.is_empty()
        || name.starts_with('.')
        || name.starts_with('-')
        || name.contains(['/', '\\', '\n', '\r', '"', '\0']);
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
            place.remove("a.csv").await.unwrap();
            place.remove("a.csv").await.unwrap();
            assert_eq!(place.list().await.unwrap(), ["b.csv"]);
            assert!(place.get("a.csv").await.is_err());
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[tokio::test]
    async fn no_name_leaves_the_place() {
        for name in ["../x", "/etc/passwd", "a/b", ".ssh", "", "-rf", "a\nput b"] {
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
