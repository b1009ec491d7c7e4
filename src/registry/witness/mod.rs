//! Witnesses (C2SP tlog-witness): others who remember what a log has said, so that it cannot say two things.
//!
//! A witness is a small server outside the body: a prefecture, a university, an association. It cosigns a checkpoint of a
//! log that it knows when a proof shows that nothing was taken away or changed since the last one it saw.

mod ask;
mod serve;
mod state;
#[cfg(test)]
mod tests;

pub use ask::{AskError, Asked, ask};
pub use serve::{handler, serve};
pub use state::{Reply, Witness, WitnessError};

use crate::attest::log::Hash;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Largest request that is read, in bytes: a proof of 63 hashes and a note with many signatures are far below.
const MAX_REQUEST: usize = 256 << 10;

/// Media type of the answer that says which size the witness has seen.
const SIZE_TYPE: &str = "text/x.tlog.size";

/// A request: the size that the log thinks the witness has seen, the proof from there, and the checkpoint.
fn request(old: u64, hashes: &[Hash], note: &str) -> Vec<u8> {
    let mut body = format!("old {old}\n");
    for hash in hashes {
        body.push_str(&STANDARD.encode(hash));
        body.push('\n');
    }
    body.push('\n');
    body.push_str(note);
    body.into_bytes()
}
