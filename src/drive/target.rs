//! The target file: one file that defines a run against a product.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::evidence::first_line;
use crate::judge::Waiver;
use crate::standard::SourceFile;
use crate::text::check_digit::{is_corporate_number, is_municipality_code};
use crate::text::date::{DateForm, classify_date};
use crate::text::hex;
use crate::wire::certificate::{CertificateError, Identity, client_from_pem};
use crate::wire::place::PlaceFile;
use crate::wire::{Url, UrlError};

/// Why a target file cannot be used. Every message names the file and, where it can, the line.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TargetError {
    /// The file, or a file it names, could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// Not the TOML that was expected: unknown key, wrong type, missing key.
    #[error("{0}")]
    Toml(String),
    /// A value is of no use.
    #[error("{file}: {key}: {message}")]
    Value {
        /// The file.
        file: String,
        /// The key.
        key: String,
        /// What was expected, what was found, what to do.
        message: String,
    },
}

/// `target.toml` as written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TargetFile {
    /// What is tested.
    pub product: Product,
    /// Interface id → where the product offers it.
    #[serde(default)]
    pub endpoints: BTreeMap<String, Endpoint>,
    /// How the harness gets a token.
    #[serde(default)]
    pub auth: Option<Auth>,
    /// Which certificates are trusted.
    #[serde(default)]
    pub tls: Tls,
    /// Keys of WS-Security.
    #[serde(default)]
    pub security: Security,
    /// Which municipality the product works for.
    #[serde(default)]
    pub municipality: Municipality,
    /// Where files are laid down.
    #[serde(default)]
    pub files: Option<PlaceFile>,
    /// How the product is made to act.
    #[serde(default)]
    pub driver: Drivers,
    /// Where a consumer product finds the harness.
    #[serde(default)]
    pub receiver: Receiver,
    /// Synthetic data.
    #[serde(default)]
    pub data: Data,
    /// Options of readings.
    #[serde(default)]
    pub readings: BTreeMap<String, String>,
    /// Failures that are known.
    #[serde(default)]
    pub expected_failures: Vec<Waiver>,
    /// Limits.
    #[serde(default)]
    pub limits: LimitsFile,
    /// What may be recorded.
    #[serde(default)]
    pub evidence: EvidenceFile,
}

/// `[evidence]`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct EvidenceFile {
    /// Why numbers that look like those of real people are recorded as they are, such as `a test set made by …`. Absent:
    /// they are masked, and the run is no statement of conformance.
    pub allow_real_looking_data: Option<String>,
}

/// `[product]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Product {
    /// Vendor.
    pub vendor: String,
    /// 法人番号 of the vendor, 13 digits.
    #[serde(default)]
    pub corporate_number: Option<String>,
    /// Product name.
    pub name: String,
    /// Version, exactly as it is sold.
    pub version: String,
    /// Profiles that it claims.
    pub claims: Vec<String>,
}

/// `[endpoints."…"]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Endpoint {
    /// Full address of the call; of a SOAP service, that of its first port.
    pub url: String,
    /// WSDL file of a SOAP service, beside the target file. Absent: `url?wsdl` is asked for it, unless the service is one
    /// that the corpus describes.
    #[serde(default)]
    pub wsdl: Option<PathBuf>,
    /// The product publishes no WSDL of its own: the file is judged instead.
    #[serde(default)]
    pub wsdl_not_published: bool,
    /// Addresses of further ports, by port name.
    #[serde(default)]
    pub ports: BTreeMap<String, String>,
    /// Operation → file with the content of a request body that the service can answer.
    #[serde(default)]
    pub samples: BTreeMap<String, PathBuf>,
    /// Operation → files with the header blocks of a request.
    #[serde(default)]
    pub headers: BTreeMap<String, Vec<PathBuf>>,
}

/// Client authentication of the harness.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// A JWT signed with the client secret, HS256.
    #[default]
    ClientSecretJwt,
    /// HTTP Basic (interim).
    ClientSecretBasic,
}

/// `[auth]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Auth {
    /// Token endpoint.
    pub token_endpoint: String,
    /// Introspection endpoint.
    #[serde(default)]
    pub introspection_endpoint: Option<String>,
    /// Client authentication.
    #[serde(default)]
    pub method: AuthMethod,
    /// Client id registered for the harness.
    pub client_id: String,
    /// Environment variable that holds the client secret.
    #[serde(default)]
    pub client_secret_env: Option<String>,
    /// File that holds the client secret.
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// `aud` of the assertion; the token endpoint if absent (reading RD-27).
    #[serde(default)]
    pub audience: Option<String>,
}

/// `[tls]`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Tls {
    /// PEM file with the authorities to trust; the public ones if absent.
    #[serde(default)]
    pub authorities: Option<PathBuf>,
    /// PEM file with the certificate by which the harness shows who it is, where the product asks for one.
    #[serde(default)]
    pub client_certificate: Option<PathBuf>,
    /// PEM file with its private key.
    #[serde(default)]
    pub client_key: Option<PathBuf>,
}

/// `[security]`: WS-Security.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Security {
    /// PEM file with the certificate with which the harness signs; the product has to trust it.
    #[serde(default)]
    pub certificate: Option<PathBuf>,
    /// PEM file with its private key (RSA or P-256).
    #[serde(default)]
    pub key: Option<PathBuf>,
    /// PEM file with the authorities that certificates of the product lead to.
    #[serde(default)]
    pub authorities: Option<PathBuf>,
}

/// PEM texts of a key with its certificate.
#[derive(Clone, Debug)]
pub struct KeyPair {
    /// Certificate chain.
    pub certificate: String,
    /// Private key.
    pub key: String,
}

/// `[municipality]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Municipality {
    /// 市区町村コード, six digits.
    pub code: String,
}

impl Default for Municipality {
    fn default() -> Self {
        Self { code: "131016".into() }
    }
}

/// `[driver]`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Drivers {
    /// Test controls of a provider product.
    #[serde(default)]
    pub provider: Option<DriverFile>,
    /// What makes a consumer product act.
    #[serde(default)]
    pub consumer: Option<DriverFile>,
}

/// One driver: exactly one of `url`, `command`, `operator`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DriverFile {
    /// HTTP hook that takes a POST with JSON.
    #[serde(default)]
    pub url: Option<String>,
    /// Program that takes JSON on standard input.
    #[serde(default)]
    pub command: Option<Vec<String>>,
    /// A person at the terminal is asked.
    #[serde(default)]
    pub operator: bool,
    /// Actions that it offers.
    #[serde(default)]
    pub actions: Vec<String>,
}

/// `[receiver]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Receiver {
    /// Address to listen on.
    pub listen: String,
    /// Host name or address under which the product reaches it.
    pub host: String,
    /// Address to listen on for SOAP calls and callbacks (plain HTTP).
    pub soap_listen: String,
}

impl Default for Receiver {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:0".into(),
            host: "127.0.0.1".into(),
            soap_listen: "127.0.0.1:0".into(),
        }
    }
}

/// `[data]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Data {
    /// Seed of the synthetic people.
    pub seed: u64,
    /// 宛名番号 of (synthetic) residents in the product; absent: made from the seed.
    pub residents: Option<Vec<String>>,
}

impl Default for Data {
    fn default() -> Self {
        Self {
            seed: 20_260_401,
            residents: None,
        }
    }
}

/// `[limits]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct LimitsFile {
    /// Requests a second, all together; 0: no limit.
    pub requests_per_second: u32,
    /// Requests at the same time to one endpoint.
    pub concurrency: usize,
    /// Requests in the whole run; 0: no limit.
    pub request_budget: u64,
    /// Milliseconds to connect.
    pub connect_timeout_ms: u64,
    /// Milliseconds for one exchange.
    pub exchange_timeout_ms: u64,
    /// Bytes of a response that are read at the most.
    pub max_response_bytes: usize,
    /// Milliseconds without a request after which a consumer product is taken to be done.
    pub settle_ms: u64,
    /// Milliseconds that a consumer product is told to wait for an answer.
    pub consumer_timeout_ms: u64,
    /// Milliseconds that a consumer product is told to wait before it sends again.
    pub retry_wait_ms: u64,
}

impl Default for LimitsFile {
    fn default() -> Self {
        Self {
            requests_per_second: 0,
            concurrency: 16,
            request_budget: 0,
            connect_timeout_ms: 10_000,
            exchange_timeout_ms: 35_000,
            max_response_bytes: 1024 * 1024,
            settle_ms: 2_000,
            consumer_timeout_ms: 30_000,
            retry_wait_ms: 5_000,
        }
    }
}

/// A target file, checked: everything in it can be used.
#[derive(Clone, Debug)]
pub struct Target {
    /// As written.
    pub file: TargetFile,
    /// Its text.
    pub text: String,
    /// SHA-256 of the file.
    pub digest: String,
    /// Addresses of the interfaces.
    pub endpoints: BTreeMap<String, Url>,
    /// Token endpoint.
    pub token_endpoint: Option<Url>,
    /// Introspection endpoint.
    pub introspection_endpoint: Option<Url>,
    /// Client secret of the harness.
    pub client_secret: String,
    /// PEM text of the authorities.
    pub authorities: Option<String>,
    /// Identity of the harness in TLS.
    pub client_identity: Option<KeyPair>,
    /// Key with which the harness signs.
    pub signing: Option<KeyPair>,
    /// PEM text of the authorities that signing certificates of the product lead to.
    pub signature_authorities: String,
    /// Where the file is.
    pub path: PathBuf,
}

impl Target {
    /// TLS of the harness towards the product.
    ///
    /// # Errors
    /// When a PEM text holds no certificate or key.
    pub fn client_tls(&self) -> Result<Arc<rustls::ClientConfig>, CertificateError> {
        let identity = self.client_identity.as_ref().map(|pair| Identity {
            certificates: &pair.certificate,
            key: &pair.key,
        });
        client_from_pem(self.authorities.as_deref(), identity)
    }

    /// Reads and checks a target file. Paths in it are relative to it.
    ///
    /// # Errors
    /// [`TargetError`] names the key and what to do.
    pub fn read(path: &Path) -> Result<Self, TargetError> {
        let read = |path: &Path| {
            fs::read_to_string(path).map_err(|source| TargetError::Read {
                path: path.to_owned(),
                source,
            })
        };
        let text = read(path)?;
        let source = SourceFile {
            path: path.display().to_string(),
            text,
        };
        let file: TargetFile = source.parse().map_err(|error| TargetError::Toml(error.to_string()))?;
        let checker = Checker { file: &source.path };
        checker.product(&file.product)?;
        if !is_municipality_code(&file.municipality.code) {
            return Err(checker.value(
                "municipality.code",
                format!(
                    "expected a 全国地方公共団体コード with its check digit, found `{}`",
                    file.municipality.code
                ),
            ));
        }
        checker.recorded(&source.text, &file.evidence)?;
        checker.driver("driver.provider", file.driver.provider.as_ref())?;
        checker.driver("driver.consumer", file.driver.consumer.as_ref())?;
        checker.waivers(&file.expected_failures)?;
        let mut endpoints = BTreeMap::new();
        for (id, endpoint) in &file.endpoints {
            endpoints.insert(
                id.clone(),
                checker.url(&format!("endpoints.\"{id}\".url"), &endpoint.url)?,
            );
        }
        let beside = |name: &Path| path.with_file_name(name);
        let pair = |name: &str, certificate: &Option<PathBuf>, key: &Option<PathBuf>| match (certificate, key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => Ok(Some(KeyPair {
                certificate: read(&beside(certificate))?,
                key: read(&beside(key))?,
            })),
            _ => Err(checker.value(name, "give both the certificate and its key, or none of them".into())),
        };
        let mut target = Self {
            client_identity: pair(
                "tls.client-certificate",
                &file.tls.client_certificate,
                &file.tls.client_key,
            )?,
            signing: pair("security.certificate", &file.security.certificate, &file.security.key)?,
            signature_authorities: match &file.security.authorities {
                None => String::new(),
                Some(name) => read(&beside(name))?,
            },
            path: path.to_owned(),
            digest: hex(&Sha256::digest(source.text.as_bytes())),
            text: source.text.clone(),
            endpoints,
            token_endpoint: None,
            introspection_endpoint: None,
            client_secret: String::new(),
            authorities: file
                .tls
                .authorities
                .as_deref()
                .map(|name| read(&beside(name)))
                .transpose()?,
            file,
        };
        if let Some(auth) = target.file.auth.clone() {
            target.token_endpoint = Some(checker.url("auth.token-endpoint", &auth.token_endpoint)?);
            target.introspection_endpoint = auth
                .introspection_endpoint
                .as_deref()
                .map(|url| checker.url("auth.introspection-endpoint", url))
                .transpose()?;
            target.client_secret = match (&auth.client_secret_env, &auth.client_secret_file) {
                (Some(name), None) => std::env::var(name).map_err(|_| {
                    checker.value(
                        "auth.client-secret-env",
                        format!("the environment variable {name} is not set; set it to the client secret"),
                    )
                })?,
                (None, Some(name)) => read(&beside(name))?.trim_end_matches(['\r', '\n']).to_owned(),
                _ => {
                    return Err(checker.value(
                        "auth",
                        "expected exactly one of client-secret-env and client-secret-file; secrets never stand in the file itself".into(),
                    ));
                }
            };
            if target.client_secret.is_empty() {
                return Err(checker.value("auth", "the client secret is empty".into()));
            }
            // The file becomes part of the evidence, which others read.
            if target.client_secret.len() >= 8 && target.text.contains(&target.client_secret) {
                return Err(checker.value(
                    "auth",
                    "the client secret stands in the file itself, which becomes part of the evidence; take it out"
                        .into(),
                ));
            }
        }
        Ok(target)
    }
}

/// Checks the values of one file.
struct Checker<'a> {
    file: &'a str,
}

impl Checker<'_> {
    fn value(&self, key: &str, message: String) -> TargetError {
        TargetError::Value {
            file: self.file.to_owned(),
            key: key.to_owned(),
            message,
        }
    }

    fn url(&self, key: &str, text: &str) -> Result<Url, TargetError> {
        Url::parse(text).map_err(|error: UrlError| self.value(key, error.to_string()))
    }

    fn product(&self, product: &Product) -> Result<(), TargetError> {
        for (key, value) in [
            ("product.vendor", &product.vendor),
            ("product.name", &product.name),
            ("product.version", &product.version),
        ] {
            if value.trim().is_empty() {
                return Err(self.value(key, "it is empty".into()));
            }
        }
        if let Some(number) = product
            .corporate_number
            .as_ref()
            .filter(|number| !is_corporate_number(number))
        {
            return Err(self.value(
                "product.corporate-number",
                format!("expected a 法人番号 of 13 digits with its check digit in front, found `{number}`"),
            ));
        }
        if product.claims.is_empty() {
            return Err(self.value(
                "product.claims",
                "claim at least one profile; `junkyo list --profiles` names them".into(),
            ));
        }
        Ok(())
    }

    fn driver(&self, key: &str, driver: Option<&DriverFile>) -> Result<(), TargetError> {
        let Some(driver) = driver else {
            return Ok(());
        };
        let ways =
            usize::from(driver.url.is_some()) + usize::from(driver.command.is_some()) + usize::from(driver.operator);
        if ways != 1 {
            return Err(self.value(
                key,
                format!("expected exactly one of url, command, operator = true; found {ways}"),
            ));
        }
        if let Some(url) = &driver.url {
            self.url(&format!("{key}.url"), url)?;
        }
        if driver.command.as_ref().is_some_and(Vec::is_empty) {
            return Err(self.value(
                &format!("{key}.command"),
                "expected a program and its arguments, found an empty list".into(),
            ));
        }
        Ok(())
    }

    /// The file becomes part of the evidence, so it must not hold what may not be recorded.
    fn recorded(&self, text: &str, evidence: &EvidenceFile) -> Result<(), TargetError> {
        match &evidence.allow_real_looking_data {
            Some(reason) if reason.trim().is_empty() => Err(self.value(
                "evidence.allow-real-looking-data",
                "say why such data may be recorded; the report shows it".into(),
            )),
            Some(_) => Ok(()),
            None => match first_line(text) {
                None => Ok(()),
                Some((line, named)) => Err(self.value(
                    &format!("line {line}"),
                    format!(
                        "`{named}` looks like the number of a real person, and this file becomes part of the evidence; \
                         use a synthetic one (six zeros in front), or say in [evidence] allow-real-looking-data why it may be recorded"
                    ),
                )),
            },
        }
    }

    fn waivers(&self, waivers: &[Waiver]) -> Result<(), TargetError> {
        for waiver in waivers {
            if classify_date(&waiver.until) != DateForm::Calendar {
                return Err(self.value(
                    "expected-failures.until",
                    format!("expected a day YYYY-MM-DD, found `{}`", waiver.until),
                ));
            }
            if waiver.reason.trim().is_empty() {
                return Err(self.value(
                    "expected-failures.reason",
                    format!("say why {} is expected to fail", waiver.scenario),
                ));
            }
        }
        Ok(())
    }
}
