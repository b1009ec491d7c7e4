//! Every scenario of the corpus as a test of `cargo test`, against the reference platform.
//!
//! `cargo test --test corpus -- --list` lists them; `-- missing-shorikubun` runs some.

use std::process::ExitCode;

fn main() -> ExitCode {
    junkyo::embed::main!(junkyo::embed::reference())
}
