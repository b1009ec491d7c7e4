//! Properties as header blocks.

use super::read::is_parameter;
use super::{Addressing, EndpointReference, NAMESPACE};
use crate::soap::{escape_attribute, escape_text};
use crate::xml::{Limits, parse};

impl Addressing {
    /// The header blocks, each with its own namespace declarations.
    pub fn write(&self) -> Vec<String> {
        let mut blocks = Vec::new();
        if let Some(to) = &self.to {
            blocks.push(block("To", &escape_text(to)));
        }
        blocks.push(block("Action", &escape_text(&self.action)));
        if let Some(id) = &self.message_id {
            blocks.push(block("MessageID", &escape_text(id)));
        }
        blocks.extend(self.relates_to.iter().map(|(id, relationship)| {
            let attribute = relationship
                .as_ref()
                .map(|kind| format!(r#" RelationshipType="{}""#, escape_attribute(kind)))
                .unwrap_or_default();
            format!(
                r#"<wsa:RelatesTo xmlns:wsa="{NAMESPACE}"{attribute}>{}</wsa:RelatesTo>"#,
                escape_text(id)
            )
        }));
        let references = [
            ("From", &self.from),
            ("ReplyTo", &self.reply_to),
            ("FaultTo", &self.fault_to),
        ];
        blocks.extend(references.into_iter().filter_map(|(local, reference)| {
            let reference = reference.as_ref()?;
            Some(block(local, &content(reference)))
        }));
        blocks.extend(self.reference_parameters.iter().map(|parameter| marked(parameter)));
        blocks
    }
}

fn block(local: &str, content: &str) -> String {
    format!(r#"<wsa:{local} xmlns:wsa="{NAMESPACE}">{content}</wsa:{local}>"#)
}

fn content(reference: &EndpointReference) -> String {
    let mut text = format!("<wsa:Address>{}</wsa:Address>", escape_text(&reference.address));
    if !reference.parameters.is_empty() {
        text.push_str("<wsa:ReferenceParameters>");
        text.extend(reference.parameters.iter().map(String::as_str));
        text.push_str("</wsa:ReferenceParameters>");
    }
    text
}

/// A reference parameter with the mark that it is one (SOAP Binding clause 4.3).
fn marked(parameter: &str) -> String {
    let known = parse(parameter, &Limits::default()).is_ok_and(|document| is_parameter(document.root()));
    if known {
        return parameter.to_owned();
    }
    // A prefix of our own: the element may use `wsa` for something else.
    let mark = format!(r#" xmlns:wsa-mark="{NAMESPACE}" wsa-mark:IsReferenceParameter="true""#);
    let name_end = parameter
        .find(|character: char| character.is_ascii_whitespace() || matches!(character, '>' | '/'))
        .unwrap_or(parameter.len());
    let (name, rest) = parameter.split_at(name_end);
    format!("{name}{mark}{rest}")
}
