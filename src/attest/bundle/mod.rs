//! `bundle.junkyo`: report and evidence of a run in one file, known by the digest of its manifest.
//!
//! The file is a ZIP that can be written in one way only; `manifest.json` (canonical JSON) lists every other file with
//! size and SHA-256, and has a Merkle root over that list and over the lines of the journal, so that single files and
//! lines can be withheld while everything else still proves what it is.

mod digest;
mod error;
mod files;
mod manifest;
mod merkle;
mod open;
mod redact;
mod redaction;
#[cfg(test)]
mod tests;
mod write;
mod zip;

pub use error::{BundleError, ZipFault};
pub use files::{archive, read_archive};
pub use manifest::{Lines, MANIFEST_SCHEMA, Manifest, ManifestEntry};
pub use open::{Bundle, ENVELOPE, TIMESTAMP};
pub use redact::{Wish, Withheld, redact};
pub use redaction::{REDACTIONS_SCHEMA, RedactedLine, Redaction, Redactions};
pub use write::{attach, write_bundle};
pub use zip::Limits;
