//! Floor 5: one file with report and evidence.

mod bundle;

pub use bundle::{BundleError, OpenBundle, write_bundle};
