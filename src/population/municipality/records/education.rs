//! Units 19 and 20: vaccinations and check-ups, school.

use super::children::single_parent;
use super::{About, Mapper, Sink, members};
use crate::population::municipality::people::{Household, Person, Sex};
use crate::population::municipality::{Cover, Municipality, Span};
use crate::text::date::{Day, age};

pub(super) fn mapper(unit: u8, record: &str) -> Option<Mapper> {
    Some(match (unit, record) {
        (19, "vaccination") => vaccination,
        (19, "checkup") => checkup,
        (19, "eligibility") => eligibility,
        (20, "schoolchild") => schoolchild,
        (20, "school-aid") => school_aid,
        _ => return None,
    })
}

/// A period in which a programme is meant for a person.
struct Period {
    programme: &'static str,
    span: Span,
}

/// Programmes by age: nothing where the day of birth is unknown. Past periods are those of the last ten years.
fn periods(city: &Municipality, household: &Household, place: usize) -> Vec<Period> {
    let person = &household.members[place];
    let Some(birth) = person.born() else {
        return Vec::new();
    };
    let mut periods = Vec::new();
    let mut add = |programme, from: Option<Day>, to: Option<Day>| {
        let Some(start) = from.map(|day| day.max(person.since)) else {
            return;
        };
        let end = [to, person.left()].into_iter().flatten().min();
        let lately = end.is_none_or(|end| end > city.before(3_650));
        if start <= city.last_day(person) && lately && end.is_none_or(|end| start < end) {
            periods.push(Period {
                programme,
                span: Span { start, end },
            });
        }
    };
    let birthday = |years: u16| age::first_day_of_age(birth, years);
    let eve = |years: u16| person.reached(years);
    add("V01", Some(birth), birthday(1));
    add("V02", eve(1), birthday(2).and_then(Day::previous));
    if let Some(entry) = age::school_entry(birth) {
        add("V03", entry.add_years(-1), Some(entry));
    }
    add("V04", eve(1), birthday(3).and_then(Day::previous));
    if person.sex == Sex::Female {
        let april = |years: u16| Day::new(birthday(years)?.fiscal_year(), 4, 1).ok();
        add("V05", april(12), april(17));
        add("K03", birthday(20), None);
    }
    add("V06", eve(65), birthday(66).and_then(Day::previous));
    add("V07", eve(65), None);
    let forty = birthday(40).and_then(|day| Day::new(day.fiscal_year(), 4, 1).ok());
    if let (Some(nhi), Some(forty)) = (city.nhi(household, place), forty) {
        add("K01", Some(forty.max(nhi.span.start)), nhi.span.end);
    }
    if let Some((span, ..)) = city.late_elderly(household, place) {
        add("K02", Some(span.start), span.end);
    }
    periods
}

fn eligibility(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (place, person) in members(household) {
        for period in periods(city, household, place) {
            sink.row(
                About::Member(household, person),
                &[
                    ("hokenjigyo", period.programme.into()),
                    ("kaishibi", period.span.start.into()),
                    ("shuryobi", period.span.end.into()),
                ],
            );
        }
    }
}

/// Routine vaccinations inside their periods. Live ones are at least 27 days apart: BCG within the first year, measles and
/// chickenpox after it with a month between.
fn vaccination(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (place, person) in members(household) {
        let mut rng = city.rng(person.number.value(), "vaccination");
        for period in periods(city, household, place) {
            let (offset, share, doses): (i32, u64, &[i32]) = match period.programme {
                "V01" => (150, 97, &[0]),
                "V02" => (10, 95, &[0]),
                "V03" => (60, 93, &[0]),
                "V04" => (60, 95, &[0, 200]),
                "V05" => (120, 45, &[0, 180]),
                "V06" => (100, 40, &[0]),
                _ => continue,
            };
            let offset = offset + rng.below(20) as i32;
            if rng.below(100) >= share {
                continue;
            }
            let lot = format!("LOT{:04}", rng.below(10_000));
            for (dose, later) in doses.iter().enumerate() {
                let day = period.span.start.add_days(offset + later);
                let Some(day) = day.filter(|day| period.span.holds(*day) && *day <= city.last_day(person)) else {
                    continue;
                };
                sink.row(
                    About::Member(household, person),
                    &[
                        ("hokenjigyo", period.programme.into()),
                        ("sesshu_kaisu", (dose as i64 + 1).into()),
                        ("sesshubi", day.into()),
                        ("sesshu_kubun", "1".into()),
                        ("wakuchin_rotto", lot.as_str().into()),
                        ("iryokikan_kodo", "9999999991".into()),
                    ],
                );
            }
        }
    }
}

/// Check-ups of the last year, inside their periods.
fn checkup(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (place, person) in members(household) {
        let mut rng = city.rng(person.number.value(), "checkup");
        for period in periods(city, household, place) {
            let share = match period.programme {
                "K01" => 38,
                "K02" => 28,
                "K03" => 18,
                _ => continue,
            };
            let day = city.before(30 + rng.below(330));
            let result = *rng.pick(&["1", "1", "1", "2", "2", "3"]);
            if rng.below(100) < share && period.span.holds(day) && day <= city.last_day(person) {
                sink.row(
                    About::Member(household, person),
                    &[
                        ("hokenjigyo", period.programme.into()),
                        ("jisshibi", day.into()),
                        ("kenshin_hantei", result.into()),
                    ],
                );
            }
        }
    }
}

/// 学齢簿: from 1 October before the entry to the end of the school year in which fifteen is reached.
fn enrolment(city: &Municipality, person: &Person) -> Option<Span> {
    let entry = age::school_entry(person.born()?)?;
    let start = Day::new(entry.year() - 1, 10, 1).ok()?.max(person.since);
    let end = entry.add_years(9)?;
    let end = person.left().map_or(end, |left| left.min(end));
    (start <= city.as_of() && start < end && end > city.as_of()).then_some(Span { start, end: Some(end) })
}

fn schoolchild(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (_, person) in members(household) {
        let Some(span) = enrolment(city, person) else {
            continue;
        };
        // A foreign child has a school when somebody applied for it.
        let applied = person.is_japanese() || city.rng(person.number.value(), "school").below(10) < 8;
        let entry = person.born().and_then(age::school_entry);
        let secondary = entry
            .and_then(|day| day.add_years(6))
            .is_some_and(|day| day <= city.as_of());
        let town = household.index / 470;
        let school = format!("{:05}", town * 2 + 1 + u64::from(secondary));
        sink.row(
            About::Member(household, person),
            &[
                ("kaishibi", span.start.into()),
                ("shugaku_jotai", "1".into()),
                ("gakkobango", applied.then_some(school).into()),
                ("shuryobi", span.end.into()),
            ],
        );
    }
}

/// 就学援助 of the fiscal year for pupils on assistance, of parents with the child-rearing allowance, or with little income.
fn school_aid(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    let paid = single_parent(city, household).is_some_and(|single| single.class != "3");
    for (place, child) in members(household) {
        let Some((span, guardian)) = enrolment(city, child).zip(city.earner(household, child)) else {
            continue;
        };
        let small = city
            .income(household, guardian)
            .is_some_and(|income| income.is_known() && income.total <= 1_500_000);
        let assisted = matches!(city.cover(household, place), Cover::Assistance);
        let kind = if assisted {
            "1"
        } else if paid || small {
            "2"
        } else {
            continue;
        };
        let (from, to) = (city.fiscal_day(4, 1), city.fiscal_day(3, 31).next());
        let since = city
            .assisted_since(household, child)
            .filter(|_| assisted)
            .unwrap_or(from);
        let entered = child.born().and_then(age::school_entry).unwrap_or(from);
        let start = from.max(since).max(span.start).max(entered);
        let end = [to, span.end].into_iter().flatten().min();
        if start > city.as_of() || end.is_none_or(|end| end <= start) {
            continue;
        }
        sink.row(
            About::Member(household, child),
            &[
                ("nendo", i64::from(city.nendo()).into()),
                ("kaishibi", start.into()),
                ("hogosha_atenabango", household.members[guardian].number.into()),
                ("enjo_kubun", kind.into()),
                ("shuryobi", end.into()),
            ],
        );
    }
}
