//! An S3-compatible object store.

use std::process::Command;

use libtest_mimic::Trial;

use super::harness::{Folder, Ready, Running, installed, quoted, repository};
use super::{ENVIRONMENT, does_everything, open, relay, says, trial, wait};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("store::everything", everything),
        trial("store::wrong-secret", wrong_secret),
        trial("store::wrong-bucket", wrong_bucket),
        trial("store::unknown-authority", unknown_authority),
        trial("store::down", down),
        trial("store::slow", slow),
        trial("store::clock", clock),
        trial("store::broken-put", broken_put),
    ]
}

/// A running store; its files are in `store` of the folder.
pub(crate) fn start(folder: &Folder, more: &[&str]) -> Result<(Running, Ready), String> {
    let peers = installed("node")?;
    let mut command = Command::new("node");
    command
        // s3rver makes its continuation tokens with a cipher that OpenSSL 3 calls legacy.
        .arg("--openssl-legacy-provider")
        .arg(repository("tests/peers/store/server.mjs"))
        .arg("--data")
        .arg(folder.at("store-data"))
        .arg("--workdir")
        .arg(folder.at("store"))
        .args(more)
        .env("PEERS", peers.join(".."))
        .env("STORE_SECRET", ENVIRONMENT[1].1);
    std::fs::remove_file(folder.at("store/ready.json")).ok();
    let mut running = Running::start(&mut command, folder, "store")?;
    let ready = running.ready(&folder.at("store/ready.json"))?;
    Ok((running, ready))
}

/// The keys of a place in it.
pub(crate) fn keys(url: &str, secret: usize, more: &str) -> String {
    let authorities = if url.starts_with("https:") {
        "authorities = \"store/ca.pem\"\n"
    } else {
        ""
    };
    format!(
        "timeout-ms = 30000\n{more}\n[s3]\nendpoint = {}\nbucket = \"linkage\"\nprefix = \"to city/\"\naccess-key-env = \"{}\"\nsecret-key-env = \"{}\"\n{authorities}",
        quoted(url),
        ENVIRONMENT[0].0,
        ENVIRONMENT[secret].0
    )
}

fn port(ready: &Ready) -> Result<u16, String> {
    ready.text("port")?.parse().map_err(|error| format!("{error}"))
}

fn everything(folder: &Folder) -> Result<(), String> {
    let (_running, ready) = start(folder, &[])?;
    let place = open(folder, &keys(ready.text("url")?, 1, ""))?;
    wait(async {
        // More than one page of a listing.
        for number in 0..1_500 {
            place.put(&format!("old-{number:04}.csv"), b"1").await?;
        }
        Ok::<(), junkyo::wire::place::PlaceError>(())
    })?
    .map_err(|error| error.to_string())?;
    wait(does_everything(&place, 1_500))??;
    // Not around the signatures.
    let counted = std::fs::read_to_string(folder.at("store/requests.txt")).map_err(|error| error.to_string())?;
    if counted.lines().count() < 1_510 {
        return Err(format!("only {} requests were verified", counted.lines().count()));
    }
    Ok(())
}

fn wrong_secret(folder: &Folder) -> Result<(), String> {
    let (_running, ready) = start(folder, &[])?;
    let url = ready.text("url")?;
    let place = open(folder, &keys(url, 2, ""))?;
    let parts = [
        &format!("s3 {url}/linkage/to city/: cannot list"),
        "SignatureDoesNotMatch",
        "JUNKYO_PLACES_WRONG",
    ];
    wait(async {
        says(place.list().await, "configuration", &parts)?;
        says(
            place.put("a.csv", b"1").await,
            "configuration",
            &["cannot write a.csv", "SignatureDoesNotMatch"],
        )?;
        says(place.get("a.csv").await, "configuration", &["cannot read a.csv"])
    })?
}

fn wrong_bucket(folder: &Folder) -> Result<(), String> {
    let (_running, ready) = start(folder, &[])?;
    let text = keys(ready.text("url")?, 1, "").replace("linkage", "elsewhere");
    let place = open(folder, &text)?;
    let parts = ["NoSuchBucket", "there is no bucket elsewhere"];
    wait(async { says(place.list().await, "configuration", &parts) })?
}

fn unknown_authority(folder: &Folder) -> Result<(), String> {
    let (_running, ready) = start(folder, &[])?;
    let other = junkyo::wire::certificate::TestAuthority::new("another").map_err(|error| error.to_string())?;
    folder.write("store/ca.pem", &other.pem)?;
    let place = open(folder, &keys(ready.text("url")?, 1, ""))?;
    wait(async {
        says(
            place.list().await,
            "configuration",
            &["TLS handshake failed", "authorities"],
        )
    })?
}

fn down(folder: &Folder) -> Result<(), String> {
    let url = format!("http://127.0.0.1:{}", relay::free_port()?);
    let place = open(folder, &keys(&url, 1, ""))?;
    wait(async { says(place.list().await, "network", &[&url, "cannot list", "no connection"]) })?
}

fn slow(folder: &Folder) -> Result<(), String> {
    let (_running, ready) = start(folder, &["--plain", "--delay", "400"])?;
    let url = ready.text("url")?;
    let patient = open(folder, &keys(url, 1, ""))?;
    let hasty = open(
        folder,
        &keys(url, 1, "").replace("timeout-ms = 30000", "timeout-ms = 100"),
    )?;
    wait(async {
        patient.put("a.csv", b"1").await.map_err(|error| error.to_string())?;
        let parts = ["cannot read a.csv", "no complete response within 100 ms"];
        says(hasty.get("a.csv").await, "network", &parts)
    })?
}

fn clock(folder: &Folder) -> Result<(), String> {
    for ahead in ["7200", "-7200"] {
        let (_running, ready) = start(folder, &["--plain", &format!("--clock={ahead}")])?;
        let place = open(folder, &keys(ready.text("url")?, 1, ""))?;
        wait(async { says(place.list().await, "configuration", &["the clocks differ: it is 20"]) })??;
    }
    Ok(())
}

/// The connection ends in the middle of a file: an error, and nothing that looks complete, even in this store, which keeps
/// what has come (others keep nothing).
fn broken_put(folder: &Folder) -> Result<(), String> {
    let (_running, ready) = start(folder, &["--plain"])?;
    let relay = relay::start(port(&ready)?, 8 * 1024 * 1024)?;
    let broken = open(folder, &keys(&format!("http://127.0.0.1:{relay}"), 1, ""))?;
    let place = open(folder, &keys(ready.text("url")?, 1, ""))?;
    let large = vec![b'1'; 20 * 1024 * 1024];
    wait(async {
        says(
            broken.put("large.csv", &large).await,
            "network",
            &["cannot write large.csv"],
        )?;
        let names = place.list().await.map_err(|error| error.to_string())?;
        for name in &names {
            let kept = place.get(name).await.map_err(|error| error.to_string())?;
            if kept.len() >= large.len() || name.ends_with(".done") {
                return Err(format!("after the broken put: {name}, {} bytes", kept.len()));
            }
        }
        // The next attempt replaces it.
        place.put("large.csv", b"1").await.map_err(|error| error.to_string())?;
        match place.get("large.csv").await {
            Ok(content) if content == b"1" => Ok(()),
            other => Err(format!("after the second put: {other:?}")),
        }
    })?
}
