//! Faults of the provider.

use super::Operation;
use crate::soap::{Fault, FaultCode, QualifiedName, addressing, escape_text};

/// A fault with what belongs to it outside of the Body.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) fault: Box<Fault>,
    /// Header blocks, serialized.
    pub(super) blocks: Vec<String>,
    /// Its `wsa:Action`.
    pub(super) action: String,
    /// HTTP status.
    pub(super) status: u16,
}

impl Refusal {
    fn new(fault: Fault) -> Self {
        Self {
            fault: Box::new(fault),
            blocks: Vec::new(),
            action: addressing::SOAP_FAULT_ACTION.to_owned(),
            status: 500,
        }
    }

    /// The message is wrong.
    pub(super) fn client(reason: impl Into<String>) -> Self {
        Self::new(Fault::new(FaultCode::Client, reason))
    }

    /// The message may be right, but the service cannot work on it now.
    pub(super) fn server(reason: impl Into<String>) -> Self {
        Self::new(Fault::new(FaultCode::Server, reason))
    }

    /// Header blocks that are mandatory and unknown.
    pub(super) fn must_understand(names: &[String]) -> Self {
        let reason = format!("mandatory header blocks are not understood: {}", names.join(", "));
        Self::new(Fault::new(FaultCode::MustUnderstand, reason))
    }

    /// An envelope of another version.
    pub(super) fn version(namespace: &str) -> Self {
        let reason = format!("this service speaks SOAP 1.1, the Envelope is of `{namespace}`");
        Self::new(Fault::new(FaultCode::VersionMismatch, reason))
    }

    /// The fault that the description declares: nobody has this number.
    pub(super) fn not_found(number: &str, with_detail: bool) -> Self {
        let mut refusal = Self::client("residentNotFound");
        if with_detail {
            refusal.fault.detail = Some(format!(
                "<m:residentNotFound xmlns:m=\"{}\"><m:residentNumber>{}</m:residentNumber>\
                 <m:reason>この番号の住民は存在しません。</m:reason></m:residentNotFound>",
                super::MESSAGES,
                escape_text(number)
            ));
            refusal.action = Operation::GetResident.fault_action();
        }
        refusal
    }

    /// A fault of WS-Addressing.
    pub(super) fn addressing(fault: &addressing::AddressingFault) -> Self {
        Self {
            blocks: fault.detail_block().into_iter().collect(),
            action: addressing::FAULT_ACTION.to_owned(),
            ..Self::new(fault.fault())
        }
    }

    /// A fault of WS-Security (SOAP Message Security 1.0, clause 12).
    pub(super) fn security(code: &str, reason: impl Into<String>) -> Self {
        let mut refusal = Self::client(reason);
        refusal.fault.subcode = Some(QualifiedName::new(crate::soap::security::EXTENSION, "wsse", code));
        refusal
    }
}
