//! Validating messages against item tables.

use serde_json::{Map, Value};

use crate::standard::{Interface, ItemType, Parameter, ResponseField};
use crate::text::Text;
use crate::text::characters::{is_full_width, is_half_width, length};
use crate::text::check_digit::is_municipality_code;
use crate::text::date::{DateForm, classify_date, is_time};

use super::json::pointer_values;

/// The rule of a row that does not hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Rule {
    /// Required and not there.
    Missing,
    /// Null where null may not be.
    Null,
    /// Another JSON type.
    JsonType,
    /// Characters that the type does not allow.
    Characters,
    /// Longer than the table, or of another length where it is exact.
    Length,
    /// Not a value of the code list.
    Code,
    /// Not a date or time of the form, or no day of the calendar.
    Form,
    /// An identifier with a wrong check digit.
    CheckDigit,
    /// Conditionally required and not there.
    Condition,
    /// Not in the table.
    Unknown,
    /// Not the fixed text.
    FixedText,
}

/// One place where a message does not follow its table.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Violation {
    /// Parameter name, or JSON Pointer in a response.
    pub at: String,
    /// Item name.
    pub item: Text,
    /// Which rule.
    pub rule: Rule,
    /// What the table demands.
    pub expected: Text,
    /// What stands there.
    pub found: Text,
}

fn violation(at: &str, item: &Text, rule: Rule, expected: Text, found: Text) -> Violation {
    Violation {
        at: at.to_owned(),
        item: item.clone(),
        rule,
        expected,
        found,
    }
}

fn absent() -> Text {
    Text::new("（なし）", "(absent)")
}

fn present() -> Text {
    Text::new("設定されていること", "to be there")
}

/// Every violation of a request body, in the order of the table; members outside it come last.
///
/// An empty string counts as absent (reading RD-13), null in an optional parameter too (RD-28).
pub fn check_request(interface: &Interface, body: &Map<String, Value>) -> Vec<Violation> {
    let mut all: Vec<Violation> = interface
        .parameter
        .iter()
        .filter_map(|row| check_parameter(row, body))
        .collect();
    all.extend(
        body.keys()
            .filter(|name| interface.parameter(name).is_none())
            .map(|name| {
                violation(
                    name,
                    &Text::neutral(name),
                    Rule::Unknown,
                    Text::new("リクエスト仕様の表にある項目", "a parameter of the request table"),
                    Text::neutral(name),
                )
            }),
    );
    all
}

/// The violation of one row of the request table, if any: a row has one state at a time.
pub fn check_parameter(row: &Parameter, body: &Map<String, Value>) -> Option<Violation> {
    let fault = |rule, expected, found| Some(violation(&row.name, &row.item, rule, expected, found));
    let conditional = row.condition.as_ref().is_some_and(|condition| {
        body.get(&condition.parameter)
            .and_then(Value::as_str)
            .is_some_and(|value| condition.is.iter().any(|known| known == value))
    });
    let missing_rule = if row.required { Rule::Missing } else { Rule::Condition };
    let text = match body.get(&row.name) {
        None => {
            return if row.required || conditional {
                fault(missing_rule, present(), absent())
            } else {
                None
            };
        }
        Some(Value::Null) if row.required => return fault(Rule::Null, present(), Text::neutral("null")),
        Some(Value::Null) if conditional => return fault(Rule::Condition, present(), Text::neutral("null")),
        Some(Value::Null) => return None,
        Some(Value::String(text)) if text.is_empty() => {
            return if row.required || conditional {
                fault(missing_rule, present(), Text::new("空文字列", "an empty string"))
            } else {
                None
            };
        }
        Some(Value::String(text)) => text,
        Some(other) => {
            return fault(
                Rule::JsonType,
                Text::new("JSON 文字列", "a JSON string"),
                json_type(other),
            );
        }
    };
    if let Some((expected, found)) = wrong_characters(row.item_type, text) {
        return fault(Rule::Characters, expected, found);
    }
    let form = match row.item_type {
        ItemType::Date => wrong_date(text, row.unknown_date),
        ItemType::Time if !is_time(text) => Some(Text::new("HH:MM:SS（秒は省略可）", "HH:MM:SS (seconds optional)")),
        _ => None,
    };
    if let Some(expected) = form {
        return fault(Rule::Form, expected, Text::neutral(text));
    }
    if let Some((expected, found)) = wrong_length(text, Some(row.length), row.fixed) {
        return fault(Rule::Length, expected, found);
    }
    if row.is_coded() && !row.codes.contains(text) {
        return fault(Rule::Code, Text::neutral(row.codes.join(" / ")), Text::neutral(text));
    }
    if row.name.ends_with("shikuchosonkodo") && !is_municipality_code(text) {
        let expected = Text::new(
            "全国地方公共団体コード（検査数字つき 6 桁）",
            "a 全国地方公共団体コード (six digits, the last a check digit)",
        );
        return fault(Rule::CheckDigit, expected, Text::neutral(text));
    }
    if row.fixed && row.item_type == ItemType::X && !text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return fault(
            Rule::Characters,
            Text::new("半角英数字", "half-width letters and digits"),
            Text::neutral(text),
        );
    }
    None
}

/// Every violation of a response body against the table of its status.
pub fn check_response(interface: &Interface, status: u16, body: &Value) -> Vec<Violation> {
    interface
        .response_rows(status)
        .flat_map(|row| check_response_row(row, body))
        .collect()
}

/// The violations of one row of a response table; several if it repeats in an array.
pub fn check_response_row(row: &ResponseField, body: &Value) -> Vec<Violation> {
    let (parent, name) = row.at.rsplit_once('/').unwrap_or(("", ""));
    let mut all = Vec::new();
    for (path, holder) in pointer_values(body, parent) {
        let at = format!("{path}/{name}");
        let fault = |rule, expected, found| violation(&at, &row.item, rule, expected, found);
        match holder.get(name) {
            None => all.push(fault(Rule::Missing, present(), absent())),
            Some(Value::Null) => all.push(fault(
                Rule::Null,
                Text::new("null 以外", "not null"),
                Text::neutral("null"),
            )),
            Some(value) => {
                all.extend(wrong_value(row, value).map(|(rule, expected, found)| fault(rule, expected, found)))
            }
        }
    }
    // A holder that is not there at all is the fault of its own row; only an array without any
    // element leaves nobody to blame, and is caught here.
    if let Some(array) = parent.strip_suffix("/*") {
        let empty = pointer_values(body, array)
            .iter()
            .any(|(_, value)| value.as_array().is_some_and(Vec::is_empty));
        if empty {
            all.push(violation(
                &row.at,
                &row.item,
                Rule::Missing,
                Text::new("一つ以上の要素", "at least one element"),
                Text::new("空の配列", "an empty array"),
            ));
        }
    }
    all
}

fn wrong_value(row: &ResponseField, value: &Value) -> Option<(Rule, Text, Text)> {
    let type_fault = |expected: Text| Some((Rule::JsonType, expected, json_type(value)));
    match row.item_type {
        ItemType::Object if !value.is_object() => return type_fault(Text::new("JSON オブジェクト", "a JSON object")),
        ItemType::Array if !value.is_array() => return type_fault(Text::new("JSON 配列", "a JSON array")),
        ItemType::Object | ItemType::Array => return None,
        ItemType::Integer => {
            let Some(number) = value.as_u64() else {
                return type_fault(Text::new("JSON の整数（引用符なし）", "a JSON integer without quotes"));
            };
            let digits = number.to_string().len();
            let limit = row.length.unwrap_or(usize::MAX);
            return (digits > limit).then(|| {
                (
                    Rule::Length,
                    Text::new(format!("{limit} 桁以下"), format!("at most {limit} digits")),
                    Text::neutral(number),
                )
            });
        }
        _ => {}
    }
    let Some(text) = value.as_str() else {
        return type_fault(Text::new("JSON 文字列", "a JSON string"));
    };
    if let Some(fixed) = &row.text {
        return (text != fixed).then(|| (Rule::FixedText, Text::neutral(fixed), Text::neutral(text)));
    }
    if text.is_empty() {
        return Some((Rule::Missing, present(), Text::new("空文字列", "an empty string")));
    }
    if let Some((expected, found)) = wrong_characters(row.item_type, text) {
        return Some((Rule::Characters, expected, found));
    }
    let wrong_day = (row.item_type == ItemType::Date)
        .then(|| wrong_date(text, false))
        .flatten();
    if let Some(expected) = wrong_day {
        return Some((Rule::Form, expected, Text::neutral(text)));
    }
    if row.item_type == ItemType::Time && !is_time(text) {
        let expected = Text::new("HH:MM:SS（秒は省略可）", "HH:MM:SS (seconds optional)");
        return Some((Rule::Form, expected, Text::neutral(text)));
    }
    wrong_length(text, row.length, row.fixed).map(|(expected, found)| (Rule::Length, expected, found))
}

fn json_type(value: &Value) -> Text {
    match value {
        Value::Null => Text::neutral("null"),
        Value::Bool(_) => Text::new("真偽値", "a boolean"),
        Value::Number(_) => Text::new("数値", "a number"),
        Value::String(_) => Text::new("文字列", "a string"),
        Value::Array(_) => Text::new("配列", "an array"),
        Value::Object(_) => Text::new("オブジェクト", "an object"),
    }
}

fn wrong_characters(item_type: ItemType, text: &str) -> Option<(Text, Text)> {
    let (allowed, expected): (fn(char) -> bool, Text) = match item_type {
        ItemType::X | ItemType::Date | ItemType::Time => {
            (is_half_width, Text::new("半角文字", "half-width characters"))
        }
        ItemType::N => (is_full_width, Text::new("全角文字", "full-width characters")),
        ItemType::Mixed => (
            |c| !c.is_control(),
            Text::new("制御文字を含まない文字列", "text without control characters"),
        ),
        _ => return None,
    };
    let wrong = text.chars().find(|c| !allowed(*c))?;
    Some((
        expected,
        Text::neutral(format!("{wrong:?} (U+{:04X})", u32::from(wrong))),
    ))
}

fn wrong_date(text: &str, unknown_allowed: bool) -> Option<Text> {
    let expected = Text::new("暦にある日付 YYYY-MM-DD", "a day of the calendar, YYYY-MM-DD");
    match classify_date(text) {
        DateForm::Calendar | DateForm::OpenEnd => None,
        DateForm::Unknown if unknown_allowed => None,
        DateForm::Unknown => Some(Text::new(
            "暦にある日付 YYYY-MM-DD（この項目は不詳日を許容しない）",
            "a day of the calendar, YYYY-MM-DD (no unknown dates in this item)",
        )),
        DateForm::NotInCalendar | DateForm::Malformed => Some(expected),
    }
}

fn wrong_length(text: &str, limit: Option<usize>, fixed: bool) -> Option<(Text, Text)> {
    let limit = limit?;
    let found = length(text);
    let expected = if fixed {
        (found != limit).then(|| Text::new(format!("{limit} 桁"), format!("exactly {limit} characters")))
    } else {
        (found > limit).then(|| Text::new(format!("{limit} 文字以下"), format!("at most {limit} characters")))
    };
    expected.map(|expected| {
        (
            expected,
            Text::new(format!("{found} 文字"), format!("{found} characters")),
        )
    })
}
