//! Whether the database still says what was signed.

use std::collections::BTreeMap;

use super::LogError;
use super::edge::Edge;
use super::folder::LogFolder;
use crate::attest::log::{Checkpoint, Hash, LeafEntry, TileId, leaf_hash};
use crate::registry::store::{Store, StoreError, values};

/// Entries that are read at a time.
const AT_A_TIME: i64 = 10_000;

/// What a check has looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LogCheck {
    /// Entries.
    pub entries: u64,
    /// Root over them.
    pub root: Hash,
    /// Signed checkpoints that the entries lead to.
    pub checkpoints: usize,
    /// Published files that were compared.
    pub files: usize,
}

pub(super) fn check(
    store: &Store,
    published: Option<Checkpoint>,
    folder: Option<&LogFolder>,
) -> Result<LogCheck, LogError> {
    let mut signed = signed_roots(store)?;
    let checkpoints = signed.len();
    let mut edge = Edge::default();
    let published_size = published.as_ref().map_or(0, |checkpoint| checkpoint.size);
    let mut files = 0;
    loop {
        let from = i64::try_from(edge.size()).unwrap_or(i64::MAX);
        let rows: Vec<(i64, Vec<u8>, String)> = store.read(|tx| {
            let mut rows = Vec::new();
            tx.each(
                "SELECT position, hash, leaf FROM log_leaf WHERE position >= ?1 ORDER BY position LIMIT ?2",
                &values![from, AT_A_TIME],
                &mut |row| {
                    rows.push((row.int(0)?, row.bytes(1)?, row.text(2)?));
                    Ok(())
                },
            )?;
            Ok::<_, StoreError>(rows)
        })?;
        if rows.is_empty() {
            break;
        }
        for (found, hash, leaf) in rows {
            let position = edge.size();
            if u64::try_from(found) != Ok(position) {
                return Err(LogError::Changed {
                    position,
                    what: "is missing",
                });
            }
            let hash = hash.try_into().unwrap_or([0; 32]);
            same_hash(position, &hash, &leaf)?;
            edge.append(hash, &mut |id, bytes| {
                let covered = (id.index + 1) << (u32::from(id.level.unwrap_or(0)) * 8 + 8);
                if covered <= published_size {
                    files += same_file(folder, &id, &bytes)?;
                }
                Ok::<_, LogError>(())
            })?;
            if let Some(root) = signed.remove(&edge.size())
                && root != edge.root()
            {
                return Err(LogError::Root {
                    size: edge.size(),
                    place: "a checkpoint that was signed".into(),
                });
            }
            if let Some(checkpoint) = published.as_ref().filter(|checkpoint| checkpoint.size == edge.size()) {
                if checkpoint.root != edge.root() {
                    return Err(LogError::Root {
                        size: checkpoint.size,
                        place: "the published checkpoint".into(),
                    });
                }
                for (id, bytes) in edge.partial_tiles() {
                    files += same_file(folder, &id, &bytes)?;
                }
            }
        }
    }
    let found = edge.size();
    if published_size > found {
        return Err(LogError::Behind {
            place: "the published checkpoint".into(),
            expected: published_size,
            found,
        });
    }
    if let Some((&expected, _)) = signed.iter().find(|(size, _)| **size > 0) {
        return Err(LogError::Behind {
            place: "a checkpoint that was signed".into(),
            expected,
            found,
        });
    }
    Ok(LogCheck {
        entries: found,
        root: edge.root(),
        checkpoints,
        files,
    })
}

/// The hash beside an entry is that of the entry, and the entry is one of ours.
pub(super) fn same_hash(position: u64, hash: &Hash, leaf: &str) -> Result<(), LogError> {
    if leaf_hash(leaf.as_bytes()) != *hash {
        return Err(LogError::Changed {
            position,
            what: "does not have the hash that stands beside it",
        });
    }
    LeafEntry::parse(leaf.as_bytes()).map_err(|source| LogError::Leaf { position, source })?;
    Ok(())
}

fn same_file(folder: Option<&LogFolder>, id: &TileId, bytes: &[u8]) -> Result<usize, LogError> {
    let Some(folder) = folder else { return Ok(0) };
    let path = id.to_string();
    if folder.read(&path)?.as_deref() == Some(bytes) {
        Ok(1)
    } else {
        Err(LogError::Tiles { path })
    }
}

fn signed_roots(store: &Store) -> Result<BTreeMap<u64, Hash>, LogError> {
    let mut roots = BTreeMap::new();
    store
        .read(|tx| {
            roots.clear();
            tx.each("SELECT size, root FROM log_checkpoint", &[], &mut |row| {
                let root = row.bytes(1)?.try_into().unwrap_or([0; 32]);
                roots.insert(u64::try_from(row.int(0)?).unwrap_or(0), root);
                Ok(())
            })
        })
        .map_err(|error: StoreError| error)?;
    Ok(roots)
}
