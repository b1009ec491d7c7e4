//! Certificates of signers: what they say, and whether they are trusted.

use std::time::Duration as StdDuration;

use bergshamra::crypto::sign::SigningKey;
use bergshamra::keys::loader::load_x509_cert_der;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use time::OffsetDateTime;
use webpki::{EndEntityCert, ExtendedKeyUsageValidator, KeyPurposeIdIter, anchor_from_trusted_cert};
use x509_cert::Certificate;
use x509_cert::der::asn1::UintRef;
use x509_cert::der::{Decode, Reader, SliceReader};

use super::SecurityPolicy;

/// Least and largest length of RSA keys in bits.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
const RSA_OID: &str = "1.2.840.113549.1.1.1";
const EC_OID: &str = "1.2.840.10045.2.1";
const P256_OID: &str = "1.2.840.10045.3.1.7";

/// What a certificate says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CertificateFacts {
    /// The certificate, DER.
    pub der: Vec<u8>,
    /// Subject.
    pub subject: String,
    /// Issuer.
    pub issuer: String,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// First moment of validity.
    pub not_before: OffsetDateTime,
    /// Last moment of validity.
    pub not_after: OffsetDateTime,
    pub(super) key: KeyKind,
}

/// Kind of a public key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum KeyKind {
    Rsa { bits: usize },
    P256,
    Other,
}

impl KeyKind {
    /// Whether it is strong enough, and small enough to be computed with.
    pub(super) fn is_allowed(self) -> bool {
        match self {
            Self::Rsa { bits } => RSA_BITS.contains(&bits),
            Self::P256 => true,
            Self::Other => false,
        }
    }
}

impl CertificateFacts {
    /// Reads a certificate.
    ///
    /// # Errors
    /// When the bytes are no X.509 certificate.
    pub fn read(der: &[u8]) -> Result<Self, String> {
        let certificate = Certificate::from_der(der).map_err(|error| error.to_string())?;
        let body = &certificate.tbs_certificate;
        let moment = |time: &x509_cert::time::Time| {
            let seconds = time.to_unix_duration().as_secs();
            i64::try_from(seconds)
                .ok()
                .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
                .ok_or_else(|| "the validity is out of range".to_owned())
        };
        Ok(Self {
            der: der.to_vec(),
            subject: body.subject.to_string(),
            issuer: body.issuer.to_string(),
            serial: crate::text::hex(body.serial_number.as_bytes()),
            not_before: moment(&body.validity.not_before)?,
            not_after: moment(&body.validity.not_after)?,
            key: key_kind(&certificate),
        })
    }

    /// The public key for verification.
    pub(super) fn public_key(&self) -> Result<SigningKey, String> {
        load_x509_cert_der(&self.der)
            .and_then(|key| key.software_key())
            .map_err(|error| error.to_string())?
            .ok_or_else(|| "the key cannot be used for signatures".to_owned())
    }

    pub(super) fn is_valid_at(&self, now: OffsetDateTime) -> bool {
        self.not_before <= now && now <= self.not_after
    }
}

fn key_kind(certificate: &Certificate) -> KeyKind {
    let info = &certificate.tbs_certificate.subject_public_key_info;
    match info.algorithm.oid.to_string().as_str() {
        RSA_OID => rsa_bits(info.subject_public_key.raw_bytes()).map_or(KeyKind::Other, |bits| KeyKind::Rsa { bits }),
        EC_OID => {
            let curve = info
                .algorithm
                .parameters
                .as_ref()
                .and_then(|parameters| parameters.decode_as::<der::asn1::ObjectIdentifier>().ok());
            match curve {
                Some(curve) if curve.to_string() == P256_OID => KeyKind::P256,
                _ => KeyKind::Other,
            }
        }
        _ => KeyKind::Other,
    }
}

/// Length of the modulus of an RSAPublicKey (RFC 8017 A.1.1).
fn rsa_bits(key: &[u8]) -> Option<usize> {
    let mut reader = SliceReader::new(key).ok()?;
    let modulus: Vec<u8> = reader
        .sequence(|inner| {
            let modulus: UintRef<'_> = inner.decode()?;
            let _exponent: UintRef<'_> = inner.decode()?;
            Ok(modulus.as_bytes().to_vec())
        })
        .ok()?;
    let first = modulus.first()?;
    Some(modulus.len() * 8 - first.leading_zeros() as usize)
}

/// Why a certificate is not taken.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Distrust {
    /// Not valid now.
    Time,
    /// No way to somebody who is trusted.
    Untrusted(String),
}

/// Whether a certificate is trusted. `others` are certificates that came with it.
pub(super) fn judge_trust(
    certificate: &CertificateFacts,
    others: &[Vec<u8>],
    policy: &SecurityPolicy,
) -> Result<(), Distrust> {
    if !certificate.is_valid_at(policy.now) {
        return Err(Distrust::Time);
    }
    if policy
        .trusted
        .iter()
        .chain(&policy.authorities)
        .any(|known| *known == certificate.der)
    {
        return Ok(());
    }
    let anchors: Vec<CertificateDer<'_>> = policy
        .authorities
        .iter()
        .map(|der| CertificateDer::from(der.as_slice()))
        .collect();
    let anchors: Vec<_> = anchors
        .iter()
        .filter_map(|der| anchor_from_trusted_cert(der).ok())
        .collect();
    if anchors.is_empty() {
        return Err(Distrust::Untrusted("no authority is trusted".into()));
    }
    let others: Vec<CertificateDer<'_>> = others.iter().map(|der| CertificateDer::from(der.as_slice())).collect();
    let leaf = CertificateDer::from(certificate.der.as_slice());
    let now = u64::try_from(policy.now.unix_timestamp()).map_err(|_| Distrust::Time)?;
    let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
    EndEntityCert::try_from(&leaf)
        .and_then(|leaf| {
            leaf.verify_for_usage(
                algorithms.all,
                &anchors,
                &others,
                UnixTime::since_unix_epoch(StdDuration::from_secs(now)),
                AnyUsage,
                None,
                None,
            )
            .map(|_| ())
        })
        .map_err(|error| match error {
            webpki::Error::CertExpired { .. } | webpki::Error::CertNotValidYet { .. } => Distrust::Time,
            error => Distrust::Untrusted(error.to_string()),
        })
}

/// WS-Security names no extended key usage.
struct AnyUsage;

impl ExtendedKeyUsageValidator for AnyUsage {
    fn validate(&self, _usages: KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

/// The certificates of a PEM text, DER.
///
/// # Errors
/// When a block is broken or there is none.
pub fn certificates_of_pem(text: &str) -> Result<Vec<Vec<u8>>, String> {
    let all: Vec<Vec<u8>> = CertificateDer::pem_slice_iter(text.as_bytes())
        .map(|certificate| certificate.map(|der| der.to_vec()))
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())?;
    if all.is_empty() {
        return Err("the text has no `-----BEGIN CERTIFICATE-----`".into());
    }
    Ok(all)
}
