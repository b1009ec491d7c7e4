//! What a vendor puts into `tests/conformance.rs` of his own crate, so that `cargo test` runs the
//! scenarios against his product.
//!
//! In `Cargo.toml`:
//!
//! ```toml
//! [dev-dependencies]
//! junkyo = "0.1"
//! libtest-mimic = "0.8"
//!
//! [[test]]
//! name = "conformance"
//! harness = false
//! ```
//!
//! Here as an example, against `junkyo mock` in another terminal:
//!
//! ```text
//! cargo run --example embed_in_your_crate -- missing-shorikubun
//! ```

use std::process::ExitCode;

use junkyo::embed;

fn main() -> ExitCode {
    // The file that `junkyo mock` writes; yours is `product.toml` beside your `Cargo.toml`.
    embed::main!(embed::target("target/junkyo/mock/target.toml").ignore("tag(slow)"))
}
