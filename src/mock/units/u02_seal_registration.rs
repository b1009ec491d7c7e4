//! 02 印鑑登録: the rules of `conformance/units/02-seal-registration/unit.toml`.

use super::Row;
use super::desk::{Desk, Refusal};
use super::rules::{Business, is_valid};
use super::span;
use super::u01_resident_register::first_possible_day;
use crate::standard::unit::Record;
use crate::text::date::Day;
use crate::text::date::age::age_on;

const SEAL: &str = "seal";
/// Registered, waiting for the answer to the letter, card lost.
const REGISTERED: &str = "1";
const WAITING: &str = "2";
const LOST: &str = "3";
/// Age from which a seal can be registered.
const LEAST_AGE: u16 = 15;
/// Sides of an imprint in tenths of a millimetre: larger than the first, no larger than the second.
const SIDES: std::ops::RangeInclusive<i64> = 81..=250;

/// The unit.
pub(super) struct Rules;

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        if id == "register-seal" {
            return register(desk, &subject);
        }
        if !desk.knows(&subject) {
            return desk.refuse("E0005", "nobody has that number");
        }
        match id {
            "confirm-registration" => proceed(desk, &subject, WAITING, REGISTERED),
            "report-lost-card" => proceed(desk, &subject, REGISTERED, LOST),
            "abolish-seal" => abolish(desk, &subject),
            "issue-certificate" => issue(desk, &subject),
            _ => desk.refuse("E0004", "not offered"),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        match event {
            "resident-moved-out" => end(desk, &subject, desk.day("idobi"), "out", "UNIT-02-R08"),
            "resident-died" => end(
                desk,
                &subject,
                first_possible_day(desk.text("shibobi")),
                "died",
                "UNIT-02-R09",
            ),
            "resident-moved-within" if !desk.obeys("UNIT-02-R15") => {
                if let Some(day) = desk.day("idobi") {
                    span::close(desk, SEAL, &subject, day, "within");
                }
            }
            "resident-changed" => changed(desk, &subject),
            "resident-change-cancelled" if desk.obeys("UNIT-02-R11") => {
                let by = span::kind_of_reason(desk.text("torikeshi_ido_jiyu"));
                if let Some(day) = desk.day("idobi") {
                    span::undo(desk, SEAL, &subject, day, by);
                }
            }
            "support-measure-changed" => {
                let flag = desk.text("shiensochi").to_owned();
                desk.set_note(&subject, "shiensochi", flag);
            }
            _ => {}
        }
        Ok(())
    }

    fn inquiry(&self, desk: &Desk<'_>, record: &Record, day: Option<Day>) -> Vec<Row> {
        let subject = desk.subject();
        let rows = desk.rows(SEAL, &subject);
        let found: Vec<&Row> = match day {
            Some(day) => rows.iter().filter(|row| is_valid(record, row, day)).collect(),
            None => rows.last().into_iter().collect(),
        };
        let flag = desk.note(&subject, "shiensochi");
        let flagged = found.into_iter().map(|row| {
            let mut row = row.clone();
            if !flag.is_empty() {
                row.insert("shiensochi".into(), flag.to_owned());
            }
            row
        });
        flagged.collect()
    }
}

/// 印鑑登録申請.
fn register(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let Some(day) = desk.day("torokubi") else {
        return desk.refuse("E0002", "torokubi");
    };
    let birth = first_possible_day(desk.text("seinengappi"));
    let age = birth.and_then(|birth| match desk.obeys("UNIT-02-R01") {
        true => age_on(birth, day),
        false => day.year().checked_sub(birth.year()),
    });
    if age.is_none_or(|age| age < LEAST_AGE) {
        return desk.refuse("E0201", "below fifteen");
    }
    desk.demand(
        "UNIT-02-R02",
        desk.text("ishi_noryoku_nashi") != "1",
        "without mental capacity",
    )?;
    let first = span::open_on(desk, SEAL, subject, day).is_none();
    desk.demand("UNIT-02-R03", first, "there is a registration")?;
    let imprint = desk.text("inei_bango").to_owned();
    let taken = desk.find(SEAL, "inei_bango", &imprint);
    let taken = taken
        .iter()
        .any(|(other, _)| other != subject && span::open_on(desk, SEAL, other, day).is_some());
    desk.demand("UNIT-02-R04", imprint.is_empty() || !taken, "somebody has that imprint")?;
    desk.demand(
        "UNIT-02-R05",
        SIDES.contains(&desk.number("inei_sunpo")),
        "the size of the imprint",
    )?;
    let mut row = desk.row_for(SEAL);
    desk.demand("UNIT-02-R06", fits(&row), "the words of the imprint")?;
    let in_person = desk.text("dairinin_flag") != "1" && desk.text("honnin_kakunin") == "1";
    let state = if in_person || !desk.obeys("UNIT-02-R07") {
        REGISTERED
    } else {
        WAITING
    };
    row.insert("inkan_jotai".into(), state.into());
    span::follow(desk, SEAL, subject, row, day, "registered");
    Ok(())
}

/// Whether every character of the imprint stands in name, former family name or alias.
fn fits(row: &Row) -> bool {
    let names: String = ["shimei", "kyuji", "tsusho"]
        .iter()
        .filter_map(|item| row.get(*item))
        .flat_map(|name| name.chars())
        .collect();
    let words = row.get("inei_moji").map_or("", String::as_str);
    words.chars().all(|c| names.contains(c))
}

/// The registration goes on in another state.
fn proceed(desk: &mut Desk<'_>, subject: &str, from: &str, to: &str) -> Result<(), Refusal> {
    let Some(day) = desk.day("todokedebi") else {
        return desk.refuse("E0002", "todokedebi");
    };
    let open = span::valid_on(desk, SEAL, subject, day)
        .filter(|row| row.get("inkan_jotai").is_some_and(|state| state == from));
    let Some(mut row) = open else {
        return desk.refuse("E0004", "the registration is in another state");
    };
    row.remove("shuryobi");
    row.insert("inkan_jotai".into(), to.into());
    span::follow(desk, SEAL, subject, row, day, "state");
    Ok(())
}

/// 印鑑登録廃止申請.
fn abolish(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let Some(day) = desk.day("todokedebi") else {
        return desk.refuse("E0002", "todokedebi");
    };
    if span::valid_on(desk, SEAL, subject, day).is_none() {
        return desk.refuse("E0004", "there is no registration");
    }
    span::close(desk, SEAL, subject, day, "abolished");
    Ok(())
}

/// 印鑑登録証明書の交付.
fn issue(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let Some(day) = desk.day("kijunbi") else {
        return desk.refuse("E0002", "kijunbi");
    };
    let row = span::valid_on(desk, SEAL, subject, day);
    let number = row.as_ref().and_then(|row| row.get("inkan_torokubango"));
    let registered = number.is_some_and(|number| number == desk.text("inkan_torokubango"));
    desk.demand("UNIT-02-R13", registered, "no such registration on that day")?;
    let state = row.and_then(|row| row.get("inkan_jotai").cloned()).unwrap_or_default();
    desk.demand("UNIT-02-R07", state != WAITING, "the letter was not answered")?;
    desk.demand("UNIT-02-R12", state != LOST, "the card was reported lost")?;
    let protected = desk.note(subject, "shiensochi") == "1";
    let shown = desk.text("honnin_kakunin") == "1";
    desk.demand(
        "UNIT-02-R14",
        !protected || shown,
        "a protected person has to show a photo document",
    )
}

/// Ends the registration of somebody who left or died.
fn end(desk: &mut Desk<'_>, subject: &str, day: Option<Day>, by: &str, rule: &str) {
    if !desk.obeys(rule) {
        return;
    }
    let first = desk.rows(SEAL, subject).first();
    let begun = first.and_then(|row| Day::parse(row.get("kaishibi")?).ok());
    if let Some(day) = day.or(begun) {
        span::close(desk, SEAL, subject, day, by);
    }
}

/// A name changed: the registration ends if the words of the imprint do not fit any more.
fn changed(desk: &mut Desk<'_>, subject: &str) {
    let Some((day, mut row)) = desk
        .day("idobi")
        .and_then(|day| Some((day, span::open_on(desk, SEAL, subject, day)?)))
    else {
        return;
    };
    let before = row.clone();
    for item in ["shimei", "kyuji", "tsusho"] {
        if desk.has(item) {
            row.insert(item.into(), desk.text(item).to_owned());
        }
    }
    match desk.text("ido_jiyu") {
        "53" => row.remove("kyuji"),
        "14" | "55" => row.remove("tsusho"),
        _ => None,
    };
    if row == before {
        return;
    }
    if fits(&row) && desk.obeys("UNIT-02-R10") {
        row.remove("shuryobi");
        span::follow(desk, SEAL, subject, row, day, "changed");
    } else {
        span::close(desk, SEAL, subject, day, "changed");
    }
}
