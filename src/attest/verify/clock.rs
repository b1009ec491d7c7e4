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

/// The last second of a day.
pub(super) fn end_of(day: Date) -> OffsetDateTime {
    OffsetDateTime::new_utc(day, Time::from_hms(23, 59, 59).unwrap_or(Time::MIDNIGHT))
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
}
