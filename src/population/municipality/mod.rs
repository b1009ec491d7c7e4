//! A synthetic municipality of any size from a seed: households, and what all 26 units know of them.
//!
//! Nothing is stored. A household follows from the seed and its index alone, and a 宛名番号 says the index, so that
//! residents can be streamed, computed in parallel, or looked up one by one.

mod compose;
mod export;
mod levies;
mod life;
mod names;
mod numbers;
mod parameters;
mod people;
mod pyramid;
mod records;
#[cfg(test)]
mod tests;
mod town;

use thiserror::Error;

pub use export::{ExportError, ExportOptions, Exported, Format, Manifest, export};
pub use levies::{Levy, Part};
pub use life::{Cover, Income, NhiSpan, PensionSpan, Span};
pub use numbers::{Holder, Number};
pub use parameters::Parameters;
pub use people::{Address, Corporation, End, Household, Name, Person, Sex, Work};
pub use pyramid::Kind;
pub use records::{Row, has_rows};
pub use town::{ELSEWHERE, MUNICIPALITY, MUNICIPALITY_NAME, POSTAL};

use super::{Rng, numbers::individual_number_of};
use crate::standard::unit::{Record, Unit};
use crate::text::Text;
use crate::text::date::Day;

/// Fewest residents.
pub const SMALLEST: u64 = 100;
/// Most residents: the largest designated city.
pub const LARGEST: u64 = 3_800_000;
/// Most residents who can have a synthetic 個人番号: after six zeros five digits are free.
pub const MOST_INDIVIDUAL_NUMBERS: u64 = 100_000;

/// Why there is no such municipality.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Error)]
pub enum MunicipalityError {
    /// Too small or too large.
    #[error("a municipality has {SMALLEST} to {LARGEST} residents, asked for {found}")]
    Size {
        /// What was asked for.
        found: u64,
    },
    /// A reference day that the facts do not fit.
    #[error("the reference day has to lie between 2015-01-01 and 2060-12-31, asked for {found}")]
    Day {
        /// What was asked for.
        found: Day,
    },
}

impl MunicipalityError {
    /// The same in both languages.
    pub fn text(&self) -> Text {
        let ja = match self {
            Self::Size { found } => {
                format!("自治体の人口は{SMALLEST}人から{LARGEST}人までとする。指定は{found}人であった。")
            }
            Self::Day { found } => format!("基準日は2015-01-01から2060-12-31までとする。指定は{found}であった。"),
        };
        Text::new(ja, self.to_string())
    }
}

/// A municipality that does not exist.
#[derive(Clone, Debug)]
pub struct Municipality {
    seed: u64,
    size: u64,
    as_of: Day,
    tag: u64,
    households: u64,
    /// Fiscal year of the newest taxes and premiums.
    nendo: u16,
}

impl Municipality {
    /// A municipality of so many residents on a day.
    ///
    /// # Errors
    /// If the size or the day is out of bounds.
    pub fn new(seed: u64, size: u64, as_of: Day) -> Result<Self, MunicipalityError> {
        if !(SMALLEST..=LARGEST).contains(&size) {
            return Err(MunicipalityError::Size { found: size });
        }
        if !(2015..=2060).contains(&as_of.year()) {
            return Err(MunicipalityError::Day { found: as_of });
        }
        // Everything of a year is levied by the end of July.
        let fiscal = as_of.fiscal_year();
        let levied = (4..8).contains(&as_of.month());
        let mut municipality = Self {
            seed,
            size,
            as_of,
            tag: numbers::tag_of(seed),
            households: 0,
            nendo: if levied { fiscal - 1 } else { fiscal },
        };
        let (whole, rest) = (size / pyramid::RESIDENTS, size % pyramid::RESIDENTS);
        let last = if rest == 0 {
            0
        } else {
            municipality.layout(whole).len() as u64
        };
        municipality.households = whole * pyramid::HOUSEHOLDS + last;
        Ok(municipality)
    }

    /// Residents on the reference day.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The seed.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    /// The reference day.
    pub const fn as_of(&self) -> Day {
        self.as_of
    }

    /// Fiscal year of the newest taxes and premiums.
    pub const fn nendo(&self) -> u16 {
        self.nendo
    }

    /// How many households there are.
    pub const fn household_count(&self) -> u64 {
        self.households
    }

    /// All households in the order of their indices, computed one by one.
    pub fn households(&self) -> impl Iterator<Item = Household> {
        (0..self.households).filter_map(|index| self.household(index))
    }

    /// The household and the place in it of whom a 宛名番号 belongs to. Nobody else in the municipality is computed.
    pub fn resident(&self, number: &str) -> Option<(Household, usize)> {
        let (_, holder) = Number::read(self.tag, number)?;
        let Holder::Resident(index, place) = holder else {
            return None;
        };
        let household = self.household(index)?;
        (place < household.members.len()).then_some((household, place))
    }

    /// Who carries a number: 宛名番号, 世帯番号, staff number, document, folder or budget account.
    pub fn holder(&self, subject: &str) -> Option<Household> {
        let index = match Number::read(self.tag, subject) {
            Some((_, Holder::Resident(index, _) | Holder::Household(index))) => index,
            Some((_, Holder::Outsider(index) | Holder::Corporation(index))) => index,
            None => return self.internal_holder(subject),
        };
        self.household(index)
    }

    /// Every row of a record that a household gives rise to.
    pub fn rows(&self, unit: &Unit, record: &Record, household: &Household) -> Vec<Row> {
        let mut rows = Vec::new();
        records::each_row(self, unit.file.number, record, household, &mut |cells| {
            rows.push(records::row(record, cells))
        });
        rows
    }

    /// The rows of a record about one subject: what an inquiry is answered with, without a reference date.
    pub fn rows_of(&self, unit: &Unit, record: &Record, subject: &str) -> Vec<Row> {
        let Some(household) = self.holder(subject) else {
            return Vec::new();
        };
        let mut rows = self.rows(unit, record, &household);
        rows.retain(|row| row.get(record.subject()).is_some_and(|value| value == subject));
        rows
    }

    /// A synthetic 個人番号 of a resident: it begins with six zeros. Made at run time only, where somebody asks for it.
    /// `None` for former residents, and in municipalities above [`MOST_INDIVIDUAL_NUMBERS`].
    pub fn individual_number(&self, household: &Household, place: usize) -> Option<String> {
        let person = household.members.get(place)?;
        if self.size > MOST_INDIVIDUAL_NUMBERS || person.end.is_some() {
            return None;
        }
        let (block, at) = (
            household.index / pyramid::HOUSEHOLDS,
            household.index % pyramid::HOUSEHOLDS,
        );
        let before: u64 = self
            .layout(block)
            .iter()
            .take(at as usize)
            .map(|kind| kind.size())
            .sum();
        individual_number_of(block * pyramid::RESIDENTS + before + place as u64)
    }

    /// A generator for one subject and one question.
    fn rng(&self, subject: u64, question: &str) -> Rng {
        Rng::new(self.seed ^ subject.wrapping_mul(0x9E37_79B9_7F4A_7C15), &[question])
    }
}
