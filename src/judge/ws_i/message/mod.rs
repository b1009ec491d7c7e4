//! Assertions about HTTP messages.

mod content;
mod registry;

use super::subject::{Invoked, Subject, no_description, unquoted};
use super::{Answered, Body, Side};
use crate::text::Text;
use crate::wire::{Headers, HttpRequest, HttpResponse};

/// Headers of the HTTP Extension Framework (RFC 2774).
const EXTENSION_FRAMEWORK: [&str; 6] = ["Man", "Opt", "C-Man", "C-Opt", "Ext", "C-Ext"];
/// Headers that name a scheme of HTTP authentication; the first two belong to the narrower option of WS-12.
const AUTHENTICATION: [&str; 4] = [
    "Authorization",
    "WWW-Authenticate",
    "Proxy-Authorization",
    "Proxy-Authenticate",
];
/// Codings of RFC 2616; the names with `x-` are the same by its clause 3.5.
const CODINGS: [&str; 5] = ["gzip", "compress", "deflate", "x-gzip", "x-compress"];
/// Header that RFC 9112 adds to those of RFC 4229.
const RFC_9112: &str = "close";

/// Answers one assertion.
pub(in crate::judge::ws_i) fn ask(id: &str, subject: &Subject<'_>) -> Answered {
    let view = subject.view;
    match view.side {
        Side::Request => view.request.map(|request| ask_request(id, subject, request)),
        Side::Response => view.response.map(|response| ask_response(id, subject, response)),
    }
    .unwrap_or_else(|| Answered::not_applicable("HTTPのメッセージが記録されていません", "no HTTP message was recorded"))
}

fn ask_request(id: &str, subject: &Subject<'_>, request: &HttpRequest) -> Answered {
    match id {
        "BP1004" => post(request),
        "BP1006" => quoted_action(&request.headers),
        "BP1116" => action(subject, &request.headers),
        "BP4107" => request.headers.get("Upgrade").map_or(Answered::Holds, |value| {
            Answered::broken(
                Text::new("Upgradeヘッダがない", "no Upgrade header"),
                header("Upgrade", value),
            )
        }),
        _ => ask_any(id, subject, &request.headers, request.minor),
    }
}

fn ask_response(id: &str, subject: &Subject<'_>, response: &HttpResponse) -> Answered {
    match id {
        "BP1010" => one_way(subject, response),
        "BP1101" => success(subject, response),
        "BP1103" => method_not_allowed(subject, response),
        "BP4106" => coding(
            &response.headers,
            "Transfer-Encoding",
            &["chunked"],
            Text::new("chunked", "chunked"),
        ),
        _ => ask_any(id, subject, &response.headers, response.minor),
    }
}

fn ask_any(id: &str, subject: &Subject<'_>, headers: &Headers, minor: u8) -> Answered {
    match id {
        "BP1001" => version(subject, minor, 1, Text::neutral("HTTP/1.1")),
        "BP1002" => version(
            subject,
            minor,
            0,
            Text::new("HTTP/1.0又はHTTP/1.1", "HTTP/1.0 or HTTP/1.1"),
        ),
        "BP4103" => scheme(headers, subject.view.reads("WS-12", "authorization-only")),
        "BP4104" => registered(headers, subject.view.reads("WS-13", "rfc9110-too")),
        "BP4105" => coding(
            headers,
            "Content-Encoding",
            &CODINGS,
            Text::new("gzip、compress又はdeflate", "gzip, compress or deflate"),
        ),
        _ if subject.answers_another_method() => Answered::not_applicable(
            "POST以外のメソッドへの応答であり、SOAPのメッセージではありません",
            "this answers another method than POST, so it is no SOAP message",
        ),
        "SSBP1003" => content::charset(subject, headers),
        "SSBP5100" => content::envelope_alone(subject, headers),
        "SSBP5101" => content::text_xml(subject, headers),
        _ => Answered::not_applicable(
            "メッセージのアサーションではありません",
            "this is not asked of messages",
        ),
    }
}

/// A header line as found.
fn header(name: &str, value: &str) -> Text {
    Text::neutral(format!("{name}: {value}"))
}

fn no_header(name: &str) -> Answered {
    Answered::not_applicable(
        format!("{name}ヘッダがありません"),
        format!("there is no {name} header"),
    )
}

/// BP1004.
fn post(request: &HttpRequest) -> Answered {
    if request.method != "POST" {
        return Answered::broken(
            Text::new("メソッドはPOST", "method POST"),
            Text::neutral(&request.method),
        );
    }
    let extension = EXTENSION_FRAMEWORK
        .iter()
        .find_map(|name| Some((*name, request.headers.get(name)?)));
    extension.map_or(Answered::Holds, |(name, value)| {
        Answered::broken(
            Text::new(
                "HTTP拡張フレームワーク（RFC 2774）を使わない",
                "no use of the HTTP Extension Framework (RFC 2774)",
            ),
            header(name, value),
        )
    })
}

/// BP1006.
fn quoted_action(headers: &Headers) -> Answered {
    let mut values = headers.all("SOAPAction").map(str::trim).peekable();
    if values.peek().is_none() {
        return no_header("SOAPAction");
    }
    let bare = values.find(|value| !(value.len() >= 2 && value.starts_with('"') && value.ends_with('"')));
    bare.map_or(Answered::Holds, |value| {
        Answered::broken(
            Text::new("二重引用符で囲んだSOAPAction", "SOAPAction in double quotes"),
            header("SOAPAction", value),
        )
    })
}

/// BP1116. With the option `required` of WS-23 the header has to be there.
fn action(subject: &Subject<'_>, headers: &Headers) -> Answered {
    let value = headers.get("SOAPAction");
    if value.is_none() && !subject.view.reads("WS-23", "required") {
        return no_header("SOAPAction");
    }
    let operation = match &subject.invoked {
        Invoked::NoDescription => return no_description(),
        Invoked::Operation {
            operation,
            by_action: false,
        } => operation,
        _ => {
            return Answered::not_applicable(
                "本文がWSDLのどの操作にも当たりません（BP1011で判定）",
                "the body fits no operation of the WSDL (BP1011 judges that)",
            );
        }
    };
    let wanted = operation.soap_action.as_deref().unwrap_or_default();
    let expected = Text::new(
        format!("SOAPAction: \"{wanted}\"（操作「{}」）", operation.name),
        format!("SOAPAction: \"{wanted}\" (operation `{}`)", operation.name),
    );
    match value {
        Some(value) if unquoted(value) == wanted => Answered::Holds,
        Some(value) => Answered::broken(expected, header("SOAPAction", value)),
        None => Answered::broken(
            expected,
            Text::new("SOAPActionヘッダがありません", "there is no SOAPAction header"),
        ),
    }
}

/// BP1001 and BP1002. What states no version 1.x is not read as HTTP at all, so there is no message to ask about.
fn version(subject: &Subject<'_>, minor: u8, least: u8, expected: Text) -> Answered {
    if subject.view.request.is_some_and(|request| request.method != "POST") {
        return Answered::not_applicable(
            "POSTの要求でもその応答でもありません",
            "neither a POST request nor the response to one",
        );
    }
    if (least..=1).contains(&minor) {
        return Answered::Holds;
    }
    Answered::broken(expected, Text::neutral(format!("HTTP/1.{minor}")))
}

/// BP1010.
fn one_way(subject: &Subject<'_>, response: &HttpResponse) -> Answered {
    let operation = match subject.operation() {
        Ok(operation) => operation,
        Err(answer) => return answer,
    };
    if !operation.is_one_way() {
        return Answered::not_applicable(
            format!("操作「{}」は片方向ではありません", operation.name),
            format!("operation `{}` is not one-way", operation.name),
        );
    }
    if response.body.is_empty() {
        return Answered::Holds;
    }
    Answered::broken(
        Text::new(
            format!("片方向の操作「{}」への空の本文", operation.name),
            format!("an empty body for the one-way operation `{}`", operation.name),
        ),
        Text::new(
            format!("{}バイトの本文", response.body.len()),
            format!("a body of {} bytes", response.body.len()),
        ),
    )
}

fn has_envelope(subject: &Subject<'_>) -> bool {
    matches!(subject.view.body(), Body::Xml(document) if document.root().local() == "Envelope")
}

/// BP1101. With the option `warn` of WS-11, 3xx and 5xx without envelope are not left out.
fn success(subject: &Subject<'_>, response: &HttpResponse) -> Answered {
    if has_envelope(subject) {
        return Answered::not_applicable("エンベロープがあります", "there is an envelope");
    }
    let exempt = match response.status {
        400..500 => true,
        300..400 | 500.. => !subject.view.reads("WS-11", "warn"),
        _ => false,
    };
    if exempt {
        return Answered::not_applicable(
            format!("HTTPの処理が成功していません（{}）", response.status),
            format!("HTTP processing did not succeed ({})", response.status),
        );
    }
    if matches!(response.status, 200 | 202) {
        return Answered::Holds;
    }
    Answered::broken(
        Text::new(
            "エンベロープのない応答は200又は202",
            "status 200 or 202 without an envelope",
        ),
        Text::neutral(response.status),
    )
}

/// BP1103.
fn method_not_allowed(subject: &Subject<'_>, response: &HttpResponse) -> Answered {
    match subject.view.request {
        None => Answered::Unanswered {
            reason: Text::new(
                "対応する要求が記録されていないため、メソッドが分かりません",
                "the request was not recorded, so its method is not known",
            ),
        },
        Some(request) if request.method == "POST" => {
            Answered::not_applicable("要求はPOSTです", "the request is a POST")
        }
        Some(_) if response.status == 405 => Answered::Holds,
        Some(request) => Answered::broken(
            Text::new(
                format!("{}への応答は405", request.method),
                format!("status 405 for {}", request.method),
            ),
            Text::neutral(response.status),
        ),
    }
}

/// BP4103, which only reports.
fn scheme(headers: &Headers, authorization_only: bool) -> Answered {
    let names = if authorization_only {
        &AUTHENTICATION[..2]
    } else {
        &AUTHENTICATION[..]
    };
    let mut lines = names
        .iter()
        .flat_map(|name| headers.all(name).map(move |value| (*name, value)))
        .peekable();
    if lines.peek().is_none() {
        return Answered::not_applicable("認証のヘッダがありません", "there is no authentication header");
    }
    let is_other = |scheme: &&str| !scheme.eq_ignore_ascii_case("basic") && !scheme.eq_ignore_ascii_case("digest");
    let other = lines.find_map(|(name, value)| {
        let challenges = if name.ends_with("Authenticate") { usize::MAX } else { 1 };
        Some((name, schemes(value).take(challenges).find(is_other)?))
    });
    other.map_or(Answered::Holds, |(name, scheme)| {
        // The scheme alone: what follows may be a secret.
        Answered::broken(
            Text::new("Basic又はDigest", "Basic or Digest"),
            header(name, &format!("{scheme} …")),
        )
    })
}

/// Schemes of a value. Several challenges are separated by commas, as the parameters of each are; a comma between quotes
/// separates nothing.
fn schemes(value: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let parts = value.split(move |character| {
        quoted ^= character == '"';
        character == ',' && !quoted
    });
    parts.filter_map(|part| {
        let word = part.split_ascii_whitespace().next()?;
        // A parameter has `=`, or its value is quoted.
        word.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
            .then_some(word)
    })
}

/// BP4104, which only reports.
fn registered(headers: &Headers, rfc_9112_too: bool) -> Answered {
    let is_known = |name: &str| {
        let name = name.to_ascii_lowercase();
        registry::REGISTRY.binary_search(&name.as_str()).is_ok() || (rfc_9112_too && name == RFC_9112)
    };
    let other: Vec<&str> = headers
        .0
        .iter()
        .map(|(name, _)| name.as_str())
        .filter(|name| !is_known(name))
        .collect();
    if other.is_empty() {
        return Answered::not_applicable("全てのヘッダが登録されています", "every header is in the registry");
    }
    Answered::broken(
        Text::new(
            "RFC 4229の登録簿にあるヘッダ",
            "headers that the registry of RFC 4229 has",
        ),
        Text::neutral(other.join(", ")),
    )
}

/// BP4105 and BP4106, which only report.
fn coding(headers: &Headers, name: &str, known: &[&str], expected: Text) -> Answered {
    let mut codings = headers
        .all(name)
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .peekable();
    if codings.peek().is_none() {
        return no_header(name);
    }
    codings
        .find(|coding| !coding.is_empty() && !known.contains(&coding.to_ascii_lowercase().as_str()))
        .map_or(Answered::Holds, |coding| {
            Answered::broken(expected, header(name, coding))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_told_from_parameters() {
        let of = |value| schemes(value).collect::<Vec<_>>();
        assert_eq!(of(r#"Basic realm="a, b c", Bearer scope="x y""#), ["Basic", "Bearer"]);
        assert_eq!(of(r#"Digest realm="a",qop="auth,auth-int" , nonce=1"#), ["Digest"]);
        assert_eq!(of("Negotiate"), ["Negotiate"]);
        assert_eq!(of(""), [""; 0]);
    }

    #[test]
    fn the_registry_can_be_searched() {
        assert!(registry::REGISTRY.is_sorted());
        assert!(registry::REGISTRY.iter().all(|name| *name == name.to_ascii_lowercase()));
        assert!(registry::REGISTRY.binary_search(&"soapaction").is_ok());
    }
}
