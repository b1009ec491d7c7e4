//! `junkyo import`, and its scenarios against a server of others.

use std::collections::BTreeSet;
use std::process::Command;

use libtest_mimic::Trial;

use super::harness::{Folder, PATIENCE, Running, junkyo_run, repository};
use super::servers::start;
use super::table::broken;
use super::trial;

const WSDL: &str = "conformance/platform-communication/service/exchange.wsdl";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("imported::php-server", |folder| imported(folder, None, &[])),
        trial("imported::php-server::rpc-wrapper", |folder| {
            imported(folder, Some("rpc-wrapper"), &["CountResidents"])
        }),
    ]
}

/// PHP answers every valid message. It checks no facets, no order and no unknown elements, so many of the invalid ones get
/// an answer too, which are warnings. `wrong` are the operations whose valid messages get none that is right.
fn imported(folder: &Folder, mistake: Option<&str>, wrong: &[&str]) -> Result<(), String> {
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
    let (invalid, valid): (Vec<_>, Vec<_>) = broken
        .iter()
        .partition(|((scenario, _), _)| scenario.contains("invalid"));
    let found: BTreeSet<&str> = valid
        .iter()
        .filter_map(|((scenario, _), _)| scenario.strip_prefix("IMP-EXCHANGE-P-")?.split('-').next())
        .collect();
    let lenient = invalid.iter().all(|(_, verdict)| *verdict == "warn") && !invalid.is_empty();
    let exit = i32::from(broken.values().any(|verdict| verdict == "fail"));
    if lenient && found == wrong.iter().copied().collect() && outcome.exit == exit && outcome.count() > 100 {
        return Ok(());
    }
    Err(format!(
        "exit {}, {} scenarios; valid messages: {valid:#?}; invalid ones: {invalid:#?}",
        outcome.exit,
        outcome.count()
    ))
}
