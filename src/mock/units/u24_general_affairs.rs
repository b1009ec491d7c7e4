//! 24 庶務事務: the rules of `conformance/units/24-general-affairs/unit.toml`.

use super::Row;
use super::desk::{Desk, Refusal, row};
use super::rules::Business;
use super::staff::{self, Standing};

/// The unit.
pub(super) struct Rules;

const ATTENDANCE: &str = "attendance";
const LEAVE: &str = "leave";
const TRIP: &str = "business-trip";
/// Days of annual leave that were granted.
const GRANTS: &str = "grants";
/// Rule about orders that were cancelled.
const CANCELLED: &str = "UNIT-24-R16";
const DAY: i64 = 24 * 60;
/// Days of annual leave that go over to the next year at most.
const CARRIED_AT_MOST: i64 = 20;

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        if !staff::is_known(desk, &subject) {
            return desk.refuse("E0005", "知らない職員番号です");
        }
        match id {
            "record-attendance" => record(desk, &subject),
            "correct-attendance" => correct(desk, &subject),
            "close-month" => close_month(desk, &subject),
            "grant-leave" => {
                let grant = row([
                    ("year", desk.text("kyuka_nen").to_owned()),
                    ("days", desk.text("fuyo_nissu").to_owned()),
                ]);
                desk.add(GRANTS, &subject, grant);
                Ok(())
            }
            "take-leave" => take_leave(desk, &subject),
            "order-trip" => order_trip(desk, &subject),
            "settle-trip" => settle_trip(desk, &subject),
            _ => cancel_trip(desk, &subject),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, _event: &str) -> Result<(), Refusal> {
        staff::take_order(desk);
        Ok(())
    }
}

fn value<'r>(row: &'r Row, item: &str) -> &'r str {
    row.get(item).map_or("", String::as_str)
}

fn number(row: &Row, item: &str) -> i64 {
    value(row, item).parse().unwrap_or(0)
}

fn check_service(desk: &Desk<'_>, subject: &str, day: &str) -> Result<(), Refusal> {
    let standing = staff::standing(desk, subject, day, CANCELLED);
    desk.demand("UNIT-24-R11", standing != Standing::Out, "在職していない日です")
}

// --- attendance ---

fn record(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let day = desk.text("kinmubi").to_owned();
    check_service(desk, subject, &day)?;
    let on_leave = staff::standing(desk, subject, &day, CANCELLED) == Standing::OnLeave;
    desk.demand("UNIT-24-R12", !on_leave, "休職・休業の期間です")?;
    let is_new = !desk
        .rows(ATTENDANCE, subject)
        .iter()
        .any(|row| value(row, "kinmubi") == day);
    desk.demand("UNIT-24-R05", is_new, "記録済みの日です")?;
    let is_closed = !desk.note(subject, &closed(month_of(&day))).is_empty();
    desk.demand("UNIT-24-R10", !is_closed, "締切済みの月です")?;
    let row = measured(desk)?;
    desk.add(ATTENDANCE, subject, row);
    Ok(())
}

fn correct(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let day = desk.text("kinmubi").to_owned();
    if !desk
        .rows(ATTENDANCE, subject)
        .iter()
        .any(|row| value(row, "kinmubi") == day)
    {
        return desk.refuse("E0005", "記録のない日です");
    }
    let corrected = measured(desk)?;
    desk.change(ATTENDANCE, subject, |row| {
        if value(row, "kinmubi") == day {
            row.clone_from(&corrected);
        }
    });
    let month = month_of(&day).to_owned();
    if !desk.note(subject, &closed(&month)).is_empty() && desk.obeys("UNIT-24-R10") {
        let totals = totals(desk, subject, &month, "2");
        desk.tell("attendance-closed", subject, totals);
    }
    Ok(())
}

fn month_of(day: &str) -> &str {
    day.get(..7).unwrap_or(day)
}

/// Name of the note that a month is closed.
fn closed(month: &str) -> String {
    format!("closed {month}")
}

fn minutes(time: &str) -> i64 {
    let mut parts = time.split(':').map(|part| part.parse::<i64>().unwrap_or(0));
    parts.next().unwrap_or(0) * 60 + parts.next().unwrap_or(0)
}

/// The row of a day, with its times measured.
fn measured(desk: &Desk<'_>) -> Result<Row, Refusal> {
    let begin = minutes(desk.text("kinmu_kaishijikoku"));
    let mut end = minutes(desk.text("kinmu_shuryojikoku"));
    if end <= begin {
        end += DAY;
    }
    let pause = desk.number("kyukei_fun");
    let worked = (end - begin - pause).max(0);
    let needed = match worked {
        481.. => 60,
        361..=480 => 45,
        _ => 0,
    };
    desk.demand("UNIT-24-R04", pause >= needed, "休憩時間が足りません")?;
    let counted = if desk.obeys("UNIT-24-R01") { worked } else { end - begin };
    let over = (counted - desk.number("shotei_fun")).max(0);
    let is_holiday = desk.text("kinmu_kubun") == "2" && desk.obeys("UNIT-24-R03");
    let (over, holiday) = if is_holiday { (0, worked) } else { (over, 0) };
    let night = night(end - over, end, desk.obeys("UNIT-24-R02"));
    let mut row = desk.row_for(ATTENDANCE);
    for (item, minutes) in [
        ("jitsudo_fun", worked),
        ("chokakinmu_fun", over),
        ("shinyakinmu_fun", night),
        ("kyujitsukinmu_fun", holiday),
    ] {
        row.insert(item.into(), minutes.to_string());
    }
    Ok(row)
}

/// Minutes between 22:00 and 5:00, of this day and the next; without what lies after midnight by a defect.
fn night(begin: i64, end: i64, over_midnight: bool) -> i64 {
    let nights = [
        (0, 5 * 60),
        (22 * 60, DAY),
        (DAY, DAY + 5 * 60),
        (DAY + 22 * 60, 2 * DAY),
    ];
    let counted = nights.iter().filter(|(from, _)| over_midnight || *from < DAY);
    counted.map(|(from, to)| (end.min(*to) - begin.max(*from)).max(0)).sum()
}

fn close_month(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let month = desk.text("kinmu_nengetsu").to_owned();
    let is_open = desk.note(subject, &closed(&month)).is_empty();
    desk.demand("UNIT-24-R09", is_open, "締切済みの月です")?;
    let totals = totals(desk, subject, &month, "1");
    desk.set_note(subject, &closed(&month), "1");
    desk.tell("attendance-closed", subject, totals);
    Ok(())
}

/// What the payroll is told of a month: totals, no kind of leave.
fn totals(desk: &Desk<'_>, subject: &str, month: &str, kind: &str) -> Row {
    let in_month = |row: &&Row, item: &str| !desk.obeys("UNIT-24-R09") || month_of(value(row, item)) == month;
    let days: Vec<&Row> = desk
        .rows(ATTENDANCE, subject)
        .iter()
        .filter(|row| in_month(row, "kinmubi"))
        .collect();
    let sum = |item: &str| days.iter().map(|row| number(row, item)).sum::<i64>().to_string();
    let leaves = desk.rows(LEAVE, subject).iter().filter(|row| in_month(row, "kaishibi"));
    let unpaid = leaves.filter(|row| matches!(value(row, "kyuka_shurui"), "4" | "5") || !desk.obeys("UNIT-24-R13"));
    let absent: i64 = unpaid.map(|row| number(row, "kekkin_fun")).sum();
    row([
        ("kinmu_nengetsu", month.to_owned()),
        ("shimekiri_kubun", kind.to_owned()),
        ("kinmu_nissu", days.len().to_string()),
        ("chokakinmu_fun", sum("chokakinmu_fun")),
        ("shinyakinmu_fun", sum("shinyakinmu_fun")),
        ("kyujitsukinmu_fun", sum("kyujitsukinmu_fun")),
        ("kekkin_fun", absent.to_string()),
    ])
}

// --- leave ---

fn take_leave(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let (from, until) = period(desk)?;
    check_service(desk, subject, &from)?;
    desk.demand(
        "UNIT-24-R08",
        is_free(desk, subject, &from, &until),
        "他の休暇又は出張と重なっています",
    )?;
    let mut row = desk.row_for(LEAVE);
    if desk.has("kekkin_fun") {
        row.insert("kekkin_fun".into(), desk.text("kekkin_fun").to_owned());
    }
    if desk.text("kyuka_shurui") == "1" {
        let year = from.get(..4).and_then(|year| year.parse().ok()).unwrap_or(0);
        let rest = balance(desk, subject, year) - desk.number("kyuka_nissu");
        desk.demand("UNIT-24-R06", rest >= 0, "年次有給休暇の残日数を超えています")?;
        row.insert("nenkyu_zannissu".into(), rest.max(0).to_string());
    }
    desk.add(LEAVE, subject, row);
    Ok(())
}

/// First day, and the day on which it is over.
fn period(desk: &Desk<'_>) -> Result<(String, String), Refusal> {
    let (from, until) = (desk.text("kaishibi").to_owned(), desk.text("shuryobi").to_owned());
    if until <= from {
        return desk.refuse("E0008", "終了日が開始日以前です");
    }
    Ok((from, until))
}

fn is_free(desk: &Desk<'_>, subject: &str, from: &str, until: &str) -> bool {
    let leaves = desk.rows(LEAVE, subject).iter();
    let trips = desk
        .rows(TRIP, subject)
        .iter()
        .filter(|row| value(row, "shutcho_shonin") != "3");
    !leaves
        .chain(trips)
        .any(|row| value(row, "kaishibi") < until && from < value(row, "shuryobi"))
}

/// Days of annual leave that are left in a year.
fn balance(desk: &Desk<'_>, subject: &str, year: i64) -> i64 {
    let first = desk
        .rows(GRANTS, subject)
        .iter()
        .map(|grant| number(grant, "year"))
        .min();
    let mut carried = 0;
    for past in first.unwrap_or(year)..year {
        let (granted, taken) = (granted(desk, subject, past), taken(desk, subject, past));
        carried = if desk.obeys("UNIT-24-R07") {
            // Leave is taken from the carried days first; those that are left lapse.
            (granted - (taken - carried).max(0)).clamp(0, CARRIED_AT_MOST)
        } else {
            carried + granted - taken
        };
    }
    carried + granted(desk, subject, year) - taken(desk, subject, year)
}

fn granted(desk: &Desk<'_>, subject: &str, year: i64) -> i64 {
    let grants = desk.rows(GRANTS, subject).iter();
    grants
        .filter(|grant| number(grant, "year") == year)
        .map(|grant| number(grant, "days"))
        .sum()
}

fn taken(desk: &Desk<'_>, subject: &str, year: i64) -> i64 {
    let leaves = desk
        .rows(LEAVE, subject)
        .iter()
        .filter(|row| value(row, "kyuka_shurui") == "1");
    let of_year = leaves.filter(|row| value(row, "kaishibi").get(..4) == Some(year.to_string().as_str()));
    of_year.map(|row| number(row, "kyuka_nissu")).sum()
}

// --- trips ---

fn order_trip(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let (from, until) = period(desk)?;
    check_service(desk, subject, &from)?;
    if trip(desk, subject).is_some() {
        return desk.refuse("E0006", "登録済みの出張番号です");
    }
    desk.demand(
        "UNIT-24-R08",
        is_free(desk, subject, &from, &until),
        "他の休暇又は出張と重なっています",
    )?;
    let mut row = desk.row_for(TRIP);
    row.insert("shutcho_shonin".into(), "1".into());
    desk.add(TRIP, subject, row.clone());
    tell_trip(desk, subject, row);
    Ok(())
}

fn trip(desk: &Desk<'_>, subject: &str) -> Option<Row> {
    let number = desk.text("shutcho_bango");
    let mut trips = desk.rows(TRIP, subject).iter();
    trips.find(|row| value(row, "shutcho_bango") == number).cloned()
}

fn settle_trip(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let trip = trip(desk, subject).unwrap_or_default();
    let is_ordered = value(&trip, "shutcho_shonin") == "1";
    let is_over = desk.text("seisanbi") >= value(&trip, "shuryobi");
    desk.demand("UNIT-24-R15", is_ordered && is_over, "精算できる出張ではありません")?;
    let mut settled = trip.clone();
    settled.insert("shutcho_shonin".into(), "2".into());
    settled.insert("kingaku".into(), desk.text("kingaku").to_owned());
    replace_trip(desk, subject, &settled);
    let mut told = settled;
    if !desk.obeys("UNIT-24-R14") {
        told.insert("kingaku".into(), value(&trip, "kingaku").to_owned());
    }
    tell_trip(desk, subject, told);
    Ok(())
}

fn cancel_trip(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let Some(mut cancelled) = trip(desk, subject).filter(|trip| value(trip, "shutcho_shonin") == "1") else {
        return desk.refuse("E0004", "取り消せる出張がありません");
    };
    cancelled.insert("shutcho_shonin".into(), "3".into());
    replace_trip(desk, subject, &cancelled);
    tell_trip(desk, subject, cancelled);
    Ok(())
}

fn replace_trip(desk: &mut Desk<'_>, subject: &str, new: &Row) {
    let number = desk.text("shutcho_bango").to_owned();
    desk.change(TRIP, subject, |row| {
        if value(row, "shutcho_bango") == number {
            row.clone_from(new);
        }
    });
}

fn tell_trip(desk: &mut Desk<'_>, subject: &str, mut content: Row) {
    let payee = desk.note(subject, "atenabango").to_owned();
    content.insert("atenabango".into(), payee);
    desk.tell("travel-approved", subject, content);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn night_is_from_ten_to_five_on_both_days() {
        assert_eq!(night(22 * 60 - 30, 23 * 60, true), 60);
        assert_eq!(night(21 * 60, DAY + 6 * 60, true), 7 * 60);
        assert_eq!(night(21 * 60, DAY + 6 * 60, false), 2 * 60);
        assert_eq!(night(4 * 60, 8 * 60, true), 60);
        assert_eq!(night(9 * 60, 22 * 60, true), 0);
    }
}
