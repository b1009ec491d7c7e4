//! Extracts that were asked for: under way for a short while, then there to be fetched.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::residents::Wanted;

/// Where an extract stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum State {
    /// Still being made.
    Pending,
    /// Ready.
    Done(Wanted),
    /// Nobody asked for it.
    Unknown,
}

/// Every extract that was asked for.
#[derive(Debug, Default)]
pub(super) struct Extracts(HashMap<String, (Instant, Wanted)>);

impl Extracts {
    /// Extracts that are remembered, at the most.
    const LIMIT: usize = 10_000;

    /// Begins one; asking again for the same one changes nothing.
    pub(super) fn begin(&mut self, id: &str, wanted: &Wanted, now: Instant) {
        if self.0.len() >= Self::LIMIT
            && let Some(oldest) = self
                .0
                .iter()
                .min_by_key(|(_, (begun, _))| *begun)
                .map(|(id, _)| id.clone())
        {
            self.0.remove(&oldest);
        }
        self.0.entry(id.to_owned()).or_insert_with(|| (now, wanted.clone()));
    }

    /// Where one stands, if making it takes `takes`.
    pub(super) fn state(&self, id: &str, now: Instant, takes: Duration) -> State {
        match self.0.get(id) {
            None => State::Unknown,
            Some((begun, _)) if now.duration_since(*begun) < takes => State::Pending,
            Some((_, wanted)) => State::Done(wanted.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pending_then_done() {
        let mut extracts = Extracts::default();
        let begun = Instant::now();
        extracts.begin("a", &Wanted::default(), begun);
        let takes = Duration::from_secs(1);
        assert_eq!(extracts.state("a", begun, takes), State::Pending);
        assert_eq!(
            extracts.state("a", begun + takes, takes),
            State::Done(Wanted::default())
        );
        assert_eq!(extracts.state("b", begun + takes, takes), State::Unknown);
    }
}
