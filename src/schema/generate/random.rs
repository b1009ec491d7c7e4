//! Numbers from a seed, the same on every machine (SplitMix64).

/// A stream of numbers.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `size`; 0 if there is none.
    pub(super) fn below(&mut self, size: usize) -> usize {
        match u64::try_from(size) {
            Ok(0) | Err(_) => 0,
            Ok(size) => usize::try_from(self.next() % size).unwrap_or(0),
        }
    }
}
