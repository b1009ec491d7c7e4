//! 23 財務会計: the rules of `conformance/units/23-financial-accounting/unit.toml`.

use super::Row;
use super::desk::{Desk, Refusal, row};
use super::rules::Business;
use crate::text::date::Day;

/// The unit.
pub(super) struct Rules;

const EXPENDITURE: &str = "expenditure";
const BUDGET: &str = "budget";
const REVENUE: &str = "revenue";
/// Commitments, each under its number.
const COMMITMENT: &str = "commitment";
/// Number of this unit, as who asks for vendors' payments.
const OWN: &str = "23";
/// Days in which a contract is to be paid (政府契約の支払遅延防止等に関する法律 6 条).
const DAYS_TO_PAY: i32 = 30;

/// States of an expenditure.
mod state {
    pub(super) const WAITING: &str = "1";
    pub(super) const PAID: &str = "2";
    pub(super) const RETURNED: &str = "3";
    pub(super) const WITHDRAWN: &str = "4";
    pub(super) const OWED: &str = "5";
}

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        match id {
            "allot-budget" => {
                allot(desk);
                Ok(())
            }
            "transfer-budget" => transfer(desk),
            "commit-expenditure" => commit(desk),
            "order-payment" => order(desk),
            "execute-payment" => execute(desk),
            _ => take_back(desk),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        match event {
            "disability-allowance-paid" => benefit(desk, "12"),
            "child-allowance-paid" => benefit(desk, "15"),
            "assistance-paid" => benefit(desk, "16"),
            "child-rearing-allowance-paid" => benefit(desk, "21"),
            "payroll-decided" => payroll(desk),
            "travel-approved" => travel(desk),
            "payment-recorded" => revenue(desk),
            _ => desk.note_all(),
        }
        Ok(())
    }
}

fn value<'r>(row: &'r Row, item: &str) -> &'r str {
    row.get(item).map_or("", String::as_str)
}

fn amount(row: &Row, item: &str) -> i64 {
    value(row, item).parse().unwrap_or(0)
}

// --- budget ---

fn in_year<'d>(desk: &'d Desk<'_>, account: &str, year: &str) -> Option<&'d Row> {
    desk.rows(BUDGET, account)
        .iter()
        .find(|row| value(row, "nendo") == year)
}

fn left(desk: &Desk<'_>, account: &str, year: &str) -> i64 {
    in_year(desk, account, year).map_or(0, |row| amount(row, "yosan_zandaka"))
}

/// Adds to the budget of an account and year and to what is committed of it.
fn book(desk: &mut Desk<'_>, account: &str, year: &str, budget: i64, committed: i64) {
    if in_year(desk, account, year).is_none() {
        let new = row([("yosan_kamoku", account.to_owned()), ("nendo", year.to_owned())]);
        desk.add(BUDGET, account, new);
    }
    desk.change(BUDGET, account, |row| {
        if value(row, "nendo") != year {
            return;
        }
        let budget = amount(row, "yosan_gengaku") + budget;
        let committed = amount(row, "futan_zumigaku") + committed;
        row.insert("yosan_gengaku".into(), budget.to_string());
        row.insert("futan_zumigaku".into(), committed.to_string());
        // A product that breaks the rule about the rest shows none instead of a negative one.
        row.insert("yosan_zandaka".into(), (budget - committed).max(0).to_string());
    });
}

fn allot(desk: &mut Desk<'_>) {
    let account = desk.subject();
    let title = desk.text("kan_kodo").to_owned();
    desk.set_note(&account, "kan_kodo", title);
    let (year, money) = (desk.text("nendo").to_owned(), desk.number("kingaku"));
    book(desk, &account, &year, money, 0);
}

fn transfer(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let (from, to) = (desk.subject(), desk.text("ryuyosaki_kamoku").to_owned());
    let (year, money) = (desk.text("nendo").to_owned(), desk.number("kingaku"));
    let title = desk.note(&from, "kan_kodo");
    let fits = !title.is_empty() && title == desk.note(&to, "kan_kodo");
    desk.demand("UNIT-23-R15", fits, "款の間の流用です")?;
    desk.demand(
        "UNIT-23-R03",
        money <= left(desk, &from, &year),
        "予算残高を超えています",
    )?;
    book(desk, &from, &year, -money, 0);
    book(desk, &to, &year, money, 0);
    Ok(())
}

// --- commitments and payments ---

fn commit(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let account = desk.subject();
    let (year, money) = (desk.text("nendo").to_owned(), desk.number("kingaku"));
    let number = desk.text("futan_bango").to_owned();
    if !desk.rows(COMMITMENT, &number).is_empty() {
        return desk.refuse("E0006", "登録済みの支出負担行為番号です");
    }
    let document = desk.text("bunshobango").to_owned();
    let day = desk.text("idobi").to_owned();
    let decided = desk.note(&document, "kessai_kubun") == "1" && desk.note(&document, "kessaibi") <= day.as_str();
    desk.demand("UNIT-23-R04", decided, "決裁された文書がありません")?;
    desk.demand(
        "UNIT-23-R05",
        is_covered(desk, &document, &account, &year, money),
        "決裁の範囲を超えています",
    )?;
    let in_time = desk
        .day("idobi")
        .is_some_and(|day| day.fiscal_year().to_string() == year);
    desk.demand("UNIT-23-R07", in_time, "会計年度の外の日付です")?;
    desk.demand(
        "UNIT-23-R03",
        money <= left(desk, &account, &year),
        "予算残高を超えています",
    )?;
    book(desk, &account, &year, 0, money);
    let row = row([
        ("yosan_kamoku", account),
        ("nendo", year),
        ("bunshobango", document),
        ("kingaku", money.to_string()),
    ]);
    desk.add(COMMITMENT, &number, row);
    Ok(())
}

/// Whether a document allows a commitment: its year, its account, and its amount together with earlier commitments.
fn is_covered(desk: &Desk<'_>, document: &str, account: &str, year: &str, money: i64) -> bool {
    let earlier = desk.find(COMMITMENT, "bunshobango", document);
    let committed: i64 = earlier.iter().map(|(_, row)| amount(row, "kingaku")).sum();
    let approved: i64 = desk.note(document, "kingaku").parse().unwrap_or(0);
    desk.note(document, "yosan_kamoku") == account
        && desk.note(document, "nendo") == year
        && committed + money <= approved
}

fn order(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let payee = desk.subject();
    let number = desk.text("shiharai_bango").to_owned();
    if find(desk, &payee, OWN, &number).is_some() {
        return desk.refuse("E0006", "登録済みの支払番号です");
    }
    let committed = desk.text("futan_bango").to_owned();
    let commitment = desk.last(COMMITMENT, &committed).cloned().unwrap_or_default();
    let ordered: i64 = match desk.obeys("UNIT-23-R06") {
        true => desk
            .find(EXPENDITURE, "futan_bango", &committed)
            .iter()
            .map(|(_, row)| amount(row, "kingaku"))
            .sum(),
        false => 0,
    };
    // A product that breaks the rule still compares each order alone.
    if ordered + desk.number("kingaku") > amount(&commitment, "kingaku") {
        return desk.refuse("E2306", "支出負担行為の額を超えています");
    }
    let due = desk.day("seikyubi").and_then(|day| day.add_days(DAYS_TO_PAY));
    desk.demand(
        "UNIT-23-R09",
        desk.day("shiharaibi") <= due,
        "請求から30日を超える支払予定日です",
    )?;
    let mut row = desk.row_for(EXPENDITURE);
    row.insert("irai_unit".into(), OWN.into());
    row.insert("nendo".into(), value(&commitment, "nendo").to_owned());
    row.insert("yosan_kamoku".into(), value(&commitment, "yosan_kamoku").to_owned());
    row.insert("shishutsu_jotai".into(), state::WAITING.into());
    desk.add(EXPENDITURE, &payee, row);
    Ok(())
}

fn find(desk: &Desk<'_>, payee: &str, unit: &str, number: &str) -> Option<Row> {
    let mut rows = desk.rows(EXPENDITURE, payee).iter();
    rows.find(|row| value(row, "irai_unit") == unit && value(row, "shiharai_bango") == number)
        .cloned()
}

/// The payment that a request names, or a refusal.
fn named(desk: &Desk<'_>, payee: &str) -> Result<Row, Refusal> {
    match find(desk, payee, desk.text("irai_unit"), desk.text("shiharai_bango")) {
        Some(row) => Ok(row),
        None => desk.refuse("E0005", "該当する支払がありません"),
    }
}

/// Changes the payment that a request names.
fn update(desk: &mut Desk<'_>, payee: &str, update: impl Fn(&mut Row)) {
    let unit = desk.text("irai_unit").to_owned();
    let number = desk.text("shiharai_bango").to_owned();
    desk.change(EXPENDITURE, payee, |row| {
        if value(row, "irai_unit") == unit && value(row, "shiharai_bango") == number {
            update(row);
        }
    });
}

fn execute(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let payee = desk.subject();
    let payment = named(desk, &payee)?;
    let found = value(&payment, "shishutsu_jotai");
    desk.demand("UNIT-23-R02", found != state::PAID, "支払済みです")?;
    desk.demand("UNIT-23-R14", found != state::OWED, "返納となる支出です")?;
    if found == state::WITHDRAWN {
        return desk.refuse("E0004", "取り下げられた支出です");
    }
    let closing = amount(&payment, "nendo") + 1;
    let in_time = desk.text("shiharai_jikkobi") <= format!("{closing}-05-31").as_str();
    desk.demand("UNIT-23-R08", in_time, "出納閉鎖後の支払です")?;
    let day = desk.text("shiharai_jikkobi").to_owned();
    update(desk, &payee, |row| {
        row.insert("shishutsu_jotai".into(), state::PAID.into());
        row.insert("shiharai_jikkobi".into(), day.clone());
    });
    tell(desk, &payee, payment, day.clone(), "1");
    Ok(())
}

fn take_back(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let payee = desk.subject();
    let payment = named(desk, &payee)?;
    let outcome = desk.text("shiharai_kekka").to_owned();
    if outcome == "1" {
        return desk.refuse("E0004", "支払結果は振込不能又は戻入です");
    }
    let is_paid = value(&payment, "shishutsu_jotai") == state::PAID;
    desk.demand("UNIT-23-R10", is_paid, "支払済みではありません")?;
    let new = if outcome == "2" { state::RETURNED } else { state::OWED };
    update(desk, &payee, |row| {
        row.insert("shishutsu_jotai".into(), new.into());
    });
    let day = desk.text("idobi").to_owned();
    if desk.obeys("UNIT-23-R10") {
        tell(desk, &payee, payment, day, &outcome);
    }
    Ok(())
}

/// Tells the outcome to the unit that asked for the payment.
fn tell(desk: &mut Desk<'_>, payee: &str, payment: Row, day: String, outcome: &str) {
    let mut to = desk.receivers("payment-executed");
    if desk.obeys("UNIT-23-R01") {
        let asked = value(&payment, "irai_unit").parse().unwrap_or(0);
        to.retain(|unit| *unit == asked);
    }
    let mut content = payment;
    content.insert("shiharai_jikkobi".into(), day);
    content.insert("shiharai_kekka".into(), outcome.into());
    desk.tell_to("payment-executed", payee, content, &to);
}

// --- what others ask to be paid ---

/// Adds a payment that a unit asks for, unless it is there.
fn add(desk: &mut Desk<'_>, payee: &str, unit: &str, number: &str, rest: Row) {
    let by_number = |row: &Row| value(row, "shiharai_bango") == number;
    let is_known = match desk.obeys("UNIT-23-R16") {
        true => find(desk, payee, unit, number).is_some(),
        false => desk.rows(EXPENDITURE, payee).iter().any(by_number),
    };
    if is_known && desk.obeys("UNIT-23-R11") {
        return;
    }
    let mut new = row([
        ("atenabango", payee.to_owned()),
        ("irai_unit", unit.to_owned()),
        ("shiharai_bango", number.to_owned()),
        ("shishutsu_jotai", state::WAITING.to_owned()),
    ]);
    new.extend(rest);
    desk.add(EXPENDITURE, payee, new);
}

fn fiscal_year(day: &str) -> String {
    Day::parse(day).map_or_else(|_| String::new(), |day| day.fiscal_year().to_string())
}

fn benefit(desk: &mut Desk<'_>, unit: &str) {
    let payee = desk.subject();
    let number = desk.text("shiharai_bango").to_owned();
    let day = desk.text("shiharaibi").to_owned();
    let rest = row([
        ("nendo", fiscal_year(&day)),
        ("kingaku", desk.text("kingaku").to_owned()),
        ("shiharaibi", day),
    ]);
    add(desk, &payee, unit, &number, rest);
}

fn payroll(desk: &mut Desk<'_>) {
    let payee = desk.text("atenabango").to_owned();
    let number = desk.text("shiharai_bango").to_owned();
    let net = desk.number("sashihiki_shikyugaku");
    let is_owed = net < 0 && desk.obeys("UNIT-23-R14");
    let state = if is_owed { state::OWED } else { state::WAITING };
    let rest = row([
        ("nendo", fiscal_year(&format!("{}-01", desk.text("shikyu_nengetsu")))),
        ("yosan_kamoku", desk.text("yosan_kamoku").to_owned()),
        ("kingaku", net.abs().to_string()),
        ("shiharaibi", desk.text("kyuyo_shikyubi").to_owned()),
        ("shishutsu_jotai", state.to_owned()),
    ]);
    add(desk, &payee, "25", &number, rest);
}

/// States 1 ordered, 2 settled, 3 cancelled.
fn travel(desk: &mut Desk<'_>) {
    let payee = desk.text("atenabango").to_owned();
    let number = desk.text("shutcho_bango").to_owned();
    let is_there = find(desk, &payee, "24", &number).is_some();
    let kind = desk.text("shutcho_shonin").to_owned();
    let money = desk.text("kingaku").to_owned();
    if kind == "1" || !is_there || (kind == "2" && !desk.obeys("UNIT-23-R13")) {
        let state = if kind == "3" { state::WITHDRAWN } else { state::WAITING };
        let mut new = row([
            ("nendo", fiscal_year(desk.text("kaishibi"))),
            ("yosan_kamoku", desk.text("yosan_kamoku").to_owned()),
            ("kingaku", money),
            ("shishutsu_jotai", state.to_owned()),
        ]);
        if is_there && kind == "2" {
            new.extend([
                ("atenabango".into(), payee.clone()),
                ("irai_unit".into(), "24".into()),
                ("shiharai_bango".into(), number),
            ]);
            desk.add(EXPENDITURE, &payee, new);
        } else {
            add(desk, &payee, "24", &number, new);
        }
        return;
    }
    desk.change(EXPENDITURE, &payee, |row| {
        let is_meant = value(row, "irai_unit") == "24" && value(row, "shiharai_bango") == number;
        if !is_meant || value(row, "shishutsu_jotai") != state::WAITING {
            return;
        }
        if kind == "2" {
            row.insert("kingaku".into(), money.clone());
        } else {
            row.insert("shishutsu_jotai".into(), state::WITHDRAWN.into());
        }
    });
}

fn revenue(desk: &mut Desk<'_>) {
    let payer = desk.subject();
    let year = desk.text("nendo").to_owned();
    let closing = year.parse().unwrap_or(0) + 1;
    let received = desk.text("ryoshubi");
    let is_late = received > format!("{closing}-05-31").as_str() && desk.obeys("UNIT-23-R12");
    let belongs = if is_late { fiscal_year(received) } else { year };
    let mut row = desk.row_for(REVENUE);
    row.insert("shunyu_nendo".into(), belongs);
    desk.add(REVENUE, &payer, row);
}
