//! WS-Addressing 1.0: the properties of a message, how SOAP carries them, and what a reply owes to its request.
//!
//! Clauses: "Core" and "SOAP Binding" are the W3C Recommendations of 2006-05-09, "Metadata" that of 2007-09-04.

mod action;
mod fault;
mod read;
mod rules;
mod write;

pub use action::{default_fault_action, default_input_action, default_output_action};
pub use fault::AddressingFault;
pub use rules::{AddressingBreach, AddressingRule, compare_action, compare_fault_reply, compare_reply};

/// Namespace of WS-Addressing 1.0.
pub const NAMESPACE: &str = "http://www.w3.org/2005/08/addressing";
/// The address of whoever sent the HTTP request (Core clause 2.1).
pub const ANONYMOUS: &str = "http://www.w3.org/2005/08/addressing/anonymous";
/// The address of nobody: what goes there is thrown away (Core clause 2.1).
pub const NONE: &str = "http://www.w3.org/2005/08/addressing/none";
/// The relationship that `RelatesTo` has without a type (Core clause 3.2).
pub const REPLY: &str = "http://www.w3.org/2005/08/addressing/reply";
/// What a reply relates to where the request had no id (Core clause 3.4).
pub const UNSPECIFIED: &str = "http://www.w3.org/2005/08/addressing/unspecified";
/// Action of the faults that WS-Addressing defines (SOAP Binding clause 6).
pub const FAULT_ACTION: &str = "http://www.w3.org/2005/08/addressing/fault";
/// Action of the faults that SOAP defines: `MustUnderstand`, `VersionMismatch` (SOAP Binding clause 6).
pub const SOAP_FAULT_ACTION: &str = "http://www.w3.org/2005/08/addressing/soap/fault";

/// Where messages can be sent (Core clause 2).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct EndpointReference {
    /// Address.
    pub address: String,
    /// Reference parameters: elements as text, each with its own namespace declarations.
    pub parameters: Vec<String>,
}

impl EndpointReference {
    /// A reference without parameters.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            parameters: Vec::new(),
        }
    }

    /// Where a message to it goes.
    pub fn destination(&self) -> Destination<'_> {
        match self.address.as_str() {
            ANONYMOUS => Destination::Anonymous,
            NONE => Destination::None,
            address => Destination::Address(address),
        }
    }
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Destination<'a> {
    /// Back on the connection that the request came on.
    Anonymous,
    /// Nowhere.
    None,
    /// To an address.
    Address(&'a str),
}

/// The message addressing properties (Core clause 3).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Addressing {
    /// Id of this message.
    pub message_id: Option<String>,
    /// Ids of other messages, each with its relationship; without one it is [`REPLY`].
    pub relates_to: Vec<(String, Option<String>)>,
    /// Destination; absent means [`ANONYMOUS`].
    pub to: Option<String>,
    /// What the message is about.
    pub action: String,
    /// Where the reply is to go; absent means [`ANONYMOUS`].
    pub reply_to: Option<EndpointReference>,
    /// Where a fault is to go; absent means as the reply.
    pub fault_to: Option<EndpointReference>,
    /// Who sent it.
    pub from: Option<EndpointReference>,
    /// Parameters of the reference that the message was sent to, each with its own namespace declarations.
    pub reference_parameters: Vec<String>,
}

impl Addressing {
    /// A message with destination, action and id.
    pub fn new(to: impl Into<String>, action: impl Into<String>, message_id: impl Into<String>) -> Self {
        Self {
            message_id: Some(message_id.into()),
            to: Some(to.into()),
            action: action.into(),
            ..Self::default()
        }
    }

    /// The reference that a reply or a fault goes to, if one is named (Core clause 3.4).
    pub fn reference(&self, fault: bool) -> Option<&EndpointReference> {
        let fault_to = self.fault_to.as_ref().filter(|_| fault);
        fault_to.or(self.reply_to.as_ref())
    }

    /// Where a reply or a fault goes: `FaultTo` for a fault, else `ReplyTo`, else back on the connection.
    pub fn destination(&self, fault: bool) -> Destination<'_> {
        self.reference(fault)
            .map_or(Destination::Anonymous, EndpointReference::destination)
    }

    /// The properties of a reply to this message, or of a fault (Core clause 3.4).
    pub fn reply(&self, action: impl Into<String>, message_id: impl Into<String>, fault: bool) -> Self {
        let reference = self.reference(fault);
        Self {
            message_id: Some(message_id.into()),
            relates_to: vec![(self.message_id.clone().unwrap_or_else(|| UNSPECIFIED.to_owned()), None)],
            to: Some(reference.map_or_else(|| ANONYMOUS.to_owned(), |reference| reference.address.clone())),
            action: action.into(),
            reference_parameters: reference
                .map(|reference| reference.parameters.clone())
                .unwrap_or_default(),
            ..Self::default()
        }
    }

    /// Whether a SOAPAction header of HTTP, with or without its quotes, agrees: it says the same or nothing
    /// (SOAP Binding clause 3.3; absent or empty quotes say nothing).
    pub fn agrees_with_soap_action(&self, header: &str) -> bool {
        let value = header.trim().trim_matches('"');
        value.is_empty() || value == self.action
    }
}

#[cfg(test)]
mod tests;
