//! The transparency log: hashes, proofs, notes, tiles; pure.
