//! 06 個人住民税: income of those who lived here on 1 January, and the tax on it.

use super::Row;
use super::desk::{Desk, Refusal, row};
use super::levies::{
    Correction, INSTALMENTS, correct, covers, cut, day, died_before, due_dates, further, has_moved_out, holds_handbook,
    instalment, is, is_open, lives_here, note_handbook, note_resident, number, split, weekday_from,
};
use super::rules::Business;
use crate::text::date::Day;
use crate::text::date::age::{first_day_of_age, reached_on};

const INCOME: &str = "income";
const ASSESSMENT: &str = "tax-assessment";
/// Tax material that was received.
const MATERIAL: &str = "#material";
/// Periods of public assistance.
const ASSISTANCE: &str = "#assistance";
/// Income up to which disabled persons and minors are exempt (地方税法 295 条 1 項 2 号), in yen.
const EXEMPT_INCOME: i64 = 1_350_000;
/// Items of income that others are told.
const TOLD: [&str; 6] = [
    "kazei_kubun",
    "gokei_shotoku",
    "soshotoku_kingakuto",
    "nenkin_shunyu",
    "shotokuwarigaku",
    "fuyo_ninzu",
];

/// The unit.
pub(super) struct Rules;

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        if !desk.knows(&subject) {
            return desk.refuse("E0005", "nobody with that number is known");
        }
        match id {
            "declare-income" => declare(desk),
            "record-undeclared" => undeclared(desk),
            "determine-tax" => determine(desk),
            "correct-tax" => correct_tax(desk),
            "change-collection" => change_collection(desk),
            _ => {
                let manager = desk.text("kanrinin_atenabango").to_owned();
                desk.set_note(&subject, "kanrinin", manager);
                Ok(())
            }
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        match event {
            "assistance-changed" => note_assistance(desk),
            "disability-handbook-changed" => note_handbook(desk),
            "payroll-reported" => {
                let subject = desk.subject();
                let year = (desk.number("shiharai_nen") + 1).to_string();
                desk.add(MATERIAL, &subject, row([("nendo", year)]));
            }
            "resident-change-cancelled" if !desk.obeys("UNIT-06-R30") => {}
            _ => note_resident(desk, event),
        }
        Ok(())
    }
}

fn note_assistance(desk: &mut Desk<'_>) {
    let subject = desk.subject();
    desk.set_note(&subject, "known", "1");
    let on = desk.text("idobi").to_owned();
    match desk.text("seiho_ido_kubun") {
        "1" | "3" => desk.add(ASSISTANCE, &subject, row([("kaishibi", on)])),
        "2" | "4" => desk.change_last(ASSISTANCE, &subject, |row| {
            row.insert("shuryobi".into(), on);
        }),
        _ => desk.retain(ASSISTANCE, &subject, |row| !is_open(row)),
    }
}

fn declare(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let (subject, year) = (desk.subject(), desk.text("nendo").to_owned());
    let dependant = desk.text("fuyo_atenabango").to_owned();
    if !dependant.is_empty() {
        let claimed = desk.find(MATERIAL, "fuyo_atenabango", &dependant);
        let alone = !claimed
            .iter()
            .any(|(payer, row)| *payer != subject && is(row, "nendo", &year));
        desk.demand("UNIT-06-R24", alone, "another taxpayer claims this dependant")?;
    }
    let mut material = desk.input.clone();
    material.remove("atenabango");
    desk.add(MATERIAL, &subject, material);
    if !desk.obeys("UNIT-06-R09") {
        let mut early = desk.row_for(INCOME);
        early.insert("kazei_kubun".into(), "1".into());
        early.insert("ketteibi".into(), desk.text("todokedebi").to_owned());
        desk.add(INCOME, &subject, early);
    }
    Ok(())
}

fn undeclared(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let mut income = desk.row_for(INCOME);
    income.insert("kazei_kubun".into(), "0".into());
    if !desk.obeys("UNIT-06-R11") {
        income.insert("gokei_shotoku".into(), "0".into());
        income.insert("soshotoku_kingakuto".into(), "0".into());
    }
    keep_income(desk, income, false);
    Ok(())
}

/// The decision of the tax of a year for the first time.
fn determine(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let (subject, year) = (desk.subject(), desk.text("nendo").to_owned());
    let again = desk
        .rows(ASSESSMENT, &subject)
        .iter()
        .any(|row| is(row, "nendo", &year));
    desk.demand("UNIT-06-R26", !again, "the tax of that year is determined already")?;
    let base = base_date(&year);
    liable(desk, &subject, base)?;
    let material = desk
        .rows(MATERIAL, &subject)
        .iter()
        .rfind(|row| is(row, "nendo", &year))
        .cloned();
    desk.demand("UNIT-06-R08", material.is_some(), "no return or report of that year")?;
    let material = material.unwrap_or_default();
    let total = annual(desk);
    if total > 0 {
        not_exempt(desk, &subject, base, &material)?;
    }
    pension(desk, &subject)?;

    let mut income = desk.row_for(INCOME);
    for item in TOLD {
        if let Some(value) = material.get(item) {
            income.insert(item.into(), value.clone());
        }
    }
    income.insert("kazei_kubun".into(), class(desk));
    if !desk.obeys("UNIT-06-R09") {
        desk.retain(INCOME, &subject, |row| !is(row, "nendo", &year));
    }
    let silent = total == 0 && !desk.obeys("UNIT-06-R12");
    keep_income(desk, income, silent);
    keep_assessment(desk, total, "");

    let notice = desk.text("tsuchishobango").to_owned();
    let way = desk.text("choshu_kubun").to_owned();
    let parts = instalments(desk, &way, &year, total)?;
    let first = parts.iter().enumerate();
    let rows = first.map(|(index, (due, amount))| instalment(&notice, &year, index + 1, *due, *amount));
    for told in rows.collect::<Vec<_>>() {
        levy(desk, told, &way, true);
    }
    Ok(())
}

fn base_date(year: &str) -> Day {
    let year = year.parse().unwrap_or(1);
    Day::new(year, 1, 1).unwrap_or(Day::FIRST)
}

/// Whether somebody owes the tax of a year at all (地方税法 294 条, 318 条).
fn liable(desk: &Desk<'_>, subject: &str, base: Day) -> Result<(), Refusal> {
    if desk.text("jutogai_kazei") == "1" && desk.obeys("UNIT-06-R27") {
        return Ok(());
    }
    let alive = !died_before(desk, subject, base);
    desk.demand("UNIT-06-R03", alive, "died before the base date")?;
    let here = lives_here(desk, subject, base);
    if !here && !desk.note(subject, "tennyu_torikeshi").is_empty() {
        return desk.refuse("E0630", "the moving-in was cancelled");
    }
    desk.demand("UNIT-06-R01", here, "no address here on the base date")?;
    if has_moved_out(desk, subject) && !desk.obeys("UNIT-06-R02") {
        return desk.refuse("E0601", "moved out");
    }
    Ok(())
}

/// 地方税法 295 条 1 項.
fn not_exempt(desk: &Desk<'_>, subject: &str, base: Day, material: &Row) -> Result<(), Refusal> {
    let assistance = desk.rows(ASSISTANCE, subject);
    let assisted = assistance.iter().any(|row| covers(row, base));
    desk.demand("UNIT-06-R04", !assisted, "livelihood assistance on the base date")?;
    let later = assistance
        .iter()
        .any(|row| day(row, "kaishibi").is_some_and(|first| first > base));
    if later && !desk.obeys("UNIT-06-R05") {
        return desk.refuse("E0604", "livelihood assistance");
    }
    if !material.contains_key("gokei_shotoku") || number(material, "gokei_shotoku") > EXEMPT_INCOME {
        return Ok(());
    }
    let disabled = holds_handbook(desk, subject, base);
    desk.demand("UNIT-06-R06", !disabled, "a disabled person with a small income")?;
    let birth = desk.note_day(subject, "seinengappi");
    let minor = birth.is_some_and(|birth| {
        if desk.obeys("UNIT-06-R07") {
            reached_on(birth, 18).is_some_and(|reached| reached > base)
        } else {
            first_day_of_age(birth, 18).is_some_and(|birthday| birthday > base)
        }
    });
    if minor {
        return desk.refuse("E0607", "a minor with a small income");
    }
    Ok(())
}

/// Who may have the tax withheld from the pension (地方税法 321 条の 7 の 2).
fn pension(desk: &Desk<'_>, subject: &str) -> Result<(), Refusal> {
    if desk.text("choshu_kubun") != "3" {
        return Ok(());
    }
    let year = desk.text("nendo").parse().unwrap_or(1);
    let first = Day::new(year, 4, 1).unwrap_or(Day::FIRST);
    let birth = desk.note_day(subject, "seinengappi");
    let old = birth
        .and_then(|birth| reached_on(birth, 65))
        .is_some_and(|reached| reached <= first);
    desk.demand("UNIT-06-R28", old, "not 65 on the first day of the fiscal year")
}

/// The tax of the year, cut to 100 yen.
fn annual(desk: &Desk<'_>) -> i64 {
    let items = ["kintowarigaku", "shotokuwarigaku", "kenminzei_shotokuwarigaku"];
    cut(items.into_iter().map(|item| desk.number(item)).sum(), 100)
}

fn class(desk: &Desk<'_>) -> String {
    let levied = desk.number("shotokuwarigaku") + desk.number("kenminzei_shotokuwarigaku") > 0;
    let per_capita = desk.number("kintowarigaku") > 0;
    let class = match (levied, per_capita) {
        (true, _) => "1",
        (false, true) if desk.obeys("UNIT-06-R13") => "2",
        (false, true) => "1",
        (false, false) => "3",
    };
    class.to_owned()
}

/// Due dates and amounts of a way of collection.
fn instalments(desk: &Desk<'_>, way: &str, year: &str, total: i64) -> Result<Vec<(Day, i64)>, Refusal> {
    if total == 0 {
        return Ok(Vec::new());
    }
    let carried = desk.obeys("UNIT-06-R15");
    let (dates, unit) = match way {
        "1" => (due_dates(desk, carried), 1_000),
        "2" if desk.obeys("UNIT-06-R16") => (monthly(year, 7, 12, 1, carried), 100),
        "2" => (monthly(year, 7, 4, 3, carried), 1_000),
        _ => (monthly(year, 5, 6, 2, carried), 100),
    };
    if dates.is_empty() {
        return desk.refuse("E0004", "collection by notice needs nokigen1");
    }
    let rest_first = way != "1" || desk.obeys("UNIT-06-R14");
    let amounts = split(total, dates.len(), unit, rest_first);
    Ok(dates.into_iter().zip(amounts).collect())
}

/// The 10th of every so many months from a month of the year on.
fn monthly(year: &str, month: u8, count: i32, every: i32, carried: bool) -> Vec<Day> {
    let first = Day::new(year.parse().unwrap_or(1), month, 10);
    let days = (0..count).filter_map(|index| first.as_ref().ok()?.add_months(index * every));
    days.map(|day| if carried { weekday_from(day) } else { day }).collect()
}

/// Keeps what was decided about somebody's income, and tells it.
fn keep_income(desk: &mut Desk<'_>, income: Row, silent: bool) {
    let subject = desk.subject();
    let year = income.get("nendo").cloned().unwrap_or_default();
    let decided = income.get("ketteibi").cloned().unwrap_or_default();
    let known = |row: &Row| is(row, "nendo", &year) && is_open(row);
    let before = desk.rows(INCOME, &subject).iter().rfind(|row| known(row)).cloned();
    let same = before
        .as_ref()
        .is_some_and(|before| TOLD.iter().all(|item| before.get(*item) == income.get(*item)));
    let told = income.clone();
    if before.is_some() && !desk.obeys("UNIT-06-R29") {
        desk.change(INCOME, &subject, |row| {
            if known(row) {
                for item in TOLD {
                    row.remove(item);
                    row.extend(income.get(item).map(|value| (item.to_owned(), value.clone())));
                }
            }
        });
    } else {
        desk.change(INCOME, &subject, |row| {
            if known(row) {
                row.insert("shuryobi".into(), decided.clone());
            }
        });
        desk.add(INCOME, &subject, income);
    }
    if silent || same && desk.obeys("UNIT-06-R20") {
        return;
    }
    let event = match before {
        Some(_) if desk.obeys("UNIT-06-R19") => "income-corrected",
        _ => "income-determined",
    };
    desk.tell(event, &subject, told);
}

/// Keeps the assessment of the request, in place of an earlier one.
fn keep_assessment(desk: &mut Desk<'_>, total: i64, way: &str) {
    let subject = desk.subject();
    let year = desk.text("nendo").to_owned();
    let decided = desk.text("ketteibi").to_owned();
    let mut assessment = desk
        .rows(ASSESSMENT, &subject)
        .iter()
        .rfind(|row| is(row, "nendo", &year))
        .cloned();
    desk.change(ASSESSMENT, &subject, |row| {
        if is(row, "nendo", &year) && is_open(row) {
            row.insert("shuryobi".into(), decided.clone());
        }
    });
    let mut row = assessment.take().unwrap_or_default();
    row.extend(desk.row_for(ASSESSMENT));
    row.insert("nenzeigaku".into(), total.to_string());
    if !way.is_empty() {
        row.insert("choshu_kubun".into(), way.to_owned());
    }
    if desk.has("shin_tsuchishobango") {
        row.insert("tsuchishobango".into(), desk.text("shin_tsuchishobango").to_owned());
    }
    let manager = desk.note(&subject, "kanrinin").to_owned();
    if !manager.is_empty() {
        row.insert("kanrinin_atenabango".into(), manager);
    }
    desk.add(ASSESSMENT, &subject, row);
}

/// Tells one instalment to the collection, and keeps it if it is new.
fn levy(desk: &mut Desk<'_>, mut told: Row, way: &str, is_new: bool) {
    let mut subject = desk.subject();
    if is_new {
        desk.add(INSTALMENTS, &subject, told.clone());
    }
    told.insert("choshu_kubun".into(), way.to_owned());
    told.insert("ketteibi".into(), desk.text("ketteibi").to_owned());
    let manager = desk.note(&subject, "kanrinin").to_owned();
    if !manager.is_empty() && !desk.obeys("UNIT-06-R25") {
        subject = manager;
    }
    let mut to = desk.receivers("resident-tax-levied");
    if !desk.obeys("UNIT-06-R10") {
        to.push(10);
    }
    desk.tell_to("resident-tax-levied", &subject, told, &to);
}

/// Income and tax after the determination.
fn correct_tax(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let (subject, year) = (desk.subject(), desk.text("nendo").to_owned());
    let assessment = desk
        .rows(ASSESSMENT, &subject)
        .iter()
        .rfind(|row| is(row, "nendo", &year))
        .cloned();
    let Some(assessment) = assessment else {
        return desk.refuse("E0004", "no tax of that year to correct");
    };
    let decided = desk.day("ketteibi").unwrap_or(Day::LAST);
    let (old, new) = (number(&assessment, "nenzeigaku"), annual(desk));
    let mut parts: Vec<Row> = desk.rows(INSTALMENTS, &subject).to_vec();
    parts.retain(|row| is(row, "nendo", &year));
    if old != new {
        let years = if new > old { 3 } else { 5 };
        let first = parts.iter().filter_map(|row| day(row, "nokigen")).min();
        let last = first.and_then(|first| first.add_years(years));
        desk.demand(
            "UNIT-06-R23",
            last.is_none_or(|last| decided <= last),
            "too late for a correction",
        )?;
    }

    let mut income = desk.row_for(INCOME);
    income.insert("kazei_kubun".into(), class(desk));
    keep_income(desk, income, false);
    keep_assessment(desk, new, "");
    if old == new {
        return Ok(());
    }
    let how = Correction {
        decided,
        spares_past: desk.obeys("UNIT-06-R21") || new < old,
        clears_past: desk.obeys("UNIT-06-R22"),
    };
    let way = assessment.get("choshu_kubun").cloned().unwrap_or_default();
    if parts.is_empty() {
        let notice = assessment.get("tsuchishobango").map_or("", String::as_str);
        parts.push(further(notice, &year, 1, decided));
    }
    let changed = correct(&mut parts, new, how);
    desk.retain(INSTALMENTS, &subject, |row| !is(row, "nendo", &year));
    for part in parts {
        desk.add(INSTALMENTS, &subject, part);
    }
    for told in changed {
        levy(desk, told, &way, false);
    }
    Ok(())
}

/// Withholding from salary ends: the rest is collected by notices.
fn change_collection(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let (subject, year) = (desk.subject(), desk.text("nendo").to_owned());
    let assessment = desk
        .rows(ASSESSMENT, &subject)
        .iter()
        .rfind(|row| is(row, "nendo", &year))
        .cloned();
    let assessment = assessment.filter(|row| is(row, "choshu_kubun", "2"));
    let (Some(assessment), Some(left)) = (assessment, desk.day("idobi")) else {
        return desk.refuse("E0004", "nothing is withheld from a salary in that year");
    };
    let lump = (1..=4).contains(&left.month()) && desk.text("ikkatsu_funo") != "1";
    desk.demand("UNIT-06-R17", !lump, "the rest has to be withheld at once")?;

    // What is withheld in a month is due on the 10th of the next one.
    let after = left.first_of_month().add_months(2).unwrap_or(left);
    let mut parts: Vec<Row> = desk.rows(INSTALMENTS, &subject).to_vec();
    parts.retain(|row| is(row, "nendo", &year) && day(row, "nokigen").is_some_and(|due| due >= after));
    let rest: i64 = parts.iter().map(|row| number(row, "kingaku")).sum();
    if desk.obeys("UNIT-06-R18") {
        for mut part in parts {
            let number = part.get("kibetsu").cloned().unwrap_or_default();
            desk.change(INSTALMENTS, &subject, |row| {
                if is(row, "nendo", &year) && is(row, "kibetsu", &number) {
                    row.insert("kingaku".into(), "0".into());
                }
            });
            part.insert("kingaku".into(), "0".into());
            levy(desk, part, "2", false);
        }
    }
    let notice = desk.text("shin_tsuchishobango").to_owned();
    let dates = due_dates(desk, desk.obeys("UNIT-06-R15"));
    let amounts = split(rest, dates.len(), 1_000, true);
    keep_assessment(desk, number(&assessment, "nenzeigaku"), "1");
    for (index, (due, amount)) in dates.into_iter().zip(amounts).enumerate() {
        let told = instalment(&notice, &year, index + 1, due, amount);
        levy(desk, told, "1", true);
    }
    Ok(())
}
