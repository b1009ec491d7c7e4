//! Bytes of a file in blocks, decoded to UTF-8, with bounded memory.

use std::io::{self, Read};

use encoding_rs::{Decoder, SHIFT_JIS};

use super::model::Encoding;
use crate::text::Text;

/// Bytes that are read at a time.
const BLOCK: usize = 256 * 1024;

/// What a file turned out to be, before its first record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Beginning {
    /// Text; whether it began with the byte order mark of UTF-8, and its encoding if it is plainly another than was
    /// said. It is read in that one.
    Text { bom: bool, other: Option<Encoding> },
    /// Nothing at all.
    Empty,
    /// No delimited text; what it is, and what to do.
    Other(Text, Text),
}

/// The blocks of a file.
pub(super) struct Blocks<R> {
    reader: R,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    decoded: String,
    buffer: Vec<u8>,
    ended: bool,
    read: u64,
}

impl<R: Read> Blocks<R> {
    pub(super) fn new(reader: R, encoding: Encoding) -> Self {
        Self {
            reader,
            decoder: match encoding {
                Encoding::Utf8 => None,
                Encoding::Cp932 => Some(SHIFT_JIS.new_decoder_without_bom_handling()),
            },
            raw: Vec::new(),
            decoded: String::new(),
            buffer: Vec::with_capacity(2 * BLOCK),
            ended: false,
            read: 0,
        }
    }

    /// Reads the first block and steps over a byte order mark.
    pub(super) fn begin(&mut self) -> io::Result<Beginning> {
        self.more(0)?;
        let first = if self.decoder.is_some() {
            &self.raw
        } else {
            &self.buffer
        };
        if first.is_empty() {
            return Ok(Beginning::Empty);
        }
        if let Some((found, advice)) = other_kind(first) {
            return Ok(Beginning::Other(found, advice));
        }
        let bom = first.starts_with(&[0xEF, 0xBB, 0xBF]);
        let other = match self.decoder {
            Some(_) if bom || is_plainly_utf8(first) => Some(Encoding::Utf8),
            None if !bom && is_plainly_cp932(first) => Some(Encoding::Cp932),
            _ => None,
        };
        match other {
            Some(Encoding::Utf8) => {
                self.decoder = None;
                self.buffer = std::mem::take(&mut self.raw);
            }
            Some(Encoding::Cp932) => {
                self.decoder = Some(SHIFT_JIS.new_decoder_without_bom_handling());
                self.raw = std::mem::take(&mut self.buffer);
                self.decode();
            }
            None => {}
        }
        if bom {
            self.buffer.drain(..3);
        }
        Ok(Beginning::Text { bom, other })
    }

    /// What is in memory.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer
    }

    /// Whether nothing follows what is in memory.
    #[inline]
    pub(super) fn is_last(&self) -> bool {
        self.ended
    }

    /// Bytes of the file that were read.
    pub(super) fn read(&self) -> u64 {
        self.read
    }

    /// Drops what lies before `keep` and reads on: at least as much as is kept, so that a record that grows is not
    /// read again and again.
    pub(super) fn more(&mut self, keep: usize) -> io::Result<()> {
        self.buffer.drain(..keep);
        let wanted = BLOCK.max(self.buffer.len()) as u64;
        let into = if self.decoder.is_some() {
            self.raw.clear();
            &mut self.raw
        } else {
            &mut self.buffer
        };
        let got = (&mut self.reader).take(wanted).read_to_end(into)? as u64;
        self.read += got;
        self.ended = got < wanted;
        self.decode();
        Ok(())
    }

    fn decode(&mut self) {
        let Some(decoder) = &mut self.decoder else { return };
        let room = decoder
            .max_utf8_buffer_length(self.raw.len())
            .unwrap_or(self.raw.len() * 4 + 16);
        self.decoded.clear();
        self.decoded.reserve(room);
        // The room is enough for everything, so one call decodes all of it.
        let (_, _, _) = decoder.decode_to_string(&self.raw, &mut self.decoded, self.ended);
        self.buffer.extend_from_slice(self.decoded.as_bytes());
    }
}

/// Bytes above ASCII that decide about an encoding.
const TELLING: usize = 8;

fn high_bytes(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| !byte.is_ascii()).count()
}

/// Whether the first block of a file is UTF-8 with something in it that ASCII does not have.
fn is_plainly_utf8(bytes: &[u8]) -> bool {
    let valid = match std::str::from_utf8(bytes) {
        Ok(_) => bytes.len(),
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Err(_) => return false,
    };
    high_bytes(&bytes[..valid]) >= TELLING
}

/// Whether the first block of a file is Shift_JIS: not UTF-8 from its first Japanese characters on.
fn is_plainly_cp932(bytes: &[u8]) -> bool {
    let Err(error) = std::str::from_utf8(bytes) else {
        return false;
    };
    if error.error_len().is_none() || high_bytes(&bytes[..error.valid_up_to()]) >= TELLING {
        return false;
    }
    let mut decoder = SHIFT_JIS.new_decoder_without_bom_handling();
    let mut text = String::with_capacity(bytes.len() * 4 + 16);
    let (_, _, wrong) = decoder.decode_to_string(bytes, &mut text, false);
    !wrong
}

/// Kinds of files that are given in error, with what to do.
fn other_kind(bytes: &[u8]) -> Option<(Text, Text)> {
    let save = || {
        Text::new(
            "表計算ソフトから「CSV UTF-8」で保存したファイルを指定してください",
            "give a file saved as CSV (UTF-8) from the spreadsheet program",
        )
    };
    if bytes.starts_with(b"PK\x03\x04") {
        return Some((
            Text::new("ZIP（xlsx など）", "a ZIP file, such as a workbook (xlsx)"),
            save(),
        ));
    }
    if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        return Some((
            Text::new("旧形式の文書（xls など）", "an old Office file (xls)"),
            save(),
        ));
    }
    if bytes.starts_with(&[0x1F, 0x8B]) {
        let unpack = Text::new(
            "展開してから指定してください",
            "unpack it first, such as gzip -dc FILE | junkyo check /dev/stdin",
        );
        return Some((Text::new("gzip の圧縮ファイル", "a gzip file"), unpack));
    }
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Some((
            Text::new("UTF-16 のテキスト", "text in UTF-16"),
            Text::new("UTF-8 で保存し直してください", "save it as UTF-8"),
        ));
    }
    None
}
