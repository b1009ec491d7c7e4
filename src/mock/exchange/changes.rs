//! Notices of changes: each is applied once, and those of one resident in their order.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use crate::mock::{Defect, DefectSet};

/// Changes of one resident that wait for an earlier one, at the most.
const PARKED: usize = 16;

/// A change of a resident.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Change {
    pub(super) id: String,
    pub(super) sequence: u64,
    pub(super) resident: String,
}

/// What became of a notice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Taken {
    /// It is in safe hands: applied, waiting for an earlier one, or known already.
    Kept,
    /// Too many wait; the sender has to come back later.
    Full,
}

/// Where the changes of one resident stand.
#[derive(Clone, Debug)]
struct Line {
    /// Sequence number of the change to apply next; the first one is 1.
    next: u64,
    /// Changes that came too early.
    parked: BTreeMap<u64, Change>,
    /// When the oldest of them has waited long enough.
    since: Option<Instant>,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            next: 1,
            parked: BTreeMap::new(),
            since: None,
        }
    }
}

/// All changes. It stands for the database of a product: it survives a restart.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    applied: Vec<String>,
    lines: HashMap<String, Line>,
    /// Ids of changes and of messages that have been seen.
    seen: HashSet<String>,
}

impl Changes {
    /// Takes a change. `message` is the id of the message that brought it, if it has one.
    pub(super) fn take(&mut self, change: Change, message: Option<&str>, defects: &DefectSet, now: Instant) -> Taken {
        let key = format!("change {}", change.id);
        let message = message.map(|id| format!("message {id}"));
        let known = self.seen.contains(&key) || message.as_ref().is_some_and(|id| self.seen.contains(id));
        if known && defects.has(Defect::DlvDuplicateApplied) {
            self.applied.push(change.id);
            return Taken::Kept;
        }
        if known {
            return Taken::Kept;
        }
        let line = self.lines.entry(change.resident.clone()).or_default();
        if change.sequence > line.next && line.parked.len() >= PARKED && !defects.has(Defect::DlvOrderLost) {
            return Taken::Full;
        }
        self.seen.insert(key);
        self.seen.extend(message);
        if defects.has(Defect::DlvOrderLost) {
            self.applied.push(change.id);
            return Taken::Kept;
        }
        // One that comes after later ones were applied is outdated.
        if change.sequence >= line.next {
            line.parked.insert(change.sequence, change);
            line.since.get_or_insert(now);
            line.release(&mut self.applied, defects);
        }
        Taken::Kept
    }

    /// Gives up waiting for what is missing longer than `limit`.
    pub(super) fn settle(&mut self, now: Instant, limit: Duration, defects: &DefectSet) {
        if defects.has(Defect::DlvParkedForever) {
            return;
        }
        let mut late: Vec<_> = self
            .lines
            .values_mut()
            .filter(|line| line.since.is_some_and(|since| now.duration_since(since) >= limit))
            .collect();
        late.sort_by_key(|line| line.since);
        for line in late {
            while let Some((sequence, change)) = line.parked.pop_first() {
                line.next = sequence + 1;
                self.applied.push(change.id);
            }
            line.since = None;
        }
    }

    /// Ids of the changes that were applied, in that order.
    pub(super) fn applied(&self) -> &[String] {
        &self.applied
    }
}

impl Line {
    fn release(&mut self, applied: &mut Vec<String>, defects: &DefectSet) {
        while let Some(change) = self.parked.remove(&self.next) {
            self.next += 1;
            applied.push(change.id);
            if defects.has(Defect::DlvParkedForever) {
                // Those that wait are looked at only when one of them comes, and that never happens.
                break;
            }
        }
        if self.parked.is_empty() {
            self.since = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(sequence: u64) -> Change {
        Change {
            id: format!("c{sequence}"),
            sequence,
            resident: "900000000000001".into(),
        }
    }

    fn taken(order: &[u64], defects: DefectSet) -> Changes {
        let mut changes = Changes::default();
        for sequence in order {
            changes.take(change(*sequence), None, &defects, Instant::now());
        }
        changes
    }

    #[test]
    fn once_and_in_order() {
        assert_eq!(
            taken(&[2, 3, 1, 2, 4], DefectSet::NONE).applied(),
            ["c1", "c2", "c3", "c4"]
        );
        assert_eq!(taken(&[2, 1], Defect::DlvOrderLost.into()).applied(), ["c2", "c1"]);
        assert_eq!(
            taken(&[1, 1], Defect::DlvDuplicateApplied.into()).applied(),
            ["c1", "c1"]
        );
        assert_eq!(taken(&[2, 1], Defect::DlvParkedForever.into()).applied(), ["c1"]);
    }

    #[test]
    fn a_message_of_a_known_id_is_no_second_change() {
        let mut changes = Changes::default();
        for sequence in [1, 2] {
            changes.take(change(sequence), Some("urn:same"), &DefectSet::NONE, Instant::now());
        }
        assert_eq!(changes.applied(), ["c1"]);
    }

    #[test]
    fn waiting_has_a_limit_in_time_and_number() {
        let mut changes = taken(&[2, 3], DefectSet::NONE);
        changes.settle(Instant::now(), Duration::from_secs(60), &DefectSet::NONE);
        assert!(changes.applied().is_empty());
        changes.settle(Instant::now(), Duration::ZERO, &DefectSet::NONE);
        assert_eq!(changes.applied(), ["c2", "c3"]);
        let mut full = Changes::default();
        let kept = (2..40)
            .filter(|sequence| full.take(change(*sequence), None, &DefectSet::NONE, Instant::now()) == Taken::Kept)
            .count();
        assert_eq!(kept, PARKED);
    }
}
