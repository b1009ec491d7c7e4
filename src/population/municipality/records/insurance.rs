//! Units 10, 11, 13 and 14: who is insured where, and what it costs.

use super::taxes::levy_of;
use super::{About, Mapper, Sink, flag, members};
use crate::population::municipality::people::{Household, Person, Work};
use crate::population::municipality::{Cover, Municipality, Span};
use crate::text::date::Day;
use crate::text::date::age;

pub(super) fn mapper(unit: u8, record: &str) -> Option<Mapper> {
    Some(match (unit, record) {
        (10, "qualification") => qualification,
        (10, "nhi-premium") => nhi_premium,
        (10, "benefit") => benefit,
        (11, "insured-person") => insured_person,
        (11, "exemption") => exemption,
        (13, "late-elderly-qualification") => late_elderly,
        (13, "late-elderly-premium") => late_elderly_premium,
        (14, "ltc-insured") => insured_for_care,
        (14, "certification") => certification,
        (14, "ltc-premium") => care_premium,
        _ => return None,
    })
}

/// 一部負担割合: two tenths for small children and from 70, three for the rest. Nobody knows where the birth is unknown.
fn nhi_share(city: &Municipality, person: &Person) -> Option<&'static str> {
    let birth = person.born()?;
    let day = city.last_day(person);
    let small = age::end_of_fiscal_year_of_age(birth, 6)? >= day;
    let old = age::first_of_month_after_age(birth, 70)? <= day;
    Some(if small || old { "2" } else { "3" })
}

fn qualification(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (place, person) in members(household) {
        let Some(nhi) = city.nhi(household, place) else {
            continue;
        };
        sink.row(
            About::Member(household, person),
            &[
                ("kokuho_shutokubi", nhi.span.start.into()),
                ("kokuho_shutoku_jiyu", nhi.gained.into()),
                ("kokuho_soshitsubi", nhi.span.end.into()),
                ("kokuho_soshitsu_jiyu", nhi.lost.into()),
                ("kokuho_futan_wariai", nhi_share(city, person).into()),
                ("kokuho_tokubetsu_ryoyo", flag(false)),
                ("kokuho_kakunin_yohi", flag(false)),
            ],
        );
    }
}

fn nhi_premium(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    let head = household.head();
    let levy = levy_of(city, household, head.number, "05");
    if let Some((premium, levy)) = city.nhi_premium(household).zip(levy) {
        for part in &levy.parts {
            sink.row(
                About::Member(household, head),
                &[
                    ("nendo", i64::from(levy.nendo).into()),
                    ("tsuchishobango", levy.notice.as_str().into()),
                    ("kibetsu", i64::from(part.number).into()),
                    ("nokigen", part.due.into()),
                    ("kazei_tsukisu", premium.months.into()),
                    ("kaigo_tsukisu", premium.care_months.into()),
                    ("keigen_ritsu", premium.reduction.into()),
                    ("kingaku", part.amount.into()),
                    ("ketteibi", levy.decided.into()),
                ],
            );
        }
    }
}

/// A lump sum for a birth in the last year, funeral expenses for an insured person who died, high costs for one in fifty.
fn benefit(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (place, person) in members(household) {
        let Some(nhi) = city.nhi(household, place) else {
            continue;
        };
        let mut rng = city.rng(person.number.value(), "benefit");
        let born = household
            .children_of(place)
            .filter_map(Person::born)
            .filter(|day| *day >= city.before(365))
            .max();
        let died = person
            .left()
            .filter(|day| nhi.lost == Some("23") && nhi.span.holds(*day));
        let (kind, cause, amount) = match (born, died) {
            (_, Some(day)) => ("2", day, 50_000),
            (Some(day), _) if person.sex == crate::population::municipality::Sex::Female => ("1", day, 500_000),
            _ if rng.below(50) == 0 => (
                "3",
                city.before(60 + rng.below(200)),
                1_000 * (20 + rng.below(180)) as i64,
            ),
            _ => continue,
        };
        let claimed = cause.add_days(20).unwrap_or(cause);
        if !nhi.span.holds(cause) || claimed > city.as_of() {
            continue;
        }
        sink.row(
            About::Member(household, person),
            &[
                ("kyufu_bango", format!("KF{kind}{:011}", person.number.short()).into()),
                ("kokuho_kyufu_shurui", kind.into()),
                ("hasseibi", cause.into()),
                ("kingaku", amount.into()),
                ("todokedebi", claimed.into()),
            ],
        );
    }
}

fn insured_person(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (place, person) in members(household) {
        for pension in city.pension(household, place) {
            sink.row(
                About::Member(household, person),
                &[
                    ("nenkin_shutokubi", pension.span.start.into()),
                    ("nenkin_shubetsu", pension.category.into()),
                    ("nenkin_soshitsubi", pension.span.end.into()),
                    ("nenkin_soshitsu_jiyu", pension.lost.into()),
                ],
            );
        }
    }
}

/// YYYY-MM of a day.
pub(super) fn month_of(day: Day) -> String {
    format!("{:04}-{:02}", day.year(), day.month())
}

/// Relief from the premium of category 1: by law with public assistance, for students, and for small incomes of
/// applicant, spouse and head together.
fn exemption(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (place, person) in members(household) {
        let spans = city.pension(household, place);
        let Some(first) = spans
            .iter()
            .find(|span| span.category == "1" && span.span.end.is_none())
        else {
            continue;
        };
        let start = first.span.start;
        let assisted = city.assisted_since(household, person);
        let (kind, from, to) = match assisted {
            Some(day) if person.is_japanese() => {
                let before = day.first_of_month().add_months(-1).unwrap_or(day);
                ("1", before.max(start.first_of_month()), None)
            }
            _ if person.work == Work::Student => (
                "7",
                city.fiscal_day(4, 1).max(start.first_of_month()),
                Some(city.fiscal_day(3, 31)),
            ),
            _ if asks_for_exemption(city, household, place) => {
                let july = city.fiscal_day(7, 1);
                ("2", july.max(start.first_of_month()), july.add_months(11))
            }
            _ => continue,
        };
        if from > city.as_of() || to.is_some_and(|to| to < from) {
            continue;
        }
        sink.row(
            About::Member(household, person),
            &[
                ("menjo_shurui", kind.into()),
                ("menjo_kaishizuki", month_of(from).into()),
                ("menjo_shuryozuki", to.map(month_of).into()),
                ("menjo_jotai", "1".into()),
                ("todokedebi", from.max(start).min(city.as_of()).into()),
            ],
        );
    }
}

fn asks_for_exemption(city: &Municipality, household: &Household, place: usize) -> bool {
    let spouse = household.members[place].spouse;
    let asked = [Some(place), Some(0), spouse].into_iter().flatten();
    let mut small = asked.map(|at| {
        let income = city.income(household, at).filter(|income| income.is_known());
        income.is_some_and(|income| income.total <= 320_000 + 350_000 * (income.dependants + 1))
    });
    small.all(|small| small)
}

fn late_elderly(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (place, person) in members(household) {
        let Some((span, gained, lost)) = city.late_elderly(household, place) else {
            continue;
        };
        // Three tenths for all insured of a household as soon as one of them earns much.
        let highest = members(household)
            .filter(|(at, _)| city.late_elderly(household, *at).is_some())
            .filter_map(|(at, _)| city.income(household, at))
            .map(|income| income.total)
            .max()
            .unwrap_or(0);
        let share = match highest {
            1_450_000.. => "3",
            900_000.. => "2",
            _ => "1",
        };
        sink.row(
            About::Member(household, person),
            &[
                ("koki_shutokubi", span.start.into()),
                ("koki_shutoku_jiyu", gained.into()),
                ("koki_soshitsubi", span.end.into()),
                ("koki_soshitsu_jiyu", lost.into()),
                ("koki_futan_wariai", share.into()),
                ("koki_tokubetsu_ryoyo", flag(false)),
            ],
        );
    }
}

/// A premium of one instalment with the months that it counts.
fn premium(
    city: &Municipality,
    household: &Household,
    sink: &mut Sink<'_>,
    tax: &str,
    months: (&'static str, impl Fn(usize) -> Option<i64>),
) {
    for (place, person) in members(household) {
        let levy = levy_of(city, household, person.number, tax);
        let Some((count, levy)) = (months.1)(place).zip(levy) else {
            continue;
        };
        for part in &levy.parts {
            sink.row(
                About::Member(household, person),
                &[
                    ("nendo", i64::from(levy.nendo).into()),
                    ("tsuchishobango", levy.notice.as_str().into()),
                    ("kibetsu", i64::from(part.number).into()),
                    ("nokigen", part.due.into()),
                    (months.0, count.into()),
                    ("kingaku", part.amount.into()),
                    ("ketteibi", levy.decided.into()),
                ],
            );
        }
    }
}

fn late_elderly_premium(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    let months = |place| city.late_elderly_premium(household, place).map(|(months, _)| months);
    premium(city, household, sink, "06", ("koki_tsukisu", months));
}

fn care_premium(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    let months = |place| city.care_premium(household, place).map(|(months, _)| months);
    premium(city, household, sink, "07", ("kaigo_hokenryo_tsukisu", months));
}

fn insured_for_care(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (place, person) in members(household) {
        for (span, category) in city.long_term_care(household, place) {
            sink.row(
                About::Member(household, person),
                &[
                    ("kaigo_shutokubi", span.start.into()),
                    ("kaigo_hihokensha_kubun", category.into()),
                    ("kaigo_soshitsubi", span.end.into()),
                    ("jushochi_tokurei", flag(false)),
                    ("kyufu_seigen", flag(false)),
                ],
            );
        }
    }
}

/// 要介護認定 that is valid on the last day: from the application on, twelve months beyond the month's end.
pub(super) struct Certified {
    pub(super) span: Span,
    pub(super) level: &'static str,
    pub(super) decided: Day,
}

/// How many in a thousand are certified, by age (rounded from 介護保険事業状況報告 and 人口推計).
const CERTIFIED: [(u16, u64); 6] = [(65, 30), (70, 58), (75, 120), (80, 260), (85, 480), (90, 730)];

pub(super) fn certified(city: &Municipality, household: &Household, place: usize) -> Option<Certified> {
    let person = &household.members[place];
    let mut rng = city.rng(person.number.value(), "certified");
    let last = city.last_day(person);
    let years = person.age(last)?;
    let per_mille = CERTIFIED
        .iter()
        .rev()
        .find(|(age, _)| years >= *age)
        .map_or(0, |(_, share)| *share);
    let per_mille = if (40..65).contains(&years) { 4 } else { per_mille };
    let asked = last.add_days(-(40 + rng.below(260) as i32))?;
    let spans = city.long_term_care(household, place);
    let insured = spans
        .iter()
        .any(|(span, _)| span.holds(asked) && span.end.is_none_or(|end| end > last));
    if rng.below(1_000) >= per_mille || !insured {
        return None;
    }
    let over = asked.last_of_month().next()?.add_months(12)?;
    let level = *rng.pick(&["12", "13", "21", "21", "22", "22", "23", "24", "25"]);
    Some(Certified {
        span: Span {
            start: asked,
            end: Some(person.loss().map_or(over, |left| left.min(over))),
        },
        level,
        decided: asked.add_days(25)?,
    })
}

fn certification(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (place, person) in members(household) {
        if let Some(certified) = certified(city, household, place) {
            sink.row(
                About::Member(household, person),
                &[
                    ("kaishibi", certified.span.start.into()),
                    ("shuryobi", certified.span.end.into()),
                    ("yokaigo_jotai", certified.level.into()),
                    ("nintei_ido_kubun", "1".into()),
                    ("shinseibi", certified.span.start.into()),
                    ("ketteibi", certified.decided.into()),
                ],
            );
        }
    }
}

/// Code of the health insurance as medical subsidies note it.
pub(super) fn insurance_code(cover: Cover) -> &'static str {
    match cover {
        Cover::National | Cover::LateElderly => "1",
        Cover::Employer => "2",
        Cover::Assistance => "0",
    }
}
