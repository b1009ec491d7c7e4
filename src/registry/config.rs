//! `registry.toml`: everything that an operator can set.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::RegistryConfig;
use super::clock::Clock;
use super::log::LogConfig;
use super::store::StoreConfig;
use super::web::sign_in::OidcConfig;
use super::web::{Proxies, Rates, WebConfig};

/// Name of the file in the data folder that is read if none is given.
const NAME: &str = "registry.toml";
/// Address that is listened on unless told otherwise: this machine only.
const LISTEN: &str = "127.0.0.1:8480";

/// The configuration of a register. Everything may be absent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct RegistryFile {
    /// Address to listen on (`127.0.0.1:8480`).
    pub listen: Option<String>,
    /// Scheme and host under which visitors reach it. Needed unless it listens on this machine only.
    pub public_url: Option<String>,
    /// Threads that judge submissions again (1); 0 if other machines do that with `junkyo registry worker`.
    pub workers: Option<usize>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub proxies: Proxies,
    /// Requests a minute.
    pub rates: Rates,
    /// Sign-in with an identity provider.
    pub oidc: Option<OidcConfig>,
    /// Database and blobs.
    pub store: StoreConfig,
    /// Folder of the published log, and its witnesses.
    pub log: Option<LogConfig>,
    /// The data folder.
    #[serde(skip)]
    pub data: PathBuf,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {error}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The file is not what it has to be.
    #[error("{path}: {error}")]
    Form {
        /// The file.
        path: PathBuf,
        /// Where and what.
        error: Box<toml::de::Error>,
    },
}

impl RegistryFile {
    /// Reads the file given, else `registry.toml` of the data folder if there is one.
    ///
    /// # Errors
    /// If the file cannot be read, or holds what is no key or value of a configuration.
    pub fn load(data: &Path, file: Option<&Path>) -> Result<Self, ConfigError> {
        let path = file.map_or_else(|| data.join(NAME), Path::to_path_buf);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if file.is_none() && error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(ConfigError::Read { path, error }),
        };
        let mut config: Self = toml::from_str(&text).map_err(|error| ConfigError::Form {
            path,
            error: Box::new(error),
        })?;
        config.data = data.to_path_buf();
        config.store.data = data.to_path_buf();
        Ok(config)
    }

    /// What the register needs.
    pub fn registry(&self) -> RegistryConfig {
        RegistryConfig {
            store: self.store.clone(),
            clock: Clock::system(),
            log: self.log.clone().map(|log| log.in_data(&self.data)),
            ..RegistryConfig::in_folder(&self.data)
        }
    }

    /// What the web server needs.
    pub fn web(&self) -> WebConfig {
        WebConfig {
            listen: self.listen.clone().unwrap_or_else(|| LISTEN.to_owned()),
            public_url: self.public_url.clone(),
            proxies: self.proxies.clone(),
            rates: self.rates,
            upload_folder: self.data.join("uploads"),
            oidc: self.oidc.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_has_to_be_set_and_a_wrong_key_is_told() {
        let folder = std::env::temp_dir().join(format!("junkyo-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("writable");
        let config = RegistryFile::load(&folder, None).expect("defaults");
        assert_eq!(config.web().listen, LISTEN);
        let file = folder.join("other.toml");
        assert!(RegistryFile::load(&folder, Some(&file)).is_err());
        std::fs::write(
            &file,
            "public-url = \"https://registry.example\"\n[proxies]\naddresses = [\"10.0.0.0/8\"]\n",
        )
        .expect("writable");
        let config = RegistryFile::load(&folder, Some(&file)).expect("a configuration");
        assert_eq!(config.proxies.hops, 1);
        std::fs::write(&file, "public-ulr = \"x\"\n").expect("writable");
        let error = RegistryFile::load(&folder, Some(&file))
            .expect_err("a wrong key")
            .to_string();
        assert!(error.contains("public-ulr") && error.contains("other.toml"), "{error}");
        std::fs::remove_dir_all(folder).ok();
    }
}
