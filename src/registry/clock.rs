//! The time of the register, so that tests can set it.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Tells the time in Unix milliseconds. Clones of a set clock show the same time.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// The clock of the machine.
    pub fn system() -> Self {
        Self(None)
    }

    /// A clock that stands at a time until it is moved.
    pub fn at(milliseconds: i64) -> Self {
        Self(Some(Arc::new(AtomicI64::new(milliseconds))))
    }

    /// Unix milliseconds. Times are for people and deadlines; order is given by sequences, as clocks jump.
    pub fn now(&self) -> i64 {
        match &self.0 {
            Some(set) => set.load(Ordering::SeqCst),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
        }
    }

    /// Moves a set clock to a time; that of the machine stays as it is.
    pub fn set(&self, milliseconds: i64) {
        if let Some(set) = &self.0 {
            set.store(milliseconds, Ordering::SeqCst);
        }
    }

    /// Moves a set clock by milliseconds, back if negative; that of the machine stays as it is.
    pub fn advance(&self, milliseconds: i64) {
        if let Some(set) = &self.0 {
            set.fetch_add(milliseconds, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_clock_moves_only_when_told() {
        let clock = Clock::at(1_000);
        let other = clock.clone();
        other.advance(-400);
        assert_eq!(clock.now(), 600);
        clock.set(5);
        assert_eq!(other.now(), 5);
        assert!(Clock::system().now() > 1_700_000_000_000);
    }
}
