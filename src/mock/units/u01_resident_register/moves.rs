//! 転入, 転居, 転出 and the notice of the municipality where somebody arrived.

use super::super::Row;
use super::super::desk::{Desk, Refusal};
use super::history::{self, get, set};
use super::relationship::HEAD;
use super::{HISTORY, correct, household, support};
use crate::text::date::{Day, RegisterDate};

/// Items of an address.
const ADDRESS: [&str; 6] = [
    "jusho_shikuchosonkodo",
    "jusho_choazakodo",
    "jusho_choaza",
    "jusho_banchigohyoki",
    "jusho_katagaki",
    "jusho_yubinbango",
];
/// Days after moving out within which it can be reported.
const DAYS_TO_REPORT: i32 = 14;

/// 転入届.
pub(super) fn move_in(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let (day, report) = history::days(desk)?;
    let foreign = desk.text("jumin_shubetsu") == "2";
    let of_nationality = if foreign { "15" } else { "14" };
    let reason = history::reason(desk, "11", &["11", "12", "16", of_nationality])?;
    nothing_blank(desk, foreign)?;
    if matches!(desk.text("honseki"), "なし" | "不明") && !desk.obeys("UNIT-01-R46") {
        return desk.refuse("E0002", "honseki is no address");
    }
    correct::names_fit(desk, foreign)?;
    if !desk.obeys("UNIT-01-R12")
        && matches!(
            RegisterDate::parse(desk.text("seinengappi")),
            Some(RegisterDate::OutsideCalendar { .. })
        )
    {
        return desk.refuse("E0002", "seinengappi is no day of the calendar");
    }
    let here = history::newest(desk, &subject).is_some_and(|row| matches!(get(&row, "jumin_jotai"), "1" | "3"));
    desk.demand("UNIT-01-R18", !here, "a resident, or dead")?;
    history::in_time(desk, &subject, day, Some(report))?;
    if !desk.obeys("UNIT-01-R18") {
        desk.retain(HISTORY, &subject, |_| false);
    }
    let mut row = desk.row_for("resident");
    set(
        &mut row,
        "seinengappi",
        history::as_kept(desk, desk.text("seinengappi")),
    );
    set(
        &mut row,
        "tennyumae_shikuchosonkodo",
        desk.text("tennyumae_shikuchosonkodo"),
    );
    set(&mut row, "jumin_jotai", history::RESIDENT);
    if reason == "12" && desk.obeys("UNIT-01-R49") {
        keep_names(desk, &subject, &mut row);
    }
    let became = if foreign {
        "gaikokujin_jumin_natta_bi"
    } else {
        "jumin_natta_bi"
    };
    set(&mut row, became, day.to_string());
    let settled = if desk.obeys("UNIT-01-R01") { day } else { report };
    set(&mut row, "jusho_sadame_bi", settled.to_string());
    let number = given_or_new(desk);
    let relation = desk.text("zokugara").to_owned();
    household::enter(desk, &mut row, &subject, &number, &relation, day)?;
    set(&mut row, "todokedebi", report.to_string());
    history::describe(&mut row, &reason, day);
    history::write(desk, &subject, row.clone());
    history::tell(desk, "resident-moved-in", &subject, &row);
    if relation == HEAD {
        household::follow_head(desk, &number, &subject, day, false);
    }
    Ok(())
}

/// Who moved abroad and comes back keeps former family name and alias (1.1.7).
fn keep_names(desk: &Desk<'_>, subject: &str, row: &mut Row) {
    let abroad = history::newest(desk, subject).filter(|last| get(last, "ido_jiyu") == "22");
    for item in ["kyuji", "tsusho"].iter().filter(|item| !desk.has(item)) {
        if let Some(last) = &abroad {
            set(row, item, get(last, item));
        }
    }
}

fn given_or_new(desk: &Desk<'_>) -> String {
    match desk.text("setaibango") {
        "" => household::new_number(desk),
        given => given.to_owned(),
    }
}

/// Items that may not be blank (1.1.6); spaces are blank. All others may be.
fn nothing_blank(desk: &Desk<'_>, foreign: bool) -> Result<(), Refusal> {
    let blank = |item: &str| desk.text(item).trim().is_empty();
    let mut missing = blank("jusho_choaza");
    if foreign {
        let with_card = matches!(desk.text("zairyu_kubun"), "1" | "2");
        missing |= blank("zairyu_kubun") || with_card && blank("zairyu_card_bango");
    } else {
        missing |= blank("honseki") || blank("hittosha");
    }
    desk.demand("UNIT-01-R28", !missing, "an item may not be blank")
}

/// 転居届.
pub(super) fn move_within(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let (day, report) = history::days(desk)?;
    desk.demand("UNIT-01-R13", day <= report, "the change comes after its report")?;
    let before = history::resident_on(desk, &subject, day)?;
    history::in_time(desk, &subject, day, None)?;
    let blank = desk.text("jusho_choaza").trim().is_empty();
    desk.demand("UNIT-01-R28", !blank, "the address may not be blank")?;
    let mut next = history::copy_of(&before);
    for item in ADDRESS {
        set(&mut next, item, desk.text(item));
    }
    set(&mut next, "jusho_sadame_bi", day.to_string());
    if !desk.obeys("UNIT-01-R02") {
        set(&mut next, "jumin_natta_bi", day.to_string());
    }
    let old = get(&before, "setaibango").to_owned();
    let alone = household::members(desk, &old, Some(day)).len() < 2;
    let (number, usual) = match (desk.text("setaibango"), alone) {
        ("", true) => (old.clone(), get(&before, "zokugara")),
        ("", false) => (household::new_number(desk), HEAD),
        (given, _) if given == old => (given.to_owned(), get(&before, "zokugara")),
        (given, _) => (given.to_owned(), HEAD),
    };
    let relation = match desk.text("zokugara") {
        "" => usual.to_owned(),
        given => given.to_owned(),
    };
    household::enter(desk, &mut next, &subject, &number, &relation, day)?;
    set(&mut next, "todokedebi", report.to_string());
    history::describe(&mut next, "31", day);
    let same = ["jusho_choaza", "jusho_banchigohyoki"]
        .iter()
        .all(|item| get(&before, item) == get(&next, item));
    history::write(desk, &subject, next.clone());
    if !same || desk.obeys("UNIT-01-R03") {
        history::tell(desk, "resident-moved-within", &subject, &next);
    }
    if number != old {
        if relation == HEAD {
            household::follow_head(desk, &number, &subject, day, false);
        }
        household::settle(desk, &old, day);
    }
    Ok(())
}

/// 転出届: the day may be a planned one.
pub(super) fn move_out(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let (day, report) = history::days(desk)?;
    let reason = history::reason(desk, "21", &["21", "22"])?;
    let before = history::resident_on(desk, &subject, day)?;
    history::in_time(desk, &subject, day, None)?;
    let mut next = history::copy_of(&before);
    for item in ["tenshutsusaki_shikuchosonkodo", "tenshutsusaki_jusho"] {
        set(&mut next, item, desk.text(item));
    }
    set(&mut next, "tenshutsu_yoteibi", day.to_string());
    set(&mut next, "jumin_jotai", "2");
    let late = day.add_days(DAYS_TO_REPORT).is_some_and(|last| report > last);
    if late && desk.obeys("UNIT-01-R14") {
        set(&mut next, "shokken_flag", "1");
    } else {
        set(&mut next, "todokedebi", report.to_string());
    }
    history::describe(&mut next, &reason, day);
    if !desk.obeys("UNIT-01-R15") {
        set(&mut next, "kaishibi", report.to_string());
    }
    history::write(desk, &subject, next.clone());
    tell_out(desk, &subject, next, day);
    support::on_moving_out(desk, &subject, day);
    household::settle(desk, get(&before, "setaibango"), day);
    Ok(())
}

/// Nobody is told where a protected person went.
fn tell_out(desk: &mut Desk<'_>, subject: &str, mut content: Row, day: Day) {
    if support::protects(desk, subject, day) && desk.obeys("UNIT-01-R35") {
        content.remove("tenshutsusaki_shikuchosonkodo");
        content.remove("tenshutsusaki_jusho");
    }
    history::tell(desk, "resident-moved-out", subject, &content);
}

/// 転入通知の受理: an earlier day moves the removal; what was planned stays beside what is certain.
pub(super) fn accept_notice(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let Some(before) = history::newest(desk, &subject) else {
        return desk.refuse("E0005", "nobody has that number");
    };
    let removed = Day::parse(get(&before, "kaishibi")).ok();
    let (Some(removed), Some(arrived), true) = (
        removed,
        desk.day("tenshutsu_kakuteibi"),
        get(&before, "jumin_jotai") == "2",
    ) else {
        return desk.refuse("E0004", "the person did not move out");
    };
    let mut next = before.clone();
    set(&mut next, "tsuchibi", desk.text("tsuchibi"));
    set(&mut next, "tenshutsu_kakuteibi", desk.text("tenshutsu_kakuteibi"));
    set(
        &mut next,
        "tenshutsusaki_kakutei_jusho",
        desk.text("tenshutsusaki_kakutei_jusho"),
    );
    if !desk.obeys("UNIT-01-R16") {
        set(
            &mut next,
            "tenshutsusaki_jusho",
            desk.text("tenshutsusaki_kakutei_jusho"),
        );
        set(&mut next, "tenshutsu_yoteibi", desk.text("tenshutsu_kakuteibi"));
    }
    let day = match desk.obeys("UNIT-01-R15") {
        true => removed.min(arrived),
        false => removed.max(arrived),
    };
    set(&mut next, "kaishibi", day.to_string());
    if day != removed {
        set(&mut next, "idobi", day.to_string());
    }
    history::write(desk, &subject, next.clone());
    if day < removed {
        tell_out(desk, &subject, next, day);
    }
    Ok(())
}
