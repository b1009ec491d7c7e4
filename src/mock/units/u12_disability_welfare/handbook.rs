//! Handbooks: kinds, grades, expiry, and who is told.

use super::desk::{Desk, Refusal, row};
use super::welfare::{day_after, day_of, earliest, printed, row_day, row_text};
use super::{Row, is, on_day};
use crate::text::date::Day;

pub(super) const RECORD: &str = "handbook";
const CHANGED: &str = "disability-handbook-changed";
/// The kind that expires: 精神障害者保健福祉手帳.
const MENTAL: &str = "3";

pub(super) fn issue(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let (kind, grade) = kind_and_grade(desk)?;
    let day = day_of(desk, "kaishibi")?;
    if !on_day(of_kind(desk, subject, &kind), Some(day)).is_empty() {
        return desk.refuse("E0006", "there is a handbook of that kind");
    }
    if !desk.obeys("UNIT-12-R07") {
        desk.change(RECORD, subject, |row| close(row, day));
    }
    let expiry = (kind == MENTAL).then(|| expiry(desk, day));
    let issued = row([
        ("atenabango", subject.to_owned()),
        ("techo_shurui", kind),
        ("kaishibi", day.to_string()),
        ("techo_tokyu", grade),
        ("techo_yukokigen", printed(expiry)),
    ]);
    tell(desk, subject, &issued, "1", day);
    desk.add(RECORD, subject, issued);
    Ok(())
}

/// The grade has to be one of the kind (R01).
fn kind_and_grade(desk: &Desk<'_>) -> Result<(String, String), Refusal> {
    let (kind, grade) = (desk.text("techo_shurui"), desk.text("techo_tokyu"));
    let fits = match kind {
        "1" => matches!(grade, "1" | "2" | "3" | "4" | "5" | "6"),
        "2" => matches!(grade, "A" | "B"),
        _ => matches!(grade, "1" | "2" | "3"),
    };
    desk.demand("UNIT-12-R01", fits, "the kind has no such grade")?;
    Ok((kind.to_owned(), grade.to_owned()))
}

/// Last day of a mental handbook: the end of the month in which two years are over (法45条4項).
fn expiry(desk: &Desk<'_>, day: Day) -> Day {
    let over = day.last_day_of_months(24).unwrap_or(day);
    if desk.obeys("UNIT-12-R02") {
        over.last_of_month()
    } else {
        day.add_years(2).unwrap_or(day)
    }
}

fn close(row: &mut Row, day: Day) {
    if row_day(row, "shuryobi").is_none_or(|end| day < end) {
        row.insert("shuryobi".into(), day.to_string());
    }
}

fn of_kind(desk: &Desk<'_>, subject: &str, kind: &str) -> Vec<Row> {
    let mut rows = rows(desk, subject);
    rows.retain(|row| is(row, "techo_shurui", kind));
    rows
}

/// The handbook of a kind on a day, or a refusal.
fn current(desk: &Desk<'_>, subject: &str, kind: &str, day: Day) -> Result<Row, Refusal> {
    match on_day(of_kind(desk, subject, kind), Some(day)).pop() {
        Some(row) => Ok(row),
        None => desk.refuse("E0005", "no handbook of that kind on that day"),
    }
}

/// A new grade: the former one stays in the history (R06).
pub(super) fn regrade(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let (kind, grade) = kind_and_grade(desk)?;
    let day = day_of(desk, "idobi")?;
    let mut new = current(desk, subject, &kind, day)?;
    new.insert("techo_tokyu".into(), grade.clone());
    tell(desk, subject, &new, "2", day);
    if !desk.obeys("UNIT-12-R06") {
        desk.change(RECORD, subject, |row| {
            if is(row, "techo_shurui", &kind) {
                row.insert("techo_tokyu".into(), grade.clone());
            }
        });
        return Ok(());
    }
    let old_start = row_text(&new, "kaishibi").to_owned();
    desk.change(RECORD, subject, |row| {
        if is(row, "techo_shurui", &kind) && is(row, "kaishibi", &old_start) {
            close(row, day);
        }
    });
    new.insert("kaishibi".into(), day.to_string());
    new.remove("shuryobi");
    desk.add(RECORD, subject, new);
    Ok(())
}

/// A renewal runs two years from the old expiry, and is taken from three months before it (R04).
pub(super) fn renew(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let (kind, grade) = kind_and_grade(desk)?;
    let reported = day_of(desk, "todokedebi")?;
    let last = desk
        .rows(RECORD, subject)
        .iter()
        .rfind(|row| is(row, "techo_shurui", &kind))
        .cloned();
    let Some((last, old)) = last.and_then(|row| row_day(&row, "techo_yukokigen").map(|day| (row, day))) else {
        return desk.refuse("E0005", "no handbook that expires");
    };
    let in_time = old.add_months(-3).is_none_or(|first| first <= reported);
    desk.demand("UNIT-12-R04", in_time, "more than three months before it expires")?;
    let counted = if desk.obeys("UNIT-12-R04") { old } else { reported };
    let expiry = counted.add_years(2).map_or(counted, Day::last_of_month);
    let mut renewed = last;
    renewed.insert("kaishibi".into(), day_after(old).to_string());
    renewed.insert("techo_tokyu".into(), grade);
    renewed.insert("techo_yukokigen".into(), expiry.to_string());
    renewed.remove("shuryobi");
    tell(desk, subject, &renewed, "3", day_after(old));
    desk.add(RECORD, subject, renewed);
    Ok(())
}

pub(super) fn give_back(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let kind = desk.text("techo_shurui").to_owned();
    let day = day_of(desk, "idobi")?;
    let returned = current(desk, subject, &kind, day)?;
    desk.change(RECORD, subject, |row| {
        if is(row, "techo_shurui", &kind) {
            close(row, day);
        }
    });
    tell(desk, subject, &returned, "4", day);
    Ok(())
}

/// The handbooks of somebody with their ends: returned, expired (R03), dead (R05).
pub(super) fn rows(desk: &Desk<'_>, subject: &str) -> Vec<Row> {
    let died = desk.note_day(subject, "died").filter(|_| desk.obeys("UNIT-12-R05"));
    let expires = desk.obeys("UNIT-12-R03");
    let rows = desk.rows(RECORD, subject).iter().filter_map(|known| {
        let mut row = known.clone();
        let end = earliest([
            row_day(known, "shuryobi"),
            row_day(known, "techo_yukokigen").filter(|_| expires).map(day_after),
            died.map(day_after),
        ]);
        if let Some(end) = end {
            row.insert("shuryobi".into(), end.to_string());
        }
        let start = row_day(known, "kaishibi")?;
        end.is_none_or(|end| start < end).then_some(row)
    });
    rows.collect()
}

/// Tells that death returned the handbooks, or that it was cancelled.
pub(super) fn announce_death(desk: &mut Desk<'_>, subject: &str, before: &[Row]) {
    let after = rows(desk, subject);
    let end = |rows: &[Row], row: &Row| {
        let same = |other: &&Row| is(other, "kaishibi", row_text(row, "kaishibi")) && kind_of(other) == kind_of(row);
        rows.iter().find(same).and_then(|row| row_day(row, "shuryobi"))
    };
    for known in desk.rows(RECORD, subject).to_vec() {
        let (old, new) = (end(before, &known), end(&after, &known));
        if old == new {
            continue;
        }
        let died = desk.note_day(subject, "died");
        match died {
            Some(day) => tell(desk, subject, &known, "4", day),
            None => tell(
                desk,
                subject,
                &known,
                "1",
                row_day(&known, "kaishibi").unwrap_or(Day::FIRST),
            ),
        }
    }
}

fn kind_of(row: &Row) -> &str {
    row_text(row, "techo_shurui")
}

fn tell(desk: &mut Desk<'_>, subject: &str, known: &Row, state: &str, day: Day) {
    let content = row([
        ("techo_shurui", kind_of(known).to_owned()),
        ("techo_tokyu", row_text(known, "techo_tokyu").to_owned()),
        ("techo_jotai", state.to_owned()),
        ("idobi", day.to_string()),
        ("techo_yukokigen", row_text(known, "techo_yukokigen").to_owned()),
    ]);
    let mut to = desk.receivers(CHANGED);
    if !desk.obeys("UNIT-12-R08") {
        to.extend([9, 19]);
    }
    desk.tell_to(CHANGED, subject, content, &to);
}
