//! One signature: its parts, its references by position, its value.

use std::collections::HashMap;

use super::canonical::Canonical;
use super::certificate::{CertificateFacts, Distrust, KeyKind, judge_trust};
use super::token::{self, decode_base64};
use super::{
    DigestAlgorithm, ENVELOPED, EXCLUSIVE, EXTENSION, SIGNATURE, STR_TRANSFORM, SecurityFinding, SecurityPolicy,
    SecurityReport, SecurityRule, SignatureAlgorithm, UTILITY,
};
use crate::xml::{Element, XML_NAMESPACE};

/// References of one signature.
const MAX_REFERENCES: usize = 32;
/// Transforms of one reference.
const MAX_TRANSFORMS: usize = 8;
/// Prefixes of one PrefixList.
const MAX_PREFIXES: usize = 64;
/// Bytes of text that are walked for all references of a message together.
const MAX_WORK: usize = 256 * 1024 * 1024;
/// Characters of a digest or signature value in Base64.
const MAX_VALUE: usize = 16 * 1024;

/// All elements by their ids.
pub(super) struct Ids<'d>(HashMap<&'d str, Vec<Element<'d>>>);

impl<'d> Ids<'d> {
    /// Looks at everything that any receiver could take for an id: a value that means two elements to somebody is
    /// ambiguous.
    pub(super) fn collect(root: Element<'d>) -> Self {
        let mut all: HashMap<&str, Vec<Element<'_>>> = HashMap::new();
        for element in root.descendants_and_self() {
            for attribute in element.attributes() {
                let name = attribute.name();
                if matches!(name.local, "Id" | "ID") || name.is(XML_NAMESPACE, "id") {
                    let known = all.entry(attribute.value()).or_default();
                    if known.last() != Some(&element) {
                        known.push(element);
                    }
                }
            }
        }
        Self(all)
    }

    /// The one element of an id, or how many there are.
    pub(super) fn one(&self, id: &str) -> Result<Element<'d>, usize> {
        match self.0.get(id).map(Vec::as_slice) {
            Some([element]) => Ok(*element),
            Some(several) => Err(several.len()),
            None => Err(0),
        }
    }
}

/// Whether an element has an id that WS-Security knows: `wsu:Id`, or `Id` of XML Signature's own elements.
fn has_proper_id(element: Element<'_>, id: &str) -> bool {
    let own = if element.namespace() == SIGNATURE {
        element.attribute("", "Id")
    } else {
        None
    };
    element.attribute(UTILITY, "Id") == Some(id) || own == Some(id)
}

/// What all signatures of a message share.
pub(super) struct Judge<'a, 'd> {
    pub(super) policy: &'a SecurityPolicy,
    pub(super) security: Element<'d>,
    pub(super) ids: Ids<'d>,
    pub(super) canonical: Canonical<'d>,
    /// Bytes that may still be walked.
    work: usize,
}

impl<'a, 'd> Judge<'a, 'd> {
    pub(super) fn new(
        policy: &'a SecurityPolicy,
        security: Element<'d>,
        ids: Ids<'d>,
        canonical: Canonical<'d>,
    ) -> Self {
        Self {
            policy,
            security,
            ids,
            canonical,
            work: MAX_WORK,
        }
    }

    /// Judges a signature. Elements that it refers to are added to `covered`, whatever becomes of their digests.
    pub(super) fn judge(
        &mut self,
        signature: Element<'d>,
        report: &mut SecurityReport,
        covered: &mut Vec<Element<'d>>,
    ) {
        let findings = &mut report.findings;
        let (Some(info), Some(value)) = (only(signature, "SignedInfo"), only(signature, "SignatureValue")) else {
            findings.push(invalid(
                signature,
                "ds:SignedInfo と ds:SignatureValue はそれぞれ一つ必要です",
                "it needs exactly one ds:SignedInfo and one ds:SignatureValue",
            ));
            return;
        };
        let references: Vec<Element<'d>> = info.children_named(SIGNATURE, "Reference").collect();
        if references.is_empty() {
            findings.push(invalid(info, "ds:Reference がありません", "there is no ds:Reference"));
            return;
        }
        if references.len() > MAX_REFERENCES {
            let count = references.len();
            findings.push(SecurityFinding::at(
                SecurityRule::LimitExceeded,
                info,
                format!("ds:Reference が {count} 個あります（上限 {MAX_REFERENCES}）"),
                format!("there are {count} ds:Reference elements (at most {MAX_REFERENCES})"),
            ));
            return;
        }
        for reference in references {
            if let Some(target) = self.target(reference, findings) {
                covered.push(target);
                self.digest(reference, target, findings);
            }
        }
        self.value(signature, info, value, report);
    }

    /// The element that a reference means.
    fn target(&self, reference: Element<'d>, findings: &mut Vec<SecurityFinding>) -> Option<Element<'d>> {
        let uri = reference.attribute("", "URI").unwrap_or_default();
        let Some(id) = uri
            .strip_prefix('#')
            .filter(|id| !id.is_empty() && !id.contains(['(', ')']))
        else {
            findings.push(SecurityFinding::at(
                SecurityRule::ReferenceExternal,
                reference,
                format!("参照「{uri}」はメッセージ内の要素の ID（#ID）ではありません。外部は取得しません"),
                format!("the reference `{uri}` is no id (#id) inside the message; nothing is fetched"),
            ));
            return None;
        };
        match self.ids.one(id) {
            Ok(element) => {
                if !has_proper_id(element, id) {
                    findings.push(SecurityFinding::at(
                        SecurityRule::IdNotUtility,
                        element,
                        format!("参照「{uri}」の ID が wsu:Id ではありません"),
                        format!("the reference `{uri}` means an id that is no wsu:Id"),
                    ));
                }
                Some(element)
            }
            Err(0) => {
                findings.push(SecurityFinding::at(
                    SecurityRule::DigestMismatch,
                    reference,
                    format!("参照「{uri}」の要素がありません"),
                    format!("there is no element for the reference `{uri}`"),
                ));
                None
            }
            Err(count) => {
                findings.push(SecurityFinding::at(
                    SecurityRule::SignatureWrapped,
                    reference,
                    format!("ID「{id}」の要素が {count} 個あり、どれが署名されたか定まりません"),
                    format!("{count} elements have the id `{id}`, so that nobody can tell which one is signed"),
                ));
                None
            }
        }
    }

    fn digest(&mut self, reference: Element<'d>, target: Element<'d>, findings: &mut Vec<SecurityFinding>) {
        let Some(algorithm) = self.digest_algorithm(reference, findings) else {
            return;
        };
        let Some(octets) = self.octets(reference, target, findings) else {
            return;
        };
        let expected = only(reference, "DigestValue").and_then(|value| decode_base64(&value.text(), MAX_VALUE).ok());
        let found = algorithm.digest(&octets).ok();
        if expected.is_none() || found != expected {
            findings.push(SecurityFinding::at(
                SecurityRule::DigestMismatch,
                target,
                format!("「{}」の内容が署名時と異なります（ダイジェスト不一致）", target.path()),
                format!("`{}` is not what was signed: its digest differs", target.path()),
            ));
        }
    }

    fn digest_algorithm(&self, reference: Element<'d>, findings: &mut Vec<SecurityFinding>) -> Option<DigestAlgorithm> {
        let uri = only(reference, "DigestMethod").and_then(|method| method.attribute("", "Algorithm"));
        let algorithm = DigestAlgorithm::from_uri(uri.unwrap_or_default());
        match algorithm {
            Some(algorithm) if self.policy.digest_algorithms.contains(&algorithm) => Some(algorithm),
            _ => {
                findings.push(forbidden(reference, "DigestMethod", uri));
                None
            }
        }
    }

    /// The octets that a reference digests.
    fn octets(
        &mut self,
        reference: Element<'d>,
        target: Element<'d>,
        findings: &mut Vec<SecurityFinding>,
    ) -> Option<Vec<u8>> {
        let transforms: Vec<Element<'d>> = reference
            .children_named(SIGNATURE, "Transforms")
            .flat_map(|transforms| transforms.children_named(SIGNATURE, "Transform"))
            .take(MAX_TRANSFORMS + 1)
            .collect();
        if transforms.len() > MAX_TRANSFORMS {
            findings.push(SecurityFinding::at(
                SecurityRule::LimitExceeded,
                reference,
                format!("ds:Transform が上限 {MAX_TRANSFORMS} 個を超えています"),
                format!("there are more than {MAX_TRANSFORMS} ds:Transform elements"),
            ));
            return None;
        }
        let transform = match transforms.as_slice() {
            [transform] => transform,
            // Senders put it in by habit; it changes nothing where the signature is not inside.
            [first, transform]
                if first.attribute("", "Algorithm") == Some(ENVELOPED) && !contains(target, reference) =>
            {
                transform
            }
            _ => {
                findings.push(SecurityFinding::at(
                    SecurityRule::TransformForbidden,
                    reference,
                    format!("ds:Transform は一つのはずですが {} 個です", transforms.len()),
                    format!("there has to be one ds:Transform, but there are {}", transforms.len()),
                ));
                return None;
            }
        };
        let octets = match transform.attribute("", "Algorithm").unwrap_or_default() {
            EXCLUSIVE => self.exclusive(target, *transform),
            STR_TRANSFORM => self.dereferenced(target, *transform),
            other => {
                findings.push(SecurityFinding::at(
                    SecurityRule::TransformForbidden,
                    *transform,
                    format!("変換「{other}」は使えません（排他的正規化と STR-Transform のみ）"),
                    format!("the transform `{other}` is not allowed (only exclusive C14N and STR-Transform are)"),
                ));
                return None;
            }
        };
        octets
            .map_err(|error| findings.push(uncomputable(reference, &error)))
            .ok()
    }

    /// Canonical octets; `method` is the element that may hold the PrefixList.
    fn exclusive(&mut self, element: Element<'d>, method: Element<'d>) -> Result<Vec<u8>, String> {
        let length = element.document().text().len();
        self.work = self
            .work
            .checked_sub(length)
            .ok_or_else(|| "the references of this message need too much work".to_owned())?;
        let list = method
            .child(EXCLUSIVE, "InclusiveNamespaces")
            .and_then(|list| list.attribute("", "PrefixList"))
            .unwrap_or_default();
        let prefixes: Vec<String> = list
            .split_ascii_whitespace()
            .take(MAX_PREFIXES + 1)
            .map(str::to_owned)
            .collect();
        if prefixes.len() > MAX_PREFIXES {
            return Err(format!("more than {MAX_PREFIXES} prefixes in a PrefixList"));
        }
        self.canonical.exclusive(element, &prefixes)
    }

    /// The token in the place of the reference to it; its start tag says that there is no default namespace, if there
    /// is none (SOAP Message Security clause 8.3).
    fn dereferenced(&mut self, reference: Element<'d>, transform: Element<'d>) -> Result<Vec<u8>, String> {
        if !reference.is(EXTENSION, "SecurityTokenReference") {
            return Err("STR-Transform needs a wsse:SecurityTokenReference".into());
        }
        let method = transform
            .child(EXTENSION, "TransformationParameters")
            .and_then(|parameters| only(parameters, "CanonicalizationMethod"))
            .filter(|method| method.attribute("", "Algorithm") == Some(EXCLUSIVE))
            .ok_or_else(|| "STR-Transform needs exclusive C14N as its parameter".to_owned())?;
        let token = token::direct(reference, self.security, &self.ids)?
            .ok_or_else(|| "STR-Transform is known for direct references only".to_owned())?;
        let mut octets = self.exclusive(token, method)?;
        let name_end = octets
            .iter()
            .position(|byte| matches!(byte, b' ' | b'>'))
            .unwrap_or_default();
        let tag_end = octets.iter().position(|&byte| byte == b'>').unwrap_or_default();
        if !octets[..tag_end].windows(7).any(|part| part == b" xmlns=") {
            octets.splice(name_end..name_end, *b" xmlns=\"\"");
        }
        Ok(octets)
    }

    /// Judges algorithm, certificate and value.
    fn value(&mut self, signature: Element<'d>, info: Element<'d>, value: Element<'d>, report: &mut SecurityReport) {
        let algorithm = self.signature_algorithm(info, &mut report.findings);
        let method = self.canonicalization(info, &mut report.findings);
        let bytes = decode_base64(&value.text(), MAX_VALUE);
        if let Ok(bytes) = &bytes {
            report.signature_values.push(bytes.clone());
        }
        let Some(certificate) = self.certificate(signature, report) else {
            return;
        };
        let findings = &mut report.findings;
        let (Some(algorithm), Some(method)) = (algorithm, method) else {
            return;
        };
        let fits = matches!(
            (algorithm.is_elliptic(), certificate.key),
            (true, KeyKind::P256) | (false, KeyKind::Rsa { .. })
        );
        if !fits {
            findings.push(invalid(
                signature,
                "署名アルゴリズムと証明書の鍵の種類が合いません",
                "the signature algorithm does not fit the key of the certificate",
            ));
            return;
        }
        let outcome = self
            .exclusive(info, method)
            .and_then(|octets| verify_value(algorithm, &certificate, &octets, &bytes?));
        match outcome {
            Ok(true) => {}
            Ok(false) => findings.push(invalid(
                value,
                "署名値が ds:SignedInfo と証明書の鍵に合いません",
                "the signature value does not fit ds:SignedInfo and the key of the certificate",
            )),
            Err(error) => findings.push(invalid(
                value,
                format!("署名値を検証できません: {error}"),
                format!("the signature value cannot be verified: {error}"),
            )),
        }
    }

    fn signature_algorithm(
        &self,
        info: Element<'d>,
        findings: &mut Vec<SecurityFinding>,
    ) -> Option<SignatureAlgorithm> {
        let uri = only(info, "SignatureMethod").and_then(|method| method.attribute("", "Algorithm"));
        let algorithm = SignatureAlgorithm::from_uri(uri.unwrap_or_default())
            .filter(|algorithm| self.policy.signature_algorithms.contains(algorithm));
        if algorithm.is_none() {
            findings.push(forbidden(info, "SignatureMethod", uri));
        }
        algorithm
    }

    fn canonicalization(&self, info: Element<'d>, findings: &mut Vec<SecurityFinding>) -> Option<Element<'d>> {
        let method = only(info, "CanonicalizationMethod");
        let uri = method.and_then(|method| method.attribute("", "Algorithm"));
        if uri == Some(EXCLUSIVE) {
            return method;
        }
        findings.push(forbidden(info, "CanonicalizationMethod", uri));
        None
    }

    /// The certificate of the signer, judged.
    fn certificate(&self, signature: Element<'d>, report: &mut SecurityReport) -> Option<CertificateFacts> {
        let findings = &mut report.findings;
        let found = only(signature, "KeyInfo")
            .ok_or_else(|| "there is no ds:KeyInfo".to_owned())
            .and_then(|info| token::of_key_info(info, self.security, &self.ids, self.policy))
            .and_then(|token| Ok((CertificateFacts::read(&token.certificate)?, token)));
        let (certificate, token) = match found {
            Ok(found) => found,
            Err(error) => {
                findings.push(SecurityFinding::at(
                    SecurityRule::CertificateMissing,
                    signature,
                    format!("署名者の証明書が得られません: {error}"),
                    format!("the certificate of the signer cannot be found: {error}"),
                ));
                return None;
            }
        };
        match judge_trust(&certificate, &token.others, self.policy) {
            Ok(()) => {}
            Err(Distrust::Time) => findings.push(SecurityFinding::at(
                SecurityRule::CertificateExpired,
                token.element,
                format!(
                    "証明書「{}」の有効期間（{} から {} まで）の外です",
                    certificate.subject, certificate.not_before, certificate.not_after
                ),
                format!(
                    "the certificate `{}` or its authority is not valid now (it is from {} to {})",
                    certificate.subject, certificate.not_before, certificate.not_after
                ),
            )),
            Err(Distrust::Untrusted(why)) => findings.push(SecurityFinding::at(
                SecurityRule::CertificateUntrusted,
                token.element,
                format!(
                    "証明書「{}」（発行者「{}」）は信頼されていません: {why}",
                    certificate.subject, certificate.issuer
                ),
                format!(
                    "the certificate `{}` of `{}` is not trusted: {why}",
                    certificate.subject, certificate.issuer
                ),
            )),
        }
        report.certificates.push(certificate.clone());
        if certificate.key.is_allowed() {
            return Some(certificate);
        }
        findings.push(SecurityFinding::at(
            SecurityRule::AlgorithmForbidden,
            token.element,
            "証明書の鍵は RSA 2048〜8192 ビットか ECDSA P-256 でなければなりません",
            "the key of the certificate has to be RSA of 2048 to 8192 bits, or on curve P-256",
        ));
        None
    }
}

fn verify_value(
    algorithm: SignatureAlgorithm,
    certificate: &CertificateFacts,
    octets: &[u8],
    value: &[u8],
) -> Result<bool, String> {
    let key = certificate.public_key()?;
    bergshamra::crypto::sign::from_uri(algorithm.uri())
        .and_then(|method| method.verify(&key, octets, value))
        .map_err(|error| error.to_string())
}

/// Whether a node is inside an element.
fn contains(element: Element<'_>, inside: Element<'_>) -> bool {
    inside.ancestors_and_self().any(|ancestor| ancestor == element)
}

/// The child of XML Signature of a name, if there is exactly one.
fn only<'d>(parent: Element<'d>, local: &str) -> Option<Element<'d>> {
    let mut children = parent.children_named(SIGNATURE, local);
    let first = children.next();
    first.filter(|_| children.next().is_none())
}

fn invalid(element: Element<'_>, ja: impl Into<String>, en: impl Into<String>) -> SecurityFinding {
    SecurityFinding::at(SecurityRule::SignatureInvalid, element, ja, en)
}

fn uncomputable(reference: Element<'_>, error: &str) -> SecurityFinding {
    invalid(
        reference,
        format!("参照先の正規形を計算できません: {error}"),
        format!("the canonical form of the reference cannot be computed: {error}"),
    )
}

fn forbidden(place: Element<'_>, method: &str, uri: Option<&str>) -> SecurityFinding {
    let uri = uri.unwrap_or("-");
    SecurityFinding::at(
        SecurityRule::AlgorithmForbidden,
        place,
        format!("ds:{method} のアルゴリズム「{uri}」は認められていません"),
        format!("the algorithm `{uri}` of ds:{method} is not allowed"),
    )
}
