//! Messages that come again.

use std::collections::{HashSet, VecDeque};

use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};

use super::{SecurityFinding, SecurityReport, SecurityRule};
use crate::text::Text;

/// Remembers nonces, signature values and message ids for a while. Each costs 80 bytes or so. When it is full it refuses
/// what is new: to forget would let a flood of messages open the way for a replay.
#[derive(Debug)]
pub struct ReplayGuard {
    window: Duration,
    capacity: usize,
    seen: HashSet<[u8; 32]>,
    order: VecDeque<(OffsetDateTime, [u8; 32])>,
}

impl ReplayGuard {
    /// A guard that remembers for `window`, at most `capacity` values. The window should cover the age and twice the
    /// clock difference of the policy.
    pub fn new(window: Duration, capacity: usize) -> Self {
        Self {
            window,
            capacity,
            seen: HashSet::new(),
            order: VecDeque::new(),
        }
    }

    /// Judges a message and remembers it. A message that did not pass its policy should not be brought here, or others
    /// could use up the memory and the values of honest senders.
    pub fn admit(
        &mut self,
        report: &SecurityReport,
        message_id: Option<&str>,
        now: OffsetDateTime,
    ) -> Vec<SecurityFinding> {
        self.forget(now);
        let signatures = report
            .signature_values
            .iter()
            .map(|value| ("signature", value.as_slice()));
        let nonce = report.nonce.iter().map(|value| ("nonce", value.as_slice()));
        let id = message_id.into_iter().map(|value| ("message id", value.as_bytes()));
        signatures
            .chain(nonce)
            .chain(id)
            .filter_map(|(kind, value)| self.remember(kind, value, now))
            .collect()
    }

    /// How many values are remembered.
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether nothing is remembered.
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    fn forget(&mut self, now: OffsetDateTime) {
        while let Some((at, key)) = self.order.front() {
            if now - *at <= self.window {
                return;
            }
            self.seen.remove(key);
            self.order.pop_front();
        }
    }

    fn remember(&mut self, kind: &'static str, value: &[u8], now: OffsetDateTime) -> Option<SecurityFinding> {
        let mut hash = Sha256::new();
        hash.update(kind);
        hash.update([0]);
        hash.update(value);
        let key: [u8; 32] = hash.finalize().into();
        if self.seen.contains(&key) {
            return Some(finding(
                SecurityRule::Replayed,
                Text::new(
                    format!("同じ{}のメッセージを既に受け取っています", japanese(kind)),
                    format!("a message with the same {kind} was received before"),
                ),
            ));
        }
        if self.order.len() >= self.capacity {
            return Some(finding(
                SecurityRule::LimitExceeded,
                Text::new(
                    format!(
                        "期間内のメッセージが上限 {} を超え、再送を検出できません",
                        self.capacity
                    ),
                    format!(
                        "more than {} values within the window: replays cannot be detected",
                        self.capacity
                    ),
                ),
            ));
        }
        self.seen.insert(key);
        self.order.push_back((now, key));
        None
    }
}

fn japanese(kind: &str) -> &'static str {
    match kind {
        "signature" => "署名値",
        "nonce" => "ナンス",
        _ => "メッセージ ID",
    }
}

fn finding(rule: SecurityRule, text: Text) -> SecurityFinding {
    SecurityFinding {
        rule,
        path: "/".into(),
        position: None,
        text,
    }
}
