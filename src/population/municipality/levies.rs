//! Taxes and premiums of a household: each is levied by one unit, collected by unit 09 and booked by unit 23, so that all
//! of them see the same amounts.

use super::Municipality;
use super::numbers::Number;
use super::people::{Corporation, Household};
use crate::text::date::{Day, Weekday};

/// A tax or premium of a year.
#[derive(Clone, Debug)]
pub struct Levy {
    /// Who owes it.
    pub payer: Number,
    /// Code 科目.
    pub tax: &'static str,
    /// 通知書番号.
    pub notice: String,
    /// Fiscal year.
    pub nendo: u16,
    /// Day of the decision.
    pub decided: Day,
    /// Code 徴収区分.
    pub way: &'static str,
    /// Sum of the parts.
    pub total: i64,
    /// Instalments.
    pub parts: Vec<Part>,
}

/// An instalment.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// 期別.
    pub number: u8,
    /// 納期限.
    pub due: Day,
    /// Amount.
    pub amount: i64,
    /// Day of the payment.
    pub paid: Option<Day>,
}

impl Part {
    /// Not paid although the due date has passed.
    pub fn is_overdue(&self, day: Day) -> bool {
        self.paid.is_none() && self.due < day
    }
}

/// Land, a house, or equipment.
#[derive(Clone, Debug)]
pub(super) struct Asset {
    pub(super) owner: Number,
    pub(super) co_owner: Option<Number>,
    pub(super) id: String,
    pub(super) kind: &'static str,
    pub(super) value: i64,
    pub(super) area: Option<i64>,
    pub(super) homes: i64,
    pub(super) new_home: bool,
    pub(super) since: Day,
}

impl Asset {
    /// 課税標準額: residential land counts for a sixth or a third.
    pub(super) fn base(&self) -> i64 {
        let area = self.area.unwrap_or(0);
        if self.kind != "1" || self.homes == 0 || area == 0 {
            return self.value;
        }
        let small = area.min(200 * self.homes);
        self.value * small / area / 6 + self.value * (area - small) / area / 3
    }

    fn tax(&self) -> i64 {
        let tax = self.base() / 1_000 * 1_000 * 14 / 1_000;
        if self.new_home { tax / 2 } else { tax }
    }
}

/// A light vehicle.
#[derive(Clone, Debug)]
pub(super) struct Vehicle {
    pub(super) plate: String,
    pub(super) kind: &'static str,
    pub(super) first_inspection: Day,
    pub(super) electric: bool,
    pub(super) since: Day,
}

/// 国民健康保険料 of a household.
#[derive(Clone, Copy, Debug)]
pub(super) struct NhiPremium {
    pub(super) months: i64,
    pub(super) care_months: i64,
    pub(super) reduction: i64,
    pub(super) amount: i64,
}

/// A corporation's return for its year.
#[derive(Clone, Debug)]
pub(super) struct Return {
    pub(super) year_end: Day,
    pub(super) class: u8,
    pub(super) per_capita: i64,
    pub(super) levy: i64,
    pub(super) due: Day,
    pub(super) filed: Day,
}

impl Municipality {
    /// All taxes and premiums that a household's members and what its index carries owe for the newest year.
    pub fn levies<'h>(&self, household: &'h Household) -> &'h [Levy] {
        household.levies.get_or_init(|| self.compute_levies(household))
    }

    fn compute_levies(&self, household: &Household) -> Vec<Levy> {
        let mut levies = Vec::new();
        self.resident_tax(household, &mut levies);
        self.corporate_tax(household, &mut levies);
        self.property_taxes(household, &mut levies);
        self.vehicle_tax(household, &mut levies);
        self.premiums(household, &mut levies);
        for levy in &mut levies {
            self.pay(household, levy);
        }
        levies
    }

    fn levy(
        &self,
        payer: Number,
        tax: &'static str,
        total: i64,
        way: &'static str,
        decided: Day,
        dues: &[Day],
    ) -> Levy {
        // Withholding cuts to 100 yen, everything else to 1,000; what is left goes into the first instalment.
        let step = if way == "2" { 100 } else { 1_000 };
        let count = dues.len().max(1) as i64;
        let each = total / count / step * step;
        let parts = dues.iter().enumerate().map(|(at, due)| Part {
            number: at as u8 + 1,
            due: *due,
            amount: if at == 0 { total - each * (count - 1) } else { each },
            paid: None,
        });
        Levy {
            payer,
            tax,
            notice: format!("{}{tax}{:011}", self.nendo, payer.short()),
            nendo: self.nendo,
            decided,
            way,
            total,
            parts: parts.collect(),
        }
    }

    /// A day of the newest fiscal year; January to March lie in the next calendar year. Weekends give way to the next
    /// weekday.
    pub(super) fn due(&self, month: u8, day: u8) -> Day {
        weekday_from(self.fiscal_day(month, day))
    }

    pub(super) fn fiscal_day(&self, month: u8, day: u8) -> Day {
        let year = if month < 4 { self.nendo + 1 } else { self.nendo };
        let first = Day::new(year, month, 1).unwrap_or(self.as_of);
        Day::new(year, month, day).unwrap_or_else(|_| first.last_of_month())
    }

    fn resident_tax(&self, household: &Household, levies: &mut Vec<Levy>) {
        for (place, person) in household.members.iter().enumerate() {
            let Some(tax) = self
                .income(household, place)
                .map(|income| income.year_tax())
                .filter(|tax| *tax > 0)
            else {
                continue;
            };
            let way = self.way_of_collection(household, place);
            let dues: Vec<Day> = match way {
                "2" => (0..12).map(|month| self.due((6 + month) % 12 + 1, 10)).collect(),
                "3" => [11, 1, 3].map(|month| self.due(month, 10)).to_vec(),
                _ => vec![self.due(6, 30), self.due(8, 31), self.due(10, 31), self.due(1, 31)],
            };
            levies.push(self.levy(person.number, "01", tax, way, self.fiscal_day(6, 10), &dues));
        }
    }

    /// 徴収区分 of a person's resident tax.
    pub(super) fn way_of_collection(&self, household: &Household, place: usize) -> &'static str {
        let person = &household.members[place];
        let pensioner = person.age(self.fiscal_day(4, 1)).is_some_and(|age| age >= 65);
        match person.work {
            work if work.is_employed() && person.end.is_none() => "2",
            _ if pensioner
                && self
                    .income(household, place)
                    .is_some_and(|income| income.pension >= 180_000) =>
            {
                "3"
            }
            _ => "1",
        }
    }

    /// Land and houses of the household, of the outsider and the corporation that its index carries.
    pub(super) fn assets(&self, household: &Household) -> Vec<Asset> {
        let mut rng = self.rng(household.index, "assets");
        let mut assets = Vec::new();
        let add = |owner: Number, suffix: u8, kind, value, area: Option<i64>, since: Day| Asset {
            owner,
            co_owner: None,
            id: format!("B{:011}{suffix}", owner.short()),
            kind,
            value,
            area,
            homes: i64::from(kind == "1"),
            new_home: false,
            since,
        };
        if household.owner {
            let owner = household.head();
            let since = owner.moved.unwrap_or(owner.since);
            let area = 60 + rng.below(300) as i64;
            let co_owner = household
                .member(owner.spouse)
                .filter(|_| rng.below(6) == 0)
                .map(|spouse| spouse.number);
            let mut land = add(
                owner.number,
                1,
                "1",
                area * (30_000 + 1_000 * rng.below(150) as i64),
                Some(area),
                since,
            );
            let mut house = add(
                owner.number,
                2,
                "2",
                100_000 * (15 + rng.below(150) as i64),
                None,
                since,
            );
            (land.co_owner, house.co_owner) = (co_owner, co_owner);
            let age = self.as_of.number() - since.number();
            house.new_home = age < 900 && rng.below(2) == 0;
            assets.extend([land, house]);
        }
        if let Some((person, _)) = &household.outsider {
            let area = 80 + rng.below(900) as i64;
            let mut land = add(person.number, 1, "1", area * 25_000, Some(area), person.since);
            land.homes = 0;
            assets.push(land);
        }
        if let Some(corporation) = &household.corporation {
            let value = 1_000_000 * (3 + rng.below(200) as i64);
            assets.push(add(corporation.number, 3, "3", value, None, corporation.since));
        }
        assets
    }

    /// 課税標準額 and tax of an owner, for what was owned on 1 January. Nothing below the 免税点.
    pub(super) fn property_tax(&self, assets: &[Asset], owner: Number) -> Option<(i64, i64)> {
        let owned = |kind: &str| {
            let mine = assets.iter().filter(|asset| asset.owner == owner && asset.kind == kind);
            let mine = mine.filter(|asset| asset.since <= self.tax_day());
            mine.fold((0, 0), |(base, tax), asset| (base + asset.base(), tax + asset.tax()))
        };
        let kinds = [("1", 300_000), ("2", 200_000), ("3", 1_500_000)];
        let taxed = kinds.map(|(kind, least)| (owned(kind), least));
        let taxed = taxed.iter().filter(|((base, _), least)| base >= least);
        let (base, tax) = taxed.fold((0, 0), |sum, ((base, tax), _)| (sum.0 + base, sum.1 + tax));
        (tax >= 100).then_some((base / 1_000 * 1_000, tax / 100 * 100))
    }

    fn property_taxes(&self, household: &Household, levies: &mut Vec<Levy>) {
        let assets = self.assets(household);
        let mut owners: Vec<Number> = assets.iter().map(|asset| asset.owner).collect();
        owners.dedup();
        for owner in owners {
            if let Some((_, tax)) = self.property_tax(&assets, owner) {
                let dues = [self.due(4, 30), self.due(7, 31), self.due(12, 25), self.due(2, 28)];
                levies.push(self.levy(owner, "03", tax, "1", self.fiscal_day(4, 10), &dues));
            }
        }
    }

    /// The light vehicle of the head, if there is one.
    pub(super) fn vehicle(&self, household: &Household) -> Option<Vehicle> {
        let mut rng = self.rng(household.index, "vehicle");
        let head = household.head();
        let driver = head.age(self.as_of).is_some_and(|age| (18..85).contains(&age));
        if household.assistance.is_some() || !driver || rng.below(100) >= 42 {
            return None;
        }
        const LETTERS: [char; 20] = [
            'ｱ', 'ｲ', 'ｳ', 'ｴ', 'ｶ', 'ｷ', 'ｸ', 'ｹ', 'ｺ', 'ｻ', 'ｽ', 'ｾ', 'ｿ', 'ﾀ', 'ﾁ', 'ﾂ', 'ﾃ', 'ﾄ', 'ﾅ', 'ﾆ',
        ];
        let (class, letter) = (
            580 + household.index / 200_000,
            (household.index / 10_000 % 20) as usize,
        );
        let serial = household.index % 10_000;
        let first_inspection = self.before(30 + rng.below(6_800));
        let days = (self.as_of.number() - first_inspection.number()).max(1) as u64;
        Some(Vehicle {
            plate: format!("ｻﾝﾌﾟﾙ{class}{}{serial:04}", LETTERS[letter]),
            kind: "3",
            first_inspection,
            electric: rng.below(40) == 0,
            since: self.before(rng.below(days)).max(first_inspection).max(head.since),
        })
    }

    /// 税率区分 and tax of a vehicle in the newest year; `None` where it was not owned on 1 April.
    pub(super) fn vehicle_rate(&self, vehicle: &Vehicle) -> Option<(&'static str, i64)> {
        if vehicle.since > self.fiscal_day(4, 1) {
            return None;
        }
        let old = Day::new(self.nendo - 13, 3, 31).is_ok_and(|day| vehicle.first_inspection <= day);
        Some(if old && !vehicle.electric {
            ("2", 12_900)
        } else if vehicle.electric && vehicle.first_inspection.fiscal_year() == self.nendo - 1 {
            ("3", 2_700)
        } else {
            ("1", 10_800)
        })
    }

    fn vehicle_tax(&self, household: &Household, levies: &mut Vec<Levy>) {
        if let Some(vehicle) = self.vehicle(household)
            && let Some((_, tax)) = self.vehicle_rate(&vehicle)
        {
            let head = household.head().number;
            levies.push(self.levy(head, "04", tax, "1", self.fiscal_day(5, 1), &[self.due(5, 31)]));
        }
    }

    /// The corporation's return for the year that ended on 31 March.
    pub(super) fn corporate_return(&self, corporation: &Corporation) -> Option<Return> {
        let mut rng = self.rng(corporation.number.value(), "return");
        let year_end = Day::new(self.nendo, 3, 31).ok()?;
        let many = corporation.staff > 50;
        // 資本金等の額, then class and tax with up to 50 employees and with more (地方税法 312 条 1 項).
        type Class = (u8, i64);
        const CLASSES: [(i64, Class, Class); 5] = [
            (10_000_000, (1, 50_000), (2, 120_000)),
            (100_000_000, (3, 130_000), (4, 150_000)),
            (1_000_000_000, (5, 160_000), (6, 400_000)),
            (5_000_000_000, (7, 410_000), (8, 1_750_000)),
            (i64::MAX, (7, 410_000), (9, 3_000_000)),
        ];
        let (_, few_class, many_class) = CLASSES.into_iter().find(|(most, ..)| corporation.capital <= *most)?;
        let (class, per_capita) = if many { many_class } else { few_class };
        let profit = if rng.below(100) < 62 {
            0
        } else {
            corporation.capital / 20 + 10_000 * rng.below(300) as i64
        };
        let filed = year_end.add_days(30 + rng.below(28) as i32)?;
        (corporation.since <= Day::new(self.nendo - 1, 4, 1).ok()?).then_some(Return {
            year_end,
            class,
            per_capita,
            levy: profit / 1_000 * 1_000 * 6 / 100 / 100 * 100,
            due: self.due(5, 31),
            filed,
        })
    }

    fn corporate_tax(&self, household: &Household, levies: &mut Vec<Levy>) {
        if let Some(corporation) = &household.corporation
            && let Some(filed) = self.corporate_return(corporation)
        {
            let total = filed.per_capita + filed.levy;
            levies.push(self.levy(corporation.number, "02", total, "1", filed.filed, &[filed.due]));
        }
    }

    /// The premium that the head owes for everybody insured in the household.
    pub(super) fn nhi_premium(&self, household: &Household) -> Option<NhiPremium> {
        let (mut months, mut care_months, mut insured, mut amount) = (0, 0, 0, 0);
        let (mut total, mut known, mut head_is_insured) = (0, true, false);
        let mut levied = 0;
        for (place, person) in household.members.iter().enumerate() {
            let Some(nhi) = self.nhi(household, place) else {
                continue;
            };
            let theirs = nhi.span.months_of(self.nendo);
            if theirs == 0 {
                continue;
            }
            let income = self.income(household, place);
            head_is_insured |= place == 0;
            known &= income.is_some_and(|income| income.is_known())
                || person.age(self.tax_day()).is_some_and(|age| age < 16);
            let own = income.map_or(0, |income| income.total);
            (months, insured, total) = (months + theirs, insured + 1, total + own);
            let cared = person
                .reached(40)
                .zip(person.reached(65))
                .is_some_and(|(from, to)| from <= self.fiscal_day(3, 31) && to > self.fiscal_day(4, 1));
            care_months += if cared { theirs } else { 0 };
            let small = person
                .reached(6)
                .and_then(Day::end_of_fiscal_year)
                .is_some_and(|end| end >= self.fiscal_day(3, 31));
            amount += if small { 21_000 } else { 42_000 } * theirs / 12;
            levied += (own - 430_000).max(0) * 9 / 100 * theirs / 12;
        }
        if months == 0 {
            return None;
        }
        if !head_is_insured {
            let income = self.income(household, 0);
            known &= income.is_some_and(|income| income.is_known());
            total += income.map_or(0, |income| income.total);
        }
        let reduction = match total {
            _ if !known => 0,
            ..=430_000 => 70,
            total if total <= 430_000 + 305_000 * insured => 50,
            total if total <= 430_000 + 560_000 * insured => 20,
            _ => 0,
        };
        let amount = (amount * (100 - reduction) / 100 + levied).min(1_090_000) / 100 * 100;
        Some(NhiPremium {
            months,
            care_months,
            reduction,
            amount,
        })
    }

    /// Months and premium of the late-elderly insurance.
    pub(super) fn late_elderly_premium(&self, household: &Household, place: usize) -> Option<(i64, i64)> {
        let (span, ..) = self.late_elderly(household, place)?;
        let months = span.months_of(self.nendo);
        let own = self.income(household, place).map_or(0, |income| income.total);
        let year = if own <= 430_000 {
            15_000
        } else {
            50_000 + (own - 430_000) * 95 / 1_000
        };
        (months > 0).then_some((months, year.min(800_000) * months / 12 / 100 * 100))
    }

    /// Months and premium of the long-term care insurance, first category only.
    pub(super) fn care_premium(&self, household: &Household, place: usize) -> Option<(i64, i64)> {
        let spans = self.long_term_care(household, place);
        let first = spans.iter().find(|(_, category)| *category == "1")?;
        let months = first.0.months_of(self.nendo);
        let per_cent = match self.income(household, place) {
            _ if household.assistance.is_some() => 29,
            Some(income) if income.class == "1" && income.total > 2_100_000 => 150,
            Some(income) if income.class == "1" => 120,
            Some(income) if income.class == "2" => 100,
            _ => 69,
        };
        (months > 0).then_some((months, 74_000 * per_cent / 100 * months / 12 / 100 * 100))
    }

    fn premiums(&self, household: &Household, levies: &mut Vec<Levy>) {
        let (decided, dues) = (self.fiscal_day(7, 10), [self.due(7, 31)]);
        if let Some(premium) = self.nhi_premium(household).filter(|premium| premium.amount > 0) {
            levies.push(self.levy(household.head().number, "05", premium.amount, "1", decided, &dues));
        }
        for (place, person) in household.members.iter().enumerate() {
            if let Some((_, amount)) = self
                .late_elderly_premium(household, place)
                .filter(|(_, amount)| *amount > 0)
            {
                levies.push(self.levy(person.number, "06", amount, "3", decided, &dues));
            }
            if let Some((_, amount)) = self.care_premium(household, place).filter(|(_, amount)| *amount > 0) {
                levies.push(self.levy(person.number, "07", amount, "3", decided, &dues));
            }
        }
    }

    /// Most pay by the due date; three in a hundred households leave what they have to pay themselves.
    fn pay(&self, household: &Household, levy: &mut Levy) {
        let mut rng = self.rng(levy.payer.value(), levy.tax);
        let behind = levy.way == "1" && self.rng(household.index, "arrears").below(100) < 3;
        for part in &mut levy.parts {
            let early = rng.below(12) as i32;
            let day = part.due.add_days(-early).unwrap_or(part.due).max(levy.decided);
            let left_open = behind && rng.below(3) > 0;
            part.paid = (!left_open && day <= self.as_of && part.amount > 0).then_some(day);
        }
    }
}

/// The day itself, or Monday after a weekend.
fn weekday_from(day: Day) -> Day {
    match day.weekday() {
        Weekday::Saturday => day.add_days(2).unwrap_or(day),
        Weekday::Sunday => day.next().unwrap_or(day),
        _ => day,
    }
}
