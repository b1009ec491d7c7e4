//! Keys as 128-bit hashes, with a limit on memory.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// Bytes that one key takes at the worst moment: while the map grows, the old half stands beside the new one.
const BYTES_OF_A_KEY: u64 = 72;

/// A hash of a key. Two different keys have the same one with a chance of about n² / 2¹²⁹ among n keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct KeyHash([u32; 4]);

impl std::hash::Hash for KeyHash {
    #[inline]
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(u64::from(self.0[0]) << 32 | u64::from(self.0[1]));
    }
}

/// The bytes are a hash already.
#[derive(Default)]
pub(super) struct Taken(u64);

impl Hasher for Taken {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    #[inline]
    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

/// Two independent lanes of SipHash with keys of this run: nobody can prepare a file with collisions.
pub(super) struct KeyHasher {
    lanes: [std::collections::hash_map::RandomState; 2],
}

impl KeyHasher {
    pub(super) fn new() -> Self {
        Self {
            lanes: [Default::default(), Default::default()],
        }
    }

    /// The hash of the values of a key. Lengths go in too, so that ("a", "bc") is not ("ab", "c").
    #[inline]
    pub(super) fn hash<'v>(&self, values: impl Iterator<Item = &'v [u8]> + Clone) -> KeyHash {
        use std::hash::BuildHasher as _;
        let [one, two] = [0, 1].map(|lane: usize| {
            let mut hasher = self.lanes[lane].build_hasher();
            for value in values.clone() {
                hasher.write_usize(value.len());
                hasher.write(value);
            }
            hasher.finish()
        });
        KeyHash([(one >> 32) as u32, one as u32, (two >> 32) as u32, two as u32])
    }
}

/// What became of a key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Seen {
    New,
    /// It was there already; number of its record, counted over all files of the group from 1.
    Before(u32),
    /// There is no room for it: keys are not compared any more.
    Full,
}

/// Keys that were seen, with the records that had them first.
#[derive(Default)]
pub(super) struct Keys {
    map: HashMap<KeyHash, u32, BuildHasherDefault<Taken>>,
    full: bool,
}

impl Keys {
    /// How many keys a number of bytes has room for.
    pub(super) fn room(bytes: u64) -> usize {
        usize::try_from(bytes / BYTES_OF_A_KEY).unwrap_or(usize::MAX)
    }

    /// Notes a key, if there is room for it.
    #[inline]
    pub(super) fn add(&mut self, key: KeyHash, record: u64, room: bool) -> Seen {
        let number = u32::try_from(record);
        if let Some(before) = self.map.get(&key) {
            return Seen::Before(*before);
        }
        match number {
            Ok(number) if room => {
                self.map.insert(key, number);
                Seen::New
            }
            _ => {
                self.full = true;
                Seen::Full
            }
        }
    }

    pub(super) fn has(&self, key: KeyHash) -> bool {
        self.map.contains_key(&key)
    }

    /// Whether some keys found no room.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_told_apart_and_limited() {
        let hasher = KeyHasher::new();
        let key = |values: &[&str]| hasher.hash(values.iter().map(|value| value.as_bytes()));
        let mut keys = Keys::default();
        assert_eq!(keys.add(key(&["a", "bc"]), 1, true), Seen::New);
        assert_eq!(keys.add(key(&["ab", "c"]), 2, true), Seen::New);
        assert_eq!(keys.add(key(&["a", "bc"]), 3, true), Seen::Before(1));
        assert_eq!(keys.add(key(&["x", ""]), 4, false), Seen::Full);
        assert_eq!(keys.add(key(&["ab", "c"]), 5, false), Seen::Before(2));
        assert!(keys.is_full() && !keys.has(key(&["x", ""])));
    }
}
