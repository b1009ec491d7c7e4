//! Assertions about envelopes.

mod body;
mod fault;
mod header;
mod rpc;
mod soap_schema;
mod structure;
#[cfg(test)]
mod tests;

use super::subject::Subject;
use super::{Answered, Body, Excerpt, Place, Side};
use crate::text::Text;
use crate::xml::{Limits, XmlError, XmlFault, decode};

/// Answers one assertion.
pub(super) fn ask(id: &str, subject: &Subject<'_>) -> Answered {
    if subject.answers_another_method() {
        return Answered::not_applicable(
            "POST以外のメソッドへの応答であり、SOAPのメッセージではありません",
            "this answers another method than POST, so it is no SOAP message",
        );
    }
    let document = match subject.view.body() {
        Body::Empty => return of_nothing(id, subject),
        Body::NotXml(error) => return of_no_xml(id, subject, error),
        Body::Xml(document) => document,
    };
    match id {
        "BP1601" | "SSBP1601" => return Answered::Holds,
        "BP1201" => return structure::root(document),
        "BP1600" => return structure::section_4(document, subject.view.reads("WS-25", "order-only")),
        "BP1012" => return structure::version_mismatch(subject),
        _ => {}
    }
    let Some(parts) = &subject.parts else {
        // Some assertions have no prerequisite in the source, but nothing to look at either.
        return Answered::Blocked { by: "BP1201" };
    };
    match id {
        "BP1701" => soap_schema::conforms(parts),
        "BP1007" => structure::no_doctype(parts),
        "BP1208" => structure::no_instruction(parts, subject.view.reads("WS-22", "inside-envelope")),
        "BP1309" => structure::body_is_last(parts),
        "BP1032" => structure::no_soap_attributes(parts),
        "BP1033" | "SSBP9704" => structure::xml_is_not_declared(parts),
        "BP1307" => structure::no_encoding_style(parts),
        "BP1308" => structure::no_encoding_style_in_body(parts),
        "BP1204" => structure::no_array_type(parts),
        "BP1202" => structure::body_children_are_qualified(parts),
        "BP4109" => structure::body_attributes(parts),
        "BP1301" => header::must_understand(parts),
        "BP1009" => header::bound_blocks(subject, parts),
        "BP4100" => header::undescribed(subject, parts),
        "BP4101" => header::actors(parts),
        "BP1305" => fault::status(subject, parts),
        "BP1306" => fault::children(parts),
        "BP1316" => fault::children_are_unqualified(parts),
        "BP1031" => fault::no_dot(parts, subject.view.reads("WS-20", "whole-fault")),
        "BP1302" => fault::code(parts, subject.view.reads("WS-24", "qname-only")),
        "BP1203" => fault::detail_attributes(parts),
        "BP1107" => fault::described(subject, parts),
        "BP4102" => fault::detail(parts),
        "BP1100" => body::status(subject, parts),
        "BP1011" => body::request_fits(subject, parts),
        "BP1013" => body::response_fits(subject, parts),
        "BP1212" => body::one_accessor_each(subject, parts),
        "BP1213" => body::stays_empty(subject, parts),
        "BP1005" => rpc::response_wrapper(subject, parts),
        "BP1008" => rpc::accessors_are_unqualified(subject, parts),
        "BP1211" => rpc::no_nil(subject, parts),
        "BP1214" => rpc::wrapper_stays_empty(subject, parts),
        "BP1318" => rpc::no_encoding_style(subject, parts),
        "BP1755" => rpc::accessor_names(subject, parts),
        _ => Answered::not_applicable(
            "エンベロープのアサーションではありません",
            "this is not asked of envelopes",
        ),
    }
}

/// No bytes: nothing to ask, except that a request may not be empty.
fn of_nothing(id: &str, subject: &Subject<'_>) -> Answered {
    let is_post = subject.view.request.is_some_and(|request| request.method == "POST");
    if id == "SSBP1601" && subject.view.side == Side::Request && is_post {
        return Answered::broken(
            Text::new(
                "整形式のXML 1.0であるエンベロープ",
                "an envelope in well-formed XML 1.0",
            ),
            Text::new("要求の本文が空です", "the body of the request is empty"),
        );
    }
    Answered::not_applicable("エンベロープがありません", "there is no envelope")
}

fn of_no_xml(id: &str, subject: &Subject<'_>, error: &XmlError) -> Answered {
    if !matches!(id, "BP1601" | "SSBP1601") {
        return Answered::Blocked { by: "BP1601" };
    }
    // An entity of its own would need the DTD that SOAP forbids; the other limits say nothing about the message.
    if error.fault.is_limit() && !matches!(error.fault, XmlFault::Entity { .. }) {
        return Answered::Unanswered {
            reason: error.describe(),
        };
    }
    Answered::broken(Text::new("整形式のXML 1.0", "well-formed XML 1.0"), error.describe()).at_place(|| {
        let charset = subject
            .view
            .headers()
            .and_then(|headers| crate::wire::media_parameter(headers, "charset"));
        let text = subject
            .view
            .bytes()
            .and_then(|bytes| decode(bytes, charset.as_deref(), &Limits::default()).ok())
            .map_or_else(String::new, |(text, _)| text);
        let range = error.at.offset..error.at.offset.saturating_add(1).min(text.len()).max(error.at.offset);
        Place {
            file: String::new(),
            path: String::new(),
            at: error.at,
            excerpt: Excerpt::around(&text, &range),
            range,
        }
    })
}
