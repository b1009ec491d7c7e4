//! 10 国民健康保険: who is insured from when to when, what the head of household pays, and benefits.

use super::Row;
use super::desk::{Desk, Refusal, row};
use super::rules::{Business, is_valid};
use super::social::{
    Move, Undone, assisted_on, birth, day, day_in, head_of, in_arrears, in_order, income, known_subject,
    levied_in_time, levy_notice, measure_on, members_of, month_ends, month_text, months_later, moved_in, next,
    note_arrears, note_assistance, note_if_new, note_income, number, put_levy, residence, take_measure,
};
use crate::standard::unit::Record;
use crate::text::date::Day;
use crate::text::date::age::{end_of_fiscal_year_of_age, first_day_of_age, first_of_month_after_age, reached_on};

const QUALIFICATION: &str = "qualification";
const PREMIUM: &str = "nhi-premium";
const BENEFIT: &str = "benefit";
/// From this day on somebody is in late-elderly care, as unit 13 tells.
const LATE_ELDERLY: &str = "koki_shutokubi";
/// Other insurance is suspected.
const SUSPECTED: &str = "kakunin_yohi";

/// The unit.
pub(super) struct Rules;

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        match id {
            "report-acquisition" => report_acquisition(desk),
            "report-loss" => report_loss(desk),
            "cancel-report" => cancel_report(desk),
            "levy-premium" => levy_premium(desk),
            "claim-benefit" => claim_benefit(desk),
            "report-maternity" => report_maternity(desk),
            _ => decide_special_benefit(desk),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        match event {
            "assistance-changed" => assistance(desk),
            "late-elderly-qualification-changed" => late_elderly(desk),
            "pension-qualification-changed" => pension(desk),
            "arrears-changed" => note_arrears(desk, "05"),
            "income-determined" | "income-corrected" => {
                note_income(desk);
                correct(desk, "ketteibi");
            }
            _ => moved(desk, event),
        }
        Ok(())
    }

    fn inquiry(&self, desk: &Desk<'_>, record: &Record, day: Option<Day>) -> Vec<Row> {
        let subject = desk.subject();
        let rows = desk.rows(&record.id, &subject).iter();
        if record.id != QUALIFICATION {
            return rows.cloned().collect();
        }
        let valid = rows.filter(|row| {
            day.is_none_or(|day| is_valid(record, row, day) && end_of(desk, &subject, row).is_none_or(|end| day < end))
        });
        valid.map(|row| shown(desk, &subject, row, day)).collect()
    }
}

/// A row with what follows from age and measures on the reference date.
fn shown(desk: &Desk<'_>, subject: &str, known: &Row, day: Option<Day>) -> Row {
    let mut shown = known.clone();
    let head = head_of(desk, subject);
    let minor = birth(desk, subject)
        .and_then(|birth| end_of_fiscal_year_of_age(birth, 18))
        .is_some_and(|last| day.is_some_and(|day| day <= last));
    let special = measure_on(desk, &head, day) && !(minor && desk.obeys("UNIT-10-R24"));
    shown.insert("atenabango".into(), subject.to_owned());
    shown.insert("setainushi_atenabango".into(), head);
    shown.insert("kokuho_tokubetsu_ryoyo".into(), u8::from(special).to_string());
    let suspected = desk.note(subject, SUSPECTED) == "1";
    shown.insert("kokuho_kakunin_yohi".into(), u8::from(suspected).to_string());
    if let Some(share) = birth(desk, subject)
        .zip(day)
        .and_then(|(birth, day)| share(desk, birth, day))
    {
        shown.insert("kokuho_futan_wariai".into(), share.into());
    }
    shown
}

/// Tenths that somebody pays on a day.
fn share(desk: &Desk<'_>, birth: Day, day: Day) -> Option<&'static str> {
    let child = match desk.obeys("UNIT-10-R09") {
        true => day <= end_of_fiscal_year_of_age(birth, 6)?,
        false => day < first_day_of_age(birth, 6)?,
    };
    let old = match desk.obeys("UNIT-10-R10") {
        true => first_of_month_after_age(birth, 70)? <= day,
        false => first_day_of_age(birth, 70)? <= day,
    };
    Some(if child || old { "2" } else { "3" })
}

/// The day from which a row is not valid any more, by report or by age.
fn end_of(desk: &Desk<'_>, subject: &str, row: &Row) -> Option<Day> {
    let lost = day_in(row, "kokuho_soshitsubi");
    let old = birth(desk, subject).and_then(|birth| first_day_of_age(birth, 75));
    match (lost, old.filter(|_| desk.obeys("UNIT-10-R05"))) {
        (Some(lost), Some(old)) => Some(lost.min(old)),
        (lost, old) => lost.or(old),
    }
}

fn insured_on(desk: &Desk<'_>, subject: &str, day: Day) -> bool {
    desk.rows(QUALIFICATION, subject).iter().any(|row| {
        let since = day_in(row, "kokuho_shutokubi");
        since.is_some_and(|since| since <= day) && end_of(desk, subject, row).is_none_or(|end| day < end)
    })
}

// --- reports ---

fn report_acquisition(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let (since, reported) = (day(desk, "idobi")?, day(desk, "todokedebi")?);
    in_order(desk, since, reported)?;
    if !desk.text("kokuho_jiyu").starts_with('1') {
        return desk.refuse("E0004", "the reason is not one of an acquisition");
    }
    if moved_in(desk, &subject).is_some_and(|moved| since < moved) {
        return desk.refuse("E0008", "not a resident on that day");
    }
    let old = birth(desk, &subject).and_then(|birth| first_day_of_age(birth, 75));
    let late = desk.note_day(&subject, LATE_ELDERLY);
    let young = old.is_none_or(|old| since < old) && late.is_none_or(|late| since < late);
    desk.demand("UNIT-10-R07", young, "75 or in late-elderly care")?;
    let assisted = assisted_on(desk, &subject, since);
    desk.demand("UNIT-10-R08", !assisted, "receives public assistance")?;
    let mut rows = desk.rows(QUALIFICATION, &subject).iter();
    let overlaps = rows.any(|row| end_of(desk, &subject, row).is_none_or(|end| since < end));
    desk.demand("UNIT-10-R19", !overlaps, "insured already")?;
    if desk.has("setainushi_atenabango") {
        let head = desk.text("setainushi_atenabango").to_owned();
        desk.set_note(&subject, "setainushi_atenabango", head);
    }
    desk.set_note(&subject, SUSPECTED, "");
    let since = if desk.obeys("UNIT-10-R01") { since } else { reported };
    let reason = desk.text("kokuho_jiyu").to_owned();
    let receipt = desk.receipt();
    let new = row([
        ("kokuho_shutokubi", since.to_string()),
        ("kokuho_shutoku_jiyu", reason.clone()),
        ("uketsukebango", receipt),
    ]);
    desk.add(QUALIFICATION, &subject, new);
    tell(desk, &subject, "1", &reason, since);
    relevy(desk, &subject, reported);
    Ok(())
}

fn report_loss(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let (cause, reported) = (day(desk, "idobi")?, day(desk, "todokedebi")?);
    in_order(desk, cause, reported)?;
    let reason = desk.text("kokuho_jiyu").to_owned();
    if !reason.starts_with('2') {
        return desk.refuse("E0004", "the reason is not one of a loss");
    }
    let insured = insured_on(desk, &subject, cause);
    desk.demand("UNIT-10-R19", insured, "not insured on that day")?;
    desk.set_note(&subject, SUSPECTED, "");
    let receipt = desk.receipt();
    lose(desk, &subject, loss_day(desk, &reason, cause), &reason, &receipt);
    relevy(desk, &subject, reported);
    Ok(())
}

/// The day from which the qualification is lost.
fn loss_day(desk: &Desk<'_>, reason: &str, cause: Day) -> Day {
    let same_day = match reason {
        "21" => desk.obeys("UNIT-10-R02"),
        "25" => desk.obeys("UNIT-10-R04"),
        "26" => true,
        _ => !desk.obeys("UNIT-10-R03"),
    };
    if same_day { cause } else { next(cause) }
}

/// Ends what is valid on the day before, and tells it.
fn lose(desk: &mut Desk<'_>, subject: &str, lost: Day, reason: &str, receipt: &str) {
    let ends = |desk: &Desk<'_>, row: &Row| {
        let since = day_in(row, "kokuho_shutokubi");
        since.is_some_and(|since| since <= lost) && end_of(desk, subject, row).is_none_or(|end| lost < end)
    };
    let index = desk.rows(QUALIFICATION, subject).iter().position(|row| ends(desk, row));
    let Some(index) = index else {
        return;
    };
    let mut place = 0;
    desk.change(QUALIFICATION, subject, |row| {
        if place == index {
            row.insert("kokuho_soshitsubi".into(), lost.to_string());
            row.insert("kokuho_soshitsu_jiyu".into(), reason.to_owned());
            row.insert("soshitsu_uketsukebango".into(), receipt.to_owned());
        }
        place += 1;
    });
    tell(desk, subject, "2", reason, lost);
}

/// Takes back losses with one of these reasons or with this receipt, and tells it.
fn undo_loss(desk: &mut Desk<'_>, subject: &str, matches: impl Fn(&Row) -> bool) -> bool {
    if !desk.obeys("UNIT-10-R20") {
        return true;
    }
    let mut undone = Vec::new();
    desk.change(QUALIFICATION, subject, |row| {
        if !row.contains_key("kokuho_soshitsubi") || !matches(row) {
            return;
        }
        let lost = row.remove("kokuho_soshitsubi").and_then(|day| Day::parse(&day).ok());
        let reason = row.remove("kokuho_soshitsu_jiyu").unwrap_or_default();
        row.remove("soshitsu_uketsukebango");
        undone.extend(lost.map(|lost| (lost, reason)));
    });
    for (lost, reason) in &undone {
        tell(desk, subject, "4", reason, *lost);
    }
    !undone.is_empty()
}

/// Takes back acquisitions, and tells it.
fn undo_acquisition(desk: &mut Desk<'_>, subject: &str, matches: impl Fn(&Row) -> bool) -> bool {
    if !desk.obeys("UNIT-10-R20") {
        return true;
    }
    let rows = desk.rows(QUALIFICATION, subject).iter();
    let undone: Vec<Row> = rows.filter(|row| matches(row)).cloned().collect();
    desk.retain(QUALIFICATION, subject, |row| !matches(row));
    for gone in &undone {
        let reason = gone.get("kokuho_shutoku_jiyu").cloned().unwrap_or_default();
        if let Some(since) = day_in(gone, "kokuho_shutokubi") {
            tell(desk, subject, "3", &reason, since);
        }
    }
    !undone.is_empty()
}

fn cancel_report(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let processed = day(desk, "shoribi")?;
    let receipt = desk.text("torikeshi_uketsukebango").to_owned();
    let has = |item: &'static str| {
        let receipt = receipt.clone();
        move |row: &Row| row.get(item).is_some_and(|known| *known == receipt)
    };
    let found = undo_loss(desk, &subject, has("soshitsu_uketsukebango"))
        || undo_acquisition(desk, &subject, has("uketsukebango"));
    if !found {
        return desk.refuse("E0004", "no report with this receipt number");
    }
    relevy(desk, &subject, processed);
    Ok(())
}

fn tell(desk: &mut Desk<'_>, subject: &str, kind: &str, reason: &str, day: Day) {
    let content = row([
        ("kokuho_ido_kubun", kind.to_owned()),
        ("kokuho_jiyu", reason.to_owned()),
        ("idobi", day.to_string()),
    ]);
    desk.tell("nhi-qualification-changed", subject, content);
}

// --- notices ---

fn moved(desk: &mut Desk<'_>, event: &str) {
    let subject = desk.subject();
    let since = moved_in(desk, &subject);
    match residence(desk, event) {
        Move::Out(day, abroad) => {
            let reason = if abroad { "22" } else { "21" };
            lose(desk, &subject, loss_day(desk, reason, day), reason, "");
            relevy(desk, &subject, day);
        }
        Move::Died(day) => {
            lose(desk, &subject, loss_day(desk, "23", day), "23", "");
            relevy(desk, &subject, day);
        }
        Move::Cancelled(undone, day) => {
            let reason = |row: &Row| row.get("kokuho_soshitsu_jiyu").cloned().unwrap_or_default();
            match undone {
                Undone::Out => undo_loss(desk, &subject, |row| matches!(reason(row).as_str(), "21" | "22")),
                Undone::Death => undo_loss(desk, &subject, |row| reason(row) == "23"),
                Undone::In => undo_acquisition(desk, &subject, |row| day_in(row, "kokuho_shutokubi") >= since),
                Undone::Other => false,
            };
            relevy(desk, &subject, day);
        }
        Move::Within(day) if !desk.obeys("UNIT-10-R27") && insured_on(desk, &subject, day) => {
            tell(desk, &subject, "2", "21", day);
            tell(desk, &subject, "1", "11", day);
        }
        Move::Data(day) | Move::Household(day) | Move::Within(day) => relevy(desk, &subject, day),
        _ => note_if_new(desk, &subject),
    }
}

fn assistance(desk: &mut Desk<'_>) {
    let subject = desk.subject();
    note_assistance(desk);
    let Some(day) = desk.day("idobi") else {
        return;
    };
    match desk.text("seiho_ido_kubun") {
        "1" | "3" => lose(desk, &subject, loss_day(desk, "25", day), "25", ""),
        "5" => {
            undo_loss(desk, &subject, |row| {
                row.get("kokuho_soshitsu_jiyu").is_some_and(|reason| reason == "25")
            });
        }
        _ => {}
    }
    relevy(desk, &subject, day);
}

fn late_elderly(desk: &mut Desk<'_>) {
    let subject = desk.subject();
    note_if_new(desk, &subject);
    let Some(day) = desk.day("idobi") else {
        return;
    };
    match desk.text("koki_ido_kubun") {
        "1" | "4" => {
            desk.set_note(&subject, LATE_ELDERLY, day.to_string());
            if desk.obeys("UNIT-10-R06") {
                lose(desk, &subject, loss_day(desk, "26", day), "26", "");
            }
        }
        "3" => {
            desk.set_note(&subject, LATE_ELDERLY, "");
            undo_loss(desk, &subject, |row| {
                row.get("kokuho_soshitsu_jiyu").is_some_and(|reason| reason == "26")
            });
        }
        _ => desk.set_note(&subject, LATE_ELDERLY, ""),
    }
    relevy(desk, &subject, day);
}

fn pension(desk: &mut Desk<'_>) {
    let subject = desk.subject();
    note_if_new(desk, &subject);
    let employed = desk.text("nenkin_shubetsu") == "2" && matches!(desk.text("nenkin_ido_kubun"), "1" | "3");
    let Some(day) = desk.day("idobi").filter(|_| employed) else {
        return;
    };
    if desk.obeys("UNIT-10-R18") {
        desk.set_note(&subject, SUSPECTED, "1");
    } else {
        lose(desk, &subject, day, "24", "");
    }
}

// --- premium ---

fn levy_premium(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let in_time = levied_in_time(desk)?;
    desk.demand("UNIT-10-R17", in_time, "two years have passed")?;
    let is_head = head_of(desk, &subject) == subject;
    desk.demand("UNIT-10-R11", is_head, "not the head of the household")?;
    let mut levy = desk.row_for(PREMIUM);
    for item in [
        "hitori_getsugaku",
        "kaigo_getsugaku",
        "keigen_kijungaku",
        "keigen_ritsu",
    ] {
        levy.insert(format!("hikisu_{item}"), desk.text(item).to_owned());
    }
    calculate(desk, &subject, &mut levy);
    put_levy(desk, PREMIUM, &subject, levy.clone());
    desk.tell("nhi-premium-levied", &subject, levy_notice(&levy));
    Ok(())
}

/// Fills in months, reduction and amount.
fn calculate(desk: &Desk<'_>, head: &str, levy: &mut Row) {
    let year = number(levy, "nendo");
    let mut members = members_of(desk, head);
    if members.is_empty() {
        // Only with the mistake that levies on a member.
        members.push(head.to_owned());
    }
    let (for_each, care) = (
        number(levy, "hikisu_hitori_getsugaku"),
        number(levy, "hikisu_kaigo_getsugaku"),
    );
    let (mut months, mut care_months, mut halves) = (0, 0, 0);
    let mut insured = Vec::new();
    for member in members {
        let counted: Vec<Day> = month_ends(year)
            .into_iter()
            .filter(|end| is_levied(desk, &member, *end))
            .collect();
        let count = i64::try_from(counted.len()).unwrap_or(0);
        let nursing = counted.iter().filter(|end| in_care(desk, &member, **end)).count();
        months += count;
        care_months += i64::try_from(nursing).unwrap_or(0);
        halves += count * if is_small(desk, &member, year) { 1 } else { 2 };
        if count > 0 {
            insured.push(member);
        }
    }
    let limit = levy.get("hikisu_keigen_kijungaku").and_then(|limit| limit.parse().ok());
    let reduced = limit.is_some_and(|limit| is_reduced(desk, head, &insured, year, limit));
    let reduction = if reduced {
        number(levy, "hikisu_keigen_ritsu")
    } else {
        0
    };
    let whole = halves * for_each / 2 + care_months * care;
    let amount = whole * (100 - reduction) / 100;
    for (item, value) in [
        ("kazei_tsukisu", months),
        ("kaigo_tsukisu", care_months),
        ("keigen_ritsu", reduction),
        ("kingaku", amount),
    ] {
        levy.insert(item.into(), value.to_string());
    }
}

/// Whether the month that ends on a day is levied for somebody.
fn is_levied(desk: &Desk<'_>, member: &str, end: Day) -> bool {
    let insured = match desk.obeys("UNIT-10-R12") {
        true => insured_on(desk, member, end),
        false => (1..=end.day())
            .filter_map(|number| Day::new(end.year(), end.month(), number).ok())
            .any(|day| insured_on(desk, member, day)),
    };
    let month = month_text(end);
    let (from, until) = (
        desk.note(member, "sanzen_kaishizuki"),
        desk.note(member, "sanzen_shuryozuki"),
    );
    let maternity = !from.is_empty() && from <= month.as_str() && month.as_str() <= until;
    insured && !(maternity && desk.obeys("UNIT-10-R26"))
}

/// Whether the nursing-care part is due for the month that ends on a day.
fn in_care(desk: &Desk<'_>, member: &str, end: Day) -> bool {
    let reaches = |age| {
        let birth = birth(desk, member)?;
        match desk.obeys("UNIT-10-R13") {
            true => reached_on(birth, age),
            false => first_day_of_age(birth, age),
        }
    };
    reaches(40).is_some_and(|day| day <= end) && reaches(65).is_some_and(|day| end < day)
}

/// Whether somebody is not yet at school in a fiscal year.
fn is_small(desk: &Desk<'_>, member: &str, year: i64) -> bool {
    let last = birth(desk, member).and_then(|birth| end_of_fiscal_year_of_age(birth, 6));
    desk.obeys("UNIT-10-R14") && last.is_some_and(|last| year < i64::from(last.year()))
}

fn is_reduced(desk: &Desk<'_>, head: &str, insured: &[String], year: i64, limit: i64) -> bool {
    let mut people = insured.to_vec();
    if !people.iter().any(|member| member == head) {
        people.push(head.to_owned());
    }
    let mut sum = 0;
    for person in &people {
        match income(desk, person, year) {
            Some(amount) => sum += amount.max(0),
            None if desk.obeys("UNIT-10-R15") => return false,
            None => {}
        }
    }
    sum <= limit
}

/// Calculates again what was levied on the head of somebody, and tells what has changed.
fn relevy(desk: &mut Desk<'_>, subject: &str, decided: Day) {
    if !desk.obeys("UNIT-10-R16") {
        return;
    }
    let head = head_of(desk, subject);
    for known in desk.rows(PREMIUM, &head).to_vec() {
        let mut levy = known.clone();
        calculate(desk, &head, &mut levy);
        if levy == known {
            continue;
        }
        let same = levy.get("kingaku") == known.get("kingaku");
        levy.insert("ketteibi".into(), decided.to_string());
        put_levy(desk, PREMIUM, &head, levy.clone());
        if !same {
            desk.tell("nhi-premium-levied", &head, levy_notice(&levy));
        }
    }
}

fn correct(desk: &mut Desk<'_>, item: &str) {
    let subject = desk.subject();
    if let Some(day) = desk.day(item) {
        relevy(desk, &subject, day);
    }
}

fn report_maternity(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let (expected, reported) = (day(desk, "shussan_yoteibi")?, day(desk, "todokedebi")?);
    let ahead = if desk.text("tatai_ninshin") == "1" { -3 } else { -1 };
    desk.set_note(&subject, "sanzen_kaishizuki", month_text(months_later(expected, ahead)));
    desk.set_note(&subject, "sanzen_shuryozuki", month_text(months_later(expected, 2)));
    relevy(desk, &subject, reported);
    Ok(())
}

// --- benefits and measures ---

fn claim_benefit(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let (cause, claimed) = (day(desk, "hasseibi")?, day(desk, "todokedebi")?);
    in_order(desk, cause, claimed)?;
    let insured = insured_on(desk, &subject, cause);
    desk.demand("UNIT-10-R21", insured, "not insured on the day of the cause")?;
    let in_time = cause.add_years(2).is_none_or(|limit| claimed <= limit);
    desk.demand("UNIT-10-R22", in_time, "later than two years")?;
    let kind = desk.text("kokuho_kyufu_shurui").to_owned();
    let granted = desk
        .rows(BENEFIT, &subject)
        .iter()
        .any(|known| known.get("kokuho_kyufu_shurui") == Some(&kind) && day_in(known, "hasseibi") == Some(cause));
    desk.demand("UNIT-10-R23", !granted, "granted already")?;
    let mut benefit = desk.row_for(BENEFIT);
    benefit.insert("kyufu_bango".into(), desk.receipt());
    desk.add(BENEFIT, &subject, benefit);
    Ok(())
}

fn decide_special_benefit(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let since = day(desk, "kaishibi")?;
    let arrears = in_arrears(desk, &subject);
    desk.demand("UNIT-10-R25", arrears, "not in arrears")?;
    take_measure(desk, &subject, since);
    Ok(())
}
