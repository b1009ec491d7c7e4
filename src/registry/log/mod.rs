//! The writer of the transparency log.
