//! Tiles (C2SP tlog-tiles): the log as static files of 256 hashes or entries each.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use thiserror::Error;

use super::{Hash, MAX_ENTRY, Nodes, node_hash, subtree_root};

/// Hashes or entries in a full tile.
pub const TILE_WIDTH: u64 = 256;

/// Levels of the tree in one tile.
const TILE_HEIGHT: u32 = 8;

/// Tiles that a reader keeps: a path to each side of the tree, and some of its neighbours.
const MAX_CACHE: usize = 64;

/// A tile of hashes, or of entries.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct TileId {
    /// Level of the tile from 0; none: a tile of entries.
    pub level: Option<u8>,
    /// Number in the level, from 0.
    pub index: u64,
    /// Hashes or entries in it, 1 to 256.
    pub width: u16,
}

impl TileId {
    /// Whether it is full, and so will never change.
    pub fn is_full(&self) -> bool {
        u64::from(self.width) == TILE_WIDTH
    }

    /// Reads a path, such as that of a request.
    pub fn from_path(path: &str) -> Option<Self> {
        let rest = path.strip_prefix("tile/")?;
        let (level, rest) = rest.split_once('/')?;
        let (number, width) = match rest.split_once(".p/") {
            None => (rest, 256),
            Some((number, width)) => (number, width.parse().ok().filter(|width| (1..256).contains(width))?),
        };
        let mut index: u64 = 0;
        for group in number.split('/') {
            let digits = group.strip_prefix('x').unwrap_or(group);
            if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            index = index.checked_mul(1_000)?.checked_add(digits.parse().ok()?)?;
        }
        let level = match level {
            "entries" => None,
            level => Some(level.parse().ok().filter(|&level: &u8| level < 64)?),
        };
        let id = Self { level, index, width };
        // There is one path for each tile.
        (id.to_string() == path).then_some(id)
    }
}

/// The path below the address of the log.
impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.level {
            None => f.write_str("tile/entries/")?,
            Some(level) => write!(f, "tile/{level}/")?,
        }
        let mut groups = vec![self.index % 1_000];
        let mut rest = self.index / 1_000;
        while rest > 0 {
            groups.push(rest % 1_000);
            rest /= 1_000;
        }
        for group in groups.iter().skip(1).rev() {
            write!(f, "x{group:03}/")?;
        }
        write!(f, "{:03}", groups[0])?;
        if self.is_full() {
            Ok(())
        } else {
            write!(f, ".p/{}", self.width)
        }
    }
}

/// Path of a tile: level (none: entries), number, and width.
pub fn tile_path(level: Option<u8>, index: u64, width: u16) -> String {
    TileId { level, index, width }.to_string()
}

/// Tiles that are new in a log of `new` entries when those of `old` are there, lowest level first.
pub fn tiles_between(old: u64, new: u64) -> Vec<TileId> {
    let mut tiles = Vec::new();
    let levels = [None].into_iter().chain((0..8).map(Some));
    for level in levels {
        let shift = u32::from(level.unwrap_or(0)) * TILE_HEIGHT;
        let (before, after) = (old >> shift, new >> shift);
        if before == after {
            continue;
        }
        for index in before / TILE_WIDTH..=(after - 1) / TILE_WIDTH {
            let width = (after - index * TILE_WIDTH).min(TILE_WIDTH);
            tiles.push(TileId {
                level,
                index,
                // At most 256.
                width: u16::try_from(width).unwrap_or(256),
            });
        }
    }
    tiles
}

/// Why a tile cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TileError {
    /// It cannot be had.
    #[error("tile {path}: {why}")]
    Unavailable {
        /// Path of the tile.
        path: String,
        /// What the source said.
        why: String,
    },
    /// It has another length.
    #[error("tile {path}: expected {expected} bytes, found {found}")]
    Length {
        /// Path of the tile.
        path: String,
        /// 32 bytes a hash.
        expected: usize,
        /// Bytes that came.
        found: usize,
    },
    /// Its entries are cut short, or there is something behind them.
    #[error("tile {path}: expected {expected} entries with their lengths, and nothing behind them")]
    Entries {
        /// Path of the tile.
        path: String,
        /// Entries that should be there.
        expected: u16,
    },
    /// The hash lies outside the log.
    #[error("no subtree {index} of level {level} in a log of {size} entries")]
    Outside {
        /// Level of the tree.
        level: u32,
        /// Number in the level.
        index: u64,
        /// Size of the log.
        size: u64,
    },
}

impl TileId {
    /// Hashes of a tile.
    ///
    /// # Errors
    /// If it has another length.
    pub fn hashes(&self, bytes: &[u8]) -> Result<Vec<Hash>, TileError> {
        let (hashes, rest) = bytes.as_chunks::<32>();
        if hashes.len() != usize::from(self.width) || !rest.is_empty() {
            return Err(TileError::Length {
                path: self.to_string(),
                expected: usize::from(self.width) * 32,
                found: bytes.len(),
            });
        }
        Ok(hashes.to_vec())
    }

    /// Entries of a tile of entries.
    ///
    /// # Errors
    /// If they are cut short, or something is behind them.
    pub fn entries<'a>(&self, bytes: &'a [u8]) -> Result<Vec<&'a [u8]>, TileError> {
        let fault = || TileError::Entries {
            path: self.to_string(),
            expected: self.width,
        };
        let mut rest = bytes;
        let mut entries = Vec::with_capacity(usize::from(self.width));
        for _ in 0..self.width {
            let (length, after) = rest.split_first_chunk::<2>().ok_or_else(fault)?;
            let (entry, after) = after
                .split_at_checked(usize::from(u16::from_be_bytes(*length)))
                .ok_or_else(fault)?;
            entries.push(entry);
            rest = after;
        }
        if rest.is_empty() { Ok(entries) } else { Err(fault()) }
    }

    /// Bytes of a tile of entries, each with its length before it. None if one is too long.
    pub fn encode_entries<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        for entry in entries {
            if entry.len() > MAX_ENTRY {
                return None;
            }
            bytes.extend_from_slice(&u16::try_from(entry.len()).ok()?.to_be_bytes());
            bytes.extend_from_slice(entry);
        }
        Some(bytes)
    }

    /// Bytes of a tile of hashes from the tree below it.
    ///
    /// # Errors
    /// Those of the source.
    pub fn encode_hashes<N: Nodes>(&self, nodes: &N) -> Result<Vec<u8>, N::Error> {
        let level = u32::from(self.level.unwrap_or(0)) * TILE_HEIGHT;
        let first = self.index * TILE_WIDTH;
        let mut bytes = Vec::with_capacity(usize::from(self.width) * 32);
        for index in first..first + u64::from(self.width) {
            bytes.extend_from_slice(&nodes.node(level, index)?);
        }
        Ok(bytes)
    }
}

/// Where tiles come from: a folder, a web server, an archive.
pub trait TileSource {
    /// Bytes of a tile.
    ///
    /// # Errors
    /// Why it cannot be had, in words.
    fn tile(&self, id: &TileId) -> Result<Vec<u8>, String>;
}

impl<F: Fn(&TileId) -> Result<Vec<u8>, String>> TileSource for F {
    fn tile(&self, id: &TileId) -> Result<Vec<u8>, String> {
        self(id)
    }
}

/// Hashes of a log of known size from its tiles. Nothing is believed: roots and proofs show whether they are right.
#[derive(Debug)]
pub struct TileReader<S> {
    source: S,
    size: u64,
    cache: RefCell<HashMap<TileId, Rc<[Hash]>>>,
}

impl<S: TileSource> TileReader<S> {
    /// The tiles of a log of this size.
    pub fn new(source: S, size: u64) -> Self {
        Self {
            source,
            size,
            cache: RefCell::default(),
        }
    }

    /// Number of entries.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The tile of a level with a number, as wide as the log has it.
    fn id(&self, level: Option<u8>, index: u64) -> Option<TileId> {
        let count = self.size >> (u32::from(level.unwrap_or(0)) * TILE_HEIGHT);
        let width = count.checked_sub(index.checked_mul(TILE_WIDTH)?)?.min(TILE_WIDTH);
        let width = u16::try_from(width).ok().filter(|&width| width > 0)?;
        Some(TileId { level, index, width })
    }

    /// The entries of tile `index` (entries from `256 * index`).
    ///
    /// # Errors
    /// If the tile cannot be had, or is none.
    pub fn entries(&self, index: u64) -> Result<Vec<Vec<u8>>, TileError> {
        let id = self.id(None, index).ok_or_else(|| TileError::Outside {
            level: 0,
            index: index.saturating_mul(TILE_WIDTH),
            size: self.size,
        })?;
        let bytes = self.fetch(&id)?;
        Ok(id.entries(&bytes)?.into_iter().map(<[u8]>::to_vec).collect())
    }

    fn fetch(&self, id: &TileId) -> Result<Vec<u8>, TileError> {
        self.source.tile(id).map_err(|why| TileError::Unavailable {
            path: id.to_string(),
            why,
        })
    }

    fn hashes(&self, id: TileId) -> Result<Rc<[Hash]>, TileError> {
        if let Some(hashes) = self.cache.borrow().get(&id) {
            return Ok(Rc::clone(hashes));
        }
        let hashes: Rc<[Hash]> = id.hashes(&self.fetch(&id)?)?.into();
        let mut cache = self.cache.borrow_mut();
        if cache.len() >= MAX_CACHE {
            cache.clear();
        }
        cache.insert(id, Rc::clone(&hashes));
        Ok(hashes)
    }
}

impl<S: TileSource> Nodes for TileReader<S> {
    type Error = TileError;

    fn node(&self, level: u32, index: u64) -> Result<Hash, TileError> {
        let outside = || TileError::Outside {
            level,
            index,
            size: self.size,
        };
        let within = level % TILE_HEIGHT;
        let tile_level = u8::try_from(level / TILE_HEIGHT).map_err(|_| outside())?;
        let first = index << within;
        let id = self.id(Some(tile_level), first / TILE_WIDTH).ok_or_else(outside)?;
        let hashes = self.hashes(id)?;
        let start = usize::try_from(first % TILE_WIDTH).unwrap_or(usize::MAX);
        let part = hashes.get(start..start + (1 << within)).ok_or_else(outside)?;
        Ok(join(part))
    }
}

/// Root over a power of two of hashes.
fn join(hashes: &[Hash]) -> Hash {
    match hashes {
        [only] => *only,
        _ => {
            let (left, right) = hashes.split_at(hashes.len() / 2);
            node_hash(&join(left), &join(right))
        }
    }
}

impl<S: TileSource> TileReader<S> {
    /// Root of the log as its tiles say.
    ///
    /// # Errors
    /// If a tile cannot be had, or is none.
    pub fn root(&self) -> Result<Hash, TileError> {
        subtree_root(self, 0, self.size)
    }
}
