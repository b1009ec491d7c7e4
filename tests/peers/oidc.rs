//! npm's oidc-provider, an OpenID-certified authorization server, under the profile of the authorization server.

use std::collections::BTreeMap;
use std::process::Command;

use libtest_mimic::Trial;

use super::harness::{Folder, Running, installed, junkyo_run, quoted, repository};
use super::trial;

/// Where it differs, and why. Anything else fails the test, and so does a difference that is gone.
const DIFFERENCES: &[(&str, &str)] = &[
    (
        "CF-AS-grant-authorization-code",
        "a grant that the client may not use is invalid_request there, where RFC 6749 5.2 has unauthorized_client",
    ),
    (
        "CF-AS-introspect-alg-none",
        "a token in the form of a JWT is refused with unsupported_token_type, where RFC 7662 2.2 has active false",
    ),
];

pub(crate) fn trials() -> Vec<Trial> {
    vec![trial("oidc-provider::authorization", || {
        Folder::with("oidc-provider", authorization)
    })]
}

fn authorization(folder: &Folder) -> Result<(), String> {
    installed("node/node_modules/oidc-provider")?;
    let mut command = Command::new("node");
    command.arg(repository("tests/peers/oidc/server.mjs"));
    command
        .arg("--modules")
        .arg(installed("node")?)
        .arg("--workdir")
        .arg(folder.at(""));
    let mut peer = Running::start(&mut command, folder, "peer")?;
    let ready = peer.ready(&folder.at("ready.json"))?;
    folder.write("secret", ready.text("client_secret")?)?;
    let target = format!(
        r#"[product]
vendor = "panva"
name = "oidc-provider"
version = "9"
claims = ["common-function.authorization"]

[auth]
token-endpoint = {token}
introspection-endpoint = {introspection}
client-id = {client_id}
client-secret-file = "secret"

[tls]
authorities = "ca.pem"

[driver.provider]
url = {driver}
actions = ["expire-token"]
"#,
        token = quoted(ready.text("token_endpoint")?),
        introspection = quoted(ready.text("introspection_endpoint")?),
        client_id = quoted(ready.text("client_id")?),
        driver = quoted(ready.text("driver")?),
    );
    let outcome = junkyo_run(folder, &folder.write("target.toml", &target)?, &[])?;
    let listed: BTreeMap<_, _> = DIFFERENCES.iter().copied().collect();
    let found = outcome.not_passed();
    let new: Vec<_> = found.iter().filter(|(id, _)| !listed.contains_key(**id)).collect();
    let gone: Vec<_> = listed.keys().filter(|id| !found.contains_key(**id)).collect();
    if new.is_empty() && gone.is_empty() && outcome.count() > listed.len() {
        return Ok(());
    }
    Err(format!(
        "{} scenarios; not listed: {new:#?}; listed, but passed: {gone:#?}",
        outcome.count()
    ))
}
