//! The transparency log: hashes, proofs, notes, cosignatures, policies, tiles; pure, without files, network or clock.
//!
//! Formats are those of C2SP (tlog-tiles, tlog-checkpoint, signed-note, tlog-cosignature, tlog-policy, tlog-proof) over
//! the Merkle tree of RFC 6962 and the algorithms of RFC 9162, so that other people's tools read and check the log.

mod checkpoint;
mod cosignature;
mod leaf;
mod note;
mod policy;
mod proof;
#[cfg(test)]
mod tests;
mod tile;
mod tree;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use cosignature::{Cosignature, cosign, cosignature_of};
pub use leaf::{LeafEntry, LeafError, MAX_ENTRY};
pub use note::{Note, NoteError, NoteSignature, NoteSigner, SignatureKind, SignerError, VerifierKey};
pub use policy::{Policy, PolicyError, Seen};
pub use proof::{
    ConsistencyProof, InclusionProof, LogProof, LogProofError, ProofError, prove_consistency, prove_inclusion,
};
pub use tile::{TILE_WIDTH, TileError, TileId, TileReader, TileSource, tile_path, tiles_between};
pub use tree::{Frontier, Hash, Nodes, Tree, empty_root, leaf_hash, node_hash, root_of, subtree_root};
