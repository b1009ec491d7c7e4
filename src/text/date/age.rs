//! Age on a day, and the day on which a law begins to count it.
//!
//! 年齢計算ニ関スル法律 (明治35年法律第50号): age is counted from the day of birth, that day in full, and 民法 143 条 applies: a
//! year of life is over at the END (24:00) of the day before the birthday. So there are two true answers, and laws use
//! both. [`reached_on`] is the day at whose end the age is reached; [`first_day_of_age`] is the day after, the first
//! that the person spends at this age from its beginning.
//!
//! | text of the law | day that counts | function |
//! |---|---|---|
//! | 学校教育法 17 条 1 項: 満六歳に達した日の翌日以後における最初の学年の初め | the day before the birthday: born on 1 April = the older class | [`school_entry`] |
//! | 介護保険法 10 条: 六十五歳に達したとき | practice writes the day before the birthday as 資格取得日 | [`care_first_insured`] |
//! | 高齢者医療確保法 50 条, 52 条: 七十五歳 | practice writes the birthday itself as 資格取得日 | [`late_elderly_insured`] |
//! | …に達する日以後の最初の三月三十一日 (児童手当法 and others) | the day before the birthday: born on 1 April = a year earlier | [`end_of_fiscal_year_of_age`] |
//! | …に達する日の属する月の翌月 (70歳, 高齢受給者) | the day before the birthday: born on the 1st = the month of the birthday | [`first_of_month_after_age`] |
//!
//! A person born on 29 February reaches an age at the end of 28 February in every year: in a common year there is no
//! corresponding day, and the period ends with the last day of the month (民法 143 条 2 項但書).
//!
//! Confidence: the computation follows from the two laws. How 介護 (day before) and 後期高齢者 (birthday) are read is the
//! practice that municipalities publish; the circulars behind it were not read.

use super::Day;

/// The day at whose end a person reaches an age (…歳に達した日): the day before the birthday.
///
/// At age 0 this is the day before birth. `None` beyond the year 9999.
pub fn reached_on(birth: Day, age: u16) -> Option<Day> {
    birth.last_day_of_months(age.checked_mul(12)?)
}

/// The first day that a person spends at an age from its beginning: the birthday; for a person born on 29 February,
/// 1 March in a common year.
pub fn first_day_of_age(birth: Day, age: u16) -> Option<Day> {
    reached_on(birth, age)?.next()
}

/// Age on a day in everyday use (満年齢): it changes with the beginning of the birthday. `None` before birth.
pub fn age_on(birth: Day, day: Day) -> Option<u16> {
    let years = day.year().checked_sub(birth.year()).filter(|_| day >= birth)?;
    let reached = first_day_of_age(birth, years)? <= day;
    Some(if reached { years } else { years - 1 })
}

/// Age at the end of a day: what laws count that speak of the day on which an age is reached (…に達した日). It is one
/// more than [`age_on`] on the day before each birthday. `None` before the day before birth.
pub fn age_at_end_of(birth: Day, day: Day) -> Option<u16> {
    age_on(birth, day.next()?)
}

/// First day of compulsory school (小学校): 1 April on or after the day after the sixth year is over.
///
/// 学校教育法 17 条 1 項, 学校教育法施行規則 59 条.
pub fn school_entry(birth: Day) -> Option<Day> {
    first_day_of_age(birth, 6)?.next_beginning_of_fiscal_year()
}

/// Day on which a resident becomes 第1号被保険者 of 介護保険: the day on which 65 is reached, the day before the birthday.
///
/// 介護保険法 10 条; the premium is due from the month of this day.
pub fn care_first_insured(birth: Day) -> Option<Day> {
    reached_on(birth, 65)
}

/// Day on which a resident becomes insured in 後期高齢者医療 by age: the 75th birthday.
///
/// 高齢者医療確保法 50 条, 52 条. Somebody born on 1951-04-02 reaches 75 at the end of 2026-04-01 and is insured
/// from 2026-04-02.
pub fn late_elderly_insured(birth: Day) -> Option<Day> {
    first_day_of_age(birth, 75)
}

/// First 31 March on or after the day on which an age is reached (…歳に達する日以後の最初の三月三十一日).
pub fn end_of_fiscal_year_of_age(birth: Day, age: u16) -> Option<Day> {
    reached_on(birth, age)?.end_of_fiscal_year()
}

/// First of the month after the month in which an age is reached (…歳に達する日の属する月の翌月の初日).
pub fn first_of_month_after_age(birth: Day, age: u16) -> Option<Day> {
    reached_on(birth, age)?.first_of_next_month()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).expect(text)
    }

    #[test]
    fn an_age_is_reached_at_the_end_of_the_day_before() {
        let birth = day("1951-04-02");
        assert_eq!(reached_on(birth, 75), Some(day("2026-04-01")));
        assert_eq!(first_day_of_age(birth, 75), Some(birth.add_years(75).unwrap()));
        assert_eq!(age_on(birth, day("2026-04-01")), Some(74));
        assert_eq!(age_at_end_of(birth, day("2026-04-01")), Some(75));
        assert_eq!(age_on(birth, day("2026-04-02")), Some(75));
        assert_eq!(age_on(birth, birth), Some(0));
        assert_eq!(age_on(birth, day("1951-04-01")), None);
        assert_eq!(age_on(birth, day("1950-12-31")), None);
        assert_eq!(age_at_end_of(birth, day("1951-04-01")), Some(0));
    }

    #[test]
    fn born_on_the_leap_day() {
        let birth = day("2004-02-29");
        assert_eq!(reached_on(birth, 1), Some(day("2005-02-28")));
        assert_eq!(first_day_of_age(birth, 1), Some(day("2005-03-01")));
        assert_eq!(age_on(birth, day("2005-02-28")), Some(0));
        assert_eq!(age_at_end_of(birth, day("2005-02-28")), Some(1));
        assert_eq!(age_on(birth, day("2005-03-01")), Some(1));
        assert_eq!(reached_on(birth, 4), Some(day("2008-02-28")));
        assert_eq!(age_on(birth, day("2008-02-28")), Some(3));
        assert_eq!(age_on(birth, day("2008-02-29")), Some(4));
    }

    #[test]
    fn school_begins_earlier_for_those_born_on_the_first_of_april() {
        assert_eq!(school_entry(day("2019-04-01")), Some(day("2025-04-01")));
        assert_eq!(school_entry(day("2019-04-02")), Some(day("2026-04-01")));
        assert_eq!(school_entry(day("2020-03-31")), Some(day("2026-04-01")));
        assert_eq!(school_entry(day("2020-02-29")), Some(day("2026-04-01")));
    }

    #[test]
    fn laws_read_the_same_age_differently() {
        let birth = day("1961-05-01");
        assert_eq!(care_first_insured(birth), Some(day("2026-04-30")));
        assert_eq!(late_elderly_insured(day("1951-05-01")), Some(day("2026-05-01")));
        assert_eq!(first_of_month_after_age(day("1956-05-01"), 70), Some(day("2026-05-01")));
        assert_eq!(first_of_month_after_age(day("1956-05-02"), 70), Some(day("2026-06-01")));
        assert_eq!(
            end_of_fiscal_year_of_age(day("2008-04-01"), 18),
            Some(day("2026-03-31"))
        );
        assert_eq!(
            end_of_fiscal_year_of_age(day("2008-04-02"), 18),
            Some(day("2027-03-31"))
        );
    }

    #[test]
    fn both_ways_of_counting_agree_on_every_day_of_a_life() {
        for birth in ["1951-04-02", "2004-02-29", "2000-01-01", "1999-12-31"].map(day) {
            let mut on = birth;
            let mut before = 0;
            for _ in 0..366 * 30 {
                let age = age_on(birth, on).expect("after birth");
                assert!(age == before || (age == before + 1 && first_day_of_age(birth, age) == Some(on)));
                assert_eq!(age_at_end_of(birth, on.previous().unwrap()), Some(age));
                (before, on) = (age, on.next().unwrap());
            }
            assert!(before >= 29);
        }
    }
}
