//! A set of documents that refer to each other: WSDL and schema files from a folder, from evidence, or from the corpus.
//!
//! References resolve only inside the set. Nothing is ever fetched, and nothing outside the folder of the first document
//! is read.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::{Component, Path, PathBuf};
use std::{fs, io};

use thiserror::Error;

use crate::standard::Service;
use crate::text::Text;

/// Files that a set may hold, and their bytes together.
const MAX_FILES: usize = 2_000;
const MAX_BYTES: u64 = 64 * 1024 * 1024;
/// Entries of the folder and below, of whatever kind, that are looked at.
const MAX_ENTRIES: usize = 100_000;

/// Why a reference leads nowhere.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum ReferenceFault {
    /// It names a place on a network, which is never asked.
    #[error("`{reference}` is on a network; nothing is fetched")]
    Network {
        /// The reference as written.
        reference: String,
    },
    /// It leads out of the folder.
    #[error("`{reference}` leads out of the folder of the first document")]
    Outside {
        /// The reference as written.
        reference: String,
    },
    /// There is no such document in the set.
    #[error("`{reference}` (from {from}) is not there")]
    Missing {
        /// The reference as written.
        reference: String,
        /// The document that it stands in.
        from: String,
    },
}

impl ReferenceFault {
    /// What is wrong, for reports.
    pub fn describe(&self) -> Text {
        match self {
            Self::Network { reference } => Text::new(
                format!("「{reference}」はネットワーク上の場所のため取得しません"),
                self.to_string(),
            ),
            Self::Outside { reference } => Text::new(
                format!("「{reference}」は最初の文書のフォルダの外です"),
                self.to_string(),
            ),
            Self::Missing { reference, from } => Text::new(
                format!("「{reference}」（{from} から参照）がありません"),
                self.to_string(),
            ),
        }
    }
}

/// Why a folder of documents cannot be read.
#[derive(Debug, Error)]
pub enum DocumentsError {
    /// A file cannot be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// The folder holds more than is sensible.
    #[error(
        "the folder {} holds more than {MAX_FILES} files or {MAX_BYTES} bytes of WSDL, XSD and XML, or more than \
         {MAX_ENTRIES} entries; move the description, with what it imports, into a folder of its own",
        .path.display()
    )]
    TooMuch {
        /// The folder.
        path: PathBuf,
    },
}

/// Reads a regular file of limited size. Nothing else is opened: a pipe may never end, nor even begin.
///
/// # Errors
/// What the system says, and [`io::ErrorKind::InvalidInput`] and [`io::ErrorKind::FileTooLarge`] for other kinds of
/// files and larger ones.
pub fn read_regular(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let facts = fs::metadata(path)?;
    if !facts.is_file() {
        let kind = if facts.is_dir() {
            "a folder"
        } else {
            "a pipe or a device"
        };
        let message = format!("expected a file, found {kind}; save the content to a file and name that");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let too_large = |size: String| {
        let message = format!("{size} bytes; documents of up to {limit} bytes are read");
        io::Error::new(io::ErrorKind::FileTooLarge, message)
    };
    if facts.len() > limit {
        return Err(too_large(facts.len().to_string()));
    }
    let mut bytes = Vec::new();
    // The size that is told is not always the truth.
    fs::File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(too_large(format!("more than {limit}")));
    }
    Ok(bytes)
}

/// Documents by location: a relative path with `/`, or for recorded documents their address.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct DocumentSet {
    root: String,
    documents: BTreeMap<String, Vec<u8>>,
}

impl DocumentSet {
    /// A set from its parts. `root` is the location of the document that everything starts from.
    pub fn new(root: impl Into<String>, documents: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        Self {
            root: root.into(),
            documents: documents.into_iter().collect(),
        }
    }

    /// The description of a service of the corpus.
    pub fn of_service(service: &Service) -> Self {
        let texts = service.texts.iter();
        Self::new(
            service.file.wsdl.clone(),
            texts.map(|(location, text)| (location.clone(), text.clone().into_bytes())),
        )
    }

    /// A file, with all WSDL and XSD files of its folder and below. Symbolic links are not followed.
    ///
    /// # Errors
    /// See [`DocumentsError`].
    pub fn from_file(file: &Path) -> Result<Self, DocumentsError> {
        let read = |path: &Path| {
            read_regular(path, MAX_BYTES).map_err(|source| DocumentsError::Read {
                path: path.to_owned(),
                source,
            })
        };
        let folder = file
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty())
            .unwrap_or_else(|| Path::new("."));
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut documents = BTreeMap::from([(name.clone(), read(file)?)]);
        let mut folders = vec![(folder.to_owned(), String::new())];
        let mut bytes = documents.values().map(|content| content.len() as u64).sum::<u64>();
        let mut entries_left = MAX_ENTRIES;
        let too_much = || DocumentsError::TooMuch {
            path: folder.to_owned(),
        };
        while let Some((at, prefix)) = folders.pop() {
            let entries = fs::read_dir(&at).map_err(|source| DocumentsError::Read {
                path: at.clone(),
                source,
            })?;
            for entry in entries.flatten() {
                entries_left = entries_left.checked_sub(1).ok_or_else(too_much)?;
                let path = entry.path();
                let location = format!("{prefix}{}", entry.file_name().to_string_lossy());
                let Ok(kind) = entry.file_type() else { continue };
                if kind.is_dir() {
                    folders.push((path, format!("{location}/")));
                } else if kind.is_file() && is_description(&path) && !documents.contains_key(&location) {
                    bytes += entry.metadata().map_or(0, |facts| facts.len());
                    if documents.len() >= MAX_FILES || bytes > MAX_BYTES {
                        return Err(too_much());
                    }
                    documents.insert(location, read(&path)?);
                }
            }
        }
        Ok(Self { root: name, documents })
    }

    /// Location of the document that everything starts from.
    pub fn root(&self) -> &str {
        &self.root
    }

    /// Bytes of a document.
    pub fn get(&self, location: &str) -> Option<&[u8]> {
        self.documents.get(location).map(Vec::as_slice)
    }

    /// All documents, by location.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.documents
            .iter()
            .map(|(location, bytes)| (location.as_str(), bytes.as_slice()))
    }

    /// The location that a reference of a document leads to; the document is in the set.
    ///
    /// # Errors
    /// See [`ReferenceFault`].
    pub fn resolve(&self, from: &str, reference: &str) -> Result<&str, ReferenceFault> {
        let missing = || ReferenceFault::Missing {
            reference: reference.to_owned(),
            from: from.to_owned(),
        };
        let without_fragment = reference.split('#').next().unwrap_or_default();
        let known = |location: &str| self.documents.get_key_value(location).map(|(known, _)| known.as_str());
        if has_scheme(without_fragment) {
            // A recorded document is known by its whole address.
            return known(without_fragment).ok_or_else(|| ReferenceFault::Network {
                reference: reference.to_owned(),
            });
        }
        let target = if from.contains("://") {
            join_address(from, without_fragment)
        } else {
            join_path(from, without_fragment).ok_or_else(|| ReferenceFault::Outside {
                reference: reference.to_owned(),
            })?
        };
        known(&target).ok_or_else(missing)
    }
}

fn is_description(path: &Path) -> bool {
    let extension = path.extension().map(|extension| extension.to_ascii_lowercase());
    extension.is_some_and(|extension| extension == "wsdl" || extension == "xsd" || extension == "xml")
}

/// Whether a reference names its scheme, as in `http:` or `file:`.
pub(crate) fn has_scheme(reference: &str) -> bool {
    reference.split_once(':').is_some_and(|(scheme, _)| {
        scheme.len() > 1
            && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    })
}

/// A relative path against the folder of `from`; `None` if it leads out.
pub(super) fn join_path(from: &str, reference: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for component in Path::new(reference).components() {
        match component {
            Component::CurDir => {}
            Component::Normal(part) => parts.push(part.to_str()?),
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(parts.join("/"))
}

/// A relative reference against an address (RFC 3986, section 5.3, without queries of the base).
pub(crate) fn join_address(base: &str, reference: &str) -> String {
    let path = base.split(['?', '#']).next().unwrap_or_default();
    let origin_end = path
        .find("://")
        .and_then(|at| path[at + 3..].find('/').map(|slash| at + 3 + slash))
        .unwrap_or(path.len());
    let (origin, path) = path.split_at(origin_end);
    if reference.starts_with('/') {
        return format!("{origin}{reference}");
    }
    if reference.starts_with('?') {
        return format!("{origin}{path}{reference}");
    }
    let (reference, query) = reference
        .split_once('?')
        .map_or((reference, None), |(path, query)| (path, Some(query)));
    let mut parts: Vec<&str> = path.split('/').skip(1).collect();
    parts.pop();
    for part in reference.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    let query = query.map_or_else(String::new, |query| format!("?{query}"));
    format!("{origin}/{}{query}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_stay_inside() {
        let set = DocumentSet::new(
            "a/main.wsdl",
            [("a/main.wsdl".to_owned(), vec![]), ("types.xsd".to_owned(), vec![])],
        );
        assert_eq!(set.resolve("a/main.wsdl", "../types.xsd"), Ok("types.xsd"));
        assert!(matches!(
            set.resolve("a/main.wsdl", "../../types.xsd"),
            Err(ReferenceFault::Outside { .. })
        ));
        assert!(matches!(
            set.resolve("a/main.wsdl", "/etc/passwd"),
            Err(ReferenceFault::Outside { .. })
        ));
        for reference in ["http://example.com/a.xsd", "file:///etc/passwd", "ftp://x/y"] {
            assert!(matches!(
                set.resolve("a/main.wsdl", reference),
                Err(ReferenceFault::Network { .. })
            ));
        }
        assert!(matches!(
            set.resolve("a/main.wsdl", "b.xsd"),
            Err(ReferenceFault::Missing { .. })
        ));
    }

    #[test]
    fn addresses_join() {
        assert_eq!(join_address("http://h:1/a/b?wsdl", "c.xsd"), "http://h:1/a/c.xsd");
        assert_eq!(join_address("http://h:1/a/b?wsdl", "../c.xsd"), "http://h:1/c.xsd");
        assert_eq!(join_address("http://h:1/a/b?wsdl", "?xsd=1"), "http://h:1/a/b?xsd=1");
        assert_eq!(join_address("http://h:1", "/x"), "http://h:1/x");
    }
}
