//! Which scenarios a run carries out.

use std::str::FromStr;
use std::sync::Arc;

use thiserror::Error;

use crate::scenario::{Corpus, Filter, Scenario};

/// One of several equal parts of a run: `2/4`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Partition {
    /// Which part, from 1.
    pub part: u32,
    /// How many parts.
    pub of: u32,
}

impl FromStr for Partition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let error = || format!("expected k/n with 1 ≤ k ≤ n, such as 2/4; found `{text}`");
        let (part, of) = text.split_once('/').ok_or_else(error)?;
        let part = part.parse().map_err(|_| error())?;
        let of = of.parse().map_err(|_| error())?;
        if part == 0 || part > of {
            return Err(error());
        }
        Ok(Self { part, of })
    }
}

impl Partition {
    /// Whether a scenario belongs to the part. By its id alone, so that a new scenario moves no other.
    fn holds(self, id: &str) -> bool {
        let hash = id.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
        });
        // The low bits of FNV alone are poor for small n.
        (hash ^ (hash >> 32)) % u64::from(self.of) == u64::from(self.part - 1)
    }
}

/// What the user asked for.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Profiles.
    pub profiles: Vec<String>,
    /// Filter expression.
    pub filter: Option<Filter>,
    /// Part of a run.
    pub partition: Option<Partition>,
}

/// Why no plan could be made.
#[derive(Debug, Error, Eq, PartialEq)]
pub enum PlanError {
    /// A profile that the corpus does not have.
    #[error("profile `{0}` does not exist; `junkyo list --profiles` names them")]
    UnknownProfile(String),
}

/// The scenarios of a run, in the order of the corpus.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Profiles, as selected.
    pub profiles: Vec<String>,
    /// Scenarios.
    pub scenarios: Vec<Arc<Scenario>>,
    /// Whether some scenarios of the profiles were left out.
    pub partial: bool,
}

impl Plan {
    /// Makes a plan.
    ///
    /// # Errors
    /// [`PlanError::UnknownProfile`].
    pub fn new(corpus: &Corpus, selection: &Selection) -> Result<Self, PlanError> {
        let mut profiles = Vec::new();
        for id in &selection.profiles {
            if corpus.profile(id).is_none() {
                return Err(PlanError::UnknownProfile(id.clone()));
            }
            profiles.extend(corpus.expand_profile(id));
        }
        let of_profiles = corpus
            .scenarios
            .iter()
            .filter(|scenario| !scenario.is_observation())
            .filter(|scenario| profiles.iter().any(|profile| corpus.belongs(scenario, profile)));
        let mut partial = false;
        let scenarios = of_profiles
            .filter(|scenario| {
                let taken = selection.filter.as_ref().is_none_or(|filter| filter.selects(scenario))
                    && selection
                        .partition
                        .is_none_or(|partition| partition.holds(&scenario.id));
                partial |= !taken;
                taken
            })
            .cloned()
            .collect();
        Ok(Self {
            profiles: selection.profiles.clone(),
            scenarios,
            partial,
        })
    }
}
