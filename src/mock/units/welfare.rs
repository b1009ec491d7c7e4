//! What the units of allowances and medical subsidies share: what unit 01 and unit 06 tell them, months, and payments.

use super::Row;
use super::desk::{Desk, Refusal, row};
use crate::text::date::Day;

/// How a unit takes the notices of the resident register.
pub(super) struct Hearing {
    /// Whether a cancelled change is taken back.
    pub(super) restores: bool,
    /// Whether a corrected date of birth counts.
    pub(super) corrects: bool,
}

/// Takes a notice of unit 01 or 06 as facts about its subject: `since`, `out`, `died`, `seinengappi`, `income-<year>`.
pub(super) fn hear(desk: &mut Desk<'_>, event: &str, how: &Hearing) {
    let subject = desk.subject();
    match event {
        "resident-moved-in" => {
            desk.note_all();
            add_day(desk, "since", "idobi");
        }
        "resident-born" => {
            desk.note_all();
            add_day(desk, "since", "seinengappi");
        }
        "resident-moved-out" => add_day(desk, "out", "idobi"),
        "resident-died" => {
            let day = desk.text("shibobi").to_owned();
            desk.set_note(&subject, "died", day);
        }
        "resident-changed" if how.corrects => desk.note_all(),
        "resident-change-cancelled" if how.restores => cancelled(desk, &subject),
        "income-determined" | "income-corrected" => take_income(desk, &subject),
        "resident-changed" | "resident-change-cancelled" => desk.set_note(&subject, "seen", "1"),
        _ => desk.note_all(),
    }
}

/// Adds a day of the request to the days of a note: people come and go more than once.
fn add_day(desk: &mut Desk<'_>, name: &str, item: &str) {
    let subject = desk.subject();
    let Some(day) = desk.day(item) else {
        return;
    };
    let mut days = days(desk, &subject, name);
    days.push(day);
    set_days(desk, &subject, name, days);
}

fn set_days(desk: &mut Desk<'_>, subject: &str, name: &str, mut days: Vec<Day>) {
    days.sort();
    days.dedup();
    let words: Vec<String> = days.iter().map(Day::to_string).collect();
    desk.set_note(subject, name, words.join(" "));
}

/// The days of a note, in order: `since` of moving in or birth, `out` of moving out.
pub(super) fn days(desk: &Desk<'_>, person: &str, name: &str) -> Vec<Day> {
    let words = desk.note(person, name).split(' ');
    words.filter_map(|word| Day::parse(word).ok()).collect()
}

/// The first of a note's days on or after a day.
pub(super) fn first_since(desk: &Desk<'_>, person: &str, name: &str, start: Day) -> Option<Day> {
    days(desk, person, name).into_iter().find(|day| *day >= start)
}

fn cancelled(desk: &mut Desk<'_>, subject: &str) {
    // 21, 22 and 24 to 28 are the reasons by which a record is deleted otherwise than by death.
    let reason = desk.text("torikeshi_ido_jiyu").to_owned();
    let day = desk.day("idobi");
    desk.note_all();
    match reason.as_str() {
        "23" => desk.set_note(subject, "died", ""),
        "21" | "22" | "24" | "25" | "26" | "27" | "28" => {
            let mut left = days(desk, subject, "out");
            left.retain(|out| Some(*out) != day);
            set_days(desk, subject, "out", left);
        }
        _ => {}
    }
}

fn take_income(desk: &mut Desk<'_>, subject: &str) {
    let known = ["soshotoku_kingakuto", "gokei_shotoku"]
        .into_iter()
        .find(|item| desk.has(item))
        .map(|item| desk.text(item).to_owned());
    // Who has declared nothing has no known income; who is not taxed and has no amount has none.
    let amount = known.or_else(|| (desk.text("kazei_kubun") != "0").then(|| "0".to_owned()));
    let name = format!("income-{}", desk.text("nendo"));
    desk.set_note(subject, &name, amount.unwrap_or_default());
}

/// The income of somebody that a fiscal year's tax was decided by, if it was told.
pub(super) fn income(desk: &Desk<'_>, person: &str, year: &str) -> Option<i64> {
    desk.note(person, &format!("income-{year}")).parse().ok()
}

/// Somebody's date of birth, if it is known to the day.
pub(super) fn birth(desk: &Desk<'_>, person: &str) -> Option<Day> {
    desk.note_day(person, "seinengappi")
}

/// The date of birth of a child: what is known, or what the request says, which is noted. Refused where there is neither.
pub(super) fn child_birth(desk: &mut Desk<'_>, child: &str) -> Result<Day, Refusal> {
    if let Some(day) = birth(desk, child) {
        return Ok(day);
    }
    let Some(day) = desk.day("jido_seinengappi") else {
        return desk.refuse("E0005", "the child is not known, and its date of birth is missing");
    };
    desk.set_note(child, "seinengappi", day.to_string());
    Ok(day)
}

/// Refuses a procedure about somebody unknown.
pub(super) fn known(desk: &Desk<'_>, person: &str) -> Result<(), Refusal> {
    if desk.knows(person) {
        return Ok(());
    }
    desk.refuse("E0005", "nobody with that number is known")
}

/// A required item of the request as a day.
pub(super) fn day_of(desk: &Desk<'_>, item: &str) -> Result<Day, Refusal> {
    match desk.day(item) {
        Some(day) => Ok(day),
        None => desk.refuse("E0002", item),
    }
}

/// A row's item as a day.
pub(super) fn row_day(row: &Row, item: &str) -> Option<Day> {
    Day::parse(row.get(item)?).ok()
}

/// A row's item; empty if it is not there.
pub(super) fn row_text<'r>(row: &'r Row, item: &str) -> &'r str {
    row.get(item).map_or("", String::as_str)
}

/// First day of the month after; days near the end of time stay.
pub(super) fn next_month(day: Day) -> Day {
    day.first_of_next_month().unwrap_or(day)
}

/// The day after; the last day of all stays.
pub(super) fn day_after(day: Day) -> Day {
    day.next().unwrap_or(day)
}

/// The earlier of what is known.
pub(super) fn earliest(days: impl IntoIterator<Item = Option<Day>>) -> Option<Day> {
    days.into_iter().flatten().min()
}

/// Whether so many days at most lie between two days, the first not counted.
pub(super) fn within_days(from: Day, to: Day, days: i32) -> bool {
    (0..=days).contains(&(to.number() - from.number()))
}

/// The day of a row's end in words; nothing where it has none.
pub(super) fn printed(day: Option<Day>) -> String {
    day.map_or_else(String::new, |day| day.to_string())
}

/// The months that a payment is for, by their first days.
pub(super) fn months(desk: &Desk<'_>) -> Result<Vec<Day>, Refusal> {
    let month = |item: &str| {
        let first = format!("{}-01", desk.text(item));
        match Day::parse(&first) {
            Ok(day) => Ok(day),
            Err(_) => desk.refuse("E0002", item),
        }
    };
    let (first, last) = (month("taisho_kaishizuki")?, month("taisho_shuryozuki")?);
    if first > last {
        return desk.refuse("E0008", "the first month is after the last");
    }
    Ok(months_between(first, last))
}

fn months_between(first: Day, last: Day) -> Vec<Day> {
    let step = |month: &Day| month.first_of_next_month();
    std::iter::successors(Some(first), step)
        .take_while(|month| *month <= last)
        .collect()
}

/// Whether one of these months was paid for in a record of payments, except by a payment that was taken back.
pub(super) fn is_paid(desk: &Desk<'_>, record: &str, subject: &str, months: &[Day]) -> bool {
    let month = |row: &Row, item: &str| Day::parse(&format!("{}-01", row_text(row, item))).ok();
    desk.rows(record, subject)
        .iter()
        .filter(|row| row_text(row, "shiharai_jotai") != "4")
        .any(|row| {
            let range = month(row, "taisho_kaishizuki").zip(month(row, "taisho_shuryozuki"));
            range.is_some_and(|(first, last)| months.iter().any(|month| (first..=last).contains(month)))
        })
}

/// A decided payment.
pub(super) struct Payment<'p> {
    /// Record of payments.
    pub(super) record: &'p str,
    /// Event that tells it.
    pub(super) event: &'p str,
    /// Whom it is paid to.
    pub(super) payee: &'p str,
    pub(super) amount: i64,
    /// State in which it is recorded: 1, decided.
    pub(super) state: &'p str,
    /// Units that are told.
    pub(super) to: &'p [u8],
}

/// Records a payment and tells it; nothing is told where nothing is to be paid.
pub(super) fn record_payment(desk: &mut Desk<'_>, payment: &Payment<'_>) {
    let subject = desk.subject();
    let mut paid = desk.row_for(payment.record);
    paid.insert("kingaku".into(), payment.amount.to_string());
    paid.insert("shiharai_jotai".into(), payment.state.into());
    desk.add(payment.record, &subject, paid.clone());
    if payment.amount > 0 {
        paid.remove("atenabango");
        desk.tell_to(payment.event, payment.payee, paid, payment.to);
    }
}

/// Takes what financial accounting says about a payment. Where `always` is not set, a payment that is recorded as paid
/// stays so.
pub(super) fn payment_executed(desk: &mut Desk<'_>, record: &str, always: bool) {
    let number = desk.text("shiharai_bango").to_owned();
    let state = match desk.text("shiharai_kekka") {
        "1" => "2",
        "2" => "3",
        _ => "4",
    };
    let subjects: Vec<String> = desk
        .find(record, "shiharai_bango", &number)
        .into_iter()
        .map(|(subject, _)| subject)
        .collect();
    // Numbers of payments are unique in a municipality, but stories of a test share them: the payee or its family.
    let about = desk.subject();
    for subject in subjects {
        let of_family = desk.rows(record, &subject).iter().any(|row| {
            row_text(row, "shiharai_bango") == number
                && (subject == about || row_text(row, "shiharaisaki_atenabango") == about)
        });
        if !of_family {
            continue;
        }
        desk.change(record, &subject, |row| {
            let here = row_text(row, "shiharai_bango") == number;
            if here && (always || row_text(row, "shiharai_jotai") != "2") {
                row.insert("shiharai_jotai".into(), state.into());
            }
        });
    }
    let subject = desk.subject();
    desk.set_note(&subject, "seen", "1");
}

/// A grant of an entitlement as it stands in no record: what it ends by is looked at when it is asked for.
pub(super) fn grant<const N: usize>(desk: &mut Desk<'_>, kind: &str, subject: &str, items: [(&str, String); N]) {
    desk.add(kind, subject, row(items));
}

/// Rows whose periods follow one another without a change are one row.
pub(super) fn merged(rows: Vec<Row>, value: &str) -> Vec<Row> {
    let mut out: Vec<Row> = Vec::new();
    for row in rows {
        match out.last_mut() {
            Some(last) if last.get("shuryobi") == row.get("kaishibi") && last.get(value) == row.get(value) => {
                last.remove("shuryobi");
                if let Some(end) = row.get("shuryobi") {
                    last.insert("shuryobi".into(), end.clone());
                }
            }
            _ => out.push(row),
        }
    }
    out
}

/// Rows that are valid on the reference date, or all of them.
pub(super) fn on_day(rows: Vec<Row>, day: Option<Day>) -> Vec<Row> {
    let Some(day) = day else {
        return rows;
    };
    let valid = |row: &Row| {
        row_day(row, "kaishibi").is_none_or(|since| since <= day)
            && row_day(row, "shuryobi").is_none_or(|until| day < until)
    };
    rows.into_iter().filter(valid).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn fifteen_days_without_the_first() {
        assert!(within_days(day("2026-06-20"), day("2026-07-05"), 15));
        assert!(!within_days(day("2026-06-20"), day("2026-07-06"), 15));
        assert!(!within_days(day("2026-06-20"), day("2026-06-19"), 15));
    }

    #[test]
    fn months_over_a_year() {
        let months = months_between(day("2025-11-01"), day("2026-01-01"));
        assert_eq!(months, [day("2025-11-01"), day("2025-12-01"), day("2026-01-01")]);
    }

    #[test]
    fn equal_neighbours_are_one_row() {
        let part = |from: &str, to: &str, class: &str| {
            row([
                ("kaishibi", from.into()),
                ("shuryobi", to.into()),
                ("class", class.into()),
            ])
        };
        let rows = vec![
            part("2026-05-01", "2026-11-01", "1"),
            part("2026-11-01", "2027-11-01", "1"),
            part("2027-11-01", "", "2"),
        ];
        let rows = merged(rows, "class");
        assert_eq!(rows.len(), 2);
        assert_eq!(row_text(&rows[0], "shuryobi"), "2027-11-01");
        assert_eq!(on_day(rows, Some(day("2027-11-01"))).len(), 1);
    }
}
