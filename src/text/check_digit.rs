//! Short questions to [`super::identifiers`], for callers that want a digit or a yes.

use super::identifiers::{Kind, RemainderOne, addressee_check, individual_check_digit, validate_addressee};

/// Check digit of an 宛名番号 body, with 0 for remainder 1 (reading RD-15).
pub fn addressee_number(body: &str) -> Option<u32> {
    addressee_check(body).ok()?.under(RemainderOne::Zero)
}

/// Whether the last digit of an 宛名番号 is its check digit, with 0 for remainder 1 (reading RD-15).
pub fn is_addressee_number(number: &str) -> bool {
    validate_addressee(number, RemainderOne::Zero).is_ok()
}

/// Check digit of the first eleven digits of a 個人番号.
pub fn individual_number(body: &str) -> Option<u32> {
    individual_check_digit(body).ok()
}

/// Whether twelve digits form a valid 個人番号.
pub fn is_individual_number(number: &str) -> bool {
    Kind::IndividualNumber.validate(number).is_ok()
}

/// Whether six digits form a well-formed 全国地方公共団体コード.
pub fn is_municipality_code(code: &str) -> bool {
    Kind::MunicipalityCode.validate(code).is_ok()
}

/// Whether thirteen digits form a valid 法人番号.
pub fn is_corporate_number(number: &str) -> bool {
    Kind::CorporateNumber.validate(number).is_ok()
}
