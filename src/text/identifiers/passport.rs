//! 旅券番号 and the second line of the machine readable zone (ICAO Doc 9303 part 4: TD3, 44 characters).
//!
//! Confidence: high. Check digits: weights 7, 3, 1 from the left, modulus 10; letters count 10 to 35, `<` counts 0.

use super::{IdentifierError, foreign, form, identifier};

identifier!(
    /// 旅券番号 of Japan: two capital letters and seven digits. It has no check digit of its own.
    PassportNumber, validate_number, secret
);

/// The fields of the second line, whose five check digits all fit.
#[derive(Clone, Debug, Eq, PartialEq, Hash)]
pub struct PassportLine {
    /// Number of the document, without fillers.
    pub number: Box<str>,
    /// Nationality, three letters, without fillers.
    pub nationality: Box<str>,
    /// Date of birth as it stands, YYMMDD; unknown parts are `<`.
    pub birth: Box<str>,
    /// M, F or `<`.
    pub sex: char,
    /// Date of expiry as it stands, YYMMDD.
    pub expiry: Box<str>,
    /// Personal number or other optional data, without fillers.
    pub optional: Box<str>,
}

fn value(c: u8) -> u32 {
    match c {
        b'0'..=b'9' => u32::from(c - b'0'),
        b'A'..=b'Z' => u32::from(c - b'A') + 10,
        _ => 0,
    }
}

/// Check digit of a field of the machine readable zone.
///
/// # Errors
/// If it holds anything but digits, capital letters and `<`.
pub fn mrz_check_digit(field: &str) -> Result<u32, IdentifierError> {
    characters(field)?;
    Ok(sum(field) % 10)
}

fn sum(field: &str) -> u32 {
    field
        .bytes()
        .zip([7, 3, 1].into_iter().cycle())
        .map(|(c, weight)| value(c) * weight)
        .sum()
}

fn characters(text: &str) -> Result<(), IdentifierError> {
    let stranger = text
        .chars()
        .enumerate()
        .find(|(_, c)| !(c.is_ascii_digit() || c.is_ascii_uppercase() || *c == '<'));
    stranger.map_or(Ok(()), |(index, c)| {
        Err(foreign(index, c, "a digit, a capital letter or <"))
    })
}

pub(super) fn validate_number(text: &str) -> Result<(), IdentifierError> {
    form(text, "AA9999999", "9")
}

pub(super) fn validate_line(text: &str) -> Result<(), IdentifierError> {
    PassportLine::parse(text).map(|_| ())
}

impl PassportLine {
    /// Reads the second line of a passport.
    ///
    /// # Errors
    /// If it is not 44 characters of the zone, or one of its five check digits does not fit.
    pub fn parse(line: &str) -> Result<Self, IdentifierError> {
        characters(line)?;
        if line.len() != 44 {
            return Err(IdentifierError::Length {
                expected: "44",
                found: line.len(),
            });
        }
        let whole = format!("{}{}{}", &line[..10], &line[13..20], &line[21..43]);
        for (field, at) in [
            (&line[..9], 9),
            (&line[13..19], 19),
            (&line[21..27], 27),
            (&line[28..42], 42),
        ] {
            expect(line, at, sum(field) % 10, field.bytes().all(|c| c == b'<'))?;
        }
        expect(line, 43, sum(&whole) % 10, false)?;
        Ok(Self {
            number: line[..9].trim_end_matches('<').into(),
            nationality: line[10..13].trim_end_matches('<').into(),
            birth: line[13..19].into(),
            sex: line[20..21].chars().next().unwrap_or('<'),
            expiry: line[21..27].into(),
            optional: line[28..42].trim_end_matches('<').into(),
        })
    }
}

/// The check digit at an index; that of an empty field may be a filler.
fn expect(line: &str, at: usize, digit: u32, empty: bool) -> Result<(), IdentifierError> {
    let found = line[at..=at].chars().next().unwrap_or('<');
    if found.to_digit(10) == Some(digit) || (empty && found == '<') {
        return Ok(());
    }
    Err(IdentifierError::CheckDigit {
        position: at + 1,
        expected: digit.to_string(),
        found,
    })
}
