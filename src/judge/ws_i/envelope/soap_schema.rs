//! BP1701: what the schema of SOAP 1.1 envelopes refuses.
//!
//! The schema is not copied here; its rules are few. Envelope: an optional Header, a Body, then elements of other
//! namespaces; attributes of other namespaces. Header: elements and attributes of other namespaces. Body: anything. All
//! that content is assessed laxly, so that the declarations of Fault and of the attributes mustUnderstand, actor and
//! encodingStyle are reached only because a validator has them at hand.
//!
//! Most assertions have this one as prerequisite. Taken to the letter it would keep those that single out one of the
//! rules from ever being asked, so what a dependent assertion names is left to it: attributes of SOAP at Envelope, Header
//! and Body (BP1032, BP1307), elements behind the Body that are not of SOAP (BP1309), values of mustUnderstand (BP1301),
//! further children of Fault (BP1306) and their namespace (BP1316).

use super::super::subject::{Parts, attribute_tag, broken_by_attribute, is_uri, tag};
use super::super::{Answered, Place};
use crate::soap::ENVELOPE;
use crate::text::Text;
use crate::xml::{Element, NodeKind, XML_NAMESPACE, is_ncname};

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// Children of Fault, in their order.
const FAULT: [&str; 4] = ["faultcode", "faultstring", "faultactor", "detail"];

pub(super) fn conforms(parts: &Parts<'_>) -> Answered {
    order(parts)
        .or_else(|| unqualified_attributes(parts))
        .or_else(|| blocks(parts))
        .or_else(|| {
            [Some(parts.root), parts.header, parts.body]
                .into_iter()
                .flatten()
                .find_map(stray_text)
        })
        .or_else(|| uris(parts))
        .or_else(|| parts.fault.and_then(fault))
        .unwrap_or(Answered::Holds)
}

fn order(parts: &Parts<'_>) -> Option<Answered> {
    let mut has_header = false;
    let mut has_body = false;
    for child in parts.root.children() {
        let is_soap = child.namespace() == ENVELOPE;
        match child.local() {
            "Header" if is_soap && !has_header && !has_body => has_header = true,
            "Body" if is_soap && !has_body => has_body = true,
            _ if has_body && !is_soap => {}
            _ => {
                let expected = match (has_header, has_body) {
                    (_, true) => Text::new(
                        "soap:Bodyの後はSOAP以外の名前空間の要素だけ",
                        "only elements of other namespaces behind soap:Body",
                    ),
                    (true, false) => Text::new("soap:Headerの後にsoap:Body", "soap:Body behind soap:Header"),
                    (false, false) => Text::new("soap:Header又はsoap:Body", "soap:Header or soap:Body"),
                };
                return Some(unexpected_element(expected, child));
            }
        }
    }
    (!has_body).then(|| {
        Answered::broken(
            Text::new("soap:Envelopeの中にsoap:Body", "soap:Body inside soap:Envelope"),
            Text::new("soap:Bodyがありません", "there is no soap:Body"),
        )
        .at(parts.root)
    })
}

fn unexpected_element(expected: Text, element: Element<'_>) -> Answered {
    let found = format!("<{}> ({})", tag(element), element.name());
    Answered::broken(expected, Text::neutral(found)).at(element)
}

/// `##other` allows no attribute without a namespace at Envelope and Header; at Body anything goes.
fn unqualified_attributes(parts: &Parts<'_>) -> Option<Answered> {
    [Some(parts.root), parts.header]
        .into_iter()
        .flatten()
        .find_map(|element| {
            let attribute = element
                .attributes()
                .find(|attribute| attribute.name().namespace.is_none())?;
            let expected = Text::new("名前空間のある属性だけ", "attributes with a namespace only");
            Some(broken_by_attribute(expected, (element, attribute)))
        })
}

fn blocks(parts: &Parts<'_>) -> Option<Answered> {
    let block = parts
        .blocks()
        .find(|block| matches!(block.namespace(), "" | ENVELOPE))?;
    let expected = Text::new(
        "SOAP以外の名前空間のヘッダブロック",
        "header blocks of a namespace other than that of SOAP",
    );
    Some(unexpected_element(expected, block))
}

fn stray_text(element: Element<'_>) -> Option<Answered> {
    let text = element.nodes().find(|node| {
        matches!(node.kind(), NodeKind::Text | NodeKind::CData)
            && !node
                .value()
                .chars()
                .all(|character| matches!(character, ' ' | '\t' | '\r' | '\n'))
    })?;
    let shown: String = text.value().trim().chars().take(40).collect();
    Some(
        Answered::broken(
            Text::new(
                format!("「{}」の直下は要素だけ", tag(element)),
                format!("only elements directly inside `{}`", tag(element)),
            ),
            Text::new(format!("文字列「{shown}」"), format!("text `{shown}`")),
        )
        .at_place(|| Place::of_node(element.document(), text)),
    )
}

fn uris(parts: &Parts<'_>) -> Option<Answered> {
    let expected = Text::new("URI（xsd:anyURI）", "a URI (xsd:anyURI)");
    parts.scan.no_uri.map(|spot| broken_by_attribute(expected, spot))
}

fn fault(fault: Element<'_>) -> Option<Answered> {
    let foreign = fault
        .attributes()
        .find(|attribute| !matches!(attribute.name().namespace, Some(ENVELOPE | XSI | XML_NAMESPACE)));
    if let Some(attribute) = foreign {
        return Some(
            Answered::broken(
                Text::new("属性のないsoap:Fault", "soap:Fault without attributes"),
                Text::neutral(attribute_tag(attribute)),
            )
            .at_place(|| Place::of_attribute(fault, attribute)),
        );
    }
    let mut next = 0;
    for child in fault.children() {
        let Some(rank) = FAULT.iter().position(|name| *name == child.local()) else {
            continue;
        };
        if rank < next {
            return Some(unexpected_element(
                Text::new(
                    "faultcode、faultstring、faultactor、detailの順に各1個まで",
                    "faultcode, faultstring, faultactor, detail in this order, each once",
                ),
                child,
            ));
        }
        next = rank + 1;
    }
    let child = |local: &str| fault.children().find(|child| child.local() == local);
    for local in &FAULT[..2] {
        let Some(element) = child(local) else {
            return Some(
                Answered::broken(
                    Text::new(format!("soap:Faultの中に{local}"), format!("{local} inside soap:Fault")),
                    Text::new(format!("{local}がありません"), format!("there is no {local}")),
                )
                .at(fault),
            );
        };
        if let Some(inner) = element.children().next() {
            return Some(unexpected_element(
                Text::new(format!("{local}は文字列だけ"), format!("{local} with text only")),
                inner,
            ));
        }
    }
    child("faultcode").and_then(qname).or_else(|| {
        let actor = child("faultactor")?;
        (!is_uri(actor.text().trim())).then(|| {
            Answered::broken(
                Text::new("faultactorはURI（xsd:anyURI）", "faultactor is a URI (xsd:anyURI)"),
                Text::neutral(format!("`{}`", actor.text().trim())),
            )
            .at(actor)
        })
    })
}

/// What is wrong with the value of faultcode as `xsd:QName`.
fn qname(code: Element<'_>) -> Option<Answered> {
    let text = code.text();
    let text = text.trim();
    let (prefix, local) = text.split_once(':').unwrap_or(("", text));
    let has_prefix = text.contains(':');
    let found = if !is_ncname(local) || (has_prefix && !is_ncname(prefix)) {
        Text::new(
            format!("「{text}」はQNameではありません"),
            format!("`{text}` is no QName"),
        )
    } else if has_prefix && code.resolve(prefix).is_none() {
        Text::new(
            format!("「{text}」の接頭辞「{prefix}」が宣言されていません"),
            format!("prefix `{prefix}` of `{text}` is not declared"),
        )
    } else {
        return None;
    };
    Some(Answered::broken(Text::new("faultcodeはQName", "faultcode is a QName"), found).at(code))
}
