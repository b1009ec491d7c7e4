//! The register's store: the same trials on SQLite and a folder, on a PostgreSQL server and an S3-compatible object store
//! that the trials start; processes killed while they write; full disks; moves from one to another.
//!
//! `ci/install-peers` installs what is needed; with `JUNKYO_SKIP_PEERS=1` trials on other projects' servers are ignored.

// Shared with tests/peers.rs, which uses more of it.
#[path = "registry_store/address.rs"]
mod address;
#[path = "registry_store/crash.rs"]
mod crash;
#[path = "registry_store/full.rs"]
mod full;
#[allow(dead_code)]
#[path = "peers/harness.rs"]
mod harness;
#[path = "registry_store/many.rs"]
mod many;
#[path = "registry_store/moving.rs"]
mod moving;
#[path = "registry_store/place.rs"]
mod place;
#[path = "registry_store/server.rs"]
mod server;
#[path = "registry_store/story.rs"]
mod story;
#[path = "registry_store/suite.rs"]
mod suite;

use std::process::Command;

use libtest_mimic::{Arguments, Trial};

/// Environment variables with the credentials of the servers.
const ENVIRONMENT: [(&str, &str); 3] = [
    ("JUNKYO_STORE_KEY", "S3RVER"),
    ("JUNKYO_STORE_SECRET", "himitsu/of+the-trials0123456789"),
    ("JUNKYO_STORE_PASSWORD", "himitsu of the database"),
];

/// A list of values of a statement.
macro_rules! values {
    ($($value:expr),* $(,)?) => {
        [$(junkyo::registry::store::Value::from($value)),*]
    };
}
pub(crate) use values;

fn main() {
    if let Some(role) = std::env::var_os(crash::ROLE) {
        std::process::exit(crash::child(&role.to_string_lossy()));
    }
    if std::env::var_os(ENVIRONMENT[0].0).is_none() {
        // A process cannot set its own variables without unsafe code: it starts itself again with them.
        let again = std::env::current_exe().and_then(|program| {
            Command::new(program)
                .args(std::env::args_os().skip(1))
                .envs(ENVIRONMENT)
                .status()
        });
        std::process::exit(again.ok().and_then(|status| status.code()).unwrap_or(101));
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(2);
    let skip = std::env::var("JUNKYO_SKIP_PEERS").is_ok_and(|value| value == "1");
    let trials: Vec<Trial> = [
        suite::trials(skip),
        moving::trials(skip),
        address::trials(skip),
        story::trials(skip),
        crash::trials(skip),
        full::trials(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let conclusion = libtest_mimic::run(&arguments, trials);
    server::stop();
    conclusion.exit();
}

/// A trial in a folder of its own whose failure is a text.
fn trial(name: impl Into<String>, run: impl FnOnce(&harness::Folder) -> Result<(), String> + Send + 'static) -> Trial {
    let name = name.into();
    let folder = format!("registry-store-{}", name.replace("::", "-"));
    Trial::test(name, move || harness::Folder::with(&folder, run).map_err(Into::into))
}

/// Errors as texts.
fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// An expectation that does not hold is the failure of the trial.
fn ensure(holds: bool, what: impl Into<String>) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what.into()) }
}
