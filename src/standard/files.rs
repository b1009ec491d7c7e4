//! The corpus as files: embedded in the binary, or a folder given with `--corpus`.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use thiserror::Error;

static EMBEDDED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/conformance");

/// A place in a corpus or target file, for error messages.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Location {
    /// Path of the file, relative to the corpus, or as the user wrote it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
}

impl std::fmt::Display for Location {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// Why a corpus file could not be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FileError {
    /// The folder or file could not be read.
    #[error("cannot read {path}: {source}")]
    Read {
        /// What was to be read.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// The file is not the TOML that was expected.
    #[error("{location}: {message}")]
    Toml {
        /// Where.
        location: Location,
        /// What was expected and what was found, in the parser's words.
        message: String,
    },
    /// The folder holds no corpus.
    #[error("{path} holds no file {expected}; give a folder laid out like `conformance/` of junkyo")]
    NotACorpus {
        /// The folder.
        path: PathBuf,
        /// A file that every corpus has.
        expected: &'static str,
    },
}

/// One file of the corpus.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// Path inside the corpus, with `/` between the parts.
    pub path: String,
    /// Content.
    pub text: String,
}

impl SourceFile {
    /// Reads the file as TOML of the given shape; errors name file and line.
    ///
    /// # Errors
    /// [`FileError::Toml`] when the text has another shape.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, FileError> {
        toml::from_str(&self.text).map_err(|error| FileError::Toml {
            location: self.location_at(error.span().map_or(0, |span| span.start)),
            message: explain_toml_error(&error, &self.text),
        })
    }

    /// The place of a byte offset.
    pub fn location_at(&self, offset: usize) -> Location {
        let end = offset.min(self.text.len());
        Location {
            file: self.path.clone(),
            line: 1 + self.text.as_bytes()[..end].iter().filter(|b| **b == b'\n').count(),
        }
    }

    /// The lines of all `id = "…"` of the file, found in one pass.
    pub fn id_lines(&self) -> IdLines<'_> {
        let lines = self.text.lines().enumerate().filter_map(|(index, line)| {
            let value = line.trim_start().strip_prefix("id")?.trim_start().strip_prefix('=')?;
            let id = value.trim_start().strip_prefix('"')?.split('"').next()?;
            Some((id, index + 1))
        });
        IdLines {
            file: &self.path,
            lines: lines.collect(),
        }
    }

    /// The place of the line `id = "…"` of an entry, or the first line.
    pub fn location_of_id(&self, id: &str) -> Location {
        let needle = format!("\"{id}\"");
        let line = self
            .text
            .lines()
            .position(|line| line.trim_start().starts_with("id") && line.contains(&needle))
            .map_or(1, |index| index + 1);
        Location {
            file: self.path.clone(),
            line,
        }
    }
}

/// Where the ids of a file stand.
pub struct IdLines<'a> {
    file: &'a str,
    lines: HashMap<&'a str, usize>,
}

impl IdLines<'_> {
    /// The place of an id, or the first line.
    pub fn location_of(&self, id: &str) -> Location {
        Location {
            file: self.file.to_owned(),
            line: self.lines.get(id).copied().unwrap_or(1),
        }
    }
}

/// The parser's message and the line it speaks of.
fn explain_toml_error(error: &toml::de::Error, text: &str) -> String {
    let message = error.message().trim_end().replace('\n', "; ");
    let line = error.span().and_then(|span| {
        let start = text.get(..span.start)?.rfind('\n').map_or(0, |at| at + 1);
        text.get(start..)?.lines().next().map(str::trim)
    });
    match line {
        Some(line) if !line.is_empty() => format!("{message} (found `{line}`)"),
        _ => message,
    }
}

/// All files of a corpus, sorted by path.
#[derive(Clone, Debug)]
pub struct CorpusFiles {
    files: Vec<SourceFile>,
    /// Where the corpus came from, for reports: `embedded` or the folder.
    pub origin: String,
}

impl CorpusFiles {
    /// The corpus inside the binary.
    pub fn embedded() -> Self {
        let mut files = Vec::new();
        collect_embedded(&EMBEDDED, &mut files);
        Self::new(files, "embedded".into())
    }

    /// The corpus in a folder.
    ///
    /// # Errors
    /// When the folder cannot be read or holds no `profiles.toml`.
    pub fn from_folder(folder: &Path) -> Result<Self, FileError> {
        let mut files = Vec::new();
        collect_folder(folder, "", &mut files)?;
        if !files.iter().any(|file| file.path == "profiles.toml") {
            return Err(FileError::NotACorpus {
                path: folder.to_owned(),
                expected: "profiles.toml",
            });
        }
        Ok(Self::new(files, folder.display().to_string()))
    }

    /// Adds a folder that was imported; its files come below `imported/NAME/`.
    ///
    /// # Errors
    /// When the folder cannot be read or describes no service.
    pub fn add_folder(&mut self, folder: &Path) -> Result<(), FileError> {
        let name = folder.file_name().and_then(|name| name.to_str()).unwrap_or("folder");
        let mut files = Vec::new();
        collect_folder(folder, &format!("imported/{name}/"), &mut files)?;
        if !files.iter().any(|file| file.path.ends_with("service.toml")) {
            return Err(FileError::NotACorpus {
                path: folder.to_owned(),
                expected: "service.toml",
            });
        }
        let others = std::mem::take(&mut self.files);
        files.extend(others);
        *self = Self::new(files, format!("{} + {}", self.origin, folder.display()));
        Ok(())
    }

    fn new(mut files: Vec<SourceFile>, origin: String) -> Self {
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Self { files, origin }
    }

    /// One file by its path.
    pub fn get(&self, path: &str) -> Option<&SourceFile> {
        self.files.iter().find(|file| file.path == path)
    }

    /// All files, sorted by path.
    pub fn all(&self) -> &[SourceFile] {
        &self.files
    }

    /// The place of the entry with an id, wherever it stands.
    pub fn place_of(&self, id: &str) -> Location {
        let entry = format!("id = \"{id}\"");
        let file = self.files.iter().find(|file| file.text.contains(&entry));
        file.map_or_else(
            || Location {
                file: self.origin.clone(),
                line: 1,
            },
            |file| file.location_of_id(id),
        )
    }

    /// SHA-256 over every path and content: names the corpus that judged.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for file in &self.files {
            for part in [&file.path, &file.text] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part.as_bytes());
            }
        }
        crate::text::hex(&hash.finalize())
    }
}

fn collect_embedded(dir: &Dir<'static>, files: &mut Vec<SourceFile>) {
    files.extend(dir.files().filter_map(|file| {
        Some(SourceFile {
            path: file.path().to_str()?.replace('\\', "/"),
            text: file.contents_utf8()?.to_owned(),
        })
    }));
    for dir in dir.dirs() {
        collect_embedded(dir, files);
    }
}

fn collect_folder(folder: &Path, prefix: &str, files: &mut Vec<SourceFile>) -> Result<(), FileError> {
    let read_error = |path: &Path| {
        let path = path.to_owned();
        move |source| FileError::Read { path, source }
    };
    for entry in fs::read_dir(folder).map_err(read_error(folder))? {
        let path = entry.map_err(read_error(folder))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if name.starts_with('.') {
            continue;
        }
        let inside = format!("{prefix}{name}");
        if path.is_dir() {
            collect_folder(&path, &format!("{inside}/"), files)?;
        } else if matches!(
            path.extension().and_then(|e| e.to_str()),
            Some("toml" | "lock" | "md" | "wsdl" | "xsd" | "xml")
        ) {
            let text = fs::read_to_string(&path).map_err(read_error(&path))?;
            files.push(SourceFile { path: inside, text });
        }
    }
    Ok(())
}
