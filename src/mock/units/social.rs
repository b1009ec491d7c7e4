//! What the units of social insurance and assistance (10, 11, 13, 14, 16) know alike: residence, household, public
//! assistance, income, arrears and premiums by months.

use super::Row;
use super::desk::{Desk, Refusal, row};
use crate::text::date::Day;

/// A change of residence or household that a notice told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Move {
    In(Day),
    Within(Day),
    /// The day, and whether abroad.
    Out(Day, bool),
    Born(Day),
    Died(Day),
    /// Name, date of birth or the like.
    Data(Day),
    Household(Day),
    Cancelled(Undone, Day),
    Other,
}

/// What a cancellation takes back.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Undone {
    In,
    Out,
    Death,
    Other,
}

/// First day of residence.
const IN: &str = "nyuju_bi";
/// Day of moving out; with where to.
const OUT: &str = "tenshutsu_bi";
const ABROAD: &str = "kokugai_tenshutsu";
const DEATH: &str = "shibobi";
/// Log of public assistance.
const ASSISTANCE: &str = "seiho_rireki";

/// The subject of a procedure, if the unit knows it.
pub(super) fn known_subject(desk: &Desk<'_>) -> Result<String, Refusal> {
    let subject = desk.subject();
    if desk.knows(&subject) {
        return Ok(subject);
    }
    desk.refuse("E0005", "nobody with this number is known")
}

/// A day that the item table requires.
pub(super) fn day(desk: &Desk<'_>, item: &str) -> Result<Day, Refusal> {
    match desk.day(item) {
        Some(day) => Ok(day),
        None => desk.refuse("E0002", &format!("{item} is no day")),
    }
}

/// Refuses days that contradict each other.
pub(super) fn in_order(desk: &Desk<'_>, earlier: Day, later: Day) -> Result<(), Refusal> {
    if earlier <= later {
        return Ok(());
    }
    desk.refuse("E0008", "the days contradict each other")
}

/// The day after, within the calendar.
pub(super) fn next(day: Day) -> Day {
    day.next().unwrap_or(day)
}

/// The day before, within the calendar.
pub(super) fn before(day: Day) -> Day {
    day.previous().unwrap_or(day)
}

/// `YYYY-MM` of a day.
pub(super) fn month_text(day: Day) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

/// First day of a month that is written `YYYY-MM`.
pub(super) fn month(text: &str) -> Option<Day> {
    Day::parse(&format!("{text}-01")).ok()
}

/// First day of the month so many months later.
pub(super) fn months_later(day: Day, months: i32) -> Day {
    day.first_of_month().add_months(months).unwrap_or(day)
}

/// The last days of the twelve months of a fiscal year.
pub(super) fn month_ends(fiscal_year: i64) -> Vec<Day> {
    let first = u16::try_from(fiscal_year)
        .ok()
        .and_then(|year| Day::new(year, 4, 1).ok());
    let Some(first) = first else {
        return Vec::new();
    };
    (0..12)
        .map(|months| months_later(first, months).last_of_month())
        .collect()
}

/// Notes what a notice of unit 01 tells, and says what it was.
pub(super) fn residence(desk: &mut Desk<'_>, event: &str) -> Move {
    let subject = desk.subject();
    let on = |desk: &Desk<'_>, item: &str| desk.day(item);
    match event {
        "resident-moved-in" => {
            note_person(desk, &subject);
            let Some(day) = on(desk, "idobi") else {
                return Move::Other;
            };
            desk.set_note(&subject, IN, day.to_string());
            desk.set_note(&subject, OUT, "");
            Move::In(day)
        }
        "resident-born" => {
            note_person(desk, &subject);
            let Some(day) = on(desk, "seinengappi") else {
                return Move::Other;
            };
            desk.set_note(&subject, IN, day.to_string());
            Move::Born(day)
        }
        "resident-moved-within" => {
            note_person(desk, &subject);
            on(desk, "idobi").map_or(Move::Other, Move::Within)
        }
        "resident-moved-out" => {
            note_if_new(desk, &subject);
            let Some(day) = on(desk, "idobi") else {
                return Move::Other;
            };
            let abroad = desk.text("ido_jiyu") == "22";
            let code = desk.text("tenshutsusaki_shikuchosonkodo").to_owned();
            desk.set_note(&subject, OUT, day.to_string());
            desk.set_note(&subject, ABROAD, if abroad { "1" } else { "" });
            desk.set_note(&subject, "tenshutsusaki", code);
            Move::Out(day, abroad)
        }
        "resident-died" => {
            note_if_new(desk, &subject);
            let Some(day) = on(desk, "shibobi") else {
                return Move::Other;
            };
            desk.set_note(&subject, DEATH, day.to_string());
            Move::Died(day)
        }
        "resident-changed" => {
            note_person(desk, &subject);
            on(desk, "idobi").map_or(Move::Other, Move::Data)
        }
        "household-changed" => {
            note_person(desk, &subject);
            on(desk, "idobi").map_or(Move::Other, Move::Household)
        }
        "resident-change-cancelled" => cancelled(desk, &subject),
        _ => Move::Other,
    }
}

fn cancelled(desk: &mut Desk<'_>, subject: &str) -> Move {
    note_person(desk, subject);
    let undone = match desk.text("torikeshi_ido_jiyu") {
        "11" | "12" | "13" | "14" | "15" | "16" => Undone::In,
        "21" | "22" | "24" | "25" | "26" => Undone::Out,
        "23" => Undone::Death,
        _ => Undone::Other,
    };
    let note = match undone {
        Undone::In => IN,
        Undone::Out => OUT,
        Undone::Death => DEATH,
        Undone::Other => "",
    };
    if !note.is_empty() {
        desk.set_note(subject, note, "");
    }
    desk.day("idobi")
        .map_or(Move::Other, |day| Move::Cancelled(undone, day))
}

/// Notes the items about the person that the notice has.
fn note_person(desk: &mut Desk<'_>, subject: &str) {
    note_if_new(desk, subject);
    for item in [
        "seinengappi",
        "jumin_shubetsu",
        "setaibango",
        "setainushi_atenabango",
        "jusho_shikuchosonkodo",
    ] {
        if desk.has(item) {
            let value = desk.text(item).to_owned();
            desk.set_note(subject, item, value);
        }
    }
}

/// Makes somebody known.
pub(super) fn note_if_new(desk: &mut Desk<'_>, subject: &str) {
    desk.set_note(subject, "shitteiru", "1");
}

/// Date of birth, if it is known to the day.
pub(super) fn birth(desk: &Desk<'_>, subject: &str) -> Option<Day> {
    desk.note_day(subject, "seinengappi")
}

/// First day of residence.
pub(super) fn moved_in(desk: &Desk<'_>, subject: &str) -> Option<Day> {
    desk.note_day(subject, IN)
}

/// Day of moving out, and whether abroad.
pub(super) fn moved_out(desk: &Desk<'_>, subject: &str) -> Option<(Day, bool)> {
    let day = desk.note_day(subject, OUT)?;
    Some((day, desk.note(subject, ABROAD) == "1"))
}

/// Whether somebody moved to a municipality of the same prefecture.
pub(super) fn within_prefecture(desk: &Desk<'_>, subject: &str) -> bool {
    let prefecture = |note| desk.note(subject, note).get(..2).map(str::to_owned);
    let to = prefecture("tenshutsusaki");
    to.is_some() && to == prefecture("jusho_shikuchosonkodo")
}

/// Day of death.
pub(super) fn died(desk: &Desk<'_>, subject: &str) -> Option<Day> {
    desk.note_day(subject, DEATH)
}

/// Number of the head of household; somebody without one is the head.
pub(super) fn head_of(desk: &Desk<'_>, subject: &str) -> String {
    match desk.note(subject, "setainushi_atenabango") {
        "" => subject.to_owned(),
        head => head.to_owned(),
    }
}

/// Everybody whose head somebody is, the head included.
pub(super) fn members_of(desk: &Desk<'_>, head: &str) -> Vec<String> {
    let mut members = desk.noted_by("setainushi_atenabango", head);
    if head_of(desk, head) == head && !members.iter().any(|member| member == head) {
        members.push(head.to_owned());
    }
    members
}

/// Everybody with the household number of somebody; only that person where it is not known.
pub(super) fn household(desk: &Desk<'_>, subject: &str) -> Vec<String> {
    match desk.note(subject, "setaibango") {
        "" => vec![subject.to_owned()],
        number => desk.noted_by("setaibango", number),
    }
}

/// Notes a change of public assistance.
pub(super) fn note_assistance(desk: &mut Desk<'_>) {
    let subject = desk.subject();
    note_if_new(desk, &subject);
    let kind = desk.text("seiho_ido_kubun").to_owned();
    let Some(day) = desk.day("idobi") else {
        return;
    };
    let mut entries = assistance_log(desk, &subject);
    if kind == "5" {
        entries.retain(|(since, _)| *since < day);
    } else {
        entries.push((day, matches!(kind.as_str(), "1" | "3")));
        entries.sort_by_key(|(day, _)| *day);
    }
    let text: Vec<String> = entries
        .iter()
        .map(|(day, received)| format!("{day}={}", u8::from(*received)))
        .collect();
    desk.set_note(&subject, ASSISTANCE, text.join(";"));
}

fn assistance_log(desk: &Desk<'_>, subject: &str) -> Vec<(Day, bool)> {
    let entries = desk.note(subject, ASSISTANCE).split(';');
    entries
        .filter_map(|entry| {
            let (day, received) = entry.split_once('=')?;
            Some((Day::parse(day).ok()?, received == "1"))
        })
        .collect()
}

/// Whether public assistance is received on a day; suspended is not received.
pub(super) fn assisted_on(desk: &Desk<'_>, subject: &str, day: Day) -> bool {
    let log = assistance_log(desk, subject);
    let last = log.iter().rev().find(|(since, _)| *since <= day);
    last.is_some_and(|(_, received)| *received)
}

/// Periods in which public assistance is received: first day, and the day on which it is not any more.
pub(super) fn assistance_periods(desk: &Desk<'_>, subject: &str) -> Vec<(Day, Option<Day>)> {
    let mut periods: Vec<(Day, Option<Day>)> = Vec::new();
    for (day, received) in assistance_log(desk, subject) {
        let open = periods.last_mut().filter(|(_, until)| until.is_none());
        match (open, received) {
            (Some(period), false) => period.1 = Some(day),
            (None, true) => periods.push((day, None)),
            _ => {}
        }
    }
    periods
}

/// Notes an income that was determined or corrected.
pub(super) fn note_income(desk: &mut Desk<'_>) {
    let subject = desk.subject();
    note_if_new(desk, &subject);
    let undeclared = desk.text("kazei_kubun") == "0";
    let amount = if undeclared {
        String::new()
    } else {
        desk.text("soshotoku_kingakuto").to_owned()
    };
    let note = format!("shotoku_{}", desk.text("nendo"));
    desk.set_note(&subject, &note, amount);
}

/// Income of a fiscal year, if it is known.
pub(super) fn income(desk: &Desk<'_>, subject: &str, fiscal_year: i64) -> Option<i64> {
    desk.note(subject, &format!("shotoku_{fiscal_year}")).parse().ok()
}

/// Notes arrears with one kind of premium.
pub(super) fn note_arrears(desk: &mut Desk<'_>, kind: &str) {
    let subject = desk.subject();
    note_if_new(desk, &subject);
    if desk.text("kamoku") != kind {
        return;
    }
    let settled = desk.text("taino_jotai") == "0";
    let day = desk.text("idobi").to_owned();
    desk.set_note(&subject, "taino", if settled { "" } else { "1" });
    if settled {
        desk.set_note(&subject, "sochi_shuryo", day);
    }
}

/// Whether somebody is known to be in arrears.
pub(super) fn in_arrears(desk: &Desk<'_>, subject: &str) -> bool {
    desk.note(subject, "taino") == "1"
}

/// Notes a measure because of arrears from a day on; it ends when they are settled.
pub(super) fn take_measure(desk: &mut Desk<'_>, subject: &str, since: Day) {
    desk.set_note(subject, "sochi_kaishi", since.to_string());
    desk.set_note(subject, "sochi_shuryo", "");
}

/// Whether a measure because of arrears holds on a day; without a day, whether it has not ended.
pub(super) fn measure_on(desk: &Desk<'_>, subject: &str, day: Option<Day>) -> bool {
    let Some(since) = desk.note_day(subject, "sochi_kaishi") else {
        return false;
    };
    let until = desk.note_day(subject, "sochi_shuryo");
    match day {
        Some(day) => since <= day && until.is_none_or(|until| day < until),
        None => until.is_none(),
    }
}

/// Whether a levy is decided before two years have passed from the day after the year's first due date.
pub(super) fn levied_in_time(desk: &Desk<'_>) -> Result<bool, Refusal> {
    let due = day(desk, "saisho_nokigen")?;
    let decided = day(desk, "ketteibi")?;
    Ok(next(due).add_years(2).is_none_or(|limit| decided < limit))
}

/// Puts a levy in place of one with the same number, or beside the others.
pub(super) fn put_levy(desk: &mut Desk<'_>, record: &str, subject: &str, levy: Row) {
    let number = levy.get("tsuchishobango").cloned().unwrap_or_default();
    desk.retain(record, subject, |known| known.get("tsuchishobango") != Some(&number));
    desk.add(record, subject, levy);
}

/// What collection is told of a levy.
pub(super) fn levy_notice(levy: &Row) -> Row {
    let item = |name: &str| levy.get(name).cloned().unwrap_or_default();
    row([
        ("tsuchishobango", item("tsuchishobango")),
        ("nendo", item("nendo")),
        ("kibetsu", item("kibetsu")),
        ("nokigen", item("nokigen")),
        ("kingaku", item("kingaku")),
        ("ketteibi", item("ketteibi")),
    ])
}

/// A number in a row; 0 if it is not there.
pub(super) fn number(row: &Row, item: &str) -> i64 {
    row.get(item).and_then(|value| value.parse().ok()).unwrap_or(0)
}

/// A day in a row.
pub(super) fn day_in(row: &Row, item: &str) -> Option<Day> {
    Day::parse(row.get(item)?).ok()
}

/// Periods without the days of others: each is its first day and the day on which it ends.
pub(super) fn without(periods: Vec<(Day, Day)>, others: &[(Day, Option<Day>)]) -> Vec<(Day, Day)> {
    let mut left = periods;
    for (from, until) in others {
        let until = until.unwrap_or(Day::LAST);
        let mut rest = Vec::new();
        for (start, end) in left {
            if start < *from {
                rest.push((start, end.min(*from)));
            }
            if until < end {
                rest.push((start.max(until), end));
            }
        }
        left = rest;
    }
    left.retain(|(start, end)| start < end);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    fn on(text: &str) -> Day {
        Day::parse(text).expect("a day")
    }

    #[test]
    fn periods_lose_the_days_of_others() {
        let whole = vec![(on("2026-01-01"), Day::LAST)];
        let gap = (on("2026-03-01"), Some(on("2026-04-01")));
        let left = without(whole.clone(), &[gap]);
        assert_eq!(
            left,
            [(on("2026-01-01"), on("2026-03-01")), (on("2026-04-01"), Day::LAST)]
        );
        assert_eq!(without(whole, &[(on("2025-01-01"), None)]), []);
    }

    #[test]
    fn a_fiscal_year_has_twelve_month_ends() {
        let ends = month_ends(2026);
        assert_eq!(ends.len(), 12);
        assert_eq!((ends[0], ends[11]), (on("2026-04-30"), on("2027-03-31")));
    }
}
