//! 04 選挙人名簿管理: the rules of `conformance/units/04-electoral-roll/unit.toml`.

use super::Row;
use super::desk::{Desk, Refusal};
use super::rules::{Business, is_valid};
use super::span;
use super::u01_resident_register::first_possible_day;
use crate::standard::unit::Record;
use crate::text::date::Day;
use crate::text::date::age::reached_on;

const ROLL: &str = "voter";
/// Registered, marked as moved out, marked as suspended.
const REGISTERED: &str = "1";
const MOVED_OUT: &str = "2";
const SUSPENDED: &str = "3";
/// Age of voting.
const AGE: u16 = 18;
/// Months of residence.
const MONTHS_HERE: i32 = 3;
/// Months after moving out for which the mark stays.
const MONTHS_MARKED: i32 = 4;

/// The unit.
pub(super) struct Rules;

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        if !desk.knows(&subject) {
            return desk.refuse("E0005", "nobody has that number");
        }
        match id {
            "register-voter" => register(desk, &subject),
            "suspend-voter" => suspend(desk, &subject),
            "cast-vote" => vote(desk, &subject),
            "register-overseas" => {
                let abroad = desk.note(&subject, "left-for") == "22";
                desk.demand("UNIT-04-R16", abroad, "not moving abroad")
            }
            "inspect-roll" => inspect(desk, &subject),
            _ => desk.refuse("E0004", "not offered"),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        match event {
            "resident-moved-in" => moved_in(desk, &subject),
            "resident-moved-within" => moved_within(desk, &subject),
            "resident-moved-out" => {
                let abroad = desk.text("ido_jiyu").to_owned();
                if let Some(day) = desk.day("idobi") {
                    desk.set_note(&subject, "left", day.to_string());
                    desk.set_note(&subject, "left-for", abroad);
                    mark_as_moved_out(desk, &subject, day);
                }
            }
            "resident-died" => died(desk, &subject),
            "resident-changed" => changed(desk, &subject),
            "resident-change-cancelled" => cancelled(desk, &subject),
            "support-measure-changed" => {
                let flag = desk.text("shiensochi").to_owned();
                desk.set_note(&subject, "shiensochi", flag);
            }
            _ => {}
        }
        Ok(())
    }

    fn inquiry(&self, desk: &Desk<'_>, record: &Record, day: Option<Day>) -> Vec<Row> {
        let rows = desk.rows(ROLL, &desk.subject()).to_vec();
        match day {
            Some(day) => rows.into_iter().filter(|row| is_valid(record, row, day)).collect(),
            None => rows.into_iter().next_back().into_iter().collect(),
        }
    }
}

fn state(row: &Row) -> &str {
    row.get("meibo_jotai").map_or("", String::as_str)
}

fn moved_in(desk: &mut Desk<'_>, subject: &str) {
    desk.note_all();
    let came = match desk.obeys("UNIT-04-R02") {
        true if desk.has("todokedebi") => desk.text("todokedebi").to_owned(),
        _ => desk.text("idobi").to_owned(),
    };
    desk.set_note(subject, "came", came);
    desk.set_note(subject, "left", "");
    desk.set_note(subject, "left-for", "");
}

/// A new row with what changed; nothing for those who are not on the roll.
fn amend(desk: &mut Desk<'_>, subject: &str, items: &[&str], by: &str) {
    let Some((day, mut row)) = desk
        .day("idobi")
        .and_then(|day| Some((day, span::open_on(desk, ROLL, subject, day)?)))
    else {
        return;
    };
    for item in items.iter().filter(|item| desk.has(item)) {
        row.insert((*item).into(), desk.text(item).into());
    }
    span::follow(desk, ROLL, subject, row, day, by);
}

fn moved_within(desk: &mut Desk<'_>, subject: &str) {
    let address = ["jusho_choazakodo", "jusho_choaza", "jusho_banchigohyoki"];
    for item in address {
        let value = desk.text(item).to_owned();
        desk.set_note(subject, item, value);
    }
    if desk.obeys("UNIT-04-R17") {
        amend(desk, subject, &address, "within");
    } else if let Some(day) = desk.day("idobi") {
        desk.set_note(subject, "came", day.to_string());
        span::close(desk, ROLL, subject, day, "within");
    }
}

fn mark_as_moved_out(desk: &mut Desk<'_>, subject: &str, day: Day) {
    let Some(mut row) = span::open_on(desk, ROLL, subject, day) else {
        return;
    };
    if !desk.obeys("UNIT-04-R04") {
        span::close(desk, ROLL, subject, day, "out");
        return;
    }
    mark(desk, &mut row, day);
    span::follow(desk, ROLL, subject, row, day, "out");
}

/// The mark of those who moved out, for four months.
fn mark(desk: &Desk<'_>, row: &mut Row, day: Day) {
    row.insert("meibo_jotai".into(), MOVED_OUT.into());
    row.insert("hyojibi".into(), day.to_string());
    row.remove("shuryobi");
    let struck = day.add_months(MONTHS_MARKED).and_then(Day::next);
    if let Some(struck) = struck.filter(|_| desk.obeys("UNIT-04-R05")) {
        row.insert("shuryobi".into(), struck.to_string());
    }
}

fn died(desk: &mut Desk<'_>, subject: &str) {
    let begun = desk
        .rows(ROLL, subject)
        .first()
        .and_then(|row| Day::parse(row.get("kaishibi")?).ok());
    let Some(day) = first_possible_day(desk.text("shibobi")).or(begun) else {
        return;
    };
    desk.set_note(subject, "died", day.to_string());
    if desk.obeys("UNIT-04-R06") {
        span::close(desk, ROLL, subject, day, "died");
    } else {
        mark_as_moved_out(desk, subject, day);
    }
}

fn changed(desk: &mut Desk<'_>, subject: &str) {
    for item in ["shimei", "seinengappi", "seibetsu", "jumin_shubetsu"] {
        if desk.has(item) {
            let value = desk.text(item).to_owned();
            desk.set_note(subject, item, value);
        }
    }
    if desk.text("jumin_shubetsu") == "2" && desk.obeys("UNIT-04-R07") {
        if let Some(day) = desk.day("idobi") {
            span::close(desk, ROLL, subject, day, "changed");
        }
    } else {
        amend(desk, subject, &["shimei", "seinengappi", "seibetsu"], "changed");
    }
}

fn cancelled(desk: &mut Desk<'_>, subject: &str) {
    let Some(day) = desk.day("idobi").filter(|_| desk.obeys("UNIT-04-R10")) else {
        return;
    };
    let by = span::kind_of_reason(desk.text("torikeshi_ido_jiyu"));
    match by {
        "in" => {
            desk.retain(ROLL, subject, |_| false);
            desk.set_note(subject, "came", "");
        }
        "out" => {
            desk.set_note(subject, "left", "");
            desk.set_note(subject, "left-for", "");
        }
        "died" => desk.set_note(subject, "died", ""),
        _ => {}
    }
    span::undo(desk, ROLL, subject, day, by);
}

/// 登録: age, nationality, and three months of residence.
fn register(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let Some(day) = desk.day("toroku_kijunbi") else {
        return desk.refuse("E0002", "toroku_kijunbi");
    };
    let (Some(came), false) = (desk.note_day(subject, "came"), !desk.note(subject, "died").is_empty()) else {
        return desk.refuse("E0008", "no resident");
    };
    if span::open_on(desk, ROLL, subject, day).is_some() {
        return desk.refuse("E0006", "on the roll already");
    }
    desk.demand(
        "UNIT-04-R03",
        desk.note(subject, "jumin_shubetsu") != "2",
        "not a Japanese national",
    )?;
    let counts = if desk.text("toroku_kubun") == "2" {
        desk.day("senkyobi")
    } else {
        None
    };
    let eighteen = first_possible_day(desk.note(subject, "seinengappi")).and_then(|birth| reached_on(birth, AGE));
    let old_enough = eighteen.is_some_and(|eighteen| eighteen <= counts.unwrap_or(day));
    desk.demand("UNIT-04-R01", old_enough, "below eighteen")?;
    let left = desk.note_day(subject, "left").filter(|left| *left <= day);
    let residence = came.add_months(MONTHS_HERE);
    let long_enough = residence.is_some_and(|from| from <= left.unwrap_or(day));
    if left.is_some() && !desk.obeys("UNIT-04-R09") {
        return desk.refuse("E0402", "moved out");
    }
    desk.demand("UNIT-04-R02", long_enough, "less than three months here")?;
    let too_late = left
        .and_then(|left| left.add_months(MONTHS_MARKED))
        .is_some_and(|until| until < day);
    desk.demand("UNIT-04-R09", !too_late, "moved out four months ago")?;
    let mut row = roll_entry(desk, subject, day);
    if let Some(left) = left {
        mark(desk, &mut row, left);
    }
    span::follow(desk, ROLL, subject, row, day, "registered");
    Ok(())
}

fn roll_entry(desk: &Desk<'_>, subject: &str, day: Day) -> Row {
    let mut row = super::desk::row([
        ("atenabango", subject.to_owned()),
        ("meibo_jotai", REGISTERED.to_owned()),
        ("meibo_torokubi", day.to_string()),
    ]);
    for item in [
        "shimei",
        "seinengappi",
        "seibetsu",
        "jusho_choazakodo",
        "jusho_choaza",
        "jusho_banchigohyoki",
    ] {
        let value = desk.note(subject, item);
        if !value.is_empty() {
            row.insert(item.into(), value.into());
        }
    }
    row
}

/// 選挙権の停止, and its end.
fn suspend(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let Some((day, mut row)) = desk
        .day("kaishibi")
        .and_then(|day| Some((day, span::open_on(desk, ROLL, subject, day)?)))
    else {
        return desk.refuse("E0004", "not on the roll");
    };
    if desk.text("teishi_kubun") == "2" {
        row.insert("meibo_jotai".into(), REGISTERED.into());
        row.remove("hyojibi");
    } else {
        if !desk.obeys("UNIT-04-R08") {
            span::close(desk, ROLL, subject, day, "suspended");
            return Ok(());
        }
        row.insert("meibo_jotai".into(), SUSPENDED.into());
        row.insert("hyojibi".into(), day.to_string());
    }
    span::follow(desk, ROLL, subject, row, day, "suspended");
    Ok(())
}

/// A vote is cast.
fn vote(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let Some(day) = desk.day("tohyobi") else {
        return desk.refuse("E0002", "tohyobi");
    };
    let entry = span::valid_on(desk, ROLL, subject, day);
    desk.demand("UNIT-04-R15", entry.is_some(), "not on the roll")?;
    let entry = entry.unwrap_or_default();
    desk.demand(
        "UNIT-04-R08",
        state(&entry) != SUSPENDED,
        "the right to vote is suspended",
    )?;
    let elsewhere = state(&entry) == MOVED_OUT && desk.text("senkyo_shubetsu") == "3";
    desk.demand("UNIT-04-R14", !elsewhere, "moved out of the municipality")?;
    let birth = entry.get("seinengappi").and_then(|birth| first_possible_day(birth));
    let eighteen = birth
        .and_then(|birth| reached_on(birth, AGE))
        .is_some_and(|eighteen| eighteen <= day);
    let early = desk.text("tohyo_hoho") == "2";
    desk.demand(
        "UNIT-04-R13",
        eighteen || !early,
        "below eighteen on the day of an early vote",
    )?;
    let election = format!("vote {}", desk.text("senkyo_bango"));
    desk.demand("UNIT-04-R12", desk.note(subject, &election).is_empty(), "voted already")?;
    desk.set_note(subject, &election, day.to_string());
    Ok(())
}

/// 抄本の閲覧.
fn inspect(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let entry = desk
        .day("kijunbi")
        .and_then(|day| span::valid_on(desk, ROLL, subject, day));
    if entry.is_none() {
        return desk.refuse("E0005", "not on the roll");
    }
    let protected = desk.note(subject, "shiensochi") == "1";
    desk.demand("UNIT-04-R11", !protected, "a protected person")
}
