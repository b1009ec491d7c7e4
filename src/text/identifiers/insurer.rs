//! 保険者番号 (医療, 国保, 後期高齢者医療, 介護) and 介護 事業所番号: modulus 10 with weights 2 and 1 from the right.
//!
//! Confidence: medium for 8-digit insurers and 国保; low for 介護 (same rule assumed) and the weights of 事業所番号, of which only
//! "モジュラス10" was seen.

use super::{IdentifierError, digits, expect_digit, identifier};

/// What a 保険者番号 belongs to, by its length and 法別番号.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum InsurerKind {
    /// 8 digits: 法別番号 2, 都道府県 2, 保険者 3, check digit.
    Employees,
    /// 8 digits beginning with 39.
    LateElderly,
    /// 6 digits: 都道府県 2, 保険者 3, check digit (国民健康保険 and, with low confidence, 介護保険).
    National,
}

identifier!(
    /// 保険者番号: 8 digits, or 6.
    InsurerNumber, validate_insurer
);

identifier!(
    /// 介護 事業所番号: 10 digits: 都道府県 2, 種別 1, 郡市 2, serial 4, check digit.
    CareOfficeNumber, validate_office
);

impl InsurerNumber {
    /// What it belongs to.
    pub fn kind(&self) -> InsurerKind {
        match (self.0.len(), self.0.starts_with("39")) {
            (6, _) => InsurerKind::National,
            (_, true) => InsurerKind::LateElderly,
            _ => InsurerKind::Employees,
        }
    }

    /// 都道府県 (JIS X 0401).
    pub fn prefecture(&self) -> u8 {
        let at = self.0.len() - 6;
        self.0[at..at + 2].parse().unwrap_or(0)
    }
}

fn check(body: &[u32]) -> u32 {
    let sum: u32 = body
        .iter()
        .rev()
        .zip([2, 1].into_iter().cycle())
        .map(|(digit, weight)| digit * weight)
        .map(|product| product / 10 + product % 10)
        .sum();
    (10 - sum % 10) % 10
}

/// Check digit of a body of any length: weights 2, 1 from the right, digits of the products added, modulus 10.
///
/// # Errors
/// If the body is not digits, or empty.
pub fn check_digit(body: &str) -> Result<u32, IdentifierError> {
    Ok(check(&digits(body, |length| length > 0, "1 or more")?))
}

pub(super) fn validate_insurer(text: &str) -> Result<(), IdentifierError> {
    let all = digits(text, |length| length == 6 || length == 8, "6 or 8")?;
    expect_digit(&all, all.len() - 1, check(&all[..all.len() - 1]))
}

pub(super) fn validate_office(text: &str) -> Result<(), IdentifierError> {
    let all = digits(text, |length| length == 10, "10")?;
    expect_digit(&all, 9, check(&all[..9]))
}
