//! One item made ready for checking: a quick answer for almost every field, without allocation.

use std::collections::HashSet;

use super::dates;
use super::model::{Characters, CheckDigit, Item, Presence, Repertoire, Table, Type};
use super::split::class;

/// Values of a closed code list.
#[derive(Debug)]
pub(super) enum Codes {
    /// All of one ASCII character.
    Single([bool; 128]),
    Many(HashSet<Box<[u8]>>),
}

impl Codes {
    fn new<'a>(values: impl Iterator<Item = &'a str> + Clone) -> Self {
        if values.clone().all(|value| value.len() == 1) {
            let mut all = [false; 128];
            for byte in values.flat_map(str::bytes) {
                all[usize::from(byte)] = true;
            }
            return Self::Single(all);
        }
        Self::Many(values.map(|value| value.as_bytes().into()).collect())
    }

    #[inline]
    pub(super) fn has(&self, value: &[u8]) -> bool {
        match self {
            Self::Single(all) => matches!(value, [byte] if all.get(usize::from(*byte)).copied().unwrap_or(false)),
            Self::Many(all) => all.contains(value),
        }
    }
}

/// An item made ready.
#[derive(Debug)]
pub(super) struct Column<'t> {
    pub(super) item: &'t Item,
    pub(super) item_type: Option<Type>,
    pub(super) least: usize,
    pub(super) most: usize,
    pub(super) fraction: usize,
    pub(super) required: bool,
    pub(super) codes: Option<Codes>,
    pub(super) check_digit: Option<CheckDigit>,
    pub(super) characters: Option<Characters>,
    pub(super) repertoire: Repertoire,
    pub(super) repeat_separator: Option<char>,
    /// Nothing but type and length has to be asked.
    simple: bool,
}

impl<'t> Column<'t> {
    pub(super) fn new(item: &'t Item, table: &Table) -> Self {
        let codes = item
            .code
            .as_ref()
            .and_then(|id| table.code.iter().find(|list| list.id == *id))
            .filter(|list| !list.open && !list.value.is_empty())
            .map(|list| Codes::new(list.value.iter().map(|code| code.code.as_str())));
        let most = item.length.map_or(usize::MAX, |length| length as usize);
        let repeat_separator = table.dialect.repeat_separator.filter(|_| item.repeat.is_some());
        Self {
            item,
            item_type: item.item_type,
            least: if item.fixed && most != usize::MAX { most } else { 0 },
            most,
            fraction: item.fraction.unwrap_or(0) as usize,
            required: item.presence == Presence::Required,
            simple: codes.is_none()
                && item.check_digit.is_none()
                && item.characters.is_none()
                && table.dialect.repertoire == Repertoire::Unicode
                && repeat_separator.is_none(),
            codes,
            check_digit: item.check_digit,
            characters: item.characters,
            repertoire: table.dialect.repertoire,
            repeat_separator,
        }
    }

    /// Whether a field is in order beyond doubt. `false` means that it has to be looked at closely.
    #[inline]
    pub(super) fn is_fine(&self, value: &[u8], seen: u8) -> bool {
        let length = value.len();
        if length == 0 {
            return !self.required;
        }
        let fits = |length: usize| length <= self.most && length >= self.least;
        let right = match self.item_type {
            Some(Type::X) => seen & !class::PRINTABLE == 0 && fits(length),
            Some(Type::N) => seen == class::HIGH && wide(value).is_some_and(fits),
            Some(Type::Integer) => seen == class::DIGIT && fits(length),
            Some(Type::Date) => dates::is_day(value),
            Some(Type::Time) => dates::is_time(value),
            Some(Type::Mixed | Type::Blob) | None => seen & !class::PRINTABLE == 0 && fits(length),
            Some(Type::Year | Type::Decimal | Type::Signed) => false,
        };
        if self.simple {
            return right;
        }
        right
            && self.repertoire == Repertoire::Unicode
            && self.check_digit.is_none()
            && self.repeat_separator.is_none()
            && self.codes.as_ref().is_none_or(|codes| codes.has(value))
            && match self.characters {
                None => true,
                Some(Characters::Digits) => seen == class::DIGIT,
                Some(Characters::Alphanumeric) => seen & !(class::DIGIT | class::LETTER) == 0,
                Some(Characters::Katakana) => false,
            }
    }
}

/// Length of text of which every character is, without doubt, full-width and of three bytes: U+2000 to U+9FFF and
/// U+FF00 to U+FF5F. `None` for everything else.
#[inline]
fn wide(value: &[u8]) -> Option<usize> {
    let (characters, rest) = value.as_chunks::<3>();
    if !rest.is_empty() {
        return None;
    }
    let mut wrong = false;
    for [a, b, c] in characters {
        let common = (0xE3..=0xE9).contains(a);
        let sign = *a == 0xE2;
        let form = *a == 0xEF && (*b == 0xBC || (*b == 0xBD && *c < 0xA0));
        wrong |= !((common | sign | form) & (*b & 0xC0 == 0x80) & (*c & 0xC0 == 0x80));
    }
    (!wrong).then_some(characters.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::characters::{is_full_width, length};

    #[test]
    fn quick_width_agrees_with_the_text_room() {
        for code in 0..=0x10_FFFF {
            let Some(c) = char::from_u32(code) else { continue };
            let text = c.to_string();
            if wide(text.as_bytes()).is_some() {
                assert!(is_full_width(c) && length(&text) == 1, "U+{code:04X}");
            }
        }
        assert_eq!(wide("漢字　Ａ１".as_bytes()), Some(5));
        assert_eq!(wide("漢a字".as_bytes()), None);
        assert_eq!(wide(&[0xE3, 0x81]), None);
        assert_eq!(wide(&[0xE3, 0x81, 0x20]), None);
        assert_eq!(wide("ｱ".as_bytes()), None);
    }
}
