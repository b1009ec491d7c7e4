//! What a submitted bundle has to be.

mod contents;
mod examine;
mod refuse;

use std::path::Path;

use crate::attest::bundle::Limits;

pub(super) use contents::{Contents, judged};
pub(super) use examine::{Accepted, Known, examine};
pub(super) use refuse::some;

/// Judges a bundle's evidence again. The implementation needs the rooms that judge; it stands in a file of its own, so that
/// the rest of the register can be tested without them.
pub trait Judging: Send + Sync {
    /// `report.json` as judging the evidence in a bundle file gives it, with the corpus that counts.
    ///
    /// # Errors
    /// If the evidence cannot be read; the text says where and why.
    fn judge(&self, bundle: &Path) -> Result<Vec<u8>, String>;
}

/// Limits and deadlines of the register.
#[derive(Clone, Debug)]
pub struct Rules {
    /// Limits of a bundle.
    pub bundle: Limits,
    /// Largest document, bytes.
    pub document: u64,
    /// Days that a challenge is open.
    pub challenge_days: i64,
    /// Challenges of a version that can be open at the same time.
    pub open_challenges: usize,
    /// Days after which a run is too old.
    pub run_days: i64,
    /// Minutes that a vendor's clock may be ahead.
    pub ahead_minutes: i64,
    /// Months that a registration is valid, unless decided otherwise.
    pub validity_months: i32,
    /// Days before the end of a registration at which the vendor is reminded.
    pub reminders: Vec<i32>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            bundle: Limits::INTAKE,
            document: 16 << 20,
            challenge_days: 7,
            open_challenges: 3,
            run_days: 30,
            ahead_minutes: 10,
            validity_months: 24,
            reminders: vec![120, 60, 30, 7],
        }
    }
}
