//! Tokens for programs.

use super::secret::{TOKEN_PREFIX, fresh_secret, hash_of};
use super::sessions::actor_of;
use super::{AccountError, Accounts, people, record};
use crate::registry::model::{AccountId, Actor, ApiToken, Moment, ProductId, TokenId, TokenScope};
use crate::registry::store::{Row, StoreError, fresh_id, values};
use crate::text::Text;

/// Longest life of a token in days.
const LONGEST_DAYS: i64 = 366;
/// Milliseconds between two notes of when a token was last used.
const USED_EVERY: i64 = 60_000;
const COLUMNS: &str = "api_token.id, api_token.account, api_token.name, api_token.scope, api_token.product, \
                       api_token.created_at, api_token.expires_at, api_token.used_at, api_token.revoked_at";

/// A token to be made.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// What for, in its owner's words.
    pub name: String,
    /// What it may do.
    pub scope: TokenScope,
    /// Only for this product.
    pub product: Option<ProductId>,
    /// Days until it ends, 1 to 366.
    pub days: i64,
}

fn read(row: &Row, from: usize) -> Result<ApiToken, StoreError> {
    Ok(ApiToken {
        id: row.text(from)?.into(),
        account: row.text(from + 1)?.into(),
        name: row.text(from + 2)?,
        scope: TokenScope::from_word(row.str(from + 3)?).unwrap_or(TokenScope::Read),
        product: row.opt_text(from + 4)?.map(ProductId::from),
        created: Moment(row.int(from + 5)?),
        expires: Moment(row.int(from + 6)?),
        last_used: row.opt_int(from + 7)?.map(Moment),
        revoked: row.opt_int(from + 8)?.is_some(),
    })
}

impl Accounts {
    /// Makes a token; the second value is its secret, shown once.
    pub fn make_token(&self, account: &AccountId, new: &NewToken) -> Result<(ApiToken, String), AccountError> {
        let field = |field, ja: &str, en: &str| AccountError::Field {
            field,
            text: Text::new(ja, en),
        };
        let name = new.name.trim();
        if name.is_empty() || name.chars().count() > 60 || name.chars().any(char::is_control) {
            return Err(field(
                "name",
                "1〜60 文字で入力してください。",
                "Enter 1 to 60 characters.",
            ));
        }
        if !(1..=LONGEST_DAYS).contains(&new.days) {
            return Err(field("days", "1〜366 日にしてください。", "Choose 1 to 366 days."));
        }
        let now = self.now();
        let secret = format!("{TOKEN_PREFIX}{}", fresh_secret()?);
        let token = ApiToken {
            id: fresh_id(TokenId::PREFIX).into(),
            account: account.clone(),
            name: name.to_owned(),
            scope: new.scope,
            product: new.product.clone(),
            created: now,
            expires: now.add_days(new.days),
            last_used: None,
            revoked: false,
        };
        self.store.write(|tx| -> Result<(), StoreError> {
            tx.execute(
                "INSERT INTO api_token (id, hash, account, name, scope, product, created_at, expires_at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                &values![
                    token.id.as_str(),
                    hash_of(&secret),
                    account.as_str(),
                    &token.name,
                    token.scope.word(),
                    token.product.as_ref().map(ProductId::as_str),
                    now.0,
                    token.expires.0
                ],
            )?;
            record(tx, now, account, "token.add", token.id.as_str(), token.scope.word())
        })?;
        Ok((token, secret))
    }

    /// The tokens of an account, newest first.
    pub fn tokens(&self, account: &AccountId) -> Result<Vec<ApiToken>, AccountError> {
        let sql = format!("SELECT {COLUMNS} FROM api_token WHERE account = ?1 ORDER BY created_at DESC, id");
        let rows = self.store.read(|tx| tx.query(&sql, &values![account.as_str()]))?;
        Ok(rows.iter().map(|row| read(row, 0)).collect::<Result<_, _>>()?)
    }

    /// Ends a token of an account. `false` if it has none of this id, or it has ended.
    pub fn revoke_token(&self, account: &AccountId, id: &TokenId) -> Result<bool, AccountError> {
        let now = self.now();
        let revoked = self.store.write(|tx| -> Result<u64, StoreError> {
            record(tx, now, account, "token.revoke", id.as_str(), "")?;
            tx.execute(
                "UPDATE api_token SET revoked_at = ?3 WHERE id = ?1 AND account = ?2 AND revoked_at IS NULL",
                &values![id.as_str(), account.as_str(), now.0],
            )
        })?;
        Ok(revoked == 1)
    }

    /// Who a token belongs to; `None` if it is unknown, over, revoked, or its account may not come in.
    pub fn token(&self, hash: &str) -> Result<Option<(Actor, ApiToken)>, AccountError> {
        let now = self.now();
        let sql = format!(
            "SELECT {}, {COLUMNS} FROM api_token JOIN account ON account.id = api_token.account \
             WHERE api_token.hash = ?1 AND api_token.revoked_at IS NULL AND api_token.expires_at > ?2 AND account.active = 1",
            people::columns()
        );
        let Some(row) = self.store.read(|tx| tx.one(&sql, &values![hash, now.0]))? else {
            return Ok(None);
        };
        let token = read(&row, 7)?;
        if token.last_used.is_none_or(|used| now.0 - used.0 > USED_EVERY) {
            self.store.write(|tx| {
                tx.execute(
                    "UPDATE api_token SET used_at = ?2 WHERE id = ?1",
                    &values![token.id.as_str(), now.0],
                )
            })?;
        }
        Ok(Some((actor_of(people::read(&row)?), token)))
    }
}
