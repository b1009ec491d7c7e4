//! The number of a registration: `JK-2026-000421-NN`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Fault;
use crate::text::Text;

/// Year, serial and two check digits (ISO 7064 MOD 97-10 over the ten digits before them). Never given out twice.
///
/// The check digits find every single wrong digit and every swap of two neighbours, so a number read over the telephone
/// is not taken for another product's.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RegistrationNumber {
    year: u16,
    serial: u32,
}

impl RegistrationNumber {
    /// The number of a year (1000 to 9999) and a serial (1 to 999999).
    ///
    /// # Errors
    /// If either is out of range.
    pub fn new(year: u16, serial: u32) -> Result<Self, Fault> {
        if !(1000..=9999).contains(&year) || !(1..=999_999).contains(&serial) {
            return Err(Fault(Text::new(
                format!("登録番号の年（4桁）または通し番号（1〜999999）が範囲外です: {year}, {serial}"),
                format!(
                    "year (four digits) or serial (1 to 999999) of a registration number is out of range: {year}, {serial}"
                ),
            )));
        }
        Ok(Self { year, serial })
    }

    /// Year of registration.
    pub fn year(self) -> u16 {
        self.year
    }

    /// Serial within the register.
    pub fn serial(self) -> u32 {
        self.serial
    }

    /// ISO 7064 MOD 97-10: the digits with the check digits appended leave 1 when divided by 97.
    fn check_digits(self) -> u64 {
        let body = u64::from(self.year) * 1_000_000 + u64::from(self.serial);
        98 - (body * 100) % 97
    }
}

impl fmt::Display for RegistrationNumber {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "JK-{:04}-{:06}-{:02}", self.year, self.serial, self.check_digits())
    }
}

impl FromStr for RegistrationNumber {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let form = || {
            let shown: String = text.chars().take(40).collect();
            Fault(Text::new(
                format!(
                    "「{shown}」は登録番号の形（JK-2026-000421-NN）ではありません。証書のとおりに入力してください。"
                ),
                format!(
                    "`{shown}` is no registration number (JK-2026-000421-NN). Type it as printed on the certificate."
                ),
            ))
        };
        let digits = |part: Option<&str>, length: usize| {
            part.filter(|part| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit()))
                .and_then(|part| part.parse::<u32>().ok())
                .ok_or_else(form)
        };
        let mut parts = text.split('-');
        if parts.next() != Some("JK") {
            return Err(form());
        }
        let year = digits(parts.next(), 4)?;
        let serial = digits(parts.next(), 6)?;
        let check = digits(parts.next(), 2)?;
        if parts.next().is_some() {
            return Err(form());
        }
        let number = Self::new(u16::try_from(year).map_err(|_| form())?, serial)?;
        if number.check_digits() != u64::from(check) {
            return Err(Fault(Text::new(
                format!("「{text}」は検査数字が合いません。番号を写し間違えていないか確かめてください。"),
                format!("`{text}` has wrong check digits. See whether it was copied without a mistake."),
            )));
        }
        Ok(number)
    }
}

impl Serialize for RegistrationNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for RegistrationNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(|fault: Fault| de::Error::custom(fault.0.en))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_iso_7064() {
        let number = RegistrationNumber::new(2026, 421).expect("in range");
        let text = number.to_string();
        let digits: u64 = text
            .chars()
            .filter(char::is_ascii_digit)
            .collect::<String>()
            .parse()
            .expect("digits");
        assert_eq!(digits % 97, 1);
        assert_eq!(text.parse::<RegistrationNumber>().expect("its own text"), number);
    }

    #[test]
    fn every_wrong_digit_and_every_swap_is_found() {
        for serial in [1, 421, 123_456, 999_999] {
            let text = RegistrationNumber::new(2026, serial).expect("in range").to_string();
            let places: Vec<usize> = text
                .match_indices(|c: char| c.is_ascii_digit())
                .map(|(at, _)| at)
                .collect();
            for at in &places {
                for digit in b'0'..=b'9' {
                    let mut wrong = text.clone().into_bytes();
                    if wrong[*at] == digit {
                        continue;
                    }
                    wrong[*at] = digit;
                    let wrong = String::from_utf8(wrong).expect("ASCII");
                    assert!(wrong.parse::<RegistrationNumber>().is_err(), "{wrong}");
                }
            }
            for pair in places.windows(2) {
                let mut wrong = text.clone().into_bytes();
                wrong.swap(pair[0], pair[1]);
                let wrong = String::from_utf8(wrong).expect("ASCII");
                assert!(wrong == text || wrong.parse::<RegistrationNumber>().is_err(), "{wrong}");
            }
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "JK",
            "JK-2026-421-00",
            "jk-2026-000421-00",
            "JK-2026-000421-00-1",
            "AP-2026-000421-11",
            "JK-２０２６-000421-11",
        ] {
            assert!(text.parse::<RegistrationNumber>().is_err(), "{text}");
        }
    }
}
