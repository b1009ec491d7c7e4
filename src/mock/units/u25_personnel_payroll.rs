//! 25 人事給与: the rules of `conformance/units/25-personnel-payroll/unit.toml`.

use super::Row;
use super::desk::{Desk, Refusal, row};
use super::rules::Business;
use crate::text::date::Day;
use crate::text::date::age::{end_of_fiscal_year_of_age, first_day_of_age};

/// The unit.
pub(super) struct Rules;

const EMPLOYEE: &str = "employee";
const PAYROLL: &str = "payroll";
/// Personnel orders; the employee's rows follow from them.
const ORDERS: &str = "orders";
/// Closed months of attendance.
const MONTHS: &str = "months";
/// Minutes of overtime a month beyond which the rate rises.
const SIXTY_HOURS: i64 = 3600;

/// Kinds of orders.
mod kind {
    pub(super) const ENGAGED: &str = "1";
    pub(super) const ON_LEAVE: &str = "4";
    pub(super) const BACK: &str = "5";
    pub(super) const LEFT: &str = "6";
    pub(super) const CANCELLED: &str = "8";
}

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        if id == "appoint-employee" {
            return appoint(desk, &subject);
        }
        if desk.rows(EMPLOYEE, &subject).is_empty() {
            return desk.refuse("E0005", "知らない職員番号です");
        }
        match id {
            "issue-order" => issue_order(desk, &subject),
            "cancel-order" => cancel_order(desk, &subject),
            "decide-payroll" => decide(desk, &subject),
            _ => report(desk, &subject),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        if event == "attendance-closed" {
            let subject = desk.subject();
            let month = desk.text("kinmu_nengetsu").to_owned();
            let mut totals = row([("month", month.clone())]);
            for item in ["chokakinmu_fun", "shinyakinmu_fun", "kyujitsukinmu_fun", "kekkin_fun"] {
                totals.insert(item.into(), desk.text(item).to_owned());
            }
            desk.retain(MONTHS, &subject, |row| value(row, "month") != month);
            desk.add(MONTHS, &subject, totals);
        } else {
            paid(desk);
        }
        Ok(())
    }
}

fn value<'r>(row: &'r Row, item: &str) -> &'r str {
    row.get(item).map_or("", String::as_str)
}

fn number(row: &Row, item: &str) -> i64 {
    value(row, item).parse().unwrap_or(0)
}

fn next(day: &str) -> String {
    let next = Day::parse(day).ok().and_then(Day::next);
    next.map_or_else(String::new, |day| day.to_string())
}

// --- orders ---

fn appoint(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    if !desk.rows(EMPLOYEE, subject).is_empty() {
        return desk.refuse("E0006", "登録済みの職員番号です");
    }
    let Some(retires) = retirement(desk) else {
        return desk.refuse("E0004", "生年月日が暦上の日ではありません");
    };
    let retires = retires.to_string();
    desk.demand(
        "UNIT-25-R03",
        desk.text("hatsureibi") <= retires.as_str(),
        "定年退職日より後の採用です",
    )?;
    for item in ["atenabango", "shimei"] {
        let value = desk.text(item).to_owned();
        desk.set_note(subject, item, value);
    }
    desk.set_note(subject, "retires", retires);
    desk.retain(ORDERS, subject, |_| false);
    give(desk, subject, kind::ENGAGED);
    Ok(())
}

/// First 31 March on or after the day of reaching the age, which is the day before the birthday.
fn retirement(desk: &Desk<'_>) -> Option<Day> {
    let birth = desk.day("seinengappi")?;
    let age = u16::try_from(desk.number("teinen_nenrei")).ok()?;
    match desk.obeys("UNIT-25-R01") {
        true => end_of_fiscal_year_of_age(birth, age),
        false => first_day_of_age(birth, age)?.end_of_fiscal_year(),
    }
}

fn issue_order(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let kind = desk.text("jinji_ido_kubun").to_owned();
    if matches!(kind.as_str(), kind::ENGAGED | kind::CANCELLED) {
        return desk.refuse("E0004", "採用及び取消しは別の手続です");
    }
    let rows = desk.rows(EMPLOYEE, subject);
    let begins = rows.first().map_or("", |row| value(row, "kaishibi"));
    let ends = rows.last().map_or("", |row| value(row, "shuryobi"));
    let day = desk.text("hatsureibi");
    desk.demand("UNIT-25-R03", begins <= day && day < ends, "在職していない日の発令です")?;
    give(desk, subject, &kind);
    Ok(())
}

/// Keeps an order, makes the rows anew, tells it.
fn give(desk: &mut Desk<'_>, subject: &str, kind: &str) {
    let order = row([
        ("kind", kind.to_owned()),
        ("hatsureibi", desk.text("hatsureibi").to_owned()),
        ("shimei", desk.text("shimei").to_owned()),
        ("shozoku_kodo", desk.text("shozoku_kodo").to_owned()),
        ("shokui_kodo", desk.text("shokui_kodo").to_owned()),
    ]);
    desk.add(ORDERS, subject, order.clone());
    rebuild(desk, subject);
    if kind != kind::ON_LEAVE || desk.obeys("UNIT-25-R02") {
        tell_order(desk, subject, kind, order);
    }
}

fn tell_order(desk: &mut Desk<'_>, subject: &str, kind: &str, order: Row) {
    let mut content = order;
    content.insert("jinji_ido_kubun".into(), kind.into());
    content.insert("atenabango".into(), desk.note(subject, "atenabango").to_owned());
    desk.tell("personnel-changed", subject, content);
}

/// The employee's rows, from the orders that hold.
fn rebuild(desk: &mut Desk<'_>, subject: &str) {
    let mut orders = desk.rows(ORDERS, subject).to_vec();
    orders.sort_by(|a, b| value(a, "hatsureibi").cmp(value(b, "hatsureibi")));
    let retires = desk.note(subject, "retires").to_owned();
    let mut rows: Vec<Row> = Vec::new();
    for order in orders {
        let (kind, day) = (value(&order, "kind"), value(&order, "hatsureibi"));
        if kind == kind::LEFT {
            // The day of leaving is the last one in service.
            if let Some(last) = rows.last_mut() {
                last.insert("shuryobi".into(), next(day));
            }
            continue;
        }
        let mut new = rows.last().cloned().unwrap_or_else(|| {
            row([
                ("shokuinbango", subject.to_owned()),
                ("atenabango", desk.note(subject, "atenabango").to_owned()),
                ("kinmu_jotai", "1".to_owned()),
                ("teinen_taishokubi", retires.clone()),
                ("shuryobi", next(&retires)),
            ])
        });
        if let Some(last) = rows.last_mut() {
            last.insert("shuryobi".into(), day.to_owned());
        }
        new.insert("kaishibi".into(), day.to_owned());
        for item in ["shimei", "shozoku_kodo", "shokui_kodo"] {
            if !value(&order, item).is_empty() {
                new.insert(item.into(), value(&order, item).to_owned());
            }
        }
        match kind {
            kind::ON_LEAVE => new.insert("kinmu_jotai".into(), "2".into()),
            kind::BACK => new.insert("kinmu_jotai".into(), "1".into()),
            _ => None,
        };
        rows.push(new);
    }
    desk.retain(EMPLOYEE, subject, |_| false);
    for row in rows {
        desk.add(EMPLOYEE, subject, row);
    }
}

fn cancel_order(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let day = desk.text("hatsureibi").to_owned();
    let order = desk
        .rows(ORDERS, subject)
        .iter()
        .rfind(|order| value(order, "hatsureibi") == day);
    let order = order.cloned();
    desk.demand("UNIT-25-R17", order.is_some(), "該当する発令がありません")?;
    let order = order.unwrap_or_else(|| row([("hatsureibi", day.clone())]));
    if desk.obeys("UNIT-25-R17") {
        desk.retain(ORDERS, subject, |other| *other != order);
        rebuild(desk, subject);
    }
    tell_order(desk, subject, kind::CANCELLED, row([("hatsureibi", day)]));
    Ok(())
}

// --- pay ---

fn decide(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let kind = desk.text("kyuyo_kubun").to_owned();
    let month = desk.text("shikyu_nengetsu").to_owned();
    let same = |row: &Row| value(row, "shikyu_nengetsu") == month && value(row, "kyuyo_kubun") == kind;
    let is_double = matches!(kind.as_str(), "1" | "2") && desk.rows(PAYROLL, subject).iter().any(same);
    desk.demand("UNIT-25-R10", !is_double, "決定済みの給与です")?;
    let serves = kind != "1" || serves_in(desk, subject, &month);
    desk.demand("UNIT-25-R11", serves, "在職しない月の給与です")?;
    let worked = desk.text("kinmu_nengetsu").to_owned();
    let totals = desk
        .rows(MONTHS, subject)
        .iter()
        .find(|row| value(row, "month") == worked)
        .cloned();
    desk.demand(
        "UNIT-25-R08",
        worked.is_empty() || totals.is_some(),
        "勤務年月が締め切られていません",
    )?;
    let mut overtime = totals.map_or(0, |totals| overtime_pay(desk, &totals));
    if kind == "4" && desk.obeys("UNIT-25-R09") {
        let decided = desk
            .rows(PAYROLL, subject)
            .iter()
            .filter(|row| value(row, "worked") == worked);
        overtime -= decided.map(|row| number(row, "chokakinmu_teate")).sum::<i64>();
    }
    let gross = desk.number("teigaku_kyuyo") + overtime;
    let taken: i64 = ["shakaihoken_kojo", "gensen_kojo", "sonota_kojo"]
        .iter()
        .map(|item| desk.number(item))
        .sum();
    let net = gross - taken;
    desk.demand("UNIT-25-R12", kind == "4" || net >= 0, "控除が支給総額を超えています")?;
    let mut pay = desk.row_for(PAYROLL);
    pay.extend([
        ("chokakinmu_teate".into(), overtime.to_string()),
        ("shikyu_sogaku".into(), gross.to_string()),
        ("kojo_gokei".into(), taken.to_string()),
        ("sashihiki_shikyugaku".into(), net.to_string()),
        ("shiharai_jotai".into(), "1".into()),
        ("worked".into(), worked),
        ("insurance".into(), desk.text("shakaihoken_kojo").to_owned()),
        ("tax".into(), desk.text("gensen_kojo").to_owned()),
    ]);
    desk.add(PAYROLL, subject, pay.clone());
    pay.insert("atenabango".into(), desk.note(subject, "atenabango").to_owned());
    pay.insert("yosan_kamoku".into(), desk.text("yosan_kamoku").to_owned());
    desk.tell("payroll-decided", subject, pay);
    Ok(())
}

fn serves_in(desk: &Desk<'_>, subject: &str, month: &str) -> bool {
    let (first, last) = (format!("{month}-01"), format!("{month}-31"));
    let mut rows = desk.rows(EMPLOYEE, subject).iter();
    rows.any(|row| value(row, "kaishibi") <= last.as_str() && value(row, "shuryobi") > first.as_str())
}

/// Overtime and holiday pay of a month, less absence, rounded to the yen at the end.
fn overtime_pay(desk: &Desk<'_>, totals: &Row) -> i64 {
    let rate = |rule: &str, obeyed: i64, broken: i64| if desk.obeys(rule) { obeyed } else { broken };
    let over = number(totals, "chokakinmu_fun");
    let percent = over * rate("UNIT-25-R04", 125, 100)
        + number(totals, "shinyakinmu_fun") * rate("UNIT-25-R05", 25, 0)
        + (over - SIXTY_HOURS).max(0) * rate("UNIT-25-R06", 25, 0)
        + number(totals, "kyujitsukinmu_fun") * rate("UNIT-25-R07", 135, 125)
        - number(totals, "kekkin_fun") * rate("UNIT-25-R18", 100, 0);
    let hundredths_of_hours = percent * desk.number("jikan_tanka");
    (hundredths_of_hours + 3000).div_euclid(6000)
}

fn report(desk: &mut Desk<'_>, subject: &str) -> Result<(), Refusal> {
    let year = desk.text("shiharai_nen").to_owned();
    let kind = desk.text("kyuyo_hokoku_kubun").to_owned();
    let note = format!("reported {year}");
    let is_reported = !desk.note(subject, &note).is_empty();
    desk.demand("UNIT-25-R15", is_reported == (kind != "1"), "報告の順序が合いません")?;
    desk.set_note(subject, &note, if kind == "3" { "" } else { "1" });
    // December's pay that is paid in January belongs to the new year.
    let day = if desk.obeys("UNIT-25-R13") {
        "kyuyo_shikyubi"
    } else {
        "shikyu_nengetsu"
    };
    let counts = |row: &&Row| {
        let is_retirement = value(row, "kyuyo_kubun") == "3" && desk.obeys("UNIT-25-R14");
        value(row, day).starts_with(&year) && !is_retirement
    };
    let rows: Vec<&Row> = desk.rows(PAYROLL, subject).iter().filter(counts).collect();
    let sum = |item: &str| rows.iter().map(|row| number(row, item)).sum::<i64>().max(0).to_string();
    let last = desk
        .rows(ORDERS, subject)
        .iter()
        .rfind(|order| value(order, "kind") == kind::LEFT);
    let content = row([
        ("atenabango", desk.note(subject, "atenabango").to_owned()),
        ("shiharai_nen", year.clone()),
        ("kyuyo_hokoku_kubun", kind),
        ("kyuyo_shiharai_kingaku", sum("shikyu_sogaku")),
        ("kyuyo_shakaihokenryo", sum("insurance")),
        ("kyuyo_gensenchoshuzeigaku", sum("tax")),
        (
            "taishokubi",
            last.map_or_else(String::new, |order| value(order, "hatsureibi").to_owned()),
        ),
    ]);
    desk.tell("payroll-reported", subject, content);
    Ok(())
}

/// The outcome of a payment: to the pay with its number.
fn paid(desk: &mut Desk<'_>) {
    let wanted = desk.text("shiharai_bango").to_owned();
    let state = match desk.text("shiharai_kekka") {
        "2" if desk.obeys("UNIT-25-R16") => "3",
        "3" if desk.obeys("UNIT-25-R16") => "4",
        _ => "2",
    };
    let found = desk.find(PAYROLL, "shiharai_bango", &wanted).into_iter();
    let staff = found
        .map(|(staff, _)| staff)
        .find(|staff| desk.note(staff, "atenabango") == desk.text("atenabango"));
    let Some(staff) = staff else { return };
    desk.change(PAYROLL, &staff, |row| {
        if value(row, "shiharai_bango") == wanted {
            row.insert("shiharai_jotai".into(), state.into());
        }
    });
}
