//! Bindings (BP2402, BP2404, BP2017, BP2406, BP2020, BP2019, BP2117, BP2021, BP2022, BP2032, BP2118, BP2120, SSBP2403).

use std::collections::HashMap;

use super::context::{Context, Literal, Spot, attribute_text, is_absolute_uri};
use crate::judge::ws_i::Answered;
use crate::schema::wsdl::{BindingNode, OperationNode, SOAP_HTTP, SOAPBIND, WSDL};
use crate::text::Text;
use crate::xml::Element;

const NO_BINDING: (&str, &str) = ("wsdl:bindingがありません", "there is no wsdl:binding");
const NO_FAULT: (&str, &str) = ("soapbind:faultがありません", "there is no soapbind:fault");

/// Namespaces of bindings that the Simple SOAP Binding Profile leaves out: MIME, HTTP, DIME.
const OTHER_BINDINGS: [&str; 3] = [
    "http://schemas.xmlsoap.org/wsdl/mime/",
    "http://schemas.xmlsoap.org/wsdl/http/",
    "http://schemas.xmlsoap.org/ws/2002/04/dime/wsdl/",
];

/// `soapbind` elements of some names inside an element.
fn soap_elements<'d>(inside: Element<'d>, names: &'static [&'static str]) -> impl Iterator<Item = Element<'d>> {
    inside
        .descendants_and_self()
        .filter(move |element| element.namespace() == SOAPBIND && names.contains(&element.local()))
}

/// BP2402: a binding has soapbind:binding.
pub(super) fn uses_soap(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "wsdl:bindingの子要素にsoapbind:bindingがある",
        "soapbind:binding is a child of wsdl:binding",
    );
    for binding in &context.bindings {
        let element = binding.element;
        inquiry.ask(element.child(SOAPBIND, "binding").is_some(), element, || {
            let others: Vec<String> = element
                .children()
                .filter(|child| child.namespace() != WSDL)
                .map(|child| child.name().to_string())
                .collect();
            match others.join(", ") {
                names if names.is_empty() => Text::new("soapbind:bindingがありません", "there is no soapbind:binding"),
                names => Text::neutral(names),
            }
        });
    }
    inquiry.finish(NO_BINDING.0, NO_BINDING.1)
}

/// BP2404: the transport is SOAP over HTTP.
pub(super) fn transport(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "transport=\"http://schemas.xmlsoap.org/soap/http\"",
        "transport=\"http://schemas.xmlsoap.org/soap/http\"",
    );
    for binding in &context.bindings {
        let Some(soap) = binding.element.child(SOAPBIND, "binding") else {
            continue;
        };
        inquiry.ask(
            soap.attribute("", "transport") == Some(SOAP_HTTP),
            (soap, "transport"),
            || attribute_text(soap, "transport"),
        );
    }
    inquiry.finish(NO_BINDING.0, NO_BINDING.1)
}

/// BP2017: one style in a binding.
pub(super) fn style(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "bindingの全ての操作のstyleが同じで、rpc又はdocumentである",
        "all operations of a binding have the same style, rpc or document",
    );
    for binding in &context.bindings {
        inquiry.applies();
        let first = binding
            .operations
            .first()
            .map_or("document", |operation| operation.style);
        for operation in &binding.operations {
            let known = matches!(operation.style, "rpc" | "document");
            let spot = (operation.soap_operation.unwrap_or(operation.element), "style");
            inquiry.ask(known && operation.style == first, spot, || {
                let (name, style) = (operation.name(), operation.style);
                Text::new(
                    format!("操作「{name}」は {style}、最初の操作は {first}"),
                    format!("operation `{name}` is {style}, the first one is {first}"),
                )
            });
        }
    }
    inquiry.finish(NO_BINDING.0, NO_BINDING.1)
}

/// BP2406: use is literal wherever it is stated.
pub(super) fn literal(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire("use=\"literal\"", "use=\"literal\"");
    for binding in &context.bindings {
        for element in soap_elements(binding.element, &["body", "fault", "header", "headerfault"]) {
            if let Some(value) = element.attribute("", "use") {
                inquiry.ask(value == "literal", (element, "use"), || attribute_text(element, "use"));
            }
        }
    }
    inquiry.finish("属性useがありません", "attribute use is not stated")
}

/// BP2020: bodies of rpc-literal bindings have a namespace, an absolute URI.
pub(super) fn body_namespace(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "rpc-literalのsoapbind:bodyに属性namespace（絶対URI）がある",
        "soapbind:body of an rpc-literal binding has attribute namespace, an absolute URI",
    );
    for (_, operation) in context.literal(Literal::Rpc) {
        for body in soap_elements(operation.element, &["body"]) {
            let holds = body.attribute("", "namespace").is_some_and(is_absolute_uri);
            inquiry.ask(holds, (body, "namespace"), || attribute_text(body, "namespace"));
        }
    }
    inquiry.finish("rpc-literalのbindingがありません", "there is no rpc-literal binding")
}

/// BP2019: no namespace in a document-literal binding.
pub(super) fn document_namespace(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "document-literalのsoapbind:body・header・headerfault・faultに属性namespaceがない",
        "soapbind:body, header, headerfault and fault of a document-literal binding have no attribute namespace",
    );
    for (_, operation) in context.literal(Literal::Document) {
        inquiry.applies();
        for element in soap_elements(operation.element, &["body", "header", "headerfault", "fault"]) {
            let none = element.attribute("", "namespace").is_none();
            inquiry.ask(none, (element, "namespace"), || attribute_text(element, "namespace"));
        }
    }
    inquiry.finish(
        "document-literalのbindingがありません",
        "there is no document-literal binding",
    )
}

/// BP2117: in an rpc-literal binding only the body has a namespace.
pub(super) fn rpc_namespace(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "rpc-literalのsoapbind:header・headerfault・faultに属性namespaceがない",
        "soapbind:header, headerfault and fault of an rpc-literal binding have no attribute namespace",
    );
    for (_, operation) in context.literal(Literal::Rpc) {
        inquiry.applies();
        for element in soap_elements(operation.element, &["header", "headerfault", "fault"]) {
            let none = element.attribute("", "namespace").is_none();
            inquiry.ask(none, (element, "namespace"), || attribute_text(element, "namespace"));
        }
    }
    inquiry.finish("rpc-literalのbindingがありません", "there is no rpc-literal binding")
}

/// BP2021: headers name one part.
pub(super) fn header_part(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "soapbind:header・headerfaultに属性part（NMTOKEN 1個）があり、属性partsがない",
        "soapbind:header and headerfault have attribute part, one NMTOKEN, and no attribute parts",
    );
    for (_, operation) in context.operations() {
        let sides = operation.messages().filter_map(|message| message.element);
        for header in sides.flat_map(|side| soap_elements(side, &["header", "headerfault"])) {
            let one = header
                .attribute("", "part")
                .is_some_and(|part| part.split_ascii_whitespace().count() == 1);
            let parts = header.attribute("", "parts").is_some();
            let name = if parts { "parts" } else { "part" };
            inquiry.ask(one && !parts, (header, name), || attribute_text(header, name));
        }
    }
    inquiry.finish(
        "soapbind:header・headerfaultがありません",
        "there is no soapbind:header or headerfault",
    )
}

/// BP2022: soapbind:fault has a name.
pub(super) fn fault_name(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire("soapbind:faultに属性nameがある", "soapbind:fault has attribute name");
    for binding in &context.bindings {
        for fault in soap_elements(binding.element, &["fault"]) {
            inquiry.ask(fault.attribute("", "name").is_some(), fault, || {
                attribute_text(fault, "name")
            });
        }
    }
    inquiry.finish(NO_FAULT.0, NO_FAULT.1)
}

/// BP2032: soapbind:fault has the name of the wsdl:fault around it.
pub(super) fn same_fault_name(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "soapbind:faultのnameは、それを含むwsdl:faultのnameと同じ",
        "name of soapbind:fault equals that of the wsdl:fault around it",
    );
    for binding in &context.bindings {
        for fault in soap_elements(binding.element, &["fault"]) {
            let Some(name) = fault.attribute("", "name") else {
                continue;
            };
            let around = fault
                .parent()
                .and_then(|parent| parent.attribute("", "name"))
                .unwrap_or_default();
            inquiry.ask(name == around, (fault, "name"), || {
                Text::new(
                    format!("soapbind:faultは「{name}」、wsdl:faultは「{around}」"),
                    format!("soapbind:fault is `{name}`, wsdl:fault is `{around}`"),
                )
            });
        }
    }
    inquiry.finish(NO_FAULT.0, NO_FAULT.1)
}

/// BP2118: a binding has the operations of its port type.
pub(super) fn same_operations(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "bindingの操作の名前は、そのportTypeの操作の名前と過不足なく一致する",
        "names of the operations of a binding are those of its portType, none missing, none extra",
    );
    for binding in &context.bindings {
        let element = binding.element;
        let Some(port_type) = binding.port_type else {
            match context.lacks_imports() {
                Some(reason) => inquiry.cannot(reason),
                None => inquiry.ask(false, (element, "type"), || {
                    let value = attribute_text(element, "type");
                    Text::new(
                        format!("{}、そのportTypeがありません", value.ja),
                        format!("{}; there is no such portType", value.en),
                    )
                }),
            }
            continue;
        };
        inquiry.applies();
        let names = |around: Element<'_>| -> Vec<String> {
            let operations = around.children_named(WSDL, "operation");
            operations
                .filter_map(|operation| operation.attribute("", "name"))
                .map(ToOwned::to_owned)
                .collect()
        };
        let (bound, declared) = (names(element), names(port_type));
        let missing: Vec<&String> = declared.iter().filter(|name| !bound.contains(name)).collect();
        let extra: Vec<&String> = bound.iter().filter(|name| !declared.contains(name)).collect();
        inquiry.ask(missing.is_empty() && extra.is_empty(), element, || {
            let list = |names: &[&String]| names.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
            let (missing, extra) = (list(&missing), list(&extra));
            Text::new(
                format!("不足: {}　余分: {}", or_dash(&missing), or_dash(&extra)),
                format!("missing: {}; extra: {}", or_dash(&missing), or_dash(&extra)),
            )
        });
    }
    inquiry.finish(NO_BINDING.0, NO_BINDING.1)
}

fn or_dash(text: &str) -> &str {
    if text.is_empty() { "-" } else { text }
}

/// BP2120: requests of different operations look different (reading WS-05).
pub(super) fn signatures(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "bindingの各操作の要求はsoap:Bodyの子要素の名前で区別できる",
        "requests of the operations of a binding differ in the name of the child of soap:Body",
    );
    let with_parts = context.reads("WS-05", "body-child-and-parts");
    for binding in &context.bindings {
        inquiry.applies();
        let mut known: HashMap<String, &str> = HashMap::new();
        for operation in &binding.operations {
            let Some(signature) = signature(operation, with_parts) else {
                continue;
            };
            let (name, shown) = (operation.name(), signature.clone());
            let other = *known.entry(signature).or_insert(name);
            let first = std::ptr::eq(other, name);
            inquiry.ask(first, operation.element, || {
                let shown = if shown.is_empty() { "-" } else { &shown };
                Text::new(
                    format!("「{other}」と「{name}」の要求の中身がどちらも {shown}"),
                    format!("requests of `{other}` and `{name}` both hold {shown}"),
                )
            });
        }
    }
    inquiry.finish(NO_BINDING.0, NO_BINDING.1)
}

/// What tells the request of an operation from others; `None` where the description does not say.
fn signature(operation: &OperationNode<'_>, with_parts: bool) -> Option<String> {
    let input = operation.input.as_ref()?;
    input.message?;
    let parts = input.body_parts();
    let name = |part: &Element<'_>, attribute: &str| {
        let value = part.attribute("", attribute)?;
        Some(
            part.resolve_name(value)
                .map_or_else(|| value.to_owned(), |name| name.to_string()),
        )
    };
    if operation.style != "rpc" {
        let elements: Option<Vec<String>> = parts.iter().map(|part| name(part, "element")).collect();
        return elements.map(|elements| elements.join(" "));
    }
    let namespace = input
        .body()
        .and_then(|body| body.attribute("", "namespace"))
        .unwrap_or_default();
    let mut signature = format!("{{{namespace}}}{}", operation.name());
    if with_parts {
        for part in &parts {
            let type_name = name(part, "type").unwrap_or_default();
            signature.push_str(&format!(
                " {}:{type_name}",
                part.attribute("", "name").unwrap_or_default()
            ));
        }
    }
    Some(signature)
}

/// SSBP2403: nothing of the MIME, HTTP and DIME bindings.
pub(super) fn no_attachments(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "wsdl:bindingの中でMIME・HTTP・DIMEの拡張要素・属性を使わない",
        "no element or attribute of the MIME, HTTP and DIME bindings inside wsdl:binding",
    );
    for BindingNode { element: binding, .. } in &context.bindings {
        inquiry.applies();
        for element in binding.descendants_and_self() {
            let foreign = OTHER_BINDINGS.contains(&element.namespace())
                || element
                    .attributes()
                    .any(|attribute| OTHER_BINDINGS.contains(&attribute.name().namespace.unwrap_or_default()));
            inquiry.ask(!foreign, Spot::Element(element), || Text::neutral(element.name()));
        }
    }
    inquiry.finish(NO_BINDING.0, NO_BINDING.1)
}
