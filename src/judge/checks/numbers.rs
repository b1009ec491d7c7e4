//! Checks of the numbers that a provider issues.

use std::collections::HashMap;

use serde_json::Value;

use super::super::context::{Answer, Context, Parsed};
use crate::scenario::{Step, check};
use crate::text::Text;
use crate::text::check_digit::{addressee_number, is_addressee_number};

fn no_number(parsed: &Parsed<'_>, at: &str) -> Answer {
    let found = match parsed.response() {
        None => parsed.no_response(),
        Some(response) => Text::new(
            format!("番号がない（HTTP {}）", response.status),
            format!("no number (HTTP {})", response.status),
        ),
    };
    Answer::broken(Text::new("番号を含む応答", "a response with a number"), found)
        .at(at)
        .of_exchange(parsed.index)
}

pub(super) fn unique(p: &check::Unique, context: &Context<'_>, step: &Step) -> Answer {
    let mut seen: HashMap<String, usize> = HashMap::new();
    let steps = std::iter::once(&*step.id).chain(p.with.iter().map(String::as_str));
    for parsed in steps.flat_map(|step| context.of_step(step)) {
        let Some(number) = parsed.value(&p.at).map(Value::to_string) else {
            return no_number(parsed, &p.at);
        };
        if let Some(first) = seen.insert(number.clone(), parsed.index) {
            return Answer::broken(
                Text::new("互いに異なる番号", "numbers that differ"),
                Text::new(
                    format!("{number} が交換 {} と {} の両方に現れた", first + 1, parsed.index + 1),
                    format!(
                        "{number} in both exchange {} and exchange {}",
                        first + 1,
                        parsed.index + 1
                    ),
                ),
            )
            .at(&p.at)
            .of_exchange(parsed.index);
        }
    }
    if seen.len() < 2 {
        return Answer::unanswered("比べる番号が二つありません。", "There are no two numbers to compare.");
    }
    Answer::Holds
}

pub(super) fn rising(p: &check::Rising, context: &Context<'_>, step: &Step) -> Answer {
    let mut last: Option<(String, String)> = None;
    for parsed in context.of_step(&step.id) {
        let Some(number) = parsed.value(&p.at).and_then(Value::as_str) else {
            return no_number(parsed, &p.at);
        };
        let body: String = number.chars().take(number.chars().count().saturating_sub(1)).collect();
        if let Some((last_body, last_number)) = &last {
            let rises = (body.len(), &body) > (last_body.len(), last_body);
            if !rises {
                return Answer::broken(
                    Text::new(
                        format!("{last_number} より大きい番号（検査数字を除く）"),
                        format!("a number above {last_number} (check digit left out)"),
                    ),
                    Text::neutral(number),
                )
                .at(&p.at)
                .of_exchange(parsed.index);
            }
        }
        last = Some((body, number.to_owned()));
    }
    Answer::Holds
}

pub(super) fn not_resident(p: &check::NotResident, context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    let Some(number) = parsed.value(&p.at).and_then(Value::as_str) else {
        return no_number(parsed, &p.at);
    };
    Answer::from(
        !context.facts.residents.iter().any(|resident| resident == number),
        || Text::new("住民の宛名番号でない番号", "a number that no resident has"),
        || {
            Text::new(
                format!("住民の宛名番号 {number}"),
                format!("{number}, a resident's number"),
            )
        },
    )
    .at(&p.at)
}

pub(super) fn check_digit(p: &check::CheckDigit, parsed: &Parsed<'_>) -> Answer {
    let Some(number) = parsed.value(&p.at).and_then(Value::as_str) else {
        return no_number(parsed, &p.at);
    };
    Answer::from(
        is_addressee_number(number),
        || {
            let mut characters = number.chars();
            characters.next_back();
            match addressee_number(characters.as_str()) {
                Some(digit) => Text::new(
                    format!("末尾の検査数字 {digit}"),
                    format!("check digit {digit} at the end"),
                ),
                None => Text::new("数字だけの番号", "a number of digits only"),
            }
        },
        || Text::neutral(number),
    )
    .at(&p.at)
}
