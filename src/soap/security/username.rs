//! UsernameToken (Username Token Profile 1.0).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::timestamp::{judge_created, read_time};
use super::token::decode_base64;
use super::{
    BASE64, DigestAlgorithm, EXTENSION, PASSWORD_DIGEST, PASSWORD_TEXT, SecurityFinding, SecurityPolicy,
    SecurityReport, SecurityRule, UTILITY, UsernamePolicy,
};
use crate::soap::escape_text;
use crate::xml::Element;

/// Characters of a nonce in Base64.
const MAX_NONCE: usize = 1024;

/// How a password is sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum PasswordKind {
    /// As it is.
    Text,
    /// Base64(SHA-1(nonce + created + password)).
    #[default]
    Digest,
}

/// A UsernameToken to be written.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct UsernameToken {
    /// Name.
    pub username: String,
    /// Password.
    pub password: String,
    /// How the password is sent.
    pub kind: PasswordKind,
    /// Bytes that are never used again.
    pub nonce: Option<Vec<u8>>,
    /// When the token was made, as it is to stand there.
    pub created: Option<String>,
}

impl UsernameToken {
    /// The element, for the Security header.
    pub fn write(&self) -> String {
        let nonce = self.nonce.as_deref();
        let created = self.created.as_deref();
        let (kind, password) = match self.kind {
            PasswordKind::Text => (PASSWORD_TEXT, self.password.clone()),
            PasswordKind::Digest => (
                PASSWORD_DIGEST,
                password_digest(nonce.unwrap_or_default(), created.unwrap_or_default(), &self.password),
            ),
        };
        let mut text = format!(
            r#"<wsse:UsernameToken xmlns:wsse="{EXTENSION}" xmlns:wsu="{UTILITY}"><wsse:Username>{}</wsse:Username><wsse:Password Type="{kind}">{}</wsse:Password>"#,
            escape_text(&self.username),
            escape_text(&password)
        );
        if let Some(nonce) = nonce {
            let nonce = STANDARD.encode(nonce);
            text.push_str(&format!(r#"<wsse:Nonce EncodingType="{BASE64}">{nonce}</wsse:Nonce>"#));
        }
        if let Some(created) = created {
            text.push_str(&format!("<wsu:Created>{}</wsu:Created>", escape_text(created)));
        }
        text.push_str("</wsse:UsernameToken>");
        text
    }
}

/// The digest of a password; empty if SHA-1 is not to be had.
fn password_digest(nonce: &[u8], created: &str, password: &str) -> String {
    let text = [nonce, created.as_bytes(), password.as_bytes()].concat();
    DigestAlgorithm::Sha1
        .digest(&text)
        .map(|digest| STANDARD.encode(digest))
        .unwrap_or_default()
}

/// Judges the UsernameToken of a Security header.
pub(super) fn judge(security: Element<'_>, policy: &SecurityPolicy, report: &mut SecurityReport) {
    let Some(token) = security.child(EXTENSION, "UsernameToken") else {
        if policy.username.as_ref().is_some_and(|expected| expected.required) {
            report.findings.push(SecurityFinding::at(
                SecurityRule::UsernameMissing,
                security,
                "wsse:UsernameToken がありません",
                "there is no wsse:UsernameToken",
            ));
        }
        return;
    };
    let text_of =
        |namespace: &str, local: &str| token.child(namespace, local).map(|element| element.text().into_owned());
    let username = text_of(EXTENSION, "Username").unwrap_or_default();
    report.username = Some(username.clone());
    report.nonce = nonce(token, &mut report.findings);
    if let Some(created) = token.child(UTILITY, "Created").and_then(read_time) {
        judge_created(token, created, policy, &mut report.findings);
    }
    let password = token.child(EXTENSION, "Password");
    let kind = password.and_then(|password| password.attribute("", "Type"));
    let claim = Claim {
        token,
        digest: kind == Some(PASSWORD_DIGEST),
        username,
        password: text_of(EXTENSION, "Password"),
        created: text_of(UTILITY, "Created"),
    };
    claim.judge(policy, report);
}

fn nonce(token: Element<'_>, findings: &mut Vec<SecurityFinding>) -> Option<Vec<u8>> {
    let element = token.child(EXTENSION, "Nonce")?;
    let text = element.text();
    if text.len() > MAX_NONCE {
        findings.push(SecurityFinding::at(
            SecurityRule::LimitExceeded,
            element,
            format!("wsse:Nonce が上限 {MAX_NONCE} 文字を超えています"),
            format!("wsse:Nonce has more than {MAX_NONCE} characters"),
        ));
        return None;
    }
    decode_base64(&text, MAX_NONCE).ok()
}

struct Claim<'d> {
    token: Element<'d>,
    digest: bool,
    username: String,
    password: Option<String>,
    created: Option<String>,
}

impl Claim<'_> {
    fn judge(&self, policy: &SecurityPolicy, report: &mut SecurityReport) {
        let find = |rule, ja: &str, en: &str| SecurityFinding::at(rule, self.token, ja, en);
        if !self.digest && self.password.is_some() && !policy.over_tls {
            report.findings.push(find(
                SecurityRule::PasswordPlainWithoutTls,
                "TLS なしの通信で平文のパスワードが送られました",
                "a readable password was sent without TLS",
            ));
        }
        if self.digest && (report.nonce.is_none() || self.created.is_none()) {
            report.findings.push(find(
                SecurityRule::NonceMissing,
                "PasswordDigest には wsse:Nonce と wsu:Created が必要です",
                "PasswordDigest needs wsse:Nonce and wsu:Created",
            ));
        }
        let Some(expected) = &policy.username else { return };
        if self.username != expected.username || !self.proves(expected, report.nonce.as_deref()) {
            report.findings.push(find(
                SecurityRule::PasswordWrong,
                "ユーザ名かパスワードが違います",
                "the user name or the password is wrong",
            ));
        }
    }

    fn proves(&self, expected: &UsernamePolicy, nonce: Option<&[u8]>) -> bool {
        let right = if self.digest {
            let created = self.created.as_deref().unwrap_or_default();
            password_digest(nonce.unwrap_or_default(), created, &expected.password)
        } else {
            expected.password.clone()
        };
        !right.is_empty() && self.password.as_deref().map(str::trim) == Some(right.as_str())
    }
}
