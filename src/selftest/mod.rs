//! Floor 6: the suite against its own defects: every defect must be caught, every check must be
//! seen to fail.

mod matrix;

pub use matrix::{Cell, KillMatrix, kill_matrix};
