//! Messages made from a schema: valid ones that together cover what it allows, and invalid ones that break one rule each.
//!
//! Nothing is handed out unproved: the engine takes every valid message, and refuses every invalid one for the rule on
//! its label and no other. What could not be made, or not be proved, is named with the reason.

mod breaks;
mod breaks_values;
mod check;
mod constraint;
mod cover;
mod grammar;
mod grammar_simple;
mod heights;
mod identity;
mod literals;
mod naming;
mod pattern;
mod random;
#[cfg(test)]
mod tests;
mod tree;
mod values;

use std::collections::BTreeMap;

use thiserror::Error;
use xsd_schema::SchemaSet;

use self::breaks::{Breaker, Broken};
use self::check::Engine;
pub use self::constraint::Constraint;
use self::cover::{Cover, Goal};
use self::grammar::{ElementId, Grammar};
use self::tree::Node;
use super::wsdl::OwnedName;
use crate::text::Text;

/// What messages are made of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Root {
    /// A top-level element declaration.
    Element(OwnedName),
    /// An element of a name that is not declared, with a named type: an accessor of an rpc/literal message.
    Type {
        /// The type.
        type_name: OwnedName,
        /// Name of the element.
        accessor: OwnedName,
    },
}

/// How much is made.
#[derive(Clone, Copy, Debug)]
pub struct GenerateLimits {
    /// Valid messages.
    pub valid: usize,
    /// Invalid messages.
    pub invalid: usize,
    /// Elements of one message, after which it is ended as plainly as possible.
    pub elements: usize,
    /// Elements inside each other, after which a message is ended as plainly as possible.
    pub depth: usize,
    /// Occurrences of one element that are tried, where the schema allows more.
    pub occurrences: u32,
    /// Types derived from one type, and members of one substitution group, that are tried.
    pub derived: usize,
}

impl Default for GenerateLimits {
    fn default() -> Self {
        Self {
            valid: 64,
            invalid: 400,
            elements: 400,
            depth: 16,
            occurrences: 64,
            derived: 8,
        }
    }
}

/// Whether a message keeps the schema.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Validity {
    /// It does.
    Valid,
    /// It breaks one rule.
    Invalid,
}

/// A message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Generated {
    /// Name of the message; it does not depend on the seed: `valid-003`, `invalid-missing-resident-number`.
    pub name: String,
    /// Whether it keeps the schema.
    pub validity: Validity,
    /// The rule that it breaks.
    pub constraint: Option<Constraint>,
    /// The element that it breaks it at, or below which something is missing; the root of a valid message.
    pub path: String,
    /// What a valid message is the first to cover, in words.
    pub covers: Vec<String>,
    /// The element with its namespace declarations.
    pub xml: String,
    /// What it is.
    pub title: Text,
}

/// Something that was not made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Skipped {
    /// What.
    pub what: String,
    /// Why.
    pub reason: String,
    /// It was made, but the engine judged it otherwise than its label.
    pub unproven: bool,
}

/// Messages of one root.
#[derive(Clone, Debug, Default)]
pub struct Generation {
    /// The messages, the plainest valid one first.
    pub messages: Vec<Generated>,
    /// What was not made, and why.
    pub skipped: Vec<Skipped>,
}

/// Why nothing can be made.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum GenerateError {
    /// The schema has no such declaration or type.
    #[error("the schema declares no {kind} {name}")]
    Unknown {
        /// `element` or `type`.
        kind: &'static str,
        /// Its name.
        name: String,
    },
    /// Not even the plainest message is valid.
    #[error("no valid message can be made for {name}: {reason}")]
    Impossible {
        /// Name of the root element.
        name: String,
        /// What the engine says.
        reason: String,
    },
}

impl GenerateError {
    /// What is wrong, both languages.
    pub fn describe(&self) -> Text {
        match self {
            Self::Unknown { kind, name } => {
                let kind = if *kind == "type" { "型" } else { "要素" };
                Text::new(format!("スキーマに{kind} {name} の宣言がありません"), self.to_string())
            }
            Self::Impossible { name, reason } => {
                Text::new(format!("{name} の妥当な電文を作れません: {reason}"), self.to_string())
            }
        }
    }
}

/// One plain valid message: everything required, nothing optional.
///
/// # Errors
/// See [`GenerateError`].
pub fn sample(set: &SchemaSet, root: &Root, seed: u64) -> Result<String, GenerateError> {
    let mut grammar = Grammar::new(set);
    let id = find(&mut grammar, root)?;
    let engine = engine(&grammar, root, id);
    let mut cover = Cover::new(&grammar, seed, GenerateLimits::default());
    let node = plainest(&mut cover, &engine, id)?;
    Ok(node.to_xml())
}

/// Messages of a root, the same for the same seed. The seed decides texts only, never what is made.
///
/// # Errors
/// See [`GenerateError`].
pub fn generate(set: &SchemaSet, root: &Root, seed: u64, limits: GenerateLimits) -> Result<Generation, GenerateError> {
    let mut grammar = Grammar::new(set);
    let id = find(&mut grammar, root)?;
    let engine = engine(&grammar, root, id);
    let mut cover = Cover::new(&grammar, seed, limits);
    let mut generation = Generation::default();
    let first = plainest(&mut cover, &engine, id)?;
    let mut nodes = vec![(first, Vec::new())];
    let mut refused = 0;
    while nodes.len() + refused < limits.valid {
        let (mut node, goals) = cover.message(id, true);
        if goals.is_empty() {
            break;
        }
        identity::repair(&grammar, &mut node);
        let errors = engine.errors(&node.to_xml());
        match errors.first() {
            None => nodes.push((node, goals)),
            Some(error) => {
                refused += 1;
                generation.skipped.push(Skipped {
                    what: words(&cover, &goals).join(", "),
                    reason: format!("{}: {}", error.code, error.message),
                    unproven: true,
                });
            }
        }
    }
    if nodes.len() + refused >= limits.valid {
        generation.skipped.push(Skipped {
            what: "coverage".to_owned(),
            reason: format!(
                "{} valid messages are the limit; what they do not cover is left out",
                limits.valid
            ),
            unproven: false,
        });
    }
    for (number, (node, goals)) in nodes.iter().enumerate() {
        generation.messages.push(valid(&cover, node, goals, number + 1));
    }
    let messages: Vec<Node> = nodes.into_iter().map(|(node, _)| node).collect();
    let (broken, unproven) = Breaker::new(&mut cover, &engine, limits.invalid).run(&messages);
    let mut names = BTreeMap::new();
    for broken in broken {
        generation.messages.push(invalid(&broken, &mut names));
    }
    for (constraint, subject, reason) in unproven {
        generation.skipped.push(Skipped {
            what: format!("{} {}", constraint.word(), subject.trim()),
            reason,
            unproven: true,
        });
    }
    for (id, simple) in grammar.simples.iter().enumerate() {
        for (what, reason) in &cover.values(id).skipped {
            let name = simple.name.as_ref().map_or("(anonymous)", |name| name.local.as_str());
            generation.skipped.push(Skipped {
                what: format!("{name}: {what}"),
                reason: (*reason).to_owned(),
                unproven: false,
            });
        }
    }
    Ok(generation)
}

fn find(grammar: &mut Grammar<'_>, root: &Root) -> Result<ElementId, GenerateError> {
    let (found, kind, name) = match root {
        Root::Element(name) => (grammar.root_element(name), "element", name),
        Root::Type { type_name, accessor } => (grammar.root_of_type(type_name, accessor), "type", type_name),
    };
    found.ok_or_else(|| GenerateError::Unknown {
        kind,
        name: name.to_string(),
    })
}

fn engine<'s>(grammar: &Grammar<'s>, root: &Root, id: ElementId) -> Engine<'s> {
    let stipulated = matches!(root, Root::Type { .. }).then(|| grammar.types[grammar.elements[id].type_id].key);
    Engine::new(grammar.set, stipulated)
}

/// The plainest message; it covers its goals only if it is valid.
fn plainest(cover: &mut Cover<'_, '_>, engine: &Engine<'_>, id: ElementId) -> Result<Node, GenerateError> {
    let (mut node, _) = cover.message(id, false);
    identity::repair(cover.grammar, &mut node);
    match engine.errors(&node.to_xml()).first() {
        None => Ok(node),
        Some(error) => Err(GenerateError::Impossible {
            name: node.name.to_string(),
            reason: format!("{}: {}", error.code, error.message),
        }),
    }
}

fn valid(cover: &Cover<'_, '_>, node: &Node, goals: &[Goal], number: usize) -> Generated {
    let covers = words(cover, goals);
    let title = if number == 1 {
        Text::new("必須のものだけの電文", "only what is required")
    } else {
        let named: Vec<&str> = covers.iter().take(4).map(String::as_str).collect();
        let more = covers.len().saturating_sub(named.len());
        let rest = if more > 0 { format!(" (+{more})") } else { String::new() };
        Text::new(
            format!("許される形: {}{rest}", named.join("、")),
            format!("allowed: {}{rest}", named.join(", ")),
        )
    };
    Generated {
        name: format!("valid-{number:03}"),
        validity: Validity::Valid,
        constraint: None,
        path: node.path(&[]),
        covers,
        xml: node.to_xml(),
        title,
    }
}

fn invalid(broken: &Broken, names: &mut BTreeMap<String, usize>) -> Generated {
    let mut name = format!("invalid-{}", broken.constraint.word());
    if !broken.subject.is_empty() {
        name.push('-');
        name.push_str(&kebab(&broken.subject));
    }
    let count = names.entry(name.clone()).or_default();
    *count += 1;
    if *count > 1 {
        name = format!("{name}-{count}");
    }
    let mut path = broken.node.path(&broken.way);
    if let Some(attribute) = &broken.attribute {
        path.push_str("/@");
        path.push_str(&attribute.local);
    }
    let rule = broken.constraint.describe();
    let about = match (broken.subject.as_str(), broken.what.as_str()) {
        ("", "") => String::new(),
        (subject, "") => format!(" ({subject})"),
        ("", what) => format!(" ({what})"),
        (subject, what) => format!(" ({subject}: {what})"),
    };
    Generated {
        name,
        validity: Validity::Invalid,
        constraint: Some(broken.constraint),
        path,
        covers: Vec::new(),
        xml: broken.node.to_xml(),
        title: Text::new(format!("{}{about}", rule.ja), format!("{}{about}", rule.en)),
    }
}

/// Goals in words, without those that say nothing to a reader.
fn words(cover: &Cover<'_, '_>, goals: &[Goal]) -> Vec<String> {
    let grammar = cover.grammar;
    let mut found = Vec::new();
    for goal in goals {
        let word = match goal {
            Goal::Value(simple, index) => cover.known_values(*simple).and_then(|values| {
                let name = grammar.simples[*simple]
                    .name
                    .as_ref()
                    .map_or("value", |name| name.local.as_str());
                values
                    .allowed
                    .get(*index)
                    .map(|allowed| format!("{name} {}", allowed.what))
            }),
            Goal::Times(site, count) => cover.name_of(*site).map(|name| format!("{name} × {count}")),
            Goal::Branch(site, index) => cover.branch_name(*site, *index).map(|name| format!("choice {name}")),
            Goal::Attribute(site, present) => cover.attribute_name(*site).map(|name| {
                if *present {
                    format!("@{name}")
                } else {
                    format!("no @{name}")
                }
            }),
            Goal::Nil(element) => Some(format!("{} nil", grammar.elements[*element].name.local)),
            Goal::Type(_, id) => grammar.types[*id]
                .name
                .as_ref()
                .map(|name| format!("type {}", name.local)),
            Goal::Member(_, element) => Some(format!("member {}", grammar.elements[*element].name.local)),
            Goal::Mixed(_) => Some("mixed text".to_owned()),
            Goal::Reversed(_) => Some("all in another order".to_owned()),
        };
        if let Some(word) = word.filter(|word| !found.contains(word)) {
            found.push(word);
        }
    }
    found
}

/// A name as part of an id: `residentNumber` → `resident-number`. Characters outside ASCII stay.
pub(crate) fn kebab(name: &str) -> String {
    let mut text = String::new();
    let mut before = None::<char>;
    for character in name.chars() {
        let starts = character.is_ascii_uppercase()
            && before.is_some_and(|before| before.is_ascii_lowercase() || before.is_ascii_digit());
        if starts {
            text.push('-');
        }
        if character.is_alphanumeric() {
            text.extend(character.to_lowercase());
        } else if !text.ends_with('-') {
            text.push('-');
        }
        before = Some(character);
    }
    text.trim_matches('-').to_owned()
}
