//! A document as a flat tree.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::sync::OnceLock;

use super::encoding::position_in_line;
use super::{EncodingFacts, Position, XML_NAMESPACE};

/// Bytes of the text, or of the store of values that differ from the text.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) stored: bool,
}

/// Number of a namespace; 0: none.
pub(super) type NamespaceId = u32;

/// No node.
pub(super) const NONE: u32 = u32::MAX;

/// What a node is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NodeKind {
    /// An element.
    Element,
    /// Character data.
    Text,
    /// A CDATA section.
    CData,
    /// A comment.
    Comment,
    /// A processing instruction.
    ProcessingInstruction,
}

#[derive(Clone, Debug)]
pub(super) struct NodeData {
    pub(super) kind: NodeKind,
    pub(super) parent: u32,
    pub(super) first_child: u32,
    pub(super) next: u32,
    /// From `<` to the end.
    pub(super) start: u32,
    pub(super) end: u32,
    /// End of the start tag of an element.
    pub(super) tag_end: u32,
    pub(super) namespace: NamespaceId,
    pub(super) prefix: Span,
    /// Local name of an element, target of a processing instruction.
    pub(super) local: Span,
    /// Text of everything but elements.
    pub(super) value: Span,
    pub(super) attributes: Range<u32>,
    pub(super) bindings: Range<u32>,
}

#[derive(Clone, Debug)]
pub(super) struct AttributeData {
    pub(super) namespace: NamespaceId,
    pub(super) prefix: Span,
    pub(super) local: Span,
    pub(super) value: Span,
    pub(super) start: u32,
    pub(super) end: u32,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Binding {
    pub(super) prefix: Span,
    pub(super) namespace: NamespaceId,
    pub(super) start: u32,
}

/// The XML declaration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Declaration {
    /// Version as written.
    pub version: String,
    /// Encoding as written.
    pub encoding: Option<String>,
    /// `yes` or `no`.
    pub standalone: Option<String>,
}

/// A well-formed document.
#[derive(Clone, Debug)]
pub struct Document {
    pub(super) text: String,
    pub(super) store: String,
    pub(super) nodes: Vec<NodeData>,
    pub(super) attributes: Vec<AttributeData>,
    pub(super) bindings: Vec<Binding>,
    pub(super) namespaces: Vec<String>,
    /// Nodes outside the root element, and the root, in document order.
    pub(super) top: Vec<u32>,
    pub(super) root: u32,
    pub(super) declaration: Option<Declaration>,
    pub(super) doctype: Option<Range<u32>>,
    pub(super) encoding: EncodingFacts,
    /// Offsets of the line breaks, once somebody asks for a place: there are readers that ask for every element.
    pub(super) breaks: OnceLock<Vec<u32>>,
}

impl Document {
    /// The text after decoding.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The document element.
    pub fn root(&self) -> Element<'_> {
        Element {
            document: self,
            index: self.root,
        }
    }

    /// Everything at the top: comments, processing instructions, the document element.
    pub fn top(&self) -> impl Iterator<Item = Node<'_>> {
        self.top.iter().map(|&index| Node { document: self, index })
    }

    /// The XML declaration.
    pub fn declaration(&self) -> Option<&Declaration> {
        self.declaration.as_ref()
    }

    /// Where a document type declaration stands.
    pub fn doctype(&self) -> Option<Position> {
        self.doctype.as_ref().map(|range| self.position(range.start as usize))
    }

    /// How the text was found.
    pub fn encoding(&self) -> &EncodingFacts {
        &self.encoding
    }

    /// Line and column of a byte offset of the text.
    pub fn position(&self, offset: usize) -> Position {
        let offset = offset.min(self.text.len());
        let breaks = self.breaks.get_or_init(|| {
            let offsets = memchr::memchr_iter(b'\n', self.text.as_bytes());
            offsets.filter_map(|at| u32::try_from(at).ok()).collect()
        });
        let lines_before = breaks.partition_point(|&at| (at as usize) < offset);
        let line_start = lines_before.checked_sub(1).map_or(0, |last| breaks[last] as usize + 1);
        position_in_line(&self.text, lines_before, line_start, offset)
    }

    /// All elements in document order.
    pub fn elements(&self) -> impl Iterator<Item = Element<'_>> {
        self.nodes
            .iter()
            .zip(0..)
            .filter(|(node, _)| node.kind == NodeKind::Element)
            .map(|(_, index)| Element { document: self, index })
    }

    /// All nodes in document order.
    pub fn nodes(&self) -> impl Iterator<Item = Node<'_>> {
        (0..).take(self.nodes.len()).map(|index| Node { document: self, index })
    }

    fn slice(&self, span: Span) -> &str {
        let whole = if span.stored { &self.store } else { &self.text };
        &whole[span.start as usize..span.end as usize]
    }

    fn namespace(&self, id: NamespaceId) -> Option<&str> {
        let id = id.checked_sub(1)?;
        self.namespaces.get(id as usize).map(String::as_str)
    }

    fn node(&self, index: u32) -> &NodeData {
        &self.nodes[index as usize]
    }
}

/// Name of an element or attribute.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Name<'d> {
    /// Namespace name, if any.
    pub namespace: Option<&'d str>,
    /// Local name.
    pub local: &'d str,
}

impl<'d> Name<'d> {
    /// A name in a namespace.
    pub fn new(namespace: &'d str, local: &'d str) -> Self {
        Self {
            namespace: Some(namespace).filter(|namespace| !namespace.is_empty()),
            local,
        }
    }

    /// Whether this is the name `local` of a namespace.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        self.local == local && self.namespace.unwrap_or_default() == namespace
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.namespace {
            Some(namespace) => write!(f, "{{{namespace}}}{}", self.local),
            None => f.write_str(self.local),
        }
    }
}

/// A namespace declaration of an element.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Namespace<'d> {
    /// Prefix; empty for the default namespace.
    pub prefix: &'d str,
    /// Namespace name; `None` where the default namespace is taken away.
    pub name: Option<&'d str>,
    /// Byte offset of the declaration.
    pub offset: usize,
}

/// Any node.
#[derive(Clone, Copy)]
pub struct Node<'d> {
    document: &'d Document,
    index: u32,
}

impl<'d> Node<'d> {
    /// What it is.
    pub fn kind(self) -> NodeKind {
        self.document.node(self.index).kind
    }

    /// The element, if it is one.
    pub fn element(self) -> Option<Element<'d>> {
        (self.kind() == NodeKind::Element).then_some(Element {
            document: self.document,
            index: self.index,
        })
    }

    /// Text of a text, CDATA section, comment or processing instruction.
    pub fn value(self) -> &'d str {
        self.document.slice(self.document.node(self.index).value)
    }

    /// Target of a processing instruction.
    pub fn target(self) -> &'d str {
        self.document.slice(self.document.node(self.index).local)
    }

    /// The element around it.
    pub fn parent(self) -> Option<Element<'d>> {
        let index = self.document.node(self.index).parent;
        (index != NONE).then_some(Element {
            document: self.document,
            index,
        })
    }

    /// Where it begins.
    pub fn position(self) -> Position {
        self.document.position(self.document.node(self.index).start as usize)
    }

    /// Its bytes in [`Document::text`].
    pub fn range(self) -> Range<usize> {
        let node = self.document.node(self.index);
        node.start as usize..node.end as usize
    }
}

/// An attribute; namespace declarations are not among them.
#[derive(Clone, Copy)]
pub struct Attribute<'d> {
    document: &'d Document,
    index: u32,
}

impl<'d> Attribute<'d> {
    fn data(self) -> &'d AttributeData {
        &self.document.attributes[self.index as usize]
    }

    /// Name.
    pub fn name(self) -> Name<'d> {
        let data = self.data();
        Name {
            namespace: self.document.namespace(data.namespace),
            local: self.document.slice(data.local),
        }
    }

    /// Prefix as written; empty if none.
    pub fn prefix(self) -> &'d str {
        self.document.slice(self.data().prefix)
    }

    /// Normalised value.
    pub fn value(self) -> &'d str {
        self.document.slice(self.data().value)
    }

    /// Where it begins.
    pub fn position(self) -> Position {
        self.document.position(self.data().start as usize)
    }

    /// Its bytes in [`Document::text`], name to closing quote.
    pub fn range(self) -> Range<usize> {
        self.data().start as usize..self.data().end as usize
    }
}

/// An element.
#[derive(Clone, Copy)]
pub struct Element<'d> {
    document: &'d Document,
    index: u32,
}

impl PartialEq for Element<'_> {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.index == other.index
    }
}

impl Eq for Element<'_> {}

impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}> at {}", self.name(), self.position())
    }
}

impl<'d> Element<'d> {
    fn data(self) -> &'d NodeData {
        self.document.node(self.index)
    }

    /// The document it belongs to.
    pub fn document(self) -> &'d Document {
        self.document
    }

    /// Number of the node inside its document, in document order: a key for tables beside the tree.
    pub fn index(self) -> usize {
        self.index as usize
    }

    /// Name.
    pub fn name(self) -> Name<'d> {
        let data = self.data();
        Name {
            namespace: self.document.namespace(data.namespace),
            local: self.document.slice(data.local),
        }
    }

    /// Local name.
    pub fn local(self) -> &'d str {
        self.name().local
    }

    /// Namespace name; empty if none.
    pub fn namespace(self) -> &'d str {
        self.name().namespace.unwrap_or_default()
    }

    /// Prefix as written; empty if none.
    pub fn prefix(self) -> &'d str {
        self.document.slice(self.data().prefix)
    }

    /// Whether this is the element `local` of a namespace.
    pub fn is(self, namespace: &str, local: &str) -> bool {
        self.name().is(namespace, local)
    }

    /// The element around it.
    pub fn parent(self) -> Option<Self> {
        let index = self.data().parent;
        (index != NONE).then_some(Self {
            document: self.document,
            index,
        })
    }

    /// It, then what is around it, up to the root.
    pub fn ancestors_and_self(self) -> impl Iterator<Item = Self> {
        std::iter::successors(Some(self), |element| element.parent())
    }

    /// All child nodes.
    pub fn nodes(self) -> impl Iterator<Item = Node<'d>> {
        let document = self.document;
        let step = move |index: u32| (index != NONE).then_some(index);
        std::iter::successors(step(self.data().first_child), move |&index| {
            step(document.node(index).next)
        })
        .map(move |index| Node { document, index })
    }

    /// All nodes inside it, at any depth, in document order.
    pub fn nodes_inside(self) -> impl Iterator<Item = Node<'d>> {
        let end = self.data().end;
        let document = self.document;
        (self.index + 1..)
            .take_while(move |&index| document.nodes.get(index as usize).is_some_and(|node| node.start < end))
            .map(move |index| Node { document, index })
    }

    /// Elements after it under the same parent.
    pub fn later_siblings(self) -> impl Iterator<Item = Self> {
        let document = self.document;
        let step = move |index: u32| (index != NONE).then_some(index);
        std::iter::successors(step(self.data().next), move |&index| step(document.node(index).next))
            .filter_map(move |index| Node { document, index }.element())
    }

    /// Child elements.
    pub fn children(self) -> impl Iterator<Item = Self> {
        self.nodes().filter_map(Node::element)
    }

    /// Child elements of a name.
    pub fn children_named<'n>(self, namespace: &'n str, local: &'n str) -> impl Iterator<Item = Self> + use<'d, 'n> {
        self.children().filter(move |child| child.is(namespace, local))
    }

    /// The first child element of a name.
    pub fn child(self, namespace: &str, local: &str) -> Option<Self> {
        self.children().find(|child| child.is(namespace, local))
    }

    /// It and all elements inside it, in document order.
    pub fn descendants_and_self(self) -> impl Iterator<Item = Self> {
        let end = self.data().end;
        let document = self.document;
        (self.index..)
            .take_while(move |&index| document.nodes.get(index as usize).is_some_and(|node| node.start < end))
            .filter(move |&index| document.node(index).kind == NodeKind::Element)
            .map(move |index| Self { document, index })
    }

    /// Attributes without namespace declarations.
    pub fn attributes(self) -> impl ExactSizeIterator<Item = Attribute<'d>> {
        let document = self.document;
        self.data()
            .attributes
            .clone()
            .map(move |index| Attribute { document, index })
    }

    /// Value of an attribute; an empty namespace stands for none.
    pub fn attribute(self, namespace: &str, local: &str) -> Option<&'d str> {
        self.attribute_node(namespace, local).map(Attribute::value)
    }

    /// An attribute; an empty namespace stands for none.
    pub fn attribute_node(self, namespace: &str, local: &str) -> Option<Attribute<'d>> {
        self.attributes()
            .find(|attribute| attribute.name().is(namespace, local))
    }

    /// Namespace declarations that stand at this element, `xmlns:xml` too.
    pub fn declarations(self) -> impl Iterator<Item = Namespace<'d>> {
        let document = self.document;
        let range = self.data().bindings.clone();
        document.bindings[range.start as usize..range.end as usize]
            .iter()
            .map(move |binding| Namespace {
                prefix: document.slice(binding.prefix),
                name: document.namespace(binding.namespace),
                offset: binding.start as usize,
            })
    }

    /// All namespaces in scope, nearest declarations only, without `xml`.
    pub fn namespaces(self) -> Vec<Namespace<'d>> {
        let mut all: Vec<Namespace<'d>> = Vec::new();
        for element in self.ancestors_and_self() {
            for namespace in element.declarations() {
                let known = all.iter().any(|known| known.prefix == namespace.prefix);
                if !known && namespace.prefix != "xml" {
                    all.push(namespace);
                }
            }
        }
        all.retain(|namespace| namespace.name.is_some());
        all
    }

    /// The namespace of a prefix at this place; the empty prefix asks for the default namespace.
    pub fn resolve(self, prefix: &str) -> Option<&'d str> {
        if prefix == "xml" {
            return Some(XML_NAMESPACE);
        }
        self.ancestors_and_self()
            .find_map(|element| element.declarations().find(|declared| declared.prefix == prefix))
            .and_then(|namespace| namespace.name)
    }

    /// A QName in content, such as the value of `type="tns:a"`: `None` if its prefix is not bound. Without a prefix the
    /// default namespace counts.
    pub fn resolve_name<'n>(self, qname: &'n str) -> Option<Name<'n>>
    where
        'd: 'n,
    {
        let qname = qname.trim_matches([' ', '\t', '\r', '\n']);
        match qname.split_once(':') {
            Some((prefix, local)) => Some(Name {
                namespace: Some(self.resolve(prefix)?),
                local,
            }),
            None => Some(Name {
                namespace: self.resolve(""),
                local: qname,
            }),
        }
    }

    /// Character data directly inside it, joined.
    pub fn text(self) -> Cow<'d, str> {
        let mut texts = self
            .nodes()
            .filter(|node| matches!(node.kind(), NodeKind::Text | NodeKind::CData))
            .map(Node::value);
        let first = texts.next().unwrap_or_default();
        match texts.next() {
            None => Cow::Borrowed(first),
            Some(second) => Cow::Owned([first, second].into_iter().chain(texts).collect()),
        }
    }

    /// Where it begins.
    pub fn position(self) -> Position {
        self.document.position(self.data().start as usize)
    }

    /// Its bytes in [`Document::text`].
    pub fn range(self) -> Range<usize> {
        self.data().start as usize..self.data().end as usize
    }

    /// Bytes of its start tag.
    pub fn tag_range(self) -> Range<usize> {
        self.data().start as usize..self.data().tag_end as usize
    }

    /// Path from the root with prefixes as written, such as `/soap:Envelope/soap:Body/t:row[2]`. The number stands only
    /// where there are several siblings of that name.
    pub fn path(self) -> String {
        let mut steps: Vec<String> = self.ancestors_and_self().map(Self::path_step).collect();
        steps.push(String::new());
        steps.reverse();
        steps.join("/")
    }

    fn path_step(self) -> String {
        let name = match self.prefix() {
            "" => self.local().to_owned(),
            prefix => format!("{prefix}:{}", self.local()),
        };
        let Some(parent) = self.parent() else {
            return name;
        };
        // Names are compared only up to this element, and up to the next of its name.
        let mut alike = parent.children().filter(|sibling| sibling.name() == self.name());
        let place = 1 + alike.by_ref().take_while(|sibling| *sibling != self).count();
        if place > 1 || alike.next().is_some() {
            format!("{name}[{place}]")
        } else {
            name
        }
    }
}
