//! `junkyo record` between a client and a server of others, and what is made of the recording without them.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use libtest_mimic::Trial;
use serde_json::Value;

use super::harness::{Folder, Outcome, PATIENCE, Running, installed, repository};
use super::servers::start;
use super::table::{Place, broken};
use super::trial;

const WSDL: &str = "conformance/platform-communication/service/exchange.wsdl";

/// Port, operation and fields of what is recorded.
const CALLS: [(&str, &str, &str); 4] = [
    (
        "exchange",
        "GetResident",
        r#"{"caller":{"municipality":"990001","system":"010"},"residentNumber":"900000000000011"}"#,
    ),
    (
        "exchange",
        "GetResident",
        r#"{"caller":{"municipality":"990001","system":"010"},"residentNumber":"900000000000099"}"#,
    ),
    (
        "exchange",
        "NotifyChange",
        r#"{"changeId":"c-1","sequence":1,"residentNumber":"900000000000011","reason":"died","changedOn":"2026-11-01","removed":{}}"#,
    ),
    (
        "statistics",
        "CountResidents",
        r#"{"area":"990001","asOf":"2026-11-01"}"#,
    ),
];

pub(crate) fn trials() -> Vec<Trial> {
    let planted =
        |name: &'static str, server: Option<&'static str>, client: Option<&'static str>, place: [&'static str; 2]| {
            trial(format!("recording::{name}"), move |folder| {
                let expected = BTreeSet::from([(place[0].to_owned(), place[1].to_owned())]);
                recorded(folder, server, client, &expected)
            })
        };
    vec![
        trial("recording::clean", |folder| {
            recorded(folder, None, None, &BTreeSet::new())
        }),
        planted("server", Some("fault-child"), None, ["PC-P-recorded", "BP1306"]),
        planted("client", None, Some("charset-missing"), ["PC-C-recorded", "SSBP1003"]),
    ]
}

/// Records four calls, and judges them at once, from the recording, and as files: always the same.
fn recorded(
    folder: &Folder,
    server: Option<&str>,
    client: Option<&str>,
    expected: &BTreeSet<Place>,
) -> Result<(), String> {
    let (_running, url) = start(folder, "php-server", server)?;
    let recording = folder.at("recording");
    let wsdl = repository(WSDL);
    let mut record = Command::new(env!("CARGO_BIN_EXE_junkyo"));
    record
        .args([
            "record",
            "--lang",
            "en",
            "--listen",
            "127.0.0.1:0",
            "--forward",
            &url,
            "--wsdl",
        ])
        .arg(&wsdl)
        .args(["--count", "4", "--seconds", "60", "--out"])
        .arg(&recording);
    let mut monitor = Running::start(&mut record, folder, "record")?;
    let said = monitor.file(&folder.at("record.err"))?;
    let between = said
        .split_whitespace()
        .find(|word| word.starts_with("http://"))
        .ok_or_else(|| said.clone())?;
    for (port, operation, fields) in CALLS {
        let mut call = Command::new(installed("soap/zeep-client")?);
        call.arg(format!("{between}/{port}")).args([operation, fields]);
        if let Some(mistake) = client {
            call.args(["--mistake", mistake]);
        }
        Running::start(&mut call, folder, "client")?.end(PATIENCE)?;
    }
    let exit = monitor.end(PATIENCE)?;
    let report = report(&recording)?;
    let outcome = Outcome { exit, report };
    let found: BTreeSet<Place> = broken(&outcome).into_keys().collect();
    if found != *expected || exit != i32::from(!expected.is_empty()) {
        return Err(format!("exit {exit}, expected {expected:?}, found {found:?}"));
    }
    judged_again(folder, &outcome)?;
    checked(folder, expected)
}

fn report(folder: &std::path::Path) -> Result<Value, String> {
    let path = folder.join("report.json");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

/// `junkyo judge`: the same report, word for word.
fn judged_again(folder: &Folder, first: &Outcome) -> Result<(), String> {
    let again = folder.at("again");
    let mut judge = Command::new(env!("CARGO_BIN_EXE_junkyo"));
    judge
        .args(["judge", "--lang", "en"])
        .arg(folder.at("recording"))
        .arg("--out")
        .arg(&again);
    let exit = Running::start(&mut judge, folder, "judge")?.end(PATIENCE)?;
    if exit != first.exit || report(&again)? != first.report {
        return Err(format!(
            "judged again: exit {exit} instead of {}, or another report",
            first.exit
        ));
    }
    Ok(())
}

/// `junkyo check`: the same assertions are broken.
fn checked(folder: &Folder, expected: &BTreeSet<Place>) -> Result<(), String> {
    let mut check = Command::new(env!("CARGO_BIN_EXE_junkyo"));
    check
        .arg("check")
        .arg(folder.at("recording"))
        .arg("--against")
        .arg(repository(WSDL));
    check.args(["--format", "json"]);
    let output = check.output().map_err(|error| error.to_string())?;
    let said: Value = serde_json::from_slice(&output.stdout).map_err(|error| format!("junkyo check: {error}"))?;
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let assertions = list(&said["artefacts"])
        .into_iter()
        .flat_map(|artefact| list(&artefact["assertions"]));
    let failed: BTreeSet<String> = assertions
        .filter(|assertion| assertion["verdict"] == "fail")
        .filter_map(|assertion| Some(assertion["id"].as_str()?.to_owned()))
        .collect();
    let wanted: BTreeSet<String> = expected.iter().map(|(_, id)| id.clone()).collect();
    if failed == wanted && list(&said["artefacts"]).len() >= 2 * CALLS.len() {
        return Ok(());
    }
    Err(format!("junkyo check found {failed:?} instead of {wanted:?}"))
}
