//! 18 ひとり親医療: the rules of `conformance/units/18-single-parent-medical/unit.toml`.
//!
//! Claims and renewals are kept with the parent, one for each child; who is entitled, and until when, is computed.

use super::Row;
use super::desk::{Desk, Refusal, row};
use super::rules::Business;
use super::welfare::{
    Hearing, birth, child_birth, day_after, day_of, earliest, first_since, grant, hear, income, known, on_day, printed,
    row_day, row_text,
};
use crate::standard::unit::Record;
use crate::text::date::Day;
use crate::text::date::age::{end_of_fiscal_year_of_age, first_day_of_age};

const ENTITLEMENT: &str = "single-parent-medical";
const PAID: &str = "single-parent-reimbursement";
const CHANGED: &str = "single-parent-medical-changed";
/// Children that were claimed for: first day, ground, and days of losses.
const GRANT: &str = "grant";
/// Years and limits of income that decide, and from when on.
const DECISION: &str = "decision";

/// The unit.
pub(super) struct Rules;

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        known(desk, &subject)?;
        if id == "reimburse" {
            return reimburse(desk, &subject);
        }
        let mut about = family(desk, &subject);
        about.extend(desk.input.get("jido_atenabango").cloned());
        let before = snapshot(desk, about);
        match id {
            "claim" => claim(desk, &subject)?,
            "renew" => renew(desk, &subject)?,
            _ => lose(desk, &subject)?,
        }
        announce(desk, &before);
        Ok(())
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        let about = family(desk, &subject);
        let before = snapshot(desk, about);
        match event {
            "assistance-changed" => assistance(desk, &subject),
            "child-rearing-allowance-changed" => allowance(desk, &subject),
            "infant-medical-changed" => infant(desk, &subject),
            "nhi-qualification-changed" | "disability-handbook-changed" => desk.set_note(&subject, "seen", "1"),
            "income-corrected" if !desk.obeys("UNIT-18-R10") => desk.set_note(&subject, "seen", "1"),
            _ => {
                let how = Hearing {
                    restores: desk.obeys("UNIT-18-R13"),
                    corrects: true,
                };
                hear(desk, event, &how);
            }
        }
        announce(desk, &before);
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

/// Somebody and the children that were claimed for; or, of a child, its parents too.
fn family(desk: &Desk<'_>, person: &str) -> Vec<String> {
    let children = desk
        .rows(GRANT, person)
        .iter()
        .map(|row| row_text(row, "jido_atenabango").to_owned());
    let mut all: Vec<String> = children.collect();
    all.extend(
        desk.find(GRANT, "jido_atenabango", person)
            .into_iter()
            .map(|(parent, _)| parent),
    );
    all.push(person.to_owned());
    all
}

fn claim(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let child = desk.text("jido_atenabango").to_owned();
    child_birth(desk, &child)?;
    let day = day_of(desk, "todokedebi")?;
    if !on_day(entitlements(desk, &child), Some(day)).is_empty() {
        return desk.refuse("E0006", "entitled already");
    }
    let assisted = [subject, &child]
        .into_iter()
        .any(|person| desk.note(person, "assisted") == "1");
    desk.demand("UNIT-18-R07", !assisted, "on public assistance (生活保護法15条)")?;
    let known = income(desk, subject, desk.text("nendo"));
    let is_below = known.is_some_and(|income| income < desk.number("shotoku_gendogaku"));
    desk.demand(
        "UNIT-18-R08",
        is_below,
        "the income of the parent is at or above the limit, or not known",
    )?;
    decide(desk, subject, day);
    let items = [
        ("jido_atenabango", child),
        ("kaishibi", day.to_string()),
        ("allowance", desk.text("jidofuyo_jukyu").to_owned()),
        ("disabled", desk.text("jido_shogai_nintei").to_owned()),
    ];
    grant(desk, GRANT, subject, items);
    Ok(())
}

fn decide(desk: &mut Desk<'_>, subject: &str, from: Day) {
    let items = [
        ("kaishibi", from.to_string()),
        ("nendo", desk.text("nendo").to_owned()),
        ("shotoku_gendogaku", desk.text("shotoku_gendogaku").to_owned()),
    ];
    grant(desk, DECISION, subject, items);
}

/// The yearly renewal decides by the income of another year from its day on.
fn renew(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let day = day_of(desk, "kaishibi")?;
    if desk.rows(GRANT, subject).is_empty() {
        return desk.refuse("E0005", "nobody entitled");
    }
    if income(desk, subject, desk.text("nendo")).is_none() {
        return desk.refuse("E0004", "the income of that year was not told");
    }
    if desk.obeys("UNIT-18-R09") {
        decide(desk, subject, day);
    }
    Ok(())
}

fn lose(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let day = day_of(desk, "idobi")?;
    let child = desk.text("jido_atenabango").to_owned();
    if desk.rows(GRANT, subject).is_empty() {
        return desk.refuse("E0005", "nobody entitled");
    }
    let for_all = child.is_empty();
    if for_all && !desk.obeys("UNIT-18-R05") {
        desk.set_note(subject, "lost", day.to_string());
        return Ok(());
    }
    end_grants(desk, subject, day, |row| {
        for_all || row_text(row, "jido_atenabango") == child
    });
    Ok(())
}

fn end_grants(desk: &mut Desk<'_>, parent: &str, day: Day, which: impl Fn(&Row) -> bool) {
    desk.change(GRANT, parent, |row| {
        let runs = row_day(row, "lost").is_none_or(|lost| day < lost);
        if which(row) && runs {
            row.insert("lost".into(), day.to_string());
        }
    });
}

/// Public assistance excludes whom it is given to from its first day on.
fn assistance(desk: &mut Desk<'_>, subject: &str) {
    let runs = matches!(desk.text("seiho_ido_kubun"), "1" | "3");
    let never_began = desk.text("seiho_ido_kubun") == "5";
    let day = desk.text("idobi").to_owned();
    desk.set_note(subject, "assisted", if runs { "1" } else { "0" });
    if runs && desk.obeys("UNIT-18-R07") {
        desk.set_note(subject, "assisted-from", day);
    } else if never_began {
        desk.set_note(subject, "assisted-from", "");
    }
}

/// What was granted because of the child-rearing allowance ends with it.
fn allowance(desk: &mut Desk<'_>, subject: &str) {
    let is_over = matches!(desk.text("jidofuyo_jotai"), "3" | "4" | "9");
    let day = desk.day("idobi");
    desk.set_note(subject, "seen", "1");
    if let Some(day) = day.filter(|_| is_over && desk.obeys("UNIT-18-R06")) {
        end_grants(desk, subject, day, |row| row_text(row, "allowance") == "1");
    }
}

/// That the infant subsidy ended is an answer to our own notice: nothing follows from it.
fn infant(desk: &mut Desk<'_>, subject: &str) {
    let day = desk.day("idobi");
    let lost = desk.text("nyuyoji_jotai") == "3";
    desk.set_note(subject, "seen", "1");
    if let Some(day) = day.filter(|_| lost && !desk.obeys("UNIT-18-R11")) {
        for (parent, _) in desk.find(GRANT, "jido_atenabango", subject) {
            end_grants(desk, &parent, day, |row| row_text(row, "jido_atenabango") == subject);
        }
    }
}

/// The rows of somebody: as a child, and as a parent.
fn entitlements(desk: &Desk<'_>, person: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    for (parent, known) in desk.find(GRANT, "jido_atenabango", person) {
        let end = child_end(desk, &parent, &known, false);
        rows.extend(entitlement(person, &parent, "2", row_day(&known, "kaishibi"), end));
    }
    rows.extend(parent_row(desk, person));
    rows
}

fn entitlement(person: &str, parent: &str, kind: &str, start: Option<Day>, end: Option<Day>) -> Option<Row> {
    let start = start.filter(|start| end.is_none_or(|end| *start < end))?;
    Some(row([
        ("atenabango", person.to_owned()),
        ("kaishibi", start.to_string()),
        ("hogosha_atenabango", parent.to_owned()),
        ("hitorioya_kubun", kind.to_owned()),
        ("shuryobi", printed(end)),
    ]))
}

/// The parent is entitled as long as the last child.
fn parent_row(desk: &Desk<'_>, parent: &str) -> Option<Row> {
    let grants = desk.rows(GRANT, parent);
    if !desk.obeys("UNIT-18-R01") {
        return None;
    }
    let stays = !desk.obeys("UNIT-18-R12");
    let periods: Vec<(Day, Option<Day>)> = grants
        .iter()
        .filter_map(|known| Some((row_day(known, "kaishibi")?, child_end(desk, parent, known, stays))))
        .filter(|(start, end)| end.is_none_or(|end| *start < end))
        .collect();
    let start = periods.iter().map(|(start, _)| *start).min()?;
    let ends = periods.iter().filter_map(|(_, end)| *end);
    let end = if desk.obeys("UNIT-18-R04") {
        ends.max()
    } else {
        ends.min()
    };
    let end = earliest([end, desk.note_day(parent, "lost"), left(desk, parent, start)]);
    entitlement(parent, parent, "1", Some(start), end)
}

/// The first day on which a child is not entitled any more; `stays`: moving out and death do not count.
fn child_end(desk: &Desk<'_>, parent: &str, known: &Row, stays: bool) -> Option<Day> {
    let child = row_text(known, "jido_atenabango");
    let start = row_day(known, "kaishibi")?;
    let disabled = row_text(known, "disabled") == "1";
    let age = birth(desk, child).and_then(|birth| age_end(desk, birth, disabled));
    let left = if stays { None } else { left(desk, child, start) };
    earliest([age, row_day(known, "lost"), left, income_end(desk, parent, start)])
}

/// The first day on which 18 (or, for the disabled, 20) is over.
fn age_end(desk: &Desk<'_>, birth: Day, disabled: bool) -> Option<Day> {
    if disabled && desk.obeys("UNIT-18-R03") {
        return first_day_of_age(birth, 20);
    }
    if desk.obeys("UNIT-18-R02") {
        return end_of_fiscal_year_of_age(birth, 18)?.next();
    }
    first_day_of_age(birth, 18)?.end_of_fiscal_year()?.next()
}

/// Moving out, death and public assistance of somebody.
fn left(desk: &Desk<'_>, person: &str, start: Day) -> Option<Day> {
    let since = |name: &str| first_since(desk, person, name, start);
    earliest([since("out"), since("died").map(day_after), since("assisted-from")])
}

/// The first decision whose income is at or above its limit, as it is known today.
fn income_end(desk: &Desk<'_>, parent: &str, start: Day) -> Option<Day> {
    let decisions = desk.rows(DECISION, parent).iter().filter(|decision| {
        let limit = row_text(decision, "shotoku_gendogaku")
            .parse::<i64>()
            .unwrap_or(i64::MAX);
        // A claim that was accepted against the rule stays accepted until the income changes.
        desk.obeys("UNIT-18-R08") && income(desk, parent, row_text(decision, "nendo")).is_some_and(|it| it >= limit)
    });
    decisions
        .filter_map(|decision| row_day(decision, "kaishibi"))
        .filter(|day| *day >= start)
        .min()
}

/// What is known of some people before something happens.
type Snapshot = Vec<(String, Vec<Row>)>;

fn snapshot(desk: &Desk<'_>, people: Vec<String>) -> Snapshot {
    let mut people = people;
    people.sort();
    people.dedup();
    let rows = people.into_iter().map(|person| {
        let rows = entitlements(desk, &person);
        (person, rows)
    });
    rows.collect()
}

/// Tells what has changed for children; about parents nothing is told.
fn announce(desk: &mut Desk<'_>, before: &Snapshot) {
    for (person, old) in before {
        for new in entitlements(desk, person) {
            if !old.contains(&new) {
                let shorter = old.iter().any(|row| row.get("kaishibi") == new.get("kaishibi"));
                tell(desk, person, &new, if shorter { "3" } else { "1" });
            }
        }
        let now = entitlements(desk, person);
        let gone = |row: &&Row| !now.iter().any(|new| new.get("kaishibi") == row.get("kaishibi"));
        for row in old.iter().filter(gone) {
            tell(desk, person, row, "3");
        }
    }
}

fn tell(desk: &mut Desk<'_>, person: &str, known: &Row, state: &str) {
    let is_child = row_text(known, "hitorioya_kubun") == "2";
    if !is_child && desk.obeys("UNIT-18-R17") {
        return;
    }
    let (start, end) = (row_text(known, "kaishibi"), row_text(known, "shuryobi"));
    let day = if state == "3" && !end.is_empty() { end } else { start };
    let content = row([
        ("hitorioya_jotai", state.to_owned()),
        ("idobi", day.to_owned()),
        ("kaishibi", start.to_owned()),
        ("shuryobi", end.to_owned()),
    ]);
    desk.tell(CHANGED, person, content);
}

fn reimburse(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let (care, claimed) = (day_of(desk, "shinryobi")?, day_of(desk, "todokedebi")?);
    if care > claimed {
        return desk.refuse("E0008", "the claim comes before the care");
    }
    let decides = if desk.obeys("UNIT-18-R16") { care } else { claimed };
    if on_day(entitlements(desk, subject), Some(decides)).is_empty() {
        return desk.refuse("E1816", "no entitlement on the day of the care");
    }
    let in_time = care.add_years(5).is_none_or(|last| claimed <= last);
    desk.demand("UNIT-18-R15", in_time, "five years are over (地方自治法236条)")?;
    let meals = if desk.obeys("UNIT-18-R14") {
        desk.number("shokuji_futan")
    } else {
        0
    };
    let off = desk.number("kogaku_ryoyohi") + desk.number("ichibu_futan") + meals;
    let amount = (desk.number("hoken_jikofutan") - off).max(0);
    let paid = row([
        ("atenabango", subject.to_owned()),
        ("uketsukebango", desk.receipt()),
        ("shinryobi", care.to_string()),
        ("hitorioya_joseigaku", amount.to_string()),
    ]);
    desk.add(PAID, subject, paid);
    Ok(())
}
