//! Changing a normal answer of the reference service into what a scenario wants a product to meet.

use super::soap_security::{SecurityKit, without_security};
use crate::scenario::{Encoding, SoapReply};
use crate::wire::{Answer, HttpRequest, parse_response, response_bytes};

/// What reworking needs besides the reply.
#[derive(Default)]
pub(super) struct Reworker {
    /// Keys of the harness.
    pub(super) security: SecurityKit,
}

/// Applies a reply's changes to an answer.
pub(super) fn rework(answer: Answer, reply: &SoapReply, request: &HttpRequest, reworker: &Reworker) -> Answer {
    let Answer::Send { bytes, close } = answer else {
        return answer;
    };
    let Ok(response) = parse_response(&bytes, &request.method, true) else {
        return Answer::Send { bytes, close };
    };
    let status = reply.status.unwrap_or(response.status);
    let mut body = response.body;
    if let Ok(text) = std::str::from_utf8(&body) {
        let mut text = text.to_owned();
        for edit in &reply.edit {
            text = text.replacen(&edit.find, &edit.replace, 1);
        }
        if let Some(security) = &reply.security {
            // The reference service signs its answers itself; the scenario wants another signature.
            let bare = without_security(&text);
            text = reworker.security.dress(&bare, security).unwrap_or(text);
        }
        body = encode(&text, reply.encoding);
    }
    let mut headers: Vec<(String, String)> = response
        .headers
        .0
        .into_iter()
        .filter(|(name, _)| {
            !name.eq_ignore_ascii_case("content-length") && !name.eq_ignore_ascii_case("transfer-encoding")
        })
        .collect();
    if reply.encoding != Encoding::Utf8 && !body.is_empty() {
        set(
            &mut headers,
            "Content-Type",
            &format!("text/xml; charset={}", reply.encoding.name()),
        );
    }
    for (name, value) in &reply.headers {
        set(&mut headers, name, value);
    }
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let bytes = if reply.chunked {
        let mut all = headers;
        all.push(("Transfer-Encoding", "chunked"));
        let whole = response_bytes(status, &all, b"");
        let mut bytes = without_length(whole);
        bytes.extend(super::body::in_chunks(&body));
        bytes
    } else {
        response_bytes(status, &headers, &body)
    };
    Answer::Send { bytes, close }
}

/// Takes away the `Content-Length: 0` line that a response without a body has.
fn without_length(bytes: Vec<u8>) -> Vec<u8> {
    let line = b"Content-Length: 0\r\n";
    match memchr::memmem::find(&bytes, line) {
        Some(at) => [&bytes[..at], &bytes[at + line.len()..]].concat(),
        None => bytes,
    }
}

fn set(headers: &mut Vec<(String, String)>, name: &str, value: &str) {
    headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    if !value.is_empty() {
        headers.push((name.to_owned(), value.to_owned()));
    }
}

/// An envelope as bytes. The XML declaration is made to name the encoding.
pub(super) fn encode(text: &str, encoding: Encoding) -> Vec<u8> {
    let declared = |name: &str| text.replacen("encoding=\"UTF-8\"", &format!("encoding=\"{name}\""), 1);
    match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Utf8Bom => [b"\xEF\xBB\xBF", text.as_bytes()].concat(),
        Encoding::Utf16 => {
            let text = declared("UTF-16");
            std::iter::once(0xFEFF)
                .chain(text.encode_utf16())
                .flat_map(u16::to_be_bytes)
                .collect()
        }
        Encoding::ShiftJis => {
            let text = declared("Shift_JIS");
            encoding_rs::SHIFT_JIS.encode(&text).0.into_owned()
        }
    }
}
