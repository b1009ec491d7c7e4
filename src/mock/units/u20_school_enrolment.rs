//! 20 就学: the rules of `conformance/units/20-school-enrolment/unit.toml`.
//!
//! The register is computed from birth, residence, designations and deferrals when it is asked for.

use super::Row;
use super::desk::{Desk, Refusal, row};
use super::rules::Business;
use super::welfare::{
    Hearing, birth, day_after, day_of, days, earliest, first_since, grant, hear, income, known, on_day, printed,
    row_day, row_text,
};
use crate::standard::unit::Record;
use crate::text::date::Day;
use crate::text::date::age::{end_of_fiscal_year_of_age, first_day_of_age, school_entry};

const CHILD: &str = "schoolchild";
const AID: &str = "school-aid";
/// Schools: number, from when on, and the kind of enrolment.
const SCHOOL: &str = "school";
/// Deferrals and exemptions.
const DEFERRAL: &str = "deferral";
/// Nationality of Japan.
const JAPAN: &str = "392";
/// Years of elementary school.
const ELEMENTARY_YEARS: i32 = 6;

/// The unit.
pub(super) struct Rules;

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        known(desk, &subject)?;
        match id {
            "designate" => designate(desk, &subject),
            "change-school" => change_school(desk, &subject),
            "accept-foreign" => {
                desk.set_note(&subject, "applied", "1");
                Ok(())
            }
            "defer" => defer(desk, &subject),
            _ => apply_for_aid(desk, &subject),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        match event {
            "assistance-changed" => assistance(desk, &subject),
            "child-rearing-allowance-changed" => {
                let class = desk.text("jidofuyo_jotai").to_owned();
                desk.set_note(&subject, "allowance", class);
            }
            _ => {
                let how = Hearing {
                    restores: desk.obeys("UNIT-20-R18"),
                    corrects: desk.obeys("UNIT-20-R19"),
                };
                hear(desk, event, &how);
            }
        }
        if event == "resident-moved-within" && !desk.obeys("UNIT-20-R05") {
            desk.retain(SCHOOL, &subject, |_| false);
        }
        Ok(())
    }

    fn inquiry(&self, desk: &Desk<'_>, record: &Record, day: Option<Day>) -> Vec<Row> {
        let subject = desk.subject();
        if record.id == CHILD {
            return on_day(register(desk, &subject), day);
        }
        on_day(desk.rows(AID, &subject).to_vec(), day)
    }
}

/// 1 April on which a child enters elementary school: by age, or after a deferral.
fn entry(desk: &Desk<'_>, subject: &str) -> Option<Day> {
    let by_age = school_entry(birth(desk, subject)?)?;
    let deferred = desk.rows(DEFERRAL, subject).iter().filter_map(|deferral| {
        let (from, until) = (row_day(deferral, "kaishibi")?, row_day(deferral, "shuryobi")?);
        (from <= by_age && by_age < until).then_some(until)
    });
    match deferred.max().filter(|_| desk.obeys("UNIT-20-R08")) {
        Some(until) => until.next_beginning_of_fiscal_year(),
        None => Some(by_age),
    }
}

fn designate(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let Some(entry) = entry(desk, subject) else {
        return desk.refuse("E0005", "the date of birth is not known");
    };
    let (enters, told) = (day_of(desk, "nyugakubi")?, day_of(desk, "shugaku_tsuchibi")?);
    let kind = desk.text("shugaku_kubun").to_owned();
    let accepted = !is_foreign(desk, subject) || desk.note(subject, "applied") == "1";
    desk.demand("UNIT-20-R10", accepted, "a foreign child enters on application")?;
    let deferrals = desk.rows(DEFERRAL, subject).to_vec();
    let is_deferred = !on_day(deferrals, Some(enters)).is_empty();
    desk.demand("UNIT-20-R08", !is_deferred, "deferred or exempted on that day")?;
    match kind.as_str() {
        "1" => desk.demand("UNIT-20-R01", enters == entry, "not the first April 1 after reaching 6")?,
        "2" => {
            let later = entry.add_years(ELEMENTARY_YEARS);
            desk.demand("UNIT-20-R12", later == Some(enters), "not six years after the entry")?;
        }
        _ => {}
    }
    if matches!(kind.as_str(), "1" | "2") {
        in_time(desk, subject, enters, told)?;
        let before = desk
            .rows(SCHOOL, subject)
            .iter()
            .any(|school| row_text(school, "shugaku_kubun") == kind);
        desk.demand(
            "UNIT-20-R11",
            !before,
            "designated already; another school takes a change",
        )?;
    }
    enrol(desk, subject, &kind, enters);
    Ok(())
}

/// By January 31, except for whoever became a resident later (施行令5条).
fn in_time(desk: &Desk<'_>, subject: &str, enters: Day, told: Day) -> Result<(), Refusal> {
    let Ok(last) = Day::new(enters.year(), 1, 31) else {
        return Ok(());
    };
    let came_later = days(desk, subject, "since").last().is_some_and(|since| *since > last);
    desk.demand("UNIT-20-R04", told <= last || came_later, "later than January 31")
}

/// Whether somebody is told not to be Japanese.
fn is_foreign(desk: &Desk<'_>, subject: &str) -> bool {
    let nationality = desk.note(subject, "kokuseki");
    desk.note(subject, "jumin_shubetsu") == "2" || !nationality.is_empty() && nationality != JAPAN
}

/// Keeps the school and tells health management.
fn enrol(desk: &mut Desk<'_>, subject: &str, kind: &str, day: Day) {
    let school = desk.text("gakkobango").to_owned();
    let items = [
        ("gakkobango", school.clone()),
        ("kaishibi", day.to_string()),
        ("shugaku_kubun", kind.to_owned()),
    ];
    grant(desk, SCHOOL, subject, items);
    let content = row([
        ("shugaku_kubun", kind.to_owned()),
        ("gakkobango", school),
        ("nyugakubi", day.to_string()),
    ]);
    let to: &[u8] = if desk.obeys("UNIT-20-R17") {
        &[19]
    } else {
        &[15, 16, 19]
    };
    desk.tell_to("school-enrolment-notified", subject, content, to);
}

fn change_school(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let day = day_of(desk, "idobi")?;
    let out = days(desk, subject, "out").into_iter().rfind(|out| *out <= day);
    let is_away = out.is_some_and(|out| first_since(desk, subject, "since", out).is_none_or(|back| day < back));
    let agreed = !is_away || desk.text("kyogi_flag") == "1";
    desk.demand(
        "UNIT-20-R07",
        agreed,
        "the other municipality has not agreed (施行令9条)",
    )?;
    enrol(desk, subject, "3", day);
    Ok(())
}

fn defer(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let has_end = desk.text("yuyo_kubun") == "2" || desk.has("shuryobi");
    desk.demand("UNIT-20-R09", has_end, "a deferral needs an end")?;
    let (from, until) = (day_of(desk, "kaishibi")?, desk.day("shuryobi"));
    if until.is_some_and(|until| until <= from) {
        return desk.refuse("E0008", "it ends before it begins");
    }
    let items = [
        ("yuyo_kubun", desk.text("yuyo_kubun").to_owned()),
        ("kaishibi", from.to_string()),
        ("shuryobi", printed(until)),
    ];
    grant(desk, DEFERRAL, subject, items);
    Ok(())
}

/// The periods in which a child is in the register, each with the first day after it.
fn in_register(desk: &Desk<'_>, subject: &str) -> Vec<(Day, Option<Day>)> {
    let Some(born) = birth(desk, subject) else {
        return Vec::new();
    };
    if is_foreign(desk, subject) && desk.note(subject, "applied") != "1" {
        return Vec::new();
    }
    let october = school_entry(born).and_then(|entry| Day::new(entry.year() - 1, 10, 1).ok());
    let october = october.filter(|_| desk.obeys("UNIT-20-R02")).unwrap_or(born);
    let over = if desk.obeys("UNIT-20-R03") {
        end_of_fiscal_year_of_age(born, 15).and_then(Day::next)
    } else {
        first_day_of_age(born, 15)
    };
    let leaves = desk.obeys("UNIT-20-R06");
    let periods = days(desk, subject, "since").into_iter().map(|since| {
        let left = |name: &str| first_since(desk, subject, name, since).filter(|_| leaves);
        let end = earliest([over, left("out"), left("died").map(day_after)]);
        (october.max(since), end)
    });
    periods
        .filter(|(start, end)| end.is_none_or(|end| *start < end))
        .collect()
}

/// The rows of a child: a new one wherever its school or its state changes.
fn register(desk: &Desk<'_>, subject: &str) -> Vec<Row> {
    let schools = desk.rows(SCHOOL, subject);
    let deferrals = desk.rows(DEFERRAL, subject);
    let mut changes: Vec<Day> = schools
        .iter()
        .filter_map(|school| row_day(school, "kaishibi"))
        .collect();
    for deferral in deferrals {
        changes.extend(row_day(deferral, "kaishibi"));
        changes.extend(row_day(deferral, "shuryobi"));
    }
    let mut rows = Vec::new();
    for (start, end) in in_register(desk, subject) {
        let mut starts = changes.clone();
        starts.retain(|day| *day > start && end.is_none_or(|end| *day < end));
        starts.push(start);
        starts.sort();
        starts.dedup();
        let next = starts.iter().skip(1).map(|day| Some(*day)).chain([end]);
        rows.extend(starts.iter().zip(next).map(|(from, until)| {
            row([
                ("atenabango", subject.to_owned()),
                ("kaishibi", from.to_string()),
                ("shugaku_jotai", state(deferrals, *from).to_owned()),
                ("gakkobango", school(schools, *from)),
                ("shuryobi", printed(until)),
            ])
        }));
    }
    rows
}

fn state(deferrals: &[Row], day: Day) -> &'static str {
    let running = on_day(deferrals.to_vec(), Some(day));
    match running.last().map(|deferral| row_text(deferral, "yuyo_kubun")) {
        Some("2") => "3",
        Some(_) => "2",
        None => "1",
    }
}

/// The school of a day; before the entry, the one that is designated.
fn school(schools: &[Row], day: Day) -> String {
    let from = |school: &&Row| row_day(school, "kaishibi").is_some_and(|from| from <= day);
    let current = schools.iter().rfind(from).or_else(|| schools.first());
    current.map_or_else(String::new, |school| row_text(school, "gakkobango").to_owned())
}

/// Aid for whoever is in need without public assistance (準要保護者).
fn apply_for_aid(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let applied = day_of(desk, "todokedebi")?;
    let year = desk.text("nendo").to_owned();
    if applied.fiscal_year().to_string() != year {
        return desk.refuse("E0008", "not in that fiscal year");
    }
    let parent = desk.text("hogosha_atenabango").to_owned();
    let by_allowance = matches!(desk.note(&parent, "allowance"), "1" | "2") && desk.obeys("UNIT-20-R14");
    if !by_allowance && !is_in_need(desk, &parent, &year) {
        return desk.refuse("E2015", "the income of the parent is above the limit, or not known");
    }
    let (Some(april), Some(end)) = (april(applied), next_april(applied)) else {
        return desk.refuse("E0008", "no such year");
    };
    let from = if desk.obeys("UNIT-20-R16") {
        applied.first_of_month()
    } else {
        april
    };
    let known = desk.rows(AID, subject).to_vec();
    if !on_day(known, Some(applied)).is_empty() {
        return desk.refuse("E0006", "granted already");
    }
    let granted = row([
        ("atenabango", subject.to_owned()),
        ("nendo", year),
        ("kaishibi", from.to_string()),
        ("hogosha_atenabango", parent),
        ("enjo_kubun", "2".to_owned()),
        ("shuryobi", end.to_string()),
    ]);
    desk.add(AID, subject, granted);
    Ok(())
}

fn is_in_need(desk: &Desk<'_>, parent: &str, year: &str) -> bool {
    // A product that takes what it was not told for nothing (R15).
    let assumed = (!desk.obeys("UNIT-20-R15")).then_some(0);
    let known = income(desk, parent, year).or(assumed);
    known.is_some_and(|income| income <= desk.number("shotoku_gendogaku"))
}

fn april(day: Day) -> Option<Day> {
    Day::new(day.fiscal_year(), 4, 1).ok()
}

fn next_april(day: Day) -> Option<Day> {
    day.end_of_fiscal_year()?.next()
}

/// Public assistance brings aid from its first day on, year by year, and its end takes it away (要保護者).
fn assistance(desk: &mut Desk<'_>, subject: &str) {
    desk.set_note(subject, "seen", "1");
    let Some(day) = desk.day("idobi").filter(|_| desk.obeys("UNIT-20-R13")) else {
        return;
    };
    if matches!(desk.text("seiho_ido_kubun"), "1" | "3") {
        for granted in years_of_aid(desk, subject, day) {
            desk.add(AID, subject, granted);
        }
        return;
    }
    let by_assistance = |row: &Row| row_text(row, "enjo_kubun") == "1";
    desk.retain(AID, subject, |row| {
        !by_assistance(row) || row_day(row, "kaishibi").is_some_and(|from| from < day)
    });
    desk.change(AID, subject, |row| {
        if by_assistance(row) && row_day(row, "shuryobi").is_none_or(|end| day < end) {
            row.insert("shuryobi".into(), day.to_string());
        }
    });
}

/// One row for each school year from a day on, as long as the child is in the register.
fn years_of_aid(desk: &Desk<'_>, subject: &str, day: Day) -> Vec<Row> {
    let mut rows = Vec::new();
    for (start, end) in in_register(desk, subject) {
        let starts = std::iter::successors(Some(day.max(start)), |from| next_april(*from));
        rows.extend(
            starts
                .take_while(|from| end.is_some_and(|end| *from < end))
                .map(|from| {
                    row([
                        ("atenabango", subject.to_owned()),
                        ("nendo", from.fiscal_year().to_string()),
                        ("kaishibi", from.to_string()),
                        ("enjo_kubun", "1".to_owned()),
                        ("shuryobi", printed(earliest([next_april(from), end]))),
                    ])
                }),
        );
    }
    rows
}
