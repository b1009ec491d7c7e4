//! Days and moments as statements write them.

use time::format_description::well_known::Rfc3339;
use time::macros::format_description;
use time::{Date, OffsetDateTime, Time, UtcOffset};

/// A day, YYYY-MM-DD.
pub(super) fn day(text: &str) -> Option<Date> {
    Date::parse(text, format_description!("[year]-[month]-[day]")).ok()
}

/// A moment, RFC 3339 in UTC.
pub(super) fn moment(text: &str) -> Option<OffsetDateTime> {
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
