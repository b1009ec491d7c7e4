//! The parameter check of the provider: the table, and the mistakes that vendors make with it.

use serde_json::{Map, Value};

use super::defect::DefectSet;
use super::defect_list::Defect;
use crate::schema::{Rule, Violation, check_parameter};
use crate::standard::{Interface, ItemType, Parameter};
use crate::text::Text;
use crate::text::characters::{is_full_width, is_half_width, length};
use crate::text::check_digit::is_addressee_number;
use crate::text::date::{DateForm, classify_date};

/// Every violated row, in the order of the table. Parameters outside the table are ignored.
pub(super) fn violations(interface: &Interface, body: &Map<String, Value>, defects: &DefectSet) -> Vec<Violation> {
    let clean = defects.is_empty();
    interface
        .parameter
        .iter()
        .filter_map(|row| {
            let found = check_parameter(row, body);
            if clean {
                return found;
            }
            stricter(row, body, defects)
                .map(|rule| violation(row, rule))
                .or_else(|| found.filter(|found| !is_tolerated(row, found.rule, body.get(&row.name), defects)))
        })
        .collect()
}

/// A violation of a row that the table check itself does not know.
pub(super) fn violation(row: &Parameter, rule: Rule) -> Violation {
    Violation {
        at: row.name.clone(),
        item: row.item.clone(),
        rule,
        expected: Text::default(),
        found: Text::default(),
    }
}

/// Whether a value makes a provider with a defect fall over instead of checking it.
pub(super) fn crashes(interface: &Interface, body: &Map<String, Value>, defects: &DefectSet) -> bool {
    let null_crash = defects.has(Defect::OptionalNullCrash)
        && interface
            .parameter
            .iter()
            .any(|row| !row.required && body.get(&row.name).is_some_and(Value::is_null));
    let type_crash =
        defects.has(Defect::JsonTypeCrash) && body.values().any(|value| !value.is_string() && !value.is_null());
    let unknown_crash =
        defects.has(Defect::UnknownParameterCrash) && body.keys().any(|name| interface.parameter(name).is_none());
    null_crash || type_crash || unknown_crash || defects.has(Defect::ManyMembersCrash) && body.len() > 64
}

/// Rules that only a mistaken provider has.
fn stricter(row: &Parameter, body: &Map<String, Value>, defects: &DefectSet) -> Option<Rule> {
    let name = row.name.as_str();
    let text = body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let demanded = match name {
        "seibetsu" | "seinengappi" => defects.has(Defect::OptionalDemanded),
        "uji_nihonjin" | "na_nihonjin" => defects.has(Defect::NamePartsDemanded),
        "kojinbango" => defects.has(Defect::IndividualNumberDemanded),
        _ => false,
    };
    let Some(text) = text else {
        return demanded.then_some(Rule::Missing);
    };
    stricter_length(row, text, defects)
        .or_else(|| stricter_characters(row, text, defects))
        .or_else(|| stricter_value(row, text, body, defects))
}

fn stricter_length(row: &Parameter, text: &str, defects: &DefectSet) -> Option<Rule> {
    let is_text = matches!(row.item_type, ItemType::X | ItemType::N);
    let too_long = is_text && defects.has(Defect::LengthOneLess) && !row.fixed && length(text) >= row.length
        || defects.has(Defect::LengthInBytes) && text.len() > row.length
        || defects.has(Defect::LengthInUtf16) && text.encode_utf16().count() > row.length
        || defects.has(Defect::Town18) && row.name == "jusho_choaza" && length(text) > 18;
    let inexact =
        defects.has(Defect::VariableLengthAsFixed) && row.item_type == ItemType::X && length(text) != row.length;
    (too_long || inexact).then_some(Rule::Length)
}

fn stricter_characters(row: &Parameter, text: &str, defects: &DefectSet) -> Option<Rule> {
    let refused = row.item_type == ItemType::N
        && (defects.has(Defect::NonBmpRefused) && text.chars().any(|c| u32::from(c) > 0xFFFF)
            || defects.has(Defect::Windows31jOnly) && text.chars().any(is_outside_windows_31j));
    refused.then_some(Rule::Characters)
}

fn stricter_value(row: &Parameter, text: &str, body: &Map<String, Value>, defects: &DefectSet) -> Option<Rule> {
    let category = body.get("shorikubun").and_then(Value::as_str);
    match row.name.as_str() {
        "seinengappi" if defects.has(Defect::UnknownBirthDatesRefused) => {
            (classify_date(text) == DateForm::Unknown).then_some(Rule::Form)
        }
        "sosajikoku" if defects.has(Defect::SecondsDemanded) => (text.len() == 5).then_some(Rule::Form),
        "gyomuid" if defects.has(Defect::OwnMeasureRefused) => (text == "000").then_some(Rule::Code),
        "dokujishisakushisutemutoid" if defects.has(Defect::OwnMeasureRefused) => (text != "000").then_some(Rule::Code),
        "atenabango" if defects.has(Defect::OldNumberRefused) && category == Some("1") => {
            (!is_addressee_number(text)).then_some(Rule::CheckDigit)
        }
        _ => None,
    }
}

/// Kanji that the inner code page of older systems lacks: everything beyond U+FFFF, extension A,
/// and some of the BMP that came with JIS X 0213.
fn is_outside_windows_31j(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4DBF}' | '\u{10000}'..='\u{10FFFF}') || "俱剝吞噓姸屛幷瘦繫嚙摑攢塡頰".contains(c)
}

/// Whether a mistaken provider does not notice a violation.
fn is_tolerated(row: &Parameter, rule: Rule, value: Option<&Value>, defects: &DefectSet) -> bool {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    match rule {
        Rule::Missing => defects.has(Defect::RequiredUnchecked) || value.is_some() && defects.has(Defect::EmptyAsValue),
        Rule::Null => defects.has(Defect::NullAsValue),
        Rule::JsonType => defects.has(Defect::JsonTypeUnchecked),
        Rule::Characters => characters_tolerated(row, text, defects),
        Rule::Length => {
            defects.has(Defect::LengthUnchecked) && length(text) > row.length
                || defects.has(Defect::FixedLengthAsMaximum) && length(text) < row.length
        }
        Rule::Code => defects.has(Defect::CodesUnchecked),
        Rule::CheckDigit => defects.has(Defect::MunicipalityDigitUnchecked),
        Rule::Form if row.item_type == ItemType::Time => {
            defects.has(Defect::TimeRangeUnchecked) && has_shape_of_time(text)
        }
        Rule::Form => match classify_date(text) {
            DateForm::NotInCalendar => defects.has(Defect::CalendarUnchecked),
            DateForm::Unknown => defects.has(Defect::UnknownDatesEverywhere),
            _ => defects.has(Defect::DatesWithSlashesAccepted) && has_other_shape_of_date(text),
        },
        Rule::Condition if row.name == "atenabango" => defects.has(Defect::ConditionUnchecked),
        Rule::Condition => defects.has(Defect::MergeUnchecked),
        Rule::Unknown | Rule::FixedText => false,
    }
}

fn characters_tolerated(row: &Parameter, text: &str, defects: &DefectSet) -> bool {
    let full = row.item_type == ItemType::N;
    let allowed = |c: char| if full { is_full_width(c) } else { is_half_width(c) };
    let wrong_only_in_controls = text.chars().filter(|c| !c.is_control()).all(allowed);
    if text.chars().any(char::is_control) && wrong_only_in_controls {
        return defects.has(Defect::ControlCharactersAccepted);
    }
    defects.has(if full {
        Defect::FullWidthUnchecked
    } else {
        Defect::HalfWidthUnchecked
    })
}

fn has_shape_of_time(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    (2..=3).contains(&parts.len())
        && parts
            .iter()
            .all(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()))
}

fn has_other_shape_of_date(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    digits >= 6 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'/')
}
