//! 和暦: a day written with its era, to and from the Gregorian calendar.
//!
//! Boundaries (元号法, 政令 and the table of 行政基本情報データ連携モデル 1015-1): 明治 until 45年7月30日, 大正 from that same day
//! until 15年12月25日, 昭和 from that same day until 64年1月7日, 平成 until 31年4月30日, 令和 from 1年5月1日. Japan counts
//! Gregorian days since 明治6年1月1日 = 1873-01-01, where the official table begins; a 明治 date before it is a day of
//! the lunar calendar, which is not converted here.

use std::fmt;

use super::{Day, DayError, days_in_month};
use crate::text::Text;
use crate::text::characters::ascii_digit;

/// The five eras that occur in registers.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum Era {
    /// 明治, years 1 to 45.
    Meiji,
    /// 大正, years 1 to 15.
    Taisho,
    /// 昭和, years 1 to 64.
    Showa,
    /// 平成, years 1 to 31.
    Heisei,
    /// 令和, from 2019.
    Reiwa,
}

impl Era {
    /// All five, oldest first.
    pub const ALL: [Self; 5] = [Self::Meiji, Self::Taisho, Self::Showa, Self::Heisei, Self::Reiwa];

    /// Name, such as 令和.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meiji => "明治",
            Self::Taisho => "大正",
            Self::Showa => "昭和",
            Self::Heisei => "平成",
            Self::Reiwa => "令和",
        }
    }

    /// Letter of the official table 1015-1, such as R.
    pub const fn letter(self) -> char {
        match self {
            Self::Meiji => 'M',
            Self::Taisho => 'T',
            Self::Showa => 'S',
            Self::Heisei => 'H',
            Self::Reiwa => 'R',
        }
    }

    /// 年号コード in one digit, 1 明治 … 5 令和 (as 芽室町's MADO uses it; the official code table is not public).
    /// 中間標準レイアウト writes the code in two digits, 既存住基システム改造仕様書 in one: a trap of conversion.
    pub const fn code(self) -> u8 {
        match self {
            Self::Meiji => 1,
            Self::Taisho => 2,
            Self::Showa => 3,
            Self::Heisei => 4,
            Self::Reiwa => 5,
        }
    }

    /// First day that can be converted: 明治6年1月1日, else the first day of the era.
    pub const fn first_day(self) -> Day {
        match self {
            Self::Meiji => Day::known(1873, 1, 1),
            Self::Taisho => Day::known(1912, 7, 30),
            Self::Showa => Day::known(1926, 12, 25),
            Self::Heisei => Day::known(1989, 1, 8),
            Self::Reiwa => Day::known(2019, 5, 1),
        }
    }

    /// Last day; `None` for the era of today.
    pub const fn last_day(self) -> Option<Day> {
        match self {
            Self::Meiji => Some(Day::known(1912, 7, 30)),
            Self::Taisho => Some(Day::known(1926, 12, 25)),
            Self::Showa => Some(Day::known(1989, 1, 7)),
            Self::Heisei => Some(Day::known(2019, 4, 30)),
            Self::Reiwa => None,
        }
    }

    /// Year of the Gregorian calendar before its year 1.
    const fn offset(self) -> u16 {
        match self {
            Self::Meiji => 1867,
            Self::Taisho => 1911,
            Self::Showa => 1925,
            Self::Heisei => 1988,
            Self::Reiwa => 2018,
        }
    }

    /// Gregorian year of a year of the era, if the era has that year.
    pub fn gregorian_year(self, year: u16) -> Option<u16> {
        let gregorian = self.offset().checked_add(year).filter(|_| year > 0)?;
        (gregorian <= self.last_day().map_or(9999, Day::year)).then_some(gregorian)
    }

    /// Whether a day lies in the era, both of its boundary days included.
    pub fn contains(self, day: Day) -> bool {
        self.first_day() <= day && self.last_day().is_none_or(|last| day <= last)
    }

    /// The era whose name or letter a text begins with, and the rest.
    pub(super) fn strip(text: &str) -> Option<(Self, &str)> {
        Self::ALL.into_iter().find_map(|era| {
            let rest = text
                .strip_prefix(era.name())
                .or_else(|| text.strip_prefix(era.letter()))?;
            Some((era, rest))
        })
    }
}

/// Why a date with an era is no day.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EraError {
    /// Neither 令和8年4月1日 nor R08.04.01.
    #[error("expected an era and a date, such as 令和8年4月1日 or R08.04.01, found {found:?}")]
    Form {
        /// The text as it stands.
        found: String,
    },
    /// The era does not hold that day.
    #[error("{} has no {year}年{month}月{day}日{}", .era.name(), should_be(.instead))]
    NotInEra {
        /// The era as written.
        era: Era,
        /// Year of the era as written.
        year: u16,
        /// Month.
        month: u8,
        /// Day of the month.
        day: u8,
        /// How that day is written rightly, if it is a day at all.
        instead: Option<Wareki>,
    },
    /// A 明治 date before 6年1月1日: a day of the lunar calendar.
    #[error("a date before 明治6年1月1日 (1873-01-01) is a day of the lunar calendar and has no conversion here")]
    Lunar,
    /// Not a day of the calendar, such as 29 February of a common year.
    #[error("{0}")]
    Calendar(#[from] DayError),
}

impl EraError {
    /// The message in both languages.
    pub fn text(&self) -> Text {
        let japanese = match self {
            Self::Form { found } => format!("令和8年4月1日 や R08.04.01 のような和暦ではありません（{found:?}）"),
            Self::NotInEra {
                era,
                year,
                month,
                day,
                instead,
            } => {
                let right = instead.map(|day| format!("。その日は{day}です")).unwrap_or_default();
                format!("{}に {year} 年 {month} 月 {day} 日はありません{right}", era.name())
            }
            Self::Lunar => "明治6年1月1日（1873-01-01）より前は旧暦の日付で、ここでは換算しません".into(),
            Self::Calendar(error) => error.text().ja,
        };
        Text::new(japanese, self.to_string())
    }
}

fn should_be(instead: &Option<Wareki>) -> String {
    instead
        .as_ref()
        .map(|day| format!("; that day is {day}"))
        .unwrap_or_default()
}

/// A day written with its era. It always exists; see [`Wareki::parse`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub struct Wareki {
    era: Era,
    day: Day,
}

impl Wareki {
    /// The day of an era's year, month and day.
    ///
    /// # Errors
    /// If the era does not hold it, it is lunar, or no day.
    pub fn new(era: Era, year: u16, month: u8, day: u8) -> Result<Self, EraError> {
        let not_in_era = |instead| EraError::NotInEra {
            era,
            year,
            month,
            day,
            instead,
        };
        if year == 0 {
            return Err(not_in_era(None));
        }
        if era == Era::Meiji && year < 6 {
            return Err(EraError::Lunar);
        }
        let gregorian = Day::new(era.offset().saturating_add(year), month, day)?;
        if era.contains(gregorian) {
            Ok(Self { era, day: gregorian })
        } else {
            Err(not_in_era(Self::of(gregorian)))
        }
    }

    /// Reads 令和8年4月1日, 令和元年5月1日 or R08.04.01; digits half- or full-width.
    ///
    /// # Errors
    /// As [`Wareki::new`], or if the form is another one.
    pub fn parse(text: &str) -> Result<Self, EraError> {
        let (era, year, month, day) = split(text).ok_or_else(|| EraError::Form { found: text.into() })?;
        Self::new(era, year, month, day)
    }

    /// How a day is written today: on a day of two eras, with the later one. `None` before 1873.
    pub fn of(day: Day) -> Option<Self> {
        let era = Era::ALL.into_iter().rev().find(|era| era.contains(day))?;
        Some(Self { era, day })
    }

    /// Every way to write a day: two on 1912-07-30 and 1926-12-25, none before 1873. The older era first.
    pub fn all_of(day: Day) -> Vec<Self> {
        Era::ALL
            .into_iter()
            .filter(|era| era.contains(day))
            .map(|era| Self { era, day })
            .collect()
    }

    /// The era.
    pub const fn era(self) -> Era {
        self.era
    }

    /// Year of the era, from 1.
    pub const fn year(self) -> u16 {
        self.day.year() - self.era.offset()
    }

    /// The same day in the Gregorian calendar.
    pub const fn day(self) -> Day {
        self.day
    }

    /// The form of the official table 1015-1, such as R01.05.01.
    pub fn short(self) -> String {
        format!(
            "{}{:02}.{:02}.{:02}",
            self.era.letter(),
            self.year(),
            self.day.month(),
            self.day.day()
        )
    }
}

/// Such as 令和8年4月1日; the first year is 元年.
impl fmt::Display for Wareki {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.era.name())?;
        match self.year() {
            1 => f.write_str("元")?,
            year => write!(f, "{year}")?,
        }
        write!(f, "年{}月{}日", self.day.month(), self.day.day())
    }
}

/// Era, year, month and day as written, whether or not there is such a day. 元 is 1.
pub(super) fn split(text: &str) -> Option<(Era, u16, u8, u8)> {
    let (era, rest) = Era::strip(text)?;
    let (marks, rest) = match rest.strip_prefix('元') {
        Some(rest) => (["年", "月", "日"], format!("1{rest}")),
        None if rest.contains('年') => (["年", "月", "日"], rest.to_owned()),
        None => ([".", ".", ""], rest.to_owned()),
    };
    let (year, rest) = number(&rest, marks[0])?;
    let (month, rest) = number(rest, marks[1])?;
    let (day, rest) = number(rest, marks[2])?;
    rest.is_empty()
        .then_some((era, year, u8::try_from(month).ok()?, u8::try_from(day).ok()?))
}

/// One or two digits and the mark after them.
fn number<'a>(text: &'a str, mark: &str) -> Option<(u16, &'a str)> {
    let end = text
        .char_indices()
        .find(|&(_, c)| ascii_digit(c).is_none())
        .map_or(text.len(), |(at, _)| at);
    let digits: String = text[..end].chars().filter_map(ascii_digit).collect();
    if !(1..=2).contains(&digits.len()) {
        return None;
    }
    Some((digits.parse().ok()?, text[end..].strip_prefix(mark)?))
}

/// Whether an era's year has a month and a day in the widest sense of a register: month and day 1 to 31 exist in
/// some year, and the year exists in the era. 29 February of a common year passes, 31 April does not.
pub(super) fn is_written_day(month: u8, day: u8) -> bool {
    // 2000 is a leap year: it has every day that any year has.
    (1..=days_in_month(2000, month)).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn western(text: &str) -> String {
        Wareki::parse(text).map_or_else(|error| error.to_string(), |date| date.day().to_string())
    }

    #[test]
    fn boundaries() {
        for (text, day) in [
            ("明治6年1月1日", "1873-01-01"),
            ("明治45年7月30日", "1912-07-30"),
            ("大正元年7月30日", "1912-07-30"),
            ("大正15年12月25日", "1926-12-25"),
            ("昭和元年12月25日", "1926-12-25"),
            ("昭和64年1月7日", "1989-01-07"),
            ("平成元年1月8日", "1989-01-08"),
            ("平成31年4月30日", "2019-04-30"),
            ("令和元年5月1日", "2019-05-01"),
            ("令和１年５月１日", "2019-05-01"),
            ("M06.01.01", "1873-01-01"),
            ("T01.07.30", "1912-07-30"),
            ("R08.11.22", "2026-11-22"),
        ] {
            assert_eq!(western(text), day, "{text}");
        }
    }

    #[test]
    fn a_day_of_another_era_is_named() {
        for (text, error) in [
            ("昭和64年1月8日", "昭和 has no 64年1月8日; that day is 平成元年1月8日"),
            ("平成31年5月1日", "平成 has no 31年5月1日; that day is 令和元年5月1日"),
            (
                "明治45年7月31日",
                "明治 has no 45年7月31日; that day is 大正元年7月31日",
            ),
            ("大正元年7月29日", "大正 has no 1年7月29日; that day is 明治45年7月29日"),
            (
                "昭和元年12月24日",
                "昭和 has no 1年12月24日; that day is 大正15年12月24日",
            ),
            ("平成元年1月7日", "平成 has no 1年1月7日; that day is 昭和64年1月7日"),
            ("令和元年4月30日", "令和 has no 1年4月30日; that day is 平成31年4月30日"),
            ("令和0年5月1日", "令和 has no 0年5月1日"),
            ("平成31年2月29日", "2019-02 has the days 1 to 28, found 29"),
        ] {
            assert_eq!(western(text), error);
        }
        assert_eq!(Wareki::parse("明治5年12月2日"), Err(EraError::Lunar));
        for text in [
            "",
            "令和",
            "令和8年4月",
            "令和8年4月1",
            "R8.4",
            "令和8年4月1日 ",
            "慶応4年1月1日",
            "令和008年4月1日",
        ] {
            assert!(matches!(Wareki::parse(text), Err(EraError::Form { .. })), "{text}");
        }
    }

    #[test]
    fn two_eras_share_two_days_and_no_other() {
        let mut shared = Vec::new();
        let mut day = Era::Meiji.first_day();
        while day < Day::known(2030, 1, 1) {
            let all = Wareki::all_of(day);
            assert_eq!(all.last().copied(), Wareki::of(day));
            for written in &all {
                assert_eq!(Wareki::parse(&written.to_string()), Ok(*written));
                assert_eq!(Wareki::parse(&written.short()), Ok(*written));
                assert_eq!(written.era().gregorian_year(written.year()), Some(day.year()));
            }
            assert!(!all.is_empty());
            if all.len() > 1 {
                shared.push(day.to_string());
            }
            day = day.next().expect("before 2030");
        }
        assert_eq!(shared, ["1912-07-30", "1926-12-25"]);
        assert_eq!(Wareki::of(Day::known(1872, 12, 31)), None);
    }

    #[test]
    fn years_of_eras_end() {
        assert_eq!(Era::Showa.gregorian_year(64), Some(1989));
        assert_eq!(Era::Showa.gregorian_year(65), None);
        assert_eq!(Era::Heisei.gregorian_year(32), None);
        assert_eq!(Era::Reiwa.gregorian_year(0), None);
    }
}
