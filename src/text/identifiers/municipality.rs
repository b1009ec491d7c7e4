//! 全国地方公共団体コード: 都道府県 2 digits (JIS X 0401), 市区町村 3 digits (JIS X 0402), check digit.
//!
//! 総務省 全国地方公共団体コード. Confidence: high. Two traps: 011011 (札幌市中央区) has the sum 11, so its check digit is the last
//! digit of 11 − 0; and nearly every code of 北海道 to 栃木県 begins with 0, which is lost when a file is read as numbers.

use super::{IdentifierError, digits, expect_digit, identifier, weighted_from_right};
use crate::text::date::Day;

identifier!(
    /// 全国地方公共団体コード with its check digit: six digits.
    MunicipalityCode, validate
);

/// What kind of body a code belongs to, by its third to fifth digit (JIS X 0402).
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum MunicipalityLevel {
    /// 都道府県: 000.
    Prefecture,
    /// 指定都市, its wards, and the special wards of 東京都: 100 to 199.
    CityOrWard,
    /// 市: 200 to 299.
    City,
    /// 町村: 300 to 799.
    TownOrVillage,
    /// 一部事務組合 and others: 800 to 999.
    Association,
}

impl MunicipalityCode {
    /// The code of five digits without a check digit, such as 13101.
    ///
    /// # Errors
    /// If they are not five digits.
    pub fn of_five(body: &str) -> Result<Self, IdentifierError> {
        let digit = check_digit(body)?;
        Ok(Self(format!("{body}{digit}").into()))
    }

    /// The five digits without the check digit.
    pub fn five(&self) -> &str {
        &self.0[..5]
    }

    /// 都道府県, JIS X 0401: 1 to 47 are assigned.
    pub fn prefecture(&self) -> u8 {
        self.0[..2].parse().unwrap_or(0)
    }

    /// Whether its 都道府県 exists: 999997 passes the check digit but cannot be a municipality, so it is safe in tests.
    pub fn prefecture_is_assigned(&self) -> bool {
        (1..=47).contains(&self.prefecture())
    }

    /// What kind of body it is.
    pub fn level(&self) -> MunicipalityLevel {
        match self.0[2..5].parse().unwrap_or(0) {
            0 => MunicipalityLevel::Prefecture,
            1..=199 => MunicipalityLevel::CityOrWard,
            200..=299 => MunicipalityLevel::City,
            300..=799 => MunicipalityLevel::TownOrVillage,
            _ => MunicipalityLevel::Association,
        }
    }
}

fn check(body: &[u32]) -> u32 {
    (11 - weighted_from_right(body, 2..=6) % 11) % 10
}

/// Check digit of five digits: the last digit of 11 − (Σ mod 11), weights 6 to 2 from the left.
///
/// # Errors
/// If the body is not five digits.
pub fn check_digit(body: &str) -> Result<u32, IdentifierError> {
    Ok(check(&digits(body, |length| length == 5, "5")?))
}

pub(super) fn validate(text: &str) -> Result<(), IdentifierError> {
    let all = match digits(text, |length| length == 6, "6") {
        Err(IdentifierError::Length { found: 5, .. }) if validate(&format!("0{text}")).is_ok() => {
            return Err(IdentifierError::LeadingZeroLost {
                restored: format!("0{text}"),
            });
        }
        other => other?,
    };
    expect_digit(&all, 5, check(&all[..5]))
}

/// From when to when a code is in force.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Validity {
    /// First day; `None` if it is older than what is known here.
    pub from: Option<Day>,
    /// Last day; `None` while it is in force.
    pub to: Option<Day>,
}

/// 浜松市's wards: seven until 2023-12-31, three from 2024-01-01 (天竜区 has a new code too).
const HAMAMATSU_OLD: [&str; 7] = ["22131", "22132", "22133", "22134", "22135", "22136", "22137"];
const HAMAMATSU_NEW: [&str; 3] = ["22138", "22139", "22140"];

/// What is known here about the validity of a code: the wards of 浜松市, the last change of wards. `None` for every
/// other code: the register of all codes is not in this program.
pub fn validity(code: &MunicipalityCode) -> Option<Validity> {
    if HAMAMATSU_OLD.contains(&code.five()) {
        Some(Validity {
            from: None,
            to: Day::new(2023, 12, 31).ok(),
        })
    } else if HAMAMATSU_NEW.contains(&code.five()) {
        Some(Validity {
            from: Day::new(2024, 1, 1).ok(),
            to: None,
        })
    } else {
        None
    }
}

impl Validity {
    /// Whether a code is in force on a day.
    pub fn contains(&self, day: Day) -> bool {
        self.from.is_none_or(|from| from <= day) && self.to.is_none_or(|to| day <= to)
    }
}
