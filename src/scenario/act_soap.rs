//! What a step can do over SOAP. Strings may hold `${…}` values (see `drive::template`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::act::HttpVersion;

fn one() -> u32 {
    1
}

/// Which bytes an envelope is written in.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, JsonSchema)]
pub enum Encoding {
    /// UTF-8 without a byte order mark.
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    /// UTF-8 with a byte order mark.
    #[serde(rename = "utf-8-bom")]
    Utf8Bom,
    /// UTF-16 with a byte order mark.
    #[serde(rename = "utf-16")]
    Utf16,
    /// Shift_JIS, which the profile forbids.
    #[serde(rename = "shift_jis")]
    ShiftJis,
}

impl Encoding {
    /// Its name in headers and declarations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Utf8 | Self::Utf8Bom => "UTF-8",
            Self::Utf16 => "UTF-16",
            Self::ShiftJis => "Shift_JIS",
        }
    }
}

/// A change of the written envelope.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextEdit {
    /// Text that stands in the envelope; its first occurrence is replaced.
    pub find: String,
    /// What takes its place.
    pub replace: String,
}

/// Message addressing properties (WS-Addressing 1.0) of a request. What is absent has its usual value.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct AddressingAct {
    /// `wsa:MessageID`; absent: a new one for every request.
    pub message_id: Option<String>,
    /// One message id for all repetitions.
    pub same_message_id: bool,
    /// `wsa:Action`; absent: that of the description.
    pub action: Option<String>,
    /// `wsa:To`; absent: the endpoint.
    pub to: Option<String>,
    /// `wsa:ReplyTo`: `anonymous`, `none`, `callback` (the harness listens), or an address. Absent: not sent.
    pub reply_to: Option<String>,
    /// `wsa:FaultTo`, likewise.
    pub fault_to: Option<String>,
    /// `wsa:RelatesTo`.
    pub relates_to: Option<String>,
    /// Reference parameters of `wsa:ReplyTo`, as XML.
    pub parameters: Option<String>,
    /// Properties to leave out: `message-id`, `action`, `to`.
    pub without: Vec<String>,
    /// Properties to send twice.
    pub twice: Vec<String>,
}

/// Who signs a request.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SignedBy {
    /// A certificate that the product trusts.
    #[default]
    Trusted,
    /// A certificate of an authority that it does not know.
    Stranger,
    /// A certificate that has expired.
    Expired,
}

/// When a security header says it was made.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TimestampUse {
    /// Now, for five minutes.
    #[default]
    Fresh,
    /// It ended an hour ago.
    Expired,
    /// It begins in an hour.
    Future,
    /// None.
    Absent,
}

/// What an attacker does to a signed request.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Attack {
    /// Changes the body after signing.
    TamperBody,
    /// Moves the signed body into the header and puts another one in its place.
    Wrap,
    /// Takes the signature away.
    Strip,
}

/// WS-Security of a request.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SecurityAct {
    /// Who signs.
    pub by: SignedBy,
    /// Timestamp.
    pub timestamp: TimestampUse,
    /// Leave the body out of the signature.
    pub body_unsigned: bool,
    /// Sign with RSA-SHA1 or another forbidden algorithm.
    pub weak: bool,
    /// What is done to the request after signing.
    pub attack: Option<Attack>,
    /// Send a UsernameToken instead of a signature: `digest` or `text`.
    pub username: Option<String>,
}

/// What kind of answer the harness gives.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReplyKind {
    /// As the reference service answers.
    #[default]
    Normal,
    /// 202 without a body.
    Accepted,
    /// An empty response with `status`.
    Status,
    /// `body` with `status`.
    Body,
    /// The bytes of the answer before.
    Again,
    /// Nothing.
    Hang,
    /// The connection is cut.
    Reset,
}

/// What the harness answers where the product calls it: a callback, or the calls of a consumer product.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SoapReply {
    /// What kind of answer.
    pub kind: ReplyKind,
    /// Status of `status` and `body`; of `normal` if it is to differ.
    pub status: Option<u16>,
    /// Text of a `body` reply.
    pub body: Option<String>,
    /// Changes of a `normal` reply.
    pub edit: Vec<TextEdit>,
    /// Headers to set; an empty value removes.
    pub headers: BTreeMap<String, String>,
    /// Encoding of the reply.
    pub encoding: Encoding,
    /// How the reply is signed; absent: not at all.
    pub security: Option<SecurityAct>,
    /// Milliseconds to wait first, where the product waits 30 seconds.
    pub delay_ms: u64,
    /// Send the body in chunks.
    pub chunked: bool,
}

/// A SOAP request to a provider.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Soap {
    /// The service, where it is not that of the scenario.
    #[serde(skip)]
    pub service: Option<String>,
    /// Operation of the description; `any:request-response`, `any:one-way`, `any:rpc`, `any:faulting`, `any:empty` take
    /// the first of that kind.
    pub operation: String,
    /// Content of the body, as XML. Absent: the sample of the target file or of the service, or one made from the schema.
    pub body: Option<String>,
    /// File with the content of the body, beside the scenario file.
    pub message: Option<String>,
    /// Header blocks, as XML; absent: those that the description binds, from samples or made from the schema.
    pub headers: Option<Vec<String>>,
    /// Further header blocks, as XML.
    pub more_headers: Vec<String>,
    /// The whole envelope, instead of all that.
    pub envelope: Option<String>,
    /// Changes of the written envelope.
    pub edit: Vec<TextEdit>,
    /// Value of the SOAPAction header as sent, with its quotes; absent: as the description says; empty: no header.
    pub soap_action: Option<String>,
    /// Encoding of the envelope.
    pub encoding: Encoding,
    /// Charset in Content-Type; absent: that of the encoding.
    pub charset: Option<String>,
    /// Content-Type as a whole; an empty string sends none.
    pub content_type: Option<String>,
    /// HTTP method.
    pub method: Option<String>,
    /// Further HTTP headers.
    pub http_headers: BTreeMap<String, String>,
    /// HTTP version.
    pub http_version: HttpVersion,
    /// Send the body in chunks.
    pub chunked: bool,
    /// Message addressing properties; absent: none are sent.
    pub addressing: Option<AddressingAct>,
    /// WS-Security; absent: none.
    pub security: Option<SecurityAct>,
    /// Send the bytes that this earlier step sent, again.
    pub replay: Option<String>,
    /// How often, one after the other over one connection.
    #[serde(default = "one")]
    pub repeat: u32,
    /// All repetitions at the same time.
    pub concurrent: bool,
    /// Wait until so many callbacks have come, or the time is over.
    pub callbacks: u32,
    /// After that many, wait whether more come.
    pub settle: bool,
    /// Answers to callbacks, in order; the last one repeats.
    pub callback_replies: Vec<SoapReply>,
}

impl Default for Soap {
    fn default() -> Self {
        Self {
            service: None,
            operation: String::new(),
            body: None,
            message: None,
            headers: None,
            more_headers: Vec::new(),
            envelope: None,
            edit: Vec::new(),
            soap_action: None,
            encoding: Encoding::Utf8,
            charset: None,
            content_type: None,
            method: None,
            http_headers: BTreeMap::new(),
            http_version: HttpVersion::Http11,
            chunked: false,
            addressing: None,
            security: None,
            replay: None,
            repeat: 1,
            concurrent: false,
            callbacks: 0,
            settle: false,
            callback_replies: Vec::new(),
        }
    }
}

/// Fetching the description that the product publishes.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Describe {}

/// Traffic between two systems that a monitor recorded (`junkyo record`). No run carries it out.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Observe {}

/// Making a consumer product perform an operation; the harness is the service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SoapConsume {
    /// The service, where it is not that of the scenario.
    #[serde(skip)]
    pub service: Option<String>,
    /// Operation that the product is to perform.
    pub operation: String,
    /// Values that it is to send.
    pub fields: BTreeMap<String, serde_json::Value>,
    /// It is to send message addressing properties.
    pub addressing: bool,
    /// It is to have the answer sent to an address of its own.
    pub callback: bool,
    /// It is to sign, and to accept signed answers only.
    pub security: bool,
    /// Answers, in order; the last one repeats.
    pub replies: Vec<SoapReply>,
    /// How often the product is told, one after the other.
    #[serde(default = "one")]
    pub repeat: u32,
}

impl Default for SoapConsume {
    fn default() -> Self {
        Self {
            service: None,
            operation: String::new(),
            fields: BTreeMap::new(),
            addressing: false,
            callback: false,
            security: false,
            replies: Vec::new(),
            repeat: 1,
        }
    }
}

impl SoapConsume {
    /// Whether the product is kept waiting for an answer.
    pub fn keeps_waiting(&self) -> bool {
        self.replies
            .iter()
            .any(|reply| reply.delay_ms > 0 || reply.kind == ReplyKind::Hang)
    }
}
