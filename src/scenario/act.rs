//! What a step can do. Strings may hold `${…}` values that are filled in when the step runs
//! (see `drive::template`).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::act_soap::{Describe, Observe, Soap, SoapConsume};
use super::act_unit::{Deliver, FileDeposit, FileExport};

/// A table as pairs: a map with one entry takes half a kilobyte, and there may be many.
fn pairs<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, String)>, D::Error> {
    BTreeMap::deserialize(deserializer).map(|table| table.into_iter().collect())
}

fn one() -> u32 {
    1
}

fn is_true() -> bool {
    true
}

/// One act of a step.
#[derive(Clone, Debug)]
pub enum Act {
    /// Call the interface as a consuming system would.
    Call(Box<Call>),
    /// Ask the authorization server for a token.
    Token(Box<Token>),
    /// Ask the authorization server about a token.
    Introspect(Introspect),
    /// Send any HTTP request.
    Http(Box<Http>),
    /// Offer an old TLS version.
    TlsProbe(TlsProbe),
    /// Ask the product, through its driver, to change its state.
    Driver(DriverAct),
    /// Make a consumer product act, and be the platform that it calls.
    Consume(Box<Consume>),
    /// Call an operation of a SOAP service.
    Soap(Box<Soap>),
    /// Fetch the description that the product publishes.
    Describe(Describe),
    /// Make a consumer product perform an operation, and be the service that it calls.
    SoapConsume(Box<SoapConsume>),
    /// Look at traffic that a monitor recorded.
    Observe(Observe),
    /// Be the common platform between units.
    Deliver(Deliver),
    /// Have the product lay down a file.
    FileExport(FileExport),
    /// Lay down a file for the product.
    FileDeposit(Box<FileDeposit>),
    /// Wait.
    Wait(Wait),
}

impl Act {
    /// The service that it speaks, where it is not that of the scenario.
    pub fn service(&self) -> Option<&str> {
        match self {
            Self::Soap(soap) => soap.service.as_deref(),
            Self::SoapConsume(consume) => consume.service.as_deref(),
            _ => None,
        }
    }

    /// The key that names the act in scenario files.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Call(_) => "call",
            Self::Token(_) => "token",
            Self::Introspect(_) => "introspect",
            Self::Http(_) => "http",
            Self::TlsProbe(_) => "tls-probe",
            Self::Driver(_) => "driver",
            Self::Consume(_) => "consume",
            Self::Soap(_) => "soap",
            Self::Describe(_) => "describe",
            Self::SoapConsume(_) => "soap-consume",
            Self::Deliver(_) => "deliver",
            Self::FileExport(_) => "file-export",
            Self::FileDeposit(_) => "file-deposit",
            Self::Observe(_) => "observe",
            Self::Wait(_) => "wait",
        }
    }
}

/// Which token a call carries.
#[derive(Clone, Debug, Default, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TokenUse {
    /// The token of the session, with the scope of the interface.
    #[default]
    Valid,
    /// No token.
    None,
    /// The valid token with one character changed.
    Tampered,
    /// A word that no authorization server issued.
    Invented,
    /// A self-made JWT with `alg` none.
    AlgNone,
    /// The token with characters that no token may hold.
    Malformed,
    /// The token that a step of this scenario got.
    Step(String),
}

/// Where a call puts its token.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TokenPlace {
    /// Authorization header, as the standard demands.
    #[default]
    Header,
    /// Query parameter `access_token`.
    Query,
    /// Member `access_token` of the body.
    Body,
    /// Header and query at once.
    HeaderAndQuery,
}

/// Whose data repeated requests carry.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Persons {
    /// One person in all of them.
    #[default]
    Same,
    /// Another person in each.
    Each,
}

/// HTTP version of a request.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, JsonSchema)]
pub enum HttpVersion {
    /// HTTP/1.0.
    #[serde(rename = "1.0")]
    Http10,
    /// HTTP/1.1.
    #[default]
    #[serde(rename = "1.1")]
    Http11,
}

/// A call of the interface.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Call {
    /// Key of the synthetic person whose data the body starts from. Keys are local to the scenario;
    /// `foreigner`, or a key that starts with `foreigner-`, gives a person with a foreign name.
    pub person: String,
    /// Parameters to set; values are JSON, strings may hold `${…}`.
    pub set: BTreeMap<String, serde_json::Value>,
    /// Parameters to leave out.
    pub remove: Vec<String>,
    /// Send only these parameters, besides those of `set`.
    pub only: Option<Vec<String>>,
    /// The whole body, instead of a person's data.
    pub raw: Option<String>,
    /// The whole body as hexadecimal bytes, for bytes that no text can hold.
    pub raw_hex: Option<String>,
    /// Put a byte that is no UTF-8 (FF) at the end of this parameter's value.
    pub invalid_utf8_in: Option<String>,
    /// Text put before the body, such as a byte order mark.
    pub prefix: Option<String>,
    /// Pad the body with spaces to this many bytes.
    pub pad_to: Option<usize>,
    /// Write the members in reverse order.
    pub reverse: bool,
    /// Write every character outside ASCII as a `\u` escape.
    pub escape: bool,
    /// Send the parameters in the query instead of the body.
    pub parameters_in_query: bool,
    /// Which token.
    pub token: TokenUse,
    /// Where the token goes.
    pub token_place: TokenPlace,
    /// Scheme name before the token.
    pub scheme: String,
    /// HTTP method.
    pub method: Option<String>,
    /// Content-Type; an empty string sends none.
    pub content_type: String,
    /// Further headers.
    pub headers: BTreeMap<String, String>,
    /// HTTP version.
    pub http_version: HttpVersion,
    /// Send the body in chunks.
    pub chunked: bool,
    /// How often.
    #[serde(default = "one")]
    pub repeat: u32,
    /// All repetitions at the same time, or one after the other.
    pub concurrent: bool,
    /// Whose data repetitions carry.
    pub persons: Persons,
    /// Close the connection after this many body bytes were sent.
    pub abandon_after: Option<usize>,
}

impl Default for Call {
    fn default() -> Self {
        Self {
            person: "main".into(),
            set: BTreeMap::new(),
            remove: Vec::new(),
            only: None,
            raw: None,
            raw_hex: None,
            invalid_utf8_in: None,
            prefix: None,
            pad_to: None,
            reverse: false,
            escape: false,
            parameters_in_query: false,
            token: TokenUse::Valid,
            token_place: TokenPlace::Header,
            scheme: "Bearer".into(),
            method: None,
            content_type: "application/json".into(),
            headers: BTreeMap::new(),
            http_version: HttpVersion::Http11,
            chunked: false,
            repeat: 1,
            concurrent: false,
            persons: Persons::Same,
            abandon_after: None,
        }
    }
}

/// How a client proves who it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ClientAuth {
    /// The method of the target file.
    Configured,
    /// A signed JWT (RFC 7523).
    Jwt,
    /// HTTP Basic.
    Basic,
    /// HTTP Basic with a wrong secret.
    BasicWrong,
    /// Id and secret in the form body.
    Post,
    /// JWT and Basic at once.
    JwtAndBasic,
    /// Only the client id.
    None,
}

/// Key that signs an assertion.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Key {
    /// The client secret.
    #[default]
    Secret,
    /// Another secret.
    Other,
    /// No signature at all.
    Absent,
}

/// How a client assertion differs from a correct one. Every field absent: a correct one.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Assertion {
    /// Algorithm named in the header.
    pub alg: Option<String>,
    /// Key that signs.
    pub key: Key,
    /// Claims to set (JSON values; `${…}` allowed; `${now+60}` is a time).
    pub set: BTreeMap<String, serde_json::Value>,
    /// Claims to leave out.
    pub remove: Vec<String>,
    /// Change a claim after signing.
    pub tamper: bool,
}

/// A token request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Token {
    /// Client authentication.
    pub auth: ClientAuth,
    /// Scope; absent: that of the interface; empty: none sent.
    pub scope: Option<String>,
    /// Grant type.
    pub grant_type: String,
    /// Differences from a correct assertion.
    pub assertion: Assertion,
    /// Send the assertion that this step sent, again.
    pub replay: Option<String>,
    /// Form parameters to set.
    pub set: BTreeMap<String, String>,
    /// Form parameters to leave out.
    pub remove: Vec<String>,
    /// Form parameters to send twice.
    pub twice: Vec<String>,
    /// HTTP method.
    pub method: String,
    /// How often, one after the other.
    #[serde(default = "one")]
    pub repeat: u32,
}

impl Default for Token {
    fn default() -> Self {
        Self {
            auth: ClientAuth::Configured,
            scope: None,
            grant_type: "client_credentials".into(),
            assertion: Assertion::default(),
            replay: None,
            set: BTreeMap::new(),
            remove: Vec::new(),
            twice: Vec::new(),
            method: "POST".into(),
            repeat: 1,
        }
    }
}

/// An introspection request (RFC 7662).
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Introspect {
    /// The token asked about.
    pub token: TokenUse,
    /// Client authentication.
    pub auth: ClientAuth,
}

impl Default for Introspect {
    fn default() -> Self {
        Self {
            token: TokenUse::Valid,
            auth: ClientAuth::Configured,
        }
    }
}

/// Any HTTP request.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Http {
    /// Method.
    #[serde(default = "Http::get")]
    pub method: String,
    /// URL, or a path below the endpoint of the interface.
    pub url: String,
    /// Headers.
    #[serde(default, deserialize_with = "pairs")]
    #[schemars(with = "BTreeMap<String, String>")]
    pub headers: Vec<(String, String)>,
    /// Body.
    #[serde(default)]
    pub body: Option<String>,
}

impl Http {
    fn get() -> String {
        "GET".into()
    }
}

/// A TLS ClientHello of an old version, to be refused.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TlsProbe {
    /// `1.0`, `1.1`, `weak` for TLS 1.2 with only NULL, export, anonymous and RC4 suites, or `plain`
    /// for HTTP without TLS on the same port.
    pub offer: String,
    /// Probe the authorization server instead of the interface.
    #[serde(default)]
    pub authorization_server: bool,
}

/// A request to the product's driver.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DriverAct {
    /// Name of the action, see the documentation of the target file.
    pub action: String,
    /// Further members of the request.
    #[serde(default)]
    pub with: BTreeMap<String, serde_json::Value>,
}

/// What the harness answers to a consumer product.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Reply {
    /// `normal`: as the reference provider answers. `hang`: not at all, until the harness gives up.
    /// `reset`: the connection is reset. `garbage`: bytes that are no HTTP. `status`: as below.
    pub kind: String,
    /// Status of a `status` reply.
    pub status: u16,
    /// Body of a `status` reply; absent: the body of the official table for that status.
    pub body: Option<String>,
    /// Content-Type of a `status` reply.
    pub content_type: Option<String>,
    /// Further headers.
    pub headers: BTreeMap<String, String>,
    /// Milliseconds to wait first, where the product waits 30 seconds for an answer; less in
    /// proportion where limits.consumer-timeout-ms is less.
    pub delay_ms: u64,
    /// JSON merge patch (RFC 7396) applied to the body of a `normal` reply.
    pub patch: Option<serde_json::Value>,
    /// Write the `normal` body in another valid form: `escaped`, `reordered`, `spaced`.
    pub form: Option<String>,
}

impl Default for Reply {
    fn default() -> Self {
        Self {
            kind: "normal".into(),
            status: 200,
            body: None,
            content_type: None,
            headers: BTreeMap::new(),
            delay_ms: 0,
            patch: None,
            form: None,
        }
    }
}

/// The certificate that the harness shows to a consumer product.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// One that the product was told to trust.
    #[default]
    Trusted,
    /// One of an issuer that the product does not know.
    UnknownIssuer,
    /// One for another host.
    WrongHost,
    /// One that has expired.
    Expired,
}

/// Making a consumer product act.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Consume {
    /// Driver action.
    pub action: String,
    /// Key of the synthetic person whose data the product is to send.
    pub person: String,
    /// Fields to set in what the product is told.
    pub set: BTreeMap<String, serde_json::Value>,
    /// Fields to leave out.
    pub remove: Vec<String>,
    /// Answers of the interface, in order; the last one repeats.
    pub replies: Vec<Reply>,
    /// Answers of the token endpoint, in order; the last one repeats.
    pub token_replies: Vec<Reply>,
    /// Certificate shown.
    pub certificate: Trust,
    /// The session of the product starts without a token it may hold from before.
    #[serde(default = "is_true")]
    pub forget_tokens: bool,
    /// How often the product is told to act, one after the other.
    #[serde(default = "one")]
    pub repeat: u32,
}

impl Default for Consume {
    fn default() -> Self {
        Self {
            action: "number".into(),
            person: "main".into(),
            set: BTreeMap::new(),
            remove: Vec::new(),
            replies: Vec::new(),
            token_replies: Vec::new(),
            certificate: Trust::Trusted,
            forget_tokens: true,
            repeat: 1,
        }
    }
}

impl Consume {
    /// Whether the product is kept waiting for an answer.
    pub fn keeps_waiting(&self) -> bool {
        let mut replies = self.replies.iter().chain(&self.token_replies);
        replies.any(|reply| reply.delay_ms > 0 || reply.kind == "hang")
    }
}

/// Waiting.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Wait {
    /// Milliseconds.
    pub ms: u64,
}
