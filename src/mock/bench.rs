//! What the tests of this room share: requests, and transcripts of what a platform answers.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::defect::DefectSet;
use super::platform::Platform;
use super::platform::tests::{CLIENT, SECRET, config};
use super::tokens::now;
use crate::population::Person;
use crate::wire::{Answer, Headers, HttpRequest, HttpResponse, form_encode, jwt, parse_response};

pub(super) const API: &str = "/app_submit/v10/jutogaishaatenabangofuban";
pub(super) const SCOPE: &str = "031:app_submit/v10/jutogaishaatenabangofuban:Create";
pub(super) const SISTER: &str = "031:app_submit/v10/jutogaishaatenakihonjohosyokai:Read";
pub(super) const OTHER: &str = "999:app_submit/v10/betsuteikyosystem:Read";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// A platform under test, with everything it said.
pub(super) struct Bench {
    pub(super) platform: Arc<Platform>,
    pub(super) token: String,
    pub(super) said: Vec<(String, String)>,
    ids: u32,
}

/// The parameters of a correct request.
pub(super) fn fields() -> Map<String, Value> {
    let mut fields = Person::new(crate::population::Kind::Japanese, 1, &["bench"]).fields;
    let required = json!({
        "shorikubun": "0", "shikuchosonkodo": "131016", "gyomuid": "001", "dokujishisakushisutemutoid": "000",
        "nayosemotofuragu": "0", "tagyomusanshofukafuragu": "0", "sosashaid": "000123",
        "sosanengappi": "2026-01-31", "sosajikoku": "09:00:00",
        "kojinbango": crate::population::individual_number(1, "bench"),
    });
    // In the order of the table: 処理区分 comes first.
    let mut all = required.as_object().cloned().unwrap_or_default();
    all.append(&mut fields);
    all
}

/// A correct request with changes; null takes a parameter away.
pub(super) fn changed(changes: &Value) -> Map<String, Value> {
    let mut all = fields();
    for (name, value) in changes.as_object().into_iter().flatten() {
        if value.is_null() {
            all.shift_remove(name);
        } else {
            all.insert(name.clone(), value.clone());
        }
    }
    all
}

pub(super) fn request(method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> HttpRequest {
    HttpRequest {
        method: method.into(),
        target: target.into(),
        minor: 1,
        headers: Headers(
            headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        ),
        body: body.to_vec(),
    }
}

/// Correct claims of an assertion.
pub(super) fn claims(id: &str) -> Map<String, Value> {
    let claims = json!({
        "iss": CLIENT, "sub": CLIENT, "aud": "https://as.example.jp/token", "jti": id,
        "iat": now(), "exp": now() + 60,
    });
    claims.as_object().cloned().unwrap_or_default()
}

pub(super) fn basic(secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{CLIENT}:{secret}")))
}

impl Bench {
    pub(super) async fn new(defects: DefectSet) -> Self {
        let platform = Platform::new(config(defects));
        platform.set_audience("https://as.example.jp/token");
        let mut bench = Self {
            platform,
            token: String::new(),
            said: Vec::new(),
            ids: 0,
        };
        bench.token = bench.get_token(SCOPE).await;
        bench
    }

    pub(super) fn act(&self, action: &str, with: Value) {
        assert_eq!(self.platform.act(action, &with), super::DriverOutcome::Done, "{action}");
    }

    pub(super) async fn send(&self, request: HttpRequest, connection: u64) -> Result<HttpResponse, Answer> {
        let method = request.method.clone();
        match Arc::clone(&self.platform).respond(request, connection).await {
            Answer::Send { bytes, close } => {
                let mut response = parse_response(&bytes, &method, true).expect("HTTP");
                if close {
                    response.headers.0.push(("closed".into(), "yes".into()));
                }
                Ok(response)
            }
            other => Err(other),
        }
    }

    /// Sends a request and writes down what came back.
    pub(super) async fn probe(&mut self, name: &str, request: HttpRequest) -> Option<HttpResponse> {
        self.probe_over(name, request, 0).await
    }

    pub(super) async fn probe_over(
        &mut self,
        name: &str,
        request: HttpRequest,
        connection: u64,
    ) -> Option<HttpResponse> {
        let sent = self.send(request, connection).await;
        let text = match &sent {
            Ok(response) => told(response),
            Err(answer) => format!("{answer:?}"),
        };
        self.said.push((name.to_owned(), text));
        sent.ok()
    }

    pub(super) fn api(&self, headers: &[(&str, &str)], body: &[u8]) -> HttpRequest {
        let bearer = format!("Bearer {}", self.token);
        let length = body.len().to_string();
        let mut all = vec![("Content-Length", length.as_str())];
        if !headers.iter().any(|(name, _)| *name == "Authorization") {
            all.push(("Authorization", &bearer));
        }
        if !headers.iter().any(|(name, _)| *name == "Content-Type") {
            all.push(("Content-Type", "application/json"));
        }
        all.extend(headers.iter().filter(|(_, value)| !value.is_empty()).copied());
        let mut request = request("POST", API, &all, body);
        request
            .headers
            .0
            .retain(|(name, value)| name != "Authorization" || !value.is_empty());
        request
    }

    /// A correct call with changes.
    pub(super) async fn call(&mut self, name: &str, changes: &Value) -> Option<HttpResponse> {
        let body = Value::Object(changed(changes)).to_string();
        let request = self.api(&[], body.as_bytes());
        self.probe(name, request).await
    }

    pub(super) fn assertion(&mut self, algorithm: &str, changes: &Value, key: Option<&str>) -> String {
        self.ids += 1;
        let mut all = claims(&format!("id-{}", self.ids));
        for (name, value) in changes.as_object().into_iter().flatten() {
            if value.is_null() {
                all.shift_remove(name);
            } else {
                all.insert(name.clone(), value.clone());
            }
        }
        jwt::sign(algorithm, &all, key.map(str::as_bytes))
    }

    /// A form for the authorization server, authenticated with this assertion.
    pub(super) fn form(pairs: &[(&str, &str)], assertion: &str) -> String {
        let mut all = vec![
            ("client_assertion_type", ASSERTION_TYPE),
            ("client_assertion", assertion),
        ];
        all.extend_from_slice(pairs);
        form_encode(all.into_iter().filter(|(_, value)| !value.is_empty()))
    }

    pub(super) fn post_form(path: &str, headers: &[(&str, &str)], form: &str) -> HttpRequest {
        let mut all = vec![("Content-Type", "application/x-www-form-urlencoded")];
        all.extend_from_slice(headers);
        request("POST", path, &all, form.as_bytes())
    }

    /// Asks for a token with an assertion that differs from a correct one.
    pub(super) async fn token_with(&mut self, name: &str, algorithm: &str, changes: &Value, key: Option<&str>) {
        let assertion = self.assertion(algorithm, changes, key);
        let form = Self::form(&[("grant_type", "client_credentials"), ("scope", SCOPE)], &assertion);
        self.probe(name, Self::post_form("/token", &[], &form)).await;
    }

    /// A token with a scope, or an empty text.
    pub(super) async fn get_token(&mut self, scope: &str) -> String {
        let assertion = self.assertion("HS256", &json!({}), Some(SECRET));
        let form = Self::form(&[("grant_type", "client_credentials"), ("scope", scope)], &assertion);
        let response = self.probe("token", Self::post_form("/token", &[], &form)).await;
        response
            .and_then(|response| serde_json::from_slice::<Value>(&response.body).ok())
            .and_then(|body| body["access_token"].as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    pub(super) async fn introspect(&mut self, name: &str, token: &str) {
        let assertion = self.assertion("HS256", &json!({}), Some(SECRET));
        let form = Self::form(&[("token", token)], &assertion);
        self.probe(name, Self::post_form("/introspect", &[], &form)).await;
    }
}

/// A response without what differs from run to run.
fn told(response: &HttpResponse) -> String {
    let mut text = String::from_utf8_lossy(&response.body).into_owned();
    if let Ok(mut body) = serde_json::from_slice::<Value>(&response.body) {
        let life = body["exp"]
            .as_i64()
            .zip(body["iat"].as_i64())
            .map(|(exp, iat)| exp - iat);
        for name in ["access_token", "token", "refresh_token", "exp", "iat"] {
            if let Some(value) = body.get_mut(name) {
                let length = value.as_str().map_or(0, str::len);
                *value = format!("<{length}>").into();
                text = format!("{body} {life:?}");
            }
        }
    }
    let headers: Vec<_> = response
        .headers
        .0
        .iter()
        .filter(|(name, _)| name != "Content-Length")
        .collect();
    format!(
        "{}.{} {headers:?} surplus {} {text}",
        response.status, response.minor, response.surplus
    )
}

pub(super) fn status(response: Option<HttpResponse>) -> u16 {
    response.map_or(0, |response| response.status)
}
