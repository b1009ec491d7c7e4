//! Rows as lines of JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use crate::registry::store::{Row, Value};

/// Beyond it, readers in other languages round.
const SAFE: i64 = (1 << 53) - 1;

/// A row as a line, with its end.
pub(super) fn write(row: &Row) -> String {
    let values: Vec<Json> = row.values().iter().map(to_json).collect();
    format!("{}\n", Json::Array(values))
}

fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Int(number) if (-SAFE..=SAFE).contains(number) => json!(number),
        Value::Int(number) => json!({ "int": number.to_string() }),
        Value::Text(text) => json!(text),
        Value::Bytes(bytes) => json!({ "bytes": STANDARD.encode(bytes) }),
    }
}

/// Values of a line; what is wrong with it otherwise.
pub(super) fn read(line: &str, columns: usize) -> Result<Vec<Value>, String> {
    let row: Vec<Json> = serde_json::from_str(line).map_err(|error| format!("expected an array of values: {error}"))?;
    if row.len() != columns {
        return Err(format!("expected {columns} values, found {}", row.len()));
    }
    row.into_iter().map(from_json).collect()
}

fn from_json(value: Json) -> Result<Value, String> {
    let wrong = |value: &Json| {
        Err(format!(
            "{value} is no text, whole number, null, {{\"bytes\"}} or {{\"int\"}}"
        ))
    };
    match value {
        Json::Null => Ok(Value::Null),
        Json::String(text) => Ok(Value::Text(text)),
        Json::Number(ref number) => number
            .as_i64()
            .map_or_else(|| wrong(&value), |number| Ok(Value::Int(number))),
        Json::Object(ref object) => match object.iter().next() {
            Some((key, Json::String(text))) if object.len() == 1 && key == "bytes" => {
                STANDARD.decode(text).map(Value::Bytes).or_else(|_| wrong(&value))
            }
            Some((key, Json::String(text))) if object.len() == 1 && key == "int" => {
                text.parse().map(Value::Int).or_else(|_| wrong(&value))
            }
            _ => wrong(&value),
        },
        _ => wrong(&value),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::values;
    use super::*;

    #[test]
    fn a_row_comes_back_as_it_was() {
        let row = Row(values![
            "税\n\u{1F363}",
            1,
            None::<i64>,
            i64::MIN,
            SAFE,
            SAFE + 1,
            vec![0_u8, 255]
        ]
        .to_vec());
        let line = write(&row);
        let expected = "[\"税\\n\u{1F363}\",1,null,{\"int\":\"-9223372036854775808\"},9007199254740991,\
                        {\"int\":\"9007199254740992\"},{\"bytes\":\"AP8=\"}]\n";
        assert_eq!(line, expected);
        assert_eq!(read(&line, 7).unwrap(), row.values());
    }

    #[test]
    fn what_is_no_row_is_told() {
        for (line, said) in [
            ("", "expected an array"),
            ("{}", "expected an array"),
            ("[1]", "expected 2 values, found 1"),
            ("[1, 2.5]", "2.5 is no"),
            ("[1, true]", "true is no"),
            ("[1, {\"bytes\":\"*\"}]", "is no text"),
            ("[1, {\"int\":\"x\"}]", "is no text"),
            ("[1, {\"bytes\":\"\",\"int\":\"1\"}]", "is no text"),
            ("[1, 18446744073709551615]", "is no text"),
        ] {
            let error = read(line, 2).unwrap_err();
            assert!(error.contains(said), "{line}: {error}");
        }
    }
}
