//! Interface definitions: the rows of a request table and of response tables, as data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Kind;
use crate::text::Text;

/// Type of an item (凡例）データ型).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize, Deserialize, JsonSchema)]
pub enum ItemType {
    /// 半角文字列, half-width string.
    X,
    /// 全角文字列 (printed as full-width Ｎ).
    N,
    /// 整数, integer.
    #[serde(rename = "9")]
    Integer,
    /// YYYY-MM-DD, 西暦.
    #[serde(rename = "DATE")]
    Date,
    /// HH:MM:SS, seconds optional.
    #[serde(rename = "TIME")]
    Time,
    /// Half-width and full-width characters mixed (X,Ｎ混在).
    Mixed,
    /// A JSON object (構造化).
    Object,
    /// A JSON array of objects (配列／構造化).
    Array,
}

impl ItemType {
    /// The type as the official table prints it.
    pub fn printed(self) -> &'static str {
        match self {
            Self::X => "X",
            Self::N => "Ｎ",
            Self::Integer => "9",
            Self::Date => "DATE",
            Self::Time => "TIME",
            Self::Mixed => "X,Ｎ混在",
            Self::Object => "構造化",
            Self::Array => "配列／構造化",
        }
    }
}

/// When a conditional parameter (※※) becomes required, as far as a request itself shows it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The other parameter of the same request.
    pub parameter: String,
    /// Its values that make this one required.
    pub is: Vec<String>,
}

/// One row of the request table.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Parameter {
    /// Parameter name on the wire.
    pub name: String,
    /// Cell of the official sheet.
    pub clause: String,
    /// Item name; error messages use the Japanese one.
    pub item: Text,
    /// Type of the item.
    #[serde(rename = "type")]
    pub item_type: ItemType,
    /// Length in characters: exact if `fixed`, else the maximum.
    pub length: usize,
    /// Whether the length is exact (桁数エラー is for 固定項目 only; reading RD-19).
    #[serde(default)]
    pub fixed: bool,
    /// Marked ◎: always there.
    #[serde(default)]
    pub required: bool,
    /// Values of a code item.
    #[serde(default)]
    pub codes: Vec<String>,
    /// When it becomes required (※※), as far as the request shows it.
    #[serde(default)]
    pub condition: Option<Condition>,
    /// The condition in words, where no request can show whether it holds (e.g. 氏名未定).
    #[serde(default)]
    pub condition_in_words: Option<Text>,
    /// Whether an unknown date may stand here (不詳日を許容する).
    #[serde(default)]
    pub unknown_date: bool,
}

impl Parameter {
    /// Whether only the values of a code list may stand here.
    pub fn is_coded(&self) -> bool {
        !self.codes.is_empty()
    }
}

/// One row of a response table.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ResponseField {
    /// HTTP status whose body it belongs to.
    pub status: u16,
    /// JSON Pointer; `*` stands for every element of an array.
    pub at: String,
    /// Cell of the official sheet.
    pub clause: String,
    /// Item name.
    pub item: Text,
    /// Type of the item.
    #[serde(rename = "type")]
    pub item_type: ItemType,
    /// Maximum length in characters, or exact if `fixed`.
    #[serde(default)]
    pub length: Option<usize>,
    /// Whether the length is exact.
    #[serde(default)]
    pub fixed: bool,
    /// The one text that may stand here (固定値).
    #[serde(default)]
    pub text: Option<String>,
}

impl ResponseField {
    /// Last part of the pointer: the member name of the official table.
    pub fn name(&self) -> &str {
        self.at.rsplit('/').next().unwrap_or_default()
    }
}

/// One call of an interface (APIコール) with its tables.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Interface {
    /// Identifier, e.g. `031.numbering`; the key of `[endpoints]` in a target file.
    pub id: String,
    /// Name.
    pub title: Text,
    /// How we know it.
    pub kind: Kind,
    /// Key of the source document.
    pub source: String,
    /// Path of the call (APIコール名), without a leading slash.
    pub api_call: String,
    /// Kind of operation (操作種類), third part of the scope.
    pub operation: String,
    /// 業務ID of the provider, first part of the scope.
    pub business_id: String,
    /// HTTP method.
    pub method: String,
    /// Text of `title` in the example responses (機能名称).
    pub function_name: String,
    /// Rows of the request table.
    pub parameter: Vec<Parameter>,
    /// Rows of the response tables.
    pub response: Vec<ResponseField>,
    /// Error codes and their message templates.
    pub error: Vec<ErrorCode>,
}

/// One error code of the list (エラーコード一覧).
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ErrorCode {
    /// Code, five characters.
    pub code: String,
    /// Name.
    pub name: Text,
    /// Fixed parts of the message in order; anything may stand between them.
    pub message: Vec<String>,
}

impl ErrorCode {
    /// Whether a message follows the template of this code.
    pub fn fits(&self, message: &str) -> bool {
        let mut rest = message;
        for (index, part) in self.message.iter().enumerate() {
            let Some(at) = rest.find(part.as_str()) else {
                return false;
            };
            // An item name has to stand before the first fixed part and between any two.
            if at == 0 && !part.is_empty() {
                return false;
            }
            let last = index + 1 == self.message.len();
            rest = &rest[at + part.len()..];
            if last && !rest.is_empty() {
                return false;
            }
        }
        true
    }
}

impl Interface {
    /// OAuth 2.0 scope of the call: `${業務ID}:${APIコール名}:${操作種類}`.
    pub fn scope(&self) -> String {
        format!("{}:{}:{}", self.business_id, self.api_call, self.operation)
    }

    /// The row of a parameter.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameter.iter().find(|row| row.name == name)
    }

    /// The rows of one response table.
    pub fn response_rows(&self, status: u16) -> impl Iterator<Item = &ResponseField> {
        self.response.iter().filter(move |row| row.status == status)
    }
}
