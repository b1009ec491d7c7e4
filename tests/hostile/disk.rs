//! A disk that fills up: the run ends with a message, and what was recorded can be read.

use std::process::Command;

use crate::process::{Call, Ended, Scratch, junkyo};

/// Takes the mount away again, whatever the test did.
struct Mounted<'a>(&'a Scratch);

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        Command::new("umount").arg("-l").arg(self.0.join("out")).status().ok();
    }
}

/// A file system of a few hundred kilobytes, where the test may mount one.
fn tiny_disk(scratch: &Scratch) -> Option<Mounted<'_>> {
    let folder = scratch.join("out");
    std::fs::create_dir(&folder).expect("a folder");
    let mounted = Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=256k", "junkyo-test"])
        .arg(folder)
        .stderr(std::process::Stdio::null())
        .status();
    mounted.is_ok_and(|status| status.success()).then(|| Mounted(scratch))
}

/// The message tells what could not be written, and the journal is sound up to there.
fn ended_well(scratch: &Scratch, ended: &Ended, folder: &str) {
    ended.expect(
        3,
        &[
            "cannot write evidence to",
            "journal.jsonl",
            "what was recorded before is safe",
        ],
    );
    junkyo(scratch, &["judge", folder])
        .run()
        .expect(3, &["Outcome: incomplete", "The run was interrupted"]);
}

#[test]
fn full_disk() {
    let scratch = Scratch::new("disk");
    let Some(_mounted) = tiny_disk(&scratch) else {
        return; // Without the right to mount, the limit on file sizes below stands for it.
    };
    let ended = junkyo(
        &scratch,
        &["run", "--filter", "role(provider) & id(CF-*)", "--out", "out/run"],
    )
    .run();
    ended_well(&scratch, &ended, "out/run");
}

#[test]
fn limit_on_file_sizes() {
    let scratch = Scratch::new("ulimit");
    let mut shell = Command::new("bash");
    // Without the trap the first write over the limit would be a deadly signal.
    let line = "trap '' XFSZ; ulimit -f 200; exec \"$0\" --lang en run --filter 'role(provider) & id(CF-*)' --out run";
    shell.arg("-c").arg(line).arg(env!("CARGO_BIN_EXE_junkyo"));
    let ended = Call::new(&scratch, shell).run();
    ended_well(&scratch, &ended, "run");
}

/// After somebody made room, the run goes on from there.
#[test]
fn room_is_made() {
    let scratch = Scratch::new("room");
    let mut shell = Command::new("bash");
    let line = "trap '' XFSZ; ulimit -f 60; exec \"$0\" --lang en run --filter 'tag(smoke) | tag(token)' --out run";
    shell.arg("-c").arg(line).arg(env!("CARGO_BIN_EXE_junkyo"));
    Call::new(&scratch, shell)
        .run()
        .expect(3, &["cannot write evidence to"]);
    junkyo(&scratch, &["run", "--rerun", "run"])
        .run()
        .expect(0, &["passed"]);
    assert!(scratch.join("run/bundle.junkyo").is_file());
}

/// The journal fits, the report does not.
#[test]
fn no_room_for_the_report() {
    let scratch = Scratch::new("report-room");
    let mut shell = Command::new("bash");
    let line = "trap '' XFSZ; ulimit -f 40; exec \"$0\" --lang en run --filter 'tag(smoke)' --out run";
    shell.arg("-c").arg(line).arg(env!("CARGO_BIN_EXE_junkyo"));
    Call::new(&scratch, shell)
        .run()
        .expect(3, &["cannot write", "run/report."]);
    junkyo(&scratch, &["judge", "run"]).run().expect(0, &["passed"]);
}

#[test]
fn folder_that_may_not_be_written() {
    let scratch = Scratch::new("read-only");
    // Even root cannot make folders here.
    junkyo(&scratch, &["run", "--filter", "tag(smoke)", "--out", "/proc/junkyo"])
        .run()
        .expect(3, &["cannot write evidence to /proc/junkyo"]);
}
