//! Just enough DER: strict reading that keeps every byte, and writing.
//!
//! Typed libraries decode and encode again, and a signature is over the bytes as they are; some refuse what timestamp
//! authorities write (fractions of a second, sets in another order). Here an element is a slice of the input.

use time::{Date, Month, OffsetDateTime, Time};

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OID: u8 = 0x06;
pub(super) const UTF8_STRING: u8 = 0x0c;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Tag of a constructed `[n]`.
pub(super) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// Why bytes are not the DER that was expected.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct DerError(pub(super) &'static str);

/// An element.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    /// Without tag and length.
    pub(super) content: &'a [u8],
    /// With them.
    pub(super) whole: &'a [u8],
}

/// Elements one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Elements<'a>(&'a [u8]);

impl<'a> Elements<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The content of the one element that fills the bytes.
    pub(super) fn only(bytes: &'a [u8], tag: u8, what: &'static str) -> Result<Self, DerError> {
        let mut all = Self(bytes);
        let content = all.take(tag, what)?;
        all.end(what)?;
        Ok(Self(content))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn end(&self, what: &'static str) -> Result<(), DerError> {
        if self.0.is_empty() { Ok(()) } else { Err(DerError(what)) }
    }

    /// The next element, whatever it is.
    pub(super) fn next(&mut self, what: &'static str) -> Result<Element<'a>, DerError> {
        let bytes = self.0;
        let fault = || DerError(what);
        let (&tag, after) = bytes.split_first().ok_or_else(fault)?;
        if tag & 0x1f == 0x1f {
            return Err(fault()); // tags above 30 occur in none of our structures
        }
        let (&first, after) = after.split_first().ok_or_else(fault)?;
        let (length, after) = match first {
            0..=0x7f => (usize::from(first), after),
            0x81..=0x84 => {
                let (digits, after) = after.split_at_checked(usize::from(first & 0x7f)).ok_or_else(fault)?;
                let length = digits.iter().fold(0_usize, |sum, digit| sum << 8 | usize::from(*digit));
                // The shortest form is the only one.
                if digits[0] == 0 || length < 0x80 {
                    return Err(fault());
                }
                (length, after)
            }
            _ => return Err(fault()),
        };
        let (content, rest) = after.split_at_checked(length).ok_or_else(fault)?;
        let whole = &bytes[..bytes.len() - rest.len()];
        self.0 = rest;
        Ok(Element { tag, content, whole })
    }

    /// The content of the next element, which has to have this tag.
    pub(super) fn take(&mut self, tag: u8, what: &'static str) -> Result<&'a [u8], DerError> {
        let element = self.next(what)?;
        if element.tag == tag {
            Ok(element.content)
        } else {
            Err(DerError(what))
        }
    }

    /// The next element with tag and length, which has to have this tag.
    pub(super) fn whole(&mut self, tag: u8, what: &'static str) -> Result<&'a [u8], DerError> {
        let element = self.next(what)?;
        if element.tag == tag {
            Ok(element.whole)
        } else {
            Err(DerError(what))
        }
    }

    /// The content of the next element, if it has this tag.
    pub(super) fn optional(&mut self, tag: u8, what: &'static str) -> Result<Option<&'a [u8]>, DerError> {
        if self.0.first() == Some(&tag) {
            self.take(tag, what).map(Some)
        } else {
            Ok(None)
        }
    }
}

/// A small non-negative INTEGER.
pub(super) fn small(content: &[u8], what: &'static str) -> Result<u32, DerError> {
    match content {
        [] => Err(DerError(what)),
        [first, ..] if content.len() > 4 || first & 0x80 != 0 => Err(DerError(what)),
        _ => Ok(content.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte))),
    }
}

/// An object identifier with dots.
pub(super) fn dotted(content: &[u8]) -> Result<String, DerError> {
    let fault = DerError("object identifier");
    let mut numbers: Vec<u64> = Vec::new();
    let mut number = 0_u64;
    let mut begun = false;
    for byte in content {
        if (!begun && *byte == 0x80) || number >> 57 != 0 {
            return Err(fault);
        }
        begun = true;
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if numbers.is_empty() {
                let first = (number / 40).min(2);
                numbers.extend([first, number - first * 40]);
            } else {
                numbers.push(number);
            }
            (number, begun) = (0, false);
        }
    }
    if begun || numbers.is_empty() {
        return Err(fault);
    }
    Ok(numbers.iter().map(u64::to_string).collect::<Vec<_>>().join("."))
}

/// UTCTime or GeneralizedTime, always in UTC.
pub(super) fn instant(element: Element<'_>) -> Result<OffsetDateTime, DerError> {
    let fault = || DerError("time");
    let text = std::str::from_utf8(element.content).map_err(|_| fault())?;
    let digits = text.strip_suffix('Z').ok_or_else(fault)?;
    let (digits, fraction) = match digits.split_once('.') {
        // A fraction of a second has no zero at its end.
        Some((digits, fraction)) if element.tag == GENERALIZED_TIME => {
            if fraction.is_empty() || fraction.len() > 9 || fraction.ends_with('0') {
                return Err(fault());
            }
            (digits, fraction)
        }
        Some(_) => return Err(fault()),
        None => (digits, ""),
    };
    if !digits
        .bytes()
        .chain(fraction.bytes())
        .all(|digit| digit.is_ascii_digit())
    {
        return Err(fault());
    }
    let number = |from: usize, to: usize| digits.get(from..to).and_then(|text| text.parse::<u16>().ok());
    let (year, rest) = match (element.tag, digits.len()) {
        (UTC_TIME, 12) => {
            let year = number(0, 2).ok_or_else(fault)?;
            (if year < 50 { 2000 + year } else { 1900 + year }, 2)
        }
        (GENERALIZED_TIME, 14) => (number(0, 4).ok_or_else(fault)?, 4),
        _ => return Err(fault()),
    };
    let pair = |place: usize| {
        number(rest + place, rest + place + 2)
            .and_then(|value| u8::try_from(value).ok())
            .ok_or_else(fault)
    };
    let month = Month::try_from(pair(0)?).map_err(|_| fault())?;
    let date = Date::from_calendar_date(i32::from(year), month, pair(2)?).map_err(|_| fault())?;
    let nanos = format!("{fraction:0<9}").parse().map_err(|_| fault())?;
    let time = Time::from_hms_nano(pair(4)?, pair(6)?, pair(8)?, nanos).map_err(|_| fault())?;
    Ok(OffsetDateTime::new_utc(date, time))
}

/// An element with its content.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![tag];
    let length = content.len();
    if length < 0x80 {
        bytes.push(length as u8);
    } else {
        let digits: Vec<u8> = length
            .to_be_bytes()
            .into_iter()
            .skip_while(|digit| *digit == 0)
            .collect();
        bytes.push(0x80 | digits.len() as u8);
        bytes.extend(digits);
    }
    bytes.extend_from_slice(content);
    bytes
}

pub(super) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    element(SEQUENCE, &parts.concat())
}

/// A SET OF: its elements in the order of their bytes.
pub(super) fn set_of(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    element(SET, &parts.concat())
}

/// A non-negative INTEGER from big-endian bytes.
pub(super) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let mut digits: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if digits.first().is_none_or(|first| first & 0x80 != 0) {
        digits.insert(0, 0);
    }
    element(INTEGER, &digits)
}

/// An OBJECT IDENTIFIER from its dotted form.
pub(super) fn oid(dotted: &str) -> Result<Vec<u8>, DerError> {
    let fault = || DerError("object identifier");
    let numbers: Vec<u64> = dotted
        .split('.')
        .map(|number| number.parse().map_err(|_| fault()))
        .collect::<Result<_, _>>()?;
    let [first, second, rest @ ..] = numbers.as_slice() else {
        return Err(fault());
    };
    if *first > 2 || (*first < 2 && *second > 39) || *second > u64::from(u32::MAX) {
        return Err(fault());
    }
    let mut content = Vec::new();
    for number in std::iter::once(&(first * 40 + second)).chain(rest) {
        let mut digits = vec![(number & 0x7f) as u8];
        let mut left = number >> 7;
        while left > 0 {
            digits.push(0x80 | (left & 0x7f) as u8);
            left >>= 7;
        }
        content.extend(digits.into_iter().rev());
    }
    Ok(element(OID, &content))
}

/// GeneralizedTime to the second.
pub(super) fn generalized(at: OffsetDateTime) -> Vec<u8> {
    let at = at.to_offset(time::UtcOffset::UTC);
    let text = format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    );
    element(GENERALIZED_TIME, text.as_bytes())
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn identifiers_and_integers_go_both_ways() {
        for dotted_form in ["1.2.840.113549.1.9.16.1.4", "2.5.29.37", "0.4.0.2023.1.1", "2.999.1"] {
            let bytes = oid(dotted_form).expect("an identifier");
            assert_eq!(dotted(&bytes[2..]).expect("an identifier"), dotted_form);
        }
        for bad in [&[][..], &[0x2a, 0x80, 0x01], &[0x2a, 0x86]] {
            assert!(dotted(bad).is_err(), "{bad:02x?}");
        }
        assert!(oid("1").is_err() && oid("3.1").is_err() && oid("1.40").is_err() && oid("1.x").is_err());
        assert_eq!(unsigned(&[0, 0x80]), [2, 2, 0, 0x80]);
        assert_eq!(unsigned(&[0]), [2, 1, 0]);
    }

    #[test]
    fn lengths_are_in_their_shortest_form() {
        for size in [0, 127, 128, 255, 256, 65_536] {
            let bytes = element(OCTET_STRING, &vec![7; size]);
            let content = Elements::only(&bytes, OCTET_STRING, "octets").expect("one element");
            assert_eq!(content.0.len(), size);
        }
        for bad in [
            &[4, 0x81, 1, 0][..],
            &[4, 0x82, 0, 0x80],
            &[4, 0x80, 0, 0],
            &[4, 2, 0],
            &[4],
            &[0x1f, 1, 0],
            &[],
        ] {
            assert!(Elements::new(bad).next("x").is_err(), "{bad:02x?}");
        }
    }

    #[test]
    fn times_are_read_with_fractions_and_nothing_loose() {
        let read = |tag, text: &str| {
            let bytes = element(tag, text.as_bytes());
            instant(Elements::new(&bytes).next("time").expect("an element"))
        };
        assert_eq!(
            read(GENERALIZED_TIME, "20261122010911Z"),
            Ok(datetime!(2026-11-22 1:09:11 UTC))
        );
        assert_eq!(
            read(GENERALIZED_TIME, "20261122010911.05Z"),
            Ok(datetime!(2026-11-22 1:09:11.05 UTC))
        );
        assert_eq!(read(UTC_TIME, "491231235959Z"), Ok(datetime!(2049-12-31 23:59:59 UTC)));
        assert_eq!(read(UTC_TIME, "500101000000Z"), Ok(datetime!(1950-01-01 0:00 UTC)));
        for (tag, bad) in [
            (GENERALIZED_TIME, "20261122010911"),
            (GENERALIZED_TIME, "20261122010911.50Z"),
            (GENERALIZED_TIME, "20261122010911.Z"),
            (GENERALIZED_TIME, "202611220109Z"),
            (GENERALIZED_TIME, "20261322010911Z"),
            (GENERALIZED_TIME, "2026112201091+Z"),
            (UTC_TIME, "2611220109Z"),
            (UTC_TIME, "261122010911.5Z"),
        ] {
            assert!(read(tag, bad).is_err(), "{bad}");
        }
        let now = datetime!(2026-11-22 1:09:11 UTC);
        let written = generalized(now);
        assert_eq!(
            instant(Elements::new(&written).next("time").expect("an element")),
            Ok(now)
        );
    }
}
