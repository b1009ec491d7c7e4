//! Unit 01, 住民基本台帳: a history of full rows for each person, from which everything else follows.
//!
//! Source: 住民記録システム標準仕様書【第1.0版】 (2020-09), clauses as the rules in `unit.toml` name them.

mod cancel;
mod correct;
mod family;
mod history;
mod household;
mod moves;
mod relationship;
mod support;

use super::Row;
use super::desk::{Desk, Refusal};
use super::rules::Business;
use crate::standard::unit::Record;
use crate::text::date::Day;

pub(super) use history::first_possible_day;

/// The record that all others are made from.
const HISTORY: &str = "resident-history";

/// 住民基本台帳.
pub(super) struct Rules;

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        match id {
            "move-in" => moves::move_in(desk),
            "move-within" => moves::move_within(desk),
            "move-out" => moves::move_out(desk),
            "accept-move-in-notice" => moves::accept_notice(desk),
            "change-household" => household::change(desk),
            "correct-resident" => correct::correct(desk),
            "cancel-change" => cancel::by_number(desk),
            "report-support-measure" => support::report(desk),
            _ => desk.refuse("E0004", "not offered"),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, _event: &str) -> Result<(), Refusal> {
        family::changed(desk)
    }

    fn inquiry(&self, desk: &Desk<'_>, record: &Record, day: Option<Day>) -> Vec<Row> {
        let subject = desk.subject();
        match record.id.as_str() {
            "resident" => history::as_inquired(desk, &subject, day).into_iter().collect(),
            "household" => household::rows(desk, &subject, day),
            "support-measure" => support::rows(desk, &subject, day),
            _ => desk.rows(HISTORY, &subject).to_vec(),
        }
    }
}
