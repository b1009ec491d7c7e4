//! Reading a document: well-formedness of XML 1.0 (fifth edition) and Namespaces in XML 1.0 (third edition).
//!
//! One pass over the text, no recursion, so that nesting costs memory only up to its limit.

mod markup;
mod tags;
mod text;

use std::collections::HashMap;
use std::sync::OnceLock;

use super::encoding::{decode, position_at};
use super::tree::{AttributeData, Binding, Declaration, NONE, NamespaceId, NodeData, NodeKind, Span};
use super::{Document, EncodingFacts, Limits, XmlError, XmlFault};

/// Reads a document from bytes. `transport` is the charset that the transport names, if any.
///
/// # Errors
/// See [`XmlFault`].
pub fn parse_bytes(bytes: &[u8], transport: Option<&str>, limits: &Limits) -> Result<Document, XmlError> {
    let (text, encoding) = decode(bytes, transport, limits)?;
    parse_text(text, encoding, limits)
}

/// Reads a document from text.
///
/// # Errors
/// See [`XmlFault`].
pub fn parse(text: &str, limits: &Limits) -> Result<Document, XmlError> {
    parse_bytes(text.as_bytes(), Some("UTF-8"), limits)
}

fn parse_text(text: String, encoding: EncodingFacts, limits: &Limits) -> Result<Document, XmlError> {
    let mut reader = Reader::new(&text, limits);
    if let Err(stop) = reader.document() {
        return Err(XmlError {
            fault: stop.fault,
            at: position_at(&text, stop.at),
        });
    }
    let Built {
        store,
        nodes,
        attributes,
        bindings,
        namespaces,
        top,
        root,
        declaration,
        doctype,
    } = reader.built;
    Ok(Document {
        text,
        store,
        nodes,
        attributes,
        bindings,
        namespaces,
        top,
        root,
        declaration,
        doctype,
        encoding,
        breaks: OnceLock::new(),
    })
}

/// A fault at a byte offset.
struct Stop {
    fault: XmlFault,
    at: usize,
}

type Step<T = ()> = Result<T, Stop>;

/// What has been read so far.
#[derive(Default)]
struct Built {
    store: String,
    nodes: Vec<NodeData>,
    attributes: Vec<AttributeData>,
    bindings: Vec<Binding>,
    namespaces: Vec<String>,
    top: Vec<u32>,
    root: u32,
    declaration: Option<Declaration>,
    doctype: Option<std::ops::Range<u32>>,
}

/// An element that is not closed yet.
struct Open {
    node: u32,
    last_child: u32,
    scope: usize,
}

/// An attribute as written, before names are resolved.
struct Raw {
    prefix: Span,
    local: Span,
    value: Span,
    start: u32,
    end: u32,
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
    limits: &'t Limits,
    built: Built,
    open: Vec<Open>,
    /// Prefix and namespace, innermost last.
    scope: Vec<(&'t str, NamespaceId)>,
    known: HashMap<String, NamespaceId>,
    raw: Vec<Raw>,
}

fn offset(at: usize) -> u32 {
    // Limits::bytes keeps documents far below 4 GiB; `document` checks it.
    u32::try_from(at).unwrap_or(u32::MAX)
}

impl<'t> Reader<'t> {
    fn new(text: &'t str, limits: &'t Limits) -> Self {
        Self {
            text,
            bytes: text.as_bytes(),
            at: 0,
            limits,
            built: Built {
                root: NONE,
                ..Built::default()
            },
            open: Vec::new(),
            scope: Vec::new(),
            known: HashMap::new(),
            raw: Vec::new(),
        }
    }

    fn stop<T>(&self, fault: XmlFault) -> Step<T> {
        Err(Stop { fault, at: self.at })
    }

    fn expected<T>(&self, ja: &'static str, en: &'static str) -> Step<T> {
        if self.at >= self.bytes.len() {
            return self.stop(XmlFault::UnexpectedEnd { ja, en });
        }
        self.stop(XmlFault::Expected { ja, en })
    }

    fn rest(&self) -> &'t [u8] {
        &self.bytes[self.at..]
    }

    fn looks_at(&self, word: &str) -> bool {
        self.rest().starts_with(word.as_bytes())
    }

    fn skip_space(&mut self) -> bool {
        let before = self.at;
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        self.at > before
    }

    fn document(&mut self) -> Step {
        if self.bytes.len() >= u32::MAX as usize {
            return self.stop(XmlFault::TooLarge {
                limit: u32::MAX as usize,
            });
        }
        if self.bytes.is_empty() {
            return self.stop(XmlFault::Empty);
        }
        self.characters()?;
        self.xml_declaration()?;
        while self.at < self.bytes.len() {
            if self.open.is_empty() {
                self.outside()?;
            } else {
                self.inside()?;
            }
        }
        if let Some(open) = self.open.last() {
            let name = self.tag_name(open.node).to_owned();
            return self.stop(XmlFault::Unclosed { name });
        }
        if self.built.root == NONE {
            return self.stop(XmlFault::NoRoot);
        }
        Ok(())
    }

    /// Outside the document element.
    fn outside(&mut self) -> Step {
        self.skip_space();
        if self.at >= self.bytes.len() {
            return Ok(());
        }
        if self.looks_at("<!--") {
            self.comment()
        } else if self.looks_at("<?") {
            self.processing_instruction()
        } else if self.looks_at("<!DOCTYPE") {
            self.doctype()
        } else if self.built.root != NONE {
            self.stop(XmlFault::AfterRoot)
        } else if self.looks_at("<") {
            self.start_tag()
        } else {
            self.expected("要素の開始「<」", "`<`, the start of an element")
        }
    }

    /// Inside an element.
    fn inside(&mut self) -> Step {
        if self.bytes[self.at] != b'<' {
            return self.character_data();
        }
        match self.bytes.get(self.at + 1) {
            Some(b'/') => self.end_tag(),
            Some(b'?') => self.processing_instruction(),
            Some(b'!') if self.looks_at("<!--") => self.comment(),
            Some(b'!') if self.looks_at("<![CDATA[") => self.cdata(),
            Some(b'!') => self.expected("コメントか CDATA", "a comment or a CDATA section"),
            _ => self.start_tag(),
        }
    }

    fn skip_past(&mut self, open: &str, close: &str, ja: &'static str, en: &'static str) -> Step<(usize, usize)> {
        let start = self.at + open.len();
        match memchr::memmem::find(&self.bytes[start..], close.as_bytes()) {
            Some(length) => {
                self.at = start + length + close.len();
                Ok((start, start + length))
            }
            None => {
                self.at = self.bytes.len();
                self.expected(ja, en)
            }
        }
    }

    /// A quoted value; gives the range between the quotes.
    fn quoted(&mut self) -> Step<(usize, usize)> {
        let Some(&quote) = self.bytes.get(self.at).filter(|quote| matches!(quote, b'"' | b'\'')) else {
            return self.expected("引用符で囲んだ値", "a value in quotes");
        };
        let start = self.at + 1;
        match memchr::memchr(quote, &self.bytes[start..]) {
            Some(length) => {
                self.at = start + length + 1;
                Ok((start, start + length))
            }
            None => {
                self.at = self.bytes.len();
                self.expected("引用符で囲んだ値", "a value in quotes")
            }
        }
    }

    fn equals(&mut self) -> Step {
        self.skip_space();
        if self.bytes.get(self.at) != Some(&b'=') {
            return self.expected("「=」", "`=`");
        }
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    fn leaf(&mut self, kind: NodeKind, start: usize, local: Span, value: Span) -> Step {
        let end = offset(self.at);
        self.push(NodeData {
            kind,
            parent: NONE,
            first_child: NONE,
            next: NONE,
            start: offset(start),
            end,
            tag_end: end,
            namespace: 0,
            prefix: Span::default(),
            local,
            value,
            attributes: 0..0,
            bindings: 0..0,
        })?;
        Ok(())
    }

    /// Puts a node behind its elder sibling.
    fn push(&mut self, mut node: NodeData) -> Step<u32> {
        if self.built.nodes.len() >= self.limits.nodes {
            return self.stop(XmlFault::TooManyNodes {
                limit: self.limits.nodes,
            });
        }
        let index = offset(self.built.nodes.len());
        match self.open.last_mut() {
            None => self.built.top.push(index),
            Some(open) => {
                node.parent = open.node;
                if open.last_child == NONE {
                    self.built.nodes[open.node as usize].first_child = index;
                } else {
                    self.built.nodes[open.last_child as usize].next = index;
                }
                open.last_child = index;
            }
        }
        self.built.nodes.push(node);
        Ok(index)
    }
}

fn plain(start: usize, end: usize) -> Span {
    Span {
        start: offset(start),
        end: offset(end),
        stored: false,
    }
}
