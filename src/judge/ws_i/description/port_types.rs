//! Port types and their operations (BP2208, BP2010, BP2014).

use std::collections::HashSet;

use super::context::{Context, Literal, attribute_text};
use crate::judge::ws_i::Answered;
use crate::schema::wsdl::WSDL;
use crate::text::Text;
use crate::xml::Element;

fn port_types<'d>(context: &Context<'d>) -> impl Iterator<Item = Element<'d>> {
    context
        .definitions
        .iter()
        .flat_map(|root| root.children_named(WSDL, "portType"))
}

/// BP2208: one-way or request-response.
pub(super) fn direction(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "portTypeの操作はwsdl:inputだけ、又はwsdl:inputの後にwsdl:output",
        "an operation of a portType has wsdl:input alone, or wsdl:input followed by wsdl:output",
    );
    for operation in port_types(context).flat_map(|port_type| port_type.children_named(WSDL, "operation")) {
        let order: Vec<&str> = operation
            .children()
            .filter(|child| child.is(WSDL, "input") || child.is(WSDL, "output"))
            .map(Element::local)
            .collect();
        inquiry.ask(matches!(order[..], ["input"] | ["input", "output"]), operation, || {
            let order = if order.is_empty() {
                "-".to_owned()
            } else {
                order.join(", ")
            };
            Text::new(format!("並びは {order}"), format!("the order is {order}"))
        });
    }
    inquiry.finish("portTypeに操作がありません", "no portType has an operation")
}

/// BP2010: names of operations are unique in a port type.
pub(super) fn overloading(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "portTypeの中で操作の名前が重複しない",
        "names of operations are unique in a portType",
    );
    for port_type in port_types(context) {
        inquiry.applies();
        let mut names = HashSet::new();
        for operation in port_type.children_named(WSDL, "operation") {
            let name = operation.attribute("", "name").unwrap_or_default();
            inquiry.ask(names.insert(name), (operation, "name"), || {
                Text::new(
                    format!("操作「{name}」が二つあります"),
                    format!("operation `{name}` stands twice"),
                )
            });
        }
    }
    inquiry.finish("wsdl:portTypeがありません", "there is no wsdl:portType")
}

/// BP2014: parameterOrder leaves out one part of the output message at most.
pub(super) fn parameter_order(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "parameterOrderに書かない出力メッセージのパートは1個まで",
        "parameterOrder leaves out one part of the output message at most",
    );
    let mut seen: Vec<Element<'_>> = Vec::new();
    for (_, operation) in context.literal(Literal::Rpc) {
        let Some(declared) = operation.declared.filter(|declared| !seen.contains(declared)) else {
            continue;
        };
        seen.push(declared);
        let Some(order) = declared.attribute("", "parameterOrder") else {
            continue;
        };
        let Some(message) = operation.output.as_ref().and_then(|output| output.message) else {
            continue;
        };
        let order: Vec<&str> = order.split_ascii_whitespace().collect();
        let left_out: Vec<&str> = message
            .children_named(WSDL, "part")
            .filter_map(|part| part.attribute("", "name"))
            .filter(|name| !order.contains(name))
            .collect();
        inquiry.ask(left_out.len() <= 1, (declared, "parameterOrder"), || {
            let value = attribute_text(declared, "parameterOrder");
            let left_out = left_out.join(", ");
            Text::new(
                format!("{}、書かれていないパートは {left_out}", value.ja),
                format!("{}; left out: {left_out}", value.en),
            )
        });
    }
    inquiry.finish(
        "rpc-literalの操作にparameterOrderがありません",
        "no rpc-literal operation with an output has parameterOrder",
    )
}
