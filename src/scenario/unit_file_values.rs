//! Values for rows of files.

use crate::standard::unit::{Item, UnitItemType};

/// A value that fits an item, for rows of files.
pub(super) fn default_value(item: &Item) -> String {
    if let Some(example) = &item.example {
        return example.clone();
    }
    if let Some(code) = item.codes.first() {
        return code.clone();
    }
    match item.item_type {
        UnitItemType::X => "0".repeat(if item.fixed { item.length } else { 1 }),
        UnitItemType::N => "試".repeat(if item.fixed { item.length } else { 1 }),
        UnitItemType::Integer | UnitItemType::Signed => "1".into(),
        UnitItemType::Date => "2026-04-01".into(),
        UnitItemType::Time => "09:00:00".into(),
        UnitItemType::Year => "2026".into(),
    }
}

/// Another value of the same item.
pub(super) fn other_value(item: &Item) -> Option<String> {
    if !item.codes.is_empty() {
        return item.codes.get(1).cloned();
    }
    Some(match item.item_type {
        UnitItemType::X if item.fixed => return None,
        UnitItemType::X => "9".into(),
        UnitItemType::N => "変".into(),
        UnitItemType::Integer | UnitItemType::Signed => "2".into(),
        UnitItemType::Date => "2026-04-02".into(),
        UnitItemType::Time => "10:00:00".into(),
        UnitItemType::Year => "2027".into(),
    })
}
