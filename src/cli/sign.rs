//! `junkyo sign`: a signature, and if wanted a timestamp, into a bundle.

use std::fs;
use std::io::Write as _;

use super::args::Sign;
use super::error::CliError;
use super::{Exit, unless_closed};
use crate::attest::bundle::{Bundle, Limits};
use crate::attest::key::{self, read_passphrase};
use crate::attest::sign::{SignBundleError, sign_bundle, timestamp_bundle};
use crate::interconnect::{INTERCONNECTION, sign_interconnection};
use crate::text::{Lang, Text};

pub(super) fn main(args: &Sign, lang: Lang) -> Result<Exit, CliError> {
    let usage = |error: key::KeyFileError| CliError::Usage(error.to_string());
    if args.key.is_none() && args.timestamp.is_none() {
        return Err(CliError::Usage("nothing to do: give --key, --timestamp or both".into()));
    }
    let mut out = std::io::stdout().lock();
    if let Some(reference) = &args.key {
        let passphrase = args
            .passphrase_file
            .as_deref()
            .map(read_passphrase)
            .transpose()
            .map_err(usage)?;
        let signer = key::open(reference, passphrase.as_ref().map(|text| text.as_slice())).map_err(usage)?;
        let is_interconnection = Bundle::open(&args.bundle, &Limits::OWN).is_ok_and(|there| there.has(INTERCONNECTION));
        let envelope = if is_interconnection {
            sign_interconnection(&args.bundle, signer.as_ref()).map_err(CliError::Usage)?
        } else {
            sign_bundle(&args.bundle, signer.as_ref()).map_err(fault)?
        };
        let told = Text::new(
            format!(
                "{} に署名しました。\n  鍵 {}\n  署名された内容 sha256:{}\n",
                args.bundle.display(),
                signer.public().id(),
                envelope.payload_digest()
            ),
            format!(
                "signed {}\n  key {}\n  statement sha256:{}\n",
                args.bundle.display(),
                signer.public().id(),
                envelope.payload_digest()
            ),
        );
        unless_closed(write!(out, "{}", told.get(lang)))?;
    }
    if let Some(url) = &args.timestamp {
        let authorities = match &args.authorities {
            None => None,
            Some(path) => Some(
                fs::read_to_string(path).map_err(|error| CliError::Usage(format!("{}: {error}", path.display())))?,
            ),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime
            .block_on(timestamp_bundle(&args.bundle, url, authorities.as_deref()))
            .map_err(fault)?;
        let told = Text::new("タイムスタンプを付けました。\n", "timestamp added\n");
        unless_closed(write!(out, "{}", told.get(lang)))?;
    }
    Ok(Exit::Success)
}

fn fault(error: SignBundleError) -> CliError {
    match error {
        SignBundleError::Bundle(error) => CliError::Bundle(error),
        SignBundleError::Timestamp(error) => CliError::Unfinished(error.to_string()),
        other => CliError::Usage(other.to_string()),
    }
}
