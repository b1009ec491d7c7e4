//! 宛名番号 of the municipality: they say which household and member they belong to, so that nobody needs a table.
//!
//! Fifteen digits: kind (1), tag of the seed (3), household (8), member (2), check digit (1).

use std::fmt;

use crate::population::Rng;

/// A number of fifteen digits, check digit included.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Number(u64);

/// What a number stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Holder {
    /// A resident or former resident: household and place in it.
    Resident(u64, usize),
    /// Somebody outside the register whom the household's index carries.
    Outsider(u64),
    /// A corporation that the household's index carries.
    Corporation(u64),
    /// 世帯番号.
    Household(u64),
}

const RESIDENT: u64 = 3;
const OUTSIDER: u64 = 4;
const CORPORATION: u64 = 5;
const HOUSEHOLD: u64 = 6;

impl Number {
    /// The number of a holder in the municipality of a seed.
    pub fn new(tag: u64, holder: Holder) -> Self {
        let (kind, household, member) = match holder {
            Holder::Resident(household, member) => (RESIDENT, household, member as u64),
            Holder::Outsider(household) => (OUTSIDER, household, 0),
            Holder::Corporation(household) => (CORPORATION, household, 0),
            Holder::Household(household) => (HOUSEHOLD, household, 0),
        };
        let body = ((kind * 1_000 + tag % 1_000) * 100_000_000 + household) * 100 + member;
        Self(body * 10 + digit(body))
    }

    /// Reads a number of this municipality; `None` for any other text.
    pub fn read(tag: u64, text: &str) -> Option<(Self, Holder)> {
        if text.len() != 15 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let value: u64 = text.parse().ok()?;
        let body = value / 10;
        let household = body / 100 % 100_000_000;
        let member = (body % 100) as usize;
        let holder = match body / 10_000_000_000_000 {
            RESIDENT => Holder::Resident(household, member),
            OUTSIDER => Holder::Outsider(household),
            CORPORATION => Holder::Corporation(household),
            HOUSEHOLD => Holder::Household(household),
            _ => return None,
        };
        let number = Self::new(tag, holder);
        (number.0 == value).then_some((number, holder))
    }

    /// The value, for hashing.
    pub(super) const fn value(self) -> u64 {
        self.0
    }

    /// Kind, household and member: what tells holders of one municipality apart, eleven digits.
    pub(super) const fn short(self) -> u64 {
        let body = self.0 / 10;
        (body / 10_000_000_000_000) * 10_000_000_000 + body % 10_000_000_000
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:015}", self.0)
    }
}

/// M11W2–7 with 0 for remainder 1 (reading RD-15), as [`crate::text::check_digit::addressee_number`] computes it.
const fn digit(body: u64) -> u64 {
    let (mut rest, mut weight, mut sum) = (body, 2, 0);
    while rest > 0 {
        sum += rest % 10 * weight;
        weight = if weight == 7 { 2 } else { weight + 1 };
        rest /= 10;
    }
    match sum % 11 {
        0 | 1 => 0,
        remainder => 11 - remainder,
    }
}

/// Three digits that tell the municipalities of different seeds apart, mostly.
pub(super) fn tag_of(seed: u64) -> u64 {
    Rng::new(seed, &["municipality"]).below(1_000)
}

/// Digits of a staff number after the S.
pub(super) fn read_staff(text: &str) -> Option<(u64, u64)> {
    let digits = text
        .strip_prefix('S')
        .filter(|digits| digits.len() == 9 && digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    let value: u64 = digits.parse().ok()?;
    Some((value / 10, value % 10))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::check_digit;

    #[test]
    fn numbers_carry_their_check_digit_and_come_back() {
        for household in [0, 7, 46, 12_345, 1_785_999] {
            for holder in [
                Holder::Resident(household, 0),
                Holder::Resident(household, 6),
                Holder::Outsider(household),
                Holder::Corporation(household),
                Holder::Household(household),
            ] {
                let number = Number::new(417, holder);
                let text = number.to_string();
                assert!(check_digit::is_addressee_number(&text), "{text}");
                assert_eq!(Number::read(417, &text), Some((number, holder)));
                assert_eq!(Number::read(418, &text), None);
            }
        }
        let good = Number::new(1, Holder::Resident(5, 1)).to_string();
        let bad = format!("{}{}", &good[..14], (good.as_bytes()[14] - b'0' + 1) % 10);
        assert_eq!(Number::read(1, &bad), None);
        assert_eq!(Number::read(1, "３00000000000000"), None);
    }
}
