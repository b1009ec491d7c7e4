//! Dates that nobody knows in full: the fourteen forms of 住民記録システム標準仕様書【第1.0版】 §1.1.8 (不詳日入力一覧).
//!
//! An unknown date is kept as it is written and travels as it is (§1.1.8: 他システムとは「不詳」のまま連携). It is never made
//! into a day: there is no conversion to [`super::Day`], because a みなし生年月日 is 実装しない機能.

use std::fmt;

use super::Era;
use super::era::is_written_day;
use crate::text::Text;
use crate::text::characters::ascii_digit;

/// Which of the fourteen forms, numbered in the order of the list.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum UnknownForm {
    /// 1: 令和○○年頃.
    AboutYear = 1,
    /// 2: 令和○○年○月頃.
    AboutMonth,
    /// 3: 令和○○年○月○日頃.
    AboutDay,
    /// 4: 推定令和○○年○月○日.
    PresumedDay,
    /// 5: 推定令和○○年○月.
    PresumedMonth,
    /// 6: 令和○○年春. The list prints 春 only; the other seasons are read as the same form.
    Season,
    /// 7: 令和○○年○月上旬. The list prints 上旬 only; 中旬 and 下旬 are read as the same form.
    TenDays,
    /// 8: 令和○○年○月中旬頃. 上旬頃 and 下旬頃 are read as the same form.
    AboutTenDays,
    /// 9: 年月日不詳.
    Nothing,
    /// 10: 令和○○年 月日不詳.
    YearOnly,
    /// 11: 令和○○年○○月 日不詳.
    MonthOnly,
    /// 12: 令和○○年○○月○日から○○月○日頃までの間.
    BetweenDays,
    /// 13: 令和○○年○○月推定○日から○日までの間.
    PresumedBetween,
    /// 14: 令和○○年○○月○日頃から○日頃までの間.
    AboutBetween,
}

/// What a form is made of: `Y` era and year, `M` month, `D` day, `_` an optional space, `|` between words to choose from.
const FORMS: &[(UnknownForm, &[&str])] = &[
    (UnknownForm::AboutYear, &["Y", "年頃"]),
    (UnknownForm::AboutMonth, &["Y", "年", "M", "月頃"]),
    (UnknownForm::AboutDay, &["Y", "年", "M", "月", "D", "日頃"]),
    (UnknownForm::PresumedDay, &["推定", "Y", "年", "M", "月", "D", "日"]),
    (UnknownForm::PresumedMonth, &["推定", "Y", "年", "M", "月"]),
    (UnknownForm::Season, &["Y", "年", "春|夏|秋|冬"]),
    (UnknownForm::TenDays, &["Y", "年", "M", "月", "上旬|中旬|下旬"]),
    (
        UnknownForm::AboutTenDays,
        &["Y", "年", "M", "月", "中旬|上旬|下旬", "頃"],
    ),
    (UnknownForm::Nothing, &["年月日不詳"]),
    (UnknownForm::YearOnly, &["Y", "年", "_", "月日不詳"]),
    (UnknownForm::MonthOnly, &["Y", "年", "M", "月", "_", "日不詳"]),
    (
        UnknownForm::BetweenDays,
        &["Y", "年", "M", "月", "D", "日から", "M", "月", "D", "日頃までの間"],
    ),
    (
        UnknownForm::PresumedBetween,
        &["Y", "年", "M", "月推定", "D", "日から", "D", "日までの間"],
    ),
    (
        UnknownForm::AboutBetween,
        &["Y", "年", "M", "月", "D", "日頃から", "D", "日頃までの間"],
    ),
];

/// The year of an unknown date as it is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Hash)]
pub enum YearWritten {
    /// Such as 昭和20.
    Era(Era, u16),
    /// Such as 1945: foreign residents' dates of birth are in 西暦 (§1.1.2).
    Western(u16),
}

/// Why a text is no unknown date.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UnknownDateError {
    /// None of the fourteen forms.
    #[error("expected one of the 14 forms of §1.1.8, such as 昭和20年頃 or 年月日不詳, found {found:?}")]
    Form {
        /// The text as it stands.
        found: String,
    },
    /// The form is right, but the era has no such year.
    #[error("{} has no year {year}", .era.name())]
    Year {
        /// The era.
        era: Era,
        /// The year as it stands.
        year: u16,
    },
    /// The form is right, but no year has such a month or day.
    #[error("no year has {month}月{day}日; if the day is unknown, write 日不詳")]
    Day {
        /// Month as it stands.
        month: u8,
        /// Day as it stands, 1 where the form has none.
        day: u8,
    },
}

impl UnknownDateError {
    /// The message in both languages.
    pub fn text(&self) -> Text {
        let japanese = match self {
            Self::Form { found } => {
                format!("不詳日の 14 の表記（昭和20年頃、年月日不詳など）ではありません（{found:?}）")
            }
            Self::Year { era, year } => format!("{}に {year} 年はありません", era.name()),
            Self::Day { month, day } => format!("{month} 月 {day} 日はどの年にもありません"),
        };
        Text::new(japanese, self.to_string())
    }
}

/// An unknown date, kept as it is written.
#[derive(Clone, Debug, Eq, PartialEq, Hash)]
pub struct UnknownDate {
    written: Box<str>,
    form: UnknownForm,
    year: Option<YearWritten>,
    months: Vec<u8>,
    days: Vec<u8>,
}

impl UnknownDate {
    /// Reads one of the fourteen forms. Digits may be half- or full-width; the first year may be 元.
    ///
    /// # Errors
    /// If it is none of them, or names a year or day that cannot be.
    pub fn parse(text: &str) -> Result<Self, UnknownDateError> {
        let mut found = FORMS
            .iter()
            .find_map(|(form, parts)| read(text, *form, parts))
            .ok_or_else(|| UnknownDateError::Form { found: text.into() })?;
        if let Some(YearWritten::Era(era, year)) = found.year
            && era.gregorian_year(year).is_none()
        {
            return Err(UnknownDateError::Year { era, year });
        }
        found.written = text.into();
        // A second day without a month of its own lies in the first month.
        let last_month = found.months.last().copied();
        let months = found
            .months
            .iter()
            .copied()
            .map(Some)
            .chain(std::iter::repeat(last_month));
        let days = found
            .days
            .iter()
            .copied()
            .chain((found.days.len()..found.months.len()).map(|_| 1));
        for (month, day) in months.zip(days) {
            if let Some(month) = month.filter(|&month| !is_written_day(month, day)) {
                return Err(UnknownDateError::Day { month, day });
            }
        }
        Ok(found)
    }

    /// The text as it was written: what has to reach the other system.
    pub fn as_written(&self) -> &str {
        &self.written
    }

    /// Which form it is.
    pub const fn form(&self) -> UnknownForm {
        self.form
    }

    /// The year as it is written, if there is one.
    pub const fn year(&self) -> Option<YearWritten> {
        self.year
    }

    /// The months as written, at most two.
    pub fn months(&self) -> &[u8] {
        &self.months
    }

    /// The days of the month as written, at most two.
    pub fn days(&self) -> &[u8] {
        &self.days
    }

    /// The same date with half-width digits, the words and one space as the list prints them: for comparing what two
    /// systems hold, never for sending.
    pub fn normal_form(&self) -> String {
        let mut months = self.months.iter();
        let mut days = self.days.iter();
        let parts = FORMS
            .iter()
            .find(|(form, _)| *form == self.form)
            .map_or(&[][..], |(_, parts)| parts);
        parts
            .iter()
            .map(|part| match *part {
                "Y" => match self.year {
                    Some(YearWritten::Era(era, 1)) => format!("{}元", era.name()),
                    Some(YearWritten::Era(era, year)) => format!("{}{year}", era.name()),
                    Some(YearWritten::Western(year)) => format!("{year}"),
                    None => String::new(),
                },
                "M" => months.next().map(ToString::to_string).unwrap_or_default(),
                "D" => days.next().map(ToString::to_string).unwrap_or_default(),
                "_" => " ".into(),
                words if words.contains('|') => words
                    .split('|')
                    .find(|word| self.written.contains(word))
                    .unwrap_or_default()
                    .into(),
                word => word.into(),
            })
            .collect()
    }
}

/// The text as it was written.
impl fmt::Display for UnknownDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

fn read(text: &str, form: UnknownForm, parts: &[&str]) -> Option<UnknownDate> {
    let mut found = UnknownDate {
        written: "".into(),
        form,
        year: None,
        months: Vec::new(),
        days: Vec::new(),
    };
    let mut rest = text;
    for part in parts {
        rest = match *part {
            "Y" => {
                let (year, rest) = year(rest)?;
                found.year = Some(year);
                rest
            }
            "M" => {
                let (month, rest) = digits(rest, 2)?;
                found.months.push(u8::try_from(month).ok()?);
                rest
            }
            "D" => {
                let (day, rest) = digits(rest, 2)?;
                found.days.push(u8::try_from(day).ok()?);
                rest
            }
            "_" => rest.strip_prefix([' ', '\u{3000}']).unwrap_or(rest),
            words => words.split('|').find_map(|word| rest.strip_prefix(word))?,
        };
    }
    rest.is_empty().then_some(found)
}

fn year(text: &str) -> Option<(YearWritten, &str)> {
    let Some((era, rest)) = Era::strip(text).filter(|(era, _)| text.starts_with(era.name())) else {
        let (year, rest) = digits(text, 4)?;
        return (year >= 1000).then_some((YearWritten::Western(year), rest));
    };
    if let Some(rest) = rest.strip_prefix('元') {
        return Some((YearWritten::Era(era, 1), rest));
    }
    let (year, rest) = digits(rest, 2)?;
    Some((YearWritten::Era(era, year), rest))
}

/// One digit to `most`.
fn digits(text: &str, most: usize) -> Option<(u16, &str)> {
    let run: Vec<(usize, char)> = text
        .char_indices()
        .map_while(|(at, c)| ascii_digit(c).map(|digit| (at + c.len_utf8(), digit)))
        .collect();
    let &(end, _) = run.last().filter(|_| run.len() <= most)?;
    let value: String = run.iter().map(|&(_, digit)| digit).collect();
    Some((value.parse().ok()?, &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One example of each form, in the order of the list.
    const EXAMPLES: [&str; 14] = [
        "令和02年頃",
        "令和2年4月頃",
        "令和２年４月１日頃",
        "推定昭和20年8月5日",
        "推定昭和20年8月",
        "大正12年春",
        "大正12年9月上旬",
        "昭和元年12月中旬頃",
        "年月日不詳",
        "昭和20年 月日不詳",
        "昭和20年08月　日不詳",
        "平成23年03月11日から03月31日頃までの間",
        "平成23年03月推定11日から31日までの間",
        "平成23年03月11日頃から31日頃までの間",
    ];

    #[test]
    fn each_form_is_read_and_kept_as_it_is() {
        for (index, text) in EXAMPLES.into_iter().enumerate() {
            let date = UnknownDate::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(date.form() as usize, index + 1, "{text}");
            assert_eq!(date.to_string(), text);
            let normal = UnknownDate::parse(&date.normal_form()).expect("its normal form is a form");
            assert_eq!(normal.form(), date.form());
            assert_eq!(normal.normal_form(), date.normal_form());
        }
        assert_eq!(
            UnknownDate::parse(EXAMPLES[10]).unwrap().normal_form(),
            "昭和20年8月 日不詳"
        );
        assert_eq!(UnknownDate::parse("大正12年冬").unwrap().normal_form(), "大正12年冬");
        assert_eq!(
            UnknownDate::parse("大正12年9月下旬頃").unwrap().form(),
            UnknownForm::AboutTenDays
        );
    }

    #[test]
    fn foreign_residents_have_western_years() {
        let date = UnknownDate::parse("1945年 月日不詳").unwrap();
        assert_eq!(date.year(), Some(YearWritten::Western(1945)));
        assert!(UnknownDate::parse("45年頃").is_err());
    }

    #[test]
    fn days_that_a_register_may_hold_pass_and_others_do_not() {
        assert!(UnknownDate::parse("昭和50年2月29日頃").is_ok());
        for (text, error) in [
            ("昭和50年2月30日頃", UnknownDateError::Day { month: 2, day: 30 }),
            ("昭和50年13月頃", UnknownDateError::Day { month: 13, day: 1 }),
            (
                "平成23年4月推定11日から31日までの間",
                UnknownDateError::Day { month: 4, day: 31 },
            ),
            (
                "昭和65年頃",
                UnknownDateError::Year {
                    era: Era::Showa,
                    year: 65,
                },
            ),
        ] {
            assert_eq!(UnknownDate::parse(text), Err(error), "{text}");
        }
        for text in [
            "",
            "令和2年4月1日",
            "不詳",
            "令和2年",
            "令和2年頃 ",
            "0000-00-00",
            "R02年頃",
            "推定令和2年頃",
            "1900-01-01",
        ] {
            assert!(
                matches!(UnknownDate::parse(text), Err(UnknownDateError::Form { .. })),
                "{text}"
            );
        }
    }
}
