//! The predefined faults (SOAP Binding clause 6.4).

use super::NAMESPACE;
use crate::soap::{Fault, FaultCode, QualifiedName, escape_text};
use crate::text::Text;

/// A fault of addressing.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum AddressingFault {
    /// A header stands more often than once.
    InvalidCardinality {
        /// Local name of the header.
        header: String,
        /// Path of the second one.
        place: String,
    },
    /// A value that is no absolute IRI.
    InvalidAddress {
        /// Local name of the header.
        header: String,
        /// What stands there.
        value: String,
        /// Path.
        place: String,
    },
    /// An endpoint reference without exactly one Address.
    MissingAddress {
        /// Local name of the header.
        header: String,
        /// Path.
        place: String,
    },
    /// The SOAPAction of HTTP says another action.
    ActionMismatch {
        /// Action of the header.
        action: String,
        /// SOAPAction.
        soap_action: String,
    },
    /// Replies can go back on the connection only.
    OnlyAnonymous {
        /// Local name of the header.
        header: String,
    },
    /// Replies cannot go back on the connection.
    OnlyNonAnonymous {
        /// Local name of the header.
        header: String,
    },
    /// The same message id was used before.
    DuplicateMessageId {
        /// The id.
        message_id: String,
    },
    /// A header is missing.
    HeaderRequired {
        /// Its local name.
        header: String,
    },
    /// Nobody answers to this action.
    ActionNotSupported {
        /// The action.
        action: String,
    },
    /// There is no way to the destination.
    DestinationUnreachable {
        /// The address.
        address: String,
    },
    /// The endpoint cannot do it now.
    EndpointUnavailable {
        /// When to try again, in milliseconds.
        retry_after: Option<u64>,
    },
}

impl AddressingFault {
    /// Local name of the fault code in [`NAMESPACE`].
    pub fn code(&self) -> &'static str {
        match self {
            Self::InvalidCardinality { .. }
            | Self::InvalidAddress { .. }
            | Self::MissingAddress { .. }
            | Self::ActionMismatch { .. }
            | Self::OnlyAnonymous { .. }
            | Self::OnlyNonAnonymous { .. }
            | Self::DuplicateMessageId { .. } => "InvalidAddressingHeader",
            Self::HeaderRequired { .. } => "MessageAddressingHeaderRequired",
            Self::ActionNotSupported { .. } => "ActionNotSupported",
            Self::DestinationUnreachable { .. } => "DestinationUnreachable",
            Self::EndpointUnavailable { .. } => "EndpointUnavailable",
        }
    }

    /// Local name of the more exact code, where there is one; SOAP 1.1 has no place for it.
    pub fn exact_code(&self) -> Option<&'static str> {
        match self {
            Self::InvalidCardinality { .. } => Some("InvalidCardinality"),
            Self::InvalidAddress { .. } => Some("InvalidAddress"),
            Self::MissingAddress { .. } => Some("MissingAddressInEPR"),
            Self::ActionMismatch { .. } => Some("ActionMismatch"),
            Self::OnlyAnonymous { .. } => Some("OnlyAnonymousAddressSupported"),
            Self::OnlyNonAnonymous { .. } => Some("OnlyNonAnonymousAddressSupported"),
            Self::DuplicateMessageId { .. } => Some("DuplicateMessageID"),
            _ => None,
        }
    }

    /// The fault as SOAP 1.1 carries it: the code of WS-Addressing is the `faultcode`. Its detail belongs into a
    /// header block, see [`AddressingFault::detail_block`].
    pub fn fault(&self) -> Fault {
        let code = match self {
            Self::EndpointUnavailable { .. } => FaultCode::Server,
            _ => FaultCode::Client,
        };
        Fault {
            subcode: Some(QualifiedName::new(NAMESPACE, "wsa", self.code())),
            ..Fault::new(code, self.describe().en)
        }
    }

    /// The header block `wsa:FaultDetail`, which SOAP 1.1 needs because `detail` is for faults of the Body alone.
    pub fn detail_block(&self) -> Option<String> {
        let detail = match self {
            Self::InvalidCardinality { header, .. }
            | Self::InvalidAddress { header, .. }
            | Self::MissingAddress { header, .. }
            | Self::OnlyAnonymous { header }
            | Self::OnlyNonAnonymous { header }
            | Self::HeaderRequired { header } => {
                format!("<wsa:ProblemHeaderQName>wsa:{header}</wsa:ProblemHeaderQName>")
            }
            Self::DuplicateMessageId { .. } => "<wsa:ProblemHeaderQName>wsa:MessageID</wsa:ProblemHeaderQName>".into(),
            Self::ActionMismatch { action, soap_action } => format!(
                "<wsa:ProblemAction><wsa:Action>{}</wsa:Action><wsa:SoapAction>{}</wsa:SoapAction></wsa:ProblemAction>",
                escape_text(action),
                escape_text(soap_action)
            ),
            Self::ActionNotSupported { action } => format!(
                "<wsa:ProblemAction><wsa:Action>{}</wsa:Action></wsa:ProblemAction>",
                escape_text(action)
            ),
            Self::DestinationUnreachable { address } => {
                format!("<wsa:ProblemIRI>{}</wsa:ProblemIRI>", escape_text(address))
            }
            Self::EndpointUnavailable { retry_after } => {
                format!("<wsa:RetryAfter>{}</wsa:RetryAfter>", (*retry_after)?)
            }
        };
        Some(format!(
            r#"<wsa:FaultDetail xmlns:wsa="{NAMESPACE}">{detail}</wsa:FaultDetail>"#
        ))
    }

    /// What is wrong, for reports.
    pub fn describe(&self) -> Text {
        match self {
            Self::InvalidCardinality { header, place } => Text::new(
                format!("wsa:{header} が二つ以上あります（{place}）。一つだけにしてください"),
                format!("wsa:{header} stands more than once ({place}); send it once"),
            ),
            Self::InvalidAddress { header, value, place } => Text::new(
                format!("wsa:{header} の値「{value}」は絶対 IRI ではありません（{place}）"),
                format!("the value `{value}` of wsa:{header} is no absolute IRI ({place})"),
            ),
            Self::MissingAddress { header, place } => Text::new(
                format!("wsa:{header} には wsa:Address がちょうど一つ必要です（{place}）"),
                format!("wsa:{header} needs exactly one wsa:Address ({place})"),
            ),
            Self::ActionMismatch { action, soap_action } => Text::new(
                format!("wsa:Action「{action}」と SOAPAction「{soap_action}」が異なります"),
                format!("wsa:Action is `{action}`, but SOAPAction is `{soap_action}`"),
            ),
            Self::OnlyAnonymous { header } => Text::new(
                format!("wsa:{header} に指定できるのは匿名 URI だけです"),
                format!("wsa:{header} can only be the anonymous address"),
            ),
            Self::OnlyNonAnonymous { header } => Text::new(
                format!("wsa:{header} に匿名 URI は指定できません"),
                format!("wsa:{header} cannot be the anonymous address"),
            ),
            Self::DuplicateMessageId { message_id } => Text::new(
                format!("wsa:MessageID「{message_id}」は既に使われています"),
                format!("wsa:MessageID `{message_id}` was used before"),
            ),
            Self::HeaderRequired { header } => Text::new(
                format!("必須のヘッダ wsa:{header} がありません"),
                format!("the required header wsa:{header} is missing"),
            ),
            Self::ActionNotSupported { action } => Text::new(
                format!("アクション「{action}」は受け付けられません"),
                format!("the action `{action}` cannot be processed here"),
            ),
            Self::DestinationUnreachable { address } => Text::new(
                format!("宛先「{address}」に届きません"),
                format!("there is no route to `{address}`"),
            ),
            Self::EndpointUnavailable { .. } => Text::new(
                "エンドポイントが今は処理できません",
                "the endpoint cannot process the message now",
            ),
        }
    }
}
