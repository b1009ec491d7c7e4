//! Fetching a timestamp over HTTP or HTTPS.

use std::time::Duration;

use thiserror::Error;

use super::{Request, TimestampError, token::MAX_RESPONSE};
use crate::attest::Digest;
use crate::text::Lang;
use crate::wire::certificate::client_from_pem;
use crate::wire::{Client, ClientOptions, Outgoing, ReadLimits, Url, UrlError, parse_response};

/// Why there is no timestamp.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The address is none.
    #[error("{0}")]
    Url(#[from] UrlError),
    /// TLS cannot be prepared.
    #[error("TLS cannot be prepared: {0}")]
    Tls(String),
    /// No random numbers.
    #[error("no random numbers from the operating system: {0}")]
    Random(String),
    /// The authority cannot be reached.
    #[error("the timestamp authority at {url} gave no answer: {detail}")]
    Unreachable {
        /// Its address.
        url: String,
        /// What happened.
        detail: String,
    },
    /// The answer is none.
    #[error(
        "the timestamp authority at {url} answered with HTTP {status}, {media_type}; 200 application/timestamp-reply is expected"
    )]
    Answer {
        /// Its address.
        url: String,
        /// HTTP status.
        status: u16,
        /// Media type.
        media_type: String,
    },
    /// The response is not one to our request.
    #[error(transparent)]
    Token(#[from] TimestampError),
}

/// Asks an authority for a token over bytes with this SHA-256. What comes back answers the request; whether it can be
/// trusted is asked when verifying. `authorities` (PEM) are those that the server's TLS certificate may lead to; the
/// public ones if not given.
///
/// # Errors
/// When the authority cannot be reached, refuses, or answers something else.
pub async fn fetch(url: &str, imprint: Digest, authorities: Option<&str>) -> Result<Vec<u8>, ClientError> {
    let address = Url::parse(url)?;
    let mut nonce = [0; 8];
    getrandom::fill(&mut nonce).map_err(|error| ClientError::Random(error.to_string()))?;
    let request = Request::new(imprint, nonce);
    let tls = if address.tls {
        Some(client_from_pem(authorities, None).map_err(|error| ClientError::Tls(error.to_string()))?)
    } else {
        None
    };
    let client = Client::new(ClientOptions {
        tls,
        connect_timeout: Duration::from_secs(10),
        exchange_timeout: Duration::from_secs(30),
        limits: ReadLimits {
            message: MAX_RESPONSE,
            ..ReadLimits::default()
        },
    });
    let headers = [
        ("Content-Type".to_owned(), "application/timestamp-query".to_owned()),
        ("Accept".to_owned(), "application/timestamp-reply".to_owned()),
    ];
    let sent = client
        .send(&Outgoing::new("POST", &address, &headers, &request.bytes))
        .await;
    let unreachable = |detail: String| ClientError::Unreachable {
        url: url.to_owned(),
        detail,
    };
    if let Some(fault) = sent.fault {
        return Err(unreachable(fault.describe().get(Lang::En).to_owned()));
    }
    let response = parse_response(&sent.response, "POST", true).map_err(|error| unreachable(error.to_string()))?;
    let media_type = response.media_type().unwrap_or_default();
    if response.status != 200 || media_type != "application/timestamp-reply" {
        return Err(ClientError::Answer {
            url: url.to_owned(),
            status: response.status,
            media_type,
        });
    }
    request.recognise(&response.body)?;
    Ok(response.body)
}
