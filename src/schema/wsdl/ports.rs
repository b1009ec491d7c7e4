//! Ports of a description, read from its elements.

use super::nodes::{FaultNode, parts};
use super::read::MAX_DANGLING;
use super::{
    BindingNode, BoundFault, BoundMessage, Components, DescriptionError, DescriptionFile, FileRole, HeaderPart, Kind,
    MessageNode, Operation, OperationNode, OwnedName, Part, Port, SOAPBIND, SOAPBIND12, Style, WSDL,
};
use crate::text::Text;
use crate::xml::Element;

/// Namespaces of attribute `Action`: WS-Addressing 1.0 WSDL Binding (2006-05 draft), Metadata (2007-05).
const ACTION_NAMESPACES: [&str; 2] = [
    "http://www.w3.org/2007/05/addressing/metadata",
    "http://www.w3.org/2006/05/addressing/wsdl",
];

/// Ports of all services, then one for each binding without a port; and names that lead nowhere.
pub(super) fn read_ports(files: &[DescriptionFile]) -> (Vec<Port>, Vec<DescriptionError>) {
    let definitions: Vec<Element<'_>> = files
        .iter()
        .filter(|file| file.role == FileRole::Description)
        .filter_map(DescriptionFile::root)
        .filter(|root| root.is(WSDL, "definitions"))
        .collect();
    let components = Components::of(definitions.iter().copied());
    let mut reader = PortReader {
        files,
        components: &components,
        dangling: Vec::new(),
    };
    let bindings = BindingNode::all(&definitions, &components);
    let mut has_port = vec![false; bindings.len()];
    let mut ports = Vec::new();
    for root in &definitions {
        for service in root.children_named(WSDL, "service") {
            for port in service.children_named(WSDL, "port") {
                let Some(binding) = reader.referred(Kind::Binding, port, "binding") else {
                    continue;
                };
                let Some(at) = bindings.iter().position(|known| known.element == binding) else {
                    continue;
                };
                has_port[at] = true;
                ports.push(reader.port(service.attribute("", "name"), Some(port), &bindings[at]));
            }
        }
    }
    for (binding, _) in bindings.iter().zip(has_port).filter(|(_, has_port)| !has_port) {
        ports.push(reader.port(None, None, binding));
    }
    (ports, reader.dangling)
}

struct PortReader<'r, 'd> {
    files: &'d [DescriptionFile],
    components: &'r Components<'d>,
    dangling: Vec<DescriptionError>,
}

impl<'d> PortReader<'_, 'd> {
    fn port(&mut self, service: Option<&str>, port: Option<Element<'d>>, binding: &BindingNode<'d>) -> Port {
        let address = port.and_then(|port| {
            let address = port
                .child(SOAPBIND, "address")
                .or_else(|| port.child(SOAPBIND12, "address"))?;
            address.attribute("", "location")
        });
        let name = port.unwrap_or(binding.element).attribute("", "name");
        if binding.port_type.is_none() {
            self.missing(Kind::PortType, binding.element, "type");
        }
        Port {
            service: service.unwrap_or_default().to_owned(),
            name: name.unwrap_or_default().to_owned(),
            binding: own_name(binding.element),
            soap: binding.soap,
            transport: binding
                .soap_binding
                .and_then(|soap| soap.attribute("", "transport"))
                .map(ToOwned::to_owned),
            address: address.map(ToOwned::to_owned),
            operations: binding
                .operations
                .iter()
                .filter_map(|operation| self.operation(binding, operation))
                .collect(),
        }
    }

    fn operation(&mut self, binding: &BindingNode<'d>, operation: &OperationNode<'d>) -> Option<Operation> {
        let port_type = binding.port_type?;
        if operation.declared.is_none() {
            let name = operation.name();
            self.dangle(
                operation.element,
                Text::new(
                    format!("portTypeに操作「{name}」がありません"),
                    format!("the portType has no operation `{name}`"),
                ),
            );
            return None;
        }
        let soap_action = operation
            .soap_operation
            .and_then(|soap| soap.attribute("", "soapAction"));
        let mut side = |message: &Option<MessageNode<'d>>| {
            let message = message.as_ref().filter(|message| message.declared.is_some())?;
            self.message(message)
        };
        let input = side(&operation.input);
        let output = side(&operation.output);
        Some(Operation {
            name: operation.name().to_owned(),
            style: if operation.style == "rpc" {
                Style::Rpc
            } else {
                Style::Document
            },
            soap_action: soap_action.map(ToOwned::to_owned),
            port_type: own_name(port_type),
            input,
            output,
            faults: operation.faults.iter().filter_map(|fault| self.fault(fault)).collect(),
        })
    }

    fn message(&mut self, message: &MessageNode<'d>) -> Option<BoundMessage> {
        let declared = message.declared?;
        self.referred(Kind::Message, declared, "message");
        let body = message.body();
        let mut headers = Vec::new();
        for header in message.designated("header", self.components) {
            match (header.message, header.part) {
                (Some(of), Some(part)) => headers.push(HeaderPart {
                    message: own_name(of),
                    part: read_part(part),
                }),
                (None, _) => self.missing(Kind::Message, header.element, "message"),
                (Some(_), None) => {
                    let name = header.element.attribute("", "part").unwrap_or_default();
                    self.dangle(
                        header.element,
                        Text::new(
                            format!("messageにパート「{name}」がありません"),
                            format!("the message has no part `{name}`"),
                        ),
                    );
                }
            }
        }
        let action = ACTION_NAMESPACES
            .iter()
            .find_map(|namespace| declared.attribute(namespace, "Action"));
        Some(BoundMessage {
            message: referred_name(declared, "message"),
            body_namespace: body
                .and_then(|body| body.attribute("", "namespace"))
                .map(ToOwned::to_owned),
            body: message.body_parts().into_iter().map(read_part).collect(),
            states_parts: body.is_some_and(|body| body.attribute("", "parts").is_some()),
            headers,
            action: action.map(ToOwned::to_owned),
        })
    }

    fn fault(&mut self, fault: &FaultNode<'d>) -> Option<BoundFault> {
        let declared = fault.declared?;
        self.referred(Kind::Message, declared, "message");
        let part = fault.message.and_then(|message| parts(message).next());
        Some(BoundFault {
            name: declared.attribute("", "name").unwrap_or_default().to_owned(),
            element: part.and_then(|part| read_part(part).element),
            bound: fault.soap_fault.is_some(),
        })
    }

    fn referred(&mut self, kind: Kind, element: Element<'d>, attribute: &'static str) -> Option<Element<'d>> {
        let found = self.components.referred(kind, element, attribute);
        if found.is_none() {
            self.missing(kind, element, attribute);
        }
        found
    }

    fn missing(&mut self, kind: Kind, element: Element<'d>, attribute: &str) {
        let value = element.attribute("", attribute).unwrap_or_default();
        self.dangle(
            element,
            Text::new(
                format!("{attribute}=\"{value}\" の指す{kind}がありません"),
                format!("{attribute}=\"{value}\" leads to no {kind}"),
            ),
        );
    }

    fn dangle(&mut self, element: Element<'d>, message: Text) {
        let location = self
            .files
            .iter()
            .find(|file| file.holds(element))
            .map(|file| file.location.clone());
        let error = DescriptionError {
            location: location.unwrap_or_default(),
            at: element.position(),
            message,
        };
        if self.dangling.len() < MAX_DANGLING && !self.dangling.contains(&error) {
            self.dangling.push(error);
        }
    }
}

/// Name of a component: its attribute `name` in the target namespace of its document.
fn own_name(element: Element<'_>) -> OwnedName {
    let namespace = element.document().root().attribute("", "targetNamespace");
    OwnedName::new(
        namespace.unwrap_or_default(),
        element.attribute("", "name").unwrap_or_default(),
    )
}

/// The name that an attribute holds; without a namespace if its prefix is not bound.
fn referred_name(element: Element<'_>, attribute: &str) -> OwnedName {
    let value = element.attribute("", attribute).unwrap_or_default();
    element
        .resolve_name(value)
        .map_or_else(|| OwnedName::new("", value), OwnedName::from)
}

fn read_part(part: Element<'_>) -> Part {
    let named = |attribute: &str| part.attribute("", attribute).map(|_| referred_name(part, attribute));
    Part {
        name: part.attribute("", "name").unwrap_or_default().to_owned(),
        element: named("element"),
        type_name: named("type"),
    }
}
