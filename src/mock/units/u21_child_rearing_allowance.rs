//! 21 児童扶養手当: the rules of `conformance/units/21-child-rearing-allowance/unit.toml`.
//!
//! Claims, yearly reports and losses are kept as they came; children, classes and their periods are computed from them
//! when they are asked for, so that a correction or a cancellation works back by itself.

use super::Row;
use super::desk::{Desk, Refusal, row};
use super::rules::Business;
use super::welfare::{
    Hearing, Payment, birth, child_birth, day_of, earliest, first_since, grant, hear, income, is_paid, known, merged,
    months, next_month, on_day, payment_executed, printed, record_payment, row_day, row_text, within_days,
};
use crate::standard::unit::Record;
use crate::text::date::Day;
use crate::text::date::age::{end_of_fiscal_year_of_age, first_day_of_age, first_of_month_after_age};

const RECIPIENT: &str = "child-rearing-recipient";
const CHILD: &str = "child-rearing-child";
const PAYMENT: &str = "child-rearing-payment";
const CHANGED: &str = "child-rearing-allowance-changed";
/// Children that were claimed for, with the first day and a reported end.
const GRANT: &str = "grant";
/// What decides the class: year of the income, limits, the obliged relative, and from when on.
const DECISION: &str = "decision";
/// Periods in which the amount is not cut after five years.
const EXEMPTION: &str = "exemption";

/// The unit.
pub(super) struct Rules;

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        known(desk, &subject)?;
        let before = classes(desk, &subject);
        match id {
            "claim" => claim(desk, &subject)?,
            "revise" => revise(desk, &subject)?,
            "status-report" => status_report(desk, &subject)?,
            "exemption-report" => {
                let period = desk.row_for(CHILD);
                desk.add(EXEMPTION, &subject, period);
            }
            "lose" => lose(desk, &subject)?,
            _ => pay(desk, &subject)?,
        }
        announce(desk, &subject, &before);
        Ok(())
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        if event == "payment-executed" {
            payment_executed(desk, PAYMENT, true);
            return Ok(());
        }
        let about = concerned(desk, &subject);
        let before: Vec<Vec<Row>> = about.iter().map(|person| classes(desk, person)).collect();
        if event == "income-corrected" && !desk.obeys("UNIT-21-R09") {
            corrected_from_now_on(desk, &subject);
        }
        let how = Hearing {
            restores: desk.obeys("UNIT-21-R18"),
            corrects: true,
        };
        hear(desk, event, &how);
        for (person, before) in about.iter().zip(&before) {
            announce(desk, person, before);
            if event.starts_with("income-") && !desk.obeys("UNIT-21-R17") {
                tell_all(desk, person);
            }
        }
        Ok(())
    }

    fn inquiry(&self, desk: &Desk<'_>, record: &Record, day: Option<Day>) -> Vec<Row> {
        let subject = desk.subject();
        match record.id.as_str() {
            RECIPIENT => on_day(classes(desk, &subject), day),
            CHILD => on_day(children(desk, &subject), day),
            _ => desk.rows(PAYMENT, &subject).to_vec(),
        }
    }
}

/// Recipients that a notice about somebody concerns: as recipient, as child, or as obliged relative.
fn concerned(desk: &Desk<'_>, person: &str) -> Vec<String> {
    let mut all = vec![person.to_owned()];
    for (kind, item) in [(GRANT, "jido_atenabango"), (DECISION, "fuyogimusha_atenabango")] {
        all.extend(desk.find(kind, item, person).into_iter().map(|(subject, _)| subject));
    }
    all.sort();
    all.dedup();
    all
}

fn claim(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let start = first_day(desk)?;
    if !on_day(classes(desk, subject), Some(start)).is_empty() {
        return desk.refuse("E0006", "granted already; a further child is claimed for by 額改定請求");
    }
    decide(desk, subject, start)?;
    take_child(desk, subject, start)
}

fn revise(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    if desk.rows(GRANT, subject).is_empty() {
        return desk.refuse("E0004", "no recipient yet: 認定請求 comes first");
    }
    let start = next_month(day_of(desk, "todokedebi")?);
    take_child(desk, subject, start)
}

/// First day of the first month (法7条1項、2項).
fn first_day(desk: &Desk<'_>) -> Result<Day, Refusal> {
    let claimed = day_of(desk, "todokedebi")?;
    let hindered = desk.day("yamuoenai_kaishibi").zip(desk.day("yamuoenai_shuryobi"));
    if let Some((from, until)) = hindered
        && within_days(until, claimed, 15)
        && desk.obeys("UNIT-21-R02")
    {
        return Ok(next_month(from));
    }
    // The product applies the 15 days of the child allowance.
    let moved = desk.day("idobi").filter(|day| within_days(*day, claimed, 15));
    match moved.filter(|_| !desk.obeys("UNIT-21-R01")) {
        Some(moved) => Ok(next_month(moved)),
        None => Ok(next_month(claimed)),
    }
}

fn decide(desk: &mut Desk<'_>, subject: &str, from: Day) -> Result<(), Refusal> {
    let year = desk.text("nendo").to_owned();
    if income(desk, subject, &year).is_none() {
        return desk.refuse("E0004", "the income of that year was not told");
    }
    let items = [
        "nendo",
        "zenbu_gendogaku",
        "ichibu_gendogaku",
        "fuyogimusha_gendogaku",
        "fuyogimusha_atenabango",
        "todokedebi",
    ];
    let mut decision: Row = items
        .iter()
        .filter(|item| desk.has(item))
        .map(|item| ((*item).to_owned(), desk.text(item).to_owned()))
        .collect();
    decision.insert("kaishibi".into(), from.to_string());
    desk.add(DECISION, subject, decision);
    Ok(())
}

fn take_child(desk: &mut Desk<'_>, subject: &str, start: Day) -> Result<(), Refusal> {
    let child = desk.text("jido_atenabango").to_owned();
    let birth = child_birth(desk, &child)?;
    let disabled = desk.text("jido_shogai") == "1";
    if age_end(desk, birth, disabled).is_none_or(|end| end <= start) {
        return desk.refuse("E0008", "no child any more");
    }
    let taken = desk
        .find(GRANT, "jido_atenabango", &child)
        .into_iter()
        .any(|(other, _)| {
            other != subject
                && children(desk, &other).iter().any(|row| {
                    row_text(row, "jido_atenabango") == child && row_day(row, "shuryobi").is_none_or(|end| start < end)
                })
        });
    desk.demand("UNIT-21-R15", !taken, "the child is paid for to another recipient")?;
    let flag = if disabled { "1" } else { "" };
    let items = [
        ("jido_atenabango", child),
        ("kaishibi", start.to_string()),
        ("disabled", flag.into()),
    ];
    grant(desk, GRANT, subject, items);
    Ok(())
}

/// The report of a year decides from November on (法9条1項).
fn status_report(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    if desk.rows(GRANT, subject).is_empty() {
        return desk.refuse("E0005", "no recipient");
    }
    let year: u16 = desk.text("nendo").parse().unwrap_or(0);
    let from = match Day::new(year, 11, 1) {
        Ok(november) if desk.obeys("UNIT-21-R08") => november,
        _ => next_month(day_of(desk, "todokedebi")?),
    };
    decide(desk, subject, from)?;
    let name = format!("report-{year}");
    desk.set_note(subject, &name, "1");
    Ok(())
}

fn lose(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
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

/// The first day on which somebody is no child any more (法3条1項).
fn age_end(desk: &Desk<'_>, birth: Day, disabled: bool) -> Option<Day> {
    if disabled && desk.obeys("UNIT-21-R05") {
        return first_of_month_after_age(birth, 20);
    }
    if desk.obeys("UNIT-21-R04") {
        return end_of_fiscal_year_of_age(birth, 18)?.next();
    }
    first_day_of_age(birth, 18)?.end_of_fiscal_year()?.next()
}

/// The children of a recipient, each with its period.
fn children(desk: &Desk<'_>, subject: &str) -> Vec<Row> {
    let rows = desk.rows(GRANT, subject).iter().filter_map(|known| {
        let child = row_text(known, "jido_atenabango");
        let start = row_day(known, "kaishibi")?;
        let disabled = row_text(known, "disabled") == "1";
        let until_month_of = |day: Day| {
            if desk.obeys("UNIT-21-R03") {
                next_month(day)
            } else {
                day
            }
        };
        let left = |day: Option<Day>| day.filter(|day| *day >= start).map(until_month_of);
        let end = earliest([
            birth(desk, child).and_then(|birth| age_end(desk, birth, disabled)),
            left(row_day(known, "end")),
            left(first_since(desk, subject, "out", start)),
            left(desk.note_day(subject, "died")),
            left(desk.note_day(child, "died")),
        ]);
        let items = [
            ("atenabango", subject.to_owned()),
            ("jido_atenabango", child.to_owned()),
            ("kaishibi", start.to_string()),
            ("shuryobi", printed(end)),
        ];
        end.is_none_or(|end| start < end).then(|| row(items))
    });
    rows.collect()
}

/// The classes of a recipient, one row for each period; they end with the last child.
fn classes(desk: &Desk<'_>, subject: &str) -> Vec<Row> {
    let children = children(desk, subject);
    let Some(start) = children.iter().filter_map(|row| row_day(row, "kaishibi")).min() else {
        return Vec::new();
    };
    let ends = children.iter().filter_map(|row| row_day(row, "shuryobi"));
    let end = if desk.obeys("UNIT-21-R19") {
        ends.max()
    } else {
        ends.min()
    };
    let mut decisions = desk.rows(DECISION, subject).to_vec();
    decisions.sort_by_key(|decision| row_day(decision, "kaishibi"));
    let mut rows = Vec::new();
    for (place, decision) in decisions.iter().enumerate() {
        let from = row_day(decision, "kaishibi").map_or(start, |from| from.max(start));
        let next = decisions.get(place + 1).and_then(|next| row_day(next, "kaishibi"));
        let until = earliest([next, end]);
        if until.is_some_and(|until| until <= from) {
            continue;
        }
        let items = [
            ("atenabango", subject.to_owned()),
            ("kaishibi", from.to_string()),
            ("jidofuyo_jotai", class(desk, subject, decision).to_owned()),
            ("shuryobi", printed(until)),
        ];
        rows.push(row(items));
    }
    merged(rows, "jidofuyo_jotai")
}

/// The class that a decision leads to (法9条1項、10条): at the limit is too much.
fn class(desk: &Desk<'_>, subject: &str, decision: &Row) -> &'static str {
    match row_text(decision, "frozen") {
        "1" => return "1",
        "2" => return "2",
        "3" => return "3",
        _ => {}
    }
    let year = row_text(decision, "nendo");
    let limit = |item: &str| row_text(decision, item).parse::<i64>().ok();
    let reaches = |amount: i64, limit: Option<i64>| {
        limit.is_some_and(|limit| {
            if desk.obeys("UNIT-21-R06") {
                amount >= limit
            } else {
                amount > limit
            }
        })
    };
    let relative = income(desk, row_text(decision, "fuyogimusha_atenabango"), year).unwrap_or(0);
    if desk.obeys("UNIT-21-R07") && limit("fuyogimusha_gendogaku").is_some_and(|limit| relative >= limit) {
        return "3";
    }
    let own = income(desk, subject, year).unwrap_or(0);
    if reaches(own, limit("ichibu_gendogaku")) {
        "3"
    } else if reaches(own, limit("zenbu_gendogaku")) {
        "2"
    } else {
        "1"
    }
}

/// A product that lets a corrected income count from the next month only (R09).
fn corrected_from_now_on(desk: &mut Desk<'_>, subject: &str) {
    let (year, from) = (desk.text("nendo").to_owned(), desk.day("ketteibi").map(next_month));
    let decisions = desk.rows(DECISION, subject).to_vec();
    let Some(used) = decisions.iter().find(|decision| row_text(decision, "nendo") == year) else {
        return;
    };
    let frozen = class(desk, subject, used);
    desk.change(DECISION, subject, |row| {
        if row_text(row, "nendo") == year {
            row.insert("frozen".into(), frozen.into());
        }
    });
    let mut again = used.clone();
    again.insert("kaishibi".into(), printed(from));
    desk.add(DECISION, subject, again);
}

/// Tells what is new about the classes of a recipient.
fn announce(desk: &mut Desk<'_>, subject: &str, before: &[Row]) {
    let after = classes(desk, subject);
    let period = |row: &Row| (row.get("jidofuyo_jotai").cloned(), row.get("kaishibi").cloned());
    let told: Vec<_> = before.iter().map(period).collect();
    let fresh: Vec<&Row> = after.iter().filter(|row| !told.contains(&period(row))).collect();
    for row in &fresh {
        tell(
            desk,
            subject,
            row_text(row, "jidofuyo_jotai"),
            row_text(row, "kaishibi"),
        );
    }
    let (old, new) = (last_end(before), last_end(&after));
    if before.is_empty() || old == new || !fresh.is_empty() {
        return;
    }
    match (new, after.last()) {
        (Some(end), _) if old.is_none_or(|old| end < old) => tell(desk, subject, "4", &end.to_string()),
        (_, Some(last)) => tell(
            desk,
            subject,
            row_text(last, "jidofuyo_jotai"),
            row_text(last, "kaishibi"),
        ),
        (_, None) => {
            let start = before.first().map_or("", |row| row_text(row, "kaishibi")).to_owned();
            tell(desk, subject, "4", &start);
        }
    }
}

fn last_end(rows: &[Row]) -> Option<Day> {
    row_day(rows.last()?, "shuryobi")
}

fn tell_all(desk: &mut Desk<'_>, subject: &str) {
    for row in classes(desk, subject) {
        tell(
            desk,
            subject,
            row_text(&row, "jidofuyo_jotai"),
            row_text(&row, "kaishibi"),
        );
    }
}

fn tell(desk: &mut Desk<'_>, subject: &str, class: &str, day: &str) {
    let content = row([("jidofuyo_jotai", class.to_owned()), ("idobi", day.to_owned())]);
    let to: &[u8] = if desk.obeys("UNIT-21-R16") {
        &[18, 20]
    } else {
        &[15, 18, 20]
    };
    desk.tell_to(CHANGED, subject, content, to);
}

fn pay(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let months = months(desk)?;
    let day = day_of(desk, "shiharaibi")?;
    let classes = classes(desk, subject);
    let has_ended = !classes.is_empty() && on_day(classes.clone(), Some(day)).is_empty();
    let before = months.last().is_none_or(|last| *last < day.first_of_month());
    let in_time = before && (has_ended || day.month() % 2 == 1);
    desk.demand(
        "UNIT-21-R12",
        in_time,
        "paid in odd months, for the months before (法7条3項)",
    )?;
    let reported = months.iter().all(|month| is_reported(desk, subject, *month));
    desk.demand("UNIT-21-R10", reported, "the yearly report is missing (法15条)")?;
    let paid = is_paid(desk, PAYMENT, subject, &months);
    desk.demand("UNIT-21-R13", !paid, "one of the months is paid for already")?;
    let amount = months
        .iter()
        .map(|month| amount_for(desk, subject, &classes, *month))
        .sum();
    let payment = Payment {
        record: PAYMENT,
        event: "child-rearing-allowance-paid",
        payee: subject,
        amount,
        state: "1",
        to: &[23],
    };
    record_payment(desk, &payment);
    Ok(())
}

/// Whether the yearly report that a month needs is there: from November on that of the same year, of whoever claimed by
/// July.
fn is_reported(desk: &Desk<'_>, subject: &str, month: Day) -> bool {
    let year = if month.month() >= 11 {
        month.year()
    } else {
        month.year() - 1
    };
    let Ok(august) = Day::new(year, 8, 1) else {
        return true;
    };
    let claims = desk.rows(DECISION, subject).iter();
    let claimed = claims.filter_map(|decision| row_day(decision, "todokedebi")).min();
    claimed.is_none_or(|claimed| claimed >= august) || !desk.note(subject, &format!("report-{year}")).is_empty()
}

/// The amount of a month: nothing while suspended, less the pension, half after five years (法13条の2、13条の3).
fn amount_for(desk: &Desk<'_>, subject: &str, classes: &[Row], month: Day) -> i64 {
    let row = on_day(classes.to_vec(), Some(month)).into_iter().next();
    let Some(row) = row.filter(|row| row_text(row, "jidofuyo_jotai") != "3") else {
        return 0;
    };
    let pension = if desk.obeys("UNIT-21-R14") {
        desk.number("nenkin_getsugaku")
    } else {
        0
    };
    let amount = (desk.number("teate_getsugaku") - pension).max(0);
    let first = classes.first().and_then(|first| row_day(first, "kaishibi"));
    let first = first.or_else(|| row_day(&row, "kaishibi"));
    let is_long = first
        .and_then(|first| first.add_years(5))
        .is_some_and(|five| five <= month);
    let exempt = on_day(desk.rows(EXEMPTION, subject).to_vec(), Some(month));
    if is_long && exempt.is_empty() && desk.obeys("UNIT-21-R11") {
        amount / 2
    } else {
        amount
    }
}
