//! Replies of the platform, and how they become bytes.

use std::time::Duration;

use serde_json::Value;

use super::defect::DefectSet;
use super::defect_list::Defect;
use crate::wire::{Answer, HttpRequest, response_bytes};

/// Media type of every JSON body (レスポンス_API仕様, Content-Type).
const JSON: &str = "application/json;charset=UTF-8";

/// A reply before it becomes bytes.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
    /// Instead of a response: cut the connection, or keep silent for a while.
    silence: Option<Answer>,
}

impl Reply {
    /// A reply with a JSON body.
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, JSON, body.to_string().into_bytes())
    }

    /// A reply whose JSON text is ready.
    pub(super) fn json_text(status: u16, body: Vec<u8>) -> Self {
        Self::new(status, JSON, body)
    }

    /// A reply in plain words.
    pub(super) fn text(status: u16, words: &str) -> Self {
        Self::new(status, "text/plain;charset=UTF-8", words.as_bytes().to_vec())
    }

    /// A reply as a web page: what frameworks and gateways send of their own accord.
    pub(super) fn html(status: u16, words: &str) -> Self {
        let page = format!("<html><head><title>{status}</title></head><body><h1>{words}</h1></body></html>");
        Self::new(status, "text/html;charset=UTF-8", page.into_bytes())
    }

    /// A reply without a body.
    pub(super) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            silence: None,
        }
    }

    /// No reply: the connection is cut.
    pub(super) fn reset() -> Self {
        Self {
            silence: Some(Answer::Reset),
            ..Self::empty(0)
        }
    }

    /// No reply, and the connection stays open.
    pub(super) fn hang(limit: Duration) -> Self {
        Self {
            silence: Some(Answer::Hang(limit)),
            ..Self::empty(0)
        }
    }

    fn new(status: u16, media_type: &str, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: vec![("Content-Type", media_type.to_owned())],
            body,
            silence: None,
        }
    }

    /// The same reply with one more header.
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The same reply, which no cache may keep.
    pub(super) fn no_store(self) -> Self {
        self.with("Cache-Control", "no-store")
    }

    /// The same reply with a compressed body.
    pub(super) fn compressed(mut self) -> Self {
        if !self.body.is_empty() {
            self.body = gzip(&self.body);
            self.headers.push(("Content-Encoding", "gzip".into()));
        }
        self
    }

    /// The media type of the body, for defects that replace it.
    pub(super) fn media_type_mut(&mut self) -> Option<&mut String> {
        self.headers
            .iter_mut()
            .find(|(name, _)| *name == "Content-Type")
            .map(|(_, value)| value)
    }

    /// The bytes for the wire.
    pub(super) fn into_answer(mut self, request: &HttpRequest, defects: &DefectSet) -> Answer {
        if let Some(silence) = self.silence {
            return silence;
        }
        if request.method == "HEAD" {
            self.body.clear();
        }
        let close = defects.has(Defect::ConnectionClosedEachTime);
        if close {
            self.headers.push(("Connection", "close".into()));
        }
        let headers: Vec<(&str, &str)> = self
            .headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let mut bytes = response_bytes(self.status, &headers, &self.body);
        if defects.has(Defect::ContentLengthInCharacters) {
            count_characters(&mut bytes, &self.body);
        }
        if defects.has(Defect::Http10) {
            bytes.splice(..b"HTTP/1.1".len(), *b"HTTP/1.0");
        }
        Answer::Send { bytes, close }
    }
}

fn count_characters(bytes: &mut Vec<u8>, body: &[u8]) {
    let characters = String::from_utf8_lossy(body).chars().count();
    let right = format!("Content-Length: {}\r\n", body.len());
    let wrong = format!("Content-Length: {characters}\r\n");
    if let Some(at) = memchr::memmem::find(bytes, right.as_bytes()) {
        bytes.splice(at..at + right.len(), wrong.into_bytes());
    }
}

/// A gzip stream of stored blocks: valid for every reader, and no compressor is needed.
fn gzip(body: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];
    let blocks = body.chunks(0xFFFF).count();
    for (index, block) in body.chunks(0xFFFF).enumerate() {
        let length = block.len() as u16;
        stream.push(u8::from(index + 1 == blocks));
        stream.extend_from_slice(&length.to_le_bytes());
        stream.extend_from_slice(&(!length).to_le_bytes());
        stream.extend_from_slice(block);
    }
    stream.extend_from_slice(&crc32(body).to_le_bytes());
    stream.extend_from_slice(&(body.len() as u32).to_le_bytes());
    stream
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |mut crc, byte| {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg());
        }
        crc
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::parse_response;

    fn sent(defects: DefectSet) -> Vec<u8> {
        let request = HttpRequest {
            method: "POST".into(),
            target: "/".into(),
            minor: 1,
            headers: crate::wire::Headers::default(),
            body: Vec::new(),
        };
        match Reply::json(200, &serde_json::json!({"a": "あ"}))
            .no_store()
            .into_answer(&request, &defects)
        {
            Answer::Send { bytes, .. } => bytes,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn clean_and_spoiled() {
        let clean = parse_response(&sent(DefectSet::NONE), "POST", false).expect("complete");
        assert_eq!(
            (clean.surplus, clean.headers.get("cache-control")),
            (0, Some("no-store"))
        );
        let short = parse_response(&sent(Defect::ContentLengthInCharacters.into()), "POST", false).expect("complete");
        assert_eq!(short.surplus, 2);
        assert!(sent(Defect::Http10.into()).starts_with(b"HTTP/1.0 200"));
    }

    #[test]
    fn compressed_bodies_are_gzip() {
        let reply = Reply::text(200, "words").compressed();
        assert_eq!(reply.body[..4], [0x1F, 0x8B, 8, 0]);
        assert_eq!(reply.body[reply.body.len() - 4..], [5, 0, 0, 0]);
    }

    #[test]
    fn crc_of_the_check_string() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }
}
