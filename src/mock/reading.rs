//! From an HTTP request to the parameters of a call.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::defect::DefectSet;
use super::defect_list::Defect;
use crate::schema::{JsonFault, parse_object};
use crate::standard::Interface;
use crate::wire::{HttpRequest, form_decode};

/// Longest body that is read: ten times what all parameters at full length can need.
const LONGEST_BODY: usize = 256 * 1024;

/// Why no parameters could be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Unreadable {
    /// Refused with this status.
    Refused(u16),
    /// An exception that nobody caught (defects only).
    Crash,
    /// The process died and the connection with it (defects only).
    Death,
}

/// Reads the parameters of a request.
pub(super) fn parameters(
    interface: &Interface,
    request: &HttpRequest,
    defects: &DefectSet,
) -> Result<Map<String, Value>, Unreadable> {
    if request.method != interface.method {
        return match request.method.as_str() {
            "GET" if defects.has(Defect::GetAccepted) && request.body.is_empty() => Ok(from_pairs(request.query())),
            "GET" if defects.has(Defect::GetAccepted) => {
                parse_object(&request.body).map_err(|_| Unreadable::Refused(400))
            }
            _ if defects.has(Defect::MethodError500) => Err(Unreadable::Crash),
            _ => Err(Unreadable::Refused(405)),
        };
    }
    if defects.has(Defect::ChunkedRefused) && request.headers.get("content-length").is_none() {
        return Err(Unreadable::Refused(411));
    }
    let in_query = defects.has(Defect::QueryParametersAccepted) && !request.query().is_empty();
    if in_query && matches!(request.body.as_slice(), b"" | b"{}") {
        return Ok(from_pairs(request.query()));
    }
    if defects.has(Defect::FormOnly) {
        return form(request);
    }
    if !is_json(request, defects) {
        return Err(Unreadable::Refused(415));
    }
    if request.body.len() > LONGEST_BODY {
        let death = defects.has(Defect::LargeBodyCrash);
        return Err(if death {
            Unreadable::Death
        } else {
            Unreadable::Refused(413)
        });
    }
    if defects.is_empty() {
        return parse_object(&request.body).map_err(|_| Unreadable::Refused(400));
    }
    mistaken(interface, &request.body, defects)
}

fn is_json(request: &HttpRequest, defects: &DefectSet) -> bool {
    if defects.has(Defect::ContentTypeUnchecked) {
        return true;
    }
    if defects.has(Defect::ContentTypeExact) {
        return request.headers.get("content-type") == Some("application/json");
    }
    let header = request.headers.get("content-type").unwrap_or_default();
    let charset = header.split(';').skip(1).find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"'))
    });
    request.media_type().as_deref() == Some("application/json")
        && charset.is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8"))
}

fn form(request: &HttpRequest) -> Result<Map<String, Value>, Unreadable> {
    if request.media_type().as_deref() != Some("application/x-www-form-urlencoded") {
        return Err(Unreadable::Refused(415));
    }
    let text = std::str::from_utf8(&request.body).map_err(|_| Unreadable::Refused(400))?;
    Ok(from_pairs(text))
}

/// Parameters written as the examples of the workbook show them: `name="value"`.
fn from_pairs(text: &str) -> Map<String, Value> {
    form_decode(text)
        .into_iter()
        .map(|(name, value)| (name, Value::String(value.trim_matches('"').to_owned())))
        .collect()
}

/// Reads a body as providers with defects do.
fn mistaken(interface: &Interface, bytes: &[u8], defects: &DefectSet) -> Result<Map<String, Value>, Unreadable> {
    let mut bytes = Cow::Borrowed(bytes);
    if defects.has(Defect::BomAccepted)
        && let Some(rest) = bytes.strip_prefix(b"\xEF\xBB\xBF")
    {
        bytes = Cow::Owned(rest.to_vec());
    }
    if defects.has(Defect::InvalidUtf8Replaced) {
        bytes = Cow::Owned(String::from_utf8_lossy(&bytes).into_owned().into_bytes());
    }
    if defects.has(Defect::DeepNestingCrash) && depth(&bytes) > 32 {
        return Err(Unreadable::Death);
    }
    if defects.has(Defect::EscapesRefused) && memchr::memmem::find(&bytes, b"\\u").is_some() {
        return Err(Unreadable::Refused(400));
    }
    let mut body = match parse_object(&bytes) {
        Ok(body) => body,
        Err(fault) => tolerated(&bytes, &fault, defects)?,
    };
    if defects.has(Defect::OrderMatters) && body.keys().next().is_some_and(|first| first != "shorikubun") {
        return Err(Unreadable::Refused(400));
    }
    if defects.has(Defect::NamesIgnoringCase) {
        body = body
            .into_iter()
            .map(|(name, value)| {
                let known = interface
                    .parameter
                    .iter()
                    .find(|row| row.name.eq_ignore_ascii_case(&name));
                (known.map_or(name, |row| row.name.clone()), value)
            })
            .collect();
    }
    Ok(body)
}

fn tolerated(bytes: &[u8], fault: &JsonFault, defects: &DefectSet) -> Result<Map<String, Value>, Unreadable> {
    let surrogate = memchr::memmem::find(&bytes.to_ascii_lowercase(), b"\\ud").is_some();
    let crash = match fault {
        JsonFault::Malformed(_) if surrogate => {
            defects.has(Defect::LoneSurrogateCrash) || defects.has(Defect::BrokenJsonCrash)
        }
        JsonFault::Malformed(_) | JsonFault::Empty => defects.has(Defect::BrokenJsonCrash),
        JsonFault::NotUtf8(_) => defects.has(Defect::InvalidUtf8Crash),
        JsonFault::Duplicate(_) => defects.has(Defect::DuplicateKeyCrash),
        JsonFault::NotAnObject(_) => defects.has(Defect::ArrayCrash),
        JsonFault::ByteOrderMark => false,
    };
    if crash {
        return Err(Unreadable::Crash);
    }
    let first = serde_json::Deserializer::from_slice(bytes).into_iter::<Value>().next();
    match (fault, first) {
        (JsonFault::Malformed(_), Some(Ok(Value::Object(body)))) if defects.has(Defect::BrokenJsonAccepted) => Ok(body),
        (JsonFault::NotAnObject(_), Some(Ok(Value::Array(items)))) if defects.has(Defect::ArrayUnwrapped) => {
            match items.into_iter().next() {
                Some(Value::Object(body)) => Ok(body),
                _ => Err(Unreadable::Refused(400)),
            }
        }
        _ => Err(Unreadable::Refused(400)),
    }
}

/// How deep brackets are nested, strings not told apart.
fn depth(bytes: &[u8]) -> usize {
    let mut deepest = 0_usize;
    let mut now = 0_usize;
    for byte in bytes {
        match byte {
            b'[' | b'{' => now += 1,
            b']' | b'}' => now = now.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(now);
    }
    deepest
}
