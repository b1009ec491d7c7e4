//! What a body is, and how its bytes are to be read.

use super::super::subject::Subject;
use super::super::{Answered, Body};
use super::{has_envelope, header};
use crate::text::Text;
use crate::wire::{Headers, media_parameter, media_type};
use crate::xml::{ByteOrderMark, EncodingFacts, Limits, XmlFault, decode};

/// SSBP1003. With the option `implies-utf-8` of WS-14 a declaration without encoding counts as UTF-8.
pub(super) fn charset(subject: &Subject<'_>, headers: &Headers) -> Answered {
    let bytes = subject.view.bytes().unwrap_or_default();
    if bytes.is_empty() {
        return no_entity();
    }
    let Some(content_type) = headers.get("Content-Type") else {
        return Answered::broken(
            Text::new("charsetのあるContent-Type", "Content-Type with charset"),
            Text::new("Content-Typeヘッダがありません", "there is no Content-Type header"),
        );
    };
    let Some(charset) = media_parameter(headers, "charset") else {
        return Answered::broken(
            Text::new("charsetのあるContent-Type", "Content-Type with charset"),
            header("Content-Type", content_type),
        );
    };
    let is = |name: &str| charset.eq_ignore_ascii_case(name);
    if !is("UTF-8") && !is("UTF-16") {
        return Answered::broken(
            Text::new("charsetはUTF-8又はUTF-16", "charset UTF-8 or UTF-16"),
            header("Content-Type", content_type),
        );
    }
    let (mark, declared) = encoding(subject, bytes, &charset);
    let found = |what: Text| {
        Text::new(
            format!("charset={charset}、{}", what.ja),
            format!("charset={charset}, {}", what.en),
        )
    };
    if let Some(mark) = mark
        && !is(mark.encoding())
    {
        return Answered::broken(
            Text::new("BOMと一致するcharset", "a charset that agrees with the byte order mark"),
            found(Text::new(
                format!("BOMは{}", mark.encoding()),
                format!("byte order mark of {}", mark.encoding()),
            )),
        );
    }
    if let Some(declared) = &declared
        && !is(declared)
    {
        return Answered::broken(
            Text::new(
                "XML宣言と一致するcharset",
                "a charset that agrees with the XML declaration",
            ),
            found(Text::new(
                format!("XML宣言は{declared}"),
                format!("XML declaration {declared}"),
            )),
        );
    }
    if mark.is_none() && declared.is_none() && !is("UTF-8") {
        return Answered::broken(
            Text::new(
                "BOMもXML宣言の符号化もない場合はUTF-8",
                "UTF-8 without byte order mark and declared encoding",
            ),
            header("Content-Type", content_type),
        );
    }
    Answered::Holds
}

/// The byte order mark, and the encoding of the XML declaration, of a body.
fn encoding(subject: &Subject<'_>, bytes: &[u8], charset: &str) -> (Option<ByteOrderMark>, Option<String>) {
    let of = |facts: &EncodingFacts| (facts.mark, facts.declared.clone());
    match subject.view.body() {
        Body::Xml(document) => {
            let (mark, declared) = of(document.encoding());
            let implied = subject.view.reads("WS-14", "implies-utf-8") && document.declaration().is_some();
            (mark, declared.or_else(|| implied.then(|| "UTF-8".to_owned())))
        }
        Body::Empty | Body::NotXml(_) => {
            decode(bytes, Some(charset), &Limits::default()).map_or((None, None), |(_, facts)| of(&facts))
        }
    }
}

/// SSBP5100. That an envelope is not well-formed, or of another version, is asked for elsewhere.
pub(super) fn envelope_alone(subject: &Subject<'_>, headers: &Headers) -> Answered {
    let expected = Text::new(
        "SOAPエンベロープだけの本文",
        "a body with a SOAP envelope and nothing else",
    );
    let bytes = subject.view.bytes().unwrap_or_default();
    if bytes.is_empty() {
        return no_entity();
    }
    let package = media_type(headers).filter(|media| {
        media.starts_with("multipart/") || media.starts_with("message/") || media == "application/dime"
    });
    if let Some(package) = package {
        return Answered::broken(expected, header("Content-Type", &package));
    }
    match subject.view.body() {
        Body::Empty => no_entity(),
        Body::Xml(_) if has_envelope(subject) => Answered::Holds,
        Body::Xml(document) => {
            let root = document.root();
            let found = Text::new(
                format!("文書要素は {}", root.name()),
                format!("document element {}", root.name()),
            );
            Answered::broken(expected, found).at(root)
        }
        Body::NotXml(error) if error.fault == XmlFault::AfterRoot => Answered::broken(expected, error.describe()),
        Body::NotXml(_) if starts_as_xml(bytes) => Answered::Holds,
        Body::NotXml(_) => {
            let shown: String = String::from_utf8_lossy(&bytes[..bytes.len().min(40)]).into_owned();
            Answered::broken(
                expected,
                Text::new(
                    format!("「{shown}」で始まる本文"),
                    format!("a body that begins with `{shown}`"),
                ),
            )
        }
    }
}

/// Whether the first character, after marks, zero bytes of UTF-16 and white space, is `<`.
fn starts_as_xml(bytes: &[u8]) -> bool {
    let skipped = |byte: &&u8| {
        matches!(
            byte,
            0xEF | 0xBB | 0xBF | 0xFE | 0xFF | 0 | b' ' | b'\t' | b'\r' | b'\n'
        )
    };
    bytes.iter().find(|byte| !skipped(byte)) == Some(&b'<')
}

/// SSBP5101. With the option `all-messages` of WS-15 messages without body are not left out.
pub(super) fn text_xml(subject: &Subject<'_>, headers: &Headers) -> Answered {
    let is_empty = subject.view.bytes().is_none_or(<[u8]>::is_empty);
    if is_empty && !subject.view.reads("WS-15", "all-messages") {
        return no_entity();
    }
    if media_type(headers).as_deref() == Some("text/xml") {
        return Answered::Holds;
    }
    Answered::broken(
        Text::neutral("Content-Type: text/xml"),
        headers.get("Content-Type").map_or_else(
            || Text::new("Content-Typeヘッダがありません", "there is no Content-Type header"),
            |value| header("Content-Type", value),
        ),
    )
}

fn no_entity() -> Answered {
    Answered::not_applicable("本文がありません", "there is no body")
}
