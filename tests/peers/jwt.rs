//! JWTs of ours under the eyes of PyJWT and jose, and theirs at our token endpoint.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use libtest_mimic::Trial;
use serde_json::{Value, json};

use super::harness::{Folder, converse, installed, junkyo_run, repository};
use super::proxy::{start_mock, text};
use super::trial;

/// Scenario whose (first) assertion is looked at; algorithms the library is told to accept; what PyJWT and jose
/// say, null for a good token. Both names: the two libraries name their refusals differently.
type Row = (&'static str, &'static str, Option<(&'static str, &'static str)>);

const OURS: &[Row] = &[
    ("CF-AS-token", "HS256", None),
    ("CF-AS-assertion-correct-claims", "HS256", None),
    ("CF-AS-client-secret", "HS256", None),
    // What we send as wrong is wrong in that one way only.
    ("CF-AS-assertion-hs384", "HS384", None),
    ("CF-AS-assertion-hs512", "HS512", None),
    (
        "CF-AS-assertion-hs384",
        "HS256",
        Some(("InvalidAlgorithmError", "ERR_JOSE_ALG_NOT_ALLOWED")),
    ),
    (
        "CF-AS-assertion-hs512",
        "HS256",
        Some(("InvalidAlgorithmError", "ERR_JOSE_ALG_NOT_ALLOWED")),
    ),
    (
        "CF-AS-assertion-wrong-key",
        "HS256",
        Some(("InvalidSignatureError", "ERR_JWS_SIGNATURE_VERIFICATION_FAILED")),
    ),
    (
        "CF-AS-assertion-tampered",
        "HS256",
        Some(("InvalidSignatureError", "ERR_JWS_SIGNATURE_VERIFICATION_FAILED")),
    ),
    (
        "CF-AS-assertion-without-signature",
        "HS256",
        Some(("InvalidSignatureError", "ERR_JWS_SIGNATURE_VERIFICATION_FAILED")),
    ),
    (
        "CF-AS-assertion-alg-none",
        "HS256",
        Some(("InvalidAlgorithmError", "ERR_JOSE_ALG_NOT_ALLOWED")),
    ),
    (
        "CF-AS-assertion-expired",
        "HS256",
        Some(("ExpiredSignatureError", "ERR_JWT_EXPIRED")),
    ),
    (
        "CF-AS-assertion-wrong-audience",
        "HS256",
        Some(("InvalidAudienceError", "ERR_JWT_CLAIM_VALIDATION_FAILED")),
    ),
    (
        "CF-AS-assertion-without-exp",
        "HS256",
        Some(("MissingRequiredClaimError", "ERR_JWT_CLAIM_VALIDATION_FAILED")),
    ),
    (
        "CF-AS-assertion-without-id",
        "HS256",
        Some(("MissingRequiredClaimError", "ERR_JWT_CLAIM_VALIDATION_FAILED")),
    ),
    (
        "CF-AS-assertion-not-yet-valid",
        "HS256",
        Some(("ImmatureSignatureError", "ERR_JWT_CLAIM_VALIDATION_FAILED")),
    ),
];

/// Assertions that the libraries make, and whether our token endpoint has to take them.
const THEIRS: &[(&str, bool)] = &[
    ("correct", true),
    ("hs384", false),
    ("hs512", false),
    ("wrong-key", false),
    ("none", false),
    ("expired", false),
];

const SCOPE: &str = "031:app_submit/v10/jutogaishaatenabangofuban:Create";

#[derive(Clone, Copy)]
enum Library {
    PyJwt,
    Jose,
}

impl Library {
    fn ask(self, folder: &Folder, mut order: Value) -> Result<Value, String> {
        let mut command = match self {
            Self::PyJwt => {
                let mut command = Command::new(installed("venv/bin/python")?);
                command.arg(repository("tests/peers/jwt/pyjwt_tool.py"));
                command
            }
            Self::Jose => {
                installed("node/node_modules/jose")?;
                order["modules"] = installed("node")?.display().to_string().into();
                let mut command = Command::new("node");
                command.arg(repository("tests/peers/jwt/jose_tool.mjs"));
                command
            }
        };
        converse(&mut command, folder, &order)
    }
}

pub(crate) fn trials() -> Vec<Trial> {
    let trials = [("pyjwt", Library::PyJwt), ("jose", Library::Jose)].map(|(name, library)| {
        [
            trial(format!("jwt::{name}::verifies-ours"), move || {
                Folder::with(&format!("jwt-{name}-verifies"), |folder| verifies_ours(folder, library))
            }),
            trial(format!("jwt::{name}::is-verified"), move || {
                Folder::with(&format!("jwt-{name}-verified"), |folder| is_verified(folder, library))
            }),
        ]
    });
    trials.into_iter().flatten().collect()
}

fn verifies_ours(folder: &Folder, library: Library) -> Result<(), String> {
    let (_mock, target) = start_mock(folder, &[])?;
    let secret = secret(folder)?;
    let filter = OURS
        .iter()
        .map(|(id, ..)| format!("id({id})"))
        .collect::<Vec<_>>()
        .join("|");
    let outcome = junkyo_run(folder, &folder.at("mock/target.toml"), &["--filter", &filter])?;
    outcome.passed_but(&[])?;
    let sent = assertions(folder)?;
    let mut tokens = Vec::new();
    for (id, algorithm, _) in OURS {
        let token = sent
            .get(*id)
            .ok_or_else(|| format!("no assertion in the journal for {id}"))?;
        tokens.push(json!({ "token": token, "algorithms": [algorithm] }));
    }
    let audience = text(&target, "auth", "token-endpoint")?;
    let order = json!({ "do": "verify", "secret": secret, "audience": audience, "tokens": tokens });
    let answer = library.ask(folder, order)?;
    let mut wrong = Vec::new();
    for (at, (id, algorithm, expected)) in OURS.iter().enumerate() {
        let expected = expected.map(|(pyjwt, jose)| match library {
            Library::PyJwt => pyjwt,
            Library::Jose => jose,
        });
        let found = answer["results"][at].as_str();
        if found != expected {
            wrong.push(format!("{id} as {algorithm}: expected {expected:?}, found {found:?}"));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n"))
    }
}

fn is_verified(folder: &Folder, library: Library) -> Result<(), String> {
    let (_mock, target) = start_mock(folder, &[])?;
    let endpoint = text(&target, "auth", "token-endpoint")?;
    let order = json!({
        "do": "ask",
        "secret": secret(folder)?,
        "wrong_secret": "another-secret-that-the-server-does-not-know",
        "client_id": text(&target, "auth", "client-id")?,
        "audience": endpoint,
        "endpoint": endpoint,
        "ca": folder.at("mock/ca.pem"),
        "scope": SCOPE,
    });
    let answers = library.ask(folder, order)?;
    let mut wrong = Vec::new();
    for (case, taken) in THEIRS {
        let answer = &answers["answers"][*case];
        let right = if *taken {
            answer["status"] == 200 && answer["body"]["access_token"].is_string()
        } else {
            matches!(answer["status"].as_u64(), Some(400 | 401)) && answer["body"]["error"] == "invalid_client"
        };
        if !right {
            wrong.push(format!(
                "{case}: expected {}, found {answer}",
                if *taken { "a token" } else { "invalid_client" }
            ));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(wrong.join("\n"))
    }
}

fn secret(folder: &Folder) -> Result<String, String> {
    fs::read_to_string(folder.at("mock/client-secret")).map_err(|error| format!("client-secret: {error}"))
}

/// Scenario → assertion of its first token request, from the evidence.
fn assertions(folder: &Folder) -> Result<BTreeMap<String, String>, String> {
    let journal =
        fs::read_to_string(folder.at("out/evidence/journal.jsonl")).map_err(|error| format!("journal: {error}"))?;
    let mut found = BTreeMap::new();
    for line in journal.lines().filter(|line| !line.is_empty()) {
        let record: Value = serde_json::from_str(line).map_err(|error| format!("journal: {error}"))?;
        let (Some(scenario), Some(request)) = (record["scenario"].as_str(), record["request"]["text"].as_str()) else {
            continue;
        };
        let body = request.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        // base64url and dots only: nothing in an assertion is percent-encoded.
        if let Some(assertion) = body.split('&').find_map(|pair| pair.strip_prefix("client_assertion=")) {
            found.entry(scenario.to_owned()).or_insert_with(|| assertion.to_owned());
        }
    }
    Ok(found)
}
