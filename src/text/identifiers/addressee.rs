//! 宛名番号 and 世帯番号: a serial with a check digit at its end.
//!
//! 住民記録システム標準仕様書【第1.0版】 §1.1.13: M11 W2–7, remainder 0 → 0, for newly issued numbers only. What remainder 1
//! (one serial in eleven) means is not written there: [`RemainderOne`] holds the two sides (reading RD-15).
//! Confidence: high for the text, open for the gap.

use super::{IdentifierError, digits, weighted_from_right, written};

/// The two readings of a remainder of 1 (RD-15), where 11 − 1 = 10 is no digit.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Hash)]
pub enum RemainderOne {
    /// The check digit is 0, as the ordinance says for the 個人番号 and every program seen does.
    #[default]
    Zero,
    /// Such a serial is skipped: no number is issued for it.
    NotIssued,
}

/// What the serial says about its check digit.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum AddresseeCheck {
    /// One digit, whatever the reading.
    Settled(u32),
    /// Remainder 1: it depends on the reading.
    Open,
}

impl AddresseeCheck {
    /// The check digit under a reading; `None` where no number is issued.
    pub const fn under(self, reading: RemainderOne) -> Option<u32> {
        match (self, reading) {
            (Self::Settled(digit), _) => Some(digit),
            (Self::Open, RemainderOne::Zero) => Some(0),
            (Self::Open, RemainderOne::NotIssued) => None,
        }
    }
}

/// What a serial (at least one digit) says about its check digit.
///
/// # Errors
/// If it is not digits, or empty.
pub fn check(serial: &str) -> Result<AddresseeCheck, IdentifierError> {
    Ok(settle(&digits(serial, |length| length > 0, "1 or more")?))
}

fn settle(serial: &[u32]) -> AddresseeCheck {
    match weighted_from_right(serial, (2..=7).cycle()) % 11 {
        0 => AddresseeCheck::Settled(0),
        1 => AddresseeCheck::Open,
        remainder => AddresseeCheck::Settled(11 - remainder),
    }
}

/// Whether a number is a serial with its check digit, under a reading.
///
/// # Errors
/// If it is not.
pub fn validate(text: &str, reading: RemainderOne) -> Result<(), IdentifierError> {
    let all = digits(text, |length| length >= 2, "2 or more")?;
    let (last, serial) = (all[all.len() - 1], &all[..all.len() - 1]);
    match settle(serial).under(reading) {
        None => Err(IdentifierError::NoCheckDigit),
        Some(expected) if expected == last => Ok(()),
        Some(expected) => Err(IdentifierError::CheckDigit {
            position: all.len(),
            expected: expected.to_string(),
            found: written(last),
        }),
    }
}

macro_rules! serial_number {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Takes a number whose last digit checks it.
            ///
            /// # Errors
            /// If it is not digits, or the last digit is another one under this reading.
            pub fn parse(text: &str, reading: RemainderOne) -> Result<Self, IdentifierError> {
                validate(text, reading)?;
                Ok(Self(text.into()))
            }

            /// The number of a serial, written with `width` digits in all; `None` where the reading issues none.
            ///
            /// # Errors
            /// If the serial does not fit into the width.
            pub fn of_serial(serial: u64, width: usize, reading: RemainderOne) -> Result<Option<Self>, IdentifierError> {
                let body = format!("{serial:0length$}", length = width.saturating_sub(1));
                if body.len() + 1 != width {
                    return Err(IdentifierError::Length {
                        expected: "as many as the number has",
                        found: body.len() + 1,
                    });
                }
                let digit = check(&body)?.under(reading);
                Ok(digit.map(|digit| Self(format!("{body}{digit}").into())))
            }

            /// The number, leading zeros included.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    };
}

serial_number!(
    /// 宛名番号. It stays the same when a person moves inside a 指定都市 (§1.1.13).
    AddresseeNumber
);
serial_number!(
    /// 世帯番号. It is issued anew when a household moves inside a 指定都市 (§1.1.13).
    HouseholdNumber
);

/// For the list of all kinds: under the provisional reading of RD-15.
pub(super) fn validate_default(text: &str) -> Result<(), IdentifierError> {
    validate(text, RemainderOne::default())
}
