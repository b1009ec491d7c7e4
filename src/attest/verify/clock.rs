//! Days and moments as statements write them.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, Time, UtcOffset};

/// A day, YYYY-MM-DD.
pub(super) fn day(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

/// A moment, RFC 3339 in UTC, in the one form that statements have: `2026-11-22T00:00:00Z`.
pub(super) fn moment(text: &str) -> Option<OffsetDateTime> {
    if text.as_bytes().get(10) != Some(&b'T') || !text.ends_with('Z') {
        return None;
    }
    OffsetDateTime::parse(text, &Rfc3339)
        .ok()
        .map(|moment| moment.to_offset(UtcOffset::UTC))
}

/// Where the days of the register are: Japan has no other time than UTC+9.
const JAPAN: UtcOffset = match UtcOffset::from_hms(9, 0, 0) {
    Ok(offset) => offset,
    Err(_) => UtcOffset::UTC,
};

/// The day in Japan of a moment: the days of the register (`validFrom`, `validUntil`) are Japan's.
pub(super) fn day_of(moment: OffsetDateTime) -> Date {
    moment.to_offset(JAPAN).date()
}

/// The last second of a day in Japan.
pub(super) fn end_of(day: Date) -> OffsetDateTime {
    let last = Time::from_hms(23, 59, 59).unwrap_or(Time::MIDNIGHT);
    OffsetDateTime::new_in_offset(day, last, JAPAN).to_offset(UtcOffset::UTC)
}

/// A moment to the second.
pub(super) fn written(moment: OffsetDateTime) -> String {
    moment
        .replace_nanosecond(0)
        .unwrap_or(moment)
        .format(&Rfc3339)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn moments_have_one_form() {
        let expected = datetime!(2026-11-22 1:02:03 UTC);
        assert_eq!(moment("2026-11-22T01:02:03Z"), Some(expected));
        assert_eq!(written(expected), "2026-11-22T01:02:03Z");
        for loose in [
            "2026-11-22 01:02:03Z",
            "2026-11-22T01:02:03+00:00",
            "2026-11-22t01:02:03z",
            "2026-11-22",
            "",
        ] {
            assert_eq!(moment(loose), None, "{loose}");
        }
        assert_eq!(day("2026-02-30"), None);
    }

    #[test]
    fn days_are_those_of_japan() {
        let day = day("2026-11-22").unwrap();
        assert_eq!(end_of(day), datetime!(2026-11-22 14:59:59 UTC));
        assert_eq!(day_of(end_of(day)), day);
        assert_ne!(day_of(datetime!(2026-11-22 15:00:00 UTC)), day);
    }
}
