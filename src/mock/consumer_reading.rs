//! What the consumer makes of a response.

use serde_json::{Map, Value};

use super::defect::DefectSet;
use super::defect_list::Defect;
use crate::schema::parse_object;
use crate::wire::HttpResponse;

/// What a response means.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Judgement {
    /// This number was registered.
    Registered(String),
    /// The token was refused.
    Unauthorized(String),
    /// The request was refused: sending it again changes nothing.
    Refused(String),
    /// The provider is in trouble: sending it again may help.
    Trouble(String),
    /// Something that nothing helps against.
    Failed(String),
}

/// Judges a response by its status, and a 200 by its number.
pub(super) fn judge(response: &HttpResponse, told: &Map<String, Value>, defects: &DefectSet) -> Judgement {
    if defects.has(Defect::JudgesByText) {
        return by_text(response, told);
    }
    if defects.has(Defect::JsonExpectedAlways) && response.status >= 500 && parse_object(&response.body).is_err() {
        return Judgement::Failed("the response cannot be read".into());
    }
    let words = format!("the provider answered {}", response.status);
    match response.status {
        200 => success(response, told, defects),
        400 => Judgement::Refused(words),
        401 => Judgement::Unauthorized(words),
        500..=599 => Judgement::Trouble(words),
        _ => Judgement::Failed(words),
    }
}

fn success(response: &HttpResponse, told: &Map<String, Value>, defects: &DefectSet) -> Judgement {
    match number(response, told, defects) {
        Ok(number) if defects.has(Defect::NumberKeptAsInteger) => {
            let kept = number.trim_start_matches('0');
            Judgement::Registered(kept.to_owned())
        }
        Ok(number) => Judgement::Registered(number),
        Err(_) if defects.has(Defect::OwnNumberInvented) => Judgement::Registered("900000000000001".into()),
        Err(_) if defects.has(Defect::NumberUnchecked) => Judgement::Registered(unchecked(response)),
        Err(why) => Judgement::Failed(why),
    }
}

/// The number of a 200, if it can be used.
fn number(response: &HttpResponse, told: &Map<String, Value>, defects: &DefectSet) -> Result<String, String> {
    if defects.has(Defect::EscapesMisread) {
        return by_search(response).ok_or_else(|| "the response has no number".into());
    }
    let body = parse_object(&response.body).map_err(|fault| format!("the response cannot be read: {fault}"))?;
    if defects.has(Defect::UnknownMembersRefused) && has_unknown_members(&body) {
        return Err("the response has unknown members".into());
    }
    let Some([element]) = body.get("result").and_then(Value::as_array).map(Vec::as_slice) else {
        return Err("the response does not hold one result".into());
    };
    let text = |name: &str| element.get(name).and_then(Value::as_str);
    let number = text("atenabango")
        .filter(|number| (1..=15).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or("the response has no usable number")?;
    let sent = |name: &str| told.get(name).and_then(Value::as_str);
    if text("shikuchosonkodo") != sent("shikuchosonkodo") {
        return Err("the response is about another municipality".into());
    }
    let keeps = matches!(sent("shorikubun"), Some("1" | "2"));
    if keeps && sent("atenabango").is_some_and(|sent| sent != number) {
        return Err("the response is about another number".into());
    }
    Ok(number.to_owned())
}

fn has_unknown_members(body: &Map<String, Value>) -> bool {
    const ELEMENT: &[&str] = &[
        "shikuchosonkodo",
        "atenabango",
        "rirekibango",
        "sosashaid",
        "sosanengappi",
        "sosajikoku",
    ];
    let outside = |members: Option<&Map<String, Value>>, known: &[&str]| {
        members.is_some_and(|members| members.keys().any(|name| !known.contains(&name.as_str())))
    };
    let metadata = body.get("metadata").and_then(Value::as_object);
    let element = body
        .get("result")
        .and_then(|result| result.pointer("/0"))
        .and_then(Value::as_object);
    outside(Some(body), &["metadata", "_links", "result"])
        || outside(metadata, &["title", "detail"])
        || outside(element, ELEMENT)
}

/// The number found by text search, as a consumer without a JSON parser would.
fn by_search(response: &HttpResponse) -> Option<String> {
    let text = std::str::from_utf8(&response.body).ok()?;
    let number = text.split("\"atenabango\":\"").nth(1)?.split('"').next()?;
    let done = text.contains("\"detail\":\"登録が完了しました。\"");
    done.then(|| number.to_owned())
}

/// Whatever stands where the number should be.
fn unchecked(response: &HttpResponse) -> String {
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    match body.pointer("/result/0/atenabango") {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

fn by_text(response: &HttpResponse, told: &Map<String, Value>) -> Judgement {
    let text = String::from_utf8_lossy(&response.body);
    if text.contains("登録が完了しました。") {
        return match number(response, told, &DefectSet::NONE) {
            Ok(number) => Judgement::Registered(number),
            Err(_) => Judgement::Registered(unchecked(response)),
        };
    }
    if text.contains("アクセストークンが無効です。") {
        return Judgement::Unauthorized("the token was refused".into());
    }
    if text.contains("想定外のエラーが発生しました。") {
        return Judgement::Trouble("the provider is in trouble".into());
    }
    Judgement::Failed("the response does not say that it was registered".into())
}
