//! Floor 6: clauses of a request for proposals against registered evidence.
//!
//! list → matching → check → result → renderings. Everything but the reading of files is pure: the same list, answers,
//! confirmations, catalog, reports, corpus and day give the same bytes on any machine.

pub mod board;
mod check;
pub mod draft;
mod fold;
mod intake;
mod list;
mod matching;
pub mod output;
mod register;
mod result;
mod weigh;

pub use check::{CheckOptions, check};
pub use intake::{needed_reports, verify_catalog};
pub use list::{
    Answer, Claim, ClaimSet, ClaimedClause, ClaimedOffer, Clause, ClauseList, ListError, ListFault, ListNote,
    ListSource, Necessity, Offer, Place, StatedClaim, read_list, read_list_file,
};
pub use matching::{
    Basis, CONFIRMATIONS_SCHEMA, ClauseMatch, ConfirmError, Confirmation, Confirmations, Confirmed, Matcher, Suggestion,
};
pub use register::{Register, ReportError, Reports, Results, Verdict};
pub use result::{
    CatalogRef, Cell, Evidence, Finding, OfferView, Outcome, Provisional, RESULT_SCHEMA, RegistrationView, RfpResult,
    Row, SuiteRef,
};

/// A text from outside without characters that cannot be seen and could deceive a reader or a terminal.
pub fn visible(text: &str) -> String {
    output::clean(text)
}

#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod tests;
