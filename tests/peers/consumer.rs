//! The independent consumer: right, and with each of its mistakes, as a program and as an HTTP hook.

use std::path::PathBuf;
use std::process::Command;

use libtest_mimic::Trial;
use serde_json::Value;

use super::harness::{Folder, Outcome, Running, junkyo_run, quoted, repository};
use super::mistakes::{Caught, Mistake, mistake, must, should, table_is_complete};
use super::trial;

const PEER: &str = "tests/independent/consumer_031.py";
const DRIVER: &str = "tests/peers/consumer_driver.py";

/// Warnings of the correct form: it waits `retry_wait_ms` and does not look at Retry-After (CF-031-OPS-008, `should`).
const WARNINGS: [&str; 1] = ["CF-031-C-retry-after"];

const PATIENCE: &str = "[limits]\nconsumer-timeout-ms = 400\nretry-wait-ms = 100\nsettle-ms = 150\n";

/// Without a report only quiet tells that the consumer is done: long enough for a loaded machine.
const UNHURRIED: &str = "[limits]\nconsumer-timeout-ms = 1000\nretry-wait-ms = 100\nsettle-ms = 600\n";

/// An immediate retry and one after a tenth of the wait are told apart only if the wait is long enough.
const LONG_WAIT: &str = "[limits]\nconsumer-timeout-ms = 400\nretry-wait-ms = 2000\nsettle-ms = 150\n";

const MISTAKES: &[Mistake] = &[
    // Access token.
    must("token-in-query", "CF-CLI-002"),
    must("token-twice", "CF-CLI-003"),
    must("basic-to-api", "CF-CLI-002"),
    must("no-bearer-word", "CF-CLI-002"),
    // That a token is used until it expires, and renewed after a 401, is a recommendation.
    should("token-not-cached", "CF-CLI-016"),
    should("token-kept-forever", "CF-CLI-016"),
    should("no-new-token-on-401", "CF-CLI-017"),
    should("same-token-on-401", "CF-CLI-017"),
    must("redirect-with-token", "CF-CLI-020"),
    // Token request.
    must("assertion-hs384", "CF-CLI-004"),
    must("assertion-none", "CF-CLI-004"),
    must("assertion-reused-jti", "CF-CLI-005"),
    must("assertion-no-jti", "CF-CLI-004"),
    // At most 300 s is our recommendation.
    should("assertion-long-life", "CF-CLI-006"),
    must("assertion-wrong-aud", "CF-CLI-004"),
    // As seconds, the time is a life of 50,000 years.
    should("assertion-milliseconds", "CF-CLI-006"),
    must("secret-in-body", "CF-CLI-028"),
    must("scope-missing", "CF-CLI-022"),
    must("scope-wide", "CF-CLI-022"),
    must("scope-two-providers", "CF-CLI-032"),
    must("tls-unverified", "CF-CLI-025"),
    // Request.
    must("halfwidth-names", "CF-CHR-005"),
    must("codes-as-integers", "CF-031-PAR-jusho_yubinbango"),
    must("date-slashes", "CF-031-REQ-023"),
    must("required-missing", "CF-CLI-011"),
    must("kubun-as-number", "CF-031-PAR-shorikubun"),
    mistake(
        "sends-null",
        Caught::Unseen(
            "CF-CLI-012",
            "the rule is about required parameters; what a null in an optional one means is open (RD-28, wanted)",
        ),
    ),
    must("wrong-content-type", "CF-CLI-008"),
    must("url-format", "CF-031-REQ-005"),
    must("body-sjis", "CF-CLI-010"),
    must("get-method", "CF-CLI-007"),
    must("kojinbango-in-url", "CF-031-PRV-004"),
    must("kojinbango-in-header", "CF-031-PRV-005"),
    // Handling of the answer.
    must("retry-on-400", "CF-CLI-018"),
    must("retry-endless", "CF-CLI-019"),
    must("retry-at-once", "CF-CLI-019").with(LONG_WAIT),
    must("no-retry", "CF-031-OPS-007"),
    must("json-always", "CF-031-OPS-005"),
    must("number-as-integer", "CF-CLI-030"),
    must("number-unchecked", "CF-CLI-029"),
];

pub(crate) fn trials() -> Vec<Trial> {
    let fixed = [
        trial("consumer::correct", || Folder::with("consumer-correct", correct)),
        trial("consumer::hook-that-answers", || {
            Folder::with("consumer-hook-that-answers", hook_that_answers)
        }),
        trial("consumer::hook-that-accepts", || {
            Folder::with("consumer-hook-that-accepts", hook_that_accepts)
        }),
        trial("consumer::table", || {
            Folder::with("consumer-table", |folder| table_is_complete(folder, PEER, MISTAKES))
        }),
    ];
    let planted = MISTAKES.iter().map(|row| {
        let name = format!("consumer::mistake::{}", row.name);
        trial(name.clone(), move || Folder::with(&name, |folder| planted(folder, row)))
    });
    fixed.into_iter().chain(planted).collect()
}

fn target(folder: &Folder, driver: &str, limits: &str) -> Result<PathBuf, String> {
    let text = format!(
        r#"[product]
vendor = "Independent peers"
name = "consumer_031.py"
version = "1"
claims = ["common-function.031.consumer"]

[driver.consumer]
{driver}
actions = ["number"]

{limits}"#
    );
    folder.write("target.toml", &text)
}

/// The consumer as a program that is started for each order and keeps its token in a file.
fn command(folder: &Folder, mistake: Option<&str>) -> String {
    let mut words = vec![
        "python3".to_owned(),
        repository(DRIVER).display().to_string(),
        "--state".to_owned(),
        folder.at("state").display().to_string(),
    ];
    if let Some(mistake) = mistake {
        words.extend(["--mistake".to_owned(), mistake.to_owned()]);
    }
    format!("command = {}", Value::from(words))
}

fn correct(folder: &Folder) -> Result<(), String> {
    let target = target(folder, &command(folder, None), PATIENCE)?;
    junkyo_run(folder, &target, &[])?.conformant_but(&WARNINGS)
}

/// The same consumer as a service behind an HTTP hook.
fn serve(folder: &Folder, limits: &str, how: &[&str], run: &[&str]) -> Result<Outcome, String> {
    let mut serve = Command::new("python3");
    serve.arg(repository(DRIVER)).args(["--serve", "127.0.0.1:0"]).args(how);
    serve.env("PYTHONUNBUFFERED", "1");
    let mut peer = Running::start(&mut serve, folder, "peer")?;
    let said = peer.file(&folder.at("peer.out"))?;
    let first = said.lines().next().unwrap_or_default();
    let said: Value = serde_json::from_str(first).map_err(|error| format!("`{first}`: {error}"))?;
    let url = said["listening"]
        .as_str()
        .ok_or_else(|| format!("no address in `{first}`"))?;
    let target = target(folder, &format!("url = {}", quoted(url)), limits)?;
    junkyo_run(folder, &target, run)
}

fn hook_that_answers(folder: &Folder) -> Result<(), String> {
    serve(folder, PATIENCE, &["--answer"], &[])?.conformant_but(&WARNINGS)
}

/// It takes an order with 202 and acts by itself: what only its report could show stays open, the rest passes.
fn hook_that_accepts(folder: &Folder) -> Result<(), String> {
    let seen = "id(CF-031-C-items-*) | id(CF-031-C-token-reque*) | id(CF-031-C-token-reuse*) | id(CF-031-C-assertion) | id(CF-031-C-individual-number)";
    let reported = "CF-031-C-request";
    let filter = format!("{seen} | id({reported})");
    let outcome = serve(folder, UNHURRIED, &[], &["--filter", &filter])?;
    let odd = outcome.not_passed();
    if odd.len() == 1 && odd.get(reported) == Some(&"error") && outcome.count() >= 7 && outcome.exit == 3 {
        return Ok(());
    }
    Err(format!(
        "exit {}, {} scenarios, not passed: {odd:#?}",
        outcome.exit,
        outcome.count()
    ))
}

fn planted(folder: &Folder, row: &Mistake) -> Result<(), String> {
    let limits = if row.target.is_empty() { PATIENCE } else { row.target };
    let target = target(folder, &command(folder, Some(row.name)), limits)?;
    row.judge(&junkyo_run(folder, &target, &["--filter", &row.filter()])?)
}
