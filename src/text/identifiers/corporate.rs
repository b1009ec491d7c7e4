//! 法人番号: 13 digits, and the check digit is the **first** one.
//!
//! 法人番号の指定等に関する省令 (平成26年財務省令第70号) 2 条. Confidence: high. Because the rule is a congruence modulo 9, a program that
//! takes the last digit is nearly right: it refuses one valid number in ten and accepts numbers that begin with 0.

use super::{IdentifierError, digits, expect_digit, identifier, weighted_from_right};

identifier!(
    /// 法人番号. Public; it is no personal data.
    CorporateNumber, validate
);

fn check(body: &[u32]) -> u32 {
    9 - weighted_from_right(body, [1, 2].into_iter().cycle()) % 9
}

/// Check digit (1 to 9) of the twelve digits after it.
///
/// # Errors
/// If the body is not twelve digits.
pub fn check_digit(body: &str) -> Result<u32, IdentifierError> {
    Ok(check(&digits(body, |length| length == 12, "12")?))
}

pub(super) fn validate(text: &str) -> Result<(), IdentifierError> {
    let all = digits(text, |length| length == 13, "13")?;
    expect_digit(&all, 0, check(&all[1..]))
}
