//! What a run needs before its first scenario: facts, the receiver, credentials.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

use super::person::marker;
use super::plan::Plan;
use super::receiver::{ConsumerCredentials, Receiver};
use super::reference::{INTERFACE, client_id};
use super::run::{RunError, RunOptions};
use super::session::Credentials;
use super::target::Target;
use crate::evidence::RunFacts;
use crate::mock::{DefectSet, Platform, PlatformConfig};
use crate::population::resident_numbers;
use crate::scenario::Corpus;
use crate::standard::ReadingChoice;
use crate::text::hex;

/// How many residents the harness knows of, unless the target file names them.
const RESIDENTS: usize = 20;

/// Facts that both kinds of run have.
pub(super) fn complete_facts(
    facts: &mut RunFacts,
    corpus: &Corpus,
    plan: &Plan,
    readings: &BTreeMap<String, String>,
    retry_wait: Duration,
    options: &RunOptions,
) -> Result<(), RunError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    facts.tool = env!("CARGO_PKG_VERSION").into();
    facts.corpus.clone_from(&corpus.digest);
    facts.started_unix_ms = options
        .resume
        .as_ref()
        .map_or(now.as_millis() as u64, |first| first.started_unix_ms);
    if facts.residents.is_empty() {
        facts.residents = resident_numbers(facts.seed, RESIDENTS);
    }
    // Residents are in the product already; everything that is sent about others follows from the challenge.
    if let Some(challenge) = &options.challenge {
        facts.seed = challenge.seed();
        facts.challenge = Some(challenge.clone());
    }
    facts.repeat.clone_from(&options.repeat);
    facts.profiles.clone_from(&plan.profiles);
    facts.planned = plan.scenarios.iter().map(|scenario| scenario.id.to_string()).collect();
    facts.partial = plan.partial;
    facts.readings = ReadingChoice::new(&corpus.readings, readings)?;
    facts.retry_wait_ms = retry_wait.as_millis() as u64;
    facts.consumer_client_id = client_id(facts.seed, "consumer");
    facts.consumer_client_secret = format!(
        "{}{}",
        client_id(facts.seed, "consumer-a"),
        client_id(facts.seed, "consumer-b")
    );
    Ok(())
}

/// Vendor, name and version of what is tested: the product of a target file, or the reference platform.
pub fn product_words(target: Option<&Target>) -> BTreeMap<String, String> {
    let words = match target.map(|target| &target.file.product) {
        None => vec![
            ("vendor", "junkyo".to_owned()),
            ("name", "reference platform".to_owned()),
            ("version", env!("CARGO_PKG_VERSION").to_owned()),
        ],
        Some(product) => {
            let number = product.corporate_number.clone();
            let mut words = vec![
                ("vendor", product.vendor.clone()),
                ("name", product.name.clone()),
                ("version", product.version.clone()),
            ];
            words.extend(number.map(|number| ("corporate-number", number)));
            words
        }
    };
    words.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// The receiver, with a clean reference platform behind it.
pub(super) async fn start_receiver(
    corpus: &Corpus,
    facts: &RunFacts,
    listen: &str,
    host: &str,
) -> Result<Receiver, RunError> {
    let interface = corpus
        .interfaces
        .get(INTERFACE)
        .ok_or(RunError::NoInterface(INTERFACE))?;
    let platform = Platform::new(PlatformConfig::new(
        Arc::clone(interface),
        facts.consumer_client_id.clone(),
        facts.consumer_client_secret.clone(),
        facts.seed,
        DefectSet::default(),
    ));
    let credentials = ConsumerCredentials {
        client_id: facts.consumer_client_id.clone(),
        client_secret: facts.consumer_client_secret.clone(),
        scope: interface.scope(),
        audience: OnceLock::new(),
    };
    let markers = facts.planned.iter().map(|id| marker(facts.seed, id)).collect();
    let receiver = Receiver::start(listen, host, platform, credentials, markers, &interface.api_call).await?;
    Ok(receiver)
}

/// Writes the certificate that a consumer product has to trust beside the evidence.
pub(super) fn write_authority(receiver: &Receiver, evidence: Option<&Path>) -> Result<Option<String>, RunError> {
    let Some(folder) = evidence else {
        return Ok(None);
    };
    let path = folder.join("receiver-ca.pem");
    let written = std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, &receiver.authority.pem));
    written.map_err(|source| RunError::Write {
        path: path.clone(),
        source,
    })?;
    let absolute = std::path::absolute(&path).unwrap_or(path);
    Ok(Some(absolute.display().to_string()))
}

pub(super) fn credentials_of(target: &Target) -> Option<Credentials> {
    let auth = target.file.auth.as_ref()?;
    let token_endpoint = target.token_endpoint.clone()?;
    Some(Credentials {
        audience: auth.audience.clone().unwrap_or_else(|| token_endpoint.to_string()),
        token_endpoint,
        introspection_endpoint: target.introspection_endpoint.clone(),
        method: auth.method,
        client_id: auth.client_id.clone(),
        client_secret: target.client_secret.clone(),
    })
}

/// The salt of masks: from the facts, so that a resumed run masks alike.
pub(super) fn salt_of(facts: &RunFacts) -> [u8; 32] {
    let text = format!(
        "{} {} {}",
        facts.started_unix_ms,
        facts.seed,
        hex(facts.target.as_bytes())
    );
    Sha256::digest(text.as_bytes()).into()
}

/// The instant at which a run with this start began; times of a resumed run go on from it.
pub(super) fn started_instant(unix_ms: u64) -> Instant {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let since = now.saturating_sub(Duration::from_millis(unix_ms));
    Instant::now().checked_sub(since).unwrap_or_else(Instant::now)
}
