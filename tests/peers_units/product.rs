//! The product in Python: right, and with one planted mistake after another.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use libtest_mimic::Trial;
use serde::Deserialize;
use serde_json::Value;

use super::descriptions::write_all;
use super::harness::{Folder, Outcome, Running, installed, junkyo_run, quoted, repository};
use super::trial;

/// `findings.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// What the product breaks without being told to.
    #[serde(default)]
    finding: Vec<Finding>,
    mistake: Vec<Mistake>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Finding {
    scenario: String,
    requirement: String,
    why: BTreeMap<String, String>,
}

/// A planted mistake and where it has to be seen.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Mistake {
    name: String,
    scenario: String,
    requirement: String,
}

const UNITS: [&str; 3] = ["10", "15", "22"];

pub(crate) fn trials() -> Vec<Trial> {
    let path = repository("tests/independent/units/findings.toml");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let table: Table = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let table = Arc::new(table);
    let with = Arc::clone(&table);
    let mut trials = vec![
        trial("product::table", move |_| is_complete(&with)),
        trial("product::one_unit", one_unit),
    ];
    let with = Arc::clone(&table);
    trials.push(trial("product::clean", move |folder| clean(folder, &with)));
    for row in table.mistake.clone() {
        let name = format!("product::mistake::{}", row.name);
        trials.push(trial(name, move |folder| planted(folder, &row)));
    }
    trials
}

fn program() -> Result<Command, String> {
    let mut command = Command::new(installed("venv/bin/python")?);
    command.arg("-B").arg(repository("tests/independent/units/product.py"));
    Ok(command)
}

/// Starts the product; its address.
fn start(folder: &Folder, mistake: Option<&str>) -> Result<(Running, String), String> {
    let wsdl = write_all(folder)?;
    let mut command = program()?;
    command.arg("--units").arg(repository("conformance/units"));
    command
        .arg("--wsdl")
        .arg(wsdl)
        .arg("--exchange")
        .arg(folder.at("exchange"));
    if let Some(mistake) = mistake {
        command.args(["--mistake", mistake]);
    }
    let mut running = Running::start(&mut command, folder, "product")?;
    let said = running.file(&folder.at("product.out"))?;
    let url = said.trim().strip_prefix("ready ").map(ToOwned::to_owned);
    Ok((running, url.ok_or_else(|| format!("the product said {said}"))?))
}

fn target(folder: &Folder, url: &str, units: &[&str], more: &[&str]) -> Result<PathBuf, String> {
    let mut claims: Vec<String> = more.iter().map(quoted).collect();
    let mut endpoints = String::new();
    for unit in units {
        claims.push(quoted(format!("unit.{unit}.provider")));
        claims.push(quoted(format!("unit.{unit}.consumer")));
        endpoints += &format!("[endpoints.\"unit.{unit}\"]\nurl = \"{url}/unit/{unit}\"\n");
    }
    let text = format!(
        r#"[product]
vendor = "Somebody else"
name = "three units"
version = "1"
claims = [{claims}]

{endpoints}
[files]
folder = "exchange"

[driver.provider]
url = "{url}/hook"
actions = ["export-group", "import-group"]

[driver.consumer]
url = "{url}/hook"
actions = ["soap-call"]

[limits]
settle-ms = 200
retry-wait-ms = 100
consumer-timeout-ms = 5000
"#,
        claims = claims.join(", "),
    );
    folder.write("target.toml", &text)
}

/// Everything that the product claims holds, but for what the table explains.
fn clean(folder: &Folder, table: &Table) -> Result<(), String> {
    let (_running, url) = start(folder, None)?;
    let target = target(folder, &url, &UNITS, &["file-linkage"])?;
    let outcome = junkyo_run(folder, &target, &[])?;
    let known: Vec<(&str, &str)> = table
        .finding
        .iter()
        .map(|finding| (finding.scenario.as_str(), finding.requirement.as_str()))
        .collect();
    let broken = broken(&outcome);
    let is_known = |(scenario, requirement): &(String, String)| known.contains(&(scenario, requirement));
    let new: Vec<_> = broken.iter().filter(|place| !is_known(place)).collect();
    let exit = i32::from(!known.is_empty());
    if new.is_empty() && broken.len() == known.len() && outcome.exit == exit && is_whole(&outcome, exit) {
        return Ok(());
    }
    Err(format!(
        "exit {}, {}: broken {broken:#?}, known {known:#?}",
        outcome.exit, outcome.report["outcome"]
    ))
}

/// A product of one unit can be conformant: what needs other units is skipped.
fn one_unit(folder: &Folder) -> Result<(), String> {
    let (_running, url) = start(folder, None)?;
    let target = target(folder, &url, &["10"], &[])?;
    let outcome = junkyo_run(folder, &target, &[])?;
    if outcome.exit == 0 && is_whole(&outcome, 0) {
        return Ok(());
    }
    Err(format!("exit {}: {:#?}", outcome.exit, outcome.not_passed()))
}

/// The outcome that goes with an exit code of a whole run.
fn is_whole(outcome: &Outcome, exit: i32) -> bool {
    let expected = if exit == 0 { "conformant" } else { "non-conformant" };
    outcome.report["outcome"] == expected && outcome.count() > 100
}

/// The scenario of the table shows the mistake.
fn planted(folder: &Folder, row: &Mistake) -> Result<(), String> {
    let (_running, url) = start(folder, Some(&row.name))?;
    let target = target(folder, &url, &UNITS, &["file-linkage"])?;
    let filter = format!("id({})", row.scenario);
    let outcome = junkyo_run(folder, &target, &["--filter", &filter])?;
    let broken = broken(&outcome);
    if outcome.exit == 1 && broken.contains(&(row.scenario.clone(), row.requirement.clone())) {
        return Ok(());
    }
    Err(format!(
        "exit {}, {} was not seen: {broken:#?}",
        outcome.exit, row.requirement
    ))
}

/// Scenarios with the requirements that did not hold in them; `verdict` for one that did not run to its end.
fn broken(outcome: &Outcome) -> Vec<(String, String)> {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut broken = Vec::new();
    for scenario in list(&outcome.report["scenarios"]) {
        let id = text(&scenario["id"]);
        let verdict = text(&scenario["verdict"]);
        if matches!(verdict.as_str(), "blocked" | "error") {
            broken.push((id.clone(), verdict));
        }
        for check in list(&scenario["checks"]) {
            if !matches!(text(&check["verdict"]).as_str(), "fail" | "warn") {
                continue;
            }
            for requirement in list(&check["requirements"]) {
                broken.push((id.clone(), text(&requirement)));
            }
        }
    }
    broken.sort();
    broken.dedup();
    broken
}

/// Every mistake that the product lists has one row, and every finding is explained.
fn is_complete(table: &Table) -> Result<(), String> {
    let output = program()?.arg("--list-mistakes").output();
    let output = output.map_err(|error| error.to_string())?.stdout;
    let output = String::from_utf8_lossy(&output);
    let mut listed: Vec<&str> = output.lines().filter_map(|line| line.split('\t').next()).collect();
    let mut known: Vec<&str> = table.mistake.iter().map(|row| row.name.as_str()).collect();
    listed.sort_unstable();
    known.sort_unstable();
    if listed != known {
        return Err(format!("the product lists {listed:?}\nthe table has {known:?}"));
    }
    let is_explained = |finding: &&Finding| ["ja", "en"].iter().all(|lang| finding.why.contains_key(*lang));
    match table.finding.iter().find(|finding| !is_explained(finding)) {
        None => Ok(()),
        Some(finding) => Err(format!("a finding without words: {finding:?}")),
    }
}
