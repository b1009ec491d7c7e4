//! The 26 business units of the reference platform: each one keeps what it is told, decides by its rules, and tells
//! others what they need. Every rule can be switched off, which is a mistake that a product could make.
//!
//! The clock is never asked: procedures, notices and inquiries carry their dates.

mod desk;
mod form;
mod rules;
mod service;
mod store;

pub use service::{UnitService, UnitsConfig};

use store::Row;
