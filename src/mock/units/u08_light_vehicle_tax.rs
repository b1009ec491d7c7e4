//! 08 軽自動車税: who owns which vehicle on 1 April.

use super::Row;
use super::desk::{Desk, Refusal, row};
use super::levies::{
    covers, day, died_before, has_moved_out, holds_handbook, is, is_open, note_handbook, note_resident, number,
};
use super::rules::Business;
use crate::text::date::Day;

const VEHICLE: &str = "vehicle";
const ASSESSMENT: &str = "vehicle-assessment";
/// Years after the fiscal year of the first inspection from which the raised amount applies (附則 30 条).
const OLD_FROM: u16 = 14;

/// The unit.
pub(super) struct Rules;

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        match id {
            "register-vehicle" => register(desk),
            "transfer-vehicle" => transfer(desk),
            "scrap-vehicle" => scrap(desk),
            "levy-vehicle-tax" => levy(desk),
            _ => reduce(desk),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        match event {
            "disability-handbook-changed" => note_handbook(desk),
            _ => note_resident(desk, event),
        }
        Ok(())
    }
}

/// Who owns the vehicle of the request now.
fn owner(desk: &Desk<'_>) -> Option<String> {
    let found = desk.find(VEHICLE, "hyoshikibango", desk.text("hyoshikibango"));
    let (owner, _) = found.into_iter().find(|(_, row)| is_open(row))?;
    Some(owner)
}

fn register(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let owner = owner(desk);
    if owner.as_ref() == Some(&subject) {
        return desk.refuse("E0006", "that vehicle is registered for this owner already");
    }
    desk.demand("UNIT-08-R14", owner.is_none(), "somebody else uses that plate")?;
    let vehicle = desk.row_for(VEHICLE);
    desk.add(VEHICLE, &subject, vehicle);
    Ok(())
}

/// Ends the row of an owner's vehicle. Gives it as it was.
fn end_row(desk: &mut Desk<'_>, owner: &str, on: &str) -> Option<Row> {
    let plate = desk.text("hyoshikibango").to_owned();
    let mut ended = None;
    desk.change(VEHICLE, owner, |row| {
        if is(row, "hyoshikibango", &plate) && is_open(row) {
            ended = Some(row.clone());
            row.insert("shuryobi".into(), on.to_owned());
        }
    });
    ended
}

fn transfer(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let Some(owner) = owner(desk) else {
        return desk.refuse("E0004", "nobody uses that plate");
    };
    let on = desk.text("idobi").to_owned();
    if let Some(mut vehicle) = end_row(desk, &owner, &on) {
        vehicle.insert("atenabango".into(), subject.clone());
        vehicle.insert("kaishibi".into(), on);
        vehicle.remove("shoyuken_ryuho_atenabango");
        desk.add(VEHICLE, &subject, vehicle);
    }
    Ok(())
}

fn scrap(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    if owner(desk).as_ref() != Some(&subject) {
        return desk.refuse("E0005", "the vehicle is not this owner's");
    }
    let on = desk.text("idobi").to_owned();
    end_row(desk, &subject, &on);
    let Some(gone) = desk.day("idobi") else { return Ok(()) };
    let plate = desk.text("hyoshikibango").to_owned();
    let levied = desk.rows(ASSESSMENT, &subject).iter();
    let levied: Vec<Row> = levied
        .filter(|row| is(row, "hyoshikibango", &plate) && is_open(row))
        .cloned()
        .collect();
    let decided = desk.text("todokedebi").to_owned();
    for assessment in levied {
        let base = base_date(assessment.get("nendo").map_or("", String::as_str));
        if gone <= base && desk.obeys("UNIT-08-R04") {
            settle(desk, &assessment, 0, &decided, &[]);
        }
        if gone > base && gone.year() == base.year() && !desk.obeys("UNIT-08-R02") {
            let months = i64::from(gone.month().saturating_sub(3));
            settle(
                desk,
                &assessment,
                number(&assessment, "nenzeigaku") * months / 12,
                &decided,
                &[],
            );
        }
    }
    Ok(())
}

fn base_date(year: &str) -> Day {
    Day::new(year.parse().unwrap_or(1), 4, 1).unwrap_or(Day::FIRST)
}

fn levy(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let (subject, year) = (desk.subject(), desk.text("nendo").to_owned());
    let plate = desk.text("hyoshikibango").to_owned();
    let base = base_date(&year);
    let vehicle = taxable(desk, &subject, &plate, base)?;
    let alive = !died_before(desk, &subject, base);
    desk.demand("UNIT-08-R13", alive, "the owner died before the base date")?;
    if has_moved_out(desk, &subject) && !desk.obeys("UNIT-08-R15") {
        return desk.refuse("E0801", "moved out");
    }
    let same = |row: &Row| is(row, "nendo", &year) && is(row, "hyoshikibango", &plate);
    let again = desk.rows(ASSESSMENT, &subject).iter().any(same);
    desk.demand("UNIT-08-R17", !again, "the tax of that vehicle is levied already")?;
    let class = class(desk, &vehicle, base.year());
    let item = match class {
        "2" => "juka_zeigaku",
        "3" => "keika_zeigaku",
        _ => "hyojun_zeigaku",
    };
    if !desk.has(item) {
        return desk.refuse("E0004", "the amount of the vehicle's class is missing");
    }
    let amount = desk.number(item);
    let mut assessment = desk.row_for(ASSESSMENT);
    assessment.extend(row([
        ("zeiritsu_kubun", class.to_owned()),
        ("nenzeigaku", amount.to_string()),
    ]));
    desk.add(ASSESSMENT, &subject, assessment.clone());
    let decided = desk.text("ketteibi").to_owned();
    tell(desk, &assessment, amount, &decided, &[]);
    Ok(())
}

/// The vehicle of the request, if its owner is to be taxed.
fn taxable(desk: &Desk<'_>, subject: &str, plate: &str, base: Day) -> Result<Row, Refusal> {
    let of_seller = desk.find(VEHICLE, "hyoshikibango", plate);
    let of_seller = of_seller
        .into_iter()
        .find(|(_, row)| is(row, "shoyuken_ryuho_atenabango", subject));
    desk.demand("UNIT-08-R05", of_seller.is_none(), "the buyer counts as the owner")?;
    if let Some((_, vehicle)) = of_seller {
        return Ok(vehicle);
    }
    let owned: Vec<&Row> = desk
        .rows(VEHICLE, subject)
        .iter()
        .filter(|row| is(row, "hyoshikibango", plate))
        .collect();
    let Some(last) = owned.last() else {
        return desk.refuse("E0005", "the vehicle never was this person's");
    };
    if let Some(vehicle) = owned.iter().find(|row| covers(row, base)) {
        return Ok((*vehicle).clone());
    }
    let gone = day(last, "shuryobi").is_some_and(|end| end <= base);
    desk.demand("UNIT-08-R03", !gone, "it was gone by the base date")?;
    desk.demand("UNIT-08-R01", gone, "it was acquired after the base date")?;
    Ok((*last).clone())
}

fn class(desk: &Desk<'_>, vehicle: &Row, year: u16) -> &'static str {
    let Some(inspected) = day(vehicle, "shodo_kensabi").map(Day::fiscal_year) else {
        return "1";
    };
    let exempt = is(vehicle, "denkisha", "1") || !is(vehicle, "shashu_kubun", "3");
    let old_from = if desk.obeys("UNIT-08-R10") {
        OLD_FROM
    } else {
        OLD_FROM + 1
    };
    if year >= inspected + old_from && !(exempt && desk.obeys("UNIT-08-R11")) {
        return "2";
    }
    let years = if desk.obeys("UNIT-08-R12") { 1 } else { 2 };
    let clean = is(vehicle, "keika_taisho", "1") && (1..=years).contains(&year.saturating_sub(inspected));
    if clean { "3" } else { "1" }
}

fn reduce(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let (subject, year) = (desk.subject(), desk.text("nendo").to_owned());
    let plate = desk.text("hyoshikibango").to_owned();
    let levied = |row: &&Row| is(row, "nendo", &year) && is(row, "hyoshikibango", &plate) && is_open(row);
    let assessment = desk.rows(ASSESSMENT, &subject).iter().rfind(levied).cloned();
    let Some(assessment) = assessment else {
        return desk.refuse("E0004", "no tax of that vehicle and year");
    };
    let holds = holds_handbook(desk, &subject, base_date(&year));
    desk.demand("UNIT-08-R06", holds, "no handbook on the base date")?;
    let first = desk.note(&subject, &format!("genmen_{year}")).is_empty();
    desk.demand("UNIT-08-R07", first, "another vehicle is reduced already")?;
    let in_time = desk.day("todokedebi") <= day(&assessment, "nokigen");
    desk.demand("UNIT-08-R08", in_time, "after the due date")?;
    desk.set_note(&subject, &format!("genmen_{year}"), plate.clone());
    let decided = desk.text("todokedebi").to_owned();
    let also: &[u8] = if desk.obeys("UNIT-08-R16") { &[] } else { &[12] };
    if desk.obeys("UNIT-08-R09") {
        settle(desk, &assessment, 0, &decided, also);
    }
    Ok(())
}

/// Puts another amount in the place of an assessment, and tells it.
fn settle(desk: &mut Desk<'_>, assessment: &Row, amount: i64, decided: &str, also: &[u8]) {
    let subject = desk.subject();
    let same = assessment.clone();
    desk.change(ASSESSMENT, &subject, |row| {
        if *row == same {
            row.insert("shuryobi".into(), decided.to_owned());
        }
    });
    let mut next = assessment.clone();
    next.extend(row([
        ("nenzeigaku", amount.to_string()),
        ("ketteibi", decided.to_owned()),
    ]));
    desk.add(ASSESSMENT, &subject, next.clone());
    tell(desk, &next, amount, decided, also);
}

fn tell(desk: &mut Desk<'_>, assessment: &Row, amount: i64, decided: &str, also: &[u8]) {
    let subject = desk.subject();
    let text = |item: &str| assessment.get(item).cloned().unwrap_or_default();
    let told = row([
        ("tsuchishobango", text("tsuchishobango")),
        ("nendo", text("nendo")),
        ("kibetsu", "1".to_owned()),
        ("nokigen", text("nokigen")),
        ("kingaku", amount.to_string()),
        ("ketteibi", decided.to_owned()),
    ]);
    let mut to = desk.receivers("light-vehicle-tax-levied");
    to.extend(also);
    desk.tell_to("light-vehicle-tax-levied", &subject, told, &to);
}
