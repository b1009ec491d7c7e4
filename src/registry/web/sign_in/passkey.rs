//! Passkeys: adding one, and signing in with one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::webauthn::{Assertion, CeremonyError, Expected, check_assertion, check_registration, relying_party};
use super::{account, enter, render_sign_in};
use crate::attest::key::PublicKey;
use crate::registry::accounts::secret::fresh_secret;
use crate::registry::model::Account;
use crate::registry::web::Web;
use crate::registry::web::params::Params;
use crate::registry::web::reply::{PageError, Reply};
use crate::registry::web::visitor::Visitor;
use crate::text::Text;

/// Seconds that a challenge is good for.
const CHALLENGE_SECONDS: i64 = 300;
const SIGN_IN: &str = "passkey-sign-in";
const ADD: &str = "passkey-add";

/// A challenge for signing in.
pub(super) fn sign_in_options(web: &Web, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    let party = relying_party(&visitor.origin).ok_or(PageError::NotFound)?;
    let challenge = begin(web, visitor, SIGN_IN)?;
    Reply::json(&json!({ "challenge": challenge, "relyingParty": party }))
}

/// A challenge for adding a passkey to the own account.
pub(super) fn options(web: &Web, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    let party = relying_party(&visitor.origin).ok_or(PageError::NotFound)?;
    let challenge = begin(web, visitor, ADD)?;
    let known: Vec<String> = web
        .accounts
        .passkeys(&visitor.actor.account)?
        .into_iter()
        .map(|key| key.id)
        .collect();
    // The handle tells nothing about the person, but is the same for every passkey of the account.
    let user = URL_SAFE_NO_PAD.encode(Sha256::digest(visitor.actor.account.as_str().as_bytes()));
    Reply::json(&json!({
        "challenge": challenge,
        "relyingParty": party,
        "service": visitor.lang.pick("準拠登録", "junkyo registry"),
        "user": user,
        "name": visitor.actor.name,
        "known": known,
    }))
}

fn begin(web: &Web, visitor: &Visitor, kind: &str) -> Result<String, PageError> {
    let session = visitor.session.as_deref().ok_or(PageError::Csrf)?;
    let challenge = fresh_secret().map_err(PageError::internal)?;
    web.accounts.begin(session, kind, &challenge, CHALLENGE_SECONDS)?;
    Ok(challenge)
}

/// The challenge of this session, used up by asking.
fn challenge(web: &Web, visitor: &Visitor, kind: &str) -> Result<String, PageError> {
    let session = visitor.session.as_deref().ok_or(PageError::Csrf)?;
    // Without one nothing can match: an empty challenge is never given out.
    Ok(web.accounts.take(session, kind)?.unwrap_or_default())
}

/// Signs in with what the authenticator gave.
pub(super) fn sign_in(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let next = params.text("next");
    match checked(web, visitor, params)? {
        Some(account) => enter(web, visitor, &account, "passkey", next),
        None => render_sign_in(
            web,
            visitor,
            next,
            Some(Text::new(
                "パスキーを確認できませんでした。もう一度試すか、ワンタイムコードを使ってください。",
                "The passkey could not be verified. Try again, or use a one-time code.",
            )),
        ),
    }
}

fn checked(web: &Web, visitor: &Visitor, params: &Params) -> Result<Option<Account>, PageError> {
    let challenge = challenge(web, visitor, SIGN_IN)?;
    let Some((known, account)) = web.accounts.passkey(params.text("id"))? else {
        return Ok(None);
    };
    let Some(expected) = expected(visitor, &challenge) else {
        return Ok(None);
    };
    let key = PublicKey::from_spki_der(&known.public_key).map_err(PageError::internal)?;
    let assertion = Assertion {
        client_data: params.text("clientData"),
        authenticator_data: params.text("authenticatorData"),
        signature: params.text("signature"),
    };
    let Ok(counter) = check_assertion(expected, &key, known.counter, assertion) else {
        return Ok(None);
    };
    let is_first_use = web.accounts.passkey_used(&known.id, counter)?;
    Ok(is_first_use.then_some(account))
}

fn expected<'a>(visitor: &'a Visitor, challenge: &'a str) -> Option<Expected<'a>> {
    (!challenge.is_empty()).then_some(Expected {
        challenge,
        origin: &visitor.origin,
        relying_party: relying_party(&visitor.origin)?,
    })
}

/// Adds what the authenticator made to the own account.
pub(super) fn add(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let challenge = challenge(web, visitor, ADD)?;
    let made = expected(visitor, &challenge)
        .ok_or(CeremonyError::Challenge)
        .and_then(|expected| {
            check_registration(
                expected,
                params.text("id"),
                params.text("clientData"),
                params.text("attestation"),
            )
        });
    let name = params.form("name").unwrap_or("passkey");
    let added = match made {
        Ok(made) => web
            .accounts
            .add_passkey(&visitor.actor.account, &made.id, name, &made.key, made.counter)?,
        Err(_) => false,
    };
    if added {
        return Ok(Reply::see_other("/account"));
    }
    let fault = Text::new("パスキーを追加できませんでした。", "The passkey could not be added.");
    account::render(web, visitor, Some(fault))
}

/// Removes a passkey of the own account.
pub(super) fn remove(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    if !web.accounts.remove_passkey(&visitor.actor.account, params.text("id"))? {
        return Err(PageError::NotFound);
    }
    Ok(Reply::see_other("/account"))
}
