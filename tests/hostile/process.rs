//! Running the built `junkyo` with a time limit, and looking at all that it leaves behind.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Nothing that is tested here may take longer, whatever the other side does.
const LIMIT: Duration = Duration::from_secs(40);

/// A folder of its own for one test; it goes with it unless the test fails.
pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder for the test");
        Self(folder)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.join(name);
        fs::create_dir_all(path.parent().expect("inside the folder")).expect("a folder");
        fs::write(&path, text).expect("written");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            fs::remove_dir_all(&self.0).ok();
        }
    }
}

/// Arguments of one call of `junkyo`, answered in English.
pub(crate) fn junkyo(scratch: &Scratch, arguments: &[&str]) -> Call {
    let mut command = Command::new(env!("CARGO_BIN_EXE_junkyo"));
    command.args(["--lang", "en"]).args(arguments);
    Call::new(scratch, command)
}

/// One call, not yet started.
pub(crate) struct Call {
    pub(crate) command: Command,
    folder: PathBuf,
    number: u32,
}

impl Call {
    pub(crate) fn new(scratch: &Scratch, mut command: Command) -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        command.current_dir(scratch.path()).stdin(Stdio::null());
        Self {
            command,
            folder: scratch.path().to_owned(),
            number: COUNTER.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Output goes to files: a pipe that nobody reads would hang the child.
    pub(crate) fn start(mut self) -> Running {
        let file = |what: &str| self.folder.join(format!("{what}-{}", self.number));
        let (stdout, stderr) = (file("stdout"), file("stderr"));
        self.command.stdout(File::create(&stdout).expect("a file"));
        self.command.stderr(File::create(&stderr).expect("a file"));
        Running {
            child: self.command.spawn().expect("it starts"),
            stdout,
            stderr,
            started: Instant::now(),
            peak_kib: 0,
            processor: Duration::ZERO,
        }
    }

    pub(crate) fn run(self) -> Ended {
        self.start().wait()
    }
}

/// A call under way.
pub(crate) struct Running {
    pub(crate) child: Child,
    stdout: PathBuf,
    pub(crate) stderr: PathBuf,
    started: Instant,
    peak_kib: u64,
    processor: Duration,
}

impl Running {
    /// Waits until something is true, and tells whether the call was still running then.
    pub(crate) fn wait_until(&mut self, mut is_true: impl FnMut() -> bool) -> bool {
        while !is_true() {
            if self.child.try_wait().expect("a state").is_some() {
                return false;
            }
            assert!(self.started.elapsed() < LIMIT, "waited too long");
            std::thread::sleep(Duration::from_millis(2));
        }
        true
    }

    pub(crate) fn wait(mut self) -> Ended {
        let status = loop {
            self.peak_kib = self.peak_kib.max(self.peak_memory());
            self.processor = self.processor.max(self.processor_time());
            if let Some(status) = self.child.try_wait().expect("a state") {
                break Some(status);
            }
            if self.started.elapsed() > LIMIT {
                self.child.kill().ok();
                self.child.wait().ok();
                break None;
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        let read = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
        let ended = Ended {
            code: status.and_then(|status| status.code()),
            stdout: read(&self.stdout),
            stderr: read(&self.stderr),
            elapsed: self.started.elapsed(),
            peak_kib: self.peak_kib,
            processor: self.processor,
        };
        assert!(status.is_some(), "it hangs\n{ended}");
        ended
    }

    /// Highest resident memory so far; the kernel keeps it, so the pace of asking loses little.
    fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok())
            .unwrap_or_default()
    }

    /// Fields 14 and 15 of `stat`, in hundredths of a second.
    fn processor_time(&self) -> Duration {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap_or_default();
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let ticks = after_name.split_whitespace().skip(11).take(2);
        Duration::from_millis(ticks.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>() * 10)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Not left behind when a test fails in the middle.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// What a call left behind.
pub(crate) struct Ended {
    /// Absent if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) elapsed: Duration,
    pub(crate) peak_kib: u64,
    /// Processor time so far; what else the machine does at the same time does not count.
    pub(crate) processor: Duration,
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "exit code {:?} after {:?} ({:?} of the processor), {} KiB\n---- stdout\n{}\n---- stderr\n{}",
            self.code, self.elapsed, self.processor, self.peak_kib, self.stdout, self.stderr
        )
    }
}

impl Ended {
    /// It ended with this code, without a panic, and told all of this.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32, told: &[&str]) -> &Self {
        assert_eq!(self.code, Some(code), "{self}");
        assert!(!self.stderr.contains("panicked"), "{self}");
        for part in told {
            assert!(
                self.stdout.contains(part) || self.stderr.contains(part),
                "`{part}` is not told\n{self}"
            );
        }
        self
    }
}

/// `junkyo mock` in a process of its own.
pub(crate) struct Mock {
    child: Child,
    pub(crate) folder: PathBuf,
}

impl Mock {
    pub(crate) fn start(scratch: &Scratch, name: &str) -> Self {
        let folder = scratch.join(name);
        let mut child = Command::new(env!("CARGO_BIN_EXE_junkyo"))
            .args([
                "--lang",
                "en",
                "mock",
                "--listen",
                "127.0.0.1:0",
                "--time-out",
                "200",
                "--out",
            ])
            .arg(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        // The last line that it prints once everything is written.
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let ready = lines.map_while(Result::ok).any(|line| line.starts_with("try "));
        assert!(ready, "the reference platform did not start");
        Self { child, folder }
    }
}

impl Drop for Mock {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
