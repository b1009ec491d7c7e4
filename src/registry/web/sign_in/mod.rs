//! Who somebody is: sign-in by one-time code, passkey or identity provider, sign-up of vendors, the own account, and the
//! accounts of everybody for administrators.

mod account;
mod administrator;
mod federated;
mod oidc;
mod passkey;
mod sign_up;
mod webauthn;

use askama::Template;
use axum::http::header;

use super::assets::nothing;
use super::params::Params;
use super::reply::{PageError, Reply, local_path};
use super::route::{ADMINISTRATORS, ANYBODY, Rate, Route, SIGNED_IN, SIGNED_OUT, Verb, route};
use super::visitor::Visitor;
use super::{Web, pages};
use crate::registry::accounts::AccountError;
use crate::registry::model::{Account, Role};
use crate::registry::service::FieldError;
use crate::text::Text;

pub(super) use oidc::Oidc;
pub use oidc::OidcConfig;

/// Seconds that a session cookie is kept; the server ends idle sessions earlier.
const SESSION_SECONDS: u32 = 12 * 3600;

/// Routes of accounts.
pub(super) const ROUTES: &[Route] = &[
    Route::page("/sign-in", ANYBODY, ("サインイン", "Sign in"), nothing)
        .inner(sign_in_page)
        .script(),
    Route::form("/sign-in", ANYBODY, ("サインイン", "Sign in"), nothing)
        .inner(sign_in)
        .rate(Rate::SignIn)
        .script(),
    Route::form("/sign-in/passkey/options", ANYBODY, ("パスキー", "Passkey"), nothing)
        .inner(passkey::sign_in_options)
        .rate(Rate::SignIn),
    Route::form("/sign-in/passkey", ANYBODY, ("パスキー", "Passkey"), nothing)
        .inner(passkey::sign_in)
        .rate(Rate::SignIn)
        .script(),
    Route::page(
        "/sign-in/oidc",
        ANYBODY,
        ("外部サービスでサインイン", "Sign in with a provider"),
        nothing,
    )
    .inner(federated::begin)
    .rate(Rate::SignIn),
    Route::page(
        "/sign-in/oidc/callback",
        ANYBODY,
        ("外部サービスでサインイン", "Sign in with a provider"),
        nothing,
    )
    .inner(federated::finish)
    .rate(Rate::SignIn)
    .script(),
    Route::form("/sign-out", SIGNED_IN, ("サインアウト", "Sign out"), nothing).inner(sign_out),
    Route::page(
        "/sign-up",
        SIGNED_OUT,
        ("ベンダーの新規登録", "Sign up as a vendor"),
        nothing,
    )
    .inner(sign_up::page),
    Route::form(
        "/sign-up",
        SIGNED_OUT,
        ("ベンダーの新規登録", "Sign up as a vendor"),
        nothing,
    )
    .inner(sign_up::sign_up)
    .rate(Rate::SignIn),
    Route::page("/account", SIGNED_IN, ("アカウント", "Account"), nothing)
        .inner(account::page)
        .script(),
    Route::form(
        "/account/passkeys/options",
        SIGNED_IN,
        ("パスキー", "Passkeys"),
        nothing,
    )
    .inner(passkey::options),
    Route::form("/account/passkeys", SIGNED_IN, ("パスキー", "Passkeys"), nothing)
        .inner(passkey::add)
        .script(),
    Route::form("/account/passkeys/remove", SIGNED_IN, ("パスキー", "Passkeys"), nothing).inner(passkey::remove),
    Route::form(
        "/account/codes",
        SIGNED_IN,
        ("ワンタイムコード", "One-time codes"),
        nothing,
    )
    .inner(account::make_code),
    Route::form(
        "/account/sessions/close",
        SIGNED_IN,
        ("他のセッション", "Other sessions"),
        nothing,
    )
    .inner(account::close_sessions),
    Route::form(
        "/account/tokens",
        &[Role::Vendor],
        ("API トークン", "API tokens"),
        nothing,
    )
    .inner(account::make_token)
    .script(),
    Route::form(
        "/account/tokens/revoke",
        &[Role::Vendor],
        ("API トークン", "API tokens"),
        nothing,
    )
    .inner(account::revoke_token),
    Route::page(
        "/admin/accounts",
        ADMINISTRATORS,
        ("アカウント一覧", "Accounts"),
        nothing,
    )
    .inner(administrator::page),
    Route::form(
        "/admin/accounts",
        ADMINISTRATORS,
        ("アカウント一覧", "Accounts"),
        nothing,
    )
    .inner(administrator::add),
    Route::form(
        "/admin/accounts/code",
        ADMINISTRATORS,
        ("ワンタイムコード", "One-time code"),
        nothing,
    )
    .inner(administrator::make_code),
    Route::form(
        "/admin/accounts/active",
        ADMINISTRATORS,
        ("アカウント一覧", "Accounts"),
        nothing,
    )
    .inner(administrator::set_active),
];

impl From<AccountError> for PageError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Unknown(_) => Self::NotFound,
            AccountError::Field { field, text } => Self::Invalid(vec![FieldError::new(field, text)]),
            AccountError::Random(_) | AccountError::Store(_) => Self::internal(error),
        }
    }
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% include "reports/templates/registry/account/sign_in.html" %}"#
)]
struct SignInPage<'a> {
    visitor: &'a Visitor,
    fault: Option<Text>,
    next: &'a str,
    passkeys: bool,
    provider: Option<&'a Text>,
    provider_link: String,
}

fn sign_in_page(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let next = params.query("next").unwrap_or_default();
    if visitor.signed_in() {
        return Ok(Reply::see_other(after(visitor.actor.role, next)));
    }
    render_sign_in(web, visitor, next, None)
}

fn render_sign_in(web: &Web, visitor: &Visitor, next: &str, fault: Option<Text>) -> Result<Reply, PageError> {
    let status = if fault.is_some() { 422 } else { 200 };
    let next = if next.is_empty() { "" } else { local_path(next) };
    let body = SignInPage {
        visitor,
        fault,
        next,
        passkeys: webauthn::relying_party(&visitor.origin).is_some(),
        provider: web.oidc.as_ref().map(|oidc| &oidc.name),
        provider_link: format!("/sign-in/oidc?next={}", crate::wire::percent_encode(next)),
    };
    page(visitor, visitor.lang.pick("サインイン", "Sign in"), &body).map(|reply| reply.status(status))
}

/// A page around a template.
fn page(visitor: &Visitor, title: &str, body: &impl Template) -> Result<Reply, PageError> {
    let body = body.render().map_err(PageError::internal)?;
    Ok(Reply::html(pages::plain(visitor, title, &body)))
}

fn sign_in(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let next = params.text("next");
    match web.accounts.use_code(params.text("code"))? {
        Some(account) => enter(web, visitor, &account, "code", next),
        None => render_sign_in(
            web,
            visitor,
            next,
            Some(Text::new(
                "コードが正しくないか、使用済みか、期限が切れています。新しいコードを管理者に頼んでください。",
                "The code is wrong, used, or out of date. Ask an administrator for a new one.",
            )),
        ),
    }
}

/// Opens a session and sends the browser on. Whatever session or visit there was before ends.
fn enter(web: &Web, visitor: &Visitor, account: &Account, method: &str, next: &str) -> Result<Reply, PageError> {
    let reply = Reply::see_other(after(account.role, next));
    with_session(web, visitor, account, method, reply)
}

fn with_session(
    web: &Web,
    visitor: &Visitor,
    account: &Account,
    method: &str,
    reply: Reply,
) -> Result<Reply, PageError> {
    if visitor.signed_in()
        && let Some(session) = &visitor.session
    {
        web.accounts.close_session(session, &visitor.actor.account)?;
    }
    let secret = web.accounts.open_session(account, method, &visitor.network)?;
    let cookies = web.cookies;
    Ok(reply
        .header(
            header::SET_COOKIE,
            cookies.set(cookies.session(), &secret, SESSION_SECONDS),
        )
        .header(header::SET_COOKIE, cookies.set(cookies.visit(), "", 0)))
}

/// Where somebody goes after signing in: where they wanted to, else where their work is.
fn after(role: Role, next: &str) -> &str {
    if !next.is_empty() && next != "/" {
        return local_path(next);
    }
    let home = match role {
        Role::Vendor => "/vendor",
        Role::Municipality => "/rfp",
        Role::Examiner => "/review",
        Role::Approver => "/decide",
        Role::Administrator => "/admin",
        Role::Auditor => "/audit",
        Role::Public => "/",
    };
    if route(Verb::Get, home).is_some() {
        home
    } else {
        "/account"
    }
}

fn sign_out(web: &Web, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    if let Some(session) = &visitor.session {
        web.accounts.close_session(session, &visitor.actor.account)?;
    }
    let gone = web.cookies.set(web.cookies.session(), "", 0);
    Ok(Reply::see_other("/").header(header::SET_COOKIE, gone))
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% include "reports/templates/registry/account/codes.html" %}"#
)]
struct CodesPage<'a> {
    visitor: &'a Visitor,
    lead: Text,
    codes: Vec<String>,
    back: &'a str,
}

/// The page that shows fresh codes, once.
fn codes_page(visitor: &Visitor, lead: Text, codes: Vec<String>, back: &str) -> Result<Reply, PageError> {
    let body = CodesPage {
        visitor,
        lead,
        codes,
        back,
    };
    page(visitor, visitor.lang.pick("ワンタイムコード", "One-time codes"), &body)
}
