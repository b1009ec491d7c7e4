//! Appending and publishing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::edge::Edge;
use super::folder::{LogFolder, statement_path};
use super::{LogCheck, LogError, check};
use crate::attest::log::{
    Checkpoint, ConsistencyProof, Hash, LeafEntry, LogProof, Note, NoteSigner, Policy, TILE_WIDTH, TileId, VerifierKey,
    leaf_hash, prove_consistency, prove_inclusion,
};
use crate::registry::store::{Store, StoreError, Tx, values};
use crate::registry::witness::{Asked, ask};

/// Name of the sequence that counts entries.
const SEQUENCE: &str = "log";

/// Entries that are read at a time.
const AT_A_TIME: u64 = 4_096;

/// What only one process on all machines does at a time, and how long another one is waited for.
const TASK: &str = "log";
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// A witness that is asked.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct WitnessPeer {
    /// Its key.
    pub key: VerifierKey,
    /// Address below which `add-checkpoint` is.
    pub url: String,
}

/// Where and how the log is published; `[log]` of the configuration of a register.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogConfig {
    /// Folder of the published files, shared by all machines that serve or publish; `public/log` in the data folder.
    #[serde(default = "default_folder")]
    pub folder: PathBuf,
    /// Witnesses.
    #[serde(default, rename = "witness")]
    pub witnesses: Vec<WitnessPeer>,
    /// How many of them have to cosign before a checkpoint is published. 0: nobody else confirms the log.
    pub quorum: usize,
}

fn default_folder() -> PathBuf {
    PathBuf::from("public/log")
}

impl LogConfig {
    /// A log in a folder, without witnesses.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
            witnesses: Vec::new(),
            quorum: 0,
        }
    }

    /// The same, with its folder seen from the data folder of the register.
    #[must_use]
    pub fn in_data(mut self, data: &Path) -> Self {
        self.folder = data.join(self.folder);
        self
    }

    /// The policy that people check proofs with.
    fn policy(&self, log: &VerifierKey) -> Result<Policy, LogError> {
        let mut text = format!("log {log}\n");
        let names: Vec<String> = (1..=self.witnesses.len()).map(|number| format!("w{number}")).collect();
        for (name, witness) in names.iter().zip(&self.witnesses) {
            text.push_str(&format!("witness {name} {} {}\n", witness.key, witness.url));
        }
        if self.quorum == 0 {
            text.push_str("quorum none\n");
        } else {
            text.push_str(&format!("group W {} {}\nquorum W\n", self.quorum, names.join(" ")));
        }
        Ok(text.parse()?)
    }
}

/// A step of a publication, in order. After a crash before any of them, the next publication goes on.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Step {
    /// Full tiles, entries, statements.
    FullTiles,
    /// Tiles that are not full.
    PartialTiles,
    /// The checkpoint is signed and kept in the database.
    Sign,
    /// Witnesses are asked.
    Witness,
    /// The checkpoint is published.
    Publish,
}

/// Writes the log. Clones are the same writer.
#[derive(Clone)]
pub struct LogWriter(Arc<Inner>);

struct Inner {
    store: Store,
    folder: LogFolder,
    signer: NoteSigner,
    policy: Policy,
    witnesses: Vec<WitnessPeer>,
    /// One thread of this process at a time.
    publishing: Mutex<()>,
}

impl std::fmt::Debug for LogWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "LogWriter({} in {})",
            self.0.signer.key(),
            self.0.folder.path().display()
        )
    }
}

impl LogWriter {
    /// Opens the log, and reads all of it: a database that was changed, or restored from a backup, is refused here.
    ///
    /// # Errors
    /// [`LogError::Changed`], [`LogError::Behind`], [`LogError::Root`], and others when something cannot be read.
    pub fn open(store: Store, config: &LogConfig, signer: NoteSigner) -> Result<Self, LogError> {
        let policy = config.policy(signer.key())?;
        let writer = Self(Arc::new(Inner {
            store,
            folder: LogFolder::new(&config.folder),
            signer,
            policy,
            witnesses: config.witnesses.clone(),
            publishing: Mutex::new(()),
        }));
        writer.check()?;
        writer.0.folder.write_policy(&writer.0.policy.to_string())?;
        Ok(writer)
    }

    /// Appends an entry in a transaction, with the signed statement behind it (DSSE, one line) if it is public. Returns
    /// its number, from 0. It is published by the next [`LogWriter::publish`] after the transaction.
    ///
    /// # Errors
    /// Those of the database.
    pub fn append(tx: &mut dyn Tx, entry: &LeafEntry, statement: Option<&str>, at: i64) -> Result<u64, StoreError> {
        let bytes = entry.to_bytes();
        let hash = leaf_hash(&bytes);
        let leaf = String::from_utf8_lossy(&bytes).into_owned();
        // The row of the sequence stays locked until the transaction ends: numbers come without gaps, in the order of
        // the commits.
        let position = tx.next(SEQUENCE)? - 1;
        tx.execute(
            "INSERT INTO log_leaf (position, hash, leaf, at) VALUES (?1, ?2, ?3, ?4)",
            &values![position, hash.to_vec(), leaf, at],
        )?;
        if let Some(statement) = statement {
            tx.execute(
                "INSERT INTO log_statement (position, envelope) VALUES (?1, ?2)",
                &values![position, statement.trim_end()],
            )?;
        }
        Ok(u64::try_from(position).unwrap_or(0))
    }

    /// Publishes everything that was appended, or waits until another process has. Returns the published checkpoint.
    ///
    /// # Errors
    /// When the log must not be continued ([`LogError::Behind`], [`LogError::Changed`], [`LogError::Root`],
    /// [`LogError::Tiles`]), when too few witnesses cosign ([`LogError::Quorum`]), and when something cannot be read or
    /// written. Entries are never lost by that.
    pub fn publish(&self) -> Result<Checkpoint, LogError> {
        self.publish_observed(&mut |_| Ok(()))
    }

    /// The same, and tells before each step; a test stops there.
    pub(super) fn publish_observed(
        &self,
        before: &mut dyn FnMut(Step) -> Result<(), LogError>,
    ) -> Result<Checkpoint, LogError> {
        let _one = self.0.publishing.lock().unwrap_or_else(PoisonError::into_inner);
        let wanted = self.size()?;
        let started = Instant::now();
        let alone = loop {
            if let Some((_, checkpoint)) = self.published()? {
                // Somebody else was faster, or there is nothing new. A database that knows less is told below.
                if checkpoint.size >= wanted && checkpoint.size <= self.size()? && self.is_kept(&checkpoint)? {
                    return Ok(checkpoint);
                }
            }
            match self.0.store.alone(TASK)? {
                Some(alone) => break alone,
                None if started.elapsed() > PATIENCE => return Err(LogError::Busy),
                None => std::thread::sleep(PAUSE),
            }
        };
        let checkpoint = self.steps(before);
        drop(alone);
        checkpoint
    }

    fn steps(&self, before: &mut dyn FnMut(Step) -> Result<(), LogError>) -> Result<Checkpoint, LogError> {
        let published = self.published()?;
        let old = published.as_ref().map(|(_, checkpoint)| checkpoint.clone());
        self.refuse_if_behind(published.as_ref())?;

        before(Step::FullTiles)?;
        let edge = self.extend_tiles(old.as_ref())?;
        before(Step::PartialTiles)?;
        for (id, bytes) in edge.partial_tiles() {
            self.0.folder.write_once(&id.to_string(), &bytes)?;
        }

        before(Step::Sign)?;
        let checkpoint = Checkpoint {
            origin: self.0.signer.key().name().to_owned(),
            size: edge.size(),
            root: edge.root(),
        };
        let mut note = self.sign(&checkpoint)?;
        before(Step::Witness)?;
        self.ask_witnesses(&mut note, &checkpoint)?;
        before(Step::Publish)?;
        self.0.folder.write_checkpoint(&note)?;
        Ok(checkpoint)
    }

    /// The database must know everything that was published or seen by a witness.
    fn refuse_if_behind(&self, published: Option<&(Note, Checkpoint)>) -> Result<(), LogError> {
        let found = self.size()?;
        let Some((note, checkpoint)) = published else {
            return Ok(());
        };
        if checkpoint.size > found {
            return Err(LogError::Behind {
                place: "the published checkpoint".into(),
                expected: checkpoint.size,
                found,
            });
        }
        for witness in &self.0.witnesses {
            let proof = ConsistencyProof { hashes: Vec::new() };
            match ask(&witness.url, note, checkpoint.size, &proof, &witness.key) {
                Ok(Asked::Seen(expected)) if expected > found => {
                    return Err(LogError::Behind {
                        place: format!("witness {}", witness.key.name()),
                        expected,
                        found,
                    });
                }
                // One that cannot be reached now is counted when there is something to cosign.
                Ok(_) => {}
                Err(source) if source.is_outage() => {}
                Err(source) => {
                    return Err(LogError::Witness {
                        name: witness.key.name().to_owned(),
                        source,
                    });
                }
            }
        }
        Ok(())
    }

    /// Writes the files from the published size on. Full ones only, but for those of entries and statements.
    fn extend_tiles(&self, old: Option<&Checkpoint>) -> Result<Edge, LogError> {
        let Inner { store, folder, .. } = &*self.0;
        let mut edge = match old {
            None => Edge::default(),
            Some(checkpoint) => {
                let edge = Edge::load(&folder.reader(checkpoint.size))?;
                if edge.root() != checkpoint.root {
                    return Err(LogError::Root {
                        size: checkpoint.size,
                        place: "the published checkpoint (the tiles beside it differ)".into(),
                    });
                }
                edge
            }
        };
        // The entries of the last tile are read again: they go into its next version, and must be those that were there.
        let known = edge.last_leaves().to_vec();
        let start = edge.size() - known.len() as u64;
        // What others append in the meantime is for the next publication.
        let end = self.size()?.max(edge.size());
        let mut bundle = Bundle {
            index: start / TILE_WIDTH,
            ..Bundle::default()
        };
        let mut position = start;
        loop {
            let rows: Vec<(Hash, String, Option<String>)> = store.read(|tx| read_entries(tx, position, end))?;
            if rows.is_empty() {
                break;
            }
            for (hash, leaf, statement) in rows {
                check::same_hash(position, &hash, &leaf)?;
                match known.get(usize::try_from(position - start).unwrap_or(usize::MAX)) {
                    Some(known) if *known != hash => {
                        return Err(LogError::Changed {
                            position,
                            what: "is another one than was published",
                        });
                    }
                    Some(_) => {}
                    None => edge.append(hash, &mut |id, bytes| folder.write_once(&id.to_string(), &bytes))?,
                }
                bundle.push(leaf, statement);
                position += 1;
                if bundle.leaves.len() as u64 == TILE_WIDTH {
                    bundle.write(folder)?;
                }
            }
        }
        if position < end {
            return Err(LogError::Changed {
                position,
                what: "is missing",
            });
        }
        bundle.write(folder)?;
        Ok(edge)
    }

    /// Signs a checkpoint once: the database keeps the first root of each size for ever.
    fn sign(&self, checkpoint: &Checkpoint) -> Result<Note, LogError> {
        let Inner { store, signer, .. } = &*self.0;
        let size = i64::try_from(checkpoint.size).unwrap_or(i64::MAX);
        let kept = store.read(|tx| {
            tx.one("SELECT root, note FROM log_checkpoint WHERE size = ?1", &values![size])?
                .map(|row| Ok::<_, StoreError>((row.bytes(0)?, row.text(1)?)))
                .transpose()
        })?;
        let (root, note) = match kept {
            Some(kept) => kept,
            None => {
                let note = checkpoint.sign(signer)?.to_string();
                let at = store.clock().now();
                store.write(|tx| {
                    tx.execute(
                        "INSERT INTO log_checkpoint (size, root, note, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (size) DO NOTHING",
                        &values![size, checkpoint.root.to_vec(), &note, at],
                    )?;
                    let row = tx.one("SELECT root, note FROM log_checkpoint WHERE size = ?1", &values![size])?;
                    let row = row.ok_or(StoreError::Aborted)?;
                    Ok::<_, StoreError>((row.bytes(0)?, row.text(1)?))
                })?
            }
        };
        if root != checkpoint.root {
            return Err(LogError::Root {
                size: checkpoint.size,
                place: "a checkpoint that was signed before".into(),
            });
        }
        let place = || format!("checkpoint {size} in the database");
        let note = Note::parse(note.as_bytes()).map_err(|source| LogError::Note { place: place(), source })?;
        Checkpoint::open(&note, signer.key()).map_err(|source| LogError::Checkpoint { place: place(), source })?;
        Ok(note)
    }

    fn ask_witnesses(&self, note: &mut Note, checkpoint: &Checkpoint) -> Result<(), LogError> {
        let Inner {
            folder,
            witnesses,
            policy,
            ..
        } = &*self.0;
        let reader = folder.reader(checkpoint.size);
        let mut faults = BTreeMap::new();
        for witness in witnesses {
            // A witness that we have not asked yet says which size it has seen; the second question follows from that.
            let mut old = 0;
            for _ in 0..2 {
                let proof = prove_consistency(&reader, old, checkpoint.size)?;
                match ask(&witness.url, note, old, &proof, &witness.key) {
                    Ok(Asked::Cosigned(line)) => {
                        note.add(line);
                        break;
                    }
                    Ok(Asked::Seen(size)) if size > checkpoint.size => {
                        return Err(LogError::Behind {
                            place: format!("witness {}", witness.key.name()),
                            expected: size,
                            found: checkpoint.size,
                        });
                    }
                    Ok(Asked::Seen(size)) => old = size,
                    Err(source) if source.is_outage() => {
                        faults.insert(witness.key.name(), source.to_string());
                        break;
                    }
                    Err(source) => {
                        return Err(LogError::Witness {
                            name: witness.key.name().to_owned(),
                            source,
                        });
                    }
                }
            }
        }
        let seen = policy.check(note).map_err(|source| LogError::Checkpoint {
            place: "our own checkpoint".into(),
            source,
        })?;
        if seen.quorum {
            return Ok(());
        }
        let faults: Vec<String> = faults.into_iter().map(|(name, why)| format!("{name}: {why}")).collect();
        Err(LogError::Quorum {
            size: checkpoint.size,
            found: seen.witnesses.len(),
            why: faults.join("; "),
        })
    }

    /// Entries in the database.
    ///
    /// # Errors
    /// Those of the database.
    pub fn size(&self) -> Result<u64, LogError> {
        let last = self.0.store.read(|tx| {
            let row = tx.one("SELECT position FROM log_leaf ORDER BY position DESC LIMIT 1", &[])?;
            row.map_or(Ok(-1), |row| row.int(0))
        })?;
        Ok(u64::try_from(last + 1).unwrap_or(0))
    }

    /// The published checkpoint. None: nothing was published yet.
    ///
    /// # Errors
    /// If it cannot be read, or is none of this log.
    pub fn published(&self) -> Result<Option<(Note, Checkpoint)>, LogError> {
        self.0.folder.checkpoint(self.0.signer.key())
    }

    /// The published files.
    pub fn folder(&self) -> &LogFolder {
        &self.0.folder
    }

    /// Key of the log.
    pub fn key(&self) -> &VerifierKey {
        self.0.signer.key()
    }

    /// Keys and quorum, for those who check proofs.
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// Proof that an entry is in the published log, for people who are offline.
    ///
    /// # Errors
    /// [`LogError::NotPublished`], and when files cannot be read.
    pub fn proof(&self, position: u64) -> Result<LogProof, LogError> {
        let published = self.published()?;
        let (note, checkpoint) = match published {
            Some((note, checkpoint)) if position < checkpoint.size => (note, checkpoint),
            other => {
                return Err(LogError::NotPublished {
                    position,
                    size: other.map_or(0, |(_, checkpoint)| checkpoint.size),
                });
            }
        };
        let reader = self.0.folder.reader(checkpoint.size);
        let inclusion = prove_inclusion(&reader, position, checkpoint.size)?;
        let at = usize::try_from(position % TILE_WIDTH).unwrap_or(0);
        let entry = reader
            .entries(position / TILE_WIDTH)?
            .into_iter()
            .nth(at)
            .unwrap_or_default();
        Ok(LogProof {
            entry,
            index: position,
            inclusion,
            checkpoint: note,
        })
    }

    /// Reads the whole database and compares it with every checkpoint that was ever signed, and with what is published.
    ///
    /// # Errors
    /// The first difference.
    pub fn check(&self) -> Result<LogCheck, LogError> {
        check::check(&self.0.store, self.published()?.map(|(_, checkpoint)| checkpoint), None)
    }

    /// The same, and every published file too.
    ///
    /// # Errors
    /// The first difference.
    pub fn check_files(&self) -> Result<LogCheck, LogError> {
        let published = self.published()?.map(|(_, checkpoint)| checkpoint);
        check::check(&self.0.store, published, Some(&self.0.folder))
    }

    /// Whether the database has the root of a published checkpoint. One that lost the row (a restored backup) has not.
    fn is_kept(&self, checkpoint: &Checkpoint) -> Result<bool, LogError> {
        let size = i64::try_from(checkpoint.size).unwrap_or(i64::MAX);
        let kept = self.0.store.read(|tx| {
            let row = tx.one("SELECT root FROM log_checkpoint WHERE size = ?1", &values![size])?;
            row.map(|row| row.bytes(0)).transpose()
        })?;
        Ok(kept.is_some_and(|root| root == checkpoint.root))
    }
}

/// Entries from a position on, not all at once.
fn read_entries(tx: &mut dyn Tx, position: u64, end: u64) -> Result<Vec<(Hash, String, Option<String>)>, StoreError> {
    let from = i64::try_from(position).unwrap_or(i64::MAX);
    let to = i64::try_from(end.min(position + AT_A_TIME)).unwrap_or(i64::MAX);
    let rows = tx.query(
        "SELECT l.position, l.hash, l.leaf, s.envelope FROM log_leaf l LEFT JOIN log_statement s \
         ON s.position = l.position WHERE l.position >= ?1 AND l.position < ?2 ORDER BY l.position",
        &values![from, to],
    )?;
    let mut entries = Vec::with_capacity(rows.len());
    for (expected, row) in (from..).zip(rows) {
        // A gap ends the log here; the check says where.
        if row.int(0)? != expected {
            break;
        }
        let hash = row.bytes(1)?.try_into().unwrap_or([0; 32]);
        entries.push((hash, row.text(2)?, row.opt_text(3)?));
    }
    Ok(entries)
}

/// Entries and statements of the tile that is being filled.
#[derive(Default)]
struct Bundle {
    index: u64,
    leaves: Vec<String>,
    statements: Vec<Option<String>>,
}

impl Bundle {
    fn push(&mut self, leaf: String, statement: Option<String>) {
        self.leaves.push(leaf);
        self.statements.push(statement);
    }

    /// Writes the files and goes on with the next ones.
    fn write(&mut self, folder: &LogFolder) -> Result<(), LogError> {
        let Some(width) = u16::try_from(self.leaves.len()).ok().filter(|width| *width > 0) else {
            return Ok(());
        };
        let id = TileId {
            level: None,
            index: self.index,
            width,
        };
        let entries = TileId::encode_entries(self.leaves.iter().map(String::as_bytes)).unwrap_or_default();
        folder.write_once(&id.to_string(), &entries)?;
        let mut lines = String::new();
        for statement in &self.statements {
            lines.push_str(statement.as_deref().unwrap_or("null"));
            lines.push('\n');
        }
        folder.write_once(&statement_path(self.index, width), lines.as_bytes())?;
        *self = Self {
            index: self.index + 1,
            ..Self::default()
        };
        Ok(())
    }
}
