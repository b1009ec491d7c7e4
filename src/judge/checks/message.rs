//! Checks of status line, headers and of the text of a message as a whole.

use memchr::memmem;
use serde_json::Value;

use super::super::context::{Answer, Context, Parsed};
use crate::scenario::{Message, check};
use crate::text::Text;
use crate::wire::{media_parameter, media_type as media_type_of, percent_encode};

pub(super) fn status(p: &check::Status, parsed: &Parsed<'_>) -> Answer {
    let expected = || Text::neutral(format!("HTTP {}", p.of.join(" / ")));
    let Some(response) = parsed.response() else {
        return Answer::broken(expected(), parsed.no_response());
    };
    let status = response.status.to_string();
    let fits = |wanted: &String| match wanted.strip_suffix("xx") {
        Some(class) => status.starts_with(class),
        None => status == *wanted,
    };
    Answer::from(p.of.iter().any(fits), expected, || {
        Text::neutral(match said(parsed) {
            Some(said) => format!("HTTP {status} ({said})"),
            None => format!("HTTP {status}"),
        })
    })
}

/// What the product itself says of the error: the first thing a vendor wants to know.
fn said(parsed: &Parsed<'_>) -> Option<String> {
    let text = |at: &str| parsed.value(at).and_then(Value::as_str);
    let said = match (text("/errors/0/code"), text("/error")) {
        (Some(code), _) => format!("{code} {}", text("/errors/0/message").unwrap_or_default()),
        (None, Some(error)) => error.to_owned(),
        (None, None) => text("/detail")?.to_owned(),
    };
    Some(said.chars().take(120).collect())
}

pub(super) fn media_type(p: &check::MediaType, parsed: &Parsed<'_>) -> Answer {
    let expected = || {
        Text::neutral(match &p.charset {
            Some(charset) => format!("{};charset={charset}", p.media),
            None => p.media.clone(),
        })
    };
    let Some(headers) = parsed.headers(p.of) else {
        return Answer::broken(expected(), parsed.no_response());
    };
    let right_type = media_type_of(headers).is_some_and(|found| found == p.media.to_ascii_lowercase());
    let right_charset = p.charset.as_ref().is_none_or(|charset| {
        media_parameter(headers, "charset").is_some_and(|found| found.eq_ignore_ascii_case(charset))
    });
    Answer::from(right_type && right_charset, expected, || {
        headers
            .get("content-type")
            .map_or_else(|| Text::new("（なし）", "(absent)"), Text::neutral)
    })
    .at("Content-Type")
}

pub(super) fn header(p: &check::Header, parsed: &Parsed<'_>) -> Answer {
    let Some(headers) = parsed.headers(p.of) else {
        return Answer::broken(
            Text::new(format!("ヘッダー {}", p.name), format!("header {}", p.name)),
            parsed.no_response(),
        );
    };
    let found = headers.get(&p.name);
    let describe = || found.map_or_else(|| Text::new("（なし）", "(absent)"), Text::neutral);
    if let Some(present) = p.present.filter(|present| found.is_some() != *present) {
        let expected = if present {
            Text::new("ヘッダーがあること", "the header to be there")
        } else {
            Text::new("ヘッダーがないこと", "the header not to be there")
        };
        return Answer::broken(expected, describe()).at(&p.name);
    }
    if let Some(wanted) = p.equals.as_ref().filter(|wanted| found != Some(wanted.as_str())) {
        return Answer::broken(Text::neutral(wanted), describe()).at(&p.name);
    }
    if let Some(part) = &p.contains {
        let has = headers
            .all(&p.name)
            .any(|value| value.to_ascii_lowercase().contains(&part.to_ascii_lowercase()));
        if !has {
            let expected = Text::new(format!("「{part}」を含む値"), format!("a value with `{part}` in it"));
            return Answer::broken(expected, describe()).at(&p.name);
        }
    }
    Answer::Holds
}

pub(super) fn http_version(p: &check::HttpVersionAtLeast, parsed: &Parsed<'_>) -> Answer {
    let minor = match p.of {
        Message::Request => parsed.request().map(|request| request.minor),
        Message::Response => parsed.response().map(|response| response.minor),
    };
    let expected = || Text::new("HTTP/1.1 以上", "HTTP/1.1 or later");
    match minor {
        None => Answer::broken(expected(), parsed.no_response()),
        Some(minor) => Answer::from(minor >= 1, expected, || Text::neutral(format!("HTTP/1.{minor}"))),
    }
}

pub(super) fn framing(parsed: &Parsed<'_>) -> Answer {
    let expected = || {
        Text::new(
            "Content-Length またはチャンク形式どおりの長さの本文",
            "a body of the length that Content-Length or the chunks say",
        )
    };
    let Some(response) = parsed.response().filter(|_| parsed.exchange.fault.is_none()) else {
        return Answer::broken(expected(), parsed.no_response());
    };
    if response.surplus > 0 {
        return Answer::broken(
            expected(),
            Text::new(
                format!("本文の後に余分な {} バイト", response.surplus),
                format!("{} bytes after the end of the body", response.surplus),
            ),
        );
    }
    let lengths: Vec<&str> = response.headers.all("content-length").collect();
    let both = !lengths.is_empty() && response.headers.get("transfer-encoding").is_some();
    Answer::from(
        !both && lengths.windows(2).all(|pair| pair[0] == pair[1]),
        expected,
        || Text::new("矛盾する長さの指定", "contradicting lengths"),
    )
}

pub(super) fn no_content_coding(parsed: &Parsed<'_>) -> Answer {
    let Some(response) = parsed.response() else {
        return Answer::broken(
            Text::new("圧縮のない応答", "a response without content coding"),
            parsed.no_response(),
        );
    };
    match response.headers.get("content-encoding") {
        Some(coding) if !coding.eq_ignore_ascii_case("identity") => Answer::broken(
            Text::new(
                "圧縮のない応答（要求に Accept-Encoding はない）",
                "no content coding (the request has no Accept-Encoding)",
            ),
            Text::neutral(coding),
        )
        .at("Content-Encoding"),
        _ => Answer::Holds,
    }
}

pub(super) fn within(p: &check::Within, context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    let limit = (p.ms as f64 * context.facts.time_scale.unwrap_or(1.0)) as u64;
    let elapsed = parsed.exchange.elapsed_us / 1000;
    Answer::from(
        elapsed <= limit && parsed.exchange.fault.is_none(),
        || {
            Text::new(
                format!("{limit} ミリ秒以内の応答"),
                format!("a response within {limit} ms"),
            )
        },
        || {
            parsed.exchange.fault.as_ref().map_or_else(
                || Text::neutral(format!("{elapsed} ms")),
                crate::evidence::Fault::describe,
            )
        },
    )
}

/// Words that only the inside of a program writes.
const INTERNALS: &[&str] = &[
    "Traceback (most recent call last)",
    "Exception in thread",
    "java.lang.",
    "javax.",
    "org.springframework",
    "at com.",
    "NullPointerException",
    "System.Data.",
    "System.NullReferenceException",
    "SQLSTATE",
    "ORA-0",
    "ORA-1",
    "SELECT * FROM",
    "INSERT INTO",
    "psycopg2",
    "node_modules/",
    "panicked at",
    "/usr/lib/",
    "/home/",
    "/var/www/",
    "C:\\\\",
    "C:\\Users",
    "Stack trace:",
    "stackTrace>",
    "StackTrace>",
    ".py\", line",
];

pub(super) fn no_internals(parsed: &Parsed<'_>) -> Answer {
    let bytes = &parsed.exchange.response;
    let found = INTERNALS
        .iter()
        .find(|word| memmem::find(bytes, word.as_bytes()).is_some());
    match found {
        None => Answer::Holds,
        Some(word) => Answer::broken(
            Text::new(
                "プログラム内部の情報がない応答",
                "a response without internals of the program",
            ),
            Text::new(format!("「{word}」を含む"), format!("it holds `{word}`")),
        ),
    }
}

pub(super) fn no_echo(p: &check::NoEcho, parsed: &Parsed<'_>) -> Answer {
    let response = &parsed.exchange.response;
    let looked_at = if p.head_only {
        &response[..parsed.response().map_or(response.len(), |parsed| parsed.head_length)]
    } else {
        &response[..]
    };
    let mut looked = false;
    for name in &p.parameters {
        let Some(value) = parsed
            .sent(name)
            .and_then(Value::as_str)
            .filter(|value| value.chars().count() >= 4)
        else {
            continue;
        };
        looked = true;
        if let Some(form) = forms(value)
            .into_iter()
            .find(|form| memmem::find(looked_at, form.as_bytes()).is_some())
        {
            return Answer::broken(
                Text::new(
                    format!("{name} の値が応答に現れないこと"),
                    format!("the value of {name} not to come back"),
                ),
                Text::new(
                    format!("応答に値が現れた（{} 文字）", form.chars().count()),
                    format!("the value stands in the response ({} characters)", form.chars().count()),
                ),
            )
            .at(name);
        }
    }
    if looked {
        Answer::Holds
    } else {
        Answer::not_applicable(
            "要求に探すべき値がありません。",
            "The request holds none of the values to look for.",
        )
    }
}

/// The forms in which a value can stand in a message: as it is, percent-encoded, as JSON escapes.
pub(super) fn forms(value: &str) -> Vec<String> {
    let mut forms = vec![value.to_owned()];
    if !value.is_ascii() {
        forms.push(percent_encode(value));
        let escaped: String = value.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        forms.push(escaped.to_ascii_uppercase().replace("\\U", "\\u"));
        forms.push(escaped);
    }
    forms
}
