//! Time stamps (RFC 3161) over what the register signs: from a configured authority, or from the built-in one.

use std::fs;
use std::path::Path;

use time::OffsetDateTime;

use super::keys::Keys;
use super::model::Moment;
use crate::attest::Digest;
use crate::attest::timestamp::authority::{Authority, CertificateFacts, issue_authority, issue_root};
use crate::attest::timestamp::{Request, fetch};

/// Policy of the tokens of the built-in authority: for tests and trials, under the arc for documentation.
const POLICY: &str = "2.999.1";

/// Where tokens come from.
pub(super) enum Stamper {
    /// The built-in authority: it shows the form, and no third party stands behind it.
    BuiltIn {
        /// The authority.
        authority: Box<Authority>,
        /// Its root certificate, DER.
        root: Vec<u8>,
    },
    /// An authority on the network.
    Url(String),
}

impl Stamper {
    /// The built-in authority; its certificates stand beside the keys.
    pub(super) fn built_in(folder: &Path, keys: &Keys, now: Moment) -> Result<Self, String> {
        let not_before = at(now)?;
        let years = |years: i64| not_before + time::Duration::days(365 * years);
        let root = kept(&folder.join("stamp-root.der"), || {
            let facts = CertificateFacts {
                name: "junkyo built-in time stamping root",
                not_before,
                not_after: years(20),
                serial: &[1],
                policies: &[],
            };
            issue_root(&facts, keys.stamp_root.as_ref()).map_err(|error| error.to_string())
        })?;
        let certificate = kept(&folder.join("stamp.der"), || {
            let facts = CertificateFacts {
                name: "junkyo built-in time stamping authority",
                not_before,
                not_after: years(10),
                serial: &[2],
                policies: &[],
            };
            issue_authority(&facts, keys.stamp.public(), &root, keys.stamp_root.as_ref())
                .map_err(|error| error.to_string())
        })?;
        let authority = Authority::new(certificate, keys.stamp.clone(), POLICY).map_err(|error| error.to_string())?;
        Ok(Self::BuiltIn {
            authority: Box::new(authority),
            root,
        })
    }

    /// A token (the whole response, DER) over bytes with this digest.
    pub(super) fn token(&self, imprint: Digest, now: Moment) -> Result<Vec<u8>, String> {
        match self {
            Self::BuiltIn { authority, .. } => {
                let mut random = [0; 16];
                getrandom::fill(&mut random).map_err(|error| error.to_string())?;
                let mut nonce = [0; 8];
                nonce.copy_from_slice(&random[..8]);
                let request = Request::new(imprint, nonce);
                authority
                    .answer(&request.bytes, at(now)?, &random[8..])
                    .map_err(|error| error.to_string())
            }
            Self::Url(url) => tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map_err(|error| error.to_string())?
                .block_on(fetch(url, imprint, None))
                .map_err(|error| error.to_string()),
        }
    }

    /// Root certificate of the built-in authority, DER; none for one on the network.
    pub(super) fn root(&self) -> Option<&[u8]> {
        match self {
            Self::BuiltIn { root, .. } => Some(root),
            Self::Url(_) => None,
        }
    }
}

fn at(moment: Moment) -> Result<OffsetDateTime, String> {
    OffsetDateTime::from_unix_timestamp(moment.0.div_euclid(1000)).map_err(|error| error.to_string())
}

/// The content of a file, which is made if it is not there.
fn kept(path: &Path, make: impl FnOnce() -> Result<Vec<u8>, String>) -> Result<Vec<u8>, String> {
    if let Ok(bytes) = fs::read(path) {
        return Ok(bytes);
    }
    let bytes = make()?;
    let beside = path.with_extension("new");
    fs::write(&beside, &bytes)
        .and_then(|()| fs::rename(&beside, path))
        .map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(bytes)
}
