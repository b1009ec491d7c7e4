//! Rows of one record, one after the other in time, each with the change that opened and the one that closed it: what a
//! cancelled change did can be undone.

use super::Row;
use super::desk::Desk;
use crate::text::date::Day;

/// First day of a row.
const SINCE: &str = "kaishibi";
/// Day on which a row is not valid any more.
const UNTIL: &str = "shuryobi";
const OPENED_BY: &str = "opened-by";
const CLOSED_BY: &str = "closed-by";

/// A row that has no end, or one later than a day.
pub(super) fn open_on(desk: &Desk<'_>, record: &str, subject: &str, day: Day) -> Option<Row> {
    let rows = desk.rows(record, subject).iter();
    let open = |row: &&Row| match row.get(UNTIL).and_then(|until| Day::parse(until).ok()) {
        Some(until) => until > day,
        None => true,
    };
    rows.rev().find(open).cloned()
}

/// The row that is valid on a day.
pub(super) fn valid_on(desk: &Desk<'_>, record: &str, subject: &str, day: Day) -> Option<Row> {
    let begun = |row: &Row| {
        let since = row.get(SINCE).and_then(|since| Day::parse(since).ok());
        since.is_none_or(|since| since <= day)
    };
    open_on(desk, record, subject, day).filter(begun)
}

/// Ends every row that would still be valid on a day, because of a change.
pub(super) fn close(desk: &mut Desk<'_>, record: &str, subject: &str, day: Day, by: &str) {
    let text = day.to_string();
    desk.change(record, subject, |row| {
        let ends = row.get(UNTIL).and_then(|until| Day::parse(until).ok());
        if ends.is_none_or(|until| until > day) {
            row.insert(UNTIL.into(), text.clone());
            row.insert(CLOSED_BY.into(), key(by, day));
        }
    });
}

/// Adds a row from a day on, because of a change; rows before it end that day.
pub(super) fn follow(desk: &mut Desk<'_>, record: &str, subject: &str, mut row: Row, day: Day, by: &str) {
    close(desk, record, subject, day, by);
    row.remove(CLOSED_BY);
    row.insert(SINCE.into(), day.to_string());
    row.insert(OPENED_BY.into(), key(by, day));
    desk.add(record, subject, row);
}

/// Undoes what a change of a day did: its rows go, and those that it ended go on.
pub(super) fn undo(desk: &mut Desk<'_>, record: &str, subject: &str, day: Day, by: &str) {
    let key = key(by, day);
    desk.retain(record, subject, |row| row.get(OPENED_BY) != Some(&key));
    desk.change(record, subject, |row| {
        if row.get(CLOSED_BY) == Some(&key) {
            row.remove(UNTIL);
            row.remove(CLOSED_BY);
        }
    });
}

fn key(by: &str, day: Day) -> String {
    format!("{by} {day}")
}

/// What kind of change a reason of 異動 is: the word that [`close`] and [`undo`] share.
pub(super) fn kind_of_reason(reason: &str) -> &'static str {
    match reason {
        "11" | "12" | "13" | "16" => "in",
        "21" | "22" | "26" => "out",
        "23" => "died",
        "31" => "within",
        _ => "changed",
    }
}
