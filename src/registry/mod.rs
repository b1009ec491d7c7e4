//! Floor 6: the registration system: accounts, submissions, review, decisions, the log, web pages and API.

pub mod intake;
pub mod log;
pub mod model;
pub mod service;
pub mod store;
pub mod web;
