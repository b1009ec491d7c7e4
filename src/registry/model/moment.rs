//! Points in time of the register.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::text::date::{Day, timestamp, unix_ms};

const HOUR: i64 = 3_600_000;

/// A point in time: milliseconds since 1970-01-01T00:00:00Z; as text RFC 3339 in UTC.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Moment(pub i64);

impl Moment {
    /// The calendar day in Japan (UTC+9), the day that counts for validity.
    pub fn day(self) -> Day {
        let number = (self.0 + 9 * HOUR).div_euclid(24 * HOUR);
        i32::try_from(number)
            .ok()
            .and_then(Day::from_number)
            .unwrap_or(if number < 0 { Day::FIRST } else { Day::LAST })
    }

    /// The first moment of a day in Japan.
    pub fn start_of(day: Day) -> Self {
        Self(i64::from(day.number()) * 24 * HOUR - 9 * HOUR)
    }

    /// So many hours later; negative: earlier.
    #[must_use]
    pub fn add_hours(self, hours: i64) -> Self {
        Self(self.0.saturating_add(hours.saturating_mul(HOUR)))
    }

    /// So many times twenty-four hours later; negative: earlier.
    #[must_use]
    pub fn add_days(self, days: i64) -> Self {
        self.add_hours(days.saturating_mul(24))
    }

    /// Reads RFC 3339; `None` for anything else and for times before 1970.
    pub fn parse(text: &str) -> Option<Self> {
        unix_ms(text).and_then(|ms| i64::try_from(ms).ok()).map(Self)
    }

    /// The same moment without the part below a second, as signed documents write it.
    #[must_use]
    pub fn whole_second(self) -> Self {
        Self(self.0.div_euclid(1000) * 1000)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&timestamp(u64::try_from(self.0).unwrap_or(0)))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| de::Error::custom(format!("`{text}` is no time in the form of RFC 3339")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_is_that_of_japan() {
        let moment = Moment::parse("2026-11-21T15:00:00Z").expect("RFC 3339");
        assert_eq!(moment.day().to_string(), "2026-11-22");
        assert_eq!(Moment(moment.0 - 1).day().to_string(), "2026-11-21");
        assert_eq!(Moment::start_of(moment.day()), moment);
        assert_eq!(moment.to_string(), "2026-11-21T15:00:00Z");
    }

    #[test]
    fn extreme_times_do_not_panic() {
        assert_eq!(Moment(i64::MAX / 2).day(), Day::LAST);
        assert_eq!(Moment(i64::MIN / 2).day(), Day::FIRST);
        assert_eq!(Moment(i64::MAX).add_days(i64::MAX), Moment(i64::MAX));
    }
}
