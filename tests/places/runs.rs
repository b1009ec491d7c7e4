//! Whole runs of file linkage: `junkyo mock` on one side, `junkyo run` on the other, a real server in between.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Trial;
use serde_json::Value;

use super::harness::{Folder, Outcome, PATIENCE, Running, junkyo_run};
use super::sftp::Sshd;
use super::{ENVIRONMENT, relay, sftp, store, trial};

/// Everything that unit 10 does with files, and what leads from group to group in unit 01.
const SELECTION: &str = "id(UNIT-10-F-*) | id(UNIT-01-F-references-*)";

/// Enough for a place where every act is a session of its own.
const FEW: &str =
    "id(UNIT-10-F-export-full) | id(UNIT-10-F-import-delta) | id(UNIT-01-F-references-resident-household)";

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("run::folder", folder_run),
        trial("run::store", store_run),
        trial("run::store-http", plain_run),
        trial("run::store-wrong-secret", wrong_secret_run),
        trial("run::sftp", sftp_run),
        trial("run::down", down_run),
        trial("run::dangling", dangling_run),
        trial("table::check", table_check),
    ]
}

/// Starts `junkyo mock`; its files are in `mock` of the folder.
fn mock(folder: &Folder, more: &[&str]) -> Result<Running, String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_junkyo"));
    command
        .args(["mock", "--listen", "127.0.0.1:0", "--out"])
        .arg(folder.at("mock"))
        .args(more);
    let mut running = Running::start(&mut command, folder, "mock")?;
    running.file(&folder.at("mock.out")).map_err(|error| {
        let said = fs::read_to_string(folder.at("mock.err")).unwrap_or_default();
        format!("{error}: {said}")
    })?;
    Ok(running)
}

fn run(folder: &Folder, selection: &str) -> Result<Outcome, String> {
    let more = ["--profile", "file-linkage", "--filter", selection];
    junkyo_run(folder, &folder.at("mock/target-units.toml"), &more)
}

/// A run with a place of which both sides know.
fn run_with(folder: &Folder, place: &str, selection: &str) -> Result<Outcome, String> {
    let file = folder.write("place.toml", place)?;
    let _mock = mock(folder, &["--files", &file.display().to_string()])?;
    run(folder, selection)
}

/// The verdict of a check that a scenario asks about a requirement.
fn verdict<'o>(outcome: &'o Outcome, requirement: &str) -> Vec<&'o str> {
    let list = |value: &'o Value| value.as_array().map_or(&[][..], Vec::as_slice);
    list(&outcome.report["scenarios"])
        .iter()
        .flat_map(|scenario| list(&scenario["checks"]))
        .filter(|check| list(&check["requirements"]).iter().any(|id| id == requirement))
        .filter_map(|check| check["verdict"].as_str())
        .collect()
}

fn folder_run(folder: &Folder) -> Result<(), String> {
    let _mock = mock(folder, &[])?;
    run(folder, SELECTION)?.passed_but(&[])
}

fn store_run(folder: &Folder) -> Result<(), String> {
    let (_store, ready) = store::start(folder, &[])?;
    let outcome = run_with(folder, &store::keys(ready.text("url")?, 1, ""), SELECTION)?;
    outcome.passed_but(&[])?;
    if verdict(&outcome, "FL-003") != ["pass"] {
        return Err(format!("FL-003 over https: {:?}", verdict(&outcome, "FL-003")));
    }
    no_secrets(folder)
}

/// Without TLS everything works, and that is what is wrong.
fn plain_run(folder: &Folder) -> Result<(), String> {
    let (_store, ready) = store::start(folder, &["--plain"])?;
    let outcome = run_with(folder, &store::keys(ready.text("url")?, 1, ""), SELECTION)?;
    let not_held: Vec<&str> = outcome.not_held().into_keys().collect();
    if outcome.exit != 1 || not_held != ["FL-003"] {
        return Err(format!("exit {}, not held: {not_held:?}", outcome.exit));
    }
    no_secrets(folder)
}

/// The harness has the wrong secret: nothing is said about the product.
fn wrong_secret_run(folder: &Folder) -> Result<(), String> {
    let (_store, ready) = store::start(folder, &[])?;
    let url = ready.text("url")?;
    let file = folder.write("place.toml", &store::keys(url, 1, ""))?;
    let _mock = mock(folder, &["--files", &file.display().to_string()])?;
    let target = folder.at("mock/target-units.toml");
    let text = fs::read_to_string(&target).map_err(|error| error.to_string())?;
    fs::write(&target, text.replace(ENVIRONMENT[1].0, ENVIRONMENT[2].0)).map_err(|error| error.to_string())?;
    blocked(
        &run(folder, "id(UNIT-10-F-export-full)")?,
        "configuration",
        "SignatureDoesNotMatch",
    )?;
    no_secrets(folder)
}

fn down_run(folder: &Folder) -> Result<(), String> {
    let _mock = mock(folder, &[])?;
    let target = folder.at("mock/target-units.toml");
    let text = fs::read_to_string(&target).map_err(|error| error.to_string())?;
    let keys = store::keys(&format!("http://127.0.0.1:{}", relay::free_port()?), 1, "");
    let keys = keys
        .replace("timeout-ms", "[files]\ntimeout-ms")
        .replace("[s3]", "[files.s3]");
    let text = text.replace("[files]\nfolder = \"exchange\"\n", &keys);
    fs::write(&target, text).map_err(|error| error.to_string())?;
    blocked(&run(folder, "id(UNIT-10-F-export-full)")?, "network", "no connection")
}

/// Nothing was judged; the report says who has to act, and why.
fn blocked(outcome: &Outcome, blame: &str, why: &str) -> Result<(), String> {
    let text = outcome.report.to_string();
    let all_blocked = outcome.not_passed().values().all(|verdict| *verdict == "blocked");
    if outcome.exit == 3 && all_blocked && text.contains(why) && text.contains(&format!("\"blame\":\"{blame}\"")) {
        return Ok(());
    }
    Err(format!(
        "exit {}, {:?}; expected blocked by {blame} with {why:?}: {text}",
        outcome.exit,
        outcome.not_passed()
    ))
}

fn sftp_run(folder: &Folder) -> Result<(), String> {
    let sshd = Sshd::start(folder)?;
    let outcome = run_with(folder, &sftp::keys(folder, sshd.port)?, FEW)?;
    outcome.passed_but(&[])?;
    if verdict(&outcome, "FL-003") != ["pass"] {
        return Err(format!("FL-003 over SFTP: {:?}", verdict(&outcome, "FL-003")));
    }
    Ok(())
}

/// A product that leaves a household out.
fn dangling_run(folder: &Folder) -> Result<(), String> {
    let _mock = mock(folder, &["--defect", "file-reference-dangling"])?;
    let outcome = run(folder, "id(UNIT-01-F-references-resident-household)")?;
    let not_held: Vec<&str> = outcome.not_held().into_keys().collect();
    if outcome.exit == 1 && not_held == ["FL-020"] {
        return Ok(());
    }
    Err(format!("exit {}, not held: {not_held:?}", outcome.exit))
}

/// No byte of what a run leaves behind holds the secret or a signature.
fn no_secrets(folder: &Folder) -> Result<(), String> {
    let needles = [
        ENVIRONMENT[1].1,
        ENVIRONMENT[2].1,
        "X-Amz-Signature",
        "X-Amz-Credential",
        "SignatureProvided",
        "himitsu",
    ];
    let mut seen = 0;
    for path in files_of(&folder.at("out"))
        .into_iter()
        .chain([folder.at("junkyo.out"), folder.at("junkyo.err")])
    {
        let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let name = path.display().to_string();
        // A bundle is compressed: what is inside counts.
        let mut contents = vec![(name.clone(), bytes.clone())];
        if path.extension().is_some_and(|extension| extension == "junkyo") {
            let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).map_err(|error| error.to_string())?;
            for index in 0..archive.len() {
                let mut member = archive.by_index(index).map_err(|error| error.to_string())?;
                let mut inside = Vec::new();
                member.read_to_end(&mut inside).map_err(|error| error.to_string())?;
                contents.push((format!("{name}, member {index}"), inside));
            }
            if contents.len() < 3 {
                return Err(format!("{name} is nearly empty"));
            }
        }
        for (name, bytes) in contents {
            seen += 1;
            let found = needles
                .iter()
                .find(|needle| bytes.windows(needle.len()).any(|window| window == needle.as_bytes()));
            if let Some(needle) = found {
                return Err(format!("{name} holds {needle}"));
            }
        }
    }
    // Report, journal and bundle at least.
    if seen < 8 {
        return Err(format!("only {seen} files were looked at"));
    }
    Ok(())
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| {
            let path = entry.path();
            if path.is_dir() { files_of(&path) } else { vec![path] }
        })
        .collect()
}

/// What `junkyo show --table` prints judges the files that the reference units lay down.
fn table_check(folder: &Folder) -> Result<(), String> {
    let _mock = mock(folder, &[])?;
    run(folder, "id(UNIT-10-F-export-full)")?.passed_but(&[])?;
    let junkyo = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_junkyo"));
        command.args(["--lang", "en"]).args(arguments);
        command.output().map_err(|error| error.to_string())
    };
    let table = junkyo(&["show", "unit.10", "--table"])?;
    let table = folder.write("table.toml", &String::from_utf8_lossy(&table.stdout))?;
    let csv = files_of(&folder.at("mock/exchange"))
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "csv"))
        .max()
        .ok_or("the mock laid down no file")?;
    let text = fs::read_to_string(&csv).map_err(|error| error.to_string())?;
    let check = |name: &str, text: &str| -> Result<i32, String> {
        let csv = folder.write(name, text)?;
        let arguments = [
            "check",
            &csv.display().to_string(),
            "--against",
            &table.display().to_string(),
        ];
        let ended = Running::start(
            Command::new(env!("CARGO_BIN_EXE_junkyo")).args(arguments),
            folder,
            &format!("check-{name}"),
        )?
        .end(PATIENCE)?;
        Ok(ended)
    };
    let good = check("good.csv", &text)?;
    // The first value of the first row loses a digit.
    let (header, rows) = text.split_once("\r\n").ok_or("no header")?;
    let bad = check("bad.csv", &format!("{header}\r\n{}", rows.get(1..).unwrap_or_default()))?;
    let other = check("other.csv", &text.replacen("atenabango", "atenabangou", 1))?;
    if (good, bad, other) == (0, 1, 1) {
        return Ok(());
    }
    Err(format!(
        "exit codes: good {good}, a digit lost {bad}, another header {other}"
    ))
}
