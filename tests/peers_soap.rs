//! junkyo against SOAP stacks of others (tests/peers/soap/README.md), in both directions: PHP, Node, gSOAP, spyne and
//! JAX-WS as providers, and zeep, Node, PHP, gSOAP and JAX-WS as consumers. `tests/peers/soap/findings.toml` says what each
//! of them really breaks, which has to be found exactly, and which planted mistake has to be seen where.
//!
//! `ci/install-peers` installs what is needed; with `JUNKYO_SKIP_PEERS=1` the tests are ignored.

#[path = "peers_soap/clients.rs"]
mod clients;
// Shared with tests/peers.rs, which uses more of it.
#[allow(dead_code)]
#[path = "peers/harness.rs"]
mod harness;
#[path = "peers_soap/imported.rs"]
mod imported;
#[path = "peers_soap/recording.rs"]
mod recording;
#[path = "peers_soap/servers.rs"]
mod servers;
#[path = "peers_soap/table.rs"]
mod table;

use std::sync::Arc;

use libtest_mimic::{Arguments, Trial};

fn main() {
    let mut arguments = Arguments::from_args();
    // A trial waits for processes more than it computes; a JVM computes more than it waits.
    arguments.test_threads.get_or_insert(3);
    let skip = std::env::var("JUNKYO_SKIP_PEERS").is_ok_and(|value| value == "1");
    let table = Arc::new(table::Table::read());
    let trials = [
        clients::trials(&table),
        servers::trials(&table),
        recording::trials(),
        imported::trials(),
    ]
    .into_iter()
    .flatten()
    .map(|trial| trial.with_ignored_flag(skip))
    .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

/// A trial whose failure is a text, in a folder of its own.
fn trial(name: impl Into<String>, run: impl FnOnce(&harness::Folder) -> Result<(), String> + Send + 'static) -> Trial {
    let name = name.into();
    let folder = format!("soap-{}", name.replace('/', "-"));
    Trial::test(name, move || harness::Folder::with(&folder, run).map_err(Into::into))
}
