//! The one ZIP that may hold a bundle: written by one rule, and read only where writing again gives the same bytes.
//!
//! Entries in the order of the bytes of their names, stored without compression, the first second of 1980 as time, no
//! extra fields, no comments, no folders. So there is nothing in which two readers could differ, and nothing to hide in.
//! Reading is one pass: heads are compared with those that the writer would have written, and at the end the whole
//! directory is.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use unicode_normalization::is_nfc;

use super::error::{BundleError, ZipFault};

/// Signature of the head of an entry.
const LOCAL: [u8; 4] = *b"PK\x03\x04";
/// Signature of an entry of the directory.
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
/// Signature of the end.
const END: [u8; 4] = *b"PK\x05\x06";

/// Version of the format that is needed: 1.0.
const VERSION: u16 = 10;
/// Made on Unix, by the same version.
const MADE_BY: u16 = 3 << 8 | VERSION;
/// The name is UTF-8.
const UTF8: u16 = 0x0800;
/// 1980-01-01 as an MS-DOS date.
const EPOCH: u16 = 0x0021;
/// A plain file that everybody may read.
const MODE: u32 = 0o100_644 << 16;

/// Longest name in bytes.
const LONGEST_NAME: usize = 512;

/// Bytes of a head without its name.
const HEAD: usize = 30;

/// What a bundle may have at the most.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Entries.
    pub entries: u64,
    /// Bytes of one entry.
    pub file: u64,
    /// Bytes in all.
    pub total: u64,
}

impl Limits {
    /// What the format can hold, up to one GiB: for files that one has written oneself.
    pub const OWN: Self = Self {
        entries: 65_000,
        file: 1 << 30,
        total: 1 << 30,
    };

    /// For what strangers send.
    pub const INTAKE: Self = Self {
        entries: 20_000,
        file: 192 << 20,
        total: 256 << 20,
    };
}

/// What stands in the head of an entry.
#[derive(Clone, Debug)]
struct Entry {
    name: String,
    size: u32,
    crc: u32,
    offset: u32,
}

impl Entry {
    fn flags(&self) -> u16 {
        if self.name.is_ascii() { 0 } else { UTF8 }
    }

    /// The fields that head and directory share, from flags to the length of the name.
    fn common(&self, out: &mut Vec<u8>) {
        out.extend(VERSION.to_le_bytes());
        out.extend(self.flags().to_le_bytes());
        out.extend(0_u16.to_le_bytes());
        out.extend(0_u16.to_le_bytes());
        out.extend(EPOCH.to_le_bytes());
        out.extend(self.crc.to_le_bytes());
        out.extend(self.size.to_le_bytes());
        out.extend(self.size.to_le_bytes());
        out.extend((self.name.len() as u16).to_le_bytes());
        out.extend(0_u16.to_le_bytes());
    }

    fn head(&self) -> Vec<u8> {
        let mut out = LOCAL.to_vec();
        self.common(&mut out);
        out.extend(self.name.as_bytes());
        out
    }
}

/// Directory and end of an archive.
fn directory(entries: &[Entry], offset: u32) -> Vec<u8> {
    let mut out = Vec::with_capacity(entries.len() * 110 + 22);
    for entry in entries {
        out.extend(CENTRAL);
        out.extend(MADE_BY.to_le_bytes());
        entry.common(&mut out);
        out.extend([0; 6]); // comment, disk, internal attributes
        out.extend(MODE.to_le_bytes());
        out.extend(entry.offset.to_le_bytes());
        out.extend(entry.name.as_bytes());
    }
    let size = out.len() as u32;
    out.extend(END);
    out.extend([0; 4]);
    out.extend((entries.len() as u16).to_le_bytes());
    out.extend((entries.len() as u16).to_le_bytes());
    out.extend(size.to_le_bytes());
    out.extend(offset.to_le_bytes());
    out.extend([0; 2]);
    out
}

/// Writes an archive. Names have to come in order.
pub(super) struct Writer<W> {
    out: W,
    at: u64,
    entries: Vec<Entry>,
}

impl<W: Write> Writer<W> {
    pub(super) fn new(out: W) -> Self {
        Self {
            out,
            at: 0,
            entries: Vec::new(),
        }
    }

    /// Writes an entry whose size and checksum are known.
    pub(super) fn entry(&mut self, name: &str, size: u64, crc: u32, data: &mut dyn Read) -> io::Result<()> {
        let too_large = |_| io::Error::other("a bundle holds less than 4 GiB and 65,000 files");
        if self.entries.len() as u64 >= Limits::OWN.entries || !is_safe(name) {
            return Err(io::Error::other(format!("`{name}` cannot be an entry of a bundle")));
        }
        let entry = Entry {
            name: name.to_owned(),
            size: u32::try_from(size).map_err(too_large)?,
            crc,
            offset: u32::try_from(self.at).map_err(too_large)?,
        };
        let head = entry.head();
        self.out.write_all(&head)?;
        let mut body = Body::new(data, size);
        io::copy(&mut body, &mut self.out)?;
        if body.left > 0 || body.crc.finalize() != crc {
            return Err(io::Error::other(format!("`{name}` changed while it was being read")));
        }
        self.at += head.len() as u64 + size;
        self.entries.push(entry);
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        let offset = u32::try_from(self.at).map_err(|_| io::Error::other("a bundle holds less than 4 GiB"))?;
        self.out.write_all(&directory(&self.entries, offset))?;
        self.out.flush()
    }
}

/// The data of one entry, with its checksum.
struct Body<'a> {
    inner: &'a mut dyn Read,
    left: u64,
    crc: crc32fast::Hasher,
}

impl<'a> Body<'a> {
    fn new(inner: &'a mut dyn Read, left: u64) -> Self {
        Self {
            inner,
            left,
            crc: crc32fast::Hasher::new(),
        }
    }
}

impl Read for Body<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        let read = self.inner.read(&mut into[..most])?;
        self.crc.update(&into[..read]);
        self.left -= read as u64;
        Ok(read)
    }
}

/// Where an entry's data stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) crc: u32,
}

/// Reads an archive from its first to its last byte. Each entry's data are shown to `visit`, before it is known that
/// the rest of the archive is sound.
pub(super) fn scan(
    path: &Path,
    file: &File,
    limits: &Limits,
    mut visit: impl FnMut(&str, Place, &mut dyn Read) -> Result<(), BundleError>,
) -> Result<(), BundleError> {
    let mut scan = Scan {
        path,
        input: BufReader::with_capacity(256 * 1024, file),
        at: 0,
        total: 0,
        entries: Vec::new(),
        folded: HashSet::new(),
    };
    loop {
        let mut signature = [0; 4];
        scan.fill(&mut signature, "")?;
        match signature {
            LOCAL => scan.entry(limits, &mut visit)?,
            CENTRAL | END if scan.at > 4 => return scan.end(signature),
            _ if scan.at == 4 => {
                return Err(match signature {
                    [b'P', b'K', _, _] => BundleError::not_a_bundle(path, "the archive is empty"),
                    _ if holds_an_archive(&mut scan.input) => scan.fault("", ZipFault::Prefix),
                    _ => BundleError::not_a_bundle(path, "it is no ZIP archive"),
                });
            }
            _ => return Err(scan.fault("", ZipFault::Gap)),
        }
    }
}

struct Scan<'a> {
    path: &'a Path,
    input: BufReader<&'a File>,
    /// Bytes read.
    at: u64,
    /// Bytes of data.
    total: u64,
    entries: Vec<Entry>,
    /// Names in lower case.
    folded: HashSet<String>,
}

impl Scan<'_> {
    fn fault(&self, entry: &str, fault: ZipFault) -> BundleError {
        BundleError::NotCanonical {
            path: self.path.to_owned(),
            entry: entry.to_owned(),
            fault,
        }
    }

    fn fill(&mut self, into: &mut [u8], entry: &str) -> Result<(), BundleError> {
        self.at += into.len() as u64;
        self.input.read_exact(into).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof if self.at == 4 => BundleError::not_a_bundle(self.path, "it is empty"),
            io::ErrorKind::UnexpectedEof => self.fault(entry, ZipFault::Truncated),
            _ => BundleError::io(self.path, error),
        })
    }

    fn entry(
        &mut self,
        limits: &Limits,
        visit: &mut impl FnMut(&str, Place, &mut dyn Read) -> Result<(), BundleError>,
    ) -> Result<(), BundleError> {
        let offset = self.at - 4;
        let mut head = [0; HEAD];
        head[..4].copy_from_slice(&LOCAL);
        self.fill(&mut head[4..], "")?;
        let mut name = vec![0; usize::from(u16_at(&head, 26))];
        if name.len() > LONGEST_NAME {
            return Err(self.fault("", ZipFault::UnsafeName));
        }
        self.fill(&mut name, "")?;
        let name = String::from_utf8(name).map_err(|_| self.fault("", ZipFault::UnsafeName))?;
        let entry = Entry {
            size: u32_at(&head, 22),
            crc: u32_at(&head, 14),
            offset: u32::try_from(offset).map_err(|_| self.fault(&name, ZipFault::Sizes))?,
            name,
        };
        self.head(&head, &entry)?;
        self.name(&entry.name)?;
        self.limits(limits, u64::from(entry.size))?;
        let place = Place {
            offset: self.at,
            size: u64::from(entry.size),
            crc: entry.crc,
        };
        let mut body = Body::new(&mut self.input, place.size);
        visit(&entry.name, place, &mut body)?;
        io::copy(&mut body, &mut io::sink()).map_err(|error| BundleError::io(self.path, error))?;
        let (left, crc) = (body.left, body.crc.finalize());
        if left > 0 {
            return Err(self.fault(&entry.name, ZipFault::Truncated));
        }
        if crc != entry.crc {
            return Err(self.fault(&entry.name, ZipFault::Checksum));
        }
        self.at += place.size;
        self.entries.push(entry);
        Ok(())
    }

    /// Everything in the head is what the writer writes.
    fn head(&self, head: &[u8; HEAD], entry: &Entry) -> Result<(), BundleError> {
        let flags = u16_at(head, 6);
        let fault = if flags & 1 != 0 {
            ZipFault::Encrypted
        } else if flags & 8 != 0 {
            ZipFault::Descriptor
        } else if u16_at(head, 8) != 0 {
            ZipFault::Compressed
        } else if u32_at(head, 18) != entry.size {
            ZipFault::Sizes
        } else if u16_at(head, 28) != 0 {
            ZipFault::Extra
        } else if head[..] != entry.head()[..HEAD] {
            ZipFault::Header
        } else {
            return Ok(());
        };
        Err(self.fault(&entry.name, fault))
    }

    fn name(&mut self, name: &str) -> Result<(), BundleError> {
        if !is_safe(name) {
            return Err(self.fault(name, ZipFault::UnsafeName));
        }
        if !self.folded.insert(name.to_lowercase()) {
            let same = self.entries.iter().any(|entry| entry.name == name);
            return Err(self.fault(
                name,
                if same {
                    ZipFault::DuplicateName
                } else {
                    ZipFault::CaseDuplicate
                },
            ));
        }
        match self.entries.last() {
            Some(last) if last.name.as_str() > name => Err(self.fault(name, ZipFault::Order)),
            _ => Ok(()),
        }
    }

    fn limits(&mut self, limits: &Limits, size: u64) -> Result<(), BundleError> {
        self.total += size;
        let all = [
            ("entries:", self.entries.len() as u64 + 1, limits.entries),
            ("bytes in one entry:", size, limits.file),
            ("bytes in all:", self.total, limits.total),
        ];
        match all.into_iter().find(|(_, found, limit)| found > limit) {
            None => Ok(()),
            Some((what, found, limit)) => Err(BundleError::TooLarge {
                path: self.path.to_owned(),
                what,
                found,
                limit,
            }),
        }
    }

    /// Directory and end have to be those of the entries that were read, and the last bytes.
    fn end(mut self, signature: [u8; 4]) -> Result<(), BundleError> {
        let start = self.at - 4;
        let offset = u32::try_from(start).map_err(|_| self.fault("", ZipFault::Sizes))?;
        let expected = directory(&self.entries, offset);
        let mut found = signature.to_vec();
        // One byte more than expected, so that a trailer is seen.
        let most = expected.len() as u64 + 1 - 4;
        (&mut self.input)
            .take(most)
            .read_to_end(&mut found)
            .map_err(|error| BundleError::io(self.path, error))?;
        if found == expected {
            return Ok(());
        }
        if found.starts_with(&expected) {
            return Err(self.fault("", ZipFault::Trailer));
        }
        if expected.starts_with(&found) {
            return Err(self.fault("", ZipFault::Truncated));
        }
        let (entry, fault) = self.why(&found, &expected);
        Err(self.fault(&entry, fault))
    }

    /// The first difference between two directories, in words.
    fn why(&self, found: &[u8], expected: &[u8]) -> (String, ZipFault) {
        let mut at = 0;
        for entry in &self.entries {
            let length = 46 + entry.name.len();
            let Some((there, wanted)) = found.get(at..at + length).zip(expected.get(at..at + length)) else {
                return (entry.name.clone(), ZipFault::Truncated);
            };
            if there != wanted {
                let fault = if there[..4] != CENTRAL || there[46..] != wanted[46..] || there[28..30] != wanted[28..30] {
                    ZipFault::Directory
                } else if there[30..34] != [0; 4] {
                    ZipFault::Extra
                } else if there[20..28] != wanted[20..28] {
                    ZipFault::Sizes
                } else if there[38..42] != wanted[38..42] {
                    ZipFault::SpecialFile
                } else if there[42..46] != wanted[42..46] {
                    ZipFault::Directory
                } else {
                    ZipFault::Header
                };
                return (entry.name.clone(), fault);
            }
            at += length;
        }
        let fault = match found.get(at..at + 4) {
            Some(signature) if signature == END => match found.get(at + 20..at + 22) {
                None => ZipFault::Truncated,
                Some(length) if length != [0, 0] => ZipFault::Extra,
                Some(_) => ZipFault::Directory,
            },
            _ => ZipFault::Directory,
        };
        (String::new(), fault)
    }
}

/// Whether the head of an entry stands somewhere in the next bytes.
fn holds_an_archive(input: &mut impl Read) -> bool {
    let mut next = Vec::new();
    let read = input.take(1 << 20).read_to_end(&mut next).is_ok();
    read && memchr::memmem::find(&next, &LOCAL).is_some()
}

/// A clean relative path: NFC, parts between `/`, nothing that a file system could take for something else.
pub(super) fn is_safe(name: &str) -> bool {
    let clean = |part: &str| {
        let stem = part.split('.').next().unwrap_or_default();
        !matches!(part, "" | "." | "..") && !part.ends_with(['.', ' ']) && !is_device(stem)
    };
    name.len() <= LONGEST_NAME
        && is_nfc(name)
        && !name.contains(|c: char| c.is_control() || matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|'))
        && name.split('/').all(clean)
}

/// Names that Windows keeps for devices.
fn is_device(stem: &str) -> bool {
    let stem = stem.to_ascii_lowercase();
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul")
        || stem
            .strip_prefix("com")
            .or_else(|| stem.strip_prefix("lpt"))
            .is_some_and(|rest| matches!(rest.as_bytes(), [b'0'..=b'9']))
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
