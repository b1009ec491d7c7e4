//! The Merkle tree of RFC 6962: hashes, the tree in memory, and its right edge alone.

use std::convert::Infallible;

use sha2::{Digest as _, Sha256};

/// A SHA-256 hash of a leaf, a node or a root.
pub type Hash = [u8; 32];

/// Hash of an entry: SHA-256(0x00 ‖ entry) (RFC 9162 2.1.1).
pub fn leaf_hash(entry: &[u8]) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([0]);
    hasher.update(entry);
    hasher.finalize().into()
}

/// Hash of two subtrees: SHA-256(0x01 ‖ left ‖ right) (RFC 9162 2.1.1).
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    let mut hasher = Sha256::new();
    hasher.update([1]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

/// Root of a tree without entries: SHA-256 of nothing.
pub fn empty_root() -> Hash {
    Sha256::digest([]).into()
}

/// Hashes of complete subtrees: the only thing that roots and proofs are made of.
pub trait Nodes {
    /// Why a hash cannot be had.
    type Error;

    /// Hash of the subtree over the entries `index << level` to `(index + 1) << level`, which must all exist.
    ///
    /// # Errors
    /// Whatever keeps the source from answering.
    fn node(&self, level: u32, index: u64) -> Result<Hash, Self::Error>;
}

impl<N: Nodes + ?Sized> Nodes for &N {
    type Error = N::Error;

    fn node(&self, level: u32, index: u64) -> Result<Hash, Self::Error> {
        (**self).node(level, index)
    }
}

/// Hash over the entries `start` to `end`, where `start` is the beginning of a subtree of at least that many entries.
///
/// # Errors
/// Those of the source.
pub fn subtree_root<N: Nodes>(nodes: &N, start: u64, end: u64) -> Result<Hash, N::Error> {
    // From the right: the smallest complete subtree first, each larger one joined at its left.
    let mut root = None;
    let mut end = end;
    while end > start {
        let level = (end - start).trailing_zeros();
        let index = (end >> level) - 1;
        let left = nodes.node(level, index)?;
        root = Some(match root {
            None => left,
            Some(right) => node_hash(&left, &right),
        });
        end -= 1 << level;
    }
    Ok(root.unwrap_or_else(empty_root))
}

/// Root of the first `size` entries.
///
/// # Errors
/// Those of the source.
pub fn root_of<N: Nodes>(nodes: &N, size: u64) -> Result<Hash, N::Error> {
    subtree_root(nodes, 0, size)
}

/// A whole tree in memory: 64 bytes for each entry.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Tree {
    /// Hashes of complete subtrees, by level.
    levels: Vec<Vec<Hash>>,
}

impl Tree {
    /// A tree without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.levels.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// Appends an entry by its leaf hash.
    pub fn append(&mut self, leaf: Hash) {
        let mut hash = leaf;
        let mut level = 0;
        loop {
            if level == self.levels.len() {
                self.levels.push(Vec::new());
            }
            let hashes = &mut self.levels[level];
            hashes.push(hash);
            let [.., left, right] = hashes[..] else { return };
            if hashes.len() % 2 == 1 {
                return;
            }
            hash = node_hash(&left, &right);
            level += 1;
        }
    }

    /// Root of the whole tree.
    pub fn root(&self) -> Hash {
        match root_of(self, self.size()) {
            Ok(root) => root,
            Err(never) => match never {},
        }
    }
}

impl FromIterator<Hash> for Tree {
    fn from_iter<I: IntoIterator<Item = Hash>>(leaves: I) -> Self {
        let mut tree = Self::new();
        for leaf in leaves {
            tree.append(leaf);
        }
        tree
    }
}

impl Nodes for Tree {
    type Error = Infallible;

    /// Hash of a complete subtree.
    ///
    /// # Panics
    /// If the tree does not have it: sizes are checked before by everything that asks.
    fn node(&self, level: u32, index: u64) -> Result<Hash, Infallible> {
        Ok(self.levels[level as usize][usize::try_from(index).unwrap_or(usize::MAX)])
    }
}

/// The right edge of a tree: enough to append and to know the root, in less than 2 kB for any size.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Frontier {
    size: u64,
    /// Roots of the complete subtrees from left to right, one for each bit of the size.
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The edge of a tree without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// The edge of the first `size` entries of a tree.
    ///
    /// # Errors
    /// Those of the source.
    pub fn of<N: Nodes>(nodes: &N, size: u64) -> Result<Self, N::Error> {
        let mut peaks = Vec::new();
        let mut start = 0;
        for level in (0..u64::BITS).rev().filter(|level| size >> level & 1 == 1) {
            peaks.push(nodes.node(level, start >> level)?);
            start += 1 << level;
        }
        Ok(Self { size, peaks })
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends an entry by its leaf hash.
    pub fn append(&mut self, leaf: Hash) {
        let mut hash = leaf;
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.peaks.push(hash);
        self.size += 1;
    }

    /// Root of the tree.
    pub fn root(&self) -> Hash {
        let mut peaks = self.peaks.iter().rev();
        let Some(last) = peaks.next() else { return empty_root() };
        peaks.fold(*last, |right, left| node_hash(left, &right))
    }
}
