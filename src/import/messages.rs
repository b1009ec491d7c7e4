//! Messages of operations: the content of bodies, and header blocks.

use std::collections::BTreeSet;

use super::{failed_note, skipped_note};
use crate::schema::CompiledSchema;
use crate::schema::generate::{GenerateLimits, Generated, Generation, Root, Validity, generate, kebab};
use crate::schema::wsdl::{Description, Operation, OwnedName, Part, Style};
use crate::text::Text;

/// Which part of a request a message fills.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Place {
    /// The body; the part that differs from the plain message.
    Body(String),
    /// A header block.
    Header(String),
}

impl Place {
    pub(super) fn part(&self) -> &str {
        match self {
            Self::Body(part) | Self::Header(part) => part,
        }
    }
}

/// A message of an operation.
#[derive(Clone, Debug)]
pub(super) struct OperationMessage {
    pub(super) place: Place,
    pub(super) generated: Generated,
}

/// All messages of an operation, or of a top-level element.
#[derive(Clone, Debug)]
pub(super) struct OperationMessages {
    /// Its name.
    pub(super) name: String,
    pub(super) is_one_way: bool,
    /// Nothing is sent in the body.
    pub(super) is_empty: bool,
    pub(super) messages: Vec<OperationMessage>,
    /// Plain header blocks that every request carries.
    pub(super) headers: Vec<(String, String)>,
    /// Parts that have messages.
    pub(super) parts: Vec<String>,
}

impl OperationMessages {
    pub(super) fn all(&self) -> impl Iterator<Item = &OperationMessage> {
        self.messages.iter()
    }

    /// Whether a request can be made.
    pub(super) fn is_callable(&self) -> bool {
        self.is_empty || !self.messages.is_empty()
    }

    /// The plainest content of the body.
    pub(super) fn plain(&self) -> Option<&OperationMessage> {
        self.messages
            .iter()
            .find(|message| matches!(message.place, Place::Body(_)))
    }
}

/// Messages of every operation of SOAP 1.1 ports, each name once.
pub(super) fn of_service(
    description: &Description,
    schema: &CompiledSchema,
    seed: u64,
    notes: &mut Vec<Text>,
) -> Vec<OperationMessages> {
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut found = Vec::new();
    for (port, operation) in description.operations() {
        if operation.input.is_none() {
            let name = &operation.name;
            notes.push(Text::new(
                format!("{name}: 要求電文のない操作のため対象外です"),
                format!("{name}: left out, the operation has no request"),
            ));
        } else if seen.insert(operation.name.clone()) {
            found.push(of_operation(operation, schema, seed, notes));
        } else {
            let (name, port) = (&operation.name, &port.name);
            notes.push(Text::new(
                format!("{name}（ポート {port}）: 同名の操作が既にあるため対象外です"),
                format!("{name} (port {port}): left out, an operation of that name is there already"),
            ));
        }
    }
    found
}

/// Messages of top-level elements.
pub(super) fn of_elements(
    elements: &[OwnedName],
    schema: &CompiledSchema,
    seed: u64,
    notes: &mut Vec<Text>,
) -> Vec<OperationMessages> {
    let mut found = Vec::new();
    for name in elements {
        let root = Root::Element(name.clone());
        let generation = of_root(&root, &name.local, schema, seed, notes);
        found.push(OperationMessages {
            name: name.local.clone(),
            is_one_way: false,
            is_empty: false,
            messages: generation
                .messages
                .into_iter()
                .map(|generated| OperationMessage {
                    place: Place::Body(name.local.clone()),
                    generated,
                })
                .collect(),
            headers: Vec::new(),
            parts: Vec::new(),
        });
    }
    found
}

fn of_root(root: &Root, subject: &str, schema: &CompiledSchema, seed: u64, notes: &mut Vec<Text>) -> Generation {
    match generate(schema.set(), root, seed, GenerateLimits::default()) {
        Ok(generation) => {
            notes.extend(generation.skipped.iter().map(|skipped| skipped_note(subject, skipped)));
            generation
        }
        Err(error) => {
            notes.push(failed_note(subject, &error));
            Generation::default()
        }
    }
}

fn of_operation(operation: &Operation, schema: &CompiledSchema, seed: u64, notes: &mut Vec<Text>) -> OperationMessages {
    let mut found = OperationMessages {
        name: operation.name.clone(),
        is_one_way: operation.is_one_way(),
        is_empty: false,
        messages: Vec::new(),
        headers: Vec::new(),
        parts: Vec::new(),
    };
    let Some(input) = &operation.input else {
        return found;
    };
    match operation.style {
        Style::Document => match input.body.first() {
            None => found.is_empty = true,
            Some(part) => document_body(&mut found, part, schema, seed, notes),
        },
        Style::Rpc => {
            let namespace = input.body_namespace.clone().unwrap_or_default();
            rpc_body(
                &mut found,
                &OwnedName::new(namespace, &operation.name),
                &input.body,
                schema,
                seed,
                notes,
            );
        }
    }
    for header in &input.headers {
        let part = &header.part;
        let subject = format!("{}/{}", operation.name, part.name);
        let Some(element) = &part.element else {
            notes.push(without_element(&subject));
            continue;
        };
        let generation = of_root(&Root::Element(element.clone()), &subject, schema, seed, notes);
        if let Some(plain) = generation.messages.first() {
            found.headers.push((part.name.clone(), plain.xml.clone()));
            found.parts.push(part.name.clone());
        }
        found.messages.extend(
            generation
                .messages
                .into_iter()
                .skip(1)
                .map(|generated| OperationMessage {
                    place: Place::Header(part.name.clone()),
                    generated: renamed(generated, &part.name),
                }),
        );
    }
    found
}

fn without_element(subject: &str) -> Text {
    Text::new(
        format!("{subject}: 部分が要素宣言を参照しないため電文を作れません（WS-I Basic Profile R2204、R2205）"),
        format!("{subject}: no message, the part does not refer to an element (WS-I Basic Profile R2204, R2205)"),
    )
}

fn document_body(
    found: &mut OperationMessages,
    part: &Part,
    schema: &CompiledSchema,
    seed: u64,
    notes: &mut Vec<Text>,
) {
    let Some(element) = &part.element else {
        notes.push(without_element(&found.name));
        return;
    };
    let name = found.name.clone();
    let generation = of_root(&Root::Element(element.clone()), &name, schema, seed, notes);
    if !generation.messages.is_empty() {
        found.parts.push(part.name.clone());
    }
    found.messages = generation
        .messages
        .into_iter()
        .map(|generated| OperationMessage {
            place: Place::Body(part.name.clone()),
            generated,
        })
        .collect();
}

/// A wrapper with one accessor for each part; each message differs from the plain one in one part.
fn rpc_body(
    found: &mut OperationMessages,
    wrapper: &OwnedName,
    parts: &[Part],
    schema: &CompiledSchema,
    seed: u64,
    notes: &mut Vec<Text>,
) {
    let mut accessors = Vec::new();
    for part in parts {
        let subject = format!("{}/{}", found.name, part.name);
        let Some(type_name) = &part.type_name else {
            notes.push(Text::new(
                format!("{subject}: rpc形式の部分が型を参照しないため電文を作れません（WS-I Basic Profile R2203）"),
                format!("{subject}: no message, the part of an rpc message has no type (WS-I Basic Profile R2203)"),
            ));
            return;
        };
        let root = Root::Type {
            type_name: type_name.clone(),
            accessor: OwnedName::new("", &part.name),
        };
        let generation = of_root(&root, &subject, schema, seed, notes);
        if generation.messages.is_empty() {
            return;
        }
        accessors.push((part, generation));
    }
    let wrap = |changed: usize, xml: &str| {
        let (start, end) = match wrapper.namespace.as_str() {
            "" => (format!("<{}>", wrapper.local), format!("</{}>", wrapper.local)),
            namespace => (
                format!(
                    "<w:{} xmlns:w=\"{}\">",
                    wrapper.local,
                    namespace.replace('&', "&amp;").replace('"', "&quot;")
                ),
                format!("</w:{}>", wrapper.local),
            ),
        };
        let inner = accessors.iter().enumerate().map(|(index, (_, generation))| {
            let plain = generation.messages.first().map_or("", |message| message.xml.as_str());
            if index == changed {
                xml.trim_end()
            } else {
                plain.trim_end()
            }
        });
        format!("{start}\n{}\n{end}\n", inner.collect::<Vec<_>>().join("\n"))
    };
    let prefix = if wrapper.namespace.is_empty() { "" } else { "w:" };
    let mut messages = Vec::new();
    if accessors.is_empty() {
        messages.push(OperationMessage {
            place: Place::Body(String::new()),
            generated: Generated {
                name: "valid-001".to_owned(),
                validity: Validity::Valid,
                constraint: None,
                path: format!("/{prefix}{}", wrapper.local),
                covers: Vec::new(),
                xml: wrap(0, ""),
                title: Text::new("必須のものだけの電文", "only what is required"),
            },
        });
    }
    for (index, (part, generation)) in accessors.iter().enumerate() {
        // The first message of every part is the same plain one.
        let skip = usize::from(index > 0);
        for generated in generation.messages.iter().skip(skip) {
            let is_plain = generated.name == "valid-001";
            let mut generated = if is_plain {
                generated.clone()
            } else {
                renamed(generated.clone(), &part.name)
            };
            generated.xml = wrap(index, &generated.xml);
            generated.path = format!("/{prefix}{}{}", wrapper.local, generated.path);
            messages.push(OperationMessage {
                place: Place::Body(part.name.clone()),
                generated,
            });
        }
        found.parts.push(part.name.clone());
    }
    found.messages = messages;
}

/// The message with the part in its name and title.
fn renamed(mut generated: Generated, part: &str) -> Generated {
    let (kind, rest) = generated.name.split_once('-').unwrap_or((&generated.name, ""));
    generated.name = format!("{kind}-{}-{rest}", kebab(part));
    generated.title = generated.title.map(|wording| format!("{part}: {wording}"));
    generated
}
