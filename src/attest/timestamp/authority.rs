//! A timestamp authority: answers requests with a key and a certificate. For tests, and for a register that has no
//! accredited authority at hand. Its clock is the caller's.

use std::sync::Arc;

use thiserror::Error;
use time::OffsetDateTime;

use super::asn1::{
    BIT_STRING, BOOLEAN, DerError, INTEGER, OCTET_STRING, SEQUENCE, SET, UTF8_STRING, context, element, generalized,
    oid, sequence, set_of, unsigned,
};
use super::certificate::{Certificate, EKU_TIME_STAMPING};
use super::request::Asked;
use super::token::{CONTENT_TYPE, MESSAGE_DIGEST, SHA256, SIGNED_DATA, SIGNING_CERTIFICATE_V2, TST_INFO};
use crate::attest::Digest;
use crate::attest::key::{Algorithm, PublicKey, SignError, Signer};

const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
const ED25519: &str = "1.3.101.112";

/// Why an authority cannot answer, or a certificate not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// An identifier or certificate is none.
    #[error("{0} is not as expected")]
    Form(&'static str),
    /// Keys of an authority are P-256: every verifier knows it.
    #[error("the key of a timestamp authority has to be P-256")]
    Key,
    /// The key refused.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl From<DerError> for AuthorityError {
    fn from(error: DerError) -> Self {
        Self::Form(error.0)
    }
}

/// An authority.
pub struct Authority {
    certificate: Vec<u8>,
    issuer_and_serial: (Vec<u8>, Vec<u8>),
    signer: Arc<dyn Signer>,
    policy: String,
    accuracy_s: u8,
}

/// Why a request was refused (PKIFailureInfo).
#[derive(Clone, Copy)]
enum Failure {
    BadAlgorithm = 0,
    BadRequest = 2,
    BadDataFormat = 5,
    UnacceptedPolicy = 15,
    UnacceptedExtension = 16,
}

impl Authority {
    /// An authority with its certificate (DER), its P-256 key and the dotted policy of its tokens.
    ///
    /// # Errors
    /// When the key is not P-256, or certificate or policy cannot be read.
    pub fn new(certificate: Vec<u8>, signer: Arc<dyn Signer>, policy: &str) -> Result<Self, AuthorityError> {
        if signer.public().algorithm() != Algorithm::P256 {
            return Err(AuthorityError::Key);
        }
        oid(policy)?;
        let read = Certificate::parse(&certificate)?;
        let issuer_and_serial = (read.issuer.to_vec(), element(INTEGER, read.serial));
        Ok(Self {
            issuer_and_serial,
            certificate,
            signer,
            policy: policy.to_owned(),
            accuracy_s: 1,
        })
    }

    /// The response to a request: a token with the given time and serial number, or a refusal.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn answer(&self, request: &[u8], now: OffsetDateTime, serial: &[u8]) -> Result<Vec<u8>, AuthorityError> {
        let Ok(asked) = Asked::parse(request) else {
            return Ok(refusal(Failure::BadDataFormat, "the request is no TimeStampReq"));
        };
        if asked.algorithm != SHA256 {
            return Ok(refusal(Failure::BadAlgorithm, "only SHA-256 is taken"));
        }
        if asked.hash.len() != 32 {
            return Ok(refusal(
                Failure::BadRequest,
                "the imprint has another length than SHA-256",
            ));
        }
        if asked.policy.as_ref().is_some_and(|policy| *policy != self.policy) {
            return Ok(refusal(Failure::UnacceptedPolicy, "the policy is not offered"));
        }
        if asked.has_extensions {
            return Ok(refusal(Failure::UnacceptedExtension, "extensions are not understood"));
        }
        let token = self.token(&asked, now, serial)?;
        Ok(sequence(&[&sequence(&[&unsigned(&[0])]), &token]))
    }

    fn token(&self, asked: &Asked<'_>, now: OffsetDateTime, serial: &[u8]) -> Result<Vec<u8>, AuthorityError> {
        let nonce = asked.nonce.map(|nonce| element(INTEGER, nonce)).unwrap_or_default();
        let info = sequence(&[
            &unsigned(&[1]),
            &oid(&self.policy)?,
            asked.imprint,
            &unsigned(serial),
            &generalized(now),
            &sequence(&[&unsigned(&[self.accuracy_s])]),
            &nonce,
        ]);
        let sha256 = sequence(&[&oid(SHA256)?]);
        let encapsulated = sequence(&[&oid(TST_INFO)?, &element(context(0), &element(OCTET_STRING, &info))]);
        let certificates = match asked.wants_certificate {
            true => element(context(0), &self.certificate),
            false => Vec::new(),
        };
        let data = sequence(&[
            &unsigned(&[3]),
            &element(SET, &sha256),
            &encapsulated,
            &certificates,
            &element(SET, &self.signer_info(&info, now)?),
        ]);
        Ok(sequence(&[&oid(SIGNED_DATA)?, &element(context(0), &data)]))
    }

    fn signer_info(&self, info: &[u8], now: OffsetDateTime) -> Result<Vec<u8>, AuthorityError> {
        let hash = Digest::of(&self.certificate);
        let certificate_id = sequence(&[&sequence(&[&sequence(&[&element(OCTET_STRING, hash.as_bytes())])])]);
        let attributes = set_of(vec![
            attribute(CONTENT_TYPE, &oid(TST_INFO)?)?,
            attribute("1.2.840.113549.1.9.5", &validity_time(now))?,
            attribute(MESSAGE_DIGEST, &element(OCTET_STRING, Digest::of(info).as_bytes()))?,
            attribute(SIGNING_CERTIFICATE_V2, &certificate_id)?,
        ]);
        let signature = self.signer.sign(&attributes)?;
        let mut tagged = attributes;
        tagged[0] = context(0);
        let (issuer, serial) = &self.issuer_and_serial;
        Ok(sequence(&[
            &unsigned(&[1]),
            &sequence(&[issuer, serial]),
            &sequence(&[&oid(SHA256)?]),
            &tagged,
            &sequence(&[&oid(ECDSA_SHA256)?]),
            &element(OCTET_STRING, &signature),
        ]))
    }
}

fn attribute(name: &str, value: &[u8]) -> Result<Vec<u8>, DerError> {
    Ok(sequence(&[&oid(name)?, &element(SET, value)]))
}

fn refusal(failure: Failure, words: &str) -> Vec<u8> {
    let bit = failure as usize;
    let mut bits = vec![0_u8; bit / 8 + 2];
    bits[0] = 7 - (bit % 8) as u8; // unused bits of the last octet
    bits[bit / 8 + 1] = 0x80 >> (bit % 8);
    let text = sequence(&[&element(UTF8_STRING, words.as_bytes())]);
    sequence(&[&sequence(&[&unsigned(&[2]), &text, &element(BIT_STRING, &bits)])])
}

/// What a certificate says.
#[derive(Clone, Debug)]
pub struct CertificateFacts<'a> {
    /// Common name of the subject.
    pub name: &'a str,
    /// First moment of its validity.
    pub not_before: OffsetDateTime,
    /// Last moment.
    pub not_after: OffsetDateTime,
    /// Serial number, big endian.
    pub serial: &'a [u8],
    /// Certificate policies, written as critical, as accredited authorities do; none if empty.
    pub policies: &'a [&'a str],
}

/// A self-signed root (DER).
///
/// # Errors
/// When the key cannot sign.
pub fn issue_root(facts: &CertificateFacts<'_>, signer: &dyn Signer) -> Result<Vec<u8>, AuthorityError> {
    let extensions = [
        extension("2.5.29.19", true, &sequence(&[&element(BOOLEAN, &[0xff])]))?,
        extension("2.5.29.15", true, &element(BIT_STRING, &[1, 0x06]))?,
    ];
    issue(facts, &name(facts.name)?, signer.public(), &extensions.concat(), signer)
}

/// The certificate (DER) of a timestamp authority, signed by a root.
///
/// # Errors
/// When the root cannot be read or its key cannot sign.
pub fn issue_authority(
    facts: &CertificateFacts<'_>,
    key: &PublicKey,
    root: &[u8],
    root_signer: &dyn Signer,
) -> Result<Vec<u8>, AuthorityError> {
    let issuer = Certificate::parse(root)?.subject.to_vec();
    let usage = sequence(&[&oid(EKU_TIME_STAMPING)?]);
    let mut extensions = vec![
        extension("2.5.29.15", true, &element(BIT_STRING, &[7, 0x80]))?,
        extension("2.5.29.37", true, &usage)?,
    ];
    if !facts.policies.is_empty() {
        let policies: Vec<Vec<u8>> = facts
            .policies
            .iter()
            .map(|policy| Ok(sequence(&[&oid(policy)?])))
            .collect::<Result<_, DerError>>()?;
        extensions.push(extension("2.5.29.32", true, &element(SEQUENCE, &policies.concat()))?);
    }
    issue(facts, &issuer, key, &extensions.concat(), root_signer)
}

fn issue(
    facts: &CertificateFacts<'_>,
    issuer: &[u8],
    key: &PublicKey,
    extensions: &[u8],
    signer: &dyn Signer,
) -> Result<Vec<u8>, AuthorityError> {
    let algorithm = match signer.public().algorithm() {
        Algorithm::P256 => sequence(&[&oid(ECDSA_SHA256)?]),
        Algorithm::Ed25519 => sequence(&[&oid(ED25519)?]),
    };
    let signed = sequence(&[
        &element(context(0), &unsigned(&[2])),
        &unsigned(facts.serial),
        &algorithm,
        issuer,
        &sequence(&[&validity_time(facts.not_before), &validity_time(facts.not_after)]),
        &name(facts.name)?,
        key.to_spki_der(),
        &element(context(3), &element(SEQUENCE, extensions)),
    ]);
    let signature = [&[0][..], &signer.sign(&signed)?].concat();
    Ok(sequence(&[&signed, &algorithm, &element(BIT_STRING, &signature)]))
}

fn extension(name: &str, critical: bool, value: &[u8]) -> Result<Vec<u8>, DerError> {
    let critical = if critical {
        element(BOOLEAN, &[0xff])
    } else {
        Vec::new()
    };
    Ok(sequence(&[&oid(name)?, &critical, &element(OCTET_STRING, value)]))
}

/// A name with a common name alone.
fn name(text: &str) -> Result<Vec<u8>, DerError> {
    let pair = sequence(&[&oid("2.5.4.3")?, &element(UTF8_STRING, text.as_bytes())]);
    Ok(sequence(&[&element(SET, &pair)]))
}

/// UTCTime until 2049, GeneralizedTime after, as RFC 5280 asks.
fn validity_time(at: OffsetDateTime) -> Vec<u8> {
    let long = generalized(at);
    if (1950..2050).contains(&at.year()) {
        // Tag and length, then the year without its century.
        return element(super::asn1::UTC_TIME, &long[4..]);
    }
    long
}
