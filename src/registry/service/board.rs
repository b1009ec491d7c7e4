//! The procurement board: municipalities post, everybody reads.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::act::{Done, only};
use super::rfp::own_list;
use super::row::{Stored, find, insert, list, stored, update};
use super::{FieldError, ServiceError};
use crate::registry::Registry;
use crate::registry::model::{AccountId, Actor, Role};
use crate::registry::store::{Tx, Value, fresh_id, values};
use crate::rfp::board::{BOARD_SCHEMA, BoardFile, Fit, Notice, NoticeDraft, NoticeFault, atom, fits};
use crate::text::Lang;
use crate::text::date::Day;

/// Notices of one account that are not over, at the most.
const MOST_OPEN: usize = 200;

/// A notice and whose it is; the account is not public.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct BoardNotice {
    account: AccountId,
    notice: Notice,
    created: i64,
}

stored! {
    BoardNotice, "board_notice", "created DESC, id DESC", |it| it.notice.id, {
        "account": it.account.as_str(),
        "deadline": it.notice.said.deadline.to_string(),
        "created": it.created,
    };
}

/// Which notices of the board.
#[derive(Clone, Debug, Default)]
pub struct BoardFilter {
    /// Only those whose deadline is not over on this day.
    pub open_on: Option<Day>,
    /// Only those that ask for this unit, two digits.
    pub unit: Option<String>,
    /// Only those that ask for this profile.
    pub profile: Option<String>,
}

impl Registry {
    /// Municipality: posts a notice.
    ///
    /// # Errors
    /// `Forbidden`; `Invalid` with everything that is wrong; `NotFound` for a list that is not its own.
    pub fn post_board_notice(&self, actor: &Actor, draft: NoticeDraft) -> Done<Notice> {
        only(actor, &[Role::Municipality])?;
        let said = draft.validate(self.corpus()).map_err(invalid)?;
        let id = fresh_id("ntc");
        self.act(actor, |act| {
            if let Some(list) = &said.clause_list {
                own_list(act.tx, actor, list)?;
            }
            let today = act.now.day().to_string();
            let open = list::<BoardNotice>(
                act.tx,
                "account = ?1 AND deadline >= ?2",
                &values![actor.account.as_str(), today],
            )?;
            if open.len() >= MOST_OPEN {
                return Err(ServiceError::conflict(
                    format!("締切前の掲示は {MOST_OPEN} 件までです。"),
                    format!("At most {MOST_OPEN} notices can be open."),
                ));
            }
            let row = BoardNotice {
                account: actor.account.clone(),
                notice: Notice {
                    id: id.clone(),
                    said: said.clone(),
                    is_withdrawn: false,
                    updated: act.now.0,
                },
                created: act.now.0,
            };
            insert(act.tx, &row)?;
            act.audit("post-board-notice", &id, &json!({"title": said.title}))?;
            Ok(row.notice)
        })
    }

    /// Its owner: changes a notice.
    ///
    /// # Errors
    /// As for posting; `Conflict` if it was withdrawn.
    pub fn edit_board_notice(&self, actor: &Actor, id: &str, draft: NoticeDraft) -> Done<Notice> {
        only(actor, &[Role::Municipality])?;
        let said = draft.validate(self.corpus()).map_err(invalid)?;
        self.act(actor, |act| {
            let mut row = own_notice(act.tx, actor, id)?;
            if row.notice.is_withdrawn {
                return Err(ServiceError::conflict(
                    "取り消された掲示は変更できません。",
                    "A notice that was withdrawn cannot be changed.",
                ));
            }
            if let Some(list) = &said.clause_list {
                own_list(act.tx, actor, list)?;
            }
            row.notice.said = said.clone();
            row.notice.updated = act.now.0;
            update(act.tx, &row)?;
            act.audit("edit-board-notice", id, &json!({"title": said.title}))?;
            Ok(row.notice)
        })
    }

    /// Its owner: takes a notice back; it stays on the board as withdrawn.
    ///
    /// # Errors
    /// `Forbidden`, `NotFound`.
    pub fn withdraw_board_notice(&self, actor: &Actor, id: &str) -> Done<Notice> {
        self.act(actor, |act| {
            let mut row = own_notice(act.tx, actor, id)?;
            row.notice.is_withdrawn = true;
            row.notice.updated = act.now.0;
            update(act.tx, &row)?;
            act.audit("withdraw-board-notice", id, &json!({"title": row.notice.said.title}))?;
            Ok(row.notice)
        })
    }

    /// Anybody: the notices, newest first.
    ///
    /// # Errors
    /// Only of the store.
    pub fn board_notices(&self, filter: &BoardFilter) -> Done<Vec<Notice>> {
        let rows: Vec<BoardNotice> = self.store().read(|tx| match filter.open_on {
            Some(day) => list(tx, "deadline >= ?1", &values![day.to_string()]),
            None => list(tx, "1 = 1", &[]),
        })?;
        let wanted = |notice: &Notice| {
            let of = |all: &[String], one: &Option<String>| one.as_ref().is_none_or(|one| all.contains(one));
            filter.open_on.is_none_or(|day| notice.is_open(day))
                && of(&notice.said.units, &filter.unit)
                && of(&notice.said.profiles, &filter.profile)
        };
        Ok(rows.into_iter().map(|row| row.notice).filter(wanted).collect())
    }

    /// Anybody: one notice.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn board_notice(&self, id: &str) -> Done<Notice> {
        let row: Option<BoardNotice> = self.store().read(|tx| find(tx, id))?;
        Ok(row.ok_or(ServiceError::NotFound)?.notice)
    }

    /// Whether a notice is this actor's own: for buttons.
    ///
    /// # Errors
    /// Only of the store.
    pub fn is_own_board_notice(&self, actor: &Actor, id: &str) -> Done<bool> {
        match self.store().read(|tx| own_notice(tx, actor, id)) {
            Ok(_) => Ok(true),
            Err(ServiceError::NotFound | ServiceError::Forbidden) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Anybody: registered products that fit a notice; today if there is no day.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn board_fits(&self, id: &str, day: Option<Day>) -> Done<Vec<Fit>> {
        let notice = self.board_notice(id)?;
        let day = day.unwrap_or_else(|| self.now().day());
        Ok(fits(&notice, &*self.catalog()?, day))
    }

    /// Anybody: the list of clauses of a notice, as the municipality saved it, without answers.
    ///
    /// # Errors
    /// `NotFound` also if the notice has none.
    pub fn board_clause_list(&self, id: &str) -> Done<(String, Vec<u8>)> {
        let file = self.store().read(|tx| {
            let row: BoardNotice = find(tx, id)?.ok_or(ServiceError::NotFound)?;
            let list = row.notice.said.clause_list.ok_or(ServiceError::NotFound)?;
            let saved: super::SavedList = find(tx, &list)?.ok_or(ServiceError::NotFound)?;
            // The first file is the list; the others are answers, which are nobody else's business.
            let is_own = saved.account == row.account;
            let first = saved.files.into_iter().next().filter(|_| is_own);
            first.ok_or(ServiceError::NotFound)
        })?;
        Ok((file.name, self.store().blobs().get(&file.digest)?))
    }

    /// Anybody: `board.json`, which `junkyo rfp board` reads.
    ///
    /// # Errors
    /// Only of the store.
    pub fn board_json(&self) -> Done<Vec<u8>> {
        let file = BoardFile {
            schema: BOARD_SCHEMA.to_owned(),
            notices: self.board_notices(&BoardFilter::default())?,
        };
        serde_json::to_vec_pretty(&file).map_err(|error| ServiceError::internal("board.json", error))
    }

    /// Anybody: the feed of the board. `base` is the address of the register.
    ///
    /// # Errors
    /// Only of the store.
    pub fn board_feed(&self, base: &str, lang: Lang) -> Done<String> {
        let mut notices = self.board_notices(&BoardFilter::default())?;
        notices.truncate(100);
        Ok(atom(&notices, base, lang))
    }
}

fn own_notice(tx: &mut dyn Tx, actor: &Actor, id: &str) -> Done<BoardNotice> {
    only(actor, &[Role::Municipality])?;
    let row: BoardNotice = find(tx, id)?.ok_or(ServiceError::NotFound)?;
    if row.account == actor.account {
        Ok(row)
    } else {
        Err(ServiceError::Forbidden)
    }
}

fn invalid(faults: Vec<NoticeFault>) -> ServiceError {
    ServiceError::Invalid(
        faults
            .into_iter()
            .map(|fault| FieldError::new(fault.field, fault.text))
            .collect(),
    )
}
