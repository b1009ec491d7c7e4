//! A day of the proleptic Gregorian calendar, years 1 to 9999.

use std::fmt;

use crate::text::Text;

/// Days of the week, numbered as in 行政基本情報データ連携モデル 1015-1 §1.2 (1 = 月曜日 … 7 = 日曜日).
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum Weekday {
    /// 月曜日, code 1.
    Monday = 1,
    /// 火曜日, code 2.
    Tuesday = 2,
    /// 水曜日, code 3.
    Wednesday = 3,
    /// 木曜日, code 4.
    Thursday = 4,
    /// 金曜日, code 5.
    Friday = 5,
    /// 土曜日, code 6.
    Saturday = 6,
    /// 日曜日, code 7.
    Sunday = 7,
}

/// Why something is no day.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DayError {
    /// Not written as the item tables and 1015-1 §1.1 ask.
    #[error("expected YYYY-MM-DD in half-width digits, found {found:?}; write for instance 2020-02-29")]
    Form {
        /// The text as it stands.
        found: String,
    },
    /// Year 0 or above 9999.
    #[error("expected a year from 1 to 9999, found {found}")]
    Year {
        /// The year as it stands.
        found: u16,
    },
    /// Month 0 or above 12.
    #[error("expected a month from 1 to 12, found {found}")]
    Month {
        /// The month as it stands.
        found: u8,
    },
    /// A day that the month does not have in that year, such as 29 February of a common year.
    #[error("{year:04}-{month:02} has the days 1 to {last}, found {found}")]
    Day {
        /// Year.
        year: u16,
        /// Month.
        month: u8,
        /// Last day of that month.
        last: u8,
        /// The day as it stands.
        found: u8,
    },
}

impl DayError {
    /// The message in both languages.
    pub fn text(&self) -> Text {
        let japanese = match self {
            Self::Form { found } => format!("半角数字の YYYY-MM-DD であるべきところ {found:?} です"),
            Self::Year { found } => format!("年は 1 から 9999 までのところ {found} です"),
            Self::Month { found } => format!("月は 1 から 12 までのところ {found} です"),
            Self::Day {
                year,
                month,
                last,
                found,
            } => format!("{year} 年 {month} 月は {last} 日までのところ {found} 日です"),
        };
        Text::new(japanese, self.to_string())
    }
}

/// Whether a year of the Gregorian calendar has 366 days.
pub const fn is_leap_year(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Number of days of a month (1 to 12; 0 for anything else).
pub const fn days_in_month(year: u16, month: u8) -> u8 {
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if is_leap_year(year) => 29,
        2 => 28,
        _ => 0,
    }
}

/// A day of the calendar. Ordered by time; written YYYY-MM-DD.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Day {
    year: u16,
    month: u8,
    day: u8,
}

impl Day {
    /// 1 January of the year 1.
    pub const FIRST: Self = Self::known(1, 1, 1);
    /// 31 December 9999.
    pub const LAST: Self = Self::known(9999, 12, 31);

    /// A day that is known to exist; only for constants of this room.
    pub(super) const fn known(year: u16, month: u8, day: u8) -> Self {
        Self { year, month, day }
    }

    /// The day of a year (1 to 9999), a month and a day of the month.
    ///
    /// # Errors
    /// If there is no such day.
    pub const fn new(year: u16, month: u8, day: u8) -> Result<Self, DayError> {
        if year == 0 || year > 9999 {
            return Err(DayError::Year { found: year });
        }
        let last = days_in_month(year, month);
        if last == 0 {
            return Err(DayError::Month { found: month });
        }
        if day == 0 || day > last {
            return Err(DayError::Day {
                year,
                month,
                last,
                found: day,
            });
        }
        Ok(Self { year, month, day })
    }

    /// Reads YYYY-MM-DD (行政基本情報データ連携モデル 1015-1 §1.1).
    ///
    /// # Errors
    /// If the form is another one, or there is no such day.
    pub fn parse(text: &str) -> Result<Self, DayError> {
        let (year, month, day) = split(text).ok_or_else(|| DayError::Form { found: text.into() })?;
        Self::new(year, month, day)
    }

    /// Year, 1 to 9999.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// Month, 1 to 12.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// Day of the month, 1 to 31.
    pub const fn day(self) -> u8 {
        self.day
    }

    /// Days since 1970-01-01, which is 0.
    pub const fn number(self) -> i32 {
        // March is the first month of this count, so the leap day is the last day of a year.
        let year = self.year as i32 - (self.month <= 2) as i32;
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let month = (self.month as i32 + 9) % 12;
        let day_of_year = (153 * month + 2) / 5 + self.day as i32 - 1;
        era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
    }

    /// The day with a number, if it lies in the years 1 to 9999.
    pub fn from_number(number: i32) -> Option<Self> {
        if !(Self::FIRST.number()..=Self::LAST.number()).contains(&number) {
            return None;
        }
        let shifted = number + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        let year = era * 400 + year_of_era + i32::from(month <= 2);
        Some(Self {
            year: u16::try_from(year).ok()?,
            month: u8::try_from(month).ok()?,
            day: u8::try_from(day).ok()?,
        })
    }

    /// So many days later (negative: earlier).
    pub fn add_days(self, days: i32) -> Option<Self> {
        Self::from_number(self.number().checked_add(days)?)
    }

    /// The day after.
    pub fn next(self) -> Option<Self> {
        self.add_days(1)
    }

    /// The day before.
    pub fn previous(self) -> Option<Self> {
        self.add_days(-1)
    }

    /// The corresponding day (応当日) so many months later (negative: earlier); the last day of that month where it
    /// has no such day (民法 143 条 2 項但書).
    pub fn add_months(self, months: i32) -> Option<Self> {
        let count = (i32::from(self.year) * 12 + i32::from(self.month) - 1).checked_add(months)?;
        let year = u16::try_from(count.div_euclid(12))
            .ok()
            .filter(|year| (1..=9999).contains(year))?;
        let month = u8::try_from(count.rem_euclid(12) + 1).ok()?;
        Some(Self {
            year,
            month,
            day: self.day.min(days_in_month(year, month)),
        })
    }

    /// [`Day::add_months`] by twelve for each year: from 29 February to 28 February of a common year.
    pub fn add_years(self, years: i32) -> Option<Self> {
        self.add_months(years.checked_mul(12)?)
    }

    /// Last day of a period of so many months whose first day is this one, counted in full: the day before the
    /// corresponding day, or the last day of the last month where it has no such day (民法 140 条但書, 143 条 2 項).
    ///
    /// One year from 2020-04-01 ends with 2021-03-31; one month from 2021-01-31 ends with 2021-02-28.
    pub fn last_day_of_months(self, months: u16) -> Option<Self> {
        let there = self.add_months(i32::from(months))?;
        if there.day == self.day {
            there.previous()
        } else {
            Some(there)
        }
    }

    /// First day of its month.
    #[must_use]
    pub const fn first_of_month(self) -> Self {
        Self { day: 1, ..self }
    }

    /// Last day of its month.
    #[must_use]
    pub const fn last_of_month(self) -> Self {
        Self {
            day: days_in_month(self.year, self.month),
            ..self
        }
    }

    /// First day of the month after (翌月の初日).
    pub fn first_of_next_month(self) -> Option<Self> {
        self.first_of_month().add_months(1)
    }

    /// Fiscal year (年度), from 1 April to 31 March (地方自治法 208 条 1 項; the school year is the same, 学校教育法施行規則
    /// 59 条).
    pub const fn fiscal_year(self) -> u16 {
        if self.month >= 4 { self.year } else { self.year - 1 }
    }

    /// First 31 March on or after this day: the end of its fiscal year (…以後の最初の三月三十一日).
    pub fn end_of_fiscal_year(self) -> Option<Self> {
        Self::new(self.fiscal_year() + 1, 3, 31).ok()
    }

    /// First 1 April on or after this day: the beginning of a school year (…以後における最初の学年の初め).
    pub fn next_beginning_of_fiscal_year(self) -> Option<Self> {
        let this_year = Self::new(self.year, 4, 1).ok()?;
        if self <= this_year {
            Some(this_year)
        } else {
            Self::new(self.year + 1, 4, 1).ok()
        }
    }

    /// Day of the week.
    pub fn weekday(self) -> Weekday {
        // 1970-01-01 was a Thursday.
        match (self.number() + 3).rem_euclid(7) {
            0 => Weekday::Monday,
            1 => Weekday::Tuesday,
            2 => Weekday::Wednesday,
            3 => Weekday::Thursday,
            4 => Weekday::Friday,
            5 => Weekday::Saturday,
            _ => Weekday::Sunday,
        }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl std::str::FromStr for Day {
    type Err = DayError;

    fn from_str(text: &str) -> Result<Self, DayError> {
        Self::parse(text)
    }
}

impl serde::Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> serde::Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Year, month and day of YYYY-MM-DD, whether or not there is such a day.
pub(super) fn split(text: &str) -> Option<(u16, u8, u8)> {
    let bytes = text.as_bytes();
    let well_formed = bytes.len() == 10
        && bytes.iter().enumerate().all(|(index, byte)| match index {
            4 | 7 => *byte == b'-',
            _ => byte.is_ascii_digit(),
        });
    if !well_formed {
        return None;
    }
    Some((
        text[..4].parse().ok()?,
        text[5..7].parse().ok()?,
        text[8..].parse().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).expect(text)
    }

    #[test]
    fn numbers_and_days_are_the_same_for_every_day_there_is() {
        let mut expected = Day::FIRST;
        for number in Day::FIRST.number()..=Day::LAST.number() {
            let found = Day::from_number(number).expect("within the years");
            assert_eq!(found, expected);
            assert_eq!(found.number(), number);
            let (mut year, mut month, mut next) = (expected.year, expected.month, expected.day + 1);
            if next > days_in_month(year, month) {
                (month, next) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
            expected = Day::known(year, month, next);
        }
        assert_eq!(Day::from_number(Day::LAST.number() + 1), None);
        assert_eq!(Day::from_number(Day::FIRST.number() - 1), None);
        assert_eq!(day("1970-01-01").number(), 0);
    }

    #[test]
    fn what_is_no_day_says_why() {
        assert_eq!(
            Day::parse("2019-02-29").unwrap_err().to_string(),
            "2019-02 has the days 1 to 28, found 29"
        );
        assert!(matches!(Day::parse("2019-13-01"), Err(DayError::Month { found: 13 })));
        assert!(matches!(Day::parse("0000-01-01"), Err(DayError::Year { found: 0 })));
        for text in [
            "",
            "2019/02/01",
            "２０１９-02-01",
            "2019-2-1",
            "2019-02-01 ",
            "+019-02-01",
        ] {
            assert!(matches!(Day::parse(text), Err(DayError::Form { .. })), "{text}");
        }
        assert!(Day::new(1900, 2, 29).is_err() && Day::new(2000, 2, 29).is_ok());
    }

    #[test]
    fn months_are_added_to_the_corresponding_day() {
        for (from, months, to) in [
            ("2021-01-31", 1, "2021-02-28"),
            ("2020-01-31", 1, "2020-02-29"),
            ("2020-02-29", 12, "2021-02-28"),
            ("2020-02-29", 48, "2024-02-29"),
            ("2021-03-31", -1, "2021-02-28"),
            ("2021-01-15", -1, "2020-12-15"),
            ("2021-12-01", 1, "2022-01-01"),
        ] {
            assert_eq!(day(from).add_months(months), Some(day(to)), "{from} {months}");
        }
        assert_eq!(Day::LAST.add_months(1), None);
        assert_eq!(Day::FIRST.add_months(-1), None);
        assert_eq!(day("2020-02-29").add_years(1), Some(day("2021-02-28")));
    }

    #[test]
    fn a_period_of_months_ends_the_day_before() {
        for (from, months, last) in [
            ("2020-04-01", 12, "2021-03-31"),
            ("2021-01-31", 1, "2021-02-28"),
            ("2021-01-28", 1, "2021-02-27"),
            ("2020-02-29", 12, "2021-02-28"),
            ("2020-01-01", 1, "2020-01-31"),
        ] {
            assert_eq!(day(from).last_day_of_months(months), Some(day(last)), "{from}");
        }
    }

    #[test]
    fn fiscal_years_begin_in_april() {
        assert_eq!(day("2026-03-31").fiscal_year(), 2025);
        assert_eq!(day("2026-04-01").fiscal_year(), 2026);
        assert_eq!(day("2026-03-31").end_of_fiscal_year(), Some(day("2026-03-31")));
        assert_eq!(day("2026-04-01").end_of_fiscal_year(), Some(day("2027-03-31")));
        assert_eq!(
            day("2026-04-01").next_beginning_of_fiscal_year(),
            Some(day("2026-04-01"))
        );
        assert_eq!(
            day("2026-04-02").next_beginning_of_fiscal_year(),
            Some(day("2027-04-01"))
        );
        assert_eq!(day("2026-12-15").first_of_next_month(), Some(day("2027-01-01")));
        assert_eq!(day("2026-02-15").last_of_month(), day("2026-02-28"));
    }

    #[test]
    fn weekdays() {
        assert_eq!(day("2026-11-22").weekday(), Weekday::Sunday);
        assert_eq!(day("2019-05-01").weekday(), Weekday::Wednesday);
        assert_eq!(day("1873-01-01").weekday() as u8, 3);
    }
}
