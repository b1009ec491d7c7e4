//! The proof pack: everything about a registration that a checker without a network needs, in one canonical ZIP.
//!
//! | file | what |
//! |---|---|
//! | `registration.intoto.jsonl` | events of the registration in order, one envelope a line, signed by a decision key |
//! | `event-N.tlog-proof` | for the Nth event: its entry in the log, the path, a checkpoint with witnesses |
//! | `event-N.tsr` | RFC 3161 token over its payload; needed for the event that decides |
//! | `report.intoto.jsonl` | what the vendor signed about the run |
//! | `key.intoto.jsonl` | key events, one a line: the key that signed the report is the vendor's |
//! | `suite.intoto.jsonl`, `suite-manifest.json` | the suite, and which requirements a profile asks for |
//! | `product.json` | the product that all of them are about |
//! | `catalog.json`, `catalog.intoto.jsonl` | the status when the pack was made |
//! | `checkpoint.tsr` | token over the checkpoint of the newest event; one more a year |
//! | `trust/trust-bundle.intoto.jsonl` | versions of the trust bundle, for walking on from the checker's own |
//! | `verify.py`, `verify_pack.py`, `README.html` | a second checker, and how to read all this |

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::attest::bundle::{BundleError, Limits, archive, read_archive};

/// The events.
pub const REGISTRATION: &str = "registration.intoto.jsonl";
/// What the vendor signed.
pub const REPORT: &str = "report.intoto.jsonl";
/// Whose key that was.
pub const KEY: &str = "key.intoto.jsonl";
/// The suite.
pub const SUITE: &str = "suite.intoto.jsonl";
/// What it asks for.
pub const SUITE_MANIFEST: &str = "suite-manifest.json";
/// The product.
pub const PRODUCT: &str = "product.json";
/// The status.
pub const CATALOG: &str = "catalog.json";
/// The status, signed.
pub const CATALOG_STATEMENT: &str = "catalog.intoto.jsonl";
/// Archive timestamp over a checkpoint.
pub const CHECKPOINT_TOKEN: &str = "checkpoint.tsr";
/// Later versions of the trust bundle.
pub const TRUST: &str = "trust/trust-bundle.intoto.jsonl";

/// Files that only help people.
const HELP: [(&str, &str); 3] = [
    ("README.html", include_str!("README.html")),
    ("verify.py", include_str!("../../../ci/verify.py")),
    ("verify_pack.py", include_str!("../../../ci/verify_pack.py")),
];

const LIMITS: Limits = Limits {
    entries: 2_000,
    file: 64 << 20,
    total: 128 << 20,
};

/// Name of the log proof of the Nth event (from 1).
pub fn proof_name(sequence: u64) -> String {
    format!("event-{sequence}.tlog-proof")
}

/// Name of the timestamp of the Nth event (from 1).
pub fn token_name(sequence: u64) -> String {
    format!("event-{sequence}.tsr")
}

/// The files of a proof pack. Nothing in it is believed before [`super::verify_pack`] said so.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ProofPack {
    files: BTreeMap<String, Vec<u8>>,
}

impl ProofPack {
    /// A pack without files.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens a file if it is a proof pack; `None` if it is an archive of something else.
    ///
    /// # Errors
    /// When it is a proof pack that is not canonical or too large.
    pub fn open(path: &Path) -> Result<Option<Self>, BundleError> {
        // The name of the first entry tells: names are in order, and no bundle has these.
        let mut begin = [0; 256];
        let read = std::fs::File::open(path)
            .and_then(|mut file| io::Read::read(&mut file, &mut begin))
            .map_err(|source| BundleError::Io {
                path: path.to_owned(),
                source,
            })?;
        let first = begin[..read].get(30..).unwrap_or_default();
        if !FIRST.iter().any(|name| first.starts_with(name.as_bytes())) {
            return Ok(None);
        }
        let files = read_archive(path, &LIMITS)?;
        Ok(Some(Self { files }))
    }

    /// Puts a file in.
    pub fn insert(&mut self, name: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.files.insert(name.into(), bytes.into());
    }

    /// Puts in what helps people: the second checker, and a page that says how to read the pack.
    pub fn insert_help(&mut self) {
        for (name, text) in HELP {
            self.insert(name, text);
        }
    }

    /// Takes a file out.
    pub fn remove(&mut self, name: &str) -> Option<Vec<u8>> {
        self.files.remove(name)
    }

    /// A file.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }

    /// The pack as a canonical ZIP.
    ///
    /// # Errors
    /// When a name cannot stand in an archive.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        archive(&self.files)
    }

    /// The first name that does not belong into a pack.
    pub(super) fn stray(&self) -> Option<&str> {
        const KNOWN: [&str; 10] = [
            REGISTRATION,
            REPORT,
            KEY,
            SUITE,
            SUITE_MANIFEST,
            PRODUCT,
            CATALOG,
            CATALOG_STATEMENT,
            CHECKPOINT_TOKEN,
            TRUST,
        ];
        let numbered = |name: &str| {
            name.strip_prefix("event-")
                .and_then(|rest| rest.strip_suffix(".tlog-proof").or_else(|| rest.strip_suffix(".tsr")))
                .is_some_and(|number| number.parse::<u64>().is_ok_and(|n| n > 0 && n.to_string() == number))
        };
        let known = |name: &str| KNOWN.contains(&name) || HELP.iter().any(|(help, _)| *help == name) || numbered(name);
        self.files.keys().map(String::as_str).find(|name| !known(name))
    }
}

/// How the first name of a pack can begin; no bundle begins like that.
const FIRST: [&str; 5] = ["README.html", "catalog.", "checkpoint.", "event-", "key.intoto"];
