//! 17 乳幼児医療: the rules of `conformance/units/17-infant-medical/unit.toml`.

use super::Row;
use super::desk::{Desk, Refusal, row};
use super::rules::Business;
use super::welfare::{
    Hearing, birth, day_after, day_of, earliest, first_since, grant, hear, income, known, on_day, printed, row_day,
    row_text, within_days,
};
use crate::standard::unit::Record;
use crate::text::date::Day;
use crate::text::date::age::{end_of_fiscal_year_of_age, first_day_of_age, reached_on};

const ENTITLEMENT: &str = "infant-medical";
const PAID: &str = "infant-reimbursement";
const CHANGED: &str = "infant-medical-changed";
/// What was granted: first day, age limit, insurance, and days of losses.
const GRANT: &str = "grant";

/// The unit.
pub(super) struct Rules;

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        known(desk, &subject)?;
        let before = entitlements(desk, &subject);
        match id {
            "claim" => claim(desk, &subject)?,
            "change-insurance" => change_insurance(desk, &subject),
            "lose" => {
                let day = day_of(desk, "idobi")?;
                end_on(desk, &subject, day, "lost");
            }
            _ => reimburse(desk, &subject)?,
        }
        announce(desk, &subject, &before, "3");
        Ok(())
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        let before = entitlements(desk, &subject);
        match event {
            "assistance-changed" => assistance(desk, &subject),
            "nhi-qualification-changed" => insurance(desk, &subject),
            "single-parent-medical-changed" => single_parent(desk, &subject),
            _ => {
                let how = Hearing {
                    restores: desk.obeys("UNIT-17-R10"),
                    corrects: desk.obeys("UNIT-17-R16"),
                };
                hear(desk, event, &how);
            }
        }
        if event == "resident-born" && !desk.obeys("UNIT-17-R11") {
            let day = desk.text("seinengappi").to_owned();
            add_grant(desk, &subject, &subject, &day, "6", "2");
        }
        let shorter = match event {
            "resident-changed" | "resident-change-cancelled" => "2",
            _ => "3",
        };
        announce(desk, &subject, &before, shorter);
        Ok(())
    }

    fn inquiry(&self, desk: &Desk<'_>, record: &Record, day: Option<Day>) -> Vec<Row> {
        let subject = desk.subject();
        if record.id == ENTITLEMENT {
            return on_day(entitlements(desk, &subject), day);
        }
        desk.rows(PAID, &subject).to_vec()
    }
}

fn claim(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let (claimed, since) = (day_of(desk, "todokedebi")?, day_of(desk, "idobi")?);
    if since > claimed {
        return desk.refuse("E0008", "the claim comes before what it follows");
    }
    let in_time = i32::try_from(desk.number("sokyu_nissu")).is_ok_and(|days| within_days(since, claimed, days));
    let start = if in_time && desk.obeys("UNIT-17-R02") {
        since
    } else {
        claimed
    };
    if !on_day(entitlements(desk, subject), Some(start)).is_empty() {
        return desk.refuse("E0006", "entitled already");
    }
    let assisted = desk.note(subject, "assisted") == "1";
    desk.demand("UNIT-17-R04", !assisted, "on public assistance (生活保護法15条)")?;
    let insured = desk.text("hoken_shubetsu") != "0";
    desk.demand("UNIT-17-R05", insured, "no health insurance")?;
    desk.demand(
        "UNIT-17-R08",
        is_below_limit(desk),
        "the income of the parent is at or above the limit, or not known",
    )?;
    let (parent, start) = (desk.text("hogosha_atenabango").to_owned(), start.to_string());
    let (age, kind) = (
        desk.text("taisho_nenrei").to_owned(),
        desk.text("shuryo_kubun").to_owned(),
    );
    add_grant(desk, subject, &parent, &start, &age, &kind);
    Ok(())
}

/// The limit of income of the ordinance; without one, income does not matter.
fn is_below_limit(desk: &Desk<'_>) -> bool {
    if !desk.has("shotoku_gendogaku") {
        return true;
    }
    let known = income(desk, desk.text("hogosha_atenabango"), desk.text("nendo"));
    known.is_some_and(|income| income < desk.number("shotoku_gendogaku"))
}

fn add_grant(desk: &mut Desk<'_>, subject: &str, parent: &str, start: &str, age: &str, kind: &str) {
    let insurance = match desk.text("hoken_shubetsu") {
        "" => "9",
        known => known,
    };
    let items = [
        ("hogosha_atenabango", parent.to_owned()),
        ("kaishibi", start.to_owned()),
        ("hoken_shubetsu", insurance.to_owned()),
        ("taisho_nenrei", age.to_owned()),
        ("shuryo_kubun", kind.to_owned()),
    ];
    grant(desk, GRANT, subject, items);
}

fn change_insurance(desk: &mut Desk<'_>, subject: &str) {
    let kind = desk.text("hoken_shubetsu").to_owned();
    desk.change_last(GRANT, subject, |row| {
        row.insert("hoken_shubetsu".into(), kind);
    });
}

/// Public assistance excludes from its first day on (条例).
fn assistance(desk: &mut Desk<'_>, subject: &str) {
    let day = desk.day("idobi");
    let runs = matches!(desk.text("seiho_ido_kubun"), "1" | "3");
    let never_began = desk.text("seiho_ido_kubun") == "5";
    desk.set_note(subject, "assisted", if runs { "1" } else { "0" });
    if let Some(day) = day.filter(|_| runs && desk.obeys("UNIT-17-R03")) {
        end_on(desk, subject, day, "assisted");
    }
    if never_began {
        desk.change(GRANT, subject, |row| {
            row.remove("assisted");
        });
    }
}

/// Whoever leaves NHI is with another insurance, as a rule: it has to be confirmed.
fn insurance(desk: &mut Desk<'_>, subject: &str) {
    let has_left = desk.text("kokuho_ido_kubun") == "2";
    let day = desk.day("idobi");
    desk.note_all();
    if !desk.obeys("UNIT-17-R06") {
        if let Some(day) = day.filter(|_| has_left) {
            end_on(desk, subject, day, "lost");
        }
        return;
    }
    let (from, to) = if has_left { ("1", "9") } else { ("9", "1") };
    desk.change(GRANT, subject, |row| {
        if row_text(row, "hoken_shubetsu") == from {
            row.insert("hoken_shubetsu".into(), to.into());
        }
    });
}

fn single_parent(desk: &mut Desk<'_>, subject: &str) {
    let day = desk.day("kaishibi").or_else(|| desk.day("idobi"));
    let granted = desk.text("hitorioya_jotai") == "1";
    desk.set_note(subject, "seen", "1");
    if let Some(day) = day.filter(|_| granted && desk.obeys("UNIT-17-R07")) {
        end_on(desk, subject, day, "lost");
    }
}

/// Ends the running entitlement on a day, for a reason that may be taken back.
fn end_on(desk: &mut Desk<'_>, subject: &str, day: Day, reason: &str) {
    let running: Vec<String> = on_day(entitlements(desk, subject), None)
        .iter()
        .filter(|row| row_day(row, "shuryobi").is_none_or(|end| day < end))
        .map(|row| row_text(row, "kaishibi").to_owned())
        .collect();
    desk.change(GRANT, subject, |row| {
        if running.iter().any(|start| start == row_text(row, "kaishibi")) {
            row.insert(reason.into(), day.to_string());
        }
    });
}

/// The entitlements of a child with their periods.
fn entitlements(desk: &Desk<'_>, subject: &str) -> Vec<Row> {
    let rows = desk.rows(GRANT, subject).iter().filter_map(|known| {
        let start = row_day(known, "kaishibi")?;
        let after_death = |day: Day| if desk.obeys("UNIT-17-R09") { day_after(day) } else { day };
        let end = earliest([
            age_end(desk, subject, known),
            row_day(known, "lost"),
            row_day(known, "assisted"),
            first_since(desk, subject, "out", start),
            desk.note_day(subject, "died")
                .filter(|day| *day >= start)
                .map(after_death),
        ]);
        let items = [
            ("atenabango", subject.to_owned()),
            ("kaishibi", start.to_string()),
            ("hogosha_atenabango", row_text(known, "hogosha_atenabango").to_owned()),
            ("hoken_shubetsu", row_text(known, "hoken_shubetsu").to_owned()),
            ("shuryobi", printed(end)),
        ];
        end.is_none_or(|end| start < end).then(|| row(items))
    });
    rows.collect()
}

/// First day that is too late by age: an age is reached on the day before the birthday.
fn age_end(desk: &Desk<'_>, subject: &str, known: &Row) -> Option<Day> {
    let age: u16 = row_text(known, "taisho_nenrei").parse().ok()?;
    let born = birth(desk, subject)?;
    let by_year = row_text(known, "shuryo_kubun") == "2";
    match (desk.obeys("UNIT-17-R01"), by_year) {
        (true, true) => end_of_fiscal_year_of_age(born, age)?.next(),
        (true, false) => reached_on(born, age)?.first_of_next_month(),
        (false, true) => first_day_of_age(born, age)?.end_of_fiscal_year()?.next(),
        (false, false) => first_day_of_age(born, age)?.first_of_next_month(),
    }
}

/// Tells what is new about an entitlement; `shorter` is the state where only its end has moved.
fn announce(desk: &mut Desk<'_>, subject: &str, before: &[Row], shorter: &str) {
    let after = entitlements(desk, subject);
    let of = |rows: &[Row], start: &str| rows.iter().find(|row| row_text(row, "kaishibi") == start).cloned();
    let mut starts: Vec<String> = before
        .iter()
        .chain(&after)
        .map(|row| row_text(row, "kaishibi").to_owned())
        .collect();
    starts.sort();
    starts.dedup();
    for start in starts {
        let (old, new) = (of(before, &start), of(&after, &start));
        let (state, day, end) = match (&old, &new) {
            (None, Some(new)) => ("1", start.clone(), row_text(new, "shuryobi").to_owned()),
            (Some(_), None) => ("3", start.clone(), start.clone()),
            (Some(old), Some(new)) if row_text(old, "shuryobi") != row_text(new, "shuryobi") => {
                let end = row_text(new, "shuryobi").to_owned();
                (shorter, end.clone(), end)
            }
            _ => continue,
        };
        let content = row([
            ("nyuyoji_jotai", state.to_owned()),
            ("idobi", day),
            ("kaishibi", start),
            ("shuryobi", end),
        ]);
        let to: &[u8] = if desk.obeys("UNIT-17-R17") {
            &[18]
        } else {
            &[10, 18, 19]
        };
        desk.tell_to(CHANGED, subject, content, to);
    }
}

fn reimburse(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let (care, claimed) = (day_of(desk, "shinryobi")?, day_of(desk, "todokedebi")?);
    if care > claimed {
        return desk.refuse("E0008", "the claim comes before the care");
    }
    let decides = if desk.obeys("UNIT-17-R12") { care } else { claimed };
    if on_day(entitlements(desk, subject), Some(decides)).is_empty() {
        return desk.refuse("E1712", "no entitlement on the day of the care");
    }
    let in_time = care.add_years(5).is_none_or(|last| claimed <= last);
    desk.demand("UNIT-17-R14", in_time, "five years are over (地方自治法236条)")?;
    let at_school = desk.text("gakko_kanrika") == "1";
    desk.demand(
        "UNIT-17-R15",
        !at_school,
        "the mutual aid for accidents at school comes first",
    )?;
    let high_cost = if desk.obeys("UNIT-17-R13") {
        desk.number("kogaku_ryoyohi")
    } else {
        0
    };
    let amount = (desk.number("hoken_jikofutan") - high_cost - desk.number("ichibu_futan")).max(0);
    let paid = row([
        ("atenabango", subject.to_owned()),
        ("uketsukebango", desk.receipt()),
        ("shinryobi", care.to_string()),
        ("nyuyoji_joseigaku", amount.to_string()),
    ]);
    desk.add(PAID, subject, paid);
    Ok(())
}
