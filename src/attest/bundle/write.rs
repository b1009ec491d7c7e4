//! Writing a bundle, and putting a signature into one.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::digest::read_through;
use super::error::BundleError;
use super::manifest::{MANIFEST, Manifest, ManifestEntry, has_lines};
use super::open::{Bundle, UNLISTED};
use super::zip::{Limits, Writer};
use crate::attest::Digest;

/// Writes a bundle of files below a folder. Returns the SHA-256 of its manifest, which is its identity.
///
/// The same files give the same bytes on every machine.
///
/// # Errors
/// When a file cannot be read or the bundle not be written.
pub fn write_bundle(folder: &Path, files: &[String], out: &Path) -> Result<Digest, BundleError> {
    let mut names: Vec<&str> = files.iter().map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    let mut sources = Vec::with_capacity(names.len() + 1);
    let mut listed = Vec::with_capacity(names.len());
    for name in names {
        let path = folder.join(name);
        let mut file = File::open(&path).map_err(|error| BundleError::io(&path, error))?;
        let found =
            read_through(&mut file, has_lines(name), &mut io::sink()).map_err(|error| BundleError::io(&path, error))?;
        listed.push(ManifestEntry {
            lines: found.lines,
            path: name.to_owned(),
            sha256: found.sha256,
            size: found.size,
        });
        sources.push(Part {
            name: name.to_owned(),
            size: found.size,
            crc: found.crc,
            source: Source::File(path),
        });
    }
    let manifest = Manifest::new(listed).and_then(|manifest| manifest.to_bytes());
    let manifest = manifest.map_err(|error| BundleError::io(out, io::Error::other(error)))?;
    let identity = Digest::of(&manifest);
    sources.push(Part::bytes(MANIFEST, manifest));
    write_parts(sources, out)?;
    Ok(identity)
}

/// Puts a file that is about the manifest (a signature, a time stamp) into a bundle, in place of one of the same name.
///
/// # Errors
/// When `name` is no such file, or the bundle is not sound or cannot be written.
pub fn attach(path: &Path, name: &str, bytes: Vec<u8>) -> Result<(), BundleError> {
    if !UNLISTED.contains(&name) {
        let detail = format!("`{name}` cannot be attached; only {} can", UNLISTED.join(", "));
        return Err(BundleError::io(
            path,
            io::Error::new(io::ErrorKind::InvalidInput, detail),
        ));
    }
    let bundle = Bundle::open(path, &Limits::OWN)?;
    let mut parts = parts_of(&bundle, |there| there != name);
    parts.push(Part::bytes(name, bytes));
    write_parts(parts, path)
}

/// The entries of a bundle that are to stay.
pub(super) fn parts_of(bundle: &Bundle, stays: impl Fn(&str) -> bool) -> Vec<Part<'_>> {
    let there = bundle.places().filter(|(name, _)| stays(name));
    there
        .map(|(name, place)| Part {
            name: name.to_owned(),
            size: place.size,
            crc: place.crc,
            source: Source::Bundle(bundle),
        })
        .collect()
}

/// One entry of a bundle that is to be written.
pub(super) struct Part<'a> {
    name: String,
    size: u64,
    crc: u32,
    source: Source<'a>,
}

enum Source<'a> {
    File(PathBuf),
    Bytes(Vec<u8>),
    Bundle(&'a Bundle),
}

impl Part<'_> {
    pub(super) fn bytes(name: &str, bytes: Vec<u8>) -> Self {
        Self {
            name: name.to_owned(),
            size: bytes.len() as u64,
            crc: crc32fast::hash(&bytes),
            source: Source::Bytes(bytes),
        }
    }
}

/// Written beside and renamed: nobody ever sees half a bundle, and one can be replaced while it is read.
pub(super) fn write_parts(mut parts: Vec<Part<'_>>, out: &Path) -> Result<(), BundleError> {
    parts.sort_by(|a, b| a.name.cmp(&b.name));
    let mut temporary = out.as_os_str().to_owned();
    temporary.push(format!(".{}.new", std::process::id()));
    let temporary = PathBuf::from(temporary);
    let written = write_to(&parts, &temporary)
        .and_then(|()| fs::rename(&temporary, out).map_err(|error| BundleError::io(out, error)));
    if written.is_err() {
        fs::remove_file(&temporary).ok();
    }
    written
}

fn write_to(parts: &[Part<'_>], path: &Path) -> Result<(), BundleError> {
    let fault = |error| BundleError::io(path, error);
    let file = File::create(path).map_err(fault)?;
    let mut writer = Writer::new(BufWriter::with_capacity(256 * 1024, &file));
    for part in parts {
        match &part.source {
            Source::Bytes(bytes) => writer.entry(&part.name, part.size, part.crc, &mut &bytes[..]),
            Source::File(from) => {
                let mut from = File::open(from).map_err(|error| BundleError::io(from, error))?;
                writer.entry(&part.name, part.size, part.crc, &mut from)
            }
            Source::Bundle(bundle) => {
                let mut data = bundle.data(&part.name)?;
                writer.entry(&part.name, part.size, part.crc, &mut data)
            }
        }
        .map_err(fault)?;
    }
    writer.finish().map_err(fault)?;
    (&file).flush().map_err(fault)
}
