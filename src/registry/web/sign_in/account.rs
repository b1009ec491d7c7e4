//! The own account: passkeys, codes, sessions, tokens.

use askama::Template;

use super::{codes_page, page as around, webauthn};
use crate::registry::accounts::{AccountError, CODE_HOURS, NewToken, Passkey};
use crate::registry::model::{ApiToken, Product, ProductFilter, Role, TokenId, TokenScope};
use crate::registry::web::Web;
use crate::registry::web::params::Params;
use crate::registry::web::reply::{PageError, Reply};
use crate::registry::web::visitor::Visitor;
use crate::text::Text;

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% include "reports/templates/registry/account/account.html" %}"#
)]
struct AccountPage<'a> {
    visitor: &'a Visitor,
    fault: Option<Text>,
    passkeys: Vec<Passkey>,
    can_add_passkey: bool,
    provider: Option<&'a Text>,
    bound: bool,
    is_vendor: bool,
    tokens: Vec<ApiToken>,
    products: Vec<Product>,
}

impl AccountPage<'_> {
    fn product_name<'b>(&'b self, id: &'b str) -> &'b str {
        self.products
            .iter()
            .find(|product| product.id.as_str() == id)
            .map_or(id, |product| &product.name)
    }
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% include "reports/templates/registry/account/secret.html" %}"#
)]
struct SecretPage<'a> {
    visitor: &'a Visitor,
    secret: &'a str,
    token: &'a ApiToken,
}

/// The page.
pub(super) fn page(web: &Web, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    render(web, visitor, None)
}

/// The page, with what went wrong.
pub(super) fn render(web: &Web, visitor: &Visitor, fault: Option<Text>) -> Result<Reply, PageError> {
    let me = &visitor.actor.account;
    let is_vendor = visitor.actor.role == Role::Vendor;
    let status = if fault.is_some() { 422 } else { 200 };
    let body = AccountPage {
        visitor,
        fault,
        passkeys: web.accounts.passkeys(me)?,
        can_add_passkey: webauthn::relying_party(&visitor.origin).is_some(),
        provider: web.oidc.as_ref().map(|oidc| &oidc.name),
        bound: !web.accounts.providers(me)?.is_empty(),
        is_vendor,
        tokens: if is_vendor {
            web.accounts.tokens(me)?
        } else {
            Vec::new()
        },
        products: own_products(web, visitor)?,
    };
    around(visitor, visitor.lang.pick("アカウント", "Account"), &body).map(|reply| reply.status(status))
}

fn own_products(web: &Web, visitor: &Visitor) -> Result<Vec<Product>, PageError> {
    let Some(vendor) = &visitor.actor.vendor else {
        return Ok(Vec::new());
    };
    let filter = ProductFilter {
        vendor: Some(vendor.clone()),
        ..ProductFilter::default()
    };
    Ok(web.registry.products(&visitor.actor, &filter)?)
}

/// A code for another device.
pub(super) fn make_code(web: &Web, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    let me = &visitor.actor.account;
    let code = web.accounts.make_code(me, CODE_HOURS, me)?;
    let lead = Text::new(
        "別の端末のサインイン画面で入力してください(24 時間有効)。",
        "Enter it on the other device within 24 hours.",
    );
    codes_page(visitor, lead, vec![code], "/account")
}

/// Ends every other session.
pub(super) fn close_sessions(web: &Web, visitor: &Visitor, _: &Params) -> Result<Reply, PageError> {
    let session = visitor.session.as_deref().unwrap_or_default();
    web.accounts.close_other_sessions(&visitor.actor.account, session)?;
    Ok(Reply::see_other("/account"))
}

/// Makes a token and shows its secret.
pub(super) fn make_token(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let product = match params.form("product") {
        None => None,
        // Only a product of the own vendor: of others nobody learns whether it exists.
        Some(id) => {
            let mut own = own_products(web, visitor)?;
            own.retain(|product| product.id.as_str() == id);
            Some(own.pop().ok_or(PageError::NotFound)?.id)
        }
    };
    let new = NewToken {
        name: params.text("name").to_owned(),
        scope: TokenScope::from_word(params.text("scope")).unwrap_or(TokenScope::Read),
        product,
        days: params.text("days").parse().unwrap_or(0),
    };
    match web.accounts.make_token(&visitor.actor.account, &new) {
        Ok((token, secret)) => {
            let body = SecretPage {
                visitor,
                secret: &secret,
                token: &token,
            };
            around(visitor, visitor.lang.pick("API トークン", "API token"), &body)
        }
        Err(AccountError::Field { text, .. }) => render(web, visitor, Some(text)),
        Err(error) => Err(error.into()),
    }
}

/// Ends a token.
pub(super) fn revoke_token(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let id = TokenId::from(params.text("id"));
    if !web.accounts.revoke_token(&visitor.actor.account, &id)? {
        return Err(PageError::NotFound);
    }
    Ok(Reply::see_other("/account#tokens"))
}
