//! One record of a file: places of its fields in the block that holds it.

use super::split::Split;

/// A field of a record.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Classes of its bytes.
    pub(super) seen: u8,
    pub(super) form: Form,
}

/// How a field is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Form {
    Plain,
    Quoted,
    /// Quoted, with doubled quotes inside: its content stands in the scratch of the record.
    Escaped,
}

/// What ends a record.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LineEnd {
    CrLf,
    Lf,
    Cr,
    /// The file ended.
    Missing,
}

impl LineEnd {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::CrLf => "CRLF",
            Self::Lf => "LF",
            Self::Cr => "CR",
            Self::Missing => "none",
        }
    }
}

/// A mistake of quoting.
#[derive(Clone, Copy, Debug)]
pub(super) struct QuoteFault {
    /// Index of the field.
    pub(super) field: usize,
    pub(super) kind: QuoteFaultKind,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum QuoteFaultKind {
    /// A quote inside a field without quotes.
    Inside,
    /// Text after the closing quote.
    After,
    /// No closing quote up to the end of the file.
    Open,
}

/// A record; one is used for a whole file.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) fields: Vec<Field>,
    pub(super) faults: Vec<QuoteFault>,
    /// Line ends inside quoted fields.
    pub(super) inner_lines: usize,
    pub(super) line_end: LineEnd,
    pub(super) start: usize,
    scratch: Vec<u8>,
}

impl Record {
    pub(super) fn new() -> Self {
        Self {
            fields: Vec::new(),
            faults: Vec::new(),
            inner_lines: 0,
            line_end: LineEnd::Missing,
            start: 0,
            scratch: Vec::new(),
        }
    }

    #[inline]
    pub(super) fn clear(&mut self, start: usize) {
        self.fields.clear();
        self.faults.clear();
        self.inner_lines = 0;
        self.start = start;
        self.scratch.clear();
    }

    #[inline]
    pub(super) fn ends(&mut self, line_end: LineEnd, next: usize) -> Split {
        self.line_end = line_end;
        Split::Record(next)
    }

    /// Content of a field of this record, which lies in `block`.
    #[inline]
    pub(super) fn bytes<'a>(&'a self, block: &'a [u8], field: Field) -> &'a [u8] {
        let from = if field.form == Form::Escaped {
            &self.scratch
        } else {
            block
        };
        &from[field.start..field.end]
    }

    /// Adds a field whose doubled quotes become single ones.
    pub(super) fn unescape(&mut self, inner: &[u8], quote: u8, seen: u8) {
        let start = self.scratch.len();
        let mut rest = inner;
        while let Some(at) = memchr::memchr(quote, rest) {
            self.scratch.extend_from_slice(&rest[..=at]);
            rest = rest.get(at + 2..).unwrap_or_default();
        }
        self.scratch.extend_from_slice(rest);
        self.fields.push(Field {
            start,
            end: self.scratch.len(),
            seen,
            form: Form::Escaped,
        });
    }
}
