//! junkyo against three business units of somebody else (tests/independent/units/README.md), written in Python from the
//! rules alone: the right form is conformant, every planted mistake is found where `tests/independent/units/findings.toml`
//! says; and the descriptions of all units, read by the tools of others.
//!
//! `ci/install-peers` installs what is needed; with `JUNKYO_SKIP_PEERS=1` the tests are ignored.

// Shared with tests/peers.rs, which uses more of it.
#[path = "peers_units/descriptions.rs"]
mod descriptions;
#[allow(dead_code)]
#[path = "peers/harness.rs"]
mod harness;
#[path = "peers_units/product.rs"]
mod product;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let mut arguments = Arguments::from_args();
    // A trial waits for processes more than it computes.
    arguments.test_threads.get_or_insert(3);
    let skip = std::env::var("JUNKYO_SKIP_PEERS").is_ok_and(|value| value == "1");
    let trials = [product::trials(), descriptions::trials()]
        .into_iter()
        .flatten()
        .map(|trial| trial.with_ignored_flag(skip))
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

/// A trial whose failure is a text, in a folder of its own.
fn trial(name: impl Into<String>, run: impl FnOnce(&harness::Folder) -> Result<(), String> + Send + 'static) -> Trial {
    let name = name.into();
    let folder = format!("units-{}", name.replace('/', "-"));
    Trial::test(name, move || harness::Folder::with(&folder, run).map_err(Into::into))
}
