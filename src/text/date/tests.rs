//! The dates of fixtures/vectors/dates.csv.

use super::*;

fn verdict(kind: &str, value: &str) -> String {
    match kind {
        "day" => Day::parse(value).map_or_else(
            |error| match error {
                DayError::Form { .. } => "form".into(),
                DayError::Year { .. } => "year".into(),
                DayError::Month { .. } => "month".into(),
                DayError::Day { .. } => "day".into(),
            },
            |day| day.to_string(),
        ),
        "wareki" => Wareki::parse(value).map_or_else(
            |error| match error {
                EraError::Form { .. } => "form".into(),
                EraError::NotInEra { instead, .. } => instead.map_or_else(|| "era".into(), |day| format!("era: {day}")),
                EraError::Lunar => "lunar".into(),
                EraError::Calendar(_) => "calendar".into(),
            },
            |day| day.day().to_string(),
        ),
        "unknown" => UnknownDate::parse(value).map_or_else(
            |error| match error {
                UnknownDateError::Form { .. } => "form".into(),
                UnknownDateError::Year { .. } => "year".into(),
                UnknownDateError::Day { .. } => "day".into(),
            },
            |date| format!("form {}", date.form() as u8),
        ),
        "period" => {
            let (start, end) = value.split_once('/').expect("two days");
            Period::parse(start, end).map_or_else(
                |error| match error {
                    PeriodError::Start(_) => "start".into(),
                    PeriodError::End(_) => "end".into(),
                    PeriodError::Swapped { .. } => "swapped".into(),
                    PeriodError::Backwards { .. } => "backwards".into(),
                },
                |period| period.to_string(),
            )
        }
        "age-75-reached" => age::reached_on(Day::parse(value).unwrap(), 75).unwrap().to_string(),
        "late-elderly" => age::late_elderly_insured(Day::parse(value).unwrap())
            .unwrap()
            .to_string(),
        "care" => age::care_first_insured(Day::parse(value).unwrap()).unwrap().to_string(),
        "school" => age::school_entry(Day::parse(value).unwrap()).unwrap().to_string(),
        _ => panic!("no kind {kind}"),
    }
}

#[test]
fn vectors() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/vectors/dates.csv");
    let text = std::fs::read_to_string(path).expect("readable");
    let mut rows = 0;
    for line in text.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let [kind, value, expected, _] = <[&str; 4]>::try_from(line.split(',').collect::<Vec<_>>()).expect(line);
        assert_eq!(verdict(kind, value), expected, "{kind} {value}");
        rows += 1;
    }
    assert!(rows >= 60, "{rows}");
}
