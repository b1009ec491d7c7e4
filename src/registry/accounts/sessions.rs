//! One-time codes and sessions.

use super::secret::{fresh_code, fresh_secret, hash_of, plain_code};
use super::{AccountError, Accounts, people, record};
use crate::registry::model::{Account, AccountId, Actor, Moment};
use crate::registry::store::{StoreError, values};

/// Hours without a request after which a session ends.
const IDLE_HOURS: i64 = 2;
/// Hours after which a session ends whatever happens.
const SESSION_HOURS: i64 = 12;
/// Milliseconds between two notes of when a session was last seen.
const SEEN_EVERY: i64 = 60_000;

impl Accounts {
    /// Makes a one-time code for an account. It is shown once and kept as a digest.
    pub fn make_code(&self, account: &AccountId, hours: i64, by: &AccountId) -> Result<String, AccountError> {
        let code = fresh_code()?;
        let now = self.now();
        self.store.write(|tx| -> Result<(), StoreError> {
            tx.execute(
                "INSERT INTO signin_code (hash, account, created_at, expires_at) VALUES (?1, ?2, ?3, ?4)",
                &values![
                    hash_of(&plain_code(&code)),
                    account.as_str(),
                    now.0,
                    now.add_hours(hours).0
                ],
            )?;
            record(tx, now, by, "account.code", account.as_str(), "")
        })?;
        Ok(code)
    }

    /// Uses a code up. `None` if it is unknown, used, over, or its account may not come in: nobody learns which.
    pub fn use_code(&self, code: &str) -> Result<Option<Account>, AccountError> {
        let now = self.now();
        let hash = hash_of(&plain_code(code));
        let sql = format!(
            "SELECT {} FROM signin_code JOIN account ON account.id = signin_code.account \
             WHERE signin_code.hash = ?1 AND account.active = 1",
            people::columns()
        );
        let account = self.store.write(|tx| -> Result<Option<Account>, StoreError> {
            let used = tx.execute(
                "UPDATE signin_code SET used_at = ?2 WHERE hash = ?1 AND used_at IS NULL AND expires_at > ?2",
                &values![&hash, now.0],
            )?;
            if used == 0 {
                return Ok(None);
            }
            tx.one(&sql, &values![&hash])?.as_ref().map(people::read).transpose()
        })?;
        Ok(account)
    }

    /// Opens a session; the secret goes into the cookie. `method`: how it was proven (`code`, `passkey`, `oidc`).
    pub fn open_session(&self, account: &Account, method: &str, network: &str) -> Result<String, AccountError> {
        let secret = fresh_secret()?;
        let now = self.now();
        self.store.write(|tx| -> Result<(), StoreError> {
            tx.execute(
                "INSERT INTO session (hash, account, method, network, created_at, seen_at, expires_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)",
                &values![
                    hash_of(&secret),
                    account.id.as_str(),
                    method,
                    network,
                    now.0,
                    now.add_hours(SESSION_HOURS).0
                ],
            )?;
            record(tx, now, &account.id, "session.open", account.id.as_str(), method)
        })?;
        Ok(secret)
    }

    /// Who a session belongs to; `None` if it is over or its account may not come in.
    pub fn session(&self, hash: &str) -> Result<Option<Actor>, AccountError> {
        let now = self.now();
        let sql = format!(
            "SELECT {}, session.seen_at FROM session JOIN account ON account.id = session.account \
             WHERE session.hash = ?1 AND account.active = 1 AND session.expires_at > ?2 AND session.seen_at > ?3",
            people::columns()
        );
        let idle = now.add_hours(-IDLE_HOURS);
        let Some(row) = self.store.read(|tx| tx.one(&sql, &values![hash, now.0, idle.0]))? else {
            return Ok(None);
        };
        if now.0 - row.int(7)? > SEEN_EVERY {
            self.store
                .write(|tx| tx.execute("UPDATE session SET seen_at = ?2 WHERE hash = ?1", &values![hash, now.0]))?;
        }
        Ok(Some(actor_of(people::read(&row)?)))
    }

    /// Ends a session.
    pub fn close_session(&self, hash: &str, account: &AccountId) -> Result<(), AccountError> {
        let now = self.now();
        self.store.write(|tx| -> Result<(), StoreError> {
            tx.execute("DELETE FROM session WHERE hash = ?1", &values![hash])?;
            record(tx, now, account, "session.close", account.as_str(), "")
        })?;
        Ok(())
    }

    /// Ends every other session of an account.
    pub fn close_other_sessions(&self, account: &AccountId, kept: &str) -> Result<u64, AccountError> {
        let now = self.now();
        let closed = self.store.write(|tx| -> Result<u64, StoreError> {
            record(tx, now, account, "session.close-others", account.as_str(), "")?;
            tx.execute(
                "DELETE FROM session WHERE account = ?1 AND hash <> ?2",
                &values![account.as_str(), kept],
            )
        })?;
        Ok(closed)
    }

    /// Remembers what was asked of a browser in a session or visit, in place of what was asked before.
    pub fn begin(&self, session: &str, kind: &str, data: &str, seconds: i64) -> Result<(), AccountError> {
        let expires = Moment(self.now().0.saturating_add(seconds.saturating_mul(1000)));
        self.store.write(|tx| {
            tx.execute(
                "INSERT INTO ceremony (session, kind, data, expires_at) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (session, kind) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at",
                &values![session, kind, data, expires.0],
            )
        })?;
        Ok(())
    }

    /// What was asked, once: it is forgotten by asking.
    pub fn take(&self, session: &str, kind: &str) -> Result<Option<String>, AccountError> {
        let now = self.now();
        let row = self.store.write(|tx| {
            tx.one(
                "DELETE FROM ceremony WHERE session = ?1 AND kind = ?2 RETURNING data, expires_at",
                &values![session, kind],
            )
        })?;
        let Some(row) = row else { return Ok(None) };
        Ok((row.int(1)? > now.0).then(|| row.text(0)).transpose()?)
    }

    /// Forgets what is over.
    pub fn tidy(&self) -> Result<(), AccountError> {
        let now = self.now();
        let idle = now.add_hours(-IDLE_HOURS);
        let over = self.store.read(|tx| {
            tx.one(
                "SELECT (SELECT COUNT(*) FROM session WHERE expires_at <= ?1 OR seen_at <= ?2) \
                 + (SELECT COUNT(*) FROM ceremony WHERE expires_at <= ?1) \
                 + (SELECT COUNT(*) FROM signin_code WHERE expires_at <= ?1)",
                &values![now.0, idle.0],
            )
        })?;
        if over.map(|row| row.int(0)).transpose()?.unwrap_or(0) == 0 {
            return Ok(());
        }
        self.store.write(|tx| -> Result<(), StoreError> {
            tx.execute(
                "DELETE FROM session WHERE expires_at <= ?1 OR seen_at <= ?2",
                &values![now.0, idle.0],
            )?;
            tx.execute("DELETE FROM ceremony WHERE expires_at <= ?1", &values![now.0])?;
            tx.execute("DELETE FROM signin_code WHERE expires_at <= ?1", &values![now.0])?;
            Ok(())
        })?;
        Ok(())
    }
}

pub(super) fn actor_of(account: Account) -> Actor {
    Actor {
        account: account.id,
        name: account.name,
        role: account.role,
        vendor: account.vendor,
    }
}
