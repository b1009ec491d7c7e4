//! Floor 1: what is required, as typed values: sources, requirements, readings, profiles and
//! interface definitions, read from `conformance/`.

mod files;
mod interface;
mod profile;
mod reading;
mod requirement;
mod service;
pub mod unit;
mod words;

pub use files::{CorpusFiles, FileError, IdLines, Location, SourceFile};
pub use interface::{Condition, ErrorCode, Interface, ItemType, Parameter, ResponseField};
pub use profile::{Profile, ProfileFile};
pub use reading::{Reading, ReadingChoice, ReadingFile, ReadingOption, UnknownReading};
pub(crate) use requirement::glob_matches;
pub use requirement::{Kind, Level, Requirement, RequirementFile, Source, SourceFileList, Subject};
pub use service::{Service, ServiceFile};
pub use words::OneOrMany;
