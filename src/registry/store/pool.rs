//! A small pool of connections.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::StoreError;

/// Connections that are lent one at a time.
pub(super) struct Pool<C> {
    state: Mutex<State<C>>,
    returned: Condvar,
    most: usize,
    patience: Duration,
}

struct State<C> {
    idle: Vec<C>,
    /// Idle and lent.
    open: usize,
}

/// A lent connection. It goes back to the pool unless [`Lent::discard`] was called.
pub(super) struct Lent<'a, C> {
    pool: &'a Pool<C>,
    connection: Option<C>,
}

impl<C> Pool<C> {
    pub(super) fn new(most: usize, patience: Duration) -> Self {
        Self {
            state: Mutex::new(State {
                idle: Vec::new(),
                open: 0,
            }),
            returned: Condvar::new(),
            most: most.max(1),
            patience,
        }
    }

    /// A connection: an idle one, a new one as long as there may be more, or the next one that comes back.
    pub(super) fn lend(&self, open: impl FnOnce() -> Result<C, StoreError>) -> Result<Lent<'_, C>, StoreError> {
        let end = Instant::now() + self.patience;
        let mut state = self.lock();
        loop {
            if let Some(connection) = state.idle.pop() {
                return Ok(self.lent(connection));
            }
            if state.open < self.most {
                state.open += 1;
                drop(state);
                return match open() {
                    Ok(connection) => Ok(self.lent(connection)),
                    Err(error) => {
                        self.forget();
                        Err(error)
                    }
                };
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(StoreError::Busy {
                    attempts: 1,
                    why: format!("all {} connections were in use for {:?}", self.most, self.patience),
                });
            }
            let waited = self.returned.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Takes all idle connections out.
    pub(super) fn drain(&self) -> Vec<C> {
        let mut state = self.lock();
        state.open -= state.idle.len();
        std::mem::take(&mut state.idle)
    }

    fn lent(&self, connection: C) -> Lent<'_, C> {
        Lent {
            pool: self,
            connection: Some(connection),
        }
    }

    fn forget(&self) {
        self.lock().open -= 1;
        self.returned.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State<C>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<C> Lent<'_, C> {
    /// The connection; none after [`Lent::discard`].
    pub(super) fn get(&mut self) -> Option<&mut C> {
        self.connection.as_mut()
    }

    /// Does not give it back: it is broken.
    pub(super) fn discard(&mut self) -> Option<C> {
        let taken = self.connection.take();
        if taken.is_some() {
            self.pool.forget();
        }
        taken
    }
}

impl<C> Drop for Lent<'_, C> {
    fn drop(&mut self) {
        // After a panic nobody knows what it was in the middle of.
        if std::thread::panicking() {
            self.discard();
        }
        if let Some(connection) = self.connection.take() {
            self.pool.lock().idle.push(connection);
            self.pool.returned.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_the_most_are_open_and_broken_ones_make_room() {
        let pool = Pool::new(2, Duration::from_millis(5));
        let first = pool.lend(|| Ok(1)).unwrap();
        let mut second = pool.lend(|| Ok(2)).unwrap();
        assert!(matches!(pool.lend(|| Ok(3)), Err(StoreError::Busy { .. })));
        assert_eq!(second.discard(), Some(2));
        assert!(second.get().is_none() && second.discard().is_none());
        let mut third = pool.lend(|| Ok(3)).unwrap();
        assert_eq!(third.get(), Some(&mut 3));
        drop((first, second, third));
        assert_eq!(pool.drain().len(), 2);
    }

    #[test]
    fn one_that_cannot_be_opened_takes_no_place() {
        let pool: Pool<u8> = Pool::new(1, Duration::from_millis(5));
        assert!(matches!(
            pool.lend(|| Err(StoreError::Aborted)),
            Err(StoreError::Aborted)
        ));
        assert!(pool.lend(|| Ok(1)).is_ok());
    }

    #[test]
    fn one_that_was_lent_to_a_panic_does_not_come_back() {
        let pool = Pool::new(1, Duration::from_millis(5));
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _lent = pool.lend(|| Ok(1)).unwrap();
            std::panic::resume_unwind(Box::new("in the middle"));
        }));
        assert!(panicked.is_err());
        assert_eq!(pool.lend(|| Ok(2)).unwrap().get(), Some(&mut 2));
    }

    #[test]
    fn who_waits_gets_the_one_that_comes_back() {
        let pool = Pool::new(1, Duration::from_secs(60));
        let lent = pool.lend(|| Ok(1)).unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| pool.lend(|| Ok(2)).unwrap().get().copied());
            drop(lent);
            assert_eq!(waiting.join().unwrap(), Some(1));
        });
    }
}
