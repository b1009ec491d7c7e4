//! Calls of the schema engine that do not come back. Its matcher of patterns tries one way after the other, and for some
//! patterns there are more ways than anybody can wait for; from inside nothing can end that.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::text::Text;

/// A call under way.
struct Call {
    number: u64,
    what: String,
    since: Instant,
}

#[derive(Default)]
struct Calls {
    next: u64,
    open: Vec<Call>,
}

static CALLS: Mutex<Calls> = Mutex::new(Calls {
    next: 0,
    open: Vec::new(),
});

fn calls() -> MutexGuard<'static, Calls> {
    CALLS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Counts as a call under way until it is dropped.
pub(crate) struct Watched(u64);

impl Watched {
    pub(crate) fn new(what: impl FnOnce() -> String) -> Self {
        let mut calls = calls();
        calls.next += 1;
        let number = calls.next;
        calls.open.push(Call {
            number,
            what: what(),
            since: Instant::now(),
        });
        Self(number)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        calls().open.retain(|call| call.number != self.0);
    }
}

/// Watches the engine from a thread of its own: as soon as one call takes longer than `limit`, `give_up` is told why. It
/// is for programs, which can end themselves; a call cannot be ended.
pub fn watch(limit: Duration, give_up: impl FnOnce(Text) + Send + 'static) {
    thread::spawn(move || {
        let late = loop {
            thread::sleep(limit / 20);
            let calls = calls();
            if let Some(call) = calls.open.iter().find(|call| call.since.elapsed() > limit) {
                break call.what.clone();
            }
        };
        let seconds = limit.as_secs();
        give_up(Text::new(
            format!(
                "{late}: スキーマ検証が {seconds} 秒で終わりません。xsd:pattern（繰返しの入れ子、重なる選択）と値の長さを確認してください"
            ),
            format!(
                "{late}: validation against the schema does not end within {seconds} s; look at the patterns \
                 (xsd:pattern) with repeats inside repeats or alternatives that overlap, and at long values"
            ),
        ));
    });
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    #[test]
    fn a_call_that_does_not_end_is_told_and_one_that_ended_is_not() {
        let ended = Watched::new(|| "ended".into());
        drop(ended);
        let _open = Watched::new(|| "x.xsd".into());
        let (sender, receiver) = channel();
        watch(Duration::from_millis(20), move |why| {
            sender.send(why).expect("received")
        });
        assert!(receiver.recv().expect("told").en.starts_with("x.xsd: "));
    }
}
