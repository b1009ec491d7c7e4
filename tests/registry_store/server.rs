//! A PostgreSQL server of the trials' own: one for all of them, a database for each.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::{ENVIRONMENT, text};

/// A server that runs.
struct Server {
    child: Child,
    folder: PathBuf,
    port: u16,
    databases: u32,
}

static SERVER: Mutex<Option<Server>> = Mutex::new(None);

/// Where a fresh database is.
pub(crate) struct Database {
    /// Over a socket of this machine.
    pub(crate) socket: String,
    /// Over TCP, with the password in the environment.
    pub(crate) tcp: String,
    /// PEM of the authority of the server's certificate.
    pub(crate) authority: PathBuf,
}

/// A fresh database; the server is started for the first one.
pub(crate) fn database() -> Result<Database, String> {
    let mut slot = SERVER.lock().map_err(text)?;
    let server = match slot.as_mut() {
        Some(server) => server,
        None => slot.insert(start()?),
    };
    server.databases += 1;
    let name = format!("trial_{}", server.databases);
    let mut client = postgres::Client::connect(&server.address("postgres"), postgres::NoTls).map_err(text)?;
    client.batch_execute(&format!("CREATE DATABASE {name}")).map_err(text)?;
    Ok(Database {
        socket: server.address(&name),
        tcp: format!("postgres://junkyo@localhost:{}/{name}", server.port),
        authority: server.folder.join("authority.pem"),
    })
}

/// The address over the socket of a database, whichever address is given.
pub(crate) fn beside(address: &str) -> Result<String, String> {
    let name = address.rsplit('/').next().unwrap_or_default();
    let slot = SERVER.lock().map_err(text)?;
    slot.as_ref()
        .map(|server| server.address(name))
        .ok_or_else(|| "there is no server".into())
}

/// Ends the server, if one was started.
pub(crate) fn stop() {
    if let Ok(Some(mut server)) = SERVER.lock().map(|mut slot| slot.take()) {
        end(&mut server);
        fs::remove_dir_all(&server.folder).ok();
    }
}

impl Server {
    fn address(&self, name: &str) -> String {
        let socket = self.folder.display().to_string().replace('/', "%2F");
        format!("postgres://junkyo@{socket}:{}/{name}", self.port)
    }
}

fn start() -> Result<Server, String> {
    let folder = std::env::temp_dir().join(format!("junkyo-pg-{}", std::process::id()));
    fs::remove_dir_all(&folder).ok();
    fs::create_dir_all(&folder).map_err(text)?;
    certificates(&folder)?;
    let password = folder.join("password");
    fs::write(&password, ENVIRONMENT[2].1).map_err(text)?;
    for name in ["", "password", "server.pem", "server.key"] {
        own(&folder.join(name))?;
    }
    let made = unprivileged("initdb")?
        .args([
            "--username=junkyo",
            "--auth-local=trust",
            "--auth-host=scram-sha-256",
            "--encoding=UTF8",
        ])
        .args(["--locale=C.UTF-8", "--no-sync", "-D"])
        .arg(folder.join("data"))
        .arg("--pwfile")
        .arg(&password)
        .current_dir("/")
        .output()
        .map_err(text)?;
    if !made.status.success() {
        return Err(format!("initdb: {}", String::from_utf8_lossy(&made.stderr)));
    }
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map_err(text)?
        .port();
    let child = run(&folder, port)?;
    let mut server = Server {
        child,
        folder,
        port,
        databases: 0,
    };
    ready(&mut server)?;
    Ok(server)
}

fn run(folder: &Path, port: u16) -> Result<Child, String> {
    let log = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .map_err(text)?;
    unprivileged("postgres")?
        .arg("-D")
        .arg(folder.join("data"))
        .arg("-k")
        .arg(folder)
        .args(["-p", &port.to_string(), "-h", "localhost"])
        .args([
            "-c",
            "ssl=on",
            "-c",
            "ssl_cert_file=../server.pem",
            "-c",
            "ssl_key_file=../server.key",
        ])
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .map_err(text)
}

fn ready(server: &mut Server) -> Result<(), String> {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let why = match postgres::Client::connect(&server.address("postgres"), postgres::NoTls) {
            Ok(_) => return Ok(()),
            Err(error) => error.to_string(),
        };
        let ended = server.child.try_wait().map_err(text)?;
        if ended.is_some() || Instant::now() > end {
            let log = fs::read_to_string(server.folder.join("log")).unwrap_or_default();
            return Err(format!("PostgreSQL does not answer: {why}\n{log}"));
        }
        sleep(Duration::from_millis(50));
    }
}

/// At once and in order.
fn end(server: &mut Server) {
    let id = server.child.id().to_string();
    Command::new("kill").args(["-s", "INT", &id]).status().ok();
    server.child.wait().ok();
}

/// A program of PostgreSQL, which refuses to run as root.
fn unprivileged(program: &str) -> Result<Command, String> {
    let path = find(program)
        .ok_or_else(|| format!("{program} is not installed: run ci/install-peers (or set JUNKYO_SKIP_PEERS=1)"))?;
    let Some((user, group)) = root_becomes()? else {
        return Ok(Command::new(path));
    };
    let mut command = Command::new("setpriv");
    command
        .args([
            format!("--reuid={user}"),
            format!("--regid={group}"),
            "--clear-groups".into(),
        ])
        .arg(path);
    Ok(command)
}

fn find(program: &str) -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .collect();
    folders.sort();
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    folders
        .into_iter()
        .map(|folder| folder.join(program))
        .find(|path| path.exists())
}

/// Numbers of the user and group that root becomes: `postgres`, which comes with the package, or nobody.
fn root_becomes() -> Result<Option<(u32, u32)>, String> {
    let id = Command::new("id").arg("-u").output().map_err(text)?;
    if id.stdout.trim_ascii() != b"0" {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").map_err(text)?;
    let ids = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    Ok(ids("postgres").or_else(|| ids("nobody")))
}

fn own(path: &Path) -> Result<(), String> {
    if let Some((user, group)) = root_becomes()? {
        chown(path, Some(user), Some(group)).map_err(text)?;
    }
    let mode = if path.is_dir() { 0o700 } else { 0o600 };
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(text)
}

fn certificates(folder: &Path) -> Result<(), String> {
    use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
    let key = KeyPair::generate().map_err(text)?;
    let mut authority = CertificateParams::new(Vec::new()).map_err(text)?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = authority.self_signed(&key).map_err(text)?;
    fs::write(folder.join("authority.pem"), certificate.pem()).map_err(text)?;
    let issuer = Issuer::new(authority, key);
    let server_key = KeyPair::generate().map_err(text)?;
    let server = CertificateParams::new(vec!["localhost".to_owned()]).map_err(text)?;
    let server = server.signed_by(&server_key, &issuer).map_err(text)?;
    fs::write(folder.join("server.pem"), server.pem()).map_err(text)?;
    fs::write(folder.join("server.key"), server_key.serialize_pem()).map_err(text)
}
