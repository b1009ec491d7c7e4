//! Checks of what a consumer product sent to the harness.

use serde_json::{Map, Value};

use super::super::context::{Answer, Context, Parsed};
use super::message::forms;
use crate::evidence::Channel;
use crate::scenario::{Step, check};
use crate::schema::{Rule, Violation, check_parameter, check_request};
use crate::text::Text;

fn channel(word: &str) -> Channel {
    match word {
        "token" => Channel::Token,
        "callback" => Channel::Callback,
        "elsewhere" => Channel::Elsewhere,
        _ => Channel::Api,
    }
}

/// Asks about every request that arrived in one place; none at all leaves the question open.
pub(super) fn every(context: &Context<'_>, step: &Step, at: Channel, ask: impl Fn(&Parsed<'_>) -> Answer) -> Answer {
    let arrived = context.arrived(&step.id, at);
    if arrived.is_empty() {
        let (ja, en) = match at {
            Channel::Token => ("トークン要求が届きませんでした。", "No token request arrived."),
            _ => ("API の要求が届きませんでした。", "No request to the API arrived."),
        };
        return Answer::broken(Text::new("要求が届くこと", "a request to arrive"), Text::new(ja, en));
    }
    for parsed in arrived {
        match ask(parsed) {
            Answer::Holds => {}
            other => return other.of_exchange(parsed.index),
        }
    }
    Answer::Holds
}

pub(super) fn arrived(p: &check::Arrived, context: &Context<'_>, step: &Step) -> Answer {
    let count = context.arrived(&step.id, channel(&p.at)).len();
    let answer = Answer::from(
        count >= p.min && p.max.is_none_or(|max| count <= max),
        || {
            let range = match p.max {
                Some(max) if max == p.min => max.to_string(),
                Some(max) => format!("{}–{max}", p.min),
                None => format!("≥ {}", p.min),
            };
            Text::new(
                format!("{} への要求 {range} 件", p.at),
                format!("{range} requests to {}", p.at),
            )
        },
        || Text::new(format!("{count} 件"), format!("{count} requests")),
    );
    match context.arrived(&step.id, channel(&p.at)).last() {
        Some(last) => answer.of_exchange(last.index),
        None => answer,
    }
}

pub(super) fn request_line(p: &check::RequestLine, context: &Context<'_>, step: &Step) -> Answer {
    every(context, step, Channel::Api, |parsed| {
        let Some(request) = parsed.request() else {
            return Answer::broken(Text::new("HTTP 要求", "an HTTP request"), parsed.no_response());
        };
        let right_method = p.method.as_ref().is_none_or(|method| *method == request.method);
        let right_path = p
            .path
            .as_ref()
            .is_none_or(|path| request.path().ends_with(path.as_str()));
        Answer::from(
            right_method && right_path,
            || {
                Text::neutral(format!(
                    "{} …/{}",
                    p.method.as_deref().unwrap_or("*"),
                    p.path.as_deref().unwrap_or_default()
                ))
            },
            || Text::neutral(format!("{} {}", request.method, request.path())),
        )
    })
}

/// The Bearer token of a request.
fn bearer<'a>(parsed: &'a Parsed<'_>) -> Option<&'a str> {
    let value = parsed.request()?.headers.get("authorization")?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

pub(super) fn bearer_header(context: &Context<'_>, step: &Step) -> Answer {
    every(context, step, Channel::Api, |parsed| {
        let values: Vec<&str> = parsed
            .request()
            .map_or_else(Vec::new, |request| request.headers.all("authorization").collect());
        Answer::from(
            values.len() == 1 && bearer(parsed).is_some_and(|token| !token.is_empty()),
            || {
                Text::new(
                    "Authorization: Bearer（一つだけ）",
                    "one header Authorization: Bearer …",
                )
            },
            || match values.as_slice() {
                [] => Text::new("Authorization ヘッダーがない", "no Authorization header"),
                [value] => {
                    let scheme = value.split(' ').next().unwrap_or_default();
                    Text::new(format!("スキーム {scheme}"), format!("scheme {scheme}"))
                }
                many => Text::new(
                    format!("Authorization ヘッダーが {} 個", many.len()),
                    format!("{} Authorization headers", many.len()),
                ),
            },
        )
        .at("Authorization")
    })
}

pub(super) fn token_nowhere_else(context: &Context<'_>, step: &Step) -> Answer {
    let issued = issued_tokens(context);
    every(context, step, Channel::Api, |parsed| {
        let Some(request) = parsed.request() else {
            return Answer::Holds;
        };
        let other_headers = request
            .headers
            .0
            .iter()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("authorization"))
            .map(|(_, value)| value.as_str());
        let places = [
            ("URL", request.target.clone()),
            ("headers", other_headers.collect::<Vec<_>>().join("\n")),
        ];
        let body = String::from_utf8_lossy(&request.body);
        let found = places
            .iter()
            .map(|(place, text)| (*place, text.as_str()))
            .chain([("body", body.as_ref())])
            .find(|(_, text)| {
                text.contains("access_token") || issued.iter().any(|token| text.contains(token.as_str()))
            });
        match found {
            None => Answer::Holds,
            Some((place, _)) => Answer::broken(
                Text::new(
                    "Authorization ヘッダーだけでの送信",
                    "the token in the Authorization header alone",
                ),
                Text::new(
                    format!("{place} にもトークンがある"),
                    format!("a token in the {place} too"),
                ),
            )
            .at(place),
        }
    })
}

/// Tokens that the harness gave out, before and in the scenario.
fn issued_tokens(context: &Context<'_>) -> Vec<String> {
    let before = context.tokens_alive().map(str::to_owned);
    let steps: Vec<String> = context
        .evidence
        .exchanges
        .iter()
        .filter(|exchange| exchange.channel == Channel::Token)
        .map(|exchange| exchange.step.to_string())
        .collect();
    let now = steps.iter().flat_map(|step| {
        context
            .arrived(step, Channel::Token)
            .into_iter()
            .filter_map(|parsed| parsed.value("/access_token")?.as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    });
    before.chain(now).collect()
}

pub(super) fn token_issued(context: &Context<'_>, step: &Step) -> Answer {
    let issued = issued_tokens(context);
    every(context, step, Channel::Api, |parsed| {
        let token = bearer(parsed);
        Answer::from(
            token.is_some_and(|token| issued.iter().any(|known| known == token)),
            || {
                Text::new(
                    "認可サーバが発行したトークン",
                    "a token that the authorization server issued",
                )
            },
            || match token {
                Some(_) => Text::new("発行していないトークン", "a token that was never issued"),
                None => Text::new("トークンなし", "no token"),
            },
        )
    })
}

pub(super) fn token_renewed(context: &Context<'_>, step: &Step) -> Answer {
    let calls = context.arrived(&step.id, Channel::Api);
    let Some(refused) = calls
        .iter()
        .position(|parsed| parsed.response().is_some_and(|response| response.status == 401))
    else {
        return Answer::unanswered(
            "401 を返す要求が届きませんでした。",
            "No request arrived that could be answered with 401.",
        );
    };
    let expected = || Text::new("新しいトークンによる再送", "the request again, with another token");
    match calls.get(refused + 1) {
        None => Answer::broken(expected(), Text::new("再送がない", "it was not sent again"))
            .of_exchange(calls[refused].index),
        Some(next) => Answer::from(bearer(next) != bearer(calls[refused]), expected, || {
            Text::new("同じトークンでの再送", "sent again with the same token")
        })
        .of_exchange(next.index),
    }
}

pub(super) fn request_table(p: &check::RequestTable, context: &Context<'_>, step: &Step) -> Answer {
    let Some(interface) = context.interface.clone() else {
        return Answer::unanswered(
            "インターフェースの指定がありません。",
            "The scenario names no interface.",
        );
    };
    every(context, step, Channel::Api, |parsed| {
        let body = match parsed.request_json() {
            Ok(body) => body,
            Err(fault) => return Answer::broken(Text::new("JSON オブジェクト", "a JSON object"), fault.describe()),
        };
        let of_rule = |violation: &Violation| match p.rule.as_str() {
            "required" => violation.rule == Rule::Missing,
            "null" => violation.rule == Rule::Null,
            "condition" => violation.rule == Rule::Condition,
            "unknown" => violation.rule == Rule::Unknown,
            _ => !matches!(
                violation.rule,
                Rule::Missing | Rule::Null | Rule::Condition | Rule::Unknown
            ),
        };
        match check_request(&interface, body).into_iter().find(of_rule) {
            None => Answer::Holds,
            Some(violation) => Answer::broken(violation.expected, violation.found).at(&violation.at),
        }
    })
}

pub(super) fn request_item(p: &check::RequestItem, context: &Context<'_>, step: &Step) -> Answer {
    let Some(row) = context
        .interface
        .as_ref()
        .and_then(|interface| interface.parameter(&p.parameter).cloned())
    else {
        return Answer::unanswered(
            format!("項目 {} は表にありません。", p.parameter),
            format!("The table has no parameter {}.", p.parameter),
        );
    };
    let empty = Map::new();
    let told = context.instructed(&step.id).unwrap_or(&empty).get(&p.parameter);
    every(context, step, Channel::Api, |parsed| {
        let body = match parsed.request_json() {
            Ok(body) => body,
            Err(fault) => return Answer::broken(Text::new("JSON オブジェクト", "a JSON object"), fault.describe()),
        };
        if let Some(violation) = check_parameter(&row, body) {
            return Answer::broken(violation.expected, violation.found).at(&p.parameter);
        }
        let found = body.get(&p.parameter);
        // An item that was not asked for may be absent, null-free and empty, or hold its default.
        let holds = match told {
            Some(told) => found == Some(told),
            None => found.is_none_or(|found| {
                found
                    .as_str()
                    .is_some_and(|text| text.is_empty() || row.is_coded() || text == "000")
            }),
        };
        let show = |value: Option<&Value>| value.map_or_else(|| Text::new("（なし）", "(absent)"), Text::neutral);
        Answer::from(holds, || show(told), || show(found)).at(&p.parameter)
    })
}

pub(super) fn not_in_request_head(p: &check::NotInRequestHead, context: &Context<'_>, step: &Step) -> Answer {
    let Some(value) = context
        .instructed(&step.id)
        .and_then(|fields| fields.get(&p.parameter))
        .and_then(Value::as_str)
    else {
        return Answer::unanswered(
            format!("製品に {} を送るよう指示していません。", p.parameter),
            format!("The product was not told to send {}.", p.parameter),
        );
    };
    let value = value.to_owned();
    every(context, step, Channel::Api, |parsed| {
        let Some(request) = parsed.request() else {
            return Answer::Holds;
        };
        let text = if p.place == "url" {
            request.target.clone()
        } else {
            request
                .headers
                .0
                .iter()
                .map(|(_, value)| value.as_str())
                .collect::<Vec<_>>()
                .join("\n")
        };
        Answer::from(
            !forms(&value).iter().any(|form| text.contains(form.as_str())),
            || {
                Text::new(
                    format!("{} の値がないこと", p.parameter),
                    format!("the value of {} not to be there", p.parameter),
                )
            },
            || Text::new("値がある", "it is there"),
        )
        .at(&p.place)
    })
}

pub(super) fn gap(p: &check::Gap, context: &Context<'_>, step: &Step) -> Answer {
    let calls = context.arrived(&step.id, Channel::Api);
    // The smallest one counts: a product that waits once and then hurries does not wait.
    let smallest = calls
        .windows(2)
        .filter_map(|pair| {
            let [before, after] = pair else { return None };
            let end = before.exchange.started_us + before.exchange.elapsed_us;
            Some((after.exchange.started_us.saturating_sub(end) / 1000, after.index))
        })
        .min();
    let Some((gap, index)) = smallest else {
        return Answer::not_applicable("再送がありません。", "The request was not sent again.");
    };
    let told = context.facts.retry_wait_ms as f64 * p.part_of_retry_wait;
    let min_ms = p.min_ms.max(told as u64);
    Answer::from(
        gap >= min_ms,
        || Text::new(format!("{min_ms} ミリ秒以上の間隔"), format!("at least {min_ms} ms")),
        || Text::neutral(format!("{gap} ms")),
    )
    .of_exchange(index)
}

pub(super) fn reported(p: &check::Reported, context: &Context<'_>, step: &Step) -> Answer {
    let Some((_, Some(report))) = context.reported(&step.id) else {
        return Answer::unanswered(
            "製品が処理結果を報告しないため、判定できません（ドライバーの応答に number を含めてください）。",
            "The product does not report its outcome; let the driver answer with `number`.",
        );
    };
    let number = report
        .get("number")
        .and_then(Value::as_str)
        .filter(|number| !number.is_empty());
    // Success is what the product takes for success: it names no error.
    let succeeded = report.get("error").is_none_or(Value::is_null);
    if succeeded != p.success {
        let expected = if p.success {
            Text::new("成功の報告（error なし）", "success to be reported: no `error`")
        } else {
            Text::new("失敗の報告（error あり）", "failure to be reported: an `error`")
        };
        return Answer::broken(expected, Text::neutral(report));
    }
    if !p.number {
        return Answer::Holds;
    }
    let sent = context
        .arrived(&step.id, Channel::Api)
        .into_iter()
        .rev()
        .find_map(|parsed| parsed.value("/result/0/atenabango")?.as_str().map(str::to_owned));
    match sent {
        None => Answer::unanswered("番号を返した応答がありません。", "No response with a number was sent."),
        Some(sent) => Answer::from(
            number == Some(sent.as_str()),
            || Text::neutral(&sent),
            || Text::neutral(report),
        ),
    }
}

/// A value of what the product's driver reported at the end of the step.
pub(super) fn driver_value(p: &check::DriverValue, context: &Context<'_>, step: &Step) -> Answer {
    let Some((_, Some(report))) = context.reported(&step.id) else {
        return Answer::unanswered(
            "製品のドライバーが結果を報告していません。",
            "the product's driver reported nothing",
        );
    };
    let wanted = match (&p.equals, &p.one_of) {
        (Some(value), _) => vec![value.clone()],
        (None, Some(values)) => values.clone(),
        (None, None) => return Answer::Holds,
    };
    let found = report.pointer(&p.at);
    Answer::from(
        found.is_some_and(|found| wanted.contains(found)),
        || {
            let words: Vec<String> = wanted.iter().map(ToString::to_string).collect();
            Text::neutral(format!("{} = {}", p.at, words.join(" / ")))
        },
        || {
            found.map_or_else(
                || Text::new("（なし）", "(absent)"),
                |found| Text::neutral(found.to_string()),
            )
        },
    )
}
