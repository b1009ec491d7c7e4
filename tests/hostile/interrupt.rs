//! Ctrl-C during a run.

use std::fs;

use crate::process::{Mock, Scratch, junkyo};

#[test]
fn interrupted_and_completed() {
    let scratch = Scratch::new("interrupt");
    let mock = Mock::start(&scratch, "mock");
    // So slow that there is time to interrupt it.
    let target = mock.target().replace("[limits]", "[limits]\nrequests-per-second = 20");
    scratch.write("mock/target.toml", &target);
    let run = [
        "run",
        "--target",
        "mock/target.toml",
        "--filter",
        "family(required) | tag(token)",
    ];
    let mut running = junkyo(&scratch, &[&run[..], &["--out", "run"]].concat()).start();
    let journal = scratch.join("run/evidence/journal.jsonl");
    let ends = || fs::read_to_string(&journal).map_or(0, |text| text.matches("\"record\":\"end\"").count());
    assert!(running.wait_until(|| ends() >= 3), "it was over too early");
    running.signal("INT");
    let ended = running.wait();
    ended.expect(
        3,
        &[
            "interrupted: finishing the scenarios under way",
            "Outcome: incomplete",
            "--rerun",
        ],
    );
    for name in ["report.json", "report.html", "junit.xml", "bundle.junkyo"] {
        assert!(scratch.join("run").join(name).is_file(), "{name} is missing");
    }
    let target = mock
        .target()
        .replace("requests-per-second = 20", "requests-per-second = 20 ");
    scratch.write("mock/target.toml", &target);
    // Another target file, if only by a space, is another run.
    let again = ["run", "--target", "mock/target.toml", "--rerun", "run"];
    junkyo(&scratch, &again).run().expect(2, &["another target file"]);
    scratch.write(
        "mock/target.toml",
        &target.replace("requests-per-second = 20 ", "requests-per-second = 20"),
    );
    junkyo(&scratch, &again).run().expect(0, &["passed"]);
}

#[test]
fn interrupted_twice_ends_at_once() {
    let scratch = Scratch::new("interrupt-twice");
    let mock = Mock::start(&scratch, "mock");
    let target = mock.target().replace("[limits]", "[limits]\nrequests-per-second = 1");
    scratch.write("mock/target.toml", &target);
    let mut running = junkyo(&scratch, &["run", "--target", "mock/target.toml", "--out", "run"]).start();
    let journal = scratch.join("run/evidence/journal.jsonl");
    assert!(running.wait_until(|| journal.is_file()));
    // The signal may come before anybody watches for it: then it ends the process, as usual.
    let text = || fs::read_to_string(&journal).unwrap_or_default();
    assert!(running.wait_until(|| text().contains("\"record\":\"exchange\"")));
    running.signal("INT");
    std::thread::sleep(std::time::Duration::from_millis(200));
    running.signal("INT");
    running.wait().expect(3, &[]).within(std::time::Duration::from_secs(10));
    junkyo(&scratch, &["judge", "run"])
        .run()
        .expect(3, &["Outcome: incomplete"]);
}
