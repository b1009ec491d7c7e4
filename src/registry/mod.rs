//! Floor 6: the registration system: accounts, submissions, review, decisions, the log, web pages and API.

pub mod accounts;
mod again;
pub mod client;
pub mod clock;
pub mod config;
mod demo;
pub mod intake;
pub mod keys;
pub mod log;
pub mod model;
mod register;
pub mod service;
mod stamp;
mod static_export;
pub mod store;
pub mod web;
pub mod witness;

pub use again::Again;
pub use demo::Demo;
pub use register::{ORIGIN, Registry, RegistryConfig};
pub use static_export::{StaticExport, StaticExportError, export_static};
