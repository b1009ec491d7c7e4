//! 26 文書管理: the rules of `conformance/units/26-document-management/unit.toml`.

use super::Row;
use super::desk::{Desk, Refusal, row};
use super::rules::Business;
use super::staff::{self, Standing};
use crate::text::date::Day;

/// The unit.
pub(super) struct Rules;

const DOCUMENT: &str = "document";
const FOLDER: &str = "folder";
/// Note: the number was used, whatever became of the document.
const USED: &str = "used";
/// Rule about orders that were cancelled.
const CANCELLED: &str = "UNIT-26-R16";

/// States of a document.
mod state {
    pub(super) const DRAFTED: &str = "1";
    pub(super) const APPROVED: &str = "2";
    pub(super) const WITHDRAWN: &str = "3";
    pub(super) const COMPLETED: &str = "4";
    pub(super) const DISCARDED: &str = "5";
    pub(super) const ARCHIVED: &str = "6";
}

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        match id {
            "open-folder" => return open_folder(desk, &subject),
            "draft-document" => return draft(desk, &subject),
            _ => {}
        }
        let Some(document) = desk.last(DOCUMENT, &subject).cloned() else {
            return desk.refuse("E0005", "知らない文書番号です");
        };
        match id {
            "revise-document" => revise(desk, &subject, &document),
            "approve-document" => approve(desk, &subject, &document),
            "withdraw-approval" => withdraw(desk, &subject, &document),
            "complete-document" => complete(desk, &subject, &document),
            "extend-retention" => extend(desk, &subject, &document),
            _ => dispose(desk, &subject, &document),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, _event: &str) -> Result<(), Refusal> {
        staff::take_order(desk);
        Ok(())
    }
}

fn value<'r>(row: &'r Row, item: &str) -> &'r str {
    row.get(item).map_or("", String::as_str)
}

fn set<const N: usize>(desk: &mut Desk<'_>, subject: &str, values: [(&str, String); N]) {
    desk.change_last(DOCUMENT, subject, |document| document.extend(row(values)));
}

fn open_folder(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    if !desk.rows(FOLDER, subject).is_empty() {
        return desk.refuse("E0006", "登録済みのフォルダ番号です");
    }
    let row = desk.row_for(FOLDER);
    desk.add(FOLDER, subject, row);
    Ok(())
}

fn is_in_service(desk: &Desk<'_>, staff: &str, day: &str) -> bool {
    staff::standing(desk, staff, day, CANCELLED) == Standing::In
}

fn draft(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    desk.demand(
        "UNIT-26-R01",
        desk.note(subject, USED).is_empty(),
        "使用済みの文書番号です",
    )?;
    let folder = desk.text("foruda_bango").to_owned();
    if desk.rows(FOLDER, &folder).is_empty() {
        return desk.refuse("E0005", "知らないフォルダ番号です");
    }
    let drafter = desk.text("kian_shokuinbango").to_owned();
    let day = desk.text("kianbi").to_owned();
    desk.demand(
        "UNIT-26-R02",
        is_in_service(desk, &drafter, &day),
        "起案日に在職していません",
    )?;
    desk.demand(
        "UNIT-26-R03",
        drafter != desk.text("kessaisha_shokuinbango"),
        "起案者が決裁者です",
    )?;
    let spending = ["nendo", "yosan_kamoku", "kingaku"]
        .iter()
        .filter(|item| desk.has(item))
        .count();
    desk.demand(
        "UNIT-26-R12",
        spending == 0 || spending == 3,
        "年度、科目、金額が揃っていません",
    )?;
    let on = desk.obeys("UNIT-26-R15").then_some(day.as_str());
    let section = staff::section(desk, &drafter, on, CANCELLED);
    let mut row = desk.row_for(DOCUMENT);
    row.insert("shozoku_kodo".into(), section);
    row.insert("bunsho_jotai".into(), state::DRAFTED.into());
    desk.set_note(subject, USED, "1");
    desk.add(DOCUMENT, subject, row);
    Ok(())
}

fn revise(desk: &mut Desk<'_>, subject: &str, document: &Row) -> Result<(), Refusal> {
    let is_draft = value(document, "bunsho_jotai") == state::DRAFTED;
    let by_drafter = value(document, "kian_shokuinbango") == desk.text("shokuinbango");
    desk.demand("UNIT-26-R11", is_draft && by_drafter, "修正できる文書ではありません")?;
    let values = [
        ("kenmei", desk.text("kenmei").to_owned()),
        ("kingaku", desk.text("kingaku").to_owned()),
    ];
    set(desk, subject, values);
    Ok(())
}

fn approve(desk: &mut Desk<'_>, subject: &str, document: &Row) -> Result<(), Refusal> {
    if value(document, "bunsho_jotai") != state::DRAFTED {
        return desk.refuse("E0006", "起案中の文書ではありません");
    }
    let approver = desk.text("shokuinbango").to_owned();
    let day = desk.text("kessaibi").to_owned();
    let may = approver == value(document, "kessaisha_shokuinbango") && is_in_service(desk, &approver, &day);
    desk.demand("UNIT-26-R04", may, "決裁者ではありません")?;
    desk.demand(
        "UNIT-26-R05",
        day.as_str() >= value(document, "kianbi"),
        "起案日より前の決裁です",
    )?;
    set(
        desk,
        subject,
        [("bunsho_jotai", state::APPROVED.to_owned()), ("kessaibi", day)],
    );
    if desk.obeys("UNIT-26-R09") {
        tell(desk, subject, "1");
    }
    Ok(())
}

/// Tells a decision, if it is about spending.
fn tell(desk: &mut Desk<'_>, subject: &str, outcome: &str) {
    let document = desk.last(DOCUMENT, subject).cloned().unwrap_or_default();
    if value(&document, "kingaku").is_empty() {
        return;
    }
    let mut content = document;
    content.insert("kessai_kubun".into(), outcome.into());
    desk.tell("document-decided", subject, content);
}

fn withdraw(desk: &mut Desk<'_>, subject: &str, document: &Row) -> Result<(), Refusal> {
    let is_approved = value(document, "bunsho_jotai") == state::APPROVED;
    desk.demand("UNIT-26-R10", is_approved, "決裁済みの文書ではありません")?;
    set(desk, subject, [("bunsho_jotai", state::WITHDRAWN.to_owned())]);
    if desk.obeys("UNIT-26-R10") {
        tell(desk, subject, "2");
    }
    Ok(())
}

fn complete(desk: &mut Desk<'_>, subject: &str, document: &Row) -> Result<(), Refusal> {
    if value(document, "bunsho_jotai") != state::APPROVED {
        return desk.refuse("E0004", "決裁済みの文書ではありません");
    }
    let day = desk.text("kanketsubi").to_owned();
    desk.demand(
        "UNIT-26-R05",
        day.as_str() >= value(document, "kessaibi"),
        "決裁日より前の完結です",
    )?;
    let folder = desk.last(FOLDER, value(document, "foruda_bango"));
    let years = folder.map_or("", |folder| value(folder, "hozon_nensu")).to_owned();
    let last = last_day(desk, &day, &years);
    let values = [
        ("bunsho_jotai", state::COMPLETED.to_owned()),
        ("kanketsubi", day),
        ("hozon_manryobi", last),
        ("years", years),
    ];
    set(desk, subject, values);
    Ok(())
}

/// Last day of a retention: so many years from 1 April after the fiscal year of completion.
fn last_day(desk: &Desk<'_>, completed: &str, years: &str) -> String {
    let completed = Day::parse(completed).ok();
    let start = match desk.obeys("UNIT-26-R06") {
        true => completed.and_then(Day::end_of_fiscal_year).and_then(Day::next),
        false => completed,
    };
    let years = years.parse().unwrap_or(0);
    let last = start.and_then(|start| start.add_years(years)).and_then(Day::previous);
    last.map_or_else(String::new, |day| day.to_string())
}

fn extend(desk: &mut Desk<'_>, subject: &str, document: &Row) -> Result<(), Refusal> {
    if value(document, "bunsho_jotai") != state::COMPLETED {
        return desk.refuse("E0004", "完結した文書ではありません");
    }
    let known: i64 = value(document, "years").parse().unwrap_or(0);
    let years = desk.number("hozon_nensu");
    desk.demand("UNIT-26-R13", years > known, "保存期間は延長だけができます")?;
    let last = last_day(desk, value(document, "kanketsubi"), &years.to_string());
    set(desk, subject, [("hozon_manryobi", last), ("years", years.to_string())]);
    Ok(())
}

fn dispose(desk: &mut Desk<'_>, subject: &str, document: &Row) -> Result<(), Refusal> {
    let is_completed = value(document, "bunsho_jotai") == state::COMPLETED;
    let is_over = desk.text("idobi") > value(document, "hozon_manryobi");
    desk.demand("UNIT-26-R07", is_completed && is_over, "保存期間が満了していません")?;
    let folder = desk.last(FOLDER, value(document, "foruda_bango"));
    let planned = folder.map_or("", |folder| value(folder, "shobun_kubun"));
    desk.demand(
        "UNIT-26-R08",
        desk.text("shobun_kubun") == planned,
        "フォルダの定めと異なる措置です",
    )?;
    if !desk.obeys("UNIT-26-R14") {
        desk.retain(DOCUMENT, subject, |_| false);
        return Ok(());
    }
    let state = if desk.text("shobun_kubun") == "1" {
        state::DISCARDED
    } else {
        state::ARCHIVED
    };
    desk.change_last(DOCUMENT, subject, |document| {
        document.insert("bunsho_jotai".into(), state.into());
        for item in ["nendo", "yosan_kamoku", "kingaku"] {
            document.remove(item);
        }
    });
    Ok(())
}
