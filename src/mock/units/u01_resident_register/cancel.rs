//! 異動の取消し (4.6): a further row that restores the state before.

use super::super::Row;
use super::super::desk::{Desk, Refusal};
use super::history::{self, CANCELLED, get, set};
use super::relationship::HEAD;
use super::{HISTORY, household};
use crate::text::date::Day;

/// 異動の取消し（増）, （減）, （修正）.
const REASONS: [&str; 3] = ["19", "29", "59"];

/// Cancels the change with a number of the history.
pub(super) fn by_number(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let wanted = desk.number("rirekibango");
    let rows = desk.rows(HISTORY, &subject);
    let Some(at) = rows
        .iter()
        .position(|row| get(row, "rirekibango").parse() == Ok(wanted))
    else {
        return desk.refuse("E0005", "there is no such change");
    };
    if !stands(&rows[at]) {
        return desk.refuse("E0006", "the change is cancelled, or a cancellation");
    }
    let newest = rows.iter().rposition(stands) == Some(at);
    desk.demand("UNIT-01-R23", newest, "a later change stands")?;
    cancel(desk, &subject, at);
    Ok(())
}

/// Cancels the newest standing change with a reason, if there is one.
pub(super) fn by_reason(desk: &mut Desk<'_>, subject: &str, reason: &str) {
    let rows = desk.rows(HISTORY, subject);
    let found = rows
        .iter()
        .rposition(|row| stands(row) && get(row, "ido_jiyu") == reason);
    if let Some(at) = found {
        cancel(desk, subject, at);
    }
}

fn stands(row: &Row) -> bool {
    !row.contains_key(CANCELLED) && !REASONS.contains(&get(row, "ido_jiyu"))
}

fn cancel(desk: &mut Desk<'_>, subject: &str, at: usize) {
    let rows = desk.rows(HISTORY, subject);
    let wrong = rows[at].clone();
    let before = at.checked_sub(1).map(|at| rows[at].clone());
    let (reason, mut next) = restored(desk, &wrong, before.as_ref());
    let since = get(&wrong, "kaishibi").to_owned();
    let Ok(day) = Day::parse(&since) else { return };
    let mut reason = reason;
    if !desk.obeys("UNIT-01-R21") {
        reason = REASONS[2];
    }
    back_home(desk, subject, &wrong, &mut next, day);
    set(&mut next, "todokedebi", desk.text("todokedebi"));
    history::describe(&mut next, reason, day);
    let number = get(&wrong, "rirekibango").to_owned();
    desk.change(HISTORY, subject, |row| {
        if get(row, "rirekibango") == number {
            set(row, CANCELLED, "1");
        }
    });
    history::write(desk, subject, next.clone());
    let mut content = next.clone();
    set(&mut content, "torikeshi_ido_jiyu", get(&wrong, "ido_jiyu"));
    set(&mut content, "idobi", get(&wrong, "idobi"));
    if Day::parse(get(&wrong, "idobi")).is_err() {
        set(&mut content, "idobi", since);
    }
    let to = match desk.obeys("UNIT-01-R22") {
        true => history::told_to(&wrong),
        false => desk.receivers("resident-change-cancelled"),
    };
    history::tell_to(desk, "resident-change-cancelled", subject, &content, &to);
    settle_again(desk, subject, &wrong, &next, day);
}

/// The state that the cancellation leads back to, and its reason.
fn restored(desk: &Desk<'_>, wrong: &Row, before: Option<&Row>) -> (&'static str, Row) {
    let class = get(wrong, "ido_jiyu").chars().next();
    let reason = match class {
        Some('1') => REASONS[1],
        Some('2') => REASONS[0],
        _ => REASONS[2],
    };
    let mut next = history::copy_of(before.unwrap_or(wrong));
    if before.is_none() {
        set(&mut next, "jumin_jotai", "9");
    }
    if !desk.obeys("UNIT-01-R20") {
        // The mistake: only the address goes back.
        let mut half = history::copy_of(wrong);
        set(&mut half, "jusho_choaza", get(&next, "jusho_choaza"));
        return (reason, half);
    }
    (reason, next)
}

/// Back to the former household; if nobody stayed there, to a new one at the former address.
fn back_home(desk: &Desk<'_>, subject: &str, wrong: &Row, next: &mut Row, day: Day) {
    let left = get(wrong, "jumin_jotai") != history::RESIDENT || get(wrong, "setaibango") != get(next, "setaibango");
    if !left || get(next, "jumin_jotai") != history::RESIDENT {
        return;
    }
    let home = get(next, "setaibango").to_owned();
    let stayed = household::members(desk, &home, Some(day));
    if stayed.iter().all(|(member, _)| member == subject) && desk.obeys("UNIT-01-R24") {
        set(next, "setaibango", household::new_number(desk));
        set(next, "zokugara", HEAD);
        set(next, "setainushi_atenabango", subject);
    }
}

/// Whoever became the head because this person had left is not any more; whoever came along is settled.
fn settle_again(desk: &mut Desk<'_>, subject: &str, wrong: &Row, next: &Row, day: Day) {
    let home = get(next, "setaibango").to_owned();
    for (member, row) in household::members(desk, &home, Some(day)) {
        let of_that_day = get(&row, "kaishibi") == day.to_string();
        let ex_officio = matches!(get(&row, "ido_jiyu"), "43" | "44") && !row.contains_key("todokedebi");
        let rows = desk.rows(HISTORY, &member);
        let former = rows.len().checked_sub(2).and_then(|at| rows.get(at)).cloned();
        if let Some(former) = former.filter(|_| member != subject && of_that_day && ex_officio) {
            let again = history::copy_of(&former);
            household::write_and_tell(desk, &member, again, "43", day, &row);
        }
    }
    let other = get(wrong, "setaibango");
    if other != home {
        household::settle(desk, other, day);
    }
}
