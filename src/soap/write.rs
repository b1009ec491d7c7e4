//! Envelopes as text, and text as the bytes of an HTTP body.

use super::ENVELOPE;
use crate::xml::escape_attribute;

const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;
/// Namespace of `wsu:Id`.
const UTILITY: &str = super::security::UTILITY;

/// A SOAP 1.1 envelope to be written.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Envelope {
    /// Header blocks, each with its own namespace declarations; without any the Header is left out.
    pub header: Vec<String>,
    /// Content of the Body with its own namespace declarations.
    pub body: String,
    /// `wsu:Id` of the Body.
    pub body_id: Option<String>,
}

impl Envelope {
    /// An envelope with a body alone.
    pub fn new(body: impl Into<String>) -> Self {
        Self {
            body: body.into(),
            ..Self::default()
        }
    }

    /// The same with header blocks after those that are there.
    #[must_use]
    pub fn with_header(mut self, blocks: impl IntoIterator<Item = String>) -> Self {
        self.header.extend(blocks);
        self
    }

    /// The document, without indentation. Blocks and body stand in it as they are.
    pub fn write(&self) -> String {
        let mut text = format!(r#"{DECLARATION}<soap:Envelope xmlns:soap="{ENVELOPE}">"#);
        if !self.header.is_empty() {
            text.push_str("<soap:Header>");
            text.extend(self.header.iter().map(String::as_str));
            text.push_str("</soap:Header>");
        }
        match &self.body_id {
            None => text.push_str("<soap:Body>"),
            Some(id) => {
                let id = escape_attribute(id);
                text.push_str(&format!(r#"<soap:Body xmlns:wsu="{UTILITY}" wsu:Id="{id}">"#));
            }
        }
        text.push_str(&self.body);
        text.push_str("</soap:Body></soap:Envelope>");
        text
    }
}

/// Character encoding of an HTTP body. Those two are what WS-I Basic Profile 1.1 R1012 allows.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Encoding {
    /// UTF-8 without a byte order mark.
    #[default]
    Utf8,
    /// UTF-16, big-endian, with the byte order mark that XML 1.0 clause 4.3.3 demands.
    Utf16,
}

impl Encoding {
    /// Value of the `charset` parameter.
    pub fn charset(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16 => "utf-16",
        }
    }
}

/// The bytes of a document. The XML declaration of [`Envelope::write`] is made to name the encoding.
pub fn http_body(text: &str, encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Utf16 => {
            let (declaration, rest) = match text.strip_prefix(DECLARATION) {
                Some(rest) => (r#"<?xml version="1.0" encoding="UTF-16"?>"#, rest),
                None => ("", text),
            };
            std::iter::once(0xfeff)
                .chain(declaration.encode_utf16())
                .chain(rest.encode_utf16())
                .flat_map(u16::to_be_bytes)
                .collect()
        }
    }
}
