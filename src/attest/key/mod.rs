//! Keys and signers.
