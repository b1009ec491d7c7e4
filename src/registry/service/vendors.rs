//! Vendors: sign-up and admission.

use serde_json::json;

use super::act::{Done, Faults, may_read, only};
use super::notices::{Notify, notify};
use super::row::{Conditions, Stored, find, insert, list, stored, update};
use super::{ServiceError, SignUp};
use crate::registry::Registry;
use crate::registry::accounts::set_vendor;
use crate::registry::model::{Actor, Role, Vendor, VendorId, VendorState};
use crate::registry::store::{Tx, Value, fresh_id, values};
use crate::text::Text;
use crate::text::identifiers::CorporateNumber;

stored! {
    Vendor, "vendor", "created, id", |it| it.id, {
        "corporate_number": &it.corporate_number,
        "state": it.state.word(),
        "created": it.created.0,
    };
}

impl Registry {
    /// Signs a vendor up: pending until admitted. The actor has role `Vendor` and no vendor yet; its account becomes the
    /// vendor's.
    ///
    /// # Errors
    /// `Forbidden`, `Invalid`; `Conflict` if this 法人番号 is signed up already.
    pub fn sign_up(&self, actor: &Actor, form: &SignUp) -> Done<Vendor> {
        only(actor, &[Role::Vendor])?;
        if actor.vendor.is_some() {
            return Err(ServiceError::conflict(
                "このアカウントはすでにベンダーに属しています。",
                "This account belongs to a vendor already.",
            ));
        }
        checked(form)?;
        let id = VendorId::from(fresh_id(VendorId::PREFIX));
        self.act(actor, |act| {
            let same: Vec<Vendor> = list(
                act.tx,
                "corporate_number = ?1 AND state <> ?2",
                &values![&form.corporate_number, VendorState::Refused.word()],
            )?;
            if !same.is_empty() {
                return Err(ServiceError::conflict(
                    "この法人番号はすでに登録されています。社内の担当者から招待を受けてください。",
                    "This corporate number is signed up already. Ask your colleagues for an account.",
                ));
            }
            let vendor = Vendor {
                id: id.clone(),
                corporate_number: form.corporate_number.clone(),
                name: form.name.trim().to_owned(),
                name_kana: form.name_kana.trim().to_owned(),
                email: form.email.trim().to_owned(),
                url: form.url.trim().to_owned(),
                state: VendorState::Pending,
                created: act.now,
                note: String::new(),
            };
            insert(act.tx, &vendor)?;
            set_vendor(act.tx, &act.actor.account, &id)?;
            act.audit(
                "vendor.sign-up",
                id.as_str(),
                &json!({"corporateNumber": vendor.corporate_number}),
            )?;
            let text = Text::new(
                format!("ベンダー「{}」が利用登録を申請しました。", vendor.name),
                format!("The vendor {} has signed up.", vendor.name),
            );
            notify(act, &Notify::role(Role::Examiner, "vendor.sign-up", id.as_str(), text))?;
            Ok(vendor)
        })
    }

    /// Admits a vendor: from now on it can add products and submit.
    ///
    /// # Errors
    /// `Forbidden` but for administrators and examiners; `NotFound`; `Conflict` if it is admitted.
    pub fn admit_vendor(&self, actor: &Actor, id: &VendorId) -> Done<Vendor> {
        self.judge_vendor(actor, id, VendorState::Admitted, "")
    }

    /// Does not admit a vendor.
    ///
    /// # Errors
    /// As [`Registry::admit_vendor`]; `Invalid` without a note.
    pub fn refuse_vendor(&self, actor: &Actor, id: &VendorId, note: &str) -> Done<Vendor> {
        let mut faults = Faults::default();
        faults.text("note", note, 1000);
        faults.done()?;
        self.judge_vendor(actor, id, VendorState::Refused, note)
    }

    fn judge_vendor(&self, actor: &Actor, id: &VendorId, state: VendorState, note: &str) -> Done<Vendor> {
        only(actor, &[Role::Administrator, Role::Examiner])?;
        self.act(actor, |act| {
            let mut vendor: Vendor = find(act.tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
            if vendor.state != VendorState::Pending {
                return Err(ServiceError::conflict(
                    "このベンダーの審査は終わっています。",
                    "This vendor was decided on already.",
                ));
            }
            vendor.state = state;
            vendor.note = note.trim().to_owned();
            update(act.tx, &vendor)?;
            act.audit(&format!("vendor.{state}"), id.as_str(), &json!({"note": vendor.note}))?;
            let title = state.title();
            let text = Text::new(
                format!("利用登録の審査結果: {}", title.ja),
                format!("Your sign-up was decided on: {}.", title.en),
            );
            notify(act, &Notify::vendor(id, "vendor.judged", id.as_str(), text))?;
            Ok(vendor)
        })
    }

    /// Vendors, in the order in which they signed up. Staff see all, a vendor itself.
    ///
    /// # Errors
    /// `Forbidden` for others.
    pub fn vendors(&self, actor: &Actor, state: Option<VendorState>) -> Done<Vec<Vendor>> {
        let mut conditions = Conditions::default();
        conditions.equal("state", state.map(VendorState::word));
        match (actor.is_staff(), &actor.vendor) {
            (true, _) => {}
            (false, Some(own)) if actor.role == Role::Vendor => {
                conditions.equal("id", Some(own.as_str()));
            }
            _ => return Err(ServiceError::Forbidden),
        }
        self.store().read(|tx| Ok(conditions.list(tx)?))
    }

    /// One vendor.
    ///
    /// # Errors
    /// `Forbidden` but for staff and the vendor itself; `NotFound`.
    pub fn vendor(&self, actor: &Actor, id: &VendorId) -> Done<Vendor> {
        may_read(actor, id)?;
        self.store()
            .read(|tx| find(tx, id.as_str())?.ok_or(ServiceError::NotFound))
    }
}

/// The vendor of an actor, if it is admitted.
pub(super) fn admitted(tx: &mut dyn Tx, id: &VendorId) -> Done<Vendor> {
    let vendor: Vendor = find(tx, id.as_str())?.ok_or(ServiceError::NotFound)?;
    if vendor.state == VendorState::Admitted {
        return Ok(vendor);
    }
    Err(ServiceError::conflict(
        "利用登録がまだ承認されていません。承認の通知をお待ちください。",
        "Your sign-up is not admitted yet. Wait for the notice.",
    ))
}

fn checked(form: &SignUp) -> Done<()> {
    let mut faults = Faults::default();
    if let Err(error) = CorporateNumber::parse(&form.corporate_number) {
        let text = error.text();
        faults.add("corporateNumber", text.ja, text.en);
    }
    faults.text("name", &form.name, 200);
    faults.optional("nameKana", &form.name_kana, 200);
    faults.text("email", &form.email, 254);
    if !form.email.trim().is_empty() && !is_mail(form.email.trim()) {
        faults.add(
            "email",
            "メールアドレスの形ではありません（例: kensa@example.jp）。",
            "This is no mail address (such as tests@example.jp).",
        );
    }
    faults.url("url", form.url.trim());
    faults.done()
}

fn is_mail(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let plain =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c.is_control() || c == '@');
    plain(local) && plain(domain) && domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.')
}
