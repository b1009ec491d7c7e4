//! Sign-in with the identity provider of the configuration, and binding an account to it.

use super::oidc::{Identity, OidcError, Pending};
use super::{account, enter, render_sign_in};
use crate::registry::accounts::secret::{fresh_secret, hash_of};
use crate::registry::accounts::{NewAccount, Provider};
use crate::registry::model::Account;
use crate::registry::web::Web;
use crate::registry::web::params::Params;
use crate::registry::web::reply::{PageError, Reply, local_path};
use crate::registry::web::session::VISIT_SECONDS;
use crate::registry::web::visitor::Visitor;
use crate::text::Text;

const KIND: &str = "oidc";
/// Seconds that somebody may take at the provider.
const SECONDS: i64 = 900;

/// Sends the browser to the provider.
pub(super) fn begin(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let oidc = web.oidc.as_ref().ok_or(PageError::NotFound)?;
    let (address, pending) = match oidc.begin(local_path(params.query("next").unwrap_or("/"))) {
        Ok(begun) => begun,
        Err(error) => return unavailable(web, visitor, &error),
    };
    let mut reply = Reply::leave_for(&address);
    let session = match &visitor.session {
        Some(session) => session.clone(),
        None => {
            let secret = fresh_secret().map_err(PageError::internal)?;
            let cookie = web.cookies.set(web.cookies.visit(), &secret, VISIT_SECONDS);
            reply = reply.header(axum::http::header::SET_COOKIE, cookie);
            hash_of(&secret)
        }
    };
    let data = serde_json::to_string(&pending).map_err(PageError::internal)?;
    web.accounts.begin(&session, KIND, &data, SECONDS)?;
    Ok(reply)
}

/// Takes what the browser brought back from the provider.
pub(super) fn finish(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let oidc = web.oidc.as_ref().ok_or(PageError::NotFound)?;
    let kept = match &visitor.session {
        Some(session) => web.accounts.take(session, KIND)?,
        None => None,
    };
    let Some(pending) = kept.and_then(|data| serde_json::from_str::<Pending>(&data).ok()) else {
        return refused(web, visitor);
    };
    let (Some(state), Some(code)) = (params.query("state"), params.query("code")) else {
        return refused(web, visitor);
    };
    match oidc.finish(&pending, state, code) {
        Ok(identity) if visitor.signed_in() => bind(web, visitor, &identity),
        Ok(identity) => match account_of(web, &identity)? {
            Some(account) => enter(web, visitor, &account, "oidc", &pending.next),
            None => {
                let fault = Text::new(
                    "このサービスの利用者に結び付いたアカウントがありません。ワンタイムコードでサインインし、アカウントの画面で結び付けてください。",
                    "No account is bound to this identity. Sign in with a one-time code and bind it on the account page.",
                );
                render_sign_in(web, visitor, &pending.next, Some(fault))
            }
        },
        Err(error @ OidcError::Provider(_)) => unavailable(web, visitor, &error),
        Err(error) => {
            eprintln!("warning: sign-in with the identity provider was refused: {error}");
            refused(web, visitor)
        }
    }
}

fn account_of(web: &Web, identity: &Identity) -> Result<Option<Account>, PageError> {
    let who = Provider {
        issuer: &identity.issuer,
        subject: &identity.subject,
    };
    if let Some(account) = web.accounts.by_provider(who)? {
        return Ok(Some(account));
    }
    let Some(role) = web.oidc.as_ref().and_then(|oidc| oidc.new_accounts) else {
        return Ok(None);
    };
    // An account that was bound once and may not come in any more does not get a second one: the binding is taken.
    let new = NewAccount {
        name: identity.name.clone().unwrap_or_else(|| identity.subject.clone()),
        email: identity.email.clone().unwrap_or_default(),
        role,
        vendor: None,
    };
    Ok(web.accounts.add_bound(&new, who)?)
}

fn bind(web: &Web, visitor: &Visitor, identity: &Identity) -> Result<Reply, PageError> {
    let who = Provider {
        issuer: &identity.issuer,
        subject: &identity.subject,
    };
    if web.accounts.bind_provider(who, &visitor.actor.account)? {
        return Ok(Reply::see_other("/account"));
    }
    let fault = Text::new(
        "すでに別のアカウントに結び付いています。",
        "It is bound to an account already.",
    );
    account::render(web, visitor, Some(fault))
}

fn refused(web: &Web, visitor: &Visitor) -> Result<Reply, PageError> {
    let fault = Text::new(
        "外部サービスでのサインインを完了できませんでした。もう一度お試しください。",
        "The sign-in with the provider could not be completed. Try again.",
    );
    render_sign_in(web, visitor, "", Some(fault))
}

fn unavailable(web: &Web, visitor: &Visitor, error: &OidcError) -> Result<Reply, PageError> {
    eprintln!("warning: {error}");
    let fault = Text::new(
        "外部サービスに接続できません。時間をおくか、ワンタイムコードを使ってください。",
        "The identity provider cannot be reached. Wait, or use a one-time code.",
    );
    render_sign_in(web, visitor, "", Some(fault)).map(|reply| reply.status(503))
}
