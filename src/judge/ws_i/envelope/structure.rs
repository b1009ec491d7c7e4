//! The shape of an envelope, and what must not stand in it.

use super::super::subject::{Parts, Subject, absent, broken_by_attribute, tag};
use super::super::{Answered, Body, Place};
use crate::soap::ENVELOPE;
use crate::text::Text;
use crate::xml::{Document, Element};

/// BP1201.
pub(super) fn root(document: &Document) -> Answered {
    let root = document.root();
    if root.is(ENVELOPE, "Envelope") {
        return Answered::Holds;
    }
    Answered::broken(
        Text::new(
            format!("文書要素は名前空間 {ENVELOPE} のEnvelope"),
            format!("document element Envelope of namespace {ENVELOPE}"),
        ),
        Text::neutral(root.name()),
    )
    .at(root)
}

/// BP1600. With `order_only` (WS-25) the qualification of header blocks and attributes is not asked for.
pub(super) fn section_4(document: &Document, order_only: bool) -> Answered {
    let envelope = document.root();
    if !envelope.is(ENVELOPE, "Envelope") {
        return root(document);
    }
    let mut children = envelope.children().peekable();
    let header = children.next_if(|child| child.is(ENVELOPE, "Header"));
    let expected = Text::new(
        "soap:Envelopeの最初の子要素がsoap:Header（省略可）、次がsoap:Body",
        "soap:Header (optional) as first child of soap:Envelope, then soap:Body",
    );
    match children.next() {
        Some(child) if child.is(ENVELOPE, "Body") => {}
        Some(other) => return Answered::broken(expected, Text::neutral(other.name())).at(other),
        None => {
            let found = Text::new("soap:Bodyがありません", "there is no soap:Body");
            return Answered::broken(expected, found).at(envelope);
        }
    }
    if let Some(second) = children.find(|child| child.is(ENVELOPE, "Header") || child.is(ENVELOPE, "Body")) {
        return Answered::broken(expected, Text::neutral(second.name())).at(second);
    }
    if order_only {
        return Answered::Holds;
    }
    if let Some(attribute) = envelope
        .attributes()
        .find(|attribute| attribute.name().namespace.is_none())
    {
        let expected = Text::new(
            "soap:Envelopeの追加の属性には名前空間がある",
            "further attributes of soap:Envelope with a namespace",
        );
        return broken_by_attribute(expected, (envelope, attribute));
    }
    let block = header
        .into_iter()
        .flat_map(Element::children)
        .find(|block| block.namespace().is_empty());
    block.map_or(Answered::Holds, |block| {
        Answered::broken(
            Text::new("名前空間のあるヘッダブロック", "header blocks with a namespace"),
            Text::neutral(tag(block)),
        )
        .at(block)
    })
}

/// BP1012. With the option `request` of WS-21 the prerequisite concerns the request, so nothing is ever decided.
pub(super) fn version_mismatch(subject: &Subject<'_>) -> Answered {
    let other_version = match subject.view.request_body {
        Body::Xml(request) => {
            Some(request.root()).filter(|root| root.local() == "Envelope" && root.namespace() != ENVELOPE)
        }
        Body::Empty | Body::NotXml(_) => None,
    };
    let Some(root) = other_version else {
        return Answered::not_applicable(
            "要求は別の版のエンベロープではありません",
            "the request is no envelope of another version",
        );
    };
    if subject.view.reads("WS-21", "request") {
        return Answered::Blocked { by: "BP1701" };
    }
    if subject.operation().is_ok_and(|operation| operation.is_one_way()) {
        return Answered::not_applicable("片方向の操作です", "the operation is one-way");
    }
    match &subject.parts {
        None => Answered::Blocked { by: "BP1201" },
        Some(parts) if parts.fault.is_some() => Answered::Holds,
        Some(parts) => Answered::broken(
            Text::new(
                format!("名前空間 {} の要求にはsoap:Fault", root.namespace()),
                format!("soap:Fault as answer to a request in namespace {}", root.namespace()),
            ),
            Text::new("soap:Faultのない応答", "a response without soap:Fault"),
        )
        .at(parts.body.unwrap_or(parts.root)),
    }
}

/// BP1007.
pub(super) fn no_doctype(parts: &Parts<'_>) -> Answered {
    let Some(at) = parts.document.doctype() else {
        return Answered::Holds;
    };
    let text = &parts.document.text()[at.offset..];
    let length = text.find('>').map_or(text.len(), |end| end + 1);
    let shown: String = text[..length].chars().take(80).collect();
    Answered::broken(
        Text::new("文書型宣言がない", "no document type declaration"),
        Text::neutral(shown),
    )
    .at_place(|| Place::from_range(parts.document, "/".to_owned(), at.offset..at.offset + length))
}

/// BP1208. With `inside_only` (WS-22) those outside the Envelope do not count.
pub(super) fn no_instruction(parts: &Parts<'_>, inside_only: bool) -> Answered {
    let found = if inside_only {
        parts.scan.inner_instruction
    } else {
        parts.scan.instruction
    };
    found.map_or(Answered::Holds, |node| {
        Answered::broken(
            Text::new("処理命令がない", "no processing instruction"),
            Text::neutral(format!("<?{} …?>", node.target())),
        )
        .at_place(|| Place::of_node(parts.document, node))
    })
}

/// BP1309.
pub(super) fn body_is_last(parts: &Parts<'_>) -> Answered {
    let Some(body) = parts.body else {
        return no_body();
    };
    parts
        .root
        .children()
        .skip_while(|child| *child != body)
        .nth(1)
        .map_or(Answered::Holds, |behind| {
            Answered::broken(
                Text::new(
                    "soap:Bodyがsoap:Envelopeの最後の子要素",
                    "soap:Body as last child of soap:Envelope",
                ),
                Text::new(
                    format!("soap:Bodyの後に「{}」", tag(behind)),
                    format!("`{}` behind soap:Body", tag(behind)),
                ),
            )
            .at(behind)
        })
}

/// BP1032.
pub(super) fn no_soap_attributes(parts: &Parts<'_>) -> Answered {
    let found = [Some(parts.root), parts.header, parts.body]
        .into_iter()
        .flatten()
        .find_map(|element| {
            let attribute = element
                .attributes()
                .find(|attribute| attribute.name().namespace == Some(ENVELOPE))?;
            Some((element, attribute))
        });
    let expected = Text::new(
        "soap:Envelope、soap:Header、soap:BodyにSOAPの名前空間の属性がない",
        "no attribute of the SOAP namespace at soap:Envelope, soap:Header, soap:Body",
    );
    absent(expected, found)
}

/// BP1033 and SSBP9704.
pub(super) fn xml_is_not_declared(parts: &Parts<'_>) -> Answered {
    parts.scan.xml_declared.map_or(Answered::Holds, |(element, offset)| {
        Answered::broken(
            Text::new("xmlns:xmlの宣言がない", "no declaration xmlns:xml"),
            Text::new(
                format!("要素「{}」にxmlns:xml", tag(element)),
                format!("xmlns:xml at element `{}`", tag(element)),
            ),
        )
        .at_place(|| {
            let path = format!("{}/@xmlns:xml", element.path());
            Place::from_range(parts.document, path, offset..offset + "xmlns:xml".len())
        })
    })
}

/// BP1307.
pub(super) fn no_encoding_style(parts: &Parts<'_>) -> Answered {
    let expected = Text::new(
        "SOAPの名前空間の要素にsoap:encodingStyleがない",
        "no soap:encodingStyle at elements of the SOAP namespace",
    );
    absent(expected, parts.scan.encoding_style)
}

/// BP1308.
pub(super) fn no_encoding_style_in_body(parts: &Parts<'_>) -> Answered {
    if parts.body.is_none() {
        return no_body();
    }
    let found = parts
        .body_children()
        .find_map(|child| Some((child, child.attribute_node(ENVELOPE, "encodingStyle")?)));
    let expected = Text::new(
        "soap:Bodyの子要素にsoap:encodingStyleがない",
        "no soap:encodingStyle at children of soap:Body",
    );
    absent(expected, found)
}

/// BP1204.
pub(super) fn no_array_type(parts: &Parts<'_>) -> Answered {
    let expected = Text::new(
        "soap:Bodyの中にsoapenc:arrayTypeがない",
        "no soapenc:arrayType inside soap:Body",
    );
    absent(expected, parts.scan.array_type)
}

/// BP1202.
pub(super) fn body_children_are_qualified(parts: &Parts<'_>) -> Answered {
    if parts.body_children().next().is_none() {
        return Answered::not_applicable("soap:Bodyが空です", "soap:Body is empty");
    }
    let bare = parts.body_children().find(|child| child.namespace().is_empty());
    bare.map_or(Answered::Holds, |child| {
        Answered::broken(
            Text::new(
                "名前空間のあるsoap:Bodyの子要素",
                "children of soap:Body with a namespace",
            ),
            Text::neutral(tag(child)),
        )
        .at(child)
    })
}

/// BP4109, which only reports.
pub(super) fn body_attributes(parts: &Parts<'_>) -> Answered {
    let Some(body) = parts.body else {
        return no_body();
    };
    let expected = Text::new("soap:Bodyに属性がない", "no attribute at soap:Body");
    absent(expected, body.attributes().next().map(|attribute| (body, attribute)))
}

fn no_body() -> Answered {
    Answered::not_applicable("soap:Bodyがありません", "there is no soap:Body")
}
