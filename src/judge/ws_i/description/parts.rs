//! Parts and where bindings put them (BP2012, BP2013, BP2112, BP2113, BP2111, BP2119, BP2114, SSBP2209).

use super::context::{Context, Inquiry, Literal, attribute_text};
use crate::judge::ws_i::Answered;
use crate::schema::wsdl::{BindingNode, MessageNode, OperationNode, Soap, WSDL};
use crate::text::Text;
use crate::xml::Element;

const NO_DOCUMENT: (&str, &str) = (
    "document-literalのbindingがありません",
    "there is no document-literal binding",
);
const NO_RPC: (&str, &str) = ("rpc-literalのbindingがありません", "there is no rpc-literal binding");

fn part_text(part: Element<'_>) -> Text {
    let name = part.attribute("", "name").unwrap_or_default();
    let how: Vec<String> = ["element", "type"]
        .iter()
        .filter_map(|attribute| Some(format!("{attribute}=\"{}\"", part.attribute("", attribute)?)))
        .collect();
    let how = if how.is_empty() { "-".to_owned() } else { how.join(" ") };
    Text::new(format!("パート「{name}」は {how}"), format!("part `{name}` has {how}"))
}

/// Messages that have soapbind:body, of operations of one style.
fn bodies<'c, 'd>(
    operations: impl Iterator<Item = (&'c BindingNode<'d>, &'c OperationNode<'d>)>,
) -> impl Iterator<Item = (&'c MessageNode<'d>, Element<'d>)>
where
    'd: 'c,
{
    operations
        .flat_map(|(_, operation)| operation.messages())
        .filter_map(|message| Some((message, message.body()?)))
}

fn ask_body_parts<'d>(inquiry: &mut Inquiry<'_, 'd>, message: &MessageNode<'d>, holds: impl Fn(Element<'d>) -> bool) {
    for part in message.body_parts() {
        inquiry.ask(holds(part), part, || part_text(part));
    }
}

/// BP2012: body parts of document-literal bindings are declared through element.
pub(super) fn document_by_element(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "document-literalのsoap:Bodyのパートは属性elementで定義する",
        "body parts of a document-literal binding are declared through attribute element",
    );
    for (message, _) in bodies(context.literal(Literal::Document)) {
        inquiry.applies();
        ask_body_parts(&mut inquiry, message, |part| part.attribute("", "element").is_some());
    }
    inquiry.finish(NO_DOCUMENT.0, NO_DOCUMENT.1)
}

/// BP2013: body parts of rpc-literal bindings are declared through type.
pub(super) fn rpc_by_type(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "rpc-literalのsoap:Bodyのパートは属性typeで定義する",
        "body parts of an rpc-literal binding are declared through attribute type",
    );
    for (message, _) in bodies(context.literal(Literal::Rpc)) {
        inquiry.applies();
        ask_body_parts(&mut inquiry, message, |part| part.attribute("", "type").is_some());
    }
    inquiry.finish(NO_RPC.0, NO_RPC.1)
}

/// BP2112: body parts of rpc bindings have no attribute element.
pub(super) fn rpc_without_element(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "rpcのsoap:Bodyのパートに属性elementがない",
        "body parts of an rpc binding have no attribute element",
    );
    for (message, _) in bodies(context.operations().filter(|(_, operation)| operation.style == "rpc")) {
        inquiry.applies();
        ask_body_parts(&mut inquiry, message, |part| part.attribute("", "element").is_none());
    }
    inquiry.finish("rpcのbindingがありません", "there is no rpc binding")
}

/// BP2113: parts of headers and faults are declared through element (reading WS-04).
pub(super) fn header_by_element(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "soapbind:header・headerfault・faultのパートは属性elementで定義する（typeは使わない）",
        "parts of soapbind:header, headerfault and fault are declared through attribute element, not type",
    );
    let mut parts: Vec<Element<'_>> = Vec::new();
    for (_, operation) in context.operations() {
        for message in operation.messages() {
            for local in ["header", "headerfault"] {
                parts.extend(
                    message
                        .designated(local, &context.components)
                        .iter()
                        .filter_map(|header| header.part),
                );
            }
        }
        if !context.reads("WS-04", "named-only") {
            let bound = operation.faults.iter().filter(|fault| fault.soap_fault.is_some());
            parts.extend(bound.filter_map(|fault| fault.message?.children_named(WSDL, "part").next()));
        }
    }
    for part in parts {
        let holds = part.attribute("", "element").is_some() && part.attribute("", "type").is_none();
        inquiry.ask(holds, part, || part_text(part));
    }
    inquiry.finish(
        "ヘッダ及びフォルトに割り当てたパートがありません",
        "no part is bound to a header or a fault",
    )
}

/// BP2111: parts of a document-literal body names one part at most.
pub(super) fn one_selected(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "document-literalのsoapbind:bodyの属性partsに書くパートは1個まで",
        "attribute parts of a document-literal soapbind:body names one part at most",
    );
    for (_, body) in bodies(context.literal(Literal::Document)) {
        if let Some(parts) = body.attribute("", "parts") {
            let count = parts.split_ascii_whitespace().count();
            inquiry.ask(count <= 1, (body, "parts"), || attribute_text(body, "parts"));
        }
    }
    inquiry.finish(
        "属性partsのあるdocument-literalのsoapbind:bodyがありません",
        "no document-literal soapbind:body has attribute parts",
    )
}

/// BP2119: without parts the message behind a document-literal body has one part at most.
pub(super) fn one_in_message(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "属性partsのないdocument-literalのsoapbind:bodyでは、メッセージのパートは1個まで",
        "behind a document-literal soapbind:body without parts the message has one part at most",
    );
    for (message, body) in bodies(context.literal(Literal::Document)) {
        if body.attribute("", "parts").is_some() {
            continue;
        }
        inquiry.applies();
        let Some(behind) = message.message else { continue };
        let count = behind.children_named(WSDL, "part").count();
        inquiry.ask(count <= 1, body, || {
            let name = behind.attribute("", "name").unwrap_or_default();
            Text::new(
                format!("メッセージ「{name}」のパートは {count} 個"),
                format!("message `{name}` has {count} parts"),
            )
        });
    }
    inquiry.finish(
        "属性partsのないdocument-literalのsoapbind:bodyがありません",
        "no document-literal soapbind:body is without attribute parts",
    )
}

/// BP2114, SSBP2209: every part of the messages of the port type is bound.
pub(super) fn all_bound(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "portTypeのメッセージの全てのパートをsoapbind:body・header・headerfault・faultのいずれかに割り当てる",
        "every part of the messages of a portType is bound to soapbind:body, header, headerfault or fault",
    );
    // A binding that is not SOAP 1.1 cannot bind anything to soapbind elements; BP2402 says what is wrong with it.
    for binding in context
        .bindings
        .iter()
        .filter(|binding| binding.soap == Some(Soap::V11))
    {
        inquiry.applies();
        let headers: Vec<Element<'_>> = binding
            .operations
            .iter()
            .flat_map(OperationNode::messages)
            .flat_map(|message| ["header", "headerfault"].map(|local| message.designated(local, &context.components)))
            .flatten()
            .filter_map(|header| header.part)
            .collect();
        for operation in &binding.operations {
            let is_bound = |part: Element<'_>, bound: &[Element<'_>]| bound.contains(&part) || headers.contains(&part);
            let mut open: Vec<Element<'_>> = Vec::new();
            for message in operation.messages() {
                let bound = if message.body().is_some() {
                    message.body_parts()
                } else {
                    Vec::new()
                };
                let parts = message
                    .message
                    .into_iter()
                    .flat_map(|of| of.children_named(WSDL, "part"));
                open.extend(parts.filter(|part| !is_bound(*part, &bound)));
            }
            for fault in operation.faults.iter().filter(|fault| fault.soap_fault.is_none()) {
                let parts = fault.message.into_iter().flat_map(|of| of.children_named(WSDL, "part"));
                open.extend(parts.filter(|part| !is_bound(*part, &[])));
            }
            for part in open {
                inquiry.ask(false, part, || {
                    let name = part.attribute("", "name").unwrap_or_default();
                    let operation = operation.name();
                    Text::new(
                        format!("操作「{operation}」のパート「{name}」が割り当てられていません"),
                        format!("part `{name}` of operation `{operation}` is not bound"),
                    )
                });
            }
        }
    }
    inquiry.finish(
        "SOAP 1.1のwsdl:bindingがありません",
        "there is no SOAP 1.1 wsdl:binding",
    )
}
