//! What all scenarios of a run share: the client, the token, the limits.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use serde_json::{Map, Value, json};
use tokio::sync::{Mutex, Semaphore};

use super::files::Files;
use super::listener::Listener;
use super::recorder::{Attempt, Recorder};
use super::soap_reply::Reworker;
use super::target::AuthMethod;
use crate::evidence::{Blocked, Channel, Exchange, Initiator, RunFacts};
use crate::standard::Interface;
use crate::text::Text;
use crate::wire::{Client, Outgoing, Sent, Url, form_encode, jwt, parse_response};

/// Limits towards the product.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Requests a second; 0: no limit.
    pub requests_per_second: u32,
    /// Requests at the same time to one endpoint.
    pub concurrency: usize,
    /// Requests in the whole run; 0: no limit.
    pub request_budget: u64,
    /// Time without a request after which a consumer product is taken to be done.
    pub settle: Duration,
    /// Time that a consumer product is told to wait for an answer.
    pub consumer_timeout: Duration,
    /// The same where the scenario answers at once, so that only a busy machine could be late.
    pub consumer_patience: Duration,
    /// Longest time that a callback of a provider is waited for.
    pub callback_patience: Duration,
    /// Time that a consumer product is told to wait before it sends again.
    pub retry_wait: Duration,
}

/// How the harness is known to the authorization server of the product.
#[derive(Clone, Debug)]
pub(super) struct Credentials {
    pub(super) token_endpoint: Url,
    pub(super) introspection_endpoint: Option<Url>,
    pub(super) method: AuthMethod,
    pub(super) client_id: String,
    pub(super) client_secret: String,
    pub(super) audience: String,
}

/// A token that was got for the whole session.
#[derive(Clone, Debug)]
struct Held {
    token: String,
    until: Instant,
}

/// Shared by all scenarios.
pub(super) struct Session {
    pub(super) facts: Arc<RunFacts>,
    pub(super) client: Client,
    pub(super) credentials: Option<Credentials>,
    pub(super) endpoints: BTreeMap<String, Url>,
    pub(super) recorder: Arc<Recorder>,
    pub(super) limits: Limits,
    pub(super) started: Instant,
    /// Where products call the harness over SOAP.
    pub(super) listener: Option<Listener>,
    /// Keys for WS-Security.
    pub(super) security: Arc<Reworker>,
    /// Message files of the corpus.
    pub(super) texts: BTreeMap<String, Arc<str>>,
    /// Where files are laid down.
    pub(super) files: Option<Arc<Files>>,
    tokens: Mutex<HashMap<String, Held>>,
    sent: AtomicU64,
    unreached: AtomicU64,
    permits: std::sync::Mutex<HashMap<String, Arc<Semaphore>>>,
    pace: Mutex<Instant>,
}

/// How many times in a row the product may be out of reach before the run gives up.
const PATIENCE: u64 = 5;

impl Session {
    pub(super) fn new(
        facts: Arc<RunFacts>,
        client: Client,
        credentials: Option<Credentials>,
        endpoints: BTreeMap<String, Url>,
        recorder: Arc<Recorder>,
        limits: Limits,
        started: Instant,
    ) -> Self {
        if let Some(credentials) = &credentials {
            recorder.masker.learn(&credentials.client_secret);
            recorder
                .masker
                .learn_basic(&credentials.client_id, &credentials.client_secret);
        }
        Self {
            facts,
            client,
            credentials,
            endpoints,
            recorder,
            limits,
            started,
            listener: None,
            security: Arc::default(),
            texts: BTreeMap::new(),
            files: None,
            tokens: Mutex::default(),
            sent: AtomicU64::new(0),
            unreached: AtomicU64::new(0),
            permits: std::sync::Mutex::default(),
            pace: Mutex::new(started),
        }
    }

    /// Address of a token of the listener.
    pub(super) fn listener_url(&self, token: &str) -> String {
        self.listener
            .as_ref()
            .map_or_else(String::new, |listener| listener.url(token, "").to_string())
    }

    /// Whether the product was out of reach so often in a row that going on makes no sense.
    pub(super) fn is_hopeless(&self) -> bool {
        self.unreached.load(Ordering::Relaxed) >= PATIENCE
    }

    /// Sends a request within the limits and records the exchange.
    pub(super) async fn send(
        &self,
        attempt: &Attempt,
        at: (&Arc<str>, u32, Channel),
        outgoing: Outgoing,
    ) -> Result<Sent, Blocked> {
        self.send_over(&self.client, attempt, at, outgoing).await
    }

    /// A client with connections of its own: what one step does with its connection must not
    /// depend on what other scenarios do at the same time.
    pub(super) fn own_client(&self) -> Client {
        Client::new(self.client.options().clone())
    }

    /// The same over a given client.
    pub(super) async fn send_over(
        &self,
        client: &Client,
        attempt: &Attempt,
        at: (&Arc<str>, u32, Channel),
        outgoing: Outgoing,
    ) -> Result<Sent, Blocked> {
        let (step, index, channel) = at;
        self.spend(step)?;
        let permits = self.permits_of(&outgoing.url);
        let _permit = permits.acquire().await;
        self.keep_pace().await;
        let sent = client.send(&outgoing).await;
        let unreached = sent.fault.as_ref().is_some_and(crate::evidence::Fault::is_unreached);
        if unreached {
            self.unreached.fetch_add(1, Ordering::Relaxed);
        } else {
            self.unreached.store(0, Ordering::Relaxed);
        }
        if channel == Channel::Token {
            self.learn_tokens(&sent.response);
        }
        attempt.exchange(Exchange {
            step: Arc::clone(step),
            index,
            channel,
            initiator: Initiator::Harness,
            started_us: micros(sent.started.saturating_duration_since(self.started)),
            elapsed_us: micros(sent.elapsed),
            connection: sent.connection,
            peer: sent.peer.map_or_else(String::new, |peer| peer.to_string()),
            tls: sent.tls.clone(),
            request: outgoing.bytes,
            response: sent.response.clone(),
            fault: sent.fault.clone(),
        });
        Ok(sent)
    }

    /// Every token that the product gives out is a secret of the product.
    fn learn_tokens(&self, response: &[u8]) {
        let Ok(response) = parse_response(response, "POST", true) else {
            return;
        };
        let Ok(body) = serde_json::from_slice::<Value>(&response.body) else {
            return;
        };
        for name in ["access_token", "refresh_token", "id_token"] {
            if let Some(token) = body.get(name).and_then(Value::as_str) {
                self.recorder.masker.learn(token);
            }
        }
    }

    fn spend(&self, step: &Arc<str>) -> Result<(), Blocked> {
        let sent = self.sent.fetch_add(1, Ordering::Relaxed) + 1;
        let budget = self.limits.request_budget;
        if budget == 0 || sent <= budget {
            return Ok(());
        }
        Err(Blocked {
            step: step.to_string(),
            reason: Text::new(
                format!("要求数の上限 {budget} 件（limits.request-budget）に達しました。"),
                format!("the budget of {budget} requests (limits.request-budget) is used up"),
            ),
            blame: "configuration".into(),
        })
    }

    fn permits_of(&self, url: &Url) -> Arc<Semaphore> {
        let mut all = self.permits.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let limit = self.limits.concurrency.max(1);
        Arc::clone(
            all.entry(format!(
                "{}{}",
                url.authority(),
                url.target.split('?').next().unwrap_or_default()
            ))
            .or_insert_with(|| Arc::new(Semaphore::new(limit))),
        )
    }

    /// Waits until the next request is due.
    async fn keep_pace(&self) {
        let rate = self.limits.requests_per_second;
        if rate == 0 {
            return;
        }
        let due = {
            let mut next = self.pace.lock().await;
            let due = (*next).max(Instant::now());
            *next = due + Duration::from_secs(1) / rate;
            due
        };
        tokio::time::sleep_until(due.into()).await;
    }

    /// The session's token for a scope. One scenario gets it, the others wait for it.
    pub(super) async fn token(
        &self,
        attempt: &Attempt,
        step: &Arc<str>,
        interface: &Interface,
    ) -> Result<String, Blocked> {
        let scope = interface.scope();
        let mut held = self.tokens.lock().await;
        if let Some(known) = held.get(&scope).filter(|known| known.until > Instant::now()) {
            return Ok(known.token.clone());
        }
        let Some(credentials) = &self.credentials else {
            return Err(no_credentials(step));
        };
        let outgoing = self.token_request(credentials, &scope);
        let session_step: Arc<str> = "session".into();
        let sent = self.send(attempt, (&session_step, 0, Channel::Token), outgoing).await?;
        let body = parse_response(&sent.response, "POST", true)
            .ok()
            .and_then(|response| serde_json::from_slice::<Value>(&response.body).ok());
        let token = body
            .as_ref()
            .and_then(|body| body.get("access_token")?.as_str().map(str::to_owned));
        let Some(token) = token else {
            let found = match (&sent.fault, &body) {
                (Some(fault), _) => fault.describe(),
                (None, Some(body)) => Text::neutral(body),
                (None, None) => Text::new("JSON でない応答", "a response that is not JSON"),
            };
            return Err(Blocked {
                step: step.to_string(),
                reason: Text::new(
                    format!("アクセストークンを取得できません: {}", found.ja),
                    format!("no access token could be had: {}", found.en),
                ),
                blame: if sent.fault.is_some() {
                    "network"
                } else {
                    "configuration"
                }
                .into(),
            });
        };
        let life = body.and_then(|body| body.get("expires_in")?.as_u64()).unwrap_or(60);
        let until = Instant::now() + Duration::from_secs(life.saturating_sub(5).max(1));
        held.insert(
            scope,
            Held {
                token: token.clone(),
                until,
            },
        );
        Ok(token)
    }

    /// A correct token request.
    fn token_request(&self, credentials: &Credentials, scope: &str) -> Outgoing {
        let mut form = vec![
            ("grant_type", "client_credentials".to_owned()),
            ("scope", scope.to_owned()),
        ];
        let mut headers = form_headers();
        match credentials.method {
            AuthMethod::ClientSecretJwt => {
                form.push(("client_id", credentials.client_id.clone()));
                form.push(("client_assertion_type", ASSERTION_TYPE.into()));
                form.push(("client_assertion", self.assertion(credentials)));
            }
            AuthMethod::ClientSecretBasic => headers.push(basic(&credentials.client_id, &credentials.client_secret)),
        }
        let body = form_encode(form.iter().map(|(name, value)| (*name, value.as_str())));
        Outgoing::new("POST", &credentials.token_endpoint, &headers, body.as_bytes())
    }

    /// A correct assertion.
    pub(super) fn assertion(&self, credentials: &Credentials) -> String {
        let claims = self.assertion_claims(credentials);
        jwt::sign("HS256", &claims, Some(credentials.client_secret.as_bytes()))
    }

    /// Claims of a correct assertion (RFC 7523 §3, OpenID Connect Core §9).
    pub(super) fn assertion_claims(&self, credentials: &Credentials) -> Map<String, Value> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let now = unix_seconds();
        let nanos = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |time| time.subsec_nanos());
        let claims = json!({
            "iss": credentials.client_id,
            "sub": credentials.client_id,
            "aud": credentials.audience,
            "iat": now,
            "exp": now + 60,
            "jti": format!("junkyo-{}-{now}-{nanos}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed)),
        });
        match claims {
            Value::Object(claims) => claims,
            _ => Map::new(),
        }
    }
}

/// `client_assertion_type` of RFC 7523.
pub(super) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

pub(super) fn form_headers() -> Vec<(String, String)> {
    vec![
        ("Content-Type".into(), "application/x-www-form-urlencoded".into()),
        ("Accept".into(), "application/json".into()),
    ]
}

/// The Authorization header of HTTP Basic. Id and secret hold no characters that RFC 6749 §2.3.1
/// would have encoded, or the encoding is part of what is registered.
pub(super) fn basic(id: &str, secret: &str) -> (String, String) {
    let value = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
    ("Authorization".into(), format!("Basic {value}"))
}

pub(super) fn no_credentials(step: &Arc<str>) -> Blocked {
    Blocked {
        step: step.to_string(),
        reason: Text::new(
            "ターゲットファイルに [auth] がないため、アクセストークンを取得できません。",
            "the target file has no [auth]: no access token can be had",
        ),
        blame: "configuration".into(),
    }
}

pub(super) fn unix_seconds() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |time| time.as_secs())
}

pub(super) fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
