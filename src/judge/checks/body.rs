//! Checks of JSON bodies.

use serde_json::Value;

use super::super::context::{Answer, Context, Parsed};
use crate::scenario::{Message, check};
use crate::schema::{Violation, check_response, check_response_row, pointer_values};
use crate::text::Text;

/// What a value looks like in a finding: whole if short, else its beginning.
fn shown(value: &Value) -> Text {
    let text = value.to_string();
    if text.chars().count() <= 200 {
        return Text::neutral(text);
    }
    Text::neutral(format!("{}…", text.chars().take(200).collect::<String>()))
}

fn absent() -> Text {
    Text::new("（なし）", "(absent)")
}

pub(super) fn json(p: &check::Json, parsed: &Parsed<'_>) -> Answer {
    let fault = match p.of {
        Message::Request => parsed.request_json().err(),
        Message::Response if parsed.response().is_none() => {
            return Answer::broken(Text::new("JSON オブジェクト", "a JSON object"), parsed.no_response());
        }
        Message::Response => parsed.response_json().err(),
    };
    match fault {
        None => Answer::Holds,
        Some(fault) => Answer::broken(
            Text::new(
                "JSON オブジェクト（UTF-8、BOM なし、名前の重複なし）",
                "a JSON object (UTF-8, no byte order mark, no name twice)",
            ),
            fault.describe(),
        ),
    }
}

pub(super) fn not_json(parsed: &Parsed<'_>) -> Answer {
    let Some(response) = parsed.response() else {
        return Answer::broken(
            Text::new("JSON でない応答", "a response that is not JSON"),
            parsed.no_response(),
        );
    };
    let is_json = response.media_type().is_some_and(|kind| kind.ends_with("json"))
        || serde_json::from_slice::<Value>(&response.body).is_ok_and(|value| value.is_object() || value.is_array());
    Answer::from(
        !is_json,
        || Text::new("JSON でない応答", "a response that is not JSON"),
        || Text::new("JSON の応答", "a JSON response"),
    )
}

fn from_violations(violations: Vec<Violation>) -> Answer {
    let count = violations.len();
    let Some(first) = violations.into_iter().next() else {
        return Answer::Holds;
    };
    let found = if count > 1 {
        Text::new(
            format!("{}（ほか {} 件）", first.found.ja, count - 1),
            format!("{} (and {} more)", first.found.en, count - 1),
        )
    } else {
        first.found
    };
    Answer::broken(first.expected, found).at(&first.at)
}

/// Asks about a body that has to be there with a certain status; another status is told as such.
fn with_table(context: &Context<'_>, parsed: &Parsed<'_>, status: u16, ask: impl Fn(&Value) -> Answer) -> Answer {
    let expected = || {
        Text::new(
            format!("HTTP {status} の応答表に従う JSON"),
            format!("JSON that follows the response table of HTTP {status}"),
        )
    };
    if context.interface.is_none() {
        return Answer::unanswered(
            "このシナリオには応答表を持つインターフェースがありません。",
            "The scenario names no interface with response tables.",
        );
    }
    match parsed.response() {
        None => return Answer::broken(expected(), parsed.no_response()),
        Some(response) if response.status != status => {
            return Answer::broken(expected(), Text::neutral(format!("HTTP {}", response.status)));
        }
        Some(_) => {}
    }
    match parsed.response_json() {
        Err(fault) => Answer::broken(expected(), fault.describe()),
        Ok(body) => ask(body),
    }
}

pub(super) fn response_table(p: &check::ResponseTable, context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    with_table(context, parsed, p.status, |body| {
        let interface = context.interface.as_ref();
        from_violations(interface.map_or_else(Vec::new, |interface| check_response(interface, p.status, body)))
    })
}

pub(super) fn response_item(p: &check::ResponseItem, context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    with_table(context, parsed, p.status, |body| {
        let row = context
            .interface
            .as_ref()
            .and_then(|interface| interface.response_rows(p.status).find(|row| row.at == p.at));
        let Some(row) = row else {
            return Answer::unanswered(
                format!("応答表に行 {} がありません。", p.at),
                format!("The response table has no row {}.", p.at),
            );
        };
        // A row whose parent is missing is not there either.
        let parent = row.at.rsplit_once('/').map_or("", |(parent, _)| parent);
        if pointer_values(body, parent).is_empty() {
            return Answer::broken(Text::new("設定されていること", "to be there"), absent()).at(&p.at);
        }
        from_violations(check_response_row(row, body))
    })
}

pub(super) fn no_extra_members(p: &check::NoExtraMembers, context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    with_table(context, parsed, p.status, |body| {
        let known: Vec<String> = context
            .interface
            .iter()
            .flat_map(|interface| interface.response_rows(p.status).map(|row| row.at.clone()))
            .collect();
        match extra(body, "", &known) {
            None => Answer::Holds,
            Some(at) => Answer::broken(
                Text::new("応答表にある項目だけ", "only members of the response table"),
                Text::neutral(&at),
            )
            .at(&at),
        }
    })
}

/// The first member outside the table, by its pattern.
fn extra(value: &Value, pattern: &str, known: &[String]) -> Option<String> {
    match value {
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            let at = format!("{pattern}/{name}");
            if known.contains(&at) {
                extra(member, &at, known)
            } else {
                Some(at)
            }
        }),
        Value::Array(items) => items
            .iter()
            .find_map(|item| extra(item, &format!("{pattern}/*"), known)),
        _ => None,
    }
}

pub(super) fn value(p: &check::Value, context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    let expected = || describe_value(p, context, parsed);
    let Some(found) = parsed.value(&p.at) else {
        let found = match (parsed.response(), parsed.response_json()) {
            (None, _) => parsed.no_response(),
            (Some(_), Err(fault)) => fault.describe(),
            (Some(_), Ok(_)) => absent(),
        };
        return Answer::broken(expected(), found).at(&p.at);
    };
    let as_in = |reference: &String| {
        let (step, at) = reference.split_once(':')?;
        context.of_step(step).first()?.value(at).cloned()
    };
    let holds = p.equals.as_ref().is_none_or(|wanted| wanted == found)
        && p.one_of.as_ref().is_none_or(|wanted| wanted.contains(found))
        && p.equals_ignoring_case
            .as_ref()
            .is_none_or(|wanted| found.as_str().is_some_and(|found| found.eq_ignore_ascii_case(wanted)))
        && p.as_sent
            .as_ref()
            .is_none_or(|name| same_text(parsed.sent(name), found))
        && p.not_as_sent
            .as_ref()
            .is_none_or(|name| parsed.sent(name) != Some(found))
        && p.as_in
            .as_ref()
            .is_none_or(|reference| as_in(reference).as_ref() == Some(found))
        && p.not_as_in
            .as_ref()
            .is_none_or(|reference| as_in(reference).is_some_and(|other| other != *found))
        && p.has_word.as_ref().is_none_or(|word| {
            found
                .as_str()
                .is_some_and(|found| found.split_whitespace().any(|part| part == word))
        });
    let holds = holds
        && p.ends_with
            .as_ref()
            .is_none_or(|end| found.as_str().is_some_and(|found| found.ends_with(end.as_str())));
    Answer::from(holds, expected, || shown(found)).at(&p.at)
}

/// Times are equal with and without `:00` seconds (reading RD-33).
fn same_text(sent: Option<&Value>, found: &Value) -> bool {
    let (Some(sent), Some(found)) = (sent.and_then(Value::as_str), found.as_str()) else {
        return false;
    };
    let is_time = |text: &str| crate::text::date::is_time(text);
    sent == found || is_time(sent) && is_time(found) && sent.trim_end_matches(":00") == found.trim_end_matches(":00")
}

fn describe_value(p: &check::Value, context: &Context<'_>, parsed: &Parsed<'_>) -> Text {
    if let Some(wanted) = &p.equals {
        return shown(wanted);
    }
    if let Some(wanted) = &p.one_of {
        let all: Vec<String> = wanted.iter().map(Value::to_string).collect();
        return Text::neutral(all.join(" / "));
    }
    if let Some(wanted) = &p.equals_ignoring_case {
        return Text::neutral(wanted);
    }
    if let Some(name) = &p.as_sent {
        return Text::new(
            format!(
                "要求の {name}: {}",
                parsed.sent(name).map_or_else(|| "（なし）".into(), Value::to_string)
            ),
            format!(
                "{name} of the request: {}",
                parsed.sent(name).map_or_else(|| "(absent)".into(), Value::to_string)
            ),
        );
    }
    if let Some(name) = &p.not_as_sent {
        return Text::new(
            format!("要求の {name} と異なる値"),
            format!("another value than {name} of the request"),
        );
    }
    if let Some(reference) = p.as_in.as_ref().or(p.not_as_in.as_ref()) {
        let other = reference
            .split_once(':')
            .and_then(|(step, at)| context.of_step(step).first()?.value(at).map(Value::to_string))
            .unwrap_or_else(|| "?".into());
        return if p.as_in.is_some() {
            Text::new(
                format!("手順 {reference} の値 {other}"),
                format!("the value of {reference}: {other}"),
            )
        } else {
            Text::new(
                format!("手順 {reference} の値 {other} と異なる値"),
                format!("another value than that of {reference}: {other}"),
            )
        };
    }
    if let Some(end) = &p.ends_with {
        return Text::new(
            format!("「{end}」で終わる値"),
            format!("a value that ends with `{end}`"),
        );
    }
    match &p.has_word {
        Some(word) => Text::new(format!("「{word}」を含む値"), format!("a value with the word `{word}`")),
        None => Text::new("値があること", "a value"),
    }
}

pub(super) fn member(p: &check::Member, parsed: &Parsed<'_>) -> Answer {
    let expected = || {
        if p.present {
            Text::new("項目があること", "the member to be there")
        } else {
            Text::new("項目がないこと", "the member not to be there")
        }
    };
    if parsed.response().is_none() {
        return Answer::broken(expected(), parsed.no_response()).at(&p.at);
    }
    match parsed.response_json() {
        Err(fault) => Answer::broken(expected(), fault.describe()).at(&p.at),
        Ok(body) => {
            let found = pointer_values(body, &p.at);
            Answer::from(found.is_empty() != p.present, expected, || {
                // The value may be a secret (a refresh token): only its presence is told.
                if found.is_empty() {
                    absent()
                } else {
                    Text::new("項目がある", "it is there")
                }
            })
            .at(&p.at)
        }
    }
}

pub(super) fn number(p: &check::Number, parsed: &Parsed<'_>) -> Answer {
    let expected = || {
        let range = match (p.min, p.max) {
            (Some(min), Some(max)) => format!("{min}–{max}"),
            (Some(min), None) => format!("≥ {min}"),
            (None, Some(max)) => format!("≤ {max}"),
            (None, None) => String::new(),
        };
        Text::new(format!("JSON の整数 {range}"), format!("a JSON integer {range}"))
    };
    match parsed.value(&p.at) {
        None => Answer::broken(expected(), absent()).at(&p.at),
        Some(value) => {
            let holds = value
                .as_i64()
                .is_some_and(|number| p.min.is_none_or(|min| number >= min) && p.max.is_none_or(|max| number <= max));
            Answer::from(holds, expected, || shown(value)).at(&p.at)
        }
    }
}

pub(super) fn long_enough(p: &check::LongEnough, parsed: &Parsed<'_>) -> Answer {
    let length = parsed
        .value(&p.at)
        .and_then(Value::as_str)
        .map(|text| text.chars().count());
    Answer::from(
        length.is_some_and(|length| length >= p.min),
        || Text::new(format!("{} 文字以上", p.min), format!("at least {} characters", p.min)),
        || {
            length.map_or_else(absent, |length| {
                Text::new(format!("{length} 文字"), format!("{length} characters"))
            })
        },
    )
    .at(&p.at)
}

pub(super) fn expiry_agrees(p: &check::ExpiryAgrees, context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    let issued = context.of_step(&p.token).into_iter().next().and_then(|token| {
        let life = token.value("/expires_in")?.as_i64()?;
        let at = context.facts.started_unix_ms + token.exchange.started_us / 1000;
        Some(i64::try_from(at / 1000).ok()? + life)
    });
    let Some(due) = issued else {
        return Answer::unanswered(
            "トークン応答に expires_in がありません。",
            "The token response has no expires_in.",
        );
    };
    let exp = parsed.value("/exp").and_then(Value::as_i64);
    Answer::from(
        exp.is_some_and(|exp| exp.abs_diff(due) <= p.tolerance.unsigned_abs()),
        || {
            Text::new(
                format!("{due} ±{} 秒", p.tolerance),
                format!("{due} ±{} s", p.tolerance),
            )
        },
        || exp.map_or_else(absent, Text::neutral),
    )
    .at("/exp")
}

pub(super) fn no_nulls(parsed: &Parsed<'_>) -> Answer {
    let expected = || Text::new("null のない応答", "a body without null");
    match parsed.response_json() {
        Err(fault) => Answer::broken(expected(), fault.describe()),
        Ok(body) => match null_at(body, "") {
            None => Answer::Holds,
            Some(at) => Answer::broken(expected(), Text::neutral("null")).at(&at),
        },
    }
}

fn null_at(value: &Value, at: &str) -> Option<String> {
    match value {
        Value::Null => Some(at.to_owned()),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| null_at(item, &format!("{at}/{index}"))),
        Value::Object(members) => members
            .iter()
            .find_map(|(name, member)| null_at(member, &format!("{at}/{name}"))),
        _ => None,
    }
}
