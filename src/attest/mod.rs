//! Floor 5: what others can verify: bundle, signature, timestamp, transparency log.

pub mod bundle;
pub mod canonical;
pub mod challenge;
mod digest;
pub mod envelope;
pub mod key;
pub mod log;
pub mod sign;
pub mod statement;
pub mod timestamp;
pub mod verify;

pub use bundle::BundleError;
pub use digest::{Digest, DigestError, DigestSet};
