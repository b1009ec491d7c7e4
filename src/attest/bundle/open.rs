//! Taking a bundle: everything in it is checked before anything of it is used.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::digest::{Found, read_through};
use super::error::BundleError;
use super::manifest::{MANIFEST, Manifest, ManifestEntry, has_lines};
use super::redaction::{REDACTIONS, REDACTIONS_SCHEMA, Redaction, Redactions};
use super::zip::{Limits, Place, scan};
use crate::attest::{Digest, canonical};

/// The signed statement (DSSE, one envelope a line).
pub const ENVELOPE: &str = "report.intoto.jsonl";
/// The time stamp (RFC 3161) over the statement.
pub const TIMESTAMP: &str = "report.tsr";

/// Files that are about the manifest, and so are not in it.
pub(super) const UNLISTED: [&str; 3] = [REDACTIONS, ENVELOPE, TIMESTAMP];

/// Largest of those, in bytes.
const LARGEST_UNLISTED: u64 = 4 << 20;
/// Largest manifest, in bytes.
const LARGEST_MANIFEST: u64 = 24 << 20;

/// A bundle that agrees with its manifest: byte for byte what was written, or with what was withheld told.
#[derive(Debug)]
pub struct Bundle {
    path: PathBuf,
    file: Mutex<File>,
    places: BTreeMap<String, Place>,
    manifest: Manifest,
    identity: Digest,
    small: BTreeMap<String, Vec<u8>>,
    redactions: Vec<Redaction>,
    folder: OnceLock<Folder>,
}

impl Bundle {
    /// Opens and checks a bundle, in one pass and without unpacking it.
    ///
    /// # Errors
    /// [`BundleError`] for what is no bundle, is not canonical, is too large, or was changed.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, BundleError> {
        let io_error = |source| BundleError::io(path, source);
        // Opening a pipe may never end.
        if !fs::metadata(path).map_err(io_error)?.is_file() {
            let message = "expected a file, found a folder, a pipe or a device";
            return Err(io_error(io::Error::new(io::ErrorKind::InvalidInput, message)));
        }
        let file = File::open(path).map_err(io_error)?;
        let mut places = BTreeMap::new();
        let mut small = BTreeMap::new();
        let mut found = BTreeMap::new();
        scan(path, &file, limits, |name, place, data| {
            places.insert(name.to_owned(), place);
            let most = match name {
                MANIFEST => Some(LARGEST_MANIFEST),
                _ if UNLISTED.contains(&name) => Some(LARGEST_UNLISTED),
                _ => None,
            };
            let Some(limit) = most else {
                let pass = read_through(data, has_lines(name), &mut io::sink()).map_err(io_error)?;
                found.insert(name.to_owned(), pass);
                return Ok(());
            };
            if place.size > limit {
                return Err(BundleError::TooLarge {
                    path: path.to_owned(),
                    what: "bytes of manifest, signature or list of what was withheld:",
                    found: place.size,
                    limit,
                });
            }
            let mut bytes = Vec::new();
            data.read_to_end(&mut bytes).map_err(io_error)?;
            small.insert(name.to_owned(), bytes);
            Ok(())
        })?;
        let manifest_bytes = small
            .get(MANIFEST)
            .ok_or_else(|| BundleError::not_a_bundle(path, "it has no manifest.json"))?;
        let manifest = Manifest::parse(manifest_bytes)
            .map_err(|detail| BundleError::not_a_bundle(path, format!("manifest.json: {detail}")))?;
        let redactions = match small.get(REDACTIONS) {
            None => Vec::new(),
            Some(bytes) => parse_redactions(bytes)
                .map_err(|detail| BundleError::not_a_bundle(path, format!("{REDACTIONS}: {detail}")))?,
        };
        agree(path, &manifest, &found, &redactions)?;
        Ok(Self {
            identity: Digest::of(manifest_bytes),
            path: path.to_owned(),
            file: Mutex::new(file),
            places,
            manifest,
            small,
            redactions,
            folder: OnceLock::new(),
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is in it.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// SHA-256 of the manifest: the identity of the bundle, whatever is signed or withheld later.
    pub fn manifest_digest(&self) -> Digest {
        self.identity
    }

    /// Root of the tree over its files.
    pub fn tree(&self) -> Digest {
        self.manifest.tree
    }

    /// The signed statement (DSSE lines), if it is signed.
    pub fn envelope(&self) -> Option<&[u8]> {
        self.small.get(ENVELOPE).map(Vec::as_slice)
    }

    /// The time stamp over the statement.
    pub fn timestamp(&self) -> Option<&[u8]> {
        self.small.get(TIMESTAMP).map(Vec::as_slice)
    }

    /// What was withheld.
    pub fn redactions(&self) -> &[Redaction] {
        &self.redactions
    }

    /// Paths of files that were withheld as a whole.
    pub fn withheld_files(&self) -> BTreeSet<String> {
        let whole = self.redactions.iter().filter(|redaction| redaction.line.is_none());
        whole.map(|redaction| redaction.path.clone()).collect()
    }

    /// Whether a file is in it and was not withheld.
    pub fn has(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// The bytes of one file.
    ///
    /// # Errors
    /// When it is not there, or the bundle was changed since it was opened.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, BundleError> {
        if let Some(bytes) = self.small.get(name) {
            return Ok(bytes.clone());
        }
        let mut data = self.data(name)?;
        let mut bytes = Vec::with_capacity(usize::try_from(data.left).unwrap_or_default());
        data.read_to_end(&mut bytes)
            .map_err(|error| BundleError::io(&self.path, error))?;
        // It was sound when it was opened; somebody may have written into it since.
        if crc32fast::hash(&bytes) != self.places.get(name).map_or(0, |place| place.crc) {
            return Err(BundleError::changed(
                &self.path,
                name,
                "changed while it was being read",
            ));
        }
        Ok(bytes)
    }

    pub(super) fn places(&self) -> impl Iterator<Item = (&str, Place)> {
        self.places.iter().map(|(name, place)| (name.as_str(), *place))
    }

    /// The bytes of one file, as they come.
    pub(super) fn data(&self, name: &str) -> Result<Data<'_>, BundleError> {
        let place = self
            .places
            .get(name)
            .ok_or_else(|| BundleError::changed(&self.path, name, "is missing"))?;
        Ok(Data {
            file: &self.file,
            at: place.offset,
            left: place.size,
        })
    }

    /// A folder with its files, unpacked at the first call; it goes with the bundle.
    ///
    /// # Errors
    /// When there is no room for it, or the bundle was changed since it was opened.
    pub fn folder(&self) -> Result<&Path, BundleError> {
        if let Some(folder) = self.folder.get() {
            return Ok(&folder.0);
        }
        let folder = self.unpack()?;
        Ok(&self.folder.get_or_init(|| folder).0)
    }

    fn unpack(&self) -> Result<Folder, BundleError> {
        let io_error = |source| BundleError::io(&self.path, source);
        let folder = Folder::new().map_err(io_error)?;
        let folder_error = |source| BundleError::io(&folder.0, source);
        for (name, place) in self.places() {
            let out = folder.0.join(name);
            if let Some(parent) = out.parent() {
                fs::create_dir_all(parent).map_err(folder_error)?;
            }
            let mut out = BufWriter::new(File::create(&out).map_err(folder_error)?);
            let mut crc = crc32fast::Hasher::new();
            let mut data = self.data(name)?;
            let mut chunk = vec![0; 128 * 1024];
            loop {
                let read = data.read(&mut chunk).map_err(io_error)?;
                if read == 0 {
                    break;
                }
                crc.update(&chunk[..read]);
                out.write_all(&chunk[..read]).map_err(folder_error)?;
            }
            out.flush().map_err(folder_error)?;
            if crc.finalize() != place.crc {
                return Err(BundleError::changed(
                    &self.path,
                    name,
                    "changed while it was being read",
                ));
            }
        }
        Ok(folder)
    }
}

/// The data of one entry.
pub(super) struct Data<'a> {
    file: &'a Mutex<File>,
    at: u64,
    left: u64,
}

impl Read for Data<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.at))?;
        let read = file.read(&mut into[..most])?;
        self.at += read as u64;
        self.left -= read as u64;
        Ok(read)
    }
}

fn parse_redactions(bytes: &[u8]) -> Result<Vec<Redaction>, String> {
    let value = canonical::parse(bytes).map_err(|error| error.to_string())?;
    let list: Redactions = serde_json::from_value(value).map_err(|error| error.to_string())?;
    if list.schema != REDACTIONS_SCHEMA {
        return Err(format!("its format is `{}`, not {REDACTIONS_SCHEMA}", list.schema));
    }
    if !list
        .redactions
        .is_sorted_by(|a, b| (&a.path, a.line) < (&b.path, b.line))
    {
        return Err("its entries are not in order, or named twice".into());
    }
    Ok(list.redactions)
}

/// Every listed file is there and unchanged, or told to be withheld; and nothing else is there.
fn agree(
    path: &Path,
    manifest: &Manifest,
    found: &BTreeMap<String, Found>,
    redactions: &[Redaction],
) -> Result<(), BundleError> {
    let changed = |entry: &str, what| BundleError::changed(path, entry, what);
    if let Some(extra) = found.keys().find(|name| manifest.file(name).is_none()) {
        return Err(changed(extra, "is not in the manifest"));
    }
    for entry in &manifest.files {
        if UNLISTED.contains(&entry.path.as_str()) || entry.path == MANIFEST {
            return Err(changed(&entry.path, "cannot be in the manifest, which it is about"));
        }
        let told: Vec<&Redaction> = redactions.iter().filter(|told| told.path == entry.path).collect();
        let whole = told.iter().any(|told| told.line.is_none());
        match found.get(&entry.path) {
            None if whole && told.len() == 1 => {}
            None => return Err(changed(&entry.path, "is missing")),
            Some(_) if whole => return Err(changed(&entry.path, "is there, though it is told to be withheld")),
            Some(found) => agree_on(entry, found, &told).map_err(|what| changed(&entry.path, what))?,
        }
    }
    match redactions.iter().find(|told| manifest.file(&told.path).is_none()) {
        Some(stray) => Err(changed(
            &stray.path,
            "is told to be withheld, and is not in the manifest",
        )),
        None => Ok(()),
    }
}

fn agree_on(entry: &ManifestEntry, found: &Found, told: &[&Redaction]) -> Result<(), &'static str> {
    if told.is_empty() {
        let same = found.size == entry.size && found.sha256 == entry.sha256;
        // The tree over the lines is checked too: whoever wrote the manifest may have been wrong.
        return match (same, entry.lines == found.lines) {
            (true, true) => Ok(()),
            (true, false) => Err("has other lines than the manifest tells"),
            (false, _) => Err("differs from the manifest"),
        };
    }
    if entry.lines.is_none() || entry.lines != found.lines || !found.ended {
        return Err("differs from the manifest in more than the withheld lines");
    }
    let marks: Vec<(u64, &str)> = found
        .withheld
        .iter()
        .map(|(line, mark)| (*line, mark.reason.as_str()))
        .collect();
    let wanted: Vec<(u64, &str)> = told
        .iter()
        .filter_map(|told| Some((told.line?, told.reason.as_str())))
        .collect();
    if marks == wanted {
        Ok(())
    } else {
        Err("has other withheld lines than the list tells")
    }
}

/// A folder that goes when it is dropped.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn new() -> io::Result<Self> {
        static COUNTER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        for _ in 0..1000 {
            let number = COUNTER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            let folder = std::env::temp_dir().join(format!("junkyo-{}-{number}", std::process::id()));
            match private(&folder) {
                Ok(()) => return Ok(Self(folder)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::Error::other("no free name for a temporary folder"))
    }
}

/// Evidence is nobody else's business.
fn private(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}
