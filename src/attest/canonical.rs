//! JSON whose bytes are the same everywhere (RFC 8785), and a reader that takes nothing ambiguous.
//!
//! The profile of every signed or hashed document: strings, booleans, null, arrays, objects and integers within
//! ±(2^53−1); no floats, no duplicate keys at any depth, at most 64 levels. Four common parsers silently keep the last
//! of two equal keys, and numbers above 2^53 are rounded by some: whoever reads such a document reads another one.

use std::fmt;

use serde::Serialize;
use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};
use thiserror::Error;

/// Deepest nesting of arrays and objects.
pub const MAX_DEPTH: usize = 64;

/// Largest absolute value of an integer: what every JSON implementation keeps exactly.
pub const MAX_INTEGER: u64 = (1 << 53) - 1;

/// A value that has no canonical form in our profile.
#[derive(Debug, Error)]
pub enum CanonicalError {
    /// A number that is no integer within ±(2^53−1).
    #[error("{0} cannot be signed: only integers within ±(2^53−1) are allowed")]
    Number(String),
    /// Not to be written as JSON at all.
    #[error("cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
}

/// Why bytes are not JSON of our profile.
#[derive(Debug, Error)]
#[error("not the JSON that may be signed: {0}")]
pub struct StrictError(#[from] serde_json::Error);

/// The canonical bytes (RFC 8785) of a value.
///
/// # Errors
/// When the value holds a float or an integer beyond ±(2^53−1).
pub fn to_bytes(value: &impl Serialize) -> Result<Vec<u8>, CanonicalError> {
    let value = serde_json::to_value(value)?;
    exact_numbers(&value)?;
    Ok(serde_json_canonicalizer::to_vec(&value)?)
}

fn exact_numbers(value: &Value) -> Result<(), CanonicalError> {
    match value {
        Value::Number(number) => {
            let exact = match (number.as_u64(), number.as_i64()) {
                (Some(positive), _) => positive <= MAX_INTEGER,
                (None, Some(negative)) => negative.unsigned_abs() <= MAX_INTEGER,
                (None, None) => false,
            };
            if exact {
                Ok(())
            } else {
                Err(CanonicalError::Number(number.to_string()))
            }
        }
        Value::Array(items) => items.iter().try_for_each(exact_numbers),
        Value::Object(members) => members.values().try_for_each(exact_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => Ok(()),
    }
}

/// Reads JSON of our profile; everything ambiguous is refused.
///
/// # Errors
/// On duplicate keys at any depth, floats, integers beyond ±(2^53−1), more than [`MAX_DEPTH`] levels, anything after
/// the value, and everything that is no JSON.
pub fn parse(bytes: &[u8]) -> Result<Value, StrictError> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = Strict { depth: 0 }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn deeper<E: de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format_args!("nested deeper than {MAX_DEPTH} levels")));
        }
        Ok(Self { depth: self.depth + 1 })
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("JSON without floats and duplicate keys")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        if value > MAX_INTEGER {
            return Err(E::custom(format_args!("the integer {value} is beyond 2^53−1")));
        }
        Ok(value.into())
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        if value.unsigned_abs() > MAX_INTEGER {
            return Err(E::custom(format_args!("the integer {value} is beyond −(2^53−1)")));
        }
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Err(E::custom(format_args!("the number {value} is no exact integer")))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inside = self.deeper()?;
        let mut values = Vec::new();
        while let Some(value) = items.next_element_seed(inside)? {
            values.push(value);
        }
        Ok(values.into())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let inside = self.deeper()?;
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(de::Error::custom(format_args!(
                    "the key `{key}` stands twice in one object"
                )));
            }
            let value = members.next_value_seed(inside)?;
            object.insert(key, value);
        }
        Ok(object.into())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn keys_are_sorted_by_utf_16_and_nothing_is_escaped_needlessly() {
        let value = json!({"ｚ": 1, "😀": 2, "架": "a\"\u{7f}/\u{1f}", "a": [true, null, -3]});
        let bytes = to_bytes(&value).expect("canonical");
        // U+1F600 is D83D DE00 in UTF-16, before U+FF5A.
        assert_eq!(
            String::from_utf8(bytes).expect("UTF-8"),
            "{\"a\":[true,null,-3],\"架\":\"a\\\"\u{7f}/\\u001f\",\"😀\":2,\"ｚ\":1}"
        );
    }

    #[test]
    fn inexact_numbers_have_no_canonical_form() {
        for value in [
            json!(1.5),
            json!(9_007_199_254_740_992_u64),
            json!([-9_007_199_254_740_992_i64]),
        ] {
            assert!(matches!(to_bytes(&value), Err(CanonicalError::Number(_))), "{value}");
        }
        assert_eq!(
            to_bytes(&json!(9_007_199_254_740_991_u64)).expect("exact"),
            b"9007199254740991"
        );
    }

    #[test]
    fn ambiguous_json_is_refused_at_every_depth() {
        let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        for bad in [
            r#"{"a":1,"a":1}"#.to_owned(),
            r#"{"b":[{"a":1,"\u0061":2}]}"#.to_owned(),
            "1.0".to_owned(),
            "-0".to_owned(),
            "1e2".to_owned(),
            "9007199254740993".to_owned(),
            "-9007199254740993".to_owned(),
            "{} {}".to_owned(),
            "\u{feff}{}".to_owned(),
            deep(65),
        ] {
            assert!(parse(bad.as_bytes()).is_err(), "{bad}");
        }
        assert!(parse(deep(64).as_bytes()).is_ok());
        assert!(parse(b"\"\xff\"").is_err(), "not UTF-8");
        assert_eq!(parse(br#" {"a":{"a":-1}} "#).expect("JSON"), json!({"a": {"a": -1}}));
    }
}
