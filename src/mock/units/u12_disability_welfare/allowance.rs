//! 特別障害者手当 and 障害児福祉手当.

use super::desk::{Desk, Refusal, row};
use super::welfare::{
    Payment, birth, day_of, earliest, first_since, grant, income, is_paid, merged, months, next_month, printed,
    record_payment, row_day, row_text,
};
use super::{Row, is, on_day};
use crate::text::date::Day;
use crate::text::date::age::{age_at_end_of, first_day_of_age, first_of_month_after_age};

pub(super) const RECORD: &str = "disability-allowance";
pub(super) const PAYMENT: &str = "disability-allowance-payment";
const GRANT: &str = "grant";
/// For adults; the other one is for children.
const SPECIAL: &str = "1";
/// Years that the periods of one claim are looked at.
const YEARS: u16 = 30;

pub(super) fn claim(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let kind = desk.text("teate_shurui").to_owned();
    let claimed = day_of(desk, "todokedebi")?;
    let start = if desk.obeys("UNIT-12-R11") {
        next_month(claimed)
    } else {
        claimed
    };
    let Some(born) = birth(desk, subject) else {
        return desk.refuse("E0005", "the date of birth is not known");
    };
    let is_adult = age_at_end_of(born, claimed).is_some_and(|age| age >= 20);
    desk.demand(
        "UNIT-12-R09",
        is_adult == (kind == SPECIAL),
        "of the wrong age for this allowance",
    )?;
    let inside = desk.text("nyusho_flag") == "1";
    desk.demand("UNIT-12-R12", !inside, "lives in a facility")?;
    let year = desk.text("nendo").to_owned();
    if income(desk, subject, &year).is_none() {
        return desk.refuse("E0004", "the income of that year was not told");
    }
    let same = |row: &Row| is(row, "teate_shurui", &kind);
    if on_day(rows(desk, subject), Some(start)).iter().any(same) {
        return desk.refuse("E0006", "granted already");
    }
    let items = [
        ("teate_shurui", kind),
        ("kaishibi", start.to_string()),
        ("nendo", year),
        ("shotoku_gendogaku", desk.text("shotoku_gendogaku").to_owned()),
    ];
    grant(desk, GRANT, subject, items);
    Ok(())
}

/// Facility and hospital: days are noted, and what follows is computed.
pub(super) fn report_residence(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let day = day_of(desk, "idobi")?.to_string();
    let name = match desk.text("nyusho_kubun") {
        "1" => "facility",
        "2" => "hospital",
        _ => "left",
    };
    desk.set_note(subject, name, day);
    Ok(())
}

/// The allowances of somebody, one row for each period in which they are paid or suspended.
pub(super) fn rows(desk: &Desk<'_>, subject: &str) -> Vec<Row> {
    let grants = desk.rows(GRANT, subject).iter();
    grants.flat_map(|known| periods(desk, subject, known)).collect()
}

fn periods(desk: &Desk<'_>, subject: &str, known: &Row) -> Vec<Row> {
    let Some(start) = row_day(known, "kaishibi") else {
        return Vec::new();
    };
    let end = end_of(desk, subject, known, start);
    let first: u16 = row_text(known, "nendo").parse().unwrap_or(0);
    let limit = row_text(known, "shotoku_gendogaku").parse::<i64>().unwrap_or(i64::MAX);
    let mut suspended = false;
    let mut rows = Vec::new();
    for year in first..first.saturating_add(YEARS) {
        let known_income = income(desk, subject, &year.to_string());
        if let Some(amount) = known_income {
            suspended = if desk.obeys("UNIT-12-R14") {
                amount > limit
            } else {
                amount >= limit
            };
        }
        let august = |year: u16| Day::new(year, 8, 1).ok();
        let from = august(year).map_or(start, |from| from.max(start));
        // Income decides from August to July; the last known class goes on until another income is told.
        let next = (year + 1 < first.saturating_add(YEARS))
            .then(|| august(year + 1))
            .flatten();
        let until = earliest([next, end]);
        if until.is_some_and(|until| until <= from) {
            continue;
        }
        rows.push(row([
            ("atenabango", subject.to_owned()),
            ("teate_shurui", row_text(known, "teate_shurui").to_owned()),
            ("kaishibi", from.to_string()),
            ("teate_teishi", if suspended { "1" } else { "0" }.to_owned()),
            ("shuryobi", printed(until)),
        ]));
    }
    merged(rows, "teate_teishi")
}

/// The first day of the month after the ground has fallen away.
fn end_of(desk: &Desk<'_>, subject: &str, known: &Row, start: Day) -> Option<Day> {
    let since = |name: &str| first_since(desk, subject, name, start);
    let is_special = is(known, "teate_shurui", SPECIAL);
    let too_old = birth(desk, subject).filter(|_| !is_special).and_then(|born| {
        if desk.obeys("UNIT-12-R10") {
            first_of_month_after_age(born, 20)
        } else {
            first_day_of_age(born, 20)?.first_of_next_month()
        }
    });
    let left = |day: Option<Day>| {
        let month = |day: Day| {
            if desk.obeys("UNIT-12-R11") {
                next_month(day)
            } else {
                day
            }
        };
        day.map(month)
    };
    earliest([
        too_old,
        left(since("out")),
        left(since("died")),
        since("facility").map(next_month),
        since("hospital")
            .filter(|_| is_special)
            .and_then(|day| hospital_end(desk, subject, day)),
    ])
}

/// A stay in hospital ends it when it exceeds three months, unless the person has left before (R13).
fn hospital_end(desk: &Desk<'_>, subject: &str, entered: Day) -> Option<Day> {
    if !desk.obeys("UNIT-12-R13") {
        return Some(next_month(entered));
    }
    let exceeded = entered.add_months(3)?.next()?;
    let left = desk.note_day(subject, "left").filter(|left| *left >= entered);
    if left.is_some_and(|left| left < exceeded) {
        return None;
    }
    Some(next_month(exceeded))
}

pub(super) fn pay(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let months = months(desk)?;
    let day = day_of(desk, "shiharaibi")?;
    let mut rows = rows(desk, subject);
    rows.retain(|row| is(row, "teate_shurui", desk.text("teate_shurui")));
    let has_ended = !rows.is_empty() && on_day(rows.clone(), Some(day)).is_empty();
    let before = months.last().is_none_or(|last| *last < day.first_of_month());
    let in_time = before && (has_ended || matches!(day.month(), 2 | 5 | 8 | 11));
    desk.demand("UNIT-12-R15", in_time, "paid in February, May, August and November")?;
    if is_paid(desk, PAYMENT, subject, &months) {
        return desk.refuse("E0006", "one of the months is paid for already");
    }
    let is_paid_month = |month: &&Day| {
        let valid = on_day(rows.clone(), Some(**month));
        valid.iter().any(|row| is(row, "teate_teishi", "0"))
    };
    let count = i64::try_from(months.iter().filter(is_paid_month).count()).unwrap_or(0);
    let payment = Payment {
        record: PAYMENT,
        event: "disability-allowance-paid",
        payee: subject,
        amount: count * desk.number("shogai_teate_getsugaku"),
        state: "1",
        to: &[23],
    };
    record_payment(desk, &payment);
    Ok(())
}
