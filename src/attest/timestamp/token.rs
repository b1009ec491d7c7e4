//! Reading and verifying RFC 3161 tokens.

use ring::digest;
use time::OffsetDateTime;

use super::asn1::{
    BOOLEAN, DerError, Element, Elements, GENERALIZED_TIME, INTEGER, OCTET_STRING, OID, SEQUENCE, SET, context, dotted,
    instant, small,
};
use super::certificate::{Anchor, Certificate, path};
use super::{Timestamp, TimestampError, TsaRoot};
use crate::attest::Digest;
use crate::text::hex;

/// Largest response that is read, bytes.
pub const MAX_RESPONSE: usize = 64 << 10;

/// Most certificates of a token that are looked at.
const MAX_CERTIFICATES: usize = 16;

pub(super) const SIGNED_DATA: &str = "1.2.840.113549.1.7.2";
pub(super) const TST_INFO: &str = "1.2.840.113549.1.9.16.1.4";
pub(super) const CONTENT_TYPE: &str = "1.2.840.113549.1.9.3";
pub(super) const MESSAGE_DIGEST: &str = "1.2.840.113549.1.9.4";
pub(super) const SIGNING_CERTIFICATE_V2: &str = "1.2.840.113549.1.9.16.2.47";
pub(super) const SHA256: &str = "2.16.840.1.101.3.4.2.1";
const SHA384: &str = "2.16.840.1.101.3.4.2.2";
const SHA512: &str = "2.16.840.1.101.3.4.2.3";

/// What a response says, its form checked, nothing verified.
pub(super) struct Token<'a> {
    info: Info<'a>,
    /// Bytes of the TSTInfo.
    content: &'a [u8],
    certificates: Vec<Certificate<'a>>,
    signer: SignerInfo<'a>,
}

struct Info<'a> {
    policy: String,
    imprint_algorithm: String,
    imprint: &'a [u8],
    serial: &'a [u8],
    time: OffsetDateTime,
    accuracy_ms: Option<u64>,
    nonce: Option<&'a [u8]>,
}

struct SignerInfo<'a> {
    issuer: &'a [u8],
    serial: &'a [u8],
    digest: String,
    /// The signed attributes as a SET OF, which is what is signed.
    signed: Vec<u8>,
    content_type: String,
    message_digest: &'a [u8],
    certificate: CertificateId<'a>,
    algorithm: &'a [u8],
    signature: &'a [u8],
}

struct CertificateId<'a> {
    algorithm: String,
    hash: &'a [u8],
    /// Issuer name (DER) and serial, if they are named.
    issuer: Option<(&'a [u8], &'a [u8])>,
}

/// Verifies a response (`.tsr`) over data of which only the SHA-256 is given.
///
/// # Errors
/// With the first check that fails.
pub fn verify(response: &[u8], imprint: Digest, roots: &[TsaRoot]) -> Result<Timestamp, TimestampError> {
    let token = Token::parse(response)?;
    token.verify(imprint, roots)
}

impl<'a> Token<'a> {
    pub(super) fn parse(response: &'a [u8]) -> Result<Self, TimestampError> {
        if response.len() > MAX_RESPONSE {
            return Err(TimestampError::TooLarge(response.len()));
        }
        let what = "response";
        let mut parts = Elements::only(response, SEQUENCE, what)?;
        let mut status = Elements::new(parts.take(SEQUENCE, "status")?);
        let code = small(status.take(INTEGER, "status")?, "status")?;
        if code > 1 {
            return Err(TimestampError::Refused(code, refusal(status)));
        }
        let mut content = Elements::new(parts.take(SEQUENCE, "token")?);
        parts.end(what)?;
        if dotted(content.take(OID, "token")?)? != SIGNED_DATA {
            return Err(DerError("token: not signed data").into());
        }
        let explicit = content.take(context(0), "token")?;
        content.end("token")?;
        Self::signed_data(Elements::only(explicit, SEQUENCE, "signed data")?)
    }

    fn signed_data(mut data: Elements<'a>) -> Result<Self, TimestampError> {
        let what = "signed data";
        if small(data.take(INTEGER, "version of the signed data")?, "version")? != 3 {
            return Err(DerError("version of the signed data is not 3").into());
        }
        data.take(SET, "digest algorithms")?;
        let mut encapsulated = Elements::new(data.take(SEQUENCE, "content")?);
        if dotted(encapsulated.take(OID, "content type")?)? != TST_INFO {
            return Err(DerError("the content is no TSTInfo").into());
        }
        let explicit = encapsulated.take(context(0), "content")?;
        encapsulated.end("content")?;
        let mut inner = Elements::new(explicit);
        let content = inner.take(OCTET_STRING, "content that is no OCTET STRING")?;
        inner.end("content")?;
        let certificates = match data.optional(context(0), "certificates")? {
            None => Vec::new(),
            Some(list) => certificates(list)?,
        };
        data.optional(context(1), "revocation lists")?;
        let mut signers = Elements::new(data.take(SET, "signers")?);
        data.end(what)?;
        let signer = SignerInfo::parse(Elements::new(signers.take(SEQUENCE, "signer")?))?;
        signers.end("more than one signer")?;
        Ok(Self {
            info: Info::parse(content)?,
            content,
            certificates,
            signer,
        })
    }

    #[cfg(test)]
    pub(super) fn certificate_bytes(&self, index: usize) -> &'a [u8] {
        self.certificates[index].whole
    }

    pub(super) fn nonce(&self) -> Option<&'a [u8]> {
        self.info.nonce
    }

    /// Whether the token is over bytes with this SHA-256.
    pub(super) fn about(&self, imprint: Digest) -> Result<(), TimestampError> {
        if self.info.imprint_algorithm == SHA256 && self.info.imprint == imprint.as_bytes() {
            return Ok(());
        }
        Err(TimestampError::Imprint)
    }

    pub(super) fn verify(&self, imprint: Digest, roots: &[TsaRoot]) -> Result<Timestamp, TimestampError> {
        self.about(imprint)?;
        let info = &self.info;
        let signer = &self.signer;
        if signer.content_type != TST_INFO {
            return Err(TimestampError::Attribute("contentType"));
        }
        let digested = hash(&signer.digest, self.content).ok_or(TimestampError::Attribute("messageDigest"))?;
        if digested.as_ref() != signer.message_digest {
            return Err(TimestampError::Attribute("messageDigest"));
        }
        let leaf = self
            .certificates
            .iter()
            .find(|certificate| certificate.issuer == signer.issuer && certificate.serial == signer.serial)
            .ok_or(TimestampError::NoCertificate)?;
        signer.certificate.names(leaf)?;
        if !leaf.verify(signer.algorithm, Some(&signer.digest), &signer.signed, signer.signature) {
            return Err(TimestampError::Signature);
        }
        let anchors = roots
            .iter()
            .map(TsaRoot::anchor)
            .collect::<Result<Vec<Anchor<'_>>, _>>()?;
        let root = &roots[path(leaf, &self.certificates, &anchors, info.time)?];
        if !root.policies.is_empty() && !root.policies.contains(&info.policy) {
            return Err(TimestampError::Policy(info.policy.clone()));
        }
        if root.not_after.is_some_and(|end| info.time > end) {
            return Err(TimestampError::NotValidThen(leaf.name()));
        }
        Ok(Timestamp {
            time: info.time,
            accuracy_ms: info.accuracy_ms,
            policy: info.policy.clone(),
            serial: hex(info.serial),
            authority: leaf.name(),
        })
    }
}

/// The texts of a refusal.
fn refusal(mut status: Elements<'_>) -> String {
    let mut words = Vec::new();
    if let Ok(Some(texts)) = status.optional(SEQUENCE, "status text") {
        let mut texts = Elements::new(texts);
        while let Ok(text) = texts.next("status text") {
            words.push(
                String::from_utf8_lossy(text.content)
                    .chars()
                    .take(200)
                    .collect::<String>(),
            );
        }
    }
    words.join("; ")
}

fn certificates(list: &[u8]) -> Result<Vec<Certificate<'_>>, DerError> {
    let mut entries = Elements::new(list);
    let mut found = Vec::new();
    while !entries.is_empty() {
        let entry = entries.next("certificate")?;
        // Other choices than a certificate (attribute certificates) carry a context tag.
        if entry.tag == SEQUENCE {
            found.push(Certificate::parse(entry.whole)?);
        }
        if found.len() > MAX_CERTIFICATES {
            return Err(DerError("too many certificates"));
        }
    }
    Ok(found)
}

impl<'a> Info<'a> {
    fn parse(bytes: &'a [u8]) -> Result<Self, DerError> {
        let what = "TSTInfo";
        let mut parts = Elements::only(bytes, SEQUENCE, what)?;
        if small(parts.take(INTEGER, what)?, what)? != 1 {
            return Err(DerError("version of the TSTInfo is not 1"));
        }
        let policy = dotted(parts.take(OID, "policy")?)?;
        let mut imprint = Elements::new(parts.take(SEQUENCE, "imprint")?);
        let imprint_algorithm = algorithm_name(imprint.take(SEQUENCE, "imprint")?)?;
        let imprinted = imprint.take(OCTET_STRING, "imprint")?;
        imprint.end("imprint")?;
        let serial = parts.take(INTEGER, "serial number")?;
        let time: Element<'_> = parts.next("time")?;
        if time.tag != GENERALIZED_TIME {
            return Err(DerError("time"));
        }
        let time = instant(time)?;
        let accuracy_ms = parts.optional(SEQUENCE, "accuracy")?.map(accuracy).transpose()?;
        parts.optional(BOOLEAN, "ordering")?;
        let nonce = parts.optional(INTEGER, "nonce")?;
        parts.optional(context(0), "tsa")?;
        parts.optional(context(1), "extensions")?;
        parts.end(what)?;
        Ok(Self {
            policy,
            imprint_algorithm,
            imprint: imprinted,
            serial,
            time,
            accuracy_ms,
            nonce,
        })
    }
}

/// Accuracy in milliseconds, rounded up.
fn accuracy(content: &[u8]) -> Result<u64, DerError> {
    let what = "accuracy";
    let mut parts = Elements::new(content);
    let mut part = |tag| -> Result<u64, DerError> {
        parts
            .optional(tag, what)?
            .map_or(Ok(0), |number| small(number, what).map(u64::from))
    };
    let (seconds, millis, micros) = (part(INTEGER)?, part(0x80)?, part(0x81)?);
    Ok(seconds * 1000 + millis + micros.div_ceil(1000))
}

/// Name of an algorithm that takes no parameters (absent or NULL).
fn algorithm_name(content: &[u8]) -> Result<String, DerError> {
    let mut parts = Elements::new(content);
    let name = dotted(parts.take(OID, "algorithm")?)?;
    parts.optional(super::asn1::NULL, "algorithm")?;
    parts.end("algorithm with parameters")?;
    Ok(name)
}

impl<'a> SignerInfo<'a> {
    fn parse(mut parts: Elements<'a>) -> Result<Self, DerError> {
        let what = "signer";
        if small(parts.take(INTEGER, what)?, what)? != 1 {
            return Err(DerError("version of the signer is not 1"));
        }
        let mut id = Elements::new(parts.take(SEQUENCE, "issuer and serial number of the signer")?);
        let issuer = id.whole(SEQUENCE, what)?;
        let serial = id.take(INTEGER, what)?;
        id.end(what)?;
        let digest = algorithm_name(parts.take(SEQUENCE, "digest algorithm")?)?;
        let attributes = parts.take(context(0), "signed attributes")?;
        let algorithm = parts.whole(SEQUENCE, "signature algorithm")?;
        let signature = parts.take(OCTET_STRING, "signature")?;
        parts.optional(context(1), "unsigned attributes")?;
        parts.end(what)?;
        let attributes_read = Attributes::parse(attributes)?;
        Ok(Self {
            issuer,
            serial,
            digest,
            signed: super::asn1::element(SET, attributes),
            content_type: dotted(attributes_read.content_type)?,
            message_digest: attributes_read.message_digest,
            certificate: CertificateId::parse(attributes_read.certificate)?,
            algorithm,
            signature,
        })
    }
}

struct Attributes<'a> {
    content_type: &'a [u8],
    message_digest: &'a [u8],
    certificate: &'a [u8],
}

impl<'a> Attributes<'a> {
    /// Every attribute once, with one value.
    fn parse(content: &'a [u8]) -> Result<Self, DerError> {
        let what = "signed attribute";
        let mut seen: Vec<(String, Element<'a>)> = Vec::new();
        let mut entries = Elements::new(content);
        while !entries.is_empty() {
            let mut entry = Elements::new(entries.take(SEQUENCE, what)?);
            let name = dotted(entry.take(OID, what)?)?;
            let mut values = Elements::new(entry.take(SET, what)?);
            entry.end(what)?;
            let value = values.next(what)?;
            values.end("a signed attribute with two values")?;
            if seen.iter().any(|(known, _)| *known == name) {
                return Err(DerError("a signed attribute stands twice"));
            }
            seen.push((name, value));
        }
        let find = |name: &str, tag: u8, what: &'static str| {
            seen.iter()
                .find(|(known, value)| known == name && value.tag == tag)
                .map(|(_, value)| value.content)
                .ok_or(DerError(what))
        };
        Ok(Self {
            content_type: find(CONTENT_TYPE, OID, "contentType is missing")?,
            message_digest: find(MESSAGE_DIGEST, OCTET_STRING, "messageDigest is missing")?,
            certificate: find(SIGNING_CERTIFICATE_V2, SEQUENCE, "signingCertificateV2 is missing")?,
        })
    }
}

impl<'a> CertificateId<'a> {
    /// The first of a SigningCertificateV2: that of the signer.
    fn parse(content: &'a [u8]) -> Result<Self, DerError> {
        let what = "signingCertificateV2";
        let mut list = Elements::new(Elements::new(content).take(SEQUENCE, what)?);
        let mut first = Elements::new(list.take(SEQUENCE, what)?);
        let algorithm = match first.optional(SEQUENCE, what)? {
            None => SHA256.to_owned(),
            Some(algorithm) => algorithm_name(algorithm)?,
        };
        let hash = first.take(OCTET_STRING, what)?;
        let issuer = match first.optional(SEQUENCE, what)? {
            None => None,
            Some(id) => {
                let mut id = Elements::new(id);
                let mut names = Elements::new(id.take(SEQUENCE, what)?);
                let mut name = Elements::new(names.take(context(4), what)?);
                Some((name.whole(SEQUENCE, what)?, id.take(INTEGER, what)?))
            }
        };
        first.end(what)?;
        Ok(Self {
            algorithm,
            hash,
            issuer,
        })
    }

    fn names(&self, certificate: &Certificate<'_>) -> Result<(), TimestampError> {
        let fits = hash(&self.algorithm, certificate.whole).is_some_and(|digest| digest.as_ref() == self.hash)
            && self
                .issuer
                .is_none_or(|(issuer, serial)| issuer == certificate.issuer && serial == certificate.serial);
        if fits {
            Ok(())
        } else {
            Err(TimestampError::Attribute("signingCertificateV2"))
        }
    }
}

fn hash(algorithm: &str, bytes: &[u8]) -> Option<digest::Digest> {
    let algorithm = match algorithm {
        SHA256 => &digest::SHA256,
        SHA384 => &digest::SHA384,
        SHA512 => &digest::SHA512,
        _ => return None,
    };
    Some(digest::digest(algorithm, bytes))
}
