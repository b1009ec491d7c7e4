//! A message while it is made.

use super::grammar::{ElementId, Site, TypeId};
use crate::schema::wsdl::OwnedName;

/// Namespace of `xsi:type` and `xsi:nil`.
pub(super) const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// A text, or a qualified name whose prefix is known only when the message is written.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(super) enum Value {
    Text(String),
    Name(OwnedName),
}

impl Value {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }
}

#[derive(Clone, Debug)]
pub(super) struct AttributeNode {
    pub(super) name: OwnedName,
    pub(super) value: Value,
    /// Where it is declared; `None` for one that is not.
    pub(super) site: Option<Site>,
}

/// An element of a message.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) name: OwnedName,
    /// Its declaration; `None` for an element of a foreign namespace.
    pub(super) declaration: Option<ElementId>,
    pub(super) type_id: Option<TypeId>,
    pub(super) site: Site,
    /// The choices that it stands in, outermost first: site, which repetition, and branch.
    pub(super) choices: Vec<(Site, u32, usize)>,
    pub(super) xsi_type: Option<OwnedName>,
    pub(super) nil: bool,
    pub(super) attributes: Vec<AttributeNode>,
    pub(super) text: Option<Value>,
    pub(super) children: Vec<Self>,
}

impl Node {
    pub(super) fn new(name: OwnedName, site: Site) -> Self {
        Self {
            name,
            declaration: None,
            type_id: None,
            site,
            choices: Vec::new(),
            xsi_type: None,
            nil: false,
            attributes: Vec::new(),
            text: None,
            children: Vec::new(),
        }
    }

    /// The node at a way from here: the number of the child, then of its child.
    pub(super) fn at(&self, way: &[usize]) -> Option<&Self> {
        way.iter().try_fold(self, |node, index| node.children.get(*index))
    }

    /// The same, to change it.
    pub(super) fn at_mut(&mut self, way: &[usize]) -> Option<&mut Self> {
        way.iter().try_fold(self, |node, index| node.children.get_mut(*index))
    }

    /// Ways to all nodes, in document order.
    pub(super) fn ways(&self) -> Vec<Vec<usize>> {
        let mut ways = Vec::new();
        let mut open = vec![Vec::new()];
        while let Some(way) = open.pop() {
            let count = self.at(&way).map_or(0, |node| node.children.len());
            for index in (0..count).rev() {
                let mut next = way.clone();
                next.push(index);
                open.push(next);
            }
            ways.push(way);
        }
        ways
    }

    pub(super) fn size(&self) -> usize {
        1 + self.children.iter().map(Self::size).sum::<usize>()
    }

    pub(super) fn attribute(&self, site: Site) -> Option<&AttributeNode> {
        self.attributes.iter().find(|attribute| attribute.site == Some(site))
    }

    /// The path of a node in the form of [`crate::xml::Element::path`].
    pub(super) fn path(&self, way: &[usize]) -> String {
        let prefixes = Prefixes::of(self);
        let mut path = format!("/{}", prefixes.qualified(&self.name));
        let mut parent = self;
        for index in way {
            let Some(node) = parent.children.get(*index) else { break };
            path.push('/');
            path.push_str(&prefixes.qualified(&node.name));
            let same = |other: &&Self| other.name == node.name;
            if parent.children.iter().filter(same).count() > 1 {
                let place = parent.children.iter().take(index + 1).filter(same).count();
                path.push_str(&format!("[{place}]"));
            }
            parent = node;
        }
        path
    }

    /// The message as text, every namespace declared at its root.
    pub(super) fn to_xml(&self) -> String {
        let prefixes = Prefixes::of(self);
        let mut text = String::new();
        self.write(&prefixes, 0, true, &mut text);
        text.push('\n');
        text
    }

    fn write(&self, prefixes: &Prefixes, depth: usize, indented: bool, text: &mut String) {
        let indent = |text: &mut String, depth: usize| {
            if indented {
                text.push('\n');
                text.push_str(&"  ".repeat(depth));
            }
        };
        let name = prefixes.qualified(&self.name);
        text.push('<');
        text.push_str(&name);
        if depth == 0 {
            prefixes.declare(text);
        }
        if let Some(xsi_type) = &self.xsi_type {
            text.push_str(&format!(" xsi:type=\"{}\"", prefixes.qualified(xsi_type)));
        }
        if self.nil {
            text.push_str(" xsi:nil=\"true\"");
        }
        for attribute in &self.attributes {
            let value = prefixes.value(&attribute.value);
            text.push_str(&format!(
                " {}=\"{}\"",
                prefixes.qualified(&attribute.name),
                escaped(&value, true)
            ));
        }
        if self.text.is_none() && self.children.is_empty() {
            text.push_str("/>");
            return;
        }
        text.push('>');
        if let Some(value) = &self.text {
            text.push_str(&escaped(&prefixes.value(value), false));
        }
        // Space between elements would be content where text is allowed.
        let inner = indented && self.text.is_none();
        for child in &self.children {
            if inner {
                indent(text, depth + 1);
            }
            child.write(prefixes, depth + 1, inner, text);
        }
        if inner {
            indent(text, depth);
        }
        text.push_str(&format!("</{name}>"));
    }
}

/// Prefixes of all namespaces of a message, in the order in which they appear.
struct Prefixes(Vec<String>);

impl Prefixes {
    fn of(root: &Node) -> Self {
        let mut found = Self(Vec::new());
        found.visit(root);
        found
    }

    fn visit(&mut self, node: &Node) {
        self.add(&node.name.namespace);
        if let Some(xsi_type) = &node.xsi_type {
            self.add(XSI);
            self.add(&xsi_type.namespace);
        }
        if node.nil {
            self.add(XSI);
        }
        for attribute in &node.attributes {
            self.add(&attribute.name.namespace);
            if let Value::Name(name) = &attribute.value {
                self.add(&name.namespace);
            }
        }
        if let Some(Value::Name(name)) = &node.text {
            self.add(&name.namespace);
        }
        for child in &node.children {
            self.visit(child);
        }
    }

    fn add(&mut self, namespace: &str) {
        let known = namespace.is_empty()
            || namespace == crate::xml::XML_NAMESPACE
            || self.0.iter().any(|known| known == namespace);
        if !known {
            self.0.push(namespace.to_owned());
        }
    }

    fn prefix(&self, namespace: &str) -> String {
        match namespace {
            XSI => "xsi".to_owned(),
            crate::schema::wsdl::XSD => "xsd".to_owned(),
            crate::xml::XML_NAMESPACE => "xml".to_owned(),
            _ => {
                let numbered = |known: &&String| !matches!(known.as_str(), XSI | crate::schema::wsdl::XSD);
                let place = self.0.iter().filter(numbered).position(|known| known == namespace);
                format!("ns{}", place.map_or(0, |place| place + 1))
            }
        }
    }

    fn qualified(&self, name: &OwnedName) -> String {
        match name.namespace.as_str() {
            "" => name.local.clone(),
            namespace => format!("{}:{}", self.prefix(namespace), name.local),
        }
    }

    fn value(&self, value: &Value) -> String {
        match value {
            Value::Text(text) => text.clone(),
            Value::Name(name) => self.qualified(name),
        }
    }

    fn declare(&self, text: &mut String) {
        for namespace in &self.0 {
            text.push_str(&format!(
                " xmlns:{}=\"{}\"",
                self.prefix(namespace),
                escaped(namespace, true)
            ));
        }
    }
}

fn escaped(text: &str, attribute: bool) -> String {
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' if attribute => written.push_str("&quot;"),
            '\r' => written.push_str("&#13;"),
            '\t' | '\n' if attribute => written.push_str(&format!("&#{};", u32::from(character))),
            other => written.push(other),
        }
    }
    written
}
