//! What a token opens: the scope that a token response or an introspection names.

use serde_json::Value;

use super::super::context::{Answer, Context, Parsed};
use crate::evidence::Channel;
use crate::scenario::check;
use crate::text::Text;

/// What became of a token request.
enum Granted {
    /// Refused with an OAuth error.
    No,
    /// A token with these scopes.
    Scopes(Vec<String>),
    /// Neither.
    Unclear(Text),
}

/// Reads the scopes off the introspection of the scenario, or off the token response.
fn granted(context: &Context<'_>, parsed: &Parsed<'_>) -> Granted {
    let Some(response) = parsed.response() else {
        return Granted::Unclear(parsed.no_response());
    };
    let has = |name: &str| parsed.value(name).and_then(Value::as_str).is_some();
    match response.status {
        400 if has("/error") && !has("/access_token") => return Granted::No,
        200 if has("/access_token") => {}
        status => return Granted::Unclear(Text::neutral(format!("HTTP {status}"))),
    }
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    let looked_at = context
        .of_channel(Channel::Introspection)
        .into_iter()
        .find(|parsed| parsed.response().is_some_and(|response| response.status == 200));
    if let Some(introspection) = looked_at {
        let active = introspection.value("/active") == Some(&Value::Bool(true));
        let scope = introspection.value("/scope").and_then(Value::as_str).filter(|_| active);
        return Granted::Scopes(words(scope.unwrap_or_default()));
    }
    match parsed.value("/scope").and_then(Value::as_str) {
        Some(scope) => Granted::Scopes(words(scope)),
        // RFC 6749 5.1: without `scope`, what was asked for was granted.
        None => Granted::Unclear(Text::new(
            "スコープの示されないトークン（求めたとおりに与えられた意味になる）",
            "a token whose scope nobody names, which means as requested",
        )),
    }
}

pub(super) fn withheld(p: &check::ScopeWithheld, context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    let expected = || {
        Text::new(
            format!("400 での拒否、又はスコープ {} を持たないトークン", p.scope),
            format!("a refusal with 400, or a token without the scope {}", p.scope),
        )
    };
    match granted(context, parsed) {
        Granted::No => {
            let error = parsed.value("/error").and_then(Value::as_str);
            Answer::from(
                error == Some("invalid_scope"),
                || Text::neutral("invalid_scope"),
                || Text::neutral(error.unwrap_or_default()),
            )
            .at("/error")
        }
        Granted::Unclear(found) => Answer::broken(expected(), found),
        Granted::Scopes(scopes) => {
            Answer::from(!scopes.contains(&p.scope), expected, || Text::neutral(scopes.join(" ")))
        }
    }
}

pub(super) fn one_provider(context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    let expected = || {
        Text::new(
            "400 での拒否、又は一つの提供側だけを開くトークン",
            "a refusal with 400, or a token that opens one provider alone",
        )
    };
    match granted(context, parsed) {
        Granted::No => Answer::Holds,
        Granted::Unclear(found) => Answer::broken(expected(), found),
        Granted::Scopes(scopes) => {
            let mut providers: Vec<&str> = scopes.iter().filter_map(|scope| scope.split(':').next()).collect();
            providers.sort_unstable();
            providers.dedup();
            Answer::from(providers.len() <= 1, expected, || Text::neutral(scopes.join(" ")))
        }
    }
}
