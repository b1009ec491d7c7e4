//! Passkeys and identities of a provider.

use super::{AccountError, Accounts, people, record};
use crate::attest::key::PublicKey;
use crate::registry::model::{Account, AccountId, Moment};
use crate::registry::store::{Row, StoreError, values};

/// A passkey of an account.
#[derive(Clone, Debug)]
pub struct Passkey {
    /// Id that the authenticator gave it, base64url without padding.
    pub id: String,
    /// Whose.
    pub account: AccountId,
    /// Name its owner gave it.
    pub name: String,
    /// Its key as `SubjectPublicKeyInfo`.
    pub public_key: Vec<u8>,
    /// Signatures it has counted; 0 if it does not count.
    pub counter: u32,
    /// When it was added.
    pub created: Moment,
    /// When it was last used.
    pub used: Option<Moment>,
}

/// An identity provider and whom it knows an account as.
#[derive(Clone, Copy, Debug)]
pub struct Provider<'a> {
    /// Issuer.
    pub issuer: &'a str,
    /// Subject at this issuer.
    pub subject: &'a str,
}

const COLUMNS: &str = "id, account, name, public_key, counter, created_at, used_at";

fn read(row: &Row) -> Result<Passkey, StoreError> {
    Ok(Passkey {
        id: row.text(0)?,
        account: row.text(1)?.into(),
        name: row.text(2)?,
        public_key: row.bytes(3)?,
        counter: u32::try_from(row.int(4)?).unwrap_or(u32::MAX),
        created: Moment(row.int(5)?),
        used: row.opt_int(6)?.map(Moment),
    })
}

impl Accounts {
    /// Adds a passkey. `false` if its id is taken.
    pub fn add_passkey(
        &self,
        account: &AccountId,
        id: &str,
        name: &str,
        key: &PublicKey,
        counter: u32,
    ) -> Result<bool, AccountError> {
        let now = self.now();
        let name: String = name.trim().chars().filter(|c| !c.is_control()).take(60).collect();
        let added = self.store.write(|tx| -> Result<u64, StoreError> {
            record(tx, now, account, "passkey.add", account.as_str(), id)?;
            tx.execute(
                "INSERT INTO credential (id, account, name, public_key, counter, created_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (id) DO NOTHING",
                &values![id, account.as_str(), &name, key.to_spki_der(), counter, now.0],
            )
        })?;
        Ok(added == 1)
    }

    /// The passkeys of an account.
    pub fn passkeys(&self, account: &AccountId) -> Result<Vec<Passkey>, AccountError> {
        let sql = format!("SELECT {COLUMNS} FROM credential WHERE account = ?1 ORDER BY created_at, id");
        let rows = self.store.read(|tx| tx.query(&sql, &values![account.as_str()]))?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// The passkey of an id, with its account if that may come in.
    pub fn passkey(&self, id: &str) -> Result<Option<(Passkey, Account)>, AccountError> {
        let key = format!("SELECT {COLUMNS} FROM credential WHERE id = ?1");
        let owner = format!("SELECT {} FROM account WHERE id = ?1 AND active = 1", people::columns());
        let found = self
            .store
            .read(|tx| -> Result<Option<(Passkey, Account)>, StoreError> {
                let Some(row) = tx.one(&key, &values![id])? else {
                    return Ok(None);
                };
                let passkey = read(&row)?;
                let Some(row) = tx.one(&owner, &values![passkey.account.as_str()])? else {
                    return Ok(None);
                };
                Ok(Some((passkey, people::read(&row)?)))
            })?;
        Ok(found)
    }

    /// Notes a use of a passkey. `false` if its counter did not go on meanwhile: the key was copied, or replayed.
    pub fn passkey_used(&self, id: &str, counter: u32) -> Result<bool, AccountError> {
        let now = self.now();
        let changed = self.store.write(|tx| {
            tx.execute(
                "UPDATE credential SET counter = ?2, used_at = ?3 WHERE id = ?1 AND (counter < ?2 OR (counter = 0 AND ?2 = 0))",
                &values![id, counter, now.0],
            )
        })?;
        Ok(changed == 1)
    }

    /// Removes a passkey of an account. `false` if it has none of this id.
    pub fn remove_passkey(&self, account: &AccountId, id: &str) -> Result<bool, AccountError> {
        let now = self.now();
        let removed = self.store.write(|tx| -> Result<u64, StoreError> {
            record(tx, now, account, "passkey.remove", account.as_str(), id)?;
            tx.execute(
                "DELETE FROM credential WHERE id = ?1 AND account = ?2",
                &values![id, account.as_str()],
            )
        })?;
        Ok(removed == 1)
    }

    /// The account that a provider's identity is bound to, if it may come in.
    pub fn by_provider(&self, who: Provider<'_>) -> Result<Option<Account>, AccountError> {
        let sql = format!(
            "SELECT {} FROM federated_identity JOIN account ON account.id = federated_identity.account \
             WHERE issuer = ?1 AND subject = ?2 AND account.active = 1",
            people::columns()
        );
        let row = self.store.read(|tx| tx.one(&sql, &values![who.issuer, who.subject]))?;
        Ok(row.as_ref().map(people::read).transpose()?)
    }

    /// Binds a provider's identity to an account. `false` if it is bound already.
    pub fn bind_provider(&self, who: Provider<'_>, account: &AccountId) -> Result<bool, AccountError> {
        let now = self.now();
        let bound = self.store.write(|tx| -> Result<u64, StoreError> {
            record(tx, now, account, "identity.bind", account.as_str(), who.issuer)?;
            tx.execute(
                "INSERT INTO federated_identity (issuer, subject, account, created_at) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (issuer, subject) DO NOTHING",
                &values![who.issuer, who.subject, account.as_str(), now.0],
            )
        })?;
        Ok(bound == 1)
    }

    /// Issuers of the identities bound to an account.
    pub fn providers(&self, account: &AccountId) -> Result<Vec<String>, AccountError> {
        let rows = self.store.read(|tx| {
            tx.query(
                "SELECT issuer FROM federated_identity WHERE account = ?1 ORDER BY issuer",
                &values![account.as_str()],
            )
        })?;
        Ok(rows.iter().map(|row| row.text(0)).collect::<Result<_, _>>()?)
    }
}
