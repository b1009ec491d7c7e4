//! Sign-up of a vendor with its first account.

use askama::Template;

use super::{codes_page, page as around, with_session};
use crate::registry::accounts::{AccountError, NewAccount};
use crate::registry::model::{Actor, Role};
use crate::registry::service::{FieldError, ServiceError, SignUp};
use crate::registry::web::Web;
use crate::registry::web::params::Params;
use crate::registry::web::reply::{PageError, Reply};
use crate::registry::web::visitor::Visitor;
use crate::text::Text;

/// Codes that a new account is given to keep.
const CODES: usize = 3;
/// Hours that they are good for: they are the way back in when no passkey is at hand.
const CODE_HOURS: i64 = 90 * 24;

struct Field {
    name: &'static str,
    kind: &'static str,
    needed: bool,
    autocomplete: &'static str,
}

const FIELDS: &[Field] = &[
    field("person", "text", true, "name"),
    field("email", "email", true, "email"),
    field("corporateNumber", "text", true, ""),
    field("name", "text", true, "organization"),
    field("nameKana", "text", false, ""),
    field("url", "url", false, "url"),
];

const fn field(name: &'static str, kind: &'static str, needed: bool, autocomplete: &'static str) -> Field {
    Field {
        name,
        kind,
        needed,
        autocomplete,
    }
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% include "reports/templates/registry/account/sign_up.html" %}"#
)]
struct SignUpPage<'a> {
    visitor: &'a Visitor,
    params: &'a Params,
    fields: &'static [Field],
    faults: &'a [FieldError],
}

impl SignUpPage<'_> {
    fn label(&self, name: &str) -> &'static str {
        let (ja, en) = match name {
            "person" => ("担当者の氏名", "Your name"),
            "email" => ("メールアドレス", "E-mail address"),
            "corporateNumber" => ("法人番号(13 桁)", "Corporate number (13 digits)"),
            "name" => ("事業者名", "Name of the company"),
            "nameKana" => ("事業者名のよみ(カタカナ・任意)", "Reading in katakana (optional)"),
            "url" => ("ウェブサイト(任意)", "Web site (optional)"),
            _ => ("入力", "Input"),
        };
        self.visitor.lang.pick(ja, en)
    }

    fn is_wrong(&self, name: &str) -> bool {
        self.faults.iter().any(|fault| fault.field == name)
    }
}

/// The form.
pub(super) fn page(_: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    render(visitor, params, &[])
}

fn render(visitor: &Visitor, params: &Params, faults: &[FieldError]) -> Result<Reply, PageError> {
    let body = SignUpPage {
        visitor,
        params,
        fields: FIELDS,
        faults,
    };
    let status = if faults.is_empty() { 200 } else { 422 };
    around(visitor, visitor.title, &body).map(|reply| reply.status(status))
}

/// Makes the account and the vendor, and signs in.
pub(super) fn sign_up(web: &Web, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let new = NewAccount {
        name: params.text("person").to_owned(),
        email: params.text("email").to_owned(),
        role: Role::Vendor,
        vendor: None,
    };
    let account = match web.accounts.add(&new, None) {
        Ok(account) => account,
        Err(AccountError::Field { field, text }) => {
            let field = if field == "name" { "person" } else { field };
            return render(visitor, params, &[FieldError::new(field, text)]);
        }
        Err(error) => return Err(error.into()),
    };
    let actor = Actor {
        account: account.id.clone(),
        name: account.name.clone(),
        role: Role::Vendor,
        vendor: None,
    };
    let form = SignUp {
        corporate_number: params.text("corporateNumber").to_owned(),
        name: params.text("name").to_owned(),
        name_kana: params.text("nameKana").to_owned(),
        email: params.text("email").to_owned(),
        url: params.text("url").to_owned(),
    };
    if let Err(error) = web.registry.sign_up(&actor, &form) {
        // The account is worth nothing without its vendor.
        web.accounts.forget(&account.id)?;
        return match error {
            ServiceError::Invalid(faults) => render(visitor, params, &faults),
            ServiceError::Conflict(text) => render(visitor, params, &[FieldError::new("corporateNumber", text)]),
            other => Err(other.into()),
        };
    }
    let codes = (0..CODES)
        .map(|_| web.accounts.make_code(&account.id, CODE_HOURS, &account.id))
        .collect::<Result<Vec<_>, _>>()?;
    let lead = Text::new(
        "登録しました。次回からのサインインには、以下のコードか、アカウントの画面で追加するパスキーを使います(コードは 90 日間有効)。",
        "You are signed up. Next time sign in with one of these codes (good for 90 days), or with a passkey that you add on \
         the account page.",
    );
    let reply = codes_page(visitor, lead, codes, super::after(Role::Vendor, ""))?;
    with_session(web, visitor, &account, "sign-up", reply)
}
