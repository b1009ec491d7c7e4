//! Grants of disability services.

use super::desk::{Desk, Refusal, row};
use super::welfare::{birth, day_after, day_of, earliest, first_since, printed, row_day};
use super::{Row, is};
use crate::text::date::Day;
use crate::text::date::age::age_at_end_of;

pub(super) const RECORD: &str = "service";
const HOME_CARE: &str = "11";
const VISITING_CARE: &str = "12";
const DAILY_CARE: &str = "22";
const FACILITY: &str = "32";

pub(super) fn grant(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let kind = desk.text("service_shurui").to_owned();
    let start = day_of(desk, "kaishibi")?;
    let beyond = desk.text("kaigo_tekiyo_gai") == "1";
    let by_care_insurance = kind == HOME_CARE && !beyond && is_certified(desk, subject, start);
    desk.demand("UNIT-12-R16", !by_care_insurance, "care insurance comes first (法7条)")?;
    let is_needed = level_is_enough(desk, subject, &kind, start);
    desk.demand("UNIT-12-R17", is_needed, "the level of support need is too low")?;
    let longest = longest(&kind, start);
    let end = desk.day("shuryobi").or(longest);
    if end.is_some_and(|end| end <= start) {
        return desk.refuse("E0008", "it ends before it begins");
    }
    let fits = end.zip(longest).is_none_or(|(end, longest)| end <= longest);
    desk.demand("UNIT-12-R18", fits, "longer than allowed (施行規則15条)")?;
    let granted = row([
        ("atenabango", subject.to_owned()),
        ("service_shurui", kind),
        ("kaishibi", start.to_string()),
        ("shuryobi", printed(end)),
        ("shien_kubun", desk.text("shien_kubun").to_owned()),
    ]);
    desk.add(RECORD, subject, granted);
    Ok(())
}

/// Keeps what 14 told of the care certification.
pub(super) fn certification(desk: &mut Desk<'_>, subject: &str) {
    let is_over = desk.text("nintei_ido_kubun") == "4" || desk.text("yokaigo_jotai") == "01";
    let (from, until) = (desk.text("kaishibi").to_owned(), desk.text("shuryobi").to_owned());
    if is_over {
        desk.set_note(subject, "certified-until", from);
    } else {
        desk.set_note(subject, "certified-from", from);
        desk.set_note(subject, "certified-until", until);
    }
}

fn is_certified(desk: &Desk<'_>, subject: &str, day: Day) -> bool {
    let from = desk.note_day(subject, "certified-from");
    let until = desk.note_day(subject, "certified-until");
    from.is_some_and(|from| from <= day) && until.is_none_or(|until| day < until)
}

/// 重度訪問介護 from level 4; 生活介護 from level 3, or 2 at 50 and older.
fn level_is_enough(desk: &Desk<'_>, subject: &str, kind: &str, day: Day) -> bool {
    let age = birth(desk, subject).and_then(|birth| age_at_end_of(birth, day));
    let least = match kind {
        VISITING_CARE => 4,
        DAILY_CARE if age.is_some_and(|age| age >= 50) => 2,
        DAILY_CARE => 3,
        _ => 0,
    };
    desk.number("shien_kubun") >= least
}

/// The day on which the longest grant is over: the rest of the first month, then one or three years.
fn longest(kind: &str, start: Day) -> Option<Day> {
    let counted = if start.day() == 1 {
        start
    } else {
        start.first_of_next_month()?
    };
    let years = if matches!(kind, HOME_CARE | VISITING_CARE) {
        1
    } else {
        3
    };
    counted.add_years(years)
}

/// The grants of somebody with their ends; whoever lives in a facility keeps that grant after moving out (R19).
pub(super) fn rows(desk: &Desk<'_>, subject: &str) -> Vec<Row> {
    let rows = desk.rows(RECORD, subject).iter().filter_map(|known| {
        let start = row_day(known, "kaishibi")?;
        let stays = is(known, "service_shurui", FACILITY) && desk.obeys("UNIT-12-R19");
        let since = |name: &str| first_since(desk, subject, name, start);
        let end = earliest([
            row_day(known, "shuryobi"),
            since("out").filter(|_| !stays),
            since("died").map(day_after),
        ]);
        let mut row = known.clone();
        row.insert("shuryobi".into(), printed(end));
        end.is_none_or(|end| start < end).then_some(row)
    });
    rows.collect()
}
