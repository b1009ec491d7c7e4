//! Numbers and codes that have a form, but no check digit that is public.

use super::{IdentifierError, digits, form, identifier};

identifier!(
    /// 基礎年金番号: 10 digits, written 4 + 6 with or without a hyphen. Form only; confidence: low.
    BasicPensionNumber, validate_pension, secret
);

identifier!(
    /// 在留カード番号 (特別永住者証明書番号 has the same form): two capital letters, eight digits, two capital letters.
    /// 出入国在留管理庁 prints AB12345678CD as its sample. Confidence: medium.
    ResidenceCardNumber, validate_residence_card, secret
);

identifier!(
    /// 郵便番号: seven digits without a hyphen; 9999999 where it is unknown (行政基本情報データ連携モデル 1015-3). Confidence: high.
    PostalCode, validate_postal
);

identifier!(
    /// MJ文字図形名: MJ and six digits (文字情報基盤). Confidence: medium.
    MjGlyphName, validate_mj
);

identifier!(
    /// A phone number of Japan: digits, or groups of digits with hyphens (電気通信番号規則). Confidence: medium.
    PhoneNumber, validate_phone
);

pub(super) fn validate_pension(text: &str) -> Result<(), IdentifierError> {
    if text.chars().nth(4) == Some('-') {
        form(text, "9999-999999", "10 or, with a hyphen, 11")
    } else {
        form(text, "9999999999", "10 or, with a hyphen, 11")
    }
}

pub(super) fn validate_residence_card(text: &str) -> Result<(), IdentifierError> {
    form(text, "AA99999999AA", "12")
}

pub(super) fn validate_postal(text: &str) -> Result<(), IdentifierError> {
    digits(text, |length| length == 7, "7").map(|_| ())
}

pub(super) fn validate_mj(text: &str) -> Result<(), IdentifierError> {
    form(text, "MJ999999", "8")
}

impl PostalCode {
    /// The value for an unknown code.
    pub const UNKNOWN: &'static str = "9999999";

    /// Reads the form on envelopes: 100-0014, with or without 〒.
    ///
    /// # Errors
    /// If it is neither that nor seven digits.
    pub fn parse_written(text: &str) -> Result<Self, IdentifierError> {
        let bare = text.strip_prefix('〒').unwrap_or(text);
        match bare.split_once('-') {
            Some((first, second)) if first.len() == 3 => Self::parse(&format!("{first}{second}")),
            _ => Self::parse(bare),
        }
    }

    /// Whether it stands for an unknown one.
    pub fn is_unknown(&self) -> bool {
        &*self.0 == Self::UNKNOWN
    }
}

/// What a phone number is for, by its first digits.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum PhoneKind {
    /// 0AB–J, ten digits.
    Fixed,
    /// 090, 080, 070, and 060 from 2026-07: eleven digits.
    Mobile,
    /// 050: eleven digits.
    Internet,
    /// 0120 (ten digits) and 0800 (eleven): the callee pays.
    Free,
    /// 0570: ten digits.
    Navigation,
}

impl PhoneNumber {
    /// What it is for.
    pub fn kind(&self) -> PhoneKind {
        classify(&self.bare())
    }

    /// The digits alone.
    pub fn bare(&self) -> String {
        self.0.replace('-', "")
    }

    /// Whether nobody can have it: the group after the area code begins with 0 or 1, as in 03-1234-5678. Only known
    /// where the groups are written.
    pub fn is_unassignable(&self) -> bool {
        let mut groups = self.0.split('-');
        self.kind() == PhoneKind::Fixed
            && groups
                .nth(1)
                .is_some_and(|group| group.starts_with('0') || group.starts_with('1'))
    }
}

fn classify(bare: &str) -> PhoneKind {
    match (bare.get(..3).unwrap_or_default(), bare.get(..4).unwrap_or_default()) {
        (_, "0120" | "0800") => PhoneKind::Free,
        (_, "0570") => PhoneKind::Navigation,
        ("050", _) => PhoneKind::Internet,
        ("060" | "070" | "080" | "090", _) => PhoneKind::Mobile,
        _ => PhoneKind::Fixed,
    }
}

pub(super) fn validate_phone(text: &str) -> Result<(), IdentifierError> {
    let groups: Vec<&str> = text.split('-').collect();
    if !matches!(groups.len(), 1 | 3) || groups.iter().any(|group| group.is_empty()) {
        return Err(IdentifierError::Value {
            part: "groups",
            expected: "digits only, or three groups with hyphens between them",
            found: format!("{} groups", groups.len()),
        });
    }
    let mut position = 0;
    for group in &groups {
        if let Some((index, c)) = group.chars().enumerate().find(|(_, c)| !c.is_ascii_digit()) {
            return Err(super::foreign(position + index, c, "a half-width digit"));
        }
        position += group.len() + 1;
    }
    let bare = groups.concat();
    if !bare.starts_with('0') || bare.starts_with("00") {
        return Err(IdentifierError::Value {
            part: "first digits",
            expected: "0 and then another digit than 0",
            found: bare.chars().take(2).collect(),
        });
    }
    let length = match classify(&bare) {
        PhoneKind::Mobile | PhoneKind::Internet => 11,
        PhoneKind::Free if bare.starts_with("0800") => 11,
        _ => 10,
    };
    if bare.len() == length {
        return Ok(());
    }
    Err(IdentifierError::Length {
        expected: if length == 11 { "11" } else { "10" },
        found: bare.len(),
    })
}
