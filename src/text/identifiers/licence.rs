//! 運転免許証の番号: 12 digits, the eleventh checks the first ten, the twelfth counts reissues.
//!
//! Weights 5, 4, 3, 2, 7, 6, 5, 4, 3, 2; the last digit of 11 − (Σ mod 11). No official source was seen (confidence: medium), and
//! for remainder 0 the sources differ: 1 (last digit of 11) or 0. Both pass here.

use super::{IdentifierError, digits, identifier, weighted_from_right, written};

identifier!(
    /// 運転免許証の番号 (a 個人識別符号: 個人情報保護法施行令 1 条).
    DriversLicence, validate, secret
);

/// What the first ten digits say about the eleventh.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum LicenceCheck {
    /// One digit.
    Settled(u32),
    /// Remainder 0: 1 in some sources, 0 in others.
    OneOrZero,
}

impl LicenceCheck {
    /// Whether a digit fits.
    pub const fn allows(self, digit: u32) -> bool {
        match self {
            Self::Settled(settled) => settled == digit,
            Self::OneOrZero => digit <= 1,
        }
    }
}

fn settle(body: &[u32]) -> LicenceCheck {
    match weighted_from_right(body, [2, 3, 4, 5, 6, 7, 2, 3, 4, 5]) % 11 {
        0 => LicenceCheck::OneOrZero,
        remainder => LicenceCheck::Settled((11 - remainder) % 10),
    }
}

/// What ten digits say about the eleventh.
///
/// # Errors
/// If the body is not ten digits.
pub fn check(body: &str) -> Result<LicenceCheck, IdentifierError> {
    Ok(settle(&digits(body, |length| length == 10, "10")?))
}

impl DriversLicence {
    /// How often it was reissued (再交付).
    pub fn reissues(&self) -> u8 {
        self.0[11..].parse().unwrap_or(0)
    }
}

pub(super) fn validate(text: &str) -> Result<(), IdentifierError> {
    let all = digits(text, |length| length == 12, "12")?;
    let check = settle(&all[..10]);
    if check.allows(all[10]) {
        return Ok(());
    }
    Err(IdentifierError::CheckDigit {
        position: 11,
        expected: match check {
            LicenceCheck::Settled(digit) => digit.to_string(),
            LicenceCheck::OneOrZero => "1 or 0".into(),
        },
        found: written(all[10]),
    })
}
