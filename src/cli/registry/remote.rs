//! `junkyo registry challenge|submit|status`: what vendors and their CI do.

use std::io::{self, Write as _};
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::args::{Challenge, Remote, Status, Submit};
use super::{Exit, say, unfinished, usage, write_file};
use crate::cli::error::CliError;
use crate::registry::client::{ClientError, RegistryClient};
use crate::text::{Lang, Text};

/// Pause between two looks at a submission.
const LOOK_EVERY: Duration = Duration::from_secs(3);

fn client(remote: &Remote, lang: Lang) -> Result<RegistryClient, CliError> {
    let token = std::fs::read_to_string(&remote.token_file)
        .map_err(|error| usage(format!("--token-file {}: {error}", remote.token_file.display())))?;
    RegistryClient::new(&remote.server, &token, lang).map_err(usage)
}

/// Runs a conversation with a register.
fn speak<T>(conversation: impl Future<Output = Result<T, ClientError>>) -> Result<Result<T, ClientError>, CliError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(conversation))
}

/// A refusal is the register's verdict (exit code 1); not to reach it is none (3).
fn told<T>(answer: Result<T, ClientError>) -> Result<Result<T, Exit>, CliError> {
    match answer {
        Ok(value) => Ok(Ok(value)),
        Err(error @ ClientError::Refused(_)) => {
            eprintln!("{error}");
            Ok(Err(Exit::NonConformant))
        }
        Err(error @ ClientError::Unreachable { .. }) => Err(unfinished(error)),
        Err(error) => Err(usage(error)),
    }
}

/// What a register has to know of a target file. The rest of it, secrets among it, is not read.
#[derive(Deserialize)]
struct TargetFile {
    product: Product,
}

#[derive(Deserialize)]
struct Product {
    name: String,
    version: String,
    #[serde(default)]
    claims: Vec<String>,
}

fn product(args: &Challenge) -> Result<Product, CliError> {
    let path = args.target.display();
    let text = std::fs::read_to_string(&args.target).map_err(|error| usage(format!("--target {path}: {error}")))?;
    let file: TargetFile = toml::from_str(&text).map_err(|error| usage(format!("--target {path}: {error}")))?;
    Ok(file.product)
}

pub(super) fn challenge(args: &Challenge, lang: Lang) -> Result<Exit, CliError> {
    let product = product(args)?;
    let request = json!({
        "product": product.name,
        "version": product.version,
        "profiles": if args.profile.is_empty() { &product.claims } else { &args.profile },
    });
    let client = client(&args.remote, lang)?;
    let opened = match told(speak(client.challenge(&request))?)? {
        Ok(opened) => opened,
        Err(exit) => return Ok(exit),
    };
    let file = opened
        .get("file")
        .and_then(Json::as_str)
        .ok_or_else(|| unfinished("the register sent no challenge file"))?;
    write_file(&args.out, file.as_bytes())?;
    let text = |name: &str| opened.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    let attempt = opened.get("attempt").and_then(Json::as_u64).unwrap_or(0);
    let path = args.out.display();
    let said = Text::new(
        format!(
            "{path}: チャレンジ {}(この版の {attempt} 回目、{} まで有効)。次: junkyo run --target {} --challenge {path}",
            text("id"),
            text("expires"),
            args.target.display()
        ),
        format!(
            "{path}: challenge {} (attempt {attempt} of this version, good until {}). Next: junkyo run --target {} --challenge {path}",
            text("id"),
            text("expires"),
            args.target.display()
        ),
    );
    say(&said, lang)?;
    Ok(Exit::Success)
}

pub(super) fn submit(args: &Submit, lang: Lang) -> Result<Exit, CliError> {
    let bundle = std::fs::read(&args.bundle).map_err(|error| usage(format!("{}: {error}", args.bundle.display())))?;
    let client = client(&args.remote, lang)?;
    let receipt = match told(speak(client.submit(bundle))?)? {
        Ok(receipt) => receipt,
        Err(exit) => return Ok(exit),
    };
    let text = |name: &str| receipt.get(name).and_then(Json::as_str).unwrap_or_default().to_owned();
    if let Some(path) = &args.receipt {
        write_file(path, format!("{}\n", text("envelope")).as_bytes())?;
    }
    let id = text("submission");
    let again = receipt.get("again").and_then(Json::as_bool) == Some(true);
    let said = Text::new(
        format!(
            "{id}: {}({})。マニフェスト {}",
            if again {
                "すでに受け付けています"
            } else {
                "受け付けました"
            },
            text("received"),
            text("manifest")
        ),
        format!(
            "{id}: {} ({}), manifest {}",
            if again { "was taken before" } else { "taken" },
            text("received"),
            text("manifest")
        ),
    );
    say(&said, lang)?;
    if !args.wait {
        return Ok(Exit::Success);
    }
    let judged = speak(async {
        loop {
            let submission = client.submission(&id).await?;
            if submission.get("state").and_then(Json::as_str) != Some("judging") {
                return Ok(submission);
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    })?;
    match told(judged)? {
        Ok(submission) => tell(&submission, lang),
        Err(exit) => Ok(exit),
    }
}

pub(super) fn status(args: &Status, lang: Lang) -> Result<Exit, CliError> {
    let client = client(&args.remote, lang)?;
    let submission = match told(speak(client.submission(&args.submission))?)? {
        Ok(submission) => submission,
        Err(exit) => return Ok(exit),
    };
    if args.json {
        let text = serde_json::to_string_pretty(&submission).map_err(unfinished)?;
        say(&Text::neutral(text), lang)?;
        return Ok(exit_of(&submission));
    }
    tell(&submission, lang)
}

/// Prints state and reasons of a submission.
fn tell(submission: &Json, lang: Lang) -> Result<Exit, CliError> {
    let code = lang.pick("ja", "en");
    let text = |value: Option<&Json>| value.and_then(Json::as_str).unwrap_or_default().to_owned();
    let said = |value: Option<&Json>| text(value.and_then(|value| value.get(code)));
    let mut out = io::stdout().lock();
    write!(
        out,
        "{}: {}",
        text(submission.get("id")),
        said(submission.get("stateTitle"))
    )?;
    match submission.get("registration").and_then(Json::as_str) {
        Some(number) => writeln!(out, " {number}")?,
        None => writeln!(out)?,
    }
    for refusal in submission
        .get("refusals")
        .and_then(Json::as_array)
        .unwrap_or(&Vec::new())
    {
        writeln!(out, "  [{}] {}", text(refusal.get("code")), said(refusal.get("text")))?;
        writeln!(out, "      → {}", said(refusal.get("remedy")))?;
    }
    Ok(exit_of(submission))
}

fn exit_of(submission: &Json) -> Exit {
    match submission.get("state").and_then(Json::as_str) {
        Some("refused" | "rejected" | "retracted") => Exit::NonConformant,
        Some("judging") => Exit::Incomplete,
        _ => Exit::Success,
    }
}
