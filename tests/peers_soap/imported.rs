//! `junkyo import`, and its scenarios against a server of others.

use std::process::Command;

use libtest_mimic::Trial;

use super::harness::{Folder, PATIENCE, Running, junkyo_run, repository};
use super::servers::start;
use super::table::broken;
use super::trial;

const WSDL: &str = "conformance/platform-communication/service/exchange.wsdl";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("imported::php-server", |folder| imported(folder, None, 0)),
        trial("imported::php-server::rpc-wrapper", |folder| {
            imported(folder, Some("rpc-wrapper"), 1)
        }),
    ]
}

/// PHP takes every valid message. It checks no facets, no order and no unknown elements, so of the invalid ones many
/// get an answer, which are warnings.
fn imported(folder: &Folder, mistake: Option<&str>, exit: i32) -> Result<(), String> {
    let with = folder.at("corpus");
    let mut import = Command::new(env!("CARGO_BIN_EXE_junkyo"));
    import
        .arg("import")
        .arg(repository(WSDL))
        .args(["--id", "exchange", "--out"])
        .arg(&with);
    if Running::start(&mut import, folder, "import")?.end(PATIENCE)? != 0 {
        return Err("junkyo import failed".to_owned());
    }
    let (_running, url) = start(folder, "php-server", mistake)?;
    let target = folder.write(
        "target.toml",
        &format!(
            r#"[product]
vendor = "Peers of others"
name = "php-server"
version = "1"
claims = ["imported.exchange"]

[endpoints.exchange]
url = "{url}/exchange"
wsdl-not-published = true
"#
        ),
    )?;
    let with = with.to_string_lossy();
    let outcome = junkyo_run(folder, &target, &["--with", &with, "--profile", "imported.exchange"])?;
    let broken = broken(&outcome);
    let of = |verdict: &str| {
        broken
            .iter()
            .filter(|(_, found)| *found == verdict)
            .map(|(place, _)| place)
            .collect::<Vec<_>>()
    };
    let (failed, warned) = (of("fail"), of("warn"));
    let only_invalid = warned.iter().all(|(scenario, _)| scenario.contains("invalid"));
    let seen = failed.is_empty() == (exit == 0);
    if outcome.exit == exit && outcome.count() > 100 && !warned.is_empty() && only_invalid && seen {
        return Ok(());
    }
    Err(format!(
        "exit {}, {} scenarios, failed {failed:#?}, warned {warned:#?}",
        outcome.exit,
        outcome.count()
    ))
}
