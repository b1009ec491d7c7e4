//! What a service description says, with every reference resolved.

use std::fmt;

use thiserror::Error;

use crate::schema::{DocumentSet, SchemaSource};
use crate::text::Text;
use crate::xml::{Document, Element, Name, Position, XmlError};

/// A qualified name that does not borrow.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct OwnedName {
    /// Namespace name; empty if none.
    pub namespace: String,
    /// Local name.
    pub local: String,
}

impl OwnedName {
    /// A name of its parts.
    pub fn new(namespace: impl Into<String>, local: impl Into<String>) -> Self {
        Self {
            namespace: namespace.into(),
            local: local.into(),
        }
    }

    /// The same name, borrowed.
    pub fn as_name(&self) -> Name<'_> {
        Name::new(&self.namespace, &self.local)
    }
}

impl From<Name<'_>> for OwnedName {
    fn from(name: Name<'_>) -> Self {
        Self::new(name.namespace.unwrap_or_default(), name.local)
    }
}

impl fmt::Display for OwnedName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_name().fmt(f)
    }
}

/// Style of an operation.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Style {
    /// The body holds an element that a schema declares.
    #[default]
    Document,
    /// The body holds a wrapper named after the operation, with one accessor for each part.
    Rpc,
}

/// SOAP version of a port.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Soap {
    /// SOAP 1.1.
    V11,
    /// SOAP 1.2, recognised and reported only.
    V12,
}

/// A part of a message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Part {
    /// Its name.
    pub name: String,
    /// Element that it is declared with.
    pub element: Option<OwnedName>,
    /// Type that it is declared with.
    pub type_name: Option<OwnedName>,
}

/// A part that travels in a header block.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HeaderPart {
    /// The message that it belongs to.
    pub message: OwnedName,
    /// The part.
    pub part: Part,
}

/// A message as an operation of a binding sends it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BoundMessage {
    /// Name of the message.
    pub message: OwnedName,
    /// `soapbind:body/@namespace`.
    pub body_namespace: Option<String>,
    /// Parts in the body, in the order of the message.
    pub body: Vec<Part>,
    /// Whether `soapbind:body` has attribute parts.
    pub states_parts: bool,
    /// Parts in the header.
    pub headers: Vec<HeaderPart>,
    /// Value of `wsaw:Action` or `wsam:Action`, if any.
    pub action: Option<String>,
}

/// A fault that an operation declares.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BoundFault {
    /// Name of the fault.
    pub name: String,
    /// Element in the detail.
    pub element: Option<OwnedName>,
    /// Whether the binding has it (`soapbind:fault`).
    pub bound: bool,
}

/// An operation of a binding.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// Effective style.
    pub style: Style,
    /// `soapbind:operation/@soapAction`.
    pub soap_action: Option<String>,
    /// Port type that declares it.
    pub port_type: OwnedName,
    /// What is sent; absent in output-only operations, which the profile forbids.
    pub input: Option<BoundMessage>,
    /// What is answered; absent in one-way operations.
    pub output: Option<BoundMessage>,
    /// Declared faults.
    pub faults: Vec<BoundFault>,
}

impl Operation {
    /// Whether nothing is answered.
    pub fn is_one_way(&self) -> bool {
        self.output.is_none()
    }

    /// Name of the element in the request body; `None` for an empty body.
    pub fn request_element(&self) -> Option<OwnedName> {
        let input = self.input.as_ref()?;
        match self.style {
            Style::Document => input.body.first()?.element.clone(),
            Style::Rpc => Some(OwnedName::new(
                input.body_namespace.clone().unwrap_or_default(),
                &self.name,
            )),
        }
    }

    /// Name of the element in the response body; `None` for an empty body and for one-way operations.
    pub fn response_element(&self) -> Option<OwnedName> {
        let output = self.output.as_ref()?;
        match self.style {
            Style::Document => output.body.first()?.element.clone(),
            Style::Rpc => Some(OwnedName::new(
                output.body_namespace.clone().unwrap_or_default(),
                format!("{}Response", self.name),
            )),
        }
    }
}

/// A port of a service with its binding resolved.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Port {
    /// Service.
    pub service: String,
    /// Port.
    pub name: String,
    /// Binding.
    pub binding: OwnedName,
    /// SOAP version; `None` for a binding that is no SOAP.
    pub soap: Option<Soap>,
    /// Transport of the binding.
    pub transport: Option<String>,
    /// Address.
    pub address: Option<String>,
    /// Operations.
    pub operations: Vec<Operation>,
}

/// How a file belongs to a description.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FileRole {
    /// The root, or reached by `wsdl:import`.
    Description,
    /// Reached by `xsd:import`, `xsd:include` or `xsd:redefine`, or a schema that a `wsdl:import` leads to.
    Schema,
}

/// One file of a description.
#[derive(Debug)]
pub struct DescriptionFile {
    /// Location inside the set.
    pub location: String,
    /// How it belongs to the description.
    pub role: FileRole,
    /// The file, or why it is no XML.
    pub document: Result<Document, XmlError>,
}

impl DescriptionFile {
    /// The document element, if the file is well-formed.
    pub fn root(&self) -> Option<Element<'_>> {
        self.document.as_ref().ok().map(Document::root)
    }

    /// Whether an element stands in this file.
    pub fn holds(&self, element: Element<'_>) -> bool {
        self.document
            .as_ref()
            .is_ok_and(|document| std::ptr::eq(document, element.document()))
    }
}

/// A service description that could be read. Ports of bindings without a service are made up, so that they are seen.
#[derive(Debug)]
pub struct Description {
    /// The documents that it was read from.
    pub documents: DocumentSet,
    /// WSDL files reached from the root, the root first; then schema files reached.
    pub files: Vec<DescriptionFile>,
    /// Target namespace of the root.
    pub target_namespace: String,
    /// Ports in document order.
    pub ports: Vec<Port>,
    /// Schemas embedded in types, and those that they import or include, ready to be compiled.
    pub schemas: Vec<SchemaSource>,
    /// References that lead nowhere, with the place of each.
    pub dangling: Vec<DescriptionError>,
}

impl Description {
    /// The file of a location.
    pub fn file(&self, location: &str) -> Option<&DescriptionFile> {
        self.files.iter().find(|file| file.location == location)
    }

    /// The file that an element of this description stands in.
    pub fn file_of(&self, element: Element<'_>) -> Option<&DescriptionFile> {
        self.files.iter().find(|file| file.holds(element))
    }

    /// Root elements of the files that are WSDL 1.1, in the order of `files`.
    pub fn definitions(&self) -> impl Iterator<Item = Element<'_>> {
        self.files
            .iter()
            .filter(|file| file.role == FileRole::Description)
            .filter_map(|file| file.root())
            .filter(|root| root.is(super::WSDL, "definitions"))
    }

    /// Operations of SOAP 1.1 ports, each with its port.
    pub fn operations(&self) -> impl Iterator<Item = (&Port, &Operation)> {
        self.ports
            .iter()
            .filter(|port| port.soap == Some(Soap::V11))
            .flat_map(|port| port.operations.iter().map(move |operation| (port, operation)))
    }

    /// An operation of a SOAP 1.1 port by its name.
    pub fn operation(&self, name: &str) -> Option<(&Port, &Operation)> {
        self.operations().find(|(_, operation)| operation.name == name)
    }

    /// The operation that a request invokes: by the qualified name of the body's child, which identifies it where the
    /// description keeps R2710. `soap_action` decides between operations with the same element or none.
    pub fn dispatch(&self, body_child: Option<Name<'_>>, soap_action: Option<&str>) -> Option<(&Port, &Operation)> {
        let wanted = body_child.map(OwnedName::from);
        let fits: Vec<_> = self
            .operations()
            .filter(|(_, operation)| operation.input.is_some() && operation.request_element() == wanted)
            .collect();
        let by_action = fits
            .iter()
            .find(|(_, operation)| soap_action.is_some() && operation.soap_action.as_deref() == soap_action);
        by_action.or_else(|| fits.first()).copied()
    }
}

/// Why a description, or a part of it, cannot be read.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{location}:{at}: {}", .message.en)]
pub struct DescriptionError {
    /// File inside the set.
    pub location: String,
    /// Place inside the file.
    pub at: Position,
    /// What is wrong.
    pub message: Text,
}
