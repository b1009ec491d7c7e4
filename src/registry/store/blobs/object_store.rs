//! Blobs in an S3-compatible object store, each under its digest.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use crate::attest::Digest;
use crate::registry::store::{StoreConfig, StoreError};
use crate::wire::place::{MOST_BYTES, Place, PlaceError, PlaceFile, S3File};

/// How often something is tried.
const ATTEMPTS: u32 = 4;
const FIRST_PAUSE: Duration = Duration::from_millis(50);

pub(super) struct ObjectStore {
    place: Place,
    /// Its own: callers are on threads that may wait.
    runtime: Option<Runtime>,
}

impl ObjectStore {
    pub(super) fn open(file: &S3File, config: &StoreConfig) -> Result<Self, StoreError> {
        let file = PlaceFile {
            s3: Some(file.clone()),
            ..PlaceFile::default()
        };
        let place = Place::open(&file, &config.path(Path::new("config")), None)?;
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|error| StoreError::io(Path::new("the runtime of the object store"), error))?;
        Ok(Self {
            place,
            runtime: Some(runtime),
        })
    }

    pub(super) fn describe(&self) -> String {
        self.place.describe()
    }

    /// Put if absent, and read again: a store that keeps half of what it was sent is found now and not in years.
    pub(super) fn put(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        let digest = Digest::of(bytes);
        if bytes.len() as u64 > MOST_BYTES {
            return Err(PlaceError::TooLarge {
                name: digest.to_string(),
                most: MOST_BYTES,
            }
            .into());
        }
        if self.size(&digest)? == Some(bytes.len() as u64) {
            return Ok(digest);
        }
        let name = digest.to_string();
        let mut found = digest;
        for _ in 0..ATTEMPTS {
            self.wait(|| self.place.put(&name, bytes))?;
            found = Digest::of(&self.get(&digest)?);
            if found == digest {
                return Ok(digest);
            }
        }
        Err(StoreError::DamagedBlob {
            place: self.describe(),
            digest,
            found,
        })
    }

    pub(super) fn put_file(&self, file: &Path) -> Result<Digest, StoreError> {
        let io = |error| StoreError::io(file, error);
        let size = std::fs::metadata(file).map_err(io)?.len();
        if size > MOST_BYTES {
            return Err(PlaceError::TooLarge {
                name: file.display().to_string(),
                most: MOST_BYTES,
            }
            .into());
        }
        self.put(&std::fs::read(file).map_err(io)?)
    }

    pub(super) fn get(&self, digest: &Digest) -> Result<Vec<u8>, StoreError> {
        let name = digest.to_string();
        match self.wait(|| self.place.get(&name)) {
            Err(StoreError::Place(PlaceError::Missing { .. })) => Err(StoreError::NoBlob {
                place: self.describe(),
                digest: *digest,
            }),
            other => other,
        }
    }

    pub(super) fn copy_to(&self, bytes: &[u8], file: &Path) -> Result<(), StoreError> {
        let io = |error| StoreError::io(file, error);
        let mut target = File::create(file).map_err(io)?;
        target.write_all(bytes).map_err(io)?;
        target.sync_all().map_err(io)
    }

    pub(super) fn size(&self, digest: &Digest) -> Result<Option<u64>, StoreError> {
        let name = digest.to_string();
        self.wait(|| self.place.size(&name))
    }

    pub(super) fn list(&self) -> Result<Vec<Digest>, StoreError> {
        let names = self.wait(|| self.place.list())?;
        Ok(names.iter().filter_map(|name| name.parse().ok()).collect())
    }

    /// Does it, a few times if the store was not reached or says that it cannot now: nothing here does harm when it is done
    /// twice.
    fn wait<T, F: Future<Output = Result<T, PlaceError>>>(&self, doing: impl Fn() -> F) -> Result<T, StoreError> {
        let runtime = self.runtime.as_ref().ok_or(StoreError::Aborted)?;
        let mut pause = FIRST_PAUSE;
        for _ in 1..ATTEMPTS {
            match runtime.block_on(doing()) {
                Err(PlaceError::Unreached { .. }) => std::thread::sleep(pause),
                other => return Ok(other?),
            }
            pause *= 3;
        }
        Ok(runtime.block_on(doing())?)
    }
}

impl Drop for ObjectStore {
    /// A runtime may not wait for its end on a thread of another one.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
