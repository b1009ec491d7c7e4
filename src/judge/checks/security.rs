//! Rules of WS-Security.

use time::{Duration, OffsetDateTime};

use super::super::context::{Answer, Context, Parsed};
use super::super::ws_i::Place as XmlPlace;
use super::soap::{exchanges, nothing_exchanged};
use crate::scenario::{SecurityRule as Rule, Step, check};
use crate::soap::security::{SecurityPolicy, SecurityRule as Broken, certificates_of_pem, verify_document};
use crate::text::Text;
use crate::xml::{Document, Excerpt};

/// What a clock of the product may be off, besides the age of a message.
const SKEW: Duration = Duration::minutes(5);

pub(super) fn ask(p: &check::Security, context: &Context<'_>, step: &Step) -> Answer {
    let all = exchanges(context, step, p.on);
    if all.is_empty() {
        return nothing_exchanged();
    }
    let mut asked = false;
    for parsed in all {
        let Some(document) = parsed.document(p.of) else {
            continue;
        };
        asked = true;
        match one(p.rule, context, parsed, document) {
            Answer::Holds => {}
            other => return other.of_exchange(parsed.index),
        }
    }
    if asked {
        Answer::Holds
    } else {
        Answer::not_applicable("SOAP の電文がない", "there is no SOAP message")
    }
}

/// The findings of verification that each rule of a scenario stands for.
fn broken_by(rule: Rule) -> &'static [Broken] {
    match rule {
        Rule::Signature => &[
            Broken::EnvelopeUnreadable,
            Broken::SecurityHeaderMissing,
            Broken::SecurityHeaderDuplicate,
            Broken::SignatureMissing,
            Broken::SignatureInvalid,
            Broken::DigestMismatch,
            Broken::ReferenceExternal,
            Broken::IdNotUtility,
            Broken::LimitExceeded,
        ],
        Rule::Body => &[
            Broken::EnvelopeUnreadable,
            Broken::SecurityHeaderMissing,
            Broken::SignatureMissing,
            Broken::BodyUnsigned,
            Broken::SignatureWrapped,
        ],
        Rule::Timestamp => &[
            Broken::EnvelopeUnreadable,
            Broken::SecurityHeaderMissing,
            Broken::TimestampMissing,
            Broken::TimestampInvalid,
            Broken::TimestampUnsigned,
            Broken::TimestampExpired,
            Broken::TimestampFuture,
            Broken::TimestampTooLong,
        ],
        Rule::Certificate => &[
            Broken::EnvelopeUnreadable,
            Broken::SecurityHeaderMissing,
            Broken::SignatureMissing,
            Broken::CertificateMissing,
            Broken::CertificateUntrusted,
            Broken::CertificateExpired,
        ],
        Rule::Algorithms => &[Broken::AlgorithmForbidden, Broken::TransformForbidden],
        Rule::Password => &[Broken::PasswordPlainWithoutTls, Broken::NonceMissing],
    }
}

fn one(rule: Rule, context: &Context<'_>, parsed: &Parsed<'_>, document: &Document) -> Answer {
    let policy = policy_of(context, parsed);
    let report = verify_document(document, &policy);
    let found = report
        .findings
        .iter()
        .find(|finding| broken_by(rule).contains(&finding.rule));
    let Some(finding) = found else { return Answer::Holds };
    let answer = Answer::broken(
        expected(rule),
        Text::new(
            format!("{}: {}", finding.rule.name(), finding.text.ja),
            format!("{}: {}", finding.rule.name(), finding.text.en),
        ),
    );
    match finding.position {
        None => answer.at(&finding.path),
        Some(at) => answer.at_xml(XmlPlace {
            file: String::new(),
            path: finding.path.clone(),
            at,
            range: at.offset..at.offset,
            excerpt: Excerpt::around(document.text(), &(at.offset..at.offset + 1)),
        }),
    }
}

fn expected(rule: Rule) -> Text {
    match rule {
        Rule::Signature => Text::new("有効な XML 署名", "a valid XML signature"),
        Rule::Body => Text::new(
            "処理される soap:Body が署名されていること",
            "the soap:Body that is processed is signed",
        ),
        Rule::Timestamp => Text::new(
            "署名され、有効期間内の wsu:Timestamp",
            "a wsu:Timestamp that is signed and within its period",
        ),
        Rule::Certificate => Text::new(
            "信頼され、有効期間内の証明書",
            "a certificate that is trusted and within its period",
        ),
        Rule::Algorithms => Text::new("許されたアルゴリズムのみ", "only algorithms that are allowed"),
        Rule::Password => Text::new("平文のパスワードがないこと", "no password in clear"),
    }
}

/// The rules at the time of the exchange: judging knows no clock.
fn policy_of(context: &Context<'_>, parsed: &Parsed<'_>) -> SecurityPolicy {
    let started = i128::from(context.facts.started_unix_ms) * 1_000_000;
    let at = started + i128::from(parsed.exchange.started_us + parsed.exchange.elapsed_us) * 1_000;
    let now = OffsetDateTime::from_unix_timestamp_nanos(at).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let mut policy = SecurityPolicy::new(now);
    policy.max_skew = SKEW;
    policy.authorities = certificates_of_pem(&context.facts.signature_authorities).unwrap_or_default();
    policy.over_tls = parsed.exchange.tls.is_some();
    policy
}
