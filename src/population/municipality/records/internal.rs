//! Units 23 to 26: budget and payments, attendance, staff, documents.

use super::children::rearing_payments;
use super::insurance::month_of;
use super::taxes::receipt;
use super::welfare::{Paid, assistance_payments, child_allowance_payments, disability_payments};
use super::{About, Mapper, Sink};
use crate::population::municipality::Municipality;
use crate::population::municipality::numbers::read_staff;
use crate::population::municipality::people::{Household, Person, staff_number};
use crate::population::municipality::pyramid::HOUSEHOLDS;
use crate::text::date::{Day, Weekday, age};

pub(super) fn mapper(unit: u8, record: &str) -> Option<Mapper> {
    Some(match (unit, record) {
        (23, "expenditure") => expenditure,
        (23, "budget") => budget,
        (23, "revenue") => revenue,
        (24, "attendance") => attendance,
        (24, "leave") => leave,
        (24, "business-trip") => business_trip,
        (25, "employee") => employee,
        (25, "payroll") => payroll,
        (26, "document") => document,
        (26, "folder") => folder,
        _ => return None,
    })
}

/// Budget accounts; the `k`th stands with the `k`th household.
const ACCOUNTS: u64 = 40;
/// Documents of every employee.
const DOCUMENTS: u64 = 2;

fn account(index: u64) -> String {
    format!("02{:02}{:02}01{index:03}0001", index / 10 + 1, index % 10 + 1)
}

/// Section of an employee.
fn section(block: u64) -> String {
    format!("01{:02}{:02}", block / 40 % 40 + 1, block % 40 + 1)
}

fn folder_number(block: u64, place: u64) -> String {
    format!("F{block:08}{place}")
}

fn document_number(city: &Municipality, block: u64, place: u64, index: u64) -> String {
    format!("D{:04}{block:08}{place}{index}", city.nendo())
}

impl Municipality {
    /// The household that carries a staff number, document, folder or budget account.
    pub(in crate::population::municipality) fn internal_holder(&self, subject: &str) -> Option<Household> {
        let digits = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_digit())
                .then(|| text.parse::<u64>().ok())?
        };
        let index = match (subject.get(..1)?, subject.len()) {
            ("S", 10) => {
                let (block, place) = read_staff(subject)?;
                self.household_of_staff(block, place)?
            }
            ("F", 10) => self.household_of_staff(digits(&subject[1..9])?, digits(&subject[9..])?)?,
            ("D", 15) => self.household_of_staff(digits(subject.get(5..13)?)?, digits(subject.get(13..14)?)?)?,
            ("0", 15) => digits(subject.get(8..11)?).filter(|index| *index < ACCOUNTS)?,
            _ => return None,
        };
        self.household(index)
    }
}

/// The head of a household who is on the staff.
struct Employee<'h> {
    block: u64,
    place: u64,
    number: String,
    person: &'h Person,
    engaged: Day,
    /// Regular pay of a month.
    pay: i64,
}

fn employee_of<'h>(city: &Municipality, household: &'h Household) -> Option<Employee<'h>> {
    let (block, place) = household.staff?;
    let person = household.head();
    let mut rng = city.rng(person.number.value(), "staff");
    let birth = person.born()?;
    let year = (birth.year() + 22 + rng.below(8) as u16).min(city.as_of().year() - 2);
    let years = i64::from(city.as_of().year() - year);
    Some(Employee {
        block,
        place,
        number: staff_number(block, place),
        person,
        engaged: Day::new(year, 4, 1).ok()?,
        pay: 190_000 + 7_000 * years + 1_000 * rng.below(20) as i64,
    })
}

/// The staff number of whoever approves the drafts of an employee: the employee of the first of ten blocks; for that one
/// somebody of the first block, where there are two.
fn approver(block: u64, place: u64) -> String {
    let chief = block / 10 * 10;
    match (block, place) {
        (0, 0) => staff_number(0, 1),
        (0, _) => staff_number(0, 0),
        _ if chief == block => staff_number(0, 1),
        _ => staff_number(chief, 0),
    }
}

fn employee(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    let Some(employee) = employee_of(city, household) else {
        return;
    };
    let retires = employee
        .person
        .born()
        .and_then(|birth| age::end_of_fiscal_year_of_age(birth, 65));
    let is_chief = employee.block.is_multiple_of(10);
    sink.row(
        About::Member(household, employee.person),
        &[
            ("shokuinbango", employee.number.as_str().into()),
            ("kaishibi", employee.engaged.into()),
            ("shozoku_kodo", section(employee.block).into()),
            ("shokui_kodo", if is_chief { "20" } else { "30" }.into()),
            ("kinmu_jotai", "1".into()),
            ("teinen_taishokubi", retires.into()),
        ],
    );
}

/// The newest two months that were paid (on the 21st), each with the month of work that overtime is paid for.
fn paid_months(city: &Municipality) -> Vec<(Day, Day)> {
    let first = city.as_of().first_of_month();
    let newest = if city.as_of().day() >= 21 { 0 } else { -1 };
    let months = [newest, newest - 1];
    months
        .into_iter()
        .filter_map(|back| Some((first.add_months(back)?.add_days(20)?, first.add_months(back - 1)?)))
        .collect()
}

/// Minutes of overtime on a working day: one day in five.
fn overtime(city: &Municipality, employee: &Employee<'_>, day: Day) -> i64 {
    let mut rng = city.rng(employee.person.number.value() ^ day.number() as u64, "overtime");
    match rng.below(10) {
        0 => 60,
        1 => 120,
        _ => 0,
    }
}

fn working_days(month: Day) -> impl Iterator<Item = Day> {
    let days = (0..31)
        .filter_map(move |day| month.add_days(day))
        .take_while(move |day| *day <= month.last_of_month());
    days.filter(|day| !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday))
}

struct Pay {
    month: Day,
    day: Day,
    overtime: i64,
    gross: i64,
    deducted: i64,
}

fn pays(city: &Municipality, employee: &Employee<'_>) -> Vec<Pay> {
    let months = paid_months(city).into_iter();
    let months = months.map(|(day, work)| {
        let minutes: i64 = working_days(work).map(|day| overtime(city, employee, day)).sum();
        // 52 weeks of 38 hours 45 minutes; overtime at 125 per cent.
        let hourly = employee.pay * 12 * 60 / (52 * (38 * 60 + 45));
        let overtime = (minutes + 30) / 60 * (hourly * 125 / 100);
        let gross = employee.pay + overtime;
        let month = day.first_of_month();
        Pay {
            month,
            day,
            overtime,
            gross,
            deducted: gross * 22 / 100,
        }
    });
    months.collect()
}

fn pay_number(employee: &Employee<'_>, pay: &Pay) -> String {
    super::welfare::number('K', pay.day, employee.person)
}

fn payroll(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    let Some(employee) = employee_of(city, household) else {
        return;
    };
    for pay in pays(city, &employee) {
        sink.row(
            About::Member(household, employee.person),
            &[
                ("shokuinbango", employee.number.as_str().into()),
                ("shiharai_bango", pay_number(&employee, &pay).into()),
                ("shikyu_nengetsu", month_of(pay.month).into()),
                ("kyuyo_kubun", "1".into()),
                ("kyuyo_shikyubi", pay.day.into()),
                ("teigaku_kyuyo", employee.pay.into()),
                ("chokakinmu_teate", pay.overtime.into()),
                ("shikyu_sogaku", pay.gross.into()),
                ("kojo_gokei", pay.deducted.into()),
                ("sashihiki_shikyugaku", (pay.gross - pay.deducted).into()),
                ("shiharai_jotai", "2".into()),
            ],
        );
    }
}

/// The month of work of the newest pay, day by day.
fn attendance(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    let (Some(employee), Some((_, month))) = (employee_of(city, household), paid_months(city).into_iter().next())
    else {
        return;
    };
    for day in working_days(month) {
        let more = overtime(city, &employee, day);
        let over = 17 * 60 + 15 + more;
        sink.row(
            About::Nothing,
            &[
                ("shokuinbango", employee.number.as_str().into()),
                ("kinmubi", day.into()),
                ("kinmu_kubun", "1".into()),
                ("kinmu_kaishijikoku", "08:30:00".into()),
                (
                    "kinmu_shuryojikoku",
                    format!("{:02}:{:02}:00", over / 60, over % 60).into(),
                ),
                ("kyukei_fun", 60.into()),
                ("jitsudo_fun", (465 + more).into()),
                ("chokakinmu_fun", more.into()),
                ("shinyakinmu_fun", 0.into()),
                ("kyujitsukinmu_fun", 0.into()),
            ],
        );
    }
}

/// First working day from a day of the month after the newest month of work on.
fn later_working_day(city: &Municipality, from: i32) -> Option<Day> {
    let (_, month) = paid_months(city).into_iter().next()?;
    let after = month.first_of_next_month()?;
    working_days(after)
        .find(|day| *day >= after.add_days(from).unwrap_or(after))
        .filter(|day| *day <= city.as_of())
}

fn leave(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    let Some(employee) = employee_of(city, household) else {
        return;
    };
    let mut rng = city.rng(employee.person.number.value(), "leave");
    if let Some(day) = later_working_day(city, rng.below(8) as i32).filter(|_| rng.below(2) == 0) {
        sink.row(
            About::Nothing,
            &[
                ("shokuinbango", employee.number.as_str().into()),
                ("kyuka_shurui", "1".into()),
                ("kaishibi", day.into()),
                ("shuryobi", day.next().into()),
                ("kyuka_nissu", 1.into()),
                ("nenkyu_zannissu", (5 + rng.below(30) as i64).into()),
            ],
        );
    }
}

struct Trip {
    number: String,
    day: Day,
    amount: i64,
    account: String,
}

fn trip(city: &Municipality, employee: &Employee<'_>) -> Option<Trip> {
    let mut rng = city.rng(employee.person.number.value(), "trip");
    let day = later_working_day(city, 14 + rng.below(6) as i32)?;
    let settled = day.add_days(3).is_some_and(|settled| settled <= city.as_of());
    (settled && rng.below(4) == 0).then(|| Trip {
        number: format!("T{:04}{:02}{}", day.year(), day.month(), &employee.number[1..]),
        day,
        amount: 1_000 * (2 + rng.below(30)) as i64,
        account: account(employee.block % ACCOUNTS),
    })
}

fn business_trip(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    let Some(employee) = employee_of(city, household) else {
        return;
    };
    if let Some(trip) = trip(city, &employee) {
        sink.row(
            About::Nothing,
            &[
                ("shokuinbango", employee.number.as_str().into()),
                ("shutcho_bango", trip.number.into()),
                ("kaishibi", trip.day.into()),
                ("shuryobi", trip.day.next().into()),
                ("shutcho_shonin", "2".into()),
                ("yosan_kamoku", trip.account.into()),
                ("kingaku", trip.amount.into()),
            ],
        );
    }
}

/// What the first document of an employee spends.
fn spending(city: &Municipality, block: u64) -> (i64, Day, String) {
    let mut rng = city.rng(block, "spending");
    let amount = 1_000 * (20 + rng.below(900)) as i64;
    let drafted = city.before(60 + rng.below(60));
    (amount, drafted, account(block % ACCOUNTS))
}

fn document(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    let Some(employee) = employee_of(city, household) else {
        return;
    };
    let (amount, drafted, account) = spending(city, employee.block);
    for index in 0..DOCUMENTS {
        let spends = index == 0;
        let decided = drafted.add_days(2 + index as i32);
        let completed = decided.and_then(|day| day.add_days(10)).filter(|_| !spends);
        let kept = completed.and_then(|day| day.end_of_fiscal_year()?.add_years(5));
        let drafted = drafted.add_days(index as i32).unwrap_or(drafted);
        sink.row(
            About::Nothing,
            &[
                (
                    "bunshobango",
                    document_number(city, employee.block, employee.place, index).into(),
                ),
                ("foruda_bango", folder_number(employee.block, employee.place).into()),
                (
                    "kenmei",
                    if spends {
                        "見本品の購入について"
                    } else {
                        "見本市民への回答について"
                    }
                    .into(),
                ),
                ("kian_shokuinbango", employee.number.as_str().into()),
                ("shozoku_kodo", section(employee.block).into()),
                ("kianbi", drafted.into()),
                (
                    "kessaisha_shokuinbango",
                    approver(employee.block, employee.place).into(),
                ),
                ("bunsho_jotai", if completed.is_some() { "4" } else { "2" }.into()),
                ("kessaibi", decided.into()),
                ("kanketsubi", completed.into()),
                ("hozon_manryobi", kept.into()),
                ("nendo", spends.then_some(i64::from(drafted.fiscal_year())).into()),
                ("yosan_kamoku", spends.then_some(account.as_str()).into()),
                ("kingaku", spends.then_some(amount).into()),
            ],
        );
    }
}

fn folder(_: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    if let Some((block, place)) = household.staff {
        sink.row(
            About::Nothing,
            &[
                ("foruda_bango", folder_number(block, place).into()),
                ("kenmei", "見本事務一般".into()),
                ("hozon_nensu", 5.into()),
                ("shobun_kubun", "1".into()),
            ],
        );
    }
}

fn budget(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    if household.index >= ACCOUNTS {
        return;
    }
    let whole = 1_000 * city.size() as i64 * (1 + household.index as i64);
    let spent = whole / 10 * (3 + household.index as i64 % 5);
    sink.row(
        About::Nothing,
        &[
            ("yosan_kamoku", account(household.index).into()),
            ("nendo", i64::from(city.as_of().fiscal_year()).into()),
            ("yosan_gengaku", whole.into()),
            ("futan_zumigaku", spent.into()),
            ("yosan_zandaka", (whole - spent).into()),
        ],
    );
}

/// What other units asked to be paid, pay and trips of the staff, and a purchase at a corporation of each block.
fn expenditure(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    let mut row = |payee: crate::population::municipality::Number,
                   unit: &'static str,
                   number: &str,
                   account: Option<&str>,
                   commitment: Option<String>,
                   amount: i64,
                   day: Day| {
        sink.row(
            About::Nothing,
            &[
                ("atenabango", payee.into()),
                ("irai_unit", unit.into()),
                ("shiharai_bango", number.into()),
                ("nendo", i64::from(day.fiscal_year()).into()),
                ("yosan_kamoku", account.into()),
                ("futan_bango", commitment.into()),
                ("kingaku", amount.into()),
                ("shiharaibi", day.into()),
                ("shishutsu_jotai", "2".into()),
                ("shiharai_jikkobi", day.into()),
            ],
        );
    };
    let asked: [(&'static str, Vec<Paid>); 4] = [
        ("12", disability_payments(city, household)),
        ("15", child_allowance_payments(city, household)),
        ("16", assistance_payments(city, household)),
        ("21", rearing_payments(city, household)),
    ];
    for (unit, payments) in asked {
        for paid in payments {
            let payee = household.members[paid.payee].number;
            row(payee, unit, &paid.number, None, None, paid.amount, paid.day);
        }
    }
    if let Some(employee) = employee_of(city, household) {
        for pay in pays(city, &employee) {
            let (number, net) = (pay_number(&employee, &pay), pay.gross - pay.deducted);
            row(employee.person.number, "25", &number, None, None, net, pay.day);
        }
        if let Some(trip) = trip(city, &employee) {
            let day = trip.day.add_days(3).unwrap_or(trip.day);
            let account = Some(trip.account.as_str());
            row(
                employee.person.number,
                "24",
                &trip.number,
                account,
                None,
                trip.amount,
                day,
            );
        }
    }
    let block = household.index / HOUSEHOLDS;
    let first = (block * HOUSEHOLDS..).find(|index| index % 15 == 7) == Some(household.index);
    if let Some(corporation) = household.corporation.as_ref().filter(|_| first)
        && city.household_of_staff(block, 0).is_some()
    {
        let (amount, drafted, account) = spending(city, block);
        let day = drafted.add_days(40).unwrap_or(drafted);
        let commitment = Some(format!("F{block:08}"));
        let number = format!("A{}", &document_number(city, block, 0, 0)[1..]);
        row(
            corporation.number,
            "23",
            &number,
            Some(&account),
            commitment,
            amount,
            day,
        );
    }
}

fn revenue(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for levy in city.levies(household) {
        for part in &levy.parts {
            let Some(day) = part.paid else {
                continue;
            };
            // What is received after the books of the year closed (31 May) belongs to the year of the receipt.
            let closes = Day::new(levy.nendo + 1, 5, 31);
            let booked = if closes.is_ok_and(|closes| day <= closes) {
                levy.nendo
            } else {
                day.fiscal_year()
            };
            sink.row(
                About::Nothing,
                &[
                    ("atenabango", levy.payer.into()),
                    ("shunobango", receipt(levy, part).into()),
                    ("nendo", i64::from(levy.nendo).into()),
                    ("shunyu_nendo", i64::from(booked).into()),
                    ("kamoku", levy.tax.into()),
                    ("kingaku", part.amount.into()),
                    ("ryoshubi", day.into()),
                ],
            );
        }
    }
}
