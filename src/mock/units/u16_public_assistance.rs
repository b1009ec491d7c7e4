//! 16 生活保護: assistance by household, from application to end, and its payment by month.

use std::collections::BTreeMap;

use super::Row;
use super::desk::{Desk, Refusal, row};
use super::rules::{Business, is_valid};
use super::social::{
    Move, before, day, day_in, died, head_of, household, in_order, known_subject, month, months_later, moved_in,
    moved_out, next, note_if_new, note_income, number, residence,
};
use crate::standard::unit::Record;
use crate::text::date::Day;

const ASSISTANCE: &str = "assistance";
const PAYMENT: &str = "assistance-payment";
/// Applications for assistance.
const APPLICATIONS: &str = "shinsei";
/// Number of the decision that a row belongs to.
const DECISION: &str = "kettei_bango";
/// Suspensions of a row: `2=day;3=day`.
const SUSPENSIONS: &str = "teishi_rireki";
/// Why a row has ended by itself: `out`, `died`, `split`.
const ENDED_BY: &str = "owari";

/// The unit.
pub(super) struct Rules;

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        match id {
            "apply-assistance" => apply(desk),
            "decide-assistance" => decide(desk),
            "change-assistance" => change(desk),
            "pay-assistance" => pay(desk),
            "correct-payment" => correct(desk),
            _ => cancel_decision(desk),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        match event {
            "income-determined" | "income-corrected" => note_income(desk),
            "ltc-certification-changed" => certification(desk),
            "payment-executed" => note_if_new(desk, &subject),
            _ => moved(desk, event),
        }
        Ok(())
    }

    fn inquiry(&self, desk: &Desk<'_>, record: &Record, day: Option<Day>) -> Vec<Row> {
        let subject = desk.subject();
        let rows = desk.rows(&record.id, &subject).iter();
        if record.id != ASSISTANCE {
            return rows.cloned().collect();
        }
        let valid = rows.filter(|row| day.is_none_or(|day| is_valid(record, row, day)));
        valid.map(|row| shown(desk, &subject, row, day)).collect()
    }
}

fn shown(desk: &Desk<'_>, subject: &str, known: &Row, day: Option<Day>) -> Row {
    let day = day.unwrap_or(Day::LAST);
    let mut shown = known.clone();
    let state = if suspended_on(known, day) { "2" } else { "1" };
    shown.insert("seiho_jotai".into(), state.into());
    shown.insert("kaigo_fujo".into(), u8::from(in_care(desk, subject, day)).to_string());
    shown
}

fn suspended_on(row: &Row, day: Day) -> bool {
    let log = row.get(SUSPENSIONS).map_or("", String::as_str).split(';');
    let entries = log.filter_map(|entry| {
        let (kind, since) = entry.split_once('=')?;
        Some((Day::parse(since).ok()?, kind == "2"))
    });
    let mut latest_first = entries.rev();
    let last = latest_first.find(|(since, _)| *since <= day);
    last.is_some_and(|(_, suspended)| suspended)
}

/// The row that is open on a day.
fn row_on(desk: &Desk<'_>, subject: &str, day: Day) -> Option<Row> {
    let mut rows = desk.rows(ASSISTANCE, subject).iter();
    rows.find(|row| is_open(row, day)).cloned()
}

fn is_open(row: &Row, day: Day) -> bool {
    day_in(row, "kaishibi").is_some_and(|since| since <= day) && day_in(row, "shuryobi").is_none_or(|until| day < until)
}

// --- application and decision ---

fn apply(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let applied = day(desk, "todokedebi")?;
    let pending = desk
        .rows(APPLICATIONS, &subject)
        .iter()
        .any(|known| !known.contains_key("seiho_kettei"));
    let assisted = row_on(desk, &subject, applied).is_some();
    desk.demand(
        "UNIT-16-R18",
        !pending && !assisted,
        "an application is pending, or assistance is received",
    )?;
    let receipt = desk.receipt();
    let application = row([("seiho_shinsei_bango", receipt), ("todokedebi", applied.to_string())]);
    desk.add(APPLICATIONS, &subject, application);
    if !desk.obeys("UNIT-16-R17") {
        tell(desk, &subject, "1", applied);
    }
    Ok(())
}

fn decide(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let decided = day(desk, "ketteibi")?;
    let number = desk.text("seiho_shinsei_bango").to_owned();
    let mut applications = desk.rows(APPLICATIONS, &subject).iter();
    let is_it = |known: &Row| known.get("seiho_shinsei_bango") == Some(&number) && !known.contains_key("seiho_kettei");
    let applied = applications
        .find(|known| is_it(known))
        .and_then(|known| day_in(known, "todokedebi"));
    let ex_officio = desk.text("shokken") == "1";
    desk.demand(
        "UNIT-16-R19",
        applied.is_some() || ex_officio,
        "no application is pending",
    )?;
    if let Some(applied) = applied {
        in_order(desk, applied, decided)?;
        let in_time = applied.add_days(14).is_none_or(|limit| decided <= limit);
        let explained = desk.has("chien_riyu");
        desk.demand(
            "UNIT-16-R03",
            in_time || explained,
            "later than 14 days without a reason",
        )?;
    }
    let decision = desk.text("seiho_kettei").to_owned();
    if decision == "1" {
        let Some(since) = desk.day("kaishibi") else {
            return desk.refuse("E0004", "the first day is missing");
        };
        let not_before = applied.is_none_or(|applied| applied <= since);
        desk.demand("UNIT-16-R02", not_before, "before the application")?;
        start(desk, &subject, since);
    }
    desk.change(APPLICATIONS, &subject, |known| {
        if known.get("seiho_shinsei_bango") == Some(&number) {
            known.insert("seiho_kettei".into(), decision.clone());
        }
    });
    Ok(())
}

/// Starts the assistance of everybody in the household.
fn start(desk: &mut Desk<'_>, subject: &str, since: Day) {
    let mut members = vec![subject.to_owned()];
    if desk.obeys("UNIT-16-R01") {
        let others = household(desk, subject).into_iter().filter(|other| other != subject);
        members.extend(others.filter(|other| is_resident(desk, other, since)));
    }
    let receipt = desk.receipt();
    for member in members {
        if row_on(desk, &member, since).is_none() {
            add(desk, &member, since, &receipt);
        }
    }
}

fn is_resident(desk: &Desk<'_>, subject: &str, day: Day) -> bool {
    moved_in(desk, subject).is_none_or(|since| since <= day)
        && moved_out(desk, subject).is_none_or(|(out, _)| day < out)
        && died(desk, subject).is_none_or(|dead| day <= dead)
}

fn add(desk: &mut Desk<'_>, subject: &str, since: Day, decision: &str) {
    let number = match desk.note(subject, "setaibango") {
        // Somebody whose household is not known is one alone.
        "" => subject.to_owned(),
        number => number.to_owned(),
    };
    let new = row([
        ("atenabango", subject.to_owned()),
        ("kaishibi", since.to_string()),
        ("setaibango", number),
        ("setainushi_atenabango", head_of(desk, subject)),
        (DECISION, decision.to_owned()),
    ]);
    desk.add(ASSISTANCE, subject, new);
    tell(desk, subject, "1", since);
}

fn tell(desk: &mut Desk<'_>, subject: &str, kind: &str, day: Day) {
    let content = row([("seiho_ido_kubun", kind.to_owned()), ("idobi", day.to_string())]);
    desk.tell("assistance-changed", subject, content);
}

/// Everybody with a row of the same decision that is open on a day.
fn recipients(desk: &Desk<'_>, decision: &str, day: Day) -> Vec<String> {
    let found = desk.find(ASSISTANCE, DECISION, decision).into_iter();
    let mut people: Vec<String> = found
        .filter(|(_, row)| is_open(row, day))
        .map(|(subject, _)| subject)
        .collect();
    people.dedup();
    people
}

fn change(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let (on, decided) = (day(desk, "idobi")?, day(desk, "ketteibi")?);
    let kind = desk.text("seiho_ido_kubun").to_owned();
    if !matches!(kind.as_str(), "2" | "3" | "4") {
        return desk.refuse("E0004", "neither suspension, resumption nor end");
    }
    let open = row_on(desk, &subject, on);
    if kind == "3" {
        let suspended = open.as_ref().is_some_and(|row| suspended_on(row, on));
        desk.demand("UNIT-16-R12", suspended, "not suspended")?;
        if open.is_none() {
            // Only with the mistake that resumes what has ended.
            let receipt = desk.receipt();
            add(desk, &subject, on, &receipt);
            return Ok(());
        }
    }
    let Some(open) = open else {
        return desk.refuse("E0008", "no assistance on that day");
    };
    in_order(desk, day_in(&open, "kaishibi").unwrap_or(on), decided)?;
    let decision = open.get(DECISION).cloned().unwrap_or_default();
    let people = if desk.obeys("UNIT-16-R11") {
        recipients(desk, &decision, on)
    } else {
        vec![subject]
    };
    for person in people {
        desk.change(ASSISTANCE, &person, |row| {
            if !is_open(row, on) {
                return;
            }
            if kind == "4" {
                row.insert("shuryobi".into(), on.to_string());
            } else {
                let log = row.entry(SUSPENSIONS.into()).or_default();
                log.push_str(&format!(";{kind}={on}"));
            }
        });
        tell(desk, &person, &kind, on);
    }
    Ok(())
}

fn cancel_decision(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    known_subject(desk)?;
    let decision = desk.text("torikeshi_uketsukebango").to_owned();
    let rows: BTreeMap<String, Row> = desk.find(ASSISTANCE, DECISION, &decision).into_iter().collect();
    if rows.is_empty() {
        return desk.refuse("E0004", "no decision with this receipt number");
    }
    for (person, known) in rows {
        desk.retain(ASSISTANCE, &person, |row| row.get(DECISION) != Some(&decision));
        if let Some(since) = day_in(&known, "kaishibi").filter(|_| desk.obeys("UNIT-16-R20")) {
            tell(desk, &person, "5", since);
        }
    }
    Ok(())
}

// --- payment ---

/// First day of the month of a payment.
fn paid_month(desk: &Desk<'_>) -> Result<Day, Refusal> {
    match month(desk.text("taisho_tsuki")) {
        Some(first) => Ok(first),
        None => desk.refuse("E0002", "taisho_tsuki is no month"),
    }
}

/// Days of a month, those of them with assistance, and those on which it was not suspended.
fn days_of(desk: &Desk<'_>, subject: &str, first: Day) -> (i64, i64, i64) {
    let (mut all, mut open, mut received) = (0, 0, 0);
    let mut day = first;
    while day.month() == first.month() {
        all += 1;
        if let Some(row) = row_on(desk, subject, day) {
            open += 1;
            received += i64::from(!suspended_on(&row, day));
        }
        match day.next() {
            Some(next) => day = next,
            None => break,
        }
    }
    (all, open, received)
}

/// What is due for a month.
fn due(desk: &Desk<'_>, subject: &str, first: Day) -> i64 {
    let (all, open, received) = days_of(desk, subject, first);
    let income = if desk.obeys("UNIT-16-R05") {
        desk.number("shunyu_ninteigaku")
    } else {
        0
    };
    let lacking = (desk.number("saitei_seikatsuhi") - income).max(0);
    let counted = if desk.obeys("UNIT-16-R11") { received } else { open };
    if desk.obeys("UNIT-16-R04") {
        lacking * counted / all
    } else {
        lacking
    }
}

fn pay(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let first = paid_month(desk)?;
    let (_, open, received) = days_of(desk, &subject, first);
    desk.demand("UNIT-16-R15", open > 0, "no assistance in this month")?;
    desk.demand("UNIT-16-R11", received > 0 || open == 0, "suspended in this month")?;
    let text = desk.text("taisho_tsuki").to_owned();
    let paid = desk
        .rows(PAYMENT, &subject)
        .iter()
        .any(|known| known.get("taisho_tsuki") == Some(&text));
    desk.demand("UNIT-16-R13", !paid, "paid already")?;
    let amount = due(desk, &subject, first);
    let mut payment = desk.row_for(PAYMENT);
    payment.insert("shiharai_bango".into(), desk.receipt());
    payment.insert("kingaku".into(), amount.to_string());
    payment.insert("henkangaku".into(), "0".into());
    desk.add(PAYMENT, &subject, payment);
    tell_payment(desk, &subject, amount);
    Ok(())
}

fn correct(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let decided = day(desk, "ketteibi")?;
    let first = paid_month(desk)?;
    let text = desk.text("taisho_tsuki").to_owned();
    let is_it = |row: &Row| row.get("taisho_tsuki") == Some(&text);
    let Some(known) = desk.rows(PAYMENT, &subject).iter().find(|row| is_it(row)).cloned() else {
        return desk.refuse("E0008", "nothing was paid for this month");
    };
    let kept = number(&known, "kingaku") - number(&known, "henkangaku");
    let difference = due(desk, &subject, first) - kept;
    if difference > 0 {
        let recent = months_later(decided, -2) <= first;
        desk.demand("UNIT-16-R21", recent, "earlier than the second month before")?;
    }
    let returns = desk.obeys("UNIT-16-R14");
    desk.change(PAYMENT, &subject, |row| {
        if !is_it(row) {
            return;
        }
        let item = if difference > 0 { "kingaku" } else { "henkangaku" };
        if difference > 0 || returns {
            let sum = number(row, item) + difference.abs();
            row.insert(item.into(), sum.to_string());
        }
    });
    tell_payment(desk, &subject, difference);
    Ok(())
}

fn tell_payment(desk: &mut Desk<'_>, subject: &str, amount: i64) {
    if amount <= 0 {
        return;
    }
    let month = desk.text("taisho_tsuki").to_owned();
    let content = row([
        ("shiharai_bango", desk.receipt()),
        ("shiharaibi", desk.text("shiharaibi").to_owned()),
        ("kingaku", amount.to_string()),
        ("taisho_kaishizuki", month.clone()),
        ("taisho_shuryozuki", month),
    ]);
    let people = if desk.obeys("UNIT-16-R16") {
        vec![subject.to_owned()]
    } else {
        household(desk, subject)
    };
    for person in people {
        desk.tell("assistance-paid", &person, content.clone());
    }
}

// --- notices ---

fn moved(desk: &mut Desk<'_>, event: &str) {
    let subject = desk.subject();
    match residence(desk, event) {
        Move::Out(day, _) if desk.obeys("UNIT-16-R09") => end(desk, &subject, day, "out"),
        Move::Died(day) => {
            let people = match row_on(desk, &subject, day) {
                Some(row) if !desk.obeys("UNIT-16-R06") => {
                    recipients(desk, row.get(DECISION).map_or("", String::as_str), day)
                }
                _ => vec![subject],
            };
            for person in people {
                end(desk, &person, next(day), "died");
            }
        }
        Move::Born(day) if desk.obeys("UNIT-16-R07") => join(desk, &subject, day),
        Move::In(day) if !desk.obeys("UNIT-16-R08") => join(desk, &subject, day),
        Move::Household(day) | Move::Within(day) => {
            let open = row_on(desk, &subject, before(day));
            let number = desk.note(&subject, "setaibango").to_owned();
            match open {
                Some(row)
                    if desk.has("setaibango")
                        && row.get("setaibango") != Some(&number)
                        && desk.obeys("UNIT-16-R10") =>
                {
                    end(desk, &subject, day, "split");
                }
                None if !desk.obeys("UNIT-16-R08") => join(desk, &subject, day),
                _ => {}
            }
        }
        Move::Cancelled(..) if desk.obeys("UNIT-16-R23") => reopen(desk, &subject),
        _ => {}
    }
}

/// Ends the assistance of one person, and tells it.
fn end(desk: &mut Desk<'_>, subject: &str, on: Day, why: &str) {
    if row_on(desk, subject, before(on)).is_none() {
        return;
    }
    desk.change(ASSISTANCE, subject, |row| {
        if is_open(row, before(on)) {
            row.insert("shuryobi".into(), on.to_string());
            row.insert(ENDED_BY.into(), why.to_owned());
        }
    });
    tell(desk, subject, "4", on);
}

/// Takes back an end that followed from a change of residence.
fn reopen(desk: &mut Desk<'_>, subject: &str) {
    let mut ended = None;
    desk.change(ASSISTANCE, subject, |row| {
        if row.remove(ENDED_BY).is_some() {
            ended = row.remove("shuryobi");
        }
    });
    if let Some(on) = ended.and_then(|day| Day::parse(&day).ok()) {
        tell(desk, subject, "1", on);
    }
}

/// Makes somebody a recipient with the household.
fn join(desk: &mut Desk<'_>, subject: &str, since: Day) {
    let others = household(desk, subject).into_iter().filter(|other| other != subject);
    let open = others.filter_map(|other| row_on(desk, &other, since)).next();
    if let Some(decision) = open.and_then(|row| row.get(DECISION).cloned()) {
        add(desk, subject, since, &decision);
    }
}

fn certification(desk: &mut Desk<'_>) {
    let subject = desk.subject();
    note_if_new(desk, &subject);
    let level = desk.text("yokaigo_jotai").to_owned();
    let since = desk.text("kaishibi").to_owned();
    if desk.text("nintei_ido_kubun") == "4" {
        desk.set_note(&subject, "nintei_shuryobi", since);
        return;
    }
    let none = level == "01" && desk.obeys("UNIT-16-R22");
    let until = desk.text("shuryobi").to_owned();
    desk.set_note(&subject, "nintei_kaishibi", if none { String::new() } else { since });
    desk.set_note(&subject, "nintei_shuryobi", until);
}

/// Whether care aid is possible on a day.
fn in_care(desk: &Desk<'_>, subject: &str, day: Day) -> bool {
    let since = desk.note_day(subject, "nintei_kaishibi");
    let until = desk.note_day(subject, "nintei_shuryobi");
    since.is_some_and(|since| since <= day) && until.is_none_or(|until| day < until)
}
