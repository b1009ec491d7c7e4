//! Verifying what was signed: bundles of vendors, proof packs of the register. Pure: no network, no clock of its own.

mod bundle;
mod check;
mod clock;
mod finding;
pub mod pack;
mod status;
pub mod trust;

pub use bundle::verify_bundle;
pub use check::{PackOptions, verify_pack};
pub use finding::{Conclusion, Finding, Standing, Verification};
pub use pack::ProofPack;
