//! Properties from header blocks (SOAP Binding clauses 3 and 4).

use super::{Addressing, AddressingFault, EndpointReference, NAMESPACE};
use crate::soap::{Message, self_contained};
use crate::xml::Element;

impl Addressing {
    /// Whether the message has any header block of WS-Addressing.
    pub fn is_present(message: &Message<'_>) -> bool {
        message
            .blocks
            .iter()
            .any(|block| block.element.namespace() == NAMESPACE)
    }

    /// Reads the properties. Blocks for other actors do not count (SOAP Binding clause 3.2).
    ///
    /// # Errors
    /// The fault that a receiver has to answer with: a header that stands twice, no Action, a value that is no
    /// absolute IRI, an endpoint reference without Address.
    pub fn read(message: &Message<'_>) -> Result<Self, AddressingFault> {
        let reader = Reader { message };
        let action = reader.iri("Action")?.ok_or_else(|| AddressingFault::HeaderRequired {
            header: "Action".into(),
        })?;
        Ok(Self {
            message_id: reader.iri("MessageID")?,
            relates_to: reader.relates_to()?,
            to: reader.iri("To")?,
            action,
            reply_to: reader.reference("ReplyTo")?,
            fault_to: reader.reference("FaultTo")?,
            from: reader.reference("From")?,
            reference_parameters: reader.parameters(),
        })
    }
}

struct Reader<'m, 'd> {
    message: &'m Message<'d>,
}

impl<'d> Reader<'_, 'd> {
    fn blocks(&self, local: &'static str) -> impl Iterator<Item = Element<'d>> {
        self.message
            .blocks_named(NAMESPACE, local)
            .filter(|block| block.is_for_us())
            .map(|block| block.element)
    }

    fn one(&self, local: &'static str) -> Result<Option<Element<'d>>, AddressingFault> {
        let mut blocks = self.blocks(local);
        let first = blocks.next();
        match blocks.next() {
            None => Ok(first),
            Some(second) => Err(AddressingFault::InvalidCardinality {
                header: local.to_owned(),
                place: second.path(),
            }),
        }
    }

    fn iri(&self, local: &'static str) -> Result<Option<String>, AddressingFault> {
        self.one(local)?.map(|element| iri_of(element, local)).transpose()
    }

    fn relates_to(&self) -> Result<Vec<(String, Option<String>)>, AddressingFault> {
        self.blocks("RelatesTo")
            .map(|element| {
                let relationship = element
                    .attribute("", "RelationshipType")
                    .map(|kind| kind.trim().to_owned());
                Ok((iri_of(element, "RelatesTo")?, relationship))
            })
            .collect()
    }

    fn reference(&self, local: &'static str) -> Result<Option<EndpointReference>, AddressingFault> {
        let Some(element) = self.one(local)? else {
            return Ok(None);
        };
        let mut addresses = element.children_named(NAMESPACE, "Address");
        let (Some(address), None) = (addresses.next(), addresses.next()) else {
            return Err(AddressingFault::MissingAddress {
                header: local.to_owned(),
                place: element.path(),
            });
        };
        let parameters = element
            .child(NAMESPACE, "ReferenceParameters")
            .into_iter()
            .flat_map(Element::children)
            .map(self_contained)
            .collect();
        Ok(Some(EndpointReference {
            address: iri_of(address, local)?,
            parameters,
        }))
    }

    fn parameters(&self) -> Vec<String> {
        self.message
            .blocks
            .iter()
            .filter(|block| is_parameter(block.element))
            .map(|block| self_contained(block.element))
            .collect()
    }
}

/// Whether a header block is the copy of a reference parameter.
pub(super) fn is_parameter(element: Element<'_>) -> bool {
    element
        .attribute(NAMESPACE, "IsReferenceParameter")
        .is_some_and(|value| matches!(value.trim(), "1" | "true"))
}

fn iri_of(element: Element<'_>, header: &'static str) -> Result<String, AddressingFault> {
    let text = element.text();
    let value = text.trim_matches([' ', '\t', '\r', '\n']);
    if is_absolute(value) {
        Ok(value.to_owned())
    } else {
        Err(AddressingFault::InvalidAddress {
            header: header.to_owned(),
            value: value.to_owned(),
            place: element.path(),
        })
    }
}

/// Whether a text can be an absolute IRI: a scheme, something after it, and no character that RFC 3987 excludes.
fn is_absolute(value: &str) -> bool {
    let Some((scheme, rest)) = value.split_once(':') else {
        return false;
    };
    let mut letters = scheme.bytes();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic())
        && letters.all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !rest.is_empty()
        && !rest
            .chars()
            .any(|character| character.is_whitespace() || character.is_control() || "<>\"{}|\\^`".contains(character))
}
