//! 町字ID of today, 住所コード of yesterday, and what goes wrong between them.
//!
//! 町字ID: 7 digits = 大字・町 4 + 丁目・小字 3, below a 全国地方公共団体コード of 6 digits (アドレス・ベース・レジストリ; confidence: high).
//! 住所コード: 11 digits = 都道府県 2 + 市区町村 3 + 大字 3 + 小字 3 (住民記録システム標準仕様書【第1.0版】 §1.3.3; confidence: high), where
//! "大字、小字は規定しない": their numbers are not prescribed, so no arithmetic leads from one to the other (RD-17). Only
//! the 市区町村 part converts.

use crate::text::Text;
use crate::text::identifiers::{IdentifierError, MunicipalityCode, digits, identifier};

identifier!(
    /// 町字ID: seven digits.
    MachiazaId, validate_machiaza
);

identifier!(
    /// 住所コード of eleven digits.
    AddressCode, validate_address_code
);

pub(in crate::text) fn validate_machiaza(text: &str) -> Result<(), IdentifierError> {
    digits(text, |length| length == 7, "7").map(|_| ())
}

pub(in crate::text) fn validate_address_code(text: &str) -> Result<(), IdentifierError> {
    digits(text, |length| length == 11, "11").map(|_| ())
}

impl MachiazaId {
    /// 大字・町: the first four digits. Some different 大字 share them.
    pub fn town(&self) -> &str {
        &self.as_str()[..4]
    }

    /// 丁目 or 小字: the last three digits, 000 for the 大字 itself.
    pub fn block(&self) -> &str {
        &self.as_str()[4..]
    }

    /// 0000000: there is no 町字 (item table 031, SF-10).
    pub fn is_none(&self) -> bool {
        self.as_str() == "0000000"
    }

    /// 9999999: a 町字 that is not in the register (付番API 第2.0版, SF-10).
    pub fn is_unregistered(&self) -> bool {
        self.as_str() == "9999999"
    }
}

impl AddressCode {
    /// The 全国地方公共団体コード of its first five digits, with the check digit that 住所コード leaves out.
    ///
    /// # Errors
    /// Never for a code that was parsed; the type is that of the rule.
    pub fn municipality(&self) -> Result<MunicipalityCode, IdentifierError> {
        MunicipalityCode::of_five(&self.as_str()[..5])
    }

    /// 大字: three digits whose meaning each dictionary decides.
    pub fn town(&self) -> &str {
        &self.as_str()[5..8]
    }

    /// 小字: three digits whose meaning each dictionary decides.
    pub fn block(&self) -> &str {
        &self.as_str()[8..]
    }
}

/// What is wrong with a conversion of 住所コード into 全国地方公共団体コード and 町字ID.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ConversionFinding {
    /// The 全国地方公共団体コード is the first six digits of the 住所コード: the digit of a 大字 stands as check digit.
    CutAtSix,
    /// The 全国地方公共団体コード is another municipality's, or no code.
    OtherMunicipality {
        /// The code that belongs there.
        expected: String,
    },
    /// The 町字ID is the 大字 and 小字 of the 住所コード with a zero: the two number their towns differently.
    DigitsTakenOver,
    /// One of the three values is not well-formed.
    Malformed {
        /// Which.
        part: &'static str,
        /// Why.
        error: IdentifierError,
    },
}

impl ConversionFinding {
    /// The finding in both languages.
    pub fn text(&self) -> Text {
        match self {
            Self::CutAtSix => Text::new(
                "住所コードの先頭 6 桁が団体コードになっています（6 桁目は検査数字でなく大字の 1 桁目です）",
                "the first six digits of the 住所コード stand as 団体コード; the sixth is a digit of the 大字, not a check digit",
            ),
            Self::OtherMunicipality { expected } => Text::new(
                format!("団体コードは {expected} であるべきです"),
                format!("expected the 団体コード {expected}"),
            ),
            Self::DigitsTakenOver => Text::new(
                "住所コードの大字・小字の数字がそのまま町字IDになっています（番号体系が異なり、対応表が必要です）",
                "the digits of 大字 and 小字 stand as 町字ID; the two are numbered differently and need a table",
            ),
            Self::Malformed { part, error } => {
                let error = error.text();
                Text::new(format!("{part}: {}", error.ja), format!("{part}: {}", error.en))
            }
        }
    }
}

/// Compares a 住所コード with what a system made of it. Nothing found means that nothing is known to be wrong; whether the
/// 町字ID is the right one, only a table of both dictionaries knows.
pub fn check_conversion(address_code: &str, municipality: &str, machiaza: &str) -> Vec<ConversionFinding> {
    let malformed = |part, error| vec![ConversionFinding::Malformed { part, error }];
    let code = match AddressCode::parse(address_code) {
        Ok(code) => code,
        Err(error) => return malformed("住所コード", error),
    };
    let expected = match code.municipality() {
        Ok(expected) => expected,
        Err(error) => return malformed("住所コード", error),
    };
    let machiaza = match MachiazaId::parse(machiaza) {
        Ok(id) => id,
        Err(error) => return malformed("町字ID", error),
    };
    let mut findings = Vec::new();
    if municipality != expected.as_str() {
        findings.push(if municipality == &address_code[..6] {
            ConversionFinding::CutAtSix
        } else {
            ConversionFinding::OtherMunicipality {
                expected: expected.as_str().into(),
            }
        });
    }
    // A 大字 whose number happens to agree in both dictionaries is possible; with a 小字 of its own it is not likely.
    let digits = format!("{}{}", code.town(), code.block());
    if machiaza.as_str() == format!("0{digits}") || machiaza.as_str() == format!("{digits}0") {
        findings.push(ConversionFinding::DigitsTakenOver);
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts() {
        let id = MachiazaId::parse("0018011").unwrap();
        assert_eq!((id.town(), id.block()), ("0018", "011"));
        assert!(MachiazaId::parse("0000000").unwrap().is_none());
        assert!(MachiazaId::parse("9999999").unwrap().is_unregistered());
        let code = AddressCode::parse("13101056002").unwrap();
        assert_eq!(code.municipality().unwrap().as_str(), "131016");
        assert_eq!((code.town(), code.block()), ("056", "002"));
    }

    #[test]
    fn a_conversion_needs_a_check_digit_and_a_table() {
        assert_eq!(check_conversion("13101056002", "131016", "0021002"), []);
        assert_eq!(
            check_conversion("13101056002", "131010", "0021002"),
            [ConversionFinding::CutAtSix]
        );
        assert_eq!(
            check_conversion("13101056002", "131016", "0056002"),
            [ConversionFinding::DigitsTakenOver]
        );
        assert_eq!(
            check_conversion("01101018011", "131016", "0018011"),
            [
                ConversionFinding::OtherMunicipality {
                    expected: "011011".into()
                },
                ConversionFinding::DigitsTakenOver
            ]
        );
        assert!(matches!(
            check_conversion("1101018011", "011011", "0018011")[..],
            [ConversionFinding::Malformed {
                part: "住所コード",
                error: IdentifierError::Length { found: 10, .. }
            }]
        ));
    }
}
