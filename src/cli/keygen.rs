//! `junkyo keygen`: a key pair in two files.

use std::fs;
use std::io::Write as _;

use super::args::{KeyAlgorithm, Keygen};
use super::error::CliError;
use super::{Exit, unless_closed};
use crate::attest::key::{Algorithm, FileKey, KeyFileError, Signer as _, read_passphrase};
use crate::text::{Lang, Text};

/// The private key.
const PRIVATE: &str = "private.pem";

/// The public key, to be handed out.
const PUBLIC: &str = "public.pem";

pub(super) fn main(args: &Keygen, lang: Lang) -> Result<Exit, CliError> {
    let usage = |error: KeyFileError| CliError::Usage(error.to_string());
    let algorithm = match args.algorithm {
        KeyAlgorithm::Ed25519 => Algorithm::Ed25519,
        KeyAlgorithm::P256 => Algorithm::P256,
    };
    let passphrase = args.passphrase_file.as_deref().map(read_passphrase).transpose().map_err(usage)?;
    let (private, public) = (args.out.join(PRIVATE), args.out.join(PUBLIC));
    if public.exists() {
        return Err(usage(KeyFileError::Exists(public)));
    }
    fs::create_dir_all(&args.out).map_err(|source| CliError::Write {
        path: args.out.clone(),
        source,
    })?;
    let key = FileKey::generate(algorithm).map_err(usage)?;
    key.store(&private, passphrase.as_ref().map(|passphrase| passphrase.as_slice()))
        .map_err(usage)?;
    fs::write(&public, key.public().to_pem()).map_err(|source| CliError::Write {
        path: public.clone(),
        source,
    })?;
    let mut out = std::io::stdout().lock();
    let id = key.public().id();
    let told = Text::new(
        format!(
            "鍵 {id}\n  {}  秘密鍵：誰にも渡さないでください\n  {}  公開鍵：署名を確かめる人に渡します\n",
            private.display(),
            public.display()
        ),
        format!(
            "key {id}\n  {}  private: give it to nobody\n  {}  public: for those who verify\n",
            private.display(),
            public.display()
        ),
    );
    unless_closed(write!(out, "{}", told.get(lang)))?;
    if passphrase.is_none() {
        let hint = Text::new(
            "秘密鍵は暗号化されていません（--passphrase-file で暗号化できます）。",
            "the private key is not encrypted; --passphrase-file encrypts it",
        );
        eprintln!("note: {}", hint.get(lang));
    }
    Ok(Exit::Success)
}
