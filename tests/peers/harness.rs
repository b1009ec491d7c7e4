//! Processes that end, folders that go, and what a run of junkyo said.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

/// How long any one process may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

const NAP: Duration = Duration::from_millis(10);

/// A path below the root of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A path below `target/peers`, where `ci/install-peers` puts the peers.
///
/// # Errors
/// When it is not there.
pub(crate) fn installed(path: &str) -> Result<PathBuf, String> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .unwrap_or_else(|| Path::new("target"));
    let peers = target.join("peers");
    let found = peers.join(path);
    if peers.join("stamp").is_file() && found.exists() {
        Ok(found)
    } else {
        Err(format!(
            "{path} is not installed: run ci/install-peers (or set JUNKYO_SKIP_PEERS=1)"
        ))
    }
}

/// A fresh folder for one trial; it goes away unless the trial fails. Two runs at the same time do not meet.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Result<Self, String> {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("peers").join(format!(
            "{}-{}",
            name.replace("::", "-"),
            std::process::id()
        ));
        if path.exists() {
            fs::remove_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Self(path))
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> Result<PathBuf, String> {
        let path = self.at(name);
        fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(path)
    }

    /// Runs a trial in a fresh folder and keeps the folder only if the trial fails.
    pub(crate) fn with(name: &str, run: impl FnOnce(&Self) -> Result<(), String>) -> Result<(), String> {
        let folder = Self::new(name)?;
        match run(&folder) {
            Ok(()) => {
                fs::remove_dir_all(&folder.0).ok();
                Ok(())
            }
            Err(why) => Err(format!("{why}\n(folder: {})", folder.0.display())),
        }
    }
}

/// A process that does not outlive its holder, even on panic.
pub(crate) struct Running {
    child: Child,
    what: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Running {
    /// Starts a peer; its output goes to a file of the folder.
    pub(crate) fn start(command: &mut Command, folder: &Folder, log: &str) -> Result<Self, String> {
        let what = command.get_program().to_string_lossy().into_owned();
        let file = |name: String| fs::File::create(folder.at(&name)).map_err(|error| format!("{name}: {error}"));
        let child = command
            .stdin(Stdio::null())
            .stdout(file(format!("{log}.out"))?)
            .stderr(file(format!("{log}.err"))?)
            .spawn()
            .map_err(|error| format!("cannot start {what}: {error}"))?;
        Ok(Self { child, what })
    }

    /// Waits until the peer has written a file, and reads it.
    pub(crate) fn file(&mut self, path: &Path) -> Result<String, String> {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(text) = fs::read_to_string(path).ok().filter(|text| !text.trim().is_empty()) {
                return Ok(text);
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!(
                    "{} ended with {status} before {} was there",
                    self.what,
                    path.display()
                ));
            }
            if Instant::now() > end {
                return Err(format!("{}: no {} within 30 s", self.what, path.display()));
            }
            sleep(NAP);
        }
    }

    /// The JSON of a `ready.json`.
    pub(crate) fn ready(&mut self, path: &Path) -> Result<Ready, String> {
        let text = self.file(path)?;
        serde_json::from_str(&text)
            .map(Ready)
            .map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Waits for the end; the exit code.
    pub(crate) fn end(&mut self, limit: Duration) -> Result<i32, String> {
        let end = Instant::now() + limit;
        loop {
            match self.child.try_wait() {
                Ok(Some(status)) => {
                    return status
                        .code()
                        .ok_or_else(|| format!("{} ended with {status}", self.what));
                }
                Err(error) => return Err(format!("{}: {error}", self.what)),
                Ok(None) if Instant::now() > end => return Err(format!("{} did not end within {limit:?}", self.what)),
                Ok(None) => sleep(NAP),
            }
        }
    }
}

/// What a peer said about itself.
pub(crate) struct Ready(Value);

impl Ready {
    pub(crate) fn text(&self, key: &str) -> Result<&str, String> {
        self.0[key].as_str().ok_or_else(|| format!("ready.json has no {key}"))
    }
}

/// A program with something on standard input; what it prints, as JSON.
pub(crate) fn converse(command: &mut Command, folder: &Folder, input: &Value) -> Result<Value, String> {
    let path = folder.write("input.json", &input.to_string())?;
    let input = fs::File::open(&path).map_err(|error| error.to_string())?;
    let what = command.get_program().to_string_lossy().into_owned();
    let out = folder.at("converse.out");
    let err = folder.at("converse.err");
    let create = |path: &Path| fs::File::create(path).map_err(|error| error.to_string());
    let child = command
        .stdin(input)
        .stdout(create(&out)?)
        .stderr(create(&err)?)
        .spawn()
        .map_err(|error| format!("cannot start {what}: {error}"))?;
    let code = Running {
        child,
        what: what.clone(),
    }
    .end(PATIENCE)?;
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_default();
    if code != 0 {
        return Err(format!("{what} ended with {code}: {}", read(&err)));
    }
    serde_json::from_str(&read(&out)).map_err(|error| format!("{what}: {error}: {}", read(&out)))
}

/// Text between quotes of a TOML or JSON file.
pub(crate) fn quoted(text: impl AsRef<str>) -> String {
    Value::from(text.as_ref()).to_string()
}

/// What a run of junkyo said.
pub(crate) struct Outcome {
    pub(crate) exit: i32,
    pub(crate) report: Value,
}

/// Runs `junkyo run` on a target file; the report goes to `out` in the folder.
pub(crate) fn junkyo_run(folder: &Folder, target: &Path, more: &[&str]) -> Result<Outcome, String> {
    let out = folder.at("out");
    let mut command = Command::new(env!("CARGO_BIN_EXE_junkyo"));
    command
        .args(["run", "--lang", "en", "--target"])
        .arg(target)
        .arg("--out")
        .arg(&out)
        .args(more);
    let exit = Running::start(&mut command, folder, "junkyo")?.end(PATIENCE)?;
    let text = fs::read_to_string(out.join("report.json")).map_err(|error| {
        let said = fs::read_to_string(folder.at("junkyo.err")).unwrap_or_default();
        format!("junkyo run ended with {exit} and wrote no report ({error}): {said}")
    })?;
    let report = serde_json::from_str(&text).map_err(|error| format!("report.json: {error}"))?;
    Ok(Outcome { exit, report })
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

impl Outcome {
    /// Scenarios and their verdicts, without those that are fine (`pass`, `info`).
    pub(crate) fn not_passed(&self) -> BTreeMap<&str, &str> {
        list(&self.report["scenarios"])
            .iter()
            .filter_map(|scenario| Some((scenario["id"].as_str()?, scenario["verdict"].as_str()?)))
            .filter(|(_, verdict)| !matches!(*verdict, "pass" | "info"))
            .collect()
    }

    /// Requirements and their verdicts, without those that are fine or untouched.
    pub(crate) fn not_held(&self) -> BTreeMap<&str, &str> {
        list(&self.report["profiles"])
            .iter()
            .flat_map(|profile| list(&profile["requirements"]))
            .filter_map(|requirement| Some((requirement["id"].as_str()?, requirement["verdict"].as_str()?)))
            .filter(|(_, verdict)| matches!(*verdict, "fail" | "warn" | "error" | "blocked"))
            .collect()
    }

    /// Whether a check of a requirement, recorded only, did not hold.
    pub(crate) fn recorded(&self, requirement: &str) -> bool {
        list(&self.report["scenarios"])
            .iter()
            .flat_map(|scenario| list(&scenario["checks"]))
            .filter(|check| check["held"] == false && check["verdict"] == "info")
            .any(|check| list(&check["requirements"]).iter().any(|id| id == requirement))
    }

    /// How many scenarios ran.
    pub(crate) fn count(&self) -> usize {
        list(&self.report["scenarios"]).len()
    }

    /// The run was conformant, and nothing but the given scenarios (warnings) stands out.
    pub(crate) fn conformant_but(&self, warnings: &[&str]) -> Result<(), String> {
        if self.report["outcome"] != "conformant" {
            return Err(format!("outcome {}: {:#?}", self.report["outcome"], self.not_passed()));
        }
        self.passed_but(warnings)
    }

    /// The same for a part of the scenarios: that is no judgement on conformance.
    pub(crate) fn passed_but(&self, warnings: &[&str]) -> Result<(), String> {
        let odd: BTreeMap<_, _> = self
            .not_passed()
            .into_iter()
            .filter(|(id, verdict)| !(*verdict == "warn" && warnings.contains(id)))
            .collect();
        if self.exit == 0 && self.count() > 0 && odd.is_empty() {
            return Ok(());
        }
        Err(format!(
            "exit {}, {} scenarios, not passed: {odd:#?}",
            self.exit,
            self.count()
        ))
    }
}
