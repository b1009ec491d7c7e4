//! Literals of the built-in types (XML Schema Part 2, chapter 3).

use xsd_schema::XmlTypeCode;
use xsd_schema::XmlTypeCode as Code;

use super::random::Random;
use crate::text::check_digit::{is_addressee_number, is_individual_number};

pub(super) fn is_string(code: XmlTypeCode) -> bool {
    matches!(
        code,
        Code::String
            | Code::NormalizedString
            | Code::Token
            | Code::Language
            | Code::NmToken
            | Code::Name
            | Code::NCName
            | Code::Id
            | Code::IdRef
            | Code::AnySimpleType
            | Code::AnyAtomicType
    )
}

pub(super) fn is_number(code: XmlTypeCode) -> bool {
    matches!(code, Code::Decimal | Code::Float | Code::Double) || is_integer(code)
}

fn is_integer(code: XmlTypeCode) -> bool {
    matches!(
        code,
        Code::Integer
            | Code::NonPositiveInteger
            | Code::NegativeInteger
            | Code::Long
            | Code::Int
            | Code::Short
            | Code::Byte
            | Code::NonNegativeInteger
            | Code::UnsignedLong
            | Code::UnsignedInt
            | Code::UnsignedShort
            | Code::UnsignedByte
            | Code::PositiveInteger
    )
}

/// A text of this many characters, none of them outside the basic plane (Java counts UTF-16 units).
pub(super) fn text(code: XmlTypeCode, length: usize, random: &mut Random) -> String {
    const WORDS: &str = "架空見本試験用文字列市町村番地";
    match code {
        Code::Language => "ja".to_owned(),
        Code::NmToken | Code::Name | Code::NCName | Code::Id | Code::IdRef => letters(length, random),
        Code::AnyUri => {
            let start = "urn:junkyo:";
            if length <= start.len() {
                letters(length, random)
            } else {
                format!("{start}{}", letters(length - start.len(), random))
            }
        }
        _ => {
            let words: Vec<char> = WORDS.chars().collect();
            let first = random.below(words.len());
            words.iter().cycle().skip(first).take(length).collect()
        }
    }
}

fn letters(length: usize, random: &mut Random) -> String {
    const LETTERS: &str = "abcdefghijkmnpqrstuvwxyz";
    let all: Vec<char> = LETTERS.chars().collect();
    (0..length).map(|_| all[random.below(all.len())]).collect()
}

/// Values of a type without facets, plainest first; the caller takes the first that its own facets allow.
pub(super) fn plain(code: XmlTypeCode) -> Vec<String> {
    let texts: &[&str] = match code {
        Code::Boolean => &["true", "false", "1", "0"],
        Code::Decimal | Code::Float | Code::Double => &["1", "0", "10", "0.5", "100", "1000", "-1", "0.1"],
        code if is_integer(code) => &[
            "1", "0", "10", "50", "100", "1000", "2000", "10000", "100000", "1000000", "-1", "-10", "-100",
        ],
        Code::Duration => &["P1D", "P1Y", "PT1H", "PT0S"],
        Code::DateTime | Code::DateTimeStamp => &[
            "2026-04-01T09:00:00+09:00",
            "2026-04-01T00:00:00Z",
            "2026-04-01T09:00:00",
        ],
        Code::Time => &["09:00:00+09:00", "09:00:00"],
        Code::Date => &["2026-04-01", "2000-01-01", "1990-01-01", "2026-04-01Z"],
        Code::GYearMonth => &["2026-04"],
        Code::GYear => &["2026", "2000", "1990"],
        Code::GMonthDay => &["--04-01"],
        Code::GDay => &["---01"],
        Code::GMonth => &["--04"],
        _ => &["1", "true", "a", "2026-04-01"],
    };
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// Values at the edges of a built-in type without facets.
pub(super) fn edges(code: XmlTypeCode) -> Vec<(String, &'static str)> {
    let edges: &[(&str, &'static str)] = match code {
        Code::Boolean => &[("false", "false"), ("1", "1 for true")],
        Code::Byte => &[("-128", "least"), ("127", "greatest")],
        Code::Short => &[("-32768", "least"), ("32767", "greatest")],
        Code::Int => &[("-2147483648", "least"), ("2147483647", "greatest")],
        Code::Long => &[("-9223372036854775808", "least"), ("9223372036854775807", "greatest")],
        Code::UnsignedByte => &[("0", "least"), ("255", "greatest")],
        Code::UnsignedShort => &[("0", "least"), ("65535", "greatest")],
        Code::UnsignedInt => &[("0", "least"), ("4294967295", "greatest")],
        Code::UnsignedLong => &[("0", "least"), ("18446744073709551615", "greatest")],
        Code::NonNegativeInteger => &[("0", "least")],
        Code::Integer => &[("-1", "negative"), ("0", "zero")],
        Code::Decimal => &[("-1.5", "negative"), ("0.25", "fraction")],
        Code::Float | Code::Double => &[("-1.5E3", "exponent"), ("INF", "infinite")],
        Code::Date => &[("2024-02-29", "leap day")],
        Code::DateTime => &[("2024-02-29T23:59:59.999Z", "leap day, fraction of a second, UTC")],
        Code::Time => &[("23:59:59.5Z", "fraction of a second, UTC")],
        _ => &[],
    };
    edges.iter().map(|(text, what)| ((*text).to_owned(), *what)).collect()
}

/// Texts that are no literals of the type.
pub(super) fn no_literals(code: XmlTypeCode) -> Vec<String> {
    let texts: &[&str] = match code {
        Code::Boolean => &["maybe"],
        Code::Decimal | Code::Float | Code::Double => &["one", "1,5"],
        code if is_integer(code) => &["one"],
        Code::Duration => &["1 day"],
        Code::DateTime | Code::DateTimeStamp => &["2026-04-31T09:00:00+09:00"],
        Code::Time => &["25:00:00"],
        Code::Date => &["2026-02-30"],
        Code::GYearMonth => &["2026-13"],
        Code::GYear => &["year"],
        Code::GMonthDay => &["--13-01"],
        Code::GDay => &["---32"],
        Code::GMonth => &["--13"],
        Code::HexBinary => &["0G"],
        Code::Base64Binary => &["A"],
        Code::Language => &["日本語"],
        Code::NmToken | Code::Name | Code::NCName | Code::Id | Code::IdRef => &["a b"],
        _ => &[],
    };
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// Literals of the type that hardly stand in an enumeration.
pub(super) fn strangers(code: XmlTypeCode, first: &str) -> Vec<String> {
    let mut texts = match code {
        Code::Date => vec!["1901-02-03".to_owned()],
        code if is_number(code) => vec!["97".to_owned(), "9".to_owned(), "8".to_owned(), "-7".to_owned()],
        _ => spoilt(first),
    };
    texts.push(format!("{first}x"));
    texts.push("junkyo-unknown".to_owned());
    texts
}

/// Texts near a good one: another character, one more, one less, nothing.
pub(super) fn spoilt(good: &str) -> Vec<String> {
    let characters: Vec<char> = good.chars().collect();
    let mut texts = Vec::new();
    for replacement in ['x', '9', 'あ', 'ｱ', '-', '!'] {
        for place in [characters.len().saturating_sub(1), 0] {
            let mut changed = characters.clone();
            if let Some(character) = changed.get_mut(place)
                && *character != replacement
            {
                *character = replacement;
                texts.push(changed.into_iter().collect());
            }
        }
    }
    texts.push(format!("{good}{}", characters.last().copied().unwrap_or('0')));
    texts.push(format!("{good}x"));
    let mut shorter = characters;
    shorter.pop();
    texts.push(shorter.into_iter().collect());
    texts.push("!".to_owned());
    texts
}

/// A literal just beyond (or inside) a bound.
pub(super) fn step(code: XmlTypeCode, bound: &str, direction: i64, fraction: Option<u32>) -> Vec<String> {
    if is_integer(code) {
        let moved = bound
            .trim_start_matches('+')
            .parse::<i128>()
            .ok()
            .and_then(|value| value.checked_add(direction.into()));
        return moved.map(|value| value.to_string()).into_iter().collect();
    }
    if code == Code::Decimal {
        let places = bound.split_once('.').map_or(0, |(_, digits)| digits.len());
        let places = places.max(fraction.map_or(0, |fraction| fraction as usize)).min(18);
        let scaled = scaled(bound, places);
        let near = scaled
            .and_then(|value| value.checked_add(direction.into()))
            .map(|value| unscaled(value, places));
        return near.into_iter().collect();
    }
    if matches!(code, Code::Float | Code::Double) {
        let moved = bound
            .parse::<f64>()
            .ok()
            .map(|value| value + if direction < 0 { -1.0 } else { 1.0 });
        return moved
            .filter(|value| value.is_finite())
            .map(|value| format!("{value}"))
            .into_iter()
            .collect();
    }
    // Dates and times: another year, or another hour.
    let changed = match code {
        Code::Date | Code::DateTime | Code::GYear | Code::GYearMonth | Code::DateTimeStamp => {
            let negative = bound.starts_with('-');
            let digits: String = bound
                .trim_start_matches('-')
                .chars()
                .take_while(char::is_ascii_digit)
                .collect();
            digits.parse::<i64>().ok().filter(|_| !negative).map(|year| {
                let rest = &bound[digits.len()..];
                let rest = if rest.starts_with("-02-29") {
                    rest.replacen("-02-29", "-02-28", 1)
                } else {
                    rest.to_owned()
                };
                format!("{:0width$}{rest}", year + direction, width = digits.len())
            })
        }
        Code::Time => bound
            .get(..2)
            .and_then(|hour| hour.parse::<i64>().ok())
            .map(|hour| format!("{:02}{}", (hour + direction).clamp(0, 23), &bound[2..])),
        _ => None,
    };
    changed.into_iter().filter(|text| text != bound).collect()
}

fn scaled(text: &str, places: usize) -> Option<i128> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, part) = text
        .trim_start_matches('+')
        .split_once('.')
        .unwrap_or_else(|| (text.trim_start_matches('+'), ""));
    let digits = format!("{whole}{part:0<places$}");
    let value = digits.parse::<i128>().ok()?;
    Some(if negative { -value } else { value })
}

fn unscaled(value: i128, places: usize) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", value.unsigned_abs(), width = places + 1);
    let (whole, part) = digits.split_at(digits.len() - places);
    if places == 0 {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{part}")
    }
}

/// A decimal with this many digits before and after the point, none of them a zero that would not count.
pub(super) fn digits(whole: usize, fraction: usize) -> String {
    let text = "1".repeat(whole.max(1));
    if fraction == 0 {
        text
    } else {
        format!("{text}.{}", "1".repeat(fraction))
    }
}

/// This many octets as text.
pub(super) fn binary(code: XmlTypeCode, octets: usize) -> String {
    use base64::Engine as _;
    let bytes: Vec<u8> = (0..octets)
        .map(|index| u8::try_from(index % 251).unwrap_or(0))
        .collect();
    if code == Code::HexBinary {
        bytes.iter().map(|byte| format!("{byte:02X}")).collect()
    } else {
        base64::engine::general_purpose::STANDARD.encode(bytes)
    }
}

/// One of many values of a type that all differ.
pub(super) fn distinct(code: XmlTypeCode, number: usize) -> Option<String> {
    Some(match code {
        Code::Date => format!("{:04}-01-01", 1900 + number),
        Code::DateTime | Code::DateTimeStamp => format!("{:04}-01-01T00:00:00Z", 1900 + number),
        Code::GYear => format!("{:04}", 1900 + number),
        Code::GYearMonth => format!("{:04}-01", 1900 + number),
        Code::Time => format!("{:02}:{:02}:00", number / 60 % 24, number % 60),
        Code::Duration => format!("P{}D", number + 1),
        Code::HexBinary => format!("{number:08X}"),
        Code::Base64Binary => binary(code, number + 1),
        Code::AnyUri => format!("urn:junkyo:{number}"),
        Code::NmToken | Code::Name | Code::NCName | Code::Id | Code::IdRef => format!("id{number}"),
        Code::Boolean => (if number == 0 { "true" } else { "false" }).to_owned(),
        Code::String | Code::NormalizedString | Code::Token => format!("見本{number}"),
        _ => return None,
    })
}

/// The same text, with the last digit of every run changed that could be somebody's number: 個人番号 (12 digits) or
/// 住民票コード (11 digits) with a check digit that is right.
pub(super) fn nobodys(text: &str) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let mut start = 0;
    while start < characters.len() {
        let end = start
            + characters[start..]
                .iter()
                .take_while(|character| character.is_ascii_digit())
                .count();
        let is_somebodys = |run: &[char]| {
            let number: String = run.iter().collect();
            match run.len() {
                12 => is_individual_number(&number),
                11 => is_addressee_number(&number),
                _ => false,
            }
        };
        if is_somebodys(&characters[start..end]) {
            let last = &mut characters[end - 1];
            *last = if *last == '9' {
                '1'
            } else {
                char::from_digit(last.to_digit(10).unwrap_or(0) + 1, 10).unwrap_or('1')
            };
        }
        start = end.max(start + 1);
    }
    characters.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_has_these_numbers() {
        let body = "12345678901";
        let digit = crate::text::check_digit::individual_number(body).unwrap();
        let number = format!("{body}{digit}");
        let text = nobodys(&format!("a{number}b"));
        assert_ne!(text, format!("a{number}b"));
        assert_eq!(text.len(), 14);
        assert_eq!(nobodys("254878375992087"), "254878375992087");
    }

    #[test]
    fn steps_stay_literals() {
        assert_eq!(step(Code::Int, "10", 1, None), ["11"]);
        assert_eq!(step(Code::Decimal, "0.5", -1, None), ["0.4"]);
        assert_eq!(step(Code::Decimal, "0", -1, Some(2)), ["-0.01"]);
        assert_eq!(step(Code::Decimal, "-1.05", 1, None), ["-1.04"]);
        assert_eq!(step(Code::Date, "2024-02-29", 1, None), ["2025-02-28"]);
        assert_eq!(step(Code::Time, "10:00:00", -1, None), ["09:00:00"]);
        assert!(step(Code::Duration, "P1D", 1, None).is_empty());
    }
}
