//! What came with a request, as a handler reads it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::attest::Digest;

/// Names and values in the order they came.
pub type Pairs = Vec<(String, String)>;

/// What came with a request.
#[derive(Debug, Default)]
pub struct Params {
    pub(super) path: Pairs,
    pub(super) query: Pairs,
    pub(super) form: Pairs,
    pub(super) files: Vec<Upload>,
    pub(super) json: Option<Vec<u8>>,
    pub(super) if_none_match: Option<String>,
}

impl Params {
    /// A segment of the path; empty if the route has none of this name.
    pub fn path(&self, name: &str) -> &str {
        find(&self.path, name).unwrap_or_default()
    }

    /// The first value of a name in the query; `None` if absent or blank.
    pub fn query(&self, name: &str) -> Option<&str> {
        find(&self.query, name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// Every value of a name in the query, blank ones left out.
    pub fn queries<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        all(&self.query, name)
    }

    /// The whole query, in order.
    pub fn query_pairs(&self) -> &[(String, String)] {
        &self.query
    }

    /// The first value of a name in the form; `None` if absent or blank. White space around it is cut.
    pub fn form(&self, name: &str) -> Option<&str> {
        find(&self.form, name).map(str::trim).filter(|value| !value.is_empty())
    }

    /// Like [`Self::form`], empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        self.form(name).unwrap_or_default()
    }

    /// Every value of a name in the form, blank ones left out.
    pub fn forms<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        all(&self.form, name)
    }

    /// The whole form, in order.
    pub fn form_pairs(&self) -> &[(String, String)] {
        &self.form
    }

    /// The file of a field; `None` if no file was chosen.
    pub fn file(&self, field: &str) -> Option<&Upload> {
        self.files.iter().find(|file| file.field == field)
    }

    /// The bytes of a JSON body.
    pub fn json(&self) -> &[u8] {
        self.json.as_deref().unwrap_or_default()
    }

    /// `If-None-Match`, as it came.
    pub fn if_none_match(&self) -> Option<&str> {
        self.if_none_match.as_deref()
    }
}

fn find<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.as_str())
}

fn all<'a>(pairs: &'a [(String, String)], name: &'a str) -> impl Iterator<Item = &'a str> {
    pairs
        .iter()
        .filter(move |(key, _)| key == name)
        .map(|(_, value)| value.trim())
        .filter(|value| !value.is_empty())
}

/// A file that came in, on disk until it is dropped.
#[derive(Debug)]
pub struct Upload {
    /// Field of the form; empty if the file is the whole body.
    pub field: String,
    /// Name as the client says; never to be used as a path.
    pub name: String,
    /// Media type as the client says.
    pub media_type: String,
    /// Size in bytes.
    pub size: u64,
    /// SHA-256.
    pub digest: Digest,
    pub(super) place: TemporaryFile,
}

impl Upload {
    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.place.0
    }

    /// Its bytes.
    pub fn read(&self) -> io::Result<Vec<u8>> {
        std::fs::read(&self.place.0)
    }

    /// Opened for reading.
    pub fn open(&self) -> io::Result<File> {
        File::open(&self.place.0)
    }
}

/// A file that is removed when nobody holds it any more.
#[derive(Debug)]
pub(super) struct TemporaryFile(pub(super) PathBuf);

impl Drop for TemporaryFile {
    fn drop(&mut self) {
        // What cannot be removed now is removed at the next start: the folder is emptied then.
        std::fs::remove_file(&self.0).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_values_are_absent_and_the_first_one_counts() {
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let params = Params {
            query: vec![
                pair("q", "  "),
                pair("unit", "10"),
                pair("unit", " 11 "),
                pair("unit", ""),
            ],
            form: vec![pair("name", " 架空 "), pair("name", "other")],
            ..Params::default()
        };
        assert_eq!(params.query("q"), None);
        assert_eq!(params.queries("unit").collect::<Vec<_>>(), ["10", "11"]);
        assert_eq!(params.form("name"), Some("架空"));
        assert_eq!(params.text("missing"), "");
        assert_eq!(params.path("id"), "");
    }

    #[test]
    fn a_temporary_file_goes_with_its_holder() {
        let path = std::env::temp_dir().join(format!("junkyo-upload-{}", std::process::id()));
        std::fs::write(&path, b"x").expect("writable");
        drop(TemporaryFile(path.clone()));
        assert!(!path.exists());
    }
}
