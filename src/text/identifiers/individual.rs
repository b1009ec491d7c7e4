//! 個人番号 and 住民票コード: the two numbers that must never stand in a file of ours.

use super::{IdentifierError, digits, expect_digit, identifier, weighted_from_right};

identifier!(
    /// 個人番号: 12 digits, the last one checks the others.
    ///
    /// 行政手続における特定の個人を識別するための番号の利用等に関する法律の規定による通知カード及び個人番号カード並びに
    /// 情報提供ネットワークシステムによる特定個人情報の提供等に関する省令 (平成26年総務省令第85号) 5 条. Confidence: high.
    ///
    /// One in ten random strings of twelve digits passes, also twelve zeros: that one passes proves nothing.
    IndividualNumber, validate_individual, secret
);

identifier!(
    /// 住民票コード: 10 random digits and a check digit (住民基本台帳法施行規則 1 条).
    ///
    /// The formula is **inferred**, an official one was not seen: DS-463-1 (デジタル庁 2022-03-31) lists the code under
    /// モジュラス11, and the weights of the 個人番号 fit three codes of a public sample. Confidence: low to medium; judge
    /// nothing by it.
    ///
    /// The body of a 個人番号 passes by accident once in ten times.
    ResidentCode, validate_resident, secret
);

/// Weights from the right: n + 1 for the first six, n − 5 for the others.
const WEIGHTS: [u32; 11] = [2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6];

fn check(remainder: u32) -> u32 {
    if remainder <= 1 { 0 } else { 11 - remainder }
}

/// The remainder that decides the check digit of a 個人番号, from its first eleven digits.
///
/// # Errors
/// If the body is not eleven digits.
pub fn individual_remainder(body: &str) -> Result<u32, IdentifierError> {
    Ok(weighted_from_right(&digits(body, |length| length == 11, "11")?, WEIGHTS) % 11)
}

/// Check digit of the first eleven digits of a 個人番号: 11 minus the remainder, 0 for remainders 0 and 1.
///
/// # Errors
/// If the body is not eleven digits.
pub fn individual_check_digit(body: &str) -> Result<u32, IdentifierError> {
    individual_remainder(body).map(check)
}

/// The remainder that decides the check digit of a 住民票コード, from its first ten digits (inferred).
///
/// # Errors
/// If the body is not ten digits.
pub fn resident_remainder(body: &str) -> Result<u32, IdentifierError> {
    Ok(weighted_from_right(&digits(body, |length| length == 10, "10")?, WEIGHTS) % 11)
}

/// Check digit of the first ten digits of a 住民票コード (inferred).
///
/// # Errors
/// If the body is not ten digits.
pub fn resident_check_digit(body: &str) -> Result<u32, IdentifierError> {
    resident_remainder(body).map(check)
}

pub(super) fn validate_individual(text: &str) -> Result<(), IdentifierError> {
    let all = digits(text, |length| length == 12, "12")?;
    expect_digit(&all, 11, check(weighted_from_right(&all[..11], WEIGHTS) % 11))
}

pub(super) fn validate_resident(text: &str) -> Result<(), IdentifierError> {
    let all = digits(text, |length| length == 11, "11")?;
    expect_digit(&all, 10, check(weighted_from_right(&all[..10], WEIGHTS) % 11))
}
