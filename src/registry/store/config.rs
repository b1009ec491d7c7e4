//! Where the data are, as a configuration says it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::wire::place::S3File;

/// `[store]` of the configuration of a register. Everything may be absent: then all is in the data folder.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct StoreConfig {
    /// `sqlite:PATH` (relative to the data folder) or `postgres://user@host/name`. `sqlite:registry.sqlite3` if absent.
    pub database: Option<String>,
    /// Environment variable with the password of the database.
    pub database_password_env: Option<String>,
    /// PEM file with the authorities to trust for the database; those of the system's list if absent.
    pub database_authorities: Option<PathBuf>,
    /// Where blobs are kept.
    pub blobs: BlobsConfig,
    /// Connections that read at the same time (8).
    pub readers: Option<usize>,
    /// Milliseconds that a statement waits for others before [`super::StoreError::Busy`] (10 s).
    pub patience_ms: Option<u64>,
    /// The data folder; relative paths start there.
    #[serde(skip)]
    pub data: PathBuf,
}

/// `[store.blobs]`: a folder or an S3-compatible object store; the folder `blobs` if absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct BlobsConfig {
    /// A folder.
    pub folder: Option<PathBuf>,
    /// An S3-compatible object store.
    pub s3: Option<S3File>,
}

impl StoreConfig {
    /// Everything in one folder.
    pub fn in_folder(data: impl Into<PathBuf>) -> Self {
        Self {
            data: data.into(),
            ..Self::default()
        }
    }

    pub(super) fn database(&self) -> &str {
        self.database.as_deref().unwrap_or("sqlite:registry.sqlite3")
    }

    pub(super) fn readers(&self) -> usize {
        self.readers.unwrap_or(8)
    }

    pub(super) fn patience(&self) -> Duration {
        Duration::from_millis(self.patience_ms.unwrap_or(10_000))
    }

    pub(super) fn path(&self, relative: &Path) -> PathBuf {
        self.data.join(relative)
    }
}
