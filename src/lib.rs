//! junkyo (準拠): conformance tests for the interfaces that connect the information systems of
//! Japan's municipalities.
//!
//! Data flows one way: standard → scenario → drive → evidence → judge → report → attest.
//! `ARCHITECTURE.md` says which room does what and who may import whom.

pub mod attest;
pub mod catalog;
pub mod cli;
pub mod drive;
pub mod embed;
pub mod evidence;
pub mod import;
pub mod interconnect;
pub mod judge;
pub mod mock;
pub mod population;
pub mod registry;
pub mod report;
pub mod rfp;
pub mod scenario;
pub mod schema;
pub mod selftest;
pub mod soap;
pub mod standard;
pub mod text;
pub mod wire;
pub mod xml;
