//! DATE and TIME of the item tables, and time stamps of our own records.

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::day::{Day, split};

/// What a string in a DATE item is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DateForm {
    /// A day of the calendar (西暦, YYYY-MM-DD).
    Calendar,
    /// Month or day (or all) written as zeros: a form of an unknown date (reading RD-25).
    Unknown,
    /// 0000-01-01 or 9999-12-31, open start and open end of a period (凡例）データ型).
    OpenEnd,
    /// YYYY-MM-DD in form, but no day of the calendar, such as 2019-02-29.
    NotInCalendar,
    /// Not YYYY-MM-DD at all.
    Malformed,
}

/// Classifies the content of a DATE item.
pub fn classify_date(text: &str) -> DateForm {
    if text == "0000-01-01" || text == "9999-12-31" {
        return DateForm::OpenEnd;
    }
    let Some((year, month, day)) = split(text) else {
        return DateForm::Malformed;
    };
    if day == 0 && month <= 12 {
        return DateForm::Unknown;
    }
    match Day::new(year, month, day) {
        Ok(_) => DateForm::Calendar,
        Err(_) => DateForm::NotInCalendar,
    }
}

/// Whether a string is a TIME: HH:MM or HH:MM:SS, 24 hours, leading zeros.
pub fn is_time(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let limits: &[u8] = match parts.len() {
        2 => &[24, 60],
        3 => &[24, 60, 60],
        _ => return false,
    };
    parts.iter().zip(limits).all(|(part, limit)| {
        part.len() == 2
            && part.bytes().all(|byte| byte.is_ascii_digit())
            && part.parse::<u8>().is_ok_and(|value| value < *limit)
    })
}

/// Time stamp of a Unix time in milliseconds, UTC, RFC 3339, for records and reports.
pub fn timestamp(unix_ms: u64) -> String {
    at(unix_ms).format(&Rfc3339).unwrap_or_else(|_| unix_ms.to_string())
}

/// Unix time in milliseconds of a time stamp in the form of RFC 3339; one without an offset is taken as Japan's (UTC+9).
pub fn unix_ms(text: &str) -> Option<u64> {
    let parse = |text: &str| OffsetDateTime::parse(text, &Rfc3339).ok();
    let at = parse(text).or_else(|| parse(&format!("{text}+09:00")))?;
    u64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}

/// Day (YYYY-MM-DD) and time (HH:MM:SS) of a Unix time in milliseconds, in Japan (UTC+9).
pub fn day_and_time_in_japan(unix_ms: u64) -> (String, String) {
    let there = at(unix_ms + 9 * 3_600_000);
    (
        format!("{:04}-{:02}-{:02}", there.year(), u8::from(there.month()), there.day()),
        format!("{:02}:{:02}:{:02}", there.hour(), there.minute(), there.second()),
    )
}

/// Whether a day written YYYY-MM-DD lies before the day of a Unix time in milliseconds.
pub fn is_past(day: &str, unix_ms: u64) -> bool {
    day < day_and_time_in_japan(unix_ms).0.as_str()
}

fn at(unix_ms: u64) -> OffsetDateTime {
    let nanos = i128::from(unix_ms) * 1_000_000;
    OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates() {
        for (text, form) in [
            ("2020-02-29", DateForm::Calendar),
            ("2019-02-29", DateForm::NotInCalendar),
            ("1964-07-00", DateForm::Unknown),
            ("1964-00-00", DateForm::Unknown),
            ("0000-00-00", DateForm::Unknown),
            ("1964-00-12", DateForm::NotInCalendar),
            ("0000-01-01", DateForm::OpenEnd),
            ("9999-12-31", DateForm::OpenEnd),
            ("2020/02/29", DateForm::Malformed),
            ("２０２０-02-29", DateForm::Malformed),
            ("", DateForm::Malformed),
        ] {
            assert_eq!(classify_date(text), form, "{text}");
        }
    }

    #[test]
    fn time_stamps_are_read_back() {
        assert_eq!(unix_ms(&timestamp(1_795_356_002_257)), Some(1_795_356_002_257));
        assert_eq!(unix_ms("1970-01-01T09:00:01+09:00"), Some(1000));
        assert_eq!(unix_ms("1970-01-01T09:00:01"), Some(1000));
        assert_eq!(unix_ms("1970-01-01"), None);
    }

    #[test]
    fn times() {
        assert!(is_time("09:00:00") && is_time("23:59"));
        for wrong in ["24:00:00", "9:00:00", "09-00-00", "09:00:60", "", "０９:00:00"] {
            assert!(!is_time(wrong), "{wrong}");
        }
    }

    #[test]
    fn stamps() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00Z");
        assert_eq!(
            day_and_time_in_japan(1_793_318_400_000),
            ("2026-10-30".into(), "09:00:00".into())
        );
        assert!(is_past("2026-10-29", 1_793_318_400_000));
    }
}
