//! Components of a description as elements of its files, with what they refer to. The model is read from these, and
//! assertions are asked of them, so that both mean the same thing and every place is known.

use std::collections::HashMap;

use super::{SOAPBIND, SOAPBIND12, Soap, WSDL, XSD};
use crate::xml::{Element, Name};

/// A kind of component that has a name of its own in the target namespace.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Kind {
    Message,
    PortType,
    Binding,
}

impl Kind {
    fn local(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::PortType => "portType",
            Self::Binding => "binding",
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.local())
    }
}

/// Components by name. Of two with the same name the first counts.
#[derive(Debug, Default)]
pub(crate) struct Components<'d> {
    known: HashMap<(Kind, &'d str, &'d str), Element<'d>>,
}

impl<'d> Components<'d> {
    pub(crate) fn of(definitions: impl IntoIterator<Item = Element<'d>>) -> Self {
        let mut known = HashMap::new();
        for root in definitions {
            let namespace = root.attribute("", "targetNamespace").unwrap_or_default();
            for kind in [Kind::Message, Kind::PortType, Kind::Binding] {
                for element in root.children_named(WSDL, kind.local()) {
                    let name = element.attribute("", "name").unwrap_or_default();
                    known.entry((kind, namespace, name)).or_insert(element);
                }
            }
        }
        Self { known }
    }

    pub(crate) fn find(&self, kind: Kind, name: Name<'d>) -> Option<Element<'d>> {
        self.known
            .get(&(kind, name.namespace.unwrap_or_default(), name.local))
            .copied()
    }

    /// The component that an attribute names.
    pub(crate) fn referred(&self, kind: Kind, element: Element<'d>, attribute: &str) -> Option<Element<'d>> {
        self.find(kind, element.resolve_name(element.attribute("", attribute)?)?)
    }
}

/// Schemas inside `wsdl:types` of a WSDL document, in document order.
pub(crate) fn embedded_schemas(definitions: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    definitions
        .children_named(WSDL, "types")
        .flat_map(|types| types.children_named(XSD, "schema"))
}

/// A binding with its port type.
#[derive(Debug)]
pub(crate) struct BindingNode<'d> {
    pub(crate) element: Element<'d>,
    pub(crate) soap: Option<Soap>,
    /// `soapbind:binding`.
    pub(crate) soap_binding: Option<Element<'d>>,
    pub(crate) port_type: Option<Element<'d>>,
    pub(crate) operations: Vec<OperationNode<'d>>,
}

/// An operation of a binding with the operation of the port type that it binds.
#[derive(Debug)]
pub(crate) struct OperationNode<'d> {
    pub(crate) element: Element<'d>,
    pub(crate) declared: Option<Element<'d>>,
    pub(crate) soap_operation: Option<Element<'d>>,
    /// Effective style as written: of the operation, else of the binding, else `document`.
    pub(crate) style: &'d str,
    pub(crate) input: Option<MessageNode<'d>>,
    pub(crate) output: Option<MessageNode<'d>>,
    pub(crate) faults: Vec<FaultNode<'d>>,
}

/// Input or output of an operation of a binding. It is there if either side has it.
#[derive(Debug)]
pub(crate) struct MessageNode<'d> {
    namespace: &'static str,
    /// `wsdl:input` or `wsdl:output` of the binding.
    pub(crate) element: Option<Element<'d>>,
    /// `wsdl:input` or `wsdl:output` of the port type.
    pub(crate) declared: Option<Element<'d>>,
    pub(crate) message: Option<Element<'d>>,
}

/// A fault of an operation: either side may lack it.
#[derive(Debug)]
pub(crate) struct FaultNode<'d> {
    pub(crate) declared: Option<Element<'d>>,
    pub(crate) message: Option<Element<'d>>,
    /// `soapbind:fault`.
    pub(crate) soap_fault: Option<Element<'d>>,
}

/// A part that `soapbind:header` or `soapbind:headerfault` designates.
#[derive(Debug)]
pub(crate) struct DesignatedPart<'d> {
    /// `soapbind:header` or `soapbind:headerfault`.
    pub(crate) element: Element<'d>,
    pub(crate) message: Option<Element<'d>>,
    pub(crate) part: Option<Element<'d>>,
}

impl<'d> BindingNode<'d> {
    /// All bindings of a description, in the order of files and documents.
    pub(crate) fn all(definitions: &[Element<'d>], components: &Components<'d>) -> Vec<Self> {
        definitions
            .iter()
            .flat_map(|root| root.children_named(WSDL, "binding"))
            .map(|element| Self::of(element, components))
            .collect()
    }

    pub(crate) fn of(element: Element<'d>, components: &Components<'d>) -> Self {
        let of_version = |soap, namespace| Some((soap, element.child(namespace, "binding")?));
        let soap = of_version(Soap::V11, SOAPBIND).or_else(|| of_version(Soap::V12, SOAPBIND12));
        let namespace = match soap {
            Some((Soap::V12, _)) => SOAPBIND12,
            _ => SOAPBIND,
        };
        let port_type = components.referred(Kind::PortType, element, "type");
        let style = soap
            .and_then(|(_, binding)| binding.attribute("", "style"))
            .unwrap_or("document");
        let mut operations: Vec<OperationNode<'d>> = Vec::new();
        for operation in element.children_named(WSDL, "operation") {
            let earlier = operations
                .iter()
                .filter(|earlier| earlier.element.attribute("", "name") == operation.attribute("", "name"))
                .count();
            let declared = port_type.and_then(|port_type| declared_operation(port_type, operation, earlier));
            operations.push(OperationNode::of(operation, declared, style, namespace, components));
        }
        Self {
            element,
            soap: soap.map(|(soap, _)| soap),
            soap_binding: soap.map(|(_, binding)| binding),
            port_type,
            operations,
        }
    }
}

/// The operation of a port type that an operation of a binding binds. Overloaded ones are told apart by the name of the
/// input, else by their order.
fn declared_operation<'d>(port_type: Element<'d>, bound: Element<'d>, earlier: usize) -> Option<Element<'d>> {
    let name = bound.attribute("", "name")?;
    let input_name = |operation: Element<'d>| {
        operation
            .child(WSDL, "input")
            .and_then(|input| input.attribute("", "name"))
    };
    let same: Vec<Element<'d>> = port_type
        .children_named(WSDL, "operation")
        .filter(|operation| operation.attribute("", "name") == Some(name))
        .collect();
    let by_input =
        input_name(bound).and_then(|wanted| same.iter().find(|operation| input_name(**operation) == Some(wanted)));
    by_input.or_else(|| same.get(earlier)).or_else(|| same.last()).copied()
}

impl<'d> OperationNode<'d> {
    fn of(
        element: Element<'d>,
        declared: Option<Element<'d>>,
        binding_style: &'d str,
        namespace: &'static str,
        components: &Components<'d>,
    ) -> Self {
        let soap_operation = element.child(namespace, "operation");
        let side = |local: &str| {
            let here = element.child(WSDL, local);
            let there = declared.and_then(|declared| declared.child(WSDL, local));
            (here.is_some() || there.is_some()).then(|| MessageNode {
                namespace,
                element: here,
                declared: there,
                message: there.and_then(|there| components.referred(Kind::Message, there, "message")),
            })
        };
        Self {
            element,
            declared,
            soap_operation,
            style: soap_operation
                .and_then(|operation| operation.attribute("", "style"))
                .unwrap_or(binding_style),
            input: side("input"),
            output: side("output"),
            faults: faults(element, declared, namespace, components),
        }
    }

    pub(crate) fn name(&self) -> &'d str {
        self.element.attribute("", "name").unwrap_or_default()
    }

    /// Input and output, those that are there.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &MessageNode<'d>> {
        self.input.iter().chain(&self.output)
    }
}

fn faults<'d>(
    element: Element<'d>,
    declared: Option<Element<'d>>,
    namespace: &'static str,
    components: &Components<'d>,
) -> Vec<FaultNode<'d>> {
    let name = |fault: Element<'d>| fault.attribute("", "name").unwrap_or_default();
    let bound: Vec<Element<'d>> = element.children_named(WSDL, "fault").collect();
    let mut all: Vec<FaultNode<'d>> = declared
        .into_iter()
        .flat_map(|declared| declared.children_named(WSDL, "fault"))
        .map(|there| {
            let here = bound.iter().find(|fault| name(**fault) == name(there));
            FaultNode {
                declared: Some(there),
                message: components.referred(Kind::Message, there, "message"),
                soap_fault: here.and_then(|here| here.child(namespace, "fault")),
            }
        })
        .collect();
    let known: Vec<&str> = all.iter().filter_map(|fault| fault.declared).map(name).collect();
    all.extend(
        bound
            .iter()
            .filter(|fault| !known.contains(&name(**fault)))
            .map(|here| FaultNode {
                declared: None,
                message: None,
                soap_fault: here.child(namespace, "fault"),
            }),
    );
    all
}

/// Parts of a message, in its order.
pub(crate) fn parts(message: Element<'_>) -> impl Iterator<Item = Element<'_>> {
    message.children_named(WSDL, "part")
}

impl<'d> MessageNode<'d> {
    /// `soapbind:body`, also inside the parts of a MIME binding.
    pub(crate) fn body(&self) -> Option<Element<'d>> {
        self.extensions("body").next()
    }

    /// `soapbind` elements of a name inside `wsdl:input` or `wsdl:output`.
    pub(crate) fn extensions(&self, local: &'static str) -> impl Iterator<Item = Element<'d>> + use<'d> {
        let namespace = self.namespace;
        self.element
            .into_iter()
            .flat_map(Element::descendants_and_self)
            .filter(move |element| element.is(namespace, local))
    }

    /// Parts that the body selects: all without attribute `parts`.
    pub(crate) fn body_parts(&self) -> Vec<Element<'d>> {
        let selected = self.body().and_then(|body| body.attribute("", "parts"));
        let all = self.message.into_iter().flat_map(parts);
        match selected {
            None => all.collect(),
            Some(names) => {
                let names: Vec<&str> = names.split_ascii_whitespace().collect();
                all.filter(|part| part.attribute("", "name").is_some_and(|name| names.contains(&name)))
                    .collect()
            }
        }
    }

    /// What the elements `soapbind:header` or `soapbind:headerfault` designate.
    pub(crate) fn designated(&self, local: &'static str, components: &Components<'d>) -> Vec<DesignatedPart<'d>> {
        self.extensions(local)
            .map(|element| {
                let message = components.referred(Kind::Message, element, "message");
                let name = element.attribute("", "part");
                DesignatedPart {
                    element,
                    message,
                    part: message
                        .into_iter()
                        .flat_map(parts)
                        .find(|part| name.is_some() && part.attribute("", "name") == name),
                }
            })
            .collect()
    }
}
