//! One recorded request and response.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::RealLooking;
use crate::text::{Text, hex};

/// What an exchange was for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Channel {
    /// The interface under test.
    Api,
    /// The token endpoint.
    Token,
    /// The introspection endpoint.
    Introspection,
    /// A TLS ClientHello, not HTTP.
    Probe,
    /// A call of the product back to the harness.
    Callback,
    /// The description that the product publishes.
    Description,
    /// A file laid down for another system: the request is its name, the response its content.
    File,
    /// Any other place, such as the target of a redirect.
    Elsewhere,
}

impl Channel {
    /// The word used in scenario files and reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Token => "token",
            Self::Introspection => "introspection",
            Self::Probe => "probe",
            Self::Callback => "callback",
            Self::Description => "description",
            Self::File => "file",
            Self::Elsewhere => "elsewhere",
        }
    }
}

/// Who opened the exchange.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Initiator {
    /// The harness called the product.
    Harness,
    /// The product called the harness.
    Product,
}

/// Facts about the TLS connection of an exchange.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct TlsFacts {
    /// `1.2` or `1.3`.
    pub version: String,
    /// Cipher suite by its registered name.
    pub suite: String,
}

impl TlsFacts {
    /// Reads the facts off an established connection.
    pub fn of(connection: &rustls::CommonState) -> Self {
        let version = match connection.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_3) => "1.3".to_owned(),
            Some(rustls::ProtocolVersion::TLSv1_2) => "1.2".to_owned(),
            other => format!("{other:?}"),
        };
        let suite = connection
            .negotiated_cipher_suite()
            .map_or_else(String::new, |suite| format!("{:?}", suite.suite()));
        Self { version, suite }
    }
}

/// What went wrong with an exchange below HTTP.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Fault {
    /// The host name has no address.
    Dns {
        /// The name.
        host: String,
        /// The resolver's words.
        detail: String,
    },
    /// No connection.
    Connect {
        /// The system's words.
        detail: String,
    },
    /// The TLS handshake failed.
    Tls {
        /// The TLS library's words.
        detail: String,
    },
    /// Nothing (complete) came in time.
    Timeout {
        /// The limit in milliseconds.
        after_ms: u64,
    },
    /// The peer reset the connection.
    Reset {
        /// The system's words.
        detail: String,
    },
    /// The peer closed before the response was complete.
    Closed {
        /// Bytes received until then.
        received: usize,
    },
    /// What came is not HTTP/1.
    Garbage {
        /// What the parser stumbled over.
        detail: String,
    },
    /// The response passed the size limit.
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The scenario cut the connection on purpose.
    Abandoned {
        /// Bytes sent until then.
        after: usize,
    },
}

impl Fault {
    /// A reset with the system's words.
    pub fn reset(error: &std::io::Error) -> Self {
        Self::Reset {
            detail: error.to_string(),
        }
    }

    /// Whether the product was not reached at all: a matter of network or configuration, not of
    /// the product's conformance.
    pub fn is_unreached(&self) -> bool {
        matches!(self, Self::Dns { .. } | Self::Connect { .. })
    }

    /// What happened, for reports.
    pub fn describe(&self) -> Text {
        match self {
            Self::Dns { host, detail } => Text::new(
                format!("ホスト名 {host} を解決できません（{detail}）"),
                format!("host name {host} cannot be resolved ({detail})"),
            ),
            Self::Connect { detail } => Text::new(
                format!("接続できません（{detail}）"),
                format!("no connection ({detail})"),
            ),
            Self::Tls { detail } => Text::new(
                format!("TLS ハンドシェイクに失敗（{detail}）"),
                format!("TLS handshake failed ({detail})"),
            ),
            Self::Timeout { after_ms } => Text::new(
                format!("{after_ms} ミリ秒以内に応答が完了しません"),
                format!("no complete response within {after_ms} ms"),
            ),
            Self::Reset { detail } => Text::new(
                format!("接続が切断されました（{detail}）"),
                format!("connection reset ({detail})"),
            ),
            Self::Closed { received } => Text::new(
                format!("応答の途中（{received} バイト受信後）で接続が閉じられました"),
                format!("connection closed before the response was complete ({received} bytes received)"),
            ),
            Self::Garbage { detail } => Text::new(
                format!("HTTP でないデータを受信（{detail}）"),
                format!("what came is not HTTP ({detail})"),
            ),
            Self::TooLarge { limit } => Text::new(
                format!("応答が上限 {limit} バイトを超えました"),
                format!("the response passed the limit of {limit} bytes"),
            ),
            Self::Abandoned { after } => Text::new(
                format!("シナリオにより {after} バイト送信後に切断"),
                format!("cut by the scenario after {after} bytes"),
            ),
        }
    }
}

/// One recorded request and response.
#[derive(Clone, Debug)]
pub struct Exchange {
    /// Step it belongs to; empty for what belongs to the session.
    pub step: Arc<str>,
    /// Repetition inside the step, from 0.
    pub index: u32,
    /// What it was for.
    pub channel: Channel,
    /// Who opened it.
    pub initiator: Initiator,
    /// Microseconds from the start of the run.
    pub started_us: u64,
    /// Microseconds until it was over.
    pub elapsed_us: u64,
    /// Number of the connection.
    pub connection: u64,
    /// Peer address, if connected.
    pub peer: String,
    /// TLS facts.
    pub tls: Option<TlsFacts>,
    /// Bytes of the request.
    pub request: Vec<u8>,
    /// Bytes of the response.
    pub response: Vec<u8>,
    /// What went wrong below HTTP.
    pub fault: Option<Fault>,
}

/// The word in [`Blocked::blame`] that says that a scenario does not apply, which is nobody's fault.
pub const NOT_APPLICABLE: &str = "not-applicable";

/// Why a scenario could not be carried out to its end.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Blocked {
    /// Step that could not be done.
    pub step: String,
    /// What did not hold.
    pub reason: Text,
    /// Who has to act: `product`, `configuration`, `network` or `suite`; or [`NOT_APPLICABLE`].
    pub blame: String,
}

/// The files of a service description, by location.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct DescriptionFiles {
    /// Location of the file that everything starts from.
    pub root: String,
    /// Files that are UTF-8, as text.
    pub texts: BTreeMap<String, String>,
    /// Other files, as base64.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub binaries: BTreeMap<String, String>,
}

/// Something recorded beside the exchanges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Note {
    /// What the driver of the product answered.
    Driver {
        /// Step.
        step: String,
        /// Action.
        action: String,
        /// `done`, `unsupported` or `failed`.
        outcome: String,
        /// What the product reported.
        report: Option<serde_json::Value>,
    },
    /// What a consumer product was told to send.
    Instructed {
        /// Step.
        step: String,
        /// The fields.
        fields: serde_json::Value,
        /// Token endpoint that it was told to use.
        token_endpoint: String,
    },
    /// Description files that were given instead of being fetched.
    Documents {
        /// Step.
        step: String,
        /// The files.
        files: DescriptionFiles,
    },
    /// Tokens of the harness's authorization server that were alive when the scenario began.
    TokensAlive {
        /// The tokens.
        tokens: Vec<String>,
    },
}

/// Everything that was recorded for one attempt at a scenario.
#[derive(Clone, Debug, Default)]
pub struct ScenarioEvidence {
    /// Scenario id.
    pub scenario: Arc<str>,
    /// Attempt, from 1.
    pub attempt: u32,
    /// Exchanges in the order in which they ended.
    pub exchanges: Vec<Exchange>,
    /// Further records.
    pub notes: Vec<Note>,
    /// Why it did not come to its end.
    pub blocked: Option<Blocked>,
    /// Whether it came to its end (blocked or not); false in the journal of a killed run.
    pub finished: bool,
    /// Records that were withheld from the journal later: what is left cannot be judged.
    pub withheld: u32,
    /// What the salts of its records come to, 32 hexadecimal digits; empty without a journal.
    pub salt: String,
    /// Numbers of people who may be real, that were seen in it.
    pub real_looking: Vec<RealLooking>,
}

impl ScenarioEvidence {
    /// Takes the salt of one more record into account.
    pub(crate) fn mix_salt(&mut self, salt: &str) {
        if !salt.is_empty() {
            let mixed = Sha256::new().chain_update(&self.salt).chain_update(salt).finalize();
            self.salt = hex(&mixed[..16]);
        }
    }
}
