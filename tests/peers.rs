//! junkyo against programs that the project did not write, as a vendor would run it: the independent
//! provider and consumer of `tests/independent`, a certified authorization server, two JWT libraries,
//! another HTTP stack. Everything stays on loopback and is bounded in time.
//!
//! `ci/install-peers` installs what is needed; with `JUNKYO_SKIP_PEERS=1` the tests are ignored.

#[path = "peers/consumer.rs"]
mod consumer;
#[path = "peers/harness.rs"]
mod harness;
#[path = "peers/jwt.rs"]
mod jwt;
#[path = "peers/mistakes.rs"]
mod mistakes;
#[path = "peers/oidc.rs"]
mod oidc;
#[path = "peers/provider.rs"]
mod provider;
#[path = "peers/proxy.rs"]
mod proxy;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let mut arguments = Arguments::from_args();
    // A few at a time: a trial waits for processes more than it computes.
    arguments.test_threads.get_or_insert(3);
    let skip = std::env::var("JUNKYO_SKIP_PEERS").is_ok_and(|value| value == "1");
    let trials = [
        provider::trials(),
        consumer::trials(),
        oidc::trials(),
        jwt::trials(),
        proxy::trials(),
    ]
    .into_iter()
    .flatten()
    .map(|trial| trial.with_ignored_flag(skip))
    .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

/// A trial whose failure is a text.
fn trial(name: impl Into<String>, run: impl FnOnce() -> Result<(), String> + Send + 'static) -> Trial {
    Trial::test(name, move || run().map_err(Into::into))
}
