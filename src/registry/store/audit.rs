//! Who did what: rows of which each holds the hash of the one before, so that none can be changed, removed or put in
//! between unless all later ones are written anew; the head goes into the public log.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Row, Store, StoreError, Tx, values};
use crate::attest::Digest;

/// The `previous` of the first row.
const BEFORE_THE_FIRST: &str = "0000000000000000000000000000000000000000000000000000000000000000";

const COLUMNS: &str = "sequence, at, actor, action, object, detail, previous, hash";

/// What is recorded.
#[derive(Clone, Copy, Debug)]
pub struct AuditEntry<'a> {
    /// Unix milliseconds.
    pub at: i64,
    /// Account, or `system`.
    pub actor: &'a str,
    /// What was done, as `product.create`.
    pub action: &'a str,
    /// What it was done to: its id.
    pub object: &'a str,
    /// More about it: no secret, no evidence.
    pub detail: &'a Json,
}

/// A row as it is kept. Its hash is SHA-256 over the canonical JSON (RFC 8785) of all fields but the hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditRecord {
    /// 1, 2, 3 and so on, without gaps.
    pub sequence: i64,
    /// Unix milliseconds.
    pub at: i64,
    /// Account, or `system`.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// What it was done to.
    pub object: String,
    /// More about it: JSON.
    pub detail: String,
    /// Hash of the row before.
    pub previous: String,
    /// Hash of this row.
    #[serde(skip)]
    pub hash: String,
}

impl AuditRecord {
    fn read(row: &Row) -> Result<Self, StoreError> {
        Ok(Self {
            sequence: row.int(0)?,
            at: row.int(1)?,
            actor: row.text(2)?,
            action: row.text(3)?,
            object: row.text(4)?,
            detail: row.text(5)?,
            previous: row.text(6)?,
            hash: row.text(7)?,
        })
    }

    fn digest(&self) -> Result<String, StoreError> {
        let bytes =
            serde_json_canonicalizer::to_vec(self).map_err(|error| StoreError::Json { why: error.to_string() })?;
        Ok(Digest::of(&bytes).to_string())
    }
}

/// The last row of the chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// Number of rows.
    pub count: i64,
    /// Hash of the last one.
    pub hash: String,
}

/// What is wrong with a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditFault {
    /// A number is missing, or there twice: the row that should have come.
    Gap {
        /// The number that should have come.
        expected: i64,
        /// The number that came.
        found: i64,
    },
    /// A row does not hold the hash of the one before.
    Unlinked {
        /// Its number.
        sequence: i64,
    },
    /// A row is not what its hash says.
    Changed {
        /// Its number.
        sequence: i64,
    },
    /// A head that was published is not in the chain any more: rows were cut off or written anew.
    NotBelow {
        /// Rows at that time.
        count: i64,
    },
}

impl std::fmt::Display for AuditFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Gap { expected, found } => write!(f, "audit: expected row {expected}, found row {found}"),
            Self::Unlinked { sequence } => write!(f, "audit: row {sequence} does not follow the row before it"),
            Self::Changed { sequence } => write!(f, "audit: row {sequence} was changed"),
            Self::NotBelow { count } => write!(f, "audit: row {count} is not the one whose hash was published"),
        }
    }
}

/// Records an act, in the transaction of the act. The number of its row.
///
/// # Errors
/// Those of the database; [`StoreError::Json`].
pub fn record(tx: &mut dyn Tx, entry: &AuditEntry<'_>) -> Result<i64, StoreError> {
    let last = head(tx)?;
    let mut record = AuditRecord {
        sequence: last.count + 1,
        at: entry.at,
        actor: entry.actor.to_owned(),
        action: entry.action.to_owned(),
        object: entry.object.to_owned(),
        detail: entry.detail.to_string(),
        previous: last.hash,
        hash: String::new(),
    };
    record.hash = record.digest()?;
    tx.execute(
        &format!("INSERT INTO audit ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"),
        &values![
            record.sequence,
            record.at,
            record.actor,
            record.action,
            record.object,
            record.detail,
            record.previous,
            record.hash
        ],
    )?;
    Ok(record.sequence)
}

/// The end of the chain.
///
/// # Errors
/// Those of the database.
pub fn head(tx: &mut dyn Tx) -> Result<AuditHead, StoreError> {
    match tx.one("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1", &[])? {
        Some(row) => Ok(AuditHead {
            count: row.int(0)?,
            hash: row.text(1)?,
        }),
        None => Ok(AuditHead {
            count: 0,
            hash: BEFORE_THE_FIRST.to_owned(),
        }),
    }
}

/// Rows after a number, the oldest first, `most` at the most; those of an actor or about an object only, where given.
///
/// # Errors
/// Those of the database.
pub fn rows(
    tx: &mut dyn Tx,
    after: i64,
    most: i64,
    actor: Option<&str>,
    object: Option<&str>,
) -> Result<Vec<AuditRecord>, StoreError> {
    let rows = tx.query(
        &format!(
            "SELECT {COLUMNS} FROM audit WHERE sequence > ?1 AND (?2 = '' OR actor = ?2) AND (?3 = '' OR object = ?3) \
             ORDER BY sequence LIMIT ?4"
        ),
        &values![after, actor.unwrap_or_default(), object.unwrap_or_default(), most],
    )?;
    rows.iter().map(AuditRecord::read).collect()
}

/// The newest rows, the newest first, before a number if one is given.
///
/// # Errors
/// Those of the database.
pub fn newest(tx: &mut dyn Tx, before: Option<i64>, most: i64) -> Result<Vec<AuditRecord>, StoreError> {
    let rows = tx.query(
        &format!("SELECT {COLUMNS} FROM audit WHERE sequence < ?1 ORDER BY sequence DESC LIMIT ?2"),
        &values![before.unwrap_or(i64::MAX), most],
    )?;
    rows.iter().map(AuditRecord::read).collect()
}

/// Looks at every row, and whether heads that were published are still in the chain: the faults, none if it is whole.
///
/// # Errors
/// Those of the database.
pub fn verify(store: &Store, published: &[AuditHead]) -> Result<Vec<AuditFault>, StoreError> {
    store.read(|tx| {
        let mut faults = Vec::new();
        let mut last = AuditHead {
            count: 0,
            hash: BEFORE_THE_FIRST.to_owned(),
        };
        let mut missing: Vec<&AuditHead> = published.iter().filter(|head| head.count > 0).collect();
        tx.each(
            &format!("SELECT {COLUMNS} FROM audit ORDER BY sequence"),
            &[],
            &mut |row| {
                let record = AuditRecord::read(&row)?;
                let sequence = record.sequence;
                if sequence != last.count + 1 {
                    faults.push(AuditFault::Gap {
                        expected: last.count + 1,
                        found: sequence,
                    });
                } else if record.previous != last.hash {
                    faults.push(AuditFault::Unlinked { sequence });
                }
                if record.digest()? != record.hash {
                    faults.push(AuditFault::Changed { sequence });
                }
                missing.retain(|head| head.count != sequence || head.hash != record.hash);
                last = AuditHead {
                    count: sequence,
                    hash: record.hash,
                };
                Ok(())
            },
        )?;
        faults.extend(missing.iter().map(|head| AuditFault::NotBelow { count: head.count }));
        Ok(faults)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::Scratch;
    use super::*;

    fn recorded(store: &Store, action: &str) -> i64 {
        let detail = json!({"b": 1, "a": "税"});
        let entry = AuditEntry {
            at: 5,
            actor: "acc_1",
            action,
            object: "prd_1",
            detail: &detail,
        };
        store.write(|tx| record(tx, &entry)).unwrap()
    }

    /// As somebody with the file in hand would do it: without the triggers.
    fn tamper(scratch: &Scratch, sql: &str) {
        let connection = rusqlite::Connection::open(scratch.0.join("registry.sqlite3")).unwrap();
        connection
            .execute_batch("DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete;")
            .unwrap();
        connection.execute_batch(sql).unwrap();
    }

    #[test]
    fn a_whole_chain_has_no_fault_and_rows_are_found() {
        let scratch = Scratch::new("audit-whole");
        let store = scratch.store();
        assert_eq!(store.read(head).unwrap().count, 0);
        assert_eq!([recorded(&store, "a"), recorded(&store, "b")], [1, 2]);
        let early = store.read(head).unwrap();
        assert_eq!(recorded(&store, "c"), 3);
        assert_eq!(verify(&store, &[early]).unwrap(), []);
        let found = store.read(|tx| rows(tx, 1, 10, Some("acc_1"), Some("prd_1"))).unwrap();
        assert_eq!(
            found.iter().map(|row| row.action.as_str()).collect::<Vec<_>>(),
            ["b", "c"]
        );
        assert!(
            store
                .read(|tx| rows(tx, 0, 10, Some("acc_2"), None))
                .unwrap()
                .is_empty()
        );
        let found = store.read(|tx| newest(tx, Some(3), 1)).unwrap();
        assert_eq!(found[0].action, "b");
    }

    #[test]
    fn rows_that_were_changed_removed_or_cut_off_are_found() {
        for (name, sql, expected) in [
            (
                "changed",
                "UPDATE audit SET action = 'x' WHERE sequence = 2",
                vec![AuditFault::Changed { sequence: 2 }],
            ),
            (
                "removed",
                "DELETE FROM audit WHERE sequence = 2",
                vec![AuditFault::Gap { expected: 2, found: 3 }],
            ),
            (
                "cut",
                "DELETE FROM audit WHERE sequence > 2",
                vec![AuditFault::NotBelow { count: 3 }],
            ),
            (
                "unlinked",
                "UPDATE audit SET previous = hash WHERE sequence = 3",
                vec![
                    AuditFault::Unlinked { sequence: 3 },
                    AuditFault::Changed { sequence: 3 },
                ],
            ),
        ] {
            let scratch = Scratch::new(&format!("audit-{name}"));
            let store = scratch.store();
            for action in ["a", "b", "c"] {
                recorded(&store, action);
            }
            let published = store.read(head).unwrap();
            tamper(&scratch, sql);
            assert_eq!(verify(&store, &[published]).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn the_hash_is_that_of_canonical_json() {
        let scratch = Scratch::new("audit-hash");
        let store = scratch.store();
        recorded(&store, "a");
        let row = store.read(|tx| newest(tx, None, 1)).unwrap().remove(0);
        let text = format!(
            r#"{{"action":"a","actor":"acc_1","at":5,"detail":"{{\"b\":1,\"a\":\"税\"}}","object":"prd_1","previous":"{BEFORE_THE_FIRST}","sequence":1}}"#
        );
        assert_eq!(row.hash, Digest::of(text.as_bytes()).to_string());
    }
}
