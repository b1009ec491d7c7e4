//! Households: who belongs to one on a day, and what happens to those who stay.

use super::super::Row;
use super::super::desk::{Desk, Refusal};
use super::HISTORY;
use super::history::{self, get, set};
use super::relationship::{self, HEAD};
use crate::text::check_digit::addressee_number;
use crate::text::date::Day;

/// Item with the household's number.
const NUMBER: &str = "setaibango";
/// Item with the number of the head.
const HEAD_NUMBER: &str = "setainushi_atenabango";

/// Members of a household on a day with their rows, in the order of their numbers.
pub(super) fn members(desk: &Desk<'_>, household: &str, day: Option<Day>) -> Vec<(String, Row)> {
    let mut found: Vec<String> = desk
        .find(HISTORY, NUMBER, household)
        .into_iter()
        .map(|(subject, _)| subject)
        .collect();
    found.dedup();
    let row_of = |subject: &str| match day {
        Some(day) => history::on(desk, subject, day),
        None => history::newest(desk, subject),
    };
    let rows = found
        .into_iter()
        .filter_map(|subject| Some((row_of(&subject)?, subject)));
    let here = |row: &Row| get(row, NUMBER) == household && get(row, "jumin_jotai") == history::RESIDENT;
    rows.filter(|(row, _)| here(row))
        .map(|(row, subject)| (subject, row))
        .collect()
}

/// Number of the head of a household on a day.
pub(super) fn head(desk: &Desk<'_>, household: &str, day: Day) -> Option<String> {
    let mut members = members(desk, household, Some(day)).into_iter();
    members
        .find(|(_, row)| get(row, "zokugara") == HEAD)
        .map(|(subject, _)| subject)
}

/// A number for a new household: serial, with its check digit (1.1.13).
pub(super) fn new_number(desk: &Desk<'_>) -> String {
    let serial: String = desk.receipt().chars().filter(char::is_ascii_digit).collect();
    let body = format!("9{serial:0>13}");
    let digit = addressee_number(&body).unwrap_or(0);
    format!("{body}{digit}")
}

/// The answer to an inquiry about a household.
pub(super) fn rows(desk: &Desk<'_>, household: &str, day: Option<Day>) -> Vec<Row> {
    let members = members(desk, household, day);
    members
        .into_iter()
        .map(|(subject, mut row)| {
            let name = name_of_head(desk, &row, day);
            set(&mut row, "setainushi_shimei", name);
            set(&mut row, "atenabango", subject);
            row.remove("shuryobi");
            row
        })
        .collect()
}

fn name_of_head(desk: &Desk<'_>, member: &Row, day: Option<Day>) -> String {
    let head = get(member, HEAD_NUMBER);
    // The mistake: the name is copied into the member's row and never looked up again.
    let day = if desk.obeys("UNIT-01-R41") {
        day
    } else {
        Day::parse(get(member, "kaishibi")).ok()
    };
    let copied = !desk.obeys("UNIT-01-R41") && get(member, "atenabango") == head;
    let row = match day {
        _ if copied => desk.rows(HISTORY, head).first().cloned(),
        Some(day) => history::on(desk, head, day),
        None => history::newest(desk, head),
    };
    row.map(|row| get(&row, "shimei").to_owned()).unwrap_or_default()
}

/// Puts somebody into a household: relationship, and the head of the household.
///
/// # Errors
/// A relationship that does not exist, or a second head.
pub(super) fn enter(
    desk: &Desk<'_>,
    row: &mut Row,
    subject: &str,
    household: &str,
    relation: &str,
    day: Day,
) -> Result<(), Refusal> {
    if !relation.is_empty() {
        desk.demand(
            "UNIT-01-R06",
            relationship::exists(relation),
            "there is no such relationship",
        )?;
    }
    let other = head(desk, household, day).filter(|head| head != subject);
    let second = relation == HEAD && other.is_some();
    desk.demand("UNIT-01-R10", !second, "the household has a head")?;
    set(row, NUMBER, household);
    set(row, "zokugara", relation);
    let head = if relation == HEAD {
        Some(subject.to_owned())
    } else {
        other
    };
    let head = match head {
        // The mistake: whoever comes first is taken for the head.
        None if !desk.obeys("UNIT-01-R07") => subject.to_owned(),
        head => head.unwrap_or_default(),
    };
    set(row, HEAD_NUMBER, head);
    Ok(())
}

/// After a head came to a household that had none, or a new one: the others point to the head.
pub(super) fn follow_head(desk: &mut Desk<'_>, household: &str, head: &str, day: Day, reset: bool) {
    for (subject, row) in members(desk, household, Some(day)) {
        if subject == head || get(&row, HEAD_NUMBER) == head {
            continue;
        }
        let mut next = history::copy_of(&row);
        set(&mut next, HEAD_NUMBER, head);
        if reset {
            next.remove("zokugara");
        }
        write_and_tell(desk, &subject, next, "44", day, &row);
    }
}

/// After somebody left a household: whoever stays alone becomes the head; two or more have none.
pub(super) fn settle(desk: &mut Desk<'_>, household: &str, day: Day) {
    let stay = members(desk, household, Some(day));
    if stay.iter().any(|(_, row)| get(row, "zokugara") == HEAD) {
        return;
    }
    if let [(only, row)] = stay.as_slice() {
        if desk.obeys("UNIT-01-R08") {
            make_head(desk, only, row, day);
        }
        return;
    }
    if !desk.obeys("UNIT-01-R09")
        && let Some((first, row)) = stay.first()
    {
        make_head(desk, first, row, day);
        follow_head(desk, household, first, day, false);
        return;
    }
    for (subject, row) in stay.iter().filter(|(_, row)| row.contains_key(HEAD_NUMBER)) {
        let mut next = history::copy_of(row);
        next.remove(HEAD_NUMBER);
        write_and_tell(desk, subject, next, "43", day, row);
    }
}

fn make_head(desk: &mut Desk<'_>, subject: &str, row: &Row, day: Day) {
    let mut next = history::copy_of(row);
    set(&mut next, "zokugara", HEAD);
    set(&mut next, HEAD_NUMBER, subject);
    set(&mut next, "shokken_flag", "1");
    write_and_tell(desk, subject, next, "44", day, row);
}

/// Writes a row about the household of somebody, and tells it.
pub(super) fn write_and_tell(desk: &mut Desk<'_>, subject: &str, mut next: Row, reason: &str, day: Day, before: &Row) {
    history::describe(&mut next, reason, day);
    let mut content = next.clone();
    if get(before, NUMBER) != get(&next, NUMBER) {
        set(&mut content, "kyu_setaibango", get(before, NUMBER));
    }
    history::write(desk, subject, next);
    history::tell(desk, "household-changed", subject, &content);
}

/// 世帯変更届: split, merge, change, new head.
pub(super) fn change(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let (day, report) = history::days(desk)?;
    let reason = history::reason(desk, "43", &["41", "42", "43", "44"])?;
    let before = history::resident_on(desk, &subject, day)?;
    history::in_time(desk, &subject, day, Some(report))?;
    let old = get(&before, NUMBER).to_owned();
    let given = desk.text(NUMBER).to_owned();
    let household = match (given.is_empty(), reason.as_str()) {
        (true, "41") => new_number(desk),
        (true, _) => old.clone(),
        (false, _) => given,
    };
    let relation = desk.text("zokugara").to_owned();
    let mut next = history::copy_of(&before);
    if household != old {
        same_address(desk, &household, &mut next, day)?;
    }
    let new_head = household == old && reason == "44" && relation == HEAD;
    if new_head {
        set(&mut next, NUMBER, household.as_str());
        set(&mut next, "zokugara", HEAD);
        set(&mut next, HEAD_NUMBER, subject.as_str());
    } else {
        enter(desk, &mut next, &subject, &household, &relation, day)?;
    }
    set(&mut next, "todokedebi", report.to_string());
    write_and_tell(desk, &subject, next, &reason, day, &before);
    if new_head && desk.obeys("UNIT-01-R10") {
        follow_head(desk, &household, &subject, day, true);
    } else if relation == HEAD {
        follow_head(desk, &household, &subject, day, false);
    }
    if household != old {
        settle(desk, &old, day);
    }
    Ok(())
}

/// Households join only at one address; joining never moves anybody.
fn same_address(desk: &Desk<'_>, household: &str, next: &mut Row, day: Day) -> Result<(), Refusal> {
    const ADDRESS: [&str; 3] = ["jusho_shikuchosonkodo", "jusho_choaza", "jusho_banchigohyoki"];
    let Some((_, other)) = members(desk, household, Some(day)).into_iter().next() else {
        return Ok(());
    };
    let same = ADDRESS.iter().all(|item| get(&other, item) == get(next, item));
    desk.demand("UNIT-01-R40", same, "the household lives at another address")?;
    for item in ADDRESS {
        set(next, item, get(&other, item));
    }
    Ok(())
}
