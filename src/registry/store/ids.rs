//! Names of things: a prefix that tells the kind, and 128 random bits.

/// Crockford's base 32: no I, L, O, U.
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A new name: the prefix, `_` and 26 digits of 128 random bits. Should the machine have no randomness, which no system of
/// today is without, the time and a counter take its place: names stay different, and are no secrets.
pub fn fresh_id(prefix: &str) -> String {
    let mut bytes = [0; 16];
    if getrandom::fill(&mut bytes).is_err() {
        bytes = fallback();
    }
    format!("{prefix}_{}", base32(u128::from_be_bytes(bytes)))
}

fn base32(number: u128) -> String {
    (0..26)
        .rev()
        .map(|place| char::from(DIGITS[(number >> (5 * place)) as usize & 31]))
        .collect()
}

fn fallback() -> [u8; 16] {
    use std::sync::atomic::{AtomicU64, Ordering};
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let time = since.unwrap_or_default().as_nanos() << 32;
    (time ^ u128::from(std::process::id()) << 96 ^ u128::from(COUNTER.fetch_add(1, Ordering::SeqCst))).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_its_kind_and_is_new() {
        let id = fresh_id("prd");
        let (prefix, digits) = id.split_once('_').unwrap();
        assert_eq!((prefix, digits.len()), ("prd", 26));
        assert!(digits.bytes().all(|digit| DIGITS.contains(&digit)), "{id}");
        assert_ne!(id, fresh_id("prd"));
        assert_ne!(fallback(), fallback());
    }

    #[test]
    fn digits_are_those_of_the_number() {
        assert_eq!(base32(0), "0".repeat(26));
        assert_eq!(base32(u128::MAX), format!("7{}", "z".repeat(25)));
        assert_eq!(base32(32 + 31), format!("{}1z", "0".repeat(24)));
    }
}
