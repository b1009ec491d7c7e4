//! Floor 5: the report model and its renderings.

mod again;
mod build;
mod compare;
mod diff;
mod excerpt;
mod html;
mod json;
mod junit;
mod markup;
mod merge;
mod model;
#[cfg(test)]
mod sample;
mod terminal;
mod withheld;
mod words;

pub(crate) use excerpt::excerpt_text;

pub use again::{AgainError, judge_again, judge_folder, not_carried_out};
pub use build::{RepeatCommand, ReportBuilder, interruption};
pub use compare::{Change, Comparison, Direction, FactChange, Why, compare};
pub use html::write_html;
pub use json::{read_json, write_json};
pub use junit::write_junit;
pub use merge::{MergeError, merge};
pub use model::{
    CorpusFacts, Counts, ExchangeView, ProfileView, ReadingView, RealDataPlace, RealDataView, Report, RequirementView,
    RunView, SCHEMA, ScenarioView, StabilityView, UnstableView,
};
pub use terminal::write_summary;
