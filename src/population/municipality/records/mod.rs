//! From what is known of a household to rows of the units' records: one module a field of administration.
//!
//! A mapping gives the items that only its record knows; what many records ask of a person (names, address, birth …) is
//! answered here, once, by item id. An item that no mapping knows and that the record requires takes a value that fits its
//! type; a test keeps the list of those empty.

mod children;
mod education;
mod insurance;
mod internal;
mod registers;
mod taxes;
mod value;
mod welfare;

use std::collections::BTreeMap;

use super::Municipality;
use super::people::{Address, Household, Person};
use super::town::{MUNICIPALITY, POSTAL};
use crate::standard::unit::{Field, Item, Record, UnitItemType};

pub(super) use value::Value;

/// A row: item id → value. Items without a value are not there.
pub type Row = BTreeMap<String, String>;

/// One value for each field of the record.
pub(super) type Cells<'r> = [Value<'r>];

/// Makes rows of one record.
type Mapper = fn(&Municipality, &Household, &mut Sink<'_>);

/// Takes the rows of one record.
pub(super) struct Sink<'s> {
    record: &'s Record,
    city: &'s Municipality,
    emit: &'s mut dyn FnMut(&Cells<'_>),
    /// Items that took the fallback.
    guessed: Option<&'s mut Vec<String>>,
}

/// Whom a row is about.
#[derive(Clone, Copy)]
pub(super) enum About<'h> {
    /// A member of the household.
    Member(&'h Household, &'h Person),
    /// The same at an earlier address.
    Before(&'h Household, &'h Person),
    /// Somebody who lives elsewhere.
    Outsider(&'h Person, &'h Address),
    /// Nobody: a budget account, a folder.
    Nothing,
}

impl Sink<'_> {
    /// Hands on a row: the items of the mapping, then what is known of the person, then what fits.
    pub(super) fn row(&mut self, about: About<'_>, own: &[(&'static str, Value<'_>)]) {
        let mut cells: Vec<Value<'_>> = Vec::with_capacity(self.record.fields.len());
        for field in &self.record.fields {
            let id = field.item.id.as_str();
            let given = own.iter().find(|(name, _)| *name == id);
            let mut value = match given {
                Some((_, value)) => value.clone(),
                None => shared(about, id),
            };
            if field.required && matches!(value, Value::Absent) {
                if let Some(guessed) = self.guessed.as_deref_mut() {
                    guessed.push(format!("{} {id}", self.record.id));
                }
                value = fitting(&field.item, self.city);
            }
            cells.push(value);
        }
        (self.emit)(&cells);
    }
}

/// What many records ask of a person.
fn shared<'h>(about: About<'h>, id: &str) -> Value<'h> {
    let (person, address) = match about {
        About::Member(household, person) => (person, &household.address),
        About::Before(household, person) => (person, &household.former_address),
        About::Outsider(person, address) => (person, address),
        About::Nothing => return Value::Absent,
    };
    match id {
        "atenabango" => person.number.into(),
        "shimei" => person.name.full.as_str().into(),
        "shimei_furigana" => person.name.kana.as_deref().into(),
        "kyuji" => person.name.former.as_deref().into(),
        "tsusho" => person.name.alias.as_deref().into(),
        "seinengappi" => birth(person),
        "seibetsu" => sex(person).into(),
        "kokuseki" => person.nationality.into(),
        "zokugara" => person.relation.into(),
        "jumin_shubetsu" => if person.is_japanese() { "1" } else { "2" }.into(),
        "shiensochi" => if person.protected.is_some() { "1" } else { "0" }.into(),
        "jusho_shikuchosonkodo" => MUNICIPALITY.into(),
        "jusho_choazakodo" => address.town_code.as_str().into(),
        "jusho_choaza" => address.town.as_str().into(),
        "jusho_banchigohyoki" => address.lot.as_str().into(),
        "jusho_katagaki" => address.building.as_deref().into(),
        "jusho_yubinbango" => POSTAL.into(),
        _ => match about {
            About::Member(household, _) | About::Before(household, _) => of_household(household, id),
            _ => Value::Absent,
        },
    }
}

fn of_household<'h>(household: &'h Household, id: &str) -> Value<'h> {
    match id {
        "setaibango" => household.number.into(),
        "setainushi_atenabango" => household.head().number.into(),
        "setainushi_shimei" => household.head().name.full.as_str().into(),
        _ => Value::Absent,
    }
}

/// 生年月日 as the register writes it.
pub(super) fn birth(person: &Person) -> Value<'_> {
    match &person.unknown_birth {
        Some(written) => written.as_str().into(),
        None => person.born().into(),
    }
}

fn sex(person: &Person) -> &'static str {
    match person.sex {
        super::people::Sex::Male => "1",
        super::people::Sex::Female => "2",
    }
}

/// A value that fits an item about which nothing is known.
fn fitting(item: &Item, city: &Municipality) -> Value<'static> {
    if let Some(code) = item.codes.first() {
        return code.clone().into();
    }
    match item.item_type {
        UnitItemType::X => "0".repeat(if item.fixed { item.length } else { 1 }).into(),
        UnitItemType::N => "見".repeat(if item.fixed { item.length } else { 1 }).into(),
        UnitItemType::Integer | UnitItemType::Signed => 0.into(),
        UnitItemType::Date => city.as_of().into(),
        UnitItemType::Time => "08:30:00".into(),
        UnitItemType::Year => i64::from(city.nendo()).into(),
    }
}

/// Whether the municipality has rows for a record at all.
pub fn has_rows(unit: u8, record: &str) -> bool {
    mapper(unit, record).is_some()
}

fn mapper(unit: u8, record: &str) -> Option<Mapper> {
    match unit {
        1..=4 | 22 => registers::mapper(unit, record),
        5..=9 => taxes::mapper(unit, record),
        10 | 11 | 13 | 14 => insurance::mapper(unit, record),
        12 | 15 | 16 => welfare::mapper(unit, record),
        17 | 18 | 21 => children::mapper(unit, record),
        19 | 20 => education::mapper(unit, record),
        23..=26 => internal::mapper(unit, record),
        _ => None,
    }
}

/// Calls `emit` for every row of a record that a household gives rise to, with one value for each field of the record.
pub(super) fn each_row(
    city: &Municipality,
    unit: u8,
    record: &Record,
    household: &Household,
    emit: &mut dyn FnMut(&Cells<'_>),
) {
    if let Some(mapper) = mapper(unit, &record.id) {
        let guessed = None;
        mapper(
            city,
            household,
            &mut Sink {
                record,
                city,
                emit,
                guessed,
            },
        );
    }
}

/// As [`each_row`], and tells the items that took the fallback.
#[cfg(test)]
pub(super) fn guessed(city: &Municipality, unit: u8, record: &Record, household: &Household) -> Vec<String> {
    let mut guessed = Vec::new();
    if let Some(mapper) = mapper(unit, &record.id) {
        let emit = &mut |_: &Cells<'_>| {};
        mapper(
            city,
            household,
            &mut Sink {
                record,
                city,
                emit,
                guessed: Some(&mut guessed),
            },
        );
    }
    guessed
}

/// A row by item id.
pub(super) fn row(record: &Record, cells: &Cells<'_>) -> Row {
    let fields = record.fields.iter().zip(cells);
    let present = fields.filter(|(_, value)| !matches!(value, Value::Absent));
    present
        .map(|(Field { item, .. }, value)| (item.id.clone(), value.to_string()))
        .collect()
}

/// Every member with their place.
pub(super) fn members(household: &Household) -> impl Iterator<Item = (usize, &Person)> {
    household.members.iter().enumerate()
}

/// `1` or `0`.
pub(super) fn flag(is: bool) -> Value<'static> {
    if is { "1" } else { "0" }.into()
}
