//! `manifest.json`: what is in a bundle, and the digests by which it is known.

use serde::{Deserialize, Serialize};

use super::merkle::{Growing, leaf};
use crate::attest::{Digest, canonical};

/// Name and version of the format.
pub const MANIFEST_SCHEMA: &str = "bundle-manifest/v2";

/// Name of the manifest inside a bundle.
pub(super) const MANIFEST: &str = "manifest.json";

/// `manifest.json`. Its SHA-256 is the identity of a bundle.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The files in the order of the bytes of their paths.
    pub files: Vec<ManifestEntry>,
    /// [`MANIFEST_SCHEMA`].
    pub schema: String,
    /// RFC 6962 root over the canonical JSON of the entries of `files`, in order.
    pub tree: Digest,
}

/// One file.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestEntry {
    /// Its lines, where single lines can be withheld.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<Lines>,
    /// Path inside the bundle.
    pub path: String,
    /// SHA-256 of its bytes.
    pub sha256: Digest,
    /// Its bytes.
    pub size: u64,
}

/// The lines of a file, as a tree of their own.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lines {
    /// How many.
    pub count: u64,
    /// RFC 6962 root over the lines, each without its line feed.
    pub root: Digest,
}

/// Whether a file has a tree over its lines: the journal, and the report, which has one scenario a line.
pub(super) fn has_lines(path: &str) -> bool {
    path.ends_with(".jsonl") || path == "report.json"
}

impl Manifest {
    pub(super) fn new(files: Vec<ManifestEntry>) -> Result<Self, canonical::CanonicalError> {
        Ok(Self {
            tree: tree_of(&files)?,
            schema: MANIFEST_SCHEMA.to_owned(),
            files,
        })
    }

    /// Its bytes in the bundle.
    ///
    /// # Errors
    /// When a size is beyond what JSON keeps exactly.
    pub fn to_bytes(&self) -> Result<Vec<u8>, canonical::CanonicalError> {
        canonical::to_bytes(self)
    }

    /// Reads and checks it: format, canonical bytes, order of files, root of the tree.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let value = canonical::parse(bytes).map_err(|error| error.to_string())?;
        let manifest: Self = serde_json::from_value(value).map_err(|error| error.to_string())?;
        if manifest.schema != MANIFEST_SCHEMA {
            return Err(format!("its format is `{}`, not {MANIFEST_SCHEMA}", manifest.schema));
        }
        if !manifest.to_bytes().is_ok_and(|again| again == bytes) {
            return Err("it is not canonical JSON (RFC 8785)".into());
        }
        if !manifest.files.is_sorted_by(|a, b| a.path < b.path) {
            return Err("its files are not in order, or named twice".into());
        }
        if tree_of(&manifest.files).ok() != Some(manifest.tree) {
            return Err("`tree` is not the root over its files".into());
        }
        Ok(manifest)
    }

    /// The entry of a file.
    pub fn file(&self, path: &str) -> Option<&ManifestEntry> {
        let at = self
            .files
            .binary_search_by(|entry| entry.path.as_str().cmp(path))
            .ok()?;
        self.files.get(at)
    }
}

fn tree_of(files: &[ManifestEntry]) -> Result<Digest, canonical::CanonicalError> {
    let mut tree = Growing::default();
    for entry in files {
        tree.push(leaf(&canonical::to_bytes(entry)?));
    }
    Ok(tree.root())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        let entry = |path: &str, lines| ManifestEntry {
            lines,
            path: path.into(),
            sha256: Digest::of(path.as_bytes()),
            size: 3,
        };
        let lines = Lines {
            count: 2,
            root: Digest::of(b"root"),
        };
        Manifest::new(vec![entry("a.jsonl", Some(lines)), entry("b", None)]).expect("small numbers")
    }

    #[test]
    fn what_was_written_is_read() {
        let manifest = manifest();
        let bytes = manifest.to_bytes().expect("small numbers");
        assert!(bytes.starts_with(br#"{"files":[{"lines":{"count":2,"root":""#));
        assert_eq!(Manifest::parse(&bytes), Ok(manifest));
    }

    #[test]
    fn every_other_form_is_refused() {
        let good = String::from_utf8(manifest().to_bytes().expect("small")).expect("text");
        let refused = |bad: String, why: &str| {
            let error = Manifest::parse(bad.as_bytes()).expect_err(&bad);
            assert!(error.contains(why), "{error} instead of {why}");
        };
        refused(good.replace("/v2", "/v1"), "format");
        refused(good.replace("\"size\":3}]", "\"size\": 3}]"), "canonical");
        refused(good.replace("\"size\":3}]", "\"size\":4}]"), "tree");
        refused(good.replace("\"size\":3}]", "\"size\":3,\"x\":1}]"), "unknown field");
        refused(good.replace("\"size\":3}]", "\"size\":3,\"size\":3}]"), "");
        refused(good.replace("\"b\"", "\"A\""), "order");
        refused(good.replace("\"b\"", "\"a.jsonl\""), "order");
        refused(good.replace("\"count\":2", "\"count\":2.5"), "");
    }
}
