//! Units 17, 18 and 21: medical subsidies for small children and single parents, child-rearing allowance.

use super::insurance::{insurance_code, month_of};
use super::welfare::{Paid, number, pay_months};
use super::{About, Mapper, Sink, members};
use crate::population::municipality::Municipality;
use crate::population::municipality::people::{Household, Person};
use crate::text::date::{Day, age};

pub(super) fn mapper(unit: u8, record: &str) -> Option<Mapper> {
    Some(match (unit, record) {
        (17, "infant-medical") => infant_medical,
        (17, "infant-reimbursement") => infant_reimbursement,
        (18, "single-parent-medical") => single_parent_medical,
        (18, "single-parent-reimbursement") => single_parent_reimbursement,
        (21, "child-rearing-recipient") => rearing_recipient,
        (21, "child-rearing-child") => rearing_child,
        (21, "child-rearing-payment") => rearing_payment,
        _ => return None,
    })
}

/// ひとり親 with children who are still supported, as units 18 and 21 see them.
pub(super) struct SingleParent<'h> {
    pub(super) children: Vec<&'h Person>,
    /// Day of the claim.
    pub(super) claimed: Day,
    /// Code of the child-rearing allowance: 1 in full, 2 in part, 3 suspended.
    pub(super) class: &'static str,
}

impl SingleParent<'_> {
    fn has_medical(&self, household: &Household) -> bool {
        household.assistance.is_none() && self.class != "3"
    }
}

/// The day after the 31 March after eighteen.
fn grown_up(child: &Person) -> Option<Day> {
    age::end_of_fiscal_year_of_age(child.born()?, 18)?.next()
}

pub(super) fn single_parent<'h>(city: &Municipality, household: &'h Household) -> Option<SingleParent<'h>> {
    if !household.kind.single_parent() {
        return None;
    }
    let small = |child: &&Person| child.end.is_none() && grown_up(child).is_some_and(|day| day > city.as_of());
    let children: Vec<&Person> = household.children_of(0).filter(small).collect();
    let eldest = children.iter().map(|child| child.since).min()?;
    let mut rng = city.rng(household.index, "single parent");
    let claimed = eldest
        .max(household.head().since)
        .add_days(20 + rng.below(500) as i32)?;
    let claimed = claimed.max(city.before(3_000));
    if claimed > city.before(40) || rng.below(10) == 0 {
        return None;
    }
    let total = city.income(household, 0).map_or(0, |income| income.total);
    let more = 380_000 * children.len() as i64;
    let class = match total {
        total if total < 690_000 + more => "1",
        total if total < 2_080_000 + more => "2",
        _ => "3",
    };
    Some(SingleParent {
        children,
        claimed,
        class,
    })
}

/// First day of a child in the medical subsidy of single parents.
fn subsidised_from(single: &SingleParent<'_>, child: &Person) -> Day {
    single.claimed.max(child.since)
}

/// An entitlement of a small child: from arrival to the 31 March after fifteen, or to what takes its place.
struct Infant<'h> {
    place: usize,
    child: &'h Person,
    guardian: usize,
    over: Day,
}

fn infants<'h>(city: &Municipality, household: &'h Household) -> Vec<Infant<'h>> {
    let single = single_parent(city, household).filter(|single| single.has_medical(household));
    let mut infants = Vec::new();
    for (place, child) in members(household).filter(|(_, child)| child.end.is_none()) {
        let Some(guardian) = city.earner(household, child) else {
            continue;
        };
        let fifteen = child
            .born()
            .and_then(|birth| age::end_of_fiscal_year_of_age(birth, 15))
            .and_then(Day::next);
        let replaced = single
            .as_ref()
            .filter(|single| single.children.iter().any(|other| other.number == child.number))
            .map(|single| subsidised_from(single, child));
        let assisted = city.assisted_since(household, child);
        let Some(over) = [fifteen, replaced, assisted].into_iter().flatten().min() else {
            continue;
        };
        if child.since < over && over > city.before(1_500) {
            infants.push(Infant {
                place,
                child,
                guardian,
                over,
            });
        }
    }
    infants
}

fn infant_medical(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for infant in infants(city, household) {
        let code = match insurance_code(city.cover(household, infant.place)) {
            // On assistance now, and insured with the municipality before that.
            "0" => "1",
            code => code,
        };
        sink.row(
            About::Member(household, infant.child),
            &[
                ("kaishibi", infant.child.since.into()),
                ("hogosha_atenabango", household.members[infant.guardian].number.into()),
                ("hoken_shubetsu", code.into()),
                ("shuryobi", infant.over.into()),
            ],
        );
    }
}

/// What is paid back of care outside the municipality: one child in five.
fn reimbursed(city: &Municipality, child: &Person, from: Day, over: Option<Day>) -> Option<(String, Day, i64)> {
    let mut rng = city.rng(child.number.value(), "reimbursed");
    let day = city.before(20 + rng.below(180));
    let amount = 100 * (5 + rng.below(60)) as i64;
    let entitled = from <= day && over.is_none_or(|over| day < over);
    (rng.below(5) == 0 && entitled).then(|| (format!("RB{:011}", child.number.short()), day, amount))
}

fn infant_reimbursement(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for infant in infants(city, household) {
        if let Some((number, day, amount)) = reimbursed(city, infant.child, infant.child.since, Some(infant.over)) {
            sink.row(
                About::Member(household, infant.child),
                &[
                    ("uketsukebango", number.into()),
                    ("shinryobi", day.into()),
                    ("nyuyoji_joseigaku", amount.into()),
                ],
            );
        }
    }
}

fn single_parent_medical(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    let Some(single) = single_parent(city, household).filter(|single| single.has_medical(household)) else {
        return;
    };
    let parent = household.head();
    let last = single.children.iter().filter_map(|child| grown_up(child)).max();
    let mut row = |person: &Person, kind: &'static str, from: Day, over: Option<Day>| {
        sink.row(
            About::Member(household, person),
            &[
                ("kaishibi", from.into()),
                ("hogosha_atenabango", parent.number.into()),
                ("hitorioya_kubun", kind.into()),
                ("shuryobi", over.into()),
            ],
        );
    };
    row(parent, "1", single.claimed, last);
    for child in &single.children {
        row(child, "2", subsidised_from(&single, child), grown_up(child));
    }
}

fn single_parent_reimbursement(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    let Some(single) = single_parent(city, household).filter(|single| single.has_medical(household)) else {
        return;
    };
    for child in &single.children {
        let from = subsidised_from(&single, child);
        if let Some((number, day, amount)) = reimbursed(city, child, from, grown_up(child)) {
            sink.row(
                About::Member(household, child),
                &[
                    ("uketsukebango", number.into()),
                    ("shinryobi", day.into()),
                    ("hitorioya_joseigaku", amount.into()),
                ],
            );
        }
    }
}

fn rearing_recipient(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    if let Some(single) = single_parent(city, household) {
        let start = single.claimed.first_of_next_month().filter(|day| *day <= city.as_of());
        if let Some(start) = start {
            sink.row(
                About::Member(household, household.head()),
                &[("kaishibi", start.into()), ("jidofuyo_jotai", single.class.into())],
            );
        }
    }
}

/// First month for which a child is counted.
fn reared_from(single: &SingleParent<'_>, child: &Person) -> Option<Day> {
    single.claimed.max(child.since).first_of_next_month()
}

fn rearing_child(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    let Some(single) = single_parent(city, household) else {
        return;
    };
    for child in &single.children {
        let Some(start) = reared_from(&single, child).filter(|day| *day <= city.as_of()) else {
            continue;
        };
        sink.row(
            About::Member(household, household.head()),
            &[
                ("jido_atenabango", child.number.into()),
                ("kaishibi", start.into()),
                ("shuryobi", grown_up(child).into()),
            ],
        );
    }
}

pub(super) fn rearing_payments(city: &Municipality, household: &Household) -> Vec<Paid> {
    let Some(single) = single_parent(city, household).filter(|single| single.class != "3") else {
        return Vec::new();
    };
    let mut paid = Vec::new();
    for (day, from, to) in pay_months(city, true) {
        let of_month = |month: Day| {
            let counted = single
                .children
                .iter()
                .filter(|child| reared_from(&single, child).is_some_and(|day| day <= month));
            let full: i64 = counted
                .enumerate()
                .map(|(rank, _)| if rank == 0 { 46_690 } else { 11_030 })
                .sum();
            if single.class == "1" { full } else { full / 2 / 10 * 10 }
        };
        let amount = of_month(from) + of_month(to);
        if amount > 0 {
            let number = number('F', day, household.head());
            paid.push(Paid {
                payee: 0,
                number,
                day,
                months: (from, to),
                amount,
            });
        }
    }
    paid
}

fn rearing_payment(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for paid in rearing_payments(city, household) {
        sink.row(
            About::Member(household, household.head()),
            &[
                ("shiharai_bango", paid.number.into()),
                ("shiharaibi", paid.day.into()),
                ("taisho_kaishizuki", month_of(paid.months.0).into()),
                ("taisho_shuryozuki", month_of(paid.months.1).into()),
                ("kingaku", paid.amount.into()),
                ("shiharai_jotai", "2".into()),
            ],
        );
    }
}
