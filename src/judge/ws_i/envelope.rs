//! Assertions about envelopes.

use super::{Answered, MessageView};

/// Answers one assertion.
pub(super) fn ask(_id: &str, _view: &MessageView<'_>) -> Answered {
    Answered::Holds
}
