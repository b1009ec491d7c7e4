//! The reference exchange service over SOAP 1.1: a provider and a consumer, each with mistakes that can be switched on
//! one by one.
//!
//! The service is our own profile (`conformance/platform-communication/service/`): document/literal and rpc/literal
//! operations, answers at once, by callback and by polling, and one-way notices that are delivered once and in order.

mod answers;
mod changes;
mod client;
mod client_answer;
mod client_request;
mod description;
mod extracts;
mod operation;
mod receive;
mod refusal;
mod reply;
mod residents;
mod security;
mod service;

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

pub use client::{Client, ClientConfig, Ending, Order, Report};
pub use operation::Operation;
pub use security::{IssuedSigner, KeyError, SecuritySettings, SigningAuthority};
pub use service::{Exchange, ExchangeConfig, RunningExchange};

/// Target namespace of the service description; the prefix of its actions.
pub const SERVICE: &str = "http://junkyo.example/exchange/1";
/// Namespace of the messages.
pub const MESSAGES: &str = "http://junkyo.example/exchange/1/messages";
/// Namespace of the types.
pub const TYPES: &str = "http://junkyo.example/exchange/1/types";
/// Namespace of the wrapper elements of rpc operations.
pub const RPC: &str = "http://junkyo.example/exchange/1/rpc";
/// Path of the port `Exchange`.
pub const EXCHANGE_PATH: &str = "/exchange";
/// Path of the port `Statistics`.
pub const STATISTICS_PATH: &str = "/statistics";
/// Before the path of a port: the same service, which takes signed requests only. It is there if the service has keys.
pub const SECURE: &str = "/secure";

/// Milliseconds since 1970.
pub(in crate::mock) fn now_ms() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// Ids of messages, `urn:uuid:…`: a random start and a counter, so that no two processes give the same one.
pub(super) struct Ids {
    start: RandomState,
    count: AtomicU64,
}

impl Ids {
    fn new() -> Self {
        Self {
            start: RandomState::new(),
            count: AtomicU64::new(0),
        }
    }

    /// An id that was not given before.
    fn next(&self) -> String {
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        let (high, low) = (self.start.hash_one((count, 0_u8)), self.start.hash_one((count, 1_u8)));
        format!(
            "urn:uuid:{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xFFFF,
            high & 0x0FFF,
            low >> 48 & 0x0FFF,
            low & 0xFFFF_FFFF_FFFF
        )
    }
}

#[cfg(test)]
mod tests;
