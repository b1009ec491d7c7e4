//! The reference platform as the product: what a run without a target tests.

use std::sync::Arc;
use std::time::Duration;

use super::run::RunError;
use crate::mock::exchange::{ExchangeConfig, SigningAuthority};
use crate::mock::{DefectSet, Platform, PlatformConfig, Running, server_tls};
use crate::population::municipality::{Municipality, MunicipalityError, Parameters};
use crate::scenario::Corpus;
use crate::wire::certificate::TestAuthority;
use crate::wire::place::Place;

/// Unit of time of the reference exchange service: it lives faster than a product.
const EXCHANGE_PACE: Duration = Duration::from_millis(15);

/// Interface that the reference platform offers.
pub(super) const INTERFACE: &str = "031.numbering";

/// A reference platform that listens on loopback, with its certificate authority.
pub struct Reference {
    /// The provider and its authorization server.
    pub platform: Arc<Platform>,
    /// Where it listens.
    pub running: Running,
    /// Who signed its certificate.
    pub authority: TestAuthority,
    /// Client id registered for the harness.
    pub client_id: String,
    /// Client secret registered for the harness.
    pub client_secret: String,
    /// Its switched-on defects.
    pub defects: DefectSet,
    /// Where its units lay down files.
    pub place: Place,
    /// Who signed the certificates of WS-Security, its own and those of the harness.
    pub signing: SigningAuthority,
}

impl Reference {
    /// Starts it on a free loopback port.
    ///
    /// # Errors
    /// When the corpus lacks the interface or the port cannot be bound.
    pub async fn start(corpus: &Corpus, seed: u64, defects: DefectSet) -> Result<Self, RunError> {
        Self::start_on(
            "127.0.0.1:0",
            corpus,
            seed,
            defects,
            Duration::from_millis(60),
            Place::memory(),
            None,
        )
        .await
    }

    /// Starts it on a given address with a given time-out of the API. `size` is the number of residents of the
    /// synthetic municipality behind its units; absent: that of the fixture.
    ///
    /// # Errors
    /// When the corpus lacks the interface or the address cannot be bound.
    pub async fn start_on(
        listen: &str,
        corpus: &Corpus,
        seed: u64,
        defects: DefectSet,
        time_out: Duration,
        place: Place,
        size: Option<u64>,
    ) -> Result<Self, RunError> {
        let interface = corpus
            .interfaces
            .get(INTERFACE)
            .ok_or(RunError::NoInterface(INTERFACE))?;
        let authority = TestAuthority::new("junkyo reference platform")?;
        let host = listen.rsplit_once(':').map_or("127.0.0.1", |(host, _)| host).to_owned();
        let mut hosts = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
        if !hosts.contains(&host) && host != "0.0.0.0" {
            hosts.push(host);
        }
        let tls = server_tls(&authority, &hosts, &defects)?;
        let signing = SigningAuthority::new("junkyo signatures")?;
        let exchange = ExchangeConfig {
            pace: EXCHANGE_PACE,
            tls: Some(authority.client()?),
            ..ExchangeConfig::new(seed, defects).with_security(&signing)?
        };
        let client_id = client_id(seed, "reference");
        let client_secret = format!("{}{}", super::reference::client_id(seed, "secret-a"), client_id);
        let config = PlatformConfig {
            time_out,
            exchange: Some(exchange),
            units: Arc::clone(&corpus.units),
            municipality: super::target::Municipality::default().code,
            place: Some(place.clone()),
            people: Some(people(seed, size)?),
            ..PlatformConfig::new(
                Arc::clone(interface),
                client_id.clone(),
                client_secret.clone(),
                seed,
                defects,
            )
        };
        let platform = Platform::new(config);
        let running = platform
            .start(listen, Some(tls))
            .await
            .map_err(|source| RunError::Listen {
                address: listen.to_owned(),
                source,
            })?;
        Ok(Self {
            platform,
            running,
            authority,
            client_id,
            client_secret,
            defects,
            place,
            signing,
        })
    }
}

/// The synthetic municipality behind the units: that of the fixture, or one of another size from the seed.
fn people(seed: u64, size: Option<u64>) -> Result<Municipality, MunicipalityError> {
    let fixture = Parameters::default();
    match size {
        None => fixture.municipality(),
        Some(size) => Parameters { seed, size, ..fixture }.municipality(),
    }
}

/// 32 characters of 0-9, A-Z, a-z (共通機能標準仕様書 2.1 §2.2.5) that depend on a seed.
pub(super) fn client_id(seed: u64, word: &str) -> String {
    const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut rng = crate::population::Rng::new(seed, &["client", word]);
    (0..32).map(|_| char::from(*rng.pick(LETTERS))).collect()
}
