//! The root of a Merkle tree (RFC 6962, section 2.1) over leaves that come one after the other.

use sha2::{Digest as _, Sha256};

use crate::attest::Digest;

/// Hash of a leaf: SHA-256(0x00 ‖ data).
pub(super) fn leaf(data: &[u8]) -> Digest {
    let mut hash = leaf_hasher();
    hash.update(data);
    Digest(hash.finalize().into())
}

/// A hasher that has eaten the mark of a leaf.
pub(super) fn leaf_hasher() -> Sha256 {
    let mut hash = Sha256::new();
    hash.update([0]);
    hash
}

fn node(left: &Digest, right: &Digest) -> Digest {
    let mut hash = Sha256::new();
    hash.update([1]);
    hash.update(left.as_bytes());
    hash.update(right.as_bytes());
    Digest(hash.finalize().into())
}

/// Roots of whole subtrees, the largest first: as many as the number of leaves has ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Growing {
    subtrees: Vec<(u32, Digest)>,
    /// How many leaves there are.
    pub(super) count: u64,
}

impl Growing {
    pub(super) fn push(&mut self, leaf: Digest) {
        self.count += 1;
        let mut new = (0, leaf);
        while let Some((height, left)) = self.subtrees.last().filter(|(height, _)| *height == new.0) {
            new = (height + 1, node(left, &new.1));
            self.subtrees.pop();
        }
        self.subtrees.push(new);
    }

    /// The root; of no leaves, SHA-256 of nothing.
    pub(super) fn root(&self) -> Digest {
        let mut from_right = self.subtrees.iter().rev().map(|(_, root)| *root);
        match from_right.next() {
            None => Digest::of(b""),
            Some(last) => from_right.fold(last, |right, left| node(&left, &right)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition of RFC 6962, word by word.
    fn by_definition(leaves: &[Digest]) -> Digest {
        match leaves {
            [] => Digest::of(b""),
            [one] => *one,
            _ => {
                let split = leaves.len().next_power_of_two() / 2;
                node(&by_definition(&leaves[..split]), &by_definition(&leaves[split..]))
            }
        }
    }

    #[test]
    fn as_the_definition_says() {
        let leaves: Vec<Digest> = (0_u32..70).map(|i| leaf(&i.to_be_bytes())).collect();
        let mut growing = Growing::default();
        assert_eq!(growing.root(), by_definition(&[]));
        for (i, one) in leaves.iter().enumerate() {
            growing.push(*one);
            assert_eq!(growing.root(), by_definition(&leaves[..=i]), "{} leaves", i + 1);
        }
        // RFC 9162 and its predecessors agree on the hash of an empty leaf.
        assert_eq!(
            leaf(b"").to_string(),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
        );
    }
}
