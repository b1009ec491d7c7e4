//! Steps in which the harness is the client: calls, token requests, introspection, probes.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::{Map, Value};

use super::body::{from_hex, in_chunks, json_of, with_invalid_byte, write_json};
use super::person::base_body;
use super::recorder::Attempt;
use super::services::Services;
use super::session::{ASSERTION_TYPE, Credentials, Session, basic, form_headers, micros, no_credentials, unix_seconds};
use super::template::{Scope, TemplateError};
use crate::evidence::{Blocked, Channel, Exchange, Fault, Initiator};
use crate::scenario::{
    Assertion, Call, ClientAuth, Http, HttpVersion, Introspect, Key, Persons, Scenario, Step, TlsProbe, Token,
    TokenPlace, TokenUse,
};
use crate::standard::Interface;
use crate::standard::unit::exchange_file::Marker;
use crate::text::Text;
use crate::wire::{Outgoing, Url, form_encode, jwt, offer_old_tls, percent_encode};

/// One scenario while it runs.
pub(super) struct Story<'a> {
    pub(super) session: &'a Session,
    pub(super) scenario: &'a Scenario,
    pub(super) interface: Option<Arc<Interface>>,
    pub(super) attempt: &'a Attempt,
    /// The SOAP service of the scenario.
    pub(super) services: &'a Services,
    /// SOAP requests that were sent, by step.
    pub(super) sent: HashMap<String, Outgoing>,
    /// Files that were laid down, by step: name, content and true marker.
    pub(super) laid_down: HashMap<String, (String, Vec<u8>, Marker)>,
    pub(super) elsewhere: (String, String),
    /// JSON bodies of first responses, by step.
    pub(super) responses: HashMap<String, Value>,
    /// Tokens got by token steps.
    pub(super) tokens: HashMap<String, String>,
    /// Assertions sent by token steps.
    pub(super) assertions: HashMap<String, String>,
}

/// A step that could not be done because a value of an earlier step is missing.
fn missing(step: &Step, error: &TemplateError) -> Blocked {
    let blame = match error {
        TemplateError::Unknown(_) => "suite",
        TemplateError::NoValue { .. } => "product",
    };
    Blocked {
        step: step.id.to_string(),
        reason: match error {
            TemplateError::Unknown(name) => Text::new(
                format!("シナリオの値 ${{{name}}} を解決できません。"),
                format!("the scenario's value ${{{name}}} is not known"),
            ),
            TemplateError::NoValue { step, at } => Text::new(
                format!("前の手順 {step} の応答に {at} がなく、続行できません。"),
                format!("the earlier step {step} gave no {at}, so this step cannot be done"),
            ),
        },
        blame: blame.into(),
    }
}

fn suite_fault(step: &Step, ja: &str, en: &str) -> Blocked {
    Blocked {
        step: step.id.to_string(),
        reason: Text::new(ja, en),
        blame: "suite".into(),
    }
}

impl Story<'_> {
    pub(super) fn scope(&self) -> Scope<'_> {
        Scope {
            facts: &self.session.facts,
            scenario: &self.scenario.id,
            now: unix_seconds(),
            token_endpoint: self
                .session
                .credentials
                .as_ref()
                .map_or("", |credentials| credentials.audience.as_str()),
            elsewhere: (&self.elsewhere.0, &self.elsewhere.1),
            responses: &self.responses,
            tokens: &self.tokens,
        }
    }

    fn interface(&self, step: &Step) -> Result<Arc<Interface>, Blocked> {
        self.interface.clone().ok_or_else(|| {
            suite_fault(
                step,
                "シナリオにインターフェースの指定がありません。",
                "the scenario names no interface",
            )
        })
    }

    fn endpoint(&self, step: &Step, interface: &Interface) -> Result<Url, Blocked> {
        self.session
            .endpoints
            .get(&interface.id)
            .cloned()
            .ok_or_else(|| Blocked {
                step: step.id.to_string(),
                reason: Text::new(
                    format!("ターゲットファイルに [endpoints.\"{}\"] がありません。", interface.id),
                    format!("the target file has no [endpoints.\"{}\"]", interface.id),
                ),
                blame: "configuration".into(),
            })
    }

    /// The parameters of a call, before they are written as bytes.
    fn body(&self, call: &Call, interface: &Interface, key: &str) -> Result<Map<String, Value>, TemplateError> {
        let mut body = base_body(&self.session.facts, interface, &self.scenario.id, key);
        if let Some(only) = &call.only {
            body.retain(|name, _| only.contains(name));
        }
        let scope = self.scope();
        for (name, value) in &call.set {
            body.insert(name.clone(), scope.json(value)?);
        }
        for name in &call.remove {
            body.shift_remove(name);
        }
        Ok(body)
    }

    /// The token that a step carries.
    async fn token_for(&self, step: &Step, how: &TokenUse, interface: &Interface) -> Result<Option<String>, Blocked> {
        let token = match how {
            TokenUse::None | TokenUse::Invented | TokenUse::AlgNone | TokenUse::Malformed => None,
            TokenUse::Valid | TokenUse::Tampered => Some(self.session.token(self.attempt, &step.id, interface).await?),
            TokenUse::Step(from) => {
                let known = self.tokens.get(from).cloned();
                Some(known.ok_or_else(|| missing(step, &no_value(from, "token")))?)
            }
        };
        Ok(dress_token(how, token.as_deref(), interface))
    }

    /// Calls the interface, once or several times.
    pub(super) async fn call(&mut self, step: &Step, call: &Call) -> Result<(), Blocked> {
        let interface = self.interface(step)?;
        let endpoint = self.endpoint(step, &interface)?;
        let token = self.token_for(step, &call.token, &interface).await?;
        let mut requests = Vec::with_capacity(call.repeat as usize);
        for index in 0..call.repeat {
            let key = match call.persons {
                Persons::Each if index > 0 => format!("{}#{index}", call.person),
                _ => call.person.clone(),
            };
            let body = self
                .body(call, &interface, &key)
                .map_err(|error| missing(step, &error))?;
            requests.push(
                self.request(call, &interface, &endpoint, body, token.as_deref())
                    .map_err(|error| missing(step, &error))?,
            );
        }
        let (session, attempt) = (self.session, self.attempt);
        let own;
        let client = if call.repeat > 1 && !call.concurrent {
            own = session.own_client();
            &own
        } else {
            &session.client
        };
        let send = |index: usize, outgoing| {
            let index = u32::try_from(index).unwrap_or(u32::MAX);
            async move {
                session
                    .send_over(client, attempt, (&step.id, index, Channel::Api), outgoing)
                    .await
            }
        };
        let mut first = None;
        if call.concurrent {
            let all: Vec<_> = requests
                .into_iter()
                .enumerate()
                .map(|(index, outgoing)| send(index, outgoing))
                .collect();
            for (index, sent) in join_all(all).await.into_iter().enumerate() {
                let sent = sent?;
                if index == 0 {
                    first = Some(sent);
                }
            }
        } else {
            for (index, outgoing) in requests.into_iter().enumerate() {
                let sent = send(index, outgoing).await?;
                first.get_or_insert(sent);
            }
        }
        if let Some(body) = first.and_then(|sent| json_of(&sent.response)) {
            self.responses.insert(step.id.to_string(), body);
        }
        Ok(())
    }

    /// The bytes of one call.
    fn request(
        &self,
        call: &Call,
        interface: &Interface,
        endpoint: &Url,
        mut body: Map<String, Value>,
        token: Option<&str>,
    ) -> Result<Outgoing, TemplateError> {
        let scope = self.scope();
        let method = call.method.as_deref().unwrap_or(&interface.method);
        let mut headers: Vec<(String, String)> = Vec::new();
        let mut query: Vec<String> = Vec::new();
        if let Some(token) = token {
            if matches!(call.token_place, TokenPlace::Header | TokenPlace::HeaderAndQuery) {
                headers.push(("Authorization".into(), format!("{} {token}", call.scheme)));
            }
            if matches!(call.token_place, TokenPlace::Query | TokenPlace::HeaderAndQuery) {
                query.push(format!("access_token={}", percent_encode(token)));
            }
            if call.token_place == TokenPlace::Body {
                body.insert("access_token".into(), token.into());
            }
        }
        if call.parameters_in_query {
            query.extend(
                body.iter()
                    .map(|(name, value)| format!("{name}={}", percent_encode(value.as_str().unwrap_or_default()))),
            );
            body.clear();
        }
        if !call.content_type.is_empty() {
            headers.push(("Content-Type".into(), call.content_type.clone()));
        }
        for (name, value) in &call.headers {
            headers.push((name.clone(), scope.text(value)?));
        }
        let mut bytes = match (&call.raw, &call.raw_hex) {
            (Some(raw), _) => scope.text(raw)?.into_bytes(),
            (None, Some(hex)) => from_hex(hex),
            (None, None) if call.parameters_in_query => Vec::new(),
            (None, None) => match &call.invalid_utf8_in {
                Some(name) => with_invalid_byte(body, name, call),
                None => write_json(&body, call),
            },
        };
        if let Some(prefix) = &call.prefix {
            bytes.splice(0..0, prefix.bytes());
        }
        if let Some(size) = call.pad_to.filter(|size| *size > bytes.len()) {
            // Spaces before the closing brace keep it JSON.
            let end = bytes.len().saturating_sub(1);
            bytes.splice(end..end, std::iter::repeat_n(b' ', size - bytes.len()));
        }
        let mut url = endpoint.clone();
        if !query.is_empty() {
            let separator = if url.target.contains('?') { '&' } else { '?' };
            url.target = format!("{}{separator}{}", url.target, query.join("&"));
        }
        if call.chunked {
            headers.push(("Transfer-Encoding".into(), "chunked".into()));
            bytes = in_chunks(&bytes);
        }
        let mut outgoing = Outgoing::new(method, &url, &headers, &bytes);
        if call.http_version == HttpVersion::Http10 {
            let line = format!("{method} {} HTTP/1.", url.target).len();
            if let Some(minor) = outgoing.bytes.get_mut(line) {
                *minor = b'0';
            }
        }
        if let Some(after) = call.abandon_after {
            let head = outgoing.bytes.len() - bytes.len();
            outgoing.abandon_after = Some(head + after.min(bytes.len()));
        }
        Ok(outgoing)
    }

    fn credentials(&self, step: &Step) -> Result<&Credentials, Blocked> {
        self.session
            .credentials
            .as_ref()
            .ok_or_else(|| no_credentials(&step.id))
    }

    /// Asks for a token, right or wrong on purpose.
    pub(super) async fn token(&mut self, step: &Step, token: &Token) -> Result<(), Blocked> {
        for index in 0..token.repeat {
            let (outgoing, assertion) = self.token_request(step, token)?;
            if let Some(assertion) = assertion {
                self.assertions.insert(step.id.to_string(), assertion);
            }
            let sent = self
                .session
                .send(self.attempt, (&step.id, index, Channel::Token), outgoing)
                .await?;
            if index > 0 {
                continue;
            }
            if let Some(body) = json_of(&sent.response) {
                if let Some(token) = body.get("access_token").and_then(Value::as_str) {
                    self.tokens.insert(step.id.to_string(), token.to_owned());
                }
                self.responses.insert(step.id.to_string(), body);
            }
        }
        Ok(())
    }

    fn token_request(&self, step: &Step, token: &Token) -> Result<(Outgoing, Option<String>), Blocked> {
        let credentials = self.credentials(step)?;
        let fill = |text: &str| self.scope().text(text).map_err(|error| missing(step, &error));
        let scope = match &token.scope {
            Some(scope) => fill(scope)?,
            None => self.interface(step)?.scope(),
        };
        let mut form: Vec<(String, String)> = vec![("grant_type".into(), token.grant_type.clone())];
        if !scope.is_empty() {
            form.push(("scope".into(), scope));
        }
        let mut headers = form_headers();
        let auth = configured(token.auth, credentials);
        let mut sent_assertion = None;
        if matches!(auth, ClientAuth::Jwt | ClientAuth::JwtAndBasic) {
            let assertion = match &token.replay {
                Some(from) => self
                    .assertions
                    .get(from)
                    .cloned()
                    .ok_or_else(|| missing(step, &no_value(from, "assertion")))?,
                None => self
                    .dress_assertion(credentials, &token.assertion)
                    .map_err(|error| missing(step, &error))?,
            };
            form.push(("client_id".into(), credentials.client_id.clone()));
            form.push(("client_assertion_type".into(), ASSERTION_TYPE.into()));
            form.push(("client_assertion".into(), assertion.clone()));
            sent_assertion = Some(assertion);
        }
        match auth {
            ClientAuth::Basic | ClientAuth::JwtAndBasic => {
                headers.push(basic(&credentials.client_id, &credentials.client_secret));
            }
            ClientAuth::BasicWrong => headers.push(basic(&credentials.client_id, &wrong_secret())),
            ClientAuth::Post => {
                form.push(("client_id".into(), credentials.client_id.clone()));
                form.push(("client_secret".into(), credentials.client_secret.clone()));
            }
            ClientAuth::None => form.push(("client_id".into(), credentials.client_id.clone())),
            ClientAuth::Jwt | ClientAuth::Configured => {}
        }
        for (name, value) in &token.set {
            let value = fill(value)?;
            form.retain(|(known, _)| known != name);
            form.push((name.clone(), value));
        }
        form.retain(|(name, _)| !token.remove.contains(name));
        let twice: Vec<_> = form
            .iter()
            .filter(|(name, _)| token.twice.contains(name))
            .cloned()
            .collect();
        form.extend(twice);
        let encoded = form_encode(form.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let outgoing = if token.method == "POST" {
            Outgoing::new("POST", &credentials.token_endpoint, &headers, encoded.as_bytes())
        } else {
            let url = &credentials.token_endpoint;
            let url = url.with_target(format!("{}?{encoded}", url.target));
            Outgoing::new(&token.method, &url, &[], b"")
        };
        Ok((outgoing, sent_assertion))
    }

    fn dress_assertion(&self, credentials: &Credentials, how: &Assertion) -> Result<String, TemplateError> {
        let mut claims = self.session.assertion_claims(credentials);
        let scope = self.scope();
        for (name, value) in &how.set {
            claims.insert(name.clone(), scope.json(value)?);
        }
        for name in &how.remove {
            claims.shift_remove(name);
        }
        let other = wrong_secret();
        let key = match how.key {
            Key::Secret => Some(credentials.client_secret.as_bytes()),
            Key::Other => Some(other.as_bytes()),
            Key::Absent => None,
        };
        let signed = jwt::sign(how.alg.as_deref().unwrap_or("HS256"), &claims, key);
        if !how.tamper {
            return Ok(signed);
        }
        // Other claims under the old signature.
        claims.insert("exp".into(), (unix_seconds() + 120).into());
        let changed = jwt::sign(how.alg.as_deref().unwrap_or("HS256"), &claims, None);
        let signature = signed.rsplit('.').next().unwrap_or_default();
        Ok(format!("{changed}{signature}"))
    }

    /// Asks the authorization server about a token.
    pub(super) async fn introspect(&mut self, step: &Step, introspect: &Introspect) -> Result<(), Blocked> {
        let interface = self.interface(step)?;
        let token = self
            .token_for(step, &introspect.token, &interface)
            .await?
            .unwrap_or_default();
        let credentials = self.credentials(step)?;
        let Some(url) = &credentials.introspection_endpoint else {
            return Err(Blocked {
                step: step.id.to_string(),
                reason: Text::new(
                    "ターゲットファイルに auth.introspection-endpoint がありません。",
                    "the target file has no auth.introspection-endpoint",
                ),
                blame: "configuration".into(),
            });
        };
        let mut form = vec![("token", token), ("token_type_hint", "access_token".to_owned())];
        let mut headers = form_headers();
        match configured(introspect.auth, credentials) {
            ClientAuth::Jwt | ClientAuth::JwtAndBasic => {
                form.push(("client_id", credentials.client_id.clone()));
                form.push(("client_assertion_type", ASSERTION_TYPE.into()));
                form.push(("client_assertion", self.session.assertion(credentials)));
            }
            ClientAuth::Basic => headers.push(basic(&credentials.client_id, &credentials.client_secret)),
            ClientAuth::BasicWrong => headers.push(basic(&credentials.client_id, &wrong_secret())),
            _ => {}
        }
        let body = form_encode(form.iter().map(|(name, value)| (*name, value.as_str())));
        let outgoing = Outgoing::new("POST", url, &headers, body.as_bytes());
        let sent = self
            .session
            .send(self.attempt, (&step.id, 0, Channel::Introspection), outgoing)
            .await?;
        if let Some(body) = json_of(&sent.response) {
            self.responses.insert(step.id.to_string(), body);
        }
        Ok(())
    }

    /// Sends any HTTP request.
    pub(super) async fn http(&mut self, step: &Step, http: &Http) -> Result<(), Blocked> {
        let fill = |text: &str| self.scope().text(text).map_err(|error| missing(step, &error));
        let address = fill(&http.url)?;
        let url = if address.starts_with("http") {
            Url::parse(&address).map_err(|_| suite_fault(step, "URL が不正です。", "the URL of the step is wrong"))?
        } else {
            let base = match &self.interface {
                Some(interface) => self.endpoint(step, interface)?,
                None => self.session.endpoints.values().next().cloned().ok_or_else(|| Blocked {
                    step: step.id.to_string(),
                    reason: Text::new(
                        "ターゲットファイルに [endpoints] がありません。",
                        "the target file has no [endpoints]",
                    ),
                    blame: "configuration".into(),
                })?,
            };
            base.with_target(address)
        };
        let headers = http
            .headers
            .iter()
            .map(|(name, value)| Ok((name.clone(), fill(value)?)))
            .collect::<Result<Vec<_>, Blocked>>()?;
        let body = http.body.as_deref().map(fill).transpose()?.unwrap_or_default();
        let outgoing = Outgoing::new(&http.method, &url, &headers, body.as_bytes());
        let sent = self
            .session
            .send(self.attempt, (&step.id, 0, Channel::Api), outgoing)
            .await?;
        if let Some(body) = json_of(&sent.response) {
            self.responses.insert(step.id.to_string(), body);
        }
        Ok(())
    }

    /// Offers an old TLS version.
    pub(super) async fn tls_probe(&self, step: &Step, probe: &TlsProbe) -> Result<(), Blocked> {
        let url = if probe.authorization_server {
            self.credentials(step)?.token_endpoint.clone()
        } else {
            let interface = self.interface(step)?;
            self.endpoint(step, &interface)?
        };
        let started = std::time::Instant::now();
        let outcome = offer_old_tls(&url, &probe.offer, Duration::from_secs(5)).await;
        let (request, response, fault) = match outcome {
            Ok(outcome) => (outcome.request, outcome.response, None),
            Err(error) => (
                Vec::new(),
                Vec::new(),
                Some(Fault::Connect {
                    detail: error.to_string(),
                }),
            ),
        };
        self.attempt.exchange(Exchange {
            step: Arc::clone(&step.id),
            index: 0,
            channel: Channel::Probe,
            initiator: Initiator::Harness,
            started_us: micros(started.saturating_duration_since(self.session.started)),
            elapsed_us: micros(started.elapsed()),
            connection: 0,
            peer: url.authority(),
            tls: None,
            request,
            response,
            fault,
        });
        Ok(())
    }
}

fn no_value(step: &str, at: &str) -> TemplateError {
    TemplateError::NoValue {
        step: step.to_owned(),
        at: at.to_owned(),
    }
}

/// A secret that is not the registered one.
fn wrong_secret() -> String {
    "not-the-registered-secret-0123456789abcdef".into()
}

fn configured(auth: ClientAuth, credentials: &Credentials) -> ClientAuth {
    use super::target::AuthMethod;
    match (auth, credentials.method) {
        (ClientAuth::Configured, AuthMethod::ClientSecretJwt) => ClientAuth::Jwt,
        (ClientAuth::Configured, AuthMethod::ClientSecretBasic) => ClientAuth::Basic,
        (other, _) => other,
    }
}

/// The token as a call carries it.
fn dress_token(how: &TokenUse, token: Option<&str>, interface: &Interface) -> Option<String> {
    match how {
        TokenUse::Valid | TokenUse::Step(_) => token.map(str::to_owned),
        TokenUse::None => None,
        TokenUse::Invented => Some("junkyo-never-issued-this-token-0123456789".into()),
        TokenUse::Malformed => Some("\"{not a token}\"".into()),
        TokenUse::Tampered => token.map(|token| {
            let middle = token.len() / 2;
            token
                .char_indices()
                .map(|(at, c)| match c {
                    _ if at != middle => c,
                    'A' => 'B',
                    _ => 'A',
                })
                .collect()
        }),
        TokenUse::AlgNone => {
            let claims = serde_json::json!({
                "iss": "junkyo", "sub": "junkyo", "scope": interface.scope(), "exp": unix_seconds() + 600,
            });
            claims.as_object().map(|claims| jwt::sign("none", claims, None))
        }
    }
}
