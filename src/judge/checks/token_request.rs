//! Checks of the token requests and client assertions of a consumer product.

use base64::Engine as _;
use memchr::memmem;
use serde_json::Value;

use super::super::context::{Answer, Context, Parsed};
use super::consumer::every;
use crate::evidence::Channel;
use crate::scenario::{Step, check};
use crate::text::Text;
use crate::wire::{form_decode, jwt};

/// Longest life of a client assertion in seconds that we find short (our own profile, CF-CLI-006).
const SHORT_ASSERTION: i64 = 300;

/// The form parameters of a token request.
fn form(parsed: &Parsed<'_>) -> Vec<(String, String)> {
    parsed
        .request()
        .map_or_else(Vec::new, |request| form_decode(&String::from_utf8_lossy(&request.body)))
}

fn only<'a>(form: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let mut values = form
        .iter()
        .filter(|(known, _)| known == name)
        .map(|(_, value)| value.as_str());
    let first = values.next();
    first.filter(|_| values.next().is_none())
}

pub(super) fn token_request(p: &check::TokenRequest, context: &Context<'_>, step: &Step) -> Answer {
    if p.part == "no-secret" {
        return secret_nowhere(context, step);
    }
    every(context, step, Channel::Token, |parsed| {
        let form = form(parsed);
        match p.part.as_str() {
            "grant" => {
                let grant = only(&form, "grant_type");
                Answer::from(
                    grant == Some("client_credentials"),
                    || Text::neutral("grant_type=client_credentials"),
                    || Text::neutral(format!("grant_type={}", grant.unwrap_or("?"))),
                )
            }
            "scope" => {
                let wanted = context
                    .interface
                    .as_ref()
                    .map(|interface| interface.scope())
                    .unwrap_or_default();
                let scope = only(&form, "scope");
                Answer::from(
                    scope == Some(wanted.as_str()),
                    || Text::neutral(format!("scope={wanted}")),
                    || Text::neutral(format!("scope={}", scope.unwrap_or("?"))),
                )
            }
            _ => {
                let found = parsed.request().and_then(crate::wire::HttpRequest::media_type);
                Answer::from(
                    found.as_deref() == Some("application/x-www-form-urlencoded"),
                    || Text::neutral("application/x-www-form-urlencoded"),
                    || Text::neutral(found.as_deref().unwrap_or("?")),
                )
            }
        }
    })
}

/// The client secret travels nowhere: not to the token endpoint, to the API or elsewhere.
fn secret_nowhere(context: &Context<'_>, step: &Step) -> Answer {
    for at in [Channel::Api, Channel::Elsewhere] {
        for parsed in context.arrived(&step.id, at) {
            match no_secret(context, parsed) {
                Answer::Holds => {}
                other => return other.of_exchange(parsed.index),
            }
        }
    }
    every(context, step, Channel::Token, |parsed| no_secret(context, parsed))
}

/// The client secret itself never travels beside an assertion.
fn no_secret(context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    let secret = &context.facts.consumer_client_secret;
    let basic =
        base64::engine::general_purpose::STANDARD.encode(format!("{}:{secret}", context.facts.consumer_client_id));
    let bytes = &parsed.exchange.request;
    let has_assertion = !form(parsed).iter().all(|(name, _)| name != "client_assertion");
    let sent = !secret.is_empty()
        && (memmem::find(bytes, secret.as_bytes()).is_some()
            || (has_assertion || parsed.exchange.channel != Channel::Token)
                && memmem::find(bytes, basic.as_bytes()).is_some());
    Answer::from(
        !sent,
        || {
            Text::new(
                "クライアントシークレットを送らないこと",
                "the client secret not to be sent",
            )
        },
        || {
            Text::new(
                "要求にクライアントシークレットがある",
                "the request holds the client secret",
            )
        },
    )
}

pub(super) fn client_assertion(p: &check::ClientAssertion, context: &Context<'_>, step: &Step) -> Answer {
    if p.part == "fresh-id" {
        return fresh_ids(context, step);
    }
    every(context, step, Channel::Token, |parsed| {
        let form = form(parsed);
        let expected = || {
            Text::new(
                "client_assertion（JWT）と正しい client_assertion_type",
                "a client_assertion (JWT) and the right client_assertion_type",
            )
        };
        let kind = only(&form, "client_assertion_type");
        let assertion = only(&form, "client_assertion").and_then(jwt::decode);
        let Some(assertion) = assertion else {
            return Answer::broken(expected(), Text::new("JWT がない", "no JWT"));
        };
        let facts = context.facts;
        let arrival = i64::try_from((facts.started_unix_ms + parsed.exchange.started_us / 1000) / 1000).unwrap_or(0);
        match p.part.as_str() {
            "present" => Answer::from(
                kind == Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                expected,
                || Text::neutral(kind.unwrap_or("?")),
            ),
            "algorithm" => Answer::from(
                assertion.algorithm() == "HS256",
                || Text::neutral("alg HS256"),
                || Text::neutral(format!("alg {}", assertion.algorithm())),
            ),
            "signature" => Answer::from(
                assertion.is_signed_by(facts.consumer_client_secret.as_bytes()),
                || Text::new("クライアントシークレットによる署名", "a signature by the client secret"),
                || Text::new("署名が合わない", "another signature"),
            ),
            "lifetime" => {
                let life = assertion.time("exp").map(|exp| exp - arrival);
                Answer::from(
                    life.is_some_and(|life| (0..=SHORT_ASSERTION).contains(&life)),
                    || {
                        Text::new(
                            format!("exp は 0〜{SHORT_ASSERTION} 秒後"),
                            format!("exp 0 to {SHORT_ASSERTION} seconds ahead"),
                        )
                    },
                    || life.map_or_else(|| Text::neutral("?"), |life| Text::neutral(format!("{life} s"))),
                )
            }
            "no-personal-data" => no_personal_data(context, step, parsed),
            _ => claims(context, context.token_endpoint(&step.id), &assertion, arrival),
        }
    })
}

fn claims(context: &Context<'_>, endpoint: &str, assertion: &jwt::Decoded, arrival: i64) -> Answer {
    let facts = context.facts;
    let audience = match assertion.claims.get("aud") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    // RD-27: the token endpoint, or the issuer, which is its origin here.
    let origin = endpoint
        .match_indices('/')
        .nth(2)
        .map_or(endpoint, |(at, _)| &endpoint[..at]);
    let right_audience =
        audience.len() == 1 && (audience[0] == endpoint || audience[0].trim_end_matches('/') == origin);
    let wrong = [
        ("iss", assertion.text("iss") == Some(facts.consumer_client_id.as_str())),
        ("sub", assertion.text("sub") == Some(facts.consumer_client_id.as_str())),
        ("aud", right_audience),
        ("exp", assertion.time("exp").is_some_and(|exp| exp > arrival - 5)),
        ("jti", assertion.text("jti").is_some_and(|jti| !jti.is_empty())),
    ]
    .into_iter()
    .find(|(_, right)| !right);
    match wrong {
        None => Answer::Holds,
        Some((claim, _)) => Answer::broken(
            Text::new(
                "iss・sub = クライアントID、aud = トークンエンドポイント、未来の exp、jti",
                "iss and sub = client id, aud = token endpoint, exp ahead, jti",
            ),
            Text::neutral(format!(
                "{claim} = {}",
                assertion
                    .claims
                    .get(claim)
                    .map_or_else(|| "?".to_owned(), Value::to_string)
            )),
        )
        .at(claim),
    }
}

fn fresh_ids(context: &Context<'_>, step: &Step) -> Answer {
    let ids: Vec<String> = context
        .arrived(&step.id, Channel::Token)
        .into_iter()
        .filter_map(|parsed| {
            let assertion = only(&form(parsed), "client_assertion").and_then(jwt::decode)?;
            assertion.text("jti").map(str::to_owned)
        })
        .collect();
    if ids.len() < 2 {
        return Answer::not_applicable(
            "比べるアサーションが二つありません。",
            "There are no two assertions with a jti to compare.",
        );
    }
    let repeated = ids.iter().enumerate().find(|(index, id)| ids[..*index].contains(id));
    Answer::from(
        repeated.is_none(),
        || Text::new("毎回異なる jti", "another jti each time"),
        || Text::neutral(repeated.map_or("", |(_, id)| id)),
    )
    .at("jti")
}

fn no_personal_data(context: &Context<'_>, step: &Step, parsed: &Parsed<'_>) -> Answer {
    let Some(fields) = context.instructed(&step.id) else {
        return Answer::unanswered(
            "製品への指示が記録されていません。",
            "What the product was told is not recorded.",
        );
    };
    let text: String = form(parsed)
        .iter()
        .map(|(_, value)| match jwt::decode(value) {
            Some(token) => Value::Object(token.claims).to_string(),
            None => value.clone(),
        })
        .collect::<Vec<_>>()
        .join("\n");
    let personal = [
        "kojinbango",
        "shimei",
        "seinengappi",
        "shimei_furigana",
        "jusho_banchigohyoki",
    ];
    let leaked = personal.iter().find(|name| {
        fields
            .get(**name)
            .and_then(Value::as_str)
            .is_some_and(|value| value.chars().count() >= 4 && text.contains(value))
    });
    Answer::from(
        leaked.is_none(),
        || {
            Text::new(
                "個人に関する値のないトークン要求",
                "a token request without personal data",
            )
        },
        || Text::neutral(leaked.copied().unwrap_or_default()),
    )
}
