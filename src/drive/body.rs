//! Bodies of calls as bytes, right and wrong on purpose.

use serde_json::{Map, Value};

use crate::scenario::Call;
use crate::wire::parse_response;

/// The JSON body of a response, if it has one.
pub(super) fn json_of(response: &[u8]) -> Option<Value> {
    let response = parse_response(response, "POST", true).ok()?;
    serde_json::from_slice(&response.body).ok()
}

/// The body with one byte in a value that no UTF-8 text has.
pub(super) fn with_invalid_byte(mut body: Map<String, Value>, name: &str, call: &Call) -> Vec<u8> {
    // A character of the private use area keeps the place, which no value has by itself.
    const PLACE: &str = "\u{E000}";
    let text = body.get(name).and_then(Value::as_str).unwrap_or_default();
    let marked = format!("{text}{PLACE}");
    body.insert(name.to_owned(), marked.into());
    let mut bytes = write_json(&body, call);
    if let Some(at) = memchr::memmem::find(&bytes, PLACE.as_bytes()) {
        bytes.splice(at..at + PLACE.len(), [0xFF]);
    }
    bytes
}

pub(super) fn write_json(body: &Map<String, Value>, call: &Call) -> Vec<u8> {
    let text = if call.reverse {
        let members: Vec<String> = body
            .iter()
            .rev()
            .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())))
            .collect();
        format!("{{{}}}", members.join(","))
    } else {
        Value::Object(body.clone()).to_string()
    };
    if !call.escape {
        return text.into_bytes();
    }
    let mut escaped = String::with_capacity(text.len() * 2);
    for c in text.chars() {
        if c.is_ascii() {
            escaped.push(c);
        } else {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    escaped.into_bytes()
}

pub(super) fn in_chunks(bytes: &[u8]) -> Vec<u8> {
    let mut framed = Vec::with_capacity(bytes.len() + 64);
    for chunk in bytes.chunks(97) {
        framed.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        framed.extend_from_slice(chunk);
        framed.extend_from_slice(b"\r\n");
    }
    framed.extend_from_slice(b"0\r\n\r\n");
    framed
}

pub(super) fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(16)).collect();
    digits
        .chunks_exact(2)
        .filter_map(|pair| u8::try_from(pair[0] * 16 + pair[1]).ok())
        .collect()
}
