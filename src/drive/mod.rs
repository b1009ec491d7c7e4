//! Floor 4: plan + product → evidence. Recording only: no verdict is decided here.

mod body;
mod conditions;
mod consumer;
mod driver;
mod listener;
mod monitor;
mod person;
mod plan;
mod preflight;
mod preflight_services;
mod provider;
mod receiver;
mod recorder;
mod reference;
mod run;
mod service;
mod services;
mod session;
mod setup;
mod soap;
mod soap_addressing;
mod soap_consumer;
mod soap_reply;
mod soap_security;
mod soap_setup;
mod target;
mod template;

pub use driver::{Driver, DriverReply};
pub use monitor::{Monitor, MonitorError, MonitorOptions, RECORDED};
pub use plan::{Partition, Plan, PlanError, Selection};
pub use preflight::{Finding, Severity, preflight};
pub use reference::Reference;
pub use run::{RunEnd, RunError, RunOptions, Runner};
pub use service::{ServiceError, recorded_files};
pub use session::Limits;
pub use target::{Target, TargetError, TargetFile};
