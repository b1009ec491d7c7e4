//! What the register signs: statements, their entry in the log, and what is done after the transaction: publishing the
//! log and time stamps. Every step can be done again.

use std::sync::Arc;

use super::ServiceError;
use super::act::{Act, Done};
use crate::attest::Digest;
use crate::attest::envelope::Envelope;
use crate::attest::key::Signer;
use crate::attest::log::LeafEntry;
use crate::attest::statement::{Predicate, Statement};
use crate::registry::Registry;
use crate::registry::log::LogWriter;
use crate::registry::store::{StoreError, jobs, refer, values};

/// Kind of the job that gets a time stamp for a payload.
pub(super) const STAMP: &str = "stamp";

/// A signed statement.
pub(super) struct Line {
    /// Digest of the payload: its identity.
    pub(super) payload: Digest,
    /// DSSE, one line; empty for what is only a digest.
    pub(super) envelope: String,
}

/// What a statement is, for the log and the tables.
pub(super) struct Signed<'a> {
    /// Type of the leaf.
    pub(super) kind: &'a str,
    /// What it is about.
    pub(super) object: &'a str,
    /// Registration number, if about one.
    pub(super) registration: Option<&'a str>,
}

/// Signs a statement.
pub(super) fn sign_statement<P: Predicate>(statement: &Statement<P>, signer: &Arc<dyn Signer>) -> Done<Line> {
    let bytes = statement
        .to_bytes()
        .map_err(|error| ServiceError::internal("statement", error))?;
    sign_bytes(&bytes, signer)
}

/// Signs the bytes of a statement.
pub(super) fn sign_bytes(bytes: &[u8], signer: &Arc<dyn Signer>) -> Done<Line> {
    let envelope =
        Envelope::sign(bytes, &[signer.as_ref()]).map_err(|error| ServiceError::internal("signing", error))?;
    Ok(Line {
        payload: envelope.payload_digest(),
        envelope: envelope.to_line(),
    })
}

/// Puts a statement into the log; its number there.
pub(super) fn log(act: &mut Act<'_>, what: &Signed<'_>, line: &Line) -> Result<u64, StoreError> {
    let entry = LeafEntry {
        kind: what.kind.to_owned(),
        payload: line.payload.0,
        registration: what.registration.map(str::to_owned),
    };
    let public = Some(line.envelope.trim_end()).filter(|line| !line.is_empty());
    LogWriter::append(act.tx, &entry, public, act.now.0)
}

/// Puts a statement about a suite or a key into the log and keeps it.
pub(super) fn keep(act: &mut Act<'_>, what: &Signed<'_>, line: &Line) -> Done<u64> {
    let index = log(act, what, line)?;
    act.tx.execute(
        "INSERT INTO signed_statement (id, kind, object, envelope, log_index, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        &values![
            line.payload,
            what.kind,
            what.object,
            &line.envelope,
            i64::try_from(index).unwrap_or(i64::MAX),
            act.now.0
        ],
    )?;
    Ok(index)
}

/// Has a time stamp made for a payload, after the transaction.
pub(super) fn stamp_later(act: &mut Act<'_>, payload: &Digest) -> Result<(), StoreError> {
    jobs::enqueue(act.tx, STAMP, payload, &payload.to_string(), act.now.0).map(|_| ())
}

impl Registry {
    /// Publishes the log after a transaction. What fails here is done by the next change, the next work or the next start:
    /// the change itself is safe.
    pub(super) fn publish_soon(&self) {
        self.forget_catalog();
        if let Err(error) = self.log().publish() {
            self.remember_fault(&format!("publishing the log: {error}"));
        }
    }

    /// Gets the time stamp for a payload and keeps it; nothing if there is one.
    pub(super) fn stamp(&self, payload: &Digest) -> Done<()> {
        let id = payload.to_string();
        let there = self
            .store()
            .read(|tx| tx.one("SELECT token FROM time_stamp WHERE id = ?1", &values![&id]))?;
        if there.is_some() {
            return Ok(());
        }
        let token = self
            .stamper()
            .token(*payload, self.now())
            .map_err(|error| ServiceError::internal("time stamp", error))?;
        let digest = self.store().blobs().put(&token)?;
        let now = self.now().0;
        self.store().write(|tx| {
            tx.execute(
                "INSERT INTO time_stamp (id, token, at) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
                &values![&id, digest, now],
            )?;
            refer(tx, &digest, token.len() as u64, "time-stamp", &id, now)?;
            Ok(())
        })
    }
}
