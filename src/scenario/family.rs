//! Families: one scenario for every matching row of a request table, with stable ids.

use serde::Deserialize;

use super::file::{Family, Over, RawScenario, form};
use super::{CorpusError, Scenario};
use crate::standard::{Interface, ItemType, Parameter, SourceFile};

/// Generates the scenarios of one family.
pub(super) fn generate(
    family: &Family,
    interface: &Interface,
    file: &SourceFile,
    resolve: impl Fn(RawScenario) -> Result<Scenario, Vec<CorpusError>>,
) -> Result<Vec<Scenario>, Vec<CorpusError>> {
    let location = file.location_of_id(&family.id);
    let user = format!("family {}", family.id);
    let mut scenarios = Vec::new();
    let mut errors = Vec::new();
    for name in family.over.names.iter().chain(&family.over.except) {
        if interface.parameter(name).is_none() {
            errors.push(CorpusError::Unknown {
                location: location.clone(),
                user: user.clone(),
                what: "parameter",
                name: name.clone(),
                hint: super::error::did_you_mean(name, interface.parameter.iter().map(|row| row.name.as_str())),
            });
        }
    }
    for row in interface.parameter.iter().filter(|row| family.over.selects(row)) {
        let codes: Vec<Option<&str>> = if family.over.each_code {
            row.codes.iter().map(|code| Some(code.as_str())).collect()
        } else {
            vec![None]
        };
        for code in codes {
            let table = substitute_table(&family.scenario, &|text| fill_placeholders(text, row, code));
            match RawScenario::deserialize(toml::Value::Table(table)) {
                Ok(raw) => match resolve(raw) {
                    Ok(scenario) => scenarios.push(scenario),
                    Err(mut more) => errors.append(&mut more),
                },
                Err(error) => {
                    errors.push(form(&location, &user, error.message().trim_end()));
                    return Err(errors);
                }
            }
        }
    }
    if scenarios.is_empty() && errors.is_empty() {
        errors.push(form(&location, &user, "no row of the request table matches `over`"));
    }
    if errors.is_empty() { Ok(scenarios) } else { Err(errors) }
}

impl Over {
    fn selects(&self, row: &Parameter) -> bool {
        let agrees = |wanted: Option<bool>, actual: bool| wanted.is_none_or(|wanted| wanted == actual);
        agrees(self.required, row.required)
            && agrees(self.fixed, row.fixed)
            && agrees(self.coded, row.is_coded())
            && agrees(self.unknown_date, row.unknown_date)
            && (self.types.is_empty() || self.types.contains(&row.item_type))
            && self.min_length.is_none_or(|min| row.length >= min)
            && (self.names.is_empty() || self.names.contains(&row.name))
            && !self.except.contains(&row.name)
    }
}

fn substitute_table(table: &toml::Table, fill: &impl Fn(&str) -> String) -> toml::Table {
    table
        .iter()
        .map(|(key, value)| (fill(key), substitute(value, fill)))
        .collect()
}

fn substitute(value: &toml::Value, fill: &impl Fn(&str) -> String) -> toml::Value {
    match value {
        toml::Value::String(text) => toml::Value::String(fill(text)),
        toml::Value::Array(items) => toml::Value::Array(items.iter().map(|item| substitute(item, fill)).collect()),
        toml::Value::Table(table) => toml::Value::Table(substitute_table(table, fill)),
        other => other.clone(),
    }
}

/// Fills in the placeholders of one row. Unknown ones stay, and lint finds them.
fn fill_placeholders(text: &str, row: &Parameter, code: Option<&str>) -> String {
    if !text.contains('{') {
        return text.to_owned();
    }
    let class = match row.item_type {
        ItemType::N => "N",
        ItemType::X if row.fixed => "9",
        _ => "X",
    };
    let (condition, condition_value) = row.condition.as_ref().map_or(("", ""), |condition| {
        (
            condition.parameter.as_str(),
            condition.is.first().map_or("", String::as_str),
        )
    });
    let numbers = [
        ("{length}", row.length.to_string()),
        ("{over}", (row.length + 1).to_string()),
        ("{under}", row.length.saturating_sub(1).to_string()),
    ];
    let words = [
        ("{name}", row.name.as_str()),
        ("{item.ja}", row.item.ja.as_str()),
        ("{item.en}", row.item.en.as_str()),
        ("{type}", row.item_type.printed()),
        ("{class}", class),
        ("{code}", code.unwrap_or_default()),
        ("{condition.parameter}", condition),
        ("{condition.value}", condition_value),
    ];
    let filled = words
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to));
    numbers.iter().fold(filled, |text, (from, to)| text.replace(from, to))
}
