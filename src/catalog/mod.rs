//! Floor 6: the catalog of registered products: a pure fold over the events of the register.
//!
//! The same records are the pages, the downloads, the daily signed snapshot, what an RFP is checked against, and what a
//! municipality without an Internet connection takes home as one file.

mod changes;
mod event;
mod fold;
pub mod folding;
mod matrix;
mod monitor;
mod query;
mod record;
mod search;
mod snapshot;
mod source;
mod table;
#[cfg(test)]
pub(crate) mod tests;
pub mod units;

pub use changes::{Change, FeedOptions};
pub use event::{EventError, Listing, Mode, Partner, PublicEvent};
pub use fold::{Catalog, FoldError};
pub use matrix::{Cell, Known, Matrix};
pub use monitor::{MonitorOptions, MonitorReport, MonitorState, monitor};
pub use query::{FacetName, Query, QueryError, Sort};
pub use record::{
    Cloud, Declared, EventKind, EventRef, Flag, Kind, MunicipalitySize, ProductFacts, Reason, Record, Scope, Status,
    StatusChange, SuiteFacts, VendorFacts,
};
pub use search::{Facet, FacetValue, Facets, Hit, Hits};
pub use snapshot::{CatalogFileError, Head, LogHead};
pub use source::{CATALOG, STATEMENT, Source, SourceError};
pub use table::{COLUMNS, Column, data_dictionary};
