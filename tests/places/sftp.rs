//! OpenSSH's sshd.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use super::harness::{Folder, Running, quoted};
use super::{does_everything, open, relay, says, trial, wait};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("sftp::everything", everything),
        trial("sftp::unknown-host", unknown_host),
        trial("sftp::wrong-key", wrong_key),
        trial("sftp::no-folder", no_folder),
        trial("sftp::down", down),
        trial("sftp::slow", slow),
        trial("sftp::broken-put", broken_put),
    ]
}

/// A running sshd with its keys in the folder, and its port.
pub(crate) struct Sshd {
    _running: Running,
    pub(crate) port: u16,
}

fn key(folder: &Folder, name: &str) -> Result<String, String> {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
        .arg(folder.at(name))
        .output()
        .map_err(|error| format!("ssh-keygen: {error}"))?;
    if !made.status.success() {
        return Err(format!("ssh-keygen: {}", String::from_utf8_lossy(&made.stderr)));
    }
    fs::read_to_string(folder.at(&format!("{name}.pub"))).map_err(|error| error.to_string())
}

impl Sshd {
    pub(crate) fn start(folder: &Folder) -> Result<Self, String> {
        let user = key(folder, "user-key")?;
        let host = key(folder, "host-key")?;
        key(folder, "other-key")?;
        folder.write("authorized", &user)?;
        folder.write("known", &format!("* {host}"))?;
        fs::create_dir_all(folder.at("inbox")).map_err(|error| error.to_string())?;
        let port = relay::free_port()?;
        let at = |name: &str| folder.at(name).display().to_string();
        let config = format!(
            "Port {port}\nListenAddress 127.0.0.1\nHostKey {}\nAuthorizedKeysFile {}\nStrictModes no\nUsePAM no\nPidFile none\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin prohibit-password\nMaxStartups 100\nSubsystem sftp internal-sftp\nForceCommand internal-sftp\n",
            at("host-key"),
            at("authorized")
        );
        let config = folder.write("sshd_config", &config)?;
        // As root it asks for the folder of its unprivileged part, which the system makes at its start.
        fs::create_dir_all("/run/sshd").ok();
        let program = ["/usr/sbin/sshd", "/usr/bin/sshd", "/usr/local/sbin/sshd"];
        let program = program
            .iter()
            .find(|program| Path::new(program).exists())
            .ok_or("sshd is not installed: run ci/install-peers (or set JUNKYO_SKIP_PEERS=1)")?;
        let mut command = Command::new(program);
        command.args(["-D", "-e", "-f"]).arg(&config);
        let running = Running::start(&mut command, folder, "sshd")?;
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > end {
                let said = fs::read_to_string(folder.at("sshd.err")).unwrap_or_default();
                return Err(format!("sshd does not listen: {said}"));
            }
            sleep(Duration::from_millis(20));
        }
        Ok(Self {
            _running: running,
            port,
        })
    }
}

fn user() -> Result<String, String> {
    let said = Command::new("id")
        .arg("-un")
        .output()
        .map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&said.stdout).trim().to_owned())
}

/// The keys of a place in it.
pub(crate) fn keys(folder: &Folder, port: u16) -> Result<String, String> {
    Ok(format!(
        "timeout-ms = 60000\n[sftp]\nhost = \"127.0.0.1\"\nport = {port}\nuser = {}\nfolder = {}\nidentity = \"user-key\"\nknown-hosts = \"known\"\n",
        quoted(user()?),
        quoted(folder.at("inbox").display().to_string())
    ))
}

fn everything(folder: &Folder) -> Result<(), String> {
    let sshd = Sshd::start(folder)?;
    let place = open(folder, &keys(folder, sshd.port)?)?;
    for number in 0..1_500 {
        folder.write(&format!("inbox/old-{number:04}.csv"), "1")?;
    }
    // What is no file of the place, or not whole, or leads out of it.
    folder.write("inbox/.half.csv.part", "1")?;
    wait(does_everything(&place, 1_500))?
}

fn unknown_host(folder: &Folder) -> Result<(), String> {
    let sshd = Sshd::start(folder)?;
    let other = fs::read_to_string(folder.at("other-key.pub")).map_err(|error| error.to_string())?;
    for known in [String::new(), format!("* {other}")] {
        folder.write("known", &known)?;
        let place = open(folder, &keys(folder, sshd.port)?)?;
        let parts = ["sftp 127.0.0.1", "cannot list", "host key is not the one in"];
        wait(async { says(place.list().await, "configuration", &parts) })??;
    }
    Ok(())
}

fn wrong_key(folder: &Folder) -> Result<(), String> {
    let sshd = Sshd::start(folder)?;
    let text = keys(folder, sshd.port)?;
    let place = open(folder, &text.replace("user-key", "other-key"))?;
    let parts = ["other-key may not come in", "Permission denied"];
    wait(async { says(place.list().await, "configuration", &parts) })??;
    match open(folder, &text.replace("user-key", "no-key")) {
        Err(why) if why.contains("no-key") => Ok(()),
        other => Err(format!("an identity that is not there: {other:?}")),
    }
}

fn no_folder(folder: &Folder) -> Result<(), String> {
    let sshd = Sshd::start(folder)?;
    let place = open(folder, &keys(folder, sshd.port)?.replace("/inbox", "/nowhere"))?;
    wait(async {
        says(
            place.list().await,
            "configuration",
            &["cannot list", "nowhere", "not found"],
        )
    })?
}

fn down(folder: &Folder) -> Result<(), String> {
    key(folder, "user-key")?;
    folder.write("known", "")?;
    let place = open(folder, &keys(folder, relay::free_port()?)?)?;
    wait(async {
        says(
            place.put("a.csv", b"1").await,
            "network",
            &["cannot write a.csv", "Connection"],
        )
    })?
}

fn slow(folder: &Folder) -> Result<(), String> {
    key(folder, "user-key")?;
    folder.write("known", "")?;
    let text = keys(folder, relay::silent()?)?.replace("timeout-ms = 60000", "timeout-ms = 500");
    let place = open(folder, &text)?;
    wait(async { says(place.list().await, "network", &["no end within 500 ms"]) })?
}

/// The connection ends in the middle of a file: an error, and no file.
fn broken_put(folder: &Folder) -> Result<(), String> {
    let sshd = Sshd::start(folder)?;
    let relay = relay::start(sshd.port, 8 * 1024 * 1024)?;
    let broken = open(folder, &keys(folder, relay)?)?;
    let place = open(folder, &keys(folder, sshd.port)?)?;
    let large = vec![b'1'; 20 * 1024 * 1024];
    wait(async {
        says(
            broken.put("large.csv", &large).await,
            "network",
            &["cannot write large.csv"],
        )?;
        let part = fs::metadata(folder.at("inbox/.large.csv.part")).map_err(|error| error.to_string())?;
        match place.list().await {
            Ok(names) if names.is_empty() && part.len() > 0 => {}
            other => return Err(format!("after the broken put: {other:?}")),
        }
        // The next attempt replaces what is left of it.
        place.put("large.csv", b"1").await.map_err(|error| error.to_string())?;
        match place.list().await {
            Ok(names) if names == ["large.csv"] => Ok(()),
            other => Err(format!("after the second put: {other:?}")),
        }
    })?
}
