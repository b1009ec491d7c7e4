//! Floor 3: evidence + scenario → verdicts. Pure: no clock, no network, no file, so that the same
//! evidence gives the same verdicts years later, anywhere.

mod checks;
mod context;
mod described;
mod outcome;
mod roll_up;
mod scenario;
#[cfg(test)]
mod tests;
pub mod ws_i;

pub use outcome::{Blame, CheckResult, Outcome, ScenarioResult, Verdict};
pub use roll_up::{Judged, ProfileResult, RequirementResult, RollUp, Waiver, roll_up};
pub use scenario::{Judge, not_run};
