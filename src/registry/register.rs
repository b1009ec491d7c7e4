//! The register as one value: database, keys, log, clock and what judges bundles again.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::again::Again;
use super::clock::Clock;
use super::intake::{Judging, Rules};
use super::keys::Keys;
use super::log::{LogConfig, LogWriter};
use super::model::Moment;
use super::service::ServiceError;
use super::stamp::Stamper;
use super::store::{Store, StoreConfig};
use crate::attest::log::{NoteSigner, SignatureKind};
use crate::catalog::Catalog;
use crate::scenario::Corpus;

/// Origin of the log and name of the register until a body gives its own; signed into everything.
pub const ORIGIN: &str = "junkyo.example/log";

/// What a register is made of.
#[derive(Clone)]
pub struct RegistryConfig {
    /// Database, blobs and the folder of everything else.
    pub store: StoreConfig,
    /// Its time.
    pub clock: Clock,
    /// Origin of the log: a name that never changes once the log has begun.
    pub origin: String,
    /// The corpus that counts; the one of this program if none.
    pub corpus: Option<Arc<Corpus>>,
    /// What judges bundles again; [`Again`] if none.
    pub judging: Option<Arc<dyn Judging>>,
    /// Limits and deadlines.
    pub rules: Rules,
    /// Folder of the log's files, and its witnesses; `public/log` in the data folder without witnesses if none.
    pub log: Option<LogConfig>,
    /// Folder of the keys; `keys` in the data folder if none.
    pub keys: Option<PathBuf>,
    /// Passphrase of the key files.
    pub passphrase: Option<Vec<u8>>,
    /// Address of a time stamping authority (RFC 3161); the built-in one if none.
    pub timestamp_url: Option<String>,
}

impl RegistryConfig {
    /// Everything in one folder, with the machine's clock and the built-in time stamping authority.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            store: StoreConfig::in_folder(folder),
            clock: Clock::system(),
            origin: ORIGIN.to_owned(),
            corpus: None,
            judging: None,
            rules: Rules::default(),
            log: None,
            keys: None,
            passphrase: None,
            timestamp_url: None,
        }
    }
}

/// The register. Clones are the same register; every operation is in [`super::service`].
///
/// Everything waits for the disk: callers on an async runtime use `spawn_blocking`.
#[derive(Clone)]
pub struct Registry(Arc<Inner>);

struct Inner {
    store: Store,
    data: PathBuf,
    origin: String,
    corpus: Arc<Corpus>,
    judging: Arc<dyn Judging>,
    rules: Rules,
    keys: Keys,
    log: LogWriter,
    stamper: Stamper,
    catalog: Mutex<Option<Arc<Catalog>>>,
    fault: Mutex<Option<String>>,
}

impl Registry {
    /// Opens the register and makes what is not there: folders, tables, keys, log, the first suite. What was left half done
    /// is finished.
    ///
    /// # Errors
    /// If the store, the keys or the log cannot be opened.
    pub fn open(config: RegistryConfig) -> Result<Self, ServiceError> {
        let store = Store::open(&config.store, &config.clock)?;
        let data = config.store.data.clone();
        let folder = config.keys.clone().unwrap_or_else(|| data.join("keys"));
        let keys =
            Keys::open(&folder, config.passphrase.as_deref()).map_err(|error| ServiceError::internal("keys", error))?;
        let place = config
            .log
            .unwrap_or_else(|| LogConfig::in_folder(data.join("public").join("log")));
        let log = NoteSigner::of_key(&config.origin, SignatureKind::Log, keys.log.clone())
            .map_err(|error| ServiceError::internal("log", error))
            .and_then(|signer| {
                LogWriter::open(store.clone(), &place, signer).map_err(|error| ServiceError::internal("log", error))
            })?;
        let corpus = match config.corpus {
            Some(corpus) => corpus,
            None => Arc::new(Corpus::embedded().map_err(|errors| {
                let first = errors.first().map(ToString::to_string).unwrap_or_default();
                ServiceError::internal("corpus", first)
            })?),
        };
        let judging = config.judging.unwrap_or_else(|| Arc::new(Again::new(corpus.clone())));
        let stamper = match &config.timestamp_url {
            Some(url) => Stamper::Url(url.clone()),
            None => Stamper::built_in(&folder, &keys, Moment(config.clock.now()))
                .map_err(|error| ServiceError::internal("time stamp", error))?,
        };
        let registry = Self(Arc::new(Inner {
            store,
            data,
            origin: config.origin,
            corpus,
            judging,
            rules: config.rules,
            keys,
            log,
            stamper,
            catalog: Mutex::new(None),
            fault: Mutex::new(None),
        }));
        registry.begin()?;
        Ok(registry)
    }

    /// Database and blobs.
    pub fn store(&self) -> &Store {
        &self.0.store
    }

    /// The clock; [`Registry::now`] gives its time as a [`Moment`].
    pub fn clock(&self) -> &Clock {
        self.0.store.clock()
    }

    /// Now.
    pub fn now(&self) -> Moment {
        Moment(self.clock().now())
    }

    /// The data folder.
    pub fn data(&self) -> &Path {
        &self.0.data
    }

    /// Origin of the log.
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// The corpus that counts.
    pub fn corpus(&self) -> &Corpus {
        &self.0.corpus
    }

    /// Limits and deadlines.
    pub fn rules(&self) -> &Rules {
        &self.0.rules
    }

    /// The keys.
    pub fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// The transparency log.
    pub fn log(&self) -> &LogWriter {
        &self.0.log
    }

    /// Folder of published static files: `log/…`, `trust/…`.
    pub fn public_folder(&self) -> PathBuf {
        self.0.data.join("public")
    }

    /// What failed last after a change was safe: publishing the log, a time stamp, a job. For the operator's page.
    pub fn last_fault(&self) -> Option<String> {
        self.0.fault.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn judging(&self) -> &dyn Judging {
        self.0.judging.as_ref()
    }

    pub(super) fn stamper(&self) -> &Stamper {
        &self.0.stamper
    }

    pub(super) fn remember_fault(&self, fault: &str) {
        let text = format!("{}: {fault}", self.now());
        *self.0.fault.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    }

    pub(super) fn forget_catalog(&self) {
        *self.0.catalog.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(super) fn kept_catalog(&self) -> Option<Arc<Catalog>> {
        self.0.catalog.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn keep_catalog(&self, catalog: &Arc<Catalog>) {
        *self.0.catalog.lock().unwrap_or_else(PoisonError::into_inner) = Some(catalog.clone());
    }
}
