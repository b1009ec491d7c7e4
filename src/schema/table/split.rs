//! Records of delimited text in a slice: one pass over the bytes that also tells which classes of bytes a field holds.

use super::record::{Field, Form, LineEnd, QuoteFault, QuoteFaultKind, Record};

/// Classes of bytes; a field holds the union of those of its bytes.
pub(super) mod class {
    /// 0 to 9.
    pub(in super::super) const DIGIT: u8 = 1;
    /// A to Z, a to z.
    pub(in super::super) const LETTER: u8 = 2;
    /// Every other printable ASCII character, the space included.
    pub(in super::super) const SIGN: u8 = 4;
    /// Control characters other than NUL.
    pub(in super::super) const CONTROL: u8 = 8;
    /// NUL.
    pub(in super::super) const NUL: u8 = 16;
    /// Bytes above ASCII.
    pub(in super::super) const HIGH: u8 = 32;
    /// Every class of printable ASCII.
    pub(in super::super) const PRINTABLE: u8 = DIGIT | LETTER | SIGN;
    /// A byte at which a run ends; never part of a union.
    pub(super) const STOP: u8 = 128;
}

fn class_of(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => class::DIGIT,
        b'a'..=b'z' | b'A'..=b'Z' => class::LETTER,
        b' '..=b'~' => class::SIGN,
        0 => class::NUL,
        0x80.. => class::HIGH,
        _ => class::CONTROL,
    }
}

/// What was found at the beginning of a slice.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Split {
    /// A whole record; the next begins here.
    Record(usize),
    /// The slice ends inside a record whose last field begins here: more bytes are needed.
    Incomplete(usize),
    /// The record has more fields than are read.
    TooWide,
    /// Nothing is left.
    End,
}

/// Fields of one record at the most.
pub(super) const MOST_FIELDS: usize = 1 << 16;

/// Splits delimited text into records.
pub(super) struct Splitter {
    separator: u8,
    quote: Option<u8>,
    plain: [u8; 256],
    quoted: [u8; 256],
}

impl Splitter {
    pub(super) fn new(separator: u8, quote: Option<u8>) -> Self {
        let mut plain = [0; 256];
        for byte in 0..=u8::MAX {
            plain[usize::from(byte)] = class_of(byte);
        }
        let mut quoted = plain;
        for stop in [Some(separator), Some(b'\n'), Some(b'\r'), quote].into_iter().flatten() {
            plain[usize::from(stop)] = class::STOP;
        }
        if let Some(quote) = quote {
            quoted[usize::from(quote)] = class::STOP;
        }
        Self {
            separator,
            quote,
            plain,
            quoted,
        }
    }

    /// Reads the record at `start`. `last`: no bytes follow the slice. `literal`: quotes mean nothing in this record.
    #[inline]
    pub(super) fn split(&self, bytes: &[u8], start: usize, last: bool, literal: bool, record: &mut Record) -> Split {
        record.clear(start);
        if start >= bytes.len() {
            return if last { Split::End } else { Split::Incomplete(start) };
        }
        let mut at = start;
        loop {
            let begin = at;
            if record.fields.len() >= MOST_FIELDS {
                return Split::TooWide;
            }
            let stopped = match self.quote {
                Some(quote) if !literal && bytes.get(at) == Some(&quote) => self.quoted_field(bytes, at, last, record),
                _ => self.plain_field(bytes, at, last, literal, record),
            };
            let Some(end) = stopped else {
                return Split::Incomplete(begin);
            };
            match bytes.get(end) {
                Some(byte) if *byte == self.separator => at = end + 1,
                Some(b'\n') => return record.ends(LineEnd::Lf, end + 1),
                Some(_) if bytes.get(end + 1) == Some(&b'\n') => return record.ends(LineEnd::CrLf, end + 2),
                // The LF of a CR LF may stand in the next block.
                Some(_) if end + 1 == bytes.len() && !last => return Split::Incomplete(begin),
                Some(_) => return record.ends(LineEnd::Cr, end + 1),
                None => return record.ends(LineEnd::Missing, end),
            }
        }
    }

    /// Reads a field without quotes; gives the place of the separator or line end, or `None` if bytes are missing.
    #[inline]
    fn plain_field(&self, bytes: &[u8], start: usize, last: bool, literal: bool, record: &mut Record) -> Option<usize> {
        let mut at = start;
        let mut seen = 0;
        loop {
            let (run, classes) = run(&self.plain, &bytes[at..]);
            seen |= classes;
            at += run;
            match bytes.get(at) {
                None if !last => return None,
                Some(byte) if Some(*byte) == self.quote => {
                    if !literal && !record.faults.iter().any(|fault| fault.field == record.fields.len()) {
                        record.faults.push(QuoteFault {
                            field: record.fields.len(),
                            kind: QuoteFaultKind::Inside,
                        });
                    }
                    seen |= class::SIGN;
                    at += 1;
                }
                _ => {
                    record.fields.push(Field {
                        start,
                        end: at,
                        seen,
                        form: Form::Plain,
                    });
                    return Some(at);
                }
            }
        }
    }

    /// Reads a field that begins with a quote.
    #[inline]
    fn quoted_field(&self, bytes: &[u8], start: usize, last: bool, record: &mut Record) -> Option<usize> {
        let inner = start + 1;
        let mut at = inner;
        let mut seen = 0;
        let mut escaped = false;
        let close = loop {
            let (run, classes) = run(&self.quoted, &bytes[at..]);
            seen |= classes;
            at += run;
            if at >= bytes.len() {
                if !last {
                    return None;
                }
                record.faults.push(QuoteFault {
                    field: record.fields.len(),
                    kind: QuoteFaultKind::Open,
                });
                break at;
            }
            match bytes.get(at + 1) {
                None if !last => return None,
                Some(next) if *next == bytes[at] => {
                    escaped = true;
                    seen |= class::SIGN;
                    at += 2;
                }
                _ => break at,
            }
        };
        if seen & class::CONTROL != 0 {
            record.inner_lines += memchr::memchr_iter(b'\n', &bytes[inner..close]).count();
        }
        let after = close + 1;
        match bytes.get(after) {
            Some(byte) if self.plain[usize::from(*byte)] != class::STOP => {
                // Text after the closing quote belongs to the field; it is told, and the field goes on to the separator.
                record.faults.push(QuoteFault {
                    field: record.fields.len(),
                    kind: QuoteFaultKind::After,
                });
                let mut end = after;
                loop {
                    let (run, classes) = run(&self.plain, &bytes[end..]);
                    seen |= classes;
                    end += run;
                    match bytes.get(end) {
                        None if !last => return None,
                        Some(byte) if Some(*byte) == self.quote => end += 1,
                        _ => break,
                    }
                }
                record.fields.push(Field {
                    start,
                    end,
                    seen: seen | class::SIGN,
                    form: Form::Plain,
                });
                Some(end)
            }
            _ => {
                if escaped {
                    record.unescape(&bytes[inner..close], bytes[start], seen);
                } else {
                    record.fields.push(Field {
                        start: inner,
                        end: close,
                        seen,
                        form: Form::Quoted,
                    });
                }
                Some(after.min(bytes.len()))
            }
        }
    }
}

/// Length of the run before the first stop, and the classes in it.
#[inline]
fn run(classes: &[u8; 256], bytes: &[u8]) -> (usize, u8) {
    let mut seen = 0;
    for (length, byte) in bytes.iter().enumerate() {
        let class = classes[usize::from(*byte)];
        if class == class::STOP {
            return (length, seen);
        }
        seen |= class;
    }
    (bytes.len(), seen)
}
