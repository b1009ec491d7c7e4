//! Rules of addressing.

use super::super::context::{Answer, Context};
use crate::scenario::{Step, check};

pub(super) fn ask(_p: &check::Addressing, _context: &Context<'_>, _step: &Step) -> Answer {
    Answer::Holds
}
