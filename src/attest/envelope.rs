//! DSSE: signed bytes with their type.
