//! Business units: what they keep, offer, tell and ask, read from `conformance/units/`.
//!
//! The interfaces are our own reference profile (`conformance/units/README.md`). This module resolves the files into
//! typed values; [`description`] writes the WSDL and the schema that follow from them.

mod description;
pub mod exchange_file;
mod file;
mod resolve;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use description::{description, namespace};
pub use file::{CodeList, CodeValue, ConsumerMistake, ItemFile, Law, Reference, RuleRow, UnitFile, UnitItemType};
pub use resolve::{UnitError, resolve};

use crate::text::Text;

/// Generic refusals that every unit knows: code, Japanese and English reason.
pub const REFUSALS: &[(&str, &str, &str)] = &[
    ("E0001", "必須項目がない", "a required item is missing"),
    (
        "E0002",
        "使えない文字、形式又はコード",
        "a character, form or code that the item does not allow",
    ),
    ("E0003", "桁数の誤り", "a wrong length"),
    (
        "E0004",
        "他の項目との相関の誤り",
        "an item that does not go with another one",
    ),
    ("E0005", "該当する宛名番号等がない", "nobody with that number is known"),
    ("E0006", "処理済みの届出", "the report was processed already"),
    (
        "E0007",
        "照会する権限がない",
        "the asking unit does not consume this record",
    ),
    ("E0008", "日付の矛盾", "dates that contradict each other"),
];

/// One of the 26 business units.
#[derive(Clone, Debug)]
pub struct Unit {
    /// What its file says.
    pub file: UnitFile,
    /// Its folder inside the corpus, with `/` at the end.
    pub folder: String,
    /// What it keeps.
    pub records: Vec<Record>,
    /// What it offers.
    pub operations: Vec<Operation>,
    /// What it tells others.
    pub events: Vec<Arc<Event>>,
    /// Code lists that its items use, by id.
    pub code_lists: BTreeMap<String, CodeList>,
}

impl Unit {
    /// Two digits.
    pub fn id(&self) -> String {
        format!("{:02}", self.file.number)
    }

    /// Interface id, e.g. `unit.10`.
    pub fn interface(&self) -> String {
        format!("unit.{:02}", self.file.number)
    }

    /// An operation by its name.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.name == name)
    }

    /// A record by its id.
    pub fn record(&self, id: &str) -> Option<&Record> {
        self.records.iter().find(|record| record.id == id)
    }

    /// A rule by its id.
    pub fn rule(&self, id: &str) -> Option<&RuleRow> {
        self.file.rule.iter().find(|rule| rule.id == id)
    }
}

/// An item of the dictionary.
#[derive(Clone, Debug)]
pub struct Item {
    /// Romaji id; the name of the XML element and of the CSV column.
    pub id: String,
    /// Name.
    pub name: Text,
    /// Type.
    pub item_type: UnitItemType,
    /// Length in characters: exact if `fixed`, else the maximum.
    pub length: usize,
    /// Whether the length is exact.
    pub fixed: bool,
    /// Values that may stand here; empty: any.
    pub codes: Vec<String>,
    /// Id of the list that they stand in.
    pub code_list: Option<String>,
    /// Whether an unknown day may stand here (住民記録システム標準仕様書 1.1.8).
    pub unknown_date: bool,
    /// A value that fits.
    pub example: Option<String>,
}

/// An item where it is used.
#[derive(Clone, Debug)]
pub struct Field {
    /// The item.
    pub item: Arc<Item>,
    /// Has to be there.
    pub required: bool,
    /// Belongs to the key.
    pub key: bool,
}

/// What a unit keeps: the answer of an inquiry, and a CSV group.
#[derive(Clone, Debug)]
pub struct Record {
    /// Id in kebab-case.
    pub id: String,
    /// Id in PascalCase: name of the element.
    pub element: String,
    /// Name.
    pub name: Text,
    /// Columns.
    pub fields: Vec<Field>,
    /// Item from whose day on a row is valid.
    pub since: Option<String>,
    /// Item on whose day a row is not valid any more.
    pub until: Option<String>,
    /// Units that may inquire it, by number.
    pub consumers: Vec<u8>,
    /// Where its rows lead to.
    pub references: Vec<Reference>,
}

impl Record {
    /// The item that names the subject: the first of the key.
    pub fn subject(&self) -> &str {
        self.fields.first().map_or("atenabango", |field| field.item.id.as_str())
    }
}

/// What kind of operation it is.
#[derive(Clone, Debug)]
pub enum OperationKind {
    /// Asks for rows of a record, by its index in [`Unit::records`].
    Inquiry(usize),
    /// A report, application or disposition.
    Procedure,
    /// Takes the notice of an event of another unit.
    Notice(Arc<Event>),
    /// Tells what the unit has to tell.
    Changes,
}

/// An operation of a unit.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Name in PascalCase; the request element has it, the answer has it with `Response`.
    pub name: String,
    /// Id in kebab-case.
    pub id: String,
    /// What it is called.
    pub title: Text,
    /// What it does.
    pub kind: OperationKind,
    /// Items of the request.
    pub fields: Vec<Field>,
}

impl Operation {
    /// The item that names the subject of a request, if there is one.
    pub fn subject(&self) -> Option<&str> {
        let skipped = ["shokaimoto", "tsuban"];
        let mut subjects = self
            .fields
            .iter()
            .filter(|field| !skipped.contains(&field.item.id.as_str()));
        subjects.next().map(|field| field.item.id.as_str())
    }
}

/// What a unit tells others.
#[derive(Clone, Debug)]
pub struct Event {
    /// Id in kebab-case, unique over all units.
    pub id: String,
    /// Id in PascalCase: name of the element.
    pub element: String,
    /// Name.
    pub name: Text,
    /// Number of the unit that tells.
    pub from: u8,
    /// Numbers of the units that may be told.
    pub to: Vec<u8>,
    /// Items.
    pub fields: Vec<Field>,
}

/// `nhi-premium` → `NhiPremium`.
pub fn pascal(id: &str) -> String {
    id.split('-')
        .map(|word| {
            let mut letters = word.chars();
            let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
            first + letters.as_str()
        })
        .collect()
}
