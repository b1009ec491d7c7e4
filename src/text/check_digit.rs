//! Check digits of the identifiers that appear in municipal interfaces.

/// Digits of a string, or `None` if it holds anything but ASCII digits.
fn digits(text: &str) -> Option<Vec<u32>> {
    text.chars().map(|c| c.to_digit(10).filter(|_| c.is_ascii())).collect()
}

/// Weighted sum modulo 11, weights 2 to 7 repeating from the right.
fn remainder_m11w2_7(body: &[u32]) -> u32 {
    body.iter()
        .rev()
        .zip([2, 3, 4, 5, 6, 7].into_iter().cycle())
        .map(|(digit, weight)| digit * weight)
        .sum::<u32>()
        % 11
}

/// Check digit of an 宛名番号 body: modulus 11, weights 2 to 7 from the right; remainder 0 gives 0.
///
/// Source: 住民記録システム標準仕様書 1.0 §1.1.13. Remainder 1 is undefined there; reading RD-15
/// writes 0. The 個人番号 follows the same arithmetic with its own weights, see [`individual_number`].
pub fn addressee_number(body: &str) -> Option<u32> {
    let remainder = remainder_m11w2_7(&digits(body)?);
    Some(if remainder <= 1 { 0 } else { 11 - remainder })
}

/// Whether the last digit of an 宛名番号 is its check digit.
pub fn is_addressee_number(number: &str) -> bool {
    is_valid(number, addressee_number)
}

/// Check digit of the first eleven digits of a 個人番号 (総務省令, remainder 0 or 1 gives 0).
pub fn individual_number(body: &str) -> Option<u32> {
    let body = digits(body).filter(|digits| digits.len() == 11)?;
    let sum: u32 = body
        .iter()
        .rev()
        .zip([2, 3, 4, 5, 6, 7, 2, 3, 4, 5, 6])
        .map(|(digit, weight)| digit * weight)
        .sum();
    let remainder = sum % 11;
    Some(if remainder <= 1 { 0 } else { 11 - remainder })
}

/// Whether twelve digits form a valid 個人番号.
pub fn is_individual_number(number: &str) -> bool {
    number.chars().count() == 12 && is_valid(number, individual_number)
}

/// Check digit of the first five digits of a 全国地方公共団体コード.
///
/// Weights 6 to 2 from the left; 11 minus the remainder, last digit of it.
pub fn municipality_code(body: &str) -> Option<u32> {
    let body = digits(body).filter(|digits| digits.len() == 5)?;
    let sum: u32 = body
        .iter()
        .zip([6, 5, 4, 3, 2])
        .map(|(digit, weight)| digit * weight)
        .sum();
    Some((11 - sum % 11) % 10)
}

/// Whether six digits form a well-formed 全国地方公共団体コード.
pub fn is_municipality_code(code: &str) -> bool {
    code.chars().count() == 6 && is_valid(code, municipality_code)
}

/// Whether thirteen digits form a valid 法人番号 (the check digit stands first).
pub fn is_corporate_number(number: &str) -> bool {
    let Some(all) = digits(number).filter(|digits| digits.len() == 13) else {
        return false;
    };
    let sum: u32 = all[1..]
        .iter()
        .rev()
        .zip([1, 2].into_iter().cycle())
        .map(|(digit, weight)| digit * weight)
        .sum();
    all[0] == 9 - sum % 9
}

fn is_valid(number: &str, check: fn(&str) -> Option<u32>) -> bool {
    let Some((at, last)) = number.char_indices().next_back() else {
        return false;
    };
    last.to_digit(10)
        .is_some_and(|digit| check(&number[..at]) == Some(digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addressee_numbers() {
        // The sample of the official workbook is known to fail (reading RD-05): its digit should be 2.
        assert_eq!(addressee_number("12345678912345"), Some(2));
        assert!(!is_addressee_number("123456789123456"));
        assert!(is_addressee_number("123456789123452"));
        assert!(!is_addressee_number(""));
        assert!(!is_addressee_number("１２"));
    }

    #[test]
    fn municipality_codes() {
        assert!(is_municipality_code("131016"));
        assert!(is_municipality_code("016373"));
        assert!(!is_municipality_code("131017"));
        assert!(!is_municipality_code("13101"));
    }

    #[test]
    fn corporate_numbers() {
        assert!(is_corporate_number("9000000000000"));
        assert!(!is_corporate_number("8000000000000"));
    }

    #[test]
    fn individual_numbers_are_computed_never_written_down() {
        let body = "00000000012";
        let digit = individual_number(body).expect("eleven digits");
        assert!(is_individual_number(&format!("{body}{digit}")));
        assert!(!is_individual_number(&format!("{body}{}", (digit + 1) % 10)));
    }
}
