//! `items.toml` and `unit.toml` as they are written.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::standard::{Kind, Level, OneOrMany, Subject};
use crate::text::Text;

/// Type of an item, in the words of the official item tables (凡例）データ型), with signed numbers and years.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum UnitItemType {
    /// 半角文字列, half-width string.
    X,
    /// 全角文字列 (printed as full-width Ｎ).
    N,
    /// 整数, whole number.
    #[serde(rename = "9")]
    Integer,
    /// 符号付き整数, whole number with a sign.
    #[serde(rename = "S9")]
    Signed,
    /// YYYY-MM-DD, 西暦.
    #[serde(rename = "DATE")]
    Date,
    /// HH:MM:SS.
    #[serde(rename = "TIME")]
    Time,
    /// YYYY.
    #[serde(rename = "YEAR")]
    Year,
}

impl UnitItemType {
    /// The type as tables print it.
    pub fn printed(self) -> &'static str {
        match self {
            Self::X => "X",
            Self::N => "Ｎ",
            Self::Integer => "9",
            Self::Signed => "S9",
            Self::Date => "DATE",
            Self::Time => "TIME",
            Self::Year => "YEAR",
        }
    }
}

/// An item of the dictionary as written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ItemRow {
    /// Romaji id.
    pub id: String,
    /// Name.
    pub name: Text,
    /// Type.
    #[serde(rename = "type")]
    pub item_type: UnitItemType,
    /// Length in characters.
    pub length: usize,
    /// Whether the length is exact.
    #[serde(default)]
    pub fixed: bool,
    /// Id of a code list.
    #[serde(default)]
    pub codes: Option<String>,
    /// Whether an unknown day may stand here.
    #[serde(default)]
    pub unknown_date: bool,
    /// A value that fits.
    #[serde(default)]
    pub example: Option<String>,
}

/// A code list.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeList {
    /// Id.
    pub id: String,
    /// Name.
    pub name: Text,
    /// Values.
    pub codes: Vec<CodeValue>,
}

/// A value of a code list.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeValue {
    /// The value.
    pub code: String,
    /// What it means, in Japanese.
    pub ja: String,
    /// What it means, in English.
    pub en: String,
}

/// `items.toml`: the dictionary that units share.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ItemFile {
    /// Items.
    #[serde(default)]
    pub item: Vec<ItemRow>,
    /// Code lists.
    #[serde(default)]
    pub code_list: Vec<CodeList>,
}

/// A law that a unit serves.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Law {
    /// Id inside the unit.
    pub id: String,
    /// Name.
    pub name: Text,
    /// Number, e.g. `昭和33年法律第192号`.
    pub number: String,
    /// Articles that matter here.
    #[serde(default)]
    pub articles: OneOrMany,
}

/// A record as written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordRow {
    /// Id in kebab-case.
    pub id: String,
    /// Name.
    pub name: Text,
    /// Items with their marks.
    pub items: Vec<String>,
    /// Item from whose day on a row is valid.
    #[serde(default)]
    pub since: Option<String>,
    /// Item on whose day a row is not valid any more.
    #[serde(default)]
    pub until: Option<String>,
    /// Items whose values lead to rows of other records of the unit.
    #[serde(default)]
    pub references: Vec<Reference>,
}

/// Items of a record whose values, where there are any, stand in a row of another record of the unit.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Reference {
    /// Items of this record; the other one has items of the same ids.
    pub items: Vec<String>,
    /// Id of the other record.
    pub record: String,
}

/// A procedure as written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcedureRow {
    /// Id in kebab-case.
    pub id: String,
    /// Name.
    pub name: Text,
    /// Items with their marks; the first one names the subject.
    pub items: Vec<String>,
}

/// An event as written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventRow {
    /// Id in kebab-case, unique over all units.
    pub id: String,
    /// Name.
    pub name: Text,
    /// Units that may be told, two digits each.
    pub to: Vec<String>,
    /// Items with their marks; the first one names the subject.
    pub items: Vec<String>,
}

/// An event of another unit that a unit takes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceivesRow {
    /// Id of the event.
    pub event: String,
    /// What for.
    pub why: Text,
}

/// A record of another unit that a unit inquires.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConsumesRow {
    /// Two digits.
    pub unit: String,
    /// Id of the record.
    pub record: String,
    /// What for.
    pub why: Text,
}

fn must() -> Level {
    Level::Must
}

fn reference() -> Kind {
    Kind::Reference
}

fn provider() -> Subject {
    Subject::Provider
}

/// What a consumer can do wrong when it asks another unit.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConsumerMistake {
    /// It does not send the reference date.
    NoReferenceDate,
    /// It sends another day as the reference date.
    OtherReferenceDate,
    /// It names another unit.
    OtherUnit,
    /// It sends further items.
    FurtherItems,
    /// It takes an answer without a row for a failure.
    EmptyIsFailure,
    /// It takes an answer without a row for one with a row.
    EmptyIsFound,
    /// It takes a refusal for an answer without a row.
    RefusalIsEmpty,
    /// It asks again and again where nothing is found or it is refused.
    AsksAgain,
    /// It reports only the first of several rows.
    FirstRowOnly,
    /// It loses what is not in JIS X 0208 from names.
    NamesReduced,
    /// It makes a day of an unknown date.
    UnknownDateMadeUp,
}

/// A business rule as written: a requirement, and a defect of the reference platform.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RuleRow {
    /// `UNIT-NN-RNN`.
    pub id: String,
    /// A law of the unit.
    #[serde(default)]
    pub law: Option<String>,
    /// Article, or clause of `source`.
    #[serde(default)]
    pub clause: Option<String>,
    /// How we know it.
    #[serde(default = "reference")]
    pub kind: Kind,
    /// Key of a source document; absent: the reference profile of the units.
    #[serde(default)]
    pub source: Option<String>,
    /// For derived rules: from what it follows, and how.
    #[serde(default)]
    pub derivation: Option<Text>,
    /// How binding it is.
    #[serde(default = "must")]
    pub level: Level,
    /// Who has to fulfil it.
    #[serde(default = "provider")]
    pub subject: Subject,
    /// What must hold.
    pub text: Text,
    /// What to do when it does not hold.
    pub know_how: Text,
    /// What a product does that gets it wrong.
    pub ignored: Text,
    /// For rules about how the unit asks others: what the reference consumer does with the rule's defect.
    #[serde(default)]
    pub mistake: Option<ConsumerMistake>,
    /// Code of the refusal, where the rule refuses something.
    #[serde(default)]
    pub refusal: Option<String>,
    /// Why no scenario tests it.
    #[serde(default)]
    pub not_tested: Option<Text>,
}

/// `unit.toml`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct UnitFile {
    /// 1 to 26; the order is ours.
    pub number: u8,
    /// English slug, as in the folder's name.
    pub slug: String,
    /// Name.
    pub name: Text,
    /// One of the five major fields, or `other`.
    pub field: String,
    /// Business codes (業務ID) of today's standardised systems.
    #[serde(default)]
    pub business_ids: Vec<String>,
    /// What it is for.
    pub purpose: Text,
    /// Laws.
    #[serde(default)]
    pub law: Vec<Law>,
    /// Code lists.
    #[serde(default)]
    pub code_list: Vec<CodeList>,
    /// Items of this unit alone.
    #[serde(default)]
    pub item: Vec<ItemRow>,
    /// What it keeps.
    pub record: Vec<RecordRow>,
    /// What can be done to it.
    #[serde(default)]
    pub procedure: Vec<ProcedureRow>,
    /// What it tells.
    #[serde(default)]
    pub event: Vec<EventRow>,
    /// What it is told.
    #[serde(default)]
    pub receives: Vec<ReceivesRow>,
    /// What it asks others.
    #[serde(default)]
    pub consumes: Vec<ConsumesRow>,
    /// Business rules.
    #[serde(default)]
    pub rule: Vec<RuleRow>,
}
