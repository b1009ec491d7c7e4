//! The form of a request: what the item table allows, asked before anything else.

use super::Row;
use super::desk::Refusal;
use crate::mock::{Defect, DefectSet};
use crate::standard::unit::{Field, Item, UnitItemType};
use crate::text::characters::{is_full_width, is_half_width, length};
use crate::text::date::{Day, RegisterDate};
use crate::xml::Element;

/// The items of a request by their names, if each is as the table allows.
pub(super) fn read(request: Element<'_>, fields: &[Field], defects: &DefectSet) -> Result<Row, Refusal> {
    let mut row = Row::new();
    let mut place = 0;
    for child in request.children() {
        let id = child.local();
        let position = fields.iter().position(|field| field.item.id == id);
        let Some(position) = position.filter(|position| *position >= place) else {
            return refuse("E0002", &format!("{id} is not expected here"));
        };
        place = position + 1;
        let value = child.text().into_owned();
        let item = &fields[position].item;
        check(item, &value, defects)?;
        row.insert(id.to_owned(), value);
    }
    let missing = fields
        .iter()
        .find(|field| field.required && !row.contains_key(&field.item.id));
    match missing.filter(|_| !defects.has(Defect::UnitRequiredUnchecked)) {
        Some(missing) => refuse("E0001", &format!("{}（{}）", missing.item.name.ja, missing.item.id)),
        None => Ok(row),
    }
}

fn refuse<T>(code: &str, why: &str) -> Result<T, Refusal> {
    Err(Refusal {
        code: code.to_owned(),
        why: why.to_owned(),
    })
}

/// Whether a value is as the table allows.
pub(super) fn check_value(item: &Item, value: &str) -> Result<(), Refusal> {
    check(item, value, &DefectSet::NONE)
}

fn check(item: &Item, value: &str, defects: &DefectSet) -> Result<(), Refusal> {
    let name = &item.name.ja;
    if value.is_empty() {
        return refuse("E0001", name);
    }
    if !item.codes.is_empty() {
        return match item.codes.iter().any(|code| code == value) || defects.has(Defect::UnitCodesUnchecked) {
            true => Ok(()),
            false => refuse("E0002", name),
        };
    }
    let letters = length(value);
    let fits = match item.item_type {
        UnitItemType::X => value.chars().all(is_half_width),
        UnitItemType::N => value.chars().all(is_full_width),
        UnitItemType::Integer => value.bytes().all(|byte| byte.is_ascii_digit()),
        UnitItemType::Signed => value.parse::<i64>().is_ok(),
        UnitItemType::Date if item.unknown_date => RegisterDate::parse(value).is_some(),
        UnitItemType::Date => Day::parse(value).is_ok(),
        UnitItemType::Time => crate::text::date::is_time(value) && letters == 8,
        UnitItemType::Year => letters == 4 && value.bytes().all(|byte| byte.is_ascii_digit()),
    };
    if !fits && !defects.has(Defect::UnitFormUnchecked) {
        return refuse("E0002", name);
    }
    let measured = matches!(
        item.item_type,
        UnitItemType::X | UnitItemType::N | UnitItemType::Integer
    );
    let measured = measured && !defects.has(Defect::UnitLengthUnchecked);
    if measured && (letters > item.length || item.fixed && letters != item.length) {
        return refuse("E0003", name);
    }
    Ok(())
}
