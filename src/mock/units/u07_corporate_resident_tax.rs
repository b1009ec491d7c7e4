//! 07 法人住民税: corporations with offices here, their returns, and what they settle.

use super::Row;
use super::desk::{Desk, Refusal, row};
use super::levies::{covers, cut, day, is, is_open, number, weekday_from};
use super::rules::Business;
use crate::text::date::Day;

const CORPORATION: &str = "corporation";
const RETURN: &str = "corporate-return";
const INTERIM: &str = "1";
const FINAL: &str = "2";
const AMENDED: &str = "3";

/// The unit.
pub(super) struct Rules;

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        if id == "report-establishment" {
            return establish(desk);
        }
        if desk.rows(CORPORATION, &subject).is_empty() {
            return desk.refuse("E0005", "no corporation with that number is known");
        }
        match id {
            "report-corporate-change" => change(desk),
            "report-closing" => {
                let closed = desk.text("idobi").to_owned();
                desk.change_last(CORPORATION, &subject, |row| {
                    row.insert("shuryobi".into(), closed);
                });
            }
            "extend-deadline" => {
                let reported = desk.day("todokedebi");
                let end = desk.day("jigyonendo_shuryobi");
                desk.demand("UNIT-07-R03", reported <= end, "reported after the business year")?;
                let from = desk.text("jigyonendo_shuryobi").to_owned();
                desk.set_note(&subject, "encho", from);
            }
            "file-return" => return file(desk),
            _ => return correct(desk),
        }
        Ok(())
    }

    fn notice(&self, desk: &mut Desk<'_>, _event: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        desk.set_note(&subject, "known", "1");
        Ok(())
    }
}

fn establish(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    if desk.last(CORPORATION, &subject).is_some_and(is_open) {
        return desk.refuse("E0006", "that corporation is known already");
    }
    let right = has_check_digit(desk.text("hojinbango"));
    desk.demand("UNIT-07-R15", right, "the check digit of the corporate number is wrong")?;
    let corporation = desk.row_for(CORPORATION);
    desk.add(CORPORATION, &subject, corporation);
    Ok(())
}

/// The first of thirteen digits is 9 less the remainder by 9 of the others, weighed by 1 and 2 from the right.
fn has_check_digit(number: &str) -> bool {
    let digits: Vec<u32> = number.chars().filter_map(|digit| digit.to_digit(10)).collect();
    let Some((first, rest)) = digits.split_first().filter(|(_, rest)| rest.len() == 12) else {
        return false;
    };
    let weighed = rest.iter().rev().zip([1, 2].into_iter().cycle());
    let sum: u32 = weighed.map(|(digit, weight)| digit * weight).sum();
    *first == 9 - sum % 9
}

fn change(desk: &mut Desk<'_>) {
    let subject = desk.subject();
    let mut new = desk.input.clone();
    let on = new.remove("idobi").unwrap_or_default();
    new.remove("todokedebi");
    if !desk.obeys("UNIT-07-R18") {
        desk.change_last(CORPORATION, &subject, |row| row.extend(new));
        return;
    }
    let mut next = desk.last(CORPORATION, &subject).cloned().unwrap_or_default();
    next.extend(new);
    next.insert("kaishibi".into(), on.clone());
    desk.change_last(CORPORATION, &subject, |row| {
        row.insert("shuryobi".into(), on);
    });
    desk.add(CORPORATION, &subject, next);
}

fn file(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let kind = desk.text("hojin_shinkoku_kubun").to_owned();
    let (Some(first), Some(end)) = (desk.day("jigyonendo_kaishibi"), desk.day("jigyonendo_shuryobi")) else {
        return desk.refuse("E0002", "the business year");
    };
    if end <= first {
        return desk.refuse("E0008", "the business year ends before it begins");
    }
    let closed = desk.last(CORPORATION, &subject).and_then(|row| day(row, "shuryobi"));
    desk.demand(
        "UNIT-07-R10",
        closed.is_none_or(|closed| first <= closed),
        "the office was closed before",
    )?;
    let filed = |kind: &str| {
        let year = desk.text("jigyonendo_shuryobi");
        let rows = desk.rows(RETURN, &subject).iter();
        rows.clone()
            .rfind(|row| is(row, "jigyonendo_shuryobi", year) && is(row, "hojin_shinkoku_kubun", kind))
            .cloned()
    };
    let (interim, settled) = (filed(INTERIM), filed(AMENDED).or_else(|| filed(FINAL)));
    if kind == FINAL {
        desk.demand(
            "UNIT-07-R12",
            settled.is_none(),
            "a final return of that year was filed",
        )?;
    }
    let terms = desk.input.clone();
    let made = assess(desk, &terms, first, end);
    if kind == AMENDED {
        let Some(before) = &settled else {
            return desk.refuse("E0004", "no final return of that year to amend");
        };
        desk.demand(
            "UNIT-07-R11",
            total(&made) > total(before),
            "an amended return raises the tax",
        )?;
    }
    let mut made = made;
    if let (AMENDED, Some(before)) = (kind.as_str(), &settled) {
        for item in ["tsuchishobango", "nokigen"] {
            made.extend(before.get(item).map(|value| (item.to_owned(), value.clone())));
        }
    }
    desk.add(RETURN, &subject, made.clone());
    desk.add("#terms", &subject, terms);
    let decided = desk.text("todokedebi").to_owned();
    tell(desk, &made, interim.as_ref(), &decided);
    Ok(())
}

fn total(made: &Row) -> i64 {
    number(made, "hojin_kintowarigaku") + number(made, "hojinzeiwarigaku")
}

/// What a return settles.
fn assess(desk: &Desk<'_>, terms: &Row, first: Day, end: Day) -> Row {
    let subject = desk.subject();
    let interim = is(terms, "hojin_shinkoku_kubun", INTERIM);
    let half = first.add_months(6).and_then(Day::previous).unwrap_or(end);
    let until = if interim { half } else { end };
    let history = desk.rows(CORPORATION, &subject);
    let corporation = history
        .iter()
        .find(|row| covers(row, until))
        .or_else(|| history.last())
        .cloned()
        .unwrap_or_default();

    let (capital, here) = (number(&corporation, "shihonkinto"), number(&corporation, "jugyoshasu"));
    let opened = history
        .iter()
        .filter_map(|row| day(row, "kaishibi"))
        .min()
        .unwrap_or(first);
    let closed = history.last().and_then(|row| day(row, "shuryobi")).unwrap_or(Day::LAST);
    let months = months(first.max(opened), until.min(closed));
    let counted = if desk.obeys("UNIT-07-R05") { months } else { 12 };
    let mut per_capita = cut(number(terms, "kintowari_nengaku") * counted / 12, 100);

    let mut base = number(terms, "hojinzeigaku");
    let everywhere = number(terms, "sojugyoshasu");
    if everywhere > here && desk.obeys("UNIT-07-R08") {
        base = cut(base, 1_000) * here / everywhere;
    }
    if desk.obeys("UNIT-07-R06") {
        base = cut(base, 1_000);
    }
    let levy = cut(base * number(terms, "zeiritsu") / 10_000, 100);
    if base == 0 && !desk.obeys("UNIT-07-R09") {
        per_capita = 0;
    }
    let mut made = desk.row_for(RETURN);
    made.extend(row([
        (
            "kintowari_kubun",
            class(capital, here, desk.obeys("UNIT-07-R04")).to_string(),
        ),
        ("jimusho_tsukisu", months.to_string()),
        ("hojin_kintowarigaku", per_capita.to_string()),
        ("hojinzeiwarigaku", levy.to_string()),
        ("nokigen", due(desk, interim, first, end).to_string()),
    ]));
    made
}

/// Whole months from a day to another one, at least one.
fn months(first: Day, last: Day) -> i64 {
    let mut count = 1;
    while first.last_day_of_months(count + 1).is_some_and(|end| end <= last) {
        count += 1;
    }
    i64::from(count)
}

/// 地方税法 312 条 1 項: the nine classes.
fn class(capital: i64, employees: i64, right: bool) -> u8 {
    let many = if right { employees > 50 } else { employees >= 50 };
    match (capital, many) {
        (..=10_000_000, false) => 1,
        (..=10_000_000, true) => 2,
        (..=100_000_000, false) => 3,
        (..=100_000_000, true) => 4,
        (..=1_000_000_000, false) => 5,
        (..=1_000_000_000, true) => 6,
        (_, false) => 7,
        (..=5_000_000_000, true) => 8,
        (_, true) => 9,
    }
}

fn due(desk: &Desk<'_>, interim: bool, first: Day, end: Day) -> Day {
    let extended = desk.note_day(&desk.subject(), "encho").is_some_and(|from| from <= end);
    let after = |day: Day, months: i32| day.add_months(months).and_then(Day::previous).unwrap_or(day);
    let due = if interim && desk.obeys("UNIT-07-R13") {
        after(first, 8)
    } else if desk.obeys("UNIT-07-R01") {
        let months = if extended && !interim { 3 } else { 2 };
        after(end.next().unwrap_or(end), months)
    } else {
        end.add_days(60).unwrap_or(end)
    };
    if desk.obeys("UNIT-07-R02") {
        weekday_from(due)
    } else {
        due
    }
}

/// Tells what a return adds, beside what the interim return settled.
fn tell(desk: &mut Desk<'_>, made: &Row, interim: Option<&Row>, decided: &str) {
    let subject = desk.subject();
    let total = total(made);
    if is(made, "hojin_shinkoku_kubun", INTERIM) {
        return tell_one(desk, &subject, made, (INTERIM, total), decided);
    }
    let settled = interim.map_or(0, self::total);
    let added = if desk.obeys("UNIT-07-R07") {
        (total - settled).max(0)
    } else {
        total
    };
    tell_one(desk, &subject, made, (FINAL, added), decided);
    if let Some(interim) = interim.filter(|_| total < settled && desk.obeys("UNIT-07-R16")) {
        tell_one(desk, &subject, interim, (INTERIM, total), decided);
    }
}

fn tell_one(desk: &mut Desk<'_>, subject: &str, made: &Row, (number, amount): (&str, i64), decided: &str) {
    let year = day(made, "nokigen").map_or(0, Day::fiscal_year);
    let text = |item: &str| made.get(item).cloned().unwrap_or_default();
    let told = row([
        ("tsuchishobango", text("tsuchishobango")),
        ("nendo", year.to_string()),
        ("kibetsu", number.to_owned()),
        ("nokigen", text("nokigen")),
        ("kingaku", amount.to_string()),
        ("ketteibi", decided.to_owned()),
    ]);
    let mut to = desk.receivers("corporate-tax-levied");
    if !desk.obeys("UNIT-07-R17") {
        to.push(23);
    }
    desk.tell_to("corporate-tax-levied", subject, told, &to);
}

/// The city corrects the corporation tax of a return.
fn correct(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let year = desk.text("jigyonendo_shuryobi").to_owned();
    let of_year = |row: &&Row| is(row, "jigyonendo_shuryobi", &year) && !is(row, "hojin_shinkoku_kubun", INTERIM);
    let before = desk.rows(RETURN, &subject).iter().rfind(of_year).cloned();
    let terms = desk.rows("#terms", &subject).iter().rfind(of_year).cloned();
    let (Some(before), Some(mut terms)) = (before, terms) else {
        return desk.refuse("E0004", "no final return of that year to correct");
    };
    let last = day(&before, "nokigen").and_then(|due| due.add_years(5));
    let in_time = desk.day("ketteibi") <= last;
    desk.demand("UNIT-07-R14", in_time, "later than five years")?;
    terms.insert("hojinzeigaku".into(), desk.text("hojinzeigaku").to_owned());
    let (first, end) = (day(&terms, "jigyonendo_kaishibi"), day(&terms, "jigyonendo_shuryobi"));
    let assessed = assess(desk, &terms, first.unwrap_or(Day::FIRST), end.unwrap_or(Day::LAST));
    let mut made = before;
    for item in ["hojin_kintowarigaku", "hojinzeiwarigaku"] {
        made.extend(assessed.get(item).map(|value| (item.to_owned(), value.clone())));
    }
    let interim = |row: &&Row| is(row, "jigyonendo_shuryobi", &year) && is(row, "hojin_shinkoku_kubun", INTERIM);
    let interim = desk.rows(RETURN, &subject).iter().rfind(interim).cloned();
    let kept = made.clone();
    desk.change(RETURN, &subject, |row| {
        if is(row, "jigyonendo_shuryobi", &year) && row.get("hojin_shinkoku_kubun") == kept.get("hojin_shinkoku_kubun")
        {
            row.clone_from(&kept);
        }
    });
    let decided = desk.text("ketteibi").to_owned();
    tell(desk, &made, interim.as_ref(), &decided);
    Ok(())
}
