//! Words that checks about SOAP messages take: which exchanges, which rules.

use schemars::JsonSchema;
use serde::Deserialize;

/// Which exchanges of a step a check about XML looks at.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// Those of the interface.
    #[default]
    Api,
    /// Those in which the product called the harness back.
    Callback,
}

/// Rules of WS-Addressing 1.0 that can be asked of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AddressingRule {
    /// It has the mandatory headers, each at most once, with valid addresses.
    WellFormed,
    /// `wsa:Action` is that of the description, and agrees with SOAPAction.
    Action,
    /// `wsa:MessageID` is there and an absolute IRI.
    MessageId,
    /// No two messages of the step have the same `wsa:MessageID`.
    MessageIdFresh,
    /// All messages of the step have the same `wsa:MessageID`: a retry is the same message.
    MessageIdKept,
    /// `wsa:RelatesTo` names the request's message id.
    RelatesTo,
    /// `wsa:To` is where it was sent.
    To,
    /// The reference parameters of the reply endpoint come back as header blocks.
    Parameters,
}

/// Rules of WS-Security that can be asked of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SecurityRule {
    /// There is a signature, it is valid, and what it refers to is unchanged.
    Signature,
    /// The body that is processed is the body that was signed.
    Body,
    /// There is a timestamp, it is signed, and now lies inside it.
    Timestamp,
    /// The certificate is one that is trusted and within its period.
    Certificate,
    /// Only algorithms that are allowed.
    Algorithms,
    /// No password stands in the message in clear.
    Password,
}

/// Rules about a file of a unit, beside its content.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FileRule {
    /// Its name.
    Name,
    /// What its marker says.
    Marker,
    /// The place is reached over encrypted transport.
    Encrypted,
    /// Its number is higher than that of the file before.
    Sequence,
}
