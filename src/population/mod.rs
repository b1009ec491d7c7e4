//! Floor 1: synthetic people. Nobody here exists; every value follows from a seed.

pub mod municipality;
mod numbers;
mod person;

pub use municipality::{Municipality, MunicipalityError};
pub use numbers::{individual_number, resident_numbers, story_number, unused_number};
pub use person::{Kind, Person};

/// A small, fast, reproducible generator (SplitMix64). Not for secrets.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// A generator that depends on a seed and on any number of words.
    pub fn new(seed: u64, words: &[&str]) -> Self {
        // FNV-1a over the words: stable over platforms and versions, unlike the standard hasher.
        let mut state = seed ^ 0xCBF2_9CE4_8422_2325;
        for word in words {
            for byte in word.bytes().chain([0]) {
                state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
            }
        }
        Self(state)
    }

    /// The next number of the sequence.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below a limit.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.number() % limit.max(1)
    }

    /// One of some values.
    pub fn pick<'a, T>(&mut self, values: &'a [T]) -> &'a T {
        &values[self.below(values.len() as u64) as usize]
    }
}
