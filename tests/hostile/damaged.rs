//! Damaged evidence and closed pipes.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::process::{Call, Ended, Scratch, junkyo};

/// A small finished run in `run/`.
fn small_run(name: &str) -> Scratch {
    let scratch = Scratch::new(name);
    junkyo(&scratch, &["run", "--filter", "tag(smoke)", "--out", "run"])
        .run()
        .expect(0, &["passed"]);
    scratch
}

fn change(path: &Path, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = fs::read(path).expect("written by the run");
    change(&mut bytes);
    fs::write(path, bytes).expect("written");
}

#[test]
fn bundle_that_is_none() {
    let scratch = Scratch::new("no-bundle");
    scratch.write("x.junkyo", "this is no ZIP");
    scratch.write("empty.junkyo", "");
    for name in ["x.junkyo", "empty.junkyo"] {
        for command in ["judge", "report"] {
            junkyo(&scratch, &[command, name])
                .run()
                .expect(2, &[name, "is no bundle"]);
        }
    }
    junkyo(&scratch, &["judge", "nowhere.junkyo"])
        .run()
        .expect(2, &["nowhere.junkyo", "No such file"]);
}

#[test]
fn bundle_cut_in_the_middle() {
    let scratch = small_run("cut-bundle");
    change(&scratch.join("run/bundle.junkyo"), |bytes| {
        bytes.truncate(bytes.len() / 2)
    });
    junkyo(&scratch, &["judge", "run/bundle.junkyo"])
        .run()
        .expect(1, &["run/bundle.junkyo", "ends too early", "byte for byte"]);
}

#[test]
fn bundle_changed_afterwards() {
    let scratch = small_run("changed-bundle");
    change(&scratch.join("run/bundle.junkyo"), |bytes| {
        let at = bytes
            .windows(8)
            .position(|window| window == b"HTTP/1.1")
            .expect("an exchange");
        bytes[at] = b'X';
    });
    junkyo(&scratch, &["judge", "run/bundle.junkyo"]).run().expect(
        1,
        &[
            "run/bundle.junkyo",
            "evidence/journal.jsonl",
            "does not fit its checksum",
        ],
    );
}

/// Whoever changes evidence on purpose repairs the checksums of the ZIP; the manifest still tells.
#[test]
fn bundle_forged() {
    let scratch = small_run("forged-bundle");
    let journal = fs::read(scratch.join("run/evidence/journal.jsonl")).expect("written by the run");
    let mut forged = journal.clone();
    let at = forged
        .windows(8)
        .position(|window| window == b"HTTP/1.1")
        .expect("an exchange");
    forged[at] = b'X';
    change(&scratch.join("run/bundle.junkyo"), |bytes| {
        let start = bytes
            .windows(journal.len())
            .position(|window| window == journal)
            .expect("stored as it is");
        bytes[start..start + forged.len()].copy_from_slice(&forged);
        let (old, new) = (crc32(&journal).to_le_bytes(), crc32(&forged).to_le_bytes());
        while let Some(at) = bytes.windows(4).position(|window| window == old) {
            bytes[at..at + 4].copy_from_slice(&new);
        }
    });
    junkyo(&scratch, &["judge", "run/bundle.junkyo"]).run().expect(
        1,
        &[
            "run/bundle.junkyo",
            "evidence/journal.jsonl",
            "changed after it was written",
        ],
    );
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// Whatever byte is damaged, there is an answer, never a panic.
#[test]
fn bundle_with_any_byte_changed() {
    let scratch = small_run("any-byte");
    let path = scratch.join("run/bundle.junkyo");
    let whole = fs::read(&path).expect("written by the run");
    for at in (0..whole.len()).step_by(whole.len() / 7) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        fs::write(&path, bytes).expect("written");
        let ended = junkyo(&scratch, &["judge", "run/bundle.junkyo"]).run();
        assert!(matches!(ended.code, Some(0..=3)), "byte {at}: {ended}");
        assert!(!ended.stderr.contains("panicked"), "byte {at}: {ended}");
    }
}

#[test]
fn journal_damaged_in_the_middle() {
    let scratch = small_run("damaged-journal");
    change(&scratch.join("run/evidence/journal.jsonl"), |bytes| {
        let second = bytes.iter().position(|byte| *byte == b'\n').expect("lines") + 1;
        bytes[second] = b'#';
    });
    for command in [&["judge", "run"][..], &["run", "--rerun", "run"]] {
        junkyo(&scratch, command)
            .run()
            .expect(2, &["journal.jsonl:2", "not a record of this journal format"]);
    }
}

#[test]
fn journal_of_something_else() {
    let scratch = Scratch::new("other-journal");
    scratch.write("run/evidence/journal.jsonl", "");
    junkyo(&scratch, &["judge", "run"])
        .run()
        .expect(2, &["journal.jsonl", "no journal of junkyo"]);
    scratch.write("run/evidence/journal.jsonl", "{\"a\": 1}\n");
    junkyo(&scratch, &["judge", "run"])
        .run()
        .expect(2, &["journal.jsonl:1"]);
}

#[test]
fn journal_of_a_later_format() {
    let scratch = small_run("later-format");
    change(&scratch.join("run/evidence/journal.jsonl"), |bytes| {
        let text = String::from_utf8(bytes.clone())
            .expect("text")
            .replacen("\"format\":1", "\"format\":2", 1);
        *bytes = text.into_bytes();
    });
    junkyo(&scratch, &["judge", "run"])
        .run()
        .expect(2, &["journal.jsonl", "format"]);
}

#[test]
fn folder_without_evidence() {
    let scratch = Scratch::new("no-evidence");
    fs::create_dir(scratch.join("run")).expect("a folder");
    junkyo(&scratch, &["judge", "run"])
        .run()
        .expect(2, &["journal.jsonl", "No such file"]);
    junkyo(&scratch, &["run", "--rerun", "run"])
        .run()
        .expect(2, &["journal.jsonl", "No such file"]);
    junkyo(&scratch, &["report", "run"])
        .run()
        .expect(2, &["report.json", "No such file"]);
}

#[test]
fn report_that_is_none() {
    let scratch = small_run("damaged-report");
    change(&scratch.join("run/report.json"), |bytes| {
        bytes.truncate(bytes.len() / 2)
    });
    junkyo(&scratch, &["report", "run"]).run().expect(2, &["report.json"]);
}

/// What `run` calls a success is one for `judge`, too.
#[test]
fn exit_codes_of_run_and_judge_agree() {
    let scratch = small_run("exit-codes");
    junkyo(&scratch, &["judge", "run"]).run().expect(0, &["passed"]);
}

#[test]
fn run_of_another_target_is_not_continued() {
    let scratch = small_run("other-run");
    change(&scratch.join("run/evidence/journal.jsonl"), |bytes| {
        let text = String::from_utf8(bytes.clone()).expect("text");
        *bytes = text.replacen("\"target\":\"", "\"target\":\"f00d", 1).into_bytes();
    });
    junkyo(&scratch, &["run", "--rerun", "run"])
        .run()
        .expect(2, &["run/evidence", "another target file", "run without --rerun"]);
}

/// Runs a command of a shell, `{}` being the binary.
fn shell(scratch: &Scratch, line: &str) -> Ended {
    let binary = format!("'{}' --lang en", env!("CARGO_BIN_EXE_junkyo"));
    let mut shell = Command::new("bash");
    shell
        .arg("-c")
        .arg(format!("set -o pipefail; {}", line.replace("{}", &binary)));
    Call::new(scratch, shell).run()
}

/// `junkyo list | head -1`: the reader has seen enough, and that is no failure.
#[test]
fn closed_pipe() {
    let scratch = small_run("pipe");
    for arguments in [
        "list",
        "list --coverage",
        "list --json",
        "show CF-031-P-number",
        "report run --format html",
    ] {
        let ended = shell(&scratch, &format!("{{}} {arguments} | head -1"));
        ended.expect(0, &[]);
        assert!(!ended.stdout.is_empty(), "{arguments}: {ended}");
    }
}

/// Nobody reads the summary, but the exit code still tells the outcome.
#[test]
fn closed_pipe_does_not_make_conformant() {
    let scratch = Scratch::new("pipe-outcome");
    let filter = "--filter 'id(CF-031-P-token-none)' --defect token-optional";
    shell(&scratch, &format!("{{}} run {filter} --out run >/dev/null")).expect(1, &[]);
    // `true` is gone long before the summary is written.
    shell(&scratch, &format!("{{}} run {filter} --out run | true")).expect(1, &[]);
    shell(&scratch, "{} judge run | true").expect(1, &[]);
}
