//! Proofs: that an entry is in a tree, that a tree is the beginning of another, and both in one file (C2SP tlog-proof).

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use super::checkpoint::{decimal, decode_hash};
use super::note::{Note, NoteError};
use super::policy::{Policy, Seen};
use super::{CheckpointError, Hash, Nodes, empty_root, leaf_hash, node_hash, subtree_root};

/// First line of a proof in a file.
const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Largest number of hashes in a proof: a path in a tree of 2^63 entries.
const MAX_HASHES: usize = 64;

/// Largest proof file that is read, in bytes.
const MAX_FILE: usize = 1 << 20;

/// Why a proof does not hold.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum ProofError {
    /// The entry lies outside.
    #[error("entry {index} is not in a log of {size} entries")]
    Outside {
        /// Number of the entry, from 0.
        index: u64,
        /// Size of the log.
        size: u64,
    },
    /// A log does not get shorter.
    #[error("the log went from {old} to {new} entries: entries are missing")]
    Shorter {
        /// Size before.
        old: u64,
        /// Size after.
        new: u64,
    },
    /// Too many or too few hashes.
    #[error("the proof has {found} hashes, which is not as many as it needs")]
    Length {
        /// Hashes in it.
        found: usize,
    },
    /// The hashes do not lead to the root of the (newer) tree.
    #[error("the hashes of the proof do not lead to the root of the log: another entry, another proof, or another log")]
    Root,
    /// The hashes do not lead to the root of the older tree.
    #[error("the hashes of the proof do not lead to the older root: the log was changed, or this is another log")]
    OldRoot,
}

/// That an entry is in a tree.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InclusionProof {
    /// Hashes from the leaf to the root.
    pub hashes: Vec<Hash>,
}

/// That a tree is the beginning of another one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConsistencyProof {
    /// Hashes in the order of RFC 9162 2.1.4.
    pub hashes: Vec<Hash>,
}

/// Proof for entry `index` in the tree of the first `size` entries (RFC 9162 2.1.3.1).
///
/// # Errors
/// Those of the source. An index outside gives an empty proof, which holds for nothing but a single entry.
pub fn prove_inclusion<N: Nodes>(nodes: &N, index: u64, size: u64) -> Result<InclusionProof, N::Error> {
    let mut hashes = Vec::new();
    let (mut start, mut end) = (0, size);
    while index < size && end - start > 1 {
        let middle = start + split(end - start);
        if index < middle {
            hashes.push(subtree_root(nodes, middle, end)?);
            end = middle;
        } else {
            hashes.push(subtree_root(nodes, start, middle)?);
            start = middle;
        }
    }
    hashes.reverse();
    Ok(InclusionProof { hashes })
}

/// Proof that the tree of the first `old` entries is the beginning of that of the first `new` (RFC 9162 2.1.4.1).
///
/// # Errors
/// Those of the source. If `old` is 0, or not less than `new`, the proof is empty.
pub fn prove_consistency<N: Nodes>(nodes: &N, old: u64, new: u64) -> Result<ConsistencyProof, N::Error> {
    let mut hashes = Vec::new();
    let (mut start, mut end) = (0, new);
    // Whether the old tree ends with the subtree we are in; at its left edge, its root is known to the verifier.
    let mut known = true;
    if old > 0 && old < new {
        while end != old {
            let middle = start + split(end - start);
            if old <= middle {
                hashes.push(subtree_root(nodes, middle, end)?);
                end = middle;
            } else {
                hashes.push(subtree_root(nodes, start, middle)?);
                start = middle;
                known = false;
            }
        }
        if !known {
            hashes.push(subtree_root(nodes, start, end)?);
        }
    }
    hashes.reverse();
    Ok(ConsistencyProof { hashes })
}

/// Largest power of two below a number of at least 2.
fn split(count: u64) -> u64 {
    1 << (count - 1).ilog2()
}

impl InclusionProof {
    /// Checks that a leaf hash is entry `index` of the tree with this size and root (RFC 9162 2.1.3.2).
    ///
    /// # Errors
    /// If it does not hold.
    pub fn verify(&self, leaf: &Hash, index: u64, size: u64, root: &Hash) -> Result<(), ProofError> {
        if index >= size {
            return Err(ProofError::Outside { index, size });
        }
        let length = ProofError::Length {
            found: self.hashes.len(),
        };
        let (mut first, mut last) = (index, size - 1);
        let mut computed = *leaf;
        for hash in &self.hashes {
            if last == 0 {
                return Err(length);
            }
            if first & 1 == 1 || first == last {
                computed = node_hash(hash, &computed);
                while first & 1 == 0 && first != 0 {
                    first >>= 1;
                    last >>= 1;
                }
            } else {
                computed = node_hash(&computed, hash);
            }
            first >>= 1;
            last >>= 1;
        }
        if last != 0 {
            return Err(length);
        }
        if computed == *root {
            Ok(())
        } else {
            Err(ProofError::Root)
        }
    }
}

impl ConsistencyProof {
    /// Checks that the tree with the old size and root is the beginning of that with the new ones (RFC 9162 2.1.4.2).
    ///
    /// # Errors
    /// If it does not hold.
    pub fn verify(&self, old: u64, old_root: &Hash, new: u64, new_root: &Hash) -> Result<(), ProofError> {
        let length = ProofError::Length {
            found: self.hashes.len(),
        };
        if new < old {
            return Err(ProofError::Shorter { old, new });
        }
        if old == 0 || old == new {
            let same = if old == 0 { empty_root() } else { *new_root };
            return match (self.hashes.is_empty(), *old_root == same) {
                (false, _) => Err(length),
                (true, false) => Err(ProofError::OldRoot),
                // Of an empty tree, any tree is a continuation; but there is only one empty tree.
                (true, true) if new == 0 && *new_root != empty_root() => Err(ProofError::Root),
                (true, true) => Ok(()),
            };
        }
        let mut hashes = self.hashes.iter();
        let (mut first, mut last) = (old - 1, new - 1);
        while first & 1 == 1 {
            first >>= 1;
            last >>= 1;
        }
        let start = if old.is_power_of_two() {
            *old_root
        } else {
            *hashes.next().ok_or(length)?
        };
        let (mut old_computed, mut new_computed) = (start, start);
        for hash in hashes {
            if last == 0 {
                return Err(length);
            }
            if first & 1 == 1 || first == last {
                old_computed = node_hash(hash, &old_computed);
                new_computed = node_hash(hash, &new_computed);
                while first & 1 == 0 && first != 0 {
                    first >>= 1;
                    last >>= 1;
                }
            } else {
                new_computed = node_hash(&new_computed, hash);
            }
            first >>= 1;
            last >>= 1;
        }
        if last != 0 {
            return Err(length);
        }
        if old_computed != *old_root {
            return Err(ProofError::OldRoot);
        }
        if new_computed != *new_root {
            return Err(ProofError::Root);
        }
        Ok(())
    }
}

/// A proof for people who are offline: the entry, its place, the path, and the checkpoint with its signatures.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogProof {
    /// The entry.
    pub entry: Vec<u8>,
    /// Its number, from 0.
    pub index: u64,
    /// Path to the root.
    pub inclusion: InclusionProof,
    /// The checkpoint.
    pub checkpoint: Note,
}

/// Why a proof file cannot be read, or does not hold.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum LogProofError {
    /// Not the form of a proof.
    #[error("log proof, line {line}: expected {expected}, found {found:?}")]
    Form {
        /// Line, from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
        /// What stands there, cut short.
        found: String,
    },
    /// Its checkpoint is no note.
    #[error("checkpoint of the log proof: {0}")]
    Note(#[from] NoteError),
    /// Its checkpoint is none of the log.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// The path does not lead there.
    #[error(transparent)]
    Proof(#[from] ProofError),
    /// Not enough witnesses.
    #[error("the checkpoint has {found} cosignature(s) of witnesses in the policy, which is not enough for its quorum")]
    Quorum {
        /// Witnesses that cosigned it.
        found: usize,
    },
}

impl LogProof {
    /// Reads the file.
    ///
    /// # Errors
    /// If its form is another one.
    pub fn parse(bytes: &[u8]) -> Result<Self, LogProofError> {
        let fault = |line: usize, expected, found: &str| LogProofError::Form {
            line,
            expected,
            found: found.chars().take(120).collect(),
        };
        if bytes.len() > MAX_FILE {
            return Err(fault(1, "a file of at most 1 MiB", ""));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| fault(1, "UTF-8 text", ""))?;
        let (head, note) = text
            .split_once("\n\n")
            .ok_or_else(|| fault(1, "an empty line before the checkpoint", ""))?;
        let mut lines = head.split('\n').enumerate().map(|(index, line)| (index + 1, line));
        let mut next = |expected| lines.next().ok_or_else(|| fault(1, expected, ""));
        let (line, header) = next("c2sp.org/tlog-proof@v1")?;
        if header != HEADER {
            return Err(fault(line, "c2sp.org/tlog-proof@v1", header));
        }
        let (line, extra) = next("extra and the entry in base64")?;
        let entry = extra
            .strip_prefix("extra ")
            .and_then(|extra| STANDARD.decode(extra).ok())
            .ok_or_else(|| fault(line, "extra and the entry in base64", extra))?;
        let (line, place) = next("index and a number")?;
        let index = place
            .strip_prefix("index ")
            .and_then(decimal)
            .ok_or_else(|| fault(line, "index and a number", place))?;
        let mut hashes = Vec::new();
        for (line, hash) in lines {
            if hashes.len() == MAX_HASHES {
                return Err(fault(line, "at most 64 hashes", hash));
            }
            hashes.push(decode_hash(hash).ok_or_else(|| fault(line, "a hash in base64, 32 bytes", hash))?);
        }
        Ok(Self {
            entry,
            index,
            inclusion: InclusionProof { hashes },
            checkpoint: Note::parse(note.as_bytes())?,
        })
    }

    /// Checks the signature of the log, the quorum of its witnesses, and the path.
    ///
    /// # Errors
    /// If one of them does not hold.
    pub fn verify(&self, policy: &Policy) -> Result<Seen, LogProofError> {
        let seen = policy.check(&self.checkpoint)?;
        let Seen { checkpoint, .. } = &seen;
        self.inclusion
            .verify(&leaf_hash(&self.entry), self.index, checkpoint.size, &checkpoint.root)?;
        if !seen.quorum {
            return Err(LogProofError::Quorum {
                found: seen.witnesses.len(),
            });
        }
        Ok(seen)
    }
}

/// The file.
impl fmt::Display for LogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{HEADER}\nextra {}\nindex {}",
            STANDARD.encode(&self.entry),
            self.index
        )?;
        for hash in &self.inclusion.hashes {
            writeln!(f, "{}", STANDARD.encode(hash))?;
        }
        write!(f, "\n{}", self.checkpoint)
    }
}
