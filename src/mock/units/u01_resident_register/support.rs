//! 支援措置 (1.1.16, 3.1, 3.4). It begins and ends only by what is reported; time alone never ends it.

use super::super::Row;
use super::super::desk::{Desk, Refusal, row};
use super::history::{self, get, set};
use crate::text::date::Day;

const RECORD: &str = "support-measure";
const EVENT: &str = "support-measure-changed";
/// Months of a measure.
const MONTHS: u16 = 12;

fn day_of(row: &Row, item: &str) -> Option<Day> {
    Day::parse(get(row, item)).ok()
}

/// Measures that are on, on a day or now.
pub(super) fn rows(desk: &Desk<'_>, subject: &str, day: Option<Day>) -> Vec<Row> {
    let on = |row: &&Row| match day {
        Some(day) => is_on(desk, row, day),
        None => !row.contains_key("kaijobi"),
    };
    desk.rows(RECORD, subject).iter().filter(on).cloned().collect()
}

fn is_on(desk: &Desk<'_>, row: &Row, day: Day) -> bool {
    let begun = day_of(row, "shien_kaishibi").is_some_and(|since| since <= day);
    let released = day_of(row, "kaijobi").is_some_and(|until| until <= day);
    // The mistake: the measure ends by itself.
    let over = day_of(row, "shien_shuryobi").is_some_and(|last| last < day) && !desk.obeys("UNIT-01-R30");
    begun && !released && !over
}

/// Whether somebody is protected on a day.
pub(super) fn protects(desk: &Desk<'_>, subject: &str, day: Day) -> bool {
    let rows = desk.rows(RECORD, subject);
    rows.iter()
        .any(|row| get(row, "shiensochi") == "1" && is_on(desk, row, day))
}

fn open(desk: &Desk<'_>, subject: &str) -> Option<Row> {
    let rows = desk.rows(RECORD, subject).iter();
    rows.rev().find(|row| !row.contains_key("kaijobi")).cloned()
}

/// 仮支援措置, 開始, 延長, 終了, 一時解除.
pub(super) fn report(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    if history::newest(desk, &subject).is_none() {
        return desk.refuse("E0005", "nobody has that number");
    }
    let Some(day) = desk.day("shien_kaishibi") else {
        return desk.refuse("E0002", "shien_kaishibi");
    };
    let what = desk.text("shien_shori").to_owned();
    if matches!(what.as_str(), "1" | "2") {
        begin(desk, &subject, day, what == "1");
        return Ok(());
    }
    let Some(measure) = open(desk, &subject) else {
        return desk.refuse("E0004", "there is no measure");
    };
    match what.as_str() {
        "3" => extend(desk, &subject, &measure, day),
        "4" => {
            desk.change_last(RECORD, &subject, |row| set(row, "kaijobi", day.to_string()));
            if desk.obeys("UNIT-01-R47") {
                tell_end(desk, &subject, &measure, day);
            }
            Ok(())
        }
        _ => {
            if !desk.obeys("UNIT-01-R32") {
                tell_end(desk, &subject, &measure, day);
            }
            Ok(())
        }
    }
}

fn begin(desk: &mut Desk<'_>, subject: &str, day: Day, provisional: bool) {
    let year = match desk.obeys("UNIT-01-R29") {
        true => day.last_day_of_months(MONTHS),
        false => day.add_years(1),
    };
    let last = desk.day("shien_shuryobi").or(year);
    let last = last.map(|day| day.to_string()).unwrap_or_default();
    let hidden = provisional && !desk.obeys("UNIT-01-R33");
    if open(desk, subject).is_some() {
        desk.change_last(RECORD, subject, |row| {
            set(row, "shiensochi", "1");
            set(row, "kari_shiensochi", if provisional { "1" } else { "0" });
            set(row, "shien_shuryobi", last.as_str());
        });
    } else {
        let new = row([
            ("atenabango", subject.to_owned()),
            ("shiensochi", if hidden { "0" } else { "1" }.to_owned()),
            ("kari_shiensochi", if provisional { "1" } else { "0" }.to_owned()),
            ("shien_kaishibi", day.to_string()),
            ("shien_shuryobi", last),
        ]);
        desk.add(RECORD, subject, new);
    }
    if !hidden {
        tell_on(desk, subject);
    }
}

fn extend(desk: &mut Desk<'_>, subject: &str, measure: &Row, day: Day) -> Result<(), Refusal> {
    let Some(last) = day_of(measure, "shien_shuryobi") else {
        return desk.refuse("E0004", "the measure has no last day");
    };
    let from = last.add_months(-1);
    desk.demand(
        "UNIT-01-R31",
        from.is_some_and(|from| from <= day),
        "more than a month before the end",
    )?;
    let begins = if desk.obeys("UNIT-01-R31") {
        last.next()
    } else {
        Some(day)
    };
    let until = begins.and_then(|day| day.last_day_of_months(MONTHS));
    let until = until.map(|day| day.to_string()).unwrap_or_default();
    desk.change_last(RECORD, subject, |row| set(row, "shien_shuryobi", until));
    tell_on(desk, subject);
    Ok(())
}

/// Flag and dates, nothing else.
fn tell_on(desk: &mut Desk<'_>, subject: &str) {
    if let Some(measure) = open(desk, subject) {
        desk.tell(EVENT, subject, measure);
    }
}

fn tell_end(desk: &mut Desk<'_>, subject: &str, measure: &Row, day: Day) {
    let mut content = measure.clone();
    set(&mut content, "shiensochi", "0");
    set(&mut content, "shien_shuryobi", day.to_string());
    desk.tell(EVENT, subject, content);
}

/// Who moves out stays protected: the measure goes on as a provisional one.
pub(super) fn on_moving_out(desk: &mut Desk<'_>, subject: &str, day: Day) {
    let Some(measure) = open(desk, subject) else {
        return;
    };
    if desk.obeys("UNIT-01-R34") {
        desk.change_last(RECORD, subject, |row| set(row, "kari_shiensochi", "1"));
    } else {
        desk.change_last(RECORD, subject, |row| set(row, "kaijobi", day.to_string()));
        tell_end(desk, subject, &measure, day);
    }
}
