//! What is known about a message before anything is asked: its operation, the parts of its envelope, and what one walk
//! through the tree finds.

use std::ops::Range;

use super::{Answered, Body, MessageView, Place, Side};
use crate::schema::wsdl::{BoundMessage, Operation};
use crate::soap::ENVELOPE;
use crate::text::Text;
use crate::xml::{Attribute, Document, Element, Node, NodeKind};

/// Namespace of the encoding of SOAP 1.1.
const ENCODING: &str = "http://schemas.xmlsoap.org/soap/encoding/";

/// A message and what is known about it.
pub(super) struct Subject<'a> {
    pub(super) view: &'a MessageView<'a>,
    /// The operation that the request invokes.
    pub(super) invoked: Invoked<'a>,
    /// The parts of the envelope, where the body of the message has a SOAP 1.1 Envelope.
    pub(super) parts: Option<Parts<'a>>,
}

/// What a request invokes.
pub(super) enum Invoked<'a> {
    /// There is no description to look in.
    NoDescription,
    /// A response whose request was not recorded.
    NoRequest,
    /// Nothing that the description has.
    Nothing,
    /// This operation.
    Operation {
        operation: &'a Operation,
        /// The body fits no operation; SOAPAction alone names this one.
        by_action: bool,
    },
}

/// Parts of an envelope.
pub(super) struct Parts<'a> {
    pub(super) document: &'a Document,
    pub(super) root: Element<'a>,
    pub(super) header: Option<Element<'a>>,
    pub(super) body: Option<Element<'a>>,
    pub(super) fault: Option<Element<'a>>,
    pub(super) scan: Scan<'a>,
}

/// An attribute with its element.
pub(super) type Spot<'a> = (Element<'a>, Attribute<'a>);

/// What one walk through the tree finds; always the first of its kind.
#[derive(Default)]
pub(super) struct Scan<'a> {
    /// A processing instruction.
    pub(super) instruction: Option<Node<'a>>,
    /// A processing instruction inside the Envelope.
    pub(super) inner_instruction: Option<Node<'a>>,
    /// An element that declares the prefix `xml`, and where.
    pub(super) xml_declared: Option<(Element<'a>, usize)>,
    /// Whether `soap:mustUnderstand` occurs.
    pub(super) has_must_understand: bool,
    /// A `soap:mustUnderstand` that is neither 0 nor 1.
    pub(super) must_understand: Option<Spot<'a>>,
    /// `soap:encodingStyle` at an element of SOAP.
    pub(super) encoding_style: Option<Spot<'a>>,
    /// `soapenc:arrayType` inside the Body.
    pub(super) array_type: Option<Spot<'a>>,
    /// A `soap:actor` or `soap:encodingStyle` that is no URI.
    pub(super) no_uri: Option<Spot<'a>>,
}

impl<'a> Subject<'a> {
    /// Gathers what is known.
    pub(super) fn of(view: &'a MessageView<'a>) -> Self {
        Self {
            view,
            invoked: Invoked::by(view),
            parts: match view.body() {
                Body::Xml(document) => Parts::of(document),
                Body::Empty | Body::NotXml(_) => None,
            },
        }
    }

    /// Whether this answers something else than a POST: then it is no message of SOAP.
    pub(super) fn answers_another_method(&self) -> bool {
        self.view.side == Side::Response && self.view.request.is_some_and(|request| request.method != "POST")
    }

    /// The operation that was invoked, or why nothing can be said about it.
    pub(super) fn operation(&self) -> Result<&'a Operation, Answered> {
        match &self.invoked {
            Invoked::Operation { operation, .. } => Ok(operation),
            Invoked::NoDescription => Err(no_description()),
            Invoked::NoRequest => Err(Answered::Unanswered {
                reason: Text::new(
                    "対応する要求が記録されていないため、どの操作の応答か分かりません",
                    "the request was not recorded, so the operation that this answers is not known",
                ),
            }),
            Invoked::Nothing => Err(Answered::not_applicable(
                "要求がWSDLのどの操作にも当たりません（BP1011で判定）",
                "the request invokes no operation of the WSDL (BP1011 judges that)",
            )),
        }
    }

    /// The message that the operation has for this side.
    pub(super) fn bound(&self) -> Result<(&'a Operation, &'a BoundMessage), Answered> {
        let operation = self.operation()?;
        let bound = match self.view.side {
            Side::Request => operation.input.as_ref(),
            Side::Response => operation.output.as_ref(),
        };
        let bound = bound.ok_or_else(|| {
            Answered::not_applicable(
                format!("操作「{}」にはこの向きのメッセージがありません", operation.name),
                format!("operation `{}` has no message in this direction", operation.name),
            )
        })?;
        Ok((operation, bound))
    }
}

/// The answer where the description is missing.
pub(super) fn no_description() -> Answered {
    Answered::Unanswered {
        reason: Text::new(
            "WSDLが与えられていないため判定できません",
            "no WSDL was given, so this cannot be decided",
        ),
    }
}

impl<'a> Invoked<'a> {
    fn by(view: &MessageView<'a>) -> Self {
        let Some(description) = view.description else {
            return Self::NoDescription;
        };
        let document = match view.request_body {
            Body::Xml(document) => document,
            Body::Empty if view.side == Side::Response && view.request.is_none() => return Self::NoRequest,
            Body::Empty | Body::NotXml(_) => return Self::Nothing,
        };
        let action = view
            .request
            .and_then(|request| request.headers.get("SOAPAction"))
            .map(unquoted);
        // By local names, so that the operation of an envelope of another version is known too.
        let root = document.root();
        let body = root
            .children()
            .find(|child| child.local() == "Body" && child.namespace() == root.namespace());
        let Some(body) = body.filter(|_| root.local() == "Envelope") else {
            return Self::Nothing;
        };
        if let Some((_, operation)) = description.dispatch(body.children().next().map(Element::name), action) {
            return Self::Operation {
                operation,
                by_action: false,
            };
        }
        let Some(action) = action else {
            return Self::Nothing;
        };
        let mut named = description
            .operations()
            .map(|(_, operation)| operation)
            .filter(|operation| operation.input.is_some() && operation.soap_action.as_deref().unwrap_or("") == action);
        match (named.next(), named.next()) {
            (Some(operation), None) => Self::Operation {
                operation,
                by_action: true,
            },
            _ => Self::Nothing,
        }
    }
}

/// The value of SOAPAction without its quotes.
pub(super) fn unquoted(value: &str) -> &str {
    let value = value.trim();
    value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'))
        .unwrap_or(value)
}

impl<'a> Parts<'a> {
    fn of(document: &'a Document) -> Option<Self> {
        let root = document.root();
        if !root.is(ENVELOPE, "Envelope") {
            return None;
        }
        let body = root.child(ENVELOPE, "Body");
        Some(Self {
            document,
            root,
            header: root.child(ENVELOPE, "Header"),
            body,
            fault: body.and_then(|body| body.child(ENVELOPE, "Fault")),
            scan: Scan::of(document, body.map(Element::range).unwrap_or_default()),
        })
    }

    /// Elements directly inside the Body.
    pub(super) fn body_children(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        self.body.into_iter().flat_map(Element::children)
    }

    /// Header blocks.
    pub(super) fn blocks(&self) -> impl Iterator<Item = Element<'a>> + use<'a> {
        self.header.into_iter().flat_map(Element::children)
    }

    /// A child of the fault by its local name: its namespace is asked for by an assertion of its own.
    pub(super) fn fault_child(&self, local: &str) -> Option<Element<'a>> {
        self.fault?.children().find(|child| child.local() == local)
    }
}

impl<'a> Scan<'a> {
    fn of(document: &'a Document, body: Range<usize>) -> Self {
        let mut scan = Self::default();
        for node in document.nodes() {
            match node.kind() {
                NodeKind::ProcessingInstruction => {
                    scan.instruction.get_or_insert(node);
                    if node.parent().is_some() {
                        scan.inner_instruction.get_or_insert(node);
                    }
                }
                NodeKind::Element => {
                    if let Some(element) = node.element() {
                        scan.element(element, &body);
                    }
                }
                NodeKind::Text | NodeKind::CData | NodeKind::Comment => {}
            }
        }
        scan
    }

    fn element(&mut self, element: Element<'a>, body: &Range<usize>) {
        if self.xml_declared.is_none()
            && let Some(declared) = element.declarations().find(|declared| declared.prefix == "xml")
        {
            self.xml_declared = Some((element, declared.offset));
        }
        for attribute in element.attributes() {
            let name = attribute.name();
            match (name.namespace, name.local) {
                (Some(ENVELOPE), "mustUnderstand") => {
                    self.has_must_understand = true;
                    if !matches!(attribute.value(), "0" | "1") {
                        self.must_understand.get_or_insert((element, attribute));
                    }
                }
                (Some(ENVELOPE), local @ ("actor" | "encodingStyle")) => {
                    if !attribute.value().split_ascii_whitespace().all(is_uri) {
                        self.no_uri.get_or_insert((element, attribute));
                    }
                    if local == "encodingStyle" && element.namespace() == ENVELOPE {
                        self.encoding_style.get_or_insert((element, attribute));
                    }
                }
                (Some(ENCODING), "arrayType") => {
                    let range = element.range();
                    if body.start < range.start && range.end < body.end {
                        self.array_type.get_or_insert((element, attribute));
                    }
                }
                _ => {}
            }
        }
    }
}

/// Whether a text can be `xsd:anyURI`. XML Schema 1.0 allows nearly everything; what is left are escapes that are none
/// and a second fragment.
pub(super) fn is_uri(text: &str) -> bool {
    let mut escapes = text.split('%').skip(1);
    text.matches('#').count() < 2
        && escapes.all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|byte| byte.is_ascii_hexdigit()))
}

/// Name of an element as written.
pub(super) fn tag(element: Element<'_>) -> String {
    written(element.prefix(), element.local())
}

/// Name of an attribute as written.
pub(super) fn attribute_tag(attribute: Attribute<'_>) -> String {
    written(attribute.prefix(), attribute.name().local)
}

fn written(prefix: &str, local: &str) -> String {
    if prefix.is_empty() {
        local.to_owned()
    } else {
        format!("{prefix}:{local}")
    }
}

/// Broken by an attribute: `found` is the attribute with its value.
pub(super) fn broken_by_attribute(expected: Text, (element, attribute): Spot<'_>) -> Answered {
    let found = format!("{}=\"{}\"", attribute_tag(attribute), attribute.value());
    Answered::broken(
        expected,
        Text::new(
            format!("要素「{}」に {found}", tag(element)),
            format!("`{found}` at element `{}`", tag(element)),
        ),
    )
    .at_place(|| Place::of_attribute(element, attribute))
}

/// Asks for something that must not be there.
pub(super) fn absent(expected: Text, found: Option<Spot<'_>>) -> Answered {
    found.map_or(Answered::Holds, |found| broken_by_attribute(expected, found))
}
