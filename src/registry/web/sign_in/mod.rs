//! Ways to sign in.
