//! Wrappers and accessors of rpc/literal messages.

use super::super::subject::{Parts, Subject, absent, tag};
use super::super::{Answered, Place, Side};
use crate::schema::wsdl::{BoundMessage, Operation, Style};
use crate::soap::ENVELOPE;
use crate::text::Text;
use crate::xml::{Attribute, Element};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// An rpc message with its wrapper.
struct Rpc<'a> {
    operation: &'a Operation,
    bound: &'a BoundMessage,
    wrapper: Element<'a>,
}

/// The rpc message, or why there is none.
fn rpc<'a>(subject: &Subject<'a>, parts: &Parts<'a>) -> Result<Rpc<'a>, Answered> {
    if parts.fault.is_some() {
        return Err(Answered::not_applicable("フォルトです", "it is a fault"));
    }
    let Some(wrapper) = parts.body_children().next() else {
        return Err(Answered::not_applicable("soap:Bodyが空です", "soap:Body is empty"));
    };
    let (operation, bound) = subject.bound()?;
    if operation.style != Style::Rpc {
        return Err(Answered::not_applicable(
            format!("操作「{}」はrpc/literalではありません", operation.name),
            format!("operation `{}` is not rpc/literal", operation.name),
        ));
    }
    Ok(Rpc {
        operation,
        bound,
        wrapper,
    })
}

/// An attribute `xsi:nil` that says so.
pub(super) fn nil(accessor: Element<'_>) -> Option<Attribute<'_>> {
    accessor
        .attribute_node(XSI, "nil")
        .filter(|nil| matches!(nil.value().trim(), "1" | "true"))
}

/// BP1005.
pub(super) fn response_wrapper(subject: &Subject<'_>, parts: &Parts<'_>) -> Answered {
    let rpc = match rpc(subject, parts) {
        Ok(rpc) => rpc,
        Err(answer) => return answer,
    };
    let wanted = format!("{}Response", rpc.operation.name);
    if rpc.wrapper.local() == wanted {
        return Answered::Holds;
    }
    Answered::broken(
        Text::new(
            format!("ラッパーの名前は {wanted}"),
            format!("a wrapper named {wanted}"),
        ),
        Text::neutral(tag(rpc.wrapper)),
    )
    .at(rpc.wrapper)
}

/// BP1008. Whether deeper elements are qualified as their schema says is found by validation (BP1011, BP1013).
pub(super) fn accessors_are_unqualified(subject: &Subject<'_>, parts: &Parts<'_>) -> Answered {
    let rpc = match rpc(subject, parts) {
        Ok(rpc) => rpc,
        Err(answer) => return answer,
    };
    let qualified = rpc.wrapper.children().find(|accessor| !accessor.namespace().is_empty());
    qualified.map_or(Answered::Holds, |accessor| {
        Answered::broken(
            Text::new("名前空間のないアクセサ", "accessors without a namespace"),
            Text::neutral(accessor.name()),
        )
        .at(accessor)
    })
}

/// BP1211.
pub(super) fn no_nil(subject: &Subject<'_>, parts: &Parts<'_>) -> Answered {
    let rpc = match rpc(subject, parts) {
        Ok(rpc) => rpc,
        Err(answer) => return answer,
    };
    let found = rpc
        .wrapper
        .children()
        .find_map(|accessor| Some((accessor, nil(accessor)?)));
    absent(Text::new("アクセサにxsi:nilがない", "no accessor with xsi:nil"), found)
}

/// BP1214.
pub(super) fn wrapper_stays_empty(subject: &Subject<'_>, parts: &Parts<'_>) -> Answered {
    let rpc = match rpc(subject, parts) {
        Ok(rpc) => rpc,
        Err(answer) => return answer,
    };
    if !(rpc.bound.states_parts && rpc.bound.body.is_empty()) {
        return Answered::not_applicable(
            "soapbind:bodyはparts=\"\"ではありません",
            "soapbind:body does not have parts=\"\"",
        );
    }
    rpc.wrapper.children().next().map_or(Answered::Holds, |accessor| {
        Answered::broken(
            Text::new(
                "空のラッパー（soapbind:bodyはparts=\"\"）",
                "an empty wrapper (soapbind:body has parts=\"\")",
            ),
            Text::neutral(tag(accessor)),
        )
        .at(accessor)
    })
}

/// BP1318.
pub(super) fn no_encoding_style(subject: &Subject<'_>, parts: &Parts<'_>) -> Answered {
    let rpc = match rpc(subject, parts) {
        Ok(rpc) => rpc,
        Err(answer) => return answer,
    };
    if rpc.wrapper.children().next().is_none() {
        return Answered::not_applicable("アクセサがありません", "there is no accessor");
    }
    let found = parts
        .body_children()
        .flat_map(Element::children)
        .find_map(|accessor| Some((accessor, accessor.attribute_node(ENVELOPE, "encodingStyle")?)));
    let expected = Text::new(
        "アクセサにsoap:encodingStyleがない",
        "no accessor with soap:encodingStyle",
    );
    absent(expected, found)
}

/// BP1755.
pub(super) fn accessor_names(subject: &Subject<'_>, parts: &Parts<'_>) -> Answered {
    let rpc = match rpc(subject, parts) {
        Ok(rpc) => rpc,
        Err(answer) => return answer,
    };
    if rpc.bound.body.is_empty() {
        return Answered::not_applicable("soapbind:bodyのパートがありません", "soapbind:body binds no part");
    }
    let known = |accessor: &Element<'_>| rpc.bound.body.iter().any(|part| part.name == accessor.local());
    rpc.wrapper
        .children()
        .find(|accessor| !known(accessor))
        .map_or(Answered::Holds, |accessor| {
            let names: Vec<&str> = rpc.bound.body.iter().map(|part| part.name.as_str()).collect();
            let names = names.join(", ");
            Answered::broken(
                Text::new(
                    format!("アクセサの名前はパートの名前（{names}）"),
                    format!("accessors named after the parts ({names})"),
                ),
                Text::neutral(tag(accessor)),
            )
            .at(accessor)
        })
}

/// Whether the accessors of an rpc message stand in the order of the parts, and are valid. `None`: yes.
pub(super) fn accessors_fit(
    subject: &Subject<'_>,
    wrapper: Element<'_>,
    operation: &Operation,
    bound: &BoundMessage,
) -> Option<Answered> {
    let mut last = 0;
    for accessor in wrapper.children() {
        // Names and numbers of accessors are asked for by BP1755 and BP1212.
        let Some(rank) = bound.body.iter().position(|part| part.name == accessor.local()) else {
            continue;
        };
        if rank < last {
            let names: Vec<&str> = bound.body.iter().map(|part| part.name.as_str()).collect();
            let names = names.join(", ");
            let behind = &bound.body[last].name;
            return Some(
                Answered::broken(
                    Text::new(
                        format!("アクセサの順は {names}（操作「{}」）", operation.name),
                        format!("accessors in the order {names} (operation `{}`)", operation.name),
                    ),
                    Text::new(
                        format!("「{}」が「{behind}」の後", accessor.local()),
                        format!("`{}` behind `{behind}`", accessor.local()),
                    ),
                )
                .at(accessor),
            );
        }
        last = rank;
    }
    let schema = subject.view.schema?;
    wrapper.children().find_map(|accessor| {
        let part = bound.body.iter().find(|part| part.name == accessor.local())?;
        let type_name = part
            .type_name
            .as_ref()
            .filter(|name| schema.defines_type(name.as_name()))?;
        if nil(accessor).is_some() {
            return None; // BP1211 asks for that
        }
        super::body::first_error(
            accessor,
            &schema.validate(accessor, crate::schema::Against::Type(type_name.as_name())),
        )
    })
}

/// Whether the wrapper has the name that the operation gives it. `None`: yes.
pub(super) fn wrapper_fits(side: Side, wrapper: Element<'_>, operation: &Operation) -> Option<Answered> {
    let wanted = match side {
        Side::Request => operation.request_element(),
        Side::Response => operation.response_element(),
    }?;
    (wrapper.name() != wanted.as_name()).then(|| {
        Answered::broken(
            Text::new(
                format!("ラッパー {wanted}（操作「{}」）", operation.name),
                format!("wrapper {wanted} (operation `{}`)", operation.name),
            ),
            Text::neutral(wrapper.name()),
        )
        .at_place(|| Place::of(wrapper))
    })
}
