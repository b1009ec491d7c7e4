//! From the files of all units to typed values: every reference is followed once, here.

use std::collections::BTreeMap;
use std::sync::Arc;

use thiserror::Error;

use super::file::{CodeList, ItemFile, ItemRow, UnitFile};
use super::{Event, Field, Item, Operation, OperationKind, Record, Unit, pascal};
use crate::text::Text;

/// What is wrong with the files of the units.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
#[non_exhaustive]
pub enum UnitError {
    /// A reference leads nowhere.
    #[error("unit {unit}: {user} names {what} `{name}`, which does not exist")]
    Unknown {
        /// Number of the unit.
        unit: u8,
        /// Who names it.
        user: String,
        /// What it should be.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// An id is taken already.
    #[error("unit {unit}: {what} `{id}` is there twice, or elsewhere with another meaning")]
    Taken {
        /// Number of the unit.
        unit: u8,
        /// What it is.
        what: &'static str,
        /// The id.
        id: String,
    },
    /// A unit is told what it does not receive, or the other way round.
    #[error(
        "event `{event}` of unit {from:02} names unit {to:02} in `to`, but that unit does not list it in [[receives]]"
    )]
    NotReceived {
        /// The event.
        event: String,
        /// Who tells.
        from: u8,
        /// Who is told.
        to: u8,
    },
    /// A rule's id does not belong to the unit.
    #[error("unit {unit}: rule `{id}`: expected an id UNIT-{unit:02}-R and two digits")]
    RuleId {
        /// Number of the unit.
        unit: u8,
        /// The id.
        id: String,
    },
}

/// A unit file with its folder inside the corpus (`/` at the end).
type Written = (UnitFile, String);

/// Resolves all units together; all faults are told.
///
/// # Errors
/// Every reference that leads nowhere, every id that is there twice.
pub fn resolve(shared: &ItemFile, written: Vec<(UnitFile, String)>) -> Result<Vec<Unit>, Vec<UnitError>> {
    let mut errors = Vec::new();
    let dictionaries: Vec<Dictionary> = written
        .iter()
        .map(|(file, _)| Dictionary::new(shared, file, &mut errors))
        .collect();
    let events = events_of(&written, &dictionaries, &mut errors);
    let consumers = consumers_of(&written, &mut errors);
    let mut units = Vec::with_capacity(written.len());
    for ((file, folder), dictionary) in written.into_iter().zip(&dictionaries) {
        units.push(unit_of(file, folder, dictionary, &events, &consumers, &mut errors));
    }
    check_receivers(&units, &mut errors);
    if errors.is_empty() { Ok(units) } else { Err(errors) }
}

/// Items and code lists that one unit can use.
struct Dictionary {
    unit: u8,
    items: BTreeMap<String, Arc<Item>>,
    code_lists: BTreeMap<String, CodeList>,
}

impl Dictionary {
    fn new(shared: &ItemFile, file: &UnitFile, errors: &mut Vec<UnitError>) -> Self {
        let unit = file.number;
        let mut code_lists = BTreeMap::new();
        for list in shared.code_list.iter().chain(&file.code_list) {
            if code_lists.insert(list.id.clone(), list.clone()).is_some() {
                errors.push(UnitError::Taken {
                    unit,
                    what: "code list",
                    id: list.id.clone(),
                });
            }
        }
        let mut items = BTreeMap::new();
        for row in shared.item.iter().chain(&file.item) {
            let item = item_of(row, &code_lists, unit, errors);
            if items.insert(row.id.clone(), Arc::new(item)).is_some() {
                errors.push(UnitError::Taken {
                    unit,
                    what: "item",
                    id: row.id.clone(),
                });
            }
        }
        Self {
            unit,
            items,
            code_lists,
        }
    }

    /// `name`, `name!` (required) or `name#` (key).
    fn fields(&self, marked: &[String], user: &str, errors: &mut Vec<UnitError>) -> Vec<Field> {
        let mut fields = Vec::with_capacity(marked.len());
        for word in marked {
            let id = word.trim_end_matches(['!', '#']);
            match self.items.get(id) {
                Some(item) => fields.push(Field {
                    item: Arc::clone(item),
                    required: word.len() > id.len(),
                    key: word.ends_with('#'),
                }),
                None => errors.push(UnitError::Unknown {
                    unit: self.unit,
                    user: user.to_owned(),
                    what: "item",
                    name: id.to_owned(),
                }),
            }
        }
        fields
    }
}

fn item_of(row: &ItemRow, lists: &BTreeMap<String, CodeList>, unit: u8, errors: &mut Vec<UnitError>) -> Item {
    let codes = match &row.codes {
        None => Vec::new(),
        Some(id) => match lists.get(id) {
            Some(list) => list.codes.iter().map(|value| value.code.clone()).collect(),
            None => {
                errors.push(UnitError::Unknown {
                    unit,
                    user: format!("item {}", row.id),
                    what: "code list",
                    name: id.clone(),
                });
                Vec::new()
            }
        },
    };
    Item {
        id: row.id.clone(),
        name: row.name.clone(),
        item_type: row.item_type,
        length: row.length,
        fixed: row.fixed,
        codes,
        code_list: row.codes.clone(),
        unknown_date: row.unknown_date,
        example: row.example.clone(),
    }
}

fn events_of(
    written: &[Written],
    dictionaries: &[Dictionary],
    errors: &mut Vec<UnitError>,
) -> BTreeMap<String, Arc<Event>> {
    let mut events = BTreeMap::new();
    for ((file, _), dictionary) in written.iter().zip(dictionaries) {
        for row in &file.event {
            let user = format!("event {}", row.id);
            let event = Event {
                id: row.id.clone(),
                element: pascal(&row.id),
                name: row.name.clone(),
                from: file.number,
                to: row.to.iter().filter_map(|number| number.parse().ok()).collect(),
                fields: dictionary.fields(&row.items, &user, errors),
            };
            if events.insert(row.id.clone(), Arc::new(event)).is_some() {
                errors.push(UnitError::Taken {
                    unit: file.number,
                    what: "event",
                    id: row.id.clone(),
                });
            }
        }
    }
    events
}

/// Who inquires what: (unit, record) → numbers of the asking units.
fn consumers_of(written: &[Written], errors: &mut Vec<UnitError>) -> BTreeMap<(u8, String), Vec<u8>> {
    let mut consumers: BTreeMap<(u8, String), Vec<u8>> = BTreeMap::new();
    for (file, _) in written {
        for row in &file.consumes {
            let owner = row.unit.parse::<u8>().ok().and_then(|number| {
                let known = written.iter().find(|(other, _)| other.number == number)?;
                let has = known.0.record.iter().any(|record| record.id == row.record);
                has.then_some(number)
            });
            match owner {
                Some(owner) => consumers
                    .entry((owner, row.record.clone()))
                    .or_default()
                    .push(file.number),
                None => errors.push(UnitError::Unknown {
                    unit: file.number,
                    user: "[[consumes]]".into(),
                    what: "record",
                    name: format!("{}.{}", row.unit, row.record),
                }),
            }
        }
    }
    consumers
}

fn unit_of(
    file: UnitFile,
    folder: String,
    dictionary: &Dictionary,
    events: &BTreeMap<String, Arc<Event>>,
    consumers: &BTreeMap<(u8, String), Vec<u8>>,
    errors: &mut Vec<UnitError>,
) -> Unit {
    let number = file.number;
    let records: Vec<Record> = file
        .record
        .iter()
        .map(|row| Record {
            id: row.id.clone(),
            element: pascal(&row.id),
            name: row.name.clone(),
            fields: dictionary.fields(&row.items, &format!("record {}", row.id), errors),
            since: row.since.clone(),
            until: row.until.clone(),
            consumers: consumers.get(&(number, row.id.clone())).cloned().unwrap_or_default(),
            references: row.references.clone(),
        })
        .collect();
    check_references(number, &records, errors);
    let mut operations = Vec::new();
    for (index, record) in records.iter().enumerate() {
        let marked = [
            "shokaimoto!".to_owned(),
            format!("{}!", record.subject()),
            "kijunbi".to_owned(),
        ];
        operations.push(Operation {
            name: format!("Inquire{}", record.element),
            id: format!("inquire-{}", record.id),
            title: Text::new(
                format!("{}の照会", record.name.ja),
                format!("Inquiry: {}", record.name.en),
            ),
            kind: OperationKind::Inquiry(index),
            fields: dictionary.fields(&marked, &format!("record {}", record.id), errors),
        });
    }
    for row in &file.procedure {
        operations.push(Operation {
            name: pascal(&row.id),
            id: row.id.clone(),
            title: row.name.clone(),
            kind: OperationKind::Procedure,
            fields: dictionary.fields(&row.items, &format!("procedure {}", row.id), errors),
        });
    }
    for row in &file.receives {
        let Some(event) = events.get(&row.event) else {
            errors.push(UnitError::Unknown {
                unit: number,
                user: "[[receives]]".into(),
                what: "event",
                name: row.event.clone(),
            });
            continue;
        };
        let mut fields = dictionary.fields(&["tsuban!".to_owned()], "notices", errors);
        fields.extend(event.fields.iter().cloned());
        operations.push(Operation {
            name: format!("Receive{}", event.element),
            id: format!("receive-{}", event.id),
            title: Text::new(
                format!("{}の通知の受信", event.name.ja),
                format!("Notice: {}", event.name.en),
            ),
            kind: OperationKind::Notice(Arc::clone(event)),
            fields,
        });
    }
    let own: Vec<Arc<Event>> = file
        .event
        .iter()
        .filter_map(|row| events.get(&row.id).cloned())
        .collect();
    if !own.is_empty() {
        let subject = records.first().map_or("atenabango", Record::subject);
        let marked = ["shokaimoto!".to_owned(), format!("{subject}!"), "tsuban".to_owned()];
        operations.push(Operation {
            name: "Changes".into(),
            id: "changes".into(),
            title: Text::new("差分の照会", "Inquiry of changes"),
            kind: OperationKind::Changes,
            fields: dictionary.fields(&marked, "changes", errors),
        });
    }
    check_rules(&file, errors);
    Unit {
        folder,
        records,
        operations,
        events: own,
        code_lists: dictionary.code_lists.clone(),
        file,
    }
}

/// A reference leads to another record of the unit that has the same items.
fn check_references(unit: u8, records: &[Record], errors: &mut Vec<UnitError>) {
    for record in records {
        for reference in &record.references {
            let unknown = |what: &'static str, name: &str| UnitError::Unknown {
                unit,
                user: format!("record {}: references", record.id),
                what,
                name: name.to_owned(),
            };
            let target = records
                .iter()
                .find(|other| other.id == reference.record && other.id != record.id);
            let Some(target) = target else {
                errors.push(unknown("other record", &reference.record));
                continue;
            };
            let has = |of: &Record, id: &String| of.fields.iter().any(|field| field.item.id == *id);
            let missing = reference.items.iter().find(|id| !has(record, id) || !has(target, id));
            if let Some(id) = missing {
                errors.push(unknown("item of both records", id));
            }
            if reference.items.is_empty() {
                errors.push(unknown("item of both records", ""));
            }
        }
    }
}

fn check_rules(file: &UnitFile, errors: &mut Vec<UnitError>) {
    let unit = file.number;
    let mut seen = std::collections::BTreeSet::new();
    for rule in &file.rule {
        let tail = rule.id.strip_prefix(&format!("UNIT-{unit:02}-R"));
        if !tail.is_some_and(|tail| tail.len() == 2 && tail.bytes().all(|byte| byte.is_ascii_digit())) {
            errors.push(UnitError::RuleId {
                unit,
                id: rule.id.clone(),
            });
        }
        if !seen.insert(&rule.id) {
            errors.push(UnitError::Taken {
                unit,
                what: "rule",
                id: rule.id.clone(),
            });
        }
        if let Some(law) = &rule.law
            && !file.law.iter().any(|known| known.id == *law)
        {
            errors.push(UnitError::Unknown {
                unit,
                user: format!("rule {}", rule.id),
                what: "law",
                name: law.clone(),
            });
        }
    }
}

/// Whoever is told has to be able to receive.
fn check_receivers(units: &[Unit], errors: &mut Vec<UnitError>) {
    for event in units.iter().flat_map(|unit| &unit.events) {
        for to in &event.to {
            let receives = units
                .iter()
                .any(|unit| unit.file.number == *to && unit.file.receives.iter().any(|row| row.event == event.id));
            if !receives {
                errors.push(UnitError::NotReceived {
                    event: event.id.clone(),
                    from: event.from,
                    to: *to,
                });
            }
        }
    }
}
