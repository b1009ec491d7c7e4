//! Signing a bundle: the statement that follows from it, a signature, a timestamp.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::bundle::{self, Bundle, BundleError, ENVELOPE, Limits, TIMESTAMP};
use super::canonical::CanonicalError;
use super::envelope::{Envelope, EnvelopeError};
use super::key::{SignError, Signer};
use super::statement::{ConformanceReport, FromReportError, Statement, report_statement};
use super::timestamp::{self, ClientError};

/// The report in a bundle.
pub(super) const REPORT: &str = "report.json";

/// Why a bundle was not signed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignBundleError {
    /// The bundle is not sound.
    #[error(transparent)]
    Bundle(#[from] BundleError),
    /// The report was withheld.
    #[error(
        "{0}: report.json or lines of it were withheld, so no statement follows; sign the whole bundle, then redact it"
    )]
    Withheld(PathBuf),
    /// No statement follows from its report.
    #[error("{path}: {source}")]
    Report {
        /// The bundle.
        path: PathBuf,
        /// Why.
        source: Box<FromReportError>,
    },
    /// What is there already is no envelope.
    #[error("{path}: {ENVELOPE}: {source}")]
    Envelope {
        /// The bundle.
        path: PathBuf,
        /// Why.
        source: EnvelopeError,
    },
    /// Somebody signed something else.
    #[error("{0} is signed already, with a statement that does not follow from its report and manifest; not touched")]
    Other(PathBuf),
    /// Nothing to put a timestamp on.
    #[error("{0} is not signed; a timestamp is over the signed statement")]
    Unsigned(PathBuf),
    /// The key refused.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// A number without canonical form.
    #[error(transparent)]
    Canonical(#[from] CanonicalError),
    /// No timestamp.
    #[error(transparent)]
    Timestamp(#[from] ClientError),
}

/// The statement that follows from a bundle.
///
/// # Errors
/// When the report is missing or says too little.
pub fn statement_of(bundle: &Bundle) -> Result<Statement<ConformanceReport>, SignBundleError> {
    if !bundle.has(REPORT) || is_thinned(bundle) {
        return Err(SignBundleError::Withheld(bundle.path().to_owned()));
    }
    statement_of_what_is_left(bundle)
}

/// Whether lines of the report were withheld. They are scenarios: all that is signed but the number of attempts is there.
pub(super) fn is_thinned(bundle: &Bundle) -> bool {
    bundle.redactions().iter().any(|redaction| redaction.path == REPORT)
}

/// As [`statement_of`], with the attempts of the scenarios that are left.
pub(super) fn statement_of_what_is_left(bundle: &Bundle) -> Result<Statement<ConformanceReport>, SignBundleError> {
    let path = || bundle.path().to_owned();
    let report = bundle.read(REPORT)?;
    report_statement(&report, bundle.manifest_digest(), bundle.tree()).map_err(|source| SignBundleError::Report {
        path: path(),
        source: Box::new(source),
    })
}

/// Signs a bundle in place. Signatures of other keys stay.
///
/// # Errors
/// When no statement follows from it, something else is signed in it, or the key refuses.
pub fn sign_bundle(path: &Path, signer: &dyn Signer) -> Result<Envelope, SignBundleError> {
    let opened = Bundle::open(path, &Limits::OWN)?;
    let payload = statement_of(&opened)?.to_bytes()?;
    let envelope = match opened.envelope() {
        None => Envelope::sign(&payload, &[signer])?,
        Some(line) => {
            let mut envelope = read(path, line)?;
            if envelope.payload != payload {
                return Err(SignBundleError::Other(path.to_owned()));
            }
            envelope.add_signature(signer)?;
            envelope
        }
    };
    bundle::attach(path, ENVELOPE, envelope.to_line().into_bytes())?;
    Ok(envelope)
}

/// Fetches a timestamp over the signed statement of a bundle, and puts it in.
///
/// # Errors
/// When the bundle is not signed, or the authority gives no token.
pub async fn timestamp_bundle(path: &Path, url: &str, authorities: Option<&str>) -> Result<(), SignBundleError> {
    let opened = Bundle::open(path, &Limits::OWN)?;
    let line = opened
        .envelope()
        .ok_or_else(|| SignBundleError::Unsigned(path.to_owned()))?;
    let digest = read(path, line)?.payload_digest();
    let response = timestamp::fetch(url, digest, authorities).await?;
    bundle::attach(path, TIMESTAMP, response)?;
    Ok(())
}

fn read(path: &Path, line: &[u8]) -> Result<Envelope, SignBundleError> {
    Envelope::parse(line).map_err(|source| SignBundleError::Envelope {
        path: path.to_owned(),
        source,
    })
}
