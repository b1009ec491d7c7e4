//! Extension elements (BP2123, BP4200).

use super::context::{Context, Inquiry};
use crate::judge::ws_i::Answered;
use crate::schema::wsdl::{SOAPBIND, WSDL, XSD};
use crate::text::Text;
use crate::xml::{Element, XML_NAMESPACE};

/// Namespace of conformance claims (Basic Profile 1.1, Conformance Claim Attachment Mechanisms 1.0).
const CLAIM: &str = "http://ws-i.org/schemas/conformanceClaim/";
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

fn claims(element: Element<'_>) -> bool {
    let documentation = element.children_named(WSDL, "documentation");
    documentation
        .flat_map(Element::descendants_and_self)
        .any(|inside| inside.is(CLAIM, "Claim"))
}

/// BP2123: no extension is marked as required (readings WS-06, WS-07).
pub(super) fn required(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "適合を主張する部品の中の拡張要素にwsdl:required=\"true\"がない",
        "no extension element inside a construct that claims conformance has wsdl:required=\"true\"",
    );
    let only_claims = context.reads("WS-06", "wsi-claim");
    let only_true = context.reads("WS-07", "only-true");
    for root in &context.definitions {
        let constructs = root.descendants_and_self().filter(|element| {
            element.namespace() == WSDL
                && matches!(
                    element.local(),
                    "port" | "binding" | "portType" | "operation" | "message"
                )
        });
        for construct in constructs.filter(|construct| !only_claims || claims(*construct)) {
            inquiry.applies();
            // An operation stands inside a port type or a binding, whose own turn covers it.
            if !only_claims && construct.local() == "operation" {
                continue;
            }
            for element in construct
                .descendants_and_self()
                .filter(|element| element.namespace() != WSDL)
            {
                let Some(value) = element.attribute(WSDL, "required").map(str::trim) else {
                    continue;
                };
                let holds = !(value == "true" || (value == "1" && !only_true));
                inquiry.ask(holds, element, || {
                    Text::neutral(format!("{} wsdl:required=\"{value}\"", element.name()))
                });
            }
        }
    }
    inquiry.finish("適合を主張する部品がありません", "no construct claims conformance")
}

/// BP4200 (informational): extensions other than SOAP's (reading WS-10).
pub(super) fn present(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "soapbind以外の拡張要素・拡張属性は報告する（利用には当事者間の取決めがいる場合がある）",
        "extension elements and attributes other than those of soapbind are reported (their use may take an agreement)",
    );
    for root in &context.definitions {
        look_at(*root, context, &mut inquiry);
    }
    inquiry.finish_report()
}

fn look_at<'d>(element: Element<'d>, context: &Context<'d>, inquiry: &mut Inquiry<'_, 'd>) {
    for attribute in element.attributes() {
        let namespace = attribute.name().namespace.unwrap_or_default();
        let exempt = namespace.is_empty() || [WSDL, SOAPBIND, XML_NAMESPACE, XSI].contains(&namespace);
        inquiry.ask(exempt, element, || Text::neutral(format!("@{}", attribute.name())));
    }
    for child in element.children() {
        let in_types = element.is(WSDL, "types");
        match child.namespace() {
            WSDL if child.local() == "documentation" => {}
            WSDL | SOAPBIND => look_at(child, context, inquiry),
            XSD if in_types && !context.reads("WS-10", "wsdl-soapbind") => {}
            _ => inquiry.ask(false, child, || Text::neutral(child.name())),
        }
    }
}
