//! Whether everything is there and as it was.

use std::collections::BTreeSet;
use std::fmt;

use crate::attest::Digest;
use crate::registry::store::audit::{self, AuditFault, AuditHead};
use crate::registry::store::schema::unguarded;
use crate::registry::store::{Store, StoreError};

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The database itself says so.
    Database(String),
    /// Rows of an append-only table can be changed: its triggers are gone.
    Unguarded(String),
    /// The audit chain is broken.
    Audit(AuditFault),
    /// A blob that something refers to is not there.
    NoBlob {
        /// Its digest.
        digest: Digest,
        /// What refers to it.
        object: String,
    },
    /// A blob is not what its name says.
    DamagedBlob {
        /// Its name.
        digest: Digest,
        /// Digest of what is there.
        found: Digest,
    },
    /// The log misses a leaf, or a leaf is not what its hash says.
    Log(String),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Database(why) => write!(f, "database: {why}"),
            Self::Unguarded(table) => write!(f, "database: rows of {table} can be changed: its triggers are gone"),
            Self::Audit(fault) => fault.fmt(f),
            Self::NoBlob { digest, object } => write!(f, "blob {digest} of {object} is not there"),
            Self::DamagedBlob { digest, found } => {
                write!(f, "blob {digest} is damaged: its content has digest {found}")
            }
            Self::Log(why) => write!(f, "log: {why}"),
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckReport {
    /// What is wrong; none if all is well.
    pub faults: Vec<Fault>,
    /// Rows of the audit chain.
    pub audit_rows: i64,
    /// Leaves of the log.
    pub log_leaves: i64,
    /// Blobs that were read and compared.
    pub blobs: u64,
    /// Blobs that nothing refers to: of uploads that were refused.
    pub unreferenced: u64,
}

/// Looks at the database, the audit chain (and whether heads that were published are in it), the leaves of the log, and
/// reads every blob.
///
/// # Errors
/// [`StoreError`] when something cannot be read at all.
pub fn check(store: &Store, published: &[AuditHead]) -> Result<CheckReport, StoreError> {
    let mut report = CheckReport::default();
    report
        .faults
        .extend(store.integrity()?.into_iter().map(Fault::Database));
    report
        .faults
        .extend(store.read(unguarded)?.into_iter().map(Fault::Unguarded));
    report
        .faults
        .extend(audit::verify(store, published)?.into_iter().map(Fault::Audit));
    report.audit_rows = store.read(audit::head)?.count;
    log(store, &mut report)?;
    blobs(store, &mut report)?;
    Ok(report)
}

fn log(store: &Store, report: &mut CheckReport) -> Result<(), StoreError> {
    let (mut next, mut faults) = (0, Vec::new());
    store.read(|tx| {
        (next, faults) = (0, Vec::new());
        tx.each(
            "SELECT position, hash, leaf FROM log_leaf ORDER BY position",
            &[],
            &mut |row| {
                let position = row.int(0)?;
                if position != next {
                    faults.push(Fault::Log(format!("expected leaf {next}, found leaf {position}")));
                }
                if crate::attest::log::leaf_hash(row.str(2)?.as_bytes()).as_slice() != row.bytes(1)? {
                    faults.push(Fault::Log(format!("leaf {position} is not what its hash says")));
                }
                next = position + 1;
                Ok(())
            },
        )
    })?;
    report.log_leaves = next;
    report.faults.extend(faults);
    Ok(())
}

fn blobs(store: &Store, report: &mut CheckReport) -> Result<(), StoreError> {
    let references = store.read(|tx| tx.query("SELECT digest, object FROM blob_ref ORDER BY digest, object", &[]))?;
    let mut referenced = BTreeSet::new();
    let listed: BTreeSet<Digest> = store.blobs().list()?.into_iter().collect();
    for row in &references {
        let digest = row.digest(0)?;
        if referenced.insert(digest) && !listed.contains(&digest) {
            report.faults.push(Fault::NoBlob {
                digest,
                object: row.text(1)?,
            });
        }
    }
    for digest in &listed {
        report.blobs += 1;
        match store.blobs().verify(digest) {
            Ok(()) => {}
            Err(StoreError::DamagedBlob { digest, found, .. }) => {
                report.faults.push(Fault::DamagedBlob { digest, found })
            }
            Err(error) => return Err(error),
        }
    }
    report.unreferenced = listed.difference(&referenced).count() as u64;
    Ok(())
}
