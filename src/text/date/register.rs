//! What a date of the resident register may be, and which field may hold which.
//!
//! Source: 住民記録システム標準仕様書【第1.0版】 §1.1.1, §1.1.2, §1.1.8 (2020-09; the rule set of later editions may differ).

use std::fmt;

use super::day::split;
use super::era::is_written_day;
use super::{Day, Era, UnknownDate, Wareki, YearWritten, era};
use crate::text::Text;

/// The calendar in which a date is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum Calendar {
    /// 和暦.
    Era,
    /// 西暦.
    Western,
}

/// Fields whose rules differ.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum DateField {
    /// 生年月日 of a Japanese resident: 和暦.
    BirthOfJapanese,
    /// 生年月日 of a foreign resident: 西暦.
    BirthOfForeigner,
    /// 住民となった年月日.
    BecameResident,
    /// 住所を定めた年月日.
    SettledAtAddress,
    /// 外国人住民となった年月日.
    BecameForeignResident,
    /// 異動日 of 出生, 死亡 or 失踪.
    EventOfLife,
    /// 旧外登法による登録年月日: a calendar day, or unknown where it is not held.
    OldAlienRegistration,
    /// 在留期間の満了の日: 西暦.
    EndOfStay,
    /// Every other date: 届出日, 処理日, 異動日 of other events ….
    Other,
}

impl DateField {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::BirthOfJapanese,
        Self::BirthOfForeigner,
        Self::BecameResident,
        Self::SettledAtAddress,
        Self::BecameForeignResident,
        Self::EventOfLife,
        Self::OldAlienRegistration,
        Self::EndOfStay,
        Self::Other,
    ];

    /// Whether 暦上日以外の年月日, such as 29 February of a common year, may stand here.
    pub const fn allows_days_outside_the_calendar(self) -> bool {
        !matches!(self, Self::OldAlienRegistration | Self::EndOfStay | Self::Other)
    }

    /// Whether an unknown date may stand here.
    pub const fn allows_unknown(self) -> bool {
        !matches!(self, Self::EndOfStay | Self::Other)
    }

    /// The calendar that is prescribed, if one is.
    pub const fn calendar(self) -> Option<Calendar> {
        match self {
            Self::BirthOfJapanese => Some(Calendar::Era),
            Self::BirthOfForeigner | Self::EndOfStay => Some(Calendar::Western),
            _ => None,
        }
    }

    /// Reads a date as this field would have to take it.
    ///
    /// # Errors
    /// If the text is no date, or none that may stand here.
    pub fn accept(self, text: &str) -> Result<RegisterDate, NotAcceptable> {
        let date = RegisterDate::parse(text).ok_or_else(|| NotAcceptable::NoDate {
            why: Box::new(why_no_date(text)),
        })?;
        if let (Some(expected), Some(found)) = (self.calendar(), date.calendar())
            && expected != found
        {
            return Err(NotAcceptable::Calendar { expected });
        }
        match date {
            RegisterDate::OutsideCalendar { .. } if !self.allows_days_outside_the_calendar() => {
                Err(NotAcceptable::OutsideCalendar)
            }
            RegisterDate::Unknown(_) if !self.allows_unknown() => Err(NotAcceptable::Unknown),
            _ => Ok(date),
        }
    }
}

/// Why a text that is no date of any kind is none: as 和暦 if it begins with an era, else as 西暦.
fn why_no_date(text: &str) -> Text {
    if Era::strip(text).is_some() {
        Wareki::parse(text).map_or_else(|error| error.text(), |_| Text::default())
    } else {
        Day::parse(text).map_or_else(|error| error.text(), |_| Text::default())
    }
}

/// Why a field does not take a text.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotAcceptable {
    /// No date of any kind.
    #[error("{}", .why.en)]
    NoDate {
        /// What is wrong with it.
        why: Box<Text>,
    },
    /// 和暦 where 西暦 is prescribed, or the other way round.
    #[error("expected {} here (§1.1.1, §1.1.2)", match .expected { Calendar::Era => "和暦", Calendar::Western => "西暦" })]
    Calendar {
        /// The prescribed one.
        expected: Calendar,
    },
    /// Not a day of the calendar, and the field takes no other.
    #[error(
        "expected a day of the calendar: only dates of birth, residence and life events may lie outside it (§1.1.8)"
    )]
    OutsideCalendar,
    /// Unknown, and the field takes no unknown date.
    #[error("expected a known day: this field takes no unknown date (§1.1.8)")]
    Unknown,
}

impl NotAcceptable {
    /// The message in both languages.
    pub fn text(&self) -> Text {
        match self {
            Self::NoDate { why } => (**why).clone(),
            Self::Calendar { expected } => {
                let name = match expected {
                    Calendar::Era => "和暦",
                    Calendar::Western => "西暦",
                };
                Text::new(format!("{name}で管理する項目です（1.1.1、1.1.2）"), self.to_string())
            }
            Self::OutsideCalendar => Text::new("暦上日に限る項目です（1.1.8）", self.to_string()),
            Self::Unknown => Text::new("不詳日を許容しない項目です（1.1.8）", self.to_string()),
        }
    }
}

/// A date as a register holds it.
#[derive(Clone, Debug, Eq, PartialEq, Hash)]
pub enum RegisterDate {
    /// A day, written in 西暦.
    Day(Day),
    /// A day, written in 和暦.
    Wareki(Wareki),
    /// A date that family registers hold though no calendar has it, such as 昭和50年2月29日; kept as it is.
    OutsideCalendar {
        /// The text as it was written.
        written: Box<str>,
        /// The calendar it is written in.
        calendar: Calendar,
    },
    /// One of the fourteen forms.
    Unknown(UnknownDate),
}

impl RegisterDate {
    /// Reads YYYY-MM-DD, 和暦 or an unknown form.
    pub fn parse(text: &str) -> Option<Self> {
        if let Ok(day) = Day::parse(text) {
            return Some(Self::Day(day));
        }
        if let Ok(day) = Wareki::parse(text) {
            return Some(Self::Wareki(day));
        }
        let outside = |calendar| Self::OutsideCalendar {
            written: text.into(),
            calendar,
        };
        // Only 29 February of a common year comes this far: every other day that some year has, has been read.
        if let Some((year, month, day)) = split(text) {
            return (year > 0 && is_written_day(month, day)).then(|| outside(Calendar::Western));
        }
        if let Some((era, year, month, day)) = era::split(text) {
            let no_such_day = era
                .gregorian_year(year)
                .is_some_and(|year| Day::new(year, month, day).is_err());
            return (no_such_day && is_written_day(month, day)).then(|| outside(Calendar::Era));
        }
        UnknownDate::parse(text).ok().map(Self::Unknown)
    }

    /// The calendar it is written in; `None` for 年月日不詳.
    pub const fn calendar(&self) -> Option<Calendar> {
        match self {
            Self::Day(_) => Some(Calendar::Western),
            Self::Wareki(_) => Some(Calendar::Era),
            Self::OutsideCalendar { calendar, .. } => Some(*calendar),
            Self::Unknown(date) => match date.year() {
                Some(YearWritten::Era(..)) => Some(Calendar::Era),
                Some(YearWritten::Western(_)) => Some(Calendar::Western),
                None => None,
            },
        }
    }

    /// The day of the calendar, where there is one. Never one for an unknown date: みなし日 are not made.
    pub const fn known_day(&self) -> Option<Day> {
        match self {
            Self::Day(day) => Some(*day),
            Self::Wareki(day) => Some(day.day()),
            Self::OutsideCalendar { .. } | Self::Unknown(_) => None,
        }
    }
}

/// As it was written; a 和暦 day in its usual form.
impl fmt::Display for RegisterDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(day) => day.fmt(f),
            Self::Wareki(day) => day.fmt(f),
            Self::OutsideCalendar { written, .. } => f.write_str(written),
            Self::Unknown(date) => date.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_matrix_of_fields_and_forms() {
        // Columns: era day, western day, both boundary days, outside the calendar (era, western), unknown (era, western, none).
        let texts = [
            "昭和50年3月1日",
            "1975-03-01",
            "明治45年7月30日",
            "大正15年12月25日",
            "昭和50年2月29日",
            "1975-02-29",
            "昭和50年頃",
            "1975年頃",
            "年月日不詳",
        ];
        for (field, expected) in [
            (DateField::BirthOfJapanese, "y.yyy.y.y"),
            (DateField::BirthOfForeigner, ".y...y.yy"),
            (DateField::BecameResident, "yyyyyyyyy"),
            (DateField::SettledAtAddress, "yyyyyyyyy"),
            (DateField::BecameForeignResident, "yyyyyyyyy"),
            (DateField::EventOfLife, "yyyyyyyyy"),
            (DateField::OldAlienRegistration, "yyyy..yyy"),
            (DateField::EndOfStay, ".y......."),
            (DateField::Other, "yyyy....."),
        ] {
            let found: String = texts
                .iter()
                .map(|text| if field.accept(text).is_ok() { 'y' } else { '.' })
                .collect();
            assert_eq!(found, expected, "{field:?}");
        }
    }

    #[test]
    fn no_field_takes_a_day_after_its_era_or_an_invented_one() {
        for field in DateField::ALL {
            for text in [
                "平成31年5月1日",
                "昭和64年1月8日",
                "0000-00-00",
                "昭和50年2月30日",
                "1975-04-31",
                "0000-02-29",
                "",
                "1975-03-00",
            ] {
                assert!(field.accept(text).is_err(), "{field:?} {text}");
            }
        }
        let error = DateField::BirthOfJapanese.accept("平成31年5月1日").unwrap_err();
        assert!(error.to_string().ends_with("that day is 令和元年5月1日"), "{error}");
    }

    #[test]
    fn nothing_unknown_becomes_a_day() {
        let date = DateField::BirthOfJapanese.accept("昭和20年8月 日不詳").unwrap();
        assert_eq!(date.known_day(), None);
        assert_eq!(date.to_string(), "昭和20年8月 日不詳");
        let outside = RegisterDate::parse("昭和50年2月29日").unwrap();
        assert_eq!(
            (outside.known_day(), outside.to_string()),
            (None, "昭和50年2月29日".into())
        );
        assert_eq!(
            RegisterDate::parse("明治45年7月30日").unwrap().known_day(),
            Some(Day::parse("1912-07-30").unwrap())
        );
    }
}
