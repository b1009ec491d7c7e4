//! `junkyo registry account`.

use std::io::{self, Write as _};

use super::args::{AccountAction, AccountAdd, AccountOf, Data};
use super::{Exit, open_existing, say, usage};
use crate::cli::error::CliError;
use crate::registry::accounts::{Accounts, CODE_HOURS, NewAccount};
use crate::registry::model::{Account, Actor};
use crate::text::{Lang, Text};

pub(super) fn main(action: &AccountAction, lang: Lang) -> Result<Exit, CliError> {
    match action {
        AccountAction::Add(add) => make(add, lang),
        AccountAction::List(data) => list(data, lang),
        AccountAction::Disable(of) => set_active(of, false, lang),
        AccountAction::Enable(of) => set_active(of, true, lang),
        AccountAction::Code(of) => code(of, lang),
    }
}

fn accounts(data: &Data, lang: Lang) -> Result<Accounts, CliError> {
    open_existing(data, lang).map(|(_, registry)| Accounts::new(&registry))
}

fn make(add: &AccountAdd, lang: Lang) -> Result<Exit, CliError> {
    let accounts = accounts(&add.data, lang)?;
    let new = NewAccount {
        name: add.name.clone(),
        email: add.email.clone(),
        role: add.role.role(),
        vendor: add.vendor.as_deref().map(Into::into),
    };
    let account = accounts.add(&new, Some(&Actor::system().account)).map_err(usage)?;
    print_code(&accounts, &account, lang)
}

/// Makes a code for an account and prints it: once, here.
pub(super) fn print_code(accounts: &Accounts, account: &Account, lang: Lang) -> Result<Exit, CliError> {
    let code = accounts
        .make_code(&account.id, CODE_HOURS, &Actor::system().account)
        .map_err(usage)?;
    let role = account.role.title();
    let text = Text::new(
        format!(
            "{}({}, {}) のワンタイムコード({CODE_HOURS} 時間有効): {code}",
            account.name, role.ja, account.id
        ),
        format!(
            "one-time code of {} ({}, {}), good for {CODE_HOURS} hours: {code}",
            account.name, role.en, account.id
        ),
    );
    say(&text, lang)?;
    Ok(Exit::Success)
}

fn list(data: &Data, lang: Lang) -> Result<Exit, CliError> {
    let accounts = accounts(data, lang)?;
    let mut out = io::stdout().lock();
    for account in accounts.list().map_err(usage)? {
        let state = if account.active {
            lang.pick("有効", "active")
        } else {
            lang.pick("停止", "disabled")
        };
        let vendor = account.vendor.as_ref().map_or("-", |vendor| vendor.as_str());
        writeln!(
            out,
            "{}  {:<14} {:<8} {:<30} {}  {}",
            account.id, account.role, state, vendor, account.name, account.email
        )?;
    }
    Ok(Exit::Success)
}

fn set_active(of: &AccountOf, active: bool, lang: Lang) -> Result<Exit, CliError> {
    let accounts = accounts(&of.data, lang)?;
    let account = accounts.find(&of.account).map_err(usage)?;
    accounts
        .set_active(&account.id, active, &Actor::system().account)
        .map_err(usage)?;
    Ok(Exit::Success)
}

fn code(of: &AccountOf, lang: Lang) -> Result<Exit, CliError> {
    let accounts = accounts(&of.data, lang)?;
    let account = accounts.find(&of.account).map_err(usage)?;
    if !account.active {
        let text = Text::new(
            "このアカウントは停止されています。",
            "this account is disabled; enable it first",
        );
        return Err(CliError::Usage(text.get(lang).to_owned()));
    }
    print_code(&accounts, &account, lang)
}
