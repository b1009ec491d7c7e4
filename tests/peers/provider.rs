//! The independent provider with its authorization server: right, and with each of its mistakes.

use std::path::PathBuf;
use std::process::Command;

use libtest_mimic::Trial;

use super::harness::{Folder, Ready, Running, junkyo_run, quoted, repository};
use super::mistakes::{Caught, Mistake, mistake, must, should, table_is_complete};
use super::trial;

const PEER: &str = "tests/independent/provider_031.py";

/// Warnings of the correct form: it does not send `Cache-Control: no-store`, a recommendation of ours
/// (CF-031-RSP-019, `should`).
pub(crate) const WARNINGS: [&str; 1] = ["CF-031-P-not-cacheable"];

/// Warns when a time-out is answered otherwise than 原則 asks; by default that is only recorded.
const STRICT_TIME_OUT: &str = "[readings]\nSF-07 = \"thirty-seconds\"\n";

const MISTAKES: &[Mistake] = &[
    // Checking of the parameters.
    must("length-bytes", "CF-CHR-008"),
    must("length-utf16", "CF-CHR-008"),
    must("choaza-max-18", "CF-031-PAR-jusho_choaza"),
    must("variable-as-fixed", "CF-031-PAR-sosashaid"),
    must("halfwidth-accepted", "CF-CHR-005"),
    must("kanji-jis-only", "CF-CHR-002"),
    must("date-no-calendar", "CF-031-REQ-024"),
    must("date-slash-accepted", "CF-031-REQ-023"),
    must("date-unknown-refused", "CF-031-REQ-026"),
    must("date-unknown-everywhere", "CF-031-REQ-025"),
    must("time-seconds-required", "CF-031-REQ-028"),
    must("time-range-skipped", "CF-031-REQ-029"),
    must("municipality-digit-skipped", "CF-031-PAR-shikuchosonkodo"),
    must("code-list-skipped", "CF-031-REQ-022"),
    // To refuse is allowed (reading RD-20); the message names no item of the table.
    must("extra-field-refused", "CF-031-ERR-011"),
    must("conditional-as-required", "CF-031-REQ-014"),
    must("empty-accepted", "CF-031-REQ-017"),
    // Reading RD-13: nothing says what an empty string in an optional item means.
    mistake("blank-optional-refused", Caught::Recorded("CF-031-REQ-014")),
    must("json-number-accepted", "CF-031-REQ-021"),
    must("null-crash", "CF-031-REQ-016"),
    must("number-not-required", "CF-031-ERR-007"),
    must("merge-check-skipped", "CF-031-ERR-015"),
    // Error answers.
    must("errors-in-metadata", "CF-031-FLD-400-title"),
    must("validation-status-200", "CF-031-REQ-013"),
    must("validation-status-422", "CF-031-REQ-013"),
    must("message-own-words", "CF-031-ERR-006"),
    must("message-romaji", "CF-031-ERR-011"),
    must("code-three-digits", "CF-031-ERR-005"),
    must("no-e0003", "CF-031-ERR-003"),
    // Reading RD-23: that all errors are reported is a recommendation.
    should("first-error-only", "CF-031-ERR-008"),
    must("errors-object", "CF-031-FLD-400-errors"),
    must("echo-kojinbango", "CF-031-PRV-001"),
    must("links-missing", "CF-031-FLD-400-_links"),
    // Numbering and its answer.
    must("result-object", "CF-031-FLD-200-result"),
    must("rireki-string", "CF-031-FLD-200-rirekibango"),
    // Reading SF-05: no official text says where the history starts.
    should("rireki-from-zero", "CF-031-NUM-026"),
    must("number-integer", "CF-031-FLD-200-atenabango"),
    // The number without its zeros is not the one that was registered.
    must("drop-leading-zeros", "CF-031-NUM-003"),
    must("detail-without-period", "CF-031-FLD-200-detail"),
    mistake(
        "self-href-absolute",
        Caught::Unseen(
            "CF-031-FLD-200-href",
            "the table says 実行したAPIのURL（APIコール名）, and an absolute URL is a URL",
        ),
    ),
    must("no-check-digit", "CF-031-NUM-007"),
    must("check-digit-remainder", "CF-031-NUM-007"),
    must("check-digit-remainder-one", "CF-031-NUM-007"),
    must("duplicate-under-load", "CF-031-NUM-012"),
    must("resident-collision", "CF-031-NUM-005"),
    // Readings SF-13 and SF-14: two numbers or one for the same request twice are both recorded. After a
    // broken request a number that does not rise gives a warning, but only if the request arrived.
    mistake("reuse-on-retry", Caught::Recorded("CF-031-NUM-011")),
    must("kubun1-new-number", "CF-031-NUM-002"),
    must("kubun1-resident-refused", "CF-031-NUM-025"),
    must("kubun2-new-number", "CF-031-NUM-003"),
    must("kubun2-unknown-accepted", "CF-031-NUM-028"),
    // HTTP.
    must("content-type-no-charset", "CF-031-RSP-005"),
    must("response-sjis", "CF-031-RSP-012"),
    must("url-format-only", "CF-031-REQ-004"),
    must("get-accepted", "CF-031-REQ-006"),
    // The form of the answer in maintenance and after a time-out is 原則: a recommendation.
    should("maintenance-json", "CF-031-OPS-003"),
    should("maintenance-200", "CF-031-OPS-003"),
    should("timeout-json", "CF-031-OPS-001").with(STRICT_TIME_OUT),
    should("timeout-never", "CF-031-OPS-001").with(STRICT_TIME_OUT),
    must("unexpected-html-500", "CF-031-RSP-004"),
    // Access token at the API.
    must("token-in-query", "CF-AUT-027"),
    must("token-expiry-ignored", "CF-AUT-052"),
    must("scope-ignored", "CF-AUT-055"),
    must("validate-before-auth", "CF-AUT-069"),
    must("unauthorized-no-body", "CF-031-FLD-401-title"),
    must("unauthorized-as-403", "CF-AUT-050"),
    must("unauthorized-with-errors", "CF-031-RSP-009"),
    // Authorization server.
    must("alg-none-accepted", "CF-AUT-033"),
    must("alg-any-hs", "CF-AUT-037"),
    must("signature-ignored", "CF-AUT-034"),
    must("assertion-expiry-ignored", "CF-AUT-031"),
    must("audience-ignored", "CF-AUT-030"),
    must("jti-replay-accepted", "CF-AUT-032"),
    must("iss-sub-mismatch", "CF-AUT-029"),
    must("two-auth-methods", "CF-AUT-036"),
    must("refresh-token", "CF-AUT-009"),
    must("unknown-scope-granted", "CF-AUT-041"),
    must("multi-provider-token", "CF-AUT-018"),
    // Reading RD-24: no official text says how long a token may live.
    should("token-long-life", "CF-AUT-012"),
    must("token-cacheable", "CF-AUT-045"),
    must("introspection-open", "CF-AUT-048"),
    must("introspection-always-active", "CF-AUT-047"),
];

pub(crate) fn trials() -> Vec<Trial> {
    let fixed = [
        trial("provider::correct", || Folder::with("provider-correct", correct)),
        trial("provider::table", || {
            Folder::with("provider-table", |folder| table_is_complete(folder, PEER, MISTAKES))
        }),
    ];
    let planted = MISTAKES.iter().map(|row| {
        let name = format!("provider::mistake::{}", row.name);
        trial(name.clone(), move || Folder::with(&name, |folder| planted(folder, row)))
    });
    fixed.into_iter().chain(planted).collect()
}

fn start(folder: &Folder, mistake: Option<&str>) -> Result<(Running, Ready), String> {
    let mut command = Command::new("python3");
    command.arg(repository(PEER));
    command
        .args(["--listen", "127.0.0.1:0", "--timeout-ms", "300", "--workdir"])
        .arg(folder.at(""));
    if let Some(mistake) = mistake {
        command.args(["--mistake", mistake]);
    }
    let mut peer = Running::start(&mut command, folder, "peer")?;
    let ready = peer.ready(&folder.at("ready.json"))?;
    Ok((peer, ready))
}

fn target(folder: &Folder, ready: &Ready, more: &str) -> Result<PathBuf, String> {
    folder.write("secret", ready.text("client_secret")?)?;
    let text = format!(
        r#"[product]
vendor = "Independent peers"
name = "provider_031.py"
version = "1"
claims = ["common-function.031.provider", "common-function.authorization"]

[endpoints."031.numbering"]
url = {endpoint}

[auth]
token-endpoint = {token}
introspection-endpoint = {introspection}
client-id = {client_id}
client-secret-file = "secret"

[tls]
authorities = "ca.pem"

[driver.provider]
url = {driver}
actions = [
    "maintenance-on", "maintenance-off", "unexpected-on", "unexpected-off", "slow-on", "slow-off", "expire-token",
    "load-residents", "next-number", "introspection-down", "introspection-up", "reset",
]

{more}"#,
        endpoint = quoted(ready.text("endpoint")?),
        token = quoted(ready.text("token_endpoint")?),
        introspection = quoted(ready.text("introspection_endpoint")?),
        client_id = quoted(ready.text("client_id")?),
        driver = quoted(ready.text("driver")?),
    );
    folder.write("target.toml", &text)
}

/// The whole run, as a vendor does it: nothing fails, nothing is left open.
fn correct(folder: &Folder) -> Result<(), String> {
    let (_peer, ready) = start(folder, None)?;
    let outcome = junkyo_run(folder, &target(folder, &ready, "")?, &[])?;
    outcome.conformant_but(&WARNINGS)?;
    for row in MISTAKES {
        if matches!(row.caught, Caught::Recorded(_)) && outcome.recorded(row.requirement()) {
            return Err(format!(
                "{} is recorded as not held without the mistake {}",
                row.requirement(),
                row.name
            ));
        }
    }
    Ok(())
}

/// The scenarios of the requirement that the mistake is about; the rest is the correct form.
fn planted(folder: &Folder, row: &Mistake) -> Result<(), String> {
    let (_peer, ready) = start(folder, Some(row.name))?;
    let target = target(folder, &ready, row.target)?;
    row.judge(&junkyo_run(folder, &target, &["--filter", &row.filter()])?)
}
