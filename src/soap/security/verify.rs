//! A message against a policy.

use super::canonical::Canonical;
use super::signature::{Ids, Judge};
use super::{
    EXTENSION, SIGNATURE, SecurityFinding, SecurityPolicy, SecurityReport, SecurityRule, UTILITY, timestamp, username,
};
use crate::soap::{ENVELOPE, ENVELOPE_12, Message, addressing};
use crate::text::Text;
use crate::xml::{Document, Element, Limits, parse};

/// Signatures of one message.
const MAX_SIGNATURES: usize = 4;
/// Unsigned header blocks that are named; WS-Addressing has eight.
const MAX_UNSIGNED: usize = 16;

/// Judges the security of a message.
pub fn verify(text: &str, policy: &SecurityPolicy) -> SecurityReport {
    match parse(text, &Limits::default()) {
        Ok(document) => verify_document(&document, policy),
        Err(error) => unreadable(error.describe()),
    }
}

/// Judges the security of a message that is read already.
pub fn verify_document(document: &Document, policy: &SecurityPolicy) -> SecurityReport {
    match Message::read(document) {
        Ok(message) => Review {
            document,
            message,
            policy,
            report: SecurityReport::default(),
        }
        .judge(),
        Err(error) => unreadable(error.describe()),
    }
}

fn unreadable(text: Text) -> SecurityReport {
    SecurityReport {
        findings: vec![SecurityFinding {
            rule: SecurityRule::EnvelopeUnreadable,
            path: "/".into(),
            position: None,
            text,
        }],
        ..SecurityReport::default()
    }
}

struct Review<'a, 'd> {
    document: &'d Document,
    message: Message<'d>,
    policy: &'a SecurityPolicy,
    report: SecurityReport,
}

impl<'d> Review<'_, 'd> {
    fn find(&mut self, rule: SecurityRule, place: Element<'d>, ja: impl Into<String>, en: impl Into<String>) {
        self.report.findings.push(SecurityFinding::at(rule, place, ja, en));
    }

    fn judge(mut self) -> SecurityReport {
        self.ambiguous_parts();
        if let Some(security) = self.security_header() {
            let stamp = self.timestamp(security);
            self.signatures(security, stamp);
            username::judge(security, self.policy, &mut self.report);
        }
        self.report
    }

    /// Receivers differ in which of several Headers or Bodies they take.
    fn ambiguous_parts(&mut self) {
        let envelope = self.message.envelope;
        let namespace = self.message.version.namespace();
        for local in ["Header", "Body"] {
            if let Some(second) = envelope.children_named(namespace, local).nth(1) {
                self.find(
                    SecurityRule::SignatureWrapped,
                    second,
                    format!("Envelope に {local} が二つ以上あります"),
                    format!("the Envelope has more than one {local}"),
                );
            }
        }
    }

    /// The Security header for us.
    fn security_header(&mut self) -> Option<Element<'d>> {
        let mut blocks = self
            .message
            .blocks_named(EXTENSION, "Security")
            .filter(|block| block.is_for_us());
        let (first, second) = (blocks.next(), blocks.next());
        drop(blocks);
        let Some(first) = first else {
            let demanded = self.policy.require_signature
                || self.policy.require_timestamp
                || self.policy.username.as_ref().is_some_and(|expected| expected.required);
            if demanded {
                let place = self.message.header.unwrap_or(self.message.envelope);
                self.find(
                    SecurityRule::SecurityHeaderMissing,
                    place,
                    "wsse:Security ヘッダがありません",
                    "there is no wsse:Security header",
                );
            }
            return None;
        };
        if let Some(second) = second {
            self.find(
                SecurityRule::SecurityHeaderDuplicate,
                second.element,
                "同じ宛先の wsse:Security ヘッダが二つ以上あります",
                "there is more than one wsse:Security header for the same receiver",
            );
        }
        if self.policy.require_must_understand && !first.is_mandatory() {
            self.find(
                SecurityRule::MustUnderstandMissing,
                first.element,
                "wsse:Security に mustUnderstand=\"1\" がありません",
                "wsse:Security is not marked mustUnderstand=\"1\"",
            );
        }
        Some(first.element)
    }

    /// The Timestamp, judged.
    fn timestamp(&mut self, security: Element<'d>) -> Option<Element<'d>> {
        let mut stamps = security.children_named(UTILITY, "Timestamp");
        let (first, second) = (stamps.next(), stamps.next());
        if let Some(second) = second {
            self.find(
                SecurityRule::TimestampInvalid,
                second,
                "wsu:Timestamp が二つ以上あります",
                "there is more than one wsu:Timestamp",
            );
        }
        match first {
            Some(stamp) => {
                let lifetime = timestamp::judge(stamp, self.policy, &mut self.report.findings);
                self.report.created = lifetime.created;
                self.report.expires = lifetime.expires;
            }
            None if self.policy.require_timestamp => self.find(
                SecurityRule::TimestampMissing,
                security,
                "wsu:Timestamp がありません",
                "there is no wsu:Timestamp",
            ),
            None => {}
        }
        first
    }

    fn signatures(&mut self, security: Element<'d>, stamp: Option<Element<'d>>) {
        let signatures: Vec<Element<'d>> = security.children_named(SIGNATURE, "Signature").collect();
        if signatures.is_empty() {
            if self.policy.require_signature {
                self.find(
                    SecurityRule::SignatureMissing,
                    security,
                    "wsse:Security に ds:Signature がありません",
                    "there is no ds:Signature in wsse:Security",
                );
            }
            return;
        }
        if signatures.len() > MAX_SIGNATURES {
            self.find(
                SecurityRule::LimitExceeded,
                security,
                format!(
                    "ds:Signature が {} 個あります（上限 {MAX_SIGNATURES}）",
                    signatures.len()
                ),
                format!("there are {} signatures (at most {MAX_SIGNATURES})", signatures.len()),
            );
            return;
        }
        let canonical = match Canonical::new(self.document) {
            Ok(canonical) => canonical,
            Err(error) => {
                self.find(
                    SecurityRule::SignatureInvalid,
                    security,
                    format!("正規形を計算できません: {error}"),
                    format!("no canonical form can be computed: {error}"),
                );
                return;
            }
        };
        let ids = Ids::collect(self.message.envelope);
        let mut judge = Judge::new(self.policy, security, ids, canonical);
        let mut covered = Vec::new();
        for signature in signatures {
            judge.judge(signature, &mut self.report, &mut covered);
        }
        self.coverage(security, stamp, &covered);
        self.report.signed = covered.into_iter().map(Element::path).collect();
    }

    /// Whether what has to be signed is signed, where a receiver reads it.
    fn coverage(&mut self, security: Element<'d>, stamp: Option<Element<'d>>, covered: &[Element<'d>]) {
        for &element in covered {
            self.place(element, security, stamp);
        }
        let body = self.message.body;
        if self.policy.require_body && !covered.contains(&body) {
            self.find(
                SecurityRule::BodyUnsigned,
                body,
                "受信側が読む Body が署名されていません",
                "the Body that a receiver reads is not signed",
            );
        }
        if let Some(stamp) = stamp.filter(|stamp| self.policy.require_timestamp && !covered.contains(stamp)) {
            self.find(
                SecurityRule::TimestampUnsigned,
                stamp,
                "wsu:Timestamp が署名されていません",
                "the wsu:Timestamp is not signed",
            );
        }
        if self.policy.require_addressing_headers {
            let unsigned: Vec<Element<'d>> = self
                .message
                .blocks
                .iter()
                .map(|block| block.element)
                .filter(|block| block.namespace() == addressing::NAMESPACE && !covered.contains(block))
                .take(MAX_UNSIGNED)
                .collect();
            for block in unsigned {
                self.find(
                    SecurityRule::HeadersUnsigned,
                    block,
                    format!("ヘッダ「{}」が署名されていません", block.local()),
                    format!("the header block `{}` is not signed", block.local()),
                );
            }
        }
    }

    /// A signed element of a name that receivers look for has to stand where they look.
    fn place(&mut self, element: Element<'d>, security: Element<'d>, stamp: Option<Element<'d>>) {
        let expected = match (element.namespace(), element.local()) {
            (ENVELOPE | ENVELOPE_12, "Body") => element == self.message.body,
            (ENVELOPE | ENVELOPE_12, _) => self.message.header == Some(element) || element == self.message.envelope,
            (UTILITY, "Timestamp") => stamp == Some(element),
            (addressing::NAMESPACE, _) => element.parent() == self.message.header,
            (EXTENSION, "BinarySecurityToken" | "UsernameToken") => element.parent() == Some(security),
            _ => true,
        };
        if !expected {
            self.find(
                SecurityRule::SignatureWrapped,
                element,
                format!("署名された「{}」は、受信側が読む場所にありません", element.path()),
                format!(
                    "the signed `{}` does not stand where a receiver reads it",
                    element.path()
                ),
            );
        }
    }
}
