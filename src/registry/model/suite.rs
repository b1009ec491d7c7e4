//! Suites: releases of the corpus that count.

use serde::{Deserialize, Serialize};

use crate::attest::Digest;
use crate::text::Text;
use crate::text::date::Day;

words! {
    /// State of a suite.
    SuiteState {
        /// Counts.
        Active = "active", "有効", "active";
        /// An older one; its registrations stand, new runs with it are refused.
        Retired = "retired", "旧版", "retired";
        /// Defective: registrations that rest on it are flagged.
        Withdrawn = "withdrawn", "取り下げ", "withdrawn";
    }
}

/// A release of the corpus.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Suite {
    /// Digest of the corpus.
    pub digest: Digest,
    /// Version, e.g. `0.1.0`.
    pub version: String,
    /// `pkg:generic/junkyo-corpus@…`.
    pub uri: String,
    /// State.
    pub state: SuiteState,
    /// First day.
    pub valid_from: Day,
    /// Last day, if set.
    pub valid_until: Option<Day>,
    /// Why it was withdrawn or retired.
    pub reason: Option<Text>,
    /// Requirements that its defect touches.
    pub affects: Vec<String>,
    /// Digest of the payload of the signed release.
    pub statement: Digest,
    /// Index in the log.
    pub log_index: u64,
}
