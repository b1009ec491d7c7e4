//! 03 戸籍: the rules of `conformance/units/03-family-register/unit.toml`.

use super::Row;
use super::desk::{Desk, Refusal};
use super::rules::{Business, is_valid};
use super::span;
use super::u01_resident_register::first_possible_day;
use crate::standard::unit::Record;
use crate::text::date::Day;
use crate::text::date::age::age_on;

const REGISTER: &str = "family-register";
const RESIDENCE: &str = "residence-record";
const EVENT: &str = "family-register-changed";
const SPOUSE: &str = "aite_atenabango";
/// In the register; removed.
const IN: &str = "1";
const REMOVED: &str = "2";
/// Family events.
const BIRTH: &str = "01";
const DEATH: &str = "02";
const MARRIAGE: &str = "03";
const DIVORCE: &str = "04";
const ADOPTION: &str = "05";
const NAME: &str = "06";
const NATURALISATION: &str = "07";
const COMPILATION: &str = "09";
/// Days for the report of a birth, the day of birth counting.
const DAYS_TO_REPORT: i32 = 14;
/// Ages from which somebody can marry, and adopt.
const MARRIAGEABLE: u16 = 18;
const ADOPTIVE: u16 = 20;
/// Days of the waiting period that was abolished.
const WAITING: i32 = 100;
/// Months after a divorce within which the married name can be kept.
const MONTHS_TO_KEEP: i32 = 3;

/// The unit.
pub(super) struct Rules;

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        match id {
            "compile-register" => compile(desk, &subject),
            "report-birth" => birth(desk, &subject),
            "report-naturalisation" => naturalisation(desk, &subject),
            _ if desk.rows(REGISTER, &subject).is_empty() => desk.refuse("E0005", "nobody has that number"),
            "report-death" => death(desk, &subject),
            "report-marriage" => marriage(desk, &subject),
            "report-divorce" => divorce(desk, &subject),
            "report-adoption" => adoption(desk, &subject),
            "change-name" => change_name(desk, &subject),
            "correct-register" => correct(desk, &subject),
            _ => desk.refuse("E0004", "not offered"),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        if current(desk, &subject).is_none() && desk.obeys("UNIT-03-R17") {
            // Domiciled elsewhere: another municipality keeps the residence record.
            return Ok(());
        }
        match event {
            "resident-change-cancelled" => cancelled_move(desk, &subject),
            "resident-moved-out" => {
                let address = match desk.text("tenshutsusaki_jusho") {
                    "" => "転出先の記載なし".to_owned(),
                    address => address.to_owned(),
                };
                reside(desk, &subject, address);
            }
            _ => {
                let parts = ["jusho_choaza", "jusho_banchigohyoki", "jusho_katagaki"];
                let mut address: String = parts.iter().map(|item| desk.text(item)).collect();
                if address.is_empty() {
                    address = "町字の記載なし".to_owned();
                }
                reside(desk, &subject, address);
            }
        }
        Ok(())
    }

    fn inquiry(&self, desk: &Desk<'_>, record: &Record, day: Option<Day>) -> Vec<Row> {
        let subject = desk.subject();
        let rows = desk.rows(&record.id, &subject);
        match day {
            _ if record.id == RESIDENCE => rows.to_vec(),
            Some(day) => rows.iter().filter(|row| is_valid(record, row, day)).cloned().collect(),
            None => rows.last().cloned().into_iter().collect(),
        }
    }
}

fn get<'r>(row: &'r Row, item: &str) -> &'r str {
    row.get(item).map_or("", String::as_str)
}

/// The newest row of somebody who is in the register.
fn current(desk: &Desk<'_>, subject: &str) -> Option<Row> {
    let row = desk.last(REGISTER, subject)?;
    (get(row, "koseki_jotai") == IN).then(|| row.clone())
}

/// Somebody whom a report is about.
fn living(desk: &Desk<'_>, subject: &str) -> Result<Row, Refusal> {
    let Some(last) = desk.last(REGISTER, subject).cloned() else {
        return desk.refuse("E0005", "nobody has that number");
    };
    desk.demand(
        "UNIT-03-R10",
        get(&last, "koseki_jotai") == IN,
        "removed from the register",
    )?;
    Ok(last)
}

fn reported(desk: &Desk<'_>) -> Result<Day, Refusal> {
    match desk.day("todokedebi") {
        Some(day) => Ok(day),
        None => desk.refuse("E0002", "todokedebi"),
    }
}

/// Writes a row from a day on.
fn write(desk: &mut Desk<'_>, subject: &str, mut row: Row, event: &str, day: Day) {
    row.insert("atenabango".into(), subject.into());
    row.insert("koseki_jiken".into(), event.into());
    row.entry("koseki_jotai".into()).or_insert_with(|| IN.into());
    row.remove("shuryobi");
    span::follow(desk, REGISTER, subject, row, day, event);
}

/// Tells the resident register, and nobody else.
fn tell(desk: &mut Desk<'_>, subject: &str, event: &str, day: &str, mut content: Row) {
    content.insert("koseki_jiken".into(), event.into());
    content.insert("jiken_bi".into(), day.into());
    content.insert("atenabango".into(), subject.into());
    if desk.obeys("UNIT-03-R16") {
        desk.tell(EVENT, subject, content);
    } else {
        desk.tell_to(EVENT, subject, content, &[1, 6, 10]);
    }
}

/// What a notice says of a register: where it is, and the name if it changed.
fn notice_of(row: &Row, before: Option<&Row>) -> Row {
    let mut content = row.clone();
    let same = |item: &str| before.is_some_and(|before| get(before, item) == get(row, item));
    content.retain(|item, _| {
        matches!(item.as_str(), "honseki" | "hittosha" | SPOUSE)
            || matches!(item.as_str(), "shimei" | "shimei_furigana" | "seinengappi" | "seibetsu") && !same(item)
    });
    content
}

fn compile(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let day = reported(desk)?;
    let row = desk.row_for(REGISTER);
    let before = desk.last(REGISTER, subject).cloned();
    write(desk, subject, row.clone(), COMPILATION, day);
    tell(
        desk,
        subject,
        COMPILATION,
        &day.to_string(),
        notice_of(&row, before.as_ref()),
    );
    Ok(())
}

fn birth(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let report = reported(desk)?;
    if !desk.rows(REGISTER, subject).is_empty() {
        return desk.refuse("E0006", "the birth is recorded");
    }
    let born = desk.text("seinengappi").to_owned();
    let day = first_possible_day(&born).unwrap_or(report);
    let counted = if desk.obeys("UNIT-03-R02") {
        DAYS_TO_REPORT - 1
    } else {
        DAYS_TO_REPORT
    };
    let late = day.add_days(counted).is_some_and(|last| report > last);
    if late && !desk.obeys("UNIT-03-R01") {
        return desk.refuse("E0008", "reported too late");
    }
    let mut row = desk.row_for(REGISTER);
    row.insert("shikki_flag".into(), if late { "1" } else { "0" }.into());
    let mut content = notice_of(&row, None);
    if desk.obeys("UNIT-03-R20") {
        for item in ["chichi_atenabango", "haha_atenabango"] {
            content.insert(item.into(), desk.text(item).into());
        }
    }
    write(desk, subject, row, BIRTH, day);
    tell(desk, subject, BIRTH, &born, content);
    Ok(())
}

fn death(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let report = reported(desk)?;
    let before = living(desk, subject)?;
    let died = match desk.obeys("UNIT-03-R09") {
        true => desk.text("shibobi").to_owned(),
        false => report.to_string(),
    };
    let day = first_possible_day(&died).unwrap_or(report);
    let mut row = before.clone();
    row.insert("koseki_jotai".into(), REMOVED.into());
    row.insert("shibobi".into(), died.clone());
    write(desk, subject, row, DEATH, day);
    let spouse = get(&before, SPOUSE).to_owned();
    if let Some(mut row) = current(desk, &spouse) {
        row.remove(SPOUSE);
        write(desk, &spouse, row, DEATH, day);
    }
    tell(desk, subject, DEATH, &died, Row::new());
    Ok(())
}

/// 氏 and 名, which a full-width space divides.
fn family_name(row: &Row) -> &str {
    let name = get(row, "shimei");
    name.split_once('　').map_or(name, |(family, _)| family)
}

fn with_family_name(row: &Row, family: &str) -> String {
    match get(row, "shimei").split_once('　') {
        Some((_, given)) => format!("{family}　{given}"),
        None => family.to_owned(),
    }
}

fn of_age(row: &Row, age: u16, day: Day) -> bool {
    let birth = first_possible_day(get(row, "seinengappi"));
    birth
        .and_then(|birth| age_on(birth, day))
        .is_some_and(|years| years >= age)
}

fn marriage(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let day = reported(desk)?;
    let spouse = desk.text(SPOUSE).to_owned();
    let (one, other) = (living(desk, subject)?, living(desk, &spouse)?);
    let marriageable = |row: &Row| of_age(row, MARRIAGEABLE, day) || !desk.obeys("UNIT-03-R03") && of_age(row, 16, day);
    if !marriageable(&one) || !marriageable(&other) {
        return desk.refuse("E0303", "below eighteen");
    }
    let free = !one.contains_key(SPOUSE) && !other.contains_key(SPOUSE);
    desk.demand("UNIT-03-R04", free, "one of them is married")?;
    for person in [subject, &spouse] {
        let divorced = desk.note_day(person, "divorced").and_then(|day| day.add_days(WAITING));
        if divorced.is_some_and(|until| day <= until) && !desk.obeys("UNIT-03-R05") {
            return desk.refuse("E0305", "within a hundred days");
        }
    }
    let keeps_own = (desk.text("uji_sentaku") == "1") == desk.obeys("UNIT-03-R06");
    let couple = [
        (subject.to_owned(), one, spouse.clone(), keeps_own),
        (spouse.clone(), other, subject.to_owned(), !keeps_own),
    ];
    let first = couple
        .iter()
        .find(|(.., keeps)| *keeps)
        .map(|(_, row, ..)| row.clone())
        .unwrap_or_default();
    for (person, before, partner, keeps) in couple {
        let mut row = before.clone();
        row.insert(SPOUSE.into(), partner);
        row.insert("honseki".into(), desk.text("honseki").into());
        row.insert("hittosha".into(), get(&first, "shimei").into());
        if !keeps {
            desk.set_note(&person, "former-name", family_name(&before));
            row.insert("shimei".into(), with_family_name(&before, family_name(&first)));
            row.remove("shimei_furigana");
        }
        write(desk, &person, row.clone(), MARRIAGE, day);
        tell(
            desk,
            &person,
            MARRIAGE,
            &day.to_string(),
            notice_of(&row, Some(&before)),
        );
    }
    Ok(())
}

fn divorce(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let day = reported(desk)?;
    let own = living(desk, subject)?;
    let keeps = desk.text("konin_shori") == "2";
    let Some(spouse) = own.get(SPOUSE).cloned() else {
        return if keeps {
            keep_married_name(desk, subject, &own, day)
        } else {
            desk.refuse("E0004", "not married")
        };
    };
    for person in [subject.to_owned(), spouse] {
        let Some(before) = desk.last(REGISTER, &person).cloned() else {
            continue;
        };
        let mut row = before.clone();
        row.remove(SPOUSE);
        let former = desk.note(&person, "former-name").to_owned();
        desk.set_note(&person, "divorced", day.to_string());
        if !former.is_empty() {
            desk.set_note(&person, "married-name", family_name(&before));
            desk.set_note(&person, "former-name", "");
            if !keeps && desk.obeys("UNIT-03-R07") {
                row.insert("shimei".into(), with_family_name(&before, &former));
            }
        }
        write(desk, &person, row.clone(), DIVORCE, day);
        tell(desk, &person, DIVORCE, &day.to_string(), notice_of(&row, Some(&before)));
    }
    Ok(())
}

/// 婚氏続称 after the divorce.
fn keep_married_name(desk: &mut Desk<'_>, subject: &str, own: &Row, day: Day) -> Result<(), Refusal> {
    let married = desk.note(subject, "married-name").to_owned();
    let Some(divorced) = desk.note_day(subject, "divorced").filter(|_| !married.is_empty()) else {
        return desk.refuse("E0004", "there is no married name to keep");
    };
    let until = divorced.add_months(MONTHS_TO_KEEP);
    desk.demand(
        "UNIT-03-R08",
        until.is_some_and(|until| day <= until),
        "three months have passed",
    )?;
    let mut row = own.clone();
    row.insert("shimei".into(), with_family_name(own, &married));
    write(desk, subject, row.clone(), NAME, day);
    tell(desk, subject, NAME, &day.to_string(), notice_of(&row, Some(own)));
    Ok(())
}

fn adoption(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let day = reported(desk)?;
    let parent_number = desk.text("yoshin_atenabango").to_owned();
    let (child, parent) = (living(desk, subject)?, living(desk, &parent_number)?);
    desk.demand(
        "UNIT-03-R13",
        of_age(&parent, ADOPTIVE, day),
        "the adoptive parent is below twenty",
    )?;
    let born = |row: &Row| first_possible_day(get(row, "seinengappi"));
    let older = born(&child)
        .zip(born(&parent))
        .is_some_and(|(child, parent)| child < parent);
    desk.demand("UNIT-03-R12", !older, "the child is older than the adoptive parent")?;
    let mut row = child.clone();
    row.insert("yoshin_atenabango".into(), parent_number);
    for item in ["honseki", "hittosha"] {
        row.insert(item.into(), get(&parent, item).into());
    }
    if desk.obeys("UNIT-03-R14") {
        row.insert("shimei".into(), with_family_name(&child, family_name(&parent)));
    }
    write(desk, subject, row.clone(), ADOPTION, day);
    tell(desk, subject, ADOPTION, &day.to_string(), notice_of(&row, Some(&child)));
    Ok(())
}

fn change_name(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let day = reported(desk)?;
    let before = living(desk, subject)?;
    if desk.text("kyoka_flag") != "1" {
        return desk.refuse("E0004", "without permission of the court");
    }
    let mut row = before.clone();
    for item in ["shimei", "shimei_furigana"].iter().filter(|item| desk.has(item)) {
        row.insert((*item).into(), desk.text(item).into());
    }
    write(desk, subject, row.clone(), NAME, day);
    tell(desk, subject, NAME, &day.to_string(), notice_of(&row, Some(&before)));
    Ok(())
}

fn naturalisation(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let report = reported(desk)?;
    let announced = desk.day("kokujibi").unwrap_or(report);
    let day = if desk.obeys("UNIT-03-R11") { announced } else { report };
    let row = desk.row_for(REGISTER);
    write(desk, subject, row.clone(), NATURALISATION, day);
    tell(desk, subject, NATURALISATION, &day.to_string(), notice_of(&row, None));
    Ok(())
}

/// 戸籍訂正: the event never happened.
fn correct(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let event = desk.text("koseki_jiken").to_owned();
    let rows = desk.rows(REGISTER, subject);
    let Some(wrong) = rows.last().filter(|row| get(row, "koseki_jiken") == event).cloned() else {
        return desk.refuse("E0004", "the newest event is another one");
    };
    desk.demand(
        "UNIT-03-R15",
        desk.text("kyoka_flag") == "1",
        "without permission of the court",
    )?;
    let Ok(day) = Day::parse(get(&wrong, "kaishibi")) else {
        return desk.refuse("E0004", "the day is not known");
    };
    span::undo(desk, REGISTER, subject, day, &event);
    if !desk.obeys("UNIT-03-R15") {
        return Ok(());
    }
    let told_day = match event.as_str() {
        DEATH => get(&wrong, "shibobi").to_owned(),
        BIRTH => get(&wrong, "seinengappi").to_owned(),
        _ => day.to_string(),
    };
    let restored = desk.last(REGISTER, subject).cloned();
    let mut content = restored.map(|row| notice_of(&row, Some(&wrong))).unwrap_or_default();
    content.insert("torikeshi_flag".into(), "1".into());
    tell(desk, subject, &event, &told_day, content);
    Ok(())
}

/// Adds an address to the residence record.
fn reside(desk: &mut Desk<'_>, subject: &str, address: String) {
    if !desk.obeys("UNIT-03-R18") {
        desk.retain(RESIDENCE, subject, |_| false);
    }
    let number = desk.rows(RESIDENCE, subject).len() + 1;
    let row = super::desk::row([
        ("atenabango", subject.to_owned()),
        ("rirekibango", number.to_string()),
        ("jusho_zenbun", address),
        ("jusho_sadame_bi", desk.text("idobi").to_owned()),
    ]);
    desk.add(RESIDENCE, subject, row);
}

fn cancelled_move(desk: &mut Desk<'_>, subject: &str) {
    let moved = matches!(
        span::kind_of_reason(desk.text("torikeshi_ido_jiyu")),
        "in" | "out" | "within"
    );
    let day = desk.text("idobi").to_owned();
    if moved && desk.obeys("UNIT-03-R19") {
        desk.retain(RESIDENCE, subject, |row| get(row, "jusho_sadame_bi") != day);
    }
}
