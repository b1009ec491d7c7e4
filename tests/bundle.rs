//! Bundles as others get them: the same bytes again, parts that make a whole, what is withheld, what never gets in.

#[allow(dead_code, reason = "shared with other tests")]
#[path = "hostile/attended.rs"]
mod attended;
#[allow(dead_code, reason = "shared with other tests")]
#[path = "hostile/process.rs"]
mod process;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use junkyo::attest::bundle::{Bundle, Limits};
use junkyo::attest::statement::Product;
use junkyo::attest::{Digest, canonical};
use junkyo::text::identifiers::individual_check_digit;
use process::{Ended, Mock, Scratch, junkyo};

/// Some thirty scenarios of all three roles.
const FEW: &str = "tag(smoke) | tag(token)";

fn bytes(path: impl AsRef<Path>) -> Vec<u8> {
    fs::read(path.as_ref()).unwrap_or_else(|error| panic!("{}: {error}", path.as_ref().display()))
}

fn report(folder: &Path) -> Value {
    serde_json::from_slice(&bytes(folder.join("report.json"))).expect("JSON")
}

fn run(scratch: &Scratch, arguments: &[&str]) -> Ended {
    junkyo(scratch, &[&["run"], arguments].concat()).run()
}

/// Judging the bundle gives the very report that is in it.
fn reproduces(scratch: &Scratch, folder: &str) {
    let bundle = format!("{folder}/bundle.junkyo");
    let out = format!("{folder}-again");
    let again = junkyo(scratch, &["judge", &bundle, "--out", &out]).run();
    assert!(
        again.stdout.contains("Byte for byte the report that was recorded"),
        "{again}"
    );
    let open = Bundle::open(&scratch.join(&bundle), &Limits::INTAKE).expect("sound");
    let inside = open.read("report.json").expect("there");
    assert_eq!(inside, bytes(scratch.join(&out).join("report.json")), "{folder}");
    assert_eq!(inside, bytes(scratch.join(folder).join("report.json")), "{folder}");
}

#[test]
fn judging_again_gives_the_same_bytes() {
    let scratch = Scratch::new("again");
    run(&scratch, &["--filter", FEW, "--out", "plain"]).expect(0, &["passed"]);
    reproduces(&scratch, "plain");
    // More scenarios fail than the report shows exchanges of, so the order in which they end would matter.
    let defects = ["--defect", "http10", "--defect", "compressed-unasked"];
    run(
        &scratch,
        &[&["--filter", "id(CF-031-P-*)", "--out", "defects"], &defects[..]].concat(),
    )
    .expect(1, &["failed"]);
    reproduces(&scratch, "defects");
    let repeat = "junkyo run --defect http10 --defect compressed-unasked --filter";
    assert!(String::from_utf8_lossy(&bytes(scratch.join("defects/report.json"))).contains(repeat));

    let mock = Mock::start(&scratch, "mock");
    let waiver = "\n[[expected-failures]]\nscenario = \"CF-031-*\"\nreason = \"a trial\"\nuntil = \"2099-12-31\"\n";
    scratch.write("mock/target.toml", &format!("{}{waiver}", mock.target()));
    let target = [
        "--target",
        "mock/target.toml",
        "--no-preflight",
        "--filter",
        FEW,
        "--out",
        "target",
    ];
    run(&scratch, &target);
    reproduces(&scratch, "target");
    // The copy of the target file counts as evidence.
    let copy = scratch.join("target/target.toml");
    let text = fs::read_to_string(&copy).expect("there");
    fs::write(&copy, text.replace("2099", "2098")).expect("written");
    junkyo(&scratch, &["judge", "target"])
        .run()
        .expect(1, &["not the target file of the run"]);
}

const SMALL: &str = "common-function.authorization";

#[test]
fn parts_make_the_whole() {
    let scratch = Scratch::new("parts");
    let profile = ["--profile", SMALL];
    run(&scratch, &[&profile[..], &["--out", "whole"]].concat()).expect(0, &["Outcome: conformant"]);
    for part in ["1/3", "2/3", "3/3"] {
        let out = format!("part-{}", &part[..1]);
        run(
            &scratch,
            &[&profile[..], &["--partition", part, "--out", &out]].concat(),
        )
        .expect(0, &["Only a selection"]);
    }
    junkyo(
        &scratch,
        &["merge", "part-3", "part-1/bundle.junkyo", "part-2", "--out", "merged"],
    )
    .run()
    .expect(0, &["Outcome: conformant"]);
    reproduces(&scratch, "merged");
    assert_eq!(report(&scratch.join("merged"))["run"]["partial"], json!(false));
    junkyo(&scratch, &["diff", "whole", "merged/bundle.junkyo"])
        .run()
        .expect(0, &["No verdict differs"]);
    // Two of three are a selection, and go with the third later.
    junkyo(&scratch, &["merge", "part-1", "part-2", "--out", "two"])
        .run()
        .expect(0, &["Only a selection"]);
    junkyo(&scratch, &["merge", "two", "part-3", "--out", "three"])
        .run()
        .expect(0, &["Outcome: conformant"]);
    assert_eq!(
        bytes(scratch.join("three/bundle.junkyo")),
        bytes(scratch.join("merged/bundle.junkyo"))
    );

    // All reasons at once.
    run(
        &scratch,
        &[
            "--profile",
            "unit.01.provider",
            "--filter",
            "id(*-P-*)",
            "--out",
            "other",
        ],
    );
    let refused = junkyo(
        &scratch,
        &[
            "merge",
            "part-1",
            "part-1/bundle.junkyo",
            "whole",
            "other",
            "--out",
            "none",
        ],
    )
    .run();
    refused.expect(2, &["another profiles", "is in both"]);
    assert!(!scratch.join("none").exists());
    junkyo(&scratch, &["merge", "part-1", "part-2", "--out", "part-1"])
        .run()
        .expect(2, &["is part-1 itself"]);
    junkyo(&scratch, &["merge", "whole", "whole", "--out", "none"])
        .run()
        .expect(2, &["the same recording twice"]);
}

/// What a journal says of itself is not believed: a plan that leaves scenarios out is a selection.
#[test]
fn a_selection_cannot_pass_for_the_whole() {
    let scratch = Scratch::new("selection");
    run(&scratch, &["--profile", SMALL, "--partition", "1/2", "--out", "half"]).expect(0, &["Only a selection"]);
    let journal = scratch.join("half/evidence/journal.jsonl");
    let text = fs::read_to_string(&journal).expect("there");
    fs::write(&journal, text.replacen("\"partial\":true", "\"partial\":false", 1)).expect("written");
    junkyo(&scratch, &["judge", "half"])
        .run()
        .expect(0, &["Only a selection", "Outcome: incomplete"]);
}

#[test]
fn verdicts_that_waver_are_told() {
    let scratch = Scratch::new("waver");
    run(&scratch, &["--filter", FEW, "--repeat", "2", "--out", "steady"]).expect(0, &["passed"]);
    reproduces(&scratch, "steady");
    let stability = &report(&scratch.join("steady"))["stability"];
    assert_eq!(*stability, json!({"runs": 2, "retried": 0, "unstable": []}));

    // The second run is made to have another answer in one scenario.
    let journal = scratch.join("steady/run-2/evidence/journal.jsonl");
    let text = fs::read_to_string(&journal).expect("there");
    let line = text
        .lines()
        .find(|line| {
            let of_scenario = line.contains("\"scenario\":\"CF-031-P-number\"");
            of_scenario && line.contains("\"channel\":\"api\"") && line.contains("HTTP/1.1 200 OK")
        })
        .expect("an answer");
    let scenario = serde_json::from_str::<Value>(line).expect("JSON")["scenario"]
        .as_str()
        .expect("an id")
        .to_owned();
    fs::write(&journal, text.replacen(line, &line.replacen("200 OK", "500 No", 1), 1)).expect("written");
    let merged = junkyo(&scratch, &["merge", "steady/run-1", "steady/run-2", "--out", "shaky"]).run();
    merged.expect(1, &["failed"]);
    reproduces(&scratch, "shaky");
    let stability = &report(&scratch.join("shaky"))["stability"];
    assert_eq!(stability["unstable"][0]["id"], json!(scenario));
    assert_eq!(stability["unstable"][0]["verdicts"], json!(["pass", "fail"]));
    let html = fs::read_to_string(scratch.join("shaky/report.html")).expect("there");
    assert!(html.contains("id=\"stability\""));
    junkyo(&scratch, &["judge", "steady/run-2", "--out", "judged"])
        .run()
        .expect(1, &["What differs"]);
    junkyo(&scratch, &["diff", "--stability", "steady/run-1", "judged/report.json"])
        .run()
        .expect(1, &["2 runs, 0 retried, 1 unstable"]);
    junkyo(&scratch, &["diff", "steady/run-1", "judged/report.json"])
        .run()
        .expect(1, &["the product answered otherwise", "worse"]);
}

/// The folder of the corpus with one text of one file replaced.
fn other_corpus(scratch: &Scratch, file: &str, from: &str, to: &str) -> PathBuf {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).expect("a folder");
        for entry in fs::read_dir(from).expect("readable").map_while(Result::ok) {
            let (source, target) = (entry.path(), to.join(entry.file_name()));
            if source.is_dir() {
                copy(&source, &target);
            } else {
                fs::copy(source, target).expect("copied");
            }
        }
    }
    let folder = scratch.join("corpus");
    if !folder.exists() {
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance"), &folder);
    }
    let path = folder.join(file);
    let text = fs::read_to_string(&path).expect("there");
    assert!(text.contains(from), "{file} has no `{from}`");
    fs::write(&path, text.replacen(from, to, 1)).expect("written");
    folder
}

#[test]
fn another_corpus_tells_what_it_judges_otherwise() {
    let scratch = Scratch::new("corpus");
    run(&scratch, &["--filter", "id(CF-031-P-number)", "--out", "run"]).expect(0, &["passed"]);
    let file = "common-functions/031/provider.toml";
    let check = "{ is = \"status\", of = [\"200\"], for = [\"CF-AUT-003\"";
    other_corpus(&scratch, file, check, &check.replace("200", "201"));
    let judged = junkyo(&scratch, &["judge", "run/bundle.junkyo", "--corpus", "corpus"]).run();
    judged.expect(
        1,
        &[
            "corpus:",
            "CF-031-P-number",
            "the same evidence is judged by another rule",
        ],
    );
    let machine = junkyo(
        &scratch,
        &["judge", "run/bundle.junkyo", "--corpus", "corpus", "--json"],
    )
    .run();
    let value: Value = serde_json::from_str(&machine.stdout).expect("JSON");
    assert_eq!(value["scenarios"][0]["direction"], "regression");
}

#[test]
fn what_is_withheld_is_not_judged() {
    let scratch = Scratch::new("redact");
    run(&scratch, &["--filter", FEW, "--out", "run"]).expect(0, &["passed"]);
    let redact = [
        "redact",
        "run/bundle.junkyo",
        "--scenario",
        "CF-031-P-number",
        "--reason",
        "trade secret",
    ];
    junkyo(&scratch, &[&redact[..], &["--out", "less.junkyo"]].concat())
        .run()
        .expect(0, &["cannot be judged again (1): CF-031-P-number"]);
    junkyo(&scratch, &["judge", "less.junkyo", "--out", "less"])
        .run()
        .expect(1, &["Outcome: incomplete", "withheld", "CF-031-P-number"]);
    let views = report(&scratch.join("less"))["scenarios"].clone();
    let open: Vec<&Value> = views
        .as_array()
        .expect("a list")
        .iter()
        .filter(|view| view["verdict"] == "error")
        .collect();
    assert_eq!(open.len(), 1, "{open:?}");
    let less = Bundle::open(&scratch.join("less.junkyo"), &Limits::INTAKE).expect("sound");
    let whole = Bundle::open(&scratch.join("run/bundle.junkyo"), &Limits::INTAKE).expect("sound");
    assert_eq!(less.manifest_digest(), whole.manifest_digest());
    assert_eq!(less.tree(), whole.tree());

    let all = [
        "redact",
        "run/bundle.junkyo",
        "--path",
        "evidence/*",
        "--reason",
        "all",
        "--out",
        "none.junkyo",
    ];
    junkyo(&scratch, &all).run().expect(0, &["1 of 2 files"]);
    junkyo(&scratch, &["judge", "none.junkyo"])
        .run()
        .expect(2, &["the journal was withheld"]);
    junkyo(&scratch, &["report", "none.junkyo"])
        .run()
        .expect(0, &["passed"]);
    junkyo(&scratch, &[&redact[..], &["--out", "run/bundle.junkyo"]].concat())
        .run()
        .expect(2, &["is the bundle itself"]);
}

/// A 個人番号 that could be somebody's, made here so that none stands in the repository.
fn somebody() -> String {
    let body = "31415926535";
    format!("{body}{}", individual_check_digit(body).expect("eleven digits"))
}

/// A driver that reports this, whatever it is asked for.
fn target_with_driver(scratch: &Scratch, mock: &Mock, reported: &Value) -> String {
    let driver = scratch.write("driver.json", &format!("{reported}\n"));
    let text = mock.target();
    let at = text.find("[driver.provider]\nurl = ").expect("written by the mock") + "[driver.provider]\n".len();
    let end = at + text[at..].find('\n').expect("a line");
    let command = format!("command = [\"cat\", {:?}]", driver.display().to_string());
    format!("{}{command}{}", &text[..at], &text[end..])
}

const DRIVEN: &str = "id(*expire*) | tag(token)";

#[test]
fn numbers_of_real_people_are_not_recorded() {
    let scratch = Scratch::new("people");
    let mock = Mock::start(&scratch, "mock");
    let number = somebody();
    let clean = mock.target();
    let text = target_with_driver(&scratch, &mock, &json!({"kojinbango": number}));
    scratch.write("mock/target.toml", &text);
    let run_it = |out: &str| {
        let arguments = [
            "--target",
            "mock/target.toml",
            "--no-preflight",
            "--filter",
            DRIVEN,
            "--out",
            out,
        ];
        run(&scratch, &arguments)
    };
    let ended = run_it("run");
    assert!(
        ended
            .stderr
            .contains("`kojinbango` looks like the number of a real person"),
        "{ended}"
    );
    assert_ne!(ended.code, Some(0), "{ended}");
    let found = report(&scratch.join("run"));
    assert_ne!(found["outcome"], "conformant");
    assert_eq!(found["real-data"]["places"][0]["named"], "kojinbango");
    let html = fs::read_to_string(scratch.join("run/report.html")).expect("there");
    assert!(html.contains("id=\"real-data\""));
    reproduces(&scratch, "run");
    for folder in ["run", "run/evidence"] {
        for entry in fs::read_dir(scratch.join(folder))
            .expect("readable")
            .map_while(Result::ok)
        {
            if entry.path().is_file() {
                let held = memchr::memmem::find(&bytes(entry.path()), number.as_bytes());
                assert!(held.is_none(), "{}", entry.path().display());
            }
        }
    }

    // Allowed with a reason: recorded as it is, and the reason is shown.
    let allowed = format!("{text}\n[evidence]\nallow-real-looking-data = \"made by the vendor's generator\"\n");
    scratch.write("mock/target.toml", &allowed);
    run_it("allowed");
    let found = report(&scratch.join("allowed"));
    assert_eq!(found["real-data"]["allowed"], "made by the vendor's generator");
    assert!(memchr::memmem::find(&bytes(scratch.join("allowed/bundle.junkyo")), number.as_bytes()).is_some());

    // Nor may the target file bring one in: it becomes part of the bundle.
    scratch.write("mock/target.toml", &format!("# kojinbango: {number}\n{clean}"));
    run_it("none").expect(2, &["target.toml: line 1", "looks like the number of a real person"]);
    assert!(!scratch.join("none").exists());
}

#[test]
fn no_secret_gets_into_a_bundle() {
    let scratch = Scratch::new("secrets");
    let mock = Mock::start(&scratch, "mock");
    let secret = fs::read_to_string(mock.folder.join("client-secret"))
        .expect("there")
        .trim()
        .to_owned();
    let client_id = mock
        .target()
        .lines()
        .find_map(|line| line.strip_prefix("client-id = "))
        .expect("there")
        .replace('"', "");
    // The driver is as careless as can be.
    let careless =
        json!({"debug": {"client_secret": secret, "auth": STANDARD.encode(format!("{client_id}:{secret}"))}});
    scratch.write("mock/target.toml", &target_with_driver(&scratch, &mock, &careless));
    let arguments = [
        "run",
        "--target",
        "mock/target.toml",
        "--no-preflight",
        "--filter",
        DRIVEN,
        "--out",
        "run",
    ];
    let mut call = junkyo(&scratch, &arguments);
    let environment = ["CI_DEPLOY_TOKEN", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD"];
    for name in environment {
        call.command.env(name, format!("{name}-very-secret"));
    }
    call.run();
    let bundle = Bundle::open(&scratch.join("run/bundle.junkyo"), &Limits::INTAKE).expect("sound");
    let journal = String::from_utf8(bundle.read("evidence/journal.jsonl").expect("there")).expect("text");
    assert!(journal.contains("masked-"), "the driver was asked");
    let tokens: BTreeSet<&str> = journal
        .split("access_token\\\":\\\"")
        .skip(1)
        .filter_map(|rest| rest.split('\\').next())
        .collect();
    assert!(
        !tokens.is_empty() && tokens.iter().all(|token| token.starts_with("masked-")),
        "{tokens:?}"
    );
    let mut secrets = vec![
        secret.clone(),
        STANDARD.encode(&secret),
        STANDARD.encode(format!("{client_id}:{secret}")),
        "very-secret".to_owned(),
        "PRIVATE KEY".to_owned(),
    ];
    secrets.extend(
        fs::read_to_string(mock.folder.join("signing-key.pem"))
            .expect("there")
            .lines()
            .skip(1)
            .take(2)
            .map(String::from),
    );
    let all = bytes(scratch.join("run/bundle.junkyo"));
    for secret in &secrets {
        assert!(memchr::memmem::find(&all, secret.as_bytes()).is_none(), "{secret}");
    }

    // A secret in the target file itself is refused.
    let text = mock.target().replace("[limits]", &format!("# {secret}\n[limits]"));
    scratch.write("mock/target.toml", &text);
    run(&scratch, &["--target", "mock/target.toml", "--out", "none"])
        .expect(2, &["the client secret stands in the file"]);
}

#[test]
fn a_challenge_seeds_the_run() {
    let scratch = Scratch::new("challenge");
    run(&scratch, &["--profile", SMALL, "--out", "before"]).expect(0, &["conformant"]);
    let corpus = report(&scratch.join("before"))["corpus"]["sha256"]
        .as_str()
        .expect("a digest")
        .to_owned();
    let product = Product::new("junkyo", None, "reference platform", env!("CARGO_PKG_VERSION"));
    let challenge = json!({
        "schema": "challenge/v1",
        "challengeId": "ch-000123",
        "expires": "2999-01-01T00:00:00Z",
        "nonce": STANDARD.encode(Digest::of(b"challenge-1").as_bytes()),
        "product": {"sha256": product.digest().expect("no numbers").to_string()},
        "profiles": [SMALL],
        "suite": {"sha256": corpus},
        "vendor": "9000000000000",
    });
    let write = |name: &str, challenge: &Value| {
        let text = String::from_utf8(canonical::to_bytes(challenge).expect("no floats")).expect("text");
        scratch.write(name, &text);
    };
    write("challenge.json", &challenge);
    run(&scratch, &["--challenge", "challenge.json", "--out", "run"]).expect(0, &["conformant"]);
    reproduces(&scratch, "run");
    let answered = report(&scratch.join("run"));
    assert_eq!(answered["run"]["challenge"]["id"], "ch-000123");
    assert_ne!(answered["run"]["seed"], report(&scratch.join("before"))["run"]["seed"]);

    for (key, value, told) in [
        ("product", json!({"sha256": "0".repeat(64)}), "another product"),
        ("profiles", json!(["unit.01.provider"]), "for the profiles"),
        ("suite", json!({"sha256": "0".repeat(64)}), "for corpus"),
        ("expires", json!("2020-01-01T00:00:00Z"), "expired"),
        ("schema", json!("challenge/v9"), "no challenge"),
    ] {
        let mut changed = challenge.clone();
        changed[key] = value;
        write("changed.json", &changed);
        run(
            &scratch,
            &["--challenge", "changed.json", "--profile", SMALL, "--out", "none"],
        )
        .expect(2, &[told]);
        assert!(!scratch.join("none").exists());
    }
}
