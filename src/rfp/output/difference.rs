//! What changed between two results of the same list: after a suspension, a renewal, a new answer.

use std::collections::HashMap;

use crate::rfp::result::{Finding, RfpResult};

/// A claim whose finding changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Change {
    /// Key of the clause.
    pub clause: String,
    /// Vendor.
    pub vendor: String,
    /// Finding before; none if the claim is new.
    pub before: Option<Finding>,
    /// Finding now; none if the claim is gone.
    pub now: Option<Finding>,
}

/// Claims whose findings differ, in the order of the newer result.
pub fn differences(before: &RfpResult, now: &RfpResult) -> Vec<Change> {
    let mut old = by_claim(before);
    let mut changes = Vec::new();
    for (key, finding) in in_order(now) {
        let was = old.remove(&key);
        if was != Some(finding) {
            changes.push(Change {
                clause: key.0,
                vendor: key.1,
                before: was,
                now: Some(finding),
            });
        }
    }
    for (key, finding) in in_order(before) {
        if old.contains_key(&key) {
            changes.push(Change {
                clause: key.0,
                vendor: key.1,
                before: Some(finding),
                now: None,
            });
        }
    }
    changes
}

type Key = (String, String, Option<String>);

fn in_order(result: &RfpResult) -> impl Iterator<Item = (Key, Finding)> + '_ {
    result.rows.iter().flat_map(|row| {
        let offers = result.offers.iter().map(|view| &view.offer);
        row.cells.iter().zip(offers).map(|(cell, offer)| {
            let key = (row.clause.key.clone(), offer.vendor.clone(), offer.product.clone());
            (key, cell.finding)
        })
    })
}

fn by_claim(result: &RfpResult) -> HashMap<Key, Finding> {
    in_order(result).collect()
}
