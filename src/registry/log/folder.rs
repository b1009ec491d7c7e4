//! The published log: a folder of static files that any web server, or a memory stick, can hand out.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::LogError;
use crate::attest::log::{Checkpoint, Note, TileId, TileReader, TileSource, VerifierKey};

/// Name of the file with the newest checkpoint.
const CHECKPOINT: &str = "checkpoint";

/// Name of the file with keys and quorum.
const POLICY: &str = "policy";

/// A published log.
#[derive(Clone, Debug)]
pub struct LogFolder {
    folder: PathBuf,
}

/// A file as it is served.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LogFile {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// `Content-Type`.
    pub media_type: &'static str,
    /// `Cache-Control`: full tiles never change, the checkpoint may in the next second.
    pub cache: &'static str,
}

/// Path of a file with the signed statements behind entries: lines of DSSE, `null` for an entry that has none in public.
/// Numbers and widths are those of the tiles.
pub fn statement_path(index: u64, width: u16) -> String {
    let id = TileId {
        level: None,
        index,
        width,
    };
    id.to_string().replacen("tile/entries/", "statement/", 1)
}

impl LogFolder {
    /// The log in a folder, which is made with the first file.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// A file by its path below the address of the log, such as `checkpoint` or `tile/0/000.p/42`. None: there is none,
    /// or the path is none of a log.
    ///
    /// # Errors
    /// When a file that is there cannot be read.
    pub fn file(&self, path: &str) -> Result<Option<LogFile>, LogError> {
        const SHORT: &str = "public, max-age=5";
        const FOR_EVER: &str = "public, max-age=31536000, immutable";
        let (media_type, cache) = match path {
            CHECKPOINT | POLICY => ("text/plain; charset=utf-8", SHORT),
            _ => {
                let tile = match path.strip_prefix("statement/") {
                    Some(rest) => TileId::from_path(&format!("tile/entries/{rest}")),
                    None => TileId::from_path(path),
                };
                if tile.is_none() {
                    return Ok(None);
                }
                // A partial tile does not change either: it has its width in its name.
                let media_type = if path.starts_with("statement/") {
                    "application/jsonl; charset=utf-8"
                } else {
                    "application/octet-stream"
                };
                (media_type, FOR_EVER)
            }
        };
        Ok(self.read(path)?.map(|bytes| LogFile {
            bytes,
            media_type,
            cache,
        }))
    }

    /// The newest checkpoint, if it is signed by the key of the log. None: nothing was published yet.
    ///
    /// # Errors
    /// If it is none, or of another log.
    pub fn checkpoint(&self, key: &VerifierKey) -> Result<Option<(Note, Checkpoint)>, LogError> {
        let Some(bytes) = self.read(CHECKPOINT)? else {
            return Ok(None);
        };
        let place = || self.folder.join(CHECKPOINT).display().to_string();
        let note = Note::parse(&bytes).map_err(|source| LogError::Note { place: place(), source })?;
        let checkpoint =
            Checkpoint::open(&note, key).map_err(|source| LogError::Checkpoint { place: place(), source })?;
        Ok(Some((note, checkpoint)))
    }

    /// Its hashes up to a size.
    pub fn reader(&self, size: u64) -> TileReader<Self> {
        TileReader::new(self.clone(), size)
    }

    pub(super) fn write_checkpoint(&self, note: &Note) -> Result<(), LogError> {
        self.write(CHECKPOINT, note.to_string().as_bytes())
    }

    pub(super) fn write_policy(&self, policy: &str) -> Result<(), LogError> {
        if self.read(POLICY)?.as_deref() == Some(policy.as_bytes()) {
            return Ok(());
        }
        self.write(POLICY, policy.as_bytes())
    }

    /// Writes a file that never changes. One that is there has to be the same.
    pub(super) fn write_once(&self, path: &str, bytes: &[u8]) -> Result<(), LogError> {
        match self.read(path)? {
            Some(there) if there == bytes => Ok(()),
            Some(_) => Err(LogError::Tiles { path: path.to_owned() }),
            None => self.write(path, bytes),
        }
    }

    pub(super) fn read(&self, path: &str) -> Result<Option<Vec<u8>>, LogError> {
        let file = self.folder.join(path);
        match fs::read(&file) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(fault(&file, &error)),
        }
    }

    /// Beside it first, then renamed, each on disk before the next: a reader sees the old file or the new one, also after
    /// the power was cut.
    fn write(&self, path: &str, bytes: &[u8]) -> Result<(), LogError> {
        let file = self.folder.join(path);
        let folder = file.parent().unwrap_or(&self.folder);
        let act = || -> io::Result<()> {
            fs::create_dir_all(folder)?;
            let beside = file.with_extension(format!("{}.new", std::process::id()));
            let mut written = File::create(&beside)?;
            written.write_all(bytes)?;
            written.sync_all()?;
            fs::rename(&beside, &file)?;
            sync_folder(folder)
        };
        act().map_err(|error| fault(&file, &error))
    }
}

/// Puts a renamed file's name on disk. Windows cannot open folders, and needs no such call.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    File::open(folder)?.sync_all()
}

fn fault(file: &Path, error: &io::Error) -> LogError {
    LogError::File {
        path: file.display().to_string(),
        why: error.to_string(),
    }
}

impl TileSource for LogFolder {
    fn tile(&self, id: &TileId) -> Result<Vec<u8>, String> {
        match self.read(&id.to_string()) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(format!("not in {}", self.folder.display())),
            Err(error) => Err(error.to_string()),
        }
    }
}
