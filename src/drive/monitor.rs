//! A monitor between two systems: calls go through unchanged, and everything is kept.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::body::in_chunks;
use super::recorder::{Attempt, Recorder};
use super::session::micros;
use crate::evidence::{Channel, Exchange, Initiator, Journal, JournalError, RunFacts};
use crate::wire::{
    Answer, Client, ClientOptions, Handler, HttpRequest, Outgoing, Served, Server, ServerOptions, Url, response_bytes,
};

/// Scenarios under which traffic is recorded: once as calls of the provider, once as those of the consumer.
pub const RECORDED: [&str; 2] = ["PC-P-recorded", "PC-C-recorded"];
/// Their step.
const STEP: &str = "traffic";

/// Where a monitor stands.
pub struct MonitorOptions {
    /// Address to listen on.
    pub listen: String,
    /// Where calls go; their own path is kept.
    pub forward: Url,
    /// TLS towards the caller.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// TLS towards the service.
    pub client_tls: Arc<rustls::ClientConfig>,
}

/// A running monitor.
pub struct Monitor {
    server: Server,
    recorder: Arc<Recorder>,
    attempts: Arc<Mutex<Vec<Attempt>>>,
    seen: Arc<AtomicU64>,
}

impl Monitor {
    /// Starts to listen and to record.
    ///
    /// # Errors
    /// When the address cannot be bound; when the evidence folder cannot be written.
    pub async fn start(options: MonitorOptions, evidence: &Path, facts: RunFacts) -> Result<Self, MonitorError> {
        let salt = super::setup::salt_of(&facts);
        let journal = Journal::create(evidence, facts.clone())?;
        let recorder = Arc::new(Recorder::new(Some(journal), salt, &facts));
        let attempts: Vec<Attempt> = RECORDED.iter().map(|id| recorder.begin((*id).into(), 1)).collect();
        let attempts = Arc::new(Mutex::new(attempts));
        let seen = Arc::new(AtomicU64::new(0));
        let started = Instant::now();
        let (kept, count) = (Arc::clone(&attempts), Arc::clone(&seen));
        let observer = move |served: Served| {
            let index = count.fetch_add(1, Ordering::Relaxed);
            let attempts = kept.lock().unwrap_or_else(PoisonError::into_inner);
            let sides = [Initiator::Harness, Initiator::Product];
            for (attempt, initiator) in attempts.iter().zip(sides) {
                attempt.exchange(exchange_of(served.clone(), started, index, initiator));
            }
        };
        let client = Arc::new(Client::new(ClientOptions {
            tls: Some(options.client_tls),
            exchange_timeout: Duration::from_secs(120),
            ..ClientOptions::default()
        }));
        let forward = options.forward;
        let handler: Handler = Arc::new(move |request, _| {
            let (client, forward) = (Arc::clone(&client), forward.clone());
            Box::pin(async move { pass_on(&client, &forward, &request).await })
        });
        let server_options = ServerOptions {
            tls: options.tls,
            observer: Some(Arc::new(observer)),
            ..ServerOptions::default()
        };
        let server = Server::start(&options.listen, server_options, handler)
            .await
            .map_err(|source| MonitorError::Listen {
                address: options.listen,
                source,
            })?;
        Ok(Self {
            server,
            recorder,
            attempts,
            seen,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        self.server.address()
    }

    /// Exchanges recorded so far.
    pub fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    /// Ends the recording. What was recorded before a failure to write is safe.
    ///
    /// # Errors
    /// When evidence could not be written.
    pub fn end(self) -> Result<(), JournalError> {
        drop(self.server);
        let attempts = std::mem::take(&mut *self.attempts.lock().unwrap_or_else(PoisonError::into_inner));
        for attempt in attempts {
            attempt.end(None);
        }
        self.recorder.take_failure().map_or(Ok(()), Err)
    }
}

/// Why a monitor cannot start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MonitorError {
    /// The address cannot be bound.
    #[error("cannot listen on {address}: {source}; choose another --listen")]
    Listen {
        /// The address.
        address: String,
        /// The cause.
        source: io::Error,
    },
    /// The evidence folder cannot be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

fn exchange_of(served: Served, started: Instant, index: u64, initiator: Initiator) -> Exchange {
    Exchange {
        step: STEP.into(),
        index: u32::try_from(index).unwrap_or(u32::MAX),
        channel: Channel::Api,
        initiator,
        started_us: micros(served.started.saturating_duration_since(started)),
        elapsed_us: micros(served.elapsed),
        connection: served.connection,
        peer: served.peer.to_string(),
        tls: served.tls,
        request: served.request,
        response: served.response,
        fault: None,
    }
}

/// Sends a call on and gives back the very bytes of the answer. Only the Host header is changed, since it names the
/// host that is really called.
async fn pass_on(client: &Client, forward: &Url, request: &HttpRequest) -> Answer {
    let url = forward.with_target(request.target.clone());
    let mut headers: Vec<(String, String)> = request
        .headers
        .0
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("host") && !name.eq_ignore_ascii_case("expect"))
        .cloned()
        .collect();
    headers.insert(0, ("Host".into(), url.authority()));
    let chunked = headers.iter().any(|(name, value)| {
        name.eq_ignore_ascii_case("transfer-encoding") && value.to_ascii_lowercase().contains("chunked")
    });
    let body = if chunked {
        in_chunks(&request.body)
    } else {
        request.body.clone()
    };
    let sent = client
        .send(&Outgoing::new(&request.method, &url, &headers, &body))
        .await;
    match sent.fault {
        None => Answer::Send {
            bytes: sent.response,
            close: false,
        },
        Some(fault) => {
            let why = format!("junkyo record: {url}: {}\n", fault.describe().en);
            let headers = [("Content-Type", "text/plain; charset=utf-8")];
            Answer::Send {
                bytes: response_bytes(502, &headers, why.as_bytes()),
                close: true,
            }
        }
    }
}
