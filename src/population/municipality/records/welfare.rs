//! Units 12, 15 and 16: disability, child allowance, public assistance.

use super::insurance::{certified, month_of};
use super::{About, Mapper, Sink, flag, members};
use crate::population::municipality::Municipality;
use crate::population::municipality::people::{Household, Person, Work};
use crate::text::date::{Day, age};

pub(super) fn mapper(unit: u8, record: &str) -> Option<Mapper> {
    Some(match (unit, record) {
        (12, "handbook") => handbook,
        (12, "service") => service,
        (12, "disability-allowance") => disability_allowance,
        (12, "disability-allowance-payment") => disability_allowance_payment,
        (15, "child-allowance-recipient") => child_allowance,
        (15, "child-allowance-payment") => child_allowance_payment,
        (16, "assistance") => assistance,
        (16, "assistance-payment") => assistance_payment,
        _ => return None,
    })
}

/// A payment that unit 23 makes for another unit.
pub(super) struct Paid {
    pub(super) payee: usize,
    pub(super) number: String,
    pub(super) day: Day,
    /// Months that are paid for.
    pub(super) months: (Day, Day),
    pub(super) amount: i64,
}

/// 障害者手帳 of a person.
struct Disability {
    kind: &'static str,
    grade: &'static str,
    issued: Day,
}

fn disability(city: &Municipality, person: &Person) -> Option<Disability> {
    let mut rng = city.rng(person.number.value(), "disability");
    let last = city.last_day(person);
    let years = person.age(last)?;
    let (per_mille, kinds): (u64, &[&str]) = match years {
        0..3 => return None,
        3..18 => (14, &["1", "2", "2"]),
        18..65 => (32, &["1", "1", "2", "3", "3"]),
        _ => (88, &["1"]),
    };
    if rng.below(1_000) >= per_mille {
        return None;
    }
    let kind = *rng.pick(kinds);
    let grade = *rng.pick(match kind {
        "1" => &["1", "1", "2", "3", "4", "4", "5", "6"],
        "2" => &["A", "B"],
        _ => &["1", "2", "2", "3"],
    });
    // A handbook for mental disability is valid for two years: a valid one was issued lately.
    let longest = if kind == "3" { 650 } else { 7_000 };
    let since = person.since.max(person.born()?.add_years(2)?);
    let days = (last.number() - since.number()).clamp(0, longest) as u64;
    (days > 30)
        .then(|| last.add_days(-(1 + rng.below(days) as i32)))?
        .map(|issued| Disability { kind, grade, issued })
}

fn handbook(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (_, person) in members(household) {
        let Some(disability) = disability(city, person) else {
            continue;
        };
        let expires = (disability.kind == "3")
            .then(|| disability.issued.add_years(2))
            .flatten();
        sink.row(
            About::Member(household, person),
            &[
                ("techo_shurui", disability.kind.into()),
                ("kaishibi", disability.issued.into()),
                ("techo_tokyu", disability.grade.into()),
                ("techo_yukokigen", expires.map(Day::last_of_month).into()),
                ("shuryobi", person.left().into()),
            ],
        );
    }
}

fn is_severe(disability: &Disability) -> bool {
    matches!(
        (disability.kind, disability.grade),
        ("1", "1") | ("2", "A") | ("3", "1")
    )
}

/// Day care for severely disabled adults below 65: three years beyond the month of the beginning.
fn service(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (_, person) in members(household) {
        let Some(disability) = disability(city, person).filter(is_severe) else {
            continue;
        };
        let last = city.last_day(person);
        let adult = person.age(last).is_some_and(|years| (18..65).contains(&years));
        let start = disability.issued.max(last.add_days(-700).unwrap_or(last)).add_days(14);
        let Some(start) = start.filter(|day| adult && *day <= last) else {
            continue;
        };
        let over = start.last_of_month().next().and_then(|day| day.add_years(3));
        sink.row(
            About::Member(household, person),
            &[
                ("service_shurui", "22".into()),
                ("kaishibi", start.into()),
                ("shuryobi", person.left().or(over).into()),
                ("shien_kubun", (3 + i64::from(start.day()) % 4).into()),
            ],
        );
    }
}

/// An allowance for severe disability at home.
struct Severe {
    place: usize,
    kind: &'static str,
    start: Day,
    end: Option<Day>,
    is_suspended: bool,
}

fn severe(city: &Municipality, household: &Household) -> Vec<Severe> {
    let mut all = Vec::new();
    for (place, person) in members(household) {
        let Some(disability) = disability(city, person).filter(is_severe) else {
            continue;
        };
        let (Some(start), Some(twenty)) = (disability.issued.first_of_next_month(), person.reached(20)) else {
            continue;
        };
        if start > city.last_day(person) {
            continue;
        }
        let child = start <= twenty;
        // The child's allowance ends with the month of reaching twenty; so do all with the month in which the ground goes.
        let over = if child { twenty.first_of_next_month() } else { None };
        let left = person.left().and_then(Day::first_of_next_month);
        let income = city.income(household, place).map_or(0, |income| income.total);
        all.push(Severe {
            place,
            kind: if child { "2" } else { "1" },
            start,
            end: [over, left].into_iter().flatten().min(),
            is_suspended: income > 3_600_000,
        });
    }
    all
}

fn disability_allowance(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for severe in severe(city, household) {
        sink.row(
            About::Member(household, &household.members[severe.place]),
            &[
                ("teate_shurui", severe.kind.into()),
                ("kaishibi", severe.start.into()),
                ("teate_teishi", flag(severe.is_suspended)),
                ("shuryobi", severe.end.into()),
            ],
        );
    }
}

/// Paid on the tenth of February, May, August and November for the three months before: the newest such day.
fn severe_payments(city: &Municipality, household: &Household) -> Vec<(Paid, &'static str)> {
    let newest = (0..4).find_map(|back| {
        let month = city.as_of().first_of_month().add_months(-back)?;
        let day = month.add_days(9)?;
        (month.month() % 3 == 2 && day <= city.as_of()).then_some((month, day))
    });
    let Some((month, day)) = newest else {
        return Vec::new();
    };
    let mut paid = Vec::new();
    for severe in severe(city, household)
        .into_iter()
        .filter(|severe| !severe.is_suspended)
    {
        let months: Vec<Day> = [-3, -2, -1]
            .into_iter()
            .filter_map(|back| month.add_months(back))
            .filter(|month| severe.start <= *month && severe.end.is_none_or(|end| *month < end))
            .collect();
        if let (Some(first), Some(last)) = (months.first(), months.last()) {
            let each = if severe.kind == "1" { 29_590 } else { 16_100 };
            let payment = Paid {
                payee: severe.place,
                number: number('G', day, &household.members[severe.place]),
                day,
                months: (*first, *last),
                amount: each * months.len() as i64,
            };
            paid.push((payment, severe.kind));
        }
    }
    paid
}

pub(super) fn disability_payments(city: &Municipality, household: &Household) -> Vec<Paid> {
    severe_payments(city, household)
        .into_iter()
        .map(|(paid, _)| paid)
        .collect()
}

fn disability_allowance_payment(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (paid, kind) in severe_payments(city, household) {
        sink.row(
            About::Member(household, &household.members[paid.payee]),
            &[
                ("shiharai_bango", paid.number.into()),
                ("teate_shurui", kind.into()),
                ("shiharaibi", paid.day.into()),
                ("taisho_kaishizuki", month_of(paid.months.0).into()),
                ("taisho_shuryozuki", month_of(paid.months.1).into()),
                ("kingaku", paid.amount.into()),
                ("shiharai_jotai", "2".into()),
            ],
        );
    }
}

/// A child that is paid for, with who is paid.
struct Allowance<'h> {
    payee: usize,
    child: &'h Person,
    start: Day,
    over: Day,
}

/// From the month after birth or arrival to the 31 March after eighteen. Public servants are paid by their employer.
fn allowances<'h>(city: &Municipality, household: &'h Household) -> Vec<Allowance<'h>> {
    let mut allowances = Vec::new();
    for child in household.members.iter().filter(|child| child.end.is_none()) {
        let Some(payee) = city.earner(household, child) else {
            continue;
        };
        let parent = &household.members[payee];
        let over = child
            .born()
            .and_then(|birth| age::end_of_fiscal_year_of_age(birth, 18))
            .and_then(Day::next);
        let start = child.since.max(parent.since).first_of_next_month();
        let (Some(start), Some(over)) = (start, over) else {
            continue;
        };
        let current = start < over && over > city.before(365);
        if current && start <= city.as_of() && parent.work != Work::PublicServant {
            allowances.push(Allowance {
                payee,
                child,
                start,
                over,
            });
        }
    }
    allowances
}

fn child_allowance(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for allowance in allowances(city, household) {
        sink.row(
            About::Member(household, &household.members[allowance.payee]),
            &[
                ("jido_atenabango", allowance.child.number.into()),
                ("kaishibi", allowance.start.into()),
                ("shuryobi", allowance.over.into()),
            ],
        );
    }
}

/// The newest pay days: the tenth of months with this remainder by two, each for the two months before.
pub(super) fn pay_months(city: &Municipality, odd: bool) -> Vec<(Day, Day, Day)> {
    let mut months = Vec::new();
    let mut first = city.as_of().first_of_month();
    while months.len() < 2 {
        let pays = (first.month() % 2 == 1) == odd;
        if let Some(day) = first.add_days(9).filter(|day| pays && *day <= city.as_of()) {
            months.extend(
                first
                    .add_months(-2)
                    .zip(first.add_months(-1))
                    .map(|(from, to)| (day, from, to)),
            );
        }
        let Some(before) = first.add_months(-1) else {
            break;
        };
        first = before;
    }
    months
}

pub(super) fn child_allowance_payments(city: &Municipality, household: &Household) -> Vec<Paid> {
    let allowances = allowances(city, household);
    let Some(first) = allowances.first() else {
        return Vec::new();
    };
    let mut paid = Vec::new();
    for (day, from, to) in pay_months(city, false) {
        let amount = [from, to]
            .into_iter()
            .map(|month| month_amount(&allowances, first.payee, month))
            .sum();
        if amount > 0 {
            paid.push(Paid {
                payee: first.payee,
                number: number('J', day, &household.members[first.payee]),
                day,
                months: (from, to),
                amount,
            });
        }
    }
    paid
}

fn month_amount(allowances: &[Allowance<'_>], payee: usize, month: Day) -> i64 {
    let of_month = allowances
        .iter()
        .filter(|allowance| allowance.payee == payee && allowance.start <= month && month < allowance.over);
    let amounts = of_month.enumerate().map(|(rank, allowance)| {
        let small = allowance
            .child
            .born()
            .and_then(|birth| birth.add_years(3))
            .is_some_and(|day| day >= month);
        match (rank, small) {
            (2.., _) => 30_000,
            (_, true) => 15_000,
            _ => 10_000,
        }
    });
    amounts.sum()
}

/// 支払番号, unique over all units that ask for payments.
pub(super) fn number(unit: char, day: Day, payee: &Person) -> String {
    format!("{unit}{:04}{:02}{:011}", day.year(), day.month(), payee.number.short())
}

fn child_allowance_payment(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for paid in child_allowance_payments(city, household) {
        let payee = &household.members[paid.payee];
        sink.row(
            About::Member(household, payee),
            &[
                ("shiharai_bango", paid.number.into()),
                ("shiharaibi", paid.day.into()),
                ("taisho_kaishizuki", month_of(paid.months.0).into()),
                ("taisho_shuryozuki", month_of(paid.months.1).into()),
                ("kingaku", paid.amount.into()),
                ("shiharai_jotai", "2".into()),
                ("shiharaisaki_atenabango", payee.number.into()),
            ],
        );
    }
}

fn assistance(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (place, person) in members(household) {
        let Some(since) = city.assisted_since(household, person) else {
            continue;
        };
        let cared = certified(city, household, place).is_some_and(|certified| certified.span.holds(city.as_of()));
        sink.row(
            About::Member(household, person),
            &[
                ("kaishibi", since.into()),
                ("seiho_jotai", "1".into()),
                ("kaigo_fujo", flag(cared)),
                ("shuryobi", person.loss().into()),
            ],
        );
    }
}

/// The newest two whole months, paid to the head on the third.
pub(super) fn assistance_payments(city: &Municipality, household: &Household) -> Vec<Paid> {
    let Some(since) = household.assistance else {
        return Vec::new();
    };
    let mut paid = Vec::new();
    for back in [0, -1] {
        let month = city.as_of().first_of_month().add_months(back);
        let Some((month, day)) = month.and_then(|month| Some((month, month.add_days(2)?))) else {
            continue;
        };
        let people = household.residents(month).count() as i64;
        if month >= since && day <= city.as_of() && people > 0 {
            let amount = 90_000 + 38_000 * people;
            let number = number('H', day, household.head());
            paid.push(Paid {
                payee: 0,
                number,
                day,
                months: (month, month),
                amount,
            });
        }
    }
    paid
}

fn assistance_payment(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for paid in assistance_payments(city, household) {
        sink.row(
            About::Member(household, household.head()),
            &[
                ("taisho_tsuki", month_of(paid.months.0).into()),
                ("shiharai_bango", paid.number.into()),
                ("kingaku", paid.amount.into()),
                ("henkangaku", 0.into()),
                ("shiharaibi", paid.day.into()),
            ],
        );
    }
}
