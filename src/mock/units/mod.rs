//! The 26 business units of the reference platform: each one keeps what it is told, decides by its rules, and tells
//! others what they need. Every rule can be switched off, which is a mistake that a product could make.
//!
//! The clock is never asked: procedures, notices and inquiries carry their dates.

mod client;
mod desk;
mod files;
mod form;
mod levies;
mod rules;
mod service;
mod social;
mod span;
mod staff;
mod store;
mod u01_resident_register;
mod u02_seal_registration;
mod u03_family_register;
mod u04_electoral_roll;
mod u05_property_tax;
mod u06_individual_resident_tax;
mod u07_corporate_resident_tax;
mod u08_light_vehicle_tax;
mod u09_collection;
mod u10_national_health_insurance;
mod u11_national_pension;
mod u12_disability_welfare;
mod u13_late_elderly_medical;
mod u14_long_term_care_insurance;
mod u15_child_allowance;
mod u16_public_assistance;
mod u17_infant_medical;
mod u18_single_parent_medical;
mod u19_health_management;
mod u20_school_enrolment;
mod u21_child_rearing_allowance;
mod u22_non_resident_register;
mod u23_financial_accounting;
mod u24_general_affairs;
mod u25_personnel_payroll;
mod u26_document_management;
mod welfare;

pub use client::{Order, UnitClient};
pub use service::{UnitService, UnitsConfig};

use store::Row;
