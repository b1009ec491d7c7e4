//! Drivers that fail: the scenario is blocked with the driver's name and reason, and the run is
//! incomplete; the product is not blamed.

use std::time::Duration;

use crate::process::{Ended, Scratch, junkyo};
use crate::servers::{Canned, Server};
use crate::target::TargetText;

const CONSUMER: &str = "id(CF-031-C-request)";

/// One consumer scenario with a driver.
fn consume(scratch: &Scratch, driver: &str) -> Ended {
    let mut target = TargetText::sound();
    target.claims = r#"["common-function.031.consumer"]"#;
    target.more = format!("[driver.consumer]\n{driver}");
    target.write(scratch);
    junkyo(
        scratch,
        &[
            "run",
            "--target",
            "target.toml",
            "--no-preflight",
            "--filter",
            CONSUMER,
            "--out",
            "run",
        ],
    )
    .run()
}

const SHORT: Duration = Duration::from_secs(15);

#[test]
fn command_that_hangs() {
    let scratch = Scratch::new("driver-hangs");
    let ended = consume(&scratch, r#"command = ["sh", "-c", "echo $$ > pid; exec sleep 600"]"#);
    ended
        .expect(3, &["CF-031-C-request", "the driver did not end within"])
        .within(SHORT);
    let id = std::fs::read_to_string(scratch.join("pid")).expect("the driver wrote it");
    let left = std::path::Path::new("/proc").join(id.trim()).join("cmdline");
    let command = std::fs::read_to_string(left).unwrap_or_default();
    assert!(!command.contains("sleep"), "the driver was left behind");
}

#[test]
fn command_that_fails() {
    let scratch = Scratch::new("driver-fails");
    consume(&scratch, r#"command = ["sh", "-c", "echo no licence >&2; exit 1"]"#)
        .expect(
            3,
            &[
                "the product's driver failed",
                "driver command `sh` ended with exit status: 1",
                "no licence",
            ],
        )
        .within(SHORT);
}

#[test]
fn command_that_a_signal_ends() {
    let scratch = Scratch::new("driver-killed");
    consume(&scratch, r#"command = ["sh", "-c", "kill -9 $$"]"#)
        .expect(3, &["the product's driver failed", "signal: 9"])
        .within(SHORT);
}

#[test]
fn command_that_prints_garbage() {
    let scratch = Scratch::new("driver-garbage");
    // It claims success without having sent anything, so the product did not do its work.
    consume(&scratch, r#"command = ["sh", "-c", "head -c 100000 /dev/urandom"]"#)
        .expect(1, &["CF-031-C-request", "to act    product"])
        .within(SHORT);
}

#[test]
fn command_that_does_not_exist() {
    let scratch = Scratch::new("driver-missing");
    consume(&scratch, r#"command = ["/no/such/driver"]"#)
        .expect(3, &["driver command `/no/such/driver`", "No such file"])
        .within(SHORT);
}

#[test]
fn command_that_does_not_know_the_action() {
    let scratch = Scratch::new("driver-89");
    consume(&scratch, r#"command = ["sh", "-c", "exit 89"]"#)
        .expect(3, &["does not offer `number`"])
        .within(SHORT);
}

#[test]
fn command_that_prints_without_end() {
    let scratch = Scratch::new("driver-endless");
    let ended = consume(&scratch, r#"command = ["yes", "and more"]"#);
    ended.expect(3, &["printed more than"]).within(SHORT);
    assert!(ended.peak_kib < 200 * 1024, "it took {} MiB", ended.peak_kib / 1024);
}

#[test]
fn no_driver() {
    let scratch = Scratch::new("no-driver");
    let mut target = TargetText::sound();
    target.claims = r#"["common-function.031.consumer"]"#;
    target.write(&scratch);
    junkyo(&scratch, &["run", "--target", "target.toml"])
        .run()
        .expect(2, &["preflight fault: driver.consumer", "give a command or a url"]);
}

#[test]
fn nobody_at_the_terminal() {
    let scratch = Scratch::new("operator");
    consume(&scratch, "operator = true")
        .expect(3, &["nobody is at the terminal"])
        .within(SHORT);
}

#[test]
fn hook_that_fails() {
    let answers = Canned {
        head: "HTTP/1.1 500 Internal Server Error\r\nContent-Type: text/html",
        body: "<html>",
    };
    let server = Server::product(move |stream| std::io::Write::write_all(stream, &answers.answer()));
    let scratch = Scratch::new("hook");
    consume(&scratch, &format!("url = \"{}\"", server.url("/hook")))
        .expect(3, &["driver hook", "HTTP 500"])
        .within(SHORT);
}

#[test]
fn hook_where_nobody_listens() {
    let scratch = Scratch::new("hook-nobody");
    consume(&scratch, "url = \"http://127.0.0.1:9/hook\"")
        .expect(3, &["driver hook", "no connection"])
        .within(SHORT);
}
