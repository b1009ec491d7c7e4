//! Corpora that cannot be used: exit code 2, with file, line and what to do.

use std::fs;
use std::path::Path;

use crate::process::{Ended, Scratch, junkyo};

/// A scenario that is in order; tests spoil one place of it.
const SCENARIO: &str = r#"interface = "031.numbering"

[[scenario]]
id = "CF-031-P-of-the-test"
title = { ja = "試験用", en = "For the test" }
role = "provider"

[[scenario.step]]
id = "call"
call = {}
checks = [
  { is = "status", of = ["200"], for = ["CF-031-RSP-001"] },
]
"#;

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.file_type().expect("a type").is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("copied");
        }
    }
}

/// Adds a scenario file to our corpus and runs something small of it.
fn with_scenario(name: &str, text: &str) -> Ended {
    let scratch = Scratch::new(name);
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance"),
        &scratch.join("corpus"),
    );
    scratch.write("corpus/common-functions/031/zz-test.toml", text);
    junkyo(
        &scratch,
        &["run", "--corpus", "corpus", "--filter", "id(CF-031-P-of-the-test)"],
    )
    .run()
}

fn spoiled(name: &str, from: &str, to: &str) -> Ended {
    assert!(SCENARIO.contains(from));
    with_scenario(name, &SCENARIO.replacen(from, to, 1))
}

const FILE: &str = "common-functions/031/zz-test.toml";

#[test]
fn the_scenario_of_these_tests_is_in_order() {
    with_scenario("sound-corpus", SCENARIO).expect(0, &["passed 1"]);
}

#[test]
fn folder_without_a_corpus() {
    let scratch = Scratch::new("no-corpus");
    fs::create_dir(scratch.join("empty")).expect("a folder");
    junkyo(&scratch, &["list", "--corpus", "empty"])
        .run()
        .expect(2, &["empty", "holds no file", "laid out like `conformance/`"]);
}

#[test]
fn folder_that_does_not_exist() {
    let scratch = Scratch::new("no-folder");
    junkyo(&scratch, &["list", "--corpus", "nowhere"])
        .run()
        .expect(2, &["nowhere"]);
}

#[test]
fn unknown_requirement() {
    spoiled("requirement", "CF-031-RSP-001", "CF-031-RSP-01").expect(
        2,
        &[
            FILE,
            "requirement `CF-031-RSP-01`, which does not exist",
            "did you mean `CF-031-RSP-0",
        ],
    );
}

#[test]
fn unknown_check() {
    spoiled("check", "\"status\"", "\"statsu\"").expect(2, &[FILE, "`statsu`", "did you mean `status`"]);
}

#[test]
fn bad_check_parameter() {
    spoiled("parameter", "of = [\"200\"]", "off = [\"200\"]").expect(2, &[FILE, "status", "`off`", "`of`"]);
}

#[test]
fn bad_check_value() {
    spoiled("value", "of = [\"200\"]", "of = 200").expect(2, &[FILE, "status", "200"]);
}

#[test]
fn two_acts_in_one_step() {
    spoiled("acts", "call = {}", "call = {}\nwait = { ms = 1 }").expect(2, &[FILE, "CF-031-P-of-the-test", "one"]);
}

#[test]
fn no_act_in_a_step() {
    spoiled("no-act", "call = {}\n", "").expect(2, &[FILE, "CF-031-P-of-the-test"]);
}

#[test]
fn duplicate_id() {
    spoiled("duplicate", "CF-031-P-of-the-test", "CF-031-P-number").expect(
        2,
        &[
            FILE,
            "CF-031-P-number",
            "already used at common-functions/031/provider.toml",
        ],
    );
}

#[test]
fn unknown_key_in_a_scenario() {
    spoiled("scenario-key", "role = ", "rolle = ").expect(2, &[FILE, ":6", "rolle"]);
}

#[test]
fn unknown_role() {
    spoiled("role", "\"provider\"", "\"provder\"").expect(2, &[FILE, ":6", "provder", "provider"]);
}

#[test]
fn several_faults_are_told_at_once() {
    let text = SCENARIO
        .replacen("CF-031-RSP-001", "CF-031-NON-001", 1)
        .replacen("\"status\"", "\"statsu\"", 1);
    with_scenario("faults", &text).expect(2, &["`statsu`"]);
}

#[test]
fn file_that_is_not_utf8() {
    let scratch = Scratch::new("bytes");
    copy(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance"),
        &scratch.join("corpus"),
    );
    fs::write(scratch.join("corpus/readings.toml"), b"id = \"\x93\xfa\x96\x7b\"").expect("written");
    junkyo(&scratch, &["list", "--corpus", "corpus"])
        .run()
        .expect(2, &["readings.toml", "UTF-8"]);
}
