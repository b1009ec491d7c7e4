//! A range of days that may be open on either side.

use std::fmt;

use super::{Day, DayError};
use crate::text::Text;

/// Why two DATE items are no period.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum PeriodError {
    /// The start is neither a day nor the open start.
    #[error("start of the period: {0} (an open start is written 0000-01-01)")]
    Start(DayError),
    /// The end is neither a day nor the open end.
    #[error("end of the period: {0} (an open end is written 9999-12-31)")]
    End(DayError),
    /// The open start stands at the end, or the open end at the start.
    #[error("{found} opens the {side} of a period only; found at the other one")]
    Swapped {
        /// The value as it stands.
        found: &'static str,
        /// The side where it belongs.
        side: &'static str,
    },
    /// It ends before it begins.
    #[error("expected an end on or after the start {start}, found {end}")]
    Backwards {
        /// First day.
        start: Day,
        /// Last day.
        end: Day,
    },
}

impl PeriodError {
    /// The message in both languages.
    pub fn text(&self) -> Text {
        let japanese = match self {
            Self::Start(error) => format!("期間の開始日: {}（開始日なしは 0000-01-01）", error.text().ja),
            Self::End(error) => format!("期間の終了日: {}（終了日なしは 9999-12-31）", error.text().ja),
            Self::Swapped { found, .. } => format!("{found} が期間の反対側にあります"),
            Self::Backwards { start, end } => format!("終了日 {end} が開始日 {start} より前です"),
        };
        Text::new(japanese, self.to_string())
    }
}

/// A period from one day to another, both included, or open (data_types of the item tables: open start 0000-01-01,
/// open end 9999-12-31).
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub struct Period {
    start: Option<Day>,
    end: Option<Day>,
}

impl Period {
    /// How an open start is written in a DATE item.
    pub const OPEN_START: &'static str = "0000-01-01";
    /// How an open end is written in a DATE item.
    pub const OPEN_END: &'static str = "9999-12-31";

    /// A period; `None` is open.
    ///
    /// # Errors
    /// If it ends before it begins.
    pub fn new(start: Option<Day>, end: Option<Day>) -> Result<Self, PeriodError> {
        match (start, end) {
            (Some(start), Some(end)) if end < start => Err(PeriodError::Backwards { start, end }),
            _ => Ok(Self { start, end }),
        }
    }

    /// Reads the two DATE items of a period.
    ///
    /// # Errors
    /// If one of them is neither a day nor its open form, or the period ends before it begins.
    pub fn parse(start: &str, end: &str) -> Result<Self, PeriodError> {
        if start == Self::OPEN_END {
            return Err(PeriodError::Swapped {
                found: Self::OPEN_END,
                side: "end",
            });
        }
        if end == Self::OPEN_START {
            return Err(PeriodError::Swapped {
                found: Self::OPEN_START,
                side: "start",
            });
        }
        let read = |text: &str, open: &str| (text != open).then(|| Day::parse(text)).transpose();
        Self::new(
            read(start, Self::OPEN_START).map_err(PeriodError::Start)?,
            read(end, Self::OPEN_END).map_err(PeriodError::End)?,
        )
    }

    /// First day; `None` if open.
    pub const fn start(self) -> Option<Day> {
        self.start
    }

    /// Last day; `None` if open.
    pub const fn end(self) -> Option<Day> {
        self.end
    }

    /// Whether a day lies in it.
    pub fn contains(self, day: Day) -> bool {
        self.start.is_none_or(|start| start <= day) && self.end.is_none_or(|end| day <= end)
    }

    /// Whether the two have a day in common.
    pub fn overlaps(self, other: Self) -> bool {
        let begins_in_time = |one: Self, two: Self| match (one.start, two.end) {
            (Some(start), Some(end)) => start <= end,
            _ => true,
        };
        begins_in_time(self, other) && begins_in_time(other, self)
    }
}

/// The two DATE items with a slash, as 1015-1 §4.1 writes a period.
impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = |day: Option<Day>, open: &str| day.map_or_else(|| open.to_owned(), |day| day.to_string());
        write!(
            f,
            "{}/{}",
            written(self.start, Self::OPEN_START),
            written(self.end, Self::OPEN_END)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn open_sides_belong_to_their_place() {
        let all = Period::parse("0000-01-01", "9999-12-31").unwrap();
        assert_eq!((all.start(), all.end()), (None, None));
        assert_eq!(all.to_string(), "0000-01-01/9999-12-31");
        assert!(all.contains(Day::FIRST));
        for (start, end, part) in [
            ("9999-12-31", "9999-12-31", "opens the end"),
            ("0000-01-01", "0000-01-01", "opens the start"),
            ("2026-04-02", "2026-04-01", "on or after the start 2026-04-02"),
            ("2026-04-00", "9999-12-31", "start of the period"),
            ("0000-01-01", "2026-02-29", "end of the period"),
        ] {
            let error = Period::parse(start, end).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn periods_meet_on_a_day() {
        let period = |start, end| Period::parse(start, end).unwrap();
        let spring = period("2026-03-01", "2026-05-31");
        assert!(spring.overlaps(period("2026-05-31", "9999-12-31")));
        assert!(!spring.overlaps(period("2026-06-01", "9999-12-31")));
        assert!(spring.overlaps(period("0000-01-01", "2026-03-01")));
        assert!(!spring.overlaps(period("0000-01-01", "2026-02-28")));
        assert!(spring.contains(spring.start().unwrap()) && spring.contains(spring.end().unwrap()));
        assert!(!spring.contains(Day::LAST));
    }
}
