//! The item table of a unit's groups, for the checker of CSV files.

use super::table::{
    Bom, Code, CodeList, Dialect, Encoding, ForeignKey, Group, HeaderForm, Item, LineEnds, Presence, Quoting, Table,
    Type,
};
use crate::standard::unit::exchange_file::{CHANGE, CHANGES, FileKind};
use crate::standard::unit::{Field, Record, Unit, UnitItemType};

/// The table of all groups of a unit: full files, with what leads from one to another.
pub fn table_of(unit: &Unit) -> Table {
    let records: Vec<&Record> = unit.records.iter().collect();
    table_of_groups(unit, &records)
}

/// The table of some groups: full files, with what leads from one of them to another.
pub fn table_of_groups(unit: &Unit, records: &[&Record]) -> Table {
    let leads = |record: &Record| {
        let known = record
            .references
            .iter()
            .filter(|reference| records.iter().any(|other| other.id == reference.record));
        let keys = known.map(|reference| ForeignKey {
            items: reference.items.clone(),
            group: reference.record.clone(),
            to: reference.items.clone(),
        });
        keys.collect()
    };
    let groups = records.iter().map(|record| Group {
        foreign_key: leads(record),
        ..group(record, FileKind::Full)
    });
    table(unit, groups.collect())
}

/// The table of one group: full files, or files of changes.
pub fn table_of_group(unit: &Unit, record: &Record, kind: FileKind) -> Table {
    table(unit, vec![group(record, kind)])
}

fn table(unit: &Unit, groups: Vec<Group>) -> Table {
    let changes = CodeList {
        id: CHANGE.into(),
        name: "更新区分".into(),
        open: false,
        cell: String::new(),
        value: CHANGES.map(|value| code(value, "")).into(),
    };
    let lists = unit.code_lists.values().map(|list| CodeList {
        id: list.id.clone(),
        name: list.name.ja.clone(),
        open: false,
        cell: String::new(),
        value: list.codes.iter().map(|value| code(&value.code, &value.ja)).collect(),
    });
    Table {
        format: 1,
        id: unit.interface(),
        title: format!("{}（本スイート独自の基準プロファイル）", unit.file.name.ja),
        source: Vec::new(),
        dialect: Dialect {
            encoding: Encoding::Utf8,
            bom: Bom::Forbidden,
            quoting: Quoting::AsNeeded,
            line_end: LineEnds::Crlf,
            final_line_end: true,
            header: HeaderForm::Field,
            ..Dialect::default()
        },
        code: lists.chain([changes]).collect(),
        group: groups,
        slip: Vec::new(),
    }
}

fn code(value: &str, meaning: &str) -> Code {
    Code {
        code: value.to_owned(),
        meaning: meaning.to_owned(),
    }
}

fn group(record: &Record, kind: FileKind) -> Group {
    let change = Item {
        name: "更新区分".into(),
        field: CHANGE.into(),
        item_type: Some(Type::X),
        length: Some(1),
        fixed: true,
        code: Some(CHANGE.into()),
        presence: Presence::Required,
        ..Item::default()
    };
    let items = record.fields.iter().map(|field| item(field, kind));
    let change = (kind == FileKind::Delta).then_some(change);
    Group {
        name: record.id.clone(),
        sheet: String::new(),
        item: change.into_iter().chain(items).collect(),
        foreign_key: Vec::new(),
        rule: Vec::new(),
    }
}

fn item(field: &Field, kind: FileKind) -> Item {
    let item = &field.item;
    // A deleted row needs no more than its key.
    let required = field.required && (field.key || kind == FileKind::Full);
    Item {
        name: item.name.ja.clone(),
        field: item.id.clone(),
        item_type: Some(match item.item_type {
            UnitItemType::X => Type::X,
            UnitItemType::N => Type::N,
            UnitItemType::Integer => Type::Integer,
            UnitItemType::Signed => Type::Signed,
            UnitItemType::Date => Type::Date,
            UnitItemType::Time => Type::Time,
            UnitItemType::Year => Type::Year,
        }),
        length: match item.item_type {
            UnitItemType::X | UnitItemType::N | UnitItemType::Integer => u32::try_from(item.length).ok(),
            _ => None,
        },
        fixed: item.fixed && item.item_type == UnitItemType::X,
        code: (!item.codes.is_empty()).then(|| item.code_list.clone()).flatten(),
        presence: if required {
            Presence::Required
        } else {
            Presence::Optional
        },
        key: field.key,
        unknown_date: item.unknown_date,
        ..Item::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Corpus;

    #[test]
    fn every_unit_has_a_table_without_faults() {
        for unit in Corpus::embedded().unwrap().units.iter() {
            assert_eq!(table_of(unit).faults(), Vec::<String>::new(), "unit {}", unit.id());
        }
    }

    #[test]
    fn references_become_foreign_keys_among_the_groups_at_hand() {
        let corpus = Corpus::embedded().unwrap();
        let unit = corpus.units.iter().find(|unit| unit.file.number == 1).unwrap();
        let leads = |table: &Table| -> Vec<String> {
            let keys = table.group.iter().flat_map(|group| &group.foreign_key);
            keys.map(|key| format!("{} → {}", key.items.join("+"), key.group))
                .collect()
        };
        assert!(leads(&table_of(unit)).contains(&"setaibango → household".to_owned()));
        let resident = unit.record("resident").unwrap();
        assert_eq!(leads(&table_of_groups(unit, &[resident])), Vec::<String>::new());
    }
}
