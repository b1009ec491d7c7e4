//! Floor 5: what others can verify: bundle, signature, timestamp, transparency log.

mod bundle;
pub mod canonical;
pub mod envelope;
pub mod key;
pub mod log;
pub mod statement;
pub mod timestamp;
pub mod verify;

pub use bundle::{BundleError, OpenBundle, write_bundle};
