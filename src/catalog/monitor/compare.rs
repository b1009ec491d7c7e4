//! Whether the catalog is what the events of the log lead to.

use super::replay::Replay;
use super::{Monitor, Stop, WATCHED};
use crate::attest::Digest;
use crate::attest::verify::Standing;
use crate::catalog::{Catalog, FoldError, Record};

impl Monitor<'_> {
    /// The records are those that the events lead to.
    pub(super) fn compare(&mut self, catalog: &Catalog, replay: Replay) -> Result<(), Stop> {
        let count = replay.events.len();
        let folded: Result<Catalog, FoldError> = Catalog::fold(replay.events, []);
        let folded = match folded {
            Ok(folded) => folded,
            Err(error) => return self.wrong("C6-replay", "ログの事象のつながりが正しくありません。", error),
        };
        let mut differences = Vec::new();
        for record in catalog.records() {
            let number = &record.registration;
            match folded.record(number) {
                None => differences.push(format!("{number} is in the catalog, and not in the log")),
                Some(ours) => {
                    if let Some(what) = difference(record, ours) {
                        differences.push(format!("{number}: the catalog and the log differ in {what}"));
                    }
                    let known = replay.interconnections.get(number);
                    let foreign = |report: &Digest| known.is_none_or(|known| !known.contains(report));
                    if record.partners.iter().any(|partner| foreign(&partner.report)) {
                        differences.push(format!("{number}: a partner without an event in the log"));
                    }
                }
            }
        }
        for ours in folded.records() {
            if catalog.record(&ours.registration).is_none() {
                differences.push(format!("{} is in the log, and not in the catalog", ours.registration));
            }
        }
        if !differences.is_empty() {
            let more = differences.len().saturating_sub(20);
            differences.truncate(20);
            if more > 0 {
                differences.push(format!("and {more} more"));
            }
            return self.wrong(
                "C6-replay",
                "カタログはログの事象と一致しません。",
                differences.join("; "),
            );
        }
        let records = catalog.records().len();
        self.proven(
            "C6-replay",
            format!("カタログの {records} 件は、ログの署名された事象 {count} 件から計算した結果と同じです。"),
            format!("The {records} records are what the {count} signed events of the log lead to."),
        );
        for (index, leaf) in replay.later {
            let number = leaf.registration.unwrap_or_default();
            let standing = if self.options.watch.contains(&number) {
                Standing::Wrong
            } else {
                Standing::Unclaimed
            };
            let code = if standing == Standing::Wrong {
                WATCHED
            } else {
                "C6-later"
            };
            self.note(
                standing,
                code,
                format!(
                    "{number}：カタログより後の事象（{}、ログ {index} 番）があります。",
                    leaf.kind
                ),
                format!(
                    "{number}: an event after the snapshot ({}, entry {index} of the log).",
                    leaf.kind
                ),
            );
        }
        Ok(())
    }
}

/// What a record says that its events do not. Names, counts and declared facts are not in the events.
fn difference(record: &Record, ours: &Record) -> Option<&'static str> {
    let scope = |record: &Record| {
        let scope = record.scope.clone();
        (
            scope.profiles,
            scope.units,
            scope.step,
            scope.features,
            scope.suite.digest,
        )
    };
    [
        (
            "the status",
            record.status == ours.status && record.status_since == ours.status_since,
        ),
        ("the first day", record.valid_from == ours.valid_from),
        ("the last day", record.valid_until == ours.valid_until),
        ("the scope", scope(record) == scope(ours)),
        ("the product", record.product.digest == ours.product.digest),
        ("the results", record.results_digest == ours.results_digest),
        ("the history", record.history == ours.history),
        ("the kind", record.kind == ours.kind),
        (
            "the events",
            record.decision == ours.decision && record.latest_event == ours.latest_event,
        ),
        ("the flags", record.flags == ours.flags),
        (
            "predecessor or successor",
            record.predecessor == ours.predecessor && record.successor == ours.successor,
        ),
        ("the evidence level", record.evidence_level == ours.evidence_level),
    ]
    .into_iter()
    .find_map(|(what, same)| (!same).then_some(what))
}
