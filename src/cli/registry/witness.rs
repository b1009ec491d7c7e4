//! `junkyo registry witness`: a witness of other people's logs, and its key.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args as ClapArgs, Subcommand};

use super::{Exit, say, unfinished, usage};
use crate::attest::key::{Algorithm, FileKey};
use crate::attest::log::{NoteSigner, SignatureKind, VerifierKey};
use crate::cli::error::CliError;
use crate::registry::witness;
use crate::text::{Lang, Text};

/// Name of the file with the secret key, in the folder of the witness.
const KEY_FILE: &str = "witness.pem";

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Witness {
    #[command(subcommand)]
    pub(in crate::cli) action: WitnessAction,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum WitnessAction {
    /// Cosign checkpoints of the logs that it knows, as long as each continues the one before.
    Serve(Serve),
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Serve {
    /// Folder for its key and what it remembers; made with the first start.
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) data: PathBuf,
    /// Its name, e.g. witness.example/one; stands in every cosignature.
    #[arg(long, value_name = "NAME")]
    pub(in crate::cli) name: String,
    /// Key of a log that it witnesses (origin+id+base64), as it stands in the log's policy; repeatable.
    #[arg(long, value_name = "KEY", required = true)]
    pub(in crate::cli) log: Vec<String>,
    /// Address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8481")]
    pub(in crate::cli) listen: String,
}

pub(super) fn main(args: &Witness, lang: Lang) -> Result<Exit, CliError> {
    match &args.action {
        WitnessAction::Serve(serve) => self::serve(serve, lang),
    }
}

fn serve(args: &Serve, lang: Lang) -> Result<Exit, CliError> {
    let logs: Vec<VerifierKey> = args
        .log
        .iter()
        .map(|key| key.parse().map_err(|error| usage(format!("--log: {error}"))))
        .collect::<Result<_, _>>()?;
    if let Some(other) = logs.iter().find(|key| key.kind() != SignatureKind::Log) {
        return Err(usage(format!(
            "--log {other}: expected the key of a log (type 1), not of a witness"
        )));
    }
    fs::create_dir_all(&args.data).map_err(|error| usage(format!("{}: {error}", args.data.display())))?;
    let key = key(&args.data.join(KEY_FILE))?;
    let signer = NoteSigner::of_key(&args.name, SignatureKind::Cosignature, Arc::new(key)).map_err(usage)?;
    let witness = witness::Witness::open(&args.data, signer, logs).map_err(usage)?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let vkey = witness.key().to_string();
        let server = witness::serve(&args.listen, Arc::new(witness))
            .await
            .map_err(|error| unfinished(format!("{}: {error}", args.listen)))?;
        let address = server.address();
        let text = Text::new(
            format!("ウィットネスが http://{address} で動いています。\n鍵: {vkey}"),
            format!("The witness listens on http://{address}.\nIts key: {vkey}"),
        );
        say(&text, lang)?;
        tokio::signal::ctrl_c().await?;
        drop(server);
        Ok(Exit::Success)
    })
}

/// The key in a file, which is made if it is not there.
fn key(path: &Path) -> Result<FileKey, CliError> {
    let fault = |error: &dyn std::fmt::Display| usage(format!("{}: {error}", path.display()));
    if path.exists() {
        return FileKey::load(path, None).map_err(|error| fault(&error));
    }
    let key = FileKey::generate(Algorithm::Ed25519).map_err(|error| fault(&error))?;
    key.store(path, None).map_err(|error| fault(&error))?;
    Ok(key)
}
