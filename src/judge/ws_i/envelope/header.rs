//! Header blocks.

use super::super::subject::{Invoked, Parts, Subject, absent, no_description, tag};
use super::super::{Answered, Place};
use crate::schema::wsdl::HeaderPart;
use crate::soap::{ACTOR_NEXT, ENVELOPE};
use crate::text::Text;
use crate::xml::Element;

/// BP1301.
pub(super) fn must_understand(parts: &Parts<'_>) -> Answered {
    if !parts.scan.has_must_understand {
        return Answered::not_applicable("soap:mustUnderstandがありません", "soap:mustUnderstand does not occur");
    }
    let expected = Text::new("soap:mustUnderstandは0又は1", "soap:mustUnderstand of 0 or 1");
    absent(expected, parts.scan.must_understand)
}

/// BP1009.
pub(super) fn bound_blocks(subject: &Subject<'_>, parts: &Parts<'_>) -> Answered {
    if parts.fault.is_some() || parts.body_children().next().is_none() {
        return Answered::not_applicable(
            "フォルトであるか、soap:Bodyが空です",
            "it is a fault, or soap:Body is empty",
        );
    }
    let (operation, bound) = match subject.bound() {
        Ok(bound) => bound,
        Err(answer) => return answer,
    };
    if bound.headers.is_empty() {
        return Answered::not_applicable(
            format!("操作「{}」にsoapbind:headerがありません", operation.name),
            format!("operation `{}` has no soapbind:header", operation.name),
        );
    }
    let missing = bound
        .headers
        .iter()
        .filter_map(|header| header.part.element.as_ref())
        .find(|wanted| !parts.blocks().any(|block| block.name() == wanted.as_name()));
    missing.map_or(Answered::Holds, |wanted| {
        let blocks: Vec<String> = parts.blocks().map(tag).collect();
        let blocks = blocks.join(", ");
        Answered::broken(
            Text::new(
                format!(
                    "soap:Headerにヘッダブロック {wanted}（操作「{}」のsoapbind:header）",
                    operation.name
                ),
                format!(
                    "header block {wanted} (soapbind:header of operation `{}`)",
                    operation.name
                ),
            ),
            if blocks.is_empty() {
                Text::new("ヘッダブロックがありません", "there is no header block")
            } else {
                Text::neutral(blocks)
            },
        )
        .at(parts.header.unwrap_or(parts.root))
    })
}

/// BP4100, which only reports.
pub(super) fn undescribed(subject: &Subject<'_>, parts: &Parts<'_>) -> Answered {
    if parts.blocks().next().is_none() {
        return no_block();
    }
    for block in parts.blocks() {
        let mandatory = block
            .attribute_node(ENVELOPE, "mustUnderstand")
            .filter(|known| known.value() == "1");
        if let Some(attribute) = mandatory {
            return Answered::broken(
                Text::new(
                    "理解を必須としないヘッダブロック",
                    "header blocks that need not be understood",
                ),
                Text::new(
                    format!("ヘッダブロック「{}」にmustUnderstand=\"1\"", tag(block)),
                    format!("mustUnderstand=\"1\" at header block `{}`", tag(block)),
                ),
            )
            .at_place(|| Place::of_attribute(block, attribute));
        }
    }
    let described: &[HeaderPart] = match (&subject.invoked, subject.bound()) {
        (_, Ok((_, bound))) => &bound.headers,
        (Invoked::NoDescription, _) => return no_description(),
        (Invoked::NoRequest | Invoked::Nothing, Err(answer)) => return answer,
        // The operation has no message in this direction, so nothing is described.
        (Invoked::Operation { .. }, Err(_)) => &[],
    };
    let is_described = |block: &Element<'_>| {
        described.iter().any(|header| {
            header
                .part
                .element
                .as_ref()
                .is_some_and(|element| element.as_name() == block.name())
        })
    };
    parts
        .blocks()
        .find(|block| !is_described(block))
        .map_or(Answered::Holds, |block| {
            Answered::broken(
                Text::new("WSDLが記述するヘッダブロック", "header blocks that the WSDL describes"),
                Text::neutral(block.name()),
            )
            .at(block)
        })
}

/// BP4101, which only reports.
pub(super) fn actors(parts: &Parts<'_>) -> Answered {
    let mut actors = parts
        .blocks()
        .filter_map(|block| Some((block, block.attribute_node(ENVELOPE, "actor")?)))
        .peekable();
    if actors.peek().is_none() {
        return Answered::not_applicable("soap:actorがありません", "no header block has soap:actor");
    }
    let expected = Text::new(format!("soap:actorは {ACTOR_NEXT}"), format!("soap:actor {ACTOR_NEXT}"));
    absent(expected, actors.find(|(_, actor)| actor.value() != ACTOR_NEXT))
}

fn no_block() -> Answered {
    Answered::not_applicable("ヘッダブロックがありません", "there is no header block")
}
