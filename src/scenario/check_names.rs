//! What checks are called, and what is said about them.

use std::borrow::Cow;

use super::Check;
use crate::text::Text;

/// What a check asks, for `junkyo explain` and the JSON Schema of scenario files.
#[derive(Clone, Debug)]
pub struct CheckDoc {
    /// Name.
    pub name: &'static str,
    /// The question.
    pub text: Text,
    /// JSON Schema of its parameters.
    pub parameters: serde_json::Value,
}

impl Check {
    /// Name in results: that of the check, or the id of the assertion that it asks.
    pub fn report_name(&self) -> Cow<'static, str> {
        match self {
            Self::WsI(p) => Cow::Owned(p.assertion.clone()),
            other => Cow::Borrowed(other.name()),
        }
    }

    /// Whether the question only makes sense for a response of the expected status.
    pub fn needs_the_expected_status(&self) -> bool {
        matches!(
            self,
            Self::ResponseTable(_)
                | Self::ResponseItem(_)
                | Self::NoNulls(_)
                | Self::NoExtraMembers(_)
                | Self::Value(_)
                | Self::Member(_)
                | Self::Number(_)
                | Self::LongEnough(_)
                | Self::ExpiryAgrees(_)
                | Self::Unique(_)
                | Self::Rising(_)
                | Self::NotResident(_)
                | Self::CheckDigit(_)
                | Self::ErrorCode(_)
                | Self::ErrorCodesKnown(_)
                | Self::ErrorMessages(_)
                | Self::ErrorNamesLength(_)
                | Self::ErrorNamesCharacters(_)
                | Self::ErrorCorrelation(_)
                | Self::ErrorsCover(_)
        )
    }
}
