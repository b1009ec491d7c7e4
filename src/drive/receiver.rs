//! The platform that a consumer product calls: token endpoint and API, answering as the scenario says.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use thiserror::Error;

use super::session::{ASSERTION_TYPE, form_headers, unix_seconds};
use crate::evidence::Channel;
use crate::mock::Platform;
use crate::scenario::{Reply, Trust};
use crate::wire::certificate::{CertificateError, TestAuthority};
use crate::wire::{
    Answer, Handler, Headers, HttpRequest, Served, Server, ServerOptions, Url, form_encode, jwt, parse_request,
    parse_response, response_bytes,
};

/// Path of the token endpoint on the receiver.
pub(super) const TOKEN_PATH: &str = "/token";

/// Why the receiver cannot listen.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReceiverError {
    /// The address cannot be bound.
    #[error("cannot listen on {address}: {source}; choose another receiver.listen in the target file")]
    Listen {
        /// The address.
        address: String,
        /// The cause.
        source: std::io::Error,
    },
    /// No certificate could be made.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// What a consumer product is told about itself.
pub(super) struct ConsumerCredentials {
    pub(super) client_id: String,
    pub(super) client_secret: String,
    /// Scope of the interface.
    pub(super) scope: String,
    /// Token endpoint, known as soon as the receiver listens.
    pub(super) audience: OnceLock<String>,
}

/// What the receiver does with what arrives, while a step runs.
#[derive(Default)]
struct Stage {
    replies: Vec<Reply>,
    token_replies: Vec<Reply>,
    api_seen: usize,
    tokens_seen: usize,
    served: Vec<(Channel, Served)>,
    last: Option<Instant>,
    hang: Duration,
    /// Word that only this scenario's requests hold.
    marker: String,
    armed: Option<Instant>,
}

/// Something that arrived.
pub(super) struct Arrival {
    pub(super) channel: Channel,
    pub(super) served: Served,
    /// It belongs to an earlier scenario: a late retry, told by its content or its time.
    pub(super) stray: bool,
}

/// Whether a request holds the marker of another scenario. A request without any known marker is
/// not a stray: a product with a mistake may have lost it.
fn is_foreign(request: &HttpRequest, own: &str, markers: &HashSet<String>) -> bool {
    let body: Option<Value> = serde_json::from_slice(&request.body).ok();
    let marker = body.as_ref().and_then(|body| body.get("sosashaid")?.as_str());
    marker.is_some_and(|marker| marker != own && markers.contains(marker))
}

/// The listening side of consumer scenarios.
pub(super) struct Receiver {
    platform: Arc<Platform>,
    stage: Arc<Mutex<Stage>>,
    main: Server,
    elsewhere: Server,
    plain: Server,
    untrusted: Server,
    wrong_host: Server,
    expired: Server,
    host: String,
    api_path: String,
    markers: Arc<HashSet<String>>,
    /// Certificate of the authority that a product has to trust.
    pub(super) authority: TestAuthority,
}

impl Receiver {
    /// Starts all listeners: the main one where the target file says, the others beside it.
    pub(super) async fn start(
        listen: &str,
        host: &str,
        platform: Arc<Platform>,
        credentials: ConsumerCredentials,
        markers: HashSet<String>,
        api_call: &str,
    ) -> Result<Self, ReceiverError> {
        let markers = Arc::new(markers);
        let credentials = Arc::new(credentials);
        let authority = TestAuthority::new("junkyo receiver")?;
        let stranger = TestAuthority::new("an authority nobody trusts")?;
        let mut hosts = vec![host.to_owned()];
        hosts.extend(
            ["localhost".to_owned(), "127.0.0.1".to_owned()]
                .into_iter()
                .filter(|name| name != host),
        );
        let stage = Arc::new(Mutex::new(Stage::default()));
        let bind = |address: &str, tls, channel: Option<Channel>| {
            let observer_stage = Arc::clone(&stage);
            let options = ServerOptions {
                tls,
                observer: Some(Arc::new(move |served: Served| {
                    let channel = channel.unwrap_or_else(|| channel_of(&served.request));
                    let mut stage = observer_stage.lock().unwrap_or_else(PoisonError::into_inner);
                    stage.last = Some(Instant::now());
                    stage.served.push((channel, served));
                })),
                ..ServerOptions::default()
            };
            let handler = handler(
                &stage,
                &platform,
                &credentials,
                &markers,
                channel == Some(Channel::Elsewhere),
            );
            let address = address.to_owned();
            async move {
                Server::start(&address, options, handler)
                    .await
                    .map_err(|source| ReceiverError::Listen { address, source })
            }
        };
        let beside = match listen.rsplit_once(':') {
            Some((address, _)) => format!("{address}:0"),
            None => "127.0.0.1:0".to_owned(),
        };
        let wrong = ["wrong-host.invalid".to_owned()];
        let main = bind(listen, Some(authority.server(&hosts, false)?), None).await?;
        let trusted = authority.server(&hosts, false)?;
        let elsewhere = bind(&beside, Some(trusted), Some(Channel::Elsewhere)).await?;
        let plain = bind(&beside, None, Some(Channel::Elsewhere)).await?;
        let untrusted = bind(&beside, Some(stranger.server(&hosts, false)?), None).await?;
        let wrong_host = bind(&beside, Some(authority.server(&wrong, false)?), None).await?;
        let expired = bind(&beside, Some(authority.server(&hosts, true)?), None).await?;
        let receiver = Self {
            platform,
            main,
            elsewhere,
            plain,
            untrusted,
            wrong_host,
            expired,
            host: host.to_owned(),
            api_path: format!("/{api_call}"),
            markers,
            stage,
            authority,
        };
        let token_endpoint = receiver.token_endpoint().to_string();
        receiver.platform.set_audience(&token_endpoint);
        credentials.audience.set(token_endpoint).ok();
        Ok(receiver)
    }

    fn url(&self, address: SocketAddr, path: &str) -> Url {
        Url {
            tls: true,
            host: self.host.clone(),
            port: address.port(),
            target: path.to_owned(),
        }
    }

    /// Where the API is, as the product sees it.
    pub(super) fn api(&self, certificate: Trust) -> Url {
        let server = match certificate {
            Trust::Trusted => &self.main,
            Trust::UnknownIssuer => &self.untrusted,
            Trust::WrongHost => &self.wrong_host,
            Trust::Expired => &self.expired,
        };
        self.url(server.address(), &self.api_path)
    }

    /// Where the token endpoint is.
    pub(super) fn token_endpoint(&self) -> Url {
        self.url(self.main.address(), TOKEN_PATH)
    }

    /// Another origin, for redirects.
    pub(super) fn elsewhere(&self) -> Url {
        self.url(self.elsewhere.address(), &self.api_path)
    }

    /// Another origin without TLS, for redirects.
    pub(super) fn elsewhere_plain(&self) -> Url {
        Url {
            tls: false,
            ..self.url(self.plain.address(), &self.api_path)
        }
    }

    /// Gets ready before the product is told to act.
    pub(super) fn arm(&self, replies: &[Reply], token_replies: &[Reply], hang: Duration, marker: String) {
        let mut stage = self.lock();
        // What came since the last scenario ended is kept: it is evidence, if of nothing here.
        let left = std::mem::take(&mut stage.served);
        *stage = Stage {
            replies: replies.to_vec(),
            token_replies: token_replies.to_vec(),
            hang,
            marker,
            armed: Some(Instant::now()),
            served: left,
            ..Stage::default()
        };
    }

    /// How many requests came, and when the last one did.
    pub(super) fn seen(&self) -> (usize, Option<Instant>) {
        let stage = self.lock();
        (stage.served.len(), stage.last)
    }

    /// Everything that arrived since it was armed, in order of arrival.
    pub(super) fn take(&self) -> Vec<Arrival> {
        let mut stage = self.lock();
        let (armed, marker) = (stage.armed, stage.marker.clone());
        let mut arrivals: Vec<Arrival> = std::mem::take(&mut stage.served)
            .into_iter()
            .map(|(channel, served)| {
                let early = armed.is_some_and(|armed| served.started < armed);
                let foreign = parse_request(&served.request)
                    .is_ok_and(|(request, _)| is_foreign(&request, &marker, &self.markers));
                Arrival {
                    channel,
                    served,
                    stray: early || foreign,
                }
            })
            .collect();
        arrivals.sort_by_key(|arrival| arrival.served.started);
        arrivals
    }

    /// Tokens that a product may still hold from before.
    pub(super) fn tokens_alive(&self) -> Vec<String> {
        self.platform.tokens_alive()
    }

    fn lock(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn channel_of(request: &[u8]) -> Channel {
    let target = request.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
    if target.split(|byte| *byte == b'?').next() == Some(TOKEN_PATH.as_bytes()) {
        Channel::Token
    } else {
        Channel::Api
    }
}

fn handler(
    stage: &Arc<Mutex<Stage>>,
    platform: &Arc<Platform>,
    credentials: &Arc<ConsumerCredentials>,
    markers: &Arc<HashSet<String>>,
    elsewhere: bool,
) -> Handler {
    let markers = Arc::clone(markers);
    let stage = Arc::clone(stage);
    let platform = Arc::clone(platform);
    let credentials = Arc::clone(credentials);
    Arc::new(move |request: HttpRequest, connection| {
        let (reply, hang) = {
            let mut stage = stage.lock().unwrap_or_else(PoisonError::into_inner);
            let stage = &mut *stage;
            let (replies, seen) = if request.path() == TOKEN_PATH {
                (&stage.token_replies, &mut stage.tokens_seen)
            } else {
                (&stage.replies, &mut stage.api_seen)
            };
            let reply = replies
                .get(*seen)
                .or_else(|| replies.last())
                .cloned()
                .unwrap_or_default();
            // The answers of this scenario are for its own requests.
            let not_ours = elsewhere || is_foreign(&request, &stage.marker, &markers);
            *seen += usize::from(!not_ours);
            (if not_ours { Reply::default() } else { reply }, stage.hang)
        };
        let platform = Arc::clone(&platform);
        let credentials = Arc::clone(&credentials);
        let answering = async move {
            if reply.delay_ms > 0 {
                tokio::time::sleep(Duration::from_millis(reply.delay_ms)).await;
            }
            answer(&reply, platform, &credentials, request, connection, hang).await
        };
        Box::pin(answering) as Pin<Box<dyn Future<Output = Answer> + Send>>
    })
}

async fn answer(
    reply: &Reply,
    platform: Arc<Platform>,
    credentials: &ConsumerCredentials,
    request: HttpRequest,
    connection: u64,
    hang: Duration,
) -> Answer {
    match reply.kind.as_str() {
        "hang" => Answer::Hang(hang),
        "reset" => Answer::Reset,
        "garbage" => Answer::Send {
            bytes: b"\x00\x01this is not HTTP at all\r\n\r\n".to_vec(),
            close: true,
        },
        "status" => {
            let body = match &reply.body {
                Some(body) => body.clone(),
                None => platform.standard_body(reply.status).unwrap_or_default(),
            };
            let usual = if body.starts_with('{') {
                "application/json;charset=UTF-8"
            } else {
                "text/plain;charset=UTF-8"
            };
            let content_type = reply.content_type.as_deref().unwrap_or(usual);
            let mut headers = vec![("Content-Type", content_type)];
            headers.extend(
                reply
                    .headers
                    .iter()
                    .map(|(name, value)| (name.as_str(), value.as_str())),
            );
            Answer::Send {
                bytes: response_bytes(reply.status, &headers, body.as_bytes()),
                close: false,
            }
        }
        _ => {
            let is_token = request.path() == TOKEN_PATH;
            let mut answer = Arc::clone(&platform).respond(request, connection).await;
            if is_token && is_refusal(&answer) {
                // A faulty assertion is judged from the evidence. Were it refused here, everything
                // that comes after the token would fail with it and hide the one mistake.
                answer = platform.respond(right_token_request(credentials), connection).await;
            }
            match answer {
                Answer::Send { bytes, close } => Answer::Send {
                    bytes: rewrite(bytes, reply),
                    close,
                },
                other => other,
            }
        }
    }
}

fn is_refusal(answer: &Answer) -> bool {
    match answer {
        Answer::Send { bytes, .. } => parse_response(bytes, "POST", true).is_ok_and(|response| response.status >= 400),
        _ => false,
    }
}

/// The token request that a consumer without mistakes would have sent.
fn right_token_request(credentials: &ConsumerCredentials) -> HttpRequest {
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let now = unix_seconds();
    let claims = serde_json::json!({
        "iss": credentials.client_id, "sub": credentials.client_id, "aud": credentials.audience.get(),
        "iat": now, "exp": now + 60, "jti": format!("receiver-{}", COUNTER.fetch_add(1, Ordering::Relaxed)),
    });
    let assertion = match &claims {
        Value::Object(claims) => jwt::sign("HS256", claims, Some(credentials.client_secret.as_bytes())),
        _ => String::new(),
    };
    let body = form_encode([
        ("grant_type", "client_credentials"),
        ("scope", &credentials.scope),
        ("client_id", &credentials.client_id),
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", &assertion),
    ]);
    HttpRequest {
        method: "POST".into(),
        target: TOKEN_PATH.into(),
        minor: 1,
        headers: Headers(form_headers()),
        body: body.into_bytes(),
    }
}

/// Applies the patch and the form of a reply to a normal response.
fn rewrite(bytes: Vec<u8>, reply: &Reply) -> Vec<u8> {
    if reply.patch.is_none() && reply.form.is_none() && reply.headers.is_empty() {
        return bytes;
    }
    let Ok(response) = parse_response(&bytes, "POST", true) else {
        return bytes;
    };
    let Ok(mut body) = serde_json::from_slice::<Value>(&response.body) else {
        return bytes;
    };
    if let Some(patch) = &reply.patch {
        merge(&mut body, patch);
    }
    let text = match reply.form.as_deref() {
        Some("spaced") => serde_json::to_string_pretty(&body).unwrap_or_default(),
        Some("reordered") => match &body {
            Value::Object(members) => {
                let turned: serde_json::Map<_, _> = members.iter().rev().map(|(k, v)| (k.clone(), v.clone())).collect();
                Value::Object(turned).to_string()
            }
            other => other.to_string(),
        },
        Some("escaped") => body
            .to_string()
            .chars()
            .flat_map(|c| {
                let mut units = [0; 2];
                let escaped: Vec<char> = if c.is_ascii() {
                    vec![c]
                } else {
                    c.encode_utf16(&mut units)
                        .iter()
                        .flat_map(|unit| format!("\\u{unit:04x}").chars().collect::<Vec<_>>())
                        .collect()
                };
                escaped
            })
            .collect(),
        _ => body.to_string(),
    };
    let mut headers: Vec<(&str, &str)> = response
        .headers
        .0
        .iter()
        .filter(|(name, _)| !name.eq_ignore_ascii_case("content-length"))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    headers.extend(
        reply
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    response_bytes(response.status, &headers, text.as_bytes())
}

/// JSON merge patch (RFC 7396); a number as a member name picks an element of an array.
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if let Value::Array(items) = target {
        for (index, change) in changes {
            if let Some(item) = index.parse::<usize>().ok().and_then(|index| items.get_mut(index)) {
                merge(item, change);
            }
        }
        return;
    }
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(members) = target else {
        return;
    };
    for (name, change) in changes {
        if change.is_null() {
            members.shift_remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Value::Null), change);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_late_retry_of_another_scenario_is_told_by_its_content() {
        let markers = HashSet::from(["OURS".to_owned(), "THEIRS".to_owned()]);
        let request = |body: &str| HttpRequest {
            method: "POST".into(),
            target: "/".into(),
            minor: 1,
            headers: Headers::default(),
            body: body.as_bytes().to_vec(),
        };
        let foreign = |body: &str| is_foreign(&request(body), "OURS", &markers);
        assert!(foreign(r#"{"sosashaid":"THEIRS"}"#));
        assert!(!foreign(r#"{"sosashaid":"OURS"}"#));
        assert!(!foreign(r#"{"sosashaid":"lost"}"#));
        assert!(!foreign("not JSON"));
    }
}
