//! Asking for a timestamp.

use super::asn1::{
    BOOLEAN, DerError, Elements, INTEGER, NULL, OCTET_STRING, OID, SEQUENCE, context, dotted, element, oid, sequence,
    small, unsigned,
};
use super::token::{SHA256, Token};
use super::{Timestamp, TimestampError, TsaRoot};
use crate::attest::Digest;

/// A request, as it was sent: it knows whether a response is its own.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Request {
    /// DER, to be sent as `application/timestamp-query`.
    pub bytes: Vec<u8>,
    imprint: Digest,
    nonce: Vec<u8>,
}

impl Request {
    /// Asks for a token over bytes with this SHA-256, with the authority's certificate in it. `nonce` is random.
    pub fn new(imprint: Digest, nonce: [u8; 8]) -> Self {
        let nonce = unsigned(&nonce);
        // The identifier is a constant, and a valid one.
        let algorithm = sequence(&[&oid(SHA256).unwrap_or_default(), &[NULL, 0]]);
        let message = sequence(&[&algorithm, &element(OCTET_STRING, imprint.as_bytes())]);
        let bytes = sequence(&[&unsigned(&[1]), &message, &nonce, &element(BOOLEAN, &[0xff])]);
        Self { bytes, imprint, nonce }
    }

    /// Verifies the response to this request.
    ///
    /// # Errors
    /// With the first check that fails.
    pub fn check(&self, response: &[u8], roots: &[TsaRoot]) -> Result<Timestamp, TimestampError> {
        let token = self.own(response)?;
        token.verify(self.imprint, roots)
    }

    /// Whether a response belongs to this request, without asking who signed it.
    ///
    /// # Errors
    /// When it is no granted response, or has another nonce.
    pub fn recognise(&self, response: &[u8]) -> Result<(), TimestampError> {
        self.own(response).map(|_| ())
    }

    fn own<'a>(&self, response: &'a [u8]) -> Result<Token<'a>, TimestampError> {
        let token = Token::parse(response)?;
        let sent = Elements::new(&self.nonce).take(INTEGER, "nonce")?;
        if token.nonce() != Some(sent) {
            return Err(TimestampError::Nonce);
        }
        token.about(self.imprint)?;
        Ok(token)
    }
}

/// What an authority reads of a request.
pub(super) struct Asked<'a> {
    pub(super) algorithm: String,
    /// The whole imprint, DER.
    pub(super) imprint: &'a [u8],
    pub(super) hash: &'a [u8],
    pub(super) policy: Option<String>,
    /// The nonce, DER.
    pub(super) nonce: Option<&'a [u8]>,
    pub(super) wants_certificate: bool,
    pub(super) has_extensions: bool,
}

impl<'a> Asked<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, DerError> {
        let what = "request";
        let mut parts = Elements::only(bytes, SEQUENCE, what)?;
        if small(parts.take(INTEGER, what)?, what)? != 1 {
            return Err(DerError("version of the request"));
        }
        let imprint = parts.whole(SEQUENCE, "imprint")?;
        let mut inner = Elements::only(imprint, SEQUENCE, "imprint")?;
        let mut algorithm = Elements::new(inner.take(SEQUENCE, "imprint")?);
        let name = dotted(algorithm.take(OID, "imprint")?)?;
        let hash = inner.take(OCTET_STRING, "imprint")?;
        inner.end("imprint")?;
        let policy = parts.optional(OID, "policy")?.map(dotted).transpose()?;
        let nonce = parts.optional(INTEGER, "nonce")?;
        if nonce.is_some_and(|nonce| nonce.len() > 64) {
            return Err(DerError("nonce"));
        }
        let wants_certificate = parts.optional(BOOLEAN, "certReq")? == Some(&[0xff]);
        let has_extensions = parts.optional(context(0), "extensions")?.is_some();
        parts.end(what)?;
        Ok(Self {
            algorithm: name,
            imprint,
            hash,
            policy,
            nonce,
            wants_certificate,
            has_extensions,
        })
    }
}
