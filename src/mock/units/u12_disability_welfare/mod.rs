//! 12 障害者福祉: the rules of `conformance/units/12-disability-welfare/unit.toml`.

mod allowance;
mod handbook;
mod service;

use super::Row;
use super::desk::{self, Desk, Refusal};
use super::rules::Business;
use super::welfare::{self, Hearing, hear, known, on_day, payment_executed, row_text};
use crate::standard::unit::Record;
use crate::text::date::Day;

/// The unit.
pub(super) struct Rules;

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        known(desk, &subject)?;
        match id {
            "issue-handbook" => handbook::issue(desk, &subject),
            "regrade-handbook" => handbook::regrade(desk, &subject),
            "renew-handbook" => handbook::renew(desk, &subject),
            "return-handbook" => handbook::give_back(desk, &subject),
            "grant-service" => service::grant(desk, &subject),
            "claim-allowance" => allowance::claim(desk, &subject),
            "report-residence" => allowance::report_residence(desk, &subject),
            _ => allowance::pay(desk, &subject),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        match event {
            "payment-executed" => payment_executed(desk, allowance::PAYMENT, true),
            "ltc-certification-changed" => service::certification(desk, &subject),
            _ => {
                let restores = desk.obeys("UNIT-12-R20");
                let before = handbook::rows(desk, &subject);
                let how = Hearing {
                    restores,
                    corrects: true,
                };
                hear(desk, event, &how);
                handbook::announce_death(desk, &subject, &before);
            }
        }
        Ok(())
    }

    fn inquiry(&self, desk: &Desk<'_>, record: &Record, day: Option<Day>) -> Vec<Row> {
        let subject = desk.subject();
        match record.id.as_str() {
            handbook::RECORD => on_day(handbook::rows(desk, &subject), day),
            service::RECORD => on_day(service::rows(desk, &subject), day),
            allowance::RECORD => on_day(allowance::rows(desk, &subject), day),
            _ => desk.rows(&record.id, &subject).to_vec(),
        }
    }
}

/// Whether a row's item has a value.
fn is(row: &Row, item: &str, value: &str) -> bool {
    row_text(row, item) == value
}
