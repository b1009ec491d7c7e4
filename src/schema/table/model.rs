//! A table as data: groups of items, code lists, the dialect of the files, rules between items.

use encoding_rs::SHIFT_JIS;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::Text;
use crate::text::characters::{Unit, is_half_width, is_jis_x_0208, is_jis_x_0213, is_jis_x_0213_sequence, units};

/// Version of the file format that this release writes and reads.
pub(super) const FORMAT: u32 = 1;

fn is_false(value: &bool) -> bool {
    !*value
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// An item table: what files of a system have to look like.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Table {
    /// Version of this format: 1.
    pub format: u32,
    /// Identifier: letters, digits, hyphens, dots.
    pub id: String,
    /// Title as its source prints it.
    pub title: String,
    /// Documents that it was made from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub source: Vec<Source>,
    /// How files are written.
    #[serde(default)]
    pub dialect: Dialect,
    /// Code lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub code: Vec<CodeList>,
    /// Groups; one group is one kind of file.
    pub group: Vec<Group>,
    /// Contradictions and gaps of the source, found when it was imported.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub slip: Vec<Slip>,
}

/// A document that a table was made from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Source {
    /// File name, without folder.
    pub file: String,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: String,
}

/// A contradiction or gap of the source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Slip {
    /// Which kind, e.g. `duplicate-id`.
    pub kind: String,
    /// Sheet.
    pub sheet: String,
    /// Cell, e.g. `N31`.
    pub cell: String,
    /// What is wrong, and what was made of it.
    pub text: Text,
}

/// How the files of a table are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Dialect {
    /// Character encoding.
    pub encoding: Encoding,
    /// Byte order mark at the beginning of UTF-8 files.
    pub bom: Bom,
    /// Character between fields: one ASCII character.
    pub separator: char,
    /// Character around fields: one ASCII character.
    pub quote: char,
    /// Which fields are quoted.
    pub quoting: Quoting,
    /// End of a record.
    pub line_end: LineEnds,
    /// Whether the last record has to have a line end too.
    pub final_line_end: bool,
    /// What the first record holds.
    pub header: HeaderForm,
    /// Character between the values of an item that repeats (繰り返し) inside its field; absent if it has one value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat_separator: Option<char>,
    /// Characters that may be used at all.
    pub repertoire: Repertoire,
}

impl Default for Dialect {
    fn default() -> Self {
        Self {
            encoding: Encoding::default(),
            bom: Bom::default(),
            separator: ',',
            quote: '"',
            quoting: Quoting::default(),
            line_end: LineEnds::default(),
            final_line_end: false,
            header: HeaderForm::default(),
            repeat_separator: None,
            repertoire: Repertoire::default(),
        }
    }
}

/// Character encoding of a file.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// Shift_JIS as Windows writes it (CP932), for files of the transition.
    Cp932,
}

/// Byte order mark of UTF-8 files.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Bom {
    /// With or without.
    #[default]
    Allowed,
    /// Never.
    Forbidden,
    /// Always.
    Required,
}

/// Which fields are quoted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Quoting {
    /// Those that need it have to be, others may be (RFC 4180).
    #[default]
    AsNeeded,
    /// All of them; an empty field may stand without quotes.
    Always,
    /// None: a quote is a character like any other.
    Never,
}

/// End of a record.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LineEnds {
    /// CR LF or LF, but the same in a whole file.
    #[default]
    Any,
    /// CR LF (RFC 4180).
    Crlf,
    /// LF.
    Lf,
}

/// What the first record of a file holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeaderForm {
    /// Names of items (データ項目).
    #[default]
    Name,
    /// Field names (データ項目（ローマ字）).
    Field,
    /// Item ids, eight digits (データ項目ID).
    Id,
    /// Data already: there is no header.
    None,
}

/// Characters that may be used in any item.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Repertoire {
    /// Every character of Unicode that the type allows.
    #[default]
    Unicode,
    /// Only what Windows' Shift_JIS (CP932) has.
    Cp932,
    /// Only what JIS X 0208 has, and half-width characters.
    #[serde(rename = "jis-x-0208")]
    JisX0208,
    /// Only what JIS X 0213:2004 has, sequences included, and half-width characters.
    #[serde(rename = "jis-x-0213")]
    JisX0213,
}

impl Repertoire {
    /// The characters of a text that are outside of it.
    pub fn outside(self, text: &str) -> String {
        let has = |unit: &Unit<'_>| {
            let mut characters = unit.text.chars();
            let (first, second, third) = (characters.next(), characters.next(), characters.next());
            match (self, first, second, third) {
                (Self::Unicode, ..) => true,
                (Self::Cp932, ..) => !SHIFT_JIS.encode(unit.text).2,
                (Self::JisX0208, Some(c), None, _) => is_half_width(c) || is_jis_x_0208(c),
                (Self::JisX0213, Some(c), None, _) => is_half_width(c) || is_jis_x_0213(c),
                (Self::JisX0213, Some(first), Some(second), None) => is_jis_x_0213_sequence(first, second),
                _ => false,
            }
        };
        units(text)
            .iter()
            .filter(|unit| !has(unit))
            .map(|unit| unit.text)
            .collect()
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unicode => "Unicode",
            Self::Cp932 => "CP932",
            Self::JisX0208 => "JIS X 0208",
            Self::JisX0213 => "JIS X 0213",
        }
    }
}

/// A code list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CodeList {
    /// Id as printed, e.g. `001`.
    pub id: String,
    /// Name.
    pub name: String,
    /// Whether other values are allowed too (自治体固有コード).
    #[serde(default, skip_serializing_if = "is_false")]
    pub open: bool,
    /// Cell of the id in its source.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cell: String,
    /// Values.
    #[serde(default)]
    pub value: Vec<Code>,
}

/// A value of a code list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Code {
    /// The value.
    pub code: String,
    /// What it means.
    #[serde(default)]
    pub meaning: String,
}

/// A group: the items of one kind of file (グループ).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Group {
    /// Name, e.g. `住登外者宛名基本情報`.
    pub name: String,
    /// Sheet of the source.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub sheet: String,
    /// Items in the order of their columns.
    pub item: Vec<Item>,
    /// Items that lead to records of another group.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreign_key: Vec<ForeignKey>,
    /// Rules between items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rule: Vec<Rule>,
}

impl Group {
    /// The item that a name, field name or id stands for, with its column (from 0).
    pub fn find(&self, reference: &str) -> Option<(usize, &Item)> {
        let by = |what: fn(&Item) -> &str| self.item.iter().enumerate().find(|(_, item)| what(item) == reference);
        by(|item| &item.name)
            .or_else(|| by(|item| &item.field))
            .or_else(|| by(|item| &item.id))
    }

    /// Columns (from 0) of the primary key.
    pub fn key(&self) -> Vec<usize> {
        let key = self.item.iter().enumerate().filter(|(_, item)| item.key);
        key.map(|(column, _)| column).collect()
    }
}

/// One item of a group: one column of its files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Item {
    /// Item id, eight digits in official tables.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// Name.
    pub name: String,
    /// Field name of the API (ローマ字).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub field: String,
    /// Data type; absent where the source has none, and then not checked.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub item_type: Option<Type>,
    /// Characters (not bytes): the most, or exactly so many if `fixed`; digits before the point for `9V`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
    /// Most digits after the point (9V, `n,m`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fraction: Option<u32>,
    /// Whether the length is exact.
    #[serde(default, skip_serializing_if = "is_false")]
    pub fixed: bool,
    /// Most values of an item that repeats (繰り返し).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<u32>,
    /// Id of its code list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Whether a value has to be there (データ出力条件).
    #[serde(default, skip_serializing_if = "is_default")]
    pub presence: Presence,
    /// The condition in words (※※).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub condition: String,
    /// The same as far as the record itself shows it: a value has to be there if all of these hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Condition>,
    /// Part of the primary key.
    #[serde(default, skip_serializing_if = "is_false")]
    pub key: bool,
    /// Marked as foreign key (外部キー); where it leads says `foreign-key` of the group.
    #[serde(default, skip_serializing_if = "is_false")]
    pub foreign: bool,
    /// Whether an unknown date may stand here (不詳日を許容する).
    #[serde(default, skip_serializing_if = "is_false")]
    pub unknown_date: bool,
    /// Check digit that the value carries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_digit: Option<CheckDigit>,
    /// Narrower class of characters than its type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub characters: Option<Characters>,
    /// Whether a system has to be able to put it out (実装類型 ○).
    #[serde(default, skip_serializing_if = "is_false")]
    pub output: bool,
    /// First cell of its row in the source.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cell: String,
}

/// Data type of an item (凡例）データ型).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum Type {
    /// 半角文字列, half-width string.
    X,
    /// 全角文字列, full-width string (printed as full-width Ｎ).
    N,
    /// Half-width and full-width characters mixed (X,Ｎ混在).
    Mixed,
    /// 整数, integer without sign.
    #[serde(rename = "9")]
    Integer,
    /// 小数点付き実数, decimal without sign.
    #[serde(rename = "9V")]
    Decimal,
    /// 符号付き整数, integer with `-` if negative.
    #[serde(rename = "S9")]
    Signed,
    /// YYYY, 0000 and 9999 as open start and end.
    #[serde(rename = "YEAR")]
    Year,
    /// YYYY-MM-DD.
    #[serde(rename = "DATE")]
    Date,
    /// HH:MM:SS, seconds optional.
    #[serde(rename = "TIME")]
    Time,
    /// 画像: a file name or nothing; only its length is checked.
    #[serde(rename = "BLOB")]
    Blob,
}

impl Type {
    /// The type as the official tables print it.
    pub fn printed(self) -> &'static str {
        match self {
            Self::X => "X",
            Self::N => "Ｎ",
            Self::Mixed => "X,Ｎ混在",
            Self::Integer => "9",
            Self::Decimal => "9V",
            Self::Signed => "S9",
            Self::Year => "YEAR",
            Self::Date => "DATE",
            Self::Time => "TIME",
            Self::Blob => "BLOB",
        }
    }

    /// The type of its printed form; half-width and full-width letters count as the same.
    pub fn from_printed(text: &str) -> Option<Self> {
        let plain: String = text.chars().filter(|c| !c.is_whitespace()).map(half_width).collect();
        Some(match plain.to_ascii_uppercase().as_str() {
            "X" => Self::X,
            "N" => Self::N,
            "X,N混在" | "X、N混在" | "X・N混在" => Self::Mixed,
            "9" => Self::Integer,
            "9V" => Self::Decimal,
            "S9" => Self::Signed,
            "YEAR" => Self::Year,
            "DATE" => Self::Date,
            "TIME" => Self::Time,
            "BLOB" => Self::Blob,
            _ => return None,
        })
    }
}

/// The ASCII form of a full-width letter, digit or sign.
pub(super) fn half_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        other => other,
    }
}

/// Whether a value has to be there.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// 必須.
    Required,
    /// 条件付き必須.
    Conditional,
    /// 任意.
    #[default]
    Optional,
}

/// An identifier whose last digit (or first, for 法人番号) is computed.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CheckDigit {
    /// 全国地方公共団体コード, 6 digits.
    MunicipalityCode,
    /// 個人番号, 12 digits.
    IndividualNumber,
    /// 法人番号, 13 digits.
    CorporateNumber,
    /// 宛名番号 (modulus 11, weights 2 to 7); only for numbers that were issued under the standard.
    AddresseeNumber,
}

/// A class of characters, narrower than a type.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Characters {
    /// 0 to 9.
    Digits,
    /// ASCII letters and digits.
    Alphanumeric,
    /// Full-width katakana, the long-vowel and middle-dot signs, full-width space.
    Katakana,
}

/// What has to hold for one item of a record. All members that are given have to hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Condition {
    /// Name, field name or id of the item.
    pub item: String,
    /// One of these values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub is: Vec<String>,
    /// None of these values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub is_not: Vec<String>,
    /// A value is there, or none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filled: Option<bool>,
    /// Not less than this, as text (dates: not before). An empty value fulfils it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Not more than this, as text (dates: not after). An empty value fulfils it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// A rule between items of one record: if all of `when` hold, then `compare` and all of `then` have to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rule {
    /// Identifier.
    pub id: String,
    /// How bad a violation is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub level: Level,
    /// What the rule says, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// When the rule applies; always if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<Condition>,
    /// Two items compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compare: Option<Comparison>,
    /// What has to hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<Condition>,
}

/// How bad a violation is.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The file is wrong.
    #[default]
    Must,
    /// Somebody should look.
    Should,
}

/// Two items of a record compared. It holds if either is empty, or a date that is unknown or open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Comparison {
    /// Name, field name or id of the item.
    pub left: String,
    /// The relation.
    pub relation: Relation,
    /// The other item.
    pub right: String,
    /// Years that are added to the right side, for dates (29 February counts as 28 February where there is none).
    #[serde(default, skip_serializing_if = "is_default")]
    pub years: i32,
}

/// How two items stand to each other: numbers as numbers, dates as days, everything else as text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Relation {
    /// Left < right.
    Before,
    /// Left ≤ right.
    NotAfter,
    /// Left = right.
    Equal,
    /// Left ≠ right.
    NotEqual,
    /// Left ≥ right.
    NotBefore,
    /// Left > right.
    After,
}

/// Items that lead to a record of another group (外部キー).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ForeignKey {
    /// Items of this group.
    pub items: Vec<String>,
    /// The other group.
    pub group: String,
    /// Its items, in the same order.
    pub to: Vec<String>,
}
