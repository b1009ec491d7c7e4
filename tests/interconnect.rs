//! Two products meet: what one sent in its run, and what the other answers.

#[allow(dead_code, reason = "shared with other tests")]
#[path = "hostile/process.rs"]
mod process;

use std::fs;
use std::path::Path;

use serde_json::Value;

use junkyo::attest::bundle::{Bundle, Limits};
use junkyo::interconnect::statement_of;
use process::{Mock, Scratch, junkyo};

const UNITS: [&str; 8] = [
    "run",
    "--profile",
    "unit.10.consumer",
    "--profile",
    "unit.01.provider",
    "--filter",
    "id(UNIT-10-C-*) | id(UNIT-01-P-*resident*)",
    "--out",
];

fn report(folder: &Path) -> Value {
    serde_json::from_slice(&fs::read(folder.join("interconnection.json")).expect("a report")).expect("JSON")
}

fn view<'a>(report: &'a Value, id: &str) -> &'a Value {
    let views = report["interfaces"].as_array().expect("a list");
    views
        .iter()
        .find(|view| view["id"] == id)
        .unwrap_or_else(|| panic!("{id} is not in {report:#}"))
}

#[test]
fn two_recordings_meet() {
    let scratch = Scratch::new("met");
    junkyo(&scratch, &[&UNITS[..], &["run"]].concat())
        .run()
        .expect(0, &["Only a selection"]);
    let met = junkyo(
        &scratch,
        &["interconnect", "run/bundle.junkyo", "run/bundle.junkyo", "--out", "met"],
    )
    .run();
    // Unit 10 also asks units that were not in this run.
    met.expect(
        3,
        &["incomplete", "unit.01", "the receiver's recording holds no answer"],
    );
    let found = report(&scratch.join("met"));
    assert_eq!(view(&found, "unit.01")["state"], "replayed");
    assert_eq!(view(&found, "unit.01")["receiver"], "pass");
    assert_eq!(view(&found, "unit.06")["state"], "not-yet");

    // Both vendors can sign it.
    for key in ["a", "b"] {
        junkyo(&scratch, &["keygen", "--out", key]).run().expect(0, &[]);
        let private = format!("{key}/private.pem");
        junkyo(&scratch, &["sign", "met/interconnection.junkyo", "--key", &private])
            .run()
            .expect(0, &["signed"]);
    }
    let bundle = Bundle::open(&scratch.join("met/interconnection.junkyo"), &Limits::INTAKE).expect("sound");
    let statement = statement_of(&bundle).expect("a statement");
    assert_eq!(statement.subject.len(), 2);
    let units = &statement.predicate.units;
    assert!(
        units.contains(&"01".to_owned()) && !units.contains(&"06".to_owned()),
        "{units:?}"
    );
    let line = String::from_utf8(bundle.envelope().expect("signed").to_vec()).expect("text");
    assert_eq!(line.matches("\"keyid\"").count(), 2);
}

#[test]
fn a_running_product_answers_what_was_recorded() {
    let scratch = Scratch::new("running");
    junkyo(&scratch, &["run", "--profile", "unit.10.consumer", "--out", "a"])
        .run()
        .expect(0, &["conformant"]);
    let _mock = Mock::start(&scratch, "mock");
    junkyo(
        &scratch,
        &["interconnect", "a", "mock/target-units.toml", "--out", "met"],
    )
    .run()
    .expect(0, &["connected", "unit.01", "unit.06"]);
    let found = report(&scratch.join("met"));
    for operation in view(&found, "unit.01")["operations"].as_array().expect("a list") {
        assert_eq!(operation["answered"], operation["sent"], "{operation}");
    }

    // What was answered in the sender's own run and is refused here is never called connected.
    let journal = scratch.join("a/evidence/journal.jsonl");
    let text = fs::read_to_string(&journal).expect("there");
    let wrong = text.replace("<shokaimoto>10</shokaimoto>", "<shokaimoto>XY</shokaimoto>");
    assert_ne!(text, wrong);
    fs::write(&journal, wrong).expect("written");
    junkyo(
        &scratch,
        &["interconnect", "a", "mock/target-units.toml", "--out", "wrong"],
    )
    .run()
    .expect(3, &["incomplete", "refused"]);
    let found = report(&scratch.join("wrong"));
    let findings = view(&found, "unit.01")["findings"].as_array().expect("a list");
    assert!(
        findings.iter().any(|finding| finding["blame"] == "both"),
        "{findings:#?}"
    );

    // No XML at all is the sender's fault, whatever is answered.
    let broken = text.replace("</soap:Envelope>", "</soap:Envelop>>");
    fs::write(&journal, broken).expect("written");
    junkyo(
        &scratch,
        &["interconnect", "a", "mock/target-units.toml", "--out", "broken"],
    )
    .run()
    .expect(1, &["not compatible"]);
    let found = report(&scratch.join("broken"));
    assert_eq!(view(&found, "unit.01")["sender"], "fail");
}

#[test]
fn nothing_to_connect_is_told() {
    let scratch = Scratch::new("nothing");
    junkyo(&scratch, &["run", "--filter", "id(CF-031-P-number)", "--out", "a"])
        .run()
        .expect(0, &[]);
    junkyo(&scratch, &["interconnect", "a", "a", "--out", "met"])
        .run()
        .expect(2, &["holds no request that can be sent again"]);
}
