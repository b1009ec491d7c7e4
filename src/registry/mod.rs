//! Floor 6: the registration system: accounts, submissions, review, decisions, the log, web pages and API.

pub mod accounts;
pub mod client;
pub mod clock;
pub mod config;
pub mod intake;
pub mod log;
pub mod model;
mod register;
pub mod service;
pub mod store;
pub mod web;

pub use register::{Registry, RegistryConfig};
