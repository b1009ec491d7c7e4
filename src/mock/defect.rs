//! The mistakes that the reference platform and the reference consumer can be told to make.

use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use super::defect_list::{CAPACITY, Defect, NAMES, RULES};
use super::defect_rules as rules;
use super::defect_violations as violations;
use crate::text::Text;

/// Whose mistake it is.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The system that offers the API.
    Provider,
    /// The authorization server.
    Authorization,
    /// The system that calls the API.
    Consumer,
    /// The system that offers the exchange service.
    ExchangeProvider,
    /// The system that calls the exchange service.
    ExchangeConsumer,
    /// A business unit that answers.
    Unit,
    /// A business unit that asks others.
    UnitConsumer,
}

impl Side {
    /// The word for it in lists and files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Authorization => "authorization",
            Self::Consumer => "consumer",
            Self::ExchangeProvider => "exchange-provider",
            Self::ExchangeConsumer => "exchange-consumer",
            Self::Unit => "unit",
            Self::UnitConsumer => "unit-consumer",
        }
    }

    /// Whether it is about the exchange service, not about the numbering API.
    pub fn is_exchange(self) -> bool {
        matches!(self, Self::ExchangeProvider | Self::ExchangeConsumer)
    }

    /// Whether it is about the business units.
    pub fn is_unit(self) -> bool {
        matches!(self, Self::Unit | Self::UnitConsumer)
    }
}

impl Defect {
    /// Name on the command line and in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Message(at) => violations::message_name(at),
            Self::Description(at) => violations::description_name(at),
            Self::Rule(at) => rules::name(at),
            // The enum and the list come from one declaration, so the place is always there.
            _ => NAMES.get(self.place()).map_or("", |(_, name)| name),
        }
    }

    /// The defect of a name.
    pub fn parse(name: &str) -> Option<Self> {
        let coded = NAMES.iter().find(|(_, known)| *known == name);
        coded
            .map(|(defect, _)| *defect)
            .or_else(|| Self::violations().find(|defect| defect.name() == name))
            .or_else(|| rules::of_name(name))
    }

    /// The defect of a business unit that does not obey a rule (`UNIT-10-R03`).
    pub fn of_rule(rule: &str) -> Option<Self> {
        rules::of_rule(rule)
    }

    /// Every defect that is a violation of the lists in `fixtures/ws-i/`.
    fn violations() -> impl Iterator<Item = Self> {
        let messages = (0..violations::message_count()).map(Self::Message);
        messages.chain((0..violations::description_count()).map(Self::Description))
    }

    /// Every defect with its documentation: `fixtures/defects.toml`, then the lists of violations in
    /// `fixtures/ws-i/`, each in its order.
    pub fn all() -> &'static [DefectDoc] {
        &DOCS
    }

    /// The documentation of this defect.
    pub fn doc(self) -> Option<&'static DefectDoc> {
        DOCS.iter().find(|doc| doc.id == self)
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Defect {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Defect {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::parse(&name).ok_or_else(|| serde::de::Error::custom(UnknownDefect { name }))
    }
}

/// A name that no defect has.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("there is no defect `{name}`")]
pub struct UnknownDefect {
    /// The name.
    pub name: String,
}

/// What a defect is about.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DefectDoc {
    /// The defect.
    pub id: Defect,
    /// Whose mistake.
    pub side: Side,
    /// Title.
    pub title: Text,
    /// What the vendor did wrong.
    pub story: Text,
}

#[derive(Deserialize)]
struct DefectFile {
    defect: Vec<DefectDoc>,
}

/// A file that cannot be read gives an empty list; a test keeps that from happening.
static DOCS: LazyLock<Vec<DefectDoc>> = LazyLock::new(|| {
    let mut docs = read_docs(include_str!("../../fixtures/defects.toml")).unwrap_or_default();
    docs.extend(violations::docs());
    docs.extend(rules::docs());
    docs
});

fn read_docs(text: &str) -> Result<Vec<DefectDoc>, toml::de::Error> {
    toml::from_str::<DefectFile>(text).map(|file| file.defect)
}

const WORDS: usize = (NAMES.len() + 2 * CAPACITY + RULES).div_ceil(64);

/// A set of defects; cheap to copy and to ask.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct DefectSet([u64; WORDS]);

impl DefectSet {
    /// No defect at all: the clean platform.
    pub const NONE: Self = Self([0; WORDS]);

    /// The defects of some names.
    ///
    /// # Errors
    /// [`UnknownDefect`] names the first one that does not exist.
    pub fn parse<S: AsRef<str>>(names: &[S]) -> Result<Self, UnknownDefect> {
        names
            .iter()
            .map(|name| {
                let name = name.as_ref();
                Defect::parse(name).ok_or_else(|| UnknownDefect { name: name.to_owned() })
            })
            .collect()
    }

    /// Whether a defect is in the set.
    pub fn has(&self, defect: Defect) -> bool {
        let at = defect.place();
        self.0.get(at / 64).is_some_and(|word| word & (1 << (at % 64)) != 0)
    }

    /// Puts a defect into the set.
    pub fn insert(&mut self, defect: Defect) {
        let at = defect.place();
        if let Some(word) = self.0.get_mut(at / 64) {
            *word |= 1 << (at % 64);
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        *self == Self::NONE
    }

    /// The defects of the set.
    pub fn iter(&self) -> impl Iterator<Item = Defect> + '_ {
        NAMES
            .iter()
            .map(|(defect, _)| *defect)
            .chain(Defect::violations())
            .filter(|defect| self.has(*defect))
    }
}

impl FromIterator<Defect> for DefectSet {
    fn from_iter<T: IntoIterator<Item = Defect>>(defects: T) -> Self {
        let mut set = Self::NONE;
        for defect in defects {
            set.insert(defect);
        }
        set
    }
}

impl From<Defect> for DefectSet {
    fn from(defect: Defect) -> Self {
        std::iter::once(defect).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn list_and_file_agree() {
        let docs = read_docs(include_str!("../../fixtures/defects.toml")).expect("readable");
        let described: BTreeSet<_> = docs.iter().map(|doc| doc.id).collect();
        let declared: BTreeSet<_> = NAMES.iter().map(|(defect, _)| *defect).collect();
        let missing: Vec<_> = declared.difference(&described).map(|defect| defect.name()).collect();
        assert!(missing.is_empty(), "not described: {missing:?}");
        assert_eq!(docs.len(), described.len(), "one description each");
        for doc in &docs {
            assert!(doc.title.is_complete() && doc.story.is_complete(), "{}", doc.id);
        }
    }

    #[test]
    fn names_are_unique_and_in_place() {
        let names: BTreeSet<_> = NAMES.iter().map(|(_, name)| name).collect();
        assert_eq!(names.len(), NAMES.len());
        for (at, (defect, name)) in NAMES.iter().enumerate() {
            assert_eq!(defect.place(), at);
            assert_eq!(Defect::parse(name), Some(*defect));
            assert!(
                name.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            );
        }
    }

    #[test]
    fn sets() {
        let set = DefectSet::parse(&["http10", "no-retry"]).expect("known");
        assert!(set.has(Defect::Http10) && set.has(Defect::NoRetry) && !set.has(Defect::ResponseBom));
        assert_eq!(set.iter().count(), 2);
        assert!(DefectSet::parse(&["nonsense"]).is_err());
        assert!(DefectSet::NONE.is_empty());
    }
}
