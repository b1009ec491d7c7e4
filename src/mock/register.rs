//! The register of 住登外者宛名番号: which numbers are taken, and which one comes next.

use std::collections::{HashMap, HashSet};

use super::defect::DefectSet;
use super::defect_list::Defect;
use crate::population::Rng;
use crate::text::check_digit;

/// Serial numbers have 14 digits, the check digit is the fifteenth.
const BODIES: u64 = 100_000_000_000_000;
/// 履歴番号 has three digits.
const LAST_HISTORY: u32 = 999;

/// One registered person.
#[derive(Clone, Debug)]
struct Record {
    history: u32,
    businesses: HashSet<String>,
}

/// Why a number could not be registered.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum RegisterFault {
    /// No such number is registered.
    Unknown,
    /// The number may not be used (defects only).
    Refused,
    /// All serial numbers are used up.
    Exhausted,
}

/// The register. The platform holds it behind a lock.
#[derive(Debug)]
pub(super) struct Register {
    next: u64,
    records: HashMap<String, Record>,
    residents: HashSet<String>,
    /// Requests that a defect remembers, by a digest of their content.
    pub(super) repeats: HashMap<u64, String>,
    /// Requests that did not end normally, for the defect that refuses to take them up again.
    pub(super) interrupted: HashSet<u64>,
}

impl Register {
    /// An empty register whose first number depends on the seed.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            // 50 million million and up: far from residents (1…) and from numbers that scenarios
            // make up (8…).
            next: 50_000_000_000_000 + Rng::new(seed, &["serial"]).below(1_000_000_000) * 1000,
            records: HashMap::new(),
            residents: HashSet::new(),
            repeats: HashMap::new(),
            interrupted: HashSet::new(),
        }
    }

    /// Where serial numbers go on.
    pub(super) fn continue_from(&mut self, body: u64) {
        self.next = body;
    }

    /// These numbers belong to residents.
    pub(super) fn add_residents(&mut self, numbers: impl IntoIterator<Item = String>) {
        self.residents.extend(numbers);
    }

    /// Forgets the residents. Numbers once given stay given.
    pub(super) fn forget_residents(&mut self) {
        self.residents.clear();
        self.repeats.clear();
        self.interrupted.clear();
    }

    /// The next free number and the serial that follows it; nothing is changed yet.
    pub(super) fn peek(&self, defects: &DefectSet) -> Result<(String, u64), RegisterFault> {
        let mut serial = self.next;
        while serial < BODIES {
            let number = number(serial, defects);
            serial += 1;
            let resident = self.residents.contains(&number) && !defects.has(Defect::ResidentNumbersReused);
            let registered = self.records.contains_key(&number) && !defects.has(Defect::RegisteredNumbersReused);
            if !resident && !registered {
                return Ok((number, serial));
            }
        }
        Err(RegisterFault::Exhausted)
    }

    /// Takes the number that [`Self::peek`] gave.
    pub(super) fn take(&mut self, number: &str, next: u64, business: &str, defects: &DefectSet) -> u32 {
        self.next = next;
        self.insert(number, business, defects)
    }

    /// 処理区分 1: registers a number that exists already.
    pub(super) fn register(&mut self, number: &str, business: &str, defects: &DefectSet) -> Result<u32, RegisterFault> {
        if defects.has(Defect::ResidentNumberRefused) && self.residents.contains(number) {
            return Err(RegisterFault::Refused);
        }
        Ok(self.insert(number, business, defects))
    }

    /// 処理区分 2: adds a business id to a registered number; nothing else changes.
    pub(super) fn update(&mut self, number: &str, business: &str, defects: &DefectSet) -> Result<u32, RegisterFault> {
        match self.records.get_mut(number) {
            Some(record) => {
                let new = record.businesses.insert(business.to_owned());
                if new && defects.has(Defect::SecondBusinessRefused) {
                    return Err(RegisterFault::Refused);
                }
                Ok(record.history)
            }
            None if defects.has(Defect::UpdateOfUnknownAccepted) => Ok(1),
            None => Err(RegisterFault::Unknown),
        }
    }

    fn insert(&mut self, number: &str, business: &str, defects: &DefectSet) -> u32 {
        if defects.has(Defect::NotStored) {
            return 1;
        }
        let record = self.records.entry(number.to_owned()).or_insert_with(|| Record {
            history: 0,
            businesses: HashSet::new(),
        });
        record.history = (record.history + 1).min(LAST_HISTORY);
        record.businesses.insert(business.to_owned());
        record.history
    }
}

fn number(serial: u64, defects: &DefectSet) -> String {
    let serial = if defects.has(Defect::NumbersScattered) {
        // Odd multiplier, so that no two serials of a run meet.
        serial.wrapping_mul(6_364_136_223_846_793_005) % BODIES
    } else {
        serial
    };
    let body = format!("{serial:014}");
    if defects.has(Defect::NumberWithoutCheckDigit) {
        return body;
    }
    let digit = if defects.has(Defect::CheckDigitIsRemainder) {
        remainder(body.bytes().rev()) % 10
    } else if defects.has(Defect::CheckDigitWeightsReversed) {
        match remainder(body.bytes()) {
            0 | 1 => 0,
            remainder => 11 - remainder,
        }
    } else {
        check_digit::addressee_number(&body).unwrap_or_default()
    };
    format!("{body}{digit}")
}

/// Weighted sum modulo 11, weights 2 to 7, in the order given.
fn remainder(digits: impl Iterator<Item = u8>) -> u32 {
    digits
        .zip([2, 3, 4, 5, 6, 7].into_iter().cycle())
        .map(|(digit, weight)| u32::from(digit.saturating_sub(b'0')) * weight)
        .sum::<u32>()
        % 11
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(register: &mut Register, defects: DefectSet) -> String {
        let (number, next) = register.peek(&defects).expect("a number");
        register.take(&number, next, "001", &defects);
        number
    }

    #[test]
    fn numbers_rise_and_pass_over_taken_ones() {
        let mut register = Register::new(1);
        register.continue_from(10);
        let resident = number(11, &DefectSet::NONE);
        register.add_residents([resident.clone()]);
        let old = number(12, &DefectSet::NONE);
        assert_eq!(register.register(&old, "001", &DefectSet::NONE), Ok(1));
        let first = next(&mut register, DefectSet::NONE);
        let second = next(&mut register, DefectSet::NONE);
        assert_eq!((&first[..14], &second[..14]), ("00000000000010", "00000000000013"));
        assert!(check_digit::is_addressee_number(&first));
    }

    #[test]
    fn updates_need_a_record_and_keep_the_history() {
        let mut register = Register::new(1);
        let none = DefectSet::NONE;
        assert_eq!(register.update("1", "002", &none), Err(RegisterFault::Unknown));
        assert_eq!(register.register("1", "001", &none), Ok(1));
        assert_eq!(register.update("1", "002", &none), Ok(1));
        assert_eq!(register.register("1", "001", &none), Ok(2));
    }

    #[test]
    fn the_end_of_the_serial_numbers() {
        let mut register = Register::new(1);
        register.continue_from(BODIES - 1);
        next(&mut register, DefectSet::NONE);
        assert_eq!(register.peek(&DefectSet::NONE), Err(RegisterFault::Exhausted));
    }

    #[test]
    fn wrong_check_digits() {
        let serials = 51_234_567_890_120..51_234_567_890_140;
        for defect in [
            Defect::CheckDigitIsRemainder,
            Defect::CheckDigitWeightsReversed,
            Defect::NumberWithoutCheckDigit,
        ] {
            let wrong = serials.clone().filter(|serial| {
                let number = number(*serial, &defect.into());
                number.len() != 15 || !check_digit::is_addressee_number(&number)
            });
            assert!(wrong.count() > 10, "{defect}");
        }
    }
}
