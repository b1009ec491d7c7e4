//! Timestamps (SOAP Message Security clause 10).

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

use super::{SecurityFinding, SecurityPolicy, SecurityRule, UTILITY};
use crate::xml::Element;

/// A time as `xs:dateTime` in UTC with milliseconds; `None` outside the years that it can write.
pub(super) fn write_time(time: OffsetDateTime) -> Option<String> {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    time.to_offset(time::UtcOffset::UTC).format(&format).ok()
}

/// A time of an element: `xs:dateTime` in UTC, which has to be said.
pub(super) fn read_time(element: Element<'_>) -> Option<OffsetDateTime> {
    let text = element.text();
    let text = text.trim();
    // Longer ones cannot be times; the parser would read on over the fraction.
    if text.len() > 64 || !text.contains('T') {
        return None;
    }
    OffsetDateTime::parse(text, &Rfc3339).ok()
}

/// `Created` and `Expires`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Lifetime {
    pub(super) created: Option<OffsetDateTime>,
    pub(super) expires: Option<OffsetDateTime>,
}

/// Judges the times of a Timestamp.
pub(super) fn judge(stamp: Element<'_>, policy: &SecurityPolicy, findings: &mut Vec<SecurityFinding>) -> Lifetime {
    let created = time_of(stamp, "Created", true, findings);
    let expires = time_of(stamp, "Expires", false, findings);
    if let Some(created) = created {
        judge_created(stamp, created, policy, findings);
    }
    if let Some(expires) = expires {
        judge_expires(stamp, created, expires, policy, findings);
    }
    Lifetime { created, expires }
}

/// Judges when something was made.
pub(super) fn judge_created(
    place: Element<'_>,
    created: OffsetDateTime,
    policy: &SecurityPolicy,
    findings: &mut Vec<SecurityFinding>,
) {
    let age = policy.now - created;
    if age < -policy.max_skew {
        findings.push(SecurityFinding::at(
            SecurityRule::TimestampFuture,
            place,
            format!(
                "作成時刻が {} 秒先です（許容 {} 秒）",
                -age.whole_seconds(),
                policy.max_skew.whole_seconds()
            ),
            format!(
                "it was created {} s in the future ({} s are allowed)",
                -age.whole_seconds(),
                policy.max_skew.whole_seconds()
            ),
        ));
    }
    let limit = policy.max_age.saturating_add(policy.max_skew);
    if age > limit {
        findings.push(SecurityFinding::at(
            SecurityRule::TimestampExpired,
            place,
            format!(
                "作成から {} 秒たっています（上限 {} 秒）",
                age.whole_seconds(),
                limit.whole_seconds()
            ),
            format!(
                "it is {} s old (at most {} s are allowed)",
                age.whole_seconds(),
                limit.whole_seconds()
            ),
        ));
    }
}

fn judge_expires(
    stamp: Element<'_>,
    created: Option<OffsetDateTime>,
    expires: OffsetDateTime,
    policy: &SecurityPolicy,
    findings: &mut Vec<SecurityFinding>,
) {
    let over = policy.now - expires;
    let known = findings
        .iter()
        .any(|finding| finding.rule == SecurityRule::TimestampExpired);
    if over > policy.max_skew && !known {
        findings.push(SecurityFinding::at(
            SecurityRule::TimestampExpired,
            stamp,
            format!("有効期限を {} 秒過ぎています", over.whole_seconds()),
            format!("it expired {} s ago", over.whole_seconds()),
        ));
    }
    let Some(created) = created else { return };
    let length = expires - created;
    if !length.is_positive() {
        findings.push(SecurityFinding::at(
            SecurityRule::TimestampInvalid,
            stamp,
            "Expires が Created より後ではありません",
            "Expires is not after Created",
        ));
    } else if length > policy.max_age {
        findings.push(SecurityFinding::at(
            SecurityRule::TimestampTooLong,
            stamp,
            format!(
                "有効期間が {} 秒です（上限 {} 秒）",
                length.whole_seconds(),
                policy.max_age.whole_seconds()
            ),
            format!(
                "it is valid for {} s (at most {} s are allowed)",
                length.whole_seconds(),
                policy.max_age.whole_seconds()
            ),
        ));
    }
}

fn time_of(
    stamp: Element<'_>,
    local: &'static str,
    required: bool,
    findings: &mut Vec<SecurityFinding>,
) -> Option<OffsetDateTime> {
    let mut elements = stamp.children_named(UTILITY, local);
    let first = elements.next();
    let fault = match (first, elements.next()) {
        (None, _) if required => Some((stamp, "がありません", "is missing")),
        (_, Some(second)) => Some((second, "が二つあります", "stands twice")),
        _ => None,
    };
    if let Some((place, ja, en)) = fault {
        let rule = SecurityRule::TimestampInvalid;
        findings.push(SecurityFinding::at(
            rule,
            place,
            format!("wsu:{local} {ja}"),
            format!("wsu:{local} {en}"),
        ));
        return None;
    }
    let element = first?;
    let time = read_time(element);
    if time.is_none() {
        findings.push(SecurityFinding::at(
            SecurityRule::TimestampInvalid,
            element,
            format!("wsu:{local} は時差付き（UTC は Z）の xs:dateTime ではありません"),
            format!("wsu:{local} is no xs:dateTime with a time zone (Z for UTC)"),
        ));
    }
    time
}
