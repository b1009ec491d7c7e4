//! 05 固定資産税: who owns what on 1 January, and the tax on its value.

use super::Row;
use super::desk::{Desk, Refusal, row};
use super::levies::{
    Correction, INSTALMENTS, correct, covers, cut, day, died_before, due_dates, further, has_moved_out, instalment, is,
    is_open, note_resident, number, split,
};
use super::rules::Business;
use crate::text::date::Day;

const ASSET: &str = "asset";
const ASSESSMENT: &str = "property-assessment";
/// What a levy was worked out with.
const TERMS: &str = "#terms";
/// A year in which land and houses were valued; every third year is one.
const BASE_YEAR: i64 = 2024;
/// Land that counts as small for each dwelling (地方税法 349 条の 3 の 2 第 2 項), in square metres.
const SMALL_AREA: i64 = 200;
/// Years in which the tax of a new dwelling is halved (附則 15 条の 6).
const NEW_DWELLING_YEARS: u16 = 3;

/// The unit.
pub(super) struct Rules;

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        match id {
            "register-asset" => register(desk),
            "transfer-asset" => transfer(desk),
            "end-asset" => end(desk),
            "value-asset" => value(desk),
            "declare-current-owner" => declare_current_owner(desk),
            "levy-property-tax" => levy(desk),
            _ => correct_value(desk),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        note_resident(desk, event);
        Ok(())
    }
}

/// Who owns the asset of the request now.
fn owner(desk: &Desk<'_>) -> Option<String> {
    let found = desk.find(ASSET, "bukkenbango", desk.text("bukkenbango"));
    let (owner, _) = found.into_iter().find(|(_, row)| is_open(row))?;
    Some(owner)
}

/// Ends the row of an owner's asset. Gives it as it was.
fn end_row(desk: &mut Desk<'_>, owner: &str, on: &str) -> Option<Row> {
    let asset = desk.text("bukkenbango").to_owned();
    let mut ended = None;
    desk.change(ASSET, owner, |row| {
        if is(row, "bukkenbango", &asset) && is_open(row) {
            ended = Some(row.clone());
            row.insert("shuryobi".into(), on.to_owned());
        }
    });
    ended
}

fn register(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let owner = owner(desk);
    if owner.as_ref() == Some(&subject) {
        return desk.refuse("E0006", "that asset is registered for this owner already");
    }
    desk.demand("UNIT-05-R19", owner.is_none(), "somebody else owns that asset")?;
    let asset = desk.row_for(ASSET);
    desk.add(ASSET, &subject, asset);
    Ok(())
}

fn transfer(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let Some(owner) = owner(desk) else {
        return desk.refuse("E0004", "nobody owns that asset");
    };
    let registered = desk.obeys("UNIT-05-R02");
    let on = desk.text(if registered { "tokibi" } else { "idobi" }).to_owned();
    hand_over(desk, &owner, &on);
    Ok(())
}

fn hand_over(desk: &mut Desk<'_>, from: &str, on: &str) {
    let subject = desk.subject();
    if let Some(mut asset) = end_row(desk, from, on) {
        asset.insert("atenabango".into(), subject.clone());
        asset.insert("kaishibi".into(), on.to_owned());
        desk.add(ASSET, &subject, asset);
    }
}

fn end(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    if owner(desk).as_ref() != Some(&subject) {
        return desk.refuse("E0005", "the asset is not this owner's");
    }
    let on = desk.text("idobi").to_owned();
    end_row(desk, &subject, &on);
    Ok(())
}

fn value(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    if owner(desk).as_ref() != Some(&subject) {
        return desk.refuse("E0005", "the asset is not this owner's");
    }
    let regular = desk.text("hyoka_jiyu") == "1";
    let base_year = (desk.number("hyoka_nendo") - BASE_YEAR) % 3 == 0;
    desk.demand("UNIT-05-R09", !regular || base_year, "not a base year")?;
    let from = format!("{}-01-01", desk.text("hyoka_nendo"));
    let new = desk.text("hyokagaku").to_owned();
    if let Some(mut asset) = end_row(desk, &subject, &from) {
        asset.insert("kaishibi".into(), from);
        asset.insert("hyokagaku".into(), new);
        desk.add(ASSET, &subject, asset);
    }
    Ok(())
}

fn declare_current_owner(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let dead = desk.text("hisozokunin_atenabango").to_owned();
    if owner(desk).as_ref() != Some(&dead) {
        return desk.refuse("E0004", "the asset is not the deceased's");
    }
    let on = desk.text("idobi").to_owned();
    hand_over(desk, &dead, &on);
    Ok(())
}

fn levy(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let (subject, year) = (desk.subject(), desk.text("nendo").to_owned());
    if desk.rows(ASSET, &subject).is_empty() {
        return desk.refuse("E0005", "this person never owned anything here");
    }
    let base = base_date(&year);
    if has_moved_out(desk, &subject) && !desk.obeys("UNIT-05-R15") {
        return desk.refuse("E0501", "moved out");
    }
    let died = died_before(desk, &subject, base);
    desk.demand("UNIT-05-R10", !died, "the owner died before the base date")?;
    if died_before(desk, &subject, Day::LAST) && !died && !desk.obeys("UNIT-05-R11") {
        return desk.refuse("E0510", "the owner died");
    }
    let mut owned = owned_on(desk, &subject, base);
    desk.demand("UNIT-05-R01", !owned.is_empty(), "owns nothing on the base date")?;
    if owned.is_empty() {
        owned = desk
            .rows(ASSET, &subject)
            .iter()
            .filter(|row| is_open(row))
            .cloned()
            .collect();
    }
    let again = desk
        .rows(ASSESSMENT, &subject)
        .iter()
        .any(|row| is(row, "nendo", &year));
    desk.demand("UNIT-05-R18", !again, "the tax of that year is levied already")?;
    in_time(desk, desk.day("nokigen1"))?;

    let terms = desk.input.clone();
    let (taxable, total) = tax(desk, &terms, &owned, base);
    desk.add(TERMS, &subject, terms);
    keep(desk, &year, taxable, total);
    if total == 0 {
        return Ok(());
    }
    let dates = due_dates(desk, desk.obeys("UNIT-05-R08"));
    let amounts = split(total, dates.len(), 1_000, desk.obeys("UNIT-05-R07"));
    let notice = desk.text("tsuchishobango").to_owned();
    for (index, (due, amount)) in dates.into_iter().zip(amounts).enumerate() {
        let told = instalment(&notice, &year, index + 1, due, amount);
        desk.add(INSTALMENTS, &subject, told.clone());
        tell(desk, "property-tax-levied", told);
    }
    Ok(())
}

fn base_date(year: &str) -> Day {
    Day::new(year.parse().unwrap_or(1), 1, 1).unwrap_or(Day::FIRST)
}

fn owned_on(desk: &Desk<'_>, subject: &str, base: Day) -> Vec<Row> {
    let rows = desk.rows(ASSET, subject).iter();
    if desk.obeys("UNIT-05-R03") {
        return rows.filter(|row| covers(row, base)).cloned().collect();
    }
    // What was demolished since then is left out too.
    let houses = |row: &&Row| !is(row, "shisan_kubun", "2") || is_open(row);
    rows.filter(|row| covers(row, base)).filter(houses).cloned().collect()
}

/// 地方税法 17 条の 5 第 5 項.
fn in_time(desk: &Desk<'_>, first_due: Option<Day>) -> Result<(), Refusal> {
    let last = first_due.and_then(|due| due.add_years(5));
    let decided = desk.day("ketteibi").unwrap_or(Day::LAST);
    desk.demand(
        "UNIT-05-R13",
        last.is_none_or(|last| decided <= last),
        "later than five years",
    )
}

/// Tax base and tax of a year.
fn tax(desk: &Desk<'_>, terms: &Row, owned: &[Row], base: Day) -> (i64, i64) {
    let rate = number(terms, "zeiritsu");
    let (mut taxable, mut reduction) = (0, 0);
    for (kind, limit) in [
        ("1", "menzeiten_tochi"),
        ("2", "menzeiten_kaoku"),
        ("3", "menzeiten_shokyaku"),
    ] {
        let assets = owned.iter().filter(|row| is(row, "shisan_kubun", kind));
        let total: i64 = assets.clone().map(|asset| base_of(desk, asset)).sum();
        if total < number(terms, limit) && desk.obeys("UNIT-05-R05") {
            continue;
        }
        taxable += total;
        let new = assets.filter(|asset| is_reduced(desk, asset, base));
        reduction += new.map(|asset| base_of(desk, asset) * rate / 10_000 / 2).sum::<i64>();
    }
    if desk.obeys("UNIT-05-R06") {
        taxable = cut(taxable, 1_000);
    }
    let mut tax = taxable * rate / 10_000 - reduction;
    if owned.iter().any(|row| row.contains_key("kyoyusha_atenabango")) && !desk.obeys("UNIT-05-R12") {
        tax /= 2;
    }
    (taxable, cut(tax, 100))
}

/// The tax base of one asset.
fn base_of(desk: &Desk<'_>, asset: &Row) -> i64 {
    let value = number(asset, "hyokagaku");
    let (dwellings, area) = (number(asset, "jutaku_kosu"), number(asset, "chiseki"));
    if !is(asset, "shisan_kubun", "1") || dwellings == 0 || area == 0 {
        return value;
    }
    let small = if desk.obeys("UNIT-05-R04") {
        area.min(dwellings * SMALL_AREA)
    } else {
        area
    };
    let value_of_small = value * small / area;
    value_of_small / 6 + (value - value_of_small) / 3
}

fn is_reduced(desk: &Desk<'_>, asset: &Row, base: Day) -> bool {
    if !is(asset, "shinchiku_jutaku", "1") {
        return false;
    }
    let Some(first) = day(asset, "kaishibi") else {
        return false;
    };
    let first_year = if first.month() == 1 && first.day() == 1 {
        first.year()
    } else {
        first.year() + 1
    };
    let years = if desk.obeys("UNIT-05-R17") {
        NEW_DWELLING_YEARS
    } else {
        NEW_DWELLING_YEARS + 1
    };
    (first_year..first_year + years).contains(&base.year())
}

/// Keeps an assessment in place of an earlier one.
fn keep(desk: &mut Desk<'_>, year: &str, taxable: i64, total: i64) {
    let subject = desk.subject();
    let decided = desk.text("ketteibi").to_owned();
    let before = desk
        .rows(ASSESSMENT, &subject)
        .iter()
        .rfind(|row| is(row, "nendo", year))
        .cloned();
    desk.change(ASSESSMENT, &subject, |row| {
        if is(row, "nendo", year) && is_open(row) {
            row.insert("shuryobi".into(), decided.clone());
        }
    });
    let mut kept = before.unwrap_or_default();
    kept.extend(desk.row_for(ASSESSMENT));
    kept.extend(row([
        ("kazeihyojungaku", taxable.to_string()),
        ("nenzeigaku", total.to_string()),
    ]));
    desk.add(ASSESSMENT, &subject, kept);
}

fn tell(desk: &mut Desk<'_>, event: &str, mut told: Row) {
    let subject = desk.subject();
    told.insert("ketteibi".into(), desk.text("ketteibi").to_owned());
    let mut to = desk.receivers(event);
    if !desk.obeys("UNIT-05-R16") {
        to.push(6);
    }
    desk.tell_to(event, &subject, told, &to);
}

fn correct_value(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let (subject, year) = (desk.subject(), desk.text("nendo").to_owned());
    let terms = desk
        .rows(TERMS, &subject)
        .iter()
        .rfind(|row| is(row, "nendo", &year))
        .cloned();
    let Some(terms) = terms else {
        return desk.refuse("E0004", "no tax of that year to correct");
    };
    in_time(desk, day(&terms, "nokigen1"))?;
    let base = base_date(&year);
    let (asset, new) = (desk.text("bukkenbango").to_owned(), desk.text("hyokagaku").to_owned());
    desk.change(ASSET, &subject, |row| {
        if is(row, "bukkenbango", &asset) && covers(row, base) {
            row.insert("hyokagaku".into(), new.clone());
        }
    });
    let owned = owned_on(desk, &subject, base);
    let (taxable, total) = tax(desk, &terms, &owned, base);
    keep(desk, &year, taxable, total);

    let mut parts: Vec<Row> = desk.rows(INSTALMENTS, &subject).to_vec();
    parts.retain(|row| is(row, "nendo", &year));
    let decided = desk.day("ketteibi").unwrap_or(Day::LAST);
    if parts.is_empty() {
        let notice = terms.get("tsuchishobango").map_or("", String::as_str);
        parts.push(further(notice, &year, 1, decided));
    }
    let how = Correction {
        decided,
        spares_past: true,
        clears_past: true,
    };
    let changed = correct(&mut parts, total, how);
    desk.retain(INSTALMENTS, &subject, |row| !is(row, "nendo", &year));
    for part in parts {
        desk.add(INSTALMENTS, &subject, part);
    }
    let right = desk.obeys("UNIT-05-R14");
    for told in changed {
        tell(
            desk,
            if right {
                "property-tax-corrected"
            } else {
                "property-tax-levied"
            },
            told,
        );
    }
    Ok(())
}
