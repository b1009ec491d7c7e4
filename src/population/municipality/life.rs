//! What follows from a life: insurance, pension, income. Several units ask the same question and get the same answer.

use super::Municipality;
use super::people::{End, Household, Person, Work};
use super::pyramid::Kind;
use crate::text::date::Day;
use crate::text::date::age;

/// Which medical insurance covers a person.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cover {
    /// 国民健康保険.
    National,
    /// 被用者保険, in their own right or as a dependant.
    Employer,
    /// 後期高齢者医療.
    LateElderly,
    /// 医療扶助: none of them.
    Assistance,
}

/// From a day on, to the day from which on it is over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    /// First day.
    pub start: Day,
    /// Day on which it is over; `None`: it is not.
    pub end: Option<Day>,
}

impl Span {
    /// Whether a day belongs to it.
    pub fn holds(&self, day: Day) -> bool {
        self.start <= day && self.end.is_none_or(|end| day < end)
    }

    /// Months of a fiscal year on whose last day it holds.
    pub fn months_of(&self, nendo: u16) -> i64 {
        (0..12)
            .filter_map(|month| Day::new(nendo, 4, 1).ok()?.add_months(month))
            .filter(|first| self.holds(first.last_of_month()))
            .count() as i64
    }
}

/// 国民健康保険の資格.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NhiSpan {
    /// From and to.
    pub span: Span,
    /// Code of the reason of acquisition.
    pub gained: &'static str,
    /// Code of the reason of loss.
    pub lost: Option<&'static str>,
}

/// 国民年金の被保険者期間 of one category.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PensionSpan {
    /// From and to.
    pub span: Span,
    /// Code of the category.
    pub category: &'static str,
    /// Code of the reason of loss.
    pub lost: Option<&'static str>,
}

/// 所得と個人住民税 of the newest year.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Income {
    /// Code 課税区分: 0 undeclared, 1 both levies, 2 per-capita levy only, 3 not taxed.
    pub class: &'static str,
    /// 合計所得金額; 0 where nothing was declared.
    pub total: i64,
    /// 公的年金等収入金額.
    pub pension: i64,
    /// 市町村民税所得割額.
    pub city_levy: i64,
    /// 道府県民税所得割額.
    pub prefecture_levy: i64,
    /// 均等割額, forest environment tax included.
    pub per_capita: i64,
    /// 扶養親族等の数.
    pub dependants: i64,
}

impl Income {
    /// 年税額, cut to 100 yen.
    pub fn year_tax(&self) -> i64 {
        (self.city_levy + self.prefecture_levy + self.per_capita) / 100 * 100
    }

    /// Whether anything was declared.
    pub fn is_known(&self) -> bool {
        self.class != "0"
    }
}

impl Municipality {
    /// The last day on which something can be said about a person.
    pub(super) fn last_day(&self, person: &Person) -> Day {
        person.left().and_then(Day::previous).unwrap_or(self.as_of)
    }

    /// The day on which assistance of a person began, if it did.
    pub fn assisted_since(&self, household: &Household, person: &Person) -> Option<Day> {
        let start = household.assistance?.max(person.since);
        (start <= self.last_day(person)).then_some(start)
    }

    /// What covers a person on the last day.
    pub fn cover(&self, household: &Household, place: usize) -> Cover {
        let person = &household.members[place];
        let day = self.last_day(person);
        if self.assisted_since(household, person).is_some() {
            return Cover::Assistance;
        }
        if self.late_elderly_from(person).is_some_and(|from| from <= day) {
            return Cover::LateElderly;
        }
        if person.work.is_employed() {
            return Cover::Employer;
        }
        let dependent = match person.work {
            Work::Child | Work::Student | Work::Homemaker => true,
            Work::Retired | Work::Without => place > 0 && person.number.value() % 10 < 4,
            _ => false,
        };
        let maintained = household.kind != Kind::Sharing
            && household
                .residents(day)
                .any(|other| other.number != person.number && other.work.is_employed());
        if dependent && maintained {
            Cover::Employer
        } else {
            Cover::National
        }
    }

    /// First day in the late-elderly insurance by age.
    pub(super) fn late_elderly_from(&self, person: &Person) -> Option<Day> {
        age::late_elderly_insured(person.born()?)
    }

    /// The qualification in the national health insurance, if there is or was one.
    pub fn nhi(&self, household: &Household, place: usize) -> Option<NhiSpan> {
        let person = &household.members[place];
        let cover = self.cover(household, place);
        // Seven in ten of those whom another cover followed were in it.
        let before = matches!(cover, Cover::LateElderly | Cover::Assistance) && person.number.value() / 10 % 10 < 7;
        if cover != Cover::National && !before {
            return None;
        }
        let (start, gained) = self.nhi_start(household, person);
        let left = person.loss().map(|day| {
            let reason = match person.end {
                Some((_, End::MovedAbroad)) => "22",
                Some((_, End::Died)) => "23",
                _ => "21",
            };
            (day, reason)
        });
        let assisted = self.assisted_since(household, person).map(|day| (day, "25"));
        let late = self.late_elderly_from(person).map(|day| (day, "26"));
        let lost = [left, assisted, late].into_iter().flatten().min_by_key(|(day, _)| *day);
        let lost = lost.filter(|(day, _)| *day <= self.as_of);
        let end = lost.map(|(day, _)| day);
        let barred = [left, assisted, late]
            .into_iter()
            .flatten()
            .any(|(day, _)| day <= start);
        (!barred && start <= self.as_of).then_some(NhiSpan {
            span: Span { start, end },
            gained,
            lost: lost.map(|(_, reason)| reason),
        })
    }

    fn nhi_start(&self, household: &Household, person: &Person) -> (Day, &'static str) {
        let follows_head = matches!(person.work, Work::Child | Work::Student | Work::Homemaker);
        let lost = match person.lost_insurance {
            None if follows_head => household.head().lost_insurance,
            own => own,
        };
        match lost {
            Some(day) if day > person.since => (day, "13"),
            _ if person.since == person.birth => (person.since, "12"),
            _ => (person.since, "11"),
        }
    }

    /// The qualification in the late-elderly insurance with the reasons of acquisition and loss.
    pub fn late_elderly(
        &self,
        household: &Household,
        place: usize,
    ) -> Option<(Span, &'static str, Option<&'static str>)> {
        let person = &household.members[place];
        let birthday = self.late_elderly_from(person)?;
        let start = birthday.max(person.since);
        let assisted = household.assistance.map(|day| day.max(person.since));
        if start > self.last_day(person) || assisted.is_some_and(|day| day <= start) {
            return None;
        }
        let left = person.loss().map(|day| {
            let died = matches!(person.end, Some((_, End::Died)));
            (day, if died { "22" } else { "21" })
        });
        let assisted = self.assisted_since(household, person).map(|day| (day, "24"));
        let lost = [left, assisted].into_iter().flatten().min_by_key(|(day, _)| *day);
        let lost = lost.filter(|(day, _)| *day <= self.as_of);
        let span = Span {
            start,
            end: lost.map(|(day, _)| day),
        };
        let gained = if birthday >= person.since { "11" } else { "12" };
        Some((span, gained, lost.map(|(_, reason)| reason)))
    }

    /// 介護保険: second category from 40 to 65, first from 65.
    pub fn long_term_care(&self, household: &Household, place: usize) -> Vec<(Span, &'static str)> {
        let person = &household.members[place];
        let (Some(forty), Some(sixty_five)) = (person.reached(40), person.reached(65)) else {
            return Vec::new();
        };
        let last = self.last_day(person);
        let left = person.loss().filter(|day| *day <= self.as_of);
        let mut spans = Vec::new();
        let start = forty.max(person.since);
        let assisted = household.assistance.map(|day| day.max(person.since));
        let stops = [Some(sixty_five), assisted, left];
        let stop = stops.into_iter().flatten().min();
        if start <= last && stop.is_none_or(|day| start < day) {
            let end = stop.filter(|day| *day <= self.as_of);
            spans.push((Span { start, end }, "2"));
        }
        let start = sixty_five.max(person.since);
        if start <= last {
            spans.push((Span { start, end: left }, "1"));
        }
        spans
    }

    /// 国民年金, all categories, without gap or overlap.
    pub fn pension(&self, household: &Household, place: usize) -> Vec<PensionSpan> {
        let person = &household.members[place];
        let (Some(twenty), Some(sixty), Some(sixty_five)) =
            (person.reached(20), person.reached(60), person.reached(65))
        else {
            return Vec::new();
        };
        let start = twenty.max(person.since);
        let mut spans = Vec::new();
        let span = |start, end, category, lost| PensionSpan {
            span: Span { start, end: Some(end) },
            category,
            lost: Some(lost),
        };
        let spouse = household.member(person.spouse);
        let by_spouse = spouse.is_some_and(|spouse| spouse.work.is_employed() && spouse.end.is_none());
        if person.work.is_employed() {
            spans.push(span(start, sixty_five, "2", "2"));
        } else if person.work == Work::Homemaker && by_spouse {
            spans.push(span(start, sixty, "3", "1"));
        } else {
            match person.lost_insurance.filter(|day| start < *day && *day < sixty) {
                Some(day) => {
                    spans.push(span(start, day, "2", "6"));
                    spans.push(span(day, sixty, "1", "1"));
                }
                None => spans.push(span(start, sixty, "1", "1")),
            }
            // A few make up for years that are missing.
            let asked = sixty.add_days(30).unwrap_or(sixty).max(person.since);
            if person.number.value() / 10 % 20 == 7 && asked <= self.last_day(person) {
                spans.push(span(asked, sixty_five, "4", "2"));
            }
        }
        // A move inside Japan ends nothing here (unit 11, R05).
        let left = match person.end {
            Some((_, End::Died)) => person.loss().map(|day| (day, "4")),
            Some((_, End::MovedAbroad)) => person.loss().map(|day| (day, "3")),
            _ => None,
        };
        spans.retain_mut(|pension| {
            if let Some((day, reason)) = left
                && pension.span.end.is_none_or(|end| day < end)
            {
                (pension.span.end, pension.lost) = (Some(day), Some(reason));
            }
            if pension.span.end.is_some_and(|end| end > self.as_of) {
                (pension.span.end, pension.lost) = (None, None);
            }
            pension.span.start <= self.as_of && pension.span.end.is_none_or(|end| pension.span.start < end)
        });
        spans
    }

    /// 賦課期日 of the newest year.
    pub(super) fn tax_day(&self) -> Day {
        Day::new(self.nendo, 1, 1).unwrap_or(self.as_of)
    }

    /// Income of the year before, and the tax on it; `None` for who was no resident on 1 January or is too young.
    pub fn income(&self, household: &Household, place: usize) -> Option<Income> {
        let person = &household.members[place];
        let day = self.tax_day();
        if !person.lives_here(day) || person.age(day).is_some_and(|age| age < 16) {
            return None;
        }
        let (total, pension) = self.earnings(household, person);
        let assisted = self.assisted_since(household, person).is_some_and(|from| from <= day);
        let undeclared = total == 0 && pension == 0 && !assisted && person.number.value() / 100 % 10 == 3;
        let dependants = self.dependants(household, place, total);
        let nothing = Income {
            class: if undeclared { "0" } else { "3" },
            total,
            pension,
            city_levy: 0,
            prefecture_levy: 0,
            per_capita: 0,
            dependants,
        };
        let minor = person.age(day).is_some_and(|age| age < 18);
        let spared =
            assisted || (minor && total <= 1_350_000) || (household.kind.single_parent() && total <= 1_350_000);
        let limit = if dependants == 0 {
            450_000
        } else {
            350_000 * (dependants + 1) + 310_000
        };
        if undeclared || spared || total <= limit {
            return Some(nothing);
        }
        let taxable = (total - 430_000 - total * 15 / 100 - 330_000 * dependants).max(0) / 1_000 * 1_000;
        let (city_levy, prefecture_levy) = (taxable * 6 / 100, taxable * 4 / 100);
        Some(Income {
            class: if city_levy > 0 { "1" } else { "2" },
            city_levy,
            prefecture_levy,
            per_capita: 5_000,
            ..nothing
        })
    }

    /// 合計所得金額 and receipts from pensions.
    fn earnings(&self, household: &Household, person: &Person) -> (i64, i64) {
        let mut rng = self.rng(person.number.value(), "earnings");
        let age = i64::from(person.age(self.tax_day()).unwrap_or(40));
        let assisted = self.assisted_since(household, person).is_some();
        let pension = if age >= 65 {
            600_000 + 10_000 * rng.below(180) as i64
        } else {
            0
        };
        let of_pension = (pension - 1_100_000).max(0);
        let work = match person.work {
            _ if assisted => 0,
            Work::Employee | Work::PublicServant => {
                let base = 2_200_000 + 60_000 * (age.min(55) - 18).max(0);
                let low = if person.spouse == Some(0) { 2 } else { 1 };
                let salary = base * (40 + rng.below(120) as i64) / 100 / low;
                after_salary_deduction(salary)
            }
            Work::SelfEmployed => 10_000 * rng.below(600) as i64,
            Work::Student => 10_000 * rng.below(30) as i64,
            _ => 0,
        };
        (work + of_pension, pension)
    }

    /// Everybody in the household whom the best paid of it maintains.
    fn dependants(&self, household: &Household, place: usize, total: i64) -> i64 {
        let day = self.tax_day();
        if household.kind == Kind::Sharing || total <= 480_000 {
            return 0;
        }
        let of = |at: usize| self.earnings(household, &household.members[at]).0;
        let mut count = 0;
        for (at, other) in household.members.iter().enumerate() {
            if at == place || !other.lives_here(day) {
                continue;
            }
            let theirs = of(at);
            if theirs > total || (theirs == total && at < place) {
                return 0;
            }
            count += i64::from(theirs <= 480_000);
        }
        count
    }

    /// The parent who is paid for the children: the one with the higher income who lives here.
    pub(super) fn earner(&self, household: &Household, child: &Person) -> Option<usize> {
        let parents = [child.father, child.mother].into_iter().flatten();
        let here = parents.filter(|at| household.members[*at].end.is_none());
        here.max_by_key(|at| {
            (
                self.earnings(household, &household.members[*at]).0,
                std::cmp::Reverse(*at),
            )
        })
    }
}

/// 給与所得控除, simplified to the steps of the law before 2025.
fn after_salary_deduction(salary: i64) -> i64 {
    // Up to a salary: a share of it in per cent, and what is added.
    const STEPS: [(i64, i64, i64); 5] = [
        (1_625_000, 0, 550_000),
        (1_800_000, 40, -100_000),
        (3_600_000, 30, 80_000),
        (6_600_000, 20, 440_000),
        (8_500_000, 10, 1_100_000),
    ];
    let step = STEPS.iter().find(|(most, ..)| salary <= *most);
    let deduction = step.map_or(1_950_000, |(_, share, more)| salary * share / 100 + more);
    (salary - deduction).max(0)
}
