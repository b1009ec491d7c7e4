//! The calling side of the API: what `junkyo registry challenge`, `submit` and `status` do.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;

use crate::text::Lang;
use crate::wire::{Client, ClientOptions, HttpResponse, Outgoing, ReadLimits, Url, parse_response, percent_encode};

/// Media type of a bundle.
pub const BUNDLE_TYPE: &str = "application/vnd.junkyo.bundle";
/// Longest time for an answer, uploads included.
const PATIENCE: Duration = Duration::from_secs(600);
const CONNECT_PATIENCE: Duration = Duration::from_secs(15);
/// Times that a request is sent when the server is busy or cannot be reached.
const ATTEMPTS: u32 = 4;
/// Longest pause before another attempt.
const LONGEST_PAUSE: u64 = 60;

/// Speaks with one register.
pub struct RegistryClient {
    base: String,
    token: String,
    lang: Lang,
    http: Client,
}

/// Why a register did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The address is none.
    #[error("--server {0}: expected scheme and host, such as https://registry.example")]
    Server(String),
    /// A token would go over the network in the clear.
    #[error("--server {0}: a token is sent over https only (http is taken for this machine alone)")]
    Plain(String),
    /// The token file holds no token.
    #[error("--token-file: {0}")]
    Token(String),
    /// It cannot be reached, or what answered is no register.
    #[error("{server}: {why}")]
    Unreachable {
        /// Which server.
        server: String,
        /// What happened.
        why: String,
    },
    /// It said no.
    #[error("{}", .0.display())]
    Refused(Box<Refused>),
}

/// A problem document (RFC 9457) as it is told to people.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// HTTP status.
    pub status: u16,
    /// What happened.
    pub title: String,
    /// What to do.
    pub detail: String,
    /// Every reason: its code, what was found, and what to do.
    pub reasons: Vec<(String, String, Option<String>)>,
}

impl Refused {
    fn display(&self) -> String {
        let mut text = format!("{} ({}): {}", self.title, self.status, self.detail);
        for (code, found, remedy) in &self.reasons {
            text.push_str(&format!("\n  [{code}] {found}"));
            if let Some(remedy) = remedy {
                text.push_str(&format!("\n      → {remedy}"));
            }
        }
        text
    }
}

impl RegistryClient {
    /// A client of the register at `server`. The token is what stands in the file, without white space around it.
    ///
    /// # Errors
    /// If the address is none, is not `https` (but for this machine), or the token is none.
    pub fn new(server: &str, token: &str, lang: Lang) -> Result<Self, ClientError> {
        let base = server.trim_end_matches('/').to_owned();
        let url = Url::parse(&base).map_err(|_| ClientError::Server(server.to_owned()))?;
        if url.target != "/" {
            return Err(ClientError::Server(server.to_owned()));
        }
        let is_here = matches!(url.host.as_str(), "localhost" | "127.0.0.1" | "::1" | "[::1]");
        if !base.to_ascii_lowercase().starts_with("https://") && !is_here {
            return Err(ClientError::Plain(server.to_owned()));
        }
        let token = token.trim();
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(ClientError::Token("there is no token in it".to_owned()));
        }
        Ok(Self {
            base,
            token: token.to_owned(),
            lang,
            http: http_client(),
        })
    }

    /// Opens a challenge; gives the answer of the register, whose member `file` is for `junkyo run --challenge`.
    ///
    /// # Errors
    /// If the register cannot be reached or refuses.
    pub async fn challenge(&self, request: &Json) -> Result<Json, ClientError> {
        self.ask(
            "POST",
            "/api/v1/challenges",
            Some(("application/json", request.to_string().into_bytes())),
        )
        .await
    }

    /// Submits a bundle. The same bundle sent again gives the same answer, so a lost connection is no loss.
    ///
    /// # Errors
    /// If the register cannot be reached or refuses; then with all reasons.
    pub async fn submit(&self, bundle: Vec<u8>) -> Result<Json, ClientError> {
        self.ask("POST", "/api/v1/submissions", Some((BUNDLE_TYPE, bundle)))
            .await
    }

    /// State of a submission.
    ///
    /// # Errors
    /// If the register cannot be reached or knows no such submission of this vendor.
    pub async fn submission(&self, id: &str) -> Result<Json, ClientError> {
        self.ask("GET", &format!("/api/v1/submissions/{}", percent_encode(id)), None)
            .await
    }

    async fn ask(&self, method: &str, path: &str, body: Option<(&str, Vec<u8>)>) -> Result<Json, ClientError> {
        let url = Url::parse(&format!("{}{path}", self.base)).map_err(|_| ClientError::Server(self.base.clone()))?;
        let mut headers = vec![
            ("Authorization".to_owned(), format!("Bearer {}", self.token)),
            (
                "Accept".to_owned(),
                "application/json, application/problem+json".to_owned(),
            ),
            ("Accept-Language".to_owned(), self.lang.pick("ja", "en").to_owned()),
            (
                "User-Agent".to_owned(),
                concat!("junkyo/", env!("CARGO_PKG_VERSION")).to_owned(),
            ),
        ];
        let bytes = body.map_or_else(Vec::new, |(media_type, bytes)| {
            headers.push(("Content-Type".to_owned(), media_type.to_owned()));
            bytes
        });
        let outgoing = Outgoing::new(method, &url, &headers, &bytes);
        let mut attempt = 1;
        loop {
            let pause = match self.send_once(&outgoing).await {
                // Every request of ours may be repeated: reads, and writes that the register recognises.
                Ok(response) if matches!(response.status, 429 | 503) && attempt < ATTEMPTS => {
                    let after = response.headers.get("retry-after").and_then(|value| value.parse().ok());
                    after.unwrap_or(2).min(LONGEST_PAUSE)
                }
                Ok(response) => return self.read(&response),
                Err(_) if attempt < ATTEMPTS => 1 << attempt,
                Err(error) => return Err(error),
            };
            attempt += 1;
            tokio::time::sleep(Duration::from_secs(pause)).await;
        }
    }

    async fn send_once(&self, outgoing: &Outgoing) -> Result<HttpResponse, ClientError> {
        let sent = self.http.send(outgoing).await;
        // A register that refuses early answers before it has read everything.
        match parse_response(&sent.response, &outgoing.method, true) {
            Ok(response) => Ok(response),
            Err(error) => Err(self.unreachable(
                sent.fault
                    .map_or_else(|| error.to_string(), |fault| format!("{fault:?}")),
            )),
        }
    }

    fn read(&self, response: &HttpResponse) -> Result<Json, ClientError> {
        let json: Option<Json> = serde_json::from_slice(&response.body).ok();
        match (response.status, json) {
            (200..=299, Some(json)) => Ok(json),
            (200..=299, None) => {
                Err(self.unreachable("it answered with what is no JSON; is this a register?".to_owned()))
            }
            (status, json) => Err(ClientError::Refused(Box::new(self.refused(status, json.as_ref())))),
        }
    }

    fn refused(&self, status: u16, problem: Option<&Json>) -> Refused {
        let text = |value: Option<&Json>| value.and_then(Json::as_str).unwrap_or_default().to_owned();
        let said = |value: &Json| text(value.get(self.lang.pick("ja", "en")));
        let member = |name: &str| problem.and_then(|problem| problem.get(name));
        let reasons = member("reasons")
            .and_then(Json::as_array)
            .map_or_else(Vec::new, |reasons| {
                reasons
                    .iter()
                    .map(|reason| {
                        let found = reason.get("text").map(said).unwrap_or_default();
                        (text(reason.get("code")), found, reason.get("remedy").map(said))
                    })
                    .collect()
            });
        Refused {
            status,
            title: text(member("title")),
            detail: text(member("detail")),
            reasons,
        }
    }

    fn unreachable(&self, why: String) -> ClientError {
        ClientError::Unreachable {
            server: self.base.clone(),
            why,
        }
    }
}

fn http_client() -> Client {
    Client::new(ClientOptions {
        tls: public_tls(),
        connect_timeout: CONNECT_PATIENCE,
        exchange_timeout: PATIENCE,
        limits: ReadLimits::default(),
    })
}

/// TLS with the usual public authorities.
pub(super) fn public_tls() -> Option<Arc<rustls::ClientConfig>> {
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .ok()
        .map(|builder| Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_goes_out_in_the_clear() {
        let new = |server: &str| RegistryClient::new(server, " token\n", Lang::En);
        assert!(new("https://registry.example/").is_ok());
        assert!(new("http://127.0.0.1:8480").is_ok());
        assert!(matches!(new("http://registry.example"), Err(ClientError::Plain(_))));
        assert!(matches!(
            new("http://localhost.evil.example"),
            Err(ClientError::Plain(_))
        ));
        assert!(matches!(
            new("https://registry.example/path"),
            Err(ClientError::Server(_))
        ));
        assert!(matches!(new("registry"), Err(ClientError::Server(_))));
        let token = |token: &str| RegistryClient::new("https://registry.example", token, Lang::En).err();
        assert!(matches!(token(""), Some(ClientError::Token(_))));
        assert!(matches!(token("a\r\nHost: evil.example"), Some(ClientError::Token(_))));
    }

    #[test]
    fn every_reason_of_a_refusal_is_told() {
        let client = RegistryClient::new("https://registry.example", "t", Lang::Ja).expect("a client");
        let problem = serde_json::json!({
            "title": "受け付けられません", "detail": "理由", "status": 422,
            "reasons": [
                {"code": "replayed", "text": {"ja": "提出済み", "en": "again"}, "remedy": {"ja": "新しく", "en": "new"}},
                {"code": "too-old", "text": {"ja": "古い", "en": "old"}},
            ]
        });
        let text = client.refused(422, Some(&problem)).display();
        assert_eq!(
            text,
            "受け付けられません (422): 理由\n  [replayed] 提出済み\n      → 新しく\n  [too-old] 古い"
        );
        assert_eq!(client.refused(502, None).reasons.len(), 0);
    }
}
