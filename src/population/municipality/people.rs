//! What is known of people and households before any unit asks.

use std::cell::OnceCell;

use super::levies::Levy;
use super::numbers::Number;
use super::pyramid::Kind;
use crate::text::date::Day;
use crate::text::date::age;

/// Sex as the register writes it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sex {
    /// 男.
    Male,
    /// 女.
    Female,
}

/// Names of a person. Foreign residents have up to four.
#[derive(Clone, Debug, Default)]
pub struct Name {
    /// 氏名 as it stands in the register.
    pub full: String,
    /// 氏名 in katakana.
    pub kana: Option<String>,
    /// 氏名 in Roman letters (foreign residents).
    pub roman: Option<String>,
    /// 氏名 in kanji (foreign residents).
    pub kanji: Option<String>,
    /// 通称.
    pub alias: Option<String>,
    /// 通称 in katakana.
    pub alias_kana: Option<String>,
    /// 旧氏.
    pub former: Option<String>,
    /// Family name, or that of the alias.
    pub family: String,
}

/// What a person lives from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Work {
    /// Too young for anything else.
    Child,
    /// At a school after compulsory school.
    Student,
    /// Employed, insured by the employer.
    Employee,
    /// On the staff of the municipality.
    PublicServant,
    /// Self-employed.
    SelfEmployed,
    /// Maintained by a spouse.
    Homemaker,
    /// No work.
    Without,
    /// Lives from a pension.
    Retired,
}

impl Work {
    /// Insured through an employer in their own right.
    pub const fn is_employed(self) -> bool {
        matches!(self, Self::Employee | Self::PublicServant)
    }
}

/// How somebody ceases to be a resident.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum End {
    /// 国内転出.
    MovedOut,
    /// 国外転出.
    MovedAbroad,
    /// 死亡.
    Died,
}

/// Where somebody lives.
#[derive(Clone, Debug)]
pub struct Address {
    /// 町字ID, seven digits.
    pub town_code: String,
    /// 町字.
    pub town: String,
    /// 番地号表記.
    pub lot: String,
    /// 方書.
    pub building: Option<String>,
}

impl Address {
    /// The whole address of a municipality.
    pub(super) fn full(&self, municipality: &str) -> String {
        let building = self.building.as_deref().unwrap_or_default();
        let gap = if building.is_empty() { "" } else { "　" };
        format!("{municipality}{}{}{gap}{building}", self.town, self.lot)
    }
}

/// A resident, a former resident, or somebody outside the register.
#[derive(Clone, Debug)]
pub struct Person {
    /// 宛名番号.
    pub number: Number,
    /// Names.
    pub name: Name,
    /// Sex.
    pub sex: Sex,
    /// Day of birth. Where the register does not know it, nobody may see this: [`Person::born`].
    pub(super) birth: Day,
    /// 生年月日 as the register writes it, where the day is not known.
    pub unknown_birth: Option<String>,
    /// Code of the nationality; 392 is Japan.
    pub nationality: &'static str,
    /// 続柄.
    pub relation: &'static str,
    /// 住民となった年月日.
    pub since: Day,
    /// Day of the report of `since`.
    pub reported: Day,
    /// Day of the move inside the municipality.
    pub moved: Option<Day>,
    /// When and how the person ceased to be a resident.
    pub end: Option<(Day, End)>,
    /// What the person lives from.
    pub work: Work,
    /// Day from which the person is in the national health insurance for want of another one.
    pub lost_insurance: Option<Day>,
    /// Places of spouse, father and mother in the household.
    pub spouse: Option<usize>,
    /// Father.
    pub father: Option<usize>,
    /// Mother.
    pub mother: Option<usize>,
    /// First day of a support measure (DV等支援措置).
    pub protected: Option<Day>,
}

impl Person {
    /// The day of birth, where it is known.
    pub fn born(&self) -> Option<Day> {
        self.unknown_birth.is_none().then_some(self.birth)
    }

    /// Japanese nationality.
    pub fn is_japanese(&self) -> bool {
        self.nationality == "392"
    }

    /// Resident on a day.
    pub fn lives_here(&self, day: Day) -> bool {
        self.since <= day && self.end.is_none_or(|(end, _)| day < end)
    }

    /// Age on a day, where the birth is known.
    pub fn age(&self, day: Day) -> Option<u16> {
        age::age_on(self.born()?, day)
    }

    /// The day at whose end an age is reached.
    pub(super) fn reached(&self, years: u16) -> Option<Day> {
        age::reached_on(self.born()?, years)
    }

    /// The day on which rights end that end on the day after death or a move abroad, and on the day of any other move.
    pub(super) fn loss(&self) -> Option<Day> {
        match self.end? {
            (day, End::MovedOut) => Some(day),
            (day, End::MovedAbroad | End::Died) => day.next(),
        }
    }

    /// The day on which everything ends that ends with the residence itself.
    pub(super) fn left(&self) -> Option<Day> {
        self.end.map(|(day, _)| day)
    }
}

/// A corporation with an office here.
#[derive(Clone, Debug)]
pub struct Corporation {
    /// 宛名番号.
    pub number: Number,
    /// Name.
    pub name: String,
    /// 法人番号, of a registry office that does not exist.
    pub corporate_number: String,
    /// Office.
    pub address: Address,
    /// 資本金等の額.
    pub capital: i64,
    /// Employees in the municipality.
    pub staff: i64,
    /// First day of the office.
    pub since: Day,
}

/// A household with everybody who belongs or belonged to it, and what its index carries besides.
#[derive(Clone, Debug)]
pub struct Household {
    /// Index, from zero.
    pub index: u64,
    /// 世帯番号.
    pub number: Number,
    /// What it is made of.
    pub kind: Kind,
    /// Members; the first one is the head. Former ones stand last.
    pub members: Vec<Person>,
    /// Where it lives.
    pub address: Address,
    /// When it moved inside the municipality.
    pub moved: Option<Day>,
    /// Where it lived before that.
    pub former_address: Address,
    /// First day of public assistance.
    pub assistance: Option<Day>,
    /// Owns its home.
    pub owner: bool,
    /// Number on the staff, if the head is on the staff of the municipality: block and place.
    pub staff: Option<(u64, u64)>,
    /// Somebody outside the register.
    pub outsider: Option<(Person, Address)>,
    /// A corporation.
    pub corporation: Option<Corporation>,
    /// Taxes and premiums, computed once.
    pub(super) levies: OnceCell<Vec<Levy>>,
}

impl Household {
    /// The head.
    pub fn head(&self) -> &Person {
        &self.members[0]
    }

    /// Residents on a day.
    pub fn residents(&self, day: Day) -> impl Iterator<Item = &Person> {
        self.members.iter().filter(move |person| person.lives_here(day))
    }

    /// A member by place.
    pub(super) fn member(&self, place: Option<usize>) -> Option<&Person> {
        self.members.get(place?)
    }

    /// Children of a member.
    pub(super) fn children_of(&self, parent: usize) -> impl Iterator<Item = &Person> {
        self.members
            .iter()
            .filter(move |person| person.father == Some(parent) || person.mother == Some(parent))
    }

    /// Staff number of the head.
    pub fn staff_number(&self) -> Option<String> {
        self.staff.map(|(block, place)| staff_number(block, place))
    }
}

/// Staff number of the `place`th employee of a block.
pub(super) fn staff_number(block: u64, place: u64) -> String {
    format!("S{block:08}{place}")
}
