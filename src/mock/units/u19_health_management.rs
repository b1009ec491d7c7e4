//! 19 健康管理: the rules of `conformance/units/19-health-management/unit.toml`.

use super::Row;
use super::desk::{Desk, Refusal, row};
use super::rules::{Business, is_valid};
use crate::standard::unit::Record;
use crate::text::date::age::{first_day_of_age, reached_on, school_entry};
use crate::text::date::{Day, RegisterDate, UnknownDate, YearWritten};

/// The unit.
pub(super) struct Rules;

const VACCINATION: &str = "vaccination";
const CHECKUP: &str = "checkup";
const ELIGIBILITY: &str = "eligibility";
/// Periods of insurance that notices told.
const NHI: &str = "nhi";
const LATE_ELDERLY: &str = "late-elderly";
/// Notes: resident from a day on, until a day.
const SINCE: &str = "since";
const UNTIL: &str = "until";
/// Injected live vaccines.
const LIVE: [&str; 4] = ["V01", "V02", "V03", "V04"];
/// Days that have to lie between two of them.
const INTERVAL: i32 = 27;

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        if desk.note(&subject, SINCE).is_empty() {
            return desk.refuse("E0005", "知らない宛名番号です");
        }
        match id {
            "record-vaccination" => record_vaccination(desk, &subject),
            "cancel-vaccination" => cancel_vaccination(desk, &subject),
            "record-checkup" => record_checkup(desk, &subject),
            _ => issue_voucher(desk, &subject),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        match event {
            "nhi-qualification-changed" => insurance(desk, &subject, NHI, "kokuho_ido_kubun"),
            "late-elderly-qualification-changed" => insurance(desk, &subject, LATE_ELDERLY, "koki_ido_kubun"),
            "school-enrolment-notified" => school(desk, &subject),
            _ => resident(desk, &subject, event),
        }
        Ok(())
    }

    fn inquiry(&self, desk: &Desk<'_>, record: &Record, day: Option<Day>) -> Vec<Row> {
        let subject = desk.subject();
        let rows = match record.id.as_str() {
            ELIGIBILITY => eligibility(desk, &subject),
            other => desk.rows(other, &subject).to_vec(),
        };
        let fits = |row: &Row| day.is_none_or(|day| is_valid(record, row, day));
        rows.into_iter().filter(fits).collect()
    }
}

// --- notices ---

fn resident(desk: &mut Desk<'_>, subject: &str, event: &str) {
    let day = desk.text("idobi").to_owned();
    match event {
        "resident-moved-in" => {
            keep(desk, subject);
            desk.set_note(subject, SINCE, day);
            desk.set_note(subject, UNTIL, "");
        }
        "resident-born" => {
            keep(desk, subject);
            let birth = desk.text("seinengappi").to_owned();
            desk.set_note(subject, SINCE, birth);
        }
        "resident-moved-out" if desk.obeys("UNIT-19-R12") => desk.set_note(subject, UNTIL, day),
        "resident-died" => {
            let died = desk.text("shibobi").to_owned();
            desk.set_note(subject, UNTIL, died.clone());
            desk.set_note(subject, "shibobi", died);
        }
        "resident-changed" if desk.obeys("UNIT-19-R15") => keep(desk, subject),
        "resident-change-cancelled" if desk.obeys("UNIT-19-R13") => cancelled(desk, subject, &day),
        _ => {}
    }
}

/// Keeps what decides about eligibility.
fn keep(desk: &mut Desk<'_>, subject: &str) {
    for item in ["seinengappi", "seibetsu"] {
        if desk.has(item) {
            let value = desk.text(item).to_owned();
            desk.set_note(subject, item, value);
        }
    }
}

/// A cancelled move-in or birth has never been; after a cancelled move-out or death the person is there again.
fn cancelled(desk: &mut Desk<'_>, subject: &str, day: &str) {
    if desk.note(subject, UNTIL) == day {
        desk.set_note(subject, UNTIL, "");
        desk.set_note(subject, "shibobi", "");
    } else if desk.note(subject, SINCE) == day {
        desk.set_note(subject, SINCE, "");
    }
}

/// Codes 1 acquired, 2 lost, 3 acquisition cancelled, 4 loss cancelled.
fn insurance(desk: &mut Desk<'_>, subject: &str, kind: &str, item: &str) {
    let day = desk.text("idobi").to_owned();
    match desk.text(item) {
        "1" => desk.add(kind, subject, row([("kaishibi", day)])),
        "2" => desk.change_last(kind, subject, |row| {
            row.insert("shuryobi".into(), day);
        }),
        "3" => desk.retain(kind, subject, |row| row.get("kaishibi") != Some(&day)),
        _ => desk.change_last(kind, subject, |row| {
            row.remove("shuryobi");
        }),
    }
}

fn school(desk: &mut Desk<'_>, subject: &str) {
    match desk.text("shugaku_kubun") {
        "1" => {
            let day = desk.text("nyugakubi").to_owned();
            desk.set_note(subject, "nyugakubi", day);
        }
        "9" => desk.set_note(subject, "nyugakubi", ""),
        _ => {}
    }
}

// --- procedures ---

fn record_vaccination(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let business = desk.text("hokenjigyo").to_owned();
    if !business.starts_with('V') {
        return desk.refuse("E0004", "予防接種の保健事業コードではありません");
    }
    check_life(desk, subject, "sesshubi")?;
    let dose = desk.text("sesshu_kaisu").to_owned();
    let same = |row: &Row| row.get("hokenjigyo") == Some(&business) && row.get("sesshu_kaisu") == Some(&dose);
    let is_new = !desk.rows(VACCINATION, subject).iter().any(same);
    desk.demand("UNIT-19-R09", is_new, "同じ回の接種が記録済みです")?;
    desk.demand(
        "UNIT-19-R10",
        keeps_interval(desk, subject, &business),
        "注射生ワクチンの接種間隔が足りません",
    )?;
    let inside = desk
        .day("sesshubi")
        .is_some_and(|day| is_eligible(desk, subject, &business, day));
    let is_routine = inside || !desk.obeys("UNIT-19-R19");
    let mut row = desk.row_for(VACCINATION);
    row.insert("sesshu_kubun".into(), if is_routine { "1" } else { "2" }.into());
    desk.add(VACCINATION, subject, row);
    Ok(())
}

/// Not before birth, not after death.
fn check_life(desk: &Desk<'_>, subject: &str, item: &str) -> Result<(), Refusal> {
    let day = desk.day(item);
    let born = desk.note_day(subject, "seinengappi");
    let died = desk.note_day(subject, "shibobi");
    let fits = born.is_none_or(|born| day >= Some(born)) && died.is_none_or(|died| day <= Some(died));
    desk.demand("UNIT-19-R11", fits, "出生前又は死亡後の日付です")
}

fn keeps_interval(desk: &Desk<'_>, subject: &str, business: &str) -> bool {
    let Some(day) = desk.day("sesshubi").filter(|_| LIVE.contains(&business)) else {
        return true;
    };
    let others = desk.rows(VACCINATION, subject).iter();
    let live = others.filter(|row| {
        row.get("hokenjigyo")
            .is_some_and(|other| LIVE.contains(&other.as_str()))
    });
    let mut days = live.filter_map(|row| Day::parse(row.get("sesshubi")?).ok());
    days.all(|other| {
        let apart = (day.number() - other.number()).abs();
        apart == 0 || apart > INTERVAL
    })
}

fn cancel_vaccination(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let business = desk.text("hokenjigyo").to_owned();
    let dose = desk.text("sesshu_kaisu").to_owned();
    let same = |row: &Row| row.get("hokenjigyo") == Some(&business) && row.get("sesshu_kaisu") == Some(&dose);
    let is_there = desk.rows(VACCINATION, subject).iter().any(same);
    desk.demand("UNIT-19-R14", is_there, "接種の記録がありません")?;
    if desk.obeys("UNIT-19-R14") {
        desk.retain(VACCINATION, subject, |row| !same(row));
    }
    Ok(())
}

fn record_checkup(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    if !desk.text("hokenjigyo").starts_with('K') {
        return desk.refuse("E0004", "健診の保健事業コードではありません");
    }
    check_life(desk, subject, "jisshibi")?;
    let row = desk.row_for(CHECKUP);
    desk.add(CHECKUP, subject, row);
    Ok(())
}

fn issue_voucher(desk: &Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let business = desk.text("hokenjigyo");
    let fits = desk
        .day("hakkobi")
        .is_some_and(|day| is_eligible(desk, subject, business, day));
    desk.demand("UNIT-19-R16", fits, "発行日に対象ではありません")
}

// --- eligibility ---

/// From a day on, until a day on which it is over.
type Period = (Day, Option<Day>);

fn is_eligible(desk: &Desk<'_>, subject: &str, business: &str, day: Day) -> bool {
    let mut periods = periods_of(desk, subject, business).into_iter();
    periods.any(|(from, until)| from <= day && until.is_none_or(|until| day < until))
}

fn eligibility(desk: &Desk<'_>, subject: &str) -> Vec<Row> {
    let all = ["V01", "V02", "V03", "V04", "V05", "V06", "V07", "K01", "K02", "K03"];
    let mut rows = Vec::new();
    for business in all {
        for (from, until) in periods_of(desk, subject, business) {
            rows.push(row([
                ("atenabango", subject.to_owned()),
                ("hokenjigyo", business.to_owned()),
                ("kaishibi", from.to_string()),
                ("shuryobi", until.map_or_else(String::new, |day| day.to_string())),
            ]));
        }
    }
    rows
}

fn periods_of(desk: &Desk<'_>, subject: &str, business: &str) -> Vec<Period> {
    let person = Person {
        birth: birth(desk, subject),
        is_female: desk.note(subject, "seibetsu") == "2",
        enters_school: desk
            .note_day(subject, "nyugakubi")
            .filter(|_| desk.obeys("UNIT-19-R18")),
    };
    let periods = match business {
        "K01" => specific_checkup(desk, subject, &person),
        "K02" if desk.obeys("UNIT-19-R07") => insured(desk, subject, LATE_ELDERLY),
        "K02" => Vec::new(),
        "K03" => cervical(desk, subject, &person),
        vaccine => vaccine_period(desk, &person, vaccine).into_iter().collect(),
    };
    while_resident(desk, subject, periods)
}

struct Person {
    birth: Option<Day>,
    is_female: bool,
    enters_school: Option<Day>,
}

fn birth(desk: &Desk<'_>, subject: &str) -> Option<Day> {
    let written = desk.note(subject, "seinengappi");
    let date = RegisterDate::parse(written)?;
    match &date {
        RegisterDate::Unknown(unknown) if !desk.obeys("UNIT-19-R17") => assumed(unknown),
        _ => date.known_day(),
    }
}

/// 1 January of the year that is written: what a product invents that breaks the rule.
fn assumed(unknown: &UnknownDate) -> Option<Day> {
    let year = match unknown.year()? {
        YearWritten::Era(era, year) => era.gregorian_year(year)?,
        YearWritten::Western(year) => year,
    };
    Day::new(year, 1, 1).ok()
}

fn vaccine_period(desk: &Desk<'_>, person: &Person, vaccine: &str) -> Option<Period> {
    if vaccine == "V03" {
        let entry = match person.enters_school {
            Some(day) => day,
            None => school_begins(desk, person.birth?)?,
        };
        return Some((entry.add_years(-1)?, Some(entry)));
    }
    let birth = person.birth?;
    match vaccine {
        // 1歳に至るまで: the day before the birthday is the last.
        "V01" if desk.obeys("UNIT-19-R01") => Some((birth, first_day_of_age(birth, 1))),
        "V01" => Some((birth, first_day_of_age(birth, 1)?.next())),
        "V02" if desk.obeys("UNIT-19-R02") => Some((reached_on(birth, 1)?, first_day_of_age(birth, 2))),
        "V02" => Some((first_day_of_age(birth, 1)?, first_day_of_age(birth, 2))),
        "V04" => Some((reached_on(birth, 1)?, first_day_of_age(birth, 3))),
        "V05" if person.is_female || !desk.obeys("UNIT-19-R04") => {
            let first = Day::new(reached_on(birth, 12)?.fiscal_year(), 4, 1).ok()?;
            Some((first, reached_on(birth, 16)?.end_of_fiscal_year()?.next()))
        }
        "V06" if desk.obeys("UNIT-19-R05") => Some((reached_on(birth, 65)?, first_day_of_age(birth, 66))),
        "V06" | "V07" => Some((reached_on(birth, 65)?, None)),
        _ => None,
    }
}

fn school_begins(desk: &Desk<'_>, birth: Day) -> Option<Day> {
    if desk.obeys("UNIT-19-R03") {
        return school_entry(birth);
    }
    // Takes the birthday for the day of reaching six, so that 1 April falls into the later year.
    first_day_of_age(birth, 6)?.next()?.next_beginning_of_fiscal_year()
}

fn specific_checkup(desk: &Desk<'_>, subject: &str, person: &Person) -> Vec<Period> {
    let Some(reached) = person.birth.and_then(|birth| reached_on(birth, 40)) else {
        return Vec::new();
    };
    let Ok(first) = Day::new(reached.fiscal_year(), 4, 1) else {
        return Vec::new();
    };
    let mut periods = insured(desk, subject, NHI);
    if !desk.obeys("UNIT-19-R06") {
        for period in &mut periods {
            period.1 = None;
        }
    }
    let late = insured(desk, subject, LATE_ELDERLY).first().map(|(from, _)| *from);
    let late = late.filter(|_| desk.obeys("UNIT-19-R07"));
    periods
        .into_iter()
        .filter_map(|period| cut(period, Some(first), late))
        .collect()
}

fn cervical(desk: &Desk<'_>, subject: &str, person: &Person) -> Vec<Period> {
    let first = person.birth.and_then(|birth| reached_on(birth, 20));
    let Some(first) = first.filter(|_| person.is_female) else {
        return Vec::new();
    };
    let mut periods = vec![(first, None)];
    if !desk.obeys("UNIT-19-R08") {
        return periods;
    }
    let screened = desk.rows(CHECKUP, subject).iter();
    let screened = screened.filter(|row| row.get("hokenjigyo").is_some_and(|kind| kind == "K03"));
    for day in screened.filter_map(|row| Day::parse(row.get("jisshibi")?).ok()) {
        let again = Day::new(day.fiscal_year() + 2, 4, 1).ok();
        let parts = periods
            .into_iter()
            .flat_map(|period| [cut(period, None, Some(day)), cut(period, again, None)]);
        periods = parts.flatten().collect();
    }
    periods
}

/// Periods of insurance.
fn insured(desk: &Desk<'_>, subject: &str, kind: &str) -> Vec<Period> {
    let rows = desk.rows(kind, subject).iter();
    let day = |row: &Row, item: &str| Day::parse(row.get(item)?).ok();
    rows.filter_map(|row| Some((day(row, "kaishibi")?, day(row, "shuryobi"))))
        .collect()
}

fn while_resident(desk: &Desk<'_>, subject: &str, periods: Vec<Period>) -> Vec<Period> {
    let since = desk.note(subject, SINCE);
    let until = desk.note(subject, UNTIL);
    let end = desk.note_day(subject, UNTIL);
    // Nobody is eligible whose day of leaving is unknown.
    if since.is_empty() || (!until.is_empty() && end.is_none()) {
        return Vec::new();
    }
    let begin = desk.note_day(subject, SINCE);
    periods
        .into_iter()
        .filter_map(|period| cut(period, begin, end))
        .collect()
}

/// The part of a period from one day on and before another; nothing if it is empty.
fn cut((from, until): Period, first: Option<Day>, end: Option<Day>) -> Option<Period> {
    let from = first.map_or(from, |first| first.max(from));
    let until = match (until, end) {
        (Some(until), Some(end)) => Some(until.min(end)),
        (until, end) => until.or(end),
    };
    until.is_none_or(|until| from < until).then_some((from, until))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).expect(text)
    }

    #[test]
    fn a_period_is_cut_at_both_ends_and_never_empty() {
        let year = (day("2026-04-01"), Some(day("2027-04-01")));
        let cut_to = |first, end| cut(year, first, end);
        assert_eq!(cut_to(None, None), Some(year));
        let middle = cut_to(Some(day("2026-06-01")), Some(day("2026-07-01")));
        assert_eq!(middle, Some((day("2026-06-01"), Some(day("2026-07-01")))));
        assert_eq!(cut_to(None, Some(day("2026-04-01"))), None);
        assert_eq!(cut_to(Some(day("2027-04-01")), None), None);
        assert_eq!(
            cut((day("2026-04-01"), None), None, None),
            Some((day("2026-04-01"), None))
        );
    }
}
