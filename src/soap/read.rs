//! A message as its parts. What is wrong inside them is not judged here.

use std::borrow::Cow;

use thiserror::Error;

use super::{ACTOR_NEXT, ENVELOPE, ENVELOPE_12, QualifiedName, ROLE_NEXT, ROLE_ULTIMATE, escape_attribute};
use crate::text::Text;
use crate::xml::{Document, Element, NodeKind, Position};

/// Version of SOAP.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SoapVersion {
    /// SOAP 1.1.
    V11,
    /// SOAP 1.2.
    V12,
}

impl SoapVersion {
    /// Namespace of its envelope.
    pub fn namespace(self) -> &'static str {
        match self {
            Self::V11 => ENVELOPE,
            Self::V12 => ENVELOPE_12,
        }
    }
}

/// Why a document is no SOAP message.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum NotSoap {
    /// The document element is not an Envelope.
    #[error("line {}, column {}: expected an Envelope, found `{found}`", .at.line, .at.column)]
    NotEnvelope {
        /// Name of the document element, with its namespace.
        found: String,
        /// Where it stands.
        at: Position,
    },
    /// An Envelope of another namespace: a version mismatch.
    #[error("line {}, column {}: the Envelope is in namespace `{namespace}`, expected `{ENVELOPE}`", .at.line, .at.column)]
    OtherVersion {
        /// Its namespace.
        namespace: String,
        /// Where it stands.
        at: Position,
    },
    /// An Envelope without a Body.
    #[error("line {}, column {}: the Envelope has no Body", .at.line, .at.column)]
    NoBody {
        /// Where the Envelope stands.
        at: Position,
    },
}

impl NotSoap {
    /// What is wrong and where, for reports.
    pub fn describe(&self) -> Text {
        match self {
            Self::NotEnvelope { found, at } => Text::new(
                format!(
                    "{} 行 {} 桁: 文書要素は Envelope のはずですが「{found}」です",
                    at.line, at.column
                ),
                self.to_string(),
            ),
            Self::OtherVersion { namespace, at } => Text::new(
                format!(
                    "{} 行 {} 桁: Envelope の名前空間は「{ENVELOPE}」のはずですが「{namespace}」です",
                    at.line, at.column
                ),
                self.to_string(),
            ),
            Self::NoBody { at } => Text::new(
                format!("{} 行 {} 桁: Envelope に Body がありません", at.line, at.column),
                self.to_string(),
            ),
        }
    }
}

/// A header block.
#[derive(Clone, Copy, Debug)]
pub struct HeaderBlock<'d> {
    /// The element.
    pub element: Element<'d>,
    /// `mustUnderstand` as written.
    pub must_understand: Option<&'d str>,
    /// `actor`, in SOAP 1.2 `role`, as written.
    pub actor: Option<&'d str>,
}

impl HeaderBlock<'_> {
    /// Whether the sender insists on it.
    pub fn is_mandatory(&self) -> bool {
        matches!(self.must_understand.map(str::trim), Some("1" | "true"))
    }

    /// Whether it is meant for the last node, or for any.
    pub fn is_for_us(&self) -> bool {
        matches!(
            self.actor.map(str::trim),
            None | Some("" | ACTOR_NEXT | ROLE_NEXT | ROLE_ULTIMATE)
        )
    }
}

/// A fault that was received.
#[derive(Clone, Debug)]
pub struct FaultView<'d> {
    /// The element.
    pub element: Element<'d>,
    /// Code as written.
    pub code_text: String,
    /// Code with its namespace; `None` if absent or its prefix is not bound.
    pub code: Option<QualifiedName>,
    /// SOAP 1.2: the first subcode.
    pub subcode: Option<QualifiedName>,
    /// Explanation.
    pub string: Option<Cow<'d, str>>,
    /// Who found it.
    pub actor: Option<Cow<'d, str>>,
    /// The `detail` element.
    pub detail: Option<Element<'d>>,
}

impl<'d> FaultView<'d> {
    /// Children of `detail`.
    pub fn details(&self) -> impl Iterator<Item = Element<'d>> {
        self.detail.into_iter().flat_map(Element::children)
    }

    fn read(fault: Element<'d>, version: SoapVersion) -> Self {
        match version {
            SoapVersion::V11 => Self::read_11(fault),
            SoapVersion::V12 => Self::read_12(fault),
        }
    }

    /// Children are unqualified; a qualified one, which is wrong, is taken all the same, so that other rules can be
    /// asked.
    fn read_11(fault: Element<'d>) -> Self {
        let child = |local: &str| {
            fault
                .child("", local)
                .or_else(|| fault.children().find(|child| child.local() == local))
        };
        let code = child("faultcode");
        Self {
            element: fault,
            code_text: code.map(|code| code.text().trim().to_owned()).unwrap_or_default(),
            code: code.and_then(resolved),
            subcode: None,
            string: child("faultstring").map(Element::text),
            actor: child("faultactor").map(Element::text),
            detail: child("detail"),
        }
    }

    fn read_12(fault: Element<'d>) -> Self {
        let child = |parent: Element<'d>, local: &str| parent.child(ENVELOPE_12, local);
        let code = child(fault, "Code");
        let value = code.and_then(|code| child(code, "Value"));
        let subcode = code.and_then(|code| child(code, "Subcode"));
        Self {
            element: fault,
            code_text: value.map(|value| value.text().trim().to_owned()).unwrap_or_default(),
            code: value.and_then(resolved),
            subcode: subcode.and_then(|subcode| child(subcode, "Value")).and_then(resolved),
            string: child(fault, "Reason")
                .and_then(|reason| child(reason, "Text"))
                .map(Element::text),
            actor: child(fault, "Role").map(Element::text),
            detail: child(fault, "Detail"),
        }
    }
}

/// The QName in the text of an element.
fn resolved(element: Element<'_>) -> Option<QualifiedName> {
    let text = element.text();
    let name = element.resolve_name(&text)?;
    let prefix = text.trim().split_once(':').map_or("", |(prefix, _)| prefix);
    Some(QualifiedName::new(
        name.namespace.unwrap_or_default(),
        prefix,
        name.local,
    ))
}

/// A SOAP message.
#[derive(Clone, Debug)]
pub struct Message<'d> {
    /// Version of SOAP, by the namespace of the Envelope.
    pub version: SoapVersion,
    /// The Envelope.
    pub envelope: Element<'d>,
    /// The Header, if there is one.
    pub header: Option<Element<'d>>,
    /// Its blocks.
    pub blocks: Vec<HeaderBlock<'d>>,
    /// The Body.
    pub body: Element<'d>,
    /// The fault, if the Body carries one.
    pub fault: Option<FaultView<'d>>,
}

impl<'d> Message<'d> {
    /// Reads a message. Of several Headers or Bodies, which are wrong, the first ones count.
    ///
    /// # Errors
    /// When the document is no Envelope of SOAP 1.1 or 1.2 with a Body.
    pub fn read(document: &'d Document) -> Result<Self, NotSoap> {
        let envelope = document.root();
        let version = version(envelope)?;
        let namespace = version.namespace();
        let body = envelope.child(namespace, "Body").ok_or_else(|| NotSoap::NoBody {
            at: envelope.position(),
        })?;
        let header = envelope.child(namespace, "Header");
        let actor = match version {
            SoapVersion::V11 => "actor",
            SoapVersion::V12 => "role",
        };
        let blocks = header
            .into_iter()
            .flat_map(Element::children)
            .map(|element| HeaderBlock {
                element,
                must_understand: element.attribute(namespace, "mustUnderstand"),
                actor: element.attribute(namespace, actor),
            })
            .collect();
        let fault = body
            .child(namespace, "Fault")
            .map(|fault| FaultView::read(fault, version));
        Ok(Self {
            version,
            envelope,
            header,
            blocks,
            body,
            fault,
        })
    }

    /// Children of the Body.
    pub fn payload(&self) -> impl Iterator<Item = Element<'d>> {
        self.body.children()
    }

    /// Header blocks of a name.
    pub fn blocks_named<'a>(
        &'a self,
        namespace: &'a str,
        local: &'a str,
    ) -> impl Iterator<Item = HeaderBlock<'d>> + 'a {
        self.blocks
            .iter()
            .copied()
            .filter(move |block| block.element.is(namespace, local))
    }
}

fn version(envelope: Element<'_>) -> Result<SoapVersion, NotSoap> {
    let at = envelope.position();
    match (envelope.local(), envelope.namespace()) {
        ("Envelope", ENVELOPE) => Ok(SoapVersion::V11),
        ("Envelope", ENVELOPE_12) => Ok(SoapVersion::V12),
        ("Envelope", namespace) => Err(NotSoap::OtherVersion {
            namespace: namespace.to_owned(),
            at,
        }),
        _ => Err(NotSoap::NotEnvelope {
            found: envelope.name().to_string(),
            at,
        }),
    }
}

/// The text of an element with those namespace declarations of its surroundings that it uses, so that it can stand
/// anywhere.
pub fn self_contained(element: Element<'_>) -> String {
    let text = &element.document().text()[element.range()];
    let own: Vec<&str> = element.declarations().map(|declared| declared.prefix).collect();
    let mut declarations = String::new();
    for namespace in element.namespaces() {
        let name = namespace.name.unwrap_or_default();
        let used = namespace.prefix.is_empty() || text.contains(&format!("{}:", namespace.prefix));
        if own.contains(&namespace.prefix) || !used {
            continue;
        }
        let colon = if namespace.prefix.is_empty() { "" } else { ":" };
        declarations.push_str(&format!(
            r#" xmlns{colon}{}="{}""#,
            namespace.prefix,
            escape_attribute(name)
        ));
    }
    let name_end = text
        .find(|character: char| character.is_ascii_whitespace() || matches!(character, '>' | '/'))
        .unwrap_or(text.len());
    let (name, rest) = text.split_at(name_end);
    format!("{name}{declarations}{rest}")
}

/// Whether two elements say the same: names, attributes but those of a namespace to be ignored, children and character
/// data. Prefixes, comments, processing instructions and the order of attributes do not count.
pub fn same_content(one: Element<'_>, other: Element<'_>, ignored_namespace: &str) -> bool {
    let mut open = vec![(one, other)];
    while let Some((one, other)) = open.pop() {
        let attributes = |element: Element<'_>| {
            let mut all: Vec<(String, String)> = element
                .attributes()
                .filter(|attribute| attribute.name().namespace != Some(ignored_namespace))
                .map(|attribute| (attribute.name().to_string(), attribute.value().to_owned()))
                .collect();
            all.sort();
            all
        };
        if one.name() != other.name() || attributes(one) != attributes(other) || runs(one) != runs(other) {
            return false;
        }
        open.extend(one.children().zip(other.children()));
    }
    true
}

/// Character data between the child elements; one entry more than there are children. White space between children does
/// not count.
fn runs(element: Element<'_>) -> Vec<String> {
    let mut runs = vec![String::new()];
    for node in element.nodes() {
        match node.kind() {
            NodeKind::Element => runs.push(String::new()),
            NodeKind::Text | NodeKind::CData => {
                if let Some(run) = runs.last_mut() {
                    run.push_str(node.value());
                }
            }
            NodeKind::Comment | NodeKind::ProcessingInstruction => {}
        }
    }
    if runs.len() > 1 {
        for run in runs.iter_mut().filter(|run| run.trim().is_empty()) {
            run.clear();
        }
    }
    runs
}
