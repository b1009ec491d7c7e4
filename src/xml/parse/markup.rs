//! Markup that is no element: the XML declaration, the document type declaration, comments, processing instructions and
//! CDATA sections.

use super::super::tree::{Declaration, NONE, NodeKind, Span};
use super::super::{Doctype, XmlFault};
use super::{Reader, Step, offset};

impl Reader<'_> {
    pub(super) fn xml_declaration(&mut self) -> Step {
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

    pub(super) fn doctype(&mut self) -> Step {
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

    pub(super) fn comment(&mut self) -> Step {
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

    pub(super) fn processing_instruction(&mut self) -> Step {
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

    pub(super) fn cdata(&mut self) -> Step {
        let start = self.at;
        let (from, to) = self.skip_past("<![CDATA[", "]]>", "CDATA", "a CDATA section")?;
        let value = self.normalized_text(from, to);
        self.leaf(NodeKind::CData, start, Span::default(), value)
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
