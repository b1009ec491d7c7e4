//! Floor 0: languages, characters, identifiers with check digits, dates, addresses and relationships: the authority of
//! the house on all of them.

pub mod address;
pub mod characters;
pub mod check_digit;
pub mod date;
pub mod identifiers;
mod language;
pub mod relationship;

pub use language::{Lang, Text};

/// Lower-case hexadecimal form of bytes, as digests are written in every file of ours.
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]])
        .map(char::from)
        .collect()
}
