//! The history of a person: full rows, numbered from 1, of which nothing is ever taken away.

use super::super::Row;
use super::super::desk::{Desk, Refusal};
use super::{HISTORY, support};
use crate::text::date::{Day, RegisterDate, UnknownDate, YearWritten};

/// State of a resident.
pub(super) const RESIDENT: &str = "1";
/// Whom a row was told, two digits each: kept for a cancellation.
const TOLD_TO: &str = "told-to";
/// The row was cancelled by a later one.
pub(super) const CANCELLED: &str = "cancelled";

/// Items that describe one change and are not carried over to the next row.
const OF_ONE_CHANGE: [&str; 13] = [
    "idobi",
    "ido_jiyu",
    "todokedebi",
    "tsuchibi",
    "shokken_flag",
    "tenshutsu_yoteibi",
    "tenshutsusaki_jusho",
    "tenshutsusaki_shikuchosonkodo",
    "tenshutsu_kakuteibi",
    "tenshutsusaki_kakutei_jusho",
    "tennyumae_shikuchosonkodo",
    TOLD_TO,
    CANCELLED,
];

/// Value of an item; empty if it is not there.
pub(super) fn get<'r>(row: &'r Row, item: &str) -> &'r str {
    row.get(item).map_or("", String::as_str)
}

/// Sets an item; an empty value takes it away.
pub(super) fn set(row: &mut Row, item: &str, value: impl Into<String>) {
    let value = value.into();
    if value.is_empty() {
        row.remove(item);
    } else {
        row.insert(item.into(), value);
    }
}

/// The newest row.
pub(super) fn newest(desk: &Desk<'_>, subject: &str) -> Option<Row> {
    desk.last(HISTORY, subject).cloned()
}

/// The row that is in force on a day: of those that begin by then, the one that was written last.
pub(super) fn on(desk: &Desk<'_>, subject: &str, day: Day) -> Option<Row> {
    position(desk, subject, day).and_then(|at| desk.rows(HISTORY, subject).get(at).cloned())
}

fn position(desk: &Desk<'_>, subject: &str, day: Day) -> Option<usize> {
    let rows = desk.rows(HISTORY, subject);
    rows.iter()
        .rposition(|row| Day::parse(get(row, "kaishibi")).is_ok_and(|since| since <= day))
}

/// Whether somebody is a resident on a day.
pub(super) fn lives_here(desk: &Desk<'_>, subject: &str, day: Day) -> bool {
    on(desk, subject, day).is_some_and(|row| get(&row, "jumin_jotai") == RESIDENT)
}

/// A new row that begins as a copy of another one.
pub(super) fn copy_of(row: &Row) -> Row {
    let mut copy = row.clone();
    copy.retain(|item, _| !OF_ONE_CHANGE.contains(&item.as_str()));
    copy
}

/// Describes the change that a row is about.
pub(super) fn describe(row: &mut Row, reason: &str, day: Day) {
    set(row, "ido_jiyu", reason);
    set(row, "idobi", day.to_string());
    set(row, "kaishibi", day.to_string());
    row.entry("shokken_flag".into()).or_insert_with(|| "0".into());
}

/// Writes a row. The first one of a person has number 1.
pub(super) fn write(desk: &mut Desk<'_>, subject: &str, mut row: Row) {
    let count = desk.rows(HISTORY, subject).len();
    set(&mut row, "atenabango", subject);
    if count > 0 && !desk.obeys("UNIT-01-R04") {
        set(&mut row, "rirekibango", count.to_string());
        desk.change_last(HISTORY, subject, |last| *last = row);
        return;
    }
    set(&mut row, "rirekibango", (count + 1).to_string());
    desk.add(HISTORY, subject, row);
}

/// Tells a change and keeps whom it was told.
pub(super) fn tell(desk: &mut Desk<'_>, event: &str, subject: &str, row: &Row) {
    let to = if desk.obeys("UNIT-01-R39") {
        desk.receivers(event)
    } else {
        (2..=26).collect()
    };
    tell_to(desk, event, subject, row, &to);
}

/// Tells a change to some units.
pub(super) fn tell_to(desk: &mut Desk<'_>, event: &str, subject: &str, row: &Row, to: &[u8]) {
    let mut content = row.clone();
    // A row that was copied from somebody else, as a newborn's from a parent, names that one.
    set(&mut content, "atenabango", subject);
    let day = Day::parse(get(row, "idobi")).ok();
    if day.is_some_and(|day| support::protects(desk, subject, day)) {
        set(&mut content, "shiensochi", "1");
    }
    desk.tell_to(event, subject, content, to);
    let mut told: Vec<String> = to.iter().map(|unit| format!("{unit:02}")).collect();
    desk.change_last(HISTORY, subject, |last| {
        told.extend(told_to(last).iter().map(|unit| format!("{unit:02}")));
        told.sort();
        told.dedup();
        set(last, TOLD_TO, told.join(","));
    });
}

/// Whom a row was told.
pub(super) fn told_to(row: &Row) -> Vec<u8> {
    get(row, TOLD_TO)
        .split(',')
        .filter_map(|unit| unit.parse().ok())
        .collect()
}

/// The answer to an inquiry: the row of the day, or the newest one.
pub(super) fn as_inquired(desk: &Desk<'_>, subject: &str, day: Option<Day>) -> Option<Row> {
    let rows = desk.rows(HISTORY, subject);
    let at = match day {
        Some(day) => position(desk, subject, day)?,
        None => rows.len().checked_sub(1)?,
    };
    let mut row = rows.get(at)?.clone();
    let later = rows[at + 1..].iter().map(|row| get(row, "kaishibi")).min();
    if let Some(later) = later {
        set(&mut row, "shuryobi", later);
    }
    if !desk.obeys("UNIT-01-R17")
        && let Some(destination) = rows.last().and_then(|last| last.get("tenshutsusaki_shikuchosonkodo"))
    {
        set(&mut row, "tenshutsusaki_shikuchosonkodo", destination);
    }
    let day = day.or_else(|| Day::parse(get(&row, "kaishibi")).ok());
    let protected = day.is_some_and(|day| support::protects(desk, subject, day));
    set(&mut row, "shiensochi", if protected { "1" } else { "0" });
    if protected && desk.obeys("UNIT-01-R35") {
        row.remove("tenshutsusaki_shikuchosonkodo");
    }
    Some(row)
}

/// The day that a register keeps for itself where the written one is unknown: the first that it may have been.
pub(in crate::mock::units) fn first_possible_day(text: &str) -> Option<Day> {
    match RegisterDate::parse(text)? {
        RegisterDate::Unknown(unknown) => first_of(&unknown),
        RegisterDate::OutsideCalendar { .. } => {
            let before = text.get(..8)?;
            Day::parse(&format!("{before}01")).ok().map(Day::last_of_month)
        }
        known => known.known_day(),
    }
}

fn first_of(unknown: &UnknownDate) -> Option<Day> {
    let year = match unknown.year()? {
        YearWritten::Era(era, year) => era.gregorian_year(year)?,
        YearWritten::Western(year) => year,
    };
    let month = unknown.months().first().copied().unwrap_or(1);
    let day = unknown.days().first().copied().unwrap_or(1);
    Day::new(year, month, day).ok()
}

/// A date as the register keeps it: an unknown one stays unknown.
pub(super) fn as_kept(desk: &Desk<'_>, text: &str) -> String {
    let unknown = matches!(RegisterDate::parse(text), Some(RegisterDate::Unknown(_)));
    if !unknown || desk.obeys("UNIT-01-R11") {
        return text.to_owned();
    }
    // The mistake: みなし年月日.
    first_possible_day(text).map_or_else(|| "1900-01-01".into(), |day| day.to_string())
}

/// The day of the change and that of its report, which is the same where none is given.
pub(super) fn days(desk: &Desk<'_>) -> Result<(Day, Day), Refusal> {
    let Some(change) = desk.day("idobi") else {
        return desk.refuse("E0002", "idobi");
    };
    Ok((change, desk.day("todokedebi").unwrap_or(change)))
}

/// A change can neither come after its report nor before the person's last change.
pub(super) fn in_time(desk: &Desk<'_>, subject: &str, change: Day, report: Option<Day>) -> Result<(), Refusal> {
    if let Some(report) = report {
        desk.demand("UNIT-01-R13", change <= report, "the change comes after its report")?;
    }
    let last = newest(desk, subject).and_then(|row| Day::parse(get(&row, "kaishibi")).ok());
    if last.is_some_and(|last| change < last) {
        return desk.refuse("E0008", "there is a later change already");
    }
    Ok(())
}

/// Somebody who is to move, leave or be corrected has to be a resident on that day.
pub(super) fn resident_on(desk: &Desk<'_>, subject: &str, day: Day) -> Result<Row, Refusal> {
    let Some(last) = newest(desk, subject) else {
        return desk.refuse("E0005", "nobody has that number");
    };
    desk.demand("UNIT-01-R19", lives_here(desk, subject, day), "no resident on that day")?;
    Ok(on(desk, subject, day).unwrap_or(last))
}

/// The reason that was given, or the usual one; it has to fit the report.
pub(super) fn reason(desk: &Desk<'_>, usual: &str, allowed: &[&str]) -> Result<String, Refusal> {
    let given = desk.text("ido_jiyu");
    let reason = if given.is_empty() { usual } else { given };
    desk.demand(
        "UNIT-01-R42",
        allowed.contains(&reason),
        "the reason does not fit the report",
    )?;
    Ok(reason.to_owned())
}
