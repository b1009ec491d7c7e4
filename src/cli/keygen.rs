//! `junkyo keygen`: a key pair in two files, or the public half of a key that is elsewhere.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::args::{KeyAlgorithm, Keygen};
use super::error::CliError;
use super::{Exit, unless_closed};
use crate::attest::key::{self, Algorithm, FileKey, KeyFileError, PublicKey, Signer as _, read_passphrase};
use crate::text::{Lang, Text};

/// The private key.
const PRIVATE: &str = "private.pem";

/// The public key, to be handed out.
const PUBLIC: &str = "public.pem";

pub(super) fn main(args: &Keygen, lang: Lang) -> Result<Exit, CliError> {
    let passphrase = args
        .passphrase_file
        .as_deref()
        .map(read_passphrase)
        .transpose()
        .map_err(usage)?;
    let passphrase = passphrase.as_ref().map(|text| text.as_slice());
    let public = args.out.join(PUBLIC);
    if public.exists() {
        return Err(usage(KeyFileError::Exists(public)));
    }
    if let Some(reference) = &args.key {
        let signer = key::open(reference, passphrase).map_err(usage)?;
        folder(&args.out)?;
        return tell(signer.public(), None, &public, lang);
    }
    let algorithm = match args.algorithm {
        KeyAlgorithm::Ed25519 => Algorithm::Ed25519,
        KeyAlgorithm::P256 => Algorithm::P256,
    };
    folder(&args.out)?;
    let private = args.out.join(PRIVATE);
    let key = FileKey::generate(algorithm).map_err(usage)?;
    key.store(&private, passphrase).map_err(usage)?;
    let exit = tell(key.public(), Some(private), &public, lang)?;
    if passphrase.is_none() {
        let hint = Text::new(
            "秘密鍵は暗号化されていません（--passphrase-file で暗号化できます）。",
            "the private key is not encrypted; --passphrase-file encrypts it",
        );
        eprintln!("note: {}", hint.get(lang));
    }
    Ok(exit)
}

fn usage(error: KeyFileError) -> CliError {
    CliError::Usage(error.to_string())
}

fn folder(path: &Path) -> Result<(), CliError> {
    fs::create_dir_all(path).map_err(|source| CliError::Write {
        path: path.to_owned(),
        source,
    })
}

/// Writes the public key, and tells where everything is.
fn tell(key: &PublicKey, private: Option<PathBuf>, public: &Path, lang: Lang) -> Result<Exit, CliError> {
    fs::write(public, key.to_pem()).map_err(|source| CliError::Write {
        path: public.to_owned(),
        source,
    })?;
    let mut text = Text::new(format!("鍵 {}\n", key.id()), format!("key {}\n", key.id()));
    if let Some(private) = private {
        let private = private.display();
        text.ja += &format!("  {private}  秘密鍵：誰にも渡さないでください\n");
        text.en += &format!("  {private}  private: give it to nobody\n");
    }
    let public = public.display();
    text.ja += &format!("  {public}  公開鍵：署名を確かめる人に渡します\n");
    text.en += &format!("  {public}  public: for those who verify\n");
    unless_closed(write!(std::io::stdout(), "{}", text.get(lang)))?;
    Ok(Exit::Success)
}
