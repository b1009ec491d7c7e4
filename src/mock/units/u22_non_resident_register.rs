//! 22 住登外管理: the rules of `conformance/units/22-non-resident-register/unit.toml`.

use super::Row;
use super::desk::{Desk, Refusal};
use super::rules::{Business, is_valid};
use crate::standard::unit::Record;
use crate::text::date::Day;

/// The unit.
pub(super) struct Rules;

const ADDRESSEE: &str = "addressee";
/// Notes: the number is a resident's since this day; the businesses that use the addressee.
const RESIDENT_SINCE: &str = "resident-since";
const BUSINESSES: &str = "businesses";
/// Town code of a town that the register of addresses does not have.
const TOWN_UNKNOWN: &str = "9999999";
/// Number of the unit that levies for others.
const COLLECTION: u8 = 9;

/// Reasons of an event.
mod reason {
    pub(super) const REGISTERED: &str = "1";
    pub(super) const CHANGED: &str = "2";
    pub(super) const LINKED: &str = "3";
    pub(super) const LINK_CANCELLED: &str = "4";
    pub(super) const ERASED: &str = "5";
    pub(super) const RESIDENT: &str = "6";
    pub(super) const REGISTRATION_CANCELLED: &str = "7";
    pub(super) const RESIDENT_CANCELLED: &str = "8";
}

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        if id == "register-addressee" {
            return register(desk);
        }
        let subject = desk.subject();
        if desk.rows(ADDRESSEE, &subject).is_empty() {
            return desk.refuse("E0005", "住登外者として登録されていません");
        }
        match id {
            "change-addressee" => change(desk, &subject),
            "add-business" => add_business(desk, &subject),
            "link-addressee" => link(desk, &subject),
            "cancel-link" => cancel_link(desk, &subject),
            "erase-addressee" => erase(desk, &subject),
            _ => cancel_registration(desk, &subject),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        let day = desk.text("idobi").to_owned();
        match event {
            "resident-moved-in" => became_resident(desk, &subject, &day),
            "resident-change-cancelled" if desk.note(&subject, RESIDENT_SINCE) == day => {
                no_resident(desk, &subject, &day);
            }
            _ => {}
        }
        Ok(())
    }

    fn inquiry(&self, desk: &Desk<'_>, record: &Record, day: Option<Day>) -> Vec<Row> {
        let subject = desk.subject();
        let rows = desk.rows(ADDRESSEE, &subject);
        let asking = desk.text("shokaimoto").parse().unwrap_or(0);
        let mut found: Vec<Row> = match day {
            Some(day) => rows.iter().filter(|row| is_valid(record, row, day)).cloned().collect(),
            None => rows.last().cloned().into_iter().collect(),
        };
        if asking != desk.unit.file.number && desk.obeys("UNIT-22-R04") {
            found.retain(|row| !is_barred(row) || unit_of(value(row, "gyomuid")) == Some(asking));
        }
        found
    }
}

fn value<'r>(row: &'r Row, item: &str) -> &'r str {
    row.get(item).map_or("", String::as_str)
}

fn is_barred(row: &Row) -> bool {
    value(row, "tagyomusanshofukafuragu") == "1"
}

fn is_linked(row: &Row) -> bool {
    value(row, "nayosemotofuragu") == "1"
}

fn is_open(row: &Row) -> bool {
    value(row, "shuryobi").is_empty()
}

/// The unit of a business.
fn unit_of(business: &str) -> Option<u8> {
    match business {
        "010" => Some(6),
        "011" => Some(7),
        "012" => Some(5),
        "013" => Some(8),
        "014" | "015" | "036" | "037" => Some(COLLECTION),
        "024" => Some(10),
        _ => None,
    }
}

/// The units that a business needs to have told: its own, and the collection where it levies.
fn units_of(business: &str) -> Vec<u8> {
    let levies = matches!(business, "010" | "011" | "012" | "013" | "024");
    let collection = levies.then_some(COLLECTION);
    unit_of(business).into_iter().chain(collection).collect()
}

fn register(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let is_resident = !desk.note(&subject, RESIDENT_SINCE).is_empty();
    let taken_over = desk.text("juminhikitsugifuragu") == "1";
    desk.demand("UNIT-22-R01", !is_resident || taken_over, "住民の宛名番号です")?;
    let is_new = desk.rows(ADDRESSEE, &subject).is_empty();
    desk.demand("UNIT-22-R10", is_new, "登録済みの宛名番号です")?;
    let has_person = desk.has("seinengappi") || desk.has("seibetsu");
    let is_person = desk.text("kojin_hojin_kubun") == "1";
    desk.demand(
        "UNIT-22-R13",
        is_person || !has_person,
        "法人に生年月日又は性別があります",
    )?;
    check_town(desk)?;
    let mut row = desk.row_for(ADDRESSEE);
    row.insert("kaishibi".into(), desk.text("idobi").to_owned());
    row.insert("rirekibango".into(), "1".into());
    row.insert("nayosemotofuragu".into(), "0".into());
    let business = desk.text("gyomuid").to_owned();
    desk.set_note(&subject, BUSINESSES, business);
    desk.add(ADDRESSEE, &subject, row);
    tell(desk, &subject, reason::REGISTERED);
    Ok(())
}

fn check_town(desk: &Desk<'_>) -> Result<(), Refusal> {
    let is_known = desk.text("jusho_choazakodo") != TOWN_UNKNOWN;
    desk.demand(
        "UNIT-22-R14",
        is_known || desk.has("jusho_choaza"),
        "町字の表記がありません",
    )
}

fn change(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    check_changeable(desk, subject)?;
    check_town(desk)?;
    let changes = desk.row_for(ADDRESSEE);
    succeed(desk, subject, |row| row.extend(changes));
    tell(desk, subject, reason::CHANGED);
    Ok(())
}

/// Neither erased nor linked, and the day is not before the newest change.
fn check_changeable(desk: &Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let last = desk.last(ADDRESSEE, subject);
    let is_free = last.is_some_and(|row| is_open(row) && !is_linked(row));
    desk.demand("UNIT-22-R11", is_free, "消除済み又は名寄せ元の宛名です")?;
    check_day(desk, subject)
}

fn check_day(desk: &Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let known = desk.last(ADDRESSEE, subject).map_or("", |row| value(row, "kaishibi"));
    desk.demand("UNIT-22-R12", desk.text("idobi") >= known, "直前の異動より前の日付です")
}

/// Closes the newest row and adds one with the next history number.
fn succeed(desk: &mut Desk<'_>, subject: &str, change: impl FnOnce(&mut Row)) {
    if !desk.obeys("UNIT-22-R09") {
        desk.change_last(ADDRESSEE, subject, change);
        return;
    }
    let Some(mut next) = desk.last(ADDRESSEE, subject).cloned() else {
        return;
    };
    let day = desk.text("idobi").to_owned();
    let number: u32 = value(&next, "rirekibango").parse().unwrap_or(0);
    desk.change_last(ADDRESSEE, subject, |row| {
        row.entry("shuryobi".into()).or_insert_with(|| day.clone());
    });
    next.remove("shuryobi");
    next.insert("kaishibi".into(), day);
    next.insert("rirekibango".into(), (number + 1).to_string());
    change(&mut next);
    desk.add(ADDRESSEE, subject, next);
}

fn add_business(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let business = desk.text("gyomuid").to_owned();
    let known: Vec<String> = businesses(desk, subject);
    if known.contains(&business) {
        return desk.refuse("E0006", "追加済みの業務です");
    }
    if !desk.obeys("UNIT-22-R15") {
        return Ok(());
    }
    let before = receivers(desk, subject);
    desk.set_note(subject, BUSINESSES, format!("{},{business}", known.join(",")));
    let mut to = receivers(desk, subject);
    to.retain(|unit| !before.contains(unit));
    let content = content(desk, subject, reason::REGISTERED);
    desk.tell_to("addressee-changed", subject, content, &to);
    Ok(())
}

fn link(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    check_changeable(desk, subject)?;
    let target = desk.text("nayosesakiatenabango").to_owned();
    let fits = desk
        .last(ADDRESSEE, &target)
        .is_some_and(|row| is_open(row) && !is_linked(row));
    let links = desk.find(ADDRESSEE, "nayosesakiatenabango", subject);
    let is_target = links.iter().any(|(_, row)| is_open(row) && is_linked(row));
    desk.demand(
        "UNIT-22-R07",
        fits && target != subject && !is_target,
        "名寄せ先にできない宛名です",
    )?;
    if desk.obeys("UNIT-22-R06") {
        succeed(desk, subject, |row| {
            row.insert("nayosemotofuragu".into(), "1".into());
            row.insert("nayosesakiatenabango".into(), target);
        });
    } else {
        close(desk, subject);
    }
    tell(desk, subject, reason::LINKED);
    Ok(())
}

fn cancel_link(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let linked = desk
        .last(ADDRESSEE, subject)
        .is_some_and(|row| is_open(row) && is_linked(row));
    desk.demand("UNIT-22-R08", linked, "名寄せされていません")?;
    check_day(desk, subject)?;
    if !desk.obeys("UNIT-22-R08") {
        return Ok(());
    }
    succeed(desk, subject, |row| {
        row.insert("nayosemotofuragu".into(), "0".into());
        row.remove("nayosesakiatenabango");
    });
    tell(desk, subject, reason::LINK_CANCELLED);
    Ok(())
}

fn erase(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    check_changeable(desk, subject)?;
    close(desk, subject);
    tell(desk, subject, reason::ERASED);
    Ok(())
}

fn close(desk: &mut Desk<'_>, subject: &str) {
    let day = desk.text("idobi").to_owned();
    desk.change_last(ADDRESSEE, subject, |row| {
        row.insert("shuryobi".into(), day);
    });
}

fn cancel_registration(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    tell(desk, subject, reason::REGISTRATION_CANCELLED);
    if desk.obeys("UNIT-22-R16") {
        desk.retain(ADDRESSEE, subject, |_| false);
    } else {
        close(desk, subject);
    }
    Ok(())
}

fn became_resident(desk: &mut Desk<'_>, subject: &str, day: &str) {
    desk.set_note(subject, RESIDENT_SINCE, day);
    let is_registered = desk.last(ADDRESSEE, subject).is_some_and(is_open);
    if is_registered && desk.obeys("UNIT-22-R02") {
        close(desk, subject);
        tell(desk, subject, reason::RESIDENT);
    }
}

fn no_resident(desk: &mut Desk<'_>, subject: &str, day: &str) {
    desk.set_note(subject, RESIDENT_SINCE, "");
    let was_closed = desk
        .last(ADDRESSEE, subject)
        .is_some_and(|row| value(row, "shuryobi") == day);
    if was_closed && desk.obeys("UNIT-22-R03") {
        desk.change_last(ADDRESSEE, subject, |row| {
            row.remove("shuryobi");
        });
        tell(desk, subject, reason::RESIDENT_CANCELLED);
    }
}

fn businesses(desk: &Desk<'_>, subject: &str) -> Vec<String> {
    desk.note(subject, BUSINESSES).split(',').map(str::to_owned).collect()
}

/// Units that are told of the addressee.
fn receivers(desk: &Desk<'_>, subject: &str) -> Vec<u8> {
    let last = desk.last(ADDRESSEE, subject);
    if let Some(row) = last.filter(|row| is_barred(row))
        && desk.obeys("UNIT-22-R04")
    {
        return unit_of(value(row, "gyomuid")).into_iter().collect();
    }
    if !desk.obeys("UNIT-22-R05") {
        return desk.receivers("addressee-changed");
    }
    let mut units: Vec<u8> = businesses(desk, subject)
        .iter()
        .flat_map(|business| units_of(business))
        .collect();
    units.sort_unstable();
    units.dedup();
    units
}

fn content(desk: &Desk<'_>, subject: &str, reason: &str) -> Row {
    let last = desk.last(ADDRESSEE, subject).cloned().unwrap_or_default();
    // Where the addressee is gone, the address is of no use any more.
    let is_gone = matches!(
        reason,
        reason::ERASED | reason::RESIDENT | reason::REGISTRATION_CANCELLED
    );
    let mut content = if is_gone {
        last.into_iter()
            .filter(|(item, _)| item == "kojin_hojin_kubun")
            .collect()
    } else {
        last
    };
    content.insert("idobi".into(), desk.text("idobi").to_owned());
    content.insert("jutogai_idojiyu".into(), reason.into());
    content
}

fn tell(desk: &mut Desk<'_>, subject: &str, reason: &str) {
    let to = receivers(desk, subject);
    let content = content(desk, subject, reason);
    desk.tell_to("addressee-changed", subject, content, &to);
}
