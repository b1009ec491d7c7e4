//! A set of claims as JSON: what the API takes, and what a bidder can send instead of a sheet.

use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::error::{ListError, ListFault};
use super::table::necessity;
use super::{Claim, Clause, ClauseList, Lookup, Offer, Place};
use crate::attest::canonical;
use crate::rfp::fold;
use crate::text::Text;

/// Name and version of the format.
const SCHEMA: &str = "rfp-claims/v1";

/// Clauses and claims as one JSON value.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ClaimSet {
    /// `rfp-claims/v1`.
    #[serde(default)]
    pub schema: String,
    /// Title of the request for proposals.
    #[serde(default, alias = "rfp")]
    pub title: String,
    /// Clauses; those that only claims name need not stand here.
    #[serde(default)]
    pub clauses: Vec<ClaimedClause>,
    /// Who offers what.
    #[serde(default)]
    pub offers: Vec<ClaimedOffer>,
    /// Claims.
    pub claims: Vec<StatedClaim>,
}

/// A clause.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ClaimedClause {
    /// Number that claims name.
    pub number: String,
    /// What is asked.
    #[serde(default)]
    pub text: String,
    /// Headings above it.
    #[serde(default)]
    pub item: String,
    /// Requirement ids.
    #[serde(default)]
    pub requirements: Vec<String>,
    /// Clause of an official document.
    #[serde(default)]
    pub reference: String,
    /// `必須`, `任意`, `mandatory`, `optional` …
    #[serde(default)]
    pub necessity: String,
}

/// Who offers what.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ClaimedOffer {
    /// Vendor.
    #[serde(default)]
    pub vendor: String,
    /// Product.
    #[serde(default)]
    pub product: Option<String>,
    /// Version.
    #[serde(default)]
    pub version: Option<String>,
    /// Registration numbers.
    #[serde(default)]
    pub registrations: Vec<String>,
}

/// A claim: about a clause by its number, or about a requirement by its id.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct StatedClaim {
    /// Number of the clause.
    #[serde(default)]
    pub clause: Option<String>,
    /// Id of the requirement, instead of a clause.
    #[serde(default)]
    pub requirement: Option<String>,
    /// Index of the offer; the only one if absent.
    #[serde(default)]
    pub offer: Option<usize>,
    /// `○`, `yes`, `対応可` …; a claim without one says yes.
    #[serde(default)]
    pub answer: Option<String>,
    /// Registration number named as proof.
    #[serde(default)]
    pub registration: Option<String>,
    /// Product for this claim.
    #[serde(default)]
    pub product: Option<String>,
    /// Version for this claim.
    #[serde(default)]
    pub version: Option<String>,
    /// Remark.
    #[serde(default)]
    pub remark: String,
}

fn fault(cell: impl Into<String>, message: Text) -> Box<ListError> {
    let remedy = Text::new(
        "ci/RFP.md の rfp-claims/v1 の例に合わせてください",
        "follow the example of rfp-claims/v1 in ci/RFP.md",
    );
    ListError::new(ListFault::Claims, message, remedy).at(None, cell)
}

impl ClaimSet {
    /// Reads JSON strictly: no duplicate keys, no unknown ones.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Box<ListError>> {
        let wrong = |error: &dyn std::fmt::Display| {
            fault(
                "JSON",
                Text::new(
                    format!("JSON として読めません: {error}"),
                    format!("expected rfp-claims/v1, found: {error}"),
                ),
            )
        };
        let value = canonical::parse(bytes).map_err(|error| wrong(&error))?;
        let set: Self = serde_json::from_value(value).map_err(|error| wrong(&error))?;
        if !set.schema.is_empty() && set.schema != SCHEMA {
            return Err(fault(
                "schema",
                Text::new(
                    format!("schema は {SCHEMA} を期待しましたが {} です", set.schema),
                    format!("expected schema {SCHEMA}, found {}", set.schema),
                ),
            ));
        }
        Ok(set)
    }

    /// The list of clauses that it stands for.
    ///
    /// # Errors
    /// If a claim names a clause or an offer that is not there, or too many.
    pub fn into_list(self, name: &str) -> Result<ClauseList, Box<ListError>> {
        let mut list = ClauseList {
            title: if self.title.is_empty() {
                name.to_owned()
            } else {
                self.title
            },
            ..ClauseList::default()
        };
        let mut lookup = Lookup::default();
        for (index, clause) in self.clauses.into_iter().enumerate() {
            let place = at(format!("clauses[{index}]"));
            let clause = Clause {
                key: String::new(),
                number: clause.number,
                item: clause.item,
                text: clause.text,
                requirement: clause.requirements.join(" "),
                reference: clause.reference,
                necessity: necessity(&clause.necessity),
                place,
            };
            list.push_clause(clause, &mut lookup)?;
        }
        if self.offers.len() > super::MOST_OFFERS {
            return Err(super::too_many(super::MOST_OFFERS, "回答者", "vendors"));
        }
        list.offers = self
            .offers
            .into_iter()
            .map(|offer| Offer {
                vendor: offer.vendor,
                product: offer.product,
                version: offer.version,
                registrations: offer.registrations,
            })
            .collect();
        if list.offers.is_empty() {
            list.offers.push(Offer::default());
        }
        for (index, claim) in self.claims.into_iter().enumerate() {
            list.push_stated(index, claim, &mut lookup)?;
        }
        Ok(list)
    }
}

fn at(cell: String) -> Place {
    Place { sheet: None, cell }
}

impl ClauseList {
    fn push_stated(&mut self, index: usize, claim: StatedClaim, lookup: &mut Lookup) -> Result<(), Box<ListError>> {
        let place = format!("claims[{index}]");
        let clause = self.stated_clause(&place, &claim, lookup)?;
        let offer = claim.offer.unwrap_or(0);
        if offer >= self.offers.len() || claim.offer.is_none() && self.offers.len() > 1 {
            return Err(fault(
                place,
                Text::new(
                    format!("offer は 0 から {} を期待しました", self.offers.len() - 1),
                    format!(
                        "expected an offer from 0 to {}, found {:?}",
                        self.offers.len() - 1,
                        claim.offer
                    ),
                ),
            ));
        }
        let written = claim.answer.unwrap_or_else(|| "yes".to_owned());
        self.push_claim(Claim {
            clause,
            offer,
            answer: Answer::read(&written),
            written,
            product: claim.product,
            version: claim.version,
            registrations: claim.registration.into_iter().collect(),
            remark: claim.remark,
            place: at(place),
        })
    }

    fn stated_clause(
        &mut self,
        place: &str,
        claim: &StatedClaim,
        lookup: &mut Lookup,
    ) -> Result<usize, Box<ListError>> {
        let (number, requirement) = match (&claim.clause, &claim.requirement) {
            (Some(number), _) => (number, None),
            (None, Some(id)) => (id, Some(id)),
            (None, None) => {
                return Err(fault(
                    place,
                    Text::new(
                        "clause か requirement を期待しました",
                        "expected clause or requirement, found neither",
                    ),
                ));
            }
        };
        let known = lookup
            .by_number
            .get(&fold::tight(number))
            .and_then(|all| all.first().copied());
        match (known, requirement) {
            (Some(index), _) => Ok(index),
            (None, Some(id)) => {
                let clause = Clause {
                    number: id.clone(),
                    requirement: id.clone(),
                    place: at(place.to_owned()),
                    ..Clause::default()
                };
                self.push_clause(clause, lookup)
            }
            (None, None) => Err(fault(
                place,
                Text::new(
                    format!("番号「{number}」の条項が clauses にありません"),
                    format!("expected a clause of `clauses`, found {number:?}"),
                ),
            )),
        }
    }
}
