//! What the consumer sends to the API.

use serde_json::{Map, Value, json};

use super::consumer::Work;
use super::defect::DefectSet;
use super::defect_list::Defect;
use crate::wire::{HttpResponse, Outgoing, Url, form_encode, percent_encode};

/// The call of the API.
pub(super) fn call(work: &Work<'_>, token: &str) -> Outgoing {
    call_to(work, &work.endpoint, token)
}

/// Where a redirect leads to, for a consumer that follows it.
pub(super) fn redirect_of(from: &Url, response: &HttpResponse) -> Option<Url> {
    if !(300..400).contains(&response.status) {
        return None;
    }
    let place = response.headers.get("location")?;
    if place.starts_with('/') {
        Some(from.with_target(place))
    } else {
        Url::parse(place).ok()
    }
}

/// The call of the API at another place.
pub(super) fn call_to(work: &Work<'_>, endpoint: &Url, token: &str) -> Outgoing {
    let defects = work.defects;
    let fields = fields(&work.order.fields, defects);
    let pairs = || {
        form_encode(
            fields
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default())),
        )
    };
    let mut query = Vec::new();
    if defects.has(Defect::TokenInQuery) || defects.has(Defect::TokenTwice) {
        query.push(format!("access_token={}", percent_encode(token)));
    }
    let person = work.order.fields.get("kojinbango").and_then(Value::as_str);
    if let Some(person) = person.filter(|_| defects.has(Defect::IndividualNumberInUrl)) {
        query.push(format!("kojinbango={person}"));
    }
    let headers = headers(work, token);
    if defects.has(Defect::SendsGet) {
        query.push(pairs());
        return Outgoing::new("GET", &with_query(endpoint, &query), &headers, b"");
    }
    let mut url = with_query(endpoint, &query);
    if defects.has(Defect::WrongPath) {
        url = with_query(&endpoint.with_target(format!("{}/", endpoint.target)), &query);
    }
    let body = if defects.has(Defect::SendsForm) {
        pairs().into_bytes()
    } else {
        written(&fields, defects)
    };
    Outgoing::new("POST", &url, &headers, &body)
}

fn with_query(endpoint: &Url, query: &[String]) -> Url {
    if query.is_empty() {
        return endpoint.clone();
    }
    endpoint.with_target(format!("{}?{}", endpoint.target, query.join("&")))
}

fn headers(work: &Work<'_>, token: &str) -> Vec<(String, String)> {
    let defects = work.defects;
    let media_type = if defects.has(Defect::WrongContentType) {
        "text/plain"
    } else if defects.has(Defect::SendsForm) {
        "application/x-www-form-urlencoded"
    } else {
        "application/json"
    };
    let mut headers = vec![
        ("Content-Type".to_owned(), media_type.to_owned()),
        ("Accept".to_owned(), "application/json".to_owned()),
        ("Connection".to_owned(), "close".to_owned()),
    ];
    let mut add = |name: &str, value: String| headers.push((name.to_owned(), value));
    if defects.has(Defect::BasicToApi) {
        add("Authorization", work.basic());
    } else if defects.has(Defect::TokenBare) {
        add("Authorization", token.to_owned());
    } else if !defects.has(Defect::TokenInQuery) {
        add("Authorization", format!("Bearer {token}"));
    }
    let person = work.order.fields.get("kojinbango").and_then(Value::as_str);
    if let Some(person) = person.filter(|_| defects.has(Defect::IndividualNumberSentInHeader)) {
        add("X-Trace", person.to_owned());
    }
    if defects.has(Defect::SecretToProvider) {
        add("X-Client-Secret", work.order.client_secret.clone());
    }
    headers
}

/// The parameters to send: what the order says, without those that are not set.
fn fields(told: &Map<String, Value>, defects: &DefectSet) -> Map<String, Value> {
    let mut fields: Map<String, Value> = told
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    if !defects.is_empty() {
        leave_out(&mut fields, defects);
        rewrite(&mut fields, defects);
    }
    fields
}

fn leave_out(fields: &mut Map<String, Value>, defects: &DefectSet) {
    for (defect, name) in [
        (Defect::RequiredLeftOut, "sosashaid"),
        (Defect::ConditionIgnored, "atenabango"),
        (Defect::MergeConditionIgnored, "nayosesakiatenabango"),
    ] {
        if defects.has(defect) {
            fields.shift_remove(name);
        }
    }
    if defects.has(Defect::NullForRequired) {
        fields.insert("nayosemotofuragu".into(), Value::Null);
    }
    if defects.has(Defect::UnknownParameterSent) {
        fields.insert("gamenid".into(), "JTG0101".into());
    }
}

fn rewrite(fields: &mut Map<String, Value>, defects: &DefectSet) {
    if defects.has(Defect::CategoryAsNumber) {
        let category: u64 = fields
            .get("shorikubun")
            .and_then(Value::as_str)
            .map_or(0, |text| text.parse().unwrap_or(0));
        fields.insert("shorikubun".into(), category.into());
    }
    if defects.has(Defect::FlagFixed) {
        fields.insert("tagyomusanshofukafuragu".into(), "0".into());
    }
    if defects.has(Defect::SeveralBusinesses) {
        let business = fields.get("gyomuid").cloned().unwrap_or_else(|| "000".into());
        fields.insert("gyomuid".into(), json!([business, "002"]));
    }
    for (name, value) in fields.iter_mut() {
        if let Value::String(text) = value
            && let Some(changed) = rewritten(name, text, defects)
        {
            *text = changed;
        }
    }
}

fn rewritten(name: &str, text: &str, defects: &DefectSet) -> Option<String> {
    let is_name = name.contains("shimei") || name.contains("nihonjin") || name.starts_with("tsusho");
    match name {
        "seinengappi" | "sosanengappi" if defects.has(Defect::SendsSlashedDates) => Some(text.replace('-', "/")),
        "sosajikoku" if defects.has(Defect::SendsUnpaddedTimes) => Some(unpadded(text)),
        "shikuchosonkodo" | "gyomuid" if defects.has(Defect::CodesFullWidth) => Some(full_width(text)),
        "gyomuid" | "dokujishisakushisutemutoid" | "jusho_choazakodo" | "sosashaid" | "atenabango" | "kojinbango"
            if defects.has(Defect::ZerosLost) =>
        {
            Some(text.trim_start_matches('0').to_owned())
                .filter(|rest| !rest.is_empty())
                .or_else(|| Some("0".into()))
        }
        _ if is_name && defects.has(Defect::NamesHalfWidth) => Some(text.replace('　', " ")),
        _ if is_name && defects.has(Defect::NamesCutByBytes) => Some(cut(text, 100)),
        _ => None,
    }
}

fn unpadded(time: &str) -> String {
    let parts: Vec<String> = time
        .split(':')
        .map(|part| {
            part.parse::<u32>()
                .map_or_else(|_| part.to_owned(), |number| number.to_string())
        })
        .collect();
    parts.join(":")
}

fn full_width(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '0'..='9' => char::from_u32(u32::from(c) - u32::from('0') + 0xFF10).unwrap_or(c),
            other => other,
        })
        .collect()
}

fn cut(text: &str, bytes: usize) -> String {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}

fn written(fields: &Map<String, Value>, defects: &DefectSet) -> Vec<u8> {
    let mut text = serde_json::to_string(fields).unwrap_or_default();
    if defects.has(Defect::SendsDuplicateKey) {
        text = text.replacen('{', "{\"sosashaid\":\"SYSTEM\",", 1);
        if !fields.contains_key("sosashaid") {
            text = text.replacen('{', "{\"sosashaid\":\"SYSTEM\",", 1);
        }
    }
    if defects.has(Defect::SendsUtf16) {
        return text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    }
    if defects.has(Defect::SendsBom) {
        text.insert(0, '\u{FEFF}');
    }
    text.into_bytes()
}
