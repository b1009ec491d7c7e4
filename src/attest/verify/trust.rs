//! Whose signatures count. Trust comes from outside of what is checked: keys in a bundle or pack prove nothing.
//!
//! A checker is given files: a public key in PEM (a vendor's), certificates in PEM (roots of timestamp authorities), or
//! a *trust bundle* of the certifying body: keys with their roles and validity, the policy of the log, the roots of
//! timestamp authorities. A trust bundle is a signed statement; the next version of it is signed by the root keys of the
//! one before, so that a checker who was given version 1 years ago can walk to the newest by himself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::{Date, OffsetDateTime};

use super::clock;
use crate::attest::canonical::{self, CanonicalError, StrictError};
use crate::attest::envelope::{Envelope, EnvelopeError};
use crate::attest::key::{Algorithm, KeyError, PublicKey, SignError, Signer};
use crate::attest::log::Policy;
use crate::attest::statement::{Predicate, Statement, StatementError, Subject, predicate_type};
use crate::attest::timestamp::{TimestampError, TsaRoot};
use crate::attest::{Digest, DigestSet};

/// Form of a trust bundle.
pub const TRUST_BUNDLE: &str = "trust-bundle/v1";

/// What a key is trusted for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Signs the next trust bundle.
    Root,
    /// Decides on registrations, and says which keys are a vendor's.
    Decision,
    /// Publishes suites.
    Suite,
    /// Signs snapshots of the catalog.
    Snapshot,
    /// Signs reports.
    Vendor,
}

/// `trust-bundle/v1`: whose signatures count for the certifying body.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TrustBundle {
    /// Who publishes it.
    pub issuer: String,
    /// Keys.
    pub keys: Vec<BundleKey>,
    /// Policy of the log (C2SP tlog-policy): key of the log, witnesses, quorum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<String>,
    /// [`TRUST_BUNDLE`].
    pub schema: String,
    /// How many root keys have to sign the next version.
    pub threshold: u32,
    /// Roots of timestamp authorities.
    pub tsa: Vec<BundleTsa>,
    /// Version; 1 more than the one before.
    pub version: u64,
}

impl Predicate for TrustBundle {
    const TYPE: &'static str = predicate_type!("trust-bundle/v1");
}

/// A key in a trust bundle.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BundleKey {
    /// `ed25519` or `p256`.
    pub alg: Algorithm,
    /// Signatures whose trusted time is not before that moment (RFC 3339) are void.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compromised_since: Option<String>,
    /// Last day, YYYY-MM-DD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
    /// First day, YYYY-MM-DD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<String>,
    /// What it is trusted for.
    pub role: Role,
    /// SPKI, base64.
    pub spki: String,
    /// 法人番号 of the vendor whose key it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
}

impl BundleKey {
    /// A key without limits.
    pub fn new(role: Role, key: &PublicKey) -> Self {
        Self {
            alg: key.algorithm(),
            compromised_since: None,
            not_after: None,
            not_before: None,
            role,
            spki: STANDARD.encode(key.to_spki_der()),
            vendor: None,
        }
    }
}

/// A root of timestamp authorities in a trust bundle.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BundleTsa {
    /// Certificate policies of which one has to be in the certificates below; empty for any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub certificate_policies: Vec<String>,
    /// Last day of its tokens, YYYY-MM-DD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
    /// Policies of tokens that count; empty for any.
    pub policies: Vec<String>,
    /// Certificate, DER in base64.
    pub root: String,
}

/// A key that counts.
#[derive(Clone, Debug)]
pub struct TrustedKey {
    /// For what.
    pub role: Role,
    /// The key.
    pub key: PublicKey,
    not_before: Option<Date>,
    not_after: Option<Date>,
    compromised_since: Option<OffsetDateTime>,
}

/// Everything that a checker trusts.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    keys: Vec<TrustedKey>,
    bundle: Option<TrustBundle>,
    policy: Option<Policy>,
    tsa: Vec<TsaRoot>,
}

/// Why a trust file does not count.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TrustError {
    /// Nothing that can be trusted.
    #[error("neither a public key or certificate in PEM, nor a trust bundle")]
    Unknown,
    /// A public key that cannot be read.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A certificate that cannot be read.
    #[error("certificate: {0}")]
    Certificate(#[from] TimestampError),
    /// Not strict JSON.
    #[error("the trust bundle is {0}")]
    Json(#[from] StrictError),
    /// Another form.
    #[error("the trust bundle does not have the form of {TRUST_BUNDLE}: {0}")]
    Form(String),
    /// No envelope.
    #[error("trust bundle: {0}")]
    Envelope(#[from] EnvelopeError),
    /// No statement.
    #[error("trust bundle: {0}")]
    Statement(#[from] StatementError),
    /// Two trust bundles that do not follow from one another.
    #[error("only one trust bundle can be the beginning; give its later versions in the same file, one a line")]
    Two,
    /// A version that does not follow.
    #[error("version {found} of the trust bundle follows {expected}, not {before}")]
    Version {
        /// Version before.
        before: u64,
        /// What could follow.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// Not enough root keys.
    #[error(
        "version {version} of the trust bundle is signed by {found} root key(s) of {whose}, {threshold} have to sign it"
    )]
    Threshold {
        /// Version.
        version: u64,
        /// Distinct root keys that signed.
        found: usize,
        /// Which bundle's root keys were counted.
        whose: &'static str,
        /// How many are needed.
        threshold: u32,
    },
    /// A trust bundle that cannot be written.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// A key that cannot sign.
    #[error(transparent)]
    Sign(#[from] SignError),
}

impl TrustBundle {
    /// The signed form: one line.
    ///
    /// # Errors
    /// When a key cannot sign.
    pub fn sign(&self, roots: &[&dyn Signer]) -> Result<String, TrustError> {
        let digest = Digest::of(&canonical::to_bytes(self)?);
        let statement = Statement {
            subject: vec![Subject::new(format!("trust-bundle {}", self.version), digest)],
            predicate: self.clone(),
        };
        Ok(Envelope::sign(&statement.to_bytes()?, roots)?.to_line())
    }

    fn roots(&self) -> Result<Vec<PublicKey>, TrustError> {
        let roots = self.keys.iter().filter(|key| key.role == Role::Root);
        roots.map(|key| public(&key.spki)).collect()
    }

    /// Whether enough of its root keys signed an envelope.
    fn count(&self, envelope: &Envelope, version: u64, whose: &'static str) -> Result<(), TrustError> {
        let found = envelope.signers(&self.roots()?).len();
        let needed = self.threshold.max(1);
        if found >= needed as usize {
            return Ok(());
        }
        Err(TrustError::Threshold {
            version,
            found,
            whose,
            threshold: needed,
        })
    }
}

impl Trust {
    /// Trusts nobody.
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds what stands in a file that the checker holds from elsewhere.
    ///
    /// # Errors
    /// When it is nothing that can be trusted.
    pub fn add(&mut self, bytes: &[u8]) -> Result<(), TrustError> {
        let text = std::str::from_utf8(bytes).map_err(|_| TrustError::Unknown)?.trim();
        if text.starts_with("-----BEGIN PUBLIC KEY-----") {
            self.add_vendor_key(PublicKey::from_pem(text)?);
            return Ok(());
        }
        if text.contains("-----BEGIN CERTIFICATE-----") {
            self.tsa.extend(TsaRoot::from_pem(text)?);
            return Ok(());
        }
        if !text.starts_with('{') {
            return Err(TrustError::Unknown);
        }
        if self.bundle.is_some() {
            return Err(TrustError::Two);
        }
        if let Ok(bundle) = read_bundle(text.as_bytes()) {
            return self.adopt(bundle);
        }
        let mut lines = text.lines();
        let (envelope, bundle) = open(lines.next().unwrap_or_default().as_bytes())?;
        bundle.count(&envelope, bundle.version, "its own")?;
        self.adopt(bundle)?;
        lines.try_for_each(|line| self.step(line.as_bytes()))
    }

    /// Trusts a key to be a vendor's.
    pub fn add_vendor_key(&mut self, key: PublicKey) {
        self.keys.push(TrustedKey {
            role: Role::Vendor,
            key,
            not_before: None,
            not_after: None,
            compromised_since: None,
        });
    }

    /// Walks to later versions of the trust bundle that come with what is checked. Versions that are known are passed
    /// over.
    ///
    /// # Errors
    /// When a later version is not signed by the root keys of the one before.
    pub fn walk(&mut self, lines: &[u8]) -> Result<(), TrustError> {
        let Some(known) = self.bundle.as_ref().map(|bundle| bundle.version) else {
            return Ok(());
        };
        for line in lines.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            if open(line)?.1.version > known {
                self.step(line)?;
            }
        }
        Ok(())
    }

    fn step(&mut self, line: &[u8]) -> Result<(), TrustError> {
        let (envelope, bundle) = open(line)?;
        let before = self.bundle.take().ok_or(TrustError::Unknown)?;
        let expected = before.version + 1;
        let sound = if bundle.version == expected {
            before
                .count(&envelope, bundle.version, "the version before")
                .and_then(|()| bundle.count(&envelope, bundle.version, "its own"))
        } else {
            Err(TrustError::Version {
                before: before.version,
                expected,
                found: bundle.version,
            })
        };
        self.bundle = Some(before);
        sound?;
        self.adopt(bundle)
    }

    /// Takes the place of the trust bundle before.
    fn adopt(&mut self, bundle: TrustBundle) -> Result<(), TrustError> {
        let form = |what: &str, text: &str| TrustError::Form(format!("{what} `{text}`"));
        let day = |text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => clock::day(text).map(Some).ok_or_else(|| form("no day:", text)),
        };
        let mut keys = Vec::new();
        for entry in &bundle.keys {
            let key = public(&entry.spki)?;
            if key.algorithm() != entry.alg {
                return Err(form("the algorithm differs from the key:", &entry.spki));
            }
            let compromised_since = match &entry.compromised_since {
                None => None,
                Some(text) => Some(clock::moment(text).ok_or_else(|| form("no time:", text))?),
            };
            keys.push(TrustedKey {
                role: entry.role,
                key,
                not_before: day(&entry.not_before)?,
                not_after: day(&entry.not_after)?,
                compromised_since,
            });
        }
        let mut tsa = Vec::new();
        for entry in &bundle.tsa {
            let certificate = STANDARD
                .decode(&entry.root)
                .map_err(|_| form("no base64:", &entry.root))?;
            tsa.push(TsaRoot {
                certificate,
                policies: entry.policies.clone(),
                certificate_policies: entry.certificate_policies.clone(),
                not_after: day(&entry.not_after)?.map(clock::end_of),
            });
        }
        self.policy = match &bundle.log {
            None => None,
            Some(text) => Some(
                text.parse()
                    .map_err(|error| TrustError::Form(format!("log policy: {error}")))?,
            ),
        };
        // Keys that were given one by one stay.
        let given: Vec<TrustedKey> = if self.bundle.is_none() {
            std::mem::take(&mut self.keys)
        } else {
            self.given()
        };
        self.keys = given.into_iter().chain(keys).collect();
        let before: Vec<Vec<u8>> = self.bundle.iter().flat_map(roots_of).collect();
        self.tsa.retain(|root| !before.contains(&root.certificate));
        self.tsa.extend(tsa);
        self.bundle = Some(bundle);
        Ok(())
    }

    /// The vendor keys that did not come with the trust bundle.
    fn given(&self) -> Vec<TrustedKey> {
        let bundled: Vec<Vec<u8>> = self
            .bundle
            .iter()
            .flat_map(|bundle| &bundle.keys)
            .filter_map(|entry| STANDARD.decode(&entry.spki).ok())
            .collect();
        let own = |key: &&TrustedKey| !bundled.iter().any(|spki| spki == key.key.to_spki_der());
        self.keys.iter().filter(own).cloned().collect()
    }

    /// Whether nobody is trusted.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty() && self.bundle.is_none()
    }

    /// Version of the trust bundle.
    pub fn version(&self) -> Option<u64> {
        self.bundle.as_ref().map(|bundle| bundle.version)
    }

    /// Keys that count in a role for a signature that existed at that time; without a time, those that were not
    /// revoked.
    pub fn keys(&self, role: Role, at: Option<OffsetDateTime>) -> Vec<PublicKey> {
        self.keys
            .iter()
            .filter(|key| key.role == role && key.counts(at))
            .map(|key| key.key.clone())
            .collect()
    }

    /// Policy of the log.
    pub fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    /// Roots of timestamp authorities.
    pub fn tsa(&self) -> &[TsaRoot] {
        &self.tsa
    }
}

impl TrustedKey {
    fn counts(&self, at: Option<OffsetDateTime>) -> bool {
        let Some(at) = at else {
            return self.compromised_since.is_none();
        };
        self.not_before.is_none_or(|first| first <= clock::day_of(at))
            && self.not_after.is_none_or(|last| clock::day_of(at) <= last)
            && self.compromised_since.is_none_or(|since| at < since)
    }
}

fn roots_of(bundle: &TrustBundle) -> Vec<Vec<u8>> {
    let roots = bundle.tsa.iter();
    roots.filter_map(|entry| STANDARD.decode(&entry.root).ok()).collect()
}

fn public(spki: &str) -> Result<PublicKey, TrustError> {
    let der = STANDARD
        .decode(spki)
        .map_err(|_| TrustError::Form(format!("no base64: `{spki}`")))?;
    Ok(PublicKey::from_spki_der(&der)?)
}

fn read_bundle(bytes: &[u8]) -> Result<TrustBundle, TrustError> {
    let value = canonical::parse(bytes)?;
    let bundle: TrustBundle = serde_json::from_value(value).map_err(|error| TrustError::Form(error.to_string()))?;
    if bundle.schema != TRUST_BUNDLE {
        return Err(TrustError::Form(format!("its format is `{}`", bundle.schema)));
    }
    Ok(bundle)
}

fn open(line: &[u8]) -> Result<(Envelope, TrustBundle), TrustError> {
    let envelope = Envelope::parse(line)?;
    let statement = Statement::<TrustBundle>::parse(&envelope.payload)?;
    let bundle = statement.predicate;
    if bundle.schema != TRUST_BUNDLE {
        return Err(TrustError::Form(format!("its format is `{}`", bundle.schema)));
    }
    let own = DigestSet::of(&canonical::to_bytes(&bundle)?);
    if statement.subject.len() != 1 || statement.subject[0].digest != own {
        return Err(TrustError::Form("the subject is another one".into()));
    }
    Ok((envelope, bundle))
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;
    use crate::attest::key::FileKey;

    fn key(byte: u8) -> FileKey {
        FileKey::from_secret(Algorithm::Ed25519, &[byte; 32]).expect("a key")
    }

    fn bundle(version: u64, roots: &[u8], decision: u8) -> TrustBundle {
        let mut keys: Vec<BundleKey> = roots
            .iter()
            .map(|byte| BundleKey::new(Role::Root, key(*byte).public()))
            .collect();
        keys.push(BundleKey {
            not_before: Some("2026-04-01".into()),
            not_after: Some("2029-03-31".into()),
            ..BundleKey::new(Role::Decision, key(decision).public())
        });
        TrustBundle {
            issuer: "test body".into(),
            keys,
            log: None,
            schema: TRUST_BUNDLE.into(),
            threshold: 2,
            tsa: Vec::new(),
            version,
        }
    }

    fn signed(bundle: &TrustBundle, by: &[u8]) -> String {
        let keys: Vec<FileKey> = by.iter().map(|byte| key(*byte)).collect();
        let signers: Vec<&dyn Signer> = keys.iter().map(|key| key as &dyn Signer).collect();
        bundle.sign(&signers).expect("signed")
    }

    #[test]
    fn a_later_version_is_walked_to_through_the_roots_of_the_one_before() {
        let first = signed(&bundle(1, &[1, 2, 3], 9), &[1, 2]);
        let rotated = bundle(2, &[2, 3, 4], 10);
        let mut trust = Trust::none();
        trust.add(first.as_bytes()).expect("trusted");
        assert_eq!(trust.keys(Role::Decision, None), [key(9).public().clone()]);
        // Both the old roots and the new ones: 2 and 3 stand in both.
        for bad in [&[2][..], &[1, 4], &[1, 2], &[3, 4]] {
            let mut walker = trust.clone();
            let walked = walker.walk(signed(&rotated, bad).as_bytes());
            assert!(matches!(walked, Err(TrustError::Threshold { .. })), "{bad:?}");
            assert_eq!(walker.version(), Some(1));
        }
        trust.walk(signed(&rotated, &[2, 3]).as_bytes()).expect("walked");
        assert_eq!(trust.version(), Some(2));
        assert_eq!(trust.keys(Role::Decision, None), [key(10).public().clone()]);
        let gap = trust.walk(signed(&bundle(4, &[2, 3], 9), &[2, 3]).as_bytes());
        assert!(matches!(gap, Err(TrustError::Version { expected: 3, .. })));
        // An older one is no step back.
        trust.walk(first.as_bytes()).expect("passed over");
        assert_eq!(trust.version(), Some(2));
    }

    #[test]
    fn keys_count_in_their_role_and_time() {
        let mut compromised = bundle(1, &[1, 2], 9);
        compromised.keys[2].compromised_since = Some("2027-01-01T00:00:00Z".into());
        let mut trust = Trust::none();
        trust
            .add(&canonical::to_bytes(&compromised).expect("JSON"))
            .expect("trusted");
        let found = |at| trust.keys(Role::Decision, at).len();
        assert_eq!(found(Some(datetime!(2026-03-31 14:59:59 UTC))), 0);
        assert_eq!(found(Some(datetime!(2026-03-31 15:00 UTC))), 1);
        assert_eq!(found(Some(datetime!(2026-12-31 23:59:59 UTC))), 1);
        assert_eq!(found(Some(datetime!(2027-01-01 0:00 UTC))), 0);
        assert_eq!(
            found(None),
            0,
            "without a trusted time a compromised key counts for nothing"
        );
        assert!(trust.keys(Role::Suite, None).is_empty());
        assert!(matches!(trust.add(b"{}"), Err(TrustError::Two)));
    }

    #[test]
    fn given_keys_stay_and_other_files_are_refused() {
        let mut trust = Trust::none();
        trust.add(key(7).public().to_pem().as_bytes()).expect("trusted");
        trust
            .add(signed(&bundle(1, &[1, 2], 9), &[1, 2]).as_bytes())
            .expect("trusted");
        trust
            .walk(signed(&bundle(2, &[1, 2], 9), &[1, 2]).as_bytes())
            .expect("walked");
        assert_eq!(trust.keys(Role::Vendor, None), [key(7).public().clone()]);
        for bad in [&b""[..], b"hello", b"\xff", b"{}", b"-----BEGIN PUBLIC KEY-----\n"] {
            assert!(Trust::none().add(bad).is_err(), "{bad:?}");
        }
        let one_root = Trust::none().add(signed(&bundle(1, &[1, 2], 9), &[1]).as_bytes());
        assert!(matches!(one_root, Err(TrustError::Threshold { found: 1, .. })));
    }
}
