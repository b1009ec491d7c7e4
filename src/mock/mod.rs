//! Floor 3: the reference platform: a faithful provider of the numbering API with its authorization
//! server, and a reference consumer, each with mistakes that can be switched on one by one.
//!
//! Without a defect both are meant to fulfil every requirement of the corpus. With a defect they
//! show what a vendor's mistake looks like from outside, so that every check can be seen to fail.

mod answers;
mod assertion;
mod authorization;
#[cfg(test)]
mod bench;
mod consumer;
mod consumer_reading;
mod consumer_request;
#[cfg(test)]
mod consumer_smoke;
mod consumer_token;
mod consumer_trust;
mod control;
mod defect;
mod defect_list;
mod defect_rules;
mod defect_violations;
mod envelope;
pub mod exchange;
mod front;
mod platform;
mod provider;
mod reading;
mod refusal;
mod register;
#[cfg(test)]
mod smoke;
mod spoil;
mod tokens;
pub mod units;
mod validation;

pub use answers::{refusal_body, success_body, unauthorized_body, unexpected_body};
pub use consumer::{Consumer, ConsumerConfig, Order, Outcome};
pub use control::{DriverOutcome, is_about_files};
pub use defect::{DefectDoc, DefectSet, Side, UnknownDefect};
pub use defect_list::Defect;
pub use platform::{Credentials, Platform, PlatformConfig, Running, server_tls};
