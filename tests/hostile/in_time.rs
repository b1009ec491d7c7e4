//! Calls that have to end sooner than every call has to.

use std::time::Duration;

use crate::process::Ended;

impl Ended {
    #[track_caller]
    pub(crate) fn within(&self, limit: Duration) -> &Self {
        assert!(self.elapsed < limit, "it took too long\n{self}");
        self
    }
}
