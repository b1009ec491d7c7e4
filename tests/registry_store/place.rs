//! Stores of every kind, each in a folder of its own.

use std::process::Command;

use junkyo::registry::clock::Clock;
use junkyo::registry::store::{BlobsConfig, Store, StoreConfig};

use super::harness::{Folder, Running, installed, quoted, repository};
use super::{ENVIRONMENT, server, text};

/// A kind of store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// SQLite, blobs in a folder.
    Local,
    /// PostgreSQL over a socket, blobs in a folder.
    Postgres,
    /// PostgreSQL over TLS with a password, blobs in an object store.
    Servers,
    /// SQLite, blobs in an object store.
    Objects,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Local, Self::Postgres, Self::Servers, Self::Objects];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Local => "sqlite-folder",
            Self::Postgres => "postgres-folder",
            Self::Servers => "postgres-tls-s3",
            Self::Objects => "sqlite-s3",
        }
    }

    pub(crate) fn is_postgres(self) -> bool {
        matches!(self, Self::Postgres | Self::Servers)
    }

    fn has_objects(self) -> bool {
        matches!(self, Self::Objects | Self::Servers)
    }
}

/// A store and what it needs to run.
pub(crate) struct Ground {
    pub(crate) config: StoreConfig,
    pub(crate) clock: Clock,
    _objects: Option<Running>,
}

impl Ground {
    /// A fresh one; its files have the name.
    pub(crate) fn new(kind: Kind, folder: &Folder, name: &str) -> Result<Self, String> {
        let mut config = StoreConfig::in_folder(folder.at(name));
        config.patience_ms = Some(20_000);
        if kind.is_postgres() {
            let database = server::database()?;
            config.database = Some(database.socket);
            if kind == Kind::Servers {
                config.database = Some(database.tcp);
                config.database_password_env = Some(ENVIRONMENT[2].0.into());
                config.database_authorities = Some(database.authority);
            }
        }
        let mut objects = None;
        if kind.has_objects() {
            let (running, blobs) = start_objects(folder, name)?;
            config.blobs = blobs;
            objects = Some(running);
        }
        Ok(Self {
            config,
            clock: Clock::at(1_000_000),
            _objects: objects,
        })
    }

    pub(crate) fn open(&self) -> Result<Store, String> {
        Store::open(&self.config, &self.clock).map_err(text)
    }
}

/// An object store whose signatures the AWS SDK's signer verifies (tests/peers/store).
pub(crate) fn start_objects(folder: &Folder, name: &str) -> Result<(Running, BlobsConfig), String> {
    let peers = installed("node")?;
    let workdir = folder.at(&format!("{name}-store"));
    let mut command = Command::new("node");
    command
        // s3rver makes its continuation tokens with a cipher that OpenSSL 3 calls legacy.
        .arg("--openssl-legacy-provider")
        .arg(repository("tests/peers/store/server.mjs"))
        .arg("--data")
        .arg(folder.at(&format!("{name}-objects")))
        .arg("--workdir")
        .arg(&workdir)
        .env("PEERS", peers.join(".."))
        .env("STORE_SECRET", ENVIRONMENT[1].1);
    let mut running = Running::start(&mut command, folder, &format!("{name}-store"))?;
    let ready = running.ready(&workdir.join("ready.json"))?;
    let blobs = format!(
        "[s3]\nendpoint = {}\nbucket = \"linkage\"\nprefix = \"blobs/\"\naccess-key-env = \"{}\"\nsecret-key-env = \"{}\"\n\
         authorities = {}\n",
        quoted(ready.text("url")?),
        ENVIRONMENT[0].0,
        ENVIRONMENT[1].0,
        quoted(workdir.join("ca.pem").display().to_string())
    );
    Ok((running, toml::from_str(&blobs).map_err(text)?))
}
