//! The reference consumer: a product that asks the provider for a number.
//!
//! What it does when something goes wrong is the point of it: after a 401 one fresh token and one
//! more try, after a 5xx, a time-out or a reset one more try after a pause, after anything else
//! none; a 200 is a success only with a number that can be used.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustls::ClientConfig;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::consumer_reading::{Judgement, judge};
use super::consumer_request::{call, call_to, redirect_of};
use super::consumer_trust::{careless, from_file, is_about_host_or_date};
use super::defect::DefectSet;
use super::defect_list::Defect;
use crate::evidence::Fault;
use crate::wire::{Client, ClientOptions, HttpResponse, Outgoing, Url, parse_response};

/// A Retry-After up to so many pauses is waited for; for a longer one the consumer gives up
/// rather than come back too early.
const PATIENCE: u32 = 12;
/// A Retry-After up to this time is waited for in any case.
const SHORT: Duration = Duration::from_secs(3);
/// Where a consumer that would go on for ever is stopped.
const ENDLESS: u32 = 6;

/// How a consumer behaves.
#[derive(Clone, Debug)]
pub struct ConsumerConfig {
    /// Whom it trusts, for orders that name no `ca`.
    pub tls: Arc<ClientConfig>,
    /// How long it waits for a response, unless the order says otherwise.
    pub timeout: Duration,
    /// Pause before a retry, unless the order says otherwise.
    pub retry_wait: Duration,
    /// Mistakes to make.
    pub defects: DefectSet,
}

impl ConsumerConfig {
    /// A consumer with the pause before a retry that reading SF-13 names.
    pub fn new(tls: Arc<ClientConfig>, timeout: Duration, defects: DefectSet) -> Self {
        Self {
            tls,
            timeout,
            retry_wait: Duration::from_secs(5),
            defects,
        }
    }
}

/// What the consumer is told to do: the JSON object that drivers of consumer products get.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Order {
    /// Address of the API.
    pub endpoint: String,
    /// Address of the token endpoint.
    pub token_endpoint: String,
    /// Client id.
    pub client_id: String,
    /// Client secret.
    pub client_secret: String,
    /// PEM file with the authorities to trust.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca: Option<PathBuf>,
    /// Parameters of the request.
    pub fields: Map<String, Value>,
    /// How long to wait for a response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Pause before a retry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_wait_ms: Option<u64>,
    /// Start without tokens from before.
    #[serde(default)]
    pub fresh: bool,
}

/// What became of an order.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Outcome {
    /// Status of the last response of the API.
    pub status: Option<u16>,
    /// The number that was registered.
    pub number: Option<String>,
    /// Why there is none.
    pub error: Option<String>,
}

/// A token that is kept for the next call.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) token: String,
    pub(super) until: Instant,
}

/// A reference consumer. It keeps tokens between orders.
pub struct Consumer {
    config: ConsumerConfig,
    held: Mutex<HashMap<(String, String), Held>>,
}

/// One order being carried out.
pub(super) struct Work<'a> {
    pub(super) consumer: &'a Consumer,
    pub(super) order: &'a Order,
    pub(super) defects: &'a DefectSet,
    pub(super) endpoint: Url,
    pub(super) token_endpoint: Url,
    pub(super) retry_wait: Duration,
    timeout: Duration,
    tls: Arc<ClientConfig>,
}

/// What came back, if anything did.
pub(super) enum Back {
    Response(HttpResponse),
    /// Nothing that could be read: time-out, reset, garbage.
    Nothing(String),
    /// The peer is not the one it should be; no retry helps.
    Untrusted(String),
}

impl Consumer {
    /// A consumer without tokens.
    pub fn new(config: ConsumerConfig) -> Self {
        Self {
            config,
            held: Mutex::new(HashMap::new()),
        }
    }

    /// Carries out an order.
    pub async fn act(&self, order: &Order) -> Outcome {
        if order.fresh {
            self.held().clear();
        }
        if self.config.defects.has(Defect::NothingSent) {
            return Outcome::default();
        }
        let outcome = match self.prepare(order) {
            Ok(work) => work.run().await,
            Err(error) => Outcome {
                error: Some(error),
                ..Outcome::default()
            },
        };
        Outcome {
            error: outcome
                .error
                .filter(|_| !self.config.defects.has(Defect::ErrorsSwallowed)),
            ..outcome
        }
    }

    fn prepare<'a>(&'a self, order: &'a Order) -> Result<Work<'a>, String> {
        let defects = &self.config.defects;
        let endpoint = self.address(&order.endpoint)?;
        let token_endpoint = self.address(&order.token_endpoint)?;
        let tls = match &order.ca {
            _ if defects.has(Defect::CertificateUnverified) => careless()?,
            Some(file) => from_file(file)?,
            None => Arc::clone(&self.config.tls),
        };
        let timeout = order.timeout_ms.map_or(self.config.timeout, Duration::from_millis);
        Ok(Work {
            consumer: self,
            order,
            defects,
            endpoint,
            token_endpoint,
            retry_wait: order
                .retry_wait_ms
                .map_or(self.config.retry_wait, Duration::from_millis),
            timeout: if defects.has(Defect::Impatient) {
                timeout / 10
            } else {
                timeout
            },
            tls,
        })
    }

    /// An address that may be used: without TLS only on this machine.
    fn address(&self, text: &str) -> Result<Url, String> {
        let url = Url::parse(text).map_err(|error| error.to_string())?;
        let loopback = url.host == "localhost"
            || url
                .host
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback());
        if url.tls || loopback || self.config.defects.has(Defect::FollowsToPlainHttp) {
            Ok(url)
        } else {
            Err(format!("{text} is not encrypted"))
        }
    }

    pub(super) fn held(&self) -> MutexGuard<'_, HashMap<(String, String), Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Work<'_> {
    async fn run(&self) -> Outcome {
        let mut outcome = Outcome::default();
        let mut renewals = 0;
        let mut retries = 0;
        loop {
            let token = match self.token().await {
                Ok(token) => token,
                Err(_) if self.defects.has(Defect::CallsWithoutToken) => String::new(),
                Err(error) => {
                    return Outcome {
                        error: Some(error),
                        ..outcome
                    };
                }
            };
            let back = self.send_call(&token).await;
            let (judgement, wait) = match back {
                Back::Response(response) => {
                    outcome.status = Some(response.status);
                    (
                        judge(&response, &self.order.fields, self.defects),
                        self.pause(&response),
                    )
                }
                Back::Nothing(why) => (Judgement::Trouble(why), Some(self.retry_wait)),
                Back::Untrusted(why) => (Judgement::Failed(why), None),
            };
            let error = match judgement {
                Judgement::Registered(number) => {
                    outcome.number = Some(number);
                    return outcome;
                }
                Judgement::Failed(error) => {
                    return Outcome {
                        error: Some(error),
                        ..outcome
                    };
                }
                Judgement::Refused(error) => {
                    let again = self.defects.has(Defect::RepeatsAfter400) && retries == 0;
                    retries += 1;
                    again.then_some(()).ok_or(error)
                }
                Judgement::Unauthorized(error) => {
                    renewals += 1;
                    self.may_renew(renewals).then(|| self.drop_token()).ok_or(error)
                }
                Judgement::Trouble(error) => {
                    retries += 1;
                    match wait.filter(|_| self.may_retry(retries)) {
                        Some(wait) => {
                            tokio::time::sleep(wait).await;
                            Ok(())
                        }
                        None => Err(error),
                    }
                }
            };
            if let Err(error) = error {
                return Outcome {
                    error: Some(error),
                    ..outcome
                };
            }
        }
    }

    fn may_renew(&self, renewals: u32) -> bool {
        if self.defects.has(Defect::EndlessOn401) {
            return renewals < ENDLESS;
        }
        renewals == 1 && !self.defects.has(Defect::GivesUpOn401)
    }

    pub(super) fn may_retry(&self, retries: u32) -> bool {
        if self.defects.has(Defect::EndlessRetry) {
            return retries < ENDLESS;
        }
        retries == 1 && !self.defects.has(Defect::NoRetry)
    }

    /// How long to wait before a retry; `None` if the server asks for more than is sensible.
    fn pause(&self, response: &HttpResponse) -> Option<Duration> {
        if self.defects.has(Defect::RetryAtOnce) {
            return Some(Duration::ZERO);
        }
        let asked = response
            .headers
            .get("retry-after")
            .and_then(|value| value.trim().parse().ok());
        match asked.map(Duration::from_secs) {
            Some(asked) if !self.defects.has(Defect::RetryAfterIgnored) => {
                let limit = SHORT.max(self.retry_wait * PATIENCE);
                // A little later than asked: clocks and networks are not exact.
                (asked <= limit).then(|| self.retry_wait.max(asked + Duration::from_millis(5)))
            }
            _ => Some(self.retry_wait),
        }
    }

    async fn send_call(&self, token: &str) -> Back {
        let back = self.send(&call(self, token)).await;
        match self.followed(&self.endpoint, &back) {
            Some(url) => self.send(&call_to(self, &url, token)).await,
            None => back,
        }
    }

    /// Where a consumer that follows redirects goes next.
    pub(super) fn followed(&self, from: &Url, back: &Back) -> Option<Url> {
        match back {
            Back::Response(response) if self.defects.has(Defect::RedirectFollowed) => redirect_of(from, response),
            Back::Response(response) if self.defects.has(Defect::FollowsToPlainHttp) => {
                redirect_of(from, response).filter(|url| !url.tls)
            }
            _ => None,
        }
    }

    /// Sends a request over a connection of its own, so that a connection that the server has
    /// closed in the meantime cannot look like a failed call.
    pub(super) async fn send(&self, outgoing: &Outgoing) -> Back {
        let back = self.send_with(outgoing, Arc::clone(&self.tls)).await;
        match (&back, careless()) {
            (Back::Untrusted(why), Ok(careless))
                if self.defects.has(Defect::HostNameUnverified) && is_about_host_or_date(why) =>
            {
                self.send_with(outgoing, careless).await
            }
            _ => back,
        }
    }

    async fn send_with(&self, outgoing: &Outgoing, tls: Arc<ClientConfig>) -> Back {
        let client = Client::new(ClientOptions {
            tls: Some(tls),
            connect_timeout: self.timeout,
            exchange_timeout: self.timeout,
            ..ClientOptions::default()
        });
        let sent = client.send(outgoing).await;
        match sent.fault {
            Some(Fault::Tls { detail }) => Back::Untrusted(detail),
            Some(fault) => Back::Nothing(fault.describe().en),
            None => match parse_response(&sent.response, &outgoing.method, true) {
                Ok(response) => Back::Response(response),
                Err(error) => Back::Nothing(error.to_string()),
            },
        }
    }
}
