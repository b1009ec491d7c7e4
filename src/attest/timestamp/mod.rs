//! RFC 3161: who says that bytes existed at a time.
//!
//! A token is evidence, never an identity: many of its bytes can be changed without changing what it says. What is
//! checked: status, form, imprint, signer, signed attributes, the certificate's purpose, the path to a listed root *at
//! the time of the token*, the policy, and on receipt the nonce.

mod asn1;
pub mod authority;
mod certificate;
mod client;
mod request;
mod token;

use thiserror::Error;
use time::OffsetDateTime;

use asn1::DerError;
use certificate::{Anchor, Certificate};
pub use client::{ClientError, fetch};
pub use request::Request;
pub use token::{MAX_RESPONSE, verify};

/// What a verified token says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Timestamp {
    /// When the bytes existed, at the latest.
    pub time: OffsetDateTime,
    /// How exact that is, milliseconds.
    pub accuracy_ms: Option<u64>,
    /// Policy of the authority, dotted.
    pub policy: String,
    /// Serial number of the token, hexadecimal.
    pub serial: String,
    /// Name of the authority.
    pub authority: String,
}

/// A root whose authorities count.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TsaRoot {
    /// Its certificate, DER.
    pub certificate: Vec<u8>,
    /// Policies of tokens that count; empty for any.
    pub policies: Vec<String>,
    /// Certificate policies of which one has to stand in every certificate below the root; empty for any.
    pub certificate_policies: Vec<String>,
    /// Tokens after that do not count.
    pub not_after: Option<OffsetDateTime>,
}

impl TsaRoot {
    /// A root with everything below it.
    pub fn new(certificate: Vec<u8>) -> Self {
        Self {
            certificate,
            policies: Vec::new(),
            certificate_policies: Vec::new(),
            not_after: None,
        }
    }

    /// The certificates of a PEM text.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn from_pem(text: &str) -> Result<Vec<Self>, TimestampError> {
        let mut found = Vec::new();
        let mut rest = text;
        while let Some((_, after)) = rest.split_once("-----BEGIN CERTIFICATE-----") {
            let (body, after) = after
                .split_once("-----END CERTIFICATE-----")
                .ok_or(DerError("PEM without its end"))?;
            let body: String = body.split_whitespace().collect();
            let der = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, body)
                .map_err(|_| DerError("PEM that is no base64"))?;
            Certificate::parse(&der)?;
            found.push(Self::new(der));
            rest = after;
        }
        if found.is_empty() {
            return Err(DerError("no certificate in PEM").into());
        }
        Ok(found)
    }

    fn anchor(&self) -> Result<Anchor<'_>, DerError> {
        Ok(Anchor {
            certificate: Certificate::parse(&self.certificate)?,
            policies: &self.certificate_policies,
        })
    }
}

/// Why a token does not count.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum TimestampError {
    /// The response is too large.
    #[error("the response has {0} bytes; at most {MAX_RESPONSE} are read")]
    TooLarge(usize),
    /// The response is no RFC 3161 response.
    #[error("no RFC 3161 response: {0} is not as expected")]
    Form(&'static str),
    /// The authority refused.
    #[error("the timestamp authority refused: status {0} {1}")]
    Refused(u32, String),
    /// A token of something else.
    #[error("the token is of other bytes than these, or not over their SHA-256")]
    Imprint,
    /// An answer to another request.
    #[error("the token answers another request: its nonce differs")]
    Nonce,
    /// A signed attribute says something else.
    #[error("the signed attribute {0} does not fit the token")]
    Attribute(&'static str),
    /// The signer's certificate is not in the token.
    #[error("the signer's certificate is not in the token")]
    NoCertificate,
    /// The signature is not that of the certificate.
    #[error("the token's signature does not verify")]
    Signature,
    /// The certificate is not one of a timestamp authority.
    #[error("the certificate of {0} is not for timestamps alone (extended key usage timeStamping, critical)")]
    Usage(String),
    /// The certificate has a critical extension that is not understood.
    #[error("the certificate has the critical extension {0}, which is not understood")]
    Critical(String),
    /// The certificate was not valid when the token was made.
    #[error("the certificate of {0} was not valid when the token was made")]
    NotValidThen(String),
    /// No path to a listed root.
    #[error("no path from {0} to a listed root that was valid when the token was made")]
    NoPath(String),
    /// A policy that is not listed.
    #[error("the token's policy {0} is not listed")]
    Policy(String),
}

impl From<DerError> for TimestampError {
    fn from(error: DerError) -> Self {
        Self::Form(error.0)
    }
}

#[cfg(test)]
mod tests;
