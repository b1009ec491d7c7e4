//! JSON as conformance needs it: strict UTF-8, no byte order mark, no name twice.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use thiserror::Error;

use crate::text::Text;

/// Why bytes are no JSON object that a receiver can rely on.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
pub enum JsonFault {
    /// Nothing there.
    #[error("the body is empty")]
    Empty,
    /// A byte order mark (RFC 8259 §8.1 forbids it).
    #[error("the body starts with a byte order mark")]
    ByteOrderMark,
    /// Not UTF-8.
    #[error("not UTF-8 at byte {0}")]
    NotUtf8(usize),
    /// Not JSON.
    #[error("not JSON: {0}")]
    Malformed(String),
    /// A name twice (RFC 8259 §4).
    #[error("the member name \"{0}\" stands twice")]
    Duplicate(String),
    /// JSON, but no object.
    #[error("JSON, but {0} instead of an object")]
    NotAnObject(&'static str),
}

impl JsonFault {
    /// What is wrong, for reports.
    pub fn describe(&self) -> Text {
        let ja = match self {
            Self::Empty => "本文が空です".into(),
            Self::ByteOrderMark => "本文がバイト順マーク（BOM）で始まっています".into(),
            Self::NotUtf8(at) => format!("{at} バイト目が UTF-8 ではありません"),
            Self::Malformed(detail) => format!("JSON ではありません（{detail}）"),
            Self::Duplicate(name) => format!("名前 \"{name}\" が重複しています"),
            Self::NotAnObject(kind) => format!("JSON ですがオブジェクトではありません（{kind}）"),
        };
        Text::new(ja, self.to_string())
    }
}

/// Parses a body that has to be one JSON object.
///
/// # Errors
/// [`JsonFault`] names the first reason why it is not.
pub fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, JsonFault> {
    if bytes.is_empty() {
        return Err(JsonFault::Empty);
    }
    if bytes.starts_with(b"\xEF\xBB\xBF") {
        return Err(JsonFault::ByteOrderMark);
    }
    let text = std::str::from_utf8(bytes).map_err(|error| JsonFault::NotUtf8(error.valid_up_to()))?;
    let strict: Strict = serde_json::from_str(text).map_err(|error| {
        let message = error.to_string();
        match message
            .strip_prefix(DUPLICATE)
            .and_then(|rest| rest.split_once('\u{0}'))
        {
            Some((name, _)) => JsonFault::Duplicate(name.to_owned()),
            None => JsonFault::Malformed(message),
        }
    })?;
    match strict.0 {
        Value::Object(object) => Ok(object),
        Value::Null => Err(JsonFault::NotAnObject("null")),
        Value::Bool(_) => Err(JsonFault::NotAnObject("a boolean")),
        Value::Number(_) => Err(JsonFault::NotAnObject("a number")),
        Value::String(_) => Err(JsonFault::NotAnObject("a string")),
        Value::Array(_) => Err(JsonFault::NotAnObject("an array")),
    }
}

const DUPLICATE: &str = "duplicate\u{0}";

/// A value in which no object has a name twice.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictVisitor).map(Self)
    }
}

struct StrictVisitor;

impl<'de> Visitor<'de> for StrictVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut all = Vec::new();
        while let Some(Strict(item)) = items.next_element()? {
            all.push(item);
        }
        Ok(all.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut all = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if all.contains_key(&name) {
                return Err(de::Error::custom(format!("{DUPLICATE}{name}\u{0}")));
            }
            let Strict(value) = members.next_value()?;
            all.insert(name, value);
        }
        Ok(all.into())
    }
}

/// All values at a JSON Pointer in which `*` stands for every element of an array, with their
/// concrete pointers. A missing member gives nothing; so does an empty array under `*`.
pub fn pointer_values<'a>(root: &'a Value, pointer: &str) -> Vec<(String, &'a Value)> {
    let mut found = vec![(String::new(), root)];
    for part in pointer.split('/').skip(1) {
        found = found
            .into_iter()
            .flat_map(|(path, value)| step(&path, value, part))
            .collect();
    }
    found
}

fn step<'a>(path: &str, value: &'a Value, part: &str) -> Vec<(String, &'a Value)> {
    match value {
        Value::Array(items) if part == "*" => items
            .iter()
            .enumerate()
            .map(|(index, item)| (format!("{path}/{index}"), item))
            .collect(),
        Value::Array(items) => part
            .parse::<usize>()
            .ok()
            .and_then(|index| items.get(index))
            .map(|item| (format!("{path}/{part}"), item))
            .into_iter()
            .collect(),
        Value::Object(members) => members
            .get(&part.replace("~1", "/").replace("~0", "~"))
            .map(|member| (format!("{path}/{part}"), member))
            .into_iter()
            .collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strictness() {
        assert!(parse_object(br#"{"a":{"b":[1,null,"x"]}}"#).is_ok());
        assert_eq!(parse_object(br#"{"a":1,"a":2}"#), Err(JsonFault::Duplicate("a".into())));
        assert_eq!(
            parse_object(br#"{"x":{"a":1,"a":2}}"#),
            Err(JsonFault::Duplicate("a".into()))
        );
        assert_eq!(parse_object(b"[]"), Err(JsonFault::NotAnObject("an array")));
        assert_eq!(parse_object(b"\xEF\xBB\xBF{}"), Err(JsonFault::ByteOrderMark));
        assert_eq!(parse_object(b"{\"a\":\"\xFF\"}"), Err(JsonFault::NotUtf8(6)));
        assert!(matches!(parse_object(b"{} {}"), Err(JsonFault::Malformed(_))));
        assert!(matches!(
            parse_object(&b"[".repeat(100_000)),
            Err(JsonFault::Malformed(_))
        ));
    }

    #[test]
    fn pointers() {
        let value = serde_json::json!({"r": [{"n": 1}, {"n": 2}, {}]});
        let found = pointer_values(&value, "/r/*/n");
        assert_eq!(found.len(), 2);
        assert_eq!(found[1], ("/r/1/n".to_owned(), &serde_json::json!(2)));
        assert!(pointer_values(&value, "/x/y").is_empty());
    }
}
