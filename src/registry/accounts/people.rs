//! Accounts themselves.

use super::{AccountError, Accounts, Provider, record};
use crate::registry::model::{Account, AccountId, Moment, Role, VendorId};
use crate::registry::store::{Row, StoreError, Tx, fresh_id, values};
use crate::text::Text;

/// Longest name and address in characters.
const LONGEST: usize = 200;
const COLUMNS: &str =
    "account.id, account.name, account.email, account.role, account.vendor, account.active, account.created_at";

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Name for people.
    pub name: String,
    /// Address for notices; empty if none.
    pub email: String,
    /// Role.
    pub role: Role,
    /// The vendor it acts for.
    pub vendor: Option<VendorId>,
}

pub(super) fn read(row: &Row) -> Result<Account, StoreError> {
    Ok(Account {
        id: row.text(0)?.into(),
        name: row.text(1)?,
        email: row.text(2)?,
        // A word that this version does not know may do nothing.
        role: Role::from_word(row.str(3)?).unwrap_or(Role::Public),
        vendor: row.opt_text(4)?.map(VendorId::from),
        active: row.flag(5)?,
        created: Moment(row.int(6)?),
    })
}

pub(super) fn columns() -> &'static str {
    COLUMNS
}

impl Accounts {
    /// Makes an account. `by` is who makes it: itself at sign-up.
    pub fn add(&self, new: &NewAccount, by: Option<&AccountId>) -> Result<Account, AccountError> {
        let new = NewAccount {
            name: clean("name", &new.name, true)?,
            email: clean("email", &new.email, false)?,
            ..new.clone()
        };
        if !new.email.is_empty() && !is_address(&new.email) {
            return Err(AccountError::Field {
                field: "email",
                text: Text::new("メールアドレスではありません。", "This is no e-mail address."),
            });
        }
        if new.role == Role::Public {
            return Err(AccountError::Field {
                field: "role",
                text: Text::new("役割を選んでください。", "Choose a role."),
            });
        }
        let account = Account {
            id: fresh_id(AccountId::PREFIX).into(),
            name: new.name,
            email: new.email,
            role: new.role,
            vendor: new.vendor,
            active: true,
            created: self.now(),
        };
        self.store.write(|tx| -> Result<(), StoreError> {
            tx.execute(
                "INSERT INTO account (id, name, email, role, vendor, active, created_at) VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6)",
                &values![
                    account.id.as_str(),
                    &account.name,
                    &account.email,
                    account.role.word(),
                    account.vendor.as_ref().map(VendorId::as_str),
                    account.created.0
                ],
            )?;
            let actor = by.unwrap_or(&account.id);
            record(tx, account.created, actor, "account.add", account.id.as_str(), account.role.word())
        })?;
        Ok(account)
    }

    /// The account of an id, or of a name or address that only one account has.
    pub fn find(&self, which: &str) -> Result<Account, AccountError> {
        let sql = format!("SELECT {COLUMNS} FROM account WHERE id = ?1 OR name = ?1 OR email = ?1");
        let rows = self.store.read(|tx| tx.query(&sql, &values![which]))?;
        match &rows[..] {
            [row] => Ok(read(row)?),
            _ => Err(AccountError::Unknown(which.to_owned())),
        }
    }

    /// Every account, oldest first.
    pub fn list(&self) -> Result<Vec<Account>, AccountError> {
        let sql = format!("SELECT {COLUMNS} FROM account ORDER BY created_at, id");
        let rows = self.store.read(|tx| tx.query(&sql, &[]))?;
        Ok(rows.iter().map(read).collect::<Result<_, _>>()?)
    }

    /// How many accounts there are.
    pub fn count(&self) -> Result<u64, AccountError> {
        let row = self.store.read(|tx| tx.one("SELECT COUNT(*) FROM account", &[]))?;
        let count = row.map(|row| row.int(0)).transpose()?.unwrap_or(0);
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Makes an account that is bound to a provider's identity; `None` if the identity is bound already.
    pub fn add_bound(&self, new: &NewAccount, who: Provider<'_>) -> Result<Option<Account>, AccountError> {
        let account = self.add(new, None)?;
        if self.bind_provider(who, &account.id)? {
            return Ok(Some(account));
        }
        self.forget(&account.id)?;
        Ok(None)
    }

    /// Removes an account that was never used: a sign-up that was not completed.
    pub fn forget(&self, account: &AccountId) -> Result<(), AccountError> {
        self.store
            .write(|tx| tx.execute("DELETE FROM account WHERE id = ?1", &values![account.as_str()]))?;
        Ok(())
    }

    /// Lets an account in, or keeps it out from this moment on: its sessions, codes and tokens are gone.
    pub fn set_active(&self, account: &AccountId, active: bool, by: &AccountId) -> Result<(), AccountError> {
        let now = self.now();
        let found = self.store.write(|tx| -> Result<u64, StoreError> {
            let changed = tx.execute(
                "UPDATE account SET active = ?2 WHERE id = ?1",
                &values![account.as_str(), active],
            )?;
            if !active {
                tx.execute("DELETE FROM session WHERE account = ?1", &values![account.as_str()])?;
                tx.execute("DELETE FROM signin_code WHERE account = ?1", &values![account.as_str()])?;
                tx.execute(
                    "UPDATE api_token SET revoked_at = ?2 WHERE account = ?1 AND revoked_at IS NULL",
                    &values![account.as_str(), now.0],
                )?;
            }
            let action = if active { "account.enable" } else { "account.disable" };
            record(tx, now, by, action, account.as_str(), "")?;
            Ok(changed)
        })?;
        if found == 0 {
            return Err(AccountError::Unknown(account.as_str().to_owned()));
        }
        Ok(())
    }

    /// Gives an account another role. Its sessions end: what it may do is asked anew.
    pub fn set_role(&self, account: &AccountId, role: Role, by: &AccountId) -> Result<(), AccountError> {
        let now = self.now();
        let found = self.store.write(|tx| -> Result<u64, StoreError> {
            let changed = tx.execute(
                "UPDATE account SET role = ?2 WHERE id = ?1",
                &values![account.as_str(), role.word()],
            )?;
            tx.execute("DELETE FROM session WHERE account = ?1", &values![account.as_str()])?;
            record(tx, now, by, "account.role", account.as_str(), role.word())?;
            Ok(changed)
        })?;
        if found == 0 {
            return Err(AccountError::Unknown(account.as_str().to_owned()));
        }
        Ok(())
    }
}

/// Binds an account to the vendor it signed up, in the transaction of the sign-up.
pub fn set_vendor(tx: &mut dyn Tx, account: &AccountId, vendor: &VendorId) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE account SET vendor = ?2 WHERE id = ?1",
        &values![account.as_str(), vendor.as_str()],
    )
    .map(|_| ())
}

/// The accounts of a vendor.
pub fn of_vendor(tx: &mut dyn Tx, vendor: &VendorId) -> Result<Vec<Account>, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM account WHERE vendor = ?1 ORDER BY created_at, id");
    tx.query(&sql, &values![vendor.as_str()])?.iter().map(read).collect()
}

/// The number under which a member of staff appears in public (`exm:7`): given once, never to another.
pub fn staff_number(tx: &mut dyn Tx, account: &AccountId) -> Result<i64, StoreError> {
    let known = tx.one(
        "SELECT staff_number FROM account WHERE id = ?1",
        &values![account.as_str()],
    )?;
    if let Some(number) = known.map(|row| row.opt_int(0)).transpose()?.flatten() {
        return Ok(number);
    }
    let number = tx.next("staff")?;
    tx.execute(
        "UPDATE account SET staff_number = ?2 WHERE id = ?1",
        &values![account.as_str(), number],
    )?;
    Ok(number)
}

fn clean(field: &'static str, text: &str, needed: bool) -> Result<String, AccountError> {
    let text = text.trim();
    let fault = if needed && text.is_empty() {
        Text::new("入力してください。", "This is needed.")
    } else if text.chars().count() > LONGEST {
        Text::new(
            format!("{LONGEST} 文字までです。"),
            format!("At most {LONGEST} characters."),
        )
    } else if text.chars().any(char::is_control) {
        Text::new("制御文字は使えません。", "Control characters cannot be used.")
    } else {
        return Ok(text.to_owned());
    };
    Err(AccountError::Field { field, text: fault })
}

/// Whether a text has the form of an address. Whether it exists only its owner can tell.
fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && !domain.contains('@')
            && !text.contains(|c: char| c.is_whitespace() || "<>,;\"".contains(c))
    })
}
