//! An SFTP server, through the `sftp` command of OpenSSH: keys only, the server's key has to be known.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{MOST_NAMES, PlaceError, SftpFile, too_large};

/// Tells files that are on their way apart.
static NEXT: AtomicU64 = AtomicU64::new(0);
/// Bytes that the command may print.
const MOST_OUTPUT: u64 = 256 * 1024 * 1024;
/// Words of the command that say that the server was not reached.
const UNREACHED: [&str; 9] = [
    "Connection refused",
    "Connection timed out",
    "Connection reset",
    "Connection closed",
    "Connection to",
    "Could not resolve",
    "No route to host",
    "Network is unreachable",
    "Broken pipe",
];

/// A folder on an SFTP server.
#[derive(Debug)]
pub(super) struct Sftp {
    file: SftpFile,
    identity: PathBuf,
    known_hosts: PathBuf,
    timeout: Duration,
}

impl Sftp {
    pub(super) fn new(file: &SftpFile, beside: &Path, timeout: Duration) -> Result<Self, PlaceError> {
        let fits = |text: &str| !text.is_empty() && !text.starts_with('-') && !text.contains(['"', '\\', '\n', '\r']);
        let keys = [
            ("sftp.host", &file.host),
            ("sftp.user", &file.user),
            ("sftp.folder", &file.folder),
        ];
        if let Some((key, value)) = keys.into_iter().find(|(_, value)| !fits(value)) {
            return Err(PlaceError::Key {
                key,
                value: value.clone(),
                why: "expected a text without quotes and line ends that does not begin with a hyphen".into(),
            });
        }
        let [identity, known_hosts] = [&file.identity, &file.known_hosts].map(|path| beside.join(path));
        for path in [&identity, &known_hosts] {
            std::fs::File::open(path).map_err(|source| PlaceError::Io {
                path: path.clone(),
                source,
            })?;
        }
        Ok(Self {
            identity,
            known_hosts,
            file: file.clone(),
            timeout,
        })
    }

    pub(super) fn describe(&self) -> String {
        let folder = self.file.folder.trim_start_matches('/');
        format!("sftp {}:{}/{folder}", self.file.host, self.file.port)
    }

    pub(super) async fn list(&self) -> Result<Vec<String>, PlaceError> {
        let out = self.run("list", &format!("@ls -1 \"{}\"\n", self.file.folder)).await?;
        let names = out
            .lines()
            .map(|line| line.rsplit('/').next().unwrap_or(line).trim().to_owned());
        let names: Vec<String> = names
            .filter(|name| !name.is_empty() && !name.starts_with('.'))
            .collect();
        if names.len() > MOST_NAMES {
            return Err(PlaceError::Endless {
                place: self.describe(),
                found: names.len(),
                why: "more than a million names",
            });
        }
        Ok(names)
    }

    pub(super) async fn get(&self, name: &str, most: u64) -> Result<Option<Vec<u8>>, PlaceError> {
        let local = Local::new()?;
        let what = format!("read {name}");
        let remote = format!("{}/{name}", self.file.folder);
        // The size first: what is too large does not come at all.
        let listed = match self.run(&what, &format!("@ls -ln \"{remote}\"\n")).await {
            Err(PlaceError::Refused { why, .. }) if is_missing(&why) => return Ok(None),
            listed => listed?,
        };
        let size = listed
            .split_whitespace()
            .nth(4)
            .and_then(|size| size.parse::<u64>().ok());
        if size.is_some_and(|size| size > most) {
            return Err(too_large(name, most));
        }
        let path = local.path();
        let commands = format!("@get \"{remote}\" \"{}\"\n", path.display());
        match self.run(&what, &commands).await {
            Err(PlaceError::Refused { why, .. }) if is_missing(&why) => return Ok(None),
            got => got?,
        };
        let read = |source| PlaceError::Io {
            path: path.clone(),
            source,
        };
        // It may have grown in the meantime.
        if std::fs::metadata(&path).map_err(read)?.len() > most {
            return Err(too_large(name, most));
        }
        std::fs::read(&path).map(Some).map_err(read)
    }

    pub(super) async fn put(&self, name: &str, content: &[u8]) -> Result<(), PlaceError> {
        let local = Local::new()?;
        let path = local.path();
        std::fs::write(&path, content).map_err(|source| PlaceError::Io {
            path: path.clone(),
            source,
        })?;
        let (folder, path) = (&self.file.folder, path.display());
        // The name appears only when the file is whole. An old file of the name would stop the renaming.
        let commands = format!(
            "@put \"{path}\" \"{folder}/.{name}.part\"\n-@rm \"{folder}/{name}\"\n@rename \"{folder}/.{name}.part\" \"{folder}/{name}\"\n"
        );
        self.run(&format!("write {name}"), &commands).await.map(|_| ())
    }

    pub(super) async fn remove(&self, name: &str) -> Result<(), PlaceError> {
        let commands = format!("@rm \"{}/{name}\"\n", self.file.folder);
        match self.run(&format!("remove {name}"), &commands).await {
            Err(PlaceError::Refused { why, .. }) if is_missing(&why) => Ok(()),
            removed => removed.map(|_| ()),
        }
    }

    /// Runs commands in one session; what it prints.
    async fn run(&self, what: &str, commands: &str) -> Result<String, PlaceError> {
        let session = self.session(what, commands);
        tokio::time::timeout(self.timeout, session).await.unwrap_or_else(|_| {
            let why = format!("no end within {} ms", self.timeout.as_millis());
            Err(self.unreached(what, why))
        })
    }

    async fn session(&self, what: &str, commands: &str) -> Result<String, PlaceError> {
        let mut child = self
            .command()
            .spawn()
            .map_err(|error| self.refused(what, format!("the command `sftp` of OpenSSH: {error}")))?;
        if let Some(mut input) = child.stdin.take() {
            // A command that ended already says why on its standard error.
            input.write_all(commands.as_bytes()).await.ok();
        }
        let (mut out, mut words) = (Vec::new(), Vec::new());
        let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
        let read_out = async {
            match stdout {
                Some(stdout) => stdout.take(MOST_OUTPUT).read_to_end(&mut out).await.map(|_| ()),
                None => Ok(()),
            }
        };
        let read_words = async {
            match stderr {
                Some(stderr) => stderr.take(64 * 1024).read_to_end(&mut words).await.map(|_| ()),
                None => Ok(()),
            }
        };
        let odd = |error: std::io::Error| self.refused(what, error.to_string());
        let (read_out, read_words) = tokio::join!(read_out, read_words);
        read_out.and(read_words).map_err(odd)?;
        let status = child.wait().await.map_err(odd)?;
        if status.success() {
            return Ok(String::from_utf8_lossy(&out).into_owned());
        }
        let words = String::from_utf8_lossy(&words);
        if words.trim().is_empty() {
            return Err(self.unreached(what, format!("the command `sftp` ended with {status}")));
        }
        Err(self.told(what, words.trim()))
    }

    fn command(&self) -> tokio::process::Command {
        let SftpFile { user, host, port, .. } = &self.file;
        let mut command = tokio::process::Command::new("sftp");
        command
            // Nothing of the user's own settings, agents and known hosts counts.
            .args(["-F", "none", "-b", "-", "-P", &port.to_string()])
            .arg("-i")
            .arg(&self.identity)
            .arg("-o")
            .arg(format!("UserKnownHostsFile=\"{}\"", self.known_hosts.display()))
            .args(["-o", "GlobalKnownHostsFile=none", "-o", "IdentityAgent=none"])
            .args(["-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes"])
            .args(["-o", "IdentitiesOnly=yes", "-o", "ConnectTimeout=10"])
            .args(["-o", "ServerAliveInterval=10", "-o", "ServerAliveCountMax=3"])
            .args(["-o", "LogLevel=ERROR"])
            .arg(format!("{user}@{host}"))
            // Its words are looked at.
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    /// The error that the words of the command mean.
    fn told(&self, what: &str, words: &str) -> PlaceError {
        let said: String = words.lines().map(str::trim).collect::<Vec<_>>().join(" ");
        let said: String = said.chars().take(300).collect();
        let has = |part: &str| words.contains(part);
        if has("Host key verification failed") || has("host key is known") {
            let why = format!(
                "the server's host key is not the one in {} ({said})",
                self.known_hosts.display()
            );
            return self.refused(what, why);
        }
        if has("Permission denied (") {
            let (user, key) = (&self.file.user, self.identity.display());
            return self.refused(what, format!("user {user} with the key {key} may not come in ({said})"));
        }
        if UNREACHED.iter().any(|part| has(part)) {
            return self.unreached(what, said);
        }
        self.refused(what, said)
    }

    fn refused(&self, what: &str, why: String) -> PlaceError {
        PlaceError::Refused {
            place: self.describe(),
            what: what.to_owned(),
            why,
        }
    }

    fn unreached(&self, what: &str, why: String) -> PlaceError {
        PlaceError::Unreached {
            place: self.describe(),
            what: what.to_owned(),
            why,
        }
    }
}

/// Whether the command says that there is no such file.
fn is_missing(why: &str) -> bool {
    why.contains("not found") || why.contains("No such file")
}

/// A folder of this machine, for its owner only, that lives as long as the value.
struct Local(PathBuf);

impl Local {
    fn new() -> Result<Self, PlaceError> {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("junkyo-sftp-{}-{number}", std::process::id()));
        let mut builder = std::fs::DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&path).map_err(|source| PlaceError::Io {
            path: path.clone(),
            source,
        })?;
        Ok(Self(path))
    }

    fn path(&self) -> PathBuf {
        self.0.join("file")
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).ok();
    }
}
