//! Identifiers of people who do not exist.

use super::Rng;
use crate::text::check_digit;

/// 宛名番号 of residents: fifteen digits that begin with 1, check digit included.
pub fn resident_numbers(seed: u64, count: usize) -> Vec<String> {
    let mut rng = Rng::new(seed, &["residents"]);
    (0..count)
        .map(|index| with_digit(&format!("1{:011}{index:02}", rng.below(100_000_000_000))))
        .collect()
}

/// A well-formed 宛名番号 that neither a resident nor (most likely) anybody else has: it begins
/// with 8, far from where serial numbers start.
pub fn unused_number(seed: u64, scenario: &str, key: &str) -> String {
    let mut rng = Rng::new(seed, &["unused", scenario, key]);
    with_digit(&format!("8{:013}", rng.below(10_000_000_000_000)))
}

/// The number of somebody of a story, as long as the item that holds it: a 宛名番号 of fifteen digits, or its last ones.
///
/// `run` tells runs apart: a product keeps what an earlier run told it.
pub fn story_number(seed: u64, run: u64, scenario: &str, name: &str, length: usize) -> String {
    let number = unused_number(seed ^ run, scenario, &format!("person {name}"));
    let start = number.len().saturating_sub(length);
    format!("{:0>length$}", &number[start..])
}

/// A synthetic 個人番号. It begins with six zeros, so that it can be told from a real one, and its
/// check digit is computed here, never written into a file.
pub fn individual_number(seed: u64, scenario: &str) -> String {
    let mut rng = Rng::new(seed, &["individual", scenario]);
    individual_number_of(rng.below(100_000)).expect("eleven digits")
}

/// The synthetic 個人番号 with a serial below 100,000, check digit included.
pub(super) fn individual_number_of(serial: u64) -> Option<String> {
    let body = format!("000000{serial:05}");
    let digit = check_digit::individual_number(&body)?;
    Some(format!("{body}{digit}"))
}

fn with_digit(body: &str) -> String {
    let digit = check_digit::addressee_number(body).expect("digits only");
    format!("{body}{digit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_valid_and_reproducible() {
        let residents = resident_numbers(7, 20);
        assert!(residents.iter().all(|number| number.len() == 15));
        assert!(residents.iter().all(|number| check_digit::is_addressee_number(number)));
        assert_eq!(residents, resident_numbers(7, 20));
        assert_ne!(unused_number(7, "a", "1"), unused_number(7, "a", "2"));
        assert!(check_digit::is_individual_number(&individual_number(7, "a")));
    }
}
