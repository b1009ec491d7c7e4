//! From events to records: pure, so that everybody who has the events gets the same catalog.

use std::collections::HashMap;
use std::sync::OnceLock;

use thiserror::Error;

use super::event::{Listing, PublicEvent};
use super::record::{
    EventKind, EventRef, Flag, Kind, ProductFacts, Record, Status, StatusChange, VendorFacts, since_of,
};
use super::search::Index;
use super::snapshot::Head;
use crate::attest::Digest;

/// All registrations.
#[derive(Debug, Default)]
pub struct Catalog {
    records: Vec<Record>,
    by_number: HashMap<String, usize>,
    head: Option<Head>,
    index: OnceLock<Index>,
}

/// Why events make no catalog: one is missing, was changed, or came in the wrong order.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum FoldError {
    /// An event of a registration is missing or stands twice.
    #[error("event {index} of the log: number {found} in the life of {registration}, expected {expected}")]
    Sequence {
        /// Entry of the log.
        index: u64,
        /// The registration.
        registration: String,
        /// Next number.
        expected: u64,
        /// Number in the event.
        found: u64,
    },
    /// An event does not name the one before it.
    #[error(
        "event {index} of the log does not follow on what happened to {registration} before (its `previous` is another digest)"
    )]
    Previous {
        /// Entry of the log.
        index: u64,
        /// The registration.
        registration: String,
    },
    /// Something that cannot happen in this state.
    #[error("event {index} of the log: {registration} is {status} and cannot be {event}")]
    Impossible {
        /// Entry of the log.
        index: u64,
        /// The registration.
        registration: String,
        /// Status before.
        status: Status,
        /// What should have happened.
        event: EventKind,
    },
    /// A first event without what is registered.
    #[error("event {index} of the log registers {registration} without saying for what")]
    NoScope {
        /// Entry of the log.
        index: u64,
        /// The registration.
        registration: String,
    },
    /// About another product than the registration.
    #[error("event {index} of the log is about another product than the registration {registration}")]
    OtherProduct {
        /// Entry of the log.
        index: u64,
        /// The registration.
        registration: String,
    },
    /// Events out of the order of the log.
    #[error("event {index} comes after event {before} of the log")]
    Order {
        /// Entry of the log.
        index: u64,
        /// The one before.
        before: u64,
    },
    /// The same registration twice in a file.
    #[error("the registration {registration} stands twice in the catalog")]
    Twice {
        /// The registration.
        registration: String,
    },
}

impl Catalog {
    /// The catalog after these events, which come in the order of the log. Products without a listing are shown with the
    /// name in the event.
    ///
    /// # Errors
    /// If an event cannot follow on those before.
    pub fn fold(
        events: impl IntoIterator<Item = PublicEvent>,
        products: impl IntoIterator<Item = Listing>,
    ) -> Result<Self, FoldError> {
        let listings: HashMap<Digest, Listing> =
            products.into_iter().map(|listing| (listing.digest, listing)).collect();
        let mut records: Vec<Record> = Vec::new();
        let mut by_number: HashMap<String, usize> = HashMap::new();
        let mut before = None;
        for event in events {
            if let Some(before) = before.filter(|before| event.index <= *before) {
                return Err(FoldError::Order {
                    index: event.index,
                    before,
                });
            }
            before = Some(event.index);
            match by_number.get(&event.registration) {
                Some(&at) => follow(&mut records[at], &event)?,
                None => {
                    by_number.insert(event.registration.clone(), records.len());
                    records.push(begin(&event, listings.get(&event.product))?);
                }
            }
        }
        let successors: Vec<(String, String)> = records
            .iter()
            .filter_map(|record| Some((record.successor.clone()?, record.registration.clone())))
            .collect();
        for (successor, predecessor) in successors {
            if let Some(&at) = by_number.get(&successor) {
                records[at].predecessor = Some(predecessor);
            }
        }
        Ok(Self {
            records,
            by_number,
            head: None,
            index: OnceLock::new(),
        })
    }

    /// A catalog of finished records, as they stand in a file.
    ///
    /// # Errors
    /// If a registration stands twice.
    pub fn from_records(records: Vec<Record>, head: Option<Head>) -> Result<Self, FoldError> {
        let mut by_number = HashMap::with_capacity(records.len());
        for (at, record) in records.iter().enumerate() {
            if by_number.insert(record.registration.clone(), at).is_some() {
                return Err(FoldError::Twice {
                    registration: record.registration.clone(),
                });
            }
        }
        Ok(Self {
            records,
            by_number,
            head,
            index: OnceLock::new(),
        })
    }

    /// All records, in the order in which they were registered.
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// The record of a registration number.
    pub fn record(&self, registration: &str) -> Option<&Record> {
        self.by_number.get(registration).map(|&at| &self.records[at])
    }

    /// Records of a product, by the SHA-256 of its descriptor.
    pub fn of_product(&self, digest: Digest) -> impl Iterator<Item = &Record> {
        self.records
            .iter()
            .filter(move |record| record.product.digest == Some(digest))
    }

    /// Number, time and place in the log, if it was published.
    pub fn head(&self) -> Option<&Head> {
        self.head.as_ref()
    }

    /// Gives it number, time and place in the log.
    #[must_use]
    pub fn with_head(mut self, head: Head) -> Self {
        self.head = Some(head);
        self
    }

    pub(super) fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::new(&self.records))
    }
}

fn begin(event: &PublicEvent, listing: Option<&Listing>) -> Result<Record, FoldError> {
    if event.sequence != 1 {
        return Err(FoldError::Sequence {
            index: event.index,
            registration: event.registration.clone(),
            expected: 1,
            found: event.sequence,
        });
    }
    if event.previous.is_some() {
        return Err(FoldError::Previous {
            index: event.index,
            registration: event.registration.clone(),
        });
    }
    let scope = event.scope.clone().filter(|_| event.event == EventKind::Registered);
    let Some(scope) = scope else {
        return Err(FoldError::NoScope {
            index: event.index,
            registration: event.registration.clone(),
        });
    };
    let log = EventRef {
        index: event.index,
        sha256: event.sha256,
    };
    let (product, vendor) = names(event, listing);
    Ok(Record {
        registration: event.registration.clone(),
        kind: Kind::Conformance,
        status: Status::Active,
        status_since: event.since,
        valid_from: event.since,
        valid_until: event.valid_until,
        evidence_level: event.evidence_level.clone().unwrap_or_else(|| VENDOR_RUN.to_owned()),
        product,
        vendor,
        scope,
        declared: listing.map(|listing| listing.declared.clone()).unwrap_or_default(),
        counts: event.counts.clone(),
        results_digest: event.report,
        decision: log,
        latest_event: log,
        history: vec![StatusChange {
            event: event.event,
            since: event.since,
            status: Status::Active,
            valid_until: event.valid_until,
            reason: event.reason.clone(),
            report: event.report,
            log,
        }],
        partners: Vec::new(),
        flags: Vec::new(),
        successor: None,
        predecessor: None,
    })
}

fn names(event: &PublicEvent, listing: Option<&Listing>) -> (ProductFacts, VendorFacts) {
    match listing {
        Some(listing) => (
            ProductFacts {
                id: listing.id.clone(),
                name: listing.name.clone(),
                name_kana: listing.name_kana.clone(),
                version: listing.version.clone(),
                build: listing.build.clone(),
                digest: Some(listing.digest),
            },
            listing.vendor.clone(),
        ),
        // The name of a subject is “name version”.
        None => {
            let (name, version) = event.product_name.rsplit_once(' ').unwrap_or((&event.product_name, ""));
            let product = ProductFacts {
                name: name.to_owned(),
                version: version.to_owned(),
                digest: Some(event.product),
                ..ProductFacts::default()
            };
            (product, VendorFacts::default())
        }
    }
}

fn follow(record: &mut Record, event: &PublicEvent) -> Result<(), FoldError> {
    let registration = || record.registration.clone();
    let index = event.index;
    let expected = record.history.len() as u64 + 1;
    if event.sequence != expected {
        return Err(FoldError::Sequence {
            index,
            registration: registration(),
            expected,
            found: event.sequence,
        });
    }
    if event.previous != Some(record.latest_event.sha256) {
        return Err(FoldError::Previous {
            index,
            registration: registration(),
        });
    }
    if record.product.digest != Some(event.product) {
        return Err(FoldError::OtherProduct {
            index,
            registration: registration(),
        });
    }
    let Some(status) = after(record.status, event) else {
        return Err(FoldError::Impossible {
            index,
            registration: registration(),
            status: record.status,
            event: event.event,
        });
    };
    let log = EventRef {
        index,
        sha256: event.sha256,
    };
    record.status = status;
    record.latest_event = log;
    record.valid_until = event.valid_until.or(record.valid_until);
    if let Some(scope) = &event.scope {
        record.scope = scope.clone();
    }
    record.history.push(StatusChange {
        event: event.event,
        since: event.since,
        status,
        valid_until: record.valid_until,
        reason: event.reason.clone(),
        report: event.report,
        log,
    });
    record.status_since = since_of(&record.history).unwrap_or(event.since);
    match event.event {
        EventKind::Extended if event.report.is_some() => {
            record.results_digest = event.report;
            record.counts.clone_from(&event.counts);
        }
        EventKind::Interconnected => {
            record.kind = Kind::Interconnection;
            record.partners.extend(event.partners.iter().cloned());
        }
        EventKind::SuiteFlagged => record.flags.push(Flag {
            code: event.event.to_string(),
            since: event.since,
            reason: event.reason.clone(),
        }),
        EventKind::Superseded => record.successor.clone_from(&event.successor),
        _ => {}
    }
    Ok(())
}

/// Evidence level of a registration whose event says nothing else.
const VENDOR_RUN: &str = "vendor-run";

/// Reason code of a withdrawal that the vendor asked for.
const BY_VENDOR: &str = "vendor-request";

/// Status after an event, none if it cannot happen.
fn after(status: Status, event: &PublicEvent) -> Option<Status> {
    use EventKind as E;
    use Status as S;
    let by_vendor = event.reason.as_ref().is_some_and(|reason| reason.code == BY_VENDOR);
    Some(match (status, event.event) {
        (S::Active, E::Suspended) => S::Suspended,
        (S::Suspended, E::Reinstated) => S::Active,
        (S::Active | S::Suspended | S::Expired, E::Withdrawn) if by_vendor => S::WithdrawnByVendor,
        (S::Active | S::Suspended | S::Expired, E::Withdrawn) => S::WithdrawnByBody,
        (S::Active | S::Suspended | S::Expired, E::Superseded) => S::Superseded,
        (S::Active | S::Expired, E::Extended) => S::Active,
        (S::Suspended, E::Extended) => S::Suspended,
        (S::Active | S::Suspended, E::Expired) => S::Expired,
        (S::Active | S::Suspended, E::Interconnected) => status,
        (_, E::SuiteFlagged) => status,
        _ => return None,
    })
}
