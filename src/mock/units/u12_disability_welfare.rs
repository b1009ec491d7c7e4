//! 12 障害者福祉: the rules of `conformance/units/12-disability-welfare/unit.toml`.

use super::desk::{Desk, Refusal};
use super::rules::Business;

/// The unit.
pub(super) struct Rules;

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, _id: &str) -> Result<(), Refusal> {
        desk.refuse("E0004", "not offered")
    }

    fn notice(&self, desk: &mut Desk<'_>, _event: &str) -> Result<(), Refusal> {
        desk.note_all();
        Ok(())
    }
}
