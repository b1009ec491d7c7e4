//! Signatures of the provider and the consumer: made and checked, and, for defects, made wrongly or checked carelessly.

use std::fmt;
use std::sync::PoisonError;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use thiserror::Error;
use time::{Duration, OffsetDateTime};

use super::client::Client;
use super::refusal::Refusal;
use super::service::Exchange;
use crate::mock::{Defect, DefectSet};
use crate::soap::addressing::Addressing;
use crate::soap::security::{
    DigestAlgorithm, EXTENSION, PasswordKind, ReplayGuard, SecurityError, SecurityFinding, SecurityPolicy,
    SecurityReport, SecurityRule, SignOptions, SignatureAlgorithm, Signer, UsernameToken, verify_document,
};
use crate::soap::{Envelope, Message, escape_text};

/// Messages that are remembered against replays.
const REMEMBERED: usize = 100_000;

/// Why keys for signatures cannot be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyError {
    /// No key or certificate can be generated.
    #[error("cannot generate a signing certificate: {0}")]
    Generate(#[from] rcgen::Error),
    /// The generated key cannot be used.
    #[error("cannot use the generated signing certificate: {0}")]
    Use(#[from] SecurityError),
}

/// A key with its certificate, and both as PEM texts for products.
pub struct IssuedSigner {
    /// What signs.
    pub signer: Signer,
    /// Certificate, PEM.
    pub certificate: String,
    /// Key, PEM.
    pub key: String,
}

/// An authority for signing certificates that lives as long as the process.
pub struct SigningAuthority {
    issuer: Issuer<'static, KeyPair>,
    der: Vec<u8>,
    /// Its certificate in PEM form, for products that have to trust it.
    pub pem: String,
}

impl SigningAuthority {
    /// A new authority.
    ///
    /// # Errors
    /// When no key can be generated.
    pub fn new(name: &str) -> Result<Self, KeyError> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            pem: certificate.pem(),
            der: certificate.der().to_vec(),
            issuer: Issuer::new(params, key),
        })
    }

    /// A key (ECDSA P-256) with a certificate of this authority.
    ///
    /// # Errors
    /// When no key can be generated.
    pub fn issue(&self, name: &str) -> Result<IssuedSigner, KeyError> {
        let key = KeyPair::generate()?;
        let certificate = leaf(name).signed_by(&key, &self.issuer)?;
        issued(&certificate.pem(), &key)
    }

    /// The same with a certificate whose period is over.
    ///
    /// # Errors
    /// When no key can be generated.
    pub fn issue_expired(&self, name: &str) -> Result<IssuedSigner, KeyError> {
        let key = KeyPair::generate()?;
        let mut params = leaf(name);
        params.not_before = OffsetDateTime::now_utc() - Duration::days(730);
        params.not_after = OffsetDateTime::now_utc() - Duration::days(365);
        let certificate = params.signed_by(&key, &self.issuer)?;
        issued(&certificate.pem(), &key)
    }

    /// Its certificate, DER.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

fn leaf(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params
}

fn issued(certificate: &str, key: &KeyPair) -> Result<IssuedSigner, KeyError> {
    let key = key.serialize_pem();
    Ok(IssuedSigner {
        signer: Signer::from_pem(certificate, &key)?,
        certificate: certificate.to_owned(),
        key,
    })
}

/// Keys and trust of one side.
pub struct SecuritySettings {
    signer: Signer,
    /// A key whose certificate nobody trusts, for the defects that sign with it.
    stranger: Signer,
    authorities: Vec<Vec<u8>>,
}

impl fmt::Debug for SecuritySettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecuritySettings")
            .field("signer", &self.signer.certificate().subject)
            .finish_non_exhaustive()
    }
}

impl SecuritySettings {
    /// Settings of a side that signs with this key and trusts these authorities, DER.
    ///
    /// # Errors
    /// When no key can be generated.
    pub fn new(signer: Signer, authorities: Vec<Vec<u8>>) -> Result<Self, KeyError> {
        let key = KeyPair::generate()?;
        let certificate = leaf("development").self_signed(&key)?;
        Ok(Self {
            signer,
            stranger: issued(&certificate.pem(), &key)?.signer,
            authorities,
        })
    }

    /// Settings of a side with a certificate of an authority that it trusts itself.
    ///
    /// # Errors
    /// When no key can be generated.
    pub fn issued(authority: &SigningAuthority, name: &str) -> Result<Self, KeyError> {
        Self::new(authority.issue(name)?.signer, vec![authority.der().to_vec()])
    }

    fn policy(&self) -> SecurityPolicy {
        SecurityPolicy {
            authorities: self.authorities.clone(),
            require_must_understand: false,
            ..SecurityPolicy::new(OffsetDateTime::now_utc())
        }
    }

    /// Signs an envelope with the mistakes of `how`.
    fn sign(&self, envelope: &str, how: &Mistakes) -> Result<String, SecurityError> {
        let now = OffsetDateTime::now_utc();
        let created = if how.expired { now - Duration::hours(2) } else { now };
        let mut options = SignOptions {
            sign_body: !how.body_unsigned,
            sign_headers: !how.body_unsigned,
            ..SignOptions::new(created)
        };
        if how.weak {
            options.algorithm = Some(SignatureAlgorithm::EcdsaSha1);
            options.digest = DigestAlgorithm::Sha1;
        }
        if let Some(kind) = how.password {
            options.username = Some(UsernameToken {
                username: "renkei".into(),
                password: "a-password-of-the-mock".into(),
                kind,
                ..UsernameToken::default()
            });
        }
        let signer = if how.wrong_certificate {
            &self.stranger
        } else {
            &self.signer
        };
        signer.sign(envelope, &options)
    }
}

/// What is done wrongly when signing.
#[derive(Clone, Copy, Debug, Default)]
struct Mistakes {
    body_unsigned: bool,
    expired: bool,
    wrong_certificate: bool,
    weak: bool,
    /// Kind of the password of a UsernameToken, which has neither nonce nor time.
    password: Option<PasswordKind>,
}

pub(super) fn replay_guard() -> ReplayGuard {
    // Age and clock difference of the policy, and the difference once more.
    ReplayGuard::new(Duration::minutes(15), REMEMBERED)
}

/// Findings that a side with these defects overlooks.
fn overlooked(rule: SecurityRule, defects: &DefectSet, pairs: &[(Defect, &[SecurityRule])]) -> bool {
    pairs
        .iter()
        .any(|(defect, rules)| rules.contains(&rule) && defects.has(*defect))
}

const UNSIGNED: &[SecurityRule] = &[
    SecurityRule::SecurityHeaderMissing,
    SecurityRule::SignatureMissing,
    SecurityRule::BodyUnsigned,
    SecurityRule::TimestampMissing,
    SecurityRule::TimestampUnsigned,
];
const BODY: &[SecurityRule] = &[SecurityRule::BodyUnsigned];
const WRAPPED: &[SecurityRule] = &[SecurityRule::SignatureWrapped, SecurityRule::BodyUnsigned];
const EXPIRED: &[SecurityRule] = &[
    SecurityRule::TimestampExpired,
    SecurityRule::TimestampFuture,
    SecurityRule::TimestampTooLong,
];
const CERTIFICATE: &[SecurityRule] = &[SecurityRule::CertificateUntrusted, SecurityRule::CertificateExpired];
const TAMPERED: &[SecurityRule] = &[SecurityRule::DigestMismatch];

const PROVIDER: &[(Defect, &[SecurityRule])] = &[
    (Defect::WssUnsignedAccepted, UNSIGNED),
    (Defect::WssBodyUnsignedAccepted, BODY),
    (Defect::WssWrappedAccepted, WRAPPED),
    (Defect::WssExpiredTimestampAccepted, EXPIRED),
    (Defect::WssWrongCertificateAccepted, CERTIFICATE),
    (Defect::WssTamperedAccepted, TAMPERED),
    (Defect::WssReplayAccepted, &[SecurityRule::Replayed]),
];

const CONSUMER: &[(Defect, &[SecurityRule])] = &[
    (Defect::SoapConsumerAcceptsUnsigned, UNSIGNED),
    (Defect::SoapConsumerAcceptsBodyUnsigned, BODY),
    (Defect::SoapConsumerAcceptsWrapped, WRAPPED),
    (Defect::SoapConsumerAcceptsExpired, EXPIRED),
    (Defect::SoapConsumerAcceptsWrongCertificate, CERTIFICATE),
    (Defect::SoapConsumerAcceptsTampered, TAMPERED),
    (Defect::SoapConsumerAcceptsReplay, &[SecurityRule::Replayed]),
];

/// What is wrong with the security of a message, but for what these defects overlook.
fn findings(
    message: &Message<'_>,
    settings: &SecuritySettings,
    replays: &mut ReplayGuard,
    defects: &DefectSet,
    pairs: &[(Defect, &[SecurityRule])],
) -> Vec<SecurityFinding> {
    let policy = settings.policy();
    let report: SecurityReport = verify_document(message.envelope.document(), &policy);
    let keep = |finding: &SecurityFinding| !overlooked(finding.rule, defects, pairs);
    let found: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| keep(finding))
        .cloned()
        .collect();
    if !found.is_empty() {
        return found;
    }
    let id = Addressing::read(message)
        .ok()
        .and_then(|properties| properties.message_id);
    let mut again = replays.admit(&report, id.as_deref(), policy.now);
    again.retain(keep);
    again
}

/// The fault code for what was found (SOAP Message Security 1.0, clause 12).
fn code(rule: SecurityRule) -> &'static str {
    match rule {
        SecurityRule::SignatureInvalid
        | SecurityRule::DigestMismatch
        | SecurityRule::BodyUnsigned
        | SecurityRule::SignatureWrapped => "FailedCheck",
        SecurityRule::CertificateUntrusted | SecurityRule::CertificateExpired | SecurityRule::PasswordWrong => {
            "FailedAuthentication"
        }
        SecurityRule::CertificateMissing => "SecurityTokenUnavailable",
        SecurityRule::AlgorithmForbidden | SecurityRule::TransformForbidden => "UnsupportedAlgorithm",
        _ => "InvalidSecurity",
    }
}

fn is_secured(message: &Message<'_>) -> bool {
    let mut blocks = message.blocks_named(EXTENSION, "Security");
    blocks.any(|block| block.is_for_us())
}

impl Exchange {
    /// Checks the signature of a request, if there is one or there has to be one (`required`); tells whether there is.
    pub(super) fn check_security(&self, message: &Message<'_>, required: bool) -> Result<bool, Refusal> {
        let config = self.config();
        let Some(settings) = &config.security else {
            return Ok(false);
        };
        let secured = is_secured(message);
        if !secured && !required {
            return Ok(false);
        }
        let mut found = findings(message, settings, &mut self.replays(), &config.defects, PROVIDER);
        let is_weak = |finding: &SecurityFinding| finding.rule == SecurityRule::AlgorithmForbidden;
        if self.has(Defect::WssWeakAccepted) && found.iter().any(is_weak) {
            // A library that knows these algorithms would find nothing else either.
            found.clear();
        }
        match found.first() {
            Some(first) => {
                let reason = "the security of the message could not be verified";
                let mut refusal = Refusal::security(code(first.rule), reason);
                if self.has(Defect::WssFaultDetailLeaked) {
                    // What a stack writes that hands the exception of its library to the caller.
                    let trace = format!(
                        "javax.xml.crypto.dsig.XMLSignatureException: {} at {}: {}",
                        first.rule.name(),
                        first.path,
                        first.text.en
                    );
                    let trace = escape_text(&trace);
                    refusal.fault.detail = Some(format!(
                        "<e:exception xmlns:e=\"urn:vendor:error\">{trace}</e:exception>"
                    ));
                }
                Err(refusal)
            }
            None if secured && self.has(Defect::WssValidRefused) => {
                Err(Refusal::security("FailedCheck", "the signature is wrong"))
            }
            None => Ok(secured),
        }
    }

    /// An answer to a signed request. It goes unsigned if it cannot be signed: the receiver refuses it then.
    pub(super) fn secure(&self, envelope: &Envelope) -> String {
        let plain = envelope.write();
        let how = Mistakes {
            body_unsigned: self.has(Defect::WssResponseBodyUnsigned),
            expired: self.has(Defect::WssResponseTimestampExpired),
            wrong_certificate: self.has(Defect::WssResponseWrongCertificate),
            weak: self.has(Defect::WssWeakAlgorithmUsed),
            password: self
                .has(Defect::WssResponseDigestWithoutNonce)
                .then_some(PasswordKind::Digest),
        };
        match &self.config().security {
            Some(settings) if !self.has(Defect::WssResponseUnsigned) => settings.sign(&plain, &how).unwrap_or(plain),
            _ => plain,
        }
    }
}

impl Client {
    /// Checks the signature of an answer, which has to be there.
    pub(super) fn check_security(&self, message: &Message<'_>) -> Result<(), String> {
        let settings = self.settings()?;
        let mut replays = self.replays.lock().unwrap_or_else(PoisonError::into_inner);
        let found = findings(message, settings, &mut replays, &self.config().defects, CONSUMER);
        match found.first() {
            Some(first) => Err(format!("{} at {}: {}", first.rule.name(), first.path, first.text.en)),
            None => Ok(()),
        }
    }

    /// A signed request.
    pub(super) fn secure(&self, envelope: &Envelope) -> Result<String, String> {
        let how = Mistakes {
            body_unsigned: self.has(Defect::SoapConsumerBodyUnsigned),
            expired: self.has(Defect::SoapConsumerTimestampExpired),
            wrong_certificate: self.has(Defect::SoapConsumerWrongCertificate),
            weak: self.has(Defect::SoapConsumerWeakAlgorithm),
            password: self
                .has(Defect::SoapConsumerPasswordTextSent)
                .then_some(PasswordKind::Text),
        };
        let signed = self.settings()?.sign(&envelope.write(), &how);
        signed.map_err(|error| error.to_string())
    }

    fn settings(&self) -> Result<&SecuritySettings, String> {
        let settings = self.config().security.as_deref();
        settings.ok_or_else(|| "there is no key for signatures; configure one".to_owned())
    }
}
