//! Everything that is to be known of a file, in one pass over it.

use std::io::{self, Read, Write};

use sha2::{Digest as _, Sha256};

use super::manifest::Lines;
use super::merkle::{Growing, leaf_hasher};
use super::redaction::RedactedLine;
use crate::attest::Digest;

/// Longest line that can stand for a withheld one.
const LONGEST_MARK: usize = 4096;

/// What a pass over a file found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) size: u64,
    pub(super) crc: u32,
    pub(super) sha256: Digest,
    /// The tree over its lines, each withheld one by its leaf.
    pub(super) lines: Option<Lines>,
    /// The lines that say that they stand for another, with their numbers from 1.
    pub(super) withheld: Vec<(u64, RedactedLine)>,
    /// Whether the last line has its line feed.
    pub(super) ended: bool,
}

/// Reads all of `input`, and copies it to `copy`.
pub(super) fn read_through(input: &mut dyn Read, with_lines: bool, copy: &mut dyn Write) -> io::Result<Found> {
    let mut crc = crc32fast::Hasher::new();
    let mut sha256 = Sha256::new();
    let mut lines = with_lines.then(LineTree::default);
    let mut size = 0;
    let mut chunk = vec![0; 128 * 1024];
    loop {
        let read = match input.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let bytes = &chunk[..read];
        size += read as u64;
        crc.update(bytes);
        sha256.update(bytes);
        if let Some(lines) = &mut lines {
            lines.update(bytes);
        }
        copy.write_all(bytes)?;
    }
    let (lines, withheld, ended) = match lines {
        None => (None, Vec::new(), true),
        Some(tree) => tree.finish(),
    };
    Ok(Found {
        size,
        crc: crc.finalize(),
        sha256: Digest(sha256.finalize().into()),
        lines,
        withheld,
        ended,
    })
}

/// The tree over the lines of a file that comes in pieces.
struct LineTree {
    tree: Growing,
    line: Sha256,
    /// The beginning of the line.
    start: Vec<u8>,
    length: usize,
    withheld: Vec<(u64, RedactedLine)>,
}

impl Default for LineTree {
    fn default() -> Self {
        Self {
            tree: Growing::default(),
            line: leaf_hasher(),
            start: Vec::new(),
            length: 0,
            withheld: Vec::new(),
        }
    }
}

impl LineTree {
    fn update(&mut self, mut bytes: &[u8]) {
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            self.part(&bytes[..end]);
            self.end_line();
            bytes = &bytes[end + 1..];
        }
        self.part(bytes);
    }

    fn part(&mut self, bytes: &[u8]) {
        self.line.update(bytes);
        let room = LONGEST_MARK.saturating_sub(self.start.len()).min(bytes.len());
        self.start.extend(&bytes[..room]);
        self.length += bytes.len();
    }

    fn end_line(&mut self) {
        let line = std::mem::replace(&mut self.line, leaf_hasher());
        let mark = (self.length <= LONGEST_MARK)
            .then(|| RedactedLine::parse(&self.start))
            .flatten();
        let leaf = match &mark {
            Some(mark) => mark.leaf,
            None => Digest(line.finalize().into()),
        };
        self.tree.push(leaf);
        if let Some(mark) = mark {
            self.withheld.push((self.tree.count, mark));
        }
        self.start.clear();
        self.length = 0;
    }

    fn finish(mut self) -> (Option<Lines>, Vec<(u64, RedactedLine)>, bool) {
        let ended = self.length == 0;
        if !ended {
            self.end_line();
        }
        let lines = Lines {
            count: self.tree.count,
            root: self.tree.root(),
        };
        (Some(lines), self.withheld, ended)
    }
}
