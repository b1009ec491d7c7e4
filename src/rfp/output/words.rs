//! Words that several renderings share.

use crate::rfp::list::Necessity;
use crate::rfp::matching::Basis;
use crate::rfp::result::{Evidence, Finding, OfferView};
use crate::text::{Lang, Text};

/// A text from outside without characters that cannot be seen and could deceive a reader or a terminal.
pub(in crate::rfp) fn clean(text: &str) -> String {
    text.chars()
        .filter(|c| *c != '\r')
        .map(|c| match c {
            '\n' | '\t' => c,
            c if c.is_control() => '\u{FFFD}',
            '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' => '\u{FFFD}',
            c => c,
        })
        .collect()
}

/// A sign that can be told apart in print and by everybody.
pub(super) fn sign(finding: Finding) -> &'static str {
    match finding {
        Finding::Substantiated => "○",
        Finding::Contradicted => "×",
        Finding::Suspended => "‖",
        Finding::Expired => "▽",
        Finding::NotSubstantiated => "－",
        Finding::Undetermined => "?",
        Finding::NotClaimed => "・",
        Finding::OutOfScope => "外",
    }
}

/// The colour of the report's style sheet.
pub(super) fn class(finding: Finding) -> &'static str {
    match finding {
        Finding::Substantiated => "pass",
        Finding::Contradicted => "fail",
        Finding::Suspended => "blocked",
        Finding::Expired => "warn",
        Finding::NotSubstantiated => "waived",
        Finding::Undetermined => "review",
        Finding::NotClaimed => "skip",
        Finding::OutOfScope => "info",
    }
}

pub(super) fn necessity(necessity: Necessity, lang: Lang) -> &'static str {
    match necessity {
        Necessity::Mandatory => lang.pick("必須", "mandatory"),
        Necessity::Optional => lang.pick("任意", "optional"),
        Necessity::Unstated => "",
    }
}

/// How it is known what a clause asks for.
pub(super) fn basis(basis: Basis) -> Text {
    match basis {
        Basis::Id => Text::new("要件IDによる", "by id"),
        Basis::Clause => Text::new("公式文書の箇条による", "by the official clause"),
        Basis::Confirmed => Text::new("人が確認", "confirmed by a person"),
        Basis::OutOfScope => Text::new("対象外と人が確認", "out of scope, confirmed by a person"),
        Basis::Suggested => Text::new("候補のみ（未確認）", "suggestions only, not confirmed"),
        Basis::None => Text::new("該当する要件なし", "no requirement near"),
    }
}

/// Who offers what, in one line.
pub(super) fn offer(view: &OfferView, lang: Lang) -> String {
    let vendor = if view.offer.vendor.is_empty() {
        lang.pick("（回答者の記載なし）", "(vendor not told)")
    } else {
        &view.offer.vendor
    };
    let parts = [
        Some(vendor),
        view.offer.product.as_deref(),
        view.offer.version.as_deref(),
    ];
    clean(&parts.into_iter().flatten().collect::<Vec<_>>().join(" "))
}

/// Evidence in one line.
pub(super) fn evidence(evidence: &Evidence, lang: Lang) -> String {
    let Some(registration) = &evidence.registration else {
        return evidence.requirement.clone();
    };
    let mut line = format!(
        "{}: {registration} {} {}",
        evidence.requirement,
        clean(&evidence.product),
        clean(&evidence.version)
    );
    if let Some(verdict) = &evidence.verdict {
        line.push_str(&format!(" / {verdict} {}/{}", evidence.held, evidence.judged));
    }
    if let Some(until) = evidence.valid_until {
        line.push_str(&lang.pick(format!(" / {until} まで有効"), format!(" / valid until {until}")));
    }
    if let Some(index) = evidence.log_index {
        line.push_str(&lang.pick(format!(" / ログ {index}"), format!(" / log {index}")));
    }
    line
}

/// A digest in groups that a person can compare.
pub(super) fn grouped(digest: &str) -> String {
    let groups: Vec<&str> = (0..digest.len())
        .step_by(4)
        .filter_map(|at| digest.get(at..(at + 4).min(digest.len())))
        .collect();
    groups.join(" ")
}
