//! Who may come in: accounts, one-time codes, sessions, passkeys, identities of a provider, API tokens.
//!
//! Whatever proves somebody is 128 random bits or more and kept as SHA-256 only. An account that is not active loses its
//! sessions and tokens with the same write.

mod credentials;
mod people;
pub mod secret;
mod sessions;
mod tokens;

pub use credentials::{Passkey, Provider};
pub use people::{NewAccount, of_vendor, set_vendor, staff_number};
pub use tokens::NewToken;

use serde_json::json;

use super::Registry;
use super::clock::Clock;
use super::model::{AccountId, Moment};
use super::store::{Store, StoreError, Tx, audit, values};
use crate::text::Text;

/// Hours that a one-time code is good for, unless told otherwise.
pub const CODE_HOURS: i64 = 24;

/// Accounts of a register.
#[derive(Clone)]
pub struct Accounts {
    store: Store,
    clock: Clock,
}

/// Why something about accounts cannot be done.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// There is no such account.
    #[error("there is no account {0:?}; `junkyo registry account list` shows them")]
    Unknown(String),
    /// A field is wrong.
    #[error("{field}: {}", text.en)]
    Field {
        /// Name of the field.
        field: &'static str,
        /// What is wrong, in both languages.
        text: Text,
    },
    /// No random bytes.
    #[error("the system gives no random bytes: {0}")]
    Random(#[from] getrandom::Error),
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Accounts {
    /// Accounts of a register.
    pub fn new(registry: &Registry) -> Self {
        Self {
            store: registry.store().clone(),
            clock: registry.clock().clone(),
        }
    }

    /// Secret of form tokens: the same for all instances of the register, made by the first.
    pub fn form_key(&self) -> Result<[u8; 32], AccountError> {
        let mut fresh = [0; 32];
        getrandom::fill(&mut fresh)?;
        let kept = self.store.write(|tx| -> Result<Vec<u8>, StoreError> {
            tx.execute(
                "INSERT INTO form_key (name, value) VALUES ('csrf', ?1) ON CONFLICT (name) DO NOTHING",
                &values![&fresh[..]],
            )?;
            let row = tx.one("SELECT value FROM form_key WHERE name = 'csrf'", &[])?;
            row.map_or_else(|| Ok(Vec::new()), |row| row.bytes(0))
        })?;
        // Always 32 bytes, unless somebody changed the table: then a key of this instance alone.
        Ok(kept[..].try_into().unwrap_or(fresh))
    }

    fn now(&self) -> Moment {
        Moment(self.clock.now())
    }
}

/// A line in the audit log.
fn record(
    tx: &mut dyn Tx,
    at: Moment,
    actor: &AccountId,
    action: &str,
    object: &str,
    detail: &str,
) -> Result<(), StoreError> {
    audit::record(
        tx,
        &audit::AuditEntry {
            at: at.0,
            actor: actor.as_str(),
            action,
            object,
            detail: &json!({ "what": detail }),
        },
    )
    .map(|_| ())
}

#[cfg(test)]
mod tests;
