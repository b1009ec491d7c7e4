//! No space left: an error that says so, nothing lost, and the store opens again.

use std::io::{BufRead, BufReader};
use std::process::Command;

use junkyo::registry::store::{Store, StoreError, Tx};
use libtest_mimic::Trial;

use super::crash::{Told, all_there, event, say, start};
use super::harness::Folder;
use super::place::{Ground, Kind};
use super::{ensure, text, trial};

pub(crate) fn trials() -> Vec<Trial> {
    // Needs a kernel that lets a process have mounts of its own.
    let mounts = Command::new("unshare")
        .args(["-m", "true"])
        .output()
        .is_ok_and(|done| done.status.success());
    vec![
        trial("full::file-size", file_size),
        trial("full::disk", disk).with_ignored_flag(!mounts),
    ]
}

/// Writes until nothing more can be written.
pub(crate) fn child(store: &Store) -> Result<(), StoreError> {
    let error = loop {
        match event(store) {
            Ok(said) => say(&said),
            Err(error) => break error,
        }
    };
    if !matches!(error, StoreError::Full { .. }) {
        return Err(error);
    }
    let large = store.blobs().put(&vec![b'.'; 32 * 1024 * 1024]);
    if !matches!(large, Err(StoreError::Full { .. })) {
        return Err(large.err().unwrap_or(StoreError::Aborted));
    }
    // Who reads goes on.
    store.read(|tx: &mut dyn Tx| tx.query("SELECT * FROM audit", &[]))?;
    say("job full");
    Ok(())
}

fn file_size(folder: &Folder) -> Result<(), String> {
    // The signal is ignored, so that a write fails instead.
    fills_up(folder, "trap '' XFSZ; ulimit -f 1500; exec \"$1\"", |_| Ok(()))
}

fn disk(folder: &Folder) -> Result<(), String> {
    // A file system of 3 MB; what is on it is copied out, as it goes with the process.
    let script = "set -e; mount -t tmpfs -o size=3m store \"$JUNKYO_STORE_DATA\"; code=0; \"$1\" || code=$?; \
                  cp -a \"$JUNKYO_STORE_DATA/.\" \"$JUNKYO_STORE_DATA.kept\"; exit $code";
    fills_up(folder, script, |ground| {
        let kept = ground.config.data.with_extension("kept");
        ground.config.data = kept;
        Ok(())
    })
}

fn fills_up(
    folder: &Folder,
    script: &str,
    after: impl FnOnce(&mut Ground) -> Result<(), String>,
) -> Result<(), String> {
    let mut ground = Ground::new(Kind::Local, folder, "data")?;
    std::fs::create_dir_all(folder.at("data.kept")).map_err(text)?;
    std::fs::create_dir_all(&ground.config.data).map_err(text)?;
    let mut child = start("full", &ground.config, Some(script))?;
    let out = child.stdout.take().ok_or("no output")?;
    let lines: Vec<_> = BufReader::new(out).lines().map_while(Result::ok).collect();
    let status = child.wait().map_err(text)?;
    ensure(status.success(), format!("{status}: {lines:?}"))?;
    ensure(
        lines.last().is_some_and(|line| line == "job full"),
        format!("{lines:?}"),
    )?;
    after(&mut ground)?;
    let mut told = Told::default();
    told.take(&lines[..lines.len() - 1])?;
    ensure(told.events.len() > 3, format!("{lines:?}"))?;
    let store = ground.open()?;
    all_there(&store, &told)?;
    // There is room again.
    let said = event(&store).map_err(text)?;
    told.take(&[said])?;
    all_there(&store, &told)
}
