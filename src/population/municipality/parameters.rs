//! The default municipality: `fixtures/municipality/municipality.toml`.

use serde::Deserialize;

use super::{Municipality, MunicipalityError};
use crate::text::date::Day;

const FILE: &str = include_str!("../../../fixtures/municipality/municipality.toml");

/// What a municipality follows from.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameters {
    /// Seed.
    pub seed: u64,
    /// Residents.
    pub size: u64,
    /// Reference day, YYYY-MM-DD.
    pub as_of: String,
}

impl Default for Parameters {
    /// Those of the fixture; a test proves that it can be read.
    fn default() -> Self {
        toml::from_str(FILE).unwrap_or_else(|_| Self {
            seed: 1,
            size: super::SMALLEST,
            as_of: "2026-10-01".into(),
        })
    }
}

impl Parameters {
    /// The municipality.
    ///
    /// # Errors
    /// If size or day are out of bounds; a day that is none counts as too early.
    pub fn municipality(&self) -> Result<Municipality, MunicipalityError> {
        let as_of = Day::parse(&self.as_of).unwrap_or(Day::FIRST);
        Municipality::new(self.seed, self.size, as_of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixture_says_all_three() {
        let read: Parameters = toml::from_str(FILE).unwrap();
        assert_eq!((read.size, read.as_of.as_str()), (1_000, "2026-10-01"));
        assert_eq!(Parameters::default().municipality().unwrap().size(), 1_000);
    }
}
