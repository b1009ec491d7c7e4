//! Days and times in bytes, without allocation.

/// Year, month and day of `YYYY-MM-DD`; whether the calendar has that day is not asked.
#[inline]
pub(super) fn parts(bytes: &[u8]) -> Option<(u32, u32, u32)> {
    let &[a, b, c, d, b'-', e, f, b'-', g, h] = bytes else {
        return None;
    };
    let mut wrong = 0;
    let mut digit = |byte: u8| {
        let value = byte.wrapping_sub(b'0');
        wrong |= u8::from(value > 9);
        u32::from(value)
    };
    let year = digit(a) * 1000 + digit(b) * 100 + digit(c) * 10 + digit(d);
    let month = digit(e) * 10 + digit(f);
    let day = digit(g) * 10 + digit(h);
    (wrong == 0).then_some((year, month, day))
}

/// Days of a month in the Gregorian calendar; 0 for a month that is none.
#[inline]
pub(super) fn days_of(year: u32, month: u32) -> u32 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 0,
    }
}

/// Whether bytes are a day of the calendar. 0000-01-01 (open start) is none here; 9999-12-31 is.
#[inline]
pub(super) fn is_day(bytes: &[u8]) -> bool {
    parts(bytes).is_some_and(|(year, month, day)| year > 0 && day > 0 && day <= days_of(year, month))
}

/// Whether bytes are HH:MM:SS or HH:MM.
#[inline]
pub(super) fn is_time(bytes: &[u8]) -> bool {
    let (hour, minute, second) = match *bytes {
        [a, b, b':', c, d] => ([a, b], [c, d], [b'0', b'0']),
        [a, b, b':', c, d, b':', e, f] => ([a, b], [c, d], [e, f]),
        _ => return false,
    };
    let below = |[tens, ones]: [u8; 2], limit: u8| {
        tens.is_ascii_digit() && ones.is_ascii_digit() && (tens - b'0') * 10 + (ones - b'0') < limit
    };
    below(hour, 24) && below(minute, 60) && below(second, 60)
}

/// A comparable number for a day of the calendar, some years later; `None` for unknown, open and malformed dates.
pub(super) fn ordinal(bytes: &[u8], years: i32) -> Option<i64> {
    let (year, month, day) = parts(bytes)?;
    if !is_day(bytes) || bytes == b"9999-12-31" {
        return None;
    }
    let year = i64::from(year) + i64::from(years);
    let last = u32::try_from(year).map_or(31, |year| days_of(year, month));
    Some(year * 10_000 + i64::from(month) * 100 + i64::from(day.min(last)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::date::{DateForm, classify_date, is_time as is_time_text};

    #[test]
    fn days_agree_with_the_calendar() {
        for year in [1, 4, 1899, 1900, 1904, 2000, 2023, 2024, 2100, 9999] {
            for month in 0..=13 {
                for day in 0..=32 {
                    let text = format!("{year:04}-{month:02}-{day:02}");
                    let known = matches!(classify_date(&text), DateForm::Calendar) || text == "9999-12-31";
                    assert_eq!(is_day(text.as_bytes()), known, "{text}");
                }
            }
        }
        assert!(!is_day(b"2020/01/01") && !is_day(b"2020-1-01") && !is_day(b"") && !is_day(b"0000-01-01"));
    }

    #[test]
    fn times_agree() {
        for text in [
            "09:00:00", "23:59", "24:00:00", "9:00:00", "09-00-00", "09:60:00", "09:00:60", "", "::", "0x:00",
        ] {
            assert_eq!(is_time(text.as_bytes()), is_time_text(text), "{text}");
        }
    }

    #[test]
    fn birthdays() {
        assert_eq!(ordinal(b"1950-01-02", 65), ordinal(b"2015-01-02", 0));
        assert_eq!(ordinal(b"2000-02-29", 65), ordinal(b"2065-02-28", 0));
        assert_eq!(ordinal(b"9999-12-31", 0), None);
        assert_eq!(ordinal(b"1964-07-00", 0), None);
    }
}
