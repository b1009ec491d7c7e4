//! junkyo calls the servers of others, right ones and ones with a planted mistake.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use libtest_mimic::Trial;

use super::harness::{Folder, Running, installed, junkyo_run, quoted, repository};
use super::table::{Mistake, Table, exactly};
use super::trial;

/// A server with what a target file has to say of it.
#[derive(Clone, Copy)]
struct Server {
    peer: &'static str,
    /// Namespace of its messages and name of the element that asks for a resident, if it has a WSDL of its own.
    own: Option<(&'static str, &'static str)>,
}

const SERVERS: [Server; 5] = [
    Server {
        peer: "php-server",
        own: None,
    },
    Server {
        peer: "node-server",
        own: None,
    },
    Server {
        peer: "gsoap-server",
        own: None,
    },
    Server {
        peer: "spyne-server",
        own: Some(("http://vendor.example/spyne/exchange", "GetResident")),
    },
    Server {
        peer: "jaxws-server",
        own: Some(("http://vendor.example/jaxws/exchange", "getResident")),
    },
];

/// JAX-WS has a WSDL for each port.
const SECOND: (&str, &str) = ("jaxws-server", "/statistics");

/// A resident whom every server knows.
const KNOWN: &str = "900000000000011";

pub(crate) fn trials(table: &Arc<Table>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for server in SERVERS {
        let peer = server.peer;
        let with = Arc::clone(table);
        trials.push(trial(format!("{peer}::table"), move |_| with.is_complete(peer)));
        let with = Arc::clone(table);
        trials.push(trial(format!("{peer}::clean"), move |folder| {
            clean(folder, server, "/exchange", &with, peer)
        }));
        for row in table.mistakes(peer).filter(|row| row.unseen.is_none()).cloned() {
            let with = Arc::clone(table);
            let name = format!("{peer}::mistake::{}", row.name);
            trials.push(trial(name, move |folder| planted(folder, server, &row, &with)));
        }
        if peer == SECOND.0 {
            let with = Arc::clone(table);
            let name = format!("{peer}{}", SECOND.1);
            trials.push(trial(format!("{name}::clean"), move |folder| {
                clean(folder, server, SECOND.1, &with, &name)
            }));
        }
    }
    trials
}

/// Starts a server of `tests/peers/soap`; the address that it says.
pub(crate) fn start(folder: &Folder, peer: &str, mistake: Option<&str>) -> Result<(Running, String), String> {
    let mut command = Command::new(installed(&format!("soap/{peer}"))?);
    command.arg("0");
    if let Some(mistake) = mistake {
        command.args(["--mistake", mistake]);
    }
    let mut running = Running::start(&mut command, folder, "peer")?;
    let said = running.file(&folder.at("peer.out"))?;
    let url = said
        .trim()
        .strip_prefix("ready ")
        .ok_or_else(|| format!("{peer} said {said}"))?;
    Ok((running, url.to_owned()))
}

fn target(folder: &Folder, server: Server, url: &str, port: &str, resident: &str) -> Result<PathBuf, String> {
    let (namespace, element) = server
        .own
        .unwrap_or(("http://junkyo.example/exchange/1/messages", "getResident"));
    let sample =
        format!(r#"<v:{element} xmlns:v="{namespace}"><v:residentNumber>{resident}</v:residentNumber></v:{element}>"#);
    folder.write("get-resident.xml", &sample)?;
    let wsdl = if server.own.is_none() {
        let file = repository("conformance/platform-communication/service/exchange.wsdl");
        format!("wsdl = {}\nwsdl-not-published = true\n", quoted(file.to_string_lossy()))
    } else {
        String::new()
    };
    let samples = if port == "/exchange" {
        "samples = { GetResident = \"get-resident.xml\" }\n"
    } else {
        ""
    };
    let text = format!(
        r#"[product]
vendor = "Peers of others"
name = "{peer}"
version = "1"
claims = ["platform-communication.soap.provider"]

[endpoints."platform-communication.soap"]
url = "{url}{port}"
{wsdl}{samples}"#,
        peer = server.peer,
    );
    folder.write("target.toml", &text)
}

/// The whole profile, against a server without a planted mistake.
fn clean(folder: &Folder, server: Server, port: &str, table: &Table, name: &str) -> Result<(), String> {
    let (_running, url) = start(folder, server.peer, None)?;
    let target = target(folder, server, &url, port, KNOWN)?;
    exactly(&junkyo_run(folder, &target, &[])?, &table.clean(name))
}

/// The scenario that has to show a planted mistake.
fn planted(folder: &Folder, server: Server, row: &Mistake, table: &Table) -> Result<(), String> {
    let (_running, url) = start(folder, server.peer, Some(&row.name))?;
    let resident = row.resident.as_deref().unwrap_or(KNOWN);
    let port = row.port.as_deref().unwrap_or("/exchange");
    let target = target(folder, server, &url, port, resident)?;
    let filter = format!("id({})", row.scenario);
    let outcome = junkyo_run(folder, &target, &["--filter", &filter])?;
    let peer = row
        .port
        .as_deref()
        .map_or_else(|| server.peer.to_owned(), |port| format!("{}{port}", server.peer));
    row.judge(&outcome, &table.clean(&peer))
}
