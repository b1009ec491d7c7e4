//! What a witness remembers, and what it answers.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use super::{MAX_REQUEST, SIZE_TYPE};
use crate::attest::Digest;
use crate::attest::log::{Checkpoint, ConsistencyProof, Hash, Note, NoteSigner, VerifierKey, cosign, empty_root};

/// Why a witness cannot work.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WitnessError {
    /// What it remembers cannot be read or written.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// An answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub media_type: &'static str,
    /// Body.
    pub body: String,
}

/// A witness of some logs.
#[derive(Debug)]
pub struct Witness {
    signer: NoteSigner,
    logs: Vec<VerifierKey>,
    folder: PathBuf,
    /// Last note of each log, by origin.
    seen: Mutex<BTreeMap<String, (u64, Hash)>>,
}

impl Witness {
    /// A witness with a key (of kind cosignature), the logs that it knows, and a folder for what it remembers.
    ///
    /// # Errors
    /// If what it remembers cannot be read: it starts anew only in an empty folder.
    pub fn open(folder: &Path, signer: NoteSigner, logs: Vec<VerifierKey>) -> Result<Self, WitnessError> {
        fs::create_dir_all(folder).map_err(|error| fault(folder, error.to_string()))?;
        let mut seen = BTreeMap::new();
        for log in &logs {
            let file = file_of(folder, log.name());
            match fs::read(&file) {
                Ok(bytes) => {
                    let note = Note::parse(&bytes).map_err(|error| fault(&file, error.to_string()))?;
                    let checkpoint = Checkpoint::open(&note, log).map_err(|error| fault(&file, error.to_string()))?;
                    seen.insert(checkpoint.origin, (checkpoint.size, checkpoint.root));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(fault(&file, error.to_string())),
            }
        }
        Ok(Self {
            signer,
            logs,
            folder: folder.to_owned(),
            seen: Mutex::new(seen),
        })
    }

    /// Its key, for policies.
    pub fn key(&self) -> &VerifierKey {
        self.signer.key()
    }

    /// Size and root that it has seen of a log.
    pub fn seen(&self, origin: &str) -> Option<(u64, Hash)> {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(origin)
            .copied()
    }

    /// Answers `add-checkpoint`. `now` in seconds since 1970. Statuses are those of C2SP tlog-witness.
    pub fn add_checkpoint(&self, body: &[u8], now: u64) -> Reply {
        let Some((old, proof, note)) = read_request(body) else {
            return text(
                400,
                "expected: old SIZE, hashes in base64 a line each, an empty line, the checkpoint",
            );
        };
        let Ok(claimed) = Checkpoint::parse(note.text()) else {
            return text(400, "the checkpoint is none");
        };
        let mut keys = self.logs.iter().filter(|key| key.name() == claimed.origin).peekable();
        if keys.peek().is_none() {
            return text(404, "this witness does not know that log");
        }
        let Some(checkpoint) = keys.find_map(|key| Checkpoint::open(&note, key).ok()) else {
            return text(403, "the checkpoint is not signed by a known key of the log");
        };
        if old > checkpoint.size {
            return text(400, "the checkpoint is older than the size before");
        }
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (size, root) = all
            .get(&checkpoint.origin)
            .copied()
            .unwrap_or_else(|| (0, empty_root()));
        let conflict = Reply {
            status: 409,
            media_type: SIZE_TYPE,
            body: format!("{size}\n"),
        };
        if old != size || (size == checkpoint.size && root != checkpoint.root) {
            return conflict;
        }
        if let Err(error) = proof.verify(size, &root, checkpoint.size, &checkpoint.root) {
            return text(422, &error.to_string());
        }
        // Remembered on disk before it is cosigned: after a crash it must not say something else.
        let note_of_log = note.to_string();
        if let Err(error) = remember(&file_of(&self.folder, &checkpoint.origin), note_of_log.as_bytes()) {
            return text(503, &error.to_string());
        }
        all.insert(checkpoint.origin.clone(), (checkpoint.size, checkpoint.root));
        match cosign(&self.signer, &note, now) {
            Ok(line) => text(200, &line.to_string()),
            Err(error) => text(503, &error.to_string()),
        }
    }
}

fn text(status: u16, body: &str) -> Reply {
    Reply {
        status,
        media_type: "text/plain; charset=utf-8",
        body: body.to_owned(),
    }
}

fn read_request(body: &[u8]) -> Option<(u64, ConsistencyProof, Note)> {
    if body.len() > MAX_REQUEST {
        return None;
    }
    let body = std::str::from_utf8(body).ok()?;
    let (head, note) = body.split_once("\n\n")?;
    let mut lines = head.split('\n');
    let old = lines.next()?.strip_prefix("old ")?;
    let size: u64 = old.parse().ok()?;
    if size.to_string() != old {
        return None;
    }
    let hashes: Option<Vec<Hash>> = lines.map(|line| STANDARD.decode(line).ok()?.try_into().ok()).collect();
    let hashes = hashes.filter(|hashes| hashes.len() <= 63)?;
    Some((size, ConsistencyProof { hashes }, Note::parse(note.as_bytes()).ok()?))
}

/// Origins are addresses: their digest is a name for a file.
fn file_of(folder: &Path, origin: &str) -> PathBuf {
    folder.join(format!("{}.checkpoint", Digest::of(origin.as_bytes())))
}

fn remember(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = file.with_extension("new");
    let mut written = File::create(&beside)?;
    written.write_all(bytes)?;
    written.sync_all()?;
    fs::rename(&beside, file)?;
    match file.parent() {
        Some(folder) if !cfg!(windows) => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

fn fault(path: &Path, why: String) -> WitnessError {
    WitnessError::File {
        path: path.to_owned(),
        why,
    }
}
