//! Profiles: named sets of requirements that a product can claim.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::requirement::glob_matches;
use super::{Kind, Requirement, Subject};
use crate::text::Text;

/// A named set of requirements.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Profile {
    /// Identifier, e.g. `common-function.031.provider`.
    pub id: String,
    /// Name.
    pub title: Text,
    /// What a product claims with it.
    pub description: Text,
    /// How we know its contents.
    pub kind: Kind,
    /// Who claims it. Absent for a profile that only includes others.
    #[serde(default)]
    pub subject: Option<Subject>,
    /// Patterns over requirement ids; those with the profile's subject count.
    #[serde(default)]
    pub requirements: Vec<String>,
    /// Profiles that this one includes.
    #[serde(default)]
    pub includes: Vec<String>,
}

impl Profile {
    /// Whether the profile itself (not an included one) holds a requirement.
    pub fn holds(&self, requirement: &Requirement) -> bool {
        self.subject.is_some_and(|subject| {
            requirement.subject.contains(&subject)
                && self
                    .requirements
                    .iter()
                    .any(|pattern| glob_matches(pattern, &requirement.id))
        })
    }
}

/// `profiles.toml`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfileFile {
    /// The profiles.
    pub profile: Vec<Profile>,
}
