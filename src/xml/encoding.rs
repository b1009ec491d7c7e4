//! From bytes to text: byte order marks, the XML declaration, and what the transport says.

use encoding_rs::Encoding;

use super::{Limits, Position, XmlError, XmlFault};

/// A byte order mark at the start of a document.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ByteOrderMark {
    /// EF BB BF.
    Utf8,
    /// FF FE.
    Utf16Le,
    /// FE FF.
    Utf16Be,
}

impl ByteOrderMark {
    /// Name of the encoding that it stands for, without the byte order.
    pub fn encoding(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le | Self::Utf16Be => "UTF-16",
        }
    }
}

/// How the text of a document was found.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct EncodingFacts {
    /// Byte order mark, if any.
    pub mark: Option<ByteOrderMark>,
    /// Encoding of the XML declaration, as written.
    pub declared: Option<String>,
    /// Encoding by which the bytes were read: `UTF-8`, `UTF-16`, or the registered name of another one.
    pub used: String,
}

/// Turns bytes into text. `transport` is the charset of the transport, which counts more than the declaration
/// (RFC 3023) but less than a byte order mark.
///
/// # Errors
/// [`XmlFault::Empty`], [`XmlFault::TooLarge`], [`XmlFault::InvalidBytes`], [`XmlFault::UnknownEncoding`].
pub fn decode(bytes: &[u8], transport: Option<&str>, limits: &Limits) -> Result<(String, EncodingFacts), XmlError> {
    let fault = |fault| XmlError {
        fault,
        at: Position {
            line: 1,
            column: 1,
            offset: 0,
        },
    };
    if bytes.is_empty() {
        return Err(fault(XmlFault::Empty));
    }
    if bytes.len() > limits.bytes {
        return Err(fault(XmlFault::TooLarge { limit: limits.bytes }));
    }
    let (mark, rest) = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => (Some(ByteOrderMark::Utf8), rest),
        [0xFF, 0xFE, rest @ ..] => (Some(ByteOrderMark::Utf16Le), rest),
        [0xFE, 0xFF, rest @ ..] => (Some(ByteOrderMark::Utf16Be), rest),
        rest => (None, rest),
    };
    let little = match (mark, rest) {
        (Some(ByteOrderMark::Utf16Le), _) => Some(true),
        (Some(ByteOrderMark::Utf16Be), _) => Some(false),
        (Some(ByteOrderMark::Utf8), _) => None,
        // Without a mark, `<` in two bytes tells UTF-16 and its order.
        (None, [b'<', 0, ..]) => Some(true),
        (None, [0, b'<', ..]) => Some(false),
        (None, _) => None,
    };
    if let Some(little) = little {
        let text = utf16(rest, little).ok_or_else(|| {
            fault(XmlFault::InvalidBytes {
                encoding: "UTF-16".into(),
            })
        })?;
        let declared = declared_encoding(&text);
        let used = "UTF-16".to_owned();
        return Ok((text, EncodingFacts { mark, declared, used }));
    }
    let declared = declared_encoding(&ascii_start(rest));
    let named = transport
        .filter(|_| mark.is_none())
        .or_else(|| declared.as_deref().filter(|_| mark.is_none()));
    let used = match named {
        None => "UTF-8".to_owned(),
        Some(name) if name.eq_ignore_ascii_case("utf-8") || name.eq_ignore_ascii_case("us-ascii") => "UTF-8".to_owned(),
        // Bytes that are no UTF-16 under that name: most senders mean UTF-8; the checks say that it is wrong.
        Some(name) if name.to_ascii_lowercase().starts_with("utf-16") => "UTF-8".to_owned(),
        Some(name) => name.to_owned(),
    };
    if used == "UTF-8" {
        return match std::str::from_utf8(rest) {
            Ok(text) => Ok((text.to_owned(), EncodingFacts { mark, declared, used })),
            Err(error) => {
                let before = String::from_utf8_lossy(&rest[..error.valid_up_to()]);
                Err(XmlError {
                    fault: XmlFault::InvalidBytes { encoding: used },
                    at: position_at(&before, before.len()),
                })
            }
        };
    }
    let Some(encoding) = Encoding::for_label(used.as_bytes()) else {
        return Err(fault(XmlFault::UnknownEncoding { encoding: used }));
    };
    match encoding.decode_without_bom_handling_and_without_replacement(rest) {
        Some(text) => Ok((text.into_owned(), EncodingFacts { mark, declared, used })),
        None => Err(fault(XmlFault::InvalidBytes { encoding: used })),
    }
}

fn utf16(bytes: &[u8], little: bool) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let units = pairs.iter().map(|pair| {
        if little {
            u16::from_le_bytes(*pair)
        } else {
            u16::from_be_bytes(*pair)
        }
    });
    char::decode_utf16(units).collect::<Result<String, _>>().ok()
}

/// The first bytes as far as they are ASCII: enough for an XML declaration.
fn ascii_start(bytes: &[u8]) -> String {
    let start = &bytes[..bytes.len().min(256)];
    start
        .iter()
        .take_while(|byte| byte.is_ascii())
        .map(|byte| char::from(*byte))
        .collect()
}

/// The encoding that an XML declaration names.
fn declared_encoding(text: &str) -> Option<String> {
    let declaration = text.strip_prefix("<?xml")?.split("?>").next()?;
    let after = declaration
        .split_once("encoding")?
        .1
        .trim_start()
        .strip_prefix('=')?
        .trim_start();
    let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    after[1..].split(quote).next().map(ToOwned::to_owned)
}

/// Line and column of a byte offset.
pub(super) fn position_at(text: &str, offset: usize) -> Position {
    let offset = offset.min(text.len());
    let before = &text.as_bytes()[..offset];
    let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    position_in_line(text, memchr::memchr_iter(b'\n', before).count(), line_start, offset)
}

/// The same where the line is known: how many are before it, and the offset where it begins.
pub(super) fn position_in_line(text: &str, lines_before: usize, line_start: usize, offset: usize) -> Position {
    let column = text.get(line_start..offset).map_or(0, |line| line.chars().count()) + 1;
    Position {
        line: u32::try_from(lines_before + 1).unwrap_or(u32::MAX),
        column: u32::try_from(column).unwrap_or(u32::MAX),
        offset,
    }
}
