//! A log asks a witness.

use std::time::Duration;

use thiserror::Error;

use super::{MAX_REQUEST, SIZE_TYPE, request};
use crate::attest::log::{ConsistencyProof, Note, NoteSignature, VerifierKey, cosignature_of};
use crate::text::Lang;
use crate::wire::certificate::client_from_pem;
use crate::wire::{Client, ClientOptions, Outgoing, ReadLimits, Url, parse_response};

/// What a witness answers.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Asked {
    /// Its cosignature, checked.
    Cosigned(NoteSignature),
    /// It has seen another size than we thought: ask again with a proof from there.
    Seen(u64),
}

/// Why a witness did not cosign.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AskError {
    /// It cannot be reached, or has no time.
    #[error("{url} gave no answer: {why}")]
    Unreachable {
        /// Address.
        url: String,
        /// What happened.
        why: String,
    },
    /// It refuses.
    #[error("{url} refuses with HTTP {status}: {why}")]
    Refused {
        /// Address.
        url: String,
        /// HTTP status.
        status: u16,
        /// Beginning of its answer.
        why: String,
    },
    /// It has seen another root for the same size.
    #[error(
        "{url} has seen another root for {size} entries: the log has forked, or somebody else signs with its key. Nothing is published"
    )]
    Fork {
        /// Address.
        url: String,
        /// The size.
        size: u64,
    },
    /// Its answer is no cosignature by its key.
    #[error("{url} answered with something that is no cosignature by its key")]
    NoCosignature {
        /// Address.
        url: String,
    },
}

impl AskError {
    /// Whether it may be otherwise in a minute.
    pub fn is_outage(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => *status >= 500 || *status == 429,
            _ => false,
        }
    }
}

/// Asks a witness to cosign a checkpoint, with the proof that it continues the one of size `old`. Waits for the network.
///
/// # Errors
/// When it cannot be reached, refuses, or has seen something that contradicts.
pub fn ask(url: &str, note: &Note, old: u64, proof: &ConsistencyProof, key: &VerifierKey) -> Result<Asked, AskError> {
    let address = format!("{}/add-checkpoint", url.trim_end_matches('/'));
    let unreachable = |why: String| AskError::Unreachable {
        url: address.clone(),
        why,
    };
    let body = request(old, &proof.hashes, &note.to_string());
    let (status, media_type, body) = post(&address, &body).map_err(unreachable)?;
    match status {
        200 => {
            let text = String::from_utf8_lossy(&body);
            let lines = text.lines().filter_map(|line| line.parse::<NoteSignature>().ok());
            for line in lines {
                let mut cosigned = note.clone();
                cosigned.add(line.clone());
                if line.id == key.id() && cosignature_of(&cosigned, key).is_some() {
                    return Ok(Asked::Cosigned(line));
                }
            }
            Err(AskError::NoCosignature { url: address })
        }
        409 if media_type == SIZE_TYPE => {
            let text = String::from_utf8_lossy(&body);
            match text.trim_end_matches('\n').parse() {
                Ok(size) if size == old => Err(AskError::Fork { url: address, size }),
                Ok(size) => Ok(Asked::Seen(size)),
                Err(_) => Err(AskError::NoCosignature { url: address }),
            }
        }
        _ => Err(AskError::Refused {
            url: address,
            status,
            why: String::from_utf8_lossy(&body[..body.len().min(200)]).trim().to_owned(),
        }),
    }
}

/// Sends one request and waits for its answer, wherever the caller runs: a runtime cannot be started inside another one,
/// so this one has a thread of its own.
fn post(address: &str, body: &[u8]) -> Result<(u16, String, Vec<u8>), String> {
    let exchange = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        runtime.block_on(send(address, body))
    };
    std::thread::scope(|scope| scope.spawn(exchange).join())
        .unwrap_or_else(|_| Err("the exchange was broken off".to_owned()))
}

async fn send(address: &str, body: &[u8]) -> Result<(u16, String, Vec<u8>), String> {
    let url = Url::parse(address).map_err(|error| error.to_string())?;
    let tls = if url.tls {
        Some(client_from_pem(None, None).map_err(|error| error.to_string())?)
    } else {
        None
    };
    let client = Client::new(ClientOptions {
        tls,
        connect_timeout: Duration::from_secs(5),
        exchange_timeout: Duration::from_secs(10),
        limits: ReadLimits {
            message: MAX_REQUEST,
            ..ReadLimits::default()
        },
    });
    let headers = [("Content-Type".to_owned(), "text/plain; charset=utf-8".to_owned())];
    let sent = client.send(&Outgoing::new("POST", &url, &headers, body)).await;
    if let Some(fault) = sent.fault {
        return Err(fault.describe().get(Lang::En).to_owned());
    }
    let response = parse_response(&sent.response, "POST", true).map_err(|error| error.to_string())?;
    let media_type = response.media_type().unwrap_or_default();
    Ok((response.status, media_type, response.body))
}
