//! Identifiers of municipal systems: their forms and check digits.
//!
//! Every identifier has a type that can only hold a well-formed value (`parse`), and a function that computes the check
//! digit of a body. [`Kind`] is the list of them all, with the source of each rule and how sure it is.
//!
//! No check-digit-valid 個人番号 or 住民票コード stands in this repository, also not in tests: they are computed when a
//! test runs (fixtures/vectors/README.md).

mod addressee;
mod codes;
mod corporate;
mod error;
mod individual;
mod insurer;
mod kind;
mod licence;
mod municipality;
mod passport;
#[cfg(test)]
mod tests;

pub use addressee::{
    AddresseeCheck, AddresseeNumber, HouseholdNumber, RemainderOne, check as addressee_check,
    validate as validate_addressee,
};
pub use codes::{BasicPensionNumber, MjGlyphName, PhoneKind, PhoneNumber, PostalCode, ResidenceCardNumber};
pub use corporate::{CorporateNumber, check_digit as corporate_check_digit};
pub use error::{Foreign, IdentifierError};
pub use individual::{
    IndividualNumber, ResidentCode, individual_check_digit, individual_remainder, resident_check_digit,
    resident_remainder,
};
pub use insurer::{CareOfficeNumber, InsurerKind, InsurerNumber, check_digit as insurer_check_digit};
pub use kind::{Confidence, Fit, Kind, fits};
pub use licence::{DriversLicence, LicenceCheck, check as licence_check};
pub use municipality::{
    MunicipalityCode, MunicipalityLevel, Validity, check_digit as municipality_check_digit,
    validity as municipality_validity,
};
pub use passport::{PassportLine, PassportNumber, mrz_check_digit};

/// The digits of a text of half-width digits, of the length asked for.
pub(in crate::text) fn digits(
    text: &str,
    length: impl Fn(usize) -> bool,
    expected: &'static str,
) -> Result<Vec<u32>, IdentifierError> {
    let mut digits = Vec::with_capacity(text.len());
    for (index, c) in text.chars().enumerate() {
        digits.push(c.to_digit(10).ok_or_else(|| foreign(index, c, "a half-width digit"))?);
    }
    if length(digits.len()) {
        Ok(digits)
    } else {
        Err(IdentifierError::Length {
            expected,
            found: digits.len(),
        })
    }
}

fn foreign(index: usize, found: char, expected: &'static str) -> IdentifierError {
    IdentifierError::Character {
        position: index + 1,
        expected,
        found,
        kind: Foreign::of(found),
    }
}

/// Sum of digits times weights, the first weight for the last digit.
fn weighted_from_right(body: &[u32], weights: impl IntoIterator<Item = u32>) -> u32 {
    body.iter()
        .rev()
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum()
}

/// A single digit as it is written.
fn written(digit: u32) -> char {
    char::from_digit(digit, 10).unwrap_or('?')
}

/// Whether the digit at an index (from 0) is the one that was computed.
fn expect_digit(all: &[u32], index: usize, expected: u32) -> Result<(), IdentifierError> {
    match all.get(index) {
        Some(&found) if found == expected => Ok(()),
        found => Err(IdentifierError::CheckDigit {
            position: index + 1,
            expected: expected.to_string(),
            found: found.map_or('?', |&found| written(found)),
        }),
    }
}

/// Each character of a text against what may stand at its place: `A` a capital letter, `9` a digit.
fn form(text: &str, pattern: &str, expected_length: &'static str) -> Result<(), IdentifierError> {
    for (index, (c, place)) in text.chars().zip(pattern.chars()).enumerate() {
        let (fits, expected) = match place {
            'A' => (c.is_ascii_uppercase(), "a half-width capital letter"),
            '9' => (c.is_ascii_digit(), "a half-width digit"),
            _ => (c == place, "the letters of the form"),
        };
        if !fits {
            return Err(foreign(index, c, expected));
        }
    }
    let found = text.chars().count();
    if found == pattern.chars().count() {
        Ok(())
    } else {
        Err(IdentifierError::Length {
            expected: expected_length,
            found,
        })
    }
}

/// A type that holds a text which its `validate` has passed. `secret` ones do not show it when debugged.
macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $validate:path $(, $secret:ident)?) => {
        $(#[$doc])*
        #[derive(Clone, Eq, PartialEq, Ord, PartialOrd, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// Takes a text that is well-formed.
            ///
            /// # Errors
            /// If it is not; the error says what was expected and what was found.
            pub fn parse(text: &str) -> Result<Self, crate::text::identifiers::IdentifierError> {
                $validate(text)?;
                Ok(Self(text.into()))
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), crate::text::identifiers::identifier!(@shown self $($secret)?))
            }
        }
    };
    (@shown $self:ident) => { $self.0 };
    (@shown $self:ident secret) => { "*".repeat($self.0.len()) };
}
pub(in crate::text) use identifier;
