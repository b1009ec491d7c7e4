//! Words that refusals share.

use std::sync::LazyLock;

use crate::registry::model::{Refusal, RefusalCode};
use crate::text::Text;

/// What to do where only a new run helps.
pub(super) static REPORT_AGAIN: LazyLock<Text> = LazyLock::new(|| {
    Text::new(
        "新しいチャレンジを開き、`junkyo run --challenge` で実行し直して、署名し、提出してください。",
        "Open a new challenge, run again with `junkyo run --challenge`, sign, and submit.",
    )
});

/// A reason.
pub(super) fn refusal(code: RefusalCode, detail: Text, remedy: Text) -> Refusal {
    Refusal::new(code, detail, remedy)
}

/// The first few of many, and how many more.
pub(in crate::registry) fn some(ids: &[String]) -> Text {
    let shown = ids.iter().take(20).cloned().collect::<Vec<_>>().join(", ");
    match ids.len().saturating_sub(20) {
        0 => Text::neutral(shown),
        more => Text::new(format!("{shown} ほか{more}件"), format!("{shown} and {more} more")),
    }
}
