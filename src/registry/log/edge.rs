//! The right edge of a tree as tiles: what is needed to write the next ones.

use crate::attest::log::{Frontier, Hash, TILE_WIDTH, TileError, TileId, TileReader, TileSource, subtree_root};
use crate::attest::log::{Nodes, Tree};

/// The tiles that are not full yet, by level, and the root.
#[derive(Debug, Default)]
pub(super) struct Edge {
    frontier: Frontier,
    /// Less than 256 hashes each.
    partial: Vec<Vec<Hash>>,
}

impl Edge {
    pub(super) fn size(&self) -> u64 {
        self.frontier.size()
    }

    pub(super) fn root(&self) -> Hash {
        self.frontier.root()
    }

    /// Hashes of the entries in the tile that is not full yet.
    pub(super) fn last_leaves(&self) -> &[Hash] {
        self.partial.first().map_or(&[], Vec::as_slice)
    }

    /// Reads it from published tiles.
    pub(super) fn load<S: TileSource>(reader: &TileReader<S>) -> Result<Self, TileError> {
        let size = reader.size();
        let mut partial = Vec::new();
        for level in 0..8 {
            let count = size >> (level * 8);
            if count == 0 {
                break;
            }
            let first = count / TILE_WIDTH * TILE_WIDTH;
            let hashes: Result<Vec<Hash>, TileError> =
                (first..count).map(|index| reader.node(level * 8, index)).collect();
            partial.push(hashes?);
        }
        Ok(Self {
            frontier: Frontier::of(reader, size)?,
            partial,
        })
    }

    /// Appends an entry. Every tile that is full with it is handed over.
    pub(super) fn append<E>(
        &mut self,
        leaf: Hash,
        full: &mut dyn FnMut(TileId, Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.frontier.append(leaf);
        let mut hash = leaf;
        for level in 0..8_u8 {
            let at = usize::from(level);
            if at == self.partial.len() {
                self.partial.push(Vec::new());
            }
            self.partial[at].push(hash);
            if (self.partial[at].len() as u64) < TILE_WIDTH {
                break;
            }
            let hashes = std::mem::take(&mut self.partial[at]);
            let index = (self.size() >> (u32::from(level) * 8)) / TILE_WIDTH - 1;
            let id = TileId {
                level: Some(level),
                index,
                width: 256,
            };
            full(id, hashes.concat())?;
            hash = root_of_tile(hashes);
        }
        Ok(())
    }

    /// The tiles that are not full.
    pub(super) fn partial_tiles(&self) -> impl Iterator<Item = (TileId, Vec<u8>)> {
        (0_u8..)
            .zip(&self.partial)
            .filter(|(_, hashes)| !hashes.is_empty())
            .map(|(level, hashes)| {
                let id = TileId {
                    level: Some(level),
                    index: (self.size() >> (u32::from(level) * 8)) / TILE_WIDTH,
                    // Less than 256.
                    width: u16::try_from(hashes.len()).unwrap_or(255),
                };
                (id, hashes.concat())
            })
    }
}

fn root_of_tile(hashes: Vec<Hash>) -> Hash {
    let tree: Tree = hashes.into_iter().collect();
    match subtree_root(&tree, 0, tree.size()) {
        Ok(root) => root,
        Err(never) => match never {},
    }
}
