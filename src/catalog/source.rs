//! Where a catalog is read from: a web address, a folder (a static export), or `catalog.json` alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use thiserror::Error;

use super::fold::Catalog;
use super::snapshot::CatalogFileError;
use crate::attest::Digest;
use crate::text::Lang;
use crate::wire::certificate::client_from_pem;
use crate::wire::{Client, ClientOptions, Outgoing, ReadLimits, Url, parse_response};

/// Name of the catalog below an address or in a folder.
pub const CATALOG: &str = "catalog.json";

/// Name of the signed snapshot beside it.
pub const STATEMENT: &str = "catalog.intoto.jsonl";

/// Largest file that is read, in bytes.
const MAX_FILE: usize = 256 << 20;

/// Where a catalog is read from.
pub struct Source {
    name: String,
    place: Place,
}

enum Place {
    File(PathBuf),
    Folder(PathBuf),
    Web(Box<Mutex<Web>>),
}

/// A connection that is kept, with a runtime of its own.
struct Web {
    base: String,
    client: Client,
    runtime: tokio::runtime::Runtime,
}

/// Why something cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SourceError {
    /// A file.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        why: String,
    },
    /// An address.
    #[error("{url}: {why}")]
    Web {
        /// The address.
        url: String,
        /// What happened.
        why: String,
    },
    /// There is no catalog.
    #[error(
        "{place}: there is no {CATALOG}; expected the address of a catalog, the folder of a static export, or the file itself"
    )]
    NoCatalog {
        /// Where it was looked for.
        place: String,
    },
    /// It is none.
    #[error("{place}: {source}")]
    Catalog {
        /// Where it stands.
        place: String,
        /// What is wrong with it.
        source: CatalogFileError,
    },
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.name)
    }
}

impl Source {
    /// The catalog at an address (`http://`, `https://`), in a folder, or in a file.
    ///
    /// # Errors
    /// If the address is none, or TLS cannot be prepared.
    pub fn open(place: &str) -> Result<Self, SourceError> {
        let web = place.starts_with("http://") || place.starts_with("https://");
        let path = Path::new(place);
        Ok(Self {
            name: place.to_owned(),
            place: if web {
                Place::Web(Box::new(Mutex::new(Web::open(place)?)))
            } else if path.is_dir() {
                Place::Folder(path.to_owned())
            } else {
                Place::File(path.to_owned())
            },
        })
    }

    /// Whether there can be more than the catalog.
    pub fn is_file(&self) -> bool {
        matches!(self.place, Place::File(_))
    }

    /// A file by its path, such as `log/checkpoint`. None: there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn get(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        match &self.place {
            Place::Web(web) => web.lock().unwrap_or_else(PoisonError::into_inner).get(path),
            Place::Folder(folder) => read(&folder.join(path)),
            Place::File(file) if path == CATALOG => read(file),
            Place::File(_) => Ok(None),
        }
    }

    /// The catalog, its bytes' digest, and the bytes.
    ///
    /// # Errors
    /// If there is none.
    pub fn catalog(&self) -> Result<(Catalog, Digest), SourceError> {
        let bytes = self.get(CATALOG)?.ok_or_else(|| SourceError::NoCatalog {
            place: self.name.clone(),
        })?;
        Catalog::from_json(&bytes).map_err(|source| SourceError::Catalog {
            place: self.name.clone(),
            source,
        })
    }
}

fn read(file: &Path) -> Result<Option<Vec<u8>>, SourceError> {
    match fs::read(file) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SourceError::File {
            path: file.display().to_string(),
            why: error.to_string(),
        }),
    }
}

impl Web {
    fn open(base: &str) -> Result<Self, SourceError> {
        let fault = |why: String| SourceError::Web {
            url: base.to_owned(),
            why,
        };
        let url = Url::parse(base).map_err(|error| fault(error.to_string()))?;
        let tls = if url.tls {
            Some(client_from_pem(None, None).map_err(|error| fault(error.to_string()))?)
        } else {
            None
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| fault(error.to_string()))?;
        Ok(Self {
            base: base.trim_end_matches('/').to_owned(),
            client: Client::new(ClientOptions {
                tls,
                connect_timeout: Duration::from_secs(10),
                exchange_timeout: Duration::from_secs(120),
                limits: ReadLimits {
                    message: MAX_FILE,
                    ..ReadLimits::default()
                },
            }),
            runtime,
        })
    }

    fn get(&self, path: &str) -> Result<Option<Vec<u8>>, SourceError> {
        let address = format!("{}/{path}", self.base);
        let fault = |why: String| SourceError::Web {
            url: address.clone(),
            why,
        };
        let url = Url::parse(&address).map_err(|error| fault(error.to_string()))?;
        let sent = self
            .runtime
            .block_on(self.client.send(&Outgoing::new("GET", &url, &[], &[])));
        if let Some(error) = sent.fault {
            return Err(fault(error.describe().get(Lang::En).to_owned()));
        }
        let response = parse_response(&sent.response, "GET", true).map_err(|error| fault(error.to_string()))?;
        match response.status {
            200 => Ok(Some(response.body)),
            404 | 410 => Ok(None),
            status => Err(fault(format!("HTTP {status}; 200 or 404 is expected"))),
        }
    }
}
