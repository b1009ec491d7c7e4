//! The clients of others call junkyo, right ones and ones with a planted mistake, driven by `tests/peers/soap/driver.py`.

use std::path::PathBuf;
use std::sync::Arc;

use libtest_mimic::Trial;

use super::harness::{Folder, installed, junkyo_run, quoted, repository};
use super::table::{Mistake, Table, exactly};
use super::trial;

/// The slowest first.
const CLIENTS: [&str; 5] = [
    "jaxws-client",
    "zeep-client",
    "node-client",
    "php-client",
    "gsoap-client",
];

/// Those that have mistakes.
const WITH_MISTAKES: [&str; 2] = ["zeep-client", "node-client"];

pub(crate) fn trials(table: &Arc<Table>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for peer in CLIENTS {
        let with = Arc::clone(table);
        trials.push(trial(format!("{peer}::clean"), move |folder| {
            clean(folder, peer, &with)
        }));
    }
    for peer in WITH_MISTAKES {
        let with = Arc::clone(table);
        trials.push(trial(format!("{peer}::table"), move |_| with.is_complete(peer)));
        for row in table.mistakes(peer).filter(|row| row.unseen.is_none()).cloned() {
            let with = Arc::clone(table);
            let name = format!("{peer}::mistake::{}", row.name);
            trials.push(trial(name, move |folder| planted(folder, peer, &row, &with)));
        }
    }
    trials
}

fn target(folder: &Folder, peer: &str, mistake: Option<&str>) -> Result<PathBuf, String> {
    let driver = repository("tests/peers/soap/driver.py");
    let client = installed(&format!("soap/{peer}"))?;
    let mut command = vec!["python3".to_owned()];
    command.extend([driver, client].map(|path| path.to_string_lossy().into_owned()));
    if let Some(mistake) = mistake {
        command.extend(["--mistake", mistake].map(ToOwned::to_owned));
    }
    let command: Vec<String> = command.iter().map(quoted).collect();
    let text = format!(
        r#"[product]
vendor = "Peers of others"
name = "{peer}"
version = "1"
claims = ["platform-communication.soap.consumer"]

[driver.consumer]
command = [{}]
actions = ["soap-call"]

[limits]
consumer-timeout-ms = 10000
"#,
        command.join(", ")
    );
    folder.write("target.toml", &text)
}

/// The whole profile, with a client without a planted mistake.
fn clean(folder: &Folder, peer: &str, table: &Table) -> Result<(), String> {
    let target = target(folder, peer, None)?;
    exactly(&junkyo_run(folder, &target, &[])?, &table.clean(peer))
}

/// The scenario that has to show a planted mistake.
fn planted(folder: &Folder, peer: &str, row: &Mistake, table: &Table) -> Result<(), String> {
    let target = target(folder, peer, Some(&row.name))?;
    let filter = format!("id({})", row.scenario);
    let outcome = junkyo_run(folder, &target, &["--filter", &filter])?;
    row.judge(&outcome, &table.clean(peer))
}
