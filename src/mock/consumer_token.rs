//! How the consumer gets its token: client_secret_jwt (RFC 7523), one token for each provider.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::consumer::{Back, Held, Work};
use super::defect_list::Defect;
use super::tokens::now;
use crate::schema::parse_object;
use crate::wire::{HttpResponse, Outgoing, Url, form_encode, jwt};

/// The scope of the call that this consumer makes.
const SCOPE: &str = "031:app_submit/v10/jutogaishaatenabangofuban:Create";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// Life of an assertion in seconds.
const ASSERTION_LIFE: i64 = 60;
/// A token is not used in the last seconds of its life.
const MARGIN: u64 = 10;

static COUNTER: AtomicU64 = AtomicU64::new(0);

impl Work<'_> {
    fn key(&self) -> (String, String) {
        (self.order.token_endpoint.clone(), self.order.client_id.clone())
    }

    /// Forgets the token after a 401.
    pub(super) fn drop_token(&self) {
        if !self.defects.has(Defect::SameTokenOn401) {
            self.consumer.held().remove(&self.key());
        }
    }

    /// A token that can be used: one that is held, or a fresh one.
    pub(super) async fn token(&self) -> Result<String, String> {
        let held = self.consumer.held().get(&self.key()).cloned();
        if let Some(held) = held.filter(|held| held.until > Instant::now()) {
            return Ok(held.token);
        }
        let held = self.fetch().await?;
        let token = held.token.clone();
        if !self.defects.has(Defect::TokenNotKept) {
            self.consumer.held().insert(self.key(), held);
        }
        Ok(token)
    }

    async fn fetch(&self) -> Result<Held, String> {
        let mut retries = 0;
        loop {
            let error = match self.send_token_request().await {
                Back::Response(response) if response.status < 500 => return self.read_token(&response),
                Back::Response(response) => format!("the token endpoint answered {}", response.status),
                Back::Nothing(why) => format!("the token endpoint: {why}"),
                Back::Untrusted(why) => return Err(format!("the token endpoint is not trusted: {why}")),
            };
            retries += 1;
            if !self.may_retry(retries) {
                return Err(error);
            }
            tokio::time::sleep(self.retry_wait).await;
        }
    }

    fn read_token(&self, response: &HttpResponse) -> Result<Held, String> {
        let body = parse_object(&response.body).unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(Value::as_str);
        if response.status != 200 {
            let error = text("error").unwrap_or("no error code");
            return Err(format!("the token endpoint answered {}: {error}", response.status));
        }
        let is_bearer = text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
        let token = text("access_token").filter(|token| is_bearer && !token.is_empty());
        let token = token.ok_or("the token endpoint gave no Bearer token")?;
        if text("scope").is_some_and(|scope| !scope.split(' ').any(|part| part == SCOPE)) {
            return Err("the token has another scope than asked for".into());
        }
        let life = body.get("expires_in").and_then(Value::as_u64).unwrap_or_default();
        let usable = if self.defects.has(Defect::TokenKeptForEver) {
            86_400
        } else {
            life.saturating_sub(MARGIN)
        };
        Ok(Held {
            token: token.to_owned(),
            until: Instant::now() + Duration::from_secs(usable.min(86_400)),
        })
    }

    async fn send_token_request(&self) -> Back {
        let back = self.send(&self.token_request(&self.token_endpoint)).await;
        match self.followed(&self.token_endpoint, &back) {
            Some(url) => self.send(&self.token_request(&url)).await,
            None => back,
        }
    }

    fn token_request(&self, to: &Url) -> Outgoing {
        let defects = self.defects;
        let assertion = self.assertion();
        let grant = if defects.has(Defect::GrantWrong) {
            "password"
        } else {
            "client_credentials"
        };
        let kind = if defects.has(Defect::AssertionTypeWrong) {
            "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"
        } else {
            ASSERTION_TYPE
        };
        let mut form = vec![
            ("grant_type", grant.to_owned()),
            ("client_assertion_type", kind.to_owned()),
            ("client_assertion", assertion),
        ];
        if !defects.has(Defect::ScopeLeftOut) {
            form.push(("scope", self.scope()));
        }
        if defects.has(Defect::SecretInForm) {
            form.push(("client_id", self.order.client_id.clone()));
            form.push(("client_secret", self.order.client_secret.clone()));
        }
        let mut body = form_encode(form.iter().map(|(name, value)| (*name, value.as_str())));
        let mut media_type = "application/x-www-form-urlencoded";
        if defects.has(Defect::TokenRequestJson) {
            let members = form
                .iter()
                .map(|(name, value)| ((*name).to_owned(), value.as_str().into()));
            body = Value::Object(members.collect()).to_string();
            media_type = "application/json";
        }
        let headers = [
            ("Content-Type".to_owned(), media_type.to_owned()),
            ("Accept".to_owned(), "application/json".to_owned()),
            ("Connection".to_owned(), "close".to_owned()),
        ];
        Outgoing::new("POST", to, &headers, body.as_bytes())
    }

    fn scope(&self) -> String {
        if self.defects.has(Defect::ScopeTooWide) {
            return format!("{SCOPE} 031:app_submit/v10/jutogaishaatenakihonjohosyokai:Read");
        }
        if self.defects.has(Defect::ScopeOfTwoProviders) {
            return format!("{SCOPE} 999:app_submit/v10/betsuteikyosystem:Read");
        }
        SCOPE.to_owned()
    }

    fn assertion(&self) -> String {
        let defects = self.defects;
        let key = self.order.client_secret.as_bytes();
        let mut claims = self.claims(now());
        if defects.has(Defect::AssertionWithoutJti) {
            claims.shift_remove("jti");
        }
        if defects.has(Defect::AssertionPersonalData) {
            let name = self.order.fields.get("shimei").cloned().unwrap_or_default();
            claims.insert("name".into(), name);
        }
        if defects.has(Defect::AssertionUnsigned) {
            return jwt::sign("none", &claims, None);
        }
        let algorithm = if defects.has(Defect::AssertionHs512) {
            "HS512"
        } else {
            "HS256"
        };
        jwt::sign(algorithm, &claims, Some(key))
    }

    fn claims(&self, now: i64) -> Map<String, Value> {
        let defects = self.defects;
        let life = if defects.has(Defect::AssertionLongLife) {
            365 * 86_400
        } else {
            ASSERTION_LIFE
        };
        let unit = if defects.has(Defect::AssertionMilliseconds) {
            1000
        } else {
            1
        };
        let audience = if defects.has(Defect::AssertionWithoutAudience) {
            &self.order.endpoint
        } else {
            &self.order.token_endpoint
        };
        let id = if defects.has(Defect::AssertionSameJti) {
            "1".to_owned()
        } else {
            fresh_id()
        };
        let claims = json!({
            "iss": self.order.client_id,
            "sub": self.order.client_id,
            "aud": audience,
            "iat": now * unit,
            "exp": (now + life) * unit,
            "jti": id,
        });
        match claims {
            Value::Object(claims) => claims,
            _ => Map::new(),
        }
    }

    /// Id and secret as HTTP Basic, for a defect that sends them to the provider.
    pub(super) fn basic(&self) -> String {
        let pair = format!("{}:{}", self.order.client_id, self.order.client_secret);
        format!("Basic {}", STANDARD.encode(pair))
    }
}

/// An id that nobody used before: time, process and a counter.
fn fresh_id() -> String {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap_or_default();
    let count = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("{:x}-{:x}-{count:x}", since.as_nanos(), std::process::id())
}
