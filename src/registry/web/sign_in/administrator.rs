//! Everybody's accounts, for administrators.

use askama::Template;

use super::{codes_page, page as around};
use crate::registry::accounts::{AccountError, CODE_HOURS, NewAccount};
use crate::registry::model::{Account, AccountId, Role, Vendor, VendorId};
use crate::registry::web::Web;
use crate::registry::web::params::Params;
use crate::registry::web::reply::{PageError, Reply};
use crate::registry::web::visitor::Visitor;
use crate::text::Text;

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% include "reports/templates/registry/account/accounts.html" %}"#
)]
struct AccountsPage<'a> {
    visitor: &'a Visitor,
    params: &'a Params,
    fault: Option<Text>,
    accounts: Vec<Account>,
    vendors: Vec<Vendor>,
    roles: Vec<Role>,
}

impl AccountsPage<'_> {
    fn vendor_name<'b>(&'b self, id: &'b str) -> &'b str {
        self.vendors
            .iter()
            .find(|vendor| vendor.id.as_str() == id)
            .map_or(id, |vendor| &vendor.name)
    }
}

/// The list and the form.
pub(super) fn page(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    render(web, visitor, params, None)
}

fn render(web: &Web, visitor: &Visitor, params: &Params, fault: Option<Text>) -> Result<Reply, PageError> {
    let status = if fault.is_some() { 422 } else { 200 };
    let body = AccountsPage {
        visitor,
        params,
        fault,
        accounts: web.accounts.list()?,
        vendors: web.registry.vendors(&visitor.actor, None)?,
        roles: Role::ALL.iter().copied().filter(|role| *role != Role::Public).collect(),
    };
    around(visitor, visitor.lang.pick("アカウント一覧", "Accounts"), &body).map(|reply| reply.status(status))
}

/// Makes an account and shows its first code.
pub(super) fn add(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let role = Role::from_word(params.text("role")).unwrap_or(Role::Public);
    let vendor = params
        .form("vendor")
        .filter(|_| role == Role::Vendor)
        .map(VendorId::from);
    if let Some(vendor) = &vendor {
        web.registry.vendor(&visitor.actor, vendor)?;
    }
    let new = NewAccount {
        name: params.text("name").to_owned(),
        email: params.text("email").to_owned(),
        role,
        vendor,
    };
    match web.accounts.add(&new, Some(&visitor.actor.account)) {
        Ok(account) => show_code(web, visitor, &account),
        Err(AccountError::Field { text, .. }) => render(web, visitor, params, Some(text)),
        Err(error) => Err(error.into()),
    }
}

fn show_code(web: &Web, visitor: &Visitor, account: &Account) -> Result<Reply, PageError> {
    let code = web
        .accounts
        .make_code(&account.id, CODE_HOURS, &visitor.actor.account)?;
    let lead = Text::new(
        format!("{} に渡してください(24 時間有効)。", account.name),
        format!("Hand it to {} (good for 24 hours).", account.name),
    );
    codes_page(visitor, lead, vec![code], "/admin/accounts")
}

/// A code for an account.
pub(super) fn make_code(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let account = web.accounts.find(params.text("id"))?;
    if !account.active {
        return Err(PageError::NotFound);
    }
    show_code(web, visitor, &account)
}

/// Lets an account in or keeps it out; never the own one, so that one administrator is always left.
pub(super) fn set_active(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let id = AccountId::from(params.text("id"));
    if id == visitor.actor.account {
        let fault = Text::new(
            "自分のアカウントは止められません。",
            "You cannot disable your own account.",
        );
        return Err(PageError::Conflict(fault));
    }
    web.accounts
        .set_active(&id, params.text("active") == "true", &visitor.actor.account)?;
    Ok(Reply::see_other("/admin/accounts"))
}
