//! The operations of the service, as its description has them.

use super::{MESSAGES, RPC, SERVICE};
use crate::xml::Name;

/// An operation.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Operation {
    /// A resident by number.
    GetResident,
    /// A change of a resident, one-way.
    NotifyChange,
    /// An extract: at once, or later by callback or polling.
    RequestExtract,
    /// How far an extract is, and the extract.
    PollExtract,
    /// Nothing but an answer; the Body is empty.
    Ping,
    /// Numbers of residents and households, rpc.
    CountResidents,
    /// Numbers are computed anew, rpc without parts.
    Refresh,
}

impl Operation {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::GetResident,
        Self::NotifyChange,
        Self::RequestExtract,
        Self::PollExtract,
        Self::Ping,
        Self::CountResidents,
        Self::Refresh,
    ];

    /// Name in the description.
    pub fn name(self) -> &'static str {
        match self {
            Self::GetResident => "GetResident",
            Self::NotifyChange => "NotifyChange",
            Self::RequestExtract => "RequestExtract",
            Self::PollExtract => "PollExtract",
            Self::Ping => "Ping",
            Self::CountResidents => "CountResidents",
            Self::Refresh => "Refresh",
        }
    }

    /// The operation of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|operation| operation.name() == name)
    }

    /// Whether it belongs to the port `Statistics`, whose binding is of style rpc.
    pub fn is_rpc(self) -> bool {
        matches!(self, Self::CountResidents | Self::Refresh)
    }

    /// Whether nothing is answered.
    pub fn is_one_way(self) -> bool {
        self == Self::NotifyChange
    }

    /// Path of its port.
    pub fn path(self) -> &'static str {
        if self.is_rpc() {
            super::STATISTICS_PATH
        } else {
            super::EXCHANGE_PATH
        }
    }

    /// Child of the Body of a request; `None` where the Body is empty.
    pub fn wrapper(self) -> Option<Name<'static>> {
        match self {
            Self::GetResident => Some(Name::new(MESSAGES, "getResident")),
            Self::NotifyChange => Some(Name::new(MESSAGES, "notifyChange")),
            Self::RequestExtract => Some(Name::new(MESSAGES, "requestExtract")),
            Self::PollExtract => Some(Name::new(MESSAGES, "pollExtract")),
            Self::Ping => None,
            Self::CountResidents => Some(Name::new(RPC, "CountResidents")),
            Self::Refresh => Some(Name::new(RPC, "Refresh")),
        }
    }

    /// Child of the Body of an answer; `None` where the Body is empty or there is no answer.
    pub fn answer_wrapper(self) -> Option<Name<'static>> {
        match self {
            Self::GetResident => Some(Name::new(MESSAGES, "getResidentResponse")),
            Self::RequestExtract => Some(Name::new(MESSAGES, "requestExtractResponse")),
            Self::PollExtract => Some(Name::new(MESSAGES, "pollExtractResponse")),
            Self::Ping | Self::NotifyChange => None,
            Self::CountResidents => Some(Name::new(RPC, "CountResidentsResponse")),
            Self::Refresh => Some(Name::new(RPC, "RefreshResponse")),
        }
    }

    /// Value of the SOAPAction field, without its quotes.
    pub fn soap_action(self) -> String {
        match self {
            Self::Ping => String::new(),
            _ => format!("{SERVICE}/{}", self.name()),
        }
    }

    /// `wsa:Action` of a request: the `soapAction` of the binding, or, where that is empty, the default pattern
    /// (WS-Addressing 1.0 Metadata, clause 4.4).
    pub fn action(self) -> String {
        match self {
            Self::Ping => format!("{SERVICE}/Exchange/PingRequest"),
            _ => self.soap_action(),
        }
    }

    /// `wsa:Action` of an answer, by the default pattern.
    pub fn answer_action(self) -> String {
        format!("{SERVICE}/{}/{}Response", self.port_type(), self.name())
    }

    /// `wsa:Action` of the declared fault, by the default pattern.
    pub fn fault_action(self) -> String {
        format!("{SERVICE}/{}/{}/Fault/residentNotFound", self.port_type(), self.name())
    }

    fn port_type(self) -> &'static str {
        if self.is_rpc() { "Statistics" } else { "Exchange" }
    }
}
