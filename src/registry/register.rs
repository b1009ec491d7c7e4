//! The register as one value: database, keys, log and clock.

use std::path::Path;
use std::sync::Arc;

use super::clock::Clock;
use super::model::Moment;
use super::service::ServiceError;
use super::store::{Store, StoreConfig};

/// What a register is made of.
#[derive(Clone, Debug)]
pub struct RegistryConfig {
    /// Database, blobs and the folder of everything else.
    pub store: StoreConfig,
    /// Its time.
    pub clock: Clock,
}

impl RegistryConfig {
    /// Everything in one folder, with the machine's clock.
    pub fn in_folder(folder: &Path) -> Self {
        Self {
            store: StoreConfig::in_folder(folder),
            clock: Clock::system(),
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
}

impl Registry {
    /// Opens the register and makes what is not there: folders, tables, keys, log.
    ///
    /// # Errors
    /// If the store cannot be opened.
    pub fn open(config: RegistryConfig) -> Result<Self, ServiceError> {
        let store = Store::open(&config.store, &config.clock)?;
        Ok(Self(Arc::new(Inner { store })))
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
}
