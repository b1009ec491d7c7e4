//! What looks like the number of a real person never reaches the disk.
//!
//! One in ten strings of twelve digits has the check digit of a 個人番号, and times and serial numbers have twelve digits
//! too, so the check digit alone says nothing. A number counts if it stands by itself, its check digit is right, it is
//! none of the synthetic ones (six zeros in front), and either what stands before it names it, or it is one of at least
//! eight in the same message of which nearly all are right, as only a table of real numbers is. Its digits are replaced
//! by nines, which keeps lengths and is nobody's number.
//!
//! Not seen: names and addresses, and what is compressed, encrypted or a picture.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::text::identifiers::Kind;

/// What a number looks like.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PersonalNumber {
    /// 個人番号 (番号法2条5項).
    IndividualNumber,
    /// 住民票コード (住民基本台帳法7条13号).
    ResidentCode,
}

/// Where it was seen.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// In a request.
    Request,
    /// In a response.
    Response,
    /// In what a driver reported.
    Note,
}

/// Numbers in one message that look like those of real people. The numbers themselves are kept nowhere.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct RealLooking {
    /// What they look like.
    pub kind: PersonalNumber,
    /// Where.
    pub side: Side,
    /// What names them, or `table` where only their number speaks.
    pub named: String,
    /// How many.
    pub count: u32,
}

/// At least so many different numbers that nothing names are a table.
const TABLE: usize = 8;

/// How far before a number its name is looked for, in bytes.
const REACH: usize = 200;

/// Longest head of a CSV file that is looked at, in bytes.
const LONGEST_HEAD: usize = 16 * 1024;

/// Names of the numbers, in lower case and without separators.
const NAMES: [(&str, PersonalNumber); 14] = [
    ("kojinbango", PersonalNumber::IndividualNumber),
    ("kojinbangou", PersonalNumber::IndividualNumber),
    ("mynumber", PersonalNumber::IndividualNumber),
    ("individualnumber", PersonalNumber::IndividualNumber),
    ("個人番号", PersonalNumber::IndividualNumber),
    ("マイナンバー", PersonalNumber::IndividualNumber),
    (r"\u500b\u4eba\u756a\u53f7", PersonalNumber::IndividualNumber),
    ("juminhyocode", PersonalNumber::ResidentCode),
    ("juminhyokodo", PersonalNumber::ResidentCode),
    ("juminhyoucode", PersonalNumber::ResidentCode),
    ("juminhyoukodo", PersonalNumber::ResidentCode),
    ("residentrecordcode", PersonalNumber::ResidentCode),
    ("住民票コード", PersonalNumber::ResidentCode),
    (r"\u4f4f\u6c11\u7968\u30b3\u30fc\u30c9", PersonalNumber::ResidentCode),
];

/// Names in Windows-31J, as files of older systems are.
const SHIFT_JIS: [(&[u8], &str, PersonalNumber); 2] = [
    (
        b"\x8c\xc2\x90l\x94\xd4\x8d\x86",
        "個人番号",
        PersonalNumber::IndividualNumber,
    ),
    (
        b"\x8fZ\x96\xaf\x95[\x83R\x81[\x83h",
        "住民票コード",
        PersonalNumber::ResidentCode,
    ),
];

/// Finds real-looking numbers and, if `mask`, replaces their digits.
pub fn guard(bytes: &mut [u8], side: Side, mask: bool) -> Vec<RealLooking> {
    let hits = find(bytes);
    let mut found: BTreeMap<(PersonalNumber, &str), u32> = BTreeMap::new();
    for hit in &hits {
        *found.entry((hit.kind, hit.named)).or_default() += 1;
        for digit in hit.digits.iter().filter(|_| mask) {
            // The last byte of a digit tells which it is, also of a full-width one.
            bytes[digit.end - 1] = if digit.len() == 1 { b'9' } else { WIDE_ZERO[2] + 9 };
        }
    }
    let found = found.into_iter().map(|((kind, named), count)| RealLooking {
        kind,
        side,
        named: named.to_owned(),
        count,
    });
    found.collect()
}

/// Line of the first real-looking number in a text, from 1, and what names it.
pub fn first_line(text: &str) -> Option<(usize, &'static str)> {
    let hits = find(text.as_bytes());
    let first = hits.iter().min_by_key(|hit| hit.digits[0].start)?;
    let before = &text.as_bytes()[..first.digits[0].start];
    Some((before.iter().filter(|byte| **byte == b'\n').count() + 1, first.named))
}

/// A number that looks like that of a real person.
struct Hit {
    digits: Vec<Range<usize>>,
    kind: PersonalNumber,
    named: &'static str,
}

fn find(bytes: &[u8]) -> Vec<Hit> {
    let columns = Columns::of(bytes);
    let mut hits = Vec::new();
    let mut unnamed = Vec::new();
    let mut seen = (BTreeSet::new(), BTreeSet::new());
    for number in numbers(bytes) {
        let kind = match number.value.len() {
            12 => PersonalNumber::IndividualNumber,
            _ => PersonalNumber::ResidentCode,
        };
        // Synthetic people have numbers with six zeros in front, and nobody else has.
        if number.value.starts_with("000000") {
            continue;
        }
        let valid = match kind {
            PersonalNumber::IndividualNumber => Kind::IndividualNumber.validate(&number.value).is_ok(),
            PersonalNumber::ResidentCode => Kind::ResidentCode.validate(&number.value).is_ok(),
        };
        let start = number.digits[0].start;
        let named = valid
            .then(|| named_before(bytes, start).or_else(|| columns.name_of(bytes, start)))
            .flatten();
        if let Some((named, _)) = named.filter(|(_, of)| *of == kind) {
            hits.push(Hit {
                digits: number.digits,
                kind,
                named,
            });
        } else if kind == PersonalNumber::IndividualNumber && !is_time(&number.value) {
            seen.0.insert(number.value.clone());
            if valid {
                seen.1.insert(number.value);
                unnamed.push(number.digits);
            }
        }
    }
    let (all, valid) = (seen.0.len(), seen.1.len());
    if all >= TABLE && valid * 5 >= all * 4 {
        hits.extend(unnamed.into_iter().map(|digits| Hit {
            digits,
            kind: PersonalNumber::IndividualNumber,
            named: "table",
        }));
    }
    hits
}

/// A number of eleven or twelve digits that stands by itself.
struct Number {
    value: String,
    digits: Vec<Range<usize>>,
}

/// The full-width zero in UTF-8; the other digits follow it.
const WIDE_ZERO: [u8; 3] = [0xEF, 0xBC, 0x90];

/// The digit at a place, and its length in bytes.
fn digit_at(bytes: &[u8], at: usize) -> Option<(char, usize)> {
    match bytes.get(at)? {
        digit @ b'0'..=b'9' => Some((char::from(*digit), 1)),
        0xEF => {
            let wide = bytes.get(at..at + 3)?.strip_prefix(&WIDE_ZERO[..2])?;
            let value = wide[0].checked_sub(WIDE_ZERO[2]).filter(|value| *value <= 9)?;
            Some((char::from(b'0' + value), 3))
        }
        _ => None,
    }
}

/// All of them. Groups of four with one separator, as 個人番号 are printed, are one number.
fn numbers(bytes: &[u8]) -> Vec<Number> {
    let mut numbers = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if digit_at(bytes, at).is_none() {
            at += 1;
            continue;
        }
        let start = at;
        let (mut value, mut digits) = (String::new(), Vec::new());
        let mut separator = None;
        loop {
            while let Some((digit, length)) = digit_at(bytes, at) {
                value.push(digit);
                digits.push(at..at + length);
                at += length;
            }
            let next = bytes.get(at).copied().filter(|byte| matches!(byte, b'-' | b' '));
            let goes_on = next.is_some()
                && matches!(value.len(), 4 | 8)
                && (value.len() == 4 || separator == next)
                && (0..4).all(|offset| digit_at(bytes, at + 1 + offset).is_some());
            if !goes_on {
                break;
            }
            separator = next;
            at += 1;
        }
        let alone =
            !bytes[..start].last().is_some_and(|byte| joins(*byte)) && !bytes.get(at).is_some_and(|byte| joins(*byte));
        // What is not part of a word, and no part of a number with a point or of a date.
        if alone && matches!(value.len(), 11 | 12) {
            numbers.push(Number { value, digits });
        }
    }
    numbers
}

fn joins(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'+' | b'/' | b'%' | b'#')
}

/// Whether twelve digits can be a time: year, month, day, hour, minute.
fn is_time(digits: &str) -> bool {
    let part = |range: Range<usize>| {
        digits
            .get(range)
            .and_then(|part| part.parse::<u32>().ok())
            .unwrap_or(99)
    };
    (1900..2100).contains(&part(0..4))
        && (1..=12).contains(&part(4..6))
        && (1..=31).contains(&part(6..8))
        && part(8..10) < 24
        && part(10..12) < 60
}

/// What names the value that begins at `start`: a key, a parameter, an element, a label.
fn named_before(bytes: &[u8], start: usize) -> Option<(&'static str, PersonalNumber)> {
    let window = &bytes[start.saturating_sub(REACH)..start];
    // From the value back to what separates it from its name: quotes, brackets, and other numbers of a list.
    let opens = |byte: &u8| {
        matches!(
            byte,
            b'"' | b'\'' | b'[' | b'(' | b' ' | b'\t' | b'\r' | b'\n' | b',' | b'\\' | b'0'..=b'9'
        )
    };
    let name_end = window.iter().rposition(|byte| !opens(byte))? + 1;
    let (window, last) = (&window[..name_end], window[name_end - 1]);
    let segment = match last {
        b'>' => {
            let open = window.iter().rposition(|byte| *byte == b'<')?;
            let tag = &window[open + 1..name_end - 1];
            // After an end tag or a comment there is text that belongs to what is around it.
            if tag.starts_with(b"/") || tag.starts_with(b"!") {
                return None;
            }
            let name = tag.split(|byte| byte.is_ascii_whitespace()).next()?;
            name.rsplit(|byte| *byte == b':').next()?
        }
        b':' | b'=' => last_word(&window[..name_end - 1]),
        _ if window.ends_with("：".as_bytes()) => last_word(&window[..name_end - 3]),
        // Plain text: only what stands right before the number can name it.
        _ => {
            let word = last_word(window);
            let longest = NAMES.iter().map(|(name, _)| name.len()).max().unwrap_or_default() + 2;
            &word[word.len().saturating_sub(longest)..]
        }
    };
    name_in(segment)
}

/// What stands before a colon or an equals sign, back to the next boundary.
fn last_word(text: &[u8]) -> &[u8] {
    let text = text.trim_ascii_end();
    let text = text
        .strip_suffix(b"\"")
        .or_else(|| text.strip_suffix(b"'"))
        .unwrap_or(text);
    let text = text.strip_suffix(b"\\").unwrap_or(text);
    let boundary = |byte: &u8| {
        matches!(
            byte,
            b'"' | b'\'' | b'{' | b'}' | b'<' | b'>' | b'&' | b'?' | b';' | b',' | b'\n' | b'='
        )
    };
    let from = text.iter().rposition(boundary).map_or(0, |at| at + 1);
    &text[from..]
}

/// Whether a word is, or ends with, the name of a number.
fn name_in(word: &[u8]) -> Option<(&'static str, PersonalNumber)> {
    if let Some((_, name, kind)) = SHIFT_JIS.iter().find(|(name, _, _)| contains(word, name)) {
        return Some((name, *kind));
    }
    let decoded;
    let word = if word.contains(&b'%') {
        decoded = percent_decoded(word);
        &decoded
    } else {
        word
    };
    let plain: Vec<u8> = word
        .iter()
        .filter(|byte| !matches!(byte, b'_' | b'-' | b' ' | b'.'))
        .map(u8::to_ascii_lowercase)
        .collect();
    let known = NAMES.iter().rev().find(|(name, _)| contains(&plain, name.as_bytes()));
    known.copied()
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    memchr::memmem::find(text, part).is_some()
}

fn percent_decoded(text: &[u8]) -> Vec<u8> {
    let nibble = |at: usize| text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match (text[at], nibble(at + 1), nibble(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                at += 3;
            }
            (byte, _, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// Columns of a table whose first line names them.
#[derive(Default)]
struct Columns {
    separator: u8,
    named: Vec<(usize, (&'static str, PersonalNumber))>,
}

impl Columns {
    fn of(bytes: &[u8]) -> Self {
        // After the head of an HTTP message, if there is one.
        let body = memchr::memmem::find(bytes, b"\r\n\r\n").map_or(0, |at| at + 4);
        let rest = &bytes[body..];
        let Some(end) = memchr::memchr(b'\n', &rest[..rest.len().min(LONGEST_HEAD)]) else {
            return Self::default();
        };
        let head = &rest[..end];
        let count = |separator: u8| memchr::memchr_iter(separator, head).count();
        let separator = if count(b'\t') > count(b',') { b'\t' } else { b',' };
        let named: Vec<_> = head
            .split(|byte| *byte == separator)
            .enumerate()
            .filter_map(|(at, name)| Some((at, name_in(name)?)))
            .collect();
        Self { separator, named }
    }

    /// What names the value at a place, if it is in a named column.
    fn name_of(&self, bytes: &[u8], at: usize) -> Option<(&'static str, PersonalNumber)> {
        if self.named.is_empty() {
            return None;
        }
        let line = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |end| end + 1);
        let mut quoted = false;
        let mut column = 0;
        for byte in &bytes[line..at] {
            quoted ^= *byte == b'"';
            column += usize::from(*byte == self.separator && !quoted);
        }
        self.named
            .iter()
            .find(|(known, _)| *known == column)
            .map(|(_, name)| *name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::identifiers::{individual_check_digit, resident_check_digit};

    /// A 個人番号 that could be somebody's, made here so that none stands in the repository.
    fn somebody(serial: u64) -> String {
        let body = format!("{:011}", 31_415_926_535_u64 + serial * 7_919);
        format!("{body}{}", individual_check_digit(&body).expect("eleven digits"))
    }

    fn resident(serial: u64) -> String {
        let body = format!("{:010}", 2_718_281_828_u64 + serial);
        format!("{body}{}", resident_check_digit(&body).expect("ten digits"))
    }

    fn masked(text: &str) -> (String, Vec<RealLooking>) {
        let mut bytes = text.as_bytes().to_vec();
        let found = guard(&mut bytes, Side::Response, true);
        (String::from_utf8(bytes).expect("still text"), found)
    }

    #[test]
    fn named_numbers_are_masked_wherever_they_stand() {
        let number = somebody(1);
        let wide: String = number
            .chars()
            .map(|c| char::from_u32(c as u32 + 0xFEE0).expect("a digit"))
            .collect();
        let dashed = format!("{}-{}-{}", &number[..4], &number[4..8], &number[8..]);
        for text in [
            format!(r#"{{"kojinbango":"{number}"}}"#),
            format!(r#"{{"a":1,"Kojin_Bango" : {number}}}"#),
            format!(r#"{{"kojinbango":["{number}","{number}"]}}"#),
            format!(r#"{{\"kojinbango\":\"{number}\"}}"#),
            format!(r#"{{"\u500b\u4eba\u756a\u53f7":"{number}"}}"#),
            format!("POST /x HTTP/1.1\r\n\r\nshorikubun=0&kojinbango={number}&x=1"),
            format!("GET /x?myNumber={number} HTTP/1.1\r\n\r\n"),
            format!("%E5%80%8B%E4%BA%BA%E7%95%AA%E5%8F%B7={number}"),
            format!("<p:IndividualNumber xsi:type=\"s\">{number}</p:IndividualNumber>"),
            format!("<個人番号>\n  {number}\n</個人番号>"),
            format!("<r individual-number=\"{number}\"/>"),
            format!("個人番号：{number} 架空 太郎"),
            format!("個人番号 {dashed}"),
            format!("マイナンバー：{wide}"),
            format!("宛名番号,個人番号,氏名\r\n100000000000001,{number},\"架空, 太郎\"\r\n"),
            format!("a\tkojin_bango\n1\t\"{number}\"\n"),
        ] {
            let (masked, found) = masked(&text);
            assert_eq!(found.len(), 1, "{text}");
            assert_eq!(masked.len(), text.len(), "{text}");
            assert!(
                !masked.contains(&number) && !masked.contains(&dashed) && !masked.contains(&wide),
                "{masked}"
            );
            assert!(masked.contains("9999") || masked.contains("９９９９"), "{masked}");
        }
        let code = resident(5);
        let (text, found) = masked(&format!("<juminhyoCode>{code}</juminhyoCode>"));
        assert_eq!(found[0].kind, PersonalNumber::ResidentCode);
        assert!(text.contains("99999999999"));
        let mut old = [SHIFT_JIS[0].0, b",x\n", number.as_bytes(), b",1\n"].concat();
        assert_eq!(guard(&mut old, Side::Response, true)[0].named, "個人番号");
    }

    #[test]
    fn tables_without_names_are_seen() {
        let rows: String = (0..20).map(|i| format!("{},架空 太郎\n", somebody(i))).collect();
        let (masked, found) = masked(&rows);
        assert_eq!((found[0].named.as_str(), found[0].count), ("table", 20));
        assert!((0..20).all(|i| !masked.contains(&somebody(i))));
    }

    #[test]
    fn what_is_masked_is_nobodys() {
        let once = masked(&format!("個人番号={}", somebody(3))).0;
        let (twice, found) = masked(&once);
        assert_eq!((twice, found.len()), (once, 0));
    }

    #[test]
    fn what_only_has_as_many_digits_passes() {
        let number = somebody(1);
        let synthetic = {
            let body = "00000012345";
            format!("{body}{}", individual_check_digit(body).expect("eleven digits"))
        };
        let wrong = {
            let last = number[11..].parse::<u8>().expect("a digit");
            format!("{}{}", &number[..11], (last + 1) % 10)
        };
        let mut time = 0;
        let valid_time = loop {
            let text = format!("2026040{}{:02}{:02}", time / 1440 + 1, time / 60 % 24, time % 60);
            if Kind::IndividualNumber.validate(&text).is_ok() {
                break text;
            }
            time += 1;
        };
        for text in [
            format!(r#"{{"kojinbango":"{synthetic}"}}"#),
            format!(r#"{{"kojinbango":"{wrong}"}}"#),
            format!(r#"{{"kojinbango":"","atenabango":"{number}"}}"#),
            format!(r#"{{"kojinbango":null,"kingaku":{number}}}"#),
            format!(r#"{{"kojinbango":"{number}1"}}"#),
            format!(r#"{{"kojinbango":"A{number}"}}"#),
            format!("<kojinBango/><shichosonCode>{number}</shichosonCode>"),
            format!("<kojinBango>{synthetic}</kojinBango><x>{number}</x>"),
            format!("kojinbango=&denwa={number}"),
            format!("id=550e8400-e29b-41d4-a716-{number}"),
            format!("x={number}.5&y=-{number}"),
            format!("Date: {valid_time}\r\nX-Request: {number}"),
            format!("個人番号,金額\r\n{synthetic},{number}\r\n"),
            (0..200)
                .map(|i| format!("{:012}\n", 200_000_000_000_u64 + i * 7))
                .collect(),
            (0..200).map(|i| format!("{valid_time} {i}\n")).collect(),
            (0..7).map(|i| format!("{}\n", somebody(i))).collect(),
        ] {
            let (masked, found) = masked(&text);
            assert_eq!((masked, found), (text, vec![]));
        }
    }

    #[test]
    fn odd_bytes_do_no_harm() {
        for bytes in [
            &b""[..],
            b"\xEF",
            b"\xEF\xBC",
            b"1",
            b"123456789012",
            b"%",
            b"\r\n\r\n",
            b"<>123456789012",
            b"\n1",
        ] {
            let mut copy = bytes.to_vec();
            assert_eq!(guard(&mut copy, Side::Note, true), []);
            assert_eq!(copy, bytes);
        }
    }

    #[test]
    fn the_line_is_told() {
        let text = format!("[data]\nkojinbango = \"{}\"\n", somebody(1));
        assert_eq!(first_line(&text), Some((2, "kojinbango")));
        assert_eq!(first_line("[data]\n"), None);
    }
}
