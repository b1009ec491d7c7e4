//! An SFTP server, through the `sftp` command of OpenSSH: keys only, the server's key has to be known.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::AsyncWriteExt as _;

use super::{MOST_BYTES, PlaceError, SftpFile};

/// Tells files that are on their way apart.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// A folder on an SFTP server.
#[derive(Debug)]
pub(super) struct Sftp {
    file: SftpFile,
    identity: PathBuf,
    known_hosts: PathBuf,
}

impl Sftp {
    pub(super) fn new(file: &SftpFile, beside: &Path) -> Self {
        Self {
            identity: beside.join(&file.identity),
            known_hosts: beside.join(&file.known_hosts),
            file: file.clone(),
        }
    }

    pub(super) fn describe(&self) -> String {
        format!("sftp {}:{}/{}", self.file.host, self.file.port, self.file.folder)
    }

    pub(super) async fn list(&self) -> Result<Vec<String>, PlaceError> {
        let out = self.run("list", &format!("ls -1 \"{}\"\n", self.file.folder)).await?;
        let names = out.lines().filter(|line| !line.starts_with("sftp>"));
        let names = names.map(|line| line.rsplit('/').next().unwrap_or(line).trim().to_owned());
        Ok(names
            .filter(|name| !name.is_empty() && !name.starts_with('.'))
            .collect())
    }

    pub(super) async fn get(&self, name: &str) -> Result<Vec<u8>, PlaceError> {
        let local = Local::new();
        let what = format!("read {name}");
        let commands = format!("get \"{}/{name}\" \"{}\"\n", self.file.folder, local.0.display());
        self.run(&what, &commands).await?;
        let read = |source| PlaceError::Io {
            path: local.0.clone(),
            source,
        };
        if std::fs::metadata(&local.0).map_err(read)?.len() > MOST_BYTES {
            return Err(PlaceError::TooLarge { name: name.to_owned() });
        }
        std::fs::read(&local.0).map_err(read)
    }

    pub(super) async fn put(&self, name: &str, content: &[u8]) -> Result<(), PlaceError> {
        let local = Local::new();
        std::fs::write(&local.0, content).map_err(|source| PlaceError::Io {
            path: local.0.clone(),
            source,
        })?;
        let (folder, path) = (&self.file.folder, local.0.display());
        // The name appears only when the file is whole. An old file of the name would stop the renaming.
        let commands = format!(
            "put \"{path}\" \"{folder}/.{name}.part\"\n-rm \"{folder}/{name}\"\nrename \"{folder}/.{name}.part\" \"{folder}/{name}\"\n"
        );
        self.run(&format!("write {name}"), &commands).await.map(|_| ())
    }

    pub(super) async fn remove(&self, name: &str) -> Result<(), PlaceError> {
        let commands = format!("-rm \"{}/{name}\"\n", self.file.folder);
        self.run(&format!("remove {name}"), &commands).await.map(|_| ())
    }

    /// Runs commands in one session; what it prints.
    async fn run(&self, what: &str, commands: &str) -> Result<String, PlaceError> {
        let refused = |why: String| PlaceError::Refused {
            place: self.describe(),
            what: what.to_owned(),
            why,
        };
        let mut child = tokio::process::Command::new("sftp")
            .args(["-q", "-b", "-", "-P"])
            .arg(self.file.port.to_string())
            .arg("-i")
            .arg(&self.identity)
            .arg("-o")
            .arg(format!("UserKnownHostsFile={}", self.known_hosts.display()))
            .args(["-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes"])
            .args(["-o", "IdentitiesOnly=yes", "-o", "ConnectTimeout=10"])
            .arg(format!("{}@{}", self.file.user, self.file.host))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| refused(format!("the command `sftp` of OpenSSH: {error}")))?;
        if let Some(mut input) = child.stdin.take() {
            // A command that ended already says why on its standard error.
            input.write_all(commands.as_bytes()).await.ok();
        }
        let output = child
            .wait_with_output()
            .await
            .map_err(|error| refused(error.to_string()))?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr);
            return Err(refused(words.trim().chars().take(300).collect()));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// A file of this machine that lives as long as the value.
struct Local(PathBuf);

impl Local {
    fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("junkyo-sftp-{}-{number}", std::process::id())))
    }
}

impl Drop for Local {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}
