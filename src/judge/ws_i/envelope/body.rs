//! Whether the content of soap:Body is what the description says.

use super::super::subject::{Invoked, Parts, Subject, tag};
use super::super::{Answered, Breach, Place};
use super::fault::no_http;
use super::rpc;
use crate::schema::wsdl::{BoundMessage, Operation, OwnedName, Style};
use crate::schema::{Against, SchemaError};
use crate::text::Text;
use crate::xml::Element;

/// Names of messages that a finding lists at the most.
const LISTED: usize = 8;

/// BP1100.
pub(super) fn status(subject: &Subject<'_>, parts: &Parts<'_>) -> Answered {
    if parts.fault.is_some() {
        return a_fault();
    }
    match subject.view.response {
        None => no_http(),
        Some(response) if response.status == 200 => Answered::Holds,
        Some(response) => Answered::broken(
            Text::new(
                "フォルトでないエンベロープの応答は200",
                "status 200 with an envelope that is no fault",
            ),
            Text::neutral(response.status),
        ),
    }
}

/// BP1011.
pub(super) fn request_fits(subject: &Subject<'_>, parts: &Parts<'_>) -> Answered {
    match &subject.invoked {
        Invoked::Nothing => fits_nothing(subject, parts),
        _ => fits(subject, parts),
    }
}

/// BP1013.
pub(super) fn response_fits(subject: &Subject<'_>, parts: &Parts<'_>) -> Answered {
    if parts.fault.is_some() {
        return a_fault();
    }
    fits(subject, parts)
}

fn fits_nothing(subject: &Subject<'_>, parts: &Parts<'_>) -> Answered {
    let operations = subject
        .view
        .description
        .into_iter()
        .flat_map(|description| description.operations());
    let mut names: Vec<String> = operations
        .filter_map(|(_, operation)| operation.request_element())
        .map(|name| name.to_string())
        .collect();
    names.dedup();
    let more = if names.len() > LISTED { ", …" } else { "" };
    names.truncate(LISTED);
    let names = format!("{}{more}", names.join(", "));
    let child = parts.body_children().next();
    Answered::broken(
        Text::new(
            format!("WSDLの操作の入力メッセージに合う本文（{names}）"),
            format!("a body that fits the input message of an operation of the WSDL ({names})"),
        ),
        child.map_or_else(
            || Text::new("空のsoap:Body", "an empty soap:Body"),
            |child| Text::neutral(child.name()),
        ),
    )
    .at(child.or(parts.body).unwrap_or(parts.root))
}

fn fits(subject: &Subject<'_>, parts: &Parts<'_>) -> Answered {
    let (operation, bound) = match subject.bound() {
        Ok(bound) => bound,
        Err(answer) => return answer,
    };
    let children: Vec<Element<'_>> = parts.body_children().collect();
    let place = parts.body.unwrap_or(parts.root);
    match operation.style {
        Style::Document => document_fits(subject, operation, bound, &children, place),
        Style::Rpc => rpc_fits(subject, operation, bound, &children, place),
    }
}

fn document_fits(
    subject: &Subject<'_>,
    operation: &Operation,
    bound: &BoundMessage,
    children: &[Element<'_>],
    body: Element<'_>,
) -> Answered {
    let Some(part) = bound.body.first() else {
        return children.first().map_or(Answered::Holds, |child| {
            Answered::broken(
                Text::new(
                    format!("空のsoap:Body（操作「{}」）", operation.name),
                    format!("an empty soap:Body (operation `{}`)", operation.name),
                ),
                Text::neutral(child.name()),
            )
            .at(*child)
        });
    };
    let Some(wanted) = &part.element else {
        return Answered::Unanswered {
            reason: Text::new(
                format!("WSDLのパート「{}」に要素の指定がありません（BP2012で判定）", part.name),
                format!("part `{}` of the WSDL names no element (BP2012 judges that)", part.name),
            ),
        };
    };
    let [child] = children else {
        return not_one(wanted, operation, children, body);
    };
    if child.name() != wanted.as_name() {
        return not_one(wanted, operation, children, body);
    }
    match subject.view.schema {
        Some(schema) if schema.declares_element(wanted.as_name()) => {
            let errors = schema.validate(*child, Against::Element(wanted.as_name()));
            first_error(*child, &errors).unwrap_or(Answered::Holds)
        }
        _ => Answered::Unanswered {
            reason: Text::new(
                format!("要素 {wanted} のスキーマがないため、妥当かどうか判定できません"),
                format!("there is no schema for element {wanted}, so its validity cannot be decided"),
            ),
        },
    }
}

/// The finding where the body does not hold exactly the wanted element.
fn not_one(wanted: &OwnedName, operation: &Operation, children: &[Element<'_>], body: Element<'_>) -> Answered {
    let expected = Text::new(
        format!("soap:Bodyの子要素は {wanted} ちょうど1個（操作「{}」）", operation.name),
        format!(
            "{wanted} as the one child of soap:Body (operation `{}`)",
            operation.name
        ),
    );
    let Some(first) = children.first() else {
        return Answered::broken(expected, Text::new("空のsoap:Body", "an empty soap:Body")).at(body);
    };
    let wrong = children.iter().find(|child| child.name() != wanted.as_name());
    // All have the right name, so there are too many.
    let wrong = wrong.or_else(|| children.get(1)).unwrap_or(first);
    let found = Text::new(
        format!("{}（子要素は{}個）", wrong.name(), children.len()),
        format!("{} (the Body has {} child element(s))", wrong.name(), children.len()),
    );
    Answered::broken(expected, found).at(*wrong)
}

fn rpc_fits(
    subject: &Subject<'_>,
    operation: &Operation,
    bound: &BoundMessage,
    children: &[Element<'_>],
    body: Element<'_>,
) -> Answered {
    let expected = || {
        Text::new(
            format!("soap:Bodyの中にラッパー1個（操作「{}」）", operation.name),
            format!("one wrapper inside soap:Body (operation `{}`)", operation.name),
        )
    };
    let Some(wrapper) = children.first() else {
        return Answered::broken(expected(), Text::new("空のsoap:Body", "an empty soap:Body")).at(body);
    };
    if let Some(second) = children.get(1) {
        return Answered::broken(expected(), Text::neutral(second.name())).at(*second);
    }
    let named = if subject.view.reads("WS-18", "accessors-only") {
        None
    } else {
        rpc::wrapper_fits(subject.view.side, *wrapper, operation)
    };
    named
        .or_else(|| rpc::accessors_fit(subject, *wrapper, operation, bound))
        .unwrap_or(Answered::Holds)
}

/// The first error of a validation as a finding.
pub(super) fn first_error(element: Element<'_>, errors: &[SchemaError]) -> Option<Answered> {
    let error = errors.first()?;
    let expected = error.expected.clone().unwrap_or_else(|| {
        Text::new(
            format!("スキーマに妥当な「{}」", tag(element)),
            format!("`{}` valid against its schema", tag(element)),
        )
    });
    Some(Answered::Broken(Box::new(Breach {
        expected,
        found: error.message.map(|message| format!("{}: {message}", error.code)),
        place: Some(Place::from_range(
            element.document(),
            error.path.clone(),
            error.range.clone(),
        )),
    })))
}

/// BP1212. With the option `rpc-only` of WS-17 document messages are left out.
pub(super) fn one_accessor_each(subject: &Subject<'_>, parts: &Parts<'_>) -> Answered {
    if parts.fault.is_some() {
        return a_fault();
    }
    let Some(first) = parts.body_children().next() else {
        return Answered::not_applicable("soap:Bodyが空です", "soap:Body is empty");
    };
    let (operation, bound) = match subject.bound() {
        Ok(bound) => bound,
        Err(answer) => return answer,
    };
    if operation.style == Style::Document && subject.view.reads("WS-17", "rpc-only") {
        return Answered::not_applicable("rpcの操作ではありません", "the operation is not rpc");
    }
    if bound.body.is_empty() {
        return Answered::not_applicable("soapbind:bodyのパートがありません", "soapbind:body binds no part");
    }
    for part in &bound.body {
        let found: Vec<Element<'_>> = match operation.style {
            Style::Rpc => first
                .children()
                .filter(|accessor| accessor.local() == part.name)
                .collect(),
            Style::Document => {
                let Some(wanted) = &part.element else { continue };
                parts
                    .body_children()
                    .filter(|child| child.name() == wanted.as_name())
                    .collect()
            }
        };
        if found.len() == 1 {
            continue;
        }
        let holder = match operation.style {
            Style::Rpc => Some(first),
            Style::Document => parts.body,
        };
        let place = found.get(1).copied().or(holder).unwrap_or(parts.root);
        return Answered::broken(
            Text::new(
                format!("パート「{}」のアクセサが1個（操作「{}」）", part.name, operation.name),
                format!("one accessor for part `{}` (operation `{}`)", part.name, operation.name),
            ),
            Text::new(format!("{}個", found.len()), found.len().to_string()),
        )
        .at(place);
    }
    Answered::Holds
}

/// BP1213.
pub(super) fn stays_empty(subject: &Subject<'_>, parts: &Parts<'_>) -> Answered {
    if parts.fault.is_some() {
        return a_fault();
    }
    let (operation, bound) = match subject.bound() {
        Ok(bound) => bound,
        Err(answer) => return answer,
    };
    if operation.style != Style::Document || !bound.states_parts || !bound.body.is_empty() {
        return Answered::not_applicable(
            "parts=\"\"のdocument/literalではありません",
            "it is not document/literal with parts=\"\"",
        );
    }
    parts.body_children().next().map_or(Answered::Holds, |child| {
        Answered::broken(
            Text::new(
                "空のsoap:Body（soapbind:bodyはparts=\"\"）",
                "an empty soap:Body (soapbind:body has parts=\"\")",
            ),
            Text::neutral(child.name()),
        )
        .at(child)
    })
}

fn a_fault() -> Answered {
    Answered::not_applicable("フォルトです", "it is a fault")
}
