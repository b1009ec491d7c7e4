//! Issued tokens and used assertion ids: the memory of the authorization server.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::defect::DefectSet;
use super::defect_list::Defect;

/// Entries after which those whose time is over are swept out.
const SWEEP_AT: usize = 4096;

/// Seconds since 1970.
pub(super) fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}

/// What the authorization server knows of a token.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) client_id: String,
    pub(super) scope: String,
    pub(super) issued: i64,
    pub(super) expires: i64,
    /// `expire-token` and `revoke-token` of the control hook end it early.
    pub(super) ended: bool,
}

impl Token {
    /// Whether it may still be used.
    pub(super) fn is_active(&self, now: i64) -> bool {
        !self.ended && self.expires > now
    }
}

struct State {
    issued: HashMap<String, Token>,
    refresh: HashMap<String, Token>,
    used_ids: HashMap<(String, String), i64>,
    counter: u64,
}

/// All tokens of a running platform.
pub(super) struct Tokens {
    /// Random for each process: without it nobody can compute a token.
    key: Vec<u8>,
    state: Mutex<State>,
}

impl Tokens {
    pub(super) fn new() -> Self {
        // The standard library seeds every `RandomState` from the operating system's randomness;
        // four of them make a key of 256 bits without one more dependency.
        let key = (0_u64..4)
            .flat_map(|word| RandomState::new().hash_one(word).to_le_bytes())
            .collect();
        Self {
            key,
            state: Mutex::new(State {
                issued: HashMap::new(),
                refresh: HashMap::new(),
                used_ids: HashMap::new(),
                counter: 0,
            }),
        }
    }

    /// Issues a token.
    pub(super) fn issue(&self, token: Token, defects: &DefectSet) -> String {
        let mut state = self.lock();
        if defects.has(Defect::TokenRepeated) {
            let alive = state.issued.iter().find(|(_, known)| {
                known.client_id == token.client_id && known.scope == token.scope && known.is_active(token.issued)
            });
            if let Some((text, _)) = alive {
                return text.clone();
            }
        }
        state.counter += 1;
        let counter = state.counter;
        let text = if defects.has(Defect::TokenSerial) {
            format!("T{counter:05}")
        } else {
            self.opaque("access", counter)
        };
        if state.issued.len() >= SWEEP_AT {
            let now = now();
            state.issued.retain(|_, known| known.expires > now);
        }
        state.issued.insert(text.clone(), token);
        text
    }

    /// Issues a refresh token, which only a defect asks for.
    pub(super) fn issue_refresh(&self, token: Token) -> String {
        let mut state = self.lock();
        state.counter += 1;
        let text = self.opaque("refresh", state.counter);
        state.refresh.insert(text.clone(), token);
        text
    }

    fn opaque(&self, kind: &str, counter: u64) -> String {
        // HMAC takes keys of any length, so an empty text never comes out of this.
        Hmac::<Sha256>::new_from_slice(&self.key).map_or_else(
            |_| String::new(),
            |mac| URL_SAFE_NO_PAD.encode(mac.chain_update(format!("{kind}:{counter}")).finalize().into_bytes()),
        )
    }

    /// What is known of a token.
    pub(super) fn find(&self, text: &str) -> Option<Token> {
        self.lock().issued.get(text).cloned()
    }

    /// All tokens that may still be used.
    pub(super) fn alive(&self, now: i64) -> Vec<String> {
        let state = self.lock();
        let alive = state.issued.iter().filter(|(_, token)| token.is_active(now));
        alive.map(|(text, _)| text.clone()).collect()
    }

    /// Ends a token; tells whether it was known.
    pub(super) fn end(&self, text: &str) -> bool {
        self.lock()
            .issued
            .get_mut(text)
            .map(|token| token.ended = true)
            .is_some()
    }

    /// Remembers that a client used an assertion id; false if it did so before.
    pub(super) fn use_id(&self, client_id: &str, id: &str, expires: i64) -> bool {
        let mut state = self.lock();
        if state.used_ids.len() >= SWEEP_AT {
            let now = now();
            state.used_ids.retain(|_, until| *until > now);
        }
        state
            .used_ids
            .insert((client_id.to_owned(), id.to_owned()), expires)
            .is_none()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every step leaves the maps valid, so a panic of another holder does no harm.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_differ_and_end() {
        let tokens = Tokens::new();
        let token = Token {
            client_id: "a".into(),
            scope: "s".into(),
            issued: now(),
            expires: now() + 10,
            ended: false,
        };
        let first = tokens.issue(token.clone(), &DefectSet::NONE);
        let second = tokens.issue(token, &DefectSet::NONE);
        assert_ne!(first, second);
        assert_eq!(first.len(), 43);
        assert!(tokens.find(&first).is_some_and(|token| token.is_active(now())));
        assert!(tokens.end(&first) && !tokens.end("nonsense"));
        assert!(tokens.find(&first).is_some_and(|token| !token.is_active(now())));
        assert!(tokens.use_id("a", "1", now() + 9) && !tokens.use_id("a", "1", now() + 9));
    }
}
