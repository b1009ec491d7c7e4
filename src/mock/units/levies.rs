//! What the levies of taxes and premiums have in common: instalments, due dates, corrections.

use super::Row;
use super::desk::{Desk, row};
use crate::text::date::{Day, Weekday};

/// Where a unit keeps the instalments that it has told.
pub(super) const INSTALMENTS: &str = "#instalments";
/// Internal rows of periods in which somebody lives here.
const RESIDENCE: &str = "#residence";

/// An amount without what is below a unit.
pub(super) fn cut(amount: i64, unit: i64) -> i64 {
    amount / unit * unit
}

/// An item of a row as a number; 0 if it is absent.
pub(super) fn number(row: &Row, item: &str) -> i64 {
    row.get(item).and_then(|value| value.parse().ok()).unwrap_or(0)
}

/// An item of a row as a day.
pub(super) fn day(row: &Row, item: &str) -> Option<Day> {
    Day::parse(row.get(item)?).ok()
}

/// Whether an item of a row has a value.
pub(super) fn is(row: &Row, item: &str, value: &str) -> bool {
    row.get(item).is_some_and(|known| known == value)
}

/// Whether no day ends the row.
pub(super) fn is_open(row: &Row) -> bool {
    !row.contains_key("shuryobi")
}

/// Whether a row with `kaishibi` and `shuryobi` is valid on a day.
pub(super) fn covers(row: &Row, on: Day) -> bool {
    day(row, "kaishibi").is_none_or(|first| first <= on) && day(row, "shuryobi").is_none_or(|end| on < end)
}

/// The first day on or after this one that is neither a Saturday nor a Sunday. Holidays are another calendar's matter.
pub(super) fn weekday_from(day: Day) -> Day {
    let days = match day.weekday() {
        Weekday::Saturday => 2,
        Weekday::Sunday => 1,
        _ => 0,
    };
    day.add_days(days).unwrap_or(day)
}

/// Splits an amount into parts that are multiples of `unit` yen; the rest goes into the first, or by a mistake into the
/// last one.
pub(super) fn split(total: i64, parts: usize, unit: i64, rest_first: bool) -> Vec<i64> {
    let count = i64::try_from(parts).unwrap_or(1).max(1);
    let each = cut(total / count, unit);
    let mut amounts = vec![each; parts];
    let rest = total - each * count;
    let place = if rest_first {
        amounts.first_mut()
    } else {
        amounts.last_mut()
    };
    if let Some(amount) = place {
        *amount += rest;
    }
    amounts
}

/// The due dates of a request (`nokigen1` to `nokigen4`), carried over to weekdays if `carried`.
pub(super) fn due_dates(desk: &Desk<'_>, carried: bool) -> Vec<Day> {
    let given = ["nokigen1", "nokigen2", "nokigen3", "nokigen4"].into_iter();
    let days = given.filter_map(|item| desk.day(item));
    days.map(|day| if carried { weekday_from(day) } else { day }).collect()
}

/// How a correction goes about instalments that were due before it.
#[derive(Clone, Copy)]
pub(super) struct Correction {
    /// The day of the decision.
    pub(super) decided: Day,
    /// An increase leaves instalments alone that were due already.
    pub(super) spares_past: bool,
    /// A cancelled tax is 0 for these too.
    pub(super) clears_past: bool,
}

/// Brings the instalments to a new total. Those that were due stay as far as possible: an increase is put on the others,
/// a decrease is taken from them first. Gives the instalments that changed.
pub(super) fn correct(instalments: &mut Vec<Row>, total: i64, how: Correction) -> Vec<Row> {
    let is_past = |row: &Row| how.spares_past && day(row, "nokigen").is_some_and(|due| due <= how.decided);
    let past: i64 = instalments
        .iter()
        .filter(|row| is_past(row))
        .map(|row| number(row, "kingaku"))
        .sum();
    let future = instalments.iter().filter(|row| !is_past(row)).count();
    let mut parts = split((total - past).max(0), future, 1_000, true).into_iter();
    let mut too_much = (past - total).max(0);
    let mut changed = Vec::new();
    for row in instalments.iter_mut().rev().filter(|row| is_past(row)) {
        let taken = too_much.min(number(row, "kingaku"));
        if taken > 0 && how.clears_past {
            too_much -= taken;
            let left = number(row, "kingaku") - taken;
            row.insert("kingaku".into(), left.to_string());
            changed.push(row.clone());
        }
    }
    for row in instalments.iter_mut().filter(|row| !is_past(row)) {
        let amount = parts.next().unwrap_or(0);
        if number(row, "kingaku") != amount {
            row.insert("kingaku".into(), amount.to_string());
            changed.push(row.clone());
        }
    }
    let sum: i64 = instalments.iter().map(|row| number(row, "kingaku")).sum();
    if let Some(last) = instalments.last().filter(|_| sum < total) {
        // Nothing is left to fall due.
        let text = |item: &str| last.get(item).map_or("", String::as_str);
        let number = instalments.len() + 1;
        let mut added = further(text("tsuchishobango"), text("nendo"), number, how.decided);
        added.insert("kingaku".into(), (total - sum).to_string());
        instalments.push(added.clone());
        changed.push(added);
    }
    changed
}

/// An instalment as it is told and kept.
pub(super) fn instalment(notice: &str, year: &str, number: usize, due: Day, amount: i64) -> Row {
    row([
        ("tsuchishobango", notice.to_owned()),
        ("nendo", year.to_owned()),
        ("kibetsu", number.to_string()),
        ("nokigen", due.to_string()),
        ("kingaku", amount.to_string()),
    ])
}

/// An instalment of its own for what is added later (随時): due at the end of the month after the decision.
pub(super) fn further(notice: &str, year: &str, number: usize, decided: Day) -> Row {
    let due = decided.add_months(1).unwrap_or(decided).last_of_month();
    instalment(notice, year, number, weekday_from(due), 0)
}

/// What the notices of unit 01 tell about where somebody lives and whether somebody died.
pub(super) fn note_resident(desk: &mut Desk<'_>, event: &str) {
    let subject = desk.subject();
    let moved = desk.text("idobi").to_owned();
    desk.set_note(&subject, "known", "1");
    match event {
        "resident-moved-in" => {
            let birth = desk.text("seinengappi").to_owned();
            desk.set_note(&subject, "seinengappi", birth);
            desk.add(RESIDENCE, &subject, row([("kaishibi", moved)]));
        }
        "resident-moved-out" => desk.change_last(RESIDENCE, &subject, |row| {
            row.insert("shuryobi".into(), moved);
        }),
        "resident-died" => {
            let died = desk.text("shibobi").to_owned();
            desk.set_note(&subject, "shibobi", died);
        }
        "resident-changed" if desk.has("seinengappi") => {
            let birth = desk.text("seinengappi").to_owned();
            desk.set_note(&subject, "seinengappi", birth);
        }
        "resident-change-cancelled" => match desk.text("torikeshi_ido_jiyu") {
            "23" => desk.set_note(&subject, "shibobi", ""),
            "21" | "22" | "26" => desk.change_last(RESIDENCE, &subject, |row| {
                row.remove("shuryobi");
            }),
            "11" | "12" | "16" => {
                desk.retain(RESIDENCE, &subject, |row| !is(row, "kaishibi", &moved));
                desk.set_note(&subject, "tennyu_torikeshi", moved);
            }
            _ => {}
        },
        _ => {}
    }
}

/// Whether somebody lives here on a day.
pub(super) fn lives_here(desk: &Desk<'_>, subject: &str, on: Day) -> bool {
    desk.rows(RESIDENCE, subject).iter().any(|row| covers(row, on))
}

/// Whether somebody has moved out and not come back.
pub(super) fn has_moved_out(desk: &Desk<'_>, subject: &str) -> bool {
    desk.last(RESIDENCE, subject).is_some_and(|row| !is_open(row))
}

/// Whether somebody died before a day.
pub(super) fn died_before(desk: &Desk<'_>, subject: &str, on: Day) -> bool {
    desk.note_day(subject, "shibobi").is_some_and(|died| died < on)
}

/// Internal rows of handbooks of the disabled.
const HANDBOOKS: &str = "#handbooks";

/// What the notices of unit 12 tell about handbooks.
pub(super) fn note_handbook(desk: &mut Desk<'_>) {
    let subject = desk.subject();
    desk.set_note(&subject, "known", "1");
    let kind = desk.text("techo_shurui").to_owned();
    let day = desk.text("idobi").to_owned();
    match desk.text("techo_jotai") {
        "1" => {
            let held = row([("techo_shurui", kind), ("kaishibi", day)]);
            desk.add(HANDBOOKS, &subject, held);
        }
        "4" => desk.change(HANDBOOKS, &subject, |row| {
            if is(row, "techo_shurui", &kind) && is_open(row) {
                row.insert("shuryobi".into(), day.clone());
            }
        }),
        "9" => desk.retain(HANDBOOKS, &subject, |row| !is(row, "techo_shurui", &kind)),
        _ => {}
    }
}

/// Whether somebody holds a handbook on a day.
pub(super) fn holds_handbook(desk: &Desk<'_>, subject: &str, on: Day) -> bool {
    desk.rows(HANDBOOKS, subject).iter().any(|row| covers(row, on))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    fn four() -> Vec<Row> {
        let dues = ["2026-06-30", "2026-08-31", "2026-11-02", "2027-02-01"];
        let amounts = split(155_000, 4, 1_000, true);
        let rows = dues.into_iter().zip(amounts).enumerate();
        rows.map(|(index, (due, amount))| instalment("1", "2026", index + 1, on(due), amount))
            .collect()
    }

    fn amounts(rows: &[Row]) -> Vec<i64> {
        rows.iter().map(|row| number(row, "kingaku")).collect()
    }

    fn how(spares_past: bool, clears_past: bool) -> Correction {
        Correction {
            decided: on("2026-09-10"),
            spares_past,
            clears_past,
        }
    }

    #[test]
    fn the_rest_goes_into_the_first_instalment() {
        assert_eq!(split(155_000, 4, 1_000, true), [41_000, 38_000, 38_000, 38_000]);
        assert_eq!(split(155_500, 12, 100, true)[..2], [13_600, 12_900]);
        assert_eq!(split(155_000, 4, 1_000, false)[3], 41_000);
        assert_eq!(split(500, 0, 1_000, true), Vec::<i64>::new());
    }

    #[test]
    fn a_due_date_is_carried_over_weekends() {
        assert_eq!(weekday_from(on("2027-01-30")), on("2027-02-01"));
        assert_eq!(weekday_from(on("2027-01-31")), on("2027-02-01"));
        assert_eq!(weekday_from(on("2027-02-01")), on("2027-02-01"));
    }

    #[test]
    fn an_increase_spares_what_was_due() {
        let mut rows = four();
        assert_eq!(correct(&mut rows, 175_000, how(true, true)).len(), 2);
        assert_eq!(amounts(&rows), [41_000, 38_000, 48_000, 48_000]);
        let mut rows = four();
        correct(&mut rows, 175_000, how(false, true));
        assert_eq!(amounts(&rows), [46_000, 43_000, 43_000, 43_000]);
    }

    #[test]
    fn an_increase_after_the_last_due_date_is_an_instalment_of_its_own() {
        let mut rows = four();
        let decided = on("2027-03-10");
        let late = Correction {
            decided,
            ..how(true, true)
        };
        let changed = correct(&mut rows, 160_000, late);
        assert_eq!(amounts(&rows), [41_000, 38_000, 38_000, 38_000, 5_000]);
        assert_eq!(changed[0]["nokigen"], "2027-04-30");
        assert_eq!(changed[0]["kibetsu"], "5");
    }

    #[test]
    fn a_decrease_is_taken_from_what_is_not_due_first() {
        let mut rows = four();
        correct(&mut rows, 100_000, how(true, true));
        assert_eq!(amounts(&rows), [41_000, 38_000, 11_000, 10_000]);
        correct(&mut rows, 50_000, how(true, true));
        assert_eq!(amounts(&rows), [41_000, 9_000, 0, 0]);
        assert_eq!(correct(&mut rows, 0, how(true, true)).len(), 2);
        assert_eq!(amounts(&rows), [0, 0, 0, 0]);
        let mut rows = four();
        correct(&mut rows, 0, how(true, false));
        assert_eq!(amounts(&rows), [41_000, 38_000, 0, 0]);
    }
}
