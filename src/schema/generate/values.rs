//! Values of simple types: those that are allowed, up to their bounds, and those that break one rule.

use xsd_schema::XmlTypeCode;
use xsd_schema::validation::validate_simple_type;

use super::grammar::{Grammar, SimpleId, Variety};
use super::pattern::Pattern;
use super::random::Random;
use super::tree::Value;
use super::{Constraint, literals};
use crate::schema::watch::Watched;
use crate::schema::wsdl::OwnedName;

/// Longest text that a length facet is tried with.
const MAX_TEXT: u64 = 10_000;
/// Values of one enumeration that are tried; all of them would be messages without end.
const MAX_ENUMERATED: usize = 1_000;

/// A value that is allowed, and what it stands for.
#[derive(Clone, Debug)]
pub(super) struct Allowed {
    pub(super) value: Value,
    /// What it covers, e.g. `maxLength 60`.
    pub(super) what: String,
}

/// A value that breaks one rule of its type.
#[derive(Clone, Debug)]
pub(super) struct Wrong {
    pub(super) value: Value,
    pub(super) constraint: Constraint,
    /// What it breaks, e.g. `maxLength 60`.
    pub(super) what: String,
}

/// Values of one simple type. `allowed` begins with the plainest; it is empty where none was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Values {
    pub(super) allowed: Vec<Allowed>,
    pub(super) wrong: Vec<Wrong>,
    /// What could not be made, and why.
    pub(super) skipped: Vec<(String, &'static str)>,
}

/// Looks for values of a type.
pub(super) fn values(grammar: &Grammar<'_>, id: SimpleId, random: &mut Random) -> Values {
    let mut finder = Finder {
        grammar,
        random,
        found: Values::default(),
        id,
    };
    match grammar.simples[id].variety.clone() {
        Variety::Atomic(code) => finder.atomic(code),
        Variety::List(item) => finder.list(item),
        Variety::Union(members) => finder.union(&members),
    }
    finder.found
}

/// The `number`th of many values that all differ, for keys.
pub(super) fn distinct(grammar: &Grammar<'_>, id: SimpleId, number: usize, random: &mut Random) -> Option<Value> {
    let simple = &grammar.simples[id];
    let mut candidates = Vec::new();
    if simple.facets.enumeration.is_some() {
        let known = values(grammar, id, random).allowed;
        return known.get(number).map(|allowed| allowed.value.clone());
    }
    if let Some(pattern) = simple.facets.patterns.iter().find_map(|step| step.first())
        && let Some(pattern) = Pattern::read(&pattern.value)
    {
        let (low, high) = pattern.lengths();
        let length = high.unwrap_or(low + 6).clamp(low, low.max(12));
        for attempt in 0..8 {
            let mut fresh = Random::new((number as u64) << 8 | attempt);
            candidates.extend(pattern.text_of(length, &mut fresh));
        }
    } else {
        match &simple.variety {
            Variety::Atomic(code) if literals::is_number(*code) => {
                let bound = simple
                    .facets
                    .min_inclusive
                    .as_ref()
                    .and_then(|facet| facet.value.parse::<i64>().ok());
                let start = bound.unwrap_or(1);
                candidates.push((start + i64::try_from(number).unwrap_or(0)).to_string());
                candidates.push((-1 - i64::try_from(number).unwrap_or(0)).to_string());
            }
            Variety::Atomic(code) => {
                candidates.extend(literals::distinct(*code, number));
                let length = simple.facets.length.as_ref().map(|facet| facet.value);
                let length = length.or_else(|| simple.facets.max_length.as_ref().map(|facet| facet.value));
                let floor = simple.facets.min_length.as_ref().map_or(1, |facet| facet.value);
                let width = usize::try_from(length.unwrap_or(4).clamp(floor, floor.max(8))).unwrap_or(4);
                candidates.push(format!("{number:0width$}"));
                candidates.push(format!("k{number:0width$}", width = width.saturating_sub(1)));
            }
            _ => candidates.push(number.to_string()),
        }
    }
    candidates
        .into_iter()
        .map(|text| literals::nobodys(&text))
        .find(|text| is_allowed(grammar, id, text))
        .map(Value::Text)
}

/// Whether the engine takes a text as a value of the type.
pub(super) fn is_allowed(grammar: &Grammar<'_>, id: SimpleId, text: &str) -> bool {
    let _watched = Watched::new(|| text.chars().take(60).collect());
    validate_simple_type(text, grammar.simples[id].key, grammar.set).is_ok()
}

struct Finder<'g, 's> {
    grammar: &'g Grammar<'s>,
    random: &'g mut Random,
    found: Values,
    id: SimpleId,
}

impl Finder<'_, '_> {
    fn allow(&mut self, text: impl Into<String>, what: impl Into<String>) -> bool {
        let text = literals::nobodys(&text.into());
        let good = is_allowed(self.grammar, self.id, &text);
        let value = Value::Text(text);
        if good && !self.found.allowed.iter().any(|known| known.value == value) {
            self.found.allowed.push(Allowed {
                value,
                what: what.into(),
            });
        }
        good
    }

    /// Takes the first of the texts that breaks what it should and nothing else.
    fn refuse(&mut self, constraint: Constraint, what: impl Into<String>, texts: impl IntoIterator<Item = String>) {
        let what = what.into();
        let text = texts
            .into_iter()
            .map(|text| literals::nobodys(&text))
            .find(|text| self.breaks_only(constraint, text));
        match text {
            Some(text) => self.found.wrong.push(Wrong {
                value: Value::Text(text),
                constraint,
                what,
            }),
            None => self.found.skipped.push((what, "no value breaks this rule alone")),
        }
    }

    /// Whether the engine names just this constraint, and the other facets that can be asked one by one hold.
    fn breaks_only(&self, constraint: Constraint, text: &str) -> bool {
        let simple = &self.grammar.simples[self.id];
        let Err(error) = validate_simple_type(text, simple.key, self.grammar.set) else {
            return false;
        };
        if !constraint.codes().contains(&error.constraint) {
            return false;
        }
        let facets = &simple.facets;
        let is_string = matches!(simple.variety, Variety::Atomic(code) if literals::is_string(code));
        if !is_string {
            return true;
        }
        let length = u64::try_from(text.chars().count()).unwrap_or(u64::MAX);
        let patterns = facets
            .patterns
            .iter()
            .filter(|step| !step.is_empty())
            .all(|step| step.iter().any(|pattern| pattern.matches(text)));
        let enumeration = facets
            .enumeration
            .as_ref()
            .is_none_or(|facet| facet.values.contains(text));
        let lengths = facets.length.as_ref().is_none_or(|facet| facet.value == length);
        let least = facets.min_length.as_ref().is_none_or(|facet| facet.value <= length);
        let most = facets.max_length.as_ref().is_none_or(|facet| facet.value >= length);
        let broken = [patterns, enumeration, lengths, least, most]
            .iter()
            .filter(|holds| !**holds)
            .count();
        broken <= 1
    }

    fn atomic(&mut self, code: XmlTypeCode) {
        match code {
            XmlTypeCode::QName | XmlTypeCode::Notation => return self.names(code),
            XmlTypeCode::Entity => {
                self.found
                    .skipped
                    .push(("xsd:ENTITY".to_owned(), "an entity needs a document type declaration"));
                return;
            }
            _ => {}
        }
        let facets = self.grammar.simples[self.id].facets.clone();
        if let Some(enumeration) = &facets.enumeration {
            let mut all: Vec<String> = enumeration.values.iter().cloned().collect();
            all.sort_by(|a, b| (a.chars().count(), a).cmp(&(b.chars().count(), b)));
            for value in all.iter().take(MAX_ENUMERATED) {
                self.allow(value.clone(), format!("enumeration {value}"));
            }
            let first = all.first().cloned().unwrap_or_default();
            let others = literals::strangers(code, &first);
            self.refuse(Constraint::Enumeration, "enumeration", others);
            self.lexical(code);
            return;
        }
        let patterns: Vec<Pattern> = facets
            .patterns
            .iter()
            .flatten()
            .filter_map(|facet| Pattern::read(&facet.value))
            .collect();
        if literals::is_string(code) || code == XmlTypeCode::AnyUri {
            self.strings(code, &patterns);
        } else if matches!(code, XmlTypeCode::HexBinary | XmlTypeCode::Base64Binary) {
            self.binary(code);
        } else {
            self.ordered(code, &patterns);
        }
        self.against_patterns(&patterns);
        self.lexical(code);
        if self.found.allowed.is_empty() {
            let what = self.name();
            self.found
                .skipped
                .push((what, "no value was found that the type allows"));
        }
    }

    fn name(&self) -> String {
        let simple = &self.grammar.simples[self.id];
        simple
            .name
            .as_ref()
            .map_or_else(|| "simple type".to_owned(), |name| name.local.clone())
    }

    fn strings(&mut self, code: XmlTypeCode, patterns: &[Pattern]) {
        let facets = self.grammar.simples[self.id].facets.clone();
        let exact = facets.length.as_ref().map(|facet| facet.value);
        let least = facets.min_length.as_ref().map(|facet| facet.value);
        let most = facets.max_length.as_ref().map(|facet| facet.value);
        let fill = |finder: &mut Self, length: u64| -> Vec<String> {
            let Ok(size) = usize::try_from(length.min(MAX_TEXT + 1)) else {
                return Vec::new();
            };
            if patterns.is_empty() {
                vec![literals::text(code, size, finder.random)]
            } else {
                patterns
                    .iter()
                    .filter_map(|pattern| pattern.text_of(size, finder.random))
                    .collect()
            }
        };
        // The plainest first: what a person would write.
        let plain = exact.unwrap_or_else(|| 4.max(least.unwrap_or(0)).min(most.unwrap_or(u64::MAX)));
        if patterns.is_empty() {
            for text in fill(self, plain) {
                self.allow(text, "any text");
            }
        } else {
            for pattern in patterns {
                for branch in 0..pattern.branches().min(8) {
                    for (shortest, what) in [(false, "pattern"), (true, "pattern, shortest")] {
                        if let Some(text) = pattern.branch(branch).text(shortest, self.random) {
                            let which = if pattern.branches() > 1 {
                                format!(" {}", branch + 1)
                            } else {
                                String::new()
                            };
                            self.allow(text, format!("{what}{which}"));
                        }
                    }
                }
            }
        }
        if let Some(length) = least.filter(|length| *length <= MAX_TEXT) {
            for text in fill(self, length) {
                self.allow(text, format!("minLength {length}"));
            }
            if let Some(shorter) = length.checked_sub(1) {
                let texts = fill(self, shorter);
                self.refuse(Constraint::MinLength, format!("minLength {length}"), texts);
            }
        }
        if let Some(length) = most {
            if length <= MAX_TEXT {
                for text in fill(self, length) {
                    self.allow(text, format!("maxLength {length}"));
                }
                let texts = fill(self, length + 1);
                self.refuse(Constraint::MaxLength, format!("maxLength {length}"), texts);
            } else {
                self.found
                    .skipped
                    .push((format!("maxLength {length}"), "longer than the generator makes"));
            }
        }
        if let Some(length) = exact.filter(|length| *length <= MAX_TEXT) {
            let texts = fill(self, length + 1);
            self.refuse(Constraint::Length, format!("length {length}"), texts);
        }
    }

    fn binary(&mut self, code: XmlTypeCode) {
        let facets = self.grammar.simples[self.id].facets.clone();
        let exact = facets.length.as_ref().map(|facet| facet.value);
        let least = facets.min_length.as_ref().map(|facet| facet.value);
        let most = facets.max_length.as_ref().map(|facet| facet.value);
        let make = |length: u64| literals::binary(code, usize::try_from(length.min(MAX_TEXT + 1)).unwrap_or(0));
        let plain = exact.unwrap_or_else(|| 3.max(least.unwrap_or(0)).min(most.unwrap_or(u64::MAX)));
        self.allow(make(plain), "any octets");
        if let Some(length) = least.filter(|length| *length <= MAX_TEXT) {
            self.allow(make(length), format!("minLength {length}"));
            if length > 0 {
                self.refuse(Constraint::MinLength, format!("minLength {length}"), [make(length - 1)]);
            }
        }
        if let Some(length) = most.filter(|length| *length <= MAX_TEXT) {
            self.allow(make(length), format!("maxLength {length}"));
            self.refuse(Constraint::MaxLength, format!("maxLength {length}"), [make(length + 1)]);
        }
        if let Some(length) = exact.filter(|length| *length <= MAX_TEXT) {
            self.refuse(Constraint::Length, format!("length {length}"), [make(length + 1)]);
        }
    }

    /// Numbers, dates and times.
    fn ordered(&mut self, code: XmlTypeCode, patterns: &[Pattern]) {
        let facets = self.grammar.simples[self.id].facets.clone();
        for text in literals::plain(code) {
            if self.allow(text, "plain value") {
                break;
            }
        }
        for pattern in patterns {
            if let Some(text) = pattern.text(false, self.random) {
                self.allow(text, "pattern");
            }
        }
        let bounds = [
            (
                facets.min_inclusive.as_ref().map(|facet| &facet.value),
                Constraint::MinInclusive,
                true,
                -1,
            ),
            (
                facets.max_inclusive.as_ref().map(|facet| &facet.value),
                Constraint::MaxInclusive,
                true,
                1,
            ),
            (
                facets.min_exclusive.as_ref().map(|facet| &facet.value),
                Constraint::MinExclusive,
                false,
                1,
            ),
            (
                facets.max_exclusive.as_ref().map(|facet| &facet.value),
                Constraint::MaxExclusive,
                false,
                -1,
            ),
        ];
        for (bound, constraint, inclusive, direction) in bounds {
            let Some(bound) = bound else { continue };
            let what = format!("{} {bound}", constraint.facet());
            let step = literals::step(
                code,
                bound,
                direction,
                facets.fraction_digits.as_ref().map(|facet| facet.value),
            );
            if inclusive {
                self.allow(bound.clone(), what.clone());
                self.refuse(constraint, what, step);
            } else {
                if let Some(inside) = step.into_iter().next() {
                    self.allow(inside, what.clone());
                }
                self.refuse(constraint, what, [bound.clone()]);
            }
        }
        let fraction = facets.fraction_digits.as_ref().map(|facet| facet.value as usize);
        if let Some(total) = facets.total_digits.as_ref().map(|facet| facet.value as usize) {
            let decimals = fraction.unwrap_or(0).min(total.saturating_sub(1));
            let what = format!("totalDigits {total}");
            self.allow(literals::digits(total - decimals, decimals), what.clone());
            let longer = [
                literals::digits(total + 1 - decimals, decimals),
                literals::digits(total + 1, 0),
            ];
            self.refuse(Constraint::TotalDigits, what, longer);
        }
        if let Some(fraction) = fraction.filter(|fraction| *fraction > 0 || code == XmlTypeCode::Decimal) {
            let what = format!("fractionDigits {fraction}");
            self.allow(literals::digits(1, fraction), what.clone());
            self.refuse(Constraint::FractionDigits, what, [literals::digits(1, fraction + 1)]);
        }
        // Without facets of its own: the edges of the built-in type.
        if facets.total_digits.is_none() && patterns.is_empty() {
            for (text, what) in literals::edges(code) {
                self.allow(text, what);
            }
        }
    }

    fn against_patterns(&mut self, patterns: &[Pattern]) {
        if patterns.is_empty() {
            if self.grammar.simples[self.id]
                .facets
                .patterns
                .iter()
                .any(|step| !step.is_empty())
            {
                let what = self.name();
                self.found
                    .skipped
                    .push((what, "a pattern uses something that the generator does not know"));
            }
            return;
        }
        let Some(Value::Text(good)) = self.found.allowed.first().map(|allowed| allowed.value.clone()) else {
            return;
        };
        self.refuse(Constraint::Pattern, "pattern", literals::spoilt(&good));
    }

    fn lexical(&mut self, code: XmlTypeCode) {
        let texts = literals::no_literals(code);
        if texts.is_empty() {
            return;
        }
        let text = texts
            .into_iter()
            .find(|text| validate_simple_type(text, self.grammar.simples[self.id].key, self.grammar.set).is_err());
        if let Some(text) = text {
            self.found.wrong.push(Wrong {
                value: Value::text(text),
                constraint: Constraint::WrongType,
                what: "type".to_owned(),
            });
        }
    }

    /// Qualified names: their prefixes are known only when the message is written.
    fn names(&mut self, code: XmlTypeCode) {
        let simple = &self.grammar.simples[self.id];
        let table = &self.grammar.set.name_table;
        let Some(enumeration) = &simple.facets.enumeration else {
            if code == XmlTypeCode::QName {
                self.found.allowed.push(Allowed {
                    value: Value::Name(OwnedName::new("urn:junkyo:foreign", "name")),
                    what: "any name".to_owned(),
                });
            }
            return;
        };
        let mut all: Vec<OwnedName> = enumeration
            .qname_contexts
            .iter()
            .map(|(text, context)| match text.split_once(':') {
                Some((prefix, local)) => {
                    let namespace = table.get(prefix).and_then(|prefix| context.resolve_prefix(prefix));
                    OwnedName::new(namespace.map(|id| table.resolve(id)).unwrap_or_default(), local)
                }
                None => {
                    let namespace = context.default_namespace().map(|id| table.resolve(id));
                    OwnedName::new(namespace.unwrap_or_default(), text.as_str())
                }
            })
            .collect();
        all.sort();
        let stranger = OwnedName::new("urn:junkyo:foreign", "stranger");
        for name in all {
            self.found.allowed.push(Allowed {
                what: format!("enumeration {}", name.local),
                value: Value::Name(name),
            });
        }
        self.found.wrong.push(Wrong {
            value: Value::Name(stranger),
            constraint: Constraint::Enumeration,
            what: "enumeration".to_owned(),
        });
    }

    fn list(&mut self, item: SimpleId) {
        let items = values(self.grammar, item, self.random);
        let facets = self.grammar.simples[self.id].facets.clone();
        if let Some(enumeration) = &facets.enumeration {
            let mut all: Vec<String> = enumeration.values.iter().cloned().collect();
            all.sort();
            for value in all.into_iter().take(MAX_ENUMERATED) {
                self.allow(value.clone(), format!("enumeration {value}"));
            }
        }
        let texts: Vec<String> = items
            .allowed
            .iter()
            .filter_map(|allowed| match &allowed.value {
                Value::Text(text) if !text.is_empty() && !text.contains(char::is_whitespace) => Some(text.clone()),
                _ => None,
            })
            .collect();
        if texts.is_empty() {
            self.found
                .skipped
                .push((self.name(), "no item was found for this list"));
            return;
        }
        let make = |count: u64| {
            let count = usize::try_from(count.min(MAX_TEXT)).unwrap_or(0);
            texts.iter().cycle().take(count).cloned().collect::<Vec<_>>().join(" ")
        };
        let exact = facets.length.as_ref().map(|facet| facet.value);
        let least = facets.min_length.as_ref().map(|facet| facet.value);
        let most = facets.max_length.as_ref().map(|facet| facet.value);
        let plain = exact.unwrap_or_else(|| 1.max(least.unwrap_or(0)).min(most.unwrap_or(u64::MAX)));
        self.allow(make(plain), format!("{plain} items"));
        if exact.is_none() {
            let several = u64::try_from(texts.len())
                .unwrap_or(3)
                .max(3)
                .min(most.unwrap_or(u64::MAX));
            self.allow(make(several), format!("{several} items"));
        }
        if let Some(length) = least.filter(|length| *length > 0) {
            self.refuse(Constraint::MinLength, format!("minLength {length}"), [make(length - 1)]);
        }
        if let Some(length) = most.filter(|length| *length < MAX_TEXT) {
            self.allow(make(length), format!("maxLength {length}"));
            self.refuse(Constraint::MaxLength, format!("maxLength {length}"), [make(length + 1)]);
        }
        if let Some(length) = exact.filter(|length| *length < MAX_TEXT) {
            self.refuse(Constraint::Length, format!("length {length}"), [make(length + 1)]);
        }
        let wrong = items.wrong.iter().find_map(|wrong| match &wrong.value {
            Value::Text(text) if !text.is_empty() && !text.contains(char::is_whitespace) => {
                Some((text.clone(), wrong.constraint, wrong.what.clone()))
            }
            _ => None,
        });
        if let Some((text, constraint, what)) = wrong
            && !is_allowed(self.grammar, self.id, &text)
        {
            self.found.wrong.push(Wrong {
                value: Value::Text(text),
                constraint,
                what: format!("item: {what}"),
            });
        }
    }

    fn union(&mut self, members: &[SimpleId]) {
        let facets = self.grammar.simples[self.id].facets.clone();
        if let Some(enumeration) = &facets.enumeration {
            let mut all: Vec<String> = enumeration.values.iter().cloned().collect();
            all.sort();
            for value in all.into_iter().take(MAX_ENUMERATED) {
                self.allow(value.clone(), format!("enumeration {value}"));
            }
        }
        let mut wrong = Vec::new();
        for (number, member) in members.iter().enumerate() {
            let found = values(self.grammar, *member, self.random);
            for allowed in found.allowed {
                match allowed.value {
                    Value::Text(text) => {
                        self.allow(text, format!("member {}: {}", number + 1, allowed.what));
                    }
                    Value::Name(_) => self.found.allowed.push(allowed),
                }
            }
            wrong.extend(found.wrong);
        }
        let outside = wrong.into_iter().find_map(|wrong| match wrong.value {
            Value::Text(text) if !is_allowed(self.grammar, self.id, &text) => Some(text),
            _ => None,
        });
        if let Some(text) = outside {
            self.found.wrong.push(Wrong {
                value: Value::Text(text),
                constraint: Constraint::WrongType,
                what: "no member of the union".to_owned(),
            });
        }
    }
}
