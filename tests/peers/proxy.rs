//! The reference platform behind a reverse proxy on Node's HTTP and TLS: the provider profile through another stack.

use std::fs;
use std::process::Command;

use libtest_mimic::Trial;

use super::harness::{Folder, Running, junkyo_run, quoted, repository};
use super::trial;

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial("proxy::provider", || Folder::with("proxy", provider))]
}

/// Starts `junkyo mock` on a free port; its files are in `mock` of the folder.
pub(crate) fn start_mock(folder: &Folder, more: &[&str]) -> Result<(Running, toml::Table), String> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_junkyo"));
    command
        .args(["mock", "--listen", "127.0.0.1:0", "--out"])
        .arg(folder.at("mock"))
        .args(more);
    let mut mock = Running::start(&mut command, folder, "mock")?;
    // It prints after it has written its files.
    mock.file(&folder.at("mock.out"))?;
    let text = mock.file(&folder.at("mock/target.toml"))?;
    let target = text
        .parse()
        .map_err(|error| format!("target.toml of the mock: {error}"))?;
    Ok((mock, target))
}

/// A text of the mock's target file.
pub(crate) fn text<'a>(target: &'a toml::Table, section: &str, key: &str) -> Result<&'a str, String> {
    target[section][key]
        .as_str()
        .ok_or_else(|| format!("target.toml of the mock has no {section}.{key}"))
}

fn provider(folder: &Folder) -> Result<(), String> {
    let (_mock, direct) = start_mock(folder, &["--time-out", "300"])?;
    let token = text(&direct, "auth", "token-endpoint")?;
    let origin = origin(token)?;
    let mut command = Command::new("node");
    command
        .arg(repository("tests/peers/proxy/proxy.mjs"))
        .args(["--to", origin]);
    command
        .arg("--ca")
        .arg(folder.at("mock/ca.pem"))
        .arg("--workdir")
        .arg(folder.at("proxy"));
    let mut proxy = Running::start(&mut command, folder, "proxy")?;
    let ready = proxy.ready(&folder.at("proxy/ready.json"))?;
    let base = ready.text("url")?;
    let files = fs::read_to_string(folder.at("mock/target.toml")).map_err(|error| error.to_string())?;
    let target = files
        .replace(origin, base)
        .replace("authorities = \"ca.pem\"", "authorities = \"proxy/ca.pem\"")
        // The authorization server knows itself by its own address, not by the proxy's.
        .replace(
            "client-secret-file = \"client-secret\"",
            &format!(
                "client-secret-file = \"mock/client-secret\"\naudience = {}",
                quoted(token)
            ),
        );
    let written = folder.write("target.toml", &target)?;
    junkyo_run(folder, &written, &[])?.conformant_but(&[])?;
    // Through the proxy indeed, not around it.
    let journal = fs::read_to_string(folder.at("out/evidence/journal.jsonl")).map_err(|error| error.to_string())?;
    let port = quoted(origin.trim_start_matches("https://"));
    if journal.contains(&format!("\"peer\":{port}")) {
        return Err("the run went around the proxy".into());
    }
    Ok(())
}

fn origin(url: &str) -> Result<&str, String> {
    let host = url
        .strip_prefix("https://")
        .ok_or_else(|| format!("{url} is no https address"))?;
    let end = host.find('/').unwrap_or(host.len());
    Ok(&url[.."https://".len() + end])
}
