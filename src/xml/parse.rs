//! Reading a document: well-formedness of XML 1.0 (fifth edition) and Namespaces in XML 1.0 (third edition).
//!
//! One pass over the text, no recursion, so that nesting costs memory only up to its limit.

use std::collections::{HashMap, HashSet};

use super::encoding::{decode, position_at};
use super::names::{continues_name, is_name, starts_name};
use super::tree::{AttributeData, Binding, Declaration, NONE, NamespaceId, NodeData, NodeKind, Span};
use super::{Doctype, Document, EncodingFacts, Limits, XML_NAMESPACE, XMLNS_NAMESPACE, XmlError, XmlFault};

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

    /// No character that XML forbids stands anywhere (production 2).
    fn characters(&mut self) -> Step {
        let forbidden = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
        let control = self.bytes.iter().position(|&byte| forbidden(byte));
        // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
        let end = control.unwrap_or(self.bytes.len());
        let noncharacter = memchr::memmem::find_iter(&self.bytes[..end], b"\xEF\xBF")
            .find(|at| matches!(self.bytes.get(at + 2), Some(0xBE | 0xBF)));
        match noncharacter.or(control) {
            None => Ok(()),
            Some(at) => {
                self.at = at;
                let code = self.text[at..].chars().next().map_or(0, u32::from);
                self.stop(XmlFault::Character { code })
            }
        }
    }

    fn xml_declaration(&mut self) -> Step {
        let declared = self.looks_at("<?xml") && matches!(self.bytes.get(5), Some(b' ' | b'\t' | b'\r' | b'\n'));
        if !declared {
            return Ok(());
        }
        self.at = 5;
        let version = self.pseudo_attribute("version")?;
        let Some(version) = version.filter(|version| is_version(version)) else {
            return self.expected("XML 宣言の version（1.0）", "the version (1.0) of the XML declaration");
        };
        let encoding = self.pseudo_attribute("encoding")?;
        if encoding.as_deref().is_some_and(|name| !is_encoding_name(name)) {
            return self.expected("文字コードの名前", "the name of an encoding");
        }
        let standalone = self.pseudo_attribute("standalone")?;
        if standalone.as_deref().is_some_and(|word| !matches!(word, "yes" | "no")) {
            return self.expected("standalone の値 yes か no", "`yes` or `no` for standalone");
        }
        self.skip_space();
        if !self.looks_at("?>") {
            return self.expected("XML 宣言の終わり「?>」", "`?>`, the end of the XML declaration");
        }
        self.at += 2;
        self.built.declaration = Some(Declaration {
            version,
            encoding,
            standalone,
        });
        Ok(())
    }

    fn pseudo_attribute(&mut self, name: &str) -> Step<Option<String>> {
        let before = self.at;
        if !self.skip_space() || !self.looks_at(name) {
            self.at = before;
            return Ok(None);
        }
        self.at += name.len();
        self.equals()?;
        let (start, end) = self.quoted()?;
        Ok(Some(self.text[start..end].to_owned()))
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

    fn doctype(&mut self) -> Step {
        if self.limits.doctype == Doctype::Refuse {
            return self.stop(XmlFault::Doctype);
        }
        if self.built.doctype.is_some() || self.built.root != NONE {
            return self.expected("要素", "an element");
        }
        let start = self.at;
        self.at += "<!DOCTYPE".len();
        let mut in_subset = false;
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b'"' | b'\'' => {
                    self.quoted()?;
                    continue;
                }
                b'<' if self.looks_at("<!--") => {
                    self.skip_past("<!--", "-->", "コメント", "a comment")?;
                    continue;
                }
                b'<' if self.looks_at("<?") => {
                    self.skip_past("<?", "?>", "処理命令", "a processing instruction")?;
                    continue;
                }
                b'[' => in_subset = true,
                b']' => in_subset = false,
                b'>' if !in_subset => {
                    self.at += 1;
                    self.built.doctype = Some(offset(start)..offset(self.at));
                    return Ok(());
                }
                _ => {}
            }
            self.at += 1;
        }
        self.expected("文書型宣言", "a document type declaration")
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

    fn comment(&mut self) -> Step {
        let start = self.at;
        let (from, to) = self.skip_past("<!--", "-->", "コメント", "a comment")?;
        let dashes = memchr::memmem::find(&self.bytes[from..to], b"--");
        if let Some(at) = dashes.or_else(|| self.text[from..to].ends_with('-').then(|| to - from - 1)) {
            self.at = from + at;
            return self.expected(
                "「--」を含まず「-」で終わらないコメント",
                "a comment without `--` that does not end with `-`",
            );
        }
        let value = self.normalized_text(from, to);
        self.leaf(NodeKind::Comment, start, Span::default(), value)
    }

    fn processing_instruction(&mut self) -> Step {
        let start = self.at;
        self.at += 2;
        let target = self.name()?;
        let name = &self.text[target.start as usize..target.end as usize];
        if name.eq_ignore_ascii_case("xml") || name.contains(':') {
            self.at = start;
            return self.expected(
                "処理命令の名前（xml とコロン付きは不可。XML 宣言は文書の先頭のみ）",
                "a target other than `xml` and without a colon (an XML declaration stands only at the very start)",
            );
        }
        let spaced = self.skip_space();
        if !spaced && !self.looks_at("?>") {
            return self.expected("空白か「?>」", "white space or `?>`");
        }
        let (from, to) = self.skip_past("", "?>", "処理命令", "a processing instruction")?;
        let value = self.normalized_text(from, to);
        self.leaf(NodeKind::ProcessingInstruction, start, target, value)
    }

    fn cdata(&mut self) -> Step {
        let start = self.at;
        let (from, to) = self.skip_past("<![CDATA[", "]]>", "CDATA", "a CDATA section")?;
        let value = self.normalized_text(from, to);
        self.leaf(NodeKind::CData, start, Span::default(), value)
    }

    fn character_data(&mut self) -> Step {
        let start = self.at;
        let end = memchr::memchr(b'<', self.rest()).map_or(self.bytes.len(), |length| start + length);
        let raw = &self.bytes[start..end];
        if let Some(at) = memchr::memmem::find(raw, b"]]>") {
            self.at = start + at;
            return self.expected("「]]>」を含まない文字データ", "character data without `]]>`");
        }
        let value = self.expanded(start, end, false)?;
        self.at = end;
        self.leaf(NodeKind::Text, start, Span::default(), value)
    }

    /// Text with line ends normalised (section 2.11).
    fn normalized_text(&mut self, start: usize, end: usize) -> Span {
        let raw = &self.text[start..end];
        if memchr::memchr(b'\r', raw.as_bytes()).is_none() {
            return plain(start, end);
        }
        let from = self.built.store.len();
        let normal = raw.replace("\r\n", "\n").replace('\r', "\n");
        self.built.store.push_str(&normal);
        self.stored_from(from)
    }

    fn stored_from(&self, from: usize) -> Span {
        Span {
            start: offset(from),
            end: offset(self.built.store.len()),
            stored: true,
        }
    }

    /// Text or attribute value with references replaced and line ends normalised.
    fn expanded(&mut self, start: usize, end: usize, attribute: bool) -> Step<Span> {
        let raw = &self.bytes[start..end];
        let changes = |byte: &u8| matches!(byte, b'&' | b'\r') || attribute && matches!(byte, b'\n' | b'\t');
        let Some(first) = raw.iter().position(changes) else {
            return Ok(plain(start, end));
        };
        let from = self.built.store.len();
        let mut at = start + first;
        let mut copied = start;
        while at < end {
            let byte = self.bytes[at];
            if !changes(&byte) {
                at += 1;
                continue;
            }
            let text = self.text;
            self.built.store.push_str(&text[copied..at]);
            match byte {
                b'&' => {
                    let (character, next) = self.reference(at, end)?;
                    self.built.store.push(character);
                    at = next;
                }
                b'\r' => {
                    self.built.store.push(if attribute { ' ' } else { '\n' });
                    at += if self.bytes.get(at + 1) == Some(&b'\n') { 2 } else { 1 };
                }
                _ => {
                    self.built.store.push(' ');
                    at += 1;
                }
            }
            copied = at;
        }
        let text = self.text;
        self.built.store.push_str(&text[copied..end]);
        Ok(self.stored_from(from))
    }

    /// One reference; gives its character and what follows it.
    fn reference(&mut self, at: usize, end: usize) -> Step<(char, usize)> {
        self.at = at;
        // No reference of the five entities or of a character needs more than a few dozen bytes.
        let window = &self.bytes[at + 1..end.min(at + 1 + 64)];
        let Some(length) = memchr::memchr(b';', window) else {
            return self.stop(NO_REFERENCE);
        };
        let name = &self.text[at + 1..at + 1 + length];
        let next = at + length + 2;
        let character = match name {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => {
                let Some(number) = name.strip_prefix('#') else {
                    return self.stop(if is_name(name) {
                        XmlFault::Entity { name: name.to_owned() }
                    } else {
                        NO_REFERENCE
                    });
                };
                let digits = number.strip_prefix('x');
                let well_formed = match digits {
                    Some(hex) => !hex.is_empty() && hex.bytes().all(|byte| byte.is_ascii_hexdigit()),
                    None => !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()),
                };
                if !well_formed {
                    return self.stop(XmlFault::Expected {
                        ja: "文字参照の番号",
                        en: "the number of a character reference",
                    });
                }
                let code = match digits {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => number.parse(),
                }
                .unwrap_or(u32::MAX);
                match char::from_u32(code).filter(|character| is_xml_character(*character)) {
                    Some(character) => character,
                    None => return self.stop(XmlFault::Character { code }),
                }
            }
        };
        Ok((character, next))
    }

    fn name(&mut self) -> Step<Span> {
        let start = self.at;
        let rest = &self.text[start..];
        let mut length = 0;
        for character in rest.chars() {
            let fits = if length == 0 {
                starts_name(character)
            } else {
                continues_name(character)
            };
            if !fits {
                break;
            }
            length += character.len_utf8();
        }
        if length == 0 {
            return self.expected("名前", "a name");
        }
        self.at = start + length;
        Ok(plain(start, self.at))
    }

    /// A qualified name: prefix and local part.
    fn qualified_name(&mut self) -> Step<(Span, Span)> {
        let start = self.at;
        let whole = self.name()?;
        let text = &self.text[start..self.at];
        let Some(colon) = memchr::memchr(b':', text.as_bytes()) else {
            return Ok((Span::default(), whole));
        };
        let (prefix, local) = (&text[..colon], &text[colon + 1..]);
        let sound = !prefix.is_empty() && !local.contains(':') && local.chars().next().is_some_and(starts_name);
        if !sound {
            self.at = start;
            return self.expected(
                "名前空間に従う名前（接頭辞:名前）",
                "a name as namespaces allow it (prefix:name)",
            );
        }
        Ok((plain(start, start + colon), plain(start + colon + 1, self.at)))
    }

    fn start_tag(&mut self) -> Step {
        let start = self.at;
        if self.open.len() >= self.limits.depth {
            return self.stop(XmlFault::TooDeep {
                limit: self.limits.depth,
            });
        }
        self.at += 1;
        let (prefix, local) = self.qualified_name()?;
        let empty = self.attribute_list()?;
        let scope = self.scope.len();
        let bindings = self.bind()?;
        let namespace = self.namespace_of(prefix, start)?;
        let attributes = self.resolve_attributes()?;
        let tag_end = offset(self.at);
        let node = self.push(NodeData {
            kind: NodeKind::Element,
            parent: NONE,
            first_child: NONE,
            next: NONE,
            start: offset(start),
            end: tag_end,
            tag_end,
            namespace,
            prefix,
            local,
            value: Span::default(),
            attributes,
            bindings,
        })?;
        if self.open.is_empty() {
            self.built.root = node;
        }
        if empty {
            self.scope.truncate(scope);
        } else {
            self.open.push(Open {
                node,
                last_child: NONE,
                scope,
            });
        }
        Ok(())
    }

    /// Reads attributes up to the end of the tag into `raw`; tells whether the element is empty.
    fn attribute_list(&mut self) -> Step<bool> {
        self.raw.clear();
        loop {
            let spaced = self.skip_space();
            if self.looks_at("/>") {
                self.at += 2;
                return Ok(true);
            }
            match self.bytes.get(self.at) {
                Some(b'>') => {
                    self.at += 1;
                    return Ok(false);
                }
                None => return self.expected("開始タグ", "a start tag"),
                Some(_) if !spaced => {
                    return self.expected("空白、「>」または「/>」", "white space, `>` or `/>`");
                }
                Some(_) => {}
            }
            if self.raw.len() >= self.limits.attributes {
                return self.stop(XmlFault::TooManyAttributes {
                    limit: self.limits.attributes,
                });
            }
            let start = self.at;
            let (prefix, local) = self.qualified_name()?;
            self.equals()?;
            let (from, to) = self.quoted()?;
            let end = self.at;
            if let Some(at) = memchr::memchr(b'<', &self.bytes[from..to]) {
                self.at = from + at;
                return self.expected("「<」を含まない属性値", "an attribute value without `<`");
            }
            let value = self.expanded(from, to, true)?;
            self.at = end;
            self.raw.push(Raw {
                prefix,
                local,
                value,
                start: offset(start),
                end: offset(end),
            });
        }
    }

    fn slice(&self, span: Span) -> &str {
        let whole = if span.stored { &self.built.store } else { self.text };
        &whole[span.start as usize..span.end as usize]
    }

    fn plain_slice(&self, span: Span) -> &'t str {
        &self.text[span.start as usize..span.end as usize]
    }

    /// Puts the namespace declarations of the tag into scope.
    fn bind(&mut self) -> Step<std::ops::Range<u32>> {
        let first = offset(self.built.bindings.len());
        for index in 0..self.raw.len() {
            let raw = &self.raw[index];
            let (prefix, local) = (self.plain_slice(raw.prefix), self.plain_slice(raw.local));
            let declared = match (prefix, local) {
                ("", "xmlns") => Span::default(),
                ("xmlns", _) => raw.local,
                _ => continue,
            };
            let name = self.slice(raw.value).to_owned();
            let word = self.plain_slice(declared);
            let allowed = match word {
                "xmlns" => false,
                "xml" => name == XML_NAMESPACE,
                "" => name != XML_NAMESPACE && name != XMLNS_NAMESPACE,
                _ => !name.is_empty() && name != XML_NAMESPACE && name != XMLNS_NAMESPACE,
            };
            let start = raw.start;
            if !allowed {
                self.at = start as usize;
                return self.stop(XmlFault::NamespaceDeclaration {
                    prefix: word.to_owned(),
                });
            }
            let namespace = self.intern(name);
            self.built.bindings.push(Binding {
                prefix: declared,
                namespace,
                start,
            });
            if word != "xml" {
                if self.scope.len() >= self.limits.namespaces {
                    return self.stop(XmlFault::TooManyNamespaces {
                        limit: self.limits.namespaces,
                    });
                }
                self.scope.push((word, namespace));
            }
        }
        Ok(first..offset(self.built.bindings.len()))
    }

    fn intern(&mut self, name: String) -> NamespaceId {
        if name.is_empty() {
            return 0;
        }
        if let Some(&known) = self.known.get(&name) {
            return known;
        }
        self.built.namespaces.push(name.clone());
        let id = offset(self.built.namespaces.len());
        self.known.insert(name, id);
        id
    }

    fn namespace_of(&mut self, prefix: Span, at: usize) -> Step<NamespaceId> {
        let word = self.plain_slice(prefix);
        if word == "xml" {
            return Ok(self.intern(XML_NAMESPACE.to_owned()));
        }
        let bound = self.scope.iter().rev().find(|(known, _)| *known == word);
        match bound {
            Some((_, namespace)) => Ok(*namespace),
            None if word.is_empty() => Ok(0),
            None => {
                self.at = at;
                self.stop(XmlFault::UnboundPrefix {
                    prefix: word.to_owned(),
                })
            }
        }
    }

    fn resolve_attributes(&mut self) -> Step<std::ops::Range<u32>> {
        let first = self.built.attributes.len();
        let raw = std::mem::take(&mut self.raw);
        for raw in &raw {
            let prefix = self.plain_slice(raw.prefix);
            let declares = prefix == "xmlns" || prefix.is_empty() && self.plain_slice(raw.local) == "xmlns";
            if declares {
                continue;
            }
            let namespace = if prefix.is_empty() {
                0
            } else {
                self.namespace_of(raw.prefix, raw.start as usize)?
            };
            self.built.attributes.push(AttributeData {
                namespace,
                prefix: raw.prefix,
                local: raw.local,
                value: raw.value,
                start: raw.start,
                end: raw.end,
            });
        }
        self.no_duplicates(&raw, first)?;
        self.raw = raw;
        Ok(offset(first)..offset(self.built.attributes.len()))
    }

    /// No attribute stands twice, neither as written nor after prefixes are resolved.
    fn no_duplicates(&mut self, raw: &[Raw], first: usize) -> Step {
        if raw.len() < 2 {
            return Ok(());
        }
        let mut written = HashSet::with_capacity(raw.len());
        let twice = raw
            .iter()
            .find(|raw| !written.insert((self.plain_slice(raw.prefix), self.plain_slice(raw.local))))
            .map(|raw| (raw.start, raw.prefix, raw.local));
        let mut resolved = HashSet::new();
        let twice = twice.or_else(|| {
            self.built.attributes[first..]
                .iter()
                .find(|data| !resolved.insert((data.namespace, self.plain_slice(data.local))))
                .map(|data| (data.start, data.prefix, data.local))
        });
        let Some((start, prefix, local)) = twice else {
            return Ok(());
        };
        self.at = start as usize;
        let (prefix, local) = (self.plain_slice(prefix), self.plain_slice(local));
        let name = if prefix.is_empty() {
            local.to_owned()
        } else {
            format!("{prefix}:{local}")
        };
        self.stop(XmlFault::DuplicateAttribute { name })
    }

    fn end_tag(&mut self) -> Step {
        let start = self.at;
        self.at += 2;
        let name = self.name()?;
        self.skip_space();
        if self.bytes.get(self.at) != Some(&b'>') {
            return self.expected("終了タグの「>」", "`>`, the end of the end tag");
        }
        self.at += 1;
        let Some(open) = self.open.pop() else {
            return self.stop(XmlFault::AfterRoot);
        };
        let close = self.plain_slice(name);
        let opened = self.tag_name(open.node);
        if opened != close {
            let fault = XmlFault::EndTag {
                open: opened.to_owned(),
                close: close.to_owned(),
            };
            self.at = start;
            return self.stop(fault);
        }
        self.scope.truncate(open.scope);
        self.built.nodes[open.node as usize].end = offset(self.at);
        Ok(())
    }

    /// Name of an element as written in its start tag.
    fn tag_name(&self, node: u32) -> &'t str {
        let data = &self.built.nodes[node as usize];
        let start = if data.prefix.end > data.prefix.start {
            data.prefix.start
        } else {
            data.local.start
        };
        &self.text[start as usize..data.local.end as usize]
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

/// An ampersand that begins no reference.
const NO_REFERENCE: XmlFault = XmlFault::Expected {
    ja: "「&amp;」または「;」で終わる参照",
    en: "`&amp;`, or a reference that ends with `;`",
};

fn plain(start: usize, end: usize) -> Span {
    Span {
        start: offset(start),
        end: offset(end),
        stored: false,
    }
}

fn is_version(version: &str) -> bool {
    version
        .strip_prefix("1.")
        .is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_encoding_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

fn is_xml_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}
