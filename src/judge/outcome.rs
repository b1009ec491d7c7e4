//! The words of verdicts.

use std::borrow::Cow;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::Text;
use crate::xml::Excerpt;

/// What became of a check, a scenario or a requirement. Ordered from the best to the worst: the
/// worst of several decides.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Ord, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Not claimed or not applicable, with the reason.
    Skip,
    /// Observed only.
    Info,
    /// Holds.
    Pass,
    /// A failure covered by a waiver.
    Waived,
    /// A *should* is not met.
    Warn,
    /// An examiner must decide.
    Review,
    /// A precondition or prerequisite did not hold.
    Blocked,
    /// The harness could not judge.
    Error,
    /// Does not hold.
    Fail,
}

impl Verdict {
    /// All verdicts, worst first, as summaries list them.
    pub const ALL: [Self; 9] = [
        Self::Fail,
        Self::Error,
        Self::Blocked,
        Self::Review,
        Self::Warn,
        Self::Waived,
        Self::Pass,
        Self::Info,
        Self::Skip,
    ];

    /// The word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Info => "info",
            Self::Pass => "pass",
            Self::Waived => "waived",
            Self::Warn => "warn",
            Self::Review => "review",
            Self::Blocked => "blocked",
            Self::Error => "error",
            Self::Fail => "fail",
        }
    }

    /// The word for readers.
    pub fn text(self) -> Text {
        match self {
            Self::Skip => Text::new("対象外", "skipped"),
            Self::Info => Text::new("記録", "recorded"),
            Self::Pass => Text::new("合格", "passed"),
            Self::Waived => Text::new("猶予", "waived"),
            Self::Warn => Text::new("注意", "warning"),
            Self::Review => Text::new("審査待ち", "for review"),
            Self::Blocked => Text::new("実施不可", "blocked"),
            Self::Error => Text::new("判定不能", "not judged"),
            Self::Fail => Text::new("不合格", "failed"),
        }
    }

    /// Whether something was judged, and found in order or not.
    pub fn is_judged(self) -> bool {
        matches!(self, Self::Pass | Self::Fail | Self::Warn | Self::Waived | Self::Info)
    }
}

/// Who has to act on something that did not pass.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Blame {
    /// The product.
    Product,
    /// The target file or the set-up of the test.
    Configuration,
    /// The network between harness and product.
    Network,
    /// junkyo itself.
    Suite,
    /// A contradiction or silence of the standard.
    Standard,
}

impl Blame {
    /// The word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Product => "product",
            Self::Configuration => "configuration",
            Self::Network => "network",
            Self::Suite => "suite",
            Self::Standard => "standard",
        }
    }

    /// The word for readers.
    pub fn text(self) -> Text {
        match self {
            Self::Product => Text::new("製品", "product"),
            Self::Configuration => Text::new("設定", "configuration"),
            Self::Network => Text::new("ネットワーク", "network"),
            Self::Suite => Text::new("試験ツール", "test suite"),
            Self::Standard => Text::new("標準", "standard"),
        }
    }

    /// Reads the word; unknown ones blame the suite, which wrote them.
    pub fn from_word(word: &str) -> Self {
        match word {
            "product" => Self::Product,
            "configuration" => Self::Configuration,
            "network" => Self::Network,
            "standard" => Self::Standard,
            _ => Self::Suite,
        }
    }
}

/// Outcome of a run.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Every claimed binding requirement that can be tested was judged and holds.
    Conformant,
    /// A claimed binding requirement does not hold.
    NonConformant,
    /// Nothing broken was found, but not everything claimed was judged.
    Incomplete,
}

impl Outcome {
    /// The word used in reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Conformant => "conformant",
            Self::NonConformant => "non-conformant",
            Self::Incomplete => "incomplete",
        }
    }

    /// The word for readers.
    pub fn text(self) -> Text {
        match self {
            Self::Conformant => Text::new("準拠", "conformant"),
            Self::NonConformant => Text::new("非準拠", "non-conformant"),
            Self::Incomplete => Text::new("未完了", "incomplete"),
        }
    }
}

/// The verdict of one check.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct CheckResult {
    /// Step of the scenario.
    pub step: Arc<str>,
    /// Name of the check.
    pub check: Cow<'static, str>,
    /// Verdict; the worst over the requirements, by their levels.
    pub verdict: Verdict,
    /// Whether the question was answered with yes; absent where it could not be answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<bool>,
    /// Requirements that it decides.
    pub requirements: Arc<[Arc<str>]>,
    /// What was expected; only where it did not hold, or was recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected: Option<Box<Text>>,
    /// What was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub found: Option<Box<Text>>,
    /// Where in the message: JSON Pointer, header name, parameter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The lines of the XML message around the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<Box<Excerpt>>,
    /// Index of the exchange it speaks of, among those of the scenario.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exchange: Option<usize>,
    /// Reading and option that shaped the question, e.g. `SF-08=either`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reading: Option<String>,
    /// Who has to act.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blame: Option<Blame>,
}

/// The verdict of one scenario.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct ScenarioResult {
    /// Scenario id.
    pub id: Arc<str>,
    /// Attempt that was judged, from 1.
    pub attempt: u32,
    /// The worst verdict of its checks, or why there are none.
    pub verdict: Verdict,
    /// Why it was skipped, blocked or could not be judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// Who has to act on that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blame: Option<Blame>,
    /// Time spent in exchanges, microseconds.
    pub elapsed_us: u64,
    /// The checks in order.
    pub checks: Vec<CheckResult>,
}
