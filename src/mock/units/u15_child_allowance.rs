//! 15 児童手当: the rules of `conformance/units/15-child-allowance/unit.toml`.
//!
//! Grants stand in no record: who is a child, and until when, is computed from what is known when it is asked for.

use super::Row;
use super::desk::{Desk, Refusal, row};
use super::rules::Business;
use super::welfare::{
    Hearing, Payment, birth, child_birth, day_of, earliest, first_since, grant, hear, is_paid, known, months,
    next_month, on_day, payment_executed, printed, record_payment, row_day, row_text, within_days,
};
use crate::standard::unit::Record;
use crate::text::date::Day;
use crate::text::date::age::{end_of_fiscal_year_of_age, first_day_of_age};

const RECIPIENT: &str = "child-allowance-recipient";
const PAYMENT: &str = "child-allowance-payment";
/// Children that were claimed for, with the first day and a reported end.
const GRANT: &str = "grant";
/// Elder children that are supported.
const ELDER: &str = "elder";
/// Yearly income above which the allowance stopped until September 2024 (R09 only: a product that was not changed).
const FORMER_LIMIT: i64 = 12_000_000;

/// The unit.
pub(super) struct Rules;

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        known(desk, &subject)?;
        match id {
            "claim" => claim(desk, &subject),
            "revise" => revise(desk, &subject),
            "end" => end(desk, &subject),
            "report-elder" => report_elder(desk, &subject),
            _ => pay(desk, &subject),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        if event == "payment-executed" {
            payment_executed(desk, PAYMENT, desk.obeys("UNIT-15-R17"));
            return Ok(());
        }
        let how = Hearing {
            restores: desk.obeys("UNIT-15-R15"),
            corrects: true,
        };
        hear(desk, event, &how);
        if event == "resident-born" && !desk.obeys("UNIT-15-R12") && desk.has("setainushi_atenabango") {
            let (child, head) = (desk.subject(), desk.text("setainushi_atenabango").to_owned());
            let day = next_month(day_of(desk, "seinengappi")?);
            add_grant(desk, &head, &child, day);
        }
        Ok(())
    }

    fn inquiry(&self, desk: &Desk<'_>, record: &Record, day: Option<Day>) -> Vec<Row> {
        let subject = desk.subject();
        if record.id == RECIPIENT {
            return on_day(children(desk, &subject), day);
        }
        desk.rows(PAYMENT, &subject).to_vec()
    }
}

fn claim(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let servant = desk.text("komuin_flag") == "1";
    let start = first_day(desk)?;
    if !on_day(children(desk, subject), Some(start)).is_empty() {
        return desk.refuse("E0006", "granted already; a further child is claimed for by 額改定請求");
    }
    desk.demand(
        "UNIT-15-R10",
        !servant,
        "public servants are paid by their employer (法17条)",
    )?;
    take_child(desk, subject, start)
}

fn revise(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let start = first_day(desk)?;
    let child = desk.text("jido_atenabango").to_owned();
    let rows = children(desk, subject);
    if rows.is_empty() {
        return desk.refuse("E0004", "no recipient yet: 認定請求 comes first");
    }
    let same = on_day(rows, Some(start));
    if same.iter().any(|row| row_text(row, "jido_atenabango") == child) {
        return desk.refuse("E0006", "the child is paid for already");
    }
    take_child(desk, subject, start)
}

/// First day of the first month: the month after the claim, or after the birth or move within 15 days (法8条2項、3項).
fn first_day(desk: &Desk<'_>) -> Result<Day, Refusal> {
    let claimed = day_of(desk, "todokedebi")?;
    if let Some(day) = desk.day("idobi") {
        if day > claimed {
            return desk.refuse("E0008", "the claim comes before what it follows");
        }
        if within_days(day, claimed, 15) && desk.obeys("UNIT-15-R02") {
            return Ok(next_month(day));
        }
    }
    Ok(if desk.obeys("UNIT-15-R01") {
        next_month(claimed)
    } else {
        claimed.first_of_month()
    })
}

fn take_child(desk: &mut Desk<'_>, subject: &str, start: Day) -> Result<(), Refusal> {
    let child = desk.text("jido_atenabango").to_owned();
    let birth = child_birth(desk, &child)?;
    let is_child = age_end(desk, birth).is_some_and(|end| start < end);
    desk.demand(
        "UNIT-15-R18",
        is_child,
        "past the March 31 after reaching 18 (法3条1項)",
    )?;
    let taken = desk
        .find(GRANT, "jido_atenabango", &child)
        .into_iter()
        .any(|(other, _)| {
            let rows = children(desk, &other);
            other != subject
                && rows.iter().any(|row| {
                    row_text(row, "jido_atenabango") == child && row_day(row, "shuryobi").is_none_or(|end| start < end)
                })
        });
    desk.demand("UNIT-15-R11", !taken, "the child is paid for to another recipient")?;
    add_grant(desk, subject, &child, start);
    Ok(())
}

fn add_grant(desk: &mut Desk<'_>, subject: &str, child: &str, start: Day) {
    let items = [("jido_atenabango", child.to_owned()), ("kaishibi", start.to_string())];
    grant(desk, GRANT, subject, items);
}

fn end(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let day = day_of(desk, "idobi")?;
    let child = desk.text("jido_atenabango").to_owned();
    if desk.rows(GRANT, subject).is_empty() {
        return desk.refuse("E0005", "no recipient");
    }
    desk.change(GRANT, subject, |row| {
        if (child.is_empty() || row_text(row, "jido_atenabango") == child) && !row.contains_key("end") {
            row.insert("end".into(), day.to_string());
        }
    });
    Ok(())
}

fn report_elder(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let child = desk.text("jido_atenabango").to_owned();
    child_birth(desk, &child)?;
    let from = next_month(day_of(desk, "todokedebi")?);
    let items = [("jido_atenabango", child), ("kaishibi", from.to_string())];
    grant(desk, ELDER, subject, items);
    Ok(())
}

/// The first day on which somebody is no child any more (法3条1項).
fn age_end(desk: &Desk<'_>, birth: Day) -> Option<Day> {
    if desk.obeys("UNIT-15-R03") {
        return end_of_fiscal_year_of_age(birth, 18)?.next();
    }
    first_day_of_age(birth, 18)?.end_of_fiscal_year()?.next()
}

/// The rows of a recipient: one for each child.
fn children(desk: &Desk<'_>, subject: &str) -> Vec<Row> {
    let year_limit = income_stops(desk, subject);
    let rows = desk.rows(GRANT, subject).iter().filter_map(|known| {
        let child = row_text(known, "jido_atenabango");
        let start = row_day(known, "kaishibi")?;
        let until_month_of = |day: Day| {
            if desk.obeys("UNIT-15-R04") {
                next_month(day)
            } else {
                day
            }
        };
        let left = |day: Option<Day>| day.filter(|day| *day >= start).map(until_month_of);
        let died = desk.note_day(child, "died").filter(|_| desk.obeys("UNIT-15-R14"));
        let end = earliest([
            birth(desk, child).and_then(|birth| age_end(desk, birth)),
            left(row_day(known, "end")),
            left(first_since(desk, subject, "out", start)),
            desk.note_day(subject, "died").map(next_month),
            died.map(next_month),
        ]);
        let items = [
            ("atenabango", subject.to_owned()),
            ("jido_atenabango", child.to_owned()),
            ("kaishibi", start.to_string()),
            ("shuryobi", printed(end)),
        ];
        (end.is_none_or(|end| start < end) && !year_limit).then(|| row(items))
    });
    rows.collect()
}

/// A product that still stops the allowance by income (R09).
fn income_stops(desk: &Desk<'_>, subject: &str) -> bool {
    let above = |year: i32| {
        super::welfare::income(desk, subject, &year.to_string()).is_some_and(|income| income >= FORMER_LIMIT)
    };
    !desk.obeys("UNIT-15-R09") && (2020..2100).any(above)
}

fn pay(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let months = months(desk)?;
    let day = day_of(desk, "shiharaibi")?;
    let rows = children(desk, subject);
    let has_ended = !desk.rows(GRANT, subject).is_empty() && on_day(rows.clone(), Some(day)).is_empty();
    let before = months.last().is_none_or(|last| *last < day.first_of_month());
    let in_time = before && (has_ended || day.month() % 2 == 0);
    desk.demand(
        "UNIT-15-R07",
        in_time,
        "paid in even months, for the months before (法8条4項)",
    )?;
    let paid = is_paid(desk, PAYMENT, subject, &months);
    desk.demand("UNIT-15-R08", !paid, "one of the months is paid for already")?;
    let payee = match desk.text("shiharaisaki_atenabango") {
        "" => subject.to_owned(),
        other => other.to_owned(),
    };
    let alive = desk.note_day(&payee, "died").is_none_or(|died| day < died);
    desk.demand(
        "UNIT-15-R13",
        alive,
        "the payee is dead; what is unpaid goes to the child (法12条)",
    )?;
    let amount = months
        .iter()
        .map(|month| amount_for(desk, subject, &rows, *month))
        .sum();
    let to: &[u8] = if desk.obeys("UNIT-15-R16") { &[23] } else { &[6, 16, 23] };
    let state = if desk.obeys("UNIT-15-R17") { "1" } else { "2" };
    let payment = Payment {
        record: PAYMENT,
        event: "child-allowance-paid",
        payee: &payee,
        amount,
        state,
        to,
    };
    record_payment(desk, &payment);
    Ok(())
}

/// The amount for all children in a month (法6条1項).
fn amount_for(desk: &Desk<'_>, subject: &str, rows: &[Row], month: Day) -> i64 {
    let mut births: Vec<(Day, bool)> = Vec::new();
    for child in on_day(rows.to_vec(), Some(month)) {
        births.extend(birth(desk, row_text(&child, "jido_atenabango")).map(|day| (day, true)));
    }
    for elder in desk.rows(ELDER, subject).iter().filter(|_| desk.obeys("UNIT-15-R06")) {
        let born = birth(desk, row_text(elder, "jido_atenabango"));
        let counts = row_day(elder, "kaishibi").is_some_and(|from| from <= month);
        let last = born.and_then(|born| end_of_fiscal_year_of_age(born, 22));
        births.extend(
            born.filter(|_| counts && last.is_some_and(|last| month <= last))
                .map(|day| (day, false)),
        );
    }
    births.sort();
    let amounts = births.iter().enumerate().filter(|(_, (_, paid))| *paid);
    amounts
        .map(|(place, (born, _))| amount_of_child(desk, place, *born, month))
        .sum()
}

fn amount_of_child(desk: &Desk<'_>, place: usize, born: Day, month: Day) -> i64 {
    let third_birthday = first_day_of_age(born, 3).map_or(born, Day::first_of_month);
    let is_small = if desk.obeys("UNIT-15-R05") {
        month <= third_birthday
    } else {
        month < third_birthday
    };
    match (place, is_small) {
        (2.., _) => 30_000,
        (_, true) => 15_000,
        _ => 10_000,
    }
}
