//! Character data, references, normalisation and names.

use super::super::XmlFault;
use super::super::names::{continues_name, is_name, starts_name};
use super::super::tree::{NodeKind, Span};
use super::{Reader, Step, offset, plain};

impl Reader<'_> {
    /// No character that XML forbids stands anywhere (production 2).
    pub(super) fn characters(&mut self) -> Step {
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

    pub(super) fn character_data(&mut self) -> Step {
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
    pub(super) fn normalized_text(&mut self, start: usize, end: usize) -> Span {
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
    pub(super) fn expanded(&mut self, start: usize, end: usize, attribute: bool) -> Step<Span> {
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

    pub(super) fn name(&mut self) -> Step<Span> {
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
        self.name_fits(length)?;
        self.at = start + length;
        Ok(plain(start, self.at))
    }

    /// Names stand in messages and are kept many times over.
    pub(super) fn name_fits(&self, length: usize) -> Step {
        let limit = self.limits.name;
        if length > limit {
            return self.stop(XmlFault::LongName { limit });
        }
        Ok(())
    }

    /// A qualified name: prefix and local part.
    pub(super) fn qualified_name(&mut self) -> Step<(Span, Span)> {
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
}

/// An ampersand that begins no reference.
const NO_REFERENCE: XmlFault = XmlFault::Expected {
    ja: "「&amp;」または「;」で終わる参照",
    en: "`&amp;`, or a reference that ends with `;`",
};

fn is_xml_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}
