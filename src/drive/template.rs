//! `${…}` values: what scenario files say about values that exist only when a step runs.
//!
//! | value | meaning |
//! |---|---|
//! | `${fill:CLASS:N}` | N characters: X letters, 9 digits, N kanji, K katakana, A full-width letters, H half-width katakana, B kanji outside the BMP, V kanji with a variation selector, C a control character |
//! | `${step.ID:/pointer}` | a value of the response of an earlier step |
//! | `${token.ID}` | the token that an earlier step got |
//! | `${resident}`, `${resident.N}`, `${residents}`, `${resident-body}` | numbers of residents |
//! | `${unused}`, `${unused.N}`, `${unused-old}`, `${unused-body}` | numbers that nobody has |
//! | `${person.NAME.LENGTH}` | the number of somebody of the story, LENGTH digits |
//! | `${notice.OPERATION.NAME.N}` | the serial number of the N-th such notice about somebody: ten digits that no other notice of the run has |
//! | `${kojinbango}` | a synthetic 個人番号 |
//! | `${repeat:N:TEXT}` | TEXT so many times; `#` in it is the number of the repetition, from 1 |
//! | `${null}` | JSON null, which TOML cannot write |
//! | `${municipality}`, `${run}`, `${marker}`, `${client_id}`, `${token_endpoint}`, `${elsewhere}`, `${elsewhere-plain}` | facts of the run |
//! | `${today}`, `${time}`, `${now}`, `${now+60}` | times |

use std::collections::HashMap;

use serde_json::Value;
use thiserror::Error;

use super::person::marker;
use crate::evidence::RunFacts;
use crate::population::{individual_number, story_number, unused_number};
use crate::schema::pointer_values;
use crate::text::check_digit::addressee_number;
use crate::text::date::day_and_time_in_japan;

/// Digits of the serial number of a notice after its first.
const NOTICE_DIGITS: usize = 9;

/// Why a `${…}` could not be filled in.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
pub(super) enum TemplateError {
    /// No such value.
    #[error("`${{{0}}}` is not known")]
    Unknown(String),
    /// A value of an earlier step is not there.
    #[error("step `{step}` gave no value at {at}")]
    NoValue {
        /// The step.
        step: String,
        /// JSON Pointer, or `token`.
        at: String,
    },
}

/// What values can be taken from.
pub(super) struct Scope<'a> {
    pub(super) facts: &'a RunFacts,
    pub(super) scenario: &'a str,
    /// Now, Unix seconds.
    pub(super) now: u64,
    pub(super) token_endpoint: &'a str,
    /// Another origin of the receiver, with and without TLS.
    pub(super) elsewhere: (&'a str, &'a str),
    /// JSON bodies of earlier responses, by step.
    pub(super) responses: &'a HashMap<String, Value>,
    /// Tokens of earlier steps.
    pub(super) tokens: &'a HashMap<String, String>,
}

impl Scope<'_> {
    /// Fills in every `${…}` of a text.
    pub(super) fn text(&self, text: &str) -> Result<String, TemplateError> {
        let mut filled = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let Some(end) = rest[start..].find('}') else {
                break;
            };
            filled.push_str(&rest[..start]);
            match self.value(&rest[start + 2..start + end])? {
                Value::String(text) => filled.push_str(&text),
                other => filled.push_str(&other.to_string()),
            }
            rest = &rest[start + end + 1..];
        }
        filled.push_str(rest);
        Ok(filled)
    }

    /// Fills in every `${…}` of a JSON value. A string that is one `${…}` takes its type.
    pub(super) fn json(&self, value: &Value) -> Result<Value, TemplateError> {
        Ok(match value {
            Value::String(text) => match text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
                Some(name) if !name.contains('}') => self.value(name)?,
                _ => Value::String(self.text(text)?),
            },
            Value::Array(items) => Value::Array(items.iter().map(|item| self.json(item)).collect::<Result<_, _>>()?),
            Value::Object(members) => Value::Object(
                members
                    .iter()
                    .map(|(name, member)| Ok((name.clone(), self.json(member)?)))
                    .collect::<Result<_, TemplateError>>()?,
            ),
            other => other.clone(),
        })
    }

    fn value(&self, name: &str) -> Result<Value, TemplateError> {
        let unknown = || TemplateError::Unknown(name.to_owned());
        if let Some(rest) = name.strip_prefix("fill:") {
            let (class, count) = rest.split_once(':').ok_or_else(unknown)?;
            let count = count.parse().map_err(|_| unknown())?;
            return fill(class, count).map(Value::String).ok_or_else(unknown);
        }
        if let Some(rest) = name.strip_prefix("repeat:") {
            let (count, text) = rest.split_once(':').ok_or_else(unknown)?;
            let count: usize = count.parse().map_err(|_| unknown())?;
            let repeated: String = (1..=count)
                .map(|number| text.replace('#', &number.to_string()))
                .collect();
            return Ok(repeated.into());
        }
        if name == "null" {
            return Ok(Value::Null);
        }
        if let Some(rest) = name.strip_prefix("step.") {
            let (step, at) = rest.split_once(':').ok_or_else(unknown)?;
            let found = self.responses.get(step).and_then(|body| {
                let (_, value) = pointer_values(body, at).into_iter().next()?;
                Some(value.clone())
            });
            return found.ok_or_else(|| TemplateError::NoValue {
                step: step.to_owned(),
                at: at.to_owned(),
            });
        }
        if let Some(step) = name.strip_prefix("token.") {
            let token = self.tokens.get(step).ok_or_else(|| TemplateError::NoValue {
                step: step.to_owned(),
                at: "token".into(),
            })?;
            return Ok(token.as_str().into());
        }
        if let Some(rest) = name.strip_prefix("now") {
            let offset: i64 = if rest.is_empty() {
                0
            } else {
                rest.parse().map_err(|_| unknown())?
            };
            return Ok(self.now.saturating_add_signed(offset).into());
        }
        self.fact(name)
            .map(Value::from)
            .or_else(|| (name == "residents").then(|| self.facts.residents.clone().into()))
            .ok_or_else(unknown)
    }

    fn fact(&self, name: &str) -> Option<String> {
        let facts = self.facts;
        let (day, time) = day_and_time_in_japan(facts.started_unix_ms);
        // Fresh in every run: a product keeps what an earlier run registered.
        let unused = |key: &str| unused_number(facts.seed ^ facts.started_unix_ms, self.scenario, key);
        let body = |number: &str| number.get(..number.len().saturating_sub(1)).map(str::to_owned);
        Some(match name {
            "today" => day,
            "time" => time,
            "municipality" => facts.municipality.clone(),
            "run" => facts.started_unix_ms.to_string(),
            "marker" => marker(facts.seed, self.scenario),
            "client_id" => facts.client_id.clone(),
            "token_endpoint" => self.token_endpoint.to_owned(),
            "elsewhere" => self.elsewhere.0.to_owned(),
            "elsewhere-plain" => self.elsewhere.1.to_owned(),
            "kojinbango" => individual_number(facts.seed, self.scenario),
            "resident" => facts.residents.first()?.clone(),
            "resident-body" => body(facts.residents.first()?)?,
            "unused" => unused("1"),
            "unused-body" => body(&unused("1"))?,
            "unused-old" => {
                let body = body(&unused("old"))?;
                let digit = addressee_number(&body)?;
                format!("{body}{}", (digit + 1) % 10)
            }
            _ => {
                let (family, index) = name.split_once('.')?;
                if family == "notice" {
                    let serial = story_number(facts.seed, facts.started_unix_ms, self.scenario, name, NOTICE_DIGITS);
                    return Some(format!("1{serial}"));
                }
                if family == "person" {
                    let (person, length) = index.rsplit_once('.')?;
                    let length = length.parse().ok()?;
                    return Some(story_number(
                        facts.seed,
                        facts.started_unix_ms,
                        self.scenario,
                        person,
                        length,
                    ));
                }
                let index: usize = index.parse().ok()?;
                match family {
                    "resident" => facts.residents.get(index.checked_sub(1)?)?.clone(),
                    "unused" => unused(&index.to_string()),
                    _ => return None,
                }
            }
        })
    }
}

/// `count` characters of a class.
fn fill(class: &str, count: usize) -> Option<String> {
    // Digits whose sequence of twelve has a wrong 個人番号 check digit at any start.
    let pattern: &[&str] = match class {
        "X" => &["A", "b", "C", "d", "E"],
        "9" => &["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"],
        "N" => &["試", "験", "文", "字", "列"],
        "K" => &["シ", "ケ", "ン", "モ", "ジ"],
        "A" => &["Ａ", "Ｂ", "Ｃ"],
        "H" => &["ｼ", "ｹ", "ﾝ"],
        "B" => &["𠮷", "𠀋", "𡈽"],
        "V" => &["葛\u{E0100}", "辻\u{E0100}"],
        "C" => &["\u{7}"],
        "S" => &[" "],
        _ => return None,
    };
    Some(pattern.iter().cycle().take(count).copied().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::characters::length;
    use crate::text::check_digit::is_individual_number;

    #[test]
    fn fillers_have_the_length_they_promise() {
        for class in ["X", "9", "N", "K", "A", "H", "B", "V", "C"] {
            assert_eq!(length(&fill(class, 12).expect("known")), 12, "{class}");
        }
        assert!(fill("?", 1).is_none());
        assert!(!is_individual_number(&fill("9", 12).expect("known")));
    }

    #[test]
    fn values() {
        let facts = RunFacts {
            residents: vec!["100000000000000".into()],
            ..RunFacts::default()
        };
        let responses = HashMap::from([("a".to_owned(), serde_json::json!({"r": [{"n": "7"}]}))]);
        let scope = Scope {
            facts: &facts,
            scenario: "s",
            now: 1000,
            token_endpoint: "https://t/",
            elsewhere: ("", ""),
            responses: &responses,
            tokens: &HashMap::new(),
        };
        assert_eq!(scope.text("<${step.a:/r/0/n}>").as_deref(), Ok("<7>"));
        assert_eq!(scope.json(&"${now+60}".into()), Ok(1060.into()));
        assert_eq!(scope.json(&"${now-60}".into()), Ok(940.into()));
        assert_eq!(scope.text("${resident.1}").as_deref(), Ok("100000000000000"));
        assert!(matches!(scope.text("${resident.9}"), Err(TemplateError::Unknown(_))));
        assert!(matches!(scope.text("${step.b:/x}"), Err(TemplateError::NoValue { .. })));
        assert_eq!(scope.text("no ${ end").as_deref(), Ok("no ${ end"));
    }
}
