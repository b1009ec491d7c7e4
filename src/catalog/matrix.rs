//! Which products were seen to work with each other, by business unit (相互接続確認).

use std::collections::BTreeMap;

use super::event::{Mode, Partner};
use super::fold::Catalog;
use super::record::{Record, Status};
use crate::attest::Digest;
use crate::registry::model::words;
use crate::text::date::Day;

/// Outcome of a report in which everything held.
const CONFORMANT: &str = "conformant";

words! {
    /// What is known of one product sending to another.
    Cell {
        /// Both ran, and all of it held.
        Live = "live", "実接続で確認", "Seen live";
        /// One ran against what the other had recorded, and all of it held.
        Replayed = "replayed", "記録により確認", "Seen with recordings";
        /// It was tried, and did not all hold.
        Failed = "failed", "不成立", "Tried, did not hold";
        /// Nobody has tried.
        NotYet = "not-yet", "未確認", "Not yet";
    }
}

/// What is known of two products, and where it stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Known {
    /// What.
    pub cell: Cell,
    /// When.
    pub day: Day,
    /// SHA-256 of the payload of the signed report.
    pub report: Digest,
}

/// Products of a business unit, with what is known of each two.
#[derive(Clone, Debug)]
pub struct Matrix<'a> {
    /// Two digits.
    pub unit: String,
    /// Products that are registered for the unit, or were seen to exchange with one of them; valid on the day.
    pub products: Vec<&'a Record>,
    known: BTreeMap<(usize, usize), Known>,
}

impl Matrix<'_> {
    /// What is known of one product sending to another, by their places in [`Matrix::products`]. None for `NotYet`.
    pub fn known(&self, sender: usize, receiver: usize) -> Option<Known> {
        self.known.get(&(sender, receiver)).copied()
    }

    /// The same as one word.
    pub fn cell(&self, sender: usize, receiver: usize) -> Cell {
        self.known(sender, receiver).map_or(Cell::NotYet, |known| known.cell)
    }

    /// Number of known pairs by cell.
    pub fn count(&self, cell: Cell) -> usize {
        self.known.values().filter(|known| known.cell == cell).count()
    }
}

impl Catalog {
    /// Who was seen to exchange with whom for a business unit, as of a day.
    pub fn matrix(&self, unit: &str, as_of: Day) -> Matrix<'_> {
        let valid = |record: &&Record| record.status_at(as_of) == Some(Status::Active);
        let partners = |record: &Record| -> Vec<Partner> {
            let of_unit = |partner: &&Partner| partner.unit == unit && partner.day <= as_of;
            record.partners.iter().filter(of_unit).cloned().collect()
        };
        let takes_part =
            |record: &&Record| record.scope.units.iter().any(|own| own == unit) || !partners(record).is_empty();
        let mut products: Vec<&Record> = self.records().iter().filter(valid).filter(takes_part).collect();
        let others: Vec<&Record> = products
            .iter()
            .flat_map(|record| partners(record))
            .filter_map(|partner| self.records().iter().filter(valid).find(|record| is(record, &partner)))
            .collect();
        products.extend(others);
        products.sort_by(|one, other| one.registration.cmp(&other.registration));
        products.dedup_by(|one, other| one.registration == other.registration);
        let mut matrix = Matrix {
            unit: unit.to_owned(),
            products,
            known: BTreeMap::new(),
        };
        for at in 0..matrix.products.len() {
            for partner in partners(matrix.products[at]) {
                let Some(other) = matrix.products.iter().position(|record| is(record, &partner)) else {
                    continue;
                };
                let known = Known {
                    cell: cell_of(&partner),
                    day: partner.day,
                    report: partner.report,
                };
                // The role is that of the other one.
                let (sends, receives) = match &*partner.role {
                    "sender" => (true, false),
                    "receiver" => (false, true),
                    _ => (true, true),
                };
                if sends {
                    matrix.enter(other, at, known);
                }
                if receives {
                    matrix.enter(at, other, known);
                }
            }
        }
        matrix
    }
}

impl Matrix<'_> {
    /// The best that was seen counts: live, then replayed, then failed; of equal ones the newest.
    fn enter(&mut self, sender: usize, receiver: usize, new: Known) {
        let known = self.known.entry((sender, receiver)).or_insert(new);
        if (new.cell, std::cmp::Reverse(new.day)) < (known.cell, std::cmp::Reverse(known.day)) {
            *known = new;
        }
    }
}

fn is(record: &Record, partner: &Partner) -> bool {
    match &partner.registration {
        Some(number) => *number == record.registration,
        None => record.product.digest == Some(partner.product),
    }
}

fn cell_of(partner: &Partner) -> Cell {
    match partner.mode {
        _ if partner.outcome != CONFORMANT => Cell::Failed,
        Mode::Live => Cell::Live,
        Mode::Replayed => Cell::Replayed,
    }
}
