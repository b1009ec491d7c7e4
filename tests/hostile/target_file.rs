//! Target files that cannot be used: exit code 2, with the place and the remedy.

use std::fs;

use crate::process::{Ended, Scratch, junkyo};
use crate::target::TargetText;

fn run(scratch: &Scratch) -> Ended {
    junkyo(scratch, &["run", "--target", "target.toml"]).run()
}

/// Runs with a sound target file in which one text is replaced.
fn spoiled(name: &str, from: &str, to: &str) -> Ended {
    let scratch = Scratch::new(name);
    let path = TargetText::sound().write(&scratch);
    let text = fs::read_to_string(&path).expect("written");
    assert!(text.contains(from));
    fs::write(&path, text.replacen(from, to, 1)).expect("written");
    run(&scratch)
}

#[test]
fn unknown_key() {
    spoiled(
        "unknown-key",
        "version = \"1.0\"",
        "version = \"1.0\"\nverison = \"1.0\"",
    )
    .expect(2, &["target.toml:5", "verison", "expected one of", "claims"]);
}

#[test]
fn missing_secret_variable() {
    spoiled(
        "secret-variable",
        "client-secret-file = \"secret\"",
        "client-secret-env = \"JUNKYO_NOBODY_SETS_THIS\"",
    )
    .expect(
        2,
        &[
            "target.toml",
            "JUNKYO_NOBODY_SETS_THIS",
            "is not set",
            "set it to the client secret",
        ],
    );
}

#[test]
fn secret_in_neither_place() {
    spoiled("no-secret", "client-secret-file = \"secret\"", "").expect(
        2,
        &[
            "target.toml",
            "auth",
            "exactly one of client-secret-env and client-secret-file",
        ],
    );
}

#[test]
fn secret_in_the_file_itself() {
    spoiled(
        "inline-secret",
        "client-secret-file = \"secret\"",
        "client-secret = \"abc\"",
    )
    .expect(
        2,
        &[
            "target.toml",
            "client-secret",
            "client-secret-env",
            "client-secret-file",
        ],
    );
}

#[test]
fn missing_secret_file() {
    spoiled(
        "secret-file",
        "client-secret-file = \"secret\"",
        "client-secret-file = \"elsewhere\"",
    )
    .expect(2, &["elsewhere", "No such file"]);
}

#[test]
fn wrong_municipality_code() {
    spoiled(
        "municipality",
        "[limits]",
        "[municipality]\ncode = \"131017\"\n\n[limits]",
    )
    .expect(
        2,
        &["target.toml", "municipality.code", "全国地方公共団体コード", "131017"],
    );
}

#[test]
fn unknown_profile() {
    spoiled("profile", "common-function.031.provider", "common-function.031.provide").expect(
        2,
        &[
            "common-function.031.provide",
            "does not exist",
            "junkyo list --profiles",
        ],
    );
}

#[test]
fn unknown_profile_on_the_command_line() {
    let scratch = Scratch::new("profile-argument");
    junkyo(&scratch, &["run", "--profile", "unit.99.provider"])
        .run()
        .expect(2, &["unit.99.provider", "junkyo list --profiles"]);
}

/// Told before the product is called: it is the file that is wrong, whatever the product does.
#[test]
fn unknown_reading() {
    spoiled("reading", "[readings]", "[readings]\nRD-99 = \"strict\"")
        .expect(2, &["target.toml", "RD-99", "junkyo list --readings"]);
}

#[test]
fn unknown_option_of_a_reading() {
    spoiled("option", "[readings]", "[readings]\nRD-27 = \"no-such-option\"")
        .expect(2, &["target.toml", "RD-27", "no-such-option"]);
}

/// Whatever preflight looks at, the run itself does not start with a reading that it does not know.
#[test]
fn unknown_reading_without_preflight() {
    let scratch = Scratch::new("reading-run");
    let mut target = TargetText::sound();
    target.readings = "RD-99 = \"strict\"";
    target.write(&scratch);
    junkyo(&scratch, &["run", "--target", "target.toml", "--no-preflight"])
        .run()
        .expect(2, &["RD-99"]);
}

#[test]
fn nothing_claimed() {
    spoiled("claims", "[\"common-function.031.provider\"]", "[]").expect(
        2,
        &[
            "target.toml",
            "product.claims",
            "claim at least one profile",
            "junkyo list --profiles",
        ],
    );
}

#[test]
fn endpoint_that_is_no_address() {
    spoiled("url", "http://127.0.0.1:9/api", "127.0.0.1:9/api").expect(2, &["target.toml", "endpoints", "url"]);
}

#[test]
fn endpoint_of_an_unknown_interface() {
    spoiled("interface", "031.numbering", "031.numberin")
        .expect(2, &["target.toml", "031.numberin", "did you mean `031.numbering`"]);
}

#[test]
fn two_ways_to_drive() {
    spoiled(
        "drivers",
        "[readings]",
        "[driver.consumer]\nurl = \"http://127.0.0.1:9/\"\ncommand = [\"true\"]\n\n[readings]",
    )
    .expect(
        2,
        &[
            "target.toml",
            "driver.consumer",
            "exactly one of url, command, operator",
        ],
    );
}

#[test]
fn authority_file_without_certificates() {
    let scratch = Scratch::new("authorities");
    scratch.write("ca.pem", "this is no certificate\n");
    let mut target = TargetText::sound();
    target.more = "[tls]\nauthorities = \"ca.pem\"".into();
    target.write(&scratch);
    run(&scratch).expect(2, &["tls.authorities", "PEM"]);
}

#[test]
fn not_toml() {
    let scratch = Scratch::new("not-toml");
    scratch.write("target.toml", "<target>\n  <product/>\n</target>\n");
    run(&scratch).expect(2, &["target.toml:1"]);
}

#[test]
fn not_text() {
    let scratch = Scratch::new("not-text");
    let path = scratch.join("target.toml");
    fs::write(path, b"\xff\xfe[\0p\0r\0o\0d\0").expect("written");
    run(&scratch).expect(2, &["target.toml", "UTF-8"]);
}

#[test]
fn missing_file() {
    let scratch = Scratch::new("missing");
    run(&scratch).expect(2, &["target.toml", "No such file"]);
}

#[test]
fn filter_that_cannot_be_read() {
    let scratch = Scratch::new("filter");
    junkyo(&scratch, &["run", "--filter", "tag(token) & nmae(x)"])
        .run()
        .expect(2, &["at character 14", "one of id, requirement, tag, role"]);
}

#[test]
fn nothing_selected() {
    let scratch = Scratch::new("nothing");
    junkyo(&scratch, &["run", "--filter", "id(no-such-scenario)"])
        .run()
        .expect(4, &["no scenario matches", "junkyo list"]);
}

#[test]
fn unknown_defect() {
    let scratch = Scratch::new("defect");
    junkyo(&scratch, &["run", "--defect", "no-such-defect"])
        .run()
        .expect(2, &["no-such-defect"]);
}

#[test]
fn unknown_argument() {
    let scratch = Scratch::new("argument");
    junkyo(&scratch, &["run", "--traget", "x"])
        .run()
        .expect(2, &["--traget", "--target"]);
}

#[test]
fn output_folder_is_a_file() {
    let scratch = Scratch::new("out");
    scratch.write("out", "");
    junkyo(&scratch, &["run", "--filter", "tag(smoke)", "--out", "out"])
        .run()
        .expect(3, &["cannot write", "out"]);
}
