//! What a submitted bundle has to be.
