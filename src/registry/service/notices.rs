//! Notices: what somebody should know. The web room may send them by mail as well.

use super::ServiceError;
use super::act::{Act, Done};
use super::row::{Stored, insert, stored};
use crate::registry::Registry;
use crate::registry::model::{Actor, Notice, NoticeId, Role, VendorId};
use crate::registry::store::{StoreError, Value, fresh_id, values};
use crate::text::Text;

/// A notice as it is stored, with the topic that keeps it from being written twice.
#[derive(serde::Serialize, serde::Deserialize)]
struct StoredNotice {
    notice: Notice,
    topic: String,
}

stored! {
    StoredNotice, "notice", "at DESC, id DESC", |it| it.notice.id, {
        "vendor": it.notice.vendor.as_ref().map(VendorId::as_str),
        "role": it.notice.role.map(Role::word),
        "topic": &it.topic,
        "at": it.notice.at.0,
    };
}

/// A notice to write.
pub(super) struct Notify<'a> {
    vendor: Option<&'a VendorId>,
    role: Option<Role>,
    subject: &'a str,
    object: &'a str,
    text: Text,
    once: Option<String>,
}

impl<'a> Notify<'a> {
    /// To the accounts of a vendor.
    pub(super) fn vendor(vendor: &'a VendorId, subject: &'a str, object: &'a str, text: Text) -> Self {
        Self {
            vendor: Some(vendor),
            role: None,
            subject,
            object,
            text,
            once: None,
        }
    }

    /// To the accounts of a role.
    pub(super) fn role(role: Role, subject: &'a str, object: &'a str, text: Text) -> Self {
        Self {
            vendor: None,
            role: Some(role),
            subject,
            object,
            text,
            once: None,
        }
    }

    /// Only once with this mark, however often it is asked for: reminders.
    pub(super) fn once(mut self, mark: &str) -> Self {
        self.once = Some(format!("{}:{}:{mark}", self.subject, self.object));
        self
    }
}

/// Writes a notice.
pub(super) fn notify(act: &mut Act<'_>, notify: &Notify<'_>) -> Result<(), StoreError> {
    let id = fresh_id(NoticeId::PREFIX);
    let topic = notify.once.clone().unwrap_or_else(|| id.clone());
    let there = act.tx.one("SELECT id FROM notice WHERE topic = ?1", &values![&topic])?;
    if there.is_some() {
        return Ok(());
    }
    insert(
        act.tx,
        &StoredNotice {
            notice: Notice {
                id: NoticeId::from(id),
                at: act.now,
                vendor: notify.vendor.cloned(),
                role: notify.role,
                text: notify.text.clone(),
                object: notify.object.to_owned(),
                read: false,
            },
            topic,
        },
    )
}

impl Registry {
    /// Notices for this actor, newest first, at most 200.
    ///
    /// # Errors
    /// `Forbidden` for the public.
    pub fn notices(&self, actor: &Actor) -> Done<Vec<Notice>> {
        if actor.role == Role::Public {
            return Err(ServiceError::Forbidden);
        }
        let (condition, value) = match (&actor.role, &actor.vendor) {
            (Role::Vendor, Some(vendor)) => ("notice.vendor = ?2", vendor.as_str()),
            (role, _) => ("notice.role = ?2", role.word()),
        };
        let sql = format!(
            "SELECT notice.data, notice_read.notice FROM notice LEFT JOIN notice_read \
             ON notice_read.notice = notice.id AND notice_read.account = ?1 \
             WHERE {condition} ORDER BY notice.at DESC, notice.id DESC LIMIT 200"
        );
        self.store().read(|tx| {
            let rows = tx.query(&sql, &values![actor.account.as_str(), value])?;
            rows.iter()
                .map(|row| {
                    let stored: StoredNotice = row.json(0)?;
                    Ok(Notice {
                        read: row.opt_text(1)?.is_some(),
                        ..stored.notice
                    })
                })
                .collect()
        })
    }

    /// Marks a notice as read by this actor.
    ///
    /// # Errors
    /// `NotFound` if it is none of the actor's.
    pub fn read_notice(&self, actor: &Actor, id: &NoticeId) -> Done<()> {
        if !self.notices(actor)?.iter().any(|notice| notice.id == *id) {
            return Err(ServiceError::NotFound);
        }
        self.store().write(|tx| {
            tx.execute(
                "INSERT INTO notice_read (notice, account) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                &values![id.as_str(), actor.account.as_str()],
            )?;
            Ok(())
        })
    }
}
