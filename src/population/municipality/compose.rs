//! From an index to a household: who belongs to it, how old they are, since when they live here. Everything follows from
//! the seed and the index; a block of 47 households always has 100 residents.

use super::names::{Family, foreign_family, former_family, full_width, japanese_family, name, nationality};
use super::numbers::{Holder, Number};
use super::people::{Address, Corporation, End, Household, Person, Sex, Work};
use super::pyramid::{BLOCK, HOUSEHOLDS, Kind, RESIDENTS};
use super::{Municipality, town};
use crate::population::Rng;
use crate::text::date::Day;
use crate::text::identifiers::corporate_check_digit;

/// What a household has to be so that even a small municipality has one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Special {
    None,
    /// The head is on the staff of the municipality.
    Staff(u64),
    /// The birth of the head is unknown in this form (0 to 13).
    UnknownBirth(u64),
    /// The oldest resident, alone in a town.
    Oldest,
    /// A support measure protects the members.
    Protected,
}

/// Adults of a household before they have a name.
struct Draft {
    age: u16,
    sex: Sex,
    relation: &'static str,
    family: Family,
}

impl Municipality {
    /// Kinds of the households of a block, in the order of their indices.
    pub(super) fn layout(&self, block: u64) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = BLOCK
            .iter()
            .flat_map(|(kind, count)| std::iter::repeat_n(*kind, *count))
            .collect();
        let mut rng = self.rng(block, "block");
        for index in (1..kinds.len()).rev() {
            kinds.swap(index, rng.below(index as u64 + 1) as usize);
        }
        let rest = self.size - (block * RESIDENTS).min(self.size);
        if rest >= RESIDENTS {
            return kinds;
        }
        // The last block holds what is left: households in the same order as far as they fit, then people alone.
        let mut left = rest;
        kinds.retain(|kind| {
            let fits = kind.size() <= left;
            left -= if fits { kind.size() } else { 0 };
            fits
        });
        kinds.extend(std::iter::repeat_n(Kind::Single, left as usize));
        kinds
    }

    fn special(&self, block: u64, place: usize, kinds: &[Kind]) -> Special {
        let whole = kinds.iter().map(|kind| kind.size()).sum::<u64>() == RESIDENTS;
        let rank = |wanted: &[Kind]| kinds[..place].iter().filter(|kind| wanted.contains(kind)).count() as u64;
        match kinds[place] {
            // The first couples: two in the first block, so that nobody has to approve an own draft, one in every other.
            Kind::Couple | Kind::CoupleOne if whole => {
                let rank = rank(&[Kind::Couple, Kind::CoupleOne]);
                let staff = if block == 0 { 2 } else { 1 };
                if rank < staff {
                    Special::Staff(rank)
                } else {
                    Special::None
                }
            }
            Kind::Single => match rank(&[Kind::Single]) {
                0 if whole && (block < 28 || block.is_multiple_of(50)) => Special::UnknownBirth(block % 14),
                1 if block == 0 => Special::Oldest,
                _ => Special::None,
            },
            Kind::MotherTwo if block < 20 || block.is_multiple_of(40) => Special::Protected,
            _ => Special::None,
        }
    }

    /// Household index of the `place`th employee of a block.
    pub(super) fn household_of_staff(&self, block: u64, place: u64) -> Option<u64> {
        let kinds = self.layout(block);
        let found = (0..kinds.len()).find(|at| self.special(block, *at, &kinds) == Special::Staff(place))?;
        Some(block * HOUSEHOLDS + found as u64)
    }

    /// The household with an index, counted from zero; `None` past the last one.
    pub fn household(&self, index: u64) -> Option<Household> {
        if index >= self.households {
            return None;
        }
        let (block, place) = (index / HOUSEHOLDS, (index % HOUSEHOLDS) as usize);
        let kinds = self.layout(block);
        let kind = *kinds.get(place)?;
        let special = self.special(block, place, &kinds);
        Some(self.compose(index, kind, special))
    }

    fn compose(&self, index: u64, kind: Kind, special: Special) -> Household {
        let mut rng = self.rng(index, "household");
        let foreign = matches!(special, Special::UnknownBirth(_)) || special == Special::None && rng.below(1_000) < 28;
        let family = if foreign {
            foreign_family(&mut rng)
        } else {
            japanese_family(&mut rng)
        };
        let adults = adults(kind, special, family, foreign, &mut rng);
        let youngest = adults.iter().take(2).map(|adult| adult.age).min().unwrap_or(18);
        let since = self.arrival(youngest, special, &mut rng);
        let moved = self.move_within(since, &mut rng);
        let mut members: Vec<Person> = Vec::with_capacity(6);
        for adult in adults {
            let person = self.person(index, members.len(), adult, since, &mut rng);
            members.push(person);
        }
        self.add_children(index, kind, family, since, &mut members, &mut rng);
        marry(kind, &mut members);
        self.write_unknown_birth(special, &mut members, &mut rng);
        self.employ(kind, special, &mut members, &mut rng);
        let assistance = self.assistance(kind, special, since, &members, &mut rng);
        if assistance.is_some() {
            // Whoever lives from assistance neither works nor lost another insurance for it.
            for person in members.iter_mut().filter(|person| !matches!(person.work, Work::Child)) {
                (person.work, person.lost_insurance) = (Work::Without, None);
            }
        }
        self.add_former(index, kind, special, family, since, &mut members, &mut rng);
        if special == Special::Protected || (special == Special::None && kind.single_parent() && rng.below(250) == 0) {
            let start = self.before(10 + rng.below(330));
            for person in members.iter_mut().filter(|person| person.end.is_none()) {
                person.protected = Some(start.max(person.since));
            }
        }
        for person in &mut members {
            person.moved = moved.filter(|day| person.since < *day && person.end.is_none_or(|(end, _)| *day < end));
        }
        let town = town::town_of(index);
        let in_house = kind != Kind::Single || rng.below(3) == 0;
        let (address, former_address) = (
            town::address(town, &mut rng, in_house),
            town::address((town + 1) % (town::town_of(self.households) + 1), &mut rng, false),
        );
        let head_age = members[0].age(self.as_of).unwrap_or(40);
        Household {
            index,
            number: Number::new(self.tag, Holder::Household(index)),
            kind,
            owner: in_house && assistance.is_none() && head_age >= 30 && rng.below(100) < 40 + u64::from(head_age) / 2,
            staff: match special {
                Special::Staff(place) => Some((index / HOUSEHOLDS, place)),
                _ => None,
            },
            address: if special == Special::Oldest {
                town::islet()
            } else {
                address
            },
            moved,
            former_address,
            assistance,
            outsider: (index % 10 == 3).then(|| self.outsider(index)),
            corporation: (index % 15 == 7).then(|| self.corporation(index)),
            members,
            levies: std::cell::OnceCell::new(),
        }
    }

    /// First day of the household here.
    fn arrival(&self, youngest: u16, special: Special, rng: &mut Rng) -> Day {
        let years = u64::from(youngest.saturating_sub(18)).min(25);
        let least = match special {
            // Staff and the oldest have been here for some time: their history is not empty.
            Special::Staff(_) | Special::Oldest => 800,
            _ => 30,
        };
        let longest = 1 + rng.below(years * 365 + 330);
        self.before(least + rng.below(longest))
    }

    /// One household in four moved inside the municipality.
    fn move_within(&self, since: Day, rng: &mut Rng) -> Option<Day> {
        let span = self.as_of.number() - since.number() - 100;
        let moved = rng.below(4) == 0 && span > 100;
        let days = 90 + rng.below(span.max(1) as u64) as i32;
        moved.then(|| since.add_days(days)).flatten()
    }

    /// The day that lies so many days before the reference day.
    pub(super) fn before(&self, days: u64) -> Day {
        self.as_of.add_days(-(days as i32)).unwrap_or(Day::FIRST)
    }

    /// A birthday for an age on the reference day.
    fn birth(&self, age: u16, rng: &mut Rng) -> Day {
        let years = self.as_of.add_years(-i32::from(age)).unwrap_or(Day::FIRST);
        years.add_days(-(rng.below(365) as i32)).unwrap_or(years)
    }

    fn person(&self, index: u64, place: usize, draft: Draft, since: Day, rng: &mut Rng) -> Person {
        let birth = self.birth(draft.age, rng);
        let is_foreign = matches!(draft.family, Family::Foreign(_));
        let mut name = name(draft.family, draft.sex, rng);
        if !is_foreign && matches!(draft.relation, "妻" | "夫") && rng.below(30) == 0 {
            name.former = Some(former_family(rng).to_owned());
        }
        let since = since.max(birth);
        let reported = since.add_days(rng.below(14) as i32).unwrap_or(since).min(self.as_of);
        Person {
            number: Number::new(self.tag, Holder::Resident(index, place)),
            name,
            sex: draft.sex,
            birth,
            unknown_birth: None,
            nationality: if is_foreign { nationality(rng) } else { "392" },
            relation: draft.relation,
            since,
            reported,
            moved: None,
            end: None,
            work: Work::Child,
            lost_insurance: None,
            spouse: None,
            father: None,
            mother: None,
            protected: None,
        }
    }

    fn add_children(
        &self,
        index: u64,
        kind: Kind,
        family: Family,
        since: Day,
        members: &mut Vec<Person>,
        rng: &mut Rng,
    ) {
        let count = kind.children();
        if count == 0 {
            return;
        }
        let mother = if kind.has_couple() {
            Some(1)
        } else {
            Some(0).filter(|_| kind != Kind::FatherOne)
        };
        let father = Some(0).filter(|_| kind.has_couple() || kind == Kind::FatherOne);
        let mother_age = match mother {
            Some(place) => members[place].age(self.as_of).unwrap_or(40),
            None => members[0].age(self.as_of).unwrap_or(40).saturating_sub(2).max(18),
        };
        let mut age = mother_age - birth_age(mother_age, rng);
        let mut eldest_twin = None;
        // A child of two nationalities is Japanese here.
        let family = match members.get(mother.unwrap_or(0)).map(|person| person.is_japanese()) {
            Some(true) if !members[0].is_japanese() => japanese_family(rng),
            _ => family,
        };
        for rank in 0..count {
            if rank > 0 {
                let next = age.saturating_sub(1 + rng.below(4) as u16);
                eldest_twin = members.last().filter(|_| next == age).map(|person| person.birth);
                age = next;
            }
            let draft = Draft {
                age,
                sex: if rng.below(1_000) < 513 { Sex::Male } else { Sex::Female },
                relation: "子",
                family,
            };
            let mut child = self.person(index, members.len(), draft, since, rng);
            if let Some(birth) = eldest_twin {
                child.birth = birth;
                child.since = since.max(birth);
                child.reported = child.reported.max(child.since).min(self.as_of);
            }
            (child.father, child.mother) = (father, mother);
            members.push(child);
        }
    }

    /// One of the fourteen forms of an unknown date of birth, in the western year that foreign residents' dates have.
    fn write_unknown_birth(&self, special: Special, members: &mut [Person], rng: &mut Rng) {
        let Special::UnknownBirth(form) = special else {
            return;
        };
        let head = &mut members[0];
        let (year, month, day) = (head.birth.year(), head.birth.month(), 1 + rng.below(18));
        let late = day + 2 + rng.below(8);
        head.unknown_birth = Some(match form {
            0 => format!("{year}年頃"),
            1 => format!("{year}年{month}月頃"),
            2 => format!("{year}年{month}月{day}日頃"),
            3 => format!("推定{year}年{month}月{day}日"),
            4 => format!("推定{year}年{month}月"),
            5 => format!("{year}年春"),
            6 => format!("{year}年{month}月上旬"),
            7 => format!("{year}年{month}月中旬頃"),
            8 => "年月日不詳".to_owned(),
            9 => format!("{year}年　月日不詳"),
            10 => format!("{year}年{month}月　日不詳"),
            11 => format!("{year}年{month}月{day}日から{month}月{late}日頃までの間"),
            12 => format!("{year}年{month}月推定{day}日から{late}日までの間"),
            _ => format!("{year}年{month}月{day}日頃から{late}日頃までの間"),
        });
    }

    /// Public assistance: mostly old people alone and single parents.
    fn assistance(&self, kind: Kind, special: Special, since: Day, members: &[Person], rng: &mut Rng) -> Option<Day> {
        let age = members[0].age(self.as_of).unwrap_or(0);
        let per_mille = match kind {
            Kind::Single if age >= 60 => 55,
            Kind::Single => 15,
            _ if kind.single_parent() => 70,
            Kind::Couple => 6,
            _ => 0,
        };
        let days = (self.as_of.number() - since.number() - 20).clamp(0, 1_800) as u64;
        let granted = special == Special::None && rng.below(1_000) < per_mille && days > 0;
        granted.then(|| self.before(10 + rng.below(days)))
    }

    /// Who belonged to the household until lately: a husband who died, a child who moved out.
    #[expect(
        clippy::too_many_arguments,
        reason = "one place that calls it, one that knows the household"
    )]
    fn add_former(
        &self,
        index: u64,
        kind: Kind,
        special: Special,
        family: Family,
        since: Day,
        members: &mut Vec<Person>,
        rng: &mut Rng,
    ) {
        let head_age = members[0].age(self.as_of).unwrap_or(0);
        let days = (self.as_of.number() - since.number() - 60).min(1_095);
        if !matches!(special, Special::None | Special::Staff(_)) || days < 60 {
            return;
        }
        let end = self.before(1 + rng.below(days as u64));
        let widowed = kind == Kind::Single && members[0].sex == Sex::Female && head_age >= 65 && rng.below(100) < 45;
        let emptied = kind.has_couple() && head_age >= 48 && rng.below(100) < 25;
        let (draft, end) = if widowed {
            let age = head_age + 1 + rng.below(5) as u16;
            let relation = "夫";
            (
                Draft {
                    age,
                    sex: Sex::Male,
                    relation,
                    family,
                },
                (end, End::Died),
            )
        } else if emptied {
            let age = 22 + rng.below(u64::from(head_age.saturating_sub(45)).clamp(1, 12)) as u16;
            let sex = *rng.pick(&[Sex::Male, Sex::Female]);
            let how = if rng.below(12) == 0 {
                End::MovedAbroad
            } else {
                End::MovedOut
            };
            (
                Draft {
                    age,
                    sex,
                    relation: "子",
                    family,
                },
                (end, how),
            )
        } else {
            return;
        };
        let mut person = self.person(index, members.len(), draft, since, rng);
        person.end = Some(end);
        if widowed {
            (person.spouse, person.work) = (Some(0), Work::Retired);
            // Retired long ago, with the national health insurance since then.
            person.lost_insurance = person.reached(65).and_then(|day| day.next_beginning_of_fiscal_year());
        } else {
            let age = person.age(end.0).unwrap_or(20);
            (person.father, person.mother) = (Some(0), Some(1));
            person.work = if age < 22 { Work::Student } else { Work::Employee };
        }
        members.push(person);
    }

    /// Somebody who owns something here and lives elsewhere.
    fn outsider(&self, index: u64) -> (Person, Address) {
        let mut rng = self.rng(index, "outsider");
        let draft = Draft {
            age: 35 + rng.below(50) as u16,
            sex: *rng.pick(&[Sex::Male, Sex::Female]),
            relation: "世帯主",
            family: japanese_family(&mut rng),
        };
        let since = self.before(400 + rng.below(5_000));
        let mut person = self.person(index, 0, draft, since, &mut rng);
        person.number = Number::new(self.tag, Holder::Outsider(index));
        person.reported = since;
        (person, town::address(rng.below(300), &mut rng, true))
    }

    fn corporation(&self, index: u64) -> Corporation {
        let mut rng = self.rng(index, "corporation");
        // Registry office 9999 does not exist.
        let body = format!("9999{:08}", index % 100_000_000);
        let digit = corporate_check_digit(&body).unwrap_or(9);
        let size = rng.below(1_000);
        let (capital, staff) = match size {
            0..700 => (1_000_000 * (1 + rng.below(10)) as i64, 1 + rng.below(30) as i64),
            700..950 => (10_000_000 * (2 + rng.below(8)) as i64, 5 + rng.below(120) as i64),
            950..995 => (100_000_000 * (2 + rng.below(8)) as i64, 20 + rng.below(400) as i64),
            _ => (1_000_000_000 * (2 + rng.below(80)) as i64, 60 + rng.below(900) as i64),
        };
        Corporation {
            number: Number::new(self.tag, Holder::Corporation(index)),
            name: format!("株式会社サンプル第{}", full_width(index / 15 + 1)),
            corporate_number: format!("{digit}{body}"),
            address: town::address(town::town_of(index), &mut rng, rng_in_house(index)),
            capital,
            staff,
            since: self.before(800 + rng.below(9_000)),
        }
    }
}

/// Every third corporation has an office in somebody's building.
fn rng_in_house(index: u64) -> bool {
    !index.is_multiple_of(3)
}

/// Head, partner and mother of the head. Children come later: they depend on these.
fn adults(kind: Kind, special: Special, family: Family, foreign: bool, rng: &mut Rng) -> Vec<Draft> {
    let age = match special {
        Special::Staff(_) => 30 + rng.below(30) as u16,
        Special::UnknownBirth(_) => 30 + rng.below(45) as u16,
        Special::Oldest => 116,
        _ => head_age(kind, rng),
    };
    let sex = head_sex(kind, special, age, rng);
    let mut adults = vec![Draft {
        age,
        sex,
        relation: "世帯主",
        family,
    }];
    if kind.has_couple() {
        // One Japanese in two hundred has a foreign wife or husband.
        let partner = match family {
            Family::Japanese(_) if special == Special::None && rng.below(200) == 0 => foreign_family(rng),
            Family::Foreign(_) if foreign => foreign_family(rng),
            family => family,
        };
        adults.push(Draft {
            age: (age + rng.below(9) as u16).saturating_sub(6).max(18),
            sex: if sex == Sex::Male { Sex::Female } else { Sex::Male },
            relation: if sex == Sex::Male { "妻" } else { "夫" },
            family: partner,
        });
    }
    match kind {
        Kind::Sharing => adults.push(Draft {
            age: (age + rng.below(13) as u16).saturating_sub(6).max(18),
            sex: *rng.pick(&[Sex::Male, Sex::Female]),
            relation: "同居人",
            family: if foreign {
                foreign_family(rng)
            } else {
                japanese_family(rng)
            },
        }),
        Kind::ThreeGenerationsOne | Kind::ThreeGenerationsTwo => adults.push(Draft {
            age: (age + 24 + rng.below(10) as u16).min(104),
            sex: Sex::Female,
            relation: "母",
            family,
        }),
        _ => {}
    }
    adults
}

fn head_age(kind: Kind, rng: &mut Rng) -> u16 {
    let weights = kind.head_ages();
    let mut left = rng.below(weights.iter().map(|weight| u64::from(*weight)).sum());
    for (class, weight) in weights.iter().enumerate() {
        match left.checked_sub(u64::from(*weight)) {
            Some(rest) => left = rest,
            None => return ((class * 5) as u16 + rng.below(5) as u16).max(18),
        }
    }
    45
}

fn head_sex(kind: Kind, special: Special, age: u16, rng: &mut Rng) -> Sex {
    let male_per_cent = match kind {
        _ if special == Special::Oldest => 0,
        Kind::MotherOne | Kind::MotherTwo => 0,
        Kind::FatherOne => 100,
        Kind::Couple => 93,
        Kind::Single if age >= 75 => 24,
        Kind::Single if age >= 65 => 45,
        Kind::Single => 57,
        Kind::Sharing => 50,
        _ => 100,
    };
    if rng.below(100) < male_per_cent {
        Sex::Male
    } else {
        Sex::Female
    }
}

/// Age of a mother at a birth.
fn birth_age(mother: u16, rng: &mut Rng) -> u16 {
    (22 + rng.below(10) as u16 + rng.below(10) as u16).min(mother)
}

fn marry(kind: Kind, members: &mut [Person]) {
    if kind.has_couple() {
        (members[0].spouse, members[1].spouse) = (Some(1), Some(0));
    }
    if matches!(kind, Kind::ThreeGenerationsOne | Kind::ThreeGenerationsTwo) {
        members[0].mother = Some(2);
    }
}

impl Municipality {
    /// What everybody lives from, and since when who lost another insurance is in the national one.
    fn employ(&self, kind: Kind, special: Special, members: &mut [Person], rng: &mut Rng) {
        let mut head_is_employed = false;
        for (place, person) in members.iter_mut().enumerate() {
            let age = person.age(self.as_of).unwrap_or(40);
            let is_spouse = place == 1 && kind.has_couple();
            person.work = match special {
                Special::Staff(_) if place == 0 => Work::PublicServant,
                Special::UnknownBirth(_) => Work::Employee,
                _ => work(age, person.sex, is_spouse, head_is_employed, rng),
            };
            head_is_employed |= place == 0 && person.work.is_employed();
            person.lost_insurance = self.lost_insurance(person, rng);
        }
    }

    fn lost_insurance(&self, person: &Person, rng: &mut Rng) -> Option<Day> {
        let day = match person.work {
            Work::Retired => {
                let age = *rng.pick(&[60, 65, 65]);
                person.reached(age)?.next_beginning_of_fiscal_year()?
            }
            Work::SelfEmployed | Work::Without if rng.below(4) == 0 => {
                let days = (self.as_of.number() - person.since.number()).max(2) as u64;
                self.before(1 + rng.below(days - 1))
            }
            _ => return None,
        };
        let grown = person.reached(20).is_some_and(|reached| reached < day);
        (grown && person.since < day && day <= self.as_of).then_some(day)
    }
}

fn work(age: u16, sex: Sex, is_spouse: bool, head_is_employed: bool, rng: &mut Rng) -> Work {
    let dice = rng.below(100);
    match age {
        0..15 => Work::Child,
        15..18 => Work::Student,
        18..22 if dice < 55 => Work::Student,
        18..60 if is_spouse && sex == Sex::Female => match dice {
            0..52 => Work::Employee,
            52..62 => Work::SelfEmployed,
            62..95 if head_is_employed => Work::Homemaker,
            _ => Work::Without,
        },
        18..65 => match dice {
            0..78 => Work::Employee,
            78..90 => Work::SelfEmployed,
            _ => Work::Without,
        },
        65..70 if dice < 35 => Work::Employee,
        70..75 if dice < 18 => Work::Employee,
        65..75 if dice < 45 => Work::SelfEmployed,
        _ => Work::Retired,
    }
}
