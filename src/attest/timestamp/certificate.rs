//! Certificates of timestamp authorities, and the path to a listed root at the time of the token.
//!
//! TLS libraries refuse valid chains of timestamp authorities (critical certificate policies), and ask about today.
//! This is the part of RFC 5280 that such chains use; an unknown critical extension is refused.

use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use time::OffsetDateTime;

use super::TimestampError;
use super::asn1::{
    BIT_STRING, BOOLEAN, DerError, Element, Elements, INTEGER, OCTET_STRING, OID, SEQUENCE, SET, context, dotted,
    instant, small,
};

/// Longest path: the authority, intermediates, the root.
const MAX_PATH: usize = 6;

/// Most signatures that are checked on the way: sixteen certificates that all sign one another have many paths.
const MAX_SIGNATURES: u32 = 128;

/// Extended key usage of timestamp authorities.
pub(super) const EKU_TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";

const ANY_POLICY: &str = "2.5.29.32.0";

/// What of a certificate decides.
#[derive(Clone, Debug)]
pub(super) struct Certificate<'a> {
    pub(super) whole: &'a [u8],
    signed: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
    /// Content of the INTEGER.
    pub(super) serial: &'a [u8],
    /// DER of the name.
    pub(super) issuer: &'a [u8],
    /// DER of the name.
    pub(super) subject: &'a [u8],
    not_before: OffsetDateTime,
    not_after: OffsetDateTime,
    key: SubjectKey<'a>,
    extensions: Extensions,
}

#[derive(Clone, Debug)]
pub(super) struct SubjectKey<'a> {
    algorithm: String,
    curve: Option<String>,
    bits: &'a [u8],
}

#[derive(Clone, Debug, Default)]
struct Extensions {
    authority: bool,
    path_length: Option<u32>,
    /// Bits of keyUsage, first octet.
    usage: Option<u8>,
    extended_usage: Option<(bool, Vec<String>)>,
    policies: Option<(bool, Vec<String>)>,
    unknown_critical: Option<String>,
}

impl<'a> Certificate<'a> {
    pub(super) fn parse(whole: &'a [u8]) -> Result<Self, DerError> {
        let what = "certificate";
        let mut outer = Elements::only(whole, SEQUENCE, what)?;
        let signed = outer.whole(SEQUENCE, what)?;
        let algorithm = outer.whole(SEQUENCE, what)?;
        let signature = bits(outer.take(BIT_STRING, what)?)?;
        outer.end(what)?;
        let mut inner = Elements::only(signed, SEQUENCE, what)?;
        let version = inner.optional(context(0), "certificate version")?;
        let serial = inner.take(INTEGER, what)?;
        if inner.whole(SEQUENCE, what)? != algorithm {
            return Err(DerError("certificate: two different signature algorithms"));
        }
        let issuer = inner.whole(SEQUENCE, "issuer")?;
        let mut validity = Elements::new(inner.take(SEQUENCE, "validity")?);
        let not_before = instant(validity.next("validity")?)?;
        let not_after = instant(validity.next("validity")?)?;
        validity.end("validity")?;
        let subject = inner.whole(SEQUENCE, "subject")?;
        let key = SubjectKey::parse(inner.take(SEQUENCE, "public key")?)?;
        inner.optional(0x81, what)?;
        inner.optional(0x82, what)?;
        let extensions = match inner.optional(context(3), "extensions")? {
            // Version 3 is the only one with extensions.
            Some(list) if version == Some(&[2, 1, 2]) => Extensions::parse(list)?,
            Some(_) => return Err(DerError("extensions in a certificate that is not of version 3")),
            None => Extensions::default(),
        };
        inner.end(what)?;
        Ok(Self {
            whole,
            signed,
            algorithm,
            signature,
            serial,
            issuer,
            subject,
            not_before,
            not_after,
            key,
            extensions,
        })
    }

    /// Name of the subject for people: its common name, or organisation.
    pub(super) fn name(&self) -> String {
        common_name(self.subject)
    }

    /// Whether a signature over a message is of this certificate's key. `digest` is the digest algorithm that stands
    /// beside the signature algorithm, where there is one.
    pub(super) fn verify(&self, algorithm: &[u8], digest: Option<&str>, message: &[u8], signature: &[u8]) -> bool {
        verifier(algorithm, digest, &self.key).is_some_and(|verifier| {
            UnparsedPublicKey::new(verifier, self.key.bits)
                .verify(message, signature)
                .is_ok()
        })
    }

    fn valid_at(&self, at: OffsetDateTime) -> bool {
        self.not_before <= at && at <= self.not_after
    }

    fn may_issue(&self, below: usize) -> bool {
        let extensions = &self.extensions;
        extensions.authority
            && extensions.usage.is_none_or(|bits| bits & 0x04 != 0)
            && extensions
                .path_length
                .is_none_or(|most| below as u64 <= u64::from(most))
            && extensions.unknown_critical.is_none()
    }

    fn allows(&self, policies: &[String]) -> bool {
        policies.is_empty()
            || match &self.extensions.policies {
                None => false,
                Some((_, own)) => own
                    .iter()
                    .any(|policy| policy == ANY_POLICY || policies.contains(policy)),
            }
    }
}

impl<'a> SubjectKey<'a> {
    fn parse(content: &'a [u8]) -> Result<Self, DerError> {
        let what = "public key";
        let mut parts = Elements::new(content);
        let mut algorithm = Elements::new(parts.take(SEQUENCE, what)?);
        let bits = bits(parts.take(BIT_STRING, what)?)?;
        parts.end(what)?;
        let name = dotted(algorithm.take(OID, what)?)?;
        let curve = algorithm.optional(OID, what)?.map(dotted).transpose()?;
        Ok(Self {
            algorithm: name,
            curve,
            bits,
        })
    }
}

impl Extensions {
    fn parse(list: &[u8]) -> Result<Self, DerError> {
        let what = "extension";
        let mut found = Self::default();
        let mut seen: Vec<String> = Vec::new();
        let mut entries = Elements::only(list, SEQUENCE, what)?;
        while !entries.is_empty() {
            let mut entry = Elements::new(entries.take(SEQUENCE, what)?);
            let name = dotted(entry.take(OID, what)?)?;
            let critical = match entry.optional(BOOLEAN, what)? {
                None => false,
                Some([0xff]) => true,
                Some(_) => return Err(DerError(what)),
            };
            let value = entry.take(OCTET_STRING, what)?;
            entry.end(what)?;
            if seen.contains(&name) {
                return Err(DerError("an extension stands twice"));
            }
            found.take(&name, critical, value)?;
            seen.push(name);
        }
        Ok(found)
    }

    fn take(&mut self, name: &str, critical: bool, value: &[u8]) -> Result<(), DerError> {
        match name {
            "2.5.29.19" => {
                let what = "basicConstraints";
                let mut parts = Elements::only(value, SEQUENCE, what)?;
                self.authority = parts.optional(BOOLEAN, what)? == Some(&[0xff]);
                self.path_length = parts
                    .optional(INTEGER, what)?
                    .map(|length| small(length, what))
                    .transpose()?;
                parts.end(what)
            }
            "2.5.29.15" => {
                let content = Elements::new(value).take(BIT_STRING, "keyUsage")?;
                self.usage = Some(content.get(1).copied().unwrap_or_default());
                Ok(())
            }
            "2.5.29.37" => {
                self.extended_usage = Some((critical, identifiers(value, "extKeyUsage")?));
                Ok(())
            }
            "2.5.29.32" => {
                let what = "certificatePolicies";
                let mut policies = Vec::new();
                let mut entries = Elements::only(value, SEQUENCE, what)?;
                while !entries.is_empty() {
                    let mut entry = Elements::new(entries.take(SEQUENCE, what)?);
                    policies.push(dotted(entry.take(OID, what)?)?);
                }
                self.policies = Some((critical, policies));
                Ok(())
            }
            // Key identifiers, alternative names, where to get revocation lists and more: nothing that decides here.
            "2.5.29.14" | "2.5.29.35" | "2.5.29.17" | "2.5.29.18" | "2.5.29.31" => Ok(()),
            _ => {
                if critical {
                    self.unknown_critical.get_or_insert_with(|| name.to_owned());
                }
                Ok(())
            }
        }
    }
}

fn identifiers(value: &[u8], what: &'static str) -> Result<Vec<String>, DerError> {
    let mut list = Elements::only(value, SEQUENCE, what)?;
    let mut found = Vec::new();
    while !list.is_empty() {
        found.push(dotted(list.take(OID, what)?)?);
    }
    Ok(found)
}

/// Content of a BIT STRING of whole octets.
fn bits(content: &[u8]) -> Result<&[u8], DerError> {
    match content {
        [0, bytes @ ..] => Ok(bytes),
        _ => Err(DerError("bit string")),
    }
}

/// Common name (or organisation) of a name.
fn common_name(name: &[u8]) -> String {
    let find = |wanted: &str| -> Option<String> {
        let mut parts = Elements::only(name, SEQUENCE, "name").ok()?;
        while !parts.is_empty() {
            let mut attribute = Elements::new(parts.take(SET, "name").ok()?);
            let mut pair = Elements::new(attribute.take(SEQUENCE, "name").ok()?);
            let kind = dotted(pair.take(OID, "name").ok()?).ok()?;
            let value: Element<'_> = pair.next("name").ok()?;
            if kind == wanted {
                return Some(String::from_utf8_lossy(value.content).into_owned());
            }
        }
        None
    };
    find("2.5.4.3")
        .or_else(|| find("2.5.4.10"))
        .unwrap_or_else(|| "?".into())
}

/// What verifies a signature, if algorithm, digest and key go together.
fn verifier(
    algorithm: &[u8],
    digest: Option<&str>,
    key: &SubjectKey<'_>,
) -> Option<&'static dyn VerificationAlgorithm> {
    const SHA256: &str = "2.16.840.1.101.3.4.2.1";
    const SHA384: &str = "2.16.840.1.101.3.4.2.2";
    const SHA512: &str = "2.16.840.1.101.3.4.2.3";
    const P256: &str = "1.2.840.10045.3.1.7";
    const P384: &str = "1.3.132.0.34";
    let mut parts = Elements::only(algorithm, SEQUENCE, "algorithm").ok()?;
    let name = dotted(parts.take(OID, "algorithm").ok()?).ok()?;
    let fits = |wanted: &str| digest.is_none_or(|digest| digest == wanted);
    let rsa = key.algorithm == "1.2.840.113549.1.1.1";
    let curve = if key.algorithm == "1.2.840.10045.2.1" {
        key.curve.as_deref()
    } else {
        None
    };
    let found: &'static dyn VerificationAlgorithm = match (name.as_str(), curve) {
        ("1.2.840.113549.1.1.11", _) if rsa && fits(SHA256) => &signature::RSA_PKCS1_2048_8192_SHA256,
        ("1.2.840.113549.1.1.12", _) if rsa && fits(SHA384) => &signature::RSA_PKCS1_2048_8192_SHA384,
        ("1.2.840.113549.1.1.13", _) if rsa && fits(SHA512) => &signature::RSA_PKCS1_2048_8192_SHA512,
        // In CMS the plain RSA identifier takes its digest from beside it.
        ("1.2.840.113549.1.1.1", _) if rsa => match digest? {
            SHA256 => &signature::RSA_PKCS1_2048_8192_SHA256,
            SHA384 => &signature::RSA_PKCS1_2048_8192_SHA384,
            SHA512 => &signature::RSA_PKCS1_2048_8192_SHA512,
            _ => return None,
        },
        ("1.2.840.10045.4.3.2", Some(P256)) if fits(SHA256) => &signature::ECDSA_P256_SHA256_ASN1,
        ("1.2.840.10045.4.3.3", Some(P256)) if fits(SHA384) => &signature::ECDSA_P256_SHA384_ASN1,
        ("1.2.840.10045.4.3.2", Some(P384)) if fits(SHA256) => &signature::ECDSA_P384_SHA256_ASN1,
        ("1.2.840.10045.4.3.3", Some(P384)) if fits(SHA384) => &signature::ECDSA_P384_SHA384_ASN1,
        ("1.3.101.112", _) if key.algorithm == "1.3.101.112" && fits(SHA512) => &signature::ED25519,
        _ => return None,
    };
    Some(found)
}

/// A root that may stand at the end of a path.
pub(super) struct Anchor<'a> {
    pub(super) certificate: Certificate<'a>,
    /// Certificate policies of which one has to be in every certificate below; empty for any.
    pub(super) policies: &'a [String],
}

/// Whether the certificate is one of a timestamp authority, and leads to an anchor, all of it valid at that time.
/// Returns the index of the anchor.
pub(super) fn path(
    leaf: &Certificate<'_>,
    others: &[Certificate<'_>],
    anchors: &[Anchor<'_>],
    at: OffsetDateTime,
) -> Result<usize, TimestampError> {
    match &leaf.extensions.extended_usage {
        Some((true, usages)) if usages.as_slice() == [EKU_TIME_STAMPING] => {}
        _ => return Err(TimestampError::Usage(leaf.name())),
    }
    if leaf
        .extensions
        .usage
        .is_some_and(|bits| bits & 0xc0 == 0 || bits & 0x3f != 0)
    {
        // Only digitalSignature and nonRepudiation.
        return Err(TimestampError::Usage(leaf.name()));
    }
    if let Some(name) = &leaf.extensions.unknown_critical {
        return Err(TimestampError::Critical(name.clone()));
    }
    if !leaf.valid_at(at) {
        return Err(TimestampError::NotValidThen(leaf.name()));
    }
    let mut climb = Climb {
        others,
        anchors,
        at,
        left: MAX_SIGNATURES,
    };
    climb
        .walk(&mut vec![leaf])
        .ok_or_else(|| TimestampError::NoPath(leaf.name()))
}

/// The search for a path.
struct Climb<'c, 'a> {
    others: &'c [Certificate<'a>],
    anchors: &'c [Anchor<'c>],
    at: OffsetDateTime,
    /// Signatures that may still be checked.
    left: u32,
}

impl<'c, 'a> Climb<'c, 'a> {
    fn walk(&mut self, chain: &mut Vec<&'c Certificate<'a>>) -> Option<usize> {
        let top = *chain.last()?;
        let below = chain.len() - 1;
        for (index, anchor) in self.anchors.iter().enumerate() {
            let root = &anchor.certificate;
            let allowed = chain.iter().all(|certificate| certificate.allows(anchor.policies));
            if !allowed || !root.valid_at(self.at) {
                continue;
            }
            // A listed certificate is trusted itself, also if it is the authority's own.
            if top.whole == root.whole || (root.may_issue(below) && self.is_signed_by(top, root)) {
                return Some(index);
            }
        }
        if chain.len() == MAX_PATH {
            return None;
        }
        for other in self.others {
            let new = !chain.iter().any(|known| known.whole == other.whole);
            if new && other.may_issue(below) && other.valid_at(self.at) && self.is_signed_by(top, other) {
                chain.push(other);
                if let Some(found) = self.walk(chain) {
                    return Some(found);
                }
                chain.pop();
            }
        }
        None
    }

    fn is_signed_by(&mut self, one: &Certificate<'_>, issuer: &Certificate<'_>) -> bool {
        if one.issuer != issuer.subject || self.left == 0 {
            return false;
        }
        self.left -= 1;
        issuer.verify(one.algorithm, None, one.signed, one.signature)
    }
}
