//! Messages with one mistake each: what is wrong with them is data (`fixtures/ws-i/message/violations.toml`), written as
//! edits of a clean message. The assertions are tested with them, and the reference platform makes them on demand.

use std::sync::LazyLock;

use serde::Deserialize;
use thiserror::Error;

use crate::text::Text;

static VIOLATIONS: LazyLock<Vec<Violation>> = LazyLock::new(|| {
    // The file is part of the program and a test reads it, so there is nobody to tell.
    parse(include_str!("../../fixtures/ws-i/message/violations.toml")).unwrap_or_default()
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ViolationFile {
    violation: Vec<Violation>,
}

fn parse(text: &str) -> Result<Vec<Violation>, toml::de::Error> {
    toml::from_str::<ViolationFile>(text).map(|file| file.violation)
}

/// One message that breaks one assertion.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Violation {
    /// Its id; `soap-…` for envelopes, `http-…` for what is around them.
    pub id: String,
    /// Assertion that it breaks (for an informational one: that it makes report).
    pub assertion: String,
    /// Other assertions that break with it, because they ask for the same thing.
    #[serde(default)]
    pub also: Vec<String>,
    /// The message that is edited.
    #[serde(rename = "in")]
    pub message: MessageKind,
    /// Edits of the request that the message answers: the mistake shows only where that is what was asked.
    #[serde(default)]
    pub given: Vec<Edit>,
    /// The edits, in order. Without any, the mistake is to give this answer to the request of `given`.
    #[serde(default)]
    pub edit: Vec<Edit>,
    /// A few words.
    pub title: Text,
    /// How it comes about.
    pub story: Text,
}

impl Violation {
    /// All of them, in the order of the file.
    pub fn all() -> &'static [Self] {
        &VIOLATIONS
    }
}

/// Which message of the reference exchange service.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "kebab-case")]
pub enum MessageKind {
    /// GetResident, document style.
    Request,
    /// Its normal response.
    Response,
    /// Its declared fault.
    Fault,
    /// CountResidents, rpc style.
    RpcRequest,
    /// Its response.
    RpcResponse,
    /// NotifyChange, a one-way operation.
    OneWayRequest,
    /// Its answer without a body.
    OneWayResponse,
    /// Ping, whose Body is empty.
    EmptyRequest,
    /// Its response.
    EmptyResponse,
    /// Refresh, whose rpc wrapper is empty.
    RpcEmptyRequest,
    /// Its response.
    RpcEmptyResponse,
    /// A GET.
    GetRequest,
    /// What it is answered with: 405.
    GetResponse,
}

impl MessageKind {
    /// Every kind.
    pub const ALL: [Self; 13] = [
        Self::Request,
        Self::Response,
        Self::Fault,
        Self::RpcRequest,
        Self::RpcResponse,
        Self::OneWayRequest,
        Self::OneWayResponse,
        Self::EmptyRequest,
        Self::EmptyResponse,
        Self::RpcEmptyRequest,
        Self::RpcEmptyResponse,
        Self::GetRequest,
        Self::GetResponse,
    ];

    /// The request that a response answers; `None` for requests.
    pub fn request(self) -> Option<Self> {
        match self {
            Self::Response | Self::Fault => Some(Self::Request),
            Self::RpcResponse => Some(Self::RpcRequest),
            Self::OneWayResponse => Some(Self::OneWayRequest),
            Self::EmptyResponse => Some(Self::EmptyRequest),
            Self::RpcEmptyResponse => Some(Self::RpcEmptyRequest),
            Self::GetResponse => Some(Self::GetRequest),
            Self::Request
            | Self::RpcRequest
            | Self::OneWayRequest
            | Self::EmptyRequest
            | Self::RpcEmptyRequest
            | Self::GetRequest => None,
        }
    }

    /// A message of this kind that keeps every assertion.
    pub fn clean(self) -> Message {
        Message::from_text(match self {
            Self::Request => include_str!("../../fixtures/ws-i/message/clean/request.http"),
            Self::Response => include_str!("../../fixtures/ws-i/message/clean/response.http"),
            Self::Fault => include_str!("../../fixtures/ws-i/message/clean/fault.http"),
            Self::RpcRequest => include_str!("../../fixtures/ws-i/message/clean/rpc-request.http"),
            Self::RpcResponse => include_str!("../../fixtures/ws-i/message/clean/rpc-response.http"),
            Self::OneWayRequest => include_str!("../../fixtures/ws-i/message/clean/one-way-request.http"),
            Self::OneWayResponse => include_str!("../../fixtures/ws-i/message/clean/one-way-response.http"),
            Self::EmptyRequest => include_str!("../../fixtures/ws-i/message/clean/empty-request.http"),
            Self::EmptyResponse => include_str!("../../fixtures/ws-i/message/clean/empty-response.http"),
            Self::RpcEmptyRequest => include_str!("../../fixtures/ws-i/message/clean/rpc-empty-request.http"),
            Self::RpcEmptyResponse => include_str!("../../fixtures/ws-i/message/clean/rpc-empty-response.http"),
            Self::GetRequest => include_str!("../../fixtures/ws-i/message/clean/get-request.http"),
            Self::GetResponse => include_str!("../../fixtures/ws-i/message/clean/get-response.http"),
        })
    }
}

/// One change of a message.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(untagged, deny_unknown_fields, rename_all_fields = "kebab-case")]
pub enum Edit {
    /// Replaces the first place where a text stands in the body.
    Replace {
        /// What is looked for.
        find: String,
        /// What takes its place.
        replace: String,
    },
    /// Sets a header, after taking away all of that name.
    Header {
        /// Its name.
        header: String,
        /// Its new value.
        value: String,
        /// Whether those that are there stay.
        #[serde(default)]
        add: bool,
    },
    /// Takes a header away.
    NoHeader {
        /// Its name.
        header: String,
        /// Always true.
        remove: bool,
    },
    /// Another status.
    Status {
        /// The status.
        status: u16,
    },
    /// Another method.
    Method {
        /// The method.
        method: String,
    },
    /// Another HTTP version.
    Version {
        /// Such as `1.0`.
        http: String,
    },
    /// Another encoding of the body; neither the headers nor the XML declaration are changed by it.
    Encode {
        /// The encoding.
        charset_encode: Charset,
    },
    /// Another body.
    Body {
        /// Its text.
        body: String,
    },
}

/// How the text of a body becomes bytes.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
pub enum Charset {
    /// UTF-8 without a mark.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-8 with a byte order mark.
    #[serde(rename = "utf-8-bom")]
    Utf8Marked,
    /// UTF-16, big-endian, with a byte order mark.
    #[serde(rename = "utf-16")]
    Utf16,
    /// Shift_JIS.
    #[serde(rename = "shift_jis")]
    ShiftJis,
}

impl Charset {
    /// The bytes of a text.
    pub fn encode(self, text: &str) -> Vec<u8> {
        match self {
            Self::Utf8 => text.as_bytes().to_vec(),
            Self::Utf8Marked => [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            Self::Utf16 => std::iter::once(0xfeff)
                .chain(text.encode_utf16())
                .flat_map(u16::to_be_bytes)
                .collect(),
            Self::ShiftJis => encoding_rs::SHIFT_JIS.encode(text).0.into_owned(),
        }
    }
}

/// An edit that cannot be made.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("the edit looks for `{find}`, which does not stand in the body; adapt `find` to what the writer writes")]
pub struct EditFault {
    /// What was looked for.
    pub find: String,
}

/// An HTTP message that can still be changed. Content-Length is no header of it: it follows from the body.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Message {
    /// Method; empty in a response.
    pub method: String,
    /// Request target; empty in a response.
    pub target: String,
    /// Status; 0 in a request.
    pub status: u16,
    /// HTTP version, such as `1.1`.
    pub version: String,
    /// Headers in order.
    pub headers: Vec<(String, String)>,
    /// Text of the body.
    pub body: String,
    /// How it is encoded.
    pub charset: Charset,
}

impl Message {
    /// Reads a message as it stands in a file: lines end with a line feed alone, and the last one is not part of it.
    fn from_text(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let start: Vec<&str> = lines.next().unwrap_or_default().splitn(3, ' ').collect();
        let mut message = Self {
            headers: lines
                .filter_map(|line| line.split_once(':'))
                .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
                .collect(),
            body: body.trim_end_matches('\n').to_owned(),
            ..Self::default()
        };
        match start.as_slice() {
            [version, status, ..] if version.starts_with("HTTP/") => {
                version[5..].clone_into(&mut message.version);
                message.status = status.parse().unwrap_or_default();
            }
            [method, target, version] => {
                (*method).clone_into(&mut message.method);
                (*target).clone_into(&mut message.target);
                version.trim_start_matches("HTTP/").clone_into(&mut message.version);
            }
            _ => {}
        }
        message
    }

    /// Makes edits, in order.
    ///
    /// # Errors
    /// Where a text that is to be replaced is not there.
    pub fn apply(&mut self, edits: &[Edit]) -> Result<(), EditFault> {
        for edit in edits {
            match edit {
                Edit::Replace { find, replace } => {
                    if !self.body.contains(find) {
                        return Err(EditFault { find: find.clone() });
                    }
                    self.body = self.body.replacen(find, replace, 1);
                }
                Edit::Header { header, value, add } => {
                    if !add {
                        self.remove(header);
                    }
                    self.headers.push((header.clone(), value.clone()));
                }
                Edit::NoHeader { header, .. } => self.remove(header),
                Edit::Status { status } => self.status = *status,
                Edit::Method { method } => self.method.clone_from(method),
                Edit::Version { http } => self.version.clone_from(http),
                Edit::Encode { charset_encode } => self.charset = *charset_encode,
                Edit::Body { body } => self.body.clone_from(body),
            }
        }
        Ok(())
    }

    fn remove(&mut self, header: &str) {
        self.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(header));
    }

    /// The bytes of the body.
    pub fn body_bytes(&self) -> Vec<u8> {
        if self.body.is_empty() {
            return Vec::new();
        }
        self.charset.encode(&self.body)
    }

    /// The bytes on the wire, with the true Content-Length.
    pub fn bytes(&self) -> Vec<u8> {
        let body = self.body_bytes();
        let mut head = if self.status == 0 {
            format!("{} {} HTTP/{}\r\n", self.method, self.target, self.version)
        } else {
            format!("HTTP/{} {} Status\r\n", self.version, self.status)
        };
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() || self.status != 0 {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        [head.into_bytes(), body].concat()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::wire::{parse_request, parse_response};

    #[test]
    fn the_file_is_read_and_every_edit_can_be_made() {
        let violations = parse(include_str!("../../fixtures/ws-i/message/violations.toml")).expect("valid");
        assert_eq!(violations.len(), Violation::all().len());
        let mut ids = HashSet::new();
        for violation in &violations {
            let id = &violation.id;
            assert!(ids.insert(id.clone()), "{id} stands twice");
            assert!(id.starts_with("soap-") || id.starts_with("http-"), "{id}");
            assert!(violation.title.is_complete() && violation.story.is_complete(), "{id}");
            let mut message = violation.message.clean();
            message
                .apply(&violation.edit)
                .unwrap_or_else(|fault| panic!("{id}: {fault}"));
            if !violation.given.is_empty() {
                let mut request = violation.message.request().expect("a response").clean();
                request
                    .apply(&violation.given)
                    .unwrap_or_else(|fault| panic!("{id}: {fault}"));
            }
            assert!(
                violation.given != violation.edit
                    && (message != violation.message.clean() || violation.edit.is_empty()),
                "{id} changes nothing"
            );
        }
    }

    #[test]
    fn clean_messages_are_http() {
        for kind in MessageKind::ALL {
            let message = kind.clean();
            let bytes = message.bytes();
            let (version, headers, body) = if kind.request().is_some() {
                let response = parse_response(&bytes, "POST", true).expect("a response");
                assert_eq!(response.status, message.status, "{kind:?}");
                (response.minor, response.headers, response.body)
            } else {
                let (request, end) = parse_request(&bytes).expect("a request");
                assert_eq!((&request.method, end), (&message.method, bytes.len()), "{kind:?}");
                (request.minor, request.headers, request.body)
            };
            assert_eq!((version, body), (1, message.body_bytes()), "{kind:?}");
            assert!(
                message
                    .headers
                    .iter()
                    .all(|(name, value)| headers.get(name) == Some(value)),
                "{kind:?}"
            );
        }
    }

    #[test]
    fn edits_are_made_in_order() {
        let mut message = MessageKind::Response.clean();
        let edits: Vec<Edit> = [
            r#"find = "<soap:Body>"
               replace = "<soap:Body a=''>""#,
            r#"header = "content-type"
               value = "text/plain""#,
            r#"header = "X-A"
               value = "1"
               add = true"#,
            "status = 201",
            r#"http = "1.0""#,
            r#"charset-encode = "utf-16""#,
        ]
        .iter()
        .map(|text| toml::from_str(text).expect("an edit"))
        .collect();
        message.apply(&edits).expect("made");
        let response = parse_response(&message.bytes(), "POST", true).expect("a response");
        assert_eq!((response.status, response.minor), (201, 0));
        assert_eq!(response.headers.get("Content-Type"), Some("text/plain"));
        assert_eq!(response.headers.get("x-a"), Some("1"));
        assert!(response.body.starts_with(&[0xfe, 0xff, 0, b'<']));
        let fault = message.apply(&[Edit::Replace {
            find: "no such".into(),
            replace: String::new(),
        }]);
        assert_eq!(fault, Err(EditFault { find: "no such".into() }));
        assert!(toml::from_str::<Edit>("statsu = 1").is_err());
    }
}
