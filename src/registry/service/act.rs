//! What all operations share: who may, the audit row, names of staff, faults of fields.

use serde_json::Value as Json;

use super::error::{FieldError, ServiceError};
use crate::registry::Registry;
use crate::registry::accounts::staff_number;
use crate::registry::model::{Actor, Moment, Role, VendorId};
use crate::registry::store::audit::{AuditEntry, record};
use crate::registry::store::{StoreError, Tx};
use crate::text::Text;

/// Result of an operation.
pub(super) type Done<T> = Result<T, ServiceError>;

/// An operation in its transaction: who, when, and the rows.
pub(super) struct Act<'a> {
    /// The transaction.
    pub(super) tx: &'a mut dyn Tx,
    /// Who acts.
    pub(super) actor: &'a Actor,
    /// When.
    pub(super) now: Moment,
}

impl Act<'_> {
    /// Writes what was done into the audit log.
    pub(super) fn audit(&mut self, action: &str, object: &str, detail: &Json) -> Result<(), StoreError> {
        let entry = AuditEntry {
            at: self.now.0,
            actor: self.actor.account.as_str(),
            action,
            object,
            detail,
        };
        record(self.tx, &entry).map(|_| ())
    }

    /// How the actor stands in documents: `exm:7`, `apr:3`.
    pub(super) fn label(&mut self) -> Result<String, StoreError> {
        let prefix = match self.actor.role {
            Role::Approver => "apr",
            Role::Administrator => "adm",
            _ => "exm",
        };
        let number = staff_number(self.tx, &self.actor.account)?;
        Ok(format!("{prefix}:{number}"))
    }
}

impl Registry {
    /// Carries out a change in one transaction.
    pub(super) fn act<T>(&self, actor: &Actor, mut change: impl FnMut(&mut Act<'_>) -> Done<T>) -> Done<T> {
        let now = self.now();
        self.store().write(|tx| change(&mut Act { tx, actor, now }))
    }

    /// Reads what is not published: an audit row tells that a member of the staff read it. Vendors read their own.
    pub(super) fn read_unpublished<T>(
        &self,
        actor: &Actor,
        action: &str,
        object: &str,
        mut read: impl FnMut(&mut dyn Tx) -> Done<T>,
    ) -> Done<T> {
        if actor.role == Role::Vendor {
            return self.store().read(read);
        }
        self.act(actor, |act| {
            let found = read(act.tx)?;
            act.audit(action, object, &Json::Null)?;
            Ok(found)
        })
    }
}

/// Refuses all roles but these.
pub(super) fn only(actor: &Actor, roles: &[Role]) -> Done<()> {
    if roles.contains(&actor.role) {
        Ok(())
    } else {
        Err(ServiceError::Forbidden)
    }
}

/// Refuses all but accounts of this vendor. Others do not learn whether the thing is there.
pub(super) fn own(actor: &Actor, vendor: &VendorId) -> Done<()> {
    match actor.role {
        Role::Vendor if actor.is_of(vendor) => Ok(()),
        Role::Vendor => Err(ServiceError::NotFound),
        _ => Err(ServiceError::Forbidden),
    }
}

/// Lets accounts of this vendor and staff read.
pub(super) fn may_read(actor: &Actor, vendor: &VendorId) -> Done<()> {
    match actor.role {
        Role::Vendor if actor.is_of(vendor) => Ok(()),
        Role::Vendor => Err(ServiceError::NotFound),
        _ if actor.is_staff() => Ok(()),
        _ => Err(ServiceError::Forbidden),
    }
}

/// The vendor of an actor of role `Vendor`.
pub(super) fn vendor_of(actor: &Actor) -> Done<&VendorId> {
    only(actor, &[Role::Vendor])?;
    actor.vendor.as_ref().ok_or(ServiceError::Forbidden)
}

/// Collects faults of fields, so that all are told at once.
#[derive(Default)]
pub(super) struct Faults(Vec<FieldError>);

impl Faults {
    /// A fault.
    pub(super) fn add(&mut self, field: &str, ja: impl Into<String>, en: impl Into<String>) {
        self.0.push(FieldError::new(field, Text::new(ja, en)));
    }

    /// A text that is not empty and not too long (characters), without control characters.
    pub(super) fn text(&mut self, field: &str, value: &str, most: usize) {
        if value.trim().is_empty() {
            self.add(field, "入力してください。", "This is needed.");
        }
        self.optional(field, value, most);
    }

    /// A text that may be empty.
    pub(super) fn optional(&mut self, field: &str, value: &str, most: usize) {
        let length = value.chars().count();
        if length > most {
            self.add(
                field,
                format!("{most}文字以内で入力してください（現在{length}文字）。"),
                format!("At most {most} characters are possible; these are {length}."),
            );
        }
        if value
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        {
            self.add(field, "制御文字は使えません。", "Control characters are not possible.");
        }
    }

    /// An address of a page that may be empty.
    pub(super) fn url(&mut self, field: &str, value: &str) {
        self.optional(field, value, 500);
        let good = value.is_empty() || value.starts_with("https://") || value.starts_with("http://");
        if !good || value.contains(char::is_whitespace) {
            self.add(
                field,
                "https:// で始まるアドレスを入力してください。",
                "An address that begins with https:// is expected.",
            );
        }
    }

    /// A text in both languages.
    pub(super) fn both(&mut self, field: &str, value: &Text, most: usize) {
        self.text(&format!("{field}.ja"), &value.ja, most);
        self.text(&format!("{field}.en"), &value.en, most);
    }

    /// All of them, if there is any.
    pub(super) fn done(self) -> Done<()> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(ServiceError::Invalid(self.0))
        }
    }
}
