//! What can be asked of the catalog, and how it stands in an address.

use std::fmt;

use thiserror::Error;

use super::record::{Cloud, Kind, MunicipalitySize, Status};
use crate::registry::model::words;
use crate::text::date::Day;

/// Records of a page, if nothing else is asked.
const PER_PAGE: usize = 20;

/// Most records of a page.
const MAX_PER_PAGE: usize = 500;

/// Longest text and most values of a facet in a query: more is no question that a person asks.
const MAX_TEXT: usize = 200;
const MAX_VALUES: usize = 50;

words! {
    /// What records are counted and selected by.
    FacetName {
        /// Business unit, two digits.
        Unit = "unit", "業務ユニット", "Business unit";
        /// Profile.
        Profile = "profile", "プロファイル", "Profile";
        /// STEP.
        Step = "step", "STEP", "STEP";
        /// Vendor, by 法人番号, or by name if it has none.
        Vendor = "vendor", "事業者", "Vendor";
        /// Cloud, as declared.
        Cloud = "cloud", "クラウド", "Cloud";
        /// Kind of municipality, as declared.
        Size = "size", "団体の規模", "Size of municipality";
        /// Status on the day that is asked for.
        Status = "status", "状態", "Status";
        /// Conformance or interconnection.
        Kind = "kind", "種別", "Kind";
        /// Optional feature.
        Feature = "feature", "選択機能", "Optional feature";
        /// Suite that it was tested with.
        Suite = "suite", "試験スイート", "Suite";
    }
}

words! {
    /// Order of the records.
    Sort {
        /// Reading of the product's name.
        Name = "name", "製品名（読み）", "Name";
        /// Reading of the vendor's name.
        Vendor = "vendor", "事業者名（読み）", "Vendor";
        /// Newest first.
        Newest = "newest", "登録日（新しい順）", "Newest first";
        /// Those that end first, first.
        Expiry = "expiry", "有効期限（近い順）", "Expiry, nearest first";
        /// Registration number.
        Number = "number", "登録番号", "Registration number";
    }
}

/// A question. Values of one facet are alternatives; different facets, and all words of the text, must all hold.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Query {
    /// Words, each of which must occur in name, vendor, number, version, scope …
    pub text: String,
    /// Selected values by facet.
    pub selected: Vec<(FacetName, String)>,
    /// Only those whose last day comes within so many months.
    pub expires_within: Option<u16>,
    /// Only those registered on this day or later.
    pub from: Option<Day>,
    /// Only those registered on this day or earlier.
    pub until: Option<Day>,
    /// Order; by name if not given.
    pub sort: Option<Sort>,
    /// Page, from 1; 0 is taken for 1.
    pub page: usize,
    /// Records of a page; 0: 20.
    pub per_page: usize,
}

/// Why a question cannot be asked.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{key}: expected {expected}, found {found:?}")]
pub struct QueryError {
    /// Parameter.
    pub key: String,
    /// What can stand there.
    pub expected: String,
    /// What stands there, cut short.
    pub found: String,
}

impl Query {
    /// A question with words only.
    pub fn words(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            ..Self::default()
        }
    }

    /// With a value of a facet.
    #[must_use]
    pub fn with(mut self, facet: FacetName, value: impl fmt::Display) -> Self {
        self.selected.push((facet, value.to_string()));
        self
    }

    /// Whether a value of a facet is selected.
    pub fn selects(&self, facet: FacetName, value: &str) -> bool {
        self.selected
            .iter()
            .any(|(name, other)| *name == facet && other == value)
    }

    /// The same question with a value switched, on its first page: what a link beside a facet leads to.
    #[must_use]
    pub fn toggled(&self, facet: FacetName, value: &str) -> Self {
        let mut query = self.clone();
        query.page = 0;
        let before = query.selected.len();
        query.selected.retain(|(name, other)| *name != facet || other != value);
        if query.selected.len() == before {
            query.selected.push((facet, value.to_owned()));
        }
        query
    }

    /// The same question on another page.
    #[must_use]
    pub fn on_page(&self, page: usize) -> Self {
        Self { page, ..self.clone() }
    }

    /// Records of a page.
    pub fn page_length(&self) -> usize {
        match self.per_page {
            0 => PER_PAGE,
            count => count.min(MAX_PER_PAGE),
        }
    }

    /// Reads the parameters of an address: `q`, each facet by its word (repeatable), `expires-within`, `from`, `until`,
    /// `sort`, `page`, `per-page`. Empty values say nothing (a form sends them), unknown parameters are left alone
    /// (`lang`, `as-of`).
    ///
    /// # Errors
    /// If a value cannot be.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, QueryError> {
        let mut query = Self::default();
        for (key, value) in pairs {
            let value = value.trim();
            if value.is_empty() {
                continue;
            }
            query.set(key, value)?;
        }
        Ok(query)
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), QueryError> {
        let fault = |expected: String| QueryError {
            key: key.to_owned(),
            expected,
            found: value.chars().take(80).collect(),
        };
        let day = || Day::parse(value).map_err(|_| fault("a day (YYYY-MM-DD)".into()));
        let count = |limit: usize| {
            let number = value.parse().ok().filter(|number| (1..=limit).contains(number));
            number.ok_or_else(|| fault(format!("a number from 1 to {limit}")))
        };
        match key {
            "q" if value.chars().count() > MAX_TEXT => return Err(fault(format!("at most {MAX_TEXT} characters"))),
            "q" => self.text = value.to_owned(),
            "expires-within" => self.expires_within = Some(u16::try_from(count(120)?).unwrap_or(120)),
            "from" => self.from = Some(day()?),
            "until" => self.until = Some(day()?),
            "sort" => self.sort = Some(Sort::from_word(value).ok_or_else(|| fault(alternatives(Sort::ALL)))?),
            "page" => self.page = count(1_000_000)?,
            "per-page" => self.per_page = count(MAX_PER_PAGE)?,
            _ => {
                let Some(facet) = FacetName::from_word(key) else {
                    return Ok(());
                };
                let known = match facet {
                    FacetName::Status => one_of(Status::from_word(value), Status::ALL),
                    FacetName::Kind => one_of(Kind::from_word(value), Kind::ALL),
                    FacetName::Size => one_of(MunicipalitySize::from_word(value), MunicipalitySize::ALL),
                    FacetName::Cloud => one_of(Cloud::from_word(value), Cloud::ALL),
                    _ if value.chars().count() > MAX_TEXT => Err(format!("at most {MAX_TEXT} characters")),
                    _ => Ok(()),
                };
                known.map_err(fault)?;
                if self.selected.len() == MAX_VALUES {
                    return Err(fault(format!("at most {MAX_VALUES} selected values")));
                }
                if !self.selects(facet, value) {
                    self.selected.push((facet, value.to_owned()));
                }
            }
        }
        Ok(())
    }

    /// The parameters of an address, in a fixed order.
    pub fn to_pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::new();
        if !self.text.is_empty() {
            pairs.push(("q", self.text.clone()));
        }
        let mut selected = self.selected.clone();
        selected.sort();
        pairs.extend(selected.into_iter().map(|(facet, value)| (facet.word(), value)));
        if let Some(months) = self.expires_within {
            pairs.push(("expires-within", months.to_string()));
        }
        if let Some(day) = self.from {
            pairs.push(("from", day.to_string()));
        }
        if let Some(day) = self.until {
            pairs.push(("until", day.to_string()));
        }
        if let Some(sort) = self.sort {
            pairs.push(("sort", sort.to_string()));
        }
        if self.per_page > 0 {
            pairs.push(("per-page", self.per_page.to_string()));
        }
        if self.page > 1 {
            pairs.push(("page", self.page.to_string()));
        }
        pairs
    }
}

fn one_of<T: fmt::Display>(value: Option<T>, all: &[T]) -> Result<(), String> {
    value.map(|_| ()).ok_or_else(|| alternatives(all))
}

fn alternatives<T: fmt::Display>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
